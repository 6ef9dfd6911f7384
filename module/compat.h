/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place that knows kernel versions. What a kernel has is probed in its
 * headers by Kbuild (VHM_HAVE_*), since stable kernels backport interfaces.
 */
#ifndef VHM_COMPAT_H
#define VHM_COMPAT_H

#include <linux/hardirq.h>
#include <linux/hrtimer.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>
#include <linux/version.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
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
 * the kernel's driver asks to be told.
 */
#define vhm_pt_handle_vmx(on)	intel_pt_handle_vmx(on)

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

/* On newer kernels a macro that brings a tracepoint along, which is not exported. */
#ifdef smp_send_reschedule
#define vhm_send_reschedule(cpu)	arch_smp_send_reschedule(cpu)
#else
#define vhm_send_reschedule(cpu)	smp_send_reschedule(cpu)
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

static __always_inline void vhm_wrmsr(u32 msr, u64 value)
{
	asm volatile("1: wrmsr\n2:"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_WRMSR)
		     : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32))
		     : "memory");
}

#endif /* VHM_COMPAT_H */
