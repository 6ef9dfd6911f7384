/* SPDX-License-Identifier: GPL-2.0 */
/* An I/O APIC of 24 pins, whose messages go to local APICs elsewhere. */
#ifndef VHM_IOAPIC_H
#define VHM_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_PINS	24u

/**
 * struct ioapic_bus - what the I/O APIC needs of its surroundings
 * @send: send a message to the local APICs
 * @changed: an entry of the redirection table has; called before anything is sent by it
 */
struct ioapic_bus {
	void (*send)(void *context, uint32_t address, uint32_t data);
	void (*changed)(void *context);
};

struct ioapic {
	uint64_t entry[IOAPIC_PINS];	/* the redirection table */
	uint32_t lines;			/* levels of the inputs */
	uint8_t select;
	uint8_t id;
	const struct ioapic_bus *bus;
	void *context;			/* for the bus */
};

void ioapic_init(struct ioapic *ioapic, const struct ioapic_bus *bus, void *context);
uint32_t ioapic_read(const struct ioapic *ioapic, uint32_t offset);
void ioapic_write(struct ioapic *ioapic, uint32_t offset, uint32_t value);
void ioapic_set_line(struct ioapic *ioapic, unsigned int pin, bool level);
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);
bool ioapic_level_message(const struct ioapic *ioapic, unsigned int pin, uint32_t *address,
			  uint32_t *data);

#endif /* VHM_IOAPIC_H */
