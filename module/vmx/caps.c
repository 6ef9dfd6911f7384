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
#include "vhm.h"

struct vmx_caps vmx_caps __ro_after_init;

static bool watchdog = true;
module_param(watchdog, bool, 0444);
MODULE_PARM_DESC(watchdog, "bring back a guest that spins with its interrupts off (default: on)");

struct control {
	const char *name;
	u32 bit;
	bool required;
};

#define REQUIRED(mask, text)	{ .name = text, .bit = mask, .required = true }
#define OPTIONAL(mask, text)	{ .name = text, .bit = mask }

static const struct control pin_controls[] __initconst = {
	REQUIRED(PIN_BASED_EXT_INTR_MASK, "external-interrupt exiting"),
	REQUIRED(PIN_BASED_NMI_EXITING, "NMI exiting"),
	REQUIRED(PIN_BASED_VIRTUAL_NMIS, "virtual NMIs"),
	OPTIONAL(PIN_BASED_VMX_PREEMPTION_TIMER, "activate VMX-preemption timer"),
};

static const struct control cpu_controls[] __initconst = {
	REQUIRED(CPU_BASED_USE_TSC_OFFSETTING, "use TSC offsetting"),
	REQUIRED(CPU_BASED_HLT_EXITING, "HLT exiting"),
	REQUIRED(CPU_BASED_MWAIT_EXITING, "MWAIT exiting"),
	REQUIRED(CPU_BASED_RDPMC_EXITING, "RDPMC exiting"),
	REQUIRED(CPU_BASED_CR8_LOAD_EXITING, "CR8-load exiting"),
	REQUIRED(CPU_BASED_CR8_STORE_EXITING, "CR8-store exiting"),
	REQUIRED(CPU_BASED_MOV_DR_EXITING, "MOV-DR exiting"),
	REQUIRED(CPU_BASED_UNCOND_IO_EXITING, "unconditional I/O exiting"),
	REQUIRED(CPU_BASED_USE_MSR_BITMAPS, "use MSR bitmaps"),
	REQUIRED(CPU_BASED_MONITOR_EXITING, "MONITOR exiting"),
	REQUIRED(CPU_BASED_ACTIVATE_SECONDARY_CONTROLS, "activate secondary controls"),
};

/* Set from time to time, so only the right to set them is asked for. */
static const struct control window_controls[] __initconst = {
	REQUIRED(CPU_BASED_INTR_WINDOW_EXITING, "interrupt-window exiting"),
	REQUIRED(CPU_BASED_NMI_WINDOW_EXITING, "NMI-window exiting"),
};

static const struct control cpu2_controls[] __initconst = {
	REQUIRED(SECONDARY_EXEC_ENABLE_EPT, "enable EPT"),
	OPTIONAL(SECONDARY_EXEC_UNRESTRICTED_GUEST, "unrestricted guest"),
	OPTIONAL(SECONDARY_EXEC_ENABLE_VPID, "enable VPID"),
	OPTIONAL(SECONDARY_EXEC_ENABLE_RDTSCP, "enable RDTSCP"),
	OPTIONAL(SECONDARY_EXEC_ENABLE_INVPCID, "enable INVPCID"),
	OPTIONAL(SECONDARY_EXEC_WBINVD_EXITING, "WBINVD exiting"),
};

static const struct control exit_controls[] __initconst = {
	REQUIRED(VM_EXIT_HOST_ADDR_SPACE_SIZE, "host address-space size"),
	OPTIONAL(VM_EXIT_LOAD_IA32_PAT, "load IA32_PAT on exit"),
	OPTIONAL(VM_EXIT_LOAD_IA32_EFER, "load IA32_EFER on exit"),
};

static const struct control entry_controls[] __initconst = {
	REQUIRED(VM_ENTRY_LOAD_DEBUG_CONTROLS, "load debug controls"),
	OPTIONAL(VM_ENTRY_LOAD_IA32_PAT, "load IA32_PAT on entry"),
	OPTIONAL(VM_ENTRY_LOAD_IA32_EFER, "load IA32_EFER on entry"),
};

/*
 * The low half of a capability MSR has the bits that must be 1, the high half
 * those that may be.
 */
static int negotiate(u32 msr, const struct control *control, size_t count, u32 *result)
{
	u64 allowed = vhm_rdmsr(msr);
	u32 must = (u32)allowed, may = allowed >> 32;

	*result = must;
	for (; count; count--, control++) {
		if (may & control->bit) {
			*result |= control->bit;
		} else if (control->required) {
			pr_err("this CPU lacks the VMX control \"%s\", which vhm needs\n",
			       control->name);
			return -ENODEV;
		}
	}
	return 0;
}

#define NEGOTIATE(msr, controls, result)	\
	negotiate(msr, controls, ARRAY_SIZE(controls), result)

/* A default1 bit that vhm must be able to clear. */
static int __init must_clear(u32 controls, u32 bit, const char *name)
{
	if (!(controls & bit))
		return 0;
	pr_err("this CPU cannot clear the VMX control \"%s\", which vhm needs\n", name);
	return -ENODEV;
}

static int __init negotiate_controls(struct vmx_caps *c, bool true_controls)
{
	u32 windows;
	int err;

	err = NEGOTIATE(true_controls ? MSR_IA32_VMX_TRUE_PINBASED_CTLS :
			MSR_IA32_VMX_PINBASED_CTLS, pin_controls, &c->pin);
	if (err)
		return err;
	err = NEGOTIATE(true_controls ? MSR_IA32_VMX_TRUE_PROCBASED_CTLS :
			MSR_IA32_VMX_PROCBASED_CTLS, cpu_controls, &c->cpu);
	if (err)
		return err;
	err = NEGOTIATE(MSR_IA32_VMX_PROCBASED_CTLS, window_controls, &windows);
	if (err)
		return err;
	err = NEGOTIATE(MSR_IA32_VMX_PROCBASED_CTLS2, cpu2_controls, &c->cpu2);
	if (err)
		return err;
	err = NEGOTIATE(true_controls ? MSR_IA32_VMX_TRUE_EXIT_CTLS :
			MSR_IA32_VMX_EXIT_CTLS, exit_controls, &c->exit);
	if (err)
		return err;
	err = NEGOTIATE(true_controls ? MSR_IA32_VMX_TRUE_ENTRY_CTLS :
			MSR_IA32_VMX_ENTRY_CTLS, entry_controls, &c->entry);
	if (err)
		return err;

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

	/* INVVPID's capabilities are the upper half, and so are numbered. */
	cap >>= 32;
	c->invvpid_single = cap & VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT;
	if (!(cap & VMX_VPID_INVVPID_BIT) ||
	    !(cap & (VMX_VPID_EXTENT_SINGLE_CONTEXT_BIT | VMX_VPID_EXTENT_GLOBAL_CONTEXT_BIT)))
		c->cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	c->vpid = c->cpu2 & SECONDARY_EXEC_ENABLE_VPID;
	return 0;
}

/* EFER and PAT are loaded by controls where the CPU has both halves of each. */
static int __init negotiate_msrs(struct vmx_caps *c)
{
	if (!(c->entry & VM_ENTRY_LOAD_IA32_PAT) || !(c->exit & VM_EXIT_LOAD_IA32_PAT)) {
		pr_err("this CPU lacks the VMX control \"load IA32_PAT\", which vhm needs\n");
		return -ENODEV;
	}
	c->efer_controls = (c->entry & VM_ENTRY_LOAD_IA32_EFER) &&
			   (c->exit & VM_EXIT_LOAD_IA32_EFER);
	if (!c->efer_controls) {
		c->entry &= ~VM_ENTRY_LOAD_IA32_EFER;
		c->exit &= ~VM_EXIT_LOAD_IA32_EFER;
	}
	return 0;
}

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
	err = negotiate_controls(c, basic & BIT_ULL(55));
	if (!err)
		err = negotiate_ept(c);
	if (!err)
		err = negotiate_msrs(c);
	if (err)
		return err;

	c->timer_shift = misc & VMX_MISC_PREEMPTION_TIMER_RATE_MASK;
	if (!watchdog)
		c->pin &= ~PIN_BASED_VMX_PREEMPTION_TIMER;
	c->watchdog = c->pin & PIN_BASED_VMX_PREEMPTION_TIMER;
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
