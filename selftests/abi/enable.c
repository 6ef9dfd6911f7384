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

TEST_HARNESS_MAIN
