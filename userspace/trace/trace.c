// SPDX-License-Identifier: GPL-2.0
/* vhm trace - each exit of a guest that runs. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "../vhm/command.h"
#include "../vhm/log.h"
#include "sink.h"

/* Room of a ring, and how many records are fetched at once. */
#define EXITS		65536
#define FETCH		4096

/* How long nothing may be new before it is looked again. */
#define PAUSE_US	1000

static const char usage_text[] =
	"usage: vhm trace NAME [--vcpu ID] [--reason REASON]... [--rip FROM-TO] [--gpa FROM-TO]\n"
	"                 [--count N] [--seconds N] [--json | --output FILE]\n";

static const char help_text[] =
	"\n"
	"Prints each exit of the machine NAME until it ends, or until Ctrl-C. What comes faster than it\n"
	"can be written is dropped, and that is said.\n"
	"\n"
	"  --vcpu ID       only this vCPU's\n"
	"  --reason REASON only exits for this reason, such as CPUID, or its number; may be repeated\n"
	"  --rip FROM-TO   only exits at these addresses, both included\n"
	"  --gpa FROM-TO   only exits for these guest-physical addresses\n"
	"  --count N       ends behind so many exits\n"
	"  --seconds N     ends after so many seconds, or parts of one\n"
	"  --json          as events for chrome://tracing and Perfetto\n"
	"  --output FILE   into a file for vhm report\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

struct range {
	bool set;
	uint64_t from, to;
};

struct options {
	bool some_reasons, one_vcpu, json;
	bool reason[VHM_NR_EXIT_REASONS];
	uint64_t vcpu;
	struct range rip, gpa;
	uint64_t count;
	double seconds;
	const char *output;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int select_reason(struct options *options, const char *text)
{
	uint64_t number;
	unsigned int i;

	options->some_reasons = true;
	if (!watch_number(text, &number) && number < VHM_NR_EXIT_REASONS) {
		options->reason[number] = true;
		return 0;
	}
	for (i = 0; i < VHM_NR_EXIT_REASONS; i++) {
		if (strcasecmp(vhm_exit_reason_name(i), text) != 0)
			continue;
		options->reason[i] = true;
		return 0;
	}
	return log_error(NULL,
			 "there is no exit reason %s: names are those of <asm/vmx.h>, such as CPUID",
			 text);
}

static int parse_range(struct range *range, const char *text)
{
	char from[64];
	const char *dash = strchr(text, '-');

	range->set = true;
	if (!dash || (size_t)(dash - text) >= sizeof(from))
		return log_error(NULL, "%s is no range: say FROM-TO, as 0x1000-0x1fff", text);
	memcpy(from, text, (size_t)(dash - text));
	from[dash - text] = '\0';
	if (watch_number(from, &range->from) || watch_number(dash + 1, &range->to) ||
	    range->from > range->to)
		return log_error(NULL, "%s is no range: say FROM-TO, as 0x1000-0x1fff", text);
	return 0;
}

static int parse_count(uint64_t *value, const char *text)
{
	if (watch_number(text, value) || !*value)
		return log_error(NULL, "%s is no number above 0", text);
	return 0;
}

static int parse_seconds(double *value, const char *text)
{
	char *end;

	*value = strtod(text, &end);
	if (*text < '0' || *text > '9' || *end || !(*value > 0))
		return log_error(NULL, "%s is no number of seconds", text);
	return 0;
}

/* Returns STATUS_GO_ON, or the exit status. */
static int parse_option(void *to, int option)
{
	struct options *options = to;
	int error = 0;

	switch (option) {
	case 'v':
		options->one_vcpu = true;
		if (watch_number(optarg, &options->vcpu))
			error = log_error(NULL, "%s is no vCPU's number", optarg);
		break;
	case 'r':
		error = select_reason(options, optarg);
		break;
	case 'i':
		error = parse_range(&options->rip, optarg);
		break;
	case 'g':
		error = parse_range(&options->gpa, optarg);
		break;
	case 'c':
		error = parse_count(&options->count, optarg);
		break;
	case 's':
		error = parse_seconds(&options->seconds, optarg);
		break;
	case 'j':
		options->json = true;
		break;
	case 'o':
		options->output = optarg;
		break;
	default:
		return common_option(option, usage_text, help_text);
	}
	return error ? STATUS_USAGE : STATUS_GO_ON;
}

static bool in_range(const struct range *range, uint64_t value)
{
	return !range->set || (value >= range->from && value <= range->to);
}

static bool wanted(const struct options *options, uint32_t vcpu,
		   const struct vhm_exit_record *record)
{
	uint32_t reason = record->reason & 0xffff;

	if (options->one_vcpu && options->vcpu != vcpu)
		return false;
	if (options->some_reasons && (reason >= VHM_NR_EXIT_REASONS || !options->reason[reason]))
		return false;
	/* Of exits without such an address the field says nothing. */
	if (options->gpa.set && reason != 48 && reason != 49)
		return false;
	return in_range(&options->rip, record->rip) && in_range(&options->gpa, record->gpa);
}

static bool full(const struct options *options, const struct sink *sink)
{
	return stopped || ferror(sink->out) || (options->count && sink->count >= options->count);
}

static bool enough(const struct options *options, const struct sink *sink, double start)
{
	return full(options, sink) ||
	       (options->seconds > 0 && watch_now() - start >= options->seconds);
}

/* Returns whether there was anything. */
static bool drain(const struct options *options, struct watch *watch, struct sink *sink)
{
	static struct vhm_exit_record records[FETCH];
	bool any = false;
	unsigned int i;
	size_t count, k;

	for (i = 0; i < watch->count; i++) {
		count = vhm_ring_read(&watch->ring[i], records, FETCH);
		any |= count;
		for (k = 0; k < count && !full(options, sink); k++)
			if (wanted(options, watch->id[i], &records[k]))
				sink_exit(sink, watch, i, &records[k]);
	}
	return any;
}

/* On a long capture, a word each second for whoever watches it. */
static void progress(const struct options *options, const struct sink *sink,
		     const struct watch *watch, time_t *said)
{
	time_t now = time(NULL);

	if (!options->output || now == *said)
		return;
	if (*said)
		fprintf(stderr, "vhm: %llu exits, %llu dropped\n", (unsigned long long)sink->count,
			(unsigned long long)watch_dropped(watch));
	*said = now;
}

static void follow(const struct options *options, struct watch *watch, struct sink *sink)
{
	double start = watch_now();
	time_t said = 0;
	bool over;

	do {
		/* What comes behind this is all. */
		over = watch_ended(watch);
		/* A guest may well be faster than we are: then there is always more. */
		while (drain(options, watch, sink) && !enough(options, sink, start))
			progress(options, sink, watch, &said);
		progress(options, sink, watch, &said);
		over |= enough(options, sink, start);
		if (!over) {
			fflush(sink->out);
			usleep(PAUSE_US);
		}
	} while (!over);
}

static int trace(const struct options *options, struct watch *watch, struct sink *sink)
{
	const struct sigaction action = { .sa_handler = on_signal };
	uint64_t dropped;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sink->all = !options->some_reasons && !options->rip.set && !options->gpa.set;
	sink_begin(sink, watch);
	follow(options, watch, sink);
	dropped = watch_dropped(watch);
	if (dropped || options->output)
		fprintf(stderr, "vhm: %llu exits, %llu dropped\n", (unsigned long long)sink->count,
			(unsigned long long)dropped);
	return sink_end(sink);
}

static int trace_machine(const struct options *options, const char *name)
{
	static struct watch watch;
	static struct sink sink;
	int error;

	if (watch_open(&watch, name, EXITS))
		return -1;
	sink.machine = name;
	sink.format = options->output ? SINK_CAPTURE : options->json ? SINK_JSON : SINK_TEXT;
	sink.out = options->output ? fopen(options->output, "we") : stdout;
	if (sink.out) {
		error = trace(options, &watch, &sink);
		if (options->output && fclose(sink.out) && !error)
			error = log_error(options->output, "cannot be written: %s",
					  strerror(errno));
	} else {
		error = log_error(options->output, "cannot be made: %s", strerror(errno));
	}
	watch_close(&watch);
	return error;
}

/**
 * command_trace() - vhm trace
 * @argc: arguments, "trace" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_trace(int argc, char **argv)
{
	static const struct option table[] = {
		{ "vcpu", required_argument, NULL, 'v' },
		{ "reason", required_argument, NULL, 'r' },
		{ "rip", required_argument, NULL, 'i' },
		{ "gpa", required_argument, NULL, 'g' },
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct options options;
	int status = each_option(argc, argv, table, parse_option, &options);

	if (status != STATUS_GO_ON)
		return status;
	if (optind == argc)
		return usage_error(usage_text, "NAME is missing", NULL);
	if (optind + 1 < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind + 1]);
	if (options.json && options.output)
		return usage_error(usage_text, "--json and --output exclude each other", NULL);
	return trace_machine(&options, argv[optind]) ? STATUS_FAILED : STATUS_OK;
}
