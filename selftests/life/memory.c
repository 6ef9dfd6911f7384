// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory is user memory: whatever user space does to it, before, between
 * or during runs, the guest finds what is there now, and nothing that was.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include "fixture.h"

#define GPA	0x20000000ull
#define SIZE	(1ul << 20)
#define PAGE	4096ul
#define CHANGES	12u	/* under a running guest; each costs a time slice */

static volatile uint64_t value;
static volatile bool shall_write;

/* Page 1 of VM_PAGES is the memory under test. */
#define TESTED	((volatile uint64_t *)(uintptr_t)(VM_PAGES + PAGE))

static __guest void touch_for_ever(void)
{
	for (;;) {
		value = TESTED[0];
		if (shall_write)
			TESTED[1] = value + 1;
		GUEST_SYNC(value);
	}
}

static uint64_t *map(size_t size, int flags, int fd)
{
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (host == MAP_FAILED)
		die("cannot map %zu bytes: %s", size, strerror(errno));
	return host;
}

static uint64_t *map_private(size_t size)
{
	return map(size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Shows HOST to the guest at TESTED, and lets it run ENTRY from the start. */
static void show(struct vcpu *cpu, void *host, size_t size, void (*entry)(void), bool writes)
{
	if (vm_set_slot(cpu->vm, 1, 0, GPA, size, host))
		die("slot: %s", strerror(errno));
	*vm_pte(cpu->vm, VM_PAGES + PAGE) = GPA | PTE_P | PTE_W;
	GUEST_VAR(cpu->vm, shall_write) = writes;
	vcpu_set_long(cpu, entry);
}

/* What the guest reads now; ~0 if it cannot. */
static uint64_t guest_reads(struct vcpu *cpu)
{
	struct guest_report report;

	if (vcpu_run_guest(cpu, &report) != GUEST_IS_SYNC)
		return ~0ull;
	return report.value[0];
}

TEST_F(guest, content_that_is_thrown_away_is_gone)
{
	uint64_t *host = map_private(SIZE);

	host[0] = 1;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(1, guest_reads(&self->cpu));
	EXPECT_EQ(2, host[1]);
	for (uint64_t i = 10; i < 30; i++) {
		ASSERT_EQ(0, madvise(host, PAGE, MADV_DONTNEED));
		EXPECT_EQ(0, guest_reads(&self->cpu));
		EXPECT_EQ(1, host[1]);
		host[0] = i;
		EXPECT_EQ(i, guest_reads(&self->cpu));
		EXPECT_EQ(i + 1, host[1]);
	}
}

/* Read faults before write faults: the zero page, then a page of its own. */
TEST_F(guest, zero_page_gives_way_to_a_page_of_its_own)
{
	uint64_t *host = map_private(SIZE);

	show(&self->cpu, host, SIZE, touch_for_ever, false);
	for (uint64_t i = 1; i < 20; i++) {
		EXPECT_EQ(0, guest_reads(&self->cpu));
		/* The host's write replaces the page that the guest has. */
		host[0] = i;
		EXPECT_EQ(i, guest_reads(&self->cpu));
		ASSERT_EQ(0, madvise(host, PAGE, MADV_DONTNEED));
	}
}

TEST_F(guest, other_memory_at_the_same_address)
{
	uint64_t *host = map_private(SIZE), *fresh;

	host[0] = 1;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(1, guest_reads(&self->cpu));
	for (uint64_t i = 10; i < 20; i++) {
		fresh = map_private(PAGE);
		fresh[0] = i;
		ASSERT_EQ(host, mremap(fresh, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, host));
		EXPECT_EQ(i, guest_reads(&self->cpu));
		EXPECT_EQ(i + 1, host[1]);
	}
	ASSERT_EQ(0, munmap(host, PAGE));
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	ASSERT_EQ(host, mmap(host, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ(0, guest_reads(&self->cpu));
}

TEST_F(guest, rights_are_taken_and_given_back)
{
	uint64_t *host = map_private(SIZE);

	host[0] = 5;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(5, guest_reads(&self->cpu));
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, mprotect(host, PAGE, PROT_NONE));
		EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
		ASSERT_EQ(0, mprotect(host, PAGE, PROT_READ));
		EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));	/* the store */
		EXPECT_EQ(5, GUEST_VAR(&self->vm, value));
		ASSERT_EQ(0, mprotect(host, PAGE, PROT_READ | PROT_WRITE));
		EXPECT_EQ(5, guest_reads(&self->cpu));
		EXPECT_EQ(6, host[1]);
	}
}

/* A child's copy stays; the parent sees what its guest writes after the fork. */
TEST_F(guest, fork_copies_on_write)
{
	uint64_t *host = map_private(SIZE);
	int go[2], status;
	pid_t child;
	char byte;

	host[0] = 7;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(7, guest_reads(&self->cpu));
	for (uint64_t i = 0; i < 5; i++) {
		ASSERT_EQ(0, pipe(go));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			bool same;

			close(go[1]);
			same = read(go[0], &byte, 1) == 1 && host[0] == 7 + i &&
			       host[1] == 8 + i;
			_exit(!same);
		}
		host[0] = 8 + i;
		EXPECT_EQ(8 + i, guest_reads(&self->cpu));
		EXPECT_EQ(9 + i, host[1]);
		ASSERT_EQ(1, write(go[1], "x", 1));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(0, status) TH_LOG("the child's copy changed");
		close(go[0]);
		close(go[1]);
	}
}

/* The guest's own write, not the host's, is the first one after the fork. */
TEST_F(guest, fork_and_the_guest_writes_first)
{
	uint64_t *host = map_private(SIZE);
	int status, go[2];
	pid_t child;
	char byte;

	host[0] = 7;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(7, guest_reads(&self->cpu));
	host[1] = 100;
	ASSERT_EQ(0, pipe(go));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(go[1]);
		_exit(!(read(go[0], &byte, 1) == 1 && host[1] == 100));
	}
	EXPECT_EQ(7, guest_reads(&self->cpu));
	EXPECT_EQ(8, host[1]);
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the child's copy changed");
}

TEST_F(guest, file_keeps_what_the_guest_wrote)
{
	char name[] = "/tmp/life-XXXXXX";
	int fd = mkstemp(name);
	uint64_t *host, words[2];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	host = map(SIZE, MAP_SHARED, fd);
	host[0] = 0x1234;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(0x1234, guest_reads(&self->cpu));
	ASSERT_EQ(0, munmap(host, SIZE));
	ASSERT_EQ(16, pread(fd, words, 16, 0));
	EXPECT_EQ(0x1234, words[0]);
	EXPECT_EQ(0x1235, words[1]);
	unlink(name);
	close(fd);
}

TEST_F(guest, file_is_truncated)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);
	uint64_t *host;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	host = map(SIZE, MAP_SHARED, fd);
	host[0] = 1;
	show(&self->cpu, host, SIZE, touch_for_ever, true);
	EXPECT_EQ(1, guest_reads(&self->cpu));
	ASSERT_EQ(0, ftruncate(fd, 0));
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	ASSERT_EQ(0, ftruncate(fd, SIZE));
	EXPECT_EQ(0, guest_reads(&self->cpu));
	EXPECT_EQ(1, host[1]);
	close(fd);
}

/* The vCPU's own run page as its memory: strange, allowed, harmless. */
TEST_F(guest, run_page_as_memory)
{
	struct vcpu *cpu = &self->cpu;
	int ret;

	show(cpu, cpu->run, PAGE, touch_for_ever, false);
	ret = vcpu_run(cpu);
	EXPECT_TRUE(ret == KVM_EXIT_IO || ret == -EFAULT);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 0, NULL));
	EXPECT_EQ(KVM_EXIT_MMIO, ret == KVM_EXIT_IO ? (vcpu_run(cpu), cpu->run->exit_reason) :
							 (uint32_t)vcpu_run(cpu));
}

/*
 * The guest runs in a thread of its own while this one changes its memory. A
 * translation that outlives the change would keep the guest where it is: the
 * alarm ends such a run and the test with it.
 */
struct runner {
	struct vcpu *cpu;
	enum guest_word word;
};

static void on_alarm(int sig)
{
	(void)sig;
	die("the guest does not see the change of its memory");
}

static void limit(unsigned int seconds)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

static void *run_to_report(void *arg)
{
	struct runner *runner = arg;
	struct guest_report report;

	do {
		runner->word = vcpu_run_guest(runner->cpu, &report);
	} while (runner->word == GUEST_NOT_RUN && (errno == EINTR || errno == EFAULT));
	return NULL;
}

static __guest void wait_for_changes(void)
{
	uint64_t seen = 0;

	asm volatile("sti");
	while (seen < CHANGES) {
		uint64_t now = TESTED[0];

		GUEST_TRUE(now >= seen);
		seen = now;
	}
	GUEST_DONE();
}

TEST_F(guest, memory_is_replaced_under_a_running_guest)
{
	struct runner runner = { .cpu = &self->cpu };
	uint64_t *host = map_private(SIZE), *fresh;
	pthread_t thread;

	show(&self->cpu, host, SIZE, wait_for_changes, false);
	limit(30);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_to_report, &runner));
	for (uint64_t i = 1; i <= CHANGES; i++) {
		fresh = map_private(PAGE);
		fresh[0] = i;
		ASSERT_EQ(host, mremap(fresh, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, host));
		usleep(200);
	}
	pthread_join(thread, NULL);
	EXPECT_EQ(GUEST_IS_DONE, runner.word);
}

static volatile bool stop_counting;

static __guest void count_for_long(void)
{
	asm volatile("sti");
	while (!stop_counting)
		TESTED[0]++;
	GUEST_DONE();
}

/* Thrown away again and again: the guest's next writes land in the new page. */
TEST_F(guest, memory_is_thrown_away_under_a_running_guest)
{
	struct runner runner = { .cpu = &self->cpu };
	volatile uint64_t *host = map_private(SIZE);
	pthread_t thread;

	if (vm_is_kvm())
		SKIP(return, "without a watchdog this does not come back on Bochs 2.7");
	show(&self->cpu, (void *)host, SIZE, count_for_long, true);
	limit(30);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_to_report, &runner));
	for (unsigned int i = 0; i < CHANGES; i++) {
		ASSERT_EQ(0, madvise((void *)host, PAGE, MADV_DONTNEED));
		while (!host[0])
			usleep(50);
	}
	GUEST_VAR(&self->vm, stop_counting) = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(GUEST_IS_DONE, runner.word);
}

static __guest void sweep_pages(void)
{
	asm volatile("sti");
	while (!stop_counting) {
		for (uint64_t i = 2; i < 128; i++)
			*(volatile uint64_t *)(uintptr_t)(VM_PAGES + i * PAGE) = i;
	}
	GUEST_DONE();
}

/* Rights of the whole range go away and come back while the guest sweeps it. */
TEST_F(guest, rights_change_under_a_running_guest)
{
	struct runner runner = { .cpu = &self->cpu };
	uint8_t *pages = self->vm.mem + VM_PAGES + 2 * PAGE;
	pthread_t thread;

	vcpu_set_long(&self->cpu, sweep_pages);
	limit(30);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_to_report, &runner));
	for (unsigned int i = 0; i < CHANGES; i++) {
		ASSERT_EQ(0, mprotect(pages, 126 * PAGE, PROT_READ));
		usleep(100);
		ASSERT_EQ(0, mprotect(pages, 126 * PAGE, PROT_READ | PROT_WRITE));
		ASSERT_EQ(0, madvise(pages, 126 * PAGE, MADV_DONTNEED));
		usleep(100);
	}
	GUEST_VAR(&self->vm, stop_counting) = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(GUEST_IS_DONE, runner.word);
	for (int i = 0; i < 126; i++)
		EXPECT_TRUE(*(uint64_t *)(pages + i * PAGE) == 0 ||
			    *(uint64_t *)(pages + i * PAGE) == i + 2u);
}

TEST_HARNESS_MAIN
