// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers: what the guest does with them, and what user space may.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "vhm.h"

#define DR6_FIXED	0xffff0ff0ULL
#define DR6_WRITABLE	0x0000e00fULL
#define DR7_FIXED	0x00000400ULL
#define DR7_WRITABLE	0xffff2bffULL

/* User space may have set bits that the processor does not have. */
static u64 get_dr(struct vhm_vcpu *v, unsigned int dr)
{
	if (dr < 4)
		return v->vmx.dr[dr];
	if (dr == 6)
		return (v->vmx.dr6 & DR6_WRITABLE) | DR6_FIXED;
	return (v->vmx.dr7 & DR7_WRITABLE) | DR7_FIXED;
}

static int set_dr(struct vhm_vcpu *v, unsigned int dr, u64 value)
{
	if (dr < 4) {
		v->vmx.dr[dr] = value;
		return 0;
	}
	if (value >> 32)
		return 1;
	if (dr == 6)
		v->vmx.dr6 = (value & DR6_WRITABLE) | DR6_FIXED;
	else
		vmx_set_dr7(&v->vmx, (value & DR7_WRITABLE) | DR7_FIXED);
	return 0;
}

/* SDM, "Exit Qualification for MOV DR". */
#define DR_NUMBER(q)	((q) & 7)
#define DR_FROM(q)	((q) & BIT(4))
#define DR_GPR(q)	((q) >> 8 & 15)
#define DR6_BD		BIT(13)

/**
 * vhm_dr_exit() - MOV to or from a debug register, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_RELOAD: the new value has to go to the CPU.
 */
enum vhm_next vhm_dr_exit(struct vhm_vcpu *v)
{
	u64 qualification = vmcs_readl(EXIT_QUALIFICATION), value;
	unsigned int dr = DR_NUMBER(qualification);

	if (vmx_cpl()) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	}
	/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE says that they are none. */
	if (dr == 4 || dr == 5) {
		if (vmx_get_cr4(&v->vmx) & X86_CR4_DE) {
			vhm_queue_exception(v, X86_TRAP_UD);
			return VHM_RESUME;
		}
		dr += 2;
	}
	if (v->vmx.dr7 & DR_GENERAL_DETECT) {
		vhm_queue_debug(v, DR6_BD);
		return VHM_RESUME;
	}
	if (DR_FROM(qualification)) {
		vhm_set_gpr(v, DR_GPR(qualification), get_dr(v, dr));
	} else {
		value = vhm_get_gpr(v, DR_GPR(qualification));
		if (vmx_code_bits(&v->vmx) != 64)
			value = (u32)value;
		if (set_dr(v, dr, value)) {
			vhm_queue_exception_error(v, X86_TRAP_GP, 0);
			return VHM_RESUME;
		}
	}
	vmx_skip_instruction(v);
	/* Addresses matter to the CPU while a breakpoint is on, or was a moment ago. */
	if (!DR_FROM(qualification) && (v->vmx.dr7 & 0xff || v->vmx.switched & VMX_SWITCHED_DEBUG))
		return VHM_RELOAD;
	return VHM_RESUME;
}

static void get_debugregs(struct vhm_vcpu *v, struct kvm_debugregs *r)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->db, v->vmx.dr, sizeof(r->db));
	r->dr6 = v->vmx.dr6;
	r->dr7 = v->vmx.dr7;
}

static long set_debugregs(struct vhm_vcpu *v, const struct kvm_debugregs *r)
{
	if (r->flags || r->dr6 >> 32 || r->dr7 >> 32)
		return -EINVAL;
	memcpy(v->vmx.dr, r->db, sizeof(v->vmx.dr));
	v->vmx.dr6 = r->dr6;
	vmx_load(&v->vmx);
	vmx_set_dr7(&v->vmx, r->dr7);
	vmx_put();
	return 0;
}

/**
 * vhm_get_debugregs() - KVM_GET_DEBUGREGS
 * @v: the vCPU
 * @user: to fill
 *
 * Return: 0; -EFAULT.
 */
long vhm_get_debugregs(struct vhm_vcpu *v, struct kvm_debugregs __user *user)
{
	struct kvm_debugregs regs;

	get_debugregs(v, &regs);
	return copy_to_user(user, &regs, sizeof(regs)) ? -EFAULT : 0;
}

/**
 * vhm_set_debugregs() - KVM_SET_DEBUGREGS
 * @v: the vCPU
 * @user: the values; as KVM, DR6 and DR7 are kept as they are given
 *
 * Return: 0; -EFAULT; -EINVAL: flags, or DR6 or DR7 above 32 bits.
 */
long vhm_set_debugregs(struct vhm_vcpu *v, const struct kvm_debugregs __user *user)
{
	struct kvm_debugregs regs;

	if (copy_from_user(&regs, user, sizeof(regs)))
		return -EFAULT;
	return set_debugregs(v, &regs);
}
