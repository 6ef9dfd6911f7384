// SPDX-License-Identifier: GPL-2.0
/* A made-up VMCS, and what the tools show of it: as text, as JSON, and two of them compared. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tap.h"
#include "show.h"

static const struct vhm_vmcs_field sample[] = {
	{ .encoding = 0x0802, .value = 0x10 },			/* GUEST_CS_SELECTOR */
	{ .encoding = 0x201a, .flags = VHM_VMCS_HIDDEN },	/* EPT_POINTER */
	{ .encoding = 0x2bfe, .value = 7 },			/* none that is known */
	{ .encoding = 0x4000, .value = 0x3f },			/* PIN_BASED_VM_EXEC_CONTROL */
	{ .encoding = 0x4402, .value = 10 },			/* VM_EXIT_REASON */
	{ .encoding = 0x4802, .value = 0xffffffff },		/* GUEST_CS_LIMIT */
	{ .encoding = 0x4816, .value = 0xa09b },		/* GUEST_CS_AR_BYTES */
	{ .encoding = 0x4824, .value = 1 },			/* GUEST_INTERRUPTIBILITY_INFO */
	{ .encoding = 0x681e, .value = 0xffffffff81000000 },	/* GUEST_RIP */
	{ .encoding = 0x6c00, .value = 0x80000033 },		/* HOST_CR0 */
};

static struct show show = { .machine = "vm-1", .vcpu = 2 };
static struct vhm_vmcs first, second;

static void make_samples(void)
{
	memset(&first, 0, sizeof(first));
	first.exits = 1ull << 40;
	first.tsc = 1000;
	first.flags = VHM_VMCS_LAUNCHED;
	first.count = ARRAY_SIZE(sample);
	memcpy(first.field, sample, sizeof(sample));
	second = first;
	second.exits++;
	second.tsc = 3500;
	second.field[4].value = 12;
	second.field[8].value += 2;
}

static char *text_of(bool difference)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (difference)
		text_difference(&show, &first, &second, out);
	else
		text_vmcs(&show, &first, out);
	fclose(out);
	return text;
}

static void test_text(void)
{
	static const char *const lines[] = {
		"vm-1, vCPU 2, after 1099511627776 exits, launched\n\nGuest state\n",
		"\n  GUEST_INTERRUPTIBILITY_INFO    0x00000001          blocking by STI\n",
		"\n  GUEST_RIP                      0xffffffff81000000\n",
		"\n  CS       0x0010    0x0000000000000000  0xffffffff  0x0a09b  type 11 (code, read, accessed), S=1,\n"
		"                                                            DPL=0, P=1, AVL=0, L=1, D/B=0, G=1\n",
		"\nHost state\n  HOST_CR0                       0x0000000080000033  PE MP ET NE PG\n",
		"\nControls: execution, exit, entry\n  EPT_POINTER                    hidden\n",
		"external-interrupt exiting, NMI exiting,\n",
		"\nExit information\n  VM_EXIT_REASON                 0x0000000a          CPUID\n",
		"\n  0x2bfe                         0x0000000000000007\n",
	};
	char *text = text_of(false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		tap_ok(strstr(text, lines[i]), "text: part %u", i);
	tap_ok(!strstr(text, "GUEST_CS_SELECTOR"), "text: segments are in their table alone");
	free(text);
}

static void test_some(void)
{
	char *text;

	show.some = true;
	show.selected[VMX_F_GUEST_RIP] = true;
	show.selected[VMX_F_GUEST_CS_SELECTOR] = true;
	text = text_of(false);
	tap_ok(!strcmp(text,
		       "  GUEST_CS_SELECTOR              0x0010              GDT entry 2, RPL 0\n"
		       "  GUEST_RIP                      0xffffffff81000000\n"),
	       "text: two fields");
	free(text);
	text = text_of(true);
	tap_ok(strstr(text, "GUEST_RIP") && !strstr(text, "VM_EXIT_REASON"),
	       "difference: of a field");
	free(text);
	memset(show.selected, 0, sizeof(show.selected));
	show.some = false;
}

static void test_difference(void)
{
	char *text = text_of(true);

	tap_ok(!strcmp(text,
		       "vm-1, vCPU 2, exit 1099511627776: CPUID\n"
		       "vm-1, vCPU 2, exit 1099511627777: HLT\n"
		       "2500 ticks of the TSC between them\n"
		       "\nGuest state\n"
		       "  GUEST_RIP                      0xffffffff81000000\n"
		       "                             ->  0xffffffff81000002\n"
		       "\nExit information\n"
		       "  VM_EXIT_REASON                 0x0000000a          CPUID\n"
		       "                             ->  0x0000000c          HLT\n"),
	       "difference: what changed, and no more");
	free(text);
	second = first;
	text = text_of(true);
	tap_ok(strstr(text, "\nNothing has changed.\n"), "difference: nothing");
	free(text);
	make_samples();
}

/* Written and read again; a path's names are parted by '/'. */
static struct json_object *written(struct json_object *object)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json_object *again;

	json_write(object, out);
	fclose(out);
	again = json_tokener_parse(text);
	free(text);
	return again;
}

static bool is(struct json_object *object, const char *path, const char *wanted)
{
	struct json_object *member;
	char names[128], *name, *rest;

	snprintf(names, sizeof(names), "%s", path);
	for (name = strtok_r(names, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
		if (!json_object_object_get_ex(object, name, &member))
			return !wanted;
		object = member;
	}
	return wanted && !strcmp(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
				 wanted);
}

static void test_json(void)
{
	static const char *const members[][2] = {
		{ "machine", "\"vm-1\"" }, { "vcpu", "2" }, { "exits", "1099511627776" },
		{ "tsc", "\"0x00000000000003e8\"" }, { "launched", "true" },
		{ "fields/guest/GUEST_RIP/value", "\"0xffffffff81000000\"" },
		{ "fields/guest/GUEST_RIP/encoding", "\"0x681e\"" },
		{ "fields/guest/GUEST_RIP/words", NULL },
		{ "fields/guest/GUEST_RIP/bits", NULL },
		{ "fields/guest/GUEST_CS_SELECTOR/value", "\"0x0010\"" },
		{ "fields/guest/GUEST_INTERRUPTIBILITY_INFO/bits", "[\"blocking by STI\"]" },
		{ "fields/guest/0x2bfe/value", "\"0x0000000000000007\"" },
		{ "fields/exit/VM_EXIT_REASON/words", "\"CPUID\"" },
		{ "fields/control/EPT_POINTER/hidden", "true" },
		{ "fields/control/EPT_POINTER/value", NULL },
		{ "fields/host/HOST_CR0/bits", "[\"PE\",\"MP\",\"ET\",\"NE\",\"PG\"]" },
	};
	struct json_object *object = written(json_vmcs(&show, &first));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		tap_ok(is(object, members[i][0], members[i][1]), "JSON: %s", members[i][0]);
	json_object_put(object);
}

static void test_json_difference(void)
{
	static const char *const members[][2] = {
		{ "before/exits", "1099511627776" }, { "after/exits", "1099511627777" },
		{ "changed/guest/GUEST_RIP/before/value", "\"0xffffffff81000000\"" },
		{ "changed/guest/GUEST_RIP/after/value", "\"0xffffffff81000002\"" },
		{ "changed/exit/VM_EXIT_REASON/after/words", "\"HLT\"" },
		{ "changed/host", NULL },
	};
	struct json_object *object = written(json_difference(&show, &first, &second));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		tap_ok(is(object, members[i][0], members[i][1]), "JSON difference: %s",
		       members[i][0]);
	json_object_put(object);
}

/* A count that cannot be is not believed. */
static void test_count(void)
{
	char *text;

	first.count = ~0u;
	text = text_of(false);
	tap_ok(text && show_find(&first, 0x681e), "text: a count that is too high");
	free(text);
	json_object_put(json_vmcs(&show, &first));
	make_samples();
}

int main(void)
{
	tap_begin();
	make_samples();
	test_text();
	test_some();
	test_difference();
	test_json();
	test_json_difference();
	test_count();
	return tap_end();
}
