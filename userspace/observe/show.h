/* SPDX-License-Identifier: GPL-2.0 */
/* Showing a VMCS, or two neighbouring ones: as text and as JSON. */
#ifndef VHM_SHOW_H
#define VHM_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/vhm.h>

#include "field.h"

struct json_object;

/**
 * struct show - what is shown
 * @machine: name of the machine
 * @vcpu: the vCPU's id
 * @some: not all fields, but those in @selected
 * @selected: by enum vmx_field
 */
struct show {
	const char *machine;
	uint32_t vcpu;
	bool some;
	bool selected[VMX_NR_FIELDS];
};

/* In the SDM's order, "Organization of VMCS Data". */
extern const enum vmx_area show_areas[4];

bool show_field(const struct show *show, uint32_t encoding);
const struct vhm_vmcs_field *show_find(const struct vhm_vmcs *vmcs, uint32_t encoding);
uint64_t show_value(const struct vhm_vmcs *vmcs, uint32_t encoding);

/* text.c */
void text_vmcs(const struct show *show, const struct vhm_vmcs *vmcs, FILE *out);
void text_difference(const struct show *show, const struct vhm_vmcs *first,
		     const struct vhm_vmcs *second, FILE *out);

/* json.c */
struct json_object *json_vmcs(const struct show *show, const struct vhm_vmcs *vmcs);
struct json_object *json_difference(const struct show *show, const struct vhm_vmcs *first,
				    const struct vhm_vmcs *second);
struct json_object *json_new(void);
void json_add_hex(struct json_object *object, const char *key, uint64_t value,
		  unsigned int digits);
int json_write(struct json_object *object, FILE *out);

#endif /* VHM_SHOW_H */
