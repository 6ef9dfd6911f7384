// SPDX-License-Identifier: GPL-2.0
/*
 * diff - the same programs on KVM and on vhm
 *
 *	diff run FIRST COUNT		runs programs on the device that VHM_DEVICE names;
 *					results on standard output
 *	diff compare KVM VHM KNOWN [all]	compares two files of results; prints TAP. "all":
 *					every known difference and all kinds of exits have
 *					to be among them
 *	diff show SEED			runs one program and tells all of it, to read
 *
 * Programs written by hand have the numbers from 0 on; seeds are larger numbers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

static void get(struct program *p, uint64_t seed)
{
	if (seed < nr_programs)
		program_get(p, seed);
	else
		stream_make(p, seed);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end)
		die("\"%s\" is no number", text);
	return value;
}

/* A result as it stands in the file: no exits that did not happen. */
static void write_result(const struct result *r)
{
	if (fwrite(r, offsetof(struct result, seen), 1, stdout) != 1 ||
	    fwrite(r->seen, sizeof(r->seen[0]), r->count, stdout) != r->count ||
	    fwrite(&r->end, sizeof(r->end), 1, stdout) != 1)
		die("cannot write a result: %s", strerror(errno));
}

static bool read_result(FILE *file, struct result *r)
{
	memset(r, 0, sizeof(*r));
	if (fread(r, offsetof(struct result, seen), 1, file) != 1)
		return false;
	if (r->count > MAX_EXITS ||
	    fread(r->seen, sizeof(r->seen[0]), r->count, file) != r->count ||
	    fread(&r->end, sizeof(r->end), 1, file) != 1)
		die("a file of results is cut short");
	return true;
}

static void run_all(uint64_t first, uint64_t count)
{
	static struct program p;
	static struct result r;
	struct world w;

	world_open(&w);
	for (uint64_t i = 0; i < nr_programs + count; i++) {
		get(&p, i < nr_programs ? i : first + i - nr_programs);
		play(&w, &p, &r);
		write_result(&r);
	}
	world_close(&w);
	if (fflush(stdout))
		die("cannot write results: %s", strerror(errno));
}

static void show(uint64_t seed)
{
	static struct program p;
	static struct result r;
	struct world w;

	world_open(&w);
	get(&p, seed);
	play(&w, &p, &r);
	print_result(stdout, &p, &r);
	world_close(&w);
}

/* What the programs of one mode came to, or one written by hand. */
struct tally {
	unsigned int programs, exits, known, different;
};

struct comparison_run {
	struct tally tally[MODES];
	unsigned int seen[SEEN_KINDS];
	unsigned int tests, failed;
};

static void report(struct comparison_run *c, bool ok, const char *what, const struct tally *t)
{
	printf("%sok %u - diff: %s: %u programs, %u exits, %u differ for a reason, %u for none\n",
	       ok ? "" : "not ", ++c->tests, what, t->programs, t->exits, t->known, t->different);
	c->failed += !ok;
}

static void take(struct comparison_run *c, const struct program *p, const struct result *r,
		 enum verdict verdict)
{
	struct tally one = {}, *t = p->name ? &one : &c->tally[p->mode];

	t->programs++;
	t->exits += r->count;
	t->known += verdict == KNOWN;
	t->different += verdict == DIFFERENT;
	for (unsigned int i = 0; i < r->count; i++)
		c->seen[r->seen[i].kind % SEEN_KINDS]++;
	if (p->name)
		report(c, verdict != DIFFERENT, p->name, t);
}

/* Streams that never come to some kind of exit compare nothing there. */
static void report_kinds(struct comparison_run *c)
{
	bool all = true;

	for (unsigned int i = SEEN_EXCEPTION; i < SEEN_KINDS; i++) {
		printf("# %s: %u\n", seen_names[i], c->seen[i]);
		if (i != SEEN_ERRNO && i != SEEN_OTHER && i != SEEN_FAIL_ENTRY)
			all &= c->seen[i] > 0;
	}
	printf("%sok %u - diff: all kinds of exits were seen\n", all ? "" : "not ", ++c->tests);
	c->failed += !all;
}

static FILE *open_results(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		die("%s: %s", path, strerror(errno));
	return file;
}

/* A line that is no difference's reason any more would hide the next one. */
static void report_unused(struct comparison_run *c, const struct known *known)
{
	unsigned int unused = known_unused(known);

	printf("%sok %u - diff: every known difference was seen\n", unused ? "not " : "",
	       ++c->tests);
	c->failed += unused != 0;
}

static int compare_all(const char *kvm_path, const char *vhm_path, const char *known_path,
		       bool all)
{
	static struct program p;
	static struct result kvm, vhm;
	struct known *known = known_read(known_path);
	FILE *kvm_file = open_results(kvm_path), *vhm_file = open_results(vhm_path);
	struct comparison_run c = {};

	puts("TAP version 13");
	while (read_result(kvm_file, &kvm)) {
		if (!read_result(vhm_file, &vhm) || vhm.seed != kvm.seed)
			die("the two files are not of the same programs");
		get(&p, kvm.seed);
		take(&c, &p, &kvm, compare(&p, &kvm, &vhm, known));
	}
	for (unsigned int i = 0; i < MODES; i++) {
		if (c.tally[i].programs)
			report(&c, !c.tally[i].different, mode_names[i], &c.tally[i]);
	}
	if (all) {
		report_kinds(&c);
		report_unused(&c, known);
	}
	printf("1..%u\n", c.tests);
	known_free(known);
	fclose(kvm_file);
	fclose(vhm_file);
	return c.failed != 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "run")) {
		run_all(number(argv[2]), number(argv[3]));
		return 0;
	}
	if ((argc == 5 || (argc == 6 && !strcmp(argv[5], "all"))) && !strcmp(argv[1], "compare"))
		return compare_all(argv[2], argv[3], argv[4], argc == 6);
	if (argc == 3 && !strcmp(argv[1], "show")) {
		show(number(argv[2]));
		return 0;
	}
	fputs("usage: diff run FIRST COUNT | compare KVM VHM KNOWN [all] | show SEED\n", stderr);
	return 1;
}
