// SPDX-License-Identifier: GPL-2.0
/*
 * The local APIC's timer, on an hrtimer: one-shot and periodic by a count, or by a
 * deadline in the guest's TSC. SDM, "APIC Timer".
 *
 * The hrtimer's function runs in interrupt context, on whatever CPU armed it, and makes
 * the interrupt itself; the vCPU is kicked, or woken, by that. All else is done by the
 * vCPU's own thread, which first stops the timer: also with IRQs off, since the function
 * waits for nobody.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <asm/tsc.h>

#include "compat.h"
#include "lapic.h"
#include "vhm.h"

/* A periodic timer keeps a host CPU busy, so it has a shortest period: KVM's. */
#define PERIOD_MIN_NS	200000

#define MODE_MASK	(APIC_LVT_TIMER_PERIODIC | APIC_LVT_TIMER_TSCDEADLINE)

static u32 mode(const struct vhm_lapic *l)
{
	return vhm_apic_get(l, APIC_LVTT) & MODE_MASK;
}

/* The fourth mode, which user space may have put there, is none. */
static bool counts(const struct vhm_lapic *l)
{
	return !(mode(l) & APIC_LVT_TIMER_TSCDEADLINE);
}

static u32 divisor(const struct vhm_lapic *l)
{
	return vhm_apic_divisor(vhm_apic_get(l, APIC_TDCR));
}

static enum hrtimer_restart timer_ends(struct hrtimer *timer)
{
	struct vhm_lapic *l = container_of(timer, struct vhm_lapic, timer);
	u64 period = READ_ONCE(l->period);

	vhm_lapic_local(l, APIC_LVTT);
	if (mode(l) == APIC_LVT_TIMER_PERIODIC && period) {
		/* Ends that were missed make no interrupts of their own. */
		hrtimer_forward_now(timer, ns_to_ktime(max_t(u64, period, PERIOD_MIN_NS)));
		WRITE_ONCE(l->target, hrtimer_get_expires(timer));
		return HRTIMER_RESTART;
	}
	WRITE_ONCE(l->deadline, 0);
	return HRTIMER_NORESTART;
}

/**
 * vhm_lapic_timer_init() - a timer that does not run
 * @l: the local APIC, zeroed
 */
void vhm_lapic_timer_init(struct vhm_lapic *l)
{
	vhm_hrtimer_setup(&l->timer, timer_ends, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
}

/**
 * vhm_lapic_timer_stop() - and forget the count or the deadline
 * @l: the local APIC
 */
void vhm_lapic_timer_stop(struct vhm_lapic *l)
{
	hrtimer_cancel(&l->timer);
	l->period = 0;
	l->target = 0;
	l->deadline = 0;
}

static void start(struct vhm_lapic *l, u64 ns)
{
	l->target = ktime_get() + ns;
	hrtimer_start(&l->timer, l->target, HRTIMER_MODE_ABS_HARD);
}

static s64 left(const struct vhm_lapic *l)
{
	return READ_ONCE(l->target) - ktime_get();
}

/**
 * vhm_lapic_timer_count() - the current count
 * @l: the local APIC
 *
 * Return: the count; 0 with a deadline.
 */
u32 vhm_lapic_timer_count(struct vhm_lapic *l)
{
	if (!counts(l) || !l->period)
		return 0;
	return vhm_apic_ns_to_count(left(l), l->period, divisor(l));
}

/**
 * vhm_lapic_timer_set_count() - write the initial count: the timer starts, or with 0 stops
 * @l: the local APIC
 * @count: the count
 *
 * With a deadline the write is ignored.
 */
void vhm_lapic_timer_set_count(struct vhm_lapic *l, u32 count)
{
	if (!counts(l))
		return;
	vhm_lapic_timer_stop(l);
	vhm_apic_set(l, APIC_TMICT, count);
	l->period = vhm_apic_count_to_ns(count, divisor(l));
	if (l->period)
		start(l, l->period);
}

/**
 * vhm_lapic_timer_set_divisor() - write the divide configuration
 * @l: the local APIC
 * @value: the register
 *
 * What is left of the count takes longer or shorter from now on.
 */
void vhm_lapic_timer_set_divisor(struct vhm_lapic *l, u32 value)
{
	u32 old = divisor(l);
	bool running;

	vhm_apic_set(l, APIC_TDCR, value);
	if (divisor(l) == old || !l->period)
		return;
	running = hrtimer_cancel(&l->timer);
	l->period = vhm_apic_count_to_ns(vhm_apic_get(l, APIC_TMICT), divisor(l));
	if (running)
		start(l, vhm_apic_rescale(left(l), old, divisor(l)));
}

/**
 * vhm_lapic_timer_set_lvt() - write the timer's entry in the local vector table
 * @l: the local APIC
 * @value: the register
 *
 * To or from the deadline mode stops the timer; the two others share their count.
 */
void vhm_lapic_timer_set_lvt(struct vhm_lapic *l, u32 value)
{
	u32 changed = vhm_apic_get(l, APIC_LVTT) ^ value;

	if (changed & APIC_LVT_TIMER_TSCDEADLINE) {
		vhm_lapic_timer_stop(l);
		vhm_apic_set(l, APIC_TMICT, 0);
	}
	vhm_apic_set(l, APIC_LVTT, value);
}

/**
 * vhm_lapic_timer_restore() - go on with a count that user space gives
 * @l: the local APIC, whose registers are user space's and whose timer is stopped
 * @count: what is left of the initial count
 */
void vhm_lapic_timer_restore(struct vhm_lapic *l, u32 count)
{
	u64 ns;

	if (!counts(l))
		return;
	l->period = vhm_apic_count_to_ns(vhm_apic_get(l, APIC_TMICT), divisor(l));
	ns = vhm_apic_count_to_ns(count, divisor(l));
	/* A one-shot timer that has ended stays so; no count is longer than the initial one. */
	if (!ns && mode(l) != APIC_LVT_TIMER_PERIODIC)
		return;
	if (!ns || ns > l->period)
		ns = l->period;
	if (ns)
		start(l, ns);
}

/**
 * vhm_lapic_get_deadline() - IA32_TSC_DEADLINE
 * @l: the local APIC
 *
 * Return: the deadline; 0: none, or it has passed.
 */
u64 vhm_lapic_get_deadline(struct vhm_lapic *l)
{
	return counts(l) || !vhm_apic_on(l) ? 0 : READ_ONCE(l->deadline);
}

static u64 ns_to_deadline(struct vhm_lapic *l)
{
	return vhm_apic_deadline(l->deadline, rdtsc() + l->vcpu->vmx.tsc_offset, tsc_khz);
}

/**
 * vhm_lapic_set_deadline() - write IA32_TSC_DEADLINE
 * @l: the local APIC; in another mode the write is ignored
 * @deadline: in the guest's TSC; 0 disarms the timer
 */
void vhm_lapic_set_deadline(struct vhm_lapic *l, u64 deadline)
{
	u64 ns;

	if (counts(l) || !vhm_apic_on(l))
		return;
	vhm_lapic_timer_stop(l);
	if (!deadline)
		return;
	l->deadline = deadline;
	ns = ns_to_deadline(l);
	if (ns) {
		start(l, ns);
		return;
	}
	l->deadline = 0;
	vhm_lapic_local(l, APIC_LVTT);
}

/**
 * vhm_lapic_tsc_changed() - the guest's TSC has been set: its deadline is elsewhere now
 * @v: the vCPU
 */
void vhm_lapic_tsc_changed(struct vhm_vcpu *v)
{
	struct vhm_lapic *l = v->lapic;

	if (!l || !hrtimer_active(&l->timer) || counts(l))
		return;
	/* If it has ended meanwhile, its interrupt has been made. */
	if (hrtimer_cancel(&l->timer))
		start(l, ns_to_deadline(l));
}
