/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row of the benchmark is a name and a function that measures one thing and
 * returns its ticks.
 */
#ifndef SELFTESTS_BENCH_H
#define SELFTESTS_BENCH_H

#include <stdint.h>

#include "vm.h"

/**
 * struct row - one line of the table
 * @name: what --rows takes
 * @what: what is measured
 * @measure: returns ticks of one round trip; @count is how many to make
 */
struct row {
	const char *name;
	const char *what;
	uint64_t (*measure)(const struct row *row, unsigned int count);
	const void *loop;
};

extern const struct row rows[];
extern const unsigned int nr_rows;

/* Guest code, 32-bit, flat, paging off: ESI counts down, then `hlt`. */
extern const char loop_empty[], loop_cpuid[], loop_vmcall[], loop_rdmsr[];
extern const char loop_in[], loop_out[], loop_mmio_write[], loop_mmio_read[];
extern const char loop_mmio_rmw[], loop_touch[], loop_touch_large[], loop_hlt[];

void count_flushes(unsigned int count);

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
