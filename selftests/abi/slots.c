// SPDX-License-Identifier: GPL-2.0
/*
 * Memory slots: which are taken and which refused, and what a guest finds in
 * them.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define GPA	0x20000000ull		/* free of the fixture's slot */
#define SIZE	0x10000ull
#define PAGE	0x1000ull

static uint8_t *map(size_t size)
{
	uint8_t *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (host == MAP_FAILED)
		die("cannot map %zu bytes: %s", size, strerror(errno));
	return host;
}

static int set(struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa, uint64_t size,
	       void *host)
{
	return vm_set_slot(vm, slot, flags, gpa, size, host) ? errno : 0;
}

TEST_F(guest, bad_slots)
{
	uint8_t *host = map(2 * SIZE);
	const struct {
		const char *name;
		uint32_t slot, flags;
		uint64_t gpa, size;
		void *host;
		int wanted;
	} bad[] = {
		{ "unaligned gpa", 1, 0, GPA + 1, SIZE, host, EINVAL },
		{ "unaligned size", 1, 0, GPA, SIZE + 1, host, EINVAL },
		{ "unaligned address", 1, 0, GPA, SIZE, host + 1, EINVAL },
		{ "kernel address", 1, 0, GPA, SIZE, (void *)0xffff888000000000, EINVAL },
		{ "address that is not canonical", 1, 0, GPA, SIZE, (void *)(1ul << 62), EINVAL },
		{ "into the kernel", 1, 0, GPA, SIZE, (void *)0x7fffffff0000, EINVAL },
		{ "gpa wraps", 1, 0, 0xffffffffffff0000, 2 * SIZE, host, EINVAL },
		{ "ends at the end", 1, 0, 0xffffffffffff0000, SIZE, host, EINVAL },
		{ "slot 0xffff", 0xffff, 0, GPA, SIZE, host, EINVAL },
		{ "slot 0x7fff", 0x7fff, 0, GPA, SIZE, host, EINVAL },
		{ "address space 7", 7 << 16 | 1, 0, GPA, SIZE, host, EINVAL },
		{ "flag 4", 1, 4, GPA, SIZE, host, EINVAL },
		{ "all flags", 1, ~0u, GPA, SIZE, host, EINVAL },
		{ "2^52 bytes", 1, 0, 0, 1ull << 52, NULL, EINVAL },
		{ "2^31 pages", 1, 0, 1ull << 40, 1ull << 43, NULL, EINVAL },
		{ "above the processor's width", 1, 0, 1ull << 52, SIZE, host, EINVAL },
		{ "delete an absent slot", 1, 0, GPA, 0, host, EINVAL },
		{ "delete an absent slot far away", 500, 0, 0, 0, NULL, EINVAL },
		{ "overlap at the front", 1, 0, VM_MEMORY - PAGE, SIZE, host, EEXIST },
		{ "overlap inside", 1, 0, 0x100000, PAGE, host, EEXIST },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(bad[i].wanted, set(&self->vm, bad[i].slot, bad[i].flags, bad[i].gpa,
					     bad[i].size, bad[i].host))
			TH_LOG("%s", bad[i].name);
		/* Nothing of it was kept: the slot is still free. */
		EXPECT_EQ(EINVAL, set(&self->vm, 1, 0, GPA, 0, NULL)) TH_LOG("%s", bad[i].name);
	}
}

TEST_F(guest, changes_of_a_slot)
{
	uint8_t *host = map(2 * SIZE), *other = map(SIZE);
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));
	EXPECT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));			/* identical */
	EXPECT_EQ(EINVAL, set(vm, 1, 0, GPA, 2 * SIZE, host));		/* grown */
	EXPECT_EQ(EINVAL, set(vm, 1, 0, GPA, SIZE - PAGE, host));	/* shrunk */
	EXPECT_EQ(EINVAL, set(vm, 1, 0, GPA, SIZE, other));		/* elsewhere */
	EXPECT_EQ(0, set(vm, 1, 0, GPA + SIZE, SIZE, host));		/* moved */
	EXPECT_EQ(0, set(vm, 2, 0, GPA, SIZE, other));
	EXPECT_EQ(EEXIST, set(vm, 1, 0, GPA + PAGE, SIZE, host));	/* moved onto 2 */
	EXPECT_EQ(EEXIST, set(vm, 3, 0, GPA + SIZE, SIZE, host));	/* twice the same gpa */
	EXPECT_EQ(0, set(vm, 3, 0, GPA + 2 * SIZE, SIZE, host));	/* twice the same memory */
	EXPECT_EQ(0, set(vm, 1, 0, 0, 0, NULL));
	EXPECT_EQ(EINVAL, set(vm, 1, 0, 0, 0, NULL));
	EXPECT_EQ(0, set(vm, 1, 0, GPA + SIZE, PAGE, host));		/* another size now */
	EXPECT_EQ(0, set(vm, 4, 0, GPA + 8 * SIZE, SIZE, (void *)0x10000)); /* unmapped */
	EXPECT_EQ(0, set(vm, 5, 0, 0xfee00000, PAGE, host));		/* over the APIC */
}

TEST_F(guest, flags_of_a_slot)
{
	bool readonly = ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_READONLY_MEM) > 0;
	struct vm *vm = &self->vm;
	uint8_t *host = map(SIZE);

	EXPECT_EQ(0, set(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, host));
	EXPECT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));
	EXPECT_EQ(0, set(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, host));
	EXPECT_EQ(EINVAL, set(vm, 1, KVM_MEM_READONLY, GPA, SIZE, host));
	EXPECT_EQ(0, set(vm, 1, 0, GPA, 0, host));
	EXPECT_EQ(readonly ? 0 : EINVAL, set(vm, 1, KVM_MEM_READONLY, GPA, SIZE, host));
	if (readonly)
		EXPECT_EQ(EINVAL, set(vm, 1, 0, GPA, SIZE, host));
}

static volatile uint64_t address, value;

static __guest void touch(void)
{
	value = *(volatile uint64_t *)address;
	*(volatile uint64_t *)address = value + 1;
	GUEST_DONE();
}

/* Points page 1 of VM_PAGES to a gpa, as the guest sees it afresh. */
static void aim(struct vcpu *cpu, uint64_t gpa)
{
	*vm_pte(cpu->vm, VM_PAGES + PAGE) = (gpa & ~(PAGE - 1)) | PTE_P | PTE_W;
	GUEST_VAR(cpu->vm, address) = VM_PAGES + PAGE + (gpa & (PAGE - 1));
	vcpu_set_long(cpu, touch);
}

TEST_F(guest, contents_follow_the_slot)
{
	uint64_t *host = (uint64_t *)map(SIZE);
	struct vm *vm = &self->vm;

	host[0] = 100;
	ASSERT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));
	aim(&self->cpu, GPA);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(100, GUEST_VAR(vm, value));
	EXPECT_EQ(101, host[0]);
	/* Moved: at the new place the memory, at the old one a hole. */
	ASSERT_EQ(0, set(vm, 1, 0, GPA + SIZE, SIZE, host));
	aim(&self->cpu, GPA + SIZE);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(102, host[0]);
	aim(&self->cpu, GPA);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_EQ(GPA, self->cpu.run->mmio.phys_addr);
}

TEST_F(guest, deleted_slot_is_a_hole)
{
	uint64_t *host = (uint64_t *)map(SIZE);
	struct vm *vm = &self->vm;

	ASSERT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));
	aim(&self->cpu, GPA + SIZE - 8);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(1, host[SIZE / 8 - 1]);
	ASSERT_EQ(0, set(vm, 1, 0, GPA, 0, host));
	aim(&self->cpu, GPA + SIZE - 8);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_EQ(GPA + SIZE - 8, self->cpu.run->mmio.phys_addr);
	EXPECT_EQ(8, self->cpu.run->mmio.len);
}

TEST_F(guest, slot_is_deleted_while_its_mmio_is_pending)
{
	struct vm *vm = &self->vm;
	uint64_t seven = 7, *host = (uint64_t *)map(SIZE);

	ASSERT_EQ(0, set(vm, 1, 0, GPA, SIZE, host));
	aim(&self->cpu, GPA + SIZE);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	memcpy(self->cpu.run->mmio.data, &seven, sizeof(seven));
	ASSERT_EQ(0, set(vm, 1, 0, GPA, 0, host));
	/* The store finds memory where the load found none. */
	ASSERT_EQ(0, set(vm, 2, 0, GPA + SIZE, PAGE, host));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(7, GUEST_VAR(vm, value));
	EXPECT_EQ(8, host[0]);
}

TEST_F(guest, unmapped_memory_is_efault)
{
	uint8_t *host = map(SIZE);

	ASSERT_EQ(0, set(&self->vm, 1, 0, GPA, SIZE, host));
	ASSERT_EQ(0, munmap(host, SIZE));
	aim(&self->cpu, GPA);
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	/* Memory that comes back is found. */
	ASSERT_EQ(host, mmap(host, SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(1, *(uint64_t *)host);
}

TEST_F(guest, memory_that_user_space_may_only_read)
{
	uint64_t *host = (uint64_t *)map(SIZE);

	host[0] = 5;
	ASSERT_EQ(0, mprotect(host, SIZE, PROT_READ));
	ASSERT_EQ(0, set(&self->vm, 1, 0, GPA, SIZE, host));
	aim(&self->cpu, GPA);
	/* The load works, the store has nowhere to go. */
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	EXPECT_EQ(5, GUEST_VAR(&self->vm, value));
	EXPECT_EQ(5, host[0]);
}

TEST_F(guest, two_slots_share_memory)
{
	uint64_t *host = (uint64_t *)map(SIZE);

	ASSERT_EQ(0, set(&self->vm, 1, 0, GPA, SIZE, host));
	ASSERT_EQ(0, set(&self->vm, 2, 0, GPA + SIZE, SIZE, host));
	aim(&self->cpu, GPA + 0x2008);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	aim(&self->cpu, GPA + SIZE + 0x2008);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(1, GUEST_VAR(&self->vm, value));
	EXPECT_EQ(2, host[0x2008 / 8]);
}

TEST_F(guest, many_slots)
{
	int last = ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS) - 1;
	uint64_t *host = (uint64_t *)map(64 * PAGE);
	struct vm *vm = &self->vm;

	ASSERT_LT(64, last);
	for (int i = 0; i < 64; i++)
		ASSERT_EQ(0, set(vm, last - i, 0, GPA + 3 * i * PAGE, PAGE,
				 (uint8_t *)host + i * PAGE));
	EXPECT_EQ(EINVAL, set(vm, last + 1, 0, GPA + 1000 * PAGE, PAGE, host));
	for (int i = 63; i >= 0; i -= 7) {
		aim(&self->cpu, GPA + 3 * i * PAGE + 16);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
		EXPECT_EQ(1, host[i * PAGE / 8 + 2]);
	}
	for (int i = 0; i < 64; i++)
		ASSERT_EQ(0, set(vm, last - i, 0, 0, 0, NULL));
	aim(&self->cpu, GPA);
	EXPECT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
}

TEST_HARNESS_MAIN
