// SPDX-License-Identifier: GPL-2.0
/*
 * What user space sees of an emulated instruction: which accesses, in which order,
 * and where the registers are meanwhile; and the faults that come before any of
 * them.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define HOLE		((uintptr_t)VM_HOLE)
#define DEVICE_SIZE	0x3000u
#define EDGE		0x1000u		/* of a page of the device */
#define MAX_ACCESSES	12

#define DB	1
#define AC	17
#define GP	13
#define PF	14

#define FLAG_TF	0x100ull
#define FLAG_AC	0x40000ull

/* A page of the guest's that the test maps as it likes, and the one behind it. */
#define PAGE1	(VM_PAGES + 0x1000ull)
#define PAGE2	(VM_PAGES + 0x2000ull)

struct access {
	bool write;
	uint32_t len;
	uint32_t offset;
	uint64_t data;
};

/* Memory that the host plays; byte n holds n. */
struct device {
	uint8_t memory[DEVICE_SIZE];
	struct access access[MAX_ACCESSES];
	unsigned int count;
};

static void device_init(struct device *d)
{
	for (unsigned int i = 0; i < DEVICE_SIZE; i++)
		d->memory[i] = i;
	d->count = 0;
}

static void play(struct device *d, struct kvm_run *run)
{
	uint64_t offset = run->mmio.phys_addr - HOLE;
	struct access *access = &d->access[d->count];

	if (d->count++ == MAX_ACCESSES || run->mmio.len > 8 || offset + 8 > DEVICE_SIZE)
		die("access %u: %u bytes at 0x%llx", d->count, run->mmio.len,
		    (unsigned long long)run->mmio.phys_addr);
	*access = (struct access) {
		.write = run->mmio.is_write, .len = run->mmio.len, .offset = offset,
	};
	if (run->mmio.is_write)
		memcpy(d->memory + offset, run->mmio.data, run->mmio.len);
	else
		memcpy(run->mmio.data, d->memory + offset, run->mmio.len);
	memcpy(&access->data, d->memory + offset, run->mmio.len);
}

static enum guest_word run_with_device(struct vcpu *cpu, struct device *d)
{
	struct guest_report report;
	enum guest_word word;

	device_init(d);
	for (;;) {
		word = vcpu_run_guest(cpu, &report);
		if (word != GUEST_OTHER_EXIT || cpu->run->exit_reason != KVM_EXIT_MMIO)
			return word;
		play(d, cpu->run);
	}
}

/* RBX = device, RCX = 2, RAX = 0x0123456789abcdef, RDX likewise, RSI = RDI = device + 0x10. */
#define INSN(name, insn)						\
static __guest void name(void)						\
{									\
	uint64_t rax = 0x0123456789abcdef, rdx = rax, rcx = 2;		\
	uint64_t rsi = HOLE + 0x10, rdi = HOLE + 0x10;			\
									\
	asm volatile(insn						\
		     : "+a" (rax), "+d" (rdx), "+c" (rcx), "+S" (rsi), "+D" (rdi) \
		     : "b" (HOLE) : "memory", "cc");			\
	GUEST_DONE();							\
}

INSN(add_l, "addl %%eax, (%%rbx)")
INSN(lock_add_q, "lock addq %%rax, 8(%%rbx)")
INSN(xchg_b, "xchgb %%al, 3(%%rbx)")
INSN(cmpxchg_l, "cmpxchgl %%edx, (%%rbx)")
INSN(cmpxchg_same_l, "movl $0x03020100, %%eax; lock cmpxchgl %%edx, (%%rbx)")
INSN(bts_l, "movl $100, %%edx; btsl %%edx, (%%rbx)")
INSN(cmp_l, "cmpl %%eax, (%%rbx)")
INSN(setz_b, "cmpl %%eax, %%eax; setz 1(%%rbx)")
INSN(add_edge_q, "addq %%rax, 0xffd(%%rbx)")
INSN(movdqu_load, "movdqu (%%rbx), %%xmm1")
INSN(movdqu_store, "pxor %%xmm1, %%xmm1; movdqu %%xmm1, (%%rbx)")
INSN(movdqu_edge_store, "pxor %%xmm1, %%xmm1; movdqu %%xmm1, 0xff9(%%rbx)")
INSN(cmpxchg16b_, "lock cmpxchg16b (%%rbx)")
INSN(push_mem, "pushq (%%rbx); popq %%rdx")
INSN(pop_mem, "pushq %%rax; popq (%%rbx)")
INSN(push_stack, "movq %%rsp, %%rdx; leaq 0x20(%%rbx), %%rsp; pushq %%rax; movq %%rdx, %%rsp")
INSN(movs_q, "movsq")
INSN(rep_movs_b, "rep movsb")
INSN(rep_stos_w, "rep stosw")
INSN(repe_cmps_l, "repe cmpsl")
INSN(xlock, "lock incb (%%rbx); lock notw 2(%%rbx)")

struct row {
	const char *name;
	void (*code)(void);
	struct access access[MAX_ACCESSES];
	unsigned int count;
};

#define R(len, offset, data)	{ false, len, offset, data }
#define W(len, offset, data)	{ true, len, offset, data }
#define ROW(name_, code_, ...)						\
	{								\
		.name = name_, .code = code_, .access = { __VA_ARGS__ },	\
		.count = sizeof((struct access[]){ __VA_ARGS__ }) / sizeof(struct access), \
	}

static const struct row rows[] = {
	ROW("add", add_l, R(4, 0, 0x03020100), W(4, 0, 0x89abcdef + 0x03020100)),
	ROW("lock add", lock_add_q, R(8, 8, 0x0f0e0d0c0b0a0908),
	    W(8, 8, 0x0f0e0d0c0b0a0908 + 0x0123456789abcdef)),
	ROW("xchg", xchg_b, R(1, 3, 3), W(1, 3, 0xef)),
	ROW("cmpxchg, not equal: writes what was there", cmpxchg_l, R(4, 0, 0x03020100),
	    W(4, 0, 0x03020100)),
	ROW("lock cmpxchg, equal", cmpxchg_same_l, R(4, 0, 0x03020100), W(4, 0, 0x89abcdef)),
	ROW("bts beyond the operand", bts_l, R(4, 12, 0x0f0e0d0c), W(4, 12, 0x0f0e0d1c)),
	ROW("cmp writes nothing", cmp_l, R(4, 0, 0x03020100)),
	ROW("setz reads nothing", setz_b, W(1, 1, 1)),
	ROW("add over the page", add_edge_q, R(3, 0xffd, 0xfffefd), R(5, 0x1000, 0x0403020100),
	    W(3, 0xffd, 0xabcdef + 0xfffefd - 0x1000000),
	    W(5, 0x1000, 0x0123456789 + 0x0403020100 + 1)),
	ROW("16 bytes read", movdqu_load, R(8, 0, 0x0706050403020100), R(8, 8, 0x0f0e0d0c0b0a0908)),
	ROW("16 bytes written", movdqu_store, W(8, 0, 0), W(8, 8, 0)),
	ROW("16 bytes over the page", movdqu_edge_store, W(7, 0xff9, 0), W(8, 0x1000, 0),
	    W(1, 0x1008, 0)),
	ROW("lock cmpxchg16b", cmpxchg16b_, R(8, 0, 0x0706050403020100),
	    R(8, 8, 0x0f0e0d0c0b0a0908), W(8, 0, 0x0706050403020100),
	    W(8, 8, 0x0f0e0d0c0b0a0908)),
	ROW("push of memory", push_mem, R(8, 0, 0x0706050403020100)),
	ROW("pop to memory", pop_mem, W(8, 0, 0x0123456789abcdef)),
	ROW("push on a stack there", push_stack, W(8, 0x18, 0x0123456789abcdef)),
	ROW("movs", movs_q, R(8, 0x10, 0x1716151413121110), W(8, 0x10, 0x1716151413121110)),
	ROW("rep movs, element by element", rep_movs_b, R(1, 0x10, 0x10), W(1, 0x10, 0x10),
	    R(1, 0x11, 0x11), W(1, 0x11, 0x11)),
	ROW("rep stos", rep_stos_w, W(2, 0x10, 0xcdef), W(2, 0x12, 0xcdef)),
	ROW("repe cmps", repe_cmps_l, R(4, 0x10, 0x13121110), R(4, 0x10, 0x13121110),
	    R(4, 0x14, 0x17161514), R(4, 0x14, 0x17161514)),
	ROW("lock inc, lock not", xlock, R(1, 0, 0), W(1, 0, 1), R(2, 2, 0x0302),
	    W(2, 2, 0xfcfd)),
};

static bool is_unknown_to_kvm(const struct row *row)
{
	return row->code == cmpxchg16b_;
}

static void expect_accesses(struct __test_metadata *_metadata, const struct row *row,
			    const struct device *d)
{
	EXPECT_EQ(row->count, d->count) TH_LOG("%s", row->name);
	for (unsigned int i = 0; i < row->count; i++) {
		const struct access *want = &row->access[i], *got = &d->access[i];

		EXPECT_EQ(want->write, got->write) TH_LOG("%s: access %u", row->name, i);
		EXPECT_EQ(want->len, got->len) TH_LOG("%s: access %u", row->name, i);
		EXPECT_EQ(want->offset, got->offset) TH_LOG("%s: access %u", row->name, i);
		EXPECT_EQ(want->data, got->data) TH_LOG("%s: access %u", row->name, i);
	}
}

TEST_F(guest, accesses)
{
	struct device d;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (vm_is_kvm() && is_unknown_to_kvm(&rows[i]))
			continue;
		vcpu_set_long(&self->cpu, rows[i].code);
		ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d))
			TH_LOG("%s", rows[i].name);
		expect_accesses(_metadata, &rows[i], &d);
	}
}

/* What can be read without user space is, and only the write goes there. */
TEST_F(guest, modify_in_a_read_only_slot)
{
	struct device d;
	void *host;

	host = vm_add_slot(&self->vm, 1, HOLE + 0x100000, 0x1000);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, HOLE + 0x100000, 0, host));
	*(uint32_t *)host = 0x1234;
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, KVM_MEM_READONLY, HOLE, 0x1000, host));
	vcpu_set_long(&self->cpu, add_l);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
	ASSERT_EQ(1, d.count);
	EXPECT_TRUE(d.access[0].write);
	EXPECT_EQ(0x89abcdef + 0x1234, d.access[0].data);
	EXPECT_EQ(0x1234, *(uint32_t *)host);
}

extern const uint8_t counted_insn[], counted_next[];

static __guest void count_up(void)
{
	asm volatile("xorl %%ecx, %%ecx\n"
		     ".globl counted_insn, counted_next\n"
		     "counted_insn: xaddl %%eax, (%%rbx)\n"
		     "counted_next: nop"
		     : : "a" (-0x03020100), "b" (HOLE) : "memory", "cc", "rcx");
	GUEST_DONE();
}

TEST_F(guest, registers_move_with_the_write)
{
	struct device d;
	struct kvm_regs regs;

	device_init(&d);
	vcpu_set_long(&self->cpu, count_up);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	ASSERT_FALSE(self->cpu.run->mmio.is_write);
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ((uintptr_t)counted_insn, regs.rip);
	EXPECT_EQ((uint32_t)-0x03020100, regs.rax);
	play(&d, self->cpu.run);

	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	ASSERT_TRUE(self->cpu.run->mmio.is_write);
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ((uintptr_t)counted_next, regs.rip);
	EXPECT_EQ(0x03020100, regs.rax);
	EXPECT_EQ(0x41, regs.rflags & 0x41);	/* CF, ZF */
	EXPECT_EQ(0, *(uint32_t *)self->cpu.run->mmio.data);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, code_that_changes_meanwhile_is_not_looked_at_again)
{
	uint8_t *code = self->vm.mem + (uintptr_t)counted_insn;
	struct device d;

	device_init(&d);
	vcpu_set_long(&self->cpu, count_up);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	play(&d, self->cpu.run);
	memset(code, 0x90, counted_next - counted_insn);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_TRUE(self->cpu.run->mmio.is_write);
	EXPECT_EQ(0, *(uint32_t *)self->cpu.run->mmio.data);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));

	/* And the next time it is. */
	vcpu_set_long(&self->cpu, count_up);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* The device behind PAGE1, read-only; nothing behind PAGE2. */
static __guest void faults(void)
{
	/* What may not be written is not read. */
	GUEST_EQ(PF, GUEST_TRY("lock addl $1, (%0)", : "r" (PAGE1) : "memory"));
	GUEST_EQ(3, guest_trap.error);
	GUEST_EQ(PAGE1, guest_trap.cr2);
	GUEST_EQ(PF, GUEST_TRY("xchgb %%al, 5(%0)", : "r" (PAGE1) : "memory", "rax"));
	GUEST_EQ(3, guest_trap.error);
	/* Nor one half, if the other one cannot be. */
	GUEST_EQ(PF, GUEST_TRY("movq -1(%0), %%rax", : "r" (PAGE2) : "rax"));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(PAGE2, guest_trap.cr2);
	GUEST_EQ(PF, GUEST_TRY("movdqu -15(%0), %%xmm1", : "r" (PAGE2)));
	GUEST_EQ(PAGE2, guest_trap.cr2);
	GUEST_DONE();
}

TEST_F(guest, faults_come_first)
{
	struct device d;

	*vm_pte(&self->vm, PAGE1) = HOLE | PTE_P;
	*vm_pte(&self->vm, PAGE2) = 0;
	vcpu_set_long(&self->cpu, faults);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
	EXPECT_EQ(0, d.count);
}

static __guest void writes_half(void)
{
	GUEST_EQ(PF, GUEST_TRY("lock xaddq %%rax, -4(%0)", : "r" (PAGE2) : "rax", "memory"));
	GUEST_EQ(3, guest_trap.error);
	GUEST_EQ(PAGE2, guest_trap.cr2);
	GUEST_EQ(PF, GUEST_TRY("movq %%rax, -7(%0)", : "r" (PAGE2) : "memory"));
	GUEST_EQ(3, guest_trap.error);
	GUEST_EQ(PAGE2, guest_trap.cr2);
	GUEST_DONE();
}

TEST_F(guest, nothing_is_written_if_the_second_page_is_read_only)
{
	struct device d;

	*vm_pte(&self->vm, PAGE1) = HOLE | PTE_P | PTE_W;
	*vm_pte(&self->vm, PAGE2) = (HOLE + 0x1000) | PTE_P;
	vcpu_set_long(&self->cpu, writes_half);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
	/* KVM reads what it cannot write. */
	if (!vm_is_kvm())
		EXPECT_EQ(0, d.count);
}

/* MOVS reads the device, and may not write where it leads. */
static __guest void second_operand_faults(void)
{
	uint64_t rsi = HOLE, rdi = PAGE1, rcx = 3;

	guest_trap.vector = NO_TRAP;
	asm volatile("movq $771f, guest_fixup\n\t"
		     "rep movsb\n"
		     "771:\tmovq $0, guest_fixup"
		     : "+S" (rsi), "+D" (rdi), "+c" (rcx) : : "memory");
	GUEST_EQ(PF, guest_trap.vector);
	GUEST_EQ(3, guest_trap.error);
	GUEST_EQ(PAGE1, guest_trap.cr2);
	GUEST_EQ(HOLE, rsi);
	GUEST_EQ(PAGE1, rdi);
	GUEST_EQ(3, rcx);
	GUEST_DONE();
}

TEST_F(guest, fault_of_the_second_operand)
{
	struct device d;

	*vm_pte(&self->vm, PAGE1) = PAGE1 | PTE_P;
	vcpu_set_long(&self->cpu, second_operand_faults);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
}

static __guest void branches(void)
{
	uint64_t *stack = (uint64_t *)(VM_DATA + 0x100ull);

	GUEST_EQ(GP, GUEST_TRY("jmp *(%0)", : "r" (HOLE)));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(GP, GUEST_TRY("movq %%rsp, %%rdx\n\t"
			       "movq %1, %%rsp\n\t"
			       "movq $1f, guest_fixup\n"
			       "call *(%0)\n"
			       "1:\tmovq %%rdx, %%rsp",
			       : "r" (HOLE), "r" (stack) : "rdx", "memory"));
	GUEST_DONE();
}

TEST_F(guest, branch_to_nowhere)
{
	struct device d;

	vcpu_set_long(&self->cpu, branches);
	device_init(&d);
	/* Not canonical. */
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
		EXPECT_EQ(8, self->cpu.run->mmio.len);
		memset(self->cpu.run->mmio.data, 0x80, 8);
	}
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint64_t steps, step_rip[4];

static __guest void take_step(struct guest_frame *frame)
{
	step_rip[steps & 3] = frame->rip;
	if (++steps == 3)
		frame->rflags &= ~FLAG_TF;
}

extern const uint8_t step_first[], step_second[], step_third[];

static __guest void single_steps(void)
{
	guest_handler[DB] = take_step;
	asm volatile("pushfq; orl $0x100, (%%rsp); popfq\n\t"
		     "addl %%eax, (%%rbx)\n"
		     ".globl step_first, step_second, step_third\n"
		     "step_first:\tmovl %%eax, (%%rbx)\n"
		     "step_second:\tmovl (%%rbx), %%eax\n"
		     "step_third:\tnop"
		     : : "a" (1), "b" (HOLE) : "memory", "cc");
	GUEST_EQ(3, steps);
	GUEST_EQ((uintptr_t)step_first, step_rip[0]);
	GUEST_EQ((uintptr_t)step_second, step_rip[1]);
	GUEST_EQ((uintptr_t)step_third, step_rip[2]);
	GUEST_DONE();
}

TEST_F(guest, single_step)
{
	struct device d;

	vcpu_set_long(&self->cpu, single_steps);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
	EXPECT_EQ(4, d.count);
}

static __guest void user_code(void)
{
	asm volatile("movl 4(%0), %%eax; movw 2(%0), %%ax; movdqu 8(%0), %%xmm1\n\t"
		     "movl 1(%0), %%eax; hlt" : : "r" (HOLE) : "rax");
}

static __guest void alignment(void)
{
	write_cr0(read_cr0() | X86_CR0_AM);
	GUEST_EQ(AC, guest_run_user(user_code, FLAG_AC));
	GUEST_EQ(0, guest_trap.error);
	GUEST_EQ(GP, guest_run_user(user_code, 0));
	/* In ring 0 nothing is checked. */
	asm volatile("pushfq; orl $0x40000, (%%rsp); popfq; movl 1(%0), %%eax\n\t"
		     "pushfq; andl $~0x40000, (%%rsp); popfq" : : "r" (HOLE) : "rax", "cc");
	GUEST_DONE();
}

TEST_F(guest, alignment_check)
{
	struct device d;

	vcpu_set_long(&self->cpu, alignment);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &d));
	/* Two words and 16 bytes each time, the last word only where it is allowed. */
	EXPECT_EQ(4 + 5 + 1, d.count);
}

TEST_HARNESS_MAIN
