// SPDX-License-Identifier: GPL-2.0
/*
 * What the system tells before there is a VM: features by MSR, features by
 * emulation, attributes.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define UCODE_REV	0x8b

/* The errno, or 0. */
static int answer(int fd, unsigned long number, void *arg)
{
	return ioctl(fd, number, arg) < 0 ? errno : 0;
}

TEST_F(guest, feature_list_sizes)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + 256 * sizeof(__u32));
	bool found = false;
	uint32_t nr;

	ASSERT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST, list));
	nr = list->nmsrs;
	ASSERT_LE(1, nr);
	ASSERT_GT(256, nr);
	list->nmsrs = nr - 1;
	list->indices[0] = 0xaaaaaaaa;
	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST, list));
	EXPECT_EQ(nr, list->nmsrs);
	EXPECT_EQ(0xaaaaaaaa, list->indices[0]);
	list->indices[nr] = 0xaaaaaaaa;
	ASSERT_EQ(0, answer(self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST, list));
	EXPECT_EQ(0xaaaaaaaa, list->indices[nr]);
	list->nmsrs = 256;
	ASSERT_EQ(0, answer(self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST, list));
	EXPECT_EQ(nr, list->nmsrs);
	for (uint32_t i = 0; i < nr; i++)
		found |= list->indices[i] == UCODE_REV;
	EXPECT_TRUE(found);
	free(list);
}

/* Every feature that is listed can be read, alone and with all others. */
TEST_F(guest, features_are_read)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + 256 * sizeof(__u32));
	struct kvm_msrs *msrs = calloc(1, sizeof(*msrs) + 260 * sizeof(struct kvm_msr_entry));

	list->nmsrs = 256;
	ASSERT_EQ(0, ioctl(self->vm.dev, KVM_GET_MSR_FEATURE_INDEX_LIST, list));
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		msrs->nmsrs = 1;
		msrs->entries[0].index = list->indices[i];
		EXPECT_EQ(1, ioctl(self->vm.dev, KVM_GET_MSRS, msrs))
			TH_LOG("MSR 0x%x", list->indices[i]);
		msrs->entries[i] = msrs->entries[0];
	}
	for (uint32_t i = 0; i < list->nmsrs; i++)
		msrs->entries[i].index = list->indices[i];
	msrs->nmsrs = list->nmsrs;
	EXPECT_EQ((int)list->nmsrs, ioctl(self->vm.dev, KVM_GET_MSRS, msrs));
	free(msrs);
	free(list);
}

TEST_F(guest, bad_feature_arrays)
{
	struct kvm_msrs *msrs = calloc(1, sizeof(*msrs) + 260 * sizeof(struct kvm_msr_entry));
	int dev = self->vm.dev;

	EXPECT_EQ(0, ioctl(dev, KVM_GET_MSRS, msrs));
	msrs->nmsrs = 256;
	EXPECT_EQ(E2BIG, answer(dev, KVM_GET_MSRS, msrs));
	msrs->nmsrs = ~0u;
	EXPECT_EQ(E2BIG, answer(dev, KVM_GET_MSRS, msrs));
	/* What is no feature ends the count, and what follows is left alone. */
	msrs->nmsrs = 3;
	msrs->entries[0] = (struct kvm_msr_entry) { .index = UCODE_REV, .data = ~0ull };
	msrs->entries[1] = (struct kvm_msr_entry) { .index = 0xc0000082 };
	msrs->entries[2] = (struct kvm_msr_entry) { .index = UCODE_REV, .data = 0x4711 };
	EXPECT_EQ(1, ioctl(dev, KVM_GET_MSRS, msrs));
	EXPECT_NE(~0ull, msrs->entries[0].data);
	EXPECT_EQ(0x4711, msrs->entries[2].data);
	msrs->entries[0].index = 0xffffffff;
	EXPECT_EQ(0, ioctl(dev, KVM_GET_MSRS, msrs));
	/* Features are told, not set. */
	EXPECT_EQ(EINVAL, answer(dev, KVM_SET_MSRS, msrs));
	free(msrs);
}

TEST_F(guest, emulated_cpuid)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + 300 * sizeof(cpuid->entries[0]));
	struct kvm_cpuid_entry2 *leaf;
	int dev = self->vm.dev;

	EXPECT_EQ(E2BIG, answer(dev, KVM_GET_EMULATED_CPUID, cpuid));
	cpuid->nent = 1;
	EXPECT_EQ(E2BIG, answer(dev, KVM_GET_EMULATED_CPUID, cpuid));
	cpuid->nent = 256;
	cpuid->entries[255].padding[2] = 1;
	EXPECT_EQ(EINVAL, answer(dev, KVM_GET_EMULATED_CPUID, cpuid));
	cpuid->entries[255].padding[2] = 0;
	cpuid->entries[0].padding[0] = 1;
	EXPECT_EQ(EINVAL, answer(dev, KVM_GET_EMULATED_CPUID, cpuid));
	cpuid->entries[0].padding[0] = 0;
	ASSERT_EQ(0, answer(dev, KVM_GET_EMULATED_CPUID, cpuid));
	ASSERT_EQ(3, cpuid->nent);
	EXPECT_EQ(7, cpuid->entries[0].eax);
	leaf = cpuid_find(cpuid, 7, 0);
	ASSERT_NE(NULL, leaf);
	EXPECT_EQ(KVM_CPUID_FLAG_SIGNIFCANT_INDEX, leaf->flags);
	/* What is shown as emulated is what the list of supported features lacks: MOVBE, RDPID. */
	leaf = cpuid_find(cpuid, 1, 0);
	ASSERT_NE(NULL, leaf);
	EXPECT_EQ(0, leaf->ecx & ~(1u << 22));
	free(cpuid);
}

TEST_F(guest, system_attributes)
{
	uint64_t value = 0xaaaaaaaaaaaaaaaa;
	struct kvm_device_attr attr = { .addr = (uintptr_t)&value };
	int dev = self->vm.dev;

	EXPECT_EQ(0, answer(dev, KVM_HAS_DEVICE_ATTR, &attr));
	EXPECT_EQ(0xaaaaaaaaaaaaaaaa, value);
	ASSERT_EQ(0, answer(dev, KVM_GET_DEVICE_ATTR, &attr));
	/* x87 and SSE at least, where there is XSAVE at all. */
	EXPECT_EQ(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_XCRS) > 0 ? 3 : 0, value & 3);
	attr.attr = 1;
	EXPECT_EQ(ENXIO, answer(dev, KVM_HAS_DEVICE_ATTR, &attr));
	EXPECT_EQ(ENXIO, answer(dev, KVM_GET_DEVICE_ATTR, &attr));
	attr.attr = 0;
	attr.group = 1;
	EXPECT_EQ(ENXIO, answer(dev, KVM_HAS_DEVICE_ATTR, &attr));
	EXPECT_EQ(ENXIO, answer(dev, KVM_GET_DEVICE_ATTR, &attr));
	attr.group = 0;
	attr.addr = 0x10;
	EXPECT_EQ(EFAULT, answer(dev, KVM_GET_DEVICE_ATTR, &attr));
	EXPECT_EQ(0, answer(dev, KVM_HAS_DEVICE_ATTR, &attr));
	EXPECT_EQ(EINVAL, answer(dev, KVM_SET_DEVICE_ATTR, &attr));
	EXPECT_EQ(EFAULT, answer(dev, KVM_HAS_DEVICE_ATTR, NULL));
	EXPECT_EQ(EFAULT, answer(dev, KVM_GET_DEVICE_ATTR, NULL));
}

TEST_HARNESS_MAIN
