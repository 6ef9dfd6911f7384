// SPDX-License-Identifier: GPL-2.0
/*
 * Two 8259s in the kernel: their ports, their priorities, how their interrupts come and
 * end, and their state as user space sees it.
 */
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define MASTER		0x20
#define SLAVE		0xa0
#define ELCR		0x4d0
#define BASE		0x20	/* the master's vectors; the slave's follow */
#define EOI		0x20
#define READ_IRR	0x0a
#define READ_ISR	0x0b

FIXTURE(pic) {
	struct machine m;
	struct vm *vm;
	struct vcpu *cpu;
};

FIXTURE_SETUP(pic)
{
	machine_init_full(&self->m, 1);
	self->vm = &self->m.vm;
	self->cpu = &self->m.cpu[0];
}

FIXTURE_TEARDOWN(pic)
{
	machine_close(&self->m);
}

static __guest void begin_with(uint8_t icw4)
{
	outb(MASTER, 0x11);
	outb(MASTER + 1, BASE);
	outb(MASTER + 1, 4);
	outb(MASTER + 1, icw4);
	outb(SLAVE, 0x11);
	outb(SLAVE + 1, BASE + 8);
	outb(SLAVE + 1, 2);
	outb(SLAVE + 1, icw4);
	outb(MASTER + 1, 0);
	outb(SLAVE + 1, 0);
}

static __guest uint8_t state_of(uint16_t port, uint8_t which)
{
	outb(port, which);
	return inb(port);
}

/* Interrupts come in while a few instructions pass. */
static __guest void take_some(void)
{
	asm volatile("sti; nop; nop; nop; nop; nop; nop; nop; nop; cli" : : : "memory");
}

static __guest void ports(void)
{
	GUEST_EQ(0, inb(MASTER + 1));
	begin_with(1);
	outb(MASTER + 1, 0xa5);
	outb(SLAVE + 1, 0x5a);
	GUEST_EQ(0xa5, inb(MASTER + 1));
	GUEST_EQ(0x5a, inb(SLAVE + 1));
	/* Some lines are edge-triggered whatever is said. */
	outb(ELCR, 0xff);
	outb(ELCR + 1, 0xff);
	GUEST_EQ(0xf8, inb(ELCR));
	GUEST_EQ(0xde, inb(ELCR + 1));
	/* What is not one byte does nothing, and reads as nothing. */
	outw(MASTER, 0x1111);
	GUEST_EQ(0xa5, inb(MASTER + 1));
	GUEST_EQ(0, inw(MASTER));
	GUEST_EQ(0, inw(ELCR));
	GUEST_DONE();
}

TEST_F(pic, ports)
{
	vcpu_set_long(self->cpu, ports);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* Accesses that go beyond a chip's ports are user space's, as are all around them. */
static __guest void elsewhere(void)
{
	outl(MASTER, 1);
	outw(MASTER + 1, 2);
	outb(MASTER + 2, 3);
	outb(0x40, 4);
	outb(0x61, 5);
	GUEST_DONE();
}

TEST_F(pic, other_ports_are_user_spaces)
{
	static const struct { uint16_t port; uint8_t size; } wanted[] = {
		{ MASTER, 4 }, { MASTER + 1, 2 }, { MASTER + 2, 1 }, { 0x40, 1 }, { 0x61, 1 },
	};
	unsigned int i;

	vcpu_set_long(self->cpu, elsewhere);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ASSERT_EQ(KVM_EXIT_IO, vcpu_run(self->cpu));
		EXPECT_EQ(wanted[i].port, self->cpu->run->io.port);
		EXPECT_EQ(wanted[i].size, self->cpu->run->io.size);
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static uint8_t string_data[4];

static __guest void strings(void)
{
	uint8_t *data = string_data;
	uint64_t count = 4;

	begin_with(1);
	/* The last of them stays. */
	data[0] = 1;
	data[1] = 2;
	data[2] = 3;
	data[3] = 0x77;
	asm volatile("rep outsb" : "+S" (data), "+c" (count) : "d" (MASTER + 1) : "memory");
	GUEST_EQ(0, count);
	GUEST_EQ(0x77, inb(MASTER + 1));
	data = string_data;
	count = 4;
	asm volatile("rep insb" : "+D" (data), "+c" (count) : "d" (MASTER + 1) : "memory");
	GUEST_EQ(0x77, string_data[0]);
	GUEST_EQ(0x77, string_data[3]);
	GUEST_EQ((uintptr_t)string_data + 4, (uintptr_t)data);
	GUEST_DONE();
}

TEST_F(pic, strings)
{
	vcpu_set_long(self->cpu, strings);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void by_priority(void)
{
	static const uint8_t wanted[] = { 1, 8, 14, 3, 7 };
	unsigned int i;

	begin_with(1);
	GUEST_SYNC(0);
	/* The cascade comes and goes. */
	GUEST_EQ(0x8a, state_of(MASTER, READ_IRR) & ~4);
	GUEST_EQ(0x41, state_of(SLAVE, READ_IRR));
	for (i = 0; i < sizeof(wanted); i++) {
		take_some();
		GUEST_EQ(i + 1, irq_orders);
		GUEST_EQ(BASE + wanted[i], irq_order[i]);
		if (wanted[i] >= 8) {
			GUEST_EQ(1 << (wanted[i] - 8), state_of(SLAVE, READ_ISR));
			GUEST_EQ(4, state_of(MASTER, READ_ISR));
			outb(SLAVE, EOI);
		}
		outb(MASTER, EOI);
		GUEST_EQ(0, state_of(MASTER, READ_ISR));
	}
	take_some();
	GUEST_EQ(sizeof(wanted), irq_orders);
	GUEST_DONE();
}

TEST_F(pic, by_priority)
{
	static const uint8_t raised[] = { 7, 14, 3, 8, 1 };
	unsigned int i;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_priority);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	for (i = 0; i < sizeof(raised); i++) {
		ASSERT_EQ(0, irq_line(self->vm, raised[i], 1));
		ASSERT_EQ(0, irq_line(self->vm, raised[i], 0));
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* While one is in service only a more urgent one comes in. */
static __guest void nested(void)
{
	begin_with(1);
	GUEST_SYNC(0);	/* 5 */
	take_some();
	GUEST_EQ(1, irq_count[BASE + 5]);
	GUEST_SYNC(1);	/* 6 and 3 */
	take_some();
	GUEST_EQ(1, irq_count[BASE + 3]);
	GUEST_EQ(0, irq_count[BASE + 6]);
	/* An end that is not specific is that of the most urgent one. */
	outb(MASTER, EOI);
	GUEST_EQ(0x20, state_of(MASTER, READ_ISR));
	outb(MASTER, 0x65);
	take_some();
	GUEST_EQ(1, irq_count[BASE + 6]);
	/* Rotation: 6 is the least urgent one now, 7 the most. */
	outb(MASTER, 0xa0);
	GUEST_SYNC(2);	/* 0 and 7 */
	take_some();
	GUEST_EQ(BASE + 7, irq_order[3]);
	outb(MASTER, 0x67);
	take_some();
	GUEST_EQ(BASE + 0, irq_order[4]);
	outb(MASTER, 0x60);
	outb(MASTER, 0xc7);
	/* Masked ones wait. */
	outb(MASTER + 1, 0x10);
	GUEST_SYNC(3);	/* 4 */
	take_some();
	GUEST_EQ(0, irq_count[BASE + 4]);
	outb(MASTER + 1, 0);
	take_some();
	GUEST_EQ(1, irq_count[BASE + 4]);
	GUEST_DONE();
}

TEST_F(pic, nested)
{
	static const int8_t raised[][2] = { { 5, -1 }, { 6, 3 }, { 0, 7 }, { 4, -1 } };
	unsigned int i, j;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, nested);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
		for (j = 0; j < 2 && raised[i][j] >= 0; j++) {
			irq_line(self->vm, raised[i][j], 1);
			irq_line(self->vm, raised[i][j], 0);
		}
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void poll_one(void)
{
	begin_with(1);
	GUEST_SYNC(0);
	outb(MASTER, 0x0c);
	GUEST_EQ(3, inb(MASTER) & 7);
	/* It was the acknowledgement, too. */
	GUEST_EQ(0, state_of(MASTER, READ_IRR) & 8);
	take_some();
	GUEST_EQ(0, irq_count[BASE + 3]);
	GUEST_DONE();
}

TEST_F(pic, poll)
{
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, poll_one);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	irq_line(self->vm, 3, 1);
	irq_line(self->vm, 3, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void auto_end(void)
{
	begin_with(3);
	GUEST_SYNC(0);
	take_some();
	GUEST_EQ(3, irq_orders);
	GUEST_EQ(BASE + 1, irq_order[0]);
	GUEST_EQ(BASE + 9, irq_order[1]);
	GUEST_EQ(BASE + 6, irq_order[2]);
	GUEST_EQ(0, state_of(MASTER, READ_ISR));
	GUEST_EQ(0, state_of(SLAVE, READ_ISR));
	GUEST_DONE();
}

TEST_F(pic, auto_end)
{
	static const uint8_t raised[] = { 6, 9, 1 };
	unsigned int i;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, auto_end);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	for (i = 0; i < sizeof(raised); i++) {
		irq_line(self->vm, raised[i], 1);
		irq_line(self->vm, raised[i], 0);
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void by_level(void)
{
	begin_with(1);
	outb(ELCR, 0x20);
	GUEST_SYNC(0);	/* up */
	take_some();
	GUEST_EQ(1, irq_count[BASE + 5]);
	outb(MASTER, EOI);
	take_some();
	GUEST_EQ(2, irq_count[BASE + 5]);
	GUEST_SYNC(1);	/* down */
	outb(MASTER, EOI);
	take_some();
	GUEST_EQ(2, irq_count[BASE + 5]);
	/* Up and down again before it is taken: nothing is left of it. */
	GUEST_SYNC(2);
	take_some();
	GUEST_EQ(2, irq_count[BASE + 5]);
	GUEST_DONE();
}

TEST_F(pic, by_level)
{
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_level);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	irq_line(self->vm, 5, 1);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	irq_line(self->vm, 5, 0);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	irq_line(self->vm, 5, 1);
	irq_line(self->vm, 5, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* Each change is seen, however many there are; only one interrupt waits. */
TEST_F(pic, a_line_a_hundred_thousand_times)
{
	unsigned int i;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_level);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	alarm_in_ms(0);
	for (i = many_changes(); i; i--)
		irq_line(self->vm, 5, !(i & 1));
	irq_line(self->vm, 5, 1);
	alarm_in_ms(PATIENCE_MS);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(2, GUEST_VAR(self->vm, irq_count[BASE + 5]));
}

static __guest void lint0(void)
{
	begin_with(1);
	apic_sw_on();
	any_write(REG_LINT0, LVT_MASKED | DM_EXTINT);
	GUEST_SYNC(0);
	take_some();
	GUEST_EQ(0, irq_orders);
	any_write(REG_LINT0, DM_EXTINT);
	/* KVM looks at what waits only when there is something else to look at. */
	any_write(REG_ICR, ICR_SELF | VECTOR);
	take_some();
	GUEST_EQ(1, irq_count[BASE + 4]);
	outb(MASTER, EOI);
	/* The local APIC off: its pins are the processor's. */
	any_write(REG_LINT0, LVT_MASKED | DM_EXTINT);
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~BASE_ON);
	GUEST_SYNC(1);
	take_some();
	GUEST_EQ(2, irq_count[BASE + 4]);
	GUEST_DONE();
}

TEST_F(pic, comes_by_lint0)
{
	unsigned int i;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, lint0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
		irq_line(self->vm, 4, 1);
		irq_line(self->vm, 4, 0);
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void halts(void)
{
	begin_with(1);
	halt();
	GUEST_EQ(1, irq_count[BASE + 4]);
	outb(MASTER, EOI);
	halt();
	GUEST_EQ(1, irq_count[BASE + 12]);
	GUEST_DONE();
}

static void *raise_later(void *data)
{
	struct machine *m = data;
	static const uint8_t lines[] = { 4, 12 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		usleep(3000);
		irq_line(&m->vm, lines[i], 1);
		irq_line(&m->vm, lines[i], 0);
	}
	return NULL;
}

TEST_F(pic, wakes_from_hlt)
{
	pthread_t thread;

	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, halts);
	ASSERT_EQ(0, pthread_create(&thread, NULL, raise_later, &self->m));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
}

static __guest void wait_for_status(void)
{
	begin_with(1);
	outb(MASTER + 1, 0x40);
	GUEST_SYNC(0);
	GUEST_DONE();
}

/* The I/O APIC's pins are masked, so the status is the 8259's. */
TEST_F(pic, status)
{
	vcpu_set_long(self->cpu, wait_for_status);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, line_status(self->vm, 3, 1));
	EXPECT_EQ(1, line_status(self->vm, 3, 1));
	EXPECT_EQ(2, line_status(self->vm, 3, 0));
	EXPECT_EQ(0, line_status(self->vm, 3, 1));
	/* Masked in both. */
	EXPECT_EQ(-1, line_status(self->vm, 6, 1));
	EXPECT_EQ(-1, line_status(self->vm, 24, 1));
	EXPECT_EQ(-1, line_status(self->vm, 4095, 1));
	EXPECT_EQ(-1, line_status(self->vm, ~0u, 1));
}

static __guest void use_state(void)
{
	GUEST_EQ(0xfe, inb(MASTER + 1));
	take_some();
	GUEST_EQ(1, irq_count[0x50]);
	GUEST_EQ(1, state_of(MASTER, READ_ISR));
	GUEST_DONE();
}

/* What is read from one machine goes on in another. */
TEST_F(pic, state_is_whole)
{
	struct kvm_irqchip chip = chip_of(self->vm, KVM_IRQCHIP_PIC_MASTER);

	EXPECT_EQ(0xf8, chip.chip.pic.elcr_mask);
	EXPECT_EQ(0xde, chip_of(self->vm, KVM_IRQCHIP_PIC_SLAVE).chip.pic.elcr_mask);
	chip.chip.pic = (struct kvm_pic_state){
		.irr = 1, .last_irr = 1, .imr = 0xfe, .irq_base = 0x50, .elcr_mask = 0xf8,
	};
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
	EXPECT_EQ(0x50, chip_of(self->vm, KVM_IRQCHIP_PIC_MASTER).chip.pic.irq_base);
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, use_state);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	chip = chip_of(self->vm, KVM_IRQCHIP_PIC_MASTER);
	EXPECT_EQ(1, chip.chip.pic.isr);
	EXPECT_EQ(0, chip.chip.pic.irr);
}

static __guest void survive(void)
{
	unsigned int i;

	take_some();
	for (i = 0; i < 2; i++) {
		inb(MASTER + i);
		inb(SLAVE + i);
		outb(MASTER + i, EOI);
		outb(SLAVE + i, EOI);
		take_some();
	}
	/* The beginning leaves what is in service, and levels. */
	outb(ELCR, 0);
	outb(ELCR + 1, 0);
	begin_with(1);
	for (i = 0; i < 8; i++)
		outb(MASTER, 0x60 | i);
	irq_orders = 0;
	GUEST_SYNC(0);
	take_some();
	GUEST_EQ(1, irq_count[BASE + 1]);
	GUEST_DONE();
}

/* Every field wrong: the chip does something, and works when it is initialised. */
TEST_F(pic, state_of_ones)
{
	struct kvm_irqchip chip = chip_of(self->vm, KVM_IRQCHIP_PIC_MASTER), seen;
	uint32_t id;

	take_irqs(self->vm, irq_note);
	for (id = 0; id < 2; id++) {
		chip.chip_id = id;
		memset(&chip.chip.pic, 0xff, sizeof(chip.chip.pic));
		ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
		seen = chip_of(self->vm, id);
		EXPECT_EQ(0xff, seen.chip.pic.priority_add);
		EXPECT_EQ(0xff, seen.chip.pic.init_state);
	}
	vcpu_set_long(self->cpu, survive);
	for (id = 0; id < 256; id++)
		GUEST_VAR(self->vm, guest_handler[id]) = irq_note;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	irq_line(self->vm, 1, 1);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

TEST_F(pic, calls)
{
	struct kvm_irqchip chip = { .chip_id = 3 };
	struct kvm_interrupt irq = { .irq = 0x40 };

	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_ERROR(EINVAL, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_GET_IRQCHIP, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_SET_IRQCHIP, NULL));
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, KVM_CREATE_IRQCHIP, 0));
	EXPECT_ERROR(EEXIST, enable_cap(self->vm->fd, KVM_CAP_SPLIT_IRQCHIP, PINS));
	/* The 8259's interrupts are not user space's here. */
	EXPECT_ERROR(ENXIO, ioctl(self->cpu->fd, KVM_INTERRUPT, &irq));
	self->cpu->run->request_interrupt_window = 1;
	vcpu_set_long(self->cpu, ports);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(1, self->cpu->run->ready_for_interrupt_injection);
}

TEST(calls_without)
{
	struct kvm_irqchip chip = {};
	struct machine split;
	struct vcpu cpu;
	struct vm vm;

	vm_init_bare(&vm);
	EXPECT_EQ(1, ioctl(vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP));
	EXPECT_EQ(1, ioctl(vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_IOAPIC_POLARITY_IGNORED));
	EXPECT_ERROR(ENXIO, ioctl(vm.fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_ERROR(ENXIO, ioctl(vm.fd, KVM_SET_IRQCHIP, &chip));
	vcpu_init_bare(&vm, &cpu, 0);
	EXPECT_ERROR(EINVAL, ioctl(vm.fd, KVM_CREATE_IRQCHIP, 0));
	vcpu_close(&cpu);
	vm_close(&vm);
	machine_init(&split, 1);
	EXPECT_ERROR(ENXIO, ioctl(split.vm.fd, KVM_GET_IRQCHIP, &chip));
	EXPECT_ERROR(EEXIST, ioctl(split.vm.fd, KVM_CREATE_IRQCHIP, 0));
	machine_close(&split);
}

TEST_HARNESS_MAIN
