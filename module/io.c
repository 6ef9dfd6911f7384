// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: every port is user space's, but for those of the devices that a VM has in the
 * kernel because its user space has asked for them (irqchip.c).
 *
 * IN and OUT go out from the inner loop. INS and OUTS touch guest memory, so
 * they are done outside it: OUTS reads as many elements as lie in one page and
 * hands them over in one exit; INS first sees that it may write them, asks for
 * as many, and writes them when they come.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor-flags.h>

#include "vhm.h"
#include "walk.h"

/* SDM, "Exit Qualification for I/O Instructions". */
#define IO_SIZE(q)	(((q) & 7) + 1)
#define IO_IN		BIT(3)
#define IO_STRING	BIT(4)
#define IO_REP		BIT(5)
#define IO_PORT(q)	((q) >> 16 & 0xffff)

/* SDM, "Format of the VM-Exit Instruction-Information Field as Used for INS and OUTS". */
#define INFO_ADDRESS_SIZE(i)	(2 << ((i) >> 7 & 3))
#define INFO_SEGMENT(i)		((i) >> 15 & 7)

static enum vhm_next ask_user(struct vhm_vcpu *v)
{
	struct kvm_run *run = v->run;
	struct vhm_pio *p = &v->pio;

	p->pending = true;
	v->stats.io_exits++;
	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = p->in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.size = p->size;
	run->io.port = p->port;
	run->io.count = p->count;
	run->io.data_offset = KVM_PIO_PAGE_OFFSET * PAGE_SIZE;
	return VHM_USER;
}

/* IN writes as much of RAX as any instruction of its size. */
static void load_rax(struct vhm_vcpu *v, u32 value)
{
	u64 *rax = &v->vmx.frame.regs[VHM_RAX];

	switch (v->pio.size) {
	case 1:
		*rax = (*rax & ~0xffULL) | (value & 0xff);
		break;
	case 2:
		*rax = (*rax & ~0xffffULL) | (value & 0xffff);
		break;
	default:
		*rax = value;
	}
}

/* A register's value as an access of some size makes it. */
static u32 access_value(const struct vhm_pio *p, u64 value)
{
	return value & (p->size == 4 ? U32_MAX : BIT(8 * p->size) - 1);
}

/* OUT to a doorbell or to a coalesced zone, where there are any. */
static noinline bool door_access(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;

	if (p->in || !vhm_doors_write(v, VHM_PORTS, p->port, p->size,
				      access_value(p, v->vmx.frame.regs[VHM_RAX])))
		return false;
	vmx_skip_bytes(v, p->rip, p->length);
	return true;
}

/* IN or OUT of a port that is a device's in the kernel, where there are such devices. */
static noinline bool device_access(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	u32 data = p->in ? 0 : v->vmx.frame.regs[VHM_RAX];

	if (!vhm_irqchip_port(v, p->port, p->size, &data, !p->in))
		return false;
	if (p->in)
		load_rax(v, data);
	vmx_skip_bytes(v, p->rip, p->length);
	return true;
}

/* The same of INS and OUTS: all elements at hand, or none. */
static bool device_string(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	u32 i, data;

	for (i = 0; i < p->count; i++) {
		void *element = v->pio_data + i * p->size;

		data = 0;
		if (!p->in)
			memcpy(&data, element, p->size);
		if (!vhm_irqchip_port(v, p->port, p->size, &data, !p->in))
			return false;
		if (p->in)
			memcpy(element, &data, p->size);
	}
	return true;
}

/* OUTS: the first element, which is at hand alone where there are doors. */
static bool door_string(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	u32 data = 0;

	if (p->in)
		return false;
	memcpy(&data, v->pio_data, p->size);
	return vhm_doors_write_slow(v, VHM_PORTS, p->port, p->size, data);
}

/**
 * vhm_io_exit() - an I/O instruction, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_USER; VHM_SLEEP for the string forms; what vhm_take_requests() says, or
 * VHM_RESUME, behind an access to a device in the kernel or to a doorbell.
 */
enum vhm_next vhm_io_exit(struct vhm_vcpu *v)
{
	u32 qualification = vmcs_readl(EXIT_QUALIFICATION);
	struct vhm_pio *p = &v->pio;

	p->in = qualification & IO_IN;
	p->string = qualification & IO_STRING;
	p->size = IO_SIZE(qualification);
	p->port = IO_PORT(qualification);
	p->count = 1;
	p->rip = vmx_rip();
	p->length = vmcs_read32(VM_EXIT_INSTRUCTION_LEN);
	if (unlikely(p->string)) {
		p->rep = qualification & IO_REP;
		return VHM_SLEEP;
	}
	if ((vhm_has_doors(v, VHM_PORTS) && door_access(v)) ||
	    (unlikely(v->lapic) && device_access(v)))
		return vhm_look_at_requests(v);
	if (!p->in)
		memcpy(v->pio_data, &v->vmx.frame.regs[VHM_RAX], sizeof(u32));
	return ask_user(v);
}

static u64 address_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0ULL : BIT_ULL(8 * bytes) - 1;
}

/* A register of which the address size makes a part count. */
static u64 get_register(struct vhm_vcpu *v, unsigned int index)
{
	return v->vmx.frame.regs[index] & address_mask(v->pio.address_size);
}

static void set_register(struct vhm_vcpu *v, unsigned int index, u64 value)
{
	u64 mask = address_mask(v->pio.address_size), *reg = &v->vmx.frame.regs[index];

	/* As for any 32-bit result in 64-bit mode, the upper half becomes 0. */
	if (v->pio.address_size == 4)
		*reg = value & mask;
	else
		*reg = (*reg & ~mask) | (value & mask);
}

static void finish(struct vhm_vcpu *v, bool last)
{
	vmx_load(&v->vmx);
	if (last)
		vmx_skip_bytes(v, v->pio.rip, v->pio.length);
	else
		vmx_end_iteration(v);
	vmx_put();
}

/* User space may have lowered the guest's count: no more is done than is still asked for. */
static void heed_count(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;

	if (p->rep)
		p->count = min_t(u64, p->count, get_register(v, VHM_RCX));
}

/* Behind an exit: move the index register, count down, and end when the count has. */
static void finish_string(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	unsigned int index = p->in ? VHM_RDI : VHM_RSI;
	u64 bytes = (u64)p->count * p->size, left = 0;

	set_register(v, index, get_register(v, index) + (p->backwards ? -bytes : bytes));
	if (p->rep) {
		left = get_register(v, VHM_RCX) - p->count;
		set_register(v, VHM_RCX, left);
	}
	finish(v, !left);
}

/*
 * How many elements go out at once: those in one page, up to where the index
 * wraps or the segment ends. One that crosses a page goes alone, and so does
 * each one of a descending string, or when each is a step.
 */
static u32 batch(const struct vhm_pio *p, u64 left)
{
	u64 room = min_t(u64, PAGE_SIZE - offset_in_page(p->linear), p->span) / p->size;

	if (!p->rep || p->backwards || p->steps || !room)
		return 1;
	return min(left, room);
}

/* Bytes from an offset to the end of its segment, or to where the offset wraps. */
static u64 span(struct vhm_vcpu *v, unsigned int segment, u64 offset)
{
	u64 last = address_mask(v->pio.address_size);
	struct kvm_segment s;

	if (vmx_code_bits(&v->vmx) != 64) {
		vmx_get_segment(segment, &s);
		last = min_t(u64, last, s.limit);
	}
	return offset <= last ? last - offset + 1 : 0;
}

/* What the exit tells of a string instruction; SDM has it in a field since VMX_BASIC bit 54. */
static unsigned int string_operand(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	unsigned int segment = p->in ? VMX_ES : VMX_DS;
	u64 rflags;
	u32 info;

	vmx_load(&v->vmx);
	info = vmcs_read32(VMX_INSTRUCTION_INFO);
	p->address_size = INFO_ADDRESS_SIZE(info);
	if (!p->in)
		segment = INFO_SEGMENT(info);
	rflags = vmx_rflags();
	p->backwards = rflags & X86_EFLAGS_DF;
	p->steps = rflags & X86_EFLAGS_TF;
	p->span = span(v, segment, get_register(v, p->in ? VHM_RDI : VHM_RSI));
	vmx_put();
	return segment;
}

static enum vhm_next failed(struct vhm_vcpu *v, int err)
{
	if (err == 1)
		return VHM_RESUME;	/* an exception is queued */
	return err == -EIO ? VHM_FAULT : vhm_emulation_failed(v, NULL, 0);
}

static enum vhm_next complete_string(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	int err = 0;

	heed_count(v);
	if (p->in)
		err = vhm_guest_copy(v, p->linear, v->pio_data, p->count * p->size,
				     VHM_ACCESS_WRITE);
	if (err)
		return failed(v, err);
	finish_string(v);
	return VHM_RESUME;
}

/**
 * vhm_io_exit_sleepable() - INS or OUTS
 * @v: the vCPU, behind vhm_io_exit()
 *
 * Return: VHM_USER; VHM_RESUME: nothing to do, or an exception is queued.
 */
enum vhm_next vhm_io_exit_sleepable(struct vhm_vcpu *v)
{
	unsigned int segment;
	struct vhm_pio *p = &v->pio;
	struct vhm_walk_result walk;
	bool doors;
	u64 left;
	int err;

	if (!vmx_caps.io_information)
		return vhm_emulation_failed(v, NULL, 0);
	segment = string_operand(v);
	left = p->rep ? get_register(v, VHM_RCX) : 1;
	if (!left) {
		finish(v, true);
		return VHM_RESUME;
	}
	err = vhm_guest_linear(v, segment, get_register(v, p->in ? VHM_RDI : VHM_RSI), p->size,
			       p->in, &p->linear);
	if (err)
		return failed(v, err);
	doors = vhm_has_doors(v, VHM_PORTS);
	p->count = doors && !p->in ? 1 : batch(p, left);
	if (p->in)
		err = vhm_guest_walk(v, p->linear, VHM_ACCESS_WRITE, &walk);
	else
		err = vhm_guest_copy(v, p->linear, v->pio_data, p->count * p->size,
				     VHM_ACCESS_READ);
	if (err)
		return failed(v, err);
	if ((doors && door_string(v)) || (unlikely(v->lapic) && device_string(v)))
		return complete_string(v);
	return ask_user(v);
}

/**
 * vhm_io_complete() - go on behind an I/O that user space has done
 * @v: the vCPU
 *
 * Return: VHM_RESUME, or what a failed write to guest memory says.
 */
enum vhm_next vhm_io_complete(struct vhm_vcpu *v)
{
	struct vhm_pio *p = &v->pio;
	bool stands;

	p->pending = false;
	vmx_load(&v->vmx);
	/* A user that moved RIP while it had the I/O meant the instruction to be dropped. */
	stands = vmx_rip() == p->rip;
	if (likely(stands && !p->string)) {
		if (p->in)
			load_rax(v, READ_ONCE(*(u32 *)v->pio_data));
		vmx_skip_bytes(v, p->rip, p->length);
	}
	vmx_put();
	if (unlikely(stands && p->string))
		return complete_string(v);
	return VHM_RESUME;
}
