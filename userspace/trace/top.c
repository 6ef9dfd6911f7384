// SPDX-License-Identifier: GPL-2.0
/* vhm top - which exits a guest makes, how often, and what they cost. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curses.h>
#include <json-c/json.h>

#include "../observe/show.h"
#include "../vhm/command.h"
#include "../vhm/log.h"
#include "watch.h"

#define EXITS		65536
#define FETCH		4096
#define STEP_MS		20
#define ROWS_MOST	(WATCH_VCPUS * VHM_NR_EXIT_REASONS)

static const char usage_text[] =
	"usage: vhm top NAME [--interval SECONDS] [--sort rate|kernel|user|reason] [--vcpus]\n"
	"               [--once] [--json]\n";

static const char help_text[] =
	"\n"
	"Shows the exits of the machine NAME by reason: how many in a second, how many so far, and the\n"
	"time that the kernel and user space spend on them, in parts of a second. Keys: r, k, u, n sort\n"
	"(rate, kernel, user, name); v shows each vCPU by itself; q ends.\n"
	"\n"
	"  --interval N    seconds between two looks (1)\n"
	"  --sort WHAT     rate (default), kernel, user or reason\n"
	"  --vcpus         each vCPU by itself\n"
	"  --once          look once, print it and end\n"
	"  --json          as that, as JSON\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

struct cell {
	uint64_t count;		/* so far */
	uint64_t before;	/* ... when it was looked before */
	uint64_t kernel_ticks;	/* since then */
	uint64_t user_ticks;
};

struct row {
	int vcpu;		/* -1: all of them */
	unsigned int reason;
	struct cell cell;
};

struct top {
	const char *name;
	uint64_t interval;
	char sort;		/* r, k, u, n */
	bool vcpus, once, json;
	double seconds;		/* since it was looked before */
	uint64_t dropped;
	struct watch watch;
	struct cell cell[WATCH_VCPUS][VHM_NR_EXIT_REASONS];
	struct row row[ROWS_MOST];
	unsigned int rows;
};

static char sorted_by;

static int compare(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	uint64_t x = a->cell.count - a->cell.before, y = b->cell.count - b->cell.before;

	if (sorted_by == 'k') {
		x = a->cell.kernel_ticks;
		y = b->cell.kernel_ticks;
	} else if (sorted_by == 'u') {
		x = a->cell.user_ticks;
		y = b->cell.user_ticks;
	} else if (sorted_by == 'n') {
		return strcmp(vhm_exit_reason_name(a->reason), vhm_exit_reason_name(b->reason));
	}
	if (x == y)
		return (a->cell.count < b->cell.count) - (a->cell.count > b->cell.count);
	return x < y ? 1 : -1;
}

static void add_row(struct top *top, int vcpu, unsigned int reason, const struct cell *cell)
{
	if (cell->count)
		top->row[top->rows++] = (struct row){ vcpu, reason, *cell };
}

static void make_rows(struct top *top)
{
	unsigned int i, k;
	struct cell all;

	top->rows = 0;
	for (k = 0; k < VHM_NR_EXIT_REASONS; k++) {
		memset(&all, 0, sizeof(all));
		for (i = 0; i < top->watch.count; i++) {
			all.count += top->cell[i][k].count;
			all.before += top->cell[i][k].before;
			all.kernel_ticks += top->cell[i][k].kernel_ticks;
			all.user_ticks += top->cell[i][k].user_ticks;
			if (top->vcpus)
				add_row(top, (int)top->watch.id[i], k, &top->cell[i][k]);
		}
		if (!top->vcpus)
			add_row(top, -1, k, &all);
	}
	sorted_by = top->sort;
	qsort(top->row, top->rows, sizeof(top->row[0]), compare);
}

/* The ring tells what an exit cost, the table how many there were. */
static void take_times(struct top *top, unsigned int index)
{
	static struct vhm_exit_record records[FETCH];
	struct cell *cell;
	uint64_t ticks;
	size_t count, i;

	do {
		count = vhm_ring_read(&top->watch.ring[index], records, FETCH);
		for (i = 0; i < count; i++) {
			if ((records[i].reason & 0xffff) >= VHM_NR_EXIT_REASONS)
				continue;
			cell = &top->cell[index][records[i].reason & 0xffff];
			ticks = records[i].entry_tsc - records[i].exit_tsc;
			if (!records[i].entry_tsc)
				continue;
			cell->kernel_ticks += ticks - records[i].user_ticks;
			cell->user_ticks += records[i].user_ticks;
		}
	} while (count == FETCH);
}

static int take_counts(struct top *top, unsigned int index)
{
	struct vhm_exit_stats stats;
	unsigned int k;

	if (vhm_observer_exit_stats(top->watch.observer, top->watch.id[index], &stats))
		return log_error(top->name, "%s", vhm_error());
	for (k = 0; k < VHM_NR_EXIT_REASONS; k++)
		top->cell[index][k].count = stats.reason[k].count;
	return 0;
}

static int look(struct top *top, double since)
{
	unsigned int i;

	for (i = 0; i < top->watch.count; i++) {
		take_times(top, i);
		if (take_counts(top, i))
			return -1;
	}
	top->dropped = watch_dropped(&top->watch);
	top->seconds = watch_now() - since;
	make_rows(top);
	return 0;
}

static void begin(struct top *top)
{
	unsigned int i, k;

	for (i = 0; i < top->watch.count; i++) {
		for (k = 0; k < VHM_NR_EXIT_REASONS; k++) {
			top->cell[i][k].before = top->cell[i][k].count;
			top->cell[i][k].kernel_ticks = 0;
			top->cell[i][k].user_ticks = 0;
		}
	}
}

/* Ticks as a part of the time that has passed. */
static double share(const struct top *top, uint64_t ticks)
{
	double all = top->seconds * top->watch.ring[0].head->tsc_khz * 1000.0;

	return all > 0 ? 100.0 * (double)ticks / all : 0;
}

static double rate(const struct top *top, const struct row *row)
{
	return top->seconds > 0 ? (double)(row->cell.count - row->cell.before) / top->seconds : 0;
}

static void format_row(const struct top *top, const struct row *row, char *line, size_t size)
{
	char vcpu[12] = "all";

	if (row->vcpu >= 0)
		snprintf(vcpu, sizeof(vcpu), "%d", row->vcpu);
	snprintf(line, size, "%-20s %5s %12.0f %14llu %7.2f%% %7.2f%%",
		 watch_reason(row->reason), vcpu, rate(top, row),
		 (unsigned long long)row->cell.count,
		 share(top, row->cell.kernel_ticks), share(top, row->cell.user_ticks));
}

static void format_head(const struct top *top, char *line, size_t size)
{
	snprintf(line, size, "%s: %u vCPU%s, %.1f s, %llu exits dropped by the ring", top->name,
		 top->watch.count, top->watch.count == 1 ? "" : "s", top->seconds,
		 (unsigned long long)top->dropped);
}

#define TITLE "REASON                VCPU      EXITS/S          TOTAL   KERNEL     USER"

static int print_text(const struct top *top)
{
	char line[256];
	unsigned int i;

	format_head(top, line, sizeof(line));
	printf("%s\n" TITLE "\n", line);
	for (i = 0; i < top->rows; i++) {
		format_row(top, &top->row[i], line, sizeof(line));
		puts(line);
	}
	if (fflush(stdout) || ferror(stdout))
		return log_error(NULL, "cannot write to stdout: %s", strerror(errno));
	return 0;
}

static struct json_object *new_row(const struct top *top, const struct row *row)
{
	struct json_object *object = json_object_new_object();

	if (row->vcpu >= 0)
		json_object_object_add(object, "vcpu", json_object_new_int(row->vcpu));
	json_object_object_add(object, "reason", json_object_new_string(watch_reason(row->reason)));
	json_object_object_add(object, "exits_per_second", json_object_new_double(rate(top, row)));
	json_object_object_add(object, "total", json_object_new_uint64(row->cell.count));
	json_object_object_add(object, "kernel_ticks",
			       json_object_new_uint64(row->cell.kernel_ticks));
	json_object_object_add(object, "user_ticks", json_object_new_uint64(row->cell.user_ticks));
	return object;
}

static int print_json(const struct top *top)
{
	struct json_object *object = json_new(), *rows = json_object_new_array();
	unsigned int i;

	json_object_object_add(object, "machine", json_object_new_string(top->name));
	json_object_object_add(object, "vcpus", json_object_new_int((int)top->watch.count));
	json_object_object_add(object, "seconds", json_object_new_double(top->seconds));
	json_object_object_add(object, "tsc_khz",
			       json_object_new_int64(top->watch.ring[0].head->tsc_khz));
	json_object_object_add(object, "dropped", json_object_new_uint64(top->dropped));
	for (i = 0; i < top->rows; i++)
		json_object_array_add(rows, new_row(top, &top->row[i]));
	json_object_object_add(object, "exits", rows);
	if (json_write(object, stdout) || fflush(stdout))
		return log_error(NULL, "cannot write to stdout: %s", strerror(errno));
	return 0;
}

static void draw(const struct top *top)
{
	char line[256];
	unsigned int i;

	erase();
	format_head(top, line, sizeof(line));
	mvaddnstr(0, 0, line, COLS);
	attron(A_REVERSE);
	mvaddnstr(1, 0, TITLE, COLS);
	attroff(A_REVERSE);
	for (i = 0; i < top->rows && (int)i + 2 < LINES; i++) {
		format_row(top, &top->row[i], line, sizeof(line));
		mvaddnstr((int)i + 2, 0, line, COLS);
	}
	refresh();
}

/* Returns whether to go on. */
static bool take_key(struct top *top, int key)
{
	if (key == 'q')
		return false;
	if (key == 'r' || key == 'k' || key == 'u' || key == 'n')
		top->sort = (char)key;
	if (key == 'v')
		top->vcpus = !top->vcpus;
	if (key != ERR) {
		make_rows(top);
		draw(top);
	}
	return true;
}

/* Until the interval is over; the rings are emptied meanwhile, so that they do not overflow. */
static bool pass_time(struct top *top, double since)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	unsigned int i;

	while (watch_now() - since < (double)top->interval && !watch_ended(&top->watch)) {
		if (top->once)
			nanosleep(&step, NULL);
		else if (!take_key(top, getch()))
			return false;
		for (i = 0; i < top->watch.count; i++)
			take_times(top, i);
	}
	return true;
}

static int run_live(struct top *top)
{
	double since = watch_now();
	bool more = true;
	int error = 0;

	if (!newterm(NULL, stdout, stdin))
		return log_error(NULL,
				 "this terminal cannot show a live table (TERM=%s): use --once",
				 getenv("TERM") ? getenv("TERM") : "");
	cbreak();
	noecho();
	curs_set(0);
	timeout(STEP_MS);
	while (more && !error && !watch_ended(&top->watch)) {
		draw(top);
		more = pass_time(top, since);
		error = look(top, since);
		draw(top);
		begin(top);
		since = watch_now();
	}
	endwin();
	return error;
}

static int run_once(struct top *top)
{
	double since = watch_now();

	pass_time(top, since);
	if (look(top, since))
		return -1;
	return top->json ? print_json(top) : print_text(top);
}

static int run(struct top *top)
{
	int error;

	if (watch_open(&top->watch, top->name, EXITS))
		return -1;
	error = look(top, watch_now());
	begin(top);
	if (!error)
		error = top->once ? run_once(top) : run_live(top);
	watch_close(&top->watch);
	return error;
}

/* Returns STATUS_GO_ON, or the exit status. */
static int parse_option(void *to, int option)
{
	static const char *const sorts[] = { "rate", "kernel", "user", "reason" };
	struct top *top = to;
	unsigned int i;

	switch (option) {
	case 'i':
		if (watch_number(optarg, &top->interval) || !top->interval || top->interval > 3600)
			return usage_error(usage_text, "no number of seconds from 1 to 3600:",
					   optarg);
		break;
	case 's':
		for (i = 0; i < 4 && strcmp(sorts[i], optarg) != 0; i++)
			;
		if (i == 4)
			return usage_error(usage_text, "cannot sort by", optarg);
		top->sort = "rkun"[i];
		break;
	case 'v':
		top->vcpus = true;
		break;
	case 'j':
		top->json = true;
		top->once = true;
		break;
	case 'o':
		top->once = true;
		break;
	default:
		return common_option(option, usage_text, help_text);
	}
	return STATUS_GO_ON;
}

/**
 * command_top() - vhm top
 * @argc: arguments, "top" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_top(int argc, char **argv)
{
	static const struct option table[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "sort", required_argument, NULL, 's' },
		{ "vcpus", no_argument, NULL, 'v' },
		{ "once", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct top top = { .interval = 1, .sort = 'r' };
	int status = each_option(argc, argv, table, parse_option, &top);

	if (status != STATUS_GO_ON)
		return status;
	if (optind == argc)
		return usage_error(usage_text, "NAME is missing", NULL);
	if (optind + 1 < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind + 1]);
	top.name = argv[optind];
	return run(&top) ? STATUS_FAILED : STATUS_OK;
}
