// SPDX-License-Identifier: GPL-2.0
/*
 * Every port: each is user space's, by each width. It takes its time, and so has a
 * machine of its own.
 */
#include "kselftest_harness.h"

#include "fixture.h"

static __guest void out_all(void)
{
	for (uint32_t port = 0; port < 0x10000; port++) {
		outb(port, port);
		outw(port, port);
		outl(port, ~port);
	}
	GUEST_DONE();
}

/* An exit takes its time, and IN and OUT differ in nothing that a port has to do with. */
#define IN_STEP	15

static __guest void in_all(void)
{
	for (uint32_t port = 0; port < 0x10000; port += IN_STEP) {
		GUEST_EQ(port & 0xff, inb(port));
		GUEST_EQ(port ^ 0x1234, inw(port));
		GUEST_EQ(port | 0xabcd0000, inl(port));
	}
	GUEST_DONE();
}

/* What the guest is to find at a port, or sends there. */
static uint32_t datum(uint32_t port, unsigned int size, bool in)
{
	switch (size) {
	case 1:
		return port & 0xff;
	case 2:
		return in ? port ^ 0x1234 : port;
	default:
		return in ? port | 0xabcd0000 : ~port;
	}
}

static void next_port(struct __test_metadata *_metadata, struct vcpu *cpu, uint32_t port,
		      unsigned int size, bool in)
{
	uint32_t data = datum(port, size, in), seen = 0;
	struct kvm_run *run = cpu->run;

	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	ASSERT_EQ(in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT, run->io.direction);
	ASSERT_EQ(port, run->io.port);
	ASSERT_EQ(size, run->io.size);
	ASSERT_EQ(1, run->io.count);
	if (in) {
		memcpy(vcpu_io_data(cpu), &data, size);
		return;
	}
	memcpy(&seen, vcpu_io_data(cpu), size);
	ASSERT_EQ(data, seen);
}

static void all_ports(struct __test_metadata *_metadata, struct vcpu *cpu, bool in)
{
	vcpu_set_long(cpu, in ? in_all : out_all);
	for (uint32_t port = 0; port < 0x10000; port += in ? IN_STEP : 1)
		for (unsigned int size = 1; size <= 4; size *= 2)
			next_port(_metadata, cpu, port, size, in);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
}

TEST_F(guest, out_to_every_port_by_every_width)
{
	all_ports(_metadata, &self->cpu, false);
}

TEST_F(guest, in_from_ports_by_every_width)
{
	all_ports(_metadata, &self->cpu, true);
}

TEST_HARNESS_MAIN
