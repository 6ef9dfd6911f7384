/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of page-modification logging: pure, so that it can be tested where no CPU has it.
 */
#ifndef VHM_VMX_PML_H
#define VHM_VMX_PML_H

#include "../portable.h"

/* A page of addresses. */
#define VMX_PML_ENTRIES		512
#define VMX_PML_EMPTY		(VMX_PML_ENTRIES - 1)

/**
 * vmx_pml_first() - where the list begins
 * @index: the VMCS's PML index: where the CPU will put the next entry. It counts down from
 *         the last entry, and is 0xffff behind the first
 *
 * SDM, "Page-Modification Logging".
 *
 * Return: the first entry in use; VMX_PML_ENTRIES if there is none.
 */
static inline unsigned int vmx_pml_first(u16 index)
{
	return index < VMX_PML_ENTRIES ? index + 1u : 0;
}

#endif /* VHM_VMX_PML_H */
