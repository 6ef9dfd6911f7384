// SPDX-License-Identifier: GPL-2.0
/* What the checks read: small text files of /proc and /sys, below the doctor's root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

static int open_below(const struct doctor *doctor, const char *path)
{
	char whole[PATH_MAX];

	if (snprintf(whole, sizeof(whole), "%s%s", doctor->root, path) >= (int)sizeof(whole)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(whole, O_RDONLY | O_CLOEXEC);
}

/**
 * doctor_read() - read the beginning of a file
 * @doctor: the doctor
 * @path: the file, from the root
 * @buffer: gets the text and a zero behind it, an empty text on failure
 * @size: its size in bytes, at least 1
 *
 * Return: bytes read, or a negative errno.
 */
ssize_t doctor_read(const struct doctor *doctor, const char *path, char *buffer, size_t size)
{
	int fd = open_below(doctor, path);
	size_t length = 0;
	ssize_t got = -1;

	buffer[0] = '\0';
	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		got = read(fd, buffer + length, size - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	got = got < 0 ? -errno : (ssize_t)length;
	close(fd);
	buffer[got < 0 ? 0 : length] = '\0';
	return got;
}

/**
 * doctor_exists() - is there a file?
 * @doctor: the doctor
 * @path: from the root
 *
 * Return: true if so.
 */
bool doctor_exists(const struct doctor *doctor, const char *path)
{
	char whole[PATH_MAX];

	return snprintf(whole, sizeof(whole), "%s%s", doctor->root, path) < (int)sizeof(whole) &&
	       !access(whole, F_OK);
}

/* The value behind "name" and a colon, blanks around it left out. */
static bool take_value(const char *line, const char *name, char *value, size_t size)
{
	size_t length;

	for (; *name; name++)
		if (*line++ != *name)
			return false;
	line += strspn(line, " \t");
	if (*line++ != ':')
		return false;
	line += strspn(line, " \t");
	length = strcspn(line, "\n");
	while (length && line[length - 1] == ' ')
		length--;
	if (length >= size)
		length = size - 1;
	memcpy(value, line, length);
	value[length] = '\0';
	return true;
}

/**
 * doctor_value() - the value of the first line "name : value" of a file
 * @doctor: the doctor
 * @path: from the root
 * @name: before the colon
 * @value: filled in; empty when there is none
 * @size: its size in bytes
 *
 * Return: true if there is such a line.
 */
bool doctor_value(const struct doctor *doctor, const char *path, const char *name, char *value,
		  size_t size)
{
	char text[16384];
	const char *line;

	value[0] = '\0';
	if (doctor_read(doctor, path, text, sizeof(text)) <= 0)
		return false;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (take_value(line, name, value, size))
			return true;
	}
	return false;
}

/**
 * doctor_has_word() - is a word among those of a text?
 * @text: words with blanks between them
 * @word: the one
 *
 * Return: true if so.
 */
bool doctor_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (*text) {
		text += strspn(text, " \t\n");
		if (!strncmp(text, word, length) && strchr(" \t\n", text[length]))
			return true;
		text += strcspn(text, " \t\n");
	}
	return false;
}

/**
 * doctor_module_loaded() - is a kernel module loaded, or built in?
 * @doctor: the doctor
 * @name: with underscores
 *
 * Return: true if so.
 */
bool doctor_module_loaded(const struct doctor *doctor, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return doctor_exists(doctor, path);
}

/**
 * doctor_release() - the release of the running kernel
 * @doctor: the doctor
 * @release: filled in, as of uname(2)
 * @size: its size in bytes
 *
 * Return: true if it could be read.
 */
bool doctor_release(const struct doctor *doctor, char *release, size_t size)
{
	if (doctor_read(doctor, "/proc/sys/kernel/osrelease", release, size) <= 0)
		return false;
	release[strcspn(release, "\n")] = '\0';
	return release[0];
}
