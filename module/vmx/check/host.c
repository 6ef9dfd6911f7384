// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls and Host-State Area": the host's half.
 */
#include "rules.h"

#define AREA	VMX_CHECK_HOST
#define SECTION	"Checks on Host Control Registers, MSRs, and SSP"

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cr0_to_1(const struct vmx_snapshot *s)
{
	return !(s->cap[VMX_CAP_CR0_FIXED0] & ~field(s, VMX_F_HOST_CR0) & ~(u64)CR0_UNCHECKED);
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cr0_to_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_HOST_CR0) & ~s->cap[VMX_CAP_CR0_FIXED1] & ~(u64)CR0_UNCHECKED);
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cr4_to_1(const struct vmx_snapshot *s)
{
	return !(s->cap[VMX_CAP_CR4_FIXED0] & ~field(s, VMX_F_HOST_CR4));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cr4_to_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_HOST_CR4) & ~s->cap[VMX_CAP_CR4_FIXED1]);
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cet_protected(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_HOST_CR4) & CR4_CET) || field(s, VMX_F_HOST_CR0) & CR0_WP;
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool cr3(const struct vmx_snapshot *s)
{
	return cr3_valid(s, field(s, VMX_F_HOST_CR3));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool sysenter(const struct vmx_snapshot *s, unsigned int i)
{
	return canonical(s, field(s, VMX_F_HOST_IA32_SYSENTER_ESP + i));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool perf_global(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_PERF_GLOBAL) ||
	       !(field(s, VMX_F_HOST_IA32_PERF_GLOBAL_CTRL) & ~s->perf_global_bits);
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool pat(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_PAT) || pat_valid(field(s, VMX_F_HOST_IA32_PAT));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool efer_reserved(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_EFER) ||
	       !(field(s, VMX_F_HOST_IA32_EFER) & ~s->efer_bits);
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool efer_mode(const struct vmx_snapshot *s)
{
	u64 both = EFER_LMA_BIT | EFER_LME_BIT;
	u64 wanted = exit_control(s, EXIT_HOST_64) ? both : 0;

	return !exit_control(s, EXIT_LOAD_EFER) ||
	       (field(s, VMX_F_HOST_IA32_EFER) & both) == wanted;
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool s_cet(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_HOST_S_CET);

	return !exit_control(s, EXIT_LOAD_CET) || (canonical(s, value) && s_cet_valid(value));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool ssp_table(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_CET) ||
	       canonical(s, field(s, VMX_F_HOST_INTR_SSP_TABLE));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool ssp(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_HOST_SSP);

	return !exit_control(s, EXIT_LOAD_CET) || (canonical(s, value) && !(value & 3));
}

/* SDM, "Checks on Host Control Registers, MSRs, and SSP" */
static bool pkrs(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_PKRS) || !wide(field(s, VMX_F_HOST_IA32_PKRS));
}

/* SDM, "Checks on Host Segment and Descriptor-Table Registers" */
static bool selector(const struct vmx_snapshot *s, unsigned int i)
{
	return !(field(s, VMX_F_HOST_ES_SELECTOR + i) & 7);
}

/* SDM, "Checks on Host Segment and Descriptor-Table Registers" */
static bool cs_not_null(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_HOST_CS_SELECTOR);
}

/* SDM, "Checks on Host Segment and Descriptor-Table Registers" */
static bool tr_not_null(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_HOST_TR_SELECTOR);
}

/* SDM, "Checks on Host Segment and Descriptor-Table Registers" */
static bool ss_not_null(const struct vmx_snapshot *s)
{
	return exit_control(s, EXIT_HOST_64) || field(s, VMX_F_HOST_SS_SELECTOR);
}

/* SDM, "Checks on Host Segment and Descriptor-Table Registers" */
static bool base(const struct vmx_snapshot *s, unsigned int i)
{
	return canonical(s, field(s, VMX_F_HOST_FS_BASE + i));
}

/* SDM, "Checks Related to Address-Space Size" */
static bool host_size(const struct vmx_snapshot *s)
{
	return exit_control(s, EXIT_HOST_64) == !!(s->host_efer & EFER_LMA_BIT);
}

/* SDM, "Checks Related to Address-Space Size" */
static bool guest_size(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_IA32E) ||
	       (s->host_efer & EFER_LMA_BIT && exit_control(s, EXIT_HOST_64));
}

/* SDM, "Checks Related to Address-Space Size" */
static bool pae(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_HOST_64) || field(s, VMX_F_HOST_CR4) & CR4_PAE;
}

/* SDM, "Checks Related to Address-Space Size" */
static bool pcide(const struct vmx_snapshot *s)
{
	return exit_control(s, EXIT_HOST_64) || !(field(s, VMX_F_HOST_CR4) & CR4_PCIDE);
}

/* SDM, "Checks Related to Address-Space Size" */
static bool rip(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_HOST_RIP);

	return exit_control(s, EXIT_HOST_64) ? canonical(s, value) : !wide(value);
}

/* SDM, "Checks Related to Address-Space Size" */
static bool cet_size(const struct vmx_snapshot *s)
{
	return !exit_control(s, EXIT_LOAD_CET) || exit_control(s, EXIT_HOST_64) ||
	       !(wide(field(s, VMX_F_HOST_S_CET)) || wide(field(s, VMX_F_HOST_SSP)));
}

static const struct vmx_rule rules[] = {
	VMX_RULE("host-cr0-fixed-to-1", cr0_to_1, HOST_CR0,
		 "Host CR0 must have each bit that VMX operation fixes to 1 (IA32_VMX_CR0_FIXED0: PE, NE, PG).",
		 "The field was not made from the CPU's own CR0."),
	VMX_RULE("host-cr0-fixed-to-0", cr0_to_0, HOST_CR0,
		 "Host CR0 must have no bit that VMX operation fixes to 0 (IA32_VMX_CR0_FIXED1).",
		 "Something else was written to the field."),
	VMX_RULE("host-cr4-fixed-to-1", cr4_to_1, HOST_CR4,
		 "Host CR4 must have each bit that VMX operation fixes to 1 (IA32_VMX_CR4_FIXED0: VMXE).",
		 "The field was written before CR4.VMXE was set."),
	VMX_RULE("host-cr4-fixed-to-0", cr4_to_0, HOST_CR4,
		 "Host CR4 must have no bit that VMX operation fixes to 0 (IA32_VMX_CR4_FIXED1).",
		 "A bit of a feature that this CPU lacks."),
	VMX_RULE("host-cet-needs-wp", cet_protected, HOST_CR4,
		 "Host CR4.CET = 1 needs CR0.WP = 1.",
		 "The two fields were taken at different times."),
	VMX_RULE("host-cr3-width", cr3, HOST_CR3,
		 "Host CR3 must have no bit beyond the physical-address width.",
		 "CR3 was read with its bit 63, which only MOV to CR3 knows."),
	VMX_RULE_EACH("host-sysenter-canonical", sysenter, HOST_IA32_SYSENTER_ESP, 2,
		      "Host IA32_SYSENTER_ESP and IA32_SYSENTER_EIP must be canonical.",
		      "The field was not written."),
	VMX_RULE("host-perf-global-ctrl-reserved", perf_global, HOST_IA32_PERF_GLOBAL_CTRL,
		 "With \"load IA32_PERF_GLOBAL_CTRL\" the host's value must have no reserved bit.",
		 "The value is of a CPU with more counters."),
	VMX_RULE("host-pat-types", pat, HOST_IA32_PAT,
		 "With \"load IA32_PAT\" each byte of the host's must be 0, 1, 4, 5, 6 or 7.",
		 "The field was not taken from the MSR."),
	VMX_RULE("host-efer-reserved", efer_reserved, HOST_IA32_EFER,
		 "With \"load IA32_EFER\" the host's value must have no reserved bit.",
		 "The field was not taken from the MSR."),
	VMX_RULE("host-efer-mode", efer_mode, HOST_IA32_EFER,
		 "With \"load IA32_EFER\" the host's LMA and LME must both equal \"host address-space size\".",
		 "The field was not taken from the MSR."),
	VMX_RULE("host-s-cet-valid", s_cet, HOST_S_CET,
		 "With \"load CET state\" the host's IA32_S_CET must be canonical, bits 9:6 0 and bits 11:10 not both 1.",
		 "The field was not taken from the MSR."),
	VMX_RULE("host-ssp-table-canonical", ssp_table, HOST_INTR_SSP_TABLE,
		 "With \"load CET state\" the host's IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical.",
		 "The field was not taken from the MSR."),
	VMX_RULE("host-ssp-aligned", ssp, HOST_SSP,
		 "With \"load CET state\" the host's SSP must be canonical and bits 1:0 of it 0.",
		 "The field was not written."),
	VMX_RULE("host-pkrs-width", pkrs, HOST_IA32_PKRS,
		 "With \"load PKRS\" bits 63:32 of the host's must be 0.",
		 "The field was not taken from the MSR."),
#undef SECTION
#define SECTION	"Checks on Host Segment and Descriptor-Table Registers"
	VMX_RULE_EACH("host-selector-ti-rpl", selector, HOST_ES_SELECTOR, 7,
		      "Host selectors must have TI and RPL 0.",
		      "User space's own DS, ES, FS or GS was written: these are the hypervisor's to save and to load again."),
	VMX_RULE("host-cs-not-null", cs_not_null, HOST_CS_SELECTOR,
		 "Host CS may not be the null selector.",
		 "The field was not written."),
	VMX_RULE("host-tr-not-null", tr_not_null, HOST_TR_SELECTOR,
		 "Host TR may not be the null selector.",
		 "The hypervisor has no TSS: VMX needs one."),
	VMX_RULE("host-ss-not-null", ss_not_null, HOST_SS_SELECTOR,
		 "Host SS may not be the null selector in a 32-bit host.",
		 "The field was not written."),
	VMX_RULE_EACH("host-base-canonical", base, HOST_FS_BASE, 5,
		      "Host bases of FS, GS, TR, GDTR and IDTR must be canonical.",
		      "The field was not written, or the base in a descriptor was put together wrongly."),
#undef SECTION
#define SECTION	"Checks Related to Address-Space Size"
	VMX_RULE("host-size-is-hosts", host_size, VM_EXIT_CONTROLS,
		 "\"host address-space size\" must equal IA32_EFER.LMA at VM entry.",
		 "The control was left out by a 64-bit hypervisor."),
	VMX_RULE("ia32e-guest-needs-64-bit-host", guest_size, VM_ENTRY_CONTROLS,
		 "\"IA-32e mode guest\" needs IA32_EFER.LMA and \"host address-space size\".",
		 "A 32-bit hypervisor cannot run a 64-bit guest."),
	VMX_RULE("host-64-needs-pae", pae, HOST_CR4,
		 "\"host address-space size\" needs host CR4.PAE.",
		 "The field was not made from the CPU's own CR4."),
	VMX_RULE("host-32-without-pcide", pcide, HOST_CR4,
		 "Without \"host address-space size\" host CR4.PCIDE must be 0.",
		 "The field was not made from the CPU's own CR4."),
	VMX_RULE("host-rip", rip, HOST_RIP,
		 "Host RIP must be canonical; in a 32-bit host bits 63:32 must be 0.",
		 "The field was not written."),
	VMX_RULE("host-32-cet-width", cet_size, HOST_S_CET,
		 "With \"load CET state\" and without \"host address-space size\" bits 63:32 of the host's IA32_S_CET and SSP must be 0.",
		 "The fields were not taken from the registers."),
};

const struct vmx_rule_table vmx_host_rules = VMX_RULE_TABLE(rules);
