// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "tally.h"

/**
 * tally_add() - count one
 * @tally: the counts
 * @key: under this key
 * @ticks: what it cost
 */
void tally_add(struct tally *tally, uint64_t key, uint64_t ticks)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 48) % TALLY_MOST;

	while (tally->row[at].count && tally->row[at].key != key)
		at = (at + 1) % TALLY_MOST;
	if (!tally->row[at].count) {
		/* Half of it stays empty, so that a search ends soon. */
		if (tally->count >= TALLY_MOST / 2) {
			tally->others++;
			return;
		}
		tally->count++;
		tally->row[at].key = key;
	}
	tally->row[at].count++;
	tally->row[at].ticks += ticks;
}

static int compare(const void *one, const void *other)
{
	const struct tally_row *a = one, *b = other;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->key < b->key ? -1 : a->key > b->key;
}

/**
 * tally_sort() - put the highest count first; nothing can be added afterwards
 * @tally: the counts
 */
void tally_sort(struct tally *tally)
{
	qsort(tally->row, TALLY_MOST, sizeof(tally->row[0]), compare);
}
