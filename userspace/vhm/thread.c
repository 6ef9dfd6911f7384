// SPDX-License-Identifier: GPL-2.0
/* Threads beside the boot CPU's. Signals are for that one, unless another asks for some. */
#include <signal.h>

#include "thread.h"

/**
 * thread_start() - start a thread that takes no signals
 * @thread: out: the thread
 * @run: what it does
 * @argument: for @run
 *
 * Return: 0, or an errno.
 */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument)
{
	sigset_t all, mask;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	error = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return error;
}
