// SPDX-License-Identifier: GPL-2.0
/*
 * A VMCS as JSON. Values are strings of hexadecimal digits: 64 bits do not fit into what many
 * readers of JSON make of a number.
 */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "../libvhm/internal.h"
#include "show.h"

static const char *const areas[] = {
	[VMX_AREA_GUEST] = "guest",
	[VMX_AREA_HOST] = "host",
	[VMX_AREA_CONTROL] = "control",
	[VMX_AREA_EXIT] = "exit",
};

/**
 * json_add_hex() - add a member that is a number in hexadecimal
 * @object: to this object
 * @key: the member's name
 * @value: its value
 * @digits: at least so many
 */
void json_add_hex(struct json_object *object, const char *key, uint64_t value,
		  unsigned int digits)
{
	char text[2 + 16 + 1];

	snprintf(text, sizeof(text), "0x%0*llx", (int)digits, (unsigned long long)value);
	json_object_object_add(object, key, json_object_new_string(text));
}

/* The names of the bits that are set, of a field that is a set of bits. */
static void add_bits(struct json_object *object, const struct field_view *view)
{
	struct json_object *bits = NULL;
	const char *name;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		name = vmx_control_name(view->field, bit);
		if (!name)
			continue;
		if (!bits)
			bits = json_object_new_array();
		if (view->value >> bit & 1)
			json_object_array_add(bits, json_object_new_string(name));
	}
	if (bits)
		json_object_object_add(object, "bits", bits);
}

static void add_value(struct json_object *object, const struct field_view *view)
{
	if (view->hidden) {
		json_object_object_add(object, "hidden", json_object_new_boolean(true));
		return;
	}
	json_add_hex(object, "value", view->value, view->width / 4);
	if (view->words[0])
		json_object_object_add(object, "words", json_object_new_string(view->words));
	if (view->field < VMX_NR_FIELDS)
		add_bits(object, view);
}

static struct json_object *new_value(const struct vhm_vmcs_field *field)
{
	struct json_object *object = json_object_new_object();
	struct field_view view;

	field_view(&view, field);
	add_value(object, &view);
	return object;
}

/* An object of objects, one for each area; missing ones are made. */
static struct json_object *area_of(struct json_object *fields, const struct field_view *view)
{
	struct json_object *area;

	if (!json_object_object_get_ex(fields, areas[view->area], &area)) {
		area = json_object_new_object();
		json_object_object_add(fields, areas[view->area], area);
	}
	return area;
}

static void add_field(struct json_object *fields, const struct vhm_vmcs_field *field)
{
	struct json_object *object = json_object_new_object();
	struct field_view view;

	field_view(&view, field);
	json_add_hex(object, "encoding", view.encoding, 4);
	add_value(object, &view);
	json_object_object_add(area_of(fields, &view), view.name, object);
}

/**
 * json_new() - begin an object that is to be written
 *
 * json-c's usual hash asks the kernel for a random seed against keys that an enemy chooses, and
 * early after boot that takes its time. These keys are ours.
 *
 * Return: the object.
 */
struct json_object *json_new(void)
{
	json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE);
	return json_object_new_object();
}

static struct json_object *new_head(const struct show *show)
{
	struct json_object *object = json_new();

	json_object_object_add(object, "machine", json_object_new_string(show->machine));
	json_object_object_add(object, "vcpu", json_object_new_int64(show->vcpu));
	return object;
}

static void add_moment(struct json_object *object, const struct vhm_vmcs *vmcs)
{
	json_object_object_add(object, "exits", json_object_new_uint64(vmcs->exits));
	json_add_hex(object, "tsc", vmcs->tsc, 16);
	json_object_object_add(object, "launched",
			       json_object_new_boolean(!!(vmcs->flags & VHM_VMCS_LAUNCHED)));
}

/**
 * json_vmcs() - a VMCS as an object
 * @show: which fields, and whose
 * @vmcs: the VMCS
 *
 * Return: the object, for json_write().
 */
struct json_object *json_vmcs(const struct show *show, const struct vhm_vmcs *vmcs)
{
	struct json_object *object = new_head(show), *fields = json_object_new_object();
	uint32_t i;

	add_moment(object, vmcs);
	for (i = 0; i < vmcs->count && i < VHM_MAX_VMCS_FIELDS; i++)
		if (show_field(show, vmcs->field[i].encoding))
			add_field(fields, &vmcs->field[i]);
	json_object_object_add(object, "fields", fields);
	return object;
}

static void add_change(struct json_object *fields, const struct vhm_vmcs_field *before,
		       const struct vhm_vmcs_field *after)
{
	struct json_object *object = json_object_new_object();
	struct field_view view;

	field_view(&view, before);
	json_add_hex(object, "encoding", view.encoding, 4);
	json_object_object_add(object, "before", new_value(before));
	json_object_object_add(object, "after", new_value(after));
	json_object_object_add(area_of(fields, &view), view.name, object);
}

static struct json_object *new_moment(const struct vhm_vmcs *vmcs)
{
	struct json_object *object = json_object_new_object();

	add_moment(object, vmcs);
	return object;
}

/**
 * json_difference() - what changed from one exit to the next, as an object
 * @show: which fields, and whose
 * @first: the VMCS at the first exit
 * @second: at the second
 *
 * Return: the object, for json_write().
 */
struct json_object *json_difference(const struct show *show, const struct vhm_vmcs *first,
				    const struct vhm_vmcs *second)
{
	struct json_object *object = new_head(show), *fields = json_object_new_object();
	uint32_t i;

	json_object_object_add(object, "before", new_moment(first));
	json_object_object_add(object, "after", new_moment(second));
	for (i = 0; i < first->count && i < VHM_MAX_VMCS_FIELDS; i++) {
		const struct vhm_vmcs_field *before = &first->field[i];
		const struct vhm_vmcs_field *after = show_find(second, before->encoding);

		if (after && after->value != before->value && show_field(show, before->encoding))
			add_change(fields, before, after);
	}
	json_object_object_add(object, "changed", fields);
	return object;
}

/**
 * json_write() - write an object and give it back
 * @object: the object, which is gone afterwards
 * @out: where to
 *
 * Return: 0, or a negative errno.
 */
int json_write(struct json_object *object, FILE *out)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	int error = 0;

	if (!text || fputs(text, out) < 0 || fputc('\n', out) < 0)
		error = vhm_fail(text ? errno : ENOMEM, "cannot write the JSON");
	json_object_put(object);
	return error;
}
