// SPDX-License-Identifier: GPL-2.0
/*
 * Linux kernels: a bzImage is loaded and entered by the 64-bit boot protocol,
 * see Documentation/arch/x86/boot.rst of the kernel. Its first sectors hold a
 * header; behind them is the part that runs.
 *
 * What we put below 1 MiB of guest memory, besides the ACPI tables:
 *
 *	0x01000	GDT
 *	0x02000	page tables: the first 4 GiB, each address to itself
 *	0x09000	stack, growing down
 *	0x10000	boot_params
 *	0x20000	command line
 */
#include <string.h>

#include <asm/bootparam.h>

#include "acpi.h"
#include "linux.h"
#include "log.h"
#include "segments.h"

#define SECTOR			512u
#define HEADER_OFFSET		0x1f1u	/* of struct setup_header, in the file */
#define HEADER_MAGIC_OFFSET	0x202u
#define HEADER_MAGIC		0x53726448u	/* "HdrS" */
#define BOOT_FLAG		0xaa55
#define VERSION_LEAST		0x020c	/* the first with xloadflags */
#define SETUP_SECTORS_OLD	4	/* what 0 stands for */
#define LOADER_UNKNOWN		0xff
#define VIDEO_NORMAL		0xffff
#define ENTRY_64		0x200	/* from the start of the part that runs */

#define GDT			0x1000
#define PAGE_TABLES		0x2000
#define STACK			0x9000
#define BOOT_PARAMS		0x10000
#define COMMAND_LINE		0x20000
#define COMMAND_LINE_ROOM	0x10000

#define PAGE			4096u
#define PAGE_PRESENT_WRITE	0x3
#define PAGE_LARGE		0x80
#define LARGE_PAGE		(2 * MIB)
#define ENTRIES			512

#define CODE_SELECTOR		0x10	/* __BOOT_CS */
#define DATA_SELECTOR		0x18	/* __BOOT_DS */
#define CODE_DESCRIPTOR		0x00af9b000000ffffull
#define DATA_DESCRIPTOR		0x00cf93000000ffffull

#define CR0_PE			(1ull << 0)
#define CR0_ET			(1ull << 4)
#define CR0_PG			(1ull << 31)
#define CR4_PAE			(1ull << 5)
#define EFER_LME		(1ull << 8)
#define EFER_LMA		(1ull << 10)

/* A kernel on its way into the guest. */
struct loading {
	const struct memory *memory;
	const struct image *image;
	struct setup_header header;
	uint64_t payload_offset;	/* in the file */
	uint64_t payload_size;
	uint64_t address;		/* in the guest */
	uint64_t needed;		/* from there, until it has unpacked itself */
};

/**
 * linux_probe() - is it a Linux kernel?
 * @kernel: the file
 * @is_linux: out: true if it has the magic of a kernel's header
 *
 * Return: 0; -1 with a message said.
 */
int linux_probe(const struct image *kernel, bool *is_linux)
{
	uint32_t magic = 0;

	*is_linux = false;
	if (kernel->size < HEADER_MAGIC_OFFSET + sizeof(magic))
		return 0;
	if (image_read(kernel, HEADER_MAGIC_OFFSET, &magic, sizeof(magic)))
		return -1;
	*is_linux = magic == HEADER_MAGIC;
	return 0;
}

/* The header says itself where it ends; later kernels know more fields. */
static int read_header(struct loading *loading)
{
	struct setup_header *header = &loading->header;
	uint8_t bytes[HEADER_OFFSET + sizeof(*header)];
	uint64_t end;

	memset(header, 0, sizeof(*header));
	if (loading->image->size < sizeof(bytes))
		return log_error(loading->image->path,
				 "is truncated: the header of a Linux kernel is longer than its %llu bytes; get it again",
				 (unsigned long long)loading->image->size);
	if (image_read(loading->image, 0, bytes, sizeof(bytes)))
		return -1;

	end = HEADER_MAGIC_OFFSET + bytes[HEADER_MAGIC_OFFSET - 1];
	if (end > sizeof(bytes))
		end = sizeof(bytes);
	if (end > HEADER_OFFSET)
		memcpy(header, bytes + HEADER_OFFSET, end - HEADER_OFFSET);
	return 0;
}

static int check_header(const struct loading *loading)
{
	const struct setup_header *header = &loading->header;
	const char *path = loading->image->path;
	uint32_t align = header->kernel_alignment;

	if (header->boot_flag != BOOT_FLAG || header->header != HEADER_MAGIC)
		return log_error(path,
				 "has a damaged Linux header (boot flag 0x%x): get it again",
				 header->boot_flag);
	if (header->version < VERSION_LEAST)
		return log_error(path,
				 "has version %u.%02u of the boot protocol, at least 2.12 is needed: take a kernel from 3.8 on",
				 header->version >> 8, header->version & 0xff);
	if (!(header->xloadflags & XLF_KERNEL_64))
		return log_error(path,
				 "has no 64-bit entry: take a 64-bit kernel");
	if (!(header->loadflags & LOADED_HIGH))
		return log_error(path,
				 "is a zImage that loads below 1 MiB: take a bzImage");
	if (align < PAGE || align > GIB || align & (align - 1))
		return log_error(path,
				 "has a damaged Linux header (kernel_alignment 0x%x): get it again",
				 align);
	return 0;
}

static int find_payload(struct loading *loading)
{
	const struct setup_header *header = &loading->header;
	uint64_t sectors = header->setup_sects;
	uint64_t size, whole;

	if (!sectors)
		sectors = SETUP_SECTORS_OLD;
	loading->payload_offset = (sectors + 1) * SECTOR;
	/* What lies behind it, such as a signature, is not loaded. */
	size = (uint64_t)header->syssize * 16;
	if (size <= ENTRY_64)
		return log_error(loading->image->path,
				 "has a damaged Linux header (syssize %u): get it again",
				 header->syssize);
	whole = loading->payload_offset + size;
	/* The header counts in 16 bytes, and not every file is padded to that. */
	if (loading->image->size < whole && whole - loading->image->size < 16) {
		size -= whole - loading->image->size;
		whole = loading->image->size;
	}
	if (loading->image->size < whole)
		return log_error(loading->image->path,
				 "is truncated: its header speaks of %llu bytes, it has %llu; get it again",
				 (unsigned long long)whole,
				 (unsigned long long)loading->image->size);
	loading->payload_size = size;
	return 0;
}

static bool fits(const struct loading *loading, uint64_t address)
{
	return address >= MIB && address <= loading->memory->low &&
	       loading->needed <= loading->memory->low - address;
}

/* Where it wants to be, or, if it can be moved, as low as possible. */
static int place(struct loading *loading)
{
	const struct setup_header *header = &loading->header;
	uint64_t align = header->kernel_alignment;
	uint64_t lowest = (MIB + align - 1) & ~(align - 1);
	uint64_t at = header->relocatable_kernel ? lowest : header->pref_address;

	loading->needed = header->init_size;
	if (loading->needed < loading->payload_size)
		loading->needed = loading->payload_size;

	loading->address = header->pref_address;
	if (fits(loading, loading->address) && !(loading->address & (align - 1)))
		return 0;
	if (header->relocatable_kernel && fits(loading, lowest)) {
		loading->address = lowest;
		return 0;
	}
	return log_error(loading->image->path,
			 "needs %llu MiB of memory from address 0x%llx on, the guest has %llu MiB below 3 GiB: give it more (--memory)",
			 (unsigned long long)((loading->needed + MIB - 1) / MIB),
			 (unsigned long long)at,
			 (unsigned long long)(loading->memory->low / MIB));
}

static int load_payload(const struct loading *loading)
{
	void *to = memory_at(loading->memory, loading->address,
			     loading->payload_size);

	/* place() has seen to it. */
	if (!to)
		return log_error(loading->image->path,
				 "does not fit into the guest's memory");
	return image_read(loading->image, loading->payload_offset, to,
			  loading->payload_size);
}

/* As high as the kernel allows: out of the way of its unpacking. */
static int load_initrd(struct loading *loading, const struct image *initrd)
{
	uint64_t end = (uint64_t)loading->header.initrd_addr_max + 1;
	uint64_t start = loading->address + loading->needed;
	uint64_t address;
	void *to = NULL;

	if (end > loading->memory->low)
		end = loading->memory->low;
	if (start < end && initrd->size <= end - start) {
		address = (end - initrd->size) & ~(uint64_t)(PAGE - 1);
		if (address >= start)
			to = memory_at(loading->memory, address, initrd->size);
	}
	if (!to)
		return log_error(initrd->path,
				 "is too large: its %llu bytes do not fit between the kernel's end at 0x%llx and 0x%llx; give the guest more memory (--memory) or make it smaller",
				 (unsigned long long)initrd->size,
				 (unsigned long long)start,
				 (unsigned long long)end);
	if (image_read(initrd, 0, to, initrd->size))
		return -1;
	loading->header.ramdisk_image = (uint32_t)address;
	loading->header.ramdisk_size = (uint32_t)initrd->size;
	return 0;
}

static int load_command_line(struct loading *loading, const char *text)
{
	uint64_t length = strlen(text);
	uint64_t most = loading->header.cmdline_size;
	char *to;

	if (most > COMMAND_LINE_ROOM - 1)
		most = COMMAND_LINE_ROOM - 1;
	if (length > most)
		return log_error(NULL,
				 "the command line has %llu bytes, %s takes at most %llu: shorten it (--append)",
				 (unsigned long long)length,
				 loading->image->path,
				 (unsigned long long)most);
	to = memory_at(loading->memory, COMMAND_LINE, length + 1);
	if (!to)
		return log_error(NULL,
				 "no room for the command line: give the guest more memory (--memory)");
	memcpy(to, text, length + 1);
	loading->header.cmd_line_ptr = COMMAND_LINE;
	return 0;
}

static void fill_memory_map(struct boot_params *params, const struct memory *memory)
{
	struct memory_range ranges[MEMORY_RANGES];
	unsigned int i, count = memory_ranges(memory, ranges);

	for (i = 0; i < count; i++) {
		params->e820_table[i].addr = ranges[i].start;
		params->e820_table[i].size = ranges[i].end - ranges[i].start;
		params->e820_table[i].type = ranges[i].type;
	}
	params->e820_entries = (uint8_t)count;
}

static int write_params(const struct loading *loading)
{
	struct boot_params *params = memory_at(loading->memory, BOOT_PARAMS,
					       sizeof(*params));

	if (!params)
		return log_error(NULL,
				 "no room for the boot parameters: give the guest more memory (--memory)");
	memset(params, 0, sizeof(*params));
	params->hdr = loading->header;
	params->hdr.type_of_loader = LOADER_UNKNOWN;
	params->hdr.vid_mode = VIDEO_NORMAL;
	params->hdr.setup_data = 0;
	params->acpi_rsdp_addr = ACPI_RSDP;
	fill_memory_map(params, loading->memory);
	return 0;
}

/**
 * linux_load() - load a kernel
 * @memory: the guest's memory
 * @kernel: the bzImage
 * @initrd: its initial RAM disk, or NULL
 * @command_line: its command line
 * @entry: filled in for linux_start()
 *
 * Return: 0; -1 with a message said.
 */
int linux_load(const struct memory *memory, const struct image *kernel,
	       const struct image *initrd, const char *command_line,
	       struct linux_entry *entry)
{
	struct loading loading = { .memory = memory, .image = kernel };

	if (read_header(&loading) || check_header(&loading) ||
	    find_payload(&loading) || place(&loading) ||
	    load_payload(&loading))
		return -1;
	if (initrd && load_initrd(&loading, initrd))
		return -1;
	if (load_command_line(&loading, command_line) ||
	    write_params(&loading))
		return -1;

	entry->entry = loading.address + ENTRY_64;
	entry->boot_params = BOOT_PARAMS;
	return 0;
}

/* One table of each upper level, four of large pages: 4 GiB. */
static int write_page_tables(const struct memory *memory)
{
	uint64_t *table = memory_at(memory, PAGE_TABLES, 6ul * PAGE);
	uint64_t i;

	if (!table)
		return -1;
	memset(table, 0, 6ul * PAGE);
	table[0] = (PAGE_TABLES + PAGE) | PAGE_PRESENT_WRITE;
	for (i = 0; i < 4; i++)
		table[ENTRIES + i] = (PAGE_TABLES + (2 + i) * PAGE) |
				     PAGE_PRESENT_WRITE;
	for (i = 0; i < 4ul * ENTRIES; i++)
		table[2ul * ENTRIES + i] = i * LARGE_PAGE | PAGE_LARGE |
					   PAGE_PRESENT_WRITE;
	return 0;
}

static int write_gdt(const struct memory *memory)
{
	uint64_t *gdt = memory_at(memory, GDT, 4 * sizeof(*gdt));

	if (!gdt)
		return -1;
	gdt[0] = 0;
	gdt[1] = 0;
	gdt[CODE_SELECTOR / 8] = CODE_DESCRIPTOR;
	gdt[DATA_SELECTOR / 8] = DATA_DESCRIPTOR;
	return 0;
}

static void set_long_mode(struct kvm_sregs *sregs)
{
	segments_set_flat(sregs, CODE_SELECTOR, DATA_SELECTOR, true);
	sregs->gdt.base = GDT;
	sregs->gdt.limit = 4 * sizeof(uint64_t) - 1;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	sregs->cr0 = CR0_PG | CR0_ET | CR0_PE;
	sregs->cr3 = PAGE_TABLES;
	sregs->cr4 = CR4_PAE;
	sregs->efer = EFER_LMA | EFER_LME;
}

/**
 * linux_start() - set the vCPU to the kernel's 64-bit entry
 * @vcpu: a vCPU that has not run yet
 * @memory: the guest's memory
 * @entry: from linux_load()
 *
 * Return: 0; -1 with a message said.
 */
int linux_start(const struct vhm_vcpu *vcpu, const struct memory *memory,
		const struct linux_entry *entry)
{
	struct kvm_regs regs = {
		.rip = entry->entry,
		.rsi = entry->boot_params,
		.rsp = STACK,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	if (write_page_tables(memory) || write_gdt(memory))
		return log_error(NULL,
				 "no room for the first page tables: give the guest more memory (--memory)");
	if (vhm_vcpu_get_sregs(vcpu, &sregs))
		return log_error(NULL, "%s", vhm_error());
	set_long_mode(&sregs);
	if (vhm_vcpu_set_sregs(vcpu, &sregs) || vhm_vcpu_set_regs(vcpu, &regs))
		return log_error(NULL, "%s", vhm_error());
	return 0;
}
