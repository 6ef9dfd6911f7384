/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Machines with a split or full irqchip, and the local APIC as their guests see it.
 */
#ifndef SELFTESTS_IRQ_IRQ_H
#define SELFTESTS_IRQ_IRQ_H

#include <pthread.h>

#include "guest.h"
#include "vm.h"

#define PINS		24		/* of user space's I/O APIC */
#define APIC_PAGE	0xfee00000u
#define IOAPIC_PAGE	0xfec00000u
#define MAX_CPUS	4

/* Offsets of registers; x2APIC's MSR is 0x800 + offset / 16. */
#define REG_ID		0x020
#define REG_VERSION	0x030
#define REG_TPR		0x080
#define REG_APR		0x090
#define REG_PPR		0x0a0
#define REG_EOI		0x0b0
#define REG_LDR		0x0d0
#define REG_DFR		0x0e0
#define REG_SVR		0x0f0
#define REG_ISR		0x100
#define REG_TMR		0x180
#define REG_IRR		0x200
#define REG_ESR		0x280
#define REG_CMCI	0x2f0
#define REG_ICR		0x300
#define REG_ICR2	0x310
#define REG_TIMER	0x320
#define REG_THERMAL	0x330
#define REG_COUNTERS	0x340
#define REG_LINT0	0x350
#define REG_LINT1	0x360
#define REG_ERROR	0x370
#define REG_INITIAL	0x380
#define REG_CURRENT	0x390
#define REG_DIVIDE	0x3e0
#define REG_SELF	0x3f0

#define MSR_APIC_BASE	0x1b
#define MSR_DEADLINE	0x6e0
#define BASE_BSP	0x100ull
#define BASE_X2APIC	0x400ull
#define BASE_ON		0x800ull

#define SVR_ON		0x100u
#define LVT_MASKED	0x10000u
#define LVT_PERIODIC	0x20000u
#define LVT_DEADLINE	0x40000u
#define DM_FIXED	0x000u
#define DM_LOWEST	0x100u
#define DM_NMI		0x400u
#define DM_INIT		0x500u
#define DM_STARTUP	0x600u
#define DM_EXTINT	0x700u
#define ICR_LOGICAL	0x00800u
#define ICR_ASSERT	0x04000u
#define ICR_LEVEL	0x08000u
#define ICR_SELF	0x40000u
#define ICR_ALL		0x80000u
#define ICR_OTHERS	0xc0000u

#define MSI_LOGICAL	0x4u
#define MSI_REDIRECT	0x8u
#define MSI_LEVEL	0x8000u
#define MSI_ADDRESS(to)	(APIC_PAGE | (uint32_t)(to) << 12)

#define VECTOR		0x51u
#define SPURIOUS	0xffu

/**
 * struct machine - a VM with local APICs in the kernel
 * @vm: the VM
 * @cpus: how many vCPUs it has
 * @cpu: they
 * @thread: one each, while run_all() runs them
 * @word: what each has said last
 */
struct machine {
	struct vm vm;
	unsigned int cpus;
	struct vcpu cpu[MAX_CPUS];
	pthread_t thread[MAX_CPUS];
	enum guest_word word[MAX_CPUS];
};

void machine_init_vm(struct machine *m);
void machine_add_cpu(struct machine *m);
void machine_init(struct machine *m, unsigned int cpus);
void machine_init_full(struct machine *m, unsigned int cpus);
void machine_close(struct machine *m);
void machine_start(struct machine *m, unsigned int cpu);
bool machine_join(struct machine *m, unsigned int cpu);
bool machine_run_all(struct machine *m);
/* What a guest may take: with KASAN two emulated processors are slow. */
#define PATIENCE_MS	5000

void alarm_in_ms(unsigned int ms);
unsigned int many_changes(void);

int enable_cap(int fd, uint32_t cap, uint64_t arg);
int signal_msi(struct vm *vm, uint32_t address, uint32_t data);
int irq_line(struct vm *vm, uint32_t gsi, uint32_t level);
int line_status(struct vm *vm, uint32_t gsi, uint32_t level);
struct kvm_irqchip chip_of(struct vm *vm, uint32_t id);
struct kvm_lapic_state lapic_of(struct vcpu *cpu);
uint32_t lapic_reg(struct vcpu *cpu, unsigned int reg);
uint32_t mp_state(struct vcpu *cpu);
int set_mp_state(struct vcpu *cpu, uint32_t state);

/* The guest's side. */
extern volatile uint64_t irq_count[256];
extern volatile uint32_t irq_order[64 + MAX_CPUS], irq_orders;
extern volatile uint64_t wants_x2apic;	/* set before apic_begin() */
void irq_note(struct guest_frame *frame);
void irq_note_and_eoi(struct guest_frame *frame);
void take_irqs(struct vm *vm, void (*handler)(struct guest_frame *frame));
void x2apic_on(void);
void apic_sw_on(void);
void apic_begin(void);
void self_ipi(uint32_t vector);

static inline uint32_t apic_read(uint32_t reg)
{
	return *(volatile uint32_t *)(uintptr_t)(APIC_PAGE + reg);
}

static inline void apic_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC_PAGE + reg) = value;
}

static inline uint32_t x2apic_msr(uint32_t reg)
{
	return 0x800 + reg / 16;
}

/* The I/O APIC's registers, and the halves of a pin's entry. */
#define IO_ID		0
#define IO_VERSION	1
#define IO_ENTRY(pin)	(0x10 + 2 * (pin))
#define IO_MASKED	0x10000u
#define IO_LEVEL	0x8000u
#define IO_REMOTE_IRR	0x4000u
#define IO_LOGICAL	0x800u

static inline uint32_t ioapic_read(uint32_t reg)
{
	volatile uint32_t *page = (volatile uint32_t *)(uintptr_t)IOAPIC_PAGE;

	page[0] = reg;
	return page[4];
}

static inline void ioapic_write(uint32_t reg, uint32_t value)
{
	volatile uint32_t *page = (volatile uint32_t *)(uintptr_t)IOAPIC_PAGE;

	page[0] = reg;
	page[4] = value;
}

static inline void ioapic_route(uint32_t pin, uint32_t to, uint32_t low)
{
	ioapic_write(IO_ENTRY(pin) + 1, to << 24);
	ioapic_write(IO_ENTRY(pin), low);
}

/* In whichever mode it is. */
static inline void any_write(uint32_t reg, uint32_t value)
{
	if (rdmsr(MSR_APIC_BASE) & BASE_X2APIC)
		wrmsr(x2apic_msr(reg), value);
	else
		apic_write(reg, value);
}

static inline uint32_t any_read(uint32_t reg)
{
	if (rdmsr(MSR_APIC_BASE) & BASE_X2APIC)
		return (uint32_t)rdmsr(x2apic_msr(reg));
	return apic_read(reg);
}

static inline void send_xapic(uint32_t to, uint32_t command)
{
	apic_write(REG_ICR2, to << 24);
	apic_write(REG_ICR, command);
}

static inline void send_x2apic(uint32_t to, uint32_t command)
{
	wrmsr(x2apic_msr(REG_ICR), (uint64_t)to << 32 | command);
}

static inline void irqs_on(void)
{
	asm volatile("sti; nop; nop" : : : "memory");
}

static inline void irqs_off(void)
{
	asm volatile("cli" : : : "memory");
}

/* An instruction boundary or two at which an interrupt comes in. */
static inline void let_in(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static inline void halt(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

#endif
