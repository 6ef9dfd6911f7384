// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's TSC for user space: its rate and its offset.
 *
 * There is no scaling: a rate is the host's, or so near to it that nobody can tell.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "vhm.h"

/* As KVM: a host's TSC is not known better than this. */
#define TOLERANCE_PPM	250

/**
 * vhm_get_tsc_khz() - KVM_GET_TSC_KHZ
 * @v: the vCPU
 *
 * Return: the rate that user space has set, or the host's, in kHz.
 */
long vhm_get_tsc_khz(struct vhm_vcpu *v)
{
	return v->tsc_khz ?: tsc_khz;
}

/**
 * vhm_set_tsc_khz() - KVM_SET_TSC_KHZ
 * @v: the vCPU
 * @khz: the rate; 0: the host's
 *
 * Return: 0; -EINVAL: another rate than the host's.
 */
long vhm_set_tsc_khz(struct vhm_vcpu *v, u32 khz)
{
	u64 slack = div_u64((u64)tsc_khz * TOLERANCE_PPM, 1000000);

	if (khz && (khz < tsc_khz - slack || khz > tsc_khz + slack))
		return -EINVAL;
	v->tsc_khz = khz;
	return 0;
}

/**
 * vhm_tsc_changed() - the guest's TSC has been set: who goes by it has to know
 * @v: the vCPU
 */
void vhm_tsc_changed(struct vhm_vcpu *v)
{
	vhm_lapic_tsc_changed(v);
	if (v->pv.clock & KVM_MSR_ENABLED)
		vhm_clock_changed(v);
}

static u64 get_offset(struct vhm_vcpu *v)
{
	return v->vmx.tsc_offset;
}

static void set_offset(struct vhm_vcpu *v, u64 offset)
{
	vmx_load(&v->vmx);
	vmx_set_tsc(&v->vmx, offset);
	vmx_put();
	vhm_tsc_changed(v);
}

/**
 * vhm_vcpu_attr() - KVM_HAS_, KVM_GET_ and KVM_SET_DEVICE_ATTR of a vCPU
 * @v: the vCPU
 * @cmd: which of the three
 * @user: struct kvm_device_attr
 *
 * There is one attribute: KVM_VCPU_TSC_OFFSET, what is added to the host's TSC.
 *
 * Return: 0; -EFAULT; -ENXIO: no such attribute.
 */
long vhm_vcpu_attr(struct vhm_vcpu *v, unsigned int cmd, const struct kvm_device_attr __user *user)
{
	struct kvm_device_attr attr;
	u64 __user *value;
	u64 offset;

	if (copy_from_user(&attr, user, sizeof(attr)))
		return -EFAULT;
	if (attr.group != KVM_VCPU_TSC_CTRL || attr.attr != KVM_VCPU_TSC_OFFSET)
		return -ENXIO;
	value = u64_to_user_ptr(attr.addr);
	switch (cmd) {
	case KVM_HAS_DEVICE_ATTR:
		return 0;
	case KVM_GET_DEVICE_ATTR:
		return put_user(get_offset(v), value);
	default:
		if (get_user(offset, value))
			return -EFAULT;
		set_offset(v, offset);
		return 0;
	}
}
