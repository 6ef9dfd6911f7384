// SPDX-License-Identifier: GPL-2.0
/* A first hypervisor: a real-mode guest that prints through a port. */
#include <string.h>
#include "../libvhm/libvhm.h"

/*
 *	mov $text, %si; mov $0x3f8, %dx; mov $14, %cx
 *	rep outsb %ds:(%si), (%dx); hlt; text: .ascii "Hello, world!\n"
 */
static const char guest[] = "\xbe\x0c\x10\xba\xf8\x03\xb9\x0e\x00\xf3\x6e\xf4"
			    "Hello, world!\n";

int main(int argc, char **argv)
{
	struct vhm_device device;
	struct vhm_vcpu vcpu;
	struct vhm_vm vm;
	char *memory = vhm_memory_alloc(0x10000);

	if (!memory || vhm_open(&device, argc > 1 ? argv[1] : "/dev/vhm") ||
	    vhm_vm_create(&device, &vm) ||
	    vhm_vm_map(&vm, 0, 0, memory, 0x10000) ||
	    vhm_vcpu_create(&vm, 0, &vcpu) ||
	    vhm_vcpu_start_at(&vcpu, 0, 0x1000))
		goto fail;
	memcpy(memory + 0x1000, guest, sizeof(guest));

	while (!vhm_vcpu_run(&vcpu)) {
		if (vcpu.run->exit_reason == KVM_EXIT_HLT)
			return 0;
		if (vcpu.run->exit_reason == KVM_EXIT_IO)
			fwrite(vhm_vcpu_io_data(&vcpu), vcpu.run->io.size,
			       vcpu.run->io.count, stdout);
	}
fail:
	fprintf(stderr, "hello: %s\n", vhm_error());
	return 1;
}
