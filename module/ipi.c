// SPDX-License-Identifier: GPL-2.0
/*
 * Messages between local APICs, and to them: who is addressed, and what it does there.
 *
 * SDM, "Issuing Interprocessor Interrupts" and "Message Signalled Interrupts".
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/nospec.h>

#include "lapic.h"
#include "vhm.h"

enum { TO_ADDRESS, TO_SELF, TO_ALL, TO_OTHERS };

/* The first 16 vectors are the processor's own. */
#define FIRST_VECTOR	16

static bool accept_vector(struct vhm_lapic *l, const struct vhm_message *m)
{
	if ((m->level && !m->asserted) || !vhm_apic_sw_on(l) || !vhm_apic_on(l))
		return false;
	if (m->vector < FIRST_VECTOR) {
		vhm_lapic_error(l, APIC_ESR_RECVILL);
		return false;
	}
	assign_bit(m->vector, vhm_apic_bitmap(l, APIC_TMR), m->level);
	/* TMR first: whoever sees the vector in IRR shall know how to end it. */
	smp_mb__before_atomic();
	set_bit(m->vector, vhm_apic_bitmap(l, APIC_IRR));
	/* Behind it: see take() in lapic.c. */
	WRITE_ONCE(l->waits, true);
	vhm_request(l->vcpu, VHM_REQUEST_EVENT);
	return true;
}

/* INIT is not queued behind an older start-up message, but cancels it. */
static bool accept_init(struct vhm_lapic *l, const struct vhm_message *m)
{
	/* The "level de-assert" that is for old processors' arbitration ids. */
	if (m->level && !m->asserted)
		return false;
	clear_bit(VHM_REQUEST_SIPI, &l->vcpu->requests);
	vhm_request(l->vcpu, VHM_REQUEST_INIT);
	return true;
}

static bool accept_sipi(struct vhm_lapic *l, const struct vhm_message *m)
{
	WRITE_ONCE(l->sipi, m->vector);
	/* Pairs with the barrier in accept_sipi() of wait.c. */
	smp_wmb();
	vhm_request(l->vcpu, VHM_REQUEST_SIPI);
	return true;
}

/**
 * vhm_apic_accept() - a message has reached its local APIC
 * @l: the local APIC; in any context, by any thread
 * @m: the message
 *
 * There is no system-management mode: an SMI does nothing. A message of mode ExtINT
 * would have the vector fetched from an 8259, which is user space's to do.
 *
 * Return: true if it was accepted.
 */
bool vhm_apic_accept(struct vhm_lapic *l, const struct vhm_message *m)
{
	switch (m->mode) {
	case APIC_DM_FIXED:
	case APIC_DM_LOWEST:
		return accept_vector(l, m);
	case APIC_DM_NMI:
		atomic_inc(&l->vcpu->nmis);
		vhm_request(l->vcpu, VHM_REQUEST_EVENT);
		return true;
	case APIC_DM_INIT:
		return accept_init(l, m);
	case APIC_DM_STARTUP:
		return accept_sipi(l, m);
	case APIC_DM_SMI:
		return true;
	default:
		return false;
	}
}

static struct vhm_apic_address address(const struct vhm_lapic *l)
{
	bool x2apic = vhm_apic_is_x2apic(l);

	return (struct vhm_apic_address){
		.x2apic = x2apic,
		.id = vhm_apic_get(l, APIC_ID) >> 24,
		.x2apic_id = l->vcpu->id,
		/* A guest that has just changed the mode may not have got there yet. */
		.ldr = x2apic ? vhm_x2apic_ldr(l->vcpu->id) : vhm_apic_get(l, APIC_LDR),
		.dfr = vhm_apic_get(l, APIC_DFR),
	};
}

/*
 * An MSI to 0xff was meant for all, before MSIs had more than eight bits of address;
 * KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK says that it is cluster 0's CPUs 0 to 7.
 */
static u32 destination(struct vhm_vm *vm, const struct vhm_lapic *from,
		       const struct vhm_apic_address *a, u32 to)
{
	if (!from && a->x2apic && to == VHM_APIC_BROADCAST &&
	    !(READ_ONCE(vm->options.x2apic_format) & KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK))
		return VHM_X2APIC_BROADCAST;
	return to;
}

static bool is_addressed(struct vhm_vm *vm, const struct vhm_lapic *from,
			 const struct vhm_lapic *l, const struct vhm_message *m)
{
	struct vhm_apic_address a;
	u32 to;

	if (!vhm_apic_on(l))
		return false;
	switch (m->shorthand) {
	case TO_SELF:
		return l == from;
	case TO_ALL:
		return true;
	case TO_OTHERS:
		return l != from;
	default:
		a = address(l);
		to = destination(vm, from, &a, m->to);
		return m->logical ? vhm_apic_is_logical(&a, to) : vhm_apic_is_physical(&a, to);
	}
}

/* One of those addressed: by the vector, so that vectors are spread and each has its own. */
static int send_to_one(struct vhm_vm *vm, const unsigned long *addressed,
		       const struct vhm_message *m)
{
	unsigned int count = bitmap_weight(addressed, VHM_MAX_VCPUS), skip, i;

	if (!count)
		return 0;
	skip = m->vector % count;
	for_each_set_bit(i, addressed, VHM_MAX_VCPUS)
		if (!skip--)
			return vhm_apic_accept(vm->vcpu[i]->lapic, m);
	return 0;
}

/**
 * vhm_apic_send() - a message to whom it is addressed
 * @vm: the VM
 * @from: the sender's local APIC, or NULL: a device
 * @m: the message
 *
 * Return: how many have accepted it.
 */
int vhm_apic_send(struct vhm_vm *vm, struct vhm_lapic *from, struct vhm_message *m)
{
	DECLARE_BITMAP(addressed, VHM_MAX_VCPUS) = {};
	unsigned int i, count;
	int accepted = 0;

	if (m->shorthand == TO_SELF)
		return vhm_apic_accept(from, m);
	/* All of them, and one of them: the first is meant. */
	if (m->lowest && !m->shorthand && !m->logical && m->to == VHM_APIC_BROADCAST)
		m->lowest = false;
	/* Pairs with the release in vcpu_publish(). */
	count = smp_load_acquire(&vm->vcpu_count);
	for (i = 0; i < count; i++) {
		struct vhm_lapic *l = vm->vcpu[array_index_nospec(i, VHM_MAX_VCPUS)]->lapic;

		if (!is_addressed(vm, from, l, m))
			continue;
		if (!m->lowest)
			accepted += vhm_apic_accept(l, m);
		else if (vhm_apic_sw_on(l))
			__set_bit(i, addressed);
	}
	return m->lowest ? send_to_one(vm, addressed, m) : accepted;
}

/**
 * vhm_apic_owes_eoi() - has an earlier message of this kind not been ended?
 * @vm: the VM
 * @m: the message
 *
 * Return: true if its vector waits, or is in service, where it is addressed.
 */
bool vhm_apic_owes_eoi(struct vhm_vm *vm, const struct vhm_message *m)
{
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	for (i = 0; i < count; i++) {
		struct vhm_lapic *l = vm->vcpu[array_index_nospec(i, VHM_MAX_VCPUS)]->lapic;

		if (is_addressed(vm, NULL, l, m) &&
		    (test_bit(m->vector, vhm_apic_bitmap(l, APIC_IRR)) ||
		     test_bit(m->vector, vhm_apic_bitmap(l, APIC_ISR))))
			return true;
	}
	return false;
}

static bool is_vectored(u16 mode)
{
	return mode == APIC_DM_FIXED || mode == APIC_DM_LOWEST;
}

/**
 * vhm_apic_ipi() - the interrupt command register has been written
 * @l: whose
 * @command: its lower half
 * @to: destination, 8 bits or in x2APIC mode 32
 */
void vhm_apic_ipi(struct vhm_lapic *l, u32 command, u32 to)
{
	u16 mode = command & APIC_MODE_MASK;
	struct vhm_message m = {
		.to = to,
		.vector = command & APIC_VECTOR_MASK,
		.mode = mode,
		.shorthand = command >> 18 & 3,
		.logical = command & APIC_DEST_LOGICAL,
		.lowest = mode == APIC_DM_LOWEST,
		.level = command & APIC_INT_LEVELTRIG,
		.asserted = command & APIC_INT_ASSERT,
	};

	if (unlikely(is_vectored(mode) && m.vector < FIRST_VECTOR)) {
		vhm_lapic_error(l, APIC_ESR_SENDILL);
		return;
	}
	vhm_apic_send(l->vcpu->vm, l, &m);
}
