// SPDX-License-Identifier: GPL-2.0
/*
 * Table tests of what a decoded instruction does with the registers: effective addresses, values
 * stored and registers loaded on the short way of plain moves, string forms moved on.
 */
#include <string.h>

#include "../../../module/emulate.h"
#include "../tap.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R15 = 15, NONE = -1 };

struct offset_row {
	const char *name;
	struct vhm_insn insn;
	u64 base, index, next_rip;
	u64 want;
};

#define INSN(...) { \
	.base = NONE, .index = NONE, .scale = 1, \
	.place[VHM_STEP_READ] = VHM_PLACE_ADDRESS, __VA_ARGS__ }

static const struct offset_row offsets[] = {
	{ "constant", INSN(.address_size = 8, .displacement = 0x1234), 0, 0, 0, 0x1234 },
	{ "negative constant, 64 bit", INSN(.address_size = 8, .displacement = -1), 0, 0, 0,
	  ~0ULL },
	{ "negative constant, 32 bit", INSN(.address_size = 4, .displacement = -1), 0, 0, 0,
	  0xffffffff },
	{ "negative constant, 16 bit", INSN(.address_size = 2, .displacement = -1), 0, 0, 0,
	  0xffff },
	{ "base", INSN(.address_size = 8, .base = RBX), 0xffff8000fee00000, 0, 0,
	  0xffff8000fee00000 },
	{ "base of 32 bits ignores the upper half", INSN(.address_size = 4, .base = RBX),
	  0xdeadbeeffee000b0, 0, 0, 0xfee000b0 },
	{ "base of 16 bits", INSN(.address_size = 2, .base = RBX), 0x12345678, 0, 0, 0x5678 },
	{ "base and index wrap at 16 bits",
	  INSN(.address_size = 2, .base = RBX, .index = RSI, .displacement = 0x10), 0xfff0, 0x8, 0,
	  0x8 },
	{ "base and displacement wrap at 32 bits",
	  INSN(.address_size = 4, .base = RBX, .displacement = 0x20), 0xfffffff0, 0, 0, 0x10 },
	{ "index is multiplied by 8", INSN(.address_size = 8, .index = RSI, .scale = 8), 0, 0x11, 0,
	  0x88 },
	{ "index overflows at 32 bits",
	  INSN(.address_size = 4, .base = RBX, .index = RSI, .scale = 4), 1, 0x40000001, 0, 5 },
	{ "all four", INSN(.address_size = 8, .base = RBX, .index = RSI, .scale = 2,
			   .displacement = -3), 0x1000, 0x100, 0, 0x11fd },
	{ "RIP-relative", INSN(.address_size = 8, .rip_relative = true, .displacement = -8), 0, 0,
	  0xffffffff81000010, 0xffffffff81000008 },
	{ "EIP-relative", INSN(.address_size = 4, .rip_relative = true, .displacement = 0x10), 0, 0,
	  0x1fffffff8, 0x8 },
};

static void test_offsets(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		const struct offset_row *row = &offsets[i];
		u64 regs[16] = { [RBX] = row->base, [RSI] = row->index };
		struct vhm_insn_state state = { .regs = regs, .rip = row->next_rip };
		u64 got = vhm_insn_address(&row->insn, &state, VHM_STEP_READ).offset;

		if (got != row->want)
			printf("# got %llx, wanted %llx\n", got, row->want);
		tap_ok(got == row->want, "offset: %s", row->name);
	}
}

struct store_row {
	const char *name;
	struct vhm_insn insn;
	u64 reg;
	u64 want;
};

#define STORE(...) INSN(.op = VHM_INSN_MOV, .source = VHM_OPERAND_REGISTER, __VA_ARGS__)
#define STORE_IMM(...) INSN(.op = VHM_INSN_MOV, .source = VHM_OPERAND_IMMEDIATE, __VA_ARGS__)

static const struct store_row stores[] = {
	{ "al", STORE(.mem_size = 1, .reg = RCX), 0x1122334455667788, 0x88 },
	{ "ch", STORE(.mem_size = 1, .reg = RCX, .high_byte = true),
	  0x1122334455667788, 0x77 },
	{ "cx", STORE(.mem_size = 2, .reg = RCX), 0x1122334455667788, 0x7788 },
	{ "ecx", STORE(.mem_size = 4, .reg = RCX), 0x1122334455667788,
	  0x55667788 },
	{ "rcx", STORE(.mem_size = 8, .reg = RCX), 0x1122334455667788,
	  0x1122334455667788 },
	{ "immediate, byte", STORE_IMM(.mem_size = 1, .immediate = ~0ULL), 0,
	  0xff },
	{ "immediate, dword", STORE_IMM(.mem_size = 4,
				   .immediate = 0xffffffff80000000), 0, 0x80000000 },
	{ "immediate, qword", STORE_IMM(.mem_size = 8,
				   .immediate = 0xffffffff80000000), 0, 0xffffffff80000000 },
};

static void test_stores(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		const struct store_row *row = &stores[i];
		u64 regs[16] = { [RCX] = row->reg };
		u64 got = vhm_insn_store(&row->insn, regs) & vhm_size_mask(row->insn.mem_size);

		if (got != row->want)
			printf("# got %llx, wanted %llx\n", got, row->want);
		tap_ok(got == row->want, "store: %s", row->name);
	}
}

/* Every load starts from a register full of A5. */
struct load_row {
	const char *name;
	struct vhm_insn insn;
	u64 value;
	u64 want;
};

#define LOAD(mem, size_, ...) \
	INSN(.op = VHM_INSN_MOV, .mem_size = mem, .size = size_, .reg = R15, __VA_ARGS__)

static const struct load_row loads[] = {
	{ "byte keeps the rest", LOAD(1, 1), 0x11, 0xa5a5a5a5a5a5a511 },
	{ "high byte keeps the rest", LOAD(1, 1, .high_byte = true), 0x11, 0xa5a5a5a5a5a511a5 },
	{ "word keeps the rest", LOAD(2, 2), 0x1122, 0xa5a5a5a5a5a51122 },
	{ "dword zeroes the upper half", LOAD(4, 4), 0x81223344, 0x81223344 },
	{ "qword", LOAD(8, 8), 0x8122334455667788, 0x8122334455667788 },
	{ "movzx word, byte", LOAD(1, 2), 0x80, 0xa5a5a5a5a5a50080 },
	{ "movzx dword, byte", LOAD(1, 4), 0x80, 0x80 },
	{ "movzx qword, word", LOAD(2, 8), 0x8000, 0x8000 },
	{ "movsx word, byte", LOAD(1, 2, .op = VHM_INSN_MOVSX), 0x80, 0xa5a5a5a5a5a5ff80 },
	{ "movsx dword, byte", LOAD(1, 4, .op = VHM_INSN_MOVSX), 0x80, 0xffffff80 },
	{ "movsx qword, byte", LOAD(1, 8, .op = VHM_INSN_MOVSX), 0x80, 0xffffffffffffff80 },
	{ "movsx qword, positive byte", LOAD(1, 8, .op = VHM_INSN_MOVSX), 0x7f, 0x7f },
	{ "movsx dword, word", LOAD(2, 4, .op = VHM_INSN_MOVSX), 0x8000, 0xffff8000 },
	{ "movsx qword, word", LOAD(2, 8, .op = VHM_INSN_MOVSX), 0x18000, 0xffffffffffff8000 },
	{ "movsxd qword, dword", LOAD(4, 8, .op = VHM_INSN_MOVSX), 0x80000000, 0xffffffff80000000 },
	{ "movsxd dword, dword", LOAD(4, 4, .op = VHM_INSN_MOVSX), 0x80000000, 0x80000000 },
};

static void test_loads(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		const struct load_row *row = &loads[i];
		u64 regs[16] = { [R15] = 0xa5a5a5a5a5a5a5a5 };
		u64 want[16] = { [R15] = row->want };

		vhm_insn_load(&row->insn, regs, row->value);
		if (regs[R15] != row->want)
			printf("# got %llx, wanted %llx\n", regs[R15], row->want);
		tap_ok(!memcmp(regs, want, sizeof(regs)), "load: %s", row->name);
	}
}

struct string_row {
	const char *name;
	struct vhm_insn insn;
	bool backwards;
	u64 count, source, destination;		/* before */
	u64 want_count, want_source, want_destination;
};

#define PLACES(...) .place = { __VA_ARGS__ }
#define MOVS PLACES(VHM_PLACE_ADDRESS, 0, VHM_PLACE_STRING)
#define STOS PLACES(0, 0, VHM_PLACE_STRING)
#define LODS PLACES(VHM_PLACE_ADDRESS)
#define CMPS PLACES(VHM_PLACE_ADDRESS, VHM_PLACE_STRING)
#define SCAS PLACES(VHM_PLACE_STRING)
#define REPEAT .repeat = VHM_REPEAT_EQUAL
#define STRING(op_, size, address, ...) \
	INSN(op_, .string = true, .mem_size = size, .address_size = address, __VA_ARGS__)

static const struct string_row string_rows[] = {
	{ "movsb", STRING(MOVS, 1, 8), false, 9, 0x1000, 0x2000, 9, 0x1001, 0x2001 },
	{ "movsq", STRING(MOVS, 8, 8), false, 9, 0x1000, 0x2000, 9, 0x1008, 0x2008 },
	{ "movsd backwards", STRING(MOVS, 4, 8), true, 9, 0x1000, 0, 9, 0xffc, -4ULL },
	{ "rep movsw", STRING(MOVS, 2, 8, REPEAT), false, 9, 0x1000, 0x2000, 8, 0x1002, 0x2002 },
	{ "stosd moves DI alone", STRING(STOS, 4, 8), false, 9, 0x1000, 0x2000, 9, 0x1000, 0x2004 },
	{ "lodsb moves SI alone", STRING(LODS, 1, 8), false, 9, 0x1000, 0x2000, 9, 0x1001, 0x2000 },
	{ "cmpsw moves both", STRING(CMPS, 2, 8), false, 9, 0x1000, 0x2000, 9, 0x1002, 0x2002 },
	{ "scasb moves DI alone", STRING(SCAS, 1, 8), false, 9, 0x1000, 0x2000, 9, 0x1000, 0x2001 },
	{ "32-bit registers wrap, upper halves zeroed", STRING(MOVS, 4, 4, REPEAT), false,
	  0x500000001, 0x5fffffffe, 0x600000000, 0, 2, 4 },
	{ "16-bit registers wrap, the rest kept", STRING(MOVS, 2, 2, REPEAT), false,
	  0x50001, 0x5ffff, 0x60000, 0x50000, 0x50001, 0x60002 },
	{ "16-bit backwards", STRING(STOS, 2, 2), true, 1, 0, 0x60001, 1, 0, 0x6ffff },
	{ "a plain load moves nothing", INSN(.op = VHM_INSN_MOV, .mem_size = 4, .address_size = 8),
	  false, 9, 0x1000, 0x2000, 9, 0x1000, 0x2000 },
};

static void test_strings(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(string_rows); i++) {
		const struct string_row *row = &string_rows[i];
		u64 regs[16] = { [RCX] = row->count, [RSI] = row->source,
				 [RDI] = row->destination };
		u64 want[16] = { [RCX] = row->want_count, [RSI] = row->want_source,
				 [RDI] = row->want_destination };

		struct vhm_insn_state state = {
			.regs = regs, .rflags = row->backwards ? VHM_FLAG_DF : 0,
		};

		vhm_insn_commit(&row->insn, &state);
		if (memcmp(regs, want, sizeof(regs)))
			printf("# got count %llx source %llx destination %llx\n", regs[RCX],
			       regs[RSI], regs[RDI]);
		tap_ok(!memcmp(regs, want, sizeof(regs)), "string: %s", row->name);
	}
}

static void test_counts(void)
{
	static const struct vhm_insn once = STRING(MOVS, 1, 8);
	static const struct vhm_insn rep64 = STRING(MOVS, 1, 8, REPEAT);
	static const struct vhm_insn rep32 = STRING(MOVS, 1, 4, REPEAT);
	static const struct vhm_insn rep16 = STRING(MOVS, 1, 2, REPEAT);
	const u64 regs[16] = { [RCX] = 0x500030000 }, none[16] = { [RCX] = 0x500000000 };

	tap_ok(vhm_insn_is_due(&once, none), "count: without REP");
	tap_ok(vhm_insn_is_due(&rep64, none), "count: RCX");
	tap_ok(vhm_insn_is_due(&rep32, regs), "count: ECX");
	tap_ok(!vhm_insn_is_due(&rep32, none), "count: ECX is 0");
	tap_ok(!vhm_insn_is_due(&rep16, regs), "count: CX is 0");
}

/* CMPS and SCAS end at the flag, the others do not look at it. */
static void test_ends(void)
{
	static const struct vhm_insn repe = STRING(CMPS, 1, 8, REPEAT, .op = VHM_INSN_CMP);
	static const struct vhm_insn repne = STRING(SCAS, 1, 8, .op = VHM_INSN_CMP,
						    .repeat = VHM_REPEAT_NOT_EQUAL);
	static const struct vhm_insn rep = STRING(MOVS, 1, 8, REPEAT, .op = VHM_INSN_MOV);
	u64 regs[16] = { [RCX] = 1 };
	struct vhm_insn_state equal = { .regs = regs, .rflags = VHM_FLAG_ZF };
	struct vhm_insn_state differs = { .regs = regs };

	tap_ok(!vhm_insn_is_done(&repe, &equal), "end: REPE goes on while equal");
	tap_ok(vhm_insn_is_done(&repe, &differs), "end: REPE ends at a difference");
	tap_ok(!vhm_insn_is_done(&repne, &differs), "end: REPNE goes on while different");
	tap_ok(vhm_insn_is_done(&repne, &equal), "end: REPNE ends at what is equal");
	tap_ok(!vhm_insn_is_done(&rep, &equal) && !vhm_insn_is_done(&rep, &differs),
	       "end: REP MOVS goes on");
	regs[RCX] = 0;
	tap_ok(vhm_insn_is_done(&repe, &equal), "end: REPE ends with the count");
	tap_ok(vhm_insn_is_done(&rep, &equal), "end: REP ends with the count");
}

int main(void)
{
	tap_begin();
	test_offsets();
	test_stores();
	test_loads();
	test_strings();
	test_counts();
	test_ends();
	return tap_end();
}
