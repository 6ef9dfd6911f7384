// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A. The transmitter is infinitely fast: whenever the guest looks, it is
 * empty. Its interrupt comes later, so that a guest which fills the FIFO is not
 * interrupted for each byte: when the guest looks, or by serial_drain(). The
 * receiver takes bytes only as fast as the guest reads them, so nothing is ever
 * lost. See the datasheet "PC16550D Universal Asynchronous Receiver/Transmitter
 * with FIFOs".
 */
#include <string.h>

#include "serial.h"

/* The registers, by offset from the port; the first two have three meanings. */
#define DATA		0
#define IER		1
#define IIR		2	/* read; FCR when written */
#define LCR		3
#define MCR		4
#define LSR		5
#define MSR		6
#define SCRATCH		7

#define IER_RECEIVED	0x01
#define IER_TRANSMITTED	0x02
#define IER_LINE	0x04
#define IER_MODEM	0x08
#define IER_MASK	0x0f

#define IIR_NONE	0x01
#define IIR_MODEM	0x00
#define IIR_TRANSMITTED	0x02
#define IIR_RECEIVED	0x04
#define IIR_LINE	0x06
#define IIR_TIMEOUT	0x0c
#define IIR_FIFOS	0xc0

#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define FCR_KEPT	0xc9	/* the bits that are not commands */

#define LCR_DIVISOR	0x80

#define MCR_DTR		0x01
#define MCR_RTS		0x02
#define MCR_OUT1	0x04
#define MCR_OUT2	0x08	/* a PC gates the interrupt line with it */
#define MCR_LOOP	0x10
#define MCR_MASK	0x1f

#define LSR_DATA	0x01
#define LSR_OVERRUN	0x02
#define LSR_EMPTY	0x60	/* transmitter and its holding register */

#define MSR_DELTAS	0x0f
#define MSR_CTS		0x10
#define MSR_DSR		0x20
#define MSR_RI		0x40
#define MSR_DCD		0x80

static unsigned int depth(const struct serial *serial)
{
	return serial->fcr & FCR_ENABLE ? SERIAL_FIFO : 1;
}

/* How many bytes make the FIFO ask for attention at once. */
static unsigned int trigger(const struct serial *serial)
{
	static const unsigned int levels[] = { 1, 4, 8, 14 };

	return serial->fcr & FCR_ENABLE ? levels[serial->fcr >> 6] : 1;
}

/* What the guest reads in IIR's low bits: the most urgent interrupt. */
static uint8_t pending(const struct serial *serial)
{
	if (serial->ier & IER_LINE && serial->lsr_errors)
		return IIR_LINE;
	/* Nothing more is on the way: a partly filled FIFO times out at once. */
	if (serial->ier & IER_RECEIVED && serial->used)
		return serial->used >= trigger(serial) ? IIR_RECEIVED :
							 IIR_TIMEOUT;
	if (serial->ier & IER_TRANSMITTED && serial->transmitted)
		return IIR_TRANSMITTED;
	if (serial->ier & IER_MODEM && serial->msr & MSR_DELTAS)
		return IIR_MODEM;
	return IIR_NONE;
}

/**
 * serial_line() - the level of the interrupt line
 * @serial: the port
 *
 * Return: true when it is up.
 */
bool serial_line(const struct serial *serial)
{
	return serial->mcr & MCR_OUT2 && !(serial->mcr & MCR_LOOP) &&
	       pending(serial) != IIR_NONE;
}

/**
 * serial_room() - how many bytes can be received now
 * @serial: the port
 *
 * Return: for how many calls of serial_receive() there is room.
 */
size_t serial_room(const struct serial *serial)
{
	if (serial->mcr & MCR_LOOP || serial->used >= depth(serial))
		return 0;
	return depth(serial) - serial->used;
}

/**
 * serial_receive() - a byte comes in
 * @serial: the port; without room the byte is lost and an overrun noted
 * @byte: the byte
 */
void serial_receive(struct serial *serial, uint8_t byte)
{
	if (serial->used >= depth(serial)) {
		serial->lsr_errors |= LSR_OVERRUN;
		return;
	}
	serial->fifo[(serial->first + serial->used) % SERIAL_FIFO] = byte;
	serial->used++;
}

static uint8_t take_byte(struct serial *serial)
{
	uint8_t byte;

	if (!serial->used)
		return 0;
	byte = serial->fifo[serial->first];
	serial->first = (serial->first + 1) % SERIAL_FIFO;
	serial->used--;
	return byte;
}

/* The modem's lines as they are: all ready, or our own looped back. */
static uint8_t modem_lines(const struct serial *serial)
{
	uint8_t lines = 0;

	if (!(serial->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if (serial->mcr & MCR_RTS)
		lines |= MSR_CTS;
	if (serial->mcr & MCR_DTR)
		lines |= MSR_DSR;
	if (serial->mcr & MCR_OUT1)
		lines |= MSR_RI;
	if (serial->mcr & MCR_OUT2)
		lines |= MSR_DCD;
	return lines;
}

static void write_mcr(struct serial *serial, uint8_t value)
{
	uint8_t before = serial->msr & ~MSR_DELTAS;
	uint8_t deltas, after;

	serial->mcr = value & MCR_MASK;
	after = modem_lines(serial);
	deltas = (before ^ after) >> 4;
	/* Only the end of a ring is noted. */
	if (after & MSR_RI)
		deltas &= ~(MSR_RI >> 4);
	serial->msr = after | (serial->msr & MSR_DELTAS) | deltas;
}

static void write_fcr(struct serial *serial, uint8_t value)
{
	/* Switching the FIFOs on or off empties them. */
	if (value & FCR_CLEAR_RX || (value ^ serial->fcr) & FCR_ENABLE)
		serial->used = 0;
	serial->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

/**
 * serial_drain() - what has been written is on the wire
 * @serial: the port
 */
void serial_drain(struct serial *serial)
{
	if (serial->sent)
		serial->transmitted = true;
	serial->sent = false;
}

/**
 * serial_waits() - does the guest wait to be told that its bytes have gone?
 * @serial: the port
 *
 * Return: true if so: then see that serial_drain() is called within SERIAL_DELAY.
 */
bool serial_waits(const struct serial *serial)
{
	return serial->sent && serial->ier & IER_TRANSMITTED;
}

static void write_ier(struct serial *serial, uint8_t value)
{
	serial_drain(serial);
	/* An empty transmitter says so as soon as it may. */
	if (value & ~serial->ier & IER_TRANSMITTED)
		serial->transmitted = true;
	serial->ier = value & IER_MASK;
}

static int transmit(struct serial *serial, uint8_t value)
{
	serial->sent = true;
	serial->transmitted = false;
	if (!(serial->fcr & FCR_ENABLE))
		serial_drain(serial);
	if (serial->mcr & MCR_LOOP) {
		serial_receive(serial, value);
		return -1;
	}
	return value;
}

/**
 * serial_write() - the guest writes a register
 * @serial: the port
 * @reg: 0 to 7
 * @value: the byte
 *
 * Return: the byte that goes out on the wire, -1 if none does.
 */
int serial_write(struct serial *serial, unsigned int reg, uint8_t value)
{
	bool divisor = serial->lcr & LCR_DIVISOR;

	switch (reg) {
	case DATA:
		if (!divisor)
			return transmit(serial, value);
		serial->divisor = (serial->divisor & 0xff00) | value;
		break;
	case IER:
		if (divisor)
			serial->divisor = (uint16_t)(value << 8 |
						     (serial->divisor & 0xff));
		else
			write_ier(serial, value);
		break;
	case IIR:
		write_fcr(serial, value);
		break;
	case LCR:
		serial->lcr = value;
		break;
	case MCR:
		write_mcr(serial, value);
		break;
	case SCRATCH:
		serial->scratch = value;
		break;
	default:		/* the status registers */
		break;
	}
	return -1;
}

static uint8_t read_iir(struct serial *serial)
{
	uint8_t value;

	serial_drain(serial);
	value = pending(serial);
	if (value == IIR_TRANSMITTED)
		serial->transmitted = false;
	if (serial->fcr & FCR_ENABLE)
		value |= IIR_FIFOS;
	return value;
}

static uint8_t read_lsr(struct serial *serial)
{
	uint8_t value = LSR_EMPTY | serial->lsr_errors;

	serial_drain(serial);
	serial->lsr_errors = 0;
	return serial->used ? value | LSR_DATA : value;
}

static uint8_t read_msr(struct serial *serial)
{
	uint8_t value = serial->msr;

	serial->msr &= ~MSR_DELTAS;
	return value;
}

/**
 * serial_read() - the guest reads a register
 * @serial: the port
 * @reg: 0 to 7
 *
 * Return: the byte.
 */
uint8_t serial_read(struct serial *serial, unsigned int reg)
{
	bool divisor = serial->lcr & LCR_DIVISOR;

	switch (reg) {
	case DATA:
		return divisor ? (uint8_t)serial->divisor : take_byte(serial);
	case IER:
		return divisor ? (uint8_t)(serial->divisor >> 8) : serial->ier;
	case IIR:
		return read_iir(serial);
	case LCR:
		return serial->lcr;
	case MCR:
		return serial->mcr;
	case LSR:
		return read_lsr(serial);
	case MSR:
		return read_msr(serial);
	default:
		return serial->scratch;
	}
}

/**
 * serial_init() - bring the port to its state after power-on
 * @serial: the port
 */
void serial_init(struct serial *serial)
{
	memset(serial, 0, sizeof(*serial));
	serial->divisor = 12;	/* 9600 baud, as firmware leaves it */
	serial->msr = modem_lines(serial);
}
