// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers, and a debugger in user space.
 *
 * As KVM does, single steps are made by RFLAGS.TF: user space sees RFLAGS without it,
 * but a guest that pushes its flags sees it. An instruction that vhm does for the
 * guest ends a step, too.
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

/*
 * SDM, "Instructions That Cause VM Exits Conditionally": the exit comes before either fault. #UD
 * goes first, as for any instruction that is none.
 *
 * Return: whether the guest may have the register.
 */
static bool dr_allowed(struct vhm_vcpu *v, unsigned int dr)
{
	if ((dr == 4 || dr == 5) && vmx_get_cr4(&v->vmx) & X86_CR4_DE)
		vhm_queue_exception(v, X86_TRAP_UD);
	else if (vmx_cpl())
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
	else
		return true;
	return false;
}

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

	if (!dr_allowed(v, dr))
		return VHM_RESUME;
	/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE says that they are none. */
	if (dr == 4 || dr == 5)
		dr += 2;
	if (v->vmx.vmcs_dr7 & DR_GENERAL_DETECT) {
		if (v->vmx.debugger)
			return vhm_debug_exit(v, X86_TRAP_DB, DR6_BD | DR6_FIXED);
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

/**
 * vhm_debug_exit() - KVM_EXIT_DEBUG
 * @v: vCPU whose VMCS is current
 * @vector: #DB or #BP
 * @dr6: what happened, in DR6's bits
 *
 * Return: VHM_USER.
 */
enum vhm_next vhm_debug_exit(struct vhm_vcpu *v, u8 vector, u64 dr6)
{
	v->run->exit_reason = KVM_EXIT_DEBUG;
	v->run->debug.arch = (struct kvm_debug_exit_arch){
		.exception = vector,
		.pc = vmx_linear_rip(&v->vmx),
		.dr6 = dr6,
		.dr7 = v->vmx.vmcs_dr7,
	};
	return VHM_USER;
}

/**
 * vhm_step_exit() - tell the debugger of a step that vhm has ended
 * @v: the vCPU
 *
 * Return: VHM_USER.
 */
enum vhm_next vhm_step_exit(struct vhm_vcpu *v)
{
	enum vhm_next next;

	v->debug.stepped = false;
	vmx_load(&v->vmx);
	next = vhm_debug_exit(v, X86_TRAP_DB, DR_STEP | DR6_FIXED);
	vmx_put();
	return next;
}

/**
 * vhm_end_step() - an instruction that vhm did is over, and RFLAGS.TF is set
 * @v: vCPU whose VMCS is current
 * @branch: it was a branch that was taken
 */
void vhm_end_step(struct vhm_vcpu *v, bool branch)
{
	if (v->vmx.stepping) {
		v->debug.stepped = true;
		v->vmx.event_work = true;
		return;
	}
	/* With DEBUGCTL.BTF, TF steps from branch to branch. */
	if (branch || !(v->vmx.debugctl & DEBUGCTLMSR_BTF))
		vhm_queue_debug(v, DR_STEP);
}

/**
 * vhm_rflags_from_user() - RFLAGS with what single steps need
 * @v: vCPU whose VMCS is current, RIP as it will be
 * @rflags: what user space wants
 *
 * As KVM: a step goes on only where it began; elsewhere user space has to ask anew.
 *
 * Return: the value for the VMCS.
 */
u64 vhm_rflags_from_user(struct vhm_vcpu *v, u64 rflags)
{
	if (v->vmx.stepping && vmx_linear_rip(&v->vmx) == v->debug.step_rip)
		rflags |= X86_EFLAGS_TF;
	return rflags;
}

/* What a debugger hands back to the guest: DR6 is set by KVM_SET_DEBUGREGS, if at all. */
static int inject(struct vhm_vcpu *v, u32 control)
{
	if (v->events.exception.valid || v->events.shutdown)
		return -EBUSY;
	if (control & KVM_GUESTDBG_INJECT_DB) {
		vhm_queue_users_debug(v);
		return 0;
	}
	v->vmx.event_work = true;
	/* Without an INT3 to be behind, RIP is pushed as it is. */
	v->events.exception = (struct vhm_exception){
		.valid = true,
		.vector = X86_TRAP_BP,
		.soft = v->debug.length,
		.length = v->debug.length,
	};
	return 0;
}

static void set_control(struct vhm_vcpu *v, const struct kvm_guest_debug *d)
{
	u64 rflags = vhm_rflags_to_user(v, vmx_rflags());
	u32 control = d->control & KVM_GUESTDBG_ENABLE ? d->control : 0;
	struct vmx_vcpu *x = &v->vmx;

	v->debug.control = control;
	v->debug.stepped = false;
	v->debug.step_rip = vmx_linear_rip(x);
	vmx_set_debugger(x, control & KVM_GUESTDBG_USE_HW_BP ? d->arch.debugreg : NULL,
			 d->arch.debugreg[7]);
	vmx_intercept_breakpoint(x, control & KVM_GUESTDBG_USE_SW_BP);
	vmx_set_stepping(x, control & KVM_GUESTDBG_SINGLESTEP);
	vmcs_writel(GUEST_RFLAGS, vhm_rflags_from_user(v, rflags));
	x->event_work = true;
}

/**
 * vhm_set_guest_debug() - KVM_SET_GUEST_DEBUG
 * @v: the vCPU
 * @user: struct kvm_guest_debug; as KVM, unknown bits are passed over
 *
 * Return: 0; -EFAULT; -EBUSY: an exception waits, and there is another to inject.
 */
long vhm_set_guest_debug(struct vhm_vcpu *v, const struct kvm_guest_debug __user *user)
{
	struct kvm_guest_debug d;
	long err = 0;

	if (copy_from_user(&d, user, sizeof(d)))
		return -EFAULT;
	vmx_load(&v->vmx);
	if (d.control & (KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP))
		err = inject(v, d.control);
	if (!err)
		set_control(v, &d);
	vmx_put();
	return err;
}
