// SPDX-License-Identifier: GPL-2.0
/*
 * Machines with an irqchip; see irq.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "irq.h"

#define DEADLINE_BIT	(1u << 24)
#define VMX_BIT		(1u << 5)

volatile uint64_t irq_count[256];
volatile uint32_t irq_order[64 + MAX_CPUS], irq_orders;
volatile uint64_t wants_x2apic;

static void do_nothing(int number)
{
	(void)number;
}

/**
 * alarm_in_ms() - let KVM_RUN fail with EINTR if it takes too long
 * @ms: how long that is; 0: no longer
 */
void alarm_in_ms(unsigned int ms)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};
	struct sigaction action = { .sa_handler = do_nothing };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/**
 * many_changes() - how often a device changes its line, where it is to be very often
 *
 * Return: 100,000; on a kernel whose checks make each of them dear a few will do.
 */
unsigned int many_changes(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 100000 : 4000;
}

/**
 * enable_cap() - KVM_ENABLE_CAP
 * @fd: of a VM or vCPU
 * @cap: KVM_CAP_*
 * @arg: its first argument
 *
 * Return: what the call returned, with errno set.
 */
int enable_cap(int fd, uint32_t cap, uint64_t arg)
{
	struct kvm_enable_cap enable = { .cap = cap, .args = { arg } };

	return ioctl(fd, KVM_ENABLE_CAP, &enable);
}

/* The pages of local APIC and I/O APIC, in the fourth GiB. */
static void map_apics(struct vm *vm)
{
	uint64_t *pdpt = (uint64_t *)(vm->mem + VM_PDPT);
	uint64_t *pd = (uint64_t *)(vm->mem + VM_DATA);

	pdpt[APIC_PAGE >> 30] = VM_DATA | PTE_P | PTE_W;
	pd[APIC_PAGE >> 21 & 0x1ff] = (APIC_PAGE & ~0x1fffffull) | PTE_P | PTE_W | PTE_PS;
	pd[IOAPIC_PAGE >> 21 & 0x1ff] = IOAPIC_PAGE | PTE_P | PTE_W | PTE_PS;
}

static void init_vm(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	vm_init(&m->vm, VM_MEMORY);
	map_apics(&m->vm);
}

/**
 * machine_init_vm() - a machine without vCPUs
 * @m: filled in
 */
void machine_init_vm(struct machine *m)
{
	init_vm(m);
	if (enable_cap(m->vm.fd, KVM_CAP_SPLIT_IRQCHIP, PINS))
		die("KVM_CAP_SPLIT_IRQCHIP: %s", strerror(errno));
}

/**
 * machine_add_cpu() - a vCPU that is told of x2APIC and of the TSC deadline
 * @m: its machine
 */
void machine_add_cpu(struct machine *m)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(m->vm.dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, 1, 0);
	struct vcpu *cpu = &m->cpu[m->cpus];

	if (!leaf)
		die("there is no CPUID leaf 1");
	leaf->ecx = (leaf->ecx & ~VMX_BIT) | DEADLINE_BIT;
	vcpu_init_bare(&m->vm, cpu, m->cpus++);
	VM_IOCTL(cpu->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

/**
 * machine_init() - a machine whose vCPUs have their local APICs in the kernel
 * @m: filled in
 * @cpus: how many
 */
void machine_init(struct machine *m, unsigned int cpus)
{
	machine_init_vm(m);
	while (m->cpus < cpus)
		machine_add_cpu(m);
	alarm_in_ms(PATIENCE_MS);
}

/**
 * machine_init_full() - a machine that has all its interrupt controllers in the kernel
 * @m: filled in
 * @cpus: how many
 */
void machine_init_full(struct machine *m, unsigned int cpus)
{
	init_vm(m);
	VM_IOCTL(m->vm.fd, KVM_CREATE_IRQCHIP, 0);
	while (m->cpus < cpus)
		machine_add_cpu(m);
	alarm_in_ms(PATIENCE_MS);
}

/**
 * machine_close() - the end of a machine
 * @m: the machine
 */
void machine_close(struct machine *m)
{
	unsigned int i;

	alarm_in_ms(0);
	for (i = 0; i < m->cpus; i++)
		vcpu_close(&m->cpu[i]);
	vm_close(&m->vm);
}

struct run_args {
	struct machine *m;
	unsigned int cpu;
};

/* A processor that waits to be started is run again, as KVM's document says. */
static void *run_thread(void *data)
{
	struct run_args *args = data;
	struct machine *m = args->m;
	struct guest_report report;
	enum guest_word word;
	unsigned int cpu = args->cpu;

	free(args);
	do {
		word = vcpu_run_guest(&m->cpu[cpu], &report);
	} while (word == GUEST_IS_SYNC || (word == GUEST_NOT_RUN && errno == EAGAIN));
	m->word[cpu] = word;
	return NULL;
}

/**
 * machine_start() - run a vCPU in a thread, until it is done, has failed or is told to stop
 * @m: the machine
 * @cpu: which
 */
void machine_start(struct machine *m, unsigned int cpu)
{
	struct run_args *args = malloc(sizeof(*args));

	if (!args)
		die("out of memory");
	*args = (struct run_args){ m, cpu };
	if (pthread_create(&m->thread[cpu], NULL, run_thread, args))
		die("no thread: %s", strerror(errno));
}

/**
 * machine_join() - wait for a vCPU's thread, but not for ever
 * @m: the machine
 * @cpu: which
 *
 * Return: true if the guest said that it is done.
 */
bool machine_join(struct machine *m, unsigned int cpu)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	if (pthread_timedjoin_np(m->thread[cpu], NULL, &until)) {
		m->cpu[cpu].run->immediate_exit = 1;
		pthread_kill(m->thread[cpu], SIGALRM);
		pthread_join(m->thread[cpu], NULL);
		m->cpu[cpu].run->immediate_exit = 0;
	}
	return m->word[cpu] == GUEST_IS_DONE;
}

/**
 * machine_run_all() - run all vCPUs until each says that it is done
 * @m: the machine
 *
 * Return: true if all did.
 */
bool machine_run_all(struct machine *m)
{
	bool done = true;
	unsigned int i;

	for (i = 0; i < m->cpus; i++)
		machine_start(m, i);
	for (i = 0; i < m->cpus; i++)
		done &= machine_join(m, i);
	return done;
}

/**
 * signal_msi() - KVM_SIGNAL_MSI
 * @vm: the machine
 * @address: lower half
 * @data: of the message
 *
 * Return: what the call returned.
 */
int signal_msi(struct vm *vm, uint32_t address, uint32_t data)
{
	struct kvm_msi msi = { .address_lo = address, .data = data };

	return ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);
}

/**
 * irq_line() - KVM_IRQ_LINE
 * @vm: the machine
 * @gsi: which
 * @level: 0 or 1
 *
 * Return: what the call returned.
 */
int irq_line(struct vm *vm, uint32_t gsi, uint32_t level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	return ioctl(vm->fd, KVM_IRQ_LINE, &line);
}

/**
 * line_status() - KVM_IRQ_LINE_STATUS
 * @vm: the machine
 * @gsi: which
 * @level: 0 or 1
 *
 * Return: the status, or -99 if the call failed.
 */
int line_status(struct vm *vm, uint32_t gsi, uint32_t level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	if (ioctl(vm->fd, KVM_IRQ_LINE_STATUS, &line))
		return -99;
	return line.status;
}

/**
 * chip_of() - KVM_GET_IRQCHIP
 * @vm: the machine
 * @id: KVM_IRQCHIP_*
 *
 * Return: its state.
 */
struct kvm_irqchip chip_of(struct vm *vm, uint32_t id)
{
	struct kvm_irqchip chip = { .chip_id = id };

	VM_IOCTL(vm->fd, KVM_GET_IRQCHIP, &chip);
	return chip;
}

/**
 * lapic_of() - KVM_GET_LAPIC
 * @cpu: the vCPU
 *
 * Return: its registers.
 */
struct kvm_lapic_state lapic_of(struct vcpu *cpu)
{
	struct kvm_lapic_state state;

	VM_IOCTL(cpu->fd, KVM_GET_LAPIC, &state);
	return state;
}

/**
 * lapic_reg() - one register, as user space sees it
 * @cpu: the vCPU
 * @reg: REG_*
 *
 * Return: its value.
 */
uint32_t lapic_reg(struct vcpu *cpu, unsigned int reg)
{
	struct kvm_lapic_state state = lapic_of(cpu);
	uint32_t value;

	memcpy(&value, &state.regs[reg], sizeof(value));
	return value;
}

/**
 * mp_state() - KVM_GET_MP_STATE
 * @cpu: the vCPU
 *
 * Return: KVM_MP_STATE_*.
 */
uint32_t mp_state(struct vcpu *cpu)
{
	struct kvm_mp_state state;

	VM_IOCTL(cpu->fd, KVM_GET_MP_STATE, &state);
	return state.mp_state;
}

/**
 * set_mp_state() - KVM_SET_MP_STATE
 * @cpu: the vCPU
 * @state: KVM_MP_STATE_*
 *
 * Return: what the call returned.
 */
int set_mp_state(struct vcpu *cpu, uint32_t state)
{
	struct kvm_mp_state value = { .mp_state = state };

	return ioctl(cpu->fd, KVM_SET_MP_STATE, &value);
}

/**
 * irq_note() - a handler that leaves its vector in service
 * @frame: what was interrupted
 */
__guest void irq_note(struct guest_frame *frame)
{
	if (irq_orders < 64)
		irq_order[irq_orders++] = (uint32_t)frame->vector;
	irq_count[frame->vector & 0xff]++;
}

/**
 * irq_note_and_eoi() - a handler that ends its interrupt
 * @frame: what was interrupted
 */
__guest void irq_note_and_eoi(struct guest_frame *frame)
{
	irq_note(frame);
	any_write(REG_EOI, 0);
}

/**
 * take_irqs() - all vectors from 32 on go to one handler
 * @vm: the machine
 * @handler: it
 */
void take_irqs(struct vm *vm, void (*handler)(struct guest_frame *frame))
{
	unsigned int i;

	GUEST_VAR(vm, guest_handler[2]) = irq_note;
	for (i = 32; i < 256; i++)
		GUEST_VAR(vm, guest_handler[i]) = handler;
}

/**
 * apic_sw_on() - switch the local APIC on by its spurious-interrupt vector register
 */
__guest void apic_sw_on(void)
{
	any_write(REG_SVR, SVR_ON | SPURIOUS);
}

/**
 * x2apic_on() - change to x2APIC mode
 */
__guest void x2apic_on(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | BASE_X2APIC);
}

/**
 * apic_begin() - switch the local APIC on, in the mode that the test wants
 */
__guest void apic_begin(void)
{
	if (wants_x2apic)
		x2apic_on();
	apic_sw_on();
}

/**
 * self_ipi() - an interrupt to the processor itself, as its mode has it
 * @vector: which
 */
__guest void self_ipi(uint32_t vector)
{
	if (wants_x2apic)
		wrmsr(x2apic_msr(REG_SELF), vector);
	else
		apic_write(REG_ICR, ICR_SELF | vector);
}
