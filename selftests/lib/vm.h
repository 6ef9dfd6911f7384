/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every suite needs: a machine of one memory slot, its vCPUs, and guests
 * in any of the processor's modes. Raw ioctls on KVM's ABI; the device node is
 * named by the environment variable VHM_DEVICE.
 *
 * A helper that cannot do its work says why and ends the process: a test that
 * expects a call to fail makes that call itself.
 */
#ifndef SELFTESTS_LIB_VM_H
#define SELFTESTS_LIB_VM_H

#include <errno.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Guest-physical layout. Programs are linked below VM_MEMORY, at 0x400000. */
#define VM_PML4		0x01000u
#define VM_PDPT		0x02000u
#define VM_PD		0x03000u
#define VM_PT		0x04000u
#define VM_GDT		0x05000u
#define VM_IDT		0x06000u
#define VM_TSS		0x07000u
#define VM_CODE16	0x08000u	/* where real-mode code is copied */
#define VM_PAE_PDPT	0x0a000u
#define VM_PAE_PD	0x0b000u
#define VM_DATA		0x0c000u	/* 16 KiB for the test's own use */
#define VM_STACK0	0x18000u	/* top of vCPU 0's; the next one's is higher */
#define VM_STACK_SIZE	0x08000u
#define VM_IST1		0x60000u	/* top of the stack of gates with IST 1 */
#define VM_PAGES	0x200000u	/* 2 MiB mapped by the 4 KiB entries at VM_PT */
#define VM_MEMORY	0x800000u	/* size of slot 0, which starts at 0 */
#define VM_HOLE		0x10000000u	/* mapped by the guest, backed by no slot */

/* Selectors of the GDT that vm_init() writes. */
#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18
#define SEL_CODE16	0x20
#define SEL_DATA16	0x28
#define SEL_USER_DATA	0x33
#define SEL_USER_CODE64	0x3b
#define SEL_TSS		0x40

#define PTE_P		0x001ull
#define PTE_W		0x002ull
#define PTE_U		0x004ull
#define PTE_PS		0x080ull

#ifndef X86_CR0_PE
#define X86_CR0_PE	0x00000001ull
#define X86_CR0_MP	0x00000002ull
#define X86_CR0_EM	0x00000004ull
#define X86_CR0_TS	0x00000008ull
#define X86_CR0_ET	0x00000010ull
#define X86_CR0_NE	0x00000020ull
#define X86_CR0_WP	0x00010000ull
#define X86_CR0_AM	0x00040000ull
#define X86_CR0_NW	0x20000000ull
#define X86_CR0_CD	0x40000000ull
#define X86_CR0_PG	0x80000000ull
#define X86_CR4_DE	0x00000008ull
#define X86_CR4_PAE	0x00000020ull
#define X86_CR4_PGE	0x00000080ull
#define X86_CR4_OSFXSR	0x00000200ull
#define X86_CR4_OSXMM	0x00000400ull
#define X86_CR4_VMXE	0x00002000ull
#define X86_CR4_FSGSBASE 0x00010000ull
#define X86_CR4_OSXSAVE	0x00040000ull
#endif
#define EFER_SCE	0x001ull
#define EFER_LME	0x100ull
#define EFER_LMA	0x400ull
#define EFER_NX		0x800ull

/**
 * struct vm - one machine
 * @dev: the system fd
 * @fd: the VM fd
 * @mem: slot 0 as this process sees it
 * @size: bytes of slot 0
 * @run_size: bytes of a vCPU's mapping
 */
struct vm {
	int dev;
	int fd;
	uint8_t *mem;
	size_t size;
	size_t run_size;
};

/**
 * struct vcpu - one processor of a machine
 * @vm: the machine
 * @id: its number
 * @fd: the vCPU fd
 * @run: the run page
 */
struct vcpu {
	struct vm *vm;
	unsigned int id;
	int fd;
	struct kvm_run *run;
};

/* What the guest told; see guest.h. */
enum guest_word {
	GUEST_OTHER_EXIT,	/* no report: look at the run page */
	GUEST_IS_SYNC,
	GUEST_IS_DONE,
	GUEST_HAS_FAILED,
	GUEST_NOT_RUN,		/* KVM_RUN failed: look at errno */
};

struct guest_report {
	uint32_t word;
	uint32_t line;
	const char *file;
	const char *what;
	uint64_t value[4];
};

/* A variable of the guest's copy of this program. */
#define GUEST_VAR(vm, var) \
	(*(volatile __typeof__(var) *)((vm)->mem + (uintptr_t)&(var)))

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
const char *vm_device(void);
bool vm_is_kvm(void);
long compat_ioctl(int fd, unsigned long number, void *arg);
int vm_open_device(void);
int xioctl(int fd, unsigned long call, const char *name, void *arg);
#define VM_IOCTL(fd, call, arg)	xioctl(fd, call, #call, (void *)(uintptr_t)(arg))

void vm_init_bare(struct vm *vm);
void vm_init(struct vm *vm, size_t size);
void vm_close(struct vm *vm);
void *vm_add_slot(struct vm *vm, unsigned int slot, uint64_t gpa, size_t size);
int vm_set_slot(struct vm *vm, unsigned int slot, uint32_t flags, uint64_t gpa,
		size_t size, void *host);
int vm_route_msi(struct vm *vm, uint32_t gsi, uint32_t address, uint32_t data);
void vm_copy(struct vm *vm, uint64_t gpa, const void *from, const void *end);

void vcpu_init_bare(struct vm *vm, struct vcpu *cpu, unsigned int id);
void vcpu_init(struct vm *vm, struct vcpu *cpu, unsigned int id);
void vcpu_close(struct vcpu *cpu);
int vcpu_run(struct vcpu *cpu);
enum guest_word vcpu_run_guest(struct vcpu *cpu, struct guest_report *report);
enum guest_word vcpu_go(struct vcpu *cpu);
uint64_t vcpu_get_msr(struct vcpu *cpu, uint32_t index);
void vcpu_set_msr(struct vcpu *cpu, uint32_t index, uint64_t value);
void *vcpu_io_data(struct vcpu *cpu);
struct kvm_vcpu_events vcpu_events(struct vcpu *cpu);
struct kvm_cpuid2 *vm_supported_cpuid(int dev);
struct kvm_cpuid_entry2 *cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t leaf, uint32_t sub);
bool vm_has_cpuid(int dev, uint32_t leaf, unsigned int reg, unsigned int bit);

void vm_write_tables(struct vm *vm);
uint64_t *vm_pte(struct vm *vm, uint64_t va);
void vcpu_set_real(struct vcpu *cpu, uint16_t cs, uint16_t ip);
void vcpu_set_flat32(struct vcpu *cpu, const void *eip);
void vcpu_set_pae(struct vcpu *cpu, const void *eip);
void vcpu_set_long(struct vcpu *cpu, void (*entry)(void));
void vcpu_set_entry(struct vcpu *cpu, void (*entry)(void));

static inline struct kvm_regs vcpu_regs(struct vcpu *cpu)
{
	struct kvm_regs regs;

	VM_IOCTL(cpu->fd, KVM_GET_REGS, &regs);
	return regs;
}

static inline struct kvm_sregs vcpu_sregs(struct vcpu *cpu)
{
	struct kvm_sregs sregs;

	VM_IOCTL(cpu->fd, KVM_GET_SREGS, &sregs);
	return sregs;
}

/* In a test of kselftest_harness.h: a call that fails with this errno. */
#define EXPECT_ERROR(wanted, call)		\
	do {					\
		errno = 0;			\
		EXPECT_EQ(-1, call);		\
		EXPECT_EQ(wanted, errno);	\
	} while (0)

#endif
