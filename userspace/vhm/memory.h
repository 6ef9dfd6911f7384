/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's memory, as the launcher sees it. */
#ifndef VHM_MEMORY_H
#define VHM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../libvhm/libvhm.h"

#define KIB			((uint64_t)1 << 10)
#define MIB			((uint64_t)1 << 20)
#define GIB			((uint64_t)1 << 30)

#define MEMORY_LEAST		MIB
#define MEMORY_MOST		(512 * GIB)

/* Between these a PC has devices, not memory; what does not fit goes above. */
#define MEMORY_HOLE_START	(3 * GIB)
#define MEMORY_HOLE_END		(4 * GIB)

/* Below 1 MiB: memory up to here, then the room of firmware and its tables. */
#define MEMORY_CONVENTIONAL	0xa0000
#define MEMORY_TABLES		0xe0000
#define MEMORY_TABLES_END	0x100000

struct memory {
	uint8_t *host;
	uint64_t size;
	uint64_t low;		/* how much of it is below the hole */
};

/* A part of the guest's memory map; all boot protocols have the types of E820. */
struct memory_range {
	uint64_t start;
	uint64_t end;
	uint32_t type;
};

#define MEMORY_RANGES		4
#define MEMORY_RAM		1
#define MEMORY_RESERVED		2

int memory_init(struct memory *memory, uint64_t size);
void memory_free(struct memory *memory);
int memory_map(const struct memory *memory, const struct vhm_vm *vm);
unsigned int memory_ranges(const struct memory *memory, struct memory_range *ranges);
void *memory_at(const struct memory *memory, uint64_t guest, uint64_t size);

#endif /* VHM_MEMORY_H */
