// SPDX-License-Identifier: GPL-2.0
/* The kernel: its version, what it lets be loaded, and who else is in it. */
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define SIG_ENFORCE	"/sys/module/module/parameters/sig_enforce"
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

#define VERSION(major, minor)	((major) * 1000 + (minor))

static int kernel_version(const char *release)
{
	char *rest;
	long major = strtol(release, &rest, 10);
	long minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : -1;

	if (major <= 0 || major > 99 || minor < 0 || minor > 999)
		return 0;
	return (int)VERSION(major, minor);
}

static void judge_version(struct doctor *doctor, const char *release)
{
	int version = kernel_version(release);

	if (!version)
		doctor_found(doctor, DOCTOR_WARNING, "kernel",
			     "\"%s\" does not tell its version: vhm is tested on 6.1, 6.12 and 7.2",
			     release);
	else if (version == VERSION(6, 1) || version == VERSION(6, 12) ||
		 version == VERSION(7, 2))
		doctor_found(doctor, DOCTOR_OK, "kernel", "%s is one that vhm is tested on",
			     release);
	else if (version < VERSION(6, 1))
		doctor_found(doctor, DOCTOR_WARNING, "kernel",
			     "%s is older than any that vhm was built for: 6.1 is the oldest it is tested on",
			     release);
	else
		doctor_found(doctor, DOCTOR_WARNING, "kernel",
			     "nobody has tried vhm on %s: it is tested on 6.1, 6.12 and 7.2",
			     release);
}

/**
 * doctor_check_kernel() - is the running kernel one for vhm?
 * @doctor: the doctor
 */
void doctor_check_kernel(struct doctor *doctor)
{
	char release[128];

	if (!doctor_release(doctor, release, sizeof(release)))
		doctor_found(doctor, DOCTOR_WARNING, "kernel",
			     "its version cannot be read: is /proc mounted?");
	else if (doctor_module_loaded(doctor, "vhm"))
		doctor_found(doctor, DOCTOR_OK, "kernel", "%s has loaded vhm", release);
	else
		judge_version(doctor, release);
}

/* The variable's four bytes of attributes, and its one byte. */
static bool secure_boot(const struct doctor *doctor)
{
	char variable[8];

	return doctor_read(doctor, SECURE_BOOT, variable, sizeof(variable)) == 5 && variable[4];
}

/**
 * doctor_check_secure_boot() - does the kernel load modules that nobody has signed?
 * @doctor: the doctor
 */
void doctor_check_secure_boot(struct doctor *doctor)
{
	char lockdown[128], enforce[8];

	doctor_read(doctor, LOCKDOWN, lockdown, sizeof(lockdown));
	doctor_read(doctor, SIG_ENFORCE, enforce, sizeof(enforce));
	if (doctor_module_loaded(doctor, "vhm"))
		return;
	if (strstr(lockdown, "[integrity]") || strstr(lockdown, "[confidentiality]"))
		doctor_found(doctor, DOCTOR_PROBLEM, "signatures",
			     "the kernel is locked down%s and loads only signed modules: sign vhm.ko with a key of yours that the firmware knows (mokutil), or switch Secure Boot off in the firmware's setup",
			     secure_boot(doctor) ? " by Secure Boot" : "");
	else if (*enforce == 'Y')
		doctor_found(doctor, DOCTOR_PROBLEM, "signatures",
			     "the kernel loads only signed modules (module.sig_enforce): sign vhm.ko with a key that it knows, or start it without that parameter");
	else if (secure_boot(doctor))
		doctor_found(doctor, DOCTOR_WARNING, "signatures",
			     "Secure Boot is on, though this kernel is not locked down: another kernel would refuse vhm.ko as long as it is not signed");
	else
		doctor_found(doctor, DOCTOR_OK, "signatures",
			     "the kernel loads modules that are not signed");
}

static long references(const struct doctor *doctor)
{
	char count[32];

	if (doctor_read(doctor, "/sys/module/kvm_intel/refcnt", count, sizeof(count)) <= 0)
		return -1;
	return strtol(count, NULL, 10);
}

/* From 6.12 on KVM holds VMX also without a machine, and can be told not to. */
static const char *kvm_holds_vmx(const struct doctor *doctor)
{
	char release[128], at_load[8];

	if (!doctor_release(doctor, release, sizeof(release)) ||
	    kernel_version(release) < VERSION(6, 12))
		return "";
	doctor_read(doctor, "/sys/module/kvm/parameters/enable_virt_at_load", at_load,
		    sizeof(at_load));
	return *at_load == 'N' ? " (nor with kvm.enable_virt_at_load=0)" :
		" (it holds VMX from its loading on, but for kvm.enable_virt_at_load=0)";
}

static void kvm_is_loaded(struct doctor *doctor)
{
	const char *why = kvm_holds_vmx(doctor);
	long users = references(doctor);

	if (doctor_module_loaded(doctor, "vhm"))
		doctor_found(doctor, DOCTOR_OK, "KVM", "is here, and vhm works beside it");
	else if (users < 0)
		doctor_found(doctor, DOCTOR_PROBLEM, "KVM",
			     "is built into this kernel, and vhm does not load beside it%s: load vhm with vmxon=run, which does, or boot a kernel that has KVM as a module, as Debian's",
			     why);
	else if (users > 0)
		doctor_found(doctor, DOCTOR_PROBLEM, "KVM",
			     "kvm_intel is loaded and in use (%ld), and vhm does not load beside it%s: load vhm with vmxon=run, which does, or end KVM's machines and unload it: modprobe -r kvm_intel",
			     users, why);
	else
		doctor_found(doctor, DOCTOR_PROBLEM, "KVM",
			     "kvm_intel is loaded, and vhm does not load beside it%s: unload it: modprobe -r kvm_intel, or load vhm with vmxon=run, which does",
			     why);
}

/**
 * doctor_check_kvm() - does KVM hold VMX?
 * @doctor: the doctor
 */
void doctor_check_kvm(struct doctor *doctor)
{
	if (doctor_module_loaded(doctor, "kvm_intel"))
		kvm_is_loaded(doctor);
	else
		doctor_found(doctor, DOCTOR_OK, "KVM", "kvm_intel is not loaded");
}
