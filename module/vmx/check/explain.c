// SPDX-License-Identifier: GPL-2.0
/*
 * A failed VM entry in words: what the CPU said, which rules are broken, and what usually breaks
 * them.
 */
#include "../text.h"
#include "check.h"

/* Bit 31 of an exit reason: the entry failed behind its start. */
#define ENTRY_FAILED		BIT(31)
#define REASON_GUEST_STATE	33
#define REASON_MSR_LOADING	34
#define REASON_MACHINE_CHECK	41

/* As many as a reader wants; further ones are counted. */
#define MAX_SHOWN		16

/* What the CPU itself says, and no rule can add to. */
static void add_verdict(struct vmx_text *text, const struct vmx_snapshot *s)
{
	if (s->instruction_error) {
		vmx_text_add(text, "VM entry failed: VM-instruction error %u, \"%s\".\n",
			     s->instruction_error, vmx_instruction_error(s->instruction_error));
	} else if (s->exit_reason & ENTRY_FAILED) {
		vmx_text_add(text, "VM entry failed: exit reason %u, \"%s\"; exit qualification %llu.\n",
			     (u16)s->exit_reason, vmx_exit_reason_name(s->exit_reason),
			     s->qualification);
	} else {
		vmx_text_add(text, "No VM entry has failed; this is the VMCS as it is now.\n");
	}
}

/* SDM, "VM-Entry Failures During or After Loading Guest State": the exit qualification. */
static void add_qualification(struct vmx_text *text, const struct vmx_snapshot *s)
{
	static const char *const words[] = {
		[2] = "the PDPTEs could not be loaded",
		[3] = "an NMI was to be injected while events were blocked by STI",
		[4] = "the VMCS link pointer is bad",
	};
	u64 number = s->qualification;

	if (!(s->exit_reason & ENTRY_FAILED) || s->instruction_error)
		return;
	switch ((u16)s->exit_reason) {
	case REASON_GUEST_STATE:
		if (number < ARRAY_SIZE(words) && words[number])
			vmx_text_add(text, "The exit qualification says: %s.\n", words[number]);
		break;
	case REASON_MSR_LOADING:
		vmx_text_add(text, "Entry %llu of the VM-entry MSR-load area (the first is 1) could not be loaded.\n",
			     number);
		break;
	case REASON_MACHINE_CHECK:
		vmx_text_add(text, "A machine check came while the guest's state was loaded: see the host's log. The VMCS need not be at fault.\n");
		break;
	}
}

static void add_field(struct vmx_text *text, const struct vmx_snapshot *s,
		      const struct vmx_finding *finding)
{
	const struct vmx_field_info *info = vmx_field_info(finding->field);
	char words[256];

	vmx_text_add(text, "   field: %s (%#06x), %s", info->name, info->encoding, info->words);
	if (s->conceal && vmx_field_secret(finding->field)) {
		vmx_text_add(text, ", an address of the kernel's, shown only with CAP_SYSLOG\n");
		return;
	}
	vmx_field_decode(finding->field, finding->value, words, sizeof(words));
	vmx_text_add(text, " = %#llx%s%s\n", finding->value, words[0] ? ": " : "", words);
}

static void add_finding(struct vmx_text *text, const struct vmx_snapshot *s,
			const struct vmx_finding *finding, unsigned int number)
{
	vmx_text_add(text, "\n%u. %s\n", number, finding->rule->name);
	add_field(text, s, finding);
	vmx_text_add(text, "   rule:  %s\n", finding->rule->rule);
	vmx_text_add(text, "   SDM:   \"%s\"\n", finding->rule->section);
	vmx_text_add(text, "   usual cause: %s\n", finding->rule->cause);
}

static bool failed(const struct vmx_snapshot *s)
{
	return s->instruction_error || s->exit_reason & ENTRY_FAILED;
}

/* The CPU names the part of the VMCS that it refused: do the findings agree? */
static bool blamed_by_cpu(const struct vmx_snapshot *s, const struct vmx_rule *rule)
{
	if (!failed(s))
		return true;
	if (s->instruction_error == 7)
		return rule->area >= VMX_CHECK_EXECUTION && rule->area <= VMX_CHECK_ENTRY;
	if (s->instruction_error == 8)
		return rule->area == VMX_CHECK_HOST;
	if (s->instruction_error)
		return rule->area == VMX_CHECK_BASIC;
	if ((u16)s->exit_reason == REASON_MSR_LOADING)
		return rule->area == VMX_CHECK_MSR_LOAD;
	return rule->area >= VMX_CHECK_REGISTERS && rule->area <= VMX_CHECK_NON_REGISTER;
}

static bool any_blamed(const struct vmx_snapshot *s, const struct vmx_finding *found,
		       unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (blamed_by_cpu(s, found[i].rule))
			return true;
	return false;
}

static void add_nothing_found(struct vmx_text *text, const struct vmx_snapshot *s)
{
	if (!failed(s)) {
		vmx_text_add(text, "No rule of VM entry is broken.\n");
		return;
	}
	vmx_text_add(text, "None of the rules that explain this failure is broken as far as can be seen. What they do not see:\n"
		     " - memory: the virtual-APIC page, what the VMCS link pointer points to, PDPTEs without EPT, long MSR-load areas;\n"
		     " - fields and controls of CPUs younger than the rules;\n"
		     " - a VMCS that was changed by hand in memory, or since the entry failed.\n"
		     "Compare the VMCS with one that was entered, field by field.\n");
}

static void add_findings(struct vmx_text *text, const struct vmx_snapshot *s,
			 const struct vmx_finding *found, unsigned int count)
{
	unsigned int i, shown = count < MAX_SHOWN ? count : MAX_SHOWN;

	vmx_text_add(text, "%u rule%s of VM entry %s broken:\n", count, count == 1 ? "" : "s",
		     count == 1 ? "is" : "are");
	for (i = 0; i < shown; i++)
		add_finding(text, s, &found[i], i + 1);
	if (count > shown)
		vmx_text_add(text, "\nand %u more.\n", count - shown);
}

/**
 * vmx_explain_text() - a failed VM entry in words
 * @s: the VMCS as it was, and the CPU's verdict
 * @buf: where the text goes, lines that end in a newline
 * @size: room there, in bytes; 0: @buf may be NULL
 *
 * Return: as snprintf(): the length of the whole text, which is cut off when that is not less
 * than @size.
 */
size_t vmx_explain_text(const struct vmx_snapshot *s, char *buf, size_t size)
{
	struct vmx_text text = { .buf = buf, .size = size };
	struct vmx_finding found[MAX_SHOWN];
	unsigned int count = vmx_check(s, found, MAX_SHOWN);

	if (size)
		buf[0] = '\0';
	add_verdict(&text, s);
	add_qualification(&text, s);
	if (count)
		add_findings(&text, s, found, count);
	if (!any_blamed(s, found, count < MAX_SHOWN ? count : MAX_SHOWN))
		add_nothing_found(&text, s);
	return text.length;
}
