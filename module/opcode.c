// SPDX-License-Identifier: GPL-2.0
/*
 * The opcode tables: what an opcode is made of. See emulate.h for their place.
 *
 * A new instruction is a row here; one that does something new also gets an operation, in
 * execute.c. An opcode without a row is not emulated.
 */
#include "opcode.h"

#define OP(name)	VHM_INSN_##name
#define FORM(name)	.form = VHM_FORM_##name
#define ROW(name)	VHM_ROW_##name
#define UNDEFINED	{ FORM(UNDEFINED) }
#define GROUP(name, ...) { name, FORM(GROUP), __VA_ARGS__ }
#define PREFIX(name)	{ name, FORM(PREFIX) }

enum {
	GROUP_1,	/* as the SDM numbers them */
	GROUP_1A,
	GROUP_2,
	GROUP_3,
	GROUP_4,
	GROUP_5,
	GROUP_8,
	GROUP_9,
	GROUP_11,
};

enum {
	MOV_UNALIGNED_LOAD,
	MOV_UNALIGNED_STORE,
	MOV_LOW_LOAD,
	MOV_LOW_STORE,
	MOV_HIGH_LOAD,
	MOV_HIGH_STORE,
	MOV_ALIGNED_LOAD,
	MOV_ALIGNED_STORE,
	MOV_NON_TEMPORAL,
	MOVD_LOAD,
	MOVDQ_LOAD,
	MOVD_STORE,
	MOVDQ_STORE,
	MOVNTI,
	MOVQ_STORE,
	MOVNTDQ,
	LDDQU,
	MOVNTDQA,
	MOVBE_LOAD,
	MOVBE_STORE,
};

/* The four rows of an operation that has all of its usual forms with memory. */
#define ALU(first, name)							\
	[(first) + 0] = { OP(name), FORM(E_G), ROW(BYTE) },			\
	[(first) + 1] = { OP(name), FORM(E_G) },				\
	[(first) + 2] = { OP(name), FORM(G_E), ROW(BYTE) },			\
	[(first) + 3] = { OP(name), FORM(G_E) }

#define EIGHT(first, ...)							\
	[(first) + 0] = __VA_ARGS__, [(first) + 1] = __VA_ARGS__,		\
	[(first) + 2] = __VA_ARGS__, [(first) + 3] = __VA_ARGS__,		\
	[(first) + 4] = __VA_ARGS__, [(first) + 5] = __VA_ARGS__,		\
	[(first) + 6] = __VA_ARGS__, [(first) + 7] = __VA_ARGS__

/* SDM, volume 2, "One-Byte Opcode Map". */
const struct vhm_opcode vhm_opcode_one_byte[256] = {
	ALU(0x00, ADD),
	[0x06] = { OP(MOV), FORM(K_S), ROW(STACK) | ROW(NOT64) },
	ALU(0x08, OR),
	[0x0e] = { OP(MOV), FORM(K_S), ROW(STACK) | ROW(NOT64) },
	ALU(0x10, ADC),
	[0x16] = { OP(MOV), FORM(K_S), ROW(STACK) | ROW(NOT64) },
	ALU(0x18, SBB),
	[0x1e] = { OP(MOV), FORM(K_S), ROW(STACK) | ROW(NOT64) },
	ALU(0x20, AND),
	ALU(0x28, SUB),
	ALU(0x30, XOR),
	ALU(0x38, CMP),
	EIGHT(0x50, { OP(MOV), FORM(K_Z), ROW(STACK) }),
	EIGHT(0x58, { OP(MOV), FORM(Z_K), ROW(STACK) }),
	[0x63] = { OP(MOVSX), FORM(G_E), ROW(MEM32) | ROW(ONLY64) },
	[0x68] = { OP(MOV), FORM(K_I), ROW(STACK) | ROW(IMM) },
	[0x69] = { OP(IMUL_IMM), FORM(G_E), ROW(IMM) },
	[0x6a] = { OP(MOV), FORM(K_I), ROW(STACK) | ROW(IMM8) },
	[0x6b] = { OP(IMUL_IMM), FORM(G_E), ROW(IMM8) },
	[0x80] = GROUP(GROUP_1, ROW(BYTE) | ROW(IMM)),
	[0x81] = GROUP(GROUP_1, ROW(IMM)),
	[0x82] = GROUP(GROUP_1, ROW(BYTE) | ROW(IMM) | ROW(NOT64)),
	[0x83] = GROUP(GROUP_1, ROW(IMM8)),
	[0x84] = { OP(TEST), FORM(E_G), ROW(BYTE) },
	[0x85] = { OP(TEST), FORM(E_G) },
	[0x86] = { OP(XCHG), FORM(E_G), ROW(BYTE) },
	[0x87] = { OP(XCHG), FORM(E_G) },
	ALU(0x88, MOV),
	[0x8c] = { OP(MOV), FORM(E_S), ROW(MEM16) },
	[0x8f] = GROUP(GROUP_1A, ROW(STACK)),
	[0xa0] = { OP(MOV), FORM(A_O), ROW(BYTE) },
	[0xa1] = { OP(MOV), FORM(A_O) },
	[0xa2] = { OP(MOV), FORM(O_A), ROW(BYTE) },
	[0xa3] = { OP(MOV), FORM(O_A) },
	[0xa4] = { OP(MOV), FORM(Y_X), ROW(BYTE) },
	[0xa5] = { OP(MOV), FORM(Y_X) },
	[0xa6] = { OP(CMP), FORM(X_Y), ROW(BYTE) },
	[0xa7] = { OP(CMP), FORM(X_Y) },
	[0xaa] = { OP(MOV), FORM(Y_A), ROW(BYTE) },
	[0xab] = { OP(MOV), FORM(Y_A) },
	[0xac] = { OP(MOV), FORM(A_X), ROW(BYTE) },
	[0xad] = { OP(MOV), FORM(A_X) },
	[0xae] = { OP(CMP), FORM(A_Y), ROW(BYTE) },
	[0xaf] = { OP(CMP), FORM(A_Y) },
	[0xc0] = GROUP(GROUP_2, ROW(BYTE) | ROW(IMM8)),
	[0xc1] = GROUP(GROUP_2, ROW(IMM8)),
	[0xc2] = { OP(RET), FORM(FROM_K), ROW(BRANCH) | ROW(IMM16) },
	[0xc3] = { OP(RET), FORM(FROM_K), ROW(BRANCH) },
	[0xc6] = GROUP(GROUP_11, ROW(BYTE) | ROW(IMM)),
	[0xc7] = GROUP(GROUP_11, ROW(IMM)),
	[0xc9] = { OP(MOV), FORM(LEAVE), ROW(STACK) },
	[0xd0] = GROUP(GROUP_2, ROW(BYTE) | ROW(ONE)),
	[0xd1] = GROUP(GROUP_2, ROW(ONE)),
	[0xd2] = GROUP(GROUP_2, ROW(BYTE) | ROW(CL)),
	[0xd3] = GROUP(GROUP_2, ROW(CL)),
	[0xe8] = { OP(CALL), FORM(K_J), ROW(BRANCH) | ROW(IMM) },
	[0xf6] = GROUP(GROUP_3, ROW(BYTE)),
	[0xf7] = GROUP(GROUP_3),
	[0xfe] = GROUP(GROUP_4, ROW(BYTE)),
	[0xff] = GROUP(GROUP_5),
};

/* SDM, volume 2, "Two-Byte Opcode Map": what follows 0F. */
const struct vhm_opcode vhm_opcode_two_byte[256] = {
	[0x10] = PREFIX(MOV_UNALIGNED_LOAD),
	[0x11] = PREFIX(MOV_UNALIGNED_STORE),
	[0x12] = PREFIX(MOV_LOW_LOAD),
	[0x13] = PREFIX(MOV_LOW_STORE),
	[0x16] = PREFIX(MOV_HIGH_LOAD),
	[0x17] = PREFIX(MOV_HIGH_STORE),
	[0x28] = PREFIX(MOV_ALIGNED_LOAD),
	[0x29] = PREFIX(MOV_ALIGNED_STORE),
	[0x2b] = PREFIX(MOV_NON_TEMPORAL),
	EIGHT(0x40, { OP(CMOVCC), FORM(G_E), ROW(CONDITION) }),
	EIGHT(0x48, { OP(CMOVCC), FORM(G_E), ROW(CONDITION) }),
	[0x6e] = PREFIX(MOVD_LOAD),
	[0x6f] = PREFIX(MOVDQ_LOAD),
	[0x7e] = PREFIX(MOVD_STORE),
	[0x7f] = PREFIX(MOVDQ_STORE),
	EIGHT(0x90, { OP(SETCC), FORM(E), ROW(BYTE) | ROW(CONDITION) }),
	EIGHT(0x98, { OP(SETCC), FORM(E), ROW(BYTE) | ROW(CONDITION) }),
	[0xa0] = { OP(MOV), FORM(K_S), ROW(STACK) },
	[0xa3] = { OP(BT), FORM(E_G), ROW(BITS) },
	[0xa4] = { OP(SHLD), FORM(E_G), ROW(IMM8) },
	[0xa5] = { OP(SHLD), FORM(E_G), ROW(CL) },
	[0xa8] = { OP(MOV), FORM(K_S), ROW(STACK) },
	[0xab] = { OP(BTS), FORM(E_G), ROW(BITS) },
	[0xac] = { OP(SHRD), FORM(E_G), ROW(IMM8) },
	[0xad] = { OP(SHRD), FORM(E_G), ROW(CL) },
	[0xaf] = { OP(IMUL), FORM(G_E) },
	[0xb0] = { OP(CMPXCHG), FORM(E_G), ROW(BYTE) },
	[0xb1] = { OP(CMPXCHG), FORM(E_G) },
	[0xb3] = { OP(BTR), FORM(E_G), ROW(BITS) },
	[0xb6] = { OP(MOV), FORM(G_E), ROW(MEM8) },				/* MOVZX */
	[0xb7] = { OP(MOV), FORM(G_E), ROW(MEM16) },
	[0xba] = GROUP(GROUP_8, ROW(IMM8)),
	[0xbb] = { OP(BTC), FORM(E_G), ROW(BITS) },
	[0xbe] = { OP(MOVSX), FORM(G_E), ROW(MEM8) },
	[0xbf] = { OP(MOVSX), FORM(G_E), ROW(MEM16) },
	[0xc0] = { OP(XADD), FORM(E_G), ROW(BYTE) },
	[0xc1] = { OP(XADD), FORM(E_G) },
	[0xc3] = PREFIX(MOVNTI),
	[0xc7] = GROUP(GROUP_9),
	[0xd6] = PREFIX(MOVQ_STORE),
	[0xe7] = PREFIX(MOVNTDQ),
	[0xf0] = PREFIX(LDDQU),
};

static const struct vhm_opcode movntdqa = PREFIX(MOVNTDQA);
static const struct vhm_opcode movbe_load = PREFIX(MOVBE_LOAD);
static const struct vhm_opcode movbe_store = PREFIX(MOVBE_STORE);
static const struct vhm_opcode unknown;

/**
 * vhm_opcode_three_byte() - SDM, volume 2, "Three-Byte Opcode Map": what follows 0F 38
 * @byte: the third one
 *
 * Return: the opcode's row.
 */
const struct vhm_opcode *vhm_opcode_three_byte(u8 byte)
{
	switch (byte) {
	case 0x2a:
		return &movntdqa;
	case 0xf0:
		return &movbe_load;
	case 0xf1:
		return &movbe_store;
	default:
		return &unknown;
	}
}

/* SDM, volume 2, "Opcode Extensions For One-Byte And Two-Byte Opcodes". */
const struct vhm_opcode vhm_opcode_groups[][8] = {
	[GROUP_1] = {
		{ OP(ADD), FORM(E_I) }, { OP(OR), FORM(E_I) },
		{ OP(ADC), FORM(E_I) }, { OP(SBB), FORM(E_I) },
		{ OP(AND), FORM(E_I) }, { OP(SUB), FORM(E_I) },
		{ OP(XOR), FORM(E_I) }, { OP(CMP), FORM(E_I) },
	},
	[GROUP_1A] = {
		{ OP(MOV), FORM(E_K) }, UNDEFINED, UNDEFINED, UNDEFINED,
		UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED,
	},
	[GROUP_2] = {
		{ OP(ROL), FORM(E) }, { OP(ROR), FORM(E) }, { OP(RCL), FORM(E) },
		{ OP(RCR), FORM(E) }, { OP(SHL), FORM(E) }, { OP(SHR), FORM(E) },
		{ OP(SHL), FORM(E) }, { OP(SAR), FORM(E) },
	},
	[GROUP_3] = {
		{ OP(TEST), FORM(E_I), ROW(IMM) }, { OP(TEST), FORM(E_I), ROW(IMM) },
		{ OP(NOT), FORM(E) }, { OP(NEG), FORM(E) },
		{ OP(MUL), FORM(FROM_E) }, { OP(IMUL_WIDE), FORM(FROM_E) },
		{ OP(DIV), FORM(FROM_E) }, { OP(IDIV), FORM(FROM_E) },
	},
	[GROUP_4] = {
		{ OP(INC), FORM(E) }, { OP(DEC), FORM(E) }, UNDEFINED, UNDEFINED,
		UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED,
	},
	/* Far calls and jumps are not emulated. */
	[GROUP_5] = {
		{ OP(INC), FORM(E) }, { OP(DEC), FORM(E) },
		{ OP(CALL), FORM(K_E), ROW(BRANCH) }, {},
		{ OP(JMP), FORM(FROM_E), ROW(BRANCH) }, {},
		{ OP(MOV), FORM(K_E), ROW(STACK) }, UNDEFINED,
	},
	[GROUP_8] = {
		UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED,
		{ OP(BT), FORM(E_I) }, { OP(BTS), FORM(E_I) },
		{ OP(BTR), FORM(E_I) }, { OP(BTC), FORM(E_I) },
	},
	[GROUP_9] = {
		{}, { OP(CMPXCHG8B), FORM(E), ROW(DOUBLE) | ROW(ALIGNED) },
	},
	/* The last is XABORT or XBEGIN. */
	[GROUP_11] = {
		{ OP(MOV), FORM(E_I) }, UNDEFINED, UNDEFINED, UNDEFINED,
		UNDEFINED, UNDEFINED, UNDEFINED, { FORM(REGISTER) },
	},
};

#define V_E(...)	{ OP(MOV), FORM(V_E), __VA_ARGS__ }
#define E_V(...)	{ OP(MOV), FORM(E_V), __VA_ARGS__ }

/*
 * Without prefix, with 66, F3, F2. What is left out here is an instruction of MMX, or one that
 * does not only move.
 */
const struct vhm_opcode vhm_opcode_prefixes[][VHM_PREFIXES] = {
	[MOV_UNALIGNED_LOAD] = {		/* MOVUPS, MOVUPD, MOVSS, MOVSD */
		V_E(ROW(WIDE)), V_E(ROW(WIDE)),
		V_E(ROW(WIDE) | ROW(MEM32)), V_E(ROW(WIDE) | ROW(MEM64)),
	},
	[MOV_UNALIGNED_STORE] = {
		E_V(ROW(WIDE)), E_V(ROW(WIDE)),
		E_V(ROW(WIDE) | ROW(MEM32)), E_V(ROW(WIDE) | ROW(MEM64)),
	},
	[MOV_LOW_LOAD] = {			/* MOVLPS, MOVLPD */
		{ OP(MOV_LOW), FORM(V_E), ROW(WIDE) | ROW(MEM64) },
		{ OP(MOV_LOW), FORM(V_E), ROW(WIDE) | ROW(MEM64) },
	},
	[MOV_LOW_STORE] = {
		{ OP(MOV_LOW), FORM(E_V), ROW(WIDE) | ROW(MEM64) },
		{ OP(MOV_LOW), FORM(E_V), ROW(WIDE) | ROW(MEM64) },
		UNDEFINED, UNDEFINED,
	},
	[MOV_HIGH_LOAD] = {			/* MOVHPS, MOVHPD */
		{ OP(MOV_HIGH), FORM(V_E), ROW(WIDE) | ROW(MEM64) },
		{ OP(MOV_HIGH), FORM(V_E), ROW(WIDE) | ROW(MEM64) },
	},
	[MOV_HIGH_STORE] = {
		{ OP(MOV_HIGH), FORM(E_V), ROW(WIDE) | ROW(MEM64) },
		{ OP(MOV_HIGH), FORM(E_V), ROW(WIDE) | ROW(MEM64) },
		UNDEFINED, UNDEFINED,
	},
	[MOV_ALIGNED_LOAD] = {			/* MOVAPS, MOVAPD */
		V_E(ROW(WIDE) | ROW(ALIGNED)), V_E(ROW(WIDE) | ROW(ALIGNED)),
		UNDEFINED, UNDEFINED,
	},
	[MOV_ALIGNED_STORE] = {
		E_V(ROW(WIDE) | ROW(ALIGNED)), E_V(ROW(WIDE) | ROW(ALIGNED)),
		UNDEFINED, UNDEFINED,
	},
	[MOV_NON_TEMPORAL] = {			/* MOVNTPS, MOVNTPD */
		E_V(ROW(WIDE) | ROW(ALIGNED)), E_V(ROW(WIDE) | ROW(ALIGNED)),
	},
	[MOVD_LOAD] = {				/* MOVD, MOVQ */
		{}, V_E(ROW(DWORD)), UNDEFINED, UNDEFINED,
	},
	[MOVDQ_LOAD] = {			/* MOVDQA, MOVDQU */
		{}, V_E(ROW(WIDE) | ROW(ALIGNED)), V_E(ROW(WIDE)), UNDEFINED,
	},
	[MOVD_STORE] = {			/* MOVD, MOVQ; F3: MOVQ, a load */
		{}, E_V(ROW(DWORD)), V_E(ROW(WIDE) | ROW(MEM64)), UNDEFINED,
	},
	[MOVDQ_STORE] = {
		{}, E_V(ROW(WIDE) | ROW(ALIGNED)), E_V(ROW(WIDE)), UNDEFINED,
	},
	[MOVNTI] = {
		{ OP(MOV), FORM(E_G), ROW(DWORD) }, UNDEFINED, UNDEFINED, UNDEFINED,
	},
	[MOVQ_STORE] = {
		UNDEFINED, E_V(ROW(WIDE) | ROW(MEM64)),
	},
	[MOVNTDQ] = {
		{}, E_V(ROW(WIDE) | ROW(ALIGNED)),
	},
	[LDDQU] = {
		UNDEFINED, UNDEFINED, UNDEFINED, V_E(ROW(WIDE)),
	},
	[MOVNTDQA] = {
		UNDEFINED, V_E(ROW(WIDE) | ROW(ALIGNED)), UNDEFINED, UNDEFINED,
	},
	[MOVBE_LOAD] = {
		{ OP(MOVBE), FORM(G_E) }, { OP(MOVBE), FORM(G_E) },
	},
	[MOVBE_STORE] = {
		{ OP(MOVBE), FORM(E_G) }, { OP(MOVBE), FORM(E_G) },
	},
};

/* An operation that is not named here does not touch its destination before it writes it. */
#define MOVES	VHM_OP_WRITES
#define CHANGES	(VHM_OP_READS | VHM_OP_WRITES | VHM_OP_LOCK | VHM_OP_FLAGS)
#define SHIFTS	(VHM_OP_READS | VHM_OP_WRITES | VHM_OP_FLAGS)
#define LOOKS	(VHM_OP_READS | VHM_OP_FLAGS)

const u8 vhm_opcode_flags[VHM_INSN_OPS] = {
	[OP(ADD)] = CHANGES, [OP(OR)] = CHANGES, [OP(ADC)] = CHANGES, [OP(SBB)] = CHANGES,
	[OP(AND)] = CHANGES, [OP(SUB)] = CHANGES, [OP(XOR)] = CHANGES, [OP(CMP)] = LOOKS,
	[OP(MOV)] = MOVES, [OP(MOVSX)] = MOVES, [OP(MOVBE)] = MOVES,
	[OP(TEST)] = LOOKS,
	[OP(NOT)] = VHM_OP_READS | VHM_OP_WRITES | VHM_OP_LOCK,
	[OP(NEG)] = CHANGES, [OP(INC)] = CHANGES, [OP(DEC)] = CHANGES,
	[OP(MUL)] = VHM_OP_FLAGS, [OP(IMUL_WIDE)] = VHM_OP_FLAGS,
	[OP(DIV)] = VHM_OP_FLAGS, [OP(IDIV)] = VHM_OP_FLAGS,
	[OP(IMUL)] = SHIFTS, [OP(IMUL_IMM)] = VHM_OP_WRITES | VHM_OP_FLAGS,
	[OP(ROL)] = SHIFTS, [OP(ROR)] = SHIFTS, [OP(RCL)] = SHIFTS, [OP(RCR)] = SHIFTS,
	[OP(SHL)] = SHIFTS, [OP(SHR)] = SHIFTS, [OP(SAR)] = SHIFTS,
	[OP(SHLD)] = SHIFTS, [OP(SHRD)] = SHIFTS,
	[OP(BT)] = LOOKS, [OP(BTS)] = CHANGES, [OP(BTR)] = CHANGES, [OP(BTC)] = CHANGES,
	[OP(XCHG)] = VHM_OP_READS | VHM_OP_WRITES | VHM_OP_LOCK,
	[OP(XADD)] = CHANGES, [OP(CMPXCHG)] = CHANGES, [OP(CMPXCHG8B)] = CHANGES,
	[OP(SETCC)] = VHM_OP_WRITES | VHM_OP_FLAGS, [OP(CMOVCC)] = SHIFTS,
	[OP(CALL)] = MOVES,
	[OP(MOV_LOW)] = MOVES, [OP(MOV_HIGH)] = MOVES,
};
