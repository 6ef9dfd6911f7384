// SPDX-License-Identifier: GPL-2.0
/*
 * The task priority: one register by three names (CR8, the local APIC's page, its MSR),
 * what it holds back and lets go, and how many exits CR8 costs.
 */
#include <stdio.h>
#include <unistd.h>

#include <linux/vhm.h>

#include "kselftest_harness.h"

#include "irq.h"

#define CR_ACCESS	28	/* basic exit reasons */
#define BELOW_THRESHOLD	43

FIXTURE(tpr) {
	struct machine m;
	struct vm *vm;
	struct vcpu *cpu;
};

FIXTURE_VARIANT(tpr) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(tpr, xapic) {
	.x2apic = false,
};

FIXTURE_VARIANT_ADD(tpr, x2apic) {
	.x2apic = true,
};

FIXTURE_SETUP(tpr)
{
	machine_init(&self->m, 1);
	self->vm = &self->m.vm;
	self->cpu = &self->m.cpu[0];
	GUEST_VAR(self->vm, wants_x2apic) = variant->x2apic;
}

FIXTURE_TEARDOWN(tpr)
{
	machine_close(&self->m);
}

static __guest void one_register(void)
{
	unsigned int i;

	apic_begin();
	for (i = 0; i < 16; i++) {
		write_cr8(i);
		GUEST_EQ(i, read_cr8());
		GUEST_EQ(i << 4, any_read(REG_TPR));
		GUEST_EQ(i << 4, any_read(REG_PPR));
	}
	any_write(REG_TPR, 0x3c);
	GUEST_EQ(3, read_cr8());
	GUEST_EQ(0x3c, any_read(REG_TPR));
	write_cr8(3);
	GUEST_EQ(0x30, any_read(REG_TPR));
	GUEST_EQ(13, GUEST_TRY("mov %%rax, %%cr8", : "a" (16ul)));
	GUEST_EQ(3, read_cr8());
	GUEST_SYNC(0);
	GUEST_EQ(9, read_cr8());
	GUEST_EQ(0x90, any_read(REG_TPR));
	GUEST_SYNC(1);
	GUEST_EQ(0xb, read_cr8());
	GUEST_EQ(0xb5, any_read(REG_TPR));
	GUEST_DONE();
}

TEST_F(tpr, is_one_register)
{
	struct kvm_lapic_state lapic;
	struct kvm_sregs sregs;

	vcpu_set_long(self->cpu, one_register);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	sregs = vcpu_sregs(self->cpu);
	EXPECT_EQ(3, sregs.cr8);
	EXPECT_EQ(3, self->cpu->run->cr8);
	EXPECT_EQ(0x30, lapic_reg(self->cpu, REG_TPR));
	sregs.cr8 = 9;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_SREGS, &sregs));
	EXPECT_EQ(0x90, lapic_reg(self->cpu, REG_TPR));
	/* The run page's is not looked at. */
	self->cpu->run->cr8 = 1;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	lapic = lapic_of(self->cpu);
	lapic.regs[REG_TPR] = (char)0xb5;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &lapic));
	EXPECT_EQ(0xb, vcpu_sregs(self->cpu).cr8);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* Each step of the priority lets in what it held back, at the next instruction. */
static __guest void step_down(void)
{
	unsigned int i;

	apic_begin();
	write_cr8(15);
	irqs_on();
	for (i = 2; i < 16; i++)
		self_ipi(i << 4 | 1);
	GUEST_EQ(0, irq_orders);
	for (i = 15; i > 1; i--) {
		write_cr8(i);
		asm volatile("nop");
		GUEST_EQ(15 - i, irq_orders);
		write_cr8(i - 1);
		asm volatile("nop");
		GUEST_EQ(16 - i, irq_orders);
		GUEST_EQ(i << 4 | 1, irq_order[15 - i]);
	}
	GUEST_DONE();
}

TEST_F(tpr, lets_go_step_by_step)
{
	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, step_down);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* What one that is in service held back the priority holds back behind its end. */
static __guest void behind_an_end(void)
{
	apic_begin();
	self_ipi(0x61);
	let_in();
	GUEST_EQ(1, irq_count[0x61]);
	self_ipi(0x51);
	write_cr8(7);
	any_write(REG_EOI, 0);
	irqs_on();
	asm volatile("nop");
	GUEST_EQ(0, irq_count[0x51]);
	write_cr8(5);
	asm volatile("nop");
	GUEST_EQ(0, irq_count[0x51]);
	write_cr8(4);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x51]);
	irqs_off();
	any_write(REG_EOI, 0);
	/* With interrupts off the priority comes and goes. */
	self_ipi(0x71);
	write_cr8(8);
	write_cr8(0);
	write_cr8(8);
	irqs_on();
	asm volatile("nop");
	GUEST_EQ(0, irq_count[0x71]);
	write_cr8(0);
	asm volatile("nop");
	GUEST_EQ(1, irq_count[0x71]);
	GUEST_DONE();
}

TEST_F(tpr, behind_an_end)
{
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, behind_an_end);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void from_outside(void)
{
	apic_begin();
	irqs_on();
	write_cr8(6);
	GUEST_SYNC(0);	/* 0x51 */
	GUEST_EQ(0, irq_orders);
	write_cr8(4);
	asm volatile("nop");
	GUEST_EQ(1, irq_orders);
	write_cr8(6);
	GUEST_SYNC(1);	/* 0x51, and the priority 0 by user space */
	asm volatile("nop");
	GUEST_EQ(2, irq_orders);
	GUEST_EQ(0, read_cr8());
	GUEST_DONE();
}

TEST_F(tpr, from_outside)
{
	struct kvm_sregs sregs;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, from_outside);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), VECTOR));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), VECTOR));
	sregs = vcpu_sregs(self->cpu);
	sregs.cr8 = 0;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_SREGS, &sregs));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* A halt ends only for what the priority lets through. */
static __guest void halted(void)
{
	apic_begin();
	write_cr8(6);
	GUEST_SYNC(0);
	halt();
	GUEST_EQ(1, irq_orders);
	GUEST_EQ(0x71, irq_order[0]);
	write_cr8(0);
	let_in();
	GUEST_EQ(2, irq_orders);
	GUEST_DONE();
}

static void *send_two(void *data)
{
	struct machine *m = data;

	usleep(2000);
	signal_msi(&m->vm, MSI_ADDRESS(0), VECTOR);
	usleep(2000);
	signal_msi(&m->vm, MSI_ADDRESS(0), 0x71);
	return NULL;
}

TEST_F(tpr, holds_a_halt)
{
	pthread_t thread;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, halted);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_two, &self->m));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
}

static __guest void hold(void)
{
	apic_begin();
	irqs_on();
	write_cr8(6);
	self_ipi(VECTOR);
	GUEST_SYNC(0);
}

/* INIT while something is held back: the priority begins anew. */
TEST_F(tpr, init_forgets_it)
{
	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, hold);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0x60, lapic_reg(self->cpu, REG_TPR));
	ASSERT_EQ(1, signal_msi(self->vm, MSI_ADDRESS(0), DM_INIT));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(self->cpu));
	EXPECT_EQ(0, lapic_reg(self->cpu, REG_TPR));
	EXPECT_EQ(0, vcpu_sregs(self->cpu).cr8);
	vcpu_set_long(self->cpu, step_down);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void use_cr8(void)
{
	unsigned int i;

	apic_begin();
	GUEST_SYNC(0);
	for (i = 0; i < 16; i++) {
		write_cr8(i);
		GUEST_EQ(i, read_cr8());
	}
	write_cr8(0);
	GUEST_SYNC(1);
	GUEST_DONE();
}

/* Where the guest of some tests has its task priority, and what waits, for itself. */
#define WORD		(VM_DATA + 0x2000u)

static __guest void vmcall_poll(void)
{
	uint64_t answer = 1;	/* KVM_HC_VAPIC_POLL_IRQ */

	asm volatile("vmcall" : "+a" (answer) : : "memory", "rbx", "rcx", "rdx", "rsi");
	GUEST_EQ(0, answer);
}

static __guest void by_a_word(void)
{
	volatile uint8_t *word = (volatile uint8_t *)(uintptr_t)WORD;

	apic_begin();
	GUEST_SYNC(0);	/* the word is named */
	word[0] = 0x60;
	self_ipi(VECTOR);
	irqs_on();
	asm volatile("nop");
	GUEST_EQ(0, irq_orders);
	GUEST_EQ(VECTOR, word[3]);
	GUEST_EQ(0x60, any_read(REG_TPR));
	word[0] = 0;
	vmcall_poll();
	asm volatile("nop");
	GUEST_EQ(1, irq_orders);
	/* In service: nobody has ended it. */
	vmcall_poll();
	GUEST_EQ(VECTOR & 0xf0, word[1]);
	GUEST_EQ(0, word[3]);
	any_write(REG_EOI, 0);
	word[0] = 0x45;
	GUEST_SYNC(1);	/* it is taken away */
	word[0] = 0x90;
	vmcall_poll();
	GUEST_EQ(0x45, any_read(REG_TPR));
	GUEST_DONE();
}

TEST_F(tpr, by_a_word_of_the_guests)
{
	struct kvm_vapic_addr word = { .vapic_addr = WORD };

	EXPECT_EQ(1, ioctl(self->vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_VAPIC));
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_a_word);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0x45, lapic_reg(self->cpu, REG_TPR));
	EXPECT_EQ(4, vcpu_sregs(self->cpu).cr8);
	EXPECT_EQ(4, self->cpu->run->cr8);
	word.vapic_addr = 0;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void halt_by_a_word(void)
{
	volatile uint8_t *word = (volatile uint8_t *)(uintptr_t)WORD;

	apic_begin();
	GUEST_SYNC(0);
	word[0] = 0x60;
	halt();
	GUEST_EQ(1, irq_orders);
	GUEST_EQ(0x71, irq_order[0]);
	word[0] = 0;
	vmcall_poll();
	let_in();
	GUEST_EQ(2, irq_orders);
	GUEST_DONE();
}

TEST_F(tpr, a_word_holds_a_halt)
{
	struct kvm_vapic_addr word = { .vapic_addr = WORD };
	pthread_t thread;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, halt_by_a_word);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_two, &self->m));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
}

/* The memory of the word goes away: it is looked for no more, and nothing else happens. */
TEST_F(tpr, a_word_that_goes_away)
{
	struct kvm_vapic_addr word = { .vapic_addr = 0x30000000 };

	vm_add_slot(self->vm, 3, 0x30000000, 0x1000);
	vcpu_set_long(self->cpu, one_register);
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
	ASSERT_EQ(0, vm_set_slot(self->vm, 3, 0, 0x30000000, 0, NULL));
	EXPECT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(3, vcpu_sregs(self->cpu).cr8);
	word.vapic_addr = 0x30000000;
	EXPECT_EQ(-1, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
	word.vapic_addr = ~0ull;
	EXPECT_EQ(-1, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &word));
}

extern const char tpr_write[], tpr_written[];

static __guest void touch_tpr(void)
{
	apic_sw_on();
	asm volatile("tpr_write: movl %0, (%1)\n"
		     "tpr_written:"
		     : : "r" (0x30), "r" ((uintptr_t)APIC_PAGE + REG_TPR) : "memory");
	GUEST_SYNC(0);
	apic_write(REG_TPR, 0);
	GUEST_DONE();
}

TEST_F(tpr, its_use_is_told)
{
	struct kvm_tpr_access_ctl control = { .enabled = 1 };

	if (variant->x2apic)
		SKIP(return, "there is no page then");
	vcpu_set_long(self->cpu, touch_tpr);
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_TPR_ACCESS_REPORTING, &control));
	ASSERT_EQ(KVM_EXIT_TPR_ACCESS, vcpu_run(self->cpu));
	EXPECT_EQ((uintptr_t)tpr_write, self->cpu->run->tpr_access.rip);
	EXPECT_EQ(1, self->cpu->run->tpr_access.is_write);
	EXPECT_EQ((uintptr_t)tpr_written, vcpu_regs(self->cpu).rip);
	EXPECT_EQ(0x30, lapic_reg(self->cpu, REG_TPR));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	control.enabled = 0;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_TPR_ACCESS_REPORTING, &control));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	control.flags = 1;
	EXPECT_EQ(-1, ioctl(self->cpu->fd, KVM_TPR_ACCESS_REPORTING, &control));
}

/* What vhm says of itself. */
static bool has_shadow(void)
{
	FILE *file = fopen("/sys/module/vhm/parameters/tpr_shadow", "re");
	int answer = file ? fgetc(file) : 'N';

	if (file)
		fclose(file);
	return answer == 'Y';
}

static uint64_t exits_by(struct vcpu *cpu, unsigned int reason)
{
	struct vhm_exit_stats stats = {};

	VM_IOCTL(cpu->fd, VHM_GET_EXIT_STATS, &stats);
	return stats.reason[reason].count;
}

TEST_F(tpr, exits_of_cr8)
{
	uint64_t before;

	if (vm_is_kvm())
		SKIP(return, "KVM does not tell");
	vcpu_set_long(self->cpu, use_cr8);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	before = exits_by(self->cpu, CR_ACCESS);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(has_shadow() ? 0 : 33, exits_by(self->cpu, CR_ACCESS) - before);
	EXPECT_EQ(0, exits_by(self->cpu, BELOW_THRESHOLD));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

TEST_F(tpr, exits_of_a_step)
{
	if (vm_is_kvm())
		SKIP(return, "KVM does not tell");
	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, step_down);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(has_shadow() ? 14 : 0, exits_by(self->cpu, BELOW_THRESHOLD));
}

TEST_HARNESS_MAIN
