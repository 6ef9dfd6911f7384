// SPDX-License-Identifier: GPL-2.0
/*
 * Flat binaries: a boot sector, or any code that starts in real mode. It is
 * loaded at 0x7c00 and entered there with CS 0, the other segments and the
 * registers 0, interrupts off and the stack growing down from 0x7c00. There is no
 * firmware: no interrupt of a BIOS answers.
 */
#include <string.h>

#include "../libvhm/compiler.h"
#include "flat.h"
#include "log.h"

#define LONGEST_MAGIC	6u

/* What looks like something else is more likely a mistake than a program. */
static const struct {
	const char *magic;
	unsigned int length;
	const char *what;
} not_flat[] = {
	{ "MZ", 2,
	  "a Windows or EFI program, or a Linux kernel whose header is damaged: take a bzImage" },
	{ "\x1f\x8b", 2, "compressed (gzip): unpack it first" },
	{ "\3757zXZ", 5, "compressed (xz): unpack it first" },
	{ "BZh", 3, "compressed (bzip2): unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed (zstd): unpack it first" },
	{ "070701", 6, "a cpio archive: an initrd belongs to a kernel (--kernel, --initrd)" },
	{ "#!", 2, "a script: name a kernel" },
};

static int check_kind(const struct image *image)
{
	uint64_t size = image->size < LONGEST_MAGIC ? image->size : LONGEST_MAGIC;
	char bytes[LONGEST_MAGIC];
	size_t i;

	if (image_read(image, 0, bytes, size))
		return -1;
	for (i = 0; i < ARRAY_SIZE(not_flat); i++) {
		if (size >= not_flat[i].length &&
		    !memcmp(bytes, not_flat[i].magic, not_flat[i].length))
			return log_error(image->path, "is %s", not_flat[i].what);
	}
	return 0;
}

/**
 * flat_load() - load a flat binary
 * @memory: the guest's memory
 * @image: a file that is nothing else that can be loaded
 *
 * Return: 0; -1 with a message said.
 */
int flat_load(const struct memory *memory, const struct image *image)
{
	uint64_t most = MEMORY_CONVENTIONAL - FLAT_ADDRESS;
	uint8_t *to;

	if (check_kind(image))
		return -1;
	if (image->size > most)
		return log_error(image->path,
				 "is no kernel that is known here (Linux, Multiboot, ELF), and its %llu bytes are too many for a flat binary, which has room for %llu: name another file",
				 (unsigned long long)image->size,
				 (unsigned long long)most);
	to = memory_at(memory, FLAT_ADDRESS, image->size);
	if (!to)
		return log_error(image->path,
				 "does not fit into the guest's memory: give it more (--memory)");
	return image_read(image, 0, to, image->size);
}

/**
 * flat_start() - set the vCPU to the first instruction
 * @vcpu: a vCPU that has not run yet
 *
 * Return: 0; -1 with a message said.
 */
int flat_start(const struct vhm_vcpu *vcpu)
{
	struct kvm_regs regs = { .rflags = 2 };

	if (vhm_vcpu_start_at(vcpu, 0, FLAT_ADDRESS))
		return log_error(NULL, "%s", vhm_error());
	regs.rip = FLAT_ADDRESS;
	regs.rsp = FLAT_ADDRESS;
	if (vhm_vcpu_set_regs(vcpu, &regs))
		return log_error(NULL, "%s", vhm_error());
	return 0;
}
