// SPDX-License-Identifier: GPL-2.0
/*
 * The 8254 timer in the kernel (KVM_CREATE_PIT2), on an hrtimer: counter 0 ticks on GSI
 * 0, counter 2 is heard at the speaker's port. Intel, "8254 Programmable Interval Timer".
 *
 * A tick that the guest has not ended yet holds back those behind it: they are counted,
 * and each end lets another one in, so that guests which count ticks stay right
 * (KVM_REINJECT_CONTROL switches that off). As on KVM counters count in binary alone.
 *
 * The hrtimer's function runs in interrupt context and takes no lock of ours; what it
 * reads is changed only while it is stopped, or is atomic.
 */
#include <linux/kernel.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "vhm.h"

#define HZ_OF_8254	1193181U
#define COUNTERS	3
#define CONTROL		3	/* the port behind those of the counters */
#define PORT		0x40
#define SPEAKER_PORT	0x61
#define SPEAKER_PORTS	4	/* of which KVM claims the first, whatever the size */

/* A periodic timer keeps a host CPU busy, so it has a shortest period: KVM's. */
#define PERIOD_MIN_NS	200000

/* Ticks that wait for the guest; more would not be made up for in a day. */
#define PENDING_MAX	((int)BIT(26))

/* How a counter is read and written; KVM's kvm_pit_channel_state has these in rw_mode. */
enum { RW_LATCH, RW_LOW, RW_HIGH, RW_BOTH, RW_BOTH_HIGH };

/* Of the control word. */
#define READ_BACK		3
#define READ_BACK_NO_COUNT	BIT(5)
#define READ_BACK_NO_STATUS	BIT(4)
#define STATUS_OUT		BIT(7)

/* The speaker's port. */
#define GATE		BIT(0)
#define SPEAKER_ON	BIT(1)
#define REFRESH		BIT(4)
#define OUT		BIT(5)
#define REFRESH_SHIFT	14	/* it toggles every 2^14 ns */

#define MODE_NONE	0xff	/* after power-up */

/**
 * struct vhm_pit - the timer
 * @vm: whose
 * @lock: guards what ports and user space change
 * @speaker: it has the speaker's port
 * @counter: as user space sees them
 * @flags: KVM_PIT_FLAGS_*
 * @timer: until counter 0 ends
 * @periodic: it starts again then
 * @period: in ns; 0: it has never been started
 * @reinject: count ticks that wait
 * @pending: how many do
 * @acknowledged: the guest has ended the last one
 */
struct vhm_pit {
	struct vhm_vm *vm;					/* [c] */
	bool speaker;						/* [c] */
	raw_spinlock_t lock;
	struct kvm_pit_channel_state counter[COUNTERS];		/* [t] */
	u32 flags;						/* [t] */
	struct hrtimer timer;
	bool periodic;						/* [t], while it is stopped */
	s64 period;						/* [t], while it is stopped */
	bool reinject;						/* [t] to write, [a] to read */
	atomic_t pending;
	atomic_t acknowledged;
};

static struct vhm_pit *find(struct vhm_vm *vm)
{
	/* Pairs with the release in create(). */
	return smp_load_acquire(&vm->pit);
}

static void forget_ticks(struct vhm_pit *p)
{
	atomic_set(&p->pending, 0);
	atomic_set(&p->acknowledged, 1);
}

static void tick(struct vhm_pit *p)
{
	struct vhm_vm *vm = p->vm;
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	if (READ_ONCE(p->reinject) && !atomic_xchg(&p->acknowledged, 0))
		return;
	vhm_set_gsi(vm, VHM_SOURCE_PIT, 0, true);
	vhm_set_gsi(vm, VHM_SOURCE_PIT, 0, false);
	for (i = 0; i < count; i++)
		vhm_lapic_watchdog(vm->vcpu[i]);
}

/**
 * vhm_pit_acknowledged() - the guest has ended GSI 0's interrupt
 * @vm: the VM; on a vCPU's thread
 */
void vhm_pit_acknowledged(struct vhm_vm *vm)
{
	struct vhm_pit *p = find(vm);

	if (!p || !READ_ONCE(p->reinject))
		return;
	atomic_set(&p->acknowledged, 1);
	/* Pairs with the full barrier in timer_ends(): one of the two sees the other's. */
	smp_mb();
	if (atomic_dec_if_positive(&p->pending) > 0)
		tick(p);
}

/**
 * vhm_pit_restart() - the guest has unmasked GSI 0: what waited is forgotten
 * @vm: the VM; on a vCPU's thread
 */
void vhm_pit_restart(struct vhm_vm *vm)
{
	struct vhm_pit *p = find(vm);

	if (p && READ_ONCE(p->reinject))
		forget_ticks(p);
}

static enum hrtimer_restart timer_ends(struct hrtimer *timer)
{
	struct vhm_pit *p = container_of(timer, struct vhm_pit, timer);
	u64 ends = 1;

	if (p->periodic)
		ends = hrtimer_forward_now(timer, ns_to_ktime(p->period));
	if (READ_ONCE(p->reinject) && atomic_read(&p->pending) < PENDING_MAX)
		atomic_add_return(min_t(u64, ends, PENDING_MAX), &p->pending);
	tick(p);
	return p->periodic ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static u64 ticks_to_ns(u32 ticks)
{
	return mul_u64_u32_div(ticks, NSEC_PER_SEC, HZ_OF_8254);
}

/* Counter 0 counts; user space's HPET may have taken its line. */
static void start(struct vhm_pit *p, u32 count, bool periodic)
{
	u64 ns = ticks_to_ns(count);

	if (p->flags & KVM_PIT_FLAGS_HPET_LEGACY)
		return;
	hrtimer_cancel(&p->timer);
	p->period = periodic ? max_t(u64, ns, PERIOD_MIN_NS) : ns;
	p->periodic = periodic;
	forget_ticks(p);
	hrtimer_start(&p->timer, ktime_add_ns(ktime_get(), ns), HRTIMER_MODE_ABS_HARD);
}

/* A count is written; 0 is the largest one. */
static void load(struct vhm_pit *p, unsigned int n, u32 count)
{
	struct kvm_pit_channel_state *c = &p->counter[n];

	c->count = count ? count : 0x10000;
	if (n) {
		c->count_load_time = ktime_get();
		return;
	}
	switch (c->mode) {
	case 0:
	case 1:
	case 4:
		start(p, c->count, false);
		break;
	case 2:
	case 3:
		start(p, c->count, true);
		break;
	default:
		hrtimer_cancel(&p->timer);
	}
}

/* In ticks of the 8254, since the count was written or, of counter 0, last began. */
static u64 elapsed(struct vhm_pit *p, unsigned int n)
{
	s64 ns = 0;

	if (n)
		ns = ktime_get() - p->counter[n].count_load_time;
	else if (p->period)
		ns = p->period - ktime_to_ns(hrtimer_get_remaining(&p->timer));
	return mul_u64_u32_div(ns, HZ_OF_8254, NSEC_PER_SEC);
}

static u16 current_count(struct vhm_pit *p, unsigned int n)
{
	const struct kvm_pit_channel_state *c = &p->counter[n];
	u64 gone = elapsed(p, n);

	switch (c->mode) {
	case 0:
	case 1:
	case 4:
	case 5:
		return c->count - gone;
	case 3:
		/* A square wave counts by two. */
		return c->count - 2 * gone % c->count;
	default:
		return c->count - gone % c->count;
	}
}

static bool output(struct vhm_pit *p, unsigned int n)
{
	const struct kvm_pit_channel_state *c = &p->counter[n];
	u64 gone = elapsed(p, n);

	switch (c->mode) {
	case 1:
		return gone < c->count;
	case 2:
		return gone && gone % c->count == 0;
	case 3:
		return gone % c->count < (c->count + 1ULL) / 2;
	case 4:
	case 5:
		return gone == c->count;
	default:
		return gone >= c->count;
	}
}

static void latch_count(struct vhm_pit *p, unsigned int n)
{
	struct kvm_pit_channel_state *c = &p->counter[n];

	if (c->count_latched)
		return;
	c->latched_count = current_count(p, n);
	c->count_latched = c->rw_mode;
}

static void latch_status(struct vhm_pit *p, unsigned int n)
{
	struct kvm_pit_channel_state *c = &p->counter[n];

	if (c->status_latched)
		return;
	c->status = (output(p, n) ? STATUS_OUT : 0) | c->rw_mode << 4 | c->mode << 1 | c->bcd;
	c->status_latched = 1;
}

static void read_back(struct vhm_pit *p, u8 command)
{
	unsigned int n;

	for (n = 0; n < COUNTERS; n++) {
		if (!(command & 2 << n))
			continue;
		if (!(command & READ_BACK_NO_COUNT))
			latch_count(p, n);
		if (!(command & READ_BACK_NO_STATUS))
			latch_status(p, n);
	}
}

static void write_control(struct vhm_pit *p, u8 command)
{
	unsigned int n = array_index_nospec(command >> 6, COUNTERS), access = command >> 4 & 3;
	struct kvm_pit_channel_state *c = &p->counter[n];

	if (command >> 6 == READ_BACK) {
		read_back(p, command);
	} else if (access == RW_LATCH) {
		latch_count(p, n);
	} else {
		c->rw_mode = access;
		c->read_state = access;
		c->write_state = access;
		c->mode = command >> 1 & 7;
		/* Modes 2 and 3 have two names each. */
		if (c->mode > 5)
			c->mode -= 4;
		c->bcd = command & 1;
	}
}

static void write_counter(struct vhm_pit *p, unsigned int n, u8 value)
{
	struct kvm_pit_channel_state *c = &p->counter[n];

	switch (c->write_state) {
	case RW_HIGH:
		load(p, n, value << 8);
		break;
	case RW_BOTH:
		c->write_latch = value;
		c->write_state = RW_BOTH_HIGH;
		break;
	case RW_BOTH_HIGH:
		load(p, n, c->write_latch | value << 8);
		c->write_state = RW_BOTH;
		break;
	default:
		load(p, n, value);
	}
}

static u8 read_latched(struct kvm_pit_channel_state *c)
{
	u8 latched = c->count_latched;

	c->count_latched = latched == RW_BOTH ? RW_HIGH : 0;
	return latched == RW_HIGH ? c->latched_count >> 8 : c->latched_count;
}

static u8 read_counter(struct vhm_pit *p, unsigned int n)
{
	struct kvm_pit_channel_state *c = &p->counter[n];
	u16 count;

	if (c->status_latched) {
		c->status_latched = 0;
		return c->status;
	}
	if (c->count_latched)
		return read_latched(c);
	count = current_count(p, n);
	switch (c->read_state) {
	case RW_HIGH:
		return count >> 8;
	case RW_BOTH:
		c->read_state = RW_BOTH_HIGH;
		return count;
	case RW_BOTH_HIGH:
		c->read_state = RW_BOTH;
		return count >> 8;
	default:
		return count;
	}
}

/* In modes that a rising gate triggers the count begins anew. */
static void set_gate(struct kvm_pit_channel_state *c, bool gate)
{
	bool triggers = c->mode == 1 || c->mode == 2 || c->mode == 3 || c->mode == 5;

	if (triggers && gate && !c->gate)
		c->count_load_time = ktime_get();
	c->gate = gate;
}

static void write_speaker(struct vhm_pit *p, u8 value)
{
	if (value & SPEAKER_ON)
		p->flags |= KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	else
		p->flags &= ~KVM_PIT_FLAGS_SPEAKER_DATA_ON;
	set_gate(&p->counter[2], value & GATE);
}

static u8 read_speaker(struct vhm_pit *p)
{
	u8 value = p->counter[2].gate;

	if (p->flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON)
		value |= SPEAKER_ON;
	if (output(p, 2))
		value |= OUT;
	if (ktime_get() >> REFRESH_SHIFT & 1)
		value |= REFRESH;
	return value;
}

/**
 * vhm_pit_claims() - are these ports the timer's?
 * @vm: the VM
 * @port: the first one
 * @size: 1, 2 or 4
 *
 * Return: true if it has one, and they are.
 */
bool vhm_pit_claims(struct vhm_vm *vm, u16 port, unsigned int size)
{
	const struct vhm_pit *p = find(vm);

	if (!p)
		return false;
	if (port == SPEAKER_PORT)
		return p->speaker && size <= SPEAKER_PORTS;
	return port >= PORT && port + size <= PORT + COUNTERS + 1;
}

static void write_port(struct vhm_pit *p, u16 port, u8 value)
{
	if (port == SPEAKER_PORT)
		write_speaker(p, value);
	else if (port == PORT + CONTROL)
		write_control(p, value);
	else
		write_counter(p, array_index_nospec(port - PORT, COUNTERS), value);
}

static u8 read_port(struct vhm_pit *p, u16 port)
{
	if (port == SPEAKER_PORT)
		return read_speaker(p);
	if (port == PORT + CONTROL)
		return 0;
	return read_counter(p, array_index_nospec(port - PORT, COUNTERS));
}

/**
 * vhm_pit_port() - an access to a port for which vhm_pit_claims() holds
 * @vm: the VM; on a vCPU's thread, maybe with IRQs off
 * @port: the first one
 * @data: what is written, or zeroed room for what is read: the first byte counts
 * @write: which of the two
 */
void vhm_pit_port(struct vhm_vm *vm, u16 port, void *data, bool write)
{
	struct vhm_pit *p = find(vm);
	u8 *byte = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (write)
		write_port(p, port, *byte);
	else
		*byte = read_port(p, port);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

static void reset(struct vhm_pit *p)
{
	unsigned int n;

	for (n = 0; n < COUNTERS; n++) {
		p->counter[n].mode = MODE_NONE;
		/* The speaker's gate is closed. */
		p->counter[n].gate = n != 2;
		load(p, n, 0);
	}
	forget_ticks(p);
}

static struct vhm_pit *create(struct vhm_vm *vm, u32 flags)
{
	struct vhm_pit *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return NULL;
	p->vm = vm;
	p->speaker = flags & KVM_PIT_SPEAKER_DUMMY;
	p->reinject = true;
	raw_spin_lock_init(&p->lock);
	vhm_hrtimer_setup(&p->timer, timer_ends, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	reset(p);
	/* Vcpus may run: who finds it finds all of it. */
	smp_store_release(&vm->pit, p);
	return p;
}

/**
 * vhm_create_pit() - KVM_CREATE_PIT and KVM_CREATE_PIT2
 * @vm: the VM
 * @flags: KVM_PIT_SPEAKER_DUMMY: with the speaker's port
 *
 * Return: 0; -EEXIST: there is one; -ENOENT: there is no 8259 whose line it could raise;
 * -ENOMEM.
 */
long vhm_create_pit(struct vhm_vm *vm, u32 flags)
{
	long err = 0;

	mutex_lock(&vm->lock);
	if (vm->pit)
		err = -EEXIST;
	else if (!vm->irqchip)
		err = -ENOENT;
	else if (!create(vm, flags))
		err = -ENOMEM;
	mutex_unlock(&vm->lock);
	return err;
}

/**
 * vhm_get_pit() - KVM_GET_PIT and KVM_GET_PIT2
 * @vm: the VM
 * @state: to fill
 *
 * Return: 0; -ENXIO: there is none.
 */
long vhm_get_pit(struct vhm_vm *vm, struct kvm_pit_state2 *state)
{
	struct vhm_pit *p = find(vm);
	unsigned long flags;

	if (!p)
		return -ENXIO;
	*state = (struct kvm_pit_state2){};
	raw_spin_lock_irqsave(&p->lock, flags);
	memcpy(state->channels, p->counter, sizeof(p->counter));
	state->flags = p->flags;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return 0;
}

/* User space's HPET takes over from counter 0, which stops. */
static bool hpet_begins(const struct vhm_pit *p, const struct kvm_pit_state2 *state)
{
	return state->flags & ~p->flags & KVM_PIT_FLAGS_HPET_LEGACY;
}

static void set_state(struct vhm_pit *p, const struct kvm_pit_state2 *state, bool flags)
{
	bool stop = flags && hpet_begins(p, state);
	unsigned int n;

	memcpy(p->counter, state->channels, sizeof(p->counter));
	if (flags)
		p->flags = state->flags;
	if (stop)
		hrtimer_cancel(&p->timer);
	/* While it is the HPET's, load() starts no timer. */
	for (n = 0; n < COUNTERS; n++)
		load(p, n, p->counter[n].count);
}

/**
 * vhm_set_pit() - KVM_SET_PIT and KVM_SET_PIT2
 * @vm: the VM
 * @state: any; each count is as if it were just written
 * @flags: its flags count too
 *
 * Return: 0; -ENXIO: there is none.
 */
long vhm_set_pit(struct vhm_vm *vm, const struct kvm_pit_state2 *state, bool flags)
{
	struct vhm_pit *p = find(vm);
	unsigned long irqs;

	if (!p)
		return -ENXIO;
	raw_spin_lock_irqsave(&p->lock, irqs);
	set_state(p, state, flags);
	raw_spin_unlock_irqrestore(&p->lock, irqs);
	return 0;
}

/**
 * vhm_reinject_control() - KVM_REINJECT_CONTROL
 * @vm: the VM
 * @user: struct kvm_reinject_control
 *
 * Return: 0; -ENXIO: there is no PIT; -EFAULT.
 */
long vhm_reinject_control(struct vhm_vm *vm, const struct kvm_reinject_control __user *user)
{
	struct kvm_reinject_control control;
	struct vhm_pit *p = find(vm);
	unsigned long flags;

	if (copy_from_user(&control, user, sizeof(control)))
		return -EFAULT;
	if (!p)
		return -ENXIO;
	raw_spin_lock_irqsave(&p->lock, flags);
	if (control.pit_reinject && !p->reinject)
		forget_ticks(p);
	WRITE_ONCE(p->reinject, control.pit_reinject);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return 0;
}

/**
 * vhm_pit_free() - the end of a VM's timer
 * @vm: a VM that nobody uses any more; its vCPUs are still there
 */
void vhm_pit_free(struct vhm_vm *vm)
{
	struct vhm_pit *p = vm->pit;

	if (!p)
		return;
	hrtimer_cancel(&p->timer);
	kfree(p);
}
