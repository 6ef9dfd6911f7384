// SPDX-License-Identifier: GPL-2.0
/*
 * What the VMCS does not switch: FPU, SYSCALL MSRs, KERNEL_GS_BASE, TSC_AUX,
 * XCR0, debug registers, and the host's selectors.
 *
 * Loaded before the inner loop and put back behind it; a value that is equal on
 * both sides is left alone, and so is what the guest in its present mode cannot
 * use.
 */
#include <linux/hw_breakpoint.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <asm/desc.h>
#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/fsgsbase.h>
#include <asm/msr-index.h>
#include <asm/segment.h>

#include "compat.h"
#include "cpu.h"
#include "mitigate.h"
#include "vhm.h"

/* CPUID leaf of the extended state. */
#define XSTATE_LEAF	0xd

#define MXCSR_RESET	0x1f80
#define FCW_RESET	0x037f

/**
 * vmx_load() - make a vCPU's VMCS current and stay on this CPU
 * @x: the vCPU
 *
 * Pairs with vmx_put(); they may nest. Under vmxon=run IRQs are off between the two.
 */
void vmx_load(struct vmx_vcpu *x)
{
	vmx_stay(x);
	vmx_open(x);
}

/**
 * vmx_put() - end what vmx_load() began; under vmxon=load the VMCS stays loaded
 */
void vmx_put(void)
{
	vmx_shut();
	preempt_enable();
}

/**
 * vmx_stay() - stay on this CPU, where vmx_open() will have the VMCS current
 * @x: the vCPU
 */
void vmx_stay(struct vmx_vcpu *x)
{
	preempt_disable();
	if (!static_branch_unlikely(&vmx_windows) && this_cpu_read(vmx_cpu.current_vcpu) != x)
		vmx_make_current(x);
}

/**
 * vmx_leave() - end what vmx_stay() began
 */
void vmx_leave(void)
{
	preempt_enable();
}

/**
 * vmx_fpu_size() - the XSAVE area for the components that vhm switches
 *
 * Return: its size in bytes, in the standard format.
 */
unsigned int vmx_fpu_size(void)
{
	unsigned int size = sizeof(struct fxregs_state) + sizeof(struct xstate_header);
	unsigned int component, end, eax, ebx, ecx, edx;

	for (component = 2; component < 8; component++) {
		if (!(vmx_caps.xcr0 & BIT_ULL(component)))
			continue;
		cpuid_count(XSTATE_LEAF, component, &eax, &ebx, &ecx, &edx);
		end = ebx + eax;
		size = max(size, end);
	}
	return size;
}

/**
 * vmx_fpu_reset() - the FPU as after a reset
 * @x: the vCPU; not running
 */
void vmx_fpu_reset(struct vmx_vcpu *x)
{
	struct xregs_state *area = page_address(x->fpu);

	memset(area, 0, PAGE_SIZE);
	area->i387.cwd = FCW_RESET;
	area->i387.mxcsr = MXCSR_RESET;
	area->header.xfeatures = XFEATURE_MASK_FPSSE;
}

/* A component that is not in the area's header is in its initial state, whatever the area holds. */
static bool is_sse_initial(const struct vmx_vcpu *x)
{
	const struct xregs_state *area = page_address(x->fpu);

	return vmx_caps.xcr0 && !(area->header.xfeatures & XFEATURE_MASK_SSE);
}

/**
 * vmx_get_xmm() - read an XMM register of the guest
 * @x: the vCPU; not running
 * @number: 0 to 15
 * @value: to fill
 */
void vmx_get_xmm(const struct vmx_vcpu *x, unsigned int number, u64 value[2])
{
	const struct xregs_state *area = page_address(x->fpu);
	const u64 *xmm = (const u64 *)area->i387.xmm_space + 2 * number;
	bool initial = is_sse_initial(x);

	value[0] = initial ? 0 : xmm[0];
	value[1] = initial ? 0 : xmm[1];
}

/**
 * vmx_set_xmm() - write an XMM register of the guest; the rest of its YMM register stays
 * @x: the vCPU; not running
 * @number: 0 to 15
 * @value: the value
 */
void vmx_set_xmm(struct vmx_vcpu *x, unsigned int number, const u64 value[2])
{
	struct xregs_state *area = page_address(x->fpu);
	u64 *xmm = (u64 *)area->i387.xmm_space + 2 * number;

	if (is_sse_initial(x)) {
		memset(area->i387.xmm_space, 0, sizeof(area->i387.xmm_space));
		area->header.xfeatures |= XFEATURE_MASK_SSE;
	}
	xmm[0] = value[0];
	xmm[1] = value[1];
}

static void fpu_save(struct vmx_vcpu *x)
{
	struct xregs_state *area = page_address(x->fpu);

	if (vmx_caps.xcr0)
		asm volatile("xsave64 %0" : "+m" (*area)
			     : "a" ((u32)vmx_caps.xcr0), "d" (0) : "memory");
	else
		asm volatile("fxsave64 %0" : "=m" (area->i387));
}

static int fpu_restore(struct vmx_vcpu *x)
{
	struct xregs_state *area = page_address(x->fpu);

	if (vmx_caps.xcr0)
		asm goto("1: xrstor64 %[area]\n\t"
			 _ASM_EXTABLE(1b, %l[bad])
			 : : [area] "m" (*area), "a" ((u32)vmx_caps.xcr0), "d" (0)
			 : "memory" : bad);
	else
		asm goto("1: fxrstor64 %[area]\n\t"
			 _ASM_EXTABLE(1b, %l[bad])
			 : : [area] "m" (area->i387) : "memory" : bad);
	return 0;
bad:
	return -EINVAL;
}

static void fpu_load(struct vmx_vcpu *x)
{
	/* Saves the task's registers; they come back when it returns to user space. */
	kernel_fpu_begin_mask(0);
	if (unlikely(fpu_restore(x))) {
		/* What a user may set is checked; should that ever miss something: */
		vmx_fpu_reset(x);
		fpu_restore(x);
	}
}

static void host_save(struct vmx_vcpu *x)
{
	struct vmx_host *h = &x->host;

	savesegment(ds, h->ds);
	savesegment(es, h->es);
	savesegment(fs, h->fs);
	savesegment(gs, h->gs);
	store_ldt(h->ldt);
	h->fs_base = boot_cpu_has(X86_FEATURE_FSGSBASE) ? rdfsbase() : vhm_rdmsr(MSR_FS_BASE);
	h->debugctl = vhm_rdmsr(MSR_IA32_DEBUGCTLMSR);
}

/* The GS selector's load replaces the base that user space will get back by SWAPGS. */
static void restore_gs(u16 selector)
{
	u64 base = vhm_rdmsr(MSR_KERNEL_GS_BASE);

	load_gs_index(selector);
	vhm_wrmsr(MSR_KERNEL_GS_BASE, base);
}

static void restore_fs(u16 selector, u64 base)
{
	loadsegment(fs, selector);
	vhm_wrmsr(MSR_FS_BASE, base);
}

static void host_restore(struct vmx_vcpu *x)
{
	const struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	const struct vmx_host *h = &x->host;

	if (unlikely(h->ldt))
		asm volatile("lldt %0" : : "r" (h->ldt));
	if (unlikely(h->fs))
		restore_fs(h->fs, h->fs_base);
	if (unlikely(h->gs))
		restore_gs(h->gs);
	if (unlikely(h->ds | h->es)) {
		loadsegment(ds, h->ds);
		loadsegment(es, h->es);
	}
	/* An exit sets the limits of TSS, GDT and IDT to fixed values. */
	invalidate_tss_limit();
	native_load_gdt(&c->gdt);
	native_load_idt(&c->idt);
	if (unlikely(h->debugctl))
		vhm_wrmsr(MSR_IA32_DEBUGCTLMSR, h->debugctl);
}

/* A user cannot see KERNEL_GS_BASE or SYSCALL's targets from a guest that is not in long mode. */
static void msrs_load(struct vmx_vcpu *x, const struct vmx_cpu *c)
{
	if (vmx_long_mode(x)) {
		x->host.kernel_gs_base = vhm_rdmsr(MSR_KERNEL_GS_BASE);
		if (x->host.kernel_gs_base != x->kernel_gs_base)
			vhm_wrmsr(MSR_KERNEL_GS_BASE, x->kernel_gs_base);
		x->switched |= VMX_SWITCHED_KERNEL_GS;
	}
	if (x->efer & EFER_SCE &&
	    (x->star != c->star || x->lstar != c->lstar || x->fmask != c->fmask)) {
		if (x->star != c->star)
			vhm_wrmsr(MSR_STAR, x->star);
		if (x->lstar != c->lstar)
			vhm_wrmsr(MSR_LSTAR, x->lstar);
		if (x->fmask != c->fmask)
			vhm_wrmsr(MSR_SYSCALL_MASK, x->fmask);
		x->switched |= VMX_SWITCHED_SYSCALL;
	}
	if (vmx_caps.rdtscp && x->tsc_aux != c->tsc_aux) {
		vhm_wrmsr(MSR_TSC_AUX, x->tsc_aux);
		x->switched |= VMX_SWITCHED_TSC_AUX;
	}
}

static void msrs_put(struct vmx_vcpu *x, const struct vmx_cpu *c)
{
	if (x->switched & VMX_SWITCHED_KERNEL_GS) {
		x->kernel_gs_base = vhm_rdmsr(MSR_KERNEL_GS_BASE);
		if (x->kernel_gs_base != x->host.kernel_gs_base)
			vhm_wrmsr(MSR_KERNEL_GS_BASE, x->host.kernel_gs_base);
	}
	if (x->switched & VMX_SWITCHED_SYSCALL) {
		/* Writes by the guest exit, and went to the copies alone. */
		vhm_wrmsr(MSR_STAR, c->star);
		vhm_wrmsr(MSR_LSTAR, c->lstar);
		vhm_wrmsr(MSR_SYSCALL_MASK, c->fmask);
	}
	if (x->switched & VMX_SWITCHED_TSC_AUX)
		vhm_wrmsr(MSR_TSC_AUX, c->tsc_aux);
}

static bool guest_breakpoints(const struct vmx_vcpu *x)
{
	return x->vmcs_dr7 & (DR_GLOBAL_ENABLE_MASK | DR_LOCAL_ENABLE_MASK);
}

static void save_host_breakpoints(struct vmx_host *h)
{
	get_debugreg(h->dr[0], 0);
	get_debugreg(h->dr[1], 1);
	get_debugreg(h->dr[2], 2);
	get_debugreg(h->dr[3], 3);
}

/**
 * vmx_debug_load() - put the guest's breakpoints into the CPU, if it uses any
 * @x: the vCPU; IRQs are off, and stay so until vmx_debug_put(): the host changes its own
 *     breakpoints by an interrupt
 */
void vmx_debug_load(struct vmx_vcpu *x)
{
	const u64 *dr = x->debugger ? x->debugger_dr : x->dr;

	if (likely(!guest_breakpoints(x)))
		return;
	save_host_breakpoints(&x->host);
	/* The host's own must not strike while the addresses are the guest's. */
	set_debugreg(0, 7);
	set_debugreg(dr[0], 0);
	set_debugreg(dr[1], 1);
	set_debugreg(dr[2], 2);
	set_debugreg(dr[3], 3);
	x->switched |= VMX_SWITCHED_DEBUG;
}

/**
 * vmx_debug_put() - the host's breakpoints again, if it uses any; an exit cleared DR7
 * @x: the vCPU; IRQs are off
 */
void vmx_debug_put(struct vmx_vcpu *x)
{
	const struct vmx_host *h = &x->host;

	if (unlikely(x->switched & VMX_SWITCHED_DEBUG)) {
		x->switched &= ~VMX_SWITCHED_DEBUG;
		set_debugreg(h->dr[0], 0);
		set_debugreg(h->dr[1], 1);
		set_debugreg(h->dr[2], 2);
		set_debugreg(h->dr[3], 3);
	}
	if (unlikely(hw_breakpoint_active()))
		set_debugreg(this_cpu_read(cpu_dr7), 7);
}

/**
 * vmx_guest_load() - put the guest's switched state into the CPU
 * @v: vCPU, behind vmx_stay(); IRQs are on
 */
void vmx_guest_load(struct vhm_vcpu *v)
{
	const struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	struct vmx_vcpu *x = &v->vmx;

	x->switched = 0;
	/* The kernel has run since the last stay and may have left secrets in the cache. */
	x->l1d_flush = true;
	host_save(x);
	fpu_load(x);
	msrs_load(x, c);
	if (x->xcr0 != c->xcr0 && x->cr4_shadow & X86_CR4_OSXSAVE) {
		xsetbv(XCR_XFEATURE_ENABLED_MASK, x->xcr0);
		x->switched |= VMX_SWITCHED_XCR0;
	}
}

/**
 * vmx_guest_put() - undo vmx_guest_load(), saving what the guest has changed
 * @v: vCPU; preemption is off, IRQs are on
 */
void vmx_guest_put(struct vhm_vcpu *v)
{
	const struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	struct vmx_vcpu *x = &v->vmx;

	vhm_guest_has_run();
	/* All components are saved, so the host's XCR0 comes first. */
	if (x->switched & VMX_SWITCHED_XCR0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, c->xcr0);
	fpu_save(x);
	kernel_fpu_end();
	msrs_put(x, c);
	host_restore(x);
}
