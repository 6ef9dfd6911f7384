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

static void return_to_kernel(struct guest_frame *frame)
{
	frame->rip = (uintptr_t)guest_leave_user;
	frame->cs = SEL_CODE64;
	frame->ss = SEL_DATA;
	frame->rsp = guest_kernel_rsp;
	frame->rflags = 2;
}

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
	} else if (frame->cs & 3) {
		return_to_kernel(frame);
	} else {
		guest_report(GUEST_HAS_FAILED, __FILE__, __LINE__,
			     "unexpected exception (vector, error, vector, rip)",
			     frame->vector, frame->error);
	}
}

/**
 * guest_run_user() - run a function in ring 3
 * @fn: the function; it does not return, but ends with an exception
 * @rflags: its flags
 *
 * Return: the vector of what ended it; see guest_trap for the rest.
 */
__guest uint64_t guest_run_user(void (*fn)(void), uint64_t rflags)
{
	guest_trap.vector = NO_TRAP;
	guest_enter_user(fn, rflags | 2);
	return guest_trap.vector;
}

/**
 * guest_set_gate() - change a gate of the IDT
 * @n: its vector
 * @dpl: who may call it by INT n
 * @ist: its stack: 0, or 1 for the one at VM_IST1
 */
__guest void guest_set_gate(unsigned int n, unsigned int dpl, unsigned int ist)
{
	volatile uint64_t *gate = (uint64_t *)(uintptr_t)(VM_IDT + n * 16);

	gate[0] = (gate[0] & ~(7ull << 32 | 3ull << 45)) |
		  (uint64_t)ist << 32 | (uint64_t)dpl << 45;
}
