/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine: its memory, its CPUs and its devices.
 *
 * Each CPU has a thread; that of CPU 0, the boot CPU, is the program's first, and
 * does what devices and console do by themselves. Who touches what, in brackets
 * behind each field of struct machine:
 *
 *	[l]	with @lock held: one lock for all devices, since an access to one is short
 *		and often leads to another
 *	[a]	atomic
 *	[-]	does not change while the guest runs
 *
 * Nobody enters a guest or sleeps with the lock held, but for the console's output:
 * a terminal that takes nothing stops the machine, as it always did.
 */
#ifndef VHM_MACHINE_H
#define VHM_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../libvhm/libvhm.h"
#include "board.h"
#include "cpu.h"
#include "i8042.h"
#include "irqchip.h"
#include "memory.h"
#include "pit.h"
#include "pm.h"
#include "rtc.h"
#include "serial.h"

/* Why a run ended. */
enum ending {
	ENDING_NONE,		/* it has not */
	ENDING_POWER_OFF,
	ENDING_LEFT,		/* the user left with Ctrl-A x */
	ENDING_SIGNAL,
	ENDING_DEBUG_EXIT,
	ENDING_RESET,
	ENDING_TRIPLE_FAULT,
	ENDING_HALTED,		/* with interrupts off, for ever */
	ENDING_FAILED,		/* the device could not go on */
};

struct machine;
struct stats;

/**
 * struct processor - one of the machine's CPUs
 * @id: its number, which is its APIC id; 0 is the boot CPU
 * @vcpu: what the device knows it by
 * @machine: whose it is
 * @thread: runs it; not for the boot CPU
 * @stats: what it counts in, or NULL
 */
struct processor {
	unsigned int id;
	struct vhm_vcpu vcpu;
	struct machine *machine;
	pthread_t thread;
	struct stats *stats;
};

struct machine {
	struct vhm_device device;	/* [-] */
	struct vhm_vm vm;		/* [-] */
	struct board board;		/* [-] */
	struct processor *processors;	/* [-] as many as the board has */
	struct memory memory;		/* [-] */

	pthread_mutex_t lock;
	struct irqchip irqchip;		/* [l] */
	struct pit pit;			/* [l] */
	struct rtc rtc;			/* [l] */
	struct serial serial;		/* [l] */
	struct i8042 i8042;		/* [l] */
	struct pm pm;			/* [l] */
	bool timers_changed;		/* [l] the next event has to be worked out again */
	uint64_t flush_at;		/* [l] when the console has to be written */
	uint64_t drain_at;		/* [l] when the transmitter tells that it is empty */

	atomic_int ending;		/* [a] enum ending; the first counts */
	uint8_t debug_value;		/* [l] what the guest wrote to the debug port */
};

/* What a machine is to be. */
struct machine_wants {
	const char *device;
	uint64_t memory;		/* bytes */
	unsigned int cpus;
	enum irqchip_kind irqchip;
};

static inline struct processor *machine_boot_cpu(const struct machine *machine)
{
	return &machine->processors[0];
}

int machine_open(struct machine *machine, const struct machine_wants *wants);
void machine_close(struct machine *machine);
int machine_init_cpus(struct machine *machine, const struct cpu_features *features);
void machine_init_devices(struct machine *machine, uint64_t now);
void machine_update(struct machine *machine, uint64_t now);
uint64_t machine_next_event(const struct machine *machine);
void machine_end(struct machine *machine, enum ending ending);

/* ports.c */
void ports_init(void);
void ports_exit(struct processor *processor);
void ports_print(FILE *out);

#endif /* VHM_MACHINE_H */
