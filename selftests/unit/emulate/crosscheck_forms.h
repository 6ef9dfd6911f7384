/* SPDX-License-Identifier: GPL-2.0 */
/* The instructions of the cross-check that have a memory operand in ModRM. */
#ifndef VHM_CROSSCHECK_FORMS_H
#define VHM_CROSSCHECK_FORMS_H

#include "../../../module/emulate.h"

/* The operands of a form as the assembler writes them, the destination last. */
enum kind {
	REG_MEM,		/* register to memory, and so on */
	MEM_REG,
	IMM_MEM,
	MEM,			/* memory alone, as a destination */
	SRC_MEM,		/* memory alone, as a source */
	CL_MEM,
	IMM_REG_MEM,		/* SHLD, SHRD */
	CL_REG_MEM,
	IMM_MEM_REG,		/* IMUL */
	XMM_MEM,
	MEM_XMM,
};

/* An instruction with one memory operand in ModRM. */
struct form {
	const char *mnemonic;
	u8 kind;
	u8 op;
	u8 size;
	u8 mem_size;
	u8 access;		/* to memory: READS, WRITES */
	bool only64;
	u8 constant;		/* the condition; or bytes of an immediate that is not @size */
};

enum { READS = 1, WRITES = 2, CHANGES = READS | WRITES };

#define FORM(mnemonic, kind, op, size, mem_size, ...) \
	{ mnemonic, kind, VHM_INSN_##op, size, mem_size, __VA_ARGS__ }
#define WLQ(name, kind, op, access, ...) \
	FORM(name "w", kind, op, 2, 2, access, false, ##__VA_ARGS__), \
	FORM(name "l", kind, op, 4, 4, access, false, ##__VA_ARGS__), \
	FORM(name "q", kind, op, 8, 8, access, true, ##__VA_ARGS__)
#define BWLQ(name, kind, op, access, ...) \
	FORM(name "b", kind, op, 1, 1, access, false, ##__VA_ARGS__), \
	WLQ(name, kind, op, access, ##__VA_ARGS__)
#define ALU(name, op, access) \
	BWLQ(name, REG_MEM, op, access), BWLQ(name, MEM_REG, op, READS), \
	BWLQ(name, IMM_MEM, op, access)
#define SHIFT(name, op) \
	BWLQ(name, IMM_MEM, op, CHANGES, 1), BWLQ(name, CL_MEM, op, CHANGES)
#define BITS(name, op, access) \
	WLQ(name, REG_MEM, op, access), WLQ(name, IMM_MEM, op, access, 1)
#define XMM(name, bytes) \
	FORM(name, XMM_MEM, MOV, 16, bytes, WRITES), FORM(name, MEM_XMM, MOV, 16, bytes, READS)
#define HALF(name, op) \
	FORM(name, XMM_MEM, op, 16, 8, WRITES), FORM(name, MEM_XMM, op, 16, 8, READS)
#define CONDITION(name, number) \
	FORM("set" name, MEM, SETCC, 1, 1, WRITES, false, number), \
	FORM("cmov" name "w", MEM_REG, CMOVCC, 2, 2, READS, false, number), \
	FORM("cmov" name "l", MEM_REG, CMOVCC, 4, 4, READS, false, number), \
	FORM("cmov" name "q", MEM_REG, CMOVCC, 8, 8, READS, true, number)

static const struct form forms[] = {
	BWLQ("mov", REG_MEM, MOV, WRITES), BWLQ("mov", MEM_REG, MOV, READS),
	BWLQ("mov", IMM_MEM, MOV, WRITES),
	FORM("movzbw", MEM_REG, MOV, 2, 1, READS),
	FORM("movzbl", MEM_REG, MOV, 4, 1, READS),
	FORM("movzbq", MEM_REG, MOV, 8, 1, READS, true),
	FORM("movzwl", MEM_REG, MOV, 4, 2, READS),
	FORM("movzwq", MEM_REG, MOV, 8, 2, READS, true),
	FORM("movsbw", MEM_REG, MOVSX, 2, 1, READS),
	FORM("movsbl", MEM_REG, MOVSX, 4, 1, READS),
	FORM("movsbq", MEM_REG, MOVSX, 8, 1, READS, true),
	FORM("movswl", MEM_REG, MOVSX, 4, 2, READS),
	FORM("movswq", MEM_REG, MOVSX, 8, 2, READS, true),
	FORM("movslq", MEM_REG, MOVSX, 8, 4, READS, true),
	WLQ("movbe", REG_MEM, MOVBE, WRITES), WLQ("movbe", MEM_REG, MOVBE, READS),
	FORM("movntil", REG_MEM, MOV, 4, 4, WRITES),
	FORM("movntiq", REG_MEM, MOV, 8, 8, WRITES, true),
	ALU("add", ADD, CHANGES), ALU("or", OR, CHANGES), ALU("adc", ADC, CHANGES),
	ALU("sbb", SBB, CHANGES), ALU("and", AND, CHANGES), ALU("sub", SUB, CHANGES),
	ALU("xor", XOR, CHANGES), ALU("cmp", CMP, READS),
	BWLQ("lock add", REG_MEM, ADD, CHANGES), BWLQ("lock sub", IMM_MEM, SUB, CHANGES),
	BWLQ("lock inc", MEM, INC, CHANGES), BWLQ("lock not", MEM, NOT, CHANGES),
	BWLQ("test", REG_MEM, TEST, READS), BWLQ("test", IMM_MEM, TEST, READS),
	BWLQ("not", MEM, NOT, CHANGES), BWLQ("neg", MEM, NEG, CHANGES),
	BWLQ("inc", MEM, INC, CHANGES), BWLQ("dec", MEM, DEC, CHANGES),
	BWLQ("mul", SRC_MEM, MUL, READS), BWLQ("imul", SRC_MEM, IMUL_WIDE, READS),
	BWLQ("div", SRC_MEM, DIV, READS), BWLQ("idiv", SRC_MEM, IDIV, READS),
	WLQ("imul", MEM_REG, IMUL, READS), WLQ("imul", IMM_MEM_REG, IMUL_IMM, READS),
	SHIFT("rol", ROL), SHIFT("ror", ROR), SHIFT("rcl", RCL), SHIFT("rcr", RCR),
	SHIFT("shl", SHL), SHIFT("shr", SHR), SHIFT("sar", SAR),
	WLQ("shld", IMM_REG_MEM, SHLD, CHANGES, 1), WLQ("shld", CL_REG_MEM, SHLD, CHANGES),
	WLQ("shrd", IMM_REG_MEM, SHRD, CHANGES, 1), WLQ("shrd", CL_REG_MEM, SHRD, CHANGES),
	BITS("bt", BT, READS), BITS("bts", BTS, CHANGES), BITS("btr", BTR, CHANGES),
	BITS("lock btc", BTC, CHANGES),
	BWLQ("xchg", REG_MEM, XCHG, CHANGES), BWLQ("lock xadd", REG_MEM, XADD, CHANGES),
	BWLQ("cmpxchg", REG_MEM, CMPXCHG, CHANGES),
	BWLQ("lock cmpxchg", REG_MEM, CMPXCHG, CHANGES),
	FORM("cmpxchg8b", MEM, CMPXCHG8B, 8, 8, CHANGES),
	FORM("lock cmpxchg16b", MEM, CMPXCHG8B, 16, 16, CHANGES, true),
	CONDITION("o", 0), CONDITION("no", 1), CONDITION("b", 2), CONDITION("ae", 3),
	CONDITION("e", 4), CONDITION("ne", 5), CONDITION("be", 6), CONDITION("a", 7),
	CONDITION("s", 8), CONDITION("ns", 9), CONDITION("p", 10), CONDITION("np", 11),
	CONDITION("l", 12), CONDITION("ge", 13), CONDITION("le", 14), CONDITION("g", 15),
	XMM("movups", 16), XMM("movupd", 16), XMM("movss", 4), XMM("movsd", 8),
	XMM("movaps", 16), XMM("movapd", 16), XMM("movdqa", 16), XMM("movdqu", 16),
	XMM("movq", 8),
	FORM("movd", XMM_MEM, MOV, 4, 4, WRITES), FORM("movd", MEM_XMM, MOV, 4, 4, READS),
	FORM("movntps", XMM_MEM, MOV, 16, 16, WRITES),
	FORM("movntpd", XMM_MEM, MOV, 16, 16, WRITES),
	FORM("movntdq", XMM_MEM, MOV, 16, 16, WRITES),
	FORM("movntdqa", MEM_XMM, MOV, 16, 16, READS),
	FORM("lddqu", MEM_XMM, MOV, 16, 16, READS),
	HALF("movlps", MOV_LOW), HALF("movlpd", MOV_LOW),
	HALF("movhps", MOV_HIGH), HALF("movhpd", MOV_HIGH),
};

#endif /* VHM_CROSSCHECK_FORMS_H */
