/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every field of a VMCS, by rising encoding (SDM, appendix "Field Encoding in VMCS"): a table to
 * be included with VMX_FIELD() defined, as fields.h does.
 *
 *	VMX_FIELD(identifier as in <asm/vmx.h>, encoding, how its value is decoded,
 *		  name as in the SDM, the control or feature without which no CPU has it)
 *
 * VMX_FIELD_ONLY_HERE() is the same for a field that Linux 6.1's <asm/vmx.h> lacks.
 */
#ifndef VMX_FIELD_ONLY_HERE
#define VMX_FIELD_ONLY_HERE VMX_FIELD
#endif

/* 16-bit control fields */
VMX_FIELD(VIRTUAL_PROCESSOR_ID, 0x0000, NUMBER, "virtual-processor identifier (VPID)",
	  "enable VPID")
VMX_FIELD(POSTED_INTR_NV, 0x0002, NUMBER, "posted-interrupt notification vector",
	  "process posted interrupts")
VMX_FIELD_ONLY_HERE(EPTP_INDEX, 0x0004, NUMBER, "EPTP index", "EPT-violation #VE")
VMX_FIELD(LAST_PID_POINTER_INDEX, 0x0008, NUMBER, "last PID-pointer index", "IPI virtualization")

/* 16-bit guest-state fields */
VMX_FIELD(GUEST_ES_SELECTOR, 0x0800, SELECTOR, "guest ES selector", NULL)
VMX_FIELD(GUEST_CS_SELECTOR, 0x0802, SELECTOR, "guest CS selector", NULL)
VMX_FIELD(GUEST_SS_SELECTOR, 0x0804, SELECTOR, "guest SS selector", NULL)
VMX_FIELD(GUEST_DS_SELECTOR, 0x0806, SELECTOR, "guest DS selector", NULL)
VMX_FIELD(GUEST_FS_SELECTOR, 0x0808, SELECTOR, "guest FS selector", NULL)
VMX_FIELD(GUEST_GS_SELECTOR, 0x080a, SELECTOR, "guest GS selector", NULL)
VMX_FIELD(GUEST_LDTR_SELECTOR, 0x080c, SELECTOR, "guest LDTR selector", NULL)
VMX_FIELD(GUEST_TR_SELECTOR, 0x080e, SELECTOR, "guest TR selector", NULL)
VMX_FIELD(GUEST_INTR_STATUS, 0x0810, INTERRUPT_STATUS, "guest interrupt status",
	  "virtual-interrupt delivery")
VMX_FIELD(GUEST_PML_INDEX, 0x0812, NUMBER, "PML index", "enable PML")

/* 16-bit host-state fields */
VMX_FIELD(HOST_ES_SELECTOR, 0x0c00, SELECTOR, "host ES selector", NULL)
VMX_FIELD(HOST_CS_SELECTOR, 0x0c02, SELECTOR, "host CS selector", NULL)
VMX_FIELD(HOST_SS_SELECTOR, 0x0c04, SELECTOR, "host SS selector", NULL)
VMX_FIELD(HOST_DS_SELECTOR, 0x0c06, SELECTOR, "host DS selector", NULL)
VMX_FIELD(HOST_FS_SELECTOR, 0x0c08, SELECTOR, "host FS selector", NULL)
VMX_FIELD(HOST_GS_SELECTOR, 0x0c0a, SELECTOR, "host GS selector", NULL)
VMX_FIELD(HOST_TR_SELECTOR, 0x0c0c, SELECTOR, "host TR selector", NULL)

/* 64-bit control fields */
VMX_FIELD(IO_BITMAP_A, 0x2000, NUMBER, "address of I/O bitmap A", NULL)
VMX_FIELD(IO_BITMAP_B, 0x2002, NUMBER, "address of I/O bitmap B", NULL)
VMX_FIELD(MSR_BITMAP, 0x2004, NUMBER, "address of MSR bitmaps", "use MSR bitmaps")
VMX_FIELD(VM_EXIT_MSR_STORE_ADDR, 0x2006, NUMBER, "VM-exit MSR-store address", NULL)
VMX_FIELD(VM_EXIT_MSR_LOAD_ADDR, 0x2008, NUMBER, "VM-exit MSR-load address", NULL)
VMX_FIELD(VM_ENTRY_MSR_LOAD_ADDR, 0x200a, NUMBER, "VM-entry MSR-load address", NULL)
VMX_FIELD_ONLY_HERE(EXECUTIVE_VMCS_POINTER, 0x200c, NUMBER, "executive-VMCS pointer", NULL)
VMX_FIELD(PML_ADDRESS, 0x200e, NUMBER, "PML address", "enable PML")
VMX_FIELD(TSC_OFFSET, 0x2010, NUMBER, "TSC offset", NULL)
VMX_FIELD(VIRTUAL_APIC_PAGE_ADDR, 0x2012, NUMBER, "virtual-APIC address", "use TPR shadow")
VMX_FIELD(APIC_ACCESS_ADDR, 0x2014, NUMBER, "APIC-access address", "virtualize APIC accesses")
VMX_FIELD(POSTED_INTR_DESC_ADDR, 0x2016, NUMBER, "posted-interrupt descriptor address",
	  "process posted interrupts")
VMX_FIELD(VM_FUNCTION_CONTROL, 0x2018, VM_FUNCTIONS, "VM-function controls",
	  "enable VM functions")
VMX_FIELD(EPT_POINTER, 0x201a, EPTP, "EPT pointer (EPTP)", "enable EPT")
VMX_FIELD(EOI_EXIT_BITMAP0, 0x201c, NUMBER, "EOI-exit bitmap 0", "virtual-interrupt delivery")
VMX_FIELD(EOI_EXIT_BITMAP1, 0x201e, NUMBER, "EOI-exit bitmap 1", "virtual-interrupt delivery")
VMX_FIELD(EOI_EXIT_BITMAP2, 0x2020, NUMBER, "EOI-exit bitmap 2", "virtual-interrupt delivery")
VMX_FIELD(EOI_EXIT_BITMAP3, 0x2022, NUMBER, "EOI-exit bitmap 3", "virtual-interrupt delivery")
VMX_FIELD(EPTP_LIST_ADDRESS, 0x2024, NUMBER, "EPTP-list address", "EPTP switching")
VMX_FIELD(VMREAD_BITMAP, 0x2026, NUMBER, "VMREAD-bitmap address", "VMCS shadowing")
VMX_FIELD(VMWRITE_BITMAP, 0x2028, NUMBER, "VMWRITE-bitmap address", "VMCS shadowing")
VMX_FIELD_ONLY_HERE(VE_INFORMATION_ADDRESS, 0x202a, NUMBER,
		    "virtualization-exception information address", "EPT-violation #VE")
VMX_FIELD(XSS_EXIT_BITMAP, 0x202c, NUMBER, "XSS-exiting bitmap", "enable XSAVES/XRSTORS")
VMX_FIELD(ENCLS_EXITING_BITMAP, 0x202e, NUMBER, "ENCLS-exiting bitmap",
	  "enable ENCLS exiting")
VMX_FIELD_ONLY_HERE(SPPT_POINTER, 0x2030, NUMBER, "sub-page-permission-table pointer",
		    "sub-page write permissions for EPT")
VMX_FIELD(TSC_MULTIPLIER, 0x2032, NUMBER, "TSC multiplier", "use TSC scaling")
VMX_FIELD(TERTIARY_VM_EXEC_CONTROL, 0x2034, CPU_CONTROLS_3,
	  "tertiary processor-based VM-execution controls", "activate tertiary controls")
VMX_FIELD_ONLY_HERE(ENCLV_EXITING_BITMAP, 0x2036, NUMBER, "ENCLV-exiting bitmap",
		    "enable ENCLV exiting")
VMX_FIELD_ONLY_HERE(PCONFIG_EXITING_BITMAP, 0x203e, NUMBER, "PCONFIG-exiting bitmap",
		    "enable PCONFIG")
VMX_FIELD(PID_POINTER_TABLE, 0x2042, NUMBER, "PID-pointer table address", "IPI virtualization")

/* 64-bit read-only data field */
VMX_FIELD(GUEST_PHYSICAL_ADDRESS, 0x2400, NUMBER, "guest-physical address", "enable EPT")

/* 64-bit guest-state fields */
VMX_FIELD(VMCS_LINK_POINTER, 0x2800, LINK, "VMCS link pointer", NULL)
VMX_FIELD(GUEST_IA32_DEBUGCTL, 0x2802, DEBUGCTL, "guest IA32_DEBUGCTL", NULL)
VMX_FIELD(GUEST_IA32_PAT, 0x2804, PAT, "guest IA32_PAT", "load or save IA32_PAT")
VMX_FIELD(GUEST_IA32_EFER, 0x2806, EFER, "guest IA32_EFER", "load or save IA32_EFER")
VMX_FIELD(GUEST_IA32_PERF_GLOBAL_CTRL, 0x2808, NUMBER, "guest IA32_PERF_GLOBAL_CTRL",
	  "load IA32_PERF_GLOBAL_CTRL")
VMX_FIELD(GUEST_PDPTR0, 0x280a, PDPTE, "guest PDPTE0", "enable EPT")
VMX_FIELD(GUEST_PDPTR1, 0x280c, PDPTE, "guest PDPTE1", "enable EPT")
VMX_FIELD(GUEST_PDPTR2, 0x280e, PDPTE, "guest PDPTE2", "enable EPT")
VMX_FIELD(GUEST_PDPTR3, 0x2810, PDPTE, "guest PDPTE3", "enable EPT")
VMX_FIELD(GUEST_BNDCFGS, 0x2812, BNDCFGS, "guest IA32_BNDCFGS", "load IA32_BNDCFGS")
VMX_FIELD(GUEST_IA32_RTIT_CTL, 0x2814, NUMBER, "guest IA32_RTIT_CTL", "load IA32_RTIT_CTL")
VMX_FIELD_ONLY_HERE(GUEST_IA32_PKRS, 0x2818, NUMBER, "guest IA32_PKRS", "load PKRS")

/* 64-bit host-state fields */
VMX_FIELD(HOST_IA32_PAT, 0x2c00, PAT, "host IA32_PAT", "load IA32_PAT")
VMX_FIELD(HOST_IA32_EFER, 0x2c02, EFER, "host IA32_EFER", "load IA32_EFER")
VMX_FIELD(HOST_IA32_PERF_GLOBAL_CTRL, 0x2c04, NUMBER, "host IA32_PERF_GLOBAL_CTRL",
	  "load IA32_PERF_GLOBAL_CTRL")
VMX_FIELD_ONLY_HERE(HOST_IA32_PKRS, 0x2c06, NUMBER, "host IA32_PKRS", "load PKRS")

/* 32-bit control fields */
VMX_FIELD(PIN_BASED_VM_EXEC_CONTROL, 0x4000, PIN_CONTROLS,
	  "pin-based VM-execution controls", NULL)
VMX_FIELD(CPU_BASED_VM_EXEC_CONTROL, 0x4002, CPU_CONTROLS,
	  "primary processor-based VM-execution controls", NULL)
VMX_FIELD(EXCEPTION_BITMAP, 0x4004, EXCEPTIONS, "exception bitmap", NULL)
VMX_FIELD(PAGE_FAULT_ERROR_CODE_MASK, 0x4006, NUMBER, "page-fault error-code mask", NULL)
VMX_FIELD(PAGE_FAULT_ERROR_CODE_MATCH, 0x4008, NUMBER, "page-fault error-code match", NULL)
VMX_FIELD(CR3_TARGET_COUNT, 0x400a, NUMBER, "CR3-target count", NULL)
VMX_FIELD(VM_EXIT_CONTROLS, 0x400c, EXIT_CONTROLS, "VM-exit controls", NULL)
VMX_FIELD(VM_EXIT_MSR_STORE_COUNT, 0x400e, NUMBER, "VM-exit MSR-store count", NULL)
VMX_FIELD(VM_EXIT_MSR_LOAD_COUNT, 0x4010, NUMBER, "VM-exit MSR-load count", NULL)
VMX_FIELD(VM_ENTRY_CONTROLS, 0x4012, ENTRY_CONTROLS, "VM-entry controls", NULL)
VMX_FIELD(VM_ENTRY_MSR_LOAD_COUNT, 0x4014, NUMBER, "VM-entry MSR-load count", NULL)
VMX_FIELD(VM_ENTRY_INTR_INFO_FIELD, 0x4016, EVENT,
	  "VM-entry interruption-information field", NULL)
VMX_FIELD(VM_ENTRY_EXCEPTION_ERROR_CODE, 0x4018, NUMBER, "VM-entry exception error code", NULL)
VMX_FIELD(VM_ENTRY_INSTRUCTION_LEN, 0x401a, NUMBER, "VM-entry instruction length", NULL)
VMX_FIELD(TPR_THRESHOLD, 0x401c, NUMBER, "TPR threshold", "use TPR shadow")
VMX_FIELD(SECONDARY_VM_EXEC_CONTROL, 0x401e, CPU_CONTROLS_2,
	  "secondary processor-based VM-execution controls", "activate secondary controls")
VMX_FIELD(PLE_GAP, 0x4020, NUMBER, "PLE gap", "PAUSE-loop exiting")
VMX_FIELD(PLE_WINDOW, 0x4022, NUMBER, "PLE window", "PAUSE-loop exiting")
VMX_FIELD(NOTIFY_WINDOW, 0x4024, NUMBER, "instruction-timeout control", "instruction timeout")

/* 32-bit read-only data fields */
VMX_FIELD(VM_INSTRUCTION_ERROR, 0x4400, INSTRUCTION_ERROR, "VM-instruction error", NULL)
VMX_FIELD(VM_EXIT_REASON, 0x4402, EXIT_REASON, "exit reason", NULL)
VMX_FIELD(VM_EXIT_INTR_INFO, 0x4404, EXIT_EVENT, "VM-exit interruption information", NULL)
VMX_FIELD(VM_EXIT_INTR_ERROR_CODE, 0x4406, NUMBER, "VM-exit interruption error code", NULL)
VMX_FIELD(IDT_VECTORING_INFO_FIELD, 0x4408, EVENT, "IDT-vectoring information field", NULL)
VMX_FIELD(IDT_VECTORING_ERROR_CODE, 0x440a, NUMBER, "IDT-vectoring error code", NULL)
VMX_FIELD(VM_EXIT_INSTRUCTION_LEN, 0x440c, NUMBER, "VM-exit instruction length", NULL)
VMX_FIELD(VMX_INSTRUCTION_INFO, 0x440e, NUMBER, "VM-exit instruction information", NULL)

/* 32-bit guest-state fields */
VMX_FIELD(GUEST_ES_LIMIT, 0x4800, NUMBER, "guest ES limit", NULL)
VMX_FIELD(GUEST_CS_LIMIT, 0x4802, NUMBER, "guest CS limit", NULL)
VMX_FIELD(GUEST_SS_LIMIT, 0x4804, NUMBER, "guest SS limit", NULL)
VMX_FIELD(GUEST_DS_LIMIT, 0x4806, NUMBER, "guest DS limit", NULL)
VMX_FIELD(GUEST_FS_LIMIT, 0x4808, NUMBER, "guest FS limit", NULL)
VMX_FIELD(GUEST_GS_LIMIT, 0x480a, NUMBER, "guest GS limit", NULL)
VMX_FIELD(GUEST_LDTR_LIMIT, 0x480c, NUMBER, "guest LDTR limit", NULL)
VMX_FIELD(GUEST_TR_LIMIT, 0x480e, NUMBER, "guest TR limit", NULL)
VMX_FIELD(GUEST_GDTR_LIMIT, 0x4810, NUMBER, "guest GDTR limit", NULL)
VMX_FIELD(GUEST_IDTR_LIMIT, 0x4812, NUMBER, "guest IDTR limit", NULL)
VMX_FIELD(GUEST_ES_AR_BYTES, 0x4814, RIGHTS, "guest ES access rights", NULL)
VMX_FIELD(GUEST_CS_AR_BYTES, 0x4816, RIGHTS, "guest CS access rights", NULL)
VMX_FIELD(GUEST_SS_AR_BYTES, 0x4818, RIGHTS, "guest SS access rights", NULL)
VMX_FIELD(GUEST_DS_AR_BYTES, 0x481a, RIGHTS, "guest DS access rights", NULL)
VMX_FIELD(GUEST_FS_AR_BYTES, 0x481c, RIGHTS, "guest FS access rights", NULL)
VMX_FIELD(GUEST_GS_AR_BYTES, 0x481e, RIGHTS, "guest GS access rights", NULL)
VMX_FIELD(GUEST_LDTR_AR_BYTES, 0x4820, RIGHTS, "guest LDTR access rights", NULL)
VMX_FIELD(GUEST_TR_AR_BYTES, 0x4822, RIGHTS, "guest TR access rights", NULL)
VMX_FIELD(GUEST_INTERRUPTIBILITY_INFO, 0x4824, INTERRUPTIBILITY,
	  "guest interruptibility state", NULL)
VMX_FIELD(GUEST_ACTIVITY_STATE, 0x4826, ACTIVITY, "guest activity state", NULL)
VMX_FIELD_ONLY_HERE(GUEST_SMBASE, 0x4828, NUMBER, "guest SMBASE", NULL)
VMX_FIELD(GUEST_SYSENTER_CS, 0x482a, NUMBER, "guest IA32_SYSENTER_CS", NULL)
VMX_FIELD(VMX_PREEMPTION_TIMER_VALUE, 0x482e, NUMBER, "VMX-preemption timer value",
	  "activate VMX-preemption timer")

/* 32-bit host-state field */
VMX_FIELD(HOST_IA32_SYSENTER_CS, 0x4c00, NUMBER, "host IA32_SYSENTER_CS", NULL)

/* natural-width control fields */
VMX_FIELD(CR0_GUEST_HOST_MASK, 0x6000, CR0, "CR0 guest/host mask", NULL)
VMX_FIELD(CR4_GUEST_HOST_MASK, 0x6002, CR4, "CR4 guest/host mask", NULL)
VMX_FIELD(CR0_READ_SHADOW, 0x6004, CR0, "CR0 read shadow", NULL)
VMX_FIELD(CR4_READ_SHADOW, 0x6006, CR4, "CR4 read shadow", NULL)
VMX_FIELD(CR3_TARGET_VALUE0, 0x6008, NUMBER, "CR3-target value 0", NULL)
VMX_FIELD(CR3_TARGET_VALUE1, 0x600a, NUMBER, "CR3-target value 1", NULL)
VMX_FIELD(CR3_TARGET_VALUE2, 0x600c, NUMBER, "CR3-target value 2", NULL)
VMX_FIELD(CR3_TARGET_VALUE3, 0x600e, NUMBER, "CR3-target value 3", NULL)

/* natural-width read-only data fields */
VMX_FIELD(EXIT_QUALIFICATION, 0x6400, NUMBER, "exit qualification", NULL)
VMX_FIELD_ONLY_HERE(EXIT_IO_RCX, 0x6402, NUMBER, "I/O RCX", NULL)
VMX_FIELD_ONLY_HERE(EXIT_IO_RSI, 0x6404, NUMBER, "I/O RSI", NULL)
VMX_FIELD_ONLY_HERE(EXIT_IO_RDI, 0x6406, NUMBER, "I/O RDI", NULL)
VMX_FIELD_ONLY_HERE(EXIT_IO_RIP, 0x6408, NUMBER, "I/O RIP", NULL)
VMX_FIELD(GUEST_LINEAR_ADDRESS, 0x640a, NUMBER, "guest-linear address", NULL)

/* natural-width guest-state fields */
VMX_FIELD(GUEST_CR0, 0x6800, CR0, "guest CR0", NULL)
VMX_FIELD(GUEST_CR3, 0x6802, NUMBER, "guest CR3", NULL)
VMX_FIELD(GUEST_CR4, 0x6804, CR4, "guest CR4", NULL)
VMX_FIELD(GUEST_ES_BASE, 0x6806, NUMBER, "guest ES base", NULL)
VMX_FIELD(GUEST_CS_BASE, 0x6808, NUMBER, "guest CS base", NULL)
VMX_FIELD(GUEST_SS_BASE, 0x680a, NUMBER, "guest SS base", NULL)
VMX_FIELD(GUEST_DS_BASE, 0x680c, NUMBER, "guest DS base", NULL)
VMX_FIELD(GUEST_FS_BASE, 0x680e, NUMBER, "guest FS base", NULL)
VMX_FIELD(GUEST_GS_BASE, 0x6810, NUMBER, "guest GS base", NULL)
VMX_FIELD(GUEST_LDTR_BASE, 0x6812, NUMBER, "guest LDTR base", NULL)
VMX_FIELD(GUEST_TR_BASE, 0x6814, NUMBER, "guest TR base", NULL)
VMX_FIELD(GUEST_GDTR_BASE, 0x6816, NUMBER, "guest GDTR base", NULL)
VMX_FIELD(GUEST_IDTR_BASE, 0x6818, NUMBER, "guest IDTR base", NULL)
VMX_FIELD(GUEST_DR7, 0x681a, DR7, "guest DR7", NULL)
VMX_FIELD(GUEST_RSP, 0x681c, NUMBER, "guest RSP", NULL)
VMX_FIELD(GUEST_RIP, 0x681e, NUMBER, "guest RIP", NULL)
VMX_FIELD(GUEST_RFLAGS, 0x6820, RFLAGS, "guest RFLAGS", NULL)
VMX_FIELD(GUEST_PENDING_DBG_EXCEPTIONS, 0x6822, PENDING_DEBUG,
	  "guest pending debug exceptions", NULL)
VMX_FIELD(GUEST_SYSENTER_ESP, 0x6824, NUMBER, "guest IA32_SYSENTER_ESP", NULL)
VMX_FIELD(GUEST_SYSENTER_EIP, 0x6826, NUMBER, "guest IA32_SYSENTER_EIP", NULL)
VMX_FIELD_ONLY_HERE(GUEST_S_CET, 0x6828, NUMBER, "guest IA32_S_CET", "load CET state")
VMX_FIELD_ONLY_HERE(GUEST_SSP, 0x682a, NUMBER, "guest SSP", "load CET state")
VMX_FIELD_ONLY_HERE(GUEST_INTR_SSP_TABLE, 0x682c, NUMBER,
		    "guest IA32_INTERRUPT_SSP_TABLE_ADDR", "load CET state")

/* natural-width host-state fields */
VMX_FIELD(HOST_CR0, 0x6c00, CR0, "host CR0", NULL)
VMX_FIELD(HOST_CR3, 0x6c02, NUMBER, "host CR3", NULL)
VMX_FIELD(HOST_CR4, 0x6c04, CR4, "host CR4", NULL)
VMX_FIELD(HOST_FS_BASE, 0x6c06, NUMBER, "host FS base", NULL)
VMX_FIELD(HOST_GS_BASE, 0x6c08, NUMBER, "host GS base", NULL)
VMX_FIELD(HOST_TR_BASE, 0x6c0a, NUMBER, "host TR base", NULL)
VMX_FIELD(HOST_GDTR_BASE, 0x6c0c, NUMBER, "host GDTR base", NULL)
VMX_FIELD(HOST_IDTR_BASE, 0x6c0e, NUMBER, "host IDTR base", NULL)
VMX_FIELD(HOST_IA32_SYSENTER_ESP, 0x6c10, NUMBER, "host IA32_SYSENTER_ESP", NULL)
VMX_FIELD(HOST_IA32_SYSENTER_EIP, 0x6c12, NUMBER, "host IA32_SYSENTER_EIP", NULL)
VMX_FIELD(HOST_RSP, 0x6c14, NUMBER, "host RSP", NULL)
VMX_FIELD(HOST_RIP, 0x6c16, NUMBER, "host RIP", NULL)
VMX_FIELD_ONLY_HERE(HOST_S_CET, 0x6c18, NUMBER, "host IA32_S_CET", "load CET state")
VMX_FIELD_ONLY_HERE(HOST_SSP, 0x6c1a, NUMBER, "host SSP", "load CET state")
VMX_FIELD_ONLY_HERE(HOST_INTR_SSP_TABLE, 0x6c1c, NUMBER,
		    "host IA32_INTERRUPT_SSP_TABLE_ADDR", "load CET state")

#undef VMX_FIELD
#undef VMX_FIELD_ONLY_HERE
