// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts from outside: MSIs that user space sends, and the table that says what a
 * GSI is (KVM_SET_GSI_ROUTING): a message, or pins of the 8259s and of the I/O APIC.
 *
 * With a split irqchip the first routes are the pins of user space's I/O APIC; how many
 * they are, KVM_CAP_SPLIT_IRQCHIP has said. Of the end of a level-triggered interrupt
 * that such a route may have made, user space hears (KVM_EXIT_IOAPIC_EOI). Which vectors
 * these are is remembered for good: a route may be another by the time of the EOI.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "irqchip.h"
#include "lapic.h"
#include "vhm.h"

/* A message, or at most a pin of each chip: its number + 1, or 0 for none. */
struct vhm_route {
	bool message;
	u8 pin[KVM_NR_IRQCHIPS];
	struct kvm_irq_routing_msi msi;
};

/* By GSI, and for pins the other way round, -1 for none; replaced as a whole. */
struct vhm_routes {
	struct rcu_head rcu;
	s16 gsi[KVM_NR_IRQCHIPS][KVM_IOAPIC_NUM_PINS];
	u32 count;
	struct vhm_route route[];
};

/* SDM, "Message Address Register Format" and "Message Data Register Format". */
#define MSI_TO(low)		((low) >> 12 & 0xff)
#define MSI_REDIRECTION		BIT(3)
#define MSI_LOGICAL		BIT(2)
#define MSI_LEVEL		BIT(15)
#define MSI_HIGH_RESERVED	0xff

static bool msi_valid(const struct vhm_vm *vm, u32 address_hi)
{
	return !vhm_ids_in_full(vm) || !(address_hi & MSI_HIGH_RESERVED);
}

static struct vhm_message msi_message(const struct vhm_vm *vm, u32 low, u32 high, u32 data)
{
	u16 mode = data & APIC_MODE_MASK;

	return (struct vhm_message){
		.to = MSI_TO(low) | (vhm_ids_in_full(vm) ? high & ~MSI_HIGH_RESERVED : 0),
		.vector = data & APIC_VECTOR_MASK,
		.mode = mode,
		.logical = low & MSI_LOGICAL,
		.lowest = mode == APIC_DM_LOWEST || low & MSI_REDIRECTION,
		.level = data & MSI_LEVEL,
		.asserted = true,
	};
}

static int send_msi(struct vhm_vm *vm, u32 low, u32 high, u32 data)
{
	struct vhm_message m = msi_message(vm, low, high, data);

	return vhm_apic_send(vm, NULL, &m);
}

/**
 * vhm_signal_msi() - KVM_SIGNAL_MSI
 * @vm: the VM
 * @user: struct kvm_msi
 *
 * Return: how many vCPUs have taken it; -EINVAL: no local APICs here, a flag, or
 * reserved bits of the address; -EFAULT.
 */
long vhm_signal_msi(struct vhm_vm *vm, const struct kvm_msi __user *user)
{
	struct kvm_msi msi;

	if (copy_from_user(&msi, user, sizeof(msi)))
		return -EFAULT;
	if (!READ_ONCE(vm->lapics) || msi.flags & ~KVM_MSI_VALID_DEVID ||
	    !msi_valid(vm, msi.address_hi))
		return -EINVAL;
	return send_msi(vm, msi.address_lo, msi.address_hi, msi.data);
}

static struct vhm_route find_route(struct vhm_vm *vm, u32 gsi)
{
	const struct vhm_routes *routes;
	struct vhm_route route = {};

	rcu_read_lock();
	routes = rcu_dereference(vm->routes);
	if (routes && gsi < routes->count)
		route = routes->route[array_index_nospec(gsi, routes->count)];
	rcu_read_unlock();
	return route;
}

static int set_pin(struct vhm_vm *vm, unsigned int chip, unsigned int pin,
		   const struct vhm_line *line)
{
	if (chip == KVM_IRQCHIP_IOAPIC)
		return vhm_ioapic_set_pin(vm->irqchip, pin, line);
	return vhm_pic_set_pin(vm->irqchip, chip, pin, line);
}

static int set_gsi(struct vhm_vm *vm, u32 gsi, const struct vhm_line *line)
{
	struct vhm_route route = find_route(vm, gsi);
	int taken, result = -1;
	unsigned int chip;

	if (route.message)
		return line->level ? send_msi(vm, route.msi.address_lo, route.msi.address_hi,
					      route.msi.data) : -1;
	for (chip = 0; chip < KVM_NR_IRQCHIPS; chip++) {
		if (!route.pin[chip])
			continue;
		taken = set_pin(vm, chip, route.pin[chip] - 1, line);
		if (taken >= 0)
			result = max(result, 0) + taken;
	}
	return result;
}

/**
 * vhm_set_gsi() - raise or lower a line
 * @vm: the VM; in any context, by any thread
 * @source: who does it
 * @gsi: which; any number
 * @level: up
 *
 * A GSI that is an MSI is sent when its line is raised.
 *
 * Return: how many have taken it; 0: an older one of it waits still; -1: nobody has.
 */
int vhm_set_gsi(struct vhm_vm *vm, enum vhm_irq_source source, u32 gsi, bool level)
{
	return set_gsi(vm, gsi, &(struct vhm_line){ .source = source, .level = level });
}

/**
 * vhm_gsi_acknowledged() - the guest has ended an interrupt of a GSI
 * @vm: the VM; on a vCPU's thread, maybe with IRQs off, no lock of ours held
 * @gsi: which
 */
void vhm_gsi_acknowledged(struct vhm_vm *vm, u32 gsi)
{
	if (gsi == 0)
		vhm_pit_acknowledged(vm);
	vhm_irqfd_acknowledged(vm, gsi);
}

static int gsi_of_pin(struct vhm_vm *vm, unsigned int chip, unsigned int pin)
{
	int gsi;

	rcu_read_lock();
	gsi = rcu_dereference(vm->routes)->gsi[chip][pin];
	rcu_read_unlock();
	return gsi;
}

/**
 * vhm_pin_acknowledged() - the guest has ended an interrupt of a pin
 * @vm: the VM
 * @chip: KVM_IRQCHIP_*
 * @pin: of that chip
 */
void vhm_pin_acknowledged(struct vhm_vm *vm, unsigned int chip, unsigned int pin)
{
	int gsi = gsi_of_pin(vm, chip, pin);

	if (gsi >= 0)
		vhm_gsi_acknowledged(vm, gsi);
}

/**
 * vhm_pin_unmasked() - the guest has opened a pin
 * @vm: the VM; the chip's lock may be held
 * @chip: KVM_IRQCHIP_*
 * @pin: of that chip
 */
void vhm_pin_unmasked(struct vhm_vm *vm, unsigned int chip, unsigned int pin)
{
	if (gsi_of_pin(vm, chip, pin) == 0)
		vhm_pit_restart(vm);
}

/**
 * vhm_irq_line() - KVM_IRQ_LINE and KVM_IRQ_LINE_STATUS
 * @vm: the VM
 * @user: struct kvm_irq_level
 * @status: tell how it went
 *
 * Return: 0; -ENXIO: no irqchip here; -EFAULT.
 */
long vhm_irq_line(struct vhm_vm *vm, struct kvm_irq_level __user *user, bool status)
{
	struct vhm_line line = { .source = VHM_SOURCE_USER, .status = status };
	struct kvm_irq_level level;
	int result;

	if (copy_from_user(&level, user, sizeof(level)))
		return -EFAULT;
	/* Pairs with the release in create_irqchip(). */
	if (!smp_load_acquire(&vm->lapics))
		return -ENXIO;
	line.level = level.level;
	result = set_gsi(vm, level.irq, &line);
	if (!status)
		return 0;
	level.status = result;
	return copy_to_user(user, &level, sizeof(level)) ? -EFAULT : 0;
}

static int set_message_route(struct vhm_vm *vm, struct vhm_route *route,
			     const struct kvm_irq_routing_entry *entry)
{
	if (entry->flags & ~KVM_MSI_VALID_DEVID || !msi_valid(vm, entry->u.msi.address_hi) ||
	    memchr_inv(route->pin, 0, sizeof(route->pin)))
		return -EINVAL;
	route->message = true;
	route->msi = entry->u.msi;
	return 0;
}

static int set_pin_route(struct vhm_vm *vm, struct vhm_routes *routes,
			 const struct kvm_irq_routing_entry *entry)
{
	struct vhm_route *route = &routes->route[entry->gsi];
	u32 chip = entry->u.irqchip.irqchip, pin = entry->u.irqchip.pin;

	if (!vm->irqchip || entry->flags || chip >= KVM_NR_IRQCHIPS)
		return -EINVAL;
	chip = array_index_nospec(chip, KVM_NR_IRQCHIPS);
	if (pin >= (chip == KVM_IRQCHIP_IOAPIC ? KVM_IOAPIC_NUM_PINS : 8) || route->pin[chip])
		return -EINVAL;
	pin = array_index_nospec(pin, KVM_IOAPIC_NUM_PINS);
	route->pin[chip] = pin + 1;
	routes->gsi[chip][pin] = entry->gsi;
	return 0;
}

static int set_route(struct vhm_vm *vm, struct vhm_routes *routes,
		     const struct kvm_irq_routing_entry *entry)
{
	struct vhm_route *route = &routes->route[entry->gsi];

	if (route->message)
		return -EINVAL;
	switch (entry->type) {
	case KVM_IRQ_ROUTING_MSI:
		return set_message_route(vm, route, entry);
	case KVM_IRQ_ROUTING_IRQCHIP:
		return set_pin_route(vm, routes, entry);
	default:
		return -EINVAL;
	}
}

static struct vhm_routes *make_routes(struct vhm_vm *vm,
				      const struct kvm_irq_routing_entry *entries, u32 count)
{
	struct vhm_routes *routes;
	u32 i, gsis = 0;

	for (i = 0; i < count; i++) {
		if (entries[i].gsi >= VHM_MAX_IRQ_ROUTES)
			return ERR_PTR(-EINVAL);
		gsis = max(gsis, entries[i].gsi + 1);
	}
	routes = kvzalloc(struct_size(routes, route, gsis), GFP_KERNEL_ACCOUNT);
	if (!routes)
		return ERR_PTR(-ENOMEM);
	routes->count = gsis;
	memset(routes->gsi, 0xff, sizeof(routes->gsi));
	for (i = 0; i < count; i++) {
		if (set_route(vm, routes, &entries[i])) {
			kvfree(routes);
			return ERR_PTR(-EINVAL);
		}
	}
	return routes;
}

static void note_level_vectors(struct vhm_vm *vm, const struct vhm_routes *routes)
{
	u32 i, pins = min(routes->count, vm->ioapic_pins);

	for (i = 0; i < pins; i++) {
		const struct vhm_route *route = &routes->route[i];

		if (route->message && route->msi.data & MSI_LEVEL)
			set_bit(route->msi.data & APIC_VECTOR_MASK, vm->level_vectors);
	}
}

/* Under vm->lock. */
static int replace_routes(struct vhm_vm *vm, const struct kvm_irq_routing_entry *entries,
			  u32 count)
{
	struct vhm_routes *routes = make_routes(vm, entries, count), *old;

	if (IS_ERR(routes))
		return PTR_ERR(routes);
	/* Before an interrupt can come by the new routes. */
	note_level_vectors(vm, routes);
	old = rcu_replace_pointer(vm->routes, routes, lockdep_is_held(&vm->lock));
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

#define PIC_PINS	16

/**
 * vhm_default_routes() - the table of a VM that has just got 8259s and an I/O APIC
 * @vm: the VM, its lock held; nobody sees the chips yet
 *
 * Each GSI is the pin of its number, of both, as on KVM.
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_default_routes(struct vhm_vm *vm)
{
	struct kvm_irq_routing_entry *entries;
	u32 i, count = 0;
	int err;

	entries = kcalloc(KVM_IOAPIC_NUM_PINS + PIC_PINS, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	for (i = 0; i < KVM_IOAPIC_NUM_PINS; i++)
		entries[count++] = (struct kvm_irq_routing_entry){
			.gsi = i, .type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = { KVM_IRQCHIP_IOAPIC, i },
		};
	for (i = 0; i < PIC_PINS; i++)
		entries[count++] = (struct kvm_irq_routing_entry){
			.gsi = i, .type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = { i / 8, i % 8 },
		};
	err = replace_routes(vm, entries, count);
	kfree(entries);
	return err;
}

/**
 * vhm_set_gsi_routing() - KVM_SET_GSI_ROUTING
 * @vm: the VM
 * @user: struct kvm_irq_routing
 *
 * Return: 0; -EINVAL: no irqchip here, flags, more than VHM_MAX_IRQ_ROUTES, a GSI of
 * that or more, an entry that cannot be or that another of its GSI excludes; -EFAULT;
 * -ENOMEM.
 */
long vhm_set_gsi_routing(struct vhm_vm *vm, const struct kvm_irq_routing __user *user)
{
	struct kvm_irq_routing_entry *entries;
	struct kvm_irq_routing head;
	long err;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!READ_ONCE(vm->lapics) || head.nr > VHM_MAX_IRQ_ROUTES || head.flags)
		return -EINVAL;
	entries = vmemdup_user(user->entries, array_size(head.nr, sizeof(*entries)));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	mutex_lock(&vm->lock);
	err = replace_routes(vm, entries, head.nr);
	mutex_unlock(&vm->lock);
	kvfree(entries);
	return err;
}

/**
 * vhm_routes_free() - the end of a VM's table
 * @vm: the VM; nobody uses it any more
 */
void vhm_routes_free(struct vhm_vm *vm)
{
	kvfree(rcu_dereference_protected(vm->routes, true));
}
