// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254 in the kernel: its counters and how they are read, its ticks and their
 * reinjection, the speaker's port, its state as user space sees it.
 */
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define COUNTER(n)	(0x40 + (n))
#define CONTROL		0x43
#define SPEAKER		0x61
#define MASTER		0x20
#define BASE		0x20

FIXTURE(pit) {
	struct machine m;
	struct vm *vm;
	struct vcpu *cpu;
};

FIXTURE_SETUP(pit)
{
	struct kvm_pit_config config = { .flags = KVM_PIT_SPEAKER_DUMMY };

	machine_init_full(&self->m, 1);
	self->vm = &self->m.vm;
	self->cpu = &self->m.cpu[0];
	VM_IOCTL(self->vm->fd, KVM_CREATE_PIT2, &config);
}

FIXTURE_TEARDOWN(pit)
{
	machine_close(&self->m);
}

static __guest void pic_on(void)
{
	outb(MASTER, 0x11);
	outb(MASTER + 1, BASE);
	outb(MASTER + 1, 4);
	outb(MASTER + 1, 1);
	outb(MASTER + 1, 0);
}

static __guest void program(unsigned int n, unsigned int mode, uint16_t count)
{
	outb(CONTROL, n << 6 | 0x30 | mode << 1);
	outb(COUNTER(n), count);
	outb(COUNTER(n), count >> 8);
}

static __guest uint16_t latched(unsigned int n)
{
	uint8_t low;

	outb(CONTROL, n << 6);
	low = inb(COUNTER(n));
	return low | inb(COUNTER(n)) << 8;
}

static __guest void note_and_end(struct guest_frame *frame)
{
	irq_note(frame);
	outb(MASTER, 0x20);
}

static __guest void counters(void)
{
	uint16_t before, after;
	unsigned int n;

	for (n = 0; n < 3; n++) {
		program(n, 0, 0xffff);
		before = latched(n);
		do
			after = latched(n);
		while (after == before);
		GUEST_TRUE((uint16_t)(before - after) < 0x8000);
	}
	/* One half alone; latched it stands still. */
	outb(CONTROL, 0x80 | 0x10);
	outb(COUNTER(2), 0x77);
	outb(CONTROL, 0x80 | 0x20 | 4);
	outb(COUNTER(2), 0x80);
	before = inb(COUNTER(2));
	GUEST_TRUE(before == 0x7f || before == 0x80);
	outb(CONTROL, 0x80);
	before = inb(COUNTER(2));
	GUEST_TRUE(before == 0x7f || before == 0x80);
	GUEST_DONE();
}

TEST_F(pit, counters)
{
	vcpu_set_long(self->cpu, counters);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void read_back(void)
{
	uint8_t status, low, high;

	program(2, 2, 0x8000);
	/* Status, and then the count, of counter 2. */
	outb(CONTROL, 0xc0 | 8);
	status = inb(COUNTER(2));
	GUEST_EQ(0x34, status & 0x7f);
	low = inb(COUNTER(2));
	high = inb(COUNTER(2));
	GUEST_TRUE((low | high << 8) <= 0x8000);
	/* Status alone; modes 6 and 7 are 2 and 3. */
	outb(CONTROL, 0x80 | 0x30 | 7 << 1 | 1);
	outb(CONTROL, 0xe0 | 8);
	GUEST_EQ(0x37, inb(COUNTER(2)) & 0x7f);
	GUEST_DONE();
}

TEST_F(pit, read_back)
{
	vcpu_set_long(self->cpu, read_back);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void ticks(void)
{
	pic_on();
	program(0, 2, 500);	/* 0.4 ms */
	irqs_on();
	while (irq_count[BASE] < 5)
		asm volatile("hlt");
	irqs_off();
	/* A count that has ended, and no more. */
	program(0, 0, 100);
	irq_count[BASE] = 0;
	while (!irq_count[BASE])
		halt();
	irq_count[BASE] = 0;
	program(0, 5, 100);
	GUEST_DONE();
}

TEST_F(pit, ticks)
{
	take_irqs(self->vm, note_and_end);
	vcpu_set_long(self->cpu, ticks);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void ticks_by_ioapic(void)
{
	apic_sw_on();
	any_write(REG_LINT0, LVT_MASKED);
	ioapic_route(0, 0, VECTOR);
	program(0, 3, 500);
	irqs_on();
	while (irq_count[VECTOR] < 5)
		asm volatile("hlt");
	irqs_off();
	GUEST_DONE();
}

/* The end comes from the local APIC by way of the I/O APIC. */
TEST_F(pit, ticks_by_ioapic)
{
	take_irqs(self->vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, ticks_by_ioapic);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

#define TICK		500	/* counts, of 0.4 ms */

/* Ticks that have been since start_ticks(), by the other counter's time. */
static __guest unsigned int ticks_due(void)
{
	return (0xffff - latched(2)) / TICK;
}

static __guest void start_ticks(void)
{
	pic_on();
	program(2, 0, 0xffff);
	program(0, 2, TICK);
	GUEST_SYNC(0);
}

/* Ticks that come while the guest does not look are made up for. */
static __guest void wait_for_all(void)
{
	start_ticks();
	do
		halt();
	while (irq_count[BASE] + 1 < ticks_due());
	GUEST_DONE();
}

TEST_F(pit, late_ticks_are_made_up_for)
{
	take_irqs(self->vm, note_and_end);
	vcpu_set_long(self->cpu, wait_for_all);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	usleep(6000);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_LE(10, GUEST_VAR(self->vm, irq_count[BASE]));
}

/* Or not: one of them waits in the 8259, and that is all. */
static __guest void see_few(void)
{
	unsigned int i;

	start_ticks();
	for (i = 0; i < 20; i++)
		let_in();
	GUEST_TRUE(irq_count[BASE] + 5 < ticks_due());
	GUEST_DONE();
}

TEST_F(pit, or_not)
{
	struct kvm_reinject_control control = { .pit_reinject = 0 };

	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_REINJECT_CONTROL, &control));
	take_irqs(self->vm, note_and_end);
	vcpu_set_long(self->cpu, see_few);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	usleep(6000);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	control.pit_reinject = 1;
	EXPECT_EQ(0, ioctl(self->vm->fd, KVM_REINJECT_CONTROL, &control));
}

static __guest void tiny(void)
{
	unsigned int i;

	pic_on();
	/* The shortest periods there are, and the longest. */
	program(0, 2, 1);
	irqs_on();
	while (irq_count[BASE] < 3)
		asm volatile("hlt");
	for (i = 0; i < 1000; i++)
		program(0, 4, 1);
	irqs_off();
	program(0, 2, 0);
	GUEST_TRUE((uint16_t)(latched(0) - 1) >= 0x8000);
	GUEST_DONE();
}

TEST_F(pit, tiny_counts)
{
	take_irqs(self->vm, note_and_end);
	alarm_in_ms(PATIENCE_MS);
	vcpu_set_long(self->cpu, tiny);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* The timer is armed, and ticks, when the VM ends. */
TEST(ends_while_it_ticks)
{
	struct kvm_pit_config config = { .flags = 0 };
	struct kvm_pit_state2 state;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct machine m;

		machine_init_full(&m, 1);
		ASSERT_EQ(0, ioctl(m.vm.fd, KVM_CREATE_PIT2, &config));
		ASSERT_EQ(0, ioctl(m.vm.fd, KVM_GET_PIT2, &state));
		state.channels[0].mode = 2;
		state.channels[0].count = 1;
		ASSERT_EQ(0, ioctl(m.vm.fd, KVM_SET_PIT2, &state));
		usleep(500 * (i % 3));
		machine_close(&m);
	}
}

static __guest void speaker(void)
{
	uint8_t first = inb(SPEAKER);

	/* The gate is closed at first, and nothing is heard. */
	GUEST_EQ(0, first & 3);
	outb(SPEAKER, 3);
	GUEST_EQ(3, inb(SPEAKER) & 3);
	outb(SPEAKER, 1);
	GUEST_EQ(1, inb(SPEAKER) & 3);
	/* The refresh bit toggles. */
	first = inb(SPEAKER) & 0x10;
	while ((inb(SPEAKER) & 0x10) == first)
		;
	/* Counter 2's output: up when the count of mode 0 has ended. */
	program(2, 0, 0x100);
	while (!(inb(SPEAKER) & 0x20))
		;
	GUEST_DONE();
}

TEST_F(pit, speaker)
{
	struct kvm_pit_state2 state;

	vcpu_set_long(self->cpu, speaker);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_PIT2, &state));
	EXPECT_EQ(0, state.flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON);
	EXPECT_EQ(1, state.channels[2].gate);
}

static __guest void no_speaker(void)
{
	outb(SPEAKER, 1);
	outl(0x40, 0);
	outl(0x41, 0);
	GUEST_DONE();
}

TEST(without_a_speaker)
{
	struct kvm_pit_config config = { .flags = ~(uint32_t)KVM_PIT_SPEAKER_DUMMY };
	struct machine m;

	machine_init_full(&m, 1);
	ASSERT_EQ(0, ioctl(m.vm.fd, KVM_CREATE_PIT2, &config));
	vcpu_set_long(&m.cpu[0], no_speaker);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&m.cpu[0]));
	EXPECT_EQ(SPEAKER, m.cpu[0].run->io.port);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&m.cpu[0]));
	EXPECT_EQ(0x41, m.cpu[0].run->io.port);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&m.cpu[0]));
	machine_close(&m);
}

static __guest void watchdog(void)
{
	apic_sw_on();
	any_write(REG_LINT0, DM_NMI);
	program(0, 2, 500);
	while (irq_count[2] < 3)
		asm volatile("hlt");
	GUEST_DONE();
}

/* LINT0 as an NMI: the tick is one. */
TEST_F(pit, nmi_watchdog)
{
	struct kvm_reinject_control control = { .pit_reinject = 0 };

	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_REINJECT_CONTROL, &control));
	take_irqs(self->vm, irq_note);
	vcpu_set_long(self->cpu, watchdog);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void after_restore(void)
{
	uint8_t low;

	pic_on();
	GUEST_EQ(0x5a, inb(COUNTER(1)));
	low = inb(COUNTER(2));
	GUEST_EQ(0x34, low);
	GUEST_EQ(0x12, inb(COUNTER(2)));
	irqs_on();
	while (irq_count[BASE] < 2)
		asm volatile("hlt");
	GUEST_DONE();
}

TEST_F(pit, state_is_whole)
{
	struct kvm_pit_state2 state, seen;

	memset(&seen, 0xaa, sizeof(seen));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_PIT2, &seen));
	EXPECT_EQ(0xff, seen.channels[0].mode);
	EXPECT_EQ(0x10000, seen.channels[1].count);
	EXPECT_EQ(1, seen.channels[1].gate);
	EXPECT_EQ(0, seen.channels[2].gate);
	EXPECT_EQ(0, seen.reserved[0] | seen.reserved[8]);
	state = seen;
	state.channels[0].mode = 2;
	state.channels[0].count = 500;
	state.channels[1].status = 0x5a;
	state.channels[1].status_latched = 1;
	state.channels[2].latched_count = 0x1234;
	state.channels[2].count_latched = 3;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT2, &state));
	take_irqs(self->vm, note_and_end);
	vcpu_set_long(self->cpu, after_restore);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* The older call has the counters alone. */
TEST_F(pit, old_state)
{
	struct kvm_pit_state2 new = {};
	struct kvm_pit_state old;

	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_PIT2, &new));
	new.flags = KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT2, &new));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_PIT, &old));
	old.channels[1].count = 0x1234;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT, &old));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_PIT2, &new));
	EXPECT_EQ(0x1234, new.channels[1].count);
	EXPECT_EQ(KVM_PIT_FLAGS_SPEAKER_DATA_ON, new.flags);
}

static __guest void no_ticks(void)
{
	pic_on();
	program(0, 2, 500);
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(0, irq_count[BASE]);
	GUEST_DONE();
}

/* While user space's HPET has the line, counter 0 does not tick. */
TEST_F(pit, hpet_has_its_line)
{
	struct kvm_pit_state2 state = { .flags = KVM_PIT_FLAGS_HPET_LEGACY };

	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT2, &state));
	take_irqs(self->vm, note_and_end);
	vcpu_set_long(self->cpu, no_ticks);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	usleep(3000);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void use_all(void)
{
	unsigned int n, i;

	for (n = 0; n < 4; n++)
		for (i = 0; i < 4; i++)
			inb(COUNTER(n));
	inb(SPEAKER);
	outb(CONTROL, 0xc0 | 14);
	for (n = 0; n < 3; n++)
		for (i = 0; i < 4; i++)
			inb(COUNTER(n));
	for (n = 0; n < 3; n++)
		for (i = 0; i < 4; i++)
			outb(COUNTER(n), 0xff);
	program(2, 0, 0xffff);
	GUEST_TRUE(latched(2) > 0x100);
	GUEST_DONE();
}

/* Every field wrong, with every mode. */
TEST_F(pit, state_of_ones)
{
	struct kvm_pit_state2 state;
	unsigned int mode;

	alarm_in_ms(0);
	for (mode = 0; mode < 8; mode++) {
		memset(&state, 0xff, sizeof(state));
		state.flags = mode & 1 ? ~0u : 0;
		state.channels[0].mode = (uint8_t)mode;
		state.channels[1].mode = (uint8_t)mode;
		state.channels[2].mode = (uint8_t)(mode ? mode : 0xff);
		ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT2, &state));
		vcpu_set_long(self->cpu, use_all);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
		memset(&state, 0, sizeof(state));
		state.channels[0].mode = (uint8_t)mode;
		ASSERT_EQ(0, ioctl(self->vm->fd, KVM_SET_PIT2, &state));
		vcpu_set_long(self->cpu, use_all);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	}
}

TEST_F(pit, calls)
{
	struct kvm_pit_config config = {};

	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, KVM_CREATE_PIT, 0));
	EXPECT_ERROR(EEXIST, ioctl(self->vm->fd, KVM_CREATE_PIT2, &config));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_CREATE_PIT2, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_GET_PIT2, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_SET_PIT2, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_GET_PIT, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_SET_PIT, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm->fd, KVM_REINJECT_CONTROL, NULL));
}

TEST(calls_without)
{
	static const uint32_t caps[] = {
		KVM_CAP_PIT, KVM_CAP_PIT2, KVM_CAP_PIT_STATE2, KVM_CAP_REINJECT_CONTROL,
	};
	struct kvm_reinject_control control = {};
	struct kvm_pit_state2 state = {};
	struct kvm_pit_state old = {};
	struct machine m;
	unsigned int i;

	machine_init_full(&m, 1);
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		EXPECT_EQ(1, ioctl(m.vm.fd, KVM_CHECK_EXTENSION, caps[i]));
	EXPECT_ERROR(ENXIO, ioctl(m.vm.fd, KVM_GET_PIT2, &state));
	EXPECT_ERROR(ENXIO, ioctl(m.vm.fd, KVM_SET_PIT2, &state));
	EXPECT_ERROR(ENXIO, ioctl(m.vm.fd, KVM_GET_PIT, &old));
	EXPECT_ERROR(ENXIO, ioctl(m.vm.fd, KVM_SET_PIT, &old));
	EXPECT_ERROR(ENXIO, ioctl(m.vm.fd, KVM_REINJECT_CONTROL, &control));
	machine_close(&m);
	machine_init(&m, 1);
	if (!vm_is_kvm())
		EXPECT_ERROR(ENOENT, ioctl(m.vm.fd, KVM_CREATE_PIT, 0));
	machine_close(&m);
}

TEST_HARNESS_MAIN
