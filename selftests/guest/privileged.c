// SPDX-License-Identifier: GPL-2.0
/*
 * Privileged and sensitive instructions in every mode of the processor, and in rings 0
 * and 3: each raises the right exception, leaves the guest, or does what it is for.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define BP	3
#define UD	6
#define GP	13

/* What an instruction can come to, besides a vector. */
#define DONE	BP	/* the INT3 behind it was reached */
#define HALT	0x1f4
#define IO	0x1ec

enum mode { REAL, V86, PROT16, PROT32, USER32, COMPAT, LONG64, USER64, NR_MODES };

static const char *const mode_names[] = {
	"real mode", "virtual-8086 mode", "16-bit protected mode", "32-bit protected mode",
	"32-bit protected mode, ring 3", "compatibility mode, ring 3", "64-bit mode",
	"64-bit mode, ring 3",
};

/* What EBX and EDI point to. */
enum operand { NOTHING, GDT, IDT };

struct row {
	const char *name;
	uint8_t length, code[6];
	uint16_t outcome[NR_MODES];
	uint32_t ecx;
	enum operand operand;
};

#define OPERAND		VM_DATA
#define STACK		0xb000u
#define HANDLERS	0x9000u		/* a HLT for each vector */
#define SEL_USER_CODE32	0x53
#define FLAG_VM		0x20000u

#define ALL(x)		{ x, x, x, x, x, x, x, x }

static const struct row rows[] = {
#include "privileged.h"
};

static void write_gate32(struct vm *vm, unsigned int vector)
{
	*(uint64_t *)(vm->mem + VM_IDT + 8 * vector) =
		(HANDLERS + vector) | SEL_CODE32 << 16 |
		(vector == BP ? 0xeeull : 0x8eull) << 40;
}

static void write_gate64(struct vm *vm, unsigned int vector)
{
	uint64_t *gate = (uint64_t *)(vm->mem + VM_IDT + 16 * vector);

	gate[0] = (HANDLERS + vector) | SEL_CODE64 << 16 |
		  (vector == BP ? 0xeeull : 0x8eull) << 40;
	gate[1] = 0;
}

static bool is_long(enum mode mode)
{
	return mode == COMPAT || mode == LONG64 || mode == USER64;
}

static void write_vectors(struct vm *vm, enum mode mode)
{
	memset(vm->mem + HANDLERS, 0xf4, 0x100);
	for (unsigned int vector = 0; vector < 256; vector++) {
		if (mode == REAL)
			((uint32_t *)vm->mem)[vector] = HANDLERS + vector;
		else if (is_long(mode))
			write_gate64(vm, vector);
		else
			write_gate32(vm, vector);
	}
}

static void write_operand(struct vm *vm, const struct row *row, enum mode mode)
{
	uint8_t *at = vm->mem + OPERAND;
	bool real_idt = row->operand == IDT && mode == REAL;
	uint64_t base = row->operand == GDT ? VM_GDT : real_idt ? 0 : VM_IDT;
	uint16_t limit = row->operand == GDT ? 0x5f : real_idt ? 0x3ff : 0xfff;

	memset(at, 0, 16);
	if (row->operand == NOTHING)
		return;
	memcpy(at, &limit, 2);
	memcpy(at + 2, &base, 8);
}

static void write_stack_of_ring_0(struct vm *vm, enum mode mode)
{
	uint32_t *tss = (uint32_t *)(vm->mem + VM_TSS);

	tss[1] = STACK;
	tss[2] = is_long(mode) ? 0 : SEL_DATA;
}

static void set_8086(struct kvm_segment *segment)
{
	*segment = (struct kvm_segment) {
		.limit = 0xffff, .type = 3, .s = 1, .dpl = 3, .present = 1,
	};
}

static void set_user(struct kvm_segment *segment, uint16_t selector)
{
	segment->selector = selector;
	segment->dpl = 3;
}

static void set_mode(struct vcpu *cpu, enum mode mode)
{
	const void *code = (void *)(uintptr_t)VM_CODE16;
	struct kvm_sregs sregs;

	if (mode == REAL)
		vcpu_set_real(cpu, 0, VM_CODE16);
	else if (is_long(mode))
		vcpu_set_long(cpu, (void (*)(void))(uintptr_t)VM_CODE16);
	else
		vcpu_set_flat32(cpu, code);
	sregs = vcpu_sregs(cpu);
	sregs.gdt.limit = 0x5f;
	if (mode == PROT16) {
		sregs.cs.selector = SEL_CODE16;
		sregs.cs.db = 0;
	}
	if (mode == USER32 || mode == COMPAT)
		set_user(&sregs.cs, SEL_USER_CODE32);
	if (mode == USER64)
		set_user(&sregs.cs, SEL_USER_CODE64);
	if (mode == COMPAT) {
		sregs.cs.l = 0;
		sregs.cs.db = 1;
	}
	if (mode == USER32 || mode == COMPAT || mode == USER64) {
		set_user(&sregs.ss, SEL_USER_DATA);
		sregs.ds = sregs.ss;
		sregs.es = sregs.ss;
	}
	if (mode == V86) {
		struct kvm_segment *const all[] = {
			&sregs.cs, &sregs.ss, &sregs.ds, &sregs.es, &sregs.fs, &sregs.gs,
		};

		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			set_8086(all[i]);
	}
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
}

static void prepare(struct vcpu *cpu, const struct row *row, enum mode mode)
{
	struct vm *vm = cpu->vm;
	struct kvm_regs regs = {
		.rip = VM_CODE16, .rsp = STACK - 0x800, .rflags = 2,
		.rbx = OPERAND, .rdi = OPERAND, .rcx = row->ecx,
	};

	vm_write_tables(vm);
	*(uint64_t *)(vm->mem + VM_GDT + (SEL_USER_CODE32 & ~7)) = 0x00cffb000000ffff;
	write_stack_of_ring_0(vm, mode);
	write_vectors(vm, mode);
	write_operand(vm, row, mode);
	memset(vm->mem + STACK - 0x1000, 0, 0x1000);
	memset(vm->mem + VM_CODE16, 0xcc, 32);
	memcpy(vm->mem + VM_CODE16, row->code, row->length);
	set_mode(cpu, mode);
	if (mode == V86)
		regs.rflags |= FLAG_VM;
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

static unsigned int outcome_of(struct vcpu *cpu, const struct row *row, enum mode mode)
{
	uint64_t rip;
	int reason;

	prepare(cpu, row, mode);
	reason = vcpu_run(cpu);
	if (reason == KVM_EXIT_IO) {
		/* Complete it, so that the next case begins with nothing pending. */
		cpu->run->immediate_exit = 1;
		vcpu_run(cpu);
		cpu->run->immediate_exit = 0;
		return IO;
	}
	if (reason != KVM_EXIT_HLT)
		return 0x200 | (reason & 0xff);
	rip = vcpu_regs(cpu).rip - 1;
	if (rip == VM_CODE16)
		return HALT;
	return rip - HANDLERS;
}

static void all_instructions(struct __test_metadata *_metadata, struct vcpu *cpu, enum mode mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int seen = outcome_of(cpu, &rows[i], mode);

		EXPECT_EQ(rows[i].outcome[mode], seen)
			TH_LOG("%s in %s", rows[i].name, mode_names[mode]);
	}
}

#define TEST_MODE(name, mode)						\
TEST_F(guest, in_##name)						\
{									\
	all_instructions(_metadata, &self->cpu, mode);			\
}

TEST_MODE(real_mode, REAL)
TEST_MODE(virtual_8086_mode, V86)
TEST_MODE(protected_mode_of_16_bits, PROT16)
TEST_MODE(protected_mode, PROT32)
TEST_MODE(protected_mode_ring_3, USER32)
TEST_MODE(compatibility_mode_ring_3, COMPAT)
TEST_MODE(long_mode, LONG64)
TEST_MODE(long_mode_ring_3, USER64)

TEST_HARNESS_MAIN
