// SPDX-License-Identifier: GPL-2.0
/*
 * The rows about interrupts and doorbells, all with local APICs in the kernel and the
 * other interrupt controllers in user space (KVM_CAP_SPLIT_IRQCHIP).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

#define VECTOR	0x51u
#define GSI	24u
#define PINS	24u
#define BELL	0x10000000u
#define PORT	0x70u

extern const char irq_plain[], irq_answer_bell[], irq_answer_ipi[], loop_ipi_other[];
extern uint32_t irq_count, irq_stop;

/* A machine and what stands around it. */
struct irq_work {
	struct vm vm;
	struct vcpu cpu[2];
	pthread_t thread;
	int event, bell;
	const void *loop;
};

/* An interrupt gate of 32 bits: SDM, "IDT Descriptors". */
static void set_gate(struct vm *vm, const void *handler)
{
	uint64_t offset = (uintptr_t)handler;
	uint64_t gate = (offset & 0xffff) | SEL_CODE32 << 16 | 0x8e0000000000ull |
			offset >> 16 << 48;

	memcpy(vm->mem + VM_IDT + VECTOR * sizeof(gate), &gate, sizeof(gate));
}

static void begin(struct irq_work *w, unsigned int cpus, const void *loop, const void *handler)
{
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { PINS } };
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->loop = loop;
	w->event = eventfd(0, EFD_CLOEXEC);
	w->bell = eventfd(0, EFD_CLOEXEC);
	if (w->event < 0 || w->bell < 0)
		die("eventfd: %s", strerror(errno));
	vm_init(&w->vm, VM_MEMORY);
	VM_IOCTL(w->vm.fd, KVM_ENABLE_CAP, &split);
	set_gate(&w->vm, handler);
	for (i = 0; i < cpus; i++) {
		struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };

		vcpu_init(&w->vm, &w->cpu[i], i);
		VM_IOCTL(w->cpu[i].fd, KVM_SET_MP_STATE, &runnable);
		vcpu_set_flat32(&w->cpu[i], i ? loop_ipi_other : loop);
	}
}

static void end(struct irq_work *w, unsigned int cpus)
{
	unsigned int i;

	for (i = 0; i < cpus; i++)
		vcpu_close(&w->cpu[i]);
	vm_close(&w->vm);
	close(w->event);
	close(w->bell);
}

static void set_bell(struct irq_work *w, uint64_t address, uint32_t length, uint32_t flags)
{
	struct kvm_ioeventfd bell = {
		.addr = address,
		.len = length,
		.fd = w->bell,
		.flags = flags,
	};

	VM_IOCTL(w->vm.fd, KVM_IOEVENTFD, &bell);
}

static void set_irqfd(struct irq_work *w)
{
	struct kvm_irqfd irqfd = { .fd = w->event, .gsi = GSI };

	if (vm_route_msi(&w->vm, GSI, 0xfee00000, VECTOR))
		die("KVM_SET_GSI_ROUTING: %s", strerror(errno));
	VM_IOCTL(w->vm.fd, KVM_IRQFD, &irqfd);
}

static void run_until_out(struct vcpu *cpu)
{
	int seen = vcpu_run(cpu);

	if (seen != KVM_EXIT_IO)
		die("the guest left with %d where an out was wanted", seen);
}

/* A batch of the guest's is one KVM_RUN. */
static void make_loop(void *data, unsigned int trips)
{
	struct irq_work *w = data;
	struct kvm_regs regs = {
		.rip = (uintptr_t)w->loop,
		.rsi = trips,
		.rsp = VM_STACK0,
		.rflags = 2,
	};

	VM_IOCTL(w->cpu[0].fd, KVM_SET_REGS, &regs);
	run_until_out(&w->cpu[0]);
}

static uint64_t measure_loop(struct irq_work *w, unsigned int count)
{
	/* Whatever user space still has to do for the guest belongs to no batch. */
	make_loop(w, 16);
	return bench_median(make_loop, w, count * 10);
}

uint64_t bell_port(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t result;

	begin(&w, 1, row->loop, irq_plain);
	set_bell(&w, PORT, 2, KVM_IOEVENTFD_FLAG_PIO);
	result = measure_loop(&w, count);
	end(&w, 1);
	return result;
}

uint64_t bell_mmio(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t result;

	begin(&w, 1, row->loop, irq_plain);
	set_bell(&w, BELL, strcmp(row->name, "bell-any") ? 2 : 0, 0);
	result = measure_loop(&w, count);
	end(&w, 1);
	return result;
}

uint64_t irq_loop(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t result;

	begin(&w, 1, row->loop, irq_plain);
	result = measure_loop(&w, count);
	end(&w, 1);
	return result;
}

static void signal_event(int event)
{
	uint64_t one = 1;

	if (write(event, &one, sizeof(one)) != sizeof(one))
		die("cannot signal an eventfd: %s", strerror(errno));
}

static void make_irqfds(void *data, unsigned int trips)
{
	struct irq_work *w = data;

	while (trips--) {
		signal_event(w->event);
		run_until_out(&w->cpu[0]);
	}
}

uint64_t irqfd_to_handler(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t result;

	begin(&w, 1, row->loop, irq_plain);
	set_irqfd(&w);
	run_until_out(&w.cpu[0]);
	make_irqfds(&w, 16);
	result = bench_median(make_irqfds, &w, count);
	end(&w, 1);
	return result;
}

static void do_nothing(int number)
{
	(void)number;
}

static void *run_thread(void *data)
{
	struct vcpu *cpu = data;
	int seen = vcpu_run(cpu);

	if (seen != -EINTR && seen != KVM_EXIT_IO)
		die("a guest in a thread left with %d", seen);
	return NULL;
}

static void start_thread(struct irq_work *w, struct vcpu *cpu)
{
	struct sigaction action = { .sa_handler = do_nothing };

	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&w->thread, NULL, run_thread, cpu))
		die("no thread: %s", strerror(errno));
}

static void make_wakes(void *data, unsigned int trips)
{
	struct irq_work *w = data;
	uint64_t count;

	while (trips--) {
		signal_event(w->event);
		if (read(w->bell, &count, sizeof(count)) != sizeof(count) || count != 1)
			die("the guest does not answer");
	}
}

/* There and back: an interrupt for a processor that halts, which answers by a doorbell. */
uint64_t wake_halted(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t result;

	begin(&w, 1, row->loop, irq_answer_bell);
	set_irqfd(&w);
	set_bell(&w, PORT, 2, KVM_IOEVENTFD_FLAG_PIO);
	start_thread(&w, &w.cpu[0]);
	/* Its local APIC has to be on before the first one. */
	usleep(2000);
	make_wakes(&w, 16);
	result = bench_median(make_wakes, &w, count);
	w.cpu[0].run->immediate_exit = 1;
	pthread_kill(w.thread, SIGUSR1);
	pthread_join(w.thread, NULL);
	end(&w, 1);
	return result;
}

/* Half of there and back. */
uint64_t ipi_between(const struct row *row, unsigned int count)
{
	struct irq_work w;
	uint64_t begun;

	begin(&w, 2, row->loop, irq_answer_ipi);
	start_thread(&w, &w.cpu[1]);
	usleep(2000);
	begun = ticks();
	make_loop(&w, count);
	begun = ticks() - begun;
	pthread_join(w.thread, NULL);
	end(&w, 2);
	return begun / count / 2;
}
