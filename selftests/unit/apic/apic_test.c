// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's arithmetic, against the manual's own words where it has a table, and
 * against a plainer way to the same result where it has none.
 */
#include <string.h>

#include "../../../module/apic.h"
#include "../tap.h"

static void highest(void)
{
	u32 word[8] __attribute__((aligned(8))) = {};
	bool ok = vhm_apic_highest(word) == -1;
	int low, high;

	for (high = 0; high < 256; high++) {
		for (low = 0; low <= high; low += 7) {
			memset(word, 0, sizeof(word));
			word[low / 32] |= 1u << low % 32;
			word[high / 32] |= 1u << high % 32;
			ok &= vhm_apic_highest(word) == high;
		}
	}
	tap_ok(ok, "the most urgent of 256 bits");
}

/* SDM, "Task and Processor Priorities": PPR's class is the higher of the two. */
static void priority(void)
{
	bool ppr = true, dispensed = true;
	int tpr, isr, vector;

	for (tpr = 0; tpr < 256; tpr++) {
		for (isr = -1; isr < 256; isr++) {
			int service = isr < 0 ? 0 : isr >> 4, task = tpr >> 4;
			int class = service > task ? service : task;
			int sub = task >= service ? tpr & 15 : 0;
			u8 seen = vhm_apic_ppr(tpr, isr);

			ppr &= seen == (class << 4 | sub);
			for (vector = -1; vector < 256; vector += 5)
				dispensed &= vhm_apic_dispenses(vector, seen) ==
					     (vector >= 0 && vector >> 4 > class);
		}
	}
	tap_ok(ppr, "processor priority");
	tap_ok(dispensed, "a vector is dispensed if its class is above the priority's");
}

static void xapic_addresses(void)
{
	struct vhm_apic_address a = {
		.id = 5, .x2apic_id = 5, .ldr = 0x21000000, .dfr = VHM_APIC_FLAT,
	};

	tap_ok(vhm_apic_is_physical(&a, 5) && !vhm_apic_is_physical(&a, 4), "physical");
	tap_ok(vhm_apic_is_physical(&a, 0xff) && vhm_apic_is_logical(&a, 0xff),
	       "0xff is everybody, in both");
	tap_ok(!vhm_apic_is_physical(&a, 0xffffffff), "but x2APIC's broadcast is not");
	tap_ok(vhm_apic_is_logical(&a, 0x20) && vhm_apic_is_logical(&a, 0xe1) &&
	       !vhm_apic_is_logical(&a, 0xde) && !vhm_apic_is_logical(&a, 0), "flat");
	a.dfr = VHM_APIC_CLUSTER;
	tap_ok(vhm_apic_is_logical(&a, 0x21) && vhm_apic_is_logical(&a, 0x2f) &&
	       !vhm_apic_is_logical(&a, 0x22) && !vhm_apic_is_logical(&a, 0x31), "cluster");
	a.dfr = 0x12345678;
	tap_ok(!vhm_apic_is_logical(&a, 0x21), "a model that there is not has no logical address");
	a.x2apic_id = 300;
	a.id = 300 & 0xff;
	tap_ok(vhm_apic_is_physical(&a, 300),
	       "an id above 255 finds one that is not in x2APIC mode");
	a.id = 7;
	tap_ok(vhm_apic_is_physical(&a, 7) && !vhm_apic_is_physical(&a, 300 & 0xff),
	       "the guest may change its xAPIC id");
}

static void x2apic_addresses(void)
{
	struct vhm_apic_address a = { .x2apic = true };
	bool own = true, physical = true, cluster = true;
	u32 id, other;

	for (id = 0; id < 1024; id++) {
		a.x2apic_id = id;
		a.id = id & 0xff;
		a.ldr = vhm_x2apic_ldr(id);
		own &= a.ldr == ((id & 0xffff0) << 12 | 1u << id % 16);
		for (other = 0; other < 1024; other += 3) {
			physical &= vhm_apic_is_physical(&a, other) == (id == other);
			cluster &= vhm_apic_is_logical(&a, vhm_x2apic_ldr(other)) ==
				   (id == other);
			cluster &= vhm_apic_is_logical(&a, (other >> 4 << 16) | 0xffff) ==
				   (id >> 4 == other >> 4);
		}
	}
	tap_ok(own, "x2APIC: the logical id follows from the id");
	tap_ok(physical, "x2APIC: physical; 0xff is an id");
	tap_ok(cluster, "x2APIC: logical, one and a whole cluster");
	tap_ok(vhm_apic_is_physical(&a, 0xffffffff) && vhm_apic_is_logical(&a, 0xffffffff),
	       "x2APIC: everybody");
}

/* SDM, "Divide Configuration Register". */
static void divisor(void)
{
	static const struct {
		u32 dcr, divisor;
	} table[] = {
		{ 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 },
		{ 0x8, 32 }, { 0x9, 64 }, { 0xa, 128 }, { 0xb, 1 },
	};
	bool ok = true, junk = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ok &= vhm_apic_divisor(table[i].dcr) == table[i].divisor;
		junk &= vhm_apic_divisor(table[i].dcr | 0xfffffff4) == table[i].divisor;
	}
	tap_ok(ok, "divisors");
	tap_ok(junk, "other bits do not count");
}

static void counts(void)
{
	static const u32 values[] = { 0, 1, 2, 3, 1000, 0x7fffffff, 0x80000000, 0xffffffff };
	bool there_and_back = true, rescaled = true;
	unsigned int i;
	u32 d;

	for (d = 1; d <= 128; d *= 2) {
		for (i = 0; i < ARRAY_SIZE(values); i++) {
			u64 ns = vhm_apic_count_to_ns(values[i], d);

			there_and_back &= ns == (u64)values[i] * d;
			there_and_back &= vhm_apic_ns_to_count(ns, ns, d) == values[i];
			rescaled &= vhm_apic_rescale(ns, d, 4) == (u64)values[i] * 4;
		}
	}
	tap_ok(there_and_back, "a count, as nanoseconds, and back");
	tap_ok(rescaled, "what is left, with another divisor");
	tap_ok(vhm_apic_ns_to_count(-5, 100, 1) == 0 && vhm_apic_rescale(-5, 2, 4) == 0,
	       "what has ended has nothing left");
	tap_ok(vhm_apic_ns_to_count(5, 0, 1) == 0, "nor has what does not run");
	tap_ok(vhm_apic_ns_to_count(250, 100, 1) == 50, "more than a period is part of one");
}

static void deadlines(void)
{
	static const u32 rates[] = { 1, 3, 1000, 999999, 1000000, 2499999, 3500000, 0xffffffff };
	static const u64 ahead[] = {
		1, 2, 1000, 3500000, 1ull << 32, 1ull << 50, 1ull << 63, ~0ull,
	};
	bool exact = true, bounded = true;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		for (j = 0; j < ARRAY_SIZE(ahead); j++) {
			unsigned __int128 ns = (unsigned __int128)ahead[j] * 1000000 / rates[i];
			u64 seen = vhm_apic_deadline(ahead[j], 0, rates[i]);

			if (ns < VHM_APIC_NS_MAX - 1000000)
				exact &= seen == (u64)ns;
			bounded &= seen <= VHM_APIC_NS_MAX;
		}
	}
	tap_ok(exact, "a deadline, in nanoseconds");
	tap_ok(bounded, "none is further away than the limit");
	tap_ok(vhm_apic_deadline(5, 5, 1000) == 0 && vhm_apic_deadline(5, ~0ull, 1000) == 0,
	       "now and in the past: none");
	tap_ok(vhm_apic_deadline(~0ull, ~0ull - 7, 1000000) == 7, "at the end of time");
}

int main(void)
{
	tap_begin();
	highest();
	priority();
	xapic_addresses();
	x2apic_addresses();
	divisor();
	counts();
	deadlines();
	return tap_end();
}
