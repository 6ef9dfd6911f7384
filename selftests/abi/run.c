// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_RUN: signals and their mask, immediate_exit, pending I/O, and a run page
 * that somebody else writes to.
 */
#include "kselftest_harness.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "fixture.h"

#define PORT	0x80

static volatile int alarms, usr1s;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void on_usr1(int sig)
{
	(void)sig;
	usr1s++;
}

static void handle(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(sig, &action, NULL);
}

/* KVM_SET_SIGNAL_MASK with the kernel's set of 8 bytes; 0 bytes ends it. */
static int set_mask(struct vcpu *cpu, uint64_t mask, uint32_t len)
{
	struct {
		struct kvm_signal_mask head;
		uint8_t set[8];
	} arg = { .head.len = len };

	memcpy(arg.head.sigset, &mask, sizeof(mask));
	return ioctl(cpu->fd, KVM_SET_SIGNAL_MASK, len ? &arg : NULL);
}

static uint64_t bit_of(int sig)
{
	return 1ull << (sig - 1);
}

static void block(int sig, bool on)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static bool is_pending(int sig)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, sig) == 1;
}

static __guest void loop_for_ever(void)
{
	asm volatile("sti; 1: jmp 1b");
}

static __guest void halt_at_once(void)
{
	asm volatile("1: hlt; jmp 1b");
}

static void arm(long microseconds)
{
	struct itimerval timer = { .it_value.tv_usec = microseconds };

	setitimer(ITIMER_REAL, &timer, NULL);
}

TEST_F(guest, signal_ends_run_and_is_handled)
{
	handle(SIGALRM, on_alarm);
	vcpu_set_long(&self->cpu, loop_for_ever);
	arm(5000);
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_EXIT_INTR, self->cpu.run->exit_reason);
	EXPECT_EQ(1, alarms);
}

TEST_F(guest, mask_opens_for_run_alone)
{
	handle(SIGUSR1, on_usr1);
	block(SIGUSR1, true);
	raise(SIGUSR1);
	vcpu_set_long(&self->cpu, halt_at_once);
	/* Blocked: the guest runs. */
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	/* Open during KVM_RUN: it ends at once, the signal stays pending. */
	ASSERT_EQ(0, set_mask(&self->cpu, 0, 8));
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(0, usr1s);
	EXPECT_TRUE(is_pending(SIGUSR1));
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	/* The mask goes away. */
	ASSERT_EQ(0, set_mask(&self->cpu, 0, 0));
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0, usr1s);
	block(SIGUSR1, false);
	EXPECT_EQ(1, usr1s);
}

TEST_F(guest, mask_closes_for_run_alone)
{
	handle(SIGUSR1, on_usr1);
	block(SIGUSR1, true);
	raise(SIGUSR1);
	vcpu_set_long(&self->cpu, halt_at_once);
	ASSERT_EQ(0, set_mask(&self->cpu, bit_of(SIGUSR1), 8));
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0, usr1s);
	block(SIGUSR1, false);
	EXPECT_EQ(1, usr1s);
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

TEST_F(guest, mask_arguments)
{
	EXPECT_EQ(-1, set_mask(&self->cpu, 0, 4));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, set_mask(&self->cpu, 0, 128));
	EXPECT_EQ(EINVAL, errno);
	/* SIGKILL and SIGSTOP cannot be blocked; to ask for it is no error. */
	EXPECT_EQ(0, set_mask(&self->cpu, ~0ull, 8));
	vcpu_set_long(&self->cpu, halt_at_once);
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

TEST_F(guest, kill_ends_a_run_that_blocks_all_signals)
{
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child) {
		struct vcpu cpu;
		struct vm vm;

		vm_init(&vm, VM_MEMORY);
		vcpu_init(&vm, &cpu, 0);
		vcpu_set_long(&cpu, loop_for_ever);
		set_mask(&cpu, ~0ull, 8);
		vcpu_run(&cpu);
		_exit(1);
	}
	usleep(20000);
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_F(guest, immediate_exit)
{
	struct kvm_run *run = self->cpu.run;
	uint64_t rip;

	vcpu_set_long(&self->cpu, halt_at_once);
	rip = vcpu_regs(&self->cpu).rip;
	run->immediate_exit = 1;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
		EXPECT_EQ(rip, vcpu_regs(&self->cpu).rip);
	}
	EXPECT_EQ(1, run->immediate_exit);
	run->immediate_exit = 0;
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

static __guest void echo_bytes(void)
{
	for (;;)
		outb(PORT, inb(PORT) + 1);
}

/*
 * The kernel keeps what it told: where the data lies, how much it is. What
 * user space leaves in the page instead is not looked at.
 */
TEST_F(guest, io_fields_are_the_kernels_own)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, echo_bytes);
	for (uint8_t i = 0; i < 20; i++) {
		ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
		ASSERT_EQ(KVM_EXIT_IO_IN, run->io.direction);
		*(uint8_t *)vcpu_io_data(&self->cpu) = i;
		run->io.data_offset = 0x7fffffff;
		run->io.count = 0xffffffff;
		run->io.size = 255;
		run->io.port = 7;
		run->io.direction = 99;
		run->exit_reason = 12345;
		ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
		ASSERT_EQ(KVM_EXIT_IO_OUT, run->io.direction);
		EXPECT_EQ(1, run->io.size);
		EXPECT_EQ(1, run->io.count);
		EXPECT_EQ(PORT, run->io.port);
		EXPECT_EQ(i + 1, *(uint8_t *)vcpu_io_data(&self->cpu));
	}
}

struct scribbler {
	volatile uint8_t *page;
	size_t size;
	volatile bool stop;
	unsigned int rounds;
};

/* Writes ever new bytes over all that user space may write to. */
static void *scribble(void *arg)
{
	struct scribbler *scribbler = arg;
	uint32_t seed = 1;

	while (!scribbler->stop) {
		for (size_t i = 0; i < scribbler->size && !scribbler->stop; i++) {
			seed = seed * 1103515245 + 12345;
			scribbler->page[i] = seed >> 16;
		}
		scribbler->rounds++;
		sched_yield();
	}
	return NULL;
}

TEST_F(guest, run_page_scribbled_on)
{
	struct scribbler scribbler = {
		.page = (volatile uint8_t *)self->cpu.run,
		.size = self->vm.run_size < 8192 ? self->vm.run_size : 8192,
	};
	unsigned int ran = 0, failed = 0;
	pthread_t thread;

	vcpu_set_long(&self->cpu, echo_bytes);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &scribbler));
	while (scribbler.rounds < 3)
		sched_yield();
	for (int i = 0; i < 3000; i++) {
		if (!ioctl(self->cpu.fd, KVM_RUN, 0))
			ran++;
		else if (errno == EINVAL || errno == EINTR)
			failed++;
		else
			break;
		if (!(i & 63))
			sched_yield();
	}
	scribbler.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(3000, ran + failed);
	/* It still works when it is left alone. */
	memset(self->cpu.run, 0, 2048);
	vcpu_set_long(&self->cpu, halt_at_once);
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

static __guest void store_to_hole(void)
{
	for (;;)
		*(volatile uint32_t *)(uintptr_t)(VM_HOLE + 0xffe) = 0x11223344;
}

TEST_F(guest, run_page_scribbled_on_during_mmio)
{
	struct scribbler scribbler = {
		.page = (volatile uint8_t *)&self->cpu.run->exit_reason,
		.size = 256,
	};
	unsigned int ran = 0, failed = 0;
	pthread_t thread;

	vcpu_set_long(&self->cpu, store_to_hole);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &scribbler));
	for (int i = 0; i < 2000; i++) {
		if (!ioctl(self->cpu.fd, KVM_RUN, 0))
			ran++;
		else if (errno == EINVAL || errno == EINTR)
			failed++;
		else
			break;
		if (!(i & 63))
			sched_yield();
	}
	scribbler.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(2000, ran + failed);
	EXPECT_LT(0, ran);
}

TEST_F(guest, cr8_of_the_run_page_is_checked)
{
	vcpu_set_long(&self->cpu, halt_at_once);
	self->cpu.run->cr8 = 16;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	self->cpu.run->cr8 = ~0ull;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	self->cpu.run->cr8 = 0;
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

TEST_F(guest, synchronised_registers_only_with_their_capability)
{
	int mask = ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);

	vcpu_set_long(&self->cpu, halt_at_once);
	self->cpu.run->kvm_valid_regs = ~(uint64_t)mask & 0xff;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	self->cpu.run->kvm_valid_regs = 0;
	self->cpu.run->kvm_dirty_regs = 1ull << 63;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	self->cpu.run->kvm_dirty_regs = 0;
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

/* What a run leaves in the page besides its exit. */
TEST_F(guest, run_page_tells_the_interrupt_state)
{
	vcpu_set_long(&self->cpu, halt_at_once);
	memset(&self->cpu.run->ready_for_interrupt_injection, 0xaa, 4);
	self->cpu.run->apic_base = ~0ull;
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0, self->cpu.run->if_flag);
	EXPECT_EQ(0, self->cpu.run->ready_for_interrupt_injection);
	EXPECT_EQ(0, self->cpu.run->flags);
	EXPECT_EQ(0xfee00900, self->cpu.run->apic_base);
	EXPECT_EQ(0, self->cpu.run->cr8);
}

struct runner {
	struct vcpu *cpu;
	unsigned int halts;
	int other;
};

static void *run_many(void *arg)
{
	struct runner *runner = arg;

	for (int i = 0; i < 500; i++) {
		if (ioctl(runner->cpu->fd, KVM_RUN, 0))
			runner->other = errno;
		else
			runner->halts++;
	}
	return NULL;
}

/* One vCPU, two threads: they take turns. */
TEST_F(guest, two_threads_run_one_vcpu)
{
	struct runner runners[2] = { { .cpu = &self->cpu }, { .cpu = &self->cpu } };
	pthread_t threads[2];

	if (vm_is_kvm() && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		SKIP(return, "KVM does not come back from this on two CPUs of Bochs 2.7");
	vcpu_set_long(&self->cpu, halt_at_once);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_many, &runners[i]));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(500, runners[i].halts);
		EXPECT_EQ(0, runners[i].other);
	}
}

static volatile bool storm_is_over;

static void *kick(void *arg)
{
	pthread_t *target = arg;

	while (!storm_is_over) {
		pthread_kill(*target, SIGUSR1);
		usleep(100);
	}
	return NULL;
}

/* A storm of signals against a guest that never leaves by itself. */
TEST_F(guest, signal_storm)
{
	pthread_t self_thread = pthread_self(), thread;

	handle(SIGUSR1, on_usr1);
	vcpu_set_long(&self->cpu, loop_for_ever);
	ASSERT_EQ(0, pthread_create(&thread, NULL, kick, &self_thread));
	while (usr1s < 20)
		ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
	storm_is_over = true;
	pthread_join(thread, NULL);
	vcpu_set_long(&self->cpu, halt_at_once);
	while (vcpu_run(&self->cpu) == -EINTR)
		;
	EXPECT_EQ(KVM_EXIT_HLT, self->cpu.run->exit_reason);
}

TEST_HARNESS_MAIN
