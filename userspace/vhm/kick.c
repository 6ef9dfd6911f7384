// SPDX-License-Identifier: GPL-2.0
/*
 * A kick is a signal to a vCPU's thread. Its handler sets two words: ours, for
 * which a sleeper waits, and the run page's immediate_exit, which keeps KVM_RUN
 * from entering the guest. So a kick is never lost, whenever it comes:
 *
 *	before the thread	our word is set all the same, and looked at first
 *	before KVM_RUN		KVM_RUN returns at once, for immediate_exit is set
 *	within it		KVM_RUN returns with EINTR, as for any signal
 *	before a sleep		the futex word is not what the sleeper expects
 *	within it		the sleep ends with EINTR
 *
 * and a guest that runs undisturbed pays nothing for it: no signal mask is
 * swapped, no clock is read. Each vCPU's thread takes SIGUSR1; that of the boot
 * CPU, and no other thread, takes SIGALRM from the timer and the signals that
 * ask us to end.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>

#include "../libvhm/compiler.h"
#include "board.h"
#include "kick.h"
#include "log.h"

#define NS	1000000000ull

static struct target {
	atomic_uint kicked;
	atomic_bool there;		/* the thread takes signals */
	pid_t thread;
	struct kvm_run *run;		/* the thread's own */
} targets[BOARD_CPUS_MOST];

static __thread struct target *self;
static atomic_int quit_signal;
static timer_t timer;
/* When the timer will kick; the caller of kick_at() locks it. */
static uint64_t armed = NEVER;

static void on_signal(int number)
{
	__atomic_store_n(&self->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	self->kicked = 1;
	if (number == SIGUSR1 || number == SIGALRM)
		return;
	quit_signal = number;
	/* We may be waiting for another that waits for the terminal. */
	kick_all();
}

/* Those that end the run in an orderly way, unless our parent ignores them. */
static const int quit_signals[] = { SIGINT, SIGTERM, SIGHUP };

static int catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction before;
	unsigned int i;

	/* No SA_RESTART: a sleep has to end. */
	sigemptyset(&action.sa_mask);
	for (i = 0; i < ARRAY_SIZE(quit_signals); i++) {
		if (sigaction(quit_signals[i], NULL, &before))
			return -1;
		if (before.sa_handler != SIG_IGN &&
		    sigaction(quit_signals[i], &action, NULL))
			return -1;
	}
	return sigaction(SIGALRM, &action, NULL) || sigaction(SIGUSR1, &action, NULL) ? -1 : 0;
}

/**
 * kick_init() - from now on this thread, the boot CPU's, can be kicked
 * @run: the run page of its vCPU
 *
 * Return: 0; -1 with a message said.
 */
int kick_init(struct kvm_run *run)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM,
	};

	kick_enter(KICK_BOOT, run);
	if (catch_signals() || timer_create(CLOCK_MONOTONIC, &event, &timer))
		return log_error(NULL, "no timer for the guest's clocks: %s",
				 strerror(errno));
	return 0;
}

/**
 * kick_enter() - from now on this thread can be kicked
 * @cpu: whose thread it is
 * @run: the run page of its vCPU
 *
 * A kick of before is pending.
 */
void kick_enter(unsigned int cpu, struct kvm_run *run)
{
	sigset_t set;

	self = &targets[cpu];
	self->thread = gettid();
	self->run = run;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	self->there = true;
}

/**
 * kick_leave() - this thread, not the boot CPU's, is about to end
 * @cpu: whose it is
 */
void kick_leave(unsigned int cpu)
{
	targets[cpu].there = false;
}

/**
 * kick_close() - from now on nobody needs to be kicked
 *
 * To be called when the other CPUs' threads have ended, before the run pages go
 * away. Signals that were to end the run end the program again.
 */
void kick_close(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quit_signals); i++)
		signal(quit_signals[i], SIG_DFL);
	/* The console's thread may go on kicking. */
	signal(SIGUSR1, SIG_IGN);
	timer_delete(timer);
	signal(SIGALRM, SIG_DFL);
}

/**
 * kick_vcpu() - bring a vCPU's thread back
 * @cpu: which; one whose thread has not started yet finds the kick pending
 */
void kick_vcpu(unsigned int cpu)
{
	targets[cpu].kicked = 1;
	/* By its number: pthread_kill() must not see a thread that has just ended. */
	if (targets[cpu].there)
		tgkill(getpid(), targets[cpu].thread, SIGUSR1);
}

/**
 * kick_all() - bring every vCPU's thread back
 */
void kick_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < ARRAY_SIZE(targets); cpu++)
		kick_vcpu(cpu);
}

/**
 * kick_pending() - has there been a kick since the last kick_take()?
 * @cpu: whose thread this is
 *
 * Return: true if so.
 */
bool kick_pending(unsigned int cpu)
{
	return targets[cpu].kicked;
}

/**
 * kick_take() - acknowledge the kicks so far
 * @cpu: whose thread this is
 *
 * Whatever they announced has to be looked at after this call: one that comes
 * later counts again.
 */
void kick_take(unsigned int cpu)
{
	targets[cpu].kicked = 0;
	__atomic_store_n(&targets[cpu].run->immediate_exit, 0, __ATOMIC_SEQ_CST);
}

/**
 * kick_sleep() - sleep until there is a kick that has not been taken
 * @cpu: whose thread this is
 */
void kick_sleep(unsigned int cpu)
{
	while (!targets[cpu].kicked)
		syscall(SYS_futex, &targets[cpu].kicked, FUTEX_WAIT_PRIVATE, 0, NULL);
}

/**
 * kick_timer_check() - see whether the timer has kicked
 *
 * Return: the time, as kick_now().
 */
uint64_t kick_timer_check(void)
{
	uint64_t now = kick_now();

	if (now >= armed)
		armed = NEVER;
	return now;
}

/**
 * kick_at() - see that the boot CPU's thread is kicked at a time
 * @when: ns, as of kick_now(); UINT64_MAX asks for none
 *
 * A kick that has been asked for earlier still comes: the timer is set only
 * when it would be late, for each setting is a system call. Any thread may call
 * this and kick_timer_check(), one at a time.
 */
void kick_at(uint64_t when)
{
	struct itimerspec setting = {
		.it_value.tv_sec = (time_t)(when / NS),
		.it_value.tv_nsec = (long)(when % NS),
	};

	if (when >= armed)
		return;
	armed = when;
	timer_settime(timer, TIMER_ABSTIME, &setting, NULL);
}

/**
 * kick_quit_signal() - has somebody asked us to end?
 *
 * Return: the number of the signal that did, or 0.
 */
int kick_quit_signal(void)
{
	return quit_signal;
}

/**
 * kick_now() - the clock of everything in the machine
 *
 * Return: ns of CLOCK_MONOTONIC.
 */
uint64_t kick_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS + (uint64_t)time.tv_nsec;
}
