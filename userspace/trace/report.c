// SPDX-License-Identifier: GPL-2.0
/* vhm report - a capture as one page to be read in a browser. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../vhm/command.h"
#include "../vhm/log.h"
#include "report.h"

#define PAGE_SHIFT	12

static const char usage_text[] =
	"usage: vhm report --input FILE --output FILE [--symbols FILE]\n";

static const char help_text[] =
	"\n"
	"Makes one HTML file, which needs no network, of what vhm trace --output has captured: a timeline\n"
	"of each vCPU, exits by reason and by cost, the addresses that exit most, and the guest's pages.\n"
	"\n"
	"  --input FILE    a capture of vhm trace --output\n"
	"  --output FILE   the page\n"
	"  --symbols FILE  the guest's System.map, or its ELF file (vmlinux)\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

static struct report_vcpu *vcpu_of(struct report *report, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < report->vcpus; i++)
		if (report->vcpu[i].id == id)
			return &report->vcpu[i];
	if (report->vcpus == REPORT_VCPUS)
		return NULL;
	report->vcpu[report->vcpus].id = id;
	return &report->vcpu[report->vcpus++];
}

/* Time from @from on, spread over the columns that it touches. */
static void spend(const struct report *report, struct report_vcpu *vcpu, enum report_part part,
		  uint64_t from, uint64_t ticks)
{
	uint64_t width = (report->end - report->start) / REPORT_COLUMNS + 1;
	uint64_t at = from - report->start, here;

	vcpu->ticks[part] += ticks;
	while (ticks && at / width < REPORT_COLUMNS) {
		here = width - at % width;
		if (here > ticks)
			here = ticks;
		vcpu->column[at / width][part] += here;
		at += here;
		ticks -= here;
	}
}

static unsigned int log_2(uint64_t value)
{
	unsigned int bit = 0;

	while (value >>= 1)
		bit++;
	return bit < REPORT_BITS ? bit : REPORT_BITS - 1;
}

static void add(struct report *report, struct report_vcpu *vcpu,
		const struct vhm_exit_record *record)
{
	uint64_t ticks = record->entry_tsc > record->exit_tsc ?
			 record->entry_tsc - record->exit_tsc : 0;
	uint64_t user = record->user_ticks < ticks ? record->user_ticks : ticks;
	uint32_t number = record->reason & 0xffff;
	struct report_reason *reason;

	reason = &report->reason[number < VHM_NR_EXIT_REASONS ? number : VHM_NR_EXIT_REASONS];
	if (vcpu->last_entry && record->sequence == vcpu->next &&
	    record->exit_tsc > vcpu->last_entry)
		spend(report, vcpu, REPORT_GUEST, vcpu->last_entry,
		      record->exit_tsc - vcpu->last_entry);
	spend(report, vcpu, REPORT_KERNEL, record->exit_tsc, ticks - user);
	spend(report, vcpu, REPORT_USER, record->exit_tsc + (ticks - user), user);
	vcpu->last_entry = record->entry_tsc;
	vcpu->next = record->sequence + 1;
	vcpu->count++;
	reason->count++;
	reason->ticks[REPORT_KERNEL] += ticks - user;
	reason->ticks[REPORT_USER] += user;
	reason->by_cost[log_2(ticks)]++;
	tally_add(&report->rip, record->rip, ticks);
	if (number == 48 || number == 49)
		tally_add(&report->page, record->gpa >> PAGE_SHIFT, ticks);
}

/* From the first exit to the last entry. */
static int find_span(struct report *report, FILE *file, const char *path)
{
	struct capture_entry entry;
	int got;

	report->start = ~0ull;
	while ((got = capture_read(file, path, &entry)) > 0) {
		if (entry.record.exit_tsc < report->start)
			report->start = entry.record.exit_tsc;
		if (entry.record.entry_tsc > report->end)
			report->end = entry.record.entry_tsc;
		if (entry.record.exit_tsc > report->end)
			report->end = entry.record.exit_tsc;
		report->exits++;
		report->dropped += entry.dropped;
	}
	if (!got && !report->exits)
		return log_error(path, "has no exits");
	return got;
}

/**
 * report_sum() - read a capture and sum up
 * @report: filled in; zero before
 * @file: the capture
 * @path: its name
 *
 * Return: 0; -1 with a message said.
 */
int report_sum(struct report *report, FILE *file, const char *path)
{
	struct capture_entry entry;
	struct report_vcpu *vcpu;
	int got;

	if (capture_read_head(file, path, &report->head) || find_span(report, file, path))
		return -1;
	if (fseek(file, sizeof(report->head), SEEK_SET))
		return log_error(path, "cannot be read twice: %s", strerror(errno));
	while ((got = capture_read(file, path, &entry)) > 0) {
		vcpu = vcpu_of(report, entry.vcpu);
		if (!vcpu)
			return log_error(path, "has more than %d vCPUs: it is damaged",
					 REPORT_VCPUS);
		add(report, vcpu, &entry.record);
	}
	tally_sort(&report->rip);
	tally_sort(&report->page);
	return got;
}

struct options {
	const char *input, *output, *symbols;
};

static int sum_up(struct report *report, const struct options *options)
{
	FILE *file = fopen(options->input, "re");
	int error;

	if (!file)
		return log_error(options->input, "cannot be opened: %s", strerror(errno));
	error = report_sum(report, file, options->input);
	fclose(file);
	if (!error && options->symbols)
		error = symbols_read(&report->symbols, options->symbols);
	return error;
}

static int make(const struct options *options)
{
	static struct report report;
	FILE *out;
	int error;

	if (sum_up(&report, options))
		return -1;
	out = fopen(options->output, "we");
	if (out) {
		error = report_write(&report, out);
		if (fclose(out) || error)
			error = log_error(options->output, "cannot be written: %s",
					  strerror(errno));
	} else {
		error = log_error(options->output, "cannot be made: %s", strerror(errno));
	}
	symbols_free(&report.symbols);
	return error;
}

/* Returns STATUS_GO_ON, or the exit status. */
static int parse_option(void *to, int option)
{
	struct options *options = to;

	switch (option) {
	case 'i':
		options->input = optarg;
		break;
	case 'o':
		options->output = optarg;
		break;
	case 's':
		options->symbols = optarg;
		break;
	default:
		return common_option(option, usage_text, help_text);
	}
	return STATUS_GO_ON;
}

/**
 * command_report() - vhm report
 * @argc: arguments, "report" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_report(int argc, char **argv)
{
	static const struct option table[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "output", required_argument, NULL, 'o' },
		{ "symbols", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { NULL, NULL, NULL };
	int status = each_option(argc, argv, table, parse_option, &options);

	if (status != STATUS_GO_ON)
		return status;
	if (optind < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind]);
	if (!options.input || !options.output)
		return usage_error(usage_text, "--input and --output are both needed", NULL);
	return make(&options) ? STATUS_FAILED : STATUS_OK;
}
