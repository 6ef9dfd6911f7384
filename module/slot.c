// SPDX-License-Identifier: GPL-2.0
/*
 * Memory slots: where guest-physical memory is in user memory.
 *
 * All slots of a VM are one sorted array that is replaced as a whole. A change is
 * bracketed as an invalidation of the mmu notifier's is, so that a fault that has
 * looked at the slots of before enters nothing behind it.
 */
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhm.h"

/* The slot of a frame; a slot that ends at or before it is skipped by halves. */
static const struct vhm_slot *slot_of_frame(const struct vhm_slots *slots, u64 frame)
{
	unsigned int low = 0, high = slots->count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct vhm_slot *slot = &slots->slot[middle];

		if (frame < slot->base)
			high = middle;
		else if (frame >= slot->base + slot->pages)
			low = middle + 1;
		else
			return slot;
	}
	return NULL;
}

/**
 * vhm_has_slot() - is there memory, or may be?
 * @vm: the VM; in the inner loop
 * @frame: guest frame number
 *
 * Return: whether there is a slot.
 */
bool vhm_has_slot(struct vhm_vm *vm, u64 frame)
{
	return slot_of_frame(rcu_dereference_sched(vm->slots), frame);
}

/**
 * vhm_slot_of() - the slot of a guest frame, to be looked at in place
 * @vm: the VM
 * @frame: guest frame number
 *
 * Return: the slot, which is there until the caller's RCU read side ends, or NULL.
 */
const struct vhm_slot *vhm_slot_of(struct vhm_vm *vm, u64 frame)
{
	return slot_of_frame(rcu_dereference(vm->slots), frame);
}

/**
 * vhm_find_slot() - look a guest frame up
 * @vm: the VM
 * @frame: guest frame number
 * @slot: filled with a copy of its slot
 *
 * Return: whether there is one.
 */
bool vhm_find_slot(struct vhm_vm *vm, u64 frame, struct vhm_slot *slot)
{
	const struct vhm_slot *found;

	rcu_read_lock();
	found = slot_of_frame(rcu_dereference(vm->slots), frame);
	if (found)
		*slot = *found;
	rcu_read_unlock();
	return found;
}

static u64 gpa_limit(void)
{
	return min(VHM_GPA_LIMIT, BIT_ULL(boot_cpu_data.x86_phys_bits));
}

static int check_region(const struct kvm_userspace_memory_region *r)
{
	if (r->flags & ~(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES))
		return -EINVAL;
	if ((r->memory_size | r->guest_phys_addr | r->userspace_addr) & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok((void __user *)r->userspace_addr, r->memory_size))
		return -EINVAL;
	/* The upper half of the slot's number is an address space; there is one. */
	if (r->slot >= VHM_MAX_SLOTS)
		return -EINVAL;
	if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return -EINVAL;
	if (r->memory_size >> PAGE_SHIFT > VHM_MAX_SLOT_PAGES)
		return -EINVAL;
	if (r->memory_size && r->guest_phys_addr + r->memory_size > gpa_limit())
		return -EINVAL;
	return 0;
}

static const struct vhm_slot *slot_by_id(const struct vhm_slots *slots, u32 id)
{
	unsigned int i;

	for (i = 0; i < slots->count; i++)
		if (slots->slot[i].id == id)
			return &slots->slot[i];
	return NULL;
}

static bool overlaps(const struct vhm_slots *slots, const struct vhm_slot *new)
{
	unsigned int i;

	for (i = 0; i < slots->count; i++) {
		const struct vhm_slot *slot = &slots->slot[i];

		if (slot->id != new->id && new->base < slot->base + slot->pages &&
		    slot->base < new->base + new->pages)
			return true;
	}
	return false;
}

/* A copy of @slots without @gone and with @new, each of which may be NULL, by rising base. */
static struct vhm_slots *copy_slots(const struct vhm_slots *slots, const struct vhm_slot *gone,
				    const struct vhm_slot *new)
{
	struct vhm_slots *copy;
	unsigned int i, n = 0;

	copy = kvzalloc(struct_size(copy, slot, slots->count + 1), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return NULL;
	for (i = 0; i < slots->count; i++) {
		const struct vhm_slot *slot = &slots->slot[i];

		if (slot == gone)
			continue;
		if (new && new->base < slot->base) {
			copy->slot[n++] = *new;
			new = NULL;
		}
		copy->slot[n++] = *slot;
	}
	if (new)
		copy->slot[n++] = *new;
	copy->count = n;
	return copy;
}

/* What a change of @old to @new owes, between the two ends of an invalidation. */
static void settle(struct vhm_vm *vm, const struct vhm_slot *old, const struct vhm_slot *new)
{
	if (!old)
		return;
	/* Nothing of it may be reached any more, nor stay allocated for it. */
	if (!new || new->base != old->base)
		vhm_memory_forget(vm, old->base << PAGE_SHIFT,
				  (old->base + old->pages) << PAGE_SHIFT);
	else if (new->log && !old->log)
		vhm_log_begin(vm, new);
	else if (!new->log && old->log)
		vhm_memory_collapse(vm, new);
}

/* Under vm->lock. */
static int replace_slots(struct vhm_vm *vm, struct vhm_slots *slots, const struct vhm_slot *old,
			 const struct vhm_slot *new)
{
	struct vhm_slots *copy = copy_slots(slots, old, new);

	if (!copy)
		return -ENOMEM;
	vhm_begin_invalidation(&vm->ept);
	/* Lists are of addresses in the slots of before. */
	vhm_log_collect(vm);
	rcu_assign_pointer(vm->slots, copy);
	vhm_log_count(vm, old, new);
	settle(vm, old, new);
	vhm_end_invalidation(vm);
	kvfree_rcu(slots, rcu);
	return 0;
}

static int delete_slot(struct vhm_vm *vm, struct vhm_slots *slots, const struct vhm_slot *old)
{
	struct vhm_log *log = old->log;
	int err = replace_slots(vm, slots, old, NULL);

	if (!err)
		vhm_log_free(log);
	return err;
}

/* With the log that @new shall have: that of @old, one of its own, or none. */
static int put_slot(struct vhm_vm *vm, struct vhm_slots *slots, const struct vhm_slot *old,
		    struct vhm_slot *new)
{
	struct vhm_log *before = old ? old->log : NULL;
	int err;

	if (new->flags & KVM_MEM_LOG_DIRTY_PAGES) {
		new->log = before ? before : vhm_log_alloc(vm, new->pages);
		if (!new->log)
			return -ENOMEM;
	}
	err = replace_slots(vm, slots, old, new);
	if (err && new->log != before)
		vhm_log_free(new->log);
	else if (!err && new->log != before)
		vhm_log_free(before);
	return err;
}

static int set_region_locked(struct vhm_vm *vm, const struct kvm_userspace_memory_region *r)
{
	struct vhm_slots *slots = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->lock));
	const struct vhm_slot *old = slot_by_id(slots, r->slot);
	struct vhm_slot new = {
		.base = r->guest_phys_addr >> PAGE_SHIFT,
		.pages = r->memory_size >> PAGE_SHIFT,
		.address = r->userspace_addr,
		.flags = r->flags,
		.id = r->slot,
		.level = vhm_slot_level(r->guest_phys_addr >> PAGE_SHIFT, r->userspace_addr,
					vmx_caps.ept_level),
	};

	if (!new.pages)
		return old ? delete_slot(vm, slots, old) : -EINVAL;
	if (old) {
		/* A slot may move, and its log may begin and end; all else stays. */
		if (new.address != old->address || new.pages != old->pages ||
		    (new.flags ^ old->flags) & KVM_MEM_READONLY)
			return -EINVAL;
		if (new.base == old->base && new.flags == old->flags)
			return 0;
	}
	if (overlaps(slots, &new))
		return -EEXIST;
	return put_slot(vm, slots, old, &new);
}

/**
 * vhm_logged_slot() - the slot that KVM_GET_DIRTY_LOG and its like are about
 * @vm: the VM, its lock held
 * @id: the slot's number
 *
 * Return: the slot, constant while the lock is held, or NULL: none, or it has no log.
 */
const struct vhm_slot *vhm_logged_slot(struct vhm_vm *vm, u32 id)
{
	struct vhm_slots *slots = rcu_dereference_protected(vm->slots, lockdep_is_held(&vm->lock));
	const struct vhm_slot *slot = slot_by_id(slots, id);

	return slot && slot->log ? slot : NULL;
}

/**
 * vhm_slots_free() - the end of a VM's slots
 * @vm: the VM; no vCPU is left, but a notifier callback may be under way
 */
void vhm_slots_free(struct vhm_vm *vm)
{
	struct vhm_slots *slots = rcu_replace_pointer(vm->slots, NULL, true);
	unsigned int i;

	for (i = 0; i < slots->count; i++)
		vhm_log_free(slots->slot[i].log);
	kvfree_rcu(slots, rcu);
}

/**
 * vhm_set_memory_region() - KVM_SET_USER_MEMORY_REGION
 * @vm: the VM
 * @region: slot to create, move or (with size 0) delete
 *
 * Return: 0; -EINVAL: not aligned, not user memory, no such slot, an unknown
 * flag, or a change that is not allowed; -EEXIST: overlaps another slot; -ENOMEM.
 */
int vhm_set_memory_region(struct vhm_vm *vm, const struct kvm_userspace_memory_region *region)
{
	int err = check_region(region);

	if (err)
		return err;
	mutex_lock(&vm->lock);
	err = set_region_locked(vm, region);
	mutex_unlock(&vm->lock);
	return err;
}
