// SPDX-License-Identifier: GPL-2.0
/*
 * What a decoded instruction does: where its accesses go, what it computes, and what it leaves in
 * the registers. See emulate.h for its place.
 */
#include "emulate.h"
#include "opcode.h"

enum {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
};

enum {
	ES, SS = 2,
};

static u64 read_register(const struct vhm_insn *insn, const u64 *regs)
{
	u64 value = regs[insn->reg];

	return (insn->high_byte ? value >> 8 : value) & vhm_size_mask(insn->size);
}

/*
 * SDM, volume 1, "General-Purpose Registers in 64-Bit Mode": a 32-bit result zeroes the upper
 * half of the register, 8-bit and 16-bit results leave the rest as it was.
 */
static void write_register(u64 *reg, u64 value, unsigned int size)
{
	u64 keep = size >= 4 ? 0 : ~vhm_size_mask(size);

	*reg = (*reg & keep) | (value & vhm_size_mask(size));
}

static void write_operand(const struct vhm_insn *insn, u64 *regs, u64 value)
{
	u64 *reg = &regs[insn->reg];

	if (insn->high_byte)
		*reg = (*reg & ~0xff00ULL) | (value & 0xff) << 8;
	else
		write_register(reg, value, insn->size);
}

static u64 next_rip(const struct vhm_insn *insn, const struct vhm_insn_state *s)
{
	return s->rip + insn->length;
}

/* SDM, volume 2, "BT": the offset is signed, and chooses a unit of the operand's size. */
static u64 bit_string_offset(const struct vhm_insn *insn, const u64 *regs)
{
	s64 bit = vhm_extend_sign(regs[insn->reg], insn->size);

	return (bit >> 3) & -(u64)insn->size;
}

static u64 effective_address(const struct vhm_insn *insn, const struct vhm_insn_state *s)
{
	u64 offset = insn->displacement;

	if (insn->base >= 0)
		offset += s->regs[insn->base];
	if (insn->index >= 0)
		offset += s->regs[insn->index] * insn->scale;
	if (insn->rip_relative)
		offset += next_rip(insn, s);
	if (insn->bit_string)
		offset += bit_string_offset(insn, s->regs);
	/* SDM, volume 2, "POP": an address in rSP is taken after it has moved. */
	if (insn->place[VHM_STEP_READ] == VHM_PLACE_STACK && insn->base == RSP)
		offset += insn->size;
	return offset & vhm_size_mask(insn->address_size);
}

/**
 * vhm_insn_address - where an access of an instruction goes
 * @insn:  the instruction
 * @state: its state; regs, rip and stack_size are looked at
 * @step:  the access, one that it makes
 *
 * Return: the logical address, wrapped to its size.
 */
struct vhm_insn_address vhm_insn_address(const struct vhm_insn *insn,
					 const struct vhm_insn_state *state, enum vhm_step step)
{
	const u64 *regs = state->regs;
	u64 stack_mask;

	if (insn->place[step] == VHM_PLACE_ADDRESS)
		return (struct vhm_insn_address){ insn->segment, effective_address(insn, state) };
	if (insn->place[step] == VHM_PLACE_STRING)
		return (struct vhm_insn_address){
			ES, regs[RDI] & vhm_size_mask(insn->address_size)
		};
	stack_mask = vhm_size_mask(state->stack_size);
	if (insn->place[step] == VHM_PLACE_FRAME)
		return (struct vhm_insn_address){ SS, regs[RBP] & stack_mask };
	if (step == VHM_STEP_WRITE)
		return (struct vhm_insn_address){ SS, (regs[RSP] - insn->size) & stack_mask };
	return (struct vhm_insn_address){ SS, regs[RSP] & stack_mask };
}

/**
 * vhm_insn_is_due - whether there is anything to do
 * @insn: the instruction
 * @regs: the guest's registers
 *
 * Return: false for a string instruction with a repeat prefix and a count of 0.
 */
bool vhm_insn_is_due(const struct vhm_insn *insn, const u64 regs[16])
{
	return !insn->repeat || regs[RCX] & vhm_size_mask(insn->address_size);
}

/**
 * vhm_insn_is_done - whether the next instruction comes next
 * @insn:  the instruction, committed
 * @state: its state; regs and rflags are looked at
 *
 * SDM, volume 2, "REP/REPE/REPZ/REPNE/REPNZ": the flag counts for CMPS and SCAS alone.
 *
 * Return: false if a repeat prefix wants it once more.
 */
bool vhm_insn_is_done(const struct vhm_insn *insn, const struct vhm_insn_state *state)
{
	bool equal = state->rflags & VHM_FLAG_ZF;

	if (!insn->repeat || !vhm_insn_is_due(insn, state->regs))
		return true;
	return insn->op == VHM_INSN_CMP && equal != (insn->repeat == VHM_REPEAT_EQUAL);
}

static void op_mov(struct vhm_alu *a)
{
	a->destination = a->source;
}

static void op_movbe(struct vhm_alu *a)
{
	unsigned int i;

	a->destination = 0;
	for (i = 0; i < a->size; i++)
		a->destination |= (a->source >> (8 * i) & 0xff) << (8 * (a->size - 1 - i));
}

static void op_xchg(struct vhm_alu *a)
{
	u64 source = a->source;

	a->source = a->destination;
	a->destination = source;
	a->changed |= VHM_CHANGED_SOURCE;
}

static void op_setcc(struct vhm_alu *a)
{
	a->destination = vhm_alu_condition(a->flags, a->count);
}

/* With 32 bits the upper half of the register is zeroed even if the condition does not hold. */
static void op_cmovcc(struct vhm_alu *a)
{
	if (vhm_alu_condition(a->flags, a->count))
		a->destination = a->source;
}

static void op_jmp(struct vhm_alu *a)
{
	a->rip = a->source;
	a->changed |= VHM_CHANGED_RIP;
}

static void op_call(struct vhm_alu *a)
{
	a->destination = a->rip & vhm_size_mask(a->size);
	op_jmp(a);
}

/* What comes from XMM registers, and CMPXCHG8B, have functions of their own below. */
static void (* const operations[VHM_INSN_OPS])(struct vhm_alu *a) = {
	[VHM_INSN_ADD] = vhm_alu_add,
	[VHM_INSN_OR] = vhm_alu_or,
	[VHM_INSN_ADC] = vhm_alu_adc,
	[VHM_INSN_SBB] = vhm_alu_sbb,
	[VHM_INSN_AND] = vhm_alu_and,
	[VHM_INSN_SUB] = vhm_alu_sub,
	[VHM_INSN_XOR] = vhm_alu_xor,
	[VHM_INSN_CMP] = vhm_alu_cmp,
	[VHM_INSN_MOV] = op_mov,
	[VHM_INSN_MOVSX] = op_mov,
	[VHM_INSN_MOVBE] = op_movbe,
	[VHM_INSN_TEST] = vhm_alu_test,
	[VHM_INSN_NOT] = vhm_alu_not,
	[VHM_INSN_NEG] = vhm_alu_neg,
	[VHM_INSN_INC] = vhm_alu_inc,
	[VHM_INSN_DEC] = vhm_alu_dec,
	[VHM_INSN_MUL] = vhm_alu_mul,
	[VHM_INSN_IMUL_WIDE] = vhm_alu_imul_wide,
	[VHM_INSN_DIV] = vhm_alu_div,
	[VHM_INSN_IDIV] = vhm_alu_idiv,
	[VHM_INSN_IMUL] = vhm_alu_imul,
	[VHM_INSN_IMUL_IMM] = vhm_alu_imul_imm,
	[VHM_INSN_ROL] = vhm_alu_rol,
	[VHM_INSN_ROR] = vhm_alu_ror,
	[VHM_INSN_RCL] = vhm_alu_rcl,
	[VHM_INSN_RCR] = vhm_alu_rcr,
	[VHM_INSN_SHL] = vhm_alu_shl,
	[VHM_INSN_SHR] = vhm_alu_shr,
	[VHM_INSN_SAR] = vhm_alu_sar,
	[VHM_INSN_SHLD] = vhm_alu_shld,
	[VHM_INSN_SHRD] = vhm_alu_shrd,
	[VHM_INSN_BT] = vhm_alu_bt,
	[VHM_INSN_BTS] = vhm_alu_bts,
	[VHM_INSN_BTR] = vhm_alu_btr,
	[VHM_INSN_BTC] = vhm_alu_btc,
	[VHM_INSN_XCHG] = op_xchg,
	[VHM_INSN_XADD] = vhm_alu_xadd,
	[VHM_INSN_CMPXCHG] = vhm_alu_cmpxchg,
	[VHM_INSN_SETCC] = op_setcc,
	[VHM_INSN_CMOVCC] = op_cmovcc,
	[VHM_INSN_CALL] = op_call,
	[VHM_INSN_JMP] = op_jmp,
	[VHM_INSN_RET] = op_jmp,
};

static u64 extend(const struct vhm_insn *insn, u64 value)
{
	if (insn->op == VHM_INSN_MOVSX)
		value = vhm_extend_sign(value, insn->mem_size);
	return value & vhm_size_mask(insn->size);
}

static u64 operand(const struct vhm_insn *insn, const struct vhm_insn_state *s, unsigned int where)
{
	u64 mask = vhm_size_mask(insn->size);

	switch (where) {
	case VHM_OPERAND_REGISTER:
		return read_register(insn, s->regs);
	case VHM_OPERAND_MEMORY:
		return extend(insn, s->value[VHM_STEP_READ].word[0]);
	case VHM_OPERAND_SECOND:
		return s->value[VHM_STEP_READ_SECOND].word[0];
	case VHM_OPERAND_IMMEDIATE:
		return insn->immediate & mask;
	case VHM_OPERAND_RELATIVE:
		return (next_rip(insn, s) + insn->immediate) & mask;
	case VHM_OPERAND_SELECTOR:
		return s->selector;
	default:
		return 0;
	}
}

static void fill_alu(const struct vhm_insn *insn, struct vhm_insn_state *s)
{
	struct vhm_alu *a = &s->alu;

	*a = (struct vhm_alu){
		.size = insn->size,
		.changed = vhm_opcode_flags[insn->op] & VHM_OP_WRITES ? VHM_CHANGED_DESTINATION : 0,
		.destination = operand(insn, s, insn->destination),
		.source = operand(insn, s, insn->source),
		.count = insn->count_in_cl ? s->regs[RCX] : insn->immediate,
		.rax = s->regs[RAX] & vhm_size_mask(insn->size == 1 ? 2 : insn->size),
		.rdx = s->regs[RDX] & vhm_size_mask(insn->size),
		.flags = s->rflags,
		.rip = next_rip(insn, s),
	};
}

/* A load fills the rest of the register with 0, unless it is for one half alone. */
static void execute_xmm(const struct vhm_insn *insn, struct vhm_insn_state *s)
{
	const union vhm_value *from = &s->value[VHM_STEP_READ];
	bool load = insn->destination == VHM_OPERAND_XMM;

	s->alu.changed = load ? VHM_CHANGED_DESTINATION : 0;
	if (!load)
		s->value[VHM_STEP_WRITE] = s->xmm;
	switch (insn->op) {
	case VHM_INSN_MOV_LOW:
		if (load)
			s->xmm.word[0] = from->word[0];
		break;
	case VHM_INSN_MOV_HIGH:
		if (load)
			s->xmm.word[1] = from->word[0];
		else
			s->value[VHM_STEP_WRITE].word[0] = s->xmm.word[1];
		break;
	default:
		if (load)
			s->xmm = *from;
		break;
	}
}

static union vhm_value register_pair(const u64 *regs, unsigned int high, unsigned int low,
				     unsigned int half)
{
	if (half == 8)
		return (union vhm_value){ .word = { regs[low], regs[high] } };
	return (union vhm_value){ .word = { (u32)regs[low] | regs[high] << 32 } };
}

/* As with CMPXCHG, memory is written in either case. */
static void execute_cmpxchg8b(const struct vhm_insn *insn, struct vhm_insn_state *s)
{
	unsigned int half = insn->size / 2;
	const union vhm_value *was = &s->value[VHM_STEP_READ];
	union vhm_value expected = register_pair(s->regs, RDX, RAX, half);
	struct vhm_alu *a = &s->alu;

	*a = (struct vhm_alu){ .size = half, .flags = s->rflags | VHM_FLAG_ZF };
	if (was->word[0] == expected.word[0] && was->word[1] == expected.word[1]) {
		s->value[VHM_STEP_WRITE] = register_pair(s->regs, RCX, RBX, half);
		return;
	}
	s->value[VHM_STEP_WRITE] = *was;
	a->flags &= ~(u64)VHM_FLAG_ZF;
	a->changed = VHM_CHANGED_RAX | VHM_CHANGED_RDX;
	a->rax = half == 8 ? was->word[0] : (u32)was->word[0];
	a->rdx = half == 8 ? was->word[1] : was->word[0] >> 32;
}

/**
 * vhm_insn_execute - compute what an instruction computes
 * @insn:  the instruction
 * @state: its state; what it reads is in @state->value; gets what it writes there
 *
 * The registers stay as they are: vhm_insn_commit() changes them.
 *
 * Return: 0; -EDOM if the instruction raises #DE.
 */
int vhm_insn_execute(const struct vhm_insn *insn, struct vhm_insn_state *state)
{
	if (insn->needs & VHM_NEEDS_XMM) {
		execute_xmm(insn, state);
		return 0;
	}
	if (insn->op == VHM_INSN_CMPXCHG8B) {
		execute_cmpxchg8b(insn, state);
		return 0;
	}
	fill_alu(insn, state);
	operations[insn->op](&state->alu);
	state->value[VHM_STEP_WRITE].word[0] = state->alu.destination;
	return state->alu.divide_error ? -EDOM : 0;
}

static void move_pointer(const struct vhm_insn *insn, u64 *reg, bool backwards)
{
	u64 step = insn->mem_size;

	write_register(reg, backwards ? *reg - step : *reg + step, insn->address_size);
}

/* To the next element; under a repeat prefix that is one less to do. */
static void advance_string(const struct vhm_insn *insn, struct vhm_insn_state *s)
{
	bool backwards = s->rflags & VHM_FLAG_DF;
	u64 *regs = s->regs;

	if (insn->place[VHM_STEP_READ] == VHM_PLACE_ADDRESS)
		move_pointer(insn, &regs[RSI], backwards);
	if (insn->place[VHM_STEP_READ] == VHM_PLACE_STRING ||
	    insn->place[VHM_STEP_READ_SECOND] == VHM_PLACE_STRING ||
	    insn->place[VHM_STEP_WRITE] == VHM_PLACE_STRING)
		move_pointer(insn, &regs[RDI], backwards);
	if (insn->repeat)
		write_register(&regs[RCX], regs[RCX] - 1, insn->address_size);
}

static void move_stack(const struct vhm_insn *insn, struct vhm_insn_state *s)
{
	u64 *regs = s->regs, rsp = regs[RSP];

	if (insn->place[VHM_STEP_WRITE] == VHM_PLACE_STACK)
		rsp -= insn->size;
	else if (insn->place[VHM_STEP_READ] == VHM_PLACE_STACK)
		rsp += insn->size;
	else if (insn->place[VHM_STEP_READ] == VHM_PLACE_FRAME)
		rsp = regs[RBP] + insn->size;
	else
		return;
	if (insn->op == VHM_INSN_RET)
		rsp += insn->immediate;
	write_register(&regs[RSP], rsp, s->stack_size);
}

/**
 * vhm_insn_commit - leave in the registers what an instruction leaves there
 * @insn:  the instruction, executed
 * @state: its state; regs and rflags are changed
 *
 * A new XMM register is in @state->xmm if @state->alu.changed has VHM_CHANGED_DESTINATION, and a
 * new RIP in @state->alu.rip if it has VHM_CHANGED_RIP: the caller puts them in their place.
 */
void vhm_insn_commit(const struct vhm_insn *insn, struct vhm_insn_state *state)
{
	const struct vhm_alu *a = &state->alu;
	unsigned int half = a->size == 1 ? 2 : a->size;

	if (insn->string)
		advance_string(insn, state);
	else
		move_stack(insn, state);
	if (insn->needs & VHM_NEEDS_RFLAGS)
		state->rflags = a->flags;
	/* Behind the stack's: POP rSP and LEAVE end with what was read. */
	if (a->changed & VHM_CHANGED_DESTINATION && insn->destination == VHM_OPERAND_REGISTER)
		write_operand(insn, state->regs, a->destination);
	if (a->changed & VHM_CHANGED_SOURCE)
		write_operand(insn, state->regs, a->source);
	if (a->changed & VHM_CHANGED_RAX)
		write_register(&state->regs[RAX], a->rax, half);
	if (a->changed & VHM_CHANGED_RDX)
		write_register(&state->regs[RDX], a->rdx, a->size);
}

/**
 * vhm_insn_store - what a plain store writes
 * @insn: the instruction: plain, with VHM_STEP_WRITE
 * @regs: the guest's registers
 *
 * The short way to what vhm_insn_execute() finds out.
 *
 * Return: the value; what is above its size is of no interest.
 */
u64 vhm_insn_store(const struct vhm_insn *insn, const u64 regs[16])
{
	if (insn->source == VHM_OPERAND_IMMEDIATE)
		return insn->immediate;
	return insn->high_byte ? regs[insn->reg] >> 8 : regs[insn->reg];
}

/**
 * vhm_insn_load - what a plain load does to the registers
 * @insn:  the instruction: plain, with VHM_STEP_READ
 * @regs:  the guest's registers
 * @value: what was read; bits above its size are 0
 *
 * The short way to what vhm_insn_execute() and vhm_insn_commit() do.
 */
void vhm_insn_load(const struct vhm_insn *insn, u64 regs[16], u64 value)
{
	write_operand(insn, regs, extend(insn, value));
}
