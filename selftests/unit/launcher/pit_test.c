// SPDX-License-Identifier: GPL-2.0
/* The 8254: what each mode's output and counter do as time passes. */
#include <stdlib.h>

#include "pit.h"
#include "tap.h"

#define CONTROL	(PIT_PORT + 3)
#define NEVER	UINT64_MAX
#define START	1000000000000ull

/* The time at which @ticks have been counted since START, rounded up. */
static uint64_t at(uint64_t ticks)
{
	return START + (uint64_t)(((__uint128_t)ticks * 1000000000 +
				   PIT_HZ - 1) / PIT_HZ);
}

static void program(struct pit *pit, unsigned int channel, unsigned int mode,
		    uint16_t count, bool bcd)
{
	pit_write(pit, CONTROL, (uint8_t)(channel << 6 | 0x30 | mode << 1 | bcd),
		  START);
	pit_write(pit, PIT_PORT + channel, (uint8_t)count, START);
	pit_write(pit, PIT_PORT + channel, (uint8_t)(count >> 8), START);
}

static uint16_t latched(struct pit *pit, unsigned int channel, uint64_t now)
{
	uint16_t value;

	pit_write(pit, CONTROL, (uint8_t)(channel << 6), now);
	value = pit_read(pit, PIT_PORT + channel, now);
	return value | (uint16_t)(pit_read(pit, PIT_PORT + channel, now) << 8);
}

static void test_output(void)
{
	static const struct {
		unsigned int mode;
		uint16_t count;
		uint64_t ticks;
		bool high;
	} rows[] = {
		{ 0, 100, 0, false }, { 0, 100, 99, false },
		{ 0, 100, 100, true }, { 0, 100, 1000, true },
		{ 0, 0, 65535, false }, { 0, 0, 65536, true },
		{ 2, 100, 0, true }, { 2, 100, 98, true },
		{ 2, 100, 99, false }, { 2, 100, 100, true },
		{ 2, 100, 199, false },
		{ 3, 100, 0, true }, { 3, 100, 49, true },
		{ 3, 100, 50, false }, { 3, 100, 99, false },
		{ 3, 100, 100, true },
		{ 3, 5, 2, true }, { 3, 5, 3, false },
		{ 4, 100, 99, true }, { 4, 100, 100, false },
		{ 4, 100, 101, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pit pit;

		pit_init(&pit, START);
		program(&pit, 0, rows[i].mode, rows[i].count, false);
		tap_ok(pit_output(&pit.channel[0], at(rows[i].ticks)) ==
		       rows[i].high,
		       "pit: mode %u count %u: after %llu ticks the output is %s",
		       rows[i].mode, rows[i].count,
		       (unsigned long long)rows[i].ticks,
		       rows[i].high ? "high" : "low");
	}
}

static void test_counter(void)
{
	static const struct {
		unsigned int mode;
		uint16_t count;
		bool bcd;
		uint64_t ticks;
		uint16_t value;
	} rows[] = {
		{ 0, 1000, false, 0, 1000 }, { 0, 1000, false, 1, 999 },
		{ 0, 1000, false, 1000, 0 }, { 0, 1000, false, 1001, 0xffff },
		{ 0, 0, false, 1, 0xffff },
		{ 0, 0x1000, true, 1, 0x0999 }, { 0, 0x1000, true, 1001, 0x9999 },
		{ 0, 0, true, 1, 0x9999 },
		{ 2, 1000, false, 1, 999 }, { 2, 1000, false, 999, 1 },
		{ 2, 1000, false, 1000, 1000 },
		{ 3, 1000, false, 1, 998 }, { 3, 1000, false, 499, 2 },
		{ 3, 1000, false, 500, 1000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pit pit;
		uint16_t value;

		pit_init(&pit, START);
		program(&pit, 0, rows[i].mode, rows[i].count, rows[i].bcd);
		value = latched(&pit, 0, at(rows[i].ticks));
		tap_ok(value == rows[i].value,
		       "pit: mode %u%s count %x: after %llu ticks it reads %x (%x)",
		       rows[i].mode, rows[i].bcd ? " BCD" : "", rows[i].count,
		       (unsigned long long)rows[i].ticks, rows[i].value, value);
	}
}

static void test_periodic(void)
{
	unsigned int i, seen = 0;
	struct pit pit;
	bool ok = true;

	pit_init(&pit, START);
	tap_ok(pit_next_event(&pit) == NEVER && !pit_tick(&pit, at(1000000)),
	       "pit: nothing happens before a count is written");
	program(&pit, 0, 2, 4773, false);
	for (i = 1; i <= 1000; i++) {
		uint64_t next = pit_next_event(&pit);

		ok = ok && next == at(4773ull * i) &&
		     !pit_tick(&pit, next - 1) && pit_tick(&pit, next);
		seen++;
	}
	tap_ok(ok && seen == 1000, "pit: 1000 periods, each to the nanosecond");
	ok = pit_tick(&pit, at(4773ull * 1500));
	tap_ok(ok && !pit_tick(&pit, at(4773ull * 1500)) &&
	       pit_next_event(&pit) == at(4773ull * 1501),
	       "pit: when late, one interrupt for all that were missed");
}

static void test_one_shot(void)
{
	struct pit pit;

	pit_init(&pit, START);
	program(&pit, 0, 4, 500, false);
	tap_ok(pit_next_event(&pit) == at(501), "pit: mode 4 strobes once");
	tap_ok(!pit_tick(&pit, at(501) - 1) && pit_tick(&pit, at(501)) &&
	       !pit_tick(&pit, at(100000)) && pit_next_event(&pit) == NEVER,
	       "pit: and no more");
	program(&pit, 0, 0, 500, false);
	tap_ok(pit_next_event(&pit) == at(500) && pit_tick(&pit, at(500)) &&
	       pit_next_event(&pit) == NEVER, "pit: mode 0 rises once");
	pit_write(&pit, PIT_PORT, 1, at(600));
	tap_ok(pit_next_event(&pit) == NEVER,
	       "pit: mode 0 stops at the first byte of a new count");
	pit_write(&pit, PIT_PORT, 0, at(600));
	tap_ok(pit_next_event(&pit) != NEVER, "pit: and starts at the second");
	program(&pit, 0, 1, 500, false);
	tap_ok(pit_next_event(&pit) == NEVER && !pit_tick(&pit, at(1000)),
	       "pit: mode 1 waits for a gate that never rises");
}

static void test_speaker(void)
{
	struct pit pit;
	uint16_t held;

	pit_init(&pit, START);
	program(&pit, 2, 0, 1000, false);
	tap_ok(!(pit_read(&pit, 0x61, at(2000)) & 0x21),
	       "pit: channel 2 stands while its gate is low");
	pit_write(&pit, 0x61, 0x01, at(2000));
	tap_ok(!(pit_read(&pit, 0x61, at(2999)) & 0x20) &&
	       pit_read(&pit, 0x61, at(3001)) & 0x20,
	       "pit: port 0x61 shows its output rise when the gate is high");

	program(&pit, 2, 0, 1000, false);
	pit_write(&pit, 0x61, 0x00, at(300));
	held = latched(&pit, 2, at(5000));
	pit_write(&pit, 0x61, 0x03, at(9000));
	tap_ok(held == 700 && pit_read(&pit, 0x61, at(9000)) == (0x03 |
	       (at(9000) / 15085 & 1 ? 0x10 : 0)) &&
	       pit_read(&pit, 0x61, at(9702)) & 0x20,
	       "pit: the gate holds the count and lets it go on");

	program(&pit, 2, 1, 100, false);
	pit_write(&pit, 0x61, 0x00, at(100));
	tap_ok(pit_read(&pit, 0x61, at(100)) & 0x20, "pit: mode 1 rests high");
	pit_write(&pit, 0x61, 0x01, at(200));
	tap_ok(!(pit_read(&pit, 0x61, at(250)) & 0x20) &&
	       pit_read(&pit, 0x61, at(301)) & 0x20,
	       "pit: mode 1 is low for its count after the gate rises");
	tap_ok((pit_read(&pit, 0x61, 0) ^ pit_read(&pit, 0x61, 15085)) == 0x10,
	       "pit: the refresh bit toggles");
}

static void test_latches(void)
{
	struct pit pit;
	uint8_t low, high;

	pit_init(&pit, START);
	program(&pit, 0, 2, 0x1234, false);
	pit_write(&pit, CONTROL, 0x00, at(4));
	pit_write(&pit, CONTROL, 0x00, at(8));
	low = pit_read(&pit, PIT_PORT, at(16));
	high = pit_read(&pit, PIT_PORT, at(16));
	tap_ok(low == 0x30 && high == 0x12,
	       "pit: a latch holds until both bytes are read");
	pit_write(&pit, CONTROL, 0xc2, at(20));
	tap_ok(pit_read(&pit, PIT_PORT, at(20)) == 0xb4,
	       "pit: read-back gives status first");
	low = pit_read(&pit, PIT_PORT, at(20));
	high = pit_read(&pit, PIT_PORT, at(20));
	tap_ok(low == 0x20 && high == 0x12, "pit: then the count");
	pit_write(&pit, CONTROL, 0x34, at(20));
	pit_write(&pit, CONTROL, 0xe2, at(20));
	tap_ok(pit_read(&pit, PIT_PORT, at(20)) == 0xf4,
	       "pit: status says that no count is loaded");
	pit_write(&pit, CONTROL, 0x14, START);
	pit_write(&pit, PIT_PORT, 0x80, START);
	tap_ok(pit_read(&pit, PIT_PORT, at(1)) == 0x7f, "pit: low byte only");
	pit_write(&pit, CONTROL, 0x24, START);
	pit_write(&pit, PIT_PORT, 0x80, START);
	tap_ok(pit_read(&pit, PIT_PORT, at(1)) == 0x7f, "pit: high byte only");
	tap_ok(pit_read(&pit, CONTROL, at(1)) == 0xff,
	       "pit: the control port cannot be read");
}

static void test_noise(void)
{
	static const uint16_t ports[] = { 0x40, 0x41, 0x42, 0x43, 0x61 };
	uint64_t now = START, next;
	unsigned int i;
	struct pit pit;
	bool ok = true;

	srand(1);
	pit_init(&pit, now);
	for (i = 0; i < 1000000; i++) {
		uint16_t port = ports[rand() % 5];

		now += (unsigned int)rand() % 1000000;
		if (rand() & 1)
			pit_write(&pit, port, (uint8_t)rand(), now);
		else
			pit_read(&pit, port, now);
		pit_tick(&pit, now);
		next = pit_next_event(&pit);
		ok = ok && next > now;
		if (next != NEVER)
			ok = ok && pit_tick(&pit, next);
		if (next != NEVER)
			now = next;
	}
	tap_ok(ok, "pit: a million random accesses, each event in its time");
}

int main(void)
{
	tap_begin();
	test_output();
	test_counter();
	test_periodic();
	test_one_shot();
	test_speaker();
	test_latches();
	test_noise();
	return tap_end();
}
