// SPDX-License-Identifier: GPL-2.0
/*
 * An I/O APIC: each pin has an entry of the redirection table, which makes a
 * message of its interrupt. See the datasheet "82093AA I/O Advanced Programmable
 * Interrupt Controller (IOAPIC)"; the EOI register is that of its successors, and
 * of what they have in common see the SDM's "Message Address Register Format" and
 * "Message Data Register Format".
 *
 * Lines are told as asserted or not: the polarity of a pin is kept, for the guest
 * to read, and has no effect.
 */
#include <string.h>

#include "board.h"
#include "ioapic.h"

/* What the guest sees in memory. */
#define SELECT		0x00
#define WINDOW		0x10
#define END		0x40	/* EOI register */

/* The registers that SELECT chooses; from TABLE on two for each pin. */
#define ID		0x00
#define VERSION		0x01
#define ARBITRATION	0x02
#define TABLE		0x10

#define VERSION_WITH_EOI	0x20

#define ENTRY_VECTOR		0xffull
#define ENTRY_DELIVERY		0x700ull
#define ENTRY_LOWEST		0x100ull
#define ENTRY_EXTINT		0x700ull
#define ENTRY_LOGICAL		0x800ull
#define ENTRY_PENDING		0x1000ull	/* delivery status: never set */
#define ENTRY_REMOTE_IRR	0x4000ull	/* taken, and not ended yet */
#define ENTRY_LEVEL		0x8000ull
#define ENTRY_MASKED		0x10000ull
#define ENTRY_READ_ONLY		(ENTRY_PENDING | ENTRY_REMOTE_IRR)
#define ENTRY_WRITABLE		(0xff0000000001ffffull & ~ENTRY_READ_ONLY)
#define ENTRY_DESTINATION	56

#define MESSAGE_DESTINATION	12
#define MESSAGE_REDIRECT	0x8u
#define MESSAGE_LOGICAL		0x4u
#define MESSAGE_ASSERT		0x4000u

static void message(uint64_t entry, uint32_t *address, uint32_t *data)
{
	*address = BOARD_LOCAL_APIC |
		   (uint32_t)(entry >> ENTRY_DESTINATION) << MESSAGE_DESTINATION;
	if (entry & ENTRY_LOGICAL)
		*address |= MESSAGE_LOGICAL;
	if ((entry & ENTRY_DELIVERY) == ENTRY_LOWEST)
		*address |= MESSAGE_REDIRECT;
	/* Vector, delivery mode and trigger mode have the same places in both. */
	*data = (uint32_t)(entry & (ENTRY_VECTOR | ENTRY_DELIVERY | ENTRY_LEVEL)) | MESSAGE_ASSERT;
}

static void send(const struct ioapic *ioapic, uint64_t entry)
{
	uint32_t address, data;

	/* An ExtINT has no vector of its own: there is no wire to ask the 8259 by. */
	if ((entry & ENTRY_DELIVERY) == ENTRY_EXTINT)
		return;
	message(entry, &address, &data);
	ioapic->bus->send(ioapic->context, address, data);
}

/* A level goes out if it is up, may, and is not still being served. */
static void serve_level(struct ioapic *ioapic, unsigned int pin)
{
	uint64_t *entry = &ioapic->entry[pin];

	if (!(ioapic->lines & 1u << pin) ||
	    (*entry & (ENTRY_LEVEL | ENTRY_MASKED | ENTRY_REMOTE_IRR)) != ENTRY_LEVEL)
		return;
	*entry |= ENTRY_REMOTE_IRR;
	send(ioapic, *entry);
}

/**
 * ioapic_set_line() - a device drives its interrupt line
 * @ioapic: the I/O APIC
 * @pin: 0 to 23
 * @level: asserted or not
 */
void ioapic_set_line(struct ioapic *ioapic, unsigned int pin, bool level)
{
	uint64_t entry = ioapic->entry[pin];
	bool before = ioapic->lines & 1u << pin;

	if (before == level)
		return;
	ioapic->lines ^= 1u << pin;
	if (!level)
		return;
	/* The datasheet: an edge that comes while it is masked is lost. */
	if (entry & ENTRY_LEVEL)
		serve_level(ioapic, pin);
	else if (!(entry & ENTRY_MASKED))
		send(ioapic, entry);
}

/**
 * ioapic_eoi() - a CPU has ended a level-triggered interrupt
 * @ioapic: the I/O APIC
 * @vector: which
 *
 * If the line is still up the interrupt is sent again.
 */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		if (!(ioapic->entry[pin] & ENTRY_REMOTE_IRR) ||
		    (ioapic->entry[pin] & ENTRY_VECTOR) != vector)
			continue;
		ioapic->entry[pin] &= ~ENTRY_REMOTE_IRR;
		serve_level(ioapic, pin);
	}
}

/**
 * ioapic_level_message() - whose end the I/O APIC wants to be told
 * @ioapic: the I/O APIC
 * @pin: 0 to 23
 * @address: out: of its message
 * @data: out: of its message
 *
 * Return: true if the pin is level-triggered, masked or not: an interrupt of
 * before may not have ended yet.
 */
bool ioapic_level_message(const struct ioapic *ioapic, unsigned int pin, uint32_t *address,
			  uint32_t *data)
{
	message(ioapic->entry[pin], address, data);
	return ioapic->entry[pin] & ENTRY_LEVEL;
}

static uint32_t read_register(const struct ioapic *ioapic)
{
	/* Below the table the index is out of range as well. */
	unsigned int index = ioapic->select - TABLE;

	switch (ioapic->select) {
	case ID:
	case ARBITRATION:
		return (uint32_t)ioapic->id << 24;
	case VERSION:
		return (IOAPIC_PINS - 1) << 16 | VERSION_WITH_EOI;
	default:
		if (index >= 2 * IOAPIC_PINS)
			return 0;
		return (uint32_t)(ioapic->entry[index / 2] >> 32 * (index % 2));
	}
}

/**
 * ioapic_read() - the guest reads
 * @ioapic: the I/O APIC
 * @offset: from its base
 *
 * Return: the value; 0 where there is nothing.
 */
uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset)
{
	switch (offset) {
	case SELECT:
		return ioapic->select;
	case WINDOW:
		return read_register(ioapic);
	default:
		return 0;
	}
}

static void write_entry(struct ioapic *ioapic, unsigned int index, uint32_t value)
{
	uint64_t *entry = &ioapic->entry[index / 2];
	unsigned int shift = 32 * (index % 2);
	uint64_t mask = (0xffffffffull << shift) & ENTRY_WRITABLE;

	*entry = (*entry & ~mask) | ((uint64_t)value << shift & mask);
	/* Only a level is ever being served. */
	if (!(*entry & ENTRY_LEVEL))
		*entry &= ~ENTRY_REMOTE_IRR;
	ioapic->bus->changed(ioapic->context);
	serve_level(ioapic, index / 2);
}

static void write_register(struct ioapic *ioapic, uint32_t value)
{
	unsigned int index = ioapic->select - TABLE;

	if (ioapic->select == ID)
		ioapic->id = value >> 24 & 0xf;
	else if (index < 2 * IOAPIC_PINS)
		write_entry(ioapic, index, value);
}

/**
 * ioapic_write() - the guest writes
 * @ioapic: the I/O APIC
 * @offset: from its base
 * @value: the value
 */
void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case SELECT:
		ioapic->select = (uint8_t)value;
		break;
	case WINDOW:
		write_register(ioapic, value);
		break;
	case END:
		ioapic_eoi(ioapic, (uint8_t)value);
		break;
	default:
		break;
	}
}

/**
 * ioapic_init() - bring the I/O APIC to its state after power-on
 * @ioapic: the I/O APIC
 * @bus: its surroundings
 * @context: for them
 */
void ioapic_init(struct ioapic *ioapic, const struct ioapic_bus *bus, void *context)
{
	unsigned int pin;

	memset(ioapic, 0, sizeof(*ioapic));
	ioapic->id = BOARD_IOAPIC_ID;
	ioapic->bus = bus;
	ioapic->context = context;
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		ioapic->entry[pin] = ENTRY_MASKED;
}
