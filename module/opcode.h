/* SPDX-License-Identifier: GPL-2.0 */
/* The opcode tables, between opcode.c and decode.c. */
#ifndef VHM_OPCODE_H
#define VHM_OPCODE_H

#include "emulate.h"

/*
 * The operands of a row, the destination first, in the letters of the SDM, volume 2, appendix A,
 * "Codes for Addressing Method": E ModRM's register or memory, G its register field, S that as a
 * segment register, V that as an XMM register, O a constant address, I an immediate, J one
 * counted from the next instruction, A the accumulator, X memory at rSI, Y at ES:rDI, K the
 * stack, Z a register in the opcode's lowest bits.
 */
enum vhm_form {
	VHM_FORM_NONE,		/* not emulated */
	VHM_FORM_UNDEFINED,	/* the processor raises #UD */
	VHM_FORM_REGISTER,	/* not emulated without a memory operand, #UD with one */
	VHM_FORM_GROUP,		/* ModRM's reg field chooses among vhm_opcode_groups[op] */
	VHM_FORM_PREFIX,	/* the last of 66, F3, F2 does, among vhm_opcode_prefixes[op] */
	VHM_FORM_E_G,
	VHM_FORM_G_E,
	VHM_FORM_E_I,
	VHM_FORM_E,		/* one operand, which is changed */
	VHM_FORM_FROM_E,	/* one operand, which is not */
	VHM_FORM_E_S,
	VHM_FORM_O_A,
	VHM_FORM_A_O,
	VHM_FORM_Y_X,
	VHM_FORM_X_Y,
	VHM_FORM_Y_A,
	VHM_FORM_A_X,
	VHM_FORM_A_Y,
	VHM_FORM_V_E,
	VHM_FORM_E_V,
	VHM_FORM_K_E,
	VHM_FORM_E_K,
	VHM_FORM_K_Z,
	VHM_FORM_Z_K,
	VHM_FORM_K_I,
	VHM_FORM_K_J,
	VHM_FORM_K_S,		/* the segment register is in bits 5:3 of the opcode */
	VHM_FORM_FROM_K,
	VHM_FORM_LEAVE,
	VHM_FORMS		/* how many there are */
};

/* What else a row says. */
enum {
	VHM_ROW_BYTE	= BIT(0),	/* the operation is on bytes */
	VHM_ROW_DWORD	= BIT(1),	/* ... on 4 bytes, or 8 with REX.W */
	VHM_ROW_WIDE	= BIT(2),	/* ... on 16 bytes */
	VHM_ROW_DOUBLE	= BIT(3),	/* ... on 8 bytes, or 16 with REX.W */
	VHM_ROW_STACK	= BIT(4),	/* ... on 8 bytes in 64-bit mode, or 2 with prefix 66 */
	VHM_ROW_BRANCH	= BIT(5),	/* ... on 8 bytes in 64-bit mode */
	VHM_ROW_MEM8	= BIT(6),	/* memory is 1 byte, whatever the operation's size */
	VHM_ROW_MEM16	= BIT(7),	/* 2 bytes */
	VHM_ROW_MEM32	= BIT(8),	/* 4 bytes, or 2 where the operation has 2 */
	VHM_ROW_MEM64	= BIT(9),	/* 8 bytes */
	VHM_ROW_IMM	= BIT(10),	/* an immediate of the operation's size, at most 4 bytes */
	VHM_ROW_IMM8	= BIT(11),	/* an immediate of 1 byte */
	VHM_ROW_IMM16	= BIT(12),	/* an immediate of 2 bytes, not extended */
	VHM_ROW_ONE	= BIT(13),	/* a shift by 1 */
	VHM_ROW_CL	= BIT(14),	/* a shift by CL */
	VHM_ROW_CONDITION = BIT(15),	/* a condition in the opcode's lowest bits */
	VHM_ROW_BITS	= BIT(16),	/* the register operand reaches beyond the memory operand */
	VHM_ROW_ALIGNED	= BIT(17),	/* #GP unless 16 bytes of memory are aligned */
	VHM_ROW_ONLY64	= BIT(18),	/* another instruction outside 64-bit mode */
	VHM_ROW_NOT64	= BIT(19),	/* #UD in 64-bit mode */
};

struct vhm_opcode {
	u8 op;
	u8 form;
	u32 flags;
};

/* What is true of an operation wherever it appears. */
enum {
	VHM_OP_READS	= BIT(0),	/* its destination, before it writes there */
	VHM_OP_WRITES	= BIT(1),	/* its destination */
	VHM_OP_LOCK	= BIT(2),	/* may have LOCK if the destination is memory */
	VHM_OP_FLAGS	= BIT(3),	/* looks at RFLAGS or changes it */
};

/* Rows of vhm_opcode_prefixes: without a prefix, and with one. */
enum {
	VHM_PREFIX_NONE, VHM_PREFIX_66, VHM_PREFIX_F3, VHM_PREFIX_F2, VHM_PREFIXES
};

extern const struct vhm_opcode vhm_opcode_one_byte[256];
extern const struct vhm_opcode vhm_opcode_two_byte[256];
extern const struct vhm_opcode vhm_opcode_groups[][8];
extern const struct vhm_opcode vhm_opcode_prefixes[][VHM_PREFIXES];
extern const u8 vhm_opcode_flags[VHM_INSN_OPS];

const struct vhm_opcode *vhm_opcode_three_byte(u8 byte);

#endif /* VHM_OPCODE_H */
