// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that were written by hand: hand.S has their instructions.
 */
#include <string.h>

#include "diff.h"

struct hand {
	const char *name;
	enum mode mode;
	bool user;
	uint64_t rflags;
	const uint8_t *begin, *end;
	const uint16_t *marks;
};

#define IOPL3	0x3000

#define HAND(name_) \
	extern const uint8_t hand_##name_[], hand_##name_##_end[]; \
	extern const uint16_t hand_##name_##_marks[]
#define ROW(title, name_, mode_, ...) \
	{ .name = title, .mode = MODE_##mode_, .begin = hand_##name_, \
	  .end = hand_##name_##_end, .marks = hand_##name_##_marks, __VA_ARGS__ }

HAND(real_to_long);
HAND(paging);
HAND(strings);
HAND(steps);
HAND(system_calls);
HAND(gates);
HAND(vm86);
HAND(breakpoints);
HAND(tasks);
HAND(limits);
HAND(tables);
HAND(pdptes);
HAND(fmask);
HAND(int1);
HAND(real_stack);
HAND(vmmcall);

static const struct hand hands[] = {
	ROW("real_to_long", real_to_long, REAL),
	ROW("paging", paging, PROTECTED32),
	ROW("strings", strings, PAGED32),
	ROW("steps", steps, LONG),
	ROW("system_calls", system_calls, LONG),
	ROW("gates", gates, PROTECTED32),
	ROW("gates_from_ring_3", gates, PAE, .user = true),
	ROW("vm86", vm86, VM86, .rflags = IOPL3),
	ROW("vm86_without_ports", vm86, VM86),
	ROW("breakpoints", breakpoints, PAGED32),
	ROW("tasks", tasks, PAGED32),
	ROW("limits", limits, PROTECTED32),
	ROW("limits_in_ring_3", limits, PAE, .user = true),
	ROW("tables", tables, PAE),
	ROW("pdptes", pdptes, PAE),
	ROW("fmask", fmask, PAE),
	ROW("int1", int1, PROTECTED32),
	ROW("real_stack", real_stack, REAL),
	ROW("vmmcall", vmmcall, LONG),
};

const unsigned int nr_programs = sizeof(hands) / sizeof(hands[0]);

static void take_marks(struct program *p, const uint16_t *mark)
{
	p->insn[p->count++] = "step";
	for (; *mark != 0xffff; mark++) {
		if (p->count == MAX_INSNS)
			die("%s has too many marks", p->name);
		p->start[p->count] = *mark;
		p->insn[p->count++] = "step";
	}
	p->start[p->count] = p->size;
}

/**
 * program_get() - one of the programs written by hand
 * @p: filled in
 * @number: below nr_programs
 */
void program_get(struct program *p, unsigned int number)
{
	const struct hand *hand = &hands[number];

	memset(p, 0, sizeof(*p));
	p->name = hand->name;
	p->seed = number;
	p->mode = hand->mode;
	p->user = hand->user;
	p->rflags = hand->rflags;
	p->cr0 = X86_CR0_NE | X86_CR0_WP;
	p->cr4 = X86_CR4_OSFXSR | X86_CR4_OSXMM;
	p->size = hand->end - hand->begin;
	if (p->size > MAX_CODE)
		die("%s is too long", p->name);
	memcpy(p->code, hand->begin, p->size);
	take_marks(p, hand->marks);
}
