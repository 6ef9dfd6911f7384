// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_CHECK_EXTENSION: what must be there, and that nothing is claimed whose
 * call does not work.
 */
#include "kselftest_harness.h"

#include "fixture.h"

static int capability(struct vm *vm, long number)
{
	return ioctl(vm->dev, KVM_CHECK_EXTENSION, number);
}

/* What QEMU, with its irqchip off, and the launcher cannot do without. */
TEST_F(guest, required)
{
	static const struct {
		const char *name;
		long number;
		int least;
	} required[] = {
#define REQUIRED(name, least) { #name, name, least }
		REQUIRED(KVM_CAP_USER_MEMORY, 1),
		REQUIRED(KVM_CAP_SET_TSS_ADDR, 1),
		REQUIRED(KVM_CAP_EXT_CPUID, 1),
		REQUIRED(KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1),
		REQUIRED(KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1),
		REQUIRED(KVM_CAP_SET_IDENTITY_MAP_ADDR, 1),
		REQUIRED(KVM_CAP_MP_STATE, 1),
		REQUIRED(KVM_CAP_VCPU_EVENTS, 1),
		REQUIRED(KVM_CAP_USER_NMI, 1),
		REQUIRED(KVM_CAP_IMMEDIATE_EXIT, 1),
		REQUIRED(KVM_CAP_INTERNAL_ERROR_DATA, 1),
		REQUIRED(KVM_CAP_CHECK_EXTENSION_VM, 1),
		REQUIRED(KVM_CAP_BINARY_STATS_FD, 1),
		REQUIRED(KVM_CAP_NR_VCPUS, 1),
		REQUIRED(KVM_CAP_MAX_VCPUS, 1),
		REQUIRED(KVM_CAP_NR_MEMSLOTS, 32),
	};

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		EXPECT_LE(required[i].least, capability(&self->vm, required[i].number))
			TH_LOG("%s", required[i].name);
		EXPECT_EQ(capability(&self->vm, required[i].number),
			  ioctl(self->vm.fd, KVM_CHECK_EXTENSION, required[i].number))
			TH_LOG("%s on the VM fd", required[i].name);
	}
}

/* crosvm takes a capability for present only if it answers exactly 1. */
TEST_F(guest, yes_is_1)
{
	static const long plain[] = {
		KVM_CAP_USER_MEMORY, KVM_CAP_SET_TSS_ADDR, KVM_CAP_EXT_CPUID, KVM_CAP_MP_STATE,
		KVM_CAP_IMMEDIATE_EXIT, KVM_CAP_VCPU_EVENTS, KVM_CAP_USER_NMI,
		KVM_CAP_DESTROY_MEMORY_REGION_WORKS, KVM_CAP_JOIN_MEMORY_REGIONS_WORKS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		EXPECT_EQ(1, capability(&self->vm, plain[i]));
}

TEST_F(guest, unknown_is_0)
{
	EXPECT_EQ(0, capability(&self->vm, 100000));
	EXPECT_EQ(0, capability(&self->vm, -1));
	EXPECT_EQ(0, capability(&self->vm, 1l << 32));
	EXPECT_EQ(0, ioctl(self->vm.fd, KVM_CHECK_EXTENSION, 100000));
}

/* Another architecture's, or another vendor's. */
TEST_F(guest, foreign_is_0)
{
	EXPECT_EQ(0, capability(&self->vm, KVM_CAP_S390_PSW));
	EXPECT_EQ(0, capability(&self->vm, KVM_CAP_ARM_PSCI));
	EXPECT_EQ(0, capability(&self->vm, KVM_CAP_PPC_HIOR));
	EXPECT_EQ(0, capability(&self->vm, KVM_CAP_MIPS_VZ));
}

enum where { VM, VCPU };

/*
 * A capability and a call that it promises, with an argument good for it. With
 * the capability the call works; without, the fd does not know it.
 */
union argument {
	struct kvm_xsave xsave;
	struct kvm_xcrs xcrs;
	struct kvm_sregs2 sregs2;
	struct kvm_device_attr attr;
	struct kvm_debugregs debug;
	struct kvm_vcpu_events events;
	struct kvm_mp_state state;
	struct kvm_clock_data clock;
	struct kvm_pit_config pit;
	struct kvm_guest_debug guest_debug;
	uint8_t bytes[8192];
};

static const struct promise {
	const char *name;
	long capability;
	enum where where;
	unsigned long number;
	bool by_value;
} promises[] = {
#define PROMISE(capability, where, number) { #capability, capability, where, number, false }
#define BY_VALUE(capability, where, number) { #capability, capability, where, number, true }
	PROMISE(KVM_CAP_XSAVE, VCPU, KVM_GET_XSAVE),
	PROMISE(KVM_CAP_XSAVE2, VCPU, KVM_GET_XSAVE2),
	PROMISE(KVM_CAP_XCRS, VCPU, KVM_GET_XCRS),
	PROMISE(KVM_CAP_SREGS2, VCPU, KVM_GET_SREGS2),
	PROMISE(KVM_CAP_VCPU_ATTRIBUTES, VCPU, KVM_HAS_DEVICE_ATTR),
	PROMISE(KVM_CAP_DEBUGREGS, VCPU, KVM_GET_DEBUGREGS),
	PROMISE(KVM_CAP_VCPU_EVENTS, VCPU, KVM_GET_VCPU_EVENTS),
	PROMISE(KVM_CAP_MP_STATE, VCPU, KVM_GET_MP_STATE),
	PROMISE(KVM_CAP_SET_GUEST_DEBUG, VCPU, KVM_SET_GUEST_DEBUG),
	PROMISE(KVM_CAP_ADJUST_CLOCK, VM, KVM_GET_CLOCK),
	BY_VALUE(KVM_CAP_GET_TSC_KHZ, VCPU, KVM_GET_TSC_KHZ),
	BY_VALUE(KVM_CAP_USER_NMI, VCPU, KVM_NMI),
	BY_VALUE(KVM_CAP_BINARY_STATS_FD, VCPU, KVM_GET_STATS_FD),
	BY_VALUE(KVM_CAP_BINARY_STATS_FD, VM, KVM_GET_STATS_FD),
	BY_VALUE(KVM_CAP_SET_TSS_ADDR, VM, KVM_SET_TSS_ADDR),
	BY_VALUE(KVM_CAP_IRQCHIP, VM, KVM_CREATE_IRQCHIP),
};

TEST(claimed_works_and_unclaimed_is_unknown)
{
	union argument *arg = calloc(1, sizeof(*arg));

	for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
		const struct promise *promise = &promises[i];
		struct vcpu cpu = {};
		int fd, ret, claimed;
		struct vm vm;

		vm_init_bare(&vm);
		claimed = capability(&vm, promise->capability);
		/* An irqchip comes before the first vCPU. */
		if (promise->capability != KVM_CAP_IRQCHIP)
			vcpu_init(&vm, &cpu, 0);
		fd = promise->where == VM ? vm.fd : cpu.fd;
		memset(arg, 0, sizeof(*arg));
		ret = ioctl(fd, promise->number, promise->by_value ? NULL : arg);
		if (claimed > 0) {
			EXPECT_LE(0, ret) TH_LOG("%s", promise->name);
		} else if (promise->capability != KVM_CAP_XCRS || ret < 0) {
			/* KVM answers KVM_GET_XCRS also where there is no XSAVE. */
			EXPECT_EQ(-1, ret) TH_LOG("%s", promise->name);
			EXPECT_EQ(promise->where == VM ? ENOTTY : EINVAL, errno)
				TH_LOG("%s", promise->name);
		}
		if (cpu.run)
			vcpu_close(&cpu);
		vm_close(&vm);
	}
	free(arg);
}

TEST_F(guest, counts_are_true)
{
	int vcpus = capability(&self->vm, KVM_CAP_MAX_VCPUS);
	int ids = capability(&self->vm, KVM_CAP_MAX_VCPU_ID);
	int fd;

	if (ids <= 0)
		ids = vcpus;
	EXPECT_LE(capability(&self->vm, KVM_CAP_NR_VCPUS), vcpus);
	EXPECT_LE(vcpus, ids);
	fd = ioctl(self->vm.fd, KVM_CREATE_VCPU, (long)ids - 1);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-1, ioctl(self->vm.fd, KVM_CREATE_VCPU, (long)ids));
	EXPECT_EQ(EINVAL, errno);
}

/* Every number: an answer, never an error, the same on both fds or more on the VM's. */
TEST_F(guest, every_number_is_answered)
{
	for (long i = 0; i < 300; i++) {
		EXPECT_LE(0, capability(&self->vm, i)) TH_LOG("capability %ld", i);
		EXPECT_LE(0, ioctl(self->vm.fd, KVM_CHECK_EXTENSION, i))
			TH_LOG("capability %ld", i);
	}
}

static __guest void leave_a_few_times(void)
{
	uint32_t regs[4];

	for (int i = 0; i < 10; i++)
		cpuid(0, 0, regs);
	GUEST_DONE();
}

/* Statistics: the header holds together, and exits are counted. */
TEST_F(guest, statistics)
{
	struct kvm_stats_header head;
	struct kvm_stats_desc *desc;
	bool found = false;
	uint64_t value;
	size_t size;
	int fd;

	vcpu_set_long(&self->cpu, leave_a_few_times);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	fd = ioctl(self->cpu.fd, KVM_GET_STATS_FD, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(head), pread(fd, &head, sizeof(head), 0));
	EXPECT_EQ(0, head.flags);
	EXPECT_LT(0, head.name_size);
	EXPECT_LT(0, head.num_desc);
	size = sizeof(*desc) + head.name_size;
	desc = calloc(1, size);
	for (uint32_t i = 0; i < head.num_desc; i++) {
		ASSERT_EQ(size, pread(fd, desc, size, head.desc_offset + i * size));
		EXPECT_GT(head.name_size, strnlen(desc->name, head.name_size));
		ASSERT_EQ(8, pread(fd, &value, 8, head.data_offset + desc->offset));
		if (strcmp(desc->name, "exits"))
			continue;
		found = true;
		EXPECT_LE(11, value);
	}
	EXPECT_TRUE(found);
	/* Behind the end there is nothing. */
	EXPECT_EQ(0, pread(fd, &value, 8, 1 << 20));
	EXPECT_EQ(-1, write(fd, &value, 8));
	free(desc);
	close(fd);
}

TEST_HARNESS_MAIN
