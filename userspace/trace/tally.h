/* SPDX-License-Identifier: GPL-2.0 */
/* Counts by a number, such as an address: bounded, and what does not fit is counted as such. */
#ifndef VHM_TALLY_H
#define VHM_TALLY_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_MOST	65536u

struct tally_row {
	uint64_t key;
	uint64_t count;
	uint64_t ticks;
};

/**
 * struct tally - counts by key
 * @count: keys
 * @others: of keys beyond the TALLY_MOST / 2 that came first
 * @row: by hash; a count of 0 is empty. Behind tally_sort(): @count rows, the highest count first
 */
struct tally {
	size_t count;
	uint64_t others;
	struct tally_row row[TALLY_MOST];
};

void tally_add(struct tally *tally, uint64_t key, uint64_t ticks);
void tally_sort(struct tally *tally);

#endif /* VHM_TALLY_H */
