// SPDX-License-Identifier: GPL-2.0
/* What the ways to show a VMCS share: the order of its areas, which fields, where they are. */
#include "show.h"

const enum vmx_area show_areas[4] = {
	VMX_AREA_GUEST, VMX_AREA_HOST, VMX_AREA_CONTROL, VMX_AREA_EXIT,
};

/**
 * show_field() - is a field to be shown?
 * @show: what is shown
 * @encoding: of the field
 *
 * Return: true if so.
 */
bool show_field(const struct show *show, uint32_t encoding)
{
	enum vmx_field field;

	if (!show->some)
		return true;
	field = vmx_field_by_encoding(encoding);
	return field < VMX_NR_FIELDS && show->selected[field];
}

/**
 * show_find() - find a field in a VMCS
 * @vmcs: the VMCS
 * @encoding: of the field
 *
 * Return: the field, or NULL when this CPU has none such.
 */
const struct vhm_vmcs_field *show_find(const struct vhm_vmcs *vmcs, uint32_t encoding)
{
	uint32_t i;

	for (i = 0; i < vmcs->count && i < VHM_MAX_VMCS_FIELDS; i++)
		if (vmcs->field[i].encoding == encoding)
			return &vmcs->field[i];
	return NULL;
}

/**
 * show_value() - the value of a field that every CPU has
 * @vmcs: the VMCS
 * @encoding: of the field
 *
 * Return: the value; 0 when it is missing after all.
 */
uint64_t show_value(const struct vhm_vmcs *vmcs, uint32_t encoding)
{
	const struct vhm_vmcs_field *found = show_find(vmcs, encoding);

	return found ? found->value : 0;
}
