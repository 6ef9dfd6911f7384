// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls": the VM-exit control fields.
 */
#include "rules.h"

#define SECTION	"VM-Exit Control Fields"
#define AREA	VMX_CHECK_EXIT

/* SDM, "VM-Exit Control Fields" */
static bool controls_to_1(const struct vmx_snapshot *s)
{
	return fixed_to_1(field(s, VMX_F_VM_EXIT_CONTROLS),
			  allowed_controls(s, VMX_CAP_EXIT, VMX_CAP_TRUE_EXIT));
}

/* SDM, "VM-Exit Control Fields" */
static bool controls_to_0(const struct vmx_snapshot *s)
{
	return fixed_to_0(field(s, VMX_F_VM_EXIT_CONTROLS),
			  allowed_controls(s, VMX_CAP_EXIT, VMX_CAP_TRUE_EXIT));
}

/* SDM, "VM-Exit Control Fields" */
static bool save_timer(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_SAVE_TIMER) || pin(s, PIN_TIMER);
}

/* SDM, "VM-Exit Control Fields" */
static bool store_start(const struct vmx_snapshot *s)
{
	return msr_area_start(s, VMX_F_VM_EXIT_MSR_STORE_COUNT, VMX_F_VM_EXIT_MSR_STORE_ADDR);
}

/* SDM, "VM-Exit Control Fields" */
static bool store_end(const struct vmx_snapshot *s)
{
	return msr_area_end(s, VMX_F_VM_EXIT_MSR_STORE_COUNT, VMX_F_VM_EXIT_MSR_STORE_ADDR);
}

/* SDM, "VM-Exit Control Fields" */
static bool load_start(const struct vmx_snapshot *s)
{
	return msr_area_start(s, VMX_F_VM_EXIT_MSR_LOAD_COUNT, VMX_F_VM_EXIT_MSR_LOAD_ADDR);
}

/* SDM, "VM-Exit Control Fields" */
static bool load_end(const struct vmx_snapshot *s)
{
	return msr_area_end(s, VMX_F_VM_EXIT_MSR_LOAD_COUNT, VMX_F_VM_EXIT_MSR_LOAD_ADDR);
}

static const struct vmx_rule rules[] = {
	VMX_RULE("exit-controls-fixed-to-1", controls_to_1, VM_EXIT_CONTROLS,
		 "The VM-exit controls must have each bit that the CPU fixes to 1.",
		 "The field was not made from IA32_VMX_(TRUE_)EXIT_CTLS[31:0]."),
	VMX_RULE("exit-controls-fixed-to-0", controls_to_0, VM_EXIT_CONTROLS,
		 "The VM-exit controls must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_(TRUE_)EXIT_CTLS[63:32]."),
	VMX_RULE("save-timer-needs-timer", save_timer, VM_EXIT_CONTROLS,
		 "\"save VMX-preemption timer value\" needs \"activate VMX-preemption timer\".",
		 "The timer was turned off alone."),
	VMX_RULE("exit-msr-store-address", store_start, VM_EXIT_MSR_STORE_ADDR,
		 "A VM-exit MSR-store area must be aligned to 16 bytes and within the physical-address width.",
		 "A count without an area, or a virtual address instead of a physical one."),
	VMX_RULE("exit-msr-store-end", store_end, VM_EXIT_MSR_STORE_COUNT,
		 "The last byte of the VM-exit MSR-store area must be within the physical-address width.",
		 "The count holds something else, such as the size in bytes."),
	VMX_RULE("exit-msr-load-address", load_start, VM_EXIT_MSR_LOAD_ADDR,
		 "A VM-exit MSR-load area must be aligned to 16 bytes and within the physical-address width.",
		 "A count without an area, or a virtual address instead of a physical one."),
	VMX_RULE("exit-msr-load-end", load_end, VM_EXIT_MSR_LOAD_COUNT,
		 "The last byte of the VM-exit MSR-load area must be within the physical-address width.",
		 "The count holds something else, such as the size in bytes."),
};

const struct vmx_rule_table vmx_exit_rules = VMX_RULE_TABLE(rules);
