// SPDX-License-Identifier: GPL-2.0
/* VMCS fields by name, and what somebody may have meant who named none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../libvhm/internal.h"
#include "field.h"
#include "nearest.h"

static const char *name_of(size_t field)
{
	return vmx_field_info((enum vmx_field)field)->name;
}

static int unknown(const char *name)
{
	const char *near[NEAREST_MOST];
	size_t count = nearest(name, name_of, VMX_NR_FIELDS, near);
	char list[256];

	if (!count)
		return vhm_fail(ENOENT,
				"there is no VMCS field %s: they have the names of the kernel's <asm/vmx.h>, and `vhm vmcs` shows them",
				name);
	nearest_say(list, sizeof(list), near, count);
	return vhm_fail(ENOENT, "there is no VMCS field %s%s", name, list);
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
