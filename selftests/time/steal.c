// SPDX-License-Identifier: GPL-2.0
/*
 * Steal time: what a vCPU's thread has waited for a CPU.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kvm_para.h>

#include "kselftest_harness.h"

#include "guest.h"
#include "vm.h"

#define LEAF	0x40000001u

static volatile struct kvm_steal_time steal __attribute__((aligned(64)));

FIXTURE(steal) {
	struct vm vm;
	struct vcpu cpu;
};

FIXTURE_SETUP(steal)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
	if (!vm_has_cpuid(self->vm.dev, LEAF, 0, KVM_FEATURE_STEAL_TIME))
		SKIP(return, "the host's scheduler does not count");
}

FIXTURE_TEARDOWN(steal)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

static __guest void ask(void)
{
	GUEST_EQ(13, try_wrmsr(MSR_KVM_STEAL_TIME, (uintptr_t)&steal | 3));
	GUEST_EQ(0, rdmsr(MSR_KVM_STEAL_TIME));
	wrmsr(MSR_KVM_STEAL_TIME, (uintptr_t)&steal | 1);
	for (;;)
		GUEST_SYNC(steal.steal);
}

/* Nanoseconds that this thread has waited, by the kernel's own count. */
static uint64_t waited(void)
{
	unsigned long long ran, waited = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/schedstat", (long)syscall(SYS_gettid));
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu %llu", &ran, &waited) != 2)
		die("cannot read %s", path);
	fclose(file);
	return waited;
}

static void *spin(void *data)
{
	while (!*(volatile bool *)data)
		;
	return NULL;
}

/* Somebody else has the CPU for a while. */
static void wait_for_cpu(void)
{
	volatile bool stop = false;
	uint64_t before = waited();
	pthread_t thread;
	cpu_set_t where;
	int i;

	CPU_ZERO(&where);
	CPU_SET(0, &where);
	sched_setaffinity(0, sizeof(where), &where);
	if (pthread_create(&thread, NULL, spin, (void *)&stop))
		die("no thread");
	for (i = 0; i < 20000 && waited() < before + 1000000; i++)
		sched_yield();
	stop = true;
	pthread_join(thread, NULL);
}

TEST_F(steal, is_told)
{
	uint64_t begun, seen, before;

	vcpu_set_long(&self->cpu, ask);
	before = waited();
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	begun = GUEST_VAR(&self->vm, steal).steal;
	wait_for_cpu();
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	seen = GUEST_VAR(&self->vm, steal).steal;
	EXPECT_LE(1000000, seen - begun);
	/* No more than was. */
	EXPECT_LE(seen, waited() - before + begun);
	EXPECT_EQ(0, GUEST_VAR(&self->vm, steal).version & 1);
	EXPECT_EQ(0, GUEST_VAR(&self->vm, steal).preempted);
	EXPECT_EQ(0, GUEST_VAR(&self->vm, steal).flags);
	EXPECT_EQ((uintptr_t)&steal | 1, vcpu_get_msr(&self->cpu, MSR_KVM_STEAL_TIME));
}

/* Not where it is not asked for, and no place harms. */
TEST_F(steal, bad_places)
{
	static const uint64_t places[] = { VM_HOLE | 1, 1ull << 51 | 1, ~0ull << 6 | 1, 0 };
	uint64_t begun;
	unsigned int i;

	vcpu_set_long(&self->cpu, ask);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	begun = GUEST_VAR(&self->vm, steal).steal;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		vcpu_set_msr(&self->cpu, MSR_KVM_STEAL_TIME, places[i]);
		wait_for_cpu();
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	}
	EXPECT_EQ(begun, GUEST_VAR(&self->vm, steal).steal);
}

TEST_HARNESS_MAIN
