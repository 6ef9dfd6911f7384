// SPDX-License-Identifier: GPL-2.0
/* The device node: open it, ask what it can do. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libvhm.h"
#include "internal.h"

/* A first guess for KVM_GET_SUPPORTED_CPUID, and when to stop doubling it. */
#define CPUID_ENTRIES_FIRST	128
#define CPUID_ENTRIES_MOST	4096

static const char *open_advice(int error)
{
	switch (error) {
	case ENOENT:
		return "load its module (modprobe vhm, or modprobe kvm_intel)";
	case EACCES:
	case EPERM:
		return "run as root, or join the node's group (kvm)";
	case EBUSY:
		return "another hypervisor holds VMX: end its machines or unload it";
	case ENODEV:
	case ENXIO:
		return "the node is there but its module is not: load the module";
	default:
		return "see the kernel's log (dmesg)";
	}
}

static int probe_device(struct vhm_device *device)
{
	int version = ioctl(device->fd, KVM_GET_API_VERSION, 0);
	int size;

	if (version < 0)
		return vhm_fail(errno,
				"%s does not answer as a hypervisor (KVM_GET_API_VERSION: %s): name /dev/vhm or /dev/kvm",
				device->path, strerror(errno));
	if (version != KVM_API_VERSION)
		return vhm_fail(EPROTO, "%s speaks version %d of the KVM API, version %d is needed",
				device->path, version, KVM_API_VERSION);

	size = ioctl(device->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return vhm_fail(EPROTO, "%s has a run page of %d bytes, %zu are needed",
				device->path, size, sizeof(struct kvm_run));
	device->run_size = (size_t)size;
	return 0;
}

/**
 * vhm_open() - open a device node that speaks the KVM API
 * @device: filled in on success
 * @path: the node, /dev/vhm or /dev/kvm
 *
 * Return: 0, or a negative errno.
 */
int vhm_open(struct vhm_device *device, const char *path)
{
	int error;

	memset(device, 0, sizeof(*device));
	snprintf(device->path, sizeof(device->path), "%s", path);

	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return vhm_fail(errno, "cannot open %s: %s; %s", path,
				strerror(errno), open_advice(errno));

	error = probe_device(device);
	if (error)
		vhm_close(device);
	return error;
}

/**
 * vhm_close() - close the device node
 * @device: an open device; machines made from it live on
 */
void vhm_close(struct vhm_device *device)
{
	close(device->fd);
	device->fd = -1;
}

/**
 * vhm_check_extension() - ask for a capability
 * @device: an open device
 * @capability: one of KVM_CAP_*
 *
 * Return: 0 if the device lacks it, otherwise what KVM_CHECK_EXTENSION answers.
 */
int vhm_check_extension(const struct vhm_device *device, int capability)
{
	int answer = ioctl(device->fd, KVM_CHECK_EXTENSION,
			   (unsigned long)capability);

	return answer < 0 ? 0 : answer;
}

/**
 * vhm_require() - check the capabilities that a program cannot do without
 * @device: an open device
 * @needs: the capabilities
 * @count: how many
 *
 * Return: 0, or -EOPNOTSUPP when one is missing; vhm_error() names it.
 */
int vhm_require(const struct vhm_device *device, const struct vhm_need *needs,
		size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!vhm_check_extension(device, needs[i].capability))
			return vhm_fail(EOPNOTSUPP,
					"%s lacks %s, which is needed %s: a newer kernel or module may have it",
					device->path, needs[i].name,
					needs[i].what_for);
	}
	return 0;
}

/**
 * vhm_supported_cpuid() - the CPUID leaves that the device can give a guest
 * @device: an open device
 * @spare: room for this many further entries behind those returned
 *
 * Return: a table to be given to free(), or NULL.
 */
struct kvm_cpuid2 *vhm_supported_cpuid(const struct vhm_device *device,
				       unsigned int spare)
{
	struct kvm_cpuid2 *table;
	unsigned int entries;

	for (entries = CPUID_ENTRIES_FIRST; entries <= CPUID_ENTRIES_MOST;
	     entries *= 2) {
		table = calloc(1, sizeof(*table) + (entries + spare) *
			       sizeof(table->entries[0]));
		if (!table) {
			vhm_fail(ENOMEM, "no memory for the CPUID table");
			return NULL;
		}
		table->nent = entries;
		if (!ioctl(device->fd, KVM_GET_SUPPORTED_CPUID, table))
			return table;
		free(table);
		if (errno != E2BIG)
			break;
	}
	vhm_fail(errno, "%s does not tell its CPUID (KVM_GET_SUPPORTED_CPUID: %s)",
		 device->path, strerror(errno));
	return NULL;
}
