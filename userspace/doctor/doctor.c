// SPDX-License-Identifier: GPL-2.0
/* vhm doctor - say whether this machine can run vhm, and what to do if not. */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../vhm/command.h"
#include "doctor.h"

#define CPUID_1_ECX_VMX		(1u << 5)

static const char usage_text[] = "usage: vhm doctor\n";

static const char help_text[] =
	"\n"
	"Looks at the processor, its firmware, the kernel, KVM, the module, /dev/vhm and the limits\n"
	"on memory, and says of each in a line whether vhm can work with it (ok, warning, problem)\n"
	"and what to do. Changes nothing. As root it can see more.\n"
	"\n"
	"Exit status: 0 when vhm can work, 1 when there is a problem, 2 for a wrong command line.\n"
	"See vhm(1).\n";

/**
 * doctor_examine() - make all checks
 * @doctor: the facts; gets the findings
 */
void doctor_examine(struct doctor *doctor)
{
	doctor_check_cpu(doctor);
	doctor_check_firmware(doctor);
	doctor_check_vmx_features(doctor);
	doctor_check_fred(doctor);
	doctor_check_virtual_machine(doctor);
	doctor_check_kernel(doctor);
	doctor_check_secure_boot(doctor);
	doctor_check_kvm(doctor);
	doctor_check_module(doctor);
	doctor_check_node(doctor);
	doctor_check_memory(doctor);
	doctor_check_address_space(doctor);
	doctor_check_cgroup(doctor);
}

static void look_at_node(struct doctor_node *node)
{
	struct stat status;
	int fd;

	if (stat(DEFAULT_DEVICE, &status))
		return;
	node->exists = true;
	node->is_device = S_ISCHR(status.st_mode);
	node->mode = status.st_mode & 07777;
	node->gid = status.st_gid;
	if (!node->is_device)
		return;
	fd = open(DEFAULT_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		node->open_error = errno;
	else
		close(fd);
}

static bool cpuid_has_vmx(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & CPUID_1_ECX_VMX;
}

/* Read from /etc/group itself: a static program has no name services. */
static gid_t kvm_group(void)
{
	FILE *file = fopen("/etc/group", "re");
	gid_t gid = (gid_t)-1;
	struct group *group;

	if (!file)
		return gid;
	while (gid == (gid_t)-1 && (group = fgetgrent(file)))
		if (group->gr_name && !strcmp(group->gr_name, "kvm"))
			gid = group->gr_gid;
	fclose(file);
	return gid;
}

/**
 * command_doctor() - vhm doctor
 * @argc: arguments, "doctor" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_doctor(int argc, char **argv)
{
	static struct doctor doctor = { .root = "" };
	int status = only_help(argc, argv, usage_text, help_text);

	if (status != STATUS_GO_ON)
		return status;

	doctor.cpuid_vmx = cpuid_has_vmx();
	doctor.kvm_group = kvm_group();
	look_at_node(&doctor.node);
	doctor_examine(&doctor);
	doctor_print(&doctor, stdout);
	return doctor_problems(&doctor) ? STATUS_FAILED : STATUS_OK;
}
