// SPDX-License-Identifier: GPL-2.0
/*
 * The table of VMCS fields, and how a field is found in it.
 *
 * SDM, appendix "Field Encoding in VMCS".
 */
#include "fields.h"

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/string.h>
#include <asm/vmx.h>

/* What the kernel knows too must be the same field: a row that is another does not compile. */
enum {
#define VMX_FIELD(name, encoding, kind, words, needs)				\
	SAME_##name = BUILD_BUG_ON_ZERO((name) != (encoding)),
#define VMX_FIELD_ONLY_HERE(name, encoding, kind, words, needs)
#include "field-table.h"
};
#else
#include <strings.h>
#endif

static const struct vmx_field_info fields[VMX_NR_FIELDS] = {
#define VMX_FIELD(id, code, how, text, without)					\
	[VMX_F_##id] = {							\
		.name = #id, .words = text, .needs = without,			\
		.encoding = code, .kind = VMX_KIND_##how,			\
	},
#include "field-table.h"
};

/**
 * vmx_field_info() - what is known of a field
 * @field: less than VMX_NR_FIELDS
 *
 * Return: its row of the table; NULL for anything else.
 */
const struct vmx_field_info *vmx_field_info(enum vmx_field field)
{
	return (unsigned int)field < VMX_NR_FIELDS ? &fields[field] : NULL;
}

/**
 * vmx_field_by_encoding() - find a field
 * @encoding: as VMREAD takes it; not the encoding of a 64-bit field's upper half
 *
 * Return: the field, or VMX_NR_FIELDS when there is none.
 */
enum vmx_field vmx_field_by_encoding(u32 encoding)
{
	unsigned int low = 0, high = VMX_NR_FIELDS, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (fields[middle].encoding < encoding)
			low = middle + 1;
		else
			high = middle;
	}
	return low < VMX_NR_FIELDS && fields[low].encoding == encoding ? low : VMX_NR_FIELDS;
}

/**
 * vmx_field_by_name() - find a field
 * @name: its identifier, in capitals or not
 *
 * Return: the field, or VMX_NR_FIELDS when there is none.
 */
enum vmx_field vmx_field_by_name(const char *name)
{
	unsigned int field;

	for (field = 0; field < VMX_NR_FIELDS; field++)
		if (!strcasecmp(fields[field].name, name))
			break;
	return field;
}

/**
 * vmx_field_area() - which part of the VMCS a field is in
 * @field: less than VMX_NR_FIELDS
 *
 * Return: its area.
 */
enum vmx_area vmx_field_area(enum vmx_field field)
{
	return fields[field].encoding >> 10 & 3;
}

/**
 * vmx_field_width() - how wide a field is
 * @field: less than VMX_NR_FIELDS
 *
 * Return: 16, 32 or 64 bits; a natural-width field has 64 on any CPU that vhm runs on.
 */
unsigned int vmx_field_width(enum vmx_field field)
{
	static const u8 widths[] = { 16, 64, 32, 64 };

	return widths[fields[field].encoding >> 13 & 3];
}

/* An encoding's bits 14:13. */
#define WIDTH_MASK	0x6000
#define WIDTH_64	0x2000
#define WIDTH_NATURAL	0x6000

/* 64-bit control fields that hold no address. */
static bool plain_control(enum vmx_field field)
{
	switch (field) {
	case VMX_F_TSC_OFFSET:
	case VMX_F_TSC_MULTIPLIER:
	case VMX_F_VM_FUNCTION_CONTROL:
	case VMX_F_EOI_EXIT_BITMAP0:
	case VMX_F_EOI_EXIT_BITMAP1:
	case VMX_F_EOI_EXIT_BITMAP2:
	case VMX_F_EOI_EXIT_BITMAP3:
	case VMX_F_XSS_EXIT_BITMAP:
	case VMX_F_ENCLS_EXITING_BITMAP:
	case VMX_F_ENCLV_EXITING_BITMAP:
	case VMX_F_PCONFIG_EXITING_BITMAP:
	case VMX_F_TERTIARY_VM_EXEC_CONTROL:
		return true;
	default:
		return false;
	}
}

/**
 * vmx_field_secret() - whether a field tells where something of the kernel's lies
 * @field: less than VMX_NR_FIELDS
 *
 * Host registers that are addresses, and physical addresses of the module's own pages.
 *
 * Return: whether.
 */
bool vmx_field_secret(enum vmx_field field)
{
	u32 width = vmx_field_info(field)->encoding & WIDTH_MASK;

	switch (vmx_field_area(field)) {
	case VMX_AREA_HOST:
		return width == WIDTH_NATURAL && field != VMX_F_HOST_CR0 &&
		       field != VMX_F_HOST_CR4;
	case VMX_AREA_CONTROL:
		return width == WIDTH_64 && !plain_control(field);
	default:
		return false;
	}
}
