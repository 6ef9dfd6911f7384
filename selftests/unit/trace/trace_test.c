// SPDX-License-Identifier: GPL-2.0
/* A made-up ring, read; made-up exits, written in each format; reports of captures; symbols. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "tap.h"
#include "report.h"
#include "sink.h"
#include "vhm/command.h"

/* What the command line's functions are for is elsewhere. */
int usage_error(const char *usage, const char *what, const char *value)
{
	(void)usage;
	(void)what;
	(void)value;
	return STATUS_USAGE;
}

int common_option(int option, const char *usage, const char *help)
{
	(void)option;
	(void)usage;
	(void)help;
	return STATUS_USAGE;
}

int each_option(int argc, char **argv, const struct option *table,
		int (*take)(void *options, int option), void *options)
{
	(void)argc;
	(void)argv;
	(void)table;
	(void)take;
	(void)options;
	return STATUS_USAGE;
}

#define EXITS	64u

static struct {
	struct vhm_exit_ring head;
	struct vhm_exit_record record[EXITS];
} memory;

static struct vhm_ring made_up_ring(void)
{
	memset(&memory, 0, sizeof(memory));
	memory.head.exits = EXITS;
	memory.head.tsc_khz = 1000;
	return (struct vhm_ring){ .head = &memory.head, .record = memory.record };
}

/* CPUID and OUT in turn: 100 ticks in the guest, 10 in the kernel, 20 in user space for OUT. */
static struct vhm_exit_record made_up_exit(uint64_t number)
{
	bool out = number & 1;
	uint64_t begin = 1000 + number / 2 * (110 + 130) + (out ? 110 : 0);

	return (struct vhm_exit_record){
		.sequence = number,
		.reason = out ? 30 : 10,
		.handled = out ? VHM_EXIT_IN_USER : VHM_EXIT_IN_LOOP,
		.qualification = out ? 0x800040 : 0,
		.rip = 0x7c00 + number % 4,
		.exit_tsc = begin + 100,
		.entry_tsc = begin + 100 + (out ? 30 : 10),
		.user_ticks = out ? 20 : 0,
	};
}

static void write_exit(void)
{
	memory.record[memory.head.head % EXITS] = made_up_exit(memory.head.head);
	memory.head.head++;
}

static void test_ring(void)
{
	struct vhm_ring ring = made_up_ring();
	struct vhm_exit_record records[EXITS];
	unsigned int i;
	size_t count;

	tap_ok(!vhm_ring_read(&ring, records, EXITS), "an empty ring has nothing");
	for (i = 0; i < 10; i++)
		write_exit();
	count = vhm_ring_read(&ring, records, 4);
	tap_ok(count == 4 && records[3].sequence == 3, "no more than there is room for");
	count = vhm_ring_read(&ring, records, EXITS);
	tap_ok(count == 6 && records[0].sequence == 4 && !ring.dropped, "the rest");
	for (i = 0; i < 200; i++)
		write_exit();
	count = vhm_ring_read(&ring, records, EXITS);
	/* The place of the oldest one may be under the writer's hand. */
	tap_ok(count == EXITS - 1 && records[0].sequence == 210 - EXITS + 1, "the newest of many");
	tap_ok(ring.dropped == 200 - (EXITS - 1), "and how many were dropped");
	tap_ok(!vhm_ring_ended(&ring), "a ring that goes on");
	memory.head.flags = VHM_EXIT_RING_ENDED;
	tap_ok(vhm_ring_ended(&ring), "a ring that has ended");
}

static char *written(enum sink_format format, unsigned int count, size_t *size)
{
	struct watch watch = { .count = 1, .ring[0] = made_up_ring() };
	struct vhm_exit_record record;
	struct sink sink = { .format = format, .all = true, .machine = "a \"name\"" };
	char *text = NULL;
	unsigned int i;

	sink.out = open_memstream(&text, size);
	sink_begin(&sink, &watch);
	for (i = 0; i < count; i++) {
		record = made_up_exit(i);
		if (i == 6)
			watch.ring[0].dropped = 5;
		sink_exit(&sink, &watch, 0, &record);
	}
	tap_ok(!sink_end(&sink), "format %d is written", format);
	fclose(sink.out);
	return text;
}

static unsigned int count_of(const char *text, const char *word)
{
	unsigned int count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text += strlen(word);
	}
	return count;
}

static void test_sinks(void)
{
	struct json_object *object, *events;
	size_t size;
	char *text = written(SINK_TEXT, 8, &size);

	tap_ok(count_of(text, "\n") == 10 && count_of(text, " CPUID ") == 4 &&
	       count_of(text, " IO_INSTRUCTION ") == 4, "a line for each exit");
	tap_ok(count_of(text, "5 exits dropped") == 1, "what was dropped is said, once");
	tap_ok(!!strstr(text, "       110.000    0 IO_INSTRUCTION"),
	       "time begins at the first exit");
	free(text);
	text = written(SINK_JSON, 8, &size);
	object = json_tokener_parse(text);
	tap_ok(object && json_object_object_get_ex(object, "traceEvents", &events),
	       "JSON, whatever the machine's name");
	/* 2 names, 8 exits, 7 stays between, 4 times user space, 1 for what was dropped. */
	tap_ok(object && json_object_array_length(events) == 2 + 8 + 7 + 4 + 1, "with all events");
	json_object_put(object);
	free(text);
}

static void test_full_disk(void)
{
	struct watch watch = { .count = 1, .ring[0] = made_up_ring() };
	struct vhm_exit_record record = made_up_exit(0);
	struct sink sink = { .format = SINK_CAPTURE, .machine = "m" };
	unsigned int i;

	sink.out = fopen("/dev/full", "w");
	sink_begin(&sink, &watch);
	for (i = 0; i < 1000; i++)
		sink_exit(&sink, &watch, 0, &record);
	tap_ok(sink_end(&sink) == -1, "a full disk is noticed");
	fclose(sink.out);
}

static struct report *report_of(const char *capture, size_t size, int wanted)
{
	struct report *report = calloc(1, sizeof(*report));
	FILE *file = fmemopen((void *)capture, size, "r");
	int error = report_sum(report, file, "capture");

	tap_ok(error == wanted, "a capture of %zu bytes is %s", size, wanted ? "refused" : "read");
	fclose(file);
	return report;
}

static void test_report(void)
{
	struct report *report;
	size_t size;
	char *capture = written(SINK_CAPTURE, 1000000, &size), *page = NULL;
	FILE *out;

	report = report_of(capture, size, 0);
	tap_ok(report->exits == 1000000 && report->dropped == 5, "a million exits");
	tap_ok(report->reason[10].count == 500000 && report->reason[30].count == 500000 &&
	       report->vcpu[0].count == 1000000 && report->vcpus == 1, "by reason");
	tap_ok(report->reason[10].ticks[REPORT_KERNEL] == 5000000 &&
	       report->reason[30].ticks[REPORT_KERNEL] == 5000000 &&
	       report->reason[30].ticks[REPORT_USER] == 10000000, "by cost");
	tap_ok(report->reason[10].by_cost[3] == 500000 && report->reason[30].by_cost[4] == 500000,
	       "by powers of two");
	tap_ok(report->vcpu[0].ticks[REPORT_GUEST] == 99999900, "time in the guest");
	tap_ok(report->rip.count == 4 && report->rip.row[0].key == 0x7c00 &&
	       report->rip.row[3].count == 250000, "addresses");
	out = open_memstream(&page, &size);
	tap_ok(!report_write(report, out), "its page is written");
	fclose(out);
	tap_ok(!!strstr(page, "<td id=\"exits\">1000000</td>") &&
	       !!strstr(page, "<td>CPUID</td><td>500000</td>") &&
	       !!strstr(page, "a &#34;name&#34;") && !strstr(page, "<script") &&
	       !strstr(page, "http://") && !strstr(page, "https://"), "and needs nothing else");
	out = fopen("/dev/full", "w");
	tap_ok(report_write(report, out) == -1, "a full disk is noticed");
	fclose(out);
	free(page);
	free(report);
	free(report_of(capture, sizeof(struct capture_head) + 100, -1));
	free(report_of(capture, sizeof(struct capture_head), -1));
	free(report_of(capture, 20, -1));
	capture[0] = 'W';
	free(report_of(capture, sizeof(struct capture_head) + 88, -1));
	free(capture);
}

static const char *put(const char *text, size_t size)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/trace_test.XXXXXX");
	fd = mkstemp(path);
	if (write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
	return path;
}

static int read_symbols(struct symbols *symbols, const char *text, size_t size)
{
	const char *path = put(text, size);
	int error = symbols_read(symbols, path);

	unlink(path);
	return error;
}

static void test_map(void)
{
	static const char map[] = "ffffffff81000000 T _stext\nffffffff81000100 t second\n"
				  "ffffffff82000000 D data\n";
	struct symbols symbols;

	tap_ok(!read_symbols(&symbols, map, strlen(map)) && symbols.count == 2, "a System.map");
	tap_ok(!symbols_find(&symbols, 0x1000), "an address below all");
	tap_ok(!strcmp(symbols_find(&symbols, 0xffffffff810000ff)->name, "_stext") &&
	       !strcmp(symbols_find(&symbols, 0xffffffff81000100)->name, "second"),
	       "addresses in it");
	symbols_free(&symbols);
	tap_ok(read_symbols(&symbols, map, 40), "one that is cut off");
	tap_ok(read_symbols(&symbols, "no symbols\n", 11), "a text that is none");
	tap_ok(read_symbols(&symbols, "", 0), "an empty file");
	tap_ok(symbols_read(&symbols, "/nowhere"), "a file that is not there");
}

/* This program is one; cut anywhere it must be refused, or at least be read inside its bounds. */
static void test_elf(void)
{
	char *data = malloc(64 << 20);
	FILE *file = fopen("/proc/self/exe", "re");
	size_t size = fread(data, 1, 64 << 20, file), cut;
	unsigned int refused = 0, tries = 0;
	struct symbols symbols;

	fclose(file);
	tap_ok(!read_symbols(&symbols, data, size) && symbols.count > 100, "an ELF file");
	symbols_free(&symbols);
	for (cut = 4; cut < size - 64; cut += size / 50, tries++)
		refused += !!read_symbols(&symbols, data, cut);
	tap_ok(refused == tries, "an ELF file that is cut off, %u times", tries);
	free(data);
}

int main(void)
{
	tap_begin();
	/* What is refused is said there. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	test_ring();
	test_sinks();
	test_full_disk();
	test_report();
	test_map();
	test_elf();
	return tap_end();
}
