// SPDX-License-Identifier: GPL-2.0
/* Kicks: whenever one comes, the thread that it is for gets it, and no other. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "kick.h"
#include "log.h"
#include "thread.h"

#define CPUS	4u
#define ROUNDS	20000u

static struct kvm_run runs[CPUS];
static atomic_uint begun, rounds[CPUS], stop;

int log_error(const char *about, const char *format, ...)
{
	(void)about;
	(void)format;
	return -1;
}

/* As a vCPU's thread does: sleep, take the kick, see what it was for. */
static void *target(void *argument)
{
	unsigned int cpu = (unsigned int)(size_t)argument;

	while (!begun)
		usleep(100);
	kick_enter(cpu, &runs[cpu]);
	while (!stop) {
		kick_sleep(cpu);
		kick_take(cpu);
		rounds[cpu]++;
	}
	kick_leave(cpu);
	return NULL;
}

static bool reaches(atomic_uint *count, unsigned int wanted)
{
	unsigned int i;

	for (i = 0; i < 5000 && *count < wanted; i++)
		usleep(1000);
	return *count >= wanted;
}

static void test_self(void)
{
	tap_ok(!kick_init(&runs[0]), "kick: the boot CPU's thread");
	tap_ok(!kick_pending(0) && !runs[0].immediate_exit, "kick: none at first");
	kick_vcpu(0);
	tap_ok(kick_pending(0) && runs[0].immediate_exit, "kick: KVM_RUN would come back");
	kick_sleep(0);
	kick_take(0);
	tap_ok(!kick_pending(0) && !runs[0].immediate_exit, "kick: taken");
}

static void test_timer(void)
{
	uint64_t now = kick_now();

	kick_at(now + 20000000);
	kick_at(now + 500000000000);
	kick_sleep(0);
	kick_take(0);
	tap_ok(kick_timer_check() >= now + 20000000, "kick: the timer, not before its time");
	kick_at(kick_now());
	kick_sleep(0);
	kick_take(0);
	tap_ok(true, "kick: and again");
}

static void test_threads(void)
{
	pthread_t threads[CPUS];
	bool ok = true, alone = true;
	unsigned int i, before[CPUS];

	for (i = 1; i < CPUS; i++) {
		if (thread_start(&threads[i], target, (void *)(size_t)i))
			abort();
	}
	kick_vcpu(1);
	begun = 1;
	tap_ok(reaches(&rounds[1], 1), "kick: of a thread that has not begun");
	for (i = 0; i < ROUNDS && ok; i++) {
		before[2] = rounds[2];
		before[3] = rounds[3];
		kick_vcpu(2);
		ok = reaches(&rounds[2], before[2] + 1);
		alone &= rounds[3] == before[3];
	}
	tap_ok(ok, "kick: %u of another thread, none lost", ROUNDS);
	tap_ok(alone, "kick: nobody else's business");
	raise(SIGTERM);
	tap_ok(kick_quit_signal() == SIGTERM && reaches(&rounds[3], before[3] + 1),
	       "kick: a signal that ends brings all back");
	stop = 1;
	kick_all();
	for (i = 1; i < CPUS; i++)
		pthread_join(threads[i], NULL);
	kick_all();
	tap_ok(true, "kick: threads that have ended are left alone");
}

int main(void)
{
	tap_begin();
	test_self();
	test_timer();
	test_threads();
	kick_close();
	return tap_end();
}
