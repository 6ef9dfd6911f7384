// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on the Guest State Area": what is no register, and the PDPTEs.
 */
#include "rules.h"

#define AREA	VMX_CHECK_NON_REGISTER
#define SECTION	"Checks on Guest Non-Register State"

/* SDM, "Guest Non-Register State" */
enum { ACTIVE, HLT, SHUTDOWN, WAIT_FOR_SIPI };

#define BLOCKED_STI		BIT(0)
#define BLOCKED_MOV_SS		BIT(1)
#define BLOCKED_SMI		BIT(2)
#define BLOCKED_NMI		BIT(3)
#define ENCLAVE			BIT(4)

#define PENDING_BUS_LOCK	BIT(11)
#define PENDING_ENABLED		BIT(12)
#define PENDING_BS		BIT(14)
#define PENDING_RTM		BIT(16)

#define REVISION_SHADOW		BIT(31)

#define REASON_GUEST_STATE	(BIT(31) | 33)
#define QUALIFICATION_LINK	4

static u64 activity(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_GUEST_ACTIVITY_STATE);
}

static bool blocked(const struct vmx_snapshot *s, u64 by)
{
	return field(s, VMX_F_GUEST_INTERRUPTIBILITY_INFO) & by;
}

/* SDM, "Checks on Guest Non-Register State"; IA32_VMX_MISC has a bit for each state but active. */
static bool activity_supported(const struct vmx_snapshot *s)
{
	if (activity(s) > WAIT_FOR_SIPI)
		return false;
	return activity(s) == ACTIVE || s->cap[VMX_CAP_MISC] >> (5 + activity(s)) & 1;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool hlt_dpl(const struct vmx_snapshot *s)
{
	return activity(s) != HLT || !(field(s, VMX_F_GUEST_SS_AR_BYTES) >> 5 & 3);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool blocked_is_active(const struct vmx_snapshot *s)
{
	return activity(s) == ACTIVE || !blocked(s, BLOCKED_STI | BLOCKED_MOV_SS);
}

static bool wakes_from_hlt(const struct vmx_snapshot *s)
{
	switch (event_type_of(s)) {
	case EVENT_EXTERNAL:
	case EVENT_NMI:
		return true;
	case EVENT_EXCEPTION:
		return event_vector_of(s) == 1 || event_vector_of(s) == 18;
	case EVENT_OTHER:
		return event_vector_of(s) == 0;
	}
	return false;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool activity_event(const struct vmx_snapshot *s)
{
	if (!event_valid(s))
		return true;
	switch (activity(s)) {
	case HLT:
		return wakes_from_hlt(s);
	case SHUTDOWN:
		return injects(s, EVENT_NMI) ||
		       (injects(s, EVENT_EXCEPTION) && event_vector_of(s) == 18);
	case WAIT_FOR_SIPI:
		return false;
	}
	return true;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool smm_activity(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_SMM) || activity(s) != WAIT_FOR_SIPI;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool blocking_reserved(const struct vmx_snapshot *s)
{
	return !blocked(s, GENMASK_ULL(31, 5));
}

/* SDM, "Checks on Guest Non-Register State" */
static bool sti_or_mov_ss(const struct vmx_snapshot *s)
{
	return !blocked(s, BLOCKED_STI) || !blocked(s, BLOCKED_MOV_SS);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool sti_needs_if(const struct vmx_snapshot *s)
{
	return !blocked(s, BLOCKED_STI) || field(s, VMX_F_GUEST_RFLAGS) & RFLAGS_IF;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool blocked_interrupt(const struct vmx_snapshot *s)
{
	return !injects(s, EVENT_EXTERNAL) || !blocked(s, BLOCKED_STI | BLOCKED_MOV_SS);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool blocked_nmi_mov_ss(const struct vmx_snapshot *s)
{
	return !injects(s, EVENT_NMI) || !blocked(s, BLOCKED_MOV_SS);
}

/* SDM, "Checks on Guest Non-Register State": "A processor may require". */
static bool blocked_nmi_sti(const struct vmx_snapshot *s)
{
	return !injects(s, EVENT_NMI) || !blocked(s, BLOCKED_STI);
}

/* SDM, "Checks on Guest Non-Register State"; a hypervisor like vhm never runs in SMM. */
static bool blocked_smi(const struct vmx_snapshot *s)
{
	return !blocked(s, BLOCKED_SMI);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool smm_blocks_smi(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_SMM) || blocked(s, BLOCKED_SMI);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool blocked_virtual_nmi(const struct vmx_snapshot *s)
{
	return !injects(s, EVENT_NMI) || !pin(s, PIN_VIRTUAL_NMI) || !blocked(s, BLOCKED_NMI);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool enclave(const struct vmx_snapshot *s)
{
	return !blocked(s, ENCLAVE) ||
	       (s->features & VMX_CPU_SGX && !blocked(s, BLOCKED_MOV_SS));
}

/* SDM, "Checks on Guest Non-Register State" */
static bool pending_reserved(const struct vmx_snapshot *s)
{
	u64 reserved = GENMASK_ULL(63, 17) | BIT(15) | BIT(13) | GENMASK_ULL(10, 4);

	if (!(s->features & VMX_CPU_RTM))
		reserved |= PENDING_RTM;
	if (!(s->features & VMX_CPU_BUS_LOCK))
		reserved |= PENDING_BUS_LOCK;
	return !(field(s, VMX_F_GUEST_PENDING_DBG_EXCEPTIONS) & reserved);
}

/*
 * SDM, "Checks on Guest Non-Register State": an instruction that was single-stepped and whose #DB
 * still waits, because events are blocked or the guest halted, must have left BS.
 */
static bool pending_single_step(const struct vmx_snapshot *s)
{
	bool steps = field(s, VMX_F_GUEST_RFLAGS) & RFLAGS_TF &&
		     !(field(s, VMX_F_GUEST_IA32_DEBUGCTL) & DEBUGCTL_BTF);
	bool pending = field(s, VMX_F_GUEST_PENDING_DBG_EXCEPTIONS) & PENDING_BS;

	if (activity(s) != HLT && !blocked(s, BLOCKED_STI | BLOCKED_MOV_SS))
		return true;
	return steps == pending;
}

/* SDM, "Checks on Guest Non-Register State" */
static bool pending_rtm(const struct vmx_snapshot *s)
{
	u64 pending = field(s, VMX_F_GUEST_PENDING_DBG_EXCEPTIONS);

	if (!(pending & PENDING_RTM) || !(s->features & VMX_CPU_RTM))
		return true;
	return !(pending & (GENMASK_ULL(15, 13) | GENMASK_ULL(11, 0))) &&
	       pending & PENDING_ENABLED && !blocked(s, BLOCKED_MOV_SS);
}

static bool has_link(const struct vmx_snapshot *s)
{
	return ~field(s, VMX_F_VMCS_LINK_POINTER);
}

/* SDM, "Checks on Guest Non-Register State" */
static bool link_address(const struct vmx_snapshot *s)
{
	return !has_link(s) || physical_page(s, field(s, VMX_F_VMCS_LINK_POINTER));
}

/* SDM, "Checks on Guest Non-Register State" */
static bool link_other(const struct vmx_snapshot *s)
{
	return !has_link(s) || field(s, VMX_F_VMCS_LINK_POINTER) != s->vmcs_address;
}

/* The CPU says that the pointer is bad, and nothing else about it is. */
static bool link_refused(const struct vmx_snapshot *s)
{
	return s->exit_reason == REASON_GUEST_STATE && s->qualification == QUALIFICATION_LINK &&
	       link_address(s) && link_other(s);
}

/*
 * SDM, "Checks on Guest Non-Register State": bit 31 marks a shadow VMCS. Where the memory cannot
 * be read the CPU's verdict is the witness.
 */
static bool link_revision(const struct vmx_snapshot *s)
{
	u32 wanted = s->cap[VMX_CAP_BASIC] & GENMASK_ULL(30, 0);

	if (!has_link(s))
		return true;
	if (!(s->known & VMX_KNOWN_LINK))
		return !link_refused(s);
	if (cpu2(s, CPU2_SHADOWING))
		wanted |= REVISION_SHADOW;
	return s->link_revision == wanted;
}

static bool uses_pdptes(const struct vmx_snapshot *s)
{
	return cpu2(s, CPU2_EPT) && field(s, VMX_F_GUEST_CR0) & CR0_PG &&
	       field(s, VMX_F_GUEST_CR4) & CR4_PAE && !entry_control(s, ENTRY_IA32E);
}

/* SDM, "Checks on Guest Page-Directory-Pointer-Table Entries"; without EPT they are in memory. */
static bool pdpte(const struct vmx_snapshot *s, unsigned int i)
{
	u64 entry = field(s, VMX_F_GUEST_PDPTR0 + i);
	u64 reserved = GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5);

	return !uses_pdptes(s) || !(entry & 1) ||
	       !(entry & reserved || entry >> s->physical_bits);
}

static const struct vmx_rule rules[] = {
	VMX_RULE("guest-activity-supported", activity_supported, GUEST_ACTIVITY_STATE,
		 "The guest's activity state must be one that the CPU supports (0, and those of IA32_VMX_MISC[8:6]).",
		 "The field was not written."),
	VMX_RULE("guest-hlt-at-cpl-0", hlt_dpl, GUEST_ACTIVITY_STATE,
		 "The activity state HLT needs a guest SS with DPL 0.",
		 "The guest's segments were changed while it was halted."),
	VMX_RULE("guest-blocked-is-active", blocked_is_active, GUEST_ACTIVITY_STATE,
		 "Blocking by STI or by MOV SS needs the activity state \"active\".",
		 "HLT was emulated and the blocking of the STI before it not cleared."),
	VMX_RULE("guest-event-fits-activity", activity_event, GUEST_ACTIVITY_STATE,
		 "An injected event may not be one that the guest's activity state would hold back: HLT takes interrupts, NMIs, #DB, #MC and pending MTF, shutdown NMIs and #MC, wait-for-SIPI none.",
		 "An event is injected and the halted guest was not made active again."),
	VMX_RULE("guest-smm-not-waiting", smm_activity, GUEST_ACTIVITY_STATE,
		 "\"entry to SMM\" excludes the activity state wait-for-SIPI.",
		 "Something else was written to the VM-entry controls."),
	VMX_RULE("guest-blocking-reserved", blocking_reserved, GUEST_INTERRUPTIBILITY_INFO,
		 "Bits 31:5 of the interruptibility state must be 0.",
		 "The field was not written, or bits of a younger CPU were."),
	VMX_RULE("guest-blocking-sti-or-mov-ss", sti_or_mov_ss, GUEST_INTERRUPTIBILITY_INFO,
		 "Blocking by STI and by MOV SS exclude each other.",
		 "One was set without the other being cleared."),
	VMX_RULE("guest-blocking-sti-needs-if", sti_needs_if, GUEST_INTERRUPTIBILITY_INFO,
		 "Blocking by STI needs RFLAGS.IF = 1.",
		 "RFLAGS were written and the blocking was kept."),
	VMX_RULE("guest-interrupt-not-blocked", blocked_interrupt, GUEST_INTERRUPTIBILITY_INFO,
		 "An external interrupt may be injected only without blocking by STI and MOV SS.",
		 "The interruptibility state was not looked at before the injection: wait for the interrupt window."),
	VMX_RULE("guest-nmi-not-blocked-by-mov-ss", blocked_nmi_mov_ss, GUEST_INTERRUPTIBILITY_INFO,
		 "An NMI may be injected only without blocking by MOV SS.",
		 "The interruptibility state was not looked at before the injection: wait for the NMI window."),
	VMX_RULE("guest-nmi-not-blocked-by-sti", blocked_nmi_sti, GUEST_INTERRUPTIBILITY_INFO,
		 "An NMI may be injected only without blocking by STI; not every CPU insists.",
		 "The interruptibility state was not looked at before the injection: wait for the NMI window."),
	VMX_RULE("guest-smi-not-blocked", blocked_smi, GUEST_INTERRUPTIBILITY_INFO,
		 "Outside SMM blocking by SMI must be 0.",
		 "The state was saved in SMM or comes from user space unchecked."),
	VMX_RULE("guest-smm-blocks-smi", smm_blocks_smi, GUEST_INTERRUPTIBILITY_INFO,
		 "\"entry to SMM\" needs blocking by SMI.",
		 "Something else was written to the VM-entry controls."),
	VMX_RULE("guest-nmi-not-blocked-by-nmi", blocked_virtual_nmi, GUEST_INTERRUPTIBILITY_INFO,
		 "With \"virtual NMIs\" an NMI may be injected only without blocking by NMI.",
		 "A second NMI was injected before the guest's IRET from the first: wait for the NMI window."),
	VMX_RULE("guest-enclave-interruption", enclave, GUEST_INTERRUPTIBILITY_INFO,
		 "Enclave interruption needs a CPU with SGX and no blocking by MOV SS.",
		 "The state comes from another CPU."),
	VMX_RULE("guest-pending-debug-reserved", pending_reserved, GUEST_PENDING_DBG_EXCEPTIONS,
		 "Bits 63:17, 15, 13 and 10:4 of the pending debug exceptions must be 0, bit 16 without RTM and bit 11 without bus-lock detection too.",
		 "DR6 was copied as it is: its reserved bits read as 1, and its BD and BT are none of these."),
	VMX_RULE("guest-pending-debug-single-step", pending_single_step, GUEST_PENDING_DBG_EXCEPTIONS,
		 "With blocking by STI or MOV SS, or in HLT, BS must be 1 if RFLAGS.TF = 1 and IA32_DEBUGCTL.BTF = 0, and else 0.",
		 "TF was changed for the guest behind an STI, MOV SS or HLT, and the pending debug exceptions were not."),
	VMX_RULE("guest-pending-debug-rtm", pending_rtm, GUEST_PENDING_DBG_EXCEPTIONS,
		 "With RTM in the pending debug exceptions bit 12 must be 1, bits 15:13 and 11:0 0, and there may be no blocking by MOV SS.",
		 "The state comes from user space unchecked."),
	VMX_RULE("vmcs-link-address", link_address, VMCS_LINK_POINTER,
		 "The VMCS link pointer must be all ones, or aligned to 4 KiB and within the physical-address width.",
		 "The field was left at 0 plus something, or only its lower half was written."),
	VMX_RULE("vmcs-link-revision", link_revision, VMCS_LINK_POINTER,
		 "What the VMCS link pointer points to must begin with the VMCS revision identifier, and bit 31 of that must equal \"VMCS shadowing\".",
		 "The field was never set to all ones: without VMCS shadowing it must be."),
	VMX_RULE("vmcs-link-not-current", link_other, VMCS_LINK_POINTER,
		 "The VMCS link pointer may not be the current VMCS.",
		 "The VMCS's own address was written."),
#undef SECTION
#define SECTION	"Checks on Guest Page-Directory-Pointer-Table Entries"
	VMX_RULE_EACH("guest-pdpte-reserved", pdpte, GUEST_PDPTR0, 4,
		      "With PAE paging and EPT a present guest PDPTE must have bits 2:1, 8:5 and those beyond the physical-address width 0.",
		      "The PDPTEs were not read anew behind the guest's write to CR3, CR0 or CR4."),
};

const struct vmx_rule_table vmx_non_register_rules = VMX_RULE_TABLE(rules);
