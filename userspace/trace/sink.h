/* SPDX-License-Identifier: GPL-2.0 */
/* Where traced exits go: lines of text, events of a trace viewer, or a capture file. */
#ifndef VHM_SINK_H
#define VHM_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "watch.h"

enum sink_format {
	SINK_TEXT,
	SINK_JSON,
	SINK_CAPTURE,
};

/**
 * struct sink - where exits go
 * @format: as what
 * @all: nothing is filtered: the guest's stays can be shown, too
 * @out: the file
 * @machine: the machine's name
 * @tsc_khz: ticks in a millisecond
 * @start: TSC at the first exit
 * @count: exits that were written
 * @last: of each vCPU by its index, the exit before; its reason is ~0 before the first
 * @dropped: of each vCPU, what has been said
 */
struct sink {
	enum sink_format format;
	bool all;
	FILE *out;
	const char *machine;
	uint32_t tsc_khz;
	uint64_t start;
	uint64_t count;
	struct vhm_exit_record last[WATCH_VCPUS];
	uint64_t dropped[WATCH_VCPUS];
};

void sink_begin(struct sink *sink, const struct watch *watch);
void sink_exit(struct sink *sink, const struct watch *watch, unsigned int index,
	       const struct vhm_exit_record *record);
int sink_end(struct sink *sink);

#endif /* VHM_SINK_H */
