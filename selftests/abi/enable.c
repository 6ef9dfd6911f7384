// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_ENABLE_CAP: what can be enabled, and with which arguments.
 */
#include "kselftest_harness.h"

#include "fixture.h"

enum where { VM, VCPU };

/* The errno, or 0. */
static int enable(int fd, uint32_t number, uint32_t flags, uint64_t arg)
{
	struct kvm_enable_cap cap = { .cap = number, .flags = flags, .args[0] = arg };

	/* Nobody looks at these. */
	memset(cap.pad, 0xaa, sizeof(cap.pad));
	cap.args[3] = ~0ull;
	return ioctl(fd, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

TEST_F(guest, arguments)
{
	static const struct {
		const char *name;
		enum where where;
		uint32_t number, flags;
		uint64_t arg;
		int wanted;
	} calls[] = {
#define CALL(where, cap, flags, arg, wanted) \
		{ #where " " #cap " " #flags " " #arg, where, cap, flags, arg, wanted }
		CALL(VM, KVM_CAP_X86_USER_SPACE_MSR, 0, 7, 0),
		CALL(VM, KVM_CAP_X86_USER_SPACE_MSR, 0, 0, 0),
		CALL(VM, KVM_CAP_X86_USER_SPACE_MSR, 0, 8, EINVAL),
		CALL(VM, KVM_CAP_X86_USER_SPACE_MSR, 0, 1ull << 32, EINVAL),
		CALL(VM, KVM_CAP_X86_USER_SPACE_MSR, 1, 0, EINVAL),
		CALL(VM, KVM_CAP_X86_DISABLE_EXITS, 0, 6, 0),
		CALL(VM, KVM_CAP_X86_DISABLE_EXITS, 0, 0, 0),
		CALL(VM, KVM_CAP_X86_DISABLE_EXITS, 0, 16, EINVAL),
		CALL(VM, KVM_CAP_X86_DISABLE_EXITS, 0, ~0ull, EINVAL),
		CALL(VM, KVM_CAP_DISABLE_QUIRKS2, 0, 0x50, 0),
		CALL(VM, KVM_CAP_DISABLE_QUIRKS2, 0, 0, 0),
		CALL(VM, KVM_CAP_DISABLE_QUIRKS2, 0, 0x80, EINVAL),
		CALL(VM, KVM_CAP_DISABLE_QUIRKS2, 0, ~0ull, EINVAL),
		CALL(VM, KVM_CAP_EXIT_HYPERCALL, 0, 0x1000, 0),
		CALL(VM, KVM_CAP_EXIT_HYPERCALL, 0, 0, 0),
		CALL(VM, KVM_CAP_EXIT_HYPERCALL, 0, 0x1001, EINVAL),
		CALL(VM, KVM_CAP_EXIT_HYPERCALL, 0, 1ull << 44, EINVAL),
		CALL(VM, KVM_CAP_X86_TRIPLE_FAULT_EVENT, 0, ~0ull, 0),
		CALL(VM, KVM_CAP_X86_TRIPLE_FAULT_EVENT, 0, 0, 0),
		CALL(VM, KVM_CAP_X86_TRIPLE_FAULT_EVENT, 2, 1, EINVAL),
		CALL(VM, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 0, 1, 0),
		CALL(VM, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 0, 2, EINVAL),
		CALL(VM, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 0, 0, 0),
		CALL(VM, KVM_CAP_USER_MEMORY, 0, 0, EINVAL),
		CALL(VM, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 0, 1, EINVAL),
		CALL(VM, 0, 0, 0, EINVAL),
		CALL(VM, 100000, 0, 0, EINVAL),
		CALL(VM, ~0u, 0, 0, EINVAL),
		CALL(VCPU, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 0, 1, 0),
		CALL(VCPU, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 0, 0, 0),
		CALL(VCPU, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1, 1, EINVAL),
		CALL(VCPU, KVM_CAP_X86_USER_SPACE_MSR, 0, 0, EINVAL),
		CALL(VCPU, KVM_CAP_USER_MEMORY, 0, 0, EINVAL),
		CALL(VCPU, 0, 0, 0, EINVAL),
		CALL(VCPU, ~0u, 0, 0, EINVAL),
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(calls[i].wanted,
			  enable(calls[i].where == VM ? self->vm.fd : self->cpu.fd,
				 calls[i].number, calls[i].flags, calls[i].arg))
			TH_LOG("%s", calls[i].name);
	}
}

/* What is told can be enabled can be, all at once. */
TEST_F(guest, masks_can_be_enabled_whole)
{
	static const uint32_t masks[] = {
		KVM_CAP_X86_DISABLE_EXITS, KVM_CAP_DISABLE_QUIRKS2, KVM_CAP_EXIT_HYPERCALL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		int mask = ioctl(self->vm.dev, KVM_CHECK_EXTENSION, (long)masks[i]);

		EXPECT_LT(0, mask);
		EXPECT_EQ(0, enable(self->vm.fd, masks[i], 0, mask));
	}
}

static int create(struct vm *vm, long id)
{
	int fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

TEST(the_largest_vcpu_number)
{
	struct vm vm;
	int max;

	vm_init_bare(&vm);
	max = ioctl(vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);
	EXPECT_EQ(EINVAL, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, max + 1));
	EXPECT_EQ(EINVAL, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, ~0ull));
	EXPECT_EQ(0, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 0));
	EXPECT_EQ(0, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 3));
	EXPECT_EQ(0, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 3));
	EXPECT_EQ(EINVAL, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 4));
	EXPECT_EQ(EINVAL, create(&vm, 3));
	EXPECT_EQ(0, create(&vm, 2));
	EXPECT_EQ(0, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 3));
	vm_close(&vm);
	/* Who chooses nothing before the first vCPU has chosen the largest. */
	vm_init_bare(&vm);
	EXPECT_EQ(0, create(&vm, 0));
	EXPECT_EQ(EINVAL, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, 3));
	EXPECT_EQ(0, enable(vm.fd, KVM_CAP_MAX_VCPU_ID, 0, max));
	vm_close(&vm);
}

TEST_HARNESS_MAIN
