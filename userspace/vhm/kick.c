// SPDX-License-Identifier: GPL-2.0
/*
 * A kick is a signal to the vCPU's thread. Its handler sets two words: ours,
 * for which a sleeper waits, and the run page's immediate_exit, which keeps
 * KVM_RUN from entering the guest. So a kick is never lost, whenever it comes:
 *
 *	before KVM_RUN	KVM_RUN returns at once, for immediate_exit is set
 *	within it	KVM_RUN returns with EINTR, as for any signal
 *	before a sleep	the futex word is not what the sleeper expects
 *	within it	the sleep ends with EINTR
 *
 * and a guest that runs undisturbed pays nothing for it: no signal mask is
 * swapped, no clock is read. All kicks arrive in the vCPU's thread, because the
 * others block these signals.
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
#include "kick.h"
#include "log.h"

#define NS	1000000000ull

static atomic_uint kicked;
static atomic_int quit_signal;
static struct kvm_run *run_page;
static pthread_t thread;
static timer_t timer;
static uint64_t armed = NEVER;		/* when the timer will kick */

static void on_signal(int number)
{
	if (number != SIGUSR1)
		quit_signal = number;
	__atomic_store_n(&run_page->immediate_exit, 1, __ATOMIC_SEQ_CST);
	kicked = 1;
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
	return sigaction(SIGUSR1, &action, NULL);
}

/**
 * kick_init() - from now on this thread can be kicked
 * @run: the run page of its vCPU
 *
 * Return: 0; -1 with a message said.
 */
int kick_init(struct kvm_run *run)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1,
	};

	run_page = run;
	thread = pthread_self();
	if (catch_signals() || timer_create(CLOCK_MONOTONIC, &event, &timer))
		return log_error(NULL, "no timer for the guest's clocks: %s",
				 strerror(errno));
	return 0;
}

/**
 * kick_close() - from now on nobody needs to be kicked
 *
 * To be called before the run page goes away. Signals that were to end the run
 * end the program again.
 */
void kick_close(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quit_signals); i++)
		signal(quit_signals[i], SIG_DFL);
	/* The console's thread may go on kicking. */
	signal(SIGUSR1, SIG_IGN);
	timer_delete(timer);
}

/**
 * kick_vcpu() - bring the vCPU's thread back, from another thread
 */
void kick_vcpu(void)
{
	pthread_kill(thread, SIGUSR1);
}

/**
 * kick_pending() - has there been a kick since the last kick_take()?
 *
 * Return: true if so.
 */
bool kick_pending(void)
{
	return kicked;
}

/**
 * kick_take() - acknowledge the kicks so far
 *
 * Whatever they announced has to be looked at after this call: one that comes
 * later counts again.
 *
 * Return: the time, as kick_now().
 */
uint64_t kick_take(void)
{
	uint64_t now;

	__atomic_store_n(&run_page->immediate_exit, 0, __ATOMIC_SEQ_CST);
	kicked = 0;
	now = kick_now();
	if (now >= armed)
		armed = NEVER;
	return now;
}

/**
 * kick_sleep() - sleep until there is a kick that has not been taken
 */
void kick_sleep(void)
{
	while (!kicked)
		syscall(SYS_futex, &kicked, FUTEX_WAIT_PRIVATE, 0, NULL);
}

/**
 * kick_at() - see that there is a kick at a time
 * @when: ns, as of kick_now(); UINT64_MAX asks for none
 *
 * A kick that has been asked for earlier still comes: the timer is set only
 * when it would be late, for each setting is a system call.
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
