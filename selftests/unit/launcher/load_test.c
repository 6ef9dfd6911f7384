// SPDX-License-Identifier: GPL-2.0
/*
 * The loaders: a good kernel ends up where it should, and each damaged, cut off
 * or hostile file is refused with a sentence that names it.
 */
#include <stddef.h>

#include <asm/bootparam.h>

#include "loader.h"
#include "acpi.h"
#include "flat.h"
#include "linux.h"

#define HEADER		0x1f1
#define SETUP_SECTORS	3
#define PAYLOAD		0x3000
#define FILE_SIZE	((SETUP_SECTORS + 1) * 512 + PAYLOAD)
#define PARAMS		0x10000
#define COMMAND_LINE	0x20000

/* A kernel as small as can be; its bytes count up. */
static uint8_t file[FILE_SIZE + 64];

static struct setup_header *header(void)
{
	return (struct setup_header *)(file + HEADER);
}

static void make_kernel(void)
{
	struct setup_header *h = header();
	unsigned int i;

	for (i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7);
	memset(file, 0, 1024);
	h->setup_sects = SETUP_SECTORS;
	h->syssize = PAYLOAD / 16;
	h->boot_flag = 0xaa55;
	h->jump = 0x6aeb;
	h->header = 0x53726448;
	h->version = 0x020f;
	h->loadflags = LOADED_HIGH;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_alignment = 0x200000;
	h->relocatable_kernel = 1;
	h->xloadflags = XLF_KERNEL_64;
	h->cmdline_size = 255;
	h->pref_address = 0x1000000;
	h->init_size = 0x400000;
}

static int load(const struct memory *memory, uint64_t file_size,
		uint64_t initrd_size, const char *command_line,
		struct linux_entry *entry)
{
	struct image kernel = make_image("the kernel", file, file_size);
	struct image initrd = { 0 };
	void *zeros;
	int error;

	message[0] = '\0';
	if (initrd_size) {
		zeros = calloc(1, initrd_size);
		if (!zeros)
			abort();
		initrd = make_image("the initrd", zeros, initrd_size);
		free(zeros);
	}
	error = linux_load(memory, &kernel, initrd_size ? &initrd : NULL,
			   command_line, entry);
	close(kernel.fd);
	if (initrd_size)
		close(initrd.fd);
	return error;
}

static void test_good(struct memory *memory)
{
	const struct boot_params *params;
	struct linux_entry entry;
	const uint8_t *host = memory->host;
	bool ok;

	make_kernel();
	tap_ok(!load(memory, sizeof(file), 5000, "console=ttyS0", &entry),
	       "load: a good kernel with an initrd");
	tap_ok(entry.entry == 0x1000200 && entry.boot_params == PARAMS,
	       "load: its 64-bit entry");
	tap_ok(!memcmp(host + 0x1000000, file + (SETUP_SECTORS + 1) * 512,
		       PAYLOAD) && !host[0x1000000 + PAYLOAD],
	       "load: all of its payload and no more");

	params = (const struct boot_params *)(host + PARAMS);
	tap_ok(params->hdr.header == 0x53726448 &&
	       params->hdr.type_of_loader == 0xff &&
	       params->hdr.cmd_line_ptr == COMMAND_LINE &&
	       !strcmp((const char *)host + COMMAND_LINE, "console=ttyS0"),
	       "load: header and command line");
	tap_ok(params->hdr.ramdisk_size == 5000 &&
	       params->hdr.ramdisk_image == (memory->low - 5000) / 4096 * 4096,
	       "load: the initrd lies high");
	tap_ok(params->acpi_rsdp_addr == ACPI_RSDP, "load: the ACPI tables");
	ok = params->e820_entries == 3 &&
	     params->e820_table[0].size == 0xa0000 &&
	     params->e820_table[1].addr == 0xe0000 &&
	     params->e820_table[1].type == 2 &&
	     params->e820_table[2].addr == 0x100000 &&
	     params->e820_table[2].size == memory->low - 0x100000;
	tap_ok(ok, "load: the memory map");

	header()->pref_address = 0x100000000;
	tap_ok(!load(memory, sizeof(file), 0, "", &entry) &&
	       entry.entry == 0x200200, "load: moved down where it does not fit");
	header()->pref_address = 0x1000123;
	tap_ok(!load(memory, sizeof(file), 0, "", &entry) &&
	       entry.entry == 0x200200, "load: moved where it is not aligned");
	header()->initrd_addr_max = 0xffffff;
	tap_ok(!load(memory, sizeof(file), 4096, "", &entry) &&
	       params->hdr.ramdisk_image == 0xfff000,
	       "load: the initrd below what the kernel can reach");
	make_kernel();
	header()->setup_sects = 0;
	header()->syssize = 0x2000 / 16;
	tap_ok(!load(memory, sizeof(file), 0, "", &entry) &&
	       !memcmp(host + 0x1000000, file + 5 * 512, 0x2000),
	       "load: no setup_sects means 4");
}

static void test_high_memory(void)
{
	struct memory memory;
	struct linux_entry entry;
	const struct boot_params *params;

	if (memory_init(&memory, 5 * GIB))
		abort();
	make_kernel();
	tap_ok(!load(&memory, sizeof(file), 4096, "", &entry),
	       "load: 5 GiB of memory");
	params = (const struct boot_params *)(memory.host + PARAMS);
	tap_ok(params->e820_entries == 4 &&
	       params->e820_table[2].addr + params->e820_table[2].size ==
	       3 * GIB && params->e820_table[3].addr == 4 * GIB &&
	       params->e820_table[3].size == 2 * GIB,
	       "load: with a hole below 4 GiB");
	tap_ok(memory_at(&memory, 3 * GIB - 1, 1) &&
	       !memory_at(&memory, 3 * GIB - 1, 2) &&
	       !memory_at(&memory, 0, 3 * GIB + 1) &&
	       !memory_at(&memory, UINT64_MAX, 1) &&
	       !memory_at(&memory, 1, UINT64_MAX),
	       "load: guest addresses are bounded");
	memory_free(&memory);
}

/* One field made wrong, and a word of the sentence that has to come. */
#define WRONG(field, value, word)					\
	{ #field, offsetof(struct setup_header, field),			\
	  sizeof(((struct setup_header *)0)->field), value, word }

static const struct {
	const char *name;
	size_t offset;
	size_t size;
	uint64_t value;
	const char *word;
} wrong[] = {
	WRONG(boot_flag, 0, "damaged"),
	WRONG(header, 0x12345678, "damaged"),
	WRONG(version, 0x020b, "boot protocol"),
	WRONG(version, 0, "boot protocol"),
	WRONG(loadflags, 0, "zImage"),
	WRONG(xloadflags, 0, "64-bit"),
	WRONG(kernel_alignment, 0, "kernel_alignment"),
	WRONG(kernel_alignment, 0x1000001, "kernel_alignment"),
	WRONG(kernel_alignment, 0x80000000, "kernel_alignment"),
	WRONG(setup_sects, 255, "truncated"),
	WRONG(syssize, 0, "syssize"),
	WRONG(syssize, 0x20, "syssize"),
	WRONG(syssize, 0xffffffff, "truncated"),
	WRONG(syssize, PAYLOAD / 16 + 5, "truncated"),
	WRONG(init_size, 0xffffffff, "--memory"),
	WRONG(init_size, 0x10000000, "--memory"),
	WRONG(initrd_addr_max, 0, "too large"),
	WRONG(initrd_addr_max, 0x1000000, "too large"),
	WRONG(cmdline_size, 3, "command line"),
	WRONG(cmdline_size, 0, "command line"),
};

static void test_wrong_fields(struct memory *memory)
{
	struct linux_entry entry;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		make_kernel();
		memcpy(file + HEADER + wrong[i].offset, &wrong[i].value,
		       wrong[i].size);
		tap_ok(load(memory, sizeof(file), 4096, "quiet", &entry) &&
		       strstr(message, wrong[i].word) && strstr(message, "the "),
		       "load: %s = 0x%llx: %s", wrong[i].name,
		       (unsigned long long)wrong[i].value, message);
	}
	make_kernel();
	header()->relocatable_kernel = 0;
	header()->pref_address = 0;
	tap_ok(load(memory, sizeof(file), 0, "", &entry),
	       "load: fixed to address 0: %s", message);
	header()->pref_address = UINT64_MAX - 0xfff;
	tap_ok(load(memory, sizeof(file), 0, "", &entry),
	       "load: fixed to the end of addresses: %s", message);
}

static void test_sizes(struct memory *memory)
{
	struct linux_entry entry;
	uint64_t size;
	bool ok = true;
	bool is_linux;

	make_kernel();
	for (size = 0; size <= FILE_SIZE - 16; size += size < 700 ? 1 : 97)
		ok = ok && load(memory, size, 0, "", &entry) && *message;
	tap_ok(ok, "load: refused at each length that is too short");
	tap_ok(!load(memory, FILE_SIZE, 0, "", &entry),
	       "load: taken at its full length");
	tap_ok(load(memory, FILE_SIZE - 16, 0, "", &entry) &&
	       !load(memory, FILE_SIZE - 15, 0, "", &entry),
	       "load: and without padding to 16 bytes, but no shorter");
	tap_ok(load(memory, sizeof(file), 240 * MIB, "", &entry) &&
	       strstr(message, "the initrd: is too large"),
	       "load: %s", message);
	tap_ok(!load(memory, sizeof(file),
		     memory->low - 0x1400000, "", &entry),
	       "load: the largest initrd that fits");
	tap_ok(load(memory, sizeof(file),
		    memory->low - 0x1400000 + 1, "", &entry),
	       "load: one byte more");

	struct image small = make_image("small", file, 0x205);

	tap_ok(!linux_probe(&small, &is_linux) && !is_linux,
	       "load: too short for the magic is not Linux");
	close(small.fd);

	/* The file shrinks after we have looked at its size. */
	struct image shrunk = make_image("shrunk", file, FILE_SIZE / 2);

	shrunk.size = FILE_SIZE;
	tap_ok(linux_load(memory, &shrunk, NULL, "", &entry) &&
	       strstr(message, "ends early"), "load: %s", message);
	close(shrunk.fd);
}

static void test_little_memory(void)
{
	static const uint64_t sizes[] = { MIB, 2 * MIB, 5 * MIB };
	struct linux_entry entry;
	struct memory memory;
	unsigned int i;

	make_kernel();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (memory_init(&memory, sizes[i]))
			abort();
		tap_ok(load(&memory, sizeof(file), 0, "", &entry) &&
		       strstr(message, "--memory"), "load: %s", message);
		memory_free(&memory);
	}
	if (memory_init(&memory, 6 * MIB))
		abort();
	tap_ok(!load(&memory, sizeof(file), 0, "", &entry) &&
	       entry.entry == 0x200200, "load: 6 MiB are just enough");
	memory_free(&memory);
}

/* Any header at all: refused or loaded, never outside the guest's memory. */
static void test_random_headers(void)
{
	struct linux_entry entry;
	struct memory memory;
	unsigned int i, j, taken = 0;
	struct image kernel;

	srand(1);
	if (memory_init(&memory, 64 * MIB))
		abort();
	for (i = 0; i < 20000; i++) {
		make_kernel();
		for (j = 0; j <= i % 5; j++)
			file[HEADER + rand() % 128] = (uint8_t)rand();
		kernel = make_image("random", file, sizeof(file));
		taken += !linux_load(&memory, &kernel, NULL, "", &entry);
		close(kernel.fd);
	}
	tap_ok(taken > 0 && taken < i, "load: 20,000 random headers, %u taken",
	       taken);
	memory_free(&memory);
}

static void test_flat(struct memory *memory)
{
	static const char *const others[] = {
		"MZ\220", "\x1f\x8b\x08", "\3757zXZ", "BZh9",
		"\x28\xb5\x2f\xfd", "070701", "#!/bin/sh",
	};
	static uint8_t big[0xa0000 - 0x7c00 + 1];
	struct image image;
	unsigned int i;

	image = make_image("flat", "\xf4", 1);
	tap_ok(!flat_load(memory, &image) && memory->host[0x7c00] == 0xf4,
	       "load: a flat binary of one byte");
	close(image.fd);
	image = make_image("flat", big, sizeof(big) - 1);
	tap_ok(!flat_load(memory, &image), "load: the largest flat binary");
	close(image.fd);
	image = make_image("flat", big, sizeof(big));
	tap_ok(flat_load(memory, &image), "load: %s", message);
	close(image.fd);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		image = make_image("flat", others[i], strlen(others[i]));
		*message = '\0';
		tap_ok(flat_load(memory, &image) && *message, "load: %s", message);
		close(image.fd);
	}
	memcpy(big, "\x1f\x8b\x08", 3);
	image = make_image("flat", big, sizeof(big));
	tap_ok(flat_load(memory, &image) && strstr(message, "gzip"),
	       "load: what is too large and compressed is called compressed");
	close(image.fd);
}

static uint8_t sum(const uint8_t *bytes, uint32_t length)
{
	uint8_t total = 0;

	while (length--)
		total += *bytes++;
	return total;
}

static uint32_t word_at(const struct memory *memory, uint64_t at)
{
	uint32_t value;

	memcpy(&value, memory->host + at, sizeof(value));
	return value;
}

/* Follow the tables as a guest does. */
static void test_acpi(struct memory *memory)
{
	const uint8_t *host = memory->host;
	const struct board board = { .cpus = 1 };
	uint32_t xsdt, rsdt, fadt, dsdt, facs;

	tap_ok(!acpi_write_tables(memory, &board), "acpi: written");
	tap_ok(!memcmp(host + ACPI_RSDP, "RSD PTR ", 8) &&
	       !sum(host + ACPI_RSDP, 20) && !sum(host + ACPI_RSDP, 36),
	       "acpi: RSDP with both checksums");
	rsdt = word_at(memory, ACPI_RSDP + 16);
	xsdt = word_at(memory, ACPI_RSDP + 24);
	tap_ok(!memcmp(host + rsdt, "RSDT", 4) &&
	       !sum(host + rsdt, word_at(memory, rsdt + 4)), "acpi: RSDT");
	tap_ok(!memcmp(host + xsdt, "XSDT", 4) &&
	       !sum(host + xsdt, word_at(memory, xsdt + 4)), "acpi: XSDT");
	fadt = word_at(memory, xsdt + 36);
	tap_ok(fadt == word_at(memory, rsdt + 36) &&
	       !memcmp(host + fadt, "FACP", 4) &&
	       !sum(host + fadt, word_at(memory, fadt + 4)), "acpi: FADT");
	facs = word_at(memory, fadt + 36);
	dsdt = word_at(memory, fadt + 40);
	tap_ok(!(facs % 64) && !memcmp(host + facs, "FACS", 4), "acpi: FACS");
	tap_ok(!memcmp(host + dsdt, "DSDT", 4) &&
	       word_at(memory, dsdt + 4) == 50 && !sum(host + dsdt, 50) &&
	       !memcmp(host + dsdt + 37, "_S5_", 4), "acpi: DSDT with _S5");
}

int main(void)
{
	struct memory memory;

	tap_begin();
	if (memory_init(&memory, 256 * MIB))
		return 1;
	test_good(&memory);
	test_wrong_fields(&memory);
	test_sizes(&memory);
	test_flat(&memory);
	test_acpi(&memory);
	memory_free(&memory);
	test_high_memory();
	test_little_memory();
	test_random_headers();
	return tap_end();
}
