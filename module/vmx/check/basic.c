// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Basic VM-Entry Checks": what VMLAUNCH and VMRESUME look at before they look at the VMCS's
 * fields. The launch state cannot be read, so the VM-instruction error is the witness.
 */
#include "rules.h"

#define SECTION	"Basic VM-Entry Checks"

/* Of these the CPU's own verdict says all. */
static bool launch_clear(const struct vmx_snapshot *s)
{
	return s->instruction_error != 4;
}

static bool resume_launched(const struct vmx_snapshot *s)
{
	return s->instruction_error != 5;
}

static bool no_mov_ss(const struct vmx_snapshot *s)
{
	return s->instruction_error != 26;
}

static const struct vmx_rule rules[] = {
	{
		.name = "vmlaunch-clear",
		.section = SECTION,
		.rule = "VMLAUNCH needs a VMCS whose launch state is \"clear\".",
		.cause = "VMLAUNCH instead of VMRESUME behind the first entry, or no VMCLEAR before the VMCS was used anew.",
		.holds = launch_clear,
		.field = VMX_F_VM_INSTRUCTION_ERROR,
		.area = VMX_CHECK_BASIC,
	}, {
		.name = "vmresume-launched",
		.section = SECTION,
		.rule = "VMRESUME needs a VMCS whose launch state is \"launched\".",
		.cause = "VMRESUME behind a VMCLEAR (the vCPU came to another CPU), or behind a VMLAUNCH that failed.",
		.holds = resume_launched,
		.field = VMX_F_VM_INSTRUCTION_ERROR,
		.area = VMX_CHECK_BASIC,
	}, {
		.name = "entry-not-behind-mov-ss",
		.section = SECTION,
		.rule = "VMLAUNCH and VMRESUME may not follow a MOV to SS or POP SS that still blocks events.",
		.cause = "The hypervisor loads SS right before it enters.",
		.holds = no_mov_ss,
		.field = VMX_F_VM_INSTRUCTION_ERROR,
		.area = VMX_CHECK_BASIC,
	},
};

const struct vmx_rule_table vmx_basic_rules = VMX_RULE_TABLE(rules);
