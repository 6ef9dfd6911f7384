// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of a local APIC, as the guest reads and writes them by MMIO and by MSR,
 * and as user space sees them.
 */
#include "kselftest_harness.h"

#include "irq.h"

#define GP	13

FIXTURE(apic) {
	struct machine m;
	struct vcpu *cpu;
};

FIXTURE_SETUP(apic)
{
	machine_init(&self->m, 1);
	self->cpu = &self->m.cpu[0];
}

FIXTURE_TEARDOWN(apic)
{
	machine_close(&self->m);
}

TEST_F(apic, reset_values)
{
	static const struct {
		unsigned int reg;
		uint32_t value;
	} wanted[] = {
		{ REG_ID, 0 }, { REG_TPR, 0 }, { REG_PPR, 0 }, { REG_LDR, 0 },
		{ REG_DFR, 0xffffffff }, { REG_SVR, 0xff }, { REG_ESR, 0 }, { REG_ICR, 0 },
		{ REG_ICR2, 0 }, { REG_TIMER, LVT_MASKED }, { REG_THERMAL, LVT_MASKED },
		{ REG_COUNTERS, LVT_MASKED }, { REG_LINT0, DM_EXTINT },
		{ REG_LINT1, LVT_MASKED }, { REG_ERROR, LVT_MASKED }, { REG_INITIAL, 0 },
		{ REG_CURRENT, 0 }, { REG_DIVIDE, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		EXPECT_EQ(wanted[i].value, lapic_reg(self->cpu, wanted[i].reg)) {
			TH_LOG("register 0x%x", wanted[i].reg);
		}
	for (i = 0; i < 0x80; i += 16) {
		EXPECT_EQ(0, lapic_reg(self->cpu, REG_ISR + i));
		EXPECT_EQ(0, lapic_reg(self->cpu, REG_TMR + i));
		EXPECT_EQ(0, lapic_reg(self->cpu, REG_IRR + i));
	}
	/* An xAPIC or later with six entries in its table, or seven with one for CMCI. */
	EXPECT_EQ(0x14, lapic_reg(self->cpu, REG_VERSION) & 0xff);
	EXPECT_LE(5, lapic_reg(self->cpu, REG_VERSION) >> 16 & 0xff);
	EXPECT_EQ(APIC_PAGE | BASE_ON | BASE_BSP, vcpu_sregs(self->cpu).apic_base);
}

/* A write of ones shows which bits there are. */
static __guest void write_ones(uint32_t reg, uint32_t wanted)
{
	uint32_t before = any_read(reg);

	any_write(reg, 0xffffffff);
	GUEST_EQ(reg | (uint64_t)wanted << 32, reg | (uint64_t)any_read(reg) << 32);
	any_write(reg, before);
	GUEST_EQ(reg | (uint64_t)before << 32, reg | (uint64_t)any_read(reg) << 32);
}

static __guest void bits_of_xapic(void)
{
	write_ones(REG_ID, 0xff000000);
	write_ones(REG_LDR, 0xff000000);
	apic_write(REG_DFR, 0);
	GUEST_EQ(0x0fffffff, apic_read(REG_DFR));
	apic_write(REG_DFR, 0xf0000000);
	GUEST_EQ(0xffffffff, apic_read(REG_DFR));
	apic_write(REG_ICR2, 0xffffffff);
	GUEST_EQ(0xff000000, apic_read(REG_ICR2));
	apic_sw_on();
	write_ones(REG_TPR, 0xff);
	write_ones(REG_SVR, 0x13ff);
	write_ones(REG_THERMAL, 0x117ff);
	write_ones(REG_COUNTERS, 0x117ff);
	write_ones(REG_LINT0, 0x1f7ff);
	write_ones(REG_LINT1, 0x1f7ff);
	write_ones(REG_ERROR, 0x110ff);
	write_ones(REG_DIVIDE, 0xb);
	GUEST_DONE();
}

TEST_F(apic, bits_of_xapic)
{
	vcpu_set_long(self->cpu, bits_of_xapic);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void only_32_bits_at_once(void)
{
	volatile uint8_t *byte = (uint8_t *)(uintptr_t)(APIC_PAGE + REG_TPR);
	volatile uint16_t *word = (uint16_t *)(uintptr_t)(APIC_PAGE + REG_TPR);
	volatile uint64_t *both = (uint64_t *)(uintptr_t)(APIC_PAGE + REG_TPR);
	uint64_t once = 1;

	apic_write(REG_TPR, 0x21);
	*byte = 0x77;
	*word = 0x77;
	*both = 0x77;
	*(volatile uint32_t *)(byte + 4) = 0x77;
	GUEST_EQ(0x21, apic_read(REG_TPR));
	/* Reads may be smaller, but not cross. */
	GUEST_EQ(0x21, *byte);
	GUEST_EQ(0x21, *word);
	GUEST_EQ(0, *(byte + 1));
	/* A read-modify-write, a string instruction, a push. */
	asm volatile("orl $0x10, (%0)" : : "r" (byte) : "memory");
	GUEST_EQ(0x31, apic_read(REG_TPR));
	asm volatile("rep stosl" : "+D" (byte), "+c" (once) : "a" (0x42) : "memory");
	GUEST_EQ(0x42, apic_read(REG_TPR));
	apic_write(REG_TPR, 0);
	GUEST_DONE();
}

TEST_F(apic, only_32_bits_at_once)
{
	vcpu_set_long(self->cpu, only_32_bits_at_once);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* SDM, "Local APIC State After It Has Been Software Disabled". */
static __guest void switched_off_masks(void)
{
	apic_sw_on();
	apic_write(REG_TIMER, VECTOR);
	apic_write(REG_LINT1, DM_NMI);
	GUEST_EQ(VECTOR, apic_read(REG_TIMER));
	apic_write(REG_SVR, SPURIOUS);
	GUEST_EQ(VECTOR | LVT_MASKED, apic_read(REG_TIMER));
	GUEST_EQ(DM_NMI | LVT_MASKED, apic_read(REG_LINT1));
	apic_write(REG_TIMER, VECTOR);
	GUEST_EQ(VECTOR | LVT_MASKED, apic_read(REG_TIMER));
	GUEST_DONE();
}

TEST_F(apic, switched_off_masks)
{
	vcpu_set_long(self->cpu, switched_off_masks);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

#define TRY_RDMSR(msr)							\
	GUEST_TRY("rdmsr", "=a" (low), "=d" (high) : "c" (msr))
#define TRY_WRMSR(msr, value)						\
	GUEST_TRY("wrmsr", : "c" (msr), "a" ((uint32_t)(value)),	\
		  "d" ((uint32_t)((uint64_t)(value) >> 32)))

static __guest void modes(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	uint32_t low, high;

	/* No MSRs before x2APIC mode. */
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_ID)));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_EOI), 0));
	/* From xAPIC to x2APIC, from there to off, from off to xAPIC. */
	GUEST_EQ(NO_TRAP, TRY_WRMSR(MSR_APIC_BASE, base | BASE_X2APIC));
	GUEST_EQ(GP, TRY_WRMSR(MSR_APIC_BASE, base));
	GUEST_EQ(GP, TRY_WRMSR(MSR_APIC_BASE, (base | BASE_X2APIC) & ~BASE_ON));
	GUEST_EQ(GP, TRY_WRMSR(MSR_APIC_BASE, base | BASE_X2APIC | 1));
	GUEST_EQ(base | BASE_X2APIC, rdmsr(MSR_APIC_BASE));
	GUEST_EQ(NO_TRAP, TRY_RDMSR(x2apic_msr(REG_ID)));
	/* Then the page is empty. */
	GUEST_EQ(0xffffffff, apic_read(REG_VERSION));
	apic_write(REG_TPR, 0x33);
	GUEST_EQ(0, rdmsr(x2apic_msr(REG_TPR)));
	GUEST_EQ(NO_TRAP, TRY_WRMSR(MSR_APIC_BASE, base & ~BASE_ON));
	GUEST_EQ(GP, TRY_WRMSR(MSR_APIC_BASE, base | BASE_X2APIC));
	GUEST_EQ(0xffffffff, apic_read(REG_VERSION));
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_ID)));
	GUEST_EQ(NO_TRAP, TRY_WRMSR(MSR_APIC_BASE, base));
	GUEST_EQ(0x14, apic_read(REG_VERSION) & 0xff);
	GUEST_DONE();
}

TEST_F(apic, modes)
{
	vcpu_set_long(self->cpu, modes);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void bits_of_x2apic(void)
{
	uint32_t low, high, i;

	x2apic_on();
	GUEST_EQ(0, rdmsr(x2apic_msr(REG_ID)));
	GUEST_EQ(1, rdmsr(x2apic_msr(REG_LDR)));
	apic_sw_on();
	/* What the mode has done away with, what is for reading or for writing alone. */
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_DFR)));
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_ICR2)));
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_APR)));
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_EOI)));
	GUEST_EQ(GP, TRY_RDMSR(x2apic_msr(REG_SELF)));
	GUEST_EQ(GP, TRY_RDMSR(0x840));
	GUEST_EQ(GP, TRY_RDMSR(0x8ff));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ID), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_VERSION), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_LDR), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_DFR), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ICR2), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_PPR), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_CURRENT), 0));
	for (i = 0; i < 0x80; i += 16) {
		GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ISR + i), 0));
		GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_TMR + i), 0));
		GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_IRR + i), 0));
		GUEST_EQ(0, rdmsr(x2apic_msr(REG_ISR + i)));
	}
	/* Reserved bits. */
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_TPR), 1ull << 32));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_TPR), 0x100));
	GUEST_EQ(NO_TRAP, TRY_WRMSR(x2apic_msr(REG_TPR), 0xff));
	GUEST_EQ(0xff, rdmsr(x2apic_msr(REG_TPR)));
	GUEST_EQ(15, read_cr8());
	wrmsr(x2apic_msr(REG_TPR), 0);
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ESR), 1));
	GUEST_EQ(NO_TRAP, TRY_WRMSR(x2apic_msr(REG_ESR), 0));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_SELF), 0x100));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ICR), 0x2000));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ICR), 0x10000));
	GUEST_EQ(GP, TRY_WRMSR(x2apic_msr(REG_ICR), 0x100000));
	/* One write of 64 bits, and they read back. */
	wrmsr(x2apic_msr(REG_ICR), 0x1234567800000000 | ICR_ASSERT | VECTOR);
	GUEST_EQ(0x1234567800000000 | ICR_ASSERT | VECTOR, rdmsr(x2apic_msr(REG_ICR)));
	write_ones(REG_LINT0, 0x1f7ff);
	write_ones(REG_ERROR, 0x110ff);
	GUEST_DONE();
}

TEST_F(apic, bits_of_x2apic)
{
	vcpu_set_long(self->cpu, bits_of_x2apic);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* KVM keeps no errors: it has none to tell of. */
static __guest void errors_are_told(void)
{
	apic_sw_on();
	apic_write(REG_ERROR, VECTOR);
	irqs_off();
	/* A vector that there is not. */
	apic_write(REG_ICR, ICR_SELF | 5);
	GUEST_EQ(0, apic_read(REG_ESR));
	apic_write(REG_ESR, 0);
	GUEST_EQ(0x20, apic_read(REG_ESR));
	apic_write(REG_ESR, 0);
	GUEST_EQ(0, apic_read(REG_ESR));
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	/* A register that there is not. */
	apic_read(0x3c0);
	apic_write(REG_ESR, 0);
	GUEST_EQ(0x80, apic_read(REG_ESR));
	let_in();
	GUEST_EQ(2, irq_count[VECTOR]);
	/* The error's own vector may be the error. */
	apic_write(REG_ERROR, 3);
	apic_read(0x3c0);
	apic_write(REG_ESR, 0);
	GUEST_EQ(0xc0, apic_read(REG_ESR));
	GUEST_SYNC(0);
	apic_write(REG_ESR, 0);
	GUEST_EQ(0x40, apic_read(REG_ESR));
	GUEST_DONE();
}

TEST_F(apic, errors_are_told)
{
	if (vm_is_kvm())
		SKIP(return, "KVM keeps ESR at 0");
	take_irqs(&self->m.vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, errors_are_told);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, signal_msi(&self->m.vm, MSI_ADDRESS(0), 7));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void read_own_registers(void)
{
	GUEST_EQ(0x40, apic_read(REG_TPR));
	GUEST_EQ(4, read_cr8());
	GUEST_EQ(0x9000000, apic_read(REG_ID));
	GUEST_EQ(0x40 | LVT_MASKED, apic_read(REG_TIMER));
	GUEST_EQ(0x55000000, apic_read(REG_ICR2));
	GUEST_DONE();
}

TEST_F(apic, state_set_by_user_space)
{
	struct kvm_lapic_state state = lapic_of(self->cpu), again;
	uint32_t *reg = (uint32_t *)state.regs;

	reg[REG_TPR / 4] = 0x40;
	reg[REG_ID / 4] = 0x9000000;
	reg[REG_TIMER / 4] = 0x40 | LVT_MASKED;
	reg[REG_ICR2 / 4] = 0x55000000;
	reg[REG_VERSION / 4] = 0;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
	again = lapic_of(self->cpu);
	/* The version is what it is. */
	EXPECT_EQ(0x14, lapic_reg(self->cpu, REG_VERSION) & 0xff);
	memcpy(&reg[REG_VERSION / 4], &again.regs[REG_VERSION], 4);
	reg[REG_PPR / 4] = 0x40;
	EXPECT_EQ(0, memcmp(&state, &again, sizeof(state)));
	EXPECT_EQ(4, vcpu_sregs(self->cpu).cr8);
	vcpu_set_long(self->cpu, read_own_registers);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void live_with_it(void)
{
	uint32_t i;

	irqs_on();
	for (i = 0; i < 0x400; i += 16)
		any_read(i);
	irqs_off();
	any_write(REG_TIMER, LVT_MASKED);
	any_write(REG_INITIAL, 0);
	GUEST_DONE();
}

/* Whatever user space puts there, the guest runs and the host lives. */
TEST_F(apic, every_field_wrong)
{
	static const uint8_t fill[] = { 0xff, 0x55, 0xaa, 0x01, 0x80, 0x00 };
	struct kvm_lapic_state state;
	unsigned int i, reg;

	take_irqs(&self->m.vm, irq_note_and_eoi);
	for (i = 0; i < ARRAY_SIZE(fill); i++) {
		memset(&state, fill[i], sizeof(state));
		ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
		vcpu_set_long(self->cpu, live_with_it);
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	}
	for (reg = 0; reg < 0x400; reg += 16) {
		memset(&state, 0, sizeof(state));
		/* Vectors below 32 would be taken for exceptions, by this guest too. */
		if (reg != REG_IRR)
			memset(&state.regs[reg], 0xff, 4);
		ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
		vcpu_set_long(self->cpu, live_with_it);
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu)) {
			TH_LOG("register 0x%x", reg);
		}
	}
}

static __guest void become_x2apic(void)
{
	x2apic_on();
	GUEST_SYNC(0);
	GUEST_EQ(0, rdmsr(x2apic_msr(REG_ID)));
	GUEST_EQ(1, rdmsr(x2apic_msr(REG_LDR)));
	GUEST_EQ(0xabcd000000004051, rdmsr(x2apic_msr(REG_ICR)));
	GUEST_DONE();
}

TEST_F(apic, x2apic_state_set_by_user_space)
{
	struct kvm_lapic_state state;
	uint32_t *reg = (uint32_t *)state.regs;

	vcpu_set_long(self->cpu, become_x2apic);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(BASE_X2APIC | BASE_ON | BASE_BSP | APIC_PAGE, vcpu_sregs(self->cpu).apic_base);
	state = lapic_of(self->cpu);
	/* The logical id follows from the id, whatever it says. */
	reg[REG_LDR / 4] = 0x12345678;
	reg[REG_ICR / 4] = 0x4051;
	reg[REG_ICR2 / 4] = 0xabcd0000;
	ASSERT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
	EXPECT_EQ(0x4051, lapic_reg(self->cpu, REG_ICR));
	EXPECT_EQ(0xabcd0000, lapic_reg(self->cpu, REG_ICR2));
	EXPECT_EQ(1, lapic_reg(self->cpu, REG_LDR));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void cr8_is_tpr(void)
{
	apic_write(REG_TPR, 0x5a);
	GUEST_EQ(5, read_cr8());
	write_cr8(9);
	GUEST_EQ(0x90, apic_read(REG_TPR));
	GUEST_EQ(0x90, apic_read(REG_PPR));
	write_cr8(0);
	GUEST_DONE();
}

TEST_F(apic, cr8_is_tpr)
{
	vcpu_set_long(self->cpu, cr8_is_tpr);
	/* The run page's CR8 is for a local APIC in user space. */
	self->cpu->run->cr8 = 7;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(0, self->cpu->run->cr8);
}

static __guest void elsewhere(void)
{
	/* 2 MiB further up, which is mapped to itself. */
	uint64_t base = rdmsr(MSR_APIC_BASE);

	apic_write(REG_TPR, 0x20);
	wrmsr(MSR_APIC_BASE, (base & 0xfff) | VM_HOLE);
	GUEST_EQ(0x20, *(volatile uint32_t *)(uintptr_t)(VM_HOLE + REG_TPR));
	*(volatile uint32_t *)(uintptr_t)(VM_HOLE + REG_TPR) = 0;
	wrmsr(MSR_APIC_BASE, base);
	GUEST_EQ(0, apic_read(REG_TPR));
	GUEST_DONE();
}

TEST_F(apic, page_can_be_moved)
{
	vcpu_set_long(self->cpu, elsewhere);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

TEST_HARNESS_MAIN
