// SPDX-License-Identifier: GPL-2.0
/*
 * Machines that are made and unmade, in peace, in a race, and by kill -9.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "fixture.h"

#define GPA	0x20000000ull
#define PAGE	4096ul

static __guest void just_done(void)
{
	GUEST_DONE();
}

/* Does a new machine work? Asked at the end of all that might leave harm. */
static bool all_is_well(void)
{
	struct vcpu cpu;
	struct vm vm;
	bool well;

	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, just_done);
	well = vcpu_go(&cpu) == GUEST_IS_DONE;
	vcpu_close(&cpu);
	vm_close(&vm);
	return well;
}

static int lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/*
 * KVM waits for RCU at each close: there it would take ten minutes. Where
 * kmemleak looks for what got lost, a few are enough to lose something.
 */
static int machines(void)
{
	if (vm_is_kvm())
		return 20;
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 1000 : 50;
}

TEST(machines_come_and_go)
{
	int before = lowest_free_fd(), count = machines();

	for (int i = 0; i < count; i++) {
		struct vcpu cpu;
		struct vm vm;

		vm_init_bare(&vm);
		vm.size = PAGE;
		vm.mem = vm_add_slot(&vm, 0, 0, PAGE);
		vm.mem[0] = 0xf4;
		vcpu_init_bare(&vm, &cpu, i & 7);
		vcpu_set_real(&cpu, 0, 0);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&cpu)) TH_LOG("machine %d", i);
		vcpu_close(&cpu);
		vm_close(&vm);
	}
	EXPECT_EQ(before, lowest_free_fd());
}

TEST(vcpus_come_and_go)
{
	struct vcpu cpu;
	struct vm vm;

	for (int i = 0; i < 10; i++) {
		vm_init_bare(&vm);
		for (int id = 0; id < 16; id++) {
			vcpu_init_bare(&vm, &cpu, id);
			vcpu_close(&cpu);
			/* Its number stays taken as long as the machine is there. */
			EXPECT_EQ(-1, ioctl(vm.fd, KVM_CREATE_VCPU, (long)id));
			EXPECT_EQ(EEXIST, errno);
		}
		vm_close(&vm);
	}
	EXPECT_TRUE(all_is_well());
}

static volatile uint64_t sweeps;

/* Exits of all kinds, and new pages all the time. */
static __guest void keep_busy(void)
{
	uint32_t regs[4];

	asm volatile("sti");
	for (;;) {
		for (uint64_t i = 0; i < 256; i++) {
			*(volatile uint64_t *)(uintptr_t)(VM_PAGES + i * PAGE) = sweeps;
			if (!(i & 15))
				cpuid(0, 0, regs);
		}
		outb(0x80, sweeps);
		(void)*(volatile uint32_t *)(uintptr_t)VM_HOLE;
		sweeps++;
	}
}

static void live_until_killed(void)
{
	for (;;) {
		struct vcpu cpu[2];
		struct vm vm;

		vm_init(&vm, VM_MEMORY);
		for (int i = 0; i < 2; i++) {
			vcpu_init(&vm, &cpu[i], i);
			vcpu_set_long(&cpu[i], keep_busy);
		}
		for (int i = 0; i < 60; i++) {
			if (vcpu_run(&cpu[i & 1]) < 0)
				_exit(1);
			if (i % 20 == 19)
				madvise(vm.mem + VM_PAGES, 256 * PAGE, MADV_DONTNEED);
		}
		for (int i = 0; i < 2; i++)
			vcpu_close(&cpu[i]);
		vm_close(&vm);
	}
}

TEST(killed_at_any_moment)
{
	unsigned int seed = 1;
	int status;

	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		ASSERT_LE(0, child);
		if (!child)
			live_until_killed();
		seed = seed * 1103515245 + 12345;
		usleep(seed >> 16 & 0x7ff);
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("life %d ended by itself", i);
	}
	EXPECT_TRUE(all_is_well());
}

/* The last to hold the fds is a process that never could use them. */
TEST(fds_outlive_their_process)
{
	int tell[2], parent_is_gone[2], answers[3];
	pid_t owner;
	char byte;

	ASSERT_EQ(0, pipe(tell));
	ASSERT_EQ(0, pipe(parent_is_gone));
	owner = fork();
	ASSERT_LE(0, owner);
	if (!owner) {
		struct vcpu cpu;
		struct vm vm;

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, just_done);
		if (vcpu_go(&cpu) != GUEST_IS_DONE)
			_exit(1);
		if (fork())
			_exit(0);
		close(parent_is_gone[1]);
		if (read(parent_is_gone[0], &byte, 1))
			_exit(1);
		answers[0] = ioctl(cpu.fd, KVM_RUN, 0) ? errno : 0;
		answers[1] = ioctl(vm.fd, KVM_CREATE_VCPU, 1) ? errno : 0;
		answers[2] = cpu.run->exit_reason;
		if (write(tell[1], answers, sizeof(answers)) != sizeof(answers))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(owner, waitpid(owner, NULL, 0));
	close(parent_is_gone[0]);
	close(parent_is_gone[1]);
	close(tell[1]);
	ASSERT_EQ(sizeof(answers), read(tell[0], answers, sizeof(answers)));
	EXPECT_EQ(EIO, answers[0]);
	EXPECT_EQ(EIO, answers[1]);
	EXPECT_EQ(KVM_EXIT_IO, answers[2]);
	/* Until the stranger is gone, too. */
	EXPECT_EQ(0, read(tell[0], &byte, 1));
	EXPECT_TRUE(all_is_well());
}

TEST(exec_ends_a_machine)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		struct vcpu cpu;
		struct vm vm;

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, just_done);
		vcpu_go(&cpu);
		execl("/bin/sh", "sh", "-c", "exit 42", NULL);
		_exit(1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	EXPECT_TRUE(all_is_well());
}

/* Threads that do all at once to one machine. */
struct arena {
	struct vm vm;
	struct vcpu cpu;
	volatile bool stop;
	uint8_t *memory;
	unsigned int surprises;
};

static void *make_vcpus(void *arg)
{
	struct arena *arena = arg;

	for (long id = 1; !arena->stop; id = id % 60 + 1) {
		int fd = ioctl(arena->vm.fd, KVM_CREATE_VCPU, id);

		if (fd >= 0)
			close(fd);
		else if (errno != EEXIST && errno != EINVAL)
			arena->surprises++;
		sched_yield();
	}
	return NULL;
}

static void *change_slots(void *arg)
{
	struct arena *arena = arg;

	while (!arena->stop) {
		if (vm_set_slot(&arena->vm, 1, 0, GPA, 16 * PAGE, arena->memory))
			arena->surprises++;
		sched_yield();
		if (vm_set_slot(&arena->vm, 1, 0, GPA + 64 * PAGE, 16 * PAGE, arena->memory))
			arena->surprises++;
		sched_yield();
		if (vm_set_slot(&arena->vm, 1, 0, 0, 0, NULL))
			arena->surprises++;
	}
	return NULL;
}

static void *change_memory(void *arg)
{
	struct arena *arena = arg;

	while (!arena->stop) {
		madvise(arena->memory, 16 * PAGE, MADV_DONTNEED);
		sched_yield();
	}
	return NULL;
}

/* The slot may be a hole at any moment: stores become MMIO then. */
static __guest void store_into_slot(void)
{
	for (;;) {
		for (uint64_t i = 0; i < 16; i++)
			*(volatile uint64_t *)(uintptr_t)(GPA + i * PAGE) = i;
		outb(0x80, 0);
	}
}

TEST(everything_at_once)
{
	void *(*const jobs[])(void *) = { make_vcpus, change_slots, change_memory };
	struct arena *arena = calloc(1, sizeof(*arena));
	pthread_t threads[ARRAY_SIZE(jobs)];
	unsigned int runs = vm_is_kvm() ? 100 : 1500;
	int ret;

	vm_init(&arena->vm, VM_MEMORY);
	vcpu_init(&arena->vm, &arena->cpu, 0);
	vcpu_set_long(&arena->cpu, store_into_slot);
	arena->memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, jobs[i], arena));
	for (unsigned int i = 0; i < runs; i++) {
		ret = vcpu_run(&arena->cpu);
		if (ret != KVM_EXIT_IO && ret != KVM_EXIT_MMIO)
			break;
		if (!(i & 15))
			sched_yield();
	}
	arena->stop = true;
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		pthread_join(threads[i], NULL);
	EXPECT_TRUE(ret == KVM_EXIT_IO || ret == KVM_EXIT_MMIO) TH_LOG("KVM_RUN: %d", ret);
	EXPECT_EQ(0, arena->surprises);
	vcpu_close(&arena->cpu);
	vm_close(&arena->vm);
	free(arena);
	EXPECT_TRUE(all_is_well());
}

TEST_HARNESS_MAIN
