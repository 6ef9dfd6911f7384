// SPDX-License-Identifier: GPL-2.0
/*
 * The decoder of guest instructions that touch memory which no slot backs (MMIO). See emulate.h
 * for its place.
 *
 * The order of the bytes is that of the SDM, volume 2, "Instruction Format": prefixes, REX,
 * opcode, ModRM, SIB, displacement, immediate; the functions below stand in that order. What an
 * opcode is made of is in two tables: a new instruction is a row there, and a new kind of operand
 * is a flag.
 */
#include "emulate.h"

enum {
	RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
};

enum {
	ES, CS, SS, DS, FS, GS,
};

enum {
	REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8,
};

/* What a row of the opcode tables says; a row without flags is not emulated. */
enum {
	MODRM  = 1 << 0,	/* ModRM follows: register in its reg field, memory in the rest */
	GROUP0 = 1 << 1,	/* the reg field extends the opcode and must be 0 */
	MOFFS  = 1 << 2,	/* the address is a constant of the address size; register rAX */
	STRING = 1 << 3,	/* the address is in rSI or rDI; register rAX */
	IMM    = 1 << 4,	/* an immediate follows, of the operand size, at most 4 bytes */
	BYTE   = 1 << 5,	/* both operands are bytes */
	MEM8   = 1 << 6,	/* memory is 1 byte, the register of the operand size */
	MEM16  = 1 << 7,	/* memory is 2 bytes, the register of the operand size */
	MEM32  = 1 << 8,	/* memory is at most 4 bytes, the register of the operand size */
	SIGN   = 1 << 9,	/* a load extends the sign */
	ONLY64 = 1 << 10,	/* another instruction outside 64-bit mode */
};

struct opcode {
	u8 op;
	u16 flags;
};

/* SDM, volume 2, "One-Byte Opcode Map". */
static const struct opcode one_byte[256] = {
	[0x63] = { VHM_INSN_LOAD,      MODRM | MEM32 | SIGN | ONLY64 },		/* MOVSXD */
	[0x88] = { VHM_INSN_STORE,     MODRM | BYTE },
	[0x89] = { VHM_INSN_STORE,     MODRM },
	[0x8a] = { VHM_INSN_LOAD,      MODRM | BYTE },
	[0x8b] = { VHM_INSN_LOAD,      MODRM },
	[0xa0] = { VHM_INSN_LOAD,      MOFFS | BYTE },
	[0xa1] = { VHM_INSN_LOAD,      MOFFS },
	[0xa2] = { VHM_INSN_STORE,     MOFFS | BYTE },
	[0xa3] = { VHM_INSN_STORE,     MOFFS },
	[0xa4] = { VHM_INSN_MOVS,      STRING | BYTE },
	[0xa5] = { VHM_INSN_MOVS,      STRING },
	[0xaa] = { VHM_INSN_STOS,      STRING | BYTE },
	[0xab] = { VHM_INSN_STOS,      STRING },
	[0xac] = { VHM_INSN_LODS,      STRING | BYTE },
	[0xad] = { VHM_INSN_LODS,      STRING },
	[0xc6] = { VHM_INSN_STORE_IMM, MODRM | GROUP0 | IMM | BYTE },
	[0xc7] = { VHM_INSN_STORE_IMM, MODRM | GROUP0 | IMM },
};

/* SDM, volume 2, "Two-Byte Opcode Map": what follows 0F. */
static const struct opcode two_byte[256] = {
	[0xb6] = { VHM_INSN_LOAD, MODRM | MEM8 },				/* MOVZX */
	[0xb7] = { VHM_INSN_LOAD, MODRM | MEM16 },
	[0xbe] = { VHM_INSN_LOAD, MODRM | MEM8 | SIGN },			/* MOVSX */
	[0xbf] = { VHM_INSN_LOAD, MODRM | MEM16 | SIGN },
};

/* An instruction on its way from bytes to struct vhm_insn. */
struct decoder {
	const u8 *bytes;
	size_t count;
	unsigned int position;	/* of the next byte */
	unsigned int mode;	/* 16, 32 or 64 */
	u8 rex;			/* 0: none */
	s8 segment;		/* override, or -1 */
	bool operand_override;	/* 66 */
	bool address_override;	/* 67 */
	bool lock;		/* F0 */
	bool rep;		/* F2 or F3 */
	u8 modrm;
	bool memory;		/* one operand is in memory */
};

static u64 mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

static u64 extend_sign(u64 value, unsigned int size)
{
	u64 sign = 1ULL << (8 * size - 1);

	return ((value & mask(size)) ^ sign) - sign;
}

/* Take the next @size bytes as a little-endian number. */
static int fetch(struct decoder *d, unsigned int size, u64 *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < size; i++) {
		if (d->position >= VHM_INSN_MAX_LENGTH)
			return -E2BIG;
		if (d->position >= d->count)
			return -ENODATA;
		*value |= (u64)d->bytes[d->position++] << (8 * i);
	}
	return 0;
}

/*
 * SDM, volume 2, "Instruction Prefixes" and "REX Prefixes": a REX that does not stand immediately
 * before the opcode is ignored; so are the overrides of ES, CS, SS and DS in 64-bit mode, which
 * leave an FS or GS given before them in force.
 */
static bool take_prefix(struct decoder *d, u8 byte)
{
	if (d->mode == 64 && (byte & 0xf0) == 0x40) {
		d->rex = byte;
		return true;
	}
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
		if (d->mode != 64)
			d->segment = (byte >> 3) & 3;
		break;
	case 0x64:
		d->segment = FS;
		break;
	case 0x65:
		d->segment = GS;
		break;
	case 0x66:
		d->operand_override = true;
		break;
	case 0x67:
		d->address_override = true;
		break;
	case 0xf0:
		d->lock = true;
		break;
	case 0xf2: case 0xf3:
		d->rep = true;
		break;
	default:
		return false;
	}
	d->rex = 0;
	return true;
}

static int fetch_opcode(struct decoder *d, const struct opcode **opcode)
{
	const struct opcode *map = one_byte;
	u64 byte;
	int ret;

	do {
		ret = fetch(d, 1, &byte);
		if (ret)
			return ret;
	} while (take_prefix(d, byte));

	if (byte == 0x0f) {
		map = two_byte;
		ret = fetch(d, 1, &byte);
		if (ret)
			return ret;
	}
	*opcode = &map[byte];
	if (!(*opcode)->flags)
		return -EOPNOTSUPP;
	if (((*opcode)->flags & ONLY64) && d->mode != 64)
		return -EOPNOTSUPP;
	return 0;
}

/* SDM, volume 1, "Operand-Size and Address-Size Attributes". */
static unsigned int operand_size(const struct decoder *d)
{
	if (d->rex & REX_W)
		return 8;
	return (d->mode == 16) == d->operand_override ? 4 : 2;
}

static unsigned int address_size(const struct decoder *d)
{
	if (d->mode == 64)
		return d->address_override ? 4 : 8;
	return (d->mode == 16) == d->address_override ? 4 : 2;
}

static void set_sizes(struct vhm_insn *insn, const struct decoder *d, unsigned int flags)
{
	insn->address_size = address_size(d);
	insn->reg_size = flags & BYTE ? 1 : operand_size(d);
	insn->mem_size = insn->reg_size;
	insn->sign_extend = flags & SIGN;
	if (flags & MEM8)
		insn->mem_size = 1;
	else if (flags & MEM16)
		insn->mem_size = 2;
	else if (flags & MEM32 && insn->reg_size > 4)
		insn->mem_size = 4;
}

/* The default is SS for what is addressed through rSP or rBP as base. */
static void set_segment(struct vhm_insn *insn, const struct decoder *d)
{
	if (d->segment >= 0)
		insn->segment = d->segment;
	else if (insn->base == RSP || insn->base == RBP)
		insn->segment = SS;
	else
		insn->segment = DS;
}

static int fetch_displacement(struct decoder *d, struct vhm_insn *insn, unsigned int size)
{
	u64 value;
	int ret;

	if (!size)
		return 0;
	ret = fetch(d, size, &value);
	if (ret)
		return ret;
	insn->displacement = extend_sign(value, size);
	return 0;
}

/* SDM, volume 2, table "16-Bit Addressing Forms with the ModR/M Byte". */
static int decode_address16(struct decoder *d, struct vhm_insn *insn)
{
	static const s8 base[8] = { RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX };
	static const s8 index[8] = { RSI, RDI, RSI, RDI, -1, -1, -1, -1 };
	unsigned int mod = d->modrm >> 6, rm = d->modrm & 7;

	if (mod == 0 && rm == 6)
		return fetch_displacement(d, insn, 2);
	insn->base = base[rm];
	insn->index = index[rm];
	return fetch_displacement(d, insn, mod);
}

static int decode_sib(struct decoder *d, struct vhm_insn *insn)
{
	unsigned int index;
	u64 sib;
	int ret;

	ret = fetch(d, 1, &sib);
	if (ret)
		return ret;
	index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);
	if (index != RSP) {
		insn->index = index;
		insn->scale = 1 << (sib >> 6);
	}
	insn->base = sib & 7;
	return 0;
}

/*
 * SDM, volume 2, tables "32-Bit Addressing Forms with the ModR/M Byte" and "with the SIB Byte",
 * and "RIP-Relative Addressing". REX.B extends the base after the special meanings of 4 and 5 are
 * sorted out.
 */
static int decode_address32(struct decoder *d, struct vhm_insn *insn)
{
	unsigned int mod = d->modrm >> 6, rm = d->modrm & 7;
	int ret;

	insn->base = rm;
	if (rm == RSP) {
		ret = decode_sib(d, insn);
		if (ret)
			return ret;
	}
	if (mod == 0 && insn->base == RBP) {
		insn->rip_relative = d->mode == 64 && rm == RBP;
		insn->base = -1;
		return fetch_displacement(d, insn, 4);
	}
	if (d->rex & REX_B)
		insn->base += 8;
	return fetch_displacement(d, insn, mod == 2 ? 4 : mod);
}

static int decode_modrm(struct decoder *d, struct vhm_insn *insn)
{
	u64 modrm;
	int ret;

	ret = fetch(d, 1, &modrm);
	if (ret)
		return ret;
	d->modrm = modrm;
	insn->reg = (modrm >> 3 & 7) | (d->rex & REX_R ? 8 : 0);
	/* Without REX, byte registers 4 to 7 are AH, CH, DH and BH. */
	if (insn->reg_size == 1 && !d->rex && insn->reg >= 4) {
		insn->reg -= 4;
		insn->high_byte = true;
	}
	if (modrm >> 6 == 3) {
		d->memory = false;
		return 0;
	}
	return insn->address_size == 2 ? decode_address16(d, insn) : decode_address32(d, insn);
}

/* C6 and C7: reg field 0 is MOV; F8 alone is XABORT or XBEGIN; nothing else is defined. */
static int check_group0(const struct decoder *d)
{
	if (!(d->modrm >> 3 & 7))
		return 0;
	return d->modrm == 0xf8 ? -EOPNOTSUPP : -EINVAL;
}

static int decode_moffs(struct decoder *d, struct vhm_insn *insn)
{
	u64 value;
	int ret;

	ret = fetch(d, insn->address_size, &value);
	insn->displacement = value;
	return ret;
}

static int decode_address(struct decoder *d, struct vhm_insn *insn, unsigned int flags)
{
	int ret = 0;

	if (flags & MODRM)
		ret = decode_modrm(d, insn);
	if (flags & GROUP0 && !ret)
		ret = check_group0(d);
	if (flags & MOFFS)
		ret = decode_moffs(d, insn);
	if (flags & STRING) {
		insn->rep = d->rep;
		insn->base = insn->op == VHM_INSN_STOS ? RDI : RSI;
	}
	set_segment(insn, d);
	if (insn->op == VHM_INSN_STOS)
		insn->segment = ES;
	return ret;
}

static int decode_immediate(struct decoder *d, struct vhm_insn *insn)
{
	unsigned int size = insn->mem_size > 4 ? 4 : insn->mem_size;
	u64 value;
	int ret;

	insn->reg = 0;
	insn->high_byte = false;
	ret = fetch(d, size, &value);
	insn->immediate = extend_sign(value, size);
	return ret;
}

/**
 * vhm_insn_decode - decode one instruction that accesses memory
 * @insn:  filled in; without meaning if the call fails
 * @bytes: the instruction's bytes; what follows it is not looked at
 * @count: how many bytes there are; more than 15 are never needed
 * @mode:  default operand and address size of the code segment, in bits: 16, 32 or 64
 *
 * Return: 0; -ENODATA if the bytes end before the instruction does; -EINVAL if the processor
 * would raise #UD; -E2BIG if the instruction is longer than 15 bytes (#GP); -EOPNOTSUPP if it is
 * unknown, or valid but not emulated here.
 */
int vhm_insn_decode(struct vhm_insn *insn, const u8 *bytes, size_t count, unsigned int mode)
{
	struct decoder d = {
		.bytes = bytes,
		.count = count,
		.mode = mode,
		.segment = -1,
		.memory = true,
	};
	const struct opcode *opcode;
	int ret;

	*insn = (struct vhm_insn){ .base = -1, .index = -1, .scale = 1 };
	ret = fetch_opcode(&d, &opcode);
	if (ret)
		return ret;
	insn->op = opcode->op;
	set_sizes(insn, &d, opcode->flags);
	ret = decode_address(&d, insn, opcode->flags);
	if (ret)
		return ret;
	if (opcode->flags & IMM) {
		ret = decode_immediate(&d, insn);
		if (ret)
			return ret;
	}
	insn->length = d.position;
	if (d.lock)
		return -EINVAL;
	return d.memory ? 0 : -EOPNOTSUPP;
}

/**
 * vhm_insn_offset - effective address of the memory operand
 * @insn:     the instruction
 * @regs:     the guest's registers
 * @next_rip: address of the instruction that follows, which RIP-relative addresses count from
 *
 * Return: the offset inside @insn->segment, wrapped to the address size; of the source for
 * VHM_INSN_MOVS.
 */
u64 vhm_insn_offset(const struct vhm_insn *insn, const u64 regs[16], u64 next_rip)
{
	u64 offset = insn->displacement;

	if (insn->base >= 0)
		offset += regs[insn->base];
	if (insn->index >= 0)
		offset += regs[insn->index] * insn->scale;
	if (insn->rip_relative)
		offset += next_rip;
	return offset & mask(insn->address_size);
}

/**
 * vhm_insn_movs_destination - where VHM_INSN_MOVS writes
 * @insn: the instruction
 * @regs: the guest's registers
 *
 * Return: the offset inside ES, wrapped to the address size.
 */
u64 vhm_insn_movs_destination(const struct vhm_insn *insn, const u64 regs[16])
{
	return regs[RDI] & mask(insn->address_size);
}

/**
 * vhm_insn_count - how many times the instruction is still to be done
 * @insn: the instruction
 * @regs: the guest's registers
 *
 * Return: 1 without REP, or else rCX at the address size, which may be 0.
 */
u64 vhm_insn_count(const struct vhm_insn *insn, const u64 regs[16])
{
	return insn->rep ? regs[RCX] & mask(insn->address_size) : 1;
}

/**
 * vhm_insn_store_value - what the instruction writes to memory
 * @insn: the instruction: VHM_INSN_STORE, VHM_INSN_STORE_IMM or VHM_INSN_STOS
 * @regs: the guest's registers
 *
 * Return: the value, of @insn->mem_size bytes.
 */
u64 vhm_insn_store_value(const struct vhm_insn *insn, const u64 regs[16])
{
	u64 value = insn->op == VHM_INSN_STORE_IMM ? insn->immediate : regs[insn->reg];

	if (insn->high_byte)
		value >>= 8;
	return value & mask(insn->mem_size);
}

/*
 * SDM, volume 1, "General-Purpose Registers in 64-Bit Mode": a 32-bit result zeroes the upper
 * half of the register, 8-bit and 16-bit results leave the rest as it was.
 */
static void write_register(u64 *reg, u64 value, unsigned int size)
{
	u64 keep = size >= 4 ? 0 : ~mask(size);

	*reg = (*reg & keep) | (value & mask(size));
}

/**
 * vhm_insn_load - put what was read from memory into the register operand
 * @insn:  the instruction: VHM_INSN_LOAD or VHM_INSN_LODS
 * @regs:  the guest's registers
 * @value: what was read, of @insn->mem_size bytes; higher bits are ignored
 */
void vhm_insn_load(const struct vhm_insn *insn, u64 regs[16], u64 value)
{
	u64 *reg = &regs[insn->reg];

	value &= mask(insn->mem_size);
	if (insn->sign_extend)
		value = extend_sign(value, insn->mem_size);
	if (insn->high_byte)
		*reg = (*reg & ~0xff00ULL) | value << 8;
	else
		write_register(reg, value, insn->reg_size);
}

static void move_pointer(const struct vhm_insn *insn, u64 *reg, bool backwards)
{
	u64 step = insn->mem_size;

	write_register(reg, backwards ? *reg - step : *reg + step, insn->address_size);
}

/**
 * vhm_insn_advance - move a string instruction to its next element
 * @insn:      the instruction; nothing happens if it is not a string form
 * @regs:      the guest's registers
 * @backwards: RFLAGS.DF
 *
 * Moves rSI and rDI, as far as the instruction uses them, by the size of an element, and under
 * REP counts rCX down by one. A REP form is finished when vhm_insn_count() is then 0.
 */
void vhm_insn_advance(const struct vhm_insn *insn, u64 regs[16], bool backwards)
{
	if (insn->op == VHM_INSN_MOVS || insn->op == VHM_INSN_LODS)
		move_pointer(insn, &regs[RSI], backwards);
	if (insn->op == VHM_INSN_MOVS || insn->op == VHM_INSN_STOS)
		move_pointer(insn, &regs[RDI], backwards);
	if (insn->rep)
		write_register(&regs[RCX], regs[RCX] - 1, insn->address_size);
}
