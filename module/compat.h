/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows kernel versions. What a kernel has is probed in its
 * headers by Kbuild (VHM_HAVE_*), since stable kernels backport interfaces.
 */
#ifndef VHM_COMPAT_H
#define VHM_COMPAT_H

#ifdef __ASSEMBLER__
/*
 * Branch history that a guest has trained. Kernels without the macro know no such
 * attack; where only KVM may use what is in it, history.S does the same.
 */
#ifdef VHM_KVM_ALONE_HOLDS_CR4
#define VHM_CLEAR_BRANCH_HISTORY	\
	ALTERNATIVE "", "call vhm_clear_branch_history", X86_FEATURE_CLEAR_BHB_VMEXIT
#elif defined(VHM_HAVE_BHB_VMEXIT)
#define VHM_CLEAR_BRANCH_HISTORY	CLEAR_BRANCH_HISTORY_VMEXIT
#else
#define VHM_CLEAR_BRANCH_HISTORY
#endif
#else

#include <linux/cpu.h>
#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#ifdef VHM_HAVE_CPUID_API
#include <asm/cpuid/api.h>
#else
#include <asm/processor.h>
#endif
#include <asm/extable_fixup_types.h>
#include <asm/nospec-branch.h>
#include <asm/perf_event.h>
#include <asm/reboot.h>

#ifdef X86_FEATURE_FRED
#define vhm_cpu_has_fred()	boot_cpu_has(X86_FEATURE_FRED)
#else
#define vhm_cpu_has_fred()	false
#endif

/*
 * Who holds CR4.VMXE for long has to tell the kernel, which writes CR4 from a shadow;
 * kernels from 7 let KVM's own modules do that, and no others.
 */
#ifdef VHM_KVM_ALONE_HOLDS_CR4
#define VHM_CAN_HOLD_VMX	false
#define vhm_cr4_set_bits(bits)		((void)(bits))
#define vhm_cr4_clear_bits(bits)	((void)(bits))
#else
#define VHM_CAN_HOLD_VMX	true
#define vhm_cr4_set_bits(bits)		cr4_set_bits(bits)
#define vhm_cr4_clear_bits(bits)	cr4_clear_bits(bits)
#endif

/*
 * One slot in the kernel for whoever holds VMX when the machine dies. Kernels
 * without it switch VMX off by themselves when CR4.VMXE is set.
 */
#ifdef VHM_HAVE_EMERGENCY_CALLBACK
#define VHM_EMERGENCY_SLOT	true
#define vhm_emergency_register(fn)	cpu_emergency_register_virt_callback(fn)
#define vhm_emergency_unregister(fn)	cpu_emergency_unregister_virt_callback(fn)
#else
#define VHM_EMERGENCY_SLOT	false
#define vhm_emergency_register(fn)	((void)(fn))
#define vhm_emergency_unregister(fn)	((void)(fn))
#endif

/* A member of struct kvm_run that newer headers hide from those who would read it twice. */
#ifdef VHM_HAVE_IMMEDIATE_EXIT_UNSAFE
#define VHM_IMMEDIATE_EXIT(run)	READ_ONCE((run)->immediate_exit__unsafe)
#else
#define VHM_IMMEDIATE_EXIT(run)	READ_ONCE((run)->immediate_exit)
#endif

/* The scheduler's wish that can wait for a tick. */
#ifdef _TIF_NEED_RESCHED_LAZY
#define VHM_TIF_NEED_RESCHED_LAZY	_TIF_NEED_RESCHED_LAZY
#else
#define VHM_TIF_NEED_RESCHED_LAZY	0
#endif

/* Whether a hypercall came in 64-bit mode: a member of its own, or bit 0 of the flags instead. */
#ifdef VHM_HAVE_HYPERCALL_FLAGS
#define VHM_HYPERCALL_LONG_MODE	flags
#else
#define VHM_HYPERCALL_LONG_MODE	longmode
#endif

/* Suspend and resume of the last CPU. */
#ifdef VHM_HAVE_SYSCORE_OPS
#define VHM_SYSCORE(name, suspend_fn, resume_fn)			\
	static int name##_suspend(void) { suspend_fn(); return 0; }	\
	static void name##_resume(void) { resume_fn(); }		\
	static struct syscore_ops name = {				\
		.suspend = name##_suspend, .resume = name##_resume,	\
	}
#define vhm_syscore_register(ops)	register_syscore_ops(ops)
#define vhm_syscore_unregister(ops)	unregister_syscore_ops(ops)
#else
#define VHM_SYSCORE(name, suspend_fn, resume_fn)			\
	static int name##_suspend(void *data) { suspend_fn(); return 0; }	\
	static void name##_resume(void *data) { resume_fn(); }		\
	static const struct syscore_ops name##_ops = {			\
		.suspend = name##_suspend, .resume = name##_resume,	\
	};								\
	static struct syscore name = { .ops = &name##_ops }
#define vhm_syscore_register(ops)	register_syscore(ops)
#define vhm_syscore_unregister(ops)	unregister_syscore(ops)
#endif

/*
 * Interrupt handlers of a kernel with kvm_intel leave a mark when they may have
 * brought something into the L1 data cache; elsewhere every interrupt counts.
 */
#if IS_ENABLED(CONFIG_KVM_INTEL)
static __always_inline bool vhm_irq_touched_l1d(void)
{
	return kvm_get_cpu_l1tf_flush_l1d();
}

static __always_inline void vhm_irq_l1d_clean(void)
{
	kvm_clear_cpu_l1tf_flush_l1d();
}
#else
static __always_inline bool vhm_irq_touched_l1d(void)
{
	return true;
}

static __always_inline void vhm_irq_l1d_clean(void)
{
}
#endif

/*
 * A trace by Intel PT must not run in VMX operation on CPUs that cannot do both;
 * the kernel's driver asks to be told, or (kernels from 7) to be told by KVM alone.
 */
#ifdef VHM_KVM_ALONE_HOLDS_CR4
#define VHM_CAN_STOP_TRACE	false
#define vhm_pt_handle_vmx(on)	((void)(on))
#else
#define VHM_CAN_STOP_TRACE	true
#define vhm_pt_handle_vmx(on)	intel_pt_handle_vmx(on)
#endif

/*
 * What the kernel's command line wants against L1 Terminal Fault, and where the
 * kernel shows what is done about it. Where both are KVM's own: the default, or
 * nothing at all by mitigations=off.
 */
#ifdef VHM_KVM_ALONE_HOLDS_CR4
#define vhm_l1tf_mitigation()		\
	(cpu_mitigations_off() ? L1TF_MITIGATION_OFF : L1TF_MITIGATION_FLUSH)
#define vhm_l1tf_show(state)		((void)(state))
#else
#define vhm_l1tf_mitigation()		l1tf_mitigation
#define vhm_l1tf_show(state)		(l1tf_vmx_mitigation = (state))
#endif

/* A thread's pending work, and the header that work.c wants for it: for KVM's vCPUs, at first. */
#ifdef VHM_HAVE_ENTRY_VIRT
#define VHM_WORK_HEADER		"linux/entry-virt.h"
#else
#define VHM_WORK_HEADER		"linux/entry-kvm.h"
#endif
#ifdef VHM_WORK_TAKES_VCPU
#define vhm_do_work(vcpu)	xfer_to_guest_mode_handle_work(vcpu)
#else
#define vhm_do_work(vcpu)	((void)(vcpu), xfer_to_guest_mode_handle_work())
#endif

/* Tracepoints: what __string() was given is remembered by now, or has to be said again. */
#ifdef VHM_ASSIGN_STR_TAKES_TWO
#define VHM_ASSIGN_STR(field, string)	__assign_str(field, string)
#else
#define VHM_ASSIGN_STR(field, string)	__assign_str(field)
#endif

/* Whether branch predictions are dropped where one guest follows another. */
#ifdef X86_FEATURE_USE_IBPB
#define vhm_ibpb_wanted()	boot_cpu_has(X86_FEATURE_USE_IBPB)
#else
#define vhm_ibpb_wanted()	(boot_cpu_has(X86_FEATURE_IBPB) && !cpu_mitigations_off())
#endif

/* VMSCAPE: a guest has run here, so branch predictions are dropped before user space does. */
#ifdef VHM_HAVE_IBPB_EXIT_TO_USER
static __always_inline void vhm_guest_has_run(void)
{
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
}
#else
static __always_inline void vhm_guest_has_run(void)
{
}
#endif

/* What an mmu notifier says of a page that is asked for. */
#ifdef VHM_YOUNG_IS_BOOL
#define VHM_YOUNG	bool
#else
#define VHM_YOUNG	int
#endif

/* On newer kernels a macro that brings a tracepoint along, which is not exported. */
#ifdef smp_send_reschedule
#define vhm_send_reschedule(cpu)	arch_smp_send_reschedule(cpu)
#else
#define vhm_send_reschedule(cpu)	smp_send_reschedule(cpu)
#endif

/* Where a spinlock may sleep, the inner loop cannot signal an eventfd. */
#define VHM_CAN_SIGNAL		(!IS_ENABLED(CONFIG_PREEMPT_RT))

/* The count that an eventfd is raised by was an argument once. */
#ifdef VHM_EVENTFD_SIGNAL_TAKES_COUNT
#define vhm_eventfd_signal(ctx)		eventfd_signal(ctx, 1)
#else
#define vhm_eventfd_signal(ctx)		eventfd_signal(ctx)
#endif

#ifdef VHM_HAVE_HRTIMER_SETUP
#define vhm_hrtimer_setup(timer, fn, clock, mode)	hrtimer_setup(timer, fn, clock, mode)
#else
#define vhm_hrtimer_setup(timer, fn, clock, mode)			\
	do {								\
		hrtimer_init(timer, clock, mode);			\
		(timer)->function = (fn);				\
	} while (0)
#endif

/*
 * The kernel's MSR accessors change their names from version to version, and
 * under PARAVIRT_XXL they are calls; these are the bare instructions. A fault
 * is reported by the kernel and survived.
 */
static __always_inline u64 vhm_rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("1: rdmsr\n2:"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_RDMSR)
		     : "=a" (low), "=d" (high) : "c" (msr));
	return low | (u64)high << 32;
}

/* For an MSR that may not exist: 0, or -EIO. */
static __always_inline int vhm_rdmsr_safe(u32 msr, u64 *value)
{
	u32 low, high;

	asm volatile goto("1: rdmsr\n\t"
			  _ASM_EXTABLE(1b, %l[missing])
			  : "=a" (low), "=d" (high) : "c" (msr) : : missing);
	*value = low | (u64)high << 32;
	return 0;
missing:
	return -EIO;
}

static __always_inline void vhm_wrmsr(u32 msr, u64 value)
{
	asm volatile("1: wrmsr\n2:"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_WRMSR)
		     : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32))
		     : "memory");
}

#endif /* __ASSEMBLER__ */
#endif /* VHM_COMPAT_H */
