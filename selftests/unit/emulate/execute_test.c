// SPDX-License-Identifier: GPL-2.0
/*
 * The table of selftests/emulate, in user space: each instruction is decoded and executed, on a
 * window of memory without segments or pages.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/emulate.h"
#include "../../emulate/cases.h"
#include "../tap.h"

/* The processor that the table is about, and the host's side of it. */
struct machine {
	struct emulate_state state;
	struct vhm_insn insn;
	struct vhm_insn_state run;
	bool outside;		/* an access was not in the window */
};

static u8 *window(struct machine *m, u64 address, unsigned int size)
{
	if (address < WINDOW || address + size > WINDOW + sizeof(m->state.mem)) {
		m->outside = true;
		return (u8 *)m->state.mem;
	}
	return (u8 *)m->state.mem + (address - WINDOW);
}

static void access_memory(struct machine *m, enum vhm_step step)
{
	struct vhm_insn_address at;
	u8 *memory;

	if (!m->insn.place[step])
		return;
	at = vhm_insn_address(&m->insn, &m->run, step);
	memory = window(m, at.offset, m->insn.mem_size);
	if (step == VHM_STEP_WRITE) {
		memcpy(memory, &m->run.value[step], m->insn.mem_size);
	} else {
		m->run.value[step] = (union vhm_value){};
		memcpy(&m->run.value[step], memory, m->insn.mem_size);
	}
}

/* Return: whether it raises #DE. */
static bool execute_once(struct machine *m)
{
	access_memory(m, VHM_STEP_READ);
	access_memory(m, VHM_STEP_READ_SECOND);
	if (vhm_insn_execute(&m->insn, &m->run))
		return true;
	access_memory(m, VHM_STEP_WRITE);
	vhm_insn_commit(&m->insn, &m->run);
	return false;
}

static void load(struct machine *m, const struct emulate_case *c)
{
	m->state = c->before;
	m->run = (struct vhm_insn_state){
		.regs = (u64 *)m->state.reg,
		.rip = CODE,
		.rflags = c->before.flags,
		.stack_size = c->mode / 8,
		.selector = SELECTOR,
		.xmm.word = { c->before.xmm[0], c->before.xmm[1] },
	};
}

static void store(struct machine *m)
{
	m->state.flags = m->run.rflags;
	m->state.rip = m->run.alu.changed & VHM_CHANGED_RIP ? m->run.alu.rip :
							       CODE + m->insn.length;
	memcpy(m->state.xmm, &m->run.xmm, sizeof(m->state.xmm));
}

/* Return: the exception, or -1. */
static int execute(struct machine *m, const struct emulate_case *c)
{
	int ret;

	load(m, c);
	ret = vhm_insn_decode(&m->insn, c->bytes, c->count, c->mode);
	if (ret)
		return ret == -EINVAL ? 6 : 255;
	if (m->insn.aligned &&
	    vhm_insn_address(&m->insn, &m->run, m->insn.place[VHM_STEP_READ] ?
			     VHM_STEP_READ : VHM_STEP_WRITE).offset & 15)
		return 13;
	while (vhm_insn_is_due(&m->insn, m->run.regs)) {
		if (execute_once(m))
			return 0;
		if (vhm_insn_is_done(&m->insn, &m->run))
			break;
	}
	store(m);
	return -1;
}

static bool same(const char *what, unsigned int number, u64 got, u64 want, u64 mask)
{
	if ((got & mask) == (want & mask))
		return true;
	printf("# %s %u: got %llx, wanted %llx\n", what, number, (unsigned long long)got,
	       (unsigned long long)want);
	return false;
}

static bool same_state(const struct emulate_case *c, const struct emulate_state *got)
{
	const struct emulate_state *want = &c->after;
	bool ok = true;
	unsigned int i;

	for (i = 0; i < 16; i++)
		ok &= same("register", i, got->reg[i], want->reg[i], case_mask(c));
	for (i = 0; i < WINDOW_WORDS; i++)
		ok &= same("memory", i, got->mem[i], want->mem[i], ~0ULL);
	for (i = 0; i < 2; i++)
		ok &= same("xmm", i, got->xmm[i], want->xmm[i], ~0ULL);
	ok &= same("flags", 0, got->flags, want->flags, ~c->undefined);
	ok &= same("rip", 0, got->rip, case_end(c), ~0ULL);
	return ok;
}

static bool run_case(const struct emulate_case *c)
{
	struct machine m = {};
	int vector = execute(&m, c);

	if (vector != (c->fault ? c->vector : -1)) {
		printf("# exception %d, wanted %d\n", vector, c->fault ? c->vector : -1);
		return false;
	}
	if (m.outside)
		printf("# an access outside the window\n");
	return !m.outside && (c->fault || same_state(c, &m.state));
}

int main(void)
{
	unsigned int i, n;

	tap_begin();
	for (n = 0; n < CASE_TABLES; n++)
		for (i = 0; i < case_tables[n].count; i++)
			tap_ok(run_case(&case_tables[n].rows[i]), "execute: %s: %u bit: %s",
			       case_tables[n].name, case_tables[n].rows[i].mode,
			       case_tables[n].rows[i].name);
	return tap_end();
}
