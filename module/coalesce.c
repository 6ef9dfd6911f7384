// SPDX-License-Identifier: GPL-2.0
/*
 * Coalesced writes: user space names zones (KVM_REGISTER_COALESCED_MMIO) whose writes it
 * need not hear of at once. They go into a ring in a page that each vCPU's fd maps;
 * whatever next takes a vCPU to user space, it finds them there. A write for which there
 * is no room is an exit.
 *
 * The page is user space's to scribble on: its indices are read once and looked at.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "doorbell.h"
#include "vhm.h"

static bool in_zone(const struct vhm_door *zone, u64 address, u64 length)
{
	return address >= zone->address && address + length >= address &&
	       address + length <= zone->address + zone->size;
}

static bool in_a_zone(const struct vhm_doors *doors, u64 address, unsigned int length)
{
	u32 i;

	for (i = 0; i < doors->zones; i++)
		if (in_zone(&doors->door[i], address, length))
			return true;
	return false;
}

/* One entry stays free, so that a full ring differs from an empty one. */
static bool append(struct kvm_coalesced_mmio_ring *ring, const struct kvm_coalesced_mmio *write)
{
	u32 first = READ_ONCE(ring->first), last = READ_ONCE(ring->last), next;

	if (last >= KVM_COALESCED_MMIO_MAX)
		return false;
	last = array_index_nospec(last, KVM_COALESCED_MMIO_MAX);
	next = (last + 1) % KVM_COALESCED_MMIO_MAX;
	if (next == first)
		return false;
	ring->coalesced_mmio[last] = *write;
	/* Who reads the index finds the write. */
	smp_store_release(&ring->last, next);
	return true;
}

/**
 * vhm_coalesce() - put a write into the ring
 * @vm: the VM; in any context, under rcu_read_lock()
 * @doors: with the zones
 * @space: whose they are
 * @address: port or guest-physical address
 * @length: 1 to 8
 * @value: what is written
 *
 * Return: true if it is in the ring; false: no zone there, or no room.
 */
bool vhm_coalesce(struct vhm_vm *vm, const struct vhm_doors *doors, enum vhm_space space,
		  u64 address, unsigned int length, u64 value)
{
	struct kvm_coalesced_mmio write = {
		.phys_addr = address,
		.len = length,
		.pio = space == VHM_PORTS,
	};
	unsigned long flags;
	bool done;

	if (!in_a_zone(doors, address, length))
		return false;
	memcpy(write.data, &value, sizeof(write.data));
	raw_spin_lock_irqsave(&vm->ring_lock, flags);
	done = append(vm->ring, &write);
	raw_spin_unlock_irqrestore(&vm->ring_lock, flags);
	return done;
}

static int read_zone(const struct kvm_coalesced_mmio_zone __user *user, struct vhm_door *zone,
		     enum vhm_space *space)
{
	struct kvm_coalesced_mmio_zone from;

	if (copy_from_user(&from, user, sizeof(from)))
		return -EFAULT;
	if (from.pio > 1)
		return -EINVAL;
	*space = from.pio ? VHM_PORTS : VHM_MMIO;
	*zone = (struct vhm_door){ .address = from.addr, .size = from.size };
	return 0;
}

/**
 * vhm_register_coalesced() - KVM_REGISTER_COALESCED_MMIO
 * @vm: the VM
 * @user: struct kvm_coalesced_mmio_zone
 *
 * Zones may overlap.
 *
 * Return: 0; -EINVAL: neither MMIO nor ports; -ENOSPC: more than VHM_MAX_ZONES; -EFAULT;
 * -ENOMEM.
 */
long vhm_register_coalesced(struct vhm_vm *vm, const struct kvm_coalesced_mmio_zone __user *user)
{
	const struct vhm_doors *doors;
	enum vhm_space space;
	struct vhm_door zone;
	long err = read_zone(user, &zone, &space);
	u32 zones;

	if (err)
		return err;
	mutex_lock(&vm->lock);
	doors = vhm_doors_locked(vm, space);
	zones = doors ? doors->zones : 0;
	err = zones < VHM_MAX_ZONES ? vhm_door_add(vm, space, &zone, zones) : -ENOSPC;
	mutex_unlock(&vm->lock);
	return err;
}

/* Under vm->lock: one of those that have the whole range in them; -ENOENT: none has. */
static int remove_zone(struct vhm_vm *vm, enum vhm_space space, const struct vhm_door *range)
{
	struct vhm_doors *doors = vhm_doors_locked(vm, space), *old;
	u32 i;

	for (i = 0; doors && i < doors->zones; i++) {
		if (!in_zone(&doors->door[i], range->address, range->size))
			continue;
		old = vhm_door_remove(vm, space, i);
		if (IS_ERR(old))
			return PTR_ERR(old);
		kvfree_rcu(old, rcu);
		return 0;
	}
	return -ENOENT;
}

/**
 * vhm_unregister_coalesced() - KVM_UNREGISTER_COALESCED_MMIO
 * @vm: the VM
 * @user: struct kvm_coalesced_mmio_zone
 *
 * All zones go in which the given one lies as a whole, if any.
 *
 * Return: 0; -EINVAL: neither MMIO nor ports; -EFAULT; -ENOMEM.
 */
long vhm_unregister_coalesced(struct vhm_vm *vm, const struct kvm_coalesced_mmio_zone __user *user)
{
	enum vhm_space space;
	struct vhm_door range;
	int err = read_zone(user, &range, &space);

	if (err)
		return err;
	mutex_lock(&vm->lock);
	do {
		err = remove_zone(vm, space, &range);
	} while (!err);
	mutex_unlock(&vm->lock);
	return err == -ENOENT ? 0 : err;
}

/**
 * vhm_coalesce_init() - a ring for a new VM
 * @vm: the VM
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_coalesce_init(struct vhm_vm *vm)
{
	BUILD_BUG_ON(sizeof(struct kvm_coalesced_mmio_ring) > PAGE_SIZE);
	raw_spin_lock_init(&vm->ring_lock);
	vm->ring = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return vm->ring ? 0 : -ENOMEM;
}

/**
 * vhm_coalesce_free() - the end of a VM's ring
 * @vm: the VM
 */
void vhm_coalesce_free(struct vhm_vm *vm)
{
	free_page((unsigned long)vm->ring);
}
