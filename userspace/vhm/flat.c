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

/* What looks like something else is more likely a mistake than a program. */
static const struct {
	const char *magic;
	unsigned int length;
	const char *what;
} not_flat[] = {
	{ "\177ELF", 4, "an ELF file (for Linux take the bzImage, not vmlinux)" },
	{ "MZ", 2, "a Windows or EFI program, or a Linux kernel whose header is damaged" },
	{ "\x1f\x8b", 2, "compressed (gzip)" },
	{ "\3757zXZ", 5, "compressed (xz)" },
	{ "BZh", 3, "compressed (bzip2)" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed (zstd)" },
	{ "070701", 6, "a cpio archive (an initrd?)" },
	{ "#!", 2, "a script" },
};

static const char *other_kind(const uint8_t *bytes, uint64_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_flat); i++) {
		if (size >= not_flat[i].length &&
		    !memcmp(bytes, not_flat[i].magic, not_flat[i].length))
			return not_flat[i].what;
	}
	return NULL;
}

/**
 * flat_load() - load a flat binary
 * @memory: the guest's memory
 * @image: a file without the magic of a Linux kernel
 *
 * Return: 0; -1 with a message said.
 */
int flat_load(const struct memory *memory, const struct image *image)
{
	uint64_t most = MEMORY_CONVENTIONAL - FLAT_ADDRESS;
	const char *kind;
	uint8_t *to;

	if (image->size > most)
		return log_error(image->path,
				 "is not a Linux kernel (no \"HdrS\" in its header), and its %llu bytes are too many for a flat binary, which has room for %llu",
				 (unsigned long long)image->size,
				 (unsigned long long)most);
	to = memory_at(memory, FLAT_ADDRESS, image->size);
	if (!to)
		return log_error(image->path,
				 "does not fit into the guest's memory: give it more (--memory)");
	if (image_read(image, 0, to, image->size))
		return -1;

	kind = other_kind(to, image->size);
	if (kind)
		return log_error(image->path,
				 "is %s: neither a bzImage nor a flat binary",
				 kind);
	return 0;
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
