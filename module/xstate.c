// SPDX-License-Identifier: GPL-2.0
/*
 * Extended state: XCR0, and the XSAVE area for user space.
 *
 * The area is kept in the standard format, whose offsets are those of the host's
 * CPUID leaf 0DH, and so it is handed over as it is (SDM, "Standard Form of the
 * XSAVE Area").
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "vhm.h"

#define XSTATE_LEAF	0xd
#define FIRST_EXTENDED	2
#define END_EXTENDED	8	/* vmx_caps.xcr0 has no component above 7 */

/* MXCSR bits that every CPU with VMX has. */
#define MXCSR_KNOWN	0xffff

/* SDM, "XSETBV - Set Extended Control Register": which components go together. */
static bool xcr0_valid(struct vhm_vcpu *v, u64 value)
{
	u64 avx512 = XFEATURE_MASK_OPMASK | XFEATURE_MASK_ZMM_Hi256 | XFEATURE_MASK_Hi16_ZMM;

	if (!(value & XFEATURE_MASK_FP) || value & ~vmx_caps.xcr0)
		return false;
	if (value & XFEATURE_MASK_YMM && !(value & XFEATURE_MASK_SSE))
		return false;
	if (value & avx512 && (~value & (avx512 | XFEATURE_MASK_YMM)))
		return false;
	/* x87 is on in every vCPU, whatever its CPUID says. */
	return !(value & ~(vhm_cpuid_xcr0(v) | XFEATURE_MASK_FP));
}

/**
 * vhm_xsetbv_exit() - XSETBV, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME: a #GP is queued; VHM_RELOAD.
 */
enum vhm_next vhm_xsetbv_exit(struct vhm_vcpu *v)
{
	const u64 *regs = v->vmx.frame.regs;
	u64 value = (u32)regs[VHM_RAX] | regs[VHM_RDX] << 32;

	if (vmx_cpl() || (u32)regs[VHM_RCX] || !xcr0_valid(v, value)) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	}
	v->vmx.xcr0 = value;
	vmx_skip_instruction(v);
	return VHM_RELOAD;
}

/**
 * vhm_get_xcrs() - KVM_GET_XCRS
 * @v: the vCPU
 * @user: to fill; without XSAVE there is no register to tell of
 *
 * Return: 0; -EFAULT.
 */
long vhm_get_xcrs(struct vhm_vcpu *v, struct kvm_xcrs __user *user)
{
	struct kvm_xcrs xcrs = {};

	if (vmx_caps.xcr0) {
		xcrs.nr_xcrs = 1;
		xcrs.xcrs[0].xcr = XCR_XFEATURE_ENABLED_MASK;
		xcrs.xcrs[0].value = v->vmx.xcr0;
	}
	return copy_to_user(user, &xcrs, sizeof(xcrs)) ? -EFAULT : 0;
}

/**
 * vhm_set_xcrs() - KVM_SET_XCRS
 * @v: the vCPU
 * @user: the registers, of which the first XCR0 counts
 *
 * Return: 0; -EFAULT; -EINVAL: no XSAVE, flags, more than 16 registers, or a
 * value that XSETBV would refuse.
 */
long vhm_set_xcrs(struct vhm_vcpu *v, const struct kvm_xcrs __user *user)
{
	struct kvm_xcrs xcrs;
	u32 i;

	if (copy_from_user(&xcrs, user, sizeof(xcrs)))
		return -EFAULT;
	if (!vmx_caps.xcr0 || xcrs.flags || xcrs.nr_xcrs > ARRAY_SIZE(xcrs.xcrs))
		return -EINVAL;
	for (i = 0; i < xcrs.nr_xcrs; i++) {
		if (xcrs.xcrs[i].xcr != XCR_XFEATURE_ENABLED_MASK)
			continue;
		if (!xcr0_valid(v, xcrs.xcrs[i].value))
			return -EINVAL;
		v->vmx.xcr0 = xcrs.xcrs[i].value;
		break;
	}
	return 0;
}

/* Where a component beyond SSE lies in an area. */
static void *component(void *area, unsigned int index, u32 *size)
{
	u32 offset, ecx, edx;

	cpuid_count(XSTATE_LEAF, index, size, &offset, &ecx, &edx);
	return area + offset;
}

/*
 * As KVM, of what the guest's CPUID does not show nothing is told, so that a host
 * without it can take the state; x87 and SSE are in every guest.
 */
static void hide_components(struct xregs_state *area, u64 visible)
{
	unsigned int i;
	u32 size;

	area->header.xfeatures &= visible;
	for (i = FIRST_EXTENDED; i < END_EXTENDED; i++) {
		if (vmx_caps.xcr0 & BIT_ULL(i) && !(visible & BIT_ULL(i))) {
			void *hidden = component(area, i, &size);

			memset(hidden, 0, size);
		}
	}
}

/**
 * vhm_get_xsave() - KVM_GET_XSAVE and KVM_GET_XSAVE2
 * @v: the vCPU
 * @user: struct kvm_xsave, which is as large as any area of vhm's
 *
 * Return: 0; -EFAULT; -ENOMEM.
 */
long vhm_get_xsave(struct vhm_vcpu *v, struct kvm_xsave __user *user)
{
	void *area = kmemdup(page_address(v->vmx.fpu), PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	long err = 0;

	static_assert(sizeof(struct kvm_xsave) == PAGE_SIZE);
	if (!area)
		return -ENOMEM;
	hide_components(area, vhm_cpuid_xcr0(v) | XFEATURE_MASK_FPSSE);
	if (copy_to_user(user, area, PAGE_SIZE))
		err = -EFAULT;
	kfree(area);
	return err;
}

/* XRSTOR faults on the others (SDM, "XRSTOR", "Standard Form of XRSTOR"). */
static bool area_valid(const struct xregs_state *area)
{
	const u64 with_mxcsr = XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM;
	const struct xstate_header *h = &area->header;

	if (!vmx_caps.xcr0)
		return !(h->xfeatures & ~(u64)XFEATURE_MASK_FPSSE) &&
		       !(area->i387.mxcsr & ~MXCSR_KNOWN);
	if (h->xfeatures & ~vmx_caps.xcr0 || h->xcomp_bv ||
	    memchr_inv(h->reserved, 0, sizeof(h->reserved)))
		return false;
	return !(h->xfeatures & with_mxcsr) || !(area->i387.mxcsr & ~MXCSR_KNOWN);
}

static void copy_extended(struct xregs_state *to, struct xregs_state *from)
{
	unsigned int i;
	u32 size;

	for (i = FIRST_EXTENDED; i < END_EXTENDED; i++) {
		if (from->header.xfeatures & BIT_ULL(i)) {
			void *source = component(from, i, &size);

			memcpy(component(to, i, &size), source, size);
		}
	}
}

/* A component whose bit is clear is in its initial state, whatever its bytes are. */
static void take_area(struct vmx_vcpu *x, struct xregs_state *from)
{
	struct xregs_state *to = page_address(x->fpu);
	u64 present = from->header.xfeatures;

	if (!vmx_caps.xcr0) {
		to->i387 = from->i387;
		return;
	}
	vmx_fpu_reset(x);
	if (present & XFEATURE_MASK_FP)
		memcpy(&to->i387, &from->i387, offsetof(struct fxregs_state, xmm_space));
	if (present & XFEATURE_MASK_SSE)
		memcpy(to->i387.xmm_space, from->i387.xmm_space, sizeof(to->i387.xmm_space));
	if (present & (XFEATURE_MASK_SSE | XFEATURE_MASK_YMM))
		to->i387.mxcsr = from->i387.mxcsr;
	copy_extended(to, from);
	to->header.xfeatures = present;
}

/**
 * vhm_set_xsave() - KVM_SET_XSAVE
 * @v: the vCPU
 * @user: the area
 *
 * Return: 0; -EFAULT; -ENOMEM; -EINVAL: components that the host has not, a
 * compacted area, reserved bits in its header or in MXCSR.
 */
long vhm_set_xsave(struct vhm_vcpu *v, const struct kvm_xsave __user *user)
{
	struct xregs_state *area = memdup_user(user, PAGE_SIZE);
	long err = -EINVAL;

	if (IS_ERR(area))
		return PTR_ERR(area);
	if (area_valid(area)) {
		take_area(&v->vmx, area);
		err = 0;
	}
	kfree(area);
	return err;
}
