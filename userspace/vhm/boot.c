// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest starts with. A file's content says what it is: Linux' header
 * makes it a bzImage, a Multiboot header a Multiboot kernel; any other ELF file
 * has to have an entry for PVH, and what is nothing of these is a flat binary.
 */
#include "acpi.h"
#include "boot.h"
#include "elffile.h"
#include "flat.h"
#include "linux.h"
#include "log.h"
#include "mptable.h"
#include "multiboot.h"
#include "pvh.h"

#define LINUX_APPEND	"console=ttyS0"

static int boot_flat(const struct boot *boot, const struct memory *memory,
		     const struct vhm_vcpu *vcpu, const struct image *kernel)
{
	if (boot->initrd || boot->append || boot->modules.count)
		return log_error(kernel->path,
				 "is a flat binary (neither Linux, nor Multiboot, nor ELF): it cannot take --initrd, --module or --append");
	if (flat_load(memory, kernel))
		return -1;
	return flat_start(vcpu);
}

static int boot_linux(const struct boot *boot, const struct memory *memory,
		      const struct vhm_vcpu *vcpu, const struct image *kernel)
{
	const char *append = boot->append ? boot->append : LINUX_APPEND;
	struct linux_entry entry;
	struct image initrd;
	int error;

	if (boot->modules.count)
		return log_error(kernel->path,
				 "is a bzImage, which takes no modules: give it --initrd instead of --module");
	if (boot->initrd && image_open(&initrd, boot->initrd))
		return -1;
	error = linux_load(memory, kernel, boot->initrd ? &initrd : NULL, append, &entry);
	if (boot->initrd)
		image_close(&initrd);
	if (error)
		return -1;
	return linux_start(vcpu, memory, &entry);
}

static int boot_multiboot(const struct boot *boot, const struct memory *memory,
			  const struct vhm_vcpu *vcpu, const struct image *kernel,
			  const struct multiboot *multiboot)
{
	struct protected_entry entry;

	if (multiboot_load(memory, kernel, multiboot, &boot->modules,
			   boot->append ? boot->append : "", &entry))
		return -1;
	return protected_start(vcpu, &entry);
}

static int boot_pvh(const struct boot *boot, const struct memory *memory,
		    const struct vhm_vcpu *vcpu, const struct image *kernel)
{
	struct protected_entry entry;

	if (pvh_load(memory, kernel, &boot->modules,
		     boot->append ? boot->append : LINUX_APPEND, &entry))
		return -1;
	return protected_start(vcpu, &entry);
}

/* Neither a bzImage nor flat: there, the initrd is a module like any other. */
static int add_initrd(struct boot *boot)
{
	return boot->initrd ? modules_add_first(&boot->modules, boot->initrd) : 0;
}

enum kind {
	KIND_LINUX,
	KIND_MULTIBOOT,
	KIND_ELF,
	KIND_FLAT,
};

/* What the file holds says what it is; a bzImage comes first, and flat is what is nothing else. */
static int identify(const struct image *kernel, enum kind *kind, struct multiboot *multiboot)
{
	bool is_linux, is_multiboot, is_elf;

	if (linux_probe(kernel, &is_linux))
		return -1;
	if (is_linux) {
		*kind = KIND_LINUX;
		return 0;
	}
	if (multiboot_probe(kernel, multiboot, &is_multiboot) || elf_probe(kernel, &is_elf))
		return -1;
	*kind = is_multiboot ? KIND_MULTIBOOT : is_elf ? KIND_ELF : KIND_FLAT;
	return 0;
}

static int load_by_content(struct boot *boot, const struct memory *memory,
			   const struct vhm_vcpu *vcpu, const struct image *kernel)
{
	struct multiboot multiboot;
	enum kind kind;

	if (identify(kernel, &kind, &multiboot))
		return -1;
	if (kind == KIND_LINUX)
		return boot_linux(boot, memory, vcpu, kernel);
	if (kind == KIND_FLAT)
		return boot_flat(boot, memory, vcpu, kernel);
	if (add_initrd(boot))
		return -1;
	if (kind == KIND_MULTIBOOT)
		return boot_multiboot(boot, memory, vcpu, kernel, &multiboot);
	if (multiboot.second)
		log_note("%s has a header of Multiboot 2, which is not spoken here; trying PVH",
			 kernel->path);
	return boot_pvh(boot, memory, vcpu, kernel);
}

/**
 * boot_is_flat() - is the kernel a flat binary?
 * @path: its file
 * @is_flat: out
 *
 * Return: 0; -1 with a message said: it cannot be read.
 */
int boot_is_flat(const char *path, bool *is_flat)
{
	struct multiboot multiboot;
	struct image kernel;
	enum kind kind;
	int error;

	if (image_open(&kernel, path))
		return -1;
	error = identify(&kernel, &kind, &multiboot);
	image_close(&kernel);
	if (error)
		return -1;
	*is_flat = kind == KIND_FLAT;
	return 0;
}

/**
 * boot_load() - load the guest and set its boot CPU to the start
 * @boot: the files, of which one may become another; as the user named them
 * @memory: the guest's memory
 * @vcpu: the boot CPU, which has not run yet
 * @board: how the machine is built
 *
 * Return: 0; -1 with a message said.
 */
int boot_load(struct boot *boot, const struct memory *memory, const struct vhm_vcpu *vcpu,
	      const struct board *board)
{
	struct image kernel;
	int error;

	if (acpi_write_tables(memory, board) || mptable_write(memory, board) ||
	    image_open(&kernel, boot->kernel))
		return -1;
	error = load_by_content(boot, memory, vcpu, &kernel);
	image_close(&kernel);
	return error;
}
