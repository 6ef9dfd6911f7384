// SPDX-License-Identifier: GPL-2.0
/* Names that somebody may have meant who typed one that there is not. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "../../module/vmx/text.h"
#include "nearest.h"

static unsigned int least(unsigned int one, unsigned int other)
{
	return one < other ? one : other;
}

/*
 * How many letters have to be put in, left out, replaced or swapped with their neighbour to come
 * from one name to the other. Three rows of the usual table are enough.
 */
static unsigned int distance(const char *one, const char *other)
{
	unsigned int rows[3][NEAREST_LONGEST + 1];
	unsigned int *before = rows[0], *last = rows[1], *now = rows[2], *spare;
	size_t i, j, length = strlen(other);

	for (j = 0; j <= length; j++)
		last[j] = (unsigned int)j;
	for (i = 1; one[i - 1]; i++) {
		now[0] = (unsigned int)i;
		for (j = 1; j <= length; j++) {
			bool same = toupper(one[i - 1]) == toupper(other[j - 1]);

			now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && toupper(one[i - 2]) == toupper(other[j - 1]) &&
			    toupper(one[i - 1]) == toupper(other[j - 2]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[length];
}

/* How far a name is from what was typed; a name that contains it is near. */
static unsigned int farness(const char *typed, const char *name)
{
	if (strcasestr(name, typed))
		return 1;
	return distance(typed, name);
}

/**
 * nearest() - names that somebody may have meant
 * @typed: what he typed
 * @name: gives the name with a number, at most NEAREST_LONGEST long, or NULL: there is none
 * @names: how many
 * @found: out: room for NEAREST_MOST; the nearest first
 *
 * Return: how many were found.
 */
size_t nearest(const char *typed, const char *(*name)(size_t number), size_t names,
	       const char **found)
{
	size_t length = strlen(typed), count = 0, i;
	unsigned int far;

	if (length < 2 || length > NEAREST_LONGEST)
		return 0;
	for (far = 0; far <= length / 3 && count < NEAREST_MOST; far++)
		for (i = 0; i < names && count < NEAREST_MOST; i++)
			if (name(i) && farness(typed, name(i)) == far)
				found[count++] = name(i);
	return count;
}

/**
 * nearest_say() - put what was found into words
 * @buf: out: "; did you mean A, B or C?", or nothing
 * @size: room there
 * @found: from nearest()
 * @count: how many
 */
void nearest_say(char *buf, size_t size, const char *const *found, size_t count)
{
	struct vmx_text text = { .buf = buf, .size = size };
	size_t i;

	vmx_text_add(&text, "%s", count ? "; did you mean " : "");
	for (i = 0; i < count; i++)
		vmx_text_add(&text, "%s%s", found[i],
			     i + 1 == count ? "?" : i + 2 == count ? " or " : ", ");
}
