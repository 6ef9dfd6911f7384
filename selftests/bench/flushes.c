// SPDX-License-Identifier: GPL-2.0
/*
 * How many L1D flushes a number of KVM_RUN cost, by the hypervisor's own
 * statistics (KVM_GET_STATS_FD).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static uint64_t stat_at(int fd, const struct kvm_stats_header *head, const char *name)
{
	size_t size = sizeof(struct kvm_stats_desc) + head->name_size;
	struct kvm_stats_desc *desc = malloc(size);
	uint64_t value;

	if (!desc)
		die("out of memory");
	for (uint32_t i = 0; i < head->num_desc; i++) {
		if (pread(fd, desc, size, head->desc_offset + i * size) != (ssize_t)size)
			die("short read of a descriptor of statistics");
		if (strcmp(desc->name, name))
			continue;
		if (pread(fd, &value, sizeof(value), head->data_offset + desc->offset) !=
		    sizeof(value))
			die("short read of the value of %s", name);
		free(desc);
		return value;
	}
	die("%s has no statistic \"%s\"", vm_device(), name);
}

static uint64_t read_stat(struct vcpu *cpu, const char *name)
{
	int fd = VM_IOCTL(cpu->fd, KVM_GET_STATS_FD, 0);
	struct kvm_stats_header head;
	uint64_t value;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		die("short read of the header of statistics");
	value = stat_at(fd, &head, name);
	close(fd);
	return value;
}

/* Interrupts that the host has taken so far; one inside a guest owes a flush. */
static uint64_t host_interrupts(void)
{
	FILE *file = fopen("/proc/stat", "r");
	unsigned long long total = 0;
	char line[4096];

	if (!file)
		die("cannot open /proc/stat: %s", strerror(errno));
	while (fgets(line, sizeof(line), file) && sscanf(line, "intr %llu", &total) != 1)
		;
	fclose(file);
	return total;
}

static void run_loop(struct vcpu *cpu, const void *loop, uint32_t trips, unsigned int runs,
		     const char *what)
{
	uint64_t interrupts = host_interrupts(), flushes = read_stat(cpu, "l1d_flush");
	struct kvm_regs regs = { .rflags = 2, .rdi = VM_HOLE };
	int reason = 0;

	for (unsigned int i = 0; i < runs; i++) {
		if (!i || reason == KVM_EXIT_HLT) {
			regs.rip = (uintptr_t)loop;
			regs.rsi = trips;
			VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
		}
		reason = vcpu_run(cpu);
		if (reason < 0)
			die("KVM_RUN: %s", strerror(-reason));
	}
	printf("flushes\t%s\t%u\t%llu\t%llu\n", what, runs,
	       (unsigned long long)(read_stat(cpu, "l1d_flush") - flushes),
	       (unsigned long long)(host_interrupts() - interrupts));
}

/**
 * count_flushes() - print L1D flushes for some kinds of work
 * @count: how many KVM_RUN of each
 *
 * Columns: "flushes", the kind, KVM_RUNs, flushes, interrupts that the host
 * took meanwhile.
 */
void count_flushes(unsigned int count)
{
	struct vcpu cpu;
	struct vm vm;

	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_flat32(&cpu, loop_hlt);
	vcpu_run(&cpu);
	run_loop(&cpu, loop_hlt, 0, count, "hlt");
	run_loop(&cpu, loop_out, count + 1, count, "out");
	run_loop(&cpu, loop_mmio_write, count + 1, count, "mmio-write");
	run_loop(&cpu, loop_cpuid, 10, count, "10-cpuid");
	run_loop(&cpu, loop_rdmsr, 10, count, "10-rdmsr");
	vcpu_close(&cpu);
	vm_close(&vm);
}
