/* SPDX-License-Identifier: GPL-2.0 */
/* How the machine is built: what CPUID and the tables in memory tell the guest of it. */
#ifndef VHM_BOARD_H
#define VHM_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define BOARD_CPUS_MOST		64u

#define BOARD_LOCAL_APIC	0xfee00000u
#define BOARD_IOAPIC		0xfec00000u
#define BOARD_IOAPIC_SIZE	0x1000u

/* Messages do not go over the local APICs' bus any more: its id may be a local APIC's too. */
#define BOARD_IOAPIC_ID		0

/* The 16 lines of a PC, from IRQ 0 on. */
#define BOARD_IRQS		16u

/**
 * struct board - how the machine is built
 * @cpus: how many CPUs it has; their APIC ids are 0, 1, 2, ...
 * @apic: they have local APICs, and there is an I/O APIC
 */
struct board {
	unsigned int cpus;
	bool apic;
};

/* The pin of the I/O APIC that an IRQ's line leads to: the timer's is where a PC has it. */
static inline unsigned int board_pin(unsigned int irq)
{
	return irq ? irq : 2;
}

/* Of the 8259's cascade there is no line. */
static inline bool board_has_irq(unsigned int irq)
{
	return irq < BOARD_IRQS && irq != 2;
}

#endif /* VHM_BOARD_H */
