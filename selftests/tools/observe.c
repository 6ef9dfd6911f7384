// SPDX-License-Identifier: GPL-2.0
/* Machines by name, and what their VMCS shows to whom. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

#define LOADED		0x7c00ull

FIXTURE(guest) {
	struct guest guest, other;
	struct tool tool;
	struct json_object *json;
};

FIXTURE_SETUP(guest)
{
	memset(self, 0, sizeof(*self));
	tool_directory();
	if (tool_on_kvm())
		SKIP(return, "KVM has no observers");
}

FIXTURE_TEARDOWN(guest)
{
	guest_end(&self->guest, SIGKILL);
	guest_end(&self->other, SIGKILL);
	tool_free(&self->tool);
	json_object_put(self->json);
	tool_remove_directory();
}

#define START(guest, name, code)	ASSERT_TRUE(guest_start(guest, name, code))

/* Run a tool; what it printed is self->tool. */
#define TRY(...)							\
	do {								\
		tool_free(&self->tool);					\
		self->tool = TOOL(__VA_ARGS__);				\
	} while (0)

/* Run a tool that has to succeed and print JSON. */
#define TRY_JSON(...)							\
	do {								\
		TRY(__VA_ARGS__, "--json");				\
		ASSERT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);	\
		json_object_put(self->json);				\
		self->json = tool_json(&self->tool);			\
		ASSERT_NE(NULL, self->json) TH_LOG("%s", self->tool.out);	\
	} while (0)

#define SAID(text)		(!!strstr(self->tool.out, text))
#define COMPLAINED(text)	(!!strstr(self->tool.err, text))

/* One sentence on stderr, nothing on stdout, exit status 1. */
#define EXPECT_REFUSED(sentence)					\
	do {								\
		EXPECT_EQ(1, self->tool.status);			\
		EXPECT_STREQ("", self->tool.out);			\
		EXPECT_EQ(0, strncmp(self->tool.err, "vhm: ", 5));	\
		EXPECT_TRUE(COMPLAINED(sentence)) TH_LOG("%s", self->tool.err);	\
	} while (0)

TEST_F(guest, a_running_guest_is_read)
{
	uint64_t rip;

	START(&self->guest, "runs", ASKS_CPUID);
	TRY("vmcs", "runs");
	EXPECT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);
	EXPECT_STREQ("", self->tool.err);
	EXPECT_EQ(0, strncmp(self->tool.out, "runs, vCPU 0, after ", 20));
	EXPECT_TRUE(SAID("\nGuest state\n"));
	EXPECT_TRUE(SAID("\nHost state\n"));
	EXPECT_TRUE(SAID("\nControls: execution, exit, entry\n"));
	EXPECT_TRUE(SAID("\nExit information\n"));
	EXPECT_TRUE(SAID("external-interrupt exiting, NMI exiting"));
	EXPECT_TRUE(SAID("  CS       0x0000 "));
	TRY_JSON("vmcs", "runs");
	rip = json_number(self->json, "fields/guest/GUEST_RIP/value");
	EXPECT_GE(rip, LOADED);
	EXPECT_LE(rip, LOADED + 5);
}

/* No exit of its own is ever due: the kernel has to fetch it. */
TEST_F(guest, a_guest_that_spins_is_read)
{
	uint64_t rip;

	START(&self->guest, "spins", SPINS);
	TRY_JSON("vmcs", "spins");
	rip = json_number(self->json, "fields/guest/GUEST_RIP/value");
	EXPECT_EQ(LOADED + 1, rip);
}

TEST_F(guest, a_halted_guest_is_read)
{
	START(&self->guest, "halts", HALTS);
	TRY_JSON("vmcs", "halts");
	EXPECT_STREQ("halts", json_text(self->json, "machine"));
	EXPECT_EQ(LOADED + 2, json_number(self->json, "fields/guest/GUEST_RIP/value"));
	EXPECT_STREQ("HLT", json_text(self->json, "fields/exit/VM_EXIT_REASON/words"));
	EXPECT_EQ(guest_exits(&self->guest), json_number(self->json, "exits"));
}

/* Everything that the text shows is in the JSON, and each field is whole. */
TEST_F(guest, json_has_every_field)
{
	static const char *const areas[] = { "guest", "host", "control", "exit" };
	struct json_object *area;
	unsigned int i, fields = 0;

	START(&self->guest, "json", HALTS);
	TRY_JSON("vmcs", "json");
	for (i = 0; i < 4; i++) {
		area = json_at(json_at(self->json, "fields"), areas[i]);
		ASSERT_NE(NULL, area);
		json_object_object_foreach(area, name, field) {
			EXPECT_EQ(i == 0 ? 2 : i == 1 ? 3 : i == 2 ? 0 : 1,
				  json_number(field, "encoding") >> 10 & 3) TH_LOG("%s", name);
			EXPECT_NE(NULL, json_at(field, "value")) TH_LOG("%s", name);
			fields++;
		}
	}
	EXPECT_GT(fields, 100);
	EXPECT_LE(fields, 192);
	area = json_at(self->json, "fields/control/SECONDARY_VM_EXEC_CONTROL/bits");
	EXPECT_EQ(json_type_array, json_object_get_type(area));
	EXPECT_TRUE(SAID("\"enable EPT\""));
}

#define INTERRUPT	"external interrupt"

TEST_F(guest, two_exits_in_a_row_are_compared)
{
	const char *before, *after;
	unsigned int i;

	START(&self->guest, "differs", ASKS_AND_WRITES);
	/* Its exits take turns, unless the host's timer comes twice. */
	for (i = 0; i < 5; i++) {
		TRY_JSON("vmcs", "differs", "--diff");
		EXPECT_EQ(json_number(self->json, "before/exits") + 1,
			  json_number(self->json, "after/exits"));
		before = json_text(self->json, "changed/exit/VM_EXIT_REASON/before/words");
		after = json_text(self->json, "changed/exit/VM_EXIT_REASON/after/words");
		if (*before)
			break;
	}
	EXPECT_STRNE(before, after);
	EXPECT_TRUE(!strcmp(before, "CPUID") || !strcmp(before, "I/O instruction") ||
		    !strcmp(before, INTERRUPT));
	/* What has not changed is not there. */
	EXPECT_EQ(NULL, json_at(self->json, "changed/host"));
	EXPECT_EQ(NULL, json_at(self->json, "changed/guest/GUEST_CS_BASE"));

	TRY("vmcs", "differs", "--diff");
	EXPECT_EQ(0, self->tool.status);
	EXPECT_TRUE(SAID("ticks of the TSC between them\n"));
	EXPECT_TRUE(SAID("->") || SAID("Nothing has changed."));
}

TEST_F(guest, a_field_by_its_name)
{
	START(&self->guest, "field", HALTS);
	TRY("vmcs", "field", "--field", "guest_rip");
	EXPECT_EQ(0, self->tool.status);
	EXPECT_STREQ("  GUEST_RIP                      0x0000000000007c02\n", self->tool.out);
	TRY("vmcs", "--field", "GUEST_RIPP", "field");
	EXPECT_REFUSED("there is no VMCS field GUEST_RIPP; did you mean GUEST_RIP");
	TRY("vmcs", "field", "--field", "ENCLV_EXITING_BITMAP");
	EXPECT_REFUSED("this CPU has no VMCS field ENCLV_EXITING_BITMAP (it comes with \"enable");
}

TEST_F(guest, what_is_not_there)
{
	char longest[70];

	START(&self->guest, "there", HALTS);
	TRY("vmcs", "nowhere");
	EXPECT_REFUSED("there is no machine nowhere of yours");
	TRY("vmcs", "../there");
	EXPECT_REFUSED("there is no machine at ../there");
	TRY("vmcs", ".there");
	EXPECT_REFUSED(".there cannot be the name of a machine");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	TRY("vmcs", longest);
	EXPECT_REFUSED("cannot be the name of a machine");
	TRY("vmcs", "there", "--vcpu", "1");
	EXPECT_REFUSED("there: has no vCPU 1: it has 0");
	TRY("vmcs", "there", "--vcpu", "-1");
	EXPECT_REFUSED("has no vCPU -1");
	TRY("vmcs", "there", "--vcpu", "18446744073709551616");
	EXPECT_REFUSED("has no vCPU 18446744073709551616");
	TRY("vmcs", "there", "here");
	EXPECT_EQ(2, self->tool.status);
	TRY("vmcs", "--json");
	EXPECT_EQ(2, self->tool.status);
}

TEST_F(guest, the_list)
{
	char row[160];

	TRY("list");
	EXPECT_EQ(0, self->tool.status);
	EXPECT_EQ(NULL, strchr(strchr(self->tool.out, '\n') + 1, '\n'));
	START(&self->guest, "one", HALTS);
	START(&self->other, "two", ASKS_CPUID);
	TRY("list");
	EXPECT_EQ(0, self->tool.status);
	snprintf(row, sizeof(row), "\n%-24s %8d %6u %14llu\n", "one", self->guest.pid, 1,
		 guest_exits(&self->guest));
	EXPECT_TRUE(SAID(row)) TH_LOG("%s", self->tool.out);
	snprintf(row, sizeof(row), "\n%-24s %8d %6u ", "two", self->other.pid, 1);
	EXPECT_TRUE(SAID(row)) TH_LOG("%s", self->tool.out);

	guest_end(&self->guest, SIGKILL);
	TRY("vmcs");
	EXPECT_EQ(0, self->tool.status);
	EXPECT_FALSE(SAID("\none ")) TH_LOG("%s", self->tool.out);
	EXPECT_TRUE(SAID("\ntwo "));
}

TEST_F(guest, the_name_is_its_users_and_goes_with_the_guest)
{
	struct stat status;

	START(&self->guest, "private", HALTS);
	ASSERT_EQ(0, stat(tool_socket(""), &status));
	EXPECT_EQ(0700, status.st_mode & 07777);
	ASSERT_EQ(0, stat(tool_socket("private"), &status));
	EXPECT_EQ(0600, status.st_mode & 07777);
	EXPECT_EQ(128 + SIGTERM, guest_end(&self->guest, SIGTERM));
	EXPECT_NE(0, stat(tool_socket("private"), &status));
}

TEST_F(guest, a_name_is_taken_once)
{
	char words[80];

	START(&self->guest, "taken", HALTS);
	self->tool = GUEST(ENDS, "--name", "taken");
	snprintf(words, sizeof(words), "the name taken is taken by process %d", self->guest.pid);
	EXPECT_REFUSED(words);
	/* Its user lives on. */
	TRY("vmcs", "taken");
	EXPECT_EQ(0, self->tool.status);
	/* A dead one's is free. */
	guest_end(&self->guest, SIGKILL);
	EXPECT_EQ(0, access(tool_socket("taken"), F_OK));
	tool_free(&self->tool);
	self->tool = GUEST(ENDS, "--name", "taken");
	EXPECT_EQ(8, self->tool.status) TH_LOG("%s", self->tool.err);
	tool_free(&self->tool);
	self->tool = GUEST(ENDS, "--name", "a/b");
	EXPECT_EQ(2, self->tool.status);
}

TEST_F(guest, without_a_name_it_has_one)
{
	char kernel[128], output[128], name[32];
	unsigned int i;

	snprintf(kernel, sizeof(kernel), "%s/code", tool_directory());
	snprintf(output, sizeof(output), "%s/default", tool_directory());
	tool_write_code(kernel, HALTS);
	self->guest.pid = tool_start(0, (const char *const []){
		"run", "--device", tool_device(), "--kernel", kernel, "--memory", "4M", NULL },
		output);
	snprintf(name, sizeof(name), "vm-%d", self->guest.pid);
	for (i = 0; i < 10000 && access(tool_socket(name), F_OK); i++)
		usleep(1000);
	TRY("vmcs", name);
	EXPECT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);
}

/* Not even where somebody's mistake lets another user come as far as the socket. */
TEST_F(guest, another_user_is_refused)
{
	START(&self->guest, "mine", HALTS);
	chmod(tool_directory(), 0755);
	self->tool = TOOL_AS(NOBODY, "vmcs", tool_socket("mine"));
	EXPECT_REFUSED("is somebody else's: only its user and root may look at it");
	tool_free(&self->tool);
	self->tool = TOOL_AS(NOBODY, "vmcs", "mine");
	EXPECT_REFUSED("there is no machine mine of yours");

	chmod(tool_socket(""), 0711);
	chmod(tool_socket("mine"), 0666);
	tool_free(&self->tool);
	self->tool = TOOL_AS(NOBODY, "vmcs", tool_socket("mine"));
	EXPECT_REFUSED("is somebody else's: only its user and root may look at it");
	/* And a directory that others can enter is no longer trusted. */
	TRY("vmcs", "mine");
	EXPECT_REFUSED("lets others in (mode 711)");
}

/* A user sees his own guest, but not where the kernel's things lie; root sees both. */
TEST_F(guest, a_user_without_privileges)
{
	char kernel[128], output[128];
	unsigned int i;

	chmod(tool_directory(), 0777);
	snprintf(kernel, sizeof(kernel), "%s/code", tool_directory());
	snprintf(output, sizeof(output), "%s/theirs", tool_directory());
	tool_write_code(kernel, HALTS);
	chmod(tool_device(), 0666);
	self->guest.pid = tool_start(NOBODY, (const char *const []){
		"run", "--device", tool_device(), "--kernel", kernel, "--memory", "4M",
		"--name", "theirs", NULL }, output);
	/* XDG_RUNTIME_DIR is root's, and so is /run if there is one. */
	for (i = 0; i < 10000 && access("/tmp/vhm-65534/theirs", F_OK); i++)
		usleep(1000);
	self->tool = TOOL_AS(NOBODY, "vmcs", "theirs", "--json");
	ASSERT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);
	self->json = tool_json(&self->tool);
	ASSERT_NE(NULL, self->json);
	EXPECT_STREQ("true", json_text(self->json, "fields/host/HOST_RIP/hidden"));
	EXPECT_STREQ("true", json_text(self->json, "fields/control/EPT_POINTER/hidden"));
	EXPECT_EQ(NULL, json_at(self->json, "fields/host/HOST_RIP/value"));
	EXPECT_EQ(LOADED + 2, json_number(self->json, "fields/guest/GUEST_RIP/value"));

	TRY_JSON("vmcs", "/tmp/vhm-65534/theirs");
	EXPECT_GE(json_number(self->json, "fields/host/HOST_RIP/value"), 1ull << 63);
	chmod(tool_device(), 0660);
}

/* The launcher's threads: no capability is left, and signals go to the guest's alone. */
TEST_F(guest, threads_have_no_privileges)
{
	char path[64], line[128];
	unsigned int threads = 0;
	struct dirent *entry;
	DIR *tasks;
	FILE *file;

	START(&self->guest, "threads", HALTS);
	snprintf(path, sizeof(path), "/proc/%d/task", self->guest.pid);
	tasks = opendir(path);
	ASSERT_NE(NULL, tasks);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", self->guest.pid,
			 entry->d_name);
		file = fopen(path, "re");
		ASSERT_NE(NULL, file);
		while (fgets(line, sizeof(line), file)) {
			if (!strncmp(line, "CapEff:", 7) || !strncmp(line, "CapPrm:", 7) ||
			    !strncmp(line, "CapBnd:", 7))
				EXPECT_EQ(0, strtoull(line + 7, NULL, 16));
			/* SIGTERM and SIGUSR1, which end and kick. */
			if (!strncmp(line, "SigBlk:", 7) && atoi(entry->d_name) != self->guest.pid)
				EXPECT_EQ(0x4200, strtoull(line + 7, NULL, 16) & 0x4200);
		}
		fclose(file);
		threads++;
	}
	closedir(tasks);
	EXPECT_GE(threads, 2);
}

/* Somebody waits for exits of a guest that has none, and then ends. */
TEST_F(guest, it_ends_while_it_is_watched)
{
	char output[128];
	pid_t watcher;

	START(&self->guest, "ends", HALTS);
	snprintf(output, sizeof(output), "%s/watcher", tool_directory());
	watcher = tool_start(0, (const char *const []){ "vmcs", "ends", "--diff", NULL }, output);
	usleep(50000);
	EXPECT_EQ(0, waitpid(watcher, NULL, WNOHANG));
	/* Another one has to wait, and says so. */
	TRY("vmcs", "ends");
	EXPECT_REFUSED("another observer waits");
	EXPECT_EQ(128 + SIGTERM, guest_end(&self->guest, SIGTERM));
	tool_free(&self->tool);
	self->tool = tool_wait(watcher, output);
	EXPECT_REFUSED("the machine has ended");
}

/* It is read again and again, and killed in the midst of it. */
TEST_F(guest, it_dies_while_it_is_read)
{
	unsigned int i, read = 0;
	pid_t killer;

	for (i = 0; i < 3; i++) {
		START(&self->guest, "dies", ASKS_CPUID);
		killer = fork();
		if (!killer) {
			usleep(20000 + 7000 * i);
			kill(self->guest.pid, i % 2 ? SIGKILL : SIGTERM);
			_exit(0);
		}
		do {
			TRY("vmcs", "dies");
			read += !self->tool.status;
		} while (!self->tool.status);
		EXPECT_TRUE(COMPLAINED("ended") || COMPLAINED("there is no machine dies"))
			TH_LOG("%s", self->tool.err);
		waitpid(killer, NULL, 0);
		guest_end(&self->guest, SIGKILL);
	}
	EXPECT_GT(read, 0);
}

/* Clients that connect and never read, and one that is stopped while it waits for exits. */
TEST_F(guest, observers_that_never_read)
{
	unsigned long long exits;
	char output[128];
	unsigned int i;
	pid_t watcher;

	START(&self->guest, "patient", ASKS_CPUID);
	for (i = 0; i < 50; i++)
		ASSERT_LE(0, tool_connect("patient"));
	snprintf(output, sizeof(output), "%s/stopped", tool_directory());
	watcher = tool_start(0, (const char *const []){ "vmcs", "patient", "--diff", NULL },
			     output);
	kill(watcher, SIGSTOP);
	exits = guest_exits(&self->guest);
	usleep(10000);
	EXPECT_GT(guest_exits(&self->guest), exits);
	TRY("vmcs", "patient");
	EXPECT_TRUE(!self->tool.status || COMPLAINED("another observer waits"));
	EXPECT_EQ(128 + SIGTERM, guest_end(&self->guest, SIGTERM));
	kill(watcher, SIGKILL);
	waitpid(watcher, NULL, 0);
}

TEST_HARNESS_MAIN
