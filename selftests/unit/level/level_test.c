// SPDX-License-Identifier: GPL-2.0
/*
 * How large a leaf may be, against what a leaf means: each of its 4 KiB pages must lead where a
 * small leaf would, inside of the slot, and the host must have them in one page of that size.
 */
#include "../../../module/level.h"
#include "../tap.h"

#define MIB	256ull			/* frames in one */
#define GIB	(1024 * MIB)

struct slot {
	u64 base, pages, address;
};

/* Whether every page of the leaf is the slot's, and the leaf's first is aligned in the host. */
static bool leaf_is_right(const struct slot *s, u64 frame, int level, int host)
{
	u64 size = 1ull << 9 * (level - 1), first = frame / size * size;
	u64 user = (s->address >> 12) + first - s->base;

	if (level == 1)
		return true;
	return level <= host && first >= s->base && first + size <= s->base + s->pages &&
	       !(user % size);
}

/* The level is right, and the next one would not be. */
static bool level_is_best(const struct slot *s, u64 frame, int cpu, int host)
{
	int level = vhm_leaf_level(frame, s->base, s->pages,
				   vhm_slot_level(s->base, s->address, cpu), host);

	if (!leaf_is_right(s, frame, level, host) || level > cpu)
		return false;
	for (int more = level + 1; more <= cpu; more++)
		if (leaf_is_right(s, frame, more, host))
			return false;
	return true;
}

static const u64 bases[] = {
	0, 1, MIB, 2 * MIB, 2 * MIB + 1, 3 * MIB, GIB, GIB + 2 * MIB, 3 * GIB,
};

static const u64 sizes[] = { 1, 511, 512, 513, 1023, 1024, GIB - 1, GIB, GIB + 512, 3 * GIB };
static const u64 offsets[] = { 0, 1, MIB, 2 * MIB, 2 * MIB + 1, GIB / 2, GIB };

static unsigned int wrong_levels(const struct slot *s)
{
	const u64 frames[] = {
		s->base, s->base + s->pages - 1, s->base + s->pages / 2,
		s->base + (s->pages > 512 ? 512 : 0), s->base + (s->pages > GIB ? GIB : 0),
	};
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
		for (int cpu = 1; cpu <= VHM_LEAF_LEVELS; cpu++)
			for (int host = 1; host <= VHM_LEAF_LEVELS; host++)
				wrong += !level_is_best(s, frames[i], cpu, host);
	return wrong;
}

static void test_all(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(sizes); j++)
			for (unsigned int k = 0; k < ARRAY_SIZE(offsets); k++) {
				struct slot s = {
					.base = bases[i], .pages = sizes[j],
					.address = (4 * GIB + bases[i] + offsets[k]) << 12,
				};

				wrong += wrong_levels(&s);
			}
	tap_ok(!wrong, "each leaf is as large as it may be, and no larger (%u wrong)", wrong);
}

static void test_known(void)
{
	tap_ok(vhm_slot_level(0, 1ull << 30, 3) == 3, "equal below 1 GiB: 1 GiB");
	tap_ok(vhm_slot_level(0, 1ull << 30, 2) == 2, "but not on a CPU that has 2 MiB");
	tap_ok(vhm_slot_level(0, 1ull << 21, 3) == 2, "equal below 2 MiB: 2 MiB");
	tap_ok(vhm_slot_level(0, 1ull << 12, 3) == 1, "equal below 4 KiB: 4 KiB");
	tap_ok(vhm_leaf_level(512, 0, 1024, 3, 3) == 2, "a slot that ends in its first GiB");
	tap_ok(vhm_leaf_level(0, 0, 511, 3, 3) == 1, "a slot that ends in its first 2 MiB");
	tap_ok(vhm_leaf_level(512, 1, 1023, 2, 2) == 2 && vhm_leaf_level(511, 1, 1023, 2, 2) == 1,
	       "a slot that begins in the middle of 2 MiB");
	tap_ok(vhm_leaf_level(0, 0, GIB, 3, 1) == 1, "a host with small pages");
}

int main(void)
{
	tap_begin();
	test_all();
	test_known();
	return tap_end();
}
