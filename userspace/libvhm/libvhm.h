/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libvhm - thin C over the calls of <linux/kvm.h> and <linux/vhm.h>.
 *
 * The launcher, the tests and a student's first program share it. It opens a
 * device that speaks the KVM API (/dev/vhm or /dev/kvm), creates a virtual
 * machine and its vCPUs, and says in a sentence what went wrong.
 *
 * Every function that returns int returns 0 (or a count) on success and a
 * negative errno on failure; vhm_error() then has the sentence. Nothing is
 * hidden: the fds and the run page are there for calls of your own.
 */
#ifndef LIBVHM_H
#define LIBVHM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/kvm.h>
#include <linux/vhm.h>

/* A device node that speaks the KVM API. */
struct vhm_device {
	int fd;
	size_t run_size;		/* bytes of a vCPU's run page */
	char path[64];
};

struct vhm_vm {
	int fd;
	const struct vhm_device *device;
};

struct vhm_vcpu {
	int fd;
	size_t run_size;
	struct kvm_run *run;		/* shared with the kernel */
};

/* A capability that a program cannot do without, for vhm_require(). */
struct vhm_need {
	int capability;
	const char *name;		/* as in <linux/kvm.h> */
	const char *what_for;		/* "so that ..." */
};

/* One counter of KVM_GET_STATS_FD. */
struct vhm_counter {
	char name[64];
	uint32_t flags;			/* KVM_STATS_TYPE_* | _UNIT_* | _BASE_* */
	int16_t exponent;
	uint64_t value;			/* of the first element */
};

/* error.c */
const char *vhm_error(void);

/* device.c */
int vhm_open(struct vhm_device *device, const char *path);
void vhm_close(struct vhm_device *device);
int vhm_check_extension(const struct vhm_device *device, int capability);
int vhm_require(const struct vhm_device *device, const struct vhm_need *needs,
		size_t count);
struct kvm_cpuid2 *vhm_supported_cpuid(const struct vhm_device *device,
				       unsigned int spare);

/* vm.c */
int vhm_vm_create(const struct vhm_device *device, struct vhm_vm *vm);
void vhm_vm_close(struct vhm_vm *vm);
int vhm_vm_map(const struct vhm_vm *vm, uint32_t slot, uint64_t guest,
	       void *host, uint64_t size);
void *vhm_memory_alloc(size_t size);
void vhm_memory_free(void *memory, size_t size);

/* irqchip.c */
int vhm_vm_split_irqchip(const struct vhm_vm *vm, unsigned int pins);
int vhm_vm_full_irqchip(const struct vhm_vm *vm);
int vhm_vm_set_routes(const struct vhm_vm *vm, const struct kvm_irq_routing_entry *entries,
		      uint32_t count);
int vhm_vm_set_line(const struct vhm_vm *vm, uint32_t gsi, int level);
int vhm_vm_signal_msi(const struct vhm_vm *vm, uint32_t address, uint32_t data);

/* vcpu.c */
int vhm_vcpu_create(const struct vhm_vm *vm, unsigned long id,
		    struct vhm_vcpu *vcpu);
void vhm_vcpu_close(struct vhm_vcpu *vcpu);
int vhm_vcpu_run(const struct vhm_vcpu *vcpu);
int vhm_vcpu_get_regs(const struct vhm_vcpu *vcpu, struct kvm_regs *regs);
int vhm_vcpu_set_regs(const struct vhm_vcpu *vcpu, const struct kvm_regs *regs);
int vhm_vcpu_get_sregs(const struct vhm_vcpu *vcpu, struct kvm_sregs *sregs);
int vhm_vcpu_set_sregs(const struct vhm_vcpu *vcpu,
		       const struct kvm_sregs *sregs);
int vhm_vcpu_set_cpuid(const struct vhm_vcpu *vcpu,
		       const struct kvm_cpuid2 *cpuid);
int vhm_vcpu_get_msr(const struct vhm_vcpu *vcpu, uint32_t index,
		     uint64_t *value);
int vhm_vcpu_set_msr(const struct vhm_vcpu *vcpu, uint32_t index,
		     uint64_t value);
int vhm_vcpu_interrupt(const struct vhm_vcpu *vcpu, unsigned int vector);
int vhm_vcpu_tsc_khz(const struct vhm_vcpu *vcpu);
int vhm_vcpu_start_at(const struct vhm_vcpu *vcpu, uint16_t segment,
		      uint16_t offset);
void *vhm_vcpu_io_data(const struct vhm_vcpu *vcpu);
void vhm_vcpu_dump(const struct vhm_vcpu *vcpu, FILE *out);
const char *vhm_exit_name(uint32_t exit_reason);

/* stats.c */
int vhm_counters(int fd, struct vhm_counter **counters, size_t *count);
int vhm_vcpu_time_exits(const struct vhm_vcpu *vcpu, int on);
int vhm_vcpu_exit_stats(const struct vhm_vcpu *vcpu,
			struct vhm_exit_stats *stats);
const char *vhm_exit_reason_name(unsigned int reason);

/*
 * vmcs.c: what only /dev/vhm can. The library also has the module's own code that names the fields
 * of a VMCS and puts their values into words: include module/vmx/fields.h.
 */
int vhm_vm_observer(const struct vhm_vm *vm);
int vhm_observe(int fd, struct vhm_observe *machine);
int vhm_get_vmcs(int fd, uint32_t vcpu, uint32_t flags, struct vhm_vmcs *dumps, uint32_t count);
int vhm_explain(int fd, uint32_t vcpu, uint32_t flags, struct vhm_explain *explain, char **text);
int vhm_vcpu_inject(const struct vhm_vcpu *vcpu, uint32_t encoding, uint64_t value);
int vhm_get_control(const struct vhm_device *device, uint32_t index, struct vhm_control *control);
int vhm_capability_msrs(const struct vhm_device *device, struct vhm_capability_msrs *msrs);

#endif /* LIBVHM_H */
