// SPDX-License-Identifier: GPL-2.0
/*
 * The dirty log: a page that was written since the log was last read is in it,
 * whoever wrote it, and no other page is.
 */
#include "kselftest_harness.h"

#include <pthread.h>
#include <signal.h>

#include <linux/vhm.h>

#include "fixture.h"
#include "runner.h"

#define GPA		0x20000000ull
#define PAGE		4096ul
#define PAGES		200ul		/* three words of the bitmap and a part of one */
#define WORDS		((PAGES + 63) / 64)
#define SIZE		(PAGES * PAGE)
#define MANUAL		KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE
#define MANUAL_AND_SET	(KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET)
#define PORT		0x60

static volatile uint64_t first, step, nr, stamp;

static __guest void write_some(void)
{
	for (uint64_t i = 0, page = first; i < nr; i++, page += step)
		*(volatile uint64_t *)(uintptr_t)(GPA + page * PAGE) = stamp;
	GUEST_DONE();
}

static __guest void read_some(void)
{
	for (uint64_t i = 0, page = first; i < nr; i++, page += step)
		GUEST_EQ(stamp, *(volatile uint64_t *)(uintptr_t)(GPA + page * PAGE));
	GUEST_DONE();
}

/* Pages FROM, FROM + EVERY, ... up to the end of the slot. */
static enum guest_word touch(struct vcpu *cpu, void (*entry)(void), unsigned long from,
			     unsigned long every)
{
	GUEST_VAR(cpu->vm, first) = from;
	GUEST_VAR(cpu->vm, step) = every;
	GUEST_VAR(cpu->vm, nr) = (PAGES - from + every - 1) / every;
	GUEST_VAR(cpu->vm, stamp) = 0x1000 + every;
	vcpu_set_long(cpu, entry);
	return vcpu_go(cpu);
}

static int set_flags(struct vm *vm, uint32_t flags, void *host)
{
	return vm_set_slot(vm, 1, flags, GPA, SIZE, host) ? errno : 0;
}

static uint8_t *add_memory(struct vm *vm, uint32_t flags)
{
	uint8_t *host = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);

	if (host == MAP_FAILED)
		die("cannot map memory: %s", strerror(errno));
	if (set_flags(vm, flags, host))
		die("slot: %s", strerror(errno));
	return host;
}

static int get_log(struct vm *vm, uint32_t slot, void *bits)
{
	struct kvm_dirty_log get = { .slot = slot, .dirty_bitmap = bits };

	return ioctl(vm->fd, KVM_GET_DIRTY_LOG, &get) ? errno : 0;
}

static int clear_log(struct vm *vm, uint32_t slot, uint64_t from, uint32_t pages, void *bits)
{
	struct kvm_clear_dirty_log clear = {
		.slot = slot, .first_page = from, .num_pages = pages, .dirty_bitmap = bits,
	};

	return ioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, &clear) ? errno : 0;
}

static int enable(struct vm *vm, uint64_t how)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = { how },
	};

	return ioctl(vm->fd, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

static bool is_set(const uint64_t *bits, unsigned long page)
{
	return bits[page / 64] >> page % 64 & 1;
}

/* How many pages are not as they should be: FROM, FROM + EVERY, ... marked and no others. */
static unsigned int wrong_pages(const uint64_t *bits, unsigned long from, unsigned long every)
{
	unsigned int wrong = 0;

	for (unsigned long i = 0; i < WORDS * 64; i++) {
		bool wanted = i < PAGES && i >= from && !((i - from) % every);

		wrong += is_set(bits, i) != wanted;
	}
	return wrong;
}

#define NONE	PAGES, 1
#define ALL	0, 1

/* What the log says now. */
static unsigned int wrong_log(struct vm *vm, unsigned long from, unsigned long every)
{
	uint64_t bits[WORDS];

	memset(bits, 0xff, sizeof(bits));
	if (get_log(vm, 1, bits))
		die("KVM_GET_DIRTY_LOG: %s", strerror(errno));
	return wrong_pages(bits, from, every);
}

TEST_F(guest, what_was_written_is_in_it_once)
{
	add_memory(&self->vm, KVM_MEM_LOG_DIRTY_PAGES);
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	/* First touch, then pages that are mapped, then some that were read before. */
	for (unsigned long every = 1; every < 8; every++) {
		ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, every, every));
		EXPECT_EQ(0, wrong_log(&self->vm, every, every)) TH_LOG("every %lu", every);
		EXPECT_EQ(0, wrong_log(&self->vm, NONE)) TH_LOG("every %lu", every);
		ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, read_some, every, every));
		EXPECT_EQ(0, wrong_log(&self->vm, NONE)) TH_LOG("every %lu", every);
	}
}

/* Pages that could be written before there was a log. */
TEST_F(guest, log_begins_and_ends)
{
	uint8_t *host = add_memory(&self->vm, 0);
	uint64_t bits[WORDS];

	for (unsigned long every = 1; every < 6; every++) {
		ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
		EXPECT_EQ(ENOENT, get_log(&self->vm, 1, bits));
		ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
		EXPECT_EQ(0, wrong_log(&self->vm, NONE));
		ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 3, every));
		EXPECT_EQ(0, wrong_log(&self->vm, 3, every));
		ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
		ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 5, every));
		EXPECT_EQ(0, wrong_log(&self->vm, 5, every));
		ASSERT_EQ(0, set_flags(&self->vm, 0, host));
	}
	/* What is marked stays where a slot moves, and goes where it goes. */
	ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 0, 2));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, 2 * GPA, SIZE, host));
	EXPECT_EQ(0, wrong_log(&self->vm, 0, 2));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, host));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 0, 3));
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, GPA, 0, host));
	EXPECT_EQ(ENOENT, get_log(&self->vm, 1, bits));
	ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
}

/* The host takes pages away: a mark stays, and what comes anew is seen. */
TEST_F(guest, pages_go_and_come)
{
	uint8_t *host = add_memory(&self->vm, KVM_MEM_LOG_DIRTY_PAGES);

	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
	ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	EXPECT_EQ(0, wrong_log(&self->vm, ALL));
	ASSERT_EQ(0, madvise(host, SIZE, MADV_DONTNEED));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 1, 2));
	EXPECT_EQ(0, wrong_log(&self->vm, 1, 2));
	ASSERT_EQ(0, mprotect(host, SIZE, PROT_READ));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, read_some, 1, 2));
	ASSERT_EQ(0, mprotect(host, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 1, 3));
	EXPECT_EQ(0, wrong_log(&self->vm, 1, 3));
}

TEST_F(guest, cleared_by_hand)
{
	uint64_t bits[WORDS], mask[WORDS] = {};

	ASSERT_EQ(0, enable(&self->vm, MANUAL));
	add_memory(&self->vm, KVM_MEM_LOG_DIRTY_PAGES);
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
	EXPECT_EQ(0, wrong_log(&self->vm, ALL));
	EXPECT_EQ(0, wrong_log(&self->vm, ALL));
	/* The second word, without its last page; bits outside of the part are of no interest. */
	memset(mask, 0xff, sizeof(mask));
	mask[0] &= ~(1ull << 63);
	ASSERT_EQ(0, clear_log(&self->vm, 1, 64, 64, mask));
	ASSERT_EQ(0, get_log(&self->vm, 1, bits));
	EXPECT_EQ(~0ull, bits[0]);
	EXPECT_EQ(1ull << 63, bits[1]);
	EXPECT_EQ(~0ull, bits[2]);
	/* All, with bits for pages that the slot does not have. */
	memset(mask, 0xff, sizeof(mask));
	ASSERT_EQ(0, clear_log(&self->vm, 1, 0, PAGES, mask));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 2, 5));
	EXPECT_EQ(0, wrong_log(&self->vm, 2, 5));
	/* What is not marked can be cleared, and will be marked all the same. */
	ASSERT_EQ(0, clear_log(&self->vm, 1, 0, PAGES, mask));
	ASSERT_EQ(0, clear_log(&self->vm, 1, 0, PAGES, mask));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 2, 5));
	EXPECT_EQ(0, wrong_log(&self->vm, 2, 5));
}

TEST_F(guest, set_at_first)
{
	uint64_t mask[WORDS];
	uint8_t *host;

	ASSERT_EQ(0, enable(&self->vm, MANUAL_AND_SET));
	host = add_memory(&self->vm, 0);
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
	ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
	EXPECT_EQ(0, wrong_log(&self->vm, ALL));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
	memset(mask, 0xff, sizeof(mask));
	ASSERT_EQ(0, clear_log(&self->vm, 1, 0, PAGES, mask));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 7, 9));
	EXPECT_EQ(0, wrong_log(&self->vm, 7, 9));
}

/* vhm's own call: the processor's list, where it has one, or write protection. */
TEST_F(guest, ways_to_learn_of_writes)
{
	struct vm *vm = &self->vm;
	uint8_t *host;
	int pml;

	if (vm_is_kvm())
		SKIP(return, "KVM has no such call");
	EXPECT_EQ(-EINVAL, ioctl(vm->fd, VHM_SET_DIRTY_LOG, 2) ? -errno : 0);
	EXPECT_EQ(-EINVAL, ioctl(vm->fd, VHM_SET_DIRTY_LOG, 1ul << 32) ? -errno : 0);
	pml = ioctl(vm->fd, VHM_SET_DIRTY_LOG, VHM_DIRTY_LOG_PML) ? errno : 0;
	EXPECT_TRUE(!pml || pml == ENXIO);
	host = add_memory(vm, 0);
	for (int how = pml ? 0 : 1, i = 0; i < 4; i++, how = !how && !pml) {
		ASSERT_EQ(0, ioctl(vm->fd, VHM_SET_DIRTY_LOG, how));
		ASSERT_EQ(0, set_flags(vm, KVM_MEM_LOG_DIRTY_PAGES, host));
		EXPECT_EQ(-EBUSY, ioctl(vm->fd, VHM_SET_DIRTY_LOG, how) ? -errno : 0);
		for (unsigned long every = 1; every < 4; every++) {
			ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, every, every));
			EXPECT_EQ(0, wrong_log(vm, every, every)) TH_LOG("way %d", how);
		}
		ASSERT_EQ(0, set_flags(vm, 0, host));
	}
}

TEST_F(guest, how_it_is_chosen)
{
	struct vm *vm = &self->vm;

	EXPECT_EQ(MANUAL_AND_SET, ioctl(vm->fd, KVM_CHECK_EXTENSION,
					KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2));
	EXPECT_EQ(EINVAL, enable(vm, KVM_DIRTY_LOG_INITIALLY_SET));
	EXPECT_EQ(EINVAL, enable(vm, MANUAL | 4));
	EXPECT_EQ(EINVAL, enable(vm, 1ull << 32));
	EXPECT_EQ(0, enable(vm, MANUAL_AND_SET));
	EXPECT_EQ(0, enable(vm, MANUAL));
	/* The old way again: what is read is cleared. */
	EXPECT_EQ(0, enable(vm, 0));
	add_memory(vm, KVM_MEM_LOG_DIRTY_PAGES);
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, ALL));
	EXPECT_EQ(0, wrong_log(vm, ALL));
	EXPECT_EQ(0, wrong_log(vm, NONE));
}

TEST_F(guest, bad_calls)
{
	uint64_t bits[WORDS] = {};
	struct vm *vm = &self->vm;
	uint8_t *host = add_memory(vm, 0);

	EXPECT_EQ(ENOENT, get_log(vm, 0, bits));
	EXPECT_EQ(ENOENT, get_log(vm, 1, bits));
	EXPECT_EQ(ENOENT, get_log(vm, 2, bits));
	EXPECT_EQ(ENOENT, clear_log(vm, 1, 0, 64, bits));
	EXPECT_EQ(EINVAL, get_log(vm, 0xffff, bits));
	EXPECT_EQ(EINVAL, get_log(vm, 7 << 16 | 1, bits));
	ASSERT_EQ(0, set_flags(vm, KVM_MEM_LOG_DIRTY_PAGES, host));
	EXPECT_EQ(EINVAL, clear_log(vm, 0xffff, 0, 64, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 1, 64, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 0, 63, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 0, PAGES + 1, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 192, 64, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 256, 0, bits));
	EXPECT_EQ(EINVAL, clear_log(vm, 1, 1ull << 63, 64, bits));
	EXPECT_EQ(0, clear_log(vm, 1, 192, PAGES - 192, bits));
	EXPECT_EQ(0, clear_log(vm, 1, 64, 0, bits));
	EXPECT_EQ(EFAULT, clear_log(vm, 1, 0, PAGES, NULL));
	EXPECT_EQ(EFAULT, get_log(vm, 1, NULL));
}

/* Half of the room for a pointer is what a 32-bit program fills. */
TEST_F(guest, calls_of_a_32_bit_program)
{
	struct low {
		struct kvm_dirty_log get;
		struct kvm_clear_dirty_log clear;
		uint64_t bits[WORDS];
	} *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	const uint64_t rubbish = 0xdeadbeefull << 32;

	ASSERT_NE(MAP_FAILED, low);
	if (compat_ioctl(self->vm.dev, KVM_GET_API_VERSION, NULL) == -ENOSYS)
		SKIP(return, "this kernel runs no 32-bit programs");
	ASSERT_EQ(0, enable(&self->vm, MANUAL));
	add_memory(&self->vm, KVM_MEM_LOG_DIRTY_PAGES);
	ASSERT_EQ(GUEST_IS_DONE, touch(&self->cpu, write_some, 0, 4));
	low->get.slot = 1;
	low->get.padding2 = (uintptr_t)low->bits | rubbish;
	ASSERT_EQ(0, compat_ioctl(self->vm.fd, KVM_GET_DIRTY_LOG, &low->get));
	EXPECT_EQ(0, wrong_pages(low->bits, 0, 4));
	low->clear.slot = 1;
	low->clear.num_pages = PAGES;
	low->clear.padding2 = (uintptr_t)low->bits | rubbish;
	ASSERT_EQ(0, compat_ioctl(self->vm.fd, KVM_CLEAR_DIRTY_LOG, &low->clear));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	munmap(low, PAGE);
}

/* One string instruction of each kind whose store is the hypervisor's. */
static __guest void let_others_write(void)
{
	uint64_t to = GPA + 5 * PAGE, from = VM_HOLE;

	GUEST_SYNC(0);
	asm volatile("insb" : "+D" (to) : "d" (PORT) : "memory");
	GUEST_SYNC(1);
	to = GPA + 9 * PAGE;
	asm volatile("movsb" : "+D" (to), "+S" (from) : : "memory");
	GUEST_DONE();
}

TEST_F(guest, what_the_kernel_writes)
{
	struct vcpu *cpu = &self->cpu;
	uint8_t *host = add_memory(&self->vm, KVM_MEM_LOG_DIRTY_PAGES);

	ASSERT_EQ(GUEST_IS_DONE, touch(cpu, write_some, ALL));
	EXPECT_EQ(0, wrong_log(&self->vm, ALL));
	vcpu_set_long(cpu, let_others_write);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	EXPECT_EQ(PORT, cpu->run->io.port);
	*(uint8_t *)vcpu_io_data(cpu) = 0x5a;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	EXPECT_EQ(0x5a, host[5 * PAGE]);
	EXPECT_EQ(0, wrong_log(&self->vm, 5, PAGES));
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(cpu));
	EXPECT_EQ(0, wrong_log(&self->vm, NONE));
	cpu->run->mmio.data[0] = 0xa5;
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
	EXPECT_EQ(0xa5, host[9 * PAGE]);
	EXPECT_EQ(0, wrong_log(&self->vm, 9, PAGES));
}

#define PTE_A	0x20ull
#define PTE_D	0x40ull

static __guest void let_others_walk(void)
{
	uint64_t to = VM_PAGES + 3 * PAGE;

	GUEST_SYNC(0);
	asm volatile("insb" : "+D" (to) : "d" (PORT) : "memory");
	GUEST_DONE();
}

/* The kernel's own walk marks the entry of the guest's page table, and so writes it. */
TEST_F(guest, what_the_kernel_marks)
{
	struct vcpu *cpu = &self->cpu;
	uint64_t bits[VM_MEMORY / PAGE / 64], *pte = vm_pte(&self->vm, VM_PAGES + 3 * PAGE);

	*pte &= ~(PTE_A | PTE_D);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, VM_MEMORY,
				 self->vm.mem));
	vcpu_set_long(cpu, let_others_walk);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(cpu));
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(cpu));
	ASSERT_EQ(0, get_log(&self->vm, 0, bits));
	*pte &= ~(PTE_A | PTE_D);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
	EXPECT_EQ(PTE_A | PTE_D, *pte & (PTE_A | PTE_D));
	ASSERT_EQ(0, get_log(&self->vm, 0, bits));
	EXPECT_TRUE(is_set(bits, ((uint8_t *)pte - self->vm.mem) / PAGE));
	EXPECT_TRUE(is_set(bits, VM_PAGES / PAGE + 3));
}

/*
 * As a migration does it: the guest writes all the time, pages are copied when the log says
 * so, and when the guest has stopped one last time. Then the copy is the memory.
 */
static volatile uint64_t stop;

static __guest void scribble(void)
{
	uint64_t random = 1;

	for (uint64_t i = 1; !stop; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		*(volatile uint64_t *)(uintptr_t)
			(GPA + (random >> 33) % PAGES * PAGE + (random >> 20) % 512 * 8) = i;
		if (!(i % 64))
			GUEST_SYNC(i);
	}
	GUEST_DONE();
}

static unsigned int copy_dirty(struct vm *vm, bool manual, const uint8_t *host, uint8_t *copy)
{
	uint64_t bits[WORDS];
	unsigned int copied = 0;

	if (get_log(vm, 1, bits) || (manual && clear_log(vm, 1, 0, PAGES, bits)))
		die("dirty log: %s", strerror(errno));
	for (unsigned long i = 0; i < PAGES; i++) {
		if (!is_set(bits, i))
			continue;
		memcpy(copy + i * PAGE, host + i * PAGE, PAGE);
		copied++;
	}
	return copied;
}

/* HOW: for KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2. Returns how many pages were missed. */
static unsigned int migrate(struct vcpu *cpu, uint64_t how, bool host_takes)
{
	static uint8_t copy[SIZE];
	struct runner runner = { .cpu = cpu };
	unsigned int missed = 0;
	pthread_t thread;
	uint8_t *host;

	if (enable(cpu->vm, how))
		die("KVM_ENABLE_CAP: %s", strerror(errno));
	host = add_memory(cpu->vm, 0);
	memset(host, 0, SIZE);
	memset(copy, 0, SIZE);
	GUEST_VAR(cpu->vm, stop) = 0;
	vcpu_set_long(cpu, scribble);
	if (set_flags(cpu->vm, KVM_MEM_LOG_DIRTY_PAGES, host) ||
	    pthread_create(&thread, NULL, run_till_done, &runner))
		die("cannot begin: %s", strerror(errno));
	for (unsigned int copied = 0, rounds = 0; rounds < 60 || copied < 4 * PAGES; rounds++) {
		copied += copy_dirty(cpu->vm, how & MANUAL, host, copy);
		/* The notifier takes what is mapped away, and the pages stay. */
		if (host_takes && (mprotect(host, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) ||
				   mprotect(host, SIZE, PROT_READ | PROT_WRITE)))
			die("mprotect: %s", strerror(errno));
	}
	GUEST_VAR(cpu->vm, stop) = 1;
	pthread_join(thread, NULL);
	if (runner.word != GUEST_IS_DONE)
		die("the guest did not end well");
	copy_dirty(cpu->vm, how & MANUAL, host, copy);
	for (unsigned long i = 0; i < PAGES; i++)
		missed += memcmp(copy + i * PAGE, host + i * PAGE, PAGE) != 0;
	return missed;
}

TEST_F(guest, nothing_is_missed)
{
	EXPECT_EQ(0, migrate(&self->cpu, 0, false));
}

TEST_F(guest, nothing_is_missed_by_write_protection)
{
	if (vm_is_kvm())
		SKIP(return, "KVM has no such call");
	ASSERT_EQ(0, ioctl(self->vm.fd, VHM_SET_DIRTY_LOG, VHM_DIRTY_LOG_PROTECT));
	EXPECT_EQ(0, migrate(&self->cpu, 0, false));
}

TEST_F(guest, nothing_is_missed_by_hand)
{
	EXPECT_EQ(0, migrate(&self->cpu, MANUAL, false));
}

TEST_F(guest, nothing_is_missed_set_at_first)
{
	EXPECT_EQ(0, migrate(&self->cpu, MANUAL_AND_SET, false));
}

TEST_F(guest, nothing_is_missed_while_pages_go)
{
	if (vm_is_kvm())
		SKIP(return, "on one emulated CPU this does not end there");
	EXPECT_EQ(0, migrate(&self->cpu, 0, true));
}

/* The log comes and goes under a guest that writes. */
TEST_F(guest, log_begins_under_a_running_guest)
{
	struct runner runner = { .cpu = &self->cpu };
	uint8_t *host = add_memory(&self->vm, 0);
	unsigned int seen = 0;
	pthread_t thread;
	uint64_t bits[WORDS];

	vcpu_set_long(&self->cpu, scribble);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_till_done, &runner));
	for (unsigned int i = 0; i < 20; i++) {
		ASSERT_EQ(0, set_flags(&self->vm, KVM_MEM_LOG_DIRTY_PAGES, host));
		for (unsigned int j = 0; j < 1000; j++) {
			ASSERT_EQ(0, get_log(&self->vm, 1, bits));
			if (bits[0] | bits[1] | bits[2])
				break;
			usleep(100);
		}
		seen += !!(bits[0] | bits[1] | bits[2]);
		ASSERT_EQ(0, set_flags(&self->vm, 0, host));
	}
	GUEST_VAR(&self->vm, stop) = 1;
	pthread_join(thread, NULL);
	EXPECT_EQ(GUEST_IS_DONE, runner.word);
	EXPECT_EQ(20, seen);
}

TEST_HARNESS_MAIN
