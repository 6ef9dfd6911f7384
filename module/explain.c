// SPDX-License-Identifier: GPL-2.0
/*
 * Why did VM entry fail: what vmx/check/ says of a VMCS, for users and for the
 * trace; and what vhm says of the CPU's capabilities.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "trace.h"
#include "vhm.h"
#include "vmx/check/check.h"

/**
 * vhm_explain_alloc() - room for what a failed entry leaves behind
 *
 * Return: the room, to be freed with kfree(), or NULL.
 */
struct vmx_snapshot *vhm_explain_alloc(void)
{
	return kzalloc(sizeof(struct vmx_snapshot), GFP_KERNEL_ACCOUNT);
}

static void trace_rules(struct vhm_vcpu *v, const struct vmx_snapshot *s)
{
	struct vmx_finding found[VHM_MAX_BROKEN_RULES];
	unsigned int i, count = vmx_check(s, found, ARRAY_SIZE(found));

	for (i = 0; i < min_t(unsigned int, count, ARRAY_SIZE(found)); i++)
		trace_vhm_broken_rule(v, &found[i]);
}

/**
 * vhm_explain_failure() - an entry has failed: keep what tells why
 * @v: the vCPU; its VMCS is current, IRQs are off
 * @error: VM-instruction error, or 0
 * @reason: the exit reason, or 0
 */
void vhm_explain_failure(struct vhm_vcpu *v, u32 error, u32 reason)
{
	struct vmx_snapshot *s = v->failure;

	vmx_snapshot(v, s);
	s->instruction_error = error;
	s->exit_reason = reason;
	s->qualification = reason ? vmcs_readl(EXIT_QUALIFICATION) : 0;
	if (trace_vhm_broken_rule_enabled())
		trace_rules(v, s);
}

/* The VMCS as the next entry would find it. */
static struct vmx_snapshot *snapshot_now(struct vhm_vcpu *v)
{
	struct vmx_snapshot *s = vhm_explain_alloc();
	unsigned long flags;

	if (!s)
		return NULL;
	vmx_load(&v->vmx);
	local_irq_save(flags);
	vmx_prepare_entry(v);
	vmx_snapshot(v, s);
	local_irq_restore(flags);
	vmx_put();
	vmx_injection_overlay(&v->vmx, s);
	return s;
}

static void fill_rules(const struct vmx_snapshot *s, struct vhm_explain *e)
{
	struct vmx_finding found[VHM_MAX_BROKEN_RULES];
	unsigned int i;

	e->count = vmx_check(s, found, ARRAY_SIZE(found));
	for (i = 0; i < min_t(unsigned int, e->count, ARRAY_SIZE(found)); i++) {
		struct vhm_broken_rule *rule = &e->rule[i];

		strscpy_pad(rule->name, found[i].rule->name, sizeof(rule->name));
		rule->encoding = vmx_field_info(found[i].field)->encoding;
		if (s->conceal && vmx_field_secret(found[i].field))
			rule->flags = VHM_VMCS_HIDDEN;
		else
			rule->value = found[i].value;
	}
}

/* A text that is too long for the room ends early, with its zero. */
static int copy_text(const struct vmx_snapshot *s, struct vhm_explain *e, u32 room)
{
	size_t size = vmx_explain_text(s, NULL, 0) + 1;
	int err = 0;
	char *text;

	e->text_size = size;
	if (!e->text || !room)
		return 0;
	text = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!text)
		return -ENOMEM;
	vmx_explain_text(s, text, min_t(size_t, size, room));
	if (copy_to_user(u64_to_user_ptr(e->text), text, min_t(size_t, size, room)))
		err = -EFAULT;
	kvfree(text);
	return err;
}

static long explain(struct vmx_snapshot *s, struct vhm_explain *e)
{
	u32 room = e->text_size;

	memset(e->rule, 0, sizeof(e->rule));
	e->instruction_error = s->instruction_error;
	e->exit_reason = s->exit_reason;
	e->qualification = s->qualification;
	s->conceal = !vhm_may_see_kernel();
	fill_rules(s, e);
	return copy_text(s, e, room);
}

static long explain_request(struct vhm_vcpu *v, struct vhm_explain *e)
{
	struct vmx_snapshot *now;
	long err;

	if (!(e->flags & VHM_EXPLAIN_NOW)) {
		if (!v->failure->instruction_error && !v->failure->exit_reason)
			return -ENODATA;
		return explain(v->failure, e);
	}
	now = snapshot_now(v);
	if (!now)
		return -ENOMEM;
	err = explain(now, e);
	kfree(now);
	return err;
}

/**
 * vhm_explain() - VHM_EXPLAIN
 * @v: the vCPU, locked
 * @argp: struct vhm_explain; the caller has used @vcpu of it
 *
 * Return: 0; -ENODATA: no entry has failed; -EINVAL: a field that must be 0 is not; -EFAULT;
 * -ENOMEM.
 */
long vhm_explain(struct vhm_vcpu *v, void __user *argp)
{
	struct vhm_explain *e = memdup_user(argp, sizeof(*e));
	long err = -EINVAL;

	if (IS_ERR(e))
		return PTR_ERR(e);
	if (!(e->flags & ~VHM_EXPLAIN_NOW) && !memchr_inv(e->reserved, 0, sizeof(e->reserved)))
		err = explain_request(v, e);
	if (!err && copy_to_user(argp, e, sizeof(*e)))
		err = -EFAULT;
	kfree(e);
	return err;
}

/**
 * vhm_inject_field() - VHM_INJECT_FIELD
 * @v: the vCPU, locked
 * @argp: struct vhm_inject_field
 *
 * Return: 0; -EPERM: the module was not loaded with unsafe_injection=1; -EINVAL: no such field,
 * one that only the CPU writes, or a field that must be 0 is not; -ENXIO: this CPU does not have
 * it; -ENOSPC; -ENOMEM; -EFAULT.
 */
long vhm_inject_field(struct vhm_vcpu *v, const void __user *argp)
{
	struct vhm_inject_field request;
	enum vmx_field field;

	if (!vmx_may_inject())
		return -EPERM;
	if (copy_from_user(&request, argp, sizeof(request)))
		return -EFAULT;
	if (request.flags || memchr_inv(request.reserved, 0, sizeof(request.reserved)))
		return -EINVAL;
	field = vmx_field_by_encoding(request.encoding);
	if (field == VMX_NR_FIELDS || vmx_field_area(field) == VMX_AREA_EXIT)
		return -EINVAL;
	if (!vmx_field_present(field))
		return -ENXIO;
	return vmx_inject_add(&v->vmx, field, request.value);
}

/**
 * vhm_get_control() - VHM_GET_CONTROL
 * @argp: struct vhm_control
 *
 * Return: 0; -ENOENT: no control has that index; -EFAULT.
 */
long vhm_get_control(void __user *argp)
{
	struct vhm_control __user *user = argp;
	struct vhm_control control;
	u32 index;
	int err;

	if (get_user(index, &user->index))
		return -EFAULT;
	err = vmx_control_describe(index, &control);
	if (err)
		return err;
	return copy_to_user(argp, &control, sizeof(control)) ? -EFAULT : 0;
}

/**
 * vhm_get_capability_msrs() - VHM_GET_CAPABILITY_MSRS
 * @argp: struct vhm_capability_msrs
 *
 * Return: 0; -EINVAL: a field that must be 0 is not; -EFAULT; -ENOMEM.
 */
long vhm_get_capability_msrs(void __user *argp)
{
	struct vhm_capability_msrs *m = memdup_user(argp, sizeof(*m));
	long err = -EINVAL;

	if (IS_ERR(m))
		return PTR_ERR(m);
	if (!m->pad && !memchr_inv(m->reserved, 0, sizeof(m->reserved))) {
		vmx_capability_msrs(m);
		err = copy_to_user(argp, m, sizeof(*m)) ? -EFAULT : 0;
	}
	kfree(m);
	return err;
}
