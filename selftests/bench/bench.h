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
 * @loop: the guest's code
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

extern const char loop_bell_port[], loop_bell_mmio[], loop_self_ipi[], loop_timer[];
extern const char loop_irqfd[], loop_halted[], loop_ipi[];

uint64_t bench_median(void (*make)(void *work, unsigned int trips), void *work,
		      unsigned int count);

/* irqs.c */
uint64_t bell_port(const struct row *row, unsigned int count);
uint64_t bell_mmio(const struct row *row, unsigned int count);
uint64_t irq_loop(const struct row *row, unsigned int count);
uint64_t irqfd_to_handler(const struct row *row, unsigned int count);
uint64_t wake_halted(const struct row *row, unsigned int count);
uint64_t ipi_between(const struct row *row, unsigned int count);

void count_flushes(unsigned int count);

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
