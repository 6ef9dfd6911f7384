/* SPDX-License-Identifier: GPL-2.0 */
/* Features of the CPU that the user does not want the guest to have (--cpu). */
#ifndef VHM_CPU_H
#define VHM_CPU_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/kvm.h>

/* Each feature is a bit of a register of CPUID: words of 32 of them. */
#define CPU_WORDS	((size_t)12)
#define CPU_FEATURES	(CPU_WORDS * 32)

struct cpu_features {
	bool without[CPU_FEATURES];
	bool with[CPU_FEATURES];
};

/* cpu_names.c */
const char *cpu_feature_name(size_t feature);
__u32 *cpu_feature_register(size_t feature, struct kvm_cpuid2 *table);
size_t cpu_feature_find(const char *name);

int cpu_parse(struct cpu_features *features, const char *text);
int cpu_apply(const struct cpu_features *features, struct kvm_cpuid2 *table,
	      const char *device);

#endif /* VHM_CPU_H */
