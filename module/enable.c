// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_ENABLE_CAP: behaviours that user space chooses.
 *
 * A choice is kept in the VM, where whoever comes to a place at which it matters
 * looks it up; none of these places is on the way of an exit that is handled here.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>

#include "vhm.h"

#define MSR_EXIT_REASONS	(KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN | \
				 KVM_MSR_EXIT_REASON_FILTER)

/**
 * vhm_exits_to_disable() - KVM_CAP_X86_DISABLE_EXITS
 *
 * PAUSE never exits. MWAIT may not where waking its CPU up takes an interrupt, or
 * where a local APIC's timer stops with it.
 *
 * Return: KVM_X86_DISABLE_EXITS_*.
 */
u32 vhm_exits_to_disable(void)
{
	u32 exits = KVM_X86_DISABLE_EXITS_HLT | KVM_X86_DISABLE_EXITS_PAUSE;

	if (boot_cpu_has(X86_FEATURE_MWAIT) && boot_cpu_has(X86_FEATURE_ARAT) &&
	    !boot_cpu_has_bug(X86_BUG_MONITOR))
		exits |= KVM_X86_DISABLE_EXITS_MWAIT;
	return exits;
}

/**
 * vhm_claim_vcpu_id() - a vCPU of this number is to be created
 * @vm: the VM, its lock held
 * @id: the number
 *
 * Who has not chosen a limit before the first vCPU gets the largest.
 *
 * Return: false if it is too large.
 */
bool vhm_claim_vcpu_id(struct vhm_vm *vm, unsigned int id)
{
	struct vhm_options *o = &vm->options;

	if (!o->max_vcpu_id)
		o->max_vcpu_id = VHM_MAX_VCPU_ID;
	return id < o->max_vcpu_id;
}

/*
 * Local APICs in the kernel, all other interrupt controllers in user space. As many GSIs
 * as args[0] says, at most KVM's limit, are pins of its I/O APIC.
 */
static long enable_split(struct vhm_vm *vm, u64 pins)
{
	long err = -EEXIST;

	if (pins > VHM_MAX_IRQ_ROUTES)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (!vm->lapics && !vm->vcpus_begun) {
		vm->ioapic_pins = pins;
		WRITE_ONCE(vm->lapics, true);
		err = 0;
	}
	mutex_unlock(&vm->lock);
	return err;
}

static long set_max_vcpu_id(struct vhm_vm *vm, u64 max)
{
	struct vhm_options *o = &vm->options;
	long err = 0;

	if (max > VHM_MAX_VCPU_ID)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (!o->max_vcpu_id)
		o->max_vcpu_id = max;
	else if (o->max_vcpu_id != max)
		err = -EINVAL;
	mutex_unlock(&vm->lock);
	return err;
}

/* A mask of known bits, all of which may be chosen at any time. */
static long set_mask(u32 *option, u64 value, u32 known)
{
	if (value & ~(u64)known)
		return -EINVAL;
	WRITE_ONCE(*option, value);
	return 0;
}

/* Marks can be set from the first only where user space clears them by itself. */
static long set_manual_log(u32 *option, u64 value)
{
	u32 known = value & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE ? VHM_MANUAL_LOG : 0;

	return set_mask(option, value, known);
}

static long enable_on_vm(struct vhm_vm *vm, const struct kvm_enable_cap *cap)
{
	struct vhm_options *o = &vm->options;
	u64 arg = cap->args[0];

	switch (cap->cap) {
	case KVM_CAP_X86_USER_SPACE_MSR:
		return set_mask(&o->msr_exits, arg, MSR_EXIT_REASONS);
	case KVM_CAP_X86_DISABLE_EXITS:
		/* As KVM: once given away they do not come back. */
		return set_mask(&o->disabled_exits, arg | o->disabled_exits,
				vhm_exits_to_disable());
	case KVM_CAP_DISABLE_QUIRKS2:
		return set_mask(&o->disabled_quirks, arg, VHM_QUIRKS);
	case KVM_CAP_EXIT_HYPERCALL:
		return set_mask(&o->hypercall_exits, arg, VHM_HYPERCALL_EXITS);
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return set_manual_log(&o->manual_log, arg);
	case KVM_CAP_MAX_VCPU_ID:
		return set_max_vcpu_id(vm, arg);
	case KVM_CAP_MSR_PLATFORM_INFO:
		WRITE_ONCE(o->hide_platform_info, !arg);
		return 0;
	case KVM_CAP_X86_TRIPLE_FAULT_EVENT:
		WRITE_ONCE(o->triple_fault_event, arg != 0);
		return 0;
	case KVM_CAP_EXIT_ON_EMULATION_FAILURE:
		if (arg > 1)
			return -EINVAL;
		WRITE_ONCE(o->exit_on_failure, arg);
		return 0;
	case KVM_CAP_HALT_POLL:
		if (arg != (u32)arg)
			return -EINVAL;
		WRITE_ONCE(o->halt_poll_ns, arg);
		/* Pairs with longest_poll(). */
		smp_store_release(&o->halt_poll_chosen, true);
		return 0;
	case KVM_CAP_SPLIT_IRQCHIP:
		return enable_split(vm, arg);
	case KVM_CAP_X2APIC_API:
		if (arg & ~(u64)VHM_X2APIC_FORMATS)
			return -EINVAL;
		/* As on KVM, what has been asked for stays. */
		WRITE_ONCE(o->x2apic_format, READ_ONCE(o->x2apic_format) | arg);
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * vhm_vm_enable_cap() - KVM_ENABLE_CAP of a VM
 * @vm: the VM
 * @user: struct kvm_enable_cap
 *
 * Return: 0; -EFAULT; -EINVAL: flags, a capability that is not there or cannot be
 * enabled, or an argument that it does not know.
 */
long vhm_vm_enable_cap(struct vhm_vm *vm, const struct kvm_enable_cap __user *user)
{
	struct kvm_enable_cap cap;

	if (copy_from_user(&cap, user, sizeof(cap)))
		return -EFAULT;
	return cap.flags ? -EINVAL : enable_on_vm(vm, &cap);
}

/**
 * vhm_vcpu_enable_cap() - KVM_ENABLE_CAP of a vCPU
 * @v: the vCPU
 * @user: struct kvm_enable_cap
 *
 * There is one: KVM_CAP_ENFORCE_PV_FEATURE_CPUID, no paravirtual feature that CPUID
 * does not show.
 *
 * Return: 0; -EFAULT; -EINVAL: flags, or any other capability.
 */
long vhm_vcpu_enable_cap(struct vhm_vcpu *v, const struct kvm_enable_cap __user *user)
{
	struct kvm_enable_cap cap;

	if (copy_from_user(&cap, user, sizeof(cap)))
		return -EFAULT;
	if (cap.flags || cap.cap != KVM_CAP_ENFORCE_PV_FEATURE_CPUID)
		return -EINVAL;
	v->pv_enforced = cap.args[0];
	return 0;
}
