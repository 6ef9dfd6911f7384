// SPDX-License-Identifier: GPL-2.0
/* The MC146818: the date in each format, setting it, its three interrupts. */
#include <stdlib.h>

#include "rtc.h"
#include "tap.h"

#define NS	1000000000ull
#define NEVER	UINT64_MAX
#define NOW	(5000 * NS)

/* 2024-02-29 23:59:58.25 UTC, a Thursday */
#define WALL	(1709251198 * NS + NS / 4)

static uint8_t get(struct rtc *rtc, uint8_t index, uint64_t now)
{
	rtc_write(rtc, RTC_PORT, index, now);
	return rtc_read(rtc, RTC_PORT + 1, now);
}

static void put(struct rtc *rtc, uint8_t index, uint8_t value, uint64_t now)
{
	rtc_write(rtc, RTC_PORT, index, now);
	rtc_write(rtc, RTC_PORT + 1, value, now);
}

static bool shows(struct rtc *rtc, uint64_t now, const uint8_t *wanted)
{
	static const uint8_t index[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		if (get(rtc, index[i], now) != wanted[i])
			return false;
	}
	return true;
}

static void test_date(void)
{
	static const struct {
		const char *name;
		uint8_t b;
		uint64_t after;
		uint8_t wanted[8];
	} rows[] = {
		{ "BCD, 24 hours", 0x02, 0,
		  { 0x20, 0x24, 0x02, 0x29, 0x05, 0x23, 0x59, 0x58 } },
		{ "BCD, over midnight of a leap day", 0x02, 2 * NS,
		  { 0x20, 0x24, 0x03, 0x01, 0x06, 0x00, 0x00, 0x00 } },
		{ "binary, 24 hours", 0x06, 0,
		  { 20, 24, 2, 29, 5, 23, 59, 58 } },
		{ "BCD, 12 hours, evening", 0x00, 0,
		  { 0x20, 0x24, 0x02, 0x29, 0x05, 0x91, 0x59, 0x58 } },
		{ "BCD, 12 hours, midnight", 0x00, 2 * NS,
		  { 0x20, 0x24, 0x03, 0x01, 0x06, 0x12, 0x00, 0x00 } },
		{ "binary, 12 hours, noon", 0x04, 2 * NS + 43200 * NS,
		  { 20, 24, 3, 1, 6, 0x80 | 12, 0, 0 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rtc rtc;

		rtc_init(&rtc, WALL, NOW, 0);
		put(&rtc, 0x0b, rows[i].b, NOW);
		tap_ok(shows(&rtc, NOW + rows[i].after, rows[i].wanted),
		       "rtc: %s", rows[i].name);
	}
}

static void test_setting(void)
{
	static const uint8_t new_year[] = {
		0x20, 0x00, 0x01, 0x01, 0x07, 0x00, 0x00, 0x00,
	};
	struct rtc rtc;

	rtc_init(&rtc, WALL, NOW, 0);
	put(&rtc, 0x0b, 0x82, NOW);
	tap_ok(get(&rtc, 0, NOW + 10 * NS) == 0x58,
	       "rtc: the time stands while it is set");
	put(&rtc, 0x32, 0x19, NOW);
	put(&rtc, 0x09, 0x99, NOW);
	put(&rtc, 0x08, 0x12, NOW);
	put(&rtc, 0x07, 0x31, NOW);
	put(&rtc, 0x04, 0x23, NOW);
	put(&rtc, 0x02, 0x59, NOW);
	put(&rtc, 0x00, 0x59, NOW);
	put(&rtc, 0x0b, 0x02, NOW + 20 * NS);
	tap_ok(get(&rtc, 0, NOW + 20 * NS + NS / 2 - 1) == 0x59,
	       "rtc: it goes on half a second later");
	tap_ok(shows(&rtc, NOW + 20 * NS + NS / 2, new_year),
	       "rtc: into the year that was set");
	put(&rtc, 0x02, 0x30, NOW + 21 * NS);
	tap_ok(get(&rtc, 2, NOW + 21 * NS) == 0x30 &&
	       get(&rtc, 0, NOW + 21 * NS) == 0x00,
	       "rtc: one field can be set while it runs");
	put(&rtc, 0x32, 0xff, NOW);
	put(&rtc, 0x08, 0xff, NOW);
	put(&rtc, 0x04, 0xff, NOW);
	tap_ok(get(&rtc, 0x0d, NOW) == 0x80, "rtc: nonsense is survived");
}

static void test_update(void)
{
	struct rtc rtc;
	uint64_t second = NOW + NS * 3 / 4;

	rtc_init(&rtc, WALL, NOW, 0);
	tap_ok(!(get(&rtc, 0x0a, NOW) & 0x80) &&
	       !(get(&rtc, 0x0a, second - 244001) & 0x80) &&
	       get(&rtc, 0x0a, second - 244000) & 0x80 &&
	       get(&rtc, 0x0a, second - 1) & 0x80 &&
	       !(get(&rtc, 0x0a, second) & 0x80),
	       "rtc: update-in-progress for 244 us before the second");

	tap_ok(rtc_next_event(&rtc) == NEVER, "rtc: no interrupt unasked");
	put(&rtc, 0x0b, 0x12, NOW);
	get(&rtc, 0x0c, NOW);
	tap_ok(rtc_next_event(&rtc) == second && !rtc_tick(&rtc, second - 1) &&
	       rtc_tick(&rtc, second), "rtc: an interrupt at each update");
	tap_ok(rtc_tick(&rtc, second + 5 * NS) && rtc_next_event(&rtc) == NEVER,
	       "rtc: it stays until it is seen");
	tap_ok((get(&rtc, 0x0c, second + 5 * NS) & 0x90) == 0x90 &&
	       !rtc_tick(&rtc, second + 5 * NS),
	       "rtc: reading register C ends it");
	tap_ok(rtc_next_event(&rtc) == second + 6 * NS, "rtc: then the next");
}

static void test_periodic(void)
{
	static const struct {
		uint8_t a;
		uint64_t ns;
	} rows[] = {
		{ 0x26, 976562 }, { 0x2f, 500000000 }, { 0x23, 122070 },
		{ 0x21, 3906250 }, { 0x22, 7812500 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rtc rtc;
		uint64_t one, two;

		rtc_init(&rtc, WALL, NOW, 0);
		put(&rtc, 0x0a, rows[i].a, NOW);
		put(&rtc, 0x0b, 0x42, NOW);
		one = rtc_next_event(&rtc);
		rtc_tick(&rtc, one);
		get(&rtc, 0x0c, one);
		two = rtc_next_event(&rtc);
		tap_ok(two - one == rows[i].ns, "rtc: rate %x: %llu ns",
		       rows[i].a & 15, (unsigned long long)rows[i].ns);
	}

	struct rtc rtc;

	rtc_init(&rtc, WALL, NOW, 0);
	put(&rtc, 0x0b, 0x42, NOW);
	put(&rtc, 0x0a, 0x20, NOW);
	tap_ok(rtc_next_event(&rtc) == NEVER, "rtc: rate 0 is none");
	put(&rtc, 0x0a, 0x76, NOW);
	tap_ok(rtc_next_event(&rtc) == NEVER, "rtc: a divider held in reset");
}

static void test_alarm(void)
{
	static const struct {
		uint8_t hour, minute, second;
		uint64_t in;	/* seconds after 23:59:58, 0 for never */
	} rows[] = {
		{ 0x00, 0x00, 0x00, 2 }, { 0x23, 0x59, 0x59, 1 },
		{ 0x23, 0x59, 0x58, 86400 }, { 0xff, 0xff, 0xff, 1 },
		{ 0xff, 0xff, 0x30, 32 }, { 0xff, 0x10, 0xc0, 602 },
		{ 0x12, 0x34, 0x56, 45298 }, { 0x99, 0x00, 0x00, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t whole = NOW - NS / 4, when;
		struct rtc rtc;
		bool ok;

		rtc_init(&rtc, WALL, NOW, 0);
		put(&rtc, 0x05, rows[i].hour, NOW);
		put(&rtc, 0x03, rows[i].minute, NOW);
		put(&rtc, 0x01, rows[i].second, NOW);
		put(&rtc, 0x0b, 0x22, NOW);
		get(&rtc, 0x0c, NOW);
		when = rtc_next_event(&rtc);
		ok = when == (rows[i].in ? whole + rows[i].in * NS : NEVER);
		if (ok && rows[i].in)
			ok = !rtc_tick(&rtc, when - 1) &&
			     rtc_tick(&rtc, when) &&
			     get(&rtc, 0x0c, when) & 0x20;
		tap_ok(ok, "rtc: alarm at %x:%x:%x", rows[i].hour,
		       rows[i].minute, rows[i].second);
	}
}

static void test_cmos(void)
{
	struct rtc rtc;

	rtc_init(&rtc, WALL, NOW, 256ull << 20);
	tap_ok(get(&rtc, 0x15, NOW) == 0x80 && get(&rtc, 0x16, NOW) == 0x02,
	       "rtc: 640 KiB of base memory");
	tap_ok(get(&rtc, 0x34, NOW) == 0x00 && get(&rtc, 0x35, NOW) == 0x0f,
	       "rtc: 240 MiB above 16 MiB");
	put(&rtc, 0x7f, 0xa5, NOW);
	tap_ok(get(&rtc, 0xff, NOW) == 0xa5, "rtc: memory keeps what is written");
	put(&rtc, 0x0d, 0x00, NOW);
	put(&rtc, 0x0c, 0xff, NOW);
	tap_ok(get(&rtc, 0x0d, NOW) == 0x80 && get(&rtc, 0x0c, NOW) == 0,
	       "rtc: registers C and D cannot be written");
	tap_ok(rtc_read(&rtc, RTC_PORT, NOW) == 0xff,
	       "rtc: the index cannot be read");
}

static void test_noise(void)
{
	uint64_t now = NOW, next;
	struct rtc rtc;
	unsigned int i;
	bool ok = true;

	srand(1);
	rtc_init(&rtc, WALL, now, 0);
	for (i = 0; i < 300000; i++) {
		now += (uint64_t)rand() % (3 * NS);
		if (rand() & 1)
			put(&rtc, (uint8_t)(rand() % 16), (uint8_t)rand(), now);
		else
			get(&rtc, (uint8_t)(rand() % 16), now);
		rtc_tick(&rtc, now);
		next = rtc_next_event(&rtc);
		ok = ok && next > now;
		if (next != NEVER)
			ok = ok && rtc_tick(&rtc, next);
		if (next != NEVER)
			now = next;
	}
	tap_ok(ok, "rtc: 300,000 random accesses, each event in its time");
}

int main(void)
{
	tap_begin();
	test_date();
	test_setting();
	test_update();
	test_periodic();
	test_alarm();
	test_cmos();
	test_noise();
	return tap_end();
}
