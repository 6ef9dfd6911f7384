/* SPDX-License-Identifier: GPL-2.0 */
/* All tables of instructions. See case.h. */
#ifndef SELFTESTS_EMULATE_CASES_H
#define SELFTESTS_EMULATE_CASES_H

#include "cases_alu.h"
#include "cases_bits.h"
#include "cases_move.h"
#include "cases_string.h"

#define TABLE(name) { #name, name##_cases, sizeof(name##_cases) / sizeof(name##_cases[0]) }

static const struct {
	const char *name;
	const struct emulate_case *rows;
	unsigned int count;
} case_tables[] = {
	TABLE(alu),
	TABLE(exchange),
	TABLE(shift),
	TABLE(bit),
	TABLE(multiply),
	TABLE(condition),
	TABLE(move),
	TABLE(address),
	TABLE(string),
	TABLE(stack),
	TABLE(vector),
};

#define CASE_TABLES	(sizeof(case_tables) / sizeof(case_tables[0]))

#endif /* SELFTESTS_EMULATE_CASES_H */
