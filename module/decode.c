// SPDX-License-Identifier: GPL-2.0
/*
 * The decoder: from the bytes of an instruction to struct vhm_insn. See emulate.h for its place.
 *
 * The order of the bytes is that of the SDM, volume 2, "Instruction Format": prefixes, REX,
 * opcode, ModRM, SIB, displacement, immediate; the functions below stand in that order. What an
 * opcode is made of is in the tables of opcode.c.
 */
#include "emulate.h"
#include "opcode.h"

enum {
	RBX = 3, RSP, RBP, RSI, RDI,
};

enum {
	SS = 2, DS, FS, GS,
};

enum {
	REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8,
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
	u8 repeat;		/* the last of F2 and F3, or 0 */
	u8 opcode;		/* its last byte */
	u8 op;
	u8 form;
	u32 flags;		/* VHM_ROW_* */
	u8 modrm;
};

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

static int fetch_byte(struct decoder *d, u8 *byte)
{
	u64 value;
	int ret;

	ret = fetch(d, 1, &value);
	*byte = value;
	return ret;
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
		d->repeat = byte;
		break;
	default:
		return false;
	}
	d->rex = 0;
	return true;
}

/* The opcode maps, by the escape bytes. */
static int fetch_opcode(struct decoder *d, const struct vhm_opcode **row)
{
	int ret;

	do {
		ret = fetch_byte(d, &d->opcode);
		if (ret)
			return ret;
	} while (take_prefix(d, d->opcode));
	*row = &vhm_opcode_one_byte[d->opcode];
	if (d->opcode != 0x0f)
		return 0;

	ret = fetch_byte(d, &d->opcode);
	*row = &vhm_opcode_two_byte[d->opcode];
	if (ret || d->opcode != 0x38)
		return ret;

	ret = fetch_byte(d, &d->opcode);
	*row = vhm_opcode_three_byte(d->opcode);
	return ret;
}

/* SDM, volume 2, "Two-Byte Opcode Map": F2 and F3 hide a 66 that chooses an instruction too. */
static unsigned int mandatory_prefix(const struct decoder *d)
{
	if (d->repeat)
		return d->repeat == 0xf3 ? VHM_PREFIX_F3 : VHM_PREFIX_F2;
	return d->operand_override ? VHM_PREFIX_66 : VHM_PREFIX_NONE;
}

/* Which register a form means. */
enum register_from {
	REGISTER_NONE,
	REGISTER_REG,		/* ModRM's reg field */
	REGISTER_SEGMENT,	/* ModRM's reg field, a segment register */
	REGISTER_RAX,
	REGISTER_RBP,
	REGISTER_OPCODE,	/* the opcode's bits 2:0 */
	REGISTER_OPCODE_SEGMENT	/* the opcode's bits 5:3, a segment register */
};

/* Where a form's address comes from. */
enum address_from {
	ADDRESS_NONE,
	ADDRESS_MODRM,
	ADDRESS_CONSTANT,
	ADDRESS_STRING,
};

#define OPERANDS(to, from)	VHM_OPERAND_##to, VHM_OPERAND_##from
/* The accesses, in the order of enum vhm_step. */
#define READS(where)		{ VHM_PLACE_##where, 0, 0 }
#define READ_BOTH(first, second) { VHM_PLACE_##first, VHM_PLACE_##second, 0 }
#define WRITES(where)		{ 0, 0, VHM_PLACE_##where }
#define COPY(from, to)		{ VHM_PLACE_##from, 0, VHM_PLACE_##to }
/* Whether such a destination is read, written or both is the operation's affair. */
#define READ_WRITE(where)	COPY(where, where)

static const struct routing {
	u8 destination;
	u8 source;
	u8 place[VHM_STEPS];
	u8 reg;
	u8 address;
} routes[VHM_FORMS] = {
	[VHM_FORM_E_G] = { OPERANDS(MEMORY, REGISTER), READ_WRITE(ADDRESS), REGISTER_REG,
			   ADDRESS_MODRM },
	[VHM_FORM_G_E] = { OPERANDS(REGISTER, MEMORY), READS(ADDRESS), REGISTER_REG,
			   ADDRESS_MODRM },
	[VHM_FORM_E_I] = { OPERANDS(MEMORY, IMMEDIATE), READ_WRITE(ADDRESS), REGISTER_NONE,
			   ADDRESS_MODRM },
	[VHM_FORM_E] = { OPERANDS(MEMORY, NONE), READ_WRITE(ADDRESS), REGISTER_NONE,
			 ADDRESS_MODRM },
	[VHM_FORM_FROM_E] = { OPERANDS(NONE, MEMORY), READS(ADDRESS), REGISTER_NONE,
			      ADDRESS_MODRM },
	[VHM_FORM_E_S] = { OPERANDS(MEMORY, SELECTOR), WRITES(ADDRESS), REGISTER_SEGMENT,
			   ADDRESS_MODRM },
	[VHM_FORM_O_A] = { OPERANDS(MEMORY, REGISTER), WRITES(ADDRESS), REGISTER_RAX,
			   ADDRESS_CONSTANT },
	[VHM_FORM_A_O] = { OPERANDS(REGISTER, MEMORY), READS(ADDRESS), REGISTER_RAX,
			   ADDRESS_CONSTANT },
	[VHM_FORM_Y_X] = { OPERANDS(MEMORY, MEMORY), COPY(ADDRESS, STRING), REGISTER_NONE,
			   ADDRESS_STRING },
	[VHM_FORM_X_Y] = { OPERANDS(MEMORY, SECOND), READ_BOTH(ADDRESS, STRING), REGISTER_NONE,
			   ADDRESS_STRING },
	[VHM_FORM_Y_A] = { OPERANDS(MEMORY, REGISTER), WRITES(STRING), REGISTER_RAX,
			   ADDRESS_STRING },
	[VHM_FORM_A_X] = { OPERANDS(REGISTER, MEMORY), READS(ADDRESS), REGISTER_RAX,
			   ADDRESS_STRING },
	[VHM_FORM_A_Y] = { OPERANDS(REGISTER, MEMORY), READS(STRING), REGISTER_RAX,
			   ADDRESS_STRING },
	[VHM_FORM_V_E] = { OPERANDS(XMM, MEMORY), READS(ADDRESS), REGISTER_REG, ADDRESS_MODRM },
	[VHM_FORM_E_V] = { OPERANDS(MEMORY, XMM), WRITES(ADDRESS), REGISTER_REG, ADDRESS_MODRM },
	[VHM_FORM_K_E] = { OPERANDS(MEMORY, MEMORY), COPY(ADDRESS, STACK), REGISTER_NONE,
			   ADDRESS_MODRM },
	[VHM_FORM_E_K] = { OPERANDS(MEMORY, MEMORY), COPY(STACK, ADDRESS), REGISTER_NONE,
			   ADDRESS_MODRM },
	[VHM_FORM_K_Z] = { OPERANDS(MEMORY, REGISTER), WRITES(STACK), REGISTER_OPCODE,
			   ADDRESS_NONE },
	[VHM_FORM_Z_K] = { OPERANDS(REGISTER, MEMORY), READS(STACK), REGISTER_OPCODE,
			   ADDRESS_NONE },
	[VHM_FORM_K_I] = { OPERANDS(MEMORY, IMMEDIATE), WRITES(STACK), REGISTER_NONE,
			   ADDRESS_NONE },
	[VHM_FORM_K_J] = { OPERANDS(MEMORY, RELATIVE), WRITES(STACK), REGISTER_NONE,
			   ADDRESS_NONE },
	[VHM_FORM_K_S] = { OPERANDS(MEMORY, SELECTOR), WRITES(STACK), REGISTER_OPCODE_SEGMENT,
			   ADDRESS_NONE },
	[VHM_FORM_FROM_K] = { OPERANDS(NONE, MEMORY), READS(STACK), REGISTER_NONE, ADDRESS_NONE },
	[VHM_FORM_LEAVE] = { OPERANDS(REGISTER, MEMORY), READS(FRAME), REGISTER_RBP,
			     ADDRESS_NONE },
};

static bool has_modrm(unsigned int form)
{
	return form == VHM_FORM_GROUP || form == VHM_FORM_REGISTER ||
	       routes[form].address == ADDRESS_MODRM;
}

static bool has_register_operand(const struct decoder *d)
{
	return d->modrm >> 6 == 3;
}

static int choose_row(struct decoder *d, const struct vhm_opcode *row)
{
	int ret;

	d->flags = row->flags;
	if (row->form == VHM_FORM_PREFIX) {
		row = &vhm_opcode_prefixes[row->op][mandatory_prefix(d)];
		d->flags |= row->flags;
	}
	if (has_modrm(row->form)) {
		ret = fetch_byte(d, &d->modrm);
		if (ret)
			return ret;
	}
	if (row->form == VHM_FORM_GROUP) {
		row = &vhm_opcode_groups[row->op][d->modrm >> 3 & 7];
		d->flags |= row->flags;
	}
	d->op = row->op;
	d->form = row->form;
	if (d->form == VHM_FORM_NONE || (d->flags & VHM_ROW_ONLY64 && d->mode != 64))
		return -EOPNOTSUPP;
	if (d->form == VHM_FORM_REGISTER)
		return has_register_operand(d) ? -EOPNOTSUPP : -EINVAL;
	if (d->form == VHM_FORM_UNDEFINED || (d->flags & VHM_ROW_NOT64 && d->mode == 64))
		return -EINVAL;
	return 0;
}

/* SDM, volume 1, "Operand-Size and Address-Size Attributes". */
static unsigned int operand_size(const struct decoder *d)
{
	bool narrow = (d->mode == 16) != d->operand_override;

	if (d->flags & VHM_ROW_BYTE)
		return 1;
	if (d->flags & VHM_ROW_WIDE)
		return 16;
	if (d->flags & VHM_ROW_DOUBLE)
		return d->rex & REX_W ? 16 : 8;
	if (d->flags & VHM_ROW_DWORD)
		return d->rex & REX_W ? 8 : 4;
	if (d->mode == 64 && d->flags & VHM_ROW_BRANCH)
		return 8;
	if (d->rex & REX_W)
		return 8;
	if (d->mode == 64 && d->flags & VHM_ROW_STACK)
		return narrow ? 2 : 8;
	return narrow ? 2 : 4;
}

/* SDM, volume 2, "PUSH": of a segment register's 32 bits, processors write the lower half. */
static unsigned int memory_size(const struct decoder *d, unsigned int operand_size)
{
	if (d->form == VHM_FORM_K_S && operand_size == 4)
		return 2;
	if (d->flags & VHM_ROW_MEM8)
		return 1;
	if (d->flags & VHM_ROW_MEM16)
		return 2;
	if (d->flags & VHM_ROW_MEM32 && operand_size > 4)
		return 4;
	return d->flags & VHM_ROW_MEM64 ? 8 : operand_size;
}

static unsigned int address_size(const struct decoder *d)
{
	if (d->mode == 64)
		return d->address_override ? 4 : 8;
	return (d->mode == 16) == d->address_override ? 4 : 2;
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
	insn->displacement = vhm_extend_sign(value, size);
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
	u8 sib;
	int ret;

	ret = fetch_byte(d, &sib);
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

static int decode_constant_address(struct decoder *d, struct vhm_insn *insn)
{
	u64 value;
	int ret;

	ret = fetch(d, insn->address_size, &value);
	insn->displacement = value;
	return ret;
}

static int decode_address(struct decoder *d, struct vhm_insn *insn, unsigned int from)
{
	switch (from) {
	case ADDRESS_MODRM:
		if (has_register_operand(d))
			return 0;
		return insn->address_size == 2 ? decode_address16(d, insn) :
						 decode_address32(d, insn);
	case ADDRESS_CONSTANT:
		return decode_constant_address(d, insn);
	case ADDRESS_STRING:
		insn->base = RSI;
		insn->string = true;
		if (d->repeat)
			insn->repeat = d->repeat == 0xf3 ? VHM_REPEAT_EQUAL : VHM_REPEAT_NOT_EQUAL;
		return 0;
	default:
		return 0;
	}
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

/* Without REX, byte registers 4 to 7 are AH, CH, DH and BH. */
static void set_register(struct vhm_insn *insn, const struct decoder *d, unsigned int number,
			 u8 rex_bit)
{
	insn->reg = number | (d->rex & rex_bit ? 8 : 0);
	if (insn->size == 1 && !d->rex && insn->reg >= 4) {
		insn->reg -= 4;
		insn->high_byte = true;
	}
}

static int decode_register(const struct decoder *d, struct vhm_insn *insn, unsigned int from)
{
	switch (from) {
	case REGISTER_REG:
		set_register(insn, d, d->modrm >> 3 & 7, REX_R);
		return 0;
	case REGISTER_SEGMENT:
		insn->reg = d->modrm >> 3 & 7;
		return insn->reg <= GS ? 0 : -EINVAL;
	case REGISTER_RBP:
		insn->reg = RBP;
		return 0;
	case REGISTER_OPCODE:
		set_register(insn, d, d->opcode & 7, REX_B);
		return 0;
	case REGISTER_OPCODE_SEGMENT:
		insn->reg = d->opcode >> 3 & 7;
		return 0;
	default:
		return 0;
	}
}

static int decode_immediate(struct decoder *d, struct vhm_insn *insn)
{
	unsigned int size;
	u64 value;
	int ret;

	if (d->flags & VHM_ROW_IMM)
		size = insn->size > 4 ? 4 : insn->size;
	else if (d->flags & VHM_ROW_IMM8)
		size = 1;
	else if (d->flags & VHM_ROW_IMM16)
		size = 2;
	else
		return 0;
	ret = fetch(d, size, &value);
	insn->immediate = d->flags & VHM_ROW_IMM16 ? value : vhm_extend_sign(value, size);
	return ret;
}

static void set_constants(struct vhm_insn *insn, const struct decoder *d)
{
	if (d->flags & VHM_ROW_ONE)
		insn->immediate = 1;
	if (d->flags & VHM_ROW_CONDITION)
		insn->immediate = d->opcode & 15;
	insn->count_in_cl = d->flags & VHM_ROW_CL;
	insn->bit_string = d->flags & VHM_ROW_BITS;
	insn->aligned = d->flags & VHM_ROW_ALIGNED && insn->mem_size == 16;
}

static bool uses_stack(const struct vhm_insn *insn)
{
	return insn->place[VHM_STEP_READ] >= VHM_PLACE_STACK ||
	       insn->place[VHM_STEP_WRITE] >= VHM_PLACE_STACK;
}

static void set_needs(struct vhm_insn *insn)
{
	/* String instructions look at DF. */
	if (insn->string || vhm_opcode_flags[insn->op] & VHM_OP_FLAGS)
		insn->needs |= VHM_NEEDS_RFLAGS;
	if (uses_stack(insn))
		insn->needs |= VHM_NEEDS_STACK_SIZE;
	if (insn->source == VHM_OPERAND_SELECTOR)
		insn->needs |= VHM_NEEDS_SELECTOR;
	if (insn->destination == VHM_OPERAND_XMM || insn->source == VHM_OPERAND_XMM)
		insn->needs |= VHM_NEEDS_XMM;
}

/* ModRM names a register where the form has memory: what is left may be the stack. */
static void use_register_operand(struct vhm_insn *insn, const struct decoder *d)
{
	unsigned int step;

	for (step = 0; step < VHM_STEPS; step++)
		if (insn->place[step] == VHM_PLACE_ADDRESS)
			insn->place[step] = VHM_PLACE_NONE;
	set_register(insn, d, d->modrm & 7, REX_B);
	if (d->form == VHM_FORM_K_E)
		insn->source = VHM_OPERAND_REGISTER;
	else
		insn->destination = VHM_OPERAND_REGISTER;
}

static void set_operands(struct vhm_insn *insn, const struct decoder *d,
			 const struct routing *route)
{
	u8 op = vhm_opcode_flags[insn->op];
	unsigned int step;

	insn->destination = route->destination;
	insn->source = route->source;
	for (step = 0; step < VHM_STEPS; step++)
		insn->place[step] = route->place[step];
	if (insn->destination == VHM_OPERAND_MEMORY && insn->source != VHM_OPERAND_MEMORY) {
		if (!(op & VHM_OP_READS))
			insn->place[VHM_STEP_READ] = VHM_PLACE_NONE;
		if (!(op & VHM_OP_WRITES))
			insn->place[VHM_STEP_WRITE] = VHM_PLACE_NONE;
	}
	if (route->address == ADDRESS_MODRM && has_register_operand(d))
		use_register_operand(insn, d);
	insn->modify = insn->place[VHM_STEP_READ] &&
		       insn->place[VHM_STEP_READ] == insn->place[VHM_STEP_WRITE];
}

static bool is_plain(const struct vhm_insn *insn)
{
	bool store = insn->place[VHM_STEP_WRITE] == VHM_PLACE_ADDRESS &&
		     (insn->source == VHM_OPERAND_REGISTER ||
		      insn->source == VHM_OPERAND_IMMEDIATE);
	bool load = insn->place[VHM_STEP_READ] == VHM_PLACE_ADDRESS &&
		    insn->destination == VHM_OPERAND_REGISTER;

	return (insn->op == VHM_INSN_MOV || insn->op == VHM_INSN_MOVSX) && (store || load) &&
	       !insn->string;
}

static bool is_one_place(const struct vhm_insn *insn)
{
	return insn->place[VHM_STEP_READ] == VHM_PLACE_ADDRESS &&
	       !insn->place[VHM_STEP_READ_SECOND] &&
	       (insn->modify || !insn->place[VHM_STEP_WRITE]) && insn->mem_size <= 8 &&
	       !(insn->needs & ~VHM_NEEDS_RFLAGS) && !insn->string && insn->op != VHM_INSN_JMP;
}

static bool touches_memory(const struct vhm_insn *insn)
{
	return insn->place[VHM_STEP_READ] || insn->place[VHM_STEP_WRITE];
}

/* SDM, volume 2, "LOCK": what it may stand before; anything else is #UD. */
static bool may_lock(const struct vhm_insn *insn)
{
	return vhm_opcode_flags[insn->op] & VHM_OP_LOCK && insn->modify;
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
	struct decoder d = { .bytes = bytes, .count = count, .mode = mode, .segment = -1 };
	const struct vhm_opcode *row;
	const struct routing *route;
	int ret;

	*insn = (struct vhm_insn){ .base = -1, .index = -1, .scale = 1 };
	ret = fetch_opcode(&d, &row);
	if (!ret)
		ret = choose_row(&d, row);
	if (ret)
		return ret;
	route = &routes[d.form];
	insn->op = d.op;
	insn->size = operand_size(&d);
	insn->mem_size = memory_size(&d, insn->size);
	insn->address_size = address_size(&d);
	ret = decode_register(&d, insn, route->reg);
	if (!ret)
		ret = decode_address(&d, insn, route->address);
	if (!ret)
		ret = decode_immediate(&d, insn);
	if (ret)
		return ret;
	insn->length = d.position;
	set_segment(insn, &d);
	set_operands(insn, &d, route);
	set_constants(insn, &d);
	set_needs(insn);
	insn->plain = is_plain(insn);
	insn->one_place = is_one_place(insn);
	if (d.lock && !may_lock(insn))
		return -EINVAL;
	return touches_memory(insn) ? 0 : -EOPNOTSUPP;
}
