// SPDX-License-Identifier: GPL-2.0
/*
 * Running the guest: enter it, do what it asks for, enter it again. All devices
 * are this thread's work; others only kick it.
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

/* Further exit statuses of the launcher; vhm.1 has the whole list. */
#define STATUS_RESET		4
#define STATUS_TRIPLE_FAULT	6
#define STATUS_HALTED		8
#define STATUS_SIGNAL		128

static void end(struct machine *machine, enum ending ending)
{
	if (machine->ending == ENDING_NONE)
		machine->ending = ending;
}

static void take_kick(struct machine *machine)
{
	uint64_t now = kick_take();

	if (kick_quit_signal())
		end(machine, ENDING_SIGNAL);
	if (console_left())
		end(machine, ENDING_LEFT);
	machine_update(machine, now);
}

static void set_timer(struct machine *machine)
{
	if (!machine->timers_changed)
		return;
	machine->timers_changed = false;
	kick_at(machine_next_event(machine));
}

static void fail(struct machine *machine)
{
	console_flush();
	log_error(NULL, "%s", vhm_error());
	end(machine, ENDING_FAILED);
}

/* Hand the CPU the 8259's interrupt, or ask to be told when it can take it. */
static void offer_interrupt(struct machine *machine)
{
	struct kvm_run *run = machine->vcpu.run;

	if (machine->pic.pending && run->ready_for_interrupt_injection) {
		if (vhm_vcpu_interrupt(&machine->vcpu,
				       pic_acknowledge(&machine->pic)))
			fail(machine);
	}
	run->request_interrupt_window = machine->pic.pending;
}

/* The guest waits for an interrupt: so do we. */
static void halt(struct machine *machine)
{
	if (!machine->vcpu.run->if_flag) {
		end(machine, ENDING_HALTED);
		return;
	}
	while (!machine->pic.pending && machine->ending == ENDING_NONE) {
		console_flush();
		machine->flush_at = NEVER;
		set_timer(machine);
		kick_sleep();
		take_kick(machine);
	}
}

/* Nothing but memory is there: reads give all-ones, writes go nowhere. */
static void touch_nothing(struct kvm_run *run)
{
	if (!run->mmio.is_write)
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

static void report_entry(struct machine *machine)
{
	unsigned long long reason =
		machine->vcpu.run->fail_entry.hardware_entry_failure_reason;
	struct vhm_explain explain;
	char *text;

	/* Only /dev/vhm can explain. */
	if (vhm_explain(machine->vcpu.fd, 0, 0, &explain, &text)) {
		log_error(machine->device.path,
			  "could not enter the guest (hardware reason 0x%llx); its registers:",
			  reason);
		return;
	}
	log_error(machine->device.path,
		  "could not enter the guest (hardware reason 0x%llx). Why:", reason);
	log_text(text);
	free(text);
	log_note("the guest's registers:");
}

static void dump_registers(const struct machine *machine)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	vhm_vcpu_dump(&machine->vcpu, out);
	if (!fclose(out))
		log_text(text);
	free(text);
}

static void report_failure(struct machine *machine)
{
	const struct kvm_run *run = machine->vcpu.run;

	console_flush();
	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		report_entry(machine);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		log_error(machine->device.path,
			  "could not go on with the guest (internal error %u: %s); its registers:",
			  run->internal.suberror,
			  internal_error(run->internal.suberror));
		break;
	default:
		log_error(machine->device.path,
			  "came back with exit reason %u (%s), which this launcher does not know; the guest's registers:",
			  run->exit_reason, vhm_exit_name(run->exit_reason));
		break;
	}
	dump_registers(machine);
	end(machine, ENDING_FAILED);
}

static void handle_exit(struct machine *machine)
{
	struct kvm_run *run = machine->vcpu.run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		ports_exit(machine);
		break;
	case KVM_EXIT_MMIO:
		touch_nothing(run);
		break;
	case KVM_EXIT_HLT:
		halt(machine);
		break;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		end(machine, ENDING_TRIPLE_FAULT);
		break;
	default:
		report_failure(machine);
		break;
	}
}

/**
 * run_guest() - run the guest until it ends
 * @machine: a machine that is set up; its ending then says why
 * @stats: what to count in, or NULL
 */
void run_guest(struct machine *machine, struct stats *stats)
{
	int error;

	machine->timers_changed = true;
	for (;;) {
		if (kick_pending())
			take_kick(machine);
		set_timer(machine);
		offer_interrupt(machine);
		if (machine->ending != ENDING_NONE)
			break;

		if (stats)
			stats_enter(stats);
		error = vhm_vcpu_run(&machine->vcpu);
		if (stats)
			stats_leave(stats, error ? KVM_EXIT_INTR :
				    machine->vcpu.run->exit_reason);

		if (!error)
			handle_exit(machine);
		else if (error != -EINTR)
			fail(machine);
	}
	if (stats)
		stats_enter(stats);
}

/**
 * run_status() - say why the run has ended, unless that is plain
 * @machine: a machine whose guest has ended
 *
 * Return: the launcher's exit status.
 */
int run_status(const struct machine *machine)
{
	switch (machine->ending) {
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
