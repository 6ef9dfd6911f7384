// SPDX-License-Identifier: GPL-2.0
/*
 * The dirty log: which pages of a slot have been written since user space last asked.
 *
 * Pages of a slot that has a log are write-protected in the EPT. The first write is an
 * EPT violation: the page is marked and the right given, both under the EPT's lock. Who
 * reads the log takes the marks away first, then the rights, then has every vCPU leave
 * the guest, and only then tells user space. So each write is either before that, and
 * user space finds what was written, or behind it, and is marked anew.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vhm.h"

/**
 * vhm_log_alloc() - a log for a slot
 * @vm: the VM, its lock held
 * @pages: of the slot
 *
 * Return: the log, with no page marked, or with all if KVM_DIRTY_LOG_INITIALLY_SET was
 * chosen; NULL: no memory.
 */
struct vhm_log *vhm_log_alloc(struct vhm_vm *vm, u64 pages)
{
	u64 words = BITS_TO_LONGS(pages);
	struct vhm_log *log;

	log = kvzalloc(struct_size(log, bits, 2 * words), GFP_KERNEL_ACCOUNT);
	if (!log)
		return NULL;
	log->copy = log->bits + words;
	if (vm->options.manual_log & KVM_DIRTY_LOG_INITIALLY_SET)
		bitmap_set(log->bits, 0, pages);
	return log;
}

/**
 * vhm_log_free() - the end of a log
 * @log: the log, which no slot has any more, or NULL
 */
void vhm_log_free(struct vhm_log *log)
{
	if (log)
		kvfree_rcu(log, rcu);
}

static bool listed_by_cpu(const struct vhm_vm *vm)
{
	return vmx_caps.pml && !vm->options.protect_log;
}

/* From here on a write to one of the pages in the copy is seen. */
static void watch(struct vhm_vm *vm, const struct vhm_slot *slot, u64 first, u64 pages)
{
	vhm_ept_watch(&vm->ept, slot->base + first, slot->log->copy, pages,
		      listed_by_cpu(vm) ? VHM_EPT_DIRTY : VHM_EPT_WRITE);
	vhm_memory_flush(vm);
}

/**
 * vhm_log_begin() - a slot has a log from now on
 * @vm: the VM, its lock held, in an invalidation
 * @slot: the slot as it is now
 *
 * With KVM_DIRTY_LOG_INITIALLY_SET every page is marked and so may be written until user
 * space clears its mark.
 */
void vhm_log_begin(struct vhm_vm *vm, const struct vhm_slot *slot)
{
	if (vm->options.manual_log & KVM_DIRTY_LOG_INITIALLY_SET) {
		vhm_memory_flush(vm);
		return;
	}
	bitmap_fill(slot->log->copy, slot->pages);
	watch(vm, slot, 0, slot->pages);
}

/**
 * vhm_log_count() - keep count of the slots that have a log
 * @vm: the VM, its lock held
 * @old: a slot that is no more, or NULL
 * @new: one that is new, or NULL
 */
void vhm_log_count(struct vhm_vm *vm, const struct vhm_slot *old, const struct vhm_slot *new)
{
	WRITE_ONCE(vm->logs, vm->logs + (new && new->log) - (old && old->log));
	WRITE_ONCE(vm->ept.flags_on, vm->logs && listed_by_cpu(vm));
}

/**
 * vhm_log_written() - mark pages that have been written
 * @vm: the VM
 * @gpa: guest-physical addresses in them
 * @count: how many
 *
 * By the kernel, see vhm_log_write(); or by the guest, as the CPU has listed.
 */
void vhm_log_written(struct vhm_vm *vm, const u64 *gpa, unsigned int count)
{
	const struct vhm_slot *slot = NULL;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < count; i++) {
		u64 frame = gpa[i] >> PAGE_SHIFT;

		if (!slot || frame - slot->base >= slot->pages)
			slot = vhm_slot_of(vm, frame);
		if (slot)
			vhm_log_mark(slot, frame);
	}
	rcu_read_unlock();
}

/**
 * vhm_log_collect() - have what CPUs have listed so far marked
 * @vm: the VM; its vCPUs leave the guest, and empty their lists on their way
 */
void vhm_log_collect(struct vhm_vm *vm)
{
	if (READ_ONCE(vm->ept.flags_on))
		vhm_vcpus_leave_guest(vm);
}

/* Moves the marks to the copy. Returns whether there were any. */
static bool take_marks(struct vhm_log *log, u64 words)
{
	bool any = false;
	u64 i;

	for (i = 0; i < words; i++) {
		log->copy[i] = READ_ONCE(log->bits[i]) ? xchg(&log->bits[i], 0) : 0;
		any |= log->copy[i];
	}
	return any;
}

/* Takes those of the copy away, and leaves there what has been marked. */
static bool clear_marks(struct vhm_log *log, u64 first, u64 words)
{
	atomic_long_t *marks = (atomic_long_t *)log->bits + first;
	bool any = false;
	u64 i;

	for (i = 0; i < words; i++) {
		if (log->copy[i])
			log->copy[i] &= atomic_long_fetch_andnot(log->copy[i], &marks[i]);
		any |= log->copy[i];
	}
	return any;
}

static long get_locked(struct vhm_vm *vm, const struct kvm_dirty_log *get)
{
	const struct vhm_slot *slot = vhm_logged_slot(vm, get->slot);
	const unsigned long *from;
	u64 words;

	if (!slot)
		return -ENOENT;
	words = BITS_TO_LONGS(slot->pages);
	from = slot->log->bits;
	vhm_log_collect(vm);
	if (!vm->options.manual_log) {
		from = slot->log->copy;
		if (take_marks(slot->log, words))
			watch(vm, slot, 0, slot->pages);
	}
	return copy_to_user(get->dirty_bitmap, from, words * sizeof(*from)) ? -EFAULT : 0;
}

/**
 * vhm_get_dirty_log() - KVM_GET_DIRTY_LOG
 * @vm: the VM
 * @get: the slot, and where its bits go
 *
 * Return: 0; -EINVAL: no number of a slot; -ENOENT: no such slot, or it has no log;
 * -EFAULT, and then what had been marked is lost, as on KVM.
 */
long vhm_get_dirty_log(struct vhm_vm *vm, const struct kvm_dirty_log *get)
{
	long err;

	if (get->slot >= VHM_MAX_SLOTS)
		return -EINVAL;
	mutex_lock(&vm->lock);
	err = get_locked(vm, get);
	mutex_unlock(&vm->lock);
	return err;
}

/* A part of a slot begins and ends with a word of the bitmap, or where the slot ends. */
static bool is_part(const struct vhm_slot *slot, const struct kvm_clear_dirty_log *clear)
{
	u64 left;

	if (clear->first_page > slot->pages)
		return false;
	left = slot->pages - clear->first_page;
	return clear->num_pages == left ||
	       (clear->num_pages < left && !(clear->num_pages % BITS_PER_LONG));
}

static long clear_locked(struct vhm_vm *vm, const struct kvm_clear_dirty_log *clear)
{
	const struct vhm_slot *slot = vhm_logged_slot(vm, clear->slot);
	u64 words = BITS_TO_LONGS(clear->num_pages);
	struct vhm_log *log;

	if (!slot)
		return -ENOENT;
	if (!is_part(slot, clear))
		return -EINVAL;
	log = slot->log;
	vhm_log_collect(vm);
	if (copy_from_user(log->copy, clear->dirty_bitmap, words * sizeof(log->copy[0])))
		return -EFAULT;
	/* No page behind the slot's last is ever marked, whatever user space says. */
	if (clear_marks(log, clear->first_page / BITS_PER_LONG, words))
		watch(vm, slot, clear->first_page, clear->num_pages);
	return 0;
}

/**
 * vhm_clear_dirty_log() - KVM_CLEAR_DIRTY_LOG
 * @vm: the VM
 * @clear: the slot, a part of it, and which marks there to take away
 *
 * Return: 0; -EINVAL: no number of a slot, or not a part of it in whole words of the
 * bitmap; -ENOENT: no such slot, or it has no log; -EFAULT.
 */
long vhm_clear_dirty_log(struct vhm_vm *vm, const struct kvm_clear_dirty_log *clear)
{
	long err;

	if (clear->slot >= VHM_MAX_SLOTS || clear->first_page % BITS_PER_LONG)
		return -EINVAL;
	mutex_lock(&vm->lock);
	err = clear_locked(vm, clear);
	mutex_unlock(&vm->lock);
	return err;
}

/**
 * vhm_set_dirty_log() - VHM_SET_DIRTY_LOG
 * @vm: the VM
 * @how: VHM_DIRTY_LOG_*
 *
 * Return: 0; -EINVAL: no such way; -ENXIO: not on this CPU; -EBUSY: a slot has a log.
 */
long vhm_set_dirty_log(struct vhm_vm *vm, unsigned long how)
{
	long err = 0;

	if (how > VHM_DIRTY_LOG_PML)
		return -EINVAL;
	if (how == VHM_DIRTY_LOG_PML && !vmx_caps.pml)
		return -ENXIO;
	mutex_lock(&vm->lock);
	if (vm->logs)
		err = -EBUSY;
	else
		vm->options.protect_log = how == VHM_DIRTY_LOG_PROTECT;
	mutex_unlock(&vm->lock);
	return err;
}
