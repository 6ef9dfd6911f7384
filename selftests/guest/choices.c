// SPDX-License-Identifier: GPL-2.0
/*
 * What user space has chosen by KVM_ENABLE_CAP, as the guest meets it: exits that are
 * off, quirks, hypercalls, a triple fault as an event, emulation that fails.
 */
#include "kselftest_harness.h"

#include <signal.h>
#include <sys/time.h>

#include "fixture.h"

#define DB	1
#define UD	6
#define GP	13

#define CPUID_SSE3	1u
#define CPUID_MWAIT	(1u << 3)

#define MSR_MISC_ENABLE		0x1a0
#define MISC_ENABLE_MWAIT	(1ull << 18)

#define HC_VAPIC_POLL_IRQ	1
#define HC_SCHED_YIELD		11
#define HC_MAP_GPA_RANGE	12

static void enable(struct vm *vm, uint32_t number, uint64_t arg)
{
	struct kvm_enable_cap cap = { .cap = number, .args[0] = arg };

	VM_IOCTL(vm->fd, KVM_ENABLE_CAP, &cap);
}

static int capability(struct vm *vm, uint32_t number)
{
	return ioctl(vm->fd, KVM_CHECK_EXTENSION, number);
}

/* Exits are chosen before the vCPU. */
FIXTURE(bare) {
	struct vm vm;
	struct vcpu cpu;
};

FIXTURE_SETUP(bare)
{
	vm_init(&self->vm, VM_MEMORY);
}

FIXTURE_TEARDOWN(bare)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void set_alarm(suseconds_t us)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value.tv_usec = us, .it_interval.tv_usec = us };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static volatile uint64_t woken;

static __guest void wake_up(struct guest_frame *frame)
{
	(void)frame;
	woken++;
}

/* In Bochs 2.7 an interrupt of the host's ends a halt, too: an exit saves the state behind it. */
static __guest void halt_and_count(void)
{
	for (uint64_t last = 0;; last = woken) {
		while (woken == last)
			asm volatile("sti; hlt; cli" : : : "memory");
		GUEST_SYNC(woken);
	}
}

TEST_F(bare, hlt_without_exits)
{
	const struct kvm_interrupt irq = { .irq = 0x40 };
	struct guest_report report;

	EXPECT_EQ(KVM_X86_DISABLE_EXITS_HLT | KVM_X86_DISABLE_EXITS_PAUSE,
		  capability(&self->vm, KVM_CAP_X86_DISABLE_EXITS) &
		  (KVM_X86_DISABLE_EXITS_HLT | KVM_X86_DISABLE_EXITS_PAUSE));
	enable(&self->vm, KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_HLT);
	vcpu_init(&self->vm, &self->cpu, 0);
	GUEST_VAR(&self->vm, guest_handler[0x40]) = wake_up;
	GUEST_VAR(&self->vm, guest_handler[DB]) = wake_up;
	GUEST_VAR(&self->vm, guest_handler[UD]) = wake_up;
	vcpu_set_long(&self->cpu, halt_and_count);
	set_alarm(5000);
	for (uint64_t i = 1; i <= 3; i++) {
		/* It waits in the guest, until the host has something to do. */
		ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
		ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_INTERRUPT, &irq));
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
		EXPECT_EQ(i, report.value[0]);
	}
	/* Any exception wakes it, too, though the processor would not take it so. */
	ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
	struct kvm_vcpu_events events = vcpu_events(&self->cpu);

	events.exception.injected = 1;
	events.exception.nr = UD;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(&self->cpu, &report));
	EXPECT_EQ(4, report.value[0]);
	set_alarm(0);
}

/* A vCPU that was there before keeps its exits. */
TEST_F(bare, exits_of_a_vcpu_that_is_there)
{
	vcpu_init(&self->vm, &self->cpu, 0);
	enable(&self->vm, KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_HLT |
						     KVM_X86_DISABLE_EXITS_PAUSE);
	vcpu_set_long(&self->cpu, halt_and_count);
	EXPECT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
}

static __guest void pause_many(void)
{
	for (int i = 0; i < 10000; i++)
		asm volatile("pause");
	GUEST_DONE();
}

TEST_F(bare, pause_without_exits)
{
	enable(&self->vm, KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_PAUSE);
	vcpu_init(&self->vm, &self->cpu, 0);
	vcpu_set_long(&self->cpu, pause_many);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t line[8] __attribute__((aligned(64)));
static volatile uint64_t monitor_trap, mwait_trap;

static __guest void try_mwait(void)
{
	/* Without this Bochs would take no interrupt of the host's. */
	asm volatile("sti");
	monitor_trap = GUEST_TRY("monitor", : "a" (line), "c" (0), "d" (0));
	/* The line is written to, so it does not wait; and if it does, then not for ever. */
	line[0]++;
	mwait_trap = GUEST_TRY("mwait", : "a" (0), "c" (0));
	GUEST_DONE();
}

static void set_cpuid_bit(struct vcpu *cpu, uint32_t bit, bool on)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(cpu->vm->dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, 1, 0);

	leaf->ecx = (leaf->ecx & ~bit) | (on ? bit : 0);
	VM_IOCTL(cpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

static bool shows_mwait(struct vcpu *cpu)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(cpu->vm->dev);
	bool shown;

	cpuid->nent = 256;
	VM_IOCTL(cpu->fd, KVM_GET_CPUID2, cpuid);
	shown = cpuid_find(cpuid, 1, 0)->ecx & CPUID_MWAIT;
	free(cpuid);
	return shown;
}

/* MONITOR and MWAIT that CPUID does not show: nothing, or #UD without the quirk. */
TEST_F(bare, mwait_quirk)
{
	static const struct {
		uint64_t disabled;
		bool shown;
		uint64_t wanted;
	} rows[] = {
		{ 0, false, NO_TRAP },
		{ 0, true, NO_TRAP },
		{ KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS, false, UD },
		{ KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS, true, NO_TRAP },
	};

	vcpu_init_bare(&self->vm, &self->cpu, 7);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vcpu cpu;

		enable(&self->vm, KVM_CAP_DISABLE_QUIRKS2, rows[i].disabled);
		vcpu_init_bare(&self->vm, &cpu, i);
		set_cpuid_bit(&cpu, CPUID_MWAIT, rows[i].shown);
		vcpu_set_long(&cpu, try_mwait);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&cpu)) TH_LOG("row %zu", i);
		EXPECT_EQ(rows[i].wanted, GUEST_VAR(&self->vm, monitor_trap))
			TH_LOG("row %zu", i);
		EXPECT_EQ(rows[i].wanted, GUEST_VAR(&self->vm, mwait_trap)) TH_LOG("row %zu", i);
		vcpu_close(&cpu);
	}
}

TEST_F(bare, mwait_without_exits)
{
	if (!(capability(&self->vm, KVM_CAP_X86_DISABLE_EXITS) & KVM_X86_DISABLE_EXITS_MWAIT)) {
		vcpu_init(&self->vm, &self->cpu, 0);
		SKIP(return, "MWAIT cannot be left to guests on this processor");
	}
	enable(&self->vm, KVM_CAP_X86_DISABLE_EXITS, KVM_X86_DISABLE_EXITS_MWAIT);
	enable(&self->vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS);
	vcpu_init(&self->vm, &self->cpu, 0);
	vcpu_set_long(&self->cpu, try_mwait);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	/* The quirk is of exits. */
	EXPECT_EQ(NO_TRAP, GUEST_VAR(&self->vm, monitor_trap));
	EXPECT_EQ(NO_TRAP, GUEST_VAR(&self->vm, mwait_trap));
}

static volatile uint64_t cpuid_ecx;

static __guest void switch_mwait(void)
{
	uint32_t regs[4];

	cpuid(1, 0, regs);
	GUEST_SYNC(regs[2] & CPUID_MWAIT);
	wrmsr(MSR_MISC_ENABLE, rdmsr(MSR_MISC_ENABLE) | MISC_ENABLE_MWAIT);
	cpuid(1, 0, regs);
	GUEST_SYNC(regs[2] & CPUID_MWAIT);
	wrmsr(MSR_MISC_ENABLE, rdmsr(MSR_MISC_ENABLE) & ~MISC_ENABLE_MWAIT);
	cpuid(1, 0, regs);
	GUEST_SYNC(regs[2] & CPUID_MWAIT);
}

static void check_mwait_bits(struct __test_metadata *_metadata, struct vcpu *cpu,
			     const uint64_t wanted[3])
{
	struct guest_report report;

	vcpu_set_long(cpu, switch_mwait);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(cpu, &report));
		EXPECT_EQ(wanted[i], report.value[0]) TH_LOG("number %d", i);
		EXPECT_EQ(!!wanted[i], shows_mwait(cpu)) TH_LOG("number %d", i);
	}
}

/* Whether CPUID's bit for MWAIT follows IA32_MISC_ENABLE. */
TEST_F(bare, misc_enable_quirk)
{
	static const uint64_t kept[] = { CPUID_MWAIT, CPUID_MWAIT, CPUID_MWAIT };
	static const uint64_t followed[] = { 0, CPUID_MWAIT, 0 };
	struct vcpu cpu;

	vcpu_init_bare(&self->vm, &self->cpu, 0);
	set_cpuid_bit(&self->cpu, CPUID_MWAIT, true);
	check_mwait_bits(_metadata, &self->cpu, kept);
	enable(&self->vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT);
	vcpu_init_bare(&self->vm, &cpu, 1);
	set_cpuid_bit(&cpu, CPUID_MWAIT, true);
	EXPECT_FALSE(shows_mwait(&cpu));
	check_mwait_bits(_metadata, &cpu, followed);
	/* The same table is the same, though the bit has moved since. */
	set_cpuid_bit(&cpu, CPUID_MWAIT, true);
	vcpu_close(&cpu);
	/* Without SSE3 there is no MWAIT to be had. */
	vcpu_init_bare(&self->vm, &cpu, 2);
	set_cpuid_bit(&cpu, CPUID_SSE3 | CPUID_MWAIT, false);
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = {
		.head.nmsrs = 1,
		.entry.index = MSR_MISC_ENABLE,
		.entry.data = vcpu_get_msr(&cpu, MSR_MISC_ENABLE) ^ MISC_ENABLE_MWAIT,
	};

	EXPECT_EQ(0, ioctl(cpu.fd, KVM_SET_MSRS, &msr));
	vcpu_close(&cpu);
}

static __guest uint64_t hypercall(uint64_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	asm volatile("vmcall" : "+a" (nr) : "b" (a), "c" (b), "d" (c) : "memory");
	return nr;
}

static volatile struct {
	uint64_t nr, a, b, c, answer;
} call;

static __guest void make_call(void)
{
	call.answer = hypercall(call.nr, call.a, call.b, call.c);
	GUEST_DONE();
}

static void set_call(struct vm *vm, uint64_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	GUEST_VAR(vm, call.nr) = nr;
	GUEST_VAR(vm, call.a) = a;
	GUEST_VAR(vm, call.b) = b;
	GUEST_VAR(vm, call.c) = c;
}

TEST_F(guest, hypercalls)
{
	static const struct {
		const char *name;
		uint64_t nr, a, b;
		int64_t answer;
		bool enabled;
	} rows[] = {
		{ "none", 0, 0, 0, -1000, true },
		{ "poll", HC_VAPIC_POLL_IRQ, 0, 0, 0, false },
		{ "yield", HC_SCHED_YIELD, 0, 0, 0, false },
		{ "unknown", 0x7fffffff, 0, 0, -1000, true },
		{ "its upper half counts", 1ull << 32 | HC_VAPIC_POLL_IRQ, 0, 0, -1000, true },
		{ "not enabled", HC_MAP_GPA_RANGE, 0x1000, 1, -1000, false },
		{ "not aligned", HC_MAP_GPA_RANGE, 0x1001, 1, -22, true },
		{ "no pages", HC_MAP_GPA_RANGE, 0x1000, 0, -22, true },
		{ "too many pages", HC_MAP_GPA_RANGE, 0x1000, ~0ull, -22, true },
	};

	EXPECT_EQ(1 << HC_MAP_GPA_RANGE, capability(&self->vm, KVM_CAP_EXIT_HYPERCALL));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enable(&self->vm, KVM_CAP_EXIT_HYPERCALL,
		       rows[i].enabled ? 1 << HC_MAP_GPA_RANGE : 0);
		set_call(&self->vm, rows[i].nr, rows[i].a, rows[i].b, 0);
		vcpu_set_long(&self->cpu, make_call);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu)) TH_LOG("%s", rows[i].name);
		EXPECT_EQ(rows[i].answer, (int64_t)GUEST_VAR(&self->vm, call.answer))
			TH_LOG("%s", rows[i].name);
	}
}

TEST_F(guest, a_hypercall_for_user_space)
{
	struct kvm_run *run = self->cpu.run;

	enable(&self->vm, KVM_CAP_EXIT_HYPERCALL, 1 << HC_MAP_GPA_RANGE);
	set_call(&self->vm, HC_MAP_GPA_RANGE, 0x123456789000, 17, 0xa5);
	vcpu_set_long(&self->cpu, make_call);
	ASSERT_EQ(KVM_EXIT_HYPERCALL, vcpu_run(&self->cpu));
	EXPECT_EQ(HC_MAP_GPA_RANGE, run->hypercall.nr);
	EXPECT_EQ(0x123456789000, run->hypercall.args[0]);
	EXPECT_EQ(17, run->hypercall.args[1]);
	EXPECT_EQ(0xa5, run->hypercall.args[2]);
	EXPECT_EQ(1, run->hypercall.longmode);
	run->hypercall.ret = 0x1234567890;
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(0x1234567890, GUEST_VAR(&self->vm, call.answer));
}

#define KVM_FEATURES	0x40000001
#define PV_SCHED_YIELD	(1u << 13)

static void show_features(struct vcpu *cpu, uint32_t features)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(cpu->vm->dev);

	cpuid_find(cpuid, KVM_FEATURES, 0)->eax = features;
	VM_IOCTL(cpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

TEST_F(guest, hypercalls_go_by_cpuid_if_that_is_enforced)
{
	static const struct {
		uint32_t features;
		int64_t answer;
	} rows[] = { { 0, -1000 }, { PV_SCHED_YIELD, 0 } };
	struct kvm_enable_cap enforce = { .cap = KVM_CAP_ENFORCE_PV_FEATURE_CPUID, .args = { 1 } };

	set_call(&self->vm, HC_SCHED_YIELD, 0, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vcpu cpu;

		vcpu_init(&self->vm, &cpu, i + 1);
		show_features(&cpu, rows[i].features);
		EXPECT_EQ(0, ioctl(cpu.fd, KVM_ENABLE_CAP, &enforce));
		vcpu_set_long(&cpu, make_call);
		EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&cpu));
		EXPECT_EQ(rows[i].answer, (int64_t)GUEST_VAR(&self->vm, call.answer));
		vcpu_close(&cpu);
	}
}

static __guest void call_from_user(void)
{
	asm volatile("vmcall\n\tmovq %%rax, %0\n\tud2"
		     : "=m" (call.answer) : "a" (HC_VAPIC_POLL_IRQ));
}

static __guest void call_from_ring_3(void)
{
	GUEST_EQ(UD, guest_run_user(call_from_user, 0));
	GUEST_DONE();
}

TEST_F(guest, hypercalls_from_ring_3)
{
	vcpu_set_long(&self->cpu, call_from_ring_3);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(-1, (int64_t)GUEST_VAR(&self->vm, call.answer));
}

/* AMD's hypercall: what stands there is looked at behind it. */
static __guest void call_as_on_amd(void)
{
	uint64_t answer = HC_VAPIC_POLL_IRQ;
	uint8_t *bytes;

	call.c = GUEST_TRY("leaq 1f(%%rip), %1\n\t1: .byte 0x0f, 0x01, 0xd9",
			   "+a" (answer), "=&r" (bytes) : : "memory");
	call.answer = answer;
	call.a = bytes[2];
	GUEST_DONE();
}

TEST_F(guest, vmmcall_is_mended_unless_that_is_disabled)
{
	enable(&self->vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_FIX_HYPERCALL_INSN);
	vcpu_set_long(&self->cpu, call_as_on_amd);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(UD, GUEST_VAR(&self->vm, call.c));
	EXPECT_EQ(HC_VAPIC_POLL_IRQ, GUEST_VAR(&self->vm, call.answer));
	EXPECT_EQ(0xd9, GUEST_VAR(&self->vm, call.a));

	enable(&self->vm, KVM_CAP_DISABLE_QUIRKS2, 0);
	vcpu_set_long(&self->cpu, call_as_on_amd);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(NO_TRAP, GUEST_VAR(&self->vm, call.c));
	EXPECT_EQ(0, GUEST_VAR(&self->vm, call.answer));
	EXPECT_EQ(0xc1, GUEST_VAR(&self->vm, call.a));
}

static __guest void ask_cpuid(void)
{
	uint32_t a = 0, b, c = 0, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	asm volatile("ud2");
}

#define MISC_FEATURES_ENABLES	0x140

static __guest void cpuid_faults(void)
{
	uint32_t a = 0, c = 0;

	GUEST_EQ(UD, guest_run_user(ask_cpuid, 0));
	GUEST_EQ(NO_TRAP, try_wrmsr(MISC_FEATURES_ENABLES, 1));
	GUEST_EQ(GP, guest_run_user(ask_cpuid, 0));
	GUEST_EQ(NO_TRAP, GUEST_TRY("cpuid", "+a" (a), "+c" (c) : : "rbx", "rdx"));
	GUEST_EQ(NO_TRAP, try_wrmsr(MISC_FEATURES_ENABLES, 0));
	GUEST_EQ(UD, guest_run_user(ask_cpuid, 0));
	GUEST_DONE();
}

TEST_F(guest, cpuid_faults_where_the_guest_wants_it)
{
	vcpu_set_long(&self->cpu, cpuid_faults);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

TEST_F(guest, a_triple_fault_as_an_event)
{
	struct kvm_vcpu_events events = vcpu_events(&self->cpu), back;

	vcpu_set_long(&self->cpu, just_done);
	EXPECT_EQ(0, events.flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT);
	events.flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	events.triple_fault.pending = 1;
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, capability(&self->vm, KVM_CAP_X86_TRIPLE_FAULT_EVENT));
	enable(&self->vm, KVM_CAP_X86_TRIPLE_FAULT_EVENT, 1);
	back = vcpu_events(&self->cpu);
	EXPECT_EQ(KVM_VCPUEVENT_VALID_TRIPLE_FAULT, back.flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT);
	EXPECT_EQ(0, back.triple_fault.pending);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, vcpu_events(&self->cpu).triple_fault.pending);
	/* Without the flag it is not looked at. */
	events.flags &= ~KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	events.triple_fault.pending = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(1, vcpu_events(&self->cpu).triple_fault.pending);
	/* It can be taken back ... */
	events.flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	/* ... or it happens. */
	events.triple_fault.pending = 1;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	EXPECT_EQ(KVM_EXIT_SHUTDOWN, vcpu_run(&self->cpu));
	EXPECT_EQ(0, vcpu_events(&self->cpu).triple_fault.pending);
	vcpu_set_long(&self->cpu, just_done);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* An instruction that nobody emulates, in ring 3: its store goes to no memory. */
static __guest void user_stores(void)
{
	asm volatile("fnsave (%0)" : : "r" ((uintptr_t)VM_HOLE) : "memory");
}

static __guest void store_in_ring_3(void)
{
	GUEST_EQ(UD, guest_run_user(user_stores, 0));
	GUEST_DONE();
}

TEST_F(guest, emulation_that_fails)
{
	struct kvm_run *run = self->cpu.run;
	uint64_t rip;

	/* In ring 3 it is the guest's #UD ... */
	vcpu_set_long(&self->cpu, store_in_ring_3);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	/* ... or, if user space wants to know, its own, and the guest has not moved. */
	EXPECT_EQ(1, capability(&self->vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE));
	enable(&self->vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1);
	vcpu_set_long(&self->cpu, store_in_ring_3);
	ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, run->emulation_failure.suberror);
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES,
		  run->emulation_failure.flags);
	EXPECT_EQ(0xdd, run->emulation_failure.insn_bytes[0]);
	rip = vcpu_regs(&self->cpu).rip;
	ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
	EXPECT_EQ(rip, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(0, vcpu_events(&self->cpu).exception.injected);
	enable(&self->vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 0);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_HARNESS_MAIN
