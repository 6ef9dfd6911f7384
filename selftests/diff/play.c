// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program and notes what user space sees of it.
 *
 * The guest's handlers do nothing but tell their vector by a port. What goes on behind an
 * exception, a halt or a shutdown is decided here: at the next instruction, with the state that
 * the program began with but for registers and memory. So one bad instruction does not end a
 * program, and setting a state is tested again and again.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "diff.h"

#define FIRST_WORDS	8
#define SIGNAL_AFTER	4000	/* microseconds, in a KVM_RUN that does not end */

const char * const seen_names[SEEN_KINDS] = {
	"nothing", "exception", "out", "in", "mmio-read", "mmio-write", "hlt", "shutdown",
	"interrupt-window", "fail-entry", "internal-error", "errno", "other", "end",
};

struct player {
	struct world *world;
	const struct program *program;
	struct result *result;
	unsigned int next;	/* the instruction where it goes on */
};

/* In real mode nothing pushes one. */
static bool has_error_code(const struct seen_exit *seen)
{
	unsigned int vector = seen->number[0];

	if (!(seen->sregs.cr0 & X86_CR0_PE))
		return false;
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* What user space is asked to read: the same for the same instruction, however often it asks. */
static void answer(const struct player *p, const struct seen_exit *seen, void *data,
		   unsigned int size)
{
	uint64_t place = seen->regs.rip << 32 ^ seen->number[0];
	struct random random = { .state = ~p->program->seed ^ place };
	uint8_t *byte = data;

	while (size--)
		*byte++ = random_next(&random);
}

static void see_port(struct player *p, struct seen_exit *seen)
{
	struct kvm_run *run = p->world->cpu.run;
	unsigned int size = run->io.size * run->io.count;
	uint8_t *data = vcpu_io_data(&p->world->cpu);

	seen->kind = run->io.direction == KVM_EXIT_IO_OUT ? SEEN_OUT : SEEN_IN;
	seen->number[0] = run->io.port;
	seen->number[1] = run->io.size;
	seen->number[2] = run->io.count;
	if (size > 4096)
		die("an access of %u bytes to port 0x%x", size, run->io.port);
	if (seen->kind == SEEN_IN)
		answer(p, seen, data, size);
	else
		memcpy(&seen->number[3], data, size < FIRST_WORDS ? size : FIRST_WORDS);
}

static void see_mmio(struct player *p, struct seen_exit *seen)
{
	struct kvm_run *run = p->world->cpu.run;

	seen->kind = run->mmio.is_write ? SEEN_MMIO_WRITE : SEEN_MMIO_READ;
	seen->number[0] = run->mmio.phys_addr;
	seen->number[1] = run->mmio.len;
	if (run->mmio.len > 8)
		die("MMIO of %u bytes", run->mmio.len);
	if (run->mmio.is_write)
		memcpy(&seen->number[2], run->mmio.data, run->mmio.len);
	else
		answer(p, seen, run->mmio.data, run->mmio.len);
}

static void see_error(struct seen_exit *seen, const struct kvm_run *run, int reason)
{
	if (reason < 0) {
		seen->kind = SEEN_ERRNO;
		seen->number[0] = -reason;
	} else if (reason == KVM_EXIT_FAIL_ENTRY) {
		seen->kind = SEEN_FAIL_ENTRY;
		seen->number[0] = run->fail_entry.hardware_entry_failure_reason;
	} else if (reason == KVM_EXIT_INTERNAL_ERROR) {
		seen->kind = SEEN_INTERNAL_ERROR;
		seen->number[0] = run->internal.suberror;
	} else {
		seen->kind = SEEN_OTHER;
		seen->number[0] = reason;
	}
}

/* How wide the frame is that an interrupt has pushed: that of the gate. */
static unsigned int frame_word(const struct seen_exit *seen)
{
	if (seen->sregs.efer & EFER_LMA)
		return 8;
	return seen->sregs.cr0 & X86_CR0_PE ? 4 : 2;
}

/* The frame, read where SS:RSP leads if that is memory. */
static void read_frame(struct player *p, struct seen_exit *seen)
{
	unsigned int word = frame_word(seen);
	uint64_t at = seen->regs.rsp;

	if (!(seen->sregs.efer & EFER_LMA))
		at = (uint32_t)(seen->sregs.ss.base + (seen->sregs.ss.db ? (uint32_t)at :
						       (uint16_t)at));
	for (unsigned int i = has_error_code(seen) ? 1 : 2; i < SEEN_NUMBERS; i++) {
		if (at > AT_SLOT_END - word)
			return;
		memcpy(&seen->number[i], p->world->vm.mem + at, word);
		at += word;
	}
}

static bool is_handler(const struct seen_exit *seen)
{
	uint64_t rip = seen->regs.rip;

	return seen->kind == SEEN_OUT && seen->number[0] >= PORT_OTHER &&
	       rip >= AT_HANDLERS && rip < AT_LANDING;
}

/* An OUT of the program's is told by where it stands: the port alone could be anybody's. */
static void see_handler(struct player *p, struct seen_exit *seen)
{
	uint64_t port = seen->number[0];

	seen->kind = SEEN_EXCEPTION;
	memset(seen->number, 0, sizeof(seen->number));
	seen->number[0] = port == PORT_OTHER ? 0xff : port - PORT_VECTOR;
	read_frame(p, seen);
}

static void see(struct player *p, struct seen_exit *seen, int reason)
{
	struct kvm_run *run = p->world->cpu.run;

	memset(seen, 0, sizeof(*seen));
	seen->regs = vcpu_regs(&p->world->cpu);
	seen->sregs = vcpu_sregs(&p->world->cpu);
	seen->events = vcpu_events(&p->world->cpu);
	VM_IOCTL(p->world->cpu.fd, KVM_GET_DEBUGREGS, &seen->debugregs);
	switch (reason) {
	case KVM_EXIT_IO:
		see_port(p, seen);
		break;
	case KVM_EXIT_MMIO:
		see_mmio(p, seen);
		break;
	case KVM_EXIT_HLT:
		seen->kind = SEEN_HLT;
		break;
	case KVM_EXIT_SHUTDOWN:
		seen->kind = SEEN_SHUTDOWN;
		break;
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		seen->kind = SEEN_INTERRUPT_WINDOW;
		break;
	default:
		see_error(seen, run, reason);
		break;
	}
	if (is_handler(seen))
		see_handler(p, seen);
	else if (seen->kind == SEEN_OUT && seen->number[0] == PORT_END)
		seen->kind = SEEN_END;
}

/* The instruction at an address, or behind the last one. */
static unsigned int insn_at(const struct program *p, uint64_t rip)
{
	unsigned int i = 0;

	while (i < p->count && p->start[i + 1] <= rip - AT_CODE)
		i++;
	return i;
}

static bool is_in_program(const struct program *p, uint64_t rip)
{
	return rip >= AT_CODE && rip < AT_CODE + p->size;
}

/* #DB, #BP and #OF stand behind their instruction, but for a breakpoint on code. */
static bool is_trap(const struct seen_exit *seen)
{
	return seen->number[0] == 1 || seen->number[0] == 3 || seen->number[0] == 4;
}

/* Where the exit belongs to, as far as that can be told. */
static uint64_t origin(const struct seen_exit *seen)
{
	switch (seen->kind) {
	case SEEN_EXCEPTION:
		return seen->number[2] - is_trap(seen);
	case SEEN_HLT:
	case SEEN_MMIO_WRITE:
		return seen->regs.rip - 1;
	default:
		return seen->regs.rip;
	}
}

/* An exit behind which the guest goes on by itself. */
static bool is_access(const struct seen_exit *seen)
{
	return seen->kind == SEEN_IN || seen->kind == SEEN_OUT || seen->kind == SEEN_MMIO_READ ||
	       seen->kind == SEEN_MMIO_WRITE;
}

/* The one that fell over is left out. */
static unsigned int behind(const struct player *p, const struct seen_exit *seen)
{
	uint64_t rip = origin(seen);
	unsigned int next = 0;

	if (is_in_program(p->program, rip))
		next = insn_at(p->program, rip) + 1;
	return next > p->next ? next : p->next + 1;
}

static void give_interrupt(struct player *p)
{
	struct kvm_interrupt interrupt = { .irq = p->program->vector };
	struct kvm_run *run = p->world->cpu.run;

	run->request_interrupt_window = 0;
	VM_IOCTL(p->world->cpu.fd, KVM_INTERRUPT, &interrupt);
}

static void see_again_later(int signal)
{
	(void)signal;
}

/* Again and again: one that comes before KVM_RUN is lost. */
static void set_alarm(suseconds_t microseconds)
{
	struct itimerval timer = {
		.it_value.tv_usec = microseconds, .it_interval.tv_usec = microseconds,
	};
	struct sigaction action = { .sa_handler = see_again_later };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Return: whether there is more to run. */
static bool step(struct player *p)
{
	const struct program *program = p->program;
	struct seen_exit *seen = &p->result->seen[p->result->count++];
	uint64_t rip;

	set_alarm(SIGNAL_AFTER);
	see(p, seen, vcpu_run(&p->world->cpu));
	set_alarm(0);
	rip = origin(seen);
	seen->insn = is_in_program(program, rip) ? insn_at(program, rip) : p->next;
	if (seen->kind == SEEN_END)
		return false;
	if (seen->kind == SEEN_INTERRUPT_WINDOW) {
		give_interrupt(p);
		return true;
	}
	if (is_access(seen))
		return true;
	p->next = behind(p, seen);
	if (p->next >= program->count)
		return false;
	world_restart(p->world, program, AT_CODE + program->start[p->next]);
	return true;
}

static void read_end(struct world *w, struct final_state *end)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry[MAX_MSRS];
	} msrs = { .head.nmsrs = nr_world_msrs };

	for (unsigned int i = 0; i < nr_world_msrs; i++)
		msrs.entry[i].index = world_msrs[i];
	if (VM_IOCTL(w->cpu.fd, KVM_GET_MSRS, &msrs) != (int)nr_world_msrs)
		die("KVM_GET_MSRS refuses an MSR of the world's");
	for (unsigned int i = 0; i < nr_world_msrs; i++)
		end->msr[i] = msrs.entry[i].data;
	VM_IOCTL(w->cpu.fd, KVM_GET_FPU, &end->fpu);
	VM_IOCTL(w->cpu.fd, KVM_GET_DEBUGREGS, &end->debugregs);
	end->events = vcpu_events(&w->cpu);
	end->memory = world_hash(w);
}

/**
 * play() - run a program from its begin to its end
 * @w: the world
 * @p: the program
 * @result: filled in
 */
void play(struct world *w, const struct program *p, struct result *result)
{
	struct player player = {
		.world = w, .program = p, .result = result,
	};

	memset(result, 0, sizeof(*result));
	result->seed = p->seed;
	world_reset(w, p);
	if (p->nmi)
		VM_IOCTL(w->cpu.fd, KVM_NMI, 0);
	w->cpu.run->request_interrupt_window = p->vector != 0;
	while (result->count < MAX_EXITS && step(&player))
		;
	read_end(w, &result->end);
}
