// SPDX-License-Identifier: GPL-2.0
/*
 * Random bits of a good guest state flipped: the CPU refuses the entry if and only if the
 * explainer names a rule. Where the emulator is known to decide otherwise than the SDM does, and
 * only there, they may differ.
 *
 *	agree [CASES [SEED]]
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest.h"

#include "explain.h"

#define CASES		300	/* in each of the modes */
#define SEED		1
#define MAX_FLIPS	3
#define LOW_BITS	18

/* Injections that put a field right which the guest before has spoilt. */
#define MAX_REPAIRS	(VHM_MAX_INJECTIONS - MAX_FLIPS - 1)

static const struct {
	const char *name;
	enum base base;
	bool restricted;
} modes[] = {
	{ "64-bit mode", LONG, false },
	{ "64-bit mode without unrestricted guest", LONG, true },
	{ "PAE paging", PAE, false },
	{ "PAE paging without unrestricted guest", PAE, true },
	{ "real mode", REAL, false },
	{ "virtual-8086 mode", V86, false },
	{ "virtual-8086 mode without unrestricted guest", V86, true },
};

#define NR_MODES	(sizeof(modes) / sizeof(modes[0]))

/* Where the emulator decides otherwise; by how often it did. */
enum known {
	NONE_KNOWN,
	DEBUGCTL, PAGING, RIP_64, NULL_SS, CS_DPL, DATA_TYPE_11, PENDING_UPPER, SINGLE_STEP,
	CS_RPL,
	NR_KNOWN,
};

static const char *const known_words[] = {
	[DEBUGCTL] = "reserved bits of IA32_DEBUGCTL are entered",
	[PAGING] = "IA-32e mode is entered without paging",
	[RIP_64] = "a RIP whose upper bits differ is entered in 64-bit mode",
	[NULL_SS] = "an SS that is null and usable is not checked in 64-bit mode",
	[CS_DPL] = "CS.DPL is compared with CS.RPL, not with SS.DPL",
	[DATA_TYPE_11] = "DPL of readable code in DS, ES, FS or GS is not checked",
	[PENDING_UPPER] = "bits 63:32 of the pending debug exceptions are not looked at",
	[SINGLE_STEP] = "BS is not compared with RFLAGS.TF",
	[CS_RPL] = "a CS.RPL that is not CS.DPL is refused",
};

static struct stage stage;
static struct vhm_vmcs pristine;
static struct answer now, after;
static unsigned int seen[NR_KNOWN];
static uint64_t random_state;

/* The guest-state fields that the CPU has, but for the timer, which is no guest state to check. */
static enum vmx_field fields[VMX_NR_FIELDS];
static unsigned int nr_fields;

struct flip {
	enum vmx_field field;
	uint64_t value;
};

static struct flip flips[MAX_FLIPS];
static unsigned int nr_flips;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void find_fields(void)
{
	nr_fields = 0;
	for (uint32_t i = 0; i < stage.vmcs.count; i++) {
		enum vmx_field field = vmx_field_by_encoding(stage.vmcs.field[i].encoding);

		if (vmx_field_area(field) == VMX_AREA_GUEST &&
		    field != VMX_F_VMX_PREEMPTION_TIMER_VALUE)
			fields[nr_fields++] = field;
	}
}

/* A field as the next entry will find it. */
static uint64_t value(enum vmx_field field)
{
	for (unsigned int i = 0; i < nr_flips; i++)
		if (flips[i].field == field)
			return flips[i].value;
	return stage_field(&stage, field);
}

/* Half of them where most rules look: among the low bits. */
static uint64_t random_bit(enum vmx_field field)
{
	unsigned int width = vmx_field_width(field);

	if (next_random() & 1 && width > LOW_BITS)
		width = LOW_BITS;
	return 1ull << next_random() % width;
}

/* Half of them those that most rules are about. */
static enum vmx_field random_field(void)
{
	static const enum vmx_field busy[] = {
		VMX_F_GUEST_ES_AR_BYTES, VMX_F_GUEST_CS_AR_BYTES, VMX_F_GUEST_SS_AR_BYTES,
		VMX_F_GUEST_DS_AR_BYTES, VMX_F_GUEST_FS_AR_BYTES, VMX_F_GUEST_GS_AR_BYTES,
		VMX_F_GUEST_LDTR_AR_BYTES, VMX_F_GUEST_TR_AR_BYTES, VMX_F_GUEST_CS_SELECTOR,
		VMX_F_GUEST_SS_SELECTOR, VMX_F_GUEST_DS_SELECTOR, VMX_F_GUEST_RFLAGS,
		VMX_F_GUEST_CR0, VMX_F_GUEST_CR4, VMX_F_GUEST_IA32_EFER,
		VMX_F_GUEST_INTERRUPTIBILITY_INFO, VMX_F_GUEST_ACTIVITY_STATE,
		VMX_F_GUEST_PENDING_DBG_EXCEPTIONS,
	};

	if (next_random() & 1)
		return fields[next_random() % nr_fields];
	return busy[next_random() % (sizeof(busy) / sizeof(busy[0]))];
}

static void flip(void)
{
	unsigned int count = 1 + next_random() % MAX_FLIPS;

	nr_flips = 0;
	for (unsigned int i = 0; i < count; i++) {
		enum vmx_field field = random_field();
		unsigned int k = 0;

		while (k < nr_flips && flips[k].field != field)
			k++;
		flips[k] = (struct flip){ field, value(field) ^ random_bit(field) };
		if (k == nr_flips)
			nr_flips++;
	}
}

/*
 * What must not be tried: a machine of one processor would wait for ever in shutdown or for a
 * start-up IPI, and the emulator stops with a panic in IA-32e mode without protection.
 */
static bool would_not_come_back(enum base base)
{
	uint64_t activity = value(VMX_F_GUEST_ACTIVITY_STATE);
	uint64_t cr0 = value(VMX_F_GUEST_CR0);

	return activity == 2 || activity == 3 ||
	       (base == LONG && !(cr0 & (X86_CR0_PE | X86_CR0_PG)));
}

static unsigned int rights(enum vmx_field field)
{
	return value(field) & 0xffff;
}

/* SS in 64-bit mode with a null selector. */
static bool null_ss(enum vmx_field field)
{
	bool is_ss = field == VMX_F_GUEST_SS_AR_BYTES || field == VMX_F_GUEST_SS_LIMIT ||
		     field == VMX_F_GUEST_SS_BASE;

	return is_ss && !(value(VMX_F_GUEST_SS_SELECTOR) & 0xfffc) &&
	       stage_field(&stage, VMX_F_VM_ENTRY_CONTROLS) & ENTRY_IA32E &&
	       rights(VMX_F_GUEST_CS_AR_BYTES) & RIGHTS_L;
}

/* What the emulator asks of CS instead: RPL and DPL equal, or RPL no less for conforming code. */
static bool cs_rpl_suits(void)
{
	unsigned int rpl = value(VMX_F_GUEST_CS_SELECTOR) & 3;
	unsigned int type = rights(VMX_F_GUEST_CS_AR_BYTES) & 15;
	unsigned int dpl = rights(VMX_F_GUEST_CS_AR_BYTES) >> 5 & 3;

	if (value(VMX_F_GUEST_RFLAGS) & RFLAGS_VM || type == 3)
		return true;
	return type < 12 ? rpl == dpl : rpl >= dpl;
}

static bool only_upper_bits(void)
{
	return !(value(VMX_F_GUEST_PENDING_DBG_EXCEPTIONS) & 0xffffaff0);
}

/* A rule that is named and broken, and the emulator enters. */
static enum known why_entered(const struct vhm_broken_rule *broken)
{
	enum vmx_field field = vmx_field_by_encoding(broken->encoding);

	if (!strcmp(broken->name, "guest-debugctl-reserved"))
		return DEBUGCTL;
	if (!strcmp(broken->name, "ia32e-guest-needs-paging"))
		return PAGING;
	if (!strcmp(broken->name, "guest-rip-64-bit"))
		return RIP_64;
	if (!strcmp(broken->name, "guest-pending-debug-single-step"))
		return SINGLE_STEP;
	if (!strcmp(broken->name, "guest-pending-debug-reserved") && only_upper_bits())
		return PENDING_UPPER;
	if (!strcmp(broken->name, "guest-cs-dpl") && cs_rpl_suits())
		return CS_DPL;
	if (!strcmp(broken->name, "guest-data-dpl") && (rights(field) & 15) == 11)
		return DATA_TYPE_11;
	return null_ss(field) ? NULL_SS : NONE_KNOWN;
}

static void print_case(const char *what)
{
	ksft_print_msg("%s:\n", what);
	for (unsigned int i = 0; i < nr_flips; i++)
		ksft_print_msg("  %s: %#llx, good is %#llx\n", vmx_field_info(flips[i].field)->name,
			       (unsigned long long)flips[i].value,
			       (unsigned long long)stage_field(&stage, flips[i].field));
	ksft_print_msg("%s\n", now.text);
}

static bool judge_entered(void)
{
	for (uint32_t i = 0; i < now.explain.count && i < VHM_MAX_BROKEN_RULES; i++) {
		enum known known = why_entered(&now.explain.rule[i]);

		if (known == NONE_KNOWN) {
			print_case("entered, although a rule is named");
			return false;
		}
		seen[known]++;
	}
	return true;
}

static bool judge_refused(void)
{
	if (stage_explain(&stage, &after, 0))
		return false;
	if (after.explain.count) {
		if (after.explain.exit_reason == 0x80000021)
			return true;
		print_case("refused in another way than for the guest's state");
		return false;
	}
	if (!cs_rpl_suits()) {
		seen[CS_RPL]++;
		return true;
	}
	print_case("refused, and no rule is named");
	return false;
}

/* What the guest before has left behind. Return: false: too much, the machine was made anew. */
static bool repair(enum base base)
{
	unsigned int repairs = 0;

	stage_set(&stage, base);
	for (uint32_t i = 0; i < stage.vmcs.count; i++) {
		enum vmx_field field = vmx_field_by_encoding(stage.vmcs.field[i].encoding);

		if (vmx_field_area(field) != VMX_AREA_GUEST ||
		    stage.vmcs.field[i].value == pristine.field[i].value)
			continue;
		if (++repairs > MAX_REPAIRS) {
			stage_close(&stage);
			stage_open(&stage);
			stage_set(&stage, base);
			return false;
		}
		stage_inject(&stage, field, pristine.field[i].value);
		stage.vmcs.field[i].value = pristine.field[i].value;
	}
	return true;
}

struct tally {
	unsigned int refused, entered, skipped, renewed;
};

static bool one_case(unsigned int mode, struct tally *tally)
{
	static const struct change restrict_guest = {
		VMX_F_SECONDARY_VM_EXEC_CONTROL, CPU2_UNRESTRICTED, 0, false
	};

	tally->renewed += !repair(modes[mode].base);
	do
		flip();
	while (would_not_come_back(modes[mode].base) && ++tally->skipped);
	for (unsigned int i = 0; i < nr_flips; i++)
		stage_inject(&stage, flips[i].field, flips[i].value);
	if (modes[mode].restricted)
		stage_change(&stage, &restrict_guest);
	if (stage_explain(&stage, &now, VHM_EXPLAIN_NOW))
		return false;
	if (stage_run(&stage) == KVM_EXIT_FAIL_ENTRY) {
		tally->refused++;
		return judge_refused();
	}
	tally->entered++;
	return judge_entered();
}

static void test_mode(unsigned int mode, unsigned int cases)
{
	struct tally tally = { 0 };
	bool ok = true;

	stage_open(&stage);
	if (modes[mode].base == REAL &&
	    !stage_allows(&stage, VMX_F_SECONDARY_VM_EXEC_CONTROL, CPU2_UNRESTRICTED)) {
		ksft_test_result_skip("%s\n", modes[mode].name);
		stage_close(&stage);
		return;
	}
	stage_set(&stage, modes[mode].base);
	pristine = stage.vmcs;
	find_fields();
	for (unsigned int i = 0; i < cases; i++)
		ok &= one_case(mode, &tally);
	ksft_print_msg("%u refused, %u entered; %u not tried, %u machines\n", tally.refused,
		       tally.entered, tally.skipped, 1 + tally.renewed);
	/* A state that nothing spoils, or everything, would show nothing. */
	ok &= tally.refused && tally.entered;
	ksft_test_result(ok, "%s: CPU and explainer agree in %u cases\n", modes[mode].name, cases);
	stage_close(&stage);
}

int main(int argc, char **argv)
{
	unsigned int cases = CASES;

	if (argc > 1)
		cases = strtoul(argv[1], NULL, 0);
	/* Should the emulator stop, what came before is to be seen. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (vm_is_kvm())
		ksft_exit_skip("these are vhm's own calls\n");
	stage_open(&stage);
	if (stage_inject(&stage, VMX_F_GUEST_RIP, 0))
		ksft_exit_skip("the module was not loaded with unsafe_injection=1\n");
	stage_close(&stage);
	random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : SEED;
	random_state = random_state * 0x9e3779b97f4a7c15ull | 1;
	ksft_set_plan(NR_MODES);
	for (unsigned int mode = 0; mode < NR_MODES; mode++)
		test_mode(mode, cases);
	for (unsigned int i = 1; i < NR_KNOWN; i++)
		ksft_print_msg("%4u times: %s\n", seen[i], known_words[i]);
	ksft_finished();
}
