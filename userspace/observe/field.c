// SPDX-License-Identifier: GPL-2.0
/* VMCS fields by name, and what somebody may have meant who named none. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../../module/vmx/text.h"
#include "../libvhm/internal.h"
#include "field.h"

/* Longer names are nobody's. */
#define NAME_LONGEST	64

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
	unsigned int rows[3][NAME_LONGEST + 1];
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

/* How far a field's name is from what was typed; a name that contains it is near. */
static unsigned int farness(const char *typed, const char *name)
{
	if (strcasestr(name, typed))
		return 1;
	return distance(typed, name);
}

/**
 * field_suggest() - fields that somebody may have meant
 * @name: what he typed
 * @suggestions: out: identifiers, the nearest first
 * @most: room there
 *
 * Return: how many.
 */
size_t field_suggest(const char *name, const char **suggestions, size_t most)
{
	size_t length = strlen(name), count = 0;
	unsigned int farthest, far;
	enum vmx_field field;

	if (length < 2 || length > NAME_LONGEST)
		return 0;
	farthest = (unsigned int)length / 3;
	for (far = 0; far <= farthest && count < most; far++)
		for (field = 0; field < VMX_NR_FIELDS && count < most; field++)
			if (farness(name, vmx_field_info(field)->name) == far)
				suggestions[count++] = vmx_field_info(field)->name;
	return count;
}

static int unknown(const char *name)
{
	const char *near[FIELD_MOST_SUGGESTIONS];
	size_t i, count = field_suggest(name, near, FIELD_MOST_SUGGESTIONS);
	char list[FIELD_MOST_SUGGESTIONS * NAME_LONGEST];
	struct vmx_text text = { .buf = list, .size = sizeof(list) };

	for (i = 0; i < count; i++) {
		vmx_text_item(&text, 0, i + 1 == count ? " or " : ", ");
		vmx_text_add(&text, "%s", near[i]);
	}
	if (!count)
		return vhm_fail(ENOENT,
				"there is no VMCS field %s: they have the names of the kernel's <asm/vmx.h>, and `vhm vmcs` shows them",
				name);
	return vhm_fail(ENOENT, "there is no VMCS field %s; did you mean %s?", name, list);
}

/**
 * field_find() - find a field by its name
 * @name: its identifier, in capitals or not
 * @field: out
 *
 * Return: 0; -ENOENT with a sentence that suggests others.
 */
int field_find(const char *name, enum vmx_field *field)
{
	*field = vmx_field_by_name(name);
	return *field < VMX_NR_FIELDS ? 0 : unknown(name);
}

/**
 * field_view() - make a field ready to be shown
 * @view: filled in
 * @vmcs_field: the field; may be one that this program does not know
 */
void field_view(struct field_view *view, const struct vhm_vmcs_field *vmcs_field)
{
	static const unsigned int widths[] = { 16, 64, 32, 64 };
	uint32_t encoding = vmcs_field->encoding;

	view->field = vmx_field_by_encoding(encoding);
	view->encoding = encoding;
	view->area = encoding >> 10 & 3;
	view->width = widths[encoding >> 13 & 3];
	view->hidden = vmcs_field->flags & VHM_VMCS_HIDDEN;
	view->value = vmcs_field->value;
	view->words[0] = '\0';
	if (view->field < VMX_NR_FIELDS) {
		snprintf(view->name, sizeof(view->name), "%s", vmx_field_info(view->field)->name);
		if (!view->hidden)
			vmx_field_decode(view->field, view->value, view->words,
					 sizeof(view->words));
	} else {
		snprintf(view->name, sizeof(view->name), "0x%04x", encoding);
	}
}
