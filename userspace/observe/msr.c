// SPDX-License-Identifier: GPL-2.0
/*
 * What the capability MSRs say.
 *
 * SDM, appendix "VMX Capability Reporting Facility".
 */
#include <stdio.h>

#include "../../module/vmx/text.h"
#include "../libvhm/compiler.h"
#include "field.h"
#include "msr.h"

#define FIRST	0x480u

/* A word for a bit. */
struct word {
	unsigned int bit;
	const char *text;
};

static void add_words(struct vmx_text *text, const struct word *words, uint64_t value)
{
	for (; words->text; words++) {
		if (!(value >> words->bit & 1))
			continue;
		vmx_text_item(text, 0, ", ");
		vmx_text_add(text, "%s", words->text);
	}
}

/* The bits of a field, or "nothing". */
static void add_field(struct vmx_text *text, const char *what, enum vmx_field field,
		      uint64_t value)
{
	char words[FIELD_WORDS];

	vmx_field_decode(field, value, words, sizeof(words));
	vmx_text_add(text, "%s: %s", what, words[0] ? words : "nothing");
}

/* Controls: the low half may not be 0, the high half may be 1. */
static void decode_controls(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	add_field(text, "must be 1", field, (uint32_t)value);
	add_field(text, "; may be 1", field, value >> 32);
}

static void decode_fixed_0(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	add_field(text, "must be 1", field, value);
}

static void decode_fixed_1(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	add_field(text, "may be 1", field, value);
}

static void decode_basic(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	static const struct word words[] = {
		{ 48, "addresses of 32 bits" },
		{ 49, "dual-monitor treatment of SMM" },
		{ 54, "information on INS and OUTS" },
		{ 55, "the TRUE capability MSRs" },
		{ 56, "exceptions injected with or without an error code" },
		{ 0, NULL },
	};
	unsigned int type = value >> 50 & 15;

	(void)field;
	vmx_text_add(text, "VMCS revision %u, regions of %u bytes, memory type %u%s",
		     (unsigned int)(value & 0x7fffffff), (unsigned int)(value >> 32 & 0x1fff), type,
		     type == 6 ? " (WB)" : type ? "" : " (UC)");
	add_words(text, words, value);
}

static void decode_misc(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	static const struct word words[] = {
		{ 5, "exits store EFER.LMA in \"IA-32e mode guest\"" },
		{ 6, "activity state HLT" },
		{ 7, "activity state shutdown" },
		{ 8, "activity state wait-for-SIPI" },
		{ 14, "Intel PT in VMX operation" },
		{ 15, "IA32_SMBASE can be read in SMM" },
		{ 28, "SMIs can be blocked in VMX operation" },
		{ 29, "VMWRITE to read-only fields" },
		{ 30, "injection with an instruction length of 0" },
		{ 0, NULL },
	};

	(void)field;
	vmx_text_add(text,
		     "VMX-preemption timer: a tick is %u of the TSC, %u CR3-target values, MSR lists of %u",
		     1u << (value & 31), (unsigned int)(value >> 16 & 0x1ff),
		     512 * ((unsigned int)(value >> 25 & 7) + 1));
	add_words(text, words, value);
	if (value >> 32)
		vmx_text_add(text, ", MSEG revision %u", (unsigned int)(value >> 32));
}

static void decode_enum(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	(void)field;
	vmx_text_add(text, "highest index of a VMCS field: %u", (unsigned int)(value >> 1 & 0x1ff));
}

static void decode_ept(struct vmx_text *text, enum vmx_field field, uint64_t value)
{
	static const struct word words[] = {
		{ 0, "execute-only pages" }, { 6, "walks of 4 levels" }, { 7, "walks of 5 levels" },
		{ 8, "walks of type UC" }, { 14, "walks of type WB" },
		{ 16, "pages of 2 MiB" }, { 17, "pages of 1 GiB" }, { 20, "INVEPT" },
		{ 21, "accessed and dirty flags" }, { 22, "more information on EPT violations" },
		{ 23, "supervisor shadow-stack control" }, { 25, "INVEPT of one context" },
		{ 26, "INVEPT of all contexts" }, { 32, "INVVPID" },
		{ 40, "INVVPID of an address" }, { 41, "INVVPID of one context" },
		{ 42, "INVVPID of all contexts" },
		{ 43, "INVVPID of one context without its globals" },
		{ 0, NULL },
	};

	(void)field;
	add_words(text, words, value);
}

static const struct {
	const char *name;
	void (*decode)(struct vmx_text *text, enum vmx_field field, uint64_t value);
	enum vmx_field field;		/* whose bits it is about */
} msrs[] = {
	{ "IA32_VMX_BASIC", decode_basic, 0 },
	{ "IA32_VMX_PINBASED_CTLS", decode_controls, VMX_F_PIN_BASED_VM_EXEC_CONTROL },
	{ "IA32_VMX_PROCBASED_CTLS", decode_controls, VMX_F_CPU_BASED_VM_EXEC_CONTROL },
	{ "IA32_VMX_EXIT_CTLS", decode_controls, VMX_F_VM_EXIT_CONTROLS },
	{ "IA32_VMX_ENTRY_CTLS", decode_controls, VMX_F_VM_ENTRY_CONTROLS },
	{ "IA32_VMX_MISC", decode_misc, 0 },
	{ "IA32_VMX_CR0_FIXED0", decode_fixed_0, VMX_F_GUEST_CR0 },
	{ "IA32_VMX_CR0_FIXED1", decode_fixed_1, VMX_F_GUEST_CR0 },
	{ "IA32_VMX_CR4_FIXED0", decode_fixed_0, VMX_F_GUEST_CR4 },
	{ "IA32_VMX_CR4_FIXED1", decode_fixed_1, VMX_F_GUEST_CR4 },
	{ "IA32_VMX_VMCS_ENUM", decode_enum, 0 },
	{ "IA32_VMX_PROCBASED_CTLS2", decode_controls, VMX_F_SECONDARY_VM_EXEC_CONTROL },
	{ "IA32_VMX_EPT_VPID_CAP", decode_ept, 0 },
	{ "IA32_VMX_TRUE_PINBASED_CTLS", decode_controls, VMX_F_PIN_BASED_VM_EXEC_CONTROL },
	{ "IA32_VMX_TRUE_PROCBASED_CTLS", decode_controls, VMX_F_CPU_BASED_VM_EXEC_CONTROL },
	{ "IA32_VMX_TRUE_EXIT_CTLS", decode_controls, VMX_F_VM_EXIT_CONTROLS },
	{ "IA32_VMX_TRUE_ENTRY_CTLS", decode_controls, VMX_F_VM_ENTRY_CONTROLS },
	{ "IA32_VMX_VMFUNC", decode_fixed_1, VMX_F_VM_FUNCTION_CONTROL },
	{ "IA32_VMX_PROCBASED_CTLS3", decode_fixed_1, VMX_F_TERTIARY_VM_EXEC_CONTROL },
	{ "IA32_VMX_EXIT_CTLS2", NULL, 0 },
};

/**
 * msr_name() - name a capability MSR
 * @index: its number
 *
 * Return: the name, or NULL.
 */
const char *msr_name(uint32_t index)
{
	return index - FIRST < ARRAY_SIZE(msrs) ? msrs[index - FIRST].name : NULL;
}

/**
 * msr_decode() - what a capability MSR says
 * @index: its number
 * @value: what it holds
 * @buffer: where the words go
 * @size: room there, not 0
 *
 * Return: the length of the whole text, which is cut off when that is not less than @size; 0 for
 * an MSR that this program does not know.
 */
size_t msr_decode(uint32_t index, uint64_t value, char *buffer, size_t size)
{
	struct vmx_text text = { .buf = buffer, .size = size };

	buffer[0] = '\0';
	if (msr_name(index) && msrs[index - FIRST].decode)
		msrs[index - FIRST].decode(&text, msrs[index - FIRST].field, value);
	return text.length;
}
