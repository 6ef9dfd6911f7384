// SPDX-License-Identifier: GPL-2.0
/*
 * From the VMX capability MSRs to the controls that vhm uses. A control that is
 * missing is named; nothing is half enabled.
 *
 * SDM, appendix "VMX Capability Reporting Facility".
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "compat.h"
#include "controls.h"
#include "vhm.h"

struct vmx_caps vmx_caps __ro_after_init;

static bool watchdog = true;
module_param(watchdog, bool, 0444);
MODULE_PARM_DESC(watchdog, "bring back a guest that spins with its interrupts off (default: on)");

static bool tpr_shadow = true;
module_param(tpr_shadow, bool, 0444);
MODULE_PARM_DESC(tpr_shadow, "let guests with a local APIC use CR8 without an exit (default: on where the CPU can)");

/*
 * The low half of a capability MSR has the bits that must be 1, the high half
 * those that may be.
 */
static int __init negotiate(enum vmx_field field, u32 msr, u32 *result)
{
	u64 allowed = vhm_rdmsr(msr);
	const struct vmx_control *row;
	unsigned int i;

	*result = (u32)allowed;
	for (i = 0; (row = vmx_control_row(i)); i++) {
		if (row->field != field || row->use == VMX_USE_UNUSED)
			continue;
		if (allowed >> 32 & BIT(row->bit)) {
			if (row->use != VMX_USE_VARIES)
				*result |= BIT(row->bit);
		} else if (row->use != VMX_USE_WANTED) {
			pr_err("this CPU lacks the VMX control \"%s\", which vhm needs\n",
			       vmx_control_name(field, row->bit));
			return -ENODEV;
		}
	}
	return 0;
}

/* The MSR that says which bits of a control field may be 0 and which 1. */
static u32 capability_msr(enum vmx_field field)
{
	bool exact = vhm_rdmsr(MSR_IA32_VMX_BASIC) & BIT_ULL(55);

	switch (field) {
	case VMX_F_PIN_BASED_VM_EXEC_CONTROL:
		return exact ? MSR_IA32_VMX_TRUE_PINBASED_CTLS : MSR_IA32_VMX_PINBASED_CTLS;
	case VMX_F_CPU_BASED_VM_EXEC_CONTROL:
		return exact ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS : MSR_IA32_VMX_PROCBASED_CTLS;
	case VMX_F_VM_EXIT_CONTROLS:
		return exact ? MSR_IA32_VMX_TRUE_EXIT_CTLS : MSR_IA32_VMX_EXIT_CTLS;
	case VMX_F_VM_ENTRY_CONTROLS:
		return exact ? MSR_IA32_VMX_TRUE_ENTRY_CTLS : MSR_IA32_VMX_ENTRY_CTLS;
	default:
		return MSR_IA32_VMX_PROCBASED_CTLS2;
	}
}

/* A default1 bit that vhm must be able to clear. */
static int __init must_clear(u32 controls, u32 bit, const char *name)
{
	if (!(controls & bit))
		return 0;
	pr_err("this CPU cannot clear the VMX control \"%s\", which vhm needs\n", name);
	return -ENODEV;
}

static int __init negotiate_controls(struct vmx_caps *c)
{
	struct {
		enum vmx_field field;
		u32 *chosen;
	} fields[] = {
		{ VMX_F_PIN_BASED_VM_EXEC_CONTROL, &c->pin },
		{ VMX_F_CPU_BASED_VM_EXEC_CONTROL, &c->cpu },
		{ VMX_F_SECONDARY_VM_EXEC_CONTROL, &c->cpu2 },
		{ VMX_F_VM_EXIT_CONTROLS, &c->exit },
		{ VMX_F_VM_ENTRY_CONTROLS, &c->entry },
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		err = negotiate(fields[i].field, capability_msr(fields[i].field),
				fields[i].chosen);
		if (err)
			return err;
	}

	/* With EPT these two may be 0 even where the MSR says that they must be 1. */
	c->cpu &= ~(CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING |
		    CPU_BASED_INVLPG_EXITING);
	/* The IA-32e bit is the guest's own choice, made in vmx_set_efer(). */
	c->entry &= ~VM_ENTRY_IA32E_MODE;
	return must_clear(c->exit, VM_EXIT_ACK_INTR_ON_EXIT, "acknowledge interrupt on exit");
}

static int __init negotiate_ept(struct vmx_caps *c)
{
	u64 cap = vhm_rdmsr(MSR_IA32_VMX_EPT_VPID_CAP);

	if (!(cap & VMX_EPT_PAGE_WALK_4_BIT) || !(cap & VMX_EPTP_WB_BIT)) {
		pr_err("this CPU's EPT lacks write-back walks of four levels, which vhm needs\n");
		return -ENODEV;
	}
	if (!(cap & VMX_EPT_INVEPT_BIT) ||
	    !(cap & (VMX_EPT_EXTENT_CONTEXT_BIT | VMX_EPT_EXTENT_GLOBAL_BIT))) {
		pr_err("this CPU lacks INVEPT, which vhm needs\n");
		return -ENODEV;
	}
	c->invept_single = cap & VMX_EPT_EXTENT_CONTEXT_BIT;
	c->ept_level = !(cap & VMX_EPT_2MB_PAGE_BIT) ? 1 : cap & VMX_EPT_1GB_PAGE_BIT ? 3 : 2;

	c->pml = c->cpu2 & SECONDARY_EXEC_ENABLE_PML && cap & VMX_EPT_AD_BIT;
	if (!c->pml)
		c->cpu2 &= ~SECONDARY_EXEC_ENABLE_PML;

	/* INVVPID's capabilities are the upper half, and so are numbered. */
	cap >>= 32;
	c->invvpid_single = cap & VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT;
	if (!(cap & VMX_VPID_INVVPID_BIT) ||
	    !(cap & (VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT | VMX_VPID_EXTENT_GLOBAL_CONTEXT_BIT)))
		c->cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	c->vpid = c->cpu2 & SECONDARY_EXEC_ENABLE_VPID;
	return 0;
}

/* EFER is loaded by controls where the CPU has both halves. */
static void __init negotiate_efer(struct vmx_caps *c)
{
	c->efer_controls = (c->entry & VM_ENTRY_LOAD_IA32_EFER) &&
			   (c->exit & VM_EXIT_LOAD_IA32_EFER);
	if (!c->efer_controls) {
		c->entry &= ~VM_ENTRY_LOAD_IA32_EFER;
		c->exit &= ~VM_EXIT_LOAD_IA32_EFER;
	}
}

/* SDM, "Miscellaneous Data" (IA32_VMX_MISC): bits 4:0. */
#define MISC_TIMER_RATE		0x1fULL

/* State components that vhm switches: x87, SSE, AVX and AVX-512's three. */
#define VHM_XCR0_COMPONENTS	0xe7ULL

static void __init negotiate_xstate(struct vmx_caps *c)
{
	c->xcr0 = 0;
	if (boot_cpu_has(X86_FEATURE_XSAVE))
		c->xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK) & VHM_XCR0_COMPONENTS;
	if (vmx_fpu_size() > PAGE_SIZE)
		c->xcr0 &= XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM;
}

/**
 * vmx_caps_negotiate() - read what the CPU can do and choose
 *
 * Return: 0, or -ENODEV behind a line in the log that names what is missing.
 */
int __init vmx_caps_negotiate(void)
{
	struct vmx_caps *c = &vmx_caps;
	u64 basic = vhm_rdmsr(MSR_IA32_VMX_BASIC);
	u64 misc = vhm_rdmsr(MSR_IA32_VMX_MISC);
	int err;

	c->vmcs_revision = vmx_basic_vmcs_revision_id(basic);
	err = negotiate_controls(c);
	if (!err)
		err = negotiate_ept(c);
	if (err)
		return err;
	negotiate_efer(c);

	c->timer_shift = misc & MISC_TIMER_RATE;
	if (!watchdog)
		c->pin &= ~PIN_BASED_VMX_PREEMPTION_TIMER;
	c->watchdog = c->pin & PIN_BASED_VMX_PREEMPTION_TIMER;
	if (!tpr_shadow)
		c->cpu &= ~CPU_BASED_TPR_SHADOW;
	c->tpr_shadow = c->cpu & CPU_BASED_TPR_SHADOW;
	tpr_shadow = c->tpr_shadow;
	c->unrestricted_guest = c->cpu2 & SECONDARY_EXEC_UNRESTRICTED_GUEST;
	c->rdtscp = c->cpu2 & SECONDARY_EXEC_ENABLE_RDTSCP;
	c->invpcid = c->cpu2 & SECONDARY_EXEC_ENABLE_INVPCID;
	c->wbinvd_exiting = c->cpu2 & SECONDARY_EXEC_WBINVD_EXITING;
	c->io_information = basic & BIT_ULL(54);
	c->cr0_fixed0 = vhm_rdmsr(MSR_IA32_VMX_CR0_FIXED0);
	c->cr0_fixed1 = vhm_rdmsr(MSR_IA32_VMX_CR0_FIXED1);
	c->cr4_fixed0 = vhm_rdmsr(MSR_IA32_VMX_CR4_FIXED0);
	c->cr4_fixed1 = vhm_rdmsr(MSR_IA32_VMX_CR4_FIXED1);
	/* Never put into a guest's CR0 by us: without unrestricted guest VM entry refuses it. */
	c->cr0_fixed0 &= ~(X86_CR0_PE | X86_CR0_PG);
	if (!c->unrestricted_guest)
		pr_notice("this CPU lacks the VMX control \"unrestricted guest\": only guests with paging on can run\n");
	if (!c->watchdog)
		pr_notice("no watchdog: a guest that spins with its interrupts off leaves on host interrupts alone\n");
	negotiate_xstate(c);
	return 0;
}

/* What vhm has made of a control field. */
static u32 chosen(enum vmx_field field)
{
	switch (field) {
	case VMX_F_PIN_BASED_VM_EXEC_CONTROL:
		return vmx_caps.pin;
	case VMX_F_CPU_BASED_VM_EXEC_CONTROL:
		return vmx_caps.cpu;
	case VMX_F_SECONDARY_VM_EXEC_CONTROL:
		return vmx_caps.cpu2;
	case VMX_F_VM_EXIT_CONTROLS:
		return vmx_caps.exit;
	default:
		return vmx_caps.entry;
	}
}

/**
 * vmx_control_describe() - one control: what this CPU allows, what vhm chose and why
 * @index: counted from 0
 * @control: filled
 *
 * Return: 0; -ENOENT behind the last.
 */
int vmx_control_describe(unsigned int index, struct vhm_control *control)
{
	const struct vmx_control *row = vmx_control_row(index);
	u64 allowed;

	if (!row)
		return -ENOENT;
	allowed = vhm_rdmsr(capability_msr(row->field));
	*control = (struct vhm_control){
		.index = index,
		.bit = row->bit,
		.encoding = vmx_field_info(row->field)->encoding,
		.allowed_0 = !(allowed & BIT(row->bit)),
		.allowed_1 = !!(allowed >> 32 & BIT(row->bit)),
		.chosen = row->use == VMX_USE_VARIES ? VHM_CONTROL_VARIES :
			  chosen(row->field) & BIT(row->bit) ? VHM_CONTROL_ON : VHM_CONTROL_OFF,
	};
	strscpy(control->name, vmx_control_name(row->field, row->bit), sizeof(control->name));
	strscpy(control->why, row->why, sizeof(control->why));
	return 0;
}
