// SPDX-License-Identifier: GPL-2.0
/*
 * A way to break each rule, and nothing else, in a live VMCS under the controls that vhm uses or
 * that the row adds; what Bochs 2.7 does instead where it does not refuse; and what cannot be
 * broken so, with the reason.
 */
#include "explain.h"

#define SET(field, bits)	{ VMX_F_##field, 0, bits, false }
#define CLEAR(field, bits)	{ VMX_F_##field, bits, 0, false }
#define PUT(field, value)	{ VMX_F_##field, ~0ull, value, false }
#define TOP(field)		{ VMX_F_##field, ~0ull, 0, true }

#define NON_CANONICAL		0x0000800000000000ull
#define BEYOND_WIDTH		(1ull << 51)
#define EVENT(type, vector)	(1u << 31 | (type) << 8 | (vector))
#define NO_UNRESTRICTED		CLEAR(SECONDARY_VM_EXEC_CONTROL, CPU2_UNRESTRICTED)
#define NO_EPT			(CPU2_EPT | CPU2_UNRESTRICTED)
#define EPT_FIVE_LEVELS		(1u << 7)
#define EPT_ACCESSED_DIRTY	(1u << 21)

/* 64-bit user segments. */
#define USER_CS			PUT(GUEST_CS_SELECTOR, SEL_USER_CODE64),	\
				PUT(GUEST_CS_AR_BYTES, 0xa0fb)
#define USER_SS			PUT(GUEST_SS_SELECTOR, SEL_USER_DATA),		\
				PUT(GUEST_SS_AR_BYTES, 0xc0f3)
#define USABLE_LDTR		PUT(GUEST_LDTR_SELECTOR, 0x10), PUT(GUEST_LDTR_LIMIT, 0xf)

#define ROW(name, start, ...)							\
	{ .rule = name, .base = start, .change = { __VA_ARGS__ } }
#define FORBIDDEN(name, start, ...)						\
	{ .rule = name, .base = start, .forbidden = true, .change = { __VA_ARGS__ } }
#define LACKING(name, start, capability, ...)					\
	{ .rule = name, .base = start, .lacks = capability, .change = { __VA_ARGS__ } }
#define LENIENT(name, start, why, ...)						\
	{ .rule = name, .base = start, .outcome = ACCEPTED, .note = why,	\
	  .change = { __VA_ARGS__ } }
#define UNTRIED(name, start, why, ...)						\
	{ .rule = name, .base = start, .outcome = ASKED, .note = why, .change = { __VA_ARGS__ } }
#define STRICTER(name, start, why, ...)						\
	{ .like = name, .base = start, .outcome = STRICT, .note = why,		\
	  .change = { __VA_ARGS__ } }

const struct row rows[] = {
	/* VM-execution control fields */
	ROW("pin-controls-fixed-to-1", LONG, CLEAR(PIN_BASED_VM_EXEC_CONTROL, 0x2)),
	FORBIDDEN("pin-controls-fixed-to-0", LONG, SET(PIN_BASED_VM_EXEC_CONTROL, 1u << 31)),
	ROW("cpu-controls-fixed-to-1", LONG, CLEAR(CPU_BASED_VM_EXEC_CONTROL, 0x2)),
	FORBIDDEN("cpu-controls-fixed-to-0", LONG, SET(CPU_BASED_VM_EXEC_CONTROL, 0x1)),
	FORBIDDEN("secondary-controls-fixed-to-0", LONG,
		  SET(SECONDARY_VM_EXEC_CONTROL, 1u << 31)),
	ROW("cr3-target-count", LONG, PUT(CR3_TARGET_COUNT, 257)),
	ROW("io-bitmap-address", LONG,
	    SET(CPU_BASED_VM_EXEC_CONTROL, CPU_IO_BITMAPS), PUT(IO_BITMAP_A, 0x800)),
	ROW("io-bitmap-address", LONG,
	    SET(CPU_BASED_VM_EXEC_CONTROL, CPU_IO_BITMAPS), PUT(IO_BITMAP_B, BEYOND_WIDTH)),
	ROW("msr-bitmap-address", LONG, SET(MSR_BITMAP, 0x10)),
	ROW("msr-bitmap-address", LONG, PUT(MSR_BITMAP, BEYOND_WIDTH)),
	ROW("virtual-nmis-need-nmi-exiting", LONG, CLEAR(PIN_BASED_VM_EXEC_CONTROL, PIN_NMI)),
	ROW("nmi-window-needs-virtual-nmis", LONG,
	    CLEAR(PIN_BASED_VM_EXEC_CONTROL, PIN_VIRTUAL_NMI),
	    SET(CPU_BASED_VM_EXEC_CONTROL, CPU_NMI_WINDOW)),
	ROW("vpid-not-zero", LONG, PUT(VIRTUAL_PROCESSOR_ID, 0)),
	ROW("vmcs-shadowing-bitmap-address", LONG,
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_SHADOWING), PUT(VMREAD_BITMAP, 0x8)),
	ROW("vmcs-shadowing-bitmap-address", LONG,
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_SHADOWING), PUT(VMWRITE_BITMAP, BEYOND_WIDTH)),
	ROW("tsc-multiplier-not-zero", LONG,
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_TSC_SCALING), PUT(TSC_MULTIPLIER, 0)),

	/* ... of APIC virtualization; the pages are never looked at */
	ROW("virtual-apic-address", LONG, SET(CPU_BASED_VM_EXEC_CONTROL, CPU_TPR_SHADOW),
	    PUT(VIRTUAL_APIC_PAGE_ADDR, 0x10)),
	ROW("tpr-threshold-reserved", LONG, SET(CPU_BASED_VM_EXEC_CONTROL, CPU_TPR_SHADOW),
	    PUT(VIRTUAL_APIC_PAGE_ADDR, 0), PUT(TPR_THRESHOLD, 0x10)),
	ROW("apic-access-address", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_APIC_ACCESSES),
	    PUT(APIC_ACCESS_ADDR, BEYOND_WIDTH)),
	ROW("apic-controls-need-tpr-shadow", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_X2APIC)),
	ROW("apic-controls-need-tpr-shadow", LONG,
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_VIRTUAL_INTERRUPT)),
	ROW("x2apic-without-apic-accesses", LONG,
	    SET(CPU_BASED_VM_EXEC_CONTROL, CPU_TPR_SHADOW), PUT(VIRTUAL_APIC_PAGE_ADDR, 0),
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_X2APIC | CPU2_APIC_ACCESSES)),
	ROW("virtual-interrupts-need-exiting", LONG,
	    SET(CPU_BASED_VM_EXEC_CONTROL, CPU_TPR_SHADOW), PUT(VIRTUAL_APIC_PAGE_ADDR, 0),
	    SET(SECONDARY_VM_EXEC_CONTROL, CPU2_VIRTUAL_INTERRUPT),
	    CLEAR(PIN_BASED_VM_EXEC_CONTROL, PIN_EXTERNAL_INTERRUPT)),

	/* ... of EPT */
	ROW("eptp-memory-type", LONG, { VMX_F_EPT_POINTER, 0x7, 0x1, false }),
	/* Four, as if it were not one less. */
	LACKING("eptp-walk-length", LONG, EPT_FIVE_LEVELS,
		{ VMX_F_EPT_POINTER, 0x38, 0x20, false }),
	LACKING("eptp-accessed-dirty", LONG, EPT_ACCESSED_DIRTY, SET(EPT_POINTER, 0x40)),
	ROW("eptp-shadow-stack", LONG, SET(EPT_POINTER, 0x80)),
	ROW("eptp-reserved", LONG, SET(EPT_POINTER, 0x100)),
	ROW("eptp-reserved", LONG, SET(EPT_POINTER, BEYOND_WIDTH)),
	ROW("unrestricted-guest-needs-ept", LONG, CLEAR(SECONDARY_VM_EXEC_CONTROL, CPU2_EPT)),
	ROW("pml-needs-ept", LONG,
	    { VMX_F_SECONDARY_VM_EXEC_CONTROL, NO_EPT, CPU2_PML, false }, PUT(PML_ADDRESS, 0)),
	ROW("pml-address", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_PML), PUT(PML_ADDRESS, 0x8)),
	ROW("vm-functions-reserved", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_VM_FUNCTIONS),
	    PUT(VM_FUNCTION_CONTROL, 0x2)),
	ROW("eptp-switching-needs-ept", LONG,
	    { VMX_F_SECONDARY_VM_EXEC_CONTROL, NO_EPT, CPU2_VM_FUNCTIONS, false },
	    PUT(VM_FUNCTION_CONTROL, 0x1), PUT(EPTP_LIST_ADDRESS, 0)),
	ROW("eptp-list-address", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_VM_FUNCTIONS),
	    PUT(VM_FUNCTION_CONTROL, 0x1), PUT(EPTP_LIST_ADDRESS, 0x8)),
	ROW("ve-information-address", LONG, SET(SECONDARY_VM_EXEC_CONTROL, CPU2_VE),
	    PUT(VE_INFORMATION_ADDRESS, BEYOND_WIDTH)),

	/* VM-exit control fields */
	ROW("exit-controls-fixed-to-1", LONG, CLEAR(VM_EXIT_CONTROLS, 0x2)),
	FORBIDDEN("exit-controls-fixed-to-0", LONG, SET(VM_EXIT_CONTROLS, 1u << 31)),
	ROW("save-timer-needs-timer", LONG, CLEAR(PIN_BASED_VM_EXEC_CONTROL, PIN_TIMER),
	    SET(VM_EXIT_CONTROLS, EXIT_SAVE_TIMER)),
	ROW("exit-msr-store-address", LONG, PUT(VM_EXIT_MSR_STORE_COUNT, 1),
	    PUT(VM_EXIT_MSR_STORE_ADDR, 0x8)),
	ROW("exit-msr-store-end", LONG, PUT(VM_EXIT_MSR_STORE_COUNT, 2),
	    TOP(VM_EXIT_MSR_STORE_ADDR)),
	UNTRIED("exit-msr-store-end", LONG,
		"The area's size is reckoned in 32 bits: the emulator enters, and stores MSRs for hours.",
		PUT(VM_EXIT_MSR_STORE_COUNT, 0x10000001), TOP(VM_EXIT_MSR_STORE_ADDR)),
	ROW("exit-msr-load-address", LONG, PUT(VM_EXIT_MSR_LOAD_COUNT, 1),
	    PUT(VM_EXIT_MSR_LOAD_ADDR, BEYOND_WIDTH)),
	ROW("exit-msr-load-end", LONG, PUT(VM_EXIT_MSR_LOAD_COUNT, 2), TOP(VM_EXIT_MSR_LOAD_ADDR)),

	/* VM-entry control fields */
	ROW("entry-controls-fixed-to-1", LONG, CLEAR(VM_ENTRY_CONTROLS, 0x2)),
	FORBIDDEN("entry-controls-fixed-to-0", LONG, SET(VM_ENTRY_CONTROLS, 1u << 31)),
	ROW("smm-controls-outside-smm", LONG, SET(VM_ENTRY_CONTROLS, ENTRY_DUAL_MONITOR)),
	ROW("entry-msr-load-address", LONG, PUT(VM_ENTRY_MSR_LOAD_COUNT, 1),
	    PUT(VM_ENTRY_MSR_LOAD_ADDR, 0x8)),
	ROW("entry-msr-load-end", LONG, PUT(VM_ENTRY_MSR_LOAD_COUNT, 2),
	    TOP(VM_ENTRY_MSR_LOAD_ADDR)),
	ROW("event-type", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(1, 0))),
	ROW("event-vector", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 3))),
	ROW("event-vector", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 32))),
	ROW("event-error-code", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13))),
	ROW("event-error-code", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 6) | 1u << 11)),
	ROW("event-error-code", REAL, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13) | 1u << 11),
	    PUT(VM_ENTRY_EXCEPTION_ERROR_CODE, 0)),
	ROW("event-reserved", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2) | 1u << 12)),
	ROW("event-error-code-bits", LONG,
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13) | 1u << 11),
	    PUT(VM_ENTRY_EXCEPTION_ERROR_CODE, 1u << 16)),
	ROW("event-instruction-length", LONG, PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(4, 128)),
	    PUT(VM_ENTRY_INSTRUCTION_LEN, 16)),
	UNTRIED("event-type", LONG,
		"\"Other event\" without \"monitor trap flag\": the emulator stops with a panic.",
		PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(7, 0))),

	/* The host-state area: what is refused here is refused before anything is loaded. */
	ROW("host-cr0-fixed-to-1", LONG, CLEAR(HOST_CR0, 0x20)),
	ROW("host-cr0-fixed-to-0", LONG, SET(HOST_CR0, 1ull << 32)),
	ROW("host-cr4-fixed-to-1", LONG, CLEAR(HOST_CR4, 0x2000)),
	ROW("host-cr4-fixed-to-0", LONG, SET(HOST_CR4, 1u << 15)),
	ROW("host-cr3-width", LONG, SET(HOST_CR3, 1ull << 63)),
	ROW("host-sysenter-canonical", LONG, PUT(HOST_IA32_SYSENTER_ESP, NON_CANONICAL)),
	ROW("host-sysenter-canonical", LONG, PUT(HOST_IA32_SYSENTER_EIP, NON_CANONICAL)),
	UNTRIED("host-perf-global-ctrl-reserved", LONG,
		"IA32_PERF_GLOBAL_CTRL is not implemented: no value of the host's is looked at.",
		SET(VM_EXIT_CONTROLS, EXIT_LOAD_PERF_GLOBAL),
		PUT(HOST_IA32_PERF_GLOBAL_CTRL, 1ull << 63)),
	ROW("host-pat-types", LONG, { VMX_F_HOST_IA32_PAT, 0xff, 0x02, false }),
	ROW("host-efer-reserved", LONG, SET(HOST_IA32_EFER, 1u << 13)),
	ROW("host-efer-mode", LONG, CLEAR(HOST_IA32_EFER, EFER_LMA)),
	ROW("host-selector-ti-rpl", LONG, SET(HOST_SS_SELECTOR, 0x4)),
	/* User space's. */
	ROW("host-selector-ti-rpl", LONG, PUT(HOST_DS_SELECTOR, 0x2b)),
	ROW("host-cs-not-null", LONG, PUT(HOST_CS_SELECTOR, 0)),
	ROW("host-tr-not-null", LONG, PUT(HOST_TR_SELECTOR, 0)),
	ROW("host-base-canonical", LONG, PUT(HOST_FS_BASE, NON_CANONICAL)),
	ROW("host-base-canonical", LONG, PUT(HOST_GS_BASE, NON_CANONICAL)),
	ROW("host-base-canonical", LONG, PUT(HOST_TR_BASE, NON_CANONICAL)),
	ROW("host-base-canonical", LONG, PUT(HOST_GDTR_BASE, NON_CANONICAL)),
	ROW("host-base-canonical", LONG, PUT(HOST_IDTR_BASE, NON_CANONICAL)),
	ROW("host-size-is-hosts", REAL, CLEAR(VM_EXIT_CONTROLS, EXIT_HOST_64),
	    CLEAR(HOST_IA32_EFER, EFER_LMA | EFER_LME), PUT(HOST_RIP, 0x1000),
	    CLEAR(HOST_CR4, CR4_PCIDE)),
	ROW("host-64-needs-pae", LONG, CLEAR(HOST_CR4, CR4_PAE)),
	ROW("host-rip", LONG, PUT(HOST_RIP, NON_CANONICAL)),

	/* Guest control registers, debug registers and MSRs */
	ROW("guest-cr0-fixed-to-1", LONG, CLEAR(GUEST_CR0, 0x20)),
	ROW("guest-cr0-fixed-to-1", PAE, CLEAR(GUEST_CR0, X86_CR0_PG), NO_UNRESTRICTED),
	ROW("guest-cr0-fixed-to-0", LONG, SET(GUEST_CR0, 1ull << 32)),
	ROW("guest-paging-needs-protection", LONG, CLEAR(GUEST_CR0, X86_CR0_PE)),
	ROW("guest-cr4-fixed-to-1", LONG, CLEAR(GUEST_CR4, 0x2000)),
	FORBIDDEN("guest-cr4-fixed-to-0", LONG, SET(GUEST_CR4, 1u << 15)),
	LENIENT("guest-debugctl-reserved", LONG, "IA32_DEBUGCTL is not checked.",
		PUT(GUEST_IA32_DEBUGCTL, 0x10)),
	LENIENT("ia32e-guest-needs-paging", LONG, "CR0.PG is not checked.",
		CLEAR(GUEST_CR0, X86_CR0_PG)),
	ROW("ia32e-guest-needs-pae", LONG, CLEAR(GUEST_CR4, CR4_PAE)),
	ROW("guest-pcide-needs-ia32e", PAE, SET(GUEST_CR4, CR4_PCIDE)),
	ROW("guest-cr3-width", LONG, SET(GUEST_CR3, BEYOND_WIDTH)),
	ROW("guest-dr7-width", LONG, SET(GUEST_DR7, 1ull << 32)),
	ROW("guest-sysenter-canonical", LONG, PUT(GUEST_SYSENTER_ESP, NON_CANONICAL)),
	ROW("guest-sysenter-canonical", LONG, PUT(GUEST_SYSENTER_EIP, NON_CANONICAL)),
	LENIENT("guest-perf-global-ctrl-reserved", LONG,
		"IA32_PERF_GLOBAL_CTRL is not implemented, and not checked.",
		SET(VM_ENTRY_CONTROLS, ENTRY_LOAD_PERF_GLOBAL),
		PUT(GUEST_IA32_PERF_GLOBAL_CTRL, 1ull << 63)),
	ROW("guest-pat-types", LONG, { VMX_F_GUEST_IA32_PAT, 0xff, 0x08, false }),
	ROW("guest-efer-reserved", LONG, SET(GUEST_IA32_EFER, 1u << 13)),
	ROW("guest-efer-lma", REAL, SET(GUEST_IA32_EFER, EFER_LMA)),
	ROW("guest-efer-lme", LONG, CLEAR(GUEST_IA32_EFER, EFER_LME)),

	/* Guest descriptor tables, RIP and RFLAGS */
	ROW("guest-table-base-canonical", LONG, PUT(GUEST_GDTR_BASE, NON_CANONICAL)),
	ROW("guest-table-base-canonical", LONG, PUT(GUEST_IDTR_BASE, NON_CANONICAL)),
	ROW("guest-table-limit", LONG, SET(GUEST_GDTR_LIMIT, 0x10000)),
	ROW("guest-table-limit", LONG, SET(GUEST_IDTR_LIMIT, 0x10000)),
	ROW("guest-rip-32-bit", PAE, SET(GUEST_RIP, 1ull << 32)),
	LENIENT("guest-rip-64-bit", LONG, "RIP in 64-bit mode is not checked.",
		PUT(GUEST_RIP, 1ull << 57)),
	ROW("guest-rflags-fixed-to-0", LONG, SET(GUEST_RFLAGS, 1ull << 63)),
	ROW("guest-rflags-fixed-to-0", LONG, SET(GUEST_RFLAGS, 0x8)),
	ROW("guest-rflags-fixed-to-1", LONG, CLEAR(GUEST_RFLAGS, 0x2)),
	ROW("guest-rflags-vm", V86, SET(VM_ENTRY_CONTROLS, ENTRY_IA32E),
	    SET(GUEST_IA32_EFER, EFER_LMA | EFER_LME)),
	ROW("guest-rflags-if-for-interrupt", LONG,
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32))),

	/* Guest segment registers */
	ROW("guest-tr-in-gdt", LONG, SET(GUEST_TR_SELECTOR, SELECTOR_TI)),
	ROW("guest-ldtr-in-gdt", LONG, PUT(GUEST_LDTR_SELECTOR, SELECTOR_TI),
	    PUT(GUEST_LDTR_LIMIT, 0xf), PUT(GUEST_LDTR_AR_BYTES, 0x82)),
	ROW("guest-ss-rpl-is-cs-rpl", PAE, SET(GUEST_CS_SELECTOR, 0x3),
	    PUT(GUEST_CS_AR_BYTES, 0xc09f), NO_UNRESTRICTED),
	ROW("virtual-8086-base", V86, SET(GUEST_ES_BASE, 0x1)),
	ROW("virtual-8086-base", V86, PUT(GUEST_GS_BASE, NON_CANONICAL)),
	ROW("virtual-8086-limit", V86, PUT(GUEST_SS_LIMIT, 0xfffff)),
	ROW("virtual-8086-rights", V86, PUT(GUEST_CS_AR_BYTES, 0xfb)),
	ROW("guest-base-canonical", LONG, PUT(GUEST_FS_BASE, NON_CANONICAL)),
	ROW("guest-base-canonical", LONG, PUT(GUEST_GS_BASE, NON_CANONICAL)),
	ROW("guest-base-canonical", LONG, PUT(GUEST_TR_BASE, NON_CANONICAL)),
	ROW("guest-base-canonical", LONG, USABLE_LDTR, PUT(GUEST_LDTR_AR_BYTES, 0x82),
	    PUT(GUEST_LDTR_BASE, NON_CANONICAL)),
	ROW("guest-base-32-bit", LONG, PUT(GUEST_CS_BASE, 1ull << 32)),
	ROW("guest-base-32-bit", LONG, PUT(GUEST_ES_BASE, 1ull << 32)),
	ROW("guest-base-32-bit", LONG, PUT(GUEST_DS_BASE, 1ull << 32)),
	ROW("guest-base-32-bit", PAE, PUT(GUEST_SS_BASE, 1ull << 32)),
	ROW("guest-cs-type", LONG, CLEAR(GUEST_CS_AR_BYTES, TYPE_ACCESSED)),
	ROW("guest-cs-type", PAE, CLEAR(GUEST_CS_AR_BYTES, TYPE_CODE), NO_UNRESTRICTED),
	ROW("guest-ss-type", PAE, CLEAR(GUEST_SS_AR_BYTES, 0x2)),
	LENIENT("guest-ss-type", LONG,
		"SS in 64-bit mode is not checked when its selector is null.",
		PUT(GUEST_SS_SELECTOR, 0), CLEAR(GUEST_SS_AR_BYTES, 0x2)),
	ROW("guest-data-accessed", LONG, CLEAR(GUEST_DS_AR_BYTES, TYPE_ACCESSED)),
	ROW("guest-data-readable", LONG, { VMX_F_GUEST_GS_AR_BYTES, 0xf, 0x9, false }),
	ROW("guest-segment-s", LONG, CLEAR(GUEST_CS_AR_BYTES, RIGHTS_S)),
	ROW("guest-segment-s", LONG, CLEAR(GUEST_FS_AR_BYTES, RIGHTS_S)),
	LENIENT("guest-segment-s", LONG,
		"SS in 64-bit mode is not checked when its selector is null.",
		PUT(GUEST_SS_SELECTOR, 0), CLEAR(GUEST_SS_AR_BYTES, RIGHTS_S)),
	ROW("guest-cs-dpl", LONG, SET(GUEST_CS_AR_BYTES, 0x60)),
	ROW("guest-cs-dpl", LONG, SET(GUEST_CS_AR_BYTES, 0x64)),
	ROW("guest-cs-dpl", REAL, PUT(GUEST_CS_AR_BYTES, 0xf3)),
	LENIENT("guest-cs-dpl", LONG,
		"The DPL of CS is compared with its RPL, not with the DPL of SS.",
		USER_CS),
	STRICTER("guest-cs-dpl", LONG,
		 "The RPL of CS must equal its DPL (types 9 and 11), with \"unrestricted guest\" too.",
		 SET(GUEST_CS_SELECTOR, 0x3)),
	ROW("guest-ss-dpl-is-rpl", PAE, SET(GUEST_SS_AR_BYTES, 0x60),
	    PUT(GUEST_CS_AR_BYTES, 0xc0fb), PUT(GUEST_CS_SELECTOR, SEL_CODE32), NO_UNRESTRICTED),
	ROW("guest-ss-dpl-real-mode", REAL, PUT(GUEST_SS_AR_BYTES, 0xf3),
	    PUT(GUEST_CS_AR_BYTES, 0xfb), SET(GUEST_CS_SELECTOR, 0x3)),
	ROW("guest-data-dpl", PAE, SET(GUEST_DS_SELECTOR, 0x3), NO_UNRESTRICTED),
	LENIENT("guest-data-dpl", PAE, "Type 11 (readable code) is not checked.",
		SET(GUEST_DS_SELECTOR, 0x3), { VMX_F_GUEST_DS_AR_BYTES, 0xf, 0xb, false },
		NO_UNRESTRICTED),
	ROW("guest-segment-present", LONG, CLEAR(GUEST_CS_AR_BYTES, RIGHTS_P)),
	ROW("guest-segment-present", LONG, CLEAR(GUEST_ES_AR_BYTES, RIGHTS_P)),
	ROW("guest-segment-present", LONG, CLEAR(GUEST_TR_AR_BYTES, RIGHTS_P)),
	ROW("guest-segment-present", LONG, USABLE_LDTR, PUT(GUEST_LDTR_AR_BYTES, 0x2)),
	LENIENT("guest-segment-present", LONG,
		"SS in 64-bit mode is not checked when its selector is null.",
		PUT(GUEST_SS_SELECTOR, 0), CLEAR(GUEST_SS_AR_BYTES, RIGHTS_P)),
	ROW("guest-segment-reserved", LONG, SET(GUEST_DS_AR_BYTES, 0x100)),
	ROW("guest-segment-reserved", LONG, SET(GUEST_TR_AR_BYTES, 0x20000)),
	LENIENT("guest-segment-reserved", LONG,
		"SS in 64-bit mode is not checked when its selector is null.",
		PUT(GUEST_SS_SELECTOR, 0), SET(GUEST_SS_AR_BYTES, 0x200)),
	ROW("guest-cs-l-without-d", LONG, SET(GUEST_CS_AR_BYTES, RIGHTS_DB)),
	ROW("guest-limit-needs-g", LONG, CLEAR(GUEST_FS_AR_BYTES, RIGHTS_G)),
	ROW("guest-limit-needs-g", LONG, PUT(GUEST_TR_LIMIT, 0x100067)),
	LENIENT("guest-limit-needs-g", LONG,
		"SS in 64-bit mode is not checked when its selector is null.",
		PUT(GUEST_SS_SELECTOR, 0), CLEAR(GUEST_SS_AR_BYTES, RIGHTS_G)),
	ROW("guest-limit-of-g", LONG, PUT(GUEST_ES_LIMIT, 0xfffff000)),
	ROW("guest-limit-of-g", LONG, SET(GUEST_TR_AR_BYTES, RIGHTS_G)),
	ROW("guest-tr-type", LONG, PUT(GUEST_TR_AR_BYTES, 0x89)),
	ROW("guest-tr-type", LONG, PUT(GUEST_TR_AR_BYTES, 0x83)),
	ROW("guest-ldtr-type", LONG, USABLE_LDTR, PUT(GUEST_LDTR_AR_BYTES, 0x83)),
	ROW("guest-system-segment-s", LONG, SET(GUEST_TR_AR_BYTES, RIGHTS_S)),
	ROW("guest-system-segment-s", LONG, USABLE_LDTR, PUT(GUEST_LDTR_AR_BYTES, 0x92)),
	ROW("guest-tr-usable", LONG, SET(GUEST_TR_AR_BYTES, RIGHTS_UNUSABLE)),

	/* Guest non-register state and PDPTEs */
	ROW("guest-activity-supported", LONG, PUT(GUEST_ACTIVITY_STATE, 4)),
	ROW("guest-hlt-at-cpl-0", LONG, PUT(GUEST_ACTIVITY_STATE, 1), USER_CS, USER_SS),
	ROW("guest-blocked-is-active", LONG, PUT(GUEST_ACTIVITY_STATE, 1),
	    PUT(GUEST_INTERRUPTIBILITY_INFO, 1), SET(GUEST_RFLAGS, RFLAGS_IF)),
	ROW("guest-event-fits-activity", LONG, PUT(GUEST_ACTIVITY_STATE, 2),
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32)), SET(GUEST_RFLAGS, RFLAGS_IF)),
	LENIENT("guest-event-fits-activity", LONG, "In HLT any event may be injected.",
		PUT(GUEST_ACTIVITY_STATE, 1), PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 6))),
	ROW("guest-blocking-reserved", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 0x20)),
	ROW("guest-blocking-sti-or-mov-ss", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 3),
	    SET(GUEST_RFLAGS, RFLAGS_IF)),
	ROW("guest-blocking-sti-needs-if", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 1)),
	ROW("guest-interrupt-not-blocked", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 2),
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32)), SET(GUEST_RFLAGS, RFLAGS_IF)),
	ROW("guest-nmi-not-blocked-by-mov-ss", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 2),
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2))),
	ROW("guest-nmi-not-blocked-by-sti", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 1),
	    PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), SET(GUEST_RFLAGS, RFLAGS_IF)),
	ROW("guest-smi-not-blocked", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 4)),
	LENIENT("guest-nmi-not-blocked-by-nmi", LONG,
		"An NMI is injected into a guest that blocks NMIs.",
		PUT(GUEST_INTERRUPTIBILITY_INFO, 8),
		PUT(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2))),
	ROW("guest-enclave-interruption", LONG, PUT(GUEST_INTERRUPTIBILITY_INFO, 0x10)),
	ROW("guest-pending-debug-reserved", LONG, PUT(GUEST_PENDING_DBG_EXCEPTIONS, 0x10)),
	ROW("guest-pending-debug-reserved", LONG, PUT(GUEST_PENDING_DBG_EXCEPTIONS, 0x10000)),
	LENIENT("guest-pending-debug-reserved", LONG,
		"Of the pending debug exceptions 32 bits are looked at.",
		PUT(GUEST_PENDING_DBG_EXCEPTIONS, 1ull << 32)),
	LENIENT("guest-pending-debug-single-step", LONG, "BS is not compared with RFLAGS.TF.",
		PUT(GUEST_INTERRUPTIBILITY_INFO, 1), SET(GUEST_RFLAGS, RFLAGS_IF),
		PUT(GUEST_PENDING_DBG_EXCEPTIONS, 0x4000)),
	ROW("vmcs-link-address", LONG, PUT(VMCS_LINK_POINTER, 0xffffffff)),
	/* In page 0 there is the BIOS's interrupt table. */
	ROW("vmcs-link-revision", LONG, PUT(VMCS_LINK_POINTER, 0)),
	ROW("guest-pdpte-reserved", PAE, SET(GUEST_PDPTR0, 0x2)),
	ROW("guest-pdpte-reserved", PAE, PUT(GUEST_PDPTR3, BEYOND_WIDTH | 1)),

	/* Loading MSRs, from that interrupt table */
	ROW("msr-load-value", LONG, PUT(VM_ENTRY_MSR_LOAD_COUNT, 1),
	    PUT(VM_ENTRY_MSR_LOAD_ADDR, 0)),
};

const unsigned int nr_rows = sizeof(rows) / sizeof(rows[0]);

#define BY_VHM		"vhm itself chooses the instruction, and its VMCS"
#define NO_CPU(what)	"no CPU of Bochs 2.7 has " what
#define NONE_BOOTS(what)	"no CPU of Bochs 2.7 that boots has " what
#define HOST_32		"needs a 32-bit host"
#define WITH_OTHERS	"needs \"entry to SMM\", which another rule forbids"
#define IN_MEMORY	"needs the address of memory that user space cannot name"

const struct beyond beyond[] = {
	{ "current-vmcs", BY_VHM },
	{ "vmlaunch-needs-clear", BY_VHM },
	{ "vmresume-needs-launched", BY_VHM },
	{ "entry-not-behind-mov-ss", BY_VHM },
	{ "secondary-controls-fixed-to-1", "no CPU has such a bit" },
	{ "tertiary-controls-fixed-to-0", NO_CPU("tertiary controls") },
	{ "tpr-threshold-below-vtpr", IN_MEMORY },
	{ "posted-interrupts-need-delivery", NO_CPU("posted interrupts") },
	{ "posted-interrupts-need-acknowledge", NO_CPU("posted interrupts") },
	{ "posted-interrupt-vector", NO_CPU("posted interrupts") },
	{ "posted-interrupt-descriptor", NO_CPU("posted interrupts") },
	{ "pid-pointer-table", NO_CPU("IPI virtualization") },
	{ "mode-based-execute-needs-ept", NO_CPU("mode-based execute control") },
	{ "sub-page-write-needs-ept", NONE_BOOTS("sub-page write permissions") },
	{ "sub-page-table-address", NONE_BOOTS("sub-page write permissions") },
	{ "pt-guest-addresses-need-controls", NO_CPU("Intel PT") },
	{ "load-rtit-ctl-while-tracing", NO_CPU("Intel PT") },
	{ "host-cet-needs-wp", NONE_BOOTS("CET") },
	{ "host-s-cet-valid", NONE_BOOTS("CET") },
	{ "host-ssp-table-canonical", NONE_BOOTS("CET") },
	{ "host-ssp-aligned", NONE_BOOTS("CET") },
	{ "host-pkrs-width", NONE_BOOTS("PKS") },
	{ "host-ss-not-null", HOST_32 },
	{ "ia32e-guest-needs-64-bit-host", HOST_32 },
	{ "host-32-without-pcide", HOST_32 },
	{ "host-32-cet-width", HOST_32 },
	{ "guest-cet-needs-wp", NONE_BOOTS("CET") },
	{ "guest-s-cet-valid", NONE_BOOTS("CET") },
	{ "guest-ssp-table-canonical", NONE_BOOTS("CET") },
	{ "guest-ssp-valid", NONE_BOOTS("CET") },
	{ "guest-bndcfgs-valid", NO_CPU("MPX") },
	{ "guest-rtit-ctl-reserved", NO_CPU("Intel PT") },
	{ "guest-pkrs-width", NONE_BOOTS("PKS") },
	{ "guest-smm-not-waiting", WITH_OTHERS },
	{ "guest-smm-blocks-smi", WITH_OTHERS },
	{ "guest-pending-debug-rtm", NO_CPU("RTM") },
	{ "vmcs-link-not-current", IN_MEMORY },
	{ "msr-load-index", IN_MEMORY },
	{ "msr-load-reserved", IN_MEMORY },
};

const unsigned int nr_beyond = sizeof(beyond) / sizeof(beyond[0]);
