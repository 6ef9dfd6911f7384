// SPDX-License-Identifier: GPL-2.0
/* A VMCS as text: a line a field, grouped by area; the segments as a table. */
#include <string.h>

#include "paragraph.h"
#include "show.h"

#define WIDTH		100
#define NAME_WIDTH	29
#define VALUE_WIDTH	18
#define WORDS_AT	(2 + NAME_WIDTH + 2 + VALUE_WIDTH + 2)

static const char *const titles[] = {
	[VMX_AREA_GUEST] = "Guest state",
	[VMX_AREA_HOST] = "Host state",
	[VMX_AREA_CONTROL] = "Controls: execution, exit, entry",
	[VMX_AREA_EXIT] = "Exit information",
};

static void print_value(const struct field_view *view, FILE *out)
{
	char value[VALUE_WIDTH + 1] = "hidden";

	if (!view->hidden)
		snprintf(value, sizeof(value), "0x%0*llx", (int)view->width / 4,
			 (unsigned long long)view->value);
	fprintf(out, "  %-*s", view->words[0] ? VALUE_WIDTH : 0, value);
	if (view->words[0])
		fputs("  ", out);
	paragraph_print(view->words, WORDS_AT, WIDTH, out);
}

static void print_field(const struct vhm_vmcs_field *field, FILE *out)
{
	struct field_view view;

	field_view(&view, field);
	fprintf(out, "  %-*s", NAME_WIDTH, view.name);
	print_value(&view, out);
}

static void print_later(const struct vhm_vmcs_field *field, FILE *out)
{
	struct field_view view;

	field_view(&view, field);
	fprintf(out, "  %*s", NAME_WIDTH, "->");
	print_value(&view, out);
}

/*
 * A segment is four fields, a table register two. The fields of a kind stand in a row, in the
 * order ES, CS, SS, DS, FS, GS, LDTR, TR, GDTR, IDTR.
 */
static const char *const segment_names[] = {
	"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR", "GDTR", "IDTR",
};

#define NR_SEGMENTS	8		/* the others are table registers */
#define NR_TABLES	10

static uint32_t encoding_of(enum vmx_field first, unsigned int i)
{
	return vmx_field_info(first)->encoding + 2 * i;
}

static bool is_in_row(uint32_t encoding, enum vmx_field first, unsigned int count)
{
	return encoding >= encoding_of(first, 0) && encoding < encoding_of(first, count);
}

static bool is_segment(uint32_t encoding)
{
	return is_in_row(encoding, VMX_F_GUEST_ES_SELECTOR, NR_SEGMENTS) ||
	       is_in_row(encoding, VMX_F_GUEST_ES_BASE, NR_TABLES) ||
	       is_in_row(encoding, VMX_F_GUEST_ES_LIMIT, NR_TABLES) ||
	       is_in_row(encoding, VMX_F_GUEST_ES_AR_BYTES, NR_SEGMENTS);
}

static void print_segment(const struct vhm_vmcs *vmcs, unsigned int i, FILE *out)
{
	struct vhm_vmcs_field field = { 0 };
	struct field_view rights;
	unsigned long long base = show_value(vmcs, encoding_of(VMX_F_GUEST_ES_BASE, i));
	unsigned long long limit = show_value(vmcs, encoding_of(VMX_F_GUEST_ES_LIMIT, i));
	unsigned int selector;

	if (i >= NR_SEGMENTS) {
		fprintf(out, "  %-9s          0x%016llx  0x%08llx\n", segment_names[i], base,
			limit);
		return;
	}
	selector = (unsigned int)show_value(vmcs, encoding_of(VMX_F_GUEST_ES_SELECTOR, i));
	field.encoding = encoding_of(VMX_F_GUEST_ES_AR_BYTES, i);
	field.value = show_value(vmcs, field.encoding);
	field_view(&rights, &field);
	fprintf(out, "  %-9s0x%04x    0x%016llx  0x%08llx  0x%05llx  ", segment_names[i],
		selector, base, limit, (unsigned long long)rights.value);
	paragraph_print(rights.words, WORDS_AT + 7, WIDTH, out);
}

static void print_segments(const struct vhm_vmcs *vmcs, FILE *out)
{
	unsigned int i;

	fprintf(out, "\n  %-9s%-10s%-20s%-12s%s\n", "segment", "selector", "base", "limit",
		"access rights");
	for (i = 0; i < NR_TABLES; i++)
		print_segment(vmcs, i, out);
}

static void print_area(const struct show *show, const struct vhm_vmcs *vmcs, enum vmx_area area,
		       FILE *out)
{
	const struct vhm_vmcs_field *field;
	uint32_t i;

	if (!show->some)
		fprintf(out, "\n%s\n", titles[area]);
	for (i = 0; i < vmcs->count && i < VHM_MAX_VMCS_FIELDS; i++) {
		field = &vmcs->field[i];
		if ((field->encoding >> 10 & 3) == area && show_field(show, field->encoding) &&
		    (show->some || !is_segment(field->encoding)))
			print_field(field, out);
	}
	if (!show->some && area == VMX_AREA_GUEST)
		print_segments(vmcs, out);
}

/**
 * text_vmcs() - print a VMCS
 * @show: which fields, and whose
 * @vmcs: the VMCS
 * @out: where to
 */
void text_vmcs(const struct show *show, const struct vhm_vmcs *vmcs, FILE *out)
{
	unsigned int i;

	if (!show->some)
		fprintf(out, "%s, vCPU %u, after %llu exits%s\n", show->machine, show->vcpu,
			(unsigned long long)vmcs->exits,
			vmcs->flags & VHM_VMCS_LAUNCHED ? ", launched" : "");
	for (i = 0; i < 4; i++)
		print_area(show, vmcs, show_areas[i], out);
}

static void print_exit(const struct show *show, const struct vhm_vmcs *vmcs, FILE *out)
{
	uint32_t encoding = vmx_field_info(VMX_F_VM_EXIT_REASON)->encoding;

	fprintf(out, "%s, vCPU %u, exit %llu: %s\n", show->machine, show->vcpu,
		(unsigned long long)vmcs->exits,
		vmx_exit_reason_name((u32)show_value(vmcs, encoding)));
}

/* Return: how many fields of an area have changed; each is printed twice, before and after. */
static unsigned int print_changes(const struct show *show, const struct vhm_vmcs *first,
				  const struct vhm_vmcs *second, enum vmx_area area, FILE *out)
{
	const struct vhm_vmcs_field *before, *after;
	unsigned int changes = 0;
	uint32_t i;

	for (i = 0; i < first->count && i < VHM_MAX_VMCS_FIELDS; i++) {
		before = &first->field[i];
		if ((before->encoding >> 10 & 3) != area || !show_field(show, before->encoding))
			continue;
		after = show_find(second, before->encoding);
		if (!after || after->value == before->value)
			continue;
		if (!changes++)
			fprintf(out, "\n%s\n", titles[area]);
		print_field(before, out);
		print_later(after, out);
	}
	return changes;
}

/**
 * text_difference() - print what changed from one exit to the next
 * @show: which fields, and whose
 * @first: the VMCS at the first exit
 * @second: at the second
 * @out: where to; of each field that changed the value before, and below it the value after
 */
void text_difference(const struct show *show, const struct vhm_vmcs *first,
		     const struct vhm_vmcs *second, FILE *out)
{
	unsigned int i, changes = 0;

	print_exit(show, first, out);
	print_exit(show, second, out);
	fprintf(out, "%llu ticks of the TSC between them\n",
		(unsigned long long)(second->tsc - first->tsc));
	for (i = 0; i < 4; i++)
		changes += print_changes(show, first, second, show_areas[i], out);
	if (!changes)
		fputs("\nNothing has changed.\n", out);
}
