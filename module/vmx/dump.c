// SPDX-License-Identifier: GPL-2.0
/*
 * The VMCS as a whole: every field that this CPU has, for a user to look at and
 * for the explainer to judge.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "check/check.h"
#include "compat.h"
#include "cpu.h"
#include "enter.h"
#include "vhm.h"

static_assert(VMX_NR_FIELDS <= VHM_MAX_VMCS_FIELDS);
static_assert(VMX_NR_CAPABILITIES <= VHM_MAX_CAPABILITY_MSRS);

/*
 * What every CPU has: CPUs should be alike, but not all (emulated ones) are. Found out
 * once, because a VMREAD of another field spoils VM_INSTRUCTION_ERROR.
 */
static DECLARE_BITMAP(present, VMX_NR_FIELDS) __ro_after_init;

/* What is the same in every snapshot: what the CPU says of itself. */
static struct vmx_snapshot template __ro_after_init;

static void __init probe_fields(void)
{
	unsigned int field;
	u64 value;

	for (field = 0; field < VMX_NR_FIELDS; field++)
		if (!vmcs_try_read(vmx_field_info(field)->encoding, &value))
			__clear_bit(field, present);
}

/* SDM, "Architectural Performance Monitoring": which counters IA32_PERF_GLOBAL_CTRL turns on. */
static u64 __init counters(void)
{
	u32 eax, ebx, ecx, edx;

	if (boot_cpu_data.cpuid_level < 10)
		return 0;
	cpuid(10, &eax, &ebx, &ecx, &edx);
	return (BIT_ULL(eax >> 8 & 0x1f) - 1) | (BIT_ULL(edx & 0x1f) - 1) << 32;
}

/* What decides which bits of interruptibility and of pending debug exceptions are reserved. */
static u32 __init features(void)
{
	return (boot_cpu_has(X86_FEATURE_SGX) ? VMX_CPU_SGX : 0) |
	       (boot_cpu_has(X86_FEATURE_RTM) ? VMX_CPU_RTM : 0) |
	       (boot_cpu_has(X86_FEATURE_BUS_LOCK_DETECT) ? VMX_CPU_BUS_LOCK : 0);
}

/**
 * vmx_fields_init() - find out which fields the VMCS has
 *
 * Return: 0; -ENOMEM; -EIO.
 */
int __init vmx_fields_init(void)
{
	unsigned int cap;
	u64 value;
	int err;

	bitmap_fill(present, VMX_NR_FIELDS);
	err = vmx_with_scratch_vmcs(probe_fields);
	if (err)
		return err;
	for (cap = 0; cap < VMX_NR_CAPABILITIES; cap++)
		if (!vhm_rdmsr_safe(VMX_CAP_FIRST_MSR + cap, &value))
			vmx_snapshot_set_capability(&template, VMX_CAP_FIRST_MSR + cap, value);
	template.features = features();
	template.physical_bits = boot_cpu_data.x86_phys_bits;
	template.linear_bits = boot_cpu_data.x86_virt_bits;
	template.efer_bits = EFER_SCE | EFER_LME | EFER_LMA | EFER_NX;
	template.debugctl_bits = GENMASK_ULL(15, 6) | DEBUGCTLMSR_LBR | DEBUGCTLMSR_BTF;
	template.perf_global_bits = counters();
	template.rtit_ctl_bits = ~0ULL;
	return 0;
}

/**
 * vmx_field_present() - whether this CPU's VMCS has a field
 * @field: less than VMX_NR_FIELDS
 *
 * Return: whether.
 */
bool vmx_field_present(enum vmx_field field)
{
	return test_bit(field, present);
}

/**
 * vmx_capability_msrs() - the capability MSRs that this CPU has
 * @msrs: filled
 */
void vmx_capability_msrs(struct vhm_capability_msrs *msrs)
{
	unsigned int cap;

	memset(msrs, 0, sizeof(*msrs));
	for (cap = 0; cap < VMX_NR_CAPABILITIES; cap++) {
		if (!(template.cap_present & BIT(cap)))
			continue;
		msrs->msr[msrs->count].index = VMX_CAP_FIRST_MSR + cap;
		msrs->msr[msrs->count].value = template.cap[cap];
		msrs->count++;
	}
}

/**
 * vmx_dump() - copy the fields of a VMCS for a user
 * @x: vCPU whose VMCS is current
 * @dump: zeroed; gets fields, count and flags
 */
void vmx_dump(const struct vmx_vcpu *x, struct vhm_vmcs *dump)
{
	struct vhm_vmcs_field *row = dump->field;
	unsigned int field;

	for_each_set_bit(field, present, VMX_NR_FIELDS) {
		row->encoding = vmx_field_info(field)->encoding;
		row->value = vmcs_read_any(row->encoding);
		row++;
	}
	dump->count = row - dump->field;
	dump->flags = x->run_flags & BIT(VMX_RUN_LAUNCHED_BIT) ? VHM_VMCS_LAUNCHED : 0;
}

/* The one list that vhm ever gives the CPU. */
static void snapshot_msr_list(const struct vmx_vcpu *x, struct vmx_snapshot *s)
{
	u64 count = s->value[VMX_F_VM_ENTRY_MSR_LOAD_COUNT];

	if (count && (count != 1 || s->value[VMX_F_VM_ENTRY_MSR_LOAD_ADDR] != __pa(&x->efer_entry)))
		return;
	s->known |= VMX_KNOWN_MSR_LOAD;
	s->msr_load_count = count;
	s->msr_load[0].index = x->efer_entry.index;
	s->msr_load[0].value = x->efer_entry.value;
}

/**
 * vmx_snapshot() - all that the rules of VM entry look at
 * @v: vCPU whose VMCS is current; IRQs are off
 * @s: filled
 */
void vmx_snapshot(struct vhm_vcpu *v, struct vmx_snapshot *s)
{
	unsigned int field;

	*s = template;
	for_each_set_bit(field, present, VMX_NR_FIELDS)
		vmx_snapshot_set(s, field, vmcs_read_any(vmx_field_info(field)->encoding));
	s->vmcs_address = __pa(v->vmx.vmcs);
	s->host_efer = vhm_rdmsr(MSR_EFER);
	snapshot_msr_list(&v->vmx, s);
	if (v->vmx.vapic) {
		s->known |= VMX_KNOWN_VTPR;
		s->vtpr = vhm_lapic_get_tpr(v);
	}
}
