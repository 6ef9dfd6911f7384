// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's registers, FPU and events for user space, and their values after a
 * reset (SDM, "Processor State After Reset").
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/apicdef.h>
#include <asm/fpu/types.h>
#include <asm/processor-flags.h>

#include "vhm.h"

#define RESET_CR0	(X86_CR0_CD | X86_CR0_NW | X86_CR0_ET)
#define RESET_DR6	0xffff0ff0
#define RESET_DR7	0x400
#define RESET_PAT	0x0007040600070406ULL
#define RESET_RIP	0xfff0
#define RESET_RDX	0x600	/* family 6 */

static const struct kvm_segment reset_code = {
	.base = 0xffff0000, .limit = 0xffff, .selector = 0xf000,
	.type = 11, .s = 1, .present = 1,
};

static const struct kvm_segment reset_data = {
	.limit = 0xffff, .type = 3, .s = 1, .present = 1,
};

static const struct kvm_segment reset_ldt = { .limit = 0xffff, .type = 2, .present = 1 };
static const struct kvm_segment reset_tss = { .limit = 0xffff, .type = 11, .present = 1 };

static void reset_segments(void)
{
	vmx_set_segment(VMX_CS, &reset_code);
	vmx_set_segment(VMX_DS, &reset_data);
	vmx_set_segment(VMX_ES, &reset_data);
	vmx_set_segment(VMX_FS, &reset_data);
	vmx_set_segment(VMX_GS, &reset_data);
	vmx_set_segment(VMX_SS, &reset_data);
	vmx_set_segment(VMX_LDTR, &reset_ldt);
	vmx_set_segment(VMX_TR, &reset_tss);
	vmcs_writel(GUEST_GDTR_BASE, 0);
	vmcs_write32(GUEST_GDTR_LIMIT, 0xffff);
	vmcs_writel(GUEST_IDTR_BASE, 0);
	vmcs_write32(GUEST_IDTR_LIMIT, 0xffff);
}

/* What a reset and INIT have in common; CR0's cache bits are the caller's. */
static void reset_registers(struct vhm_vcpu *v, u64 cr0)
{
	struct vmx_vcpu *x = &v->vmx;

	reset_segments();
	vmcs_writel(GUEST_RIP, RESET_RIP);
	vmcs_writel(GUEST_RSP, 0);
	vmcs_writel(GUEST_RFLAGS, X86_EFLAGS_FIXED);
	vmcs_writel(GUEST_CR3, 0);
	memset(x->frame.regs, 0, sizeof(x->frame.regs));
	x->frame.regs[VHM_RDX] = RESET_RDX;
	vmx_set_efer(v, 0);
	vmx_set_cr0(v, cr0);
	vmx_set_cr4(v, 0);
	vmx_set_dr7(x, RESET_DR7);
	vmx_set_debugctl(x, 0);
	x->dr6 = RESET_DR6;
}

/**
 * vhm_vcpu_init() - INIT: as a reset, but FPU, caches and most MSRs stay
 * @v: vCPU that has a local APIC; its VMCS is current
 */
void vhm_vcpu_init(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;

	reset_registers(v, X86_CR0_ET | (vmx_get_cr0(x) & (X86_CR0_CD | X86_CR0_NW)));
	memset(x->dr, 0, sizeof(x->dr));
	x->cr2 = 0;
	x->flush_owed = true;
	vmx_begin_guest();
	v->events = (struct vhm_events){};
	x->event_work = true;
	vhm_lapic_reset(v, true);
	vhm_pv_reset(v);
}

/**
 * vhm_start_up() - a start-up message: where the processor begins
 * @vector: the page number of its first instruction, below 1 MiB
 */
void vhm_start_up(u8 vector)
{
	struct kvm_segment code = reset_code;

	code.selector = vector << 8;
	code.base = vector << 12;
	vmx_set_segment(VMX_CS, &code);
	vmcs_writel(GUEST_RIP, 0);
}

/**
 * vhm_set_cr8() - the task priority's upper four bits
 * @v: the vCPU
 * @value: 0 to 15
 */
void vhm_set_cr8(struct vhm_vcpu *v, u64 value)
{
	if (unlikely(v->lapic))
		vhm_lapic_set_tpr(v, value << 4);
	else
		v->cr8 = value;
}

/**
 * vhm_get_cr8() - the task priority's upper four bits
 * @v: the vCPU
 *
 * Return: 0 to 15.
 */
u64 vhm_get_cr8(const struct vhm_vcpu *v)
{
	return unlikely(v->lapic) ? vhm_lapic_get_tpr(v) >> 4 : v->cr8;
}

/**
 * vhm_vcpu_reset() - a new vCPU's state
 * @v: vCPU whose VMCS is current and initialised
 */
void vhm_vcpu_reset(struct vhm_vcpu *v)
{
	bool boot = v->id == v->vm->boot_id;
	struct vmx_vcpu *x = &v->vmx;

	reset_registers(v, RESET_CR0);
	vmx_set_pat(x, RESET_PAT);
	x->xcr0 = XFEATURE_MASK_FP;
	vmx_fpu_reset(x);
	v->apic_base = APIC_DEFAULT_PHYS_BASE | MSR_IA32_APICBASE_ENABLE |
		       (boot ? MSR_IA32_APICBASE_BSP : 0);
	/* Without local APICs nobody could start the others. */
	v->mp_state = boot || !v->lapic ? KVM_MP_STATE_RUNNABLE : KVM_MP_STATE_UNINITIALIZED;
	vhm_msrs_reset(v);
	if (v->lapic)
		vhm_lapic_reset(v, false);
}

/* struct kvm_regs has the registers in another order than instructions. */
static __always_inline void get_regs(struct vhm_vcpu *v, struct kvm_regs *r)
{
	const u64 *regs = v->vmx.frame.regs;

	*r = (struct kvm_regs){
		.rax = regs[VHM_RAX], .rbx = regs[VHM_RBX], .rcx = regs[VHM_RCX],
		.rdx = regs[VHM_RDX], .rsi = regs[VHM_RSI], .rdi = regs[VHM_RDI],
		.rbp = regs[VHM_RBP], .r8 = regs[VHM_R8], .r9 = regs[VHM_R9],
		.r10 = regs[VHM_R10], .r11 = regs[VHM_R11], .r12 = regs[VHM_R12],
		.r13 = regs[VHM_R13], .r14 = regs[VHM_R14], .r15 = regs[VHM_R15],
	};
	vmx_load(&v->vmx);
	r->rsp = vmcs_readl(GUEST_RSP);
	r->rip = vmx_rip();
	r->rflags = vhm_rflags_to_user(v, vmx_rflags());
	vmx_put();
}

static __always_inline void set_regs(struct vhm_vcpu *v, const struct kvm_regs *r)
{
	u64 *regs = v->vmx.frame.regs, rflags = r->rflags | X86_EFLAGS_FIXED;

	regs[VHM_RAX] = r->rax;
	regs[VHM_RBX] = r->rbx;
	regs[VHM_RCX] = r->rcx;
	regs[VHM_RDX] = r->rdx;
	regs[VHM_RSI] = r->rsi;
	regs[VHM_RDI] = r->rdi;
	regs[VHM_RBP] = r->rbp;
	regs[VHM_R8] = r->r8;
	regs[VHM_R9] = r->r9;
	regs[VHM_R10] = r->r10;
	regs[VHM_R11] = r->r11;
	regs[VHM_R12] = r->r12;
	regs[VHM_R13] = r->r13;
	regs[VHM_R14] = r->r14;
	regs[VHM_R15] = r->r15;
	vmx_load(&v->vmx);
	vmcs_writel(GUEST_RSP, r->rsp);
	vmcs_writel(GUEST_RIP, r->rip);
	if (unlikely(v->vmx.stepping))
		rflags = vhm_rflags_from_user(v, rflags);
	vmcs_writel(GUEST_RFLAGS, rflags);
	vmx_put();
	/* The exception belonged to the state that was. */
	v->events.exception.valid = false;
}

/* What struct kvm_sregs2 says before its own fields, struct kvm_sregs says too. */
static_assert(offsetof(struct kvm_sregs2, flags) == offsetof(struct kvm_sregs, interrupt_bitmap));

/* All but what lies behind the common part. */
static __always_inline void get_sregs_common(struct vhm_vcpu *v, struct kvm_sregs *s)
{
	struct vmx_vcpu *x = &v->vmx;

	vmx_load(x);
	vmx_get_segment(VMX_CS, &s->cs);
	vmx_get_segment(VMX_DS, &s->ds);
	vmx_get_segment(VMX_ES, &s->es);
	vmx_get_segment(VMX_FS, &s->fs);
	vmx_get_segment(VMX_GS, &s->gs);
	vmx_get_segment(VMX_SS, &s->ss);
	vmx_get_segment(VMX_TR, &s->tr);
	vmx_get_segment(VMX_LDTR, &s->ldt);
	s->gdt.base = vmcs_readl(GUEST_GDTR_BASE);
	s->gdt.limit = vmcs_read32(GUEST_GDTR_LIMIT);
	s->idt.base = vmcs_readl(GUEST_IDTR_BASE);
	s->idt.limit = vmcs_read32(GUEST_IDTR_LIMIT);
	s->cr0 = vmx_get_cr0(x);
	s->cr3 = vmx_cr3();
	s->cr4 = vmx_get_cr4(x);
	vmx_put();
	s->cr2 = x->cr2;
	s->cr8 = vhm_get_cr8(v);
	s->efer = x->efer;
	s->apic_base = v->apic_base;
}

static __always_inline void get_sregs(struct vhm_vcpu *v, struct kvm_sregs *s)
{
	memset(s, 0, sizeof(*s));
	get_sregs_common(v, s);
	if (v->events.interrupt && !v->events.soft)
		s->interrupt_bitmap[v->events.vector / 64] |= BIT_ULL(v->events.vector % 64);
}

static bool pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return cr0 & X86_CR0_PG && cr4 & X86_CR4_PAE && !(efer & EFER_LMA);
}

static void get_sregs2(struct vhm_vcpu *v, struct kvm_sregs2 *s)
{
	memset(s, 0, sizeof(*s));
	get_sregs_common(v, (struct kvm_sregs *)s);
	if (!pae_paging(s->cr0, s->cr4, s->efer))
		return;
	s->flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
	vmx_load(&v->vmx);
	vmx_get_pdptes(s->pdptrs);
	vmx_put();
}

/**
 * vhm_apic_base_valid() - whether IA32_APIC_BASE may have this value
 * @v: the vCPU
 * @value: with the enable bits and the address
 *
 * SDM, "Local APIC Status and Location". x2APIC mode is for guests that were told of it
 * and have a local APIC in the kernel.
 *
 * Return: true if it may.
 */
bool vhm_apic_base_valid(struct vhm_vcpu *v, u64 value)
{
	u64 known = MSR_IA32_APICBASE_BSP | MSR_IA32_APICBASE_ENABLE |
		    GENMASK_ULL(vhm_cpuid_maxphyaddr(v) - 1, PAGE_SHIFT);

	if (v->lapic && vhm_cpuid_has(v, 1, 0, VHM_ECX, BIT(21)))
		known |= X2APIC_ENABLE;
	if (value & X2APIC_ENABLE && !(value & MSR_IA32_APICBASE_ENABLE))
		return false;
	return !(value & ~known);
}

/**
 * vhm_apic_base_reachable() - whether the guest may change IA32_APIC_BASE so
 * @v: the vCPU
 * @value: which vhm_apic_base_valid() has approved
 *
 * SDM, "x2APIC State Transitions": in by xAPIC mode, out by switching off.
 *
 * Return: true if it may.
 */
bool vhm_apic_base_reachable(struct vhm_vcpu *v, u64 value)
{
	const u64 modes = MSR_IA32_APICBASE_ENABLE | X2APIC_ENABLE;
	u64 old = v->apic_base & modes, new = value & modes;

	if (old == modes)
		return new != MSR_IA32_APICBASE_ENABLE;
	return old || new != modes;
}

static bool sregs_valid(struct vhm_vcpu *v, const struct kvm_sregs *s)
{
	if (s->efer & EFER_LME && s->cr0 & X86_CR0_PG) {
		if (!(s->cr4 & X86_CR4_PAE) || !(s->efer & EFER_LMA))
			return false;
		if (s->cr3 >> vhm_cpuid_maxphyaddr(v))
			return false;
	} else if (s->efer & EFER_LMA || s->cs.l) {
		return false;
	}
	/* KVM lets reserved bits of EFER through, to fail at the entry; they are named here. */
	if (s->efer & ~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX))
		return false;
	return vhm_cr0_valid(s->cr0) && vhm_cr4_valid(v, s->cr4) &&
	       vhm_apic_base_valid(v, s->apic_base);
}

static void set_segments(const struct kvm_sregs *s)
{
	vmx_set_segment(VMX_CS, &s->cs);
	vmx_set_segment(VMX_DS, &s->ds);
	vmx_set_segment(VMX_ES, &s->es);
	vmx_set_segment(VMX_FS, &s->fs);
	vmx_set_segment(VMX_GS, &s->gs);
	vmx_set_segment(VMX_SS, &s->ss);
	vmx_set_segment(VMX_TR, &s->tr);
	vmx_set_segment(VMX_LDTR, &s->ldt);
	vmcs_writel(GUEST_GDTR_BASE, s->gdt.base);
	vmcs_write32(GUEST_GDTR_LIMIT, s->gdt.limit);
	vmcs_writel(GUEST_IDTR_BASE, s->idt.base);
	vmcs_write32(GUEST_IDTR_LIMIT, s->idt.limit);
}

static void set_sregs_common(struct vhm_vcpu *v, const struct kvm_sregs *s)
{
	struct vmx_vcpu *x = &v->vmx;

	vmx_load(x);
	set_segments(s);
	x->cr2 = s->cr2;
	if (vmx_cr3() != s->cr3) {
		vmcs_writel(GUEST_CR3, s->cr3);
		x->flush_owed = true;
	}
	vmx_set_efer(v, s->efer);
	vmx_set_cr0(v, s->cr0);
	vmx_set_cr4(v, s->cr4);
	vmx_put();
	vhm_set_apic_base(v, s->apic_base);
	if (s->cr8 <= 15)
		vhm_set_cr8(v, s->cr8);
}

static void queue_from_bitmap(struct vhm_vcpu *v, const struct kvm_sregs *s)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->interrupt_bitmap); i++) {
		if (!s->interrupt_bitmap[i])
			continue;
		v->events.interrupt = true;
		v->events.soft = false;
		v->events.vector = 64 * i + __ffs64(s->interrupt_bitmap[i]);
		v->vmx.event_work = true;
		return;
	}
}

static long set_sregs(struct vhm_vcpu *v, const struct kvm_sregs *s)
{
	if (!sregs_valid(v, s))
		return -EINVAL;
	set_sregs_common(v, s);
	/* What cannot be loaded stays as it was, and VM entry judges it. */
	if (pae_paging(s->cr0, s->cr4, s->efer))
		vhm_load_pdptes(v, s->cr3);
	queue_from_bitmap(v, s);
	return 0;
}

static long set_sregs2(struct vhm_vcpu *v, const struct kvm_sregs2 *s)
{
	const struct kvm_sregs *common = (const struct kvm_sregs *)s;
	bool pae = pae_paging(s->cr0, s->cr4, s->efer), given = s->flags;

	if (s->flags & ~(u64)KVM_SREGS2_FLAGS_PDPTRS_VALID || (given && !pae))
		return -EINVAL;
	if (!sregs_valid(v, common))
		return -EINVAL;
	set_sregs_common(v, common);
	if (given) {
		vmx_load(&v->vmx);
		vmx_set_pdptes(&v->vmx, s->pdptrs);
		vmx_put();
	} else if (pae) {
		vhm_load_pdptes(v, s->cr3);
	}
	return 0;
}

/* The part of the XSAVE area that every CPU has, in KVM's own layout. */
static struct fxregs_state *fpu_area(struct vhm_vcpu *v)
{
	return page_address(v->vmx.fpu);
}

static void get_fpu(struct vhm_vcpu *v, struct kvm_fpu *f)
{
	const struct fxregs_state *area = fpu_area(v);

	memset(f, 0, sizeof(*f));
	memcpy(f->fpr, area->st_space, sizeof(f->fpr));
	memcpy(f->xmm, area->xmm_space, sizeof(f->xmm));
	f->fcw = area->cwd;
	f->fsw = area->swd;
	f->ftwx = area->twd;
	f->last_opcode = area->fop;
	f->last_ip = area->rip;
	f->last_dp = area->rdp;
	f->mxcsr = area->mxcsr;
}

/* MXCSR bits that every CPU with SSE2 has. */
#define MXCSR_KNOWN	0xffff

static long set_fpu(struct vhm_vcpu *v, const struct kvm_fpu *f)
{
	struct fxregs_state *area = fpu_area(v);

	if (f->mxcsr & ~MXCSR_KNOWN)
		return -EINVAL;
	memcpy(area->st_space, f->fpr, sizeof(f->fpr));
	memcpy(area->xmm_space, f->xmm, sizeof(f->xmm));
	area->cwd = f->fcw;
	area->swd = f->fsw;
	area->twd = f->ftwx;
	area->fop = f->last_opcode;
	area->rip = f->last_ip;
	area->rdp = f->last_dp;
	area->mxcsr = f->mxcsr;
	/* Components that were in their initial state are not any more. */
	((struct xregs_state *)area)->header.xfeatures |= XFEATURE_MASK_FPSSE;
	return 0;
}

#define GET(type, call)								\
	({									\
		type value;							\
										\
		call;								\
		copy_to_user(argp, &value, sizeof(value)) ? -EFAULT : 0;	\
	})

#define SET(type, call)								\
	({									\
		type value;							\
										\
		copy_from_user(&value, argp, sizeof(value)) ? -EFAULT : (call);	\
	})

static long set_events(struct vhm_vcpu *v, const struct kvm_vcpu_events *events)
{
	long err;

	vmx_load(&v->vmx);
	err = vhm_set_events(v, events);
	vmx_put();
	return err;
}

static void get_events(struct vhm_vcpu *v, struct kvm_vcpu_events *events)
{
	vmx_load(&v->vmx);
	vhm_get_events(v, events);
	vmx_put();
}

/* Another thread may write to the run page meanwhile: what is checked is a copy. */
#define FROM_PAGE(type, field, call)						\
	({									\
		type value;							\
										\
		memcpy(&value, &v->run->s.regs.field, sizeof(value));		\
		barrier();							\
		(call);								\
	})

/**
 * vhm_sync_from_user() - KVM_CAP_SYNC_REGS: take what user space has changed
 * @v: the vCPU, in KVM_RUN
 *
 * Return: 0; -EINVAL: sets of registers that there are not, or bad values; the
 * sets before those are taken.
 */
long vhm_sync_from_user(struct vhm_vcpu *v)
{
	struct kvm_run *run = v->run;
	u64 dirty = READ_ONCE(run->kvm_dirty_regs);

	if ((READ_ONCE(run->kvm_valid_regs) | dirty) & ~(u64)KVM_SYNC_X86_VALID_FIELDS)
		return -EINVAL;
	if (dirty & KVM_SYNC_X86_REGS) {
		FROM_PAGE(struct kvm_regs, regs, set_regs(v, &value));
		run->kvm_dirty_regs = dirty &= ~KVM_SYNC_X86_REGS;
	}
	if (dirty & KVM_SYNC_X86_SREGS) {
		if (FROM_PAGE(struct kvm_sregs, sregs, set_sregs(v, &value)))
			return -EINVAL;
		run->kvm_dirty_regs = dirty &= ~KVM_SYNC_X86_SREGS;
	}
	if (dirty & KVM_SYNC_X86_EVENTS) {
		if (FROM_PAGE(struct kvm_vcpu_events, events, set_events(v, &value)))
			return -EINVAL;
		run->kvm_dirty_regs = dirty &= ~KVM_SYNC_X86_EVENTS;
	}
	return 0;
}

/**
 * vhm_sync_to_user() - KVM_CAP_SYNC_REGS: show what user space wants to see
 * @v: the vCPU, at the end of KVM_RUN
 */
void vhm_sync_to_user(struct vhm_vcpu *v)
{
	struct kvm_sync_regs *regs = &v->run->s.regs;
	u64 valid = READ_ONCE(v->run->kvm_valid_regs);

	BUILD_BUG_ON(sizeof(*regs) > SYNC_REGS_SIZE_BYTES);
	if (valid & KVM_SYNC_X86_REGS)
		get_regs(v, &regs->regs);
	if (valid & KVM_SYNC_X86_SREGS)
		get_sregs(v, &regs->sregs);
	if (valid & KVM_SYNC_X86_EVENTS)
		get_events(v, &regs->events);
}

/* What is asked for less often; the others shall not be looked up behind it. */
static noinline long rare_ioctl(struct vhm_vcpu *v, unsigned int cmd, void __user *argp)
{
	switch (cmd) {
	case KVM_GET_SREGS2:
		return GET(struct kvm_sregs2, get_sregs2(v, &value));
	case KVM_SET_SREGS2:
		return SET(struct kvm_sregs2, set_sregs2(v, &value));
	case KVM_GET_DEBUGREGS:
		return vhm_get_debugregs(v, argp);
	case KVM_SET_DEBUGREGS:
		return vhm_set_debugregs(v, argp);
	case KVM_SET_GUEST_DEBUG:
		return vhm_set_guest_debug(v, argp);
	case KVM_GET_XSAVE:
	case KVM_GET_XSAVE2:
		return vhm_get_xsave(v, argp);
	case KVM_SET_XSAVE:
		return vhm_set_xsave(v, argp);
	case KVM_GET_XCRS:
		return vhm_get_xcrs(v, argp);
	case KVM_SET_XCRS:
		return vhm_set_xcrs(v, argp);
	case KVM_GET_TSC_KHZ:
		return vhm_get_tsc_khz(v);
	case KVM_SET_TSC_KHZ:
		return vhm_set_tsc_khz(v, (__force unsigned long)argp);
	case KVM_HAS_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		return vhm_vcpu_attr(v, cmd, argp);
	case KVM_SMI:
		/* As KVM without system-management mode: it knows the call. */
		return -ENOTTY;
	case KVM_TRANSLATE:
		return vhm_translate(v, argp);
	case KVM_GET_LAPIC:
		return vhm_get_lapic(v, argp);
	case KVM_SET_LAPIC:
		return vhm_set_lapic(v, argp);
	case KVM_TPR_ACCESS_REPORTING:
		return vhm_tpr_access_reporting(v, argp);
	case KVM_SET_VAPIC_ADDR:
		return vhm_set_vapic_addr(v, argp);
	case KVM_ENABLE_CAP:
		return vhm_vcpu_enable_cap(v, argp);
	default:
		return -EINVAL;
	}
}

/**
 * vhm_state_ioctl() - the vCPU calls that get or set one structure
 * @v: the vCPU
 * @cmd: KVM_GET_* or KVM_SET_*
 * @argp: the structure
 *
 * Return: 0; -EFAULT; -EINVAL: values that no CPU can have, or no such call.
 */
long vhm_state_ioctl(struct vhm_vcpu *v, unsigned int cmd, void __user *argp)
{
	switch (cmd) {
	case KVM_GET_REGS:
		return GET(struct kvm_regs, get_regs(v, &value));
	case KVM_SET_REGS:
		return SET(struct kvm_regs, (set_regs(v, &value), 0));
	case KVM_GET_SREGS:
		return GET(struct kvm_sregs, get_sregs(v, &value));
	case KVM_SET_SREGS:
		return SET(struct kvm_sregs, set_sregs(v, &value));
	case KVM_GET_FPU:
		return GET(struct kvm_fpu, get_fpu(v, &value));
	case KVM_SET_FPU:
		return SET(struct kvm_fpu, set_fpu(v, &value));
	case KVM_GET_VCPU_EVENTS:
		return GET(struct kvm_vcpu_events, get_events(v, &value));
	case KVM_SET_VCPU_EVENTS:
		return SET(struct kvm_vcpu_events, set_events(v, &value));
	case KVM_GET_MP_STATE:
		return GET(struct kvm_mp_state, value.mp_state = vhm_get_mp_state(v));
	case KVM_SET_MP_STATE:
		return SET(struct kvm_mp_state, vhm_set_mp_state(v, value.mp_state));
	default:
		return rare_ioctl(v, cmd, argp);
	}
}
