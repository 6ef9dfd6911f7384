/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: one per entry, exit, page fault, and rule that an entry broke. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vhm

#if !defined(VHM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VHM_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"
#include "vhm.h"
#include "vmx/check/check.h"

/* The names are the uapi header's, so that they are those of perf and of KVM. */
#define vhm_print_exit_reason(reason)	__print_symbolic((u16)(reason), VMX_EXIT_REASONS)

TRACE_EVENT(vhm_entry,
	TP_PROTO(struct vhm_vcpu *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u64, rip)
		__field(u32, intr_info)
	),
	TP_fast_assign(
		__entry->vcpu_id = v->id;
		__entry->rip = vmx_rip();
		__entry->intr_info = vmcs_read32(VM_ENTRY_INTR_INFO_FIELD);
	),
	TP_printk("vcpu %u rip 0x%llx intr_info 0x%08x", __entry->vcpu_id, __entry->rip,
		  __entry->intr_info)
);

TRACE_EVENT(vhm_exit,
	TP_PROTO(struct vhm_vcpu *v, u32 reason),
	TP_ARGS(v, reason),
	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u32, reason)
		__field(u64, qualification)
		__field(u64, rip)
		__field(u32, intr_info)
		__field(u32, error_code)
	),
	TP_fast_assign(
		__entry->vcpu_id = v->id;
		__entry->reason = reason;
		__entry->qualification = vmcs_readl(EXIT_QUALIFICATION);
		__entry->rip = vmx_rip();
		__entry->intr_info = vmcs_read32(VM_EXIT_INTR_INFO);
		__entry->error_code = vmcs_read32(VM_EXIT_INTR_ERROR_CODE);
	),
	TP_printk("vcpu %u reason %s%s rip 0x%llx qualification 0x%llx intr_info 0x%08x error_code 0x%08x",
		  __entry->vcpu_id, vhm_print_exit_reason(__entry->reason),
		  __entry->reason & VMX_ENTRY_FAILED ? " (entry failed)" : "",
		  __entry->rip, __entry->qualification, __entry->intr_info, __entry->error_code)
);

TRACE_EVENT(vhm_page_fault,
	TP_PROTO(struct vhm_vcpu *v, u64 gpa, u64 qualification),
	TP_ARGS(v, gpa, qualification),
	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u64, rip)
		__field(u64, gpa)
		__field(u64, qualification)
	),
	TP_fast_assign(
		__entry->vcpu_id = v->id;
		__entry->rip = vmx_rip();
		__entry->gpa = gpa;
		__entry->qualification = qualification;
	),
	TP_printk("vcpu %u rip 0x%llx gpa 0x%llx %s%s%s", __entry->vcpu_id, __entry->rip,
		  __entry->gpa,
		  __entry->qualification & EPT_VIOLATION_ACC_READ ? "r" : "",
		  __entry->qualification & EPT_VIOLATION_ACC_WRITE ? "w" : "",
		  __entry->qualification & EPT_VIOLATION_ACC_INSTR ? "x" : "")
);

/* One per rule that an entry broke; the entry's own event says how it failed. */
TRACE_EVENT(vhm_broken_rule,
	TP_PROTO(struct vhm_vcpu *v, const struct vmx_finding *finding),
	TP_ARGS(v, finding),
	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__string(rule, finding->rule->name)
		__string(name, vmx_field_info(finding->field)->name)
		__field(u64, value)
	),
	TP_fast_assign(
		__entry->vcpu_id = v->id;
		VHM_ASSIGN_STR(rule, finding->rule->name);
		VHM_ASSIGN_STR(name, vmx_field_info(finding->field)->name);
		__entry->value = finding->value;
	),
	TP_printk("vcpu %u rule %s field %s value 0x%llx", __entry->vcpu_id, __get_str(rule),
		  __get_str(name), __entry->value)
);

#endif /* VHM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

/* This must stand outside the guard. */
#include <trace/define_trace.h>
