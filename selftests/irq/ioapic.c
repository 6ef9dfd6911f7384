// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O APIC in the kernel: its registers, edges and levels, the end of an interrupt,
 * the table of GSIs, and its state as user space sees it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define PIN		18
#define CLOCK_PIN	8

FIXTURE(ioapic) {
	struct machine m;
	struct vm *vm;
	struct vcpu *cpu;
};

FIXTURE_VARIANT(ioapic) {
	bool x2apic;
};

FIXTURE_VARIANT_ADD(ioapic, xapic) {
	.x2apic = false,
};

FIXTURE_VARIANT_ADD(ioapic, x2apic) {
	.x2apic = true,
};

FIXTURE_SETUP(ioapic)
{
	machine_init_full(&self->m, 1);
	self->vm = &self->m.vm;
	self->cpu = &self->m.cpu[0];
	GUEST_VAR(self->vm, wants_x2apic) = variant->x2apic;
}

FIXTURE_TEARDOWN(ioapic)
{
	machine_close(&self->m);
}

static void run_to_sync(struct __test_metadata *_metadata, struct vcpu *cpu)
{
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
}

static __guest void registers(void)
{
	volatile uint8_t *page = (volatile uint8_t *)(uintptr_t)IOAPIC_PAGE;
	unsigned int pin;

	GUEST_EQ(0x170011, ioapic_read(IO_VERSION));
	ioapic_write(IO_VERSION, ~0u);
	GUEST_EQ(0x170011, ioapic_read(IO_VERSION));
	ioapic_write(IO_ID, ~0u);
	GUEST_EQ(0xf000000, ioapic_read(IO_ID));
	GUEST_EQ(0xf000000, ioapic_read(2));
	for (pin = 0; pin < PINS; pin++) {
		GUEST_EQ(IO_MASKED, ioapic_read(IO_ENTRY(pin)));
		ioapic_write(IO_ENTRY(pin) + 1, (pin + 1) << 24);
		ioapic_write(IO_ENTRY(pin), IO_MASKED | (0x40 + pin));
	}
	for (pin = 0; pin < PINS; pin++) {
		GUEST_EQ(IO_MASKED | (0x40 + pin), ioapic_read(IO_ENTRY(pin)));
		GUEST_EQ((pin + 1) << 24, ioapic_read(IO_ENTRY(pin) + 1));
	}
	/* Two bits are the chip's. */
	ioapic_write(IO_ENTRY(3), IO_MASKED | IO_LEVEL | IO_REMOTE_IRR | 0x1000);
	GUEST_EQ(IO_MASKED | IO_LEVEL, ioapic_read(IO_ENTRY(3)));
	/* What is not there. */
	GUEST_EQ(0xffffffff, ioapic_read(IO_ENTRY(PINS)));
	GUEST_EQ(0xffffffff, ioapic_read(0xff));
	ioapic_write(IO_ENTRY(PINS), 0x1234);
	GUEST_EQ(0, *(volatile uint32_t *)(page + 0x20));
	/* The selector has eight bits; parts of a register. */
	*(volatile uint32_t *)page = 0x101;
	GUEST_EQ(1, *(volatile uint32_t *)page);
	GUEST_EQ(0x11, page[0x10]);
	GUEST_EQ(0x11, *(volatile uint16_t *)(page + 0x10));
	GUEST_EQ(0x170011, *(volatile uint64_t *)(page + 0x10));
	/* Read, changed and written by one instruction. */
	*(volatile uint32_t *)page = IO_ENTRY(5);
	asm volatile("orl $0x8000, %0" : "+m" (*(volatile uint32_t *)(page + 0x10)));
	GUEST_EQ(IO_MASKED | IO_LEVEL | 0x45, ioapic_read(IO_ENTRY(5)));
	GUEST_DONE();
}

TEST_F(ioapic, registers)
{
	vcpu_set_long(self->cpu, registers);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void around(void)
{
	*(volatile uint32_t *)(uintptr_t)(IOAPIC_PAGE + 0x100) = 1;
	*(volatile uint32_t *)(uintptr_t)(IOAPIC_PAGE + 0xfe) = 2;
	*(volatile uint32_t *)(uintptr_t)(IOAPIC_PAGE + 0xfc) = 3;
	GUEST_DONE();
}

TEST_F(ioapic, what_lies_behind_is_user_spaces)
{
	vcpu_set_long(self->cpu, around);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(self->cpu));
	EXPECT_EQ(IOAPIC_PAGE + 0x100, self->cpu->run->mmio.phys_addr);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(self->cpu));
	EXPECT_EQ(IOAPIC_PAGE + 0xfe, self->cpu->run->mmio.phys_addr);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void by_edge(void)
{
	apic_begin();
	ioapic_route(PIN, 0, VECTOR);
	GUEST_SYNC(0);	/* up */
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(0, any_read(REG_TMR + VECTOR / 32 * 16) >> VECTOR % 32 & 1);
	any_write(REG_EOI, 0);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_SYNC(1);	/* up once more, down, up */
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	any_write(REG_EOI, 0);
	/* An edge while it is masked is lost. */
	ioapic_route(PIN, 0, IO_MASKED | VECTOR);
	GUEST_SYNC(2);	/* down, up, down */
	ioapic_route(PIN, 0, VECTOR);
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(ioapic, by_edge)
{
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_edge);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, PIN, 1));
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(0, line_status(self->vm, PIN, 1));
	EXPECT_EQ(1, line_status(self->vm, PIN, 0));
	EXPECT_EQ(1, line_status(self->vm, PIN, 1));
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, PIN, 0));
	EXPECT_EQ(-1, line_status(self->vm, PIN, 1));
	EXPECT_EQ(1, line_status(self->vm, PIN, 0));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void by_level(void)
{
	apic_begin();
	ioapic_route(PIN, 0, IO_LEVEL | VECTOR);
	GUEST_SYNC(0);	/* up */
	GUEST_EQ(IO_LEVEL | IO_REMOTE_IRR | VECTOR, ioapic_read(IO_ENTRY(PIN)));
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(1, any_read(REG_TMR + VECTOR / 32 * 16) >> VECTOR % 32 & 1);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	/* The line is up still. */
	any_write(REG_EOI, 0);
	GUEST_EQ(IO_LEVEL | IO_REMOTE_IRR | VECTOR, ioapic_read(IO_ENTRY(PIN)));
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	GUEST_SYNC(1);	/* down */
	any_write(REG_EOI, 0);
	GUEST_EQ(IO_LEVEL | VECTOR, ioapic_read(IO_ENTRY(PIN)));
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	/* Up while it is masked: it waits. */
	ioapic_write(IO_ENTRY(PIN), IO_MASKED | IO_LEVEL | VECTOR);
	GUEST_SYNC(2);	/* up */
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	ioapic_write(IO_ENTRY(PIN), IO_LEVEL | VECTOR);
	let_in();
	GUEST_EQ(3, irq_count[VECTOR]);
	/* Old guests end it by making it an edge for a moment. */
	ioapic_write(IO_ENTRY(PIN), IO_MASKED | VECTOR);
	GUEST_EQ(IO_MASKED | VECTOR, ioapic_read(IO_ENTRY(PIN)));
	GUEST_DONE();
}

TEST_F(ioapic, by_level)
{
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_level);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, PIN, 1));
	/* Remote IRR: it has not been ended. */
	EXPECT_EQ(-1, line_status(self->vm, PIN, 1));
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, PIN, 0));
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(-1, line_status(self->vm, PIN, 1));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* No exit to user space: two pins of one vector, and one of another that waits. */
static __guest void shared(void)
{
	apic_begin();
	any_write(REG_TPR, 0x60);
	ioapic_route(PIN, 0, IO_LEVEL | 0x71);
	ioapic_route(PIN + 1, 0, IO_LEVEL | 0x71);
	ioapic_route(PIN + 2, 0, IO_LEVEL | VECTOR);
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(1, irq_orders);
	GUEST_SYNC(1);
	any_write(REG_TPR, 0);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_SYNC(2);
	GUEST_DONE();
}

static uint64_t entry_of(struct vm *vm, unsigned int pin)
{
	return chip_of(vm, KVM_IRQCHIP_IOAPIC).chip.ioapic.redirtbl[pin].bits;
}

TEST_F(ioapic, an_end_finds_its_pins)
{
	unsigned int i;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, shared);
	run_to_sync(_metadata, self->cpu);
	for (i = 0; i < 3; i++)
		irq_line(self->vm, PIN + i, 1);
	for (i = 0; i < 3; i++) {
		irq_line(self->vm, PIN + i, 0);
		EXPECT_EQ(IO_REMOTE_IRR, entry_of(self->vm, PIN + i) & IO_REMOTE_IRR);
	}
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(0, entry_of(self->vm, PIN) & IO_REMOTE_IRR);
	EXPECT_EQ(0, entry_of(self->vm, PIN + 1) & IO_REMOTE_IRR);
	EXPECT_EQ(IO_REMOTE_IRR, entry_of(self->vm, PIN + 2) & IO_REMOTE_IRR);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(0, entry_of(self->vm, PIN + 2) & IO_REMOTE_IRR);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void stuck(void)
{
	apic_begin();
	ioapic_route(PIN, 0, IO_LEVEL | VECTOR);
	GUEST_SYNC(0);
	irqs_on();
	while (irq_count[VECTOR] < 100)
		asm volatile("pause");
	irqs_off();
	ioapic_write(IO_ENTRY(PIN), IO_MASKED | IO_LEVEL | VECTOR);
	GUEST_DONE();
}

/* A line that nobody lowers: the interrupt comes again and again, and the VM ends well. */
TEST_F(ioapic, a_line_that_stays_up)
{
	unsigned int i;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, stuck);
	run_to_sync(_metadata, self->cpu);
	alarm_in_ms(0);
	for (i = many_changes(); i; i--)
		irq_line(self->vm, PIN, !(i & 1));
	irq_line(self->vm, PIN, 1);
	alarm_in_ms(PATIENCE_MS);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_LE(100, GUEST_VAR(self->vm, irq_count[VECTOR]));
}

static __guest void storm(void)
{
	apic_begin();
	ioapic_route(PIN, 0, IO_LEVEL | VECTOR);
	GUEST_SYNC(0);
	/* The handler ends it, and it comes again before an instruction is done: not for ever. */
	irqs_on();
	asm volatile("nop");
	irqs_off();
	ioapic_write(IO_ENTRY(PIN), IO_MASKED | IO_LEVEL | VECTOR);
	GUEST_DONE();
}

TEST_F(ioapic, a_storm_lets_the_guest_breathe)
{
	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, storm);
	run_to_sync(_metadata, self->cpu);
	alarm_in_ms(PATIENCE_MS);
	irq_line(self->vm, PIN, 1);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_LE(1, GUEST_VAR(self->vm, irq_count[VECTOR]));
}

static __guest void modes(void)
{
	apic_begin();
	/* Their other pins are the 8259's. */
	any_write(REG_LINT0, LVT_MASKED);
	ioapic_route(3, 0, DM_NMI);
	ioapic_route(4, 0, DM_LOWEST | VECTOR);
	ioapic_route(5, 0xff, VECTOR + 1);
	/* To nobody. */
	ioapic_route(6, 0x77, VECTOR + 2);
	GUEST_SYNC(0);
	let_in();
	let_in();
	let_in();
	GUEST_EQ(1, irq_count[2]);
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(1, irq_count[VECTOR + 1]);
	GUEST_EQ(0, irq_count[VECTOR + 2]);
	GUEST_EQ(3, irq_orders);
	GUEST_DONE();
}

TEST_F(ioapic, modes)
{
	unsigned int pin;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, modes);
	run_to_sync(_metadata, self->cpu);
	for (pin = 3; pin < 7; pin++)
		irq_line(self->vm, pin, 1);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void real_time_clock(void)
{
	apic_begin();
	ioapic_route(CLOCK_PIN, 0, VECTOR);
	GUEST_SYNC(0);
	let_in();
	GUEST_SYNC(1);
	any_write(REG_EOI, 0);
	GUEST_SYNC(2);
	GUEST_DONE();
}

/* Whoever asks hears that the real-time clock's last interrupt has not been ended. */
TEST_F(ioapic, the_clock_is_counted)
{
	struct kvm_irqchip slave = chip_of(self->vm, KVM_IRQCHIP_PIC_SLAVE);

	/* Its 8259 pin is masked. */
	slave.chip.pic.imr = 0xff;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &slave));
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, real_time_clock);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, CLOCK_PIN, 1));
	irq_line(self->vm, CLOCK_PIN, 0);
	EXPECT_EQ(0, line_status(self->vm, CLOCK_PIN, 1));
	irq_line(self->vm, CLOCK_PIN, 0);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(0, line_status(self->vm, CLOCK_PIN, 1));
	irq_line(self->vm, CLOCK_PIN, 0);
	run_to_sync(_metadata, self->cpu);
	EXPECT_EQ(1, line_status(self->vm, CLOCK_PIN, 1));
}

static __guest void sleep_for_it(void)
{
	apic_begin();
	ioapic_route(PIN, 0, VECTOR);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

static void *raise_later(void *data)
{
	struct machine *m = data;

	usleep(3000);
	irq_line(&m->vm, PIN, 1);
	return NULL;
}

TEST_F(ioapic, wakes_from_hlt)
{
	pthread_t thread;

	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, sleep_for_it);
	ASSERT_EQ(0, pthread_create(&thread, NULL, raise_later, &self->m));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	pthread_join(thread, NULL);
}

static __guest void take_one(void)
{
	apic_begin();
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_EQ(0, irq_count[VECTOR + 1]);
	GUEST_DONE();
}

/* Lines that are up in the state interrupt; edges that have gone out are not saved. */
TEST_F(ioapic, state_raises_its_lines)
{
	struct kvm_irqchip chip = chip_of(self->vm, KVM_IRQCHIP_IOAPIC);

	EXPECT_EQ(IOAPIC_PAGE, chip.chip.ioapic.base_address);
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, take_one);
	run_to_sync(_metadata, self->cpu);
	chip.chip.ioapic.redirtbl[PIN].bits = VECTOR;
	chip.chip.ioapic.redirtbl[PIN + 1].bits = IO_MASKED | IO_LEVEL | (VECTOR + 1);
	chip.chip.ioapic.irr = 3 << PIN;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
	chip = chip_of(self->vm, KVM_IRQCHIP_IOAPIC);
	EXPECT_EQ(2 << PIN, chip.chip.ioapic.irr);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void nothing_there(void)
{
	*(volatile uint32_t *)(uintptr_t)IOAPIC_PAGE = 0;
	GUEST_DONE();
}

/* Every field wrong. */
TEST_F(ioapic, state_of_ones)
{
	struct kvm_irqchip chip = chip_of(self->vm, KVM_IRQCHIP_IOAPIC), good = chip;
	unsigned int pin;

	memset(&chip.chip.ioapic, 0xff, sizeof(chip.chip.ioapic));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
	EXPECT_EQ(~0ull, entry_of(self->vm, 0));
	for (pin = 0; pin < PINS; pin++)
		irq_line(self->vm, pin, 1);
	/* It is nowhere now. */
	vcpu_set_long(self->cpu, nothing_there);
	EXPECT_EQ(KVM_EXIT_MMIO, vcpu_run(self->cpu));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	/* Selected is a register that cannot be; all pins make messages of every kind. */
	chip.chip.ioapic.base_address = IOAPIC_PAGE;
	for (pin = 0; pin < PINS; pin++)
		chip.chip.ioapic.redirtbl[pin].bits =
			0x77ull << 56 | (pin & 7) << 8 | (pin & 8 ? IO_LEVEL : 0) | 0xff;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &chip));
	for (pin = 0; pin < PINS; pin++)
		irq_line(self->vm, pin, pin & 1);
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_IRQCHIP, &good));
	vcpu_set_long(self->cpu, registers);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* Entries of the table of GSIs, as many as there are. */
static int set_routes(struct vm *vm, const struct kvm_irq_routing_entry *entries, uint32_t count)
{
	struct kvm_irq_routing *table =
		calloc(1, sizeof(*table) + count * sizeof(table->entries[0]));
	int ret;

	if (!table)
		return -1;
	table->nr = count;
	memcpy(table->entries, entries, count * sizeof(*entries));
	ret = ioctl(vm->fd, KVM_SET_GSI_ROUTING, table);
	free(table);
	return ret;
}

#define TO_PIN(number, which, at) {						\
	.gsi = number, .type = KVM_IRQ_ROUTING_IRQCHIP,				\
	.u.irqchip = { .irqchip = KVM_IRQCHIP_ ## which, .pin = at } }
#define TO_MSI(number, message) {						\
	.gsi = number, .type = KVM_IRQ_ROUTING_MSI,				\
	.u.msi = { .address_lo = APIC_PAGE, .data = message } }

TEST_F(ioapic, routes)
{
	static const struct kvm_irq_routing_entry good[] = {
		TO_PIN(100, IOAPIC, PIN), TO_PIN(100, PIC_MASTER, 3), TO_PIN(100, PIC_SLAVE, 2),
		TO_PIN(101, IOAPIC, PIN), TO_MSI(102, VECTOR),
	};
	static const struct kvm_irq_routing_entry bad[][2] = {
		{ TO_PIN(0, IOAPIC, 24), TO_PIN(1, IOAPIC, 0) },
		{ TO_PIN(0, PIC_MASTER, 8), TO_PIN(1, IOAPIC, 0) },
		{ TO_PIN(0, PIC_SLAVE, ~0u), TO_PIN(1, IOAPIC, 0) },
		{ TO_PIN(0, IOAPIC, 1), TO_PIN(0, IOAPIC, 2) },
		{ TO_PIN(0, IOAPIC, 1), TO_MSI(0, VECTOR) },
		{ TO_MSI(0, VECTOR), TO_PIN(0, IOAPIC, 1) },
		{ TO_MSI(0, VECTOR), TO_MSI(0, VECTOR) },
		{ TO_PIN(4096, IOAPIC, 1), TO_PIN(1, IOAPIC, 0) },
	};
	struct kvm_irq_routing_entry entry = TO_PIN(0, IOAPIC, 0);
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_ERROR(EINVAL, set_routes(self->vm, bad[i], 2));
	entry.u.irqchip.irqchip = 3;
	EXPECT_ERROR(EINVAL, set_routes(self->vm, &entry, 1));
	entry.u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
	entry.flags = 1;
	EXPECT_ERROR(EINVAL, set_routes(self->vm, &entry, 1));
	ASSERT_EQ(0, set_routes(self->vm, good, 5));
	/* The old table is gone. */
	EXPECT_EQ(-1, line_status(self->vm, PIN, 1));
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, by_edge);
	run_to_sync(_metadata, self->cpu);
	/* I/O APIC, and two 8259s that wait for nothing yet. */
	EXPECT_EQ(3, line_status(self->vm, 100, 1));
	EXPECT_EQ(0, line_status(self->vm, 101, 1));
	EXPECT_EQ(1, line_status(self->vm, 102, 1));
	EXPECT_EQ(-1, line_status(self->vm, 102, 0));
	EXPECT_EQ(-1, line_status(self->vm, 103, 1));
	EXPECT_EQ(0, set_routes(self->vm, NULL, 0));
	EXPECT_EQ(-1, line_status(self->vm, 100, 1));
}

TEST(split_has_no_pins)
{
	static const struct kvm_irq_routing_entry entry = TO_PIN(0, IOAPIC, 0);
	struct machine m;

	machine_init(&m, 1);
	EXPECT_ERROR(EINVAL, set_routes(&m.vm, &entry, 1));
	machine_close(&m);
}

static __guest void end_here(void)
{
	apic_sw_on();
	GUEST_SYNC(0);
	while (!irq_count[VECTOR])
		let_in();
	any_write(REG_EOI, 0);
	GUEST_DONE();
}

/* The end on one processor frees the pin for another. */
TEST(between_processors)
{
	struct kvm_irqchip chip;
	struct machine m;
	unsigned int i;

	machine_init_full(&m, 2);
	take_irqs(&m.vm, irq_note);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, set_mp_state(&m.cpu[i], KVM_MP_STATE_RUNNABLE));
		vcpu_set_long(&m.cpu[i], end_here);
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&m.cpu[i]));
	}
	for (i = 0; i < 2; i++) {
		GUEST_VAR(&m.vm, irq_count[VECTOR]) = 0;
		chip = chip_of(&m.vm, KVM_IRQCHIP_IOAPIC);
		chip.chip.ioapic.redirtbl[PIN].bits = (uint64_t)i << 56 | IO_LEVEL | VECTOR;
		chip.chip.ioapic.irr = 0;
		ASSERT_EQ(0, ioctl(m.vm.fd, KVM_SET_IRQCHIP, &chip));
		EXPECT_EQ(1, line_status(&m.vm, PIN, 1));
		EXPECT_EQ(-1, line_status(&m.vm, PIN, 1));
		irq_line(&m.vm, PIN, 0);
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&m.cpu[i]));
		EXPECT_EQ(0, entry_of(&m.vm, PIN) & IO_REMOTE_IRR);
	}
	machine_close(&m);
}

TEST_HARNESS_MAIN
