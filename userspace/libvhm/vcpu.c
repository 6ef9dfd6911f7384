// SPDX-License-Identifier: GPL-2.0
/* A vCPU: run it, read and write its state. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libvhm.h"
#include "internal.h"

static int call(const struct vhm_vcpu *vcpu, unsigned long request,
		uintptr_t argument, const char *name)
{
	if (ioctl(vcpu->fd, request, argument) < 0)
		return vhm_fail(errno, "the vCPU's %s failed: %s", name,
				strerror(errno));
	return 0;
}

#define CALL(vcpu, request, argument)	\
	call(vcpu, request, (uintptr_t)(argument), #request)

/**
 * vhm_vcpu_create() - create a vCPU and map its run page
 * @vm: the machine
 * @id: its number, from 0
 * @vcpu: filled in on success; registers are as after a reset
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_create(const struct vhm_vm *vm, unsigned long id,
		    struct vhm_vcpu *vcpu)
{
	void *page;
	int error;

	vcpu->run_size = vm->device->run_size;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		return vhm_fail(errno, "%s cannot create vCPU %lu: %s",
				vm->device->path, id, strerror(errno));

	page = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    vcpu->fd, 0);
	if (page == MAP_FAILED) {
		error = vhm_fail(errno, "cannot map the run page of vCPU %lu: %s",
				 id, strerror(errno));
		close(vcpu->fd);
		return error;
	}
	vcpu->run = page;
	return 0;
}

/**
 * vhm_vcpu_close() - unmap the run page and close the vCPU
 * @vcpu: a vCPU that nobody runs
 */
void vhm_vcpu_close(struct vhm_vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->run_size);
	close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = -1;
}

/**
 * vhm_vcpu_run() - run the guest until it needs us
 * @vcpu: the vCPU
 *
 * Return: 0 when vcpu->run->exit_reason says why it came back; -EINTR when a
 * signal or immediate_exit brought it back, -EAGAIN when another vCPU has
 * woken one that waited to be started (no failures: no sentence, run it again);
 * another negative errno on failure.
 */
int vhm_vcpu_run(const struct vhm_vcpu *vcpu)
{
	if (!ioctl(vcpu->fd, KVM_RUN, 0))
		return 0;
	if (errno == EINTR || errno == EAGAIN)
		return -errno;
	return vhm_fail(errno, "the guest cannot run (KVM_RUN: %s)",
			strerror(errno));
}

/**
 * vhm_vcpu_get_regs() - read the general registers, RIP and RFLAGS
 * @vcpu: the vCPU
 * @regs: filled in
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_get_regs(const struct vhm_vcpu *vcpu, struct kvm_regs *regs)
{
	return CALL(vcpu, KVM_GET_REGS, regs);
}

/**
 * vhm_vcpu_set_regs() - write the general registers, RIP and RFLAGS
 * @vcpu: the vCPU
 * @regs: all of them
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_set_regs(const struct vhm_vcpu *vcpu, const struct kvm_regs *regs)
{
	return CALL(vcpu, KVM_SET_REGS, regs);
}

/**
 * vhm_vcpu_get_sregs() - read segments, control registers, EFER and APIC base
 * @vcpu: the vCPU
 * @sregs: filled in
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_get_sregs(const struct vhm_vcpu *vcpu, struct kvm_sregs *sregs)
{
	return CALL(vcpu, KVM_GET_SREGS, sregs);
}

/**
 * vhm_vcpu_set_sregs() - write segments, control registers, EFER and APIC base
 * @vcpu: the vCPU
 * @sregs: all of them
 *
 * Return: 0, or a negative errno (-EINVAL for what a CPU could not be in).
 */
int vhm_vcpu_set_sregs(const struct vhm_vcpu *vcpu,
		       const struct kvm_sregs *sregs)
{
	return CALL(vcpu, KVM_SET_SREGS, sregs);
}

/**
 * vhm_vcpu_set_cpuid() - say what CPUID tells the guest
 * @vcpu: a vCPU that has not run yet
 * @cpuid: the table
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_set_cpuid(const struct vhm_vcpu *vcpu,
		       const struct kvm_cpuid2 *cpuid)
{
	return CALL(vcpu, KVM_SET_CPUID2, cpuid);
}

/* Room for the one entry that we read or write at a time. */
union one_msr {
	struct kvm_msrs msrs;
	char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

static int move_msr(const struct vhm_vcpu *vcpu, unsigned long request,
		    union one_msr *one, uint32_t index)
{
	int done;

	one->msrs.nmsrs = 1;
	one->msrs.entries[0].index = index;
	done = ioctl(vcpu->fd, request, one);
	if (done == 1)
		return 0;
	return vhm_fail(done < 0 ? errno : EINVAL,
			"the vCPU's MSR 0x%x cannot be %s", index,
			request == KVM_GET_MSRS ? "read" : "written");
}

/**
 * vhm_vcpu_get_msr() - read a model-specific register of the guest
 * @vcpu: the vCPU
 * @index: its number
 * @value: filled in
 *
 * Return: 0, or a negative errno (-EINVAL if the guest has no such MSR).
 */
int vhm_vcpu_get_msr(const struct vhm_vcpu *vcpu, uint32_t index,
		     uint64_t *value)
{
	union one_msr one = { 0 };
	int error = move_msr(vcpu, KVM_GET_MSRS, &one, index);

	if (!error)
		*value = one.msrs.entries[0].data;
	return error;
}

/**
 * vhm_vcpu_set_msr() - write a model-specific register of the guest
 * @vcpu: the vCPU
 * @index: its number
 * @value: what to write
 *
 * Return: 0, or a negative errno (-EINVAL if the guest has no such MSR, or
 * not with this value).
 */
int vhm_vcpu_set_msr(const struct vhm_vcpu *vcpu, uint32_t index,
		     uint64_t value)
{
	union one_msr one = { 0 };

	one.msrs.entries[0].data = value;
	return move_msr(vcpu, KVM_SET_MSRS, &one, index);
}

/**
 * vhm_vcpu_interrupt() - hand the guest an external interrupt
 * @vcpu: a vCPU whose run page says ready_for_interrupt_injection, of a
 *	machine whose 8259 is not in the kernel
 * @vector: 0 to 255
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_interrupt(const struct vhm_vcpu *vcpu, unsigned int vector)
{
	struct kvm_interrupt interrupt = { .irq = vector };

	return CALL(vcpu, KVM_INTERRUPT, &interrupt);
}

/**
 * vhm_vcpu_tsc_khz() - how fast the guest's time-stamp counter counts
 * @vcpu: the vCPU
 *
 * Return: kHz, or a negative errno if the device does not tell.
 */
int vhm_vcpu_tsc_khz(const struct vhm_vcpu *vcpu)
{
	int khz = ioctl(vcpu->fd, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? khz : -EOPNOTSUPP;
}

static void flatten(struct kvm_segment *segment, uint16_t selector)
{
	segment->selector = selector;
	segment->base = (uint64_t)selector << 4;
	segment->limit = 0xffff;
}

/**
 * vhm_vcpu_start_at() - set a fresh vCPU to a real-mode address
 * @vcpu: a vCPU that has not run yet
 * @segment: for CS; the other segments become 0
 * @offset: for IP
 *
 * The general registers become 0, RFLAGS 2: interrupts are off.
 *
 * Return: 0, or a negative errno.
 */
int vhm_vcpu_start_at(const struct vhm_vcpu *vcpu, uint16_t segment,
		      uint16_t offset)
{
	struct kvm_regs regs = { .rip = offset, .rflags = 2 };
	struct kvm_sregs sregs;
	int error;

	error = vhm_vcpu_get_sregs(vcpu, &sregs);
	if (error)
		return error;
	flatten(&sregs.cs, segment);
	flatten(&sregs.ds, 0);
	flatten(&sregs.es, 0);
	flatten(&sregs.fs, 0);
	flatten(&sregs.gs, 0);
	flatten(&sregs.ss, 0);
	error = vhm_vcpu_set_sregs(vcpu, &sregs);
	return error ? error : vhm_vcpu_set_regs(vcpu, &regs);
}

/**
 * vhm_vcpu_io_data() - where the data of a KVM_EXIT_IO is
 * @vcpu: the vCPU that has just exited with it
 *
 * Return: io.count items of io.size bytes each.
 */
void *vhm_vcpu_io_data(const struct vhm_vcpu *vcpu)
{
	return (char *)vcpu->run + vcpu->run->io.data_offset;
}

static void dump_segment(FILE *out, const char *name,
			 const struct kvm_segment *segment)
{
	fprintf(out, "%-4s %04x base %016llx limit %08x type %x s %u dpl %u p %u l %u db %u g %u\n",
		name, segment->selector, (unsigned long long)segment->base,
		segment->limit, segment->type, segment->s, segment->dpl,
		segment->present, segment->l, segment->db, segment->g);
}

static void dump_sregs(FILE *out, const struct kvm_sregs *sregs)
{
	dump_segment(out, "cs", &sregs->cs);
	dump_segment(out, "ds", &sregs->ds);
	dump_segment(out, "es", &sregs->es);
	dump_segment(out, "fs", &sregs->fs);
	dump_segment(out, "gs", &sregs->gs);
	dump_segment(out, "ss", &sregs->ss);
	dump_segment(out, "tr", &sregs->tr);
	dump_segment(out, "ldt", &sregs->ldt);
	fprintf(out, "gdt  base %016llx limit %04x\nidt  base %016llx limit %04x\n",
		(unsigned long long)sregs->gdt.base, sregs->gdt.limit,
		(unsigned long long)sregs->idt.base, sregs->idt.limit);
	fprintf(out, "cr0 %llx cr2 %llx cr3 %llx cr4 %llx cr8 %llx efer %llx\n",
		(unsigned long long)sregs->cr0, (unsigned long long)sregs->cr2,
		(unsigned long long)sregs->cr3, (unsigned long long)sregs->cr4,
		(unsigned long long)sregs->cr8,
		(unsigned long long)sregs->efer);
}

/**
 * vhm_vcpu_dump() - print the registers
 * @vcpu: the vCPU
 * @out: where to
 */
void vhm_vcpu_dump(const struct vhm_vcpu *vcpu, FILE *out)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	size_t i;

	if (vhm_vcpu_get_regs(vcpu, &regs) ||
	    vhm_vcpu_get_sregs(vcpu, &sregs)) {
		fprintf(out, "(%s)\n", vhm_error());
		return;
	}

	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "rax", regs.rax }, { "rbx", regs.rbx }, { "rcx", regs.rcx },
		{ "rdx", regs.rdx }, { "rsi", regs.rsi }, { "rdi", regs.rdi },
		{ "rsp", regs.rsp }, { "rbp", regs.rbp }, { "r8", regs.r8 },
		{ "r9", regs.r9 }, { "r10", regs.r10 }, { "r11", regs.r11 },
		{ "r12", regs.r12 }, { "r13", regs.r13 }, { "r14", regs.r14 },
		{ "r15", regs.r15 }, { "rip", regs.rip },
		{ "rflags", regs.rflags },
	};

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(out, "%-6s %016llx%s", rows[i].name,
			(unsigned long long)rows[i].value,
			i % 3 == 2 ? "\n" : "  ");
	dump_sregs(out, &sregs);
}

static const char *const exit_names[] = {
	[KVM_EXIT_UNKNOWN] = "UNKNOWN",
	[KVM_EXIT_EXCEPTION] = "EXCEPTION",
	[KVM_EXIT_IO] = "IO",
	[KVM_EXIT_HYPERCALL] = "HYPERCALL",
	[KVM_EXIT_DEBUG] = "DEBUG",
	[KVM_EXIT_HLT] = "HLT",
	[KVM_EXIT_MMIO] = "MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "IRQ_WINDOW_OPEN",
	[KVM_EXIT_SHUTDOWN] = "SHUTDOWN",
	[KVM_EXIT_FAIL_ENTRY] = "FAIL_ENTRY",
	[KVM_EXIT_INTR] = "INTR",
	[KVM_EXIT_SET_TPR] = "SET_TPR",
	[KVM_EXIT_TPR_ACCESS] = "TPR_ACCESS",
	[KVM_EXIT_NMI] = "NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "INTERNAL_ERROR",
	[KVM_EXIT_SYSTEM_EVENT] = "SYSTEM_EVENT",
	[KVM_EXIT_IOAPIC_EOI] = "IOAPIC_EOI",
	[KVM_EXIT_X86_RDMSR] = "X86_RDMSR",
	[KVM_EXIT_X86_WRMSR] = "X86_WRMSR",
	[KVM_EXIT_X86_BUS_LOCK] = "X86_BUS_LOCK",
};

/**
 * vhm_exit_name() - name an exit to user space
 * @exit_reason: from the run page
 *
 * Return: the name in <linux/kvm.h> without its KVM_EXIT_.
 */
const char *vhm_exit_name(uint32_t exit_reason)
{
	if (exit_reason < ARRAY_SIZE(exit_names) && exit_names[exit_reason])
		return exit_names[exit_reason];
	return "?";
}
