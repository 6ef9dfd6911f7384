// SPDX-License-Identifier: GPL-2.0
/*
 * SDM, "Checks on VMX Controls": the VM-execution control fields of EPT and of what needs it.
 */
#include "rules.h"

#define SECTION	"VM-Execution Control Fields"
#define AREA	VMX_CHECK_EXECUTION

/* SDM, "VPID and EPT Capabilities" */
#define CAP_WALK_4		BIT(6)
#define CAP_WALK_5		BIT(7)
#define CAP_UNCACHEABLE		BIT(8)
#define CAP_WRITE_BACK		BIT(14)
#define CAP_ACCESSED_DIRTY	BIT(21)
#define CAP_SHADOW_STACK	BIT(23)

#define FUNCTION_EPTP_SWITCHING	BIT(0)

static bool ept_capability(const struct vmx_snapshot *s, u32 capability)
{
	return s->cap[VMX_CAP_EPT_VPID] & capability;
}

/* SDM, "VM-Execution Control Fields"; "Extended-Page-Table Pointer (EPTP)" */
static bool memory_type(const struct vmx_snapshot *s)
{
	if (!cpu2(s, CPU2_EPT))
		return true;
	switch (field(s, VMX_F_EPT_POINTER) & 7) {
	case 0:
		return ept_capability(s, CAP_UNCACHEABLE);
	case 6:
		return ept_capability(s, CAP_WRITE_BACK);
	}
	return false;
}

/* SDM, "VM-Execution Control Fields" */
static bool walk_length(const struct vmx_snapshot *s)
{
	if (!cpu2(s, CPU2_EPT))
		return true;
	switch (field(s, VMX_F_EPT_POINTER) >> 3 & 7) {
	case 3:
		return ept_capability(s, CAP_WALK_4);
	case 4:
		return ept_capability(s, CAP_WALK_5);
	}
	return false;
}

/* SDM, "VM-Execution Control Fields" */
static bool accessed_dirty(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_EPT) || !(field(s, VMX_F_EPT_POINTER) & BIT(6)) ||
	       ept_capability(s, CAP_ACCESSED_DIRTY);
}

/* SDM, "VM-Execution Control Fields" */
static bool shadow_stack(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_EPT) || !(field(s, VMX_F_EPT_POINTER) & BIT(7)) ||
	       ept_capability(s, CAP_SHADOW_STACK);
}

/* SDM, "VM-Execution Control Fields" */
static bool pointer_reserved(const struct vmx_snapshot *s)
{
	u64 pointer = field(s, VMX_F_EPT_POINTER);

	return !cpu2(s, CPU2_EPT) ||
	       !(pointer & GENMASK_ULL(11, 8) || pointer >> s->physical_bits);
}

/* SDM, "VM-Execution Control Fields" */
static bool unrestricted(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_UNRESTRICTED) || cpu2(s, CPU2_EPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool mode_based_execute(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_MODE_BASED_EXECUTE) || cpu2(s, CPU2_EPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool pml(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_PML) || cpu2(s, CPU2_EPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool pml_address(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_PML) || physical_page(s, field(s, VMX_F_PML_ADDRESS));
}

/* SDM, "VM-Execution Control Fields" */
static bool sub_page(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_SUB_PAGE_WRITE) || cpu2(s, CPU2_EPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool sub_page_address(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_SUB_PAGE_WRITE) || physical_page(s, field(s, VMX_F_SPPT_POINTER));
}

/* SDM, "VM-Execution Control Fields" */
static bool pt_guest_address(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_PT_GUEST_ADDRESS) ||
	       (cpu2(s, CPU2_EPT) && entry_control(s, ENTRY_LOAD_RTIT_CTL) &&
		exit_control(s, EXIT_CLEAR_RTIT_CTL));
}

/* SDM, "VM-Execution Control Fields" */
static bool functions_reserved(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_VM_FUNCTIONS) ||
	       !(field(s, VMX_F_VM_FUNCTION_CONTROL) & ~s->cap[VMX_CAP_VMFUNC]);
}

static bool eptp_switching(const struct vmx_snapshot *s)
{
	return cpu2(s, CPU2_VM_FUNCTIONS) &&
	       field(s, VMX_F_VM_FUNCTION_CONTROL) & FUNCTION_EPTP_SWITCHING;
}

/* SDM, "VM-Execution Control Fields" */
static bool switching_ept(const struct vmx_snapshot *s)
{
	return !eptp_switching(s) || cpu2(s, CPU2_EPT);
}

/* SDM, "VM-Execution Control Fields" */
static bool eptp_list(const struct vmx_snapshot *s)
{
	return !eptp_switching(s) || physical_page(s, field(s, VMX_F_EPTP_LIST_ADDRESS));
}

/* SDM, "VM-Execution Control Fields" */
static bool ve_information(const struct vmx_snapshot *s)
{
	return !cpu2(s, CPU2_VE) || physical_page(s, field(s, VMX_F_VE_INFORMATION_ADDRESS));
}

static const struct vmx_rule rules[] = {
	VMX_RULE("eptp-memory-type", memory_type, EPT_POINTER,
		 "With \"enable EPT\" bits 2:0 of the EPTP must be 0 (UC) or 6 (WB), as IA32_VMX_EPT_VPID_CAP allows.",
		 "The EPTP is the bare address of the root table."),
	VMX_RULE("eptp-walk-length", walk_length, EPT_POINTER,
		 "With \"enable EPT\" bits 5:3 of the EPTP must be one less than a walk length that IA32_VMX_EPT_VPID_CAP allows: 3 for four levels.",
		 "The length itself was written instead of one less."),
	VMX_RULE("eptp-accessed-dirty", accessed_dirty, EPT_POINTER,
		 "Bit 6 of the EPTP needs a CPU with accessed and dirty flags for EPT (IA32_VMX_EPT_VPID_CAP[21]).",
		 "The flags were turned on without a look at the capability."),
	VMX_RULE("eptp-shadow-stack", shadow_stack, EPT_POINTER,
		 "Bit 7 of the EPTP needs a CPU with supervisor shadow-stack control (IA32_VMX_EPT_VPID_CAP[23]).",
		 "Bits of something else stand in the EPTP."),
	VMX_RULE("eptp-reserved", pointer_reserved, EPT_POINTER,
		 "With \"enable EPT\" bits 11:8 of the EPTP and those beyond the physical-address width must be 0.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("unrestricted-guest-needs-ept", unrestricted, SECONDARY_VM_EXEC_CONTROL,
		 "\"unrestricted guest\" needs \"enable EPT\".",
		 "EPT was turned off alone."),
	VMX_RULE("mode-based-execute-needs-ept", mode_based_execute, SECONDARY_VM_EXEC_CONTROL,
		 "\"mode-based execute control for EPT\" needs \"enable EPT\".",
		 "EPT was turned off alone."),
	VMX_RULE("pml-needs-ept", pml, SECONDARY_VM_EXEC_CONTROL,
		 "\"enable PML\" needs \"enable EPT\".",
		 "EPT was turned off alone."),
	VMX_RULE("pml-address", pml_address, PML_ADDRESS,
		 "With \"enable PML\" the PML address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("sub-page-write-needs-ept", sub_page, SECONDARY_VM_EXEC_CONTROL,
		 "\"sub-page write permissions for EPT\" needs \"enable EPT\".",
		 "EPT was turned off alone."),
	VMX_RULE("sub-page-table-address", sub_page_address, SPPT_POINTER,
		 "With \"sub-page write permissions for EPT\" the SPPTP must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("pt-guest-addresses-need-controls", pt_guest_address, SECONDARY_VM_EXEC_CONTROL,
		 "\"Intel PT uses guest physical addresses\" needs \"enable EPT\", \"load IA32_RTIT_CTL\" on entry and \"clear IA32_RTIT_CTL\" on exit.",
		 "Only some of the controls of Processor Trace were turned on."),
	VMX_RULE("vm-functions-reserved", functions_reserved, VM_FUNCTION_CONTROL,
		 "With \"enable VM functions\" the VM-function controls must have no bit that IA32_VMX_VMFUNC lacks.",
		 "A VM function is asked for that this CPU lacks."),
	VMX_RULE("eptp-switching-needs-ept", switching_ept, VM_FUNCTION_CONTROL,
		 "The VM function \"EPTP switching\" needs \"enable EPT\".",
		 "EPT was turned off alone."),
	VMX_RULE("eptp-list-address", eptp_list, EPTP_LIST_ADDRESS,
		 "With \"EPTP switching\" the EPTP-list address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
	VMX_RULE("ve-information-address", ve_information, VE_INFORMATION_ADDRESS,
		 "With \"EPT-violation #VE\" the information address must be aligned to 4 KiB and within the physical-address width.",
		 "A virtual address instead of a physical one."),
};

const struct vmx_rule_table vmx_ept_rules = VMX_RULE_TABLE(rules);
