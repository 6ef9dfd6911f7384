// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of one processor: by which priority they come, how they end, what wakes it
 * from HLT, and what user space hears of it.
 */
#include "kselftest_harness.h"

#include "irq.h"

FIXTURE(one) {
	struct machine m;
	struct vcpu *cpu;
};

FIXTURE_VARIANT(one) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(one, xapic) {
	.x2apic = false,
};

FIXTURE_VARIANT_ADD(one, x2apic) {
	.x2apic = true,
};

FIXTURE_SETUP(one)
{
	machine_init(&self->m, 1);
	self->cpu = &self->m.cpu[0];
	GUEST_VAR(&self->m.vm, wants_x2apic) = variant->x2apic;
}

FIXTURE_TEARDOWN(one)
{
	machine_close(&self->m);
}

static __guest uint32_t bit_of(uint32_t reg, uint32_t vector)
{
	return any_read(reg + vector / 32 * 16) >> vector % 32 & 1;
}

static __guest void by_priority(void)
{
	static const uint8_t vectors[] = { 0x31, 0xf0, 0x52, 0x9a, 0x91, 0x20 };
	static const uint8_t wanted[] = { 0xf0, 0x9a, 0x91, 0x52, 0x31, 0x20 };
	unsigned int i;

	apic_begin();
	for (i = 0; i < sizeof(vectors); i++) {
		self_ipi(vectors[i]);
		self_ipi(vectors[i]);
		GUEST_EQ(1, bit_of(REG_IRR, vectors[i]));
		GUEST_EQ(0, bit_of(REG_ISR, vectors[i]));
		GUEST_EQ(0, bit_of(REG_TMR, vectors[i]));
	}
	GUEST_EQ(0, irq_orders);
	asm volatile("sti; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; cli");
	GUEST_EQ(sizeof(wanted), irq_orders);
	for (i = 0; i < sizeof(wanted); i++) {
		GUEST_EQ(wanted[i], irq_order[i]);
		GUEST_EQ(0, bit_of(REG_IRR, wanted[i]) | bit_of(REG_ISR, wanted[i]));
	}
	GUEST_DONE();
}

TEST_F(one, by_priority)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, by_priority);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* Without an EOI only a higher class comes in, and may come again when the first ends. */
static __guest void in_service(void)
{
	apic_begin();
	self_ipi(0x60);
	let_in();
	GUEST_EQ(1, irq_count[0x60]);
	GUEST_EQ(1, bit_of(REG_ISR, 0x60));
	GUEST_EQ(0x60, any_read(REG_PPR));
	self_ipi(0x60);
	self_ipi(0x6f);
	self_ipi(0x40);
	let_in();
	GUEST_EQ(1, irq_orders);
	self_ipi(0x70);
	let_in();
	GUEST_EQ(2, irq_orders);
	GUEST_EQ(0x70, irq_order[1]);
	GUEST_EQ(0x70, any_read(REG_PPR));
	any_write(REG_EOI, 0);
	GUEST_EQ(0x60, any_read(REG_PPR));
	let_in();
	GUEST_EQ(2, irq_orders);
	any_write(REG_EOI, 0);
	let_in();
	GUEST_EQ(3, irq_orders);
	GUEST_EQ(0x6f, irq_order[2]);
	any_write(REG_EOI, 0);
	let_in();
	GUEST_EQ(0x60, irq_order[3]);
	any_write(REG_EOI, 0);
	let_in();
	GUEST_EQ(0x40, irq_order[4]);
	any_write(REG_EOI, 0);
	GUEST_EQ(0, any_read(REG_PPR));
	/* One EOI too many does nothing. */
	any_write(REG_EOI, 0);
	GUEST_EQ(5, irq_orders);
	GUEST_DONE();
}

TEST_F(one, in_service)
{
	take_irqs(&self->m.vm, irq_note);
	vcpu_set_long(self->cpu, in_service);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void task_priority(void)
{
	apic_begin();
	irqs_on();
	any_write(REG_TPR, 0x50);
	self_ipi(0x5f);
	asm volatile("nop");
	GUEST_EQ(0, irq_orders);
	self_ipi(0x60);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x60]);
	any_write(REG_TPR, 0x4f);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x5f]);
	write_cr8(15);
	self_ipi(0xff);
	asm volatile("nop");
	GUEST_EQ(0, irq_count[0xff]);
	write_cr8(14);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0xff]);
	GUEST_DONE();
}

TEST_F(one, task_priority)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, task_priority);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* The window: behind STI's shadow, and behind a handler that had interrupts off. */
static __guest void with_a_window(void)
{
	apic_begin();
	irqs_off();
	self_ipi(0x33);
	GUEST_SYNC(0);
	GUEST_EQ(0, irq_orders);
	asm volatile("sti; nop; nop; cli");
	GUEST_EQ(1, irq_orders);
	GUEST_DONE();
}

TEST_F(one, with_a_window)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, with_a_window);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, vcpu_events(self->cpu).interrupt.injected);
	EXPECT_EQ(1 << 19, lapic_reg(self->cpu, REG_IRR + 16));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void wait_for_msis(void)
{
	apic_begin();
	GUEST_SYNC(0);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_SYNC(1);
	irqs_on();
	asm volatile("nop");
	GUEST_EQ(2, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(one, msi_from_user_space)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, wait_for_msis);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, signal_msi(&self->m.vm, MSI_ADDRESS(0), VECTOR));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	/* To all; to an id that nobody has; to a logical one. */
	EXPECT_EQ(1, signal_msi(&self->m.vm, MSI_ADDRESS(0xff), VECTOR));
	EXPECT_GE(0, signal_msi(&self->m.vm, MSI_ADDRESS(7), 0x99));
	EXPECT_EQ(0, lapic_reg(self->cpu, REG_IRR + 0x40));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static uint32_t later;

/* A thread that sends when the processor sleeps already. */
static void *send_later(void *data)
{
	struct machine *m = data;

	usleep(2000);
	signal_msi(&m->vm, MSI_ADDRESS(0), later);
	return NULL;
}

static __guest void sleep_until_msi(void)
{
	apic_begin();
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(one, msi_wakes_from_hlt)
{
	pthread_t thread;

	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, sleep_until_msi);
	later = VECTOR;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_later, &self->m));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
}

static __guest void halt_for_good(void)
{
	apic_begin();
	any_write(REG_TPR, 0xf0);
	self_ipi(0x50);
	halt();
	GUEST_DONE();
}

/* What cannot be delivered wakes nobody; a signal ends KVM_RUN, and the halt goes on. */
TEST_F(one, halt_goes_on_behind_a_signal)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, halt_for_good);
	alarm_in_ms(5);
	ASSERT_EQ(-EINTR, vcpu_run(self->cpu));
	EXPECT_EQ(KVM_EXIT_INTR, self->cpu->run->exit_reason);
	EXPECT_EQ(KVM_MP_STATE_HALTED, mp_state(self->cpu));
	alarm_in_ms(5);
	ASSERT_EQ(-EINTR, vcpu_run(self->cpu));
	/* User space may say that it is over. */
	alarm_in_ms(PATIENCE_MS);
	ASSERT_EQ(0, set_mp_state(self->cpu, KVM_MP_STATE_RUNNABLE));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

TEST_F(one, immediate_exit_of_a_halted_one)
{
	vcpu_set_long(self->cpu, halt_for_good);
	ASSERT_EQ(0, set_mp_state(self->cpu, KVM_MP_STATE_HALTED));
	self->cpu->run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vcpu_run(self->cpu));
	self->cpu->run->immediate_exit = 0;
	EXPECT_EQ(KVM_MP_STATE_HALTED, mp_state(self->cpu));
}

static __guest void nmi_wakes(void)
{
	apic_begin();
	asm volatile("cli; hlt");
	GUEST_EQ(1, irq_count[2]);
	GUEST_SYNC(0);
	asm volatile("nop");
	GUEST_EQ(2, irq_count[2]);
	GUEST_DONE();
}

TEST_F(one, nmi_wakes_with_interrupts_off)
{
	pthread_t thread;

	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, nmi_wakes);
	/* As a message; its vector does not count. */
	later = DM_NMI | 0x44;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_later, &self->m));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_NMI, 0));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(0, GUEST_VAR(&self->m.vm, irq_count[0x44]));
}

static __guest void expect_extint(void)
{
	apic_begin();
	GUEST_SYNC(0);
	irqs_on();
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x22]);
	/* It is not in service: the 8259 sees to that. */
	GUEST_EQ(0, bit_of(REG_ISR, 0x22));
	any_write(REG_LINT0, LVT_MASKED | DM_EXTINT);
	GUEST_SYNC(1);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x22]);
	/* KVM looks at what waits only when there is something else to look at. */
	any_write(REG_LINT0, DM_EXTINT);
	self_ipi(0x21);
	asm volatile("nop");
	GUEST_EQ(2, irq_count[0x22]);
	GUEST_DONE();
}

/* KVM_INTERRUPT is the 8259's, by LINT0. */
TEST_F(one, extint_by_lint0)
{
	struct kvm_interrupt irq = { .irq = 0x22 };

	take_irqs(&self->m.vm, irq_note);
	vcpu_set_long(self->cpu, expect_extint);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, self->cpu->run->ready_for_interrupt_injection);
	self->cpu->run->request_interrupt_window = 1;
	ASSERT_EQ(KVM_EXIT_IRQ_WINDOW_OPEN, vcpu_run(self->cpu));
	EXPECT_EQ(1, self->cpu->run->ready_for_interrupt_injection);
	self->cpu->run->request_interrupt_window = 0;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(-1, ioctl(self->cpu->fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(EEXIST, errno);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	/* Masked: no window is told, and a vector waits. */
	EXPECT_EQ(0, self->cpu->run->ready_for_interrupt_injection);
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_INTERRUPT, &irq));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void end_level(void)
{
	apic_begin();
	GUEST_SYNC(0);
	irqs_on();
	asm volatile("nop");
	irqs_off();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(1, bit_of(REG_TMR, VECTOR));
	any_write(REG_EOI, 0);
	GUEST_EQ(0, bit_of(REG_ISR, VECTOR));
	GUEST_SYNC(1);
	/* By edge it is another's affair. */
	let_in();
	GUEST_EQ(1, irq_count[0x52]);
	GUEST_EQ(0, bit_of(REG_TMR, 0x52));
	any_write(REG_EOI, 0);
	GUEST_DONE();
}

TEST_F(one, eoi_of_the_io_apic)
{
	take_irqs(&self->m.vm, irq_note);
	vcpu_set_long(self->cpu, end_level);
	ASSERT_EQ(0, vm_route_msi(&self->m.vm, 5, MSI_ADDRESS(0), MSI_LEVEL | VECTOR));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, irq_line(&self->m.vm, 5, 1));
	ASSERT_EQ(KVM_EXIT_IOAPIC_EOI, vcpu_run(self->cpu));
	EXPECT_EQ(VECTOR, self->cpu->run->eoi.vector);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, vm_route_msi(&self->m.vm, 5, MSI_ADDRESS(0), 0x52));
	ASSERT_EQ(0, irq_line(&self->m.vm, 5, 1));
	ASSERT_EQ(0, irq_line(&self->m.vm, 5, 0));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* A route behind those of the I/O APIC is none of its pins. */
TEST_F(one, eoi_of_a_device)
{
	take_irqs(&self->m.vm, irq_note);
	vcpu_set_long(self->cpu, end_level);
	ASSERT_EQ(0, vm_route_msi(&self->m.vm, PINS, MSI_ADDRESS(0), MSI_LEVEL | VECTOR));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, irq_line(&self->m.vm, PINS, 1));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, signal_msi(&self->m.vm, MSI_ADDRESS(0), 0x52));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void refuse(void)
{
	apic_begin();
	any_write(REG_SVR, SPURIOUS);
	self_ipi(VECTOR);
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(0, irq_orders);
	GUEST_EQ(0, bit_of(REG_IRR, VECTOR));
	GUEST_DONE();
}

TEST_F(one, switched_off_takes_nothing)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, refuse);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_GE(0, signal_msi(&self->m.vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* The stack of the handler is not there: the delivery is made again, and once. */
static __guest void take_on_ist(void)
{
	apic_begin();
	guest_set_gate(VECTOR, 0, 1);
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(0, bit_of(REG_ISR, VECTOR));
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(one, delivery_is_made_again)
{
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, take_on_ist);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, madvise(self->m.vm.mem + VM_IST1 - 0x1000, 0x1000, MADV_DONTNEED));
	EXPECT_EQ(1, signal_msi(&self->m.vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

TEST_HARNESS_MAIN
