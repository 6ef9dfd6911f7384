// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory as the guest's own instructions see it: segments, then paging.
 *
 * For what vhm does in an instruction's place. Everything here may sleep. The
 * functions return 0; 1 when the guest has to be entered again, as a rule because
 * the access made an exception that is now queued; or a negative errno.
 */
#include <linux/kernel.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "emulate.h"
#include "mmio.h"
#include "vhm.h"
#include "walk.h"

#define SEGMENT_TYPE_CODE	8
#define SEGMENT_TYPE_EXPAND	4	/* data: down; code: conforming */
#define SEGMENT_TYPE_WRITE	2	/* data: writable; code: readable */

static int read_entry(void *ctx, u64 gpa, void *entry, unsigned int size)
{
	int err = size == sizeof(u64) ? vhm_read_guest_words(ctx, gpa, entry, 1) :
					vhm_read_guest(ctx, gpa, entry, size);

	/* What no slot backs reads as ones on a bus, and as that makes a reserved-bit fault. */
	if (err == -ENXIO) {
		memset(entry, 0xff, size);
		err = 0;
	}
	return err;
}

static int cmpxchg_entry(void *ctx, u64 gpa, u64 old, u64 new, unsigned int size)
{
	int err = vhm_cmpxchg_guest(ctx, gpa, old, new, size);

	/* Tables in read-only memory keep their accessed and dirty bits. */
	return err == -ENXIO ? 0 : err;
}

static void read_walk_env(struct vhm_vcpu *v, struct vhm_walk_env *env)
{
	struct vmx_vcpu *x = &v->vmx;

	vmx_load(x);
	*env = (struct vhm_walk_env){
		.cr0 = vmx_get_cr0(x),
		.cr3 = vmx_cr3(),
		.cr4 = vmx_get_cr4(x),
		.efer = x->efer,
		.rflags = vmx_rflags(),
		.cpl = vmx_cpl(),
		.maxphyaddr = vhm_cpuid_maxphyaddr(v),
		.gbpages = vhm_cpuid_gbpages(v),
		.read = read_entry,
		.cmpxchg = cmpxchg_entry,
		.ctx = v->vm,
	};
	if (env->cr0 & X86_CR0_PG && env->cr4 & X86_CR4_PAE && !(env->efer & EFER_LMA))
		vmx_get_pdptes(env->pdpte);
	vmx_put();
}

/* Apart from vhm_guest_walk(), which then has no room to make for the state of a walk. */
static noinline int walk_tables(struct vhm_vcpu *v, u64 linear, unsigned int access,
				struct vhm_walk_result *result)
{
	struct vhm_walk_env env;
	int err;

	read_walk_env(v, &env);
	err = vhm_walk(&env, linear, access, result);
	switch (err) {
	case -EAGAIN:
		/* Another vCPU keeps changing the tables: let the instruction begin again. */
		return 1;
	case -EFAULT:
		vhm_queue_page_fault(v, linear, result->error_code);
		return 1;
	case -EINVAL:
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return 1;
	default:
		return err;
	}
}

/**
 * vhm_guest_walk() - translate a linear address as the guest's access would
 * @v: the vCPU
 * @linear: the address
 * @access: VHM_ACCESS_*
 * @result: where it leads
 *
 * Return: 0; 1: #PF or #GP queued, or to be tried again; -EIO: the guest's tables are not there.
 */
int vhm_guest_walk(struct vhm_vcpu *v, u64 linear, unsigned int access,
		   struct vhm_walk_result *result)
{
	/* SDM, "Paging": without it there is nothing to walk, and addresses have 32 bits. */
	if (!(v->vmx.cr0_shadow & X86_CR0_PG)) {
		*result = (struct vhm_walk_result){ .gpa = (u32)linear, .page_shift = PAGE_SHIFT };
		return 0;
	}
	return walk_tables(v, linear, access, result);
}

static bool is_canonical(struct vhm_vcpu *v, u64 linear)
{
	unsigned int bits = vmx_get_cr4(&v->vmx) & X86_CR4_LA57 ? 57 : 48;

	return ((s64)linear << (64 - bits)) >> (64 - bits) == (s64)linear;
}

/* SDM, "Segment Types" and "Limit Checking". */
static bool segment_allows(struct vhm_vcpu *v, unsigned int segment, u64 offset,
			   unsigned int size, bool write)
{
	u32 limit = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_LIMIT, segment));
	u32 rights = vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_AR_BYTES, segment));
	u64 last = offset + size - 1;

	/* Real mode has no rights to check; its limits stay what they were. */
	if (!(vmx_get_cr0(&v->vmx) & X86_CR0_PE))
		return last <= limit;
	if (rights & VMX_AR_UNUSABLE)
		return false;
	if (write ? rights & SEGMENT_TYPE_CODE || !(rights & SEGMENT_TYPE_WRITE) :
		    rights & SEGMENT_TYPE_CODE && !(rights & SEGMENT_TYPE_WRITE))
		return false;
	if (!(rights & SEGMENT_TYPE_CODE) && rights & SEGMENT_TYPE_EXPAND)
		return offset > limit && last <= (rights & VMX_AR_BIG ? U32_MAX : 0xffff);
	return last <= limit;
}

/**
 * vhm_guest_linear() - from segment and offset to a linear address
 * @v: the vCPU
 * @segment: enum vmx_segment
 * @offset: already wrapped to the address size
 * @size: bytes that will be accessed
 * @write: whether they will be written
 * @linear: the result
 *
 * Return: 0; 1: #GP or #SS queued.
 */
int vhm_guest_linear(struct vhm_vcpu *v, unsigned int segment, u64 offset, unsigned int size,
		     bool write, u64 *linear)
{
	bool allowed;

	vmx_load(&v->vmx);
	*linear = offset;
	/* SDM, "Segmentation in IA-32e Mode": bases of FS and GS, no limits. */
	if (vmx_code_bits(&v->vmx) != 64 || segment == VMX_FS || segment == VMX_GS)
		*linear += vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_BASE, segment));
	if (vmx_code_bits(&v->vmx) == 64) {
		allowed = is_canonical(v, *linear) && is_canonical(v, *linear + size - 1);
	} else {
		*linear = (u32)*linear;
		allowed = segment_allows(v, segment, offset, size, write);
	}
	if (!allowed)
		vhm_queue_exception_error(v, segment == VMX_SS ? X86_TRAP_SS : X86_TRAP_GP, 0);
	vmx_put();
	return !allowed;
}

/**
 * vhm_guest_branch() - whether a near branch may lead to an address
 * @v: vCPU whose VMCS is current
 * @rip: the target
 *
 * SDM, volume 2, "CALL", "JMP", "RET": the branch itself faults, not what it leads to.
 *
 * Return: 0; 1: #GP queued.
 */
int vhm_guest_branch(struct vhm_vcpu *v, u64 rip)
{
	bool allowed = vmx_code_bits(&v->vmx) == 64 ? is_canonical(v, rip) :
						      rip <= vmcs_read32(GUEST_CS_LIMIT);

	if (!allowed)
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
	return !allowed;
}

/**
 * vhm_guest_copy() - read or write guest memory by linear address
 * @v: the vCPU
 * @linear: the address
 * @data: to fill, or what to write
 * @size: bytes; they may cross pages
 * @access: VHM_ACCESS_READ, _WRITE or _FETCH
 *
 * Return: 0; 1: exception queued; -ENXIO: no memory behind a page of it; -EIO.
 */
int vhm_guest_copy(struct vhm_vcpu *v, u64 linear, void *data, unsigned int size,
		   unsigned int access)
{
	struct vhm_walk_result walk;
	unsigned int part;
	int err;

	for (; size; size -= part, linear += part, data += part) {
		part = min_t(unsigned int, size, PAGE_SIZE - offset_in_page(linear));
		err = vhm_guest_walk(v, linear, access, &walk);
		if (!err)
			err = access & VHM_ACCESS_WRITE ?
			      vhm_write_guest(v->vm, walk.gpa, data, part) :
			      vhm_read_guest(v->vm, walk.gpa, data, part);
		if (err)
			return err;
	}
	return 0;
}

/* All bytes that an instruction can have lie in one page, as they nearly always do. */
static int fetch_whole(struct vhm_vcpu *v, u64 linear, union vhm_insn_bytes *insn)
{
	struct vhm_walk_result walk;
	int err;

	err = vhm_guest_walk(v, linear, VHM_ACCESS_FETCH, &walk);
	if (!err)
		err = vhm_read_guest_words(v->vm, walk.gpa, insn->word, 2);
	if (likely(!err))
		return VHM_INSN_MAX_LENGTH;
	return err < 0 ? err : 0;
}

static int fetch_part(struct vhm_vcpu *v, u64 linear, union vhm_insn_bytes *insn,
		      unsigned int count)
{
	unsigned int size = min_t(unsigned int, VHM_INSN_MAX_LENGTH - count,
				  PAGE_SIZE - offset_in_page(linear));
	int err = vhm_guest_copy(v, linear, insn->byte + count, size, VHM_ACCESS_FETCH);

	if (!err)
		return count + size;
	return err < 0 ? err : 0;
}

/**
 * vhm_guest_fetch() - bytes of an instruction
 * @v: the vCPU
 * @linear: where the instruction stands
 * @insn: to fill; @count bytes are there
 * @count: 0, or what an earlier call returned
 *
 * Bytes up to the end of the page first, those behind it in a second call: an
 * instruction that ends in the first page must not fault for the next one.
 *
 * Return: how many there are now; 0 when an exception was queued; a negative errno.
 */
int vhm_guest_fetch(struct vhm_vcpu *v, u64 linear, union vhm_insn_bytes *insn,
		    unsigned int count)
{
	if (likely(!count && offset_in_page(linear) <= PAGE_SIZE - sizeof(*insn)))
		return fetch_whole(v, linear, insn);
	return fetch_part(v, linear + count, insn, count);
}

/* A question changes nothing: no entry is marked as accessed. */
static int keep_entry(void *ctx, u64 gpa, u64 old, u64 new, unsigned int size)
{
	return 0;
}

/**
 * vhm_translate() - KVM_TRANSLATE
 * @v: the vCPU
 * @user: struct kvm_translation
 *
 * As a supervisor would read, whatever the CPL is. Where nothing is mapped, where
 * the guest's tables cannot be read and where the address is not canonical, the
 * answer is "not valid".
 *
 * Return: 0; -EFAULT.
 */
long vhm_translate(struct vhm_vcpu *v, struct kvm_translation __user *user)
{
	struct vhm_walk_result result = {};
	struct kvm_translation t;
	struct vhm_walk_env env;

	if (copy_from_user(&t, user, sizeof(t)))
		return -EFAULT;
	read_walk_env(v, &env);
	env.cpl = 0;
	env.cmpxchg = keep_entry;
	t.valid = !vhm_walk(&env, t.linear_address, VHM_ACCESS_READ, &result);
	t.physical_address = t.valid ? result.gpa : ~0ULL;
	/* As KVM, which looks at no right. */
	t.writeable = 1;
	t.usermode = 0;
	return copy_to_user(user, &t, sizeof(t)) ? -EFAULT : 0;
}
