// SPDX-License-Identifier: GPL-2.0
/* CPUID as this machine shows it: no local APIC, one CPU, a known TSC. */
#include <stdint.h>
#include <stdlib.h>

#include "cpuid.h"
#include "tap.h"

#define ENTRIES	16

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
	cpuid_adapt(table, 0);

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

static void test_frequency(void)
{
	static const int rates[] = { 1000000, 3500000, 4294967, 5500000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		const struct kvm_cpuid_entry2 *entry;
		uint64_t khz;

		begin();
		add(0, 0xd);
		cpuid_adapt(table, rates[i]);
		entry = find(0x15);
		/* As Linux works it out, in 32 bits. */
		khz = entry ? (uint64_t)(entry->ecx / 1000) * entry->ebx /
			      entry->eax : 0;
		tap_ok(entry && find(0)->eax == 0x15 && khz == (uint64_t)rates[i],
		       "cpuid: TSC of %d kHz", rates[i]);
	}

	begin();
	add(0, 0x16);
	add(0x15, 2);
	cpuid_adapt(table, 3500000);
	tap_ok(table->nent == 2 && find(0x15)->eax == 2 && find(0)->eax == 0x16,
	       "cpuid: what the device tells is not changed");
	begin();
	cpuid_adapt(table, 3500000);
	tap_ok(table->nent == 0, "cpuid: an empty table stays empty");
	free(table);
}

int main(void)
{
	tap_begin();
	test_features();
	test_frequency();
	return tap_end();
}
