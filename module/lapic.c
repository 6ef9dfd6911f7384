// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's registers: by MMIO (xAPIC), by MSR (x2APIC) and as user space sees
 * them; and the way of a vector from IRR to the processor and to its EOI.
 *
 * SDM, "Advanced Programmable Interrupt Controller (APIC)". What the manual leaves
 * open is as on KVM.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "irqchip.h"
#include "lapic.h"
#include "vhm.h"

#define VERSION		(0x14 | 5 << 16)	/* six entries in the local vector table */
#define SPIV_KNOWN	(APIC_VECTOR_MASK | APIC_SPIV_APIC_ENABLED | APIC_SPIV_FOCUS_DISABLED)
#define SPIV_RESET	0xff
#define LVT_FIRST	VHM_APIC_REG(APIC_LVTT)
#define LVT_COUNT	6

#define LVT_COMMON	(APIC_LVT_MASKED | APIC_SEND_PENDING | APIC_VECTOR_MASK)
#define LVT_PIN		(LVT_COMMON | APIC_MODE_MASK | APIC_INPUT_POLARITY | \
			 APIC_LVT_REMOTE_IRR | APIC_LVT_LEVEL_TRIGGER)

#define REG_BIT(offset)		BIT_ULL(VHM_APIC_REG(offset))
#define REG_BITS(offset, n)	((BIT_ULL(n) - 1) << VHM_APIC_REG(offset))

#define READABLE	(REG_BIT(APIC_ID) | REG_BIT(APIC_LVR) | REG_BIT(APIC_TASKPRI) |		\
			 REG_BIT(APIC_PROCPRI) | REG_BIT(APIC_LDR) | REG_BIT(APIC_SPIV) |	\
			 REG_BITS(APIC_ISR, 8) | REG_BITS(APIC_TMR, 8) | REG_BITS(APIC_IRR, 8) |\
			 REG_BIT(APIC_ESR) | REG_BIT(APIC_ICR) | REG_BITS(APIC_LVTT, LVT_COUNT) | \
			 REG_BIT(APIC_TMICT) | REG_BIT(APIC_TMCCT) | REG_BIT(APIC_TDCR))

/* Those that x2APIC mode does away with. */
#define XAPIC_READABLE	(READABLE | REG_BIT(APIC_DFR) | REG_BIT(APIC_ARBPRI) | REG_BIT(APIC_ICR2))

/* SDM, "Local Vector Table": by entry, without the timer's mode. */
static const u32 lvt_known[LVT_COUNT] = {
	LVT_COMMON,			/* timer */
	LVT_COMMON | APIC_MODE_MASK,	/* thermal sensor */
	LVT_COMMON | APIC_MODE_MASK,	/* performance counters */
	LVT_PIN,			/* LINT0 */
	LVT_PIN,			/* LINT1 */
	LVT_COMMON,			/* error */
};

static u8 processor_priority(struct vhm_lapic *l)
{
	return vhm_apic_ppr(READ_ONCE(*vhm_apic_tpr(l)), l->served);
}

/* The most urgent vector that waits, or -1. */
static int waiting(struct vhm_lapic *l)
{
	return READ_ONCE(l->waits) ? vhm_apic_highest(&l->reg[VHM_APIC_REG(APIC_IRR)]) : -1;
}

/* From IRR to ISR; its priority was above that of all in service. */
static void take(struct vhm_lapic *l, u8 vector)
{
	clear_bit(vector, vhm_apic_bitmap(l, APIC_IRR));
	__set_bit(vector, vhm_apic_bitmap(l, APIC_ISR));
	l->served = vector;
	WRITE_ONCE(l->waits, false);
	/* Pairs with the order in accept_vector(): one of us two is last, and right. */
	smp_mb();
	if (vhm_apic_highest(&l->reg[VHM_APIC_REG(APIC_IRR)]) >= 0)
		WRITE_ONCE(l->waits, true);
}

static void look_at_registers(struct vhm_lapic *l)
{
	l->served = vhm_apic_highest(&l->reg[VHM_APIC_REG(APIC_ISR)]);
	WRITE_ONCE(l->waits, true);
}

/* The vector that may be dispensed now, or -1. */
static int dispensable(struct vhm_lapic *l)
{
	int vector = waiting(l);

	if (vector < 0 || !vhm_apic_on(l) || !vhm_apic_dispenses(vector, processor_priority(l)))
		return -1;
	return vector;
}

/**
 * vhm_lapic_takes_extint() - may the 8259's vector pass? (SDM, "Local Interrupt Acceptance")
 * @v: a vCPU that has a local APIC
 *
 * Return: true if LINT0 lets it through, or the local APIC is off.
 */
bool vhm_lapic_takes_extint(const struct vhm_vcpu *v)
{
	u32 lint0 = vhm_apic_get(v->lapic, APIC_LVT0);

	if (!vhm_apic_on(v->lapic))
		return true;
	return (lint0 & (APIC_LVT_MASKED | APIC_MODE_MASK)) == APIC_DM_EXTINT;
}

/* The 8259's line; another vCPU may be the one that takes it. */
static bool extint_waits(const struct vhm_lapic *l)
{
	const struct vhm_irqchip *irqchip = l->vcpu->vm->irqchip;

	return irqchip ? vhm_pic_output(irqchip) : l->extint >= 0;
}

static u8 take_extint(struct vhm_lapic *l)
{
	struct vhm_irqchip *irqchip = l->vcpu->vm->irqchip;
	u8 vector = l->extint;

	if (irqchip)
		return vhm_pic_acknowledge(irqchip);
	l->extint = -1;
	return vector;
}

/**
 * vhm_lapic_has_interrupt() - is there one for the processor?
 * @v: a vCPU that has a local APIC
 *
 * Return: true if vhm_lapic_acknowledge() would give one now.
 */
bool vhm_lapic_has_interrupt(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;

	return (extint_waits(l) && vhm_lapic_takes_extint(v)) || dispensable(l) >= 0;
}

/**
 * vhm_lapic_acknowledge() - the processor takes an interrupt
 * @v: a vCPU that has a local APIC
 *
 * Return: its vector, which is in service unless it is the 8259's; -1: there is none.
 */
int vhm_lapic_acknowledge(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;
	int vector;

	if (extint_waits(l) && vhm_lapic_takes_extint(v))
		return take_extint(l);
	vector = dispensable(l);
	if (vector >= 0)
		take(l, vector);
	return vector;
}

/**
 * vhm_lapic_may_queue_extint() - whether KVM_INTERRUPT would do something now
 * @v: a vCPU that has a local APIC
 *
 * Return: true if LINT0 is open and no vector waits there; never where the 8259 is ours.
 */
bool vhm_lapic_may_queue_extint(const struct vhm_vcpu *v)
{
	return !v->vm->irqchip && v->lapic->extint < 0 && vhm_lapic_takes_extint(v);
}

/**
 * vhm_lapic_extint() - KVM_INTERRUPT where the local APIC is in the kernel
 * @v: the vCPU
 * @vector: 0 to 255
 *
 * Return: 0; -EEXIST: one waits already; -ENXIO: the 8259 is in the kernel too.
 */
long vhm_lapic_extint(struct vhm_vcpu *v, u8 vector)
{
	if (v->vm->irqchip)
		return -ENXIO;
	if (v->lapic->extint >= 0)
		return -EEXIST;
	v->lapic->extint = vector;
	v->vmx.event_work = true;
	return 0;
}

/*
 * The priority may have fallen, or LINT0 be open; what the task priority holds back alone
 * may be another vector than before.
 */
static void look_again(struct vhm_lapic *l)
{
	struct vmx_vcpu *x = &l->vcpu->vmx;

	if (dispensable(l) >= 0 || extint_waits(l) || x->tpr_threshold ||
	    (x->vapic && waiting(l) >= 0))
		x->event_work = true;
}

/**
 * vhm_lapic_tpr_threshold() - below which task priority there is something to do
 * @v: a vCPU that has a local APIC
 *
 * Return: the class of the most urgent vector that waits, if the task priority holds it
 * back; 0: it does not, or none waits, or the guest asks by itself (vapic.c).
 */
u32 vhm_lapic_tpr_threshold(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;
	int vector = waiting(l);
	u32 tpr = READ_ONCE(*vhm_apic_tpr(l));

	if (vector < 0 || l->vapic || !vhm_apic_on(l) || vector >> 4 > (int)tpr >> 4)
		return 0;
	return vector >> 4;
}

/**
 * vhm_lapic_get_tpr() - the task priority
 * @v: a vCPU that has a local APIC
 *
 * Return: eight bits.
 */
u8 vhm_lapic_get_tpr(const struct vhm_vcpu *v)
{
	return READ_ONCE(*vhm_apic_tpr(v->lapic));
}

/**
 * vhm_lapic_set_tpr() - the task priority, and with it CR8
 * @v: a vCPU that has a local APIC
 * @tpr: eight bits
 */
void vhm_lapic_set_tpr(struct vhm_vcpu *v, u8 tpr)
{
	WRITE_ONCE(*vhm_apic_tpr(v->lapic), tpr);
	look_again(v->lapic);
}

/* SDM, "Signaling Interrupt Servicing Completion". */
static void end_of_interrupt(struct vhm_lapic *l)
{
	struct vhm_vm *vm = l->vcpu->vm;
	int vector = l->served;
	bool level;

	if (vector < 0)
		return;
	__clear_bit(vector, vhm_apic_bitmap(l, APIC_ISR));
	l->served = vhm_apic_highest(&l->reg[VHM_APIC_REG(APIC_ISR)]);
	look_again(l);
	level = test_bit(vector, vhm_apic_bitmap(l, APIC_TMR));
	if (unlikely(vm->irqchip)) {
		vhm_ioapic_end(vm->irqchip, vector,
			       level && !(vhm_apic_get(l, APIC_SPIV) & APIC_SPIV_DIRECTED_EOI));
		return;
	}
	if (unlikely(level) && test_bit(vector, vm->level_vectors)) {
		l->eoi = vector;
		set_bit(VHM_REQUEST_EOI, &l->vcpu->requests);
	}
}

/**
 * vhm_lapic_local() - an interrupt from an entry of the local vector table
 * @l: the local APIC; also in interrupt context
 * @lvt: APIC_LVT*
 *
 * Return: true if it was accepted.
 */
bool vhm_lapic_local(struct vhm_lapic *l, unsigned int lvt)
{
	u32 entry = vhm_apic_get(l, lvt);
	const struct vhm_message m = {
		.vector = entry & APIC_VECTOR_MASK,
		.mode = entry & APIC_MODE_MASK,
		.level = entry & APIC_LVT_LEVEL_TRIGGER,
		.asserted = true,
	};

	return vhm_apic_on(l) && !(entry & APIC_LVT_MASKED) && vhm_apic_accept(l, &m);
}

/**
 * vhm_lapic_watchdog() - the PIT has ticked
 * @v: a vCPU that has a local APIC; in any context
 *
 * As on KVM the tick is an NMI where LINT0 makes it one: Linux' watchdog of old.
 */
void vhm_lapic_watchdog(struct vhm_vcpu *v)
{
	if ((vhm_apic_get(v->lapic, APIC_LVT0) & APIC_MODE_MASK) == APIC_DM_NMI)
		vhm_lapic_local(v->lapic, APIC_LVT0);
}

/**
 * vhm_lapic_error() - note an error; SDM, "Error Handling"
 * @l: the local APIC; also from another vCPU's thread
 * @error: APIC_ESR_*
 */
void vhm_lapic_error(struct vhm_lapic *l, u32 error)
{
	/* An error that is known makes no second interrupt: its vector may be the error. */
	if (!test_and_set_bit(__ffs(error), &l->errors))
		vhm_lapic_local(l, APIC_LVTERR);
}

static u32 known_lvt(struct vhm_lapic *l, unsigned int index)
{
	u32 known = lvt_known[index];

	if (index)
		return known;
	known |= APIC_LVT_TIMER_PERIODIC;
	if (vhm_cpuid_has(l->vcpu, 1, 0, VHM_ECX, BIT(24)))
		known |= APIC_LVT_TIMER_TSCDEADLINE;
	return known;
}

static void set_lvt(struct vhm_lapic *l, unsigned int reg, u32 value)
{
	unsigned int index = array_index_nospec(reg - LVT_FIRST, LVT_COUNT);

	value &= known_lvt(l, index);
	/* SDM, "Local APIC State After It Has Been Software Disabled". */
	if (!vhm_apic_sw_on(l))
		value |= APIC_LVT_MASKED;
	if (!index)
		vhm_lapic_timer_set_lvt(l, value);
	else
		WRITE_ONCE(l->reg[LVT_FIRST + index], value);
	/* A vector of the 8259's may have waited for LINT0 to open. */
	look_again(l);
}

static void set_spiv(struct vhm_lapic *l, u32 value)
{
	u32 known = SPIV_KNOWN;
	unsigned int i;

	if (vhm_apic_get(l, APIC_LVR) & APIC_LVR_DIRECTED_EOI)
		known |= APIC_SPIV_DIRECTED_EOI;
	vhm_apic_set(l, APIC_SPIV, value & known);
	if (value & APIC_SPIV_APIC_ENABLED)
		return;
	for (i = LVT_FIRST; i < LVT_FIRST + LVT_COUNT; i++)
		WRITE_ONCE(l->reg[i], l->reg[i] | APIC_LVT_MASKED);
}

/* A write shows what has gone wrong since the last one. */
static void set_esr(struct vhm_lapic *l)
{
	vhm_apic_set(l, APIC_ESR, xchg(&l->errors, 0));
}

/* Registers that are there in one of the two modes alone. Returns 1 if in the other. */
static int write_by_mode(struct vhm_lapic *l, unsigned int reg, u32 value)
{
	bool x2apic = vhm_apic_is_x2apic(l);

	switch (reg) {
	case VHM_APIC_REG(APIC_ID):
		if (!x2apic)
			vhm_apic_set(l, APIC_ID, value & 0xff000000);
		return x2apic;
	case VHM_APIC_REG(APIC_LDR):
		if (!x2apic)
			vhm_apic_set(l, APIC_LDR, value & APIC_LDR_MASK);
		return x2apic;
	case VHM_APIC_REG(APIC_DFR):
		if (!x2apic)
			vhm_apic_set(l, APIC_DFR, value | VHM_APIC_CLUSTER);
		return x2apic;
	case VHM_APIC_REG(APIC_ICR2):
		if (!x2apic)
			vhm_apic_set(l, APIC_ICR2, value & 0xff000000);
		return x2apic;
	case VHM_APIC_REG(APIC_SELF_IPI):
		if (!x2apic || value & ~APIC_VECTOR_MASK)
			return 1;
		vhm_apic_ipi(l, APIC_DEST_SELF | value, 0);
		return 0;
	default:
		return 1;
	}
}

/* All but x2APIC's ICR. Returns 0, or 1: there is none, or not that value. */
static int write_register(struct vhm_lapic *l, unsigned int reg, u32 value)
{
	switch (reg) {
	case VHM_APIC_REG(APIC_TASKPRI):
		if (vhm_apic_is_x2apic(l) && value & ~APIC_TPRI_MASK)
			return 1;
		vhm_lapic_set_tpr(l->vcpu, value);
		return 0;
	case VHM_APIC_REG(APIC_EOI):
		end_of_interrupt(l);
		return 0;
	case VHM_APIC_REG(APIC_SPIV):
		set_spiv(l, value);
		return 0;
	case VHM_APIC_REG(APIC_ESR):
		if (vhm_apic_is_x2apic(l) && value)
			return 1;
		set_esr(l);
		return 0;
	case VHM_APIC_REG(APIC_ICR):
		vhm_apic_set(l, APIC_ICR, value & ~APIC_ICR_BUSY);
		vhm_apic_ipi(l, value, vhm_apic_get(l, APIC_ICR2) >> 24);
		return 0;
	case LVT_FIRST ... LVT_FIRST + LVT_COUNT - 1:
		set_lvt(l, reg, value);
		return 0;
	case VHM_APIC_REG(APIC_TMICT):
		vhm_lapic_timer_set_count(l, value);
		return 0;
	case VHM_APIC_REG(APIC_TDCR):
		vhm_lapic_timer_set_divisor(l, value & APIC_TDR_DIV_1);
		return 0;
	default:
		return write_by_mode(l, reg, value);
	}
}

static u32 read_register(struct vhm_lapic *l, unsigned int reg)
{
	switch (reg) {
	case VHM_APIC_REG(APIC_ARBPRI):
		return 0;
	case VHM_APIC_REG(APIC_TASKPRI):
		return vhm_lapic_get_tpr(l->vcpu);
	case VHM_APIC_REG(APIC_PROCPRI):
		return processor_priority(l);
	case VHM_APIC_REG(APIC_TMCCT):
		return vhm_lapic_timer_count(l);
	default:
		return READ_ONCE(l->reg[array_index_nospec(reg, VHM_APIC_REGS)]);
	}
}

/**
 * vhm_lapic_claims() - is this address the local APIC's page?
 * @v: the vCPU
 * @gpa: an address at which there is no memory
 *
 * Return: true if vhm_lapic_mmio() does the access.
 */
bool vhm_lapic_claims(const struct vhm_vcpu *v, u64 gpa)
{
	return unlikely(v->lapic) && ((gpa ^ v->apic_base) & PAGE_MASK) == 0;
}

/* SDM, "Local APIC Register Address Map": aligned, and at most 32 bits of a register. */
static void mmio_read(struct vhm_lapic *l, unsigned int offset, u8 *data, unsigned int length)
{
	unsigned int reg = VHM_APIC_REG(offset);
	u32 value;

	memset(data, 0, length);
	if ((offset & 15) + length > sizeof(value))
		return;
	if (reg >= VHM_APIC_REGS || !(XAPIC_READABLE >> reg & 1)) {
		vhm_lapic_error(l, APIC_ESR_ILLREGA);
		return;
	}
	value = read_register(l, reg);
	memcpy(data, (u8 *)&value + (offset & 3), length);
}

static void mmio_write(struct vhm_lapic *l, unsigned int offset, const u8 *data,
		       unsigned int length)
{
	unsigned int reg = VHM_APIC_REG(offset);
	u32 value;

	if (length != sizeof(value) || offset & 15)
		return;
	memcpy(&value, data, sizeof(value));
	if (reg >= VHM_APIC_REGS || write_register(l, reg, value))
		vhm_lapic_error(l, APIC_ESR_ILLREGA);
}

/**
 * vhm_lapic_mmio() - an access to the local APIC's page
 * @v: the vCPU
 * @gpa: an address in it
 * @data: what is written, or room for what is read
 * @length: 1 to 16
 * @write: which of the two
 *
 * As on KVM, there is nothing behind the page in x2APIC mode, or when the local APIC is
 * off: it reads as ones.
 */
void vhm_lapic_mmio(struct vhm_vcpu *v, u64 gpa, void *data, unsigned int length, bool write)
{
	struct vhm_lapic *l = v->lapic;
	unsigned int offset = gpa & ~PAGE_MASK;

	if (!vhm_apic_on(l) || vhm_apic_is_x2apic(l)) {
		if (!write)
			memset(data, 0xff, length);
		return;
	}
	if (VHM_APIC_REG(offset) == VHM_APIC_REG(APIC_TASKPRI))
		vhm_tpr_accessed(v, write);
	if (write)
		mmio_write(l, offset, data, length);
	else
		mmio_read(l, offset, data, length);
}

/**
 * vhm_lapic_has_msr() - is this MSR a local APIC's?
 * @index: the MSR
 *
 * Return: true for x2APIC's range and IA32_TSC_DEADLINE.
 */
bool vhm_lapic_has_msr(u32 index)
{
	return index - APIC_BASE_MSR < 0x100 || index == MSR_IA32_TSC_DEADLINE;
}

/**
 * vhm_lapic_get_msr() - read an MSR for which vhm_lapic_has_msr() holds
 * @v: the vCPU
 * @index: the MSR
 * @value: out
 *
 * Return: 0, or 1 for #GP.
 */
int vhm_lapic_get_msr(struct vhm_vcpu *v, u32 index, u64 *value)
{
	unsigned int reg = index - APIC_BASE_MSR;
	struct vhm_lapic *l = v->lapic;

	*value = 0;
	if (index == MSR_IA32_TSC_DEADLINE) {
		if (l)
			*value = vhm_lapic_get_deadline(l);
		return 0;
	}
	if (!l || !vhm_apic_is_x2apic(l) || reg >= VHM_APIC_REGS || !(READABLE >> reg & 1))
		return 1;
	*value = read_register(l, reg);
	if (reg == VHM_APIC_REG(APIC_ICR))
		*value |= (u64)vhm_apic_get(l, APIC_ICR2) << 32;
	return 0;
}

/* SDM, "ICR Operation in x2APIC Mode"; the delivery status is not the writer's. */
static int write_x2apic_icr(struct vhm_lapic *l, u64 value)
{
	const u64 reserved = GENMASK_ULL(31, 20) | GENMASK_ULL(17, 16) | BIT_ULL(13);

	if (value & reserved)
		return 1;
	vhm_apic_set(l, APIC_ICR, (u32)value & ~APIC_ICR_BUSY);
	vhm_apic_set(l, APIC_ICR2, value >> 32);
	vhm_apic_ipi(l, value, value >> 32);
	return 0;
}

/**
 * vhm_lapic_set_msr() - write an MSR for which vhm_lapic_has_msr() holds
 * @v: the vCPU
 * @index: the MSR
 * @value: to write
 *
 * What it causes is a request that the caller has to look at.
 *
 * Return: 0, or 1 for #GP.
 */
int vhm_lapic_set_msr(struct vhm_vcpu *v, u32 index, u64 value)
{
	unsigned int reg = index - APIC_BASE_MSR;
	struct vhm_lapic *l = v->lapic;

	if (index == MSR_IA32_TSC_DEADLINE) {
		if (l)
			vhm_lapic_set_deadline(l, value);
		return 0;
	}
	if (!l || !vhm_apic_is_x2apic(l))
		return 1;
	if (reg == VHM_APIC_REG(APIC_ICR))
		return write_x2apic_icr(l, value);
	return value >> 32 || write_register(l, reg, value);
}

/* SDM, "x2APIC State Transitions": what the mode decides. */
static void enter_x2apic(struct vhm_lapic *l)
{
	vhm_apic_set(l, APIC_ID, l->vcpu->id);
	vhm_apic_set(l, APIC_LDR, vhm_x2apic_ldr(l->vcpu->id));
}

/**
 * vhm_set_apic_base() - IA32_APIC_BASE
 * @v: the vCPU
 * @value: which vhm_apic_base_valid() has approved
 */
void vhm_set_apic_base(struct vhm_vcpu *v, u64 value)
{
	u64 on = value & ~v->apic_base;

	WRITE_ONCE(v->apic_base, value);
	if (!v->lapic)
		return;
	if (on & MSR_IA32_APICBASE_ENABLE)
		vhm_apic_set(v->lapic, APIC_ID, v->id << 24);
	if (on & X2APIC_ENABLE)
		enter_x2apic(v->lapic);
}

static void set_version(struct vhm_lapic *l)
{
	u32 version = VERSION;

	/* Our I/O APIC has no register by which a guest could end an interrupt itself. */
	if (!l->vcpu->vm->irqchip && vhm_cpuid_has(l->vcpu, 1, 0, VHM_ECX, BIT(21)))
		version |= APIC_LVR_DIRECTED_EOI;
	vhm_apic_set(l, APIC_LVR, version);
}

/**
 * vhm_lapic_cpuid_changed() - CPUID says something else of the local APIC
 * @v: the vCPU
 */
void vhm_lapic_cpuid_changed(struct vhm_vcpu *v)
{
	if (v->lapic)
		set_version(v->lapic);
}

/**
 * vhm_lapic_reset() - SDM, "Local APIC State After Power-Up or Reset"
 * @v: a vCPU that has a local APIC; its IA32_APIC_BASE is set
 * @init: by INIT, which leaves mode and id as they are
 */
void vhm_lapic_reset(struct vhm_vcpu *v, bool init)
{
	struct vhm_lapic *l = v->lapic;
	u32 id = vhm_apic_get(l, APIC_ID);
	unsigned int i;

	vhm_lapic_timer_stop(l);
	memset(l->reg, 0, sizeof(l->reg));
	look_at_registers(l);
	vhm_apic_set(l, APIC_ID, init ? id : v->id << 24);
	if (vhm_apic_is_x2apic(l))
		enter_x2apic(l);
	set_version(l);
	vhm_apic_set(l, APIC_DFR, VHM_APIC_FLAT);
	vhm_apic_set(l, APIC_SPIV, SPIV_RESET);
	for (i = LVT_FIRST; i < LVT_FIRST + LVT_COUNT; i++)
		l->reg[i] = APIC_LVT_MASKED;
	/* As on KVM the 8259 reaches the boot processor even if firmware does not ask for it. */
	if (v->id == v->vm->boot_id)
		vhm_apic_set(l, APIC_LVT0, APIC_DM_EXTINT);
	l->errors = 0;
	l->extint = -1;
	WRITE_ONCE(*vhm_apic_tpr(l), 0);
	clear_bit(VHM_REQUEST_EOI, &v->requests);
}

/**
 * vhm_lapic_set_sipi_vector() - the start-up vector that KVM_SET_VCPU_EVENTS gives
 * @v: the vCPU
 * @vector: page number of the first instruction
 */
void vhm_lapic_set_sipi_vector(struct vhm_vcpu *v, u8 vector)
{
	if (v->lapic)
		WRITE_ONCE(v->lapic->sipi, vector);
}

/**
 * vhm_lapic_create() - a local APIC for a new vCPU, before its reset
 * @v: the vCPU
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_lapic_create(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);

	if (!l)
		return -ENOMEM;
	l->vcpu = v;
	vhm_lapic_timer_init(l);
	v->lapic = l;
	return 0;
}

/**
 * vhm_lapic_free() - the end of a vCPU's local APIC
 * @v: the vCPU
 */
void vhm_lapic_free(struct vhm_vcpu *v)
{
	if (!v->lapic)
		return;
	vhm_lapic_timer_stop(v->lapic);
	kfree(v->lapic);
}

/* Registers of 32 bits each, 16 bytes apart. */
static u32 *state_register(struct kvm_lapic_state *state, unsigned int reg)
{
	return (u32 *)&state->regs[16 * reg];
}

static void get_state(struct vhm_vcpu *v, struct kvm_lapic_state *state)
{
	struct vhm_lapic *l = v->lapic;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*state) != 16 * VHM_APIC_REGS);
	memset(state, 0, sizeof(*state));
	for (i = 0; i < VHM_APIC_REGS; i++)
		*state_register(state, i) = read_register(l, i);
	/* What x2APIC mode keeps in another form than user space sees it. */
	if (vhm_apic_is_x2apic(l) && !vhm_ids_in_full(v->vm))
		*state_register(state, VHM_APIC_REG(APIC_ID)) <<= 24;
}

/**
 * vhm_get_lapic() - KVM_GET_LAPIC
 * @v: the vCPU
 * @user: struct kvm_lapic_state
 *
 * Return: 0; -EINVAL: its local APIC is user space's; -EFAULT; -ENOMEM.
 */
long vhm_get_lapic(struct vhm_vcpu *v, struct kvm_lapic_state __user *user)
{
	struct kvm_lapic_state *state;
	long err;

	if (!v->lapic)
		return -EINVAL;
	state = kmalloc(sizeof(*state), GFP_KERNEL_ACCOUNT);
	if (!state)
		return -ENOMEM;
	get_state(v, state);
	err = copy_to_user(user, state, sizeof(*state)) ? -EFAULT : 0;
	kfree(state);
	return err;
}

/* No value that user space may choose harms: each is looked at where it is used. */
static int set_state(struct vhm_vcpu *v, struct kvm_lapic_state *state)
{
	struct vhm_lapic *l = v->lapic;
	unsigned int i;
	u32 left;

	if (vhm_apic_is_x2apic(l) && vhm_ids_in_full(v->vm) &&
	    *state_register(state, VHM_APIC_REG(APIC_ID)) != v->id)
		return -EINVAL;
	vhm_lapic_timer_stop(l);
	for (i = 0; i < VHM_APIC_REGS; i++)
		WRITE_ONCE(l->reg[i], *state_register(state, i));
	look_at_registers(l);
	if (vhm_apic_is_x2apic(l))
		enter_x2apic(l);
	set_version(l);
	left = vhm_apic_get(l, APIC_TMCCT);
	vhm_apic_set(l, APIC_TMCCT, 0);
	vhm_lapic_timer_restore(l, left);
	vhm_lapic_set_tpr(v, vhm_apic_get(l, APIC_TASKPRI));
	return 0;
}

/**
 * vhm_set_lapic() - KVM_SET_LAPIC
 * @v: the vCPU
 * @user: struct kvm_lapic_state
 *
 * Return: 0; -EINVAL: its local APIC is user space's, or another's x2APIC id; -EFAULT;
 * -ENOMEM.
 */
long vhm_set_lapic(struct vhm_vcpu *v, const struct kvm_lapic_state __user *user)
{
	struct kvm_lapic_state *state;
	long err;

	if (!v->lapic)
		return -EINVAL;
	state = memdup_user(user, sizeof(*state));
	if (IS_ERR(state))
		return PTR_ERR(state);
	err = set_state(v, state);
	kfree(state);
	return err;
}
