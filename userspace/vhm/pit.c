// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254 interval timer. Nothing counts here: a channel remembers when it was
 * loaded, and what its counter and its output are follows from the time that
 * each call passes in, in nanoseconds of any clock that only goes forward.
 *
 * One liberty: a count written in mode 2 or 3 is taken at once, not at the end
 * of the period that is running.
 *
 * Ticks that the machine was too late for are lost, as on a machine whose
 * interrupts were off for so long.
 */
#include <string.h>

#include "pit.h"

#define NS			1000000000ull
#define NEVER			UINT64_MAX

#define CONTROL			3	/* port 0x43 */
#define READ_BACK		3	/* where a channel's number is expected */
#define READ_BACK_NO_COUNT	0x20
#define READ_BACK_NO_STATUS	0x10

#define ACCESS_LATCH		0
#define ACCESS_LOW		1
#define ACCESS_HIGH		2
#define ACCESS_BOTH		3

#define SPEAKER_GATE		0x01
#define SPEAKER_DATA		0x02
#define SPEAKER_REFRESH		0x10
#define SPEAKER_OUT		0x20
#define REFRESH_NS		15085

static uint64_t ns_to_ticks(uint64_t ns)
{
	return (uint64_t)((__uint128_t)ns * PIT_HZ / NS);
}

/* Rounded up: at this time the tick has certainly come. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
	__uint128_t ns = (__uint128_t)ticks * NS + PIT_HZ - 1;

	return (uint64_t)(ns / PIT_HZ);
}

static uint32_t from_bcd(uint32_t value)
{
	return (value & 0xf) + (value >> 4 & 0xf) * 10 +
	       (value >> 8 & 0xf) * 100 + (value >> 12 & 0xf) * 1000;
}

static uint32_t to_bcd(uint32_t value)
{
	return value % 10 | (value / 10 % 10) << 4 | (value / 100 % 10) << 8 |
	       (value / 1000 % 10) << 12;
}

/* How many ticks the count stands for: 1 to 65536. */
static uint32_t period(const struct pit_channel *channel)
{
	uint32_t count = channel->count;

	if (channel->bcd) {
		count = from_bcd(count);
		return count ? count : 10000;
	}
	return count ? count : 0x10000;
}

static bool periodic(const struct pit_channel *channel)
{
	return channel->mode == 2 || channel->mode == 3;
}

static bool waits_for_gate(const struct pit_channel *channel)
{
	return (channel->mode == 1 || channel->mode == 5) &&
	       !channel->triggered;
}

/* Ticks counted since the start; 0 before it. */
static uint64_t elapsed(const struct pit_channel *channel, uint64_t now)
{
	if (!channel->loaded || waits_for_gate(channel))
		return 0;
	if (!channel->gate && channel->mode != 1 && channel->mode != 5)
		return channel->frozen;
	return now > channel->start ? ns_to_ticks(now - channel->start) : 0;
}

/**
 * pit_output() - the level of a channel's output
 * @channel: one of the three
 * @now: ns
 *
 * Return: true when it is high.
 */
bool pit_output(const struct pit_channel *channel, uint64_t now)
{
	uint64_t ticks = elapsed(channel, now);
	uint32_t n = period(channel);

	if (!channel->loaded)
		return channel->mode != 0;
	switch (channel->mode) {
	case 0:
		return ticks >= n;
	case 1:
		return waits_for_gate(channel) || ticks >= n;
	case 2:
		return !channel->gate || ticks % n != n - 1;
	case 3:
		return !channel->gate || ticks % n < (n + 1) / 2;
	default:
		return ticks != n;
	}
}

static uint16_t counter(const struct pit_channel *channel, uint64_t now)
{
	uint64_t ticks = elapsed(channel, now);
	uint32_t n = period(channel);
	uint32_t wrap = channel->bcd ? 10000 : 0x10000;
	uint32_t value;

	if (channel->mode == 2)
		value = n - (uint32_t)(ticks % n);
	else if (channel->mode == 3)
		value = n - (uint32_t)(2 * ticks % n);
	else
		value = (n + wrap - (uint32_t)(ticks % wrap)) % wrap;
	return channel->bcd ? to_bcd(value % wrap) : (uint16_t)value;
}

/* Rising edges of the output since the start. */
static uint64_t edges(const struct pit_channel *channel, uint64_t now)
{
	uint64_t ticks = elapsed(channel, now);
	uint32_t n = period(channel);

	if (!channel->loaded || waits_for_gate(channel))
		return 0;
	if (periodic(channel))
		return ticks / n;
	/* A strobe (4, 5) is low for the one tick after the last. */
	return ticks >= n + (channel->mode >= 4);
}

/**
 * pit_tick() - has channel 0 asked for an interrupt?
 * @pit: the timer
 * @now: ns
 *
 * Return: true if its output has risen since the last call that said so.
 */
bool pit_tick(struct pit *pit, uint64_t now)
{
	uint64_t risen = edges(&pit->channel[0], now);

	if (risen <= pit->edges)
		return false;
	pit->edges = risen;
	return true;
}

/**
 * pit_next_event() - when pit_tick() will have something to say again
 * @pit: the timer
 *
 * Return: the time in ns, UINT64_MAX if never.
 */
uint64_t pit_next_event(const struct pit *pit)
{
	const struct pit_channel *channel = &pit->channel[0];
	uint64_t n = period(channel);

	if (!channel->loaded || !channel->gate || waits_for_gate(channel))
		return NEVER;
	if (periodic(channel))
		return channel->start + ticks_to_ns((pit->edges + 1) * n);
	if (pit->edges)
		return NEVER;
	return channel->start + ticks_to_ns(n + (channel->mode >= 4));
}

static void set_gate(struct pit_channel *channel, bool gate, uint64_t now)
{
	if (channel->gate == gate)
		return;
	if (!gate) {
		channel->frozen = periodic(channel) ? 0 : elapsed(channel, now);
	} else if (periodic(channel)) {
		channel->start = now;
	} else if (channel->mode == 1 || channel->mode == 5) {
		channel->start = now;
		channel->triggered = channel->loaded;
	} else {
		channel->start = now - ticks_to_ns(channel->frozen);
	}
	channel->gate = gate;
}

static void load(struct pit *pit, struct pit_channel *channel, uint16_t count,
		 uint64_t now)
{
	channel->count = count;
	channel->loaded = true;
	/* Modes 1 and 5 take a new count at the next rise of the gate. */
	if (channel->triggered)
		return;
	channel->start = now;
	channel->frozen = 0;
	if (channel == &pit->channel[0])
		pit->edges = 0;
}

static void write_count(struct pit *pit, struct pit_channel *channel,
			uint8_t value, uint64_t now)
{
	switch (channel->access) {
	case ACCESS_LOW:
		load(pit, channel, value, now);
		break;
	case ACCESS_HIGH:
		load(pit, channel, (uint16_t)(value << 8), now);
		break;
	default:
		if (channel->write_high) {
			load(pit, channel,
			     (uint16_t)(value << 8 | channel->low), now);
		} else {
			channel->low = value;
			/* The first byte stops mode 0. */
			if (channel->mode == 0)
				channel->loaded = false;
		}
		channel->write_high = !channel->write_high;
		break;
	}
}

static void latch_count(struct pit_channel *channel, uint64_t now)
{
	if (channel->latched_bytes)
		return;
	channel->latch = counter(channel, now);
	if (channel->access == ACCESS_HIGH)
		channel->latch >>= 8;
	channel->latched_bytes = channel->access == ACCESS_BOTH ? 2 : 1;
}

static void latch_status(struct pit_channel *channel, uint64_t now)
{
	if (channel->status_latched)
		return;
	channel->status_latched = true;
	channel->status = (uint8_t)(pit_output(channel, now) << 7 |
				    !channel->loaded << 6 |
				    channel->access << 4 |
				    channel->mode << 1 | channel->bcd);
}

static void read_back(struct pit *pit, uint8_t value, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < PIT_CHANNELS; i++) {
		if (!(value & 2u << i))
			continue;
		if (!(value & READ_BACK_NO_COUNT))
			latch_count(&pit->channel[i], now);
		if (!(value & READ_BACK_NO_STATUS))
			latch_status(&pit->channel[i], now);
	}
}

static void set_mode(struct pit *pit, struct pit_channel *channel,
		     uint8_t value, uint64_t now)
{
	bool gate = channel->gate;

	memset(channel, 0, sizeof(*channel));
	channel->gate = gate;
	channel->access = value >> 4 & 3;
	channel->mode = value >> 1 & 7;
	if (channel->mode > 5)
		channel->mode -= 4;
	channel->bcd = value & 1;
	channel->start = now;
	if (channel == &pit->channel[0])
		pit->edges = 0;
}

static void write_control(struct pit *pit, uint8_t value, uint64_t now)
{
	unsigned int number = value >> 6;

	if (number == READ_BACK)
		read_back(pit, value, now);
	else if ((value >> 4 & 3) == ACCESS_LATCH)
		latch_count(&pit->channel[number], now);
	else
		set_mode(pit, &pit->channel[number], value, now);
}

/**
 * pit_write() - the guest writes a byte to one of the ports
 * @pit: the timer
 * @port: 0x40 to 0x43, or 0x61
 * @value: the byte
 * @now: ns
 */
void pit_write(struct pit *pit, uint16_t port, uint8_t value, uint64_t now)
{
	unsigned int number = port & 3;

	if (port == PIT_SPEAKER_PORT) {
		set_gate(&pit->channel[2], value & SPEAKER_GATE, now);
		pit->speaker = value & SPEAKER_DATA;
	} else if (number == CONTROL) {
		write_control(pit, value, now);
	} else {
		write_count(pit, &pit->channel[number], value, now);
	}
}

static uint8_t read_channel(struct pit_channel *channel, uint64_t now)
{
	uint16_t value;

	if (channel->status_latched) {
		channel->status_latched = false;
		return channel->status;
	}
	if (channel->latched_bytes) {
		value = channel->latch;
		channel->latched_bytes--;
		channel->latch >>= 8;
		return (uint8_t)value;
	}
	value = counter(channel, now);
	if (channel->access == ACCESS_BOTH) {
		channel->read_high = !channel->read_high;
		return (uint8_t)(channel->read_high ? value : value >> 8);
	}
	return (uint8_t)(channel->access == ACCESS_HIGH ? value >> 8 : value);
}

static uint8_t read_speaker(const struct pit *pit, uint64_t now)
{
	const struct pit_channel *channel = &pit->channel[2];
	uint8_t value = 0;

	if (channel->gate)
		value |= SPEAKER_GATE;
	if (pit->speaker)
		value |= SPEAKER_DATA;
	if (now / REFRESH_NS & 1)
		value |= SPEAKER_REFRESH;
	if (pit_output(channel, now))
		value |= SPEAKER_OUT;
	return value;
}

/**
 * pit_read() - the guest reads a byte from one of the ports
 * @pit: the timer
 * @port: 0x40 to 0x43, or 0x61
 * @now: ns
 *
 * Return: the byte; 0xff for the control port, which cannot be read.
 */
uint8_t pit_read(struct pit *pit, uint16_t port, uint64_t now)
{
	unsigned int number = port & 3;

	if (port == PIT_SPEAKER_PORT)
		return read_speaker(pit, now);
	if (number == CONTROL)
		return 0xff;
	return read_channel(&pit->channel[number], now);
}

/**
 * pit_init() - bring the timer to its state after power-on
 * @pit: the timer
 * @now: ns
 *
 * Nothing counts until a count is written.
 */
void pit_init(struct pit *pit, uint64_t now)
{
	unsigned int i;

	memset(pit, 0, sizeof(*pit));
	for (i = 0; i < PIT_CHANNELS; i++) {
		pit->channel[i].access = ACCESS_BOTH;
		pit->channel[i].mode = 3;
		pit->channel[i].start = now;
	}
	/* The gates of 0 and 1 are tied high; port 0x61 has that of 2. */
	pit->channel[0].gate = true;
	pit->channel[1].gate = true;
}
