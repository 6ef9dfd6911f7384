// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_IRQFD: an eventfd whose signal is an interrupt.
 */
#include <sys/eventfd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define GSI	30u
#define LINE	11u		/* of the I/O APIC */
#define BELL	VM_HOLE
#define ROUNDS	300

FIXTURE(irqfd) {
	struct machine m;
	struct vcpu *cpu;
	int event;
};

FIXTURE_SETUP(irqfd)
{
	machine_init(&self->m, 1);
	self->cpu = &self->m.cpu[0];
	self->event = eventfd(0, EFD_NONBLOCK);
	take_irqs(&self->m.vm, irq_note_and_eoi);
	if (self->event < 0 || vm_route_msi(&self->m.vm, GSI, MSI_ADDRESS(0), VECTOR))
		die("no eventfd, or no route: %s", strerror(errno));
}

FIXTURE_TEARDOWN(irqfd)
{
	close(self->event);
	machine_close(&self->m);
}

static int irqfd(struct vm *vm, int fd, uint32_t gsi, uint32_t flags, int resample)
{
	struct kvm_irqfd args = { .fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample };

	return ioctl(vm->fd, KVM_IRQFD, &args);
}

static void signal_event(int event)
{
	uint64_t one = 1;

	if (write(event, &one, sizeof(one)) != sizeof(one))
		die("cannot signal an eventfd: %s", strerror(errno));
}

static uint64_t count_of(int event)
{
	uint64_t count = 0;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

#define REMOVE		KVM_IRQFD_FLAG_DEASSIGN
#define RESAMPLE	KVM_IRQFD_FLAG_RESAMPLE

TEST_F(irqfd, refused)
{
	struct vm *vm = &self->m.vm, bare;

	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_IRQFD, NULL));
	EXPECT_ERROR(EINVAL, irqfd(vm, self->event, GSI, 4, 0));
	EXPECT_ERROR(EBADF, irqfd(vm, -1, GSI, 0, 0));
	EXPECT_ERROR(EINVAL, irqfd(vm, vm->fd, GSI, 0, 0));
	EXPECT_ERROR(EBADF, irqfd(vm, -1, GSI, REMOVE, 0));
	/* Nobody in the kernel knows when a line of user space's I/O APIC has been served. */
	EXPECT_ERROR(EINVAL, irqfd(vm, self->event, GSI, RESAMPLE, self->event));
	EXPECT_EQ(0, irqfd(vm, self->event, GSI, REMOVE, 0));
	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	EXPECT_ERROR(EBUSY, irqfd(vm, self->event, GSI, 0, 0));
	EXPECT_ERROR(EBUSY, irqfd(vm, self->event, GSI + 1, 0, 0));
	/* Another GSI's is not taken away. */
	EXPECT_EQ(0, irqfd(vm, self->event, GSI + 1, REMOVE, 0));
	EXPECT_ERROR(EBUSY, irqfd(vm, self->event, GSI, 0, 0));
	EXPECT_EQ(0, irqfd(vm, self->event, GSI, REMOVE, 0));
	EXPECT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	vm_init_bare(&bare);
	EXPECT_ERROR(EINVAL, irqfd(&bare, self->event, GSI, 0, 0));
	vm_close(&bare);
}

static __guest void one_by_one(void)
{
	uint64_t i;

	apic_sw_on();
	for (i = 0; i < 4; i++) {
		GUEST_SYNC(i);
		let_in();
	}
	GUEST_DONE();
}

TEST_F(irqfd, interrupts)
{
	struct vm *vm = &self->m.vm;

	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	vcpu_set_long(self->cpu, one_by_one);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	signal_event(self->event);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, GUEST_VAR(vm, irq_count)[VECTOR]);
	/* The signal is used up. */
	EXPECT_EQ(0, count_of(self->event));
	/* By another way from now on. */
	ASSERT_EQ(0, vm_route_msi(vm, GSI, MSI_ADDRESS(0), VECTOR + 1));
	signal_event(self->event);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, GUEST_VAR(vm, irq_count)[VECTOR]);
	EXPECT_EQ(1, GUEST_VAR(vm, irq_count)[VECTOR + 1]);
	ASSERT_EQ(0, irqfd(vm, self->event, GSI, REMOVE, 0));
	signal_event(self->event);
	EXPECT_EQ(1, count_of(self->event));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	/* A signal that has come before. */
	signal_event(self->event);
	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	usleep(1000);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(2, GUEST_VAR(vm, irq_count)[VECTOR + 1]);
}

TEST_F(irqfd, gsi_without_route)
{
	static const uint32_t gsis[] = { 0, GSI + 1, 4095, 4096, 0x7fffffff, ~0u };
	struct vm *vm = &self->m.vm;
	unsigned int i;

	vcpu_set_long(self->cpu, one_by_one);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	for (i = 0; i < ARRAY_SIZE(gsis); i++) {
		/* Newer kernels refuse what can never have a route. */
		if (irqfd(vm, self->event, gsis[i], 0, 0)) {
			EXPECT_EQ(EINVAL, errno);
			EXPECT_LE(4096, gsis[i]);
			continue;
		}
		signal_event(self->event);
		EXPECT_EQ(0, irqfd(vm, self->event, gsis[i], REMOVE, 0));
	}
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, GUEST_VAR(vm, irq_count)[VECTOR]);
}

static volatile uint32_t ready;

static __guest void wait_for_three(void)
{
	apic_sw_on();
	ready = 1;
	while (irq_count[VECTOR] < 3)
		halt();
	GUEST_DONE();
}

/* What comes before its local APIC is on is lost. */
static void start_and_wait(struct machine *m)
{
	unsigned int patience;

	GUEST_VAR(&m->vm, ready) = 0;
	machine_start(m, 0);
	for (patience = 10000; !GUEST_VAR(&m->vm, ready) && patience; patience--)
		usleep(100);
}

/* A processor that halts is woken. */
TEST_F(irqfd, wakes)
{
	struct vm *vm = &self->m.vm;
	unsigned int patience;
	uint64_t i;

	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	vcpu_set_long(self->cpu, wait_for_three);
	start_and_wait(&self->m);
	for (i = 1; i <= 3; i++) {
		usleep(300);
		signal_event(self->event);
		/* One that comes before the last is served would be the same. */
		for (patience = 1000; GUEST_VAR(vm, irq_count)[VECTOR] < i && patience; patience--)
			usleep(100);
	}
	EXPECT_TRUE(machine_join(&self->m, 0));
}

static __guest void ring_itself(void)
{
	uint64_t i;

	apic_sw_on();
	irqs_on();
	for (i = 1; i <= 5; i++) {
		*(volatile uint32_t *)(uintptr_t)BELL = 1;
		GUEST_EQ(i, irq_count[VECTOR]);
	}
	for (; i <= 10; i++) {
		outl(0x510, 1);
		GUEST_EQ(i, irq_count[VECTOR]);
	}
	GUEST_DONE();
}

/* A doorbell that is an interrupt: user space has no part in it. */
TEST_F(irqfd, from_a_doorbell)
{
	struct kvm_ioeventfd bell = { .addr = BELL, .len = 4, .fd = self->event };
	struct vm *vm = &self->m.vm;

	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	ASSERT_EQ(0, ioctl(vm->fd, KVM_IOEVENTFD, &bell));
	bell.addr = 0x510;
	bell.flags = KVM_IOEVENTFD_FLAG_PIO;
	ASSERT_EQ(0, ioctl(vm->fd, KVM_IOEVENTFD, &bell));
	vcpu_set_long(self->cpu, ring_itself);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
}

/* An eventfd outlives the VM whose interrupt it was. */
TEST(vm_closed_first)
{
	struct machine m;
	int event = eventfd(0, EFD_NONBLOCK);

	machine_init(&m, 1);
	ASSERT_EQ(0, vm_route_msi(&m.vm, GSI, MSI_ADDRESS(0), VECTOR));
	ASSERT_EQ(0, irqfd(&m.vm, event, GSI, 0, 0));
	machine_close(&m);
	signal_event(event);
	EXPECT_EQ(1, count_of(event));
	close(event);
}

/* The VM's file is closed, but its vCPU still runs: no interrupt comes any more. */
TEST_F(irqfd, vm_file_closed)
{
	struct vm *vm = &self->m.vm;

	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	vcpu_set_long(self->cpu, one_by_one);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	close(vm->fd);
	signal_event(self->event);
	EXPECT_EQ(1, count_of(self->event));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, GUEST_VAR(vm, irq_count)[VECTOR]);
	vm->fd = dup(self->event);
}

static void *signal_for_ever(void *data)
{
	const volatile int *event = data;
	uint64_t one = 1;
	int fd;

	/* What it writes to may be closed, or another file's, at any time. */
	while ((fd = *event) != -2)
		if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
			usleep(1);
	return NULL;
}

/* The end of an irqfd, by each of its ways, while it fires. */
TEST_F(irqfd, ends_while_it_fires)
{
	struct vm *vm = &self->m.vm;
	volatile int event = -1;
	pthread_t thread;
	int i, fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, signal_for_ever, (void *)&event));
	for (i = 0; i < ROUNDS; i++) {
		fd = eventfd(0, EFD_NONBLOCK);
		ASSERT_EQ(0, irqfd(vm, fd, GSI, 0, 0));
		event = fd;
		if (i % 8 == 0)
			usleep(20);
		if (i % 2)
			EXPECT_EQ(0, irqfd(vm, fd, GSI, REMOVE, 0));
		event = -1;
		close(fd);
	}
	event = -2;
	pthread_join(thread, NULL);
	/* Nothing is left of them. */
	ASSERT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	vcpu_set_long(self->cpu, wait_for_three);
	start_and_wait(&self->m);
	for (i = 0; i < 400 && GUEST_VAR(vm, irq_count)[VECTOR] < 3; i++) {
		signal_event(self->event);
		usleep(200);
	}
	EXPECT_TRUE(machine_join(&self->m, 0));
}

FIXTURE(resample) {
	struct machine m;
	struct vcpu *cpu;
	int event, again, other;
};

FIXTURE_SETUP(resample)
{
	machine_init_full(&self->m, 1);
	self->cpu = &self->m.cpu[0];
	self->event = eventfd(0, EFD_NONBLOCK);
	self->other = eventfd(0, EFD_NONBLOCK);
	self->again = eventfd(0, EFD_NONBLOCK);
	take_irqs(&self->m.vm, irq_note_and_eoi);
}

FIXTURE_TEARDOWN(resample)
{
	close(self->event);
	close(self->other);
	close(self->again);
	machine_close(&self->m);
}

static __guest void level_line(void)
{
	uint64_t i;

	apic_sw_on();
	/* The line is the 8259s' too. */
	any_write(REG_LINT0, LVT_MASKED);
	ioapic_route(LINE, 0, VECTOR | IO_LEVEL);
	for (i = 0; i < 4; i++) {
		GUEST_SYNC(i);
		let_in();
	}
	GUEST_DONE();
}

/* The line is up until the guest has ended the interrupt; then user space hears of it. */
TEST_F(resample, level)
{
	struct vm *vm = &self->m.vm;

	ASSERT_EQ(0, irqfd(vm, self->event, LINE, RESAMPLE, self->again));
	EXPECT_ERROR(EBUSY, irqfd(vm, self->event, LINE, RESAMPLE, self->again));
	EXPECT_ERROR(EBADF, irqfd(vm, self->other, LINE, RESAMPLE, -1));
	EXPECT_ERROR(EINVAL, irqfd(vm, self->other, LINE, RESAMPLE, vm->fd));
	vcpu_set_long(self->cpu, level_line);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	signal_event(self->event);
	/* KVM raises a pin from a kernel thread. */
	usleep(2000);
	EXPECT_EQ(0, count_of(self->again));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, GUEST_VAR(vm, irq_count)[VECTOR]);
	EXPECT_EQ(1, count_of(self->again));
	/* The device is not done. */
	signal_event(self->event);
	usleep(2000);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(2, GUEST_VAR(vm, irq_count)[VECTOR]);
	EXPECT_EQ(1, count_of(self->again));
	/* It goes away with its line up: the line falls, after the one on its way at most. */
	signal_event(self->event);
	usleep(2000);
	EXPECT_EQ(0, irqfd(vm, self->event, LINE, REMOVE, 0));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(0, count_of(self->again));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(self->cpu));
	EXPECT_EQ(3, GUEST_VAR(vm, irq_count)[VECTOR]);
}

/* Two devices on one line: both hear of the end. */
TEST_F(resample, shared)
{
	int again = eventfd(0, EFD_NONBLOCK);
	struct vm *vm = &self->m.vm;

	ASSERT_EQ(0, irqfd(vm, self->event, LINE, RESAMPLE, self->again));
	ASSERT_EQ(0, irqfd(vm, self->other, LINE, RESAMPLE, again));
	vcpu_set_long(self->cpu, level_line);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	signal_event(self->other);
	usleep(2000);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	EXPECT_EQ(1, GUEST_VAR(vm, irq_count)[VECTOR]);
	EXPECT_EQ(1, count_of(self->again));
	EXPECT_EQ(1, count_of(again));
	close(again);
}

static __guest void edge_line(void)
{
	uint64_t i;

	apic_sw_on();
	any_write(REG_LINT0, LVT_MASKED);
	ioapic_route(LINE, 0, VECTOR);
	for (i = 0; i < 3; i++) {
		GUEST_SYNC(i);
		let_in();
	}
	GUEST_DONE();
}

TEST_F(resample, edge)
{
	struct vm *vm = &self->m.vm;
	uint64_t i;

	ASSERT_EQ(0, irqfd(vm, self->event, LINE, 0, 0));
	vcpu_set_long(self->cpu, edge_line);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
	for (i = 1; i <= 2; i++) {
		signal_event(self->event);
		usleep(2000);
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(self->cpu));
		EXPECT_EQ(i, GUEST_VAR(vm, irq_count)[VECTOR]);
	}
}

struct remover {
	struct vm *vm;
	int event;
	volatile bool over;
};

static void *remove_for_ever(void *data)
{
	struct remover *r = data;

	while (!r->over)
		irqfd(r->vm, r->event, GSI, REMOVE, 0);
	return NULL;
}

/* Another thread may take it away before it is in place. */
TEST_F(irqfd, taken_away_while_it_is_made)
{
	struct vm *vm = &self->m.vm;
	struct remover r = { .vm = vm, .event = self->event };
	unsigned int made = 0;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_for_ever, &r));
	for (i = 0; i < ROUNDS; i++) {
		if (!irqfd(vm, self->event, GSI, 0, 0))
			made++;
		else
			EXPECT_EQ(EBUSY, errno);
	}
	r.over = true;
	pthread_join(thread, NULL);
	EXPECT_LT(0, made);
	EXPECT_EQ(0, irqfd(vm, self->event, GSI, REMOVE, 0));
	/* Whatever was there is gone as a whole. */
	EXPECT_EQ(0, irqfd(vm, self->event, GSI, 0, 0));
	signal_event(self->event);
	EXPECT_EQ(0, count_of(self->event));
}

TEST_HARNESS_MAIN
