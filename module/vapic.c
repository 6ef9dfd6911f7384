// SPDX-License-Identifier: GPL-2.0
/*
 * Help for old guests that write the local APIC's task priority all the time: user space
 * may hear of each access (KVM_TPR_ACCESS_REPORTING), replace the guest's instruction by
 * one that uses a word of the guest's memory, and name that word (KVM_SET_VAPIC_ADDR).
 *
 * The word has the task priority in bits 7:0, which the guest changes, and what is in
 * service and what waits in bits 15:8 and 31:24, by which the guest finds out whether a
 * VMCALL (KVM_HC_VAPIC_POLL_IRQ) is due. A vCPU with such a word looks at it behind each
 * exit, outside the inner loop, since guest memory may have to be faulted in.
 */
#include <linux/kernel.h>
#include <linux/uaccess.h>

#include "lapic.h"
#include "mmio.h"
#include "vhm.h"

#define TPR		0xff
#define SERVED(v)	(((v) & 0xf0U) << 8)
#define WAITS(v)	((u32)(v) << 24)

static u32 most_urgent(const struct vhm_lapic *l, unsigned int bitmap)
{
	int vector = vhm_apic_highest(&l->reg[VHM_APIC_REG(bitmap)]);

	return max(vector, 0);
}

/* The guest has changed it, if it is not what it was. */
static void take(struct vhm_vcpu *v, u8 tpr)
{
	if (tpr == v->lapic->vapic_tpr)
		return;
	v->lapic->vapic_tpr = tpr;
	vhm_lapic_set_tpr(v, tpr);
}

static void give(struct vhm_vcpu *v, u32 seen)
{
	struct vhm_lapic *l = v->lapic;
	u8 tpr = vhm_lapic_get_tpr(v);
	u32 word = tpr | SERVED(most_urgent(l, APIC_ISR)) | WAITS(most_urgent(l, APIC_IRR));

	if (word == seen)
		return;
	if (!vhm_write_guest(v->vm, l->vapic, &word, sizeof(word)))
		l->vapic_tpr = tpr;
}

/**
 * vhm_vapic_sync() - look at the word, and bring it up to date
 * @v: the vCPU; may sleep
 *
 * Where there is no memory any more nothing happens, as on KVM.
 */
void vhm_vapic_sync(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;
	u32 word;

	if (likely(!l->vapic))
		return;
	l->vapic_synced = true;
	v->vmx.event_work = true;
	if (vhm_read_guest(v->vm, l->vapic, &word, sizeof(word)))
		return;
	take(v, word & TPR);
	give(v, word);
}

/**
 * vhm_vapic_is_set() - whether the guest has such a word: then each entry looks at it
 * @v: the vCPU
 *
 * Return: whether.
 */
bool vhm_vapic_is_set(const struct vhm_vcpu *v)
{
	return v->lapic->vapic;
}

/**
 * vhm_vapic_owed() - whether the vCPU has to leave its inner loop to look at the word
 * @v: the vCPU, about to enter the guest
 *
 * Return: true if it has one, and has not looked since the last exit.
 */
bool vhm_vapic_owed(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;
	bool owed;

	if (likely(!l->vapic))
		return false;
	owed = !l->vapic_synced;
	l->vapic_synced = false;
	return owed;
}

/**
 * vhm_set_vapic_addr() - KVM_SET_VAPIC_ADDR
 * @v: the vCPU
 * @user: struct kvm_vapic_addr; address 0: there is no such word
 *
 * Return: 0; -EINVAL: its local APIC is user space's, or there is no memory; -EFAULT.
 */
long vhm_set_vapic_addr(struct vhm_vcpu *v, const struct kvm_vapic_addr __user *user)
{
	struct kvm_vapic_addr word;
	struct vhm_slot slot;
	u64 last;

	if (!v->lapic)
		return -EINVAL;
	if (copy_from_user(&word, user, sizeof(word)))
		return -EFAULT;
	last = word.vapic_addr + sizeof(u32) - 1;
	if (word.vapic_addr && (last < word.vapic_addr ||
				!vhm_find_slot(v->vm, word.vapic_addr >> PAGE_SHIFT, &slot) ||
				!vhm_find_slot(v->vm, last >> PAGE_SHIFT, &slot)))
		return -EINVAL;
	v->lapic->vapic = word.vapic_addr;
	v->lapic->vapic_tpr = vhm_lapic_get_tpr(v);
	v->vmx.event_work = true;
	return 0;
}

/**
 * vhm_tpr_access_reporting() - KVM_TPR_ACCESS_REPORTING
 * @v: the vCPU
 * @user: struct kvm_tpr_access_ctl
 *
 * Return: 0; -EINVAL: flags; -EFAULT.
 */
long vhm_tpr_access_reporting(struct vhm_vcpu *v, struct kvm_tpr_access_ctl __user *user)
{
	struct kvm_tpr_access_ctl control;

	if (copy_from_user(&control, user, sizeof(control)))
		return -EFAULT;
	if (control.flags)
		return -EINVAL;
	v->tpr_reports = control.enabled;
	return copy_to_user(user, &control, sizeof(control)) ? -EFAULT : 0;
}

/**
 * vhm_tpr_accessed() - the guest has used the TPR in the local APIC's page
 * @v: the vCPU, in the middle of the instruction
 * @write: or read
 */
void vhm_tpr_accessed(struct vhm_vcpu *v, bool write)
{
	if (likely(!v->tpr_reports))
		return;
	v->run->tpr_access.rip = v->mmio->state.rip;
	v->run->tpr_access.is_write = write;
	v->run->tpr_access.pad = 0;
	set_bit(VHM_REQUEST_TPR, &v->requests);
}
