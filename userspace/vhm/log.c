// SPDX-License-Identifier: GPL-2.0
/*
 * What the launcher says itself goes to stderr, a line at a time. The terminal
 * may be raw, so each line ends with a carriage return of its own there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

__printf(2, 0)
static void say(const char *about, const char *format, va_list arguments)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, arguments);
	fprintf(stderr, "vhm: %s%s%s%s\n", about ? about : "",
		about ? ": " : "", line, isatty(STDERR_FILENO) ? "\r" : "");
}

/**
 * log_error() - say why the launcher cannot go on
 * @about: the file that it is about, or NULL
 * @format: a sentence without its full stop, as for printf()
 *
 * Return: -1, so that a caller can say "return log_error(...)".
 */
int log_error(const char *about, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(about, format, arguments);
	va_end(arguments);
	return -1;
}

/**
 * log_note() - say what has happened
 * @format: a sentence without its full stop, as for printf()
 */
void log_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(NULL, format, arguments);
	va_end(arguments);
}

/**
 * log_text() - say something of several lines
 * @text: the lines, each with its end
 */
void log_text(const char *text)
{
	const char *end = isatty(STDERR_FILENO) ? "\r\n" : "\n";
	size_t length;

	for (; *text; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		fprintf(stderr, "%.*s%s", (int)length, text, end);
	}
}
