// SPDX-License-Identifier: GPL-2.0
/*
 * bench - ticks of each way through a hypervisor that speaks KVM's API
 *
 * A tick is one of the TSC's: in the emulated machine, one instruction.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define DEFAULT_COUNT	2000

static void usage(FILE *to)
{
	fputs("usage: bench [--device NODE] [--rows NAME,...] [--count N] [--flushes N]\n"
	      "  --device NODE   /dev/vhm (default; or as VHM_DEVICE says) or /dev/kvm\n"
	      "  --rows NAME,... only these rows\n"
	      "  --count N       round trips of each row (default 2000), in ten batches: the median counts\n"
	      "  --flushes N     instead: L1D flushes of N KVM_RUN of each kind\n"
	      "Prints name, ticks of one round trip, what it is; tabs between.\n"
	      "Rows:", to);
	for (unsigned int i = 0; i < nr_rows; i++)
		fprintf(to, " %s", rows[i].name);
	fputc('\n', to);
}

static bool has_name(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list) {
		if (!strncmp(list, name, len) && (list[len] == ',' || !list[len]))
			return true;
		list = strchr(list, ',');
		if (list)
			list++;
	}
	return false;
}

static bool is_row(const char *name, size_t len)
{
	for (unsigned int i = 0; i < nr_rows; i++) {
		if (strlen(rows[i].name) == len && !strncmp(rows[i].name, name, len))
			return true;
	}
	return false;
}

static void check_names(const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		if (!is_row(list, len))
			die("no row \"%.*s\": see bench --help", (int)len, list);
		list += len;
		list += *list == ',';
	}
}

/* Two that talk to each other at the same time need a CPU each. */
static bool is_possible(const struct row *row)
{
	return row->measure != ipi_between || sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

static unsigned int to_count(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end || !value || value > 1000000)
		die("\"%s\" is no count: give a number from 1 to 1000000", text);
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "rows", required_argument, NULL, 'r' },
		{ "count", required_argument, NULL, 'c' },
		{ "flushes", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int count = DEFAULT_COUNT, flushes = 0;
	const char *only = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			setenv("VHM_DEVICE", optarg, 1);
			break;
		case 'r':
			only = optarg;
			check_names(only);
			break;
		case 'c':
			count = to_count(optarg);
			break;
		case 'f':
			flushes = to_count(optarg);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 1;
		}
	}
	if (flushes) {
		count_flushes(flushes);
		return 0;
	}
	for (unsigned int i = 0; i < nr_rows; i++) {
		const struct row *row = &rows[i];

		if ((only && !has_name(only, row->name)) || !is_possible(row))
			continue;
		printf("%s\t%llu\t%s\n", row->name,
		       (unsigned long long)row->measure(row, count), row->what);
		fflush(stdout);
	}
	return 0;
}
