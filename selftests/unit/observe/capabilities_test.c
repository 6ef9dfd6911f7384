// SPDX-License-Identifier: GPL-2.0
/* Capabilities of a made-up CPU: as text, as JSON, and the MSRs in words. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tap.h"
#include "capabilities.h"
#include "msr.h"

static struct capabilities capabilities = {
	.count = 3,
	.control = {
		{ .index = 0, .bit = 0, .encoding = 0x4000, .allowed_0 = 1, .allowed_1 = 1,
		  .chosen = VHM_CONTROL_ON, .name = "external-interrupt exiting",
		  .why = "the host's" },
		{ .index = 1, .bit = 7, .encoding = 0x4000, .allowed_0 = 1, .allowed_1 = 0,
		  .chosen = VHM_CONTROL_OFF, .name = "process posted interrupts",
		  .why = "there is no local APIC in the kernel, and more than fits into a line" },
		{ .index = 2, .bit = 9, .encoding = 0x4012, .allowed_0 = 0, .allowed_1 = 1,
		  .chosen = 7, .name = "IA-32e mode guest", .why = "x" },
	},
	.msrs = { .count = 2, .msr = { { 0x480, 0, 0x00d810000000002b }, { 0x4ff, 0, 1 } } },
};

static void test_text(void)
{
	static const char *const lines[] = {
		"pin-based VM-execution controls (PIN_BASED_VM_EXEC_CONTROL)\n  bit  control",
		"    0  external-interrupt exiting              yes ",
		"    7  process posted interrupts               yes -   off     there is no",
		"\n\nVM-entry controls (VM_ENTRY_CONTROLS)\n",
		"    9  IA-32e mode guest                       -   yes ?       x\n",
		"\nCapability MSRs\n  0x480  IA32_VMX_BASIC                 0x00d810000000002b\n"
		"         VMCS revision 43, regions of 4096 bytes, memory type 6 (WB), ",
		"  0x4ff                                 0x0000000000000001\n",
	};
	char *text = NULL;
	unsigned int i;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	/* A name without a zero at its end ends all the same. */
	memset(capabilities.control[3].name, 'n', sizeof(capabilities.control[3].name));
	capabilities.count = 4;
	capabilities_text(&capabilities, out);
	capabilities.count = 3;
	fclose(out);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		tap_ok(strstr(text, lines[i]), "capabilities: part %u of the text", i);
	free(text);
}

static void test_json(void)
{
	static const char *const parts[] = {
		"{\"field\":\"PIN_BASED_VM_EXEC_CONTROL\",\"encoding\":\"0x4000\",\"bit\":0,",
		"\"name\":\"external-interrupt exiting\",\"allowed_0\":true,\"allowed_1\":true,",
		"\"allowed_1\":true,\"chosen\":\"on\",\"why\":\"the host's\"}",
		"\"allowed_1\":false,\"chosen\":\"off\"",
		"{\"index\":\"0x480\",\"name\":\"IA32_VMX_BASIC\",\"value\":\"0x00d810000000002b\",",
		"\"words\":\"VMCS revision 43",
		"{\"index\":\"0x4ff\",\"value\":\"0x0000000000000001\"}",
	};
	struct json_object *object = capabilities_json(&capabilities);
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		tap_ok(strstr(text, parts[i]), "capabilities: part %u of the JSON", i);
	json_object_put(object);
}

static const struct {
	uint32_t index;
	uint64_t value;
	const char *words;
} rows[] = {
	{
		0x480, 0x00d810000000002b,
		"VMCS revision 43, regions of 4096 bytes, memory type 6 (WB), information on INS and OUTS, the TRUE capability MSRs",
	},
	{
		0x480, 0x0001040000000001,
		"VMCS revision 1, regions of 1024 bytes, memory type 0 (UC), addresses of 32 bits",
	},
	{
		0x481, 0x0000000900000001,
		"must be 1: external-interrupt exiting; may be 1: external-interrupt exiting, NMI exiting",
	},
	{ 0x48e, 0x0000008000000000, "must be 1: nothing; may be 1: HLT exiting" },
	{
		0x485, 0x7004c1e5,
		"VMX-preemption timer: a tick is 32 of the TSC, 4 CR3-target values, MSR lists of 512, exits store EFER.LMA in \"IA-32e mode guest\", activity state HLT, activity state shutdown, activity state wait-for-SIPI, Intel PT in VMX operation, IA32_SMBASE can be read in SMM, SMIs can be blocked in VMX operation, VMWRITE to read-only fields, injection with an instruction length of 0",
	},
	{
		0x485, 0x0000000106000000,
		"VMX-preemption timer: a tick is 1 of the TSC, 0 CR3-target values, MSR lists of 2048, MSEG revision 1",
	},
	{ 0x486, 0x80000021, "must be 1: PE NE PG" },
	{ 0x487, 0x80000021, "may be 1: PE NE PG" },
	{ 0x488, 0x2000, "must be 1: VMXE" },
	{ 0x48a, 0x34, "highest index of a VMCS field: 26" },
	{ 0x48b, 0x0000000200000000, "must be 1: nothing; may be 1: enable EPT" },
	{ 0x48c, 0x40, "walks of 4 levels" },
	{
		0x48c, 0x00000f0100304041,
		"execute-only pages, walks of 4 levels, walks of type WB, INVEPT, accessed and dirty flags, INVVPID, INVVPID of an address, INVVPID of one context, INVVPID of all contexts, INVVPID of one context without its globals",
	},
	{ 0x491, 1, "may be 1: EPTP switching" },
	{ 0x492, 0x10, "may be 1: IPI virtualization" },
	{ 0x493, ~0ull, "" },
	{ 0x47f, ~0ull, "" },
	{ 0x494, ~0ull, "" },
};

static void test_msrs(void)
{
	char words[1024];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = msr_decode(rows[i].index, rows[i].value, words, sizeof(words));

		tap_ok(!strcmp(words, rows[i].words) && length == strlen(words),
		       "capabilities: MSR 0x%x is 0x%llx", rows[i].index,
		       (unsigned long long)rows[i].value);
	}
	tap_ok(msr_decode(0x482, ~0ull, words, 10) > 10 && strlen(words) == 9,
	       "capabilities: words are cut off where the room ends");
	tap_ok(!msr_name(0x47f) && !msr_name(0x494) &&
	       !strcmp(msr_name(0x493), "IA32_VMX_EXIT_CTLS2"),
	       "capabilities: names of MSRs");
}

int main(void)
{
	tap_begin();
	test_text();
	test_json();
	test_msrs();
	return tap_end();
}
