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
enum mapping {
	MAP_MEMORY,
	MAP_FIRST,
	MAP_SECOND,
	MAP_DEVICE,
	MAPPINGS
};

/**
 * struct machine - a machine whose window is memory, device, or half and half
 * @vm: the machine
 * @cpu: its processor
 * @mapping: which pages are the device's
 * @real: rows of 16 bits run in real mode
 * @device: what the device holds
 */
struct machine {
	struct vm vm;
	struct vcpu cpu;
	enum mapping mapping;
	bool real;
	uint8_t device[2 * PAGE];
};

FIXTURE(emulate) {
	struct machine machine;
};

FIXTURE_VARIANT(emulate) {
	enum mapping mapping;
	bool real;
};

FIXTURE_VARIANT_ADD(emulate, memory) { .mapping = MAP_MEMORY };
FIXTURE_VARIANT_ADD(emulate, device) { .mapping = MAP_DEVICE };
FIXTURE_VARIANT_ADD(emulate, device_then_memory) { .mapping = MAP_FIRST };
FIXTURE_VARIANT_ADD(emulate, memory_then_device) { .mapping = MAP_SECOND };
FIXTURE_VARIANT_ADD(emulate, real_mode_memory) { .mapping = MAP_MEMORY, .real = true };
FIXTURE_VARIANT_ADD(emulate, real_mode_device) { .mapping = MAP_DEVICE, .real = true };

/* The first 2 MiB mapped to themselves by 4 KiB pages, but for the window. */
static void write_page_tables(struct vm *vm, unsigned int mapping)
{
	uint64_t base = TABLES + mapping * TABLES_SIZE;
	uint64_t *pml4 = (uint64_t *)(vm->mem + base);
	uint64_t *pdpt = pml4 + 512, *pd = pdpt + 512, *pt = pd + 512, *pae = pt + 512;

	pml4[0] = (base + PAGE) | PTE_P | PTE_W;
	pdpt[0] = (base + 2 * PAGE) | PTE_P | PTE_W;
	pae[0] = (base + 2 * PAGE) | PTE_P;
	pd[0] = (base + 3 * PAGE) | PTE_P | PTE_W;
	for (uint64_t i = 0; i < 512; i++)
		pt[i] = i << 12 | PTE_P | PTE_W;
	if (mapping & MAP_FIRST)
		pt[WINDOW_PAGE >> 12] = DEVICE | PTE_P | PTE_W;
	if (mapping & MAP_SECOND)
		pt[(WINDOW_PAGE >> 12) + 1] = DEVICE_SECOND | PTE_P | PTE_W;
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

FIXTURE_SETUP(emulate)
{
	struct machine *m = &self->machine;
	struct vm *vm = &m->vm;

	m->mapping = variant->mapping;
	m->real = variant->real;
	vm_init_bare(vm);
	vm->mem = vm_add_slot(vm, 0, 0, MEMORY_SIZE);
	vm->size = MEMORY_SIZE;
	for (unsigned int i = 0; i < MAPPINGS; i++)
		write_page_tables(vm, i);
	write_gdt(vm);
	memset(vm->mem + HANDLERS, HLT, PAGE);
	vcpu_init(vm, &m->cpu, 0);
}

FIXTURE_TEARDOWN(emulate)
{
	vcpu_close(&self->machine.cpu);
	vm_close(&self->machine.vm);
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

static void set_sregs(struct machine *m, unsigned int mode)
{
	uint64_t tables = TABLES + m->mapping * TABLES_SIZE;
	uint64_t base = m->real && m->mapping ? DEVICE_REAL - WINDOW_PAGE : 0;
	struct kvm_sregs sregs = vcpu_sregs(&m->cpu);

	set_segment(&sregs.cs, m->real ? 0 : mode == 64 ? SEL_CODE64 : mode == 32 ? SEL_CODE32 :
		    SEL_CODE16, 11, mode, 0);
	set_segment(&sregs.ds, SELECTOR, 3, mode, base);
	sregs.es = sregs.ds;
	sregs.fs = sregs.ds;
	sregs.gs = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.gdt = (struct kvm_dtable) { .base = GDT, .limit = 0x3f };
	sregs.idt = (struct kvm_dtable) { .base = m->real ? 0 : IDT, .limit = 0x3ff };
	sregs.cr0 = m->real ? X86_CR0_ET : X86_CR0_PE | X86_CR0_ET | X86_CR0_NE | X86_CR0_PG;
	sregs.cr3 = mode == 64 ? tables : tables + 4 * PAGE;
	sregs.cr4 = (m->real ? 0 : X86_CR4_PAE) | X86_CR4_OSFXSR | X86_CR4_OSXMM;
	sregs.efer = mode == 64 ? EFER_LME | EFER_LMA : 0;
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

static void set_xmm(struct vcpu *cpu, const uint64_t xmm[2])
{
	struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };

	memset(fpu.xmm, 0x5a, sizeof(fpu.xmm));
	memcpy(fpu.xmm[1], xmm, sizeof(fpu.xmm[1]));
	VM_IOCTL(cpu->fd, KVM_SET_FPU, &fpu);
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
	write_idt(&m->vm, c->mode, m->real);
	set_sregs(m, c->mode);
	set_regs(&m->cpu, &c->before);
	set_xmm(&m->cpu, c->before.xmm);
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

static void run_table(struct __test_metadata *_metadata, struct machine *m,
		      const struct emulate_case *rows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (!m->real || rows[i].mode == 16)
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

TEST_HARNESS_MAIN
