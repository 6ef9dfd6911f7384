// SPDX-License-Identifier: GPL-2.0
/*
 * Programs made of a seed: instructions of the table in a row, one after the other, with no
 * branch backwards, and an OUT to PORT_END behind them.
 *
 * What the words of a row mean:
 *
 *	89		a byte; prefixes stand first
 *	b8+r, 90+c	with a register, a condition in its lowest bits
 *	p, w		perhaps prefix 66; perhaps REX.W, in 64-bit mode
 *	/r, /4		ModRM of registers, with any or with this reg field
 *	mr, m4		ModRM of memory: any
 *	md4, ms4	what is data; what is no MMIO
 *	gdt, idt	ModRM of LGDT and LIDT
 *	cr0, dr		ModRM of a control or debug register and a general one
 *	ib, iv		an immediate of a byte, of the operand's size
 *	vec, port, off, sel	a vector, a port, a far pointer's two parts
 *	eax=WHAT	before all that, a MOV to the register of what stands in values[]
 *	es=ds, df=0	likewise
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define FLAG_TF		0x100u
#define FLAG_IF		0x200u
#define FLAG_DF		0x400u
#define FLAG_NT		0x4000u
#define FLAG_AC		0x40000u
#define FLAG_ID		0x200000u
#define IOPL(n)		((n) << 12)

#define CR4_VME		0x01u
#define CR4_PVI		0x02u
#define CR4_TSD		0x04u
#define CR4_PSE		0x10u

/* A word of a row, and room for the bytes that it becomes. */
#define MAX_INSN_BYTES	40

struct maker {
	struct random random;
	struct program *p;
	uint8_t bytes[MAX_INSN_BYTES];
	unsigned int count;
	bool operand_prefix, wide;
	uint8_t prefix[8];
	unsigned int prefixes;
	bool opcode_begun;
};

uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

unsigned int random_below(struct random *r, unsigned int limit)
{
	return random_next(r) % limit;
}

static bool one_in(struct maker *m, unsigned int n)
{
	return !random_below(&m->random, n);
}

#define PICK(m, list)	((list)[random_below(&(m)->random, sizeof(list) / sizeof((list)[0]))])

static bool is_16bit(const struct maker *m)
{
	return 1u << m->p->mode & SMALL;
}

static void emit(struct maker *m, uint64_t value, unsigned int size)
{
	if (m->count + size > MAX_INSN_BYTES)
		die("table: an instruction is too long");
	memcpy(m->bytes + m->count, &value, size);
	m->count += size;
}

static unsigned int operand_size(const struct maker *m)
{
	return is_16bit(m) != m->operand_prefix ? 2 : 4;
}

/* RSP is left alone where nothing else is asked for. */
static unsigned int any_register(struct maker *m)
{
	static const uint8_t regs[] = { 0, 1, 2, 3, 5, 6, 7 };

	return PICK(m, regs);
}

static const uint32_t data_addresses[] = {
	AT_DATA, AT_DATA + 0x10, AT_DATA + 0x123, AT_DATA + 0xffd, AT_DATA2 + 0x800,
};

#define SLOT_ADDRESSES \
	AT_DATA, AT_DATA + 0x10, AT_DATA + 0x123, AT_DATA + 0xffd, AT_DATA2 + 0x800, \
	AT_DATA2 + 0xffe, AT_READ_ONLY + 0x40, AT_SUPERVISOR + 8, AT_ABSENT + 0x20, \
	AT_RESERVED, AT_NO_EXECUTE + 0x30

static const uint32_t slot_addresses[] = { SLOT_ADDRESSES };

static const uint32_t any_addresses[] = {
	SLOT_ADDRESSES, AT_NO_EXECUTE + 0xffc, AT_ROM + 0x100,
	AT_HOLE, AT_HOLE + 0x10, AT_HOLE + 0x7, AT_HOLE + 0xffd, AT_HOLE + 0x1004,
	AT_HOLE + 0x2000, AT_HOLE + 0x1ffe, AT_HOLE + 0x20, AT_HOLE + 0x44,
};

/*
 * An address becomes displacement alone: of DS, or of ES where 16 bits do not reach. What has
 * to go before the opcode has been put there by scan_prefixes().
 */
static void emit_address(struct maker *m, uint32_t linear, unsigned int reg)
{
	if (is_16bit(m)) {
		emit(m, reg << 3 | 6, 1);
		emit(m, linear - (linear >= AT_HOLE ? AT_HOLE : AT_DATA), 2);
	} else if (m->p->mode == MODE_LONG) {
		emit(m, reg << 3 | 4, 1);
		emit(m, 0x25, 1);
		emit(m, linear, 4);
	} else {
		emit(m, reg << 3 | 5, 1);
		emit(m, linear, 4);
	}
}

static const uint16_t selectors[] = {
	0, 3, S_CODE64, S_DATA, S_CODE32, S_CODE16, S_DATA16, S_USER_CODE32,
	S_USER_DATA, S_USER_CODE64, S_USER_CODE16, S_USER_DATA16, S_READ_ONLY, S_EXPAND_DOWN,
	S_CONFORMING, S_ABSENT, S_TSS, S_CALL_GATE, S_LDT, S_CALL_GATE64,
	S_EXECUTE_ONLY, S_SMALL, S_SYSTEM, S_LONG_BIG, 4, 0xfff8, S_USER_DATA & ~3,
};

/* Where a far pointer may lead: code of any size finds a HLT there. */
static const uint16_t far_selectors[] = {
	S_CODE32, S_CODE16, S_USER_CODE32, S_CONFORMING, S_CODE64, S_CALL_GATE, S_CALL_GATE | 3,
	S_DATA, S_ABSENT, S_LONG_BIG, 0, S_SYSTEM, S_LDT, S_CALL_GATE64, 0x1000,
};

static const uint32_t msrs[] = {
	0x1b, 0x8b, 0x174, 0x175, 0x176, 0x179, 0x17a, 0x1a0, 0x1d9, 0x200, 0x201, 0x250,
	0x277, 0x2ff, 0xfe, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
	0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0x12345678, 0xc0001234, 0x400, 0x480,
	0x830, 0x34, 0x2a, 0x198,
};

static const uint16_t ports[] = { 0x10, 0x20, 0x60, 0x71, 0x2f8, 0x310, 0x3f8, 0x1f0, 0xcfc };
static const uint8_t vectors[] = {
	0, 1, 3, 4, 5, 6, 8, 13, 14, 0x20, 0x21, 0x22, 0x24, 0x25, 0x27, 0x28, 0x29, 0x2a, 0x2b,
	0x40, 0x80, 0xff,
};

static uint32_t value_any(struct maker *m)
{
	static const uint32_t edges[] = {
		0, 1, 0x80000000, 0xffffffff, 0x7fffffff, 0x1000, 0x00060006, 0x07040600,
	};

	return one_in(m, 2) ? PICK(m, edges) : (uint32_t)random_next(&m->random);
}

static uint64_t mode_cr0(const struct maker *m)
{
	return m->p->cr0 | X86_CR0_ET | (m->p->mode == MODE_REAL ? 0 : X86_CR0_PE) |
	       (1u << m->p->mode & PAGED ? X86_CR0_PG : 0);
}

/* One bit is another than before, sometimes two. */
static uint32_t value_cr0(struct maker *m)
{
	static const uint32_t bits[] = {
		X86_CR0_MP, X86_CR0_EM, X86_CR0_TS, X86_CR0_ET, X86_CR0_NE, X86_CR0_WP,
		X86_CR0_AM, X86_CR0_NW, X86_CR0_CD, X86_CR0_PE, X86_CR0_PG, 1u << 7, 1u << 28,
	};

	return mode_cr0(m) ^ PICK(m, bits) ^ (one_in(m, 3) ? PICK(m, bits) : 0);
}

static uint32_t value_cr4(struct maker *m)
{
	static const uint32_t bits[] = {
		CR4_VME, CR4_PVI, CR4_TSD, X86_CR4_DE, CR4_PSE, X86_CR4_PAE, 0x40, X86_CR4_PGE,
		0x100, X86_CR4_OSFXSR, X86_CR4_OSXMM, 0x800, 0x1000, X86_CR4_VMXE, 0x4000, 0x8000,
		X86_CR4_FSGSBASE, 0x20000, X86_CR4_OSXSAVE, 0x100000, 0x200000, 0x400000,
		0x80000000,
	};
	uint32_t cr4 = m->p->cr4;

	if (1u << m->p->mode & (LONG_MODES | IN(PAE)))
		cr4 |= X86_CR4_PAE;
	return cr4 ^ PICK(m, bits) ^ (one_in(m, 3) ? PICK(m, bits) : 0);
}

static uint32_t value_cr3(struct maker *m)
{
	static const uint32_t roots[] = {
		AT_PML4, AT_PAE_PDPT, AT_PD32, AT_PML4 | 0x18, AT_PAE_PDPT | 0x20,
		AT_DATA,
	};

	return PICK(m, roots);
}

static uint32_t value_efer(struct maker *m)
{
	static const uint32_t bits[] = { EFER_SCE, EFER_LME, EFER_LMA, EFER_NX, 0x4000, 0x2 };

	return (m->p->efer | (1u << m->p->mode & LONG_MODES ? EFER_LME | EFER_LMA : 0)) ^
	       PICK(m, bits);
}

static uint32_t value_data(struct maker *m)
{
	uint32_t linear = PICK(m, any_addresses);

	/* Of strings, DS and ES are sixteen bits apart: the offset is the same in both. */
	if (is_16bit(m))
		return linear & 0xffff;
	return one_in(m, 2) ? PICK(m, data_addresses) : linear;
}

/* Whatever is there is no MMIO. */
static uint32_t value_slot(struct maker *m)
{
	uint32_t linear = one_in(m, 2) ? PICK(m, data_addresses) : PICK(m, slot_addresses);

	return is_16bit(m) ? linear - AT_DATA : linear;
}

static uint32_t value_leaf(struct maker *m)
{
	static const uint32_t leaves[] = {
		0, 1, 2, 4, 7, 8, 0xd, 0x80000000, 0x80000001, 0x80000008, 0x80000009,
	};

	return PICK(m, leaves);
}

static uint32_t value_flags(struct maker *m)
{
	static const uint32_t flags[] = {
		FLAG_AC, FLAG_NT, FLAG_ID, IOPL(3), FLAG_DF, FLAG_IF, 0x80000, 0x100000, 0x20000,
		0x8d5,
	};

	return 2 | PICK(m, flags) | (one_in(m, 2) ? PICK(m, flags) : 0);
}

static uint32_t value_dr7(struct maker *m)
{
	static const uint32_t values[] = { 0x400, 0, 0x2400, 0xd0401, 0x700, 0x10401, 0x20402 };

	return PICK(m, values);
}

static uint32_t value_star(struct maker *m)
{
	return one_in(m, 4) ? value_any(m) : S_CODE64 | (uint32_t)(S_USER_CODE32 - 3) << 16;
}

static uint32_t value_port(struct maker *m)
{
	return PICK(m, ports);
}

static uint32_t value_selector(struct maker *m)
{
	return PICK(m, selectors);
}

static uint32_t value_msr(struct maker *m)
{
	return PICK(m, msrs);
}

static uint32_t value_small(struct maker *m)
{
	return random_below(&m->random, 10);
}

static uint32_t value_count(struct maker *m)
{
	return random_below(&m->random, 5);
}

static uint32_t value_once(struct maker *m)
{
	return random_below(&m->random, 4) != 0;
}

static uint32_t value_msw(struct maker *m)
{
	return random_below(&m->random, 16) | (1u << m->p->mode & PAGED ? 1 : 0);
}

static uint32_t value_zero(struct maker *m)
{
	(void)m;
	return 0;
}

/* The instruction behind the two that set DR7. */
static uint32_t value_here(struct maker *m)
{
	return AT_CODE + m->p->size + m->count + (is_16bit(m) ? 18 : 16);
}

static const struct {
	const char *name;
	uint32_t (*make)(struct maker *m);
	uint32_t constant;
} values[] = {
	{ "any", value_any, 0 },
	{ "small", value_small, 0 },
	{ "count", value_count, 0 },
	{ "once", value_once, 0 },
	{ "zero", value_zero, 0 },
	{ "data", value_data, 0 },
	{ "slot", value_slot, 0 },
	{ "datalin", NULL, AT_DATA },
	{ "cr0", value_cr0, 0 },
	{ "cr3", value_cr3, 0 },
	{ "cr4", value_cr4, 0 },
	{ "msw", value_msw, 0 },
	{ "efer", value_efer, 0 },
	{ "dr7", value_dr7, 0 },
	{ "dr7exec", NULL, 0x401 },
	{ "dr7data", NULL, 0x100404 | 0x300000 },
	{ "here", value_here, 0 },
	{ "leaf", value_leaf, 0 },
	{ "port", value_port, 0 },
	{ "msr", value_msr, 0 },
	{ "star", value_star, 0 },
	{ "sel", value_selector, 0 },
	{ "code", NULL, AT_LANDING },
	{ "tf", NULL, FLAG_TF | 2 },
	{ "flags", value_flags, 0 },
};

static uint32_t make_value(struct maker *m, const char *reg, const char *name)
{
	if (!strcmp(reg, "ecx") && !strcmp(name, "efer"))
		return 0xc0000080;
	if (!strcmp(reg, "ecx") && !strcmp(name, "star"))
		return 0xc0000081;
	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (!strcmp(values[i].name, name))
			return values[i].make ? values[i].make(m) : values[i].constant;
	}
	die("table: no value '%s'", name);
}

/* MOV r32, imm32: an instruction of its own. */
static void emit_move(struct maker *m, const char *word)
{
	static const char * const names[] = {
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
	};
	char reg[4] = { word[0], word[1], word[2] };
	unsigned int number = 0;
	uint32_t value;

	while (strcmp(names[number], reg)) {
		if (++number == 8)
			die("table: no register '%s'", reg);
	}
	value = make_value(m, reg, word + 4);
	if (is_16bit(m))
		emit(m, 0x66, 1);
	emit(m, 0xb8 + number, 1);
	emit(m, value, 4);
}

/* What stands before an instruction: "es=ds", "df=0", or the value of a register. */
static void emit_preparation(struct maker *m, const char *word)
{
	if (!strcmp(word, "es=ds"))
		emit(m, 0xc08ed88c, 4);		/* by way of AX */
	else if (!strcmp(word, "df=0"))
		emit(m, 0xfc, 1);
	else
		emit_move(m, word);
}

static void emit_modrm(struct maker *m, const char *word)
{
	bool data = word[1] == 'd', slot = word[1] == 's';
	char reg = word[data || slot ? 2 : 1];
	unsigned int field = reg == 'r' ? any_register(m) : (unsigned int)(reg - '0');
	uint32_t linear;

	if (word[0] == '/') {
		emit(m, 0xc0 | field << 3 | any_register(m), 1);
		return;
	}
	linear = data ? PICK(m, data_addresses) :
		 slot ? PICK(m, slot_addresses) : PICK(m, any_addresses);
	/* ES is said before the opcode, which has gone by. */
	if (is_16bit(m) && m->prefixes && linear < AT_HOLE)
		linear = AT_HOLE + (linear & 0x1fff);
	else if (is_16bit(m) && !m->prefixes && linear >= AT_HOLE)
		linear = PICK(m, data_addresses);
	emit_address(m, linear, field);
}

static void emit_word(struct maker *m, const char *word)
{
	char *end;
	unsigned long byte = strtoul(word, &end, 16);

	if (end == word + 2 && (!*end || *end == '+')) {
		if (end[0] == '+')
			byte += end[1] == 'r' ? any_register(m) : random_below(&m->random, 16);
		emit(m, byte, 1);
	} else if (!strcmp(word, "ib")) {
		emit(m, random_next(&m->random), 1);
	} else if (!strcmp(word, "iv")) {
		emit(m, random_next(&m->random), operand_size(m));
	} else if (!strcmp(word, "vec")) {
		emit(m, PICK(m, vectors), 1);
	} else if (!strcmp(word, "port")) {
		emit(m, PICK(m, ports) & 0x7f, 1);
	} else if (!strcmp(word, "off")) {
		emit(m, AT_LANDING, is_16bit(m) ? 2 : 4);
	} else if (!strcmp(word, "sel")) {
		emit(m, PICK(m, far_selectors), 2);
	} else if (!strncmp(word, "cr", 2)) {
		emit(m, 0xc0 | (unsigned int)(word[2] - '0') << 3 | any_register(m), 1);
	} else if (!strcmp(word, "gdt")) {
		emit_address(m, random_below(&m->random, 2) ? AT_GDTR : AT_GDTR_SHORT, 2);
	} else if (!strcmp(word, "idt")) {
		emit_address(m, random_below(&m->random, 2) ? AT_IDTR : AT_IDTR_SHORT, 3);
	} else if (!strcmp(word, "dr")) {
		emit(m, 0xc0 | random_below(&m->random, 8) << 3, 1);
	} else if (word[0] == '/' || word[0] == 'm') {
		emit_modrm(m, word);
	} else {
		die("table: what is '%s'?", word);
	}
}

/* Prefixes that are perhaps there, and those that have to stand before REX. */
static bool take_prefix(struct maker *m, const char *word)
{
	static const char * const prefixes[] = { "66", "f0", "f2", "f3" };

	if (!strcmp(word, "p")) {
		m->operand_prefix = one_in(m, 3);
		if (m->operand_prefix)
			emit(m, 0x66, 1);
		return true;
	}
	if (!strcmp(word, "w")) {
		m->wide = m->p->mode == MODE_LONG && one_in(m, 2);
		return true;
	}
	for (unsigned int i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strcmp(word, prefixes[i])) {
			emit(m, strtoul(word, NULL, 16), 1);
			return true;
		}
	}
	return false;
}

static void begin_opcode(struct maker *m, const char *rest)
{
	bool memory = strstr(rest, " m") && !strstr(rest, " md") && !strstr(rest, " ms");

	if (m->opcode_begun)
		return;
	m->opcode_begun = true;
	if (is_16bit(m) && memory && one_in(m, 2)) {
		emit(m, 0x26, 1);
		m->prefixes = 1;
	}
	if (m->wide)
		emit(m, 0x48 | (one_in(m, 4) ? 4 : 0), 1);
}

static void make_insn(struct maker *m, const struct insn *insn)
{
	char words[128], *save, *word;
	const char *rest;

	m->count = 0;
	m->prefixes = 0;
	m->operand_prefix = false;
	m->wide = false;
	m->opcode_begun = false;
	snprintf(words, sizeof(words), "%s", insn->bytes);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (strchr(word, '=')) {
			emit_preparation(m, word);
			continue;
		}
		if (!m->opcode_begun && take_prefix(m, word))
			continue;
		rest = insn->bytes + (word - words);
		begin_opcode(m, rest);
		emit_word(m, word);
	}
}

static void append(struct maker *m, const char *name)
{
	struct program *p = m->p;

	p->start[p->count] = p->size;
	p->insn[p->count++] = name;
	memcpy(p->code + p->size, m->bytes, m->count);
	p->size += m->count;
	p->start[p->count] = p->size;
}

static void append_end(struct maker *m)
{
	m->count = 0;
	emit(m, 0xe6 | PORT_END << 8 | 0xf4 << 16, 3);
	append(m, "end");
}

static void choose_state(struct maker *m)
{
	static const uint32_t cr0[] = { X86_CR0_WP, X86_CR0_AM, X86_CR0_NE, X86_CR0_MP, 0, 0 };
	static const uint32_t odd_cr0[] = { X86_CR0_EM, X86_CR0_TS, X86_CR0_CD };
	static const uint32_t cr4[] = {
		CR4_TSD, X86_CR4_DE, CR4_PSE, X86_CR4_PGE, X86_CR4_FSGSBASE, CR4_VME, CR4_PVI, 0,
	};
	static const uint32_t flags[] = { 0, 0, 0, FLAG_IF, IOPL(3), IOPL(3) | FLAG_IF, 0x8d5 };
	struct program *p = m->p;

	p->mode = random_below(&m->random, MODES);
	p->user = p->mode != MODE_REAL && (p->mode == MODE_VM86 || one_in(m, 4));
	p->cr0 = X86_CR0_NE | PICK(m, cr0) | (one_in(m, 8) ? PICK(m, odd_cr0) : 0);
	p->cr4 = X86_CR4_OSFXSR | X86_CR4_OSXMM | PICK(m, cr4) | PICK(m, cr4);
	p->rflags = PICK(m, flags);
	p->efer = (one_in(m, 2) ? EFER_NX : 0) | (one_in(m, 2) ? EFER_SCE : 0);
	for (unsigned int i = 0; i < 16; i++)
		p->reg[i] = one_in(m, 2) ? random_next(&m->random) : PICK(m, any_addresses);
	if (p->mode != MODE_LONG) {
		for (unsigned int i = 0; i < 16; i++)
			p->reg[i] = (uint32_t)p->reg[i];
	}
	p->nmi = one_in(m, 16);
	p->vector = one_in(m, 16) ? 0x22 : 0;
}

/**
 * stream_make() - the program of a seed
 * @p: filled in
 * @seed: any number
 */
void stream_make(struct program *p, uint64_t seed)
{
	struct maker m = { .random.state = seed, .p = p };
	unsigned int length;

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	choose_state(&m);
	length = 6 + random_below(&m.random, 18);
	while (p->count < length) {
		const struct insn *insn = &insns[random_below(&m.random, nr_insns)];

		if (!(insn->modes & 1u << p->mode))
			continue;
		make_insn(&m, insn);
		append(&m, insn->name);
	}
	append_end(&m);
}
