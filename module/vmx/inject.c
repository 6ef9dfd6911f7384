// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, for teaching and for proving the explainer: fields of the VMCS
 * that are broken on purpose right before an entry.
 *
 * A value that the CPU refuses harms nobody. One that it accepts can: a host-state
 * field may take the host down at the next exit. So it is there only when the
 * module was loaded with a parameter that says so.
 */
#include <linux/jump_label.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "check/check.h"
#include "vhm.h"

static bool unsafe_injection;
module_param(unsafe_injection, bool, 0444);
MODULE_PARM_DESC(unsafe_injection, "let users of /dev/vhm break VMCS fields on purpose: they can crash this computer (default: off)");

/**
 * struct vmx_injection - fields to be broken at the next entry
 * @count: how many
 * @applied: they are in the VMCS, and @row[].own what was there
 * @row: the fields
 */
struct vmx_injection {
	unsigned int count;
	bool applied;
	struct {
		enum vmx_field field;
		u64 value, own;
	} row[VHM_MAX_INJECTIONS];
};

/**
 * vmx_injection_init() - turn injection on if the module was loaded so
 */
void __init vmx_injection_init(void)
{
	if (!unsafe_injection)
		return;
	/* Each exit has to look whether something was injected. */
	static_branch_inc(&vhm_observed);
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	pr_warn("vhm: unsafe_injection: whoever may open /dev/vhm can crash this computer\n");
}

/**
 * vmx_may_inject() - whether the module was loaded so
 *
 * Return: whether.
 */
bool vmx_may_inject(void)
{
	return unsafe_injection;
}

/**
 * vmx_inject_add() - break a field at the vCPU's next entry
 * @x: the vCPU, its lock held
 * @field: which one
 * @value: what it shall hold; of a field already added it takes the place
 *
 * Return: 0; -ENOSPC: no more than VHM_MAX_INJECTIONS; -ENOMEM.
 */
int vmx_inject_add(struct vmx_vcpu *x, enum vmx_field field, u64 value)
{
	struct vmx_injection *in = x->injection;
	unsigned int i;

	if (!in) {
		in = kzalloc(sizeof(*in), GFP_KERNEL_ACCOUNT);
		if (!in)
			return -ENOMEM;
		x->injection = in;
	}
	for (i = 0; i < in->count && in->row[i].field != field; i++)
		;
	if (i == VHM_MAX_INJECTIONS)
		return -ENOSPC;
	in->row[i].field = field;
	/* As VMWRITE does it: what is too wide for the field is cut off. */
	in->row[i].value = value & GENMASK_ULL(vmx_field_width(field) - 1, 0);
	in->count = max(in->count, i + 1);
	x->event_work = true;
	return 0;
}

/**
 * vmx_inject() - write what is to be injected
 * @x: vCPU about to enter, whose VMCS is current; IRQs are off
 */
void vmx_inject(struct vmx_vcpu *x)
{
	struct vmx_injection *in = x->injection;
	unsigned int i;

	if (!in || !in->count)
		return;
	for (i = 0; i < in->count; i++) {
		u32 encoding = vmx_field_info(in->row[i].field)->encoding;

		in->row[i].own = vmcs_read_any(encoding);
		vmcs_write_any(encoding, in->row[i].value);
	}
	in->applied = true;
}

/**
 * vmx_injected() - the entry is over: the fields get their values back
 * @x: vCPU whose VMCS is current; IRQs are off
 * @entered: it succeeded, and the guest-state area is the guest's own
 */
void vmx_injected(struct vmx_vcpu *x, bool entered)
{
	struct vmx_injection *in = x->injection;
	unsigned int i;

	if (!in || !in->applied)
		return;
	for (i = 0; i < in->count; i++)
		if (!entered || vmx_field_area(in->row[i].field) != VMX_AREA_GUEST)
			vmcs_write_any(vmx_field_info(in->row[i].field)->encoding,
				       in->row[i].own);
	in->count = 0;
	in->applied = false;
}

/**
 * vmx_injection_overlay() - a snapshot as the next entry would find it
 * @x: the vCPU
 * @s: its snapshot, into which what waits to be injected is written
 */
void vmx_injection_overlay(const struct vmx_vcpu *x, struct vmx_snapshot *s)
{
	const struct vmx_injection *in = x->injection;
	unsigned int i;

	for (i = 0; in && i < in->count; i++)
		s->value[in->row[i].field] = in->row[i].value;
}
