/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk of a guest's own page tables: linear address to guest-physical address, with every
 * check that the processor makes.
 *
 * Pure code: guest memory is reached through the caller's callbacks alone. Protection keys,
 * shadow stacks and linear-address masking are not known here: a guest that is to use them
 * needs them here first.
 */
#ifndef VHM_WALK_H
#define VHM_WALK_H

#include "portable.h"

/* What the access is. Neither write nor fetch is a read. */
#define VHM_ACCESS_READ		0
#define VHM_ACCESS_WRITE	1
#define VHM_ACCESS_FETCH	2
/* Made by the processor itself as a supervisor whatever CPL is: descriptor tables, TSS. */
#define VHM_ACCESS_IMPLICIT	4

/* SDM, volume 3, "Page-Fault Exceptions": the bits of the error code. */
#define VHM_PF_PRESENT		1
#define VHM_PF_WRITE		2
#define VHM_PF_USER		4
#define VHM_PF_RESERVED		8
#define VHM_PF_FETCH		16

/**
 * struct vhm_walk_env - the state of the guest that a walk depends on, and its memory
 * @cr0:        control register 0 as the guest sees it
 * @cr3:        control register 3
 * @cr4:        control register 4 as the guest sees it
 * @efer:       IA32_EFER; its LMA says whether the guest is in IA-32e mode
 * @pdpte:      the page-directory-pointer registers, used under PAE paging only
 * @rflags:     RFLAGS; only AC is looked at, and only with CR4.SMAP
 * @cpl:        current privilege level
 * @maxphyaddr: width of the guest's physical addresses in bits, 32 to 52
 * @gbpages:    the guest has 1 GiB pages (CPUID page1gb)
 * @read:       read @size bytes (4 or 8) of a paging-structure entry: 0 or an errno
 * @cmpxchg:    replace @old by @new in such an entry, atomically: 0, -EAGAIN if the value is
 *              not @old any more, or another errno
 * @ctx:        passed to the callbacks
 */
struct vhm_walk_env {
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	u64 pdpte[4];
	u64 rflags;
	u8 cpl;
	u8 maxphyaddr;
	bool gbpages;
	int (*read)(void *ctx, u64 gpa, void *entry, unsigned int size);
	int (*cmpxchg)(void *ctx, u64 gpa, u64 old, u64 new, unsigned int size);
	void *ctx;
};

/**
 * struct vhm_walk_result - where a walk ended
 * @gpa:        the guest-physical address, if vhm_walk() returned 0
 * @error_code: of the #PF, if vhm_walk() returned -EFAULT
 * @page_shift: log2 of the size of the page, if vhm_walk() returned 0: 12, 21, 22 or 30; 12
 *              without paging
 */
struct vhm_walk_result {
	u64 gpa;
	u32 error_code;
	u8 page_shift;
};

int vhm_walk(const struct vhm_walk_env *env, u64 linear, unsigned int access,
	     struct vhm_walk_result *result);

#endif /* VHM_WALK_H */
