// SPDX-License-Identifier: GPL-2.0
/*
 * Control registers, debug registers and XCR0: the guest reads back what it
 * wrote, and what must not be written is #GP.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define UD	6
#define NM	7
#define GP	13
#define DB	1

#define TRY_CR(n, value) \
	GUEST_TRY("mov %0, %%cr" #n, : "r" ((uint64_t)(value)) : "memory")

static __guest void toggle_cr0(void)
{
	static const uint64_t toggles[] = {
		X86_CR0_TS, X86_CR0_AM, X86_CR0_WP, X86_CR0_MP, X86_CR0_NE, X86_CR0_EM,
		X86_CR0_CD, X86_CR0_CD | X86_CR0_NW,
	};
	uint64_t old = read_cr0();

	for (unsigned int i = 0; i < ARRAY_SIZE(toggles); i++) {
		write_cr0(old ^ toggles[i]);
		GUEST_EQ(old ^ toggles[i], read_cr0());
		write_cr0(old);
		GUEST_EQ(old, read_cr0());
	}
	write_cr0(old & ~X86_CR0_ET);
	GUEST_EQ(old, read_cr0());
	write_cr0(old & ~X86_CR0_NE);
	GUEST_SYNC(read_cr0());
	GUEST_DONE();
}

TEST_F(guest, cr0_reads_back)
{
	uint64_t cr0;

	vcpu_set_long(&self->cpu, toggle_cr0);
	cr0 = vcpu_sregs(&self->cpu).cr0;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(cr0 & ~X86_CR0_NE, vcpu_sregs(&self->cpu).cr0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void bad_cr0(void)
{
	uint64_t old = read_cr0();

	GUEST_EQ(GP, TRY_CR(0, old | X86_CR0_NW));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(GP, TRY_CR(0, old & ~X86_CR0_PE));
	GUEST_EQ(GP, TRY_CR(0, old | 1ull << 32));
	GUEST_EQ(GP, TRY_CR(0, old | 1ull << 63));
	GUEST_EQ(old, read_cr0());
	GUEST_DONE();
}

TEST_F(guest, bad_cr0_is_gp)
{
	vcpu_set_long(&self->cpu, bad_cr0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_clts_lmsw(void)
{
	uint64_t old = read_cr0(), word = 0;

	write_cr0(old | X86_CR0_TS);
	GUEST_EQ(NM, GUEST_TRY("fnop"));
	asm volatile("clts");
	GUEST_EQ(old, read_cr0());
	GUEST_EQ(NO_TRAP, GUEST_TRY("fnop"));
	/* LMSW sets TS, EM, MP and PE, and cannot clear PE. */
	asm volatile("lmsw %w0" : : "r" (X86_CR0_TS) : "memory");
	GUEST_EQ((old & ~X86_CR0_MP) | X86_CR0_TS, read_cr0());
	asm volatile("smsw %0" : "=r" (word) : : "memory");
	GUEST_EQ(read_cr0() & 0xffff, word & 0xffff);
	asm volatile("lmsw %w0" : : "r" (X86_CR0_MP | X86_CR0_PE) : "memory");
	GUEST_EQ(old, read_cr0());
	GUEST_DONE();
}

TEST_F(guest, clts_lmsw_smsw)
{
	vcpu_set_long(&self->cpu, use_clts_lmsw);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_cr3(void)
{
	uint64_t old = read_cr3();

	GUEST_EQ(VM_PML4, old);
	write_cr3(old | 0x18);			/* PWT, PCD */
	GUEST_EQ(old | 0x18, read_cr3());
	write_cr3(old);
	GUEST_EQ(GP, TRY_CR(3, old | 1ull << 51));
	GUEST_EQ(old, read_cr3());
	write_cr2(0xdeadbeef12345678);
	GUEST_SYNC(0);
	GUEST_EQ(0xdeadbeef12345678, read_cr2());
	GUEST_DONE();
}

TEST_F(guest, cr2_and_cr3)
{
	vcpu_set_long(&self->cpu, use_cr3);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0xdeadbeef12345678, vcpu_sregs(&self->cpu).cr2);
	EXPECT_EQ(VM_PML4, vcpu_sregs(&self->cpu).cr3);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_cr4(void)
{
	static const uint64_t toggles[] = {
		X86_CR4_PGE, X86_CR4_DE, 0x4 /* TSD */, 0x100 /* PCE */, 0x2 /* PVI */,
		0x1 /* VME */, 0x40 /* MCE */, X86_CR4_OSFXSR | X86_CR4_OSXMM,
	};
	uint64_t old = read_cr4();

	for (unsigned int i = 0; i < ARRAY_SIZE(toggles); i++) {
		write_cr4(old ^ toggles[i]);
		GUEST_EQ(old ^ toggles[i], read_cr4());
		write_cr4(old);
		GUEST_EQ(old, read_cr4());
	}
	GUEST_EQ(GP, TRY_CR(4, old & ~X86_CR4_PAE));
	GUEST_EQ(GP, TRY_CR(4, old | X86_CR4_VMXE));
	GUEST_EQ(GP, TRY_CR(4, old | 1ull << 14));	/* SMXE */
	GUEST_EQ(GP, TRY_CR(4, old | 1ull << 15));
	GUEST_EQ(GP, TRY_CR(4, old | 1ull << 31));
	GUEST_EQ(GP, TRY_CR(4, old | 1ull << 32));
	GUEST_EQ(GP, TRY_CR(4, ~0ull));
	GUEST_EQ(old, read_cr4());
	GUEST_EQ(0, old & X86_CR4_VMXE);
	GUEST_DONE();
}

TEST_F(guest, cr4_reads_back_or_is_gp)
{
	vcpu_set_long(&self->cpu, use_cr4);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile bool on_kvm;

static __guest void use_cr8(void)
{
	GUEST_EQ(5, read_cr8());
	for (uint64_t i = 0; i < 16; i++) {
		write_cr8(i);
		GUEST_EQ(i, read_cr8());
	}
	GUEST_EQ(GP, TRY_CR(8, 16));
	/* KVM looks at the low byte alone. */
	if (!on_kvm)
		GUEST_EQ(GP, TRY_CR(8, 1ull << 63));
	GUEST_EQ(15, read_cr8());
	GUEST_SYNC(0);
	GUEST_EQ(3, read_cr8());
	GUEST_DONE();
}

TEST_F(guest, cr8_is_shared_with_the_run_page)
{
	struct kvm_sregs sregs;

	GUEST_VAR(&self->vm, on_kvm) = vm_is_kvm();
	vcpu_set_long(&self->cpu, use_cr8);
	sregs = vcpu_sregs(&self->cpu);
	sregs.cr8 = 5;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	self->cpu.run->cr8 = 5;
	do {
		ASSERT_LE(0, vcpu_run(&self->cpu));
	} while (self->cpu.run->exit_reason == KVM_EXIT_SET_TPR);
	ASSERT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
	EXPECT_EQ(15, self->cpu.run->cr8);
	EXPECT_EQ(15, vcpu_sregs(&self->cpu).cr8);
	self->cpu.run->cr8 = 3;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(3, self->cpu.run->cr8);
}

static __guest void no_such_cr(void)
{
	GUEST_EQ(UD, GUEST_TRY("mov %%cr1, %%rax", : : "rax"));
	GUEST_EQ(UD, GUEST_TRY("mov %%cr5, %%rax", : : "rax"));
	GUEST_EQ(UD, GUEST_TRY("mov %%rax, %%cr7"));
	GUEST_EQ(UD, GUEST_TRY("mov %%cr15, %%rax", : : "rax"));
	GUEST_DONE();
}

TEST_F(guest, absent_control_registers_are_ud)
{
	vcpu_set_long(&self->cpu, no_such_cr);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void user_reads_cr0(void)
{
	asm volatile("mov %%cr0, %%rax" : : : "rax");
}

static __guest void user_reads_msr(void)
{
	asm volatile("movl $0x10, %%ecx; rdmsr" : : : "rax", "rcx", "rdx");
}

static __guest void user_halts(void)
{
	asm volatile("hlt");
}

static __guest void user_does_io(void)
{
	asm volatile("inb $0x80, %%al" : : : "rax");
}

static __guest void user_writes_back(void)
{
	asm volatile("wbinvd");
}

static __guest void user_reads_dr(void)
{
	asm volatile("mov %%db0, %%rax" : : : "rax");
}

static __guest void user_reads_dr4(void)
{
	asm volatile("mov %%db4, %%rax" : : : "rax");
}

static __guest void ring3_is_refused(void)
{
	GUEST_EQ(GP, guest_run_user(user_reads_cr0, 0));
	GUEST_EQ(GP, guest_run_user(user_reads_msr, 0));
	GUEST_EQ(GP, guest_run_user(user_halts, 0));
	GUEST_EQ(GP, guest_run_user(user_does_io, 0));
	GUEST_EQ(GP, guest_run_user(user_writes_back, 0));
	GUEST_EQ(GP, guest_run_user(user_reads_dr, 0));
	GUEST_EQ(0, guest_trap.error);
	/* What is no register at all is #UD in any ring. */
	GUEST_EQ(GP, guest_run_user(user_reads_dr4, 0));
	write_cr4(read_cr4() | X86_CR4_DE);
	GUEST_EQ(UD, guest_run_user(user_reads_dr4, 0));
	GUEST_DONE();
}

TEST_F(guest, privileged_instructions_in_ring_3)
{
	vcpu_set_long(&self->cpu, ring3_is_refused);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_drs(void)
{
	write_db0(0x1111);
	write_db1(0x22222222);
	write_db2(0x3333333333);
	write_db3(0xffff800000000000);
	GUEST_EQ(0x1111, read_db0());
	GUEST_EQ(0x22222222, read_db1());
	GUEST_EQ(0x3333333333, read_db2());
	GUEST_EQ(0xffff800000000000, read_db3());
	write_db6(0);
	GUEST_EQ(0xffff0ff0, read_db6());
	write_db7(0);
	GUEST_EQ(0x400, read_db7());
	GUEST_EQ(GP, GUEST_TRY("mov %0, %%db7", : "r" (1ull << 32)));
	GUEST_EQ(GP, GUEST_TRY("mov %0, %%db6", : "r" (1ull << 32)));
	GUEST_SYNC(0);
	GUEST_EQ(0x22222222, read_db1());
	/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE. */
	GUEST_EQ(NO_TRAP, GUEST_TRY("mov %%db4, %%rax", : : "rax"));
	write_cr4(read_cr4() | X86_CR4_DE);
	GUEST_EQ(UD, GUEST_TRY("mov %%db4, %%rax", : : "rax"));
	GUEST_EQ(UD, GUEST_TRY("mov %%rax, %%db5"));
	GUEST_DONE();
}

TEST_F(guest, debug_registers_keep_their_values)
{
	vcpu_set_long(&self->cpu, use_drs);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t seen_dr6, seen_rip, watched;

static __guest void note_db(struct guest_frame *frame)
{
	seen_dr6 = read_db6();
	seen_rip = frame->rip;
	write_db6(0xffff0ff0);
	write_db7(0x400);
	frame->rflags |= 1 << 16;	/* RF: do not break here again */
}

static __guest void break_on_all(void)
{
	uint64_t here;

	guest_handler[DB] = note_db;
	/* Execution, DR0. */
	asm volatile("leaq 1f(%%rip), %0\n\t"
		     "mov %0, %%db0\n\t"
		     "movl $0x402, %%eax\n\t"
		     "mov %%rax, %%db7\n"
		     "1:\tnop" : "=&r" (here) : : "rax", "memory");
	GUEST_EQ(here, seen_rip);
	GUEST_EQ(1, seen_dr6 & 0xf);
	/* A write of 8 bytes, DR2. */
	write_db2((uintptr_t)&watched);
	write_db7(0x400 | 1 << 5 | 9ull << 24);
	watched = 1;
	GUEST_EQ(2, guest_trap.count);
	GUEST_EQ(4, seen_dr6 & 0xf);
	/* General detect: MOV DR itself. */
	seen_dr6 = 0;
	write_db7(0x400 | 1 << 13);
	asm volatile("mov %%db0, %%rax" : : : "rax", "memory");
	GUEST_EQ(1 << 13, seen_dr6 & (1 << 13));
	GUEST_EQ(3, guest_trap.count);
	GUEST_DONE();
}

TEST_F(guest, breakpoints)
{
	vcpu_set_long(&self->cpu, break_on_all);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void xsetbv_without(void)
{
	write_cr4(read_cr4() & ~X86_CR4_OSXSAVE);
	GUEST_EQ(UD, GUEST_TRY("xsetbv", : "c" (0), "a" (1), "d" (0)));
	GUEST_DONE();
}

TEST_F(guest, xsetbv_without_osxsave_is_ud)
{
	vcpu_set_long(&self->cpu, xsetbv_without);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

#define TRY_XSETBV(index, low, high) \
	GUEST_TRY("xsetbv", : "c" (index), "a" (low), "d" (high) : "memory")

static __guest void xsetbv_all(void)
{
	uint32_t regs[4], low, high;

	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	cpuid(1, 0, regs);
	GUEST_EQ(1, regs[2] >> 27 & 1);
	GUEST_EQ(NO_TRAP, TRY_XSETBV(0, 3, 0));
	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	GUEST_EQ(3, low);
	GUEST_EQ(0, high);
	GUEST_EQ(GP, TRY_XSETBV(0, 2, 0));		/* x87 cannot be off */
	GUEST_EQ(GP, TRY_XSETBV(0, 5, 0));		/* AVX without SSE */
	GUEST_EQ(GP, TRY_XSETBV(0, 3, 0x80000000));
	GUEST_EQ(GP, TRY_XSETBV(0, ~0u, ~0u));
	GUEST_EQ(GP, TRY_XSETBV(1, 3, 0));
	GUEST_EQ(GP, TRY_XSETBV(~0u, 3, 0));
	cpuid(0xd, 0, regs);
	GUEST_EQ(NO_TRAP, TRY_XSETBV(0, regs[0], 0));
	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	GUEST_EQ(regs[0], low);
	GUEST_SYNC(0);
	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	GUEST_EQ(regs[0], low);
	write_cr4(read_cr4() & ~X86_CR4_OSXSAVE);
	cpuid(1, 0, regs);
	GUEST_EQ(0, regs[2] >> 27 & 1);
	GUEST_DONE();
}

TEST_F(guest, xsetbv_good_and_bad)
{
	if (!vm_has_cpuid(self->vm.dev, 1, 2, 26))
		SKIP(return, "no XSAVE here: use the model broadwell_ult");
	vcpu_set_long(&self->cpu, xsetbv_all);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_HARNESS_MAIN
