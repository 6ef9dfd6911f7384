// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls": the VM-entry control fields, event injection included.
 */
#include "rules.h"

#define SECTION	"VM-Entry Control Fields"
#define AREA	VMX_CHECK_ENTRY

#define BASIC_ANY_ERROR_CODE	BIT_ULL(56)
#define MISC_ZERO_LENGTH	BIT(30)
#define MONITOR_TRAP_FLAG	BIT(27)

/* Vectors whose exceptions push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
#define ERROR_CODE_VECTORS	(BIT(8) | GENMASK_ULL(14, 10) | BIT(17))

/* SDM, "VM-Entry Control Fields" */
static bool controls_to_1(const struct vmx_snapshot *s)
{
	return fixed_to_1(field(s, VMX_F_VM_ENTRY_CONTROLS),
			  allowed_controls(s, VMX_CAP_ENTRY, VMX_CAP_TRUE_ENTRY));
}

/* SDM, "VM-Entry Control Fields" */
static bool controls_to_0(const struct vmx_snapshot *s)
{
	return fixed_to_0(field(s, VMX_F_VM_ENTRY_CONTROLS),
			  allowed_controls(s, VMX_CAP_ENTRY, VMX_CAP_TRUE_ENTRY));
}

/* SDM, "VM-Entry Control Fields"; a hypervisor like vhm never runs in SMM. */
static bool outside_smm(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_SMM | ENTRY_DUAL_MONITOR);
}

/* SDM, "VM-Entry Control Fields" */
static bool tracing(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_RTIT_CTL) || !(s->host_rtit_ctl & RTIT_TRACE_ENABLE);
}

/* SDM, "VM-Entry Control Fields" */
static bool load_start(const struct vmx_snapshot *s)
{
	return msr_area_start(s, VMX_F_VM_ENTRY_MSR_LOAD_COUNT, VMX_F_VM_ENTRY_MSR_LOAD_ADDR);
}

/* SDM, "VM-Entry Control Fields" */
static bool load_end(const struct vmx_snapshot *s)
{
	return msr_area_end(s, VMX_F_VM_ENTRY_MSR_LOAD_COUNT, VMX_F_VM_ENTRY_MSR_LOAD_ADDR);
}

/* SDM, "VM-Entry Control Fields"; "other event" came with the monitor trap flag. */
static bool event_type(const struct vmx_snapshot *s)
{
	u64 allowed = allowed_controls(s, VMX_CAP_PROCBASED, VMX_CAP_TRUE_PROCBASED);

	if (!event_valid(s))
		return true;
	switch (event_type_of(s)) {
	case EVENT_RESERVED:
		return false;
	case EVENT_OTHER:
		return allowed >> 32 & MONITOR_TRAP_FLAG;
	}
	return true;
}

/* SDM, "VM-Entry Control Fields" */
static bool event_vector(const struct vmx_snapshot *s)
{
	if (!event_valid(s))
		return true;
	switch (event_type_of(s)) {
	case EVENT_NMI:
		return event_vector_of(s) == 2;
	case EVENT_EXCEPTION:
		return event_vector_of(s) < 32;
	case EVENT_OTHER:
		return event_vector_of(s) == 0;
	}
	return true;
}

/* SDM, "VM-Entry Control Fields"; with IA32_VMX_BASIC[56] any exception may have an error code. */
static bool event_error_code(const struct vmx_snapshot *s)
{
	bool has = field(s, VMX_F_VM_ENTRY_INTR_INFO_FIELD) & EVENT_ERROR_CODE;
	bool may = event_type_of(s) == EVENT_EXCEPTION && field(s, VMX_F_GUEST_CR0) & CR0_PE;

	if (!event_valid(s))
		return true;
	if (!may)
		return !has;
	/* A vector beyond the exceptions is another rule's. */
	if (s->cap[VMX_CAP_BASIC] & BASIC_ANY_ERROR_CODE || event_vector_of(s) > 31)
		return true;
	return has == !!(ERROR_CODE_VECTORS >> event_vector_of(s) & 1);
}

/* SDM, "VM-Entry Control Fields" */
static bool event_reserved(const struct vmx_snapshot *s)
{
	return !event_valid(s) ||
	       !(field(s, VMX_F_VM_ENTRY_INTR_INFO_FIELD) & GENMASK_ULL(30, 12));
}

/* SDM, "VM-Entry Control Fields" */
static bool event_error_code_bits(const struct vmx_snapshot *s)
{
	return !event_valid(s) ||
	       !(field(s, VMX_F_VM_ENTRY_INTR_INFO_FIELD) & EVENT_ERROR_CODE) ||
	       field(s, VMX_F_VM_ENTRY_EXCEPTION_ERROR_CODE) < BIT(16);
}

/* SDM, "VM-Entry Control Fields" */
static bool event_length(const struct vmx_snapshot *s)
{
	u64 length = field(s, VMX_F_VM_ENTRY_INSTRUCTION_LEN);

	if (!event_valid(s))
		return true;
	switch (event_type_of(s)) {
	case EVENT_SOFTWARE_INTERRUPT:
	case EVENT_PRIVILEGED_SOFTWARE:
	case EVENT_SOFTWARE_EXCEPTION:
		return length <= 15 && (length || s->cap[VMX_CAP_MISC] & MISC_ZERO_LENGTH);
	}
	return true;
}

static const struct vmx_rule rules[] = {
	VMX_RULE("entry-controls-fixed-to-1", controls_to_1, VM_ENTRY_CONTROLS,
		 "The VM-entry controls must have each bit that the CPU fixes to 1.",
		 "The field was not made from IA32_VMX_(TRUE_)ENTRY_CTLS[31:0]."),
	VMX_RULE("entry-controls-fixed-to-0", controls_to_0, VM_ENTRY_CONTROLS,
		 "The VM-entry controls must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_(TRUE_)ENTRY_CTLS[63:32]."),
	VMX_RULE("smm-controls-outside-smm", outside_smm, VM_ENTRY_CONTROLS,
		 "Outside SMM \"entry to SMM\" and \"deactivate dual-monitor treatment\" must be 0.",
		 "Something else was written to the field: only an SMM-transfer monitor uses them."),
	VMX_RULE("load-rtit-ctl-while-tracing", tracing, VM_ENTRY_CONTROLS,
		 "\"load IA32_RTIT_CTL\" must be 0 while Intel PT is enabled (IA32_RTIT_CTL.TraceEn = 1).",
		 "The host traces and did not turn it off before the entry."),
	VMX_RULE("entry-msr-load-address", load_start, VM_ENTRY_MSR_LOAD_ADDR,
		 "A VM-entry MSR-load area must be aligned to 16 bytes and within the physical-address width.",
		 "A count without an area, or a virtual address instead of a physical one."),
	VMX_RULE("entry-msr-load-end", load_end, VM_ENTRY_MSR_LOAD_COUNT,
		 "The last byte of the VM-entry MSR-load area must be within the physical-address width.",
		 "The count holds something else, such as the size in bytes."),
	VMX_RULE("event-type", event_type, VM_ENTRY_INTR_INFO_FIELD,
		 "An injected event's type may not be 1, and 7 (other event) only where the CPU has \"monitor trap flag\".",
		 "The type was shifted to other bits than 10:8."),
	VMX_RULE("event-vector", event_vector, VM_ENTRY_INTR_INFO_FIELD,
		 "An injected NMI has vector 2, a hardware exception at most 31, another event 0.",
		 "An interrupt is injected with the type of an exception or of an NMI."),
	VMX_RULE("event-error-code", event_error_code, VM_ENTRY_INTR_INFO_FIELD,
		 "Deliver-error-code must be 1 for #DF, #TS, #NP, #SS, #GP, #PF and #AC as hardware exceptions in protected mode, and else 0.",
		 "The bit does not go with the vector, or an exception with an error code is injected in real mode."),
	VMX_RULE("event-reserved", event_reserved, VM_ENTRY_INTR_INFO_FIELD,
		 "Bits 30:12 of an injected event must be 0.",
		 "IDT-vectoring or VM-exit interruption information was copied with its bit 12."),
	VMX_RULE("event-error-code-bits", event_error_code_bits, VM_ENTRY_EXCEPTION_ERROR_CODE,
		 "An injected event's error code has 16 bits at most.",
		 "Something else, such as an address, was written as the error code."),
	VMX_RULE("event-instruction-length", event_length, VM_ENTRY_INSTRUCTION_LEN,
		 "An injected software interrupt or exception needs an instruction length of 1 to 15 (0 only with IA32_VMX_MISC[30]).",
		 "The length was not written when the event was injected again."),
};

const struct vmx_rule_table vmx_entry_rules = VMX_RULE_TABLE(rules);
