// SPDX-License-Identifier: GPL-2.0
/*
 * The memory and the state that a program begins with.
 *
 * Tables are there for all modes. Among their entries are broken ones, for programs to fall
 * over. What nothing else is, is HLT: whatever jumps there stops.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#define HLT		0xf4
#define OUT_IMM8	0xe6

#define PAGE		4096u
#define PTE_NX		(1ull << 63)
#define PTE_RESERVED	(1ull << 51)

#define FLAG_VM		(1ull << 17)
#define MSR_PAT		0x277
#define APIC_BASE	0xfee00900ull	/* enabled, of the first processor */

const char * const mode_names[MODES] = {
	"real", "vm86", "protected16", "protected32", "paged32", "pae", "compatible", "long",
};

/* What a program begins with in them is 0, but for PAT. */
const uint32_t world_msrs[] = {
	0x174, 0x175, 0x176,				/* SYSENTER */
	0x277,						/* PAT */
	0x2ff, 0x200, 0x201, 0x250,			/* MTRR */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* SYSCALL */
	0xc0000102,					/* KERNEL_GS_BASE */
	0x1d9,						/* DEBUGCTL */
};

const unsigned int nr_world_msrs = sizeof(world_msrs) / sizeof(world_msrs[0]);

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* SDM, volume 3, "Segment Descriptors": access is the byte at 5, flags the nibble above it. */
static uint64_t descriptor(uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
	return (limit & 0xffff) | (base & 0xffffffull) << 16 | (uint64_t)access << 40 |
	       (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)flags << 52 |
	       (uint64_t)(base >> 24) << 56;
}

static uint64_t gate(uint16_t selector, uint32_t offset, uint8_t access)
{
	return (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)access << 40 |
	       (uint64_t)(offset >> 16) << 48;
}

static const struct {
	uint16_t selector;
	uint32_t base, limit;
	uint8_t access, flags;
} segments[] = {
	{ S_CODE64, 0, 0xfffff, 0x9b, 0xa },
	{ S_DATA, 0, 0xfffff, 0x93, 0xc },
	{ S_CODE32, 0, 0xfffff, 0x9b, 0xc },
	{ S_CODE16, 0, 0xffff, 0x9b, 0x0 },
	{ S_DATA16, AT_DATA, 0xffff, 0x93, 0x0 },
	{ S_HOLE16, AT_HOLE, 0xffff, 0x93, 0x0 },
	{ S_USER_CODE32, 0, 0xfffff, 0xfb, 0xc },
	{ S_USER_DATA, 0, 0xfffff, 0xf3, 0xc },
	{ S_USER_CODE64, 0, 0xfffff, 0xfb, 0xa },
	{ S_USER_CODE16, 0, 0xffff, 0xfb, 0x0 },
	{ S_USER_DATA16, AT_DATA, 0xffff, 0xf3, 0x0 },
	{ S_USER_HOLE16, AT_HOLE, 0xffff, 0xf3, 0x0 },
	{ S_READ_ONLY, 0, 0xfffff, 0x91, 0xc },
	{ S_EXPAND_DOWN, 0, 0x10, 0x97, 0xc },
	{ S_CONFORMING, 0, 0xfffff, 0x9f, 0xc },
	{ S_ABSENT, 0, 0xfffff, 0x13, 0xc },
	{ S_TSS_OTHER, AT_TSS_OTHER, 0x67, 0x89, 0x0 },
	{ S_LDT, AT_LDT, 0x1f, 0x82, 0x0 },
	{ S_EXECUTE_ONLY, 0, 0xfffff, 0x99, 0xc },
	{ S_SMALL, AT_DATA, 0xfff, 0xf3, 0x4 },
	{ S_SYSTEM, 0, 0xfffff, 0x88, 0x0 },
	{ S_LONG_BIG, 0, 0xfffff, 0x9b, 0xe },
};

static void write_gdt(uint8_t *mem, bool long_mode)
{
	uint8_t *gdt = mem + AT_GDT;

	memset(gdt, 0, GDT_SIZE);
	for (unsigned int i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		put64(gdt + (segments[i].selector & ~7),
		      descriptor(segments[i].base, segments[i].limit, segments[i].access,
				 segments[i].flags));
	put64(gdt + S_TSS, long_mode ? descriptor(AT_TSS64, 0x67, 0x8b, 0) :
				       descriptor(AT_TSS, 0x167, 0x8b, 0));
	put64(gdt + S_CALL_GATE, gate(S_CODE32, AT_LANDING, 0xec));
	put64(gdt + S_CALL_GATE64, gate(S_CODE64, AT_LANDING, 0xec));
	put64(gdt + S_TASK_GATE, gate(S_TSS_OTHER, 0, 0xe5));
	put64(mem + AT_LDT, descriptor(0, 0xfffff, 0xf3, 0xc));
}

static uint32_t handler(unsigned int vector)
{
	return AT_HANDLERS + 8 * (vector < HANDLED ? vector : HANDLED);
}

static void write_handlers(uint8_t *mem)
{
	for (unsigned int i = 0; i <= HANDLED; i++) {
		mem[handler(i)] = OUT_IMM8;
		mem[handler(i) + 1] = i < HANDLED ? PORT_VECTOR + i : PORT_OTHER;
	}
}

/* Ring 3 may use some vectors; behind them are those that are broken. */
static uint8_t gate_access(unsigned int vector)
{
	switch (vector) {
	case 3: case 4: case 0x20: case 0x21:
		return 0xee;
	case 0x24:
		return 0x6e;	/* not present */
	case 0x26:
		return 0xe5;	/* a task gate */
	case 0x27:
		return 0xef;	/* a trap gate */
	case 0x29:
		return 0xe6;	/* of 16 bits */
	case 0x2a:
		return 0xe0;	/* of no type */
	default:
		return 0x8e;
	}
}

static uint16_t gate_selector(unsigned int vector, uint16_t code)
{
	switch (vector) {
	case 0x25:
		return S_DATA;
	case 0x26:
		return S_TSS_OTHER;
	case 0x28:
		return S_USER_CODE32;
	case 0x2b:
		return 0xfff8;
	default:
		return code;
	}
}

static void write_idt(uint8_t *mem)
{
	for (unsigned int i = 0; i < VECTORS; i++) {
		uint8_t access = gate_access(i);

		put64(mem + AT_IDT + 8 * i, gate(gate_selector(i, S_CODE32), handler(i), access));
		put64(mem + AT_IDT64 + 16 * i,
		      gate(gate_selector(i, S_CODE64), handler(i), access));
		put64(mem + AT_IDT64 + 16 * i + 8, 0);
	}
	/* A double fault has a stack of its own. */
	mem[AT_IDT64 + 16 * 8 + 4] = 1;
	for (unsigned int i = 0; i < 256; i++)
		put32(mem + AT_IVT + 4 * i, handler(i));
}

/* Ports below 0x400 but the last 0x100 are ring 3's. */
static void write_tss(uint8_t *mem)
{
	uint8_t *tss = mem + AT_TSS, *other = mem + AT_TSS_OTHER, *tss64 = mem + AT_TSS64;

	memset(tss, 0, 0x800);
	memset(tss64, 0, 0x68);
	put32(tss + 4, AT_STACK0);
	put16(tss + 8, S_DATA);
	/* Behind the map of redirected interrupts, which ends where this begins. */
	put16(tss + 0x66, 0x88);
	memset(tss + 0x88 + 0x60, 0xff, 0x20);
	put32(other + 0x1c, AT_PD32);
	put32(other + 0x20, AT_LANDING);
	put32(other + 0x24, 2);
	put32(other + 0x38, AT_STACK0);
	put16(other + 0x4c, S_CODE32);
	for (unsigned int i = 0x48; i <= 0x5c; i += 4)
		put16(other + i, i == 0x4c ? S_CODE32 : S_DATA);
	put16(other + 0x66, 0x68);
	put64(tss64 + 4, AT_STACK0);
	put64(tss64 + 36, AT_STACK0 - 0x400);
	put16(tss64 + 0x66, 0x68);
}

/* Of a page below AT_MAPPED_END. */
static uint64_t page_entry(uint64_t page)
{
	switch (page) {
	case AT_READ_ONLY:
	case AT_HOLE_RO:
		return page | PTE_P | PTE_U;
	case AT_SUPERVISOR:
		return page | PTE_P | PTE_W;
	case AT_ABSENT:
		return page | PTE_W | PTE_U;
	case AT_RESERVED:
		return page | PTE_P | PTE_W | PTE_U | PTE_RESERVED;
	case AT_NO_EXECUTE:
		return page | PTE_P | PTE_W | PTE_U | PTE_NX;
	default:
		return page | PTE_P | PTE_W | PTE_U;
	}
}

/* Execute-disable is reserved where EFER.NXE is off: only programs that have it on shall see it. */
static void write_page_tables(uint8_t *mem, bool no_execute)
{
	put64(mem + AT_PML4, AT_PDPT | PTE_P | PTE_W | PTE_U);
	put64(mem + AT_PDPT, AT_PD | PTE_P | PTE_W | PTE_U);
	put64(mem + AT_PAE_PDPT, AT_PD | PTE_P);
	put64(mem + AT_PD, AT_PT | PTE_P | PTE_W | PTE_U);
	put32(mem + AT_PD32, AT_PT32 | PTE_P | PTE_W | PTE_U);
	for (uint64_t page = 0; page < AT_MAPPED_END; page += PAGE) {
		uint64_t entry = page_entry(page);

		if (!no_execute)
			entry &= ~PTE_NX;
		put64(mem + AT_PT + page / PAGE * 8, entry);
		put32(mem + AT_PT32 + page / PAGE * 4, entry);
	}
}

/* A return from anywhere leads to AT_LANDING, in 16 bits, 32 and 64. */
static void fill_stack(uint8_t *mem)
{
	for (unsigned int at = AT_STACK & ~(PAGE - 1); at < (AT_STACK | (PAGE - 1)); at += 8)
		put64(mem + at, AT_LANDING);
}

static void put_pointer(uint8_t *at, uint16_t limit, uint64_t base)
{
	put16(at, limit);
	put64(at + 2, base);
}

static unsigned int idt_base(const struct program *p)
{
	return p->mode == MODE_REAL ? AT_IVT : 1u << p->mode & LONG_MODES ? AT_IDT64 : AT_IDT;
}

static unsigned int idt_limit(const struct program *p, unsigned int vectors)
{
	unsigned int size = p->mode == MODE_REAL ? 4 : 1u << p->mode & LONG_MODES ? 16 : 8;

	return vectors * size - 1;
}

/* The short ones end behind 16-bit code, and behind #PF. */
static void write_pointers(uint8_t *mem, const struct program *p)
{
	put_pointer(mem + AT_GDTR, GDT_SIZE - 1, AT_GDT);
	put_pointer(mem + AT_GDTR_SHORT, S_CODE16 + 7, AT_GDT);
	put_pointer(mem + AT_IDTR, idt_limit(p, VECTORS), idt_base(p));
	put_pointer(mem + AT_IDTR_SHORT, idt_limit(p, 15), idt_base(p));
	put_pointer(mem + AT_GDTR_HOLE, GDT_SIZE - 1, AT_HOLE);
}

static void write_memory(struct world *w, const struct program *p)
{
	uint8_t *mem = w->vm.mem;

	/* As an entry of a page table that is not present, too. */
	memset(mem, HLT, AT_SLOT_END);
	for (unsigned int i = 0; i < 2 * PAGE; i += 8)
		put64(mem + AT_DATA + i, 0x0706050403020100ull + i * 0x0101010101010101ull);
	write_pointers(mem, p);
	fill_stack(mem);
	write_gdt(mem, 1u << p->mode & LONG_MODES);
	write_handlers(mem);
	write_idt(mem);
	write_tss(mem);
	write_page_tables(mem, p->efer & EFER_NX);
	memcpy(mem + AT_CODE, p->code, p->size);
}

static struct kvm_segment real_segment(uint32_t base, uint8_t type, uint8_t dpl)
{
	return (struct kvm_segment) {
		.selector = base >> 4, .base = base, .limit = 0xffff, .type = type,
		.present = 1, .s = 1, .dpl = dpl,
	};
}

/* As the processor would load it. */
static struct kvm_segment segment(const struct world *w, uint16_t selector)
{
	uint64_t d;

	memcpy(&d, w->vm.mem + AT_GDT + (selector & ~7), sizeof(d));
	return (struct kvm_segment) {
		.selector = selector,
		.base = (d >> 16 & 0xffffff) | (d >> 56) << 24,
		.limit = d >> 55 & 1 ? 0xffffffff : (d & 0xffff) | (d >> 48 & 15) << 16,
		.type = d >> 40 & 15, .s = d >> 44 & 1, .dpl = d >> 45 & 3, .present = d >> 47 & 1,
		.avl = d >> 52 & 1, .l = d >> 53 & 1, .db = d >> 54 & 1, .g = d >> 55 & 1,
	};
}

static void set_data_segments(const struct world *w, struct kvm_sregs *s, uint16_t data,
			      uint16_t es)
{
	s->ds = segment(w, data);
	s->ss = s->ds;
	s->fs = s->ds;
	s->es = segment(w, es);
	s->gs = s->es;
}

static void set_segments(const struct world *w, const struct program *p, struct kvm_sregs *s)
{
	static const uint16_t code[MODES][2] = {
		[MODE_PROTECTED16] = { S_CODE16, S_USER_CODE16 },
		[MODE_PROTECTED32] = { S_CODE32, S_USER_CODE32 },
		[MODE_PAGED32] = { S_CODE32, S_USER_CODE32 },
		[MODE_PAE] = { S_CODE32, S_USER_CODE32 },
		[MODE_COMPATIBLE] = { S_CODE32, S_USER_CODE32 },
		[MODE_LONG] = { S_CODE64, S_USER_CODE64 },
	};
	bool vm86 = p->mode == MODE_VM86;

	if (p->mode == MODE_REAL || vm86) {
		s->cs = real_segment(0, vm86 ? 3 : 11, vm86 ? 3 : 0);
		s->ds = real_segment(AT_DATA, 3, vm86 ? 3 : 0);
		s->ss = s->ds;
		s->fs = s->ds;
		s->es = real_segment(AT_HOLE, 3, vm86 ? 3 : 0);
		s->gs = s->es;
		return;
	}
	s->cs = segment(w, code[p->mode][p->user]);
	if (p->mode == MODE_PROTECTED16)
		set_data_segments(w, s, p->user ? S_USER_DATA16 : S_DATA16,
				  p->user ? S_USER_HOLE16 : S_HOLE16);
	else
		set_data_segments(w, s, p->user ? S_USER_DATA : S_DATA,
				  p->user ? S_USER_DATA : S_DATA);
}

/* The registers that choose the mode. */
static void set_mode(const struct program *p, struct kvm_sregs *s)
{
	bool long_mode = 1u << p->mode & LONG_MODES;

	s->cr0 = p->cr0 | X86_CR0_ET;
	s->cr4 = p->cr4;
	s->efer = p->efer;
	s->cr3 = 0;
	if (p->mode != MODE_REAL)
		s->cr0 |= X86_CR0_PE;
	if (1u << p->mode & PAGED) {
		s->cr0 |= X86_CR0_PG;
		s->cr3 = long_mode ? AT_PML4 : p->mode == MODE_PAE ? AT_PAE_PDPT : AT_PD32;
	}
	if (long_mode || p->mode == MODE_PAE)
		s->cr4 |= X86_CR4_PAE;
	if (long_mode)
		s->efer |= EFER_LME | EFER_LMA;
}

static void set_tables(const struct program *p, struct kvm_sregs *s)
{
	bool long_mode = 1u << p->mode & LONG_MODES;

	s->gdt = (struct kvm_dtable) { .base = AT_GDT, .limit = GDT_SIZE - 1 };
	s->idt = (struct kvm_dtable) {
		.base = idt_base(p),
		.limit = idt_limit(p, p->mode == MODE_REAL ? 256 : VECTORS),
	};
	s->tr = (struct kvm_segment) {
		.selector = S_TSS, .base = long_mode ? AT_TSS64 : AT_TSS,
		.limit = long_mode ? 0x67 : 0x167, .type = 11, .present = 1,
	};
	s->ldt = (struct kvm_segment) { .unusable = 1 };
}

/**
 * world_restart() - put the processor back where the program began, but for its registers and
 *		     for NMIs that are blocked
 * @w: the world
 * @p: the program
 * @rip: of the next instruction
 */
void world_restart(struct world *w, const struct program *p, uint64_t rip)
{
	struct kvm_sregs sregs = vcpu_sregs(&w->cpu);
	struct kvm_regs regs = vcpu_regs(&w->cpu);
	struct kvm_vcpu_events events = { .nmi.masked = vcpu_events(&w->cpu).nmi.masked };

	set_mode(p, &sregs);
	set_segments(w, p, &sregs);
	set_tables(p, &sregs);
	memset(sregs.interrupt_bitmap, 0, sizeof(sregs.interrupt_bitmap));
	sregs.cr8 = 0;
	w->cpu.run->cr8 = 0;
	VM_IOCTL(w->cpu.fd, KVM_SET_SREGS, &sregs);
	regs.rip = rip;
	regs.rsp = 1u << p->mode & SMALL ? AT_STACK - AT_DATA : AT_STACK;
	regs.rflags = p->rflags | 2 | (p->mode == MODE_VM86 ? FLAG_VM : 0);
	VM_IOCTL(w->cpu.fd, KVM_SET_REGS, &regs);
	events.flags = KVM_VCPUEVENT_VALID_SHADOW | KVM_VCPUEVENT_VALID_NMI_PENDING;
	VM_IOCTL(w->cpu.fd, KVM_SET_VCPU_EVENTS, &events);
}

static void reset_msrs(struct world *w)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[MAX_MSRS];
	} msrs = { .head.nmsrs = nr_world_msrs };

	for (unsigned int i = 0; i < nr_world_msrs; i++) {
		msrs.entry[i].index = world_msrs[i];
		msrs.entry[i].data = world_msrs[i] == MSR_PAT ? 0x0007040600070406ull : 0;
	}
	if (VM_IOCTL(w->cpu.fd, KVM_SET_MSRS, &msrs) != (int)nr_world_msrs)
		die("KVM_SET_MSRS refuses an MSR of the world's");
}

static void reset_registers(struct world *w, const struct program *p)
{
	struct kvm_regs regs = {};
	struct kvm_fpu fpu = { .fcw = 0x37f, .mxcsr = 0x1f80 };
	struct kvm_debugregs debugregs = { .dr6 = 0xffff0ff0, .dr7 = 0x400 };

	memcpy(&regs, p->reg, sizeof(p->reg));
	regs.rflags = 2;
	VM_IOCTL(w->cpu.fd, KVM_SET_REGS, &regs);
	VM_IOCTL(w->cpu.fd, KVM_SET_FPU, &fpu);
	VM_IOCTL(w->cpu.fd, KVM_SET_DEBUGREGS, &debugregs);
	reset_msrs(w);
}

/* What user space was asked for and did not do counts as done. */
static void drop_pending(struct world *w)
{
	w->cpu.run->immediate_exit = 1;
	/* An instruction has a few accesses at most. */
	for (unsigned int i = 0; i < 8 && vcpu_run(&w->cpu) >= 0; i++)
		;
	w->cpu.run->immediate_exit = 0;
	w->cpu.run->request_interrupt_window = 0;
}

/*
 * Bochs 2.7 never takes the blocking of virtual NMIs back at a VM entry: once there, it stays until
 * a guest executes IRET, whatever the VMCS says, and whichever VM is the next one. So a guest does.
 */
static void unblock_nmis(struct world *w)
{
	static const struct program iret = { .mode = MODE_REAL, .size = 1, .code = { 0xcf } };

	write_memory(w, &iret);
	reset_registers(w, &iret);
	/* A step that the last program has left pending may come first. */
	for (unsigned int i = 0; i < 2; i++) {
		world_restart(w, &iret, AT_CODE);
		if (vcpu_run(&w->cpu) == KVM_EXIT_HLT)
			return;
	}
	die("%s: IRET does not come to its end", vm_device());
}

/**
 * world_reset() - the world as a program finds it
 * @w: the world
 * @p: the program
 */
void world_reset(struct world *w, const struct program *p)
{
	struct kvm_sregs sregs;

	drop_pending(w);
	unblock_nmis(w);
	write_memory(w, p);
	reset_registers(w, p);
	world_restart(w, p, AT_CODE);
	sregs = vcpu_sregs(&w->cpu);
	sregs.cr2 = 0;
	sregs.apic_base = APIC_BASE;
	VM_IOCTL(w->cpu.fd, KVM_SET_SREGS, &sregs);
}

/**
 * world_hash() - all of the guest's memory in one number
 * @w: the world
 *
 * Return: FNV-1a by words.
 */
uint64_t world_hash(const struct world *w)
{
	const uint64_t *word = (const uint64_t *)w->vm.mem;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (unsigned int i = 0; i < AT_SLOT_END / 8; i++)
		hash = (hash ^ word[i]) * 0x100000001b3ull;
	word = (const uint64_t *)w->rom;
	for (unsigned int i = 0; i < PAGE / 8; i++)
		hash = (hash ^ word[i]) * 0x100000001b3ull;
	return hash;
}

/* What both devices have: a program that asks CPUID must not see the device in it. */
static void set_cpuid(struct world *w)
{
	static const struct kvm_cpuid_entry2 leaves[] = {
		{ .function = 0, .eax = 7, .ebx = 0x756e6547, .ecx = 0x6c65746e,
		  .edx = 0x49656e69 },
		{ .function = 1, .eax = 0x50654, .ecx = 0x00800001, .edx = 0x078bfbff },
		{ .function = 7, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .ebx = 0x1 },
		{ .function = 0x80000000, .eax = 0x80000008 },
		{ .function = 0x80000001, .ecx = 1, .edx = 0x20100800 },
		{ .function = 0x80000008, .eax = 0x3028 },
	};
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[sizeof(leaves) / sizeof(leaves[0])];
	} cpuid = { .head.nent = sizeof(leaves) / sizeof(leaves[0]) };

	memcpy(cpuid.entry, leaves, sizeof(leaves));
	VM_IOCTL(w->cpu.fd, KVM_SET_CPUID2, &cpuid);
}

/**
 * world_open() - a machine for programs, one after the other
 * @w: filled in
 */
void world_open(struct world *w)
{
	vm_init_bare(&w->vm);
	w->vm.size = AT_SLOT_END;
	w->vm.mem = vm_add_slot(&w->vm, 0, 0, AT_SLOT_END);
	w->rom = vm_add_slot(&w->vm, 1, AT_ROM, PAGE);
	memset(w->rom, HLT, PAGE);
	if (vm_set_slot(&w->vm, 1, 0, AT_ROM, 0, w->rom) ||
	    vm_set_slot(&w->vm, 1, KVM_MEM_READONLY, AT_ROM, PAGE, w->rom))
		die("%s: no read-only slot", vm_device());
	vcpu_init_bare(&w->vm, &w->cpu, 0);
	set_cpuid(w);
}

/**
 * world_close() - the end of a world
 * @w: the world
 */
void world_close(struct world *w)
{
	vcpu_close(&w->cpu);
	vm_close(&w->vm);
}
