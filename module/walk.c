// SPDX-License-Identifier: GPL-2.0
/*
 * The walk of a guest's own page tables. See walk.h for its place.
 *
 * It follows the SDM, volume 3, chapter "Paging": "Paging Modes and Control Bits" chooses the
 * mode, one loop reads an entry for each level, "Determination of Access Rights" judges the sum
 * of what the entries allow, and "Accessed and Dirty Flags" is written back at the end.
 */
#include "walk.h"

#define CR0_WP		BIT_ULL(16)
#define CR0_PG		BIT_ULL(31)
#define CR4_PSE		BIT_ULL(4)
#define CR4_PAE		BIT_ULL(5)
#define CR4_LA57	BIT_ULL(12)
#define CR4_SMEP	BIT_ULL(20)
#define CR4_SMAP	BIT_ULL(21)
#define EFER_LMA	BIT_ULL(10)
#define EFER_NXE	BIT_ULL(11)
#define RFLAGS_AC	BIT_ULL(18)

#define ENTRY_P		BIT_ULL(0)
#define ENTRY_RW	BIT_ULL(1)
#define ENTRY_US	BIT_ULL(2)
#define ENTRY_A		BIT_ULL(5)
#define ENTRY_D		BIT_ULL(6)
#define ENTRY_PS	BIT_ULL(7)
#define ENTRY_XD	BIT_ULL(63)
#define ENTRY_ADDRESS	GENMASK_ULL(51, 12)

#define MAX_LEVELS	5

/* How often a walk starts again because another vCPU changed an entry under it. */
#define MAX_TRIES	8

/* A paging mode: levels counted from the page table, which is 1. */
struct paging {
	u8 levels;
	u8 entry_size;	/* in bytes */
	u8 index_bits;	/* of the linear address, for each level */
};

static const struct paging paging_32bit  = { .levels = 2, .entry_size = 4, .index_bits = 10 };
/* The level above, the four PDPTEs, is in registers. */
static const struct paging paging_pae    = { .levels = 2, .entry_size = 8, .index_bits = 9 };
static const struct paging paging_4level = { .levels = 4, .entry_size = 8, .index_bits = 9 };
static const struct paging paging_5level = { .levels = 5, .entry_size = 8, .index_bits = 9 };

struct walk {
	const struct vhm_walk_env *env;
	const struct paging *paging;
	u64 linear;
	unsigned int access;
	bool user;		/* a user-mode access */
	unsigned int level;	/* of the entry at hand; at the end of the leaf */
	u64 rights;		/* ENTRY_RW and ENTRY_US where all entries have them */
	bool no_execute;	/* an entry has ENTRY_XD */
	struct {
		u64 gpa;
		u64 value;
	} entry[MAX_LEVELS + 1];	/* by level */
};

static const struct paging *paging_mode(const struct vhm_walk_env *env)
{
	if (env->efer & EFER_LMA)
		return env->cr4 & CR4_LA57 ? &paging_5level : &paging_4level;
	return env->cr4 & CR4_PAE ? &paging_pae : &paging_32bit;
}

static bool is_canonical(u64 linear, const struct paging *paging)
{
	unsigned int unused = 64 - (12 + paging->levels * paging->index_bits);

	return (u64)((s64)(linear << unused) >> unused) == linear;
}

static unsigned int level_shift(const struct walk *walk)
{
	return 12 + (walk->level - 1) * walk->paging->index_bits;
}

/*
 * SDM, volume 3, "Page-Fault Exceptions". The fetch bit is reported only where it can matter:
 * with SMEP, or with execute-disable, which 32-bit paging does not have.
 */
static int page_fault(const struct walk *walk, struct vhm_walk_result *result, u32 error_code)
{
	const struct vhm_walk_env *env = walk->env;

	if (walk->access & VHM_ACCESS_WRITE)
		error_code |= VHM_PF_WRITE;
	if (walk->user)
		error_code |= VHM_PF_USER;
	if (walk->access & VHM_ACCESS_FETCH &&
	    (env->cr4 & CR4_SMEP || (env->cr4 & CR4_PAE && env->efer & EFER_NXE)))
		error_code |= VHM_PF_FETCH;
	result->error_code = error_code;
	return -EFAULT;
}

/* The errnos that mean something of the guest's to our caller are not the callbacks' to give. */
static int callback_error(int ret)
{
	return ret == -EFAULT || ret == -EINVAL ? -EIO : ret;
}

static bool is_leaf(const struct walk *walk, u64 entry)
{
	switch (walk->level) {
	case 1:
		return true;
	case 2:
		return entry & ENTRY_PS &&
		       (walk->paging != &paging_32bit || walk->env->cr4 & CR4_PSE);
	case 3:
		return entry & ENTRY_PS && walk->env->gbpages;
	default:
		return false;
	}
}

/*
 * SDM, volume 3, table "Format of a 32-Bit Page-Directory Entry that Maps a 4-MByte Page": with
 * PSE-36, bits 20:13 hold physical-address bits 39:32, as far as the guest has them. Nothing
 * else is reserved in 32-bit paging.
 */
static u64 reserved_bits_32bit(const struct walk *walk, bool leaf)
{
	unsigned int width = walk->env->maxphyaddr > 40 ? 40 : walk->env->maxphyaddr;

	return leaf && walk->level == 2 ? GENMASK_ULL(21, width - 19) : 0;
}

/*
 * The formats of the other entries, in "PAE Paging" and "4-Level Paging and 5-Level Paging":
 * PAE reserves what 4-level paging ignores above bit 51.
 */
static u64 reserved_bits(const struct walk *walk, bool leaf)
{
	const struct vhm_walk_env *env = walk->env;
	u64 reserved = 0;

	if (walk->paging == &paging_32bit)
		return reserved_bits_32bit(walk, leaf);
	if (walk->paging == &paging_pae)
		reserved |= GENMASK_ULL(62, env->maxphyaddr);
	else if (env->maxphyaddr < 52)
		reserved |= GENMASK_ULL(51, env->maxphyaddr);
	if (!(env->efer & EFER_NXE))
		reserved |= ENTRY_XD;
	if (!leaf && walk->level >= 3)
		reserved |= ENTRY_PS;
	if (leaf && walk->level >= 2)
		reserved |= GENMASK_ULL(level_shift(walk) - 1, 13);
	return reserved;
}

static int read_entry(struct walk *walk, u64 table)
{
	const struct paging *paging = walk->paging;
	u64 index = walk->linear >> level_shift(walk) & (BIT_ULL(paging->index_bits) - 1);
	u64 gpa = table + index * paging->entry_size;
	u64 value64 = 0;
	u32 value32 = 0;
	int ret;

	if (paging->entry_size == 4) {
		ret = walk->env->read(walk->env->ctx, gpa, &value32, sizeof(value32));
		value64 = value32;
	} else {
		ret = walk->env->read(walk->env->ctx, gpa, &value64, sizeof(value64));
	}
	walk->entry[walk->level].gpa = gpa;
	walk->entry[walk->level].value = value64;
	return ret ? callback_error(ret) : 0;
}

/* The tables' root; PAE's was found when CR3 was loaded. */
static int find_root(const struct walk *walk, u64 *table, struct vhm_walk_result *result)
{
	const struct vhm_walk_env *env = walk->env;

	if (walk->paging == &paging_32bit) {
		*table = env->cr3 & GENMASK_ULL(31, 12);
		return 0;
	}
	*table = env->cr3 & ENTRY_ADDRESS;
	if (walk->paging == &paging_pae) {
		u64 pdpte = env->pdpte[walk->linear >> 30 & 3];

		if (!(pdpte & ENTRY_P))
			return page_fault(walk, result, 0);
		*table = pdpte & ENTRY_ADDRESS;
	}
	return 0;
}

/* Read entry after entry down to the leaf, and sum up the rights. */
static int descend(struct walk *walk, struct vhm_walk_result *result)
{
	u64 table, entry;
	bool leaf;
	int ret;

	ret = find_root(walk, &table, result);
	if (ret)
		return ret;
	walk->rights = ENTRY_RW | ENTRY_US;
	walk->no_execute = false;
	for (walk->level = walk->paging->levels; ; walk->level--) {
		ret = read_entry(walk, table);
		if (ret)
			return ret;
		entry = walk->entry[walk->level].value;
		leaf = is_leaf(walk, entry);
		if (!(entry & ENTRY_P))
			return page_fault(walk, result, 0);
		if (entry & reserved_bits(walk, leaf))
			return page_fault(walk, result, VHM_PF_PRESENT | VHM_PF_RESERVED);
		walk->rights &= entry;
		walk->no_execute |= !!(entry & ENTRY_XD);
		if (leaf)
			return 0;
		table = entry & ENTRY_ADDRESS;
	}
}

/* SDM, volume 3, "Determination of Access Rights". */
static bool is_user_allowed(const struct walk *walk)
{
	if (!(walk->rights & ENTRY_US))
		return false;
	if (walk->access & VHM_ACCESS_FETCH)
		return !walk->no_execute;
	return !(walk->access & VHM_ACCESS_WRITE) || walk->rights & ENTRY_RW;
}

static bool is_supervisor_allowed(const struct walk *walk)
{
	const struct vhm_walk_env *env = walk->env;
	bool user_address = walk->rights & ENTRY_US;

	if (walk->access & VHM_ACCESS_FETCH)
		return !walk->no_execute && !(user_address && env->cr4 & CR4_SMEP);
	if (user_address && env->cr4 & CR4_SMAP &&
	    (walk->access & VHM_ACCESS_IMPLICIT || !(env->rflags & RFLAGS_AC)))
		return false;
	return !(walk->access & VHM_ACCESS_WRITE) || walk->rights & ENTRY_RW ||
	       !(env->cr0 & CR0_WP);
}

/*
 * SDM, volume 3, "Accessed and Dirty Flags". They are set only when the translation succeeds,
 * from the root to the leaf.
 */
static int set_accessed(const struct walk *walk)
{
	const struct vhm_walk_env *env = walk->env;
	unsigned int level;
	u64 old, new;
	int ret;

	for (level = walk->paging->levels; level >= walk->level; level--) {
		old = walk->entry[level].value;
		new = old | ENTRY_A;
		if (level == walk->level && walk->access & VHM_ACCESS_WRITE)
			new |= ENTRY_D;
		if (new == old)
			continue;
		ret = env->cmpxchg(env->ctx, walk->entry[level].gpa, old, new,
				   walk->paging->entry_size);
		if (ret)
			return callback_error(ret);
	}
	return 0;
}

static void set_result(const struct walk *walk, struct vhm_walk_result *result)
{
	u64 entry = walk->entry[walk->level].value;
	u64 offset = BIT_ULL(level_shift(walk)) - 1;

	result->page_shift = level_shift(walk);
	result->gpa = (entry & ENTRY_ADDRESS & ~offset) | (walk->linear & offset);
	/* PSE-36: bits 20:13 are physical-address bits 39:32. */
	if (walk->paging == &paging_32bit && walk->level == 2)
		result->gpa |= (entry & GENMASK_ULL(20, 13)) << 19;
}

static int walk_once(struct walk *walk, struct vhm_walk_result *result)
{
	int ret;

	ret = descend(walk, result);
	if (ret)
		return ret;
	if (!(walk->user ? is_user_allowed(walk) : is_supervisor_allowed(walk)))
		return page_fault(walk, result, VHM_PF_PRESENT);
	set_result(walk, result);
	return set_accessed(walk);
}

/**
 * vhm_walk - translate a linear address of the guest
 * @env:    the guest's state and memory
 * @linear: the linear address; outside IA-32e mode its upper half is ignored
 * @access: VHM_ACCESS_* bits
 * @result: filled in as far as the return value says
 *
 * On success the accessed and dirty bits are set in the guest's tables. A fault leaves the
 * tables as they were.
 *
 * Return: 0; -EFAULT: the access raises #PF in the guest, with @result->error_code; -EINVAL:
 * the address is not canonical (#GP or #SS); -EAGAIN: the guest keeps changing its tables, let
 * it run and try again; otherwise the errno of a callback (-EIO where that was -EFAULT or
 * -EINVAL).
 */
int vhm_walk(const struct vhm_walk_env *env, u64 linear, unsigned int access,
	     struct vhm_walk_result *result)
{
	struct walk walk = {
		.env = env,
		.linear = linear,
		.access = access,
		.user = env->cpl == 3 && !(access & VHM_ACCESS_IMPLICIT),
	};
	int tries, ret = -EAGAIN;

	*result = (struct vhm_walk_result){ .page_shift = 12 };
	if (!(env->cr0 & CR0_PG)) {
		result->gpa = (u32)linear;
		return 0;
	}
	walk.paging = paging_mode(env);
	if (!(env->efer & EFER_LMA))
		walk.linear = (u32)linear;
	else if (!is_canonical(linear, walk.paging))
		return -EINVAL;
	for (tries = 0; tries < MAX_TRIES && ret == -EAGAIN; tries++)
		ret = walk_once(&walk, result);
	return ret;
}
