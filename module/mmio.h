/* SPDX-License-Identifier: GPL-2.0 */
/* An emulated instruction on its way through user space. */
#ifndef VHM_MMIO_H
#define VHM_MMIO_H

#include "emulate.h"

/* A page boundary makes two of one access. */
#define VHM_MAX_PARTS		2

/* User space takes 8 bytes at a time; 16 bytes in two pages are at most three times that. */
#define VHM_MAX_FRAGMENTS	3

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

/* Consecutive bytes of an access: a page's, or what user space makes at once. */
struct vhm_part {
	u64 gpa;
	u8 offset;			/* in the access */
	u8 length;
};

/**
 * struct vhm_mmio - the instruction whose access user space completes
 * @pending: user space has been asked for fragment @next
 * @shortcut: the access at hand is the first one and is made whole, as fragment 0
 * @hole: the access at hand is known to lie in no slot
 * @bits: the code segment's: 16, 32 or 64
 * @step: the access at hand, enum vhm_step; VHM_STEPS when the instruction is done
 * @fetched: bytes of it in @bytes
 * @parts: how many pages the access at hand lies in
 * @count: fragments of it
 * @next: the one user space is at
 * @bytes: the instruction as fetched
 * @insn: the instruction, in @decoded or @odd
 * @state: its operands
 * @part: the access at hand, page by page
 * @fragment: what of it lies in no slot, in the order of addresses
 * @decoded: by address
 * @odd: one that was fetched in two parts
 */
struct vhm_mmio {
	bool pending;
	bool shortcut;
	bool hole;
	u8 bits;
	u8 step;
	u8 fetched;
	u8 parts;
	u8 count;
	u8 next;
	union vhm_insn_bytes bytes;
	const struct vhm_insn *insn;
	struct vhm_insn_state state;
	struct vhm_part part[VHM_MAX_PARTS];
	struct vhm_part fragment[VHM_MAX_FRAGMENTS];
	struct vhm_decoded decoded[VHM_DECODED];
	struct vhm_insn odd;
};

#endif /* VHM_MMIO_H */
