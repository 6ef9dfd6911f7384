/* SPDX-License-Identifier: GPL-2.0 */
/* Breaking fields of the VMCS on purpose (--break). */
#ifndef VHM_FAULT_H
#define VHM_FAULT_H

#include <stdint.h>

#include "../libvhm/libvhm.h"
#include "../../module/vmx/fields.h"

/**
 * struct faults - what is to be broken before the first entry
 * @count: fields
 * @fault: each one's field and value
 */
struct faults {
	unsigned int count;
	struct {
		enum vmx_field field;
		uint64_t value;
	} fault[VHM_MAX_INJECTIONS];
};

int faults_add(struct faults *faults, const char *text);
int faults_inject(const struct faults *faults, const struct vhm_vcpu *vcpu);

#endif /* VHM_FAULT_H */
