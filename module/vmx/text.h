/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that is put together bit by bit into a buffer that may be too small: like snprintf(), it
 * never writes behind the end, always ends with a zero and counts what it would have liked to
 * write. Pure.
 */
#ifndef VHM_VMX_TEXT_H
#define VHM_VMX_TEXT_H

#ifndef __KERNEL__
#include <stdarg.h>
#include <stdio.h>
#endif

#include "../portable.h"

/**
 * struct vmx_text - text in the making
 * @buf: where it goes; may be NULL when @size is 0
 * @size: room there
 * @length: what has been added so far, whether or not there was room
 */
struct vmx_text {
	char *buf;
	size_t size;
	size_t length;
};

/**
 * vmx_text_add() - add to a text
 * @text: the text
 * @format: as for printf()
 */
static inline __printf(2, 3) void vmx_text_add(struct vmx_text *text, const char *format, ...)
{
	size_t used = text->length < text->size ? text->length : text->size;
	va_list args;
	int added;

	va_start(args, format);
	added = vsnprintf(used < text->size ? text->buf + used : NULL, text->size - used, format,
			  args);
	va_end(args);
	if (added > 0)
		text->length += added;
}

/**
 * vmx_text_item() - add one of a list, with what separates it from the one before
 * @text: the list
 * @start: the text's length when the list began
 * @separator: between two items
 */
static inline void vmx_text_item(struct vmx_text *text, size_t start, const char *separator)
{
	if (text->length != start)
		vmx_text_add(text, "%s", separator);
}

#endif /* VHM_VMX_TEXT_H */
