// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to a vCPU, and the states in which it does not run (KVM_GET_MP_STATE).
 *
 * Who wants a vCPU to look at something sets a bit of its requests and then kicks it:
 * an IPI if it is in the inner loop, a wake-up if not. The vCPU says that it is in the
 * inner loop, or that it sleeps, before it looks at the bits. With a full barrier on
 * either side one of the two sees the other; Documentation/architecture.rst draws it.
 *
 * A vCPU whose local APIC is user space's is asked for one thing alone, to look at what it
 * shares with its guest (pv.c).
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/rcuwait.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/smp.h>

#include "compat.h"
#include "lapic.h"
#include "vhm.h"

#define INIT_OR_SIPI	(BIT(VHM_REQUEST_INIT) | BIT(VHM_REQUEST_SIPI))

static void kick(struct vhm_vcpu *v)
{
	int this_cpu = get_cpu(), cpu = READ_ONCE(v->running_cpu);

	if (cpu < 0)
		rcuwait_wake_up(&v->wait);
	else if (cpu != this_cpu)
		vhm_send_reschedule(cpu);
	/* Else this is its own thread, or an interrupt behind which it looks anyway. */
	put_cpu();
}

/**
 * vhm_request() - ask a vCPU to look at something
 * @v: the vCPU; by any thread, in any context
 * @request: VHM_REQUEST_*, a bit of vhm_vcpu.requests
 *
 * Its own thread may call this in the inner loop, and then has to look itself.
 */
void vhm_request(struct vhm_vcpu *v, unsigned int request)
{
	set_bit(request, &v->requests);
	/* Pairs with the barriers in inner_loop() and in set_current_state(). */
	smp_mb__after_atomic();
	kick(v);
}

static void take_event(struct vhm_vcpu *v)
{
	if (!test_and_clear_bit(VHM_REQUEST_EVENT, &v->requests))
		return;
	v->lapic->vapic_synced = false;
	/* One is latched while another is handled, no more. */
	v->events.nmi_pending = min(v->events.nmi_pending + atomic_xchg(&v->nmis, 0), 2);
	v->vmx.event_work = true;
}

/**
 * vhm_take_requests() - what has been asked of a vCPU
 * @v: the vCPU, in its inner loop; requests is not 0
 *
 * Return: VHM_RESUME: it may enter the guest; VHM_WAIT: vhm_wait() is next; VHM_RELOAD:
 * vhm_pv_update() is; VHM_USER.
 */
enum vhm_next vhm_take_requests(struct vhm_vcpu *v)
{
	take_event(v);
	if (READ_ONCE(v->requests) & INIT_OR_SIPI)
		return VHM_WAIT;
	/* run_guest() does that, on its way back here. */
	if (unlikely(READ_ONCE(v->requests) & BIT(VHM_REQUEST_PV)))
		return VHM_RELOAD;
	if (test_and_clear_bit(VHM_REQUEST_EOI, &v->requests)) {
		v->run->exit_reason = KVM_EXIT_IOAPIC_EOI;
		v->run->eoi.vector = v->lapic->eoi;
		return VHM_USER;
	}
	if (test_and_clear_bit(VHM_REQUEST_TPR, &v->requests)) {
		v->run->exit_reason = KVM_EXIT_TPR_ACCESS;
		return VHM_USER;
	}
	return VHM_RESUME;
}

static void accept_init(struct vhm_vcpu *v)
{
	vmx_load(&v->vmx);
	vhm_vcpu_init(v);
	vmx_put();
	v->mp_state = v->apic_base & MSR_IA32_APICBASE_BSP ? KVM_MP_STATE_RUNNABLE :
							     KVM_MP_STATE_INIT_RECEIVED;
}

/* SDM, "Typical AP Initialization Sequence"; whoever does not wait for it ignores it. */
static void accept_sipi(struct vhm_vcpu *v)
{
	if (v->mp_state != KVM_MP_STATE_INIT_RECEIVED)
		return;
	/* Pairs with the barrier in accept_sipi() of ipi.c. */
	smp_rmb();
	vmx_load(&v->vmx);
	vhm_start_up(READ_ONCE(v->lapic->sipi));
	vmx_put();
	v->mp_state = KVM_MP_STATE_RUNNABLE;
}

static void accept_init_and_sipi(struct vhm_vcpu *v)
{
	if (likely(!(READ_ONCE(v->requests) & INIT_OR_SIPI)))
		return;
	if (test_and_clear_bit(VHM_REQUEST_INIT, &v->requests))
		accept_init(v);
	if (test_and_clear_bit(VHM_REQUEST_SIPI, &v->requests))
		accept_sipi(v);
}

/* The longest that a vCPU polls before it sleeps, unless KVM_CAP_HALT_POLL says another. */
static unsigned int halt_poll_ns = 200000;
module_param(halt_poll_ns, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns, "nanoseconds that a halted vCPU may poll (200000); 0: it sleeps at once");

/* How long one that has not polled so far begins with. */
#define FIRST_POLL_NS	10000

static u64 longest_poll(const struct vhm_vcpu *v)
{
	const struct vhm_options *o = &v->vm->options;

	/* Pairs with enable_on_vm(). */
	return smp_load_acquire(&o->halt_poll_chosen) ? READ_ONCE(o->halt_poll_ns) :
							READ_ONCE(halt_poll_ns);
}

/*
 * A wake-up that is near costs less than to sleep. Whoever else wants this CPU gets it,
 * and whoever is to wake us may be waiting for it.
 */
static void poll(struct vhm_vcpu *v)
{
	u64 begun = ktime_get();

	if (!v->poll_ns)
		return;
	while (!READ_ONCE(v->requests) && !need_resched() && !signal_pending(current) &&
	       single_task_running() && ktime_get() - begun < v->poll_ns)
		cpu_relax();
}

/* Would it have been worth while, this time? As KVM, twice as long, or not at all. */
static void adapt(struct vhm_vcpu *v, u64 halted)
{
	u64 longest = longest_poll(v);

	if (halted > longest)
		v->poll_ns = 0;
	else if (halted > v->poll_ns)
		v->poll_ns = min(longest, max_t(u64, 2 * v->poll_ns, FIRST_POLL_NS));
}

/* -EINTR for a signal. */
static int sleep_until_asked(struct vhm_vcpu *v)
{
	return rcuwait_wait_event(&v->wait, READ_ONCE(v->requests), TASK_INTERRUPTIBLE);
}

static int halt_until_asked(struct vhm_vcpu *v)
{
	u64 begun = ktime_get();
	int err;

	poll(v);
	err = sleep_until_asked(v);
	adapt(v, ktime_get() - begun);
	return err;
}

static bool halt_ends(struct vhm_vcpu *v)
{
	bool ends;

	vmx_load(&v->vmx);
	ends = vhm_events_end_halt(v);
	vmx_put();
	return ends;
}

/**
 * vhm_wait() - let a vCPU that has a local APIC sleep until it has something to do
 * @v: the vCPU, outside the inner loop
 *
 * Return: VHM_RESUME: it is runnable; VHM_SIGNAL; VHM_USER: there is something to be told.
 */
enum vhm_next vhm_wait(struct vhm_vcpu *v)
{
	for (;;) {
		accept_init_and_sipi(v);
		vhm_vapic_sync(v);
		if (likely(v->mp_state == KVM_MP_STATE_RUNNABLE))
			return VHM_RESUME;
		vhm_pv_update(v);
		if (vhm_take_requests(v) == VHM_USER)
			return VHM_USER;
		if (v->mp_state == KVM_MP_STATE_HALTED && halt_ends(v)) {
			v->mp_state = KVM_MP_STATE_RUNNABLE;
			return VHM_RESUME;
		}
		if (v->mp_state == KVM_MP_STATE_HALTED ? halt_until_asked(v) : sleep_until_asked(v))
			return VHM_SIGNAL;
	}
}

/**
 * vhm_wait_for_init() - KVM_RUN of a vCPU that has not been started
 * @v: the vCPU
 *
 * Return: -EAGAIN: run it again; -EINTR.
 */
long vhm_wait_for_init(struct vhm_vcpu *v)
{
	if (sleep_until_asked(v)) {
		v->run->exit_reason = KVM_EXIT_INTR;
		v->stats.signal_exits++;
		return -EINTR;
	}
	take_event(v);
	vhm_pv_update(v);
	accept_init_and_sipi(v);
	return -EAGAIN;
}

/**
 * vhm_halt() - HLT, where it is the kernel that waits; in the inner loop
 * @v: the vCPU, behind the instruction
 *
 * Return: VHM_RESUME: an event has come already; VHM_WAIT.
 */
enum vhm_next vhm_halt(struct vhm_vcpu *v)
{
	if (!v->lapic->vapic && vhm_events_end_halt(v)) {
		v->vmx.event_work = true;
		return VHM_RESUME;
	}
	v->mp_state = KVM_MP_STATE_HALTED;
	return VHM_WAIT;
}

/**
 * vhm_get_mp_state() - KVM_GET_MP_STATE
 * @v: the vCPU
 *
 * Return: KVM_MP_STATE_*, with an INIT or start-up message that came meanwhile.
 */
u32 vhm_get_mp_state(struct vhm_vcpu *v)
{
	accept_init_and_sipi(v);
	return v->mp_state;
}

/**
 * vhm_set_mp_state() - KVM_SET_MP_STATE
 * @v: the vCPU
 * @state: KVM_MP_STATE_*
 *
 * Return: 0; -EINVAL: no such state, or one that only a local APIC gives.
 */
long vhm_set_mp_state(struct vhm_vcpu *v, u32 state)
{
	switch (state) {
	case KVM_MP_STATE_RUNNABLE:
		break;
	case KVM_MP_STATE_UNINITIALIZED:
	case KVM_MP_STATE_HALTED:
	case KVM_MP_STATE_INIT_RECEIVED:
	case KVM_MP_STATE_SIPI_RECEIVED:
		if (!v->lapic)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (state == KVM_MP_STATE_SIPI_RECEIVED) {
		state = KVM_MP_STATE_INIT_RECEIVED;
		set_bit(VHM_REQUEST_SIPI, &v->requests);
	}
	v->mp_state = state;
	return 0;
}
