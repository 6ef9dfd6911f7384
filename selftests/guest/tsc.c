// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's TSC by user space's calls: its offset as an attribute, its rate.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define MSR_TSC		0x10
#define MSR_TSC_ADJUST	0x3b

/* The errno, or 0. */
static int attribute(struct vcpu *cpu, unsigned long call, uint32_t group, uint64_t attr,
		     void *value)
{
	struct kvm_device_attr arg = {
		.group = group, .attr = attr, .addr = (uintptr_t)value,
	};

	return ioctl(cpu->fd, call, &arg) ? errno : 0;
}

static uint64_t get_offset(struct vcpu *cpu)
{
	uint64_t offset = 0xaaaaaaaaaaaaaaaa;

	if (attribute(cpu, KVM_GET_DEVICE_ATTR, KVM_VCPU_TSC_CTRL, KVM_VCPU_TSC_OFFSET, &offset))
		die("the TSC's offset cannot be read");
	return offset;
}

static int set_offset(struct vcpu *cpu, uint64_t offset)
{
	return attribute(cpu, KVM_SET_DEVICE_ATTR, KVM_VCPU_TSC_CTRL, KVM_VCPU_TSC_OFFSET,
			 &offset);
}

static __guest void tell_tsc(void)
{
	for (;;) {
		uint64_t by_instruction = rdtsc(), by_msr = rdmsr(MSR_TSC);

		GUEST_TRUE(by_msr > by_instruction);
		GUEST_SYNC(by_instruction);
	}
}

/* Whether guest_tsc = host_tsc + offset holds for what the guest sees. */
static void check_offset(struct __test_metadata *_metadata, struct vcpu *cpu, uint64_t offset)
{
	struct guest_report report;
	uint64_t before, after;

	before = rdtsc() + offset;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(cpu, &report));
	after = rdtsc() + offset;
	/* Differences, because it may wrap. */
	EXPECT_GT(after - before, report.value[0] - before)
		TH_LOG("offset 0x%llx", (unsigned long long)offset);
}

TEST_F(guest, the_offset_is_true)
{
	static const uint64_t offsets[] = {
		0, 1, 1ull << 40, -(1ull << 40), 1ull << 63, ~0ull, 0x123456789abcdef,
	};

	vcpu_set_long(&self->cpu, tell_tsc);
	check_offset(_metadata, &self->cpu, get_offset(&self->cpu));
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		ASSERT_EQ(0, set_offset(&self->cpu, offsets[i]));
		EXPECT_EQ(offsets[i], get_offset(&self->cpu));
		/* Where the TSC wraps meanwhile its order cannot be told. */
		if (offsets[i] != ~0ull && offsets[i] != -(1ull << 40))
			check_offset(_metadata, &self->cpu, offsets[i]);
	}
	EXPECT_EQ(0, vcpu_get_msr(&self->cpu, MSR_TSC_ADJUST));
}

TEST_F(guest, the_offset_follows_the_msr)
{
	uint64_t value = 1ull << 50, before, after;

	before = rdtsc();
	vcpu_set_msr(&self->cpu, MSR_TSC, value);
	after = rdtsc();
	EXPECT_LE(value - after, get_offset(&self->cpu));
	EXPECT_GE(value - before, get_offset(&self->cpu));
}

TEST_F(guest, bad_attributes)
{
	static const struct {
		const char *name;
		uint32_t group;
		uint64_t attr;
	} unknown[] = {
		{ "group 1", 1, 0 }, { "the last group", ~0u, 0 }, { "attribute 1", 0, 1 },
		{ "the last attribute", 0, ~0ull }, { "attribute 2^32", 0, 1ull << 32 },
	};
	static const unsigned long calls[] = {
		KVM_HAS_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR,
	};
	uint64_t offset = get_offset(&self->cpu), value = 0x4711;
	struct vcpu *cpu = &self->cpu;

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(calls); j++)
			EXPECT_EQ(ENXIO, attribute(cpu, calls[j], unknown[i].group,
						   unknown[i].attr, &value))
				TH_LOG("%s", unknown[i].name);
	}
	for (size_t j = 0; j < ARRAY_SIZE(calls); j++) {
		EXPECT_EQ(-1, ioctl(cpu->fd, calls[j], NULL));
		EXPECT_EQ(EFAULT, errno);
	}
	EXPECT_EQ(0, attribute(cpu, KVM_HAS_DEVICE_ATTR, 0, 0, NULL));
	EXPECT_EQ(EFAULT, attribute(cpu, KVM_GET_DEVICE_ATTR, 0, 0, NULL));
	EXPECT_EQ(EFAULT, attribute(cpu, KVM_SET_DEVICE_ATTR, 0, 0, NULL));
	EXPECT_EQ(EFAULT, attribute(cpu, KVM_SET_DEVICE_ATTR, 0, 0,
				    (void *)0xffff888000000000));
	EXPECT_EQ(0x4711, value);
	EXPECT_EQ(offset, get_offset(cpu));
}

/* The host's rate, and what cannot be told from it. */
TEST_F(guest, rates)
{
	int host = ioctl(self->cpu.fd, KVM_GET_TSC_KHZ, 0), near = host + host / 5000;

	ASSERT_LT(0, host);
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, (long)host));
	EXPECT_EQ(host, ioctl(self->cpu.fd, KVM_GET_TSC_KHZ, 0));
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, (long)near));
	EXPECT_EQ(near, ioctl(self->cpu.fd, KVM_GET_TSC_KHZ, 0));
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, 0));
	EXPECT_EQ(host, ioctl(self->cpu.fd, KVM_GET_TSC_KHZ, 0));
	/* The argument has 32 bits. */
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, host | 1l << 32));
	if (ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_TSC_CONTROL) > 0)
		SKIP(return, "the TSC is scaled here: other rates can be had");
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, host / 2l));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, 1l));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_TSC_KHZ, 0xffffffffl));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(host, ioctl(self->cpu.fd, KVM_GET_TSC_KHZ, 0));
}

TEST_HARNESS_MAIN
