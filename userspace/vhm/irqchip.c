// SPDX-License-Identifier: GPL-2.0
/*
 * Where the interrupt controllers are. A device's line leads to an 8259 and to a
 * pin of the I/O APIC, as in a PC; which of them the guest listens to is its own
 * affair.
 *
 *	none	line -> 8259 -> KVM_INTERRUPT
 *	split	line -> 8259 -> KVM_INTERRUPT, which waits at the boot CPU's LINT0
 *		     -> I/O APIC -> KVM_SIGNAL_MSI -> local APIC -> KVM_EXIT_IOAPIC_EOI
 *	full	line -> KVM_IRQ_LINE
 */
#include <string.h>

#include "../libvhm/compiler.h"
#include "board.h"
#include "irqchip.h"
#include "log.h"

static const struct vhm_need split_needs[] = {
	{ KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP",
	  "for local APICs in the kernel (--irqchip)" },
	{ KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI",
	  "for the I/O APIC's interrupts (--irqchip)" },
	{ KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING",
	  "for the end of the I/O APIC's interrupts (--irqchip)" },
};

static const struct vhm_need full_needs[] = {
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP",
	  "for all interrupt controllers in the kernel (--irqchip)" },
	{ KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING",
	  "for the timer's interrupt (--irqchip)" },
};

static bool offers_split(const struct vhm_device *device)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(split_needs); i++) {
		if (vhm_check_extension(device, split_needs[i].capability) <= 0)
			return false;
	}
	return true;
}

/**
 * irqchip_choose() - what the user wants, or the best that there is
 * @device: an open device
 * @kind: in: what the user wants; out: what he gets
 * @cpus: of the machine; several need local APICs
 *
 * Return: 0; -1 with a message said: the device has it not.
 */
int irqchip_choose(const struct vhm_device *device, enum irqchip_kind *kind, unsigned int cpus)
{
	int error = 0;

	if (*kind == IRQCHIP_DEFAULT)
		*kind = cpus > 1 || offers_split(device) ? IRQCHIP_SPLIT : IRQCHIP_NONE;
	if (*kind == IRQCHIP_SPLIT)
		error = vhm_require(device, split_needs, ARRAY_SIZE(split_needs));
	else if (*kind == IRQCHIP_FULL)
		error = vhm_require(device, full_needs, ARRAY_SIZE(full_needs));
	return error ? log_error(NULL, "%s", vhm_error()) : 0;
}

/* Each IRQ to an 8259, and to the pin that the tables tell the guest. */
static int set_full_routes(const struct vhm_vm *vm)
{
	struct kvm_irq_routing_entry entries[2 * BOARD_IRQS], *entry = entries;
	unsigned int irq;

	for (irq = 0; irq < BOARD_IRQS; irq++) {
		if (!board_has_irq(irq))
			continue;
		*entry++ = (struct kvm_irq_routing_entry){
			.gsi = irq,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = {
				.irqchip = irq < 8 ? KVM_IRQCHIP_PIC_MASTER :
						     KVM_IRQCHIP_PIC_SLAVE,
				.pin = irq % 8,
			},
		};
		*entry++ = (struct kvm_irq_routing_entry){
			.gsi = irq,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = {
				.irqchip = KVM_IRQCHIP_IOAPIC,
				.pin = board_pin(irq),
			},
		};
	}
	return vhm_vm_set_routes(vm, entries, (uint32_t)(entry - entries));
}

/**
 * irqchip_open() - have the interrupt controllers that are in the kernel
 * @irqchip: filled in on success
 * @kind: from irqchip_choose()
 * @vm: a machine without vCPUs, which has to outlive @irqchip
 *
 * Return: 0; -1 with a message said.
 */
int irqchip_open(struct irqchip *irqchip, enum irqchip_kind kind, const struct vhm_vm *vm)
{
	int error = 0;

	memset(irqchip, 0, sizeof(*irqchip));
	irqchip->kind = kind;
	irqchip->vm = vm;
	if (kind == IRQCHIP_SPLIT) {
		error = vhm_vm_split_irqchip(vm, IOAPIC_PINS);
	} else if (kind == IRQCHIP_FULL) {
		error = vhm_vm_full_irqchip(vm);
		if (!error)
			error = set_full_routes(vm);
	}
	return error ? log_error(NULL, "%s", vhm_error()) : 0;
}

static void send_message(void *context, uint32_t address, uint32_t data)
{
	const struct irqchip *irqchip = context;

	/* Nobody need be there to take it, and a vector may make no sense: the guest's affair. */
	vhm_vm_signal_msi(irqchip->vm, address, data);
}

/*
 * The kernel tells us the end of an interrupt if its vector is that of a route
 * from a pin. Edges have no end that anybody waits for.
 */
static void update_routes(void *context)
{
	struct irqchip *irqchip = context;
	struct kvm_irq_routing_entry entries[IOAPIC_PINS];
	uint32_t routes[IOAPIC_PINS][2] = { 0 };
	uint32_t pin, count = 0;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		uint32_t *route = routes[pin];

		if (!ioapic_level_message(&irqchip->ioapic, pin, &route[0], &route[1])) {
			route[0] = 0;
			route[1] = 0;
			continue;
		}
		entries[count++] = (struct kvm_irq_routing_entry){
			.gsi = pin,
			.type = KVM_IRQ_ROUTING_MSI,
			.u.msi = { .address_lo = route[0], .data = route[1] },
		};
	}
	if (!memcmp(routes, irqchip->routes, sizeof(routes)))
		return;
	memcpy(irqchip->routes, routes, sizeof(routes));
	if (vhm_vm_set_routes(irqchip->vm, entries, count))
		irqchip->failed = true;
}

static const struct ioapic_bus bus = {
	.send = send_message,
	.changed = update_routes,
};

/**
 * irqchip_init() - bring those that are here to their state after power-on
 * @irqchip: from irqchip_open()
 */
void irqchip_init(struct irqchip *irqchip)
{
	pic_init(&irqchip->pic);
	ioapic_init(&irqchip->ioapic, &bus, irqchip);
}

static void set_kernel_line(struct irqchip *irqchip, unsigned int irq, bool level)
{
	if (!!(irqchip->lines & 1u << irq) == level)
		return;
	irqchip->lines ^= 1u << irq;
	if (vhm_vm_set_line(irqchip->vm, irq, level))
		irqchip->failed = true;
}

/**
 * irqchip_set_line() - a device drives its interrupt line
 * @irqchip: the interrupt controllers
 * @irq: 0 to 15, not the cascade's
 * @level: up or down
 */
void irqchip_set_line(struct irqchip *irqchip, unsigned int irq, bool level)
{
	if (irqchip->kind == IRQCHIP_FULL) {
		set_kernel_line(irqchip, irq, level);
		return;
	}
	pic_set_line(&irqchip->pic, irq, level);
	if (irqchip->kind == IRQCHIP_SPLIT)
		ioapic_set_line(&irqchip->ioapic, board_pin(irq), level);
}

/**
 * irqchip_mmio() - do what a KVM_EXIT_MMIO asks for, if it is the I/O APIC's
 * @irqchip: the interrupt controllers
 * @run: the run page of the CPU that asks
 *
 * Its registers are 32 bits wide: what else is written goes nowhere.
 *
 * Return: true if it was.
 */
bool irqchip_mmio(struct irqchip *irqchip, struct kvm_run *run)
{
	uint64_t offset = run->mmio.phys_addr - BOARD_IOAPIC;
	uint32_t value;

	if (irqchip->kind != IRQCHIP_SPLIT || offset >= BOARD_IOAPIC_SIZE)
		return false;
	if (!run->mmio.is_write) {
		value = ioapic_read(&irqchip->ioapic, (uint32_t)offset);
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
		memcpy(run->mmio.data, &value, sizeof(value));
	} else if (run->mmio.len == sizeof(value)) {
		memcpy(&value, run->mmio.data, sizeof(value));
		ioapic_write(&irqchip->ioapic, (uint32_t)offset, value);
	}
	return true;
}
