// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls": the VM-execution control fields, but for those of the APIC and
 * of EPT, which have files of their own.
 */
#include "rules.h"

#define SECTION	"VM-Execution Control Fields"
#define AREA	VMX_CHECK_EXECUTION

/* SDM, "VM-Execution Control Fields" */
static bool pin_to_1(const struct vmx_snapshot *s)
{
	return fixed_to_1(field(s, VMX_F_PIN_BASED_VM_EXEC_CONTROL),
			  allowed_controls(s, VMX_CAP_PINBASED, VMX_CAP_TRUE_PINBASED));
}

/* SDM, "VM-Execution Control Fields" */
static bool pin_to_0(const struct vmx_snapshot *s)
{
	return fixed_to_0(field(s, VMX_F_PIN_BASED_VM_EXEC_CONTROL),
			  allowed_controls(s, VMX_CAP_PINBASED, VMX_CAP_TRUE_PINBASED));
}

/* SDM, "VM-Execution Control Fields" */
static bool cpu_to_1(const struct vmx_snapshot *s)
{
	return fixed_to_1(field(s, VMX_F_CPU_BASED_VM_EXEC_CONTROL),
			  allowed_controls(s, VMX_CAP_PROCBASED, VMX_CAP_TRUE_PROCBASED));
}

/* SDM, "VM-Execution Control Fields" */
static bool cpu_to_0(const struct vmx_snapshot *s)
{
	return fixed_to_0(field(s, VMX_F_CPU_BASED_VM_EXEC_CONTROL),
			  allowed_controls(s, VMX_CAP_PROCBASED, VMX_CAP_TRUE_PROCBASED));
}

/* SDM, "VM-Execution Control Fields" */
static bool cpu2_to_1(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_SECONDARY) ||
	       fixed_to_1(field(s, VMX_F_SECONDARY_VM_EXEC_CONTROL), s->cap[VMX_CAP_PROCBASED2]);
}

/* SDM, "VM-Execution Control Fields" */
static bool cpu2_to_0(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_SECONDARY) ||
	       fixed_to_0(field(s, VMX_F_SECONDARY_VM_EXEC_CONTROL), s->cap[VMX_CAP_PROCBASED2]);
}

/* SDM, "VM-Execution Control Fields"; their MSR has all 64 bits for what may be 1. */
static bool cpu3_to_0(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_TERTIARY) ||
	       !(field(s, VMX_F_TERTIARY_VM_EXEC_CONTROL) & ~s->cap[VMX_CAP_PROCBASED3]);
}

/* SDM, "VM-Execution Control Fields"; the number is in IA32_VMX_MISC[24:16]. */
static bool cr3_targets(const struct vmx_snapshot *s)
{
	return field(s, VMX_F_CR3_TARGET_COUNT) <= (s->cap[VMX_CAP_MISC] >> 16 & 0x1ff);
}

/* SDM, "VM-Execution Control Fields" */
static bool io_bitmap(const struct vmx_snapshot *s, unsigned int i)
{
	return !cpu(s, CPU_IO_BITMAPS) || physical_page(s, field(s, VMX_F_IO_BITMAP_A + i));
}

/* SDM, "VM-Execution Control Fields" */
static bool msr_bitmap(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_MSR_BITMAPS) || physical_page(s, field(s, VMX_F_MSR_BITMAP));
}

/* SDM, "VM-Execution Control Fields" */
static bool virtual_nmis(const struct vmx_snapshot *s)
{
	return !pin(s, PIN_VIRTUAL_NMI) || pin(s, PIN_NMI);
}

/* SDM, "VM-Execution Control Fields" */
static bool nmi_window(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_NMI_WINDOW) || pin(s, PIN_VIRTUAL_NMI);
}

/* SDM, "VM-Execution Control Fields" */
static bool vpid(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_VPID) || field(s, VMX_F_VIRTUAL_PROCESSOR_ID);
}

/* SDM, "VM-Execution Control Fields" */
static bool shadowing_bitmap(const struct vmx_snapshot *s, unsigned int i)
{
	return !cpu2(s, CPU2_SHADOWING) || physical_page(s, field(s, VMX_F_VMREAD_BITMAP + i));
}

/* SDM, "VM-Execution Control Fields" */
static bool tsc_multiplier(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_TSC_SCALING) || field(s, VMX_F_TSC_MULTIPLIER);
}

static const struct vmx_rule rules[] = {
	VMX_RULE("pin-controls-fixed-to-1", pin_to_1, PIN_BASED_VM_EXEC_CONTROL,
		 "The pin-based controls must have each bit that the CPU fixes to 1.",
		 "The field was not made from IA32_VMX_(TRUE_)PINBASED_CTLS[31:0]."),
	VMX_RULE("pin-controls-fixed-to-0", pin_to_0, PIN_BASED_VM_EXEC_CONTROL,
		 "The pin-based controls must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_(TRUE_)PINBASED_CTLS[63:32]."),
	VMX_RULE("cpu-controls-fixed-to-1", cpu_to_1, CPU_BASED_VM_EXEC_CONTROL,
		 "The primary processor-based controls must have each bit that the CPU fixes to 1.",
		 "The field was not made from IA32_VMX_(TRUE_)PROCBASED_CTLS[31:0]."),
	VMX_RULE("cpu-controls-fixed-to-0", cpu_to_0, CPU_BASED_VM_EXEC_CONTROL,
		 "The primary processor-based controls must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_(TRUE_)PROCBASED_CTLS[63:32]."),
	VMX_RULE("secondary-controls-fixed-to-1", cpu2_to_1, SECONDARY_VM_EXEC_CONTROL,
		 "With \"activate secondary controls\" these must have each bit that the CPU fixes to 1.",
		 "The field was not made from IA32_VMX_PROCBASED_CTLS2[31:0]."),
	VMX_RULE("secondary-controls-fixed-to-0", cpu2_to_0, SECONDARY_VM_EXEC_CONTROL,
		 "With \"activate secondary controls\" these must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_PROCBASED_CTLS2[63:32]."),
	VMX_RULE("tertiary-controls-fixed-to-0", cpu3_to_0, TERTIARY_VM_EXEC_CONTROL,
		 "With \"activate tertiary controls\" these must have no bit that the CPU fixes to 0.",
		 "A control is asked for that this CPU lacks: see IA32_VMX_PROCBASED_CTLS3."),
	VMX_RULE("cr3-target-count", cr3_targets, CR3_TARGET_COUNT,
		 "The CR3-target count may not be greater than the CPU supports (IA32_VMX_MISC[24:16], on most CPUs 4).",
		 "The field was never written in a VMCS whose memory was not zero, or a count is taken for a mask."),
	VMX_RULE_EACH("io-bitmap-address", io_bitmap, IO_BITMAP_A, 2,
		      "With \"use I/O bitmaps\" both addresses must be aligned to 4 KiB and within the physical-address width.",
		      "A virtual address instead of a physical one, or only one of the two bitmaps was given."),
	VMX_RULE("msr-bitmap-address", msr_bitmap, MSR_BITMAP,
		 "With \"use MSR bitmaps\" their address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one, or a bitmap from an allocator that does not align."),
	VMX_RULE("virtual-nmis-need-nmi-exiting", virtual_nmis, PIN_BASED_VM_EXEC_CONTROL,
		 "\"virtual NMIs\" needs \"NMI exiting\".",
		 "NMI exiting was turned off alone."),
	VMX_RULE("nmi-window-needs-virtual-nmis", nmi_window, CPU_BASED_VM_EXEC_CONTROL,
		 "\"NMI-window exiting\" needs \"virtual NMIs\".",
		 "The window was asked for on a CPU without virtual NMIs."),
	VMX_RULE("vpid-not-zero", vpid, VIRTUAL_PROCESSOR_ID,
		 "With \"enable VPID\" the VPID may not be 0, which is the host's.",
		 "No VPID was given out, but the control is on."),
	VMX_RULE_EACH("vmcs-shadowing-bitmap-address", shadowing_bitmap, VMREAD_BITMAP, 2,
		      "With \"VMCS shadowing\" the addresses of both bitmaps must be aligned to 4 KiB and within the physical-address width.",
		      "A virtual address instead of a physical one."),
	VMX_RULE("tsc-multiplier-not-zero", tsc_multiplier, TSC_MULTIPLIER,
		 "With \"use TSC scaling\" the TSC multiplier may not be 0.",
		 "The control was turned on before the multiplier was written."),
};

const struct vmx_rule_table vmx_execution_rules = VMX_RULE_TABLE(rules);
