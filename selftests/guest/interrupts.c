// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts, NMIs and injected exceptions: windows, shadows, order, and
 * deliveries that an EPT violation cuts short.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

#define NMI		2
#define UD		6
#define GP		13
#define VECTOR		0x30
#define OTHER_VECTOR	0x41
#define FLAG_IF		0x200ull

static volatile uint64_t order[16], order_rip[16], nr_events;

static __guest void note_event(struct guest_frame *frame)
{
	if (nr_events < 16) {
		order[nr_events] = frame->vector;
		order_rip[nr_events] = frame->rip;
	}
	nr_events++;
}

static int interrupt(struct vcpu *cpu, uint32_t vector)
{
	struct kvm_interrupt irq = { .irq = vector };

	return ioctl(cpu->fd, KVM_INTERRUPT, &irq);
}

static void take_notes(struct vm *vm)
{
	GUEST_VAR(vm, guest_handler[NMI]) = note_event;
	GUEST_VAR(vm, guest_handler[VECTOR]) = note_event;
	GUEST_VAR(vm, guest_handler[OTHER_VECTOR]) = note_event;
}

static __guest void wait_with_interrupts_on(void)
{
	asm volatile("sti; nop");
	GUEST_SYNC(0);
	asm volatile("nop");
	GUEST_EQ(1, nr_events);
	GUEST_EQ(VECTOR, order[0]);
	GUEST_DONE();
}

TEST_F(guest, interrupt_is_delivered_at_once)
{
	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, wait_with_interrupts_on);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(1, self->cpu.run->if_flag);
	EXPECT_EQ(1, self->cpu.run->ready_for_interrupt_injection);
	ASSERT_EQ(0, interrupt(&self->cpu, VECTOR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void open_window_by_sti(void)
{
	GUEST_SYNC(0);
	asm volatile("sti\n\tnop\nwindow_sti:\n\tnop\n\tcli");
	GUEST_EQ(1, nr_events);
	GUEST_EQ((uintptr_t)window_sti, order_rip[0]);
	GUEST_DONE();
}

static __guest void open_window_by_sti_and_ss(void)
{
	GUEST_SYNC(0);
	asm volatile("movl %%ss, %%eax\n\t"
		     "sti\n\t"
		     "movl %%eax, %%ss\n\t"
		     "nop\n"
		     "window_ss:\n\tnop\n\tcli" : : : "rax");
	GUEST_EQ(1, nr_events);
	GUEST_EQ((uintptr_t)window_ss, order_rip[0]);
	GUEST_DONE();
}

/* CPUID leaves the guest and is skipped: the shadow of STI ends with it. */
static __guest void open_window_by_sti_and_cpuid(void)
{
	GUEST_SYNC(0);
	asm volatile("xorl %%eax, %%eax\n\t"
		     "sti\n\t"
		     "cpuid\n"
		     "window_cpuid:\n\tnop\n\tcli" : : : "rax", "rbx", "rcx", "rdx");
	GUEST_EQ(1, nr_events);
	GUEST_EQ((uintptr_t)window_cpuid, order_rip[0]);
	GUEST_DONE();
}

/* The guest has IF = 0 at its report: ask for a window, see where it opens. */
static void check_window(struct __test_metadata *_metadata, struct vcpu *cpu,
			 void (*entry)(void), const char *where)
{
	take_notes(cpu->vm);
	vcpu_set_long(cpu, entry);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	EXPECT_EQ(0, cpu->run->if_flag);
	EXPECT_EQ(0, cpu->run->ready_for_interrupt_injection);
	cpu->run->request_interrupt_window = 1;
	ASSERT_EQ(KVM_EXIT_IRQ_WINDOW_OPEN, vcpu_run(cpu));
	EXPECT_EQ(1, cpu->run->if_flag);
	EXPECT_EQ(1, cpu->run->ready_for_interrupt_injection);
	EXPECT_EQ((uintptr_t)where, vcpu_regs(cpu).rip);
	cpu->run->request_interrupt_window = 0;
	ASSERT_EQ(0, interrupt(cpu, VECTOR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
}

TEST_F(guest, window_opens_behind_the_shadow_of_sti)
{
	check_window(_metadata, &self->cpu, open_window_by_sti, window_sti);
}

TEST_F(guest, window_opens_behind_the_shadow_of_mov_ss)
{
	check_window(_metadata, &self->cpu, open_window_by_sti_and_ss, window_ss);
}

TEST_F(guest, emulated_instruction_ends_the_shadow)
{
	check_window(_metadata, &self->cpu, open_window_by_sti_and_cpuid, window_cpuid);
}

/*
 * KVM_INTERRUPT while IF = 0 is user space's mistake: KVM hands it to the
 * processor, which refuses the entry. To wait for the window is as good; to
 * lose it is not.
 */
TEST_F(guest, interrupt_with_if_0_is_not_lost)
{
	struct guest_report report;
	enum guest_word word;

	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, open_window_by_sti);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, interrupt(&self->cpu, VECTOR));
	EXPECT_EQ(VECTOR, vcpu_events(&self->cpu).interrupt.nr);
	EXPECT_EQ(1, vcpu_events(&self->cpu).interrupt.injected);
	EXPECT_EQ(1ull << VECTOR, vcpu_sregs(&self->cpu).interrupt_bitmap[0]);
	word = vcpu_run_guest(&self->cpu, &report);
	if (word == GUEST_IS_DONE) {
		EXPECT_EQ(0, vcpu_events(&self->cpu).interrupt.injected);
		return;
	}
	ASSERT_EQ(GUEST_OTHER_EXIT, word);
	ASSERT_EQ(KVM_EXIT_FAIL_ENTRY, self->cpu.run->exit_reason);
	EXPECT_EQ(0x80000021, self->cpu.run->fail_entry.hardware_entry_failure_reason);
	EXPECT_EQ(1, vcpu_events(&self->cpu).interrupt.injected);
}

static __guest void halt_with_interrupts_on(void)
{
	asm volatile("sti; hlt\nwindow_out:\n\tnop");
	GUEST_EQ(1, nr_events);
	GUEST_EQ((uintptr_t)window_out, order_rip[0]);
	GUEST_DONE();
}

TEST_F(guest, interrupt_behind_hlt)
{
	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, halt_with_interrupts_on);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(1, self->cpu.run->ready_for_interrupt_injection);
	ASSERT_EQ(0, interrupt(&self->cpu, VECTOR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void sync_in_nmi(struct guest_frame *frame)
{
	note_event(frame);
	GUEST_SYNC(nr_events);
	/* The second NMI must wait for IRET. */
	GUEST_TRUE(nr_events <= 2);
}

static __guest void take_nmis(void)
{
	GUEST_SYNC(100);
	asm volatile("nop");
	GUEST_EQ(2, nr_events);
	GUEST_EQ(order_rip[0], order_rip[1]);
	GUEST_DONE();
}

TEST_F(guest, nmi_is_blocked_until_iret)
{
	struct guest_report report;

	GUEST_VAR(&self->vm, guest_handler[NMI]) = sync_in_nmi;
	vcpu_set_long(&self->cpu, take_nmis);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(0, vcpu_events(&self->cpu).nmi.masked);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_NMI, 0));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(1, report.value[0]);
	EXPECT_EQ(1, vcpu_events(&self->cpu).nmi.masked);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_NMI, 0));
	EXPECT_EQ(1, vcpu_events(&self->cpu).nmi.pending);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(2, report.value[0]);
	EXPECT_EQ(1, vcpu_events(&self->cpu).nmi.masked);
	EXPECT_EQ(0, vcpu_events(&self->cpu).nmi.pending);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(0, vcpu_events(&self->cpu).nmi.masked);
}

/*
 * The IRET that ends the NMI leaves the guest: its frame lies on page 4 of
 * VM_PAGES, which the EPT has lost.
 */
#define IRET_PAGE	(VM_PAGES + 0x4000)

static __guest void iret_from_page(struct guest_frame *frame)
{
	uint64_t *copy = (uint64_t *)(uintptr_t)(IRET_PAGE + 0x100);

	note_event(frame);
	copy[0] = frame->rip;
	copy[1] = frame->cs;
	copy[2] = frame->rflags;
	copy[3] = frame->rsp;
	copy[4] = frame->ss;
	GUEST_SYNC(nr_events);
	asm volatile("movq %0, %%rsp\n\t"
		     "iretq" : : "r" (copy) : "memory");
}

/* The handler leaves no register as it was. */
static __guest void take_nmi_on_page(void)
{
	asm volatile("pushq %%rbx; pushq %%rbp; pushq %%r12\n\t"
		     "pushq %%r13; pushq %%r14; pushq %%r15\n\t"
		     "hlt\n\t"
		     "popq %%r15; popq %%r14; popq %%r13; popq %%r12; popq %%rbp; popq %%rbx"
		     : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	GUEST_EQ(2, nr_events);
	GUEST_EQ(order_rip[0], order_rip[1]);
	GUEST_DONE();
}

TEST_F(guest, nmi_blocking_survives_an_exit_of_iret)
{
	struct vcpu *cpu = &self->cpu;
	uint8_t *page = cpu->vm->mem + IRET_PAGE, frame[0x1000];

	GUEST_VAR(cpu->vm, guest_handler[NMI]) = iret_from_page;
	vcpu_set_long(cpu, take_nmi_on_page);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(cpu));
	ASSERT_EQ(0, ioctl(cpu->fd, KVM_NMI, 0));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	ASSERT_EQ(0, ioctl(cpu->fd, KVM_NMI, 0));
	memcpy(frame, page, sizeof(frame));
	ASSERT_EQ(0, madvise(page, sizeof(frame), MADV_DONTNEED));
	memcpy(page, frame, sizeof(frame));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	EXPECT_EQ(1, vcpu_events(cpu).nmi.masked);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
	EXPECT_EQ(0, vcpu_events(cpu).nmi.masked);
}

static __guest void take_both(void)
{
	asm volatile("sti; nop");
	GUEST_SYNC(0);
	asm volatile("nop; nop");
	GUEST_EQ(2, nr_events);
	GUEST_DONE();
}

TEST_F(guest, nmi_and_interrupt_are_both_delivered)
{
	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, take_both);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, interrupt(&self->cpu, VECTOR));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_NMI, 0));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(VECTOR + NMI, GUEST_VAR(&self->vm, order[0]) + GUEST_VAR(&self->vm, order[1]));
}

/*
 * KVM's document says that a second interrupt is refused (EEXIST); its code
 * lets it replace the first. Either way one is delivered, and the right one.
 */
TEST_F(guest, one_interrupt_at_a_time)
{
	int refused;

	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, wait_with_interrupts_on);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, interrupt(&self->cpu, OTHER_VECTOR));
	refused = interrupt(&self->cpu, VECTOR);
	if (refused)
		EXPECT_EQ(EEXIST, errno);
	vcpu_run(&self->cpu);
	EXPECT_EQ(1, GUEST_VAR(&self->vm, nr_events));
	EXPECT_EQ(refused ? OTHER_VECTOR : VECTOR, GUEST_VAR(&self->vm, order[0]));
}

static __guest void expect_injected(void)
{
	GUEST_SYNC(0);
	GUEST_SYNC(1);
	GUEST_DONE();
}

TEST_F(guest, exception_injected_by_user_space)
{
	struct kvm_vcpu_events events;

	GUEST_VAR(&self->vm, guest_handler[GP]) = note_event;
	GUEST_VAR(&self->vm, guest_handler[UD]) = note_event;
	vcpu_set_long(&self->cpu, expect_injected);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	events = vcpu_events(&self->cpu);
	EXPECT_EQ(0, events.exception.injected);
	events.exception.injected = 1;
	events.exception.nr = GP;
	events.exception.has_error_code = 1;
	events.exception.error_code = 0x1234;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, vcpu_events(&self->cpu).exception.injected);
	EXPECT_EQ(GP, vcpu_events(&self->cpu).exception.nr);
	EXPECT_EQ(0x1234, vcpu_events(&self->cpu).exception.error_code);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(1, GUEST_VAR(&self->vm, nr_events));
	EXPECT_EQ(GP, GUEST_VAR(&self->vm, guest_trap.vector));
	EXPECT_EQ(0x1234, GUEST_VAR(&self->vm, guest_trap.error));
	events = vcpu_events(&self->cpu);
	EXPECT_EQ(0, events.exception.injected);
	events.exception.injected = 1;
	events.exception.nr = UD;
	events.exception.has_error_code = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(UD, GUEST_VAR(&self->vm, guest_trap.vector));
}

TEST_F(guest, interrupt_and_nmi_injected_by_user_space)
{
	struct kvm_vcpu_events events;
	struct kvm_sregs sregs;

	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, take_both);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	sregs.interrupt_bitmap[OTHER_VECTOR / 64] = 1ull << OTHER_VECTOR % 64;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	events = vcpu_events(&self->cpu);
	EXPECT_EQ(OTHER_VECTOR, events.interrupt.nr);
	events.nmi.pending = 1;
	events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(OTHER_VECTOR + NMI,
		  GUEST_VAR(&self->vm, order[0]) + GUEST_VAR(&self->vm, order[1]));
}

TEST_F(guest, shadow_is_shown_and_set)
{
	struct kvm_vcpu_events events;

	take_notes(&self->vm);
	vcpu_set_long(&self->cpu, halt_with_interrupts_on);
	events = vcpu_events(&self->cpu);
	EXPECT_EQ(0, events.interrupt.shadow);
	events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
	events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(KVM_X86_SHADOW_INT_STI, vcpu_events(&self->cpu).interrupt.shadow);
	events.interrupt.shadow = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(0, vcpu_events(&self->cpu).interrupt.shadow);
}

/*
 * Deliveries cut short. The handler's stack (IST 1) lies in host memory that
 * is not there when the processor pushes: an EPT violation in the middle of
 * the delivery, which must be made again, once.
 */
static void lose_page(struct __test_metadata *_metadata, struct vm *vm, uint32_t gpa)
{
	ASSERT_EQ(0, madvise(vm->mem + gpa, 0x1000, MADV_DONTNEED));
}

static __guest void take_on_ist(void)
{
	guest_set_gate(UD, 0, 1);
	guest_set_gate(GP, 0, 1);
	guest_set_gate(NMI, 0, 1);
	guest_set_gate(VECTOR, 0, 1);
	guest_set_gate(0x80, 0, 1);
	GUEST_SYNC(0);
	GUEST_EQ(UD, GUEST_TRY("ud2"));
	GUEST_SYNC(1);
	guest_trap.error = 0x55;
	GUEST_EQ(GP, GUEST_TRY("movl %0, %%ds", : "r" (0x1238)));
	GUEST_EQ(0x1238, guest_trap.error);
	GUEST_SYNC(2);
	GUEST_EQ(0x80, GUEST_TRY("int $0x80"));
	GUEST_EQ(3, guest_trap.count);
	GUEST_SYNC(3);
	asm volatile("nop");
	GUEST_EQ(4, guest_trap.count);
	GUEST_EQ(NMI, order[0]);
	asm volatile("sti; nop");
	GUEST_SYNC(4);
	asm volatile("nop");
	GUEST_EQ(5, guest_trap.count);
	GUEST_EQ(VECTOR, order[1]);
	GUEST_DONE();
}

static void check_redelivery(struct __test_metadata *_metadata, struct vcpu *cpu,
			     bool lose_stack, bool lose_idt)
{
	struct guest_report report;
	uint8_t idt[0x1000];

	take_notes(cpu->vm);
	vcpu_set_long(cpu, take_on_ist);
	while (vcpu_run_guest(cpu, &report) == GUEST_IS_SYNC) {
		memcpy(idt, cpu->vm->mem + VM_IDT, sizeof(idt));
		if (lose_stack)
			lose_page(_metadata, cpu->vm, VM_IST1 - 0x1000);
		if (lose_idt) {
			lose_page(_metadata, cpu->vm, VM_IDT);
			memcpy(cpu->vm->mem + VM_IDT, idt, sizeof(idt));
		}
		if (report.value[0] == 3)
			ASSERT_EQ(0, ioctl(cpu->fd, KVM_NMI, 0));
		if (report.value[0] == 4)
			ASSERT_EQ(0, interrupt(cpu, VECTOR));
	}
	EXPECT_EQ(GUEST_IS_DONE, report.word);
}

TEST_F(guest, delivery_is_made_again_stack_absent)
{
	check_redelivery(_metadata, &self->cpu, true, false);
}

TEST_F(guest, delivery_is_made_again_idt_absent)
{
	check_redelivery(_metadata, &self->cpu, false, true);
}

TEST_F(guest, delivery_is_made_again_both_absent)
{
	check_redelivery(_metadata, &self->cpu, true, true);
}

/* The handler's stack is a device: no hypervisor can do that. */
static __guest void stack_in_hole(void)
{
	*(volatile uint64_t *)(uintptr_t)(VM_TSS + 36) = VM_HOLE + 0x1000;
	guest_set_gate(UD, 0, 1);
	asm volatile("ud2");
	GUEST_DONE();
}

TEST_F(guest, delivery_into_a_hole_is_an_internal_error)
{
	vcpu_set_long(&self->cpu, stack_in_hole);
	ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
	EXPECT_TRUE(self->cpu.run->internal.suberror == KVM_INTERNAL_ERROR_DELIVERY_EV ||
		    self->cpu.run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION);
}

TEST_HARNESS_MAIN
