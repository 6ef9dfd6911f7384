// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual clock: its MSRs, the numbers in the guest's memory, the calls.
 */
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm_para.h>

#include "kselftest_harness.h"

#include "guest.h"
#include "vm.h"

#define LEAF		0x40000001u
#define CLOCKS		(1u << KVM_FEATURE_CLOCKSOURCE | 1u << KVM_FEATURE_CLOCKSOURCE2)
#define MSR_TSC		0x10
#define SECOND		1000000000ull

/* As the guest finds it; asm/pvclock-abi.h is the kernel's alone. */
struct time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t pad[2];
} __attribute__((packed));

struct wall_clock {
	uint32_t version;
	uint32_t sec;
	uint32_t nsec;
} __attribute__((packed));

#define STABLE	1
#define STOPPED	2

static volatile struct time_info info __attribute__((aligned(64)));
static volatile struct wall_clock wall __attribute__((aligned(64)));
static volatile uint64_t readings, backwards, last_clock;

FIXTURE(clock) {
	struct vm vm;
	struct vcpu cpu;
};

FIXTURE_SETUP(clock)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
	if (!(ioctl(self->vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_ADJUST_CLOCK) & KVM_CLOCK_TSC_STABLE))
		SKIP(return, "no clock here");
}

FIXTURE_TEARDOWN(clock)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

/* The guest's side of the protocol. */
static __guest uint64_t read_clock(void)
{
	uint64_t ticks, now;
	uint32_t version;

	do {
		version = info.version;
		__sync_synchronize();
		asm volatile("lfence" : : : "memory");
		ticks = rdtsc() - info.tsc_timestamp;
		ticks = info.shift < 0 ? ticks >> -info.shift : ticks << info.shift;
		now = info.system_time + (uint64_t)((__uint128_t)ticks * info.mul >> 32);
		__sync_synchronize();
	} while (version & 1 || version != info.version);
	return now;
}

static struct kvm_clock_data clock_of(struct vm *vm)
{
	struct kvm_clock_data data;

	memset(&data, 0xaa, sizeof(data));
	VM_IOCTL(vm->fd, KVM_GET_CLOCK, &data);
	return data;
}

static int set_clock(struct vm *vm, uint64_t value, uint32_t flags, uint64_t realtime)
{
	struct kvm_clock_data data = { .clock = value, .flags = flags, .realtime = realtime };

	return ioctl(vm->fd, KVM_SET_CLOCK, &data);
}

static uint64_t real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

TEST_F(clock, calls)
{
	struct vm *vm = &self->vm;
	struct kvm_clock_data one = clock_of(vm), two;
	uint64_t before = real_ns();
	unsigned int i;

	two = clock_of(vm);
	EXPECT_LT(one.clock, two.clock);
	EXPECT_LE(before, two.realtime);
	EXPECT_LE(two.realtime, real_ns());
	EXPECT_LT(one.host_tsc, two.host_tsc);
	EXPECT_EQ(KVM_CLOCK_TSC_STABLE | KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC, two.flags);
	EXPECT_EQ(0, two.pad0);
	for (i = 0; i < ARRAY_SIZE(two.pad); i++)
		EXPECT_EQ(0, two.pad[i]);
	ASSERT_EQ(0, set_clock(vm, 100 * SECOND, 0, 0));
	one = clock_of(vm);
	EXPECT_LE(100 * SECOND, one.clock);
	EXPECT_GT(101 * SECOND, one.clock);
	/* Five seconds have passed since then. */
	ASSERT_EQ(0, set_clock(vm, 10 * SECOND, KVM_CLOCK_REALTIME, real_ns() - 5 * SECOND));
	one = clock_of(vm);
	EXPECT_LE(15 * SECOND, one.clock);
	EXPECT_GT(16 * SECOND, one.clock);
	/* From the future: nothing is taken away. */
	ASSERT_EQ(0, set_clock(vm, 10 * SECOND, KVM_CLOCK_REALTIME, real_ns() + 5 * SECOND));
	one = clock_of(vm);
	EXPECT_LE(10 * SECOND, one.clock);
	EXPECT_GT(11 * SECOND, one.clock);
	EXPECT_EQ(0, ioctl(vm->fd, KVM_SET_CLOCK, &one));
}

TEST_F(clock, refused)
{
	struct vm *vm = &self->vm;

	EXPECT_ERROR(EINVAL, set_clock(vm, 1, 1, 0));
	EXPECT_ERROR(EINVAL, set_clock(vm, 1, 1u << 31, 0));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_SET_CLOCK, NULL));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_GET_CLOCK, NULL));
	/* It does not use the clock. */
	EXPECT_ERROR(EINVAL, ioctl(self->cpu.fd, KVM_KVMCLOCK_CTRL, 0));
}

static __guest void use_clock(void)
{
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, (uintptr_t)&info | 1);
	for (;;)
		GUEST_SYNC(read_clock());
}

/* Runs the guest for one reading of its clock. */
static uint64_t guest_clock(struct vcpu *cpu)
{
	struct guest_report report;

	if (vcpu_run_guest(cpu, &report) != GUEST_IS_SYNC)
		die("the guest does not read its clock");
	return report.value[0];
}

TEST_F(clock, guest_agrees)
{
	struct vm *vm = &self->vm;
	uint64_t before, seen;

	vcpu_set_long(&self->cpu, use_clock);
	before = clock_of(vm).clock;
	seen = guest_clock(&self->cpu);
	EXPECT_LE(before, seen);
	EXPECT_LE(seen, clock_of(vm).clock);
	EXPECT_EQ(STABLE, GUEST_VAR(vm, info).flags);
	EXPECT_EQ(0, GUEST_VAR(vm, info).version & 1);
	/* It is set while the guest is away. */
	ASSERT_EQ(0, set_clock(vm, 7 * SECOND, 0, 0));
	seen = guest_clock(&self->cpu);
	EXPECT_LE(7 * SECOND, seen);
	EXPECT_LE(seen, clock_of(vm).clock);
	/* Another TSC, the same time. */
	before = clock_of(vm).clock;
	vcpu_set_msr(&self->cpu, MSR_TSC, 12345);
	seen = guest_clock(&self->cpu);
	EXPECT_LE(before, seen + 1000);
	EXPECT_LE(seen, clock_of(vm).clock + 1000);
	EXPECT_EQ((uintptr_t)&info | 1, vcpu_get_msr(&self->cpu, MSR_KVM_SYSTEM_TIME_NEW));
	EXPECT_EQ((uintptr_t)&info | 1, vcpu_get_msr(&self->cpu, MSR_KVM_SYSTEM_TIME));
}

TEST_F(clock, guest_was_stopped)
{
	struct vm *vm = &self->vm;

	vcpu_set_long(&self->cpu, use_clock);
	guest_clock(&self->cpu);
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_KVMCLOCK_CTRL, 0));
	guest_clock(&self->cpu);
	EXPECT_EQ(STABLE | STOPPED, GUEST_VAR(vm, info).flags);
	/* The mark is the guest's to take away. */
	ASSERT_EQ(0, set_clock(vm, SECOND, 0, 0));
	guest_clock(&self->cpu);
	EXPECT_EQ(STABLE | STOPPED, GUEST_VAR(vm, info).flags);
	GUEST_VAR(vm, info).flags = 0;
	ASSERT_EQ(0, set_clock(vm, SECOND, 0, 0));
	guest_clock(&self->cpu);
	EXPECT_EQ(STABLE, GUEST_VAR(vm, info).flags);
}

static __guest void tell_time(void)
{
	wrmsr(MSR_KVM_SYSTEM_TIME, (uintptr_t)&info | 1);
	wrmsr(MSR_KVM_WALL_CLOCK, (uintptr_t)&wall);
	GUEST_SYNC(wall.sec * SECOND + wall.nsec + read_clock());
	wall.sec = 0;
	wrmsr(MSR_KVM_WALL_CLOCK_NEW, (uintptr_t)&wall);
	GUEST_SYNC(wall.sec * SECOND + wall.nsec + read_clock());
	GUEST_DONE();
}

TEST_F(clock, time_of_day)
{
	uint64_t before, seen;
	int i;

	vcpu_set_long(&self->cpu, tell_time);
	for (i = 0; i < 2; i++) {
		before = real_ns();
		seen = guest_clock(&self->cpu);
		/* The two clocks of the host are not read at the same instant. */
		EXPECT_LE(before, seen + SECOND / 1000);
		EXPECT_LE(seen, real_ns() + SECOND / 1000);
		EXPECT_EQ(0, GUEST_VAR(&self->vm, wall).version & 1);
	}
	EXPECT_EQ((uintptr_t)&wall, vcpu_get_msr(&self->cpu, MSR_KVM_WALL_CLOCK));
}

static __guest void bad_places(void)
{
	static const uint64_t places[] = {
		VM_HOLE | 1, 0xfffffffffffffffdull, 1ull << 52 | 1, VM_DATA + 4096 - 16 + 1, 1, 0,
	};
	unsigned int i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		GUEST_EQ(NO_TRAP, try_wrmsr(MSR_KVM_SYSTEM_TIME_NEW, places[i]));
		GUEST_EQ(places[i], rdmsr(MSR_KVM_SYSTEM_TIME_NEW));
		GUEST_EQ(NO_TRAP, try_wrmsr(MSR_KVM_WALL_CLOCK_NEW, places[i] & ~3ull));
	}
	GUEST_DONE();
}

/* No place harms; at one that is not there nothing is written. */
TEST_F(clock, bad_places)
{
	vcpu_set_long(&self->cpu, bad_places);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void no_clock(void)
{
	static const uint32_t msrs[] = {
		MSR_KVM_SYSTEM_TIME, MSR_KVM_SYSTEM_TIME_NEW, MSR_KVM_WALL_CLOCK,
		MSR_KVM_WALL_CLOCK_NEW, MSR_KVM_STEAL_TIME,
	};
	unsigned int i;

	for (i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		GUEST_EQ(13, try_wrmsr(msrs[i], 0));
		GUEST_EQ(13, try_rdmsr(msrs[i]));
	}
	GUEST_DONE();
}

/* A guest that has been shown none. */
TEST_F(clock, not_shown)
{
	struct kvm_enable_cap enforce = {
		.cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID, .args = { 1 },
	};
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(self->vm.dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, LEAF, 0);
	struct vcpu other;

	ASSERT_TRUE(leaf);
	EXPECT_EQ(CLOCKS, leaf->eax & CLOCKS);
	leaf->eax = 0;
	vcpu_init_bare(&self->vm, &other, 1);
	VM_IOCTL(other.fd, KVM_SET_CPUID2, cpuid);
	VM_IOCTL(other.fd, KVM_ENABLE_CAP, &enforce);
	vcpu_set_long(&other, no_clock);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&other));
	vcpu_close(&other);
	free(cpuid);
}

static __guest void watch_clock(void)
{
	uint64_t now;

	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, (uintptr_t)&info | 1);
	for (;;) {
		now = read_clock();
		backwards += now < last_clock;
		last_clock = now;
		if (++readings % 64 == 0)
			GUEST_SYNC(now);
	}
}

/* Here and there: no reading is less than one before. */
TEST_F(clock, never_goes_backwards)
{
	unsigned int i, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t before, seen = 0;
	cpu_set_t where;

	if (cpus < 2)
		SKIP(return, "one CPU");
	vcpu_set_long(&self->cpu, watch_clock);
	for (i = 0; i < 200; i++) {
		CPU_ZERO(&where);
		CPU_SET(i % 2, &where);
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(where), &where));
		before = clock_of(&self->vm).clock;
		EXPECT_LE(seen, before);
		seen = guest_clock(&self->cpu);
		EXPECT_LE(before, seen);
	}
	EXPECT_EQ(0, GUEST_VAR(&self->vm, backwards));
	EXPECT_LE(200 * 64, GUEST_VAR(&self->vm, readings));
}

TEST_HARNESS_MAIN
