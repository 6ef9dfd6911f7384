// SPDX-License-Identifier: GPL-2.0
/*
 * MSR bitmaps: which MSRs a guest reads and writes without an exit (SDM, "MSR-Bitmap
 * Address"). All vCPUs share one pair, but for those of a VM whose user filters MSRs.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/msr-index.h>

#include "vhm.h"

static struct vmx_bitmaps shared_bitmaps;

/* Their values are in the CPU while the guest runs, so nobody has to look on. */
static const struct {
	u32 msr;
	bool write;
	bool long_mode;		/* switched around a guest in long mode alone */
} passed_msrs[] = {
	{ MSR_FS_BASE, true },
	{ MSR_GS_BASE, true },
	{ MSR_IA32_SYSENTER_CS, true },
	{ MSR_IA32_SYSENTER_ESP, true },
	{ MSR_IA32_SYSENTER_EIP, true },
	{ MSR_IA32_TSC, false },
	{ MSR_KERNEL_GS_BASE, true, true },
};

/* Reads, then writes; low MSRs, then those from c0000000. */
static void pass_msr(unsigned long *bitmap, u32 msr, bool write)
{
	unsigned int bit = msr & 0x1fff;

	if (msr >= 0xc0000000)
		bit += 1024 * 8;
	if (write)
		bit += 2048 * 8;
	__clear_bit(bit, bitmap);
}

static void pass(struct vmx_bitmaps *b, unsigned int i, bool write)
{
	pass_msr(b->long_mode, passed_msrs[i].msr, write);
	if (!passed_msrs[i].long_mode)
		pass_msr(b->legacy, passed_msrs[i].msr, write);
}

/**
 * vmx_bitmaps_create() - a pair of MSR bitmaps
 * @b: to fill
 * @allowed: whether the guest may read or write an MSR without an exit; NULL: any
 * @ctx: for @allowed
 *
 * Return: 0 or -ENOMEM; either way vmx_bitmaps_destroy() ends it.
 */
int vmx_bitmaps_create(struct vmx_bitmaps *b,
		       bool (*allowed)(const void *ctx, u32 msr, bool write), const void *ctx)
{
	unsigned int i;

	b->legacy = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	b->long_mode = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!b->legacy || !b->long_mode)
		return -ENOMEM;
	memset(b->legacy, 0xff, PAGE_SIZE);
	memset(b->long_mode, 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(passed_msrs); i++) {
		if (!allowed || allowed(ctx, passed_msrs[i].msr, false))
			pass(b, i, false);
		if (passed_msrs[i].write &&
		    (!allowed || allowed(ctx, passed_msrs[i].msr, true)))
			pass(b, i, true);
	}
	return 0;
}

/**
 * vmx_bitmaps_destroy() - give a pair of bitmaps back
 * @b: the pair; no vCPU can run on it any more
 */
void vmx_bitmaps_destroy(struct vmx_bitmaps *b)
{
	free_page((unsigned long)b->legacy);
	free_page((unsigned long)b->long_mode);
}

/**
 * vmx_bitmaps_init() - the pair that vCPUs share
 *
 * Return: 0 or -ENOMEM.
 */
int __init vmx_bitmaps_init(void)
{
	int err = vmx_bitmaps_create(&shared_bitmaps, NULL, NULL);

	if (err)
		vmx_bitmaps_free();
	return err;
}

/**
 * vmx_bitmaps_free() - undo vmx_bitmaps_init()
 */
void vmx_bitmaps_free(void)
{
	vmx_bitmaps_destroy(&shared_bitmaps);
}

/**
 * vmx_choose_bitmap() - the one for the guest's EFER.LMA
 * @x: vCPU whose VMCS is current
 */
void vmx_choose_bitmap(struct vmx_vcpu *x)
{
	vmcs_write64(MSR_BITMAP,
		     __pa(vmx_long_mode(x) ? x->bitmaps->long_mode : x->bitmaps->legacy));
}

/**
 * vmx_use_bitmaps() - run on another pair of MSR bitmaps
 * @x: vCPU whose VMCS is current
 * @b: the pair, or NULL for the shared one
 */
void vmx_use_bitmaps(struct vmx_vcpu *x, const struct vmx_bitmaps *b)
{
	x->bitmaps = b ?: &shared_bitmaps;
	vmx_choose_bitmap(x);
}
