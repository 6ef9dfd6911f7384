// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that leave the guest, or that it must not have.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define UD	6
#define GP	13

#define KVM_ENOSYS	1000

static __guest void vmx_instructions(void)
{
	uint64_t operand[2] = {};

	GUEST_EQ(UD, GUEST_TRY("vmxon %0", : "m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("vmxoff"));
	GUEST_EQ(UD, GUEST_TRY("vmclear %0", : "m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("vmptrld %0", : "m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("vmptrst %0", "=m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("vmlaunch"));
	GUEST_EQ(UD, GUEST_TRY("vmresume"));
	GUEST_EQ(UD, GUEST_TRY("vmread %%rax, %%rbx", : : "rbx"));
	GUEST_EQ(UD, GUEST_TRY("vmwrite %%rax, %%rbx"));
	GUEST_EQ(UD, GUEST_TRY("invept %0, %%rax", : "m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("invvpid %0, %%rax", : "m" (operand)));
	GUEST_EQ(UD, GUEST_TRY("vmfunc", : "a" (0), "c" (0)));
	GUEST_EQ(NO_TRAP, GUEST_TRY("nop"));
	GUEST_DONE();
}

TEST_F(guest, vmx_instructions_are_ud)
{
	vcpu_set_long(&self->cpu, vmx_instructions);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void other_absent_instructions(void)
{
	GUEST_EQ(UD, GUEST_TRY("getsec", : "a" (0)));
	GUEST_EQ(UD, GUEST_TRY("rsm"));
	GUEST_EQ(UD, GUEST_TRY("vmrun %%rax"));
	GUEST_EQ(UD, GUEST_TRY("stgi"));
	GUEST_EQ(UD, GUEST_TRY("skinit %%eax"));
	GUEST_DONE();
}

TEST_F(guest, smx_and_svm_instructions_are_ud)
{
	vcpu_set_long(&self->cpu, other_absent_instructions);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest int64_t hypercall(uint64_t number)
{
	int64_t rax = number;

	asm volatile("vmcall" : "+a" (rax) : "b" (0), "c" (0), "d" (0), "S" (0) : "memory");
	return rax;
}

static __guest void call_hypervisor(void)
{
	GUEST_EQ(-KVM_ENOSYS, hypercall(0x7fffffff));
	GUEST_EQ(-KVM_ENOSYS, hypercall(~0ull));
	GUEST_DONE();
}

TEST_F(guest, unknown_vmcall)
{
	vcpu_set_long(&self->cpu, call_hypervisor);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile int64_t user_answer;

static __guest void user_calls_hypervisor(void)
{
	int64_t rax = 0x7fffffff;

	asm volatile("vmcall" : "+a" (rax) : : "memory");
	user_answer = rax;
	asm volatile("ud2");
}

static __guest void call_from_ring3(void)
{
	GUEST_EQ(UD, guest_run_user(user_calls_hypervisor, 0));
	GUEST_EQ(-1, user_answer);	/* -EPERM */
	GUEST_DONE();
}

TEST_F(guest, vmcall_from_ring_3_is_refused)
{
	vcpu_set_long(&self->cpu, call_from_ring3);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void flush_caches(void)
{
	GUEST_EQ(NO_TRAP, GUEST_TRY("wbinvd", : : "memory"));
	GUEST_EQ(NO_TRAP, GUEST_TRY("invd", : : "memory"));
	GUEST_EQ(NO_TRAP, GUEST_TRY("invlpg (%0)", : "r" (0x1000ull) : "memory"));
	GUEST_EQ(NO_TRAP, GUEST_TRY("pause"));
	GUEST_DONE();
}

TEST_F(guest, cache_instructions_do_no_harm)
{
	vcpu_set_long(&self->cpu, flush_caches);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void halt_twice(void)
{
	asm volatile("hlt");
	asm volatile("sti; hlt; cli");
	GUEST_DONE();
}

TEST_F(guest, hlt_goes_to_user_space)
{
	uint64_t first;

	vcpu_set_long(&self->cpu, halt_twice);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0, self->cpu.run->if_flag);
	EXPECT_EQ(0, self->cpu.run->ready_for_interrupt_injection);
	first = vcpu_regs(&self->cpu).rip;
	EXPECT_EQ(0xf4, self->vm.mem[first - 1]);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(1, self->cpu.run->if_flag);
	EXPECT_EQ(1, self->cpu.run->ready_for_interrupt_injection);
	EXPECT_EQ(first + 2, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static uint8_t code_page[4096] __attribute__((aligned(4096)));

typedef uint64_t (*function)(void);

/* mov $value, %eax; ret */
static __guest void write_function(volatile uint8_t *at, uint32_t value)
{
	at[0] = 0xb8;
	for (int i = 0; i < 4; i++)
		at[1 + i] = value >> (8 * i);
	at[5] = 0xc3;
}

static __guest void modify_myself(void)
{
	for (uint32_t i = 1; i < 20; i++) {
		write_function(code_page, i * 3);
		GUEST_EQ(i * 3, ((function)(uintptr_t)code_page)());
	}
	GUEST_SYNC((uintptr_t)code_page);
	GUEST_EQ(4711, ((function)(uintptr_t)code_page)());
	/* Through another name of the same page. */
	((volatile uint64_t *)(uintptr_t)VM_PT)[7] = (uintptr_t)code_page | PTE_P | PTE_W;
	asm volatile("invlpg (%0)" : : "r" (VM_PAGES + 0x7000ull) : "memory");
	write_function((uint8_t *)(uintptr_t)(VM_PAGES + 0x7000), 99);
	GUEST_EQ(99, ((function)(uintptr_t)code_page)());
	GUEST_DONE();
}

TEST_F(guest, self_modifying_code)
{
	struct guest_report report;
	uint32_t value = 4711;

	vcpu_set_long(&self->cpu, modify_myself);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	/* The host writes code, too. */
	memcpy(self->vm.mem + report.value[0] + 1, &value, sizeof(value));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void use_stack_instructions(void)
{
	uint64_t first = 0, second = 0;

	/* RSP as the operand of what leaves the guest: MOV from CR3 and back. */
	asm volatile("movq %%rsp, %0\n\t"
		     "mov %%cr3, %%rsp\n\t"
		     "mov %%rsp, %%cr3\n\t"
		     "movq %%rsp, %1\n\t"
		     "movq %0, %%rsp" : "=&r" (first), "=&r" (second) : : "memory");
	GUEST_EQ(VM_PML4, second);
	asm volatile("movq %%rsp, %0\n\t"
		     "mov %%rsp, %%db0\n\t"
		     "xorl %%esp, %%esp\n\t"
		     "mov %%db0, %%rsp\n\t"
		     "movq %%rsp, %1" : "=&r" (first), "=&r" (second) : : "memory");
	GUEST_EQ(first, second);
	GUEST_DONE();
}

TEST_F(guest, rsp_as_operand)
{
	vcpu_set_long(&self->cpu, use_stack_instructions);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* Every general register goes into the guest and comes back. */
static __guest void add_one_to_all(void)
{
	asm volatile("incq %rax; incq %rbx; incq %rcx; incq %rdx; incq %rsi; incq %rdi\n\t"
		     "incq %rbp; incq %r8; incq %r9; incq %r10; incq %r11; incq %r12\n\t"
		     "incq %r13; incq %r14; incq %r15\n\t"
		     "hlt");
}

TEST_F(guest, all_general_registers)
{
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, add_one_to_all);
	regs = vcpu_regs(&self->cpu);
	for (int i = 0; i < 16; i++)
		((__u64 *)&regs)[i] = 0x1111000000000000 * (i & 7) + i;
	regs.rsp = VM_STACK0 - 64;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(VM_STACK0 - 64, regs.rsp);
	for (int i = 0; i < 16; i++) {
		if (&((__u64 *)&regs)[i] == &regs.rsp)
			continue;
		EXPECT_EQ(0x1111000000000000 * (i & 7) + i + 1, ((__u64 *)&regs)[i])
			TH_LOG("register %d", i);
	}
}

TEST_HARNESS_MAIN
