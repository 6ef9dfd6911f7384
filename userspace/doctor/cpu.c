// SPDX-License-Identifier: GPL-2.0
/* The processor and its firmware: VMX, and what of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define CPUINFO		"/proc/cpuinfo"

/* SDM, "Discovering Support for VMX": IA32_FEATURE_CONTROL. */
#define MSR_FEATURE_CONTROL		0x3a
#define FEATURE_CONTROL_LOCKED		(1ull << 0)
#define FEATURE_CONTROL_VMX		(1ull << 2)

static bool has_flag(const struct doctor *doctor, const char *flag)
{
	char flags[8192];

	return doctor_value(doctor, CPUINFO, "flags", flags, sizeof(flags)) &&
	       doctor_has_word(flags, flag);
}

static bool is_intel(const struct doctor *doctor)
{
	char vendor[64];

	return doctor_value(doctor, CPUINFO, "vendor_id", vendor, sizeof(vendor)) &&
	       !strcmp(vendor, "GenuineIntel");
}

/* Only root may, and only where the module msr is loaded. */
static bool read_feature_control(const struct doctor *doctor, uint64_t *value)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/dev/cpu/0/msr", doctor->root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = pread(fd, value, sizeof(*value), MSR_FEATURE_CONTROL);
	close(fd);
	return got == sizeof(*value);
}

/* An Intel CPU whose flag "vmx" is not shown: it has none, or may not show it. */
static void no_vmx(struct doctor *doctor, const char *model)
{
	if (doctor->cpuid_vmx)
		doctor_found(doctor, DOCTOR_PROBLEM, "processor",
			     "%s has VMX, but the kernel does not show it, so firmware has switched it off: turn on virtualization (\"VT-x\", \"VMX\") in the firmware's setup, then switch the computer off and on again",
			     model);
	else if (has_flag(doctor, "hypervisor"))
		doctor_found(doctor, DOCTOR_PROBLEM, "processor",
			     "this is a virtual machine without VMX: give it nested virtualization (with KVM as its host: kvm_intel.nested=1 and QEMU's -cpu host), or use a real one");
	else
		doctor_found(doctor, DOCTOR_PROBLEM, "processor",
			     "%s has no VMX, or firmware hides it: look for virtualization (\"VT-x\") in the firmware's setup; a CPU without it cannot run vhm, but `make demo` runs it in an emulated machine",
			     model);
}

/**
 * doctor_check_cpu() - is this an Intel CPU with VMX?
 * @doctor: the doctor
 */
void doctor_check_cpu(struct doctor *doctor)
{
	char model[128];

	if (!doctor_value(doctor, CPUINFO, "model name", model, sizeof(model)))
		strcpy(model, "this CPU");
	if (!is_intel(doctor))
		doctor_found(doctor, DOCTOR_PROBLEM, "processor",
			     "%s is not Intel's: vhm needs VMX, which only Intel's CPUs have; `make demo` runs it in an emulated machine",
			     model);
	else if (!has_flag(doctor, "vmx"))
		no_vmx(doctor, model);
	else
		doctor_found(doctor, DOCTOR_OK, "processor", "%s has VMX", model);
}

/**
 * doctor_check_firmware() - what has firmware written into IA32_FEATURE_CONTROL?
 * @doctor: the doctor
 *
 * Where the MSR cannot be read the kernel's flag "vmx" tells: it takes it away from a CPU that is
 * locked. On another vendor's CPU there is nothing to find.
 */
void doctor_check_firmware(struct doctor *doctor)
{
	uint64_t control;

	if (!is_intel(doctor) || (!doctor->cpuid_vmx && !has_flag(doctor, "vmx")))
		return;
	if (!read_feature_control(doctor, &control)) {
		if (has_flag(doctor, "vmx"))
			doctor_found(doctor, DOCTOR_OK, "firmware",
				     "lets VMX be used, says the kernel");
	} else if (!(control & FEATURE_CONTROL_LOCKED)) {
		doctor_found(doctor, DOCTOR_PROBLEM, "firmware",
			     "IA32_FEATURE_CONTROL is not locked (0x%llx): the kernel has not prepared this CPU for VMX; it needs CONFIG_X86_IA32_FEAT_CTL=y, as Debian's has",
			     (unsigned long long)control);
	} else if (!(control & FEATURE_CONTROL_VMX)) {
		doctor_found(doctor, DOCTOR_PROBLEM, "firmware",
			     "has locked VMX off (IA32_FEATURE_CONTROL is 0x%llx): turn on virtualization (\"VT-x\") in its setup, then switch the computer off and on again",
			     (unsigned long long)control);
	} else {
		doctor_found(doctor, DOCTOR_OK, "firmware",
			     "has left VMX on (IA32_FEATURE_CONTROL is 0x%llx)",
			     (unsigned long long)control);
	}
}

/**
 * doctor_check_vmx_features() - has VMX here what vhm needs?
 * @doctor: the doctor
 */
void doctor_check_vmx_features(struct doctor *doctor)
{
	char flags[1024];

	if (!is_intel(doctor) || !has_flag(doctor, "vmx") ||
	    !doctor_value(doctor, CPUINFO, "vmx flags", flags, sizeof(flags)))
		return;
	if (!doctor_has_word(flags, "ept"))
		doctor_found(doctor, DOCTOR_PROBLEM, "VMX",
			     "this CPU has no EPT, which vhm needs: it is too old");
	else if (!doctor_has_word(flags, "unrestricted_guest"))
		doctor_found(doctor, DOCTOR_WARNING, "VMX",
			     "this CPU has no unrestricted guest: only guests that start with paging on can run (Linux can, flat binaries cannot)");
	else if (!doctor_has_word(flags, "preemption_timer"))
		doctor_found(doctor, DOCTOR_WARNING, "VMX",
			     "this CPU has no preemption timer: without it nothing but the host's interrupts brings back a guest that spins");
	else
		doctor_found(doctor, DOCTOR_OK, "VMX",
			     "has EPT, unrestricted guest and the preemption timer");
}

/**
 * doctor_check_fred() - does the kernel use FRED?
 * @doctor: the doctor
 */
void doctor_check_fred(struct doctor *doctor)
{
	if (has_flag(doctor, "fred"))
		doctor_found(doctor, DOCTOR_PROBLEM, "FRED",
			     "the kernel uses it on this CPU, and vhm cannot hand NMIs to such a kernel yet: start the kernel with fred=off");
}

/**
 * doctor_check_virtual_machine() - is this machine itself a guest?
 * @doctor: the doctor
 */
void doctor_check_virtual_machine(struct doctor *doctor)
{
	if (has_flag(doctor, "hypervisor") && has_flag(doctor, "vmx"))
		doctor_found(doctor, DOCTOR_WARNING, "virtual machine",
			     "this machine is a guest of another hypervisor: vhm then works as well as that one's nested virtualization does");
}
