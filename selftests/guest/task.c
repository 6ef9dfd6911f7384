// SPDX-License-Identifier: GPL-2.0
/*
 * Task switches through TSSs of both sizes: every way from one task to another and
 * back, what is saved and loaded, and the faults of the new task.
 *
 * KVM of 6.1 forgets a fault that a task switch meets, and the trap flag of a TSS:
 * the tests of these are vhm's.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

#define DB	1
#define BP	3
#define UD	6
#define TS	10
#define NP	11
#define SS	12
#define GP	13

/* More of the GDT. */
#define SEL_OTHER	0x50
#define SEL_GATE	0x58
#define SEL_LDT		0x60
#define SEL_HANDLER	0x68
#define SEL_SPARE	0x70
#define SEL_LOCAL	0x04	/* the first one of the LDT */
#define SEL_LAST	0x77

#define FLAG_CF		0x001u
#define FLAG_ZF		0x040u
#define FLAG_TF		0x100u
#define FLAG_IF		0x200u
#define FLAG_NT		0x4000u
#define FLAG_RF		0x10000u
#define FLAG_VM		0x20000u

#define OTHER		(VM_DATA + 0x000)
#define LDT		(VM_DATA + 0x100)
#define HANDLER		(VM_DATA + 0x200)
#define OTHER_PDPT	(VM_DATA + 0x400)
#define HANDLER_STACK	(VM_DATA + 0x2000)
#define OTHER_STACK	(VM_DATA + 0x3000)
#define STACK0		(VM_DATA + 0x3800)

#define TSS_BUSY	0x00000200u

struct tss32 {
	uint32_t link, esp0, ss0, stacks[4], cr3, eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, io_map;
};

struct tss16 {
	uint16_t link, stacks[6], ip, flags;
	uint16_t ax, cx, dx, bx, sp, bp, si, di;
	uint16_t es, cs, ss, ds, ldt;
};

static struct tss32 *tss32_at(struct vm *vm, uint32_t address)
{
	return (struct tss32 *)(vm->mem + address);
}

static struct tss16 *tss16_at(struct vm *vm, uint32_t address)
{
	return (struct tss16 *)(vm->mem + address);
}

static uint64_t *descriptor(struct vm *vm, uint16_t selector)
{
	return (uint64_t *)(vm->mem + VM_GDT + (selector & ~7));
}

/* Where a label of task.S is in the guest. */
static uint32_t at(const char *label)
{
	return VM_CODE16 + (label - task_code);
}

static void set_system(struct vm *vm, uint16_t selector, uint32_t base, uint16_t limit,
		       uint8_t rights)
{
	*descriptor(vm, selector) = limit | (uint64_t)(base & 0xffffff) << 16 |
				    (uint64_t)rights << 40 | (uint64_t)(base >> 24) << 56;
}

static bool is_busy(struct vm *vm, uint16_t selector)
{
	return *descriptor(vm, selector) >> 41 & 1;
}

static void set_gate(struct vm *vm, unsigned int vector, uint16_t selector, uint32_t offset,
		     uint8_t rights)
{
	*(uint64_t *)(vm->mem + VM_IDT + 8 * vector) =
		(offset & 0xffff) | (uint32_t)selector << 16 | (uint64_t)rights << 40 |
		(uint64_t)(offset >> 16) << 48;
}

static void set_task_gate(struct vm *vm, unsigned int vector, uint16_t selector)
{
	set_gate(vm, vector, selector, 0, 0x85);
}

static void write_other(struct vm *vm, const char *entry)
{
	*tss32_at(vm, OTHER) = (struct tss32) {
		.esp0 = STACK0, .ss0 = SEL_DATA, .cr3 = OTHER_PDPT,
		.eip = at(entry), .eflags = 2 | FLAG_CF,
		.eax = 0x11111111, .ecx = 0x22222222, .edx = 0x33333333, .ebx = 0x44444444,
		.esp = OTHER_STACK, .ebp = 0x66666666, .esi = 0x77777777, .edi = 0x88888888,
		.es = SEL_DATA, .cs = SEL_CODE32, .ss = SEL_DATA, .ds = SEL_DATA,
		.fs = SEL_LOCAL, .gs = 0, .ldt = SEL_LDT, .io_map = 0x68,
	};
}

static void write_handler(struct vm *vm)
{
	*tss32_at(vm, HANDLER) = (struct tss32) {
		.cr3 = VM_PAE_PDPT, .eip = at(task_goes_on), .eflags = 2, .esp = HANDLER_STACK,
		.es = SEL_DATA, .cs = SEL_CODE32, .ss = SEL_DATA, .ds = SEL_DATA,
		.io_map = 0x68,
	};
}

static void write_tasks(struct vm *vm, const char *entry)
{
	memset(vm->mem + VM_DATA, 0, 0x4000);
	memset(vm->mem + VM_IDT, 0, 0x1000);
	vm_write_tables(vm);
	memset(vm->mem + VM_IDT, 0, 0x1000);
	vm_copy(vm, VM_CODE16, task_code, task_code_end);
	set_system(vm, SEL_OTHER, OTHER, 0x67, 0x89);
	set_system(vm, SEL_GATE, 0, 0, 0x85);
	*descriptor(vm, SEL_GATE) |= SEL_OTHER << 16;
	set_system(vm, SEL_LDT, LDT, 7, 0x82);
	set_system(vm, SEL_HANDLER, HANDLER, 0x67, 0x89);
	/* A data segment whose accessed bit is clear. */
	*(uint64_t *)(vm->mem + LDT) = 0x00cf92000000ffff;
	/* The other address space has something else above its first GiB. */
	memcpy(vm->mem + OTHER_PDPT, vm->mem + VM_PAE_PDPT, 32);
	write_other(vm, entry);
	write_handler(vm);
}

#define FIRST_FLAGS	(2 | FLAG_ZF)

static void set_first(struct vcpu *cpu, const char *entry, bool paging)
{
	const void *eip = (void *)(uintptr_t)at(entry);
	struct kvm_debugregs debug = { .dr6 = 0xffff0ff0, .dr7 = 0x700 | 0xff };
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (paging)
		vcpu_set_pae(cpu, eip);
	else
		vcpu_set_flat32(cpu, eip);
	sregs = vcpu_sregs(cpu);
	sregs.gdt.limit = SEL_LAST;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	regs = vcpu_regs(cpu);
	regs.rax = 0xa1a1a1a1;
	regs.rbx = 0x1238;
	regs.rcx = 0xa3a3a3a3;
	regs.rdx = 0xa4a4a4a4;
	regs.rsi = 0xa5a5a5a5;
	regs.rdi = 0xa6a6a6a6;
	regs.rbp = 0xa7a7a7a7;
	regs.rflags = FIRST_FLAGS;
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
	VM_IOCTL(cpu->fd, KVM_SET_DEBUGREGS, &debug);
}

struct way {
	const char *entry;	/* the instruction that asks for the other task */
	unsigned int length;	/* if the task goes on behind it */
	bool nests;
	int vector;		/* of the gate in the IDT that it goes through, or -1 */
	int irq;		/* an interrupt to be queued, or -1 */
	int error;		/* error code on the other task's stack, or -1 */
};

static const struct way ways[] = {
	{ task_jmp, 7, false, -1, -1, -1 },
	{ task_jmp_gate, 7, false, -1, -1, -1 },
	{ task_call, 7, true, -1, -1, -1 },
	{ task_call_gate, 7, true, -1, -1, -1 },
	{ task_int, 2, true, 0x80, -1, -1 },
	{ task_int3, 1, true, BP, -1, -1 },
	{ task_ud, 0, true, UD, -1, -1 },
	{ task_gp, 0, true, GP, -1, 0x1238 },
	{ task_spin, 0, true, 0x20, 0x20, -1 },
};

static void take_way(struct vcpu *cpu, const struct way *way, bool paging)
{
	set_first(cpu, way->entry, paging);
	if (way->vector >= 0)
		set_task_gate(cpu->vm, way->vector, SEL_OTHER);
	if (way->irq >= 0) {
		struct kvm_interrupt irq = { .irq = way->irq };
		struct kvm_regs regs = vcpu_regs(cpu);

		regs.rflags |= FLAG_IF;
		VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
		VM_IOCTL(cpu->fd, KVM_INTERRUPT, &irq);
	}
}

static void check_other(struct __test_metadata *_metadata, struct vcpu *cpu,
			const struct way *way, bool paging)
{
	struct kvm_sregs sregs = vcpu_sregs(cpu);
	struct kvm_regs regs = vcpu_regs(cpu);
	struct kvm_debugregs debug;

	VM_IOCTL(cpu->fd, KVM_GET_DEBUGREGS, &debug);
	EXPECT_EQ(at(task_other) + 1, regs.rip);
	EXPECT_EQ(2 | FLAG_CF | (way->nests ? FLAG_NT : 0), regs.rflags);
	EXPECT_EQ(0x11111111, regs.rax);
	EXPECT_EQ(0x22222222, regs.rcx);
	EXPECT_EQ(0x33333333, regs.rdx);
	EXPECT_EQ(0x44444444, regs.rbx);
	EXPECT_EQ(OTHER_STACK - (way->error < 0 ? 0 : 4), regs.rsp);
	EXPECT_EQ(0x66666666, regs.rbp);
	EXPECT_EQ(0x77777777, regs.rsi);
	EXPECT_EQ(0x88888888, regs.rdi);
	EXPECT_EQ(SEL_DATA, sregs.es.selector);
	EXPECT_EQ(SEL_CODE32, sregs.cs.selector);
	EXPECT_EQ(SEL_DATA, sregs.ss.selector);
	EXPECT_EQ(SEL_LOCAL, sregs.fs.selector);
	EXPECT_EQ(0xffffffff, sregs.fs.limit);
	EXPECT_EQ(0, sregs.gs.selector);
	EXPECT_EQ(1, sregs.gs.unusable);
	EXPECT_EQ(SEL_LDT, sregs.ldt.selector);
	EXPECT_EQ(LDT, sregs.ldt.base);
	EXPECT_EQ(7, sregs.ldt.limit);
	EXPECT_EQ(SEL_OTHER, sregs.tr.selector);
	EXPECT_EQ(OTHER, sregs.tr.base);
	EXPECT_EQ(0x67, sregs.tr.limit);
	EXPECT_EQ(11, sregs.tr.type);
	EXPECT_EQ(X86_CR0_TS, sregs.cr0 & X86_CR0_TS);
	if (paging)
		EXPECT_EQ(OTHER_PDPT, sregs.cr3);
	EXPECT_EQ(0x600 | 0xaa, debug.dr7 & 0x7ff);
}

static void check_memory(struct __test_metadata *_metadata, struct vm *vm,
			 const struct way *way)
{
	struct tss32 *first = tss32_at(vm, VM_TSS), *other = tss32_at(vm, OTHER);

	EXPECT_EQ(at(way->entry) + way->length, first->eip);
	EXPECT_EQ(FIRST_FLAGS | (way->irq < 0 ? 0 : FLAG_IF), first->eflags & ~FLAG_RF);
	EXPECT_EQ(0xa1a1a1a1, first->eax);
	EXPECT_EQ(0x1238, first->ebx);
	EXPECT_EQ(0xa3a3a3a3, first->ecx);
	EXPECT_EQ(0xa4a4a4a4, first->edx);
	EXPECT_EQ(0xa5a5a5a5, first->esi);
	EXPECT_EQ(0xa6a6a6a6, first->edi);
	EXPECT_EQ(0xa7a7a7a7, first->ebp);
	EXPECT_EQ(VM_STACK0, first->esp);
	EXPECT_EQ(SEL_CODE32, first->cs);
	EXPECT_EQ(SEL_DATA, first->ss);
	EXPECT_EQ(SEL_DATA, first->gs);
	EXPECT_EQ(0, first->ldt);
	EXPECT_EQ(way->nests, is_busy(vm, SEL_TSS));
	EXPECT_TRUE(is_busy(vm, SEL_OTHER));
	EXPECT_EQ(way->nests ? SEL_TSS : 0, other->link);
	/* What was loaded has been accessed. */
	EXPECT_EQ(0x00cf93000000ffff, *(uint64_t *)(vm->mem + LDT));
	if (way->error >= 0)
		EXPECT_EQ(way->error, *(int *)(vm->mem + OTHER_STACK - 4));
}

static void there_by_all_ways(struct __test_metadata *_metadata, struct vcpu *cpu, bool paging)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		write_tasks(cpu->vm, task_other);
		take_way(cpu, &ways[i], paging);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(cpu)) TH_LOG("way %zu", i);
		check_other(_metadata, cpu, &ways[i], paging);
		check_memory(_metadata, cpu->vm, &ways[i]);
		if (_metadata->passed)
			continue;
		TH_LOG("way %zu", i);
		return;
	}
}

TEST_F(guest, there_by_all_ways)
{
	there_by_all_ways(_metadata, &self->cpu, false);
}

TEST_F(guest, there_by_all_ways_under_pae)
{
	there_by_all_ways(_metadata, &self->cpu, true);
}

/* IRET of a nested task, and calling it again, which goes on behind the IRET. */
TEST_F(guest, and_back_by_iret)
{
	struct tss32 *other = tss32_at(&self->vm, OTHER);
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct way *way = &ways[i];

		if (!way->nests || way->error >= 0)
			continue;
		write_tasks(&self->vm, task_other);
		take_way(&self->cpu, way, false);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu)) TH_LOG("way %zu", i);
		tss32_at(&self->vm, VM_TSS)->eip = at(task_goes_on);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu)) TH_LOG("way %zu", i);
		sregs = vcpu_sregs(&self->cpu);
		regs = vcpu_regs(&self->cpu);
		EXPECT_EQ(at(task_goes_on) + 1, regs.rip);
		EXPECT_EQ(FIRST_FLAGS, regs.rflags & ~(FLAG_RF | FLAG_IF));
		EXPECT_EQ(0xa7a7a7a7, regs.rbp);
		EXPECT_EQ(VM_STACK0, regs.rsp);
		EXPECT_EQ(SEL_TSS, sregs.tr.selector);
		EXPECT_EQ(VM_TSS, sregs.tr.base);
		EXPECT_EQ(0, sregs.ldt.selector);
		EXPECT_EQ(1, sregs.ldt.unusable);
		EXPECT_EQ(SEL_DATA, sregs.gs.selector);
		EXPECT_TRUE(is_busy(&self->vm, SEL_TSS));
		EXPECT_FALSE(is_busy(&self->vm, SEL_OTHER));
		EXPECT_EQ(at(task_other) + 2, other->eip);
		EXPECT_EQ(2 | FLAG_CF, other->eflags);
		ASSERT_TRUE(_metadata->passed) TH_LOG("way %zu", i);
		regs.rip = at(task_call);
		VM_IOCTL(self->cpu.fd, KVM_SET_REGS, &regs);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu)) TH_LOG("way %zu", i);
		EXPECT_EQ(at(task_other_back) + 1, vcpu_regs(&self->cpu).rip);
	}
}

TEST_F(guest, to_and_fro_by_jmp)
{
	write_tasks(&self->vm, task_other_jumps);
	set_first(&self->cpu, task_jmp, false);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
		EXPECT_EQ(SEL_OTHER, vcpu_sregs(&self->cpu).tr.selector);
		EXPECT_FALSE(is_busy(&self->vm, SEL_TSS));
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
		EXPECT_EQ(at(task_jmp) + 8, vcpu_regs(&self->cpu).rip);
		EXPECT_EQ(SEL_TSS, vcpu_sregs(&self->cpu).tr.selector);
		EXPECT_FALSE(is_busy(&self->vm, SEL_OTHER));
		tss32_at(&self->vm, OTHER)->eip = at(task_other_jumps);
		set_first(&self->cpu, task_jmp, false);
		*descriptor(&self->vm, SEL_TSS) |= (uint64_t)TSS_BUSY << 32;
	}
}

TEST_F(guest, tss_of_16_bits)
{
	struct tss16 *first = tss16_at(&self->vm, VM_TSS), *other = tss16_at(&self->vm, OTHER);
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	write_tasks(&self->vm, task_other);
	set_first(&self->cpu, task_call, false);
	set_system(&self->vm, SEL_OTHER, OTHER, 0x2b, 0x81);
	set_system(&self->vm, SEL_TSS, VM_TSS, 0x2b, 0x83);
	memset(first, 0, 0x68);
	memset(other, 0, 0x68);
	*other = (struct tss16) {
		.ip = at(task_other), .flags = 2 | FLAG_CF,
		.ax = 0x1111, .cx = 0x2222, .dx = 0x3333, .bx = 0x4444, .sp = OTHER_STACK,
		.bp = 0x6666, .si = 0x7777, .di = 0x8888,
		.es = SEL_LOCAL, .cs = SEL_CODE32, .ss = SEL_DATA, .ds = SEL_DATA, .ldt = SEL_LDT,
	};
	sregs = vcpu_sregs(&self->cpu);
	sregs.tr.type = 3;
	sregs.tr.limit = 0x2b;
	VM_IOCTL(self->cpu.fd, KVM_SET_SREGS, &sregs);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(at(task_other) + 1, regs.rip);
	EXPECT_EQ(2 | FLAG_CF | FLAG_NT, regs.rflags);
	EXPECT_EQ(0x1111, regs.rax);
	EXPECT_EQ(0x8888, regs.rdi);
	EXPECT_EQ(OTHER_STACK, regs.rsp);
	EXPECT_EQ(SEL_LOCAL, sregs.es.selector);
	EXPECT_EQ(SEL_LDT, sregs.ldt.selector);
	EXPECT_EQ(SEL_OTHER, sregs.tr.selector);
	EXPECT_EQ(3, sregs.tr.type);
	EXPECT_EQ(SEL_TSS, other->link);
	EXPECT_EQ(at(task_call) + 7, first->ip);
	EXPECT_EQ(FIRST_FLAGS, first->flags);
	EXPECT_EQ(0xa1a1, first->ax);
	EXPECT_EQ(0xa6a6, first->di);
	EXPECT_EQ(SEL_CODE32, first->cs);
	EXPECT_EQ(SEL_DATA, first->ds);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(at(task_call) + 8, regs.rip);
	EXPECT_EQ(0xa1a1, regs.rax);
	EXPECT_EQ(SEL_TSS, vcpu_sregs(&self->cpu).tr.selector);
	EXPECT_FALSE(is_busy(&self->vm, SEL_OTHER));
}

/* Each TSS has its own size. */
TEST_F(guest, from_32_to_16_bits_and_back)
{
	struct tss16 *other = tss16_at(&self->vm, OTHER);

	if (vm_is_kvm())
		SKIP(return, "KVM saves the old task in the format of the new one");
	write_tasks(&self->vm, task_other);
	set_first(&self->cpu, task_call, false);
	set_system(&self->vm, SEL_OTHER, OTHER, 0x2b, 0x81);
	memset(other, 0, 0x68);
	*other = (struct tss16) {
		.ip = at(task_other), .flags = 2, .sp = OTHER_STACK,
		.es = SEL_DATA, .cs = SEL_CODE32, .ss = SEL_DATA, .ds = SEL_DATA,
	};
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0xa1a1a1a1, tss32_at(&self->vm, VM_TSS)->eax);
	EXPECT_EQ(SEL_TSS, other->link);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0xa1a1a1a1, vcpu_regs(&self->cpu).rax);
	EXPECT_EQ(at(task_other) + 2, other->ip);
	EXPECT_EQ(2, other->flags);
}

/* What is wrong with the new task, and what it is told of it, being the new task already. */
struct wrong {
	const char *what;
	unsigned int offset;	/* of the field in its TSS */
	uint32_t value;
	uint64_t spare;		/* the descriptor SEL_SPARE */
	uint8_t vector;
	uint16_t error;
};

#define FIELD(f)	offsetof(struct tss32, f)

static const struct wrong wrongs[] = {
	{ "LDT in an LDT", FIELD(ldt), SEL_LDT | 4, 0, TS, SEL_LDT | 4 },
	{ "LDT is data", FIELD(ldt), SEL_DATA, 0, TS, SEL_DATA },
	{ "LDT outside the GDT", FIELD(ldt), 0x200, 0, TS, 0x200 },
	{ "LDT not present", FIELD(ldt), SEL_SPARE, 0x0000020000000007, TS, SEL_SPARE },
	{ "CS null", FIELD(cs), 0, 0, TS, 0 },
	{ "CS outside the GDT", FIELD(cs), 0x300, 0, TS, 0x300 },
	{ "CS outside the LDT", FIELD(cs), 0x0c, 0, TS, 0x0c },
	{ "CS is data", FIELD(cs), SEL_DATA, 0, TS, SEL_DATA },
	{ "CS is a TSS", FIELD(cs), SEL_HANDLER, 0, TS, SEL_HANDLER },
	{ "CS of another ring", FIELD(cs), SEL_SPARE, 0x00cffb000000ffff, TS, SEL_SPARE },
	{ "CS with another RPL", FIELD(cs), SEL_CODE32 | 3, 0, TS, SEL_CODE32 },
	{ "CS conforming, of an outer ring", FIELD(cs), SEL_SPARE, 0x00cffe000000ffff, TS,
	  SEL_SPARE },
	{ "CS not present", FIELD(cs), SEL_SPARE, 0x00cf1b000000ffff, NP, SEL_SPARE },
	{ "SS null", FIELD(ss), 0, 0, TS, 0 },
	{ "SS outside the GDT", FIELD(ss), 0x400, 0, TS, 0x400 },
	{ "SS with another RPL", FIELD(ss), SEL_DATA | 3, 0, TS, SEL_DATA },
	{ "SS of another ring", FIELD(ss), SEL_SPARE, 0x00cff3000000ffff, TS, SEL_SPARE },
	{ "SS is read-only", FIELD(ss), SEL_SPARE, 0x00cf91000000ffff, TS, SEL_SPARE },
	{ "SS is code", FIELD(ss), SEL_CODE32, 0, TS, SEL_CODE32 },
	{ "SS not present", FIELD(ss), SEL_SPARE, 0x00cf13000000ffff, SS, SEL_SPARE },
	{ "DS outside the GDT", FIELD(ds), 0x500, 0, TS, 0x500 },
	{ "DS is execute-only", FIELD(ds), SEL_SPARE, 0x00cf99000000ffff, TS, SEL_SPARE },
	{ "ES with RPL above DPL", FIELD(es), SEL_DATA | 3, 0, TS, SEL_DATA },
	{ "FS is an LDT", FIELD(fs), SEL_LDT, 0, TS, SEL_LDT },
	{ "GS not present", FIELD(gs), SEL_SPARE, 0x00cf13000000ffff, NP, SEL_SPARE },
};

/* Only the right vector has a gate: any other would end in a triple fault. */
TEST_F(guest, faults_of_the_new_task)
{
	struct tss32 *handler = tss32_at(&self->vm, HANDLER), *other = tss32_at(&self->vm, OTHER);

	if (vm_is_kvm())
		SKIP(return, "KVM forgets faults of a task switch");
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *w = &wrongs[i];

		write_tasks(&self->vm, task_other);
		*(uint32_t *)(self->vm.mem + OTHER + w->offset) = w->value;
		*descriptor(&self->vm, SEL_SPARE) = w->spare;
		set_task_gate(&self->vm, w->vector, SEL_HANDLER);
		set_first(&self->cpu, task_call, false);
		ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu)) TH_LOG("%s", w->what);
		EXPECT_EQ(SEL_HANDLER, vcpu_sregs(&self->cpu).tr.selector);
		EXPECT_EQ(HANDLER_STACK - 4, vcpu_regs(&self->cpu).rsp);
		EXPECT_EQ(w->error, *(uint32_t *)(self->vm.mem + HANDLER_STACK - 4))
			TH_LOG("%s", w->what);
		EXPECT_EQ(SEL_OTHER, handler->link);
		EXPECT_EQ(at(task_other), other->eip);
		EXPECT_EQ(0x11111111, other->eax);
		EXPECT_EQ(2 | FLAG_CF | FLAG_NT, other->eflags & ~FLAG_RF);
		EXPECT_EQ(w->value, *(uint32_t *)(self->vm.mem + OTHER + w->offset))
			TH_LOG("%s", w->what);
		EXPECT_TRUE(is_busy(&self->vm, SEL_TSS) && is_busy(&self->vm, SEL_OTHER));
	}
}

/* An event that cannot be delivered to its task is a #TS with EXT, or makes a double fault. */
TEST_F(guest, faults_of_an_event)
{
	if (vm_is_kvm())
		SKIP(return, "KVM forgets faults of a task switch");
	write_tasks(&self->vm, task_other);
	tss32_at(&self->vm, OTHER)->ds = 0x500;
	take_way(&self->cpu, &ways[ARRAY_SIZE(ways) - 1], false);
	set_task_gate(&self->vm, TS, SEL_HANDLER);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(0x501, *(uint32_t *)(self->vm.mem + HANDLER_STACK - 4));
	EXPECT_EQ(0, vcpu_events(&self->cpu).interrupt.injected);

	write_tasks(&self->vm, task_other);
	tss32_at(&self->vm, OTHER)->ds = 0x500;
	set_first(&self->cpu, task_gp, false);
	set_task_gate(&self->vm, GP, SEL_OTHER);
	set_task_gate(&self->vm, 8, SEL_HANDLER);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(SEL_HANDLER, vcpu_sregs(&self->cpu).tr.selector);
	EXPECT_EQ(0, *(uint32_t *)(self->vm.mem + HANDLER_STACK - 4));
}

/* PDPTEs of the new task are bad. */
TEST_F(guest, bad_cr3_of_the_new_task)
{
	if (vm_is_kvm())
		SKIP(return, "KVM forgets faults of a task switch");
	write_tasks(&self->vm, task_other);
	*(uint64_t *)(self->vm.mem + OTHER_PDPT) |= 1ull << 5;
	set_task_gate(&self->vm, GP, SEL_HANDLER);
	set_first(&self->cpu, task_call, true);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(SEL_HANDLER, vcpu_sregs(&self->cpu).tr.selector);
	EXPECT_EQ(SEL_OTHER, tss32_at(&self->vm, HANDLER)->link);
	EXPECT_EQ(0, *(uint32_t *)(self->vm.mem + HANDLER_STACK - 4));
}

/* A TSS that is not in memory is a #PF of the old task, to which nothing has happened. */
TEST_F(guest, page_fault_on_the_new_tss)
{
	struct kvm_sregs sregs;
	const uint32_t away = 0x600000;

	if (vm_is_kvm())
		SKIP(return, "KVM forgets faults of a task switch");
	write_tasks(&self->vm, task_other);
	set_system(&self->vm, SEL_OTHER, away, 0x67, 0x89);
	((uint64_t *)(self->vm.mem + VM_PAE_PD))[away >> 21] = 0;
	set_gate(&self->vm, 14, SEL_CODE32, at(task_goes_on), 0x8e);
	set_first(&self->cpu, task_jmp, true);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ(SEL_TSS, sregs.tr.selector);
	EXPECT_EQ(away, sregs.cr2 & ~0x7full);
	EXPECT_EQ(at(task_jmp), *(uint32_t *)(self->vm.mem + VM_STACK0 - 12));
	EXPECT_TRUE(is_busy(&self->vm, SEL_TSS));
	EXPECT_FALSE(is_busy(&self->vm, SEL_OTHER));
	EXPECT_EQ(0, sregs.cr0 & X86_CR0_TS);
}

/* Nor is anything changed by one that is nowhere. */
TEST_F(guest, tss_without_memory)
{
	struct kvm_run *run = self->cpu.run;

	if (vm_is_kvm())
		SKIP(return, "KVM goes on as if nothing had been asked for");
	write_tasks(&self->vm, task_other);
	set_system(&self->vm, SEL_OTHER, VM_HOLE, 0x67, 0x89);
	set_first(&self->cpu, task_jmp, false);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
		EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, run->internal.suberror);
		EXPECT_EQ(at(task_jmp), vcpu_regs(&self->cpu).rip);
		EXPECT_EQ(SEL_TSS, vcpu_sregs(&self->cpu).tr.selector);
		EXPECT_TRUE(is_busy(&self->vm, SEL_TSS));
	}
	set_system(&self->vm, SEL_OTHER, OTHER, 0x67, 0x89);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(SEL_OTHER, vcpu_sregs(&self->cpu).tr.selector);
}

TEST_F(guest, trap_flag_of_a_tss)
{
	struct kvm_debugregs debug;

	if (vm_is_kvm())
		SKIP(return, "KVM does not look at the flag");
	write_tasks(&self->vm, task_other);
	tss32_at(&self->vm, OTHER)->trap = 1;
	set_gate(&self->vm, DB, SEL_CODE32, at(task_goes_on), 0x8e);
	set_first(&self->cpu, task_call, false);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	EXPECT_EQ(at(task_goes_on) + 1, vcpu_regs(&self->cpu).rip);
	EXPECT_EQ(SEL_OTHER, vcpu_sregs(&self->cpu).tr.selector);
	EXPECT_EQ(at(task_other), *(uint32_t *)(self->vm.mem + OTHER_STACK - 12));
	VM_IOCTL(self->cpu.fd, KVM_GET_DEBUGREGS, &debug);
	EXPECT_EQ(0xffff8ff0, debug.dr6);
}

/* A debugger's step leads into the other task, and no trap flag of its own stays behind. */
TEST_F(guest, step_into_another_task)
{
	struct kvm_guest_debug step = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP,
	};

	if (vm_is_kvm())
		SKIP(return, "KVM stops one instruction later");
	write_tasks(&self->vm, task_other);
	set_first(&self->cpu, task_call, false);
	VM_IOCTL(self->cpu.fd, KVM_SET_GUEST_DEBUG, &step);
	ASSERT_EQ(KVM_EXIT_DEBUG, vcpu_run(&self->cpu));
	EXPECT_EQ(at(task_other), self->cpu.run->debug.arch.pc);
	EXPECT_EQ(0xffff4ff0, self->cpu.run->debug.arch.dr6);
	EXPECT_EQ(2 | FLAG_CF | FLAG_NT, vcpu_regs(&self->cpu).rflags);
	EXPECT_EQ(FIRST_FLAGS, tss32_at(&self->vm, VM_TSS)->eflags);
}

/* An 8086 task: segments without descriptors, and out again through the IDT. */
TEST_F(guest, virtual_8086_task)
{
	struct tss32 *other = tss32_at(&self->vm, OTHER);
	uint32_t *frame = (uint32_t *)(self->vm.mem + STACK0) - 9;
	struct kvm_sregs sregs;

	write_tasks(&self->vm, task_other);
	other->eip = 0;
	other->eflags = 2 | FLAG_VM;
	other->cs = at(task_8086) >> 4;
	other->ss = (OTHER_STACK - 0x100) >> 4;
	other->esp = 0x100;
	other->ds = 0xd00;
	other->es = 0xd10;
	other->fs = 0xfff1;
	other->gs = 0xfff2;
	*(uint16_t *)(self->vm.mem + 0xd000) = 0x4242;
	set_gate(&self->vm, BP, SEL_CODE32, at(task_goes_on), 0xee);
	set_first(&self->cpu, task_jmp, false);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ(SEL_CODE32, sregs.cs.selector);
	EXPECT_EQ(SEL_DATA, sregs.ss.selector);
	EXPECT_EQ(STACK0 - 36, vcpu_regs(&self->cpu).rsp);
	EXPECT_EQ(other->cs, vcpu_regs(&self->cpu).rax & 0xffff);
	EXPECT_EQ(0x4242, vcpu_regs(&self->cpu).rbx & 0xffff);
	EXPECT_EQ(0x1234, *(uint16_t *)(self->vm.mem + 0xd102));
	EXPECT_EQ(other->cs, frame[1] & 0xffff);
	EXPECT_EQ(2 | FLAG_VM, frame[2] & ~FLAG_RF);
	EXPECT_EQ(0x100, frame[3]);
	EXPECT_EQ(other->ss, frame[4] & 0xffff);
	EXPECT_EQ(0xd10, frame[5] & 0xffff);
	EXPECT_EQ(0xd00, frame[6] & 0xffff);
	EXPECT_EQ(0xfff1, frame[7] & 0xffff);
	EXPECT_EQ(0xfff2, frame[8] & 0xffff);
}

/* A task of ring 3 and back by a task gate: all of CPL is in CS and SS. */
TEST_F(guest, user_task)
{
	struct tss32 *other = tss32_at(&self->vm, OTHER);
	struct kvm_sregs sregs;

	write_tasks(&self->vm, task_int3);
	*descriptor(&self->vm, SEL_SPARE) = 0x00cffb000000ffff;
	other->cs = SEL_SPARE | 3;
	other->ss = SEL_USER_DATA;
	other->ds = SEL_USER_DATA;
	other->es = SEL_USER_DATA;
	other->fs = 0;
	set_gate(&self->vm, BP, SEL_HANDLER, 0, 0xe5);
	set_first(&self->cpu, task_jmp, false);
	ASSERT_EQ(KVM_EXIT_HLT, vcpu_run(&self->cpu));
	sregs = vcpu_sregs(&self->cpu);
	EXPECT_EQ(SEL_HANDLER, sregs.tr.selector);
	EXPECT_EQ(0, sregs.ss.dpl);
	EXPECT_EQ(SEL_SPARE | 3, other->cs);
	EXPECT_EQ(SEL_USER_DATA, other->ss);
	EXPECT_EQ(at(task_int3) + 1, other->eip);
}

TEST_HARNESS_MAIN
