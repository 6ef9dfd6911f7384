// SPDX-License-Identifier: GPL-2.0
/*
 * Events on their way into the guest: exceptions, NMIs, interrupts.
 *
 * An event is written into the VMCS just before an entry and forgotten here. If
 * the exit finds that its delivery was cut short (IDT-vectoring information), it
 * comes back and is delivered again.
 *
 * SDM, "Event Injection" and "Information for VM Exits During Event Delivery".
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/irq_vectors.h>
#include <asm/trapnr.h>

#include "vhm.h"

#define SHADOW	(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

/* SDM, "Interrupt and Exception Classes": these two make a double fault. */
static bool is_contributory(u8 vector)
{
	switch (vector) {
	case X86_TRAP_DE:
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
		return true;
	default:
		return false;
	}
}

static bool has_error_code(u8 vector)
{
	switch (vector) {
	case X86_TRAP_DF:
	case X86_TRAP_TS:
	case X86_TRAP_NP:
	case X86_TRAP_SS:
	case X86_TRAP_GP:
	case X86_TRAP_PF:
	case X86_TRAP_AC:
		return true;
	default:
		return false;
	}
}

/*
 * SDM, "Instruction-Breakpoint Exception Condition": a fault saves RFLAGS with RF
 * set, so that a breakpoint on its instruction does not strike twice. The CPU does
 * that for its own faults; for one that is injected, RFLAGS must have it before.
 * #DB is told apart by whoever raises it.
 */
static bool is_fault(u8 vector)
{
	switch (vector) {
	case X86_TRAP_DB:
	case X86_TRAP_BP:
	case X86_TRAP_OF:
	case X86_TRAP_DF:
	case X86_TRAP_MC:
		return false;
	default:
		return true;
	}
}

/* An exception during the delivery of another. */
static bool makes_double_fault(u8 first, u8 second)
{
	return (is_contributory(first) && is_contributory(second)) ||
	       (first == X86_TRAP_PF && (is_contributory(second) || second == X86_TRAP_PF));
}

/**
 * vhm_queue_shutdown() - the processor gives up, as on a triple fault
 * @v: the vCPU
 */
void vhm_queue_shutdown(struct vhm_vcpu *v)
{
	v->events.shutdown = true;
	v->vmx.event_work = true;
}

static void queue(struct vhm_vcpu *v, u8 vector, u32 error_code)
{
	struct vhm_exception *e = &v->events.exception;

	v->vmx.event_work = true;
	if (e->valid && e->vector == X86_TRAP_DF &&
	    (is_contributory(vector) || vector == X86_TRAP_PF)) {
		vhm_queue_shutdown(v);
		return;
	}
	if (e->valid && makes_double_fault(e->vector, vector)) {
		vector = X86_TRAP_DF;
		error_code = 0;
	}
	*e = (struct vhm_exception){
		.valid = true,
		.fault = is_fault(vector),
		.vector = vector,
		.has_error_code = has_error_code(vector),
		.error_code = error_code,
	};
}

/**
 * vhm_queue_exception() - raise an exception that has no error code
 * @v: the vCPU
 * @vector: its vector
 */
void vhm_queue_exception(struct vhm_vcpu *v, u8 vector)
{
	queue(v, vector, 0);
}

/**
 * vhm_queue_exception_error() - raise an exception, with its error code
 * @v: the vCPU
 * @vector: its vector
 * @error_code: its error code
 */
void vhm_queue_exception_error(struct vhm_vcpu *v, u8 vector, u32 error_code)
{
	queue(v, vector, error_code);
}

/**
 * vhm_queue_page_fault() - raise #PF for a linear address
 * @v: the vCPU
 * @linear: the address that faulted
 * @error_code: its error code
 */
void vhm_queue_page_fault(struct vhm_vcpu *v, u64 linear, u32 error_code)
{
	v->vmx.cr2 = linear;
	queue(v, X86_TRAP_PF, error_code);
}

/**
 * vhm_queue_debug() - raise #DB
 * @v: vCPU whose VMCS is current
 * @dr6: the conditions met, in DR6's bits
 *
 * SDM, "Debug Registers": delivery sets DR6, clears DR7.GD and DEBUGCTL.BTF.
 */
void vhm_queue_debug(struct vhm_vcpu *v, u64 dr6)
{
	struct vmx_vcpu *x = &v->vmx;

	x->dr6 = (x->dr6 & ~DR_TRAP_BITS) | (dr6 & (DR_TRAP_BITS | DR_STEP | DR_SWITCH | BIT(13)));
	vhm_queue_users_debug(v);
}

/**
 * vhm_queue_users_debug() - raise #DB, with DR6 as user space has left it
 * @v: vCPU whose VMCS is current
 */
void vhm_queue_users_debug(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;

	if (x->dr7 & DR_GENERAL_DETECT)
		vmx_set_dr7(x, x->dr7 & ~DR_GENERAL_DETECT);
	if (x->debugctl & DEBUGCTLMSR_BTF)
		vmx_set_debugctl(x, x->debugctl & ~DEBUGCTLMSR_BTF);
	queue(v, X86_TRAP_DB, 0);
}

static void enter_with(u32 info, u32 length)
{
	if (length)
		vmcs_write32(VM_ENTRY_INSTRUCTION_LEN, length);
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, info | INTR_INFO_VALID_MASK);
}

/* #BP and #OF come from instructions; in a VMCS that makes them another type. */
static void inject_exception(struct vhm_vcpu *v)
{
	struct vhm_exception *e = &v->events.exception;
	u32 info = e->vector | (e->soft ? INTR_TYPE_SOFT_EXCEPTION : INTR_TYPE_HARD_EXCEPTION);

	/* SDM, "Checks on Guest Non-Register State": few events may wake a halted guest. */
	if (unlikely(!(v->vmx.cpu_based & CPU_BASED_HLT_EXITING)))
		vmcs_write32(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	/* In real mode nothing pushes error codes, and VM entry refuses them. */
	if (e->has_error_code && vmcs_readl(GUEST_CR0) & X86_CR0_PE) {
		vmcs_write32(VM_ENTRY_EXCEPTION_ERROR_CODE, e->error_code);
		info |= INTR_INFO_DELIVER_CODE_MASK;
	}
	if (e->fault)
		vmcs_writel(GUEST_RFLAGS, vmx_rflags() | X86_EFLAGS_RF);
	enter_with(info, e->soft ? e->length : 0);
	v->events.entered = VHM_ENTERED_EXCEPTION;
	e->valid = false;
}

static void inject_nmi(struct vhm_vcpu *v)
{
	enter_with(NMI_VECTOR | INTR_TYPE_NMI_INTR, 0);
	v->events.entered = VHM_ENTERED_NMI;
	v->stats.nmi_injections++;
}

static void inject_interrupt(struct vhm_vcpu *v)
{
	struct vhm_events *e = &v->events;

	enter_with(e->vector | (e->soft ? INTR_TYPE_SOFT_INTR : INTR_TYPE_EXT_INTR),
		   e->soft ? e->length : 0);
	e->entered = VHM_ENTERED_INTERRUPT;
	e->interrupt = false;
	v->stats.irq_injections++;
}

/* From the local APIC's registers: it is in service from now on. */
static void inject_acknowledged(struct vhm_vcpu *v)
{
	int vector = vhm_lapic_acknowledge(v);

	if (unlikely(vector < 0))
		return;
	v->events.vector = vector;
	v->events.soft = false;
	inject_interrupt(v);
}

static bool interrupt_allowed(u32 blocking)
{
	return vmx_rflags() & X86_EFLAGS_IF && !(blocking & SHADOW);
}

/*
 * The most urgent event that may go in now; an exception is never made to wait, nor
 * an NMI on its way. Others a debugger may have blocked.
 */
static __always_inline void inject_one(struct vhm_vcpu *v, bool blocked)
{
	struct vhm_events *e = &v->events;
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (e->exception.valid) {
		inject_exception(v);
	} else if (e->nmi_injected) {
		inject_nmi(v);
		e->nmi_injected = false;
	} else if (blocked) {
		return;
	} else if (e->nmi_pending && !(blocking & (SHADOW | GUEST_INTR_STATE_NMI))) {
		inject_nmi(v);
		e->nmi_pending--;
	} else if (e->interrupt) {
		if (e->soft || interrupt_allowed(blocking))
			inject_interrupt(v);
	} else if (unlikely(v->lapic) && interrupt_allowed(blocking)) {
		inject_acknowledged(v);
	}
}

/**
 * vhm_wants_window() - does user space wait for a moment to call KVM_INTERRUPT?
 * @v: the vCPU
 *
 * Return: true if it does, and the call would have an effect.
 */
bool vhm_wants_window(const struct vhm_vcpu *v)
{
	if (likely(!READ_ONCE(v->run->request_interrupt_window)))
		return false;
	return likely(!v->lapic) || vhm_lapic_may_queue_extint(v);
}

/* Where CR8 makes no exit: what it holds back now makes one when it lets go. */
static void set_tpr_threshold(struct vhm_vcpu *v)
{
	if (unlikely(v->vmx.vapic))
		vmx_set_tpr_threshold(&v->vmx, vhm_lapic_tpr_threshold(v));
}

static bool needs_window(struct vhm_vcpu *v)
{
	return v->events.interrupt || vhm_wants_window(v) ||
	       (unlikely(v->lapic) && vhm_lapic_has_interrupt(v));
}

/**
 * vhm_events_end_halt() - is there an event that wakes a processor from HLT?
 * @v: vCPU whose VMCS is current
 *
 * Return: true if the next entry would take one along.
 */
bool vhm_events_end_halt(struct vhm_vcpu *v)
{
	const struct vhm_events *e = &v->events;
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (e->exception.valid || e->nmi_injected)
		return true;
	if (e->nmi_pending && !(blocking & GUEST_INTR_STATE_NMI))
		return true;
	return interrupt_allowed(blocking) && (e->interrupt || vhm_lapic_has_interrupt(v));
}

/*
 * While a debugger is there each entry looks anew. A window for what is blocked
 * would open at every entry, before an instruction is executed. And who steps over
 * STI or MOV SS finds no shadow behind it: VM entry would want the step to be pending
 * (SDM, "Checks on Guest Non-Register State"). It is not: an exit leaves nothing
 * pending but behind MOV SS (SDM, "Saving Non-Register State"), although one emulator
 * (Bochs 2.7) saves the step that has just ended.
 */
static bool inject_debugged(struct vhm_vcpu *v)
{
	bool blocked = v->debug.control & KVM_GUESTDBG_BLOCKIRQ;
	struct vhm_events *e = &v->events;
	u32 blocking;

	inject_one(v, blocked);
	vmx_set_interrupt_window(&v->vmx, blocked ? !e->interrupt && vhm_wants_window(v) :
						    needs_window(v));
	vmx_set_nmi_window(&v->vmx, e->nmi_pending && !blocked);
	set_tpr_threshold(v);
	if (v->vmx.stepping) {
		blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, blocking & ~SHADOW);
		vmcs_writel(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	}
	return true;
}

/**
 * vhm_inject_events() - hand the guest what waits, and open windows for the rest
 * @v: vCPU about to enter, its VMCS current
 *
 * Return: whether the next entry has to look again.
 */
bool vhm_inject_events(struct vhm_vcpu *v)
{
	struct vhm_events *e = &v->events;

	/* What the last entry took has arrived, or has been recovered. */
	e->entered = VHM_ENTERED_NOTHING;
	if (unlikely(v->debug.control))
		return inject_debugged(v);
	inject_one(v, false);
	vmx_set_interrupt_window(&v->vmx, needs_window(v));
	vmx_set_nmi_window(&v->vmx, e->nmi_pending);
	set_tpr_threshold(v);
	return e->entered != VHM_ENTERED_NOTHING || e->exception.valid || e->nmi_injected ||
	       (unlikely(v->lapic) && vhm_vapic_is_set(v));
}

/**
 * vhm_events_not_delivered() - the entry failed: take its event back
 * @v: the vCPU
 */
void vhm_events_not_delivered(struct vhm_vcpu *v)
{
	struct vhm_events *e = &v->events;

	switch (e->entered) {
	case VHM_ENTERED_EXCEPTION:
		e->exception.valid = true;
		break;
	case VHM_ENTERED_NMI:
		e->nmi_injected = true;
		break;
	case VHM_ENTERED_INTERRUPT:
		e->interrupt = true;
		break;
	case VHM_ENTERED_NOTHING:
		break;
	}
	e->entered = VHM_ENTERED_NOTHING;
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
	v->vmx.event_work = true;
}

static void recover_exception(struct vhm_vcpu *v, u32 info, bool soft)
{
	v->events.exception = (struct vhm_exception){
		.valid = true,
		.soft = soft,
		.vector = info & VECTORING_INFO_VECTOR_MASK,
		.length = soft ? vmcs_read32(VM_EXIT_INSTRUCTION_LEN) : 0,
		.has_error_code = info & VECTORING_INFO_DELIVER_CODE_MASK,
		.error_code = info & VECTORING_INFO_DELIVER_CODE_MASK ?
			      vmcs_read32(IDT_VECTORING_ERROR_CODE) : 0,
	};
}

static void recover_interrupt(struct vhm_vcpu *v, u32 info, bool soft)
{
	struct vhm_events *e = &v->events;

	e->interrupt = true;
	e->soft = soft;
	e->vector = info & VECTORING_INFO_VECTOR_MASK;
	e->length = soft ? vmcs_read32(VM_EXIT_INSTRUCTION_LEN) : 0;
}

/**
 * vhm_recover_event() - look whether the exit has cut an event's delivery short
 * @v: vCPU whose VMCS is current, at an exit that can do so
 * @iret_unblocked: the exit was an IRET's that had already unblocked NMIs
 */
void vhm_recover_event(struct vhm_vcpu *v, bool iret_unblocked)
{
	u32 info = vmcs_read32(IDT_VECTORING_INFO_FIELD), blocking;

	v->events.recovered = 0;
	if (likely(!(info & VECTORING_INFO_VALID_MASK || iret_unblocked)))
		return;
	blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	if (!(info & VECTORING_INFO_VALID_MASK)) {
		/* The IRET will be executed again, so NMIs are to stay blocked until then. */
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, blocking | GUEST_INTR_STATE_NMI);
		return;
	}
	v->events.recovered = info;
	v->vmx.event_work = true;
	switch (info & VECTORING_INFO_TYPE_MASK) {
	case INTR_TYPE_NMI_INTR:
		v->events.nmi_injected = true;
		/* Its delivery blocks NMIs anew. */
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, blocking & ~GUEST_INTR_STATE_NMI);
		break;
	case INTR_TYPE_HARD_EXCEPTION:
		recover_exception(v, info, false);
		break;
	case INTR_TYPE_SOFT_EXCEPTION:
	case INTR_TYPE_PRIV_SW_EXCEPTION:
		recover_exception(v, info, true);
		break;
	case INTR_TYPE_EXT_INTR:
		recover_interrupt(v, info, false);
		break;
	case INTR_TYPE_SOFT_INTR:
		recover_interrupt(v, info, true);
		break;
	default:
		break;
	}
}

/**
 * vhm_ready_for_interrupt() - whether user space may call KVM_INTERRUPT now
 * @v: vCPU whose VMCS is current, with RFLAGS.IF set
 *
 * Return: true if an interrupt would go in at the next entry.
 */
bool vhm_ready_for_interrupt(struct vhm_vcpu *v)
{
	const struct vhm_events *e = &v->events;

	return !e->interrupt && !e->exception.valid && !e->nmi_injected &&
	       (likely(!v->lapic) || vhm_lapic_may_queue_extint(v)) &&
	       !(vmcs_read32(GUEST_INTERRUPTIBILITY_INFO) & SHADOW);
}

/**
 * vhm_interrupt() - KVM_INTERRUPT: queue a vector
 * @v: the vCPU
 * @vector: 0 to 255
 *
 * It is delivered as soon as the guest can take it. Where the local APIC is in the
 * kernel it is the 8259's, and waits at LINT0.
 *
 * Return: 0; -EINVAL: no such vector; -EEXIST: one is queued already; -ENXIO: the 8259
 * is in the kernel too.
 */
long vhm_interrupt(struct vhm_vcpu *v, u32 vector)
{
	if (vector > 255)
		return -EINVAL;
	if (unlikely(v->lapic))
		return vhm_lapic_extint(v, vector);
	if (v->events.interrupt)
		return -EEXIST;
	v->events.interrupt = true;
	v->events.soft = false;
	v->events.vector = vector;
	v->vmx.event_work = true;
	return 0;
}

/**
 * vhm_nmi() - KVM_NMI: one is latched while another is handled, no more
 * @v: the vCPU
 */
void vhm_nmi(struct vhm_vcpu *v)
{
	v->events.nmi_pending = min(v->events.nmi_pending + 1, 2);
	v->vmx.event_work = true;
}

static u8 shadow_to_kvm(u32 blocking)
{
	return (blocking & GUEST_INTR_STATE_STI ? KVM_X86_SHADOW_INT_STI : 0) |
	       (blocking & GUEST_INTR_STATE_MOV_SS ? KVM_X86_SHADOW_INT_MOV_SS : 0);
}

/**
 * vhm_get_events() - KVM_GET_VCPU_EVENTS; the VMCS is current
 * @v: the vCPU
 * @events: to fill
 */
void vhm_get_events(struct vhm_vcpu *v, struct kvm_vcpu_events *events)
{
	const struct vhm_exception *e = &v->events.exception;
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	memset(events, 0, sizeof(*events));
	/* A software exception happens again, since RIP has not moved. */
	events->exception.injected = e->valid && !e->soft;
	events->exception.nr = e->vector;
	events->exception.has_error_code = e->has_error_code;
	events->exception.error_code = e->error_code;
	events->interrupt.injected = v->events.interrupt && !v->events.soft;
	events->interrupt.nr = v->events.vector;
	events->interrupt.shadow = shadow_to_kvm(blocking);
	events->nmi.injected = v->events.nmi_injected;
	events->nmi.pending = v->events.nmi_pending || atomic_read(&v->nmis);
	events->nmi.masked = !!(blocking & GUEST_INTR_STATE_NMI);
	events->flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW |
			KVM_VCPUEVENT_VALID_SMM;
	if (READ_ONCE(v->vm->options.triple_fault_event)) {
		events->triple_fault.pending = v->events.shutdown;
		events->flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	}
}

static u32 blocking_from_kvm(const struct kvm_vcpu_events *events, u32 blocking)
{
	if (events->flags & KVM_VCPUEVENT_VALID_SHADOW) {
		blocking &= ~SHADOW;
		if (events->interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS)
			blocking |= GUEST_INTR_STATE_MOV_SS;
		else if (events->interrupt.shadow & KVM_X86_SHADOW_INT_STI)
			blocking |= GUEST_INTR_STATE_STI;
	}
	blocking &= ~GUEST_INTR_STATE_NMI;
	if (events->nmi.masked)
		blocking |= GUEST_INTR_STATE_NMI;
	return blocking;
}

/**
 * vhm_set_events() - KVM_SET_VCPU_EVENTS
 * @v: vCPU whose VMCS is current
 * @events: what user space wants
 *
 * Return: 0, or -EINVAL: unknown flags, a payload (KVM_CAP_EXCEPTION_PAYLOAD is
 * 0), a triple fault (unless KVM_CAP_X86_TRIPLE_FAULT_EVENT is enabled), SMM, or no
 * exception.
 */
long vhm_set_events(struct vhm_vcpu *v, const struct kvm_vcpu_events *events)
{
	u32 known = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR |
		    KVM_VCPUEVENT_VALID_SHADOW | KVM_VCPUEVENT_VALID_SMM;
	u8 vector = events->exception.nr;

	if (READ_ONCE(v->vm->options.triple_fault_event))
		known |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	if (events->flags & ~known)
		return -EINVAL;
	if (events->exception.injected && (vector > 31 || vector == NMI_VECTOR))
		return -EINVAL;
	if (events->flags & KVM_VCPUEVENT_VALID_SMM && (events->smi.smm || events->smi.pending))
		return -EINVAL;

	v->events.exception = (struct vhm_exception){
		.valid = events->exception.injected,
		.vector = vector,
		.has_error_code = events->exception.has_error_code,
		.error_code = events->exception.error_code,
	};
	v->events.interrupt = events->interrupt.injected;
	v->events.soft = false;
	v->events.vector = events->interrupt.nr;
	v->events.nmi_injected = events->nmi.injected;
	if (events->flags & KVM_VCPUEVENT_VALID_NMI_PENDING) {
		v->events.nmi_pending = !!events->nmi.pending;
		atomic_set(&v->nmis, 0);
	}
	if (events->flags & KVM_VCPUEVENT_VALID_SIPI_VECTOR)
		vhm_lapic_set_sipi_vector(v, events->sipi_vector);
	if (events->flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT)
		v->events.shutdown = events->triple_fault.pending;
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
		     blocking_from_kvm(events, vmcs_read32(GUEST_INTERRUPTIBILITY_INFO)));
	v->vmx.event_work = true;
	return 0;
}
