// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../vhm/log.h"
#include "capture.h"

/**
 * capture_read_head() - begin to read a capture
 * @file: the file, at its start
 * @path: its name, for messages
 * @head: filled in; the machine's name ends with a zero
 *
 * Return: 0; -1 with a message said.
 */
int capture_read_head(FILE *file, const char *path, struct capture_head *head)
{
	if (fread(head, sizeof(*head), 1, file) != 1)
		return log_error(path, ferror(file) ? "cannot be read: %s" :
				 "is too short for a capture", strerror(errno));
	if (memcmp(head->magic, CAPTURE_MAGIC, sizeof(head->magic)) != 0)
		return log_error(path, "is no capture of vhm trace --output");
	if (!head->tsc_khz)
		return log_error(path, "says nothing of the TSC's rate: it is damaged");
	head->machine[sizeof(head->machine) - 1] = '\0';
	return 0;
}

/**
 * capture_read() - the next exit
 * @file: the file
 * @path: its name
 * @entry: filled in
 *
 * Return: 1; 0 at the end; -1 with a message said: it cannot be read, or ends within an exit.
 */
int capture_read(FILE *file, const char *path, struct capture_entry *entry)
{
	size_t got = fread(entry, 1, sizeof(*entry), file);

	if (got == sizeof(*entry))
		return 1;
	if (ferror(file))
		return log_error(path, "cannot be read: %s", strerror(errno));
	if (got)
		return log_error(path, "ends within an exit: it is cut off");
	return 0;
}
