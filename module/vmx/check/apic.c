// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls": the VM-execution control fields of APIC virtualization.
 */
#include "rules.h"

#define SECTION	"VM-Execution Control Fields"
#define AREA	VMX_CHECK_EXECUTION

/* SDM, "VM-Execution Control Fields" */
static bool virtual_apic_address(const struct vmx_snapshot *s)
{
	return !cpu(s, CPU_TPR_SHADOW) ||
	       physical_page(s, field(s, VMX_F_VIRTUAL_APIC_PAGE_ADDR));
}

static bool uses_tpr_threshold(const struct vmx_snapshot *s)
{
	return cpu(s, CPU_TPR_SHADOW) && !cpu2(s, CPU2_VIRTUAL_INTERRUPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool tpr_threshold_reserved(const struct vmx_snapshot *s)
{
	return !uses_tpr_threshold(s) || field(s, VMX_F_TPR_THRESHOLD) < 16;
}

/* SDM, "VM-Execution Control Fields"; VTPR is byte 80H of the virtual-APIC page. */
static bool tpr_threshold_vtpr(const struct vmx_snapshot *s)
{
	if (!uses_tpr_threshold(s) || cpu2(s, CPU2_APIC_ACCESSES) || !(s->known & VMX_KNOWN_VTPR))
		return true;
	return (field(s, VMX_F_TPR_THRESHOLD) & 15) <= s->vtpr >> 4;
}

/* SDM, "VM-Execution Control Fields" */
static bool apic_access_address(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_APIC_ACCESSES) || physical_page(s, field(s, VMX_F_APIC_ACCESS_ADDR));
}

/* SDM, "VM-Execution Control Fields" */
static bool tpr_shadow(const struct vmx_snapshot *s)
{
	return cpu(s, CPU_TPR_SHADOW) ||
	       !(cpu2(s, CPU2_X2APIC | CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPT) ||
		 cpu3(s, CPU3_IPI));
}

/* SDM, "VM-Execution Control Fields" */
static bool x2apic(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_X2APIC) || !cpu2(s, CPU2_APIC_ACCESSES);
}

/* SDM, "VM-Execution Control Fields" */
static bool virtual_interrupt(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_VIRTUAL_INTERRUPT) || pin(s, PIN_EXTERNAL_INTERRUPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool posted_delivery(const struct vmx_snapshot *s)
{
	return !pin(s, PIN_POSTED_INTERRUPT) || cpu2(s, CPU2_VIRTUAL_INTERRUPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool posted_acknowledge(const struct vmx_snapshot *s)
{
	return !pin(s, PIN_POSTED_INTERRUPT) || exit_control(s, EXIT_ACK_INTERRUPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool posted_vector(const struct vmx_snapshot *s)
{
	return !pin(s, PIN_POSTED_INTERRUPT) || field(s, VMX_F_POSTED_INTR_NV) < 256;
}

/* SDM, "VM-Execution Control Fields" */
static bool posted_descriptor(const struct vmx_snapshot *s)
{
	u64 address = field(s, VMX_F_POSTED_INTR_DESC_ADDR);

	return !pin(s, PIN_POSTED_INTERRUPT) || (physical(s, address) && !(address & 0x3f));
}

/* SDM, "VM-Execution Control Fields"; an entry of the table has 8 bytes. */
static bool pid_table(const struct vmx_snapshot *s)
{
	u64 address = field(s, VMX_F_PID_POINTER_TABLE);
	u64 last = address + 8 * (field(s, VMX_F_LAST_PID_POINTER_INDEX) & 0xffff) + 7;

	return !cpu3(s, CPU3_IPI) || (physical(s, address) && physical(s, last) && !(address & 7));
}

static const struct vmx_rule rules[] = {
	VMX_RULE("virtual-apic-address", virtual_apic_address, VIRTUAL_APIC_PAGE_ADDR,
		 "With \"use TPR shadow\" the virtual-APIC address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("tpr-threshold-reserved", tpr_threshold_reserved, TPR_THRESHOLD,
		 "With \"use TPR shadow\" and without \"virtual-interrupt delivery\" bits 31:4 of the TPR threshold must be 0.",
		 "The threshold is a priority class, bits 7:4 of a vector, not a vector."),
	VMX_RULE("tpr-threshold-below-vtpr", tpr_threshold_vtpr, TPR_THRESHOLD,
		 "With \"use TPR shadow\" and without \"virtualize APIC accesses\" and \"virtual-interrupt delivery\" the TPR threshold may not be greater than bits 7:4 of VTPR.",
		 "The threshold was set for an interrupt that the guest's TPR does not hold back."),
	VMX_RULE("apic-access-address", apic_access_address, APIC_ACCESS_ADDR,
		 "With \"virtualize APIC accesses\" the APIC-access address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("apic-controls-need-tpr-shadow", tpr_shadow, CPU_BASED_VM_EXEC_CONTROL,
		 "\"virtualize x2APIC mode\", \"APIC-register virtualization\", \"virtual-interrupt delivery\" and \"IPI virtualization\" need \"use TPR shadow\".",
		 "APIC virtualization was turned on without a virtual-APIC page."),
	VMX_RULE("x2apic-without-apic-accesses", x2apic, SECONDARY_VM_EXEC_CONTROL,
		 "\"virtualize x2APIC mode\" and \"virtualize APIC accesses\" exclude each other.",
		 "The guest went to x2APIC mode and the old control stayed on."),
	VMX_RULE("virtual-interrupts-need-exiting", virtual_interrupt, PIN_BASED_VM_EXEC_CONTROL,
		 "\"virtual-interrupt delivery\" needs \"external-interrupt exiting\".",
		 "External interrupts were left to the guest."),
	VMX_RULE("posted-interrupts-need-delivery", posted_delivery, PIN_BASED_VM_EXEC_CONTROL,
		 "\"process posted interrupts\" needs \"virtual-interrupt delivery\".",
		 "APIC virtualization was turned off for the guest, posted interrupts were not."),
	VMX_RULE("posted-interrupts-need-acknowledge", posted_acknowledge, VM_EXIT_CONTROLS,
		 "\"process posted interrupts\" needs the VM-exit control \"acknowledge interrupt on exit\".",
		 "The VM-exit controls were chosen without regard to posted interrupts."),
	VMX_RULE("posted-interrupt-vector", posted_vector, POSTED_INTR_NV,
		 "With \"process posted interrupts\" bits 15:8 of the notification vector must be 0.",
		 "The field was not written."),
	VMX_RULE("posted-interrupt-descriptor", posted_descriptor, POSTED_INTR_DESC_ADDR,
		 "With \"process posted interrupts\" the descriptor's address must be aligned to 64 bytes and within the physical-address width.",
		 "The descriptor is a member of a structure that is not aligned."),
	VMX_RULE("pid-pointer-table", pid_table, PID_POINTER_TABLE,
		 "With \"IPI virtualization\" the PID-pointer table must be aligned to 8 bytes and with its last entry within the physical-address width.",
		 "A virtual address instead of a physical one."),
};

const struct vmx_rule_table vmx_apic_rules = VMX_RULE_TABLE(rules);
