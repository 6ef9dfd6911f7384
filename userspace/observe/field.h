/* SPDX-License-Identifier: GPL-2.0 */
/* VMCS fields as a user names them and as the tools show them. */
#ifndef VHM_FIELD_H
#define VHM_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vhm.h>

#include "../../module/vmx/fields.h"

#define FIELD_WORDS		1024

/**
 * struct field_view - a field and its value, ready to be shown
 * @name: its identifier; for one that this program does not know, the encoding
 * @area: which part of the VMCS it is in
 * @width: 16, 32 or 64 bits
 * @field: which one, or VMX_NR_FIELDS
 * @encoding: as VMREAD takes it
 * @hidden: the kernel does not tell it
 * @value: what it holds
 * @words: that in words, or an empty text where the number says all
 */
struct field_view {
	char name[40];
	enum vmx_area area;
	unsigned int width;
	enum vmx_field field;
	uint32_t encoding;
	bool hidden;
	uint64_t value;
	char words[FIELD_WORDS];
};

int field_find(const char *name, enum vmx_field *field);
void field_view(struct field_view *view, const struct vhm_vmcs_field *vmcs_field);

#endif /* VHM_FIELD_H */
