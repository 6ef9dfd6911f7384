/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vhm's objects: a VM, its memory, its vCPUs. What only Intel's VMX needs is in
 * vmx/vmx.h.
 *
 * Lock legend, the letter behind a field names what guards it:
 *
 *   [c] constant once the object is visible
 *   [l] vhm_vm.lock, a mutex: creation of vCPUs, changes of slots
 *   [e] vhm_ept.lock, a raw spinlock: the EPT's entries and what keeps them honest
 *   [r] RCU: replaced as a whole, read under rcu_read_lock() or with IRQs off
 *   [v] vhm_vcpu.lock, a mutex: held by the one thread that is in a vCPU ioctl; others
 *       reach it by vhm_vcpu.requests, without a lock (wait.c)
 *   [w] vhm_vcpu.watch_lock, a raw spinlock: what an observer waits for
 *   [p] vhm_pic.lock, a raw spinlock: the two 8259s (irqchip.h)
 *   [i] vhm_ioapic.lock, a raw spinlock: the I/O APIC
 *   [t] vhm_pit.lock, a raw spinlock: the 8254's counters (pit.c)
 *   [q] vhm_vm.irqfd_lock, a spinlock: the list of irqfds (irqfd.c)
 *   [o] vhm_vm.ring_lock, a raw spinlock: the ring of coalesced writes (coalesce.c)
 *   [a] atomic, or written by one and read by all with READ_ONCE()
 *
 * A local APIC's timer runs in interrupt context and takes none of them; it is stopped with
 * hrtimer_cancel(), which waits for it, by the thread that holds [v] or frees the vCPU.
 * The PIT's timer raises GSI 0, for which it takes [p] and [i], but never [t], under which
 * it is stopped; the I/O APIC's timer takes [i], and is stopped when nothing uses the VM.
 * Of [p] and [i] neither is taken under the other, and both are free when the end of an
 * interrupt is told (vhm_gsi_acknowledged()).
 *
 * A signal of an eventfd comes with the lock of its wait queue held, IRQs off: under it an
 * irqfd raises its GSI, for which it takes [p] or [i], or ends, for which it takes [q].
 *
 * Beside these, vpids_lock in vmx/vmcs.c, a spinlock, guards the VPIDs in use; nothing is
 * taken under it.
 *
 * Order: vhm_vcpu.lock, vhm_vm.lock, mmap_lock, vhm_ept.lock; vhm_vcpu.lock, watch_lock;
 * vhm_vm.lock, vhm_pit.lock, and then vhm_pic.lock or vhm_ioapic.lock;
 * an eventfd's wait queue, and then irqfd_lock, vhm_pic.lock or vhm_ioapic.lock. Nothing is
 * taken under ring_lock.
 */
#ifndef VHM_H
#define VHM_H

#include <linux/jump_label.h>
#include <linux/kref.h>
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rcuwait.h>
#include <linux/signal_types.h>
#include <linux/types.h>
#include <linux/vhm.h>
#include <linux/wait.h>
#include <asm/processor-flags.h>

#include "ept.h"
#include "stats.h"
#include "vmx/vmx.h"

#define VHM_MAX_VCPUS		64
#define VHM_MAX_VCPU_ID		256
#define VHM_MAX_SLOTS		509
#define VHM_MAX_SLOT_PAGES	((1UL << 31) - 1)	/* as KVM_MEM_MAX_NR_PAGES */
#define VHM_GPA_LIMIT		BIT_ULL(48)	/* what a four-level EPT can translate */
#define VHM_MAX_CPUID_ENTRIES	256
#define VHM_MAX_IRQ_ROUTES	4096
#define VHM_X2APIC_FORMATS	(KVM_X2APIC_API_USE_32BIT_IDS | \
				 KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)
#define VHM_MCE_BANKS		32

/* The pages that a vCPU fd maps: struct kvm_run, port I/O data, ring of coalesced writes. */
#define VHM_RUN_PAGES		3

/* Registers as instructions number them. */
enum {
	VHM_RAX, VHM_RCX, VHM_RDX, VHM_RBX, VHM_RSP, VHM_RBP, VHM_RSI, VHM_RDI,
	VHM_R8, VHM_R9, VHM_R10, VHM_R11, VHM_R12, VHM_R13, VHM_R14, VHM_R15,
};

/* What the run loop does after a handler. */
enum vhm_next {
	VHM_RESUME,	/* enter the guest again */
	VHM_WINDOW,	/* let the host take its interrupts, look around, enter again */
	VHM_RELOAD,	/* as VHM_WINDOW, but load the guest's switched state anew */
	VHM_WORK,	/* the kernel has work for this thread, or another wants its CPU */
	VHM_SLEEP,	/* call the exit's sleepable handler, outside the inner loop */
	VHM_WAIT,	/* it halts, or INIT or a start-up message has come: vhm_wait() */
	VHM_USER,	/* user space must act: struct kvm_run says what */
	VHM_SIGNAL,	/* a signal waits for this thread: -EINTR */
	VHM_FAULT,	/* guest memory that is not there: -EFAULT */
};

/**
 * struct vhm_log - which pages of a slot have been written
 * @rcu: for whoever marks a page while the slot changes
 * @copy: as large as @bits: what is on its way to or from user space [l]
 * @bits: one for each page, the first at bit 0 [a]
 */
struct vhm_log {
	struct rcu_head rcu;
	unsigned long *copy;
	unsigned long bits[];
};

/**
 * struct vhm_slot - guest-physical pages backed by user memory
 * @base: first guest frame number
 * @pages: number of 4 KiB pages
 * @address: user address of the first one
 * @log: of the pages that are written, or NULL
 * @flags: KVM_MEM_READONLY, KVM_MEM_LOG_DIRTY_PAGES
 * @id: the number that user space gave it
 * @level: of the largest leaf that its place allows: vhm_slot_level()
 */
struct vhm_slot {
	u64 base;
	u64 pages;
	unsigned long address;
	struct vhm_log *log;
	u32 flags;
	u16 id;
	u8 level;
};

/* All slots of a VM, by rising base; replaced as a whole. */
struct vhm_slots {
	struct rcu_head rcu;
	unsigned int count;
	struct vhm_slot slot[];
};

struct vhm_doors;
struct vhm_irqchip;
struct vhm_lapic;
struct vhm_pit;
struct vhm_routes;
struct vhm_vcpu;
struct vhm_watch;
struct vhm_msr_filter;

/* What KVM_ENABLE_CAP has chosen for a VM. */
struct vhm_options {
	u32 msr_exits;		/* KVM_MSR_EXIT_REASON_*: refusals that user space hears of */
	u32 x2apic_format;	/* KVM_X2APIC_API_*: how local APICs' ids are written */
	u32 disabled_exits;	/* KVM_X86_DISABLE_EXITS_*, of vCPUs created from now on */
	u32 disabled_quirks;	/* KVM_X86_QUIRK_* */
	u32 hypercall_exits;	/* a bit for each hypercall that is user space's */
	u32 max_vcpu_id;	/* numbers of vCPUs are below it; 0: not chosen yet */
	u32 manual_log;		/* KVM_DIRTY_LOG_*: how a dirty log is read and cleared */
	bool triple_fault_event;
	bool exit_on_failure;	/* of the emulator */
	bool protect_log;	/* a dirty log takes the right to write, though the CPU has PML */
	bool hide_platform_info; /* the guest cannot read MSR_PLATFORM_INFO */
	bool halt_poll_chosen;
	u32 halt_poll_ns;	/* then the longest poll of a vCPU that halts */
};

/* Where a guest writes to that is no memory. */
enum vhm_space {
	VHM_PORTS,
	VHM_MMIO,
	VHM_SPACES,
};

struct vhm_vm {
	struct kref ref;
	struct mm_struct *mm;			/* [c] whose user addresses the slots are */
	struct mutex lock;
	struct vhm_slots __rcu *slots;		/* [r], written under [l] */
	struct vhm_vcpu *vcpu[VHM_MAX_VCPUS];	/* [l] to write; an entry once set stays */
	unsigned int vcpu_count;		/* [l] to write, [a] to read */
	unsigned int vcpus_begun;		/* [l] those, and those that are being made */
	u32 boot_id;				/* [l], then [c] with the first vCPU */
	bool lapics;				/* as boot_id: local APICs are in the kernel */
	struct vhm_irqchip *irqchip;		/* as boot_id: with 8259s and I/O APIC, or NULL */
	struct vhm_pit *pit;			/* [l] to write, once; [a] to read; or NULL */
	u32 ioapic_pins;			/* as boot_id: of user space's I/O APIC */
	struct vhm_routes __rcu *routes;	/* [r], written under [l] */
	DECLARE_BITMAP(level_vectors, 256);	/* [a] whose EOI user space may have to hear of */
	unsigned int logs;			/* [l] to write, [a] to read: slots that have one */
	struct vhm_doors __rcu *doors[VHM_SPACES];	/* [r], written under [l]; or NULL */
	raw_spinlock_t ring_lock;
	struct kvm_coalesced_mmio_ring *ring;	/* [o] shared with user space: trust nothing */
	spinlock_t irqfd_lock;
	struct list_head irqfds;		/* [q] */
	struct list_head resamplers;		/* [r], written under [l] */
	struct vhm_ept ept;
	wait_queue_head_t invalidated;		/* woken when an invalidation has ended */
	/* One of its own, because the kernel shares a notifier between equal ops. */
	struct mmu_notifier_ops notifier_ops;	/* [c] */
	struct vhm_notifier *notifier;		/* [c] */
	struct vhm_options options;		/* [a] */
	struct vhm_msr_filter *msr_filter;	/* [l] to write; vCPUs adopt it, see filter.c */
	u64 msr_filters;			/* [l] how many there have been */
	u64 tsc_start;				/* [c] host TSC when the guest's was 0 */
	u64 clock_offset;			/* [a] the guest's clock at tsc_start */
	u32 clock_mul;				/* [c] ticks to nanoseconds, see pvclock.c */
	s8 clock_shift;				/* [c] */
	u64 wall_clock;				/* [a] MSR_KVM_WALL_CLOCK */
	struct vhm_vm_stats stats;
};

static inline bool vhm_quirk_disabled(const struct vhm_vm *vm, u32 quirk)
{
	return READ_ONCE(vm->options.disabled_quirks) & quirk;
}

/* An event on its way into the guest. */
struct vhm_exception {
	bool valid;
	bool soft;		/* INT n, INT3, INTO: needs the instruction's length */
	bool fault;		/* its delivery sets RFLAGS.RF in what it saves */
	bool has_error_code;
	u8 vector;
	u8 length;
	u32 error_code;
};

enum vhm_entered {
	VHM_ENTERED_NOTHING,
	VHM_ENTERED_EXCEPTION,
	VHM_ENTERED_NMI,
	VHM_ENTERED_INTERRUPT,
};

struct vhm_events {
	enum vhm_entered entered;	/* what the last entry took along */
	u32 recovered;			/* IDT-vectoring information of the exit at hand, or 0 */
	bool shutdown;			/* it cannot go on: KVM_EXIT_SHUTDOWN */
	struct vhm_exception exception;
	bool interrupt;		/* vector, accepted from user space or cut short */
	bool soft;		/* the vector is an INT n cut short */
	u8 vector;
	u8 length;
	bool nmi_injected;	/* an NMI whose delivery was cut short */
	u8 nmi_pending;		/* NMIs that wait: one that was latched and one more */
};

#define VHM_GUESTDBG_KNOWN	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP |		\
				 KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW_BP |	\
				 KVM_GUESTDBG_INJECT_DB | KVM_GUESTDBG_INJECT_BP |	\
				 KVM_GUESTDBG_BLOCKIRQ)

/* With one of these each #DB is the debugger's. */
#define VHM_DEBUGGER_TAKES_DB	(KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP)

/* A debugger in user space (KVM_SET_GUEST_DEBUG). */
struct vhm_debug {
	u32 control;		/* KVM_GUESTDBG_*, 0: nobody debugs */
	bool stepped;		/* an instruction that vhm did for the guest ends a step */
	u8 length;		/* of the INT3 that the debugger was told of last */
	u64 step_rip;		/* linear address at which it began to step */
};

/* Port I/O that user space is doing for us. */
struct vhm_pio {
	bool pending;
	bool in;
	bool string;
	u8 size;
	u16 port;
	u32 count;
	u64 rip;
	u32 length;
	/* string forms */
	u8 address_size;
	bool rep;
	bool backwards;
	bool steps;				/* RFLAGS.TF */
	u64 linear;
	u64 span;
};

/* Bits of vhm_vcpu.requests: what others ask of a vCPU. */
enum {
	VHM_REQUEST_EVENT,	/* an interrupt or an NMI has come */
	VHM_REQUEST_INIT,
	VHM_REQUEST_SIPI,
	VHM_REQUEST_EOI,	/* user space's I/O APIC has to hear of one */
	VHM_REQUEST_TPR,	/* user space wants to hear of the TPR's use */
	VHM_REQUEST_PV,		/* something in the guest's memory is no longer right */
};

/**
 * struct vhm_pv - what a guest that knows KVM has asked for
 * @clock: MSR_KVM_SYSTEM_TIME
 * @steal: MSR_KVM_STEAL_TIME
 * @waited: of the thread for a CPU, in nanoseconds, as last told
 * @thread: which one; never followed
 * @clock_due: the clock's numbers have to be written
 * @wall_due: the wall clock has
 * @steal_due: the guest has just asked for it
 * @stopped: the guest is to be told that it was stopped
 */
struct vhm_pv {
	u64 clock;
	u64 steal;
	u64 waited;
	const void *thread;
	bool clock_due;			/* [a] */
	bool wall_due;
	bool steal_due;
	bool stopped;
};

/* Any other instruction that user space is doing for us. */
struct vhm_asked {
	enum vhm_next (*complete)(struct vhm_vcpu *v);	/* or NULL: none */
	u64 rip;
	u32 length;
	bool write;		/* WRMSR */
};

/* MMIO that user space is doing for us. */
struct vhm_mmio;

struct vhm_vcpu {
	struct vmx_vcpu vmx;			/* [v] */
	struct rcu_head rcu;
	struct vhm_vm *vm;			/* [c] */
	unsigned int id;			/* [c] */
	struct mutex lock;
	/* Shared with user space: read once, trust nothing. */
	struct kvm_run *run;			/* [c] */
	void *pio_data;				/* [c] */
	int running_cpu;			/* [a] in whose inner loop it is, or -1 */
	raw_spinlock_t watch_lock;
	struct vhm_watch *watch;		/* [w] */
	bool closed;				/* [w] its file is gone: it never runs again */
	struct vhm_lapic *lapic;		/* [c], or NULL: user space's */
	unsigned long requests;			/* [a] VHM_REQUEST_* */
	atomic_t nmis;				/* that others have sent */
	struct rcuwait wait;			/* where it waits for a request */

	u64 cr8;				/* [v] from here on; with a local APIC its TPR is */
	bool cpuid_faults;			/* above CPL 0, because the guest wants it so */
	bool pv_enforced;			/* no paravirtual feature but CPUID's */
	u64 apic_base;				/* [a] */
	u32 mp_state;				/* KVM_MP_STATE_* */
	u64 poll_ns;				/* before it sleeps in HLT */
	bool tpr_reports;			/* KVM_TPR_ACCESS_REPORTING */
	u32 tsc_khz;				/* as user space has set it, or 0 */
	bool sigset_active;
	sigset_t sigset;
	struct vhm_events events;
	struct vhm_debug debug;
	struct vhm_pv pv;
	struct vhm_pio pio;
	struct vhm_asked asked;
	struct vhm_mmio *mmio;
	struct vhm_cpuid *cpuid;
	struct vhm_msrs *msrs;
	const struct vhm_msr_filter *msr_filter;	/* as adopted, with its number */
	u64 msr_filter_id;
	struct vmx_snapshot *failure;		/* what the last entry that failed left behind */
	struct vhm_mce *mce;
	struct page *ept_cache[VHM_EPT_CACHE];
	unsigned int ept_cached;
	u64 ept_generation;			/* of the translations this vCPU may hold */
	u64 fault_gpa;				/* of the EPT violation at hand */
	u64 fault_access;
	bool fault_hole;			/* no slot there */
	bool fault_mmio;			/* ... or a write to a read-only one */

	/* The table of exits by reason. */
	bool timing;
	u16 last_reason;			/* basic reason of the last exit */
	u64 exit_tsc;				/* when it began, or when user space was left */
	u64 leave_tsc;				/* when KVM_RUN last returned */
	u64 guest_ticks;
	struct vhm_exit_stat exit[VHM_NR_EXIT_REASONS];
	struct vhm_vcpu_stats stats;
};

/* vm.c */
int vhm_vm_create(void);
void vhm_vm_get(struct vhm_vm *vm);
void vhm_vm_put(struct vhm_vm *vm);
long vhm_check_extension(struct vhm_vm *vm, unsigned long cap);

/* vcpu.c */
int vhm_vcpu_create(struct vhm_vm *vm, unsigned long id);
void vhm_vcpu_free(struct vhm_vcpu *v);
void vhm_vcpus_leave_guest(struct vhm_vm *vm);

/* observe.c */
DECLARE_STATIC_KEY_FALSE(vhm_observed);
int vhm_observer_create(struct vhm_vm *vm);
long vhm_get_vmcs(struct vhm_vcpu *v, const void __user *argp);
void vhm_watch_exit(struct vhm_vcpu *v);
void vhm_watch_idle(struct vhm_vcpu *v);
void vhm_watch_end(struct vhm_vcpu *v);
bool vhm_may_see_kernel(void);

/* explain.c */
struct vmx_snapshot *vhm_explain_alloc(void);
void vhm_explain_failure(struct vhm_vcpu *v, u32 error, u32 reason);
long vhm_explain(struct vhm_vcpu *v, void __user *argp);
long vhm_inject_field(struct vhm_vcpu *v, const void __user *argp);
long vhm_get_control(void __user *argp);
long vhm_get_capability_msrs(void __user *argp);

/* work.c */
int vhm_thread_work(void);

/* wait.c */
void vhm_request(struct vhm_vcpu *v, unsigned int request);
enum vhm_next vhm_take_requests(struct vhm_vcpu *v);

/* Has something been asked of a vCPU, maybe by what its own thread has just done? */
static __always_inline enum vhm_next vhm_look_at_requests(struct vhm_vcpu *v)
{
	return likely(!READ_ONCE(v->requests)) ? VHM_RESUME : vhm_take_requests(v);
}

enum vhm_next vhm_wait(struct vhm_vcpu *v);
long vhm_wait_for_init(struct vhm_vcpu *v);
enum vhm_next vhm_halt(struct vhm_vcpu *v);
u32 vhm_get_mp_state(struct vhm_vcpu *v);
long vhm_set_mp_state(struct vhm_vcpu *v, u32 state);

/* lapic.c, lapic-timer.c: for vCPUs that have a local APIC, if not said otherwise */
int vhm_lapic_create(struct vhm_vcpu *v);
void vhm_lapic_free(struct vhm_vcpu *v);
void vhm_lapic_reset(struct vhm_vcpu *v, bool init);
bool vhm_lapic_takes_extint(const struct vhm_vcpu *v);
bool vhm_lapic_has_interrupt(struct vhm_vcpu *v);
int vhm_lapic_acknowledge(struct vhm_vcpu *v);
bool vhm_lapic_may_queue_extint(const struct vhm_vcpu *v);
long vhm_lapic_extint(struct vhm_vcpu *v, u8 vector);
void vhm_lapic_set_tpr(struct vhm_vcpu *v, u8 tpr);
u8 vhm_lapic_get_tpr(const struct vhm_vcpu *v);
u32 vhm_lapic_tpr_threshold(struct vhm_vcpu *v);
bool vhm_lapic_claims(const struct vhm_vcpu *v, u64 gpa);
void vhm_lapic_mmio(struct vhm_vcpu *v, u64 gpa, void *data, unsigned int length, bool write);
bool vhm_lapic_has_msr(u32 index);
int vhm_lapic_get_msr(struct vhm_vcpu *v, u32 index, u64 *value);
int vhm_lapic_set_msr(struct vhm_vcpu *v, u32 index, u64 value);
void vhm_lapic_set_sipi_vector(struct vhm_vcpu *v, u8 vector);
void vhm_lapic_cpuid_changed(struct vhm_vcpu *v);
void vhm_lapic_tsc_changed(struct vhm_vcpu *v);
void vhm_lapic_watchdog(struct vhm_vcpu *v);
void vhm_set_apic_base(struct vhm_vcpu *v, u64 value);
long vhm_get_lapic(struct vhm_vcpu *v, struct kvm_lapic_state __user *user);
long vhm_set_lapic(struct vhm_vcpu *v, const struct kvm_lapic_state __user *user);

/* vapic.c: as lapic.c, but for the calls */
void vhm_vapic_sync(struct vhm_vcpu *v);
bool vhm_vapic_is_set(const struct vhm_vcpu *v);
bool vhm_vapic_owed(struct vhm_vcpu *v);
long vhm_set_vapic_addr(struct vhm_vcpu *v, const struct kvm_vapic_addr __user *user);
long vhm_tpr_access_reporting(struct vhm_vcpu *v, struct kvm_tpr_access_ctl __user *user);
void vhm_tpr_accessed(struct vhm_vcpu *v, bool write);

/* routes.c */
/* Who holds a line up: it falls when the last one lets go. */
enum vhm_irq_source {
	VHM_SOURCE_USER,	/* KVM_IRQ_LINE, irqfds */
	VHM_SOURCE_RESAMPLE,	/* irqfds that are told of the interrupt's end */
	VHM_SOURCE_PIT,
};

int vhm_set_gsi(struct vhm_vm *vm, enum vhm_irq_source source, u32 gsi, bool level);
void vhm_gsi_acknowledged(struct vhm_vm *vm, u32 gsi);
void vhm_pin_acknowledged(struct vhm_vm *vm, unsigned int chip, unsigned int pin);
void vhm_pin_unmasked(struct vhm_vm *vm, unsigned int chip, unsigned int pin);
int vhm_default_routes(struct vhm_vm *vm);
long vhm_signal_msi(struct vhm_vm *vm, const struct kvm_msi __user *user);
long vhm_irq_line(struct vhm_vm *vm, struct kvm_irq_level __user *user, bool status);
long vhm_set_gsi_routing(struct vhm_vm *vm, const struct kvm_irq_routing __user *user);
void vhm_routes_free(struct vhm_vm *vm);

/* irqchip.c: 8259s and I/O APIC, if the VM has them */
long vhm_create_irqchip(struct vhm_vm *vm);
long vhm_get_irqchip(struct vhm_vm *vm, struct kvm_irqchip __user *user);
long vhm_set_irqchip(struct vhm_vm *vm, const struct kvm_irqchip __user *user);
void vhm_irqchip_stop(struct vhm_vm *vm);
void vhm_irqchip_free(struct vhm_vm *vm);
bool vhm_irqchip_port(struct vhm_vcpu *v, u16 port, unsigned int size, void *data, bool write);

/* pit.c */
long vhm_create_pit(struct vhm_vm *vm, u32 flags);
long vhm_get_pit(struct vhm_vm *vm, struct kvm_pit_state2 *state);
long vhm_set_pit(struct vhm_vm *vm, const struct kvm_pit_state2 *state, bool flags);
long vhm_reinject_control(struct vhm_vm *vm, const struct kvm_reinject_control __user *user);
void vhm_pit_free(struct vhm_vm *vm);
bool vhm_pit_claims(struct vhm_vm *vm, u16 port, unsigned int size);
void vhm_pit_port(struct vhm_vm *vm, u16 port, void *data, bool write);
void vhm_pit_acknowledged(struct vhm_vm *vm);
void vhm_pit_restart(struct vhm_vm *vm);

/* pv.c, pvclock.c, steal.c */
#define VHM_CLOCK_FLAGS	(KVM_CLOCK_TSC_STABLE | KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC)
void vhm_pv_update(struct vhm_vcpu *v);
void vhm_pv_reset(struct vhm_vcpu *v);
void vhm_clock_init(struct vhm_vm *vm);
void vhm_clock_changed(struct vhm_vcpu *v);
void vhm_set_clock_msr(struct vhm_vcpu *v, u64 value);
void vhm_set_wall_clock_msr(struct vhm_vcpu *v, u64 value);
int vhm_set_steal_msr(struct vhm_vcpu *v, u64 value);
long vhm_get_clock(struct vhm_vm *vm, struct kvm_clock_data __user *user);
long vhm_set_clock(struct vhm_vm *vm, const struct kvm_clock_data __user *user);
long vhm_kvmclock_ctrl(struct vhm_vcpu *v);
bool vhm_clock_supported(void);
u32 vhm_pv_features(void);
u32 vhm_pv_feature_of_msr(u32 index);

/* doorbell.c */
bool vhm_doors_ring(struct vhm_vcpu *v, u64 gpa);
bool vhm_doors_write_slow(struct vhm_vcpu *v, enum vhm_space space, u64 address,
			  unsigned int length, u64 value);
bool vhm_doors_write(struct vhm_vcpu *v, enum vhm_space space, u64 address,
		     unsigned int length, u64 value);
long vhm_ioeventfd(struct vhm_vm *vm, const struct kvm_ioeventfd __user *user);
void vhm_doors_free(struct vhm_vm *vm);

/* Whether vhm_doors_write() could say anything but false. */
static inline bool vhm_has_doors(const struct vhm_vcpu *v, enum vhm_space space)
{
	return unlikely(rcu_access_pointer(v->vm->doors[space]));
}

/* coalesce.c */
long vhm_register_coalesced(struct vhm_vm *vm, const struct kvm_coalesced_mmio_zone __user *user);
long vhm_unregister_coalesced(struct vhm_vm *vm, const struct kvm_coalesced_mmio_zone __user *user);
int vhm_coalesce_init(struct vhm_vm *vm);
void vhm_coalesce_free(struct vhm_vm *vm);

/* irqfd.c */
long vhm_irqfd(struct vhm_vm *vm, const struct kvm_irqfd __user *user);
void vhm_irqfd_acknowledged(struct vhm_vm *vm, u32 gsi);
void vhm_irqfds_init(struct vhm_vm *vm);
void vhm_irqfds_end(struct vhm_vm *vm);
int vhm_irqfd_start(void);
void vhm_irqfd_stop(void);

/* exit.c */
enum vhm_next vhm_handle_exit(struct vhm_vcpu *v, u32 reason);
enum vhm_next vhm_handle_exit_sleepable(struct vhm_vcpu *v, u32 reason);
enum vhm_next vhm_internal_error(struct vhm_vcpu *v, u32 suberror, unsigned int count, ...);
enum vhm_next vhm_emulation_failed(struct vhm_vcpu *v, const u8 *bytes, unsigned int count);

/* io.c */
enum vhm_next vhm_io_exit(struct vhm_vcpu *v);
enum vhm_next vhm_io_exit_sleepable(struct vhm_vcpu *v);
enum vhm_next vhm_io_complete(struct vhm_vcpu *v);

/* asked.c */
void vhm_ask(struct vhm_vcpu *v, enum vhm_next (*complete)(struct vhm_vcpu *v));
enum vhm_next vhm_asked_complete(struct vhm_vcpu *v);

/* mmio.c */
bool vhm_mmio_ring(struct vhm_vcpu *v);
enum vhm_next vhm_mmio_exit(struct vhm_vcpu *v);
enum vhm_next vhm_mmio_emulate(struct vhm_vcpu *v);
enum vhm_next vhm_mmio_complete(struct vhm_vcpu *v);

/* guest.c: guest memory as the guest's own instructions see it */
struct vhm_walk_result;
union vhm_insn_bytes;
int vhm_guest_walk(struct vhm_vcpu *v, u64 linear, unsigned int access,
		   struct vhm_walk_result *result);
int vhm_guest_linear(struct vhm_vcpu *v, unsigned int segment, u64 offset, unsigned int size,
		     bool write, u64 *linear);
int vhm_guest_branch(struct vhm_vcpu *v, u64 rip);
int vhm_guest_copy(struct vhm_vcpu *v, u64 linear, void *data, unsigned int size,
		   unsigned int access);
int vhm_guest_fetch(struct vhm_vcpu *v, u64 linear, union vhm_insn_bytes *insn,
		    unsigned int count);
long vhm_translate(struct vhm_vcpu *v, struct kvm_translation __user *user);

/* slot.c */
int vhm_set_memory_region(struct vhm_vm *vm, const struct kvm_userspace_memory_region *region);
bool vhm_has_slot(struct vhm_vm *vm, u64 frame);
bool vhm_find_slot(struct vhm_vm *vm, u64 frame, struct vhm_slot *slot);
const struct vhm_slot *vhm_slot_of(struct vhm_vm *vm, u64 frame);
const struct vhm_slot *vhm_logged_slot(struct vhm_vm *vm, u32 id);
void vhm_slots_free(struct vhm_vm *vm);

/* dirty.c */
struct vhm_log *vhm_log_alloc(struct vhm_vm *vm, u64 pages);
void vhm_log_free(struct vhm_log *log);
void vhm_log_begin(struct vhm_vm *vm, const struct vhm_slot *slot);
void vhm_log_count(struct vhm_vm *vm, const struct vhm_slot *old, const struct vhm_slot *new);
void vhm_log_collect(struct vhm_vm *vm);
void vhm_log_written(struct vhm_vm *vm, const u64 *gpa, unsigned int count);
long vhm_get_dirty_log(struct vhm_vm *vm, const struct kvm_dirty_log *get);
long vhm_clear_dirty_log(struct vhm_vm *vm, const struct kvm_clear_dirty_log *clear);
long vhm_set_dirty_log(struct vhm_vm *vm, unsigned long how);

/* A page is about to be written, or may have been; its slot cannot go away meanwhile. */
static inline void vhm_log_mark(const struct vhm_slot *slot, u64 frame)
{
	if (unlikely(slot->log))
		set_bit(frame - slot->base, slot->log->bits);
}

/* The kernel has written guest memory: who reads the log must find that, or a mark. */
static inline void vhm_log_write(struct vhm_vm *vm, u64 gpa)
{
	/* What was written is there before the count is read. */
	smp_mb();
	if (unlikely(READ_ONCE(vm->logs)))
		vhm_log_written(vm, &gpa, 1);
}

/* memory.c */
void vhm_begin_invalidation(struct vhm_ept *ept);
void vhm_end_invalidation(struct vhm_vm *vm);
void vhm_memory_flush(struct vhm_vm *vm);
void vhm_memory_forget(struct vhm_vm *vm, u64 first, u64 last);
void vhm_memory_collapse(struct vhm_vm *vm, const struct vhm_slot *slot);
int vhm_read_guest_words(struct vhm_vm *vm, u64 gpa, u64 *words, unsigned int count);
int vhm_read_guest(struct vhm_vm *vm, u64 gpa, void *data, unsigned int size);
int vhm_write_guest(struct vhm_vm *vm, u64 gpa, const void *data, unsigned int size);
int vhm_cmpxchg_guest(struct vhm_vm *vm, u64 gpa, u64 old, u64 new, unsigned int size);
enum vhm_next vhm_memory_fault(struct vhm_vcpu *v);
enum vhm_next vhm_memory_fault_sleepable(struct vhm_vcpu *v);
int vhm_memory_cache_fill(struct vhm_vcpu *v);
void vhm_memory_cache_free(struct vhm_vcpu *v);
int vhm_memory_init(struct vhm_vm *vm);
void vhm_memory_free(struct vhm_vm *vm);
void vhm_memory_exit(void);

/* state.c */
long vhm_state_ioctl(struct vhm_vcpu *v, unsigned int cmd, void __user *argp);
long vhm_sync_from_user(struct vhm_vcpu *v);
void vhm_sync_to_user(struct vhm_vcpu *v);
void vhm_vcpu_reset(struct vhm_vcpu *v);
void vhm_vcpu_init(struct vhm_vcpu *v);
void vhm_start_up(u8 vector);
u64 vhm_get_cr8(const struct vhm_vcpu *v);
void vhm_set_cr8(struct vhm_vcpu *v, u64 value);

/* event.c */
void vhm_queue_exception(struct vhm_vcpu *v, u8 vector);
void vhm_queue_exception_error(struct vhm_vcpu *v, u8 vector, u32 error_code);
void vhm_queue_page_fault(struct vhm_vcpu *v, u64 linear, u32 error_code);
void vhm_queue_debug(struct vhm_vcpu *v, u64 dr6);
void vhm_queue_users_debug(struct vhm_vcpu *v);
void vhm_queue_shutdown(struct vhm_vcpu *v);
bool vhm_inject_events(struct vhm_vcpu *v);
void vhm_events_not_delivered(struct vhm_vcpu *v);
void vhm_recover_event(struct vhm_vcpu *v, bool window);
bool vhm_ready_for_interrupt(struct vhm_vcpu *v);
bool vhm_wants_window(const struct vhm_vcpu *v);
bool vhm_events_end_halt(struct vhm_vcpu *v);
long vhm_interrupt(struct vhm_vcpu *v, u32 vector);
void vhm_nmi(struct vhm_vcpu *v);
void vhm_get_events(struct vhm_vcpu *v, struct kvm_vcpu_events *events);
long vhm_set_events(struct vhm_vcpu *v, const struct kvm_vcpu_events *events);

/* cpuid.c */
enum { VHM_EAX, VHM_EBX, VHM_ECX, VHM_EDX };
unsigned int vhm_cpuid_maxphyaddr(struct vhm_vcpu *v);
long vhm_get_supported_cpuid(struct kvm_cpuid2 __user *user);
long vhm_get_emulated_cpuid(struct kvm_cpuid2 __user *user);
long vhm_set_cpuid2(struct vhm_vcpu *v, struct kvm_cpuid2 __user *user);
long vhm_get_cpuid2(struct vhm_vcpu *v, struct kvm_cpuid2 __user *user);
enum vhm_next vhm_cpuid_exit(struct vhm_vcpu *v);
bool vhm_cpuid_has(struct vhm_vcpu *v, u32 leaf, u32 subleaf, unsigned int reg, u32 bit);
u64 vhm_cpuid_xcr0(struct vhm_vcpu *v);
u64 vhm_cpuid_cr4(struct vhm_vcpu *v);
bool vhm_cpuid_gbpages(struct vhm_vcpu *v);
struct vhm_cpuid *vhm_cpuid_alloc(void);
void vhm_cpuid_show_mwait(struct vhm_vcpu *v);

/* msr.c */
long vhm_get_msr_index_list(struct kvm_msr_list __user *user);
long vhm_msrs_ioctl(struct vhm_vcpu *v, struct kvm_msrs __user *user, bool write);
enum vhm_next vhm_rdmsr_exit(struct vhm_vcpu *v);
enum vhm_next vhm_wrmsr_exit(struct vhm_vcpu *v);
struct vhm_msrs *vhm_msrs_alloc(void);
void vhm_msrs_reset(struct vhm_vcpu *v);
void vhm_msrs_forget(struct vhm_vcpu *v);
u64 vhm_misc_enable(const struct vhm_vcpu *v);

/* filter.c */
bool vhm_msr_allowed(struct vhm_vcpu *v, u32 msr, bool write);
void vhm_adopt_msr_filter(struct vhm_vcpu *v);
long vhm_set_msr_filter(struct vhm_vm *vm, const struct kvm_msr_filter *user);
void vhm_msr_filter_free(struct vhm_msr_filter *filter);
enum vhm_next vhm_msr_refused(struct vhm_vcpu *v, bool write, u32 reason);

/* tsc.c */
long vhm_get_tsc_khz(struct vhm_vcpu *v);
long vhm_set_tsc_khz(struct vhm_vcpu *v, u32 khz);
void vhm_tsc_changed(struct vhm_vcpu *v);
long vhm_vcpu_attr(struct vhm_vcpu *v, unsigned int cmd, const struct kvm_device_attr __user *user);

/* task.c */
enum vhm_next vhm_task_switch(struct vhm_vcpu *v);

/* hypercall.c */
enum vhm_next vhm_vmcall_exit(struct vhm_vcpu *v);
enum vhm_next vhm_undefined_sleepable(struct vhm_vcpu *v);

/* enable.c */
#define VHM_QUIRKS		(KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT | \
				 KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS |	\
				 KVM_X86_QUIRK_FIX_HYPERCALL_INSN)
#define VHM_MANUAL_LOG		(KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET)
#define VHM_HYPERCALL_EXITS	BIT(KVM_HC_MAP_GPA_RANGE)
u32 vhm_exits_to_disable(void);
bool vhm_claim_vcpu_id(struct vhm_vm *vm, unsigned int id);
long vhm_vm_enable_cap(struct vhm_vm *vm, const struct kvm_enable_cap __user *user);
long vhm_vcpu_enable_cap(struct vhm_vcpu *v, const struct kvm_enable_cap __user *user);

/* mce.c */
struct vhm_mce *vhm_mce_alloc(void);
bool vhm_mce_has_msr(u32 index);
int vhm_mce_get_msr(struct vhm_vcpu *v, u32 index, u64 *value, bool host);
int vhm_mce_set_msr(struct vhm_vcpu *v, u32 index, u64 value, bool host);
long vhm_get_mce_cap_supported(u64 __user *user);
long vhm_setup_mce(struct vhm_vcpu *v, const u64 __user *user);
long vhm_set_mce(struct vhm_vcpu *v, const struct kvm_x86_mce __user *user);

/* cr.c */
int vhm_set_cr0(struct vhm_vcpu *v, u64 value);
int vhm_set_cr3(struct vhm_vcpu *v, u64 value);
int vhm_set_cr4(struct vhm_vcpu *v, u64 value);
int vhm_set_efer(struct vhm_vcpu *v, u64 value, bool host);
bool vhm_cr0_valid(u64 value);
bool vhm_cr4_valid(struct vhm_vcpu *v, u64 value);
bool vhm_efer_valid(struct vhm_vcpu *v, u64 value);
bool vhm_apic_base_valid(struct vhm_vcpu *v, u64 value);
bool vhm_apic_base_reachable(struct vhm_vcpu *v, u64 value);
int vhm_load_pdptes(struct vhm_vcpu *v, u64 cr3);
enum vhm_next vhm_cr_exit(struct vhm_vcpu *v);
u64 vhm_get_gpr(struct vhm_vcpu *v, unsigned int index);
void vhm_set_gpr(struct vhm_vcpu *v, unsigned int index, u64 value);

/* debug.c */
enum vhm_next vhm_dr_exit(struct vhm_vcpu *v);
long vhm_get_debugregs(struct vhm_vcpu *v, struct kvm_debugregs __user *user);
long vhm_set_debugregs(struct vhm_vcpu *v, const struct kvm_debugregs __user *user);
long vhm_set_guest_debug(struct vhm_vcpu *v, const struct kvm_guest_debug __user *user);
enum vhm_next vhm_debug_exit(struct vhm_vcpu *v, u8 vector, u64 dr6);
enum vhm_next vhm_step_exit(struct vhm_vcpu *v);
void vhm_end_step(struct vhm_vcpu *v, bool branch);
u64 vhm_rflags_from_user(struct vhm_vcpu *v, u64 rflags);

/* RFLAGS as user space sees them: without the TF of its own single steps. */
static inline u64 vhm_rflags_to_user(const struct vhm_vcpu *v, u64 rflags)
{
	return rflags & ~((u64)v->vmx.stepping * X86_EFLAGS_TF);
}

/* xstate.c */
enum vhm_next vhm_xsetbv_exit(struct vhm_vcpu *v);
long vhm_get_xcrs(struct vhm_vcpu *v, struct kvm_xcrs __user *user);
long vhm_set_xcrs(struct vhm_vcpu *v, const struct kvm_xcrs __user *user);
long vhm_get_xsave(struct vhm_vcpu *v, struct kvm_xsave __user *user);
long vhm_set_xsave(struct vhm_vcpu *v, const struct kvm_xsave __user *user);

/* feature.c */
long vhm_get_feature_index_list(struct kvm_msr_list __user *user);
long vhm_get_features(struct kvm_msrs __user *user);
long vhm_system_attr(const struct kvm_device_attr __user *user, bool get);

/* stats.c */
int vhm_vm_stats_fd(struct vhm_vm *vm);
int vhm_vcpu_stats_fd(struct vhm_vcpu *v);
long vhm_get_exit_stats(struct vhm_vcpu *v, struct vhm_exit_stats __user *user);

#endif /* VHM_H */
