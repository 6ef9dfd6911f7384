// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUID tells the guest: what the device supports, less what this machine
 * does not have, and how its CPUs lie: all are cores of one package, without
 * threads, whose numbers are their APIC ids.
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

#define LEAF1_EBX_APIC_ID_SHIFT	24
#define LEAF1_EBX_CPUS_SHIFT	16

/* Leaf 4 */
#define LEAF4_EAX_TYPE		0x1fu		/* of the cache; 0: there are no more */
#define LEAF4_EAX_LEVEL		0xe0u
#define LEAF4_EAX_LEVEL_3	0x60u
#define LEAF4_EAX_TOPOLOGY	0xffffc000u
#define LEAF4_EAX_SHARING_SHIFT	14		/* CPUs that share it, less one */
#define LEAF4_EAX_CORES_SHIFT	26		/* of the package, less one */

/* Leaf 6 */
#define LEAF6_EAX_ARAT		BIT(2)	/* the APIC timer never stops */

/* Leaf 0xb: EAX says how many bits of the APIC id are below the next level */
#define LEAF11			0xb
#define LEAF11_ECX_THREADS	(1u << 8)
#define LEAF11_ECX_CORES	(2u << 8)

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

/* Bits for the numbers of so many CPUs. */
static unsigned int id_bits(unsigned int cpus)
{
	unsigned int bits = 0;

	while (1u << bits < cpus)
		bits++;
	return bits;
}

static void clear(struct kvm_cpuid_entry2 *entry)
{
	entry->eax = 0;
	entry->ebx = 0;
	entry->ecx = 0;
	entry->edx = 0;
}

static void adapt_features(struct kvm_cpuid_entry2 *entry, const struct board *board,
			   bool deadline)
{
	uint32_t cpus = 1u << id_bits(board->cpus);

	entry->ebx &= ~(LEAF1_EBX_APIC_ID | LEAF1_EBX_CPUS);
	entry->ebx |= cpus << LEAF1_EBX_CPUS_SHIFT;
	entry->ecx &= ~(LEAF1_ECX_TSC_DEADLINE | LEAF1_ECX_PDCM);
	entry->ecx |= LEAF1_ECX_HYPERVISOR;
	entry->edx &= ~LEAF1_EDX_HTT;
	if (!board->apic) {
		entry->ecx &= ~LEAF1_ECX_X2APIC;
		entry->edx &= ~LEAF1_EDX_APIC;
	} else if (deadline) {
		/* The device does it, but leaves it to us to say so. */
		entry->ecx |= LEAF1_ECX_TSC_DEADLINE;
	}
	if (cpus > 1)
		entry->edx |= LEAF1_EDX_HTT;
}

/* The last level of the caches is the package's, the others each core's own. */
static void adapt_cache(struct kvm_cpuid_entry2 *entry, const struct board *board)
{
	uint32_t others = (1u << id_bits(board->cpus)) - 1;

	entry->eax &= ~LEAF4_EAX_TOPOLOGY;
	if (!(entry->eax & LEAF4_EAX_TYPE))
		return;
	entry->eax |= others << LEAF4_EAX_CORES_SHIFT;
	if ((entry->eax & LEAF4_EAX_LEVEL) >= LEAF4_EAX_LEVEL_3)
		entry->eax |= others << LEAF4_EAX_SHARING_SHIFT;
}

static void adapt_entry(struct kvm_cpuid_entry2 *entry, const struct board *board, bool deadline)
{
	switch (entry->function) {
	case 1:
		adapt_features(entry, board, deadline);
		break;
	case 4:
		adapt_cache(entry, board);
		break;
	case 6:
		if (!board->apic)
			entry->eax &= ~LEAF6_EAX_ARAT;
		break;
	case 0xa:		/* counters, of which this machine has none */
	case LEAF11:
	case 0x1f:		/* the same with more levels */
		clear(entry);
		break;
	case KVM_CPUID_FEATURES:
		if (!board->apic)
			entry->eax &= KVM_FEATURES;
		break;
	case 0x80000001:
		entry->ecx &= ~(EXT1_ECX_CMP_LEGACY | EXT1_ECX_EXTAPIC);
		if (board->cpus > 1)
			entry->ecx |= EXT1_ECX_CMP_LEGACY;
		if (!board->apic)
			entry->edx &= ~EXT1_EDX_APIC;
		break;
	case 0x80000008:	/* AMD: number of CPUs less one, id size */
		entry->ecx &= ~0xf0ffu;
		entry->ecx |= (board->cpus - 1) | id_bits(board->cpus) << 12;
		break;
	default:
		break;
	}
}

static void add_level(struct kvm_cpuid2 *table, uint32_t level, uint32_t bits, uint32_t cpus,
		      uint32_t type)
{
	table->entries[table->nent++] = (struct kvm_cpuid_entry2){
		.function = LEAF11,
		.index = level,
		.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.eax = bits,
		.ebx = cpus,
		.ecx = type | level,
	};
}

/* Leaf 0xb, anew: one thread in a core, all cores in the package, and no more. */
static void tell_topology(struct kvm_cpuid2 *table, const struct board *board)
{
	struct kvm_cpuid_entry2 *highest = find(table, 0);
	uint32_t i, kept = 0;

	for (i = 0; i < table->nent; i++) {
		if (table->entries[i].function != LEAF11)
			table->entries[kept++] = table->entries[i];
	}
	table->nent = kept;
	if (!highest)
		return;
	if (highest->eax < LEAF11)
		highest->eax = LEAF11;
	add_level(table, 0, 0, 1, LEAF11_ECX_THREADS);
	add_level(table, 1, id_bits(board->cpus), board->cpus, LEAF11_ECX_CORES);
	add_level(table, 2, 0, 0, 0);
}

/**
 * cpuid_adapt() - make the device's CPUID that of this machine
 * @table: from KVM_GET_SUPPORTED_CPUID, with room for CPUID_SPARE more entries
 * @board: how the machine is built
 * @deadline: the device's local APICs have the TSC-deadline timer
 */
void cpuid_adapt(struct kvm_cpuid2 *table, const struct board *board, bool deadline)
{
	uint32_t i;

	for (i = 0; i < table->nent; i++)
		adapt_entry(&table->entries[i], board, deadline);
	if (board->apic)
		tell_topology(table, board);
}

/**
 * cpuid_set_id() - say which CPU this is
 * @table: from cpuid_adapt()
 * @id: its APIC id
 */
void cpuid_set_id(struct kvm_cpuid2 *table, uint32_t id)
{
	struct kvm_cpuid_entry2 *entry;
	uint32_t i;

	for (i = 0; i < table->nent; i++) {
		entry = &table->entries[i];
		if (entry->function == 1)
			entry->ebx = (entry->ebx & ~LEAF1_EBX_APIC_ID) |
				     id << LEAF1_EBX_APIC_ID_SHIFT;
		else if (entry->function == LEAF11)
			entry->edx = id;
	}
}

/*
 * Linux takes the crystal of leaf 0x15 for the clock of the local APIC's timer,
 * which runs at a rate of the device's own: with the TSC deadline it does not ask.
 */
static bool must_hide_crystal(struct kvm_cpuid2 *table)
{
	const struct kvm_cpuid_entry2 *features = find(table, 1);

	return features && features->edx & LEAF1_EDX_APIC &&
	       !(features->ecx & LEAF1_ECX_TSC_DEADLINE);
}

/* An entry without subleaves, made if the device has none. */
static struct kvm_cpuid_entry2 *entry_of(struct kvm_cpuid2 *table, uint32_t function)
{
	struct kvm_cpuid_entry2 *highest = find(table, 0);
	struct kvm_cpuid_entry2 *entry = find(table, function);

	if (!entry) {
		entry = &table->entries[table->nent++];
		*entry = (struct kvm_cpuid_entry2){ .function = function };
	}
	if (highest->eax < function)
		highest->eax = function;
	return entry;
}

/* TSC = crystal * EBX / EAX, and ECX is the crystal in Hz. */
static void tell_crystal(struct kvm_cpuid_entry2 *entry, uint64_t hz)
{
	uint32_t ratio = 1;

	if (entry->ebx && entry->ecx)
		return;
	while (hz / ratio > UINT32_MAX)
		ratio *= 2;
	entry->eax = 1;
	entry->ebx = ratio;
	entry->ecx = (uint32_t)(hz / ratio);
}

/* Base and highest frequency, and that of the bus, in MHz. */
static void tell_processor(struct kvm_cpuid_entry2 *entry, uint64_t hz)
{
	if (entry->eax)
		return;
	entry->eax = (uint32_t)((hz + 500000) / 1000000);
	entry->ebx = entry->eax;
	entry->ecx = 100;
}

/**
 * cpuid_tell_tsc() - tell the frequency of TSC and CPU, in leaves 0x15 and 0x16
 * @table: as the guest's CPUs have it, with room for two more entries
 * @khz: of the guest's TSC; not positive if it is not known
 *
 * A guest that is not told either measures it against the 8254, which costs it 50 ms
 * and thousands of exits.
 */
void cpuid_tell_tsc(struct kvm_cpuid2 *table, int khz)
{
	struct kvm_cpuid_entry2 *entry = find(table, 0x15);

	if (must_hide_crystal(table)) {
		if (entry)
			clear(entry);
		return;
	}
	if (!find(table, 0) || khz <= 0)
		return;
	tell_crystal(entry_of(table, 0x15), (uint64_t)khz * 1000);
	tell_processor(entry_of(table, 0x16), (uint64_t)khz * 1000);
}
