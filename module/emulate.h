/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The decoder of guest instructions that touch memory which no slot backs (MMIO).
 *
 * Pure code: no kernel state, no allocation, no access to the guest. The caller fetches the
 * bytes, makes the accesses and checks segment limits; this part says what the instruction asks
 * for and what it does to the registers.
 *
 * Registers are numbered as the instruction set numbers them: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP,
 * 5 RBP, 6 RSI, 7 RDI, 8 to 15 R8 to R15. Segment registers: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS.
 */
#ifndef VHM_EMULATE_H
#define VHM_EMULATE_H

#include "portable.h"

/* The longest instruction that the architecture allows, in bytes. */
#define VHM_INSN_MAX_LENGTH 15

/**
 * enum vhm_insn_op - what an instruction does
 * @VHM_INSN_LOAD:      memory to register, with zero or sign extension
 * @VHM_INSN_STORE:     register to memory
 * @VHM_INSN_STORE_IMM: immediate to memory
 * @VHM_INSN_MOVS:      memory at segment:rSI to memory at ES:rDI
 * @VHM_INSN_STOS:      rAX to memory at ES:rDI
 * @VHM_INSN_LODS:      memory at segment:rSI to rAX
 */
enum vhm_insn_op {
	VHM_INSN_LOAD,
	VHM_INSN_STORE,
	VHM_INSN_STORE_IMM,
	VHM_INSN_MOVS,
	VHM_INSN_STOS,
	VHM_INSN_LODS,
};

/**
 * struct vhm_insn - a decoded instruction
 * @op:           what it does, enum vhm_insn_op
 * @length:       of the whole instruction, in bytes, 1 to 15
 * @mem_size:     of one memory access, in bytes: 1, 2, 4 or 8
 * @reg_size:     of the register operand, in bytes: 1, 2, 4 or 8; what a load writes (4 zeroes
 *                the upper half)
 * @sign_extend:  a load extends the sign from @mem_size to @reg_size; zeroes otherwise
 * @reg:          the register operand, 0 to 15; with @high_byte the register that holds it, 0 to
 *                3
 * @high_byte:    the operand is AH, CH, DH or BH: bits 15:8 of @reg
 * @segment:      of the memory operand; of the source for VHM_INSN_MOVS (its destination is in ES
 *                always)
 * @address_size: in bytes: 2, 4 or 8; of the offset, and of rCX, rSI and rDI in the string forms
 * @rep:          a string form with a REP prefix: once for each count in rCX
 * @base:         base register of the address, or -1; rSI or rDI in the string forms
 * @index:        index register of the address, or -1
 * @scale:        what the index is multiplied by: 1, 2, 4 or 8
 * @rip_relative: the address counts from the next instruction
 * @displacement: sign-extended constant of the address; for the moffs forms the whole address
 * @immediate:    what VHM_INSN_STORE_IMM stores, sign-extended
 */
struct vhm_insn {
	u8 op;
	u8 length;
	u8 mem_size;
	u8 reg_size;
	bool sign_extend;
	u8 reg;
	bool high_byte;
	u8 segment;
	u8 address_size;
	bool rep;
	s8 base;
	s8 index;
	u8 scale;
	bool rip_relative;
	s64 displacement;
	u64 immediate;
};

int vhm_insn_decode(struct vhm_insn *insn, const u8 *bytes, size_t count, unsigned int mode);
u64 vhm_insn_offset(const struct vhm_insn *insn, const u64 regs[16], u64 next_rip);
u64 vhm_insn_movs_destination(const struct vhm_insn *insn, const u64 regs[16]);
u64 vhm_insn_count(const struct vhm_insn *insn, const u64 regs[16]);
u64 vhm_insn_store_value(const struct vhm_insn *insn, const u64 regs[16]);
void vhm_insn_load(const struct vhm_insn *insn, u64 regs[16], u64 value);
void vhm_insn_advance(const struct vhm_insn *insn, u64 regs[16], bool backwards);

#endif /* VHM_EMULATE_H */
