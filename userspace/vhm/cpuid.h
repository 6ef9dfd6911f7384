/* SPDX-License-Identifier: GPL-2.0 */
/* What CPUID tells the guest. */
#ifndef VHM_CPUID_H
#define VHM_CPUID_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "board.h"

/* cpuid_adapt() and cpuid_tell_tsc() may add this many entries: the caller sees to the room. */
#define CPUID_SPARE	5

void cpuid_adapt(struct kvm_cpuid2 *table, const struct board *board, bool deadline);
void cpuid_set_id(struct kvm_cpuid2 *table, uint32_t id);
void cpuid_tell_tsc(struct kvm_cpuid2 *table, int khz);

#endif /* VHM_CPUID_H */
