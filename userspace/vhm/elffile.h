/* SPDX-License-Identifier: GPL-2.0 */
/* ELF files whose segments are loaded at physical addresses. */
#ifndef VHM_ELFFILE_H
#define VHM_ELFFILE_H

#include <stdbool.h>

#include "room.h"

/* A kernel has a handful. */
#define ELF_SEGMENTS	64

struct elf_segment {
	uint32_t type;
	uint64_t align;
	uint64_t offset;	/* in the file */
	uint64_t in_file;
	uint64_t virtual;
	uint64_t physical;
	uint64_t in_memory;
};

/* An executable of 32 or 64 bits: both are read into the wider fields. */
struct elf {
	const struct image *image;
	uint64_t entry;		/* as the file has it: virtual */
	unsigned int count;
	struct elf_segment segment[ELF_SEGMENTS];
};

int elf_probe(const struct image *image, bool *is_elf);
int elf_read(struct elf *elf, const struct image *image);
int elf_load(const struct elf *elf, struct room *room, uint64_t *end);
bool elf_holds(const struct elf *elf, uint64_t physical);
bool elf_physical(const struct elf *elf, uint64_t virtual, uint64_t *physical);
int elf_note(const struct elf *elf, const char *owner, uint32_t type,
	     void *content, uint32_t *size);

#endif /* VHM_ELFFILE_H */
