// SPDX-License-Identifier: GPL-2.0
/* Capabilities as text and as JSON. */
#include <string.h>

#include <json-c/json.h>

#include "../libvhm/compiler.h"
#include "capabilities.h"
#include "msr.h"
#include "paragraph.h"
#include "show.h"

#define WIDTH		100
#define NAME_WIDTH	39
#define WHY_AT		(2 + 3 + 2 + NAME_WIDTH + 1 + 4 + 4 + 8)
#define MSR_AT		8

static const char *chosen_word(const struct vhm_control *control)
{
	static const char *const words[] = {
		[VHM_CONTROL_OFF] = "off", [VHM_CONTROL_ON] = "on", [VHM_CONTROL_VARIES] = "varies",
	};

	return control->chosen < ARRAY_SIZE(words) ? words[control->chosen] : "?";
}

/* Texts from the kernel end with a zero by its word; by ours, too. */
static void take_text(char *to, size_t size, const char *from, size_t length)
{
	snprintf(to, size, "%.*s", (int)length, from);
}

static void print_control(const struct vhm_control *control, FILE *out)
{
	char name[sizeof(control->name) + 1], why[sizeof(control->why) + 1];

	take_text(name, sizeof(name), control->name, sizeof(control->name));
	take_text(why, sizeof(why), control->why, sizeof(control->why));
	fprintf(out, "  %3u  %-*s %-4s%-4s%-8s", control->bit, NAME_WIDTH, name,
		control->allowed_0 ? "yes" : "-", control->allowed_1 ? "yes" : "-",
		chosen_word(control));
	paragraph_print(why, WHY_AT, WIDTH, out);
}

static void print_title(uint32_t encoding, FILE *out)
{
	const struct vmx_field_info *info = vmx_field_info(vmx_field_by_encoding(encoding));

	if (info)
		fprintf(out, "%s (%s)\n", info->words, info->name);
	else
		fprintf(out, "VMCS field 0x%04x\n", encoding);
	fprintf(out, "  %3s  %-*s %-4s%-4s%-8s%s\n", "bit", NAME_WIDTH, "control", "0", "1", "vhm",
		"why");
}

static void print_msr(uint32_t index, uint64_t value, FILE *out)
{
	const char *name = msr_name(index);
	char words[4 * FIELD_WORDS];

	fprintf(out, "  0x%03x  %-30s 0x%016llx\n", index, name ? name : "",
		(unsigned long long)value);
	if (msr_decode(index, value, words, sizeof(words))) {
		fprintf(out, "%*s", MSR_AT + 1, "");
		paragraph_print(words, MSR_AT + 1, WIDTH, out);
	}
}

/**
 * capabilities_text() - print capabilities
 * @capabilities: they
 * @out: where to
 */
void capabilities_text(const struct capabilities *capabilities, FILE *out)
{
	const struct vhm_control *control = capabilities->control;
	unsigned int i;

	for (i = 0; i < capabilities->count; i++) {
		if (i && control[i].encoding != control[i - 1].encoding)
			fputc('\n', out);
		if (!i || control[i].encoding != control[i - 1].encoding)
			print_title(control[i].encoding, out);
		print_control(&control[i], out);
	}
	fputs("\nCapability MSRs\n", out);
	for (i = 0; i < capabilities->msrs.count && i < VHM_MAX_CAPABILITY_MSRS; i++)
		print_msr(capabilities->msrs.msr[i].index, capabilities->msrs.msr[i].value, out);
}

static void add_string(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *new_control(const struct vhm_control *control)
{
	enum vmx_field field = vmx_field_by_encoding(control->encoding);
	char name[sizeof(control->name) + 1], why[sizeof(control->why) + 1];
	struct json_object *object = json_object_new_object();

	take_text(name, sizeof(name), control->name, sizeof(control->name));
	take_text(why, sizeof(why), control->why, sizeof(control->why));
	if (field < VMX_NR_FIELDS)
		add_string(object, "field", vmx_field_info(field)->name);
	json_add_hex(object, "encoding", control->encoding, 4);
	json_object_object_add(object, "bit", json_object_new_int64(control->bit));
	add_string(object, "name", name);
	json_object_object_add(object, "allowed_0", json_object_new_boolean(control->allowed_0));
	json_object_object_add(object, "allowed_1", json_object_new_boolean(control->allowed_1));
	add_string(object, "chosen", chosen_word(control));
	add_string(object, "why", why);
	return object;
}

static struct json_object *new_msr(uint32_t index, uint64_t value)
{
	struct json_object *object = json_object_new_object();
	const char *name = msr_name(index);
	char words[4 * FIELD_WORDS];

	json_add_hex(object, "index", index, 3);
	if (name)
		add_string(object, "name", name);
	json_add_hex(object, "value", value, 16);
	if (msr_decode(index, value, words, sizeof(words)))
		add_string(object, "words", words);
	return object;
}

/**
 * capabilities_json() - capabilities as an object
 * @capabilities: they
 *
 * Return: the object, for json_write().
 */
struct json_object *capabilities_json(const struct capabilities *capabilities)
{
	struct json_object *object = json_new();
	struct json_object *controls = json_object_new_array(), *msrs = json_object_new_array();
	unsigned int i;

	for (i = 0; i < capabilities->count; i++)
		json_object_array_add(controls, new_control(&capabilities->control[i]));
	for (i = 0; i < capabilities->msrs.count && i < VHM_MAX_CAPABILITY_MSRS; i++)
		json_object_array_add(msrs, new_msr(capabilities->msrs.msr[i].index,
						    capabilities->msrs.msr[i].value));
	json_object_object_add(object, "controls", controls);
	json_object_object_add(object, "msrs", msrs);
	return object;
}
