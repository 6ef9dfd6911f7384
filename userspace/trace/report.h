/* SPDX-License-Identifier: GPL-2.0 */
/* What a report says: sums over a capture, and the page that shows them. */
#ifndef VHM_REPORT_H
#define VHM_REPORT_H

#include <stdio.h>

#include "capture.h"
#include "symbols.h"
#include "tally.h"

#define REPORT_VCPUS	64
#define REPORT_COLUMNS	500
#define REPORT_BITS	40
#define REPORT_REASONS	(VHM_NR_EXIT_REASONS + 1)

enum report_part {
	REPORT_GUEST,
	REPORT_KERNEL,
	REPORT_USER,
	REPORT_PARTS,
};

/**
 * struct report_reason - exits for one reason
 * @count: how many
 * @ticks: what they cost, by part; the guest's is 0
 * @by_cost: how many cost 2^n ticks or more, and less than twice that
 */
struct report_reason {
	uint64_t count;
	uint64_t ticks[REPORT_PARTS];
	uint64_t by_cost[REPORT_BITS];
};

/**
 * struct report_vcpu - a vCPU's time
 * @id: the vCPU's
 * @count: its exits
 * @last_entry: when it was entered last; 0: not yet, or unknown because exits were dropped
 * @next: the number that its next exit has when none is missing
 * @ticks: in the guest, the kernel, user space
 * @column: the same for each part of the timeline
 */
struct report_vcpu {
	uint32_t id;
	uint64_t count;
	uint64_t last_entry, next;
	uint64_t ticks[REPORT_PARTS];
	uint64_t column[REPORT_COLUMNS][REPORT_PARTS];
};

struct report {
	struct capture_head head;
	uint64_t start, end, exits, dropped;
	unsigned int vcpus;
	struct report_vcpu vcpu[REPORT_VCPUS];
	struct report_reason reason[REPORT_REASONS];	/* the last one: reasons beyond the table */
	struct tally rip, page;
	struct symbols symbols;
};

int report_sum(struct report *report, FILE *file, const char *path);
int report_write(const struct report *report, FILE *out);

#endif /* VHM_REPORT_H */
