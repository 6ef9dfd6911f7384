// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions: the right vector and error code through the guest's own IDT, and
 * the endless ones, which must leave the host in control.
 */
#include "kselftest_harness.h"

#include <signal.h>
#include <sys/time.h>

#include "code.h"
#include "fixture.h"

#define DE	0
#define DB	1
#define BP	3
#define UD	6
#define NM	7
#define DF	8
#define NP	11
#define SS	12
#define GP	13
#define PF	14
#define MF	16
#define AC	17
#define XM	19

#define FLAG_TF	0x100ull
#define FLAG_RF	0x10000ull
#define FLAG_AC	0x40000ull

#define PAGE(n)	(VM_PAGES + 0x1000ull * (n))

static __guest void simple_ones(void)
{
	uint64_t start;

	GUEST_EQ(DE, GUEST_TRY("divl %1", : "a" (1), "r" (0), "d" (0)));
	GUEST_EQ(UD, GUEST_TRY("ud2"));
	GUEST_EQ(UD, GUEST_TRY(".byte 0x0f, 0x0b"));
	GUEST_EQ(BP, GUEST_TRY("int3"));
	GUEST_EQ(DB, GUEST_TRY(".byte 0xf1"));		/* ICEBP */
	GUEST_EQ(GP, GUEST_TRY("movl (%0), %%eax", : "r" (1ull << 63) : "rax"));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(SS, GUEST_TRY("movq %0, %%rbp; movl (%%rbp), %%eax",
			       : "r" (1ull << 63) : "rax", "rbp"));
	GUEST_EQ(0, guest_trap.error);
	start = guest_trap.count;
	GUEST_EQ(0x80, GUEST_TRY("int $0x80"));
	GUEST_EQ(0x20, GUEST_TRY("int $0x20"));
	GUEST_EQ(start + 2, guest_trap.count);
	GUEST_DONE();
}

TEST_F(guest, faults_and_traps)
{
	vcpu_set_long(&self->cpu, simple_ones);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void where_traps_return(void)
{
	uint64_t here;

	/* A trap reports the next instruction, a fault its own. */
	GUEST_EQ(BP, GUEST_TRY("leaq 1f(%%rip), %0\n\tint3\n1:\tnop", "=&r" (here) : : "memory"));
	GUEST_EQ(here, guest_trap.rip);
	GUEST_EQ(UD, GUEST_TRY("leaq 1f(%%rip), %0\n1:\tud2", "=&r" (here) : : "memory"));
	GUEST_EQ(here, guest_trap.rip);
	GUEST_EQ(0x80, GUEST_TRY("leaq 1f(%%rip), %0\n\tint $0x80\n1:\tnop",
				 "=&r" (here) : : "memory"));
	GUEST_EQ(here, guest_trap.rip);
	GUEST_DONE();
}

TEST_F(guest, saved_rip)
{
	vcpu_set_long(&self->cpu, where_traps_return);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/*
 * SDM, "Instruction-Breakpoint Exception Condition": faults save RF set, traps do not; also
 * those that a hypervisor makes.
 */
static __guest void saved_resume_flag(void)
{
	GUEST_EQ(UD, GUEST_TRY("ud2"));
	GUEST_EQ(FLAG_RF, guest_trap.rflags & FLAG_RF);
	GUEST_EQ(GP, GUEST_TRY("wrmsr", : "c" (0x12345678), "a" (0), "d" (0)));
	GUEST_EQ(FLAG_RF, guest_trap.rflags & FLAG_RF);
	GUEST_EQ(UD, GUEST_TRY("vmxoff"));
	GUEST_EQ(FLAG_RF, guest_trap.rflags & FLAG_RF);
	GUEST_EQ(GP, GUEST_TRY("movq %0, %%cr4", : "r" (1ull << 63)));
	GUEST_EQ(FLAG_RF, guest_trap.rflags & FLAG_RF);
	GUEST_EQ(BP, GUEST_TRY("int3"));
	GUEST_EQ(0, guest_trap.rflags & FLAG_RF);
	GUEST_EQ(DB, GUEST_TRY(".byte 0xf1"));
	GUEST_EQ(0, guest_trap.rflags & FLAG_RF);
	GUEST_DONE();
}

TEST_F(guest, saved_resume_flag)
{
	vcpu_set_long(&self->cpu, saved_resume_flag);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void bad_selectors(void)
{
	volatile uint64_t *gdt = (uint64_t *)(uintptr_t)VM_GDT;

	GUEST_EQ(GP, GUEST_TRY("movl %0, %%ds", : "r" (0x1238)));
	GUEST_EQ(0x1238, guest_trap.error);
	GUEST_EQ(GP, GUEST_TRY("movl %0, %%ss", : "r" (SEL_DATA | 3)));
	GUEST_EQ(SEL_DATA, guest_trap.error);
	gdt[SEL_DATA16 >> 3] &= ~(1ull << 47);	/* not present */
	GUEST_EQ(NP, GUEST_TRY("movl %0, %%ds", : "r" (SEL_DATA16)));
	GUEST_EQ(SEL_DATA16, guest_trap.error);
	GUEST_EQ(SS, GUEST_TRY("movl %0, %%ss", : "r" (SEL_DATA16)));
	GUEST_EQ(SEL_DATA16, guest_trap.error);
	GUEST_DONE();
}

TEST_F(guest, error_codes_of_selectors)
{
	vcpu_set_long(&self->cpu, bad_selectors);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void user_touches_page(void)
{
	*(volatile uint8_t *)(uintptr_t)PAGE(5) = 1;
}

static __guest void page_faults(void)
{
	GUEST_EQ(PF, GUEST_TRY("movb (%0), %%al", : "r" (PAGE(1) + 0x123) : "rax"));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(PAGE(1) + 0x123, guest_trap.cr2);
	GUEST_EQ(PF, GUEST_TRY("movb $1, (%0)", : "r" (PAGE(1)) : "memory"));
	GUEST_EQ(2, guest_trap.error);
	GUEST_EQ(PF, GUEST_TRY("movb $1, (%0)", : "r" (PAGE(2)) : "memory"));
	GUEST_EQ(3, guest_trap.error);
	GUEST_EQ(PF, GUEST_TRY("movb (%0), %%al", : "r" (PAGE(3)) : "rax"));
	GUEST_EQ(9, guest_trap.error);			/* reserved bit */
	wrmsr(0xc0000080, rdmsr(0xc0000080) | EFER_NX);
	GUEST_EQ(PF, GUEST_TRY("call *%0", : "r" (PAGE(4)) : "memory"));
	GUEST_EQ(0x11, guest_trap.error);
	GUEST_EQ(PAGE(4), guest_trap.cr2);
	GUEST_EQ(PF, guest_run_user(user_touches_page, 0));
	GUEST_EQ(7, guest_trap.error);
	GUEST_DONE();
}

TEST_F(guest, page_fault_codes)
{
	*vm_pte(&self->vm, PAGE(1)) &= ~PTE_P;
	*vm_pte(&self->vm, PAGE(2)) &= ~PTE_W;
	*vm_pte(&self->vm, PAGE(3)) |= 1ull << 51;
	*vm_pte(&self->vm, PAGE(4)) |= 1ull << 63;
	*vm_pte(&self->vm, PAGE(5)) &= ~PTE_U;
	vcpu_set_long(&self->cpu, page_faults);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void user_misaligned(void)
{
	asm volatile("movl (%0), %%eax" : : "r" (VM_DATA + 1ull) : "rax");
	asm volatile("int3");
}

static __guest void user_syscall_gate(void)
{
	asm volatile("int $0x80");
}

static __guest void alignment_and_gates(void)
{
	GUEST_EQ(GP, guest_run_user(user_misaligned, 0));
	GUEST_EQ(BP << 3 | 2, guest_trap.error);
	guest_set_gate(BP, 3, 0);
	/* Without CR0.AM nothing happens ... */
	GUEST_EQ(BP, guest_run_user(user_misaligned, FLAG_AC));
	write_cr0(read_cr0() | X86_CR0_AM);
	/* ... without EFLAGS.AC neither ... */
	GUEST_EQ(BP, guest_run_user(user_misaligned, 0));
	/* ... and with both it does, though the host intercepts it. */
	guest_trap.error = 0x55;
	GUEST_EQ(AC, guest_run_user(user_misaligned, FLAG_AC));
	GUEST_EQ(0, guest_trap.error);
	/* INT n through a gate of ring 0. */
	GUEST_EQ(GP, guest_run_user(user_syscall_gate, 0));
	GUEST_EQ(0x80 << 3 | 2, guest_trap.error);
	guest_set_gate(0x80, 3, 0);
	GUEST_EQ(0x80, guest_run_user(user_syscall_gate, 0));
	GUEST_DONE();
}

TEST_F(guest, alignment_check_in_ring_3)
{
	vcpu_set_long(&self->cpu, alignment_and_gates);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void floating_point(void)
{
	uint16_t control = 0x37f & ~4;	/* unmask zero divide */
	uint32_t mxcsr = 0x1f80 & ~0x200;

	asm volatile("fninit; fldcw %0; fld1; fldz; fdivrp" : : "m" (control));
	GUEST_EQ(MF, GUEST_TRY("fwait"));
	asm volatile("fninit");
	/* 1.0 by 0.0 */
	asm volatile("ldmxcsr %0\n\t"
		     "pxor %%xmm0, %%xmm0\n\t"
		     "pcmpeqd %%xmm1, %%xmm1\n\t"
		     "psrld $25, %%xmm1\n\t"
		     "pslld $23, %%xmm1" : : "m" (mxcsr));
	GUEST_EQ(XM, GUEST_TRY("divss %%xmm0, %%xmm1"));
	write_cr0(read_cr0() | X86_CR0_TS);
	GUEST_EQ(NM, GUEST_TRY("fninit"));
	GUEST_EQ(NM, GUEST_TRY("pxor %%xmm0, %%xmm0"));
	write_cr0((read_cr0() & ~X86_CR0_TS) | X86_CR0_EM);
	GUEST_EQ(NM, GUEST_TRY("fninit"));
	GUEST_EQ(UD, GUEST_TRY("pxor %%xmm0, %%xmm0"));
	GUEST_DONE();
}

TEST_F(guest, floating_point_exceptions)
{
	vcpu_set_long(&self->cpu, floating_point);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t steps[16], nr_steps, step_flags;

static __guest void note_step(struct guest_frame *frame)
{
	if (nr_steps < 16)
		steps[nr_steps] = frame->rip;
	nr_steps++;
	step_flags = read_db6();
	write_db6(0xffff0ff0);
}

/*
 * Each of these but NOP leaves the guest; the trap must come behind it all the
 * same, once.
 */
static __guest void single_step(void)
{
	uint64_t base;

	guest_handler[DB] = note_step;
	asm volatile("leaq 0f(%%rip), %0\n\t"
		     "pushfq\n\t"
		     "orq $0x100, (%%rsp)\n\t"
		     "popfq\n"
		     "0:\tnop\n"				/* 1 byte */
		     "\txorl %%eax, %%eax\n"			/* 2 */
		     "\tcpuid\n"				/* 2 */
		     "\toutb %%al, $0x80\n"			/* 2 */
		     "\tinb $0x80, %%al\n"			/* 2 */
		     "\tmovb %%al, 0x10000000\n"		/* 7 */
		     "\tmov %%cr0, %%rax\n"			/* 3 */
		     "\tmov %%rax, %%cr0\n"			/* 3 */
		     "\tpushfq\n"				/* 1 */
		     "\tandq $~0x100, (%%rsp)\n"		/* 8 */
		     "\tpopfq\n"				/* 1 */
		     : "=&r" (base) : : "rax", "rbx", "rcx", "rdx", "memory");
	GUEST_EQ(base + 1, steps[0]);
	GUEST_EQ(base + 3, steps[1]);
	GUEST_EQ(base + 5, steps[2]);
	GUEST_EQ(base + 7, steps[3]);
	GUEST_EQ(base + 9, steps[4]);
	GUEST_EQ(base + 16, steps[5]);
	GUEST_EQ(base + 19, steps[6]);
	GUEST_EQ(base + 22, steps[7]);
	GUEST_EQ(base + 23, steps[8]);
	GUEST_EQ(1 << 14, step_flags & (1 << 14));
	GUEST_DONE();
}

TEST_F(guest, trap_flag_behind_instructions_that_exit)
{
	struct guest_report report;

	vcpu_set_long(&self->cpu, single_step);
	while (vcpu_run_guest(&self->cpu, &report) == GUEST_OTHER_EXIT)
		ASSERT_TRUE(self->cpu.run->exit_reason == KVM_EXIT_IO ||
			    self->cpu.run->exit_reason == KVM_EXIT_MMIO);
	EXPECT_EQ(GUEST_IS_DONE, report.word);
	EXPECT_LE(10, GUEST_VAR(&self->vm, nr_steps));
	EXPECT_GE(11, GUEST_VAR(&self->vm, nr_steps));
}

static volatile uint64_t resumed[16];

static __guest void note_iteration(struct guest_frame *frame)
{
	if (nr_steps < 16)
		resumed[nr_steps] = frame->rflags & FLAG_RF;
	note_step(frame);
}

/* RCX is 3; from the memory at text to PORT or the hole, or back. */
#define REPEAT(insn, from, to) do {					\
	uint64_t here, next, rsi = (from), rdi = (to), rcx = 3;		\
									\
	nr_steps = 0;							\
	asm volatile("leaq 0f(%%rip), %0\n\t"				\
		     "leaq 1f(%%rip), %1\n\t"				\
		     "pushfq\n\t"					\
		     "orq $0x100, (%%rsp)\n\t"				\
		     "popfq\n"						\
		     "0:\t" insn "\n"					\
		     "1:\tpushfq\n\t"					\
		     "andq $~0x100, (%%rsp)\n\t"			\
		     "popfq"						\
		     : "=&r" (here), "=&r" (next), "+S" (rsi), "+D" (rdi), "+c" (rcx) \
		     : "d" (0x80), "a" (0) : "memory");			\
	GUEST_EQ(here, steps[0]);					\
	GUEST_EQ(FLAG_RF, resumed[0]);					\
	GUEST_EQ(here, steps[1]);					\
	GUEST_EQ(FLAG_RF, resumed[1]);					\
	GUEST_EQ(next, steps[2]);					\
	GUEST_EQ(0, resumed[2]);					\
} while (0)

static uint8_t repeated[8];

/*
 * SDM, "Single-Step Exception Condition" and "Instruction-Breakpoint Exception Condition": a trap
 * behind each iteration, and RF in all but the last one's RFLAGS.
 */
static __guest void single_step_repeated(void)
{
	uintptr_t data = (uintptr_t)repeated;

	guest_handler[DB] = note_iteration;
	/* On memory it is the processor's affair; Bochs 2.7 forgets RF. */
	REPEAT("rep stosb", data, VM_HOLE);
	REPEAT("rep movsb", VM_HOLE, data);
	REPEAT("rep outsb", data, data);
	REPEAT("rep insb", data, data);
	GUEST_DONE();
}

TEST_F(guest, trap_flag_behind_each_iteration)
{
	struct guest_report report;

	if (vm_is_kvm())
		SKIP(return, "KVM steps once more on the instruction, with a count of 0");
	vcpu_set_long(&self->cpu, single_step_repeated);
	while (vcpu_run_guest(&self->cpu, &report) == GUEST_OTHER_EXIT)
		ASSERT_TRUE(self->cpu.run->exit_reason == KVM_EXIT_IO ||
			    self->cpu.run->exit_reason == KVM_EXIT_MMIO);
	EXPECT_EQ(GUEST_IS_DONE, report.word);
}

static __guest void double_fault(void)
{
	volatile uint64_t *idt = (uint64_t *)(uintptr_t)VM_IDT;

	guest_set_gate(DF, 0, 1);
	idt[2 * GP] &= ~(1ull << 47);		/* no gate: #NP in #GP is #DF */
	guest_trap.error = 0x55;
	GUEST_EQ(DF, GUEST_TRY("movl (%0), %%eax", : "r" (1ull << 63) : "rax"));
	GUEST_EQ(0, guest_trap.error);
	GUEST_DONE();
}

TEST_F(guest, double_fault)
{
	vcpu_set_long(&self->cpu, double_fault);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt;

	asm volatile("lidt %0; ud2" : : "m" (no_idt));
}

TEST_F(guest, triple_fault_is_shutdown)
{
	vcpu_set_long(&self->cpu, triple_fault);
	EXPECT_EQ(KVM_EXIT_SHUTDOWN, vcpu_run(&self->cpu));
	/* The vCPU can be given a new life. */
	vcpu_set_long(&self->cpu, simple_ones);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal after some milliseconds, again and again. */
static void start_alarm(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value.tv_usec = 5000,
		.it_interval.tv_usec = 5000,
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop_alarm(void)
{
	struct itimerval timer = {};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * The push of #DB's own frame hits a data breakpoint: a processor that is not
 * stopped by its hypervisor would never come to an instruction again.
 */
static __guest void endless_db(void)
{
	guest_set_gate(DB, 0, 1);
	write_db0(VM_IST1 - 8);
	write_db1(VM_IST1 - 32);
	write_db7(0x400 | 0xa | 0xbbull << 16);
	asm volatile("sti; 1: .byte 0xf1; jmp 1b");
}

TEST_F(guest, endless_db_leaves_the_host_in_control)
{
	vcpu_set_long(&self->cpu, endless_db);
	start_alarm();
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	stop_alarm();
}

/*
 * #AC whose frame, in ring 3 on a crooked stack, raises #AC. A hypervisor may
 * deliver it for ever, or say that it gives up.
 */
static bool is_in_control(struct vcpu *cpu)
{
	int seen = vcpu_run(cpu);

	return seen == -EINTR ||
	       (seen == KVM_EXIT_INTERNAL_ERROR &&
		cpu->run->internal.suberror == KVM_INTERNAL_ERROR_SIMUL_EX);
}

TEST_F(guest, endless_ac_leaves_the_host_in_control)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vcpu_set_flat32(&self->cpu, ac_recursion);
	sregs = vcpu_sregs(&self->cpu);
	sregs.cr0 |= X86_CR0_AM;
	sregs.cs.selector = sregs.cs.selector | 3;
	sregs.cs.dpl = 3;
	sregs.ss.selector = SEL_USER_DATA;
	sregs.ss.dpl = 3;
	sregs.ds = sregs.ss;
	sregs.es = sregs.ss;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	/* A 32-bit gate 17 to a segment of ring 3. */
	*(uint64_t *)(self->vm.mem + VM_GDT + SEL_CODE32) = 0x00cffb000000ffff;
	*(uint64_t *)(self->vm.mem + VM_IDT + 8 * AC) =
		((uintptr_t)ac_recursion & 0xffff) | (SEL_CODE32 | 3) << 16 |
		0xee00ull << 32 | ((uint64_t)(uintptr_t)ac_recursion >> 16) << 48;
	regs = vcpu_regs(&self->cpu);
	regs.rflags = 2 | FLAG_AC | 0x200;
	regs.rsp = VM_STACK0 - 1;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	start_alarm();
	EXPECT_TRUE(is_in_control(&self->cpu));
	EXPECT_TRUE(is_in_control(&self->cpu));
	stop_alarm();
}

static __guest void endless_pf(void)
{
	asm volatile("sti; 1: movb %%al, (%0); jmp 1b" : : "r" (PAGE(1)));
}

static __guest void return_at_once(struct guest_frame *frame)
{
	(void)frame;
}

TEST_F(guest, endless_page_faults_leave_the_host_in_control)
{
	*vm_pte(&self->vm, PAGE(1)) &= ~PTE_P;
	GUEST_VAR(&self->vm, guest_handler[PF]) = return_at_once;
	vcpu_set_long(&self->cpu, endless_pf);
	start_alarm();
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	stop_alarm();
	EXPECT_LT(10, GUEST_VAR(&self->vm, guest_trap.count));
}

static __guest void spin_deaf(void)
{
	asm volatile("cli; 1: jmp 1b");
}

/* No interrupt of the host's reaches Bochs here: KVM would hang the emulator. */
TEST_F(guest, spinning_with_interrupts_off_leaves_the_host_in_control)
{
	if (vm_is_kvm())
		SKIP(return, "KVM has no watchdog: on Bochs this guest would hang the machine");
	vcpu_set_long(&self->cpu, spin_deaf);
	start_alarm();
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	stop_alarm();
}

static __guest void spin(void)
{
	asm volatile("sti; 1: jmp 1b");
}

TEST_F(guest, spinning_leaves_the_host_in_control)
{
	vcpu_set_long(&self->cpu, spin);
	start_alarm();
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	stop_alarm();
	EXPECT_EQ(KVM_EXIT_INTR, self->cpu.run->exit_reason);
}

TEST_HARNESS_MAIN
