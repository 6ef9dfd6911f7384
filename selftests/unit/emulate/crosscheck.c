// SPDX-License-Identifier: GPL-2.0
/*
 * Cross-check of the MMIO instruction decoder against the GNU assembler and disassembler.
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

/* An instruction with one memory operand in ModRM and one register or immediate. */
struct form {
	const char *mnemonic;
	u8 op;
	u8 mem_size;
	u8 reg_size;
	bool sign_extend;
	bool only64;
};

static const struct form forms[] = {
	{ "movb", VHM_INSN_STORE, 1, 1, false, false },
	{ "movw", VHM_INSN_STORE, 2, 2, false, false },
	{ "movl", VHM_INSN_STORE, 4, 4, false, false },
	{ "movq", VHM_INSN_STORE, 8, 8, false, true },
	{ "movb", VHM_INSN_LOAD, 1, 1, false, false },
	{ "movw", VHM_INSN_LOAD, 2, 2, false, false },
	{ "movl", VHM_INSN_LOAD, 4, 4, false, false },
	{ "movq", VHM_INSN_LOAD, 8, 8, false, true },
	{ "movzbw", VHM_INSN_LOAD, 1, 2, false, false },
	{ "movzbl", VHM_INSN_LOAD, 1, 4, false, false },
	{ "movzbq", VHM_INSN_LOAD, 1, 8, false, true },
	{ "movzwl", VHM_INSN_LOAD, 2, 4, false, false },
	{ "movzwq", VHM_INSN_LOAD, 2, 8, false, true },
	{ "movsbw", VHM_INSN_LOAD, 1, 2, true, false },
	{ "movsbl", VHM_INSN_LOAD, 1, 4, true, false },
	{ "movsbq", VHM_INSN_LOAD, 1, 8, true, true },
	{ "movswl", VHM_INSN_LOAD, 2, 4, true, false },
	{ "movswq", VHM_INSN_LOAD, 2, 8, true, true },
	{ "movslq", VHM_INSN_LOAD, 4, 8, true, true },
	{ "movb", VHM_INSN_STORE_IMM, 1, 1, false, false },
	{ "movw", VHM_INSN_STORE_IMM, 2, 2, false, false },
	{ "movl", VHM_INSN_STORE_IMM, 4, 4, false, false },
	{ "movq", VHM_INSN_STORE_IMM, 8, 8, false, true },
};

#define FORMS ARRAY_SIZE(forms)

/* What to do with each instruction: print it, or check it. */
static void (*visit)(const struct instruction *insn);
static unsigned int mode;

static u64 mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

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

static void visit_immediate(const struct form *form, const struct memory *memory)
{
	static const long long values[] = { 0x12345678, -2, -0x80000000LL, 0x55 };
	static unsigned int turn;
	struct instruction insn = { .want = {
		.op = form->op, .mem_size = form->mem_size, .reg_size = form->reg_size,
	} };
	unsigned int size = form->mem_size > 4 ? 4 : form->mem_size;
	long long value = values[turn++ % 4];
	char text[64];

	/* The value's low bytes, sign-extended. */
	value = (long long)((u64)value << (64 - 8 * size)) >> (64 - 8 * size);
	format_memory(text, memory);
	want_memory(&insn.want, memory);
	insn.want.immediate = value;
	sprintf(insn.text, "%s $%lld, %s", form->mnemonic, value, text);
	visit(&insn);
}

/* @reg 16 to 19 stands for AH, CH, DH and BH. */
static void visit_form(const struct form *form, unsigned int reg, const struct memory *memory)
{
	struct instruction insn = { .want = {
		.op = form->op, .mem_size = form->mem_size, .reg_size = form->reg_size,
		.sign_extend = form->sign_extend, .reg = reg & 15, .high_byte = reg >= 16,
	} };
	char name[8], text[64];

	if (form->op == VHM_INSN_STORE_IMM) {
		visit_immediate(form, memory);
		return;
	}
	if (reg >= 16)
		sprintf(name, "%%%s", names8_legacy[reg - 12]);
	else
		register_name(name, reg, form->reg_size);
	format_memory(text, memory);
	want_memory(&insn.want, memory);
	if (form->op == VHM_INSN_STORE)
		sprintf(insn.text, "%s %s, %s", form->mnemonic, name, text);
	else
		sprintf(insn.text, "%s %s, %s", form->mnemonic, text, name);
	visit(&insn);
}

static bool form_exists(const struct form *form, unsigned int reg)
{
	if (form->only64 && mode != 64)
		return false;
	/* SPL, BPL, SIL and DIL need REX. */
	if (form->reg_size == 1 && mode != 64 && reg >= 4)
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
		if (forms[i].reg_size == 1)
			for (reg = 16; reg < 20; reg++)
				visit_form(&forms[i], reg, &memory);
	}
}

static void visit_moffs(u8 op, unsigned int size, long long address, int segment)
{
	struct instruction insn = { .want = {
		.op = op, .mem_size = size, .reg_size = size, .address_size = mode / 8,
		.segment = DS, .base = NONE, .index = NONE, .scale = 1, .displacement = address,
	} };
	char name[8], prefix[8] = "";

	if (segment != NONE) {
		insn.want.segment = segment;
		sprintf(prefix, "%%%s:", segment_names[segment]);
	}
	register_name(name, 0, size);
	if (op == VHM_INSN_STORE)
		sprintf(insn.text, "%s %s, %s%#llx", mode == 64 ? "movabs" : "mov", name, prefix,
			address);
	else
		sprintf(insn.text, "%s %s%#llx, %s", mode == 64 ? "movabs" : "mov", prefix,
			address, name);
	visit(&insn);
}

static void all_moffs(void)
{
	long long address = mode == 64 ? -0x778899aabbccddefLL :
			    mode == 32 ? 0xfee000b0 : 0xfff0;
	unsigned int size;

	for (size = 1; size <= (mode == 64 ? 8 : 4); size *= 2) {
		visit_moffs(VHM_INSN_STORE, size, address, NONE);
		visit_moffs(VHM_INSN_LOAD, size, address, NONE);
		visit_moffs(VHM_INSN_STORE, size, address, FS);
		visit_moffs(VHM_INSN_LOAD, size, address, GS);
	}
}

struct string_form {
	const char *mnemonic;
	u8 op;
};

static const struct string_form string_forms[] = {
	{ "movs", VHM_INSN_MOVS }, { "stos", VHM_INSN_STOS }, { "lods", VHM_INSN_LODS },
};

static void visit_string(const struct string_form *form, unsigned int size,
			 unsigned int address, int segment, bool rep)
{
	struct instruction insn = { .want = {
		.op = form->op, .mem_size = size, .reg_size = size, .address_size = address,
		.rep = rep, .index = NONE, .scale = 1,
	} };
	struct memory source = {
		.size = address, .segment = segment, .base = RSI, .index = NONE,
	};
	struct memory destination = {
		.size = address, .segment = ES, .base = RDI, .index = NONE,
	};
	char from[64], to[64];

	format_memory(from, &source);
	format_memory(to, &destination);
	register_name(form->op == VHM_INSN_STOS ? from : to, 0, size);
	if (form->op == VHM_INSN_MOVS)
		format_memory(to, &destination);
	insn.want.base = form->op == VHM_INSN_STOS ? RDI : RSI;
	insn.want.segment = form->op == VHM_INSN_STOS ? ES : wanted_segment(&source);
	sprintf(insn.text, "%s%s%c %s, %s", rep ? "rep " : "", form->mnemonic,
		size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : 'q', from, to);
	visit(&insn);
}

static void all_strings(void)
{
	unsigned int form, size, wide, rep;
	int segment;

	for (form = 0; form < 3; form++)
		for (size = 1; size <= (mode == 64 ? 8 : 4); size *= 2)
			for (wide = 0; wide < 2; wide++)
				for (segment = NONE; segment <= GS; segment++)
					for (rep = 0; rep < 2; rep++)
						visit_string(&string_forms[form], size,
							     mode == 16 ? 2 << wide :
							     mode == 32 ? 4 >> wide : 8 >> wide,
							     segment, rep);
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

static bool same_operands(const struct vhm_insn *got, const struct vhm_insn *want)
{
	u64 wrap = mask(want->address_size);

	return got->op == want->op && got->mem_size == want->mem_size &&
	       got->reg_size == want->reg_size && got->sign_extend == want->sign_extend &&
	       got->reg == want->reg && got->high_byte == want->high_byte &&
	       got->segment == want->segment && got->address_size == want->address_size &&
	       got->rep == want->rep && got->base == want->base && got->index == want->index &&
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
