// SPDX-License-Identifier: GPL-2.0
/*
 * The table of VMCS fields, and values in words.
 */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "../../../module/vmx/fields.h"

struct decoded {
	enum vmx_field field;
	u64 value;
	const char *words;
};

#define D(name, value, words)	{ VMX_F_##name, value, words }

static const struct decoded decoded[] = {
	D(GUEST_RIP, 0x1234, ""),
	D(GUEST_CR0, 0x80050033, "PE MP ET NE WP AM PG"),
	D(GUEST_CR0, 0x100000001, "PE reserved bits 0x100000000"),
	D(GUEST_CR4, 0x3026b0, "PSE PAE PGE OSFXSR OSXMMEXCPT VMXE SMEP SMAP"),
	D(GUEST_IA32_EFER, 0xd01, "SCE LME LMA NXE"),
	D(GUEST_IA32_EFER, 0, ""),
	D(GUEST_RFLAGS, 0x2, ""),
	D(GUEST_RFLAGS, 0x0, "bit 1 clear"),
	D(GUEST_RFLAGS, 0x23246, "PF ZF IF VM IOPL=3"),
	D(GUEST_DR7, 0x400, ""),
	D(GUEST_DR7, 0x200d0402, "G0, 0: write 4"),
	D(GUEST_PENDING_DBG_EXCEPTIONS, 0x5001, "B0, enabled breakpoint, BS"),
	D(GUEST_IA32_DEBUGCTL, 0x3, "LBR BTF"),
	D(GUEST_IA32_PAT, 0x0007040600070406, "WB WT UC- UC WB WT UC- UC"),
	D(GUEST_IA32_PAT, 0x0203, "reserved 3 reserved 2 UC UC UC UC UC UC"),
	D(GUEST_BNDCFGS, 0x7001, "EN directory 0x7000"),
	D(GUEST_CS_SELECTOR, 0x33, "GDT entry 6, RPL 3"),
	D(GUEST_LDTR_SELECTOR, 0xc, "LDT entry 1, RPL 0"),
	D(GUEST_CS_AR_BYTES, 0xa09b,
	  "type 11 (code, read, accessed), S=1, DPL=0, P=1, AVL=0, L=1, D/B=0, G=1"),
	D(GUEST_TR_AR_BYTES, 0x8b,
	  "type 11 (busy TSS), S=0, DPL=0, P=1, AVL=0, L=0, D/B=0, G=0"),
	D(GUEST_ES_AR_BYTES, 0x10100,
	  "unusable, type 0 (reserved), S=0, DPL=0, P=0, AVL=0, L=0, D/B=0, G=0, reserved bits 0x100"),
	D(GUEST_INTERRUPTIBILITY_INFO, 0, ""),
	D(GUEST_INTERRUPTIBILITY_INFO, 9, "blocking by STI, blocking by NMI"),
	D(GUEST_INTERRUPTIBILITY_INFO, 0x42, "blocking by MOV SS, reserved bits 0x40"),
	D(GUEST_ACTIVITY_STATE, 0, "active"),
	D(GUEST_ACTIVITY_STATE, 3, "wait-for-SIPI"),
	D(GUEST_ACTIVITY_STATE, 4, "reserved"),
	D(GUEST_INTR_STATUS, 0x3031, "requesting 0x31, servicing 0x30"),
	D(VM_ENTRY_INTR_INFO_FIELD, 0x80000b0e,
	  "hardware exception, vector 14 (#PF), with an error code"),
	D(VM_ENTRY_INTR_INFO_FIELD, 0x80000031, "external interrupt, vector 49"),
	D(VM_ENTRY_INTR_INFO_FIELD, 0x80001202, "NMI, vector 2, reserved bits 0x1000"),
	D(VM_ENTRY_INTR_INFO_FIELD, 0, "nothing"),
	D(VM_ENTRY_INTR_INFO_FIELD, 0x603, "nothing (not valid): software exception, vector 3 (#BP)"),
	D(VM_EXIT_INTR_INFO, 0x80001b0d,
	  "hardware exception, vector 13 (#GP), with an error code, NMI unblocking due to IRET"),
	D(VM_EXIT_REASON, 10, "CPUID"),
	D(VM_EXIT_REASON, 0x80000021,
	  "VM-entry failure due to invalid guest state, the entry failed"),
	D(VM_EXIT_REASON, 0xffff, "unknown"),
	D(VM_INSTRUCTION_ERROR, 0, "none"),
	D(VM_INSTRUCTION_ERROR, 7, "VM entry with invalid control field(s)"),
	D(VM_INSTRUCTION_ERROR, 14, "unknown"),
	D(EPT_POINTER, 0x12301e, "root 0x123000, WB, walk of 4 levels"),
	D(EPT_POINTER, 0x1235d8, "root 0x123000, UC, walk of 4 levels, accessed and dirty flags, supervisor shadow stack, reserved bits 0x500"),
	D(GUEST_PDPTR0, 0x9001, "present, directory 0x9000"),
	D(GUEST_PDPTR0, 0x9000, "not present"),
	D(VMCS_LINK_POINTER, ~0ULL, "none"),
	D(VMCS_LINK_POINTER, 0x1000, "a shadow VMCS"),
	D(PIN_BASED_VM_EXEC_CONTROL, 0x29, "external-interrupt exiting, NMI exiting, virtual NMIs"),
	D(CPU_BASED_VM_EXEC_CONTROL, 0x90000080,
	  "HLT exiting, use MSR bitmaps, activate secondary controls"),
	D(SECONDARY_VM_EXEC_CONTROL, 0xa2, "enable EPT, enable VPID, unrestricted guest"),
	D(VM_EXIT_CONTROLS, 0x200, "host address-space size"),
	D(VM_ENTRY_CONTROLS, 0x8204, "load debug controls, IA-32e mode guest, load IA32_EFER"),
	D(VM_ENTRY_CONTROLS, 0x1, "reserved bits 0x1"),
	D(VM_FUNCTION_CONTROL, 1, "EPTP switching"),
	D(TERTIARY_VM_EXEC_CONTROL, 0x10, "IPI virtualization"),
	D(EXCEPTION_BITMAP, 0x60042, "#DB #UD #AC #MC"),
};

static void test_decoded(const struct decoded *d)
{
	char words[512];
	size_t length = vmx_field_decode(d->field, d->value, words, sizeof(words));
	bool ok = !strcmp(words, d->words) && length == strlen(words);

	tap_ok(ok, "%s = %#llx", vmx_field_info(d->field)->name, d->value);
	if (!ok)
		printf("# %s\n# wanted: %s\n", words, d->words);
}

/* As snprintf: never behind the end, always a zero, the whole length whatever fits. */
static bool fits(enum vmx_field field, u64 value)
{
	size_t whole = vmx_field_decode(field, value, NULL, 0), size, length;
	char *all = malloc(whole + 1), *part;
	bool ok = vmx_field_decode(field, value, all, whole + 1) == whole && strlen(all) == whole;

	for (size = 1; size <= whole + 2; size++) {
		part = malloc(size);
		length = size - 1 < whole ? size - 1 : whole;
		ok &= vmx_field_decode(field, value, part, size) == whole &&
		      strlen(part) == length && !strncmp(part, all, length);
		free(part);
	}
	free(all);
	return ok;
}

static void test_fits(void)
{
	static const u64 values[] = { 0, 1, ~0ULL, 0x80000000, 0x5555555555555555 };
	unsigned int field, i, bad = 0;

	for (field = 0; field < VMX_NR_FIELDS; field++)
		for (i = 0; i < ARRAY_SIZE(values); i++)
			bad += !fits(field, values[i]);
	tap_ok(!bad, "every field and buffers of every size");
}

static void test_table(void)
{
	static const unsigned int widths[] = { 16, 64, 32, 64 };
	const struct vmx_field_info *info;
	unsigned int field, bad = 0;
	u32 last = 0;

	for (field = 0; field < VMX_NR_FIELDS; field++) {
		info = vmx_field_info(field);
		bad += field && info->encoding <= last;
		bad += info->encoding & ~0x6cfeu || !info->words[0];
		bad += vmx_field_by_encoding(info->encoding) != field;
		bad += vmx_field_by_name(info->name) != field;
		bad += vmx_field_width(field) != widths[info->encoding >> 13];
		bad += vmx_field_area(field) != (info->encoding >> 10 & 3u);
		last = info->encoding;
	}
	tap_ok(!bad, "%u fields by rising encoding, each found by it and by its name", field);
	tap_ok(VMX_NR_FIELDS <= 192, "no more fields than a dump has room for");
	tap_ok(!vmx_field_info(VMX_NR_FIELDS), "no field is no field");
	tap_ok(vmx_field_by_encoding(0x6801) == VMX_NR_FIELDS &&
	       vmx_field_by_encoding(0xffffffff) == VMX_NR_FIELDS &&
	       vmx_field_by_encoding(0x26800) == VMX_NR_FIELDS, "an unknown encoding is no field");
	tap_ok(vmx_field_by_name("guest_cr0") == VMX_F_GUEST_CR0 &&
	       vmx_field_by_name("GUEST_CR") == VMX_NR_FIELDS &&
	       vmx_field_by_name("") == VMX_NR_FIELDS, "names in capitals or not, but whole");
}

static void test_names(void)
{
	const char *name;

	name = vmx_control_name(VMX_F_SECONDARY_VM_EXEC_CONTROL, 7);
	tap_ok(name && !strcmp(name, "unrestricted guest"), "a control by its bit");
	tap_ok(!vmx_control_name(VMX_F_SECONDARY_VM_EXEC_CONTROL, 29) &&
	       !vmx_control_name(VMX_F_GUEST_RIP, 0), "a bit without a name has none");
	tap_ok(!strcmp(vmx_exit_reason_name(0x80000021),
		       "VM-entry failure due to invalid guest state") &&
	       !strcmp(vmx_exit_reason_name(35), "unknown"), "exit reasons");
	tap_ok(!strcmp(vmx_instruction_error(26), "VM entry with events blocked by MOV SS") &&
	       !strcmp(vmx_instruction_error(0xffffffff), "unknown"), "VM-instruction errors");
}

static void test_secrets(void)
{
	tap_ok(vmx_field_secret(VMX_F_HOST_RIP) && vmx_field_secret(VMX_F_HOST_CR3) &&
	       vmx_field_secret(VMX_F_EPT_POINTER) && vmx_field_secret(VMX_F_MSR_BITMAP) &&
	       vmx_field_secret(VMX_F_VM_EXIT_MSR_LOAD_ADDR),
	       "where something of the kernel's lies is a secret");
	tap_ok(!vmx_field_secret(VMX_F_HOST_CR0) && !vmx_field_secret(VMX_F_HOST_CS_SELECTOR) &&
	       !vmx_field_secret(VMX_F_TSC_OFFSET) && !vmx_field_secret(VMX_F_GUEST_RIP) &&
	       !vmx_field_secret(VMX_F_EXIT_QUALIFICATION), "and nothing else is");
}

int main(void)
{
	unsigned int i;

	tap_begin();
	test_table();
	test_names();
	test_secrets();
	for (i = 0; i < ARRAY_SIZE(decoded); i++)
		test_decoded(&decoded[i]);
	test_fits();
	return tap_end();
}
