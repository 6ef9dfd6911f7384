// SPDX-License-Identifier: GPL-2.0
/* Segments over all addresses, as kernels want to be entered with. */
#include "segments.h"

/**
 * segments_set_flat() - one code segment, and one for everything else
 * @sregs: gets CS, DS, ES, FS, GS and SS
 * @code: selector of the code segment
 * @data: selector of the others
 * @is_64bit: the code is of 64 bits, else of 32
 */
void segments_set_flat(struct kvm_sregs *sregs, uint16_t code, uint16_t data, bool is_64bit)
{
	const struct kvm_segment cs = {
		.selector = code, .limit = 0xffffffff, .type = 11,
		.present = 1, .s = 1, .l = is_64bit, .db = !is_64bit, .g = 1,
	};
	const struct kvm_segment ds = {
		.selector = data, .limit = 0xffffffff, .type = 3,
		.present = 1, .s = 1, .db = 1, .g = 1,
	};

	sregs->cs = cs;
	sregs->ds = ds;
	sregs->es = ds;
	sregs->fs = ds;
	sregs->gs = ds;
	sregs->ss = ds;
}
