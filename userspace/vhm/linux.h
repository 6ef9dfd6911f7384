/* SPDX-License-Identifier: GPL-2.0 */
/* Linux kernels: bzImage by the 64-bit boot protocol. */
#ifndef VHM_LINUX_H
#define VHM_LINUX_H

#include <stdbool.h>

#include "image.h"

/* Where a kernel begins and where its boot_params are, for linux_start(). */
struct linux_entry {
	uint64_t entry;
	uint64_t boot_params;
};

int linux_probe(const struct image *kernel, bool *is_linux);
int linux_load(const struct memory *memory, const struct image *kernel,
	       const struct image *initrd, const char *command_line,
	       struct linux_entry *entry);
int linux_start(const struct vhm_vcpu *vcpu, const struct memory *memory,
		const struct linux_entry *entry);

#endif /* VHM_LINUX_H */
