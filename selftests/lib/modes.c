// SPDX-License-Identifier: GPL-2.0
/*
 * The processor's modes: tables in guest memory, and a vCPU put straight into
 * real, flat 32-bit, PAE or long mode.
 */
#include <string.h>

#include "guest.h"
#include "vm.h"

#define DESC_CODE64	0x00af9b000000ffffull
#define DESC_DATA	0x00cf93000000ffffull
#define DESC_CODE32	0x00cf9b000000ffffull
#define DESC_CODE16	0x008f9b000000ffffull
#define DESC_DATA16	0x000093000000ffffull
#define DESC_USER_DATA	0x00cff3000000ffffull
#define DESC_USER_CODE	0x00affb000000ffffull
#define DESC_TSS	0x00008b0000000067ull

#define GATE_INTERRUPT	0x8eull

static void write_gdt(struct vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->mem + VM_GDT);

	gdt[SEL_CODE64 >> 3] = DESC_CODE64;
	gdt[SEL_DATA >> 3] = DESC_DATA;
	gdt[SEL_CODE32 >> 3] = DESC_CODE32;
	gdt[SEL_CODE16 >> 3] = DESC_CODE16;
	gdt[SEL_DATA16 >> 3] = DESC_DATA16;
	gdt[SEL_USER_DATA >> 3] = DESC_USER_DATA;
	gdt[SEL_USER_CODE64 >> 3] = DESC_USER_CODE;
	gdt[SEL_TSS >> 3] = DESC_TSS | (uint64_t)VM_TSS << 16;
}

static void write_idt(struct vm *vm)
{
	uint64_t *idt = (uint64_t *)(vm->mem + VM_IDT);

	for (unsigned int i = 0; i < 256; i++) {
		uint64_t offset = (uintptr_t)guest_vectors + i * 16;

		idt[2 * i] = (offset & 0xffff) | SEL_CODE64 << 16 |
			     GATE_INTERRUPT << 40 | (offset >> 16) << 48;
		idt[2 * i + 1] = offset >> 32;
	}
}

static void write_tss(struct vm *vm)
{
	uint8_t *tss = vm->mem + VM_TSS;
	uint64_t rsp0 = VM_IST1 - 0x8000, ist1 = VM_IST1;
	uint16_t io_map = 0x68;		/* beyond the limit: ring 3 has no ports */

	memcpy(tss + 4, &rsp0, sizeof(rsp0));
	memcpy(tss + 36, &ist1, sizeof(ist1));
	memcpy(tss + 102, &io_map, sizeof(io_map));
}

/* The first GiB by 2 MiB pages, but for VM_PAGES, which has 4 KiB ones. */
static void write_page_tables(struct vm *vm)
{
	uint64_t *pml4 = (uint64_t *)(vm->mem + VM_PML4);
	uint64_t *pdpt = (uint64_t *)(vm->mem + VM_PDPT);
	uint64_t *pd = (uint64_t *)(vm->mem + VM_PD);
	uint64_t *pt = (uint64_t *)(vm->mem + VM_PT);
	uint64_t *pae_pdpt = (uint64_t *)(vm->mem + VM_PAE_PDPT);
	uint64_t *pae_pd = (uint64_t *)(vm->mem + VM_PAE_PD);

	pml4[0] = VM_PDPT | PTE_P | PTE_W | PTE_U;
	pdpt[0] = VM_PD | PTE_P | PTE_W | PTE_U;
	pae_pdpt[0] = VM_PAE_PD | PTE_P;
	for (uint64_t i = 0; i < 512; i++) {
		pd[i] = i << 21 | PTE_P | PTE_W | PTE_U | PTE_PS;
		pae_pd[i] = i << 21 | PTE_P | PTE_W | PTE_U | PTE_PS;
		pt[i] = (VM_PAGES + (i << 12)) | PTE_P | PTE_W | PTE_U;
	}
	pd[VM_PAGES >> 21] = VM_PT | PTE_P | PTE_W | PTE_U;
}

/**
 * vm_write_tables() - write GDT, IDT, TSS and page tables into guest memory
 * @vm: the machine
 */
void vm_write_tables(struct vm *vm)
{
	write_gdt(vm);
	write_idt(vm);
	write_tss(vm);
	write_page_tables(vm);
}

/**
 * vm_pte() - the page-table entry of an address in VM_PAGES
 * @vm: the machine
 * @va: the guest's address
 *
 * Return: where this process sees the entry.
 */
uint64_t *vm_pte(struct vm *vm, uint64_t va)
{
	if (va < VM_PAGES || va >= VM_PAGES + (2u << 20))
		die("address 0x%llx is not mapped by 4 KiB pages",
		    (unsigned long long)va);
	return (uint64_t *)(vm->mem + VM_PT) + ((va - VM_PAGES) >> 12);
}

static void set_flat(struct kvm_segment *seg, uint16_t selector, uint8_t type)
{
	*seg = (struct kvm_segment) {
		.selector = selector,
		.type = type,
		.limit = 0xffffffff,
		.present = 1,
		.s = 1,
		.g = 1,
		.db = 1,
		.dpl = selector & 3,
	};
}

static void set_all_flat(struct kvm_sregs *sregs, uint16_t code, uint16_t data)
{
	set_flat(&sregs->cs, code, 11);
	set_flat(&sregs->ds, data, 3);
	set_flat(&sregs->es, data, 3);
	set_flat(&sregs->fs, data, 3);
	set_flat(&sregs->gs, data, 3);
	set_flat(&sregs->ss, data, 3);
}

static void set_tables(struct kvm_sregs *sregs)
{
	sregs->gdt.base = VM_GDT;
	sregs->gdt.limit = SEL_TSS + 15;
	sregs->idt.base = VM_IDT;
	sregs->idt.limit = 0xfff;
	sregs->tr = (struct kvm_segment) {
		.selector = SEL_TSS,
		.base = VM_TSS,
		.limit = 0x67,
		.type = 11,
		.present = 1,
	};
	sregs->ldt = (struct kvm_segment) { .type = 2, .unusable = 1 };
}

static void set_start(struct vcpu *cpu, uint64_t rip, uint64_t rsp)
{
	struct kvm_regs regs = { .rip = rip, .rsp = rsp, .rflags = 2 };

	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

static uint64_t stack_top(const struct vcpu *cpu)
{
	return VM_STACK0 + (uint64_t)cpu->id * VM_STACK_SIZE;
}

static void set_real_segment(struct kvm_segment *seg, uint16_t selector, uint8_t type)
{
	*seg = (struct kvm_segment) {
		.selector = selector,
		.base = (uint64_t)selector << 4,
		.limit = 0xffff,
		.type = type,
		.present = 1,
		.s = 1,
	};
}

/**
 * vcpu_set_real() - start a vCPU in real mode
 * @cpu: the vCPU
 * @cs: its code segment; the data segments are 0
 * @ip: its first instruction
 */
void vcpu_set_real(struct vcpu *cpu, uint16_t cs, uint16_t ip)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);

	set_real_segment(&sregs.cs, cs, 11);
	set_real_segment(&sregs.ds, 0, 3);
	set_real_segment(&sregs.es, 0, 3);
	set_real_segment(&sregs.fs, 0, 3);
	set_real_segment(&sregs.gs, 0, 3);
	set_real_segment(&sregs.ss, 0, 3);
	sregs.cr0 = X86_CR0_ET;
	sregs.cr4 = 0;
	sregs.efer = 0;
	sregs.idt.base = 0;
	sregs.idt.limit = 0x3ff;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	set_start(cpu, ip, 0x7000);
}

/**
 * vcpu_set_flat32() - start a vCPU in 32-bit protected mode, paging off
 * @cpu: the vCPU
 * @eip: its first instruction
 */
void vcpu_set_flat32(struct vcpu *cpu, const void *eip)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);

	set_all_flat(&sregs, SEL_CODE32, SEL_DATA);
	set_tables(&sregs);
	sregs.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE;
	sregs.cr4 = 0;
	sregs.efer = 0;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	set_start(cpu, (uintptr_t)eip, stack_top(cpu));
}

/**
 * vcpu_set_pae() - start a vCPU in 32-bit protected mode with PAE paging
 * @cpu: the vCPU
 * @eip: its first instruction
 */
void vcpu_set_pae(struct vcpu *cpu, const void *eip)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);

	set_all_flat(&sregs, SEL_CODE32, SEL_DATA);
	set_tables(&sregs);
	sregs.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_PG;
	sregs.cr3 = VM_PAE_PDPT;
	sregs.cr4 = X86_CR4_PAE;
	sregs.efer = 0;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	set_start(cpu, (uintptr_t)eip, stack_top(cpu));
}

/**
 * vcpu_set_long() - start a vCPU in long mode
 * @cpu: the vCPU
 * @entry: a function of this program; see guest.h for what it may do
 */
void vcpu_set_long(struct vcpu *cpu, void (*entry)(void))
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);

	set_all_flat(&sregs, SEL_CODE64, SEL_DATA);
	sregs.cs.db = 0;
	sregs.cs.l = 1;
	set_tables(&sregs);
	sregs.cr0 = X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		    X86_CR0_WP | X86_CR0_PG;
	sregs.cr3 = VM_PML4;
	sregs.cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMM;
	sregs.efer = EFER_LME | EFER_LMA;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	vcpu_set_entry(cpu, entry);
}

/**
 * vcpu_set_entry() - let a vCPU that is in long mode call another function
 * @cpu: the vCPU
 * @entry: the function
 */
void vcpu_set_entry(struct vcpu *cpu, void (*entry)(void))
{
	/* As if called: the stack is off by 8 from a multiple of 16. */
	set_start(cpu, (uintptr_t)entry, stack_top(cpu) - 8);
}
