// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target of the execution of instructions: any instruction on any state. Nothing may
 * change but what an instruction can change, the same must come out twice, and the short way of
 * plain moves must end as the long one does.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/emulate.h"

/* What the fuzzer fills; the instruction follows. */
struct input {
	u64 regs[16];
	u64 rip;
	u64 rflags;
	union vhm_value xmm;
	union vhm_value memory[2];	/* what the reads find */
	u16 selector;
	u8 mode;
	u8 stack;
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void cut(union vhm_value *value, unsigned int size)
{
	memset(value->byte + size, 0, sizeof(value->byte) - size);
}

static struct vhm_insn_state make_state(const struct input *in, const struct vhm_insn *insn,
					u64 regs[16])
{
	static const u8 stack_sizes[] = { 2, 4, 8 };
	struct vhm_insn_state state = {
		.regs = regs,
		.rip = in->rip,
		.rflags = in->rflags,
		.stack_size = stack_sizes[in->stack % 3],
		.selector = in->selector,
		.xmm = in->xmm,
		.value[VHM_STEP_READ] = in->memory[0],
		.value[VHM_STEP_READ_SECOND] = in->memory[1],
	};

	memcpy(regs, in->regs, sizeof(in->regs));
	cut(&state.value[VHM_STEP_READ], insn->mem_size);
	cut(&state.value[VHM_STEP_READ_SECOND], insn->mem_size);
	return state;
}

static void check_addresses(const struct vhm_insn *insn, const struct vhm_insn_state *state)
{
	enum vhm_step step;

	for (step = 0; step < VHM_STEPS; step++) {
		unsigned int size = insn->address_size;
		struct vhm_insn_address at;

		if (!insn->place[step])
			continue;
		at = vhm_insn_address(insn, state, step);
		if (insn->place[step] >= VHM_PLACE_STACK)
			size = state->stack_size;
		require(at.segment <= 5 && at.offset <= vhm_size_mask(size));
	}
}

static bool may_change(const struct vhm_insn *insn, unsigned int reg)
{
	if (reg == insn->reg)
		return true;
	if (insn->string)
		return reg == 1 || reg == 6 || reg == 7;
	if (insn->needs & VHM_NEEDS_STACK_SIZE)
		return reg == 4;
	return reg == 0 || reg == 2;
}

static void check_effects(const struct input *in, const struct vhm_insn *insn,
			  const struct vhm_insn_state *state)
{
	unsigned int reg;

	for (reg = 0; reg < 16; reg++)
		require(state->regs[reg] == in->regs[reg] || may_change(insn, reg));
	require(!((state->rflags ^ in->rflags) & ~(u64)VHM_FLAGS_STATUS));
	require(insn->needs & VHM_NEEDS_RFLAGS || state->rflags == in->rflags);
	require(insn->needs & VHM_NEEDS_XMM ||
		!memcmp(&state->xmm, &in->xmm, sizeof(in->xmm)));
}

static void check_again(const struct input *in, const struct vhm_insn *insn,
			const struct vhm_insn_state *state)
{
	u64 regs[16];
	struct vhm_insn_state again = make_state(in, insn, regs);

	require(!vhm_insn_execute(insn, &again));
	require(!memcmp(regs, in->regs, sizeof(regs)));
	vhm_insn_commit(insn, &again);
	require(!memcmp(regs, state->regs, sizeof(regs)) && again.rflags == state->rflags);
	require(!memcmp(again.value, state->value, sizeof(again.value)));
}

static void check_short_way(const struct input *in, const struct vhm_insn *insn,
			    const struct vhm_insn_state *state)
{
	u64 mask = vhm_size_mask(insn->mem_size), regs[16];

	memcpy(regs, in->regs, sizeof(regs));
	if (insn->place[VHM_STEP_WRITE])
		require(!((vhm_insn_store(insn, regs) ^ state->value[VHM_STEP_WRITE].word[0]) &
			  mask));
	else
		vhm_insn_load(insn, regs, in->memory[0].word[0] & mask);
	require(!memcmp(regs, state->regs, sizeof(regs)));
}

static void run(const struct input *in, const struct vhm_insn *insn)
{
	u64 regs[16];
	struct vhm_insn_state state = make_state(in, insn, regs);

	check_addresses(insn, &state);
	if (vhm_insn_execute(insn, &state)) {
		require(insn->op == VHM_INSN_DIV || insn->op == VHM_INSN_IDIV);
		require(!memcmp(regs, in->regs, sizeof(regs)) && state.rflags == in->rflags);
		return;
	}
	vhm_insn_commit(insn, &state);
	check_effects(in, insn, &state);
	check_again(in, insn, &state);
	if (insn->plain)
		check_short_way(in, insn, &state);
	vhm_insn_is_done(insn, &state);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const unsigned int modes[] = { 16, 32, 64 };
	struct vhm_insn insn;
	struct input in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	if (!vhm_insn_decode(&insn, data + sizeof(in), size - sizeof(in), modes[in.mode % 3]))
		run(&in, &insn);
	return 0;
}
