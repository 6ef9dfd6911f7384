// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI's fixed hardware (ACPI specification, "ACPI Hardware Specification"):
 * the way to switch the machine off, and a timer of 3.58 MHz and 32 bits. The
 * machine is always in ACPI mode: there is no SMI command port.
 */
#include <string.h>

#include "pm.h"

#define NS			1000000000ull
#define NEVER			UINT64_MAX

#define EVENT_TIMER		0x0001	/* bit 31 of the timer has changed */
#define CONTROL_SCI_ENABLED	0x0001
#define CONTROL_SLEEP_TYPE	0x1c00
#define CONTROL_SLEEP		0x2000
#define SLEEP_TYPE_SHIFT	10

/* Ticks between two changes of bit 31. */
#define HALF_ROUND		0x80000000ull

static uint64_t ticks(const struct pm *pm, uint64_t now)
{
	return (uint64_t)((__uint128_t)(now - pm->start) * PM_TIMER_HZ /
			  NS);
}

/**
 * pm_tick() - the level of the interrupt line (SCI)
 * @pm: the hardware
 * @now: ns
 *
 * Return: true while an enabled event waits for the guest to clear it.
 */
bool pm_tick(struct pm *pm, uint64_t now)
{
	if (ticks(pm, now) / HALF_ROUND != ticks(pm, pm->checked) / HALF_ROUND)
		pm->status |= EVENT_TIMER;
	pm->checked = now;
	return pm->status & pm->enable;
}

/**
 * pm_next_event() - when the interrupt line will rise, if nobody writes
 * @pm: the hardware, just looked at with pm_tick()
 *
 * Return: the time in ns, UINT64_MAX if never.
 */
uint64_t pm_next_event(const struct pm *pm)
{
	__uint128_t next;

	if (!(pm->enable & ~pm->status & EVENT_TIMER))
		return NEVER;
	next = ticks(pm, pm->checked) / HALF_ROUND + 1;
	next *= HALF_ROUND;
	return pm->start + (uint64_t)((next * NS + PM_TIMER_HZ - 1) /
				      PM_TIMER_HZ);
}

/**
 * pm_read() - the guest reads from one of the blocks
 * @pm: the hardware
 * @port: from PM_EVENT_PORT to the end of the timer
 * @now: ns
 *
 * Return: the value from @port on, as far as its block goes.
 */
uint32_t pm_read(struct pm *pm, uint16_t port, uint64_t now)
{
	unsigned int byte;

	if (port >= PM_TIMER_PORT) {
		byte = port - PM_TIMER_PORT;
		return (uint32_t)ticks(pm, now) >> 8 * byte;
	}
	if (port >= PM_CONTROL_PORT) {
		byte = port - PM_CONTROL_PORT;
		return byte < PM_CONTROL_SIZE ? pm->control >> 8 * byte : 0;
	}
	pm_tick(pm, now);
	byte = port - PM_EVENT_PORT;
	return (pm->status | (uint32_t)pm->enable << 16) >> 8 * byte;
}

static bool write_control(struct pm *pm, uint16_t value)
{
	unsigned int type = (value & CONTROL_SLEEP_TYPE) >> SLEEP_TYPE_SHIFT;

	/* SLP_EN reads as 0; SCI_EN is the hardware's. */
	pm->control = (value & ~CONTROL_SLEEP) | CONTROL_SCI_ENABLED;
	return value & CONTROL_SLEEP && type == PM_SLEEP_TYPE_OFF;
}

/**
 * pm_write() - the guest writes to one of the blocks
 * @pm: the hardware
 * @port: from PM_EVENT_PORT to the end of the timer
 * @size: bytes: 1, 2 or 4
 * @value: the value
 * @now: ns
 *
 * Return: true if that switches the machine off.
 */
bool pm_write(struct pm *pm, uint16_t port, unsigned int size, uint32_t value,
	      uint64_t now)
{
	uint64_t mask, bits;
	unsigned int shift;

	if (port >= PM_CONTROL_PORT) {
		if (port == PM_CONTROL_PORT && size >= PM_CONTROL_SIZE)
			return write_control(pm, (uint16_t)value);
		if (port == PM_CONTROL_PORT + 1)
			return write_control(pm, (uint16_t)(value << 8));
		return false;
	}

	shift = 8 * (port - PM_EVENT_PORT);
	mask = ((1ull << 8 * size) - 1) << shift;
	bits = (uint64_t)value << shift;
	pm_tick(pm, now);
	/* A status bit is cleared by writing 1 to it. */
	pm->status &= ~(bits & mask);
	if (mask & 0xffff0000)
		pm->enable = (pm->enable & ~(mask >> 16)) |
			     ((bits & mask) >> 16);
	return false;
}

/**
 * pm_init() - bring the hardware to its state after power-on
 * @pm: the hardware
 * @now: ns
 */
void pm_init(struct pm *pm, uint64_t now)
{
	memset(pm, 0, sizeof(*pm));
	pm->control = CONTROL_SCI_ENABLED;
	pm->start = now;
	pm->checked = now;
}
