// SPDX-License-Identifier: GPL-2.0
/*
 * The exit ring: what a guest of known exits leaves in it, who may map it and
 * how, and what becomes of it when one of the two sides goes.
 */
#include "kselftest_harness.h"

#include <linux/vhm.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "fixture.h"

#define REASON_INTERRUPT	1u
#define REASON_CPUID		10u
#define REASON_IO		30u
#define REASON_EPT		48u

#define PAGE			4096u
#define CPUIDS			10u
#define PORT			0x42u

#define SKIP_ON_KVM() do {					\
	if (vm_is_kvm())					\
		SKIP(return, "this is vhm's own call");		\
} while (0)

/**
 * struct ring - a ring, mapped
 * @fd: the observer that has started it
 * @size: bytes
 * @head: its first page
 * @record: what follows
 */
struct ring {
	int fd;
	size_t size;
	const struct vhm_exit_ring *head;
	const struct vhm_exit_record *record;
};

static __guest void known_exits(void)
{
	uint32_t regs[4];

	for (unsigned int i = 0; i < CPUIDS; i++)
		cpuid(0, 0, regs);
	asm volatile("outb %%al, %0" : : "N" (PORT));
	*(volatile uint32_t *)(uintptr_t)(VM_HOLE + 0x1238) = 1;
	GUEST_DONE();
}

static __guest void ask_often(void)
{
	uint32_t regs[4];

	for (unsigned int i = 0; i < 1000; i++)
		cpuid(0, 0, regs);
	GUEST_DONE();
}

static __guest void ask_for_ever(void)
{
	uint32_t regs[4];

	for (;;)
		cpuid(0, 0, regs);
}

static int observer(struct vm *vm)
{
	int fd = ioctl(vm->fd, VHM_CREATE_OBSERVER, 0);

	if (fd < 0)
		die("observer: %s", strerror(errno));
	return fd;
}

/* 0 or the errno. */
static int start(int fd, unsigned int vcpu, struct vhm_start_exit_ring *ring, unsigned int exits)
{
	*ring = (struct vhm_start_exit_ring){ .vcpu = vcpu, .exits = exits };
	return ioctl(fd, VHM_START_EXIT_RING, ring) ? errno : 0;
}

static struct ring ring_open(struct vm *vm, unsigned int vcpu, unsigned int exits)
{
	struct ring ring = { .fd = observer(vm) };
	struct vhm_start_exit_ring begun;
	int error = start(ring.fd, vcpu, &begun, exits);
	void *at;

	if (error)
		die("VHM_START_EXIT_RING: %s", strerror(error));
	at = mmap(NULL, begun.size, PROT_READ, MAP_SHARED, ring.fd, (off_t)begun.offset);
	if (at == MAP_FAILED)
		die("mmap of a ring: %s", strerror(errno));
	ring.size = begun.size;
	ring.head = at;
	ring.record = (const void *)((const char *)at + VHM_EXIT_RING_RECORDS);
	return ring;
}

static void ring_close(struct ring *ring)
{
	munmap((void *)ring->head, ring->size);
	close(ring->fd);
}

static uint64_t head_of(const struct ring *ring)
{
	return __atomic_load_n(&ring->head->head, __ATOMIC_ACQUIRE);
}

/* Whether the record was there and whole. */
static bool ring_read(const struct ring *ring, uint64_t number, struct vhm_exit_record *record)
{
	if (number >= head_of(ring))
		return false;
	memcpy(record, &ring->record[number & (ring->head->exits - 1)], sizeof(*record));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return head_of(ring) - number < ring->head->exits;
}

static struct vhm_exit_stats stats_of(int fd, unsigned int vcpu)
{
	struct vhm_exit_stats stats = { .vcpu = vcpu };

	VM_IOCTL(fd, VHM_GET_EXIT_STATS, &stats);
	return stats;
}

/* To the end, each exit to user space but the last word being answered by going on. */
static void run_to_the_end(struct vcpu *cpu)
{
	while (vcpu_go(cpu) == GUEST_OTHER_EXIT)
		;
}

TEST_F(guest, known_exits)
{
	struct vhm_exit_record record, last = {};
	unsigned int cpuids = 0, ports = 0, writes = 0;
	struct ring ring;

	SKIP_ON_KVM();
	ring = ring_open(&self->vm, 0, 4096);
	EXPECT_EQ(0, head_of(&ring));
	vcpu_set_long(&self->cpu, known_exits);
	run_to_the_end(&self->cpu);
	for (uint64_t i = 0; i < head_of(&ring); i++) {
		ASSERT_TRUE(ring_read(&ring, i, &record));
		EXPECT_EQ(i, record.sequence);
		EXPECT_LT(record.exit_tsc, record.entry_tsc);
		EXPECT_LT(last.entry_tsc, record.exit_tsc);
		EXPECT_TRUE(record.reason == REASON_EPT || !record.gpa);
		EXPECT_GT(record.entry_tsc - record.exit_tsc, record.user_ticks);
		EXPECT_EQ(record.handled == VHM_EXIT_IN_USER, !!record.user_ticks);
		last = record;
		if (record.reason == REASON_CPUID) {
			cpuids++;
			EXPECT_EQ(0, record.qualification);
			EXPECT_EQ(VHM_EXIT_IN_LOOP, record.handled);
			EXPECT_LT((uintptr_t)known_exits - 1, record.rip);
			EXPECT_GT((uintptr_t)known_exits + 128, record.rip);
		} else if (record.reason == REASON_IO && record.qualification >> 16 == PORT) {
			ports++;
			EXPECT_EQ(PORT << 16 | 1 << 6, record.qualification);
			EXPECT_EQ(VHM_EXIT_IN_USER, record.handled);
		} else if (record.reason == REASON_EPT && record.gpa == VM_HOLE + 0x1238) {
			writes++;
			/* A data write. */
			EXPECT_EQ(2, record.qualification & 7);
			EXPECT_EQ(VHM_EXIT_IN_USER, record.handled);
		} else if (record.reason == REASON_EPT) {
			EXPECT_NE(VHM_EXIT_IN_USER, record.handled);
			EXPECT_NE(0, record.qualification);
		} else {
			EXPECT_EQ(REASON_INTERRUPT, record.reason);
			EXPECT_EQ(0, record.qualification);
		}
	}
	EXPECT_EQ(CPUIDS, cpuids);
	EXPECT_EQ(1, ports);
	EXPECT_EQ(1, writes);
	ring_close(&ring);
}

/* Each exit is in the ring once and in the table; the table's time in user space is the ring's. */
TEST_F(guest, agrees_with_the_table)
{
	uint64_t counts[VHM_NR_EXIT_REASONS] = {}, user = 0, asked = 0;
	struct vhm_exit_stats before, after;
	struct vhm_exit_record record;
	struct ring ring;
	uint64_t first;

	SKIP_ON_KVM();
	vcpu_set_long(&self->cpu, known_exits);
	run_to_the_end(&self->cpu);
	ring = ring_open(&self->vm, 0, 4096);
	/* Only from the first KVM_RUN that saw the ring on is it timed. */
	vcpu_set_long(&self->cpu, known_exits);
	run_to_the_end(&self->cpu);
	VM_IOCTL(self->cpu.fd, VHM_SET_EXIT_TIMING, 1);
	before = stats_of(ring.fd, 0);
	first = head_of(&ring) + 1;
	vcpu_set_long(&self->cpu, known_exits);
	run_to_the_end(&self->cpu);
	/* Closes the record of the last exit, and has one of its own. */
	vcpu_set_long(&self->cpu, known_exits);
	vcpu_go(&self->cpu);
	after = stats_of(ring.fd, 0);
	/* That of before was open, and gets its time now. */
	for (uint64_t i = first - 1; i < head_of(&ring); i++) {
		ASSERT_TRUE(ring_read(&ring, i, &record));
		counts[record.reason] += i >= first;
		user += record.user_ticks;
	}
	/* The one that is open. */
	counts[REASON_IO]++;
	for (unsigned int i = 0; i < VHM_NR_EXIT_REASONS; i++) {
		EXPECT_EQ(after.reason[i].count - before.reason[i].count, counts[i])
			TH_LOG("%u", i);
		asked += after.reason[i].user_ticks - before.reason[i].user_ticks;
	}
	EXPECT_EQ(user, asked);
	ring_close(&ring);
}

TEST_F(guest, old_records_are_written_over)
{
	struct vhm_exit_record record;
	struct ring ring;
	uint64_t head;

	SKIP_ON_KVM();
	ring = ring_open(&self->vm, 0, VHM_EXIT_RING_LEAST);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	head = head_of(&ring);
	ASSERT_LT(1000, head);
	/* The oldest one's place is that of the exit that is open. */
	EXPECT_FALSE(ring_read(&ring, head - VHM_EXIT_RING_LEAST, &record));
	for (uint64_t i = head - VHM_EXIT_RING_LEAST + 1; i < head; i++) {
		ASSERT_TRUE(ring_read(&ring, i, &record));
		EXPECT_EQ(i, record.sequence);
	}
	EXPECT_FALSE(ring_read(&ring, head, &record));
	ring_close(&ring);
}

#define EXPECT_NO_MAP(error, size, rights, flags, offset) do {				\
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, rights, flags, ring.fd, offset));	\
	EXPECT_EQ(error, errno);							\
} while (0)

TEST_F(guest, only_to_be_read)
{
	const off_t beside = (off_t)VHM_EXIT_RING_OFFSET(0);
	struct ring ring, other;
	void *at;

	SKIP_ON_KVM();
	ring = ring_open(&self->vm, 0, 64);
	at = (void *)ring.head;
	EXPECT_EQ(2 * PAGE, ring.size);
	EXPECT_NO_MAP(EACCES, ring.size, PROT_READ | PROT_WRITE, MAP_SHARED, beside);
	EXPECT_EQ(-1, mprotect(at, ring.size, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(at, ring.size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_NO_MAP(EPERM, ring.size, PROT_READ | PROT_EXEC, MAP_SHARED, beside);
	EXPECT_NO_MAP(EINVAL, ring.size, PROT_READ, MAP_PRIVATE, beside);
	EXPECT_NO_MAP(EINVAL, ring.size + PAGE, PROT_READ, MAP_SHARED, beside);
	EXPECT_NO_MAP(EINVAL, ring.size, PROT_READ, MAP_SHARED, beside + PAGE);
	EXPECT_NO_MAP(ENOENT, ring.size, PROT_READ, MAP_SHARED, (off_t)VHM_EXIT_RING_OFFSET(1));
	/* It does not grow. */
	EXPECT_EQ(MAP_FAILED, mremap(at, ring.size, 2 * ring.size, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* Each observer maps what it has started itself. */
	other = ring;
	ring.fd = observer(&self->vm);
	EXPECT_NO_MAP(ENODATA, ring.size, PROT_READ, MAP_SHARED, beside);
	close(ring.fd);
	ring_close(&other);
}

static void *map_of(int fd, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)VHM_EXIT_RING_OFFSET(0));

	if (at == MAP_FAILED)
		die("mmap of a ring: %s", strerror(errno));
	return at;
}

TEST_F(guest, several_observers)
{
	struct vhm_start_exit_ring begun;
	struct ring one;
	uint64_t head;
	const struct vhm_exit_ring *two;
	int fd;

	SKIP_ON_KVM();
	one = ring_open(&self->vm, 0, 4096);
	fd = observer(&self->vm);
	ASSERT_EQ(0, start(fd, 0, &begun, 64));
	EXPECT_EQ(4096, begun.exits);
	EXPECT_EQ(one.size, begun.size);
	/* Twice is once. */
	ASSERT_EQ(0, start(fd, 0, &begun, 64));
	two = map_of(fd, begun.size);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	head = head_of(&one);
	EXPECT_LT(1000, head);
	EXPECT_EQ(head, two->head);
	ring_close(&one);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	EXPECT_LT(head + 1000, two->head);
	munmap((void *)two, begun.size);
	close(fd);
	/* The last one has gone: the next one's is new. */
	one = ring_open(&self->vm, 0, 64);
	EXPECT_EQ(0, head_of(&one));
	EXPECT_EQ(64, one.head->exits);
	ring_close(&one);
}

/* The table of exits counts with and without a ring, and times only when it is told to. */
TEST_F(guest, beside_the_table)
{
	struct vhm_exit_stats before, after;
	struct ring ring;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	before = stats_of(fd, 0);
	EXPECT_LE(1000, before.reason[REASON_CPUID].count);
	ring = ring_open(&self->vm, 0, 64);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	after = stats_of(fd, 0);
	EXPECT_LE(before.reason[REASON_CPUID].count + 1000, after.reason[REASON_CPUID].count);
	/* That one is VHM_SET_EXIT_TIMING's. */
	EXPECT_EQ(0, after.guest_ticks);
	EXPECT_EQ(0, after.reason[REASON_IO].user_ticks);
	ring_close(&ring);
	VM_IOCTL(self->cpu.fd, VHM_SET_EXIT_TIMING, 1);
	vcpu_set_long(&self->cpu, ask_often);
	run_to_the_end(&self->cpu);
	after = stats_of(fd, 0);
	EXPECT_LT(0, after.guest_ticks);
	close(fd);
}

TEST_F(guest, ring_outlives_all)
{
	struct vhm_exit_record record;
	const struct vhm_exit_ring *mapped;
	struct ring ring;
	struct vcpu cpu;
	struct vm vm;
	uint64_t head;

	SKIP_ON_KVM();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 5);
	ring = ring_open(&vm, 5, 4096);
	EXPECT_EQ(5, ring.head->vcpu);
	vcpu_set_long(&cpu, known_exits);
	run_to_the_end(&cpu);
	head = head_of(&ring);
	EXPECT_EQ(0, ring.head->flags);
	vcpu_close(&cpu);
	vm_close(&vm);
	/* What was open is the last one. */
	EXPECT_EQ(VHM_EXIT_RING_ENDED, ring.head->flags);
	ASSERT_EQ(head + 1, head_of(&ring));
	ASSERT_TRUE(ring_read(&ring, head, &record));
	EXPECT_EQ(REASON_IO, record.reason);
	EXPECT_EQ(VHM_EXIT_IN_USER, record.handled);
	EXPECT_EQ(0, record.entry_tsc);
	/* A mapping alone holds it all. */
	mapped = ring.head;
	close(ring.fd);
	EXPECT_EQ(head + 1, mapped->head);
	munmap((void *)mapped, ring.size);
}

TEST_F(guest, ended_vcpus_start_none)
{
	struct vhm_start_exit_ring begun;
	struct vcpu cpu;
	struct vm vm;
	int fd;

	SKIP_ON_KVM();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	fd = observer(&vm);
	vcpu_close(&cpu);
	vm_close(&vm);
	EXPECT_EQ(ENODEV, start(fd, 0, &begun, 64));
	close(fd);
}

TEST_F(guest, bad_requests)
{
	struct vhm_start_exit_ring good = { .exits = 64 }, bad;
	struct vhm_exit_stats stats;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
#define TRY(error, change) do {					\
	bad = good;						\
	change;							\
	EXPECT_EQ(-1, ioctl(fd, VHM_START_EXIT_RING, &bad));	\
	EXPECT_EQ(error, errno);				\
} while (0)
	TRY(EINVAL, bad.flags = 1);
	TRY(EINVAL, bad.pad = 1);
	TRY(EINVAL, bad.offset = 1);
	TRY(EINVAL, bad.size = 1);
	TRY(EINVAL, bad.reserved[3] = 1);
	TRY(EINVAL, bad.exits = 0);
	TRY(EINVAL, bad.exits = 32);
	TRY(EINVAL, bad.exits = 65);
	TRY(EINVAL, bad.exits = 2 * VHM_EXIT_RING_MOST);
	TRY(EINVAL, bad.exits = 1u << 31);
	TRY(ENOENT, bad.vcpu = 1);
	TRY(ENOENT, bad.vcpu = ~0u);
	EXPECT_EQ(-1, ioctl(fd, VHM_START_EXIT_RING, NULL));
	EXPECT_EQ(EFAULT, errno);
	/* It is the observers' alone. */
	EXPECT_EQ(-1, ioctl(self->cpu.fd, VHM_START_EXIT_RING, &good));
	EXPECT_EQ(EINVAL, errno);
	stats = (struct vhm_exit_stats){ .vcpu = 1 };
	EXPECT_EQ(-1, ioctl(fd, VHM_GET_EXIT_STATS, &stats));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, ioctl(self->cpu.fd, VHM_GET_EXIT_STATS, &stats));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

struct runner {
	struct vcpu *cpu;
	volatile int ret;
};

static void on_signal(int sig)
{
	(void)sig;
}

static void *run(void *arg)
{
	struct runner *runner = arg;

	runner->ret = vcpu_run(runner->cpu);
	return NULL;
}

static pthread_t begin(struct runner *runner, struct vcpu *cpu)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	*runner = (struct runner){ .cpu = cpu };
	vcpu_set_long(cpu, ask_for_ever);
	if (pthread_create(&thread, NULL, run, runner))
		die("cannot start a thread");
	return thread;
}

static void end(struct runner *runner, pthread_t thread)
{
	runner->cpu->run->immediate_exit = 1;
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	runner->cpu->run->immediate_exit = 0;
}

/* What is read as whole is whole, however fast it is written over. */
TEST_F(guest, read_while_it_is_written)
{
	unsigned int whole = 0, cpuids = 0;
	struct vhm_exit_record record;
	struct runner runner;
	struct ring ring;
	pthread_t thread;

	SKIP_ON_KVM();
	ring = ring_open(&self->vm, 0, 64);
	thread = begin(&runner, &self->cpu);
	while (whole < 20000) {
		uint64_t head = head_of(&ring);

		for (uint64_t i = head < 64 ? 0 : head - 63; i < head; i++) {
			if (!ring_read(&ring, i, &record))
				continue;
			whole++;
			cpuids += record.reason == REASON_CPUID;
			ASSERT_EQ(i, record.sequence);
			ASSERT_LT(record.exit_tsc, record.entry_tsc);
		}
	}
	EXPECT_LT(whole / 2, cpuids);
	end(&runner, thread);
	EXPECT_EQ(-EINTR, runner.ret);
	ring_close(&ring);
}

/* Started and stopped under a vCPU that runs, and by a reader that is killed. */
TEST_F(guest, comes_and_goes)
{
	struct runner runner;
	struct ring ring;
	pthread_t thread;
	pid_t child;

	SKIP_ON_KVM();
	thread = begin(&runner, &self->cpu);
	for (int i = 0; i < 30; i++) {
		ring = ring_open(&self->vm, 0, 64u << i % 8);
		while (head_of(&ring) < 3)
			usleep(100);
		ring_close(&ring);
	}
	ring = ring_open(&self->vm, 0, 256);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		for (;;)
			head_of(&ring);
	ring_close(&ring);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* Behind the last reader comes a new ring. */
	ring = ring_open(&self->vm, 0, 64);
	EXPECT_EQ(64, ring.head->exits);
	ring_close(&ring);
	end(&runner, thread);
}

TEST_HARNESS_MAIN
