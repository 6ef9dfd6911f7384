// SPDX-License-Identifier: GPL-2.0
/*
 * Guests in every mode, from one to the next, and states that the processor
 * refuses to enter.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

/* Real mode: INT n, an exception and a hardware interrupt through the IVT. */
TEST_F(guest, real_mode_interrupts)
{
	struct kvm_interrupt irq = { .irq = 0x20 };
	uint16_t *ivt = (uint16_t *)self->vm.mem;
	struct kvm_regs regs;

	memset(ivt, 0, 0x400);
	/* The handlers are 8 bytes each, the code is behind them. */
	for (int vector = 0; vector < 256; vector++) {
		ivt[2 * vector] = VM_CODE16 + (vector == 0x21 ? 0 : vector == 6 ? 8 : 16);
		ivt[2 * vector + 1] = 0;
	}
	vm_copy(&self->vm, VM_CODE16, real_interrupts, real_interrupts_end);
	vcpu_set_real(&self->cpu, 0, VM_CODE16 + 32);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(0x11, regs.rbx & 0xff);
	EXPECT_EQ(0x22, regs.rcx & 0xff);
	EXPECT_EQ(1, self->cpu.run->if_flag);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_INTERRUPT, &irq));
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0x33, vcpu_regs(&self->cpu).rdx & 0xff);
}

/* From real mode by way of protected mode to long mode, as a kernel does it. */
TEST_F(guest, from_real_to_long_mode)
{
	struct kvm_sregs sregs;

	vm_copy(&self->vm, VM_CODE16, real_to_long, real_to_long_end);
	vcpu_set_real(&self->cpu, 0, VM_CODE16);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ(EFER_LME | EFER_LMA, sregs.efer & (EFER_LME | EFER_LMA));
	EXPECT_EQ(1, sregs.cs.l);
	EXPECT_EQ(SEL_CODE64, sregs.cs.selector);
	EXPECT_EQ(0x1122334455667788, vcpu_regs(&self->cpu).rax);
	/* ... and back. */
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ(EFER_LME, sregs.efer & (EFER_LME | EFER_LMA));
	EXPECT_EQ(0, sregs.cr0 & (X86_CR0_PG | X86_CR0_PE));
	EXPECT_EQ(0x4242, vcpu_regs(&self->cpu).rax & 0xffff);
}

static void set_gate32(struct vm *vm, unsigned int vector, uint32_t offset)
{
	*(uint64_t *)(vm->mem + VM_IDT + 8 * vector) =
		(offset & 0xffff) | SEL_CODE32 << 16 | 0x8e00ull << 32 |
		(uint64_t)(offset >> 16) << 48;
}

TEST_F(guest, protected_mode_exceptions)
{
	set_gate32(&self->vm, 6, (uintptr_t)flat_ud_handler);
	set_gate32(&self->vm, 13, (uintptr_t)flat_gp_handler);
	set_gate32(&self->vm, 0x80, (uintptr_t)flat_int_handler);
	vcpu_set_flat32(&self->cpu, flat_exceptions);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(1, vcpu_regs(&self->cpu).rbx);
	EXPECT_EQ(0x1238, vcpu_regs(&self->cpu).rcx);
	EXPECT_EQ(0x80, vcpu_regs(&self->cpu).rdx);
}

/* CR3 points to four PDPTEs, which the processor has a copy of. */
TEST_F(guest, pae_pdptes_are_loaded_with_cr3)
{
	struct vm *vm = &self->vm;
	uint64_t *other = (uint64_t *)(vm->mem + VM_DATA);

	/* The other table maps the second GiB onto the first, too. */
	memcpy(other, vm->mem + VM_PAE_PDPT, 32);
	other[1] = other[0];
	*(uint32_t *)(vm->mem + VM_PAGES) = 0x600d;
	vcpu_set_pae(&self->cpu, pae_switches);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0x600d, vcpu_regs(&self->cpu).rax);
	/* Paging off and on again with a table that was changed meanwhile. */
	memcpy(vm->mem + VM_PAE_PDPT, other, 32);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0x600d, vcpu_regs(&self->cpu).rbx);
	EXPECT_EQ(X86_CR4_PAE, vcpu_sregs(&self->cpu).cr4);
}

TEST_F(guest, bad_pdpte_is_gp)
{
	*(uint64_t *)(self->vm.mem + VM_DATA) = VM_PAE_PD | PTE_P | 1ull << 5;
	set_gate32(&self->vm, 13, (uintptr_t)flat_gp_handler);
	vcpu_set_pae(&self->cpu, pae_bad_pdpte);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0, vcpu_regs(&self->cpu).rcx);
	EXPECT_EQ(1, vcpu_regs(&self->cpu).rbx);
	EXPECT_EQ(VM_PAE_PDPT, vcpu_sregs(&self->cpu).cr3);
}

static __guest void go_to_compatibility_mode(void)
{
	uint32_t eax;

	asm volatile("pushq %%rbx\n\t"
		     "leaq -8(%%rsp), %%rbx\n\t"
		     "pushq $0x18\n\t"		/* SEL_CODE32 */
		     "pushq $1f\n\t"
		     "lretq\n"
		     "\t.code32\n"
		     "1:\tmovl $0x4711, %%eax\n\t"
		     "cpuid\n\t"		/* leaves the guest from 32-bit code */
		     "movl $0x89abcdef, %%eax\n\t"
		     "ljmp $0x8, $2f\n"
		     "\t.code64\n"
		     "2:\tpopq %%rbx" : "=a" (eax) : : "rcx", "rdx", "memory");
	GUEST_EQ(0x89abcdef, eax);
	GUEST_DONE();
}

TEST_F(guest, compatibility_mode)
{
	vcpu_set_long(&self->cpu, go_to_compatibility_mode);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, real_mode_triple_fault)
{
	struct kvm_sregs sregs;

	self->vm.mem[VM_CODE16] = 0xcc;		/* int3 without an IVT */
	vcpu_set_real(&self->cpu, 0, VM_CODE16);
	sregs = vcpu_sregs(&self->cpu);
	sregs.idt.limit = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	EXPECT_EQ(KVM_EXIT_SHUTDOWN, vcpu_run(&self->cpu));
}

/* The state that a processor has out of reset: FFFF0h, the last page below 4 GiB. */
TEST_F(guest, reset_vector)
{
	struct kvm_sregs sregs = vcpu_sregs(&self->cpu);
	uint8_t *rom = vm_add_slot(&self->vm, 1, 0xfffff000, 0x1000);

	EXPECT_EQ(0xf000, sregs.cs.selector);
	EXPECT_EQ(0xffff0000, sregs.cs.base);
	EXPECT_EQ(0xfff0, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(2, vcpu_regs(&self->cpu).rflags);
	EXPECT_EQ(0x60000010, sregs.cr0);
	EXPECT_EQ(0, sregs.cr4);
	EXPECT_EQ(0, sregs.efer);
	rom[0xff0] = 0xf4;
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0xfff1, vcpu_regs(&self->cpu).rip);
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

/*
 * What SET_SREGS and SET_REGS take, and no processor enters. A RIP that is not
 * canonical would be one more, but Bochs 2.7 enters with it.
 */
enum bad_state {
	TR_IS_NO_TSS,
	LDTR_IS_NO_LDT,
	CS_IS_DATA,
	SS_IS_CODE,
	CS_IS_32_AND_64_BIT,
	CS_DPL_IS_NOT_SS_DPL,
	RFLAGS_RESERVED_BIT,
	RFLAGS_VM_IN_LONG_MODE,
	TR_IS_UNUSABLE,
	GS_BASE_IS_NOT_CANONICAL,
	NR_BAD_STATES,
};

static void spoil(struct vcpu *cpu, enum bad_state what)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);
	struct kvm_regs regs = vcpu_regs(cpu);

	switch (what) {
	case TR_IS_NO_TSS:
		sregs.tr.type = 5;
		break;
	case LDTR_IS_NO_LDT:
		sregs.ldt = sregs.tr;
		break;
	case CS_IS_DATA:
		sregs.cs.type = 1;
		break;
	case SS_IS_CODE:
		sregs.ss.type = 9;
		break;
	case CS_IS_32_AND_64_BIT:
		sregs.cs.db = 1;
		break;
	case CS_DPL_IS_NOT_SS_DPL:
		sregs.cs.dpl = 2;
		break;
	case RFLAGS_RESERVED_BIT:
		regs.rflags |= 1ull << 15;
		break;
	case RFLAGS_VM_IN_LONG_MODE:
		regs.rflags |= 1ull << 17;
		break;
	case TR_IS_UNUSABLE:
		sregs.tr.unusable = 1;
		sregs.tr.present = 0;
		break;
	case GS_BASE_IS_NOT_CANONICAL:
		sregs.gs.base = 1ull << 62;
		break;
	case NR_BAD_STATES:
		break;
	}
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

TEST_F(guest, bad_state_fails_the_entry_cleanly)
{
	struct kvm_run *run = self->cpu.run;

	for (enum bad_state what = 0; what < NR_BAD_STATES; what++) {
		vcpu_set_long(&self->cpu, just_done);
		spoil(&self->cpu, what);
		EXPECT_EQ(KVM_EXIT_FAIL_ENTRY, vcpu_run(&self->cpu)) TH_LOG("state %u", what);
		EXPECT_EQ(0x80000021, run->fail_entry.hardware_entry_failure_reason)
			TH_LOG("state %u", what);
		/* Again: nothing was half done. */
		EXPECT_EQ(KVM_EXIT_FAIL_ENTRY, vcpu_run(&self->cpu)) TH_LOG("state %u", what);
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu)) TH_LOG("state %u", what);
	}
}

TEST_HARNESS_MAIN
