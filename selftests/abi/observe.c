// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a vCPU from outside: observers, the VMCS of a stopped and of a
 * running vCPU, the table of controls, and who may see what.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <linux/vhm.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include "fixture.h"

/* SDM, appendix "Field Encoding in VMCS". */
#define GUEST_RIP	0x681eu
#define VM_EXIT_REASON	0x4402u
#define HOST_RIP	0x6c16u
#define HOST_CR4	0x6c04u
#define EPT_POINTER	0x201au
#define TSC_OFFSET	0x2010u

#define REASON_CPUID	10u
#define REASON_IO	30u

#define SKIP_ON_KVM() do {					\
	if (vm_is_kvm())					\
		SKIP(return, "this is vhm's own call");		\
} while (0)

static __guest void just_done(void)
{
	GUEST_DONE();
}

static __guest void ask_for_ever(void)
{
	uint32_t regs[4];

	for (;;)
		cpuid(0, 0, regs);
}

static __guest void loop_for_ever(void)
{
	asm volatile("sti; 1: jmp 1b");
}

static const struct vhm_vmcs_field *find(const struct vhm_vmcs *vmcs, uint32_t encoding)
{
	for (uint32_t i = 0; i < vmcs->count; i++)
		if (vmcs->field[i].encoding == encoding)
			return &vmcs->field[i];
	return NULL;
}

static uint64_t value(const struct vhm_vmcs *vmcs, uint32_t encoding)
{
	const struct vhm_vmcs_field *field = find(vmcs, encoding);

	if (!field)
		die("the VMCS has no field %#x", encoding);
	return field->value;
}

/* 0 or the errno. */
static int get_vmcs(int fd, struct vhm_vmcs *vmcs, uint32_t vcpu, uint32_t flags, uint32_t count)
{
	struct vhm_get_vmcs get = {
		.flags = flags, .vcpu = vcpu, .count = count, .data = (uintptr_t)vmcs,
	};

	return ioctl(fd, VHM_GET_VMCS, &get) ? errno : 0;
}

static int observer(struct vm *vm)
{
	int fd = ioctl(vm->fd, VHM_CREATE_OBSERVER, 0);

	if (fd < 0)
		die("observer: %s", strerror(errno));
	return fd;
}

/* Under vmxon=run no VMCS stays in a CPU, and each stay in the guest begins with VMLAUNCH. */
static bool vmcs_stays_loaded(void)
{
	char policy[16] = "";
	int fd = open("/sys/module/vhm/parameters/vmxon", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, policy, sizeof(policy) - 1) <= 0)
		die("cannot read how vhm was loaded: %s", strerror(errno));
	close(fd);
	return !strncmp(policy, "load", 4);
}

TEST_F(guest, stopped_vcpu)
{
	struct vhm_vmcs vmcs, seen;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	memset(&vmcs, 0xaa, sizeof(vmcs));
	ASSERT_EQ(0, get_vmcs(self->cpu.fd, &vmcs, 0, 0, 1));
	EXPECT_EQ(0, vmcs.exits);
	EXPECT_EQ(0, vmcs.flags);
	ASSERT_LT(100, vmcs.count);
	ASSERT_GE(VHM_MAX_VMCS_FIELDS, vmcs.count);
	for (uint32_t i = 1; i < vmcs.count; i++)
		EXPECT_LT(vmcs.field[i - 1].encoding, vmcs.field[i].encoding);
	for (uint32_t i = vmcs.count; i < VHM_MAX_VMCS_FIELDS; i++)
		EXPECT_TRUE(!vmcs.field[i].encoding && !vmcs.field[i].value);

	vcpu_set_long(&self->cpu, just_done);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	ASSERT_EQ(0, get_vmcs(self->cpu.fd, &vmcs, 0, 0, 1));
	EXPECT_LE(1, vmcs.exits);
	EXPECT_EQ(vmcs_stays_loaded() ? VHM_VMCS_LAUNCHED : 0, vmcs.flags);
	EXPECT_EQ(REASON_IO, value(&vmcs, VM_EXIT_REASON));
	EXPECT_EQ(vcpu_regs(&self->cpu).rip, value(&vmcs, GUEST_RIP));
	ASSERT_EQ(0, get_vmcs(fd, &seen, 0, 0, 1));
	EXPECT_EQ(vmcs.exits, seen.exits);
	EXPECT_EQ(0, memcmp(vmcs.field, seen.field, sizeof(vmcs.field)));
	close(fd);
}

/* Reading is all that an observer does: the guest goes on as if nothing had been. */
TEST_F(guest, reading_changes_nothing)
{
	struct vhm_vmcs vmcs;

	SKIP_ON_KVM();
	vcpu_set_long(&self->cpu, just_done);
	for (int i = 0; i < 3; i++) {
		struct kvm_regs before = vcpu_regs(&self->cpu), after;

		ASSERT_EQ(0, get_vmcs(self->cpu.fd, &vmcs, 0, 0, 1));
		after = vcpu_regs(&self->cpu);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

struct runner {
	struct vcpu *cpu;
	volatile pid_t tid;
	volatile int ret;
};

static void on_signal(int sig)
{
	(void)sig;
}

static void *run(void *arg)
{
	struct runner *runner = arg;

	runner->tid = gettid();
	runner->ret = vcpu_run(runner->cpu);
	return NULL;
}

static pthread_t start(struct runner *runner, struct vcpu *cpu, void (*entry)(void))
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	*runner = (struct runner){ .cpu = cpu, .ret = 1 };
	vcpu_set_long(cpu, entry);
	if (pthread_create(&thread, NULL, run, runner))
		die("cannot start a thread");
	return thread;
}

static void end(struct runner *runner, pthread_t thread)
{
	/* The signal may come before the thread is in the call: it stays asked for. */
	runner->cpu->run->immediate_exit = 1;
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	runner->cpu->run->immediate_exit = 0;
}

/* Waits until the vCPU has left the guest at least once. */
static void wait_for_exits(int fd, uint64_t count)
{
	struct vhm_observe seen;

	do {
		memset(&seen, 0, sizeof(seen));
		VM_IOCTL(fd, VHM_OBSERVE, &seen);
		usleep(100);
	} while (seen.exits[0] < count);
}

TEST_F(guest, running_vcpu)
{
	int fd;
	struct runner runner;
	struct vhm_vmcs vmcs;
	pthread_t thread;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	thread = start(&runner, &self->cpu, loop_for_ever);
	wait_for_exits(fd, 1);
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, get_vmcs(fd, &vmcs, 0, 0, 1));
		EXPECT_LT((uintptr_t)loop_for_ever - 1, value(&vmcs, GUEST_RIP));
		EXPECT_GT((uintptr_t)loop_for_ever + 64, value(&vmcs, GUEST_RIP));
	}
	end(&runner, thread);
	EXPECT_EQ(-EINTR, runner.ret);
	close(fd);
}

TEST_F(guest, neighbouring_exits)
{
	static struct vhm_vmcs vmcs[VHM_MAX_VMCS_DUMPS];
	struct runner runner;
	unsigned int cpuids = 0;
	pthread_t thread;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	thread = start(&runner, &self->cpu, ask_for_ever);
	ASSERT_EQ(0, get_vmcs(fd, vmcs, 0, VHM_VMCS_AT_EXIT, VHM_MAX_VMCS_DUMPS));
	for (int i = 0; i < VHM_MAX_VMCS_DUMPS; i++) {
		uint32_t reason = value(&vmcs[i], VM_EXIT_REASON);

		EXPECT_TRUE(!i || vmcs[i].exits == vmcs[i - 1].exits + 1);
		EXPECT_TRUE(!i || vmcs[i].tsc > vmcs[i - 1].tsc);
		cpuids += reason == REASON_CPUID;
	}
	EXPECT_LT(0, cpuids);
	end(&runner, thread);
	close(fd);
}

/* A halted vCPU that nobody wakes has no exits: whoever waits for one can be interrupted. */
TEST_F(guest, wait_is_interrupted)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct vhm_vmcs vmcs;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	sigaction(SIGALRM, &action, NULL);
	ualarm(2000, 2000);
	EXPECT_EQ(EINTR, get_vmcs(fd, &vmcs, 0, VHM_VMCS_AT_EXIT, 1));
	ualarm(0, 0);
	/* The request is withdrawn: the next one is not in its way. */
	EXPECT_EQ(0, get_vmcs(fd, &vmcs, 0, 0, 1));
	close(fd);
}

struct waiter {
	int fd;
	volatile int error;
	volatile bool asks;
};

static void *wait_for_exit(void *arg)
{
	struct waiter *waiter = arg;
	struct vhm_vmcs vmcs;

	waiter->asks = true;
	waiter->error = get_vmcs(waiter->fd, &vmcs, 0, VHM_VMCS_AT_EXIT, 1);
	return NULL;
}

/* Waits until somebody has a request at the vCPU, by being refused. */
static void wait_for_request(int fd)
{
	struct vhm_vmcs vmcs;

	while (get_vmcs(fd, &vmcs, 0, 0, 1) != EBUSY)
		usleep(200);
}

TEST_F(guest, vcpu_dies_while_it_is_read)
{
	struct waiter waiter = { .error = -1 };
	struct vhm_vmcs vmcs;
	pthread_t thread;
	struct vm vm;
	struct vcpu cpu;

	SKIP_ON_KVM();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	waiter.fd = observer(&vm);
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_exit, &waiter));
	wait_for_request(waiter.fd);
	vcpu_close(&cpu);
	pthread_join(thread, NULL);
	EXPECT_EQ(ENODEV, waiter.error);
	vm_close(&vm);
	EXPECT_EQ(ENODEV, get_vmcs(waiter.fd, &vmcs, 0, 0, 1));
	close(waiter.fd);
}

/* The observer works in another process; the fds that it was made from do not. */
TEST_F(guest, other_process)
{
	int fd, status;
	pid_t child;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct vhm_vmcs vmcs;
		int bad = 0;

		bad |= get_vmcs(fd, &vmcs, 0, 0, 1) != 0;
		bad |= (get_vmcs(self->cpu.fd, &vmcs, 0, 0, 1) != EIO) << 1;
		bad |= (ioctl(self->vm.fd, VHM_CREATE_OBSERVER, 0) != -1 || errno != EIO) << 2;
		_exit(bad);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

static void lose_capabilities(void)
{
	if (prctl(PR_CAPBSET_DROP, 34 /* CAP_SYSLOG */, 0, 0, 0) || setresuid(1000, 1000, 1000))
		die("cannot become somebody else: %s", strerror(errno));
}

/* Where the kernel lies is for those who may read its log. */
TEST_F(guest, addresses_are_hidden)
{
	static const uint32_t secret[] = { HOST_RIP, EPT_POINTER };
	static const uint32_t open[] = { HOST_CR4, TSC_OFFSET };
	struct vhm_vmcs vmcs;
	int fd, status;
	pid_t child;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	ASSERT_EQ(0, get_vmcs(fd, &vmcs, 0, 0, 1));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, find(&vmcs, secret[i])->flags);
		EXPECT_NE(0, find(&vmcs, secret[i])->value);
	}
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int bad = 0;

		lose_capabilities();
		if (get_vmcs(fd, &vmcs, 0, 0, 1))
			_exit(1);
		for (int i = 0; i < 2; i++) {
			bad |= find(&vmcs, secret[i])->value != 0;
			bad |= find(&vmcs, secret[i])->flags != VHM_VMCS_HIDDEN;
			bad |= find(&vmcs, open[i])->flags != 0;
		}
		_exit(bad);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

TEST_F(guest, observe)
{
	struct vhm_observe seen = {};
	struct vcpu second;
	int fd;

	SKIP_ON_KVM();
	vcpu_init(&self->vm, &second, 7);
	fd = observer(&self->vm);
	ASSERT_EQ(0, ioctl(fd, VHM_OBSERVE, &seen));
	EXPECT_EQ(2, seen.count);
	EXPECT_EQ(0, seen.id[0]);
	EXPECT_EQ(7, seen.id[1]);
	EXPECT_EQ(0, seen.exits[1]);
	seen.pad = 1;
	EXPECT_EQ(-1, ioctl(fd, VHM_OBSERVE, &seen));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(fd, VHM_OBSERVE, NULL));
	EXPECT_EQ(EFAULT, errno);
	/* All else is not for observers. */
	EXPECT_EQ(-1, ioctl(fd, KVM_RUN, 0));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(fd, VHM_INJECT_FIELD, &seen));
	EXPECT_EQ(ENOTTY, errno);
	vcpu_close(&second);
	close(fd);
}

/* The observer keeps what it looks at, and what it looks at may have ended. */
TEST_F(guest, observer_outlives_all)
{
	struct vhm_vmcs vmcs;
	struct vcpu cpu;
	struct vm vm;
	int fd;

	SKIP_ON_KVM();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 3);
	fd = observer(&vm);
	EXPECT_EQ(0, get_vmcs(fd, &vmcs, 3, 0, 1));
	vcpu_close(&cpu);
	vm_close(&vm);
	EXPECT_EQ(ENODEV, get_vmcs(fd, &vmcs, 3, 0, 1));
	EXPECT_EQ(ENOENT, get_vmcs(fd, &vmcs, 0, 0, 1));
	close(fd);
}

TEST_F(guest, bad_requests)
{
	struct vhm_vmcs vmcs;
	struct vhm_get_vmcs good = { .count = 1, .data = (uintptr_t)&vmcs }, get;
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
#define TRY(error, fd, change) do {				\
	get = good;						\
	change;							\
	EXPECT_EQ(-1, ioctl(fd, VHM_GET_VMCS, &get));		\
	EXPECT_EQ(error, errno);				\
} while (0)
	TRY(EINVAL, fd, get.flags = 2);
	TRY(EINVAL, fd, get.pad = 1);
	TRY(EINVAL, fd, get.reserved[3] = 1);
	TRY(EINVAL, fd, get.count = 0);
	TRY(EINVAL, fd, get.count = 2);
	TRY(EINVAL, fd, (get.flags = VHM_VMCS_AT_EXIT, get.count = VHM_MAX_VMCS_DUMPS + 1));
	TRY(EFAULT, fd, get.data = 0);
	TRY(EFAULT, fd, get.data = ~0ull);
	TRY(ENOENT, fd, get.vcpu = 1);
	TRY(ENOENT, fd, get.vcpu = ~0u);
	/* Its own exits a vCPU's thread cannot wait for. */
	TRY(EINVAL, self->cpu.fd, get.flags = VHM_VMCS_AT_EXIT);
	TRY(EINVAL, self->cpu.fd, get.vcpu = 1);
	EXPECT_EQ(-1, ioctl(fd, VHM_GET_VMCS, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->vm.fd, VHM_CREATE_OBSERVER, 1));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

TEST_F(guest, explanations_without_a_failure)
{
	struct vhm_explain explain = {};
	char text[4096];
	int fd;

	SKIP_ON_KVM();
	fd = observer(&self->vm);
	EXPECT_EQ(-1, ioctl(self->cpu.fd, VHM_EXPLAIN, &explain));
	EXPECT_EQ(ENODATA, errno);
	explain.flags = 2;
	EXPECT_EQ(-1, ioctl(self->cpu.fd, VHM_EXPLAIN, &explain));
	EXPECT_EQ(EINVAL, errno);
	/* A vCPU as it was made can be entered: no rule is broken. */
	explain.flags = VHM_EXPLAIN_NOW;
	explain.text = (uintptr_t)text;
	explain.text_size = sizeof(text);
	memset(text, 0xaa, sizeof(text));
	ASSERT_EQ(0, ioctl(self->cpu.fd, VHM_EXPLAIN, &explain));
	EXPECT_EQ(0, explain.count) TH_LOG("%s", text);
	EXPECT_EQ(explain.text_size, strlen(text) + 1);
	explain.text_size = 5;
	memset(text, 0xaa, sizeof(text));
	ASSERT_EQ(0, ioctl(fd, VHM_EXPLAIN, &explain));
	EXPECT_EQ(4, strlen(text));
	explain.vcpu = 1;
	EXPECT_EQ(-1, ioctl(fd, VHM_EXPLAIN, &explain));
	EXPECT_EQ(ENOENT, errno);
	close(fd);
}

TEST_F(guest, injection_is_for_the_unsafe)
{
	struct vhm_inject_field inject = { .encoding = GUEST_RIP };

	SKIP_ON_KVM();
	EXPECT_EQ(-1, ioctl(self->cpu.fd, VHM_INJECT_FIELD, &inject));
	EXPECT_EQ(EPERM, errno);
}

/* Each control once, with a name and a reason; what vhm chose the CPU allows. */
TEST_F(guest, controls)
{
	struct vhm_control control;
	uint64_t seen[5] = {};
	uint32_t i;

	SKIP_ON_KVM();
	for (i = 0; i < 1000; i++) {
		memset(&control, 0xaa, sizeof(control));
		control.index = i;
		if (ioctl(self->vm.dev, VHM_GET_CONTROL, &control))
			break;
		EXPECT_EQ(i, control.index);
		EXPECT_GT(32, control.bit);
		EXPECT_TRUE(control.name[0] && memchr(control.name, 0, sizeof(control.name)));
		EXPECT_TRUE(control.why[0] && memchr(control.why, 0, sizeof(control.why)));
		EXPECT_TRUE(control.chosen != VHM_CONTROL_ON || control.allowed_1);
		EXPECT_TRUE(control.chosen != VHM_CONTROL_OFF || control.allowed_0);
		EXPECT_TRUE(control.chosen != VHM_CONTROL_VARIES ||
			    (control.allowed_0 && control.allowed_1));
		for (int k = 0; k < 5; k++) {
			static const uint32_t fields[] = { 0x4000, 0x4002, 0x401e, 0x400c, 0x4012 };

			if (fields[k] != control.encoding)
				continue;
			EXPECT_FALSE(seen[k] >> control.bit & 1) TH_LOG("%s", control.name);
			seen[k] |= 1ull << control.bit;
		}
	}
	EXPECT_EQ(ENOENT, errno);
	EXPECT_LT(80, i);
	for (int k = 0; k < 5; k++)
		EXPECT_NE(0, seen[k]);
}

TEST_F(guest, capability_msrs)
{
	struct vhm_capability_msrs msrs = {};

	SKIP_ON_KVM();
	ASSERT_EQ(0, ioctl(self->vm.dev, VHM_GET_CAPABILITY_MSRS, &msrs));
	ASSERT_LT(10, msrs.count);
	EXPECT_EQ(0x480, msrs.msr[0].index);
	EXPECT_NE(0, msrs.msr[0].value);
	for (uint32_t i = 1; i < msrs.count; i++)
		EXPECT_LT(msrs.msr[i - 1].index, msrs.msr[i].index);
	msrs.reserved[0] = 1;
	EXPECT_EQ(-1, ioctl(self->vm.dev, VHM_GET_CAPABILITY_MSRS, &msrs));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
