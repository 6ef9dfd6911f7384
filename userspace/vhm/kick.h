/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing a vCPU's thread out of the guest or out of its sleep. */
#ifndef VHM_KICK_H
#define VHM_KICK_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define NEVER	UINT64_MAX

/* The thread of CPU 0 is also that which signals and the timer kick. */
#define KICK_BOOT	0u

int kick_init(struct kvm_run *run);
void kick_enter(unsigned int cpu, struct kvm_run *run);
void kick_leave(unsigned int cpu);
void kick_close(void);
void kick_vcpu(unsigned int cpu);
void kick_all(void);
bool kick_pending(unsigned int cpu);
void kick_take(unsigned int cpu);
void kick_sleep(unsigned int cpu);
uint64_t kick_timer_check(void);
void kick_at(uint64_t when);
int kick_quit_signal(void);
uint64_t kick_now(void);

#endif /* VHM_KICK_H */
