/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vCPU's local APIC, where it is the kernel's (KVM_CAP_SPLIT_IRQCHIP).
 *
 * The vCPU's own thread changes it, but for what reaches it from outside: others set
 * bits of IRR and TMR and of the errors, by atomic instructions, and then make a
 * request (wait.c). What others read to find out who is addressed (mode, ids, SVR, the
 * local vector table) is read with READ_ONCE(): a message that crosses a change meets
 * the old value or the new one, as on a bus.
 */
#ifndef VHM_LAPIC_H
#define VHM_LAPIC_H

#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <asm/apicdef.h>
#include <asm/msr-index.h>

#include "apic.h"
#include "vhm.h"

/* Registers lie 16 bytes apart; they are kept side by side. */
#define VHM_APIC_REGS		64
#define VHM_APIC_REG(offset)	((offset) >> 4)

/**
 * struct vhm_lapic - a local APIC
 * @vcpu: whose
 * @reg: registers by VHM_APIC_REG(), as a guest reads them, but for the TPR; IRR, ISR and TMR are
 *       bitmaps of 256 bits each, since their words are neighbours
 * @waits: IRR may have a bit; false: it has none
 * @served: the most urgent vector of ISR, or -1
 * @errors: those since the guest last wrote to ESR, as its bits
 * @extint: vector that user space's 8259 has for the processor, or -1 (as with our own)
 * @eoi: vector of which user space's I/O APIC has to hear
 * @sipi: vector of the last start-up message
 * @vapic: guest-physical address of a word in which the guest has its TPR (vapic.c), or 0
 * @vapic_tpr: the TPR that was there last
 * @vapic_synced: it has been looked at since the last exit
 * @timer: runs until the count, or the deadline, ends
 * @period: nanoseconds of a whole count; 0: it does not run
 * @target: when the count ends
 * @deadline: in the guest's TSC; 0: none
 */
struct vhm_lapic {
	struct vhm_vcpu *vcpu;			/* [c] */
	u32 reg[VHM_APIC_REGS] __aligned(8);	/* [v]; IRR and TMR [a] */
	bool waits;				/* [a] */
	s16 served;				/* [v] */
	unsigned long errors;			/* [a] */
	int extint;				/* [v] */
	u8 eoi;					/* [v] */
	u8 sipi;				/* [a] */
	u64 vapic;				/* [v] */
	u8 vapic_tpr;				/* [v] */
	bool vapic_synced;			/* [v] */
	struct hrtimer timer;
	u64 period;				/* [v], while the timer does not run */
	ktime_t target;				/* [a] */
	u64 deadline;				/* [a] */
};

static inline u32 vhm_apic_get(const struct vhm_lapic *l, unsigned int offset)
{
	return READ_ONCE(l->reg[VHM_APIC_REG(offset)]);
}

static inline void vhm_apic_set(struct vhm_lapic *l, unsigned int offset, u32 value)
{
	WRITE_ONCE(l->reg[VHM_APIC_REG(offset)], value);
}

/* The task priority, which the guest may change without an exit (SDM, "TPR Shadow"). */
static inline u32 *vhm_apic_tpr(struct vhm_lapic *l)
{
	void *page = l->vcpu->vmx.vapic;

	return page ? page + APIC_TASKPRI : &l->reg[VHM_APIC_REG(APIC_TASKPRI)];
}

/* IRR, ISR or TMR as a bitmap: x86 numbers the bits of words and of longs alike. */
static inline unsigned long *vhm_apic_bitmap(struct vhm_lapic *l, unsigned int offset)
{
	return (unsigned long *)&l->reg[VHM_APIC_REG(offset)];
}

static inline bool vhm_apic_on(const struct vhm_lapic *l)
{
	return READ_ONCE(l->vcpu->apic_base) & MSR_IA32_APICBASE_ENABLE;
}

static inline bool vhm_apic_is_x2apic(const struct vhm_lapic *l)
{
	return READ_ONCE(l->vcpu->apic_base) & X2APIC_ENABLE;
}

/* By software: SVR. */
static inline bool vhm_apic_sw_on(const struct vhm_lapic *l)
{
	return vhm_apic_get(l, APIC_SPIV) & APIC_SPIV_APIC_ENABLED;
}

/* A message to local APICs, as the bus, the ICR or an MSI has it. */
struct vhm_message {
	u32 to;
	u8 vector;
	u16 mode;		/* APIC_DM_* */
	u8 shorthand;		/* 0, or as in the ICR: 1 self, 2 all, 3 all but self */
	bool logical;
	bool lowest;		/* to one of those addressed */
	bool level;
	bool asserted;
};

/* Are ids and destinations written with all of their 32 bits? */
static inline bool vhm_ids_in_full(const struct vhm_vm *vm)
{
	return READ_ONCE(vm->options.x2apic_format) & KVM_X2APIC_API_USE_32BIT_IDS;
}

/* lapic.c */
void vhm_lapic_error(struct vhm_lapic *l, u32 error);
bool vhm_lapic_local(struct vhm_lapic *l, unsigned int lvt);

/* lapic-timer.c */
void vhm_lapic_timer_init(struct vhm_lapic *l);
void vhm_lapic_timer_stop(struct vhm_lapic *l);
void vhm_lapic_timer_set_lvt(struct vhm_lapic *l, u32 value);
void vhm_lapic_timer_set_count(struct vhm_lapic *l, u32 count);
void vhm_lapic_timer_set_divisor(struct vhm_lapic *l, u32 value);
void vhm_lapic_timer_restore(struct vhm_lapic *l, u32 left);
u32 vhm_lapic_timer_count(struct vhm_lapic *l);
u64 vhm_lapic_get_deadline(struct vhm_lapic *l);
void vhm_lapic_set_deadline(struct vhm_lapic *l, u64 deadline);

/* ipi.c */
bool vhm_apic_accept(struct vhm_lapic *l, const struct vhm_message *m);
int vhm_apic_send(struct vhm_vm *vm, struct vhm_lapic *from, struct vhm_message *m);
bool vhm_apic_owes_eoi(struct vhm_vm *vm, const struct vhm_message *m);
void vhm_apic_ipi(struct vhm_lapic *l, u32 command, u32 to);

#endif /* VHM_LAPIC_H */
