/* SPDX-License-Identifier: GPL-2.0 */
/* Flat binaries: code that starts in real mode, without a header. */
#ifndef VHM_FLAT_H
#define VHM_FLAT_H

#include "image.h"

/* Loaded and entered here, CS 0, as firmware does with a boot sector. */
#define FLAT_ADDRESS	0x7c00

int flat_load(const struct memory *memory, const struct image *image);
int flat_start(const struct vhm_vcpu *vcpu);

#endif /* VHM_FLAT_H */
