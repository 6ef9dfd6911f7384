// SPDX-License-Identifier: GPL-2.0
/*
 * The MC146818 real-time clock. Like the other devices it does not run: what
 * its registers hold follows from the time that each call passes in. The date
 * starts from the host's (UTC) and then goes by the machine's own clock.
 */
#include <string.h>
#include <time.h>

#include "rtc.h"

#define NS		1000000000ull
#define NEVER		UINT64_MAX

#define SECONDS		0x00
#define SECONDS_ALARM	0x01
#define MINUTES		0x02
#define MINUTES_ALARM	0x03
#define HOURS		0x04
#define HOURS_ALARM	0x05
#define WEEKDAY		0x06
#define DAY		0x07
#define MONTH		0x08
#define YEAR		0x09
#define A		0x0a
#define B		0x0b
#define C		0x0c
#define D		0x0d
#define CENTURY		0x32

#define A_UPDATING	0x80
#define A_DIVIDER	0x70
#define A_DIVIDER_RUN	0x20
#define A_RATE		0x0f
#define B_SET		0x80
#define B_PERIODIC	0x40
#define B_ALARM		0x20
#define B_UPDATE	0x10
#define B_BINARY	0x04
#define B_24_HOURS	0x02
#define B_INTERRUPTS	(B_PERIODIC | B_ALARM | B_UPDATE)
#define C_INTERRUPT	0x80	/* the other flags of C are where B's are */
#define D_VALID		0x80

#define HOUR_PM		0x80
#define ALARM_ANY	0xc0	/* both bits set: any value matches */

/* The end of 2199: in nanoseconds it is well within 64 bits. */
#define LAST_SECOND	7258118399

/* For this long before each second register A warns of the update. */
#define UPDATE_NS	244000ull

static bool setting(const struct rtc *rtc)
{
	return rtc->reg[B] & B_SET;
}

static uint64_t guest_time(const struct rtc *rtc, uint64_t now)
{
	return rtc->epoch + now;
}

static uint8_t encode(const struct rtc *rtc, int value)
{
	if (rtc->reg[B] & B_BINARY)
		return (uint8_t)value;
	return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

static int decode(const struct rtc *rtc, uint8_t value)
{
	if (rtc->reg[B] & B_BINARY)
		return value;
	return (value >> 4) * 10 + (value & 0xf);
}

static uint8_t encode_hour(const struct rtc *rtc, int hour)
{
	if (rtc->reg[B] & B_24_HOURS)
		return encode(rtc, hour);
	return encode(rtc, hour % 12 ? hour % 12 : 12) |
	       (hour >= 12 ? HOUR_PM : 0);
}

static int decode_hour(const struct rtc *rtc, uint8_t value)
{
	if (rtc->reg[B] & B_24_HOURS)
		return decode(rtc, value);
	return decode(rtc, value & ~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

/* Write the time into the registers that hold it. */
static void load_registers(struct rtc *rtc, uint64_t now)
{
	time_t seconds = (time_t)(guest_time(rtc, now) / NS);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	rtc->reg[SECONDS] = encode(rtc, tm.tm_sec);
	rtc->reg[MINUTES] = encode(rtc, tm.tm_min);
	rtc->reg[HOURS] = encode_hour(rtc, tm.tm_hour);
	rtc->reg[WEEKDAY] = encode(rtc, tm.tm_wday + 1);
	rtc->reg[DAY] = encode(rtc, tm.tm_mday);
	rtc->reg[MONTH] = encode(rtc, tm.tm_mon + 1);
	rtc->reg[YEAR] = encode(rtc, tm.tm_year % 100);
	rtc->reg[CENTURY] = encode(rtc, (tm.tm_year + 1900) / 100);
}

/* Take the time from the registers, @fraction ns into the second. */
static void store_registers(struct rtc *rtc, uint64_t now, uint64_t fraction)
{
	struct tm tm = {
		.tm_sec = decode(rtc, rtc->reg[SECONDS]),
		.tm_min = decode(rtc, rtc->reg[MINUTES]),
		.tm_hour = decode_hour(rtc, rtc->reg[HOURS]),
		.tm_mday = decode(rtc, rtc->reg[DAY]),
		.tm_mon = decode(rtc, rtc->reg[MONTH]) - 1,
		.tm_year = decode(rtc, rtc->reg[CENTURY]) * 100 +
			   decode(rtc, rtc->reg[YEAR]) - 1900,
	};
	time_t seconds = timegm(&tm);

	/* Outside these there is nothing that a guest could mean. */
	if (seconds < 0 || seconds > LAST_SECOND)
		seconds = 0;
	rtc->epoch = (uint64_t)seconds * NS + fraction - now;
	rtc->checked = now;
}

/* Nanoseconds between two periodic interrupts, 0 for none. */
static uint64_t rate_ns(const struct rtc *rtc)
{
	unsigned int rate = rtc->reg[A] & A_RATE;

	if (!rate || (rtc->reg[A] & A_DIVIDER) != A_DIVIDER_RUN)
		return 0;
	if (rate < 3)
		rate += 7;
	return (NS << (rate - 1)) / 32768;
}

static bool alarm_field(const struct rtc *rtc, unsigned int which, int value)
{
	uint8_t alarm = rtc->reg[which];

	if ((alarm & ALARM_ANY) == ALARM_ANY)
		return true;
	if (which == HOURS_ALARM)
		return decode_hour(rtc, alarm) == value;
	return decode(rtc, alarm) == value;
}

/* The first second after @second at which the alarm goes off; NEVER if none. */
static uint64_t next_alarm(const struct rtc *rtc, uint64_t second)
{
	uint64_t last = second + 86400;

	for (second++; second <= last;) {
		if (!alarm_field(rtc, HOURS_ALARM, (int)(second / 3600 % 24)))
			second += 3600 - second % 3600;
		else if (!alarm_field(rtc, MINUTES_ALARM,
				      (int)(second / 60 % 60)))
			second += 60 - second % 60;
		else if (!alarm_field(rtc, SECONDS_ALARM, (int)(second % 60)))
			second++;
		else
			return second;
	}
	return NEVER;
}

/* Bring register C up to date. */
static void update_flags(struct rtc *rtc, uint64_t now)
{
	uint64_t before = guest_time(rtc, rtc->checked);
	uint64_t after = guest_time(rtc, now);
	uint64_t rate = rate_ns(rtc);

	if (rate && after / rate != before / rate)
		rtc->reg[C] |= B_PERIODIC;
	if (!setting(rtc) && after / NS != before / NS) {
		rtc->reg[C] |= B_UPDATE;
		if (next_alarm(rtc, before / NS) <= after / NS)
			rtc->reg[C] |= B_ALARM;
	}
	rtc->checked = now;
	rtc->reg[C] &= ~C_INTERRUPT;
	if (rtc->reg[C] & rtc->reg[B] & B_INTERRUPTS)
		rtc->reg[C] |= C_INTERRUPT;
}

/**
 * rtc_tick() - the level of the interrupt line
 * @rtc: the clock
 * @now: ns
 *
 * Return: true while an interrupt is asked for; reading register C ends it.
 */
bool rtc_tick(struct rtc *rtc, uint64_t now)
{
	update_flags(rtc, now);
	return rtc->reg[C] & C_INTERRUPT;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/**
 * rtc_next_event() - when the interrupt line will rise, if nobody writes
 * @rtc: the clock, just looked at with rtc_tick()
 *
 * Return: the time in ns, UINT64_MAX if never.
 */
uint64_t rtc_next_event(const struct rtc *rtc)
{
	uint8_t wanted = rtc->reg[B] & ~rtc->reg[C] & B_INTERRUPTS;
	uint64_t time = guest_time(rtc, rtc->checked);
	uint64_t rate = rate_ns(rtc);
	uint64_t next = NEVER;
	uint64_t alarm;

	if (!wanted || rtc->reg[C] & C_INTERRUPT)
		return NEVER;
	if (wanted & B_PERIODIC && rate)
		next = earlier(next, (time / rate + 1) * rate);
	if (wanted & B_UPDATE && !setting(rtc))
		next = earlier(next, (time / NS + 1) * NS);
	if (wanted & B_ALARM && !setting(rtc)) {
		alarm = next_alarm(rtc, time / NS);
		if (alarm != NEVER)
			next = earlier(next, alarm * NS);
	}
	return next == NEVER ? NEVER : next - rtc->epoch;
}

static bool holds_time(unsigned int index)
{
	return index == CENTURY ||
	       (index <= YEAR && index != SECONDS_ALARM &&
		index != MINUTES_ALARM && index != HOURS_ALARM);
}

static void write_time(struct rtc *rtc, uint8_t value, uint64_t now)
{
	if (!setting(rtc))
		load_registers(rtc, now);
	rtc->reg[rtc->index] = value;
	if (!setting(rtc))
		store_registers(rtc, now, guest_time(rtc, now) % NS);
}

static void write_b(struct rtc *rtc, uint8_t value, uint64_t now)
{
	bool was_setting = setting(rtc);

	if (value & B_SET) {
		value &= ~B_UPDATE;
		if (!was_setting)
			load_registers(rtc, now);
	}
	rtc->reg[B] = value;
	/* The datasheet: the first update comes half a second later. */
	if (was_setting && !setting(rtc))
		store_registers(rtc, now, NS / 2);
}

static void write_register(struct rtc *rtc, uint8_t value, uint64_t now)
{
	if (holds_time(rtc->index)) {
		write_time(rtc, value, now);
		return;
	}
	switch (rtc->index) {
	case A:
		rtc->reg[A] = value & ~A_UPDATING;
		break;
	case B:
		write_b(rtc, value, now);
		break;
	case C:
	case D:
		break;
	default:
		rtc->reg[rtc->index] = value;
		break;
	}
}

/**
 * rtc_write() - the guest writes a byte to one of the ports
 * @rtc: the clock
 * @port: 0x70 (index) or 0x71 (data)
 * @value: the byte
 * @now: ns
 */
void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now)
{
	if (!(port & 1)) {
		rtc->index = value % RTC_REGISTERS;
		return;
	}
	update_flags(rtc, now);
	write_register(rtc, value, now);
	update_flags(rtc, now);
}

static uint8_t read_a(const struct rtc *rtc, uint64_t now)
{
	bool updating = guest_time(rtc, now) % NS >= NS - UPDATE_NS;

	if (updating && !setting(rtc))
		return rtc->reg[A] | A_UPDATING;
	return rtc->reg[A];
}

static uint8_t read_c(struct rtc *rtc, uint64_t now)
{
	uint8_t flags;

	update_flags(rtc, now);
	flags = rtc->reg[C];
	rtc->reg[C] = 0;
	return flags;
}

/**
 * rtc_read() - the guest reads a byte from one of the ports
 * @rtc: the clock
 * @port: 0x70 (index, which cannot be read) or 0x71 (data)
 * @now: ns
 *
 * Return: the byte.
 */
uint8_t rtc_read(struct rtc *rtc, uint16_t port, uint64_t now)
{
	if (!(port & 1))
		return 0xff;
	if (rtc->index == A)
		return read_a(rtc, now);
	if (rtc->index == C)
		return read_c(rtc, now);
	if (holds_time(rtc->index) && !setting(rtc))
		load_registers(rtc, now);
	return rtc->reg[rtc->index];
}

/* Where a PC's firmware notes how much memory there is. */
static void note_memory(struct rtc *rtc, uint64_t memory)
{
	uint64_t kib = memory > 1 << 20 ? (memory - (1 << 20)) >> 10 : 0;
	uint64_t chunks = memory > 16 << 20 ? (memory - (16 << 20)) >> 16 : 0;

	if (kib > 0xffff)
		kib = 0xffff;
	if (chunks > 0xffff)
		chunks = 0xffff;
	rtc->reg[0x15] = 640 & 0xff;
	rtc->reg[0x16] = 640 >> 8;
	rtc->reg[0x17] = (uint8_t)kib;
	rtc->reg[0x18] = (uint8_t)(kib >> 8);
	rtc->reg[0x30] = rtc->reg[0x17];
	rtc->reg[0x31] = rtc->reg[0x18];
	rtc->reg[0x34] = (uint8_t)chunks;
	rtc->reg[0x35] = (uint8_t)(chunks >> 8);
}

/**
 * rtc_init() - bring the clock to its state after power-on
 * @rtc: the clock
 * @wall: the date, ns since 1970 UTC
 * @now: ns of the clock that the other calls pass in
 * @memory: bytes of memory of the machine, noted as firmware does
 */
void rtc_init(struct rtc *rtc, uint64_t wall, uint64_t now, uint64_t memory)
{
	memset(rtc, 0, sizeof(*rtc));
	rtc->epoch = wall - now;
	rtc->checked = now;
	rtc->reg[A] = A_DIVIDER_RUN | 0x06;
	rtc->reg[B] = B_24_HOURS;
	rtc->reg[D] = D_VALID;
	note_memory(rtc, memory);
}
