/* SPDX-License-Identifier: GPL-2.0 */
/* Where the interrupt controllers are, and the devices' lines to them. */
#ifndef VHM_IRQCHIP_H
#define VHM_IRQCHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "../libvhm/libvhm.h"
#include "ioapic.h"
#include "pic.h"

enum irqchip_kind {
	IRQCHIP_NONE,		/* the 8259 pair, here; no local APIC */
	IRQCHIP_SPLIT,		/* local APICs in the kernel, the others here */
	IRQCHIP_FULL,		/* all in the kernel */
	IRQCHIP_DEFAULT,	/* what the user has not said */
};

struct irqchip {
	enum irqchip_kind kind;
	const struct vhm_vm *vm;
	struct pic pic;			/* not with IRQCHIP_FULL */
	struct ioapic ioapic;		/* with IRQCHIP_SPLIT */
	uint32_t routes[IOAPIC_PINS][2];	/* address and data that the kernel was told last */
	uint32_t lines;			/* with IRQCHIP_FULL: their levels */
	bool told;			/* the boot CPU's thread knows of the 8259's interrupt */
	bool failed;			/* the device has refused something: vhm_error() */
};

int irqchip_choose(const struct vhm_device *device, enum irqchip_kind *kind, unsigned int cpus);
int irqchip_open(struct irqchip *irqchip, enum irqchip_kind kind, const struct vhm_vm *vm);
void irqchip_init(struct irqchip *irqchip);
void irqchip_set_line(struct irqchip *irqchip, unsigned int irq, bool level);
bool irqchip_mmio(struct irqchip *irqchip, struct kvm_run *run);

#endif /* VHM_IRQCHIP_H */
