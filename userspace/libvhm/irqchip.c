// SPDX-License-Identifier: GPL-2.0
/* Interrupt controllers in the kernel: the local APICs alone, or all of a PC's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libvhm.h"
#include "internal.h"

/**
 * vhm_vm_split_irqchip() - have the local APICs in the kernel, and nothing else
 * @vm: a machine without vCPUs
 * @pins: how many GSIs are the pins of the caller's I/O APICs
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_split_irqchip(const struct vhm_vm *vm, unsigned int pins)
{
	struct kvm_enable_cap enable = {
		.cap = KVM_CAP_SPLIT_IRQCHIP,
		.args = { pins },
	};

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &enable))
		return vhm_fail(errno, "%s refuses local APICs in the kernel: %s",
				vm->device->path, strerror(errno));
	return 0;
}

/**
 * vhm_vm_full_irqchip() - have local APICs, I/O APIC and the 8259 pair in the kernel
 * @vm: a machine without vCPUs
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_full_irqchip(const struct vhm_vm *vm)
{
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return vhm_fail(errno, "%s refuses interrupt controllers in the kernel: %s",
				vm->device->path, strerror(errno));
	return 0;
}

/**
 * vhm_vm_set_routes() - say where each GSI leads
 * @vm: a machine with interrupt controllers in the kernel
 * @entries: all routes
 * @count: how many
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_set_routes(const struct vhm_vm *vm, const struct kvm_irq_routing_entry *entries,
		      uint32_t count)
{
	struct kvm_irq_routing *table = calloc(1, sizeof(*table) + count * sizeof(*entries));
	int error = 0;

	if (!table)
		return vhm_fail(ENOMEM, "no memory for %u interrupt routes", count);
	table->nr = count;
	memcpy(table->entries, entries, count * sizeof(*entries));
	if (ioctl(vm->fd, KVM_SET_GSI_ROUTING, table))
		error = vhm_fail(errno, "%s refuses interrupt routes: %s",
				 vm->device->path, strerror(errno));
	free(table);
	return error;
}

/**
 * vhm_vm_set_line() - drive the line of a GSI
 * @vm: a machine with all interrupt controllers in the kernel
 * @gsi: its number
 * @level: up or down
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_set_line(const struct vhm_vm *vm, uint32_t gsi, int level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = (uint32_t)level };

	if (ioctl(vm->fd, KVM_IRQ_LINE, &line))
		return vhm_fail(errno, "%s refuses interrupt line %u: %s",
				vm->device->path, gsi, strerror(errno));
	return 0;
}

/**
 * vhm_vm_signal_msi() - send a message-signalled interrupt
 * @vm: a machine with local APICs in the kernel
 * @address: where a device would write it to
 * @data: what it would write
 *
 * Return: how many vCPUs have taken it, or a negative errno (no sentence: it is
 * mostly the guest that has chosen the message).
 */
int vhm_vm_signal_msi(const struct vhm_vm *vm, uint32_t address, uint32_t data)
{
	struct kvm_msi msi = { .address_lo = address, .data = data };
	int taken = ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);

	return taken < 0 ? -errno : taken;
}
