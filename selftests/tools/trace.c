// SPDX-License-Identifier: GPL-2.0
/* vhm top, trace and report on guests whose exits are known in number and kind. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

/* sti; mov $1000, %si; 1: cpuid; dec %si; jnz 1b; 2: hlt; jmp 2b */
#define ASKS_1000	CODE("\xfb\xbe\xe8\x03\x0f\xa2\x4e\x75\xfb\xf4\xeb\xfd")

FIXTURE(guest) {
	struct guest guest;
	struct tool tool;
	struct json_object *json;
	char file[128], page[128];
};

FIXTURE_SETUP(guest)
{
	memset(self, 0, sizeof(*self));
	snprintf(self->file, sizeof(self->file), "%s/capture", tool_directory());
	snprintf(self->page, sizeof(self->page), "%s/page", tool_directory());
	if (tool_on_kvm())
		SKIP(return, "KVM has no observers");
}

FIXTURE_TEARDOWN(guest)
{
	guest_end(&self->guest, SIGKILL);
	tool_free(&self->tool);
	json_object_put(self->json);
	tool_remove_directory();
}

#define START(name, code)	ASSERT_TRUE(guest_start(&self->guest, name, code))

#define TRY(...)							\
	do {								\
		tool_free(&self->tool);					\
		self->tool = TOOL(__VA_ARGS__);				\
	} while (0)

#define TRY_OK(...)							\
	do {								\
		TRY(__VA_ARGS__);					\
		ASSERT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);	\
	} while (0)

#define TRY_JSON(...)							\
	do {								\
		TRY_OK(__VA_ARGS__);					\
		json_object_put(self->json);				\
		self->json = tool_json(&self->tool);			\
		ASSERT_NE(NULL, self->json) TH_LOG("%s", self->tool.out);	\
	} while (0)

#define SAID(text)		(!!strstr(self->tool.out, text))
#define COMPLAINED(text)	(!!strstr(self->tool.err, text))

#define EXPECT_REFUSED(sentence)					\
	do {								\
		EXPECT_EQ(1, self->tool.status);			\
		EXPECT_STREQ("", self->tool.out);			\
		EXPECT_TRUE(COMPLAINED(sentence)) TH_LOG("%s", self->tool.err);	\
	} while (0)

static unsigned int count_of(const char *text, const char *word)
{
	unsigned int count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text += strlen(word);
	}
	return count;
}

static char *read_file(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "re");

	if (!text || !file || !fread(text, 1, (1 << 20) - 1, file))
		text = strcpy(text, "");
	if (file)
		fclose(file);
	return text;
}

static uint64_t total_of(struct json_object *json, const char *reason)
{
	struct json_object *rows = json_at(json, "exits"), *row;
	size_t i;

	for (i = 0; rows && i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (!strcmp(json_text(row, "reason"), reason))
			return json_number(row, "total");
	}
	return 0;
}

TEST_F(guest, top_counts_every_exit)
{
	START("asks", ASKS_1000);
	TRY_JSON("top", "asks", "--json");
	EXPECT_EQ(1000, total_of(self->json, "CPUID"));
	EXPECT_EQ(0, total_of(self->json, "IO_INSTRUCTION"));
	TRY_OK("top", "asks", "--once", "--vcpus", "--sort", "reason");
	EXPECT_TRUE(SAID("CPUID                    0            0           1000"))
		TH_LOG("%s", self->tool.out);
}

/* CPUID and OUT in turn: with none dropped, they are half and half, one behind the other. */
TEST_F(guest, trace_has_every_exit)
{
	char *line, *rest, *was = "";
	unsigned int turns = 0;

	START("writes", ASKS_AND_WRITES);
	TRY_OK("trace", "writes", "--reason", "CPUID", "--reason", "IO_INSTRUCTION",
	       "--count", "1000");
	EXPECT_STREQ("", self->tool.err);
	EXPECT_EQ(500, count_of(self->tool.out, " CPUID "));
	EXPECT_EQ(500, count_of(self->tool.out, " IO_INSTRUCTION "));
	EXPECT_EQ(500, count_of(self->tool.out, " 0x0000000000007c01 "));
	EXPECT_EQ(500, count_of(self->tool.out, " 0x0000000000007c03 "));
	/* A byte to port 80H, by an immediate operand. */
	EXPECT_EQ(500, count_of(self->tool.out, " 0x0000000000800040 "));
	EXPECT_EQ(500, count_of(self->tool.out, " loop\n"));
	EXPECT_EQ(500, count_of(self->tool.out, " user\n"));
	line = strtok_r(self->tool.out, "\n", &rest);
	for (; line; line = strtok_r(NULL, "\n", &rest)) {
		turns += strstr(line, " CPUID ") && strstr(was, " IO_INSTRUCTION ");
		was = line;
	}
	EXPECT_LE(499, turns);
}

TEST_F(guest, trace_is_filtered)
{
	START("writes", ASKS_AND_WRITES);
	TRY_OK("trace", "writes", "--rip", "0x7c03-0x7c03", "--reason", "30", "--count", "20");
	EXPECT_EQ(20, count_of(self->tool.out, " IO_INSTRUCTION "));
	EXPECT_EQ(21, count_of(self->tool.out, "\n"));
	TRY_OK("trace", "writes", "--gpa", "0-0xffffffff", "--seconds", "0.02");
	EXPECT_EQ(1, count_of(self->tool.out, "\n")) TH_LOG("%s", self->tool.out);
	TRY_OK("trace", "writes", "--vcpu", "1", "--seconds", "0.02");
	EXPECT_EQ(1, count_of(self->tool.out, "\n"));
	TRY("trace", "writes", "--reason", "NONE");
	EXPECT_EQ(2, self->tool.status);
	TRY("trace", "writes", "--rip", "9-1");
	EXPECT_EQ(2, self->tool.status);
}

TEST_F(guest, trace_for_viewers)
{
	START("writes", ASKS_AND_WRITES);
	TRY_JSON("trace", "writes", "--reason", "IO_INSTRUCTION", "--count", "100", "--json");
	/* Two names, and each exit with its time in user space. */
	EXPECT_EQ(2 + 2 * 100, json_object_array_length(json_at(self->json, "traceEvents")));
	EXPECT_EQ(100, count_of(self->tool.out, "\"user space\""));
}

TEST_F(guest, report_of_a_capture)
{
	char map[128], *page;
	FILE *file;

	snprintf(map, sizeof(map), "%s/map", tool_directory());
	file = fopen(map, "we");
	fputs("0000000000007c00 T begins\n0000000000007c03 T writes\n", file);
	fclose(file);
	START("writes", ASKS_AND_WRITES);
	TRY_OK("trace", "writes", "--reason", "CPUID", "--reason", "IO_INSTRUCTION",
	       "--count", "1000", "--output", self->file);
	EXPECT_TRUE(COMPLAINED("1000 exits, 0 dropped")) TH_LOG("%s", self->tool.err);
	TRY_OK("report", "--input", self->file, "--output", self->page, "--symbols", map);
	page = read_file(self->page);
	EXPECT_TRUE(!!strstr(page, "<td id=\"exits\">1000</td>"));
	EXPECT_TRUE(!!strstr(page, "<td>CPUID</td><td>500</td>"));
	EXPECT_TRUE(!!strstr(page, "<td>IO_INSTRUCTION</td><td>500</td>"));
	EXPECT_TRUE(!!strstr(page, "begins+0x1"));
	EXPECT_TRUE(!!strstr(page, "writes+0x0"));
	free(page);
	truncate(map, 40);
	TRY("report", "--input", self->file, "--output", self->page, "--symbols", map);
	EXPECT_REFUSED("line 2 is no line of a System.map");
	truncate(self->file, 1000);
	TRY("report", "--input", self->file, "--output", self->page);
	EXPECT_REFUSED("ends within an exit");
}

TEST_F(guest, full_disk)
{
	START("writes", ASKS_AND_WRITES);
	TRY("trace", "writes", "--output", "/dev/full");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("No space left on device")) TH_LOG("%s", self->tool.err);
	TRY_OK("trace", "writes", "--output", self->file, "--count", "10");
	TRY("report", "--input", self->file, "--output", "/dev/full");
	EXPECT_REFUSED("No space left on device");
}

/* The trace goes to the end of the machine, and its last exit is there. */
TEST_F(guest, the_machine_ends)
{
	char output[128];
	pid_t tracer;

	START("ends", ASKS_AND_WRITES);
	snprintf(output, sizeof(output), "%s/tracer", tool_directory());
	tracer = tool_start(0, (const char *const []){
		"trace", "ends", "--output", self->file, NULL }, output);
	usleep(200000);
	EXPECT_EQ(128 + SIGTERM, guest_end(&self->guest, SIGTERM));
	self->tool = tool_wait(tracer, output);
	EXPECT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);
	EXPECT_TRUE(COMPLAINED(" exits, "));
	TRY_OK("report", "--input", self->file, "--output", self->page);
	TRY("trace", "ends");
	EXPECT_REFUSED("there is no machine ends");
	TRY("top", "ends", "--once");
	EXPECT_REFUSED("there is no machine ends");
}

/* A reader that dies, or is stopped and reads no more, is nothing to the guest. */
TEST_F(guest, readers_die)
{
	unsigned long long exits;
	char output[128];
	pid_t tracer;

	START("goes-on", ASKS_CPUID);
	snprintf(output, sizeof(output), "%s/tracer", tool_directory());
	tracer = tool_start(0, (const char *const []){
		"trace", "goes-on", "--reason", "63", NULL }, output);
	usleep(100000);
	kill(tracer, SIGSTOP);
	exits = guest_exits(&self->guest);
	usleep(100000);
	EXPECT_GT(guest_exits(&self->guest), exits);
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	TRY_OK("trace", "goes-on", "--count", "5");
	EXPECT_EQ(6, count_of(self->tool.out, "\n"));
}

TEST_F(guest, somebody_elses)
{
	START("mine", ASKS_CPUID);
	if (getuid())
		SKIP(return, "only root can be somebody else");
	chmod(tool_directory(), 0755);
	tool_free(&self->tool);
	self->tool = TOOL_AS(NOBODY, "trace", tool_socket("mine"));
	EXPECT_REFUSED("somebody else's");
	tool_free(&self->tool);
	self->tool = TOOL_AS(NOBODY, "top", tool_socket("mine"), "--once");
	EXPECT_REFUSED("somebody else's");
}

TEST_HARNESS_MAIN
