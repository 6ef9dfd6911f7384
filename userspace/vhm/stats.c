// SPDX-License-Identifier: GPL-2.0
/*
 * The report of --stats: exits to user space as this launcher saw them, the
 * kernel's own counters, and figures of the run. With several CPUs all are sums,
 * and a table says what each has had of them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "console.h"
#include "kick.h"
#include "log.h"
#include "stats.h"

#define NS		1000000000.0

/* A row of a table that is sorted by its count. */
struct row {
	const char *name;
	uint64_t count;
	uint64_t kernel_ticks;
	uint64_t user_ticks;
};

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static int more_first(const void *one, const void *other)
{
	const struct row *a = one, *b = other;

	return (a->count < b->count) - (a->count > b->count);
}

static void start_cpu(struct processor *processor, struct stats *stats)
{
	stats->timing = !vhm_vcpu_time_exits(&processor->vcpu, 1);
	stats->start_ns = kick_now();
	stats->start_ticks = __rdtsc();
	stats->since = stats->start_ticks;
	processor->stats = stats;
}

/**
 * stats_start() - begin to count
 * @machine: the machine that is about to run; for stats_free()
 *
 * Return: 0; -1 with a message said.
 */
int stats_start(struct machine *machine)
{
	struct stats *stats = calloc(machine->board.cpus, sizeof(*stats));
	unsigned int i;

	if (!stats)
		return log_error(NULL, "no memory to count in (--stats)");
	for (i = 0; i < machine->board.cpus; i++)
		start_cpu(&machine->processors[i], &stats[i]);
	return 0;
}

/**
 * stats_free() - the end of counting
 * @machine: the machine; it may never have been counted
 */
void stats_free(struct machine *machine)
{
	unsigned int i;

	free(machine->processors[0].stats);
	for (i = 0; i < machine->board.cpus; i++)
		machine->processors[i].stats = NULL;
}

/* All CPUs' together. */
static struct stats sum_stats(const struct machine *machine)
{
	struct stats sum = *machine->processors[0].stats;
	const struct stats *one;
	unsigned int i, reason;

	for (i = 1; i < machine->board.cpus; i++) {
		one = machine->processors[i].stats;
		for (reason = 0; reason < STATS_REASONS; reason++) {
			sum.count[reason] += one->count[reason];
			/* Before the first exit there is setting up, not handling. */
			if (one->count[reason])
				sum.ticks[reason] += one->ticks[reason];
		}
		sum.run_ticks += one->run_ticks;
	}
	return sum;
}

static void add_exits(struct vhm_exit_stats *sum, const struct vhm_exit_stats *one)
{
	unsigned int i;

	for (i = 0; i < VHM_NR_EXIT_REASONS; i++) {
		sum->reason[i].count += one->reason[i].count;
		sum->reason[i].kernel_ticks += one->reason[i].kernel_ticks;
		sum->reason[i].user_ticks += one->reason[i].user_ticks;
	}
	sum->entries += one->entries;
	sum->guest_ticks += one->guest_ticks;
}

/* Returns false if the device does not time its exits. */
static bool sum_exits(const struct machine *machine, struct vhm_exit_stats *sum)
{
	struct vhm_exit_stats one;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < machine->board.cpus; i++) {
		if (!machine->processors[i].stats->timing ||
		    vhm_vcpu_exit_stats(&machine->processors[i].vcpu, &one))
			return false;
		add_exits(sum, &one);
	}
	return true;
}

/* Ticks of the TSC in a second, by the length of the run. */
static double tick_rate(uint64_t ticks, uint64_t ns)
{
	return ns ? (double)ticks * NS / (double)ns : 1;
}

static void print_user_exits(const struct stats *stats, double rate, FILE *out)
{
	struct row rows[STATS_REASONS];
	struct row total = { 0 };
	unsigned int i;

	for (i = 0; i < STATS_REASONS; i++) {
		rows[i].name = vhm_exit_name(i);
		rows[i].count = stats->count[i];
		/* Before the first exit there is setting up, not handling. */
		rows[i].user_ticks = stats->count[i] ? stats->ticks[i] : 0;
		total.count += rows[i].count;
		total.user_ticks += rows[i].user_ticks;
	}
	qsort(rows, STATS_REASONS, sizeof(rows[0]), more_first);

	fprintf(out, "\nExits to user space\n  %-22s %12s %8s %12s %8s\n",
		"reason", "count", "share", "seconds", "share");
	for (i = 0; i < STATS_REASONS && rows[i].count; i++)
		fprintf(out, "  %-22s %12llu %6.1f %% %12.6f %6.1f %%\n",
			rows[i].name, (unsigned long long)rows[i].count,
			percent(rows[i].count, total.count),
			(double)rows[i].user_ticks / rate,
			percent(rows[i].user_ticks, total.user_ticks));
	fprintf(out, "  %-22s %12llu          %12.6f   (KVM_RUN: %.6f s)\n",
		"all", (unsigned long long)total.count,
		(double)total.user_ticks / rate,
		(double)stats->run_ticks / rate);
}

static void print_reason_rows(struct row *rows, unsigned int count, FILE *out)
{
	struct row total = { 0 };
	unsigned int i;

	for (i = 0; i < count; i++) {
		total.count += rows[i].count;
		total.kernel_ticks += rows[i].kernel_ticks;
		total.user_ticks += rows[i].user_ticks;
	}
	qsort(rows, count, sizeof(rows[0]), more_first);

	fprintf(out, "\nExits of the guest by VMX exit reason\n  %-22s %12s %8s %13s %13s\n",
		"reason", "count", "share", "kernel time", "user time");
	for (i = 0; i < count && rows[i].count; i++)
		fprintf(out, "  %-22s %12llu %6.1f %% %11.1f %% %11.1f %%\n",
			rows[i].name, (unsigned long long)rows[i].count,
			percent(rows[i].count, total.count),
			percent(rows[i].kernel_ticks, total.kernel_ticks),
			percent(rows[i].user_ticks, total.user_ticks));
	fprintf(out, "  %-22s %12llu\n", "all",
		(unsigned long long)total.count);
}

static void print_vmx_exits(const struct vhm_exit_stats *exits, double rate,
			    FILE *out)
{
	struct row rows[VHM_NR_EXIT_REASONS];
	uint64_t kernel = 0, user = 0;
	unsigned int i;

	for (i = 0; i < VHM_NR_EXIT_REASONS; i++) {
		rows[i].name = vhm_exit_reason_name(i);
		rows[i].count = exits->reason[i].count;
		rows[i].kernel_ticks = exits->reason[i].kernel_ticks;
		rows[i].user_ticks = exits->reason[i].user_ticks;
		kernel += rows[i].kernel_ticks;
		user += rows[i].user_ticks;
	}
	print_reason_rows(rows, VHM_NR_EXIT_REASONS, out);
	fprintf(out,
		"  %llu entries; %.6f s in the guest, %.6f s in the kernel, %.6f s in user space\n",
		(unsigned long long)exits->entries,
		(double)exits->guest_ticks / rate, (double)kernel / rate,
		(double)user / rate);
}

static bool is_plain(const struct vhm_counter *counter)
{
	uint32_t type = counter->flags & KVM_STATS_TYPE_MASK;

	return counter->value && (type == KVM_STATS_TYPE_CUMULATIVE ||
				  type == KVM_STATS_TYPE_INSTANT ||
				  type == KVM_STATS_TYPE_PEAK);
}

static const char *unit_of(const struct vhm_counter *counter)
{
	switch (counter->flags & KVM_STATS_UNIT_MASK) {
	case KVM_STATS_UNIT_BYTES:
		return " bytes";
	case KVM_STATS_UNIT_SECONDS:
		return counter->exponent == -9 ? " ns" : " s";
	case KVM_STATS_UNIT_CYCLES:
		return " cycles";
	default:
		return "";
	}
}

/* Add another vCPU's; all have the same counters in the same order. */
static void add_counters(struct vhm_counter *sum, size_t count, int fd)
{
	struct vhm_counter *counters;
	size_t others, i;

	if (vhm_counters(fd, &counters, &others))
		return;
	for (i = 0; i < count && i < others; i++)
		sum[i].value += counters[i].value;
	free(counters);
}

static void print_counters(const char *title, const struct vhm_counter *counters, size_t count,
			   FILE *out)
{
	size_t i;

	fprintf(out, "\n%s\n", title);
	for (i = 0; i < count; i++) {
		if (is_plain(&counters[i]))
			fprintf(out, "  %-22s %12llu%s\n", counters[i].name,
				(unsigned long long)counters[i].value,
				unit_of(&counters[i]));
	}
}

static void print_all_counters(const struct machine *machine, FILE *out)
{
	struct vhm_counter *counters;
	unsigned int i;
	size_t count;

	if (!vhm_counters(machine->processors[0].vcpu.fd, &counters, &count)) {
		for (i = 1; i < machine->board.cpus; i++)
			add_counters(counters, count, machine->processors[i].vcpu.fd);
		print_counters(i > 1 ? "The kernel's counters of the vCPUs" :
				       "The kernel's counters of the vCPU", counters, count, out);
		free(counters);
	}
	if (!vhm_counters(machine->vm.fd, &counters, &count)) {
		print_counters("The kernel's counters of the machine", counters, count, out);
		free(counters);
	}
}

static uint64_t exits_counted(const struct stats *stats)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < STATS_REASONS; i++)
		count += stats->count[i];
	return count;
}

static uint64_t vmx_exits(const struct processor *processor)
{
	struct vhm_exit_stats exits;
	uint64_t count = 0;
	unsigned int i;

	if (vhm_vcpu_exit_stats(&processor->vcpu, &exits))
		return 0;
	for (i = 0; i < VHM_NR_EXIT_REASONS; i++)
		count += exits.reason[i].count;
	return count;
}

static void print_cpus(const struct machine *machine, bool has_exits, double rate, FILE *out)
{
	const struct processor *processor;
	unsigned int i;

	fprintf(out, "\nExits by CPU\n  %-22s %12s %14s%s\n", "CPU", "to user space",
		"KVM_RUN, s", has_exits ? "   of the guest" : "");
	for (i = 0; i < machine->board.cpus; i++) {
		processor = &machine->processors[i];
		fprintf(out, "  %-22u %13llu %14.6f", i,
			(unsigned long long)exits_counted(processor->stats),
			(double)processor->stats->run_ticks / rate);
		if (has_exits)
			fprintf(out, " %14llu", (unsigned long long)vmx_exits(processor));
		fprintf(out, "\n");
	}
}

/* The kernel's own account of the time in guests, field 43 of proc(5)'s stat. */
static double kernel_guest_time(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long ticks = 0;
	char line[1024];
	char *field;
	int i;

	if (!file)
		return 0;
	field = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	/* Behind the name in brackets the third field follows. */
	for (i = 2; field && i < 43; i++)
		field = strchr(field + 1, ' ');
	if (field)
		ticks = strtoul(field, NULL, 10);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void print_figures(const struct stats *stats,
			  const struct vhm_exit_stats *exits, double seconds,
			  double rate, FILE *out)
{
	double guest = exits ? (double)exits->guest_ticks / rate :
			       kernel_guest_time();
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	fprintf(out, "\nFigures of the run\n");
	fprintf(out, "  %-22s %12.6f s\n", "wall time", seconds);
	fprintf(out, "  %-22s %12.6f s%s\n", "guest time", guest,
		exits ? "" : " (by the kernel's clock tick)");
	fprintf(out, "  %-22s %12.0f\n", "exits to user space/s",
		seconds > 0 ? (double)exits_counted(stats) / seconds : 0);
	fprintf(out, "  %-22s %12llu bytes\n", "console",
		(unsigned long long)console_written());
	fprintf(out, "  %-22s %12ld KiB (peak resident size)\n",
		"memory touched", usage.ru_maxrss);
}

/**
 * stats_print() - print the report
 * @machine: from stats_start(), with what the run has added; not closed yet
 * @out: where to
 */
void stats_print(const struct machine *machine, FILE *out)
{
	struct stats stats = sum_stats(machine);
	uint64_t ns = kick_now() - stats.start_ns;
	double rate = tick_rate(__rdtsc() - stats.start_ticks, ns);
	struct vhm_exit_stats exits;
	bool has_exits = sum_exits(machine, &exits);

	fprintf(out, "\nvhm run on %s", machine->device.path);
	print_user_exits(&stats, rate, out);
	if (machine->board.cpus > 1)
		print_cpus(machine, has_exits, rate, out);
	fprintf(out, "\nPort accesses by device\n");
	ports_print(out);
	if (has_exits)
		print_vmx_exits(&exits, rate, out);
	print_all_counters(machine, out);
	print_figures(&stats, has_exits ? &exits : NULL, (double)ns / NS, rate, out);
}
