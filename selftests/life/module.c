// SPDX-License-Identifier: GPL-2.0
/*
 * The module comes and goes. VHM_MODULE names its file (default
 * /modules/vhm.ko), VHM_PARAMETERS what it is given; it is not loaded when these
 * tests begin, nor when they end.
 */
#include "kselftest_harness.h"

#include <signal.h>

#include "fixture.h"
#include "modules.h"

#define NAME	"vhm"
#define LOADS	100

static __guest void just_done(void)
{
	GUEST_DONE();
}

static const char *module_path(void)
{
	const char *path = getenv("VHM_MODULE");

	return path && *path ? path : "/modules/vhm.ko";
}

static int load(void)
{
	return module_load(module_path(), getenv("VHM_PARAMETERS") ?: "");
}

static bool guest_works(void)
{
	struct vcpu cpu;
	struct vm vm;
	bool works;

	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, just_done);
	works = vcpu_go(&cpu) == GUEST_IS_DONE;
	vcpu_close(&cpu);
	vm_close(&vm);
	return works;
}

/* The node is devtmpfs' work, and may need a moment to come and go. */
static bool node_is(bool there)
{
	for (int i = 0; i < 100; i++) {
		if (!access(vm_device(), F_OK) == there)
			return true;
		usleep(1000);
	}
	return false;
}

FIXTURE(module) {
	bool loaded;
};

FIXTURE_SETUP(module)
{
	self->loaded = false;
	if (vm_is_kvm() || access(module_path(), R_OK))
		return;
	ASSERT_EQ(0, load());
	ASSERT_TRUE(node_is(true));
	self->loaded = true;
}

#define SKIP_UNLESS_LOADED() do {					\
	if (!self->loaded)						\
		SKIP(return, "needs vhm's own module as a file: see VHM_MODULE"); \
} while (0)

FIXTURE_TEARDOWN(module)
{
	if (self->loaded)
		EXPECT_EQ(0, module_unload(NAME));
}

TEST_F(module, load_and_unload_with_guests_in_between)
{
	SKIP_UNLESS_LOADED();
	for (int i = 0; i < LOADS; i++) {
		ASSERT_TRUE(guest_works()) TH_LOG("load %d", i);
		ASSERT_EQ(0, module_unload(NAME)) TH_LOG("load %d", i);
		if (i % 10 == 0)
			EXPECT_TRUE(node_is(false));
		ASSERT_EQ(0, load()) TH_LOG("load %d", i);
		ASSERT_TRUE(node_is(true));
	}
}

TEST_F(module, load_and_unload_without_use)
{
	SKIP_UNLESS_LOADED();
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, module_unload(NAME));
		ASSERT_EQ(0, load());
	}
}

TEST_F(module, twice)
{
	SKIP_UNLESS_LOADED();
	EXPECT_EQ(EEXIST, load());
	EXPECT_TRUE(guest_works());
}

/* Busy as long as anything of it is open: fd by fd, then the mapping alone. */
TEST_F(module, busy)
{
	struct vcpu cpu;
	struct vm vm;

	SKIP_UNLESS_LOADED();
	vm_init(&vm, VM_MEMORY);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	close(vm.dev);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	vm.dev = vm_open_device();
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, just_done);
	close(vm.dev);
	close(vm.fd);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&cpu));
	close(cpu.fd);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	EXPECT_EQ(KVM_EXIT_IO, cpu.run->exit_reason);
	munmap(cpu.run, vm.run_size);
	EXPECT_EQ(0, module_unload(NAME));
	EXPECT_EQ(0, load());
	EXPECT_TRUE(node_is(true));
	munmap(vm.mem, vm.size);
}

TEST_F(module, statistics_keep_it_busy)
{
	struct vcpu cpu;
	struct vm vm;
	uint64_t word;
	int fd;

	SKIP_UNLESS_LOADED();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	fd = ioctl(cpu.fd, KVM_GET_STATS_FD, 0);
	ASSERT_LE(0, fd);
	vcpu_close(&cpu);
	vm_close(&vm);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	EXPECT_EQ(8, pread(fd, &word, 8, 0));
	close(fd);
}

static __guest void loop_for_ever(void)
{
	asm volatile("sti; 1: jmp 1b");
}

TEST_F(module, unload_while_a_guest_runs_elsewhere)
{
	pid_t child;
	int status;

	SKIP_UNLESS_LOADED();
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct vcpu cpu;
		struct vm vm;

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, loop_for_ever);
		vcpu_run(&cpu);
		_exit(0);
	}
	usleep(10000);
	EXPECT_EQ(EWOULDBLOCK, module_unload(NAME));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	/* Right behind the death of its last user. */
	EXPECT_EQ(0, module_unload(NAME));
	EXPECT_EQ(0, load());
	EXPECT_TRUE(node_is(true));
	EXPECT_TRUE(guest_works());
}

TEST_HARNESS_MAIN
