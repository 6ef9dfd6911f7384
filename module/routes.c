// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts from outside: MSIs that user space sends, and the table that makes one of
 * a GSI (KVM_SET_GSI_ROUTING).
 *
 * With a split irqchip the first routes are the pins of user space's I/O APIC; how many
 * they are, KVM_CAP_SPLIT_IRQCHIP has said. Of the end of a level-triggered interrupt
 * that such a route may have made, user space hears (KVM_EXIT_IOAPIC_EOI). Which vectors
 * these are is remembered for good: a route may be another by the time of the EOI.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "lapic.h"
#include "vhm.h"

struct vhm_route {
	bool valid;
	struct kvm_irq_routing_msi msi;
};

/* By GSI; replaced as a whole. */
struct vhm_routes {
	struct rcu_head rcu;
	u32 count;
	struct vhm_route route[];
};

/* SDM, "Message Address Register Format" and "Message Data Register Format". */
#define MSI_TO(low)		((low) >> 12 & 0xff)
#define MSI_REDIRECTION		BIT(3)
#define MSI_LOGICAL		BIT(2)
#define MSI_LEVEL		BIT(15)
#define MSI_HIGH_RESERVED	0xff

static bool ids_in_full(const struct vhm_vm *vm)
{
	return READ_ONCE(vm->options.x2apic_format) & KVM_X2APIC_API_USE_32BIT_IDS;
}

static bool msi_valid(const struct vhm_vm *vm, u32 address_hi)
{
	return !ids_in_full(vm) || !(address_hi & MSI_HIGH_RESERVED);
}

static struct vhm_message msi_message(const struct vhm_vm *vm, u32 low, u32 high, u32 data)
{
	u16 mode = data & APIC_MODE_MASK;

	return (struct vhm_message){
		.to = MSI_TO(low) | (ids_in_full(vm) ? high & ~MSI_HIGH_RESERVED : 0),
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
	if (!READ_ONCE(vm->split) || msi.flags & ~KVM_MSI_VALID_DEVID ||
	    !msi_valid(vm, msi.address_hi))
		return -EINVAL;
	return send_msi(vm, msi.address_lo, msi.address_hi, msi.data);
}

static int set_gsi(struct vhm_vm *vm, u32 gsi)
{
	const struct vhm_routes *routes;
	struct vhm_route route = {};

	rcu_read_lock();
	routes = rcu_dereference(vm->routes);
	if (routes && gsi < routes->count)
		route = routes->route[array_index_nospec(gsi, routes->count)];
	rcu_read_unlock();
	if (!route.valid)
		return -1;
	return send_msi(vm, route.msi.address_lo, route.msi.address_hi, route.msi.data);
}

/**
 * vhm_irq_line() - KVM_IRQ_LINE and KVM_IRQ_LINE_STATUS
 * @vm: the VM
 * @user: struct kvm_irq_level
 * @status: tell how it went
 *
 * A GSI that is an MSI is sent when its line is raised.
 *
 * Return: 0; -ENXIO: no irqchip here; -EFAULT.
 */
long vhm_irq_line(struct vhm_vm *vm, struct kvm_irq_level __user *user, bool status)
{
	struct kvm_irq_level line;
	int result = -1;

	if (copy_from_user(&line, user, sizeof(line)))
		return -EFAULT;
	if (!READ_ONCE(vm->split))
		return -ENXIO;
	if (line.level)
		result = set_gsi(vm, line.irq);
	if (!status)
		return 0;
	line.status = result;
	return copy_to_user(user, &line, sizeof(line)) ? -EFAULT : 0;
}

static int set_route(struct vhm_vm *vm, struct vhm_routes *routes,
		     const struct kvm_irq_routing_entry *entry)
{
	struct vhm_route *route = &routes->route[entry->gsi];

	if (entry->type != KVM_IRQ_ROUTING_MSI || entry->flags & ~KVM_MSI_VALID_DEVID ||
	    route->valid || !msi_valid(vm, entry->u.msi.address_hi))
		return -EINVAL;
	*route = (struct vhm_route){ .valid = true, .msi = entry->u.msi };
	return 0;
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

		if (route->valid && route->msi.data & MSI_LEVEL)
			set_bit(route->msi.data & APIC_VECTOR_MASK, vm->level_vectors);
	}
}

static int replace_routes(struct vhm_vm *vm, const struct kvm_irq_routing_entry *entries,
			  u32 count)
{
	struct vhm_routes *routes = make_routes(vm, entries, count), *old;

	if (IS_ERR(routes))
		return PTR_ERR(routes);
	mutex_lock(&vm->lock);
	/* Before an interrupt can come by the new routes. */
	note_level_vectors(vm, routes);
	old = rcu_replace_pointer(vm->routes, routes, lockdep_is_held(&vm->lock));
	mutex_unlock(&vm->lock);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/**
 * vhm_set_gsi_routing() - KVM_SET_GSI_ROUTING
 * @vm: the VM
 * @user: struct kvm_irq_routing
 *
 * Return: 0; -EINVAL: no irqchip here, flags, more than VHM_MAX_IRQ_ROUTES, a GSI of
 * that or more, a GSI twice, an entry that is no MSI; -EFAULT; -ENOMEM.
 */
long vhm_set_gsi_routing(struct vhm_vm *vm, const struct kvm_irq_routing __user *user)
{
	struct kvm_irq_routing_entry *entries;
	struct kvm_irq_routing head;
	long err;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!READ_ONCE(vm->split) || head.nr > VHM_MAX_IRQ_ROUTES || head.flags)
		return -EINVAL;
	entries = vmemdup_user(user->entries, array_size(head.nr, sizeof(*entries)));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	err = replace_routes(vm, entries, head.nr);
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
