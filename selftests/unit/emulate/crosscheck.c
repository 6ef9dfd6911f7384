// SPDX-License-Identifier: GPL-2.0
/*
 * Cross-check of the instruction decoder against the GNU assembler and disassembler.
 *
 *   crosscheck assembly MODE               print some thousand instructions as assembly
 *   crosscheck check MODE CODE LISTING     decode what the assembler made of them (CODE, flat)
 *                                          and compare with what was meant, and each length
 *                                          with the disassembler's (LISTING, of objdump -d)
 *
 * MODE is 16, 32 or 64. Both commands go through the same instructions in the same order.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/emulate.h"
#include "../tap.h"
#include "crosscheck_forms.h"

enum { ES, CS, SS, DS, FS, GS, NONE = -1 };
enum { RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7 };

static const char * const segment_names[] = { "es", "cs", "ss", "ds", "fs", "gs" };
static const char * const names8_legacy[] = { "al", "cl", "dl", "bl", "ah", "ch", "dh", "bh" };
static const char * const names8[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };
static const char * const names16[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };

struct memory {
	unsigned int size;	/* of the address, in bytes */
	int segment;		/* override, or NONE */
	int base, index;
	unsigned int scale;
	long long displacement;
	bool rip_relative;
};

struct instruction {
	char text[192];
	struct vhm_insn want;
};

#define FORMS ARRAY_SIZE(forms)

/* What to do with each instruction: print it, or check it. */
static void (*visit)(const struct instruction *insn);
static unsigned int mode;

static void register_name(char *name, unsigned int reg, unsigned int size)
{
	if (reg >= 8)
		sprintf(name, "%%r%u%s", reg,
			size == 1 ? "b" : size == 2 ? "w" : size == 4 ? "d" : "");
	else if (size == 1)
		sprintf(name, "%%%s", names8[reg]);
	else
		sprintf(name, "%%%s%s", size == 4 ? "e" : size == 8 ? "r" : "", names16[reg]);
}

static void format_memory(char *text, const struct memory *memory)
{
	char base[8] = "", index[24] = "", name[8];

	if (memory->segment != NONE)
		text += sprintf(text, "%%%s:", segment_names[memory->segment]);
	/* The string forms take no displacement, not even 0. */
	if (memory->displacement || (memory->base == NONE && memory->index == NONE))
		text += sprintf(text, "%lld", memory->displacement);
	if (memory->rip_relative) {
		sprintf(text, "(%%%s)", memory->size == 8 ? "rip" : "eip");
		return;
	}
	if (memory->base != NONE)
		register_name(base, memory->base, memory->size);
	if (memory->index != NONE) {
		register_name(name, memory->index, memory->size);
		if (memory->size == 2)
			sprintf(index, ",%s", name);
		else
			sprintf(index, ",%s,%u", name, memory->scale);
	}
	if (base[0] || index[0])
		sprintf(text, "(%s%s)", base, index);
}

static u8 wanted_segment(const struct memory *memory)
{
	if (memory->segment != NONE && (mode != 64 || memory->segment >= FS))
		return memory->segment;
	return memory->base == RSP || memory->base == RBP ? SS : DS;
}

static void want_memory(struct vhm_insn *want, const struct memory *memory)
{
	want->address_size = memory->size;
	want->segment = wanted_segment(memory);
	want->base = memory->base;
	want->index = memory->index;
	want->scale = memory->index == NONE ? 1 : memory->scale;
	want->rip_relative = memory->rip_relative;
	want->displacement = memory->displacement;
}

static void want_operands(struct vhm_insn *want, u8 destination, u8 source)
{
	want->destination = destination;
	want->source = source;
}

/* The values take turns; what is not sign-extended from @size bytes is made so. */
static long long next_immediate(unsigned int size)
{
	static const long long values[] = { 0x12345678, -2, -0x80000000LL, 0x55 };
	static unsigned int turn;
	u64 value = values[turn++ % 4];

	return (long long)(value << (64 - 8 * size)) >> (64 - 8 * size);
}

static long long want_immediate(struct vhm_insn *want, const struct form *form)
{
	unsigned int size = form->size > 4 ? 4 : form->size;

	/* A count or a bit's number; a shift by 1 has an opcode of its own. */
	if (form->constant)
		want->immediate = 3 + next_immediate(1) % 3;
	else
		want->immediate = next_immediate(size);
	return (long long)want->immediate;
}

/* What the operands are, and their text behind the mnemonic. */
static void format_operands(struct instruction *insn, const struct form *form, const char *reg,
			    const char *mem)
{
	struct vhm_insn *want = &insn->want;
	char *text = insn->text + sprintf(insn->text, "%s ", form->mnemonic);

	switch (form->kind) {
	case REG_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER);
		sprintf(text, "%s, %s", reg, mem);
		break;
	case MEM_REG:
		want_operands(want, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY);
		sprintf(text, "%s, %s", mem, reg);
		break;
	case IMM_MEM_REG:
		want_operands(want, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY);
		sprintf(text, "$%lld, %s, %s", want_immediate(want, form), mem, reg);
		break;
	case IMM_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_IMMEDIATE);
		sprintf(text, "$%lld, %s", want_immediate(want, form), mem);
		break;
	case CL_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_NONE);
		want->count_in_cl = true;
		sprintf(text, "%%cl, %s", mem);
		break;
	case IMM_REG_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER);
		sprintf(text, "$%lld, %s, %s", want_immediate(want, form), reg, mem);
		break;
	case CL_REG_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER);
		want->count_in_cl = true;
		sprintf(text, "%%cl, %s, %s", reg, mem);
		break;
	case MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_NONE);
		want->immediate = form->constant;
		sprintf(text, "%s", mem);
		break;
	case SRC_MEM:
		want_operands(want, VHM_OPERAND_NONE, VHM_OPERAND_MEMORY);
		sprintf(text, "%s", mem);
		break;
	case XMM_MEM:
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_XMM);
		sprintf(text, "%%xmm%u, %s", want->reg, mem);
		break;
	case MEM_XMM:
		want_operands(want, VHM_OPERAND_XMM, VHM_OPERAND_MEMORY);
		sprintf(text, "%s, %%xmm%u", mem, want->reg);
		break;
	default:
		abort();
	}
}

static bool has_register(const struct form *form)
{
	return form->kind != IMM_MEM && form->kind != MEM && form->kind != SRC_MEM &&
	       form->kind != CL_MEM;
}

/* @reg 16 to 19 stands for AH, CH, DH and BH. */
static void visit_form(const struct form *form, unsigned int reg, const struct memory *memory)
{
	struct instruction insn = { .want = {
		.op = form->op, .mem_size = form->mem_size, .size = form->size,
	} };
	struct vhm_insn *want = &insn.want;
	char name[8], text[64];

	if (has_register(form)) {
		want->reg = reg & 15;
		want->high_byte = reg >= 16;
	}
	if (reg >= 16)
		sprintf(name, "%%%s", names8_legacy[reg - 12]);
	else
		register_name(name, reg, form->size);
	format_memory(text, memory);
	want_memory(want, memory);
	if (form->op == VHM_INSN_CMOVCC)
		want->immediate = form->constant;
	format_operands(&insn, form, name, text);
	/* An immediate that is a count is no operand of its own. */
	if (form->kind == IMM_MEM && form->op >= VHM_INSN_ROL && form->op <= VHM_INSN_SAR)
		want->source = VHM_OPERAND_NONE;
	if (form->access & READS)
		want->place[VHM_STEP_READ] = VHM_PLACE_ADDRESS;
	if (form->access & WRITES)
		want->place[VHM_STEP_WRITE] = VHM_PLACE_ADDRESS;
	visit(&insn);
}

static bool form_exists(const struct form *form, unsigned int reg)
{
	if (form->only64 && mode != 64)
		return false;
	/* SPL, BPL, SIL and DIL need REX. */
	if (form->size == 1 && mode != 64 && reg >= 4)
		return false;
	return true;
}

/* Address after address, with the forms, registers and segments taking turns. */
static void visit_next_form(struct memory *memory)
{
	static unsigned int turn;
	const struct form *form;
	unsigned int reg;

	do {
		form = &forms[turn % FORMS];
		reg = turn / 3 % (mode == 64 ? 16 : 8);
		memory->segment = turn % 5 ? NONE : (int)(turn / 5 % 6);
		turn++;
	} while (!form_exists(form, reg));
	visit_form(form, reg, memory);
}

static void visit_displacements(struct memory *memory)
{
	static const long long wide[] = { 0, 0x7f, -0x80, 0x80, -0x12345678, 0x7fffffff };
	static const long long narrow[] = { 0, 0x7f, -0x80, 0x80, -0x1234, 0x7fff };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		memory->displacement = memory->size == 2 ? narrow[i] : wide[i];
		visit_next_form(memory);
	}
}

static void addresses_of_16_bits(void)
{
	static const int bases[8] = { RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX };
	static const int indexes[8] = { RSI, RDI, RSI, RDI, NONE, NONE, NONE, NONE };
	struct memory memory = { .size = 2, .scale = 1 };
	unsigned int rm, again;

	for (again = 0; again < 25; again++) {
		for (rm = 0; rm < 8; rm++) {
			memory.base = bases[rm];
			memory.index = indexes[rm];
			visit_displacements(&memory);
		}
	}
}

static void addresses_with_sib(unsigned int size)
{
	struct memory memory = { .size = size };
	int registers = mode == 64 ? 16 : 8;

	for (memory.base = NONE; memory.base < registers; memory.base++) {
		for (memory.index = NONE; memory.index < registers; memory.index++) {
			if (memory.index == RSP)
				continue;
			/* A bare constant has the size of the mode. */
			if (memory.base == NONE && memory.index == NONE && size != mode / 8)
				continue;
			for (memory.scale = 1; memory.scale <= 8; memory.scale *= 2) {
				visit_displacements(&memory);
				if (memory.index == NONE)
					break;
			}
		}
	}
}

static void addresses_from_rip(void)
{
	struct memory memory = {
		.size = 8, .base = NONE, .index = NONE, .scale = 1, .rip_relative = true,
	};
	unsigned int again;

	for (again = 0; again < 20; again++) {
		memory.size = again & 1 ? 4 : 8;
		visit_displacements(&memory);
	}
}

static void all_addresses(void)
{
	if (mode != 64)
		addresses_of_16_bits();
	addresses_with_sib(4);
	if (mode == 64) {
		addresses_with_sib(8);
		addresses_from_rip();
	}
}

static void all_registers(void)
{
	struct memory memory = {
		.size = mode / 8, .segment = NONE, .base = RBX, .index = NONE, .scale = 1,
	};
	unsigned int i, reg;

	for (i = 0; i < FORMS; i++) {
		for (reg = 0; reg < (mode == 64 ? 16 : 8); reg++) {
			memory.displacement = reg;
			if (form_exists(&forms[i], reg))
				visit_form(&forms[i], reg, &memory);
		}
		if (forms[i].size == 1 && has_register(&forms[i]))
			for (reg = 16; reg < 20; reg++)
				visit_form(&forms[i], reg, &memory);
	}
}

static void visit_moffs(bool store, unsigned int size, long long address, int segment)
{
	struct instruction insn = { .want = {
		.op = VHM_INSN_MOV, .mem_size = size, .size = size, .address_size = mode / 8,
		.segment = DS, .base = NONE, .index = NONE, .scale = 1, .displacement = address,
	} };
	const char *mnemonic = mode == 64 ? "movabs" : "mov";
	struct vhm_insn *want = &insn.want;
	char name[8], prefix[8] = "";

	if (segment != NONE) {
		want->segment = segment;
		sprintf(prefix, "%%%s:", segment_names[segment]);
	}
	register_name(name, 0, size);
	if (store) {
		want_operands(want, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER);
		want->place[VHM_STEP_WRITE] = VHM_PLACE_ADDRESS;
		sprintf(insn.text, "%s %s, %s%#llx", mnemonic, name, prefix, address);
	} else {
		want_operands(want, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY);
		want->place[VHM_STEP_READ] = VHM_PLACE_ADDRESS;
		sprintf(insn.text, "%s %s%#llx, %s", mnemonic, prefix, address, name);
	}
	visit(&insn);
}

static void all_moffs(void)
{
	long long address = mode == 64 ? -0x778899aabbccddefLL :
			    mode == 32 ? 0xfee000b0 : 0xfff0;
	unsigned int size;

	for (size = 1; size <= (mode == 64 ? 8 : 4); size *= 2) {
		visit_moffs(true, size, address, NONE);
		visit_moffs(false, size, address, NONE);
		visit_moffs(true, size, address, FS);
		visit_moffs(false, size, address, GS);
	}
}

struct string_form {
	const char *mnemonic;
	u8 op;
	u8 destination, source;
	bool reads_source;		/* rSI */
	bool reads_destination;		/* ES:rDI, after rSI if it reads both */
	bool writes_destination;
	const char *repeat;
};

static const struct string_form string_forms[] = {
	{ "movs", VHM_INSN_MOV, VHM_OPERAND_MEMORY, VHM_OPERAND_MEMORY, true, false, true,
	  "rep " },
	{ "stos", VHM_INSN_MOV, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER, false, false, true,
	  "rep " },
	{ "lods", VHM_INSN_MOV, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY, true, false, false,
	  "rep " },
	{ "cmps", VHM_INSN_CMP, VHM_OPERAND_MEMORY, VHM_OPERAND_SECOND, true, true, false,
	  "repe " },
	{ "cmps", VHM_INSN_CMP, VHM_OPERAND_MEMORY, VHM_OPERAND_SECOND, true, true, false,
	  "repne " },
	{ "scas", VHM_INSN_CMP, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY, false, true, false,
	  "repne " },
};

static void want_string(struct vhm_insn *want, const struct string_form *form,
			const struct memory *source, bool repeat)
{
	want->op = form->op;
	want_operands(want, form->destination, form->source);
	want->base = RSI;
	want->segment = wanted_segment(source);
	if (form->reads_source)
		want->place[VHM_STEP_READ] = VHM_PLACE_ADDRESS;
	if (form->reads_destination)
		want->place[form->reads_source ? VHM_STEP_READ_SECOND : VHM_STEP_READ] =
			VHM_PLACE_STRING;
	if (form->writes_destination)
		want->place[VHM_STEP_WRITE] = VHM_PLACE_STRING;
	if (repeat)
		want->repeat = strcmp(form->repeat, "repne ") ? VHM_REPEAT_EQUAL :
								VHM_REPEAT_NOT_EQUAL;
}

static void visit_string(const struct string_form *form, unsigned int size,
			 unsigned int address, int segment, bool repeat)
{
	struct instruction insn = { .want = {
		.mem_size = size, .size = size, .address_size = address, .index = NONE, .scale = 1,
	} };
	struct memory source = {
		.size = address, .segment = segment, .base = RSI, .index = NONE,
	};
	struct memory destination = {
		.size = address, .segment = ES, .base = RDI, .index = NONE,
	};
	char from[64], to[64];

	/* What has no source in memory takes no override. */
	if (!form->reads_source)
		source.segment = NONE;
	format_memory(from, &source);
	format_memory(to, &destination);
	if (!form->reads_source)
		register_name(from, 0, size);
	if (!form->reads_destination && !form->writes_destination)
		register_name(to, 0, size);
	want_string(&insn.want, form, &source, repeat);
	/* The assembler has CMPS and SCAS the other way round. */
	sprintf(insn.text, "%s%s%c %s, %s", repeat ? form->repeat : "", form->mnemonic,
		size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : 'q',
		form->reads_destination ? to : from, form->reads_destination ? from : to);
	visit(&insn);
}

static void all_strings(void)
{
	unsigned int form, size, wide, repeat;
	int segment;

	for (form = 0; form < ARRAY_SIZE(string_forms); form++)
		for (size = 1; size <= (mode == 64 ? 8 : 4); size *= 2)
			for (wide = 0; wide < 2; wide++)
				for (segment = NONE; segment <= GS; segment++)
					for (repeat = 0; repeat < 2; repeat++)
						visit_string(&string_forms[form], size,
							     mode == 16 ? 2 << wide :
							     mode == 32 ? 4 >> wide : 8 >> wide,
							     segment, repeat);
}

static struct instruction stack_instruction(u8 op, unsigned int size)
{
	return (struct instruction){ .want = {
		.op = op, .mem_size = size, .size = size, .address_size = mode / 8,
		.segment = DS, .base = NONE, .index = NONE, .scale = 1,
	} };
}

static void visit_push_and_pop(unsigned int size, unsigned int reg)
{
	struct instruction push = stack_instruction(VHM_INSN_MOV, size);
	struct instruction pop = push;
	char name[8];

	register_name(name, reg, size);
	push.want.reg = reg;
	push.want.place[VHM_STEP_WRITE] = VHM_PLACE_STACK;
	want_operands(&push.want, VHM_OPERAND_MEMORY, VHM_OPERAND_REGISTER);
	sprintf(push.text, "push %s", name);
	visit(&push);
	pop.want.reg = reg;
	pop.want.place[VHM_STEP_READ] = VHM_PLACE_STACK;
	want_operands(&pop.want, VHM_OPERAND_REGISTER, VHM_OPERAND_MEMORY);
	sprintf(pop.text, "pop %s", name);
	visit(&pop);
}

/* PUSH, POP, CALL and JMP with a memory operand. */
static void visit_stack_memory(const char *mnemonic, u8 op, unsigned int size, u8 read, u8 write)
{
	struct memory memory = {
		.size = mode / 8, .segment = NONE, .base = RBP, .index = NONE, .scale = 1,
		.displacement = 0x1234,
	};
	struct instruction insn = stack_instruction(op, size);
	char text[64];

	format_memory(text, &memory);
	want_memory(&insn.want, &memory);
	want_operands(&insn.want, write ? VHM_OPERAND_MEMORY : VHM_OPERAND_NONE,
		      VHM_OPERAND_MEMORY);
	insn.want.place[VHM_STEP_READ] = read;
	insn.want.place[VHM_STEP_WRITE] = write;
	sprintf(insn.text, "%s%c %s%s", mnemonic, size == 2 ? 'w' : size == 4 ? 'l' : 'q',
		op == VHM_INSN_MOV ? "" : "*", text);
	visit(&insn);
}

static void visit_push_immediate(unsigned int size, long long value)
{
	struct instruction insn = stack_instruction(VHM_INSN_MOV, size);

	want_operands(&insn.want, VHM_OPERAND_MEMORY, VHM_OPERAND_IMMEDIATE);
	insn.want.place[VHM_STEP_WRITE] = VHM_PLACE_STACK;
	insn.want.immediate = value;
	sprintf(insn.text, "push%c $%lld", size == 2 ? 'w' : size == 4 ? 'l' : 'q', value);
	visit(&insn);
}

static void visit_return(const char *mnemonic, unsigned int size, unsigned int more)
{
	struct instruction insn = stack_instruction(VHM_INSN_RET, size);

	want_operands(&insn.want, VHM_OPERAND_NONE, VHM_OPERAND_MEMORY);
	insn.want.place[VHM_STEP_READ] = VHM_PLACE_STACK;
	insn.want.immediate = more;
	if (more)
		sprintf(insn.text, "%s $%u", mnemonic, more);
	else
		sprintf(insn.text, "%s", mnemonic);
	visit(&insn);
}

static void all_stacks(void)
{
	static const char * const returns[] = { [2] = "retw", [4] = "retl", [8] = "retq" };
	unsigned int size, reg, branch;

	for (size = 2; size <= (mode == 64 ? 8 : 4); size *= 2) {
		if (mode == 64 && size == 4)
			continue;
		for (reg = 0; reg < (mode == 64 ? 16 : 8); reg++)
			visit_push_and_pop(size, reg);
		visit_stack_memory("push", VHM_INSN_MOV, size, VHM_PLACE_ADDRESS,
				   VHM_PLACE_STACK);
		visit_stack_memory("pop", VHM_INSN_MOV, size, VHM_PLACE_STACK,
				   VHM_PLACE_ADDRESS);
		visit_push_immediate(size, 0x7f);
		visit_push_immediate(size, 0x1234);
		visit_push_immediate(size, -0x80);
		branch = mode == 64 ? 8 : size;
		visit_stack_memory("call", VHM_INSN_CALL, branch, VHM_PLACE_ADDRESS,
				   VHM_PLACE_STACK);
		visit_stack_memory("jmp", VHM_INSN_JMP, branch, VHM_PLACE_ADDRESS, 0);
		visit_return(returns[branch], branch, 0);
		visit_return(returns[branch], branch, 0xfff0);
	}
}

struct group {
	const char *name;
	void (*run)(void);
};

static const struct group groups[] = {
	{ "addresses", all_addresses },
	{ "registers", all_registers },
	{ "moffs", all_moffs },
	{ "strings", all_strings },
	{ "stacks", all_stacks },
};

#define GROUPS ARRAY_SIZE(groups)

static void print_instruction(const struct instruction *insn)
{
	printf("\t%s\n", insn->text);
}

static int print_assembly(void)
{
	unsigned int i;

	visit = print_instruction;
	printf("\t.code%u\n", mode);
	for (i = 0; i < GROUPS; i++)
		groups[i].run();
	return 0;
}

static u8 code[1 << 20];
static size_t code_size, position;
static bool starts[sizeof(code) + 1];	/* an instruction starts here, says the disassembler */
static unsigned int checked, wrong;

static bool same_accesses(const struct vhm_insn *got, const struct vhm_insn *want)
{
	return got->destination == want->destination && got->source == want->source &&
	       !memcmp(got->place, want->place, sizeof(got->place)) &&
	       got->count_in_cl == want->count_in_cl;
}

static bool same_operands(const struct vhm_insn *got, const struct vhm_insn *want)
{
	u64 wrap = vhm_size_mask(want->address_size);

	return got->op == want->op && got->mem_size == want->mem_size &&
	       got->size == want->size && same_accesses(got, want) &&
	       got->reg == want->reg && got->high_byte == want->high_byte &&
	       got->segment == want->segment && got->address_size == want->address_size &&
	       got->repeat == want->repeat && got->base == want->base &&
	       got->index == want->index &&
	       got->scale == want->scale && got->rip_relative == want->rip_relative &&
	       (got->displacement & wrap) == (want->displacement & wrap) &&
	       got->immediate == want->immediate;
}

/* The next instruction ends where the disassembler starts another, and not before. */
static bool same_length(unsigned int length)
{
	unsigned int i;

	for (i = 1; i < length; i++)
		if (starts[position + i])
			return false;
	return starts[position] && starts[position + length];
}

static void check_instruction(const struct instruction *insn)
{
	struct vhm_insn got;
	const char *problem = NULL;
	int ret;

	ret = vhm_insn_decode(&got, code + position, code_size - position, mode);
	if (ret)
		problem = "not decoded";
	else if (!same_length(got.length))
		problem = "wrong length";
	else if (!same_operands(&got, &insn->want))
		problem = "wrong operands";
	checked++;
	if (problem && wrong++ < 10)
		printf("# %s at %#zx: %s (returned %d)\n", insn->text, position, problem, ret);
	/* Go on where the disassembler says, to find out what else is wrong. */
	do
		position++;
	while (position < code_size && !starts[position]);
}

static bool read_code(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	code_size = fread(code, 1, sizeof(code), file);
	fclose(file);
	return code_size > 0 && code_size < sizeof(code);
}

/* Lines of instructions look like "  1f:\t48 8b 03 \tmov ...". */
static bool read_listing(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long address;
	char line[256], *end;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		address = strtoul(line, &end, 16);
		if (end != line && end[0] == ':' && end[1] == '\t' && address < code_size)
			starts[address] = true;
	}
	fclose(file);
	starts[code_size] = true;
	return true;
}

static int check(const char *code_path, const char *listing_path)
{
	unsigned int i;

	if (!read_code(code_path) || !read_listing(listing_path)) {
		printf("Bail out! %s or %s cannot be read\n", code_path, listing_path);
		return 1;
	}
	tap_begin();
	visit = check_instruction;
	for (i = 0; i < GROUPS; i++) {
		checked = 0;
		wrong = 0;
		groups[i].run();
		tap_ok(checked && !wrong, "crosscheck: %u bit: %s: %u instructions", mode,
		       groups[i].name, checked);
	}
	tap_ok(position == code_size, "crosscheck: %u bit: nothing left over", mode);
	return tap_end();
}

int main(int argc, char **argv)
{
	if (argc >= 3)
		mode = atoi(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "assembly"))
		return print_assembly();
	if (argc == 5 && !strcmp(argv[1], "check"))
		return check(argv[3], argv[4]);
	fprintf(stderr, "usage: crosscheck assembly MODE | check MODE CODE LISTING\n");
	return 2;
}
