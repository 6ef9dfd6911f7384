// SPDX-License-Identifier: GPL-2.0
/*
 * Several processors: messages in each mode and to each kind of address, INIT and
 * start-up.
 */
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define CPUS		3
#define AP_PAGE		0x10
#define AP_COUNT	0xd800
#define AP_SEEN		0xd804
#define DOES_NOTHING	0

extern const char ap_code[], ap_code_end[];

FIXTURE(smp) {
	struct machine m;
	struct vm *vm;
};

FIXTURE_SETUP(smp)
{
	unsigned int i;

	machine_init(&self->m, CPUS);
	self->vm = &self->m.vm;
	for (i = 1; i < CPUS; i++)
		ASSERT_EQ(0, set_mp_state(&self->m.cpu[i], KVM_MP_STATE_RUNNABLE));
}

FIXTURE_TEARDOWN(smp)
{
	machine_close(&self->m);
}

static volatile uint64_t use_x2apic, use_cluster;

/* Each has switched its local APIC on, and stopped with interrupts off. */
static __guest void prepare(void)
{
	uint64_t id;

	if (use_x2apic) {
		x2apic_on();
	} else {
		id = apic_read(REG_ID) >> 24;
		if (use_cluster) {
			apic_write(REG_DFR, 0);
			/* Two in cluster 1, the rest in cluster 2. */
			apic_write(REG_LDR, (id < 2 ? 0x10u | 1u << id : 0x21u) << 24);
		} else {
			apic_write(REG_LDR, 1u << (24 + id));
		}
	}
	apic_sw_on();
	GUEST_DONE();
}

static void prepare_all(struct __test_metadata *_metadata, struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->cpus; i++) {
		vcpu_set_long(&m->cpu[i], prepare);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&m->cpu[i]));
	}
}

static volatile uint32_t command, destination;

static __guest void send(void)
{
	if (use_x2apic)
		send_x2apic(destination, command);
	else
		send_xapic(destination, command);
	GUEST_DONE();
}

static unsigned int irr_bit(struct vcpu *cpu, unsigned int vector)
{
	return lapic_reg(cpu, REG_IRR + vector / 32 * 16) >> vector % 32 & 1;
}

/* vCPU 0 sends; the value has a bit for each that the vector waits for now. */
static unsigned int who_gets(struct __test_metadata *_metadata, struct machine *m,
			     uint32_t to, uint32_t what)
{
	static unsigned int vector = 0x40;
	unsigned int i, got = 0;

	vector++;
	GUEST_VAR(&m->vm, destination) = to;
	GUEST_VAR(&m->vm, command) = what | vector;
	vcpu_set_entry(&m->cpu[0], send);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&m->cpu[0]));
	for (i = 0; i < m->cpus; i++)
		got |= irr_bit(&m->cpu[i], vector) << i;
	return got;
}

/* The same by a device: one bit for each, and what the call says agrees. */
static unsigned int msi_gets(struct __test_metadata *_metadata, struct machine *m,
			     uint32_t address, uint32_t data)
{
	static unsigned int vector = 0xa0;
	unsigned int i, got = 0;
	int count;

	vector++;
	count = signal_msi(&m->vm, address, data | vector);
	for (i = 0; i < m->cpus; i++)
		got |= irr_bit(&m->cpu[i], vector) << i;
	if (got)
		EXPECT_EQ(__builtin_popcount(got), count);
	return got;
}

#define GETS(wanted, to, what)	EXPECT_EQ(wanted, who_gets(_metadata, &self->m, to, what))
#define MSI_GETS(wanted, address, data)	\
	EXPECT_EQ(wanted, msi_gets(_metadata, &self->m, address, data))

TEST_F(smp, physical_and_shorthand)
{
	prepare_all(_metadata, &self->m);
	GETS(1, 0, DM_FIXED);
	GETS(2, 1, DM_FIXED);
	GETS(4, 2, DM_FIXED);
	GETS(0, 3, DM_FIXED);
	GETS(7, 0xff, DM_FIXED);
	/* The level bits are for an INIT of old: a vector needs none, but not the negation. */
	GETS(2, 1, DM_FIXED | ICR_ASSERT);
	GETS(2, 1, DM_FIXED | ICR_ASSERT | ICR_LEVEL);
	GETS(0, 1, DM_FIXED | ICR_LEVEL);
	GETS(1, 2, ICR_SELF);
	GETS(7, 2, ICR_ALL);
	GETS(6, 2, ICR_OTHERS);
}

TEST_F(smp, flat)
{
	prepare_all(_metadata, &self->m);
	GETS(1, 1, ICR_LOGICAL);
	GETS(6, 6, ICR_LOGICAL);
	GETS(4, 0xfc, ICR_LOGICAL);
	GETS(0, 0xf8, ICR_LOGICAL);
	GETS(0, 0, ICR_LOGICAL);
	GETS(7, 0xff, ICR_LOGICAL);
}

TEST_F(smp, cluster)
{
	GUEST_VAR(self->vm, use_cluster) = 1;
	prepare_all(_metadata, &self->m);
	GETS(1, 0x11, ICR_LOGICAL);
	GETS(2, 0x12, ICR_LOGICAL);
	GETS(3, 0x13, ICR_LOGICAL);
	GETS(4, 0x21, ICR_LOGICAL);
	GETS(0, 0x22, ICR_LOGICAL);
	GETS(0, 0x31, ICR_LOGICAL);
	GETS(7, 0xff, ICR_LOGICAL);
}

TEST_F(smp, x2apic)
{
	GUEST_VAR(self->vm, use_x2apic) = 1;
	prepare_all(_metadata, &self->m);
	GETS(1, 0, DM_FIXED);
	GETS(4, 2, DM_FIXED);
	GETS(0, 0xff, DM_FIXED);
	GETS(0, 0x10000, DM_FIXED);
	GETS(7, 0xffffffff, DM_FIXED);
	GETS(6, 6, ICR_LOGICAL);
	GETS(7, 0xffff, ICR_LOGICAL);
	GETS(0, 0x10001, ICR_LOGICAL);
	GETS(7, 0xffffffff, ICR_LOGICAL);
	GETS(6, 0, ICR_OTHERS);
	GETS(1, 0, ICR_SELF);
}

static unsigned int is_one_of(unsigned int mask, unsigned int got)
{
	return __builtin_popcount(got) == 1 && !(got & ~mask);
}

TEST_F(smp, lowest_priority_is_one)
{
	unsigned int i, all = 0, got;

	prepare_all(_metadata, &self->m);
	for (i = 0; i < 6; i++) {
		got = who_gets(_metadata, &self->m, 7, DM_LOWEST | ICR_LOGICAL);
		EXPECT_TRUE(is_one_of(7, got));
		all |= got;
		got = msi_gets(_metadata, &self->m, MSI_ADDRESS(6) | MSI_LOGICAL, DM_LOWEST);
		EXPECT_TRUE(is_one_of(6, got));
		got = msi_gets(_metadata, &self->m,
			       MSI_ADDRESS(5) | MSI_LOGICAL | MSI_REDIRECT, DM_FIXED);
		EXPECT_TRUE(is_one_of(5, got));
	}
	/* Vectors are spread. */
	EXPECT_EQ(7, all);
	GETS(2, 1, DM_LOWEST);
}

TEST_F(smp, devices)
{
	prepare_all(_metadata, &self->m);
	MSI_GETS(2, MSI_ADDRESS(1), DM_FIXED);
	MSI_GETS(7, MSI_ADDRESS(0xff), DM_FIXED);
	MSI_GETS(5, MSI_ADDRESS(5) | MSI_LOGICAL, DM_FIXED);
	MSI_GETS(0, MSI_ADDRESS(0x40) | MSI_LOGICAL, DM_FIXED);
}

TEST_F(smp, devices_and_x2apic)
{
	GUEST_VAR(self->vm, use_x2apic) = 1;
	prepare_all(_metadata, &self->m);
	MSI_GETS(2, MSI_ADDRESS(1), DM_FIXED);
	MSI_GETS(5, MSI_ADDRESS(5) | MSI_LOGICAL, DM_FIXED);
	MSI_GETS(7, MSI_ADDRESS(0xff), DM_FIXED);
	/* Without the quirk 0xff is an id like others. */
	ASSERT_EQ(0, enable_cap(self->vm->fd, KVM_CAP_X2APIC_API, 3));
	MSI_GETS(0, MSI_ADDRESS(0xff), DM_FIXED);
	MSI_GETS(7, MSI_ADDRESS(0xff) | MSI_LOGICAL, DM_FIXED);
}

static __guest void note_nmi(void)
{
	asm volatile("nop");
	GUEST_EQ(1, irq_count[2]);
	GUEST_DONE();
}

TEST_F(smp, nmi_to_another)
{
	take_irqs(self->vm, irq_note);
	prepare_all(_metadata, &self->m);
	GUEST_VAR(self->vm, destination) = 1;
	GUEST_VAR(self->vm, command) = DM_NMI | ICR_ASSERT;
	vcpu_set_entry(&self->m.cpu[0], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[0]));
	EXPECT_EQ(1, vcpu_events(&self->m.cpu[1]).nmi.pending);
	vcpu_set_entry(&self->m.cpu[1], note_nmi);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[1]));
}

/* What does nothing: SMI, a reserved mode, ExtINT; nobody is harmed. */
TEST_F(smp, modes_that_do_nothing)
{
	static const uint32_t modes[] = { 0x200, 0x300, 0x700 };
	unsigned int i;

	prepare_all(_metadata, &self->m);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		GETS(DOES_NOTHING, 1, modes[i] | ICR_ASSERT);
		EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(&self->m.cpu[1]));
	}
}

/* INIT: the state of a reset, and only a start-up message goes on from it. */
TEST_F(smp, init_and_start_up)
{
	struct vcpu *ap = &self->m.cpu[1];
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	prepare_all(_metadata, &self->m);
	/* A start-up message to one that runs does nothing. */
	GUEST_VAR(self->vm, destination) = 1;
	GUEST_VAR(self->vm, command) = DM_STARTUP | ICR_ASSERT | AP_PAGE;
	vcpu_set_entry(&self->m.cpu[0], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[0]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(ap));
	EXPECT_NE(0xfff0, vcpu_regs(ap).rip);

	GUEST_VAR(self->vm, command) = DM_INIT | ICR_LEVEL;
	vcpu_set_entry(&self->m.cpu[0], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[0]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(ap));

	GUEST_VAR(self->vm, command) = DM_INIT | ICR_LEVEL | ICR_ASSERT;
	vcpu_set_entry(&self->m.cpu[0], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[0]));
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, mp_state(ap));
	regs = vcpu_regs(ap);
	sregs = vcpu_sregs(ap);
	EXPECT_EQ(0xfff0, regs.rip);
	EXPECT_EQ(2, regs.rflags);
	EXPECT_EQ(0, regs.rsp);
	EXPECT_EQ(0, regs.rax | regs.rbx | regs.rsi | regs.r15);
	EXPECT_EQ(0xf000, sregs.cs.selector);
	EXPECT_EQ(0xffff0000, sregs.cs.base);
	EXPECT_EQ(0, sregs.cr3 | sregs.cr4 | sregs.efer | sregs.cr8 | sregs.cr2);
	EXPECT_EQ(X86_CR0_ET, sregs.cr0 & ~(X86_CR0_CD | X86_CR0_NW));
	/* The local APIC keeps its address and its id. */
	EXPECT_EQ(APIC_PAGE | BASE_ON, sregs.apic_base);
	EXPECT_EQ(1 << 24, lapic_reg(ap, REG_ID));
	EXPECT_EQ(0xff, lapic_reg(ap, REG_SVR));
	EXPECT_EQ(0, lapic_reg(ap, REG_LDR));

	GUEST_VAR(self->vm, command) = DM_STARTUP | ICR_ASSERT | 0x9a;
	vcpu_set_entry(&self->m.cpu[0], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[0]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(ap));
	sregs = vcpu_sregs(ap);
	EXPECT_EQ(0x9a00, sregs.cs.selector);
	EXPECT_EQ(0x9a000, sregs.cs.base);
	EXPECT_EQ(0, vcpu_regs(ap).rip);
}

/* The boot processor goes on at once. */
TEST_F(smp, init_of_the_boot_processor)
{
	prepare_all(_metadata, &self->m);
	GUEST_VAR(self->vm, destination) = 0;
	GUEST_VAR(self->vm, command) = DM_INIT | ICR_ASSERT;
	vcpu_set_entry(&self->m.cpu[1], send);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->m.cpu[1]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(&self->m.cpu[0]));
	EXPECT_EQ(0xfff0, vcpu_regs(&self->m.cpu[0]).rip);
	EXPECT_EQ(DM_EXTINT, lapic_reg(&self->m.cpu[0], REG_LINT0));
}

static __guest void wake_them(void)
{
	volatile uint32_t *count = (uint32_t *)(uintptr_t)AP_COUNT;
	unsigned int i;

	apic_sw_on();
	/* INIT, start-up, start-up, as the manual has it; all at once and one after the other. */
	apic_write(REG_ICR, ICR_OTHERS | DM_INIT | ICR_ASSERT);
	apic_write(REG_ICR, ICR_OTHERS | DM_STARTUP | ICR_ASSERT | AP_PAGE);
	apic_write(REG_ICR, ICR_OTHERS | DM_STARTUP | ICR_ASSERT | AP_PAGE);
	while (*count < CPUS - 1)
		asm volatile("pause");
	GUEST_EQ(AP_PAGE << 8, *(volatile uint16_t *)(uintptr_t)AP_SEEN);
	for (i = 1; i < CPUS; i++) {
		send_xapic(i, DM_INIT | ICR_ASSERT);
		send_xapic(i, DM_STARTUP | ICR_ASSERT | AP_PAGE);
		while (*count < CPUS - 1 + i)
			asm volatile("pause");
	}
	GUEST_DONE();
}

static void wake(struct __test_metadata *_metadata, struct machine *m)
{
	unsigned int i;

	vm_copy(&m->vm, AP_PAGE << 12, ap_code, ap_code_end);
	vcpu_set_long(&m->cpu[0], wake_them);
	for (i = 1; i < m->cpus; i++)
		machine_start(m, i);
	machine_start(m, 0);
	EXPECT_TRUE(machine_join(m, 0));
	/* They halt for good, with their interrupts off. */
	for (i = 1; i < m->cpus; i++) {
		m->cpu[i].run->immediate_exit = 1;
		while (pthread_tryjoin_np(m->thread[i], NULL)) {
			pthread_kill(m->thread[i], SIGALRM);
			usleep(500);
		}
		m->cpu[i].run->immediate_exit = 0;
		EXPECT_EQ(GUEST_NOT_RUN, m->word[i]);
		EXPECT_EQ(KVM_MP_STATE_HALTED, mp_state(&m->cpu[i]));
	}
}

TEST_F(smp, start_from_uninitialized)
{
	unsigned int i;

	for (i = 1; i < CPUS; i++)
		ASSERT_EQ(0, set_mp_state(&self->m.cpu[i], KVM_MP_STATE_UNINITIALIZED));
	wake(_metadata, &self->m);
}

static __guest void stand(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

TEST_F(smp, start_again_from_running)
{
	unsigned int i;

	prepare_all(_metadata, &self->m);
	for (i = 1; i < CPUS; i++)
		vcpu_set_entry(&self->m.cpu[i], stand);
	wake(_metadata, &self->m);
}

static volatile uint64_t turn;

/* Each sleeps until the other has sent. A wake-up that is lost is the end of both. */
static __guest void ping_pong(void)
{
	uint32_t own = apic_read(REG_ID) >> 24, i;

	apic_sw_on();
	__atomic_fetch_add(&turn, 1, __ATOMIC_SEQ_CST);
	while (turn < 2)
		asm volatile("pause");
	for (i = 0; i < 50; i++) {
		if (!own || i)
			send_xapic(!own, VECTOR + own);
		while (irq_count[VECTOR + !own] <= i)
			halt();
	}
	/* The first message was one's own; the other is owed the last. */
	if (own)
		send_xapic(0, VECTOR + own);
	GUEST_DONE();
}

TEST_F(smp, ping_pong)
{
	unsigned int i;

	take_irqs(self->vm, irq_note_and_eoi);
	for (i = 0; i < 2; i++) {
		vcpu_set_long(&self->m.cpu[i], ping_pong);
		machine_start(&self->m, i);
	}
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(machine_join(&self->m, i));
}

TEST_HARNESS_MAIN
