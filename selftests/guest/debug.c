// SPDX-License-Identifier: GPL-2.0
/*
 * A debugger in user space: software and hardware breakpoints, single steps, and
 * what it hands back to the guest.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define DB	1
#define NMI	2
#define BP	3

#define DR6_FIXED	0xffff0ff0u
#define DR6_BD		(1u << 13)
#define DR6_BS		(1u << 14)

#define FLAG_TF		0x100ull
#define FLAG_IF		0x200ull

/* Places in guest code; the program runs at the address where it is linked. */
#define PLACE(name) extern const uint8_t name[]

static void set_debug(struct vcpu *cpu, const struct kvm_guest_debug *debug)
{
	VM_IOCTL(cpu->fd, KVM_SET_GUEST_DEBUG, debug);
}

static void set_control(struct vcpu *cpu, uint32_t control)
{
	struct kvm_guest_debug debug = { .control = control };

	set_debug(cpu, &debug);
}

#define STEP	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)
#define SOFT	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP)
#define HARD	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)

static void set_rip(struct vcpu *cpu, const uint8_t *place)
{
	struct kvm_regs regs = vcpu_regs(cpu);

	regs.rip = (uintptr_t)place;
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

PLACE(int3_here);

static __guest void break_by_int3(void)
{
	guest_trap.vector = NO_TRAP;
	asm volatile("movq $1f, guest_fixup\n\t"
		     ".globl int3_here\n"
		     "int3_here:\tint3\n"
		     "1:\tmovq $0, guest_fixup" : : : "memory");
	GUEST_SYNC(guest_trap.vector);
	GUEST_DONE();
}

TEST_F(guest, software_breakpoint)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;
	struct guest_report report;

	vcpu_set_long(&self->cpu, break_by_int3);
	set_control(&self->cpu, SOFT);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
		EXPECT_EQ(BP, seen->exception);
		EXPECT_EQ((uintptr_t)int3_here, seen->pc);
		EXPECT_EQ((uintptr_t)int3_here, vcpu_regs(&self->cpu).rip);
	}
	set_rip(&self->cpu, int3_here + 1);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(NO_TRAP, report.value[0]);
	/* Without the debugger it is the guest's. */
	set_control(&self->cpu, 0);
	vcpu_set_entry(&self->cpu, break_by_int3);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(BP, report.value[0]);
	/* Nor does the flag alone enable anything. */
	set_control(&self->cpu, KVM_GUESTDBG_USE_SW_BP);
	vcpu_set_entry(&self->cpu, break_by_int3);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(BP, report.value[0]);
}

/* An INT3 of the guest's own is handed back to it. */
TEST_F(guest, breakpoint_handed_back)
{
	struct guest_report report;

	vcpu_set_long(&self->cpu, break_by_int3);
	set_control(&self->cpu, SOFT);
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	set_control(&self->cpu, SOFT | KVM_GUESTDBG_INJECT_BP);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(BP, report.value[0]);
	EXPECT_EQ((uintptr_t)int3_here + 1, GUEST_VAR(&self->vm, guest_trap.rip));
}

static volatile uint64_t watched;

PLACE(code_1);
PLACE(code_2);
PLACE(code_3);
PLACE(code_4);
PLACE(wrote_it);

static __guest void pass_by(void)
{
	/* The guest has debug registers all the same. */
	write_db0(0x1234);
	GUEST_EQ(0x1234, read_db0());
	GUEST_EQ(0x400, read_db7());
	asm volatile(".globl code_1, code_2, code_3, code_4\n"
		     "code_1:\tnop\n"
		     "code_2:\tcpuid\n"
		     "code_3:\tinb $0x80, %%al\n"
		     "code_4:\tnop" : : "a" (0) : "rbx", "rcx", "rdx");
	asm volatile(".globl wrote_it\n"
		     "\tmovq $1, watched\n"
		     "wrote_it:\tnop" : : : "memory");
	GUEST_DONE();
}

TEST_F(guest, hardware_breakpoints_on_code)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;
	const uint8_t *const places[] = { code_1, code_2, code_3, code_4 };
	struct kvm_debugregs regs;

	for (int i = 0; i < 4; i++) {
		struct kvm_guest_debug debug = { .control = HARD };

		debug.arch.debugreg[i] = (uintptr_t)places[i];
		debug.arch.debugreg[7] = 0x400 | 1 << (2 * i + 1);
		vcpu_set_long(&self->cpu, pass_by);
		set_debug(&self->cpu, &debug);
		memset(seen, 0xaa, sizeof(*seen));
		/* The third place is an IN, and the fourth stands behind it. */
		if (i == 3)
			ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
		ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
		EXPECT_EQ(DB, seen->exception);
		EXPECT_EQ((uintptr_t)places[i], seen->pc);
		EXPECT_EQ(DR6_FIXED | 1 << i, seen->dr6);
		EXPECT_EQ(debug.arch.debugreg[7], seen->dr7);
		/* The guest's own are as it left them. */
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
		EXPECT_EQ(0x1234, regs.db[0]);
		EXPECT_EQ(0, regs.db[1]);
		EXPECT_EQ(0x400, regs.dr7);
		EXPECT_EQ(DR6_FIXED, regs.dr6);
		set_control(&self->cpu, 0);
	}
	vcpu_set_long(&self->cpu, pass_by);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, hardware_breakpoints_on_data)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;
	struct kvm_guest_debug debug = { .control = HARD };

	debug.arch.debugreg[2] = (uintptr_t)&watched;
	debug.arch.debugreg[7] = 0x400 | 1 << 5 | 9 << 24;	/* a write of 8 bytes */
	vcpu_set_long(&self->cpu, pass_by);
	set_debug(&self->cpu, &debug);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ((uintptr_t)wrote_it, seen->pc);
	EXPECT_EQ(DR6_FIXED | 4, seen->dr6);
	EXPECT_EQ(1, GUEST_VAR(&self->vm, watched));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void trip_own_breakpoint(void)
{
	guest_trap.count = 0;
	write_db1((uintptr_t)&watched);
	write_db7(0x400 | 1 << 3 | 9ull << 20);
	GUEST_SYNC(0);
	GUEST_TRY("movq $1, watched", : : "memory");
	GUEST_SYNC(guest_trap.count);
}

/* While user space has breakpoints those of the guest are not in use; then they are again. */
TEST_F(guest, whose_breakpoints_are_in_use)
{
	const struct kvm_guest_debug hard = { .control = HARD, .arch.debugreg[7] = 0x400 };
	struct guest_report report;

	vcpu_set_long(&self->cpu, trip_own_breakpoint);
	set_debug(&self->cpu, &hard);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(0, report.value[0]);
	set_control(&self->cpu, 0);
	vcpu_set_entry(&self->cpu, trip_own_breakpoint);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	set_debug(&self->cpu, &hard);
	set_control(&self->cpu, 0);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(1, report.value[0]);
}

PLACE(debug_access);

static __guest void access_debug_register(void)
{
	asm volatile(".globl debug_access\n"
		     "debug_access:\tmov %%db0, %%rax" : : : "rax");
	GUEST_DONE();
}

TEST_F(guest, general_detect_of_the_debugger)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;
	const struct kvm_guest_debug debug = { .control = HARD, .arch.debugreg[7] = 0x2400 };

	vcpu_set_long(&self->cpu, access_debug_register);
	set_debug(&self->cpu, &debug);
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ(DB, seen->exception);
	EXPECT_EQ((uintptr_t)debug_access, seen->pc);
	EXPECT_EQ(DR6_FIXED | DR6_BD, seen->dr6);
	EXPECT_EQ(0x2400, seen->dr7);
	set_control(&self->cpu, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* Instructions that leave the guest, and some that do not. */
PLACE(step_0);
PLACE(step_end);

static __guest void step_over_all(void)
{
	asm volatile(".globl step_0, step_end\n"
		     "step_0:\tnop\n"			/* 1 byte */
		     "\txorl %%eax, %%eax\n"		/* 2 */
		     "\tcpuid\n"			/* 2 */
		     "\tmovl $0x1b, %%ecx\n"		/* 5 */
		     "\trdmsr\n"			/* 2 */
		     "\twrmsr\n"			/* 2 */
		     "\tmov %%cr0, %%rax\n"		/* 3 */
		     "\tmov %%rax, %%cr0\n"		/* 3 */
		     "\tmov %%db7, %%rax\n"		/* 3 */
		     "\tmov %%rax, %%db7\n"		/* 3 */
		     "\toutb %%al, $0x80\n"		/* 2 */
		     "\tinb $0x80, %%al\n"		/* 2 */
		     "\tmovb %%al, 0x10000000\n"	/* 7 */
		     "\tmovb 0x10000000, %%al\n"	/* 7 */
		     "\tvmcall\n"			/* 3 */
		     "\twbinvd\n"			/* 2 */
		     "\tsti\n"				/* 1 */
		     "\tnop\n"				/* 1 */
		     "\tcli\n"				/* 1 */
		     "\tjmp step_end\n"			/* 2 */
		     "\tud2\n"
		     "step_end:\tnop"
		     : : : "rax", "rbx", "rcx", "rdx", "memory");
	GUEST_DONE();
}

static const uint8_t step_lengths[] = {
	1, 2, 2, 5, 2, 2, 3, 3, 3, 3, 2, 2, 7, 7, 3, 2, 1, 1, 1,
};

#define STEPS_STAND_STILL \
	"Bochs 2.7 saves a step that has ended as pending; KVM's steps stand still there"

/* One step; user space does nothing for the I/O on the way. */
static int step(struct vcpu *cpu)
{
	int seen;

	do {
		seen = vcpu_run(cpu);
	} while (seen == KVM_EXIT_IO || seen == KVM_EXIT_MMIO);
	return seen;
}

static void step_through(struct __test_metadata *_metadata, struct vcpu *cpu)
{
	struct kvm_debug_exit_arch *seen = &cpu->run->debug.arch;
	uintptr_t rip = (uintptr_t)step_0;

	set_rip(cpu, step_0);
	set_control(cpu, STEP);
	for (size_t i = 0; i < ARRAY_SIZE(step_lengths); i++) {
		rip += step_lengths[i];
		memset(seen, 0xaa, sizeof(*seen));
		ASSERT_EQ(KVM_EXIT_DEBUG, step(cpu)) TH_LOG("step %zu", i);
		EXPECT_EQ(DB, seen->exception) TH_LOG("step %zu", i);
		EXPECT_EQ(rip, seen->pc) TH_LOG("step %zu", i);
		EXPECT_EQ(DR6_FIXED | DR6_BS, seen->dr6) TH_LOG("step %zu", i);
		EXPECT_EQ(0, vcpu_regs(cpu).rflags & FLAG_TF) TH_LOG("step %zu", i);
		/* A debugger asks for each step anew, or it does not: they go on. */
		if (i & 1)
			set_control(cpu, STEP);
	}
	ASSERT_EQ(KVM_EXIT_DEBUG, step(cpu));
	EXPECT_EQ((uintptr_t)step_end, seen->pc);
}

TEST_F(guest, single_steps)
{
	if (vm_is_kvm())
		SKIP(return, STEPS_STAND_STILL);
	vcpu_set_long(&self->cpu, step_over_all);
	step_through(_metadata, &self->cpu);
	set_control(&self->cpu, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* The guest's own wish to step by branches does not make the debugger's steps longer. */
TEST_F(guest, single_steps_under_btf)
{
	if (vm_is_kvm())
		SKIP(return, STEPS_STAND_STILL);
	vcpu_set_long(&self->cpu, step_over_all);
	vcpu_set_msr(&self->cpu, 0x1d9, 2);
	step_through(_metadata, &self->cpu);
	set_control(&self->cpu, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* A step that user space completes ends there, even with immediate_exit. */
TEST_F(guest, a_step_ends_with_its_io)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;
	const uint8_t *out = step_0 + 1 + 2 + 2 + 5 + 2 + 2 + 3 + 3 + 3 + 3;

	if (vm_is_kvm())
		SKIP(return, STEPS_STAND_STILL);
	vcpu_set_long(&self->cpu, step_over_all);
	set_rip(&self->cpu, out);
	set_control(&self->cpu, STEP);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	self->cpu.run->immediate_exit = 1;
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ((uintptr_t)out + 2, seen->pc);
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	self->cpu.run->immediate_exit = 0;
	EXPECT_EQ(KVM_EXIT_DEBUG, step(&self->cpu));
	EXPECT_EQ((uintptr_t)out + 4, seen->pc);
}

/* SET_REGS keeps the step where it began, and only there. */
TEST_F(guest, steps_and_set_regs)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;

	if (vm_is_kvm())
		SKIP(return, STEPS_STAND_STILL);
	vcpu_set_long(&self->cpu, step_over_all);
	set_rip(&self->cpu, step_0);
	set_control(&self->cpu, STEP);
	set_rip(&self->cpu, step_0);
	ASSERT_EQ(KVM_EXIT_DEBUG, step(&self->cpu));
	EXPECT_EQ((uintptr_t)step_0 + 1, seen->pc);
	set_rip(&self->cpu, step_end);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

PLACE(halt_here);

static __guest void halt_and_go_on(void)
{
	asm volatile(".globl halt_here\n"
		     "halt_here:\thlt\n\tnop\n\tnop" : : : "memory");
	GUEST_DONE();
}

/* What leaves for another reason ends the step with the next run. (KVM forgets it.) */
TEST_F(guest, a_step_over_hlt)
{
	struct kvm_debug_exit_arch *seen = &self->cpu.run->debug.arch;

	if (vm_is_kvm())
		SKIP(return, STEPS_STAND_STILL);
	vcpu_set_long(&self->cpu, halt_and_go_on);
	set_rip(&self->cpu, halt_here);
	set_control(&self->cpu, STEP);
	ASSERT_EQ(KVM_EXIT_HLT, step(&self->cpu));
	ASSERT_EQ(KVM_EXIT_DEBUG, step(&self->cpu));
	EXPECT_EQ((uintptr_t)halt_here + 1, seen->pc);
}

static volatile uint64_t events;

static __guest void count_event(struct guest_frame *frame)
{
	(void)frame;
	events++;
}

static __guest void wait_for_events(void)
{
	asm volatile("sti");
	for (int i = 0; i < 20; i++)
		asm volatile("nop");
	asm volatile("cli");
	GUEST_DONE();
}

static bool is_in_handler(struct vcpu *cpu)
{
	uint64_t rip = vcpu_regs(cpu).rip;

	return rip >= (uintptr_t)guest_vectors && rip < (uintptr_t)guest_vectors + 256 * 16;
}

TEST_F(guest, blocked_interrupts)
{
	/* Without a local APIC of its own KVM takes what KVM_INTERRUPT brings for delivered. */
	const struct kvm_interrupt irq = { .irq = 0x40 };
	bool own_irq = !vm_is_kvm();

	GUEST_VAR(&self->vm, guest_handler[NMI]) = count_event;
	GUEST_VAR(&self->vm, guest_handler[0x40]) = count_event;
	vcpu_set_long(&self->cpu, wait_for_events);
	set_control(&self->cpu, STEP | KVM_GUESTDBG_BLOCKIRQ);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_NMI, 0));
	if (own_irq)
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_INTERRUPT, &irq));
	self->cpu.run->request_interrupt_window = own_irq;
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(KVM_EXIT_DEBUG, step(&self->cpu));
		EXPECT_FALSE(is_in_handler(&self->cpu)) TH_LOG("step %d", i);
	}
	self->cpu.run->request_interrupt_window = 0;
	EXPECT_EQ(0, GUEST_VAR(&self->vm, events));
	EXPECT_EQ(1, vcpu_events(&self->cpu).nmi.pending);
	/* They were not lost. */
	set_control(&self->cpu, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(own_irq ? 2 : 1, GUEST_VAR(&self->vm, events));
}

/* Unblocked, the first step ends in the handler. */
TEST_F(guest, interrupts_while_stepping)
{
	GUEST_VAR(&self->vm, guest_handler[NMI]) = count_event;
	vcpu_set_long(&self->cpu, wait_for_events);
	set_control(&self->cpu, STEP);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_NMI, 0));
	/* Its delivery ends TF, and IRET brings it back. */
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ(1, GUEST_VAR(&self->vm, events));
	EXPECT_FALSE(is_in_handler(&self->cpu));
	set_control(&self->cpu, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t seen_dr6;

static __guest void note_dr6(struct guest_frame *frame)
{
	(void)frame;
	seen_dr6 = read_db6();
	events++;
}

TEST_F(guest, debug_exception_handed_to_the_guest)
{
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_INJECT_DB };
	struct kvm_debugregs regs;

	GUEST_VAR(&self->vm, guest_handler[DB]) = note_dr6;
	vcpu_set_long(&self->cpu, wait_for_events);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
	regs.dr6 = DR6_FIXED | DR6_BS | 2;
	regs.dr7 = 0x2400;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_DEBUGREGS, &regs));
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	EXPECT_EQ(EBUSY, errno);
	debug.control = STEP | KVM_GUESTDBG_INJECT_BP;
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_GUEST_DEBUG, &debug));
	EXPECT_EQ(EBUSY, errno);
	/* It was not half done: there are no steps. */
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(1, GUEST_VAR(&self->vm, events));
	EXPECT_EQ(DR6_FIXED | DR6_BS | 2, GUEST_VAR(&self->vm, seen_dr6));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
	/* General detect ends with the exception, so that the handler can read DR6. */
	EXPECT_EQ(0x400, regs.dr7);
}

TEST_F(guest, bad_and_unknown_controls)
{
	struct kvm_guest_debug debug = { .control = ~0u & ~(KVM_GUESTDBG_INJECT_DB |
							     KVM_GUESTDBG_INJECT_BP |
							     KVM_GUESTDBG_USE_HW_BP |
							     KVM_GUESTDBG_SINGLESTEP) };

	/* As KVM: what nobody knows is passed over. */
	vcpu_set_long(&self->cpu, step_over_all);
	set_rip(&self->cpu, step_end);
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	/* What the processor refuses fails the entry, and nothing else. */
	debug = (struct kvm_guest_debug) { .control = HARD, .arch.debugreg[7] = 1ull << 32 };
	set_rip(&self->cpu, step_end);
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(KVM_EXIT_FAIL_ENTRY, vcpu_run(&self->cpu));
	debug.arch.debugreg[7] = ~0ull;
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(KVM_EXIT_FAIL_ENTRY, vcpu_run(&self->cpu));
	/* Addresses that nobody can reach. */
	debug.arch.debugreg[7] = 0x4ff;
	for (int i = 0; i < 4; i++)
		debug.arch.debugreg[i] = ~0ull >> i;
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_GUEST_DEBUG, NULL));
	EXPECT_EQ(EFAULT, errno);
}

/* A vCPU is debugged, another is not; and the host's own breakpoints stay. */
TEST_F(guest, one_vcpu_alone)
{
	struct kvm_guest_debug debug = { .control = HARD };
	struct vcpu other;

	vcpu_init(&self->vm, &other, 1);
	debug.arch.debugreg[0] = (uintptr_t)code_1;
	debug.arch.debugreg[7] = 0x402;
	vcpu_set_long(&self->cpu, pass_by);
	vcpu_set_long(&other, pass_by);
	set_debug(&self->cpu, &debug);
	EXPECT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_EXIT_IO, vcpu_run(&other));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&other));
	vcpu_close(&other);
}

TEST_HARNESS_MAIN
