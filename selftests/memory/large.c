// SPDX-License-Identifier: GPL-2.0
/*
 * Large pages: where the host has one, and the slot's place allows it, the guest gets it as a
 * whole; and whatever the host does to it, the guest finds its bytes where they belong.
 */
#include "kselftest_harness.h"

#include <pthread.h>

#include "fixture.h"
#include "runner.h"

#define GPA	0x20000000ull
#define PAGE	4096ul
#define LARGE	(2ul << 20)
#define NR	4ul			/* large pages of the slot */
#define SIZE	(NR * LARGE)
#define PAGES	(SIZE / PAGE)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static volatile uint64_t first, nr, add, wrong;

/* Each page has its own value, at its own place in the page. */
#define WORD(page)	((volatile uint64_t *)(uintptr_t)(GPA + (page) * PAGE + (page) % 512 * 8))

static __guest void write_pages(void)
{
	for (uint64_t i = first; i < first + nr; i++)
		*WORD(i) = i + add;
	GUEST_DONE();
}

static __guest void check_pages(void)
{
	for (uint64_t i = first; i < first + nr; i++)
		wrong += *WORD(i) != i + add;
	GUEST_DONE();
}

static enum guest_word run(struct vcpu *cpu, void (*entry)(void), uint64_t from, uint64_t pages)
{
	GUEST_VAR(cpu->vm, first) = from;
	GUEST_VAR(cpu->vm, nr) = pages;
	GUEST_VAR(cpu->vm, wrong) = 0;
	vcpu_set_long(cpu, entry);
	return vcpu_go(cpu);
}

static bool writes_all(struct vcpu *cpu)
{
	GUEST_VAR(cpu->vm, add)++;
	return run(cpu, write_pages, 0, PAGES) == GUEST_IS_DONE;
}

/* How many pages have another value than the guest wrote, as it and as this process see it. */
static unsigned long wrong_pages(struct vcpu *cpu, const uint8_t *host)
{
	unsigned long seen = 0;

	if (run(cpu, check_pages, 0, PAGES) != GUEST_IS_DONE)
		die("the guest cannot check its memory");
	for (unsigned long i = 0; i < PAGES; i++)
		seen += *(uint64_t *)(host + i * PAGE + i % 512 * 8) !=
			i + GUEST_VAR(cpu->vm, add);
	return seen + GUEST_VAR(cpu->vm, wrong);
}

static void set_file(const char *name, const char *value)
{
	FILE *file = fopen(name, "w");

	if (file) {
		fputs(value, file);
		fclose(file);
	}
}

/* Aligned to 2 MiB, with as much room again behind it. */
static uint8_t *map(int advice)
{
	uint8_t *area = mmap(NULL, 2 * SIZE + LARGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *host;

	/* Below 512 MiB the kernel thinks that large pages do not pay. */
	set_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	if (area == MAP_FAILED)
		die("cannot map memory: %s", strerror(errno));
	host = (uint8_t *)(((uintptr_t)area + LARGE - 1) & ~(LARGE - 1));
	madvise(host, 2 * SIZE, advice);
	return host;
}

static void show(struct vm *vm, uint32_t flags, void *host)
{
	if (vm_set_slot(vm, 1, flags, GPA, SIZE, host))
		die("slot: %s", strerror(errno));
}

/* A statistic of the VM's, by its name. */
static uint64_t stat(struct vm *vm, const char *name)
{
	struct kvm_stats_header header;
	struct {
		struct kvm_stats_desc desc;
		char name[64];
	} one;
	int fd = ioctl(vm->fd, KVM_GET_STATS_FD, NULL);
	uint64_t value = 0;
	size_t size;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		die("KVM_GET_STATS_FD: %s", strerror(errno));
	size = sizeof(one.desc) + header.name_size;
	if (size > sizeof(one))
		die("names of %u bytes", header.name_size);
	for (unsigned int i = 0; i < header.num_desc; i++) {
		if (pread(fd, &one, size, header.desc_offset + i * size) != (ssize_t)size)
			die("cannot read a description");
		if (strcmp(one.name, name))
			continue;
		if (pread(fd, &value, 8, header.data_offset + one.desc.offset) != 8)
			die("cannot read %s", name);
		close(fd);
		return value;
	}
	die("there is no statistic %s", name);
}

static uint64_t large_leaves(struct vm *vm)
{
	return stat(vm, "pages_2m");
}

TEST_F(guest, large_page_is_one_leaf)
{
	uint8_t *host = map(MADV_HUGEPAGE);
	uint64_t before;

	show(&self->vm, 0, host);
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_pages, 0, 1));
	before = stat(&self->vm, "pages_4k");
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(NR, large_leaves(&self->vm));
	EXPECT_EQ(before, stat(&self->vm, "pages_4k"));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	/* And all of it is given up. */
	ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, large_leaves(&self->vm));
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(NR, large_leaves(&self->vm));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 0, host));
	EXPECT_EQ(0, large_leaves(&self->vm));
}

/* Where guest-physical and user address differ below 2 MiB, or the slot ends within. */
TEST_F(guest, place_of_a_slot)
{
	const struct {
		const char *name;
		uint64_t shift, cut, wanted;
	} slots[] = {
		{ "whole", 0, 0, NR },
		{ "4 KiB further in user memory", PAGE, 0, 0 },
		{ "1 MiB further", LARGE / 2, 0, 0 },
		{ "2 MiB further", LARGE, 0, NR },
		{ "4 KiB less at the end", 0, PAGE, NR - 1 },
		{ "3 MiB less at the end", 0, LARGE + LARGE / 2, NR - 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		uint8_t *host = map(MADV_HUGEPAGE);
		uint64_t size = SIZE - slots[i].cut;

		memset(host, 0, 2 * SIZE);
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, size, host + slots[i].shift));
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_pages, 0, size / PAGE));
		EXPECT_EQ(slots[i].wanted, large_leaves(&self->vm)) TH_LOG("%s", slots[i].name);
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_pages, 0, size / PAGE));
		EXPECT_EQ(0, GUEST_VAR(&self->vm, wrong)) TH_LOG("%s", slots[i].name);
		for (unsigned long j = 0; j < size / PAGE; j++)
			ASSERT_EQ(j, *(uint64_t *)(host + slots[i].shift + j * PAGE + j % 512 * 8))
				TH_LOG("%s", slots[i].name);
		ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 0, host));
		munmap(host, 2 * SIZE);
	}
}

/* The slot begins in the middle of a large page, at the same place as in user memory. */
TEST_F(guest, slot_begins_within)
{
	uint8_t *host = map(MADV_HUGEPAGE);
	const unsigned long skip = 300;

	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA + skip * PAGE, SIZE - skip * PAGE,
				 host + skip * PAGE));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_pages, skip, PAGES - skip));
	EXPECT_EQ(NR - 1, large_leaves(&self->vm));
	for (unsigned long i = skip; i < PAGES; i++)
		ASSERT_EQ(i, *(uint64_t *)(host + i * PAGE + i % 512 * 8));
}

TEST_F(guest, small_pages_stay_small)
{
	uint8_t *host = map(MADV_NOHUGEPAGE);

	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(0, large_leaves(&self->vm));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	madvise(host, SIZE, MADV_HUGEPAGE);
	if (madvise(host, SIZE, MADV_COLLAPSE))
		SKIP(return, "this kernel cannot be told to collapse pages: %s", strerror(errno));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	/* KVM of Linux 6.1 has none at this point. */
	if (!vm_is_kvm())
		EXPECT_EQ(NR, large_leaves(&self->vm));
}

TEST_F(guest, host_breaks_it)
{
	uint8_t *host = map(MADV_HUGEPAGE);

	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	ASSERT_EQ(NR, large_leaves(&self->vm));
	ASSERT_EQ(0, madvise(host + LARGE + 100 * PAGE, PAGE, MADV_DONTNEED));
	/* One page is empty now, as the guest and as this process see it. */
	EXPECT_EQ(2, wrong_pages(&self->cpu, host));
	EXPECT_EQ(NR - 1, large_leaves(&self->vm));
	ASSERT_TRUE(writes_all(&self->cpu));
	ASSERT_EQ(0, mprotect(host + 2 * LARGE + 7 * PAGE, PAGE, PROT_READ));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	vcpu_set_long(&self->cpu, write_pages);
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	ASSERT_EQ(0, mprotect(host + 2 * LARGE + 7 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	EXPECT_EQ(NR - 2, large_leaves(&self->vm));
}

TEST_F(guest, memory_of_hugetlbfs)
{
	uint8_t *host;

	set_file("/proc/sys/vm/nr_hugepages", "4");
	host = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (host == MAP_FAILED)
		SKIP(return, "no page of hugetlbfs is to be had: %s", strerror(errno));
	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(NR, large_leaves(&self->vm));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	munmap(host, SIZE);
	EXPECT_EQ(0, large_leaves(&self->vm));
	set_file("/proc/sys/vm/nr_hugepages", "0");
}

static int get_log(struct vm *vm, void *bits)
{
	struct kvm_dirty_log get = { .slot = 1, .dirty_bitmap = bits };

	return ioctl(vm->fd, KVM_GET_DIRTY_LOG, &get);
}

static unsigned long count(const uint64_t *bits)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < PAGES / 64; i++)
		n += __builtin_popcountll(bits[i]);
	return n;
}

/* A log is of pages of 4 KiB; behind it large pages are large again. */
TEST_F(guest, dirty_log_of_large_pages)
{
	uint8_t *host = map(MADV_HUGEPAGE);
	uint64_t bits[PAGES / 64];

	show(&self->vm, 0, host);
	for (int round = 0; round < 3; round++) {
		ASSERT_TRUE(writes_all(&self->cpu));
		EXPECT_EQ(NR, large_leaves(&self->vm));
		show(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host);
		EXPECT_EQ(0, wrong_pages(&self->cpu, host));
		ASSERT_EQ(0, get_log(&self->vm, bits));
		EXPECT_EQ(0, count(bits));
		ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_pages, 700, 3));
		ASSERT_EQ(0, get_log(&self->vm, bits));
		EXPECT_EQ(3, count(bits));
		EXPECT_EQ(7ull << (700 % 64), bits[700 / 64]);
		/* More than a processor that lists such pages can list at once. */
		ASSERT_TRUE(writes_all(&self->cpu));
		ASSERT_EQ(0, get_log(&self->vm, bits));
		EXPECT_EQ(PAGES, count(bits));
		show(&self->vm, 0, host);
	}
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
}

/* Marked at first: a page that is cleared is watched, though its leaf was large. */
TEST_F(guest, large_pages_set_at_first)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
		.args = { KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET },
	};
	uint8_t *host = map(MADV_HUGEPAGE);
	uint64_t bits[PAGES / 64];
	struct kvm_clear_dirty_log clear = {
		.slot = 1, .first_page = 512, .num_pages = 64, .dirty_bitmap = bits,
	};

	VM_IOCTL(self->vm.fd, KVM_ENABLE_CAP, &cap);
	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	show(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host);
	memset(bits, 0xff, sizeof(bits));
	ASSERT_EQ(0, ioctl(self->vm.fd, KVM_CLEAR_DIRTY_LOG, &clear));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, check_pages, 0, PAGES));
	ASSERT_EQ(0, get_log(&self->vm, bits));
	EXPECT_EQ(PAGES - 64, count(bits));
	ASSERT_EQ(GUEST_IS_DONE, run(&self->cpu, write_pages, 520, 5));
	ASSERT_EQ(0, get_log(&self->vm, bits));
	EXPECT_EQ(PAGES - 64 + 5, count(bits));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
}

/* Code in a large page; that page's data is where it was. */
static __guest void call_into_it(void)
{
	asm volatile("call *%0" : : "r" (GPA + LARGE + 3 * PAGE + 64) : "memory");
	GUEST_DONE();
}

TEST_F(guest, code_in_a_large_page)
{
	uint8_t *host = map(MADV_HUGEPAGE);

	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	ASSERT_EQ(NR, large_leaves(&self->vm));
	host[LARGE + 3 * PAGE + 64] = 0xc3;	/* ret */
	vcpu_set_long(&self->cpu, call_into_it);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	/* Where the CPU must not fetch through large leaves there is one less. */
	EXPECT_LE(NR - 1, large_leaves(&self->vm));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	ASSERT_TRUE(writes_all(&self->cpu));
	vcpu_set_long(&self->cpu, call_into_it);
	ASSERT_EQ(0, madvise(host + 2 * LARGE, LARGE, MADV_DONTNEED));
	host[LARGE + 3 * PAGE + 64] = 0xc3;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* A child makes the parent's pages read-only: the guest's next write parts them. */
TEST_F(guest, large_pages_are_shared_by_fork)
{
	uint8_t *host = map(MADV_HUGEPAGE);
	int go[2], status;
	char byte;
	pid_t child;

	show(&self->vm, 0, host);
	ASSERT_TRUE(writes_all(&self->cpu));
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		unsigned long others = 0;

		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(2);
		for (unsigned long i = 0; i < PAGES; i++)
			others += *(uint64_t *)(host + i * PAGE + i % 512 * 8) != i + 1;
		_exit(!!others);
	}
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	ASSERT_TRUE(writes_all(&self->cpu));
	EXPECT_EQ(0, wrong_pages(&self->cpu, host));
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the child's copy changed");
}

/*
 * The host breaks large pages, makes new ones and logs, while the guest adds to each page and
 * knows what it wrote last: a stale or misplaced translation would show it something else.
 */
static volatile uint64_t stop;

static __guest void count_in_all(void)
{
	for (uint64_t round = 1; !stop; round++) {
		for (uint64_t i = 0; i < PAGES; i += 37) {
			GUEST_EQ(round - 1, *WORD(i));
			*WORD(i) = round;
		}
		GUEST_SYNC(round);
	}
	GUEST_DONE();
}

TEST_F(guest, all_at_once)
{
	struct runner runner = { .cpu = &self->cpu };
	uint8_t *host = map(MADV_HUGEPAGE);
	uint64_t bits[PAGES / 64];
	pthread_t thread;

	memset(host, 0, SIZE);
	show(&self->vm, 0, host);
	vcpu_set_long(&self->cpu, count_in_all);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_till_done, &runner));
	for (unsigned int i = 0; i < 40; i++) {
		uint8_t *part = host + i % NR * LARGE;

		/* Rights of some pages break the page; those of all of it let it be whole. */
		mprotect(part + 64 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
		usleep(100);
		mprotect(part + 64 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE);
		show(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host);
		usleep(100);
		ASSERT_EQ(0, get_log(&self->vm, bits));
		show(&self->vm, 0, host);
		madvise(part, LARGE, MADV_COLLAPSE);
		usleep(100);
	}
	GUEST_VAR(&self->vm, stop) = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(GUEST_IS_DONE, runner.word);
}

TEST_HARNESS_MAIN
