// SPDX-License-Identifier: GPL-2.0
/*
 * Machine checks: the banks that user space sets up, who may write what there,
 * and errors that it reports to the guest.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define MC		18
#define GP		13
#define DF		8
#define BANKS		10u	/* as QEMU sets up */
#define MOST_BANKS	32u

#define MSR_P5_MC_ADDR	0x0
#define MSR_P5_MC_TYPE	0x1
#define MSR_MCG_CAP	0x179
#define MSR_MCG_STATUS	0x17a
#define MSR_MCG_CTL	0x17b
#define MSR_CTL2(n)	(0x280 + (n))
#define MSR_CTL(n)	(0x400 + 4 * (n))
#define MSR_STATUS(n)	(0x401 + 4 * (n))
#define MSR_ADDR(n)	(0x402 + 4 * (n))
#define MSR_MISC(n)	(0x403 + 4 * (n))

#define MCG_CTL_P	(1ull << 8)
#define MCG_CMCI_P	(1ull << 10)
#define MCG_SER_P	(1ull << 24)
#define MCG_LMCE_P	(1ull << 27)
#define RIPV		(1ull << 0)
#define MCIP		(1ull << 2)
#define VAL		(1ull << 63)
#define OVER		(1ull << 62)
#define UC		(1ull << 61)
#define EN		(1ull << 60)
#define PCC		(1ull << 57)
#define S		(1ull << 56)
#define AR		(1ull << 55)
#define NOBODY		0x0123456789abcdefull

#define CR4_MCE		(1ull << 6)

/* A machine whose vCPU has been set up as QEMU does, less what vhm need not have. */
FIXTURE(mce) {
	struct vm vm;
	struct vcpu cpu;
};

static int setup(struct vcpu *cpu, uint64_t cap)
{
	return ioctl(cpu->fd, KVM_X86_SETUP_MCE, &cap);
}

FIXTURE_SETUP(mce)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
	ASSERT_EQ(0, setup(&self->cpu, MCG_CTL_P | MCG_SER_P | BANKS));
}

FIXTURE_TEARDOWN(mce)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

static int access_msr(struct vcpu *cpu, unsigned long call, uint32_t index, uint64_t *value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = { .head.nmsrs = 1, .entry = { .index = index, .data = *value } };
	int done = ioctl(cpu->fd, call, &msr);

	*value = msr.entry.data;
	return done;
}

/* The value, or NOBODY if there is no such MSR. */
static uint64_t get(struct vcpu *cpu, uint32_t index)
{
	uint64_t value = NOBODY;

	return access_msr(cpu, KVM_GET_MSRS, index, &value) == 1 ? value : NOBODY;
}

static bool set(struct vcpu *cpu, uint32_t index, uint64_t value)
{
	return access_msr(cpu, KVM_SET_MSRS, index, &value) == 1;
}

static int report(struct vcpu *cpu, uint8_t bank, uint64_t status, uint64_t mcg_status)
{
	struct kvm_x86_mce mce = {
		.status = status,
		.addr = 0xa000 + bank,
		.misc = 0x8c,
		.mcg_status = mcg_status,
		.bank = bank,
	};

	return ioctl(cpu->fd, KVM_X86_SET_MCE, &mce);
}

static void set_cr4(struct vcpu *cpu, uint64_t bits)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);

	sregs.cr4 = (sregs.cr4 & ~CR4_MCE) | bits;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
}

/*
 * What can be set up.
 */
static uint64_t supported(int dev)
{
	uint64_t cap = NOBODY;

	VM_IOCTL(dev, KVM_X86_GET_MCE_CAP_SUPPORTED, &cap);
	return cap;
}

TEST_F(guest, what_is_supported)
{
	uint64_t cap = supported(self->vm.dev);

	EXPECT_EQ(MOST_BANKS, ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_MCE));
	EXPECT_EQ(MCG_CTL_P | MCG_SER_P, cap & (MCG_CTL_P | MCG_SER_P));
	EXPECT_EQ(0, cap & ~(MCG_CTL_P | MCG_SER_P | MCG_CMCI_P | MCG_LMCE_P));
	EXPECT_EQ(-1, ioctl(self->vm.dev, KVM_X86_GET_MCE_CAP_SUPPORTED, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->vm.fd, KVM_X86_GET_MCE_CAP_SUPPORTED, &cap));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_TRUE(vm_has_cpuid(self->vm.dev, 1, 3, 7));
	EXPECT_TRUE(vm_has_cpuid(self->vm.dev, 1, 3, 14));
}

/* Before anybody sets it up, there are all banks, and none reports. */
TEST_F(guest, new_vcpu)
{
	EXPECT_EQ(MOST_BANKS, get(&self->cpu, MSR_MCG_CAP));
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_CTL));
	for (uint32_t i = 0; i < 4 * MOST_BANKS; i++) {
		EXPECT_EQ(0, get(&self->cpu, MSR_CTL(0) + i))
			TH_LOG("MSR 0x%x", MSR_CTL(0) + i);
	}
	EXPECT_EQ(NOBODY, get(&self->cpu, MSR_CTL(MOST_BANKS)));
	EXPECT_EQ(0, get(&self->cpu, MSR_P5_MC_ADDR));
	EXPECT_EQ(0, get(&self->cpu, MSR_P5_MC_TYPE));
	EXPECT_FALSE(set(&self->cpu, MSR_P5_MC_ADDR, 0));
	EXPECT_FALSE(set(&self->cpu, MSR_MCG_CAP, MOST_BANKS));
}

TEST_F(guest, in_the_list_of_msrs)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + 1024 * sizeof(list->indices[0]));
	int found = 0;

	list->nmsrs = 1024;
	ASSERT_EQ(0, ioctl(self->vm.dev, KVM_GET_MSR_INDEX_LIST, list));
	for (uint32_t i = 0; i < list->nmsrs; i++)
		found += list->indices[i] == MSR_MCG_STATUS || list->indices[i] == MSR_MCG_CTL;
	EXPECT_EQ(2, found);
	/* Room for all but one: nothing is written but how many there are. */
	list->nmsrs--;
	list->indices[0] = 0x12345678;
	EXPECT_EQ(-1, ioctl(self->vm.dev, KVM_GET_MSR_INDEX_LIST, list));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(0x12345678, list->indices[0]);
	free(list);
}

TEST_F(guest, set_up)
{
	ASSERT_TRUE(set(&self->cpu, MSR_STATUS(3), VAL | 0x17));
	ASSERT_EQ(0, setup(&self->cpu, MCG_CTL_P | 5 << 16 | BANKS));
	EXPECT_EQ(MCG_CTL_P | 5 << 16 | BANKS, get(&self->cpu, MSR_MCG_CAP));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_MCG_CTL));
	for (uint32_t i = 0; i < BANKS; i++)
		EXPECT_EQ(~0ull, get(&self->cpu, MSR_CTL(i)));
	EXPECT_EQ(VAL | 0x17, get(&self->cpu, MSR_STATUS(3)));
	/* The banks behind the last are gone. */
	EXPECT_EQ(0, get(&self->cpu, MSR_MISC(BANKS - 1)));
	EXPECT_EQ(NOBODY, get(&self->cpu, MSR_CTL(BANKS)));
	EXPECT_FALSE(set(&self->cpu, MSR_CTL(BANKS), 0));
	EXPECT_EQ(0, get(&self->cpu, MSR_CTL2(BANKS - 1)));
	EXPECT_EQ(NOBODY, get(&self->cpu, MSR_CTL2(BANKS)));
	EXPECT_FALSE(set(&self->cpu, MSR_CTL2(BANKS), 0));
	EXPECT_EQ(0, setup(&self->cpu, MOST_BANKS));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_CTL(MOST_BANKS - 1)));
	EXPECT_EQ(0, setup(&self->cpu, 1));
	EXPECT_EQ(0, setup(&self->cpu, supported(self->vm.dev) | 0xff0000 | 1));
}

/* Again, with less: what was there before is what a bank shows when it comes back. */
TEST_F(guest, set_up_twice)
{
	ASSERT_EQ(0, setup(&self->cpu, MCG_CTL_P | BANKS));
	ASSERT_TRUE(set(&self->cpu, MSR_CTL(4), 0));
	ASSERT_TRUE(set(&self->cpu, MSR_ADDR(4), 0x1234));
	ASSERT_EQ(0, setup(&self->cpu, 2));
	EXPECT_EQ(2, get(&self->cpu, MSR_MCG_CAP));
	EXPECT_EQ(NOBODY, get(&self->cpu, MSR_ADDR(4)));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_MCG_CTL));
	EXPECT_FALSE(set(&self->cpu, MSR_MCG_CTL, ~0ull));
	EXPECT_TRUE(set(&self->cpu, MSR_MCG_CTL, 0));
	ASSERT_EQ(0, setup(&self->cpu, BANKS));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_CTL(4)));
	EXPECT_EQ(0x1234, get(&self->cpu, MSR_ADDR(4)));
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_CTL));
}

TEST_F(guest, bad_setup_changes_nothing)
{
	uint64_t cap = supported(self->vm.dev), bad[] = { 0, MCG_CTL_P, 33, 0xff, ~0ull };

	ASSERT_EQ(0, setup(&self->cpu, MCG_CTL_P | BANKS));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-1, setup(&self->cpu, bad[i]));
		EXPECT_EQ(EINVAL, errno);
	}
	for (int bit = 8; bit < 64; bit++) {
		if (cap >> bit & 1 || (bit >= 16 && bit < 24))
			continue;
		EXPECT_EQ(-1, setup(&self->cpu, 1ull << bit | BANKS)) TH_LOG("bit %d", bit);
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_X86_SETUP_MCE, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MCG_CTL_P | BANKS, get(&self->cpu, MSR_MCG_CAP));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_CTL(0)));
}

/*
 * Who may write what.
 */
struct write {
	uint32_t index;
	uint64_t value;
	bool by_host;
	bool by_guest;
};

static struct write writes[] = {
	{ MSR_MCG_CAP, BANKS, false, false },
	{ MSR_MCG_CAP, 0, false, false },
	{ MSR_MCG_STATUS, RIPV | MCIP, true, true },
	{ MSR_MCG_STATUS, ~0ull, true, true },
	{ MSR_MCG_STATUS, 0, true, true },
	{ MSR_MCG_CTL, 0, true, true },
	{ MSR_MCG_CTL, 1, false, false },
	{ MSR_MCG_CTL, ~0ull - 1, false, false },
	{ MSR_MCG_CTL, ~0ull, true, true },
	{ MSR_CTL(0), 0, true, true },
	{ MSR_CTL(0), ~0ull, true, true },
	{ MSR_CTL(9), 1, false, false },
	{ MSR_CTL(9), 0xff, false, false },
	{ MSR_CTL(4), ~(1ull << 10), true, true },
	{ MSR_CTL(1), ~1ull, true, true },
	{ MSR_CTL(1), ~2ull, false, false },
	{ MSR_STATUS(9), VAL | 0x17, true, false },
	{ MSR_STATUS(9), 1, true, false },
	{ MSR_STATUS(9), 0, true, true },
	{ MSR_ADDR(9), ~0ull, true, true },
	{ MSR_MISC(9), 0x1234567812345678, true, true },
	{ MSR_CTL(10), 0, false, false },
	{ MSR_MISC(31), 0, false, false },
	{ MSR_CTL(32), 0, false, false },
	{ MSR_CTL2(0), 0, true, false },
	{ MSR_CTL2(0), 1, false, false },
	{ MSR_CTL2(9), 1ull << 30, false, false },
	{ MSR_CTL2(10), 0, false, false },
	{ MSR_P5_MC_ADDR, 0, false, false },
	{ MSR_P5_MC_TYPE, 1, false, false },
};

TEST_F(mce, what_user_space_may_write)
{
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		const struct write *w = &writes[i];
		uint64_t before = get(&self->cpu, w->index);

		EXPECT_EQ(w->by_host, set(&self->cpu, w->index, w->value))
			TH_LOG("0x%llx in 0x%x", (unsigned long long)w->value, w->index);
		EXPECT_EQ(w->by_host ? w->value : before, get(&self->cpu, w->index))
			TH_LOG("0x%x", w->index);
	}
}

static __guest void write_all(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(writes); i++) {
		const struct write *w = &writes[i];
		uint64_t wanted = w->by_guest ? NO_TRAP : GP;

		guest_trap.error = 0x55;
		if (try_wrmsr(w->index, w->value) != wanted)
			guest_report(GUEST_HAS_FAILED, __FILE__, i, "write", w->index, w->value);
		if (w->by_guest)
			GUEST_EQ(w->value, rdmsr(w->index));
		else
			GUEST_EQ(0, guest_trap.error);
	}
	GUEST_DONE();
}

TEST_F(mce, what_the_guest_may_write)
{
	vcpu_set_long(&self->cpu, write_all);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_ADDR(9)));
	EXPECT_EQ(~0ull, get(&self->cpu, MSR_CTL(9)));
	EXPECT_EQ(~1ull, get(&self->cpu, MSR_CTL(1)));
}

static __guest void read_all(void)
{
	GUEST_EQ(MCG_CTL_P | MCG_SER_P | BANKS, rdmsr(MSR_MCG_CAP));
	GUEST_EQ(~0ull, rdmsr(MSR_MCG_CTL));
	for (uint32_t i = 0; i < BANKS; i++)
		GUEST_EQ(~0ull, rdmsr(MSR_CTL(i)));
	GUEST_EQ(VAL | 0x42, rdmsr(MSR_STATUS(7)));
	GUEST_EQ(NO_TRAP, try_rdmsr(MSR_MISC(BANKS - 1)));
	GUEST_EQ(GP, try_rdmsr(MSR_CTL(BANKS)));
	GUEST_EQ(GP, try_rdmsr(MSR_MISC(MOST_BANKS - 1)));
	GUEST_EQ(GP, try_rdmsr(MSR_CTL(MOST_BANKS)));
	/* These come with CMCI and LMCE. */
	GUEST_EQ(GP, try_rdmsr(MSR_CTL2(0)));
	GUEST_EQ(GP, try_rdmsr(0x4d0));
	GUEST_EQ(GP, try_wrmsr(0x4d0, 1));
	GUEST_EQ(NO_TRAP, try_rdmsr(MSR_P5_MC_ADDR));
	GUEST_SYNC(0);
	/* No control register, now. */
	GUEST_EQ(GP, try_rdmsr(MSR_MCG_CTL));
	GUEST_EQ(GP, try_wrmsr(MSR_MCG_CTL, 0));
	GUEST_EQ(GP, try_wrmsr(MSR_MCG_CTL, ~0ull));
	GUEST_DONE();
}

TEST_F(mce, what_the_guest_may_read)
{
	ASSERT_TRUE(set(&self->cpu, MSR_STATUS(7), VAL | 0x42));
	vcpu_set_long(&self->cpu, read_all);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, setup(&self->cpu, BANKS));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void read_feature_bits(void)
{
	uint32_t regs[4];

	cpuid(1, 0, regs);
	GUEST_EQ(1 << 7 | 1 << 14, regs[3] & (1 << 7 | 1 << 14));
	GUEST_DONE();
}

TEST_F(mce, guest_sees_the_feature_bits)
{
	vcpu_set_long(&self->cpu, read_feature_bits);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/*
 * Errors.
 */
TEST_F(mce, bad_errors_change_nothing)
{
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_X86_SET_MCE, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, report(&self->cpu, BANKS, VAL | UC | EN, MCIP));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, report(&self->cpu, 0xff, VAL, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, report(&self->cpu, 0, ~VAL, MCIP));
	EXPECT_EQ(EINVAL, errno);
	for (uint32_t i = 0; i < BANKS; i++)
		EXPECT_EQ(0, get(&self->cpu, MSR_STATUS(i)) | get(&self->cpu, MSR_ADDR(i)));
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
	EXPECT_FALSE(vcpu_events(&self->cpu).exception.injected);
}

static void expect_bank(struct __test_metadata *_metadata, struct vcpu *cpu, uint32_t bank,
			uint64_t status)
{
	EXPECT_EQ(status, get(cpu, MSR_STATUS(bank)));
	EXPECT_EQ(0xa000 + bank, get(cpu, MSR_ADDR(bank)));
	EXPECT_EQ(0x8c, get(cpu, MSR_MISC(bank)));
}

/* A second one says so; one that was not corrected stays. */
TEST_F(mce, corrected)
{
	ASSERT_EQ(0, report(&self->cpu, 5, VAL | EN | 0x17, MCIP));
	expect_bank(_metadata, &self->cpu, 5, VAL | EN | 0x17);
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
	ASSERT_EQ(0, report(&self->cpu, 5, VAL | 0x18, 0));
	expect_bank(_metadata, &self->cpu, 5, VAL | OVER | 0x18);
	ASSERT_TRUE(set(&self->cpu, MSR_STATUS(5), VAL | UC | 0x19));
	ASSERT_TRUE(set(&self->cpu, MSR_ADDR(5), 1));
	ASSERT_EQ(0, report(&self->cpu, 5, VAL | 0x1a, 0));
	EXPECT_EQ(VAL | UC | OVER | 0x19, get(&self->cpu, MSR_STATUS(5)));
	EXPECT_EQ(1, get(&self->cpu, MSR_ADDR(5)));
	/* What is not valid is nothing to keep. */
	ASSERT_TRUE(set(&self->cpu, MSR_STATUS(5), UC | 0x19));
	ASSERT_EQ(0, report(&self->cpu, 5, VAL | 0x1b, 0));
	expect_bank(_metadata, &self->cpu, 5, VAL | 0x1b);
	EXPECT_FALSE(vcpu_events(&self->cpu).exception.injected);
}

/* Uncorrected, no action: takes the place of what was there, and nobody is told. */
TEST_F(mce, no_action)
{
	ASSERT_TRUE(set(&self->cpu, MSR_MCG_STATUS, MCIP));
	ASSERT_TRUE(set(&self->cpu, MSR_STATUS(2), VAL | UC | PCC | 0x19));
	ASSERT_TRUE(set(&self->cpu, MSR_CTL(2), 0));
	ASSERT_EQ(0, report(&self->cpu, 2, VAL | UC | EN | 0x20, 0));
	expect_bank(_metadata, &self->cpu, 2, VAL | UC | EN | 0x20);
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
	EXPECT_FALSE(vcpu_events(&self->cpu).exception.injected);
}

static volatile uint64_t checks, seen_status, seen_addr, seen_mcg, seen_error;

/* As an operating system's: looks, clears, goes on. */
static __guest void handle_check(struct guest_frame *frame)
{
	checks++;
	seen_error = frame->error;
	seen_mcg = rdmsr(MSR_MCG_STATUS);
	seen_status = rdmsr(MSR_STATUS(9));
	seen_addr = rdmsr(MSR_ADDR(9));
	wrmsr(MSR_STATUS(9), 0);
	wrmsr(MSR_MCG_STATUS, 0);
}

static __guest void wait_for_checks(void)
{
	guest_handler[MC] = handle_check;
	write_cr4(read_cr4() | CR4_MCE);
	GUEST_SYNC(0);
	GUEST_EQ(1, checks);
	GUEST_EQ(VAL | UC | EN | S | AR | 0x134, seen_status);
	GUEST_EQ(0xa009, seen_addr);
	GUEST_EQ(RIPV | MCIP, seen_mcg);
	GUEST_EQ(0, seen_error);
	GUEST_SYNC(0);
	/* Over a corrected one that was there. */
	GUEST_EQ(2, checks);
	GUEST_EQ(VAL | OVER | UC | PCC | 0x135, seen_status);
	GUEST_EQ(MCIP, seen_mcg);
	GUEST_DONE();
}

TEST_F(mce, uncorrected)
{
	struct kvm_vcpu_events events;

	vcpu_set_long(&self->cpu, wait_for_checks);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | EN | S | AR | 0x134, RIPV | MCIP));
	events = vcpu_events(&self->cpu);
	EXPECT_TRUE(events.exception.injected);
	EXPECT_EQ(MC, events.exception.nr);
	EXPECT_FALSE(events.exception.has_error_code);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | 0x17, 0));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | PCC | 0x135, MCIP));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void expect_no_check(void)
{
	GUEST_SYNC(0);
	GUEST_EQ(0, checks);
	GUEST_DONE();
}

/* Reporting is off as a whole, or in that bank: the error leaves no trace. */
TEST_F(mce, not_reported)
{
	static const uint32_t controls[] = { MSR_MCG_CTL, MSR_CTL(9) };

	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		vcpu_set_long(&self->cpu, expect_no_check);
		set_cr4(&self->cpu, CR4_MCE);
		ASSERT_TRUE(set(&self->cpu, controls[i], 0));
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | EN | PCC, MCIP));
		EXPECT_EQ(0, get(&self->cpu, MSR_STATUS(9)));
		EXPECT_EQ(0, get(&self->cpu, MSR_MCG_STATUS));
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
		ASSERT_TRUE(set(&self->cpu, controls[i], ~0ull));
	}
	/* A control that the processor does not have turns nothing off. */
	ASSERT_TRUE(set(&self->cpu, MSR_MCG_CTL, 0));
	ASSERT_EQ(0, setup(&self->cpu, BANKS));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | EN | PCC, MCIP));
	EXPECT_EQ(VAL | UC | EN | PCC, get(&self->cpu, MSR_STATUS(9)));
	EXPECT_TRUE(vcpu_events(&self->cpu).exception.injected);
}

/* The guest cannot take it, and the bank is left alone. */
static void expect_shutdown(struct __test_metadata *_metadata, struct vcpu *cpu)
{
	ASSERT_EQ(0, report(cpu, 9, VAL | UC | EN | PCC, RIPV | MCIP));
	EXPECT_EQ(0, get(cpu, MSR_STATUS(9)));
	EXPECT_FALSE(vcpu_events(cpu).exception.injected);
	EXPECT_EQ(KVM_EXIT_SHUTDOWN, vcpu_run(cpu));
}

TEST_F(mce, without_cr4_mce_it_shuts_down)
{
	vcpu_set_long(&self->cpu, expect_no_check);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0, vcpu_sregs(&self->cpu).cr4 & CR4_MCE);
	expect_shutdown(_metadata, &self->cpu);
}

TEST_F(mce, within_another_it_shuts_down)
{
	vcpu_set_long(&self->cpu, expect_no_check);
	set_cr4(&self->cpu, CR4_MCE);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_TRUE(set(&self->cpu, MSR_MCG_STATUS, MCIP));
	expect_shutdown(_metadata, &self->cpu);
}

TEST_F(mce, on_top_of_a_double_fault_it_shuts_down)
{
	struct kvm_vcpu_events events;

	vcpu_set_long(&self->cpu, expect_no_check);
	set_cr4(&self->cpu, CR4_MCE);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	events = vcpu_events(&self->cpu);
	events.exception.injected = 1;
	events.exception.nr = DF;
	events.exception.has_error_code = 1;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | EN, RIPV | MCIP));
	EXPECT_EQ(VAL | UC | EN, get(&self->cpu, MSR_STATUS(9)));
	EXPECT_EQ(RIPV | MCIP, get(&self->cpu, MSR_MCG_STATUS));
	EXPECT_EQ(KVM_EXIT_SHUTDOWN, vcpu_run(&self->cpu));
}

/* Any other exception that waits has to happen again. */
TEST_F(mce, takes_the_place_of_another_exception)
{
	struct kvm_vcpu_events events;

	vcpu_set_long(&self->cpu, expect_no_check);
	set_cr4(&self->cpu, CR4_MCE);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	events = vcpu_events(&self->cpu);
	events.exception.injected = 1;
	events.exception.nr = GP;
	events.exception.has_error_code = 1;
	events.exception.error_code = 0x1234;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(0, report(&self->cpu, 9, VAL | UC | EN, RIPV | MCIP));
	events = vcpu_events(&self->cpu);
	EXPECT_TRUE(events.exception.injected);
	EXPECT_EQ(MC, events.exception.nr);
	EXPECT_FALSE(events.exception.has_error_code);
}

TEST_HARNESS_MAIN
