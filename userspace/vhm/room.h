/* SPDX-License-Identifier: GPL-2.0 */
/* What lies where in guest memory while a kernel is being loaded. */
#ifndef VHM_ROOM_H
#define VHM_ROOM_H

#include "image.h"

/* More than all segments, modules and tables that one kernel can have. */
#define ROOM_MOST	192

struct room {
	const struct memory *memory;
	unsigned int count;
	struct {
		uint64_t start;
		uint64_t end;
	} taken[ROOM_MOST];
};

void room_init(struct room *room, const struct memory *memory);
int room_load(struct room *room, const struct image *image, uint64_t offset,
	      uint64_t in_file, uint64_t address, uint64_t in_memory);
void *room_find(struct room *room, uint64_t from, uint64_t size, uint64_t align,
		uint64_t *address);
void *room_find_low(struct room *room, uint64_t size, uint32_t *address);
int room_text(struct room *room, const char *text, uint32_t *address);

#endif /* VHM_ROOM_H */
