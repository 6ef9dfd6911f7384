// SPDX-License-Identifier: GPL-2.0
/*
 * Each rule of VM entry broken alone, and exactly it found; and cases at the rules' edges that
 * break none.
 */
#include <string.h>

#include "../tap.h"
#include "snapshot.h"

#define MAX_FOUND	32
#define NON_CANONICAL	0x0000800000000000ULL
#define TOO_WIDE	BIT_ULL(39)

struct write {
	enum vmx_field field;
	u64 value;
};

/* @rule: which the writes break; NULL: none. @change: what is no field. */
struct breakage {
	const char *rule;
	void (*base)(struct vmx_snapshot *s);
	struct write write[5];
	void (*change)(struct vmx_snapshot *s);
};

#define W(name, number)	{ VMX_F_##name, number }
#define END		{ VMX_NR_FIELDS, 0 }

static void error_4(struct vmx_snapshot *s) { s->instruction_error = 4; }
static void error_5(struct vmx_snapshot *s) { s->instruction_error = 5; }
static void error_26(struct vmx_snapshot *s) { s->instruction_error = 26; }
static void reason_34(struct vmx_snapshot *s) { s->exit_reason = BIT(31) | 34; }
static void no_vmcs(struct vmx_snapshot *s) { s->vmcs_address = ~0ULL; }
static void low_vtpr(struct vmx_snapshot *s) { s->known = VMX_KNOWN_VTPR; s->vtpr = 0x2f; }
static void traced(struct vmx_snapshot *s) { s->host_rtit_ctl = 1; }
static void no_mtf(struct vmx_snapshot *s) { s->cap[VMX_CAP_TRUE_PROCBASED] &= ~BIT_ULL(59); }
static void zero_length(struct vmx_snapshot *s) { s->cap[VMX_CAP_MISC] |= BIT(30); }
static void any_error_code(struct vmx_snapshot *s) { s->cap[VMX_CAP_BASIC] |= BIT_ULL(56); }
static void addresses_32(struct vmx_snapshot *s) { s->cap[VMX_CAP_BASIC] |= BIT_ULL(48); }
static void smm(struct vmx_snapshot *s) { s->value[VMX_F_VM_ENTRY_CONTROLS] |= ENTRY_SMM; }
static void no_shutdown(struct vmx_snapshot *s) { s->cap[VMX_CAP_MISC] &= ~(u64)BIT(7); }
static void no_sgx(struct vmx_snapshot *s) { s->features = VMX_CPU_RTM; }
static void other_link(struct vmx_snapshot *s) { s->link_revision = REVISION; }
static void link_verdict(struct vmx_snapshot *s)
{
	s->exit_reason = BIT(31) | 33;
	s->qualification = 4;
}

static void fs_base_msr(struct vmx_snapshot *s) { s->msr_load[0].index = 0xc0000100; }
static void x2apic_msr(struct vmx_snapshot *s) { s->msr_load[0].index = 0x802; }
static void msr_reserved(struct vmx_snapshot *s) { s->msr_load[0].reserved = 1; }
static void only_old_controls(struct vmx_snapshot *s) { s->cap[VMX_CAP_BASIC] = REVISION; }
static void big_address(struct vmx_snapshot *s) { s->linear_bits = 57; }

#define PIN	(PIN_DEFAULT | 0x29)
#define CPU	(CPU_DEFAULT | CPU_SECONDARY | CPU_TERTIARY | CPU_MSR_BITMAPS)
#define CPU2	(CPU2_EPT | CPU2_VPID | CPU2_UNRESTRICTED)
#define EXIT	(EXIT_DEFAULT | EXIT_HOST_64 | EXIT_LOAD_PAT | EXIT_LOAD_EFER)
#define ENTRY	(ENTRY_DEFAULT | ENTRY_LOAD_DEBUG | ENTRY_IA32E | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER)
#define ENTRY_32	(ENTRY & ~(u64)ENTRY_IA32E)
#define EVENT(type, vector)	(BIT(31) | (type) << 8 | (vector))

#define LONG	snapshot_long_mode
#define TIGHT	snapshot_restricted
#define PAE	snapshot_pae
#define REAL	snapshot_real_mode
#define V86	snapshot_virtual_8086
#define HOST32	snapshot_host_32
#define ALL	snapshot_everything

static const struct breakage breakages[] = {
	{ "current-vmcs", LONG, { END }, no_vmcs },
	{ "vmlaunch-needs-clear", LONG, { END }, error_4 },
	{ "vmresume-needs-launched", LONG, { END }, error_5 },
	{ "entry-not-behind-mov-ss", LONG, { END }, error_26 },

	{ "pin-controls-fixed-to-1", LONG, { W(PIN_BASED_VM_EXEC_CONTROL, PIN & ~2u), END }, NULL },
	{ "pin-controls-fixed-to-0", LONG,
	  { W(PIN_BASED_VM_EXEC_CONTROL, PIN | BIT(31)), END }, NULL },
	{ "cpu-controls-fixed-to-1", LONG, { W(CPU_BASED_VM_EXEC_CONTROL, CPU & ~2u), END }, NULL },
	{ "cpu-controls-fixed-to-1", LONG,
	  { W(VM_EXIT_CONTROLS, EXIT | 4), END }, only_old_controls },
	{ "cpu-controls-fixed-to-0", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU | BIT(0)), END }, NULL },
	{ "secondary-controls-fixed-to-0", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | BIT(31)), END }, NULL },
	{ "tertiary-controls-fixed-to-0", LONG,
	  { W(TERTIARY_VM_EXEC_CONTROL, BIT_ULL(63)), END }, NULL },
	{ "cr3-target-count", LONG, { W(CR3_TARGET_COUNT, 5), END }, NULL },
	{ "io-bitmap-address", ALL, { W(IO_BITMAP_A, 0x800), END }, NULL },
	{ "io-bitmap-address", ALL, { W(IO_BITMAP_B, TOO_WIDE), END }, NULL },
	{ "msr-bitmap-address", LONG, { W(MSR_BITMAP, 0x5800), END }, NULL },
	{ "msr-bitmap-address", LONG, { W(MSR_BITMAP, TOO_WIDE), END }, NULL },
	{ "msr-bitmap-address", LONG, { W(MSR_BITMAP, BIT_ULL(32)), END }, addresses_32 },
	{ "virtual-nmis-need-nmi-exiting", LONG,
	  { W(PIN_BASED_VM_EXEC_CONTROL, PIN & ~PIN_NMI), END }, NULL },
	{ "nmi-window-needs-virtual-nmis", LONG,
	  { W(PIN_BASED_VM_EXEC_CONTROL, PIN & ~PIN_VIRTUAL_NMI),
	    W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_NMI_WINDOW), END }, NULL },
	{ "vpid-not-zero", LONG, { W(VIRTUAL_PROCESSOR_ID, 0), END }, NULL },
	{ "vmcs-shadowing-bitmap-address", ALL, { W(VMREAD_BITMAP, 8), END }, NULL },
	{ "vmcs-shadowing-bitmap-address", ALL, { W(VMWRITE_BITMAP, TOO_WIDE), END }, NULL },
	{ "tsc-multiplier-not-zero", ALL, { W(TSC_MULTIPLIER, 0), END }, NULL },

	{ "virtual-apic-address", ALL, { W(VIRTUAL_APIC_PAGE_ADDR, 0x10), END }, NULL },
	{ "tpr-threshold-reserved", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_TPR_SHADOW), W(TPR_THRESHOLD, 16), END }, NULL },
	{ "tpr-threshold-below-vtpr", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_TPR_SHADOW), W(TPR_THRESHOLD, 3), END },
	  low_vtpr },
	{ "apic-access-address", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_APIC_ACCESSES), W(APIC_ACCESS_ADDR, 1), END },
	  NULL },
	{ "apic-controls-need-tpr-shadow", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_X2APIC), END }, NULL },
	{ "apic-controls-need-tpr-shadow", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_APIC_REGISTERS), END }, NULL },
	{ "apic-controls-need-tpr-shadow", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_VIRTUAL_INTERRUPT), END }, NULL },
	{ "apic-controls-need-tpr-shadow", LONG,
	  { W(TERTIARY_VM_EXEC_CONTROL, CPU3_IPI), END }, NULL },
	{ "x2apic-without-apic-accesses", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_TPR_SHADOW),
	    W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_X2APIC | CPU2_APIC_ACCESSES), END }, NULL },
	{ "virtual-interrupts-need-exiting", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_TPR_SHADOW),
	    W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_VIRTUAL_INTERRUPT),
	    W(PIN_BASED_VM_EXEC_CONTROL, PIN & ~PIN_EXTERNAL_INTERRUPT), END }, NULL },
	{ "posted-interrupts-need-delivery", LONG,
	  { W(PIN_BASED_VM_EXEC_CONTROL, PIN | PIN_POSTED_INTERRUPT),
	    W(VM_EXIT_CONTROLS, EXIT | EXIT_ACK_INTERRUPT), END }, NULL },
	{ "posted-interrupts-need-acknowledge", LONG,
	  { W(PIN_BASED_VM_EXEC_CONTROL, PIN | PIN_POSTED_INTERRUPT),
	    W(CPU_BASED_VM_EXEC_CONTROL, CPU | CPU_TPR_SHADOW),
	    W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_VIRTUAL_INTERRUPT), END }, NULL },
	{ "posted-interrupt-vector", ALL, { W(POSTED_INTR_NV, 0x100), END }, NULL },
	{ "posted-interrupt-descriptor", ALL, { W(POSTED_INTR_DESC_ADDR, 0x20), END }, NULL },
	{ "pid-pointer-table", ALL, { W(PID_POINTER_TABLE, 4), END }, NULL },
	{ "pid-pointer-table", ALL, { W(PID_POINTER_TABLE, TOO_WIDE - 8), END }, NULL },

	{ "eptp-memory-type", LONG, { W(EPT_POINTER, 0x6018), END }, NULL },
	{ "eptp-memory-type", ALL, { W(EPT_POINTER, 0x601d), END }, NULL },
	{ "eptp-walk-length", LONG, { W(EPT_POINTER, 0x6026), END }, NULL },
	{ "eptp-walk-length", ALL, { W(EPT_POINTER, 0x6006), END }, NULL },
	{ "eptp-accessed-dirty", LONG, { W(EPT_POINTER, 0x605e), END }, NULL },
	{ "eptp-shadow-stack", LONG, { W(EPT_POINTER, 0x609e), END }, NULL },
	{ "eptp-reserved", LONG, { W(EPT_POINTER, 0x611e), END }, NULL },
	{ "eptp-reserved", LONG, { W(EPT_POINTER, TOO_WIDE | 0x601e), END }, NULL },
	{ "unrestricted-guest-needs-ept", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2_VPID | CPU2_UNRESTRICTED), END }, NULL },
	{ "mode-based-execute-needs-ept", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2_VPID | CPU2_MODE_BASED_EXECUTE), END }, NULL },
	{ "pml-needs-ept", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2_VPID | CPU2_PML), END }, NULL },
	{ "pml-address", ALL, { W(PML_ADDRESS, 0xfff), END }, NULL },
	{ "sub-page-write-needs-ept", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2_VPID | CPU2_SUB_PAGE_WRITE), END }, NULL },
	{ "sub-page-table-address", ALL, { W(SPPT_POINTER, 1), END }, NULL },
	{ "pt-guest-addresses-need-controls", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2 | CPU2_PT_GUEST_ADDRESS), END }, NULL },
	{ "vm-functions-reserved", ALL, { W(VM_FUNCTION_CONTROL, 3), END }, NULL },
	{ "eptp-switching-needs-ept", LONG,
	  { W(SECONDARY_VM_EXEC_CONTROL, CPU2_VPID | CPU2_VM_FUNCTIONS),
	    W(VM_FUNCTION_CONTROL, 1), END }, NULL },
	{ "eptp-list-address", ALL, { W(EPTP_LIST_ADDRESS, TOO_WIDE), END }, NULL },
	{ "ve-information-address", ALL, { W(VE_INFORMATION_ADDRESS, 0x80), END }, NULL },

	{ "exit-controls-fixed-to-1", LONG, { W(VM_EXIT_CONTROLS, EXIT & ~2u), END }, NULL },
	{ "exit-controls-fixed-to-0", LONG, { W(VM_EXIT_CONTROLS, EXIT | BIT(31)), END }, NULL },
	{ "save-timer-needs-timer", LONG,
	  { W(VM_EXIT_CONTROLS, EXIT | EXIT_SAVE_TIMER), END }, NULL },
	{ "exit-msr-store-address", ALL, { W(VM_EXIT_MSR_STORE_ADDR, 8), END }, NULL },
	{ "exit-msr-store-address", ALL, { W(VM_EXIT_MSR_STORE_ADDR, TOO_WIDE), END }, NULL },
	{ "exit-msr-store-end", ALL,
	  { W(VM_EXIT_MSR_STORE_ADDR, TOO_WIDE - 16), W(VM_EXIT_MSR_STORE_COUNT, 2), END }, NULL },
	{ "exit-msr-load-address", ALL, { W(VM_EXIT_MSR_LOAD_ADDR, 8), END }, NULL },
	{ "exit-msr-load-end", ALL,
	  { W(VM_EXIT_MSR_LOAD_ADDR, TOO_WIDE - 16), W(VM_EXIT_MSR_LOAD_COUNT, 2), END }, NULL },

	{ "entry-controls-fixed-to-1", LONG, { W(VM_ENTRY_CONTROLS, ENTRY & ~2u), END }, NULL },
	{ "entry-controls-fixed-to-0", LONG, { W(VM_ENTRY_CONTROLS, ENTRY | BIT(31)), END }, NULL },
	{ "smm-controls-outside-smm", LONG,
	  { W(VM_ENTRY_CONTROLS, ENTRY | ENTRY_DUAL_MONITOR), END }, NULL },
	{ "load-rtit-ctl-while-tracing", ALL, { END }, traced },
	{ "entry-msr-load-address", ALL, { W(VM_ENTRY_MSR_LOAD_ADDR, 8), END }, NULL },
	{ "entry-msr-load-end", ALL,
	  { W(VM_ENTRY_MSR_LOAD_ADDR, TOO_WIDE - 16), W(VM_ENTRY_MSR_LOAD_COUNT, 2), END }, NULL },
	{ "event-type", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(1, 0)), END }, NULL },
	{ "event-type", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(7, 0)), END }, no_mtf },
	{ "event-vector", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 3)), END }, NULL },
	{ "event-vector", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 32)), END }, NULL },
	{ "event-vector", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(7, 1)), END }, NULL },
	{ "event-error-code", LONG, { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13)), END }, NULL },
	{ "event-error-code", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 6) | BIT(11)), END }, NULL },
	{ "event-error-code", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 13) | BIT(11)), END }, NULL },
	{ "event-error-code", REAL,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13) | BIT(11)), END }, any_error_code },
	{ "event-reserved", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32) | BIT(12)), END }, NULL },
	{ "event-error-code-bits", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13) | BIT(11)),
	    W(VM_ENTRY_EXCEPTION_ERROR_CODE, BIT(16)), END }, NULL },
	{ "event-instruction-length", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(4, 128)), END }, NULL },
	{ "event-instruction-length", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(6, 3)), W(VM_ENTRY_INSTRUCTION_LEN, 16), END },
	  zero_length },

	{ "host-cr0-fixed-to-1", LONG, { W(HOST_CR0, 0x80050013), END }, NULL },
	{ "host-cr0-fixed-to-0", LONG, { W(HOST_CR0, 0x180050033), END }, NULL },
	{ "host-cr4-fixed-to-1", LONG, { W(HOST_CR4, 0x206f0), END }, NULL },
	{ "host-cr4-fixed-to-0", LONG, { W(HOST_CR4, 0x2a6f0), END }, NULL },
	{ "host-cet-needs-wp", LONG,
	  { W(HOST_CR4, 0x8226f0), W(HOST_CR0, 0x80040033), END }, NULL },
	{ "host-cr3-width", LONG, { W(HOST_CR3, BIT_ULL(63) | 0x2000), END }, NULL },
	{ "host-sysenter-canonical", LONG,
	  { W(HOST_IA32_SYSENTER_ESP, NON_CANONICAL), END }, NULL },
	{ "host-sysenter-canonical", LONG,
	  { W(HOST_IA32_SYSENTER_EIP, NON_CANONICAL), END }, NULL },
	{ "host-perf-global-ctrl-reserved", ALL,
	  { W(HOST_IA32_PERF_GLOBAL_CTRL, 0x10), END }, NULL },
	{ "host-pat-types", LONG, { W(HOST_IA32_PAT, 0x0207050600070106), END }, NULL },
	{ "host-efer-reserved", LONG, { W(HOST_IA32_EFER, 0x2d01), END }, NULL },
	{ "host-efer-mode", LONG, { W(HOST_IA32_EFER, 0x901), END }, NULL },
	{ "host-efer-mode", HOST32, { W(HOST_IA32_EFER, 0x900), END }, NULL },
	{ "host-s-cet-valid", ALL, { W(HOST_S_CET, 0x40), END }, NULL },
	{ "host-s-cet-valid", ALL, { W(HOST_S_CET, 0xc00), END }, NULL },
	{ "host-ssp-table-canonical", ALL, { W(HOST_INTR_SSP_TABLE, NON_CANONICAL), END }, NULL },
	{ "host-ssp-aligned", ALL, { W(HOST_SSP, 2), END }, NULL },
	{ "host-pkrs-width", ALL, { W(HOST_IA32_PKRS, BIT_ULL(32)), END }, NULL },
	{ "host-selector-ti-rpl", LONG, { W(HOST_ES_SELECTOR, 3), END }, NULL },
	{ "host-selector-ti-rpl", LONG, { W(HOST_TR_SELECTOR, 0x44), END }, NULL },
	{ "host-cs-not-null", LONG, { W(HOST_CS_SELECTOR, 0), END }, NULL },
	{ "host-tr-not-null", LONG, { W(HOST_TR_SELECTOR, 0), END }, NULL },
	{ "host-ss-not-null", HOST32, { W(HOST_SS_SELECTOR, 0), END }, NULL },
	{ "host-base-canonical", LONG, { W(HOST_FS_BASE, NON_CANONICAL), END }, NULL },
	{ "host-base-canonical", LONG, { W(HOST_GS_BASE, NON_CANONICAL), END }, NULL },
	{ "host-base-canonical", LONG, { W(HOST_TR_BASE, NON_CANONICAL), END }, NULL },
	{ "host-base-canonical", LONG, { W(HOST_GDTR_BASE, NON_CANONICAL), END }, NULL },
	{ "host-base-canonical", LONG, { W(HOST_IDTR_BASE, NON_CANONICAL), END }, NULL },
	{ "host-size-is-hosts", HOST32,
	  { W(VM_EXIT_CONTROLS, EXIT), W(HOST_IA32_EFER, 0xd00), END }, NULL },
	{ "ia32e-guest-needs-64-bit-host", HOST32,
	  { W(VM_ENTRY_CONTROLS, ENTRY), W(GUEST_IA32_EFER, 0xd00), END }, NULL },
	{ "host-64-needs-pae", LONG, { W(HOST_CR4, 0x226d0), END }, NULL },
	{ "host-32-without-pcide", HOST32, { W(HOST_CR4, 0x226f0), END }, NULL },
	{ "host-rip", LONG, { W(HOST_RIP, NON_CANONICAL), END }, NULL },
	{ "host-rip", HOST32, { W(HOST_RIP, BIT_ULL(32)), END }, NULL },
	{ "host-32-cet-width", HOST32,
	  { W(VM_EXIT_CONTROLS, (EXIT | EXIT_LOAD_CET) & ~(u64)EXIT_HOST_64),
	    W(HOST_SSP, BIT_ULL(32)), END }, NULL },

	{ "guest-cr0-fixed-to-1", LONG, { W(GUEST_CR0, 0x80050013), END }, NULL },
	{ "guest-cr0-fixed-to-1", PAE, { W(GUEST_CR0, 0x50033), END }, NULL },
	{ "guest-cr0-fixed-to-0", LONG, { W(GUEST_CR0, 0x180050033), END }, NULL },
	{ "guest-paging-needs-protection", LONG, { W(GUEST_CR0, 0x80050032), END }, NULL },
	{ "guest-cr4-fixed-to-1", LONG, { W(GUEST_CR4, 0x6b0), END }, NULL },
	{ "guest-cr4-fixed-to-0", LONG, { W(GUEST_CR4, 0xa6b0), END }, NULL },
	{ "guest-cet-needs-wp", LONG,
	  { W(GUEST_CR4, 0x8026b0), W(GUEST_CR0, 0x80040033), END }, NULL },
	{ "guest-debugctl-reserved", LONG, { W(GUEST_IA32_DEBUGCTL, 4), END }, NULL },
	{ "ia32e-guest-needs-paging", LONG, { W(GUEST_CR0, 0x50033), END }, NULL },
	{ "ia32e-guest-needs-pae", LONG, { W(GUEST_CR4, 0x2690), END }, NULL },
	{ "guest-pcide-needs-ia32e", PAE, { W(GUEST_CR4, 0x226b0), END }, NULL },
	{ "guest-cr3-width", LONG, { W(GUEST_CR3, TOO_WIDE), END }, NULL },
	{ "guest-dr7-width", LONG, { W(GUEST_DR7, BIT_ULL(32) | 0x400), END }, NULL },
	{ "guest-sysenter-canonical", LONG, { W(GUEST_SYSENTER_ESP, NON_CANONICAL), END }, NULL },
	{ "guest-sysenter-canonical", LONG, { W(GUEST_SYSENTER_EIP, NON_CANONICAL), END }, NULL },
	{ "guest-s-cet-valid", ALL, { W(GUEST_S_CET, 0x200), END }, NULL },
	{ "guest-ssp-table-canonical", ALL, { W(GUEST_INTR_SSP_TABLE, NON_CANONICAL), END }, NULL },
	{ "guest-perf-global-ctrl-reserved", ALL,
	  { W(GUEST_IA32_PERF_GLOBAL_CTRL, BIT_ULL(63)), END }, NULL },
	{ "guest-pat-types", LONG, { W(GUEST_IA32_PAT, 0x08), END }, NULL },
	{ "guest-efer-reserved", LONG, { W(GUEST_IA32_EFER, 0x1d01), END }, NULL },
	{ "guest-efer-lma", REAL, { W(GUEST_IA32_EFER, 0x400), END }, NULL },
	{ "guest-efer-lme", LONG, { W(GUEST_IA32_EFER, 0xc01), END }, NULL },
	{ "guest-efer-lme", PAE, { W(GUEST_IA32_EFER, 0x900), END }, NULL },
	{ "guest-bndcfgs-valid", ALL, { W(GUEST_BNDCFGS, 4), END }, NULL },
	{ "guest-bndcfgs-valid", ALL, { W(GUEST_BNDCFGS, NON_CANONICAL), END }, NULL },
	{ "guest-rtit-ctl-reserved", ALL, { W(GUEST_IA32_RTIT_CTL, 4), END }, NULL },
	{ "guest-pkrs-width", ALL, { W(GUEST_IA32_PKRS, BIT_ULL(32)), END }, NULL },
	{ "guest-table-base-canonical", LONG, { W(GUEST_GDTR_BASE, NON_CANONICAL), END }, NULL },
	{ "guest-table-base-canonical", LONG, { W(GUEST_IDTR_BASE, NON_CANONICAL), END }, NULL },
	{ "guest-table-limit", LONG, { W(GUEST_GDTR_LIMIT, 0x10000), END }, NULL },
	{ "guest-table-limit", LONG, { W(GUEST_IDTR_LIMIT, 0x10000), END }, NULL },
	{ "guest-rip-32-bit", PAE, { W(GUEST_RIP, BIT_ULL(32)), END }, NULL },
	{ "guest-rip-32-bit", LONG, { W(GUEST_CS_AR_BYTES, 0xc09b), END }, NULL },
	{ "guest-rip-64-bit", LONG, { W(GUEST_RIP, BIT_ULL(48)), END }, NULL },
	{ "guest-rip-64-bit", LONG, { W(GUEST_RIP, BIT_ULL(57)), END }, big_address },
	{ "guest-rflags-fixed-to-0", LONG, { W(GUEST_RFLAGS, BIT_ULL(63) | 2), END }, NULL },
	{ "guest-rflags-fixed-to-0", LONG, { W(GUEST_RFLAGS, 0xa), END }, NULL },
	{ "guest-rflags-fixed-to-1", LONG, { W(GUEST_RFLAGS, 0), END }, NULL },
	{ "guest-rflags-if-for-interrupt", LONG,
	  { W(GUEST_RFLAGS, 2), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32)), END }, NULL },
	{ "guest-ssp-valid", ALL, { W(GUEST_SSP, 1), END }, NULL },

	{ "guest-tr-in-gdt", LONG, { W(GUEST_TR_SELECTOR, 0x44), END }, NULL },
	{ "guest-ldtr-in-gdt", LONG,
	  { W(GUEST_LDTR_SELECTOR, 4), W(GUEST_LDTR_AR_BYTES, 0x82), END }, NULL },
	{ "guest-ss-rpl-is-cs-rpl", TIGHT, { W(GUEST_CS_SELECTOR, 0x13), END }, NULL },
	{ "virtual-8086-base", V86, { W(GUEST_ES_BASE, 0x10000), END }, NULL },
	{ "virtual-8086-base", V86, { W(GUEST_GS_BASE, NON_CANONICAL), END }, NULL },
	{ "virtual-8086-limit", V86, { W(GUEST_SS_LIMIT, 0xffffffff), END }, NULL },
	{ "virtual-8086-rights", V86, { W(GUEST_CS_AR_BYTES, 0x9b), END }, NULL },
	{ "guest-base-canonical", LONG, { W(GUEST_FS_BASE, NON_CANONICAL), END }, NULL },
	{ "guest-base-canonical", LONG, { W(GUEST_GS_BASE, NON_CANONICAL), END }, NULL },
	{ "guest-base-canonical", LONG, { W(GUEST_TR_BASE, NON_CANONICAL), END }, NULL },
	{ "guest-base-canonical", LONG,
	  { W(GUEST_LDTR_BASE, NON_CANONICAL), W(GUEST_LDTR_AR_BYTES, 0x82), END }, NULL },
	{ "guest-base-32-bit", LONG, { W(GUEST_ES_BASE, BIT_ULL(32)), END }, NULL },
	{ "guest-base-32-bit", LONG, { W(GUEST_CS_BASE, BIT_ULL(32)), END }, NULL },
	{ "guest-base-32-bit", LONG, { W(GUEST_SS_BASE, BIT_ULL(32)), END }, NULL },
	{ "guest-base-32-bit", LONG, { W(GUEST_DS_BASE, BIT_ULL(32)), END }, NULL },
	{ "guest-cs-type", LONG, { W(GUEST_CS_AR_BYTES, 0xa09a), END }, NULL },
	{ "guest-cs-type", TIGHT, { W(GUEST_CS_AR_BYTES, 0xa093), END }, NULL },
	{ "guest-ss-type", LONG, { W(GUEST_SS_AR_BYTES, 0xc091), END }, NULL },
	{ "guest-data-accessed", LONG, { W(GUEST_DS_AR_BYTES, 0xc092), END }, NULL },
	{ "guest-data-readable", LONG, { W(GUEST_GS_AR_BYTES, 0xc099), END }, NULL },
	{ "guest-segment-s", LONG, { W(GUEST_CS_AR_BYTES, 0xa08b), END }, NULL },
	{ "guest-segment-s", LONG, { W(GUEST_FS_AR_BYTES, 0xc083), END }, NULL },
	{ "guest-cs-dpl", LONG, { W(GUEST_CS_AR_BYTES, 0xa0fb), END }, NULL },
	{ "guest-cs-dpl", LONG, { W(GUEST_CS_AR_BYTES, 0xa0ff), END }, NULL },
	{ "guest-cs-dpl", REAL, { W(GUEST_CS_AR_BYTES, 0xf3), END }, NULL },
	{ "guest-ss-dpl-is-rpl", TIGHT,
	  { W(GUEST_SS_AR_BYTES, 0xc0f3), W(GUEST_CS_AR_BYTES, 0xa0fb), END }, NULL },
	{ "guest-ss-dpl-real-mode", REAL, { W(GUEST_SS_AR_BYTES, 0xf3), END }, NULL },
	{ "guest-data-dpl", TIGHT,
	  { W(GUEST_DS_SELECTOR, 0x1b), W(GUEST_DS_AR_BYTES, 0xc0d3), END }, NULL },
	{ "guest-segment-present", LONG, { W(GUEST_CS_AR_BYTES, 0xa01b), END }, NULL },
	{ "guest-segment-present", LONG, { W(GUEST_ES_AR_BYTES, 0xc013), END }, NULL },
	{ "guest-segment-present", LONG, { W(GUEST_TR_AR_BYTES, 0xb), END }, NULL },
	{ "guest-segment-present", LONG, { W(GUEST_LDTR_AR_BYTES, 0x2), END }, NULL },
	{ "guest-segment-reserved", LONG, { W(GUEST_SS_AR_BYTES, 0xc193), END }, NULL },
	{ "guest-segment-reserved", LONG, { W(GUEST_TR_AR_BYTES, 0x2008b), END }, NULL },
	{ "guest-cs-l-without-d", LONG, { W(GUEST_CS_AR_BYTES, 0xe09b), END }, NULL },
	{ "guest-limit-needs-g", LONG,
	  { W(GUEST_FS_LIMIT, 0x100000), W(GUEST_FS_AR_BYTES, 0x4093), END }, NULL },
	{ "guest-limit-needs-g", LONG, { W(GUEST_TR_LIMIT, 0x10ffff), END }, NULL },
	{ "guest-limit-of-g", LONG, { W(GUEST_ES_LIMIT, 0xfffff000), END }, NULL },
	{ "guest-tr-type", LONG, { W(GUEST_TR_AR_BYTES, 0x89), END }, NULL },
	{ "guest-tr-type", LONG, { W(GUEST_TR_AR_BYTES, 0x83), END }, NULL },
	{ "guest-ldtr-type", LONG, { W(GUEST_LDTR_AR_BYTES, 0x83), END }, NULL },
	{ "guest-system-segment-s", LONG, { W(GUEST_TR_AR_BYTES, 0x9b), END }, NULL },
	{ "guest-system-segment-s", LONG, { W(GUEST_LDTR_AR_BYTES, 0x92), END }, NULL },
	{ "guest-tr-usable", LONG, { W(GUEST_TR_AR_BYTES, 0x1008b), END }, NULL },

	{ "guest-activity-supported", LONG, { W(GUEST_ACTIVITY_STATE, 4), END }, NULL },
	{ "guest-activity-supported", LONG, { W(GUEST_ACTIVITY_STATE, 2), END }, no_shutdown },
	{ "guest-hlt-at-cpl-0", LONG,
	  { W(GUEST_ACTIVITY_STATE, 1), W(GUEST_SS_AR_BYTES, 0xc0f3),
	    W(GUEST_CS_AR_BYTES, 0xa0fb), END }, NULL },
	{ "guest-blocked-is-active", LONG,
	  { W(GUEST_ACTIVITY_STATE, 1), W(GUEST_INTERRUPTIBILITY_INFO, 1), END }, NULL },
	{ "guest-event-fits-activity", LONG,
	  { W(GUEST_ACTIVITY_STATE, 1),
	    W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13) | BIT(11)), END }, NULL },
	{ "guest-event-fits-activity", LONG,
	  { W(GUEST_ACTIVITY_STATE, 2), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32)), END }, NULL },
	{ "guest-event-fits-activity", LONG,
	  { W(GUEST_ACTIVITY_STATE, 3), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), END }, NULL },
	{ "guest-blocking-reserved", LONG, { W(GUEST_INTERRUPTIBILITY_INFO, 0x20), END }, NULL },
	{ "guest-blocking-sti-or-mov-ss", LONG, { W(GUEST_INTERRUPTIBILITY_INFO, 3), END }, NULL },
	{ "guest-blocking-sti-needs-if", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 1), W(GUEST_RFLAGS, 2), END }, NULL },
	{ "guest-interrupt-not-blocked", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 2), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(0, 32)), END },
	  NULL },
	{ "guest-nmi-not-blocked-by-mov-ss", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 2), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), END },
	  NULL },
	{ "guest-nmi-not-blocked-by-sti", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 1), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), END },
	  NULL },
	{ "guest-smi-not-blocked", LONG, { W(GUEST_INTERRUPTIBILITY_INFO, 4), END }, NULL },
	{ "guest-nmi-not-blocked-by-nmi", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 8), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), END },
	  NULL },
	{ "guest-enclave-interruption", ALL, { W(GUEST_INTERRUPTIBILITY_INFO, 0x12), END }, NULL },
	{ "guest-enclave-interruption", ALL,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 0x10), END }, no_sgx },
	{ "guest-pending-debug-reserved", LONG,
	  { W(GUEST_PENDING_DBG_EXCEPTIONS, 0x10), END }, NULL },
	{ "guest-pending-debug-reserved", LONG,
	  { W(GUEST_PENDING_DBG_EXCEPTIONS, BIT(11)), END }, NULL },
	{ "guest-pending-debug-reserved", LONG,
	  { W(GUEST_PENDING_DBG_EXCEPTIONS, BIT(16) | BIT(12)), END }, NULL },
	{ "guest-pending-debug-single-step", LONG,
	  { W(GUEST_ACTIVITY_STATE, 1), W(GUEST_RFLAGS, 0x302), END }, NULL },
	{ "guest-pending-debug-single-step", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 1), W(GUEST_PENDING_DBG_EXCEPTIONS, BIT(14)), END },
	  NULL },
	{ "guest-pending-debug-rtm", ALL, { W(GUEST_PENDING_DBG_EXCEPTIONS, BIT(16)), END }, NULL },
	{ "vmcs-link-address", LONG, { W(VMCS_LINK_POINTER, 0xffffffff), END }, NULL },
	{ "vmcs-link-revision", ALL, { END }, other_link },
	{ "vmcs-link-revision", LONG, { W(VMCS_LINK_POINTER, 0x7000), END }, link_verdict },
	{ "vmcs-link-not-current", ALL, { W(VMCS_LINK_POINTER, 0x8000), END }, NULL },
	{ "guest-pdpte-reserved", PAE, { W(GUEST_PDPTR0, 0x9003), END }, NULL },
	{ "guest-pdpte-reserved", PAE, { W(GUEST_PDPTR3, TOO_WIDE | 1), END }, NULL },

	{ "msr-load-index", ALL, { END }, fs_base_msr },
	{ "msr-load-index", ALL, { END }, x2apic_msr },
	{ "msr-load-reserved", ALL, { END }, msr_reserved },
	{ "msr-load-value", LONG, { END }, reason_34 },
};

/* At the edge, and right. */
static const struct breakage right[] = {
	{ "an address just inside 63:N is no fault of RIP's", LONG,
	  { W(GUEST_RIP, NON_CANONICAL), END }, NULL },
	{ "57 bits of linear address", LONG, { W(GUEST_RIP, BIT_ULL(50)), END }, big_address },
	{ "a segment that is unusable", LONG,
	  { W(GUEST_DS_AR_BYTES, 0x10000), W(GUEST_DS_BASE, ~0ULL), W(GUEST_DS_LIMIT, 0), END },
	  NULL },
	{ "conforming code below SS.DPL", LONG,
	  { W(GUEST_SS_AR_BYTES, 0xc0f3), W(GUEST_CS_AR_BYTES, 0xa09f), END }, NULL },
	{ "data of DPL 0 with RPL 3 in an unrestricted guest", LONG,
	  { W(GUEST_DS_SELECTOR, 0x1b), END }, NULL },
	{ "conforming code in DS of any RPL", TIGHT,
	  { W(GUEST_DS_SELECTOR, 0x1b), W(GUEST_DS_AR_BYTES, 0xc09f), END }, NULL },
	{ "an LDTR whose selector and base do not matter", LONG,
	  { W(GUEST_LDTR_SELECTOR, 4), W(GUEST_LDTR_BASE, NON_CANONICAL), END }, NULL },
	{ "NW and CD as they please", LONG, { W(GUEST_CR0, 0xe0050033), END }, NULL },
	{ "EFER.LME before paging", REAL, { W(GUEST_IA32_EFER, 0x100), END }, NULL },
	{ "a 16-bit TSS outside IA-32e mode", PAE, { W(GUEST_TR_AR_BYTES, 0x83), END }, NULL },
	{ "a PDPTE that is not present", PAE, { W(GUEST_PDPTR1, ~1ULL), END }, NULL },
	{ "PDPTEs that are not used", LONG, { W(GUEST_PDPTR1, ~0ULL), END }, NULL },
	{ "an event that is not valid", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, 0x7fffffff), END }, NULL },
	{ "an exception without an error code where any may have one", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 13)), END }, any_error_code },
	{ "a software interrupt of length 0 where the CPU allows it", LONG,
	  { W(VM_ENTRY_INTR_INFO_FIELD, EVENT(4, 128)), END }, zero_length },
	{ "an NMI into HLT", LONG,
	  { W(GUEST_ACTIVITY_STATE, 1), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(2, 2)), END }, NULL },
	{ "a #MC into shutdown", LONG,
	  { W(GUEST_ACTIVITY_STATE, 2), W(VM_ENTRY_INTR_INFO_FIELD, EVENT(3, 18)), END }, NULL },
	{ "a single step that waits behind STI", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 1), W(GUEST_RFLAGS, 0x302),
	    W(GUEST_PENDING_DBG_EXCEPTIONS, BIT(14)), END }, NULL },
	{ "BTF keeps a single step from waiting", LONG,
	  { W(GUEST_INTERRUPTIBILITY_INFO, 1), W(GUEST_RFLAGS, 0x302),
	    W(GUEST_IA32_DEBUGCTL, 2), END }, NULL },
	{ "debug registers that are not loaded", LONG,
	  { W(VM_ENTRY_CONTROLS, ENTRY & ~(u64)ENTRY_LOAD_DEBUG), W(GUEST_DR7, ~0ULL),
	    W(GUEST_IA32_DEBUGCTL, ~0ULL), END }, NULL },
	{ "an MSR area that ends with the last byte", ALL,
	  { W(VM_EXIT_MSR_LOAD_ADDR, TOO_WIDE - 16), END }, NULL },
	{ "an MSR area of no entries anywhere", LONG,
	  { W(VM_EXIT_MSR_LOAD_ADDR, ~0ULL), END }, NULL },
	{ "bitmaps that are not used", LONG,
	  { W(IO_BITMAP_A, 1), W(VMREAD_BITMAP, 1), W(PML_ADDRESS, 1), END }, NULL },
	{ "secondary controls that are not active", LONG,
	  { W(CPU_BASED_VM_EXEC_CONTROL, CPU & ~(CPU_SECONDARY | CPU_TERTIARY)),
	    W(SECONDARY_VM_EXEC_CONTROL, ~0ULL), W(TERTIARY_VM_EXEC_CONTROL, ~0ULL), END }, NULL },
	{ "five levels where the CPU has them", ALL, { W(EPT_POINTER, 0x60e6), END }, NULL },
	{ "uncacheable EPT where the CPU has it", ALL, { W(EPT_POINTER, 0x6018), END }, NULL },
};

static void apply(const struct breakage *b, struct vmx_snapshot *s)
{
	unsigned int i;

	b->base(s);
	for (i = 0; b->write[i].field != VMX_NR_FIELDS; i++)
		s->value[b->write[i].field] = b->write[i].value;
	if (b->change)
		b->change(s);
}

static void print_found(const struct vmx_finding *found, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count && i < MAX_FOUND; i++)
		printf("# %s: %s = %#llx\n", found[i].rule->name,
		       vmx_field_info(found[i].field)->name, found[i].value);
}

/* A field that was written is to blame, unless the rule is about something else. */
static bool blames_a_write(const struct breakage *b, const struct vmx_finding *found)
{
	unsigned int i;

	if (b->write[0].field == VMX_NR_FIELDS || found->rule->holds)
		return true;
	for (i = 0; b->write[i].field != VMX_NR_FIELDS; i++)
		if (b->write[i].field == found->field)
			return true;
	return false;
}

static void test_broken(const struct breakage *b)
{
	struct vmx_finding found[MAX_FOUND];
	struct vmx_snapshot s;
	unsigned int count;
	bool ok;

	apply(b, &s);
	count = vmx_check(&s, found, MAX_FOUND);
	ok = count == 1 && !strcmp(found[0].rule->name, b->rule) && blames_a_write(b, &found[0]) &&
	     found[0].value == s.value[found[0].field];
	tap_ok(ok, "%s, broken alone", b->rule);
	if (!ok)
		print_found(found, count);
}

static void test_right(const struct breakage *b)
{
	struct vmx_finding found[MAX_FOUND];
	struct vmx_snapshot s;
	unsigned int count;

	apply(b, &s);
	count = vmx_check(&s, found, MAX_FOUND);
	tap_ok(!count, "%s", b->rule);
	print_found(found, count);
}

static void test_base(void (*base)(struct vmx_snapshot *s), const char *name)
{
	const struct breakage none = { .rule = name, .base = base, .write = { END } };

	test_right(&none);
}

/*
 * The rules that no snapshot breaks alone: the CPU has no bit that is fixed to 1; what they say
 * of SMM needs a control that another rule forbids outside SMM.
 */
static void test_smm(void)
{
	struct vmx_finding found[MAX_FOUND];
	struct vmx_snapshot s;
	unsigned int count;

	snapshot_long_mode(&s);
	smm(&s);
	s.value[VMX_F_GUEST_ACTIVITY_STATE] = 3;
	count = vmx_check(&s, found, MAX_FOUND);
	tap_ok(count == 3 && !strcmp(found[0].rule->name, "smm-controls-outside-smm") &&
	       !strcmp(found[1].rule->name, "guest-smm-not-waiting") &&
	       !strcmp(found[2].rule->name, "guest-smm-blocks-smi"),
	       "entry to SMM, with all that it breaks");
}

static void test_secondary_to_1(void)
{
	struct vmx_finding found[MAX_FOUND];
	struct vmx_snapshot s;

	snapshot_long_mode(&s);
	s.cap[VMX_CAP_PROCBASED2] |= CPU2_EPT | BIT(3);
	tap_ok(vmx_check(&s, found, MAX_FOUND) == 1 &&
	       !strcmp(found[0].rule->name, "secondary-controls-fixed-to-1"),
	       "secondary-controls-fixed-to-1, broken alone");
}

/* RFLAGS.VM is checked against modes in which the segments cannot be right as well. */
static void test_rflags_vm(void)
{
	struct vmx_finding found[MAX_FOUND];
	struct vmx_snapshot s;

	snapshot_virtual_8086(&s);
	s.value[VMX_F_VM_ENTRY_CONTROLS] = ENTRY;
	s.value[VMX_F_GUEST_IA32_EFER] = 0xd00;
	tap_ok(vmx_check(&s, found, MAX_FOUND) == 1 &&
	       !strcmp(found[0].rule->name, "guest-rflags-vm"), "guest-rflags-vm, broken alone");
}

static bool is_tested(const char *rule)
{
	static const char *const by_hand[] = {
		"guest-smm-not-waiting", "guest-smm-blocks-smi", "secondary-controls-fixed-to-1",
		"guest-rflags-vm",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(by_hand); i++)
		if (!strcmp(by_hand[i], rule))
			return true;
	for (i = 0; i < ARRAY_SIZE(breakages); i++)
		if (!strcmp(breakages[i].rule, rule))
			return true;
	return false;
}

/* A rule's words, and that nothing is said twice. */
static bool is_well_formed(const struct vmx_rule *rule)
{
	size_t length = strlen(rule->name);

	return length && length < 48 && rule->section && *rule->section && rule->rule &&
	       rule->rule[strlen(rule->rule) - 1] == '.' && rule->cause &&
	       rule->cause[strlen(rule->cause) - 1] == '.' && !rule->holds != !rule->holds_each &&
	       !rule->count == !rule->holds_each && rule->field + rule->count <= VMX_NR_FIELDS &&
	       rule->area < VMX_NR_CHECK_AREAS && vmx_rule_by_name(rule->name) == rule;
}

static void test_rules(void)
{
	const struct vmx_rule *rule;
	unsigned int i, bad = 0, untested = 0;

	for (i = 0; (rule = vmx_rule_by_index(i)); i++) {
		if (!is_well_formed(rule))
			printf("# malformed %u: %s\n", ++bad, rule->name);
		if (!is_tested(rule->name))
			printf("# untested %u: %s\n", ++untested, rule->name);
	}
	tap_ok(!bad, "each of %u rules has its name, a section, a sentence and a cause", i);
	tap_ok(!untested, "each of %u rules is broken by a test", i);
	tap_ok(!vmx_rule_by_index(i + 1) && !vmx_rule_by_name("no-such-rule"),
	       "no rule is no rule");
}

/* More broken rules than there is room for. */
static void test_room(void)
{
	struct vmx_finding found[3] = { { .value = 1 }, { .value = 1 }, { .value = 1 } };
	struct vmx_snapshot s;
	unsigned int all;

	memset(&s, 0xff, sizeof(s));
	s.physical_bits = 39;
	s.linear_bits = 48;
	s.msr_load_count = 0;
	all = vmx_check(&s, NULL, 0);
	tap_ok(all > 20 && vmx_check(&s, found, 2) == all && found[0].rule && found[1].rule &&
	       !found[2].rule, "findings that have no room are counted (%u)", all);
}

int main(void)
{
	unsigned int i;

	tap_begin();
	test_rules();
	test_base(LONG, "a 64-bit guest breaks no rule");
	test_base(TIGHT, "nor one without \"unrestricted guest\"");
	test_base(PAE, "nor a 32-bit guest");
	test_base(REAL, "nor one in real mode");
	test_base(V86, "nor one in virtual-8086 mode");
	test_base(HOST32, "nor a 32-bit host");
	test_base(ALL, "nor one with every control");
	for (i = 0; i < ARRAY_SIZE(breakages); i++)
		test_broken(&breakages[i]);
	test_smm();
	test_secondary_to_1();
	test_rflags_vm();
	for (i = 0; i < ARRAY_SIZE(right); i++)
		test_right(&right[i]);
	test_room();
	return tap_end();
}
