// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_ENABLE_CAP: behaviours that user space chooses.
 *
 * A choice is kept in the VM, where whoever comes to a place at which it matters
 * looks it up; none of these places is on the way of an exit that is handled here.
 */
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include "vhm.h"

#define MSR_EXIT_REASONS	(KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN | \
				 KVM_MSR_EXIT_REASON_FILTER)

static long enable_on_vm(struct vhm_vm *vm, const struct kvm_enable_cap *cap)
{
	struct vhm_options *o = &vm->options;
	u64 arg = cap->args[0];

	switch (cap->cap) {
	case KVM_CAP_X86_USER_SPACE_MSR:
		if (arg & ~(u64)MSR_EXIT_REASONS)
			return -EINVAL;
		WRITE_ONCE(o->msr_exits, arg);
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * vhm_vm_enable_cap() - KVM_ENABLE_CAP of a VM
 * @vm: the VM
 * @user: struct kvm_enable_cap
 *
 * Return: 0; -EFAULT; -EINVAL: flags, a capability that is not there or cannot be
 * enabled, or an argument that it does not know.
 */
long vhm_vm_enable_cap(struct vhm_vm *vm, const struct kvm_enable_cap __user *user)
{
	struct kvm_enable_cap cap;

	if (copy_from_user(&cap, user, sizeof(cap)))
		return -EFAULT;
	return cap.flags ? -EINVAL : enable_on_vm(vm, &cap);
}

/**
 * vhm_vcpu_enable_cap() - KVM_ENABLE_CAP of a vCPU
 * @v: the vCPU
 * @user: struct kvm_enable_cap
 *
 * There is one: KVM_CAP_ENFORCE_PV_FEATURE_CPUID, no paravirtual feature that CPUID
 * does not show. It is always so, whether it is asked for or not.
 *
 * Return: 0; -EFAULT; -EINVAL: flags, or any other capability.
 */
long vhm_vcpu_enable_cap(struct vhm_vcpu *v, const struct kvm_enable_cap __user *user)
{
	struct kvm_enable_cap cap;

	if (copy_from_user(&cap, user, sizeof(cap)))
		return -EFAULT;
	return cap.flags || cap.cap != KVM_CAP_ENFORCE_PV_FEATURE_CPUID ? -EINVAL : 0;
}
