// SPDX-License-Identifier: GPL-2.0
/*
 * 8259s and I/O APIC in the kernel (KVM_CREATE_IRQCHIP): their creation and end, their
 * state as user space sees it, and which ports are theirs.
 *
 * Who does not ask for them does not meet them: a vCPU without a local APIC of ours never
 * comes here, and one with a split irqchip finds that its VM has none.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "irqchip.h"
#include "vhm.h"

/* Under vm->lock. */
static long create_irqchip(struct vhm_vm *vm)
{
	int err;

	if (vm->lapics)
		return -EEXIST;
	if (vm->vcpus_begun)
		return -EINVAL;
	vm->irqchip = kzalloc(sizeof(*vm->irqchip), GFP_KERNEL_ACCOUNT);
	if (!vm->irqchip)
		return -ENOMEM;
	vm->irqchip->vm = vm;
	vhm_pic_init(vm->irqchip);
	vhm_ioapic_init(vm->irqchip);
	err = vhm_default_routes(vm);
	if (err) {
		kfree(vm->irqchip);
		vm->irqchip = NULL;
		return err;
	}
	/* Who finds that there are local APICs finds all the rest. */
	smp_store_release(&vm->lapics, true);
	return 0;
}

/**
 * vhm_create_irqchip() - KVM_CREATE_IRQCHIP
 * @vm: the VM
 *
 * Return: 0; -EEXIST: there is an irqchip, of either kind; -EINVAL: there is a vCPU, or
 * one is being made; -ENOMEM.
 */
long vhm_create_irqchip(struct vhm_vm *vm)
{
	long err;

	mutex_lock(&vm->lock);
	err = create_irqchip(vm);
	mutex_unlock(&vm->lock);
	return err;
}

/* NULL with a split irqchip too. */
static struct vhm_irqchip *find(struct vhm_vm *vm)
{
	/* Pairs with the release in create_irqchip(). */
	return smp_load_acquire(&vm->lapics) ? vm->irqchip : NULL;
}

static long get_chip(struct vhm_irqchip *irqchip, struct kvm_irqchip *chip)
{
	switch (chip->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		vhm_pic_get(irqchip, array_index_nospec(chip->chip_id, 2), &chip->chip.pic);
		return 0;
	case KVM_IRQCHIP_IOAPIC:
		vhm_ioapic_get(irqchip, &chip->chip.ioapic);
		return 0;
	default:
		return -EINVAL;
	}
}

static long set_chip(struct vhm_irqchip *irqchip, const struct kvm_irqchip *chip)
{
	switch (chip->chip_id) {
	case KVM_IRQCHIP_PIC_MASTER:
	case KVM_IRQCHIP_PIC_SLAVE:
		vhm_pic_set(irqchip, array_index_nospec(chip->chip_id, 2), &chip->chip.pic);
		return 0;
	case KVM_IRQCHIP_IOAPIC:
		vhm_ioapic_set(irqchip, &chip->chip.ioapic);
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * vhm_get_irqchip() - KVM_GET_IRQCHIP
 * @vm: the VM
 * @user: struct kvm_irqchip, whose chip_id says which
 *
 * Return: 0; -ENXIO: there is none in the kernel; -EINVAL: no such chip; -EFAULT; -ENOMEM.
 */
long vhm_get_irqchip(struct vhm_vm *vm, struct kvm_irqchip __user *user)
{
	struct vhm_irqchip *irqchip = find(vm);
	struct kvm_irqchip *chip = memdup_user(user, sizeof(*chip));
	long err;

	if (IS_ERR(chip))
		return PTR_ERR(chip);
	err = irqchip ? get_chip(irqchip, chip) : -ENXIO;
	if (!err && copy_to_user(user, chip, sizeof(*chip)))
		err = -EFAULT;
	kfree(chip);
	return err;
}

/**
 * vhm_set_irqchip() - KVM_SET_IRQCHIP
 * @vm: the VM
 * @user: struct kvm_irqchip; no value of its fields harms, each is looked at where it is used
 *
 * Return: 0; -ENXIO: there is none in the kernel; -EINVAL: no such chip; -EFAULT; -ENOMEM.
 */
long vhm_set_irqchip(struct vhm_vm *vm, const struct kvm_irqchip __user *user)
{
	struct vhm_irqchip *irqchip = find(vm);
	struct kvm_irqchip *chip = memdup_user(user, sizeof(*chip));
	long err;

	if (IS_ERR(chip))
		return PTR_ERR(chip);
	err = irqchip ? set_chip(irqchip, chip) : -ENXIO;
	kfree(chip);
	return err;
}

/**
 * vhm_irqchip_port() - an access to a port that may be a device's in the kernel
 * @v: a vCPU that has a local APIC
 * @port: the first one
 * @size: 1, 2 or 4
 * @data: what is written, or zeroed room for what is read: 4 bytes
 * @write: which of the two
 *
 * Return: true if it was such a port; false: it is user space's.
 */
bool vhm_irqchip_port(struct vhm_vcpu *v, u16 port, unsigned int size, void *data, bool write)
{
	struct vhm_vm *vm = v->vm;

	if (!vm->irqchip)
		return false;
	if (vhm_pic_claims(port, size))
		vhm_pic_port(vm->irqchip, port, size, data, write);
	else if (vhm_pit_claims(vm, port, size))
		vhm_pit_port(vm, port, data, write);
	else
		return false;
	return true;
}

/**
 * vhm_irqchip_stop() - no more interrupts come by themselves
 * @vm: a VM that nobody uses any more
 */
void vhm_irqchip_stop(struct vhm_vm *vm)
{
	if (vm->irqchip)
		vhm_ioapic_stop(vm->irqchip);
}

/**
 * vhm_irqchip_free() - the end of a VM's 8259s and I/O APIC
 * @vm: the VM; its vCPUs are gone
 */
void vhm_irqchip_free(struct vhm_vm *vm)
{
	kfree(vm->irqchip);
}
