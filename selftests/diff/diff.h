/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs that run on KVM and on vhm, and what was seen of them.
 *
 * stream.c makes a program of a seed, from the instructions of table.c; programs.c has those that
 * were written by hand. world.c is the memory and the state that it begins with, play.c runs it
 * and notes each exit, compare.c looks for differences, reasons.c for their reasons in a file.
 */
#ifndef SELFTESTS_DIFF_DIFF_H
#define SELFTESTS_DIFF_DIFF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "layout.h"
#include "vm.h"

#define MAX_INSNS	48
#define MAX_CODE	0x400
#define MAX_EXITS	40
#define MAX_MSRS	24

enum mode {
	MODE_REAL, MODE_VM86, MODE_PROTECTED16, MODE_PROTECTED32, MODE_PAGED32, MODE_PAE,
	MODE_COMPATIBLE, MODE_LONG, MODES
};

#define IN(mode)	(1u << MODE_##mode)
#define EVERYWHERE	((1u << MODES) - 1)
#define LONG_MODES	(IN(COMPATIBLE) | IN(LONG))
#define PAGED		(IN(VM86) | IN(PAGED32) | IN(PAE) | LONG_MODES)
#define SMALL		(IN(REAL) | IN(VM86) | IN(PROTECTED16))
#define NOT_LONG	(EVERYWHERE & ~IN(LONG))
#define SELECTORS	(EVERYWHERE & ~(IN(REAL) | IN(VM86)))

extern const char * const mode_names[MODES];

/**
 * struct program - what is run
 * @name: of one written by hand, or NULL
 * @seed: what it was made of
 * @mode: the processor's mode at its begin
 * @user: in ring 3
 * @size: bytes of @code
 * @code: at AT_CODE
 * @count: instructions
 * @start: where each of them begins in @code
 * @insn: their names
 * @cr0: bits beyond the mode's own
 * @cr4: likewise
 * @rflags: likewise
 * @efer: likewise
 * @reg: general registers but RSP, in the order of struct kvm_regs
 * @nmi: one waits at the begin
 * @vector: of an external interrupt that waits, or 0
 */
struct program {
	const char *name;
	uint64_t seed;
	enum mode mode;
	bool user;
	unsigned int size;
	uint8_t code[MAX_CODE];
	unsigned int count;
	uint16_t start[MAX_INSNS + 1];
	const char *insn[MAX_INSNS];
	uint64_t cr0, cr4, rflags, efer;
	uint64_t reg[16];
	bool nmi;
	uint8_t vector;
};

/* One instruction of the table; see stream.c for its language. */
struct insn {
	const char *name;
	unsigned int modes;
	const char *bytes;
};

extern const struct insn insns[];
extern const unsigned int nr_insns;

/* A generator of numbers: the same ones for the same seed, everywhere. */
struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);
unsigned int random_below(struct random *r, unsigned int limit);

/* What kind of exit, and what its numbers in struct seen_exit are. */
enum seen_kind {
	SEEN_NOTHING,
	SEEN_EXCEPTION,		/* vector, error code, saved RIP, CS and RFLAGS */
	SEEN_OUT,		/* port, size, count, the data */
	SEEN_IN,		/* port, size, count */
	SEEN_MMIO_READ,		/* address, length */
	SEEN_MMIO_WRITE,	/* address, length, data */
	SEEN_HLT,
	SEEN_SHUTDOWN,
	SEEN_INTERRUPT_WINDOW,
	SEEN_FAIL_ENTRY,	/* hardware reason */
	SEEN_INTERNAL_ERROR,	/* suberror */
	SEEN_ERRNO,		/* what KVM_RUN failed with */
	SEEN_OTHER,		/* exit reason */
	SEEN_END,		/* the program is done */
	SEEN_KINDS
};

extern const char * const seen_names[SEEN_KINDS];

#define SEEN_NUMBERS	5

struct seen_exit {
	uint32_t kind;
	uint32_t insn;		/* index of the instruction that it belongs to */
	uint64_t number[SEEN_NUMBERS];
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
};

struct final_state {
	struct kvm_fpu fpu;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
	uint64_t msr[MAX_MSRS];
	uint64_t memory;	/* hash of slot 0 and of the read-only one */
};

struct result {
	uint64_t seed;
	uint32_t count;
	struct seen_exit seen[MAX_EXITS + 1];	/* behind the last is nothing */
	struct final_state end;
};

/* stream.c */
void stream_make(struct program *p, uint64_t seed);

/* programs.c */
extern const unsigned int nr_programs;
void program_get(struct program *p, unsigned int number);

/* world.c */
struct world {
	struct vm vm;
	struct vcpu cpu;
	uint8_t *rom;
};

extern const uint32_t world_msrs[];
extern const unsigned int nr_world_msrs;
void world_open(struct world *w);
void world_close(struct world *w);
void world_reset(struct world *w, const struct program *p);
void world_restart(struct world *w, const struct program *p, uint64_t rip);
uint64_t world_hash(const struct world *w);

/* play.c */
void play(struct world *w, const struct program *p, struct result *result);

/*
 * The words of a difference: mode, instruction, what, and its value on KVM and on vhm. See
 * Documentation/testing.rst, "Programs on both".
 */
#define DIFFERENCE_WORDS	5

/* Where a comparison goes on behind a difference. */
enum behind {
	GO_ON,			/* what is behind it shall be the same again */
	DROP_EXIT,		/* KVM has an exit more, and this is it */
	SKIP_INSTRUCTION,	/* likewise behind this instruction */
	STOP,			/* the rest is its consequence */
};

/* reasons.c */
struct known;
struct known *known_read(const char *path);
bool known_find(struct known *known, const char *const word[DIFFERENCE_WORDS], enum behind *behind);
unsigned int known_unused(const struct known *known);
void known_free(struct known *known);

/* compare.c */
enum verdict { SAME, KNOWN, DIFFERENT };

enum verdict compare(const struct program *p, const struct result *kvm,
		     const struct result *vhm, struct known *known);
void print_result(FILE *to, const struct program *p, const struct result *result);

#endif /* SELFTESTS_DIFF_DIFF_H */
