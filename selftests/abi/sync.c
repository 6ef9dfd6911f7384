// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_CAP_SYNC_REGS: registers by way of the run page.
 */
#include "kselftest_harness.h"

#include <pthread.h>

#include "fixture.h"

#define ALL	(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS)

/* RBX is user space's and the guest's in turn. */
static __guest void count_in_rbx(void)
{
	asm volatile("1: outb %%al, $0x80\n\tincq %%rbx\n\tjmp 1b" : : : "rbx");
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

TEST_F(guest, the_capability_names_the_sets)
{
	EXPECT_EQ(ALL, ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS));
}

TEST_F(guest, sets_that_there_are_not)
{
	static const struct {
		uint64_t valid, dirty;
	} bad[] = {
		{ 8, 0 }, { 0, 8 }, { 1ull << 63, 0 }, { 0, 1ull << 63 }, { ~0ull, 0 },
		{ 0, ~0ull }, { ALL, 0x80000000 | ALL }, { 0x80000000 | ALL, ALL },
	};
	struct kvm_run *run = self->cpu.run;
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, count_in_rbx);
	regs = vcpu_regs(&self->cpu);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		run->kvm_valid_regs = bad[i].valid;
		run->kvm_dirty_regs = bad[i].dirty;
		run->s.regs.regs = regs;
		run->s.regs.regs.rbx = 0x1234;
		EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu)) TH_LOG("number %zu", i);
		EXPECT_EQ(regs.rbx, vcpu_regs(&self->cpu).rbx) TH_LOG("number %zu", i);
	}
}

/* A value in each set that nobody has; KVM leaves the bytes alone that mean nothing. */
static void mark(struct kvm_sync_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->regs.rip = ~0ull;
	regs->sregs.cr3 = ~0ull;
	regs->events.flags = ~0u;
}

TEST_F(guest, what_is_wanted_is_shown)
{
	struct kvm_run *run = self->cpu.run;
	struct kvm_vcpu_events events;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, count_in_rbx);
	for (uint64_t sets = 0; sets <= ALL; sets++) {
		mark(&run->s.regs);
		run->kvm_valid_regs = sets;
		ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
		regs = vcpu_regs(&self->cpu);
		sregs = vcpu_sregs(&self->cpu);
		events = vcpu_events(&self->cpu);
		EXPECT_EQ(!(sets & KVM_SYNC_X86_REGS),
			  !!memcmp(&regs, &run->s.regs.regs, sizeof(regs)));
		EXPECT_EQ(!(sets & KVM_SYNC_X86_SREGS),
			  !!memcmp(&sregs, &run->s.regs.sregs, sizeof(sregs)));
		EXPECT_EQ(!(sets & KVM_SYNC_X86_EVENTS),
			  !!memcmp(&events, &run->s.regs.events, sizeof(events)));
		EXPECT_EQ(sets, run->kvm_valid_regs);
	}
	/* Also when KVM_RUN had nothing to do. */
	mark(&run->s.regs);
	run->immediate_exit = 1;
	EXPECT_EQ(-EINTR, vcpu_run(&self->cpu));
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(0, memcmp(&regs, &run->s.regs.regs, sizeof(regs)));
}

/* The handler of the #UD ends with IRET. */
static __guest void let_nmis_in(void)
{
	GUEST_TRY("ud2", : : "memory");
	GUEST_DONE();
}

TEST_F(guest, what_is_dirty_is_taken)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, count_in_rbx);
	run->kvm_valid_regs = ALL;
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	run->s.regs.regs.rbx = 0xbad1dea;
	run->s.regs.sregs.cr2 = 0x4711;
	run->s.regs.events.nmi.masked = 1;
	run->kvm_dirty_regs = ALL;
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(0, run->kvm_dirty_regs);
	EXPECT_EQ(0xbad1deb, run->s.regs.regs.rbx);
	EXPECT_EQ(0x4711, run->s.regs.sregs.cr2);
	EXPECT_EQ(1, run->s.regs.events.nmi.masked);
	EXPECT_EQ(0x4711, vcpu_sregs(&self->cpu).cr2);
	EXPECT_EQ(1, vcpu_events(&self->cpu).nmi.masked);
	/* Without its bit a change is not looked at. */
	run->s.regs.regs.rbx = 1;
	run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(0xbad1dec, run->s.regs.regs.rbx);
	/* Taken without being shown again. */
	run->s.regs.regs.rbx = 7;
	run->kvm_valid_regs = 0;
	run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(7, run->s.regs.regs.rbx);
	EXPECT_EQ(8, vcpu_regs(&self->cpu).rbx);
	/* Bochs blocks NMIs until a guest's IRET, whatever the next one's VMCS says. */
	vcpu_set_long(&self->cpu, let_nmis_in);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(0, vcpu_events(&self->cpu).nmi.masked);
}

TEST_F(guest, bad_values_are_refused)
{
	struct kvm_run *run = self->cpu.run;
	struct kvm_sregs sregs;

	vcpu_set_long(&self->cpu, count_in_rbx);
	run->kvm_valid_regs = ALL;
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	sregs = run->s.regs.sregs;
	run->s.regs.regs.rbx = 0x55;
	run->s.regs.sregs.cr4 = ~0ull;
	run->kvm_valid_regs = 0;
	run->kvm_dirty_regs = ALL;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	/* What came before is taken, and no longer dirty. */
	EXPECT_EQ(KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS, run->kvm_dirty_regs);
	EXPECT_EQ(0x55, vcpu_regs(&self->cpu).rbx);
	run->s.regs.sregs = sregs;
	run->s.regs.events.flags = ~0u;
	EXPECT_EQ(-EINVAL, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_SYNC_X86_EVENTS, run->kvm_dirty_regs);
	run->kvm_dirty_regs = 0;
	EXPECT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
}

struct toggler {
	volatile struct kvm_sregs *sregs;
	uint64_t good, bad;
	volatile bool stop;
};

static void *toggle(void *arg)
{
	struct toggler *toggler = arg;

	while (!toggler->stop) {
		toggler->sregs->cr0 = toggler->bad;
		toggler->sregs->cr0 = toggler->good;
		sched_yield();
	}
	return NULL;
}

/* What was found good is what is taken, whatever another thread writes meanwhile. */
TEST_F(guest, checked_and_taken_are_one)
{
	struct kvm_run *run = self->cpu.run;
	struct toggler toggler = { .sregs = &run->s.regs.sregs };
	unsigned int taken = 0, refused = 0;
	pthread_t thread;

	if (vm_is_kvm() && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		SKIP(return, "KVM of 6.1 reads the run page twice");
	vcpu_set_long(&self->cpu, just_done);
	run->s.regs.sregs = vcpu_sregs(&self->cpu);
	toggler.good = run->s.regs.sregs.cr0;
	toggler.bad = toggler.good | 1ull << 40;
	run->immediate_exit = 1;
	ASSERT_EQ(0, pthread_create(&thread, NULL, toggle, &toggler));
	for (int i = 0; i < 3000; i++) {
		run->kvm_dirty_regs = KVM_SYNC_X86_SREGS;
		switch (vcpu_run(&self->cpu)) {
		case -EINTR:
			taken++;
			break;
		case -EINVAL:
			refused++;
			break;
		}
		ASSERT_EQ(toggler.good, vcpu_sregs(&self->cpu).cr0);
		if (!(i & 15))
			sched_yield();
	}
	toggler.stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(3000, taken + refused);
	EXPECT_LT(0, taken);
}

TEST_HARNESS_MAIN
