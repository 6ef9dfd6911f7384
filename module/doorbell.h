/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes of a guest's that need not wake user space: those to a doorbell signal an
 * eventfd (KVM_IOEVENTFD), those to a zone go into a ring that user space reads when it
 * comes by (KVM_REGISTER_COALESCED_MMIO). Ports and MMIO have a table each.
 */
#ifndef VHM_DOORBELL_H
#define VHM_DOORBELL_H

#include <linux/types.h>

#include "vhm.h"

struct eventfd_ctx;

/* As KVM: in each table; its own devices count there too. */
#define VHM_MAX_ZONES	1000

/* KVM has no limit of its own. */
#define VHM_MAX_BELLS	4096

/**
 * struct vhm_door - a doorbell, or a zone
 * @address: port or guest-physical address
 * @match: the value that rings it, if not any does
 * @event: what is signalled; NULL: a zone
 * @size: of the writes that ring it: 1, 2, 4, 8, or 0 for any; or of the zone
 * @any: any value rings it
 */
struct vhm_door {
	u64 address;
	u64 match;
	struct eventfd_ctx *event;
	u32 size;
	bool any;
};

/**
 * struct vhm_doors - the doors of the ports, or of MMIO; replaced as a whole
 * @rcu: for its end
 * @zones: the first so many are zones, in no order
 * @count: of all; the doorbells stand by rising address
 * @door: they
 */
struct vhm_doors {
	struct rcu_head rcu;
	u32 zones;
	u32 count;
	struct vhm_door door[];
};

/* doorbell.c */
int vhm_door_add(struct vhm_vm *vm, enum vhm_space space, const struct vhm_door *door, u32 at);
struct vhm_doors *vhm_door_remove(struct vhm_vm *vm, enum vhm_space space, u32 at);
struct vhm_doors *vhm_doors_locked(struct vhm_vm *vm, enum vhm_space space);

/* coalesce.c */
bool vhm_coalesce(struct vhm_vm *vm, const struct vhm_doors *doors, enum vhm_space space,
		  u64 address, unsigned int length, u64 value);

#endif /* VHM_DOORBELL_H */
