// SPDX-License-Identifier: GPL-2.0
/*
 * What runs inside a long-mode guest besides the test's own function.
 */
#include "guest.h"

volatile struct guest_trap guest_trap;
volatile uint64_t guest_fixup;
void (*volatile guest_handler[256])(struct guest_frame *frame);

/**
 * guest_report() - tell the host, and wait until it lets us go on
 * @word: one of enum guest_word
 * @file: where in the source
 * @line: where in the source
 * @what: the condition, or a name
 * @a: first value
 * @b: second value
 */
__guest void guest_report(uint32_t word, const char *file, uint32_t line,
			  const char *what, uint64_t a, uint64_t b)
{
	struct guest_report report = {
		.word = word,
		.line = line,
		.file = file,
		.what = what,
		.value = { a, b, guest_trap.vector, guest_trap.rip },
	};

	outl(GUEST_PORT, (uint32_t)(uintptr_t)&report);
}

void guest_exception(struct guest_frame *frame);

/* Called by vectors.S for every exception and interrupt. */
__guest void guest_exception(struct guest_frame *frame)
{
	guest_trap.vector = frame->vector;
	guest_trap.error = frame->error;
	guest_trap.rip = frame->rip;
	guest_trap.rflags = frame->rflags;
	guest_trap.cr2 = read_cr2();
	guest_trap.count++;
	if (guest_handler[frame->vector & 0xff]) {
		guest_handler[frame->vector & 0xff](frame);
	} else if (guest_fixup) {
		frame->rip = guest_fixup;
		guest_fixup = 0;
	} else {
		guest_report(GUEST_HAS_FAILED, __FILE__, __LINE__,
			     "unexpected exception (vector, error, vector, rip)",
			     frame->vector, frame->error);
	}
}
