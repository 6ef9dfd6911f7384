// SPDX-License-Identifier: GPL-2.0
/*
 * The explanation of a failed VM entry, as a user reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "snapshot.h"

static char text[8192];

static void explain(const struct vmx_snapshot *s)
{
	vmx_explain_text(s, text, sizeof(text));
}

static void expect(const char *wanted, const char *name)
{
	bool ok = strstr(text, wanted);

	tap_ok(ok, "%s", name);
	if (!ok)
		printf("# wanted: %s\n# in: %s\n", wanted, text);
}

static void test_nothing(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	explain(&s);
	tap_ok(!strcmp(text, "No VM entry has failed; this is the VMCS as it is now.\n"
			     "No rule of VM entry is broken.\n"), "nothing failed");
}

static void test_guest_state(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.exit_reason = BIT(31) | 33;
	s.value[VMX_F_GUEST_CS_AR_BYTES] = 0xa09a;
	explain(&s);
	tap_ok(!strcmp(text,
		       "VM entry failed: exit reason 33, \"VM-entry failure due to invalid guest state\"; exit qualification 0.\n"
		       "1 rule of VM entry is broken:\n"
		       "\n"
		       "1. guest-cs-type\n"
		       "   field: GUEST_CS_AR_BYTES (0x4816), guest CS access rights = 0xa09a: type 10 (code, read), S=1, DPL=0, P=1, AVL=0, L=1, D/B=0, G=1\n"
		       "   rule:  Guest CS must be an accessed code segment (type 9, 11, 13 or 15); with \"unrestricted guest\" type 3 is right too.\n"
		       "   SDM:   \"Checks on Guest Segment Registers\"\n"
		       "   usual cause: A type without its accessed bit, or real mode without \"unrestricted guest\".\n"),
	       "a broken guest, whole");
}

static void test_controls(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.instruction_error = 7;
	s.value[VMX_F_EPT_POINTER] = 0;
	explain(&s);
	expect("VM-instruction error 7, \"VM entry with invalid control field(s)\"", "error 7");
	expect("2 rules of VM entry are broken", "two rules");
	expect("1. eptp-memory-type", "the first");
	expect("2. eptp-walk-length", "the second");
}

/* The CPU blamed one part, the rules that are broken are of another. */
static void test_disagreement(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.instruction_error = 8;
	s.value[VMX_F_GUEST_RFLAGS] = 0;
	explain(&s);
	expect("guest-rflags-fixed-to-1", "a rule of another part is told");
	expect("None of the rules that explain this failure is broken",
	       "and that it does not explain");
}

static void test_qualification(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.exit_reason = BIT(31) | 33;
	s.qualification = 4;
	explain(&s);
	expect("the VMCS link pointer is bad", "qualification 4");
	expect("None of the rules", "nothing found, said plainly");
	s.qualification = ~0ULL;
	explain(&s);
	expect("exit qualification 18446744073709551615", "a qualification without words");
	s.exit_reason = BIT(31) | 34;
	s.qualification = 2;
	explain(&s);
	expect("Entry 2 of the VM-entry MSR-load area", "MSR loading");
	expect("msr-load-value", "its rule");
	s.exit_reason = BIT(31) | 41;
	explain(&s);
	expect("machine check", "machine check");
}

/* Addresses of the kernel are not for everybody; the rest of the text is. */
static void test_concealed(void)
{
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.instruction_error = 8;
	s.value[VMX_F_HOST_RIP] = 0x123456789abcdef0;
	s.conceal = true;
	explain(&s);
	expect("HOST_RIP (0x6c16), host RIP, an address of the kernel's, shown only with CAP_SYSLOG",
	       "a secret field is named");
	tap_ok(!strstr(text, "123456789abcdef0"), "and its value is not told");
	s.conceal = false;
	explain(&s);
	expect("host RIP = 0x123456789abcdef0", "to whom it may be told it is");
}

/* Everything broken, and buffers of all sizes. */
static void test_sizes(void)
{
	struct vmx_snapshot s;
	size_t whole, size;
	bool ok = true;
	char *part;

	memset(&s, 0xff, sizeof(s));
	s.physical_bits = 39;
	s.linear_bits = 48;
	s.msr_load_count = 0;
	s.conceal = false;
	whole = vmx_explain_text(&s, NULL, 0);
	vmx_explain_text(&s, text, sizeof(text));
	for (size = 1; size <= whole + 2; size++) {
		part = malloc(size);
		ok &= vmx_explain_text(&s, part, size) == whole &&
		      strlen(part) == (size - 1 < whole ? size - 1 : whole) &&
		      !strncmp(part, text, strlen(part));
		free(part);
	}
	tap_ok(ok && whole > 1000, "buffers of every size up to %zu", whole);
	expect("\nand ", "findings behind the sixteenth are counted");
}

int main(void)
{
	tap_begin();
	test_nothing();
	test_guest_state();
	test_controls();
	test_disagreement();
	test_qualification();
	test_concealed();
	test_sizes();
	return tap_end();
}
