/* SPDX-License-Identifier: GPL-2.0 */
/* The extended page table: guest-physical to host-physical. */
#ifndef VHM_EPT_H
#define VHM_EPT_H

#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "level.h"

/* Table pages that one fault can need: every level but the root. */
#define VHM_EPT_CACHE		4
#define VHM_EPT_LEVELS		4

/* SDM, "EPT Paging-Structure Entries". */
#define VHM_EPT_READ		BIT_ULL(0)
#define VHM_EPT_WRITE		BIT_ULL(1)
#define VHM_EPT_EXECUTE		BIT_ULL(2)
#define VHM_EPT_RIGHTS		(VHM_EPT_READ | VHM_EPT_WRITE | VHM_EPT_EXECUTE)
#define VHM_EPT_WB		(6ULL << 3)
#define VHM_EPT_IGNORE_PAT	BIT_ULL(6)
#define VHM_EPT_LARGE		BIT_ULL(7)
#define VHM_EPT_DIRTY		BIT_ULL(9)
#define VHM_EPT_ADDRESS		GENMASK_ULL(51, 12)
/* Ignored by the CPU. Ours, in a leaf: the host lets it be written, and it may have been. */
#define VHM_EPT_WRITTEN		BIT_ULL(52)

/**
 * struct vhm_ept - a VM's EPT
 * @lock: guards every entry; held no longer than it takes to install one, to zap
 *        one table's worth, or to unlink the empty tables of a GiB
 * @root: the level-4 table; NULL once the VM is on its way out [e]
 * @sequence: grows with every invalidation that has ended [e]
 * @invalidating: invalidations under way [e]
 * @generation: grows when a translation is taken away; a vCPU whose own number
 *              is behind owes an INVEPT before it enters the guest [a]
 * @tables: table pages in use, the root included [e]
 * @pages: leaves in use, by level [e]
 * @flags_on: the CPU keeps the dirty flags of leaves, and lists the pages that get one [a]
 * @execute_large: see vhm_ept_init() [c]
 */
struct vhm_ept {
	raw_spinlock_t lock;
	u64 *root;
	unsigned long sequence;
	unsigned int invalidating;
	atomic64_t generation;
	u64 tables;
	u64 pages[VHM_LEAF_LEVELS];
	bool flags_on;
	bool execute_large;
};

int vhm_ept_init(struct vhm_ept *ept, bool execute_large);
void vhm_ept_free(struct vhm_ept *ept);
bool vhm_ept_map(struct vhm_ept *ept, u64 gpa, u64 hpa, u64 rights, int level,
		 struct page **cache, unsigned int *cached);
bool vhm_ept_zap(struct vhm_ept *ept, u64 first, u64 last);
bool vhm_ept_unprotect(struct vhm_ept *ept, u64 gpa);
void vhm_ept_watch(struct vhm_ept *ept, u64 frame, const unsigned long *pages, u64 count, u64 bit);
bool vhm_ept_age(struct vhm_ept *ept, u64 first, u64 last, bool clear);
void vhm_ept_prune(struct vhm_ept *ept, u64 first, u64 last, struct list_head *pages);
u64 vhm_ept_pointer(const struct vhm_ept *ept);

#endif /* VHM_EPT_H */
