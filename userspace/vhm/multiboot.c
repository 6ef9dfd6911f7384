// SPDX-License-Identifier: GPL-2.0
/*
 * Multiboot kernels, see the Multiboot Specification, version 0.6.96. A header
 * in the first 8 KiB says what the kernel asks for; it is an ELF executable, or
 * any file whose header says where it goes. It is told its command line, its
 * modules, the memory map, and who has loaded it.
 */
#include <stddef.h>
#include <string.h>

#include "../libvhm/compiler.h"
#include "elffile.h"
#include "log.h"
#include "multiboot.h"

#define SEARCH			8192u
#define SEARCH_2		32768u	/* Multiboot 2: so far, on 8 bytes */
#define HEADER_MAGIC		0x1badb002u
#define HEADER_MAGIC_2		0xe85250d6u
#define LOADER_MAGIC		0x2badb002u
#define LOADER_NAME		"vhm " VHM_VERSION

/* Header flags: the first 16 are requirements. */
#define ALIGN_MODULES		(1u << 0)
#define WANT_MEMORY		(1u << 1)
#define WANT_VIDEO		(1u << 2)
#define HAS_ADDRESSES		(1u << 16)
#define REQUIREMENTS		0xffffu

/* Flags of what the kernel is told. */
#define INFO_MEMORY		(1u << 0)
#define INFO_COMMAND_LINE	(1u << 2)
#define INFO_MODULES		(1u << 3)
#define INFO_MEMORY_MAP		(1u << 6)
#define INFO_LOADER_NAME	(1u << 9)

struct information {
	uint32_t flags;
	uint32_t mem_lower;	/* KiB from address 0 on, and from 1 MiB on */
	uint32_t mem_upper;
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count;
	uint32_t mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length;
	uint32_t mmap_addr;
	uint32_t drives_length;
	uint32_t drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
	uint32_t apm_table;
	uint32_t vbe[4];
	uint8_t framebuffer[28];
};

struct module_row {
	uint32_t start;
	uint32_t end;
	uint32_t text;
	uint32_t reserved;
};

struct map_row {
	uint32_t size;		/* of what follows it */
	uint64_t start;
	uint64_t length;
	uint32_t type;
} __packed;

/* A kernel on its way into the guest. */
struct loading {
	const struct image *image;
	const struct multiboot *multiboot;
	struct room room;
	uint64_t entry;
	uint64_t end;
	struct information *info;
};

static bool is_header(const uint32_t *words)
{
	return words[0] == HEADER_MAGIC && words[0] + words[1] + words[2] == 0;
}

static bool is_header_2(const uint32_t *words)
{
	return words[0] == HEADER_MAGIC_2 && words[0] + words[1] + words[2] + words[3] == 0;
}

/* Says where the header is, or that there is one of the other version alone. */
static bool find(const uint32_t *words, uint64_t size, struct multiboot *multiboot)
{
	uint64_t first = size < SEARCH ? size : SEARCH;
	uint64_t at;

	for (at = 0; at + 12 <= first; at += 4) {
		if (is_header(words + at / 4)) {
			multiboot->offset = at;
			return true;
		}
	}
	for (at = 0; at + 16 <= size && !multiboot->second; at += 8)
		multiboot->second = is_header_2(words + at / 4);
	return false;
}

/**
 * multiboot_probe() - is it a Multiboot kernel?
 * @kernel: the file
 * @multiboot: out: its header
 * @is_multiboot: out: true if it has one
 *
 * Return: 0; -1 with a message said.
 */
int multiboot_probe(const struct image *kernel, struct multiboot *multiboot, bool *is_multiboot)
{
	uint64_t size = kernel->size < SEARCH_2 ? kernel->size : SEARCH_2;
	uint32_t words[SEARCH_2 / 4];
	uint64_t rest;

	memset(multiboot, 0, sizeof(*multiboot));
	*is_multiboot = false;
	if (image_read(kernel, 0, words, size))
		return -1;
	*is_multiboot = find(words, size, multiboot);
	if (!*is_multiboot)
		return 0;
	rest = size - multiboot->offset;
	memcpy(&multiboot->header, words + multiboot->offset / 4,
	       rest < sizeof(multiboot->header) ? rest : sizeof(multiboot->header));
	return 0;
}

static int check_flags(const struct loading *loading)
{
	uint32_t flags = loading->multiboot->header.flags & REQUIREMENTS;

	if (flags & ~(ALIGN_MODULES | WANT_MEMORY | WANT_VIDEO))
		return log_error(loading->image->path,
				 "demands of its loader what Multiboot 1 does not know (flags 0x%x): its header is damaged or of a later version",
				 flags);
	if (flags & WANT_VIDEO)
		log_note("%s asks for a video mode: there is no display, and it is told so",
			 loading->image->path);
	return 0;
}

static int bad_addresses(const struct loading *loading, const char *what)
{
	const struct multiboot_header *header = &loading->multiboot->header;

	return log_error(loading->image->path,
			 "has a Multiboot header whose addresses do not fit together (%s; header 0x%x, load 0x%x to 0x%x, bss to 0x%x, entry 0x%x): mend the header",
			 what, header->header_addr, header->load_addr, header->load_end_addr,
			 header->bss_end_addr, header->entry_addr);
}

/* The header says where it stands itself, and so where the rest goes. */
static int load_by_addresses(struct loading *loading)
{
	const struct multiboot_header *header = &loading->multiboot->header;
	uint64_t before = (uint64_t)header->header_addr - header->load_addr;
	uint64_t from, in_file, in_memory;

	if (loading->image->size - loading->multiboot->offset < sizeof(*header))
		return log_error(loading->image->path,
				 "is truncated: it ends within its Multiboot header; get it again");
	if (header->header_addr < header->load_addr || before > loading->multiboot->offset)
		return bad_addresses(loading, "it would begin before the file does");
	from = loading->multiboot->offset - before;
	in_file = loading->image->size - from;
	if (header->load_end_addr) {
		if (header->load_end_addr < header->load_addr)
			return bad_addresses(loading, "it would end before it begins");
		if (header->load_end_addr - header->load_addr > in_file)
			return log_error(loading->image->path,
					 "is truncated: its Multiboot header speaks of %u bytes, it has %llu; get it again",
					 header->load_end_addr - header->load_addr,
					 (unsigned long long)in_file);
		in_file = header->load_end_addr - header->load_addr;
	}
	in_memory = in_file;
	if (header->bss_end_addr) {
		if (header->bss_end_addr < header->load_addr + in_file)
			return bad_addresses(loading, "its bss would end before its data");
		in_memory = header->bss_end_addr - header->load_addr;
	}
	if (header->entry_addr < header->load_addr ||
	    header->entry_addr - header->load_addr >= in_memory)
		return bad_addresses(loading, "its entry is not in it");
	loading->entry = header->entry_addr;
	loading->end = header->load_addr + in_memory;
	return room_load(&loading->room, loading->image, from, in_file, header->load_addr,
			 in_memory);
}

/* The entry may be given as it is linked or as it is loaded. */
static int load_elf(struct loading *loading)
{
	struct elf elf;

	if (elf_read(&elf, loading->image) || elf_load(&elf, &loading->room, &loading->end))
		return -1;
	if (!elf_physical(&elf, elf.entry, &loading->entry)) {
		if (!elf_holds(&elf, elf.entry))
			return log_error(loading->image->path,
					 "has its entry at 0x%llx, where nothing of it is loaded: link it anew",
					 (unsigned long long)elf.entry);
		loading->entry = elf.entry;
	}
	return 0;
}

static int load_image(struct loading *loading)
{
	bool is_elf;

	if (loading->multiboot->header.flags & HAS_ADDRESSES)
		return load_by_addresses(loading);
	if (elf_probe(loading->image, &is_elf))
		return -1;
	if (!is_elf)
		return log_error(loading->image->path,
				 "has a Multiboot header without addresses (bit 16 of its flags) and is no ELF file: nothing says where it goes; link it as ELF");
	return load_elf(loading);
}

static int tell_modules(struct loading *loading, const struct modules *modules)
{
	struct module_place places[MODULES_MOST];
	struct module_row *rows;
	unsigned int i;

	loading->info->flags |= INFO_MODULES;
	loading->info->mods_count = modules->count;
	if (!modules->count)
		return 0;
	if (modules_load(modules, &loading->room, loading->end, places))
		return -1;
	rows = room_find_low(&loading->room, modules->count * sizeof(*rows),
			     &loading->info->mods_addr);
	if (!rows)
		return -1;
	for (i = 0; i < modules->count; i++) {
		rows[i].start = places[i].start;
		rows[i].end = places[i].end;
		rows[i].text = places[i].text;
		rows[i].reserved = 0;
	}
	return 0;
}

static int tell_memory(struct loading *loading)
{
	const struct memory *memory = loading->room.memory;
	struct memory_range ranges[MEMORY_RANGES];
	unsigned int i, count = memory_ranges(memory, ranges);
	struct information *info = loading->info;
	struct map_row *rows;

	info->mmap_length = count * (uint32_t)sizeof(*rows);
	rows = room_find_low(&loading->room, info->mmap_length, &info->mmap_addr);
	if (!rows)
		return -1;
	for (i = 0; i < count; i++) {
		rows[i].size = sizeof(*rows) - sizeof(rows[i].size);
		rows[i].start = ranges[i].start;
		rows[i].length = ranges[i].end - ranges[i].start;
		rows[i].type = ranges[i].type;
	}
	info->mem_lower = MEMORY_CONVENTIONAL / KIB;
	info->mem_upper = (uint32_t)((memory->low - MIB) / KIB);
	info->flags |= INFO_MEMORY | INFO_MEMORY_MAP;
	return 0;
}

static int tell(struct loading *loading, const struct modules *modules, const char *command_line,
		uint32_t *address)
{
	struct information *info = room_find_low(&loading->room, sizeof(*info), address);

	if (!info)
		return -1;
	memset(info, 0, sizeof(*info));
	info->flags = INFO_COMMAND_LINE | INFO_LOADER_NAME;
	loading->info = info;
	if (room_text(&loading->room, command_line, &info->cmdline) ||
	    room_text(&loading->room, LOADER_NAME, &info->boot_loader_name))
		return -1;
	return tell_modules(loading, modules) || tell_memory(loading) ? -1 : 0;
}

/**
 * multiboot_load() - load a kernel and its modules
 * @memory: the guest's memory
 * @kernel: the file
 * @multiboot: from multiboot_probe()
 * @modules: its modules
 * @command_line: its command line
 * @entry: filled in for protected_start()
 *
 * Return: 0; -1 with a message said.
 */
int multiboot_load(const struct memory *memory, const struct image *kernel,
		   const struct multiboot *multiboot, const struct modules *modules,
		   const char *command_line, struct protected_entry *entry)
{
	struct loading loading = { .image = kernel, .multiboot = multiboot };

	room_init(&loading.room, memory);
	if (check_flags(&loading) || load_image(&loading) ||
	    protected_prepare(entry, &loading.room) ||
	    tell(&loading, modules, command_line, &entry->ebx))
		return -1;
	/* What is loaded lies below 3 GiB. */
	entry->eip = (uint32_t)loading.entry;
	entry->eax = LOADER_MAGIC;
	return 0;
}
