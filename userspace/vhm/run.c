// SPDX-License-Identifier: GPL-2.0
/*
 * Running the guest: each CPU's thread enters it, does what it asks for with the
 * machine locked, and enters it again. The boot CPU's thread also does what falls
 * due by time and what the console brings; whoever makes the next event an earlier
 * one sets the timer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "console.h"
#include "kick.h"
#include "log.h"
#include "run.h"
#include "stats.h"
#include "thread.h"

/* Further exit statuses of the launcher; vhm.1 has the whole list. */
#define STATUS_RESET		4
#define STATUS_TRIPLE_FAULT	6
#define STATUS_HALTED		8
#define STATUS_SIGNAL		128

static bool is_boot(const struct processor *processor)
{
	return processor->id == KICK_BOOT;
}

static void lock(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
}

static void unlock(struct machine *machine)
{
	pthread_mutex_unlock(&machine->lock);
}

/* The library's sentence is the calling thread's. */
static void fail(struct machine *machine)
{
	console_flush();
	log_error(NULL, "%s", vhm_error());
	machine_end(machine, ENDING_FAILED);
}

/* Hand the boot CPU the 8259's interrupt, or ask to be told when it can take it. */
static void offer_interrupt(struct processor *processor)
{
	struct machine *machine = processor->machine;
	struct kvm_run *run = processor->vcpu.run;
	struct pic *pic = &machine->irqchip.pic;

	if (pic->pending && run->ready_for_interrupt_injection) {
		if (vhm_vcpu_interrupt(&processor->vcpu, pic_acknowledge(pic)))
			fail(machine);
		/* One at a time waits at LINT0. */
		run->ready_for_interrupt_injection = 0;
	}
	run->request_interrupt_window = pic->pending;
}

static void set_timer(struct machine *machine)
{
	if (!machine->timers_changed)
		return;
	machine->timers_changed = false;
	kick_at(machine_next_event(machine));
}

/* What follows from the devices' new state. The machine is locked. */
static void settle(struct processor *processor)
{
	struct machine *machine = processor->machine;

	set_timer(machine);
	if (machine->irqchip.failed) {
		machine->irqchip.failed = false;
		fail(machine);
	}
	if (machine->irqchip.kind == IRQCHIP_FULL)
		return;
	if (is_boot(processor))
		offer_interrupt(processor);
	else if (machine->irqchip.pic.pending && !machine->irqchip.told)
		kick_vcpu(KICK_BOOT);
	machine->irqchip.told = machine->irqchip.pic.pending;
}

/*
 * Why the boot CPU's thread was kicked. The end comes before the lock, whose holder
 * may be waiting for the terminal until it hears of it.
 */
static void look_around(struct machine *machine)
{
	if (kick_quit_signal())
		machine_end(machine, ENDING_SIGNAL);
	if (console_left())
		machine_end(machine, ENDING_LEFT);
	lock(machine);
	machine_update(machine, kick_timer_check());
}

static void take_kick(struct processor *processor)
{
	struct machine *machine = processor->machine;

	kick_take(processor->id);
	if (!is_boot(processor))
		return;
	look_around(machine);
	settle(processor);
	unlock(machine);
}

/* Without a local APIC in the kernel: the guest waits for an interrupt, so do we. */
static void halt(struct processor *processor)
{
	struct machine *machine = processor->machine;

	if (!processor->vcpu.run->if_flag) {
		machine_end(machine, ENDING_HALTED);
		return;
	}
	while (!machine->irqchip.pic.pending && machine->ending == ENDING_NONE) {
		console_flush();
		machine->flush_at = NEVER;
		set_timer(machine);
		unlock(machine);
		kick_sleep(processor->id);
		kick_take(processor->id);
		look_around(machine);
	}
}

/* But for the I/O APIC there is nothing: reads give all-ones, writes go nowhere. */
static void mmio(struct machine *machine, struct kvm_run *run)
{
	if (!irqchip_mmio(&machine->irqchip, run) && !run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static const char *internal_error(uint32_t suberror)
{
	switch (suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "an instruction that it cannot emulate";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "an exception while another was being delivered";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "an exit while an event was being delivered";
	case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
		return "an exit reason that it does not know";
	default:
		return "see the kernel's log";
	}
}

static void report_entry(const struct processor *processor)
{
	const char *path = processor->machine->device.path;
	unsigned long long reason =
		processor->vcpu.run->fail_entry.hardware_entry_failure_reason;
	struct vhm_explain explain;
	char *text;

	/* Only /dev/vhm can explain. */
	if (vhm_explain(processor->vcpu.fd, 0, 0, &explain, &text)) {
		log_error(path,
			  "could not enter the guest (hardware reason 0x%llx); its registers:",
			  reason);
		return;
	}
	log_error(path, "could not enter the guest (hardware reason 0x%llx). Why:", reason);
	log_text(text);
	free(text);
	log_note("the guest's registers:");
}

static void dump_registers(const struct processor *processor)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	if (processor->machine->board.cpus > 1)
		fprintf(out, "CPU %u\n", processor->id);
	vhm_vcpu_dump(&processor->vcpu, out);
	if (!fclose(out))
		log_text(text);
	free(text);
}

static void report_failure(struct processor *processor)
{
	const struct kvm_run *run = processor->vcpu.run;
	const char *path = processor->machine->device.path;

	console_flush();
	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		report_entry(processor);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		log_error(path,
			  "could not go on with the guest (internal error %u: %s); its registers:",
			  run->internal.suberror,
			  internal_error(run->internal.suberror));
		break;
	default:
		log_error(path,
			  "came back with exit reason %u (%s), which this launcher does not know; the guest's registers:",
			  run->exit_reason, vhm_exit_name(run->exit_reason));
		break;
	}
	dump_registers(processor);
	machine_end(processor->machine, ENDING_FAILED);
}

/* The machine is locked. */
static void handle_exit(struct processor *processor)
{
	struct machine *machine = processor->machine;
	struct kvm_run *run = processor->vcpu.run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		ports_exit(processor);
		break;
	case KVM_EXIT_MMIO:
		mmio(machine, run);
		break;
	case KVM_EXIT_IOAPIC_EOI:
		ioapic_eoi(&machine->irqchip.ioapic, run->eoi.vector);
		break;
	case KVM_EXIT_HLT:
		halt(processor);
		break;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		machine_end(machine, ENDING_TRIPLE_FAULT);
		break;
	default:
		report_failure(processor);
		break;
	}
}

static int enter_guest(const struct processor *processor)
{
	struct stats *stats = processor->stats;
	int error;

	if (!stats)
		return vhm_vcpu_run(&processor->vcpu);
	stats_enter(stats);
	error = vhm_vcpu_run(&processor->vcpu);
	stats_leave(stats, error ? KVM_EXIT_INTR : processor->vcpu.run->exit_reason);
	return error;
}

static void serve(struct processor *processor, int error)
{
	struct machine *machine = processor->machine;

	lock(machine);
	if (error)
		fail(machine);
	else
		handle_exit(processor);
	settle(processor);
	unlock(machine);
}

/* Until somebody ends the machine. */
static void run_processor(struct processor *processor)
{
	struct machine *machine = processor->machine;
	int error;

	for (;;) {
		if (kick_pending(processor->id))
			take_kick(processor);
		if (machine->ending != ENDING_NONE)
			break;
		error = enter_guest(processor);
		/* EAGAIN: a CPU that is off has been woken, and will be started. */
		if (error != -EINTR && error != -EAGAIN)
			serve(processor, error);
	}
	if (processor->stats)
		stats_enter(processor->stats);
}

static void *processor_thread(void *argument)
{
	struct processor *processor = argument;

	kick_enter(processor->id, processor->vcpu.run);
	run_processor(processor);
	kick_leave(processor->id);
	return NULL;
}

/* Returns how many threads there are with ours; when one cannot be had the run has ended. */
static unsigned int start_others(struct machine *machine)
{
	unsigned int i;
	int error;

	for (i = 1; i < machine->board.cpus; i++) {
		error = thread_start(&machine->processors[i].thread, processor_thread,
				     &machine->processors[i]);
		if (!error)
			continue;
		log_error(NULL, "cannot start a thread for CPU %u: %s (--cpus)", i,
			  strerror(error));
		machine_end(machine, ENDING_FAILED);
		break;
	}
	return i;
}

/**
 * run_guest() - run the guest until it ends
 * @machine: a machine that is set up; its ending then says why
 *
 * To be called by the thread that has called kick_init().
 */
void run_guest(struct machine *machine)
{
	unsigned int threads = start_others(machine);

	lock(machine);
	machine->timers_changed = true;
	settle(machine_boot_cpu(machine));
	unlock(machine);
	run_processor(machine_boot_cpu(machine));
	while (--threads)
		pthread_join(machine->processors[threads].thread, NULL);
}

/**
 * run_status() - say why the run has ended, unless that is plain
 * @machine: a machine whose guest has ended
 *
 * Return: the launcher's exit status.
 */
int run_status(const struct machine *machine)
{
	switch (atomic_load(&machine->ending)) {
	case ENDING_POWER_OFF:
	case ENDING_LEFT:
		return STATUS_OK;
	case ENDING_DEBUG_EXIT:
		return (machine->debug_value << 1 | 1) & 0xff;
	case ENDING_SIGNAL:
		return STATUS_SIGNAL + kick_quit_signal();
	case ENDING_RESET:
		log_note("the guest has reset its machine");
		return STATUS_RESET;
	case ENDING_TRIPLE_FAULT:
		log_note("the guest has ended in a triple fault");
		return STATUS_TRIPLE_FAULT;
	case ENDING_HALTED:
		log_note("the guest has halted with its interrupts off: nothing can wake it");
		return STATUS_HALTED;
	default:
		return STATUS_FAILED;
	}
}
