/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fields of a VMCS by name, and their values in words. Pure: the module, the tools and the
 * unit tests share it.
 *
 * SDM, appendix "Field Encoding in VMCS".
 */
#ifndef VHM_VMX_FIELDS_H
#define VHM_VMX_FIELDS_H

#include "../portable.h"

/* Each field by a small number: the index of the table, by rising encoding. */
enum vmx_field {
#define VMX_FIELD(name, encoding, kind, words, needs) VMX_F_##name,
#include "field-table.h"
	VMX_NR_FIELDS
};

/* The areas in the order of an encoding's bits 11:10. */
enum vmx_area {
	VMX_AREA_CONTROL, VMX_AREA_EXIT, VMX_AREA_GUEST, VMX_AREA_HOST,
};

/* How a value is put into words. */
enum vmx_field_kind {
	VMX_KIND_NUMBER,		/* no words: the number says all */
	VMX_KIND_PIN_CONTROLS,
	VMX_KIND_CPU_CONTROLS,
	VMX_KIND_CPU_CONTROLS_2,
	VMX_KIND_CPU_CONTROLS_3,
	VMX_KIND_EXIT_CONTROLS,
	VMX_KIND_ENTRY_CONTROLS,
	VMX_KIND_VM_FUNCTIONS,
	VMX_KIND_EXCEPTIONS,
	VMX_KIND_CR0,
	VMX_KIND_CR4,
	VMX_KIND_EFER,
	VMX_KIND_RFLAGS,
	VMX_KIND_DR7,
	VMX_KIND_DEBUGCTL,
	VMX_KIND_PAT,
	VMX_KIND_BNDCFGS,
	VMX_KIND_SELECTOR,
	VMX_KIND_RIGHTS,
	VMX_KIND_INTERRUPTIBILITY,
	VMX_KIND_INTERRUPT_STATUS,
	VMX_KIND_ACTIVITY,
	VMX_KIND_EVENT,
	VMX_KIND_EXIT_EVENT,
	VMX_KIND_EXIT_REASON,
	VMX_KIND_INSTRUCTION_ERROR,
	VMX_KIND_PENDING_DEBUG,
	VMX_KIND_EPTP,
	VMX_KIND_LINK,
	VMX_KIND_PDPTE,
};

/**
 * struct vmx_field_info - what is known of a field
 * @name: identifier, as in the kernel's <asm/vmx.h>
 * @words: name as in the SDM
 * @needs: the control or feature without which no CPU has the field, or NULL
 * @encoding: as VMREAD takes it
 * @kind: how its value is decoded
 */
struct vmx_field_info {
	const char *name;
	const char *words;
	const char *needs;
	u16 encoding;
	u8 kind;
};

const struct vmx_field_info *vmx_field_info(enum vmx_field field);
enum vmx_field vmx_field_by_encoding(u32 encoding);
enum vmx_field vmx_field_by_name(const char *name);
enum vmx_area vmx_field_area(enum vmx_field field);
unsigned int vmx_field_width(enum vmx_field field);
bool vmx_field_secret(enum vmx_field field);

/* decode.c */
size_t vmx_field_decode(enum vmx_field field, u64 value, char *buf, size_t size);
const char *vmx_control_name(enum vmx_field field, unsigned int bit);

/* names.c */
const char *vmx_exit_reason_name(u32 reason);
const char *vmx_instruction_error(u32 error);

#endif /* VHM_VMX_FIELDS_H */
