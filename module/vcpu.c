// SPDX-License-Identifier: GPL-2.0
/*
 * The vCPU: its lifetime, its file descriptor, and the run loop.
 *
 * The inner loop runs with preemption and IRQs off. Whoever wants the thread out
 * of it (a signal, the scheduler, an mmu notifier) interrupts this CPU, and a
 * pending interrupt ends the guest's stay at once. So what they leave behind is
 * looked for when the loop begins and behind each window with IRQs on, and not
 * at each entry: an exit that is handled here pays for nothing but itself.
 */
#include <linux/anon_inodes.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/tsc.h>

#include "compat.h"
#include "mmio.h"
#include "trace.h"
#include "vhm.h"

/*
 * Exits handled in a row before the host gets its interrupts by force. On real
 * hardware a pending one ends the next entry anyway; see Documentation/testing.rst
 * for an emulator that misses it.
 */
#define EXITS_BETWEEN_WINDOWS	256

static DEFINE_PER_CPU(struct cpumask, kick_mask);

static void acknowledge(void *unused)
{
}

/**
 * vhm_vcpus_leave_guest() - wait until no vCPU runs on translations of before
 * @vm: the VM, whose EPT generation has just been raised
 *
 * Each vCPU in the guest leaves it and pays its debts before it enters again.
 */
void vhm_vcpus_leave_guest(struct vhm_vm *vm)
{
	unsigned int i, count;
	struct cpumask *mask;
	int cpu;

	/* Also what a vCPU's last free waits for: see vhm_vcpu_free(). */
	preempt_disable();
	/* Pairs with the release in vcpu_publish(). */
	count = smp_load_acquire(&vm->vcpu_count);
	mask = this_cpu_ptr(&kick_mask);
	cpumask_clear(mask);
	/* Pairs with the barrier in inner_loop(): running_cpu is seen, or the new generation is. */
	smp_mb();
	for (i = 0; i < count; i++) {
		cpu = READ_ONCE(vm->vcpu[i]->running_cpu);
		if (cpu >= 0)
			cpumask_set_cpu(cpu, mask);
	}
	smp_call_function_many(mask, acknowledge, NULL, true);
	preempt_enable();
}

/* IRQs off: is there a reason to leave the inner loop? */
static enum vhm_next look_around(struct vhm_vcpu *v)
{
	unsigned long flags = READ_ONCE(current_thread_info()->flags);

	if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL))
		return VHM_SIGNAL;
	if (flags & (_TIF_NEED_RESCHED | VHM_TIF_NEED_RESCHED_LAZY | _TIF_NOTIFY_RESUME))
		return VHM_WORK;
	return vhm_look_at_requests(v);
}

/*
 * On kernels whose kernel_fpu_begin() holds softirqs off, an interrupt leaves its
 * own behind for vmx_guest_put().
 */
static bool softirqs_wait(void)
{
	return softirq_count() && local_softirq_pending();
}

/* IRQs off: what must be the guest's inside, and the host's again before an interrupt. */
static void arrive(struct vhm_vcpu *v)
{
	vmx_open(&v->vmx);
	vmx_debug_load(&v->vmx);
}

static void depart(struct vhm_vcpu *v)
{
	if (unlikely(v->vmx.pml_on))
		vmx_pml_drain(v);
	vmx_debug_put(&v->vmx);
	vmx_shut();
}

/* The host takes what is pending. */
static void window(struct vhm_vcpu *v)
{
	depart(v);
	local_irq_enable();
	/* STI holds interrupts off for one instruction. */
	asm volatile("nop");
	local_irq_disable();
	arrive(v);
}

/* By VMfail with an instruction error, or as an exit with a reason; one of the two is 0. */
static enum vhm_next entry_failed(struct vhm_vcpu *v, u32 error, u32 reason)
{
	if (vmx_lost())
		return VHM_SIGNAL;
	vhm_explain_failure(v, error, reason);
	vmx_injected(&v->vmx, false);
	vhm_events_not_delivered(v);
	v->run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	v->run->fail_entry.hardware_entry_failure_reason = error | reason;
	v->run->fail_entry.cpu = smp_processor_id();
	return VHM_USER;
}

/* A triple fault that was found before the CPU could. */
static enum vhm_next shut_down(struct vhm_vcpu *v)
{
	v->events = (struct vhm_events){};
	v->run->exit_reason = KVM_EXIT_SHUTDOWN;
	return VHM_USER;
}

static void count_exit(struct vhm_vcpu *v, u32 reason)
{
	v->stats.exits++;
	/* A reason that no CPU of today has counts as the last one of the table. */
	v->last_reason = min_t(u32, VMX_REASON(reason), VHM_NR_EXIT_REASONS - 1);
	v->exit[v->last_reason].count++;
}

/* The last exit pays for the time since; what comes before the first one is no exit's. */
static void time_kernel(struct vhm_vcpu *v, u64 now)
{
	if (v->stats.exits)
		v->exit[v->last_reason].kernel_ticks += now - v->exit_tsc;
	v->exit_tsc = now;
}

static void time_user(struct vhm_vcpu *v, u64 now)
{
	if (v->stats.exits)
		v->exit[v->last_reason].user_ticks += now - v->leave_tsc;
	v->exit_tsc = now;
}

static void time_exit(struct vhm_vcpu *v)
{
	u64 now = rdtsc();

	v->guest_ticks += now - v->exit_tsc;
	v->exit_tsc = now;
}

/* What nobody pays for who neither observes nor breaks anything. */
static noinline void observe_exit(struct vhm_vcpu *v, u32 reason)
{
	if (!(reason & VMX_ENTRY_FAILED))
		vmx_injected(&v->vmx, true);
	vhm_watch_exit(v);
}

/* One stay in the guest, and what its end means. */
static __always_inline enum vhm_next enter_once(struct vhm_vcpu *v)
{
	u32 reason;

	if (unlikely(v->vmx.event_work)) {
		if (unlikely(v->events.shutdown))
			return shut_down(v);
		if (unlikely(v->debug.stepped))
			return vhm_step_exit(v);
		if (unlikely(v->lapic) && vhm_vapic_owed(v))
			return VHM_WAIT;
		v->vmx.event_work = vhm_inject_events(v);
		vmx_inject(&v->vmx);
	}
	trace_vhm_entry(v);
	v->stats.entries++;
	if (unlikely(v->timing))
		time_kernel(v, rdtsc());
	if (unlikely(!vmx_run_once(v)))
		return entry_failed(v, vmcs_read32(VM_INSTRUCTION_ERROR), 0);
	if (unlikely(v->timing))
		time_exit(v);
	reason = vmcs_read32(VM_EXIT_REASON);
	count_exit(v, reason);
	trace_vhm_exit(v, reason);
	if (static_branch_unlikely(&vhm_observed))
		observe_exit(v, reason);
	if (unlikely(reason & VMX_ENTRY_FAILED)) {
		/* A machine check during the entry is the host's. */
		if (VMX_REASON(reason) == EXIT_REASON_MCE_DURING_VMENTRY)
			vhm_handle_exit(v, VMX_REASON(reason));
		return entry_failed(v, 0, reason);
	}
	vmx_entered(&v->vmx);
	return vhm_handle_exit(v, reason);
}

static enum vhm_next enter_many(struct vhm_vcpu *v)
{
	unsigned int left = EXITS_BETWEEN_WINDOWS;
	enum vhm_next next;

	do {
		next = enter_once(v);
	} while (next == VHM_RESUME && likely(--left));
	return next == VHM_RESUME ? VHM_WINDOW : next;
}

/*
 * The guest's state is in the CPU from vmx_guest_load() to vmx_guest_put().
 * Returns why it was left; never VHM_RESUME or VHM_WINDOW.
 */
static enum vhm_next inner_loop(struct vhm_vcpu *v)
{
	enum vhm_next next;

	vmx_stay(&v->vmx);
	vmx_guest_load(v);
	local_irq_disable();
	arrive(v);
	current->flags |= PF_VCPU;
	WRITE_ONCE(v->running_cpu, smp_processor_id());
	/* Pairs with the barriers in vhm_vcpus_leave_guest() and vhm_request(). */
	smp_mb();

	while ((next = look_around(v)) == VHM_RESUME) {
		vmx_prepare_entry(v);
		next = enter_many(v);
		if (next != VHM_WINDOW)
			break;
		window(v);
		if (unlikely(softirqs_wait())) {
			next = VHM_RELOAD;
			break;
		}
	}

	depart(v);
	/* Who finds that it is gone finds what the CPU has listed marked, too. */
	smp_store_release(&v->running_cpu, -1);
	local_irq_enable();
	/* The tick that was pending is accounted as guest time. */
	current->flags &= ~PF_VCPU;
	vmx_guest_put(v);
	vmx_leave();
	return next;
}

static long run_guest(struct vhm_vcpu *v)
{
	enum vhm_next next;

	v->run->exit_reason = KVM_EXIT_UNKNOWN;
	for (;;) {
		if (unlikely(v->ept_cached < VHM_EPT_CACHE && vhm_memory_cache_fill(v)))
			return -ENOMEM;
		vhm_pv_update(v);
		next = unlikely(v->lapic) ? vhm_wait(v) : VHM_RESUME;
		if (likely(next == VHM_RESUME))
			next = inner_loop(v);
		if (next == VHM_SLEEP)
			next = vhm_handle_exit_sleepable(v, v->last_reason);
		else if (next == VHM_WORK && vhm_thread_work())
			next = VHM_SIGNAL;
		switch (next) {
		case VHM_USER:
			return 0;
		case VHM_SIGNAL:
			v->stats.signal_exits++;
			v->run->exit_reason = KVM_EXIT_INTR;
			return -EINTR;
		case VHM_FAULT:
			return -EFAULT;
		default:
			break;
		}
	}
}

/* What KVM_RUN tells on its way out, whatever happened. */
static void update_run_page(struct vhm_vcpu *v)
{
	struct kvm_run *run = v->run;
	bool enabled;

	if (unlikely(v->lapic))
		vhm_vapic_sync(v);
	vmx_load(&v->vmx);
	enabled = vmx_rflags() & X86_EFLAGS_IF;
	run->if_flag = enabled;
	/* As on KVM: where the 8259 is ours there is nothing that user space could wait for. */
	run->ready_for_interrupt_injection = unlikely(v->vm->irqchip) ||
					     (enabled && vhm_ready_for_interrupt(v));
	vmx_put();
	run->cr8 = vhm_get_cr8(v);
	run->apic_base = v->apic_base;
	if (unlikely(READ_ONCE(run->kvm_valid_regs)))
		vhm_sync_to_user(v);
}

/* An I/O that user space has done for the guest is completed before anything else. */
static enum vhm_next complete_io(struct vhm_vcpu *v)
{
	if (v->pio.pending)
		return vhm_io_complete(v);
	if (v->mmio->pending)
		return vhm_mmio_complete(v);
	if (unlikely(v->asked.complete))
		return vhm_asked_complete(v);
	return VHM_RESUME;
}

/* With immediate_exit: what has been completed may be the end of a debugger's step. */
static long do_not_run(struct vhm_vcpu *v)
{
	if (likely(!v->debug.stepped))
		return -EINTR;
	vhm_step_exit(v);
	return 0;
}

static long run_checked(struct vhm_vcpu *v, bool immediate)
{
	struct kvm_run *run = v->run;
	u64 cr8 = READ_ONCE(run->cr8);

	run->flags = 0;
	if (unlikely(READ_ONCE(run->kvm_valid_regs) | READ_ONCE(run->kvm_dirty_regs)) &&
	    vhm_sync_from_user(v))
		return -EINVAL;
	/* A local APIC of ours has a task priority of its own. */
	if (likely(!v->lapic)) {
		if (cr8 & ~0xfULL)
			return -EINVAL;
		v->cr8 = cr8;
	} else if (unlikely(v->mp_state == KVM_MP_STATE_UNINITIALIZED)) {
		return immediate ? -EINTR : vhm_wait_for_init(v);
	}
	switch (complete_io(v)) {
	case VHM_USER:
		return 0;
	case VHM_FAULT:
		return -EFAULT;
	default:
		break;
	}
	if (immediate)
		return do_not_run(v);
	if (READ_ONCE(run->request_interrupt_window))
		v->vmx.event_work = true;
	return run_guest(v);
}

/*
 * The signal mask is swapped for KVM_RUN alone. The thread's own goes where the
 * kernel keeps it for a sigtimedwait(): a signal that only this mask blocks is
 * then not thrown away for being ignored.
 */
static void swap_sigmask(struct vhm_vcpu *v)
{
	if (v->sigset_active)
		sigprocmask(SIG_SETMASK, &v->sigset, &current->real_blocked);
}

static void restore_own_sigmask(struct vhm_vcpu *v)
{
	if (!v->sigset_active)
		return;
	sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
	sigemptyset(&current->real_blocked);
}

static long vcpu_run(struct vhm_vcpu *v)
{
	bool immediate = VHM_IMMEDIATE_EXIT(v->run);
	long ret;

	if (unlikely(v->timing))
		time_user(v, rdtsc());
	swap_sigmask(v);
	ret = run_checked(v, immediate);
	update_run_page(v);
	restore_own_sigmask(v);
	if (unlikely(v->timing)) {
		v->leave_tsc = rdtsc();
		time_kernel(v, v->leave_tsc);
	}
	return ret;
}

static long set_signal_mask(struct vhm_vcpu *v, struct kvm_signal_mask __user *user)
{
	struct kvm_signal_mask head;
	sigset_t set;

	if (!user) {
		v->sigset_active = false;
		return 0;
	}
	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.len != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, user->sigset, sizeof(set)))
		return -EFAULT;
	sigdelsetmask(&set, sigmask(SIGKILL) | sigmask(SIGSTOP));
	v->sigset = set;
	v->sigset_active = true;
	return 0;
}

static long set_exit_timing(struct vhm_vcpu *v, unsigned long on)
{
	if (on > 1)
		return -EINVAL;
	v->timing = on;
	v->leave_tsc = rdtsc();
	return 0;
}

static long interrupt(struct vhm_vcpu *v, void __user *argp)
{
	struct kvm_interrupt irq;

	if (copy_from_user(&irq, argp, sizeof(irq)))
		return -EFAULT;
	return vhm_interrupt(v, irq.irq);
}

static long locked_ioctl(struct vhm_vcpu *v, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case KVM_INTERRUPT:
		return interrupt(v, argp);
	case KVM_NMI:
		vhm_nmi(v);
		return 0;
	case KVM_KVMCLOCK_CTRL:
		return arg ? -EINVAL : vhm_kvmclock_ctrl(v);
	case KVM_SET_SIGNAL_MASK:
		return set_signal_mask(v, argp);
	case KVM_SET_CPUID2:
		return vhm_set_cpuid2(v, argp);
	case KVM_GET_CPUID2:
		return vhm_get_cpuid2(v, argp);
	case KVM_GET_MSRS:
		return vhm_msrs_ioctl(v, argp, false);
	case KVM_SET_MSRS:
		return vhm_msrs_ioctl(v, argp, true);
	case KVM_X86_SETUP_MCE:
		return vhm_setup_mce(v, argp);
	case KVM_X86_SET_MCE:
		return vhm_set_mce(v, argp);
	case KVM_GET_STATS_FD:
		return vhm_vcpu_stats_fd(v);
	case VHM_GET_EXIT_STATS:
		return vhm_get_exit_stats(v, argp);
	case VHM_SET_EXIT_TIMING:
		return set_exit_timing(v, arg);
	case VHM_GET_VMCS:
		return vhm_get_vmcs(v, argp);
	case VHM_EXPLAIN:
		return vhm_explain(v, argp);
	case VHM_INJECT_FIELD:
		return vhm_inject_field(v, argp);
	default:
		return vhm_state_ioctl(v, cmd, argp);
	}
}

static long vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhm_vcpu *v = file->private_data;
	long ret;

	if (v->vm->mm != current->mm)
		return -EIO;
	if (mutex_lock_killable(&v->lock))
		return -EINTR;
	/* Before all others, because it is the one that is called a million times. */
	if (likely(cmd == KVM_RUN))
		ret = arg ? -EINVAL : vcpu_run(v);
	else
		ret = locked_ioctl(v, cmd, arg);
	mutex_unlock(&v->lock);
	if (static_branch_unlikely(&vhm_observed))
		vhm_watch_idle(v);
	return ret;
}

static vm_fault_t vcpu_fault(struct vm_fault *fault)
{
	struct vhm_vcpu *v = fault->vma->vm_file->private_data;

	if (fault->pgoff == 0)
		fault->page = virt_to_page(v->run);
	else if (fault->pgoff == KVM_PIO_PAGE_OFFSET)
		fault->page = virt_to_page(v->pio_data);
	else if (fault->pgoff == KVM_COALESCED_MMIO_PAGE_OFFSET)
		fault->page = virt_to_page(v->vm->ring);
	else
		return VM_FAULT_SIGBUS;
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct vhm_vcpu *v = file->private_data;

	vhm_watch_end(v);
	vhm_vm_put(v->vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};

/**
 * vhm_vcpu_free() - the end of a vCPU, with its VM
 * @v: the vCPU, or one that vcpu_alloc() left half made
 */
void vhm_vcpu_free(struct vhm_vcpu *v)
{
	vhm_lapic_free(v);
	vhm_memory_cache_free(v);
	vmx_vcpu_destroy(v);
	kfree(v->failure);
	kfree(v->mce);
	kfree(v->msrs);
	kvfree(v->cpuid);
	kfree(v->mmio);
	free_page((unsigned long)v->pio_data);
	free_page((unsigned long)v->run);
	/* A notifier may still be looking at running_cpu. */
	kfree_rcu(v, rcu);
}

static struct vhm_vcpu *vcpu_alloc(struct vhm_vm *vm, unsigned int id)
{
	struct vhm_vcpu *v = kzalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);

	if (!v)
		return NULL;
	v->vm = vm;
	v->id = id;
	v->running_cpu = -1;
	rcuwait_init(&v->wait);
	mutex_init(&v->lock);
	raw_spin_lock_init(&v->watch_lock);
	v->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	v->pio_data = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	v->mmio = kzalloc(sizeof(*v->mmio), GFP_KERNEL_ACCOUNT);
	v->msrs = vhm_msrs_alloc();
	v->mce = vhm_mce_alloc();
	v->cpuid = vhm_cpuid_alloc();
	v->failure = vhm_explain_alloc();
	/* The hardware half first: freeing expects that it was tried. */
	if (vmx_vcpu_create(v) || (vm->lapics && vhm_lapic_create(v)) || !v->run ||
	    !v->pio_data || !v->mmio || !v->msrs || !v->mce || !v->cpuid || !v->failure) {
		vhm_vcpu_free(v);
		return NULL;
	}
	return v;
}

static bool id_taken(struct vhm_vm *vm, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpu[i]->id == id)
			return true;
	return false;
}

/* Under vm->lock: visible to the VM once it has its fd, and to nobody if it gets none. */
static int vcpu_publish(struct vhm_vcpu *v)
{
	struct vhm_vm *vm = v->vm;
	struct file *file;
	char name[24];
	int fd;

	if (vm->vcpu_count >= VHM_MAX_VCPUS)
		return -EINVAL;
	if (!vhm_claim_vcpu_id(vm, v->id))
		return -EINVAL;
	if (id_taken(vm, v->id))
		return -EEXIST;
	snprintf(name, sizeof(name), "vhm-vcpu:%u", v->id);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile(name, &vcpu_fops, v, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	vhm_vm_get(vm);
	vm->vcpu[vm->vcpu_count] = v;
	/*
	 * Whoever reads the count finds the vCPU, and an invalidation has to find
	 * it before anybody can run it: a thread may have guessed the descriptor.
	 */
	smp_store_release(&vm->vcpu_count, vm->vcpu_count + 1);
	fd_install(fd, file);
	return fd;
}

/**
 * vhm_vcpu_create() - KVM_CREATE_VCPU
 * @vm: the VM
 * @id: the vCPU's number, as user space wants it
 *
 * Return: the vCPU's file descriptor; -EINVAL: no such number, or too many;
 * -EEXIST: the number is taken; -ENOMEM, -EMFILE.
 */
int vhm_vcpu_create(struct vhm_vm *vm, unsigned long id)
{
	struct vhm_vcpu *v;
	int fd = -ENOMEM;

	if ((u32)id >= VHM_MAX_VCPU_ID)
		return -EINVAL;
	/* From here on the VM's choices that make another vCPU are closed. */
	mutex_lock(&vm->lock);
	vm->vcpus_begun++;
	mutex_unlock(&vm->lock);

	v = vcpu_alloc(vm, id);
	if (v) {
		vmx_load(&v->vmx);
		vmx_vmcs_init(v);
		vhm_vcpu_reset(v);
		vmx_put();
	}
	mutex_lock(&vm->lock);
	if (v)
		fd = vcpu_publish(v);
	if (fd < 0)
		vm->vcpus_begun--;
	mutex_unlock(&vm->lock);
	if (v && fd < 0)
		vhm_vcpu_free(v);
	return fd;
}
