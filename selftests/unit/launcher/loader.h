/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the loaders share: files in memory, and the last sentence that was said. */
#ifndef VHM_UNIT_LOADER_H
#define VHM_UNIT_LOADER_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "image.h"
#include "log.h"

static char message[1024];

int log_error(const char *about, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	snprintf(message, sizeof(message), "%s: ", about ? about : "vhm");
	vsnprintf(message + strlen(message), sizeof(message) - strlen(message),
		  format, arguments);
	va_end(arguments);
	return -1;
}

static inline struct image make_image(const char *path, const void *bytes,
				      uint64_t size)
{
	struct image image = { .path = path, .size = size };

	image.fd = memfd_create(path, 0);
	if (image.fd < 0 || write(image.fd, bytes, size) != (ssize_t)size)
		abort();
	return image;
}

#endif /* VHM_UNIT_LOADER_H */
