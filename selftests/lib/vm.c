// SPDX-License-Identifier: GPL-2.0
/*
 * The host's side: device, machine, vCPU, and the loop that listens to guests.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

#define MAX_CPUID_ENTRIES	256
#define CPUID_1_ECX_VMX		5

/**
 * die() - say what went wrong and end the process as a failed test
 * @fmt: as printf's, without the newline
 */
void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("# ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	_exit(1);
}

/**
 * vm_device() - the device node under test
 *
 * Return: the path that VHM_DEVICE names, or /dev/vhm.
 */
const char *vm_device(void)
{
	const char *path = getenv("VHM_DEVICE");

	return path && *path ? path : "/dev/vhm";
}

/**
 * vm_is_kvm() - is this a run against KVM itself?
 *
 * For the few checks that hold on one of the two alone.
 *
 * Return: true if the device node is KVM's.
 */
bool vm_is_kvm(void)
{
	return strstr(vm_device(), "kvm");
}

/**
 * compat_ioctl() - an ioctl as a 32-bit program makes it
 * @fd: on this file
 * @number: of the call
 * @arg: lies below 4 GiB
 *
 * Return: what the kernel answers, -ENOSYS where it knows no such programs.
 */
long compat_ioctl(int fd, unsigned long number, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (number), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/**
 * vm_open_device() - open the device node under test
 *
 * Return: the system fd.
 */
int vm_open_device(void)
{
	int fd = open(vm_device(), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("cannot open %s: %s; is its module loaded?", vm_device(),
		    strerror(errno));
	return fd;
}

/**
 * xioctl() - a call that the test cannot do without
 * @fd: where
 * @call: its number
 * @name: its name, for the message
 * @arg: its argument
 *
 * Return: what the call returned, never negative.
 */
int xioctl(int fd, unsigned long call, const char *name, void *arg)
{
	int ret = ioctl(fd, call, arg);

	if (ret < 0)
		die("%s: %s failed: %s", vm_device(), name, strerror(errno));
	return ret;
}

/**
 * vm_init_bare() - a machine without memory
 * @vm: filled in
 */
void vm_init_bare(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->dev = vm_open_device();
	vm->fd = VM_IOCTL(vm->dev, KVM_CREATE_VM, 0);
	vm->run_size = VM_IOCTL(vm->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
}

/**
 * vm_set_slot() - KVM_SET_USER_MEMORY_REGION, as plain arguments
 * @vm: the machine
 * @slot: number of the slot
 * @flags: KVM_MEM_*
 * @gpa: where the guest sees it
 * @size: bytes; 0 deletes the slot
 * @host: where this process sees it
 *
 * Return: what the call returned, with errno set.
 */
int vm_set_slot(struct vm *vm, unsigned int slot, uint32_t flags, uint64_t gpa,
		size_t size, void *host)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

/**
 * vm_add_slot() - give a machine some fresh anonymous memory
 * @vm: the machine
 * @slot: number of the slot
 * @gpa: where the guest sees it
 * @size: bytes
 *
 * Return: where this process sees it.
 */
void *vm_add_slot(struct vm *vm, unsigned int slot, uint64_t gpa, size_t size)
{
	void *host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (host == MAP_FAILED)
		die("cannot map %zu bytes: %s", size, strerror(errno));
	if (vm_set_slot(vm, slot, 0, gpa, size, host))
		die("slot %u of %zu bytes at 0x%llx: %s", slot, size,
		    (unsigned long long)gpa, strerror(errno));
	return host;
}

static int copy_segments(struct dl_phdr_info *info, size_t size, void *data)
{
	struct vm *vm = data;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *seg = &info->dlpi_phdr[i];

		if (seg->p_type != PT_LOAD)
			continue;
		if (seg->p_vaddr + seg->p_memsz > vm->size)
			die("this program does not fit into the guest: %s",
			    "link it statically, at 0x400000");
		memcpy(vm->mem + seg->p_vaddr, (void *)seg->p_vaddr, seg->p_memsz);
	}
	return 1;
}

/**
 * vm_init() - a machine with memory, tables and a copy of this program
 * @vm: filled in
 * @size: bytes of memory from guest-physical 0, at least VM_MEMORY
 *
 * The program lies where it is linked, so that guests in flat modes run its
 * functions and see their own copy of its variables.
 */
void vm_init(struct vm *vm, size_t size)
{
	vm_init_bare(vm);
	vm->size = size;
	vm->mem = vm_add_slot(vm, 0, 0, size);
	vm_write_tables(vm);
	dl_iterate_phdr(copy_segments, vm);
}

/**
 * vm_close() - close a machine's fds and give its memory back
 * @vm: the machine; its vCPUs are closed already
 */
void vm_close(struct vm *vm)
{
	close(vm->fd);
	close(vm->dev);
	if (vm->mem)
		munmap(vm->mem, vm->size);
}

/**
 * vm_copy() - put code or data into guest memory
 * @vm: the machine
 * @gpa: where to
 * @from: its first byte
 * @end: the byte behind its last
 */
void vm_copy(struct vm *vm, uint64_t gpa, const void *from, const void *end)
{
	size_t len = (const char *)end - (const char *)from;

	if (gpa + len > vm->size)
		die("%zu bytes at 0x%llx are outside the guest", len,
		    (unsigned long long)gpa);
	memcpy(vm->mem + gpa, from, len);
}

/**
 * vcpu_init_bare() - a vCPU as the device makes it
 * @vm: its machine
 * @cpu: filled in
 * @id: its number
 */
void vcpu_init_bare(struct vm *vm, struct vcpu *cpu, unsigned int id)
{
	cpu->vm = vm;
	cpu->id = id;
	cpu->fd = VM_IOCTL(vm->fd, KVM_CREATE_VCPU, id);
	cpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			cpu->fd, 0);
	if (cpu->run == MAP_FAILED)
		die("%s: mmap of the run page: %s", vm_device(), strerror(errno));
}

/**
 * vcpu_init() - a vCPU that shows its guest all that the device supports
 * @vm: its machine
 * @cpu: filled in
 * @id: its number
 *
 * All but VMX: a guest of ours is not a hypervisor, and says #UD to VMXON.
 */
void vcpu_init(struct vm *vm, struct vcpu *cpu, unsigned int id)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(vm->dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, 1, 0);

	if (leaf)
		leaf->ecx &= ~(1u << CPUID_1_ECX_VMX);
	vcpu_init_bare(vm, cpu, id);
	VM_IOCTL(cpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

/**
 * vcpu_close() - unmap and close a vCPU
 * @cpu: the vCPU
 */
void vcpu_close(struct vcpu *cpu)
{
	munmap(cpu->run, cpu->vm->run_size);
	close(cpu->fd);
}

/**
 * vcpu_run() - KVM_RUN
 * @cpu: the vCPU
 *
 * Return: the exit reason, or a negative errno.
 */
int vcpu_run(struct vcpu *cpu)
{
	if (ioctl(cpu->fd, KVM_RUN, 0))
		return -errno;
	return cpu->run->exit_reason;
}

static bool take_report(struct vcpu *cpu, struct guest_report *report)
{
	struct kvm_run *run = cpu->run;
	uint32_t gpa;

	if (run->exit_reason != KVM_EXIT_IO || run->io.port != GUEST_PORT ||
	    run->io.direction != KVM_EXIT_IO_OUT || run->io.size != 4)
		return false;
	memcpy(&gpa, vcpu_io_data(cpu), sizeof(gpa));
	if (gpa > cpu->vm->size - sizeof(*report))
		return false;
	memcpy(report, cpu->vm->mem + gpa, sizeof(*report));
	return true;
}

static void print_failure(const struct guest_report *report)
{
	fprintf(stderr, "# %s:%u: guest: %s (0x%llx, 0x%llx, 0x%llx, 0x%llx)\n",
		report->file, report->line, report->what,
		(unsigned long long)report->value[0],
		(unsigned long long)report->value[1],
		(unsigned long long)report->value[2],
		(unsigned long long)report->value[3]);
}

static void print_other(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;
	struct kvm_regs regs = vcpu_regs(cpu);

	fprintf(stderr, "# exit %u at rip 0x%llx", run->exit_reason,
		(unsigned long long)regs.rip);
	if (run->exit_reason == KVM_EXIT_IO)
		fprintf(stderr, ", port 0x%x", run->io.port);
	if (run->exit_reason == KVM_EXIT_MMIO)
		fprintf(stderr, ", address 0x%llx",
			(unsigned long long)run->mmio.phys_addr);
	if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		fprintf(stderr, ", hardware reason 0x%llx",
			(unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		fprintf(stderr, ", suberror %u", run->internal.suberror);
	fputc('\n', stderr);
}

/**
 * vcpu_run_guest() - run a guest until it reports or leaves otherwise
 * @cpu: the vCPU
 * @report: out: what it said
 *
 * Return: GUEST_OTHER_EXIT for an exit that the test must judge,
 * GUEST_NOT_RUN if KVM_RUN failed, else what the guest said.
 */
enum guest_word vcpu_run_guest(struct vcpu *cpu, struct guest_report *report)
{
	if (vcpu_run(cpu) < 0)
		return GUEST_NOT_RUN;
	if (!take_report(cpu, report))
		return GUEST_OTHER_EXIT;
	if (report->word == GUEST_HAS_FAILED)
		print_failure(report);
	return report->word;
}

/**
 * vcpu_go() - run a guest to its next report, and tell of all others
 * @cpu: the vCPU
 *
 * Return: as vcpu_run_guest().
 */
enum guest_word vcpu_go(struct vcpu *cpu)
{
	struct guest_report report;
	enum guest_word word = vcpu_run_guest(cpu, &report);

	if (word == GUEST_NOT_RUN)
		fprintf(stderr, "# KVM_RUN: %s\n", strerror(errno));
	if (word == GUEST_OTHER_EXIT)
		print_other(cpu);
	return word;
}

/**
 * vcpu_get_msr() - read one MSR of a vCPU
 * @cpu: the vCPU
 * @index: the MSR
 *
 * Return: its value.
 */
uint64_t vcpu_get_msr(struct vcpu *cpu, uint32_t index)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = { .head.nmsrs = 1, .entry.index = index };

	if (VM_IOCTL(cpu->fd, KVM_GET_MSRS, &msr) != 1)
		die("KVM_GET_MSRS refuses MSR 0x%x", index);
	return msr.entry.data;
}

/**
 * vcpu_set_msr() - write one MSR of a vCPU
 * @cpu: the vCPU
 * @index: the MSR
 * @value: its new value
 */
void vcpu_set_msr(struct vcpu *cpu, uint32_t index, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = { .head.nmsrs = 1, .entry = { .index = index, .data = value } };

	if (VM_IOCTL(cpu->fd, KVM_SET_MSRS, &msr) != 1)
		die("KVM_SET_MSRS refuses 0x%llx in MSR 0x%x",
		    (unsigned long long)value, index);
}

/**
 * vcpu_io_data() - the data of a KVM_EXIT_IO
 * @cpu: the vCPU
 *
 * Return: where it lies in the vCPU's mapping.
 */
void *vcpu_io_data(struct vcpu *cpu)
{
	return (char *)cpu->run + cpu->run->io.data_offset;
}

/**
 * vcpu_events() - KVM_GET_VCPU_EVENTS
 * @cpu: the vCPU
 *
 * Return: its pending events.
 */
struct kvm_vcpu_events vcpu_events(struct vcpu *cpu)
{
	struct kvm_vcpu_events events;

	VM_IOCTL(cpu->fd, KVM_GET_VCPU_EVENTS, &events);
	return events;
}

/**
 * vm_supported_cpuid() - KVM_GET_SUPPORTED_CPUID
 * @dev: the system fd
 *
 * Return: the table, for the caller to free.
 */
struct kvm_cpuid2 *vm_supported_cpuid(int dev)
{
	struct kvm_cpuid2 *cpuid;

	cpuid = calloc(1, sizeof(*cpuid) + MAX_CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		die("out of memory");
	cpuid->nent = MAX_CPUID_ENTRIES;
	VM_IOCTL(dev, KVM_GET_SUPPORTED_CPUID, cpuid);
	return cpuid;
}

/**
 * cpuid_find() - look a leaf up
 * @cpuid: the table
 * @leaf: EAX
 * @sub: ECX
 *
 * Return: its entry, or NULL.
 */
struct kvm_cpuid_entry2 *cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t leaf, uint32_t sub)
{
	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		if (entry->function == leaf && entry->index == sub)
			return entry;
	}
	return NULL;
}

/**
 * vm_has_cpuid() - does the device support a feature?
 * @dev: the system fd
 * @leaf: EAX; subleaf 0
 * @reg: which register of the answer: 0 EAX, 1 EBX, 2 ECX, 3 EDX
 * @bit: which of its bits
 *
 * Return: true if it does.
 */
bool vm_has_cpuid(int dev, uint32_t leaf, unsigned int reg, unsigned int bit)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(dev);
	struct kvm_cpuid_entry2 *entry = cpuid_find(cpuid, leaf, 0);
	uint32_t regs[4] = {};

	if (entry) {
		regs[0] = entry->eax;
		regs[1] = entry->ebx;
		regs[2] = entry->ecx;
		regs[3] = entry->edx;
	}
	free(cpuid);
	return regs[reg & 3] >> bit & 1;
}

/**
 * vm_route_msi() - KVM_SET_GSI_ROUTING with one entry
 * @vm: the machine, with local APICs in the kernel
 * @gsi: which
 * @address: lower half
 * @data: of the message
 *
 * Return: what the call returned.
 */
int vm_route_msi(struct vm *vm, uint32_t gsi, uint32_t address, uint32_t data)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} table = {
		.head.nr = 1,
		.entry = {
			.gsi = gsi,
			.type = KVM_IRQ_ROUTING_MSI,
			.u.msi = { .address_lo = address, .data = data },
		},
	};

	return ioctl(vm->fd, KVM_SET_GSI_ROUTING, &table);
}
