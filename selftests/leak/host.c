// SPDX-License-Identifier: GPL-2.0
/*
 * The host's own state around a guest that leaves nothing as it was: MSRs,
 * segments and their bases, flags, XCR0, CR2.
 */
#include "kselftest_harness.h"

#include <asm/ldt.h>
#include <asm/prctl.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "fixture.h"

#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_DEBUGCTL		0x1d9
#define MSR_PAT			0x277
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_FMASK		0xc0000084
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103

static volatile bool guest_has_rdtscp, guest_has_xsave;

static __guest void turn_all_upside_down(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
	wrmsr(MSR_STAR, 0x0023001b12345678);
	wrmsr(MSR_LSTAR, 0x1000);
	wrmsr(MSR_CSTAR, 0x2000);
	wrmsr(MSR_FMASK, 0xffffffff);
	wrmsr(MSR_SYSENTER_CS, 0x1234);
	wrmsr(MSR_SYSENTER_ESP, 0x3000);
	wrmsr(MSR_SYSENTER_EIP, 0x4000);
	wrmsr(MSR_KERNEL_GS_BASE, 0x5000);
	wrmsr(MSR_GS_BASE, 0x6000);
	wrmsr(MSR_PAT, 0);
	if (guest_has_rdtscp)
		wrmsr(MSR_TSC_AUX, 0x4711);
	GUEST_TRY("wrmsr", : "c" (MSR_DEBUGCTL), "a" (2), "d" (0) : "memory");
	if (guest_has_xsave) {
		write_cr4(read_cr4() | X86_CR4_OSXSAVE);
		asm volatile("xsetbv" : : "c" (0), "a" (1), "d" (0));
	}
	write_cr2(0xdeadbeef);
	asm volatile("std");
	for (;;) {
		asm volatile("cld");
		GUEST_SYNC(0);
	}
}

static void start(struct vm *vm, struct vcpu *cpu)
{
	GUEST_VAR(vm, guest_has_rdtscp) = vm_has_cpuid(vm->dev, 0x80000001, 3, 27);
	GUEST_VAR(vm, guest_has_xsave) = vm_has_cpuid(vm->dev, 1, 2, 26);
	vcpu_set_long(cpu, turn_all_upside_down);
}

/* The host's own, by the kernel's msr driver. */
static const uint32_t host_msrs[] = {
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_DEBUGCTL, MSR_PAT, MSR_EFER,
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_FMASK, MSR_TSC_AUX, 0x1b, 0x1a0,
};

#define NR_HOST_MSRS ARRAY_SIZE(host_msrs)

static bool read_host_msrs(uint64_t values[NR_HOST_MSRS])
{
	int fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	for (size_t i = 0; i < NR_HOST_MSRS; i++) {
		values[i] = 0;
		if (pread(fd, &values[i], 8, host_msrs[i]) != 8)
			values[i] = ~0ull;	/* absent, before and after */
	}
	close(fd);
	return true;
}

TEST_F(guest, host_msrs_are_as_before)
{
	uint64_t before[NR_HOST_MSRS], after[NR_HOST_MSRS];
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	if (!read_host_msrs(before))
		SKIP(return, "no /dev/cpu/0/msr: is the msr driver there?");
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		ASSERT_TRUE(read_host_msrs(after));
		for (size_t i = 0; i < NR_HOST_MSRS; i++) {
			uint32_t msr = host_msrs[i];

			EXPECT_EQ(before[i], after[i]) TH_LOG("MSR 0x%x", msr);
		}
	}
}

/* Many calls of many kinds, while the guest's LSTAR is wild. */
TEST_F(guest, host_system_calls_work)
{
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 20; round++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		EXPECT_EQ(getpid(), syscall(SYS_getpid));
		EXPECT_EQ(-1, close(-1));
		sched_yield();
	}
}

static __guest void read_boot_values(void)
{
	GUEST_EQ(0, rdmsr(MSR_STAR));
	GUEST_EQ(0, rdmsr(MSR_LSTAR));
	GUEST_EQ(0, rdmsr(MSR_CSTAR));
	GUEST_EQ(0, rdmsr(MSR_FMASK));
	GUEST_EQ(0, rdmsr(MSR_KERNEL_GS_BASE));
	GUEST_EQ(0, rdmsr(MSR_SYSENTER_CS));
	GUEST_EQ(0, rdmsr(MSR_SYSENTER_ESP));
	GUEST_EQ(0, rdmsr(MSR_SYSENTER_EIP));
	GUEST_EQ(0x0007040600070406, rdmsr(MSR_PAT));
	GUEST_EQ(0, read_cr2());
	if (guest_has_rdtscp) {
		uint32_t low, high, aux;

		GUEST_EQ(0, rdmsr(MSR_TSC_AUX));
		asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
		GUEST_EQ(0, aux);
	}
	GUEST_DONE();
}

TEST_F(guest, guest_starts_without_the_hosts_msrs)
{
	GUEST_VAR(&self->vm, guest_has_rdtscp) = vm_has_cpuid(self->vm.dev, 0x80000001, 3, 27);
	vcpu_set_long(&self->cpu, read_boot_values);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static uint32_t host_aux(void)
{
	uint32_t low, high, aux;

	asm volatile("rdtscp" : "=a" (low), "=d" (high), "=c" (aux));
	return aux;
}

TEST_F(guest, rdtscp_of_the_host)
{
	uint32_t regs[4], before;

	cpuid(0x80000001, 0, regs);
	if (!(regs[3] >> 27 & 1))
		SKIP(return, "no RDTSCP here");
	before = host_aux();
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 5; round++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		EXPECT_EQ(before & ~0xfffu, host_aux() & ~0xfffu);
		EXPECT_NE(0x4711, host_aux());
	}
}

static uint64_t xcr0(void)
{
	uint32_t low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return (uint64_t)high << 32 | low;
}

TEST_F(guest, xcr0_of_the_host)
{
	uint32_t regs[4];
	uint64_t before;

	cpuid(1, 0, regs);
	if (!(regs[2] >> 27 & 1))
		SKIP(return, "no XSAVE here: use the model broadwell_ult");
	before = xcr0();
	EXPECT_EQ(3, before & 3);
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 5; round++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		EXPECT_EQ(before, xcr0());
	}
}

/* KVM_RUN by a bare system call; flags and data segments as given. */
struct bare {
	uint64_t flags;
	uint16_t ds, es, fs, gs;
};

static struct user_desc low_desc;	/* below 4 GiB: for a 32-bit call */

/* A data segment in the thread's own part of the GDT: -ENOSYS or its number. */
static long set_thread_area(int number)
{
	long ret;

	low_desc.entry_number = number;
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (243), "b" (&low_desc) : "memory", "r8", "r9", "r10", "r11");
	return ret ? ret : (long)low_desc.entry_number;
}

/* Four selectors that no entry to the kernel would load: LDT, else GDT. */
static bool make_selectors(uint16_t selectors[4])
{
	low_desc = (struct user_desc) {
		.limit = 0xfffff, .limit_in_pages = 1, .seg_32bit = 1, .useable = 1,
	};
	for (int i = 0; i < 4; i++) {
		long number;

		low_desc.entry_number = i;
		if (!syscall(SYS_modify_ldt, 1, &low_desc, sizeof(low_desc))) {
			selectors[i] = i << 3 | 7;
			continue;
		}
		/* Three of these; the fourth is plain user data. */
		number = i < 3 ? set_thread_area(-1) : 5;

		if (number < 0)
			return false;
		selectors[i] = number << 3 | 3;
	}
	return true;
}

/*
 * All data segments changed around KVM_RUN. FS holds the thread's own
 * pointer, so its base is put back before anything of the library runs.
 */
static long run_with_segments(int fd, const struct bare *in, struct bare *out)
{
	uint64_t fs_base;
	long ret;

	if (syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_base))
		die("arch_prctl: %s", strerror(errno));
	asm volatile("movw 8(%[in]), %%ax; movw %%ax, %%ds\n\t"
		     "movw 10(%[in]), %%ax; movw %%ax, %%es\n\t"
		     "movw 14(%[in]), %%ax; movw %%ax, %%gs\n\t"
		     "movw 12(%[in]), %%ax; movw %%ax, %%fs\n\t"
		     "movl $16, %%eax\n\t"
		     "syscall\n\t"
		     "movq %%rax, %%r12\n\t"
		     "movw %%ds, 8(%[out]); movw %%es, 10(%[out])\n\t"
		     "movw %%fs, 12(%[out]); movw %%gs, 14(%[out])\n\t"
		     "xorl %%eax, %%eax\n\t"
		     "movw %%ax, %%ds; movw %%ax, %%es; movw %%ax, %%gs; movw %%ax, %%fs\n\t"
		     "movl $158, %%eax\n\t"		/* arch_prctl */
		     "movl $0x1002, %%edi\n\t"		/* ARCH_SET_FS */
		     "movq %[base], %%rsi\n\t"
		     "syscall\n\t"
		     "movq %%r12, %%rax"
		     : "=&a" (ret)
		     : [in] "r" (in), [out] "r" (out), [base] "r" (fs_base),
		       "D" (fd), "S" (KVM_RUN), "d" (0)
		     : "rcx", "r11", "r12", "memory");
	return ret;
}

TEST_F(guest, segments_of_the_host)
{
	struct bare in = {}, out;
	uint16_t selectors[4];

	if (!make_selectors(selectors))
		SKIP(return, "this kernel has neither modify_ldt nor set_thread_area");
	in.ds = selectors[0];
	in.es = selectors[1];
	in.fs = selectors[2];
	in.gs = selectors[3];
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 3; round++) {
		memset(&out, 0, sizeof(out));
		ASSERT_EQ(0, run_with_segments(self->cpu.fd, &in, &out));
		ASSERT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
		EXPECT_EQ(in.ds, out.ds);
		EXPECT_EQ(in.es, out.es);
		EXPECT_EQ(in.fs, out.fs);
		EXPECT_EQ(in.gs, out.gs);
	}
}

static uint64_t gs_value = 0x1122334455667788;

TEST_F(guest, bases_of_fs_and_gs)
{
	uint64_t fs_before, fs_after, gs_after, through_gs;

	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_before));
	ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, (uintptr_t)&gs_value - 0x10));
	start(&self->vm, &self->cpu);
	for (int round = 0; round < 5; round++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		asm volatile("movq %%gs:0x10, %0" : "=r" (through_gs) : : "memory");
		EXPECT_EQ(gs_value, through_gs);
		ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_after));
		ASSERT_EQ(0, syscall(SYS_arch_prctl, ARCH_GET_GS, &gs_after));
		EXPECT_EQ(fs_before, fs_after);
		EXPECT_EQ((uintptr_t)&gs_value - 0x10, gs_after);
		/* Another thread's turn: the bases go through a context switch. */
		sched_yield();
		asm volatile("movq %%gs:0x10, %0" : "=r" (through_gs) : : "memory");
		EXPECT_EQ(gs_value, through_gs);
	}
}

#define HOST_FLAGS	0x40cd5		/* AC, DF, SF, ZF, AF, PF, CF */

TEST_F(guest, flags_of_the_host)
{
	uint64_t flags;
	long ret;

	start(&self->vm, &self->cpu);
	for (int round = 0; round < 3; round++) {
		asm volatile("pushq %[set]; popfq\n\t"
			     "syscall\n\t"
			     "pushfq; popq %[get]\n\t"
			     "pushq $2; popfq"
			     : "=a" (ret), [get] "=r" (flags)
			     : [set] "r" ((uint64_t)HOST_FLAGS), "a" (SYS_ioctl),
			       "D" (self->cpu.fd), "S" (KVM_RUN), "d" (0)
			     : "rcx", "r11", "memory");
		ASSERT_EQ(0, ret);
		EXPECT_EQ(HOST_FLAGS, flags & 0x40cd5);
	}
}

TEST_HARNESS_MAIN
