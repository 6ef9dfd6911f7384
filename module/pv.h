/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest that knows KVM shares with us in its own memory: a clock, the wall clock,
 * and the time that its processor did not get (pvclock.c, steal.c).
 */
#ifndef VHM_PV_H
#define VHM_PV_H

#include <linux/types.h>

#include "vhm.h"

/* What would lie in two pages is not there, as on KVM. */
static inline bool vhm_pv_in_one_page(u64 gpa, unsigned int size)
{
	return offset_in_page(gpa) + size <= PAGE_SIZE;
}

/* pv.c */
void vhm_pv_publish(struct vhm_vm *vm, u64 version_at, u64 at, const void *data,
		    unsigned int size);

/* pvclock.c */
void vhm_clock_update(struct vhm_vcpu *v);
void vhm_wall_clock_update(struct vhm_vcpu *v);

/* steal.c */
bool vhm_steal_supported(void);
void vhm_steal_update(struct vhm_vcpu *v);

#endif /* VHM_PV_H */
