// SPDX-License-Identifier: GPL-2.0
/* vhm run --break with a module that lets it: entries that fail, and the launcher's words. */
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tool.h"

FIXTURE(guest) {
	struct tool tool;
};

FIXTURE_SETUP(guest)
{
	memset(self, 0, sizeof(*self));
	tool_directory();
	if (tool_on_kvm())
		SKIP(return, "only /dev/vhm can");
}

FIXTURE_TEARDOWN(guest)
{
	tool_free(&self->tool);
	tool_remove_directory();
}

#define BREAK(code, ...)						\
	do {								\
		tool_free(&self->tool);					\
		self->tool = GUEST(code, __VA_ARGS__);			\
	} while (0)

#define COMPLAINED(text)	(!!strstr(self->tool.err, text))

TEST_F(guest, the_explanation_stands_before_the_registers)
{
	const char *rule, *registers;

	BREAK(ENDS, "--break", "GUEST_RFLAGS=0");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_STREQ("", self->tool.out);
	EXPECT_TRUE(COMPLAINED("could not enter the guest (hardware reason 0x80000021). Why:\n"))
		TH_LOG("%s", self->tool.err);
	rule = strstr(self->tool.err, "guest-rflags-fixed-to-1");
	registers = strstr(self->tool.err, "vhm: the guest's registers:\nrax ");
	ASSERT_NE(NULL, rule);
	ASSERT_NE(NULL, registers);
	EXPECT_LT(rule, registers);
}

TEST_F(guest, a_control_that_must_be_1)
{
	BREAK(ENDS, "--break", "PIN_BASED_VM_EXEC_CONTROL=0");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("VM entry with invalid control field(s)"))
		TH_LOG("%s", self->tool.err);
	EXPECT_TRUE(COMPLAINED("PIN_BASED_VM_EXEC_CONTROL"));
}

TEST_F(guest, a_walk_that_is_too_long)
{
	BREAK(ENDS, "--break", "EPT_POINTER=0x26");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("eptp-walk-length")) TH_LOG("%s", self->tool.err);
}

TEST_F(guest, several_fields_at_once)
{
	BREAK(ENDS, "--break", "GUEST_RFLAGS=0", "--break", "GUEST_TR_AR_BYTES=0");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("field: GUEST_RFLAGS ")) TH_LOG("%s", self->tool.err);
	EXPECT_TRUE(COMPLAINED("field: GUEST_TR_AR_BYTES ")) TH_LOG("%s", self->tool.err);
}

/* A value that the processor takes: the guest begins elsewhere. */
TEST_F(guest, a_value_that_is_accepted)
{
	/* hlt; 1: mov $5, %al; out %al, $0xf4; jmp 1b */
	struct code code = CODE("\xf4\xb0\x05\xe6\xf4\xeb\xfa");

	BREAK(code, "--stats");
	EXPECT_EQ(8, self->tool.status);
	BREAK(code, "--break", "GUEST_RIP=0x7c01");
	EXPECT_EQ(11, self->tool.status) TH_LOG("%s", self->tool.err);
}

TEST_F(guest, fields_that_cannot_be_broken)
{
	BREAK(ENDS, "--break", "ENCLV_EXITING_BITMAP=1");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("ENCLV_EXITING_BITMAP: ")) TH_LOG("%s", self->tool.err);
	EXPECT_TRUE(COMPLAINED("this CPU does not have it")) TH_LOG("%s", self->tool.err);
	BREAK(ENDS, "--break", "GUEST_RFLAG=0");
	EXPECT_EQ(2, self->tool.status);
	EXPECT_TRUE(COMPLAINED("did you mean GUEST_RFLAGS"));
	BREAK(ENDS, "--break", "VM_EXIT_REASON=0");
	EXPECT_EQ(2, self->tool.status);
	EXPECT_TRUE(COMPLAINED("only the CPU writes it"));
}

#define SET	"--break", "GUEST_RFLAGS=2"

TEST_F(guest, eight_and_no_more)
{
	BREAK(ENDS, SET, SET, SET, SET, SET, SET, SET, SET);
	EXPECT_EQ(8, self->tool.status) TH_LOG("%s", self->tool.err);
	BREAK(ENDS, SET, SET, SET, SET, SET, SET, SET, SET, SET);
	EXPECT_EQ(2, self->tool.status);
	EXPECT_TRUE(COMPLAINED("no more than 8 fields"));
}

TEST_HARNESS_MAIN
