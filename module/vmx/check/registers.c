// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on the Guest State Area": control and debug registers and MSRs; descriptor-table
 * registers; RIP, RFLAGS and SSP.
 */
#include "rules.h"

#define AREA	VMX_CHECK_REGISTERS
#define SECTION	"Checks on Guest Control Registers, Debug Registers, and MSRs"

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cr0_to_1(const struct vmx_snapshot *s)
{
	u64 unchecked = CR0_UNCHECKED;

	if (cpu2(s, CPU2_UNRESTRICTED))
		unchecked |= CR0_PE | CR0_PG;
	return !(s->cap[VMX_CAP_CR0_FIXED0] & ~field(s, VMX_F_GUEST_CR0) & ~unchecked);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cr0_to_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_CR0) & ~s->cap[VMX_CAP_CR0_FIXED1] & ~(u64)CR0_UNCHECKED);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool paging_protected(const struct vmx_snapshot *s)
{
	u64 cr0 = field(s, VMX_F_GUEST_CR0);

	return !(cr0 & CR0_PG) || cr0 & CR0_PE;
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cr4_to_1(const struct vmx_snapshot *s)
{
	return !(s->cap[VMX_CAP_CR4_FIXED0] & ~field(s, VMX_F_GUEST_CR4));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cr4_to_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_CR4) & ~s->cap[VMX_CAP_CR4_FIXED1]);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cet_protected(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_CR4) & CR4_CET) || field(s, VMX_F_GUEST_CR0) & CR0_WP;
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool debugctl(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_DEBUG) ||
	       !(field(s, VMX_F_GUEST_IA32_DEBUGCTL) & ~s->debugctl_bits);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool ia32e_paging(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_IA32E) || field(s, VMX_F_GUEST_CR0) & CR0_PG;
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool ia32e_pae(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_IA32E) || field(s, VMX_F_GUEST_CR4) & CR4_PAE;
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool pcide(const struct vmx_snapshot *s)
{
	return entry_control(s, ENTRY_IA32E) || !(field(s, VMX_F_GUEST_CR4) & CR4_PCIDE);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool cr3(const struct vmx_snapshot *s)
{
	return cr3_valid(s, field(s, VMX_F_GUEST_CR3));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool dr7(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_DEBUG) || !wide(field(s, VMX_F_GUEST_DR7));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool sysenter(const struct vmx_snapshot *s, unsigned int i)
{
	return canonical(s, field(s, VMX_F_GUEST_SYSENTER_ESP + i));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool s_cet(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_GUEST_S_CET);

	return !entry_control(s, ENTRY_LOAD_CET) || (canonical(s, value) && s_cet_valid(value));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool ssp_table(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_CET) ||
	       canonical(s, field(s, VMX_F_GUEST_INTR_SSP_TABLE));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool perf_global(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_PERF_GLOBAL) ||
	       !(field(s, VMX_F_GUEST_IA32_PERF_GLOBAL_CTRL) & ~s->perf_global_bits);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool pat(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_PAT) || pat_valid(field(s, VMX_F_GUEST_IA32_PAT));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool efer_reserved(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_EFER) ||
	       !(field(s, VMX_F_GUEST_IA32_EFER) & ~s->efer_bits);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool efer_lma(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_EFER) ||
	       !!(field(s, VMX_F_GUEST_IA32_EFER) & EFER_LMA_BIT) == entry_control(s, ENTRY_IA32E);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool efer_lme(const struct vmx_snapshot *s)
{
	u64 efer = field(s, VMX_F_GUEST_IA32_EFER);

	return !entry_control(s, ENTRY_LOAD_EFER) || !(field(s, VMX_F_GUEST_CR0) & CR0_PG) ||
	       !(efer & EFER_LMA_BIT) == !(efer & EFER_LME_BIT);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool bndcfgs(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_GUEST_BNDCFGS);

	return !entry_control(s, ENTRY_LOAD_BNDCFGS) ||
	       (!(value & GENMASK_ULL(11, 2)) && canonical(s, value));
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool rtit_ctl(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_RTIT_CTL) ||
	       !(field(s, VMX_F_GUEST_IA32_RTIT_CTL) & ~s->rtit_ctl_bits);
}

/* SDM, "Checks on Guest Control Registers, Debug Registers, and MSRs" */
static bool pkrs(const struct vmx_snapshot *s)
{
	return !entry_control(s, ENTRY_LOAD_PKRS) || !wide(field(s, VMX_F_GUEST_IA32_PKRS));
}

/* SDM, "Checks on Guest Descriptor-Table Registers" */
static bool table_base(const struct vmx_snapshot *s, unsigned int i)
{
	return canonical(s, field(s, VMX_F_GUEST_GDTR_BASE + i));
}

/* SDM, "Checks on Guest Descriptor-Table Registers" */
static bool table_limit(const struct vmx_snapshot *s, unsigned int i)
{
	return field(s, VMX_F_GUEST_GDTR_LIMIT + i) < BIT(16);
}

static bool code_64(const struct vmx_snapshot *s)
{
	return entry_control(s, ENTRY_IA32E) && field(s, VMX_F_GUEST_CS_AR_BYTES) & RIGHTS_L;
}

/* Not canonical: bits 63:N alone, so that a fault at the next address can be told apart. */
static bool upper_bits_same(const struct vmx_snapshot *s, u64 address)
{
	u64 top = address >> s->linear_bits;

	return !top || top == ~0ULL >> s->linear_bits;
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rip_32(const struct vmx_snapshot *s)
{
	return code_64(s) || !wide(field(s, VMX_F_GUEST_RIP));
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rip_64(const struct vmx_snapshot *s)
{
	return !code_64(s) || upper_bits_same(s, field(s, VMX_F_GUEST_RIP));
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rflags_to_0(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_RFLAGS) &
		 (GENMASK_ULL(63, 22) | BIT(15) | BIT(5) | BIT(3)));
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rflags_to_1(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_GUEST_RFLAGS) & BIT(1);
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rflags_vm(const struct vmx_snapshot *s)
{
	return !(field(s, VMX_F_GUEST_RFLAGS) & RFLAGS_VM) ||
	       (!entry_control(s, ENTRY_IA32E) && field(s, VMX_F_GUEST_CR0) & CR0_PE);
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool rflags_if(const struct vmx_snapshot *s)
{
	return !injects(s, EVENT_EXTERNAL) || field(s, VMX_F_GUEST_RFLAGS) & RFLAGS_IF;
}

/* SDM, "Checks on Guest RIP, RFLAGS, and SSP" */
static bool ssp(const struct vmx_snapshot *s)
{
	u64 value = field(s, VMX_F_GUEST_SSP);

	return !entry_control(s, ENTRY_LOAD_CET) ||
	       (!(value & 3) && (code_64(s) ? upper_bits_same(s, value) : !wide(value)));
}

static const struct vmx_rule rules[] = {
	VMX_RULE("guest-cr0-fixed-to-1", cr0_to_1, GUEST_CR0,
		 "Guest CR0 must have each bit that VMX operation fixes to 1 (IA32_VMX_CR0_FIXED0: NE; without \"unrestricted guest\" also PE and PG).",
		 "NE was left out, or a guest without paging is run without \"unrestricted guest\"."),
	VMX_RULE("guest-cr0-fixed-to-0", cr0_to_0, GUEST_CR0,
		 "Guest CR0 must have no bit that VMX operation fixes to 0 (IA32_VMX_CR0_FIXED1).",
		 "Something else was written to the field: bits 63:32 of CR0 are always 0."),
	VMX_RULE("guest-paging-needs-protection", paging_protected, GUEST_CR0,
		 "Guest CR0.PG = 1 needs CR0.PE = 1.",
		 "PE was cleared and PG forgotten."),
	VMX_RULE("guest-cr4-fixed-to-1", cr4_to_1, GUEST_CR4,
		 "Guest CR4 must have each bit that VMX operation fixes to 1 (IA32_VMX_CR4_FIXED0: VMXE).",
		 "The guest's own CR4 was written as it is; VMXE belongs into the field and is hidden by mask and read shadow."),
	VMX_RULE("guest-cr4-fixed-to-0", cr4_to_0, GUEST_CR4,
		 "Guest CR4 must have no bit that VMX operation fixes to 0 (IA32_VMX_CR4_FIXED1).",
		 "The guest was shown a feature in CPUID that this CPU lacks."),
	VMX_RULE("guest-cet-needs-wp", cet_protected, GUEST_CR4,
		 "Guest CR4.CET = 1 needs CR0.WP = 1.",
		 "A write of the guest's to CR0 or CR4 was emulated without the check."),
	VMX_RULE("guest-debugctl-reserved", debugctl, GUEST_IA32_DEBUGCTL,
		 "With \"load debug controls\" guest IA32_DEBUGCTL must have no reserved bit.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("ia32e-guest-needs-paging", ia32e_paging, GUEST_CR0,
		 "\"IA-32e mode guest\" needs guest CR0.PG.",
		 "The guest turned paging off and the control was not cleared."),
	VMX_RULE("ia32e-guest-needs-pae", ia32e_pae, GUEST_CR4,
		 "\"IA-32e mode guest\" needs guest CR4.PAE.",
		 "A long-mode guest was set up without PAE."),
	VMX_RULE("guest-pcide-needs-ia32e", pcide, GUEST_CR4,
		 "Guest CR4.PCIDE = 1 needs \"IA-32e mode guest\".",
		 "The guest left long mode and CR4.PCIDE stayed."),
	VMX_RULE("guest-cr3-width", cr3, GUEST_CR3,
		 "Guest CR3 must have no bit beyond the physical-address width.",
		 "Bit 63 of the guest's MOV to CR3, which asks for no flush, was written into the field."),
	VMX_RULE("guest-dr7-width", dr7, GUEST_DR7,
		 "With \"load debug controls\" bits 63:32 of guest DR7 must be 0.",
		 "The value comes from user space unchecked."),
	VMX_RULE_EACH("guest-sysenter-canonical", sysenter, GUEST_SYSENTER_ESP, 2,
		      "Guest IA32_SYSENTER_ESP and IA32_SYSENTER_EIP must be canonical.",
		      "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-s-cet-valid", s_cet, GUEST_S_CET,
		 "With \"load CET state\" guest IA32_S_CET must be canonical, bits 9:6 0 and bits 11:10 not both 1.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-ssp-table-canonical", ssp_table, GUEST_INTR_SSP_TABLE,
		 "With \"load CET state\" guest IA32_INTERRUPT_SSP_TABLE_ADDR must be canonical.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-perf-global-ctrl-reserved", perf_global, GUEST_IA32_PERF_GLOBAL_CTRL,
		 "With \"load IA32_PERF_GLOBAL_CTRL\" the guest's value must have no reserved bit.",
		 "The guest was shown more counters than the CPU has."),
	VMX_RULE("guest-pat-types", pat, GUEST_IA32_PAT,
		 "With \"load IA32_PAT\" each byte of the guest's must be 0, 1, 4, 5, 6 or 7.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-efer-reserved", efer_reserved, GUEST_IA32_EFER,
		 "With \"load IA32_EFER\" the guest's value must have no reserved bit.",
		 "The guest was shown a feature in CPUID that this CPU lacks."),
	VMX_RULE("guest-efer-lma", efer_lma, GUEST_IA32_EFER,
		 "With \"load IA32_EFER\" guest LMA must equal \"IA-32e mode guest\".",
		 "LMA and the control are two copies of one thing, and only one was changed."),
	VMX_RULE("guest-efer-lme", efer_lme, GUEST_IA32_EFER,
		 "With \"load IA32_EFER\" and guest CR0.PG = 1 guest LME must equal LMA.",
		 "A long-mode guest was set up with only one of the two."),
	VMX_RULE("guest-bndcfgs-valid", bndcfgs, GUEST_BNDCFGS,
		 "With \"load IA32_BNDCFGS\" bits 11:2 of the guest's must be 0 and its address canonical.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-rtit-ctl-reserved", rtit_ctl, GUEST_IA32_RTIT_CTL,
		 "With \"load IA32_RTIT_CTL\" the guest's value must have no reserved bit.",
		 "The guest's WRMSR was emulated without the check."),
	VMX_RULE("guest-pkrs-width", pkrs, GUEST_IA32_PKRS,
		 "With \"load PKRS\" bits 63:32 of the guest's must be 0.",
		 "The guest's WRMSR was emulated without the check."),
#undef SECTION
#define SECTION	"Checks on Guest Descriptor-Table Registers"
	VMX_RULE_EACH("guest-table-base-canonical", table_base, GUEST_GDTR_BASE, 2,
		      "Guest bases of GDTR and IDTR must be canonical.",
		      "The value comes from user space unchecked."),
	VMX_RULE_EACH("guest-table-limit", table_limit, GUEST_GDTR_LIMIT, 2,
		      "Guest limits of GDTR and IDTR have 16 bits.",
		      "The value comes from user space unchecked."),
#undef SECTION
#define SECTION	"Checks on Guest RIP, RFLAGS, and SSP"
	VMX_RULE("guest-rip-32-bit", rip_32, GUEST_RIP,
		 "Bits 63:32 of guest RIP must be 0 but in 64-bit mode (\"IA-32e mode guest\" and CS.L).",
		 "A 64-bit guest was set up and CS.L or the control forgotten."),
	VMX_RULE("guest-rip-64-bit", rip_64, GUEST_RIP,
		 "In 64-bit mode bits of guest RIP beyond the linear-address width must all be the same.",
		 "An address was put together wrongly, or the guest jumped to one that is not canonical."),
	VMX_RULE("guest-rflags-fixed-to-0", rflags_to_0, GUEST_RFLAGS,
		 "Reserved bits 63:22, 15, 5 and 3 of guest RFLAGS must be 0.",
		 "The value comes from user space unchecked."),
	VMX_RULE("guest-rflags-fixed-to-1", rflags_to_1, GUEST_RFLAGS,
		 "Bit 1 of guest RFLAGS must be 1.",
		 "RFLAGS was left at 0: a new vCPU starts with 2."),
	VMX_RULE("guest-rflags-vm", rflags_vm, GUEST_RFLAGS,
		 "Guest RFLAGS.VM = 1 needs CR0.PE = 1 and no \"IA-32e mode guest\".",
		 "The value comes from user space unchecked."),
	VMX_RULE("guest-rflags-if-for-interrupt", rflags_if, GUEST_RFLAGS,
		 "An external interrupt may be injected only into a guest with RFLAGS.IF = 1.",
		 "The guest's IF was not looked at before the injection: wait for the interrupt window."),
	VMX_RULE("guest-ssp-valid", ssp, GUEST_SSP,
		 "With \"load CET state\" bits 1:0 of guest SSP must be 0, and so bits 63:32 but in 64-bit mode.",
		 "The value comes from user space unchecked."),
};

const struct vmx_rule_table vmx_register_rules = VMX_RULE_TABLE(rules);
