// SPDX-License-Identifier: GPL-2.0
/*
 * MMIO: an instruction touched guest-physical memory that no slot backs, so vhm
 * decodes it and user space makes the access.
 *
 * An access is cut where a page ends, because each page leads elsewhere: parts
 * that lie in a slot are done here, the others are fragments for user space. A
 * string instruction is done one element at a time: under REP, RIP stays on it
 * until its count is 0.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "emulate.h"
#include "mmio.h"
#include "vhm.h"
#include "walk.h"

static enum vhm_next failed(struct vhm_vcpu *v, const u8 *bytes, unsigned int count, int err)
{
	if (err == 1)
		return VHM_RESUME;	/* an exception is queued */
	if (err == -EIO)
		return VHM_FAULT;
	return vhm_emulation_failed(v, bytes, count);
}

static bool is_string(const struct vhm_insn *insn)
{
	return insn->op == VHM_INSN_MOVS || insn->op == VHM_INSN_STOS ||
	       insn->op == VHM_INSN_LODS;
}

static void load_result(struct vhm_vcpu *v, u64 *regs)
{
	const struct vhm_insn *insn = v->mmio->insn;
	u64 value = 0;

	memcpy(&value, v->mmio->data, insn->mem_size);
	vhm_insn_load(insn, regs, value);
	vmcs_writel(GUEST_RSP, regs[VHM_RSP]);
}

/* The rest of the instruction: registers, RIP, and what the end of one brings. */
static void finish(struct vhm_vcpu *v)
{
	const struct vhm_insn *insn = v->mmio->insn;
	u64 *regs = v->vmx.frame.regs;

	vmx_load(&v->vmx);
	/* A user that moved RIP while it had the access meant the instruction to be dropped. */
	if (unlikely(vmx_rip() != v->mmio->rip))
		goto out;
	regs[VHM_RSP] = vmcs_readl(GUEST_RSP);
	if (insn->op == VHM_INSN_LOAD || insn->op == VHM_INSN_LODS)
		load_result(v, regs);
	if (is_string(insn))
		vhm_insn_advance(insn, regs, vmx_rflags() & X86_EFLAGS_DF);
	if (!insn->rep || !vhm_insn_count(insn, regs))
		vmx_skip_bytes(v, v->mmio->rip, insn->length);
out:
	vmx_put();
}

/* One page's part of an access. */
static int access_part(struct vhm_vcpu *v, u64 gpa, unsigned int offset, unsigned int length,
		       bool write)
{
	struct vhm_mmio *m = v->mmio;
	int err;

	err = write ? vhm_write_guest(v->vm, gpa, m->data + offset, length) :
		      vhm_read_guest(v->vm, gpa, m->data + offset, length);
	if (err != -ENXIO)
		return err;
	m->fragment[m->count++] = (struct vhm_fragment){
		.gpa = gpa, .offset = offset, .length = length,
	};
	return 0;
}

/*
 * Translate the whole access first: a fault in its second half must come before
 * its first half has had an effect.
 */
static int access_memory(struct vhm_vcpu *v, u64 linear, unsigned int size, bool write)
{
	unsigned int access = write ? VHM_ACCESS_WRITE : VHM_ACCESS_READ;
	unsigned int first = min_t(unsigned int, size, PAGE_SIZE - offset_in_page(linear));
	struct vhm_walk_result low, high = {};
	int err;

	err = vhm_guest_walk(v, linear, access, &low);
	if (!err && first < size)
		err = vhm_guest_walk(v, linear + first, access, &high);
	if (!err)
		err = access_part(v, low.gpa, 0, first, write);
	if (!err && first < size)
		err = access_part(v, high.gpa, first, size - first, write);
	return err;
}

/* Ask user space for the next fragment. */
static enum vhm_next ask_user(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_fragment *f = &m->fragment[m->next];
	struct kvm_run *run = v->run;
	bool write = m->step == VHM_MMIO_WRITE;

	m->pending = true;
	v->stats.mmio_exits++;
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = f->gpa;
	run->mmio.len = f->length;
	run->mmio.is_write = write;
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (write)
		memcpy(run->mmio.data, m->data + f->offset, f->length);
	return VHM_USER;
}

/*
 * Whether an access is the very one that made the EPT violation: then the CPU
 * has checked its segment, translated its address and found its rights, and the
 * page is known to be in no slot. A string's other side is another access, and
 * so is one that begins in the page before.
 */
static bool cpu_has_checked(struct vhm_vcpu *v, unsigned int segment, u64 offset, bool write)
{
	const u64 known = EPT_VIOLATION_GVA_IS_VALID | EPT_VIOLATION_GVA_TRANSLATED;
	const struct vhm_mmio *m = v->mmio;
	u64 linear = offset, seen;

	if ((v->fault_access & known) != known ||
	    !!(v->fault_access & EPT_VIOLATION_ACC_WRITE) != write ||
	    offset_in_page(v->fault_gpa) + m->insn->mem_size > PAGE_SIZE)
		return false;
	vmx_load(&v->vmx);
	if (m->bits != 64 || segment == VMX_FS || segment == VMX_GS)
		linear += vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_BASE, segment));
	seen = vmcs_readl(GUEST_LINEAR_ADDRESS);
	vmx_put();
	return seen == (m->bits == 64 ? linear : (u32)linear);
}

static int start_access(struct vhm_vcpu *v, unsigned int segment, u64 offset, bool write)
{
	struct vhm_mmio *m = v->mmio;
	u64 linear;
	int err;

	m->step = write ? VHM_MMIO_WRITE : VHM_MMIO_READ;
	m->count = 0;
	m->next = 0;
	if (likely(cpu_has_checked(v, segment, offset, write))) {
		m->fragment[m->count++] = (struct vhm_fragment){
			.gpa = v->fault_gpa, .length = m->insn->mem_size,
		};
		return 0;
	}
	err = vhm_guest_linear(v, segment, offset, m->insn->mem_size, write, &linear);
	return err ? err : access_memory(v, linear, m->insn->mem_size, write);
}

static int start_read(struct vhm_vcpu *v)
{
	const struct vhm_insn *insn = v->mmio->insn;

	return start_access(v, insn->segment,
			    vhm_insn_offset(insn, v->vmx.frame.regs, v->mmio->rip + insn->length),
			    false);
}

static int start_write(struct vhm_vcpu *v)
{
	const struct vhm_insn *insn = v->mmio->insn;
	const u64 *regs = v->vmx.frame.regs;
	u64 value;

	if (insn->op == VHM_INSN_MOVS)
		return start_access(v, VMX_ES, vhm_insn_movs_destination(insn, regs), true);
	value = vhm_insn_store_value(insn, regs);
	memcpy(v->mmio->data, &value, sizeof(value));
	return start_access(v, insn->segment,
			    vhm_insn_offset(insn, regs, v->mmio->rip + insn->length), true);
}

/* Behind an access: the second half of a MOVS, or the end. */
static enum vhm_next next_step(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	int err;

	m->pending = false;
	if (m->insn->op == VHM_INSN_MOVS && m->step == VHM_MMIO_READ) {
		err = start_write(v);
		if (err)
			return failed(v, NULL, 0, err);
		if (m->count)
			return ask_user(v);
	}
	finish(v);
	return VHM_RESUME;
}

static bool reads_first(const struct vhm_insn *insn)
{
	return insn->op == VHM_INSN_LOAD || insn->op == VHM_INSN_LODS ||
	       insn->op == VHM_INSN_MOVS;
}

static enum vhm_next start(struct vhm_vcpu *v, const u8 *bytes, unsigned int count)
{
	struct vhm_mmio *m = v->mmio;
	int err;

	if (m->insn->rep && !vhm_insn_count(m->insn, v->vmx.frame.regs)) {
		vmx_load(&v->vmx);
		vmx_skip_bytes(v, m->rip, m->insn->length);
		vmx_put();
		return VHM_RESUME;
	}
	err = reads_first(m->insn) ? start_read(v) : start_write(v);
	if (err)
		return failed(v, bytes, count, err);
	return m->count ? ask_user(v) : next_step(v);
}

static struct vhm_decoded *decoded_slot(struct vhm_mmio *m)
{
	return &m->decoded[(m->rip ^ m->rip >> 3) % VHM_DECODED];
}

/* With all bytes at hand: from memory if they are the same as the last time. */
static int decode_whole(struct vhm_mmio *m, const union vhm_insn_bytes *bytes)
{
	struct vhm_decoded *d = decoded_slot(m);
	int err;

	m->insn = &d->insn;
	if (d->bits == m->bits && d->bytes.word[0] == bytes->word[0] &&
	    d->bytes.word[1] == bytes->word[1])
		return 0;
	err = vhm_insn_decode(&d->insn, bytes->byte, VHM_INSN_MAX_LENGTH, m->bits);
	d->bits = err ? 0 : m->bits;
	d->bytes = *bytes;
	return err;
}

/* The page boundary in the middle of an instruction is crossed only when it has to be. */
static int fetch_and_decode(struct vhm_vcpu *v, union vhm_insn_bytes *bytes, int *count)
{
	struct vhm_mmio *m = v->mmio;
	u64 linear;
	int err;

	vmx_load(&v->vmx);
	m->bits = vmx_code_bits(&v->vmx);
	m->rip = vmx_rip();
	linear = m->rip;
	if (m->bits != 64)
		linear = (u32)(linear + vmcs_readl(GUEST_CS_BASE));
	/* RSP lives in the VMCS; the decoder takes it from among the others. */
	v->vmx.frame.regs[VHM_RSP] = vmcs_readl(GUEST_RSP);
	vmx_put();
	*count = 0;
	bytes->byte[VHM_INSN_MAX_LENGTH] = 0;
	do {
		int fetched = vhm_guest_fetch(v, linear, bytes, *count);

		if (fetched <= 0)
			return fetched ? fetched : 1;
		if (likely(!*count && fetched == VHM_INSN_MAX_LENGTH)) {
			*count = fetched;
			return decode_whole(m, bytes);
		}
		*count = fetched;
		m->insn = &m->odd;
		err = vhm_insn_decode(&m->odd, bytes->byte, *count, m->bits);
	} while (err == -ENODATA && *count < VHM_INSN_MAX_LENGTH);
	return err;
}

/**
 * vhm_mmio_emulate() - do the instruction that made the EPT violation at hand
 * @v: the vCPU; may sleep
 *
 * Return: VHM_USER: struct kvm_run has the access, or says why it cannot be done;
 * VHM_RESUME; VHM_FAULT: guest memory that is not there.
 */
enum vhm_next vhm_mmio_emulate(struct vhm_vcpu *v)
{
	union vhm_insn_bytes bytes;
	int count, err;

	/* An event's delivery went through there: no instruction to do. */
	if (v->events.recovered)
		return vhm_internal_error(v, KVM_INTERNAL_ERROR_DELIVERY_EV, 4,
					  (u64)v->events.recovered,
					  (u64)EXIT_REASON_EPT_VIOLATION,
					  v->fault_access, v->fault_gpa);
	v->stats.insn_emulation++;
	v->vmx.l1d_flush = true;
	err = fetch_and_decode(v, &bytes, &count);
	switch (err) {
	case 0:
		return start(v, bytes.byte, count);
	case -EINVAL:
		vhm_queue_exception(v, X86_TRAP_UD);
		return VHM_RESUME;
	case -E2BIG:
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	default:
		return failed(v, bytes.byte, count, err);
	}
}

/**
 * vhm_mmio_complete() - go on behind an access that user space has made
 * @v: the vCPU; may sleep
 *
 * Return: VHM_RESUME; VHM_USER: there is more to do for user space; VHM_FAULT.
 */
enum vhm_next vhm_mmio_complete(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_fragment *f = &m->fragment[m->next];

	/* The violation was another access than what may follow. */
	v->fault_access = 0;
	/* Which fragment it was is our own knowledge; the page is anybody's to scribble on. */
	if (m->step == VHM_MMIO_READ)
		memcpy(m->data + f->offset, v->run->mmio.data, f->length);
	if (++m->next < m->count)
		return ask_user(v);
	return next_step(v);
}
