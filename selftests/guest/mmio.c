// SPDX-License-Identifier: GPL-2.0
/*
 * Memory-mapped I/O by the MOV family: what is written and read, how results
 * are extended, addressing modes, accesses split over a page.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define HOLE	((uintptr_t)VM_HOLE)
#define HIGH_GPA	0x140000000ull	/* above 4 GiB */
#define MAX_ACCESSES	4

/* One access as user space saw it. */
struct access {
	uint64_t gpa;
	uint64_t data;
	uint32_t len;
	bool write;
};

/* A device: reads give 0x8191a1b1c1d1e1f1 in little endian, from any address. */
#define DEVICE_VALUE	0x8191a1b1c1d1e1f1ull

struct log {
	struct access access[MAX_ACCESSES];
	unsigned int nr;
};

static enum guest_word run_with_device(struct vcpu *cpu, struct log *log)
{
	uint64_t value = DEVICE_VALUE;
	struct guest_report report;
	enum guest_word word;

	log->nr = 0;
	for (;;) {
		struct kvm_run *run = cpu->run;
		struct access *access = &log->access[log->nr];

		word = vcpu_run_guest(cpu, &report);
		if (word != GUEST_OTHER_EXIT || run->exit_reason != KVM_EXIT_MMIO)
			return word;
		if (log->nr++ == MAX_ACCESSES)
			die("the guest makes more than %d accesses", MAX_ACCESSES);
		access->gpa = run->mmio.phys_addr;
		access->len = run->mmio.len;
		access->write = run->mmio.is_write;
		access->data = 0;
		if (run->mmio.is_write)
			memcpy(&access->data, run->mmio.data, run->mmio.len & 15);
		else
			memcpy(run->mmio.data, &value, sizeof(value));
	}
}

/*
 * A store: RBX = the hole, RCX = 2, RAX = 0x0123456789abcdef, RDX likewise,
 * R9 = 0xfedcba9876543210.
 */
struct store {
	const char *name;
	void (*code)(void);
	uint32_t len;
	uint64_t data;
	int64_t offset;
};

#define INSN(name, insn)						\
static __guest void name(void)						\
{									\
	uint64_t rax = 0x0123456789abcdef, rdx = rax;			\
	register uint64_t r9 asm("r9") = 0xfedcba9876543210;		\
									\
	asm volatile(insn : "+a" (rax), "+d" (rdx), "+r" (r9)		\
		     : "b" (HOLE), "c" (2ul) : "memory");		\
	result = rax;							\
	GUEST_DONE();							\
}

static volatile uint64_t result;

INSN(store_b, "movb %%al, (%%rbx)")
INSN(store_ah, "movb %%ah, (%%rbx)")
INSN(store_dh, "movb %%dh, 1(%%rbx)")
INSN(store_sil, "movl $0x99, %%esi; movb %%sil, (%%rbx)")
INSN(store_w, "movw %%ax, (%%rbx)")
INSN(store_l, "movl %%eax, (%%rbx)")
INSN(store_q, "movq %%rax, (%%rbx)")
INSN(store_r9, "movq %%r9, (%%rbx)")
INSN(store_r9b, "movb %%r9b, (%%rbx)")
INSN(store_imm_b, "movb $0x5a, (%%rbx)")
INSN(store_imm_w, "movw $0x1234, (%%rbx)")
INSN(store_imm_l, "movl $0x12345678, (%%rbx)")
INSN(store_imm_q, "movq $-2, (%%rbx)")
INSN(store_disp8, "movl %%eax, 0x7f(%%rbx)")
INSN(store_neg, "movl %%eax, -4(%%rbx)")
INSN(store_disp32, "movl %%eax, 0x12340(%%rbx)")
INSN(store_sib, "movl %%eax, 0x10(%%rbx,%%rcx,8)")
INSN(store_absolute, "movl %%eax, 0x10000020")
INSN(store_moffs, "movabs %%eax, 0x10000028")
INSN(store_moffs_b, "movabs %%al, 0x10000029")
INSN(store_r12, "movq %%rbx, %%r12; movl %%eax, 8(%%r12)")
INSN(store_r13, "movq %%rbx, %%r13; movl %%eax, (%%r13)")
INSN(store_addr32, "movl %%eax, (%%ebx)")

static const struct store stores[] = {
	{ "mov %al, m8", store_b, 1, 0xef, 0 },
	{ "mov %ah, m8", store_ah, 1, 0xcd, 0 },
	{ "mov %dh, m8", store_dh, 1, 0xcd, 1 },
	{ "mov %sil, m8", store_sil, 1, 0x99, 0 },
	{ "mov %ax, m16", store_w, 2, 0xcdef, 0 },
	{ "mov %eax, m32", store_l, 4, 0x89abcdef, 0 },
	{ "mov %rax, m64", store_q, 8, 0x0123456789abcdef, 0 },
	{ "mov %r9, m64", store_r9, 8, 0xfedcba9876543210, 0 },
	{ "mov %r9b, m8", store_r9b, 1, 0x10, 0 },
	{ "mov imm8, m8", store_imm_b, 1, 0x5a, 0 },
	{ "mov imm16, m16", store_imm_w, 2, 0x1234, 0 },
	{ "mov imm32, m32", store_imm_l, 4, 0x12345678, 0 },
	{ "mov imm32, m64", store_imm_q, 8, 0xfffffffffffffffe, 0 },
	{ "disp8", store_disp8, 4, 0x89abcdef, 0x7f },
	{ "negative disp8", store_neg, 4, 0x89abcdef, -4 },
	{ "disp32", store_disp32, 4, 0x89abcdef, 0x12340 },
	{ "base, index, scale", store_sib, 4, 0x89abcdef, 0x20 },
	{ "absolute", store_absolute, 4, 0x89abcdef, 0x20 },
	{ "moffs32", store_moffs, 4, 0x89abcdef, 0x28 },
	{ "moffs8", store_moffs_b, 1, 0xef, 0x29 },
	{ "base r12", store_r12, 4, 0x89abcdef, 8 },
	{ "base r13", store_r13, 4, 0x89abcdef, 0 },
	{ "address size 32", store_addr32, 4, 0x89abcdef, 0 },
};

TEST_F(guest, stores)
{
	struct log log;

	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		const struct store *store = &stores[i];

		vcpu_set_long(&self->cpu, store->code);
		ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log))
			TH_LOG("%s", store->name);
		EXPECT_EQ(1, log.nr) TH_LOG("%s", store->name);
		EXPECT_TRUE(log.access[0].write) TH_LOG("%s", store->name);
		EXPECT_EQ(HOLE + store->offset, log.access[0].gpa) TH_LOG("%s", store->name);
		EXPECT_EQ(store->len, log.access[0].len) TH_LOG("%s", store->name);
		EXPECT_EQ(store->data, log.access[0].data) TH_LOG("%s", store->name);
	}
}

/* A load: registers as for a store; the result is RAX. */
struct load {
	const char *name;
	void (*code)(void);
	uint32_t len;
	uint64_t rax;
};

INSN(load_b, "movb (%%rbx), %%al")
INSN(load_ah, "movb (%%rbx), %%ah")
INSN(load_w, "movw (%%rbx), %%ax")
INSN(load_l, "movl (%%rbx), %%eax")
INSN(load_q, "movq (%%rbx), %%rax")
INSN(load_r9, "movq (%%rbx), %%r9; movq %%r9, %%rax")
INSN(load_zx_bw, "movzbw (%%rbx), %%ax")
INSN(load_zx_bl, "movzbl (%%rbx), %%eax")
INSN(load_zx_bq, "movzbq (%%rbx), %%rax")
INSN(load_zx_wl, "movzwl (%%rbx), %%eax")
INSN(load_zx_wq, "movzwq (%%rbx), %%rax")
INSN(load_sx_bw, "movsbw (%%rbx), %%ax")
INSN(load_sx_bl, "movsbl (%%rbx), %%eax")
INSN(load_sx_bq, "movsbq (%%rbx), %%rax")
INSN(load_sx_wl, "movswl (%%rbx), %%eax")
INSN(load_sx_wq, "movswq (%%rbx), %%rax")
INSN(load_sx_lq, "movslq (%%rbx), %%rax")
INSN(load_moffs, "movabs 0x10000000, %%eax")
INSN(load_moffs_q, "movabs 0x10000000, %%rax")
INSN(load_moffs_b, "movabs 0x10000000, %%al")

static const struct load loads[] = {
	{ "mov m8, %al", load_b, 1, 0x0123456789abcdf1 },
	{ "mov m8, %ah", load_ah, 1, 0x0123456789abf1ef },
	{ "mov m16, %ax", load_w, 2, 0x0123456789abe1f1 },
	{ "mov m32, %eax", load_l, 4, 0xc1d1e1f1 },
	{ "mov m64, %rax", load_q, 8, DEVICE_VALUE },
	{ "mov m64, %r9", load_r9, 8, DEVICE_VALUE },
	{ "movzx m8, %ax", load_zx_bw, 1, 0x0123456789ab00f1 },
	{ "movzx m8, %eax", load_zx_bl, 1, 0xf1 },
	{ "movzx m8, %rax", load_zx_bq, 1, 0xf1 },
	{ "movzx m16, %eax", load_zx_wl, 2, 0xe1f1 },
	{ "movzx m16, %rax", load_zx_wq, 2, 0xe1f1 },
	{ "movsx m8, %ax", load_sx_bw, 1, 0x0123456789abfff1 },
	{ "movsx m8, %eax", load_sx_bl, 1, 0xfffffff1 },
	{ "movsx m8, %rax", load_sx_bq, 1, 0xfffffffffffffff1 },
	{ "movsx m16, %eax", load_sx_wl, 2, 0xffffe1f1 },
	{ "movsx m16, %rax", load_sx_wq, 2, 0xffffffffffffe1f1 },
	{ "movsxd m32, %rax", load_sx_lq, 4, 0xffffffffc1d1e1f1 },
	{ "moffs32", load_moffs, 4, 0xc1d1e1f1 },
	{ "moffs64", load_moffs_q, 8, DEVICE_VALUE },
	{ "moffs8", load_moffs_b, 1, 0x0123456789abcdf1 },
};

TEST_F(guest, loads)
{
	struct log log;

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		const struct load *load = &loads[i];

		vcpu_set_long(&self->cpu, load->code);
		ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log))
			TH_LOG("%s", load->name);
		EXPECT_EQ(1, log.nr) TH_LOG("%s", load->name);
		EXPECT_FALSE(log.access[0].write) TH_LOG("%s", load->name);
		EXPECT_EQ(HOLE, log.access[0].gpa) TH_LOG("%s", load->name);
		EXPECT_EQ(load->len, log.access[0].len) TH_LOG("%s", load->name);
		EXPECT_EQ(load->rax, GUEST_VAR(&self->vm, result))
			TH_LOG("%s", load->name);
	}
}

static __guest void relative(void)
{
	uint64_t fs = HOLE - 0x100;

	wrmsr(0xc0000100, fs);
	asm volatile("movl $0x11111111, %%fs:0x104" : : : "memory");
	asm volatile("movl $0x22222222, 0x10000000(%%rip)" : : : "memory");
	GUEST_DONE();
}

TEST_F(guest, segment_base_and_rip_relative)
{
	struct log log;

	vcpu_set_long(&self->cpu, relative);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	ASSERT_EQ(2, log.nr);
	EXPECT_EQ(HOLE + 4, log.access[0].gpa);
	EXPECT_EQ(0x11111111, log.access[0].data);
	EXPECT_EQ(0x22222222, log.access[1].data);
}

static __guest void split_in_hole(void)
{
	volatile uint64_t *edge = (uint64_t *)(HOLE + 0x1000 - 3);

	*edge = 0x8877665544332211;
	/* The device answers each part from its lowest byte on. */
	GUEST_EQ(0xb1c1d1e1f1d1e1f1, *edge);
	GUEST_DONE();
}

TEST_F(guest, split_over_two_pages_of_a_hole)
{
	struct log log;

	vcpu_set_long(&self->cpu, split_in_hole);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	ASSERT_EQ(4, log.nr);
	for (int i = 0; i < 4; i += 2) {
		EXPECT_EQ(HOLE + 0x1000 - 3, log.access[i].gpa);
		EXPECT_EQ(3, log.access[i].len);
		EXPECT_EQ(HOLE + 0x1000, log.access[i + 1].gpa);
		EXPECT_EQ(5, log.access[i + 1].len);
		EXPECT_EQ(!i, log.access[i].write);
	}
	EXPECT_EQ(0x332211, log.access[0].data);
	EXPECT_EQ(0x8877665544, log.access[1].data);
}

static __guest void split_with_ram(void)
{
	volatile uint32_t *edge = (uint32_t *)(uintptr_t)(VM_PAGES + 0x1000 - 1);

	*edge = 0x44332211;
	GUEST_EQ(0xd1e1f111, *edge);
	GUEST_DONE();
}

TEST_F(guest, split_over_memory_and_hole)
{
	struct log log;

	*vm_pte(&self->vm, VM_PAGES + 0x1000) = HOLE | PTE_P | PTE_W;
	vcpu_set_long(&self->cpu, split_with_ram);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	ASSERT_EQ(2, log.nr);
	EXPECT_EQ(0x11, self->vm.mem[VM_PAGES + 0xfff]);
	EXPECT_EQ(HOLE, log.access[0].gpa);
	EXPECT_EQ(3, log.access[0].len);
	EXPECT_EQ(0x443322, log.access[0].data);
	EXPECT_EQ(HOLE, log.access[1].gpa);
	EXPECT_EQ(3, log.access[1].len);
}

static __guest void store_to_page(void)
{
	*(volatile uint32_t *)(uintptr_t)(VM_PAGES + 0x1010) = 0xcafe;
	GUEST_DONE();
}

TEST_F(guest, hole_above_4_gib)
{
	struct log log;

	*vm_pte(&self->vm, VM_PAGES + 0x1000) = HIGH_GPA | PTE_P | PTE_W;
	vcpu_set_long(&self->cpu, store_to_page);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	EXPECT_EQ(HIGH_GPA + 0x10, log.access[0].gpa);
}

static __guest void store_to_read_only_page(void)
{
	GUEST_EQ(14, GUEST_TRY("movl $1, (%0)", : "r" (VM_PAGES + 0x1000ull) : "memory"));
	GUEST_EQ(3, guest_trap.error);
	GUEST_DONE();
}

TEST_F(guest, guest_page_fault_wins_over_mmio)
{
	struct log log;

	*vm_pte(&self->vm, VM_PAGES + 0x1000) = HOLE | PTE_P;
	vcpu_set_long(&self->cpu, store_to_read_only_page);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	EXPECT_EQ(0, log.nr);
}

static __guest void load_twice(void)
{
	volatile uint8_t *device = (uint8_t *)HOLE;

	GUEST_EQ(0xf1, device[0]);
	GUEST_EQ(0xf1, device[1]);
	device[2] = 7;
	GUEST_DONE();
}

/*
 * A store to MMIO from a page that has just gone from the page table, though the CPU may
 * still hold it: andb $~PTE_P, (%rdi); movb %al, (%rsi); jmp *%rdx
 */
static const uint8_t vanishing[] = { 0x80, 0x27, 0xfe, 0x88, 0x06, 0xff, 0xe2 };

static __guest void fetched_from_a_page_that_has_gone(void)
{
	volatile uint64_t *pte = (uint64_t *)(uintptr_t)VM_PT;
	volatile uint8_t *page = (uint8_t *)(uintptr_t)VM_PAGES;
	uint64_t vector;

	for (unsigned int i = 0; i < sizeof(vanishing); i++)
		page[i] = vanishing[i];
	vector = GUEST_TRY("leaq 1f(%%rip), %%rdx\n\tjmp *%0\n1:", :
			   "r" (page), "D" (pte), "S" (HOLE) : "rdx", "memory");
	*pte |= PTE_P;
	GUEST_EQ(14, vector);
	GUEST_EQ(VM_PAGES + 3, guest_trap.cr2);
	GUEST_EQ(1, guest_trap.count);
	GUEST_DONE();
}

TEST_F(guest, a_fetch_that_fails_faults_once)
{
	struct log log;

	vcpu_set_long(&self->cpu, fetched_from_a_page_that_has_gone);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	EXPECT_EQ(0, log.nr);
}

TEST_F(guest, len_and_address_are_the_kernels_own)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, load_twice);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
		EXPECT_EQ(HOLE + i, run->mmio.phys_addr);
		run->mmio.data[0] = 0xf1;
		run->mmio.len = 0xffffffff;
		run->mmio.phys_addr = ~0ull;
		run->mmio.is_write = 1;
	}
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	EXPECT_EQ(1, run->mmio.is_write);
	EXPECT_EQ(7, run->mmio.data[0]);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, load_completes_before_immediate_exit)
{
	struct kvm_run *run = self->cpu.run;
	uint64_t value = DEVICE_VALUE;

	vcpu_set_long(&self->cpu, load_q);
	ASSERT_EQ(KVM_EXIT_MMIO, vcpu_run(&self->cpu));
	memcpy(run->mmio.data, &value, sizeof(value));
	run->immediate_exit = 1;
	ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
	EXPECT_EQ(DEVICE_VALUE, vcpu_regs(&self->cpu).rax);
	run->immediate_exit = 0;
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	EXPECT_EQ(DEVICE_VALUE, GUEST_VAR(&self->vm, result));
}

static __guest void mmx_from_hole(void)
{
	asm volatile("paddb (%0), %%mm0" : : "r" (HOLE) : "memory");
	GUEST_DONE();
}

TEST_F(guest, what_cannot_be_emulated_is_an_internal_error)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, mmx_from_hole);
	ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, run->internal.suberror);
	EXPECT_LE(6, run->internal.ndata);
	/* The bytes of the instruction, where it is said that they are there. */
	if (run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) {
		uint64_t rip = vcpu_regs(&self->cpu).rip;

		EXPECT_LE(3, run->emulation_failure.insn_size);
		EXPECT_EQ(0, memcmp(run->emulation_failure.insn_bytes,
				    self->vm.mem + rip, 3));
	}
}

static __guest void jump_into_hole(void)
{
	((void (*)(void))HOLE)();
}

TEST_F(guest, code_in_a_hole_is_an_internal_error)
{
	vcpu_set_long(&self->cpu, jump_into_hole);
	ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, vcpu_run(&self->cpu));
	EXPECT_EQ(KVM_INTERNAL_ERROR_EMULATION, self->cpu.run->internal.suberror);
	EXPECT_EQ(HOLE, vcpu_regs(&self->cpu).rip);
}

TEST_F(guest, read_only_slot_gives_mmio)
{
	struct log log;
	void *host;

	if (ioctl(self->vm.dev, KVM_CHECK_EXTENSION, KVM_CAP_READONLY_MEM) <= 0)
		SKIP(return, "KVM_CAP_READONLY_MEM is absent");
	host = vm_add_slot(&self->vm, 1, HOLE + 0x100000, 0x1000);
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, 0, HOLE + 0x100000, 0, host));
	*(uint32_t *)host = 0x1234;
	ASSERT_EQ(0, vm_set_slot(&self->vm, 1, KVM_MEM_READONLY, HOLE, 0x1000, host));
	vcpu_set_long(&self->cpu, store_l);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	ASSERT_EQ(1, log.nr);
	EXPECT_EQ(HOLE, log.access[0].gpa);
	EXPECT_EQ(0x1234, *(uint32_t *)host);
	vcpu_set_long(&self->cpu, load_l);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &log));
	EXPECT_EQ(0, log.nr);
	EXPECT_EQ(0x1234, GUEST_VAR(&self->vm, result));
}

TEST_HARNESS_MAIN
