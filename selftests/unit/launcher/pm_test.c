// SPDX-License-Identifier: GPL-2.0
/* The small devices: power-off, PM timer, keyboard controller, PCI's ports. */
#include <stdlib.h>

#include "i8042.h"
#include "pci.h"
#include "pm.h"
#include "tap.h"

#define NEVER	UINT64_MAX

static void test_power_off(void)
{
	struct pm pm;

	pm_init(&pm, 0);
	tap_ok(pm_read(&pm, PM_CONTROL_PORT, 0) == 1, "pm: in ACPI mode");
	tap_ok(!pm_write(&pm, PM_CONTROL_PORT, 2, 5 << 10, 0),
	       "pm: a sleep type alone does nothing");
	tap_ok(pm_read(&pm, PM_CONTROL_PORT, 0) == (5 << 10 | 1),
	       "pm: it reads back");
	tap_ok(!pm_write(&pm, PM_CONTROL_PORT, 2, 1 << 13 | 3 << 10, 0),
	       "pm: S3 is not there");
	tap_ok(pm_write(&pm, PM_CONTROL_PORT, 2, 1 << 13 | 5 << 10, 0),
	       "pm: S5 switches off");
	tap_ok(pm_write(&pm, PM_CONTROL_PORT + 1, 1, (1 << 13 | 5 << 10) >> 8, 0),
	       "pm: also by its high byte");
	tap_ok(!(pm_read(&pm, PM_CONTROL_PORT, 0) & 1 << 13),
	       "pm: SLP_EN reads as 0");
}

static void test_timer(void)
{
	uint64_t half = ((1ull << 31) * 1000000000 + PM_TIMER_HZ - 1) /
			PM_TIMER_HZ;
	struct pm pm;

	pm_init(&pm, 77);
	tap_ok(pm_read(&pm, PM_TIMER_PORT, 77) == 0 &&
	       pm_read(&pm, PM_TIMER_PORT, 77 + 1000000000) == PM_TIMER_HZ &&
	       pm_read(&pm, PM_TIMER_PORT + 1, 77 + 1000000000) ==
	       PM_TIMER_HZ >> 8, "pm: the timer counts 3,579,545 in a second");
	tap_ok(pm_next_event(&pm) == NEVER, "pm: no interrupt unasked");
	pm_write(&pm, PM_EVENT_PORT + 2, 2, 0x0001, 77);
	tap_ok(pm_read(&pm, PM_EVENT_PORT, 77) == 0x10000 &&
	       pm_read(&pm, PM_EVENT_PORT + 2, 77) == 1,
	       "pm: the enable register reads back");
	tap_ok(pm_next_event(&pm) == 77 + half &&
	       !pm_tick(&pm, 77 + half - 1) && pm_tick(&pm, 77 + half),
	       "pm: it interrupts when bit 31 changes");
	tap_ok(pm_next_event(&pm) == NEVER && pm_tick(&pm, 77 + half + 1),
	       "pm: until the status is cleared");
	pm_write(&pm, PM_EVENT_PORT, 2, 0xfffe, 77 + half + 1);
	tap_ok(pm_tick(&pm, 77 + half + 1), "pm: by a 1 in its place only");
	pm_write(&pm, PM_EVENT_PORT, 1, 0x01, 77 + half + 1);
	tap_ok(!pm_tick(&pm, 77 + half + 1) && pm_next_event(&pm) != NEVER,
	       "pm: cleared");
}

static void test_keyboard(void)
{
	struct i8042 i8042;

	i8042_init(&i8042);
	tap_ok(!(i8042_read(&i8042, 0x64) & 3), "i8042: nothing to read at first");
	i8042_write(&i8042, 0x64, 0xaa);
	tap_ok(i8042_read(&i8042, 0x64) & 1 && i8042_read(&i8042, 0x60) == 0x55 &&
	       !(i8042_read(&i8042, 0x64) & 1), "i8042: self-test");
	i8042_write(&i8042, 0x64, 0x60);
	i8042_write(&i8042, 0x60, 0x47);
	i8042_write(&i8042, 0x64, 0x20);
	tap_ok(i8042_read(&i8042, 0x60) == 0x47, "i8042: the mode reads back");
	i8042_write(&i8042, 0x60, 0xed);
	tap_ok((i8042_read(&i8042, 0x64) & 0x41) == 0x41 &&
	       i8042_read(&i8042, 0x60) == 0xfe, "i8042: no keyboard: timeout");
	i8042_write(&i8042, 0x64, 0xd4);
	i8042_write(&i8042, 0x60, 0xf2);
	tap_ok((i8042_read(&i8042, 0x64) & 0x61) == 0x61, "i8042: nor a mouse");
	i8042_write(&i8042, 0x64, 0xd3);
	i8042_write(&i8042, 0x60, 0x5a);
	tap_ok(i8042_read(&i8042, 0x64) & 0x20 &&
	       i8042_read(&i8042, 0x60) == 0x5a, "i8042: mouse loopback");
	tap_ok(i8042_write(&i8042, 0x64, 0xfe), "i8042: pulse of bit 0 resets");
	tap_ok(!i8042_write(&i8042, 0x64, 0xff), "i8042: pulse of none does not");
	i8042_write(&i8042, 0x64, 0xd1);
	tap_ok(!i8042_write(&i8042, 0x60, 0x03), "i8042: the output port, no reset");
	i8042_write(&i8042, 0x64, 0xd1);
	tap_ok(i8042_write(&i8042, 0x60, 0x02), "i8042: the output port, reset");
}

static void test_pci(void)
{
	tap_ok(pci_write(0xcf9, 1, 0x06) && pci_write(0xcf9, 1, 0x04) &&
	       pci_write(0xcf9, 1, 0x0e), "pci: reset control");
	tap_ok(!pci_write(0xcf9, 1, 0x02), "pci: not without RST_CPU");
	tap_ok(!pci_write(0xcf8, 4, 0x80000404) && !pci_write(0xcf9, 2, 6),
	       "pci: addresses are no resets");
}

int main(void)
{
	tap_begin();
	test_power_off();
	test_timer();
	test_keyboard();
	test_pci();
	return tap_end();
}
