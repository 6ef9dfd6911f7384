// SPDX-License-Identifier: GPL-2.0
/* The I/O APIC: registers, both triggers, masks, the end of a level, and what it sends. */
#include <stdlib.h>
#include <string.h>

#include "ioapic.h"
#include "tap.h"

#define LOW(pin)	(0x10 + 2 * (pin))
#define HIGH(pin)	(0x11 + 2 * (pin))
#define LEVEL		0x8000u
#define MASKED		0x10000u
#define REMOTE_IRR	0x4000u

static struct ioapic ioapic;
static unsigned int sent, changes, changes_at_send;
static uint32_t last_address, last_data;

static void send(void *context, uint32_t address, uint32_t data)
{
	if (context != &ioapic)
		abort();
	sent++;
	changes_at_send = changes;
	last_address = address;
	last_data = data;
}

static void changed(void *context)
{
	if (context != &ioapic)
		abort();
	changes++;
}

static const struct ioapic_bus bus = { .send = send, .changed = changed };

static void begin(void)
{
	ioapic_init(&ioapic, &bus, &ioapic);
	sent = 0;
	changes = 0;
}

static uint32_t get(uint8_t reg)
{
	ioapic_write(&ioapic, 0, reg);
	return ioapic_read(&ioapic, 0x10);
}

static void set(uint8_t reg, uint32_t value)
{
	ioapic_write(&ioapic, 0, reg);
	ioapic_write(&ioapic, 0x10, value);
}

static bool sent_is(unsigned int count, uint32_t address, uint32_t data)
{
	return sent == count && last_address == address && last_data == data;
}

static void test_registers(void)
{
	bool ok = true;
	unsigned int i;

	begin();
	tap_ok(get(1) == 0x00170020, "ioapic: 24 pins, with an EOI register");
	for (i = 0; i < IOAPIC_PINS; i++)
		ok &= get(LOW(i)) == MASKED && !get(HIGH(i));
	tap_ok(ok, "ioapic: all pins are masked at first");
	set(0, 0xff000000);
	tap_ok(get(0) == 0x0f000000 && get(2) == 0x0f000000, "ioapic: its id has four bits");
	set(1, 0xffffffff);
	tap_ok(get(1) == 0x00170020, "ioapic: the version cannot be written");
	set(LOW(5), 0xffffffff);
	set(HIGH(5), 0xffffffff);
	tap_ok(get(LOW(5)) == 0x0001afff && get(HIGH(5)) == 0xff000000,
	       "ioapic: reserved and read-only bits stay 0");
	tap_ok(changes == 2, "ioapic: a change of the table is told");
	tap_ok(!get(0x40) && !get(0xff) && !get(0x0f), "ioapic: where there is nothing it reads 0");
	set(0x40, 0xffffffff);
	set(0xff, 0xffffffff);
	tap_ok(changes == 2, "ioapic: and writes nothing");
	tap_ok(!ioapic_read(&ioapic, 0x20) && !ioapic_read(&ioapic, 0xffc),
	       "ioapic: nor is there anything beside select and window");
}

static void test_messages(void)
{
	begin();
	set(HIGH(2), 3u << 24);
	set(LOW(2), 0x31);
	ioapic_set_line(&ioapic, 2, true);
	tap_ok(sent_is(1, 0xfee03000, 0x4031), "ioapic: fixed, physical");
	set(HIGH(3), 0xffu << 24);
	set(LOW(3), 0x0932);
	ioapic_set_line(&ioapic, 3, true);
	tap_ok(sent_is(2, 0xfeeff00c, 0x4132), "ioapic: lowest priority, logical");
	set(LOW(4), 0x0400);
	ioapic_set_line(&ioapic, 4, true);
	tap_ok(sent_is(3, 0xfee00000, 0x4400), "ioapic: NMI");
	set(LOW(6), 0x0733);
	ioapic_set_line(&ioapic, 6, true);
	tap_ok(sent == 3, "ioapic: an ExtINT is not sent");
}

static void test_edge(void)
{
	begin();
	ioapic_set_line(&ioapic, 4, true);
	set(LOW(4), 0x34);
	tap_ok(sent == 0, "ioapic: an edge that came while masked is lost");
	ioapic_set_line(&ioapic, 4, true);
	tap_ok(sent == 0, "ioapic: no edge, no interrupt");
	ioapic_set_line(&ioapic, 4, false);
	ioapic_set_line(&ioapic, 4, true);
	ioapic_set_line(&ioapic, 4, false);
	ioapic_set_line(&ioapic, 4, true);
	tap_ok(sent_is(2, 0xfee00000, 0x4034), "ioapic: each rise is one");
	tap_ok(get(LOW(4)) == 0x34, "ioapic: and none is ever being served");
	ioapic_eoi(&ioapic, 0x34);
	tap_ok(sent == 2, "ioapic: its end is nothing to it");
}

static void test_level(void)
{
	begin();
	ioapic_set_line(&ioapic, 9, true);
	set(LOW(9), LEVEL | MASKED | 0x39);
	tap_ok(sent == 0, "ioapic: a masked level waits");
	set(LOW(9), LEVEL | 0x39);
	tap_ok(sent_is(1, 0xfee00000, 0xc039), "ioapic: until it may");
	tap_ok(changes_at_send == changes, "ioapic: the change is told before it is sent");
	tap_ok(get(LOW(9)) == (LEVEL | REMOTE_IRR | 0x39), "ioapic: it is being served");
	ioapic_set_line(&ioapic, 9, false);
	ioapic_set_line(&ioapic, 9, true);
	tap_ok(sent == 1, "ioapic: and not sent again meanwhile");
	ioapic_eoi(&ioapic, 0x38);
	tap_ok(sent == 1, "ioapic: another's end is not its own");
	ioapic_eoi(&ioapic, 0x39);
	tap_ok(sent == 2, "ioapic: its end sends it again while the line is up");
	set(LOW(9), LEVEL | MASKED | 0x39);
	ioapic_eoi(&ioapic, 0x39);
	tap_ok(sent == 2 && get(LOW(9)) == (LEVEL | MASKED | 0x39),
	       "ioapic: but not while it is masked");
	set(LOW(9), LEVEL | 0x39);
	ioapic_set_line(&ioapic, 9, false);
	ioapic_write(&ioapic, 0x40, 0x39);
	tap_ok(sent == 3 && get(LOW(9)) == (LEVEL | 0x39), "ioapic: the EOI register ends it too");
	ioapic_set_line(&ioapic, 9, true);
	set(LOW(9), 0x39);
	tap_ok(get(LOW(9)) == 0x39, "ioapic: what becomes an edge is not served any more");
}

/* Two pins may have one vector. */
static void test_shared(void)
{
	begin();
	set(LOW(10), LEVEL | 0x50);
	set(LOW(11), LEVEL | 0x50);
	ioapic_set_line(&ioapic, 10, true);
	ioapic_set_line(&ioapic, 11, true);
	ioapic_set_line(&ioapic, 10, false);
	ioapic_eoi(&ioapic, 0x50);
	tap_ok(sent == 3 && get(LOW(10)) == (LEVEL | 0x50) &&
	       get(LOW(11)) == (LEVEL | REMOTE_IRR | 0x50), "ioapic: two pins share a vector");
}

static void test_routes(void)
{
	uint32_t address, data;

	begin();
	set(HIGH(7), 2u << 24);
	set(LOW(7), LEVEL | MASKED | 0x41);
	tap_ok(ioapic_level_message(&ioapic, 7, &address, &data) && address == 0xfee02000 &&
	       (data & 0xff) == 0x41, "ioapic: a level's end is asked for, masked or not");
	set(LOW(7), 0x41);
	tap_ok(!ioapic_level_message(&ioapic, 7, &address, &data), "ioapic: an edge's is not");
}

/* Whatever a guest does, nothing but the table's messages goes out. */
static void test_any(void)
{
	unsigned int i, pin;
	bool ok = true;

	begin();
	srand(1);
	for (i = 0; i < 200000; i++) {
		switch (rand() % 4) {
		case 0:
			ioapic_write(&ioapic, (uint32_t)(rand() % 0x50), (uint32_t)rand());
			break;
		case 1:
			ioapic_read(&ioapic, (uint32_t)(rand() % 0x50));
			break;
		case 2:
			ioapic_set_line(&ioapic, (unsigned int)rand() % IOAPIC_PINS, rand() & 1);
			break;
		default:
			ioapic_eoi(&ioapic, (uint8_t)rand());
			break;
		}
		pin = i % IOAPIC_PINS;
		ok &= !(ioapic.entry[pin] & 0x00fffffffffe1000ull) &&
		      ((ioapic.entry[pin] & (LEVEL | REMOTE_IRR)) != REMOTE_IRR);
	}
	tap_ok(ok && sent, "ioapic: 200,000 accesses of any kind");
}

int main(void)
{
	tap_begin();
	test_registers();
	test_messages();
	test_edge();
	test_level();
	test_shared();
	test_routes();
	test_any();
	return tap_end();
}
