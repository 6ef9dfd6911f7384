/* SPDX-License-Identifier: GPL-2.0 */
/* What the guest starts with: a kernel of any kind and what belongs to it. */
#ifndef VHM_BOOT_H
#define VHM_BOOT_H

#include <stdbool.h>

#include "board.h"
#include "modules.h"

struct boot {
	const char *kernel;
	const char *initrd;	/* or NULL */
	const char *append;	/* or NULL: what the kernel's kind has by itself */
	struct modules modules;
};

int boot_is_flat(const char *path, bool *is_flat);
int boot_load(struct boot *boot, const struct memory *memory, const struct vhm_vcpu *vcpu,
	      const struct board *board);

#endif /* VHM_BOOT_H */
