// SPDX-License-Identifier: GPL-2.0
/*
 * No page is held: what the guest has touched can be given back, swapped out,
 * merged, split and collapsed, and the guest finds its content again.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <sys/swap.h>

#include "fixture.h"

#define GPA	0x20000000ull
#define PAGE	4096ul
#define PAGES	512ul
#define SIZE	(PAGES * PAGE)

static volatile uint64_t first_page, nr_pages, wrong;

/* The slot's 2 MiB are mapped one to one at VM_HOLE's neighbour GPA. */
static __guest void write_all(void)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		*(volatile uint64_t *)(uintptr_t)(GPA + (first_page + i) * PAGE) = i + 1;
	GUEST_DONE();
}

static __guest void check_all(void)
{
	for (uint64_t i = 0; i < nr_pages; i++)
		wrong += *(volatile uint64_t *)(uintptr_t)(GPA + (first_page + i) * PAGE) != i + 1;
	GUEST_DONE();
}

static enum guest_word run(struct vcpu *cpu, void (*entry)(void))
{
	GUEST_VAR(cpu->vm, first_page) = 0;
	GUEST_VAR(cpu->vm, nr_pages) = PAGES;
	GUEST_VAR(cpu->vm, wrong) = 0;
	vcpu_set_long(cpu, entry);
	return vcpu_go(cpu);
}

/* 2 MiB, aligned so that it can be one large page. */
static uint8_t *add_memory(struct vm *vm, int advice)
{
	uint8_t *area = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *host;

	if (area == MAP_FAILED)
		die("cannot map memory: %s", strerror(errno));
	host = (uint8_t *)(((uintptr_t)area + SIZE - 1) & ~(SIZE - 1));
	madvise(host, SIZE, advice);
	if (vm_set_slot(vm, 1, 0, GPA, SIZE, host))
		die("slot: %s", strerror(errno));
	return host;
}

#define PAGE_IS_PRESENT	(1ull << 63)
#define PAGE_IS_SWAPPED	(1ull << 62)

static unsigned int count_pages(const uint8_t *host, uint64_t flag)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entries[PAGES] = {};
	unsigned int nr = 0;

	if (fd < 0 || pread(fd, entries, sizeof(entries), (uintptr_t)host / PAGE * 8) !=
	    (ssize_t)sizeof(entries))
		die("cannot read /proc/self/pagemap: %s", strerror(errno));
	close(fd);
	for (unsigned long i = 0; i < PAGES; i++)
		nr += !!(entries[i] & flag);
	return nr;
}

TEST_F(guest, memory_is_given_back)
{
	uint8_t *host = add_memory(&self->vm, MADV_NOHUGEPAGE);

	EXPECT_EQ(0, count_pages(host, PAGE_IS_PRESENT));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	EXPECT_EQ(PAGES, count_pages(host, PAGE_IS_PRESENT));
	ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, count_pages(host, PAGE_IS_PRESENT));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
	EXPECT_EQ(PAGES, GUEST_VAR(&self->vm, wrong));
}

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = -1;
	fclose(file);
	return resident;
}

TEST_F(guest, freed_memory_leaves_the_process)
{
	uint8_t *host = add_memory(&self->vm, MADV_NOHUGEPAGE);
	long before, full;

	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	full = resident_pages();
	ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	before = resident_pages();
	EXPECT_GE(full - (long)PAGES / 2, before);
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
		ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	}
	/* Ten times written and thrown away: nothing stays behind. */
	EXPECT_GE(before + (long)PAGES / 2, resident_pages());
}

#define SWAP_DEVICE	"/dev/ram0"
#define SWAP_PAGES	4096u

/*
 * Swap on a RAM disk. Its header is written here: mkswap waits for random
 * numbers, of which an emulated machine has few.
 */
static bool have_swap(void)
{
	static uint8_t page[PAGE];
	uint32_t version = 1, last = SWAP_PAGES - 1;
	int fd = open(SWAP_DEVICE, O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	memcpy(page + 1024, &version, sizeof(version));
	memcpy(page + 1028, &last, sizeof(last));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	done = pwrite(fd, page, PAGE, 0) == (ssize_t)PAGE && !fsync(fd);
	close(fd);
	return done && !swapon(SWAP_DEVICE, 0);
}

/* A page that somebody holds cannot be swapped out. */
TEST_F(guest, memory_is_swapped_out_and_in)
{
	uint8_t *host;

	if (!have_swap())
		SKIP(return, "no RAM disk to swap to");
	host = add_memory(&self->vm, MADV_NOHUGEPAGE);
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	for (int round = 0; round < 3; round++) {
		/* The first call may find the pages in use by the guest. */
		for (int i = 0; i < 5 && count_pages(host, PAGE_IS_PRESENT); i++)
			ASSERT_EQ(0, madvise(host, SIZE, MADV_PAGEOUT));
		EXPECT_LE(PAGES - 32, count_pages(host, PAGE_IS_SWAPPED));
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
		EXPECT_EQ(0, GUEST_VAR(&self->vm, wrong));
		/* Written by the guest alone: it must come to the swap as dirty. */
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	}
	swapoff(SWAP_DEVICE);
}

/* What the guest has used since the host last looked stays; what it has not may go. */
TEST_F(guest, pages_in_use_stay)
{
	uint8_t *host;

	if (!have_swap())
		SKIP(return, "no RAM disk to swap to");
	host = add_memory(&self->vm, MADV_NOHUGEPAGE);
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	ASSERT_EQ(0, madvise(host, SIZE, MADV_PAGEOUT));
	EXPECT_LE(PAGES - 32, count_pages(host, PAGE_IS_PRESENT));
	for (int round = 0; round < 3; round++) {
		GUEST_VAR(&self->vm, nr_pages) = PAGES / 2;
		vcpu_set_long(&self->cpu, check_all);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
		ASSERT_EQ(0, madvise(host, SIZE, MADV_PAGEOUT));
		EXPECT_LE(PAGES / 2 - 32, count_pages(host, PAGE_IS_PRESENT));
		EXPECT_LE(PAGES / 2 - 32, count_pages(host + SIZE / 2, PAGE_IS_SWAPPED));
	}
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
	EXPECT_EQ(0, GUEST_VAR(&self->vm, wrong));
	/* Nobody uses them: two looks, and they are gone. */
	ASSERT_EQ(0, madvise(host, SIZE, MADV_PAGEOUT));
	ASSERT_EQ(0, madvise(host, SIZE, MADV_PAGEOUT));
	EXPECT_LE(PAGES - 32, count_pages(host, PAGE_IS_SWAPPED));
	swapoff(SWAP_DEVICE);
}

static bool set_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

#define KSM "/sys/kernel/mm/ksm/"

TEST_F(guest, equal_pages_are_merged_and_part_again)
{
	uint8_t *host;
	int i;

	if (!set_file(KSM "sleep_millisecs", "1") || !set_file(KSM "pages_to_scan", "1000"))
		SKIP(return, "this kernel merges no pages (KSM)");
	host = add_memory(&self->vm, MADV_NOHUGEPAGE);
	memset(host, 0x5a, SIZE);
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));	/* the guest has them all */
	ASSERT_EQ(0, madvise(host, SIZE, MADV_MERGEABLE));
	ASSERT_TRUE(set_file(KSM "run", "1"));
	for (i = 0; i < 500 && read_number(KSM "pages_sharing") < (long)PAGES / 2; i++)
		usleep(2000);
	EXPECT_LE((long)PAGES / 2, read_number(KSM "pages_sharing"));
	/* The guest's write parts them: each its own value. */
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	for (unsigned long j = 0; j < PAGES; j++)
		EXPECT_EQ(j + 1, *(uint64_t *)(host + j * PAGE));
	set_file(KSM "run", "2");
	set_file(KSM "run", "0");
}

/* One large page, broken in the middle while the guest has it. */
TEST_F(guest, large_page_is_split)
{
	uint8_t *host = add_memory(&self->vm, MADV_HUGEPAGE);

	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	ASSERT_EQ(0, madvise(host + 100 * PAGE, PAGE, MADV_DONTNEED));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
	EXPECT_EQ(1, GUEST_VAR(&self->vm, wrong));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	ASSERT_EQ(0, mprotect(host + 200 * PAGE, PAGE, PROT_READ));
	vcpu_set_long(&self->cpu, write_all);
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	ASSERT_EQ(0, mprotect(host + 200 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* Small pages become a large one beneath the guest. */
TEST_F(guest, small_pages_are_collapsed)
{
	uint8_t *host = add_memory(&self->vm, MADV_NOHUGEPAGE);

	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	madvise(host, SIZE, MADV_HUGEPAGE);
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
	if (madvise(host, SIZE, MADV_COLLAPSE))
		SKIP(return, "this kernel cannot be told to collapse pages: %s", strerror(errno));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
	EXPECT_EQ(0, GUEST_VAR(&self->vm, wrong));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	EXPECT_EQ(PAGES, *(uint64_t *)(host + (PAGES - 1) * PAGE));
}

/* The kernel moves pages together; each keeps its content. */
TEST_F(guest, memory_is_compacted)
{
	add_memory(&self->vm, MADV_NOHUGEPAGE);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
		if (!set_file("/proc/sys/vm/compact_memory", "1"))
			SKIP(return, "this kernel cannot be told to compact its memory");
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_all));
		EXPECT_EQ(0, GUEST_VAR(&self->vm, wrong));
	}
}

TEST_F(guest, huge_page_of_hugetlbfs)
{
	uint8_t *host;

	set_file("/proc/sys/vm/nr_hugepages", "1");
	host = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (host == MAP_FAILED)
		SKIP(return, "no huge page to be had: %s", strerror(errno));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, SIZE, host));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_all));
	for (unsigned long j = 0; j < PAGES; j++)
		EXPECT_EQ(j + 1, *(uint64_t *)(host + j * PAGE));
	ASSERT_EQ(0, munmap(host, SIZE));
	vcpu_set_long(&self->cpu, check_all);
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	set_file("/proc/sys/vm/nr_hugepages", "0");
	EXPECT_EQ(0, read_number("/proc/sys/vm/nr_hugepages"));
}

TEST_HARNESS_MAIN
