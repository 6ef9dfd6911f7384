// SPDX-License-Identifier: GPL-2.0
/* Words in a column. */
#include <string.h>

#include "paragraph.h"

/**
 * paragraph_print() - print words, folded, and end the line
 * @text: words with blanks between them
 * @indent: where the column begins, which is where the line is now
 * @width: where it ends; a word that is longer sticks out
 * @out: where to
 */
void paragraph_print(const char *text, unsigned int indent, unsigned int width, FILE *out)
{
	size_t at = indent, length;

	while (*text) {
		length = strcspn(text, " ");
		if (at > indent && at + 1 + length > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)length, text);
		at += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}
