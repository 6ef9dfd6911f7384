// SPDX-License-Identifier: GPL-2.0
/*
 * What the value of a VMCS field says, in words.
 *
 * Most fields are a set of bits with a name each: those are tables. The others have a function.
 */
#include "fields.h"
#include "text.h"

struct bit_name {
	u8 bit;
	const char *name;
};

/* SDM, "Pin-Based VM-Execution Controls" and the sections behind it. */
static const struct bit_name pin_controls[] = {
	{ 0, "external-interrupt exiting" },
	{ 3, "NMI exiting" },
	{ 5, "virtual NMIs" },
	{ 6, "activate VMX-preemption timer" },
	{ 7, "process posted interrupts" },
	{ 0, NULL },
};

static const struct bit_name cpu_controls[] = {
	{ 2, "interrupt-window exiting" },
	{ 3, "use TSC offsetting" },
	{ 7, "HLT exiting" },
	{ 9, "INVLPG exiting" },
	{ 10, "MWAIT exiting" },
	{ 11, "RDPMC exiting" },
	{ 12, "RDTSC exiting" },
	{ 15, "CR3-load exiting" },
	{ 16, "CR3-store exiting" },
	{ 17, "activate tertiary controls" },
	{ 19, "CR8-load exiting" },
	{ 20, "CR8-store exiting" },
	{ 21, "use TPR shadow" },
	{ 22, "NMI-window exiting" },
	{ 23, "MOV-DR exiting" },
	{ 24, "unconditional I/O exiting" },
	{ 25, "use I/O bitmaps" },
	{ 27, "monitor trap flag" },
	{ 28, "use MSR bitmaps" },
	{ 29, "MONITOR exiting" },
	{ 30, "PAUSE exiting" },
	{ 31, "activate secondary controls" },
	{ 0, NULL },
};

static const struct bit_name cpu_controls_2[] = {
	{ 0, "virtualize APIC accesses" },
	{ 1, "enable EPT" },
	{ 2, "descriptor-table exiting" },
	{ 3, "enable RDTSCP" },
	{ 4, "virtualize x2APIC mode" },
	{ 5, "enable VPID" },
	{ 6, "WBINVD exiting" },
	{ 7, "unrestricted guest" },
	{ 8, "APIC-register virtualization" },
	{ 9, "virtual-interrupt delivery" },
	{ 10, "PAUSE-loop exiting" },
	{ 11, "RDRAND exiting" },
	{ 12, "enable INVPCID" },
	{ 13, "enable VM functions" },
	{ 14, "VMCS shadowing" },
	{ 15, "enable ENCLS exiting" },
	{ 16, "RDSEED exiting" },
	{ 17, "enable PML" },
	{ 18, "EPT-violation #VE" },
	{ 19, "conceal VMX from PT" },
	{ 20, "enable XSAVES/XRSTORS" },
	{ 21, "PASID translation" },
	{ 22, "mode-based execute control for EPT" },
	{ 23, "sub-page write permissions for EPT" },
	{ 24, "Intel PT uses guest physical addresses" },
	{ 25, "use TSC scaling" },
	{ 26, "enable user wait and pause" },
	{ 27, "enable PCONFIG" },
	{ 28, "enable ENCLV exiting" },
	{ 30, "VMM bus-lock detection" },
	{ 31, "instruction timeout" },
	{ 0, NULL },
};

static const struct bit_name cpu_controls_3[] = {
	{ 0, "LOADIWKEY exiting" },
	{ 1, "enable HLAT" },
	{ 2, "EPT paging-write control" },
	{ 3, "guest-paging verification" },
	{ 4, "IPI virtualization" },
	{ 7, "virtualize IA32_SPEC_CTRL" },
	{ 0, NULL },
};

static const struct bit_name exit_controls[] = {
	{ 2, "save debug controls" },
	{ 9, "host address-space size" },
	{ 12, "load IA32_PERF_GLOBAL_CTRL" },
	{ 15, "acknowledge interrupt on exit" },
	{ 18, "save IA32_PAT" },
	{ 19, "load IA32_PAT" },
	{ 20, "save IA32_EFER" },
	{ 21, "load IA32_EFER" },
	{ 22, "save VMX-preemption timer value" },
	{ 23, "clear IA32_BNDCFGS" },
	{ 24, "conceal VMX from PT" },
	{ 25, "clear IA32_RTIT_CTL" },
	{ 26, "clear IA32_LBR_CTL" },
	{ 27, "clear UINV" },
	{ 28, "load CET state" },
	{ 29, "load PKRS" },
	{ 30, "save IA32_PERF_GLOBAL_CTRL" },
	{ 31, "activate secondary controls" },
	{ 0, NULL },
};

static const struct bit_name entry_controls[] = {
	{ 2, "load debug controls" },
	{ 9, "IA-32e mode guest" },
	{ 10, "entry to SMM" },
	{ 11, "deactivate dual-monitor treatment" },
	{ 13, "load IA32_PERF_GLOBAL_CTRL" },
	{ 14, "load IA32_PAT" },
	{ 15, "load IA32_EFER" },
	{ 16, "load IA32_BNDCFGS" },
	{ 17, "conceal VMX from PT" },
	{ 18, "load IA32_RTIT_CTL" },
	{ 19, "load UINV" },
	{ 20, "load CET state" },
	{ 21, "load guest IA32_LBR_CTL" },
	{ 22, "load PKRS" },
	{ 0, NULL },
};

static const struct bit_name vm_functions[] = {
	{ 0, "EPTP switching" },
	{ 0, NULL },
};

static const struct bit_name exceptions[] = {
	{ 0, "#DE" }, { 1, "#DB" }, { 2, "NMI" }, { 3, "#BP" }, { 4, "#OF" }, { 5, "#BR" },
	{ 6, "#UD" }, { 7, "#NM" }, { 8, "#DF" }, { 10, "#TS" }, { 11, "#NP" }, { 12, "#SS" },
	{ 13, "#GP" }, { 14, "#PF" }, { 16, "#MF" }, { 17, "#AC" }, { 18, "#MC" }, { 19, "#XM" },
	{ 20, "#VE" }, { 21, "#CP" },
	{ 0, NULL },
};

static const struct bit_name cr0[] = {
	{ 0, "PE" }, { 1, "MP" }, { 2, "EM" }, { 3, "TS" }, { 4, "ET" }, { 5, "NE" },
	{ 16, "WP" }, { 18, "AM" }, { 29, "NW" }, { 30, "CD" }, { 31, "PG" },
	{ 0, NULL },
};

static const struct bit_name cr4[] = {
	{ 0, "VME" }, { 1, "PVI" }, { 2, "TSD" }, { 3, "DE" }, { 4, "PSE" }, { 5, "PAE" },
	{ 6, "MCE" }, { 7, "PGE" }, { 8, "PCE" }, { 9, "OSFXSR" }, { 10, "OSXMMEXCPT" },
	{ 11, "UMIP" }, { 12, "LA57" }, { 13, "VMXE" }, { 14, "SMXE" }, { 16, "FSGSBASE" },
	{ 17, "PCIDE" }, { 18, "OSXSAVE" }, { 19, "KL" }, { 20, "SMEP" }, { 21, "SMAP" },
	{ 22, "PKE" }, { 23, "CET" }, { 24, "PKS" }, { 25, "UINTR" },
	{ 0, NULL },
};

static const struct bit_name efer[] = {
	{ 0, "SCE" }, { 8, "LME" }, { 10, "LMA" }, { 11, "NXE" },
	{ 0, NULL },
};

static const struct bit_name rflags[] = {
	{ 0, "CF" }, { 2, "PF" }, { 4, "AF" }, { 6, "ZF" }, { 7, "SF" }, { 8, "TF" },
	{ 9, "IF" }, { 10, "DF" }, { 11, "OF" }, { 14, "NT" }, { 16, "RF" }, { 17, "VM" },
	{ 18, "AC" }, { 19, "VIF" }, { 20, "VIP" }, { 21, "ID" },
	{ 0, NULL },
};

static const struct bit_name dr7[] = {
	{ 0, "L0" }, { 1, "G0" }, { 2, "L1" }, { 3, "G1" }, { 4, "L2" }, { 5, "G2" },
	{ 6, "L3" }, { 7, "G3" }, { 8, "LE" }, { 9, "GE" }, { 11, "RTM" }, { 13, "GD" },
	{ 0, NULL },
};

static const struct bit_name debugctl[] = {
	{ 0, "LBR" }, { 1, "BTF" }, { 2, "bus-lock detect" }, { 6, "TR" }, { 7, "BTS" },
	{ 8, "BTINT" }, { 9, "BTS_OFF_OS" }, { 10, "BTS_OFF_USR" }, { 11, "FREEZE_LBRS_ON_PMI" },
	{ 12, "FREEZE_PERFMON_ON_PMI" }, { 13, "ENABLE_UNCORE_PMI" }, { 14, "FREEZE_WHILE_SMM" },
	{ 15, "RTM" },
	{ 0, NULL },
};

static const struct bit_name bndcfgs[] = {
	{ 0, "EN" }, { 1, "BNDPRESERVE" },
	{ 0, NULL },
};

/* SDM, "Guest Non-Register State". */
static const struct bit_name interruptibility[] = {
	{ 0, "blocking by STI" },
	{ 1, "blocking by MOV SS" },
	{ 2, "blocking by SMI" },
	{ 3, "blocking by NMI" },
	{ 4, "enclave interruption" },
	{ 0, NULL },
};

static const struct bit_name pending_debug[] = {
	{ 0, "B0" }, { 1, "B1" }, { 2, "B2" }, { 3, "B3" }, { 11, "bus lock" },
	{ 12, "enabled breakpoint" }, { 14, "BS" }, { 16, "RTM" },
	{ 0, NULL },
};

/* A kind of field that is a set of bits. */
struct bit_set {
	const struct bit_name *names;
	u64 silent;			/* bits that need no word */
	const char *separator;
};

static const struct bit_set bit_sets[] = {
	[VMX_KIND_PIN_CONTROLS] = { pin_controls, 0, ", " },
	[VMX_KIND_CPU_CONTROLS] = { cpu_controls, 0, ", " },
	[VMX_KIND_CPU_CONTROLS_2] = { cpu_controls_2, 0, ", " },
	[VMX_KIND_CPU_CONTROLS_3] = { cpu_controls_3, 0, ", " },
	[VMX_KIND_EXIT_CONTROLS] = { exit_controls, 0, ", " },
	[VMX_KIND_ENTRY_CONTROLS] = { entry_controls, 0, ", " },
	[VMX_KIND_VM_FUNCTIONS] = { vm_functions, 0, ", " },
	[VMX_KIND_EXCEPTIONS] = { exceptions, 0, " " },
	[VMX_KIND_CR0] = { cr0, 0, " " },
	[VMX_KIND_CR4] = { cr4, 0, " " },
	[VMX_KIND_EFER] = { efer, 0, " " },
	[VMX_KIND_RFLAGS] = { rflags, BIT(1) | BIT(12) | BIT(13), " " },
	[VMX_KIND_DR7] = { dr7, BIT(10) | GENMASK_ULL(31, 16), " " },
	[VMX_KIND_DEBUGCTL] = { debugctl, 0, " " },
	[VMX_KIND_BNDCFGS] = { bndcfgs, GENMASK_ULL(63, 12), " " },
	[VMX_KIND_INTERRUPTIBILITY] = { interruptibility, 0, ", " },
	[VMX_KIND_PENDING_DEBUG] = { pending_debug, 0, ", " },
};

static const struct bit_set *bit_set_of(enum vmx_field field)
{
	unsigned int kind = vmx_field_info(field)->kind;

	return kind < ARRAY_SIZE(bit_sets) && bit_sets[kind].names ? &bit_sets[kind] : NULL;
}

static void add_bits(struct vmx_text *text, const struct bit_set *set, u64 value)
{
	const struct bit_name *name;
	size_t start = text->length;

	value &= ~set->silent;
	for (name = set->names; name->name; name++) {
		if (!(value & BIT_ULL(name->bit)))
			continue;
		vmx_text_item(text, start, set->separator);
		vmx_text_add(text, "%s", name->name);
		value &= ~BIT_ULL(name->bit);
	}
	if (!value)
		return;
	vmx_text_item(text, start, set->separator);
	vmx_text_add(text, "reserved bits %#llx", value);
}

static void add_rflags(struct vmx_text *text, u64 value)
{
	add_bits(text, &bit_sets[VMX_KIND_RFLAGS], value);
	if (!(value & BIT(1)))
		vmx_text_add(text, "%sbit 1 clear", text->length ? " " : "");
	if (value >> 12 & 3)
		vmx_text_add(text, "%sIOPL=%llu", text->length ? " " : "", value >> 12 & 3);
}

/* The conditions of the four breakpoints, as far as they are on. */
static void add_dr7(struct vmx_text *text, u64 value)
{
	static const char *const conditions[] = { "execute", "write", "I/O", "access" };
	static const u8 lengths[] = { 1, 2, 8, 4 };
	unsigned int i, how;

	add_bits(text, &bit_sets[VMX_KIND_DR7], value);
	for (i = 0; i < 4; i++) {
		if (!(value >> 2 * i & 3))
			continue;
		how = value >> (16 + 4 * i) & 15;
		vmx_text_add(text, ", %u: %s %u", i, conditions[how & 3], lengths[how >> 2]);
	}
}

static void add_bndcfgs(struct vmx_text *text, u64 value)
{
	add_bits(text, &bit_sets[VMX_KIND_BNDCFGS], value);
	vmx_text_add(text, "%sdirectory %#llx", text->length ? " " : "", value & ~0xfffULL);
}

static const char *memory_type(unsigned int type)
{
	static const char *const types[] = {
		"UC", "WC", "reserved 2", "reserved 3", "WT", "WP", "WB", "UC-",
	};

	return type < 8 ? types[type] : "reserved";
}

static void add_pat(struct vmx_text *text, u64 value)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		vmx_text_add(text, "%s%s", i ? " " : "", memory_type(value >> 8 * i & 0xff));
}

static void add_eptp(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "root %#llx, %s, walk of %llu levels", value & GENMASK_ULL(51, 12),
		     memory_type(value & 7), (value >> 3 & 7) + 1);
	if (value & BIT(6))
		vmx_text_add(text, ", accessed and dirty flags");
	if (value & BIT(7))
		vmx_text_add(text, ", supervisor shadow stack");
	if (value & (GENMASK_ULL(11, 8) | GENMASK_ULL(63, 52)))
		vmx_text_add(text, ", reserved bits %#llx",
			     value & (GENMASK_ULL(11, 8) | GENMASK_ULL(63, 52)));
}

static void add_pdpte(struct vmx_text *text, u64 value)
{
	if (value & 1)
		vmx_text_add(text, "present, directory %#llx", value & GENMASK_ULL(51, 12));
	else
		vmx_text_add(text, "not present");
}

static void add_selector(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "%s entry %llu, RPL %llu", value & 4 ? "LDT" : "GDT", value >> 3,
		     value & 3);
}

/* SDM, "Segment Descriptor Types" and "System Descriptor Types". */
static const char *segment_type(unsigned int type, bool code_or_data)
{
	static const char *const application[] = {
		"data, read", "data, read, accessed", "data, write", "data, write, accessed",
		"data, down, read", "data, down, read, accessed", "data, down, write",
		"data, down, write, accessed", "code", "code, accessed", "code, read",
		"code, read, accessed", "code, conforming", "code, conforming, accessed",
		"code, conforming, read", "code, conforming, read, accessed",
	};
	static const char *const system[] = {
		"reserved", "16-bit TSS", "LDT", "busy 16-bit TSS", "16-bit call gate",
		"task gate", "16-bit interrupt gate", "16-bit trap gate", "reserved", "TSS",
		"reserved", "busy TSS", "call gate", "reserved", "interrupt gate", "trap gate",
	};

	return code_or_data ? application[type & 15] : system[type & 15];
}

static void add_rights(struct vmx_text *text, u64 value)
{
	u64 reserved = value & (GENMASK_ULL(11, 8) | GENMASK_ULL(63, 17));

	if (value & BIT(16))
		vmx_text_add(text, "unusable, ");
	vmx_text_add(text, "type %llu (%s), S=%llu, DPL=%llu, P=%llu", value & 15,
		     segment_type(value & 15, value & BIT(4)), value >> 4 & 1, value >> 5 & 3,
		     value >> 7 & 1);
	vmx_text_add(text, ", AVL=%llu, L=%llu, D/B=%llu, G=%llu", value >> 12 & 1,
		     value >> 13 & 1, value >> 14 & 1, value >> 15 & 1);
	if (reserved)
		vmx_text_add(text, ", reserved bits %#llx", reserved);
}

static void add_interrupt_status(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "requesting %#llx, servicing %#llx", value & 0xff, value >> 8 & 0xff);
}

static void add_activity(struct vmx_text *text, u64 value)
{
	static const char *const states[] = { "active", "HLT", "shutdown", "wait-for-SIPI" };

	vmx_text_add(text, "%s", value < 4 ? states[value] : "reserved");
}

static const char *exception_name(unsigned int vector)
{
	const struct bit_name *name;

	for (name = exceptions; name->name; name++)
		if (name->bit == vector)
			return name->name;
	return NULL;
}

/* SDM, "VM-Entry Controls for Event Injection". */
static void add_event(struct vmx_text *text, u64 value, bool of_exit)
{
	static const char *const types[] = {
		"external interrupt", "reserved type 1", "NMI", "hardware exception",
		"software interrupt", "privileged software exception", "software exception",
		"other event",
	};
	unsigned int vector = value & 0xff, type = value >> 8 & 7;
	u64 reserved = value & (GENMASK_ULL(30, of_exit ? 13 : 12) | GENMASK_ULL(63, 32));
	const char *name = type == 3 || type >= 5 ? exception_name(vector) : NULL;

	if (!value) {
		vmx_text_add(text, "nothing");
		return;
	}
	if (!(value & BIT(31)))
		vmx_text_add(text, "nothing (not valid): ");
	vmx_text_add(text, "%s, vector %u", types[type], vector);
	if (name)
		vmx_text_add(text, " (%s)", name);
	if (value & BIT(11))
		vmx_text_add(text, ", with an error code");
	if (of_exit && value & BIT(12))
		vmx_text_add(text, ", NMI unblocking due to IRET");
	if (reserved)
		vmx_text_add(text, ", reserved bits %#llx", reserved);
}

static void add_exit_reason(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "%s", vmx_exit_reason_name(value));
	if (value & BIT(27))
		vmx_text_add(text, ", in an enclave");
	if (value & BIT(28))
		vmx_text_add(text, ", MTF pending");
	if (value & BIT(31))
		vmx_text_add(text, ", the entry failed");
}

static void add_instruction_error(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "%s", value ? vmx_instruction_error(value) : "none");
}

static void add_link(struct vmx_text *text, u64 value)
{
	vmx_text_add(text, "%s", ~value ? "a shadow VMCS" : "none");
}

static void add_value(struct vmx_text *text, enum vmx_field field, u64 value)
{
	switch (vmx_field_info(field)->kind) {
	case VMX_KIND_NUMBER:
		return;
	case VMX_KIND_RFLAGS:
		return add_rflags(text, value);
	case VMX_KIND_DR7:
		return add_dr7(text, value);
	case VMX_KIND_BNDCFGS:
		return add_bndcfgs(text, value);
	case VMX_KIND_PAT:
		return add_pat(text, value);
	case VMX_KIND_EPTP:
		return add_eptp(text, value);
	case VMX_KIND_PDPTE:
		return add_pdpte(text, value);
	case VMX_KIND_SELECTOR:
		return add_selector(text, value);
	case VMX_KIND_RIGHTS:
		return add_rights(text, value);
	case VMX_KIND_INTERRUPT_STATUS:
		return add_interrupt_status(text, value);
	case VMX_KIND_ACTIVITY:
		return add_activity(text, value);
	case VMX_KIND_EVENT:
		return add_event(text, value, false);
	case VMX_KIND_EXIT_EVENT:
		return add_event(text, value, true);
	case VMX_KIND_EXIT_REASON:
		return add_exit_reason(text, value);
	case VMX_KIND_INSTRUCTION_ERROR:
		return add_instruction_error(text, value);
	case VMX_KIND_LINK:
		return add_link(text, value);
	default:
		return add_bits(text, bit_set_of(field), value);
	}
}

/**
 * vmx_field_decode() - what a field's value says
 * @field: less than VMX_NR_FIELDS
 * @value: what it holds
 * @buf: where the words go
 * @size: room there, in bytes; 0: @buf may be NULL
 *
 * Where the number says all there are no words.
 *
 * Return: as snprintf(): the length of the whole text, which is cut off when that is not less
 * than @size.
 */
size_t vmx_field_decode(enum vmx_field field, u64 value, char *buf, size_t size)
{
	struct vmx_text text = { .buf = buf, .size = size };

	if (size)
		buf[0] = '\0';
	add_value(&text, field, value);
	return text.length;
}

/**
 * vmx_control_name() - name a bit
 * @field: a field that is a set of bits, such as VMX_F_PIN_BASED_VM_EXEC_CONTROL or VMX_F_GUEST_CR0
 * @bit: its number
 *
 * Return: the SDM's name of it; NULL when the bit has none or the field is no set of bits.
 */
const char *vmx_control_name(enum vmx_field field, unsigned int bit)
{
	const struct bit_set *set = bit_set_of(field);
	const struct bit_name *name;

	if (!set)
		return NULL;
	for (name = set->names; name->name; name++)
		if (name->bit == bit)
			return name->name;
	return NULL;
}
