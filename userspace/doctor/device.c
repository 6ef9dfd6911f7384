// SPDX-License-Identifier: GPL-2.0
/* vhm itself: its module, and the node /dev/vhm. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "doctor.h"

/* Is a module among those that modprobe would find? modules.dep has a line "path: ..." for each. */
static bool is_installed(const struct doctor *doctor, const char *release)
{
	char path[256], line[1024];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.dep", doctor->root, release);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/vhm.ko");
	}
	fclose(file);
	return found;
}

static void not_installed(struct doctor *doctor, const char *release)
{
	char headers[256];

	snprintf(headers, sizeof(headers), "/lib/modules/%s/build/Makefile", release);
	doctor_found(doctor, DOCTOR_PROBLEM, "module",
		     "vhm is not installed for %s: in its source tree, `make` and `make install`, then `modprobe vhm`%s%s",
		     release, doctor_exists(doctor, headers) ? "" :
		     "; the kernel's headers are missing, too: install linux-headers-",
		     doctor_exists(doctor, headers) ? "" : release);
}

/**
 * doctor_check_module() - is the module loaded, or can it be?
 * @doctor: the doctor
 */
void doctor_check_module(struct doctor *doctor)
{
	char release[128];

	doctor_release(doctor, release, sizeof(release));
	if (doctor_module_loaded(doctor, "vhm"))
		doctor_found(doctor, DOCTOR_OK, "module", "vhm is loaded");
	else if (is_installed(doctor, release))
		doctor_found(doctor, DOCTOR_WARNING, "module",
			     "vhm is installed, but not loaded: as root, `modprobe vhm`; should it refuse, `dmesg` has the reason");
	else
		not_installed(doctor, release);
}

static void refused(struct doctor *doctor)
{
	const struct doctor_node *node = &doctor->node;

	if (doctor->kvm_group == (gid_t)-1)
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm",
			     "you may not open it, and there is no group kvm: as root, `groupadd --system kvm`, install udev/60-vhm.rules and load vhm anew");
	else if (node->gid != doctor->kvm_group || (node->mode & 0060) != 0060)
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm",
			     "you may not open it, nor may the group kvm: as root, install udev/60-vhm.rules (`make install` does) and load vhm anew, or `chgrp kvm /dev/vhm` and `chmod 660 /dev/vhm` for now");
	else
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm",
			     "is for the group kvm, and you are not in it: as root, `adduser YOU kvm`; then log in again");
}

static void judge_node(struct doctor *doctor)
{
	const struct doctor_node *node = &doctor->node;

	if (!node->exists)
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm",
			     "is not there though vhm is loaded: neither udev nor devtmpfs has made it; as root, `mknod /dev/vhm c 10 MINOR` with vhm's number in /proc/misc");
	else if (!node->is_device)
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm",
			     "is not a device: somebody has put something else there; as root, remove it and load vhm anew");
	else if (node->open_error == EACCES || node->open_error == EPERM)
		refused(doctor);
	else if (node->open_error)
		doctor_found(doctor, DOCTOR_PROBLEM, "/dev/vhm", "cannot be opened: %s",
			     strerror(node->open_error));
	else if (node->mode & 0006)
		doctor_found(doctor, DOCTOR_WARNING, "/dev/vhm",
			     "everybody may open it (mode %03o): usual is 660 and the group kvm",
			     node->mode & 0777);
	else
		doctor_found(doctor, DOCTOR_OK, "/dev/vhm", "you may open it");
}

/**
 * doctor_check_node() - may the user open the device node?
 * @doctor: the doctor
 *
 * As long as the module is not loaded there is no node to speak of.
 */
void doctor_check_node(struct doctor *doctor)
{
	if (doctor_module_loaded(doctor, "vhm"))
		judge_node(doctor);
	else if (doctor->node.exists)
		doctor_found(doctor, DOCTOR_WARNING, "/dev/vhm",
			     "is there though vhm is not loaded: somebody made it by hand, and it may be another device's by now; as root, remove it");
}
