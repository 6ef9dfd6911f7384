/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt controllers that a VM has in the kernel if its user space insists
 * (KVM_CREATE_IRQCHIP): two 8259s and an I/O APIC.
 *
 * A line is raised from any context, so their locks are raw spinlocks, taken with IRQs
 * off and held for a few instructions, and for the way of a message to its local APICs.
 */
#ifndef VHM_IRQCHIP_H
#define VHM_IRQCHIP_H

#include <linux/hrtimer.h>
#include <linux/kvm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "vhm.h"

#define VHM_PIC_PINS	8	/* of each */

/**
 * struct vhm_pic - master and slave, as KVM_IRQCHIP_PIC_* number them
 * @lock: guards all of it
 * @chip: their registers, as user space has them
 * @sources: by pin, a bit for each vhm_irq_source that holds it up
 * @output: the master's line to the processors
 * @wake: it has risen, and nobody has been told yet
 */
struct vhm_pic {
	raw_spinlock_t lock;
	struct kvm_pic_state chip[2];			/* [p] */
	u8 sources[2][VHM_PIC_PINS];			/* [p] */
	bool output;					/* [p] to write, [a] to read */
	bool wake;					/* [p] */
};

/**
 * struct vhm_ioapic - the I/O APIC
 * @lock: guards all of it
 * @state: its registers, as user space has them
 * @sources: by pin, a bit for each vhm_irq_source that holds it up
 * @delivered: edges that have gone out, by pin: what user space need not save
 * @pins: by vector, those whose entries make it: who may hear of its end
 * @again: sends what an end has found to be still up, when that happens too often
 * @ends: by pin, how often it has happened in a row
 */
struct vhm_ioapic {
	raw_spinlock_t lock;
	struct kvm_ioapic_state state;			/* [i] */
	u8 sources[KVM_IOAPIC_NUM_PINS];		/* [i] */
	u32 delivered;					/* [i] */
	u32 pins[256];					/* [i] to write, [a] to read */
	u16 ends[KVM_IOAPIC_NUM_PINS];			/* [i] */
	struct hrtimer again;
};

/**
 * struct vhm_irqchip - what KVM_CREATE_IRQCHIP makes
 * @vm: whose
 * @pic: two 8259s
 * @ioapic: an I/O APIC
 */
struct vhm_irqchip {
	struct vhm_vm *vm;				/* [c] */
	struct vhm_pic pic;
	struct vhm_ioapic ioapic;
};

/* How a line changes. */
struct vhm_line {
	enum vhm_irq_source source;
	bool level;
	bool status;		/* user space asks what becomes of it */
};

/* One source's part of a line; returns whether it is up. */
static inline bool vhm_line_level(u8 *sources, const struct vhm_line *line)
{
	if (line->level)
		*sources |= 1U << line->source;
	else
		*sources &= ~(1U << line->source);
	return *sources;
}

/* pic.c */
void vhm_pic_init(struct vhm_irqchip *irqchip);
int vhm_pic_set_pin(struct vhm_irqchip *irqchip, unsigned int chip, unsigned int pin,
		    const struct vhm_line *line);
u8 vhm_pic_acknowledge(struct vhm_irqchip *irqchip);
bool vhm_pic_claims(u16 port, unsigned int size);
void vhm_pic_port(struct vhm_irqchip *irqchip, u16 port, unsigned int size, void *data, bool write);
void vhm_pic_get(struct vhm_irqchip *irqchip, unsigned int chip, struct kvm_pic_state *state);
void vhm_pic_set(struct vhm_irqchip *irqchip, unsigned int chip, const struct kvm_pic_state *state);

static inline bool vhm_pic_output(const struct vhm_irqchip *irqchip)
{
	return READ_ONCE(irqchip->pic.output);
}

/* ioapic.c */
void vhm_ioapic_init(struct vhm_irqchip *irqchip);
void vhm_ioapic_stop(struct vhm_irqchip *irqchip);
int vhm_ioapic_set_pin(struct vhm_irqchip *irqchip, unsigned int pin, const struct vhm_line *line);
void vhm_ioapic_end(struct vhm_irqchip *irqchip, u8 vector, bool level);
bool vhm_ioapic_in_page(const struct vhm_irqchip *irqchip, u64 gpa, unsigned int length);
void vhm_ioapic_mmio(struct vhm_vcpu *v, u64 gpa, void *data, unsigned int length, bool write);
void vhm_ioapic_get(struct vhm_irqchip *irqchip, struct kvm_ioapic_state *state);
void vhm_ioapic_set(struct vhm_irqchip *irqchip, const struct kvm_ioapic_state *state);

/* Is an access where no memory is the I/O APIC's? */
static inline bool vhm_ioapic_claims(const struct vhm_vcpu *v, u64 gpa, unsigned int length)
{
	const struct vhm_irqchip *irqchip = unlikely(v->lapic) ? v->vm->irqchip : NULL;

	return unlikely(irqchip) && vhm_ioapic_in_page(irqchip, gpa, length);
}

#endif /* VHM_IRQCHIP_H */
