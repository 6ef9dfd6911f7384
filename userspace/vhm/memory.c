// SPDX-License-Identifier: GPL-2.0
/* The guest's memory: one piece of ours, shown to the guest in one or two. */
#include "log.h"
#include "memory.h"

/**
 * memory_init() - have memory for a guest
 * @memory: filled in on success
 * @size: bytes, a multiple of the page size
 *
 * Return: 0; -1 with a message said.
 */
int memory_init(struct memory *memory, uint64_t size)
{
	memory->size = size;
	memory->low = size < MEMORY_HOLE_START ? size : MEMORY_HOLE_START;
	memory->host = vhm_memory_alloc(size);
	if (!memory->host)
		return log_error(NULL, "%s (--memory)", vhm_error());
	return 0;
}

/**
 * memory_free() - give the memory back
 * @memory: from memory_init()
 */
void memory_free(struct memory *memory)
{
	vhm_memory_free(memory->host, memory->size);
	memory->host = NULL;
}

/**
 * memory_map() - show the memory to the guest
 * @memory: the memory
 * @vm: the machine
 *
 * Return: 0; -1 with a message said.
 */
int memory_map(const struct memory *memory, const struct vhm_vm *vm)
{
	uint64_t high = memory->size - memory->low;

	if (vhm_vm_map(vm, 0, 0, memory->host, memory->low) ||
	    (high && vhm_vm_map(vm, 1, MEMORY_HOLE_END,
				memory->host + memory->low, high)))
		return log_error(NULL, "%s", vhm_error());
	return 0;
}

/**
 * memory_ranges() - the memory map that a guest is told
 * @memory: the memory
 * @ranges: out: room for MEMORY_RANGES
 *
 * Return: how many.
 */
unsigned int memory_ranges(const struct memory *memory, struct memory_range *ranges)
{
	const struct memory_range all[MEMORY_RANGES] = {
		{ 0, MEMORY_CONVENTIONAL, MEMORY_RAM },
		{ MEMORY_TABLES, MEMORY_TABLES_END, MEMORY_RESERVED },
		{ MIB, memory->low, MEMORY_RAM },
		{ MEMORY_HOLE_END, MEMORY_HOLE_END + memory->size - memory->low, MEMORY_RAM },
	};
	unsigned int i, count = 0;

	for (i = 0; i < MEMORY_RANGES; i++) {
		if (all[i].start < all[i].end)
			ranges[count++] = all[i];
	}
	return count;
}

/**
 * memory_at() - the launcher's address of guest memory below the hole
 * @memory: the memory
 * @guest: guest-physical address
 * @size: how many bytes the caller will touch
 *
 * Return: the address; NULL if not all of it is there.
 */
void *memory_at(const struct memory *memory, uint64_t guest, uint64_t size)
{
	if (guest > memory->low || size > memory->low - guest)
		return NULL;
	return memory->host + guest;
}
