// SPDX-License-Identifier: GPL-2.0
/*
 * The entry of Multiboot's and of PVH's kernels: 32-bit protected mode, all
 * segments over all addresses, no paging, interrupts off, a magic in EAX or
 * none, and in EBX where the kernel reads what it is told. Neither promises a
 * stack or a GDT; we have one for kernels that load a selector too early.
 */
#include <string.h>

#include "log.h"
#include "protected.h"
#include "segments.h"

#define CODE_SELECTOR		0x08
#define DATA_SELECTOR		0x10
#define CODE_DESCRIPTOR		0x00cf9b000000ffffull
#define DATA_DESCRIPTOR		0x00cf93000000ffffull
#define DESCRIPTORS		3

#define CR0_PE			(1ull << 0)
#define CR0_ET			(1ull << 4)
#define TSS_BUSY_32		11
#define TSS_LIMIT		0x67

/**
 * protected_prepare() - put into guest memory what the entry needs
 * @entry: its GDT is filled in
 * @room: what is taken
 *
 * Return: 0; -1 with a message said.
 */
int protected_prepare(struct protected_entry *entry, struct room *room)
{
	uint64_t *gdt = room_find_low(room, DESCRIPTORS * sizeof(*gdt), &entry->gdt);

	if (!gdt)
		return -1;
	gdt[0] = 0;
	gdt[CODE_SELECTOR / 8] = CODE_DESCRIPTOR;
	gdt[DATA_SELECTOR / 8] = DATA_DESCRIPTOR;
	return 0;
}

static void set_segments(struct kvm_sregs *sregs)
{
	const struct kvm_segment task = {
		.limit = TSS_LIMIT, .type = TSS_BUSY_32, .present = 1,
	};

	segments_set_flat(sregs, CODE_SELECTOR, DATA_SELECTOR, false);
	sregs->tr = task;
}

/**
 * protected_start() - set the vCPU to the kernel's entry
 * @vcpu: a vCPU that has not run yet
 * @entry: after protected_prepare()
 *
 * Return: 0; -1 with a message said.
 */
int protected_start(const struct vhm_vcpu *vcpu, const struct protected_entry *entry)
{
	struct kvm_regs regs = {
		.rip = entry->eip,
		.rax = entry->eax,
		.rbx = entry->ebx,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	if (vhm_vcpu_get_sregs(vcpu, &sregs))
		return log_error(NULL, "%s", vhm_error());
	set_segments(&sregs);
	sregs.gdt.base = entry->gdt;
	sregs.gdt.limit = DESCRIPTORS * sizeof(uint64_t) - 1;
	sregs.idt.base = 0;
	sregs.idt.limit = 0;
	sregs.cr0 = CR0_ET | CR0_PE;
	sregs.cr4 = 0;
	sregs.efer = 0;
	if (vhm_vcpu_set_sregs(vcpu, &sregs) || vhm_vcpu_set_regs(vcpu, &regs))
		return log_error(NULL, "%s", vhm_error());
	return 0;
}
