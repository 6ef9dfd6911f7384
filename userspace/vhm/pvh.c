// SPDX-License-Identifier: GPL-2.0
/*
 * PVH: ELF kernels with a note that names a 32-bit entry. It is Xen's protocol,
 * and needs nothing of Xen: see docs/misc/pvh.pandoc and
 * xen/include/public/arch-x86/hvm/start_info.h there. Linux built with
 * CONFIG_PVH has that note in its vmlinux.
 */
#include <string.h>

#include "acpi.h"
#include "elffile.h"
#include "log.h"
#include "pvh.h"

#define NOTE_OWNER	"Xen"
#define NOTE_ENTRY	18	/* XEN_ELFNOTE_PHYS32_ENTRY */

#define START_MAGIC	0x336ec578u	/* "xEn3", its top bit set */
#define START_VERSION	1

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct module_row {
	uint64_t start;
	uint64_t size;
	uint64_t text;
	uint64_t reserved;
};

struct map_row {
	uint64_t start;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

static int find_entry(const struct elf *elf, uint32_t *entry)
{
	const char *path = elf->image->path;
	uint32_t size = sizeof(uint64_t);
	uint64_t address = 0;

	if (elf_note(elf, NOTE_OWNER, NOTE_ENTRY, &address, &size))
		return -1;
	if (!size)
		return log_error(path,
				 "is an ELF file with neither a Multiboot header nor the note of PVH: of Linux take the bzImage, or a vmlinux that was built with CONFIG_PVH=y");
	if (size != sizeof(uint32_t) && size != sizeof(uint64_t))
		return log_error(path,
				 "has a PVH note of %u bytes, 4 or 8 were expected: it is damaged; get it again",
				 size);
	if (!elf_holds(elf, address))
		return log_error(path,
				 "has its PVH entry at 0x%llx, where nothing of it is loaded: it is damaged; get it again",
				 (unsigned long long)address);
	*entry = (uint32_t)address;
	return 0;
}

static int tell_modules(struct room *room, const struct modules *modules, uint64_t end,
			struct start_info *info)
{
	struct module_place places[MODULES_MOST];
	struct module_row *rows;
	uint32_t address;
	unsigned int i;

	if (!modules->count)
		return 0;
	if (modules_load(modules, room, end, places))
		return -1;
	rows = room_find_low(room, modules->count * sizeof(*rows), &address);
	if (!rows)
		return -1;
	for (i = 0; i < modules->count; i++) {
		rows[i].start = places[i].start;
		rows[i].size = places[i].end - places[i].start;
		rows[i].text = places[i].text;
		rows[i].reserved = 0;
	}
	info->nr_modules = modules->count;
	info->modlist = address;
	return 0;
}

static int tell_memory(struct room *room, struct start_info *info)
{
	struct memory_range ranges[MEMORY_RANGES];
	unsigned int i, count = memory_ranges(room->memory, ranges);
	struct map_row *rows;
	uint32_t address;

	rows = room_find_low(room, count * sizeof(*rows), &address);
	if (!rows)
		return -1;
	for (i = 0; i < count; i++) {
		rows[i].start = ranges[i].start;
		rows[i].size = ranges[i].end - ranges[i].start;
		rows[i].type = ranges[i].type;
		rows[i].reserved = 0;
	}
	info->memmap = address;
	info->memmap_entries = count;
	return 0;
}

static int tell(struct room *room, const struct modules *modules, const char *command_line,
		uint64_t end, uint32_t *address)
{
	struct start_info *info = room_find_low(room, sizeof(*info), address);
	uint32_t text;

	if (!info || room_text(room, command_line, &text))
		return -1;
	memset(info, 0, sizeof(*info));
	info->magic = START_MAGIC;
	info->version = START_VERSION;
	info->cmdline = text;
	info->rsdp = ACPI_RSDP;
	return tell_modules(room, modules, end, info) || tell_memory(room, info) ? -1 : 0;
}

/**
 * pvh_load() - load a kernel and its modules
 * @memory: the guest's memory
 * @kernel: an ELF file
 * @modules: its modules; Linux takes the first for its initial RAM disk
 * @command_line: its command line
 * @entry: filled in for protected_start()
 *
 * Return: 0; -1 with a message said.
 */
int pvh_load(const struct memory *memory, const struct image *kernel,
	     const struct modules *modules, const char *command_line,
	     struct protected_entry *entry)
{
	struct room room;
	struct elf elf;
	uint64_t end;

	room_init(&room, memory);
	if (elf_read(&elf, kernel) || find_entry(&elf, &entry->eip) ||
	    elf_load(&elf, &room, &end) || protected_prepare(entry, &room) ||
	    tell(&room, modules, command_line, end, &entry->ebx))
		return -1;
	entry->eax = 0;
	return 0;
}
