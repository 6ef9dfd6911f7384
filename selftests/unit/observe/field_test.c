// SPDX-License-Identifier: GPL-2.0
/* Fields by name: found, or others suggested that may have been meant. */
#include <errno.h>
#include <string.h>

#include "tap.h"
#include "libvhm/libvhm.h"
#include "field.h"
#include "nearest.h"

static const struct {
	const char *typed, *suggested;
} rows[] = {
	{ "GUEST_RIPP", "GUEST_RIP" },
	{ "GUEST_RPI", "GUEST_RIP" },
	{ "guest_cs_selectro", "GUEST_CS_SELECTOR" },
	{ "GUESTRFLAGS", "GUEST_RFLAGS" },
	{ "EPT_POINTERS", "EPT_POINTER" },
	{ "activity", "GUEST_ACTIVITY_STATE" },
	{ "ldtr_sel", "GUEST_LDTR_SELECTOR" },
	{ "EXIT_REASON", "VM_EXIT_REASON" },
};

static const char *name_of(size_t field)
{
	return vmx_field_info((enum vmx_field)field)->name;
}

static size_t suggest(const char *typed, const char **found)
{
	return nearest(typed, name_of, VMX_NR_FIELDS, found);
}

static void test_suggestions(void)
{
	const char *found[NEAREST_MOST];
	static char longest[10000];
	unsigned int i;
	size_t count;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		count = suggest(rows[i].typed, found);
		tap_ok(count && !strcmp(found[0], rows[i].suggested), "field: %s: %s is meant",
		       rows[i].typed, rows[i].suggested);
	}
	count = suggest("GUEST_", found);
	tap_ok(count == NEAREST_MOST && strcmp(found[0], found[1]),
	       "field: no more suggestions than there is room for");
	memset(longest, 'G', sizeof(longest) - 1);
	tap_ok(!suggest("", found) &&
	       !suggest("x", found) &&
	       !suggest("hello world", found) &&
	       !suggest(longest, found),
	       "field: nothing is like these");
}

static void test_find(void)
{
	enum vmx_field field;

	tap_ok(!field_find("guest_rip", &field) && field == VMX_F_GUEST_RIP,
	       "field: found by its name");
	tap_ok(field_find("GUEST_RIPP", &field) == -ENOENT &&
	       strstr(vhm_error(), "GUEST_RIPP; did you mean GUEST_RIP, GUEST_RSP or GUEST_SSP?"),
	       "field: one that is not there, with suggestions");
	tap_ok(field_find("hello world", &field) == -ENOENT &&
	       strstr(vhm_error(), "vhm vmcs") && !strstr(vhm_error(), "did you mean"),
	       "field: one that is like none");
}

static void test_view(void)
{
	struct vhm_vmcs_field known = { .encoding = 0x6820, .value = 0x202 };
	struct vhm_vmcs_field hidden = { .encoding = 0x6c16, .flags = VHM_VMCS_HIDDEN };
	struct vhm_vmcs_field unknown = { .encoding = 0x2bfe, .value = 5 };
	struct field_view view;

	field_view(&view, &known);
	tap_ok(!strcmp(view.name, "GUEST_RFLAGS") && view.area == VMX_AREA_GUEST &&
	       view.width == 64 && view.value == 0x202 && !strcmp(view.words, "IF") &&
	       !view.hidden, "view: a field and its value in words");
	field_view(&view, &hidden);
	tap_ok(view.hidden && !view.words[0], "view: a value that is hidden");
	field_view(&view, &unknown);
	tap_ok(!strcmp(view.name, "0x2bfe") && view.field == VMX_NR_FIELDS &&
	       view.area == VMX_AREA_GUEST && view.width == 64 && !view.words[0],
	       "view: a field of a later module");
}

int main(void)
{
	tap_begin();
	test_suggestions();
	test_find();
	test_view();
	return tap_end();
}
