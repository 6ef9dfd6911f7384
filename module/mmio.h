/* SPDX-License-Identifier: GPL-2.0 */
/* An emulated instruction on its way through user space. */
#ifndef VHM_MMIO_H
#define VHM_MMIO_H

#include "emulate.h"

/* A page boundary makes two of one access, and user space takes 8 bytes at a time. */
#define VHM_MAX_FRAGMENTS	4

/* The bytes of an instruction, and one that is not looked at. */
union vhm_insn_bytes {
	u8 byte[VHM_INSN_MAX_LENGTH + 1];
	u64 word[2];
};

/*
 * Instructions decoded before. What one means follows from its bytes and the
 * code segment's size alone, and a driver has few that touch its device.
 */
#define VHM_DECODED	8

struct vhm_decoded {
	union vhm_insn_bytes bytes;
	unsigned int bits;		/* 16, 32, 64; 0: nothing here yet */
	struct vhm_insn insn;
};

/* A part of an access that lies in no slot. */
struct vhm_fragment {
	u64 gpa;
	u8 offset;
	u8 length;
};

/* Which of its accesses a MOVS is at; the others have one. */
enum vhm_mmio_step {
	VHM_MMIO_READ,
	VHM_MMIO_WRITE,
};

/**
 * struct vhm_mmio - the instruction whose access user space completes
 * @pending: user space has been asked for fragment @next
 * @insn: the instruction, in @decoded or @odd
 * @rip: where it stands
 * @bits: its code segment's: 16, 32 or 64
 * @step: the access at hand
 * @count: fragments of it
 * @next: the one user space is at
 * @fragment: what lies in no slot, in the order of addresses
 * @data: the access's bytes
 * @decoded: by address
 * @odd: one that was fetched in two parts
 */
struct vhm_mmio {
	bool pending;
	const struct vhm_insn *insn;
	u64 rip;
	u8 bits;
	enum vhm_mmio_step step;
	u8 count;
	u8 next;
	struct vhm_fragment fragment[VHM_MAX_FRAGMENTS];
	u8 data[8];
	struct vhm_decoded decoded[VHM_DECODED];
	struct vhm_insn odd;
};

#endif /* VHM_MMIO_H */
