// SPDX-License-Identifier: GPL-2.0
/*
 * The VM: its lifetime and its file descriptor.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "compat.h"
#include "vhm.h"

/**
 * vhm_check_extension() - KVM_CHECK_EXTENSION
 * @vm: the VM asked, or NULL for the system; all VMs are alike
 * @cap: KVM_CAP_*
 *
 * A capability is listed when every call that it promises works.
 *
 * Return: 0 for what vhm lacks, else 1 or the number that KVM's document defines.
 */
long vhm_check_extension(struct vhm_vm *vm, unsigned long cap)
{
	switch (cap) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_SYNC_MMU:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_SET_TSS_ADDR:
	case KVM_CAP_SET_IDENTITY_MAP_ADDR:
	case KVM_CAP_EXT_CPUID:
	case KVM_CAP_NOP_IO_DELAY:
	case KVM_CAP_MP_STATE:
	case KVM_CAP_VCPU_EVENTS:
	case KVM_CAP_USER_NMI:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_BINARY_STATS_FD:
	case KVM_CAP_INTERNAL_ERROR_DATA:
	case KVM_CAP_GET_TSC_KHZ:
	case KVM_CAP_DEBUGREGS:
	case KVM_CAP_SET_GUEST_DEBUG:
	case KVM_CAP_X86_ROBUST_SINGLESTEP:
	case KVM_CAP_XSAVE:
	case KVM_CAP_SREGS2:
	case KVM_CAP_EXT_EMUL_CPUID:
	case KVM_CAP_GET_MSR_FEATURES:
	case KVM_CAP_SYS_ATTRIBUTES:
	case KVM_CAP_ENABLE_CAP:
	case KVM_CAP_ENABLE_CAP_VM:
	case KVM_CAP_ENFORCE_PV_FEATURE_CPUID:
	case KVM_CAP_VCPU_ATTRIBUTES:
	case KVM_CAP_X86_TRIPLE_FAULT_EVENT:
	case KVM_CAP_EXIT_ON_EMULATION_FAILURE:
	case KVM_CAP_X86_USER_SPACE_MSR:
	case KVM_CAP_X86_MSR_FILTER:
	case KVM_CAP_HLT:
	case KVM_CAP_MSR_PLATFORM_INFO:
	case KVM_CAP_SPLIT_IRQCHIP:
	case KVM_CAP_SET_BOOT_CPU_ID:
	case KVM_CAP_SIGNAL_MSI:
	case KVM_CAP_IRQ_INJECT_STATUS:
	case KVM_CAP_TSC_DEADLINE_TIMER:
	case KVM_CAP_COALESCED_PIO:
	case KVM_CAP_HALT_POLL:
	case KVM_CAP_IRQFD:
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_IOAPIC_POLARITY_IGNORED:
	case KVM_CAP_PIT:
	case KVM_CAP_PIT2:
	case KVM_CAP_PIT_STATE2:
	case KVM_CAP_REINJECT_CONTROL:
	case KVM_CAP_VAPIC:
		return 1;
	case KVM_CAP_IOEVENTFD:
	case KVM_CAP_IOEVENTFD_NO_LENGTH:
	case KVM_CAP_IOEVENTFD_ANY_LENGTH:
	case KVM_CAP_IRQFD_RESAMPLE:
		return VHM_CAN_SIGNAL;
	case KVM_CAP_ADJUST_CLOCK:
		return vhm_clock_supported() ? VHM_CLOCK_FLAGS : 0;
	case KVM_CAP_CLOCKSOURCE:
	case KVM_CAP_KVMCLOCK_CTRL:
		return vhm_clock_supported();
	case KVM_CAP_COALESCED_MMIO:
		/* The page of the ring. */
		return KVM_COALESCED_MMIO_PAGE_OFFSET;
	case KVM_CAP_X2APIC_API:
		return VHM_X2APIC_FORMATS;
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return VHM_MANUAL_LOG;
	case KVM_CAP_SET_GUEST_DEBUG2:
		return VHM_GUESTDBG_KNOWN;
	case KVM_CAP_X86_DISABLE_EXITS:
		return vhm_exits_to_disable();
	case KVM_CAP_DISABLE_QUIRKS2:
		return VHM_QUIRKS;
	case KVM_CAP_EXIT_HYPERCALL:
		return VHM_HYPERCALL_EXITS;
	case KVM_CAP_SYNC_REGS:
		return KVM_SYNC_X86_VALID_FIELDS;
	case KVM_CAP_XCRS:
		return vmx_caps.xcr0 != 0;
	case KVM_CAP_XSAVE2:
		return sizeof(struct kvm_xsave);
	case KVM_CAP_NR_VCPUS:
		return min_t(unsigned int, num_online_cpus(), VHM_MAX_VCPUS);
	case KVM_CAP_MAX_VCPUS:
		return VHM_MAX_VCPUS;
	case KVM_CAP_MAX_VCPU_ID:
		return VHM_MAX_VCPU_ID;
	case KVM_CAP_NR_MEMSLOTS:
		return VHM_MAX_SLOTS;
	case KVM_CAP_MCE:
		return VHM_MCE_BANKS;
	case KVM_CAP_IRQ_ROUTING:
		/* The size of a table that only a VM with an irqchip can have, as on KVM. */
		return VHM_MAX_IRQ_ROUTES;
	default:
		return 0;
	}
}

static void vm_destroy(struct kref *ref)
{
	struct vhm_vm *vm = container_of(ref, struct vhm_vm, ref);
	unsigned int i, count = vm->vcpu_count;

	/* First those that interrupt the vCPUs. */
	vhm_pit_free(vm);
	vhm_irqchip_stop(vm);
	/* No notifier finds the vCPUs from here on; one that has is waited for. */
	WRITE_ONCE(vm->vcpu_count, 0);
	for (i = 0; i < count; i++)
		vhm_vcpu_free(vm->vcpu[i]);
	vhm_msr_filter_free(vm->msr_filter);
	vhm_routes_free(vm);
	vhm_doors_free(vm);
	vhm_coalesce_free(vm);
	vhm_irqchip_free(vm);
	mmdrop(vm->mm);
	/* Frees the VM itself, once no notifier can be under way. */
	vhm_memory_free(vm);
}

/**
 * vhm_vm_get() - take a reference
 * @vm: the VM
 */
void vhm_vm_get(struct vhm_vm *vm)
{
	kref_get(&vm->ref);
}

/**
 * vhm_vm_put() - give a reference back; the last one ends the VM
 * @vm: the VM
 */
void vhm_vm_put(struct vhm_vm *vm)
{
	kref_put(&vm->ref, vm_destroy);
}

static int vm_release(struct inode *inode, struct file *file)
{
	struct vhm_vm *vm = file->private_data;

	vhm_irqfds_end(vm);
	vhm_vm_put(vm);
	return 0;
}

static long set_memory_region(struct vhm_vm *vm, void __user *argp)
{
	struct kvm_userspace_memory_region region;

	if (copy_from_user(&region, argp, sizeof(region)))
		return -EFAULT;
	return vhm_set_memory_region(vm, &region);
}

/* A 32-bit program fills half of the room for a pointer, and leaves what it likes in the other. */
static void __user *narrow(const void __user *pointer)
{
	return compat_ptr((compat_uptr_t)(__force unsigned long)pointer);
}

static long get_dirty_log(struct vhm_vm *vm, const void __user *argp, bool compat)
{
	struct kvm_dirty_log get;

	if (copy_from_user(&get, argp, sizeof(get)))
		return -EFAULT;
	if (compat)
		get.dirty_bitmap = narrow(get.dirty_bitmap);
	return vhm_get_dirty_log(vm, &get);
}

static long clear_dirty_log(struct vhm_vm *vm, const void __user *argp, bool compat)
{
	struct kvm_clear_dirty_log clear;

	if (copy_from_user(&clear, argp, sizeof(clear)))
		return -EFAULT;
	if (compat)
		clear.dirty_bitmap = narrow(clear.dirty_bitmap);
	return vhm_clear_dirty_log(vm, &clear);
}

/*
 * Only CPUs without unrestricted guest have a use for these two addresses, and
 * KVM itself ignores them elsewhere. Their checks are KVM's.
 */
static long set_tss_addr(unsigned long address)
{
	return address > (u32)(-3 * PAGE_SIZE) ? -EINVAL : 0;
}

static long set_identity_map_addr(struct vhm_vm *vm, void __user *argp)
{
	u64 address;

	if (READ_ONCE(vm->vcpu_count))
		return -EINVAL;
	return copy_from_user(&address, argp, sizeof(address)) ? -EFAULT : 0;
}

static long set_boot_cpu_id(struct vhm_vm *vm, u32 id)
{
	long err = -EBUSY;

	mutex_lock(&vm->lock);
	if (!vm->vcpus_begun) {
		vm->boot_id = id;
		err = 0;
	}
	mutex_unlock(&vm->lock);
	return err;
}

static long set_msr_filter(struct vhm_vm *vm, void __user *argp)
{
	struct kvm_msr_filter filter;

	if (copy_from_user(&filter, argp, sizeof(filter)))
		return -EFAULT;
	return vhm_set_msr_filter(vm, &filter);
}

static long create_pit2(struct vhm_vm *vm, void __user *argp)
{
	struct kvm_pit_config config;

	if (copy_from_user(&config, argp, sizeof(config)))
		return -EFAULT;
	return vhm_create_pit(vm, config.flags);
}

/* The older form of the state is the newer one's beginning, without flags. */
static_assert(sizeof(struct kvm_pit_state) == offsetof(struct kvm_pit_state2, flags));

static long get_pit(struct vhm_vm *vm, void __user *argp, size_t size)
{
	struct kvm_pit_state2 state;
	long err = vhm_get_pit(vm, &state);

	if (err)
		return err;
	return copy_to_user(argp, &state, size) ? -EFAULT : 0;
}

static long set_pit(struct vhm_vm *vm, const void __user *argp, size_t size)
{
	struct kvm_pit_state2 state = {};

	if (copy_from_user(&state, argp, size))
		return -EFAULT;
	return vhm_set_pit(vm, &state, size == sizeof(state));
}

static long vm_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhm_vm *vm = file->private_data;
	void __user *argp = (void __user *)arg;

	/* A slot's addresses mean something in the creator's address space alone. */
	if (vm->mm != current->mm)
		return -EIO;

	switch (cmd) {
	case KVM_CREATE_VCPU:
		return vhm_vcpu_create(vm, arg);
	case KVM_SET_USER_MEMORY_REGION:
		return set_memory_region(vm, argp);
	case KVM_GET_DIRTY_LOG:
		return get_dirty_log(vm, argp, false);
	case KVM_CLEAR_DIRTY_LOG:
		return clear_dirty_log(vm, argp, false);
	case KVM_SET_TSS_ADDR:
		return set_tss_addr(arg);
	case KVM_SET_IDENTITY_MAP_ADDR:
		return set_identity_map_addr(vm, argp);
	case KVM_SET_GSI_ROUTING:
		return vhm_set_gsi_routing(vm, argp);
	case KVM_SIGNAL_MSI:
		return vhm_signal_msi(vm, argp);
	case KVM_GET_CLOCK:
		return vhm_get_clock(vm, argp);
	case KVM_SET_CLOCK:
		return vhm_set_clock(vm, argp);
	case KVM_IRQFD:
		return vhm_irqfd(vm, argp);
	case KVM_IOEVENTFD:
		return vhm_ioeventfd(vm, argp);
	case KVM_REGISTER_COALESCED_MMIO:
		return vhm_register_coalesced(vm, argp);
	case KVM_UNREGISTER_COALESCED_MMIO:
		return vhm_unregister_coalesced(vm, argp);
	case KVM_IRQ_LINE:
		return vhm_irq_line(vm, argp, false);
	case KVM_IRQ_LINE_STATUS:
		return vhm_irq_line(vm, argp, true);
	case KVM_CREATE_IRQCHIP:
		return vhm_create_irqchip(vm);
	case KVM_GET_IRQCHIP:
		return vhm_get_irqchip(vm, argp);
	case KVM_SET_IRQCHIP:
		return vhm_set_irqchip(vm, argp);
	case KVM_CREATE_PIT:
		return vhm_create_pit(vm, KVM_PIT_SPEAKER_DUMMY);
	case KVM_CREATE_PIT2:
		return create_pit2(vm, argp);
	case KVM_GET_PIT:
		return get_pit(vm, argp, sizeof(struct kvm_pit_state));
	case KVM_SET_PIT:
		return set_pit(vm, argp, sizeof(struct kvm_pit_state));
	case KVM_GET_PIT2:
		return get_pit(vm, argp, sizeof(struct kvm_pit_state2));
	case KVM_SET_PIT2:
		return set_pit(vm, argp, sizeof(struct kvm_pit_state2));
	case KVM_REINJECT_CONTROL:
		return vhm_reinject_control(vm, argp);
	case KVM_SET_BOOT_CPU_ID:
		return set_boot_cpu_id(vm, arg);
	case KVM_ENABLE_CAP:
		return vhm_vm_enable_cap(vm, argp);
	case KVM_X86_SET_MSR_FILTER:
		return set_msr_filter(vm, argp);
	case KVM_CHECK_EXTENSION:
		return vhm_check_extension(vm, arg);
	case KVM_GET_STATS_FD:
		return vhm_vm_stats_fd(vm);
	case VHM_SET_DIRTY_LOG:
		return vhm_set_dirty_log(vm, arg);
	case VHM_CREATE_OBSERVER:
		return arg ? -EINVAL : vhm_observer_create(vm);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_COMPAT

/* The one call whose structure a 32-bit program lays out in another way. */
struct compat_filter {
	u32 flags;
	struct {
		u32 flags, nmsrs, base;
		compat_uptr_t bitmap;
	} ranges[KVM_MSR_FILTER_MAX_RANGES];
};

#define COMPAT_SET_MSR_FILTER	_IOW(KVMIO, 0xc6, struct compat_filter)

static long set_compat_filter(struct vhm_vm *vm, void __user *argp)
{
	struct compat_filter from;
	struct kvm_msr_filter filter = {};
	unsigned int i;

	if (copy_from_user(&from, argp, sizeof(from)))
		return -EFAULT;
	filter.flags = from.flags;
	for (i = 0; i < ARRAY_SIZE(from.ranges); i++)
		filter.ranges[i] = (struct kvm_msr_filter_range){
			.flags = from.ranges[i].flags,
			.nmsrs = from.ranges[i].nmsrs,
			.base = from.ranges[i].base,
			.bitmap = (__force u8 *)compat_ptr(from.ranges[i].bitmap),
		};
	return vhm_set_msr_filter(vm, &filter);
}

static long vm_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhm_vm *vm = file->private_data;

	if (vm->mm != current->mm)
		return -EIO;
	switch (cmd) {
	case KVM_GET_DIRTY_LOG:
		return get_dirty_log(vm, compat_ptr(arg), true);
	case KVM_CLEAR_DIRTY_LOG:
		return clear_dirty_log(vm, compat_ptr(arg), true);
	case COMPAT_SET_MSR_FILTER:
		return set_compat_filter(vm, compat_ptr(arg));
	default:
		return compat_ptr_ioctl(file, cmd, arg);
	}
}
#else
#define vm_compat_ioctl	NULL
#endif

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_release,
	.unlocked_ioctl = vm_ioctl,
	.compat_ioctl = vm_compat_ioctl,
	.llseek = noop_llseek,
};

/**
 * vhm_vm_create() - KVM_CREATE_VM
 *
 * Return: the VM's file descriptor, or -ENOMEM, -EMFILE and the like.
 */
int vhm_vm_create(void)
{
	struct vhm_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	int err;

	if (!vm)
		return -ENOMEM;
	kref_init(&vm->ref);
	mutex_init(&vm->lock);
	init_waitqueue_head(&vm->invalidated);
	vm->mm = current->mm;
	vm->tsc_start = rdtsc();
	vhm_clock_init(vm);
	vhm_irqfds_init(vm);
	err = vhm_coalesce_init(vm);
	if (err)
		goto free_vm;
	err = vhm_memory_init(vm);
	if (err)
		goto free_ring;
	mmgrab(vm->mm);
	err = anon_inode_getfd("vhm-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (err < 0)
		vhm_vm_put(vm);
	return err;

free_ring:
	vhm_coalesce_free(vm);
free_vm:
	kfree(vm);
	return err;
}
