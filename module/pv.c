// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual features: which there are, and when the guest's memory is brought
 * up to date.
 */
#include <linux/kernel.h>
#include <linux/kvm_para.h>
#include <asm/kvm_para.h>

#include "pv.h"
#include "vhm.h"

/**
 * vhm_pv_features() - what CPUID may show of KVM's features
 *
 * Ports are virtual, so the delay after them is none. All others take an MSR, and are
 * there if it can be set in any VM of this host's.
 *
 * Return: bits of leaf KVM_CPUID_FEATURES, EAX.
 */
u32 vhm_pv_features(void)
{
	u32 features = BIT(KVM_FEATURE_NOP_IO_DELAY);

	if (vhm_clock_supported())
		features |= BIT(KVM_FEATURE_CLOCKSOURCE) | BIT(KVM_FEATURE_CLOCKSOURCE2) |
			    BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	if (vhm_steal_supported())
		features |= BIT(KVM_FEATURE_STEAL_TIME);
	return features;
}

/**
 * vhm_pv_feature_of_msr() - which feature a guest must have been shown to use an MSR
 * @index: the MSR
 *
 * Return: its bit; 0: it is none of KVM's.
 */
u32 vhm_pv_feature_of_msr(u32 index)
{
	switch (index) {
	case MSR_KVM_WALL_CLOCK:
	case MSR_KVM_SYSTEM_TIME:
		return BIT(KVM_FEATURE_CLOCKSOURCE);
	case MSR_KVM_WALL_CLOCK_NEW:
	case MSR_KVM_SYSTEM_TIME_NEW:
		return BIT(KVM_FEATURE_CLOCKSOURCE2);
	case MSR_KVM_STEAL_TIME:
		return BIT(KVM_FEATURE_STEAL_TIME);
	default:
		return 0;
	}
}

/**
 * vhm_pv_reset() - a processor that is reset, or gets an INIT, uses no clock
 * @v: the vCPU
 */
void vhm_pv_reset(struct vhm_vcpu *v)
{
	v->pv.clock = 0;
}

/**
 * vhm_pv_publish() - change what the guest may be reading
 * @vm: the VM of the current process
 * @version_at: guest-physical address of a count; while it is odd, the guest waits
 * @at: of what changes
 * @data: what it becomes
 * @size: bytes, all in one page
 */
void vhm_pv_publish(struct vhm_vm *vm, u64 version_at, u64 at, const void *data,
		    unsigned int size)
{
	u32 version;

	if (vhm_read_guest(vm, version_at, &version, sizeof(version)))
		return;
	version = (version + 1) | 1;
	if (vhm_write_guest(vm, version_at, &version, sizeof(version)))
		return;
	/* Odd before the first change is seen ... */
	smp_wmb();
	vhm_write_guest(vm, at, data, size);
	/* ... and even behind the last one. */
	smp_wmb();
	version++;
	vhm_write_guest(vm, version_at, &version, sizeof(version));
}

static void update_asked(struct vhm_vcpu *v)
{
	/* A full barrier: what is due is looked at behind it. */
	if (!test_and_clear_bit(VHM_REQUEST_PV, &v->requests))
		return;
	if (v->pv.wall_due) {
		v->pv.wall_due = false;
		vhm_wall_clock_update(v);
	}
	if (READ_ONCE(v->pv.clock_due)) {
		WRITE_ONCE(v->pv.clock_due, false);
		/* Who sets the clock does so before it says that it is due. */
		smp_mb();
		vhm_clock_update(v);
	}
}

/**
 * vhm_pv_update() - bring the guest's memory up to date
 * @v: the vCPU, outside the inner loop; may sleep
 */
void vhm_pv_update(struct vhm_vcpu *v)
{
	if (unlikely(READ_ONCE(v->requests) & BIT(VHM_REQUEST_PV)))
		update_asked(v);
	if (unlikely(v->pv.steal & KVM_MSR_ENABLED))
		vhm_steal_update(v);
}
