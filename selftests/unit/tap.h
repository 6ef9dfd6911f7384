/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Test Anything Protocol for the unit tests: one line for each test, the plan at the end.
 */
#ifndef VHM_UNIT_TAP_H
#define VHM_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define __printf(format, first) __attribute__((__format__(printf, format, first)))

static unsigned int tap_count, tap_failed;

static inline void tap_begin(void)
{
	printf("TAP version 13\n");
}

/* Report one test; its name is formatted like printf's. */
static inline __printf(2, 3) void tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	tap_count++;
	tap_failed += !ok;
	printf("%sok %u - ", ok ? "" : "not ", tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* Print the plan. Return: the exit status of the program. */
static inline int tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif /* VHM_UNIT_TAP_H */
