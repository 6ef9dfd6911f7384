// SPDX-License-Identifier: GPL-2.0
/*
 * Two results of the same program: what is different, and which of that has a reason.
 *
 * What comes behind a difference is its consequence, unless the file of known ones says that
 * it passes.
 */
#include <errno.h>
#include <string.h>

#include "diff.h"

/* A number of a result, by name. */
struct field {
	const char *name;
	unsigned int offset, size;
};

#define FIELD(structure, member) \
	{ #member, offsetof(struct structure, member), sizeof(((struct structure *)0)->member) }
#define NUMBER(n) \
	{ "number." #n, offsetof(struct seen_exit, number[n]), sizeof(uint64_t) }
#define REG(name)	FIELD(seen_exit, regs.name)
#define SREG(name)	FIELD(seen_exit, sregs.name)
#define SEGMENT(name) \
	SREG(name.unusable), SREG(name.selector), SREG(name.base), SREG(name.limit), \
	SREG(name.type), SREG(name.present), SREG(name.dpl), SREG(name.db), SREG(name.s), \
	SREG(name.l), SREG(name.g), SREG(name.avl)
#define EVENT(structure, name) FIELD(structure, events.name)
/* exception.pending says nothing unless KVM_CAP_EXCEPTION_PAYLOAD is enabled. */
#define EVENTS(s) \
	EVENT(s, exception.injected), EVENT(s, exception.nr), EVENT(s, exception.has_error_code), \
	EVENT(s, exception.error_code), EVENT(s, interrupt.injected), \
	EVENT(s, interrupt.nr), EVENT(s, interrupt.soft), EVENT(s, interrupt.shadow), \
	EVENT(s, nmi.injected), EVENT(s, nmi.pending), EVENT(s, nmi.masked)
#define TABLE(name)	SREG(name.base), SREG(name.limit)

static const struct field exit_fields[] = {
	NUMBER(0), NUMBER(1), NUMBER(2), NUMBER(3), NUMBER(4),
	REG(rip), REG(rflags), REG(rax), REG(rbx), REG(rcx), REG(rdx), REG(rsi), REG(rdi),
	REG(rsp), REG(rbp), REG(r8), REG(r9), REG(r10), REG(r11), REG(r12), REG(r13), REG(r14),
	REG(r15),
	SREG(cr0), SREG(cr2), SREG(cr3), SREG(cr4), SREG(cr8), SREG(efer), SREG(apic_base),
	SEGMENT(cs), SEGMENT(ss), SEGMENT(ds), SEGMENT(es), SEGMENT(fs), SEGMENT(gs),
	SEGMENT(tr), SEGMENT(ldt), TABLE(gdt), TABLE(idt),
	SREG(interrupt_bitmap[0]), SREG(interrupt_bitmap[1]), SREG(interrupt_bitmap[2]),
	SREG(interrupt_bitmap[3]),
	FIELD(seen_exit, debugregs.dr6), FIELD(seen_exit, debugregs.dr7),
	EVENTS(seen_exit),
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
	EVENTS(final_state),
	END(msr[0]), END(msr[1]), END(msr[2]), END(msr[3]), END(msr[4]), END(msr[5]), END(msr[6]),
	END(msr[7]), END(msr[8]), END(msr[9]), END(msr[10]), END(msr[11]), END(msr[12]),
	END(msr[13]),
};

#define COUNT(list)	(sizeof(list) / sizeof((list)[0]))

/* Which one it was is part of an exception's kind, or an error's, or of an access to memory. */
static void kind_text(char *text, size_t size, const struct seen_exit *seen)
{
	const char *name = seen_names[seen->kind % SEEN_KINDS];

	switch (seen->kind) {
	case SEEN_EXCEPTION:
	case SEEN_MMIO_READ:
	case SEEN_MMIO_WRITE:
	case SEEN_FAIL_ENTRY:
	case SEEN_INTERNAL_ERROR:
	case SEEN_ERRNO:
	case SEEN_OTHER:
		snprintf(text, size, "%s:0x%llx", name, (unsigned long long)seen->number[0]);
		break;
	default:
		snprintf(text, size, "%s", name);
		break;
	}
}

static void value_text(char *text, size_t size, const struct field *field, const void *base)
{
	uint64_t value[2] = {};

	memcpy(value, (const uint8_t *)base + field->offset, field->size < 16 ? field->size : 16);
	if (field->size > 8)
		snprintf(text, size, "0x%llx%016llx", (unsigned long long)value[1],
			 (unsigned long long)value[0]);
	else
		snprintf(text, size, "0x%llx", (unsigned long long)value[0]);
}

/* RDMSR or WRMSR of any register: which one is in the MOV to ECX before it. */
static bool names_msr(const struct program *p, unsigned int insn, uint32_t *msr)
{
	const uint8_t *code = p->code + p->start[insn];

	if (strncmp(p->insn[insn] + 2, "msr", 3))
		return false;
	code += *code == 0x66;
	memcpy(msr, code + 1, sizeof(*msr));
	return true;
}

/* The name without blanks, as it stands in the file of known differences. */
static void insn_text(char *text, size_t size, const struct program *p, unsigned int insn)
{
	uint32_t msr;

	if (p->name)
		snprintf(text, size, "%s#%u", p->name, insn);
	else if (insn >= p->count)
		snprintf(text, size, "behind");
	else if (names_msr(p, insn, &msr))
		snprintf(text, size, "%s:0x%x", p->insn[insn], msr);
	else
		snprintf(text, size, "%s", p->insn[insn]);
	for (; *text; text++) {
		if (*text == ' ')
			*text = '_';
	}
}

/* What a segment holds besides matters only where it can be used. */
static bool is_of_unusable(const struct field *field, const uint8_t *a, const uint8_t *b)
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

/* Which exception or interrupt it was the last time may be left there. */
static bool is_of_no_event(const struct field *field, const struct kvm_vcpu_events *a,
			   const struct kvm_vcpu_events *b)
{
	if (!strcmp(field->name, "events.exception.nr") ||
	    !strcmp(field->name, "events.exception.has_error_code") ||
	    !strcmp(field->name, "events.exception.error_code"))
		return !a->exception.injected || !b->exception.injected;
	if (!strcmp(field->name, "events.interrupt.nr") ||
	    !strcmp(field->name, "events.interrupt.soft"))
		return !a->interrupt.injected || !b->interrupt.injected;
	return false;
}

struct comparison {
	const struct program *program;
	struct known *known;
	unsigned int exit;
	unsigned int insn;
	const char *place;	/* the kind of exit, or the end */
	enum verdict verdict;
	enum behind behind;
};

static void print_difference(const struct comparison *c, const char *const word[DIFFERENCE_WORDS])
{
	const struct program *p = c->program;

	if (p->name)
		printf("# program %s", p->name);
	else
		printf("# seed %llu", (unsigned long long)p->seed);
	printf(", exit %u:", c->exit);
	for (unsigned int i = 0; i < DIFFERENCE_WORDS; i++)
		printf(" %s", word[i]);
	putchar('\n');
}

static void take_difference(struct comparison *c, const char *const word[DIFFERENCE_WORDS])
{
	enum behind behind = STOP;

	if (known_find(c->known, word, &behind)) {
		if (c->verdict == SAME)
			c->verdict = KNOWN;
	} else {
		c->verdict = DIFFERENT;
		print_difference(c, word);
	}
	if (behind > c->behind)
		c->behind = behind;
}

/* Return: whether they are of different kinds. */
static bool compare_kinds(struct comparison *c, const struct seen_exit *kvm,
			  const struct seen_exit *vhm)
{
	char insn[64], kvm_kind[48], vhm_kind[48];
	const char *word[DIFFERENCE_WORDS] = {
		mode_names[c->program->mode], insn, "kind", kvm_kind, vhm_kind,
	};

	kind_text(kvm_kind, sizeof(kvm_kind), kvm);
	kind_text(vhm_kind, sizeof(vhm_kind), vhm);
	if (!strcmp(kvm_kind, vhm_kind))
		return false;
	insn_text(insn, sizeof(insn), c->program, c->insn);
	take_difference(c, word);
	return true;
}

/* @events: where the structures have their struct kvm_vcpu_events */
static bool is_same(const struct field *field, const uint8_t *kvm, const uint8_t *vhm,
		    unsigned int events)
{
	return !memcmp(kvm + field->offset, vhm + field->offset, field->size) ||
	       is_of_unusable(field, kvm, vhm) ||
	       is_of_no_event(field, (const void *)(kvm + events), (const void *)(vhm + events));
}

static void compare_field(struct comparison *c, const struct field *field, const void *kvm,
			  const void *vhm)
{
	char insn[64], what[64], kvm_value[40], vhm_value[40];
	const char *word[DIFFERENCE_WORDS] = {
		mode_names[c->program->mode], insn, what, kvm_value, vhm_value,
	};

	insn_text(insn, sizeof(insn), c->program, c->insn);
	value_text(kvm_value, sizeof(kvm_value), field, kvm);
	value_text(vhm_value, sizeof(vhm_value), field, vhm);
	snprintf(what, sizeof(what), "%s:%s", c->place, field->name);
	take_difference(c, word);
}

static void compare_fields(struct comparison *c, const struct field *field, unsigned int count,
			   const void *kvm, const void *vhm, unsigned int events)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!is_same(&field[i], kvm, vhm, events))
			compare_field(c, &field[i], kvm, vhm);
	}
}

static void compare_exit(struct comparison *c, const struct seen_exit *kvm,
			 const struct seen_exit *vhm)
{
	/* One that has an exit on one of them alone is the earlier one. */
	c->insn = kvm->insn;
	if (!kvm->kind || (vhm->kind && vhm->insn < c->insn))
		c->insn = vhm->insn;
	c->place = seen_names[vhm->kind % SEEN_KINDS];
	/* Of another kind of exit there is nothing more to compare. */
	if (!compare_kinds(c, kvm, vhm))
		compare_fields(c, exit_fields, COUNT(exit_fields), kvm, vhm,
			       offsetof(struct seen_exit, events));
}

/* The next exit that is to be compared; behind the last there is one that is nothing. */
static const struct seen_exit *next_exit(const struct comparison *c, const struct seen_exit *seen)
{
	if (c->behind != SKIP_INSTRUCTION)
		return seen->kind ? seen + 1 : seen;
	while (seen->kind && seen->insn <= c->insn)
		seen++;
	return seen;
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
	const struct seen_exit *k = kvm->seen, *v = vhm->seen;
	struct comparison c = { .program = p, .known = known };

	for (; k->kind || v->kind; c.exit++) {
		if (are_endless(k, v))
			return c.verdict;
		c.behind = GO_ON;
		compare_exit(&c, k, v);
		if (c.behind == STOP)
			return c.verdict;
		k = next_exit(&c, k);
		if (c.behind != DROP_EXIT)
			v = next_exit(&c, v);
	}
	c.place = "end";
	compare_fields(&c, end_fields, COUNT(end_fields), &kvm->end, &vhm->end,
		       offsetof(struct final_state, events));
	return c.verdict;
}

static void print_fields(FILE *to, const struct field *field, unsigned int count,
			 const void *base)
{
	static const struct final_state nothing;
	char text[48];

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
	char kind[48];

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
		kind_text(kind, sizeof(kind), &result->seen[i]);
		fprintf(to, "# exit %u, instruction %u: %s", i, result->seen[i].insn, kind);
		print_fields(to, exit_fields, COUNT(exit_fields), &result->seen[i]);
	}
	fprintf(to, "# end:");
	print_fields(to, end_fields, COUNT(end_fields), &result->end);
}
