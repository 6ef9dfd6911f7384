// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel wants a thread to do before it returns to user space (task
 * work, restartable sequences, a switch to another thread), done without
 * returning: a guest may run for long.
 *
 * The kernel exports one function for it, made for KVM: on kernels before 7 it
 * notes a signal in KVM's own vCPU structure. It gets one that nobody reads.
 */
#include <linux/kvm_host.h>

#include "compat.h"
#include VHM_WORK_HEADER

int vhm_thread_work(void);

static struct kvm_run nobodys_run;
static struct kvm_vcpu nobodys_vcpu = { .run = &nobodys_run };

/**
 * vhm_thread_work() - do the thread's pending work; may sleep
 *
 * Return: 0, or -EINTR when a signal is pending.
 */
int vhm_thread_work(void)
{
	return vhm_do_work(&nobodys_vcpu) ? -EINTR : 0;
}
