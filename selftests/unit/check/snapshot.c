// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "snapshot.h"

static const u64 capabilities[VMX_NR_CAPABILITIES] = {
	[VMX_CAP_BASIC] = BASIC_TRUE_CONTROLS | REVISION,
	[VMX_CAP_PINBASED] = CAPABILITY(PIN_DEFAULT, 0xe9u),
	[VMX_CAP_PROCBASED] = CAPABILITY(CPU_DEFAULT | 0x18000u, 0xfbfb9e8cu),
	[VMX_CAP_EXIT] = CAPABILITY(EXIT_DEFAULT | 4u, 0x7ffc9204u),
	[VMX_CAP_ENTRY] = CAPABILITY(ENTRY_DEFAULT | 4u, 0x7fee04u),
	[VMX_CAP_MISC] = 5 | 1 << 5 | 7 << 6 | 4 << 16,
	[VMX_CAP_CR0_FIXED0] = 0x80000021,
	[VMX_CAP_CR0_FIXED1] = 0xffffffff,
	[VMX_CAP_CR4_FIXED0] = 0x2000,
	[VMX_CAP_CR4_FIXED1] = 0x1ff77ff,
	[VMX_CAP_PROCBASED2] = CAPABILITY(0u, 0x7fffffffu),
	[VMX_CAP_EPT_VPID] = BIT(6) | BIT(14),
	[VMX_CAP_TRUE_PINBASED] = CAPABILITY(PIN_DEFAULT, 0xe9u),
	[VMX_CAP_TRUE_PROCBASED] = CAPABILITY(CPU_DEFAULT, 0xfbfb9e8cu),
	[VMX_CAP_TRUE_EXIT] = CAPABILITY(EXIT_DEFAULT, 0x7ffc9204u),
	[VMX_CAP_TRUE_ENTRY] = CAPABILITY(ENTRY_DEFAULT, 0x7fee04u),
	[VMX_CAP_VMFUNC] = 1,
	[VMX_CAP_PROCBASED3] = 0x9f,
};

static const struct {
	enum vmx_field field;
	u64 value;
} long_mode[] = {
	{ VMX_F_VIRTUAL_PROCESSOR_ID, 1 },
	{ VMX_F_MSR_BITMAP, 0x5000 },
	{ VMX_F_EPT_POINTER, 0x601e },
	{ VMX_F_PIN_BASED_VM_EXEC_CONTROL, PIN_DEFAULT | 0x29 },
	{ VMX_F_CPU_BASED_VM_EXEC_CONTROL,
	  CPU_DEFAULT | CPU_SECONDARY | CPU_TERTIARY | CPU_MSR_BITMAPS },
	{ VMX_F_SECONDARY_VM_EXEC_CONTROL, CPU2_EPT | CPU2_VPID | CPU2_UNRESTRICTED },
	{ VMX_F_VM_EXIT_CONTROLS, EXIT_DEFAULT | EXIT_HOST_64 | EXIT_LOAD_PAT | EXIT_LOAD_EFER },
	{ VMX_F_VM_ENTRY_CONTROLS,
	  ENTRY_DEFAULT | ENTRY_LOAD_DEBUG | ENTRY_IA32E | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER },
	{ VMX_F_VMCS_LINK_POINTER, ~0ULL },
	{ VMX_F_GUEST_IA32_PAT, 0x0007040600070406 },
	{ VMX_F_GUEST_IA32_EFER, 0xd01 },
	{ VMX_F_GUEST_CR0, 0x80050033 },
	{ VMX_F_GUEST_CR3, 0x1000 },
	{ VMX_F_GUEST_CR4, 0x26b0 },
	{ VMX_F_GUEST_ES_SELECTOR, 0x18 }, { VMX_F_GUEST_CS_SELECTOR, 0x10 },
	{ VMX_F_GUEST_SS_SELECTOR, 0x18 }, { VMX_F_GUEST_DS_SELECTOR, 0x18 },
	{ VMX_F_GUEST_FS_SELECTOR, 0x18 }, { VMX_F_GUEST_GS_SELECTOR, 0x18 },
	{ VMX_F_GUEST_TR_SELECTOR, 0x40 },
	{ VMX_F_GUEST_ES_AR_BYTES, 0xc093 }, { VMX_F_GUEST_CS_AR_BYTES, 0xa09b },
	{ VMX_F_GUEST_SS_AR_BYTES, 0xc093 }, { VMX_F_GUEST_DS_AR_BYTES, 0xc093 },
	{ VMX_F_GUEST_FS_AR_BYTES, 0xc093 }, { VMX_F_GUEST_GS_AR_BYTES, 0xc093 },
	{ VMX_F_GUEST_LDTR_AR_BYTES, 0x10082 }, { VMX_F_GUEST_TR_AR_BYTES, 0x8b },
	{ VMX_F_GUEST_ES_LIMIT, 0xffffffff }, { VMX_F_GUEST_CS_LIMIT, 0xffffffff },
	{ VMX_F_GUEST_SS_LIMIT, 0xffffffff }, { VMX_F_GUEST_DS_LIMIT, 0xffffffff },
	{ VMX_F_GUEST_FS_LIMIT, 0xffffffff }, { VMX_F_GUEST_GS_LIMIT, 0xffffffff },
	{ VMX_F_GUEST_TR_LIMIT, 0x67 },
	{ VMX_F_GUEST_GDTR_LIMIT, 0xffff }, { VMX_F_GUEST_IDTR_LIMIT, 0xfff },
	{ VMX_F_GUEST_DR7, 0x400 },
	{ VMX_F_GUEST_RFLAGS, 0x202 },
	{ VMX_F_GUEST_RIP, 0xffffffff81000000 },
	{ VMX_F_HOST_CS_SELECTOR, 0x10 }, { VMX_F_HOST_SS_SELECTOR, 0x18 },
	{ VMX_F_HOST_TR_SELECTOR, 0x40 },
	{ VMX_F_HOST_IA32_PAT, 0x0407050600070106 },
	{ VMX_F_HOST_IA32_EFER, 0xd01 },
	{ VMX_F_HOST_CR0, 0x80050033 },
	{ VMX_F_HOST_CR3, 0x2000 },
	{ VMX_F_HOST_CR4, 0x226f0 },
	{ VMX_F_HOST_GS_BASE, 0xffff888000000000 },
	{ VMX_F_HOST_IDTR_BASE, 0xfffffe0000000000 },
	{ VMX_F_HOST_RIP, 0xffffffffc0000000 },
};

/* A 64-bit guest on a 64-bit host, with "unrestricted guest". */
void snapshot_long_mode(struct vmx_snapshot *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < VMX_NR_FIELDS; i++)
		vmx_snapshot_set(s, i, 0);
	for (i = 0; i < ARRAY_SIZE(long_mode); i++)
		vmx_snapshot_set(s, long_mode[i].field, long_mode[i].value);
	for (i = 0; i < VMX_NR_CAPABILITIES; i++)
		vmx_snapshot_set_capability(s, VMX_CAP_FIRST_MSR + i, capabilities[i]);
	s->physical_bits = 39;
	s->linear_bits = 48;
	s->vmcs_address = 0x8000;
	s->host_efer = 0xd01;
	s->efer_bits = 0xd01;
	s->debugctl_bits = 0x3;
	s->perf_global_bits = 0x70000000f;
	s->rtit_ctl_bits = 0x3;
}

/* Likewise without "unrestricted guest". */
void snapshot_restricted(struct vmx_snapshot *s)
{
	snapshot_long_mode(s);
	s->value[VMX_F_SECONDARY_VM_EXEC_CONTROL] &= ~(u64)CPU2_UNRESTRICTED;
}

/* A 32-bit guest with PAE paging, without "unrestricted guest". */
void snapshot_pae(struct vmx_snapshot *s)
{
	snapshot_restricted(s);
	s->value[VMX_F_VM_ENTRY_CONTROLS] &= ~(u64)ENTRY_IA32E;
	s->value[VMX_F_GUEST_IA32_EFER] = 0x800;
	s->value[VMX_F_GUEST_CS_AR_BYTES] = 0xc09b;
	s->value[VMX_F_GUEST_RIP] = 0xc1000000;
	s->value[VMX_F_GUEST_PDPTR0] = 0x9001;
}

/* A guest as it comes out of reset. */
void snapshot_real_mode(struct vmx_snapshot *s)
{
	unsigned int i;

	snapshot_long_mode(s);
	s->value[VMX_F_VM_ENTRY_CONTROLS] &= ~(u64)ENTRY_IA32E;
	s->value[VMX_F_GUEST_IA32_EFER] = 0;
	s->value[VMX_F_GUEST_CR0] = 0x60000030;
	s->value[VMX_F_GUEST_CR4] = 0x2000;
	s->value[VMX_F_GUEST_RIP] = 0xfff0;
	for (i = 0; i < 6; i++) {
		s->value[VMX_F_GUEST_ES_SELECTOR + i] = 0;
		s->value[VMX_F_GUEST_ES_LIMIT + i] = 0xffff;
		s->value[VMX_F_GUEST_ES_AR_BYTES + i] = 0x93;
	}
	s->value[VMX_F_GUEST_CS_SELECTOR] = 0xf000;
	s->value[VMX_F_GUEST_CS_BASE] = 0xffff0000;
}

/* Virtual-8086 mode. */
void snapshot_virtual_8086(struct vmx_snapshot *s)
{
	unsigned int i;

	snapshot_pae(s);
	s->value[VMX_F_GUEST_RFLAGS] |= RFLAGS_VM;
	s->value[VMX_F_GUEST_RIP] = 0x100;
	for (i = 0; i < 6; i++) {
		s->value[VMX_F_GUEST_ES_SELECTOR + i] = 0x1000 + 3;
		s->value[VMX_F_GUEST_ES_BASE + i] = 0x10030;
		s->value[VMX_F_GUEST_ES_LIMIT + i] = 0xffff;
		s->value[VMX_F_GUEST_ES_AR_BYTES + i] = 0xf3;
	}
}

/* A 32-bit guest on a 32-bit host. */
void snapshot_host_32(struct vmx_snapshot *s)
{
	snapshot_pae(s);
	s->value[VMX_F_VM_EXIT_CONTROLS] &= ~(u64)EXIT_HOST_64;
	s->value[VMX_F_HOST_IA32_EFER] = 0x800;
	s->value[VMX_F_HOST_CR4] = 0x26f0;
	s->value[VMX_F_HOST_GS_BASE] = 0;
	s->value[VMX_F_HOST_IDTR_BASE] = 0xc0000000;
	s->value[VMX_F_HOST_RIP] = 0xc2000000;
	s->host_efer = 0x800;
}

/* Long mode with every control that a rule asks about, and its fields as they should be. */
void snapshot_everything(struct vmx_snapshot *s)
{
	snapshot_long_mode(s);
	s->features = VMX_CPU_SGX | VMX_CPU_RTM | VMX_CPU_BUS_LOCK;
	s->cap[VMX_CAP_EPT_VPID] |= BIT(7) | BIT(8) | BIT(21) | BIT(23);
	s->value[VMX_F_PIN_BASED_VM_EXEC_CONTROL] |= PIN_TIMER | PIN_POSTED_INTERRUPT;
	s->value[VMX_F_CPU_BASED_VM_EXEC_CONTROL] |= CPU_TPR_SHADOW | CPU_NMI_WINDOW |
						     CPU_IO_BITMAPS;
	s->value[VMX_F_SECONDARY_VM_EXEC_CONTROL] |=
		CPU2_X2APIC | CPU2_APIC_REGISTERS | CPU2_VIRTUAL_INTERRUPT | CPU2_VM_FUNCTIONS |
		CPU2_SHADOWING | CPU2_PML | CPU2_VE | CPU2_MODE_BASED_EXECUTE |
		CPU2_SUB_PAGE_WRITE | CPU2_PT_GUEST_ADDRESS | CPU2_TSC_SCALING;
	s->value[VMX_F_TERTIARY_VM_EXEC_CONTROL] = CPU3_IPI;
	s->value[VMX_F_VM_EXIT_CONTROLS] |= EXIT_LOAD_PERF_GLOBAL | EXIT_ACK_INTERRUPT |
					    EXIT_SAVE_TIMER | EXIT_CLEAR_RTIT_CTL | EXIT_LOAD_CET |
					    EXIT_LOAD_PKRS;
	s->value[VMX_F_VM_ENTRY_CONTROLS] |= ENTRY_LOAD_PERF_GLOBAL | ENTRY_LOAD_BNDCFGS |
					     ENTRY_LOAD_RTIT_CTL | ENTRY_LOAD_CET |
					     ENTRY_LOAD_PKRS;
	s->value[VMX_F_VM_FUNCTION_CONTROL] = 1;
	s->value[VMX_F_TSC_MULTIPLIER] = 1;
	s->value[VMX_F_VM_EXIT_MSR_STORE_COUNT] = 1;
	s->value[VMX_F_VM_EXIT_MSR_LOAD_COUNT] = 1;
	s->value[VMX_F_VM_ENTRY_MSR_LOAD_COUNT] = 1;
	s->value[VMX_F_LAST_PID_POINTER_INDEX] = 3;
	s->known = VMX_KNOWN_VTPR | VMX_KNOWN_LINK | VMX_KNOWN_MSR_LOAD;
	s->value[VMX_F_VMCS_LINK_POINTER] = 0x7000;
	s->link_revision = REVISION | BIT(31);
	s->msr_load_count = 1;
	s->msr_load[0].index = 0xc0000102;
}
