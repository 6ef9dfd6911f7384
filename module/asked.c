// SPDX-License-Identifier: GPL-2.0
/*
 * An instruction that is neither I/O nor MMIO and that user space does for the
 * guest: an MSR access, a hypercall. The exit goes out, and the next KVM_RUN ends
 * the instruction.
 */
#include <linux/kernel.h>

#include "vhm.h"

/**
 * vhm_ask() - remember the exit's instruction, for user space to do
 * @v: the vCPU, at the exit; its run page is filled in
 * @complete: takes the answer from the run page, and skips the instruction or raises
 *            an exception; called with the VMCS current, preemption off
 */
void vhm_ask(struct vhm_vcpu *v, enum vhm_next (*complete)(struct vhm_vcpu *v))
{
	v->asked.complete = complete;
	v->asked.rip = vmx_rip();
	v->asked.length = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
}

/**
 * vhm_asked_complete() - go on behind an instruction that user space has done
 * @v: the vCPU
 *
 * Return: VHM_RESUME, or what the completion says.
 */
enum vhm_next vhm_asked_complete(struct vhm_vcpu *v)
{
	enum vhm_next (*complete)(struct vhm_vcpu *v) = v->asked.complete;
	enum vhm_next next = VHM_RESUME;

	v->asked.complete = NULL;
	vmx_load(&v->vmx);
	/* A user that moved RIP meanwhile meant the instruction to be dropped. */
	if (likely(vmx_rip() == v->asked.rip))
		next = complete(v);
	vmx_put();
	return next;
}
