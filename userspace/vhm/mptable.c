// SPDX-License-Identifier: GPL-2.0
/*
 * The MP table: CPUs, the bus, the I/O APIC and which interrupt comes in at which
 * pin. See Intel's "MultiProcessor Specification", version 1.4.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "../libvhm/compiler.h"
#include "acpi.h"
#include "log.h"
#include "mptable.h"
#include "pm.h"

#define SPECIFICATION		4	/* 1.4 */
#define LOCAL_APIC_VERSION	0x14
#define IO_APIC_VERSION		0x20
#define BUS			0

enum {
	PROCESSOR = 0,
	BUS_ENTRY = 1,
	IO_APIC = 2,
	IO_INTERRUPT = 3,
	LOCAL_INTERRUPT = 4,
};

#define CPU_ENABLED		1u
#define CPU_BOOT		2u
#define IO_APIC_ENABLED		1u

/* Types of interrupts. */
#define INT_VECTORED		0
#define INT_NMI			1
#define INT_EXTINT		3

#define AS_BUS			0	/* polarity and trigger of ISA: high, edge */
#define HIGH_LEVEL		0xd
#define ALL_APICS		0xff

struct pointer {
	char signature[4];
	uint32_t table;
	uint8_t paragraphs;
	uint8_t revision;
	uint8_t checksum;
	uint8_t features[5];
} __packed;

struct head {
	char signature[4];
	uint16_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[8];
	char product[12];
	uint32_t oem_table;
	uint16_t oem_size;
	uint16_t entries;
	uint32_t local_apic;
	uint16_t extended_length;
	uint8_t extended_checksum;
	uint8_t reserved;
} __packed;

struct processor_entry {
	uint8_t type;
	uint8_t apic;
	uint8_t version;
	uint8_t flags;
	uint32_t signature;
	uint32_t features;
	uint32_t reserved[2];
} __packed;

struct bus_entry {
	uint8_t type;
	uint8_t id;
	char name[6];
} __packed;

struct io_apic_entry {
	uint8_t type;
	uint8_t id;
	uint8_t version;
	uint8_t flags;
	uint32_t address;
} __packed;

struct interrupt_entry {
	uint8_t type;
	uint8_t interrupt;
	uint16_t flags;
	uint8_t bus;
	uint8_t irq;
	uint8_t apic;
	uint8_t pin;
} __packed;

/* The entries have to be sorted by type, so the processors come first. */
struct rest {
	struct bus_entry bus;
	struct io_apic_entry io_apic;
	struct interrupt_entry io[BOARD_IRQS - 1];
	struct interrupt_entry local[2];
} __packed;

struct tables {
	struct pointer pointer;
	struct head head;
	struct processor_entry cpu[BOARD_CPUS_MOST];
	struct rest room_for_rest;
} __packed;

static_assert(sizeof(struct pointer) == 16, "floating pointer as in the specification");
static_assert(sizeof(struct head) == 44, "header as in the specification");
static_assert(sizeof(struct processor_entry) == 20, "processor as in the specification");
static_assert(sizeof(struct interrupt_entry) == 8, "interrupt as in the specification");
static_assert(sizeof(struct tables) <= MEMORY_TABLES_END - MP_TABLE, "they fit where they go");

static void fill_cpu(struct processor_entry *cpu, unsigned int id)
{
	cpu->type = PROCESSOR;
	cpu->apic = (uint8_t)id;
	cpu->version = LOCAL_APIC_VERSION;
	cpu->flags = CPU_ENABLED | (id ? 0 : CPU_BOOT);
}

static struct interrupt_entry interrupt(uint8_t type, uint8_t kind, uint8_t irq, uint8_t apic,
					uint8_t pin)
{
	struct interrupt_entry entry = {
		.type = type,
		.interrupt = kind,
		.flags = kind == INT_VECTORED && irq == PM_IRQ ? HIGH_LEVEL : AS_BUS,
		.bus = BUS,
		.irq = irq,
		.apic = apic,
		.pin = pin,
	};

	return entry;
}

static void fill_rest(struct rest *rest)
{
	unsigned int irq, count = 0;

	rest->bus.type = BUS_ENTRY;
	rest->bus.id = BUS;
	memcpy(rest->bus.name, "ISA   ", sizeof(rest->bus.name));
	rest->io_apic.type = IO_APIC;
	rest->io_apic.id = BOARD_IOAPIC_ID;
	rest->io_apic.version = IO_APIC_VERSION;
	rest->io_apic.flags = IO_APIC_ENABLED;
	rest->io_apic.address = BOARD_IOAPIC;
	for (irq = 0; irq < BOARD_IRQS; irq++) {
		if (board_has_irq(irq))
			rest->io[count++] = interrupt(IO_INTERRUPT, INT_VECTORED, (uint8_t)irq,
						      BOARD_IOAPIC_ID, (uint8_t)board_pin(irq));
	}
	rest->local[0] = interrupt(LOCAL_INTERRUPT, INT_EXTINT, 0, ALL_APICS, 0);
	rest->local[1] = interrupt(LOCAL_INTERRUPT, INT_NMI, 0, ALL_APICS, 1);
}

static void fill_head(struct head *head, unsigned int cpus)
{
	size_t length = sizeof(*head) + cpus * sizeof(struct processor_entry) +
			sizeof(struct rest);

	memcpy(head->signature, "PCMP", sizeof(head->signature));
	head->length = (uint16_t)length;
	head->revision = SPECIFICATION;
	memcpy(head->oem, "VHM     ", sizeof(head->oem));
	memcpy(head->product, "VHMPC       ", sizeof(head->product));
	/* Processors, a bus, an I/O APIC, the interrupts. */
	head->entries = (uint16_t)(cpus + 2 + BOARD_IRQS - 1 + 2);
	head->local_apic = BOARD_LOCAL_APIC;
	head->checksum = table_checksum(head, length);
}

/**
 * mptable_write() - put the table where a guest looks for it
 * @memory: the guest's memory
 * @board: how the machine is built; without local APICs there is no table
 *
 * Return: 0; -1 with a message said.
 */
int mptable_write(const struct memory *memory, const struct board *board)
{
	struct tables *tables = memory_at(memory, MP_TABLE, sizeof(*tables));
	unsigned int i;

	if (!board->apic)
		return 0;
	if (!tables)
		return log_error(NULL,
				 "no room for the MP table: give the guest at least 1 MiB (--memory)");
	memset(tables, 0, sizeof(*tables));
	for (i = 0; i < board->cpus; i++)
		fill_cpu(&tables->cpu[i], i);
	/* Right behind the last processor there is. */
	fill_rest((struct rest *)&tables->cpu[board->cpus]);
	fill_head(&tables->head, board->cpus);
	memcpy(tables->pointer.signature, "_MP_", sizeof(tables->pointer.signature));
	tables->pointer.table = MP_TABLE + offsetof(struct tables, head);
	tables->pointer.paragraphs = 1;
	tables->pointer.revision = SPECIFICATION;
	tables->pointer.checksum = table_checksum(&tables->pointer, sizeof(tables->pointer));
	return 0;
}
