// SPDX-License-Identifier: GPL-2.0
/*
 * MMIO: an instruction touched guest-physical memory that no slot backs, so vhm
 * decodes it and user space makes the access.
 *
 * An instruction makes up to three accesses: two reads, then a write (enum
 * vhm_step). An access is cut where a page ends, because each page leads
 * elsewhere: parts that lie in a slot are done here, the others are fragments for
 * user space. What changes memory reads it first, and is two exits to user space.
 *
 * All effects but the write itself are in the registers before user space is
 * asked for the write, as on KVM. A string instruction is done one element at a
 * time: under a repeat prefix, RIP stays on it until its count is 0.
 *
 * The VMCS is current in all functions of which it is not said that they may
 * sleep.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "emulate.h"
#include "irqchip.h"
#include "mmio.h"
#include "vhm.h"
#include "walk.h"

/* An access could not be made: an exception is queued (1), or memory is not there. */
static enum vhm_next not_made(int err)
{
	return err == 1 ? VHM_RESUME : VHM_FAULT;
}

/* Bytes of a value, as a number. */
static u64 piece(const union vhm_value *value, unsigned int offset, unsigned int length)
{
	u64 data = 0;

	memcpy(&data, value->byte + offset, length);
	return data;
}

/* What user space shall do; @data is what it writes. */
static enum vhm_next ask(struct vhm_vcpu *v, const struct vhm_part *part, bool write, u64 data)
{
	struct kvm_run *run = v->run;

	v->mmio->pending = true;
	v->stats.mmio_exits++;
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = part->gpa;
	run->mmio.len = part->length;
	run->mmio.is_write = write;
	data &= vhm_size_mask(part->length);
	memcpy(run->mmio.data, &data, sizeof(data));
	return VHM_USER;
}

static enum vhm_next ask_next(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_part *part = &m->fragment[m->next];

	if (m->step != VHM_STEP_WRITE)
		return ask(v, part, false, 0);
	return ask(v, part, true, piece(&m->state.value[m->step], part->offset, part->length));
}

/* For user space, unless a write ends at a doorbell or in the ring. */
static void add_fragment(struct vhm_vcpu *v, const struct vhm_part *part)
{
	struct vhm_mmio *m = v->mmio;

	if (vhm_has_doors(v, VHM_MMIO) && m->step == VHM_STEP_WRITE &&
	    vhm_doors_write_slow(v, VHM_MMIO, part->gpa, part->length,
				 piece(&m->state.value[m->step], part->offset, part->length)))
		return;
	m->fragment[m->count++] = *part;
}

static void add_fragments(struct vhm_vcpu *v, const struct vhm_part *part)
{
	struct vhm_part rest = *part, eight = *part;

	eight.length = 8;
	for (; unlikely(rest.length > 8); rest.gpa += 8, rest.offset += 8, rest.length -= 8) {
		eight.gpa = rest.gpa;
		eight.offset = rest.offset;
		add_fragment(v, &eight);
	}
	add_fragment(v, &rest);
}

/*
 * Where no slot is: the local APIC or the I/O APIC, if they are ours, or user space. No
 * access that lies in their pages is large, and its parts never lie in two.
 */
static void access_hole(struct vhm_vcpu *v, const struct vhm_part *part)
{
	struct vhm_mmio *m = v->mmio;
	u8 *data = m->state.value[m->step].byte + part->offset;

	if (vhm_lapic_claims(v, part->gpa))
		vhm_lapic_mmio(v, part->gpa, data, part->length, m->step == VHM_STEP_WRITE);
	else if (vhm_ioapic_claims(v, part->gpa, part->length))
		vhm_ioapic_mmio(v, part->gpa, data, part->length, m->step == VHM_STEP_WRITE);
	else
		add_fragments(v, part);
}

/* May sleep: one page's part of the access at hand. */
static int access_part(struct vhm_vcpu *v, const struct vhm_part *part)
{
	struct vhm_mmio *m = v->mmio;
	u8 *data = m->state.value[m->step].byte + part->offset;
	int err;

	err = m->step == VHM_STEP_WRITE ?
	      vhm_write_guest(v->vm, part->gpa, data, part->length) :
	      vhm_read_guest(v->vm, part->gpa, data, part->length);
	if (err != -ENXIO)
		return err;
	access_hole(v, part);
	return 0;
}

/* What lies in slots is done at once; what does not is noted for user space. */
static int access_parts(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	unsigned int i;
	int err = 0;

	m->count = 0;
	m->next = 0;
	if (m->hole) {
		access_hole(v, &m->part[0]);
		return 0;
	}
	vmx_put();
	for (i = 0; i < m->parts && !err; i++)
		err = access_part(v, &m->part[i]);
	vmx_load(&v->vmx);
	return err;
}

/*
 * SDM, volume 3, "Alignment Checking" and, for what moves 16 bytes, volume 2,
 * "MOVAPS" and its kin.
 */
static int check_alignment(struct vhm_vcpu *v, u64 linear)
{
	const struct vhm_insn *insn = v->mmio->insn;
	unsigned int size = insn->mem_size;

	if (likely(!(linear & (size - 1))))
		return 0;
	if (insn->aligned) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return 1;
	}
	if (size == 16 && !(linear & 7))
		return 0;
	if (likely(!(vmx_get_cr0(&v->vmx) & X86_CR0_AM)) || vmx_cpl() != 3 ||
	    !(vmx_rflags() & X86_EFLAGS_AC))
		return 0;
	vhm_queue_exception_error(v, X86_TRAP_AC, 0);
	return 1;
}

/*
 * May sleep. The whole access is translated first: a fault in its second half
 * must come before its first half has had an effect.
 */
static int walk_parts(struct vhm_vcpu *v, u64 linear, unsigned int access)
{
	struct vhm_mmio *m = v->mmio;
	unsigned int size = m->insn->mem_size;
	unsigned int first = min_t(unsigned int, size, PAGE_SIZE - offset_in_page(linear));
	struct vhm_walk_result walk;
	int err;

	err = vhm_guest_walk(v, linear, access, &walk);
	m->part[0] = (struct vhm_part){ .gpa = walk.gpa, .length = first };
	m->parts = 1;
	if (err || first == size)
		return err;
	linear += first;
	err = vhm_guest_walk(v, m->bits == 64 ? linear : (u32)linear, access, &walk);
	m->part[1] = (struct vhm_part){ .gpa = walk.gpa, .offset = first, .length = size - first };
	m->parts = 2;
	return err;
}

/* What is modified is read as something that will be written. */
static bool is_write(const struct vhm_mmio *m)
{
	return m->step == VHM_STEP_WRITE || m->insn->modify;
}

/* Every check that the processor makes of an access, in its order. */
static int translate_checked(struct vhm_vcpu *v, const struct vhm_insn_address *at)
{
	struct vhm_mmio *m = v->mmio;
	bool write = is_write(m);
	u64 linear;
	int err;

	err = vhm_guest_linear(v, at->segment, at->offset, m->insn->mem_size, write, &linear);
	if (!err)
		err = check_alignment(v, linear);
	if (err)
		return err;
	vmx_put();
	err = walk_parts(v, linear, write ? VHM_ACCESS_WRITE : VHM_ACCESS_READ);
	vmx_load(&v->vmx);
	return err;
}

/*
 * Whether an access is the very one that made the EPT violation: then the CPU
 * has checked its segment, translated its address and found its rights. A
 * string's other side is another access; and one that is not aligned may begin
 * in the page before, or need a look at its alignment.
 */
static bool cpu_has_checked(struct vhm_vcpu *v, const struct vhm_insn_address *at)
{
	const u64 known = EPT_VIOLATION_GVA_IS_VALID | EPT_VIOLATION_GVA_TRANSLATED;
	const struct vhm_mmio *m = v->mmio;
	u64 linear = at->offset;

	if ((v->fault_access & known) != known || v->fault_gpa & (m->insn->mem_size - 1) ||
	    !!(v->fault_access & EPT_VIOLATION_ACC_WRITE) != is_write(m))
		return false;
	if (m->bits != 64 || at->segment == VMX_FS || at->segment == VMX_GS)
		linear += vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_BASE, at->segment));
	return vmcs_readl(GUEST_LINEAR_ADDRESS) == (m->bits == 64 ? linear : (u32)linear);
}

/* Where the access at hand leads. Nothing has happened yet if this fails. */
static int translate(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_insn_address at = vhm_insn_address(m->insn, &m->state, m->step);

	m->hole = false;
	if (!cpu_has_checked(v, &at))
		return translate_checked(v, &at);
	m->part[0] = (struct vhm_part){ .gpa = v->fault_gpa, .length = m->insn->mem_size };
	m->parts = 1;
	/* A write may also have been to a read-only slot, which can be read. */
	m->hole = v->fault_hole || !m->insn->modify;
	return 0;
}

/*
 * SDM, volume 3, "System Programming For Instruction Set Extensions": the CPU has
 * looked already, but at an instruction that another vCPU may have changed since.
 */
static int fetch_xmm(struct vhm_vcpu *v)
{
	u64 cr0 = vmx_get_cr0(&v->vmx);

	if (cr0 & X86_CR0_EM || !(vmx_get_cr4(&v->vmx) & X86_CR4_OSFXSR)) {
		vhm_queue_exception(v, X86_TRAP_UD);
		return 1;
	}
	if (cr0 & X86_CR0_TS) {
		vhm_queue_exception(v, X86_TRAP_NM);
		return 1;
	}
	vmx_get_xmm(&v->vmx, v->mmio->insn->reg, v->mmio->state.xmm.word);
	return 0;
}

/* The guest's side of the operands, as far as the instruction looks at them. */
static int fetch_operands(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_insn *insn = m->insn;

	m->state.regs[VHM_RSP] = vmcs_readl(GUEST_RSP);
	if (insn->needs & VHM_NEEDS_RFLAGS)
		m->state.rflags = vmx_rflags();
	if (insn->needs & VHM_NEEDS_STACK_SIZE)
		m->state.stack_size = vmx_stack_size(&v->vmx);
	if (insn->needs & VHM_NEEDS_SELECTOR)
		m->state.selector =
			vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_SELECTOR, insn->reg));
	return insn->needs & VHM_NEEDS_XMM ? fetch_xmm(v) : 0;
}

/* What the instruction leaves behind but for memory, RIP last. */
static void commit(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	struct vhm_insn_state *s = &m->state;
	u64 *rsp = &s->regs[VHM_RSP], old_rsp = *rsp, old_rflags = s->rflags;

	vhm_insn_commit(m->insn, s);
	if (*rsp != old_rsp)
		vmcs_writel(GUEST_RSP, *rsp);
	if (s->rflags != old_rflags)
		vmcs_writel(GUEST_RFLAGS, s->rflags);
	if (unlikely(m->insn->destination == VHM_OPERAND_XMM))
		vmx_set_xmm(&v->vmx, m->insn->reg, s->xmm.word);
	if (unlikely(s->alu.changed & VHM_CHANGED_RIP))
		vmx_branch(v, s->alu.rip);
	else if (vhm_insn_is_done(m->insn, s))
		vmx_skip_bytes(v, s->rip, m->insn->length);
	else
		vmx_end_iteration(v);
}

/* Behind the last read: compute, write, and be done but for user space's part. */
static enum vhm_next finish(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	bool writes = m->insn->place[VHM_STEP_WRITE];
	int err = 0;

	m->step = VHM_STEP_WRITE;
	m->count = 0;
	if (writes && !m->insn->modify)
		err = translate(v);
	if (err)
		return not_made(err);
	if (vhm_insn_execute(m->insn, &m->state)) {
		vhm_queue_exception(v, X86_TRAP_DE);
		return VHM_RESUME;
	}
	if (unlikely(m->state.alu.changed & VHM_CHANGED_RIP))
		err = vhm_guest_branch(v, m->state.alu.rip);
	if (writes && !err)
		err = access_parts(v);
	if (err)
		return not_made(err);
	commit(v);
	if (m->count)
		return ask_next(v);
	return VHM_RESUME;
}

/* From the read at @step on: access by access, until user space has to make one. */
static enum vhm_next proceed(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	int err;

	for (; m->step < VHM_STEP_WRITE; m->step++) {
		if (!m->insn->place[m->step])
			continue;
		m->state.value[m->step] = (union vhm_value){};
		err = translate(v);
		if (!err)
			err = access_parts(v);
		if (err)
			return not_made(err);
		if (m->count)
			return ask_next(v);
	}
	return finish(v);
}

static enum vhm_next complete_plain_load(struct vhm_vcpu *v, u64 value)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_insn *insn = m->insn;
	u64 *regs = m->state.regs;

	vhm_insn_load(insn, regs, value);
	if (unlikely(insn->reg == VHM_RSP))
		vmcs_writel(GUEST_RSP, regs[VHM_RSP]);
	vmx_skip_bytes(v, m->state.rip, insn->length);
	return VHM_RESUME;
}

typedef void apic_access(struct vhm_vcpu *v, u64 gpa, void *data, unsigned int length, bool write);

/* A plain load or store whose access is an APIC's. */
static enum vhm_next plain_apic(struct vhm_vcpu *v, apic_access *access)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_part *part = &m->fragment[0];
	u64 data = 0;

	if (m->step == VHM_STEP_READ) {
		access(v, part->gpa, &data, part->length, false);
		return complete_plain_load(v, data & vhm_size_mask(part->length));
	}
	data = vhm_insn_store(m->insn, m->state.regs);
	access(v, part->gpa, &data, part->length, true);
	vmx_skip_bytes(v, m->state.rip, m->insn->length);
	return VHM_RESUME;
}

/*
 * The short way: the access that made the violation is the first one, and user
 * space makes it whole.
 */
static enum vhm_next start_short(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_insn *insn = m->insn;
	struct vhm_part *part = &m->fragment[0];
	u64 data;

	*part = (struct vhm_part){ .gpa = v->fault_gpa, .length = insn->mem_size };
	m->count = 1;
	m->next = 0;
	m->shortcut = true;
	if (vhm_lapic_claims(v, part->gpa))
		return plain_apic(v, vhm_lapic_mmio);
	if (vhm_ioapic_claims(v, part->gpa, part->length))
		return plain_apic(v, vhm_ioapic_mmio);
	if (m->step == VHM_STEP_READ)
		return ask(v, part, false, 0);
	data = vhm_insn_store(insn, m->state.regs) & vhm_size_mask(part->length);
	vmx_skip_bytes(v, m->state.rip, insn->length);
	if (vhm_has_doors(v, VHM_MMIO) &&
	    vhm_doors_write_slow(v, VHM_MMIO, part->gpa, part->length, data))
		return VHM_RESUME;
	return ask(v, part, true, data);
}

/*
 * What is modified must not lie in a read-only slot, which can be read without user space,
 * nor be an APIC's.
 */
static bool may_be_short(const struct vhm_vcpu *v)
{
	const struct vhm_insn *insn = v->mmio->insn;

	return likely(insn->plain) || (insn->one_place && v->fault_hole &&
				       !vhm_lapic_claims(v, v->fault_gpa) &&
				       !vhm_ioapic_claims(v, v->fault_gpa, insn->mem_size));
}

/* Is it the short way? Nothing has happened yet if not. */
static bool find_short(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	struct vhm_insn_address at;

	if (unlikely(!may_be_short(v)))
		return false;
	/* RSP lives in the VMCS; instructions take it from among the others. */
	m->state.regs[VHM_RSP] = vmcs_readl(GUEST_RSP);
	m->step = m->insn->place[VHM_STEP_READ] ? VHM_STEP_READ : VHM_STEP_WRITE;
	at = vhm_insn_address(m->insn, &m->state, m->step);
	return likely(cpu_has_checked(v, &at));
}

static enum vhm_next start(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;

	if (likely(find_short(v)))
		return start_short(v);
	m->shortcut = false;
	if (fetch_operands(v))
		return VHM_RESUME;
	if (unlikely(!vhm_insn_is_due(m->insn, m->state.regs))) {
		vmx_skip_bytes(v, m->state.rip, m->insn->length);
		return VHM_RESUME;
	}
	m->step = VHM_STEP_READ;
	return proceed(v);
}

static struct vhm_decoded *decoded_slot(struct vhm_mmio *m)
{
	return &m->decoded[(m->state.rip ^ m->state.rip >> 3) % VHM_DECODED];
}

/* With all bytes at hand: from memory if they are the same as the last time. */
static int decode_whole(struct vhm_mmio *m)
{
	struct vhm_decoded *d = decoded_slot(m);
	int err;

	m->bytes.byte[VHM_INSN_MAX_LENGTH] = 0;
	m->insn = &d->insn;
	if (likely(d->bits == m->bits && d->bytes.word[0] == m->bytes.word[0] &&
		   d->bytes.word[1] == m->bytes.word[1]))
		return 0;
	err = vhm_insn_decode(&d->insn, m->bytes.byte, VHM_INSN_MAX_LENGTH, m->bits);
	d->bits = err ? 0 : m->bits;
	d->bytes = m->bytes;
	return err;
}

/* May sleep. The page boundary in an instruction's middle is crossed only when it has to be. */
static int decode_parts(struct vhm_vcpu *v, u64 linear)
{
	struct vhm_mmio *m = v->mmio;
	int fetched, err;

	m->insn = &m->odd;
	for (;;) {
		err = vhm_insn_decode(&m->odd, m->bytes.byte, m->fetched, m->bits);
		if (err != -ENODATA)
			return err;
		fetched = vhm_guest_fetch(v, linear, &m->bytes, m->fetched);
		if (fetched <= 0)
			return fetched ? fetched : 1;
		m->fetched = fetched;
	}
}

/* May sleep. */
static int fetch_and_decode(struct vhm_vcpu *v, u64 linear)
{
	struct vhm_mmio *m = v->mmio;
	int fetched;

	fetched = vhm_guest_fetch(v, linear, &m->bytes, 0);
	m->fetched = max(fetched, 0);
	if (likely(fetched == VHM_INSN_MAX_LENGTH))
		return decode_whole(m);
	if (fetched <= 0)
		return fetched ? fetched : 1;
	return decode_parts(v, linear);
}

/* Notes where the instruction stands; returns its linear address. */
static u64 locate(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;

	m->bits = vmx_code_bits(&v->vmx);
	m->state.regs = v->vmx.frame.regs;
	m->state.rip = vmx_rip();
	if (likely(m->bits == 64))
		return m->state.rip;
	return (u32)(m->state.rip + vmcs_readl(GUEST_CS_BASE));
}

static enum vhm_next not_decoded(struct vhm_vcpu *v, int err)
{
	switch (err) {
	case 1:
		return VHM_RESUME;
	case -EINVAL:
		vhm_queue_exception(v, X86_TRAP_UD);
		return VHM_RESUME;
	case -E2BIG:
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	case -EIO:
		return VHM_FAULT;
	default:
		return vhm_emulation_failed(v, v->mmio->bytes.byte, v->mmio->fetched);
	}
}

/*
 * SDM, "Information for VM Exits Due to Instruction Execution", gives no length for an
 * EPT violation. Processors write it all the same, and KVM counts on that too; who
 * emulates one may not.
 */
static unsigned int length_by_cpu(void)
{
	u32 length;

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;
	length = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	return length <= VHM_INSN_MAX_LENGTH ? length : 0;
}

/**
 * vhm_mmio_ring() - a doorbell that is rung by whatever is written: nothing is decoded
 * @v: the vCPU; in the inner loop, at an EPT violation by a write
 *
 * Return: whether it was rung; then the instruction is done.
 */
bool vhm_mmio_ring(struct vhm_vcpu *v)
{
	unsigned int length = length_by_cpu();

	if (v->events.recovered || !length || !vhm_doors_ring(v, v->fault_gpa))
		return false;
	vmx_skip_bytes(v, vmx_rip(), length);
	return true;
}

/**
 * vhm_mmio_exit() - what vhm_mmio_emulate() does, in the inner loop
 * @v: the vCPU
 *
 * Only an instruction that goes the short way and whose bytes are at hand.
 *
 * Return: VHM_SLEEP: nothing has been done; or as vhm_mmio_emulate(), or what
 * vhm_take_requests() says.
 */
enum vhm_next vhm_mmio_exit(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;
	enum vhm_next next;
	u64 linear;
	int fetched;

	if (unlikely(v->events.recovered))
		return VHM_SLEEP;
	linear = locate(v);
	if (offset_in_page(linear) > PAGE_SIZE - sizeof(m->bytes))
		return VHM_SLEEP;
	/* What is not there fails; it is waited for outside. */
	pagefault_disable();
	fetched = vhm_guest_fetch(v, linear, &m->bytes, 0);
	pagefault_enable();
	/* An exception is queued: the page has gone from the guest's page table. */
	if (unlikely(!fetched))
		return VHM_RESUME;
	m->fetched = max(fetched, 0);
	if (m->fetched != VHM_INSN_MAX_LENGTH || decode_whole(m) || !find_short(v))
		return VHM_SLEEP;
	v->stats.insn_emulation++;
	v->vmx.l1d_flush = true;
	next = start_short(v);
	return next == VHM_RESUME ? vhm_look_at_requests(v) : next;
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
	enum vhm_next next;
	u64 linear;
	int err;

	/* An event's delivery went through there: no instruction to do. */
	if (v->events.recovered)
		return vhm_internal_error(v, KVM_INTERNAL_ERROR_DELIVERY_EV, 4,
					  (u64)v->events.recovered,
					  (u64)EXIT_REASON_EPT_VIOLATION,
					  v->fault_access, v->fault_gpa);
	v->stats.insn_emulation++;
	v->vmx.l1d_flush = true;
	vmx_load(&v->vmx);
	linear = locate(v);
	vmx_put();
	err = fetch_and_decode(v, linear);
	if (unlikely(err))
		return not_decoded(v, err);
	vmx_load(&v->vmx);
	next = start(v);
	vmx_put();
	return next;
}

/* What finish() does for an instruction that began the short way. */
static enum vhm_next complete_one_place(struct vhm_vcpu *v, u64 value)
{
	struct vhm_mmio *m = v->mmio;
	struct vhm_insn_state *s = &m->state;
	const struct vhm_part part = m->fragment[0];

	s->regs[VHM_RSP] = vmcs_readl(GUEST_RSP);
	s->rflags = vmx_rflags();
	s->value[VHM_STEP_READ] = (union vhm_value){ .word = { value } };
	if (unlikely(vhm_insn_execute(m->insn, s))) {
		vhm_queue_exception(v, X86_TRAP_DE);
		return VHM_RESUME;
	}
	commit(v);
	if (!m->insn->modify)
		return VHM_RESUME;
	m->step = VHM_STEP_WRITE;
	m->count = 0;
	m->next = 0;
	add_fragment(v, &part);
	return m->count ? ask_next(v) : VHM_RESUME;
}

static enum vhm_next complete_short(struct vhm_vcpu *v, u64 data)
{
	const struct vhm_insn *insn = v->mmio->insn;

	data &= vhm_size_mask(insn->mem_size);
	return insn->plain ? complete_plain_load(v, data) : complete_one_place(v, data);
}

/* What user space has read, for the fragment that it was asked for. */
static enum vhm_next complete_read(struct vhm_vcpu *v, u64 data)
{
	struct vhm_mmio *m = v->mmio;
	const struct vhm_part *f = &m->fragment[m->next];

	memcpy(m->state.value[m->step].byte + f->offset, &data, f->length);
	if (++m->next < m->count)
		return ask_next(v);
	/* The violation was another access than what may follow. */
	v->fault_access = 0;
	if (fetch_operands(v))
		return VHM_RESUME;
	m->step++;
	return proceed(v);
}

static enum vhm_next complete_write(struct vhm_vcpu *v)
{
	struct vhm_mmio *m = v->mmio;

	return ++m->next < m->count ? ask_next(v) : VHM_RESUME;
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
	enum vhm_next next;
	u64 data;

	m->pending = false;
	if (m->step == VHM_STEP_WRITE)
		return complete_write(v);
	/* How many of them count is our own knowledge; the page is anybody's to scribble on. */
	data = READ_ONCE(*(u64 *)v->run->mmio.data);
	vmx_load(&v->vmx);
	/* A user that moved RIP while it had the access meant the instruction to be dropped. */
	if (unlikely(vmx_rip() != m->state.rip))
		next = VHM_RESUME;
	else if (likely(m->shortcut))
		next = complete_short(v, data);
	else
		next = complete_read(v, data);
	vmx_put();
	return next;
}
