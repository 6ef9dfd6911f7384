// SPDX-License-Identifier: GPL-2.0
/*
 * What only older guests use: 32-bit paging, call gates, SYSENTER in protected mode.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

#define X86_CR4_PSE	0x10ull
#define PTE_A		0x20u
#define PTE_D		0x40u

#define SEL_KERNEL_CODE	0x50	/* then data, user code, user data: as SYSENTER wants them */
#define SEL_GATE	0x78
#define GDT_LIMIT	0x7f

#define PD		VM_DATA
#define PT		(VM_DATA + 0x1000)
#define STACK0		(VM_DATA + 0x3800)
#define USER_STACK	(VM_DATA + 0x3000)

static void set_gate(struct vm *vm, unsigned int vector, const char *handler, uint8_t rights)
{
	uint64_t offset = (uintptr_t)handler;

	*(uint64_t *)(vm->mem + VM_IDT + 8 * vector) =
		(offset & 0xffff) | SEL_CODE32 << 16 | (uint64_t)rights << 40 |
		(offset >> 16) << 48;
}

static void write_32bit_tables(struct vm *vm)
{
	uint32_t *pd = (uint32_t *)(vm->mem + PD), *pt = (uint32_t *)(vm->mem + PT);

	memset(pd, 0, 0x2000);
	pd[0] = 0 << 22 | PTE_PS | PTE_W | PTE_P;
	pd[1] = 1 << 22 | PTE_PS | PTE_W | PTE_P;
	pd[4] = VM_HOLE | PTE_PS | PTE_W | PTE_P;
	pd[5] = PT | PTE_W | PTE_P;
	pt[3] = (VM_HOLE + 0x5000) | PTE_W | PTE_P;
}

static void set_32bit_paging(struct vcpu *cpu, const char *entry)
{
	struct kvm_sregs sregs;

	vcpu_set_flat32(cpu, entry);
	sregs = vcpu_sregs(cpu);
	sregs.cr3 = PD;
	sregs.cr4 = X86_CR4_PSE;
	sregs.cr0 |= X86_CR0_PG;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
}

static void expect_mmio(struct __test_metadata *_metadata, struct vcpu *cpu, uint64_t address,
			bool write, uint32_t data)
{
	struct kvm_run *run = cpu->run;

	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(cpu));
	EXPECT_EQ(address, run->mmio.phys_addr);
	EXPECT_EQ(write, run->mmio.is_write);
	EXPECT_EQ(4, run->mmio.len);
	if (!write) {
		memcpy(run->mmio.data, &data, 4);
		return;
	}
	EXPECT_EQ(0, memcmp(&data, run->mmio.data, 4));
}

TEST_F(guest, pages_of_32_bit_paging)
{
	uint32_t *pd = (uint32_t *)(self->vm.mem + PD), *pt = (uint32_t *)(self->vm.mem + PT);

	write_32bit_tables(&self->vm);
	set_32bit_paging(&self->cpu, legacy_pages);
	expect_mmio(_metadata, &self->cpu, VM_HOLE + 0x124, false, 0x12345678);
	EXPECT_EQ(PTE_A, pd[4] & (PTE_A | PTE_D));
	expect_mmio(_metadata, &self->cpu, VM_HOLE + 0x128, true, 0x12345678);
	EXPECT_EQ(PTE_A | PTE_D, pd[4] & (PTE_A | PTE_D));
	expect_mmio(_metadata, &self->cpu, VM_HOLE + 0x5010, false, 0x9abcdef0);
	EXPECT_EQ(PTE_A, pd[5] & PTE_A);
	EXPECT_EQ(PTE_A, pt[3] & (PTE_A | PTE_D));
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0x12345678, vcpu_regs(&self->cpu).rax);
	EXPECT_EQ(0x9abcdef0, vcpu_regs(&self->cpu).rbx);
}

TEST_F(guest, faults_of_32_bit_paging)
{
	write_32bit_tables(&self->vm);
	set_gate(&self->vm, 14, legacy_fault_handler, 0x8e);
	set_32bit_paging(&self->cpu, legacy_fault);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ((uintptr_t)legacy_fault_handler + 2, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(0, vcpu_regs(&self->cpu).rdx);
	EXPECT_EQ(0x1800000, vcpu_sregs(&self->cpu).cr2);
}

/* PSE-36: bits 20:13 of an entry are address bits 39:32. */
TEST_F(guest, large_page_above_4_gib)
{
	uint32_t *pd = (uint32_t *)(self->vm.mem + PD);

	write_32bit_tables(&self->vm);
	pd[4] |= 1 << 13;
	set_32bit_paging(&self->cpu, legacy_pages);
	expect_mmio(_metadata, &self->cpu, 0x100000000 + VM_HOLE + 0x124, false, 1);
}

static void set_rings(struct vcpu *cpu, const char *entry)
{
	uint64_t *gdt = (uint64_t *)(cpu->vm->mem + VM_GDT);
	uint32_t *tss = (uint32_t *)(cpu->vm->mem + VM_TSS);
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	gdt[SEL_KERNEL_CODE >> 3] = 0x00cf9b000000ffff;
	gdt[(SEL_KERNEL_CODE >> 3) + 1] = 0x00cf93000000ffff;
	gdt[(SEL_KERNEL_CODE >> 3) + 2] = 0x00cffb000000ffff;
	gdt[(SEL_KERNEL_CODE >> 3) + 3] = 0x00cff3000000ffff;
	gdt[SEL_GATE >> 3] = ((uintptr_t)legacy_called & 0xffff) | SEL_KERNEL_CODE << 16 |
			     2ull << 32 | 0xecull << 40 |
			     (uint64_t)((uintptr_t)legacy_called >> 16) << 48;
	tss[1] = STACK0;
	tss[2] = SEL_DATA;
	set_gate(cpu->vm, 0x80, legacy_handler, 0xee);
	vcpu_set_flat32(cpu, entry);
	sregs = vcpu_sregs(cpu);
	sregs.gdt.limit = GDT_LIMIT;
	sregs.cs.selector = (SEL_KERNEL_CODE + 16) | 3;
	sregs.cs.dpl = 3;
	sregs.ss.selector = (SEL_KERNEL_CODE + 24) | 3;
	sregs.ss.dpl = 3;
	sregs.ds = sregs.ss;
	sregs.es = sregs.ss;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	regs = vcpu_regs(cpu);
	regs.rsp = USER_STACK;
	regs.rcx = USER_STACK - 64;
	regs.rdx = (uintptr_t)legacy_exited;
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

TEST_F(guest, call_gate)
{
	uint32_t *frame = (uint32_t *)(self->vm.mem + STACK0) - 6;
	struct kvm_sregs sregs;

	set_rings(&self->cpu, legacy_calls);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ((uintptr_t)legacy_called + 1, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(SEL_KERNEL_CODE, sregs.cs.selector);
	EXPECT_EQ(SEL_DATA, sregs.ss.selector);
	EXPECT_EQ(0, sregs.ss.dpl);
	EXPECT_EQ(STACK0 - 24, vcpu_regs(&self->cpu).rsp);
	EXPECT_EQ((uintptr_t)legacy_back, frame[0]);
	EXPECT_EQ((SEL_KERNEL_CODE + 16) | 3, frame[1] & 0xffff);
	EXPECT_EQ(0x2222, frame[2]);
	EXPECT_EQ(0x1111, frame[3]);
	EXPECT_EQ(USER_STACK - 8, frame[4]);
	EXPECT_EQ((SEL_KERNEL_CODE + 24) | 3, frame[5] & 0xffff);
	/* The parameters are gone from both stacks. */
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	frame = (uint32_t *)(self->vm.mem + STACK0) - 5;
	EXPECT_EQ((uintptr_t)legacy_back + 2, frame[0]);
	EXPECT_EQ(USER_STACK, frame[3]);
}

TEST_F(guest, sysenter_and_sysexit)
{
	uint32_t *frame = (uint32_t *)(self->vm.mem + STACK0) - 5;
	struct kvm_sregs sregs;

	set_rings(&self->cpu, legacy_sysenter);
	vcpu_set_msr(&self->cpu, 0x174, SEL_KERNEL_CODE);
	vcpu_set_msr(&self->cpu, 0x175, STACK0 - 0x100);
	vcpu_set_msr(&self->cpu, 0x176, (uintptr_t)legacy_entered);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ((uintptr_t)legacy_entered + 1, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(STACK0 - 0x100, vcpu_regs(&self->cpu).rsp);
	EXPECT_EQ(SEL_KERNEL_CODE, sregs.cs.selector);
	EXPECT_EQ(SEL_KERNEL_CODE + 8, sregs.ss.selector);
	EXPECT_EQ(0, sregs.ss.dpl);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ((uintptr_t)legacy_exited + 2, frame[0]);
	EXPECT_EQ((SEL_KERNEL_CODE + 16) | 3, frame[1] & 0xffff);
	EXPECT_EQ(USER_STACK - 64, frame[3]);
	EXPECT_EQ((SEL_KERNEL_CODE + 24) | 3, frame[4] & 0xffff);
}

TEST_HARNESS_MAIN
