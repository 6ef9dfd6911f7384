// SPDX-License-Identifier: GPL-2.0
/*
 * The differences that have a reason: a file with a line for each.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define MAX_KNOWN	64
#define MAX_TEXT	200

/* A line of the file: words, patterns among them, and how often they were the reason. */
struct known_line {
	char text[MAX_TEXT];
	char *pattern[DIFFERENCE_WORDS];
	enum behind behind;
	unsigned int used;
};

struct known {
	struct known_line line[MAX_KNOWN];
	unsigned int count;
};

/* What the first word says of that which comes behind the difference. */
static enum behind parse_behind(const char *word, const char *path)
{
	static const char * const words[] = {
		[GO_ON] = "pass", [DROP_EXIT] = "drop", [SKIP_INSTRUCTION] = "skip",
		[STOP] = "stop",
	};

	for (unsigned int i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(word, words[i]))
			return i;
	}
	die("%s: a line begins with pass, drop, skip or stop", path);
}

static void parse_line(struct known_line *line, const char *path)
{
	char *save, *word = strtok_r(line->text, " \t\n", &save);

	line->behind = parse_behind(word, path);
	for (unsigned int i = 0; i < DIFFERENCE_WORDS; i++) {
		line->pattern[i] = strtok_r(NULL, " \t\n", &save);
		if (!line->pattern[i])
			die("%s: a line is HOW MODE INSTRUCTION WHAT KVM VHM REASON", path);
	}
	if (!strtok_r(NULL, " \t\n", &save))
		die("%s: a difference without a reason", path);
}

static void add_line(struct known *known, const char *text, const char *path)
{
	struct known_line *line = &known->line[known->count];

	if (*text == '#' || *text == '\n')
		return;
	if (!strchr(text, '\n'))
		die("%s: a line is longer than %u characters", path, MAX_TEXT - 2);
	if (known->count++ == MAX_KNOWN)
		die("%s: more than %u lines", path, MAX_KNOWN);
	memcpy(line->text, text, strlen(text) + 1);
	parse_line(line, path);
}

/**
 * known_read() - the differences that have a reason
 * @path: the file
 *
 * Return: them, for known_free().
 */
struct known *known_read(const char *path)
{
	struct known *known = calloc(1, sizeof(*known));
	FILE *file = fopen(path, "re");
	char text[MAX_TEXT];

	if (!known || !file)
		die("%s: %s", path, strerror(errno));
	while (fgets(text, sizeof(text), file))
		add_line(known, text, path);
	fclose(file);
	return known;
}

void known_free(struct known *known)
{
	free(known);
}

/**
 * known_find() - look for a difference's reason
 * @known: what known_read() returned
 * @word: the difference; see DIFFERENCE_WORDS
 * @behind: set to where the comparison goes on
 *
 * The first line that matches counts as used.
 *
 * Return: whether there is one.
 */
bool known_find(struct known *known, const char *const word[DIFFERENCE_WORDS], enum behind *behind)
{
	for (unsigned int i = 0; i < known->count; i++) {
		struct known_line *line = &known->line[i];
		unsigned int same = 0;

		while (same < DIFFERENCE_WORDS &&
		       !fnmatch(line->pattern[same], word[same], FNM_EXTMATCH))
			same++;
		if (same == DIFFERENCE_WORDS) {
			line->used++;
			*behind = line->behind;
			return true;
		}
	}
	return false;
}

/**
 * known_unused() - tell how often each line was a difference's reason
 * @known: what known_read() returned
 *
 * Return: how many never were.
 */
unsigned int known_unused(const struct known *known)
{
	unsigned int unused = 0;

	for (unsigned int i = 0; i < known->count; i++) {
		const struct known_line *line = &known->line[i];

		printf("# known %s: %u times:", line->used ? "difference" : "but NOT SEEN",
		       line->used);
		for (unsigned int j = 0; j < DIFFERENCE_WORDS; j++)
			printf(" %s", line->pattern[j]);
		putchar('\n');
		unused += !line->used;
	}
	return unused;
}
