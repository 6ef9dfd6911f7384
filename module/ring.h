/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The exit ring's part of the run loop: an exit begins a record, an entry ends
 * it. It stands inline, because it shall not cost much of an exit that is short.
 */
#ifndef VHM_RING_H
#define VHM_RING_H

#include <asm/tsc.h>

#include "vhm.h"

/* SDM, "Basic VM-Exit Information": the exits that save a qualification, but for exceptions. */
#define VHM_QUALIFIED_EXITS						\
	(BIT_ULL(EXIT_REASON_SIPI_SIGNAL) | BIT_ULL(EXIT_REASON_TASK_SWITCH) |	\
	 BIT_ULL(EXIT_REASON_INVLPG) | BIT_ULL(EXIT_REASON_VMCLEAR) |		\
	 BIT_ULL(EXIT_REASON_VMPTRLD) | BIT_ULL(EXIT_REASON_VMPTRST) |		\
	 BIT_ULL(EXIT_REASON_VMREAD) | BIT_ULL(EXIT_REASON_VMWRITE) |		\
	 BIT_ULL(EXIT_REASON_VMON) | BIT_ULL(EXIT_REASON_CR_ACCESS) |		\
	 BIT_ULL(EXIT_REASON_DR_ACCESS) | BIT_ULL(EXIT_REASON_IO_INSTRUCTION) |	\
	 BIT_ULL(EXIT_REASON_INVALID_STATE) | BIT_ULL(EXIT_REASON_MSR_LOAD_FAIL) |	\
	 BIT_ULL(EXIT_REASON_MWAIT_INSTRUCTION) | BIT_ULL(EXIT_REASON_APIC_ACCESS) |	\
	 BIT_ULL(EXIT_REASON_EOI_INDUCED) | BIT_ULL(EXIT_REASON_GDTR_IDTR) |	\
	 BIT_ULL(EXIT_REASON_LDTR_TR) | BIT_ULL(EXIT_REASON_EPT_VIOLATION) |	\
	 BIT_ULL(EXIT_REASON_INVEPT) | BIT_ULL(EXIT_REASON_INVVPID) |		\
	 BIT_ULL(EXIT_REASON_APIC_WRITE) | BIT_ULL(EXIT_REASON_INVPCID) |	\
	 BIT_ULL(EXIT_REASON_PML_FULL) | BIT_ULL(EXIT_REASON_XSAVES))

/* Those of which the ring tells more than where and when. */
#define VHM_TELLING_EXITS						\
	(VHM_QUALIFIED_EXITS | BIT_ULL(EXIT_REASON_EXCEPTION_NMI) |	\
	 BIT_ULL(EXIT_REASON_EPT_MISCONFIG))

struct vhm_exit_record *vhm_ring_next_page(struct vhm_vcpu *v);
u64 vhm_exception_qualification(void);

/* VMCS fields that an exit of another reason leaves as they were. */
static __always_inline void vhm_ring_add_fields(struct vhm_exit_record *record, u32 reason)
{
	record->qualification = 0;
	record->gpa = 0;
	if (reason < 64 && !(VHM_TELLING_EXITS >> reason & 1))
		return;
	if (reason == EXIT_REASON_EXCEPTION_NMI)
		record->qualification = vhm_exception_qualification();
	else if (reason == EXIT_REASON_XRSTORS ||
		 (reason < 64 && VHM_QUALIFIED_EXITS >> reason & 1))
		record->qualification = vmcs_readl(EXIT_QUALIFICATION);
	if (reason == EXIT_REASON_EPT_VIOLATION || reason == EXIT_REASON_EPT_MISCONFIG)
		record->gpa = vmcs_read64(GUEST_PHYSICAL_ADDRESS);
}

/**
 * vhm_ring_exit() - the guest has left: begin a record, if there is a ring
 * @v: the vCPU; its VMCS is current, IRQs are off
 * @reason: the VMCS's exit reason
 */
static __always_inline void vhm_ring_exit(struct vhm_vcpu *v, u32 reason)
{
	struct vhm_exit_record *record = v->hand.next;

	if (!record)
		return;
	record->exit_tsc = rdtsc();
	record->sequence = v->hand.head->head;
	record->reason = reason;
	record->handled = VHM_EXIT_IN_LOOP;
	record->user_ticks = 0;
	record->rip = vmx_rip();
	vhm_ring_add_fields(record, VMX_REASON(reason));
	v->hand.open = record;
}

/**
 * vhm_ring_entry() - the guest is about to be entered: end the last exit's record
 * @v: the vCPU; IRQs are off
 */
static __always_inline void vhm_ring_entry(struct vhm_vcpu *v)
{
	struct vhm_exit_record *record = v->hand.open;

	if (!record)
		return;
	record->entry_tsc = rdtsc();
	/* A release on x86: who sees the number sees the record, and no other in its place. */
	asm volatile("incq %0" : "+m" (v->hand.head->head) : : "memory", "cc");
	record++;
	if (unlikely(!((unsigned long)record & ~PAGE_MASK)))
		record = vhm_ring_next_page(v);
	v->hand.next = record;
}

/**
 * vhm_ring_lay_down() - before IRQs are enabled
 * @v: the vCPU
 */
static __always_inline void vhm_ring_lay_down(struct vhm_vcpu *v)
{
	/* An observer that goes switches this off when no hand has its ring any more. */
	if (static_branch_unlikely(&vhm_observed))
		vhm_ring_depart(v);
}

#endif /* VHM_RING_H */
