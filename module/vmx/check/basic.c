// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Basic VM-Entry Checks": what VMLAUNCH and VMRESUME look at before they look at the VMCS's
 * fields. Launch state and blocking cannot be read, so the VM-instruction error is the witness.
 */
#include "rules.h"

#define SECTION	"Basic VM-Entry Checks"
#define AREA	VMX_CHECK_BASIC

/* SDM, "Basic VM-Entry Checks": without a current VMCS even the error has nowhere to go. */
static bool current_vmcs(const struct vmx_snapshot *s)
{
	return ~s->vmcs_address;
}

/* SDM, "Basic VM-Entry Checks" */
static bool launch_clear(const struct vmx_snapshot *s)
{
	return s->instruction_error != 4;
}

/* SDM, "Basic VM-Entry Checks" */
static bool resume_launched(const struct vmx_snapshot *s)
{
	return s->instruction_error != 5;
}

/* SDM, "Basic VM-Entry Checks" */
static bool no_mov_ss(const struct vmx_snapshot *s)
{
	return s->instruction_error != 26;
}

static const struct vmx_rule rules[] = {
	VMX_RULE("current-vmcs", current_vmcs, VM_INSTRUCTION_ERROR,
		 "VM entry needs a current VMCS that is no shadow VMCS.",
		 "No VMPTRLD before the entry, or a VMCLEAR of the current VMCS behind it."),
	VMX_RULE("vmlaunch-needs-clear", launch_clear, VM_INSTRUCTION_ERROR,
		 "VMLAUNCH needs a VMCS whose launch state is \"clear\".",
		 "VMLAUNCH instead of VMRESUME behind the first entry, or no VMCLEAR before the VMCS was used anew."),
	VMX_RULE("vmresume-needs-launched", resume_launched, VM_INSTRUCTION_ERROR,
		 "VMRESUME needs a VMCS whose launch state is \"launched\".",
		 "VMRESUME behind a VMCLEAR (the vCPU came to another CPU), or behind a VMLAUNCH that failed."),
	VMX_RULE("entry-not-behind-mov-ss", no_mov_ss, VM_INSTRUCTION_ERROR,
		 "VMLAUNCH and VMRESUME may not follow a MOV SS or POP SS that still blocks events.",
		 "The hypervisor loads SS right before it enters."),
};

const struct vmx_rule_table vmx_basic_rules = VMX_RULE_TABLE(rules);
