// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs from inside: known ones keep what is written and agree with what user
 * space sees, unknown ones and bad values are #GP, and no index and no value
 * harms anything.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define MSR_TSC			0x10
#define MSR_APIC_BASE		0x1b
#define MSR_UCODE_WRITE		0x79
#define MSR_UCODE_REV		0x8b
#define MSR_MTRRCAP		0xfe
#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_MISC_ENABLE		0x1a0
#define MSR_MTRR_BASE0		0x200
#define MSR_MTRR_MASK0		0x201
#define MSR_MTRR_FIX64K		0x250
#define MSR_PAT			0x277
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_FMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

#define NON_CANONICAL		0x8000000000000000ull
#define GP			13

struct round_trip {
	uint32_t index;
	uint64_t by_guest;
	uint64_t by_host;
};

static const struct round_trip round_trips[] = {
	{ MSR_SYSENTER_CS, 0x1234, 0x10 },
	{ MSR_SYSENTER_ESP, 0x7fffffffffff, 0xffff800000000000 },
	{ MSR_SYSENTER_EIP, 0xffffffff81000000, 0x400000 },
	{ MSR_PAT, 0x0706050401000706, 0x0007040600070406 },
	{ MSR_MTRR_BASE0, 0x80000006, 0x6 },
	{ MSR_MTRR_MASK0, 0xf80000800, 0x0 },
	{ MSR_MTRR_FIX64K, 0x0606060606060606, 0 },
	{ MSR_MTRR_DEF_TYPE, 0xc06, 0x800 },
	{ MSR_STAR, 0x0023001000000000, 0xffffffffffffffff },
	{ MSR_LSTAR, 0xffffffff81000000, 0x400000 },
	{ MSR_CSTAR, 0xffffffff82000000, 0x7fffffffffff },
	{ MSR_FMASK, 0x47700, 0xffffffff },
	{ MSR_FS_BASE, 0x7f0000001000, 0xffff888000000000 },
	{ MSR_GS_BASE, 0xffff888000000000, 0x123456789 },
	{ MSR_KERNEL_GS_BASE, 0xffff888000001000, 0x123456789abc },
};

static volatile uint32_t msr_index;
static volatile uint64_t msr_value, msr_seen;

static __guest void write_then_read(void)
{
	GUEST_EQ(NO_TRAP, try_wrmsr(msr_index, msr_value));
	GUEST_EQ(msr_value, rdmsr(msr_index));
	GUEST_SYNC(0);
	msr_seen = rdmsr(msr_index);
	GUEST_DONE();
}

TEST_F(guest, values_go_both_ways)
{
	for (size_t i = 0; i < ARRAY_SIZE(round_trips); i++) {
		const struct round_trip *trip = &round_trips[i];

		GUEST_VAR(&self->vm, msr_index) = trip->index;
		GUEST_VAR(&self->vm, msr_value) = trip->by_guest;
		vcpu_set_long(&self->cpu, write_then_read);
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu)) TH_LOG("0x%x", trip->index);
		EXPECT_EQ(trip->by_guest, vcpu_get_msr(&self->cpu, trip->index))
			TH_LOG("MSR 0x%x", trip->index);
		vcpu_set_msr(&self->cpu, trip->index, trip->by_host);
		EXPECT_EQ(trip->by_host, vcpu_get_msr(&self->cpu, trip->index))
			TH_LOG("MSR 0x%x", trip->index);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu)) TH_LOG("0x%x", trip->index);
		EXPECT_EQ(trip->by_host, GUEST_VAR(&self->vm, msr_seen))
			TH_LOG("MSR 0x%x", trip->index);
	}
}

static __guest void tsc_aux(void)
{
	uint32_t low, high, aux;

	wrmsr(MSR_TSC_AUX, 0x12345678);
	asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
	GUEST_EQ(0x12345678, aux);
	GUEST_EQ(GP, try_wrmsr(MSR_TSC_AUX, 0x100000000));
	GUEST_SYNC(0);
	asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
	GUEST_EQ(0x9abc, aux);
	GUEST_DONE();
}

TEST_F(guest, tsc_aux_is_what_rdtscp_gives)
{
	if (!vm_has_cpuid(self->vm.dev, 0x80000001, 3, 27))
		SKIP(return, "no RDTSCP here");
	vcpu_set_long(&self->cpu, tsc_aux);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0x12345678, vcpu_get_msr(&self->cpu, MSR_TSC_AUX));
	vcpu_set_msr(&self->cpu, MSR_TSC_AUX, 0x9abc);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void unknown_msrs(void)
{
	static const uint32_t unknown[] = {
		0x12345678, 0xc0012345, 0xffffffff, 0x480, 0x48b, 0x40000000, 0xc0011fff,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		guest_trap.error = 0x55;
		GUEST_EQ(GP, try_rdmsr(unknown[i]));
		GUEST_EQ(0, guest_trap.error);
		GUEST_EQ(GP, try_wrmsr(unknown[i], 0));
		GUEST_EQ(0, guest_trap.error);
	}
	GUEST_DONE();
}

TEST_F(guest, unknown_msr_is_gp)
{
	vcpu_set_long(&self->cpu, unknown_msrs);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void bad_values(void)
{
	uint64_t efer = rdmsr(MSR_EFER), pat = rdmsr(MSR_PAT);

	GUEST_EQ(GP, try_wrmsr(MSR_LSTAR, NON_CANONICAL));
	GUEST_EQ(GP, try_wrmsr(MSR_CSTAR, NON_CANONICAL));
	GUEST_EQ(GP, try_wrmsr(MSR_FS_BASE, NON_CANONICAL));
	GUEST_EQ(GP, try_wrmsr(MSR_GS_BASE, NON_CANONICAL));
	GUEST_EQ(GP, try_wrmsr(MSR_KERNEL_GS_BASE, NON_CANONICAL));
	GUEST_EQ(GP, try_wrmsr(MSR_EFER, ~0ull));
	GUEST_EQ(GP, try_wrmsr(MSR_EFER, efer | 2));
	GUEST_EQ(GP, try_wrmsr(MSR_EFER, efer & ~EFER_LME));	/* paging is on */
	GUEST_EQ(efer, rdmsr(MSR_EFER));
	GUEST_EQ(GP, try_wrmsr(MSR_PAT, 2));
	GUEST_EQ(GP, try_wrmsr(MSR_PAT, 0x0800000000000000));
	GUEST_EQ(pat, rdmsr(MSR_PAT));
	GUEST_EQ(GP, try_wrmsr(MSR_MTRR_DEF_TYPE, 2));
	GUEST_EQ(GP, try_wrmsr(MSR_MTRR_BASE0, 2));
	GUEST_EQ(GP, try_wrmsr(MSR_MTRRCAP, 0));
	GUEST_EQ(GP, try_wrmsr(MSR_APIC_BASE, ~0ull));
	GUEST_DONE();
}

TEST_F(guest, bad_value_is_gp_and_changes_nothing)
{
	vcpu_set_long(&self->cpu, bad_values);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* Which MTRRs there are, and what each of them takes. */
static const struct {
	uint32_t index;
	uint64_t value;
	bool valid;
} mtrrs[] = {
	{ MSR_MTRR_BASE0, 0x80000006, true },
	{ MSR_MTRR_BASE0, 0, true },
	{ MSR_MTRR_BASE0, 0x80000001, true },
	{ MSR_MTRR_BASE0, 0x80000002, false },
	{ MSR_MTRR_BASE0, 0x80000003, false },
	{ MSR_MTRR_BASE0, 0x80000007, false },
	{ MSR_MTRR_BASE0, 0x80000106, false },
	{ MSR_MTRR_BASE0, 0x80000806, false },
	{ MSR_MTRR_BASE0, 1ull << 52, false },
	{ MSR_MTRR_MASK0, 0x80000800, true },
	{ MSR_MTRR_MASK0, 0, true },
	{ MSR_MTRR_MASK0, 0x80000801, false },
	{ MSR_MTRR_MASK0, 0x80000c00, false },
	{ MSR_MTRR_MASK0, 1ull << 63, false },
	{ MSR_MTRR_BASE0 + 14, 0x40000004, true },
	{ MSR_MTRR_MASK0 + 14, 0x40000800, true },
	{ MSR_MTRR_BASE0 + 16, 0, false },
	{ MSR_MTRR_MASK0 + 16, 0, false },
	{ 0x24f, 0, false },
	{ MSR_MTRR_FIX64K, 0x0606050504040100, true },
	{ MSR_MTRR_FIX64K, 0x0006060606060602, false },
	{ MSR_MTRR_FIX64K, 0x0700000000000000, false },
	{ 0x251, 0, false },
	{ 0x257, 0, false },
	{ 0x258, 0x0606060606060606, true },
	{ 0x259, 0x0505050505050505, true },
	{ 0x25a, 0, false },
	{ 0x267, 0, false },
	{ 0x268, 0x0404040404040404, true },
	{ 0x26f, 0x0101010101010101, true },
	{ 0x26f, 0x0101010801010101, false },
	{ 0x270, 0, false },
	{ MSR_MTRR_DEF_TYPE, 0xc06, true },
	{ MSR_MTRR_DEF_TYPE, 0x800, true },
	{ MSR_MTRR_DEF_TYPE, 0x807, false },
	{ MSR_MTRR_DEF_TYPE, 0x906, false },
	{ MSR_MTRR_DEF_TYPE, 0x1006, false },
	{ MSR_MTRR_DEF_TYPE, 1ull << 32, false },
	{ MSR_MTRRCAP, 0x508, false },
};

static __guest void set_mtrrs(void)
{
	GUEST_EQ(0x508, rdmsr(MSR_MTRRCAP));
	for (unsigned int i = 0; i < ARRAY_SIZE(mtrrs); i++) {
		uint64_t wanted = mtrrs[i].valid ? NO_TRAP : GP;

		if (try_wrmsr(mtrrs[i].index, mtrrs[i].value) != wanted)
			guest_report(GUEST_HAS_FAILED, __FILE__, i, "MTRR", mtrrs[i].index,
				     mtrrs[i].value);
		if (mtrrs[i].valid)
			GUEST_EQ(mtrrs[i].value, rdmsr(mtrrs[i].index));
	}
	/* Neighbours have not been touched. */
	GUEST_EQ(0, rdmsr(MSR_MTRR_BASE0 + 2));
	GUEST_EQ(0, rdmsr(0x269));
	GUEST_DONE();
}

TEST_F(guest, mtrrs_are_checked)
{
	vcpu_set_long(&self->cpu, set_mtrrs);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(0x0101010101010101, vcpu_get_msr(&self->cpu, 0x26f));
	EXPECT_EQ(0x40000800, vcpu_get_msr(&self->cpu, MSR_MTRR_MASK0 + 14));
}

/* An update that the guest loads does nothing, and is no fault. */
static __guest void update_microcode(void)
{
	uint64_t revision = rdmsr(MSR_UCODE_REV);

	GUEST_EQ(0x100000000, revision);
	GUEST_EQ(NO_TRAP, try_wrmsr(MSR_UCODE_REV, 0));
	GUEST_EQ(NO_TRAP, try_wrmsr(MSR_UCODE_WRITE, VM_DATA));
	GUEST_EQ(revision, rdmsr(MSR_UCODE_REV));
	GUEST_SYNC(0);
	GUEST_EQ(0x1234 * 0x100000000ull, rdmsr(MSR_UCODE_REV));
	GUEST_DONE();
}

TEST_F(guest, microcode)
{
	vcpu_set_long(&self->cpu, update_microcode);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	vcpu_set_msr(&self->cpu, MSR_UCODE_REV, 0x1234 * 0x100000000ull);
	vcpu_set_msr(&self->cpu, MSR_UCODE_WRITE, 0x5678);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

#define MISC_EMON		(1ull << 7)
#define MISC_BTS_UNAVAIL	(1ull << 11)
#define MISC_PEBS_UNAVAIL	(1ull << 12)
#define MISC_XD_DISABLE		(1ull << 34)

static __guest void set_misc_enable(void)
{
	uint64_t value = rdmsr(MSR_MISC_ENABLE);

	GUEST_EQ(MISC_BTS_UNAVAIL | MISC_PEBS_UNAVAIL,
		 value & (MISC_BTS_UNAVAIL | MISC_PEBS_UNAVAIL | MISC_EMON));
	GUEST_EQ(GP, try_wrmsr(MSR_MISC_ENABLE, value & ~MISC_BTS_UNAVAIL));
	GUEST_EQ(GP, try_wrmsr(MSR_MISC_ENABLE, value & ~MISC_PEBS_UNAVAIL));
	GUEST_EQ(value, rdmsr(MSR_MISC_ENABLE));
	/* This one is read-only, too, but says nothing. */
	GUEST_EQ(NO_TRAP, try_wrmsr(MSR_MISC_ENABLE, value | MISC_EMON | MISC_XD_DISABLE));
	GUEST_EQ(value | MISC_XD_DISABLE, rdmsr(MSR_MISC_ENABLE));
	GUEST_DONE();
}

TEST_F(guest, misc_enable)
{
	vcpu_set_long(&self->cpu, set_misc_enable);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void efer_bits(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	GUEST_EQ(EFER_LME | EFER_LMA, efer & (EFER_LME | EFER_LMA));
	wrmsr(MSR_EFER, efer | EFER_SCE);
	GUEST_EQ(efer | EFER_SCE, rdmsr(MSR_EFER));
	/* LMA is the processor's: a write of it is dropped. */
	GUEST_EQ(NO_TRAP, try_wrmsr(MSR_EFER, efer & ~EFER_LMA));
	GUEST_EQ(efer, rdmsr(MSR_EFER));
	wrmsr(MSR_EFER, efer | EFER_NX);
	GUEST_EQ(efer | EFER_NX, rdmsr(MSR_EFER));
	GUEST_DONE();
}

TEST_F(guest, efer)
{
	vcpu_set_long(&self->cpu, efer_bits);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(EFER_LME | EFER_LMA | EFER_NX, vcpu_sregs(&self->cpu).efer);
}

static __guest void boot_values(void)
{
	GUEST_TRUE(rdmsr(MSR_MTRRCAP) & 0xff);
	GUEST_EQ(0xfee00000, rdmsr(MSR_APIC_BASE) & 0xfffff000);
	GUEST_EQ(0x100, rdmsr(MSR_APIC_BASE) & 0x100);
	GUEST_EQ(0x0007040600070406, rdmsr(MSR_PAT));
	GUEST_EQ(NO_TRAP, try_rdmsr(MSR_MISC_ENABLE));
	GUEST_DONE();
}

TEST_F(guest, reset_values)
{
	vcpu_set_long(&self->cpu, boot_values);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* SYSCALL lands at LSTAR with RCX = return address, R11 = flags, masked by FMASK. */
static __guest void use_syscall(void)
{
	uint64_t rcx = 0, r11 = 0;

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (uint64_t)SEL_CODE64 << 32);
	wrmsr(MSR_FMASK, 0x400);
	asm volatile("leaq 1f(%%rip), %%rax\n\t"
		     "movl $0xc0000082, %%ecx\n\t"
		     "xorl %%edx, %%edx\n\t"
		     "wrmsr\n\t"
		     "std\n\t"
		     "syscall\n"
		     "2:\tud2\n"
		     "1:\tmovq %%r11, %1\n\t"
		     "leaq 2b(%%rip), %%rax\n\t"
		     "subq %%rax, %%rcx"
		     : "=&c" (rcx), "=r" (r11) : : "rax", "rdx", "r11", "memory");
	GUEST_EQ(0, rcx);
	GUEST_EQ(0x400, r11 & 0x400);
	GUEST_EQ(0, read_flags() & 0x400);
	GUEST_DONE();
}

TEST_F(guest, syscall_uses_the_guests_own_msrs)
{
	vcpu_set_long(&self->cpu, use_syscall);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_swapgs(void)
{
	wrmsr(MSR_GS_BASE, 0x1111000);
	wrmsr(MSR_KERNEL_GS_BASE, 0x2222000);
	asm volatile("swapgs");
	GUEST_EQ(0x2222000, rdmsr(MSR_GS_BASE));
	GUEST_EQ(0x1111000, rdmsr(MSR_KERNEL_GS_BASE));
	GUEST_SYNC(0);
	GUEST_EQ(0x1111000, rdmsr(MSR_KERNEL_GS_BASE));
	asm volatile("swapgs");
	GUEST_EQ(0x1111000, rdmsr(MSR_GS_BASE));
	GUEST_DONE();
}

TEST_F(guest, swapgs_is_seen_by_user_space)
{
	vcpu_set_long(&self->cpu, use_swapgs);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0x1111000, vcpu_get_msr(&self->cpu, MSR_KERNEL_GS_BASE));
	EXPECT_EQ(0x2222000, vcpu_sregs(&self->cpu).gs.base);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t tsc_at_sync;

static __guest void read_tsc(void)
{
	uint64_t last = rdtsc(), now;

	for (int i = 0; i < 50; i++) {
		now = rdtsc();
		GUEST_TRUE(now > last);
		last = now;
	}
	tsc_at_sync = last;
	GUEST_SYNC(0);
	now = rdtsc();
	GUEST_TRUE(now > last);
	GUEST_TRUE(rdmsr(MSR_TSC) > now);
	wrmsr(MSR_TSC, 0x1000000000000);
	now = rdtsc();
	GUEST_EQ(0x1000000000000 >> 40, now >> 40);
	tsc_at_sync = now;
	GUEST_SYNC(0);
	GUEST_TRUE(rdtsc() < 0x10000000000);
	GUEST_DONE();
}

TEST_F(guest, tsc_counts_on_and_takes_writes)
{
	uint64_t host;

	vcpu_set_long(&self->cpu, read_tsc);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	host = vcpu_get_msr(&self->cpu, MSR_TSC);
	EXPECT_GT(host, GUEST_VAR(&self->vm, tsc_at_sync));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	host = vcpu_get_msr(&self->cpu, MSR_TSC);
	EXPECT_EQ(0x1000000000000 >> 40, host >> 40);
	vcpu_set_msr(&self->cpu, MSR_TSC, 0x1000);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint32_t sweep_first, sweep_last, readable;

/* These the sweep of writes leaves alone: the guest could not go on. */
static __guest int is_vital(uint32_t index)
{
	return index == MSR_EFER || index == MSR_APIC_BASE || index == MSR_FS_BASE ||
	       index == MSR_GS_BASE;
}

static __guest void sweep_msrs(void)
{
	static const uint64_t values[] = { 0, ~0ull, 0x0101010101010101 };

	for (uint32_t i = sweep_first; i <= sweep_last; i++) {
		uint64_t vector = try_rdmsr(i);

		GUEST_TRUE(vector == NO_TRAP || vector == GP);
		readable += vector == NO_TRAP;
		for (int v = 0; v < 3 && !is_vital(i); v++) {
			vector = try_wrmsr(i, values[v]);
			GUEST_TRUE(vector == NO_TRAP || vector == GP);
		}
	}
	GUEST_DONE();
}

static void sweep(struct __test_metadata *_metadata, struct vm *vm, struct vcpu *cpu,
		  uint32_t first, uint32_t last)
{
	GUEST_VAR(vm, sweep_first) = first;
	GUEST_VAR(vm, sweep_last) = last;
	vcpu_set_long(cpu, sweep_msrs);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
}

TEST_F(guest, every_low_msr)
{
	sweep(_metadata, &self->vm, &self->cpu, 0, 0xfff);
	EXPECT_LT(10, GUEST_VAR(&self->vm, readable));
}

TEST_F(guest, every_high_msr)
{
	sweep(_metadata, &self->vm, &self->cpu, 0xc0000000, 0xc00003ff);
	EXPECT_LT(7, GUEST_VAR(&self->vm, readable));
}

TEST_F(guest, every_hypervisor_and_amd_msr)
{
	sweep(_metadata, &self->vm, &self->cpu, 0x40000000, 0x400000ff);
	sweep(_metadata, &self->vm, &self->cpu, 0x4b564d00, 0x4b564dff);
	sweep(_metadata, &self->vm, &self->cpu, 0xc0010000, 0xc00101ff);
}

TEST_HARNESS_MAIN
