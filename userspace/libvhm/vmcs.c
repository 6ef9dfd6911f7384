// SPDX-License-Identifier: GPL-2.0
/* vhm's own calls: look into a VMCS, ask why an entry failed, break one on purpose. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libvhm.h"
#include "internal.h"

/* A first guess for the length of an explanation, and what is too long to be one. */
#define TEXT_FIRST	4096u
#define TEXT_MOST	(1u << 20)

/* What an errno means for a call on a machine that may be another process's. */
static const char *look_advice(int error)
{
	switch (error) {
	case ENODEV:
		return "the machine has ended";
	case ENOENT:
		return "the machine has no such vCPU";
	case EBUSY:
		return "another observer waits for this vCPU's exits: try again";
	case ENOTTY:
		return "only /dev/vhm can";
	default:
		return strerror(error);
	}
}

/**
 * vhm_vm_observer() - make an observer of a machine
 * @vm: the machine
 *
 * Return: a file descriptor that can only look and may be handed to other processes, or a
 * negative errno: -ENOTTY where the device has no observers, as /dev/kvm.
 */
int vhm_vm_observer(const struct vhm_vm *vm)
{
	int fd = ioctl(vm->fd, VHM_CREATE_OBSERVER, 0);

	if (fd < 0)
		return vhm_fail(errno, "%s makes no observer (VHM_CREATE_OBSERVER: %s)",
				vm->device->path, look_advice(errno));
	return fd;
}

/**
 * vhm_observe() - which vCPUs a machine has
 * @fd: an observer
 * @machine: filled in
 *
 * Return: 0, or a negative errno: -ENODEV when the machine has ended.
 */
int vhm_observe(int fd, struct vhm_observe *machine)
{
	memset(machine, 0, sizeof(*machine));
	if (ioctl(fd, VHM_OBSERVE, machine))
		return vhm_fail(errno, "cannot look at the machine (VHM_OBSERVE: %s)",
				look_advice(errno));
	return 0;
}

/**
 * vhm_get_vmcs() - read all fields of a vCPU's VMCS
 * @fd: an observer or a vCPU
 * @vcpu: an observer's vCPU by its id; 0 for a vCPU
 * @flags: 0: as it is now; VHM_VMCS_AT_EXIT: at each of the next @count exits, and wait for them
 * @dumps: filled in
 * @count: how many: 1, or up to VHM_MAX_VMCS_DUMPS at exits
 *
 * Return: 0; -EINTR when a signal came (not a failure: no sentence); another negative errno:
 * -ENODEV when the machine has ended.
 */
int vhm_get_vmcs(int fd, uint32_t vcpu, uint32_t flags, struct vhm_vmcs *dumps, uint32_t count)
{
	struct vhm_get_vmcs argument = {
		.flags = flags,
		.vcpu = vcpu,
		.count = count,
		.data = (uintptr_t)dumps,
	};

	if (!ioctl(fd, VHM_GET_VMCS, &argument))
		return 0;
	if (errno == EINTR)
		return -EINTR;
	return vhm_fail(errno, "cannot read the VMCS of vCPU %u (VHM_GET_VMCS: %s)", vcpu,
			look_advice(errno));
}

static int explain_into(int fd, uint32_t vcpu, uint32_t flags, struct vhm_explain *explain,
			char *room, uint32_t size)
{
	memset(explain, 0, sizeof(*explain));
	explain->flags = flags;
	explain->vcpu = vcpu;
	explain->text = (uintptr_t)room;
	explain->text_size = size;
	if (!ioctl(fd, VHM_EXPLAIN, explain))
		return 0;
	return vhm_fail(errno, "no explanation (VHM_EXPLAIN: %s)",
			errno == ENODATA ? "no entry has failed" :
			errno == EBUSY ? "the vCPU is running" : look_advice(errno));
}

/**
 * vhm_explain() - why an entry failed, or would
 * @fd: an observer or a vCPU
 * @vcpu: an observer's vCPU by its id; 0 for a vCPU
 * @flags: 0: the last entry that failed; VHM_EXPLAIN_NOW: the VMCS as it is
 * @explain: filled in: the broken rules
 * @text: out: the explanation in words, to be given to free()
 *
 * Return: 0, or a negative errno: -ENODATA when no entry has failed, -EBUSY while the vCPU runs,
 * -ENODEV when the machine has ended.
 */
int vhm_explain(int fd, uint32_t vcpu, uint32_t flags, struct vhm_explain *explain, char **text)
{
	uint32_t size, wanted = TEXT_FIRST;
	char *room;
	int error;

	do {
		size = wanted;
		room = calloc(1, size);
		if (!room)
			return vhm_fail(ENOMEM, "no memory for the explanation");
		error = explain_into(fd, vcpu, flags, explain, room, size);
		wanted = explain->text_size;
		if (!error && (wanted <= size || wanted > TEXT_MOST)) {
			room[size - 1] = '\0';
			*text = room;
			return 0;
		}
		free(room);
	} while (!error);
	return error;
}

static const char *inject_advice(int error)
{
	switch (error) {
	case EPERM:
		return "the module was loaded without unsafe_injection=1";
	case ENXIO:
		return "this CPU does not have it";
	case ENOSPC:
		return "too many fields";
	case EINVAL:
		/* That is also KVM's answer to a call that it does not know. */
		return "only /dev/vhm can, and not what only the CPU writes";
	default:
		return strerror(error);
	}
}

/**
 * vhm_vcpu_inject() - break a field of the VMCS before the next entry
 * @vcpu: the vCPU
 * @encoding: which field
 * @value: what it shall hold
 *
 * Return: 0, or a negative errno: -EPERM when the module was loaded without unsafe_injection=1,
 * -ENXIO for a field that this CPU lacks, -EINVAL for one that only the CPU writes, -ENOSPC for
 * one more than VHM_MAX_INJECTIONS.
 */
int vhm_vcpu_inject(const struct vhm_vcpu *vcpu, uint32_t encoding, uint64_t value)
{
	struct vhm_inject_field argument = { .encoding = encoding, .value = value };

	if (ioctl(vcpu->fd, VHM_INJECT_FIELD, &argument))
		return vhm_fail(errno, "VMCS field 0x%04x cannot be broken (VHM_INJECT_FIELD: %s)",
				encoding, inject_advice(errno));
	return 0;
}

/**
 * vhm_get_control() - one VMX control: what this CPU allows, what vhm chose
 * @device: an open device
 * @index: counted from 0
 * @control: filled in
 *
 * Return: 0; -ENOENT behind the last one (not a failure: no sentence); another negative errno:
 * only /dev/vhm can.
 */
int vhm_get_control(const struct vhm_device *device, uint32_t index, struct vhm_control *control)
{
	memset(control, 0, sizeof(*control));
	control->index = index;
	if (!ioctl(device->fd, VHM_GET_CONTROL, control))
		return 0;
	if (errno == ENOENT)
		return -ENOENT;
	return vhm_fail(errno,
			"%s does not tell its VMX controls (VHM_GET_CONTROL: %s); only /dev/vhm can",
			device->path, strerror(errno));
}

/**
 * vhm_capability_msrs() - what the CPU says of its VMX
 * @device: an open device
 * @msrs: filled in
 *
 * Return: 0, or a negative errno: only /dev/vhm can.
 */
int vhm_capability_msrs(const struct vhm_device *device, struct vhm_capability_msrs *msrs)
{
	memset(msrs, 0, sizeof(*msrs));
	if (ioctl(device->fd, VHM_GET_CAPABILITY_MSRS, msrs))
		return vhm_fail(errno,
				"%s does not tell the VMX capability MSRs (VHM_GET_CAPABILITY_MSRS: %s); only /dev/vhm can",
				device->path, strerror(errno));
	return 0;
}
