// SPDX-License-Identifier: GPL-2.0
/*
 * Each rule of VM entry broken alone in a live VMCS: the CPU refuses, the explainer names exactly
 * that rule, before and after, and the guest runs on as if nothing had been. How many rules are
 * covered so is printed, the rest by name with the reason.
 *
 *	rules [NAME...]
 *
 * With the names of rules: these alone, and the explanation of each.
 */
#include <errno.h>
#include <string.h>

#include "kselftest.h"

#include "explain.h"

static struct stage stage;
static bool tell;

/* Why a row cannot be tried on this CPU; NULL: it can. */
static const char *not_here(const struct row *row)
{
	static char why[128];

	if (row->lacks & stage_capability(&stage, VMX_CAP_EPT_VPID))
		return "this CPU allows it";
	if (row->base == REAL &&
	    !stage_allows(&stage, VMX_F_SECONDARY_VM_EXEC_CONTROL, CPU2_UNRESTRICTED))
		return "this CPU lacks \"unrestricted guest\"";
	for (int i = 0; i < MAX_CHANGES && (row->change[i].clear || row->change[i].set); i++) {
		const struct change *c = &row->change[i];

		if (row->forbidden || c->clear == ~0ull || stage_allows(&stage, c->field, c->set))
			continue;
		snprintf(why, sizeof(why), "this CPU does not allow such a %s",
			 vmx_field_info(c->field)->name);
		return why;
	}
	return NULL;
}

/* Return: 0; ENXIO: this CPU lacks a field. */
static int change_all(const struct row *row)
{
	for (int i = 0; i < MAX_CHANGES && (row->change[i].clear || row->change[i].set); i++) {
		int err = stage_change(&stage, &row->change[i]);

		if (err)
			return err;
	}
	return 0;
}

static bool is_rules_field(const struct vmx_rule *rule, uint32_t encoding)
{
	enum vmx_field field = vmx_field_by_encoding(encoding);

	return field >= rule->field && field < rule->field + (rule->count ? rule->count : 1u);
}

/* Exactly that rule, with a field that is its own, in structure and in words. */
static bool names(const struct answer *answer, const struct row *row)
{
	const struct vhm_explain *e = &answer->explain;
	const struct vmx_rule *rule = row->rule ? vmx_rule_by_name(row->rule) : NULL;
	bool ok;

	if (rule)
		ok = e->count == 1 && !strcmp(e->rule[0].name, rule->name) &&
		     is_rules_field(rule, e->rule[0].encoding) &&
		     strstr(answer->text, rule->name) && strstr(answer->text, rule->rule) &&
		     strstr(answer->text, rule->section);
	else
		ok = !e->count;
	if (!ok)
		ksft_print_msg("%u rules are named:\n%s\n", e->count, answer->text);
	return ok;
}

/* How the SDM says that an entry fails which breaks a rule of this area. */
static bool failed_as_it_should(const struct answer *answer, const struct row *row)
{
	const struct vhm_explain *e = &answer->explain;
	enum vmx_check_area area = row->rule ? vmx_rule_by_name(row->rule)->area :
					       VMX_CHECK_REGISTERS;
	uint32_t error = 0, reason = 0;

	if (area <= VMX_CHECK_ENTRY)
		error = 7;
	else if (area == VMX_CHECK_HOST)
		error = 8;
	else
		reason = area == VMX_CHECK_MSR_LOAD ? 0x80000022 : 0x80000021;
	if (e->instruction_error == error && e->exit_reason == reason)
		return true;
	ksft_print_msg("error %u, reason %#x\n", e->instruction_error, e->exit_reason);
	return false;
}

/* A rule whose only witness is the CPU is not broken before the CPU has said so. */
static bool needs_verdict(const struct row *row)
{
	return row->rule && (!strcmp(row->rule, "vmcs-link-revision") ||
			     !strcmp(row->rule, "msr-load-value"));
}

static bool entry_fails(const struct row *row)
{
	struct answer answer;
	uint32_t exit = stage_run(&stage);

	if (exit != KVM_EXIT_FAIL_ENTRY) {
		ksft_print_msg("the CPU does not refuse: exit %u\n", exit);
		return false;
	}
	if (stage_explain(&stage, &answer, 0) || !names(&answer, row) ||
	    !failed_as_it_should(&answer, row))
		return false;
	/* What was broken is whole again. */
	exit = stage_run(&stage);
	if (tell)
		fputs(answer.text, stdout);
	if (exit == stage_exit(row->base))
		return true;
	ksft_print_msg("the guest does not run on: exit %u\n", exit);
	return false;
}

static bool entry_succeeds(void)
{
	uint32_t exit = stage_run(&stage);

	/* The guest may have become anything: begin anew. */
	stage_close(&stage);
	stage_open(&stage);
	if (exit != KVM_EXIT_FAIL_ENTRY)
		return true;
	ksft_print_msg("this CPU refuses, where Bochs 2.7 does not: amend the table\n");
	return false;
}

static bool happens(const struct row *row)
{
	struct answer answer;
	bool named;

	if (stage_explain(&stage, &answer, VHM_EXPLAIN_NOW))
		return false;
	named = needs_verdict(row) || names(&answer, row);
	switch (row->outcome) {
	case REFUSED:
	case STRICT:
		return entry_fails(row) && named;
	case ACCEPTED:
		return entry_succeeds() && named;
	case ASKED:
		/* What waits to be injected goes with the vCPU. */
		stage_close(&stage);
		stage_open(&stage);
		return named;
	}
	return false;
}

/* Per rule, as bits of 1 << outcome. */
static unsigned int tried[256];

static unsigned int number_of(const char *rule)
{
	unsigned int i;

	for (i = 0; strcmp(vmx_rule_by_index(i)->name, rule); i++)
		;
	return i;
}

static void try_row(const struct row *row)
{
	static const char *const words[] = {
		[REFUSED] = "refused", [ACCEPTED] = "accepted all the same",
		[ASKED] = "named, not tried", [STRICT] = "refused all the same",
	};
	const char *name = row->rule ? row->rule : "no rule broken";
	const char *why = not_here(row);

	stage_set(&stage, row->base);
	if (!why && change_all(row) == ENXIO) {
		why = "this CPU lacks a field";
		stage_close(&stage);
		stage_open(&stage);
	}
	if (why) {
		ksft_test_result_skip("%s: %s\n", name, why);
		return;
	}
	if (row->note)
		ksft_print_msg("%s\n", row->note);
	if (row->rule)
		tried[number_of(row->rule)] |= 1 << row->outcome;
	ksft_test_result(happens(row), "%s: %s\n", name, words[row->outcome]);
}

static const char *beyond_reach(const char *rule)
{
	for (unsigned int i = 0; i < nr_beyond; i++)
		if (!strcmp(beyond[i].rule, rule))
			return beyond[i].why;
	return NULL;
}

static bool has_row(const char *rule)
{
	for (unsigned int i = 0; i < nr_rows; i++)
		if (rows[i].rule && !strcmp(rows[i].rule, rule))
			return true;
	return false;
}

/* No rule is forgotten, none is in both lists, and no name in them is wrong. */
static bool table_is_whole(void)
{
	const struct vmx_rule *rule;
	bool ok = true;

	for (unsigned int i = 0; (rule = vmx_rule_by_index(i)); i++) {
		if (has_row(rule->name) == !beyond_reach(rule->name))
			continue;
		ksft_print_msg("%s is in both lists or in none\n", rule->name);
		ok = false;
	}
	for (unsigned int i = 0; i < nr_rows; i++)
		ok &= !rows[i].rule || vmx_rule_by_name(rows[i].rule);
	for (unsigned int i = 0; i < nr_beyond; i++)
		ok &= !!vmx_rule_by_name(beyond[i].rule);
	return ok;
}

static void print_rest(unsigned int i, const struct vmx_rule *rule)
{
	const char *why = beyond_reach(rule->name);

	if (tried[i] & 1 << REFUSED)
		return;
	if (!why)
		why = tried[i] ? "Bochs 2.7 does not refuse" : "skipped on this CPU";
	ksft_print_msg("not covered: %s (\"%s\"): %s\n", rule->name, rule->section, why);
}

static void print_coverage(void)
{
	unsigned int i, refused = 0, lenient = 0, here = 0;
	const struct vmx_rule *rule;

	for (i = 0; (rule = vmx_rule_by_index(i)); i++) {
		refused += !!(tried[i] & 1 << REFUSED);
		lenient += tried[i] && !(tried[i] & 1 << REFUSED);
		here += !beyond_reach(rule->name);
		print_rest(i, rule);
	}
	ksft_print_msg("%u rules of VM entry; %u can be broken in a live VMCS\n", i, here);
	ksft_print_msg("%u of them were, the CPU refused, and exactly they were named\n", refused);
	ksft_print_msg("%u more were named and the emulator does not refuse\n", lenient);
}

static bool wanted(const struct row *row, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (row->rule && !strcmp(row->rule, argv[i]))
			return true;
	return argc == 1;
}

static unsigned int count_wanted(int argc, char **argv)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < nr_rows; i++)
		count += wanted(&rows[i], argc, argv);
	return count;
}

int main(int argc, char **argv)
{
	/* Should the emulator stop, what came before is to be seen. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (vm_is_kvm())
		ksft_exit_skip("these are vhm's own calls\n");
	stage_open(&stage);
	if (stage_inject(&stage, VMX_F_GUEST_RIP, 0) == EPERM)
		ksft_exit_skip("the module was not loaded with unsafe_injection=1\n");
	stage_close(&stage);
	stage_open(&stage);
	tell = argc > 1;
	ksft_set_plan(count_wanted(argc, argv) + 1);
	ksft_test_result(table_is_whole(), "each rule is in the table or named with a reason\n");
	for (unsigned int i = 0; i < nr_rows; i++)
		if (wanted(&rows[i], argc, argv))
			try_row(&rows[i]);
	if (argc == 1)
		print_coverage();
	stage_close(&stage);
	ksft_finished();
}
