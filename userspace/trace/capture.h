/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Capture files: what vhm trace --output writes and vhm report reads. A head, then entries to the
 * end of the file, all little endian as the machine that wrote them.
 */
#ifndef VHM_CAPTURE_H
#define VHM_CAPTURE_H

#include <stdint.h>
#include <stdio.h>

#include <linux/vhm.h>

#define CAPTURE_MAGIC	"VHMEXIT1"

/**
 * struct capture_head - how a capture begins
 * @magic: CAPTURE_MAGIC
 * @tsc_khz: ticks in a millisecond
 * @reserved: 0
 * @machine: its name, with a zero behind it
 */
struct capture_head {
	char magic[8];
	uint32_t tsc_khz;
	uint32_t reserved;
	char machine[80];
};

/**
 * struct capture_entry - an exit
 * @vcpu: whose
 * @reserved: 0
 * @dropped: how many of this vCPU's exits before it are not in the file because the ring was full
 * @record: as the ring had it
 */
struct capture_entry {
	uint32_t vcpu;
	uint32_t reserved;
	uint64_t dropped;
	struct vhm_exit_record record;
};

int capture_read_head(FILE *file, const char *path, struct capture_head *head);
int capture_read(FILE *file, const char *path, struct capture_entry *entry);

#endif /* VHM_CAPTURE_H */
