// SPDX-License-Identifier: GPL-2.0
/*
 * The exit ring: a vCPU's last exits, in memory that observers map and cannot
 * write. The vCPU's thread is the only writer and never waits for a reader: a
 * record that nobody has fetched in time is written over.
 *
 * A record is begun in its place when the guest leaves and ended when it is
 * entered again; only then does head count it (ring.h):
 *
 *	writer (record n)			reader (record i)
 *	-----------------			-----------------
 *	the exit's fields into n % exits	h = head			(acquire)
 *	the entry's fields			i < h: copy i % exits
 *	head = n + 1		(release)	barrier
 *	barrier					head - i < exits? it is whole
 *	the next exit's fields ...		else: it was written over
 *
 * Whoever sees a byte of record i + exits in that place also sees a head of at
 * least i + exits, because the writer's stores and the reader's loads keep
 * their order.
 *
 * A ring is started through an observer and lives as long as one that has
 * started it. The vCPU's thread takes it up when it has disabled IRQs in the
 * inner loop (vhm_ring_arrive()) and lays it down before it enables them, so
 * vhm_vcpus_leave_guest() waits for it:
 *
 *	the last observer goes			the vCPU's thread
 *	----------------------			-----------------
 *	v->ring = NULL				IRQs off, running_cpu = this one
 *	barrier					barrier
 *	running_cpu >= 0? interrupt it,		v->ring? take it up
 *	  and wait until it has been taken	...
 *	free it					lay it down, IRQs on
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/traps.h>
#include <asm/tsc.h>

#include "compat.h"
#include "ring.h"

#define RECORDS_IN_PAGE	(PAGE_SIZE / sizeof(struct vhm_exit_record))

/* A vCPU's part of the observer's mapping, in pages: VHM_EXIT_RING_OFFSET(). */
#define PART_SHIFT	(VHM_EXIT_RING_SHIFT - PAGE_SHIFT)
#define PART_PAGES	BIT(PART_SHIFT)

static_assert(!(PAGE_SIZE % sizeof(struct vhm_exit_record)));
static_assert(1 + VHM_EXIT_RING_MOST / RECORDS_IN_PAGE <= PART_PAGES);
static_assert(sizeof(struct vhm_exit_ring) <= PAGE_SIZE);
static_assert(VHM_EXIT_RING_RECORDS == PAGE_SIZE);

/**
 * struct vhm_ring - the kernel's side of a ring
 * @hand: where its writer is; the vCPU has it while it runs
 * @exits: room for so many; a power of two
 * @holders: observers that have started it; [l]
 * @pages: how many
 * @page: they: the first one, then records
 */
struct vhm_ring {
	struct vhm_ring_hand hand;
	u32 exits;
	unsigned int holders;
	unsigned int pages;
	void *page[];
};

/**
 * vhm_ring_next_page() - a page of records is full
 * @v: the vCPU, which has a ring in its hand
 *
 * Return: the place of the next record.
 */
struct vhm_exit_record *vhm_ring_next_page(struct vhm_vcpu *v)
{
	struct vhm_ring *ring = v->ring;
	u64 place = v->hand.head->head & (ring->exits - 1);

	return ring->page[1 + place / RECORDS_IN_PAGE];
}

/**
 * vhm_exception_qualification() - the exit qualification of an exception or NMI
 *
 * Return: what #DB and #PF have; 0 for all others.
 */
u64 vhm_exception_qualification(void)
{
	u32 info = vmcs_read32(VM_EXIT_INTR_INFO) &
		   (INTR_INFO_INTR_TYPE_MASK | INTR_INFO_VECTOR_MASK);

	if (info != (INTR_TYPE_HARD_EXCEPTION | X86_TRAP_DB) &&
	    info != (INTR_TYPE_PRIV_SW_EXCEPTION | X86_TRAP_DB) &&
	    info != (INTR_TYPE_HARD_EXCEPTION | X86_TRAP_PF))
		return 0;
	return vmcs_readl(EXIT_QUALIFICATION);
}

/**
 * vhm_ring_arrive() - take a ring up, if there is one
 * @v: the vCPU; IRQs are off in the inner loop, running_cpu is set
 */
void vhm_ring_arrive(struct vhm_vcpu *v)
{
	struct vhm_ring *ring = READ_ONCE(v->ring);

	if (likely(!ring)) {
		v->hand = (struct vhm_ring_hand){};
		v->timing &= ~VHM_TIMING_RING;
		return;
	}
	v->hand = ring->hand;
	if (!v->hand.head->head)
		v->hand.head->first = v->stats.exits - !!v->hand.open;
	v->timing |= VHM_TIMING_RING;
}

/**
 * vhm_ring_depart() - lay it down
 * @v: the vCPU; IRQs are still off
 */
void vhm_ring_depart(struct vhm_vcpu *v)
{
	/* Seen by vhm_ring_arrive() with the IRQs off all along: it is the same one. */
	if (v->hand.head && READ_ONCE(v->ring))
		v->ring->hand = v->hand;
	v->hand = (struct vhm_ring_hand){};
}

/**
 * vhm_ring_outside() - the inner loop begins: the last exit was not done with inside
 * @v: the vCPU, behind vhm_ring_arrive()
 */
void vhm_ring_outside(struct vhm_vcpu *v)
{
	struct vhm_exit_record *record = v->hand.open;

	if (record) {
		if (v->user_ticks)
			record->handled = VHM_EXIT_IN_USER;
		else if (record->handled == VHM_EXIT_IN_LOOP)
			record->handled = VHM_EXIT_IN_KERNEL;
		record->user_ticks += v->user_ticks;
	}
	v->user_ticks = 0;
}

/**
 * vhm_ring_end() - the vCPU can never run again: so its last record says
 * @v: the vCPU, whose file has been closed
 */
void vhm_ring_end(struct vhm_vcpu *v)
{
	struct vhm_exit_record *record;
	struct vhm_exit_ring *head;

	mutex_lock(&v->vm->lock);
	if (v->ring) {
		head = v->ring->hand.head;
		record = v->ring->hand.open;
		if (record) {
			record->handled = VHM_EXIT_IN_USER;
			record->entry_tsc = 0;
			/* As in vhm_ring_entry(): the number comes behind what it counts. */
			smp_store_release(&head->head, head->head + 1);
		}
		/* Whoever sees that it has ended sees all of it. */
		smp_store_release(&head->flags, VHM_EXIT_RING_ENDED);
	}
	mutex_unlock(&v->vm->lock);
}

static void ring_free(struct vhm_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->pages; i++)
		free_page((unsigned long)ring->page[i]);
	kvfree(ring);
}

static struct vhm_ring *ring_alloc(struct vhm_vcpu *v, u32 exits)
{
	unsigned int pages = 1 + exits / RECORDS_IN_PAGE;
	struct vhm_ring *ring;

	ring = kvzalloc(struct_size(ring, page, pages), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return NULL;
	while (ring->pages < pages) {
		ring->page[ring->pages] = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!ring->page[ring->pages]) {
			ring_free(ring);
			return NULL;
		}
		ring->pages++;
	}
	ring->exits = exits;
	ring->hand.head = ring->page[0];
	ring->hand.next = ring->page[1];
	ring->hand.head->exits = exits;
	ring->hand.head->vcpu = v->id;
	ring->hand.head->tsc_khz = tsc_khz;
	return ring;
}

/* Under vm->lock, for one more observer; @fresh is used when there is none yet. */
static int hold(struct vhm_vcpu *v, struct vhm_ring **fresh)
{
	/* Pairs with vhm_ring_end(), which comes behind the mark and finds the ring. */
	if (READ_ONCE(v->closed))
		return -ENODEV;
	if (!v->ring) {
		/* The vCPU's thread sees a whole ring. */
		smp_store_release(&v->ring, *fresh);
		*fresh = NULL;
	}
	v->ring->holders++;
	return 0;
}

static int hold_once(struct vhm_vm *vm, unsigned int index, unsigned long *held,
		     struct vhm_start_exit_ring *start)
{
	struct vhm_vcpu *v = vm->vcpu[index];
	struct vhm_ring *fresh = NULL;
	int err = 0;

	if (!READ_ONCE(v->ring)) {
		fresh = ring_alloc(v, start->exits);
		if (!fresh)
			return -ENOMEM;
	}
	mutex_lock(&vm->lock);
	if (!test_bit(index, held)) {
		/* Another observer's may have gone meanwhile. */
		err = v->ring || fresh ? hold(v, &fresh) : -EAGAIN;
		if (!err)
			__set_bit(index, held);
	}
	if (!err) {
		start->exits = v->ring->exits;
		start->size = v->ring->pages * PAGE_SIZE;
	}
	mutex_unlock(&vm->lock);
	if (fresh)
		ring_free(fresh);
	return err;
}

static int check_start(const struct vhm_start_exit_ring *start)
{
	if (start->flags || start->pad || start->offset || start->size ||
	    memchr_inv(start->reserved, 0, sizeof(start->reserved)))
		return -EINVAL;
	if (start->exits < VHM_EXIT_RING_LEAST || start->exits > VHM_EXIT_RING_MOST ||
	    start->exits & (start->exits - 1))
		return -EINVAL;
	return 0;
}

static int find_index(struct vhm_vm *vm, u32 id)
{
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	for (i = 0; i < count; i++)
		if (vm->vcpu[i]->id == id)
			return i;
	return -ENOENT;
}

/**
 * vhm_ring_start() - VHM_START_EXIT_RING on an observer
 * @vm: the VM
 * @held: the observer's: whose rings it has started, by index
 * @argp: struct vhm_start_exit_ring
 *
 * Return: 0; -EFAULT; -EINVAL: a field that must be 0 is not, or a number of exits that cannot be;
 * -ENOENT: no such vCPU; -ENODEV: it has ended; -ENOMEM.
 */
long vhm_ring_start(struct vhm_vm *vm, unsigned long *held, void __user *argp)
{
	struct vhm_start_exit_ring start;
	int index, err;

	if (copy_from_user(&start, argp, sizeof(start)))
		return -EFAULT;
	err = check_start(&start);
	if (err)
		return err;
	index = find_index(vm, start.vcpu);
	if (index < 0)
		return index;
	do {
		err = hold_once(vm, index, held, &start);
	} while (err == -EAGAIN);
	if (err)
		return err;
	start.offset = VHM_EXIT_RING_OFFSET(start.vcpu);
	return copy_to_user(argp, &start, sizeof(start)) ? -EFAULT : 0;
}

/**
 * vhm_ring_release() - an observer goes: so do the rings that only it has started
 * @vm: the VM
 * @held: the observer's
 */
void vhm_ring_release(struct vhm_vm *vm, unsigned long *held)
{
	struct vhm_ring *gone;
	unsigned int i;

	for_each_set_bit(i, held, VHM_MAX_VCPUS) {
		mutex_lock(&vm->lock);
		gone = --vm->vcpu[i]->ring->holders ? NULL : vm->vcpu[i]->ring;
		if (gone)
			WRITE_ONCE(vm->vcpu[i]->ring, NULL);
		mutex_unlock(&vm->lock);
		if (!gone)
			continue;
		/* The vCPU's thread has it only with IRQs off. */
		vhm_vcpus_leave_guest(vm);
		ring_free(gone);
	}
}

static vm_fault_t ring_fault(struct vm_fault *fault)
{
	struct vhm_ring *ring = fault->vma->vm_private_data;
	pgoff_t page = fault->pgoff & (PART_PAGES - 1);

	if (page >= ring->pages)
		return VM_FAULT_SIGBUS;
	fault->page = virt_to_page(ring->page[page]);
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct ring_vm_ops = {
	.fault = ring_fault,
};

/**
 * vhm_ring_mmap() - map a ring that this observer has started
 * @vm: the VM
 * @held: the observer's
 * @vma: at VHM_EXIT_RING_OFFSET() of the vCPU; the observer's file outlives it
 *
 * Return: 0; -ENOENT: no such vCPU; -ENODATA: its ring has not been started here; -EINVAL: not
 * shared, or longer than the ring; -EPERM: not read-only.
 */
int vhm_ring_mmap(struct vhm_vm *vm, unsigned long *held, struct vm_area_struct *vma)
{
	int index = find_index(vm, vma->vm_pgoff >> PART_SHIFT);
	struct vhm_ring *ring;
	bool started;

	if (index < 0)
		return index;
	mutex_lock(&vm->lock);
	ring = vm->vcpu[index]->ring;
	started = test_bit(index, held);
	mutex_unlock(&vm->lock);
	if (!started)
		return -ENODATA;
	if (!(vma->vm_flags & VM_MAYSHARE) ||
	    (vma->vm_pgoff & (PART_PAGES - 1)) + vma_pages(vma) > ring->pages)
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	vhm_change_vm_flags(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_private_data = ring;
	vma->vm_ops = &ring_vm_ops;
	return 0;
}
