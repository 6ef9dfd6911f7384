// SPDX-License-Identifier: GPL-2.0
/*
 * When a CPU is in VMX operation: vmxon=load and vmxon=run, and KVM beside them.
 * VHM_MODULES names the folder of vhm.ko and of KVM's modules (default /modules);
 * none of them is loaded when these tests begin, nor when they end.
 */
#include "kselftest_harness.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include "fixture.h"
#include "modules.h"

#define VHM	"/dev/vhm"
#define KVM	"/dev/kvm"

static volatile uint64_t counter;

static __guest void count(void)
{
	for (;;) {
		counter++;
		GUEST_SYNC(counter);
	}
}

static const char *module_file(const char *name)
{
	const char *folder = getenv("VHM_MODULES") ?: "/modules";
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
	return path;
}

static int load(const char *name, const char *parameters)
{
	return module_load(module_file(name), parameters);
}

static int load_kvm(void)
{
	int err = load("irqbypass", "");

	if (!err)
		err = load("kvm", "");
	return err ?: load("kvm-intel", "");
}

/* What of it was loaded, in the order in which one needs the other. */
static void unload_kvm(void)
{
	module_unload("kvm_intel");
	module_unload("kvm");
	module_unload("irqbypass");
}

static bool node_is_there(const char *device)
{
	for (int i = 0; i < 1000; i++) {
		if (!access(device, R_OK | W_OK))
			return true;
		usleep(1000);
	}
	return false;
}

struct machine {
	const char *device;
	struct vm vm;
	struct vcpu cpu;
	uint64_t last;
};

static void make_machine(struct machine *m, const char *device)
{
	m->device = device;
	m->last = 0;
	if (!node_is_there(device))
		die("there is no %s", device);
	setenv("VHM_DEVICE", device, 1);
	vm_init(&m->vm, VM_MEMORY);
	vcpu_init(&m->vm, &m->cpu, 0);
	vcpu_set_long(&m->cpu, count);
}

static void end_machine(struct machine *m)
{
	vcpu_close(&m->cpu);
	vm_close(&m->vm);
}

/* Goes on counting, and says the next number. */
static bool counts_on(struct machine *m)
{
	struct guest_report report;

	return vcpu_run_guest(&m->cpu, &report) == GUEST_IS_SYNC && report.value[0] == ++m->last;
}

FIXTURE(policy) {
	bool files;
};

FIXTURE_SETUP(policy)
{
	self->files = !access(module_file("vhm"), R_OK) && !access(module_file("kvm-intel"), R_OK);
}

FIXTURE_TEARDOWN(policy)
{
	module_unload("vhm");
	unload_kvm();
}

#define SKIP_WITHOUT_MODULES() do {					\
	if (!self->files)						\
		SKIP(return, "needs vhm's and KVM's modules as files: see VHM_MODULES"); \
} while (0)

/* Kernels from 7 let no module but KVM's hold CR4.VMXE, and the default says which there is. */
static int load_with_vmxon_load(void)
{
	return load("vhm", "vmxon=load");
}

TEST_F(policy, a_word_that_is_none)
{
	SKIP_WITHOUT_MODULES();
	EXPECT_EQ(EINVAL, load("vhm", "vmxon=always"));
	EXPECT_EQ(EINVAL, load("vhm", "vmxon="));
	EXPECT_NE(0, access(VHM, F_OK));
}

TEST_F(policy, load_keeps_kvm_out)
{
	struct machine m;
	int err;

	SKIP_WITHOUT_MODULES();
	err = load_with_vmxon_load();
	if (err == EOPNOTSUPP)
		SKIP(return, "vmxon=load cannot be had on this kernel");
	ASSERT_EQ(0, err);
	make_machine(&m, VHM);
	EXPECT_EQ(EBUSY, load_kvm());
	EXPECT_TRUE(counts_on(&m));
	end_machine(&m);
	EXPECT_EQ(0, module_unload("vhm"));
	unload_kvm();
	EXPECT_EQ(0, load_kvm());
}

TEST_F(policy, load_does_not_come_where_kvm_is)
{
	SKIP_WITHOUT_MODULES();
	ASSERT_EQ(0, load_kvm());
	/* EOPNOTSUPP: not on this kernel, KVM or not. */
	EXPECT_NE(0, load_with_vmxon_load());
}

/* VMX off as soon as nobody needs it: KVM comes, runs, and goes, as if vhm were not there. */
TEST_F(policy, kvm_comes_and_goes_beside_run)
{
	struct machine ours, theirs;

	SKIP_WITHOUT_MODULES();
	ASSERT_EQ(0, load("vhm", "vmxon=run"));
	make_machine(&ours, VHM);
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(counts_on(&ours));
		ASSERT_EQ(0, load_kvm());
		ASSERT_TRUE(counts_on(&ours));
		make_machine(&theirs, KVM);
		for (int j = 0; j < 10; j++) {
			ASSERT_TRUE(counts_on(&theirs));
			ASSERT_TRUE(counts_on(&ours));
		}
		end_machine(&theirs);
		ASSERT_TRUE(counts_on(&ours));
		unload_kvm();
	}
	ASSERT_TRUE(counts_on(&ours));
	end_machine(&ours);
	EXPECT_EQ(0, module_unload("vhm"));
}

/* The other way round: VMX is KVM's, with a VMCS of its own current. */
TEST_F(policy, run_comes_and_goes_beside_kvm)
{
	struct machine ours, theirs;

	SKIP_WITHOUT_MODULES();
	ASSERT_EQ(0, load_kvm());
	make_machine(&theirs, KVM);
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(counts_on(&theirs));
		ASSERT_EQ(0, load("vhm", "vmxon=run"));
		ASSERT_TRUE(counts_on(&theirs));
		make_machine(&ours, VHM);
		for (int j = 0; j < 10; j++) {
			ASSERT_TRUE(counts_on(&ours));
			ASSERT_TRUE(counts_on(&theirs));
		}
		end_machine(&ours);
		ASSERT_EQ(0, module_unload("vhm"));
	}
	ASSERT_TRUE(counts_on(&theirs));
	end_machine(&theirs);
}

static volatile uint64_t spins;

static __guest void spin_a_while(void)
{
	asm volatile("sti");
	for (spins = 0; spins < 3000000; spins++)
		;
	GUEST_DONE();
}

static volatile bool stop;

/* Each switch to and from this thread writes CR4, from what the kernel remembers of it. */
static void *live_without_tsc(void *unused)
{
	(void)unused;
	while (!stop) {
		if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) || prctl(PR_SET_TSC, PR_TSC_ENABLE) ||
		    prctl(PR_SET_TSC, PR_TSC_SIGSEGV))
			return "prctl failed";
		sched_yield();
	}
	return NULL;
}

static void check_cr4(struct __test_metadata *_metadata, const char *parameters)
{
	pthread_t thread;
	struct machine m;
	void *said;
	int err;

	err = load("vhm", parameters);
	if (err == EOPNOTSUPP)
		SKIP(return, "%s cannot be had on this kernel", parameters);
	ASSERT_EQ(0, err);
	make_machine(&m, VHM);
	vcpu_set_long(&m.cpu, spin_a_while);
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, live_without_tsc, NULL));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&m.cpu));
	stop = true;
	pthread_join(thread, &said);
	EXPECT_EQ(NULL, said);
	end_machine(&m);
	EXPECT_EQ(0, module_unload("vhm"));
}

TEST_F(policy, the_host_writes_cr4_while_a_guest_runs)
{
	SKIP_WITHOUT_MODULES();
	check_cr4(_metadata, "vmxon=run");
	check_cr4(_metadata, "vmxon=load");
}

TEST_HARNESS_MAIN
