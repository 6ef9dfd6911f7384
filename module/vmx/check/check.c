// SPDX-License-Identifier: GPL-2.0
/*
 * All rules of VM entry in the order of the SDM's chapter, and the run over them.
 */
#include "rules.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

static const struct vmx_rule_table *const tables[] = {
	&vmx_basic_rules,
	&vmx_execution_rules,
	&vmx_apic_rules,
	&vmx_ept_rules,
	&vmx_exit_rules,
	&vmx_entry_rules,
	&vmx_host_rules,
	&vmx_register_rules,
	&vmx_segment_rules,
	&vmx_non_register_rules,
	&vmx_msr_load_rules,
};

/**
 * vmx_snapshot_set() - put a field into a snapshot
 * @s: the snapshot
 * @field: less than VMX_NR_FIELDS
 * @value: what VMREAD gave
 */
void vmx_snapshot_set(struct vmx_snapshot *s, enum vmx_field field, u64 value)
{
	s->value[field] = value;
	s->present[field / 64] |= BIT_ULL(field % 64);
}

/**
 * vmx_snapshot_has() - does the CPU have a field
 * @s: the snapshot
 * @field: less than VMX_NR_FIELDS
 *
 * Return: true when it does.
 */
bool vmx_snapshot_has(const struct vmx_snapshot *s, enum vmx_field field)
{
	return s->present[field / 64] & BIT_ULL(field % 64);
}

/**
 * vmx_snapshot_set_capability() - put a capability MSR into a snapshot
 * @s: the snapshot
 * @msr: its index, from IA32_VMX_BASIC (0x480) on
 * @value: what RDMSR gave
 *
 * Return: false when it is no MSR that the rules look at.
 */
bool vmx_snapshot_set_capability(struct vmx_snapshot *s, u32 msr, u64 value)
{
	u32 cap = msr - VMX_CAP_FIRST_MSR;

	if (cap >= VMX_NR_CAPABILITIES)
		return false;
	s->cap[cap] = value;
	s->cap_present |= BIT(cap);
	return true;
}

/**
 * vmx_rule_by_index() - walk over all rules
 * @index: from 0 on
 *
 * Return: the rule, in the order of the SDM's chapter; NULL behind the last.
 */
const struct vmx_rule *vmx_rule_by_index(unsigned int index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (index < tables[i]->count)
			return &tables[i]->rules[index];
		index -= tables[i]->count;
	}
	return NULL;
}

/**
 * vmx_rule_by_name() - find a rule
 * @name: its name
 *
 * Return: the rule, or NULL.
 */
const struct vmx_rule *vmx_rule_by_name(const char *name)
{
	const struct vmx_rule *rule;
	unsigned int i;

	for (i = 0; (rule = vmx_rule_by_index(i)); i++)
		if (!strcmp(rule->name, name))
			return rule;
	return NULL;
}

/* Where the findings go; those that have no room are counted too. */
struct findings {
	struct vmx_finding *found;
	unsigned int max;
	unsigned int count;
};

static void blame(struct findings *f, const struct vmx_snapshot *s, const struct vmx_rule *rule,
		  unsigned int i)
{
	if (f->count < f->max)
		f->found[f->count] = (struct vmx_finding){
			.rule = rule,
			.field = rule->field + i,
			.value = s->value[rule->field + i],
		};
	f->count++;
}

static void check_rule(struct findings *f, const struct vmx_snapshot *s,
		       const struct vmx_rule *rule)
{
	unsigned int i;

	if (rule->holds) {
		if (!rule->holds(s))
			blame(f, s, rule, 0);
		return;
	}
	for (i = 0; i < rule->count; i++)
		if (!rule->holds_each(s, i))
			blame(f, s, rule, i);
}

/**
 * vmx_check() - find the rules of VM entry that a VMCS breaks
 * @s: the VMCS and what goes with it
 * @found: out: the broken rules, in the order of the SDM's chapter; a rule over several fields
 *	once for each field that breaks it
 * @max: room there
 *
 * Return: how many there are, those that had no room included.
 */
unsigned int vmx_check(const struct vmx_snapshot *s, struct vmx_finding *found, unsigned int max)
{
	struct findings f = { .found = found, .max = max };
	const struct vmx_rule *rule;
	unsigned int i;

	for (i = 0; (rule = vmx_rule_by_index(i)); i++)
		check_rule(&f, s, rule);
	return f.count;
}
