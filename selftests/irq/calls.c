// SPDX-License-Identifier: GPL-2.0
/*
 * The calls around a split irqchip: their order, their limits, their errors.
 */
#include "kselftest_harness.h"

#include "irq.h"

#define MAX_ROUTES	4096

FIXTURE(split) {
	struct machine m;
	struct vcpu *cpu;
};

FIXTURE_SETUP(split)
{
	machine_init(&self->m, 1);
	self->cpu = &self->m.cpu[0];
}

FIXTURE_TEARDOWN(split)
{
	machine_close(&self->m);
}

static int has(struct vm *vm, uint32_t cap)
{
	return ioctl(vm->fd, KVM_CHECK_EXTENSION, cap);
}

TEST_F(split, capabilities)
{
	EXPECT_EQ(1, has(&self->m.vm, KVM_CAP_SPLIT_IRQCHIP));
	EXPECT_EQ(1, has(&self->m.vm, KVM_CAP_SIGNAL_MSI));
	EXPECT_EQ(1, has(&self->m.vm, KVM_CAP_SET_BOOT_CPU_ID));
	EXPECT_EQ(1, has(&self->m.vm, KVM_CAP_TSC_DEADLINE_TIMER));
	EXPECT_EQ(1, has(&self->m.vm, KVM_CAP_IRQ_INJECT_STATUS));
	EXPECT_EQ(3, has(&self->m.vm, KVM_CAP_X2APIC_API) & 3);
	EXPECT_TRUE(vm_has_cpuid(self->m.vm.dev, 1, 2, 21));
}

TEST(chosen_before_the_first_vcpu)
{
	struct vcpu cpu;
	struct vm vm;

	vm_init_bare(&vm);
	EXPECT_ERROR(EINVAL, enable_cap(vm.fd, KVM_CAP_SPLIT_IRQCHIP, MAX_ROUTES + 1));
	vcpu_init_bare(&vm, &cpu, 0);
	EXPECT_ERROR(EEXIST, enable_cap(vm.fd, KVM_CAP_SPLIT_IRQCHIP, PINS));
	EXPECT_ERROR(EBUSY, ioctl(vm.fd, KVM_SET_BOOT_CPU_ID, 1));
	vcpu_close(&cpu);
	vm_close(&vm);
}

TEST_F(split, chosen_once)
{
	EXPECT_ERROR(EEXIST, enable_cap(self->m.vm.fd, KVM_CAP_SPLIT_IRQCHIP, PINS));
	EXPECT_ERROR(EINVAL, enable_cap(self->m.vm.fd, KVM_CAP_X2APIC_API, 1 << 4));
}

/* What needs a local APIC in the kernel says so. */
TEST(without)
{
	struct kvm_lapic_state state = {};
	struct vcpu cpu;
	struct vm vm;

	vm_init_bare(&vm);
	EXPECT_ERROR(EINVAL, signal_msi(&vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_ERROR(EINVAL, vm_route_msi(&vm, 0, MSI_ADDRESS(0), VECTOR));
	EXPECT_ERROR(ENXIO, irq_line(&vm, 0, 1));
	EXPECT_EQ(0, ioctl(vm.fd, KVM_SET_BOOT_CPU_ID, 0));
	vcpu_init_bare(&vm, &cpu, 0);
	EXPECT_ERROR(EINVAL, ioctl(cpu.fd, KVM_GET_LAPIC, &state));
	EXPECT_ERROR(EINVAL, ioctl(cpu.fd, KVM_SET_LAPIC, &state));
	EXPECT_ERROR(EINVAL, set_mp_state(&cpu, KVM_MP_STATE_HALTED));
	EXPECT_ERROR(EINVAL, set_mp_state(&cpu, KVM_MP_STATE_UNINITIALIZED));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(&cpu));
	vcpu_close(&cpu);
	vm_close(&vm);
}

/* There may be a page for the TPR, or none; to say that there is none is right. */
TEST_F(split, no_page_for_the_tpr)
{
	struct kvm_vapic_addr page = {};

	EXPECT_EQ(0, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &page));
	EXPECT_ERROR(EFAULT, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, NULL));
	page.vapic_addr = 1ull << 40;
	EXPECT_ERROR(EINVAL, ioctl(self->cpu->fd, KVM_SET_VAPIC_ADDR, &page));
}

TEST_F(split, mp_states)
{
	static const uint32_t states[] = {
		KVM_MP_STATE_UNINITIALIZED, KVM_MP_STATE_INIT_RECEIVED, KVM_MP_STATE_HALTED,
		KVM_MP_STATE_RUNNABLE,
	};
	unsigned int i;

	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(self->cpu));
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		EXPECT_EQ(0, set_mp_state(self->cpu, states[i]));
		EXPECT_EQ(states[i], mp_state(self->cpu));
	}
	EXPECT_ERROR(EINVAL, set_mp_state(self->cpu, 99));
	EXPECT_ERROR(EINVAL, set_mp_state(self->cpu, KVM_MP_STATE_STOPPED));
	/* A start-up message has come to one that waits: it runs as soon as it is looked at. */
	EXPECT_EQ(0, set_mp_state(self->cpu, KVM_MP_STATE_SIPI_RECEIVED));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(self->cpu));
}

static struct kvm_irq_routing *table_of(unsigned int count)
{
	struct kvm_irq_routing *table;
	unsigned int i;

	table = calloc(1, sizeof(*table) + count * sizeof(table->entries[0]));
	if (!table)
		die("out of memory");
	table->nr = count;
	for (i = 0; i < count; i++) {
		table->entries[i].gsi = i;
		table->entries[i].type = KVM_IRQ_ROUTING_MSI;
		table->entries[i].u.msi.address_lo = MSI_ADDRESS(0);
		table->entries[i].u.msi.data = 0x20 + i % 0xc0;
	}
	return table;
}

static int set_routes(struct vm *vm, const struct kvm_irq_routing *table)
{
	return ioctl(vm->fd, KVM_SET_GSI_ROUTING, table);
}

TEST_F(split, routes)
{
	struct kvm_irq_routing *table = table_of(MAX_ROUTES + 1);
	struct vm *vm = &self->m.vm;

	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->nr = MAX_ROUTES;
	EXPECT_EQ(0, set_routes(vm, table));
	table->flags = 1;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->flags = 0;
	table->nr = 2;
	table->entries[1].gsi = MAX_ROUTES;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->entries[1].gsi = ~0u;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->entries[1].gsi = 0;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->entries[1].gsi = 1;
	table->entries[1].type = KVM_IRQ_ROUTING_IRQCHIP;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->entries[1].type = 77;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	table->entries[1].type = KVM_IRQ_ROUTING_MSI;
	table->entries[0].flags = 4;
	EXPECT_ERROR(EINVAL, set_routes(vm, table));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_SET_GSI_ROUTING, NULL));
	free(table);
}

static __guest void switch_on(void)
{
	apic_sw_on();
	GUEST_SYNC(0);
	let_in();
	GUEST_EQ(1, irq_count[VECTOR]);
	GUEST_DONE();
}

TEST_F(split, lines)
{
	struct kvm_irq_routing *none = table_of(0);
	struct vm *vm = &self->m.vm;

	take_irqs(vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, switch_on);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(-1, line_status(vm, 3, 1));
	ASSERT_EQ(0, vm_route_msi(vm, 3, MSI_ADDRESS(0), VECTOR));
	EXPECT_EQ(-1, line_status(vm, 3, 0));
	EXPECT_EQ(-1, line_status(vm, 2, 1));
	EXPECT_EQ(-1, line_status(vm, MAX_ROUTES, 1));
	EXPECT_EQ(-1, line_status(vm, ~0u, 1));
	EXPECT_EQ(1, line_status(vm, 3, 1));
	EXPECT_EQ(0, irq_line(vm, ~0u, 1));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	ASSERT_EQ(0, set_routes(vm, none));
	EXPECT_EQ(-1, line_status(vm, 3, 1));
	free(none);
}

TEST_F(split, messages)
{
	struct kvm_msi msi = { .address_lo = MSI_ADDRESS(0), .data = VECTOR, .flags = 2 };
	struct vm *vm = &self->m.vm;

	EXPECT_ERROR(EINVAL, ioctl(vm->fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_SIGNAL_MSI, NULL));
	/* With ids in full the upper address has the rest of them, and eight reserved bits. */
	msi.flags = 0;
	msi.address_hi = 0x101;
	ASSERT_EQ(0, enable_cap(vm->fd, KVM_CAP_X2APIC_API, 1));
	EXPECT_ERROR(EINVAL, ioctl(vm->fd, KVM_SIGNAL_MSI, &msi));
	/* KVM finds a processor only when its local APIC has been written to. */
	take_irqs(vm, irq_note_and_eoi);
	vcpu_set_long(self->cpu, switch_on);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	msi.address_hi = 0;
	EXPECT_EQ(1, ioctl(vm->fd, KVM_SIGNAL_MSI, &msi));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

static __guest void to_x2apic(void)
{
	x2apic_on();
	GUEST_DONE();
}

TEST_F(split, ids_in_full)
{
	struct kvm_lapic_state state;
	uint32_t *reg = (uint32_t *)state.regs;

	machine_add_cpu(&self->m);
	self->cpu = &self->m.cpu[1];
	ASSERT_EQ(0, set_mp_state(self->cpu, KVM_MP_STATE_RUNNABLE));
	vcpu_set_long(self->cpu, to_x2apic);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(1 << 24, lapic_reg(self->cpu, REG_ID));
	ASSERT_EQ(0, enable_cap(self->m.vm.fd, KVM_CAP_X2APIC_API, 1));
	EXPECT_EQ(1, lapic_reg(self->cpu, REG_ID));
	state = lapic_of(self->cpu);
	reg[REG_ID / 4] = 2;
	EXPECT_ERROR(EINVAL, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
	reg[REG_ID / 4] = 1;
	EXPECT_EQ(0, ioctl(self->cpu->fd, KVM_SET_LAPIC, &state));
	EXPECT_ERROR(EFAULT, ioctl(self->cpu->fd, KVM_SET_LAPIC, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->cpu->fd, KVM_GET_LAPIC, NULL));
}

TEST(boot_cpu)
{
	struct machine m;

	machine_init_vm(&m);
	ASSERT_EQ(0, ioctl(m.vm.fd, KVM_SET_BOOT_CPU_ID, 1));
	machine_add_cpu(&m);
	machine_add_cpu(&m);
	EXPECT_EQ(0, vcpu_sregs(&m.cpu[0]).apic_base & BASE_BSP);
	EXPECT_EQ(BASE_BSP, vcpu_sregs(&m.cpu[1]).apic_base & BASE_BSP);
	EXPECT_EQ(KVM_MP_STATE_UNINITIALIZED, mp_state(&m.cpu[0]));
	EXPECT_EQ(KVM_MP_STATE_RUNNABLE, mp_state(&m.cpu[1]));
	EXPECT_EQ(LVT_MASKED, lapic_reg(&m.cpu[0], REG_LINT0));
	EXPECT_EQ(DM_EXTINT, lapic_reg(&m.cpu[1], REG_LINT0));
	machine_close(&m);
}

TEST_HARNESS_MAIN
