// SPDX-License-Identifier: GPL-2.0
/*
 * x87, SSE and AVX: the host gets back every register that it had, and a guest
 * never sees one of the host's or of another guest's.
 */
#include "kselftest_harness.h"

#include <sched.h>
#include <signal.h>

#include "fixture.h"
#include "fxsave.h"

static volatile int guest_avx;
static struct fx_area first, mine, seen;
static volatile uint8_t guest_seed;
static volatile uint64_t rounds;

/* AVX on both sides? */
static int has_avx(struct vm *vm)
{
	uint32_t regs[4];

	cpuid(1, 0, regs);
	return regs[2] >> 28 & regs[2] >> 27 & 1 && vm_has_cpuid(vm->dev, 1, 2, 28);
}

static __guest void save(struct fx_area *area)
{
	if (guest_avx)
		asm volatile("xsave (%0)" : : "r" (area), "a" (7), "d" (0) : "memory");
	else
		asm volatile("fxsave (%0)" : : "r" (area) : "memory");
}

static __guest void load(struct fx_area *area)
{
	if (guest_avx)
		asm volatile("xrstor (%0)" : : "r" (area), "a" (7), "d" (0) : "memory");
	else
		asm volatile("fxrstor (%0)" : : "r" (area) : "memory");
}

static __guest void keep_registers(void)
{
	uint32_t regs[4];

	if (guest_avx) {
		write_cr4(read_cr4() | X86_CR4_OSXSAVE);
		asm volatile("xsetbv" : : "c" (0), "a" (7), "d" (0));
	}
	save(&first);
	fx_fill(&mine, guest_seed, guest_avx);
	load(&mine);
	for (;;) {
		GUEST_SYNC(0);
		save(&seen);
		GUEST_TRUE(fx_equal(&mine, &seen, guest_avx));
		cpuid(0, 0, regs);
		save(&seen);
		GUEST_TRUE(fx_equal(&mine, &seen, guest_avx));
		rounds++;
	}
}

static void start(struct vm *vm, struct vcpu *cpu, uint8_t seed)
{
	GUEST_VAR(vm, guest_avx) = has_avx(vm);
	GUEST_VAR(vm, guest_seed) = seed;
	vcpu_set_long(cpu, keep_registers);
}

static bool all_zero(const volatile uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

TEST_F(guest, host_keeps_its_registers)
{
	struct fx_area before, after;
	int avx = has_avx(&self->vm);

	start(&self->vm, &self->cpu, 0x40);
	for (int i = 0; i < 20; i++) {
		fx_fill(&before, 0x90 + i, avx);
		memset(&after, 0, sizeof(after));
		ASSERT_EQ(0, ioctl_with_state(self->cpu.fd, KVM_RUN, &before, &after, avx));
		ASSERT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
		EXPECT_TRUE(fx_equal(&before, &after, avx)) TH_LOG("run %d", i);
	}
	EXPECT_EQ(19, GUEST_VAR(&self->vm, rounds));
	EXPECT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
}

TEST_F(guest, guest_starts_with_registers_of_its_own)
{
	struct fx_area before, after;
	const volatile struct fx_area *area;
	int avx = has_avx(&self->vm);

	start(&self->vm, &self->cpu, 0x40);
	fx_fill(&before, 0x91, avx);
	ASSERT_EQ(0, ioctl_with_state(self->cpu.fd, KVM_RUN, &before, &after, avx));
	area = &GUEST_VAR(&self->vm, first);
	EXPECT_EQ(0x37f, area->fcw);
	EXPECT_EQ(0x1f80, area->mxcsr);
	EXPECT_EQ(0, area->fsw);
	EXPECT_EQ(0, area->ftw);
	EXPECT_TRUE(all_zero(area->xmm[0], sizeof(area->xmm)));
	for (int i = 0; i < 8; i++)
		EXPECT_TRUE(all_zero(area->st[i], 10));
	if (avx)
		EXPECT_TRUE(all_zero(area->ymm_high[0], sizeof(area->ymm_high)));
}

/* A guest that has AVX switched off: the upper halves are the host's alone. */
static __guest void without_avx(void)
{
	asm volatile("pcmpeqd %xmm0, %xmm0; pcmpeqd %xmm15, %xmm15");
	GUEST_SYNC(0);
	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	asm volatile("xsetbv" : : "c" (0), "a" (7), "d" (0));
	asm volatile("xsave (%0)" : : "r" (&seen), "a" (7), "d" (0) : "memory");
	GUEST_DONE();
}

TEST_F(guest, upper_halves_with_avx_off)
{
	struct fx_area before, after;

	if (!has_avx(&self->vm))
		SKIP(return, "no AVX here: use the model broadwell_ult");
	vcpu_set_long(&self->cpu, without_avx);
	fx_fill(&before, 0x91, 1);
	ASSERT_EQ(0, ioctl_with_state(self->cpu.fd, KVM_RUN, &before, &after, 1));
	EXPECT_TRUE(fx_equal(&before, &after, 1));
	ASSERT_EQ(0, ioctl_with_state(self->cpu.fd, KVM_RUN, &before, &after, 1));
	EXPECT_TRUE(fx_equal(&before, &after, 1));
	EXPECT_TRUE(all_zero(GUEST_VAR(&self->vm, seen.ymm_high[0]),
			     sizeof(seen.ymm_high)));
	EXPECT_EQ(0xff, GUEST_VAR(&self->vm, seen.xmm[15][15]));
}

TEST_F(guest, user_space_sees_the_guests_registers)
{
	struct kvm_fpu fpu;

	start(&self->vm, &self->cpu, 0x40);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_FPU, &fpu));
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ((uint8_t)(0x41 + 16 * i), fpu.xmm[i][0]);
		EXPECT_EQ((uint8_t)(0x50 + 16 * i), fpu.xmm[i][15]);
	}
	EXPECT_EQ(0x27f, fpu.fcw);
	EXPECT_EQ(0xff, fpu.ftwx);
	/* And puts others there. */
	memset(fpu.xmm, 0x77, sizeof(fpu.xmm));
	fpu.mxcsr = 0x1f80;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_FPU, &fpu));
	memset((void *)GUEST_VAR(&self->vm, mine.xmm), 0x77, sizeof(mine.xmm));
	EXPECT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
}

TEST_F(guest, two_machines_on_one_thread)
{
	struct vcpu other_cpu;
	struct vm other;

	vm_init(&other, VM_MEMORY);
	vcpu_init(&other, &other_cpu, 0);
	start(&self->vm, &self->cpu, 0x10);
	start(&other, &other_cpu, 0x81);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&other_cpu));
		if (i & 1)
			ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&other_cpu));
	}
	vcpu_close(&other_cpu);
	vm_close(&other);
}

/*
 * A guest that stays inside, and a process on the same processor that uses the
 * registers: neither finds a stranger's value.
 */
static __guest void check_for_long(void)
{
	asm volatile("sti");
	fx_fill(&mine, 0x21, 0);
	load(&mine);
	for (int i = 0; i < 20000; i++) {
		save(&seen);
		GUEST_TRUE(fx_equal(&mine, &seen, 0));
	}
	GUEST_DONE();
}

static void use_registers_for_ever(uint8_t seed)
{
	static struct fx_area before, after;

	fx_fill(&before, seed, 0);
	for (;;) {
		/* fd -1: an error, but a trip through the kernel all the same. */
		ioctl_with_state(-1, 0, &before, &after, 0);
		if (!fx_equal(&before, &after, 0))
			_exit(1);
		sched_yield();
	}
}

TEST_F(guest, another_process_on_the_same_processor)
{
	struct fx_area before, after;
	pid_t child = fork();
	int status;

	ASSERT_LE(0, child);
	if (!child)
		use_registers_for_ever(0xc1);
	vcpu_set_long(&self->cpu, check_for_long);
	fx_fill(&before, 0x91, 0);
	ASSERT_EQ(0, ioctl_with_state(self->cpu.fd, KVM_RUN, &before, &after, 0));
	EXPECT_TRUE(fx_equal(&before, &after, 0));
	ASSERT_EQ(0, waitpid(child, &status, WNOHANG)) TH_LOG("the other process saw a change");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	/* The report of the guest is in the exit that was just made. */
	ASSERT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
	EXPECT_EQ(GUEST_IS_DONE, *(uint32_t *)(self->vm.mem +
					       *(uint32_t *)vcpu_io_data(&self->cpu)));
}

TEST_HARNESS_MAIN
