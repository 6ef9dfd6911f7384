// SPDX-License-Identifier: GPL-2.0
/* A first hypervisor: a real-mode guest that prints through a port. */
#include <string.h>
#include "../libvhm/libvhm.h"

static const char guest[] =
	"\xbe\x0c\x10"		/* 1000: mov $0x100c, %si */
	"\xba\xf8\x03"		/* 1003: mov $0x3f8, %dx */
	"\xb9\x0e\x00"		/* 1006: mov $14, %cx */
	"\xf3\x6e"		/* 1009: rep outsb */
	"\xf4"			/* 100b: hlt */
	"Hello, world!\n";	/* 100c */

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
		if (vcpu.run->exit_reason != KVM_EXIT_IO)
			return vcpu.run->exit_reason != KVM_EXIT_HLT;
		fwrite(vhm_vcpu_io_data(&vcpu), vcpu.run->io.size,
		       vcpu.run->io.count, stdout);
	}
fail:
	fprintf(stderr, "hello: %s\n", vhm_error());
	return 1;
}
