// SPDX-License-Identifier: GPL-2.0
/*
 * What lies where in guest memory while a kernel is being loaded. A kernel says
 * itself where its parts go; all else is put where there is room left: the
 * tables that it is given below 640 KiB, its modules behind it.
 *
 * Guest memory is new, and nothing is put twice in one place: what no file
 * fills is zero.
 */
#include <string.h>

#include "log.h"
#include "room.h"

/* A guest that follows a null pointer finds nothing of ours. */
#define LOWEST		0x1000
#define TABLE_ALIGN	16

static void take(struct room *room, uint64_t start, uint64_t end)
{
	room->taken[room->count].start = start;
	room->taken[room->count].end = end;
	room->count++;
}

/* The first to be in the way, or -1. */
static int in_the_way(const struct room *room, uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < room->count; i++) {
		if (start < room->taken[i].end && room->taken[i].start < end)
			return (int)i;
	}
	return -1;
}

/**
 * room_init() - begin with memory that holds nothing but the ACPI tables
 * @room: filled in
 * @memory: the guest's memory
 */
void room_init(struct room *room, const struct memory *memory)
{
	room->memory = memory;
	room->count = 0;
	take(room, MEMORY_CONVENTIONAL, MEMORY_TABLES_END);
}

/**
 * room_load() - load a part of a file where it asks to be
 * @room: what is taken
 * @image: the file
 * @offset: where the part begins in it
 * @in_file: its bytes there
 * @address: where it goes
 * @in_memory: its bytes there, at least @in_file; what exceeds them is zero
 *
 * Return: 0; -1 with a message said.
 */
int room_load(struct room *room, const struct image *image, uint64_t offset,
	      uint64_t in_file, uint64_t address, uint64_t in_memory)
{
	uint8_t *to = memory_at(room->memory, address, in_memory);
	uint64_t end = address + in_memory;

	if (!in_memory)
		return 0;
	if (!to)
		return log_error(image->path,
				 "needs 0x%llx bytes of memory from address 0x%llx on, the guest has %llu MiB below 3 GiB: give it more (--memory) or link it lower",
				 (unsigned long long)in_memory,
				 (unsigned long long)address,
				 (unsigned long long)(room->memory->low / MIB));
	if (room->count == ROOM_MOST || in_the_way(room, address, end) >= 0)
		return log_error(image->path,
				 "has a part for 0x%llx to 0x%llx, where another of its parts or, from 0xa0000 to 0x100000, the machine's own tables are: link it anew",
				 (unsigned long long)address,
				 (unsigned long long)end);
	if (image_read(image, offset, to, in_file))
		return -1;
	take(room, address, end);
	return 0;
}

/**
 * room_find() - find room
 * @room: what is taken
 * @from: look from this address on, below the hole under 4 GiB
 * @size: bytes, not 0
 * @align: a power of two
 * @address: out: where it is; taken from now on
 *
 * Return: the launcher's address of it; NULL if there is none.
 */
void *room_find(struct room *room, uint64_t from, uint64_t size, uint64_t align,
		uint64_t *address)
{
	uint64_t at = (from + align - 1) & ~(align - 1);
	void *to;
	int other;

	if (room->count == ROOM_MOST)
		return NULL;
	/* Each round goes up, and memory ends. */
	for (;;) {
		to = memory_at(room->memory, at, size);
		if (!to)
			return NULL;
		other = in_the_way(room, at, at + size);
		if (other < 0)
			break;
		at = (room->taken[other].end + align - 1) & ~(align - 1);
	}
	take(room, at, at + size);
	*address = at;
	return to;
}

/**
 * room_find_low() - find room for a table, in the memory that each guest reaches
 * @room: what is taken
 * @size: bytes, not 0
 * @address: out: where it is
 *
 * Return: the launcher's address of it; NULL with a message said.
 */
void *room_find_low(struct room *room, uint64_t size, uint32_t *address)
{
	uint64_t at;
	void *to = room_find(room, LOWEST, size, TABLE_ALIGN, &at);

	if (!to || at + size > MEMORY_CONVENTIONAL) {
		log_error(NULL,
			  "no room below 640 KiB for %llu bytes that the kernel is told: shorten its command line (--append) or link it from 1 MiB on",
			  (unsigned long long)size);
		return NULL;
	}
	*address = (uint32_t)at;
	return to;
}

/**
 * room_text() - put a text where the guest can read it
 * @room: what is taken
 * @text: the text
 * @address: out: where it is
 *
 * Return: 0; -1 with a message said.
 */
int room_text(struct room *room, const char *text, uint32_t *address)
{
	uint64_t size = strlen(text) + 1;
	char *to = room_find_low(room, size, address);

	if (!to)
		return -1;
	memcpy(to, text, size);
	return 0;
}
