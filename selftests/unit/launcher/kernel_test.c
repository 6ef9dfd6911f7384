// SPDX-License-Identifier: GPL-2.0
/*
 * Multiboot and PVH kernels: a good one ends up where it should and is told what
 * it should, each damaged, cut off or hostile one is refused with a sentence.
 */
#include <elf.h>
#include <stddef.h>

#include "loader.h"
#include "acpi.h"
#include "boot.h"
#include "multiboot.h"
#include "pvh.h"

#define FILE_SIZE	0x3000
#define CODE		0x1000		/* where in the file the segment is */
#define CODE_SIZE	0x800
#define NOTES		0x200
#define MB_HEADER	0x1010
#define LOADED		0x100000
#define IN_MEMORY	0x5000

static uint8_t file[FILE_SIZE];
static uint8_t module[5000];

void log_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
}

static Elf64_Ehdr *elf_header(void)
{
	return (Elf64_Ehdr *)file;
}

static Elf64_Phdr *row(unsigned int number)
{
	return (Elf64_Phdr *)(file + sizeof(Elf64_Ehdr)) + number;
}

static void make_note(unsigned int at, const char *owner, uint32_t type, uint64_t entry)
{
	Elf64_Nhdr *note = (Elf64_Nhdr *)(file + at);

	note->n_namesz = (uint32_t)strlen(owner) + 1;
	note->n_descsz = 8;
	note->n_type = type;
	strcpy((char *)(note + 1), owner);
	memcpy((char *)(note + 1) + (strlen(owner) + 4) / 4 * 4, &entry, 8);
}

/* An ELF file of 64 bits: a segment, and two notes of which the second is PVH's. */
static void make_elf(void)
{
	Elf64_Ehdr *h = elf_header();
	unsigned int i;

	for (i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7);
	memset(file, 0, CODE);
	memcpy(h->e_ident, ELFMAG "\2\1\1", 7);
	h->e_type = ET_EXEC;
	h->e_machine = EM_X86_64;
	h->e_phoff = sizeof(*h);
	h->e_phentsize = sizeof(Elf64_Phdr);
	h->e_phnum = 3;
	h->e_entry = 0xc0100040;
	*row(0) = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = CODE, .p_filesz = CODE_SIZE,
				.p_memsz = IN_MEMORY, .p_paddr = LOADED, .p_vaddr = 0xc0100000 };
	*row(1) = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES, .p_filesz = 48,
				.p_align = 4 };
	*row(2) = (Elf64_Phdr){ .p_type = PT_GNU_STACK };
	make_note(NOTES, "GNU", 18, 0);
	make_note(NOTES + 24, "Xen", 18, LOADED + 0x80);
}

static struct multiboot_header *mb_header(void)
{
	return (struct multiboot_header *)(file + MB_HEADER);
}

static void mb_flags(uint32_t flags)
{
	mb_header()->flags = flags;
	mb_header()->checksum = -(0x1badb002 + flags);
}

/* The same file, with a Multiboot header; its addresses count with bit 16 of the flags. */
static void make_multiboot(uint32_t flags)
{
	make_elf();
	*mb_header() = (struct multiboot_header){
		.magic = 0x1badb002, .header_addr = LOADED + 0x10, .load_addr = LOADED,
		.load_end_addr = LOADED + CODE_SIZE, .bss_end_addr = LOADED + IN_MEMORY,
		.entry_addr = LOADED + 0x60,
	};
	mb_flags(flags);
}

static struct modules no_modules;

static int load_size(const struct memory *memory, const struct modules *modules, const char *text,
		     uint64_t size, struct protected_entry *entry)
{
	struct image image = make_image("the kernel", file, size);
	struct multiboot multiboot;
	bool is_multiboot;
	int error;

	*message = '\0';
	error = multiboot_probe(&image, &multiboot, &is_multiboot);
	if (!error && is_multiboot)
		error = multiboot_load(memory, &image, &multiboot, modules, text, entry);
	else if (!error)
		error = pvh_load(memory, &image, modules, text, entry);
	close(image.fd);
	return error;
}

static int load(const struct memory *memory, struct protected_entry *entry)
{
	return load_size(memory, &no_modules, "", sizeof(file), entry);
}

static uint32_t word(const struct memory *memory, uint64_t at)
{
	uint32_t value;

	memcpy(&value, memory->host + at, sizeof(value));
	return value;
}

static const char *text(const struct memory *memory, uint32_t at)
{
	return (const char *)memory->host + at;
}

/* Two files to be modules; their names stay valid. */
static void make_modules(struct modules *modules)
{
	static char first[32], second[64];
	static int fd = -1;

	if (fd < 0) {
		memset(module, 0x5a, sizeof(module));
		fd = memfd_create("module", 0);
		if (fd < 0 || write(fd, module, sizeof(module)) != sizeof(module))
			abort();
		snprintf(first, sizeof(first), "/dev/fd/%d", fd);
	}
	snprintf(second, sizeof(second), "%s,its text, all", first);
	memset(modules, 0, sizeof(*modules));
	if (modules_add_first(modules, first) || modules_add(modules, second))
		abort();
}

static bool has_modules(const struct memory *memory, uint32_t start, uint32_t end, uint32_t name)
{
	return start % 4096 == 0 && start >= LOADED + IN_MEMORY && end - start == 5000 &&
	       !memcmp(text(memory, start), module, sizeof(module)) && name < 0xa0000;
}

static void test_multiboot(const struct memory *memory, uint32_t flags, const char *what)
{
	struct protected_entry entry;
	struct modules modules;
	uint32_t info, mods;

	make_multiboot(flags);
	make_modules(&modules);
	tap_ok(!load_size(memory, &modules, "a b", sizeof(file), &entry), "multiboot: %s", what);
	info = entry.ebx;
	mods = word(memory, info + 24);
	tap_ok(entry.eax == 0x2badb002 && entry.eip == LOADED + (flags >> 16 ? 0x60 : 0x40) &&
	       info >= 0x1000 && info < 0xa0000,
	       "multiboot: %s: its entry and its registers", what);
	tap_ok(!memcmp(text(memory, LOADED), file + CODE, CODE_SIZE) &&
	       !memory->host[LOADED + CODE_SIZE],
	       "multiboot: %s: all of it is in memory and no more", what);
	tap_ok(word(memory, info) == 0x24d, "multiboot: %s: told no more than there is", what);
	tap_ok(!strcmp(text(memory, word(memory, info + 16)), "a b") &&
	       !strcmp(text(memory, word(memory, info + 64)), "vhm test"),
	       "multiboot: %s: its command line and who has loaded it", what);
	tap_ok(word(memory, info + 4) == 640 && word(memory, info + 8) == 63 * 1024 &&
	       word(memory, info + 44) == 3 * 24,
	       "multiboot: %s: the sizes of memory", what);
	tap_ok(word(memory, word(memory, info + 48)) == 20 &&
	       word(memory, word(memory, info + 48) + 24 * 2 + 4) == 0x100000 &&
	       word(memory, word(memory, info + 48) + 24 * 2 + 12) == 63 * MIB &&
	       word(memory, word(memory, info + 48) + 24 * 2 + 20) == 1,
	       "multiboot: %s: the map of memory", what);
	tap_ok(word(memory, info + 20) == 2 &&
	       has_modules(memory, word(memory, mods), word(memory, mods + 4),
			   word(memory, mods + 8)) &&
	       has_modules(memory, word(memory, mods + 16), word(memory, mods + 20),
			   word(memory, mods + 24)) &&
	       word(memory, mods + 16) >= word(memory, mods + 4),
	       "multiboot: %s: its modules", what);
	tap_ok(!strncmp(text(memory, word(memory, mods + 8)), "/dev/fd/", 8) &&
	       !strcmp(text(memory, word(memory, mods + 24)), "its text, all"),
	       "multiboot: %s: their texts", what);
}

/* ELF of 32 bits, with the entry given as a physical address. */
static void test_narrow(const struct memory *memory)
{
	struct protected_entry entry;
	Elf32_Ehdr *h = (Elf32_Ehdr *)file;
	Elf32_Phdr *p = (Elf32_Phdr *)(file + sizeof(*h));

	make_multiboot(3);
	memset(file, 0, CODE);
	memcpy(h->e_ident, ELFMAG "\1\1\1", 7);
	h->e_type = ET_EXEC;
	h->e_machine = EM_386;
	h->e_phoff = sizeof(*h);
	h->e_phentsize = sizeof(*p);
	h->e_phnum = 1;
	h->e_entry = 0x300044;
	*p = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = CODE, .p_filesz = CODE_SIZE,
			   .p_memsz = IN_MEMORY, .p_paddr = 0x300000, .p_vaddr = 0xc0300000 };
	tap_ok(!load(memory, &entry) && entry.eip == 0x300044 &&
	       !memcmp(text(memory, 0x300000), file + CODE, CODE_SIZE),
	       "multiboot: ELF of 32 bits, entered at a physical address");
	h->e_entry = 0xc0300048;
	tap_ok(!load(memory, &entry) && entry.eip == 0x300048, "multiboot: and at a virtual one");
}

static void test_video(const struct memory *memory)
{
	struct protected_entry entry;

	make_multiboot(7);
	tap_ok(!load(memory, &entry) && strstr(message, "video mode") &&
	       !(word(memory, entry.ebx) & 0x1800),
	       "multiboot: a video mode is not promised: %s", message);
}

static void test_whole_file(const struct memory *memory)
{
	struct protected_entry entry;

	make_multiboot(0x10003);
	mb_header()->load_end_addr = 0;
	mb_header()->bss_end_addr = 0;
	tap_ok(!load(memory, &entry) &&
	       !memcmp(text(memory, LOADED), file + CODE, FILE_SIZE - CODE) &&
	       !memory->host[LOADED + FILE_SIZE - CODE],
	       "multiboot: without an end, all of the file");
}

/* One field of the Multiboot header made wrong, and a word of the sentence. */
#define WRONG(field, value, word) { #field, offsetof(struct multiboot_header, field), value, word }

static void test_wrong_multiboot(const struct memory *memory)
{
	static const struct {
		const char *name;
		size_t offset;
		uint32_t value;
		const char *word;
	} wrong[] = {
		WRONG(header_addr, LOADED - 4, "before the file"),
		WRONG(header_addr, 0, "before the file"),
		WRONG(header_addr, 0xffffffff, "before the file"),
		WRONG(load_addr, 0, "before the file"),
		WRONG(load_addr, 0xffffffff, "before the file"),
		WRONG(load_end_addr, LOADED - 1, "before it begins"),
		WRONG(load_end_addr, LOADED + FILE_SIZE, "truncated"),
		WRONG(load_end_addr, 0xffffffff, "truncated"),
		WRONG(bss_end_addr, LOADED + CODE_SIZE - 1, "bss"),
		WRONG(bss_end_addr, 1, "bss"),
		WRONG(bss_end_addr, 0xffffffff, "--memory"),
		WRONG(entry_addr, LOADED - 1, "entry"),
		WRONG(entry_addr, LOADED + IN_MEMORY, "entry"),
	};
	struct protected_entry entry;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_multiboot(0x10003);
		memcpy(file + MB_HEADER + wrong[i].offset, &wrong[i].value, 4);
		tap_ok(load(memory, &entry) && strstr(message, wrong[i].word) &&
		       strstr(message, "the kernel: "),
		       "multiboot: %s = 0x%x: %s", wrong[i].name, wrong[i].value, message);
	}
	make_multiboot(0x10003);
	mb_flags(0xb);
	tap_ok(load(memory, &entry) && strstr(message, "demands"), "multiboot: %s", message);
	make_multiboot(3);
	file[0] = 0;
	tap_ok(load(memory, &entry) && strstr(message, "nothing says where"), "multiboot: %s",
	       message);
	make_multiboot(3);
	elf_header()->e_entry = 0x12345678;
	tap_ok(load(memory, &entry) && strstr(message, "its entry"), "multiboot: %s", message);
	make_multiboot(0x10003);
	memmove(file, file + MB_HEADER, 32);
	mb_header()->magic = 0;
	((struct multiboot_header *)file)->header_addr = LOADED;
	tap_ok(load_size(memory, &no_modules, "", 20, &entry) && strstr(message, "truncated"),
	       "multiboot: %s", message);
}

static void test_where_header(const struct memory *memory)
{
	static const struct {
		unsigned int at;
		bool found;
	} rows[] = { { 0, true }, { 8192 - 12, true }, { 8192 - 8, false }, { 4096 + 2, false } };
	struct image image;
	struct multiboot multiboot;
	unsigned int i;
	bool found;

	(void)memory;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint32_t words[] = { 0x1badb002, 3, -(0x1badb002u + 3) };

		memset(file, 0, sizeof(file));
		memcpy(file + rows[i].at, words, sizeof(words));
		image = make_image("the kernel", file, sizeof(file));
		tap_ok(!multiboot_probe(&image, &multiboot, &found) && found == rows[i].found &&
		       (!found || multiboot.offset == rows[i].at),
		       "multiboot: a header at byte %u is %sone", rows[i].at,
		       rows[i].found ? "" : "no ");
		close(image.fd);
	}
	memcpy(file, (const uint32_t[]){ 0x1badb002, 3, 1 }, 12);
	memcpy(file + 0x2008, (const uint32_t[]){ 0xe85250d6, 0, 16, -(0xe85250d6u + 16) }, 16);
	image = make_image("the kernel", file, sizeof(file));
	tap_ok(!multiboot_probe(&image, &multiboot, &found) && !found && multiboot.second,
	       "multiboot: neither is one with a wrong sum; Multiboot 2 is told apart");
	close(image.fd);
}

static void test_pvh(const struct memory *memory)
{
	struct protected_entry entry;
	struct modules modules;
	uint32_t info, mods, map;

	make_elf();
	make_modules(&modules);
	tap_ok(!load_size(memory, &modules, "a b", sizeof(file), &entry), "pvh: a good kernel");
	info = entry.ebx;
	tap_ok(entry.eip == LOADED + 0x80 && word(memory, info) == 0x336ec578 &&
	       word(memory, info + 4) == 1 && !word(memory, info + 8),
	       "pvh: its entry and its start info");
	tap_ok(!memcmp(text(memory, LOADED), file + CODE, CODE_SIZE) &&
	       !memory->host[LOADED + CODE_SIZE],
	       "pvh: all of it is in memory and no more");
	tap_ok(!strcmp(text(memory, word(memory, info + 24)), "a b") &&
	       word(memory, info + 32) == ACPI_RSDP,
	       "pvh: its command line and the ACPI tables");
	mods = word(memory, info + 16);
	tap_ok(word(memory, info + 12) == 2 && word(memory, mods + 8) == 5000 &&
	       has_modules(memory, word(memory, mods), word(memory, mods) + 5000,
			   word(memory, mods + 16)) &&
	       !strcmp(text(memory, word(memory, mods + 32 + 16)), "its text, all"),
	       "pvh: its modules");
	map = word(memory, info + 40);
	tap_ok(word(memory, info + 48) == 3 && word(memory, map + 8) == 0xa0000 &&
	       word(memory, map + 24 * 2) == MIB && word(memory, map + 24 * 2 + 8) == 63 * MIB &&
	       word(memory, map + 24 + 16) == 2,
	       "pvh: the map of memory");
}

/* As GNU's properties are in a file of 64 bits. */
static void test_wide_notes(const struct memory *memory)
{
	struct protected_entry entry;

	make_elf();
	row(1)->p_align = 8;
	tap_ok(!load(memory, &entry) && entry.eip == LOADED + 0x80, "pvh: notes padded to 8 bytes");
}

/* One field of the ELF headers made wrong, and a word of the sentence. */
#define HEADER(field, value, word)						\
	{ #field, offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), value, word }
#define ROW(number, field, value, word)						\
	{ #field, sizeof(Elf64_Ehdr) + (number) * sizeof(Elf64_Phdr) +		\
	  offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field), value, word }
#define NOTE(offset, value, word)						\
	{ "a note's word", NOTES + 24 + (offset), 4, value, word }

static const struct {
	const char *name;
	size_t offset;
	size_t size;
	uint64_t value;
	const char *word;
} wrong_elf[] = {
	HEADER(e_ident[EI_CLASS], 0, "not for x86"),
	HEADER(e_ident[EI_CLASS], 1, "is"),
	HEADER(e_ident[EI_DATA], 2, "not for x86"),
	HEADER(e_machine, EM_AARCH64, "another machine"),
	HEADER(e_type, ET_REL, "fixed addresses"),
	HEADER(e_type, ET_DYN, "fixed addresses"),
	HEADER(e_phnum, 0, "program headers"),
	HEADER(e_phnum, 65, "program headers"),
	HEADER(e_phnum, 0xffff, "program headers"),
	HEADER(e_phentsize, 55, "program headers"),
	HEADER(e_phentsize, 0, "program headers"),
	HEADER(e_phoff, FILE_SIZE - 3 * 56 + 1, "truncated"),
	HEADER(e_phoff, UINT64_MAX, "truncated"),
	ROW(0, p_offset, FILE_SIZE - CODE_SIZE + 1, "truncated"),
	ROW(0, p_offset, UINT64_MAX, "truncated"),
	ROW(0, p_filesz, UINT64_MAX, "truncated"),
	ROW(0, p_filesz, IN_MEMORY - 1 + 0x1001, "truncated"),
	ROW(0, p_memsz, CODE_SIZE - 1, "p_memsz"),
	ROW(0, p_memsz, 0, "p_memsz"),
	ROW(0, p_memsz, UINT64_MAX, "--memory"),
	ROW(0, p_memsz, 64 * MIB, "--memory"),
	ROW(0, p_paddr, UINT64_MAX, "is"),
	ROW(0, p_paddr, 64 * MIB - IN_MEMORY + 1, "is"),
	ROW(0, p_paddr, 0xf0000, "is"),
	ROW(0, p_type, PT_NULL, "is loaded"),
	ROW(1, p_offset, FILE_SIZE - 47, "truncated"),
	ROW(1, p_filesz, UINT64_MAX - NOTES, "truncated"),
	ROW(1, p_filesz, 47, "notes"),
	ROW(1, p_filesz, 25, "notes"),
	ROW(1, p_filesz, 24, "PVH"),
	ROW(1, p_type, PT_NULL, "CONFIG_PVH"),
	ROW(2, p_offset, FILE_SIZE + 1, "truncated"),
	NOTE(0, 0xffffffff, "notes"),
	NOTE(0, 3, "PVH"),
	NOTE(4, 0xffffffff, "notes"),
	NOTE(4, 9, "notes"),
	NOTE(4, 7, "7 bytes"),
	NOTE(4, 0, "PVH"),
	NOTE(8, 17, "PVH"),
	NOTE(12, 0x00746558, "PVH"),
	NOTE(16, LOADED - 1, "PVH entry"),
	NOTE(16, LOADED + IN_MEMORY, "PVH entry"),
	NOTE(20, 1, "PVH entry"),
};

static void test_wrong_elf(const struct memory *memory)
{
	struct protected_entry entry;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong_elf); i++) {
		make_elf();
		memcpy(file + wrong_elf[i].offset, &wrong_elf[i].value, wrong_elf[i].size);
		tap_ok(load(memory, &entry) && strstr(message, wrong_elf[i].word) &&
		       strstr(message, "the kernel: "),
		       "elf: %s = 0x%llx: %s", wrong_elf[i].name,
		       (unsigned long long)wrong_elf[i].value, message);
	}
}

static void test_overlaps(const struct memory *memory)
{
	struct protected_entry entry;

	make_elf();
	*row(2) = *row(0);
	row(2)->p_paddr = LOADED + IN_MEMORY - 1;
	tap_ok(load(memory, &entry) && strstr(message, "another of its parts"), "elf: %s", message);
	row(2)->p_paddr = LOADED + IN_MEMORY;
	tap_ok(!load(memory, &entry), "elf: a segment right behind another");
	row(2)->p_paddr = 0x98000;
	tap_ok(!load(memory, &entry) && entry.ebx < 0x98000, "elf: a segment below 640 KiB");
	row(2)->p_paddr = 0x9ffff;
	tap_ok(load(memory, &entry) && strstr(message, "tables"), "elf: %s", message);
	row(2)->p_paddr = 0;
	row(2)->p_memsz = 0xa0000;
	tap_ok(load(memory, &entry) && strstr(message, "640 KiB"), "elf: %s", message);
	row(2)->p_paddr = 0;
	row(2)->p_memsz = 0x4000;
	tap_ok(!load(memory, &entry) && entry.ebx >= 0x4000 && entry.gdt >= 0x4000,
	       "elf: what it is told lies behind what it loads");
}

/* Each note says that the next is itself, or is as small as can be. */
static void test_many_notes(const struct memory *memory)
{
	static uint8_t large[2 * MIB];
	struct protected_entry entry;
	struct image image;

	make_elf();
	memcpy(large, file, sizeof(file));
	memset(large + 0x2000, 0, sizeof(large) - 0x2000);
	((Elf64_Phdr *)(large + sizeof(Elf64_Ehdr)))[1].p_offset = 0x2000;
	((Elf64_Phdr *)(large + sizeof(Elf64_Ehdr)))[1].p_filesz = MIB / 12 * 12;
	image = make_image("the kernel", large, sizeof(large));
	tap_ok(pvh_load(memory, &image, &no_modules, "", &entry) && strstr(message, "CONFIG_PVH"),
	       "elf: 87,381 empty notes come to an end");
	close(image.fd);
	((Elf64_Phdr *)(large + sizeof(Elf64_Ehdr)))[1].p_filesz = MIB + 1;
	image = make_image("the kernel", large, sizeof(large));
	tap_ok(pvh_load(memory, &image, &no_modules, "", &entry) &&
	       strstr(message, "no kernel has"),
	       "elf: %s", message);
	close(image.fd);
}

/* A file that ends early, at each length; and one that shrinks behind our back. */
static void test_lengths(const struct memory *memory)
{
	struct protected_entry entry;
	struct image image;
	uint64_t size;
	bool ok = true;

	make_elf();
	for (size = 4; size < CODE + CODE_SIZE; size += size < 700 ? 1 : 97)
		ok = ok && load_size(memory, &no_modules, "", size, &entry) && *message;
	tap_ok(ok, "elf: refused at each length that is too short");
	tap_ok(!load_size(memory, &no_modules, "", CODE + CODE_SIZE, &entry),
	       "elf: taken where its last segment ends");
	image = make_image("the kernel", file, CODE);
	image.size = sizeof(file);
	tap_ok(pvh_load(memory, &image, &no_modules, "", &entry) && strstr(message, "ends early"),
	       "elf: %s", message);
	close(image.fd);
}

static void test_modules(const struct memory *memory)
{
	struct protected_entry entry;
	struct modules modules;
	char wrong[][8] = { "", ",text" };
	char path[] = "/nowhere", other[] = "x";
	unsigned int i;

	memset(&modules, 0, sizeof(modules));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		tap_ok(modules_add(&modules, wrong[i]) && !modules.count, "modules: %s", message);
	make_elf();
	modules_add(&modules, path);
	tap_ok(load_size(memory, &modules, "", sizeof(file), &entry) && strstr(message, "/nowhere"),
	       "modules: %s", message);
	for (i = 1; i < MODULES_MOST && !modules_add(&modules, other); i++)
		continue;
	tap_ok(i == MODULES_MOST && modules_add(&modules, other) &&
	       modules_add_first(&modules, "x") && modules.count == MODULES_MOST,
	       "modules: %s", message);
}

static void test_module_too_large(void)
{
	struct protected_entry entry;
	struct modules modules;
	struct memory memory;

	if (memory_init(&memory, MIB + 0x8000))
		abort();
	make_elf();
	make_modules(&modules);
	tap_ok(load_size(&memory, &modules, "", sizeof(file), &entry) &&
	       strstr(message, "is too large"), "modules: %s", message);
	modules.count = 1;
	tap_ok(!load_size(&memory, &modules, "", sizeof(file), &entry), "modules: one fits");
	memory_free(&memory);
}

static void test_command_line(const struct memory *memory)
{
	static char line[0xa0000];
	struct protected_entry entry;

	make_elf();
	memset(line, 'a', sizeof(line) - 1);
	tap_ok(load_size(memory, &no_modules, line, sizeof(file), &entry) &&
	       strstr(message, "--append"), "pvh: %s", message);
	line[0x90000] = '\0';
	tap_ok(!load_size(memory, &no_modules, line, sizeof(file), &entry),
	       "pvh: a command line of 576 KiB");
}

/* Which loader a file gets, by what it says; none gets as far as a vCPU. */
static void test_kinds(const struct memory *memory)
{
	static const char name[] = "/tmp/vhm-kernel-XXXXXX";
	static const struct {
		const char *bytes;
		unsigned int size;
		const char *word;
	} kinds[] = {
		{ "\177ELF", 4, "truncated" },
		{ "\177ELF\2\1\1", 100, "another machine" },
		{ "\x1f\x8b", 50, "gzip" },
		{ "\xf4", 1, "flat binary" },
	};
	const struct board board = { .cpus = 1 };
	struct vhm_vcpu vcpu = { .fd = -1 };
	char path[sizeof(name)];
	struct boot boot;
	bool is_flat;
	unsigned int i;
	int fd, error;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memset(file, 0, sizeof(file));
		memcpy(file, kinds[i].bytes, strlen(kinds[i].bytes));
		strcpy(path, name);
		fd = mkstemp(path);
		if (fd < 0 || write(fd, file, kinds[i].size) != (ssize_t)kinds[i].size)
			abort();
		boot = (struct boot){ .kernel = path, .append = i == 3 ? "x" : NULL };
		tap_ok(boot_load(&boot, memory, &vcpu, &board) && strstr(message, kinds[i].word) &&
		       strstr(message, path), "boot: %s", message);
		error = boot_is_flat(path, &is_flat);
		tap_ok(!error && is_flat == (kinds[i].bytes[0] != '\177'),
		       "boot: is it flat? (%u bytes)", kinds[i].size);
		unlink(path);
		close(fd);
	}
}

/* Any headers at all: refused or loaded, never outside the guest's memory. */
static void test_random(const struct memory *memory)
{
	struct protected_entry entry;
	unsigned int i, j, taken = 0;
	bool ok = true;

	srand(1);
	for (i = 0; i < 30000; i++) {
		if (i % 2)
			make_multiboot(i % 4 == 1 ? 0x10003 : 3);
		else
			make_elf();
		for (j = 0; j <= i % 5; j++)
			file[rand() % 4 ? rand() % (NOTES + 48) : MB_HEADER + rand() % 32] =
				(uint8_t)rand();
		*message = '\0';
		if (!load(memory, &entry))
			taken++;
		else
			ok = ok && *message;
	}
	tap_ok(ok && taken > 0 && taken < i, "boot: 30,000 random headers, %u taken", taken);
}

int main(void)
{
	struct memory memory;

	tap_begin();
	if (memory_init(&memory, 64 * MIB))
		return 1;
	test_multiboot(&memory, 3, "an ELF file");
	test_multiboot(&memory, 0x10003, "a file with addresses");
	test_narrow(&memory);
	test_video(&memory);
	test_wrong_multiboot(&memory);
	test_where_header(&memory);
	test_pvh(&memory);
	test_wide_notes(&memory);
	test_wrong_elf(&memory);
	test_overlaps(&memory);
	test_many_notes(&memory);
	test_lengths(&memory);
	test_modules(&memory);
	test_module_too_large();
	test_command_line(&memory);
	test_kinds(&memory);
	test_random(&memory);
	memory_free(&memory);
	if (memory_init(&memory, 64 * MIB))
		return 1;
	test_whole_file(&memory);
	memory_free(&memory);
	return tap_end();
}
