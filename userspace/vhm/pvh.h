/* SPDX-License-Identifier: GPL-2.0 */
/* ELF kernels with an entry for PVH, such as Linux' vmlinux. */
#ifndef VHM_PVH_H
#define VHM_PVH_H

#include "modules.h"
#include "protected.h"

int pvh_load(const struct memory *memory, const struct image *kernel,
	     const struct modules *modules, const char *command_line,
	     struct protected_entry *entry);

#endif /* VHM_PVH_H */
