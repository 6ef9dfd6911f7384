// SPDX-License-Identifier: GPL-2.0
/*
 * Two 8259s, the slave at the master's line 2, with the ports that choose edge or level
 * for each line (ELCR). Intel, "8259A Programmable Interrupt Controller".
 *
 * What the manual leaves open is as on KVM, and so is what is not there: single mode,
 * level mode of all lines at once. The master's output goes to the local APICs' LINT0.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/nospec.h>

#include "irqchip.h"
#include "vhm.h"

#define MASTER		KVM_IRQCHIP_PIC_MASTER
#define SLAVE		KVM_IRQCHIP_PIC_SLAVE
#define CASCADE		2	/* the master's line for the slave */
#define SPURIOUS	7
#define NONE		8	/* behind the least urgent line */

/* Initialization and operation command words. */
#define ICW1		BIT(4)
#define ICW1_ICW4	BIT(0)
#define ICW2_VECTOR	0xf8
#define ICW4_NESTED	BIT(4)
#define ICW4_AUTO_EOI	BIT(1)
#define OCW3		BIT(3)
#define OCW3_POLL	BIT(2)
#define OCW3_READ	BIT(1)
#define OCW3_READ_ISR	BIT(0)
#define OCW3_SET_MASK	BIT(6)
#define OCW3_MASK	BIT(5)
#define OCW2_LINE	7

/* What OCW2's upper three bits command. */
enum {
	ROTATE_AUTO_OFF, END, NOTHING, END_LINE, ROTATE_AUTO_ON, ROTATE_END, SET_PRIORITY,
	ROTATE_END_LINE,
};

/* What the next write to the second port is; kvm_pic_state.init_state. */
enum { WRITES_MASK, WRITES_ICW2, WRITES_ICW3, WRITES_ICW4 };

#define ELCR_PORT	0x4d0

/* Lines that may be level-triggered: not those of timer, keyboard, cascade, clock and FPU. */
static const u8 elcr_masks[] = { 0xf8, 0xde };

/**
 * vhm_pic_init() - two chips after power-up
 * @irqchip: zeroed
 */
void vhm_pic_init(struct vhm_irqchip *irqchip)
{
	raw_spin_lock_init(&irqchip->pic.lock);
	irqchip->pic.chip[MASTER].elcr_mask = elcr_masks[MASTER];
	irqchip->pic.chip[SLAVE].elcr_mask = elcr_masks[SLAVE];
}

static struct vhm_irqchip *irqchip_of(struct vhm_pic *p)
{
	return container_of(p, struct vhm_irqchip, pic);
}

/* The vCPU that hears of the 8259, as on KVM: the first whose LINT0 lets it through. */
static struct vhm_vcpu *listener(struct vhm_pic *p)
{
	struct vhm_vm *vm = irqchip_of(p)->vm;
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	for (i = 0; i < count; i++)
		if (vhm_lapic_takes_extint(vm->vcpu[i]))
			return vm->vcpu[i];
	return NULL;
}

static void unlock(struct vhm_pic *p, unsigned long flags)
	__releases(&p->lock)
{
	bool wake = p->wake;
	struct vhm_vcpu *v;

	p->wake = false;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	if (!wake)
		return;
	v = listener(p);
	if (v)
		vhm_request(v, VHM_REQUEST_EVENT);
}

/* How urgent the most urgent of some lines is: 0 to 7, or NONE. */
static unsigned int urgency(const struct kvm_pic_state *s, u8 lines)
{
	unsigned int turn = s->priority_add & 7;
	u8 turned = lines >> turn | lines << (8 - turn);

	return turned ? __ffs(turned) : NONE;
}

static unsigned int line_of(const struct kvm_pic_state *s, unsigned int urgency)
{
	return (urgency + s->priority_add) & 7;
}

/* The line that a chip wants served, or -1. */
static int wanted(const struct vhm_pic *p, unsigned int chip)
{
	const struct kvm_pic_state *s = &p->chip[chip];
	unsigned int waits = urgency(s, s->irr & ~s->imr);
	u8 served = s->isr;

	if (s->special_fully_nested_mode && chip == MASTER)
		served &= ~BIT(CASCADE);
	return waits < urgency(s, served) ? (int)line_of(s, waits) : -1;
}

/* Returns as KVM_IRQ_LINE_STATUS: 1, 0: it waits already, -1: masked. */
static int set_line(struct kvm_pic_state *s, unsigned int line, bool level)
{
	u8 bit = BIT(line);
	bool waits = s->irr & bit, rises = !(s->last_irr & bit);
	int result = 1;

	if (level) {
		if (s->elcr & bit || rises) {
			result = !waits;
			s->irr |= bit;
		}
		s->last_irr |= bit;
	} else {
		if (s->elcr & bit)
			s->irr &= ~bit;
		s->last_irr &= ~bit;
	}
	return s->imr & bit ? -1 : result;
}

/* Whatever has changed: what the processors see. */
static void update(struct vhm_pic *p)
{
	bool output;

	if (wanted(p, SLAVE) >= 0) {
		set_line(&p->chip[MASTER], CASCADE, true);
		set_line(&p->chip[MASTER], CASCADE, false);
	}
	output = wanted(p, MASTER) >= 0;
	if (output && !p->output)
		p->wake = true;
	WRITE_ONCE(p->output, output);
}

/**
 * vhm_pic_set_pin() - a line changes
 * @irqchip: whose; in any context
 * @chip: KVM_IRQCHIP_PIC_MASTER or _SLAVE
 * @pin: 0 to 7
 * @line: how
 *
 * Return: 1; 0: it waits already; -1: it is masked.
 */
int vhm_pic_set_pin(struct vhm_irqchip *irqchip, unsigned int chip, unsigned int pin,
		    const struct vhm_line *line)
{
	struct vhm_pic *p = &irqchip->pic;
	unsigned long flags;
	int result;

	raw_spin_lock_irqsave(&p->lock, flags);
	result = set_line(&p->chip[chip], pin, vhm_line_level(&p->sources[chip][pin], line));
	update(p);
	unlock(p, flags);
	return result;
}

/*
 * The end of service. Who is told may raise or lower lines, so the lock is free
 * meanwhile; all that has been changed so far is whole.
 */
static void end(struct vhm_pic *p, unsigned int chip, unsigned int line)
	__must_hold(&p->lock)
{
	p->chip[chip].isr &= ~BIT(line);
	raw_spin_unlock(&p->lock);
	vhm_pin_acknowledged(irqchip_of(p)->vm, chip, line);
	raw_spin_lock(&p->lock);
}

/* A level-triggered line waits as long as it is up. */
static void acknowledge(struct vhm_pic *p, unsigned int chip, unsigned int line)
{
	struct kvm_pic_state *s = &p->chip[chip];

	s->isr |= BIT(line);
	if (!(s->elcr & BIT(line)))
		s->irr &= ~BIT(line);
	if (!s->auto_eoi)
		return;
	if (s->rotate_on_auto_eoi)
		s->priority_add = (line + 1) & 7;
	end(p, chip, line);
}

/* The vector of what a chip wants served now; a line that has gone meanwhile is spurious. */
static u8 take(struct vhm_pic *p, unsigned int chip)
{
	int line = wanted(p, chip);

	if (line >= 0)
		acknowledge(p, chip, line);
	else
		line = SPURIOUS;
	if (chip == MASTER && line == CASCADE)
		return take(p, SLAVE);
	return p->chip[chip].irq_base + line;
}

/**
 * vhm_pic_acknowledge() - a processor takes the interrupt
 * @irqchip: whose; on the vCPU's thread
 *
 * Return: its vector, maybe a spurious one.
 */
u8 vhm_pic_acknowledge(struct vhm_irqchip *irqchip)
{
	struct vhm_pic *p = &irqchip->pic;
	unsigned long flags;
	u8 vector;

	raw_spin_lock_irqsave(&p->lock, flags);
	WRITE_ONCE(p->output, false);
	vector = take(p, MASTER);
	update(p);
	unlock(p, flags);
	return vector;
}

/* ICW1. Edges that waited are gone, and who made them is told, as on KVM. */
static void initialize(struct vhm_pic *p, unsigned int chip, u8 command)
{
	struct kvm_pic_state *s = &p->chip[chip];
	unsigned long edges = s->irr & ~s->elcr;
	unsigned int line;

	s->init4 = command & ICW1_ICW4;
	s->last_irr = 0;
	s->irr &= s->elcr;
	s->imr = 0;
	s->priority_add = 0;
	s->special_mask = 0;
	s->read_reg_select = 0;
	if (!s->init4) {
		s->special_fully_nested_mode = 0;
		s->auto_eoi = 0;
	}
	s->init_state = WRITES_ICW2;
	if (!listener(p))
		return;
	for_each_set_bit(line, &edges, VHM_PIC_PINS)
		end(p, chip, line);
}

static void operate(struct kvm_pic_state *s, u8 command)
{
	if (command & OCW3_POLL)
		s->poll = 1;
	if (command & OCW3_READ)
		s->read_reg_select = command & OCW3_READ_ISR;
	if (command & OCW3_SET_MASK)
		s->special_mask = !!(command & OCW3_MASK);
}

/* Of the most urgent line in service. */
static void end_unspecific(struct vhm_pic *p, unsigned int chip, bool rotate)
{
	struct kvm_pic_state *s = &p->chip[chip];
	unsigned int served = urgency(s, s->isr), line = line_of(s, served);

	if (served == NONE)
		return;
	if (rotate)
		s->priority_add = (line + 1) & 7;
	end(p, chip, line);
	update(p);
}

/* OCW2: ends of interrupts, and who is urgent. */
static void end_or_rotate(struct vhm_pic *p, unsigned int chip, u8 command)
{
	struct kvm_pic_state *s = &p->chip[chip];
	unsigned int line = command & OCW2_LINE;

	switch (command >> 5) {
	case ROTATE_AUTO_OFF:
	case ROTATE_AUTO_ON:
		s->rotate_on_auto_eoi = command >> 7;
		break;
	case END:
	case ROTATE_END:
		end_unspecific(p, chip, command >> 5 == ROTATE_END);
		break;
	case ROTATE_END_LINE:
		s->priority_add = (line + 1) & 7;
		fallthrough;
	case END_LINE:
		end(p, chip, line);
		update(p);
		break;
	case SET_PRIORITY:
		s->priority_add = (line + 1) & 7;
		update(p);
		break;
	default:
		break;
	}
}

static void write_command(struct vhm_pic *p, unsigned int chip, u8 command)
{
	if (command & ICW1)
		initialize(p, chip, command);
	else if (command & OCW3)
		operate(&p->chip[chip], command);
	else
		end_or_rotate(p, chip, command);
}

static void set_mask(struct vhm_pic *p, unsigned int chip, u8 mask)
{
	unsigned long opened = p->chip[chip].imr & ~mask;
	unsigned int line;

	p->chip[chip].imr = mask;
	for_each_set_bit(line, &opened, VHM_PIC_PINS)
		vhm_pin_unmasked(irqchip_of(p)->vm, chip, line);
	update(p);
}

/* The second port: ICW2 to ICW4 behind ICW1, else the mask. */
static void write_data(struct vhm_pic *p, unsigned int chip, u8 data)
{
	struct kvm_pic_state *s = &p->chip[chip];

	switch (s->init_state) {
	case WRITES_MASK:
		set_mask(p, chip, data);
		break;
	case WRITES_ICW2:
		s->irq_base = data & ICW2_VECTOR;
		s->init_state = WRITES_ICW3;
		break;
	case WRITES_ICW3:
		s->init_state = s->init4 ? WRITES_ICW4 : WRITES_MASK;
		break;
	case WRITES_ICW4:
		s->special_fully_nested_mode = !!(data & ICW4_NESTED);
		s->auto_eoi = !!(data & ICW4_AUTO_EOI);
		s->init_state = WRITES_MASK;
		break;
	default:
		/* What user space alone can put there. */
		break;
	}
}

/* As on KVM the answer is the line alone, without the bit that says that there is one. */
static u8 poll(struct vhm_pic *p, unsigned int chip)
{
	struct kvm_pic_state *s = &p->chip[chip];
	int line = wanted(p, chip);

	s->poll = 0;
	if (line < 0) {
		update(p);
		return SPURIOUS;
	}
	if (chip == SLAVE) {
		p->chip[MASTER].isr &= ~BIT(CASCADE);
		p->chip[MASTER].irr &= ~BIT(CASCADE);
	}
	s->irr &= ~BIT(line);
	end(p, chip, line);
	if (chip == SLAVE || line != CASCADE)
		update(p);
	return line;
}

static u8 read_port(struct vhm_pic *p, unsigned int chip, bool second)
{
	const struct kvm_pic_state *s = &p->chip[chip];

	if (s->poll)
		return poll(p, chip);
	if (second)
		return s->imr;
	return s->read_reg_select ? s->isr : s->irr;
}

/**
 * vhm_pic_claims() - are these ports the 8259s'?
 * @port: the first one
 * @size: 1, 2 or 4
 *
 * Return: true if all are one chip's.
 */
bool vhm_pic_claims(u16 port, unsigned int size)
{
	switch (port) {
	case 0x20:
	case 0xa0:
	case ELCR_PORT:
		return size <= 2;
	case 0x21:
	case 0xa1:
	case ELCR_PORT + 1:
		return size == 1;
	default:
		return false;
	}
}

static void access_chip(struct vhm_pic *p, u16 port, u8 *data, bool write)
{
	unsigned int chip = port & 0x80 ? SLAVE : MASTER;
	bool second = port & 1;

	if (!write)
		*data = read_port(p, chip, second);
	else if (second)
		write_data(p, chip, *data);
	else
		write_command(p, chip, *data);
}

static void access_elcr(struct kvm_pic_state *s, u8 *data, bool write)
{
	if (write)
		s->elcr = *data & s->elcr_mask;
	else
		*data = s->elcr;
}

/**
 * vhm_pic_port() - an access to a port for which vhm_pic_claims() holds
 * @irqchip: whose; on a vCPU's thread
 * @port: the first one
 * @size: as KVM, what is not one byte is ignored, and reads as 0
 * @data: what is written, or zeroed room for what is read
 * @write: which of the two
 */
void vhm_pic_port(struct vhm_irqchip *irqchip, u16 port, unsigned int size, void *data, bool write)
{
	struct vhm_pic *p = &irqchip->pic;
	unsigned long flags;

	if (size != 1)
		return;
	raw_spin_lock_irqsave(&p->lock, flags);
	if ((port & ~1) == ELCR_PORT)
		access_elcr(&p->chip[array_index_nospec(port & 1, 2)], data, write);
	else
		access_chip(p, port, data, write);
	unlock(p, flags);
}

/**
 * vhm_pic_get() - a chip's state
 * @irqchip: whose
 * @chip: KVM_IRQCHIP_PIC_MASTER or _SLAVE
 * @state: to fill
 */
void vhm_pic_get(struct vhm_irqchip *irqchip, unsigned int chip, struct kvm_pic_state *state)
{
	struct vhm_pic *p = &irqchip->pic;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	*state = p->chip[chip];
	unlock(p, flags);
}

/**
 * vhm_pic_set() - a chip's state, from user space
 * @irqchip: whose
 * @chip: KVM_IRQCHIP_PIC_MASTER or _SLAVE
 * @state: any
 */
void vhm_pic_set(struct vhm_irqchip *irqchip, unsigned int chip, const struct kvm_pic_state *state)
{
	struct vhm_pic *p = &irqchip->pic;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	p->chip[chip] = *state;
	update(p);
	unlock(p, flags);
}
