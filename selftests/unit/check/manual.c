// SPDX-License-Identifier: GPL-2.0
/*
 * The manual's table of rules, Documentation/entry-rules.rst, out of the rules themselves and of
 * what selftests/explain knows about the emulator. `make manual` writes it; `make check` compares.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../../explain/explain.h"

/* A sentence as reStructuredText takes it: a name that ends in "_" is no reference. */
static void print_words(const char *words)
{
	for (; *words; words++) {
		if (strchr("*`|\\", *words) || (*words == '_' && !isalnum(words[1])))
			putchar('\\');
		putchar(*words);
	}
}

static void print_line(size_t length)
{
	while (length--)
		putchar('=');
	putchar('\n');
}

static void print_title(const char *title)
{
	putchar('\n');
	print_words(title);
	putchar('\n');
	print_line(strlen(title));
}

static const char *beyond_reach(const struct vmx_rule *rule)
{
	for (unsigned int i = 0; i < nr_beyond; i++)
		if (!strcmp(beyond[i].rule, rule->name))
			return beyond[i].why;
	return NULL;
}

/* Refused by the emulated CPU in one of the suite's rows. */
static bool is_refused(const struct vmx_rule *rule)
{
	for (unsigned int i = 0; i < nr_rows; i++)
		if (rows[i].rule && !strcmp(rows[i].rule, rule->name) &&
		    rows[i].outcome == REFUSED)
			return true;
	return false;
}

static void print_rule(const struct vmx_rule *rule)
{
	const char *why = beyond_reach(rule);

	printf("\n`%s`\n   ", rule->name);
	print_words(rule->rule);
	printf("\n   Field: `%s`%s. Usual cause: ", vmx_field_info(rule->field)->name,
	       rule->count ? " and its like" : "");
	print_words(rule->cause);
	if (why) {
		printf("\n   Not tried on the emulated CPU: ");
		print_words(why);
		printf(".");
	} else if (!is_refused(rule)) {
		printf("\n   Named on the emulated CPU, which does not refuse.");
	}
	printf("\n");
}

static void print_rules(void)
{
	const struct vmx_rule *rule;
	const char *section = "";

	for (unsigned int i = 0; (rule = vmx_rule_by_index(i)); i++) {
		if (strcmp(rule->section, section))
			print_title(rule->section);
		section = rule->section;
		print_rule(rule);
	}
}

static const char *what_happens(enum outcome outcome)
{
	switch (outcome) {
	case ACCEPTED:
		return "entered";
	case ASKED:
		return "not tried";
	default:
		return "refused";
	}
}

static const char *section_of(const struct row *row)
{
	const char *rule = row->rule ? row->rule : row->like;

	return vmx_rule_by_name(rule)->section;
}

static void print_disagreements(void)
{
	print_title("Where Bochs 2.7 decides otherwise");
	printf("\nEach time it is the SDM that settles it, in the section named.\n");
	printf("\n.. list-table::\n   :header-rows: 1\n   :widths: 26 10 36 28\n\n");
	printf("   * - Rule that is broken\n     - The entry is\n     - What the emulator does\n");
	printf("     - Settled by\n");
	for (unsigned int i = 0; i < nr_rows; i++) {
		if (rows[i].outcome == REFUSED)
			continue;
		printf("   * - %s%s%s\n     - %s\n     - ", rows[i].rule ? "`" : "",
		       rows[i].rule ? rows[i].rule : "none", rows[i].rule ? "`" : "",
		       what_happens(rows[i].outcome));
		print_words(rows[i].note);
		printf("\n     - ");
		print_words(section_of(&rows[i]));
		printf("\n");
	}
}

int main(void)
{
	printf(".. %s: GPL-2.0\n", "SPDX-License-Identifier");
	puts(".. Written by `make -C selftests/unit/check manual`; `make check` compares.\n");
	print_line(strlen("The rules of VM entry"));
	puts("The rules of VM entry");
	print_line(strlen("The rules of VM entry"));
	fputs("\nIn the order of the SDM's chapter \"VM Entries\", under its titles. ", stdout);
	puts("How they are used,\nand how they were proved, says :doc:`entry-failures`.\n");
	puts(".. contents:: On this page\n   :local:\n   :depth: 1");
	print_rules();
	print_disagreements();
	return 0;
}
