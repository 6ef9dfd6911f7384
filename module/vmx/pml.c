// SPDX-License-Identifier: GPL-2.0
/*
 * Page-modification logging: the CPU itself lists the pages that a guest writes (SDM,
 * "Page-Modification Logging").
 *
 * An entry is made when a write sets the dirty flag of a leaf of the EPT. Flags for EPT are
 * on together with the list: they make the CPU's accesses to the guest's page tables writes,
 * which a read-only slot would not bear when nobody logs.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>

#include "pml.h"
#include "vhm.h"

static_assert(VMX_PML_ENTRIES * sizeof(u64) == PAGE_SIZE);

/**
 * vmx_pml_create() - a list for a new vCPU
 * @x: the vCPU
 *
 * Return: 0, also where the CPU has no use for it, or -ENOMEM.
 */
int vmx_pml_create(struct vmx_vcpu *x)
{
	if (!vmx_caps.pml)
		return 0;
	x->pml = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	return x->pml ? 0 : -ENOMEM;
}

/**
 * vmx_pml_destroy() - undo vmx_pml_create()
 * @x: the vCPU
 */
void vmx_pml_destroy(struct vmx_vcpu *x)
{
	free_page((unsigned long)x->pml);
}

/**
 * vmx_pml_follow() - list or do not, as the VM's dirty logs want it
 * @v: the vCPU, about to pay an INVEPT; its VMCS is current, IRQs are off
 */
void vmx_pml_follow(struct vhm_vcpu *v)
{
	bool on = READ_ONCE(v->vm->ept.flags_on);
	struct vmx_vcpu *x = &v->vmx;

	if (likely(on == x->pml_on))
		return;
	x->pml_on = on;
	x->cpu2 &= ~SECONDARY_EXEC_ENABLE_PML;
	if (on) {
		x->cpu2 |= SECONDARY_EXEC_ENABLE_PML;
		vmcs_write64(PML_ADDRESS, __pa(x->pml));
		vmcs_write16(GUEST_PML_INDEX, VMX_PML_EMPTY);
	}
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, x->cpu2);
	vmcs_write64(EPT_POINTER, vhm_ept_pointer(&v->vm->ept) | (on ? VMX_EPTP_AD_ENABLE_BIT : 0));
}

/**
 * vmx_pml_drain() - mark what is in the list, and empty it
 * @v: the vCPU; its VMCS is current, IRQs are off
 */
void vmx_pml_drain(struct vhm_vcpu *v)
{
	unsigned int i = vmx_pml_first(vmcs_read16(GUEST_PML_INDEX));

	if (i == VMX_PML_ENTRIES)
		return;
	vhm_log_written(v->vm, &v->vmx.pml[i], VMX_PML_ENTRIES - i);
	vmcs_write16(GUEST_PML_INDEX, VMX_PML_EMPTY);
}
