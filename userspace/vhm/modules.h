/* SPDX-License-Identifier: GPL-2.0 */
/* Modules: files that a kernel finds in memory beside itself. */
#ifndef VHM_MODULES_H
#define VHM_MODULES_H

#include "room.h"

#define MODULES_MOST	32

/* As the user names one. */
struct module {
	const char *path;
	const char *text;
};

/* And where it ended up. */
struct module_place {
	uint32_t start;
	uint32_t end;
	uint32_t text;
};

/* All of them, in the order in which the kernel sees them. */
struct modules {
	unsigned int count;
	struct module module[MODULES_MOST];
};

int modules_add(struct modules *modules, char *text);
int modules_add_first(struct modules *modules, const char *path);
int modules_load(const struct modules *modules, struct room *room, uint64_t from,
		 struct module_place *places);

#endif /* VHM_MODULES_H */
