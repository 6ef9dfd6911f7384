// SPDX-License-Identifier: GPL-2.0
/*
 * The extended page table (SDM, "The Extended Page Table Mechanism").
 *
 * Four levels of 512 entries; leaves are 4 KiB, 2 MiB or 1 GiB. Table pages come
 * from the caller's cache, filled where it may sleep, because entries are
 * installed where it may not.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "ept.h"
#include "level.h"

#define EPT_ENTRIES		512
#define EPT_INDEX(gpa, level)	(((gpa) >> VHM_LEVEL_SHIFT(level)) & (EPT_ENTRIES - 1))

/* EPTP: write-back, a walk of four levels (SDM, "Extended-Page-Table Pointer"). */
#define EPTP_WB			6ULL
#define EPTP_WALK_4		(3ULL << 3)

static u64 *ept_table(u64 entry)
{
	return __va(entry & VHM_EPT_ADDRESS);
}

static u64 ept_table_entry(const void *table)
{
	return __pa(table) | VHM_EPT_RIGHTS;
}

static bool ept_is_table(u64 entry, int level)
{
	return entry && level > 1 && !(entry & VHM_EPT_LARGE);
}

/* The first address behind what an entry of @level maps. */
static u64 ept_next(u64 gpa, int level)
{
	return (gpa | (VHM_LEVEL_SIZE(level) - 1)) + 1;
}

/* The entry at which the walk of @gpa ends: a leaf, or empty. NULL without a table. */
static u64 *ept_find(struct vhm_ept *ept, u64 gpa, int *level)
{
	u64 *table = ept->root;

	for (*level = VHM_EPT_LEVELS; table; (*level)--) {
		u64 *entry = &table[EPT_INDEX(gpa, *level)];

		if (!ept_is_table(*entry, *level))
			return entry;
		table = ept_table(*entry);
	}
	return NULL;
}

/**
 * vhm_ept_init() - an empty table
 * @ept: to initialise
 * @execute_large: instructions may be fetched through leaves larger than 4 KiB
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_ept_init(struct vhm_ept *ept, bool execute_large)
{
	ept->execute_large = execute_large;
	raw_spin_lock_init(&ept->lock);
	/* Vcpus start with generation 0, so the first entry pays an INVEPT. */
	atomic64_set(&ept->generation, 1);
	ept->root = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!ept->root)
		return -ENOMEM;
	ept->tables = 1;
	return 0;
}

static void ept_free_table(u64 *table, int level)
{
	int i;

	if (level > 1) {
		for (i = 0; i < EPT_ENTRIES; i++)
			if (ept_is_table(table[i], level))
				ept_free_table(ept_table(table[i]), level - 1);
	}
	free_page((unsigned long)table);
	cond_resched();
}

/**
 * vhm_ept_free() - give back every table page
 * @ept: whose guest will not run again
 *
 * From here on the notifier finds no root and leaves the table alone.
 */
void vhm_ept_free(struct vhm_ept *ept)
{
	unsigned long flags;
	u64 *root;

	raw_spin_lock_irqsave(&ept->lock, flags);
	root = ept->root;
	ept->root = NULL;
	ept->tables = 0;
	raw_spin_unlock_irqrestore(&ept->lock, flags);
	if (root)
		ept_free_table(root, VHM_EPT_LEVELS);
}

/**
 * vhm_ept_pointer() - the VMCS's EPT pointer
 * @ept: the table
 *
 * Return: the pointer, with memory type and depth of the walk.
 */
u64 vhm_ept_pointer(const struct vhm_ept *ept)
{
	return __pa(ept->root) | EPTP_WALK_4 | EPTP_WB;
}

static u64 *ept_add_table(struct vhm_ept *ept, u64 *entry, struct page *page)
{
	u64 *table = page_address(page);

	ept->tables++;
	WRITE_ONCE(*entry, ept_table_entry(table));
	return table;
}

/* A large leaf becomes a table of the next smaller ones, which lead where it led. */
static u64 *ept_split(struct vhm_ept *ept, u64 *entry, int level, struct page *page)
{
	u64 *table = page_address(page), leaf = *entry;
	int i;

	if (level == 2)
		leaf &= ~VHM_EPT_LARGE;
	for (i = 0; i < EPT_ENTRIES; i++)
		table[i] = leaf + i * VHM_LEVEL_SIZE(level - 1);
	ept->pages[level - 1]--;
	ept->pages[level - 2] += EPT_ENTRIES;
	return ept_add_table(ept, entry, page);
}

static u64 ept_leaf(const struct vhm_ept *ept, u64 hpa, u64 rights, int level)
{
	u64 leaf = hpa | rights | VHM_EPT_WB | VHM_EPT_IGNORE_PAT;

	if (rights & VHM_EPT_WRITE)
		leaf |= VHM_EPT_WRITTEN;
	if (likely(level == 1))
		return leaf;
	leaf &= ~(VHM_LEVEL_SIZE(level) - PAGE_SIZE);
	leaf |= VHM_EPT_LARGE;
	return ept->execute_large ? leaf : leaf & ~VHM_EPT_EXECUTE;
}

/**
 * vhm_ept_map() - install one leaf; under the lock
 * @ept: the table
 * @gpa: guest-physical address of a 4 KiB page
 * @hpa: host-physical address of the page
 * @rights: VHM_EPT_READ, _WRITE, _EXECUTE; VHM_EPT_DIRTY: a write need not be seen
 * @level: how large the leaf may be; where there is a table already it stays, and the
 *         leaf is smaller
 * @cache: table pages to take from, zeroed
 * @cached: how many there are
 *
 * Return: whether the entry led to another page before, or was larger, so that the caller
 * owes an invalidation.
 */
bool vhm_ept_map(struct vhm_ept *ept, u64 gpa, u64 hpa, u64 rights, int level,
		 struct page **cache, unsigned int *cached)
{
	u64 *table = ept->root, *entry, old, new;
	bool split = false;
	int at;

	for (at = VHM_EPT_LEVELS; ; at--) {
		entry = &table[EPT_INDEX(gpa, at)];
		if (ept_is_table(*entry, at)) {
			table = ept_table(*entry);
		} else if (at <= level) {
			break;
		} else if (*entry) {
			table = ept_split(ept, entry, at, cache[--*cached]);
			split = true;
		} else {
			table = ept_add_table(ept, entry, cache[--*cached]);
		}
	}

	old = *entry;
	new = ept_leaf(ept, hpa, rights, at);
	if (!old)
		ept->pages[at - 1]++;
	/* Another vCPU may have been here first and found that the page can be written. */
	if (!((old ^ new) & VHM_EPT_ADDRESS))
		new |= old & (VHM_EPT_RIGHTS | VHM_EPT_WRITTEN);
	WRITE_ONCE(*entry, new);
	return split || (old && (old ^ new) & VHM_EPT_ADDRESS);
}

/* A page that the guest may have written is dirty before it is given up. */
static bool ept_zap_leaf(struct vhm_ept *ept, u64 *entry, int level)
{
	u64 old = *entry;

	if (!old)
		return false;
	WRITE_ONCE(*entry, 0);
	ept->pages[level - 1]--;
	if (old & VHM_EPT_WRITTEN)
		SetPageDirty(pfn_to_page((old & VHM_EPT_ADDRESS) >> PAGE_SHIFT));
	return true;
}

/* Up to the end of one table, or of one large leaf; under the lock. Returns where that is. */
static u64 ept_zap_some(struct vhm_ept *ept, u64 gpa, u64 last, bool *zapped)
{
	int level;
	u64 *entry = ept_find(ept, gpa, &level), end;

	if (!entry)
		return last;
	if (level > 1) {
		*zapped |= ept_zap_leaf(ept, entry, level);
		return ept_next(gpa, level);
	}
	end = min(ept_next(gpa, 2), last);
	for (; gpa < end; gpa += PAGE_SIZE)
		*zapped |= ept_zap_leaf(ept, entry++, 1);
	return end;
}

/**
 * vhm_ept_zap() - take a range of translations away
 * @ept: the table
 * @first: first guest-physical address
 * @last: the address behind the range
 *
 * The lock is taken for one leaf table at a time: an invalidation that is
 * under way (ept->invalidating) keeps faults from filling what is being zapped.
 * A large leaf of which a part is in the range goes as a whole.
 *
 * Return: whether there was anything, so that the caller owes an invalidation.
 */
bool vhm_ept_zap(struct vhm_ept *ept, u64 first, u64 last)
{
	unsigned long flags;
	bool zapped = false;

	while (first < last) {
		raw_spin_lock_irqsave(&ept->lock, flags);
		first = ept_zap_some(ept, first, last, &zapped);
		raw_spin_unlock_irqrestore(&ept->lock, flags);
	}
	return zapped;
}

/**
 * vhm_ept_unprotect() - give back the right to write that vhm_ept_watch() took; under the lock
 * @ept: the table
 * @gpa: guest-physical address
 *
 * A leaf that the host had let be written still may be: were it otherwise, the notifier
 * would have taken it away.
 *
 * Return: whether @gpa has a leaf of 4 KiB that can be written now.
 */
bool vhm_ept_unprotect(struct vhm_ept *ept, u64 gpa)
{
	int level;
	u64 *entry = ept_find(ept, gpa, &level);

	if (!entry || level > 1 || !(*entry & VHM_EPT_WRITTEN))
		return false;
	WRITE_ONCE(*entry, *entry | VHM_EPT_RIGHTS);
	return true;
}

/* As ept_zap_some(), in frames; @i is the first that has a bit. */
static u64 ept_watch_some(struct vhm_ept *ept, u64 frame, const unsigned long *pages, u64 i,
			  u64 count, u64 bit)
{
	u64 gpa = (frame + i) << PAGE_SHIFT, end;
	int level;
	u64 *entry = ept_find(ept, gpa, &level), *table;

	if (!entry)
		return count;
	end = min(count, (ept_next(gpa, max(level, 2)) >> PAGE_SHIFT) - frame);
	if (level > 1) {
		ept_zap_leaf(ept, entry, level);
		return find_next_bit(pages, count, end);
	}
	table = entry - EPT_INDEX(gpa, 1);
	for (; i < end; i = find_next_bit(pages, count, i + 1)) {
		entry = &table[(frame + i) % EPT_ENTRIES];
		/* The CPU sets flags by itself. */
		if (*entry & bit)
			atomic64_andnot(bit, (atomic64_t *)entry);
	}
	return i;
}

/**
 * vhm_ept_watch() - have the next write of some pages seen
 * @ept: the table
 * @frame: guest frame number of the page of bit 0
 * @pages: a bit for each page
 * @count: how many bits
 * @bit: what leaves lose: VHM_EPT_WRITE, so that it faults, or VHM_EPT_DIRTY, so that the
 *       CPU lists it
 *
 * As many pages as a table holds are done under one hold of the lock; may sleep between.
 * A large leaf goes away as a whole. The caller owes an invalidation.
 */
void vhm_ept_watch(struct vhm_ept *ept, u64 frame, const unsigned long *pages, u64 count, u64 bit)
{
	u64 i = find_first_bit(pages, count);
	unsigned long flags;

	while (i < count) {
		raw_spin_lock_irqsave(&ept->lock, flags);
		i = ept_watch_some(ept, frame, pages, i, count, bit);
		raw_spin_unlock_irqrestore(&ept->lock, flags);
		cond_resched();
	}
}

/* As ept_zap_some(). */
static u64 ept_age_some(struct vhm_ept *ept, u64 gpa, u64 last, bool clear, bool *young)
{
	int level;
	u64 *entry = ept_find(ept, gpa, &level), end;

	if (!entry)
		return last;
	end = ept_next(gpa, max(level, 2));
	if (level == 1)
		end = min(end, last);
	for (; gpa < end; gpa += VHM_LEVEL_SIZE(level), entry++) {
		if (!(*entry & VHM_EPT_READ))
			continue;
		*young = true;
		if (clear)
			atomic64_andnot(VHM_EPT_RIGHTS, (atomic64_t *)entry);
	}
	return end;
}

/**
 * vhm_ept_age() - whether the guest has used a range
 * @ept: the table
 * @first: first guest-physical address
 * @last: the address behind the range
 * @clear: find out about the time from now on
 *
 * A leaf that was used has rights; who clears takes them, and the next access faults. What
 * the leaf leads to stays in it, so that an invalidation finds that there was something.
 *
 * Return: whether there was a leaf that can be used.
 */
bool vhm_ept_age(struct vhm_ept *ept, u64 first, u64 last, bool clear)
{
	unsigned long flags;
	bool young = false;

	while (first < last) {
		raw_spin_lock_irqsave(&ept->lock, flags);
		first = ept_age_some(ept, first, last, clear, &young);
		raw_spin_unlock_irqrestore(&ept->lock, flags);
	}
	return young;
}

static bool ept_table_is_empty(const u64 *table)
{
	int i;

	for (i = 0; i < EPT_ENTRIES; i++)
		if (table[i])
			return false;
	return true;
}

/* Unlink what is empty below @table; addresses are relative to the table's own first. */
static void ept_prune_table(struct vhm_ept *ept, u64 *table, int level, u64 first, u64 last,
			    struct list_head *pages)
{
	u64 span = BIT_ULL(VHM_LEVEL_SHIFT(level));
	u64 i;

	for (i = first / span; i <= (last - 1) / span; i++) {
		u64 base = i * span;
		u64 *below;

		if (!ept_is_table(table[i], level))
			continue;
		below = ept_table(table[i]);
		if (level > 2)
			ept_prune_table(ept, below, level - 1, max(first, base) - base,
					min(last, base + span) - base, pages);
		if (!ept_table_is_empty(below))
			continue;
		WRITE_ONCE(table[i], 0);
		ept->tables--;
		list_add(&virt_to_page(below)->lru, pages);
	}
}

/**
 * vhm_ept_prune() - unlink the table pages that a zapped range leaves empty
 * @ept: the table
 * @first: first guest-physical address
 * @last: the address behind the range
 * @pages: list that collects them by page->lru; free them once no CPU can hold
 *         a paging-structure cache entry that leads to them
 */
void vhm_ept_prune(struct vhm_ept *ept, u64 first, u64 last, struct list_head *pages)
{
	unsigned long flags;
	u64 next;

	/* A GiB at a time keeps the lock's hold bounded. */
	for (; first < last; first = next) {
		next = min(last, (first | (SZ_1G - 1)) + 1);
		raw_spin_lock_irqsave(&ept->lock, flags);
		if (ept->root)
			ept_prune_table(ept, ept->root, VHM_EPT_LEVELS, first, next, pages);
		raw_spin_unlock_irqrestore(&ept->lock, flags);
	}
}
