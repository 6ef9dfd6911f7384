// SPDX-License-Identifier: GPL-2.0
/* The 16550A: both ways, FIFOs, each interrupt, loopback. */
#include <stdlib.h>

#include "serial.h"
#include "tap.h"

static void start(struct serial *serial)
{
	serial_init(serial);
	serial_write(serial, 3, 0x03);
	serial_write(serial, 2, 0x81);	/* FIFOs, attention at 8 */
	serial_write(serial, 4, 0x0b);
}

static void receive(struct serial *serial, unsigned int count)
{
	while (count--)
		serial_receive(serial, (uint8_t)('a' + count % 26));
}

static void test_transmit(void)
{
	struct serial serial;

	start(&serial);
	tap_ok(serial_read(&serial, 5) == 0x60, "serial: the transmitter is empty");
	tap_ok(serial_write(&serial, 0, 'x') == 'x', "serial: a byte goes out");
	tap_ok(serial_read(&serial, 5) == 0x60, "serial: at once");
	tap_ok(serial_write(&serial, 3, 0x83) == -1 &&
	       serial_write(&serial, 0, 0x01) == -1 &&
	       serial_write(&serial, 1, 0x02) == -1 &&
	       serial_read(&serial, 0) == 0x01 &&
	       serial_read(&serial, 1) == 0x02,
	       "serial: the divisor lies over data and IER");
	serial_write(&serial, 3, 0x03);
	tap_ok(serial_read(&serial, 1) == 0, "serial: IER is as it was");

	tap_ok(!serial_line(&serial), "serial: no interrupt unasked");
	serial_write(&serial, 1, 0x02);
	tap_ok(serial_line(&serial) && serial_read(&serial, 2) == 0xc2,
	       "serial: an empty transmitter interrupts when it may");
	tap_ok(!serial_line(&serial) && serial_read(&serial, 2) == 0xc1,
	       "serial: reading IIR ends that");
	serial_write(&serial, 0, 'x');
	serial_write(&serial, 0, 'y');
	tap_ok(!serial_line(&serial) && serial_waits(&serial),
	       "serial: filling the FIFO does not interrupt");
	serial_drain(&serial);
	tap_ok(serial_line(&serial) && !serial_waits(&serial),
	       "serial: when it is empty the transmitter does");
	serial_write(&serial, 0, 'x');
	tap_ok(!serial_line(&serial), "serial: the next byte ends that");
	serial_read(&serial, 5);
	tap_ok(serial_line(&serial), "serial: and who looks finds it empty");
	serial_write(&serial, 0, 'x');
	tap_ok(serial_read(&serial, 2) == 0xc2, "serial: in IIR as well");
	serial_write(&serial, 0, 'x');
	serial_write(&serial, 1, 0x00);
	tap_ok(!serial_waits(&serial), "serial: who does not want to be told does not wait");
	serial_write(&serial, 1, 0x02);
	tap_ok(serial_line(&serial), "serial: until it may again");
	serial_write(&serial, 2, 0x00);
	serial_write(&serial, 0, 'x');
	tap_ok(serial_line(&serial) && !serial_waits(&serial),
	       "serial: without FIFO a byte is gone at once");
	serial_write(&serial, 2, 0x81);
	serial_write(&serial, 4, 0x03);
	tap_ok(!serial_line(&serial), "serial: OUT2 gates the line");
}

static void test_receive(void)
{
	struct serial serial;
	unsigned int i;
	bool ok = true;

	start(&serial);
	serial_write(&serial, 1, 0x05);
	tap_ok(serial_room(&serial) == 16 && !serial_line(&serial),
	       "serial: room for 16 bytes");
	receive(&serial, 1);
	tap_ok(serial_line(&serial) && serial_read(&serial, 2) == 0xcc &&
	       serial_read(&serial, 5) == 0x61,
	       "serial: one byte: the timeout interrupt");
	receive(&serial, 7);
	tap_ok(serial_read(&serial, 2) == 0xc4, "serial: eight: data available");
	receive(&serial, 8);
	tap_ok(serial_room(&serial) == 0, "serial: then it is full");
	serial_receive(&serial, '!');
	tap_ok(serial_read(&serial, 2) == 0xc6 &&
	       serial_read(&serial, 5) == 0x63 &&
	       serial_read(&serial, 5) == 0x61,
	       "serial: an overrun is told once");
	serial_read(&serial, 0);
	for (i = 15; i--;)
		ok = ok && serial_read(&serial, 0) != '!';
	tap_ok(ok && serial_read(&serial, 5) == 0x60 && !serial_line(&serial),
	       "serial: read empty, the line falls");
	tap_ok(serial_read(&serial, 0) == 0, "serial: reading more is harmless");

	receive(&serial, 5);
	serial_write(&serial, 2, 0x83);
	tap_ok(serial_read(&serial, 5) == 0x60 && serial_room(&serial) == 16,
	       "serial: the receiver can be cleared");
	receive(&serial, 5);
	serial_write(&serial, 2, 0x00);
	tap_ok(serial_room(&serial) == 1 && serial_read(&serial, 2) == 0x01,
	       "serial: without FIFOs there is room for one");
}

static void test_modem(void)
{
	struct serial serial;

	start(&serial);
	tap_ok(serial_read(&serial, 6) == 0xb0, "serial: the modem is ready");
	serial_write(&serial, 7, 0x5a);
	tap_ok(serial_read(&serial, 7) == 0x5a, "serial: scratch");

	serial_write(&serial, 4, 0x1a);
	serial_read(&serial, 6);
	tap_ok((serial_read(&serial, 6) & 0xf0) == 0x90,
	       "serial: loopback shows our own lines");
	serial_write(&serial, 4, 0x10);
	tap_ok(serial_read(&serial, 6) == 0x09, "serial: and their changes");
	tap_ok(serial_write(&serial, 0, 'l') == -1 &&
	       serial_read(&serial, 0) == 'l' && serial_room(&serial) == 0,
	       "serial: loopback keeps data inside and others out");
	serial_write(&serial, 1, 0x08);
	serial_write(&serial, 4, 0x0b);
	tap_ok(serial_line(&serial) && serial_read(&serial, 2) == 0xc0,
	       "serial: modem changes interrupt");
	serial_read(&serial, 6);
	tap_ok(!serial_line(&serial), "serial: until they are read");
}

static void test_noise(void)
{
	struct serial serial;
	unsigned int i;
	bool ok = true;

	srand(1);
	start(&serial);
	for (i = 0; i < 1000000; i++) {
		if (rand() & 1)
			serial_write(&serial, (unsigned int)rand() % 8,
				     (uint8_t)rand());
		else
			serial_read(&serial, (unsigned int)rand() % 8);
		if (serial_room(&serial))
			serial_receive(&serial, (uint8_t)i);
		ok = ok && serial.used <= SERIAL_FIFO &&
		     serial.first < SERIAL_FIFO;
	}
	tap_ok(ok, "serial: a million random accesses");
}

int main(void)
{
	tap_begin();
	test_transmit();
	test_receive();
	test_modem();
	test_noise();
	return tap_end();
}
