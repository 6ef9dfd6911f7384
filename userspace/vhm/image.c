// SPDX-License-Identifier: GPL-2.0
/* Files that are loaded into the guest. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "log.h"

static int check(struct image *image)
{
	struct stat status;

	if (fstat(image->fd, &status))
		return log_error(image->path,
				 "its size cannot be found out: %s",
				 strerror(errno));
	if (S_ISDIR(status.st_mode))
		return log_error(image->path, "is a directory: name a file");
	if (!S_ISREG(status.st_mode))
		return log_error(image->path,
				 "is not a regular file: copy it into one first");
	if (!status.st_size)
		return log_error(image->path, "is empty: name another file");
	image->size = (uint64_t)status.st_size;
	return 0;
}

/**
 * image_open() - open a file that is to be loaded
 * @image: filled in on success
 * @path: its name, kept
 *
 * Return: 0; -1 with a message said.
 */
int image_open(struct image *image, const char *path)
{
	image->path = path;
	/* O_NONBLOCK: a FIFO is refused, not waited for. */
	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (image->fd < 0)
		return log_error(path,
				 "cannot be opened: %s; check the name and its permissions",
				 strerror(errno));
	if (!check(image))
		return 0;
	image_close(image);
	return -1;
}

/**
 * image_close() - close the file
 * @image: from image_open()
 */
void image_close(struct image *image)
{
	close(image->fd);
	image->fd = -1;
}

/**
 * image_read() - read a part of the file
 * @image: from image_open()
 * @offset: where it begins
 * @to: where it goes
 * @size: bytes
 *
 * Return: 0 when all of it was read; -1 with a message said.
 */
int image_read(const struct image *image, uint64_t offset, void *to,
	       uint64_t size)
{
	char *at = to;
	ssize_t got;

	while (size) {
		got = pread(image->fd, at, size, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return log_error(image->path, "cannot be read: %s",
					 strerror(errno));
		if (!got)
			return log_error(image->path,
					 "ends early, at byte %llu: it is truncated or still being written; get it again",
					 (unsigned long long)offset);
		at += got;
		offset += (uint64_t)got;
		size -= (uint64_t)got;
	}
	return 0;
}
