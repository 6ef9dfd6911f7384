/* SPDX-License-Identifier: GPL-2.0 */
/* Counting and timing exits, and the report of --stats. */
#ifndef VHM_STATS_H
#define VHM_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <x86intrin.h>

#include "machine.h"

#define STATS_REASONS	64

/* What one CPU's thread counts. */
struct stats {
	uint64_t count[STATS_REASONS];
	uint64_t ticks[STATS_REASONS];	/* TSC, from the exit to the next entry */
	uint64_t run_ticks;		/* within KVM_RUN */
	uint64_t since;			/* the last entry or exit */
	uint32_t reason;		/* of the last exit */
	uint64_t start_ticks;
	uint64_t start_ns;
	bool timing;			/* the device times its own exits */
};

int stats_start(struct machine *machine);
void stats_print(const struct machine *machine, FILE *out);
void stats_free(struct machine *machine);

/* The guest is about to be entered: what went by was the last exit's doing. */
static inline void stats_enter(struct stats *stats)
{
	uint64_t now = __rdtsc();

	stats->ticks[stats->reason] += now - stats->since;
	stats->since = now;
}

/* It is back. */
static inline void stats_leave(struct stats *stats, uint32_t reason)
{
	uint64_t now = __rdtsc();

	stats->run_ticks += now - stats->since;
	stats->since = now;
	stats->reason = reason % STATS_REASONS;
	stats->count[stats->reason]++;
}

#endif /* VHM_STATS_H */
