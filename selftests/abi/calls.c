// SPDX-License-Identifier: GPL-2.0
/*
 * Calls with bad arguments: each answers with its own errno and leaves nothing
 * half done.
 */
#include "kselftest_harness.h"

#include <sys/syscall.h>

#include "fixture.h"

#define UNKNOWN_NUMBER	_IO(KVMIO, 0xfe)
#define UNKNOWN_TYPE	_IO(0xaf, 0x00)
#define NOWHERE		0x10ul			/* no user page is there */
#define KERNEL		0xffff888000000000ul

enum where { SYSTEM, VM, VCPU };

/* One call: where, its number, its argument as it is, the errno wanted. */
struct call {
	const char *name;
	enum where where;
	unsigned long number;
	unsigned long arg;
	int wanted;
};

#define CALL(where, number, arg, wanted) { #number " " #arg, where, number, arg, wanted }

static int fd_of(struct _test_data_guest *self, enum where where)
{
	return where == SYSTEM ? self->vm.dev : where == VM ? self->vm.fd : self->cpu.fd;
}

/* The errno, or 0. */
static int answer(int fd, unsigned long number, unsigned long arg)
{
	return ioctl(fd, number, arg) < 0 ? errno : 0;
}

static void check(struct __test_metadata *_metadata, struct _test_data_guest *self,
		  const struct call *calls, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		EXPECT_EQ(calls[i].wanted, answer(fd_of(self, calls[i].where),
						  calls[i].number, calls[i].arg))
			TH_LOG("%s", calls[i].name);
	}
}

TEST_F(guest, wrong_fd_type_or_number)
{
	static const struct call calls[] = {
		CALL(SYSTEM, UNKNOWN_NUMBER, 0, EINVAL),
		CALL(SYSTEM, UNKNOWN_TYPE, 0, EINVAL),
		CALL(SYSTEM, KVM_RUN, 0, EINVAL),
		CALL(SYSTEM, KVM_CREATE_VCPU, 0, EINVAL),
		CALL(SYSTEM, KVM_GET_REGS, 0, EINVAL),
		CALL(SYSTEM, 0, 0, EINVAL),
		CALL(SYSTEM, ~0ul, 0, EINVAL),
		CALL(VM, UNKNOWN_NUMBER, 0, ENOTTY),
		CALL(VM, UNKNOWN_TYPE, 0, ENOTTY),
		CALL(VM, KVM_RUN, 0, ENOTTY),
		CALL(VM, KVM_GET_API_VERSION, 0, ENOTTY),
		CALL(VM, KVM_CREATE_VM, 0, ENOTTY),
		CALL(VM, KVM_GET_SREGS, 0, ENOTTY),
		CALL(VCPU, UNKNOWN_NUMBER, 0, EINVAL),
		CALL(VCPU, UNKNOWN_TYPE, 0, EINVAL),
		CALL(VCPU, KVM_CREATE_VCPU, 0, EINVAL),
		CALL(VCPU, KVM_GET_API_VERSION, 0, EINVAL),
		CALL(VCPU, KVM_CREATE_VM, 0, EINVAL),
		CALL(VCPU, KVM_SET_USER_MEMORY_REGION, 0, EINVAL),
	};

	check(_metadata, self, calls, ARRAY_SIZE(calls));
}

TEST_F(guest, plain_arguments)
{
	static const struct call calls[] = {
		CALL(SYSTEM, KVM_GET_API_VERSION, 1, EINVAL),
		CALL(SYSTEM, KVM_GET_API_VERSION, ~0ul, EINVAL),
		CALL(SYSTEM, KVM_GET_VCPU_MMAP_SIZE, 1, EINVAL),
		CALL(SYSTEM, KVM_CREATE_VM, 99, EINVAL),
		CALL(SYSTEM, KVM_CREATE_VM, 1, EINVAL),
		CALL(SYSTEM, KVM_CREATE_VM, ~0ul, EINVAL),
		CALL(VM, KVM_CREATE_VCPU, 0, EEXIST),
		CALL(VM, KVM_CREATE_VCPU, 1ul << 32, EEXIST),
		CALL(VM, KVM_CREATE_VCPU, 1ul << 20, EINVAL),
		CALL(VM, KVM_CREATE_VCPU, ~0ul, EINVAL),
		CALL(VM, KVM_CREATE_VCPU, 0xffffffff, EINVAL),
		CALL(VM, KVM_SET_TSS_ADDR, 0xffffd001, EINVAL),
		CALL(VM, KVM_SET_TSS_ADDR, ~0ul, EINVAL),
		CALL(VM, KVM_SET_TSS_ADDR, 0xfffbd000, 0),
		CALL(VM, KVM_SET_TSS_ADDR, 0xffffd000, 0),
		CALL(VM, KVM_SET_TSS_ADDR, 0, 0),
		CALL(VCPU, KVM_RUN, 1, EINVAL),
		CALL(VCPU, KVM_RUN, ~0ul, EINVAL),
		CALL(VCPU, KVM_NMI, 0, 0),
		CALL(VCPU, KVM_KVMCLOCK_CTRL, 0, EINVAL),
	};

	check(_metadata, self, calls, ARRAY_SIZE(calls));
	/* Where there is no system-management mode the call is known all the same. */
	EXPECT_EQ(ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_X86_SMM) > 0 ? 0 : ENOTTY,
		  answer(self->cpu.fd, KVM_SMI, 0));
	EXPECT_EQ(12, ioctl(self->vm.dev, KVM_GET_API_VERSION, 0));
	EXPECT_LE(4096 + 4096, ioctl(self->vm.dev, KVM_GET_VCPU_MMAP_SIZE, 0));
	EXPECT_EQ(0, ioctl(self->vm.dev, KVM_GET_VCPU_MMAP_SIZE, 0) % 4096);
}

TEST_F(guest, bad_pointers)
{
	static const struct call calls[] = {
#define BAD(where, number)						\
		CALL(where, number, 0, EFAULT),				\
		CALL(where, number, NOWHERE, EFAULT),			\
		CALL(where, number, KERNEL, EFAULT),			\
		CALL(where, number, ~0ul, EFAULT)
		BAD(SYSTEM, KVM_GET_SUPPORTED_CPUID),
		BAD(SYSTEM, KVM_GET_EMULATED_CPUID),
		BAD(SYSTEM, KVM_GET_MSR_INDEX_LIST),
		BAD(SYSTEM, KVM_GET_MSR_FEATURE_INDEX_LIST),
		BAD(SYSTEM, KVM_GET_MSRS),
		BAD(VM, KVM_SET_USER_MEMORY_REGION),
		BAD(VM, KVM_ENABLE_CAP),
		BAD(VM, KVM_X86_SET_MSR_FILTER),
		BAD(VCPU, KVM_ENABLE_CAP),
		BAD(VCPU, KVM_GET_REGS),
		BAD(VCPU, KVM_SET_REGS),
		BAD(VCPU, KVM_GET_SREGS),
		BAD(VCPU, KVM_SET_SREGS),
		BAD(VCPU, KVM_GET_SREGS2),
		BAD(VCPU, KVM_SET_SREGS2),
		BAD(VCPU, KVM_GET_DEBUGREGS),
		BAD(VCPU, KVM_SET_DEBUGREGS),
		BAD(VCPU, KVM_GET_XSAVE),
		BAD(VCPU, KVM_GET_XSAVE2),
		BAD(VCPU, KVM_SET_XSAVE),
		BAD(VCPU, KVM_GET_XCRS),
		BAD(VCPU, KVM_SET_XCRS),
		BAD(VCPU, KVM_TRANSLATE),
		BAD(VCPU, KVM_SET_GUEST_DEBUG),
		BAD(VCPU, KVM_HAS_DEVICE_ATTR),
		BAD(VCPU, KVM_GET_DEVICE_ATTR),
		BAD(VCPU, KVM_SET_DEVICE_ATTR),
		BAD(VCPU, KVM_GET_FPU),
		BAD(VCPU, KVM_SET_FPU),
		BAD(VCPU, KVM_GET_MSRS),
		BAD(VCPU, KVM_SET_MSRS),
		BAD(VCPU, KVM_GET_CPUID2),
		BAD(VCPU, KVM_SET_CPUID2),
		BAD(VCPU, KVM_GET_VCPU_EVENTS),
		BAD(VCPU, KVM_SET_VCPU_EVENTS),
		BAD(VCPU, KVM_GET_MP_STATE),
		BAD(VCPU, KVM_SET_MP_STATE),
		BAD(VCPU, KVM_INTERRUPT),
		CALL(VCPU, KVM_SET_SIGNAL_MASK, NOWHERE, EFAULT),
		CALL(VCPU, KVM_SET_SIGNAL_MASK, KERNEL, EFAULT),
	};
	struct kvm_regs regs = vcpu_regs(&self->cpu), after;
	struct vm fresh;

	check(_metadata, self, calls, ARRAY_SIZE(calls));
	after = vcpu_regs(&self->cpu);
	EXPECT_EQ(0, memcmp(&regs, &after, sizeof(regs)));
	/* This call looks at its pointer only before there is a vCPU. */
	vm_init_bare(&fresh);
	EXPECT_EQ(EFAULT, answer(fresh.fd, KVM_SET_IDENTITY_MAP_ADDR, 0));
	EXPECT_EQ(EFAULT, answer(fresh.fd, KVM_SET_IDENTITY_MAP_ADDR, KERNEL));
	vm_close(&fresh);
}

/* The last bytes of a page whose successor is not mapped. */
static uint8_t *edge_page(void)
{
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || munmap(page + 4096, 4096))
		die("cannot map a page with nothing behind it: %s", strerror(errno));
	return page;
}

TEST_F(guest, half_mapped_arguments)
{
	static const struct {
		const char *name;
		unsigned long number;
		size_t size;
	} calls[] = {
#define SIZED(number, type) { #number, number, sizeof(struct type) }
		SIZED(KVM_GET_REGS, kvm_regs), SIZED(KVM_SET_REGS, kvm_regs),
		SIZED(KVM_GET_SREGS, kvm_sregs), SIZED(KVM_SET_SREGS, kvm_sregs),
		SIZED(KVM_GET_FPU, kvm_fpu), SIZED(KVM_SET_FPU, kvm_fpu),
		SIZED(KVM_GET_SREGS2, kvm_sregs2), SIZED(KVM_SET_SREGS2, kvm_sregs2),
		SIZED(KVM_GET_DEBUGREGS, kvm_debugregs), SIZED(KVM_SET_DEBUGREGS, kvm_debugregs),
		SIZED(KVM_GET_XSAVE, kvm_xsave), SIZED(KVM_SET_XSAVE, kvm_xsave),
		SIZED(KVM_GET_XCRS, kvm_xcrs), SIZED(KVM_SET_XCRS, kvm_xcrs),
		SIZED(KVM_ENABLE_CAP, kvm_enable_cap),
		SIZED(KVM_TRANSLATE, kvm_translation),
		SIZED(KVM_GET_VCPU_EVENTS, kvm_vcpu_events),
		SIZED(KVM_SET_VCPU_EVENTS, kvm_vcpu_events),
		SIZED(KVM_GET_MP_STATE, kvm_mp_state), SIZED(KVM_SET_MP_STATE, kvm_mp_state),
		SIZED(KVM_INTERRUPT, kvm_interrupt),
		SIZED(KVM_SET_MSRS, kvm_msrs), SIZED(KVM_SET_CPUID2, kvm_cpuid2),
	};
	struct kvm_sregs before = vcpu_sregs(&self->cpu), after;
	uint8_t *end = edge_page() + 4096;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned long half = (uintptr_t)end - calls[i].size / 2;

		EXPECT_EQ(EFAULT, answer(self->cpu.fd, calls[i].number, half))
			TH_LOG("%s", calls[i].name);
	}
	after = vcpu_sregs(&self->cpu);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	/* Headers that are there, arrays that are not. */
	memset(end - 8, 0, 8);
	end[-8] = 3;
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_MSRS, (uintptr_t)end - 8));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_SET_MSRS, (uintptr_t)end - 8));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_SET_CPUID2, (uintptr_t)end - 8));
	end[-8] = 255;
	EXPECT_EQ(EFAULT, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)end - 8));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_CPUID2, (uintptr_t)end - 8));
	end[-4] = 255;
	end[-3] = 1;
	EXPECT_EQ(EFAULT, answer(self->vm.dev, KVM_GET_MSR_INDEX_LIST, (uintptr_t)end - 4));
}

/* What is read only must not be written to by a GET. */
TEST_F(guest, read_only_memory_as_destination)
{
	uint8_t *page = edge_page();

	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_REGS, (uintptr_t)page));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_SREGS, (uintptr_t)page));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_FPU, (uintptr_t)page));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_VCPU_EVENTS, (uintptr_t)page));
	EXPECT_EQ(EFAULT, answer(self->cpu.fd, KVM_GET_MP_STATE, (uintptr_t)page));
}

TEST_F(guest, small_structures)
{
	struct kvm_interrupt irq = { .irq = 256 };
	struct kvm_mp_state state = { .mp_state = 99 };

	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_INTERRUPT, (uintptr_t)&irq));
	irq.irq = ~0u;
	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_INTERRUPT, (uintptr_t)&irq));
	EXPECT_EQ(0, vcpu_events(&self->cpu).interrupt.injected);
	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_MP_STATE, (uintptr_t)&state));
	state.mp_state = KVM_MP_STATE_UNINITIALIZED;
	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_MP_STATE, (uintptr_t)&state));
	state.mp_state = KVM_MP_STATE_HALTED;
	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_MP_STATE, (uintptr_t)&state));
	state.mp_state = KVM_MP_STATE_RUNNABLE;
	EXPECT_EQ(0, answer(self->cpu.fd, KVM_SET_MP_STATE, (uintptr_t)&state));
	state.mp_state = 77;
	EXPECT_EQ(0, answer(self->cpu.fd, KVM_GET_MP_STATE, (uintptr_t)&state));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, state.mp_state);
}

TEST_F(guest, bad_events)
{
	static const struct {
		const char *name;
		uint32_t flags;
		uint8_t injected, nr;
	} bad[] = {
		{ "exception 2", 0, 1, 2 },
		{ "exception 32", 0, 1, 32 },
		{ "exception 40", 0, 1, 40 },
		{ "exception 255", 0, 1, 255 },
		{ "unknown flag", 1u << 31, 0, 0 },
		{ "all flags", ~0u, 0, 0 },
		{ "payload without its capability", KVM_VCPUEVENT_VALID_PAYLOAD, 0, 0 },
	};
	struct kvm_vcpu_events before = vcpu_events(&self->cpu), events;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		events = before;
		events.flags = bad[i].flags;
		events.exception.injected = bad[i].injected;
		events.exception.nr = bad[i].nr;
		EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_VCPU_EVENTS, (uintptr_t)&events))
			TH_LOG("%s", bad[i].name);
		events = vcpu_events(&self->cpu);
		EXPECT_EQ(0, memcmp(&before, &events, sizeof(events)))
			TH_LOG("%s", bad[i].name);
	}
	/* The number counts only with an exception. */
	events = before;
	events.exception.nr = 40;
	EXPECT_EQ(0, answer(self->cpu.fd, KVM_SET_VCPU_EVENTS, (uintptr_t)&events));
}

TEST_F(guest, msr_arrays)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[260];
	} *msrs = calloc(1, sizeof(*msrs));
	int fd = self->cpu.fd;

	msrs->head.nmsrs = 257;
	EXPECT_EQ(E2BIG, answer(fd, KVM_GET_MSRS, (uintptr_t)msrs));
	EXPECT_EQ(E2BIG, answer(fd, KVM_SET_MSRS, (uintptr_t)msrs));
	msrs->head.nmsrs = ~0u;
	EXPECT_EQ(E2BIG, answer(fd, KVM_GET_MSRS, (uintptr_t)msrs));
	EXPECT_EQ(E2BIG, answer(fd, KVM_SET_MSRS, (uintptr_t)msrs));
	msrs->head.nmsrs = 0;
	EXPECT_EQ(0, ioctl(fd, KVM_GET_MSRS, msrs));
	EXPECT_EQ(0, ioctl(fd, KVM_SET_MSRS, msrs));
	for (int i = 0; i < 255; i++)
		msrs->entry[i].index = 0x277;
	msrs->head.nmsrs = 255;
	EXPECT_EQ(255, ioctl(fd, KVM_GET_MSRS, msrs));
	EXPECT_EQ(0x0007040600070406, msrs->entry[254].data);
	/* An unknown one stops the count and what follows is left alone. */
	msrs->head.nmsrs = 3;
	msrs->entry[0] = (struct kvm_msr_entry) { .index = 0xc0000084, .data = 0x4711 };
	msrs->entry[1] = (struct kvm_msr_entry) { .index = 0x12345678, .data = 1 };
	msrs->entry[2] = (struct kvm_msr_entry) { .index = 0xc0000084, .data = 0x4712 };
	EXPECT_EQ(1, ioctl(fd, KVM_SET_MSRS, msrs));
	EXPECT_EQ(0x4711, vcpu_get_msr(&self->cpu, 0xc0000084));
	msrs->entry[0].data = 0;
	EXPECT_EQ(1, ioctl(fd, KVM_GET_MSRS, msrs));
	EXPECT_EQ(0x4711, msrs->entry[0].data);
	EXPECT_EQ(0x4712, msrs->entry[2].data);
	free(msrs);
}

TEST_F(guest, bad_msr_values)
{
	static const struct kvm_msr_entry bad[] = {
		{ .index = 0xc0000082, .data = 1ull << 63 },	/* LSTAR */
		{ .index = 0xc0000083, .data = 1ull << 62 },	/* CSTAR */
		{ .index = 0xc0000100, .data = 1ull << 63 },	/* FS base */
		{ .index = 0xc0000101, .data = 1ull << 63 },	/* GS base */
		{ .index = 0xc0000102, .data = 1ull << 63 },	/* KERNEL_GS_BASE */
		{ .index = 0xc0000080, .data = ~0ull },		/* EFER */
		{ .index = 0x277, .data = 2 },			/* PAT */
		{ .index = 0x2ff, .data = 3 },			/* MTRR default type */
		{ .index = 0x1b, .data = ~0ull },		/* APIC base */
		{ .index = 0x12345678, .data = 0 },
		{ .index = 0xffffffff, .data = 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct {
			struct kvm_msrs head;
			struct kvm_msr_entry entry;
		} msr = { .head.nmsrs = 1, .entry = bad[i] };

		EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_MSRS, &msr))
			TH_LOG("MSR 0x%x", bad[i].index);
	}
}

TEST_F(guest, msr_index_list)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + 1024 * sizeof(__u32));
	uint32_t nr;

	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_MSR_INDEX_LIST, (uintptr_t)list));
	nr = list->nmsrs;
	ASSERT_LT(5, nr);
	ASSERT_GT(1024, nr);
	list->nmsrs = nr - 1;
	list->indices[0] = 0xaaaaaaaa;
	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_MSR_INDEX_LIST, (uintptr_t)list));
	EXPECT_EQ(nr, list->nmsrs);
	EXPECT_EQ(0xaaaaaaaa, list->indices[0]);
	list->indices[nr] = 0xaaaaaaaa;
	ASSERT_EQ(0, answer(self->vm.dev, KVM_GET_MSR_INDEX_LIST, (uintptr_t)list));
	EXPECT_EQ(nr, list->nmsrs);
	EXPECT_EQ(0xaaaaaaaa, list->indices[nr]);
	list->nmsrs = 1024;
	ASSERT_EQ(0, answer(self->vm.dev, KVM_GET_MSR_INDEX_LIST, (uintptr_t)list));
	EXPECT_EQ(nr, list->nmsrs);
	free(list);
}

/* Every listed MSR can be saved, and what was saved can be put back. */
TEST_F(guest, listed_msrs_can_be_saved_and_restored)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + 1024 * sizeof(__u32));

	list->nmsrs = 1024;
	ASSERT_EQ(0, ioctl(self->vm.dev, KVM_GET_MSR_INDEX_LIST, list));
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		struct {
			struct kvm_msrs head;
			struct kvm_msr_entry entry;
		} msr = { .head.nmsrs = 1, .entry.index = list->indices[i] };

		/* Without an irqchip KVM lists these two and refuses them. */
		if (vm_is_kvm() && (list->indices[i] == 0x4b564d06 ||
				    list->indices[i] == 0x4b564d07))
			continue;
		/* VMX capability MSRs go with the VMX bit, which this guest lacks. */
		if (list->indices[i] >= 0x480 && list->indices[i] <= 0x491)
			continue;
		EXPECT_EQ(1, ioctl(self->cpu.fd, KVM_GET_MSRS, &msr))
			TH_LOG("get 0x%x", list->indices[i]);
		EXPECT_EQ(1, ioctl(self->cpu.fd, KVM_SET_MSRS, &msr))
			TH_LOG("set 0x%x", list->indices[i]);
	}
	free(list);
}

static struct kvm_cpuid2 *new_cpuid(uint32_t nent)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + 300 * sizeof(cpuid->entries[0]));

	if (!cpuid)
		die("out of memory");
	cpuid->nent = nent;
	return cpuid;
}

TEST_F(guest, supported_cpuid_sizes)
{
	struct kvm_cpuid2 *cpuid = new_cpuid(0);
	uint32_t nr;

	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)cpuid));
	cpuid->nent = 1;
	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)cpuid));
	cpuid->nent = 300;
	ASSERT_EQ(0, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)cpuid));
	nr = cpuid->nent;
	ASSERT_LT(3, nr);
	cpuid->nent = nr - 1;
	EXPECT_EQ(E2BIG, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)cpuid));
	cpuid->nent = nr;
	EXPECT_EQ(0, answer(self->vm.dev, KVM_GET_SUPPORTED_CPUID, (uintptr_t)cpuid));
	EXPECT_EQ(nr, cpuid->nent);
	for (uint32_t i = 0; i < nr; i++)
		EXPECT_EQ(0, cpuid->entries[i].padding[0] | cpuid->entries[i].padding[1] |
			     cpuid->entries[i].padding[2]);
	free(cpuid);
}

TEST_F(guest, cpuid_set_and_get)
{
	struct kvm_cpuid2 *cpuid = new_cpuid(300), *back = new_cpuid(300);
	int fd = self->cpu.fd;

	EXPECT_EQ(E2BIG, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	cpuid->nent = ~0u;
	EXPECT_EQ(E2BIG, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	cpuid->nent = 2;
	cpuid->entries[0] = (struct kvm_cpuid_entry2) { .function = 0x80000008, .eax = 0x3028 };
	cpuid->entries[1] = (struct kvm_cpuid_entry2) { .function = 0, .eax = 1, .ebx = 9 };
	ASSERT_EQ(0, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	/* A width of virtual addresses that no processor has. */
	cpuid->entries[0].eax = 0x2928;
	EXPECT_EQ(EINVAL, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	cpuid->entries[0].eax = 0x3028;
	back->nent = 1;
	EXPECT_EQ(E2BIG, answer(fd, KVM_GET_CPUID2, (uintptr_t)back));
	back->nent = 0;
	EXPECT_EQ(E2BIG, answer(fd, KVM_GET_CPUID2, (uintptr_t)back));
	back->nent = 2;
	ASSERT_EQ(0, answer(fd, KVM_GET_CPUID2, (uintptr_t)back));
	EXPECT_EQ(0, memcmp(cpuid->entries, back->entries, 2 * sizeof(cpuid->entries[0])));
	cpuid->nent = 0;
	EXPECT_EQ(0, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	free(cpuid);
	free(back);
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

TEST_F(guest, cpuid_is_fixed_by_the_first_run)
{
	struct kvm_cpuid2 *cpuid = new_cpuid(256);
	int fd = self->cpu.fd;

	vcpu_set_long(&self->cpu, just_done);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->vm.dev, KVM_GET_SUPPORTED_CPUID, cpuid));
	cpuid_find(cpuid, 1, 0)->ecx &= ~(1u << 5);	/* as vcpu_init() does */
	EXPECT_EQ(0, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	cpuid->entries[0].ebx ^= 1;
	EXPECT_EQ(EINVAL, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	cpuid->entries[0].ebx ^= 1;
	cpuid->nent--;
	EXPECT_EQ(EINVAL, answer(fd, KVM_SET_CPUID2, (uintptr_t)cpuid));
	vcpu_set_long(&self->cpu, just_done);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	free(cpuid);
}

TEST_F(guest, identity_map_comes_before_vcpus)
{
	uint64_t address = 0xfffbc000;
	struct vm fresh;
	struct vcpu cpu;

	EXPECT_EQ(EINVAL, answer(self->vm.fd, KVM_SET_IDENTITY_MAP_ADDR, (uintptr_t)&address));
	EXPECT_EQ(EINVAL, answer(self->vm.fd, KVM_SET_IDENTITY_MAP_ADDR, 0));
	vm_init_bare(&fresh);
	EXPECT_EQ(0, answer(fresh.fd, KVM_SET_IDENTITY_MAP_ADDR, (uintptr_t)&address));
	address = 0;
	EXPECT_EQ(0, answer(fresh.fd, KVM_SET_IDENTITY_MAP_ADDR, (uintptr_t)&address));
	vcpu_init_bare(&fresh, &cpu, 0);
	EXPECT_EQ(EINVAL, answer(fresh.fd, KVM_SET_IDENTITY_MAP_ADDR, (uintptr_t)&address));
	vcpu_close(&cpu);
	vm_close(&fresh);
}

static struct kvm_regs low_regs;

TEST_F(guest, calls_of_32_bit_programs)
{
	struct kvm_regs regs;

	if (compat_ioctl(self->vm.dev, KVM_GET_API_VERSION, NULL) == -ENOSYS)
		SKIP(return, "this kernel runs no 32-bit programs");
	vcpu_set_long(&self->cpu, just_done);
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(12, compat_ioctl(self->vm.dev, KVM_GET_API_VERSION, NULL));
	EXPECT_EQ(-EINVAL, compat_ioctl(self->vm.dev, UNKNOWN_NUMBER, NULL));
	EXPECT_EQ(-EEXIST, compat_ioctl(self->vm.fd, KVM_CREATE_VCPU, NULL));
	EXPECT_EQ(0, compat_ioctl(self->cpu.fd, KVM_GET_REGS, &low_regs));
	EXPECT_EQ(0, memcmp(&regs, &low_regs, sizeof(regs)));
	EXPECT_EQ(-EINVAL, compat_ioctl(self->cpu.fd, UNKNOWN_NUMBER, NULL));
	EXPECT_EQ(0, compat_ioctl(self->cpu.fd, KVM_RUN, NULL));
	EXPECT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
}

TEST_HARNESS_MAIN
