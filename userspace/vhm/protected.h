/* SPDX-License-Identifier: GPL-2.0 */
/* Kernels that are entered in flat 32-bit protected mode without paging. */
#ifndef VHM_PROTECTED_H
#define VHM_PROTECTED_H

#include "room.h"

/* What a kernel of either protocol finds in its registers. */
struct protected_entry {
	uint32_t eip;
	uint32_t eax;
	uint32_t ebx;
	uint32_t gdt;
};

int protected_prepare(struct protected_entry *entry, struct room *room);
int protected_start(const struct vhm_vcpu *vcpu, const struct protected_entry *entry);

#endif /* VHM_PROTECTED_H */
