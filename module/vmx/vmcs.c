// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's VMCS, built area by area (SDM, "Organization of VMCS Data").
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/segment.h>
#include <asm/special_insns.h>
#include <asm/trapnr.h>
#include <asm/tsc.h>

#include "compat.h"
#include "cpu.h"
#include "enter.h"
#include "vhm.h"

/* The watchdog's period; a host tick that comes first restarts it. */
#define WATCHDOG_MS		10

static DECLARE_BITMAP(vpids, 1 << 16);
static DEFINE_SPINLOCK(vpids_lock);

void vmcs_read_failed(unsigned long field)
{
	WARN_ONCE(!vmx_lost(), "vhm: VMREAD of field %#lx failed", field);
}

void vmcs_write_failed(unsigned long field, unsigned long value)
{
	WARN_ONCE(!vmx_lost(), "vhm: VMWRITE of %#lx to field %#lx failed", value, field);
}

static u16 vpid_get(void)
{
	unsigned long vpid;

	if (!vmx_caps.vpid)
		return 0;
	spin_lock(&vpids_lock);
	/* VPID 0 is the host's. */
	vpid = find_next_zero_bit(vpids, 1 << 16, 1);
	if (vpid < 1 << 16)
		__set_bit(vpid, vpids);
	else
		vpid = 0;
	spin_unlock(&vpids_lock);
	return vpid;
}

static void vpid_put(u16 vpid)
{
	if (!vpid)
		return;
	spin_lock(&vpids_lock);
	__clear_bit(vpid, vpids);
	spin_unlock(&vpids_lock);
}

/**
 * vmx_vcpu_create() - the hardware half of a new vCPU
 * @v: the vCPU, zeroed
 *
 * Return: 0 or -ENOMEM; either way vmx_vcpu_destroy() ends it.
 */
int vmx_vcpu_create(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;

	x->cpu = -1;
	x->vmcs = vmx_region_alloc();
	x->fpu = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!x->vmcs || !x->fpu || vmx_pml_create(x))
		return -ENOMEM;
	if (v->vm->lapics && vmx_caps.tpr_shadow) {
		x->vapic = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!x->vapic)
			return -ENOMEM;
	}
	x->vpid = vpid_get();
	if (boot_cpu_has(X86_FEATURE_KERNEL_IBRS))
		x->run_flags = BIT(VMX_RUN_IBRS_BIT);
	/* The region is fresh memory; VMCLEAR gives it the CPU's own first state. */
	vmx_region_prepare(x->vmcs);
	return 0;
}

/**
 * vmx_vcpu_destroy() - undo vmx_vcpu_create()
 * @v: the vCPU; nobody runs it any more
 */
void vmx_vcpu_destroy(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;

	vmx_forget(x);
	vmx_window_forget(x);
	kfree(x->injection);
	vpid_put(x->vpid);
	vmx_pml_destroy(x);
	if (x->fpu)
		__free_page(x->fpu);
	free_page((unsigned long)x->vapic);
	free_page((unsigned long)x->vmcs);
}

static void init_pin(void)
{
	vmcs_write32(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.pin);
}

/* What user space has given away for the vCPUs of a VM. */
static u32 disabled_controls(const struct vhm_vm *vm)
{
	u32 exits = READ_ONCE(vm->options.disabled_exits);

	return (exits & KVM_X86_DISABLE_EXITS_HLT ? CPU_BASED_HLT_EXITING : 0) |
	       (exits & KVM_X86_DISABLE_EXITS_MWAIT ?
		CPU_BASED_MWAIT_EXITING | CPU_BASED_MONITOR_EXITING : 0);
}

/* SDM, "TPR Shadow": CR8 and with it the task priority are in a page, if there is one. */
static void init_tpr_shadow(struct vmx_vcpu *x)
{
	if (!x->vapic) {
		x->cpu_based &= ~CPU_BASED_TPR_SHADOW;
		return;
	}
	x->cpu_based &= ~(CPU_BASED_CR8_LOAD_EXITING | CPU_BASED_CR8_STORE_EXITING);
	vmcs_write64(VIRTUAL_APIC_PAGE_ADDR, __pa(x->vapic));
	vmcs_write32(TPR_THRESHOLD, 0);
}

static void init_execution(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;
	u32 cpu2 = vmx_caps.cpu2 & ~SECONDARY_EXEC_ENABLE_PML;

	if (!x->vpid)
		cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	else
		vmcs_write16(VIRTUAL_PROCESSOR_ID, x->vpid);
	x->cpu_based = vmx_caps.cpu & ~disabled_controls(v->vm);
	init_tpr_shadow(x);
	vmcs_write32(CPU_BASED_VM_EXEC_CONTROL, x->cpu_based);
	x->cpu2 = cpu2;
	vmcs_write32(SECONDARY_VM_EXEC_CONTROL, cpu2);
	vmx_use_bitmaps(x, NULL);
	/*
	 * #DB and #AC can recur for ever inside one instruction, with no exit
	 * for the host; #MC is the host's.
	 */
	vmcs_write32(EXCEPTION_BITMAP, BIT(X86_TRAP_DB) | BIT(X86_TRAP_UD) | BIT(X86_TRAP_AC) |
		     BIT(X86_TRAP_MC));
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write32(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write32(CR3_TARGET_COUNT, 0);
	vmcs_write64(VMCS_LINK_POINTER, ~0ULL);
}

/* EFER by MSR lists where the CPU has no controls for it. */
static void init_efer_lists(struct vmx_vcpu *x)
{
	x->efer_entry.index = MSR_EFER;
	x->efer_exit.index = MSR_EFER;
	x->efer_exit.value = vhm_rdmsr(MSR_EFER);
	vmcs_write64(VM_ENTRY_MSR_LOAD_ADDR, __pa(&x->efer_entry));
	vmcs_write64(VM_EXIT_MSR_LOAD_ADDR, __pa(&x->efer_exit));
}

static void init_exit(struct vmx_vcpu *x)
{
	vmcs_write32(VM_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write32(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write32(VM_EXIT_MSR_LOAD_COUNT, !vmx_caps.efer_controls);
}

static void init_entry(struct vmx_vcpu *x)
{
	vmcs_write32(VM_ENTRY_CONTROLS, vmx_caps.entry);
	vmcs_write32(VM_ENTRY_MSR_LOAD_COUNT, !vmx_caps.efer_controls);
	vmcs_write32(VM_ENTRY_INTR_INFO_FIELD, 0);
	if (!vmx_caps.efer_controls)
		init_efer_lists(x);
}

/* What is the same on every CPU and in every run; the rest is set_host_cpu()'s and switch.c's. */
static void init_host(void)
{
	vmcs_writel(HOST_CR0, read_cr0() & ~X86_CR0_TS);
	vmcs_write16(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write16(HOST_SS_SELECTOR, __KERNEL_DS);
	vmcs_write16(HOST_DS_SELECTOR, 0);
	vmcs_write16(HOST_ES_SELECTOR, 0);
	vmcs_write16(HOST_FS_SELECTOR, 0);
	vmcs_write16(HOST_GS_SELECTOR, 0);
	vmcs_write16(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	vmcs_write32(HOST_IA32_SYSENTER_CS, __KERNEL_CS);
	vmcs_writel(HOST_RIP, (unsigned long)vmx_exit_point);
	vmcs_write64(HOST_IA32_PAT, vhm_rdmsr(MSR_IA32_CR_PAT));
	if (vmx_caps.efer_controls)
		vmcs_write64(HOST_IA32_EFER, vhm_rdmsr(MSR_EFER));
}

/**
 * vmx_begin_guest() - what a new processor and one behind an INIT have in common
 *
 * It does not halt (a HLT that does not exit may have made it), nothing is held back or
 * pending, and SYSENTER leads nowhere. The VMCS is current.
 */
void vmx_begin_guest(void)
{
	vmcs_write32(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, 0);
	vmcs_writel(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmcs_write32(GUEST_SYSENTER_CS, 0);
	vmcs_writel(GUEST_SYSENTER_ESP, 0);
	vmcs_writel(GUEST_SYSENTER_EIP, 0);
}

static void init_guest(struct vmx_vcpu *x)
{
	vmx_begin_guest();
	if (vmx_caps.watchdog)
		vmx_set_watchdog(x);
}

/**
 * vmx_set_watchdog() - the VMX-preemption timer's start value
 * @x: vCPU whose VMCS is current
 *
 * It counts down at the TSC's rate divided by a power of two and starts anew at
 * each entry. An exit that it causes is not masked by the guest's RFLAGS.IF.
 */
void vmx_set_watchdog(struct vmx_vcpu *x)
{
	u64 ticks = (u64)tsc_khz * WATCHDOG_MS >> vmx_caps.timer_shift;

	vmcs_write32(VMX_PREEMPTION_TIMER_VALUE, clamp_t(u64, ticks, 1, U32_MAX));
}

/**
 * vmx_vmcs_init() - fill a new VMCS with everything but the guest's registers
 * @v: its vCPU, whose VMCS is current
 */
void vmx_vmcs_init(struct vhm_vcpu *v)
{
	struct vmx_vcpu *x = &v->vmx;

	init_pin();
	init_execution(v);
	init_exit(x);
	init_entry(x);
	init_host();
	init_guest(x);
	vmx_set_tsc(x, -v->vm->tsc_start);
	vmcs_write64(EPT_POINTER, vhm_ept_pointer(&v->vm->ept));
}
