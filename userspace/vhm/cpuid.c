// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUID tells the guest: what the device supports, less what this machine
 * does not have. It has one CPU and no local APIC.
 */
#include <stddef.h>
#include <stdint.h>

#include <asm/kvm_para.h>

#include "cpuid.h"

#define BIT(n)			(1u << (n))

/* Leaf 1 */
#define LEAF1_EBX_APIC_ID	0xff000000u
#define LEAF1_EBX_CPUS		0x00ff0000u
#define LEAF1_ECX_X2APIC	BIT(21)
#define LEAF1_ECX_TSC_DEADLINE	BIT(24)
#define LEAF1_ECX_PDCM		BIT(15)
#define LEAF1_ECX_HYPERVISOR	BIT(31)
#define LEAF1_EDX_APIC		BIT(9)
#define LEAF1_EDX_HTT		BIT(28)

/* Leaf 4 */
#define LEAF4_EAX_TOPOLOGY	0xffffc000u	/* CPUs that share a cache */

/* Leaf 6 */
#define LEAF6_EAX_ARAT		BIT(2)	/* the APIC timer never stops */

/* Leaf 0x80000001 */
#define EXT1_EDX_APIC		BIT(9)
#define EXT1_ECX_CMP_LEGACY	BIT(1)
#define EXT1_ECX_EXTAPIC	BIT(3)

/* Of KVM's own leaf, what works without a local APIC to send interrupts with. */
#define KVM_FEATURES		(BIT(KVM_FEATURE_CLOCKSOURCE) | \
				 BIT(KVM_FEATURE_NOP_IO_DELAY) | \
				 BIT(KVM_FEATURE_CLOCKSOURCE2) | \
				 BIT(KVM_FEATURE_STEAL_TIME) | \
				 BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT))

static struct kvm_cpuid_entry2 *find(struct kvm_cpuid2 *table,
				     uint32_t function)
{
	uint32_t i;

	for (i = 0; i < table->nent; i++) {
		if (table->entries[i].function == function)
			return &table->entries[i];
	}
	return NULL;
}

static void adapt_entry(struct kvm_cpuid_entry2 *entry)
{
	switch (entry->function) {
	case 1:
		entry->ebx &= ~(LEAF1_EBX_APIC_ID | LEAF1_EBX_CPUS);
		entry->ebx |= 1 << 16;
		entry->ecx &= ~(LEAF1_ECX_X2APIC | LEAF1_ECX_TSC_DEADLINE |
				LEAF1_ECX_PDCM);
		entry->ecx |= LEAF1_ECX_HYPERVISOR;
		entry->edx &= ~(LEAF1_EDX_APIC | LEAF1_EDX_HTT);
		break;
	case 4:
		entry->eax &= ~LEAF4_EAX_TOPOLOGY;
		break;
	case 6:
		entry->eax &= ~LEAF6_EAX_ARAT;
		break;
	case 0xa:		/* counters: they interrupt by the APIC */
	case 0xb:		/* topology, by APIC ids */
	case 0x1f:
		entry->eax = 0;
		entry->ebx = 0;
		entry->ecx = 0;
		entry->edx = 0;
		break;
	case KVM_CPUID_FEATURES:
		entry->eax &= KVM_FEATURES;
		break;
	case 0x80000001:
		entry->ecx &= ~(EXT1_ECX_CMP_LEGACY | EXT1_ECX_EXTAPIC);
		entry->edx &= ~EXT1_EDX_APIC;
		break;
	case 0x80000008:	/* AMD: number of CPUs less one, id size */
		entry->ecx &= ~0xf0ffu;
		break;
	default:
		break;
	}
}

/*
 * Leaf 0x15: the frequency of the TSC. A guest that is not told measures it
 * against the 8254, which costs it 50 ms and thousands of exits.
 */
static void tell_tsc_frequency(struct kvm_cpuid2 *table, uint64_t khz)
{
	struct kvm_cpuid_entry2 *highest = find(table, 0);
	struct kvm_cpuid_entry2 *entry = find(table, 0x15);
	uint32_t ratio = 1;

	if (!highest || (entry && entry->ebx && entry->ecx))
		return;
	if (!entry) {
		entry = &table->entries[table->nent++];
		*entry = (struct kvm_cpuid_entry2){ .function = 0x15 };
	}
	/* TSC = crystal * EBX / EAX, and ECX is the crystal in Hz. */
	while (khz * 1000 / ratio > UINT32_MAX)
		ratio *= 2;
	entry->eax = 1;
	entry->ebx = ratio;
	entry->ecx = (uint32_t)(khz * 1000 / ratio);
	if (highest->eax < 0x15)
		highest->eax = 0x15;
}

/**
 * cpuid_adapt() - make the device's CPUID that of this machine
 * @table: from KVM_GET_SUPPORTED_CPUID, with room for CPUID_SPARE more entries
 * @tsc_khz: frequency of the guest's TSC; not positive if it is not known
 */
void cpuid_adapt(struct kvm_cpuid2 *table, int tsc_khz)
{
	uint32_t i;

	for (i = 0; i < table->nent; i++)
		adapt_entry(&table->entries[i]);
	if (tsc_khz > 0)
		tell_tsc_frequency(table, (uint64_t)tsc_khz);
}
