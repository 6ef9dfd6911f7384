// SPDX-License-Identifier: GPL-2.0
/*
 * Processors go offline and come back, and the machine is suspended and
 * resumed, with a guest alive.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "fixture.h"

#define ONLINE	"/sys/devices/system/cpu/cpu1/online"

static volatile uint64_t counter;

static __guest void count(void)
{
	for (;;) {
		counter++;
		GUEST_SYNC(counter);
	}
}

static int set_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = errno;
	close(fd);
	return ret;
}

static void move_to(unsigned int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot move to processor %u: %s", processor, strerror(errno));
}

/* Goes on counting, and says the next number. */
static bool counts_on(struct vcpu *cpu, uint64_t *last)
{
	struct guest_report report;

	if (vcpu_run_guest(cpu, &report) != GUEST_IS_SYNC)
		return false;
	return report.value[0] == ++*last;
}

FIXTURE(power) {
	struct vm vm;
	struct vcpu cpu;
	uint64_t last;
};

FIXTURE_SETUP(power)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
	vcpu_set_long(&self->cpu, count);
}

FIXTURE_TEARDOWN(power)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

TEST_F(power, processor_goes_and_comes_back)
{
	if (access(ONLINE, W_OK))
		SKIP(return, "needs a second processor that can go offline");
	for (int i = 0; i < 5; i++) {
		/* Loaded on the one that goes. */
		move_to(1);
		ASSERT_TRUE(counts_on(&self->cpu, &self->last));
		move_to(0);
		ASSERT_EQ(0, set_file(ONLINE, "0"));
		ASSERT_TRUE(counts_on(&self->cpu, &self->last));
		ASSERT_EQ(0, set_file(ONLINE, "1"));
		move_to(1);
		ASSERT_TRUE(counts_on(&self->cpu, &self->last));
	}
}

TEST_F(power, machine_made_while_a_processor_is_away)
{
	struct vcpu cpu;
	struct vm vm;
	uint64_t last = 0;

	if (access(ONLINE, W_OK))
		SKIP(return, "needs a second processor that can go offline");
	move_to(0);
	ASSERT_EQ(0, set_file(ONLINE, "0"));
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, count);
	EXPECT_TRUE(counts_on(&cpu, &last));
	ASSERT_EQ(0, set_file(ONLINE, "1"));
	move_to(1);
	EXPECT_TRUE(counts_on(&cpu, &last));
	vcpu_close(&cpu);
	vm_close(&vm);
}

static volatile uint64_t spins;

static __guest void spin(void)
{
	asm volatile("sti");
	for (;;)
		spins++;
}

static void nothing(int sig)
{
	(void)sig;
}

static void *run_there(void *arg)
{
	struct vcpu *cpu = arg;

	move_to(1);
	return (void *)(intptr_t)vcpu_run(cpu);
}

/* The guest is inside when its processor is taken away: it is moved. */
TEST_F(power, processor_goes_under_a_running_guest)
{
	struct sigaction action = { .sa_handler = nothing };
	pthread_t thread;
	uint64_t before;
	void *result;

	if (access(ONLINE, W_OK))
		SKIP(return, "needs a second processor that can go offline");
	sigaction(SIGUSR1, &action, NULL);
	vcpu_set_long(&self->cpu, spin);
	move_to(0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_there, &self->cpu));
	while (!GUEST_VAR(&self->vm, spins))
		usleep(1000);
	ASSERT_EQ(0, set_file(ONLINE, "0"));
	before = GUEST_VAR(&self->vm, spins);
	for (int i = 0; i < 100 && GUEST_VAR(&self->vm, spins) == before; i++)
		usleep(1000);
	EXPECT_LT(before, GUEST_VAR(&self->vm, spins));
	ASSERT_EQ(0, set_file(ONLINE, "1"));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, &result);
	EXPECT_EQ(-EINTR, (intptr_t)result);
}

/* One suspend as far as a level of /sys/power/pm_test, and back at once. */
static int suspend(const char *level)
{
	int ret;

	set_file("/sys/module/suspend/parameters/pm_test_delay", "0");
	ret = set_file("/sys/power/pm_test", level);
	if (!ret)
		ret = set_file("/sys/power/state", "mem");
	if (ret)
		ret = set_file("/sys/power/state", "freeze");
	set_file("/sys/power/pm_test", "none");
	return ret;
}

static void check_suspend(struct __test_metadata *_metadata, struct vcpu *cpu, uint64_t *last,
			  const char *level)
{
	if (access("/sys/power/pm_test", W_OK) ||
	    access("/sys/module/suspend/parameters/pm_test_delay", W_OK))
		SKIP(return, "this kernel has no pm_test whose delay can be set");
	for (int i = 0; i < 2; i++) {
		struct vcpu fresh_cpu;
		uint64_t fresh_last = 0;
		struct vm fresh;

		ASSERT_TRUE(counts_on(cpu, last));
		ASSERT_EQ(0, suspend(level)) TH_LOG("pm_test %s", level);
		ASSERT_TRUE(counts_on(cpu, last));
		vm_init(&fresh, VM_MEMORY);
		vcpu_init(&fresh, &fresh_cpu, 0);
		vcpu_set_long(&fresh_cpu, count);
		EXPECT_TRUE(counts_on(&fresh_cpu, &fresh_last));
		vcpu_close(&fresh_cpu);
		vm_close(&fresh);
	}
}

TEST_F(power, suspend_as_far_as_the_processors)
{
	check_suspend(_metadata, &self->cpu, &self->last, "processors");
}

TEST_F(power, suspend_as_far_as_the_core)
{
	check_suspend(_metadata, &self->cpu, &self->last, "core");
}

TEST_HARNESS_MAIN
