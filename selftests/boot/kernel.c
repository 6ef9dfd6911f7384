// SPDX-License-Identifier: GPL-2.0
/*
 * A Multiboot kernel: says over the serial port what its loader told it, and
 * ends. It runs in 32-bit protected mode, without a library.
 */
#include <stdint.h>

#define LOADER_MAGIC	0x2badb002u
#define SERIAL		0x3f8
#define EXIT_PORT	0xf4
#define EXIT_DONE	0x10
#define EXIT_NO_MAGIC	0x11

struct information {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;
	uint32_t boot_device;
	const char *cmdline;
	uint32_t mods_count;
	const struct module *mods;
	uint32_t syms[4];
	uint32_t mmap_length;
	const char *mmap;
	uint32_t drives_length, drives;
	uint32_t config_table;
	const char *boot_loader_name;
};

struct module {
	const char *start, *end, *text;
	uint32_t reserved;
};

struct range {
	uint32_t size;
	uint32_t start, start_high;
	uint32_t length, length_high;
	uint32_t type;
};

void kernel(uint32_t magic, const struct information *info);

/* In the file all of it is zero; in memory it has to be, too. */
static char zeros[3 * 4096];

static void out(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void say(const char *text)
{
	while (*text)
		out(SERIAL, (uint8_t)*text++);
}

static void say_hex(uint32_t value)
{
	int shift;

	say("0x");
	for (shift = 28; shift >= 0; shift -= 4)
		out(SERIAL, (uint8_t)"0123456789abcdef"[value >> shift & 15]);
}

static void say_line(const char *what, uint32_t value)
{
	say(what);
	say_hex(value);
	say("\n");
}

static void say_modules(const struct information *info)
{
	uint32_t i;
	const char *at;

	for (i = 0; i < info->mods_count; i++) {
		say("module '");
		say(info->mods[i].text);
		say((uint32_t)info->mods[i].start % 4096 ? "' (not at a page's start): " : "': ");
		for (at = info->mods[i].start; at < info->mods[i].end; at++)
			out(SERIAL, (uint8_t)*at);
	}
}

static void say_memory(const struct information *info)
{
	const char *at = info->mmap;
	const struct range *range;

	while (at < info->mmap + info->mmap_length) {
		range = (const struct range *)at;
		say("memory ");
		say_hex(range->start_high);
		say(" ");
		say_hex(range->start);
		say(" of ");
		say_hex(range->length);
		say_line(" type ", range->type);
		at += range->size + sizeof(range->size);
	}
}

static void say_cpuid(uint32_t leaf)
{
	uint32_t eax = leaf, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	say_line("cpuid leaf ", leaf);
	say_line("  eax ", eax);
	say_line("  ebx ", ebx);
	say_line("  ecx ", ecx);
	say_line("  edx ", edx);
}

static int all_zero(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(zeros); i++) {
		if (((volatile char *)zeros)[i])
			return 0;
	}
	return 1;
}

void kernel(uint32_t magic, const struct information *info)
{
	if (magic != LOADER_MAGIC)
		out(EXIT_PORT, EXIT_NO_MAGIC);
	say("kernel: hello\nloader: ");
	say(info->boot_loader_name);
	say("\ncommand line: ");
	say(info->cmdline);
	say_line("\nflags ", info->flags);
	say_line("lower KiB ", info->mem_lower);
	say_line("upper KiB ", info->mem_upper);
	say(all_zero() ? "bss is zero\n" : "bss is not zero\n");
	say_modules(info);
	say_memory(info);
	say_cpuid(1);
	say_cpuid(7);
	say_cpuid(0xd);
	out(EXIT_PORT, EXIT_DONE);
}
