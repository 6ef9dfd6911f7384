/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One table of instructions, three ways to run it: decoded and executed in user space
 * (selftests/unit/emulate/execute_test.c), by a processor on memory, and by a hypervisor on
 * memory that the host plays (emulate.c here). All must end as the table says.
 *
 * A window of 64 bytes is the memory that an instruction may touch; a page ends in its middle.
 * What a row does not say is in the registers as CASE() has it, and stays there.
 */
#ifndef SELFTESTS_EMULATE_CASE_H
#define SELFTESTS_EMULATE_CASE_H

#include <stdbool.h>
#include <stdint.h>

/* The window's words of 8 bytes; word 4 begins a page. */
#define WINDOW		0x8fe0u
#define WINDOW_WORDS	8
#define AT(word)	(WINDOW + 8u * (word))

/* What is in all segment registers but CS. */
#define SELECTOR	0x10u

/* Where the instruction stands, and a stack that is outside the window. */
#define CODE		0xf000u
#define STACK		0xdff0u

enum {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
};

/* RFLAGS; undefined flags of a row are not compared. */
#define CF	0x001u
#define PF	0x004u
#define AF	0x010u
#define ZF	0x040u
#define SF	0x080u
#define DF	0x400u
#define OF	0x800u
#define STATUS	(CF | PF | AF | ZF | SF | OF)

/**
 * struct emulate_state - all that an instruction can change
 * @reg: general registers; outside 64-bit mode their lower halves
 * @flags: the flags above
 * @rip: of the instruction; CODE means behind it where it ends
 * @xmm: XMM1
 * @mem: the window
 */
struct emulate_state {
	uint64_t reg[16];
	uint64_t flags;
	uint64_t rip;
	uint64_t xmm[2];
	uint64_t mem[WINDOW_WORDS];
};

/**
 * struct emulate_case - a row
 * @name: the instruction
 * @mode: code segment's size: 16, 32 or 64
 * @count: of @bytes
 * @bytes: the instruction
 * @undefined: flags that the SDM leaves undefined
 * @fault: the instruction raises an exception, and changes nothing
 * @vector: of the exception
 * @before: state before
 * @after: state after
 */
struct emulate_case {
	const char *name;
	unsigned int mode;
	unsigned int count;
	uint8_t bytes[16];
	uint64_t undefined;
	bool fault;
	uint8_t vector;
	struct emulate_state before, after;
};

#define BYTES(...) \
	.count = sizeof((uint8_t[]){ __VA_ARGS__ }), .bytes = { __VA_ARGS__ }

/* The parts of a state. */
#define REG(name, value)	.reg[name] = (value)
#define MEM(word, value)	.mem[word] = (value)
#define FLAGS(value)		.flags = (value)
#define RIP(value)		.rip = (value)
#define XMM(low, high)		.xmm = { (low), (high) }
#define STATE(...)		__VA_ARGS__

/* Everything holds something, so that what must not change is seen to change. */
#define DEFAULT_STATE							\
	REG(RAX, 0x0123456789abcdef), REG(RCX, 0x1122334455667788),	\
	REG(RDX, 0xfedcba9876543210), REG(RBX, AT(2)), REG(RSP, STACK),	\
	REG(RBP, AT(4)), REG(RSI, AT(0)), REG(RDI, AT(5)),		\
	REG(R8, 0x0808080808080808), REG(R9, 0x0909090909090909),	\
	REG(R10, AT(2)), REG(R11, 0x1111111111111111), REG(R12, AT(2)),	\
	REG(R13, AT(2)), REG(R14, 0x1414141414141414),			\
	REG(R15, 0x1515151515151515), RIP(CODE),			\
	XMM(0xa7a6a5a4a3a2a1a0, 0xafaeadacabaaa9a8),			\
	MEM(0, 0x0706050403020100), MEM(1, 0x0f0e0d0c0b0a0908),		\
	MEM(2, 0x1716151413121110), MEM(3, 0x1f1e1d1c1b1a1918),		\
	MEM(4, 0x2726252423222120), MEM(5, 0x2f2e2d2c2b2a2928),		\
	MEM(6, 0x3736353433323130), MEM(7, 0x3f3e3d3c3b3a3938)

/* For a row that needs nothing else before, or changes nothing. */
#define AS_IS			RIP(CODE)

/* What is said to be before and not said to be otherwise after is so after, too. */
#define CASE(mode_, name_, bytes_, before_, after_, ...)		\
	{								\
		.name = name_, .mode = mode_, bytes_,			\
		.before = { DEFAULT_STATE, before_ },			\
		.after = { DEFAULT_STATE, before_, after_ },		\
		__VA_ARGS__						\
	}
#define UNDEFINED(flags_)	.undefined = (flags_)
#define FAULT(vector_)		.fault = true, .vector = (vector_)

/* Where the row ends, which it says only if that is not behind the instruction. */
static inline uint64_t case_end(const struct emulate_case *c)
{
	return c->after.rip == CODE && !c->fault ? CODE + c->count : c->after.rip;
}

/* What of a register can be seen in the row's mode. */
static inline uint64_t case_mask(const struct emulate_case *c)
{
	return c->mode == 64 ? ~0ull : 0xffffffff;
}

#endif /* SELFTESTS_EMULATE_CASE_H */
