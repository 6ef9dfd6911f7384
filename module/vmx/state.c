// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's architectural state in the VMCS and beside it. Values come here
 * checked: cr.c, msr.c and state.c know what a guest and a user may set.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "vhm.h"

/*
 * Bits that the guest owns: it reads and writes them without an exit. The rest
 * is shown through the read shadow.
 */
#define CR0_GUEST_OWNED	(X86_CR0_TS | X86_CR0_MP | X86_CR0_EM | X86_CR0_WP | X86_CR0_AM)
#define CR4_GUEST_OWNED	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PGE | \
			 X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

/* Caching is the host's affair: with these set the CPU would run uncached. */
#define CR0_HOST_CLEARED	(X86_CR0_CD | X86_CR0_NW)

/**
 * vmx_get_segment() - read a segment register
 * @index: enum vmx_segment
 * @segment: filled, padding included
 */
void vmx_get_segment(unsigned int index, struct kvm_segment *segment)
{
	u32 ar = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_AR_BYTES, index));

	*segment = (struct kvm_segment){
		.base = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_BASE, index)),
		.limit = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_LIMIT, index)),
		.selector = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_SELECTOR, index)),
		.type = ar & 15,
		.s = ar >> 4 & 1,
		.dpl = ar >> 5 & 3,
		.unusable = !!(ar & VMX_AR_UNUSABLE),
		/* As KVM: what is unusable is not present, whatever bit 7 says. */
		.present = !(ar & VMX_AR_UNUSABLE),
		.avl = ar >> 12 & 1,
		.l = ar >> 13 & 1,
		.db = ar >> 14 & 1,
		.g = ar >> 15 & 1,
	};
}

static u32 segment_rights(unsigned int index, const struct kvm_segment *s)
{
	u32 ar;

	if (s->unusable || !s->present)
		return VMX_AR_UNUSABLE;
	ar = (s->type & 15) | (s->s & 1) << 4 | (s->dpl & 3) << 5 | (s->present & 1) << 7 |
	     (s->avl & 1) << 12 | (s->l & 1) << 13 | (s->db & 1) << 14 | (s->g & 1) << 15;
	/*
	 * VM entry wants the accessed bit, which older users leave out (SDM,
	 * "Checks on Guest Segment Registers").
	 */
	if (index != VMX_LDTR && vmx_caps.unrestricted_guest)
		ar |= 1;
	return ar;
}

/**
 * vmx_set_segment() - write a segment register
 * @index: enum vmx_segment
 * @segment: the new value; VM entry judges it
 */
void vmx_set_segment(unsigned int index, const struct kvm_segment *segment)
{
	vmcs_write_any(VMCS_SEGMENT_FIELD(GUEST_ES_BASE, index), segment->base);
	vmcs_write_any(VMCS_SEGMENT_FIELD(GUEST_ES_LIMIT, index), segment->limit);
	vmcs_write_any(VMCS_SEGMENT_FIELD(GUEST_ES_SELECTOR, index), segment->selector);
	vmcs_write_any(VMCS_SEGMENT_FIELD(GUEST_ES_AR_BYTES, index),
		       segment_rights(index, segment));
}

/**
 * vmx_get_cr0() - CR0 as the guest sees it
 * @x: vCPU whose VMCS is current
 *
 * Return: the value.
 */
u64 vmx_get_cr0(const struct vmx_vcpu *x)
{
	return (vmcs_readl(GUEST_CR0) & CR0_GUEST_OWNED) | (x->cr0_shadow & ~CR0_GUEST_OWNED);
}

/**
 * vmx_get_cr4() - CR4 as the guest sees it
 * @x: vCPU whose VMCS is current
 *
 * Return: the value.
 */
u64 vmx_get_cr4(const struct vmx_vcpu *x)
{
	return (vmcs_readl(GUEST_CR4) & CR4_GUEST_OWNED) | (x->cr4_shadow & ~CR4_GUEST_OWNED);
}

/**
 * vmx_set_cr0() - write CR0
 * @v: vCPU whose VMCS is current
 * @value: as the guest is to see it
 */
void vmx_set_cr0(struct vhm_vcpu *v, u64 value)
{
	struct vmx_vcpu *x = &v->vmx;
	u64 hardware = (value & ~CR0_HOST_CLEARED) | vmx_caps.cr0_fixed0;

	if ((vmcs_readl(GUEST_CR0) ^ hardware) & (X86_CR0_PG | X86_CR0_WP | X86_CR0_PE))
		x->flush_owed = true;
	x->cr0_shadow = value;
	vmcs_writel(CR0_READ_SHADOW, value);
	vmcs_writel(CR0_GUEST_HOST_MASK, ~(u64)CR0_GUEST_OWNED);
	vmcs_writel(GUEST_CR0, hardware);
}

/**
 * vmx_set_cr4() - write CR4
 * @v: vCPU whose VMCS is current
 * @value: as the guest is to see it
 *
 * MCE stays on whatever the guest wants: a machine check in the guest is the
 * host's, and with CR4.MCE clear it would shut the CPU down.
 */
void vmx_set_cr4(struct vhm_vcpu *v, u64 value)
{
	struct vmx_vcpu *x = &v->vmx;
	u64 hardware = value | vmx_caps.cr4_fixed0 | X86_CR4_MCE;

	if ((vmcs_readl(GUEST_CR4) ^ hardware) &
	    (X86_CR4_PGE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP))
		x->flush_owed = true;
	x->cr4_shadow = value;
	vmcs_writel(CR4_READ_SHADOW, value);
	vmcs_writel(CR4_GUEST_HOST_MASK, ~(u64)CR4_GUEST_OWNED);
	vmcs_writel(GUEST_CR4, hardware);
}

/**
 * vmx_set_efer() - write EFER; LMA and the IA-32e entry control agree
 * @v: vCPU whose VMCS is current
 * @value: as the guest is to see it
 */
void vmx_set_efer(struct vhm_vcpu *v, u64 value)
{
	struct vmx_vcpu *x = &v->vmx;
	bool was_long = x->efer & EFER_LMA, is_long = value & EFER_LMA;

	if ((x->efer ^ value) & (EFER_NX | EFER_LMA))
		x->flush_owed = true;
	x->efer = value;
	if (vmx_caps.efer_controls)
		vmcs_write64(GUEST_IA32_EFER, value);
	else
		x->efer_entry.value = value;
	if (was_long == is_long)
		return;
	vmcs_write32(VM_ENTRY_CONTROLS,
		     vmx_caps.entry | (is_long ? VM_ENTRY_IA32E_MODE : 0));
	vmx_choose_bitmap(x);
}

static void write_dr7(struct vmx_vcpu *x, u64 value)
{
	x->vmcs_dr7 = value;
	vmcs_writel(GUEST_DR7, value);
}

/**
 * vmx_set_dr7() - write DR7; the value has been checked
 * @x: vCPU whose VMCS is current
 * @value: the value
 */
void vmx_set_dr7(struct vmx_vcpu *x, u64 value)
{
	x->dr7 = value;
	if (likely(!x->debugger))
		write_dr7(x, value);
}

/**
 * vmx_set_debugger() - whose breakpoints are in use
 * @x: vCPU whose VMCS is current
 * @dr: four addresses of user space's, or NULL: the guest's own
 * @dr7: with @dr; VM entry judges it
 */
void vmx_set_debugger(struct vmx_vcpu *x, const u64 *dr, u64 dr7)
{
	x->debugger = dr;
	if (dr)
		memcpy(x->debugger_dr, dr, sizeof(x->debugger_dr));
	write_dr7(x, dr ? dr7 : x->dr7);
}

/**
 * vmx_set_debugctl() - write IA32_DEBUGCTL; the value has been checked
 * @x: vCPU whose VMCS is current
 * @value: the value
 */
void vmx_set_debugctl(struct vmx_vcpu *x, u64 value)
{
	x->debugctl = value;
	/* With BTF, TF would step from branch to branch. */
	if (unlikely(x->stepping))
		value &= ~(u64)DEBUGCTLMSR_BTF;
	vmcs_write64(GUEST_IA32_DEBUGCTL, value);
}

/**
 * vmx_set_stepping() - RFLAGS.TF is user space's
 * @x: vCPU whose VMCS is current
 * @on: whether it is
 */
void vmx_set_stepping(struct vmx_vcpu *x, bool on)
{
	x->stepping = on;
	vmx_set_debugctl(x, x->debugctl);
}

/**
 * vmx_intercept_breakpoint() - whether INT3 leaves the guest
 * @x: vCPU whose VMCS is current
 * @on: whether it does
 */
void vmx_intercept_breakpoint(struct vmx_vcpu *x, bool on)
{
	u32 bitmap = vmcs_read32(EXCEPTION_BITMAP) & ~BIT(X86_TRAP_BP);

	vmcs_write32(EXCEPTION_BITMAP, bitmap | (on ? BIT(X86_TRAP_BP) : 0));
}

/**
 * vmx_linear_rip() - where the guest's next instruction is
 * @x: vCPU whose VMCS is current
 *
 * Return: its linear address.
 */
u64 vmx_linear_rip(const struct vmx_vcpu *x)
{
	if (vmx_code_bits(x) == 64)
		return vmx_rip();
	return (u32)(vmcs_readl(GUEST_CS_BASE) + vmx_rip());
}

/**
 * vmx_set_tsc() - what is added to the host's TSC when the guest reads its own
 * @x: vCPU whose VMCS is current
 * @offset: in ticks
 */
void vmx_set_tsc(struct vmx_vcpu *x, u64 offset)
{
	x->tsc_offset = offset;
	vmcs_write64(TSC_OFFSET, offset);
}

/**
 * vmx_set_pat() - write IA32_PAT; the value has been checked
 * @x: vCPU whose VMCS is current
 * @value: the value
 */
void vmx_set_pat(struct vmx_vcpu *x, u64 value)
{
	x->pat = value;
	vmcs_write64(GUEST_IA32_PAT, value);
}

/**
 * vmx_set_pdptes() - the four entries that PAE paging keeps in the CPU
 * @x: vCPU whose VMCS is current
 * @pdpte: the entries
 */
void vmx_set_pdptes(struct vmx_vcpu *x, const u64 pdpte[4])
{
	vmcs_write64(GUEST_PDPTR0, pdpte[0]);
	vmcs_write64(GUEST_PDPTR1, pdpte[1]);
	vmcs_write64(GUEST_PDPTR2, pdpte[2]);
	vmcs_write64(GUEST_PDPTR3, pdpte[3]);
}

/**
 * vmx_get_pdptes() - the four entries that PAE paging keeps in the CPU
 * @pdpte: to fill; the VMCS is current, its guest under PAE paging
 */
void vmx_get_pdptes(u64 pdpte[4])
{
	pdpte[0] = vmcs_read64(GUEST_PDPTR0);
	pdpte[1] = vmcs_read64(GUEST_PDPTR1);
	pdpte[2] = vmcs_read64(GUEST_PDPTR2);
	pdpte[3] = vmcs_read64(GUEST_PDPTR3);
}

static void set_cpu_control(struct vmx_vcpu *x, u32 bit, bool on)
{
	u32 value = on ? x->cpu_based | bit : x->cpu_based & ~bit;

	if (value == x->cpu_based)
		return;
	x->cpu_based = value;
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, value);
}

/**
 * vmx_set_tpr_threshold() - exit when the task priority falls below a class
 * @x: vCPU that has a virtual-APIC page, its VMCS current
 * @class: bits 7:4 of a vector that the task priority holds back; 0: never
 */
void vmx_set_tpr_threshold(struct vmx_vcpu *x, u32 class)
{
	if (x->tpr_threshold == class)
		return;
	x->tpr_threshold = class;
	vmcs_write32(TPR_THRESHOLD, class);
}

/**
 * vmx_set_interrupt_window() - exit as soon as the guest can take an interrupt
 * @x: vCPU whose VMCS is current
 * @open: whether to exit so
 */
void vmx_set_interrupt_window(struct vmx_vcpu *x, bool open)
{
	set_cpu_control(x, CPU_BASED_INTR_WINDOW_EXITING, open);
}

/**
 * vmx_set_nmi_window() - exit as soon as the guest can take an NMI
 * @x: vCPU whose VMCS is current
 * @open: whether to exit so
 */
void vmx_set_nmi_window(struct vmx_vcpu *x, bool open)
{
	set_cpu_control(x, CPU_BASED_NMI_WINDOW_EXITING, open);
}

/**
 * vmx_code_bits() - the default operand and address size of the code segment
 * @x: vCPU whose VMCS is current
 *
 * Return: 16, 32 or 64.
 */
unsigned int vmx_code_bits(const struct vmx_vcpu *x)
{
	u32 ar = vmcs_read32(GUEST_CS_AR_BYTES);

	if (vmx_long_mode(x) && ar & VMX_AR_LONG)
		return 64;
	return ar & VMX_AR_BIG ? 32 : 16;
}

/**
 * vmx_stack_size() - how much of RSP addresses the stack
 * @x: vCPU whose VMCS is current
 *
 * Return: 2, 4 or 8 bytes.
 */
unsigned int vmx_stack_size(const struct vmx_vcpu *x)
{
	if (vmx_code_bits(x) == 64)
		return 8;
	return vmcs_read32(GUEST_SS_AR_BYTES) & VMX_AR_BIG ? 4 : 2;
}

static __always_inline void end_shadow(void)
{
	u32 shadow = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);

	if (unlikely(shadow & (GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)))
		vmcs_write32(GUEST_INTERRUPTIBILITY_INFO,
			     shadow & ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS));
}

static __always_inline void end_instruction(struct vhm_vcpu *v, u64 rip, bool branch)
{
	u64 rflags = vmx_rflags();

	vmcs_writel(GUEST_RIP, rip);
	end_shadow();
	if (likely(!(rflags & (X86_EFLAGS_TF | X86_EFLAGS_RF))))
		return;
	if (rflags & X86_EFLAGS_RF)
		vmcs_writel(GUEST_RFLAGS, rflags & ~X86_EFLAGS_RF);
	if (rflags & X86_EFLAGS_TF)
		vhm_end_step(v, branch);
}

/**
 * vmx_skip_bytes() - the instruction at RIP is done
 * @v: vCPU whose VMCS is current
 * @rip: where it stands
 * @length: its bytes
 *
 * What the end of an instruction does: RFLAGS.RF and the shadow of STI or MOV SS
 * end, and with RFLAGS.TF a debug exception follows.
 */
void vmx_skip_bytes(struct vhm_vcpu *v, u64 rip, unsigned int length)
{
	u64 next = rip + length;

	/* Only 64-bit code has a RIP above 4 GiB. */
	if (unlikely((rip ^ next) >> 32) && vmx_code_bits(&v->vmx) != 64)
		next = (u32)next;
	end_instruction(v, next, false);
}

/**
 * vmx_end_iteration() - an iteration of a repeated instruction is done, and not its last
 * @v: vCPU whose VMCS is current, RIP on the instruction
 *
 * SDM, "Instruction-Breakpoint Exception Condition" and "Single-Step Exception
 * Condition": RFLAGS.RF is set until the last, so that a breakpoint on the
 * instruction does not strike again; a step ends with each.
 */
void vmx_end_iteration(struct vhm_vcpu *v)
{
	u64 rflags = vmx_rflags();

	end_shadow();
	vmcs_writel(GUEST_RFLAGS, rflags | X86_EFLAGS_RF);
	if (unlikely(rflags & X86_EFLAGS_TF))
		vhm_end_step(v, false);
}

/**
 * vmx_branch() - the instruction at RIP is done, and leads elsewhere
 * @v: vCPU whose VMCS is current
 * @rip: where; it has been checked
 *
 * Does what vmx_skip_bytes() does at the end of other instructions.
 */
void vmx_branch(struct vhm_vcpu *v, u64 rip)
{
	end_instruction(v, rip, true);
}

/**
 * vmx_skip_instruction() - the exit's own instruction is done
 * @v: vCPU whose VMCS is current
 */
void vmx_skip_instruction(struct vhm_vcpu *v)
{
	vmx_skip_bytes(v, vmx_rip(), vmcs_read32(VM_EXIT_INSTRUCTION_LEN));
}
