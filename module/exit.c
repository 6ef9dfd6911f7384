// SPDX-License-Identifier: GPL-2.0
/*
 * What an exit means: a table of small handlers, by basic exit reason.
 *
 * A handler runs in the inner loop, with preemption and IRQs off. What has to
 * sleep has a second handler, called outside; the first one (if there is one)
 * says VHM_SLEEP when it is needed.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/mce.h>
#include <asm/traps.h>

#include "vhm.h"

struct exit_handler {
	enum vhm_next (*handle)(struct vhm_vcpu *v);
	enum vhm_next (*sleepable)(struct vhm_vcpu *v);
};

static enum vhm_next to_user(struct vhm_vcpu *v, u32 reason)
{
	v->run->exit_reason = reason;
	return VHM_USER;
}

/**
 * vhm_internal_error() - KVM_EXIT_INTERNAL_ERROR with up to 16 numbers
 * @v: the vCPU
 * @suberror: KVM_INTERNAL_ERROR_*
 * @count: how many numbers (u64) follow
 *
 * Return: VHM_USER.
 */
enum vhm_next vhm_internal_error(struct vhm_vcpu *v, u32 suberror, unsigned int count, ...)
{
	struct kvm_run *run = v->run;
	unsigned int i;
	va_list numbers;

	run->internal.suberror = suberror;
	run->internal.ndata = count;
	va_start(numbers, count);
	for (i = 0; i < count; i++)
		run->internal.data[i] = va_arg(numbers, u64);
	va_end(numbers);
	return to_user(v, KVM_EXIT_INTERNAL_ERROR);
}

/* What KVM adds to an emulation failure, so that QEMU has something to print. */
static unsigned int add_exit_information(struct vhm_vcpu *v, unsigned int at)
{
	u64 *data = v->run->internal.data;

	vmx_load(&v->vmx);
	data[at++] = vmcs_read32(VM_EXIT_REASON);
	data[at++] = vmcs_readl(EXIT_QUALIFICATION);
	data[at++] = vmcs_read32(IDT_VECTORING_INFO_FIELD);
	data[at++] = vmcs_read32(VM_EXIT_INTR_INFO);
	data[at++] = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	vmx_put();
	return at;
}

/**
 * vhm_emulation_failed() - an instruction that vhm cannot do for the guest
 * @v: the vCPU
 * @bytes: the instruction's, as far as they could be fetched
 * @count: how many; at most 15
 *
 * As KVM: the guest gets a #UD; user space is told when it was the guest's kernel. With
 * KVM_CAP_EXIT_ON_EMULATION_FAILURE user space is told in any case, and the guest not.
 *
 * Return: VHM_USER with KVM_EXIT_INTERNAL_ERROR, or VHM_RESUME.
 */
enum vhm_next vhm_emulation_failed(struct vhm_vcpu *v, const u8 *bytes, unsigned int count)
{
	struct kvm_run *run = v->run;
	unsigned int ndata = 1, cpl;

	v->stats.insn_emulation_fail++;
	vmx_load(&v->vmx);
	cpl = vmx_cpl();
	vmx_put();
	if (!READ_ONCE(v->vm->options.exit_on_failure)) {
		vhm_queue_exception(v, X86_TRAP_UD);
		if (cpl)
			return VHM_RESUME;
	}
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->emulation_failure.flags = 0;
	if (count) {
		/* The flags are the first number; size and bytes take the place of two. */
		ndata += 2;
		run->emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
		run->emulation_failure.insn_size = count;
		memset(run->emulation_failure.insn_bytes, 0x90,
		       sizeof(run->emulation_failure.insn_bytes));
		memcpy(run->emulation_failure.insn_bytes, bytes, count);
	}
	run->emulation_failure.ndata = add_exit_information(v, ndata);
	return to_user(v, KVM_EXIT_INTERNAL_ERROR);
}

static enum vhm_next undefined_exit(struct vhm_vcpu *v)
{
	vhm_queue_exception(v, X86_TRAP_UD);
	return VHM_RESUME;
}

/*
 * INVD, WBINVD: guest memory is coherent and no device does DMA on its own, so
 * there is nothing to write back.
 */
static enum vhm_next skip_exit(struct vhm_vcpu *v)
{
	vmx_skip_instruction(v);
	return VHM_RESUME;
}

/* MONITOR, MWAIT: as KVM, do nothing, whether CPUID shows them or not; or as it says. */
static enum vhm_next mwait_exit(struct vhm_vcpu *v)
{
	if (vhm_quirk_disabled(v->vm, KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS) &&
	    !vhm_cpuid_has(v, 1, 0, VHM_ECX, BIT(3)))
		return undefined_exit(v);
	return skip_exit(v);
}

static enum vhm_next interrupt_exit(struct vhm_vcpu *v)
{
	v->stats.irq_exits++;
	return VHM_WINDOW;
}

static enum vhm_next watchdog_exit(struct vhm_vcpu *v)
{
	v->stats.watchdog_exits++;
	return VHM_WINDOW;
}

/* In the guest a machine check is the host's all the same; the frame says "user mode". */
static enum vhm_next machine_check(struct vhm_vcpu *v)
{
#ifdef CONFIG_X86_MCE
	struct pt_regs regs = { .cs = 3, .flags = X86_EFLAGS_IF };

	do_machine_check(&regs);
#endif
	return VHM_WINDOW;
}

/* The qualification has DR6's bits (SDM, "Exit Qualification for Debug Exceptions"). */
static enum vhm_next debug_exception(struct vhm_vcpu *v)
{
	u32 shadow = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	/*
	 * The shadow stays, and with RFLAGS.TF the entry checks then want the
	 * step that it delays to be pending (SDM, "Checks on Guest Non-Register State").
	 */
	if (shadow & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS) &&
	    vmx_rflags() & X86_EFLAGS_TF && !(v->vmx.debugctl & DEBUGCTLMSR_BTF))
		vmcs_writel(GUEST_PENDING_DBG_EXCEPTIONS,
			    vmcs_readl(GUEST_PENDING_DBG_EXCEPTIONS) | DR_STEP);
	vhm_queue_debug(v, vmcs_readl(EXIT_QUALIFICATION));
	return VHM_RESUME;
}

/*
 * INT1 makes a trap, but its exit stands before it (SDM, "Guest-State Saving on
 * VM Exits"). Its delivery ends TF, so no step follows.
 */
static enum vhm_next int1_exception(struct vhm_vcpu *v)
{
	vmcs_writel(GUEST_RIP, vmx_rip() + vmcs_read32(VM_EXIT_INSTRUCTION_LEN));
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) &
		     ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
	vhm_queue_debug(v, 0);
	return VHM_RESUME;
}

static enum vhm_next exception_or_nmi_exit(struct vhm_vcpu *v)
{
	u32 info = vmcs_read32(VM_EXIT_INTR_INFO);
	u8 vector = info & INTR_INFO_VECTOR_MASK;

	if (VMX_INTR_TYPE(info) == INTR_TYPE_NMI_INTR) {
		vmx_host_nmi(&v->vmx);
		return VHM_WINDOW;
	}
	vhm_recover_event(v, info & INTR_INFO_UNBLOCK_NMI && vector != X86_TRAP_DF);
	switch (vector) {
	case X86_TRAP_MC:
		return machine_check(v);
	case X86_TRAP_DB:
		if (unlikely(v->debug.control & VHM_DEBUGGER_TAKES_DB))
			return vhm_debug_exit(v, vector,
					      vmcs_readl(EXIT_QUALIFICATION) | DR6_RESERVED);
		if (VMX_INTR_TYPE(info) == INTR_TYPE_PRIV_SW_EXCEPTION)
			return int1_exception(v);
		return debug_exception(v);
	case X86_TRAP_UD:
		if (!vhm_quirk_disabled(v->vm, KVM_X86_QUIRK_FIX_HYPERCALL_INSN))
			return VHM_SLEEP;
		return undefined_exit(v);
	case X86_TRAP_BP:
		/* Only a debugger has it intercepted. */
		v->debug.length = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
		return vhm_debug_exit(v, vector, 0);
	default:
		vhm_queue_exception_error(v, vector, vmcs_read32(VM_EXIT_INTR_ERROR_CODE));
		return VHM_RESUME;
	}
}

static enum vhm_next triple_fault_exit(struct vhm_vcpu *v)
{
	return to_user(v, KVM_EXIT_SHUTDOWN);
}

static enum vhm_next interrupt_window_exit(struct vhm_vcpu *v)
{
	v->stats.irq_window_exits++;
	v->vmx.event_work = true;
	/* Our own vector goes first; else user space has asked. */
	if (v->events.interrupt)
		return VHM_RESUME;
	vmx_set_interrupt_window(&v->vmx, false);
	if (!vhm_wants_window(v))
		return VHM_RESUME;
	v->stats.request_irq_exits++;
	return to_user(v, KVM_EXIT_IRQ_WINDOW_OPEN);
}

static enum vhm_next nmi_window_exit(struct vhm_vcpu *v)
{
	v->stats.nmi_window_exits++;
	v->vmx.event_work = true;
	return VHM_RESUME;
}

/* SDM, "TPR Virtualization": CR8 has been written; RIP is behind the instruction. */
static enum vhm_next tpr_exit(struct vhm_vcpu *v)
{
	v->vmx.event_work = true;
	return VHM_RESUME;
}

/* Without a local APIC of ours, user space knows what ends a halt. */
static enum vhm_next hlt_exit(struct vhm_vcpu *v)
{
	vmx_skip_instruction(v);
	v->stats.halt_exits++;
	return unlikely(v->lapic) ? vhm_halt(v) : to_user(v, KVM_EXIT_HLT);
}

static enum vhm_next rdpmc_exit(struct vhm_vcpu *v)
{
	/* There is no PMU. */
	vhm_queue_exception_error(v, X86_TRAP_GP, 0);
	return VHM_RESUME;
}

static enum vhm_next task_switch_exit(struct vhm_vcpu *v)
{
	vhm_recover_event(v, false);
	return VHM_SLEEP;
}

static enum vhm_next misconfigured_exit(struct vhm_vcpu *v)
{
	return vhm_internal_error(v, KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, 2,
				  (u64)EXIT_REASON_EPT_MISCONFIG, (u64)smp_processor_id());
}

static enum vhm_next ept_violation_exit(struct vhm_vcpu *v)
{
	u64 qualification = vmcs_readl(EXIT_QUALIFICATION);

	v->fault_gpa = vmcs_read64(GUEST_PHYSICAL_ADDRESS);
	v->fault_access = qualification;
	vhm_recover_event(v, qualification & INTR_INFO_UNBLOCK_NMI);
	if (vhm_has_doors(v, VHM_MMIO) && qualification & EPT_VIOLATION_ACC_WRITE &&
	    vhm_mmio_ring(v))
		return likely(!READ_ONCE(v->requests)) ? VHM_RESUME : vhm_take_requests(v);
	return vhm_memory_fault(v);
}

static enum vhm_next pml_full_exit(struct vhm_vcpu *v)
{
	/* The qualification says but one thing, as that of an EPT violation does. */
	vhm_recover_event(v, vmcs_readl(EXIT_QUALIFICATION) & INTR_INFO_UNBLOCK_NMI);
	vmx_pml_drain(v);
	return VHM_RESUME;
}

static const struct exit_handler handlers[VHM_NR_EXIT_REASONS] = {
	[EXIT_REASON_EXCEPTION_NMI]	= { exception_or_nmi_exit, vhm_undefined_sleepable },
	[EXIT_REASON_EXTERNAL_INTERRUPT] = { interrupt_exit },
	[EXIT_REASON_TRIPLE_FAULT]	= { triple_fault_exit },
	[EXIT_REASON_INTERRUPT_WINDOW]	= { interrupt_window_exit },
	[EXIT_REASON_NMI_WINDOW]	= { nmi_window_exit },
	[EXIT_REASON_TASK_SWITCH]	= { task_switch_exit, vhm_task_switch },
	[EXIT_REASON_CPUID]		= { vhm_cpuid_exit },
	[EXIT_REASON_HLT]		= { hlt_exit },
	[EXIT_REASON_INVD]		= { skip_exit },
	[EXIT_REASON_RDPMC]		= { rdpmc_exit },
	[EXIT_REASON_VMCALL]		= { vhm_vmcall_exit },
	[EXIT_REASON_VMCLEAR]		= { undefined_exit },
	[EXIT_REASON_VMLAUNCH]		= { undefined_exit },
	[EXIT_REASON_VMPTRLD]		= { undefined_exit },
	[EXIT_REASON_VMPTRST]		= { undefined_exit },
	[EXIT_REASON_VMREAD]		= { undefined_exit },
	[EXIT_REASON_VMRESUME]		= { undefined_exit },
	[EXIT_REASON_VMWRITE]		= { undefined_exit },
	[EXIT_REASON_VMOFF]		= { undefined_exit },
	[EXIT_REASON_VMON]		= { undefined_exit },
	[EXIT_REASON_CR_ACCESS]		= { NULL, vhm_cr_exit },
	[EXIT_REASON_DR_ACCESS]		= { vhm_dr_exit },
	[EXIT_REASON_IO_INSTRUCTION]	= { vhm_io_exit, vhm_io_exit_sleepable },
	[EXIT_REASON_MSR_READ]		= { vhm_rdmsr_exit },
	[EXIT_REASON_MSR_WRITE]		= { vhm_wrmsr_exit },
	[EXIT_REASON_MWAIT_INSTRUCTION]	= { mwait_exit },
	[EXIT_REASON_MONITOR_INSTRUCTION] = { mwait_exit },
	[EXIT_REASON_MCE_DURING_VMENTRY] = { machine_check },
	[EXIT_REASON_TPR_BELOW_THRESHOLD] = { tpr_exit },
	[EXIT_REASON_EPT_VIOLATION]	= { ept_violation_exit, vhm_memory_fault_sleepable },
	[EXIT_REASON_EPT_MISCONFIG]	= { misconfigured_exit },
	[EXIT_REASON_INVEPT]		= { undefined_exit },
	[EXIT_REASON_PREEMPTION_TIMER]	= { watchdog_exit },
	[EXIT_REASON_INVVPID]		= { undefined_exit },
	[EXIT_REASON_WBINVD]		= { skip_exit },
	[EXIT_REASON_XSETBV]		= { vhm_xsetbv_exit },
	[EXIT_REASON_PML_FULL]		= { pml_full_exit },
};

static enum vhm_next unexpected_exit(struct vhm_vcpu *v, u32 reason)
{
	return vhm_internal_error(v, KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, 2,
				  (u64)reason, (u64)smp_processor_id());
}

/**
 * vhm_handle_exit() - act on an exit, in the inner loop
 * @v: the vCPU
 * @reason: the VMCS's exit reason
 *
 * Return: what the run loop does next.
 */
enum vhm_next vhm_handle_exit(struct vhm_vcpu *v, u32 reason)
{
	const struct exit_handler *handler;

	if (unlikely(reason >= VHM_NR_EXIT_REASONS))
		return unexpected_exit(v, reason);
	handler = &handlers[array_index_nospec(reason, VHM_NR_EXIT_REASONS)];
	if (likely(handler->handle))
		return handler->handle(v);
	return handler->sleepable ? VHM_SLEEP : unexpected_exit(v, reason);
}

/**
 * vhm_handle_exit_sleepable() - act on an exit whose first handler said VHM_SLEEP
 * @v: the vCPU
 * @reason: the basic exit reason
 *
 * Return: what the run loop does next.
 */
enum vhm_next vhm_handle_exit_sleepable(struct vhm_vcpu *v, u32 reason)
{
	return handlers[array_index_nospec(reason, VHM_NR_EXIT_REASONS)].sleepable(v);
}
