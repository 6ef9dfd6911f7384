// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC: 24 pins, each of which makes a message for local APICs.
 * Intel, "82093AA I/O Advanced Programmable Interrupt Controller".
 *
 * A level-triggered pin that has been accepted (remote IRR) waits for the interrupt's
 * end, which the local APIC tells by its vector; pins[] says at once whose that is. The
 * polarity of a pin is ignored: a line is up or down.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "compat.h"
#include "irqchip.h"
#include "lapic.h"
#include "vhm.h"

#define PINS		KVM_IOAPIC_NUM_PINS
#define BASE		0xfec00000U
#define LENGTH		0x100U

/* By offset, and by what the first one selects. */
#define SELECT		0x00
#define WINDOW		0x10
#define REG_ID		0
#define REG_VERSION	1
#define REG_ARBITRATION	2
#define REG_ENTRIES	16

#define VERSION		(0x11 | (PINS - 1) << 16)

#define VECTOR(e)	((u8)(e))
#define MODE(e)		((e) & APIC_MODE_MASK)
#define LOGICAL		BIT_ULL(11)
#define PENDING		BIT_ULL(12)
#define REMOTE_IRR	BIT_ULL(14)
#define LEVEL		BIT_ULL(15)
#define MASKED		BIT_ULL(16)
#define TO(e)		((u32)((e) >> 56))
#define READ_ONLY	(REMOTE_IRR | PENDING)

/* The real-time clock's. */
#define CLOCK_PIN	8

/*
 * A line that stays up whatever the guest does interrupts it again at each end, so that
 * it comes to nothing else. As on KVM, after so many of them in a row it gets some time.
 */
#define ENDS_IN_A_ROW	10000
#define PAUSE_NS	(10 * NSEC_PER_MSEC)

static u64 *entry_of(struct vhm_ioapic *i, unsigned int pin)
{
	return &i->state.redirtbl[pin].bits;
}

static struct vhm_vm *vm_of(struct vhm_ioapic *i)
{
	return container_of(i, struct vhm_irqchip, ioapic)->vm;
}

static void set_entry(struct vhm_ioapic *i, unsigned int pin, u64 value)
{
	u64 *entry = entry_of(i, pin);
	u32 *old = &i->pins[VECTOR(*entry)], *new = &i->pins[VECTOR(value)];

	WRITE_ONCE(*old, *old & ~BIT(pin));
	WRITE_ONCE(*new, *new | BIT(pin));
	*entry = value;
}

static struct vhm_message message_of(u64 entry)
{
	return (struct vhm_message){
		.to = TO(entry),
		.vector = VECTOR(entry),
		.mode = MODE(entry),
		.logical = entry & LOGICAL,
		.lowest = MODE(entry) == APIC_DM_LOWEST,
		.level = entry & LEVEL,
		.asserted = true,
	};
}

/* Returns how many have taken it; -1: it may not go out. */
static int send(struct vhm_ioapic *i, unsigned int pin)
{
	u64 *entry = entry_of(i, pin);
	struct vhm_message m = message_of(*entry);
	int taken;

	if (*entry & MASKED || (m.level && *entry & REMOTE_IRR))
		return -1;
	if (!m.level)
		i->delivered |= BIT(pin);
	taken = vhm_apic_send(vm_of(i), NULL, &m);
	/* Its end cannot be told before: it takes our lock. */
	if (m.level && taken > 0)
		*entry |= REMOTE_IRR;
	return taken;
}

static bool clock_owes_end(struct vhm_ioapic *i)
{
	const struct vhm_message m = message_of(*entry_of(i, CLOCK_PIN));

	return vhm_apic_owes_eoi(vm_of(i), &m);
}

static int set_level(struct vhm_ioapic *i, unsigned int pin, bool level)
{
	u32 bit = BIT(pin), before = i->state.irr;
	bool edge = !(*entry_of(i, pin) & LEVEL);

	if (!level) {
		i->state.irr &= ~bit;
		return 1;
	}
	i->state.irr |= bit;
	if (edge) {
		i->delivered &= ~bit;
		if (before & bit)
			return 0;
	}
	return send(i, pin);
}

/**
 * vhm_ioapic_set_pin() - a line changes
 * @irqchip: whose; in any context
 * @pin: 0 to 23
 * @line: how
 *
 * Who raises the real-time clock's and asks what becomes of it has it raised only when
 * the last one has been ended, as on KVM: some guests count its interrupts.
 *
 * Return: how many local APICs have taken it; 0: it waits already; -1: it is masked, or an
 * older one has not been ended; 1 when it falls.
 */
int vhm_ioapic_set_pin(struct vhm_irqchip *irqchip, unsigned int pin, const struct vhm_line *line)
{
	struct vhm_ioapic *i = &irqchip->ioapic;
	unsigned long flags;
	bool level;
	int result = 0;

	raw_spin_lock_irqsave(&i->lock, flags);
	level = vhm_line_level(&i->sources[pin], line);
	if (!level || pin != CLOCK_PIN || !line->status || !clock_owes_end(i))
		result = set_level(i, pin, level);
	raw_spin_unlock_irqrestore(&i->lock, flags);
	return result;
}

/* Remote IRR falls; a line that is still up interrupts again. */
static void end_level(struct vhm_ioapic *i, unsigned int pin)
{
	*entry_of(i, pin) &= ~REMOTE_IRR;
	if (*entry_of(i, pin) & MASKED || !(i->state.irr & BIT(pin))) {
		i->ends[pin] = 0;
	} else if (++i->ends[pin] < ENDS_IN_A_ROW) {
		send(i, pin);
	} else {
		i->ends[pin] = 0;
		hrtimer_start(&i->again, ns_to_ktime(PAUSE_NS), HRTIMER_MODE_REL_HARD);
	}
}

static void end_pin(struct vhm_ioapic *i, unsigned int pin, u8 vector, bool level)
{
	unsigned long flags;
	u64 entry;

	/* Who is told may lower the line, which then does not interrupt again. */
	vhm_pin_acknowledged(vm_of(i), KVM_IRQCHIP_IOAPIC, pin);
	if (!level)
		return;
	raw_spin_lock_irqsave(&i->lock, flags);
	entry = *entry_of(i, pin);
	if (entry & LEVEL && VECTOR(entry) == vector)
		end_level(i, pin);
	raw_spin_unlock_irqrestore(&i->lock, flags);
}

/**
 * vhm_ioapic_end() - a local APIC tells of an interrupt's end
 * @irqchip: whose; on the vCPU's thread
 * @vector: the interrupt's
 * @level: it was level-triggered, and its end is for the I/O APIC to see
 */
void vhm_ioapic_end(struct vhm_irqchip *irqchip, u8 vector, bool level)
{
	struct vhm_ioapic *i = &irqchip->ioapic;
	unsigned long pins = READ_ONCE(i->pins[vector]);
	unsigned int pin;

	for_each_set_bit(pin, &pins, PINS)
		end_pin(i, pin, vector, level);
}

static enum hrtimer_restart send_again(struct hrtimer *timer)
{
	struct vhm_ioapic *i = container_of(timer, struct vhm_ioapic, again);
	unsigned long flags;
	unsigned int pin;

	raw_spin_lock_irqsave(&i->lock, flags);
	for (pin = 0; pin < PINS; pin++)
		if (i->state.irr & BIT(pin) && *entry_of(i, pin) & LEVEL)
			send(i, pin);
	raw_spin_unlock_irqrestore(&i->lock, flags);
	return HRTIMER_NORESTART;
}

/**
 * vhm_ioapic_init() - all pins masked
 * @irqchip: zeroed
 */
void vhm_ioapic_init(struct vhm_irqchip *irqchip)
{
	struct vhm_ioapic *i = &irqchip->ioapic;
	unsigned int pin;

	raw_spin_lock_init(&i->lock);
	vhm_hrtimer_setup(&i->again, send_again, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	i->state.base_address = BASE;
	for (pin = 0; pin < PINS; pin++)
		set_entry(i, pin, MASKED);
}

/**
 * vhm_ioapic_stop() - nothing is sent again
 * @irqchip: whose; nobody uses it any more
 */
void vhm_ioapic_stop(struct vhm_irqchip *irqchip)
{
	hrtimer_cancel(&irqchip->ioapic.again);
}

static bool find_entry(const struct vhm_ioapic *i, unsigned int *pin)
{
	*pin = (i->state.ioregsel - REG_ENTRIES) / 2;
	if (i->state.ioregsel < REG_ENTRIES || *pin >= PINS)
		return false;
	*pin = array_index_nospec(*pin, PINS);
	return true;
}

/* A register that is not there reads as ones. */
static u32 read_entry(struct vhm_ioapic *i)
{
	unsigned int pin;
	u64 entry;

	if (!find_entry(i, &pin))
		return ~0U;
	entry = *entry_of(i, pin);
	return i->state.ioregsel & 1 ? entry >> 32 : entry;
}

static u32 read_window(struct vhm_ioapic *i)
{
	switch (i->state.ioregsel) {
	case REG_ID:
	case REG_ARBITRATION:
		return (i->state.id & 0xf) << 24;
	case REG_VERSION:
		return VERSION;
	default:
		return read_entry(i);
	}
}

/*
 * One half of an entry. Guests without the register that newer chips have for it end an
 * interrupt by making the pin an edge-triggered one.
 */
static void write_entry(struct vhm_ioapic *i, u32 value)
{
	unsigned int pin;
	u64 old, new;

	if (!find_entry(i, &pin))
		return;
	old = *entry_of(i, pin);
	if (i->state.ioregsel & 1)
		new = (u32)old | (u64)value << 32;
	else
		new = (old & ~(u64)U32_MAX) | value;
	new = (new & ~READ_ONLY) | (old & READ_ONLY);
	if (!(new & LEVEL))
		new &= ~REMOTE_IRR;
	set_entry(i, pin, new);
	if (old & ~new & MASKED)
		vhm_pin_unmasked(vm_of(i), KVM_IRQCHIP_IOAPIC, pin);
	if (new & LEVEL && i->state.irr & BIT(pin))
		send(i, pin);
}

static void write_window(struct vhm_ioapic *i, u32 value)
{
	switch (i->state.ioregsel) {
	case REG_ID:
		i->state.id = value >> 24 & 0xf;
		break;
	case REG_ARBITRATION:
	case REG_VERSION:
		break;
	default:
		write_entry(i, value);
	}
}

/**
 * vhm_ioapic_in_page() - are these addresses the I/O APIC's?
 * @irqchip: whose
 * @gpa: the first one
 * @length: how many
 *
 * User space may say in its state that it is elsewhere: then it is nowhere, as on KVM.
 *
 * Return: true if all of them are.
 */
bool vhm_ioapic_in_page(const struct vhm_irqchip *irqchip, u64 gpa, unsigned int length)
{
	return gpa >= BASE && gpa + length <= BASE + LENGTH &&
	       gpa - READ_ONCE(irqchip->ioapic.state.base_address) < LENGTH;
}

static u32 mmio_read(struct vhm_ioapic *i, unsigned int offset)
{
	switch (offset) {
	case SELECT:
		return i->state.ioregsel;
	case WINDOW:
		return read_window(i);
	default:
		return 0;
	}
}

static void mmio_write(struct vhm_ioapic *i, unsigned int offset, u32 value)
{
	switch (offset) {
	case SELECT:
		i->state.ioregsel = value & 0xff;
		break;
	case WINDOW:
		write_window(i, value);
		break;
	default:
		break;
	}
}

/**
 * vhm_ioapic_mmio() - an access for which vhm_ioapic_in_page() holds
 * @v: the vCPU
 * @gpa: where
 * @data: what is written, or room for what is read
 * @length: 1 to 16; only the first four bytes are of use, the others read as 0
 * @write: which of the two
 */
void vhm_ioapic_mmio(struct vhm_vcpu *v, u64 gpa, void *data, unsigned int length, bool write)
{
	struct vhm_ioapic *i = &v->vm->irqchip->ioapic;
	unsigned int used = min_t(unsigned int, length, sizeof(u32));
	unsigned long flags;
	u32 value = 0;

	if (write)
		memcpy(&value, data, used);
	raw_spin_lock_irqsave(&i->lock, flags);
	if (write)
		mmio_write(i, gpa - BASE, value);
	else
		value = mmio_read(i, gpa - BASE);
	raw_spin_unlock_irqrestore(&i->lock, flags);
	if (write)
		return;
	memset(data, 0, length);
	memcpy(data, &value, used);
}

/**
 * vhm_ioapic_get() - its state
 * @irqchip: whose
 * @state: to fill; edges that have gone out do not wait any more
 */
void vhm_ioapic_get(struct vhm_irqchip *irqchip, struct kvm_ioapic_state *state)
{
	struct vhm_ioapic *i = &irqchip->ioapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&i->lock, flags);
	*state = i->state;
	state->irr &= ~i->delivered;
	raw_spin_unlock_irqrestore(&i->lock, flags);
}

/**
 * vhm_ioapic_set() - its state, from user space
 * @irqchip: whose
 * @state: any; lines that are up in it are raised
 */
void vhm_ioapic_set(struct vhm_irqchip *irqchip, const struct kvm_ioapic_state *state)
{
	struct vhm_ioapic *i = &irqchip->ioapic;
	unsigned long flags, raised = state->irr;
	unsigned int pin;

	raw_spin_lock_irqsave(&i->lock, flags);
	i->state = *state;
	memset(i->pins, 0, sizeof(i->pins));
	for (pin = 0; pin < PINS; pin++)
		set_entry(i, pin, state->redirtbl[pin].bits);
	i->state.irr = 0;
	i->delivered = 0;
	for_each_set_bit(pin, &raised, PINS)
		set_level(i, pin, true);
	raw_spin_unlock_irqrestore(&i->lock, flags);
}
