/* SPDX-License-Identifier: GPL-2.0 */
/* A CPU in VMX operation; seen inside vmx/ alone. */
#ifndef VHM_VMX_CPU_H
#define VHM_VMX_CPU_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <asm/asm.h>
#include <asm/desc_defs.h>

struct vmx_vcpu;

/* The head of a VMXON region or a VMCS (SDM, "Format of the VMCS Region"). */
struct vmx_region {
	u32 revision;
	u32 abort;
	u8 data[];
};

/* How a CPU is in VMX operation under the policy vmxon=run. */
enum vmx_window {
	VMX_WINDOW_SHUT,	/* not for us */
	VMX_WINDOW_OWN,		/* by our VMXON */
	VMX_WINDOW_BORROWED,	/* by that of another hypervisor */
};

/**
 * struct vmx_cpu - one CPU; changed on it, with IRQs off
 * @region: its VMXON region
 * @current_vcpu: whose VMCS is current
 * @vmcss: VMCSs that it may hold in its caches
 * @on: in VMX operation, from load to unload (vmxon=load)
 * @window: in VMX operation, for a moment (vmxon=run)
 * @depth: how many vmx_window_open() are to be undone
 * @flags: RFLAGS of whoever opened the window
 * @foreign_vmxe: CR4.VMXE as it was before
 * @lender: the other hypervisor's current VMCS, or all ones
 * @last: whose guest ran here last, for vmxon=run; not to be followed
 * @gdt: the host's own state from here on, constant while the CPU is online
 * @idt: interrupt descriptor table
 * @tr_base: the TSS
 * @gs_base: the kernel's per-CPU data
 * @sysenter_esp: MSR of that name, as all below
 * @sysenter_eip: SYSENTER's target
 * @star: SYSCALL's selectors
 * @lstar: SYSCALL's target
 * @fmask: SYSCALL's mask of RFLAGS
 * @tsc_aux: what RDTSCP and RDPID tell
 * @xcr0: state components that the host has enabled
 */
struct vmx_cpu {
	struct vmx_region *region;
	struct vmx_vcpu *current_vcpu;
	struct list_head vmcss;
	bool on;
	enum vmx_window window;
	unsigned int depth;
	unsigned long flags;
	unsigned long foreign_vmxe;
	u64 lender;
	struct vmx_vcpu *last;
	struct desc_ptr gdt, idt;
	unsigned long tr_base;
	u64 gs_base, sysenter_esp, sysenter_eip;
	u64 star, lstar, fmask;
	u64 tsc_aux;
	u64 xcr0;
};

DECLARE_PER_CPU(struct vmx_cpu, vmx_cpu);

/*
 * VMXON, VMCLEAR and VMPTRLD take a region's physical address and say in CF or ZF
 * that they failed (SDM, "Conventions"); a fault counts as failure, too.
 */
#define DEFINE_VMX_INSTRUCTION(mnemonic)				\
static inline int mnemonic(u64 address)					\
{									\
	asm goto("1: " #mnemonic " %[address]\n\t"			\
		 "jna %l[failed]\n\t"					\
		 _ASM_EXTABLE(1b, %l[failed])				\
		 : : [address] "m" (address) : "cc", "memory" : failed);	\
	return 0;							\
failed:									\
	return -EIO;							\
}

DEFINE_VMX_INSTRUCTION(vmxon)
DEFINE_VMX_INSTRUCTION(vmclear)
DEFINE_VMX_INSTRUCTION(vmptrld)

/* Faults outside VMX operation, and then @address is left alone. */
static inline int vmptrst(u64 *address)
{
	asm goto("1: vmptrst %[address]\n\t"
		 _ASM_EXTABLE(1b, %l[failed])
		 : : [address] "m" (*address) : "cc", "memory" : failed);
	return 0;
failed:
	return -EIO;
}

static inline void vmxoff(void)
{
	asm goto("1: vmxoff\n\t"
		 _ASM_EXTABLE(1b, %l[gone])
		 : : : "cc", "memory" : gone);
gone:
	return;
}

/* What is in the register, not what the kernel remembers. */
static inline unsigned long live_cr4(void)
{
	unsigned long value;

	asm volatile("mov %%cr4, %0" : "=r" (value));
	return value;
}

/* Behind the back of the kernel, whose shadow of CR4 stays as it is. */
static inline void write_live_cr4(unsigned long value)
{
	asm volatile("mov %0, %%cr4" : : "r" (value) : "memory");
}

/* cpu.c, for window.c */
void vmx_forget_here(struct vmx_cpu *c, struct vmx_vcpu *x);

/* window.c */
int vmx_window_begin(struct vmx_cpu *c);
void vmx_window_end(struct vmx_cpu *c);
void vmx_window_forget(struct vmx_vcpu *x);

#endif /* VHM_VMX_CPU_H */
