/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing the vCPU's thread out of the guest or out of its sleep. */
#ifndef VHM_KICK_H
#define VHM_KICK_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define NEVER	UINT64_MAX

int kick_init(struct kvm_run *run);
void kick_close(void);
void kick_vcpu(void);
bool kick_pending(void);
uint64_t kick_take(void);
void kick_sleep(void);
void kick_at(uint64_t when);
int kick_quit_signal(void);
uint64_t kick_now(void);

#endif /* VHM_KICK_H */
