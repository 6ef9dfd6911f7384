// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: the Nth allocation of each creation fails, for every N. The
 * call says ENOMEM (or goes on without), and nothing is left behind: on the
 * KASAN kernel the search for leaks at the end sees to that.
 */
#include "kselftest_harness.h"

#include <fcntl.h>

#include "fixture.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MOST		400	/* allocations of one call: more means that something is wrong */

static __guest void just_done(void)
{
	GUEST_DONE();
}

static void set_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		die("cannot write %s to %s: %s", text, path, strerror(errno));
	close(fd);
}

/* Allocations that may sleep fail, too; none of them says so in the log. */
static bool prepare(void)
{
	if (access(FAIL_NTH, W_OK))
		return false;
	set_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set_file("/sys/kernel/debug/failslab/verbose", "0");
	set_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	set_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set_file("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	return true;
}

static int fail_fd = -1;

static void fail(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_fd < 0)
		fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (fail_fd < 0 || pwrite(fail_fd, text, len, 0) != len)
		die("cannot write to %s: %s", FAIL_NTH, strerror(errno));
}

/* Ends the injection; true if the Nth allocation came, and so failed. */
static bool has_failed(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		die("cannot read %s: %s", FAIL_NTH, strerror(errno));
	fail(0);
	return atoi(text) == 0;
}

struct stage {
	struct vm vm;
	struct vcpu cpu;
};

/*
 * Each step makes one call under injection: its result, negative for errno.
 * The steps before it are made without.
 */
static int step_open(struct stage *stage)
{
	stage->vm.dev = open(vm_device(), O_RDWR | O_CLOEXEC);
	return stage->vm.dev < 0 ? -errno : 0;
}

static int step_create_vm(struct stage *stage)
{
	stage->vm.fd = ioctl(stage->vm.dev, KVM_CREATE_VM, 0);
	return stage->vm.fd < 0 ? -errno : 0;
}

static int step_slot(struct stage *stage)
{
	return vm_set_slot(&stage->vm, 0, 0, 0, stage->vm.size, stage->vm.mem) ? -errno : 0;
}

static int step_irqchip(struct stage *stage)
{
	return ioctl(stage->vm.fd, KVM_CREATE_IRQCHIP, 0) ? -errno : 0;
}

static int step_pit(struct stage *stage)
{
	struct kvm_pit_config config = {};

	return ioctl(stage->vm.fd, KVM_CREATE_PIT2, &config) ? -errno : 0;
}

static int step_get_irqchip(struct stage *stage)
{
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };

	return ioctl(stage->vm.fd, KVM_GET_IRQCHIP, &chip) ? -errno : 0;
}

/* Twice: the second one takes the place of the first. */
static int step_routes(struct stage *stage)
{
	struct kvm_irq_routing none = {};

	for (int i = 0; i < 2; i++)
		if (ioctl(stage->vm.fd, KVM_SET_GSI_ROUTING, &none))
			return -errno;
	return 0;
}

static int step_create_vcpu(struct stage *stage)
{
	stage->cpu.vm = &stage->vm;
	stage->cpu.fd = ioctl(stage->vm.fd, KVM_CREATE_VCPU, 0);
	return stage->cpu.fd < 0 ? -errno : 0;
}

static int step_map(struct stage *stage)
{
	stage->cpu.run = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, stage->cpu.fd, 0);
	if (stage->cpu.run == MAP_FAILED) {
		stage->cpu.run = NULL;
		return -errno;
	}
	return 0;
}

static struct kvm_cpuid2 *table;

static int step_set_cpuid(struct stage *stage)
{
	return ioctl(stage->cpu.fd, KVM_SET_CPUID2, table) ? -errno : 0;
}

static int step_run(struct stage *stage)
{
	return ioctl(stage->cpu.fd, KVM_RUN, 0) ? -errno : 0;
}

static int step_statistics(struct stage *stage)
{
	int fd = ioctl(stage->cpu.fd, KVM_GET_STATS_FD, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Twice: the second one takes the place of the first. */
static int step_filter(struct stage *stage)
{
	static uint8_t bitmap[64];
	struct kvm_msr_filter filter = {};

	for (int i = 0; i < 3; i++)
		filter.ranges[i] = (struct kvm_msr_filter_range) {
			.flags = KVM_MSR_FILTER_READ,
			.nmsrs = 8 * sizeof(bitmap),
			.base = 0x1000 * i,
			.bitmap = bitmap,
		};
	for (int i = 0; i < 2; i++)
		if (ioctl(stage->vm.fd, KVM_X86_SET_MSR_FILTER, &filter))
			return -errno;
	return 0;
}

static struct kvm_xsave xsave;

static int step_get_xsave(struct stage *stage)
{
	return ioctl(stage->cpu.fd, KVM_GET_XSAVE, &xsave) ? -errno : 0;
}

static int step_set_xsave(struct stage *stage)
{
	return ioctl(stage->cpu.fd, KVM_SET_XSAVE, &xsave) ? -errno : 0;
}

static const struct step {
	const char *name;
	int (*make)(struct stage *stage);
} steps[] = {
	{ "open", step_open },
	{ "KVM_CREATE_VM", step_create_vm },
	{ "KVM_SET_USER_MEMORY_REGION", step_slot },
	{ "KVM_CREATE_IRQCHIP", step_irqchip },
	{ "KVM_CREATE_PIT2", step_pit },
	{ "KVM_GET_IRQCHIP", step_get_irqchip },
	{ "KVM_CREATE_VCPU", step_create_vcpu },
	{ "mmap", step_map },
	{ "KVM_SET_CPUID2", step_set_cpuid },
	{ "KVM_RUN", step_run },
	{ "KVM_GET_STATS_FD", step_statistics },
	{ "KVM_X86_SET_MSR_FILTER", step_filter },
	{ "KVM_SET_GSI_ROUTING", step_routes },
	{ "KVM_GET_XSAVE", step_get_xsave },
	{ "KVM_SET_XSAVE", step_set_xsave },
};

static void clean_up(struct stage *stage)
{
	if (stage->cpu.run)
		munmap(stage->cpu.run, 8192);
	if (stage->cpu.fd >= 0)
		close(stage->cpu.fd);
	if (stage->vm.fd >= 0)
		close(stage->vm.fd);
	if (stage->vm.dev >= 0)
		close(stage->vm.dev);
}

/* One life in which the Nth allocation of step STEP fails; true if there was one. */
static bool live(struct __test_metadata *_metadata, size_t step, unsigned int nth, uint8_t *memory)
{
	struct stage stage = { .vm.dev = -1, .vm.fd = -1, .cpu.fd = -1,
			       .vm.mem = memory, .vm.size = VM_MEMORY };
	bool failed;
	int ret;

	for (size_t i = 0; i < step; i++) {
		ASSERT_EQ(0, steps[i].make(&stage)) TH_LOG("%s, nothing injected", steps[i].name);
		if (steps[i].make == step_map)
			vcpu_set_real(&stage.cpu, 0, 0);
	}
	fail(nth);
	ret = steps[step].make(&stage);
	failed = has_failed();
	EXPECT_TRUE(ret == 0 || ret == -ENOMEM || ret == -EFAULT || ret == -EINTR)
		TH_LOG("%s, allocation %u: %s", steps[step].name, nth, strerror(-ret));
	/* Without a failure there is no error; and a second try succeeds. */
	if (!failed)
		EXPECT_EQ(0, ret);
	if (ret) {
		EXPECT_EQ(0, steps[step].make(&stage))
			TH_LOG("%s again, allocation %u", steps[step].name, nth);
	}
	clean_up(&stage);
	return failed;
}

/* 16-bit: out to a port of nobody's, again and again. A halt would be the kernel's to wait for. */
static const uint8_t loop[] = { 0xe6, 0x80, 0xeb, 0xfc };

FIXTURE(faults) {
	uint8_t *memory;
};

FIXTURE_SETUP(faults)
{
	struct vm vm;

	self->memory = NULL;
	if (!prepare())
		return;
	vm_init_bare(&vm);
	table = vm_supported_cpuid(vm.dev);
	vm_close(&vm);
	self->memory = mmap(NULL, VM_MEMORY, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	memcpy(self->memory, loop, sizeof(loop));
}

#define SKIP_UNLESS_READY() do {					\
	if (!self->memory)						\
		SKIP(return, "no fault injection in this kernel: use the KASAN one"); \
} while (0)

FIXTURE_TEARDOWN(faults)
{
	free(table);
}

TEST_F(faults, every_allocation_of_every_step)
{
	SKIP_UNLESS_READY();
	for (size_t step = 0; step < ARRAY_SIZE(steps); step++) {
		unsigned int nth = 1;

		while (nth < MOST && live(_metadata, step, nth, self->memory))
			nth++;
		EXPECT_GT(MOST, nth) TH_LOG("%s", steps[step].name);
		TH_LOG("%s: %u allocations", steps[step].name, nth - 1);
	}
}

TEST_F(faults, device_works_afterwards)
{
	struct vcpu cpu;
	struct vm vm;

	SKIP_UNLESS_READY();
	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, just_done);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&cpu));
	vcpu_close(&cpu);
	vm_close(&vm);
}

TEST_HARNESS_MAIN
