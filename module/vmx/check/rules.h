/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of rules share: the tables that they give to check.c, and questions that many
 * rules ask of a snapshot.
 */
#ifndef VHM_VMX_CHECK_RULES_H
#define VHM_VMX_CHECK_RULES_H

#include "check.h"

/* A file's table of rules. */
struct vmx_rule_table {
	const struct vmx_rule *rules;
	unsigned int count;
};

#define VMX_RULE_TABLE(array)	{ (array), sizeof(array) / sizeof((array)[0]) }

/* A row of such a table; the file defines SECTION and AREA. */
#define VMX_RULE(id, function, blamed, sentence, reason)				\
	{ .name = id, .holds = function, .field = VMX_F_##blamed, .rule = sentence,	\
	  .cause = reason, .section = SECTION, .area = AREA }

/* Likewise over several fields in a row. */
#define VMX_RULE_EACH(id, function, blamed, number, sentence, reason)			\
	{ .name = id, .holds_each = function, .field = VMX_F_##blamed, .count = number,	\
	  .rule = sentence, .cause = reason, .section = SECTION, .area = AREA }

extern const struct vmx_rule_table vmx_basic_rules;
extern const struct vmx_rule_table vmx_execution_rules;
extern const struct vmx_rule_table vmx_apic_rules;
extern const struct vmx_rule_table vmx_ept_rules;
extern const struct vmx_rule_table vmx_exit_rules;
extern const struct vmx_rule_table vmx_entry_rules;
extern const struct vmx_rule_table vmx_host_rules;
extern const struct vmx_rule_table vmx_register_rules;
extern const struct vmx_rule_table vmx_segment_rules;
extern const struct vmx_rule_table vmx_non_register_rules;
extern const struct vmx_rule_table vmx_msr_load_rules;

/* SDM, "Pin-Based VM-Execution Controls" */
#define PIN_EXTERNAL_INTERRUPT	BIT(0)
#define PIN_NMI			BIT(3)
#define PIN_VIRTUAL_NMI		BIT(5)
#define PIN_TIMER		BIT(6)
#define PIN_POSTED_INTERRUPT	BIT(7)

/* SDM, "Processor-Based VM-Execution Controls" */
#define CPU_TERTIARY		BIT(17)
#define CPU_TPR_SHADOW		BIT(21)
#define CPU_NMI_WINDOW		BIT(22)
#define CPU_IO_BITMAPS		BIT(25)
#define CPU_MSR_BITMAPS		BIT(28)
#define CPU_SECONDARY		BIT(31)

#define CPU2_APIC_ACCESSES	BIT(0)
#define CPU2_EPT		BIT(1)
#define CPU2_X2APIC		BIT(4)
#define CPU2_VPID		BIT(5)
#define CPU2_UNRESTRICTED	BIT(7)
#define CPU2_APIC_REGISTERS	BIT(8)
#define CPU2_VIRTUAL_INTERRUPT	BIT(9)
#define CPU2_VM_FUNCTIONS	BIT(13)
#define CPU2_SHADOWING		BIT(14)
#define CPU2_PML		BIT(17)
#define CPU2_VE			BIT(18)
#define CPU2_MODE_BASED_EXECUTE	BIT(22)
#define CPU2_SUB_PAGE_WRITE	BIT(23)
#define CPU2_PT_GUEST_ADDRESS	BIT(24)
#define CPU2_TSC_SCALING	BIT(25)

#define CPU3_IPI		BIT(4)

/* SDM, "VM-Exit Controls" */
#define EXIT_HOST_64		BIT(9)
#define EXIT_LOAD_PERF_GLOBAL	BIT(12)
#define EXIT_ACK_INTERRUPT	BIT(15)
#define EXIT_LOAD_PAT		BIT(19)
#define EXIT_LOAD_EFER		BIT(21)
#define EXIT_SAVE_TIMER		BIT(22)
#define EXIT_CLEAR_RTIT_CTL	BIT(25)
#define EXIT_LOAD_CET		BIT(28)
#define EXIT_LOAD_PKRS		BIT(29)

/* SDM, "VM-Entry Controls" */
#define ENTRY_LOAD_DEBUG	BIT(2)
#define ENTRY_IA32E		BIT(9)
#define ENTRY_SMM		BIT(10)
#define ENTRY_DUAL_MONITOR	BIT(11)
#define ENTRY_LOAD_PERF_GLOBAL	BIT(13)
#define ENTRY_LOAD_PAT		BIT(14)
#define ENTRY_LOAD_EFER		BIT(15)
#define ENTRY_LOAD_BNDCFGS	BIT(16)
#define ENTRY_LOAD_RTIT_CTL	BIT(18)
#define ENTRY_LOAD_CET		BIT(20)
#define ENTRY_LOAD_PKRS		BIT(22)

/* Registers. */
#define CR0_PE			BIT(0)
#define CR0_WP			BIT(16)
#define CR0_NW			BIT(29)
#define CR0_CD			BIT(30)
#define CR0_PG			BIT(31)
#define CR4_PAE			BIT(5)
#define CR4_PCIDE		BIT(17)
#define CR4_CET			BIT(23)
#define EFER_LME_BIT		BIT(8)
#define EFER_LMA_BIT		BIT(10)
#define RFLAGS_TF		BIT(8)
#define RFLAGS_IF		BIT(9)
#define RFLAGS_VM		BIT(17)
#define DEBUGCTL_BTF		BIT(1)
#define RTIT_TRACE_ENABLE	BIT(0)

/* SDM, "Guest Register State": selectors and access rights */
#define SELECTOR_TI		BIT(2)
#define TYPE_ACCESSED		BIT(0)
#define TYPE_READABLE		BIT(1)
#define TYPE_CODE		BIT(3)
#define RIGHTS_S		BIT(4)
#define RIGHTS_P		BIT(7)
#define RIGHTS_L		BIT(13)
#define RIGHTS_DB		BIT(14)
#define RIGHTS_G		BIT(15)
#define RIGHTS_UNUSABLE		BIT(16)

static inline u64 field(const struct vmx_snapshot *s, enum vmx_field f)
{
	return s->value[f];
}

static inline bool has_capability(const struct vmx_snapshot *s, enum vmx_capability cap)
{
	return s->cap_present >> cap & 1;
}

static inline bool pin(const struct vmx_snapshot *s, u32 control)
{
	return s->value[VMX_F_PIN_BASED_VM_EXEC_CONTROL] & control;
}

static inline bool cpu(const struct vmx_snapshot *s, u32 control)
{
	return s->value[VMX_F_CPU_BASED_VM_EXEC_CONTROL] & control;
}

/* Without "activate secondary controls" all of these act as if 0. */
static inline bool cpu2(const struct vmx_snapshot *s, u32 control)
{
	return cpu(s, CPU_SECONDARY) && s->value[VMX_F_SECONDARY_VM_EXEC_CONTROL] & control;
}

static inline bool cpu3(const struct vmx_snapshot *s, u64 control)
{
	return cpu(s, CPU_TERTIARY) && s->value[VMX_F_TERTIARY_VM_EXEC_CONTROL] & control;
}

static inline bool exit_control(const struct vmx_snapshot *s, u32 control)
{
	return s->value[VMX_F_VM_EXIT_CONTROLS] & control;
}

static inline bool entry_control(const struct vmx_snapshot *s, u32 control)
{
	return s->value[VMX_F_VM_ENTRY_CONTROLS] & control;
}

#define BASIC_TRUE_CONTROLS	BIT_ULL(55)

/*
 * A capability MSR's low half has the bits that must be 1, its high half those that may be. Where
 * the CPU has the TRUE MSRs these decide (SDM, "Reserved Controls and Default Settings").
 */
static inline u64 allowed_controls(const struct vmx_snapshot *s, enum vmx_capability cap,
				   enum vmx_capability true_cap)
{
	bool use_true = s->cap[VMX_CAP_BASIC] & BASIC_TRUE_CONTROLS && has_capability(s, true_cap);

	return s->cap[use_true ? true_cap : cap];
}

static inline bool fixed_to_1(u64 value, u64 allowed)
{
	return !(~value & (u32)allowed);
}

static inline bool fixed_to_0(u64 value, u64 allowed)
{
	return !(value & ~(allowed >> 32));
}

/* SDM, "Canonical Addressing". */
static inline bool canonical(const struct vmx_snapshot *s, u64 address)
{
	u64 top = address >> (s->linear_bits - 1);

	return !top || top == ~0ULL >> (s->linear_bits - 1);
}

/* IA32_VMX_BASIC[48]: what VMX itself uses must lie below 4 GiB. */
#define BASIC_32_BIT		BIT_ULL(48)

/* No bit beyond the physical-address width, as far as VMX may use it. */
static inline bool physical(const struct vmx_snapshot *s, u64 address)
{
	unsigned int bits = s->cap[VMX_CAP_BASIC] & BASIC_32_BIT ? 32 : s->physical_bits;

	return !(address >> bits);
}

static inline bool physical_page(const struct vmx_snapshot *s, u64 address)
{
	return physical(s, address) && !(address & 0xfff);
}

/* An MSR area of VM entry or exit: 16 bytes each, the last within the physical-address width. */
static inline bool msr_area_start(const struct vmx_snapshot *s, enum vmx_field count,
				  enum vmx_field address)
{
	return !field(s, count) ||
	       (physical(s, field(s, address)) && !(field(s, address) & 15));
}

static inline bool msr_area_end(const struct vmx_snapshot *s, enum vmx_field count,
				enum vmx_field address)
{
	u64 start = field(s, address);

	return !field(s, count) || !physical(s, start) ||
	       physical(s, start + 16 * field(s, count) - 1);
}

/* Bits 63:32. */
static inline bool wide(u64 value)
{
	return value >> 32;
}

/* SDM, "VMX-Fixed Bits in CR0"; VM entry and exit leave NW and CD alone and never check them. */
#define CR0_UNCHECKED		(CR0_NW | CR0_CD)

/* A paging-structure address in CR3: no bit beyond the physical-address width. */
static inline bool cr3_valid(const struct vmx_snapshot *s, u64 cr3)
{
	return !(cr3 >> s->physical_bits);
}

/* SDM, "IA32_U_CET and IA32_S_CET": bits 9:6, and SUPPRESS with TRACKER. */
static inline bool s_cet_valid(u64 value)
{
	return !(value & GENMASK_ULL(9, 6)) && (value & GENMASK_ULL(11, 10)) != GENMASK_ULL(11, 10);
}

/* SDM, "VM-Entry Controls for Event Injection": the types */
#define EVENT_EXTERNAL			0
#define EVENT_RESERVED			1
#define EVENT_NMI			2
#define EVENT_EXCEPTION			3
#define EVENT_SOFTWARE_INTERRUPT	4
#define EVENT_PRIVILEGED_SOFTWARE	5
#define EVENT_SOFTWARE_EXCEPTION	6
#define EVENT_OTHER			7

#define EVENT_ERROR_CODE		BIT(11)

static inline bool event_valid(const struct vmx_snapshot *s)
{
	return s->value[VMX_F_VM_ENTRY_INTR_INFO_FIELD] & BIT(31);
}

static inline unsigned int event_type_of(const struct vmx_snapshot *s)
{
	return s->value[VMX_F_VM_ENTRY_INTR_INFO_FIELD] >> 8 & 7;
}

static inline unsigned int event_vector_of(const struct vmx_snapshot *s)
{
	return s->value[VMX_F_VM_ENTRY_INTR_INFO_FIELD] & 0xff;
}

static inline bool injects(const struct vmx_snapshot *s, unsigned int type)
{
	return event_valid(s) && event_type_of(s) == type;
}

/* SDM, "Memory Types That Can Be Encoded With PAT". */
static inline bool pat_valid(u64 pat)
{
	unsigned int i;

	for (i = 0; i < 8; i++, pat >>= 8)
		if ((pat & 0xff) > 7 || (pat & 0xff) == 2 || (pat & 0xff) == 3)
			return false;
	return true;
}

#endif /* VHM_VMX_CHECK_RULES_H */
