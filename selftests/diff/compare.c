// SPDX-License-Identifier: GPL-2.0
/*
 * Two results of the same program: what is different, and which of that has a reason.
 *
 * The first exit that differs counts. What comes behind it is its consequence.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define MAX_KNOWN	64
#define MAX_TEXT	200

/* A line of the file: patterns, and how often they were the reason. */
struct known_line {
	char text[MAX_TEXT];
	char *pattern[5];	/* mode, instruction, what, KVM's value, vhm's value */
	unsigned int used;
};

struct known {
	struct known_line line[MAX_KNOWN];
	unsigned int count;
};

/* A number of a result, by name. */
struct field {
	const char *name;
	unsigned int offset, size;
};

#define FIELD(structure, member) \
	{ #member, offsetof(struct structure, member), sizeof(((struct structure *)0)->member) }
#define REG(name)	FIELD(seen_exit, regs.name)
#define SREG(name)	FIELD(seen_exit, sregs.name)
#define SEGMENT(name) \
	SREG(name.unusable), SREG(name.selector), SREG(name.base), SREG(name.limit), \
	SREG(name.type), SREG(name.present), SREG(name.dpl), SREG(name.db), SREG(name.s), \
	SREG(name.l), SREG(name.g), SREG(name.avl)
#define TABLE(name)	SREG(name.base), SREG(name.limit)

static const struct field exit_fields[] = {
	FIELD(seen_exit, kind),
	FIELD(seen_exit, number[0]), FIELD(seen_exit, number[1]), FIELD(seen_exit, number[2]),
	FIELD(seen_exit, number[3]), FIELD(seen_exit, number[4]),
	REG(rip), REG(rflags), REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi),
	REG(rsp), REG(rbp), REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14),
	REG(r15),
	SREG(cr0), SREG(cr2), SREG(cr3), SREG(cr4), SREG(cr8), SREG(efer), SREG(apic_base),
	SEGMENT(cs), SEGMENT(ss), SEGMENT(ds), SEGMENT(es), SEGMENT(fs), SEGMENT(gs),
	SEGMENT(tr), SEGMENT(ldt), TABLE(gdt), TABLE(idt),
	SREG(interrupt_bitmap[0]), SREG(interrupt_bitmap[1]), SREG(interrupt_bitmap[2]),
	SREG(interrupt_bitmap[3]),
};

#define END(member)	FIELD(final_state, member)
#define XMM(n)		END(fpu.xmm[n])

static const struct field end_fields[] = {
	END(memory),
	END(fpu.fcw), END(fpu.fsw), END(fpu.ftwx), END(fpu.mxcsr), END(fpu.fpr[0]), END(fpu.fpr[1]),
	END(fpu.fpr[2]), END(fpu.fpr[7]), XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6),
	XMM(7), XMM(8),
	END(debugregs.db[0]), END(debugregs.db[1]), END(debugregs.db[2]), END(debugregs.db[3]),
	END(debugregs.dr6), END(debugregs.dr7),
	END(events.exception.injected), END(events.exception.nr),
	END(events.exception.has_error_code), END(events.exception.pending),
	END(events.exception.error_code), END(events.interrupt.injected), END(events.interrupt.nr),
	END(events.interrupt.soft), END(events.interrupt.shadow), END(events.nmi.injected),
	END(events.nmi.pending), END(events.nmi.masked),
	END(msr[0]), END(msr[1]), END(msr[2]), END(msr[3]), END(msr[4]), END(msr[5]), END(msr[6]),
	END(msr[7]), END(msr[8]), END(msr[9]), END(msr[10]), END(msr[11]), END(msr[12]),
	END(msr[13]),
};

#define COUNT(list)	(sizeof(list) / sizeof((list)[0]))

/* Words of five patterns and a reason, with blanks between; "#" begins a comment. */
static void parse_line(struct known_line *line)
{
	char *save, *word = strtok_r(line->text, " \t\n", &save);

	for (unsigned int i = 0; i < 5; i++) {
		if (!word)
			die("known: a line is MODE INSTRUCTION WHAT KVM VHM REASON");
		line->pattern[i] = word;
		word = strtok_r(NULL, " \t\n", &save);
	}
	if (!word)
		die("known: a difference without a reason");
}

/**
 * known_read() - the differences that have a reason
 * @path: the file
 *
 * Return: them, for known_free().
 */
struct known *known_read(const char *path)
{
	struct known *known = calloc(1, sizeof(*known));
	FILE *file = fopen(path, "re");
	char text[MAX_TEXT];

	if (!known || !file)
		die("%s: %s", path, strerror(errno));
	while (fgets(text, sizeof(text), file)) {
		if (*text == '#' || *text == '\n')
			continue;
		if (known->count == MAX_KNOWN)
			die("%s: more than %u lines", path, MAX_KNOWN);
		memcpy(known->line[known->count].text, text, sizeof(text));
		parse_line(&known->line[known->count++]);
	}
	fclose(file);
	return known;
}

void known_free(struct known *known)
{
	free(known);
}

/**
 * known_unused() - tell of lines that were no difference's reason
 * @known: what known_read() returned
 *
 * Return: how many.
 */
unsigned int known_unused(const struct known *known)
{
	unsigned int unused = 0;

	for (unsigned int i = 0; i < known->count; i++) {
		const struct known_line *line = &known->line[i];

		printf("# known: %u times: %s %s %s %s %s\n", line->used, line->pattern[0],
		       line->pattern[1], line->pattern[2], line->pattern[3], line->pattern[4]);
		unused += !line->used;
	}
	return unused;
}

static void value_text(char *text, size_t size, const struct field *field, const uint8_t *base)
{
	uint64_t value[2] = {};

	memcpy(value, base + field->offset, field->size < 16 ? field->size : 16);
	if (!strcmp(field->name, "kind"))
		snprintf(text, size, "%s", seen_names[value[0] % SEEN_KINDS]);
	else if (field->size > 8)
		snprintf(text, size, "0x%llx%016llx", (unsigned long long)value[1],
			 (unsigned long long)value[0]);
	else
		snprintf(text, size, "0x%llx", (unsigned long long)value[0]);
}

/* The name without blanks, as it stands in the file. */
static void insn_text(char *text, size_t size, const struct program *p, unsigned int insn)
{
	snprintf(text, size, "%s", insn < p->count ? p->insn[insn] : "behind");
	for (; *text; text++) {
		if (*text == ' ')
			*text = '_';
	}
}

static bool is_known(struct known *known, const char *const text[5])
{
	for (unsigned int i = 0; i < known->count; i++) {
		struct known_line *line = &known->line[i];
		unsigned int same = 0;

		while (same < 5 && !fnmatch(line->pattern[same], text[same], 0))
			same++;
		if (same == 5) {
			line->used++;
			return true;
		}
	}
	return false;
}

/* What a segment holds besides matters only where it can be used. */
static bool is_of_no_account(const struct field *field, const uint8_t *a, const uint8_t *b)
{
	const struct field *first = exit_fields;
	const char *dot = strrchr(field->name, '.');

	if (!dot || strncmp(field->name, "sregs.", 6) || !strcmp(dot, ".unusable"))
		return false;
	for (unsigned int i = 0; i < COUNT(exit_fields); i++, first++) {
		if (!strncmp(first->name, field->name, dot - field->name + 1) &&
		    strstr(first->name, ".unusable"))
			return a[first->offset] && b[first->offset];
	}
	return false;
}

struct comparison {
	const struct program *program;
	struct known *known;
	unsigned int exit;
	unsigned int insn;
	enum verdict verdict;
};

static void compare_field(struct comparison *c, const struct field *field, const uint8_t *kvm,
			  const uint8_t *vhm)
{
	char insn[64], kvm_value[40], vhm_value[40];
	const char *text[5] = {
		mode_names[c->program->mode], insn, field->name, kvm_value, vhm_value,
	};

	if (!memcmp(kvm + field->offset, vhm + field->offset, field->size) ||
	    is_of_no_account(field, kvm, vhm))
		return;
	insn_text(insn, sizeof(insn), c->program, c->insn);
	value_text(kvm_value, sizeof(kvm_value), field, kvm);
	value_text(vhm_value, sizeof(vhm_value), field, vhm);
	if (is_known(c->known, text)) {
		if (c->verdict == SAME)
			c->verdict = KNOWN;
		return;
	}
	c->verdict = DIFFERENT;
	printf("# seed %llu, %s, exit %u: %s %s: %s on KVM, %s on vhm\n",
	       (unsigned long long)c->program->seed,
	       c->program->name ? c->program->name : text[0], c->exit, insn, field->name,
	       kvm_value, vhm_value);
}

static void compare_fields(struct comparison *c, const struct field *field, unsigned int count,
			   const void *kvm, const void *vhm)
{
	for (unsigned int i = 0; i < count; i++) {
		compare_field(c, &field[i], kvm, vhm);
		/* Of another kind of exit there is nothing to compare. */
		if (c->verdict != SAME && !strcmp(field[i].name, "kind"))
			return;
	}
}

/* A program that did not end on either of them was stopped somewhere. */
static bool are_endless(const struct seen_exit *kvm, const struct seen_exit *vhm)
{
	return kvm->kind == SEEN_ERRNO && vhm->kind == SEEN_ERRNO && kvm->number[0] == EINTR &&
	       vhm->number[0] == EINTR;
}

/**
 * compare() - two results of one program
 * @p: the program
 * @kvm: what KVM made of it
 * @vhm: what vhm made of it
 * @known: differences with a reason
 *
 * Each difference without a reason is printed.
 *
 * Return: SAME; KNOWN: different where that has a reason; DIFFERENT.
 */
enum verdict compare(const struct program *p, const struct result *kvm,
		     const struct result *vhm, struct known *known)
{
	unsigned int exits = kvm->count > vhm->count ? kvm->count : vhm->count;
	struct comparison c = { .program = p, .known = known };

	for (c.exit = 0; c.exit < exits && c.verdict == SAME; c.exit++) {
		if (are_endless(&kvm->seen[c.exit], &vhm->seen[c.exit]))
			return SAME;
		/* One that has an exit on one of them alone is the earlier one. */
		c.insn = kvm->seen[c.exit].insn;
		if (vhm->seen[c.exit].kind && vhm->seen[c.exit].insn < c.insn)
			c.insn = vhm->seen[c.exit].insn;
		compare_fields(&c, exit_fields, COUNT(exit_fields), &kvm->seen[c.exit],
			       &vhm->seen[c.exit]);
	}
	if (c.verdict == SAME)
		compare_fields(&c, end_fields, COUNT(end_fields), &kvm->end, &vhm->end);
	return c.verdict;
}

static void print_fields(FILE *to, const struct field *field, unsigned int count,
			 const void *base)
{
	static const struct seen_exit nothing;
	char text[40];

	for (unsigned int i = 0; i < count; i++) {
		if (!memcmp((const uint8_t *)base + field[i].offset,
			    (const uint8_t *)&nothing + field[i].offset, field[i].size))
			continue;
		value_text(text, sizeof(text), &field[i], base);
		fprintf(to, " %s=%s", field[i].name, text);
	}
	fputc('\n', to);
}

/**
 * print_result() - all of a program and its result that is not 0, to read
 * @to: where
 * @p: the program
 * @result: its result
 */
void print_result(FILE *to, const struct program *p, const struct result *result)
{
	fprintf(to, "# seed %llu: %s, ring %u%s%s\n", (unsigned long long)p->seed,
		p->name ? p->name : mode_names[p->mode], p->user ? 3 : 0,
		p->nmi ? ", NMI" : "", p->vector ? ", interrupt" : "");
	fprintf(to, "# cr0 0x%llx cr4 0x%llx rflags 0x%llx efer 0x%llx\n",
		(unsigned long long)p->cr0, (unsigned long long)p->cr4,
		(unsigned long long)p->rflags, (unsigned long long)p->efer);
	for (unsigned int i = 0; i < p->count; i++) {
		fprintf(to, "#  %04x: %-20s", AT_CODE + p->start[i], p->insn[i]);
		for (unsigned int at = p->start[i]; at < p->start[i + 1]; at++)
			fprintf(to, " %02x", p->code[at]);
		fputc('\n', to);
	}
	for (unsigned int i = 0; i < result->count; i++) {
		fprintf(to, "# exit %u, instruction %u:", i, result->seen[i].insn);
		print_fields(to, exit_fields, COUNT(exit_fields), &result->seen[i]);
	}
	fprintf(to, "# end:");
	print_fields(to, end_fields, COUNT(end_fields), &result->end);
}
