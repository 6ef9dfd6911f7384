// SPDX-License-Identifier: GPL-2.0
/*
 * The three kinds of file: what may be done with them besides ioctls, who may
 * use them, and in which order they may be closed.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "fixture.h"

static __guest void halt_for_ever(void)
{
	asm volatile("1: hlt; jmp 1b");
}

static __guest void loop_for_ever(void)
{
	asm volatile("sti; 1: jmp 1b");
}

TEST_F(guest, no_stream)
{
	int fds[] = { self->vm.dev, self->vm.fd, self->cpu.fd };
	char byte = 0;

	for (int i = 0; i < 3; i++) {
		struct pollfd poll_fd = { .fd = fds[i], .events = POLLIN | POLLOUT };

		EXPECT_EQ(-1, read(fds[i], &byte, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(fds[i], &byte, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, lseek(fds[i], 0, SEEK_SET));
		EXPECT_EQ(1, poll(&poll_fd, 1, 0));
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
	}
}

TEST_F(guest, only_vcpus_are_mapped)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->vm.dev, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->vm.fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

static sigjmp_buf back;

static void on_bus_error(int sig)
{
	(void)sig;
	siglongjmp(back, 1);
}

/* Does a read of this byte end in SIGBUS? */
static bool is_bus_error(const volatile uint8_t *byte)
{
	struct sigaction action = { .sa_handler = on_bus_error }, old;
	bool hit = true;

	sigaction(SIGBUS, &action, &old);
	if (!sigsetjmp(back, 1)) {
		(void)*byte;
		hit = false;
	}
	sigaction(SIGBUS, &old, NULL);
	return hit;
}

TEST_F(guest, mapping_ends_where_it_ends)
{
	size_t size = self->vm.run_size;
	uint8_t *map;

	for (size_t i = 0; i < 2; i++)
		EXPECT_FALSE(is_bus_error((uint8_t *)self->cpu.run + i * 4096));
	map = mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_SHARED, self->cpu.fd, 0);
	if (map != MAP_FAILED) {
		EXPECT_TRUE(is_bus_error(map + size));
		EXPECT_TRUE(is_bus_error(map + size + 4096));
		EXPECT_FALSE(is_bus_error(map));
		munmap(map, size + 8192);
	}
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->cpu.fd, 1 << 20);
	if (map != MAP_FAILED) {
		EXPECT_TRUE(is_bus_error(map));
		munmap(map, 4096);
	}
}

TEST_F(guest, mapping_that_grows_shows_nothing_more)
{
	size_t size = self->vm.run_size;
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->cpu.fd, 0);

	ASSERT_NE(MAP_FAILED, map);
	map = mremap(map, size, size + 4096, MREMAP_MAYMOVE);
	if (map == MAP_FAILED)
		return;
	EXPECT_TRUE(is_bus_error(map + size));
	vcpu_set_long(&self->cpu, halt_for_ever);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_EXIT_HLT, ((struct kvm_run *)map)->exit_reason);
	munmap(map, size + 4096);
}

TEST_F(guest, mapping_outlives_the_fd)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, halt_for_ever);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	close(self->cpu.fd);
	close(self->vm.fd);
	EXPECT_EQ(KVM_EXIT_HLT, run->exit_reason);
	run->exit_reason = 77;
	EXPECT_EQ(77, run->exit_reason);
	munmap(run, self->vm.run_size);
	/* The teardown finds what it expects. */
	vm_close(&self->vm);
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
}

/* What a child answers about one call. */
static int in_child(int fd, unsigned long number, void *arg)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(ioctl(fd, number, arg) < 0 ? errno : 0);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST_F(guest, a_child_is_a_stranger)
{
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, halt_for_ever);
	EXPECT_EQ(EIO, in_child(self->vm.fd, KVM_CREATE_VCPU, (void *)1));
	EXPECT_EQ(EIO, in_child(self->vm.fd, KVM_SET_TSS_ADDR, NULL));
	EXPECT_EQ(EIO, in_child(self->vm.fd, _IO(KVMIO, 0xfe), NULL));
	EXPECT_EQ(EIO, in_child(self->cpu.fd, KVM_RUN, NULL));
	EXPECT_EQ(EIO, in_child(self->cpu.fd, KVM_GET_REGS, &regs));
	EXPECT_EQ(EIO, in_child(self->cpu.fd, _IO(0xaf, 0), NULL));
	/* The device itself is anybody's. */
	EXPECT_EQ(0, in_child(self->vm.dev, KVM_GET_VCPU_MMAP_SIZE, NULL) & 0);
	/* And the parent goes on. */
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

TEST_F(guest, a_child_with_the_mapping_makes_its_own_machine)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		struct vcpu cpu;
		struct vm vm;

		/* The parent's mapping is still there, and harmless. */
		self->cpu.run->exit_reason = 4711;
		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, halt_for_ever);
		_exit(vcpu_run(&cpu) == KVM_EXIT_HLT ? 0 : 1);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(4711, self->cpu.run->exit_reason);
	vcpu_set_long(&self->cpu, halt_for_ever);
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

/* All orders in which system fd, VM fd and vCPU fd can be closed. */
static const uint8_t orders[][3] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

TEST(closing_in_any_order)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct vcpu cpu;
		struct vm vm;
		int fds[3];

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, halt_for_ever);
		fds[0] = vm.dev;
		fds[1] = vm.fd;
		fds[2] = cpu.fd;
		for (int j = 0; j < 3; j++) {
			ASSERT_EQ(0, close(fds[orders[i][j]]));
			fds[orders[i][j]] = -1;
			if (fds[2] >= 0)
				EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&cpu)) TH_LOG("order %zu", i);
		}
		munmap(cpu.run, vm.run_size);
		munmap(vm.mem, vm.size);
	}
}

static void nothing(int sig)
{
	(void)sig;
}

static void *run_and_tell(void *arg)
{
	struct vcpu *cpu = arg;

	return (void *)(intptr_t)vcpu_run(cpu);
}

/* The last reference goes while another thread is inside. */
TEST(closing_under_a_running_guest)
{
	struct sigaction action = { .sa_handler = nothing };

	sigaction(SIGUSR1, &action, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct vcpu cpu;
		pthread_t thread;
		void *result;
		struct vm vm;
		int fds[3];

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, loop_for_ever);
		fds[0] = vm.dev;
		fds[1] = vm.fd;
		fds[2] = cpu.fd;
		ASSERT_EQ(0, pthread_create(&thread, NULL, run_and_tell, &cpu));
		usleep(3000);
		for (int j = 0; j < 3; j++)
			ASSERT_EQ(0, close(fds[orders[i][j]]));
		pthread_kill(thread, SIGUSR1);
		ASSERT_EQ(0, pthread_join(thread, &result));
		EXPECT_EQ(-EINTR, (intptr_t)result);
		munmap(cpu.run, vm.run_size);
		munmap(vm.mem, vm.size);
	}
}

/* Guest memory goes before the fds, as at exit(). */
TEST_F(guest, memory_goes_first)
{
	vcpu_set_long(&self->cpu, halt_for_ever);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	ASSERT_EQ(0, munmap(self->vm.mem, self->vm.size));
	EXPECT_EQ(-EFAULT, vcpu_run(&self->cpu));
	self->vm.mem = NULL;
}

TEST_F(guest, fds_run_out)
{
	int fds[64], nr = 0, next = dup(0);

	/* Fill what a small limit leaves. */
	ASSERT_LE(0, next);
	close(next);
	for (int i = 0; i < 20; i++) {
		fds[nr] = ioctl(self->vm.dev, KVM_CREATE_VM, 0);
		ASSERT_LE(0, fds[nr]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[nr], F_GETFD));
		nr++;
	}
	while (nr)
		close(fds[--nr]);
	EXPECT_EQ(next, dup(0));
}

TEST_HARNESS_MAIN
