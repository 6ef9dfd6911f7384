/* SPDX-License-Identifier: GPL-2.0 */
/* The machine: its memory, its one CPU and its devices. */
#ifndef VHM_MACHINE_H
#define VHM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "../libvhm/libvhm.h"
#include "cpu.h"
#include "i8042.h"
#include "memory.h"
#include "pic.h"
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

struct machine {
	struct vhm_device device;
	struct vhm_vm vm;
	struct vhm_vcpu vcpu;
	struct memory memory;

	struct pic pic;
	struct pit pit;
	struct rtc rtc;
	struct serial serial;
	struct i8042 i8042;
	struct pm pm;
	bool timers_changed;	/* the next event has to be worked out again */
	uint64_t flush_at;	/* when the console has to be written */

	enum ending ending;
	uint8_t debug_value;	/* what the guest wrote to the debug port */
};

int machine_open(struct machine *machine, const char *device, uint64_t memory);
void machine_close(struct machine *machine);
int machine_init_cpu(struct machine *machine, const struct cpu_features *features);
void machine_init_devices(struct machine *machine, uint64_t now);
void machine_update(struct machine *machine, uint64_t now);
uint64_t machine_next_event(const struct machine *machine);

/* ports.c */
void ports_init(void);
void ports_exit(struct machine *machine);
void ports_print(FILE *out);

#endif /* VHM_MACHINE_H */
