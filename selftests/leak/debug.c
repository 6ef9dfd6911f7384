// SPDX-License-Identifier: GPL-2.0
/*
 * Debug registers: the host's breakpoints are not felt in the guest nor the
 * guest's in the host, though both watch the same linear address.
 */
#include "kselftest_harness.h"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/syscall.h>

#include "fixture.h"

static volatile uint64_t watched, guest_hits;
static volatile int host_traps;

static int watch(volatile void *address, uint32_t type)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = type,
		.bp_addr = (uintptr_t)address,
		.bp_len = HW_BREAKPOINT_LEN_8,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t count_of(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		die("cannot read the count of a breakpoint: %s", strerror(errno));
	return count;
}

static __guest void note_hit(struct guest_frame *frame)
{
	(void)frame;
	guest_hits++;
	write_db6(0xffff0ff0);
}

static __guest void write_unwatched(void)
{
	guest_handler[1] = note_hit;
	GUEST_EQ(0, read_db0());
	GUEST_EQ(0, read_db1());
	GUEST_EQ(0, read_db2());
	GUEST_EQ(0, read_db3());
	GUEST_EQ(0x400, read_db7());
	for (;;) {
		watched++;
		GUEST_EQ(0, guest_hits);
		GUEST_SYNC(0);
	}
}

TEST_F(guest, breakpoint_of_the_host)
{
	int fd = watch(&watched, HW_BREAKPOINT_W);

	if (fd < 0)
		SKIP(return, "no hardware breakpoints by perf here: %s", strerror(errno));
	watched = 1;
	EXPECT_EQ(1, count_of(fd));
	vcpu_set_long(&self->cpu, write_unwatched);
	for (uint64_t i = 0; i < 5; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		/* The guest's write did not count, the host's own does. */
		EXPECT_EQ(1 + i, count_of(fd));
		watched = i;
		EXPECT_EQ(2 + i, count_of(fd));
	}
	close(fd);
}

static __guest void write_watched(void)
{
	uint64_t wanted = 0;

	guest_handler[1] = note_hit;
	write_db0((uintptr_t)&watched);
	write_db1(0x1111);
	write_db2(0x2222);
	write_db3(0x3333);
	write_db7(0x400 | 2 | 9 << 16);		/* 8 bytes, written */
	for (;;) {
		watched++;
		GUEST_EQ(++wanted, guest_hits);
		GUEST_SYNC(0);
		GUEST_EQ((uintptr_t)&watched, read_db0());
		GUEST_EQ(0x3333, read_db3());
		GUEST_EQ(0x90402, read_db7());
	}
}

static void on_trap(int sig)
{
	(void)sig;
	host_traps++;
}

TEST_F(guest, breakpoint_of_the_guest)
{
	struct sigaction action = { .sa_handler = on_trap };

	sigaction(SIGTRAP, &action, NULL);
	vcpu_set_long(&self->cpu, write_watched);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		watched++;
		EXPECT_EQ(0, host_traps);
	}
	EXPECT_EQ(5, GUEST_VAR(&self->vm, guest_hits));
}

/* Both at once, at the same address. */
TEST_F(guest, breakpoints_of_both)
{
	int fd = watch(&watched, HW_BREAKPOINT_W), other = watch(&host_traps, HW_BREAKPOINT_RW);
	uint64_t before;

	if (fd < 0 || other < 0)
		SKIP(return, "no hardware breakpoints by perf here: %s", strerror(errno));
	vcpu_set_long(&self->cpu, write_watched);
	before = count_of(fd);
	for (uint64_t i = 1; i <= 5; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
		EXPECT_EQ(i, GUEST_VAR(&self->vm, guest_hits));
		watched++;	/* a load and a store: one write */
		EXPECT_EQ(before + i, count_of(fd));
	}
	close(fd);
	close(other);
}

static __guest void read_dr6_alone(void)
{
	GUEST_EQ(0xffff0ff0, read_db6());
	write_db6(0xffff0ff0 | 0xe00f);
	GUEST_SYNC(0);
	GUEST_EQ(0xffff0ff0 | 0xe00f, read_db6());
	GUEST_DONE();
}

TEST_F(guest, dr6)
{
	int fd = watch(&watched, HW_BREAKPOINT_W);

	vcpu_set_long(&self->cpu, read_dr6_alone);
	watched = 1;
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	watched = 2;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	if (fd >= 0) {
		EXPECT_EQ(2, count_of(fd));
		close(fd);
	}
}

TEST_HARNESS_MAIN
