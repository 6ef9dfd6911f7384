// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and exit, and what has to be right just before.
 */
#include <linux/kernel.h>
#include <asm/special_insns.h>

#include "compat.h"
#include "cpu.h"
#include "enter.h"
#include "mitigate.h"
#include "tlb.h"
#include "vhm.h"

static_assert(offsetof(struct vmx_frame, regs[15]) == VMX_FRAME_REG(15));
static_assert(offsetof(struct vmx_frame, host_rsp) == VMX_FRAME_HOST_RSP);

/* SDM, "INVEPT" and "INVVPID": the types. */
#define INVALIDATE_SINGLE	1
#define INVALIDATE_ALL		2

struct invalidate_descriptor {
	u64 context;		/* VPID, or EPT pointer */
	u64 address;
};

#define DEFINE_INVALIDATION(mnemonic)					\
static void mnemonic(unsigned long type, u64 context)			\
{									\
	struct invalidate_descriptor d = { .context = context };	\
									\
	asm goto("1: " #mnemonic " %[d], %[type]\n\t"			\
		 "jna %l[failed]\n\t"					\
		 _ASM_EXTABLE(1b, %l[failed])				\
		 : : [d] "m" (d), [type] "r" (type)			\
		 : "cc", "memory" : failed);				\
	return;								\
failed:									\
	WARN_ONCE(!vmx_lost(), "vhm: " #mnemonic " failed");		\
}

DEFINE_INVALIDATION(invept)
DEFINE_INVALIDATION(invvpid)

static void pay_tlb_debt(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;
	u64 generation = atomic64_read(&v->vm->ept.generation);

	switch (vmx_tlb_debt(x->moved, v->ept_generation != generation, x->flush_owed, x->vpid)) {
	case VMX_TLB_INVEPT:
		vhm_adopt_msr_filter(v);
		vmx_pml_follow(v);
		invept(vmx_caps.invept_single ? INVALIDATE_SINGLE : INVALIDATE_ALL,
		       vhm_ept_pointer(&v->vm->ept));
		v->stats.tlb_flush++;
		break;
	case VMX_TLB_INVVPID:
		invvpid(vmx_caps.invvpid_single ? INVALIDATE_SINGLE : INVALIDATE_ALL, x->vpid);
		v->stats.tlb_flush++;
		break;
	case VMX_TLB_NONE:
		break;
	}
	v->ept_generation = generation;
	x->moved = false;
	x->flush_owed = false;
}

/**
 * vmx_prepare_entry() - bring up to date what the host may have changed
 * @v: the vCPU; its VMCS is current, IRQs are off
 *
 * Needed once behind each stretch with IRQs on: CR3 and CR4 of the host move
 * only there, and so does the EPT's generation without our seeing it, because
 * whoever raises it interrupts this CPU.
 */
void vmx_prepare_entry(struct vhm_vcpu *v)
{
	struct vmx_host_fields *f = &v->vmx.fields;
	unsigned long cr3, cr4;

	asm volatile("mov %%cr3, %0" : "=r" (cr3) : : "memory");
	asm volatile("mov %%cr4, %0" : "=r" (cr4) : : "memory");
	if (cr3 != f->cr3) {
		f->cr3 = cr3;
		vmcs_writel(HOST_CR3, cr3);
	}
	if (cr4 != f->cr4) {
		f->cr4 = cr4;
		vmcs_writel(HOST_CR4, cr4);
	}
	if (v->vmx.host.fs_base != f->fs_base) {
		f->fs_base = v->vmx.host.fs_base;
		vmcs_writel(HOST_FS_BASE, f->fs_base);
	}
	pay_tlb_debt(v);
	if (static_branch_unlikely(&vmx_l1d_flush_wanted) && vhm_irq_touched_l1d())
		v->vmx.l1d_flush = true;
}

/**
 * vmx_run_once() - enter the guest and come back
 * @v: the vCPU; its VMCS is current, IRQs are off
 *
 * Return: true behind a VM exit; false when the instruction itself failed
 * (VM_INSTRUCTION_ERROR says why).
 */
bool vmx_run_once(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;
	unsigned long failed;

	if (static_branch_unlikely(&vmx_l1d_flush_wanted))
		vmx_l1d_flush(v);
	if (x->cr2 != native_read_cr2())
		native_write_cr2(x->cr2);
	failed = vmx_enter(&x->frame, x->run_flags);
	x->cr2 = native_read_cr2();
	if (unlikely(failed))
		return false;
	return true;
}

/**
 * vmx_entered() - the entry has succeeded: VMRESUME from now on
 * @x: the vCPU
 *
 * An entry that fails on the guest's state leaves the VMCS's launch state clear,
 * although it is reported like an exit.
 */
void vmx_entered(struct vmx_vcpu *x)
{
	x->run_flags |= BIT(VMX_RUN_LAUNCHED_BIT);
}

/**
 * vmx_host_nmi() - hand an NMI that ended the guest's stay to the host
 * @x: the vCPU; its VMCS is current, IRQs are off
 *
 * The exit left NMIs blocked; the handler's IRET unblocks them.
 */
void vmx_host_nmi(struct vmx_vcpu *x)
{
	vmx_shut();
	asm volatile("int $2" : : : "memory");
	vmx_open(x);
}
