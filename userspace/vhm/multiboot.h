/* SPDX-License-Identifier: GPL-2.0 */
/* Multiboot kernels, version 1 of the specification. */
#ifndef VHM_MULTIBOOT_H
#define VHM_MULTIBOOT_H

#include <stdbool.h>

#include "modules.h"
#include "protected.h"

/* As in the file; what follows the checksum counts with MULTIBOOT_ADDRESSES. */
struct multiboot_header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
	uint32_t header_addr;
	uint32_t load_addr;
	uint32_t load_end_addr;
	uint32_t bss_end_addr;
	uint32_t entry_addr;
};

/* The header, and where in the file it stands. */
struct multiboot {
	struct multiboot_header header;
	uint64_t offset;
	bool second;		/* none, but one of Multiboot 2 */
};

int multiboot_probe(const struct image *kernel, struct multiboot *multiboot, bool *is_multiboot);
int multiboot_load(const struct memory *memory, const struct image *kernel,
		   const struct multiboot *multiboot, const struct modules *modules,
		   const char *command_line, struct protected_entry *entry);

#endif /* VHM_MULTIBOOT_H */
