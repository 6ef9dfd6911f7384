// SPDX-License-Identifier: GPL-2.0
/*
 * The policy vmxon=run: a CPU is in VMX operation only as long as somebody needs a
 * VMCS: a stay in the guest's loop, or a look at registers.
 *
 * The kernel remembers CR4 in a shadow and writes the register from it, so a
 * CR4.VMXE that the shadow lacks is a #GP to come. Here it is set behind the
 * kernel's back; in return, IRQs are off from before until after, and the window is
 * shut before a host interrupt or an NMI of the guest's time is taken. No VMCS
 * stays in a CPU between windows.
 *
 * Where another hypervisor has the CPU in VMX operation already, the window is
 * borrowed: it gets its current VMCS back, and nothing else of it was touched
 * (translations are tagged with the EPT they came through).
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <asm/processor-flags.h>

#include "compat.h"
#include "cpu.h"
#include "vhm.h"

DEFINE_STATIC_KEY_FALSE(vmx_windows);

#define NO_VMCS		(~0ULL)

static int begin_own(struct vmx_cpu *c)
{
	unsigned long cr4 = live_cr4();
	int err;

	c->foreign_vmxe = cr4 & X86_CR4_VMXE;
	vhm_pt_handle_vmx(1);
	write_live_cr4(cr4 | X86_CR4_VMXE);
	err = vmxon(__pa(c->region));
	if (err) {
		write_live_cr4(cr4);
		vhm_pt_handle_vmx(0);
		return err;
	}
	c->window = VMX_WINDOW_OWN;
	return 0;
}

static void end_own(struct vmx_cpu *c)
{
	vmxoff();
	write_live_cr4((live_cr4() & ~X86_CR4_VMXE) | c->foreign_vmxe);
	vhm_pt_handle_vmx(0);
}

/**
 * vmx_window_begin() - be in VMX operation; no VMCS of ours is current yet
 * @c: this CPU; IRQs are off
 *
 * Under vmxon=load there is nothing to do.
 *
 * Return: 0 or -EIO; either way vmx_window_end() ends it.
 */
int vmx_window_begin(struct vmx_cpu *c)
{
	if (!static_branch_unlikely(&vmx_windows))
		return 0;
	if (live_cr4() & X86_CR4_VMXE && !vmptrst(&c->lender)) {
		c->window = VMX_WINDOW_BORROWED;
		return 0;
	}
	return begin_own(c);
}

/**
 * vmx_window_end() - undo vmx_window_begin(); no VMCS of ours may be in the CPU
 * @c: this CPU; IRQs are off
 */
void vmx_window_end(struct vmx_cpu *c)
{
	if (c->window == VMX_WINDOW_OWN)
		end_own(c);
	else if (c->window == VMX_WINDOW_BORROWED && c->lender != NO_VMCS)
		WARN_ONCE(vmptrld(c->lender), "vhm: another hypervisor's VMCS is gone");
	c->window = VMX_WINDOW_SHUT;
}

/**
 * vmx_window_open() - IRQs off, VMX operation, and a VMCS current
 * @x: its vCPU; preemption is off
 *
 * May nest, for the same vCPU.
 */
void vmx_window_open(struct vmx_vcpu *x)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	unsigned long flags;

	local_irq_save(flags);
	if (c->depth++)
		return;
	c->flags = flags;
	WARN_ONCE(vmx_window_begin(c), "vhm: VMXON failed");
	vmx_make_current(x);
}

/**
 * vmx_window_shut() - undo vmx_window_open()
 */
void vmx_window_shut(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);

	if (--c->depth)
		return;
	vmx_forget_here(c, c->current_vcpu);
	vmx_window_end(c);
	local_irq_restore(c->flags);
}

/**
 * vmx_window_forget() - a vCPU's address may soon be another's
 * @x: the vCPU; nobody runs it any more
 */
void vmx_window_forget(struct vmx_vcpu *x)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cmpxchg(&per_cpu(vmx_cpu, cpu).last, x, NULL);
}
