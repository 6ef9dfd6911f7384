/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The emulation of guest instructions that touch memory which no slot backs (MMIO).
 *
 * Pure code: no kernel state, no allocation, no access to the guest. opcode.c says what each
 * opcode is, decode.c makes a struct vhm_insn of an instruction's bytes, execute.c does with the
 * operands what the instruction says, by the arithmetic of alu.c. The caller fetches the bytes
 * and makes the accesses, with every check of segments and pages.
 *
 * An instruction makes at most three accesses, in this order: two reads, and a write. All that is
 * computed is computed between the last read and the write.
 *
 * Registers are numbered as the instruction set numbers them: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP,
 * 5 RBP, 6 RSI, 7 RDI, 8 to 15 R8 to R15. Segment registers: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS.
 */
#ifndef VHM_EMULATE_H
#define VHM_EMULATE_H

#include "alu.h"
#include "portable.h"

/* The longest instruction that the architecture allows, in bytes. */
#define VHM_INSN_MAX_LENGTH 15

/* What an instruction does with its operands; the name of the instruction, as a rule. */
enum vhm_insn_op {
	/* As the reg field of 80 to 83 and bits 5:3 of 00 to 3D number them. */
	VHM_INSN_ADD, VHM_INSN_OR, VHM_INSN_ADC, VHM_INSN_SBB,
	VHM_INSN_AND, VHM_INSN_SUB, VHM_INSN_XOR, VHM_INSN_CMP,
	VHM_INSN_MOV,		/* also MOVZX, and every PUSH and POP */
	VHM_INSN_MOVSX,
	VHM_INSN_MOVBE,
	VHM_INSN_TEST,
	VHM_INSN_NOT, VHM_INSN_NEG, VHM_INSN_INC, VHM_INSN_DEC,
	VHM_INSN_MUL, VHM_INSN_IMUL_WIDE, VHM_INSN_DIV, VHM_INSN_IDIV,
	VHM_INSN_IMUL,		/* of two operands */
	VHM_INSN_IMUL_IMM,	/* of three */
	VHM_INSN_ROL, VHM_INSN_ROR, VHM_INSN_RCL, VHM_INSN_RCR,
	VHM_INSN_SHL, VHM_INSN_SHR, VHM_INSN_SAR,
	VHM_INSN_SHLD, VHM_INSN_SHRD,
	VHM_INSN_BT, VHM_INSN_BTS, VHM_INSN_BTR, VHM_INSN_BTC,
	VHM_INSN_XCHG, VHM_INSN_XADD, VHM_INSN_CMPXCHG,
	VHM_INSN_CMPXCHG8B,	/* also CMPXCHG16B */
	VHM_INSN_SETCC, VHM_INSN_CMOVCC,
	VHM_INSN_CALL, VHM_INSN_JMP, VHM_INSN_RET,
	VHM_INSN_MOV_LOW,	/* MOVLPS, MOVLPD: the other half of the XMM register stays */
	VHM_INSN_MOV_HIGH,	/* MOVHPS, MOVHPD */
	VHM_INSN_OPS		/* how many there are */
};

/* Where an operand is. */
enum vhm_operand {
	VHM_OPERAND_NONE,
	VHM_OPERAND_REGISTER,
	VHM_OPERAND_MEMORY,	/* what is read first, or what is written */
	VHM_OPERAND_SECOND,	/* memory: what is read second */
	VHM_OPERAND_IMMEDIATE,
	VHM_OPERAND_RELATIVE,	/* the immediate, counted from the next instruction */
	VHM_OPERAND_SELECTOR,	/* a segment register's */
	VHM_OPERAND_XMM,
};

/* Where in memory an access goes. */
enum vhm_place {
	VHM_PLACE_NONE,
	VHM_PLACE_ADDRESS,	/* segment, base, index, displacement; rSI of string instructions */
	VHM_PLACE_STRING,	/* ES:rDI */
	VHM_PLACE_STACK,	/* SS:rSP: read by POP, or written by PUSH */
	VHM_PLACE_FRAME,	/* SS:rBP, read by LEAVE */
};

/* A repeat prefix, and what it looks at. */
enum vhm_repeat {
	VHM_REPEAT_NONE,
	VHM_REPEAT_EQUAL,	/* F3: REP, REPE */
	VHM_REPEAT_NOT_EQUAL,	/* F2: REPNE */
};

/* The accesses of an instruction, in their order; an index of vhm_insn.place. */
enum vhm_step {
	VHM_STEP_READ,
	VHM_STEP_READ_SECOND,
	VHM_STEP_WRITE,
	VHM_STEPS		/* how many there are */
};

/* Fields of struct vhm_insn_state that not every instruction needs. */
#define VHM_NEEDS_RFLAGS	BIT(0)
#define VHM_NEEDS_STACK_SIZE	BIT(1)
#define VHM_NEEDS_SELECTOR	BIT(2)
#define VHM_NEEDS_XMM		BIT(3)

/**
 * struct vhm_insn - a decoded instruction
 * @op:           what it does, enum vhm_insn_op
 * @length:       of the whole instruction, in bytes, 1 to 15
 * @size:         of the operation and of the register operand, in bytes: 1, 2, 4, 8 or 16
 * @mem_size:     of one memory access, in bytes: 1, 2, 4, 8 or 16
 * @destination:  the operand that is changed or, if none is, the first; enum vhm_operand
 * @source:       the other one
 * @place:        where its accesses go, by enum vhm_step; enum vhm_place
 * @plain:        MOV, MOVZX or MOVSX between a general register or an immediate and
 *                VHM_PLACE_ADDRESS: what nearly every access to a device is
 * @one_place:    it reads at most 8 bytes at VHM_PLACE_ADDRESS, writes there or nowhere, and works
 *                on general registers and RFLAGS alone: what a driver does to a register's bits
 * @modify:       what is written at VHM_STEP_WRITE is what was read at VHM_STEP_READ
 * @needs:        VHM_NEEDS_*: what it looks at or changes beside the general registers
 * @string:       a string instruction
 * @aligned:      its memory operand must be aligned to its size, or else #GP
 * @bit_string:   the register operand is a bit offset from the address
 * @count_in_cl:  the count of a shift is in CL; it is the immediate otherwise
 * @reg:          the register operand, 0 to 15, an XMM or segment register too; with @high_byte
 *                the register that holds it, 0 to 3
 * @high_byte:    the operand is AH, CH, DH or BH: bits 15:8 of @reg
 * @repeat:       of a string instruction: once for each count in rCX; enum vhm_repeat
 * @segment:      of VHM_PLACE_ADDRESS
 * @address_size: in bytes: 2, 4 or 8; of the offset, and of rCX, rSI and rDI in the string forms
 * @base:         base register of the address, or -1
 * @index:        index register of the address, or -1
 * @scale:        what the index is multiplied by: 1, 2, 4 or 8
 * @rip_relative: the address counts from the next instruction
 * @displacement: sign-extended constant of the address; for the moffs forms the whole address
 * @immediate:    sign-extended constant; the condition of SETcc and CMOVcc; the count of a shift
 */
struct vhm_insn {
	u8 op;
	u8 length;
	u8 size;
	u8 mem_size;
	u8 destination;
	u8 source;
	u8 place[VHM_STEPS];
	bool plain;
	bool one_place;
	bool modify;
	u8 needs;
	bool string;
	bool aligned;
	bool bit_string;
	bool count_in_cl;
	u8 reg;
	bool high_byte;
	u8 repeat;
	u8 segment;
	u8 address_size;
	s8 base;
	s8 index;
	u8 scale;
	bool rip_relative;
	s64 displacement;
	u64 immediate;
};

/* What one access can move, in little endian. */
union vhm_value {
	u8 byte[16];
	u64 word[2];
};

/**
 * struct vhm_insn_state - what an instruction works on
 * @regs:       the guest's general registers; changed by vhm_insn_commit() alone
 * @rip:        where the instruction stands
 * @rflags:     the guest's; changed by vhm_insn_commit() alone
 * @stack_size: the part of rSP that addresses the stack, in bytes: 2, 4 or 8
 * @selector:   of segment register @reg
 * @xmm:        XMM register @reg, before and after
 * @value:      by enum vhm_step, what was read (its upper bytes 0) or is to be written
 * @alu:        what vhm_insn_execute() has found out
 */
struct vhm_insn_state {
	u64 *regs;
	u64 rip;
	u64 rflags;
	u8 stack_size;
	u16 selector;
	union vhm_value xmm;
	union vhm_value value[VHM_STEPS];
	struct vhm_alu alu;
};

/* A logical address: where an access begins. */
struct vhm_insn_address {
	u8 segment;
	u64 offset;
};

/* decode.c */
int vhm_insn_decode(struct vhm_insn *insn, const u8 *bytes, size_t count, unsigned int mode);

/* execute.c */
struct vhm_insn_address vhm_insn_address(const struct vhm_insn *insn,
					 const struct vhm_insn_state *state, enum vhm_step step);
bool vhm_insn_is_due(const struct vhm_insn *insn, const u64 regs[16]);
bool vhm_insn_is_done(const struct vhm_insn *insn, const struct vhm_insn_state *state);
int vhm_insn_execute(const struct vhm_insn *insn, struct vhm_insn_state *state);
void vhm_insn_commit(const struct vhm_insn *insn, struct vhm_insn_state *state);
u64 vhm_insn_store(const struct vhm_insn *insn, const u64 regs[16]);
void vhm_insn_load(const struct vhm_insn *insn, u64 regs[16], u64 value);

#endif /* VHM_EMULATE_H */
