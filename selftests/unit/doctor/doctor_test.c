// SPDX-License-Identifier: GPL-2.0
/*
 * The doctor's findings, each provoked by a made-up machine: files below a temporary directory
 * and plain facts. A row says what differs from a healthy machine, and what must be found.
 */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "doctor.h"

#define KVM_GROUP	104
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static char root[64];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void put_bytes(const char *path, long offset, const void *bytes, size_t size)
{
	char whole[512];
	FILE *file;
	char *at;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (at = whole + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(whole, 0700) && errno != EEXIST)
			die(whole);
		*at = '/';
	}
	file = fopen(whole, "we");
	if (!file || fseek(file, offset, SEEK_SET) || fwrite(bytes, 1, size, file) != size ||
	    fclose(file))
		die(whole);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, 0, text, strlen(text));
}

static void drop(const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	if (unlink(whole))
		die(whole);
}

static void put_cpu(const char *vendor, const char *flags, const char *vmx_flags)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "vendor_id\t: %s\nmodel name\t: Example CPU @ 3.00GHz\n"
		 "flags\t\t: fpu msr %s sse2\n%s%s\n\n"
		 "vendor_id\t: Other\nflags\t\t: fred hypervisor\n",
		 vendor, flags, vmx_flags ? "vmx flags\t: vnmi " : "", vmx_flags ? vmx_flags : "");
	put("/proc/cpuinfo", text);
}

static void put_feature_control(uint64_t value)
{
	put_bytes("/dev/cpu/0/msr", 0x3a, &value, sizeof(value));
}

/* A machine on which vhm is loaded and works. */
static void make_healthy(struct doctor *doctor)
{
	*doctor = (struct doctor){
		.root = root, .cpuid_vmx = true, .kvm_group = KVM_GROUP,
		.node = { .exists = true, .is_device = true, .mode = 0660, .gid = KVM_GROUP },
	};
	put_cpu("GenuineIntel", "vmx", "preemption_timer ept vpid unrestricted_guest");
	put_feature_control(5);
	put("/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	put("/proc/meminfo", "MemTotal:       2000000 kB\nMemAvailable:   1024000 kB\n");
	put("/proc/self/limits",
	    "Limit                     Soft Limit           Hard Limit           Units\n"
	    "Max locked memory         65536                65536                bytes\n"
	    "Max address space         unlimited            unlimited            bytes\n");
	put("/proc/self/cgroup", "0::/user.slice/one.scope\n");
	put("/sys/fs/cgroup/user.slice/memory.max", "max\n");
	put("/sys/fs/cgroup/user.slice/one.scope/memory.max", "max\n");
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put("/sys/module/module/parameters/sig_enforce", "N\n");
	put("/sys/module/vhm/refcnt", "0\n");
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void unload(void)
{
	char directory[128];

	drop("/sys/module/vhm/refcnt");
	snprintf(directory, sizeof(directory), "%s/sys/module/vhm", root);
	if (rmdir(directory))
		die(directory);
}

static void add_kvm(const char *users)
{
	unload();
	put("/sys/module/kvm/parameters/enable_virt_at_load", "Y\n");
	put(users ? "/sys/module/kvm_intel/refcnt" : "/sys/module/kvm_intel/parameters/ept",
	    users ? users : "Y\n");
}

/* What differs from the healthy machine, by name. */
static void nothing(struct doctor *doctor) { (void)doctor; }

static void amd(struct doctor *doctor)
{
	doctor->cpuid_vmx = false;
	put_cpu("AuthenticAMD", "svm", NULL);
}

static void no_vmx(struct doctor *doctor)
{
	doctor->cpuid_vmx = false;
	put_cpu("GenuineIntel", "vmxnet", NULL);
	drop("/dev/cpu/0/msr");
}

static void no_nested_vmx(struct doctor *doctor)
{
	doctor->cpuid_vmx = false;
	put_cpu("GenuineIntel", "hypervisor", NULL);
}

static void vmx_not_shown(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "", NULL);
	drop("/dev/cpu/0/msr");
}

static void locked_off(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "", NULL);
	put_feature_control(1);
}

static void not_locked(struct doctor *doctor)
{
	(void)doctor;
	put_feature_control(4);
}

static void no_msr(struct doctor *doctor)
{
	(void)doctor;
	drop("/dev/cpu/0/msr");
}

static void no_ept(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "vmx", "ept_ad vpid");
}

static void no_unrestricted_guest(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "vmx", "preemption_timer ept vpid");
}

static void no_preemption_timer(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "vmx", "ept vpid unrestricted_guest");
}

static void fred(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "vmx fred", "ept unrestricted_guest preemption_timer");
}

static void nested(struct doctor *doctor)
{
	(void)doctor;
	put_cpu("GenuineIntel", "vmx hypervisor", "ept unrestricted_guest preemption_timer");
}

static void set_release(const char *release)
{
	unload();
	put("/proc/sys/kernel/osrelease", release);
}

static void kernel_5_10(struct doctor *doctor) { (void)doctor; set_release("5.10.0-30-amd64\n"); }
static void kernel_6_1(struct doctor *doctor) { (void)doctor; set_release("6.1.192\n"); }
static void kernel_6_12(struct doctor *doctor) { (void)doctor; set_release("6.12.117+deb12\n"); }
static void kernel_6_18(struct doctor *doctor) { (void)doctor; set_release("6.18.44\n"); }
static void kernel_7_2(struct doctor *doctor) { (void)doctor; set_release("7.2-amd64\n"); }
static void kernel_odd(struct doctor *doctor) { (void)doctor; set_release("mine\n"); }

static void kernel_7_2_loaded(struct doctor *doctor)
{
	(void)doctor;
	put("/proc/sys/kernel/osrelease", "7.2-amd64\n");
}

static void no_proc(struct doctor *doctor)
{
	(void)doctor;
	drop("/proc/sys/kernel/osrelease");
}

static void lockdown(struct doctor *doctor)
{
	(void)doctor;
	unload();
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
}

static void lockdown_secure_boot(struct doctor *doctor)
{
	lockdown(doctor);
	put_bytes(SECURE_BOOT, 0, "\6\0\0\0\1", 5);
}

static void secure_boot(struct doctor *doctor)
{
	(void)doctor;
	unload();
	put_bytes(SECURE_BOOT, 0, "\6\0\0\0\1", 5);
}

static void secure_boot_off(struct doctor *doctor)
{
	(void)doctor;
	unload();
	put_bytes(SECURE_BOOT, 0, "\6\0\0\0\0", 5);
	drop("/sys/kernel/security/lockdown");
	drop("/sys/module/module/parameters/sig_enforce");
}

static void sig_enforce(struct doctor *doctor)
{
	(void)doctor;
	unload();
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
}

static void kvm_idle(struct doctor *doctor) { (void)doctor; add_kvm("0\n"); }
static void kvm_in_use(struct doctor *doctor) { (void)doctor; add_kvm("3\n"); }
static void kvm_built_in(struct doctor *doctor) { (void)doctor; add_kvm(NULL); }

static void kvm_6_12(struct doctor *doctor)
{
	(void)doctor;
	add_kvm("0\n");
	put("/proc/sys/kernel/osrelease", "6.12.117\n");
}

/* vhm was loaded with vmxon=run. */
static void kvm_beside(struct doctor *doctor)
{
	kvm_idle(doctor);
	put("/sys/module/vhm/refcnt", "0\n");
}

static void kvm_6_12_lazy(struct doctor *doctor)
{
	kvm_6_12(doctor);
	put("/sys/module/kvm/parameters/enable_virt_at_load", "N\n");
}

static void not_loaded(struct doctor *doctor)
{
	doctor->node = (struct doctor_node){ 0 };
	unload();
	put("/lib/modules/6.1.0-56-amd64/modules.dep",
	    "kernel/arch/x86/kvm/kvm.ko: kernel/virt/vhm.ko-not\nupdates/vhm.ko:\n");
}

static void not_installed(struct doctor *doctor)
{
	doctor->node = (struct doctor_node){ 0 };
	unload();
	put("/lib/modules/6.1.0-56-amd64/modules.dep", "a/kvm.ko: b/vhm.ko\n");
	put("/lib/modules/6.1.0-56-amd64/build/Makefile", "\n");
}

static void no_headers(struct doctor *doctor)
{
	doctor->node = (struct doctor_node){ 0 };
	unload();
}

static void stray_node(struct doctor *doctor) { not_loaded(doctor); doctor->node.exists = true; }

static void no_node(struct doctor *doctor)
{
	doctor->node.exists = false;
}

static void no_device(struct doctor *doctor)
{
	doctor->node.is_device = false;
}

static void open_fails(struct doctor *doctor) { doctor->node.open_error = ENXIO; }
static void open_to_all(struct doctor *doctor) { doctor->node.mode = 0666; }
static void not_in_group(struct doctor *doctor) { doctor->node.open_error = EACCES; }

static void wrong_group(struct doctor *doctor)
{
	doctor->node.open_error = EACCES;
	doctor->node.gid = 0;
}

static void mode_600(struct doctor *doctor)
{
	doctor->node.open_error = EACCES;
	doctor->node.mode = 0600;
}

static void no_group(struct doctor *doctor)
{
	doctor->node.open_error = EACCES;
	doctor->kvm_group = (gid_t)-1;
}

static void little_memory(struct doctor *doctor)
{
	(void)doctor;
	put("/proc/meminfo", "MemTotal:        200000 kB\nMemAvailable:    102400 kB\n");
}

static void set_address_space(const char *soft)
{
	char text[256];

	snprintf(text, sizeof(text), "Max address space         %-20s unlimited            bytes\n",
		 soft);
	put("/proc/self/limits", text);
}

static void small_space(struct doctor *doctor) { (void)doctor; set_address_space("134217728"); }
static void large_space(struct doctor *doctor) { (void)doctor; set_address_space("4294967296"); }

static void small_cgroup(struct doctor *doctor)
{
	(void)doctor;
	put("/proc/self/cgroup", "1:cpu:/x\n0::/user.slice/one.scope\n");
	put("/sys/fs/cgroup/user.slice/memory.max", "134217728\n");
	put("/sys/fs/cgroup/user.slice/one.scope/memory.max", "8589934592\n");
}

static void large_cgroup(struct doctor *doctor)
{
	(void)doctor;
	put("/sys/fs/cgroup/user.slice/one.scope/memory.max", "8589934592\n");
}

#define NONE	((enum doctor_level)-1)

/* One finding each: what it is about, how bad it is, and words of it. NONE: nothing of it. */
static const struct row {
	void (*change)(struct doctor *doctor);
	void (*check)(struct doctor *doctor);
	const char *name;
	enum doctor_level level;
	const char *about;
	const char *words;
} rows[] = {
#define ROW(change, check, level, about, words)	\
	{ change, doctor_check_##check, #change, level, about, words }
	ROW(nothing, cpu, DOCTOR_OK, "processor", "Example CPU @ 3.00GHz has VMX"),
	ROW(amd, cpu, DOCTOR_PROBLEM, "processor", "is not Intel's"),
	ROW(no_vmx, cpu, DOCTOR_PROBLEM, "processor", "has no VMX"),
	ROW(no_nested_vmx, cpu, DOCTOR_PROBLEM, "processor", "nested virtualization"),
	ROW(vmx_not_shown, cpu, DOCTOR_PROBLEM, "processor", "firmware has switched it off"),
	ROW(nothing, firmware, DOCTOR_OK, "firmware", "0x5"),
	ROW(locked_off, firmware, DOCTOR_PROBLEM, "firmware", "locked VMX off"),
	ROW(not_locked, firmware, DOCTOR_PROBLEM, "firmware", "not locked (0x4)"),
	ROW(no_msr, firmware, DOCTOR_OK, "firmware", "says the kernel"),
	ROW(vmx_not_shown, firmware, NONE, "firmware", NULL),
	ROW(no_vmx, firmware, NONE, "firmware", NULL),
	ROW(amd, firmware, NONE, "firmware", NULL),
	ROW(nothing, vmx_features, DOCTOR_OK, "VMX", "EPT"),
	ROW(no_ept, vmx_features, DOCTOR_PROBLEM, "VMX", "no EPT"),
	ROW(no_unrestricted_guest, vmx_features, DOCTOR_WARNING, "VMX", "no unrestricted guest"),
	ROW(no_preemption_timer, vmx_features, DOCTOR_WARNING, "VMX", "no preemption timer"),
	ROW(no_vmx, vmx_features, NONE, "VMX", NULL),
	ROW(nothing, fred, NONE, "FRED", NULL),
	ROW(fred, fred, DOCTOR_PROBLEM, "FRED", "fred=off"),
	ROW(nothing, virtual_machine, NONE, "virtual machine", NULL),
	ROW(nested, virtual_machine, DOCTOR_WARNING, "virtual machine", "nested"),
	ROW(no_nested_vmx, virtual_machine, NONE, "virtual machine", NULL),
	ROW(nothing, kernel, DOCTOR_OK, "kernel", "6.1.0-56-amd64 has loaded vhm"),
	ROW(kernel_5_10, kernel, DOCTOR_WARNING, "kernel", "5.10.0-30-amd64 is older"),
	ROW(kernel_6_1, kernel, DOCTOR_OK, "kernel", "6.1.192 is one that vhm is tested on"),
	ROW(kernel_6_12, kernel, DOCTOR_OK, "kernel", "is one that vhm is tested on"),
	ROW(kernel_6_18, kernel, DOCTOR_WARNING, "kernel", "nobody has tried"),
	ROW(kernel_7_2, kernel, DOCTOR_OK, "kernel", "is one that vhm is tested on"),
	ROW(kernel_7_2_loaded, kernel, DOCTOR_OK, "kernel", "7.2-amd64 has loaded vhm"),
	ROW(kernel_odd, kernel, DOCTOR_WARNING, "kernel", "\"mine\" does not tell"),
	ROW(no_proc, kernel, DOCTOR_WARNING, "kernel", "is /proc mounted"),
	ROW(nothing, secure_boot, NONE, "signatures", NULL),
	ROW(kernel_6_1, secure_boot, DOCTOR_OK, "signatures", "not signed"),
	ROW(lockdown, secure_boot, DOCTOR_PROBLEM, "signatures", "locked down and loads"),
	ROW(lockdown_secure_boot, secure_boot, DOCTOR_PROBLEM, "signatures", "by Secure Boot"),
	ROW(sig_enforce, secure_boot, DOCTOR_PROBLEM, "signatures", "module.sig_enforce"),
	ROW(secure_boot, secure_boot, DOCTOR_WARNING, "signatures", "Secure Boot is on"),
	ROW(secure_boot_off, secure_boot, DOCTOR_OK, "signatures", "not signed"),
	ROW(nothing, kvm, DOCTOR_OK, "KVM", "not loaded"),
	ROW(kvm_idle, kvm, DOCTOR_PROBLEM, "KVM", "beside it: unload it: modprobe -r kvm_intel"),
	ROW(kvm_beside, kvm, DOCTOR_OK, "KVM", "works beside it"),
	ROW(kvm_in_use, kvm, DOCTOR_PROBLEM, "KVM", "in use (3)"),
	ROW(kvm_built_in, kvm, DOCTOR_PROBLEM, "KVM", "built into"),
	ROW(kvm_6_12, kvm, DOCTOR_PROBLEM, "KVM", "from its loading on"),
	ROW(kvm_6_12_lazy, kvm, DOCTOR_PROBLEM, "KVM", "nor with kvm.enable_virt_at_load=0"),
	ROW(nothing, module, DOCTOR_OK, "module", "vhm is loaded"),
	ROW(not_loaded, module, DOCTOR_WARNING, "module", "modprobe vhm"),
	ROW(not_installed, module, DOCTOR_PROBLEM, "module", "not installed for 6.1.0-56-amd64"),
	ROW(no_headers, module, DOCTOR_PROBLEM, "module", "install linux-headers-6.1.0-56-amd64"),
	ROW(nothing, node, DOCTOR_OK, "/dev/vhm", "you may open it"),
	ROW(not_loaded, node, NONE, "/dev/vhm", NULL),
	ROW(stray_node, node, DOCTOR_WARNING, "/dev/vhm", "by hand"),
	ROW(no_node, node, DOCTOR_PROBLEM, "/dev/vhm", "mknod"),
	ROW(no_device, node, DOCTOR_PROBLEM, "/dev/vhm", "not a device"),
	ROW(open_fails, node, DOCTOR_PROBLEM, "/dev/vhm", "No such device or address"),
	ROW(open_to_all, node, DOCTOR_WARNING, "/dev/vhm", "mode 666"),
	ROW(not_in_group, node, DOCTOR_PROBLEM, "/dev/vhm", "you are not in it"),
	ROW(wrong_group, node, DOCTOR_PROBLEM, "/dev/vhm", "60-vhm.rules"),
	ROW(mode_600, node, DOCTOR_PROBLEM, "/dev/vhm", "60-vhm.rules"),
	ROW(no_group, node, DOCTOR_PROBLEM, "/dev/vhm", "there is no group kvm"),
	ROW(nothing, memory, DOCTOR_OK, "memory", "1000 MiB"),
	ROW(little_memory, memory, DOCTOR_WARNING, "memory", "100 MiB"),
	ROW(nothing, address_space, NONE, "address space", NULL),
	ROW(small_space, address_space, DOCTOR_WARNING, "address space", "128 MiB"),
	ROW(large_space, address_space, DOCTOR_OK, "address space", "4096 MiB"),
	ROW(nothing, cgroup, NONE, "control group", NULL),
	ROW(small_cgroup, cgroup, DOCTOR_WARNING, "control group",
	    "128 MiB, guests' memory included (/sys/fs/cgroup/user.slice/memory.max)"),
	ROW(large_cgroup, cgroup, DOCTOR_OK, "control group", "8192 MiB"),
};

static void begin_machine(void)
{
	strcpy(root, "/tmp/vhm-doctor.XXXXXX");
	if (!mkdtemp(root))
		die("mkdtemp");
}

static void end_machine(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_row(const struct row *row)
{
	struct doctor doctor;
	const struct doctor_finding *finding = &doctor.finding[0];
	bool ok;

	begin_machine();
	make_healthy(&doctor);
	row->change(&doctor);
	row->check(&doctor);
	end_machine();

	if (row->level == NONE)
		ok = !doctor.count;
	else
		ok = doctor.count == 1 && finding->level == row->level &&
		     !strcmp(finding->about, row->about) && strstr(finding->text, row->words);
	if (!ok && doctor.count)
		printf("# %u findings; %s: %s\n", doctor.count, finding->about, finding->text);
	tap_ok(ok, "doctor: %s, %s: %s", row->name, row->about,
	       row->words ? row->words : "nothing");
}

/* A text that is longer than any finding is cut off, and the last finding is the last. */
static void test_limits(void)
{
	static char text[2000];
	struct doctor doctor = { .root = "" };
	unsigned int i;

	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < DOCTOR_MOST_FINDINGS + 2; i++)
		doctor_found(&doctor, DOCTOR_PROBLEM, "limit", "%s", text);
	tap_ok(doctor.count == DOCTOR_MOST_FINDINGS &&
	       strlen(doctor.finding[0].text) == sizeof(doctor.finding[0].text) - 1 &&
	       doctor_problems(&doctor) == DOCTOR_MOST_FINDINGS,
	       "doctor: findings have a limit");
}

static void test_print(void)
{
	struct doctor doctor = { .root = "" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	doctor_found(&doctor, DOCTOR_OK, "one", "fine");
	doctor_found(&doctor, DOCTOR_WARNING, "two", "mind %d", 2);
	doctor_print(&doctor, out);
	doctor_found(&doctor, DOCTOR_PROBLEM, "three", "bad");
	doctor_print(&doctor, out);
	fclose(out);
	tap_ok(!strcmp(text, "ok       one: fine\nwarning  two: mind 2\nvhm can work here\n"
		       "ok       one: fine\nwarning  two: mind 2\nproblem  three: bad\n"
		       "vhm cannot work here: 1 problem\n"), "doctor: the report");
	free(text);
}

int main(void)
{
	unsigned int i;

	tap_begin();
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(&rows[i]);
	test_limits();
	test_print();
	return tap_end();
}
