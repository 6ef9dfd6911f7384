/* SPDX-License-Identifier: GPL-2.0 */
/* Files that are loaded into the guest. Nothing in them is trusted. */
#ifndef VHM_IMAGE_H
#define VHM_IMAGE_H

#include "memory.h"

struct image {
	const char *path;
	int fd;
	uint64_t size;
};

int image_open(struct image *image, const char *path);
void image_close(struct image *image);
int image_read(const struct image *image, uint64_t offset, void *to,
	       uint64_t size);

#endif /* VHM_IMAGE_H */
