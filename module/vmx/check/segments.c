// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on Guest Segment Registers".
 *
 * Each rule over several registers takes them in the order of the VMCS: ES, CS, SS, DS, FS, GS,
 * LDTR, TR.
 */
#include "rules.h"

#define AREA	VMX_CHECK_SEGMENTS
#define SECTION	"Checks on Guest Segment Registers"

enum segment { ES, CS, SS, DS, FS, GS, LDTR, TR };

static u64 selector(const struct vmx_snapshot *s, unsigned int i)
{
	return field(s, VMX_F_GUEST_ES_SELECTOR + i);
}

static u64 base(const struct vmx_snapshot *s, unsigned int i)
{
	return field(s, VMX_F_GUEST_ES_BASE + i);
}

static u64 limit(const struct vmx_snapshot *s, unsigned int i)
{
	return field(s, VMX_F_GUEST_ES_LIMIT + i);
}

static u64 rights(const struct vmx_snapshot *s, unsigned int i)
{
	return field(s, VMX_F_GUEST_ES_AR_BYTES + i);
}

static unsigned int type(const struct vmx_snapshot *s, unsigned int i)
{
	return rights(s, i) & 15;
}

static unsigned int dpl(const struct vmx_snapshot *s, unsigned int i)
{
	return rights(s, i) >> 5 & 3;
}

static unsigned int rpl(const struct vmx_snapshot *s, unsigned int i)
{
	return selector(s, i) & 3;
}

static bool unusable(const struct vmx_snapshot *s, unsigned int i)
{
	return rights(s, i) & RIGHTS_UNUSABLE;
}

/* The guest will be in virtual-8086 mode. */
static bool virtual_8086(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_GUEST_RFLAGS) & RFLAGS_VM;
}

/*
 * What a register's access rights say is checked for CS and TR always, for the others when they
 * are usable; in virtual-8086 mode there is another rule for all but TR and LDTR.
 */
static bool checked(const struct vmx_snapshot *s, unsigned int i)
{
	if (i <= GS && virtual_8086(s))
		return false;
	return i == CS || i == TR || !unusable(s, i);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool tr_in_gdt(const struct vmx_snapshot *s)
{
	return !(selector(s, TR) & SELECTOR_TI);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool ldtr_in_gdt(const struct vmx_snapshot *s)
{
	return unusable(s, LDTR) || !(selector(s, LDTR) & SELECTOR_TI);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool ss_rpl(const struct vmx_snapshot *s)
{
	return virtual_8086(s) || cpu2(s, CPU2_UNRESTRICTED) || rpl(s, SS) == rpl(s, CS);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool virtual_8086_base(const struct vmx_snapshot *s, unsigned int i)
{
	return !virtual_8086(s) || base(s, i) == selector(s, i) << 4;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool virtual_8086_limit(const struct vmx_snapshot *s, unsigned int i)
{
	return !virtual_8086(s) || limit(s, i) == 0xffff;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool virtual_8086_rights(const struct vmx_snapshot *s, unsigned int i)
{
	return !virtual_8086(s) || rights(s, i) == 0xf3;
}

/* SDM, "Checks on Guest Segment Registers"; virtual-8086 mode has a narrower rule. */
static bool base_canonical(const struct vmx_snapshot *s, unsigned int i)
{
	i += FS;
	if (i <= GS && virtual_8086(s))
		return true;
	return (i == LDTR && unusable(s, LDTR)) || canonical(s, base(s, i));
}

/* SDM, "Checks on Guest Segment Registers" */
static bool base_32_bit(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || !wide(base(s, i));
}

/* SDM, "Checks on Guest Segment Registers": 3 is for real mode. */
static bool cs_type(const struct vmx_snapshot *s)
{
	switch (type(s, CS)) {
	case 9: case 11: case 13: case 15:
		return true;
	case 3:
		return !checked(s, CS) || cpu2(s, CPU2_UNRESTRICTED);
	}
	return !checked(s, CS);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool ss_type(const struct vmx_snapshot *s)
{
	return !checked(s, SS) || type(s, SS) == 3 || type(s, SS) == 7;
}

/* DS, ES, FS and GS. */
static bool is_data(unsigned int i)
{
	return i != CS && i != SS;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool data_accessed(const struct vmx_snapshot *s, unsigned int i)
{
	return !is_data(i) || !checked(s, i) || type(s, i) & TYPE_ACCESSED;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool data_readable(const struct vmx_snapshot *s, unsigned int i)
{
	return !is_data(i) || !checked(s, i) || !(type(s, i) & TYPE_CODE) ||
	       type(s, i) & TYPE_READABLE;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool code_or_data(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || rights(s, i) & RIGHTS_S;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool cs_dpl(const struct vmx_snapshot *s)
{
	if (!checked(s, CS))
		return true;
	switch (type(s, CS)) {
	case 3:
		return !dpl(s, CS);
	case 9: case 11:
		return dpl(s, CS) == dpl(s, SS);
	case 13: case 15:
		return dpl(s, CS) <= dpl(s, SS);
	}
	return true;
}

/* SDM, "Checks on Guest Segment Registers": SS.DPL is the CPL, so usable or not. */
static bool ss_dpl_rpl(const struct vmx_snapshot *s)
{
	return virtual_8086(s) || cpu2(s, CPU2_UNRESTRICTED) || dpl(s, SS) == rpl(s, SS);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool ss_dpl_real(const struct vmx_snapshot *s)
{
	bool real = type(s, CS) == 3 || !(field(s, VMX_F_GUEST_CR0) & CR0_PE);

	return virtual_8086(s) || !real || !dpl(s, SS);
}

/* SDM, "Checks on Guest Segment Registers"; types 12 to 15 are conforming code. */
static bool data_dpl(const struct vmx_snapshot *s, unsigned int i)
{
	return !is_data(i) || !checked(s, i) || cpu2(s, CPU2_UNRESTRICTED) || type(s, i) > 11 ||
	       dpl(s, i) >= rpl(s, i);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool present(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || rights(s, i) & RIGHTS_P;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool reserved(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || !(rights(s, i) & (GENMASK_ULL(11, 8) | GENMASK_ULL(31, 17)));
}

/* SDM, "Checks on Guest Segment Registers" */
static bool cs_size(const struct vmx_snapshot *s)
{
	return virtual_8086(s) || !entry_control(s, ENTRY_IA32E) ||
	       !(rights(s, CS) & RIGHTS_L) || !(rights(s, CS) & RIGHTS_DB);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool granular(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || rights(s, i) & RIGHTS_G || !(limit(s, i) & GENMASK_ULL(31, 20));
}

/* SDM, "Checks on Guest Segment Registers" */
static bool granular_low(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, i) || !(rights(s, i) & RIGHTS_G) || (limit(s, i) & 0xfff) == 0xfff;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool tr_type(const struct vmx_snapshot *s)
{
	return type(s, TR) == 11 || (type(s, TR) == 3 && !entry_control(s, ENTRY_IA32E));
}

/* SDM, "Checks on Guest Segment Registers" */
static bool ldtr_type(const struct vmx_snapshot *s)
{
	return unusable(s, LDTR) || type(s, LDTR) == 2;
}

/* SDM, "Checks on Guest Segment Registers" */
static bool system_segment(const struct vmx_snapshot *s, unsigned int i)
{
	return !checked(s, LDTR + i) || !(rights(s, LDTR + i) & RIGHTS_S);
}

/* SDM, "Checks on Guest Segment Registers" */
static bool tr_usable(const struct vmx_snapshot *s)
{
	return !unusable(s, TR);
}

static const struct vmx_rule rules[] = {
	VMX_RULE("guest-tr-in-gdt", tr_in_gdt, GUEST_TR_SELECTOR,
		 "The selector of guest TR must have TI = 0.",
		 "The value comes from user space unchecked."),
	VMX_RULE("guest-ldtr-in-gdt", ldtr_in_gdt, GUEST_LDTR_SELECTOR,
		 "The selector of a usable guest LDTR must have TI = 0.",
		 "The value comes from user space unchecked."),
	VMX_RULE("guest-ss-rpl-is-cs-rpl", ss_rpl, GUEST_SS_SELECTOR,
		 "Without \"unrestricted guest\" the RPLs of guest SS and CS must be equal, but in virtual-8086 mode.",
		 "CS and SS were set up for different privilege levels, or real mode is run without \"unrestricted guest\"."),
	VMX_RULE_EACH("virtual-8086-base", virtual_8086_base, GUEST_ES_BASE, 6,
		      "In virtual-8086 mode a segment's base must be its selector times 16.",
		      "Real mode is run as virtual-8086 mode, with a base that real mode allows and this does not."),
	VMX_RULE_EACH("virtual-8086-limit", virtual_8086_limit, GUEST_ES_LIMIT, 6,
		      "In virtual-8086 mode a segment's limit must be ffff.",
		      "Real mode is run as virtual-8086 mode, with a limit that real mode allows and this does not."),
	VMX_RULE_EACH("virtual-8086-rights", virtual_8086_rights, GUEST_ES_AR_BYTES, 6,
		      "In virtual-8086 mode a segment's access rights must be f3.",
		      "RFLAGS.VM was set and the segments kept those of protected mode."),
	VMX_RULE_EACH("guest-base-canonical", base_canonical, GUEST_FS_BASE, 4,
		      "Guest bases of FS, GS and TR, and of a usable LDTR, must be canonical.",
		      "The guest's WRMSR to a base was emulated without the check."),
	VMX_RULE_EACH("guest-base-32-bit", base_32_bit, GUEST_ES_BASE, 4,
		      "Bits 63:32 of the guest's CS base must be 0, and so those of a usable SS, DS and ES.",
		      "The value comes from user space unchecked."),
	VMX_RULE("guest-cs-type", cs_type, GUEST_CS_AR_BYTES,
		 "Guest CS must be an accessed code segment (type 9, 11, 13 or 15); with \"unrestricted guest\" type 3 is right too.",
		 "A type without its accessed bit, or real mode without \"unrestricted guest\"."),
	VMX_RULE("guest-ss-type", ss_type, GUEST_SS_AR_BYTES,
		 "A usable guest SS must be an accessed data segment that can be written (type 3 or 7).",
		 "A type without its accessed bit, or a null SS that was not marked unusable."),
	VMX_RULE_EACH("guest-data-accessed", data_accessed, GUEST_ES_AR_BYTES, 6,
		      "A usable guest DS, ES, FS or GS must have the accessed bit in its type.",
		      "A type without its accessed bit, or a null selector that was not marked unusable."),
	VMX_RULE_EACH("guest-data-readable", data_readable, GUEST_ES_AR_BYTES, 6,
		      "Code in a usable guest DS, ES, FS or GS must be readable.",
		      "The value comes from user space unchecked."),
	VMX_RULE_EACH("guest-segment-s", code_or_data, GUEST_ES_AR_BYTES, 6,
		      "Guest CS and each usable one of SS, DS, ES, FS and GS must have S = 1.",
		      "A null selector that was not marked unusable."),
	VMX_RULE("guest-cs-dpl", cs_dpl, GUEST_CS_AR_BYTES,
		 "The DPL of guest CS must equal that of SS (types 9 and 11), be no greater (13 and 15), or be 0 (3).",
		 "CS and SS were set up for different privilege levels."),
	VMX_RULE("guest-ss-dpl-is-rpl", ss_dpl_rpl, GUEST_SS_AR_BYTES,
		 "Without \"unrestricted guest\" the DPL of guest SS must equal its RPL.",
		 "A null SS was marked unusable and its DPL not kept: it is the CPL."),
	VMX_RULE("guest-ss-dpl-real-mode", ss_dpl_real, GUEST_SS_AR_BYTES,
		 "The DPL of guest SS must be 0 when the type of CS is 3 or CR0.PE = 0.",
		 "The guest went to real mode from user mode's segments."),
	VMX_RULE_EACH("guest-data-dpl", data_dpl, GUEST_ES_AR_BYTES, 6,
		      "Without \"unrestricted guest\" the DPL of a usable guest DS, ES, FS or GS may not be less than its RPL, but for conforming code.",
		      "Real-mode selectors, whose low bits are no RPL, without \"unrestricted guest\"."),
	VMX_RULE_EACH("guest-segment-present", present, GUEST_ES_AR_BYTES, 8,
		      "Guest CS and TR, and each usable segment register, must have P = 1.",
		      "A null selector that was not marked unusable."),
	VMX_RULE_EACH("guest-segment-reserved", reserved, GUEST_ES_AR_BYTES, 8,
		      "Bits 11:8 and 31:17 of the access rights of guest CS and TR, and of each usable segment register, must be 0.",
		      "The limit's bits 19:16 of a descriptor were copied with the rights around them."),
	VMX_RULE("guest-cs-l-without-d", cs_size, GUEST_CS_AR_BYTES,
		 "With \"IA-32e mode guest\" CS.L = 1 needs CS.D/B = 0.",
		 "A 32-bit code segment was turned into a 64-bit one and D was kept."),
	VMX_RULE_EACH("guest-limit-needs-g", granular, GUEST_ES_LIMIT, 8,
		      "A limit with a bit of 31:20 set needs G = 1 in the access rights.",
		      "A limit in bytes with the G of a descriptor that counts bytes."),
	VMX_RULE_EACH("guest-limit-of-g", granular_low, GUEST_ES_LIMIT, 8,
		      "With G = 1 in the access rights bits 11:0 of the limit must all be 1.",
		      "The limit field holds the descriptor's 20 bits; it wants bytes: (limit << 12) + fff."),
	VMX_RULE("guest-tr-type", tr_type, GUEST_TR_AR_BYTES,
		 "Guest TR must be a busy TSS: type 11, outside IA-32e mode also 3.",
		 "The type of a TSS that is not busy (9), or TR was left at 0."),
	VMX_RULE("guest-ldtr-type", ldtr_type, GUEST_LDTR_AR_BYTES,
		 "A usable guest LDTR must have type 2.",
		 "A null LDTR that was not marked unusable."),
	VMX_RULE_EACH("guest-system-segment-s", system_segment, GUEST_LDTR_AR_BYTES, 2,
		      "Guest TR and a usable LDTR must have S = 0.",
		      "The value comes from user space unchecked."),
	VMX_RULE("guest-tr-usable", tr_usable, GUEST_TR_AR_BYTES,
		 "Guest TR must be usable.",
		 "A guest without a TSS: give it one all the same, such as limit 67 and rights 8b."),
};

const struct vmx_rule_table vmx_segment_rules = VMX_RULE_TABLE(rules);
