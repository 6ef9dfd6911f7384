// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of instructions and its flags. See alu.h.
 *
 * Each function is one instruction as the SDM, volume 2, describes it. A flag that the SDM leaves
 * undefined there keeps its value, if the comment does not say otherwise.
 */
#include "alu.h"

#define FLAGS_SZP (VHM_FLAG_SF | VHM_FLAG_ZF | VHM_FLAG_PF)

static unsigned int bits(const struct vhm_alu *a)
{
	return 8 * a->size;
}

static u64 sign(const struct vhm_alu *a, u64 value)
{
	return value >> (bits(a) - 1) & 1;
}

static void set_flag(struct vhm_alu *a, u64 flag, bool value)
{
	a->flags = value ? a->flags | flag : a->flags & ~flag;
}

/* PF looks at the lowest byte: set if the number of ones in it is even. */
static bool is_even_parity(u64 value)
{
	value ^= value >> 4;
	value ^= value >> 2;
	value ^= value >> 1;
	return !(value & 1);
}

static void set_szp(struct vhm_alu *a, u64 result)
{
	set_flag(a, VHM_FLAG_SF, sign(a, result));
	set_flag(a, VHM_FLAG_ZF, !result);
	set_flag(a, VHM_FLAG_PF, is_even_parity(result));
}

/* Bit n of @carries: bit n of the sum carried into the next; or borrowed from it. */
static void set_arithmetic_flags(struct vhm_alu *a, u64 result, u64 carries, u64 overflow)
{
	set_szp(a, result);
	set_flag(a, VHM_FLAG_CF, sign(a, carries));
	set_flag(a, VHM_FLAG_AF, carries & BIT(3));
	set_flag(a, VHM_FLAG_OF, sign(a, overflow));
}

static u64 add(struct vhm_alu *a, u64 x, u64 y, bool carry)
{
	u64 sum = (x + y + carry) & vhm_size_mask(a->size);

	set_arithmetic_flags(a, sum, (x & y) | ((x | y) & ~sum), (x ^ sum) & (y ^ sum));
	return sum;
}

static u64 subtract(struct vhm_alu *a, u64 x, u64 y, bool borrow)
{
	u64 rest = (x - y - borrow) & vhm_size_mask(a->size);

	set_arithmetic_flags(a, rest, (~x & y) | ((~x | y) & rest), (x ^ y) & (x ^ rest));
	return rest;
}

/* AF is undefined; processors clear it. */
static u64 logic(struct vhm_alu *a, u64 result)
{
	set_szp(a, result);
	a->flags &= ~(u64)(VHM_FLAG_CF | VHM_FLAG_OF | VHM_FLAG_AF);
	return result;
}

void vhm_alu_add(struct vhm_alu *a)
{
	a->destination = add(a, a->destination, a->source, false);
}

void vhm_alu_adc(struct vhm_alu *a)
{
	a->destination = add(a, a->destination, a->source, a->flags & VHM_FLAG_CF);
}

void vhm_alu_sub(struct vhm_alu *a)
{
	a->destination = subtract(a, a->destination, a->source, false);
}

void vhm_alu_sbb(struct vhm_alu *a)
{
	a->destination = subtract(a, a->destination, a->source, a->flags & VHM_FLAG_CF);
}

void vhm_alu_cmp(struct vhm_alu *a)
{
	subtract(a, a->destination, a->source, false);
}

void vhm_alu_and(struct vhm_alu *a)
{
	a->destination = logic(a, a->destination & a->source);
}

void vhm_alu_or(struct vhm_alu *a)
{
	a->destination = logic(a, a->destination | a->source);
}

void vhm_alu_xor(struct vhm_alu *a)
{
	a->destination = logic(a, a->destination ^ a->source);
}

void vhm_alu_test(struct vhm_alu *a)
{
	logic(a, a->destination & a->source);
}

void vhm_alu_not(struct vhm_alu *a)
{
	a->destination = ~a->destination & vhm_size_mask(a->size);
}

void vhm_alu_neg(struct vhm_alu *a)
{
	a->destination = subtract(a, 0, a->destination, false);
}

/* INC and DEC leave CF as it is. */
void vhm_alu_inc(struct vhm_alu *a)
{
	u64 carry = a->flags & VHM_FLAG_CF;

	a->destination = add(a, a->destination, 1, false);
	set_flag(a, VHM_FLAG_CF, carry);
}

void vhm_alu_dec(struct vhm_alu *a)
{
	u64 carry = a->flags & VHM_FLAG_CF;

	a->destination = subtract(a, a->destination, 1, false);
	set_flag(a, VHM_FLAG_CF, carry);
}

void vhm_alu_xadd(struct vhm_alu *a)
{
	u64 sum = add(a, a->destination, a->source, false);

	a->source = a->destination;
	a->destination = sum;
	a->changed |= VHM_CHANGED_SOURCE;
}

/* The destination is written in either case; the accumulator only if it was not equal. */
void vhm_alu_cmpxchg(struct vhm_alu *a)
{
	u64 mask = vhm_size_mask(a->size);

	if (!subtract(a, a->rax & mask, a->destination, false)) {
		a->destination = a->source;
	} else {
		a->rax = (a->rax & ~mask) | a->destination;
		a->changed |= VHM_CHANGED_RAX;
	}
}

/* What a shift or rotation by the count in an operand really goes by. */
static unsigned int masked_count(const struct vhm_alu *a)
{
	return a->count & (a->size == 8 ? 63 : 31);
}

/* OF is defined for a count of 1 alone; AF never. Both come as the same formula gives them. */
static void set_shift_flags(struct vhm_alu *a, u64 result, bool carry, bool overflow)
{
	set_szp(a, result);
	set_flag(a, VHM_FLAG_CF, carry);
	set_flag(a, VHM_FLAG_OF, overflow);
	a->destination = result;
}

void vhm_alu_shl(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);
	u64 last, result;

	if (!count)
		return;
	last = a->destination << (count - 1);
	result = last << 1 & vhm_size_mask(a->size);
	set_shift_flags(a, result, sign(a, last), sign(a, last) ^ sign(a, result));
}

void vhm_alu_shr(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);
	u64 last;

	if (!count)
		return;
	last = a->destination >> (count - 1);
	set_shift_flags(a, last >> 1, last & 1, sign(a, a->destination));
}

void vhm_alu_sar(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);
	s64 last;

	if (!count)
		return;
	last = (s64)vhm_extend_sign(a->destination, a->size) >> (count - 1);
	set_shift_flags(a, last >> 1 & vhm_size_mask(a->size), last & 1, false);
}

/* A rotation changes CF and OF alone. */
static void set_rotate_flags(struct vhm_alu *a, bool carry, bool overflow)
{
	set_flag(a, VHM_FLAG_CF, carry);
	set_flag(a, VHM_FLAG_OF, overflow);
}

static u64 rotate_left(const struct vhm_alu *a, unsigned int count)
{
	u64 x = a->destination;

	count %= bits(a);
	if (!count)
		return x;
	return (x << count | x >> (bits(a) - count)) & vhm_size_mask(a->size);
}

void vhm_alu_rol(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);

	if (!count)
		return;
	a->destination = rotate_left(a, count);
	set_rotate_flags(a, a->destination & 1, sign(a, a->destination) ^ (a->destination & 1));
}

void vhm_alu_ror(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);

	if (!count)
		return;
	a->destination = rotate_left(a, bits(a) - count % bits(a));
	set_rotate_flags(a, sign(a, a->destination),
			 sign(a, a->destination) ^ sign(a, a->destination << 1));
}

/* Through CF, which makes one bit more: a rotation by so many is none. */
static unsigned int through_carry_count(const struct vhm_alu *a)
{
	return masked_count(a) % (bits(a) + 1);
}

void vhm_alu_rcl(struct vhm_alu *a)
{
	unsigned int left = through_carry_count(a);
	u64 carry = a->flags & VHM_FLAG_CF, next;

	if (!left)
		return;
	for (; left; left--) {
		next = sign(a, a->destination);
		a->destination = (a->destination << 1 | carry) & vhm_size_mask(a->size);
		carry = next;
	}
	set_rotate_flags(a, carry, sign(a, a->destination) ^ carry);
}

void vhm_alu_rcr(struct vhm_alu *a)
{
	unsigned int left = through_carry_count(a);
	u64 carry = a->flags & VHM_FLAG_CF, next;

	if (!left)
		return;
	for (; left; left--) {
		next = a->destination & 1;
		a->destination = a->destination >> 1 | carry << (bits(a) - 1);
		carry = next;
	}
	set_rotate_flags(a, carry, sign(a, a->destination) ^ sign(a, a->destination << 1));
}

/*
 * With 16 bits a count above 16 is undefined; processors then shift the destination in behind the
 * source.
 */
void vhm_alu_shld(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);
	u64 x = a->destination, last, result;

	if (!count)
		return;
	if (a->size == 2) {
		u64 wide = x << 32 | a->source << 16 | x;

		last = wide << (count - 1) >> 32;
		result = wide << count >> 32;
	} else {
		last = x << (count - 1);
		result = last << 1 | a->source >> (bits(a) - count);
	}
	result &= vhm_size_mask(a->size);
	set_shift_flags(a, result, sign(a, last), sign(a, result) ^ sign(a, x));
}

void vhm_alu_shrd(struct vhm_alu *a)
{
	unsigned int count = masked_count(a);
	u64 x = a->destination, last, result;

	if (!count)
		return;
	if (a->size == 2) {
		last = (x << 32 | a->source << 16 | x) >> (count - 1);
		result = last >> 1;
	} else {
		last = x >> (count - 1);
		result = last >> 1 | a->source << (bits(a) - count);
	}
	result &= vhm_size_mask(a->size);
	set_shift_flags(a, result, last & 1, sign(a, result) ^ sign(a, x));
}

/* The offset's upper bits have gone into the address, or count for nothing. */
static u64 tested_bit(struct vhm_alu *a)
{
	u64 bit = 1ULL << (a->source & (bits(a) - 1));

	set_flag(a, VHM_FLAG_CF, a->destination & bit);
	return bit;
}

void vhm_alu_bt(struct vhm_alu *a)
{
	tested_bit(a);
}

void vhm_alu_bts(struct vhm_alu *a)
{
	a->destination |= tested_bit(a);
}

void vhm_alu_btr(struct vhm_alu *a)
{
	a->destination &= ~tested_bit(a);
}

void vhm_alu_btc(struct vhm_alu *a)
{
	a->destination ^= tested_bit(a);
}

static void set_product_flags(struct vhm_alu *a, bool wide)
{
	set_flag(a, VHM_FLAG_CF, wide);
	set_flag(a, VHM_FLAG_OF, wide);
}

/* Twice the size: AX, DX:AX, EDX:EAX or RDX:RAX. */
static void set_wide_product(struct vhm_alu *a, unsigned __int128 product)
{
	u64 low = (u64)product & vhm_size_mask(a->size);
	u64 high = (u64)(product >> bits(a)) & vhm_size_mask(a->size);

	a->changed |= VHM_CHANGED_RAX;
	if (a->size == 1) {
		a->rax = high << 8 | low;
		return;
	}
	a->rax = low;
	a->rdx = high;
	a->changed |= VHM_CHANGED_RDX;
}

void vhm_alu_mul(struct vhm_alu *a)
{
	unsigned __int128 product;

	product = (unsigned __int128)(a->rax & vhm_size_mask(a->size)) * a->source;
	set_wide_product(a, product);
	set_product_flags(a, product >> bits(a));
}

static __int128 signed_product(const struct vhm_alu *a, u64 x, u64 y)
{
	return (__int128)(s64)vhm_extend_sign(x, a->size) * (s64)vhm_extend_sign(y, a->size);
}

static bool fits(const struct vhm_alu *a, __int128 product)
{
	return (s64)vhm_extend_sign((u64)product, a->size) == product;
}

void vhm_alu_imul_wide(struct vhm_alu *a)
{
	__int128 product = signed_product(a, a->rax, a->source);

	set_wide_product(a, (unsigned __int128)product);
	set_product_flags(a, !fits(a, product));
}

static void imul(struct vhm_alu *a, u64 x, u64 y)
{
	__int128 product = signed_product(a, x, y);

	a->destination = (u64)product & vhm_size_mask(a->size);
	set_product_flags(a, !fits(a, product));
}

void vhm_alu_imul(struct vhm_alu *a)
{
	imul(a, a->destination, a->source);
}

void vhm_alu_imul_imm(struct vhm_alu *a)
{
	imul(a, a->source, a->count);
}

/*
 * The quotient must fit, so @high is below @divisor. Bit by bit: nothing here is in a hurry, and
 * the processor's own instruction could fault.
 */
static u64 divide(u64 high, u64 low, u64 divisor, u64 *rest)
{
	unsigned int i;
	bool carry;

	for (i = 0; i < 64; i++) {
		carry = high >> 63;
		high = high << 1 | low >> 63;
		low <<= 1;
		if (carry || high >= divisor) {
			high -= divisor;
			low |= 1;
		}
	}
	*rest = high;
	return low;
}

/* The dividend as one number of 128 bits, not extended. */
static unsigned __int128 dividend(const struct vhm_alu *a)
{
	if (a->size == 1)
		return a->rax & 0xffff;
	return (unsigned __int128)a->rdx << bits(a) | a->rax;
}

static void set_quotient(struct vhm_alu *a, u64 quotient, u64 rest)
{
	quotient &= vhm_size_mask(a->size);
	rest &= vhm_size_mask(a->size);
	a->changed |= VHM_CHANGED_RAX;
	if (a->size == 1) {
		a->rax = rest << 8 | quotient;
		return;
	}
	a->rax = quotient;
	a->rdx = rest;
	a->changed |= VHM_CHANGED_RDX;
}

void vhm_alu_div(struct vhm_alu *a)
{
	unsigned __int128 number = dividend(a);
	u64 quotient, rest;

	a->divide_error = number >> bits(a) >= a->source;
	if (a->divide_error)
		return;
	quotient = divide((u64)(number >> 64), (u64)number, a->source, &rest);
	set_quotient(a, quotient, rest);
}

/* The rest has the sign of the dividend; a quotient may be one further below 0 than above. */
void vhm_alu_idiv(struct vhm_alu *a)
{
	u64 divisor = vhm_extend_sign(a->source, a->size), quotient, rest;
	unsigned __int128 number = dividend(a);
	bool negative = number >> (2 * bits(a) - 1) & 1;
	bool opposite = negative != divisor >> 63;

	if (divisor >> 63)
		divisor = -divisor;
	if (negative)
		number = -number;
	if (a->size < 8)
		number &= vhm_size_mask(2 * a->size);
	a->divide_error = number >> bits(a) >= divisor;
	if (a->divide_error)
		return;
	quotient = divide((u64)(number >> 64), (u64)number, divisor, &rest);
	a->divide_error = quotient > vhm_size_mask(a->size) / 2 + opposite;
	if (!a->divide_error)
		set_quotient(a, opposite ? -quotient : quotient, negative ? -rest : rest);
}

/**
 * vhm_alu_condition() - SDM, volume 1, appendix B, "EFLAGS Condition Codes"
 * @flags: RFLAGS
 * @condition: the lowest four bits of the opcode
 *
 * Return: whether it holds.
 */
bool vhm_alu_condition(u64 flags, unsigned int condition)
{
	bool less = !(flags & VHM_FLAG_SF) != !(flags & VHM_FLAG_OF), holds;

	switch (condition >> 1) {
	case 0:
		holds = flags & VHM_FLAG_OF;
		break;
	case 1:
		holds = flags & VHM_FLAG_CF;
		break;
	case 2:
		holds = flags & VHM_FLAG_ZF;
		break;
	case 3:
		holds = flags & (VHM_FLAG_CF | VHM_FLAG_ZF);
		break;
	case 4:
		holds = flags & VHM_FLAG_SF;
		break;
	case 5:
		holds = flags & VHM_FLAG_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || flags & VHM_FLAG_ZF;
		break;
	}
	return holds != (condition & 1);
}
