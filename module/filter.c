// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs as user space's affair: a filter of what the guest may access at all
 * (KVM_X86_SET_MSR_FILTER), and accesses that the guest may not make, handed over
 * instead of a #GP (KVM_CAP_X86_USER_SPACE_MSR).
 *
 * A vCPU takes the VM's filter over at an entry, when it pays for a change of the
 * EPT's generation: a change of the filter raises it too. So a guest without a
 * filter pays for none of this, and an old filter is freed as a page of the EPT is,
 * when every vCPU has left the guest.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/trapnr.h>

#include "vhm.h"

/* These are the local APIC's, whatever a filter says. */
#define X2APIC_FIRST	0x800
#define X2APIC_LAST	0x8ff

struct msr_range {
	u32 flags;
	u32 base;
	u32 count;
	unsigned long *bitmap;
};

/**
 * struct vhm_msr_filter - what a guest may access
 * @id: another one for each filter of a VM
 * @allow: what no range covers
 * @count: ranges in use
 * @range: the first that covers an access decides
 * @bitmaps: the same for the MSRs that need no exit
 */
struct vhm_msr_filter {
	u64 id;
	bool allow;
	unsigned int count;
	struct msr_range range[KVM_MSR_FILTER_MAX_RANGES];
	struct vmx_bitmaps bitmaps;
};

static bool is_allowed(const void *ctx, u32 msr, bool write)
{
	const struct vhm_msr_filter *filter = ctx;
	u32 kind = write ? KVM_MSR_FILTER_WRITE : KVM_MSR_FILTER_READ;
	const struct msr_range *r;

	if (msr >= X2APIC_FIRST && msr <= X2APIC_LAST)
		return true;
	for (r = filter->range; r < filter->range + filter->count; r++)
		if (r->flags & kind && msr >= r->base && msr - r->base < r->count)
			return test_bit(array_index_nospec(msr - r->base, r->count), r->bitmap);
	return filter->allow;
}

/**
 * vhm_msr_allowed() - whether the filter lets the guest access an MSR
 * @v: the vCPU, in the inner loop
 * @msr: its index
 * @write: the access
 *
 * Return: true if it does, or if there is no filter.
 */
bool vhm_msr_allowed(struct vhm_vcpu *v, u32 msr, bool write)
{
	return !v->msr_filter || is_allowed(v->msr_filter, msr, write);
}

/**
 * vhm_adopt_msr_filter() - run on the VM's filter as it is now
 * @v: vCPU about to enter, its VMCS current, IRQs off
 */
void vhm_adopt_msr_filter(struct vhm_vcpu *v)
{
	/* Pairs with the release in replace_filter(). */
	const struct vhm_msr_filter *filter = smp_load_acquire(&v->vm->msr_filter);
	u64 id = filter ? filter->id : 0;

	/* Not the address: that of a filter which is gone may be another one's. */
	if (likely(id == v->msr_filter_id))
		return;
	v->msr_filter_id = id;
	v->msr_filter = filter;
	vmx_use_bitmaps(&v->vmx, filter ? &filter->bitmaps : NULL);
	vhm_msrs_forget(v);
}

/**
 * vhm_msr_filter_free() - give a filter back
 * @filter: the filter, or NULL; nobody looks at it any more
 */
void vhm_msr_filter_free(struct vhm_msr_filter *filter)
{
	unsigned int i;

	if (!filter)
		return;
	for (i = 0; i < filter->count; i++)
		kfree(filter->range[i].bitmap);
	vmx_bitmaps_destroy(&filter->bitmaps);
	kfree(filter);
}

static int copy_range(struct vhm_msr_filter *filter, const struct kvm_msr_filter_range *user)
{
	u64 size = BITS_TO_LONGS((u64)user->nmsrs) * sizeof(long);
	unsigned long *bitmap;

	if (!user->nmsrs)
		return 0;
	if (!user->flags || user->flags & ~(KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE) ||
	    size > KVM_MSR_FILTER_MAX_BITMAP_SIZE)
		return -EINVAL;
	bitmap = memdup_user((const void __user *)user->bitmap, size);
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	filter->range[filter->count++] = (struct msr_range){
		.flags = user->flags,
		.base = user->base,
		.count = user->nmsrs,
		.bitmap = bitmap,
	};
	return 0;
}

static int fill(struct vhm_msr_filter *filter, const struct kvm_msr_filter *user)
{
	unsigned int i;
	int err;

	filter->allow = !(user->flags & KVM_MSR_FILTER_DEFAULT_DENY);
	for (i = 0; i < ARRAY_SIZE(user->ranges); i++) {
		err = copy_range(filter, &user->ranges[i]);
		if (err)
			return err;
	}
	return vmx_bitmaps_create(&filter->bitmaps, is_allowed, filter);
}

/* Whoever enters the guest from here on runs on the new one. */
static void replace_filter(struct vhm_vm *vm, struct vhm_msr_filter *filter)
{
	struct vhm_msr_filter *old;

	mutex_lock(&vm->lock);
	if (filter)
		filter->id = ++vm->msr_filters;
	old = vm->msr_filter;
	/* Pairs with the acquire in vhm_adopt_msr_filter(). */
	smp_store_release(&vm->msr_filter, filter);
	atomic64_inc(&vm->ept.generation);
	vhm_vcpus_leave_guest(vm);
	mutex_unlock(&vm->lock);
	vhm_msr_filter_free(old);
}

/**
 * vhm_set_msr_filter() - KVM_X86_SET_MSR_FILTER
 * @vm: the VM
 * @user: up to 16 ranges; without any there is no filter
 *
 * Return: 0; -EINVAL: unknown flags, a range that has none or is too long, nothing
 * allowed at all; -EFAULT; -ENOMEM.
 */
long vhm_set_msr_filter(struct vhm_vm *vm, const struct kvm_msr_filter *user)
{
	struct vhm_msr_filter *filter;
	bool empty = true;
	unsigned int i;
	int err;

	if (user->flags & ~KVM_MSR_FILTER_DEFAULT_DENY)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(user->ranges); i++)
		empty &= !user->ranges[i].nmsrs;
	if (empty && user->flags)
		return -EINVAL;
	if (empty) {
		replace_filter(vm, NULL);
		return 0;
	}
	filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	if (!filter)
		return -ENOMEM;
	err = fill(filter, user);
	if (err) {
		vhm_msr_filter_free(filter);
		return err;
	}
	replace_filter(vm, filter);
	return 0;
}

/* User space has done it, or says that it shall be a #GP. */
static enum vhm_next complete_access(struct vhm_vcpu *v)
{
	struct kvm_run *run = v->run;
	u64 *regs = v->vmx.frame.regs, data;

	if (READ_ONCE(run->msr.error)) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	}
	if (!v->asked.write) {
		data = READ_ONCE(run->msr.data);
		regs[VHM_RAX] = (u32)data;
		regs[VHM_RDX] = data >> 32;
	}
	vmx_skip_bytes(v, v->asked.rip, v->asked.length);
	return VHM_RESUME;
}

/**
 * vhm_msr_refused() - an access that the guest may not make
 * @v: the vCPU, at the exit
 * @write: WRMSR
 * @reason: KVM_MSR_EXIT_REASON_*
 *
 * Return: VHM_USER: user space wanted to know; VHM_RESUME: #GP is queued.
 */
enum vhm_next vhm_msr_refused(struct vhm_vcpu *v, bool write, u32 reason)
{
	const u64 *regs = v->vmx.frame.regs;
	struct kvm_run *run = v->run;

	if (!(READ_ONCE(v->vm->options.msr_exits) & reason)) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	}
	run->exit_reason = write ? KVM_EXIT_X86_WRMSR : KVM_EXIT_X86_RDMSR;
	run->msr.error = 0;
	memset(run->msr.pad, 0, sizeof(run->msr.pad));
	run->msr.reason = reason;
	run->msr.index = regs[VHM_RCX];
	run->msr.data = write ? (u32)regs[VHM_RAX] | regs[VHM_RDX] << 32 : 0;
	v->asked.write = write;
	vhm_ask(v, complete_access);
	return VHM_USER;
}
