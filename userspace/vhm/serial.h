/* SPDX-License-Identifier: GPL-2.0 */
/* A 16550A serial port. */
#ifndef VHM_SERIAL_H
#define VHM_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORT	0x3f8
#define SERIAL_PORTS	8
#define SERIAL_IRQ	4
#define SERIAL_FIFO	16

/* How long the interrupt of an empty transmitter may take, in ns: a byte at 9600 baud. */
#define SERIAL_DELAY	1000000ull

struct serial {
	uint8_t fifo[SERIAL_FIFO];	/* received, not yet read */
	unsigned int first;
	unsigned int used;
	bool sent;		/* bytes are under way, as far as the guest knows */
	bool transmitted;	/* the transmitter's interrupt is due */
	uint8_t ier;
	uint8_t fcr;
	uint8_t lcr;
	uint8_t mcr;
	uint8_t lsr_errors;
	uint8_t msr;
	uint8_t scratch;
	uint16_t divisor;
};

void serial_init(struct serial *serial);
uint8_t serial_read(struct serial *serial, unsigned int reg);
int serial_write(struct serial *serial, unsigned int reg, uint8_t value);
size_t serial_room(const struct serial *serial);
void serial_receive(struct serial *serial, uint8_t byte);
void serial_drain(struct serial *serial);
bool serial_waits(const struct serial *serial);
bool serial_line(const struct serial *serial);

#endif /* VHM_SERIAL_H */
