// SPDX-License-Identifier: GPL-2.0
/* A virtual machine and its memory. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libvhm.h"
#include "internal.h"

/* Huge pages can back guest memory only where both sides are aligned to one. */
#define HUGE_PAGE	((size_t)2 << 20)

/* With EPT and unrestricted guest neither address is used; without, both are. */
#define TSS_ADDRESS		0xfffbd000UL
#define IDENTITY_MAP_ADDRESS	0xfffbc000ULL

/**
 * vhm_vm_create() - create a virtual machine
 * @device: an open device; must outlive @vm
 * @vm: filled in on success
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_create(const struct vhm_device *device, struct vhm_vm *vm)
{
	uint64_t identity = IDENTITY_MAP_ADDRESS;
	int error;

	vm->device = device;
	vm->fd = ioctl(device->fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return vhm_fail(errno, "%s cannot create a machine: %s",
				device->path, strerror(errno));

	if ((vhm_check_extension(device, KVM_CAP_SET_IDENTITY_MAP_ADDR) &&
	     ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity)) ||
	    (vhm_check_extension(device, KVM_CAP_SET_TSS_ADDR) &&
	     ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDRESS))) {
		error = vhm_fail(errno, "%s cannot prepare real mode: %s",
				 device->path, strerror(errno));
		vhm_vm_close(vm);
		return error;
	}
	return 0;
}

/**
 * vhm_vm_close() - close a machine's fd
 * @vm: a machine; it lives on while one of its vCPUs is open
 */
void vhm_vm_close(struct vhm_vm *vm)
{
	close(vm->fd);
	vm->fd = -1;
}

/**
 * vhm_vm_map() - put memory of ours at a guest-physical address
 * @vm: the machine
 * @slot: a number of the caller's choice, one for each piece
 * @guest: guest-physical address, a multiple of the page size
 * @host: the memory, aligned to the page size
 * @size: bytes, a multiple of the page size; 0 takes the slot away
 *
 * Return: 0, or a negative errno.
 */
int vhm_vm_map(const struct vhm_vm *vm, uint32_t slot, uint64_t guest,
	       void *host, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = guest,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return vhm_fail(errno,
				"%s refuses %llu bytes of guest memory at 0x%llx (slot %u): %s",
				vm->device->path, (unsigned long long)size,
				(unsigned long long)guest, slot,
				strerror(errno));
	return 0;
}

/**
 * vhm_memory_alloc() - memory for a guest, aligned so that huge pages can back it
 * @size: bytes, a multiple of the page size
 *
 * No page is there until someone touches it.
 *
 * Return: the memory, all zero, for vhm_memory_free(); NULL if there is none.
 */
void *vhm_memory_alloc(size_t size)
{
	size_t reserve = size + HUGE_PAGE;
	size_t before, after;
	char *start;

	if (reserve < size) {
		vhm_fail(ENOMEM, "%zu bytes of guest memory are more than a process has",
			 size);
		return NULL;
	}
	start = mmap(NULL, reserve, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED) {
		vhm_fail(errno, "cannot have %zu bytes of guest memory: %s; ask for less",
			 size, strerror(errno));
		return NULL;
	}

	before = -(uintptr_t)start & (HUGE_PAGE - 1);
	after = HUGE_PAGE - before;
	if (before)
		munmap(start, before);
	munmap(start + before + size, after);
	return start + before;
}

/**
 * vhm_memory_free() - give guest memory back
 * @memory: from vhm_memory_alloc()
 * @size: as it was asked for
 */
void vhm_memory_free(void *memory, size_t size)
{
	munmap(memory, size);
}
