// SPDX-License-Identifier: GPL-2.0
/* The machine as a whole: made, looked after, taken apart. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libvhm/compiler.h"
#include "acpi.h"
#include "console.h"
#include "cpu.h"
#include "cpuid.h"
#include "kick.h"
#include "log.h"
#include "machine.h"

#define NS			1000000000ull

#define APIC_BASE_ENABLE	(1ull << 11)

#define MSR_MISC_ENABLE		0x1a0
#define MISC_ENABLE_FAST_STRING	(1ull << 0)
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_ENABLED_WRITE_BACK	0xc06

static const struct vhm_need needs[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY",
	  "to give the guest memory" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID",
	  "to tell the guest its CPU's features" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT",
	  "so that no timer is missed" },
};

/* Several CPUs are to be had if the device says so. */
static int check_cpus(const struct vhm_device *device, unsigned int cpus)
{
	int most = vhm_check_extension(device, KVM_CAP_MAX_VCPUS);

	/* KVM's document: 0 means 4. */
	if (cpus > (unsigned int)(most > 0 ? most : 4))
		return log_error(device->path,
				 "has no machines of %u CPUs, %d are the most (--cpus)",
				 cpus, most > 0 ? most : 4);
	return 0;
}

static void close_cpus(struct machine *machine, unsigned int count)
{
	while (count--)
		vhm_vcpu_close(&machine->processors[count].vcpu);
	free(machine->processors);
}

static int create_cpus(struct machine *machine)
{
	unsigned int cpus = machine->board.cpus, i;

	machine->processors = calloc(cpus, sizeof(*machine->processors));
	if (!machine->processors)
		return log_error(NULL, "no memory for %u CPUs (--cpus)", cpus);
	for (i = 0; i < cpus; i++) {
		machine->processors[i].id = i;
		machine->processors[i].machine = machine;
		if (vhm_vcpu_create(&machine->vm, i, &machine->processors[i].vcpu)) {
			close_cpus(machine, i);
			return log_error(NULL, "%s", vhm_error());
		}
	}
	return 0;
}

/* The interrupt controllers come first: vCPUs get their local APICs when they are made. */
static int create(struct machine *machine, const struct machine_wants *wants)
{
	enum irqchip_kind kind = wants->irqchip;

	if (vhm_require(&machine->device, needs, ARRAY_SIZE(needs)))
		return log_error(NULL, "%s", vhm_error());
	if (irqchip_choose(&machine->device, &kind, wants->cpus) ||
	    check_cpus(&machine->device, wants->cpus))
		return -1;
	machine->board.cpus = wants->cpus;
	machine->board.apic = kind != IRQCHIP_NONE;
	if (vhm_vm_create(&machine->device, &machine->vm))
		return log_error(NULL, "%s", vhm_error());
	if (irqchip_open(&machine->irqchip, kind, &machine->vm) || create_cpus(machine)) {
		vhm_vm_close(&machine->vm);
		return -1;
	}
	return 0;
}

/**
 * machine_open() - make a machine without anything in it
 * @machine: filled in on success
 * @wants: what it is to be
 *
 * Return: 0; -1 with a message said.
 */
int machine_open(struct machine *machine, const struct machine_wants *wants)
{
	memset(machine, 0, sizeof(*machine));
	pthread_mutex_init(&machine->lock, NULL);
	if (vhm_open(&machine->device, wants->device))
		return log_error(NULL, "%s", vhm_error());
	if (create(machine, wants))
		goto close_device;
	if (memory_init(&machine->memory, wants->memory))
		goto close_cpus;
	if (memory_map(&machine->memory, &machine->vm))
		goto free_memory;
	return 0;

free_memory:
	memory_free(&machine->memory);
close_cpus:
	close_cpus(machine, machine->board.cpus);
	vhm_vm_close(&machine->vm);
close_device:
	vhm_close(&machine->device);
	return -1;
}

/**
 * machine_close() - take a machine apart
 * @machine: from machine_open()
 */
void machine_close(struct machine *machine)
{
	close_cpus(machine, machine->board.cpus);
	vhm_vm_close(&machine->vm);
	vhm_close(&machine->device);
	memory_free(&machine->memory);
}

/* A CPU without a local APIC. KVM lets CPUID follow what this register says. */
static int switch_apic_off(const struct vhm_vcpu *vcpu)
{
	struct kvm_sregs sregs;
	int error;

	error = vhm_vcpu_get_sregs(vcpu, &sregs);
	if (error)
		return error;
	sregs.apic_base &= ~APIC_BASE_ENABLE;
	return vhm_vcpu_set_sregs(vcpu, &sregs);
}

/*
 * What firmware leaves in the MSRs: fast string operations and write-back
 * memory. A device that does not know them has nothing to switch on either.
 */
static void set_msrs(const struct vhm_vcpu *vcpu)
{
	uint64_t value;

	if (!vhm_vcpu_get_msr(vcpu, MSR_MISC_ENABLE, &value))
		vhm_vcpu_set_msr(vcpu, MSR_MISC_ENABLE,
				 value | MISC_ENABLE_FAST_STRING);
	vhm_vcpu_set_msr(vcpu, MSR_MTRR_DEF_TYPE, MTRR_ENABLED_WRITE_BACK);
}

static int init_cpu(const struct machine *machine, const struct processor *processor,
		    struct kvm_cpuid2 *cpuid)
{
	int error = 0;

	cpuid_set_id(cpuid, processor->id);
	if (!machine->board.apic)
		error = switch_apic_off(&processor->vcpu);
	if (!error)
		error = vhm_vcpu_set_cpuid(&processor->vcpu, cpuid);
	if (error)
		return log_error(NULL, "%s", vhm_error());
	set_msrs(&processor->vcpu);
	return 0;
}

static struct kvm_cpuid2 *make_cpuid(const struct machine *machine,
				     const struct cpu_features *features)
{
	bool deadline = vhm_check_extension(&machine->device, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	struct kvm_cpuid2 *cpuid = vhm_supported_cpuid(&machine->device, CPUID_SPARE);

	if (!cpuid) {
		log_error(NULL, "%s", vhm_error());
		return NULL;
	}
	cpuid_adapt(cpuid, &machine->board, deadline);
	if (cpu_apply(features, cpuid, machine->device.path)) {
		free(cpuid);
		return NULL;
	}
	cpuid_tell_tsc(cpuid, vhm_vcpu_tsc_khz(&machine_boot_cpu(machine)->vcpu));
	return cpuid;
}

/**
 * machine_init_cpus() - make the vCPUs what this machine's CPUs are
 * @machine: a machine that has not run yet
 * @features: which features they have and have not, as the user wants it
 *
 * Return: 0; -1 with a message said.
 */
int machine_init_cpus(struct machine *machine, const struct cpu_features *features)
{
	struct kvm_cpuid2 *cpuid = make_cpuid(machine, features);
	unsigned int i;
	int error = 0;

	if (!cpuid)
		return -1;
	for (i = 0; i < machine->board.cpus && !error; i++)
		error = init_cpu(machine, &machine->processors[i], cpuid);
	free(cpuid);
	return error;
}

/**
 * machine_init_devices() - bring the devices to their state after power-on
 * @machine: a machine with memory
 * @now: ns, as of kick_now()
 */
void machine_init_devices(struct machine *machine, uint64_t now)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	irqchip_init(&machine->irqchip);
	pit_init(&machine->pit, now);
	rtc_init(&machine->rtc,
		 (uint64_t)wall.tv_sec * NS + (uint64_t)wall.tv_nsec, now,
		 machine->memory.size);
	serial_init(&machine->serial);
	i8042_init(&machine->i8042);
	pm_init(&machine->pm, now);
	machine->flush_at = NEVER;
	machine->drain_at = NEVER;
	ports_init();
}

static void feed_serial(struct machine *machine)
{
	uint8_t byte;

	while (serial_room(&machine->serial) && console_get(&byte))
		serial_receive(&machine->serial, byte);
	irqchip_set_line(&machine->irqchip, SERIAL_IRQ, serial_line(&machine->serial));
}

/**
 * machine_update() - see what has happened in the outside world
 * @machine: the machine, locked
 * @now: ns
 *
 * Takes what the user has typed, raises the interrupts that have fallen due
 * and writes the console if it has waited long enough.
 */
void machine_update(struct machine *machine, uint64_t now)
{
	if (pit_tick(&machine->pit, now)) {
		irqchip_set_line(&machine->irqchip, 0, false);
		irqchip_set_line(&machine->irqchip, 0, true);
	}
	irqchip_set_line(&machine->irqchip, RTC_IRQ, rtc_tick(&machine->rtc, now));
	irqchip_set_line(&machine->irqchip, PM_IRQ, pm_tick(&machine->pm, now));
	if (now >= machine->drain_at) {
		serial_drain(&machine->serial);
		machine->drain_at = NEVER;
	}
	feed_serial(machine);
	if (now >= machine->flush_at) {
		console_flush();
		machine->flush_at = NEVER;
	}
	machine->timers_changed = true;
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/**
 * machine_next_event() - when machine_update() has to be called at the latest
 * @machine: the machine, locked
 *
 * Return: the time in ns, NEVER if nothing is going to happen by itself.
 */
uint64_t machine_next_event(const struct machine *machine)
{
	uint64_t next = earlier(machine->flush_at, machine->drain_at);

	next = earlier(next, pit_next_event(&machine->pit));
	next = earlier(next, rtc_next_event(&machine->rtc));
	return earlier(next, pm_next_event(&machine->pm));
}

/**
 * machine_end() - the run is over
 * @machine: the machine
 * @ending: why; the first counts
 *
 * Brings all CPUs' threads back.
 */
void machine_end(struct machine *machine, enum ending ending)
{
	int none = ENDING_NONE;

	if (atomic_compare_exchange_strong(&machine->ending, &none, ending))
		kick_all();
}
