/* SPDX-License-Identifier: GPL-2.0 */
/* What VMX can do here and what vhm chose of it, shown. */
#ifndef VHM_CAPABILITIES_H
#define VHM_CAPABILITIES_H

#include <stdio.h>

#include <linux/vhm.h>

struct json_object;

/* More than VMX has; the kernel says where its list ends. */
#define CAPABILITIES_MOST_CONTROLS	256

/**
 * struct capabilities - all that the device tells
 * @count: controls
 * @control: they
 * @msrs: the capability MSRs
 */
struct capabilities {
	unsigned int count;
	struct vhm_control control[CAPABILITIES_MOST_CONTROLS];
	struct vhm_capability_msrs msrs;
};

void capabilities_text(const struct capabilities *capabilities, FILE *out);
struct json_object *capabilities_json(const struct capabilities *capabilities);

#endif /* VHM_CAPABILITIES_H */
