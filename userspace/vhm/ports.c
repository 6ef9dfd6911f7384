// SPDX-License-Identifier: GPL-2.0
/*
 * Which device answers at which port. What nobody answers reads as all-ones, as
 * on a PC's bus, and swallows what is written.
 */
#include <string.h>

#include "../libvhm/compiler.h"
#include "console.h"
#include "kick.h"
#include "machine.h"
#include "pci.h"

#define SYSTEM_CONTROL_PORT	0x92	/* fast reset and A20 */
#define SYSTEM_CONTROL_RESET	0x01
#define SYSTEM_CONTROL_A20	0x02
#define DELAY_PORT		0x80
#define DEBUG_EXIT_PORT		0xf4

/* A range of ports. Devices of 8 bits see wider accesses byte by byte. */
struct range {
	const char *name;
	uint16_t first;
	uint16_t count;
	bool bytes;
	uint32_t (*read)(struct machine *machine, uint16_t port,
			 unsigned int size);
	void (*write)(struct machine *machine, uint16_t port,
		      unsigned int size, uint32_t value);
};

static uint32_t read_ones(struct machine *machine, uint16_t port,
			  unsigned int size)
{
	(void)machine;
	(void)port;
	(void)size;
	return 0xffffffff;
}

static void write_nothing(struct machine *machine, uint16_t port,
			  unsigned int size, uint32_t value)
{
	(void)machine;
	(void)port;
	(void)size;
	(void)value;
}

static void serial_changed(struct machine *machine)
{
	irqchip_set_line(&machine->irqchip, SERIAL_IRQ, serial_line(&machine->serial));
}

static uint32_t read_serial(struct machine *machine, uint16_t port,
			    unsigned int size)
{
	unsigned int reg = port - SERIAL_PORT;
	uint8_t value = serial_read(&machine->serial, reg);
	uint8_t byte;

	(void)size;
	/* There may be more where the byte came from. */
	if (!reg && serial_room(&machine->serial) && console_get(&byte))
		serial_receive(&machine->serial, byte);
	serial_changed(machine);
	return value;
}

static void write_serial(struct machine *machine, uint16_t port,
			 unsigned int size, uint32_t value)
{
	int sent = serial_write(&machine->serial, port - SERIAL_PORT,
				(uint8_t)value);

	(void)size;
	if (machine->drain_at == NEVER && serial_waits(&machine->serial)) {
		machine->drain_at = kick_now() + SERIAL_DELAY;
		machine->timers_changed = true;
	}
	if (sent >= 0) {
		if (console_put((uint8_t)sent)) {
			machine->flush_at = kick_now() + CONSOLE_DELAY;
			machine->timers_changed = true;
		}
		/* Without FIFO the transmitter was busy for a moment: a new edge. */
		irqchip_set_line(&machine->irqchip, SERIAL_IRQ, false);
	}
	serial_changed(machine);
}

static uint32_t read_pic(struct machine *machine, uint16_t port,
			 unsigned int size)
{
	(void)size;
	return pic_read(&machine->irqchip.pic, port);
}

static void write_pic(struct machine *machine, uint16_t port,
		      unsigned int size, uint32_t value)
{
	(void)size;
	pic_write(&machine->irqchip.pic, port, (uint8_t)value);
}

static uint32_t read_pit(struct machine *machine, uint16_t port,
			 unsigned int size)
{
	(void)size;
	return pit_read(&machine->pit, port, kick_now());
}

static void write_pit(struct machine *machine, uint16_t port,
		      unsigned int size, uint32_t value)
{
	uint64_t now = kick_now();

	(void)size;
	pit_write(&machine->pit, port, (uint8_t)value, now);
	if (!pit_output(&machine->pit.channel[0], now))
		irqchip_set_line(&machine->irqchip, 0, false);
	machine->timers_changed = true;
}

static uint32_t read_rtc(struct machine *machine, uint16_t port,
			 unsigned int size)
{
	uint64_t now = kick_now();
	uint8_t value = rtc_read(&machine->rtc, port, now);

	(void)size;
	/* Reading register C lowers the line and starts the next wait. */
	irqchip_set_line(&machine->irqchip, RTC_IRQ, rtc_tick(&machine->rtc, now));
	machine->timers_changed = true;
	return value;
}

static void write_rtc(struct machine *machine, uint16_t port,
		      unsigned int size, uint32_t value)
{
	uint64_t now = kick_now();

	(void)size;
	rtc_write(&machine->rtc, port, (uint8_t)value, now);
	irqchip_set_line(&machine->irqchip, RTC_IRQ, rtc_tick(&machine->rtc, now));
	machine->timers_changed = true;
}

static uint32_t read_pm(struct machine *machine, uint16_t port,
			unsigned int size)
{
	(void)size;
	return pm_read(&machine->pm, port, kick_now());
}

static void write_pm(struct machine *machine, uint16_t port, unsigned int size,
		     uint32_t value)
{
	uint64_t now = kick_now();

	if (pm_write(&machine->pm, port, size, value, now))
		machine_end(machine, ENDING_POWER_OFF);
	irqchip_set_line(&machine->irqchip, PM_IRQ, pm_tick(&machine->pm, now));
	machine->timers_changed = true;
}

static uint32_t read_i8042(struct machine *machine, uint16_t port,
			   unsigned int size)
{
	(void)size;
	return i8042_read(&machine->i8042, port);
}

static void write_i8042(struct machine *machine, uint16_t port,
			unsigned int size, uint32_t value)
{
	(void)size;
	if (i8042_write(&machine->i8042, port, (uint8_t)value))
		machine_end(machine, ENDING_RESET);
}

static uint32_t read_system_control(struct machine *machine, uint16_t port,
				    unsigned int size)
{
	(void)machine;
	(void)port;
	(void)size;
	return SYSTEM_CONTROL_A20;
}

static void write_system_control(struct machine *machine, uint16_t port,
				 unsigned int size, uint32_t value)
{
	(void)port;
	(void)size;
	if (value & SYSTEM_CONTROL_RESET)
		machine_end(machine, ENDING_RESET);
}

static void write_pci(struct machine *machine, uint16_t port, unsigned int size,
		      uint32_t value)
{
	if (pci_write(port, size, value))
		machine_end(machine, ENDING_RESET);
}

static void write_debug_exit(struct machine *machine, uint16_t port,
			     unsigned int size, uint32_t value)
{
	(void)port;
	(void)size;
	machine->debug_value = (uint8_t)value;
	machine_end(machine, ENDING_DEBUG_EXIT);
}

static const struct range ranges[] = {
	{ "nobody", 0, 0, false, read_ones, write_nothing },
	{ "serial", SERIAL_PORT, SERIAL_PORTS, true,
	  read_serial, write_serial },
	{ "8259", PIC_MASTER_PORT, 2, true, read_pic, write_pic },
	{ "8259", PIC_SLAVE_PORT, 2, true, read_pic, write_pic },
	{ "8259", PIC_ELCR_PORT, 2, true, read_pic, write_pic },
	{ "8254", PIT_PORT, 4, true, read_pit, write_pit },
	{ "port 0x61", PIT_SPEAKER_PORT, 1, true, read_pit, write_pit },
	{ "rtc", RTC_PORT, 2, true, read_rtc, write_rtc },
	{ "acpi pm", PM_EVENT_PORT,
	  PM_TIMER_PORT + PM_TIMER_SIZE - PM_EVENT_PORT, false,
	  read_pm, write_pm },
	{ "i8042", I8042_DATA_PORT, 1, true, read_i8042, write_i8042 },
	{ "i8042", I8042_COMMAND_PORT, 1, true, read_i8042, write_i8042 },
	{ "port 0x80", DELAY_PORT, 1, true, read_ones, write_nothing },
	{ "port 0x92", SYSTEM_CONTROL_PORT, 1, true,
	  read_system_control, write_system_control },
	{ "pci", PCI_PORT, PCI_PORTS, false, read_ones, write_pci },
	{ "debug exit", DEBUG_EXIT_PORT, 1, false,
	  read_ones, write_debug_exit },
};

/* For each port the number of its range: one look and no search. */
static uint8_t range_of[0x10000];
static uint64_t counts[ARRAY_SIZE(ranges)];

/**
 * ports_init() - lay the ranges out
 */
void ports_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		memset(range_of + ranges[i].first, (int)i, ranges[i].count);
}

static uint32_t port_in(struct machine *machine, uint16_t port,
			unsigned int size)
{
	const struct range *range = &ranges[range_of[port]];
	uint32_t value = 0;
	unsigned int i;

	if (!range->bytes || size == 1)
		return range->read(machine, port, size);
	for (i = 0; i < size; i++)
		value |= (port_in(machine, (uint16_t)(port + i), 1) & 0xff)
			 << 8 * i;
	return value;
}

static void port_out(struct machine *machine, uint16_t port, unsigned int size,
		     uint32_t value)
{
	const struct range *range = &ranges[range_of[port]];
	unsigned int i;

	if (!range->bytes || size == 1) {
		range->write(machine, port, size, value);
		return;
	}
	for (i = 0; i < size; i++)
		port_out(machine, (uint16_t)(port + i), 1, value >> 8 * i & 0xff);
}

/**
 * ports_exit() - do what a KVM_EXIT_IO asks for
 * @processor: one of a machine that is locked; its run page says what
 */
void ports_exit(struct processor *processor)
{
	struct machine *machine = processor->machine;
	struct kvm_run *run = processor->vcpu.run;
	uint8_t *data = vhm_vcpu_io_data(&processor->vcpu);
	unsigned int size = run->io.size;
	uint16_t port = run->io.port;
	uint32_t count = run->io.count;
	uint32_t value;

	counts[range_of[port]]++;
	for (; count; count--, data += size) {
		value = 0;
		if (run->io.direction == KVM_EXIT_IO_IN) {
			value = port_in(machine, port, size);
			memcpy(data, &value, size);
		} else {
			memcpy(&value, data, size);
			port_out(machine, port, size, value);
		}
	}
}

/**
 * ports_print() - print which devices the guest's port accesses went to
 * @out: where to
 */
void ports_print(FILE *out)
{
	uint64_t count;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		/* A device's ranges stand behind each other. */
		if (i && !strcmp(ranges[i].name, ranges[i - 1].name))
			continue;
		count = 0;
		for (j = i; j < ARRAY_SIZE(ranges) &&
		     !strcmp(ranges[i].name, ranges[j].name); j++)
			count += counts[j];
		if (count)
			fprintf(out, "  %-22s %12llu\n", ranges[i].name,
				(unsigned long long)count);
	}
}
