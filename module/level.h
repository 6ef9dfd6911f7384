/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How large a leaf of the EPT may be: pure decisions, so that they can be tested without a host
 * that has large pages. Level 1 is a leaf of 4 KiB, 2 of 2 MiB, 3 of 1 GiB.
 */
#ifndef VHM_LEVEL_H
#define VHM_LEVEL_H

#include "portable.h"

#define VHM_LEAF_LEVELS			3
#define VHM_LEVEL_SHIFT(level)		(12 + 9 * ((level) - 1))
#define VHM_LEVEL_SIZE(level)		BIT_ULL(VHM_LEVEL_SHIFT(level))
#define VHM_LEVEL_PAGES(level)		(VHM_LEVEL_SIZE(level) >> 12)

/* Whether the leaf of @level around a frame lies in a slot as a whole. */
static inline bool vhm_leaf_fits(u64 frame, int level, u64 base, u64 pages)
{
	u64 first = frame & ~(VHM_LEVEL_PAGES(level) - 1);

	return first >= base && first + VHM_LEVEL_PAGES(level) <= base + pages;
}

/**
 * vhm_slot_level() - the largest leaf that a slot's place allows
 * @base: first guest frame number
 * @address: user address of the first page
 * @cpu: the largest that the CPU has
 *
 * A large leaf leads to a large page of the host's: the addresses of both must be equal
 * in the bits below its size.
 *
 * Return: the level.
 */
static inline int vhm_slot_level(u64 base, u64 address, int cpu)
{
	u64 differ = base ^ address >> 12;
	int level = cpu;

	while (level > 1 && differ & (VHM_LEVEL_PAGES(level) - 1))
		level--;
	return level;
}

/**
 * vhm_leaf_level() - the level at which a frame is mapped
 * @frame: guest frame number, in the slot
 * @base: the slot's first
 * @pages: of the slot
 * @slot: what vhm_slot_level() says of it
 * @host: the level at which the host maps the page
 *
 * Return: the level.
 */
static inline int vhm_leaf_level(u64 frame, u64 base, u64 pages, int slot, int host)
{
	int level = slot < host ? slot : host;

	while (level > 1 && !vhm_leaf_fits(frame, level, base, pages))
		level--;
	return level;
}

#endif /* VHM_LEVEL_H */
