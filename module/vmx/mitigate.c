// SPDX-License-Identifier: GPL-2.0
/*
 * L1 Terminal Fault: on an affected CPU a guest can read what the host left in
 * the L1 data cache, so it is flushed before the guest runs. The kernel's own
 * switches decide: l1tf= and mitigations= on its command line.
 *
 * The rest of the mitigations sit where they act: VERW, return-stack fill, IBRS
 * and branch history in enter.S, IBPB in vmx_make_current().
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/bugs.h>
#include <asm/msr-index.h>
#include <asm/processor.h>

#include "compat.h"
#include "mitigate.h"
#include "vhm.h"

/* Larger than any L1 data cache of an affected CPU, as the kernel's document on L1TF advises. */
#define FLUSH_ORDER	4
#define FLUSH_SIZE	(PAGE_SIZE << FLUSH_ORDER)
#define FLUSH_LINE	64

DEFINE_STATIC_KEY_FALSE(vmx_l1d_flush_wanted);

/* Flush at every entry, not only after what may have brought secrets in. */
static bool always;
static char *flush_pages;

/* Where the CPU has no command for it, the cache is filled with other things. */
static void displace_l1d(void)
{
	unsigned long i;

	/* The translations first, so that the walks do not disturb what follows. */
	for (i = 0; i < FLUSH_SIZE; i += PAGE_SIZE)
		READ_ONCE(flush_pages[i]);
	/* CPUID lets nothing pass that is still under way. */
	cpuid_eax(0);
#pragma GCC unroll 16
	for (i = 0; i < FLUSH_SIZE; i += FLUSH_LINE)
		READ_ONCE(flush_pages[i]);
	/* No entry before the last of these loads is done. */
	rmb();
}

/**
 * vmx_l1d_flush() - flush the L1 data cache if it is due
 * @v: the vCPU about to enter, IRQs off
 */
void vmx_l1d_flush(struct vhm_vcpu *v)
{
	if (!always && !v->vmx.l1d_flush)
		return;
	v->vmx.l1d_flush = false;
	vhm_irq_l1d_clean();
	v->stats.l1d_flush++;
	if (boot_cpu_has(X86_FEATURE_FLUSH_L1D))
		vhm_wrmsr(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
	else
		displace_l1d();
}

static enum vmx_l1d_flush_state choose(void)
{
	if (!boot_cpu_has_bug(X86_BUG_L1TF))
		return VMENTER_L1D_FLUSH_NOT_REQUIRED;
	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES) &&
	    vhm_rdmsr(MSR_IA32_ARCH_CAPABILITIES) & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH)
		return VMENTER_L1D_FLUSH_NOT_REQUIRED;
	switch (vhm_l1tf_mitigation()) {
	case L1TF_MITIGATION_OFF:
		return VMENTER_L1D_FLUSH_NEVER;
	case L1TF_MITIGATION_FULL:
	case L1TF_MITIGATION_FULL_FORCE:
		return VMENTER_L1D_FLUSH_ALWAYS;
	default:
		return VMENTER_L1D_FLUSH_COND;
	}
}

/**
 * vmx_mitigate_init() - follow the kernel's switches, and show it in
 * /sys/devices/system/cpu/vulnerabilities/l1tf
 *
 * Return: 0 or -ENOMEM.
 */
int __init vmx_mitigate_init(void)
{
	enum vmx_l1d_flush_state state = choose();
	struct page *pages;
	int i;

	always = state == VMENTER_L1D_FLUSH_ALWAYS;
	if (always || state == VMENTER_L1D_FLUSH_COND) {
		pages = alloc_pages(GFP_KERNEL, FLUSH_ORDER);
		if (!pages)
			return -ENOMEM;
		flush_pages = page_address(pages);
		/* All different, so that nothing merges them. */
		for (i = 0; i < 1 << FLUSH_ORDER; i++)
			memset(flush_pages + i * PAGE_SIZE, i + 1, PAGE_SIZE);
		static_branch_enable(&vmx_l1d_flush_wanted);
	}
	vhm_l1tf_show(state);
	return 0;
}

/**
 * vmx_mitigate_exit() - undo vmx_mitigate_init()
 */
void vmx_mitigate_exit(void)
{
	vhm_l1tf_show(VMENTER_L1D_FLUSH_AUTO);
	free_pages((unsigned long)flush_pages, FLUSH_ORDER);
}
