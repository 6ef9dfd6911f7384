// SPDX-License-Identifier: GPL-2.0
/*
 * A guest keeps what is its own - registers, MSRs, debug registers - whatever
 * other guests do on the same thread, and wherever the thread is moved to.
 */
#include "kselftest_harness.h"

#include <sched.h>

#include "fixture.h"
#include "fxsave.h"

#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_PAT			0x277
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_FMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102

#define MACHINES	2
#define CPUS		2

/* Everything is per vCPU. */
static struct own {
	struct fx_area mine, seen;
	uint64_t seed;
	volatile uint64_t rounds;
} own[CPUS];

static __guest void check_msrs(uint64_t seed)
{
	GUEST_EQ(seed & 0xffff, rdmsr(MSR_SYSENTER_CS));
	GUEST_EQ(seed + 1, rdmsr(MSR_SYSENTER_ESP));
	GUEST_EQ(seed + 2, rdmsr(MSR_SYSENTER_EIP));
	GUEST_EQ(seed & 1 ? 0x0606060606060606 : 0x0401060007040600, rdmsr(MSR_PAT));
	GUEST_EQ(seed << 32, rdmsr(MSR_STAR));
	GUEST_EQ(seed + 3, rdmsr(MSR_LSTAR));
	GUEST_EQ(seed + 4, rdmsr(MSR_CSTAR));
	GUEST_EQ(seed & 0xffff, rdmsr(MSR_FMASK));
	GUEST_EQ(seed + 5, rdmsr(MSR_FS_BASE));
	GUEST_EQ(seed + 6, rdmsr(MSR_GS_BASE));
	GUEST_EQ(seed + 7, rdmsr(MSR_KERNEL_GS_BASE));
}

static __guest void write_msrs(uint64_t seed)
{
	wrmsr(MSR_SYSENTER_CS, seed & 0xffff);
	wrmsr(MSR_SYSENTER_ESP, seed + 1);
	wrmsr(MSR_SYSENTER_EIP, seed + 2);
	wrmsr(MSR_PAT, seed & 1 ? 0x0606060606060606 : 0x0401060007040600);
	wrmsr(MSR_STAR, seed << 32);
	wrmsr(MSR_LSTAR, seed + 3);
	wrmsr(MSR_CSTAR, seed + 4);
	wrmsr(MSR_FMASK, seed & 0xffff);
	wrmsr(MSR_FS_BASE, seed + 5);
	wrmsr(MSR_GS_BASE, seed + 6);
	wrmsr(MSR_KERNEL_GS_BASE, seed + 7);
}

static __guest void check_registers(uint64_t seed)
{
	GUEST_EQ(seed + 8, read_db0());
	GUEST_EQ(seed + 9, read_db1());
	GUEST_EQ(seed + 10, read_db2());
	GUEST_EQ(0x400, read_db7());
	GUEST_EQ(seed + 11, read_cr2());
	GUEST_EQ(seed & 15, read_cr8());
}

static __guest void write_registers(uint64_t seed)
{
	write_db0(seed + 8);
	write_db1(seed + 9);
	write_db2(seed + 10);
	write_cr2(seed + 11);
	write_cr8(seed & 15);
}

static __guest void keep_all(struct own *me)
{
	uint32_t regs[4];

	write_msrs(me->seed);
	write_registers(me->seed);
	fx_fill(&me->mine, me->seed, 0);
	asm volatile("fxrstor (%0)" : : "r" (&me->mine) : "memory");
	for (;;) {
		GUEST_SYNC(me->rounds);
		/* Once as user space lets us on, once behind an exit that it never sees. */
		for (int i = 0; i < 2; i++) {
			check_msrs(me->seed);
			check_registers(me->seed);
			asm volatile("fxsave (%0)" : : "r" (&me->seen) : "memory");
			GUEST_TRUE(fx_equal(&me->mine, &me->seen, 0));
			cpuid(1, 0, regs);
		}
		me->rounds++;
	}
}

static __guest void keep_all_0(void)
{
	keep_all(&own[0]);
}

static __guest void keep_all_1(void)
{
	keep_all(&own[1]);
}

struct machine {
	struct vm vm;
	struct vcpu cpu[CPUS];
};

static void start(struct machine *machine, uint64_t seed)
{
	vm_init(&machine->vm, VM_MEMORY);
	for (int i = 0; i < CPUS; i++) {
		vcpu_init(&machine->vm, &machine->cpu[i], i);
		GUEST_VAR(&machine->vm, own[i].seed) = seed + i * 0x1111;
		vcpu_set_long(&machine->cpu[i], i ? keep_all_1 : keep_all_0);
		machine->cpu[i].run->cr8 = 0;
	}
}

static void stop(struct machine *machine)
{
	for (int i = 0; i < CPUS; i++)
		vcpu_close(&machine->cpu[i]);
	vm_close(&machine->vm);
}

/* To the next report; a lower CR8 may come between. */
static enum guest_word go(struct vcpu *cpu)
{
	struct guest_report report;
	enum guest_word word;

	do {
		word = vcpu_run_guest(cpu, &report);
	} while (word == GUEST_OTHER_EXIT && cpu->run->exit_reason == KVM_EXIT_SET_TPR);
	return word;
}

static void make_a_page_fault(void)
{
	volatile uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*page = 1;
	munmap((void *)page, 4096);
}

TEST(two_machines_with_two_vcpus_on_one_thread)
{
	struct machine machine[MACHINES];

	for (int m = 0; m < MACHINES; m++)
		start(&machine[m], 0x100012345601 + m * 0x10101010107);
	for (int round = 0; round < 20; round++) {
		for (int m = 0; m < MACHINES; m++) {
			for (int i = 0; i < CPUS; i++) {
				ASSERT_EQ(GUEST_IS_SYNC, go(&machine[m].cpu[i]))
					TH_LOG("machine %d, vCPU %d", m, i);
				make_a_page_fault();	/* CR2 of the host */
			}
		}
	}
	for (int m = 0; m < MACHINES; m++) {
		EXPECT_EQ(19, GUEST_VAR(&machine[m].vm, own[0].rounds));
		EXPECT_EQ(19, GUEST_VAR(&machine[m].vm, own[1].rounds));
		stop(&machine[m]);
	}
}

static void move_to(unsigned int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot move to processor %u: %s", processor, strerror(errno));
}

TEST(thread_migrates_between_runs)
{
	struct machine machine[MACHINES];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	for (int m = 0; m < MACHINES; m++)
		start(&machine[m], 0x100012345601 + m * 0x10101010107);
	for (int round = 0; round < 30; round++) {
		for (int m = 0; m < MACHINES; m++) {
			move_to((round + m) & 1);
			ASSERT_EQ(GUEST_IS_SYNC, go(&machine[m].cpu[round & 1]))
				TH_LOG("round %d, machine %d", round, m);
			if (round % 3)
				continue;
			move_to(round & 1);
			ASSERT_EQ(GUEST_IS_SYNC, go(&machine[m].cpu[0]));
		}
	}
	for (int m = 0; m < MACHINES; m++)
		stop(&machine[m]);
}

/* State is read on one processor while it is loaded on another. */
TEST(state_is_read_from_elsewhere)
{
	struct machine machine;
	struct kvm_regs here, there;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	start(&machine, 0x100012345601);
	for (int round = 0; round < 10; round++) {
		move_to(0);
		ASSERT_EQ(GUEST_IS_SYNC, go(&machine.cpu[0]));
		here = vcpu_regs(&machine.cpu[0]);
		move_to(1);
		there = vcpu_regs(&machine.cpu[0]);
		EXPECT_EQ(0, memcmp(&here, &there, sizeof(here)));
		EXPECT_EQ(0x100012345601 + 3, vcpu_get_msr(&machine.cpu[0], MSR_LSTAR));
		EXPECT_EQ(0x100012345601 + 7, vcpu_get_msr(&machine.cpu[0], MSR_KERNEL_GS_BASE));
		EXPECT_EQ(0x100012345601 + 5, vcpu_sregs(&machine.cpu[0]).fs.base);
	}
	stop(&machine);
}

TEST_HARNESS_MAIN
