/* SPDX-License-Identifier: GPL-2.0 */
/* A CPU in VMX operation; seen inside vmx/ alone. */
#ifndef VHM_VMX_CPU_H
#define VHM_VMX_CPU_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <asm/desc_defs.h>

struct vmx_vcpu;

/* The head of a VMXON region or a VMCS (SDM, "Format of the VMCS Region"). */
struct vmx_region {
	u32 revision;
	u32 abort;
	u8 data[];
};

/**
 * struct vmx_cpu - one CPU; changed on it, with IRQs off
 * @region: its VMXON region
 * @current_vcpu: whose VMCS is current
 * @vmcss: VMCSs that it may hold in its caches
 * @on: in VMX operation
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
	struct desc_ptr gdt, idt;
	unsigned long tr_base;
	u64 gs_base, sysenter_esp, sysenter_eip;
	u64 star, lstar, fmask;
	u64 tsc_aux;
	u64 xcr0;
};

DECLARE_PER_CPU(struct vmx_cpu, vmx_cpu);

#endif /* VHM_VMX_CPU_H */
