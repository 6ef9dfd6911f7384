// SPDX-License-Identifier: GPL-2.0
/* What depends on the device: /dev/kvm has no observers, and no tool pretends that it has. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

FIXTURE(device) {
	struct tool tool;
	struct json_object *json;
};

FIXTURE_SETUP(device)
{
	memset(self, 0, sizeof(*self));
	tool_directory();
}

FIXTURE_TEARDOWN(device)
{
	tool_free(&self->tool);
	json_object_put(self->json);
	tool_remove_directory();
}

#define COMPLAINED(text)	(!!strstr(self->tool.err, text))

/* Whether a launcher has ever made the directory of sockets. */
static bool has_sockets(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/vhm", tool_directory());
	return !access(path, F_OK);
}

TEST_F(device, a_guest_without_a_name)
{
	self->tool = GUEST(ENDS, NULL);
	EXPECT_EQ(8, self->tool.status) TH_LOG("%s", self->tool.err);
	EXPECT_EQ(!tool_on_kvm(), has_sockets());
}

TEST_F(device, a_name)
{
	self->tool = GUEST(ENDS, "--name", "x");
	if (!tool_on_kvm()) {
		EXPECT_EQ(8, self->tool.status) TH_LOG("%s", self->tool.err);
		return;
	}
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("/dev/kvm: has no observers")) TH_LOG("%s", self->tool.err);
	EXPECT_FALSE(has_sockets());
}

/* The module was loaded without the parameter. */
TEST_F(device, a_field_cannot_be_broken)
{
	self->tool = GUEST(ENDS, "--break", "GUEST_RFLAGS=0");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED(tool_on_kvm() ? "/dev/vhm" :
			       "the module was loaded without unsafe_injection=1"))
		TH_LOG("%s", self->tool.err);
}

/* What vhm chose is what the CPU allows, and each choice has its reason. */
static void check_control(struct __test_metadata *_metadata, struct json_object *control)
{
	const char *name = json_text(control, "name"), *chosen = json_text(control, "chosen");
	bool may_be_0 = json_object_get_boolean(json_at(control, "allowed_0"));
	bool may_be_1 = json_object_get_boolean(json_at(control, "allowed_1"));

	EXPECT_STRNE("", name);
	EXPECT_STRNE("", json_text(control, "field")) TH_LOG("%s", name);
	EXPECT_STRNE("", json_text(control, "why")) TH_LOG("%s", name);
	EXPECT_TRUE((!strcmp(chosen, "on") && may_be_1) || (!strcmp(chosen, "off") && may_be_0) ||
		    (!strcmp(chosen, "varies") && may_be_0 && may_be_1)) TH_LOG("%s", name);
}

TEST_F(device, capabilities)
{
	struct json_object *controls, *msrs;
	size_t i;

	self->tool = TOOL("capabilities", "--device", tool_device(), "--json");
	if (tool_on_kvm()) {
		EXPECT_EQ(1, self->tool.status);
		EXPECT_TRUE(COMPLAINED("only /dev/vhm can")) TH_LOG("%s", self->tool.err);
		return;
	}
	ASSERT_EQ(0, self->tool.status) TH_LOG("%s", self->tool.err);
	self->json = tool_json(&self->tool);
	ASSERT_NE(NULL, self->json);
	controls = json_at(self->json, "controls");
	msrs = json_at(self->json, "msrs");
	EXPECT_GT(json_object_array_length(controls), 60);
	for (i = 0; i < json_object_array_length(controls); i++)
		check_control(_metadata, json_object_array_get_idx(controls, i));
	EXPECT_GT(json_object_array_length(msrs), 10);
	EXPECT_STREQ("IA32_VMX_BASIC", json_text(json_object_array_get_idx(msrs, 0), "name"));

	tool_free(&self->tool);
	self->tool = TOOL("capabilities");
	EXPECT_EQ(0, self->tool.status);
	EXPECT_NE(NULL, strstr(self->tool.out, "  enable EPT  "));
	EXPECT_NE(NULL, strstr(self->tool.out, "\nCapability MSRs\n"));
}

/* Before the module is there see selftests/machine/models; beside KVM it cannot be. */
TEST_F(device, the_doctor)
{
	self->tool = TOOL("doctor");
	EXPECT_EQ(tool_on_kvm(), self->tool.status);
	EXPECT_EQ(tool_on_kvm(), !!strstr(self->tool.out, "\nproblem  KVM: kvm_intel is loaded"));
	EXPECT_EQ(!tool_on_kvm(), !!strstr(self->tool.out, "\nok       /dev/vhm: you may open it"));
	EXPECT_EQ(!tool_on_kvm(), !!strstr(self->tool.out, "\nvhm can work here\n"));
}

TEST_F(device, a_device_that_is_none)
{
	self->tool = TOOL("capabilities", "--device", "/dev/null");
	EXPECT_EQ(1, self->tool.status);
	EXPECT_TRUE(COMPLAINED("/dev/null does not answer as a hypervisor"));
}

TEST_HARNESS_MAIN
