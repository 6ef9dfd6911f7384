// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Loading MSRs": the VM-entry MSR-load area.
 */
#include "rules.h"

#define AREA	VMX_CHECK_MSR_LOAD
#define SECTION	"Loading MSRs"

#define REASON_MSR_LOADING	(BIT(31) | 34)

#define MSR_SMM_MONITOR		0x9b
#define MSR_FSBASE		0xc0000100
#define MSR_GSBASE		0xc0000101

static const struct vmx_loaded_msr *entry(const struct vmx_snapshot *s, unsigned int i)
{
	return i < s->msr_load_count && s->known & VMX_KNOWN_MSR_LOAD ? &s->msr_load[i] : NULL;
}

static bool index_allowed(u32 index)
{
	return index != MSR_FSBASE && index != MSR_GSBASE && index != MSR_SMM_MONITOR &&
	       index >> 8 != 8;
}

/* SDM, "Loading MSRs" */
static bool indices(const struct vmx_snapshot *s)
{
	unsigned int i;

	for (i = 0; entry(s, i); i++)
		if (!index_allowed(entry(s, i)->index))
			return false;
	return true;
}

/* SDM, "Loading MSRs" */
static bool reserved(const struct vmx_snapshot *s)
{
	unsigned int i;

	for (i = 0; entry(s, i); i++)
		if (entry(s, i)->reserved)
			return false;
	return true;
}

/* SDM, "Loading MSRs": whatever else the CPU did not like; its exit reason is the witness. */
static bool value(const struct vmx_snapshot *s)
{
	return s->exit_reason != REASON_MSR_LOADING || !indices(s) || !reserved(s);
}

static const struct vmx_rule rules[] = {
	VMX_RULE("msr-load-index", indices, VM_ENTRY_MSR_LOAD_ADDR,
		 "The VM-entry MSR-load area may not load IA32_FS_BASE, IA32_GS_BASE, IA32_SMM_MONITOR_CTL or MSRs 800 to 8ff.",
		 "FS and GS bases are fields of the VMCS; the x2APIC's registers are not loaded so."),
	VMX_RULE("msr-load-reserved", reserved, VM_ENTRY_MSR_LOAD_ADDR,
		 "Bits 63:32 of each entry of the VM-entry MSR-load area must be 0.",
		 "The entry's layout: index in 4 bytes, 4 bytes of 0, value in 8."),
	VMX_RULE("msr-load-value", value, VM_ENTRY_MSR_LOAD_ADDR,
		 "Each MSR of the VM-entry MSR-load area must exist and take its value, as WRMSR would.",
		 "An MSR that this CPU lacks, or a reserved bit in a value."),
};

const struct vmx_rule_table vmx_msr_load_rules = VMX_RULE_TABLE(rules);
