// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs that are user space's affair: a filter of what the guest may access, and
 * accesses that it may not make, handed over instead of a #GP.
 */
#include "kselftest_harness.h"

#include <pthread.h>

#include "fixture.h"

#define GP	13

#define MSR_TSC		0x10
#define MSR_SYSENTER_CS	0x174
#define MSR_PAT		0x277
#define MSR_STAR	0xc0000081
#define MSR_LSTAR	0xc0000082
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define MSR_KERNEL_GS	0xc0000102
#define MSR_NONE	0x12345678

#define READ		KVM_MSR_FILTER_READ
#define WRITE		KVM_MSR_FILTER_WRITE
#define DENY		KVM_MSR_FILTER_DEFAULT_DENY

#define INVAL		KVM_MSR_EXIT_REASON_INVAL
#define UNKNOWN		KVM_MSR_EXIT_REASON_UNKNOWN
#define FILTER		KVM_MSR_EXIT_REASON_FILTER
#define EVERY		(INVAL | UNKNOWN | FILTER)

/* The errno, or 0. */
static int answer(int fd, unsigned long number, void *arg)
{
	return ioctl(fd, number, arg) < 0 ? errno : 0;
}

static int enable(struct vm *vm, uint64_t mask)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_X86_USER_SPACE_MSR, .args[0] = mask };

	return answer(vm->fd, KVM_ENABLE_CAP, &cap);
}

static uint8_t nothing[0x600], all[0x600];

static int set_filter(struct vm *vm, uint32_t flags, const struct kvm_msr_filter_range *range,
		      size_t nr)
{
	struct kvm_msr_filter filter = { .flags = flags };

	memset(all, 0xff, sizeof(all));
	memcpy(filter.ranges, range, nr * sizeof(*range));
	return answer(vm->fd, KVM_X86_SET_MSR_FILTER, &filter);
}

/* Let the guest do without one MSR, or with all but one. */
static int deny(struct vm *vm, uint32_t msr, uint32_t kinds)
{
	struct kvm_msr_filter_range range = {
		.flags = kinds, .base = msr, .nmsrs = 1, .bitmap = nothing,
	};

	return set_filter(vm, 0, &range, 1);
}

static int no_filter(struct vm *vm)
{
	return set_filter(vm, 0, NULL, 0);
}

/* What the guest does next, and what became of it. */
static volatile struct {
	uint32_t msr;
	bool write;
	uint64_t value;
	uint64_t vector;
} access_ __attribute__((aligned(16)));

static __guest void make_accesses(void)
{
	uint32_t low, high;

	for (;;) {
		if (access_.write) {
			access_.vector = GUEST_TRY("wrmsr",
						   : "c" (access_.msr),
						     "a" ((uint32_t)access_.value),
						     "d" ((uint32_t)(access_.value >> 32)));
		} else {
			low = 0x11111111;
			high = 0x22222222;
			access_.vector = GUEST_TRY("rdmsr", "+a" (low), "+d" (high)
						   : "c" (access_.msr));
			access_.value = (uint64_t)high << 32 | low;
		}
		GUEST_SYNC(0);
	}
}

static void next_access(struct vm *vm, uint32_t msr, bool write, uint64_t value)
{
	GUEST_VAR(vm, access_.msr) = msr;
	GUEST_VAR(vm, access_.write) = write;
	GUEST_VAR(vm, access_.value) = value;
}

/* The vector that an access makes, or NO_TRAP. */
static uint64_t attempt(struct vcpu *cpu, uint32_t msr, bool write, uint64_t value)
{
	next_access(cpu->vm, msr, write, value);
	if (vcpu_go(cpu) != GUEST_IS_SYNC)
		return ~0ull;
	return GUEST_VAR(cpu->vm, access_.vector);
}

TEST_F(guest, without_the_capability_it_is_gp)
{
	vcpu_set_long(&self->cpu, make_accesses);
	EXPECT_EQ(GP, attempt(&self->cpu, MSR_NONE, false, 0));
	EXPECT_EQ(GP, attempt(&self->cpu, MSR_LSTAR, true, 1ull << 63));
	EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_STAR, false, 0));
	ASSERT_EQ(0, deny(&self->vm, MSR_STAR, READ));
	EXPECT_EQ(GP, attempt(&self->cpu, MSR_STAR, false, 0));
	EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_STAR, true, 0x4711));
	ASSERT_EQ(0, no_filter(&self->vm));
	EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_STAR, false, 0));
	EXPECT_EQ(0x4711, GUEST_VAR(&self->vm, access_.value));
}

TEST_F(guest, reasons)
{
	static const struct {
		const char *name;
		uint32_t msr;
		bool write;
		uint64_t value;
		uint64_t reason;
	} refused[] = {
		{ "unknown, read", MSR_NONE, false, 0, UNKNOWN },
		{ "unknown, written", MSR_NONE, true, 0x123456789abcdef0, UNKNOWN },
		{ "the last one", ~0u, false, 0, UNKNOWN },
		{ "not canonical", MSR_LSTAR, true, 1ull << 63, INVAL },
		{ "a reserved type", MSR_PAT, true, 2, INVAL },
		{ "EFER", 0xc0000080, true, ~0ull, INVAL },
		{ "filtered, read", MSR_STAR, false, 0, FILTER },
		{ "filtered, written", MSR_STAR, true, 0xaa, FILTER },
	};
	struct kvm_run *run = self->cpu.run;

	ASSERT_EQ(0, deny(&self->vm, MSR_STAR, READ | WRITE));
	vcpu_set_long(&self->cpu, make_accesses);
	for (uint64_t mask = 0; mask <= EVERY; mask++) {
		ASSERT_EQ(0, enable(&self->vm, mask));
		for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
			next_access(&self->vm, refused[i].msr, refused[i].write, refused[i].value);
			memset((void *)&run->msr, 0xaa, sizeof(run->msr));
			if (mask & refused[i].reason) {
				EXPECT_EQ(refused[i].write ? KVM_EXIT_X86_WRMSR :
							     KVM_EXIT_X86_RDMSR,
					  vcpu_run(&self->cpu)) TH_LOG("%s", refused[i].name);
				EXPECT_EQ(refused[i].reason, run->msr.reason)
					TH_LOG("%s", refused[i].name);
				EXPECT_EQ(refused[i].msr, run->msr.index);
				EXPECT_EQ(refused[i].value, run->msr.data);
				EXPECT_EQ(0, run->msr.error | run->msr.pad[0] | run->msr.pad[6]);
				run->msr.error = 1;
			}
			ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
			EXPECT_EQ(GP, GUEST_VAR(&self->vm, access_.vector))
				TH_LOG("%s", refused[i].name);
		}
	}
}

TEST_F(guest, user_space_answers)
{
	struct kvm_run *run = self->cpu.run;

	ASSERT_EQ(0, enable(&self->vm, EVERY));
	vcpu_set_long(&self->cpu, make_accesses);
	/* A value. */
	next_access(&self->vm, MSR_NONE, false, 0);
	ASSERT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	run->msr.data = 0x123456789abcdef0;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(NO_TRAP, GUEST_VAR(&self->vm, access_.vector));
	EXPECT_EQ(0x123456789abcdef0, GUEST_VAR(&self->vm, access_.value));
	/* An error leaves the registers alone. */
	next_access(&self->vm, MSR_NONE, false, 0);
	ASSERT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	run->msr.data = 7;
	run->msr.error = 0x80;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(GP, GUEST_VAR(&self->vm, access_.vector));
	EXPECT_EQ(0x2222222211111111, GUEST_VAR(&self->vm, access_.value));
	/* A write that is swallowed. */
	next_access(&self->vm, MSR_NONE, true, 0xfedcba9876543210);
	ASSERT_EQ(KVM_EXIT_X86_WRMSR, vcpu_run(&self->cpu));
	EXPECT_EQ(0xfedcba9876543210, run->msr.data);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(NO_TRAP, GUEST_VAR(&self->vm, access_.vector));
}

/* The access is completed before immediate_exit is looked at. */
TEST_F(guest, completed_with_immediate_exit)
{
	struct kvm_run *run = self->cpu.run;
	uint64_t rip;

	ASSERT_EQ(0, enable(&self->vm, EVERY));
	vcpu_set_long(&self->cpu, make_accesses);
	next_access(&self->vm, MSR_NONE, false, 0);
	ASSERT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	rip = vcpu_regs(&self->cpu).rip;
	run->msr.data = 0x55;
	run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(rip + 2, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(0x55, vcpu_regs(&self->cpu).rax);
	run->msr.data = 0x66;
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(0x55, vcpu_regs(&self->cpu).rax);
	run->immediate_exit = 0;
	EXPECT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	/* vhm: a user that moved RIP has done the instruction himself. KVM skips once more. */
	if (vm_is_kvm())
		return;
	next_access(&self->vm, MSR_NONE, false, 0);
	ASSERT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	struct kvm_regs regs = vcpu_regs(&self->cpu);

	regs.rip += 2;
	regs.rax = 0x77;
	regs.rdx = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	EXPECT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0x77, GUEST_VAR(&self->vm, access_.value));
}

/* Also those that need no exit otherwise. */
TEST_F(guest, every_msr_can_be_filtered)
{
	static const uint32_t msrs[] = {
		MSR_TSC, MSR_SYSENTER_CS, MSR_SYSENTER_CS + 1, MSR_SYSENTER_CS + 2, MSR_PAT,
		MSR_STAR, MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS, 0xc0000080,
	};

	vcpu_set_long(&self->cpu, make_accesses);
	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++) {
		uint64_t value;

		ASSERT_EQ(NO_TRAP, attempt(&self->cpu, msrs[i], false, 0));
		value = GUEST_VAR(&self->vm, access_.value);
		ASSERT_EQ(0, deny(&self->vm, msrs[i], READ));
		EXPECT_EQ(GP, attempt(&self->cpu, msrs[i], false, 0)) TH_LOG("0x%x", msrs[i]);
		EXPECT_EQ(NO_TRAP, attempt(&self->cpu, msrs[i], true, value))
			TH_LOG("0x%x", msrs[i]);
		ASSERT_EQ(0, deny(&self->vm, msrs[i], WRITE));
		EXPECT_EQ(NO_TRAP, attempt(&self->cpu, msrs[i], false, 0))
			TH_LOG("0x%x", msrs[i]);
		EXPECT_EQ(GP, attempt(&self->cpu, msrs[i], true, value)) TH_LOG("0x%x", msrs[i]);
		/* What is filtered is the guest's; user space has its own way. */
		EXPECT_EQ(value, msrs[i] == MSR_TSC ? value : vcpu_get_msr(&self->cpu, msrs[i]));
		ASSERT_EQ(0, no_filter(&self->vm));
		EXPECT_EQ(NO_TRAP, attempt(&self->cpu, msrs[i], false, 0));
		EXPECT_EQ(NO_TRAP, attempt(&self->cpu, msrs[i], true, value));
	}
}

/* A bit for STAR, and a second range that says the contrary: the first one decides. */
TEST_F(guest, ranges)
{
	uint8_t lstar[8] = { 1 << (MSR_LSTAR - MSR_STAR) };
	const struct kvm_msr_filter_range ranges[] = {
		{ READ, 3, MSR_STAR, lstar },
		{ READ | WRITE, 3, MSR_STAR, all },
		{ READ, 0x3000, 0, all },
		{ WRITE, 64, 0x174, nothing },
		{ READ, 0, MSR_PAT, NULL },
	};
	static const struct {
		uint32_t msr;
		bool write, allowed;
	} wanted[] = {
		{ MSR_STAR, false, false }, { MSR_STAR, true, true },
		{ MSR_LSTAR, false, true }, { MSR_LSTAR, true, true },
		{ MSR_LSTAR + 1, false, false }, { MSR_LSTAR + 1, true, true },
		{ MSR_PAT, false, true }, { MSR_PAT, true, false },
		{ MSR_SYSENTER_CS, false, true }, { MSR_SYSENTER_CS, true, false },
		{ MSR_FS_BASE, false, false }, { MSR_FS_BASE, true, false },
	};

	ASSERT_EQ(0, set_filter(&self->vm, DENY, ranges, ARRAY_SIZE(ranges)));
	vcpu_set_long(&self->cpu, make_accesses);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		EXPECT_EQ(wanted[i].allowed ? NO_TRAP : GP,
			  attempt(&self->cpu, wanted[i].msr, wanted[i].write,
				  wanted[i].msr == MSR_PAT ? 0x0007040600070406 : 0))
			TH_LOG("MSR 0x%x, %s", wanted[i].msr, wanted[i].write ? "write" : "read");
	}
	/* The same MSR twice in a row, and as another kind of access. */
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(GP, attempt(&self->cpu, MSR_STAR, false, 0));
		EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_STAR, true, 0));
	}
}

/* These are the local APIC's: whatever becomes of the access, it is not the filter's doing. */
TEST_F(guest, x2apic_is_not_filtered)
{
	const struct kvm_msr_filter_range range = { READ | WRITE, 0x200, 0x700, nothing };

	ASSERT_EQ(0, enable(&self->vm, FILTER));
	ASSERT_EQ(0, set_filter(&self->vm, DENY, &range, 1));
	vcpu_set_long(&self->cpu, make_accesses);
	EXPECT_EQ(GP, attempt(&self->cpu, 0x802, false, 0));
	EXPECT_EQ(GP, attempt(&self->cpu, 0x8ff, true, 0));
	next_access(&self->vm, 0x7ff, false, 0);
	EXPECT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	EXPECT_EQ(FILTER, self->cpu.run->msr.reason);
}

TEST_F(guest, bad_filters)
{
	static const struct {
		const char *name;
		uint32_t flags;
		struct kvm_msr_filter_range range;
		int wanted;
	} bad[] = {
		{ "unknown flag", 2, { READ, 1, 0, all }, EINVAL },
		{ "all flags", ~0u, { READ, 1, 0, all }, EINVAL },
		{ "deny all", DENY, {}, EINVAL },
		{ "a range for no access", 0, { 0, 1, 0, all }, EINVAL },
		{ "a range for unknown accesses", 0, { 4, 1, 0, all }, EINVAL },
		{ "a range too long", 0, { READ, 0x3001, 0, all }, EINVAL },
		{ "a range of 2^32 - 1", 0, { READ, ~0u, 0, all }, EINVAL },
		{ "no bitmap", 0, { READ, 1, 0, NULL }, EFAULT },
		{ "a bitmap of the kernel's", 0,
		  { READ, 1, 0, (uint8_t *)0xffff888000000000 }, EFAULT },
	};

	vcpu_set_long(&self->cpu, make_accesses);
	ASSERT_EQ(0, deny(&self->vm, MSR_STAR, READ));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(bad[i].wanted, set_filter(&self->vm, bad[i].flags, &bad[i].range, 1))
			TH_LOG("%s", bad[i].name);
		/* A good range before it makes it no better. */
		struct kvm_msr_filter_range two[] = { { READ, 1, MSR_PAT, all }, bad[i].range };

		if (bad[i].range.nmsrs) {
			EXPECT_EQ(bad[i].wanted, set_filter(&self->vm, bad[i].flags, two, 2))
				TH_LOG("%s", bad[i].name);
		}
		/* The old one stands. */
		EXPECT_EQ(GP, attempt(&self->cpu, MSR_STAR, false, 0)) TH_LOG("%s", bad[i].name);
	}
	EXPECT_EQ(EINVAL, enable(&self->vm, 8));
	EXPECT_EQ(EINVAL, enable(&self->vm, ~0ull));
}

/* The last MSR there is, and a range that would go beyond it. */
TEST_F(guest, ranges_at_the_end)
{
	const struct kvm_msr_filter_range range = { READ, 64, ~0u - 7, nothing };

	ASSERT_EQ(0, enable(&self->vm, FILTER));
	ASSERT_EQ(0, set_filter(&self->vm, 0, &range, 1));
	vcpu_set_long(&self->cpu, make_accesses);
	EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_STAR, false, 0));
	EXPECT_EQ(NO_TRAP, attempt(&self->cpu, MSR_TSC, false, 0));
}

static volatile bool stop_it;

static __guest void read_for_ever(void)
{
	/* Without this Bochs would take no interrupt of the host's. */
	asm volatile("sti");
	while (!stop_it)
		rdmsr(MSR_FS_BASE);
	GUEST_DONE();
}

static void *filter_later(void *arg)
{
	struct vm *vm = arg;

	for (int i = 0; i < 5; i++) {
		usleep(1000);
		if (deny(vm, MSR_FS_BASE, WRITE))
			return "a filter was refused";
	}
	if (deny(vm, MSR_FS_BASE, READ))
		return "the last filter was refused";
	return NULL;
}

/* A guest that is running meets a new filter, though it leaves for nothing else. */
TEST_F(guest, a_filter_reaches_a_running_guest)
{
	pthread_t thread;
	void *failed;

	ASSERT_EQ(0, enable(&self->vm, FILTER));
	vcpu_set_long(&self->cpu, read_for_ever);
	ASSERT_EQ(0, pthread_create(&thread, NULL, filter_later, &self->vm));
	EXPECT_EQ(KVM_EXIT_X86_RDMSR, vcpu_run(&self->cpu));
	EXPECT_EQ(MSR_FS_BASE, self->cpu.run->msr.index);
	pthread_join(thread, &failed);
	EXPECT_EQ(NULL, failed);
	GUEST_VAR(&self->vm, stop_it) = true;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* A filter that was there before the vCPU. */
TEST_F(guest, a_filter_holds_for_a_new_vcpu)
{
	struct vcpu other;

	ASSERT_EQ(0, deny(&self->vm, MSR_FS_BASE, READ));
	vcpu_init(&self->vm, &other, 1);
	vcpu_set_long(&other, make_accesses);
	EXPECT_EQ(GP, attempt(&other, MSR_FS_BASE, false, 0));
	vcpu_close(&other);
}

/* As a 32-bit program has it: pointers of 4 bytes, and so a call of another number. */
struct filter32 {
	uint32_t flags;
	struct {
		uint32_t flags, nmsrs, base, bitmap;
	} range[16];
};

static struct filter32 filter32;

TEST_F(guest, a_filter_of_a_32_bit_program)
{
	const unsigned long number = _IOW(KVMIO, 0xc6, struct filter32);

	if (compat_ioctl(self->vm.dev, KVM_GET_API_VERSION, NULL) == -ENOSYS)
		SKIP(return, "this kernel runs no 32-bit programs");
	filter32.range[0].flags = READ;
	filter32.range[0].nmsrs = 1;
	filter32.range[0].base = MSR_STAR;
	filter32.range[0].bitmap = (uintptr_t)nothing;
	ASSERT_EQ(0, compat_ioctl(self->vm.fd, number, &filter32));
	vcpu_set_long(&self->cpu, make_accesses);
	EXPECT_EQ(GP, attempt(&self->cpu, MSR_STAR, false, 0));
	filter32.range[0].bitmap = 0;
	EXPECT_EQ(-EFAULT, compat_ioctl(self->vm.fd, number, &filter32));
	filter32.flags = 8;
	EXPECT_EQ(-EINVAL, compat_ioctl(self->vm.fd, number, &filter32));
	EXPECT_EQ(-EFAULT, compat_ioctl(self->vm.fd, number, NULL));
	/* A 64-bit program has no such call. */
	EXPECT_EQ(ENOTTY, answer(self->vm.fd, number, &filter32));
}

TEST_HARNESS_MAIN
