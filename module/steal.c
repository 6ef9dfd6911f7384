// SPDX-License-Identifier: GPL-2.0
/*
 * Steal time (MSR_KVM_STEAL_TIME): how long a vCPU's thread waited for a CPU though it
 * wanted to run. The host's scheduler knows; the guest finds it in its memory.
 *
 * The thread cannot be taken off its CPU in the inner loop, so nothing is added while the
 * guest runs, and it is enough to look before the loop is entered.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>
#include <linux/uaccess.h>
#include <asm/kvm_para.h>

#include "pv.h"
#include "vhm.h"

#define RESERVED	((u64)KVM_STEAL_RESERVED_MASK)

#ifdef CONFIG_SCHED_INFO
static u64 waited(void)
{
	return current->sched_info.run_delay;
}
#else
static u64 waited(void)
{
	return 0;
}
#endif

/**
 * vhm_steal_supported() - does the host's scheduler count it?
 *
 * Return: true if it does.
 */
bool vhm_steal_supported(void)
{
	return IS_ENABLED(CONFIG_SCHED_INFO);
}

/**
 * vhm_set_steal_msr() - MSR_KVM_STEAL_TIME
 * @v: the vCPU
 * @value: address of struct kvm_steal_time, 64 bytes aligned, and bit 0: it is in use
 *
 * Return: 0, or 1 for #GP.
 */
int vhm_set_steal_msr(struct vhm_vcpu *v, u64 value)
{
	if (value & RESERVED)
		return 1;
	v->pv.steal = value;
	/* What was before is nobody's. */
	v->pv.thread = NULL;
	v->pv.steal_due = value & KVM_MSR_ENABLED;
	vhm_request(v, VHM_REQUEST_PV);
	return 0;
}

static void add(struct vhm_vcpu *v, u64 gpa, u64 ns)
{
	struct kvm_steal_time time;

	if (vhm_read_guest(v->vm, gpa, &time, sizeof(time)))
		return;
	time.steal += ns;
	vhm_pv_publish(v->vm, gpa + offsetof(struct kvm_steal_time, version),
		       gpa + offsetof(struct kvm_steal_time, steal), &time.steal,
		       sizeof(time.steal));
	if (time.preempted) {
		time.preempted = 0;
		vhm_write_guest(v->vm, gpa + offsetof(struct kvm_steal_time, preempted),
				&time.preempted, sizeof(time.preempted));
	}
}

/**
 * vhm_steal_update() - add what the thread has waited since the last time
 * @v: the vCPU, whose guest has asked for it; on its thread, may sleep
 */
void vhm_steal_update(struct vhm_vcpu *v)
{
	u64 now = waited();

	/* Another thread has a count of its own. */
	if (unlikely(v->pv.thread != current)) {
		v->pv.thread = current;
		v->pv.waited = now;
	}
	if (now == v->pv.waited && !v->pv.steal_due)
		return;
	add(v, v->pv.steal & ~(RESERVED | KVM_MSR_ENABLED), now - v->pv.waited);
	v->pv.waited = now;
	v->pv.steal_due = false;
}
