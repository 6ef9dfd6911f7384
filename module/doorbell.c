// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells: a write of the guest's that does no more than to signal an eventfd
 * (KVM_IOEVENTFD), and the tables in which writes are looked up.
 *
 * A VM that has none pays one branch. A write is looked up in the inner loop, with IRQs
 * off; who takes a door away waits until nobody can be there any more.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "doorbell.h"
#include "vhm.h"

/* Where the doorbells of this address and those behind it begin. */
static u32 first_bell(const struct vhm_doors *doors, u64 address)
{
	u32 low = doors->zones, high = doors->count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (doors->door[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool rings(const struct vhm_door *d, unsigned int length, u64 value)
{
	if (!d->size)
		return true;
	return d->size == length && (d->any || d->match == value);
}

static __always_inline const struct vhm_door *find_bell(const struct vhm_doors *doors,
							u64 address, unsigned int length,
							u64 value)
{
	u32 i;

	for (i = first_bell(doors, address); i < doors->count; i++) {
		const struct vhm_door *d = &doors->door[i];

		if (d->address != address)
			break;
		if (rings(d, length, value))
			return d;
	}
	return NULL;
}

/**
 * vhm_doors_ring() - ring a doorbell that asks for no length
 * @v: the vCPU; in the inner loop
 * @gpa: where its guest writes
 *
 * Return: whether there is one, and no memory.
 */
bool vhm_doors_ring(struct vhm_vcpu *v, u64 gpa)
{
	const struct vhm_doors *doors = rcu_dereference_sched(v->vm->doors[VHM_MMIO]);
	const struct vhm_door *bell;

	if (!doors)
		return false;
	bell = find_bell(doors, gpa, 0, 0);
	if (!bell || vhm_has_slot(v->vm, gpa >> PAGE_SHIFT))
		return false;
	vhm_eventfd_signal(bell->event);
	return true;
}

/**
 * vhm_doors_write() - a write that is not to memory: does it end here?
 * @v: the vCPU; in the inner loop, or under rcu_read_lock_sched()
 * @space: where
 * @address: port or guest-physical address
 * @length: 1 to 8 bytes
 * @value: what is written, zero-extended
 *
 * What it causes may be a request that the caller has to look at.
 *
 * Return: true if it has rung a doorbell, or is in the ring; false: user space's.
 */
bool vhm_doors_write(struct vhm_vcpu *v, enum vhm_space space, u64 address,
		     unsigned int length, u64 value)
{
	const struct vhm_doors *doors = rcu_dereference_sched(v->vm->doors[space]);
	const struct vhm_door *bell;

	if (!doors)
		return false;
	bell = find_bell(doors, address, length, value);
	if (likely(bell)) {
		vhm_eventfd_signal(bell->event);
		return true;
	}
	return doors->zones && vhm_coalesce(v->vm, doors, space, address, length, value);
}

/**
 * vhm_doors_write_slow() - the same, where it may sleep
 * @v: the vCPU
 * @space: where
 * @address: port or guest-physical address
 * @length: 1 to 8 bytes
 * @value: what is written, zero-extended
 *
 * Return: as vhm_doors_write().
 */
bool vhm_doors_write_slow(struct vhm_vcpu *v, enum vhm_space space, u64 address,
			  unsigned int length, u64 value)
{
	bool taken;

	rcu_read_lock_sched();
	taken = vhm_doors_write(v, space, address, length, value);
	rcu_read_unlock_sched();
	return taken;
}

/**
 * vhm_doors_locked() - the doors, to be changed
 * @vm: the VM, its lock held
 * @space: whose
 *
 * Return: they, or NULL.
 */
struct vhm_doors *vhm_doors_locked(struct vhm_vm *vm, enum vhm_space space)
{
	return rcu_dereference_protected(vm->doors[space], lockdep_is_held(&vm->lock));
}

/**
 * vhm_door_add() - one more
 * @vm: the VM, its lock held
 * @space: where
 * @door: it
 * @at: its place among them
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_door_add(struct vhm_vm *vm, enum vhm_space space, const struct vhm_door *door, u32 at)
{
	struct vhm_doors *old = vhm_doors_locked(vm, space), *new;
	u32 count = old ? old->count : 0;

	new = kvmalloc(struct_size(new, door, count + 1), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->count = count + 1;
	new->zones = (old ? old->zones : 0) + !door->event;
	if (old) {
		memcpy(new->door, old->door, at * sizeof(*door));
		memcpy(new->door + at + 1, old->door + at, (count - at) * sizeof(*door));
	}
	new->door[at] = *door;
	rcu_assign_pointer(vm->doors[space], new);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/**
 * vhm_door_remove() - one less
 * @vm: the VM, its lock held
 * @space: where
 * @at: its place among them
 *
 * Return: the table of before, which the caller frees when nobody can look at it any
 * more; or an error pointer, -ENOMEM.
 */
struct vhm_doors *vhm_door_remove(struct vhm_vm *vm, enum vhm_space space, u32 at)
{
	struct vhm_doors *old = vhm_doors_locked(vm, space), *new = NULL;
	u32 left = old->count - 1;

	if (left) {
		new = kvmalloc(struct_size(new, door, left), GFP_KERNEL_ACCOUNT);
		if (!new)
			return ERR_PTR(-ENOMEM);
		new->count = left;
		new->zones = old->zones - !old->door[at].event;
		memcpy(new->door, old->door, at * sizeof(new->door[0]));
		memcpy(new->door + at, old->door + at + 1, (left - at) * sizeof(new->door[0]));
	}
	rcu_assign_pointer(vm->doors[space], new);
	return old;
}

/* Two doorbells that one write would ring. */
static bool collides(const struct vhm_doors *doors, const struct vhm_door *new)
{
	u32 i;

	for (i = first_bell(doors, new->address); i < doors->count; i++) {
		const struct vhm_door *d = &doors->door[i];

		if (d->address != new->address)
			break;
		if (!d->size || !new->size ||
		    (d->size == new->size && (d->any || new->any || d->match == new->match)))
			return true;
	}
	return false;
}

/* Under vm->lock. */
static long add_bell(struct vhm_vm *vm, enum vhm_space space, const struct vhm_door *bell)
{
	const struct vhm_doors *doors = vhm_doors_locked(vm, space);

	if (!doors)
		return vhm_door_add(vm, space, bell, 0);
	if (collides(doors, bell))
		return -EEXIST;
	if (doors->count - doors->zones >= VHM_MAX_BELLS)
		return -ENOSPC;
	return vhm_door_add(vm, space, bell, first_bell(doors, bell->address));
}

static long assign(struct vhm_vm *vm, enum vhm_space space, struct vhm_door *bell)
{
	long err;

	mutex_lock(&vm->lock);
	err = add_bell(vm, space, bell);
	mutex_unlock(&vm->lock);
	if (err)
		eventfd_ctx_put(bell->event);
	return err;
}

/* Under vm->lock. */
static struct vhm_doors *remove_bell(struct vhm_vm *vm, enum vhm_space space,
				     const struct vhm_door *bell)
{
	const struct vhm_doors *doors = vhm_doors_locked(vm, space);
	u32 i;

	if (!doors)
		return ERR_PTR(-ENOENT);
	for (i = first_bell(doors, bell->address); i < doors->count; i++) {
		const struct vhm_door *d = &doors->door[i];

		if (d->address != bell->address)
			break;
		if (d->event == bell->event && d->size == bell->size && d->any == bell->any &&
		    (d->any || d->match == bell->match))
			return vhm_door_remove(vm, space, i);
	}
	return ERR_PTR(-ENOENT);
}

static long deassign(struct vhm_vm *vm, enum vhm_space space, struct vhm_door *bell)
{
	struct vhm_doors *old;

	mutex_lock(&vm->lock);
	old = remove_bell(vm, space, bell);
	mutex_unlock(&vm->lock);
	if (!IS_ERR(old)) {
		/* Behind this nobody rings it. */
		synchronize_rcu();
		kvfree(old);
		eventfd_ctx_put(bell->event);
	}
	eventfd_ctx_put(bell->event);
	return PTR_ERR_OR_ZERO(old);
}

static long check(const struct kvm_ioeventfd *args)
{
	const u32 known = KVM_IOEVENTFD_FLAG_DATAMATCH | KVM_IOEVENTFD_FLAG_PIO |
			  KVM_IOEVENTFD_FLAG_DEASSIGN;

	switch (args->len) {
	case 0:
		if (args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH)
			return -EINVAL;
		break;
	case 1:
	case 2:
	case 4:
	case 8:
		break;
	default:
		return -EINVAL;
	}
	if (args->addr + args->len < args->addr || args->flags & ~known)
		return -EINVAL;
	return 0;
}

/**
 * vhm_ioeventfd() - KVM_IOEVENTFD
 * @vm: the VM
 * @user: struct kvm_ioeventfd
 *
 * KVM lets a doorbell of another architecture's bus be made, which nobody could ring.
 *
 * Return: 0; -EINVAL: a length, a range that wraps, a flag, a value to match without a
 * length, a file that is no eventfd; -EEXIST: one write would ring two; -ENOENT: none
 * such to take away; -ENOSPC: more than VHM_MAX_BELLS; -ENOTTY: not on this kernel;
 * -EBADF; -EFAULT; -ENOMEM.
 */
long vhm_ioeventfd(struct vhm_vm *vm, const struct kvm_ioeventfd __user *user)
{
	struct kvm_ioeventfd args;
	struct vhm_door bell = {};
	enum vhm_space space;
	long err;

	if (!VHM_CAN_SIGNAL)
		return -ENOTTY;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	space = args.flags & KVM_IOEVENTFD_FLAG_PIO ? VHM_PORTS : VHM_MMIO;
	if (!(args.flags & KVM_IOEVENTFD_FLAG_DEASSIGN)) {
		err = check(&args);
		if (err)
			return err;
	}
	bell.address = args.addr;
	bell.size = args.len;
	bell.any = !(args.flags & KVM_IOEVENTFD_FLAG_DATAMATCH);
	bell.match = bell.any ? 0 : args.datamatch;
	bell.event = eventfd_ctx_fdget(args.fd);
	if (IS_ERR(bell.event))
		return PTR_ERR(bell.event);
	return args.flags & KVM_IOEVENTFD_FLAG_DEASSIGN ? deassign(vm, space, &bell) :
							   assign(vm, space, &bell);
}

/**
 * vhm_doors_free() - the end of a VM's doors
 * @vm: the VM; nobody uses it any more
 */
void vhm_doors_free(struct vhm_vm *vm)
{
	struct vhm_doors *doors;
	unsigned int space;
	u32 i;

	for (space = 0; space < VHM_SPACES; space++) {
		doors = rcu_dereference_protected(vm->doors[space], true);
		for (i = 0; doors && i < doors->count; i++)
			if (doors->door[i].event)
				eventfd_ctx_put(doors->door[i].event);
		kvfree(doors);
	}
}
