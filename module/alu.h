/* SPDX-License-Identifier: GPL-2.0 */
/* The arithmetic of instructions and its flags. Pure code. */
#ifndef VHM_ALU_H
#define VHM_ALU_H

#include "portable.h"

/* SDM, volume 1, "EFLAGS Register". */
#define VHM_FLAG_CF	BIT(0)
#define VHM_FLAG_PF	BIT(2)
#define VHM_FLAG_AF	BIT(4)
#define VHM_FLAG_ZF	BIT(6)
#define VHM_FLAG_SF	BIT(7)
#define VHM_FLAG_DF	BIT(10)
#define VHM_FLAG_OF	BIT(11)
#define VHM_FLAGS_STATUS (VHM_FLAG_CF | VHM_FLAG_PF | VHM_FLAG_AF | VHM_FLAG_ZF | VHM_FLAG_SF | \
			  VHM_FLAG_OF)

/* What an operation has changed, beside the flags. */
#define VHM_CHANGED_DESTINATION	BIT(0)
#define VHM_CHANGED_SOURCE	BIT(1)
#define VHM_CHANGED_RAX		BIT(2)
#define VHM_CHANGED_RDX		BIT(3)
#define VHM_CHANGED_RIP		BIT(4)

/**
 * struct vhm_alu - the operands of one operation, and its results in their place
 * @size:        in bytes: 1, 2, 4 or 8; bits above it are 0 in all operands but @rax
 * @changed:     VHM_CHANGED_*: which of them are results
 * @divide_error: #DE: a division by 0, or a quotient that does not fit
 * @destination: first operand
 * @source:      second operand
 * @count:       of a shift; the condition of SETcc and CMOVcc; the third operand of IMUL
 * @rax:         the accumulator; where @size is 1, AX
 * @rdx:         the upper half, where the accumulator and it make one number
 * @flags:       RFLAGS
 * @rip:         the next instruction
 */
struct vhm_alu {
	u8 size;
	u8 changed;
	bool divide_error;
	u64 destination;
	u64 source;
	u64 count;
	u64 rax;
	u64 rdx;
	u64 flags;
	u64 rip;
};

static inline u64 vhm_size_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

static inline u64 vhm_extend_sign(u64 value, unsigned int size)
{
	u64 sign = 1ULL << (8 * size - 1);

	return ((value & vhm_size_mask(size)) ^ sign) - sign;
}

/* Each takes and gives what struct vhm_alu says; the name is the instruction's. */
void vhm_alu_add(struct vhm_alu *a);
void vhm_alu_or(struct vhm_alu *a);
void vhm_alu_adc(struct vhm_alu *a);
void vhm_alu_sbb(struct vhm_alu *a);
void vhm_alu_and(struct vhm_alu *a);
void vhm_alu_sub(struct vhm_alu *a);
void vhm_alu_xor(struct vhm_alu *a);
void vhm_alu_cmp(struct vhm_alu *a);
void vhm_alu_test(struct vhm_alu *a);
void vhm_alu_not(struct vhm_alu *a);
void vhm_alu_neg(struct vhm_alu *a);
void vhm_alu_inc(struct vhm_alu *a);
void vhm_alu_dec(struct vhm_alu *a);
void vhm_alu_rol(struct vhm_alu *a);
void vhm_alu_ror(struct vhm_alu *a);
void vhm_alu_rcl(struct vhm_alu *a);
void vhm_alu_rcr(struct vhm_alu *a);
void vhm_alu_shl(struct vhm_alu *a);
void vhm_alu_shr(struct vhm_alu *a);
void vhm_alu_sar(struct vhm_alu *a);
void vhm_alu_shld(struct vhm_alu *a);
void vhm_alu_shrd(struct vhm_alu *a);
void vhm_alu_bt(struct vhm_alu *a);
void vhm_alu_bts(struct vhm_alu *a);
void vhm_alu_btr(struct vhm_alu *a);
void vhm_alu_btc(struct vhm_alu *a);
void vhm_alu_mul(struct vhm_alu *a);
void vhm_alu_imul_wide(struct vhm_alu *a);
void vhm_alu_imul(struct vhm_alu *a);
void vhm_alu_imul_imm(struct vhm_alu *a);
void vhm_alu_div(struct vhm_alu *a);
void vhm_alu_idiv(struct vhm_alu *a);
void vhm_alu_xadd(struct vhm_alu *a);
void vhm_alu_cmpxchg(struct vhm_alu *a);
bool vhm_alu_condition(u64 flags, unsigned int condition);

#endif /* VHM_ALU_H */
