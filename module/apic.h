/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arithmetic of a local APIC: priorities, addresses, the timer's counts. Pure, so
 * that it is tested in user space. SDM, "Advanced Programmable Interrupt Controller".
 */
#ifndef VHM_APIC_H
#define VHM_APIC_H

#include "portable.h"

/* The timer counts at 1 GHz, as KVM's. */
#define VHM_APIC_TICK_NS	1

/* What no timer waits longer for: 146 years. */
#define VHM_APIC_NS_MAX		((1ULL << 62) - 1)

#define VHM_APIC_BROADCAST	0xffU
#define VHM_X2APIC_BROADCAST	0xffffffffU

#define VHM_APIC_FLAT		0xffffffffU	/* DFR */
#define VHM_APIC_CLUSTER	0x0fffffffU

/* Two words of such a register; in memory the lower one comes first. */
typedef u64 __attribute__((may_alias)) vhm_apic_pair;

/**
 * vhm_apic_highest() - the most urgent vector of a register of 256 bits
 * @word: its eight words, aligned to two, to which others may add while we look
 *
 * Return: the vector, or -1.
 */
static inline int vhm_apic_highest(const u32 *word)
{
	const vhm_apic_pair *pair = (const vhm_apic_pair *)word;
	int i;

	for (i = 3; i >= 0; i--) {
		u64 bits = __atomic_load_n(&pair[i], __ATOMIC_RELAXED);

		if (bits)
			return 64 * i + 63 - __builtin_clzll(bits);
	}
	return -1;
}

/**
 * vhm_apic_ppr() - the processor priority; SDM, "Task and Processor Priorities"
 * @tpr: task priority
 * @in_service: the most urgent vector in service, or -1
 *
 * Return: what a vector's upper four bits must exceed to be dispensed.
 */
static inline u8 vhm_apic_ppr(u8 tpr, int in_service)
{
	u8 served = in_service < 0 ? 0 : in_service & 0xf0;

	return (tpr & 0xf0) >= served ? tpr : served;
}

/**
 * vhm_apic_dispenses() - may this vector go to the processor?
 * @vector: the most urgent one that waits, or -1
 * @ppr: the processor priority
 *
 * Return: true if it may.
 */
static inline bool vhm_apic_dispenses(int vector, u8 ppr)
{
	return vector >= 0 && (vector & 0xf0) > (ppr & 0xf0);
}

/* What a local APIC answers to. */
struct vhm_apic_address {
	bool x2apic;
	u32 id;			/* in xAPIC mode 8 bits, which the guest may change */
	u32 x2apic_id;
	u32 ldr;		/* the register as a whole */
	u32 dfr;
};

/**
 * vhm_x2apic_ldr() - the logical id that x2APIC mode derives
 * @id: x2APIC id
 *
 * Return: the logical destination register.
 */
static inline u32 vhm_x2apic_ldr(u32 id)
{
	return id >> 4 << 16 | 1U << (id & 15);
}

static inline bool vhm_apic_broadcast(const struct vhm_apic_address *a, u32 to)
{
	return to == (a->x2apic ? VHM_X2APIC_BROADCAST : VHM_APIC_BROADCAST);
}

/**
 * vhm_apic_is_physical() - is it this one's physical address?
 * @a: who
 * @to: the message's destination
 *
 * An id that no xAPIC can have finds its x2APIC before that mode is on, as on KVM.
 *
 * Return: true if it is.
 */
static inline bool vhm_apic_is_physical(const struct vhm_apic_address *a, u32 to)
{
	if (vhm_apic_broadcast(a, to))
		return true;
	return to == (a->x2apic || to > 0xff ? a->x2apic_id : a->id);
}

/**
 * vhm_apic_is_logical() - is it among this one's logical addresses?
 * @a: who
 * @to: the message's destination
 *
 * Return: true if it is.
 */
static inline bool vhm_apic_is_logical(const struct vhm_apic_address *a, u32 to)
{
	u32 own = a->ldr >> 24;

	if (vhm_apic_broadcast(a, to))
		return true;
	if (a->x2apic)
		return a->ldr >> 16 == to >> 16 && a->ldr & to & 0xffff;
	if (a->dfr == VHM_APIC_FLAT)
		return own & to;
	if (a->dfr == VHM_APIC_CLUSTER)
		return own >> 4 == to >> 4 && own & to & 0xf;
	return false;
}

/**
 * vhm_apic_divisor() - by what the timer's clock is divided
 * @dcr: divide configuration register, of which bits 0, 1 and 3 count
 *
 * Return: 1, 2, 4 ... 128.
 */
static inline u32 vhm_apic_divisor(u32 dcr)
{
	u32 code = (dcr & 3) | (dcr >> 1 & 4);

	return 1U << ((code + 1) & 7);
}

/**
 * vhm_apic_count_to_ns() - how long a count lasts
 * @count: of the timer
 * @divisor: 1 to 128
 *
 * Return: nanoseconds, less than 2^40.
 */
static inline u64 vhm_apic_count_to_ns(u32 count, u32 divisor)
{
	return (u64)count * divisor * VHM_APIC_TICK_NS;
}

/**
 * vhm_apic_ns_to_count() - what the current count shows
 * @left: nanoseconds until the timer ends; at most 0: it has
 * @period: of the whole count, in nanoseconds
 * @divisor: 1 to 128
 *
 * Return: the count.
 */
static inline u32 vhm_apic_ns_to_count(s64 left, u64 period, u32 divisor)
{
	if (left <= 0 || !period)
		return 0;
	if ((u64)left > period)
		left %= period;
	return left / (divisor * VHM_APIC_TICK_NS);
}

/**
 * vhm_apic_rescale() - the divisor changes while the timer runs
 * @left: nanoseconds until the timer ends
 * @old: the divisor so far
 * @divisor: the new one
 *
 * Return: nanoseconds until it ends now.
 */
static inline u64 vhm_apic_rescale(s64 left, u32 old, u32 divisor)
{
	return left <= 0 ? 0 : left / old * divisor;
}

/**
 * vhm_apic_deadline() - when a TSC deadline is
 * @deadline: in the guest's TSC
 * @now: the guest's TSC
 * @khz: its rate
 *
 * Return: nanoseconds from now, at most VHM_APIC_NS_MAX; 0: it has passed.
 */
static inline u64 vhm_apic_deadline(u64 deadline, u64 now, u32 khz)
{
	u64 ticks = deadline - now;

	if (deadline <= now)
		return 0;
	if (ticks / khz >= VHM_APIC_NS_MAX / 1000000)
		return VHM_APIC_NS_MAX;
	return ticks / khz * 1000000 + ticks % khz * 1000000 / khz;
}

#endif /* VHM_APIC_H */
