// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs", and of RIP and RFLAGS.
 */
#include "rules.h"

#define SECTION	"Checks on Guest Control Registers, Debug Registers, and MSRs"

/* SDM, "VMX-Fixed Bits in CR0": VM entry does not change NW and CD and so never checks them. */
static u64 cr0_must(const struct vmx_snapshot *s)
{
	u64 must = s->cap[VMX_CAP_CR0_FIXED0] & ~(u64)(CR0_NW | CR0_CD);

	return cpu2(s, CPU2_UNRESTRICTED) ? must & ~(u64)(CR0_PE | CR0_PG) : must;
}

static bool cr0_fixed_1(const struct vmx_snapshot *s)
{
	return !(cr0_must(s) & ~field(s, VMX_F_GUEST_CR0));
}

static bool cr0_fixed_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_CR0) & ~s->cap[VMX_CAP_CR0_FIXED1] &
		 ~(u64)(CR0_NW | CR0_CD));
}

static bool cr0_paging(const struct vmx_snapshot *s)
{
	u64 cr0 = field(s, VMX_F_GUEST_CR0);

	return !(cr0 & CR0_PG) || cr0 & CR0_PE;
}

static const struct vmx_rule rules[] = {
	{
		.name = "guest-cr0-fixed-to-1",
		.section = SECTION,
		.rule = "Guest CR0 must have each bit that VMX operation fixes to 1 (IA32_VMX_CR0_FIXED0; without \"unrestricted guest\" also PE and PG).",
		.cause = "NE was left out, or a guest without paging on a CPU or under controls without \"unrestricted guest\".",
		.holds = cr0_fixed_1,
		.field = VMX_F_GUEST_CR0,
		.area = VMX_CHECK_REGISTERS,
	}, {
		.name = "guest-cr0-fixed-to-0",
		.section = SECTION,
		.rule = "Guest CR0 must have no bit that VMX operation fixes to 0 (IA32_VMX_CR0_FIXED1).",
		.cause = "Something else was written to the field: bits 63:32 of CR0 are always 0.",
		.holds = cr0_fixed_0,
		.field = VMX_F_GUEST_CR0,
		.area = VMX_CHECK_REGISTERS,
	}, {
		.name = "guest-cr0-pg-needs-pe",
		.section = SECTION,
		.rule = "Guest CR0.PG = 1 needs CR0.PE = 1.",
		.cause = "The two were written one after the other with an entry between them.",
		.holds = cr0_paging,
		.field = VMX_F_GUEST_CR0,
		.area = VMX_CHECK_REGISTERS,
	},
};

const struct vmx_rule_table vmx_register_rules = VMX_RULE_TABLE(rules);
