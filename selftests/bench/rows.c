// SPDX-License-Identifier: GPL-2.0
/*
 * The rows: what is measured, and how.
 */
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define TOUCHED_GPA	0x10000000u	/* where the EPT rows put their slot */
#define BATCHES		10
#define CREATE_ROUNDS	20
#define CREATE_MEMORY	(64u << 20)

static void expect_exit(struct vcpu *cpu, uint32_t wanted)
{
	int seen = vcpu_run(cpu);

	if (seen != (int)wanted)
		die("the guest left with %d where %u was wanted", seen, wanted);
}

static void start(struct vm *vm, struct vcpu *cpu, const void *loop)
{
	vm_init(vm, VM_MEMORY);
	vcpu_init(vm, cpu, 0);
	vcpu_set_flat32(cpu, loop);
}

static void finish(struct vm *vm, struct vcpu *cpu)
{
	vcpu_close(cpu);
	vm_close(vm);
}

static void set_loop(struct vcpu *cpu, const void *loop, uint32_t count, uint32_t address)
{
	struct kvm_regs regs = {
		.rip = (uintptr_t)loop,
		.rsi = count,
		.rdi = address,
		.rsp = VM_STACK0,
		.rflags = 2,
	};

	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What a row does again and again. */
struct work {
	const struct row *row;
	struct vm vm;
	struct vcpu cpu;
	uint32_t reason;
	uint32_t address;
	int fd;
	union {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
	} arg;
};

/**
 * bench_median() - ticks of one round trip
 * @make: makes some
 * @work: for it
 * @count: how many to make in all
 *
 * Return: the median of some batches, so that an interrupt of the host's in one of them
 * does not show.
 */
uint64_t bench_median(void (*make)(void *work, unsigned int trips), void *work,
		      unsigned int count)
{
	unsigned int trips = count < BATCHES ? 1 : count / BATCHES;
	uint64_t batch[BATCHES], begin;

	for (unsigned int i = 0; i < BATCHES; i++) {
		begin = ticks();
		make(work, trips);
		batch[i] = (ticks() - begin) / trips;
	}
	qsort(batch, BATCHES, sizeof(batch[0]), by_value);
	return batch[BATCHES / 2];
}

/* A loop of the guest's is one KVM_RUN: only the last hlt goes to user space. */
static void make_in_guest(void *data, unsigned int trips)
{
	struct work *work = data;

	set_loop(&work->cpu, work->row->loop, trips, work->address);
	expect_exit(&work->cpu, KVM_EXIT_HLT);
	work->address += trips * 4096;
}

static uint64_t in_kernel(const struct row *row, unsigned int count)
{
	struct work work = { .row = row };
	uint64_t result;

	start(&work.vm, &work.cpu, row->loop);
	make_in_guest(&work, 16);
	/* Long batches: the KVM_RUN around one shall not show. */
	result = bench_median(make_in_guest, &work, count * BATCHES);
	finish(&work.vm, &work.cpu);
	return result;
}

/* Each round trip is one KVM_RUN. */
static void make_runs(void *data, unsigned int trips)
{
	struct work *work = data;

	while (trips--)
		expect_exit(&work->cpu, work->reason);
}

static uint64_t to_user(const struct row *row, uint32_t reason, unsigned int count)
{
	struct work work = { .row = row, .reason = reason };
	uint64_t result;

	start(&work.vm, &work.cpu, row->loop);
	set_loop(&work.cpu, row->loop, count + 17, VM_HOLE);
	make_runs(&work, 16);
	result = bench_median(make_runs, &work, count);
	finish(&work.vm, &work.cpu);
	return result;
}

static uint64_t port(const struct row *row, unsigned int count)
{
	return to_user(row, KVM_EXIT_IO, count);
}

static uint64_t mmio(const struct row *row, unsigned int count)
{
	return to_user(row, KVM_EXIT_MMIO, count);
}

/* A read and a write: two KVM_RUN for each instruction. */
static uint64_t mmio_rmw(const struct row *row, unsigned int count)
{
	return 2 * to_user(row, KVM_EXIT_MMIO, 2 * count);
}

static void make_halts(void *data, unsigned int trips)
{
	struct work *work = data;

	while (trips--) {
		set_loop(&work->cpu, work->row->loop, 0, 0);
		expect_exit(&work->cpu, KVM_EXIT_HLT);
	}
}

static uint64_t run_to_hlt(const struct row *row, unsigned int count)
{
	struct work work = { .row = row };
	uint64_t result;

	start(&work.vm, &work.cpu, row->loop);
	make_halts(&work, 16);
	result = bench_median(make_halts, &work, count);
	finish(&work.vm, &work.cpu);
	return result;
}

static void make_immediate_exits(void *data, unsigned int trips)
{
	struct work *work = data;

	while (trips--) {
		if (vcpu_run(&work->cpu) != -EINTR)
			die("immediate_exit did not end KVM_RUN with EINTR");
	}
}

static uint64_t immediate_exit(const struct row *row, unsigned int count)
{
	struct work work = { .row = row };
	uint64_t result;

	start(&work.vm, &work.cpu, row->loop);
	make_halts(&work, 1);
	work.cpu.run->immediate_exit = 1;
	result = bench_median(make_immediate_exits, &work, count);
	finish(&work.vm, &work.cpu);
	return result;
}

/* The ioctl's number stands where other rows have their guest code. */
static void make_calls(void *data, unsigned int trips)
{
	struct work *work = data;

	while (trips--)
		xioctl(work->fd, (uintptr_t)work->row->loop, work->row->name, &work->arg);
}

static uint64_t vcpu_call(const struct row *row, unsigned int count)
{
	struct work work = { .row = row };
	uint64_t result;

	start(&work.vm, &work.cpu, loop_hlt);
	expect_exit(&work.cpu, KVM_EXIT_HLT);
	work.fd = work.cpu.fd;
	if ((uintptr_t)row->loop == KVM_SET_SREGS)
		work.arg.sregs = vcpu_sregs(&work.cpu);
	else
		work.arg.regs = vcpu_regs(&work.cpu);
	result = bench_median(make_calls, &work, count);
	finish(&work.vm, &work.cpu);
	return result;
}

static void make_plain_calls(void *data, unsigned int trips)
{
	struct work *work = data;

	while (trips--)
		xioctl(work->fd, KVM_GET_API_VERSION, work->row->name, NULL);
}

static uint64_t api_version(const struct row *row, unsigned int count)
{
	struct work work = { .row = row, .fd = vm_open_device() };
	uint64_t result = bench_median(make_plain_calls, &work, count);

	close(work.fd);
	return result;
}

static void ask_for_parent(void *data, unsigned int trips)
{
	(void)data;
	while (trips--)
		syscall(SYS_getppid);
}

static uint64_t parent_id(const struct row *row, unsigned int count)
{
	struct work work = { .row = row };

	return bench_median(ask_for_parent, &work, count);
}

static void touch_all(uint8_t *mem, size_t size)
{
	for (size_t i = 0; i < size; i += 4096)
		*(volatile uint8_t *)(mem + i) = 0;
}

/* Small pages on both sides: one fault for each 4 KiB. */
static uint64_t ept_fault(const struct row *row, unsigned int count)
{
	size_t size = (size_t)(count + BATCHES) * 4096;
	struct work work = { .row = row, .address = TOUCHED_GPA };
	uint64_t result;
	uint8_t *mem;

	start(&work.vm, &work.cpu, loop_hlt);
	mem = vm_add_slot(&work.vm, 1, TOUCHED_GPA, size);
	madvise(mem, size, MADV_NOHUGEPAGE);
	/* Page tables of the host's side exist in both rows. */
	touch_all(mem, size);
	if (strcmp(row->name, "ept-present") && madvise(mem, size, MADV_DONTNEED))
		die("MADV_DONTNEED: %s", strerror(errno));
	expect_exit(&work.cpu, KVM_EXIT_HLT);
	result = bench_median(make_in_guest, &work, count);
	finish(&work.vm, &work.cpu);
	munmap(mem, size);
	return result;
}

#define LARGE_PAGE	(2u << 20)
#define LARGE_PAGES	32u

/* Large pages on both sides: one fault for each 2 MiB. */
static uint64_t ept_large(const struct row *row, unsigned int count)
{
	size_t size = (LARGE_PAGES + 1) * (size_t)LARGE_PAGE;
	struct work work = { .row = row };
	uint64_t took[BATCHES], begin;
	uint8_t *mem, *aligned;

	(void)count;
	start(&work.vm, &work.cpu, loop_hlt);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		die("no memory: %s", strerror(errno));
	aligned = (uint8_t *)(((uintptr_t)mem + LARGE_PAGE - 1) & -(uintptr_t)LARGE_PAGE);
	madvise(aligned, size - LARGE_PAGE, MADV_HUGEPAGE);
	touch_all(aligned, size - LARGE_PAGE);
	expect_exit(&work.cpu, KVM_EXIT_HLT);
	for (unsigned int i = 0; i < BATCHES; i++) {
		/* A new slot: nothing of it is mapped. */
		if (vm_set_slot(&work.vm, 1, 0, TOUCHED_GPA, size - LARGE_PAGE, aligned))
			die("slot: %s", strerror(errno));
		set_loop(&work.cpu, row->loop, LARGE_PAGES, TOUCHED_GPA);
		begin = ticks();
		expect_exit(&work.cpu, KVM_EXIT_HLT);
		took[i] = (ticks() - begin) / LARGE_PAGES;
		vm_set_slot(&work.vm, 1, 0, TOUCHED_GPA, 0, aligned);
	}
	qsort(took, BATCHES, sizeof(took[0]), by_value);
	finish(&work.vm, &work.cpu);
	munmap(mem, size);
	return took[BATCHES / 2];
}

#define LOGGED_PAGES	4000u

static uint8_t *add_logged(struct work *work)
{
	size_t size = LOGGED_PAGES * 4096ul;
	uint8_t *mem = vm_add_slot(&work->vm, 1, TOUCHED_GPA, size);

	madvise(mem, size, MADV_NOHUGEPAGE);
	touch_all(mem, size);
	if (vm_set_slot(&work->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, TOUCHED_GPA, size, mem))
		die("KVM_MEM_LOG_DIRTY_PAGES: %s", strerror(errno));
	return mem;
}

static void read_log(struct work *work, unsigned int wanted)
{
	static uint64_t bits[(LOGGED_PAGES + 63) / 64];
	struct kvm_dirty_log get = { .slot = 1, .dirty_bitmap = bits };
	unsigned int dirty = 0;

	VM_IOCTL(work->vm.fd, KVM_GET_DIRTY_LOG, &get);
	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		dirty += __builtin_popcountll(bits[i]);
	if (dirty != wanted)
		die("%u pages are dirty where %u were written", dirty, wanted);
}

static void write_logged(struct work *work, unsigned int pages)
{
	set_loop(&work->cpu, work->row->loop, pages, TOUCHED_GPA);
	expect_exit(&work->cpu, KVM_EXIT_HLT);
}

/* Two rows: the call, or one of the stores, to a page that was written before the last call. */
static uint64_t dirty_log(const struct row *row, unsigned int count)
{
	bool call = !strcmp(row->name, "dirty-log");
	uint64_t took[BATCHES], begin;
	struct work work = { .row = row };
	uint8_t *mem;

	(void)count;
	start(&work.vm, &work.cpu, loop_hlt);
	mem = add_logged(&work);
	expect_exit(&work.cpu, KVM_EXIT_HLT);
	for (unsigned int i = 0; i < BATCHES; i++) {
		begin = ticks();
		write_logged(&work, LOGGED_PAGES);
		took[i] = (ticks() - begin) / LOGGED_PAGES;
		begin = ticks();
		read_log(&work, LOGGED_PAGES);
		if (call)
			took[i] = ticks() - begin;
	}
	qsort(took, BATCHES, sizeof(took[0]), by_value);
	finish(&work.vm, &work.cpu);
	munmap(mem, LOGGED_PAGES * 4096ul);
	return took[BATCHES / 2];
}

/* From open() to the first hlt, from close() to its return; two rows. */
static void create_and_close(uint64_t *create, uint64_t *close_it, const void *code)
{
	uint64_t begin = ticks(), middle, end;
	struct kvm_sregs sregs;
	struct vcpu cpu;
	struct vm vm;
	uint8_t *mem;

	vm_init_bare(&vm);
	mem = vm_add_slot(&vm, 0, 0, CREATE_MEMORY);
	mem[VM_CODE16] = *(const uint8_t *)code;
	vcpu_init_bare(&vm, &cpu, 0);
	sregs = vcpu_sregs(&cpu);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	VM_IOCTL(cpu.fd, KVM_SET_SREGS, &sregs);
	set_loop(&cpu, (void *)(uintptr_t)VM_CODE16, 0, 0);
	expect_exit(&cpu, KVM_EXIT_HLT);
	middle = ticks();
	munmap(cpu.run, vm.run_size);
	close(cpu.fd);
	close(vm.fd);
	close(vm.dev);
	end = ticks();
	munmap(mem, CREATE_MEMORY);
	*create = middle - begin;
	*close_it = end - middle;
}

static uint64_t creation(const struct row *row, unsigned int count)
{
	uint64_t create[CREATE_ROUNDS], closing[CREATE_ROUNDS];

	(void)count;
	for (unsigned int i = 0; i < CREATE_ROUNDS; i++)
		create_and_close(&create[i], &closing[i], loop_hlt);
	qsort(create, CREATE_ROUNDS, sizeof(create[0]), by_value);
	qsort(closing, CREATE_ROUNDS, sizeof(closing[0]), by_value);
	return strcmp(row->name, "close") ? create[CREATE_ROUNDS / 2] :
					    closing[CREATE_ROUNDS / 2];
}

const struct row rows[] = {
	{ "empty", "empty guest loop, one iteration", in_kernel, loop_empty },
	{ "cpuid", "cpuid", in_kernel, loop_cpuid },
	{ "vmcall", "vmcall", in_kernel, loop_vmcall },
	{ "rdmsr", "rdmsr IA32_APICBASE", in_kernel, loop_rdmsr },
	{ "out", "out to user space and back", port, loop_out },
	{ "in", "in from user space", port, loop_in },
	{ "mmio-write", "MMIO write to user space and back", mmio, loop_mmio_write },
	{ "mmio-read", "MMIO read from user space", mmio, loop_mmio_read },
	{ "mmio-rmw", "MMIO read-modify-write, two exits", mmio_rmw, loop_mmio_rmw },
	{ "run-hlt", "SET_REGS and RUN to hlt", run_to_hlt, loop_hlt },
	{ "run-immediate", "RUN with immediate_exit", immediate_exit, loop_hlt },
	{ "get-regs", "KVM_GET_REGS", vcpu_call, (void *)KVM_GET_REGS },
	{ "set-regs", "KVM_SET_REGS", vcpu_call, (void *)KVM_SET_REGS },
	{ "get-sregs", "KVM_GET_SREGS", vcpu_call, (void *)KVM_GET_SREGS },
	{ "set-sregs", "KVM_SET_SREGS", vcpu_call, (void *)KVM_SET_SREGS },
	{ "ept-present", "EPT fault, host page present", ept_fault, loop_touch },
	{ "ept-absent", "EPT fault, host page absent", ept_fault, loop_touch },
	{ "ept-large", "EPT fault, host page of 2 MiB present", ept_large, loop_touch_large },
	{ "dirty-log", "KVM_GET_DIRTY_LOG, 4000 pages dirty", dirty_log, loop_touch },
	{ "dirty-store", "store to a page under a dirty log", dirty_log, loop_touch },
	{ "create", "open to first hlt, 64 MiB, median of 20", creation, NULL },
	{ "close", "close of all, median of 20", creation, NULL },
	{ "bell-port", "doorbell: a port, two bytes", bell_port, loop_bell_port },
	{ "bell-mmio", "doorbell: MMIO, two bytes", bell_mmio, loop_bell_mmio },
	{ "bell-any", "doorbell: MMIO, any length", bell_mmio, loop_bell_mmio },
	{ "irqfd", "irqfd, RUN to its handler, EOI, out", irqfd_to_handler, loop_irqfd },
	{ "self-ipi", "IPI to itself, handler, EOI", irq_loop, loop_self_ipi },
	{ "timer", "APIC timer set, handler, EOI", irq_loop, loop_timer },
	{ "hlt-wake", "irqfd wakes from hlt, doorbell back", wake_halted, loop_halted },
	{ "ipi", "IPI to another vCPU on another CPU", ipi_between, loop_ipi },
	{ "api-version", "for scale: KVM_GET_API_VERSION", api_version, NULL },
	{ "getppid", "for scale: getppid()", parent_id, NULL },
};

const unsigned int nr_rows = sizeof(rows) / sizeof(rows[0]);
