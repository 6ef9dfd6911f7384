// SPDX-License-Identifier: GPL-2.0
/* CPUID as this machine shows it: with and without local APICs, its CPUs, a known TSC. */
#include <stdint.h>
#include <stdlib.h>

#include "cpuid.h"
#include "tap.h"

#define ENTRIES	20

static const struct board alone = { .cpus = 1 };

static struct kvm_cpuid2 *table;

static void begin(void)
{
	free(table);
	table = calloc(1, sizeof(*table) +
		       ENTRIES * sizeof(table->entries[0]));
	if (!table)
		abort();
}

/* An entry with every bit set but for EAX, if it is the highest leaf. */
static void add(uint32_t function, uint32_t eax)
{
	struct kvm_cpuid_entry2 *entry = &table->entries[table->nent++];

	entry->function = function;
	entry->eax = eax;
	entry->ebx = 0xffffffff;
	entry->ecx = 0xffffffff;
	entry->edx = 0xffffffff;
}

static const struct kvm_cpuid_entry2 *find(uint32_t function)
{
	uint32_t i;

	for (i = 0; i < table->nent; i++) {
		if (table->entries[i].function == function)
			return &table->entries[i];
	}
	return NULL;
}

static struct kvm_cpuid_entry2 *find_writable(uint32_t function)
{
	return (struct kvm_cpuid_entry2 *)find(function);
}

static void test_features(void)
{
	begin();
	add(0, 0x16);
	add(1, 0x50654);
	add(4, 0xffffffff);
	add(6, 0xffffffff);
	add(0xa, 0xffffffff);
	add(0xb, 0xffffffff);
	add(0x40000001, 0xffffffff);
	add(0x80000001, 0);
	cpuid_adapt(table, &alone, true);
	cpuid_set_id(table, 0);
	cpuid_tell_tsc(table, 0);

	tap_ok(find(1)->eax == 0x50654, "cpuid: the model stays");
	tap_ok(find(1)->ebx == 0x0001ffff, "cpuid: APIC id 0, one CPU");
	tap_ok(!(find(1)->edx & 1 << 9) && !(find(1)->edx & 1 << 28),
	       "cpuid: no local APIC, no hyper-threading");
	tap_ok(!(find(1)->ecx & 1 << 21) && !(find(1)->ecx & 1 << 24),
	       "cpuid: no x2APIC, no TSC deadline");
	tap_ok(find(1)->ecx & 1u << 31, "cpuid: a hypervisor");
	tap_ok(find(4)->eax == 0x3fff, "cpuid: no caches shared");
	tap_ok(!(find(6)->eax & 4), "cpuid: no APIC timer");
	tap_ok(!find(0xa)->eax && !find(0xa)->edx, "cpuid: no counters");
	tap_ok(!find(0xb)->ebx && !find(0xb)->edx, "cpuid: no topology by APIC");
	tap_ok(find(0x40000001)->eax == 0x0100002b,
	       "cpuid: of KVM's features only those without interrupts");
	tap_ok(!(find(0x80000001)->edx & 1 << 9), "cpuid: nor in AMD's leaf");
	tap_ok(!find(0x15), "cpuid: an unknown TSC frequency is not told");
}

static void begin_smp(unsigned int cpus, uint32_t id, bool deadline)
{
	const struct board board = { .cpus = cpus, .apic = true };

	begin();
	add(0, 0x16);
	add(1, 0x50654);
	find_writable(1)->ecx &= ~(1u << 24);
	add(4, 0x4121);			/* L1 */
	add(4, 0x4163);			/* L3 */
	add(4, 0);
	add(6, 0xffffffff);
	add(0xa, 0xffffffff);
	add(0xb, 0xffffffff);
	add(0xb, 0xffffffff);
	add(0x1f, 0xffffffff);
	add(0x40000001, 0xffffffff);
	add(0x80000001, 0);
	add(0x80000008, 0);
	cpuid_adapt(table, &board, deadline);
	cpuid_set_id(table, id);
}

static const struct kvm_cpuid_entry2 *level(uint32_t index)
{
	uint32_t i;

	for (i = 0; i < table->nent; i++) {
		if (table->entries[i].function == 0xb && table->entries[i].index == index &&
		    table->entries[i].flags == KVM_CPUID_FLAG_SIGNIFCANT_INDEX)
			return &table->entries[i];
	}
	return NULL;
}

static bool level_is(uint32_t index, uint32_t bits, uint32_t cpus, uint32_t type, uint32_t id)
{
	const struct kvm_cpuid_entry2 *entry = level(index);

	return entry && entry->eax == bits && entry->ebx == cpus &&
	       entry->ecx == (type << 8 | index) && entry->edx == id;
}

static void test_topology(void)
{
	static const struct {
		unsigned int cpus, bits;
	} rows[] = { { 1, 0 }, { 2, 1 }, { 3, 2 }, { 4, 2 }, { 33, 6 }, { 64, 6 } };
	uint32_t ceiling, last, i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ceiling = 1u << rows[i].bits;
		last = rows[i].cpus - 1;
		begin_smp(rows[i].cpus, last, true);
		tap_ok(find(1)->ebx == (last << 24 | ceiling << 16 | 0xffff) &&
		       !!(find(1)->edx & 1 << 28) == (rows[i].cpus > 1),
		       "cpuid: %u CPUs: the last, in leaf 1", rows[i].cpus);
		tap_ok(find(4)->eax == (0x121u | (ceiling - 1) << 26) &&
		       find(4)[1].eax == (0x163u | (ceiling - 1) << 26 | (ceiling - 1) << 14) &&
		       find(4)[2].eax == 0, "cpuid: %u CPUs: its caches", rows[i].cpus);
		tap_ok(level_is(0, 0, 1, 1, last) &&
		       level_is(1, rows[i].bits, rows[i].cpus, 2, last) &&
		       level_is(2, 0, 0, 0, last), "cpuid: %u CPUs: the levels", rows[i].cpus);
		tap_ok((find(0x80000008)->ecx & 0xf0ff) == (last | rows[i].bits << 12),
		       "cpuid: %u CPUs: AMD's leaf", rows[i].cpus);
	}
}

static void test_local_apic(void)
{
	begin_smp(2, 1, true);
	tap_ok(find(1)->edx & 1 << 9 && find(1)->ecx & 1 << 21 && find(1)->ecx & 1 << 24,
	       "cpuid: a local APIC, x2APIC, the TSC deadline");
	tap_ok(find(6)->eax & 4 && find(0x80000001)->edx & 1 << 9,
	       "cpuid: its timer never stops");
	tap_ok(find(0x40000001)->eax == 0xffffffff, "cpuid: all of KVM's features");
	tap_ok(!find(0xa)->eax && !find(0x1f)->ebx, "cpuid: no counters, no second topology");
	cpuid_tell_tsc(table, 3500000);
	tap_ok(find(0x15) && find(0x15)->ebx, "cpuid: the TSC's frequency");

	begin_smp(2, 1, false);
	tap_ok(!(find(1)->ecx & 1 << 24), "cpuid: no TSC deadline where the device has none");
	add(0x15, 2);
	cpuid_tell_tsc(table, 3500000);
	tap_ok(!find(0x15)->eax && !find(0x15)->ecx,
	       "cpuid: and no crystal, which Linux would take for the APIC timer's clock");
}

static void test_frequency(void)
{
	static const int rates[] = { 1000000, 3500000, 4294967, 5500000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		const struct kvm_cpuid_entry2 *entry;
		uint64_t khz;

		begin();
		add(0, 0xd);
		cpuid_tell_tsc(table, rates[i]);
		entry = find(0x15);
		/* As Linux works it out, in 32 bits. */
		khz = entry ? (uint64_t)(entry->ecx / 1000) * entry->ebx /
			      entry->eax : 0;
		tap_ok(entry && find(0)->eax == 0x16 && khz == (uint64_t)rates[i],
		       "cpuid: TSC of %d kHz", rates[i]);
		entry = find(0x16);
		tap_ok(entry && entry->eax == ((uint32_t)rates[i] + 500) / 1000 &&
		       entry->ebx == entry->eax && entry->ecx == 100,
		       "cpuid: a CPU of %d kHz", rates[i]);
	}

	begin();
	add(0, 0x16);
	add(0x15, 2);
	add(0x16, 3700);
	cpuid_tell_tsc(table, 3500000);
	tap_ok(table->nent == 3 && find(0x15)->eax == 2 && find(0x16)->eax == 3700 &&
	       find(0x16)->ebx == 0xffffffff && find(0)->eax == 0x16,
	       "cpuid: what the device tells is not changed");
	begin();
	cpuid_tell_tsc(table, 3500000);
	tap_ok(table->nent == 0, "cpuid: an empty table stays empty");
	free(table);
}

int main(void)
{
	tap_begin();
	test_features();
	test_topology();
	test_local_apic();
	test_frequency();
	return tap_end();
}
