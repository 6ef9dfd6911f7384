// SPDX-License-Identifier: GPL-2.0
/*
 * Task switches through a TSS, which leave a guest because VMX has none.
 *
 * The processor has made its checks of gate and descriptor before the exit. Here
 * the tables are read again, and judged again where it costs nothing, because the
 * guest may have changed them meanwhile. Until leave() nothing is changed but
 * accessed bits, and a fault is the old task's; from enter_task() on it is the new
 * task's, and what has not been loaded by then cannot be used.
 *
 * SDM, "Task Switching", and "Treatment of Task Switches" for VMX's part.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "vhm.h"
#include "walk.h"

/* Bits of a selector. */
#define SELECTOR_RPL	3
#define SELECTOR_TI	4

/* Types of segments: system, then code and data. */
#define TYPE_LDT	2
#define TYPE_BUSY	2
#define TYPE_32BIT	8
#define TYPE_ACCESSED	1
#define TYPE_WRITE	2	/* data: writable; code: readable */
#define TYPE_CONFORMING	4
#define TYPE_CODE	8

/* Where the rights are in a descriptor. */
#define RIGHTS_OFFSET	5

/* EFLAGS without what is reserved. */
#define EFLAGS_KNOWN	0x3f7fd5

/* SDM, "Exit Qualification for Task Switches". */
enum task_source { TASK_CALL, TASK_IRET, TASK_JMP, TASK_GATE };

#define TASK_SELECTOR(q)	((u16)(q))
#define TASK_SOURCE(q)		((enum task_source)((q) >> 30 & 3))

/* What a switch saves, and the new task's TSS has behind it (SDM, "Task-State Segment (TSS)"). */
struct tss32_state {
	u32 eip, eflags;
	u32 regs[8];
	u32 segment[6];
};

struct tss32_task {
	u32 cr3;
	struct tss32_state state;
	u32 ldt;
	u16 trap, io_map;
};

#define TSS32_CR3	0x1c
#define TSS32_STATE	0x20
#define TSS32_LIMIT	0x67

static_assert(TSS32_CR3 + sizeof(struct tss32_task) == TSS32_LIMIT + 1);

/* SDM, "16-Bit Task-State Segment (TSS)": neither FS nor GS. */
struct tss16_state {
	u16 ip, flags;
	u16 regs[8];
	u16 segment[4];
};

struct tss16_task {
	struct tss16_state state;
	u16 ldt;
};

#define TSS16_STATE	0xe
#define TSS16_LIMIT	0x2b

static_assert(TSS16_STATE + sizeof(struct tss16_task) == TSS16_LIMIT + 1);

/**
 * struct task_switch - one of them
 * @v: the vCPU
 * @source: what has asked for it
 * @event: IDT-vectoring information of what came through a task gate, or 0
 * @external: EXT of error codes: the switch is an event's that no instruction asked for
 * @rip: where the old task goes on
 * @rflags: the old task's
 * @old: its TSS, as TR has it
 * @new: the new task's TSS
 */
struct task_switch {
	struct vhm_vcpu *v;
	enum task_source source;
	u32 event;
	u32 external;
	u32 rip;
	u32 rflags;
	struct kvm_segment old;
	struct kvm_segment new;
};

/* A task as a TSS has it, of either size. */
struct task {
	u32 cr3, eip, eflags;
	u32 regs[8];
	u16 segment[6];
	u16 ldt;
	bool trap;
};

static bool is_32bit(const struct kvm_segment *tss)
{
	return tss->type & TYPE_32BIT;
}

/* CALL and gates come back by IRET. */
static bool nests(const struct task_switch *ts)
{
	return ts->source == TASK_CALL || ts->source == TASK_GATE;
}

static int fault(struct task_switch *ts, u8 vector, u16 selector)
{
	vhm_queue_exception_error(ts->v, vector, (selector & ~SELECTOR_RPL) | ts->external);
	return 1;
}

/* All of these are the processor's own accesses, by addresses of 32 bits. */
static int copy(struct task_switch *ts, u32 linear, void *data, unsigned int size,
		unsigned int access)
{
	return vhm_guest_copy(ts->v, linear, data, size, access | VHM_ACCESS_IMPLICIT);
}

static int probe_byte(struct task_switch *ts, u32 linear, unsigned int access)
{
	struct vhm_walk_result result;
	u8 byte;
	int err;

	err = vhm_guest_walk(ts->v, linear, access | VHM_ACCESS_IMPLICIT, &result);
	return err ?: vhm_read_guest(ts->v->vm, result.gpa, &byte, sizeof(byte));
}

/* Whether an access to what is less than a page would fault, or find no memory. */
static int probe(struct task_switch *ts, u32 linear, unsigned int size, unsigned int access)
{
	int err = probe_byte(ts, linear, access);

	return err ?: probe_byte(ts, linear + size - 1, access);
}

/* The old task's TSS descriptor: of its selector TR has vouched that it is in the GDT. */
static u32 tss_rights_address(struct task_switch *ts, u16 selector)
{
	u32 base;

	vmx_load(&ts->v->vmx);
	base = vmcs_readl(GUEST_GDTR_BASE);
	vmx_put();
	return base + (selector & ~(SELECTOR_RPL | SELECTOR_TI)) + RIGHTS_OFFSET;
}

static int set_busy(struct task_switch *ts, u16 selector, bool busy)
{
	u32 address = tss_rights_address(ts, selector);
	u8 rights;
	int err;

	err = copy(ts, address, &rights, sizeof(rights), VHM_ACCESS_READ);
	if (err)
		return err;
	rights = busy ? rights | TYPE_BUSY : rights & ~TYPE_BUSY;
	return copy(ts, address, &rights, sizeof(rights), VHM_ACCESS_WRITE);
}

/* Where a descriptor is, or #TS if its table has no such one. */
static int find_descriptor(struct task_switch *ts, u16 selector, u32 *address)
{
	struct kvm_segment ldt;
	u32 base, limit;

	vmx_load(&ts->v->vmx);
	vmx_get_segment(VMX_LDTR, &ldt);
	base = vmcs_readl(GUEST_GDTR_BASE);
	limit = vmcs_read32(GUEST_GDTR_LIMIT);
	vmx_put();
	if (selector & SELECTOR_TI) {
		base = ldt.base;
		limit = ldt.limit;
	}
	if ((selector & SELECTOR_TI && ldt.unusable) || (selector | 7) > limit)
		return fault(ts, X86_TRAP_TS, selector);
	*address = base + (selector & ~7);
	return 0;
}

/* SDM, "Segment Descriptors". */
static struct kvm_segment to_segment(u16 selector, u64 d)
{
	struct kvm_segment s = {
		.base = (d >> 16 & 0xffffff) | (d >> 56) << 24,
		.limit = (d & 0xffff) | (d >> 32 & 0xf0000),
		.selector = selector,
		.type = d >> 40 & 15,
		.s = d >> 44 & 1,
		.dpl = d >> 45 & 3,
		.present = d >> 47 & 1,
		.avl = d >> 52 & 1,
		.l = d >> 53 & 1,
		.db = d >> 54 & 1,
		.g = d >> 55 & 1,
	};

	if (s.g)
		s.limit = s.limit << 12 | 0xfff;
	return s;
}

static int read_segment(struct task_switch *ts, u16 selector, struct kvm_segment *segment,
			u32 *address)
{
	u64 descriptor;
	int err;

	err = find_descriptor(ts, selector, address);
	if (!err)
		err = copy(ts, *address, &descriptor, sizeof(descriptor), VHM_ACCESS_READ);
	if (!err)
		*segment = to_segment(selector, descriptor);
	return err;
}

/* The processor has seen all this to be right; see above. */
static int judge_tss(struct task_switch *ts)
{
	const struct kvm_segment *new = &ts->new;
	bool iret = ts->source == TASK_IRET, busy = new->type & TYPE_BUSY;

	if (new->selector & SELECTOR_TI || new->s || (new->type & 5) != 1 || busy != iret)
		return fault(ts, iret ? X86_TRAP_TS : X86_TRAP_GP, new->selector);
	if (!new->present)
		return fault(ts, X86_TRAP_NP, new->selector);
	if (new->limit < (is_32bit(new) ? TSS32_LIMIT : TSS16_LIMIT))
		return fault(ts, X86_TRAP_TS, new->selector);
	return 0;
}

/* What can fault shall do so while the old task is still whole. */
static int examine(struct task_switch *ts, u16 selector)
{
	u32 address, old = tss_rights_address(ts, ts->old.selector);
	int err;

	err = read_segment(ts, selector, &ts->new, &address);
	if (!err)
		err = judge_tss(ts);
	if (!err)
		err = probe(ts, ts->old.base, is_32bit(&ts->old) ? TSS32_LIMIT : TSS16_LIMIT,
			    VHM_ACCESS_WRITE);
	if (!err)
		err = probe(ts, ts->new.base, is_32bit(&ts->new) ? TSS32_LIMIT : TSS16_LIMIT,
			    nests(ts) ? VHM_ACCESS_WRITE : VHM_ACCESS_READ);
	if (!err && ts->source != TASK_IRET)
		err = probe(ts, address + RIGHTS_OFFSET, 1, VHM_ACCESS_WRITE);
	if (!err && !nests(ts))
		err = probe(ts, old, 1, VHM_ACCESS_WRITE);
	return err;
}

static u16 selector_of(unsigned int index)
{
	return vmcs_read_any(VMCS_SEGMENT_FIELD(GUEST_ES_SELECTOR, index));
}

static int save32(struct task_switch *ts)
{
	struct tss32_state s = { .eip = ts->rip, .eflags = ts->rflags };
	unsigned int i;

	vmx_load(&ts->v->vmx);
	for (i = 0; i < ARRAY_SIZE(s.regs); i++)
		s.regs[i] = vhm_get_gpr(ts->v, i);
	for (i = 0; i < ARRAY_SIZE(s.segment); i++)
		s.segment[i] = selector_of(i);
	vmx_put();
	return copy(ts, ts->old.base + TSS32_STATE, &s, sizeof(s), VHM_ACCESS_WRITE);
}

static int save16(struct task_switch *ts)
{
	struct tss16_state s = { .ip = ts->rip, .flags = ts->rflags };
	unsigned int i;

	vmx_load(&ts->v->vmx);
	for (i = 0; i < ARRAY_SIZE(s.regs); i++)
		s.regs[i] = vhm_get_gpr(ts->v, i);
	for (i = 0; i < ARRAY_SIZE(s.segment); i++)
		s.segment[i] = selector_of(i);
	vmx_put();
	return copy(ts, ts->old.base + TSS16_STATE, &s, sizeof(s), VHM_ACCESS_WRITE);
}

static int leave_task(struct task_switch *ts)
{
	int err = nests(ts) ? 0 : set_busy(ts, ts->old.selector, false);

	if (err)
		return err;
	return is_32bit(&ts->old) ? save32(ts) : save16(ts);
}

static int read32(struct task_switch *ts, struct task *t)
{
	struct tss32_task tss;
	unsigned int i;
	int err;

	err = copy(ts, ts->new.base + TSS32_CR3, &tss, sizeof(tss), VHM_ACCESS_READ);
	if (err)
		return err;
	*t = (struct task){
		.cr3 = tss.cr3,
		.eip = tss.state.eip,
		.eflags = tss.state.eflags,
		.ldt = tss.ldt,
		.trap = tss.trap & 1,
	};
	memcpy(t->regs, tss.state.regs, sizeof(t->regs));
	for (i = 0; i < ARRAY_SIZE(t->segment); i++)
		t->segment[i] = tss.state.segment[i];
	return 0;
}

/* As KVM: the upper halves of registers become 0; CR3, FS and GS stay as they are. */
static int read16(struct task_switch *ts, struct task *t)
{
	struct tss16_task tss;
	unsigned int i;
	int err;

	err = copy(ts, ts->new.base + TSS16_STATE, &tss, sizeof(tss), VHM_ACCESS_READ);
	if (err)
		return err;
	*t = (struct task){
		.eip = tss.state.ip,
		.eflags = tss.state.flags,
		.ldt = tss.ldt,
	};
	for (i = 0; i < ARRAY_SIZE(t->regs); i++)
		t->regs[i] = tss.state.regs[i];
	for (i = 0; i < ARRAY_SIZE(tss.state.segment); i++)
		t->segment[i] = tss.state.segment[i];
	return 0;
}

static unsigned int nr_segments(const struct task_switch *ts)
{
	return is_32bit(&ts->new) ? 6 : 4;
}

static unsigned int task_cpl(const struct task *t)
{
	return t->eflags & X86_EFLAGS_VM ? 3 : t->segment[VMX_CS] & SELECTOR_RPL;
}

/* SDM, "8086 Emulation": segments of virtual-8086 mode have no descriptors. */
static void load_8086_segments(const struct task_switch *ts, const struct task *t)
{
	unsigned int i;

	for (i = 0; i < nr_segments(ts); i++) {
		struct kvm_segment s = {
			.base = (u32)t->segment[i] << 4,
			.limit = 0xffff,
			.selector = t->segment[i],
			.type = TYPE_WRITE | TYPE_ACCESSED,
			.s = 1,
			.dpl = 3,
			.present = 1,
		};

		vmx_set_segment(i, &s);
	}
}

/*
 * Selectors come first. Until its descriptor is loaded a segment cannot be used;
 * but CPL is the new task's at once, and VM entry has it in SS and CS.
 */
static void load_selectors(const struct task_switch *ts, const struct task *t)
{
	unsigned int i, cpl = task_cpl(t);
	struct kvm_segment code;

	vmx_get_segment(VMX_CS, &code);
	code.selector = t->segment[VMX_CS];
	code.type = TYPE_CODE | TYPE_WRITE | TYPE_ACCESSED;
	code.dpl = cpl;
	for (i = 0; i < nr_segments(ts); i++) {
		struct kvm_segment none = { .selector = t->segment[i], .unusable = 1 };

		vmx_set_segment(i, i == VMX_CS ? &code : &none);
	}
	vmcs_write32(GUEST_SS_AR_BYTES, VMX_AR_UNUSABLE | cpl << 5);
}

/* The event is the new task's now. An exception waits, for what another one makes of it. */
static void take_event(struct task_switch *ts)
{
	u32 blocking = vmcs_read32(GUEST_INTERRUPTIBILITY_INFO);
	struct vhm_events *e = &ts->v->events;

	blocking &= ~(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS);
	if (ts->source == TASK_IRET)
		blocking &= ~GUEST_INTR_STATE_NMI;
	if (ts->event && VMX_INTR_TYPE(ts->event) == INTR_TYPE_NMI_INTR) {
		e->nmi_injected = false;
		blocking |= GUEST_INTR_STATE_NMI;
	}
	if (ts->event && VMX_INTR_TYPE(ts->event) == INTR_TYPE_EXT_INTR)
		e->interrupt = false;
	vmcs_write32(GUEST_INTERRUPTIBILITY_INFO, blocking);
	ts->v->vmx.event_work = true;
}

static void load_registers(struct task_switch *ts, const struct task *t)
{
	u32 eflags = (t->eflags & EFLAGS_KNOWN) | X86_EFLAGS_FIXED;
	struct kvm_segment unusable = { .selector = t->ldt, .unusable = 1 };
	struct vhm_vcpu *v = ts->v;
	unsigned int i;

	if (nests(ts))
		eflags |= X86_EFLAGS_NT;
	/* A debugger in user space goes on stepping. */
	if (v->vmx.stepping)
		eflags |= X86_EFLAGS_TF;
	vmcs_writel(GUEST_RIP, t->eip);
	vmcs_writel(GUEST_RFLAGS, eflags);
	for (i = 0; i < ARRAY_SIZE(t->regs); i++)
		vhm_set_gpr(v, i, t->regs[i]);
	vmx_set_segment(VMX_LDTR, &unusable);
	if (eflags & X86_EFLAGS_VM)
		load_8086_segments(ts, t);
	else
		load_selectors(ts, t);
}

static void become(struct task_switch *ts, const struct task *t)
{
	struct vhm_vcpu *v = ts->v;
	struct vmx_vcpu *x = &v->vmx;

	vmx_load(x);
	take_event(ts);
	ts->new.type |= TYPE_BUSY;
	vmx_set_segment(VMX_TR, &ts->new);
	vmx_set_cr0(v, vmx_get_cr0(x) | X86_CR0_TS);
	vmx_set_dr7(x, x->dr7 & ~(u64)(DR_LOCAL_ENABLE_MASK | DR_LOCAL_SLOWDOWN));
	load_registers(ts, t);
	vmx_put();
}

/* SDM, "Task-State Segment (TSS)": without paging CR3 is read, and not loaded. */
static int load_address_space(struct task_switch *ts, const struct task *t)
{
	int err;

	if (!is_32bit(&ts->new) || !(ts->v->vmx.cr0_shadow & X86_CR0_PG))
		return 0;
	err = vhm_set_cr3(ts->v, t->cr3);
	if (err == 1)
		vhm_queue_exception_error(ts->v, X86_TRAP_GP, ts->external);
	return err;
}

/* SDM, "Exception Conditions Checked During a Task Switch": 0, or a vector. */
static u8 judge_code(const struct kvm_segment *s, unsigned int cpl)
{
	if (!s->s || !(s->type & TYPE_CODE))
		return X86_TRAP_TS;
	if (s->type & TYPE_CONFORMING ? s->dpl > cpl : s->dpl != cpl)
		return X86_TRAP_TS;
	return s->present ? 0 : X86_TRAP_NP;
}

static u8 judge_stack(const struct kvm_segment *s, unsigned int cpl)
{
	if (!s->s || (s->type & (TYPE_CODE | TYPE_WRITE)) != TYPE_WRITE)
		return X86_TRAP_TS;
	if (s->dpl != cpl || (s->selector & SELECTOR_RPL) != cpl)
		return X86_TRAP_TS;
	return s->present ? 0 : X86_TRAP_SS;
}

static u8 judge_data(const struct kvm_segment *s, unsigned int cpl)
{
	unsigned int rpl = s->selector & SELECTOR_RPL;
	u8 kind = s->type & (TYPE_CODE | TYPE_CONFORMING);

	if (!s->s || (s->type & (TYPE_CODE | TYPE_WRITE)) == TYPE_CODE)
		return X86_TRAP_TS;
	if (kind != (TYPE_CODE | TYPE_CONFORMING) && s->dpl < max(cpl, rpl))
		return X86_TRAP_TS;
	return s->present ? 0 : X86_TRAP_NP;
}

static u8 judge_ldt(const struct kvm_segment *s)
{
	return s->s || s->type != TYPE_LDT || !s->present ? X86_TRAP_TS : 0;
}

static u8 judge(unsigned int index, const struct kvm_segment *s, unsigned int cpl)
{
	switch (index) {
	case VMX_CS:
		return judge_code(s, cpl);
	case VMX_SS:
		return judge_stack(s, cpl);
	case VMX_LDTR:
		return judge_ldt(s);
	default:
		return judge_data(s, cpl);
	}
}

static int mark_accessed(struct task_switch *ts, struct kvm_segment *s, u32 address)
{
	u8 rights;

	if (!s->s || s->type & TYPE_ACCESSED)
		return 0;
	s->type |= TYPE_ACCESSED;
	rights = s->type | s->s << 4 | s->dpl << 5 | s->present << 7;
	return copy(ts, address + RIGHTS_OFFSET, &rights, sizeof(rights), VHM_ACCESS_WRITE);
}

static int load_segment(struct task_switch *ts, unsigned int index, u16 selector,
			unsigned int cpl)
{
	struct kvm_segment segment;
	u32 address;
	u8 vector;
	int err;

	/* A null selector is good, and its segment not to be used: as it is already. */
	if (!(selector & ~SELECTOR_RPL) && index != VMX_CS && index != VMX_SS)
		return 0;
	if (!(selector & ~SELECTOR_RPL) || (index == VMX_LDTR && selector & SELECTOR_TI))
		return fault(ts, X86_TRAP_TS, selector);
	err = read_segment(ts, selector, &segment, &address);
	if (err)
		return err;
	vector = judge(index, &segment, cpl);
	if (vector)
		return fault(ts, vector, selector);
	err = mark_accessed(ts, &segment, address);
	if (err)
		return err;
	vmx_load(&ts->v->vmx);
	vmx_set_segment(index, &segment);
	vmx_put();
	return 0;
}

static int load_segments(struct task_switch *ts, const struct task *t)
{
	static const u8 order[] = { VMX_CS, VMX_SS, VMX_ES, VMX_DS, VMX_FS, VMX_GS };
	unsigned int i, cpl = task_cpl(t);
	int err;

	err = load_segment(ts, VMX_LDTR, t->ldt, cpl);
	if (t->eflags & X86_EFLAGS_VM)
		return err;
	for (i = 0; i < nr_segments(ts) && !err; i++)
		err = load_segment(ts, order[i], t->segment[order[i]], cpl);
	return err;
}

static int write_link(struct task_switch *ts)
{
	u16 selector = ts->old.selector;

	return nests(ts) ? copy(ts, ts->new.base, &selector, sizeof(selector), VHM_ACCESS_WRITE) :
			   0;
}

/* The exception's error code, on the new task's stack. */
static int push_error_code(struct task_switch *ts)
{
	unsigned int size = is_32bit(&ts->new) ? 4 : 2;
	u32 code = ts->v->events.exception.error_code;
	u64 rsp, linear, mask;
	int err;

	if (!(ts->event & VECTORING_INFO_DELIVER_CODE_MASK))
		return 0;
	vmx_load(&ts->v->vmx);
	mask = vmx_stack_size(&ts->v->vmx) == 4 ? U32_MAX : 0xffff;
	rsp = vmcs_readl(GUEST_RSP);
	rsp = (rsp & ~mask) | ((rsp - size) & mask);
	vmx_put();
	err = vhm_guest_linear(ts->v, VMX_SS, rsp & mask, size, true, &linear);
	if (!err)
		err = vhm_guest_copy(ts->v, linear, &code, size, VHM_ACCESS_WRITE);
	if (err)
		return err;
	vmx_load(&ts->v->vmx);
	vmcs_writel(GUEST_RSP, rsp);
	vmx_put();
	return 0;
}

static int enter_task(struct task_switch *ts, struct task *t)
{
	int err;

	err = is_32bit(&ts->new) ? read32(ts, t) : read16(ts, t);
	if (!err)
		err = write_link(ts);
	if (!err && ts->source != TASK_IRET)
		err = set_busy(ts, ts->new.selector, true);
	if (err)
		return err;
	become(ts, t);
	err = load_address_space(ts, t);
	if (!err)
		err = load_segments(ts, t);
	return err ?: push_error_code(ts);
}

/* SDM, "Task-Switch Exception Condition": T in the TSS is a #DB before the first instruction. */
static enum vhm_next conclude(struct task_switch *ts, bool trap)
{
	enum vhm_next next = VHM_RESUME;
	struct vhm_vcpu *v = ts->v;

	vmx_load(&v->vmx);
	if (ts->event && VMX_INTR_TYPE(ts->event) == INTR_TYPE_HARD_EXCEPTION)
		v->events.exception.valid = false;
	if (trap && v->debug.control & VHM_DEBUGGER_TAKES_DB)
		next = vhm_debug_exit(v, X86_TRAP_DB, DR6_RESERVED | DR_SWITCH);
	else if (trap)
		vhm_queue_debug(v, DR_SWITCH);
	else if (v->vmx.stepping)
		vhm_end_step(v, true);
	vmx_put();
	return next;
}

static bool is_external(u32 event)
{
	u32 type = VMX_INTR_TYPE(event);

	return event && (type == INTR_TYPE_EXT_INTR || type == INTR_TYPE_NMI_INTR ||
			 type == INTR_TYPE_HARD_EXCEPTION);
}

/*
 * An instruction is behind us when the old task goes on; if it faults it is
 * executed again, so that an INT must not wait as well.
 */
static u16 begin(struct task_switch *ts)
{
	u64 qualification = vmcs_readl(EXIT_QUALIFICATION);
	struct vhm_vcpu *v = ts->v;

	ts->source = TASK_SOURCE(qualification);
	ts->event = ts->source == TASK_GATE ? v->events.recovered : 0;
	ts->rip = vmx_rip();
	ts->rflags = vhm_rflags_to_user(v, vmx_rflags());
	vmx_get_segment(VMX_TR, &ts->old);
	if (ts->source == TASK_IRET)
		ts->rflags &= ~X86_EFLAGS_NT;
	ts->external = is_external(ts->event);
	if (ts->external)
		return TASK_SELECTOR(qualification);
	ts->rip += vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (ts->event && VMX_INTR_TYPE(ts->event) == INTR_TYPE_SOFT_INTR)
		v->events.interrupt = false;
	else if (ts->event)
		v->events.exception.valid = false;
	return TASK_SELECTOR(qualification);
}

/**
 * vhm_task_switch() - another task, in the exit's place; may sleep
 * @v: the vCPU
 *
 * Return: VHM_RESUME, also when it made a fault; VHM_USER: a TSS or a descriptor lies
 * where no slot is, or a debugger hears of it; VHM_FAULT.
 */
enum vhm_next vhm_task_switch(struct vhm_vcpu *v)
{
	struct task_switch ts = { .v = v };
	struct task task;
	u16 selector;
	int err;

	vmx_load(&v->vmx);
	selector = begin(&ts);
	vmx_put();
	err = examine(&ts, selector);
	if (!err)
		err = leave_task(&ts);
	if (!err)
		err = enter_task(&ts, &task);
	switch (err) {
	case 0:
		return conclude(&ts, task.trap);
	case 1:
		return VHM_RESUME;
	case -ENXIO:
		return vhm_internal_error(v, KVM_INTERNAL_ERROR_EMULATION, 0);
	default:
		return VHM_FAULT;
	}
}
