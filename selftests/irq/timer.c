// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's timer: one-shot, periodic, deadline. Nothing here is a matter of
 * speed: a timer that has ended early is wrong, one that is late is not.
 */
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

/* Of a clock of 1 GHz: 100 microseconds. */
#define COUNT	100000u

FIXTURE(timer) {
	struct machine m;
	struct vcpu *cpu;
};

FIXTURE_SETUP(timer)
{
	machine_init(&self->m, 1);
	self->cpu = &self->m.cpu[0];
	take_irqs(&self->m.vm, irq_note_and_eoi);
}

FIXTURE_TEARDOWN(timer)
{
	machine_close(&self->m);
}

static volatile uint64_t khz;

static void go(struct __test_metadata *_metadata, struct vcpu *cpu, void (*guest)(void))
{
	GUEST_VAR(cpu->vm, khz) = VM_IOCTL(cpu->fd, KVM_GET_TSC_KHZ, 0);
	vcpu_set_long(cpu, guest);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
}

static __guest uint64_t us_since(uint64_t start)
{
	return (rdtsc() - start) * 1000 / khz;
}

static __guest void one_shot(void)
{
	uint64_t start;
	uint32_t now;

	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR);
	start = rdtsc();
	apic_write(REG_INITIAL, COUNT);
	now = apic_read(REG_CURRENT);
	GUEST_TRUE(now <= COUNT);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_TRUE(us_since(start) >= COUNT / 1000);
	GUEST_EQ(0, apic_read(REG_CURRENT));
	GUEST_EQ(COUNT, apic_read(REG_INITIAL));
	/* Once is once. */
	start = rdtsc();
	irqs_on();
	while (us_since(start) < COUNT / 500)
		;
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(timer, one_shot)
{
	go(_metadata, self->cpu, one_shot);
}

static __guest void every_divisor(void)
{
	static const uint8_t code[] = { 0xb, 0, 1, 2, 3, 8, 9, 0xa };
	uint64_t start;
	unsigned int i;

	apic_sw_on();
	apic_write(REG_TIMER, VECTOR);
	for (i = 0; i < sizeof(code); i++) {
		/* With the count of before KVM's timer would end again. */
		apic_write(REG_INITIAL, 0);
		apic_write(REG_DIVIDE, code[i]);
		start = rdtsc();
		/* About the same time with each. */
		apic_write(REG_INITIAL, COUNT >> i);
		GUEST_TRUE(apic_read(REG_CURRENT) <= COUNT >> i);
		halt();
		GUEST_EQ(i + 1, irq_count[VECTOR]);
		GUEST_TRUE(us_since(start) >= ((COUNT >> i) << i) / 1000 - 1);
	}
	GUEST_DONE();
}

TEST_F(timer, every_divisor)
{
	go(_metadata, self->cpu, every_divisor);
}

/* A clock of a 128th takes 128 times as long; what is left is stretched, too. */
static __guest void divisor_while_it_runs(void)
{
	uint64_t start;

	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR);
	start = rdtsc();
	apic_write(REG_INITIAL, 10 * COUNT);
	apic_write(REG_DIVIDE, 0);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	/* It ran with 1 GHz for a moment before the change. */
	GUEST_TRUE(us_since(start) >= 10 * COUNT / 1000 + 10 * COUNT / 10000);
	GUEST_DONE();
}

TEST_F(timer, divisor_while_it_runs)
{
	go(_metadata, self->cpu, divisor_while_it_runs);
}

static __guest void periodic(void)
{
	uint64_t start;

	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR | LVT_PERIODIC);
	start = rdtsc();
	apic_write(REG_INITIAL, 3 * COUNT);
	while (irq_count[VECTOR] < 5)
		halt();
	GUEST_TRUE(us_since(start) >= 5 * 3 * COUNT / 1000);
	apic_write(REG_INITIAL, 0);
	GUEST_EQ(0, apic_read(REG_CURRENT));
	let_in();
	irq_count[VECTOR] = 0;
	irqs_on();
	start = rdtsc();
	while (us_since(start) < 6 * COUNT / 1000)
		;
	GUEST_EQ(0, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(timer, periodic)
{
	go(_metadata, self->cpu, periodic);
}

/* A period of 1 ns would be the host's end: there is a shortest one. */
static __guest void shortest_period(void)
{
	uint32_t seen;

	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR | LVT_PERIODIC);
	apic_write(REG_INITIAL, 1);
	while (irq_count[VECTOR] < 3)
		halt();
	seen = irq_count[VECTOR];
	apic_write(REG_TIMER, VECTOR | LVT_PERIODIC | LVT_MASKED);
	let_in();
	GUEST_TRUE(irq_count[VECTOR] <= seen + 1);
	GUEST_DONE();
}

TEST_F(timer, shortest_period)
{
	if (vm_is_kvm())
		SKIP(return, "KVM's guest does not come to an end here");
	go(_metadata, self->cpu, shortest_period);
}

static __guest void masked(void)
{
	uint64_t start;

	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR | LVT_MASKED);
	apic_write(REG_INITIAL, COUNT);
	start = rdtsc();
	irqs_on();
	while (us_since(start) < 2 * COUNT / 1000)
		;
	GUEST_EQ(0, irq_count[VECTOR]);
	GUEST_EQ(0, apic_read(REG_CURRENT));
	GUEST_DONE();
}

TEST_F(timer, masked)
{
	go(_metadata, self->cpu, masked);
}

static __guest void deadlines(void)
{
	uint64_t until;

	apic_sw_on();
	/* In another mode the MSR does nothing. */
	wrmsr(MSR_DEADLINE, 1);
	GUEST_EQ(0, rdmsr(MSR_DEADLINE));
	apic_write(REG_INITIAL, 5);
	apic_write(REG_TIMER, VECTOR | LVT_DEADLINE);
	GUEST_EQ(0, apic_read(REG_INITIAL));
	/* And in this one the count does nothing. */
	apic_write(REG_INITIAL, COUNT);
	GUEST_EQ(0, apic_read(REG_INITIAL));
	GUEST_EQ(0, apic_read(REG_CURRENT));
	until = rdtsc() + khz / 10;
	wrmsr(MSR_DEADLINE, until);
	GUEST_EQ(until, rdmsr(MSR_DEADLINE));
	GUEST_EQ(0, irq_count[VECTOR]);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_TRUE(rdtsc() >= until);
	GUEST_EQ(0, rdmsr(MSR_DEADLINE));
	/* In the past: at once. */
	irqs_on();
	wrmsr(MSR_DEADLINE, 1);
	asm volatile("nop");
	GUEST_EQ(2, irq_count[VECTOR]);
	wrmsr(MSR_DEADLINE, rdtsc() - 1);
	asm volatile("nop");
	GUEST_EQ(3, irq_count[VECTOR]);
	GUEST_EQ(0, rdmsr(MSR_DEADLINE));
	/* For ever; and 0 disarms it. */
	wrmsr(MSR_DEADLINE, ~0ull);
	GUEST_EQ(~0ull, rdmsr(MSR_DEADLINE));
	wrmsr(MSR_DEADLINE, rdtsc() + khz / 10);
	wrmsr(MSR_DEADLINE, 0);
	until = rdtsc() + khz / 5;
	while (rdtsc() < until)
		;
	GUEST_EQ(3, irq_count[VECTOR]);
	/* Leaving the mode forgets it. */
	wrmsr(MSR_DEADLINE, rdtsc() + khz / 10);
	apic_write(REG_TIMER, VECTOR);
	until = rdtsc() + khz / 5;
	while (rdtsc() < until)
		;
	GUEST_EQ(3, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(timer, deadlines)
{
	go(_metadata, self->cpu, deadlines);
}

/* The guest's TSC moves past a deadline. */
static __guest void tsc_is_set(void)
{
	apic_sw_on();
	apic_write(REG_TIMER, VECTOR | LVT_DEADLINE);
	wrmsr(MSR_DEADLINE, rdtsc() + khz * 1000000);
	wrmsr(0x10, rdtsc() + khz * 2000000);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(timer, tsc_is_set)
{
	if (vm_is_kvm())
		SKIP(return, "KVM leaves a deadline of the old TSC armed");
	go(_metadata, self->cpu, tsc_is_set);
}

static __guest void go_on_elsewhere(void)
{
	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR);
	apic_write(REG_INITIAL, 10 * COUNT);
	GUEST_SYNC(0);
	halt();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

/* User space takes the count along, and it goes on. */
TEST_F(timer, count_is_restored)
{
	struct kvm_lapic_state state, off = {};
	uint32_t *reg = (uint32_t *)state.regs;

	vcpu_set_long(self->cpu, go_on_elsewhere);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	state = lapic_of(self->cpu);
	EXPECT_LT(0, reg[REG_CURRENT / 4]);
	EXPECT_GE(10 * COUNT, reg[REG_CURRENT / 4]);
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &off));
	usleep(3000);
	EXPECT_EQ(0, GUEST_VAR(&self->m.vm, irq_count[VECTOR]));
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void arm_for_later(void)
{
	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR | LVT_PERIODIC);
	apic_write(REG_INITIAL, 2 * COUNT);
	GUEST_DONE();
}

/* The timer ends with its vCPU. */
TEST(destroyed_with_its_timer_armed)
{
	struct machine m;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		machine_init(&m, 1);
		vcpu_set_long(&m.cpu[0], arm_for_later);
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&m.cpu[0]));
		if (i & 1)
			usleep(300);
		machine_close(&m);
	}
}

TEST_HARNESS_MAIN
