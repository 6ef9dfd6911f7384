// SPDX-License-Identifier: GPL-2.0
/*
 * VMCALL: KVM's hypercalls. Those that belong to paravirtual features of KVM's are
 * not there; one may be user space's. And VMMCALL, which on an Intel processor is
 * undefined: a guest that takes KVM for AMD's has it mended.
 */
#include <linux/kernel.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "vhm.h"
#include "walk.h"

/* As large as the mode that the call comes from. */
static void set_answer(struct vhm_vcpu *v, u64 answer)
{
	v->vmx.frame.regs[VHM_RAX] = vmx_code_bits(&v->vmx) == 64 ? answer : (u32)answer;
}

static enum vhm_next answer_call(struct vhm_vcpu *v, u64 answer)
{
	set_answer(v, answer);
	vmx_skip_instruction(v);
	return VHM_RESUME;
}

static enum vhm_next complete_call(struct vhm_vcpu *v)
{
	set_answer(v, READ_ONCE(v->run->hypercall.ret));
	vmx_skip_bytes(v, v->asked.rip, v->asked.length);
	return VHM_RESUME;
}

/* Pages become private or shared: what that means user space knows. */
static enum vhm_next map_gpa_range(struct vhm_vcpu *v, u64 gpa, u64 pages, u64 attributes,
				   bool long_mode)
{
	struct kvm_run *run = v->run;
	u64 frame = gpa >> PAGE_SHIFT;

	if (!(READ_ONCE(v->vm->options.hypercall_exits) & BIT(KVM_HC_MAP_GPA_RANGE)))
		return answer_call(v, -KVM_ENOSYS);
	if (!PAGE_ALIGNED(gpa) || frame + pages <= frame)
		return answer_call(v, -KVM_EINVAL);
	run->exit_reason = KVM_EXIT_HYPERCALL;
	memset(&run->hypercall, 0, sizeof(run->hypercall));
	run->hypercall.nr = KVM_HC_MAP_GPA_RANGE;
	run->hypercall.args[0] = gpa;
	run->hypercall.args[1] = pages;
	run->hypercall.args[2] = attributes;
	run->hypercall.VHM_HYPERCALL_LONG_MODE = long_mode;
	vhm_ask(v, complete_call);
	return VHM_USER;
}

/* As on KVM all may be called, unless user space wants CPUID to be heeded. */
static bool pv_allowed(struct vhm_vcpu *v, unsigned int feature)
{
	return !v->pv_enforced ||
	       vhm_cpuid_has(v, KVM_CPUID_FEATURES, 0, VHM_EAX, BIT(feature));
}

static noinline enum vhm_next known_call(struct vhm_vcpu *v, u64 nr)
{
	const u64 *regs = v->vmx.frame.regs;
	bool long_mode = vmx_code_bits(&v->vmx) == 64;
	u64 mask = long_mode ? ~0ULL : U32_MAX;

	switch (nr & mask) {
	case KVM_HC_VAPIC_POLL_IRQ:
		/* It has left the guest, which is all that it wanted. */
		return answer_call(v, 0);
	case KVM_HC_SCHED_YIELD:
		/* Likewise a hint: the host's scheduler knows who waits. */
		return answer_call(v, pv_allowed(v, KVM_FEATURE_PV_SCHED_YIELD) ? 0 : -KVM_ENOSYS);
	case KVM_HC_MAP_GPA_RANGE:
		return map_gpa_range(v, regs[VHM_RBX] & mask, regs[VHM_RCX] & mask,
				     regs[VHM_RDX] & mask, long_mode);
	default:
		return answer_call(v, -KVM_ENOSYS);
	}
}

/**
 * vhm_vmcall_exit() - VMCALL, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_USER: the call is user space's.
 */
enum vhm_next vhm_vmcall_exit(struct vhm_vcpu *v)
{
	u64 nr = v->vmx.frame.regs[VHM_RAX];

	if (vmx_cpl())
		return answer_call(v, -KVM_EPERM);
	if (unlikely((u32)nr <= KVM_HC_MAP_GPA_RANGE))
		return known_call(v, nr);
	return answer_call(v, -KVM_ENOSYS);
}

static const u8 vmcall[] = { 0x0f, 0x01, 0xc1 }, vmmcall[] = { 0x0f, 0x01, 0xd9 };

/**
 * vhm_undefined_sleepable() - a #UD of the guest's, outside the inner loop
 * @v: the vCPU
 *
 * As KVM, if KVM_X86_QUIRK_FIX_HYPERCALL_INSN is not disabled: VMMCALL is overwritten by
 * VMCALL, which the guest then executes; where the guest may not write, it gets the fault
 * of that write. Any other #UD is the guest's own.
 *
 * Return: VHM_RESUME; VHM_FAULT.
 */
enum vhm_next vhm_undefined_sleepable(struct vhm_vcpu *v)
{
	u8 bytes[sizeof(vmmcall)], patch[sizeof(vmcall)];
	u64 rip;
	int err;

	vmx_load(&v->vmx);
	rip = vmx_linear_rip(&v->vmx);
	vmx_put();
	err = vhm_guest_copy(v, rip, bytes, sizeof(bytes), VHM_ACCESS_FETCH);
	if (!err && memcmp(bytes, vmmcall, sizeof(bytes)))
		err = -ENXIO;
	if (!err) {
		memcpy(patch, vmcall, sizeof(patch));
		err = vhm_guest_copy(v, rip, patch, sizeof(patch), VHM_ACCESS_WRITE);
	}
	if (err == -EIO)
		return VHM_FAULT;
	if (err < 0)
		vhm_queue_exception(v, X86_TRAP_UD);
	return VHM_RESUME;
}
