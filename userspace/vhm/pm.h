/* SPDX-License-Identifier: GPL-2.0 */
/* ACPI's fixed hardware: PM1 event and control blocks and the PM timer. */
#ifndef VHM_PM_H
#define VHM_PM_H

#include <stdbool.h>
#include <stdint.h>

/* The FADT tells the guest these. */
#define PM_EVENT_PORT	0x600	/* status, then enable: 2 bytes each */
#define PM_EVENT_SIZE	4
#define PM_CONTROL_PORT	0x604
#define PM_CONTROL_SIZE	2
#define PM_TIMER_PORT	0x608
#define PM_TIMER_SIZE	4
#define PM_TIMER_HZ	3579545
#define PM_IRQ		9

/* The DSDT tells the guest this: SLP_TYP for S5, soft off. */
#define PM_SLEEP_TYPE_OFF	5

struct pm {
	uint16_t status;
	uint16_t enable;
	uint16_t control;
	uint64_t start;		/* ns: when the timer was 0 */
	uint64_t checked;	/* when the status was last brought up to date */
};

void pm_init(struct pm *pm, uint64_t now);
uint32_t pm_read(struct pm *pm, uint16_t port, uint64_t now);
bool pm_write(struct pm *pm, uint16_t port, unsigned int size, uint32_t value,
	      uint64_t now);
bool pm_tick(struct pm *pm, uint64_t now);
uint64_t pm_next_event(const struct pm *pm);

#endif /* VHM_PM_H */
