// SPDX-License-Identifier: GPL-2.0
/*
 * --cpu: features that the guest's CPU has not. What needs one of them goes with
 * it, and its registers leave XCR0, so that a guest never sees half of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../libvhm/compiler.h"
#include "../observe/nearest.h"
#include "cpu.h"
#include "log.h"

#define XSAVE_LEAF	0xd
#define XSAVE_LEGACY	576u	/* the legacy region and the header */
#define EXTENDED_LEAF	0x80000001u

/* See the SDM's "Detection of ... Instructions": whoever looks for one looks for the other too. */
static const struct {
	const char *feature;
	const char *needs;
} dependencies[] = {
	{ "xsaveopt", "xsave" }, { "xsavec", "xsave" }, { "xgetbv1", "xsave" },
	{ "xsaves", "xsave" }, { "xfd", "xsaves" }, { "pku", "xsave" },
	{ "mpx", "xsave" }, { "avx", "xsave" }, { "fma", "avx" }, { "f16c", "avx" },
	{ "avx2", "avx" }, { "vaes", "avx" }, { "vpclmulqdq", "avx" },
	{ "xop", "avx" }, { "fma4", "avx" }, { "avx_vnni", "avx2" },
	{ "avx512f", "avx2" }, { "avx512dq", "avx512f" }, { "avx512ifma", "avx512f" },
	{ "avx512pf", "avx512f" }, { "avx512er", "avx512f" }, { "avx512cd", "avx512f" },
	{ "avx512bw", "avx512f" }, { "avx512vl", "avx512f" }, { "avx512vbmi", "avx512f" },
	{ "avx512_vbmi2", "avx512f" }, { "avx512_vnni", "avx512f" },
	{ "avx512_bitalg", "avx512f" }, { "avx512_vpopcntdq", "avx512f" },
	{ "avx512_4vnniw", "avx512f" }, { "avx512_4fmaps", "avx512f" },
	{ "avx512_vp2intersect", "avx512f" }, { "avx512_fp16", "avx512bw" },
	{ "avx512_bf16", "avx512f" }, { "amx_tile", "xsave" }, { "amx_bf16", "amx_tile" },
	{ "amx_int8", "amx_tile" }, { "xsave", "fxsr" }, { "fxsr_opt", "fxsr" },
	{ "sse", "fxsr" }, { "sse2", "sse" }, { "pni", "sse2" }, { "ssse3", "pni" },
	{ "sse4_1", "ssse3" }, { "sse4_2", "sse4_1" }, { "sse4a", "pni" },
	{ "aes", "sse2" }, { "pclmulqdq", "sse2" }, { "sha_ni", "sse2" }, { "gfni", "sse2" },
	{ "fxsr", "fpu" }, { "mmx", "fpu" }, { "mmxext", "mmx" }, { "3dnow", "mmx" },
	{ "3dnowext", "3dnow" }, { "pcid", "lm" }, { "invpcid", "pcid" }, { "la57", "lm" },
	{ "pdpe1gb", "lm" }, { "lahf_lm", "lm" }, { "cx16", "cx8" }, { "lm", "pae" },
	{ "nx", "pae" }, { "rdtscp", "tsc" }, { "tsc_deadline_timer", "apic" },
	{ "x2apic", "apic" },
};

/* Whose registers are which bits of XCR0. */
static const struct {
	const char *feature;
	uint64_t components;
} states[] = {
	{ "avx", 1ull << 2 }, { "mpx", 3ull << 3 }, { "avx512f", 7ull << 5 },
	{ "pku", 1ull << 9 }, { "amx_tile", 3ull << 17 },
};

static int unknown(const char *name)
{
	const char *near[NEAREST_MOST];
	size_t count = nearest(name, cpu_feature_name, CPU_FEATURES, near);
	char list[256];

	nearest_say(list, sizeof(list), near, count);
	return log_error("--cpu", "there is no feature %s%s", name,
			 count ? list : ": they have the names of /proc/cpuinfo's flags");
}

static int parse_one(struct cpu_features *features, const char *item)
{
	size_t feature;

	if ((*item != '-' && *item != '+') || !item[1])
		return log_error("--cpu",
				 "'%s' is no change: say -FEATURE for one that the guest is not to have, +FEATURE for one that it must",
				 item);
	feature = cpu_feature_find(item + 1);
	if (feature == CPU_FEATURES)
		return unknown(item + 1);
	features->without[feature] = *item == '-';
	features->with[feature] = *item == '+';
	return 0;
}

/**
 * cpu_parse() - take note of what the user wants
 * @features: all false, or what he has said before; the last word counts
 * @text: [host,][+|-]FEATURE,...
 *
 * Return: 0; -1 with a message said.
 */
int cpu_parse(struct cpu_features *features, const char *text)
{
	char *copy = strdup(text), *rest = copy, *item;
	bool first = true;
	int error = 0;

	if (!copy)
		return log_error("--cpu", "no memory");
	while (!error && (item = strsep(&rest, ","))) {
		if (!first || strcmp(item, "host") != 0)
			error = parse_one(features, item);
		first = false;
	}
	free(copy);
	return error;
}

/* Whatever needs what is gone is gone: until nothing changes. */
static void close_over(bool *without)
{
	bool changed = true;
	size_t i, feature;

	while (changed) {
		changed = false;
		for (i = 0; i < ARRAY_SIZE(dependencies); i++) {
			feature = cpu_feature_find(dependencies[i].feature);
			if (!without[feature] &&
			    without[cpu_feature_find(dependencies[i].needs)]) {
				without[feature] = true;
				changed = true;
			}
		}
	}
}

static int check_wanted(const struct cpu_features *features, const bool *without,
			struct kvm_cpuid2 *table, const char *device)
{
	const __u32 *reg;
	size_t i;

	for (i = 0; i < CPU_FEATURES; i++) {
		if (!features->with[i])
			continue;
		if (without[i])
			return log_error("--cpu",
					 "+%s does not go with the features that are taken away: it needs one of them",
					 cpu_feature_name(i));
		reg = cpu_feature_register(i, table);
		if (!reg || !(*reg & 1u << i % 32))
			return log_error("--cpu",
					 "%s cannot be added: %s does not offer it for this machine's CPU; leave +%s out",
					 cpu_feature_name(i), device, cpu_feature_name(i));
	}
	return 0;
}

static void clear_entry(struct kvm_cpuid_entry2 *entry)
{
	entry->eax = 0;
	entry->ebx = 0;
	entry->ecx = 0;
	entry->edx = 0;
}

/* AMD shows most of leaf 1's EDX a second time. */
static void clear_twin(struct kvm_cpuid2 *table, size_t feature)
{
	static const __u32 twins = 0x0183f3ff;
	__u32 bit = 1u << feature % 32, i;

	if (feature / 32 != cpu_feature_find("fpu") / 32 || !(twins & bit))
		return;
	for (i = 0; i < table->nent; i++) {
		if (table->entries[i].function == EXTENDED_LEAF)
			table->entries[i].edx &= ~bit;
	}
}

static void clear_features(struct kvm_cpuid2 *table, const bool *without)
{
	__u32 *reg;
	size_t i;

	for (i = 0; i < CPU_FEATURES; i++) {
		if (!without[i])
			continue;
		reg = cpu_feature_register(i, table);
		if (reg)
			*reg &= ~(1u << i % 32);
		clear_twin(table, i);
	}
}

static uint64_t lost_components(const bool *without)
{
	uint64_t lost = 0;
	size_t i;

	if (without[cpu_feature_find("xsave")])
		return UINT64_MAX;
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (without[cpu_feature_find(states[i].feature)])
			lost |= states[i].components;
	}
	return lost;
}

/*
 * Leaf 0xd: in the first subleaf EAX and EDX are what XCR0 may have and ECX the
 * room for all of it, in the others, of each component, EAX its size and EBX
 * where it begins.
 */
static void clear_components(struct kvm_cpuid2 *table, uint64_t lost)
{
	struct kvm_cpuid_entry2 *entry, *first = NULL;
	__u32 i, size = XSAVE_LEGACY;

	for (i = 0; i < table->nent; i++) {
		entry = &table->entries[i];
		if (entry->function != XSAVE_LEAF)
			continue;
		if (lost == UINT64_MAX ||
		    (entry->index > 1 && entry->index < 64 && lost >> entry->index & 1))
			clear_entry(entry);
		else if (!entry->index)
			first = entry;
		else if (entry->index > 1 && !(entry->ecx & 1) && entry->eax + entry->ebx > size)
			size = entry->eax + entry->ebx;
	}
	if (!first || !lost)
		return;
	first->eax &= (__u32)~lost;
	first->edx &= (__u32)(~lost >> 32);
	first->ecx = size;
	first->ebx = size;
}

/**
 * cpu_apply() - take from CPUID what the guest is not to have
 * @features: what the user wants
 * @table: what CPUID would show; changed
 * @device: the device's name, for the message
 *
 * Return: 0; -1 with a message said: what is wanted is not there.
 */
int cpu_apply(const struct cpu_features *features, struct kvm_cpuid2 *table,
	      const char *device)
{
	bool without[CPU_FEATURES];

	memcpy(without, features->without, sizeof(without));
	close_over(without);
	if (check_wanted(features, without, table, device))
		return -1;
	clear_features(table, without);
	clear_components(table, lost_components(without));
	return 0;
}
