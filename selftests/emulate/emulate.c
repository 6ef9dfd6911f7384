// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of instructions, run in a guest: on memory, where the processor does
 * them, and on addresses that no slot backs, where the hypervisor does and this
 * program plays memory. Either page of the window can be the one or the other.
 */
#include <string.h>

#include "kselftest_harness.h"

#include "cases.h"
#include "vm.h"

/* Guest-physical layout; all of it but the device's pages is memory. */
#define MEMORY_SIZE	0x200000u
#define IDT		0x1000u
#define GDT		0x2000u
#define HANDLERS	0xe000u		/* one HLT for each vector */
#define TABLES		0x100000u	/* page tables, one set for each mapping */
#define TABLES_SIZE	0x10000u
#define DEVICE		0x10000000u	/* the window's first page ... */
#define DEVICE_SECOND	0x10005000u	/* ... and its second */
#define DEVICE_REAL	0x20000000u	/* both, for segments that begin there */

#define WINDOW_PAGE	(WINDOW & ~0xfffu)
#define WINDOW_OFFSET	(WINDOW & 0xfffu)
#define PAGE		4096u
#define HLT		0xf4
#define RUNS		256		/* no row needs more */

/* Which of the window's pages are the device's. */
enum window_map {
	MAP_MEMORY,
	MAP_FIRST,
	MAP_SECOND,
	MAP_DEVICE,
	MAPPINGS
};

/* Which rows are run, and how their mode is entered. */
enum how {
	HOW_ALL,		/* 4-level paging; PAE paging for 32 and 16 bits */
	HOW_TWO_LEVEL,		/* rows of 32 and 16 bits, with 32-bit paging */
	HOW_REAL,		/* rows of 16 bits, in real mode */
};

/**
 * struct machine - a machine whose window is memory, device, or half and half
 * @vm: the machine
 * @cpu: its processor
 * @mapping: which pages are the device's
 * @how: the processor's mode
 * @device: what the device holds
 */
struct machine {
	struct vm vm;
	struct vcpu cpu;
	enum window_map mapping;
	enum how how;
	uint8_t device[2 * PAGE];
};

/* Where a page of the first 2 MiB leads: to itself, but for the window. */
static uint64_t page_table_entry(unsigned int mapping, uint64_t page)
{
	if (page == WINDOW_PAGE && mapping & MAP_FIRST)
		return DEVICE | PTE_P | PTE_W;
	if (page == WINDOW_PAGE + PAGE && mapping & MAP_SECOND)
		return DEVICE_SECOND | PTE_P | PTE_W;
	return page | PTE_P | PTE_W;
}

/* Page tables of three kinds for the same mapping, the first two sharing the lower levels. */
#define PML4(set)		(TABLES + (set) * TABLES_SIZE)
#define PAE_PDPT(set)		(PML4(set) + 4 * PAGE)
#define TWO_LEVEL(set)		(PML4(set) + 5 * PAGE)

static void write_page_tables(struct vm *vm, unsigned int mapping)
{
	uint64_t base = PML4(mapping);
	uint64_t *pml4 = (uint64_t *)(vm->mem + base);
	uint64_t *pdpt = pml4 + 512, *pd = pdpt + 512, *pt = pd + 512, *pae = pt + 512;
	uint32_t *directory = (uint32_t *)(vm->mem + TWO_LEVEL(mapping));
	uint32_t *table = directory + 1024;

	pml4[0] = (base + PAGE) | PTE_P | PTE_W;
	pdpt[0] = (base + 2 * PAGE) | PTE_P | PTE_W;
	pae[0] = (base + 2 * PAGE) | PTE_P;
	pd[0] = (base + 3 * PAGE) | PTE_P | PTE_W;
	directory[0] = (TWO_LEVEL(mapping) + PAGE) | PTE_P | PTE_W;
	for (uint64_t i = 0; i < 512; i++) {
		pt[i] = page_table_entry(mapping, i << 12);
		table[i] = page_table_entry(mapping, i << 12);
	}
}

static void write_gdt(struct vm *vm)
{
	uint64_t *gdt = (uint64_t *)(vm->mem + GDT);

	gdt[SEL_CODE64 >> 3] = 0x00af9b000000ffffull;
	gdt[SEL_DATA >> 3] = 0x00cf93000000ffffull;
	gdt[SEL_CODE32 >> 3] = 0x00cf9b000000ffffull;
	gdt[SEL_CODE16 >> 3] = 0x008f9b000000ffffull;
}

/* Interrupt gates to the handlers, or in real mode pointers. */
static void write_idt(struct vm *vm, unsigned int mode, bool real)
{
	uint64_t code = mode == 64 ? SEL_CODE64 : mode == 32 ? SEL_CODE32 : SEL_CODE16;
	uint64_t *idt = (uint64_t *)(vm->mem + IDT);

	for (unsigned int i = 0; i < 32; i++) {
		uint64_t gate = (HANDLERS + i) | code << 16 | 0x8eull << 40;

		if (real)
			((uint32_t *)vm->mem)[i] = HANDLERS + i;
		else
			idt[mode == 64 ? 2 * i : i] = gate;
		if (mode == 64)
			idt[2 * i + 1] = 0;
	}
}

static void machine_init(struct machine *m, enum window_map mapping, enum how how)
{
	struct vm *vm = &m->vm;

	m->mapping = mapping;
	m->how = how;
	vm_init_bare(vm);
	vm->mem = vm_add_slot(vm, 0, 0, MEMORY_SIZE);
	vm->size = MEMORY_SIZE;
	for (unsigned int i = 0; i < MAPPINGS; i++)
		write_page_tables(vm, i);
	write_gdt(vm);
	memset(vm->mem + HANDLERS, HLT, PAGE);
	vcpu_init(vm, &m->cpu, 0);
}

static void machine_close(struct machine *m)
{
	vcpu_close(&m->cpu);
	vm_close(&m->vm);
}

static void set_segment(struct kvm_segment *segment, uint16_t selector, uint8_t type,
			unsigned int mode, uint64_t base)
{
	*segment = (struct kvm_segment) {
		.selector = selector,
		.base = base,
		.limit = mode == 16 ? 0xffff : 0xffffffff,
		.type = type,
		.present = 1,
		.s = 1,
		.g = mode != 16,
		.db = mode == 32,
		.l = mode == 64 && type == 11,
	};
}

static void set_paging(struct machine *m, struct kvm_sregs *sregs, unsigned int mode)
{
	sregs->cr0 = X86_CR0_PE | X86_CR0_ET | X86_CR0_NE | X86_CR0_PG;
	sregs->cr3 = mode == 64 ? PML4(m->mapping) : PAE_PDPT(m->mapping);
	sregs->cr4 = X86_CR4_OSFXSR | X86_CR4_OSXMM | X86_CR4_PAE;
	sregs->efer = mode == 64 ? EFER_LME | EFER_LMA : 0;
	if (m->how == HOW_TWO_LEVEL) {
		sregs->cr3 = TWO_LEVEL(m->mapping);
		sregs->cr4 &= ~X86_CR4_PAE;
	} else if (m->how == HOW_REAL) {
		sregs->cr0 = X86_CR0_ET;
		sregs->cr4 &= ~X86_CR4_PAE;
	}
}

static void set_sregs(struct machine *m, unsigned int mode)
{
	bool real = m->how == HOW_REAL;
	uint64_t base = real && m->mapping ? DEVICE_REAL - WINDOW_PAGE : 0;
	struct kvm_sregs sregs = vcpu_sregs(&m->cpu);

	set_segment(&sregs.cs, real ? 0 : mode == 64 ? SEL_CODE64 : mode == 32 ? SEL_CODE32 :
		    SEL_CODE16, 11, mode, 0);
	set_segment(&sregs.ds, SELECTOR, 3, mode, base);
	sregs.es = sregs.ds;
	sregs.fs = sregs.ds;
	sregs.gs = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.gdt = (struct kvm_dtable) { .base = GDT, .limit = 0x3f };
	sregs.idt = (struct kvm_dtable) { .base = real ? 0 : IDT, .limit = 0x3ff };
	set_paging(m, &sregs, mode);
	VM_IOCTL(m->cpu.fd, KVM_SET_SREGS, &sregs);
}

/* The registers of a state, in the order of instructions. */
static void set_regs(struct vcpu *cpu, const struct emulate_state *s)
{
	struct kvm_regs regs = {
		.rax = s->reg[RAX], .rcx = s->reg[RCX], .rdx = s->reg[RDX], .rbx = s->reg[RBX],
		.rsp = s->reg[RSP], .rbp = s->reg[RBP], .rsi = s->reg[RSI], .rdi = s->reg[RDI],
		.r8 = s->reg[R8], .r9 = s->reg[R9], .r10 = s->reg[R10], .r11 = s->reg[R11],
		.r12 = s->reg[R12], .r13 = s->reg[R13], .r14 = s->reg[R14], .r15 = s->reg[R15],
		.rip = CODE, .rflags = s->flags | 2,
	};

	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

static void get_regs(struct vcpu *cpu, struct emulate_state *s)
{
	struct kvm_regs regs = vcpu_regs(cpu);

	*s = (struct emulate_state) {
		.reg = {
			regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi,
			regs.rdi, regs.r8, regs.r9, regs.r10, regs.r11, regs.r12, regs.r13,
			regs.r14, regs.r15,
		},
		.flags = regs.rflags & (STATUS | DF),
		/* Behind the HLT. */
		.rip = regs.rip - 1,
	};
}

/* Of struct kvm_xsave's words: the legacy area's, and the header's first. */
#define XSAVE_FCW	0
#define XSAVE_MXCSR	6
#define XSAVE_XMM	40
#define XSAVE_BV	128

/*
 * KVM_SET_FPU of KVM leaves the header of an XSAVE area as it was: what was in its initial
 * state stays there.
 */
static void set_xmm(struct machine *m, const uint64_t xmm[2])
{
	struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };
	struct kvm_xsave area = {};

	memset(fpu.xmm, 0x5a, sizeof(fpu.xmm));
	memcpy(fpu.xmm[1], xmm, sizeof(fpu.xmm[1]));
	if (ioctl(m->vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE) != 1) {
		VM_IOCTL(m->cpu.fd, KVM_SET_FPU, &fpu);
		return;
	}
	area.region[XSAVE_FCW] = fpu.fcw;
	area.region[XSAVE_MXCSR] = fpu.mxcsr;
	area.region[XSAVE_BV] = 3;	/* x87, SSE */
	memcpy(&area.region[XSAVE_XMM], fpu.xmm, sizeof(fpu.xmm));
	VM_IOCTL(m->cpu.fd, KVM_SET_XSAVE, &area);
}

/* XMM1; the others must be as they were. */
static bool get_xmm(struct vcpu *cpu, uint64_t xmm[2])
{
	struct kvm_fpu fpu, same;

	VM_IOCTL(cpu->fd, KVM_GET_FPU, &fpu);
	memset(same.xmm, 0x5a, sizeof(same.xmm));
	memcpy(xmm, fpu.xmm[1], sizeof(fpu.xmm[1]));
	memcpy(same.xmm[1], fpu.xmm[1], sizeof(fpu.xmm[1]));
	return !memcmp(fpu.xmm, same.xmm, sizeof(fpu.xmm));
}

/* What KVM of 6.1 does not emulate. */
static bool is_unknown_to_kvm(const struct emulate_case *c)
{
	static const char * const names[] = {
		"cmpxchg16b", "lock cmpxchg16b", "lddqu", "movntdqa", "movbe word", "movss",
		"movsd xmm", "movsd qword", "movlp", "movhp", "movd ", "movq ",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strncmp(c->name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* What backs a byte of the window. */
static uint8_t *window_byte(struct machine *m, unsigned int i)
{
	unsigned int offset = WINDOW_OFFSET + i;

	if (m->mapping & (offset < PAGE ? MAP_FIRST : MAP_SECOND))
		return &m->device[offset];
	return &m->vm.mem[WINDOW_PAGE + offset];
}

/* The device's memory behind a guest-physical address, or NULL. */
static uint8_t *device_memory(struct machine *m, uint64_t gpa, uint32_t len)
{
	if (gpa >= DEVICE && gpa + len <= DEVICE + PAGE)
		return m->device + (gpa - DEVICE);
	if (gpa >= DEVICE_SECOND && gpa + len <= DEVICE_SECOND + PAGE)
		return m->device + PAGE + (gpa - DEVICE_SECOND);
	if (gpa >= DEVICE_REAL && gpa + len <= DEVICE_REAL + 2 * PAGE)
		return m->device + (gpa - DEVICE_REAL);
	return NULL;
}

static bool play_device(struct machine *m)
{
	struct kvm_run *run = m->cpu.run;
	uint8_t *memory = device_memory(m, run->mmio.phys_addr, run->mmio.len);

	if (!memory || run->mmio.len > 8)
		return false;
	if (run->mmio.is_write)
		memcpy(memory, run->mmio.data, run->mmio.len);
	else
		memcpy(run->mmio.data, memory, run->mmio.len);
	return true;
}

/* Return: the last exit, which is KVM_EXIT_HLT if all went well. */
static int run_to_hlt(struct machine *m)
{
	int reason = KVM_EXIT_MMIO;

	for (unsigned int i = 0; i < RUNS && reason == KVM_EXIT_MMIO; i++) {
		reason = vcpu_run(&m->cpu);
		if (reason == KVM_EXIT_MMIO && !play_device(m))
			break;
	}
	return reason;
}

static void load(struct machine *m, const struct emulate_case *c)
{
	const uint8_t *bytes = (const uint8_t *)c->before.mem;

	memset(m->vm.mem + CODE, HLT, PAGE);
	memcpy(m->vm.mem + CODE, c->bytes, c->count);
	for (unsigned int i = 0; i < sizeof(c->before.mem); i++)
		*window_byte(m, i) = bytes[i];
	write_idt(&m->vm, c->mode, m->how == HOW_REAL);
	set_sregs(m, c->mode);
	set_regs(&m->cpu, &c->before);
	set_xmm(m, c->before.xmm);
}

static void store(struct machine *m, struct emulate_state *s)
{
	uint8_t *bytes = (uint8_t *)s->mem;

	get_regs(&m->cpu, s);
	for (unsigned int i = 0; i < sizeof(s->mem); i++)
		bytes[i] = *window_byte(m, i);
}

/* An exception: everything is as before but what its delivery changes. */
static void expect_fault(struct __test_metadata *_metadata, const struct emulate_case *c,
			 struct emulate_state *got)
{
	EXPECT_EQ(HANDLERS + c->vector, got->rip) TH_LOG("%u bit: %s", c->mode, c->name);
	got->rip = case_end(c);
	got->reg[RSP] = c->after.reg[RSP];
}

static void expect_state(struct __test_metadata *_metadata, const struct emulate_case *c,
			 const struct emulate_state *got)
{
	const struct emulate_state *want = &c->after;

	for (unsigned int i = 0; i < 16; i++) {
		EXPECT_EQ(want->reg[i] & case_mask(c), got->reg[i] & case_mask(c))
			TH_LOG("%u bit: %s: register %u", c->mode, c->name, i);
	}
	for (unsigned int i = 0; i < WINDOW_WORDS; i++) {
		EXPECT_EQ(want->mem[i], got->mem[i])
			TH_LOG("%u bit: %s: memory %u", c->mode, c->name, i);
	}
	for (unsigned int i = 0; i < 2; i++) {
		EXPECT_EQ(want->xmm[i], got->xmm[i])
			TH_LOG("%u bit: %s: xmm", c->mode, c->name);
	}
	EXPECT_EQ(want->flags & ~c->undefined, got->flags & ~c->undefined)
		TH_LOG("%u bit: %s: flags", c->mode, c->name);
	EXPECT_EQ(case_end(c), got->rip) TH_LOG("%u bit: %s: rip", c->mode, c->name);
}

static void run_case(struct __test_metadata *_metadata, struct machine *m,
		     const struct emulate_case *c)
{
	struct emulate_state got;
	int reason;

	if (m->mapping && vm_is_kvm() && is_unknown_to_kvm(c))
		return;
	load(m, c);
	reason = run_to_hlt(m);
	EXPECT_EQ(KVM_EXIT_HLT, reason) TH_LOG("%u bit: %s", c->mode, c->name);
	if (reason != KVM_EXIT_HLT)
		return;
	store(m, &got);
	EXPECT_TRUE(get_xmm(&m->cpu, got.xmm)) TH_LOG("%u bit: %s", c->mode, c->name);
	if (c->fault)
		expect_fault(_metadata, c, &got);
	expect_state(_metadata, c, &got);
}

FIXTURE(emulate) {
	struct machine machine;
};

FIXTURE_VARIANT(emulate) {
	enum window_map mapping;
	enum how how;
};

FIXTURE_VARIANT_ADD(emulate, memory) { .mapping = MAP_MEMORY };
FIXTURE_VARIANT_ADD(emulate, device) { .mapping = MAP_DEVICE };
FIXTURE_VARIANT_ADD(emulate, device_then_memory) { .mapping = MAP_FIRST };
FIXTURE_VARIANT_ADD(emulate, memory_then_device) { .mapping = MAP_SECOND };
FIXTURE_VARIANT_ADD(emulate, two_level_memory) { .mapping = MAP_MEMORY, .how = HOW_TWO_LEVEL };
FIXTURE_VARIANT_ADD(emulate, two_level_device) { .mapping = MAP_DEVICE, .how = HOW_TWO_LEVEL };
FIXTURE_VARIANT_ADD(emulate, two_level_both) { .mapping = MAP_FIRST, .how = HOW_TWO_LEVEL };
FIXTURE_VARIANT_ADD(emulate, real_mode_memory) { .mapping = MAP_MEMORY, .how = HOW_REAL };
FIXTURE_VARIANT_ADD(emulate, real_mode_device) { .mapping = MAP_DEVICE, .how = HOW_REAL };

FIXTURE_SETUP(emulate)
{
	machine_init(&self->machine, variant->mapping, variant->how);
}

FIXTURE_TEARDOWN(emulate)
{
	machine_close(&self->machine);
}

static bool is_run_so(const struct machine *m, const struct emulate_case *c)
{
	return m->how == HOW_REAL ? c->mode == 16 : m->how == HOW_TWO_LEVEL ? c->mode != 64 : true;
}

static void run_table(struct __test_metadata *_metadata, struct machine *m,
		      const struct emulate_case *rows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (is_run_so(m, &rows[i]))
			run_case(_metadata, m, &rows[i]);
	}
}

#define TABLE_TEST(name)							\
TEST_F(emulate, name)								\
{										\
	run_table(_metadata, &self->machine, name##_cases, ARRAY_SIZE(name##_cases)); \
}

TABLE_TEST(alu)
TABLE_TEST(exchange)
TABLE_TEST(multiply)
TABLE_TEST(shift)
TABLE_TEST(bit)
TABLE_TEST(condition)
TABLE_TEST(move)
TABLE_TEST(address)
TABLE_TEST(vector)
TABLE_TEST(string)
TABLE_TEST(stack)

/*
 * Segments that do not allow an access. Of the string instructions it is the second one, which
 * the processor has not come to when the first one is found to be the device's.
 */
struct limit_case {
	const char *name;
	unsigned int count;
	uint8_t bytes[4];
	unsigned int segment;	/* 0 ES, 3 DS */
	uint32_t limit;
	uint8_t type;
	int vector;		/* or -1 */
	struct emulate_state before;
};

#define LIMIT(name_, bytes_, ...) \
	{ .name = name_, bytes_, .before = { DEFAULT_STATE }, __VA_ARGS__ }
#define READ_ONLY	1
#define READ_WRITE	3
#define EXPAND_DOWN	7

static const struct limit_case limit_cases[] = {
	LIMIT("movsd: inside", BYTES(0xa5), .segment = 0, .limit = AT(5) + 3,
	      .type = READ_WRITE, .vector = -1),
	LIMIT("movsd: beyond ES", BYTES(0xa5),
	      .segment = 0, .limit = AT(5) + 2, .type = READ_WRITE, .vector = 13),
	LIMIT("movsd: ES is read-only", BYTES(0xa5),
	      .segment = 0, .limit = 0xffff, .type = READ_ONLY, .vector = 13),
	LIMIT("movsd: ES expands down", BYTES(0xa5),
	      .segment = 0, .limit = AT(5) - 1, .type = EXPAND_DOWN, .vector = -1),
	LIMIT("movsd: ES expands down, not so far", BYTES(0xa5),
	      .segment = 0, .limit = AT(5), .type = EXPAND_DOWN, .vector = 13),
	LIMIT("cmpsd: beyond ES", BYTES(0xa7),
	      .segment = 0, .limit = AT(5) + 2, .type = READ_WRITE, .vector = 13),
	LIMIT("cmpsd: ES is read-only", BYTES(0xa7),
	      .segment = 0, .limit = 0xffff, .type = READ_ONLY, .vector = -1),
	LIMIT("pop [ebx]: beyond DS", BYTES(0x8f, 0x03),
	      .segment = 3, .limit = AT(2) + 2, .type = READ_WRITE, .vector = 13),
	LIMIT("pop [ebx]: DS is read-only", BYTES(0x8f, 0x03),
	      .segment = 3, .limit = 0xffff, .type = READ_ONLY, .vector = 13),
	LIMIT("lodsd: beyond DS", BYTES(0xad),
	      .segment = 3, .limit = AT(0) + 2, .type = READ_WRITE, .vector = 13),
	LIMIT("add [ebx], ecx: over the limit", BYTES(0x01, 0x0b),
	      .segment = 3, .limit = AT(2) + 2, .type = READ_WRITE, .vector = 13),
};

static void limit_segment(struct machine *m, const struct limit_case *l)
{
	struct kvm_sregs sregs = vcpu_sregs(&m->cpu);
	struct kvm_segment *segment = l->segment == 0 ? &sregs.es : &sregs.ds;

	segment->limit = l->limit;
	segment->g = 0;
	segment->type = l->type;
	VM_IOCTL(m->cpu.fd, KVM_SET_SREGS, &sregs);
}

static void run_limit(struct __test_metadata *_metadata, struct machine *m,
		      const struct limit_case *l)
{
	struct emulate_case c = { .name = l->name, .mode = 32, .count = l->count };
	struct emulate_state got;

	memcpy(c.bytes, l->bytes, sizeof(l->bytes));
	c.before = l->before;
	load(m, &c);
	limit_segment(m, l);
	ASSERT_EQ(KVM_EXIT_HLT, run_to_hlt(m)) TH_LOG("%s", l->name);
	store(m, &got);
	EXPECT_EQ(l->vector < 0 ? CODE + l->count : HANDLERS + (unsigned int)l->vector, got.rip)
		TH_LOG("%s", l->name);
	for (unsigned int i = 0; l->vector >= 0 && i < WINDOW_WORDS; i++) {
		EXPECT_EQ(c.before.mem[i], got.mem[i])
			TH_LOG("%s: memory %u", l->name, i);
	}
}

FIXTURE(limits) {
	struct machine machine;
};

FIXTURE_VARIANT(limits) {
	enum window_map mapping;
	enum how how;
};

FIXTURE_VARIANT_ADD(limits, memory) { .mapping = MAP_MEMORY };
FIXTURE_VARIANT_ADD(limits, device) { .mapping = MAP_DEVICE };
FIXTURE_VARIANT_ADD(limits, device_then_memory) { .mapping = MAP_FIRST };
FIXTURE_VARIANT_ADD(limits, two_level_device) { .mapping = MAP_DEVICE, .how = HOW_TWO_LEVEL };

FIXTURE_SETUP(limits)
{
	machine_init(&self->machine, variant->mapping, variant->how);
}

FIXTURE_TEARDOWN(limits)
{
	machine_close(&self->machine);
}

TEST_F(limits, segments)
{
	for (size_t i = 0; i < ARRAY_SIZE(limit_cases); i++)
		run_limit(_metadata, &self->machine, &limit_cases[i]);
}

TEST_HARNESS_MAIN
