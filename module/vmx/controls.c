// SPDX-License-Identifier: GPL-2.0
/*
 * Every control that VMX knows, whether vhm uses it, and why. caps.c negotiates
 * with the CPU by this table, and VHM_GET_CONTROL shows it.
 *
 * SDM, "VM-Execution Control Fields", "VM-Exit Control Fields" and "VM-Entry
 * Control Fields".
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "controls.h"

#define PIN	VMX_F_PIN_BASED_VM_EXEC_CONTROL
#define CPU	VMX_F_CPU_BASED_VM_EXEC_CONTROL
#define CPU2	VMX_F_SECONDARY_VM_EXEC_CONTROL
#define EXIT	VMX_F_VM_EXIT_CONTROLS
#define ENTRY	VMX_F_VM_ENTRY_CONTROLS

#define REQUIRED	VMX_USE_REQUIRED
#define WANTED		VMX_USE_WANTED
#define VARIES		VMX_USE_VARIES
#define UNUSED		VMX_USE_UNUSED

static const struct vmx_control controls[] = {
	{ PIN, 0, REQUIRED, "an interrupt that comes while the guest runs is the host's" },
	{ PIN, 3, REQUIRED, "an NMI that comes while the guest runs is the host's" },
	{ PIN, 5, REQUIRED, "says when the guest can take an NMI" },
	{ PIN, 6, WANTED,
	  "the watchdog (parameter of that name): ends a spin with interrupts off" },
	{ PIN, 7, UNUSED, "an interrupt for the guest is brought by an exit" },

	{ CPU, 2, VARIES, "on while an interrupt waits until the guest can take it" },
	{ CPU, 3, REQUIRED, "the guest's TSC begins at 0" },
	{ CPU, 7, REQUIRED, "a guest that waits gives its CPU back, unless its user wants none" },
	{ CPU, 9, UNUSED, "with EPT a guest flushes its own translations itself" },
	{ CPU, 10, REQUIRED, "MWAIT would keep the CPU from the host, unless its user wants it" },
	{ CPU, 11, REQUIRED, "the performance counters are the host's" },
	{ CPU, 12, UNUSED, "the offset makes the TSC the guest's own without an exit" },
	{ CPU, 15, UNUSED, "with EPT the guest's page tables are its own affair" },
	{ CPU, 16, UNUSED, "with EPT the guest's page tables are its own affair" },
	{ CPU, 17, UNUSED, "none of the tertiary controls is used" },
	{ CPU, 19, REQUIRED, "CR8 is the host's task priority otherwise, without a TPR shadow" },
	{ CPU, 20, REQUIRED, "CR8 is the host's task priority otherwise, without a TPR shadow" },
	{ CPU, 21, WANTED,
	  "CR8 of a vCPU with a local APIC in the kernel needs no exit (parameter tpr_shadow)" },
	{ CPU, 22, VARIES, "on while an NMI waits until the guest can take it" },
	{ CPU, 23, REQUIRED, "the debug registers are the host's until the guest uses them" },
	{ CPU, 24, REQUIRED, "every port is a device, and devices are user space's" },
	{ CPU, 25, UNUSED, "no port is the guest's own" },
	{ CPU, 27, UNUSED, "nothing single-steps a guest from outside" },
	{ CPU, 28, REQUIRED, "MSRs that live in the VMCS need no exit" },
	{ CPU, 29, REQUIRED, "goes with MWAIT" },
	{ CPU, 30, UNUSED, "a guest that spins pays with its own time" },
	{ CPU, 31, REQUIRED, "EPT is among the secondary controls" },

	{ CPU2, 0, UNUSED, "the local APIC is emulated without the CPU's help" },
	{ CPU2, 1, REQUIRED, "guest-physical memory is the host's user memory" },
	{ CPU2, 2, UNUSED, "the guest's descriptor tables are its own affair" },
	{ CPU2, 3, WANTED, "without it RDTSCP is an undefined instruction in the guest" },
	{ CPU2, 4, UNUSED, "the local APIC is emulated without the CPU's help" },
	{ CPU2, 5, WANTED,
	  "translations survive an exit (off for a vCPU that finds no free VPID)" },
	{ CPU2, 6, WANTED, "a guest shall not empty the host's caches" },
	{ CPU2, 7, WANTED, "real mode and protected mode without paging run on the CPU itself" },
	{ CPU2, 8, UNUSED, "the local APIC is emulated without the CPU's help" },
	{ CPU2, 9, UNUSED, "the local APIC is emulated without the CPU's help" },
	{ CPU2, 10, UNUSED, "a guest that spins pays with its own time" },
	{ CPU2, 11, UNUSED, "random numbers are for everybody" },
	{ CPU2, 12, WANTED, "without it INVPCID is an undefined instruction in the guest" },
	{ CPU2, 13, UNUSED, "the guest has no business with the EPT" },
	{ CPU2, 14, UNUSED, "there is no nested VMX" },
	{ CPU2, 15, UNUSED, "there is no SGX in the guest's CPUID" },
	{ CPU2, 16, UNUSED, "random numbers are for everybody" },
	{ CPU2, 17, WANTED, "lists what a guest writes (off while no slot has a dirty log)" },
	{ CPU2, 18, UNUSED, "every EPT violation is the host's" },
	{ CPU2, 19, UNUSED, "nothing is hidden from Intel PT" },
	{ CPU2, 20, UNUSED, "XSAVES is not in the guest's CPUID, and so an undefined instruction" },
	{ CPU2, 22, UNUSED, "rights are the same for user and supervisor code" },
	{ CPU2, 23, UNUSED, "rights are of whole pages" },
	{ CPU2, 24, UNUSED, "Intel PT is not the guest's" },
	{ CPU2, 25, UNUSED, "the guest's TSC has the host's rate" },
	{ CPU2, 26, UNUSED, "TPAUSE and its kin are not in the guest's CPUID" },
	{ CPU2, 27, UNUSED, "PCONFIG is not in the guest's CPUID" },
	{ CPU2, 28, UNUSED, "there is no SGX in the guest's CPUID" },

	{ EXIT, 2, UNUSED, "vhm knows DR7 and IA32_DEBUGCTL: the guest changes them by an exit" },
	{ EXIT, 9, REQUIRED, "the host is a 64-bit kernel" },
	{ EXIT, 12, UNUSED, "the performance counters are the host's, whoever runs" },
	{ EXIT, 15, UNUSED, "the host takes the interrupt itself when it lets interrupts in" },
	{ EXIT, 18, UNUSED, "the guest changes IA32_PAT by an exit" },
	{ EXIT, 19, REQUIRED, "the guest's IA32_PAT is not the host's" },
	{ EXIT, 20, UNUSED, "the guest changes IA32_EFER by an exit" },
	{ EXIT, 21, WANTED,
	  "the guest's IA32_EFER is not the host's (else by the MSR-load area)" },
	{ EXIT, 22, UNUSED, "the watchdog starts anew at each entry" },
	{ EXIT, 23, UNUSED, "there is no MPX in the guest's CPUID" },
	{ EXIT, 24, UNUSED, "nothing is hidden from Intel PT" },
	{ EXIT, 25, UNUSED, "Intel PT is not the guest's" },
	{ EXIT, 26, UNUSED, "last-branch records are not the guest's" },
	{ EXIT, 28, UNUSED, "there is no CET in the guest's CPUID" },
	{ EXIT, 29, UNUSED, "supervisor protection keys are not in the guest's CPUID" },
	{ EXIT, 30, UNUSED, "the performance counters are the host's, whoever runs" },
	{ EXIT, 31, UNUSED, "none of the secondary VM-exit controls is used" },

	{ ENTRY, 2, REQUIRED, "the guest's DR7 and IA32_DEBUGCTL are not the host's" },
	{ ENTRY, 9, VARIES, "on while the guest is in long mode" },
	{ ENTRY, 10, UNUSED, "vhm is not in system-management mode" },
	{ ENTRY, 11, UNUSED, "vhm is not in system-management mode" },
	{ ENTRY, 13, UNUSED, "the performance counters are the host's, whoever runs" },
	{ ENTRY, 14, REQUIRED, "the guest's IA32_PAT is not the host's" },
	{ ENTRY, 15, WANTED,
	  "the guest's IA32_EFER is not the host's (else by the MSR-load area)" },
	{ ENTRY, 16, UNUSED, "there is no MPX in the guest's CPUID" },
	{ ENTRY, 17, UNUSED, "nothing is hidden from Intel PT" },
	{ ENTRY, 18, UNUSED, "Intel PT is not the guest's" },
	{ ENTRY, 20, UNUSED, "there is no CET in the guest's CPUID" },
	{ ENTRY, 21, UNUSED, "last-branch records are not the guest's" },
	{ ENTRY, 22, UNUSED, "supervisor protection keys are not in the guest's CPUID" },
};

/**
 * vmx_control_row() - a row of the table of controls
 * @index: counted from 0; speculation-safe
 *
 * Return: the row, or NULL behind the last.
 */
const struct vmx_control *vmx_control_row(unsigned int index)
{
	if (index >= ARRAY_SIZE(controls))
		return NULL;
	return &controls[array_index_nospec(index, ARRAY_SIZE(controls))];
}
