/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why VM entry fails: every rule of the SDM's chapter "VM Entries" as a small function over a
 * plain copy of the VMCS and of what the CPU says it can do. Pure: the module, the tools and the
 * unit tests share it.
 */
#ifndef VHM_VMX_CHECK_H
#define VHM_VMX_CHECK_H

#include "../fields.h"

/* The capability MSRs, which lie in a row from IA32_VMX_BASIC on. */
enum vmx_capability {
	VMX_CAP_BASIC, VMX_CAP_PINBASED, VMX_CAP_PROCBASED, VMX_CAP_EXIT, VMX_CAP_ENTRY,
	VMX_CAP_MISC, VMX_CAP_CR0_FIXED0, VMX_CAP_CR0_FIXED1, VMX_CAP_CR4_FIXED0,
	VMX_CAP_CR4_FIXED1, VMX_CAP_VMCS_ENUM, VMX_CAP_PROCBASED2, VMX_CAP_EPT_VPID,
	VMX_CAP_TRUE_PINBASED, VMX_CAP_TRUE_PROCBASED, VMX_CAP_TRUE_EXIT, VMX_CAP_TRUE_ENTRY,
	VMX_CAP_VMFUNC, VMX_CAP_PROCBASED3,
	VMX_NR_CAPABILITIES
};

#define VMX_CAP_FIRST_MSR	0x480

/* Entries of the VM-entry MSR-load area that a snapshot has room for. */
#define VMX_SNAPSHOT_MSRS	8

struct vmx_loaded_msr {
	u32 index;
	u32 reserved;
	u64 value;
};

/* Facts of a snapshot that its maker may not have; the rules that need them then hold. */
#define VMX_KNOWN_VTPR		BIT(0)
#define VMX_KNOWN_LINK		BIT(1)
#define VMX_KNOWN_MSR_LOAD	BIT(2)

/* Features that decide which bits are reserved. */
#define VMX_CPU_SGX		BIT(0)
#define VMX_CPU_RTM		BIT(1)
#define VMX_CPU_BUS_LOCK	BIT(2)

/**
 * struct vmx_snapshot - all that the rules of VM entry look at
 * @value: the VMCS; 0 where the CPU has no such field
 * @present: a bit for each field that the CPU has
 * @cap: the capability MSRs, by enum vmx_capability
 * @cap_present: a bit for each of them that the CPU has
 * @known: VMX_KNOWN_*: which of the facts in memory below are known
 * @features: VMX_CPU_*
 * @physical_bits: width of a physical address (CPUID 80000008H)
 * @linear_bits: width of a linear address: 48, or 57 on a CPU with five-level paging
 * @vtpr: the task-priority byte of the virtual-APIC page
 * @link_revision: the first four bytes of what the VMCS link pointer points to
 * @instruction_error: VM-instruction error of the failed VMLAUNCH or VMRESUME; 0: none
 * @exit_reason: exit reason of the failed entry, bit 31 included; 0: none
 * @qualification: exit qualification that goes with @exit_reason
 * @vmcs_address: the current-VMCS pointer; all ones: there was none
 * @host_efer: IA32_EFER at VM entry
 * @host_rtit_ctl: IA32_RTIT_CTL at VM entry; 0 where the CPU has none
 * @efer_bits: bits of IA32_EFER that this CPU does not reserve
 * @debugctl_bits: likewise of IA32_DEBUGCTL
 * @perf_global_bits: likewise of IA32_PERF_GLOBAL_CTRL
 * @rtit_ctl_bits: likewise of IA32_RTIT_CTL
 * @conceal: addresses of the kernel do not belong in the text
 * @msr_load_count: entries in @msr_load, the first of the VM-entry MSR-load area
 * @msr_load: those entries
 */
struct vmx_snapshot {
	u64 value[VMX_NR_FIELDS];
	u64 present[(VMX_NR_FIELDS + 63) / 64];
	u64 cap[VMX_NR_CAPABILITIES];
	u32 cap_present;
	u32 known;
	u32 features;
	u8 physical_bits;
	u8 linear_bits;
	u8 vtpr;
	u8 conceal;
	u32 link_revision;
	u32 instruction_error;
	u32 exit_reason;
	u64 qualification;
	u64 vmcs_address;
	u64 host_efer;
	u64 host_rtit_ctl;
	u64 efer_bits;
	u64 debugctl_bits;
	u64 perf_global_bits;
	u64 rtit_ctl_bits;
	u32 msr_load_count;
	struct vmx_loaded_msr msr_load[VMX_SNAPSHOT_MSRS];
};

/* Where in the chapter a rule stands; the order of the table of rules. */
enum vmx_check_area {
	VMX_CHECK_BASIC, VMX_CHECK_EXECUTION, VMX_CHECK_EXIT, VMX_CHECK_ENTRY,
	VMX_CHECK_HOST, VMX_CHECK_REGISTERS, VMX_CHECK_SEGMENTS, VMX_CHECK_NON_REGISTER,
	VMX_CHECK_MSR_LOAD,
	VMX_NR_CHECK_AREAS
};

/**
 * struct vmx_rule - a rule of VM entry
 * @name: at most 47 characters
 * @section: title of the SDM's section
 * @rule: what must hold, in a sentence
 * @cause: what usually breaks it
 * @holds: false: the rule is broken. A rule that does not apply holds
 * @holds_each: instead of @holds, for a rule over @count fields in a row: for the i-th
 * @field: the field to blame, or the first of those
 * @count: how many fields, for @holds_each
 * @area: where in the chapter
 */
struct vmx_rule {
	const char *name;
	const char *section;
	const char *rule;
	const char *cause;
	bool (*holds)(const struct vmx_snapshot *s);
	bool (*holds_each)(const struct vmx_snapshot *s, unsigned int i);
	u16 field;
	u8 count;
	u8 area;
};

/**
 * struct vmx_finding - a broken rule
 * @rule: which
 * @field: the field to blame
 * @value: what it holds
 */
struct vmx_finding {
	const struct vmx_rule *rule;
	enum vmx_field field;
	u64 value;
};

void vmx_snapshot_set(struct vmx_snapshot *s, enum vmx_field field, u64 value);
bool vmx_snapshot_has(const struct vmx_snapshot *s, enum vmx_field field);
bool vmx_snapshot_set_capability(struct vmx_snapshot *s, u32 msr, u64 value);

unsigned int vmx_check(const struct vmx_snapshot *s, struct vmx_finding *found, unsigned int max);
const struct vmx_rule *vmx_rule_by_index(unsigned int index);
const struct vmx_rule *vmx_rule_by_name(const char *name);

/* explain.c */
size_t vmx_explain_text(const struct vmx_snapshot *s, char *buf, size_t size);

#endif /* VHM_VMX_CHECK_H */
