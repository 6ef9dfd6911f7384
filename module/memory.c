// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory: the kernel's own accesses, the fault that maps a page, the notifier
 * that takes it away.
 *
 * A page is found by get_user_pages when the guest first touches it, entered in
 * the EPT, and let go at once: from then on the mmu notifier's word keeps the
 * entry right. A fault that races an invalidation finds it under way, or finds
 * that the sequence has moved on since it began, and starts again.
 */
#include <linux/cpu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <asm/io.h>

#include "compat.h"
#include "trace.h"
#include "vhm.h"

struct vhm_notifier {
	struct mmu_notifier mn;
};

/* The ops are the VM's own, so they lead back to it from the first callback on. */
static struct vhm_vm *notifier_vm(const struct mmu_notifier *mn)
{
	return container_of(mn->ops, struct vhm_vm, notifier_ops);
}

/* The user address of a byte of guest memory, or 0. */
static unsigned long user_address(struct vhm_vm *vm, u64 gpa, bool write)
{
	struct vhm_slot slot;

	if (!vhm_find_slot(vm, gpa >> PAGE_SHIFT, &slot) ||
	    (write && slot.flags & KVM_MEM_READONLY))
		return 0;
	return slot.address + (gpa - (slot.base << PAGE_SHIFT));
}

/**
 * vhm_read_guest_words() - read aligned words of guest memory, or one of its instructions
 * @vm: the VM of the current process
 * @gpa: guest-physical address
 * @words: to fill
 * @count: how many words of 8 bytes, all in one page
 *
 * What vhm_read_guest() does, without the price of a size that is not known.
 *
 * Return: 0; -ENXIO: no slot there; -EIO: the memory behind it is not there.
 */
int vhm_read_guest_words(struct vhm_vm *vm, u64 gpa, u64 *words, unsigned int count)
{
	const u64 __user *from = (const u64 __user *)user_address(vm, gpa, false);
	unsigned int i;

	if (!from)
		return -ENXIO;
	if (!user_read_access_begin(from, count * sizeof(*from)))
		return -EIO;
	for (i = 0; i < count; i++)
		unsafe_get_user(words[i], from + i, failed);
	user_read_access_end();
	return 0;
failed:
	user_read_access_end();
	return -EIO;
}

/**
 * vhm_read_guest() - read guest memory inside one page
 * @vm: the VM of the current process
 * @gpa: guest-physical address
 * @data: to fill
 * @size: bytes
 *
 * Return: 0; -ENXIO: no slot there; -EIO: the memory behind it is not there.
 */
int vhm_read_guest(struct vhm_vm *vm, u64 gpa, void *data, unsigned int size)
{
	unsigned long address = user_address(vm, gpa, false);

	if (!address)
		return -ENXIO;
	return copy_from_user(data, (void __user *)address, size) ? -EIO : 0;
}

/**
 * vhm_write_guest() - write guest memory inside one page
 * @vm: the VM of the current process
 * @gpa: guest-physical address
 * @data: what to write
 * @size: bytes
 *
 * Return: 0; -ENXIO: no writable slot there; -EIO: the memory is not there.
 */
int vhm_write_guest(struct vhm_vm *vm, u64 gpa, const void *data, unsigned int size)
{
	unsigned long address = user_address(vm, gpa, true);

	if (!address)
		return -ENXIO;
	if (copy_to_user((void __user *)address, data, size))
		return -EIO;
	vhm_log_write(vm, gpa);
	return 0;
}

/**
 * vhm_cmpxchg_guest() - change a naturally aligned word of guest memory if it is what it was
 * @vm: the VM of the current process
 * @gpa: guest-physical address
 * @old: the value it should have
 * @new: the value it gets
 * @size: 4 or 8 bytes
 *
 * Return: 0; -EAGAIN: it was something else; -ENXIO, -EIO as above.
 */
int vhm_cmpxchg_guest(struct vhm_vm *vm, u64 gpa, u64 old, u64 new, unsigned int size)
{
	unsigned long address = user_address(vm, gpa, true);
	u32 old32 = old;
	bool done;

	if (!address)
		return -ENXIO;
	if (!user_access_begin((void __user *)address, size))
		return -EIO;
	if (size == sizeof(u64))
		done = unsafe_try_cmpxchg_user((u64 __user *)address, &old, new, failed);
	else
		done = unsafe_try_cmpxchg_user((u32 __user *)address, &old32, (u32)new, failed);
	user_access_end();
	if (!done)
		return -EAGAIN;
	vhm_log_write(vm, gpa);
	return 0;
failed:
	user_access_end();
	return -EIO;
}

/**
 * vhm_memory_cache_fill() - EPT table pages for the next fault
 * @v: the vCPU; may sleep
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_memory_cache_fill(struct vhm_vcpu *v)
{
	struct page *page;

	while (v->ept_cached < VHM_EPT_CACHE) {
		page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!page)
			return v->ept_cached >= VHM_EPT_LEVELS - 1 ? 0 : -ENOMEM;
		v->ept_cache[v->ept_cached++] = page;
	}
	return 0;
}

/**
 * vhm_memory_cache_free() - give back what vhm_memory_cache_fill() took
 * @v: the vCPU
 */
void vhm_memory_cache_free(struct vhm_vcpu *v)
{
	while (v->ept_cached)
		__free_page(v->ept_cache[--v->ept_cached]);
}

/* Under the lock: nothing that was looked up while @sequence was current has gone since. */
static bool is_current(const struct vhm_ept *ept, unsigned long sequence)
{
	return !ept->invalidating && ept->sequence == sequence && ept->root;
}

/*
 * The level at which the host maps a user address. IRQs are off, so that no table goes away
 * beneath the walk; each entry is read once, because it may become another meanwhile.
 */
static int host_level(struct mm_struct *mm, unsigned long address)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, address));
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	if (pgd_none(pgd))
		return 1;
	p4d = READ_ONCE(*p4d_offset(&pgd, address));
	if (p4d_none(p4d) || !p4d_present(p4d))
		return 1;
	pud = READ_ONCE(*pud_offset(&p4d, address));
	if (pud_none(pud) || !pud_present(pud))
		return 1;
	if (pud_leaf(pud))
		return 3;
	pmd = READ_ONCE(*pmd_offset(&pud, address));
	return pmd_present(pmd) && pmd_leaf(pmd) ? 2 : 1;
}

/* Of the leaf for the page that the fault at hand has found; nobody takes it away. */
static int fault_level(const struct vhm_vcpu *v, const struct vhm_slot *slot, struct page *page)
{
	u64 frame = v->fault_gpa >> PAGE_SHIFT;
	unsigned long address;

	/* A log is of small pages; and code of some CPUs' guests is, see architecture.rst. */
	if (slot->level == 1 || slot->log || !PageCompound(page))
		return 1;
	if (v->fault_access & EPT_VIOLATION_ACC_INSTR && !v->vm->ept.execute_large)
		return 1;
	address = slot->address + ((frame - slot->base) << PAGE_SHIFT);
	return vhm_leaf_level(frame, slot->base, slot->pages, slot->level,
			      host_level(v->vm->mm, address));
}

/*
 * Enter a page that was found while @sequence was current, and let go of it.
 * False if an invalidation has come between, or is under way.
 */
static bool install(struct vhm_vcpu *v, const struct vhm_slot *slot, struct page *page,
		    bool writable, unsigned long sequence)
{
	u64 gpa = v->fault_gpa & PAGE_MASK;
	u64 rights = VHM_EPT_READ | VHM_EPT_EXECUTE | (writable ? VHM_EPT_WRITE : 0);
	bool marks = writable && (!slot->log || v->fault_access & EPT_VIOLATION_ACC_WRITE);
	struct vhm_ept *ept = &v->vm->ept;
	unsigned long flags;
	bool current_still;

	raw_spin_lock_irqsave(&ept->lock, flags);
	current_still = is_current(ept, sequence);
	if (current_still) {
		if (marks) {
			vhm_log_mark(slot, gpa >> PAGE_SHIFT);
			rights |= VHM_EPT_DIRTY;
		}
		/* A change of page is the notifier's affair; should one slip by, none keeps it. */
		if (vhm_ept_map(ept, gpa, page_to_phys(page), rights,
				fault_level(v, slot, page), v->ept_cache, &v->ept_cached))
			atomic64_inc(&ept->generation);
		v->stats.pf_fixed++;
	}
	raw_spin_unlock_irqrestore(&ept->lock, flags);
	put_page(page);
	return current_still;
}

/*
 * A write to a page that the guest might write but for the log: it is noted there, and
 * the right given back. False if that is not what is amiss.
 */
static bool give_back(struct vhm_vcpu *v, const struct vhm_slot *slot, unsigned long sequence)
{
	struct vhm_ept *ept = &v->vm->ept;
	unsigned long flags;
	bool done;

	raw_spin_lock_irqsave(&ept->lock, flags);
	done = is_current(ept, sequence) && vhm_ept_unprotect(ept, v->fault_gpa);
	if (done) {
		vhm_log_mark(slot, v->fault_gpa >> PAGE_SHIFT);
		v->stats.pf_fixed++;
		v->stats.pf_fast++;
	}
	raw_spin_unlock_irqrestore(&ept->lock, flags);
	return done;
}

/*
 * A fault that tries again while an invalidation is under way would keep the CPU
 * from the thread whose end it waits for.
 */
static int wait_for_invalidations(struct vhm_vm *vm)
{
	return wait_event_interruptible(vm->invalidated, !READ_ONCE(vm->ept.invalidating));
}

static unsigned long begin_fault(struct vhm_vm *vm)
{
	unsigned long sequence = READ_ONCE(vm->ept.sequence);

	/* The page is looked up behind this: an invalidation in between moves the sequence. */
	smp_rmb();
	return sequence;
}

/**
 * vhm_memory_fault() - an EPT violation, in the inner loop
 * @v: the vCPU; fault_gpa and fault_access say what happened
 *
 * Maps the page if the host has it present, with the right to write if the host
 * gives it. Everything else is left to vhm_memory_fault_sleepable().
 *
 * Return: VHM_RESUME or VHM_SLEEP; what vhm_mmio_exit() says where no slot is, or where a
 * read-only one is written.
 */
enum vhm_next vhm_memory_fault(struct vhm_vcpu *v)
{
	bool write = v->fault_access & EPT_VIOLATION_ACC_WRITE, writable;
	unsigned long sequence, address;
	struct vhm_slot slot;
	struct page *page;

	trace_vhm_page_fault(v, v->fault_gpa, v->fault_access);
	v->stats.pf_taken++;
	sequence = begin_fault(v->vm);
	v->fault_hole = !vhm_find_slot(v->vm, v->fault_gpa >> PAGE_SHIFT, &slot);
	v->fault_mmio = v->fault_hole || (write && slot.flags & KVM_MEM_READONLY);
	if (v->fault_mmio) {
		v->stats.pf_mmio++;
		return vhm_mmio_exit(v);
	}
	if (v->ept_cached < VHM_EPT_LEVELS - 1)
		return VHM_SLEEP;
	if (slot.log && write && give_back(v, &slot, sequence))
		return VHM_RESUME;
	/* Under a log only who writes gets the right to, unless the CPU keeps it. */
	writable = !(slot.flags & KVM_MEM_READONLY) &&
		   (write || !slot.log || READ_ONCE(v->vm->ept.flags_on));

	address = slot.address + (v->fault_gpa & PAGE_MASK) - (slot.base << PAGE_SHIFT);
	if (!writable || get_user_pages_fast_only(address, 1, FOLL_WRITE, &page) != 1) {
		if (write || get_user_pages_fast_only(address, 1, 0, &page) != 1)
			return VHM_SLEEP;
		writable = false;
	}
	if (!install(v, &slot, page, writable, sequence))
		return VHM_SLEEP;
	v->stats.pf_fast++;
	return VHM_RESUME;
}

/**
 * vhm_memory_fault_sleepable() - an EPT violation, where it may sleep
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_SIGNAL: a signal came first; VHM_FAULT: the user
 * memory is not there; what vhm_mmio_emulate() says where no slot is, or where a
 * read-only one is written.
 */
enum vhm_next vhm_memory_fault_sleepable(struct vhm_vcpu *v)
{
	bool write = v->fault_access & EPT_VIOLATION_ACC_WRITE;
	unsigned long sequence, address;
	struct vhm_slot slot;
	struct page *page;
	int pages;

	if (v->fault_mmio)
		return vhm_mmio_emulate(v);
	/* The run loop tries again to fill the cache, and says -ENOMEM if it cannot. */
	if (vhm_memory_cache_fill(v))
		return VHM_RESUME;
	if (wait_for_invalidations(v->vm))
		return VHM_SIGNAL;
	sequence = begin_fault(v->vm);
	/* A slot that went away meanwhile, or is another now: the access faults again. */
	if (!vhm_find_slot(v->vm, v->fault_gpa >> PAGE_SHIFT, &slot) ||
	    (write && slot.flags & KVM_MEM_READONLY))
		return VHM_RESUME;
	address = slot.address + (v->fault_gpa & PAGE_MASK) - (slot.base << PAGE_SHIFT);
	pages = get_user_pages_unlocked(address, 1, &page, write ? FOLL_WRITE : 0);
	if (pages != 1)
		return fatal_signal_pending(current) ? VHM_SIGNAL : VHM_FAULT;
	install(v, &slot, page, write, sequence);
	return VHM_RESUME;
}

/**
 * vhm_begin_invalidation() - translations are about to be taken away
 * @ept: the table; until vhm_end_invalidation() no fault enters anything
 */
void vhm_begin_invalidation(struct vhm_ept *ept)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ept->lock, flags);
	ept->invalidating++;
	raw_spin_unlock_irqrestore(&ept->lock, flags);
}

/**
 * vhm_end_invalidation() - what vhm_begin_invalidation() announced has happened
 * @vm: the VM; a fault that began before starts again
 */
void vhm_end_invalidation(struct vhm_vm *vm)
{
	struct vhm_ept *ept = &vm->ept;
	unsigned long flags;

	raw_spin_lock_irqsave(&ept->lock, flags);
	ept->sequence++;
	ept->invalidating--;
	raw_spin_unlock_irqrestore(&ept->lock, flags);
	if (wq_has_sleeper(&vm->invalidated))
		wake_up_all(&vm->invalidated);
}

/**
 * vhm_memory_flush() - nobody may use a translation of before from here on
 * @vm: the VM; its vCPUs are waited for until they have left the guest
 */
void vhm_memory_flush(struct vhm_vm *vm)
{
	atomic64_inc(&vm->ept.generation);
	WRITE_ONCE(vm->stats.remote_tlb_flush, vm->stats.remote_tlb_flush + 1);
	vhm_vcpus_leave_guest(vm);
}

static void free_table_pages(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

/**
 * vhm_memory_forget() - take a range out of the EPT, with the table pages that were for it
 * @vm: the VM; an invalidation is under way
 * @first: first guest-physical address
 * @last: the address behind the range
 */
void vhm_memory_forget(struct vhm_vm *vm, u64 first, u64 last)
{
	LIST_HEAD(pages);

	vhm_ept_zap(&vm->ept, first, last);
	vhm_ept_prune(&vm->ept, first, last, &pages);
	vhm_memory_flush(vm);
	free_table_pages(&pages);
}

/**
 * vhm_memory_collapse() - what had to be mapped by small leaves need not be any more
 * @vm: the VM, of the current process; an invalidation is under way
 * @slot: whose leaves are forgotten where the host has large pages
 */
void vhm_memory_collapse(struct vhm_vm *vm, const struct vhm_slot *slot)
{
	u64 base = slot->base << PAGE_SHIFT, last = base + (slot->pages << PAGE_SHIFT);
	LIST_HEAD(pages);
	u64 gpa, next;
	int level;

	for (gpa = base; slot->level > 1 && gpa < last; gpa = next) {
		next = min(last, (gpa | (VHM_LEVEL_SIZE(2) - 1)) + 1);
		local_irq_disable();
		level = host_level(vm->mm, slot->address + (gpa - base));
		local_irq_enable();
		if (level > 1)
			vhm_ept_zap(&vm->ept, gpa, next);
		cond_resched();
	}
	vhm_ept_prune(&vm->ept, base, last, &pages);
	vhm_memory_flush(vm);
	free_table_pages(&pages);
}

/* Tables that a range covers, so that a large page which comes there can be a large leaf. */
static void prune_covered(struct vhm_ept *ept, u64 first, u64 last, struct list_head *pages)
{
	first = round_up(first, VHM_LEVEL_SIZE(2));
	last = round_down(last, VHM_LEVEL_SIZE(2));
	if (first < last)
		vhm_ept_prune(ept, first, last, pages);
}

/* The guest-physical range of what of a slot lies in a user range; false if nothing does. */
static bool range_of_slot(const struct vhm_slot *slot, unsigned long start, unsigned long end,
			  u64 *first, u64 *last)
{
	unsigned long slot_end = slot->address + (slot->pages << PAGE_SHIFT);
	u64 base = slot->base << PAGE_SHIFT;

	if (start >= slot_end || end <= slot->address)
		return false;
	*first = (base + max(start, slot->address) - slot->address) & PAGE_MASK;
	*last = PAGE_ALIGN(base + min(end, slot_end) - slot->address);
	return true;
}

static bool zap_user_range(struct vhm_vm *vm, unsigned long start, unsigned long end,
			   struct list_head *pages)
{
	const struct vhm_slots *slots;
	bool zapped = false;
	unsigned int i;

	rcu_read_lock();
	slots = rcu_dereference(vm->slots);
	/* A VM on its way out has none: its table was freed before. */
	for (i = 0; slots && i < slots->count; i++) {
		u64 first, last;

		if (!range_of_slot(&slots->slot[i], start, end, &first, &last))
			continue;
		zapped |= vhm_ept_zap(&vm->ept, first, last);
		prune_covered(&vm->ept, first, last, pages);
	}
	rcu_read_unlock();
	return zapped;
}

static int invalidate_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct vhm_vm *vm = notifier_vm(mn);
	LIST_HEAD(pages);

	vhm_begin_invalidation(&vm->ept);
	if (zap_user_range(vm, range->start, range->end, &pages) || !list_empty(&pages))
		vhm_memory_flush(vm);
	free_table_pages(&pages);
	return 0;
}

static void invalidate_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	vhm_end_invalidation(notifier_vm(mn));
}

static bool age_user_range(struct vhm_vm *vm, unsigned long start, unsigned long end, bool clear)
{
	const struct vhm_slots *slots;
	bool young = false;
	unsigned int i;
	u64 first, last;

	rcu_read_lock();
	slots = rcu_dereference(vm->slots);
	for (i = 0; slots && i < slots->count; i++)
		if (range_of_slot(&slots->slot[i], start, end, &first, &last))
			young |= vhm_ept_age(&vm->ept, first, last, clear);
	rcu_read_unlock();
	return young;
}

/* The host wonders whether to keep pages: has the guest used them since it last asked? */
static VHM_YOUNG clear_flush_young(struct mmu_notifier *mn, struct mm_struct *mm,
				   unsigned long start, unsigned long end)
{
	struct vhm_vm *vm = notifier_vm(mn);
	bool young = age_user_range(vm, start, end, true);

	if (young)
		vhm_memory_flush(vm);
	return young;
}

/* Without a flush: what CPUs hold on to makes pages look older than they are, no more. */
static VHM_YOUNG clear_young(struct mmu_notifier *mn, struct mm_struct *mm,
			     unsigned long start, unsigned long end)
{
	return age_user_range(notifier_vm(mn), start, end, true);
}

static VHM_YOUNG test_young(struct mmu_notifier *mn, struct mm_struct *mm,
			    unsigned long address)
{
	return age_user_range(notifier_vm(mn), address, address + 1, false);
}

/* The address space ends; the VM's fds may live on, but nothing runs on them. */
static void notifier_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct vhm_vm *vm = notifier_vm(mn);

	if (vhm_ept_zap(&vm->ept, 0, VHM_GPA_LIMIT))
		vhm_memory_flush(vm);
}

static struct mmu_notifier *notifier_alloc(struct mm_struct *mm)
{
	struct vhm_notifier *notifier = kzalloc(sizeof(*notifier), GFP_KERNEL_ACCOUNT);

	return notifier ? &notifier->mn : ERR_PTR(-ENOMEM);
}

/*
 * Behind the last callback: the VM, whose ops these were, goes with it; but not
 * when this ends a registration that failed, of which the creator will hear.
 */
static void notifier_free(struct mmu_notifier *mn)
{
	struct vhm_vm *vm = notifier_vm(mn);
	bool registered = vm->notifier;

	kfree(container_of(mn, struct vhm_notifier, mn));
	if (registered)
		kfree(vm);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.clear_flush_young = clear_flush_young,
	.clear_young = clear_young,
	.test_young = test_young,
	.release = notifier_release,
	.alloc_notifier = notifier_alloc,
	.free_notifier = notifier_free,
};

/*
 * The iTLB multihit erratum: a CPU that fetches through a large leaf while it becomes a
 * small one may die of a machine check. There, code is mapped by small leaves alone.
 */
static bool may_execute_large(void)
{
	return !boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) || cpu_mitigations_off();
}

/**
 * vhm_memory_init() - an empty memory for a new VM
 * @vm: the VM, whose mm is the current one
 *
 * Return: 0 or -ENOMEM, -EINTR.
 */
int vhm_memory_init(struct vhm_vm *vm)
{
	struct vhm_slots *slots = kvzalloc(sizeof(*slots), GFP_KERNEL_ACCOUNT);
	struct mmu_notifier *mn;
	int err = -ENOMEM;

	if (!slots)
		return -ENOMEM;
	rcu_assign_pointer(vm->slots, slots);
	if (vhm_ept_init(&vm->ept, may_execute_large()))
		goto free_slots;
	vm->notifier_ops = notifier_ops;
	mn = mmu_notifier_get(&vm->notifier_ops, vm->mm);
	if (IS_ERR(mn)) {
		err = PTR_ERR(mn);
		goto free_ept;
	}
	vm->notifier = container_of(mn, struct vhm_notifier, mn);
	return 0;

free_ept:
	vhm_ept_free(&vm->ept);
free_slots:
	kvfree(slots);
	return err;
}

/**
 * vhm_memory_free() - give back the VM's memory, and in the end the VM
 * @vm: the VM; no vCPU is left
 *
 * A notifier callback may still be under way; the kernel frees the VM when that
 * has ended, without making us wait.
 */
void vhm_memory_free(struct vhm_vm *vm)
{
	vhm_ept_free(&vm->ept);
	vhm_slots_free(vm);
	mmu_notifier_put(&vm->notifier->mn);
}

/**
 * vhm_memory_exit() - wait for the last VM to be freed, at unload
 */
void vhm_memory_exit(void)
{
	mmu_notifier_synchronize();
}
