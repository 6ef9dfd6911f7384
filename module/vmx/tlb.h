/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a vCPU has to invalidate before it enters the guest: a pure decision, so
 * that it can be tested where no TLB would show a mistake.
 */
#ifndef VHM_VMX_TLB_H
#define VHM_VMX_TLB_H

#include "../portable.h"

enum vmx_tlb_debt {
	VMX_TLB_NONE,
	VMX_TLB_INVVPID,	/* the guest's linear translations under its VPID */
	VMX_TLB_INVEPT,		/* everything that came through the VM's EPT */
};

/**
 * vmx_tlb_debt() - what is owed
 * @moved: the vCPU comes from another CPU: what this one holds under its tags
 *         is older than flushes that the guest made elsewhere
 * @ept_changed: an EPT entry was taken away since this vCPU's last INVEPT
 * @paging_changed: a paging register was changed for the guest, not by it
 * @tagged: the vCPU has a VPID; without one each entry flushes linear translations
 *
 * SDM, "Invalidating Cached Translation Information".
 *
 * Return: the least that pays for all.
 */
static inline enum vmx_tlb_debt vmx_tlb_debt(bool moved, bool ept_changed,
					     bool paging_changed, bool tagged)
{
	if (moved || ept_changed)
		return VMX_TLB_INVEPT;
	if (paging_changed && tagged)
		return VMX_TLB_INVVPID;
	return VMX_TLB_NONE;
}

#endif /* VHM_VMX_TLB_H */
