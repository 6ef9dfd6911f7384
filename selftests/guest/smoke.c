// SPDX-License-Identifier: GPL-2.0
/*
 * The first things a guest does: out, hlt, cpuid, MMIO, from real mode to long
 * mode. When one of these fails no other test is worth reading.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

TEST_F(guest, real_mode_io_and_hlt)
{
	struct vcpu *cpu = &self->cpu;
	struct kvm_run *run = cpu->run;

	vm_copy(&self->vm, VM_CODE16, real_out, real_out_end);
	vcpu_set_real(cpu, 0, VM_CODE16);

	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	EXPECT_EQ(KVM_EXIT_IO_OUT, run->io.direction);
	EXPECT_EQ(1, run->io.size);
	EXPECT_EQ(0x42, run->io.port);
	EXPECT_EQ(1, run->io.count);
	EXPECT_EQ(0x5a, *(uint8_t *)vcpu_io_data(cpu));

	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	EXPECT_EQ(2, run->io.size);
	EXPECT_EQ(0x3f8, run->io.port);
	EXPECT_EQ(0x1234, *(uint16_t *)vcpu_io_data(cpu));

	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	EXPECT_EQ(KVM_EXIT_IO_IN, run->io.direction);
	EXPECT_EQ(0x60, run->io.port);
	*(uint8_t *)vcpu_io_data(cpu) = 0xa5;

	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(cpu));
	EXPECT_EQ(0xa5, self->vm.mem[0xc000]);
	EXPECT_EQ(0xa5, vcpu_regs(cpu).rax & 0xff);
	EXPECT_EQ((uint64_t)(VM_CODE16 + (real_out_end - real_out)), vcpu_regs(cpu).rip);
}

static __guest void long_mode_hello(void)
{
	GUEST_EQ(0x1234, 0x1234);
	GUEST_SYNC(0xfeedface12345678ull);
	GUEST_DONE();
}

TEST_F(guest, long_mode_reports)
{
	struct guest_report report;

	vcpu_set_long(&self->cpu, long_mode_hello);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(0xfeedface12345678ull, report.value[0]);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static uint32_t vendor[4];

static __guest void read_vendor(void)
{
	uint32_t regs[4];

	cpuid(0, 0, regs);
	for (int i = 0; i < 4; i++)
		vendor[i] = regs[i];
	GUEST_DONE();
}

TEST_F(guest, cpuid_is_the_table)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(self->vm.dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, 0, 0);

	ASSERT_NE(NULL, leaf);
	vcpu_set_long(&self->cpu, read_vendor);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(leaf->eax, GUEST_VAR(&self->vm, vendor[0]));
	EXPECT_EQ(leaf->ebx, GUEST_VAR(&self->vm, vendor[1]));
	EXPECT_EQ(leaf->ecx, GUEST_VAR(&self->vm, vendor[2]));
	EXPECT_EQ(leaf->edx, GUEST_VAR(&self->vm, vendor[3]));
	free(cpuid);
}

static __guest void touch_mmio(void)
{
	volatile uint32_t *device = (uint32_t *)(uintptr_t)VM_HOLE;

	device[0] = 0x11223344;
	GUEST_EQ(0x55667788, device[1]);
	GUEST_DONE();
}

TEST_F(guest, mmio_write_and_read)
{
	struct kvm_run *run = self->cpu.run;
	uint32_t value = 0x55667788;

	vcpu_set_long(&self->cpu, touch_mmio);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_EQ(VM_HOLE, run->mmio.phys_addr);
	EXPECT_EQ(4, run->mmio.len);
	EXPECT_EQ(1, run->mmio.is_write);
	EXPECT_EQ(0x11223344, *(uint32_t *)run->mmio.data);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_EQ(VM_HOLE + 4, run->mmio.phys_addr);
	EXPECT_EQ(4, run->mmio.len);
	EXPECT_EQ(0, run->mmio.is_write);
	memcpy(run->mmio.data, &value, sizeof(value));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void take_exceptions(void)
{
	GUEST_EQ(6, GUEST_TRY("ud2"));
	GUEST_EQ(13, GUEST_TRY("rdmsr", : "c" (0x12345678) : "eax", "edx"));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(NO_TRAP, GUEST_TRY("nop"));
	GUEST_DONE();
}

TEST_F(guest, exceptions_reach_the_guest)
{
	vcpu_set_long(&self->cpu, take_exceptions);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_HARNESS_MAIN
