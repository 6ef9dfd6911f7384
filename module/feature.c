// SPDX-License-Identifier: GPL-2.0
/*
 * What the system can tell before there is a VM, beside CPUID: MSRs whose values are
 * features of the host, and attributes of the device.
 */
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "vhm.h"

#define MAX_IO_MSRS	256	/* KVM's limit, itself not allowed */

/* The host's microcode revision: what a guest of the same name may be shown. */
static const u32 features[] = { MSR_IA32_UCODE_REV };

/**
 * vhm_get_feature_index_list() - KVM_GET_MSR_FEATURE_INDEX_LIST
 * @user: struct kvm_msr_list with room for nmsrs numbers
 *
 * Return: 0; -EFAULT; -E2BIG: nmsrs, which says how many there are, was less.
 */
long vhm_get_feature_index_list(struct kvm_msr_list __user *user)
{
	u32 room;

	if (get_user(room, &user->nmsrs) || put_user(ARRAY_SIZE(features), &user->nmsrs))
		return -EFAULT;
	if (room < ARRAY_SIZE(features))
		return -E2BIG;
	return copy_to_user(user->indices, features, sizeof(features)) ? -EFAULT : 0;
}

static bool is_feature(u32 index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i] == index)
			return true;
	return false;
}

/**
 * vhm_get_features() - KVM_GET_MSRS of the system
 * @user: struct kvm_msrs
 *
 * Return: how many were read before the first that is not in the list; -EFAULT;
 * -E2BIG: 256 or more at once.
 */
long vhm_get_features(struct kvm_msrs __user *user)
{
	u32 count, index, i;

	if (get_user(count, &user->nmsrs))
		return -EFAULT;
	if (count >= MAX_IO_MSRS)
		return -E2BIG;
	for (i = 0; i < count; i++) {
		if (get_user(index, &user->entries[i].index))
			return -EFAULT;
		if (!is_feature(index))
			break;
		if (put_user(vhm_rdmsr(index), &user->entries[i].data))
			return -EFAULT;
	}
	return i;
}

/**
 * vhm_system_attr() - KVM_HAS_DEVICE_ATTR and KVM_GET_DEVICE_ATTR of the system
 * @user: struct kvm_device_attr
 * @get: also read it
 *
 * There is one: KVM_X86_XCOMP_GUEST_SUPP, the state components that a guest may have.
 *
 * Return: 0; -EFAULT; -ENXIO: no such attribute.
 */
long vhm_system_attr(const struct kvm_device_attr __user *user, bool get)
{
	struct kvm_device_attr attr;
	u64 __user *value;

	if (copy_from_user(&attr, user, sizeof(attr)))
		return -EFAULT;
	if (attr.group || attr.attr != KVM_X86_XCOMP_GUEST_SUPP)
		return -ENXIO;
	value = u64_to_user_ptr(attr.addr);
	return get && put_user(vmx_caps.xcr0, value) ? -EFAULT : 0;
}
