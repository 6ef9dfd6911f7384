// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables: RSDP -> RSDT and XSDT -> FADT -> FACS and DSDT, and a MADT where
 * there are local APICs. They describe the fixed hardware of pm.c, the reset
 * register, the CPUs and their interrupt controllers. See the ACPI specification,
 * "ACPI Software Programming Model".
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "../libvhm/compiler.h"
#include "acpi.h"
#include "board.h"
#include "log.h"
#include "mptable.h"
#include "pci.h"
#include "pm.h"

#define OEM_ID		"VHM   "
#define OEM_TABLE_ID	"VHMPC   "
#define CREATOR_ID	"VHM "

#define IO_SPACE	1	/* of a generic address */

#define FADT_WBINVD		(1u << 0)
#define FADT_NO_POWER_BUTTON	(1u << 4)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_TIMER_32_BITS	(1u << 8)
#define FADT_RESET_REGISTER	(1u << 10)

#define BOOT_LEGACY_DEVICES	(1u << 0)
#define BOOT_NO_VGA		(1u << 2)
#define BOOT_NO_MSI		(1u << 3)

struct rsdp {
	char signature[8];
	uint8_t checksum;	/* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t whole_checksum;
	uint8_t reserved[3];
} __packed;

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;

struct address {
	uint8_t space;
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __packed;

/* Revision 4: what the fixed hardware of a PC needs, in 244 bytes. */
struct fadt {
	struct header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved_1;
	uint8_t profile;
	uint16_t sci_interrupt;
	uint32_t smi_command;
	uint8_t acpi_enable;
	uint8_t acpi_disable;
	uint8_t s4bios_request;
	uint8_t pstate_control;
	uint32_t pm1a_event;
	uint32_t pm1b_event;
	uint32_t pm1a_control;
	uint32_t pm1b_control;
	uint32_t pm2_control;
	uint32_t pm_timer;
	uint32_t gpe0;
	uint32_t gpe1;
	uint8_t pm1_event_length;
	uint8_t pm1_control_length;
	uint8_t pm2_control_length;
	uint8_t pm_timer_length;
	uint8_t gpe0_length;
	uint8_t gpe1_length;
	uint8_t gpe1_base;
	uint8_t cstate_control;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush_size;
	uint16_t flush_stride;
	uint8_t duty_offset;
	uint8_t duty_width;
	uint8_t day_alarm;
	uint8_t month_alarm;
	uint8_t century;
	uint16_t boot_flags;
	uint8_t reserved_2;
	uint32_t flags;
	struct address reset_register;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_revision;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct address x_pm1a_event;
	struct address x_pm1b_event;
	struct address x_pm1a_control;
	struct address x_pm1b_control;
	struct address x_pm2_control;
	struct address x_pm_timer;
	struct address x_gpe0;
	struct address x_gpe1;
} __packed;

struct facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature;
	uint32_t waking_vector;
	uint32_t global_lock;
	uint32_t flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} __packed;

/* The MADT: a header and what the interrupt controllers are, one after the other. */
struct madt_local_apic {
	uint8_t type;
	uint8_t length;
	uint8_t processor;
	uint8_t id;
	uint32_t flags;
} __packed;

struct madt_io_apic {
	uint8_t type;
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t first_gsi;
} __packed;

struct madt_override {
	uint8_t type;
	uint8_t length;
	uint8_t bus;
	uint8_t irq;
	uint32_t gsi;
	uint16_t flags;
} __packed;

struct madt_nmi {
	uint8_t type;
	uint8_t length;
	uint8_t processor;
	uint16_t flags;
	uint8_t lint;
} __packed;

/* APIC ids are below 255: each CPU has the short entry, which x2APIC's mode knows too. */
struct madt {
	struct header header;
	uint32_t local_apic;
	uint32_t flags;
	struct madt_io_apic io_apic;
	struct madt_override timer;
	struct madt_override sci;
	struct madt_nmi nmi;
	struct madt_local_apic cpu[BOARD_CPUS_MOST];
} __packed;

enum {
	MADT_LOCAL_APIC = 0,
	MADT_IO_APIC = 1,
	MADT_OVERRIDE = 2,
	MADT_NMI = 4,
};

#define MADT_HAS_8259		1u
#define MADT_CPU_ENABLED	1u
#define MADT_ALL_CPUS		0xff
#define MADT_AS_BUS		0	/* polarity and trigger of ISA: high, edge */
#define MADT_HIGH_LEVEL		0xd

/* All of them, in the order in which they lie in guest memory. */
struct tables {
	struct rsdp rsdp;
	struct {
		struct header header;
		uint32_t table[2];
	} __packed rsdt;
	struct {
		struct header header;
		uint64_t table[2];
	} __packed xsdt;
	struct fadt fadt;
	struct {
		struct header header;
		uint8_t aml[14];
	} __packed dsdt;
	struct madt madt;
	/* The FACS has to be aligned to 64 bytes. */
	struct facs facs __aligned(64);
};

static_assert(sizeof(struct rsdp) == 36, "RSDP as in the specification");
static_assert(sizeof(struct header) == 36, "header as in the specification");
static_assert(sizeof(struct facs) == 64, "FACS as in the specification");
static_assert(sizeof(struct fadt) == 244, "FADT as in the specification");
static_assert(sizeof(struct tables) <= MP_TABLE - ACPI_RSDP, "the tables fit where they go");

#define AT(member)	((uint32_t)(ACPI_RSDP + offsetof(struct tables, member)))

/* Name (\_S5, Package () { SLP_TYPa, SLP_TYPb, 0, 0 }) */
static const uint8_t dsdt_aml[] = {
	0x08, '_', 'S', '5', '_',	/* NameOp, NameSeg */
	0x12, 0x08, 0x04,		/* PackageOp, PkgLength, NumElements */
	0x0a, PM_SLEEP_TYPE_OFF,	/* BytePrefix, value for PM1a_CNT */
	0x0a, PM_SLEEP_TYPE_OFF,	/* the same for PM1b_CNT */
	0x00, 0x00,			/* ZeroOp, ZeroOp: reserved */
};

/**
 * table_checksum() - what makes the sum of a table's bytes 0, as firmware's tables want it
 * @table: the table, in which the place of it is 0
 * @length: bytes
 *
 * Return: the byte.
 */
uint8_t table_checksum(const void *table, size_t length)
{
	const uint8_t *byte = table;
	uint8_t sum = 0;

	while (length--)
		sum += *byte++;
	return (uint8_t)-sum;
}

static void fill_header(struct header *header, const char *signature,
			uint8_t revision, size_t length)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = (uint32_t)length;
	header->revision = revision;
	memcpy(header->oem_id, OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE_ID,
	       sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, CREATOR_ID, sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = table_checksum(header, length);
}

static struct address port_address(uint16_t port, unsigned int bytes,
				   uint8_t access)
{
	struct address address = {
		.space = IO_SPACE,
		.bits = (uint8_t)(8 * bytes),
		.access = access,
		.address = port,
	};

	return address;
}

static void fill_fadt(struct fadt *fadt)
{
	fadt->facs = AT(facs);
	fadt->dsdt = AT(dsdt);
	fadt->sci_interrupt = PM_IRQ;
	fadt->pm1a_event = PM_EVENT_PORT;
	fadt->pm1a_control = PM_CONTROL_PORT;
	fadt->pm_timer = PM_TIMER_PORT;
	fadt->pm1_event_length = PM_EVENT_SIZE;
	fadt->pm1_control_length = PM_CONTROL_SIZE;
	fadt->pm_timer_length = PM_TIMER_SIZE;
	/* Latencies above 100 and 1000 us say: no C2, no C3. */
	fadt->c2_latency = 101;
	fadt->c3_latency = 1001;
	fadt->century = 0x32;
	/* Not BOOT_8042: a guest need not look for a keyboard. */
	fadt->boot_flags = BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_MSI;
	fadt->flags = FADT_WBINVD | FADT_NO_POWER_BUTTON |
		      FADT_NO_SLEEP_BUTTON | FADT_TIMER_32_BITS |
		      FADT_RESET_REGISTER;
	fadt->reset_register = port_address(PCI_RESET_PORT, 1, 1);
	fadt->reset_value = PCI_RESET_FULL;
	fadt->x_dsdt = AT(dsdt);
	fadt->x_pm1a_event = port_address(PM_EVENT_PORT, PM_EVENT_SIZE, 2);
	fadt->x_pm1a_control = port_address(PM_CONTROL_PORT, PM_CONTROL_SIZE,
					    2);
	fadt->x_pm_timer = port_address(PM_TIMER_PORT, PM_TIMER_SIZE, 3);
	fill_header(&fadt->header, "FACP", 4, sizeof(*fadt));
}

static void fill_rsdp(struct rsdp *rsdp)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, OEM_ID, sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->rsdt = AT(rsdt);
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = AT(xsdt);
	rsdp->checksum = table_checksum(rsdp, offsetof(struct rsdp, length));
	rsdp->whole_checksum = table_checksum(rsdp, sizeof(*rsdp));
}

static void fill_cpu(struct madt_local_apic *cpu, unsigned int id)
{
	cpu->type = MADT_LOCAL_APIC;
	cpu->length = sizeof(*cpu);
	cpu->processor = (uint8_t)id;
	cpu->id = (uint8_t)id;
	cpu->flags = MADT_CPU_ENABLED;
}

static void fill_override(struct madt_override *override, unsigned int irq, uint16_t flags)
{
	override->type = MADT_OVERRIDE;
	override->length = sizeof(*override);
	override->irq = (uint8_t)irq;
	override->gsi = board_pin(irq);
	override->flags = flags;
}

static void fill_madt(struct madt *madt, const struct board *board)
{
	size_t length = offsetof(struct madt, cpu) + board->cpus * sizeof(madt->cpu[0]);
	unsigned int i;

	madt->local_apic = BOARD_LOCAL_APIC;
	madt->flags = MADT_HAS_8259;
	madt->io_apic.type = MADT_IO_APIC;
	madt->io_apic.length = sizeof(madt->io_apic);
	madt->io_apic.id = BOARD_IOAPIC_ID;
	madt->io_apic.address = BOARD_IOAPIC;
	fill_override(&madt->timer, 0, MADT_AS_BUS);
	fill_override(&madt->sci, PM_IRQ, MADT_HIGH_LEVEL);
	madt->nmi.type = MADT_NMI;
	madt->nmi.length = sizeof(madt->nmi);
	madt->nmi.processor = MADT_ALL_CPUS;
	madt->nmi.lint = 1;
	for (i = 0; i < board->cpus; i++)
		fill_cpu(&madt->cpu[i], i);
	fill_header(&madt->header, "APIC", 4, length);
}

static void fill_directories(struct tables *tables, const struct board *board)
{
	size_t rsdt = sizeof(tables->rsdt), xsdt = sizeof(tables->xsdt);

	tables->rsdt.table[0] = AT(fadt);
	tables->xsdt.table[0] = AT(fadt);
	if (board->apic) {
		tables->rsdt.table[1] = AT(madt);
		tables->xsdt.table[1] = AT(madt);
	} else {
		rsdt -= sizeof(tables->rsdt.table[1]);
		xsdt -= sizeof(tables->xsdt.table[1]);
	}
	fill_header(&tables->rsdt.header, "RSDT", 1, rsdt);
	fill_header(&tables->xsdt.header, "XSDT", 1, xsdt);
}

/**
 * acpi_write_tables() - put the tables where a guest looks for them
 * @memory: the guest's memory
 * @board: how the machine is built
 *
 * Return: 0; -1 with a message said.
 */
int acpi_write_tables(const struct memory *memory, const struct board *board)
{
	struct tables *tables = memory_at(memory, ACPI_RSDP, sizeof(*tables));

	if (!tables)
		return log_error(NULL,
				 "no room for the ACPI tables: give the guest at least 1 MiB (--memory)");

	memset(tables, 0, sizeof(*tables));
	fill_rsdp(&tables->rsdp);
	memcpy(tables->facs.signature, "FACS", sizeof(tables->facs.signature));
	tables->facs.length = sizeof(tables->facs);
	tables->facs.version = 1;
	fill_fadt(&tables->fadt);
	fill_directories(tables, board);
	memcpy(tables->dsdt.aml, dsdt_aml, sizeof(dsdt_aml));
	fill_header(&tables->dsdt.header, "DSDT", 2, sizeof(tables->dsdt));
	if (board->apic)
		fill_madt(&tables->madt, board);
	return 0;
}
