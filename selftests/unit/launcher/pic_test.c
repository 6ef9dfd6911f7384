// SPDX-License-Identifier: GPL-2.0
/* The 8259 pair: priorities, edges and levels, cascade, every kind of EOI. */
#include <stdlib.h>

#include "pic.h"
#include "tap.h"

#define MASTER	PIC_MASTER_PORT
#define SLAVE	PIC_SLAVE_PORT
#define EOI	0x20

/* As Linux does it: vectors 0x30 and 0x38, nothing masked. */
static void start(struct pic *pic, uint8_t icw4)
{
	pic_init(pic);
	pic_write(pic, MASTER, 0x11);
	pic_write(pic, MASTER + 1, 0x30);
	pic_write(pic, MASTER + 1, 0x04);
	pic_write(pic, MASTER + 1, icw4);
	pic_write(pic, SLAVE, 0x11);
	pic_write(pic, SLAVE + 1, 0x38);
	pic_write(pic, SLAVE + 1, 0x02);
	pic_write(pic, SLAVE + 1, icw4);
}

static void pulse(struct pic *pic, unsigned int line)
{
	pic_set_line(pic, line, false);
	pic_set_line(pic, line, true);
}

static uint8_t isr(struct pic *pic, uint16_t port)
{
	pic_write(pic, port, 0x0b);
	return pic_read(pic, port);
}

static uint8_t irr(struct pic *pic, uint16_t port)
{
	pic_write(pic, port, 0x0a);
	return pic_read(pic, port);
}

static void test_each_line(void)
{
	struct pic pic;
	unsigned int line;

	for (line = 0; line < PIC_LINES; line++) {
		bool ok;
		uint8_t vector;

		if (line == 2)
			continue;
		start(&pic, 0x01);
		ok = !pic.pending;
		pulse(&pic, line);
		ok = ok && pic.pending;
		vector = pic_acknowledge(&pic);
		ok = ok && vector == 0x30 + line && !pic.pending;
		pulse(&pic, line);
		ok = ok && !pic.pending;
		if (line >= 8)
			pic_write(&pic, SLAVE, EOI);
		pic_write(&pic, MASTER, EOI);
		ok = ok && pic.pending && pic_acknowledge(&pic) == vector;
		tap_ok(ok, "pic: line %u: vector, held back until EOI", line);
	}
}

static void test_mask(void)
{
	struct pic pic;

	pic_init(&pic);
	tap_ok(pic_read(&pic, MASTER + 1) == 0xff, "pic: all masked at first");
	start(&pic, 0x01);
	pic_write(&pic, MASTER + 1, 0xef);
	tap_ok(pic_read(&pic, MASTER + 1) == 0xef, "pic: the mask reads back");
	pulse(&pic, 3);
	tap_ok(!pic.pending && irr(&pic, MASTER) == 0x08,
	       "pic: a masked line requests and does not interrupt");
	pic_write(&pic, MASTER + 1, 0x00);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x33,
	       "pic: it does when unmasked");
}

static void test_priority(void)
{
	struct pic pic;
	bool ok;

	start(&pic, 0x01);
	pulse(&pic, 7);
	pulse(&pic, 1);
	ok = pic_acknowledge(&pic) == 0x31;
	tap_ok(ok && !pic.pending, "pic: the lower line wins, 7 waits");
	pulse(&pic, 0);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x30,
	       "pic: a more urgent one nests");
	tap_ok(isr(&pic, MASTER) == 0x03, "pic: both are in service");
	pic_write(&pic, MASTER, EOI);
	tap_ok(isr(&pic, MASTER) == 0x02, "pic: EOI ends the most urgent");
	pic_write(&pic, MASTER, EOI);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x37,
	       "pic: then 7 has its turn");

	start(&pic, 0x01);
	pulse(&pic, 4);
	pic_acknowledge(&pic);
	pic_write(&pic, MASTER, 0x60 | 4);
	tap_ok(isr(&pic, MASTER) == 0, "pic: specific EOI");

	start(&pic, 0x01);
	pic_write(&pic, MASTER, 0xc0 | 3);
	pulse(&pic, 3);
	pulse(&pic, 4);
	tap_ok(pic_acknowledge(&pic) == 0x34, "pic: priority set to begin at 4");
	pic_write(&pic, MASTER, 0xa0);
	pulse(&pic, 4);
	tap_ok(pic_acknowledge(&pic) == 0x33, "pic: EOI with rotation");
}

static void test_edge_and_level(void)
{
	struct pic pic;

	start(&pic, 0x01);
	pic_set_line(&pic, 5, true);
	pic_acknowledge(&pic);
	pic_write(&pic, MASTER, EOI);
	tap_ok(!pic.pending, "pic: a line that stays up is one edge");
	pic_set_line(&pic, 5, false);
	pic_set_line(&pic, 5, true);
	pic_set_line(&pic, 5, false);
	tap_ok(!pic.pending, "pic: a line that falls takes its request along");

	pic_write(&pic, PIC_ELCR_PORT, 0xff);
	pic_write(&pic, PIC_ELCR_PORT + 1, 0xff);
	tap_ok(pic_read(&pic, PIC_ELCR_PORT) == 0xf8 &&
	       pic_read(&pic, PIC_ELCR_PORT + 1) == 0xde,
	       "pic: lines 0, 1, 2, 8 and 13 stay edges");
	pic_set_line(&pic, 9, true);
	tap_ok(pic_acknowledge(&pic) == 0x39, "pic: a level interrupts");
	pic_write(&pic, SLAVE, EOI);
	pic_write(&pic, MASTER, EOI);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x39,
	       "pic: and again while it is up");
	pic_set_line(&pic, 9, false);
	pic_write(&pic, SLAVE, EOI);
	pic_write(&pic, MASTER, EOI);
	tap_ok(!pic.pending, "pic: not when it is down");
}

static void test_cascade(void)
{
	struct pic pic;

	start(&pic, 0x01);
	pulse(&pic, 12);
	tap_ok(pic_acknowledge(&pic) == 0x3c && isr(&pic, MASTER) == 0x04 &&
	       isr(&pic, SLAVE) == 0x10, "pic: both chips serve a slave's line");
	pulse(&pic, 3);
	tap_ok(!pic.pending, "pic: the master's 3 is less urgent than the slave");
	pulse(&pic, 1);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x31,
	       "pic: the master's 1 is more urgent");

	start(&pic, 0x11);
	pulse(&pic, 12);
	pic_acknowledge(&pic);
	pulse(&pic, 8);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x38,
	       "pic: special fully nested: the slave's 8 interrupts its 12");

	start(&pic, 0x01);
	pulse(&pic, 10);
	pic_write(&pic, SLAVE + 1, 0xff);
	tap_ok(!pic.pending, "pic: the slave's mask reaches the master's line");
}

static void test_spurious(void)
{
	struct pic pic;

	start(&pic, 0x01);
	pic_set_line(&pic, 3, true);
	pic_set_line(&pic, 3, false);
	tap_ok(pic_acknowledge(&pic) == 0x37 && isr(&pic, MASTER) == 0,
	       "pic: nothing there: the spurious vector, nothing in service");
}

static void test_modes(void)
{
	struct pic pic;

	start(&pic, 0x03);
	pulse(&pic, 6);
	pic_acknowledge(&pic);
	tap_ok(isr(&pic, MASTER) == 0, "pic: automatic EOI");

	start(&pic, 0x03);
	pic_write(&pic, MASTER, 0x80);
	pulse(&pic, 0);
	pic_acknowledge(&pic);
	pulse(&pic, 0);
	pulse(&pic, 1);
	tap_ok(pic_acknowledge(&pic) == 0x31, "pic: rotation in automatic EOI");

	start(&pic, 0x01);
	pulse(&pic, 4);
	pic_write(&pic, MASTER, 0x0c);
	tap_ok(pic_read(&pic, MASTER) == 0x84, "pic: poll takes the interrupt");
	tap_ok(!pic.pending && isr(&pic, MASTER) == 0x10,
	       "pic: which is then in service");
	pic_write(&pic, MASTER, 0x0c);
	tap_ok(pic_read(&pic, MASTER) == 0, "pic: poll without a request");

	start(&pic, 0x01);
	pulse(&pic, 2 + 1);
	pic_acknowledge(&pic);
	pic_write(&pic, MASTER + 1, 0x08);
	pic_write(&pic, MASTER, 0x68);
	pulse(&pic, 6);
	tap_ok(pic.pending && pic_acknowledge(&pic) == 0x36,
	       "pic: special mask lets less urgent ones through");
}

static void test_noise(void)
{
	static const uint16_t ports[] = {
		0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1,
	};
	struct pic pic;
	unsigned int i;
	bool ok = true;

	srand(1);
	start(&pic, 0x01);
	for (i = 0; i < 1000000; i++) {
		uint16_t port = ports[rand() % 6];

		switch (rand() % 4) {
		case 0:
			pic_write(&pic, port, (uint8_t)rand());
			break;
		case 1:
			pic_read(&pic, port);
			break;
		case 2:
			pic_set_line(&pic, rand() % 16, rand() & 1);
			break;
		default:
			if (pic.pending)
				pic_acknowledge(&pic);
			break;
		}
		ok = ok && !(pic.master.base & 7) && pic.master.lowest < 8 &&
		     pic.slave.lowest < 8 && !(pic.master.elcr & 7);
	}
	tap_ok(ok, "pic: a million random accesses");
}

int main(void)
{
	tap_begin();
	test_each_line();
	test_mask();
	test_priority();
	test_edge_and_level();
	test_cascade();
	test_spurious();
	test_modes();
	test_noise();
	return tap_end();
}
