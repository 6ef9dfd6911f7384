/* SPDX-License-Identifier: GPL-2.0 */
/* What CPUID tells the guest. */
#ifndef VHM_CPUID_H
#define VHM_CPUID_H

#include <linux/kvm.h>

/* cpuid_adapt() may add this many entries: the caller sees to the room. */
#define CPUID_SPARE	1

void cpuid_adapt(struct kvm_cpuid2 *table, int tsc_khz);

#endif /* VHM_CPUID_H */
