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

static int create(struct machine *machine)
{
	if (vhm_require(&machine->device, needs, ARRAY_SIZE(needs)) ||
	    vhm_vm_create(&machine->device, &machine->vm))
		return log_error(NULL, "%s", vhm_error());
	if (vhm_vcpu_create(&machine->vm, 0, &machine->vcpu)) {
		log_error(NULL, "%s", vhm_error());
		vhm_vm_close(&machine->vm);
		return -1;
	}
	return 0;
}

/**
 * machine_open() - make a machine without anything in it
 * @machine: filled in on success
 * @device: the device node
 * @memory: bytes
 *
 * Return: 0; -1 with a message said.
 */
int machine_open(struct machine *machine, const char *device, uint64_t memory)
{
	memset(machine, 0, sizeof(*machine));
	if (vhm_open(&machine->device, device))
		return log_error(NULL, "%s", vhm_error());
	if (create(machine))
		goto close_device;
	if (memory_init(&machine->memory, memory))
		goto close_vcpu;
	if (memory_map(&machine->memory, &machine->vm))
		goto free_memory;
	return 0;

free_memory:
	memory_free(&machine->memory);
close_vcpu:
	vhm_vcpu_close(&machine->vcpu);
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
	vhm_vcpu_close(&machine->vcpu);
	vhm_vm_close(&machine->vm);
	vhm_close(&machine->device);
	memory_free(&machine->memory);
}

/* The CPU has no local APIC. KVM lets CPUID follow what this register says. */
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

/**
 * machine_init_cpu() - make the vCPU what this machine's CPU is
 * @machine: a machine that has not run yet
 * @features: which features it has and has not, as the user wants it
 *
 * Return: 0; -1 with a message said.
 */
int machine_init_cpu(struct machine *machine, const struct cpu_features *features)
{
	struct kvm_cpuid2 *cpuid;
	int error;

	cpuid = vhm_supported_cpuid(&machine->device, CPUID_SPARE);
	if (!cpuid)
		return log_error(NULL, "%s", vhm_error());
	cpuid_adapt(cpuid, vhm_vcpu_tsc_khz(&machine->vcpu));
	if (cpu_apply(features, cpuid, machine->device.path)) {
		free(cpuid);
		return -1;
	}
	error = switch_apic_off(&machine->vcpu);
	if (!error)
		error = vhm_vcpu_set_cpuid(&machine->vcpu, cpuid);
	free(cpuid);
	if (error)
		return log_error(NULL, "%s", vhm_error());
	set_msrs(&machine->vcpu);
	return 0;
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
	pic_init(&machine->pic);
	pit_init(&machine->pit, now);
	rtc_init(&machine->rtc,
		 (uint64_t)wall.tv_sec * NS + (uint64_t)wall.tv_nsec, now,
		 machine->memory.size);
	serial_init(&machine->serial);
	i8042_init(&machine->i8042);
	pm_init(&machine->pm, now);
	machine->flush_at = NEVER;
	ports_init();
}

static void feed_serial(struct machine *machine)
{
	uint8_t byte;

	while (serial_room(&machine->serial) && console_get(&byte))
		serial_receive(&machine->serial, byte);
	pic_set_line(&machine->pic, SERIAL_IRQ, serial_line(&machine->serial));
}

/**
 * machine_update() - see what has happened in the outside world
 * @machine: the machine
 * @now: ns
 *
 * Takes what the user has typed, raises the interrupts that have fallen due
 * and writes the console if it has waited long enough.
 */
void machine_update(struct machine *machine, uint64_t now)
{
	if (pit_tick(&machine->pit, now)) {
		pic_set_line(&machine->pic, 0, false);
		pic_set_line(&machine->pic, 0, true);
	}
	pic_set_line(&machine->pic, RTC_IRQ, rtc_tick(&machine->rtc, now));
	pic_set_line(&machine->pic, PM_IRQ, pm_tick(&machine->pm, now));
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
 * @machine: the machine
 *
 * Return: the time in ns, NEVER if nothing is going to happen by itself.
 */
uint64_t machine_next_event(const struct machine *machine)
{
	uint64_t next = machine->flush_at;

	next = earlier(next, pit_next_event(&machine->pit));
	next = earlier(next, rtc_next_event(&machine->rtc));
	return earlier(next, pm_next_event(&machine->pm));
}
