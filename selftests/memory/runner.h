/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU in a thread of its own, which goes on behind each of its guest's reports until the
 * last. Include it behind fixture.h.
 */
#ifndef SELFTESTS_MEMORY_RUNNER_H
#define SELFTESTS_MEMORY_RUNNER_H

struct runner {
	struct vcpu *cpu;
	enum guest_word word;
};

static void *run_till_done(void *arg)
{
	struct runner *runner = arg;
	struct guest_report report;

	do {
		runner->word = vcpu_run_guest(runner->cpu, &report);
	} while (runner->word == GUEST_IS_SYNC);
	return NULL;
}

#endif
