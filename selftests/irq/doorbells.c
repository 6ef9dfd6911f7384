// SPDX-License-Identifier: GPL-2.0
/*
 * Writes that need not wake user space: KVM_IOEVENTFD, and coalesced zones.
 */
#include <sys/eventfd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define PORT		0x510
#define BELL		(VM_HOLE + 0x1000u)
#define MAX_EXITS	32

/* A write, or a read, that has come to user space. */
struct seen {
	uint64_t address;
	uint64_t value;
	unsigned int length;
	bool write;
};

FIXTURE(bells) {
	struct vm vm;
	struct vcpu cpu;
	int event;
	struct seen seen[MAX_EXITS];
	unsigned int exits;
};

FIXTURE_SETUP(bells)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
	self->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (self->event < 0)
		die("eventfd: %s", strerror(errno));
}

FIXTURE_TEARDOWN(bells)
{
	close(self->event);
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

static void note(struct seen *seen, struct kvm_run *run)
{
	memset(seen, 0, sizeof(*seen));
	if (run->exit_reason == KVM_EXIT_IO) {
		seen->address = run->io.port;
		seen->length = run->io.size;
		seen->write = run->io.direction == KVM_EXIT_IO_OUT;
		memcpy(&seen->value, (char *)run + run->io.data_offset, run->io.size);
		return;
	}
	seen->address = run->mmio.phys_addr;
	seen->length = run->mmio.len;
	seen->write = run->mmio.is_write;
	memcpy(&seen->value, run->mmio.data, run->mmio.len);
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
}

/* Runs the guest to its end; what comes to user space on the way is noted. */
static enum guest_word run_guest(struct vcpu *cpu, struct seen *seen, unsigned int *exits,
				 void (*guest)(void))
{
	enum guest_word word;

	*exits = 0;
	vcpu_set_long(cpu, guest);
	while ((word = vcpu_go(cpu)) == GUEST_OTHER_EXIT && *exits < MAX_EXITS &&
	       (cpu->run->exit_reason == KVM_EXIT_IO || cpu->run->exit_reason == KVM_EXIT_MMIO))
		note(&seen[(*exits)++], cpu->run);
	return word;
}

#define run_all(self, guest)	run_guest(&(self)->cpu, (self)->seen, &(self)->exits, guest)

static int bell(struct vm *vm, int fd, uint64_t address, uint32_t length, uint32_t flags,
		uint64_t match)
{
	struct kvm_ioeventfd args = {
		.addr = address,
		.len = length,
		.fd = fd,
		.flags = flags,
		.datamatch = match,
	};

	return ioctl(vm->fd, KVM_IOEVENTFD, &args);
}

/* How often it has been signalled since the last look. */
static uint64_t rung(int event)
{
	uint64_t count = 0;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

#define PIO	KVM_IOEVENTFD_FLAG_PIO
#define MATCH	KVM_IOEVENTFD_FLAG_DATAMATCH
#define REMOVE	KVM_IOEVENTFD_FLAG_DEASSIGN

TEST_F(bells, capabilities)
{
	static const uint32_t caps[] = {
		KVM_CAP_IOEVENTFD, KVM_CAP_IOEVENTFD_NO_LENGTH, KVM_CAP_IOEVENTFD_ANY_LENGTH,
		KVM_CAP_COALESCED_PIO, KVM_CAP_IRQFD, KVM_CAP_IRQFD_RESAMPLE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(caps); i++)
		EXPECT_EQ(1, ioctl(self->vm.fd, KVM_CHECK_EXTENSION, caps[i]));
	EXPECT_EQ(KVM_COALESCED_MMIO_PAGE_OFFSET,
		  ioctl(self->vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO));
	EXPECT_LT(KVM_COALESCED_MMIO_PAGE_OFFSET * 4096, self->vm.run_size);
}

TEST_F(bells, refused)
{
	struct vm *vm = &self->vm;
	int event = self->event;

	EXPECT_ERROR(EFAULT, ioctl(vm->fd, KVM_IOEVENTFD, NULL));
	EXPECT_ERROR(EINVAL, bell(vm, event, BELL, 3, 0, 0));
	EXPECT_ERROR(EINVAL, bell(vm, event, BELL, 16, 0, 0));
	EXPECT_ERROR(EINVAL, bell(vm, event, BELL, ~0u, 0, 0));
	EXPECT_ERROR(EINVAL, bell(vm, event, -2, 4, 0, 0));
	EXPECT_ERROR(EINVAL, bell(vm, event, BELL, 0, MATCH, 0));
	EXPECT_ERROR(EINVAL, bell(vm, event, BELL, 4, 1u << 31, 0));
	EXPECT_ERROR(EBADF, bell(vm, -1, BELL, 4, 0, 0));
	EXPECT_ERROR(EINVAL, bell(vm, vm->fd, BELL, 4, 0, 0));
	EXPECT_ERROR(EBADF, bell(vm, -1, BELL, 4, REMOVE, 0));
	EXPECT_ERROR(ENOENT, bell(vm, event, BELL, 4, REMOVE, 0));
}

TEST_F(bells, collisions)
{
	struct vm *vm = &self->vm;
	int event = self->event;

	ASSERT_EQ(0, bell(vm, event, BELL, 4, MATCH, 1));
	EXPECT_ERROR(EEXIST, bell(vm, event, BELL, 4, MATCH, 1));
	EXPECT_ERROR(EEXIST, bell(vm, event, BELL, 4, 0, 0));
	EXPECT_ERROR(EEXIST, bell(vm, event, BELL, 0, 0, 0));
	EXPECT_EQ(0, bell(vm, event, BELL, 4, MATCH, 2));
	EXPECT_EQ(0, bell(vm, event, BELL, 2, 0, 0));
	EXPECT_EQ(0, bell(vm, event, BELL, 4, PIO | MATCH, 1));
	EXPECT_EQ(0, bell(vm, event, BELL + 1, 4, 0, 0));
	EXPECT_ERROR(ENOENT, bell(vm, event, BELL, 4, REMOVE, 0));
	EXPECT_ERROR(ENOENT, bell(vm, event, BELL, 4, REMOVE | MATCH, 3));
	EXPECT_ERROR(ENOENT, bell(vm, event, BELL, 2, REMOVE | PIO, 0));
	EXPECT_EQ(0, bell(vm, event, BELL, 4, REMOVE | MATCH, 1));
	EXPECT_ERROR(ENOENT, bell(vm, event, BELL, 4, REMOVE | MATCH, 1));
	EXPECT_EQ(0, bell(vm, event, BELL, 4, MATCH, 1));
}

static __guest void write_port(void)
{
	outb(PORT, 0x11);
	outw(PORT, 0x2222);
	outl(PORT, 0x33333333);
	outb(PORT + 1, 0x44);
	inb(PORT);
	GUEST_DONE();
}

TEST_F(bells, port)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, PORT, 2, PIO, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(1, rung(self->event));
	ASSERT_EQ(4, self->exits);
	EXPECT_EQ(1, self->seen[0].length);
	EXPECT_EQ(0x11, self->seen[0].value);
	EXPECT_EQ(4, self->seen[1].length);
	EXPECT_EQ(0x33333333, self->seen[1].value);
	EXPECT_EQ(PORT + 1, self->seen[2].address);
	EXPECT_FALSE(self->seen[3].write);
}

TEST_F(bells, port_of_any_length)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, PORT, 0, PIO, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(3, rung(self->event));
	EXPECT_EQ(2, self->exits);
}

TEST_F(bells, port_and_value)
{
	int other = eventfd(0, EFD_NONBLOCK);

	ASSERT_EQ(0, bell(&self->vm, self->event, PORT, 4, PIO | MATCH, 0x33333333));
	ASSERT_EQ(0, bell(&self->vm, other, PORT, 2, PIO | MATCH, 0x12222));
	ASSERT_EQ(0, bell(&self->vm, other, PORT, 1, PIO | MATCH, 0x12));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(1, rung(self->event));
	EXPECT_EQ(0, rung(other));
	EXPECT_EQ(4, self->exits);
	ASSERT_EQ(0, bell(&self->vm, self->event, PORT, 4, PIO | MATCH | REMOVE, 0x33333333));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(0, rung(self->event));
	EXPECT_EQ(5, self->exits);
	close(other);
}

static __guest void write_string(void)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	const uint8_t *from = bytes;
	uint64_t count = sizeof(bytes);

	asm volatile("rep outsb" : "+S" (from), "+c" (count) : "d" (PORT) : "memory");
	GUEST_EQ(0, count);
	GUEST_EQ((uintptr_t)bytes + sizeof(bytes), (uintptr_t)from);
	GUEST_DONE();
}

TEST_F(bells, port_by_string)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, PORT, 1, PIO, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_string));
	EXPECT_EQ(4, rung(self->event));
	EXPECT_EQ(0, self->exits);
}

static __guest void write_mmio(void)
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)BELL;

	*(volatile uint8_t *)at = 0x11;
	*(volatile uint16_t *)at = 0x2222;
	*(volatile uint32_t *)at = 0x33333333;
	*at = 0x4444444444444444;
	*(volatile uint32_t *)(at + 1) = 5;
	GUEST_DONE();
}

TEST_F(bells, mmio)
{
	static const unsigned int lengths[] = { 1, 2, 4, 8 };
	unsigned int i, n, k;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ASSERT_EQ(0, bell(&self->vm, self->event, BELL, lengths[i], 0, 0));
		ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
		EXPECT_EQ(1, rung(self->event));
		ASSERT_EQ(4, self->exits);
		for (n = 0, k = 0; n < ARRAY_SIZE(lengths); n++) {
			if (n == i)
				continue;
			EXPECT_EQ(lengths[n], self->seen[k].length);
			EXPECT_EQ(0x11 * (n + 1), self->seen[k++].value & 0xff);
		}
		EXPECT_EQ(BELL + 8, self->seen[k].address);
		ASSERT_EQ(0, bell(&self->vm, self->event, BELL, lengths[i], REMOVE, 0));
	}
}

TEST_F(bells, mmio_of_any_length)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, BELL, 0, 0, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(4, rung(self->event));
	ASSERT_EQ(1, self->exits);
	EXPECT_EQ(BELL + 8, self->seen[0].address);
	ASSERT_EQ(0, bell(&self->vm, self->event, BELL, 0, REMOVE, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(5, self->exits);
}

TEST_F(bells, mmio_and_value)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, BELL, 8, MATCH, 0x4444444444444444));
	ASSERT_EQ(0, bell(&self->vm, self->event, BELL, 4, MATCH, 0x33333332));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(1, rung(self->event));
	EXPECT_EQ(4, self->exits);
}

static __guest void write_in_other_ways(void)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)BELL;
	uint64_t to = BELL, count = 3;
	uint32_t seven = 7;

	asm volatile("rep stosl" : "+D" (to), "+c" (count) : "a" (1) : "memory");
	asm volatile("addl %1, %0" : "+m" (*at) : "r" (seven) : "memory");
	asm volatile("movsl" : : "D" (BELL), "S" (&seven) : "memory");
	GUEST_DONE();
}

TEST_F(bells, mmio_by_other_instructions)
{
	ASSERT_EQ(0, bell(&self->vm, self->event, BELL, 4, 0, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_in_other_ways));
	/* The first of three elements, the sum, and a copy. */
	EXPECT_EQ(3, rung(self->event));
	ASSERT_EQ(3, self->exits);
	EXPECT_EQ(BELL + 4, self->seen[0].address);
	EXPECT_EQ(BELL + 8, self->seen[1].address);
	EXPECT_FALSE(self->seen[2].write);
}

/* The eventfd lives as long as its doorbell. */
TEST_F(bells, closed_eventfd)
{
	int event = eventfd(0, 0);

	ASSERT_EQ(0, bell(&self->vm, event, BELL, 4, 0, 0));
	ASSERT_EQ(0, bell(&self->vm, event, PORT, 4, PIO, 0));
	close(event);
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(4, self->exits);
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(4, self->exits);
}

static int zone(struct vm *vm, unsigned long call, uint64_t address, uint32_t size, uint32_t pio)
{
	struct kvm_coalesced_mmio_zone args = { .addr = address, .size = size, .pio = pio };

	return ioctl(vm->fd, call, &args);
}

static struct kvm_coalesced_mmio_ring *ring_of(struct vcpu *cpu)
{
	return (void *)((char *)cpu->run + KVM_COALESCED_MMIO_PAGE_OFFSET * 4096);
}

TEST_F(bells, coalesced_mmio)
{
	struct kvm_coalesced_mmio_ring *ring = ring_of(&self->cpu);
	unsigned int i;

	EXPECT_EQ(0, ring->first);
	EXPECT_EQ(0, ring->last);
	/* Of the last write half lies outside. */
	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, BELL, 10, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	ASSERT_EQ(1, self->exits);
	EXPECT_EQ(BELL + 8, self->seen[0].address);
	EXPECT_EQ(0, ring->first);
	ASSERT_EQ(4, ring->last);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(BELL, ring->coalesced_mmio[i].phys_addr);
		EXPECT_EQ(1u << i, ring->coalesced_mmio[i].len);
		EXPECT_EQ(0, ring->coalesced_mmio[i].pio);
		EXPECT_EQ(0x11 * (i + 1), ring->coalesced_mmio[i].data[(1u << i) - 1]);
	}
	/* A part of the zone does not lie in it as a whole. */
	ASSERT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, BELL, 11, 0));
	ASSERT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, BELL, 10, 1));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(1, self->exits);
	ASSERT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, BELL + 2, 3, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(5, self->exits);
}

TEST_F(bells, coalesced_ports)
{
	struct kvm_coalesced_mmio_ring *ring = ring_of(&self->cpu);

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, PORT, 4, 1));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_port));
	EXPECT_EQ(1, self->exits);
	ASSERT_EQ(4, ring->last);
	EXPECT_EQ(1, ring->coalesced_mmio[0].pio);
	EXPECT_EQ(PORT, ring->coalesced_mmio[0].phys_addr);
	EXPECT_EQ(2, ring->coalesced_mmio[1].len);
	EXPECT_EQ(0x22, ring->coalesced_mmio[1].data[1]);
	EXPECT_EQ(PORT + 1, ring->coalesced_mmio[3].phys_addr);
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_string));
	EXPECT_EQ(0, self->exits);
	EXPECT_EQ(8, ring->last);
	EXPECT_EQ(4, ring->coalesced_mmio[7].data[0]);
}

/* The indices are user space's too: no value of theirs harms, and a full ring is an exit. */
TEST_F(bells, coalesced_and_no_room)
{
	struct kvm_coalesced_mmio_ring *ring = ring_of(&self->cpu);
	const uint32_t size = (4096 - sizeof(*ring)) / sizeof(ring->coalesced_mmio[0]);

	ASSERT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, BELL, 8, 0));
	ring->last = size - 1;
	ring->first = 2;
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(3, self->exits);
	EXPECT_EQ(1, ring->last);
	ring->last = size;
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(5, self->exits);
	ring->last = ~0u;
	ring->first = ~0u;
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(5, self->exits);
	EXPECT_EQ(~0u, ring->last);
}

TEST_F(bells, zones_refused)
{
	unsigned int i;

	EXPECT_ERROR(EINVAL, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, BELL, 8, 2));
	EXPECT_ERROR(EINVAL, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, BELL, 8, 2));
	EXPECT_ERROR(EFAULT, ioctl(self->vm.fd, KVM_REGISTER_COALESCED_MMIO, NULL));
	EXPECT_ERROR(EFAULT, ioctl(self->vm.fd, KVM_UNREGISTER_COALESCED_MMIO, NULL));
	for (i = 0; i < 1000; i++)
		if (zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, BELL, 8, 0))
			break;
	EXPECT_EQ(1000, i);
	EXPECT_ERROR(ENOSPC, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, BELL, 8, 0));
	EXPECT_EQ(0, zone(&self->vm, KVM_REGISTER_COALESCED_MMIO, PORT, 8, 1));
	EXPECT_EQ(0, zone(&self->vm, KVM_UNREGISTER_COALESCED_MMIO, BELL, 8, 0));
	ASSERT_EQ(GUEST_IS_DONE, run_all(self, write_mmio));
	EXPECT_EQ(5, self->exits);
}

TEST_HARNESS_MAIN
