/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rest of the module sees of Intel's VMX: the vCPU's hardware half.
 *
 * Functions that touch the VMCS need it current: inside the inner loop it is;
 * elsewhere bracket them with vmx_load() and vmx_put().
 */
#ifndef VHM_VMX_H
#define VHM_VMX_H

#include <linux/jump_label.h>
#include <linux/kvm.h>
#include <linux/list.h>
#include <linux/types.h>
#include <asm/msr-index.h>

#include "fields.h"
#include "vmcs.h"

struct vhm_capability_msrs;
struct vhm_control;
struct vhm_vcpu;
struct vhm_vmcs;
struct vmx_injection;
struct vmx_snapshot;

/* What enter.S loads and saves; it knows these offsets (enter.h). */
struct vmx_frame {
	u64 regs[16];		/* in the order of instructions; RSP lives in the VMCS */
	u64 host_rsp;		/* as last written to the VMCS */
};

/* MSRs that exit, by a bit for each access: in and outside long mode. */
struct vmx_bitmaps {
	unsigned long *legacy, *long_mode;
};

/* Host values that a run of the guest replaces and that are put back behind it. */
struct vmx_host {
	u64 kernel_gs_base;
	unsigned long dr[4];
	unsigned long fs_base;
	u64 debugctl;
	u16 fs, gs, ds, es, ldt;
};

/* Values last written to host-state fields that can change from run to run. */
struct vmx_host_fields {
	unsigned long cr3;
	unsigned long cr4;
	unsigned long fs_base;
};

/**
 * struct vmx_vcpu - the hardware half of a vCPU
 * @frame: general registers
 * @cr2: guest's
 * @vmcs: the VMCS region
 * @cpu: CPU that may hold the VMCS, or -1; changed there, with IRQs off. Under vmxon=run only
 *       inside a window
 * @link: in that CPU's list
 * @run_flags: VMX_RUN_*, what enter.S is told
 * @vpid: its tag in the TLB; 0: none was free
 * @moved: since its last entry the vCPU has come to another CPU
 * @flush_owed: translations tagged with @vpid may be stale
 * @event_work: an event waits, a window is open or a field is to be broken: the entry has to look
 * @bitmaps: which MSRs exit
 * @vapic: the virtual-APIC page, in which the guest's CR8 is its task priority; NULL: it exits
 * @tpr_threshold: as in the VMCS
 * @cpu_based: primary processor-based controls, as in the VMCS
 * @switched: which groups of guest state are in the CPU (VMX_SWITCHED_*)
 * @l1d_flush: the L1 data cache may hold secrets of the host's
 * @host: what is put back behind a stay in the guest
 * @fields: host-state fields as last written
 * @fpu: XSAVE area in the standard format
 * @xcr0: guest's
 * @efer: guest's
 * @cr0_shadow: bits that the host owns, as the guest sees them
 * @cr4_shadow: likewise
 * @dr: guest's breakpoint addresses
 * @dr6: guest's
 * @dr7: guest's
 * @debugger: breakpoints are user space's, and the guest's are not in use
 * @debugger_dr: then their addresses
 * @vmcs_dr7: as in the VMCS: the guest's or the debugger's
 * @stepping: user space steps, by RFLAGS.TF
 * @debugctl: guest's
 * @star: guest's, as the MSRs below
 * @lstar: SYSCALL's target
 * @cstar: only remembered: no Intel CPU uses it
 * @fmask: SYSCALL's mask of RFLAGS
 * @kernel_gs_base: right only while not in the CPU (VMX_SWITCHED_KERNEL_GS)
 * @tsc_aux: what RDTSCP and RDPID tell
 * @tsc_offset: as in the VMCS
 * @pat: as in the VMCS
 * @efer_entry: EFER for the guest, where no control loads it
 * @efer_exit: EFER for the host, likewise
 * @cpu2: secondary processor-based controls, as in the VMCS
 * @pml: the page that the CPU lists in which pages the guest has written, or NULL
 * @pml_on: it does
 * @injection: fields to be broken on purpose, or NULL
 */
struct vmx_vcpu {
	struct vmx_frame frame;
	unsigned long cr2;
	struct vmx_region *vmcs;
	int cpu;
	struct list_head link;
	u16 vpid;
	bool moved;
	bool flush_owed;
	bool event_work;
	const struct vmx_bitmaps *bitmaps;
	void *vapic;
	u32 tpr_threshold;
	u32 cpu_based;
	unsigned int switched;
	unsigned int run_flags;
	bool l1d_flush;
	struct vmx_host host;
	struct vmx_host_fields fields;
	struct page *fpu;
	u64 xcr0;
	u64 efer;
	u64 cr0_shadow;
	u64 cr4_shadow;
	u64 dr[4], dr6, dr7;
	bool debugger, stepping;
	u64 debugger_dr[4], vmcs_dr7;
	u64 debugctl;
	u64 star, lstar, cstar, fmask;
	u64 kernel_gs_base;
	u64 tsc_aux;
	u64 tsc_offset;
	u64 pat;
	struct vmx_msr_entry efer_entry, efer_exit;
	u32 cpu2;
	u64 *pml;
	bool pml_on;
	struct vmx_injection *injection;
};

#define VMX_SWITCHED_KERNEL_GS	BIT(0)
#define VMX_SWITCHED_SYSCALL	BIT(1)
#define VMX_SWITCHED_TSC_AUX	BIT(2)
#define VMX_SWITCHED_DEBUG	BIT(3)
#define VMX_SWITCHED_XCR0	BIT(4)

/* What this CPU can do and vhm uses. */
struct vmx_caps {
	u32 pin, cpu, cpu2, exit, entry;	/* as negotiated */
	u32 vmcs_revision;
	unsigned int timer_shift;
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	u64 xcr0;				/* components that a guest may have */
	bool unrestricted_guest;
	bool vpid;
	bool invept_single, invvpid_single;
	bool watchdog;
	bool tpr_shadow;
	bool efer_controls;
	bool wbinvd_exiting;
	bool io_information;			/* instruction information for INS, OUTS */
	bool rdtscp, invpcid;
	bool pml;
	int ept_level;				/* of the largest leaf that an EPT may have */
};

extern struct vmx_caps vmx_caps __ro_after_init;

/* caps.c */
int vmx_caps_negotiate(void);
int vmx_control_describe(unsigned int index, struct vhm_control *control);

/* cpu.c: VMX operation */
int vmx_start(void);
void vmx_stop(void);
bool vmx_lost(void);
void vmx_make_current(struct vmx_vcpu *x);
void vmx_forget(struct vmx_vcpu *x);
struct vmx_region *vmx_region_alloc(void);
void vmx_region_prepare(struct vmx_region *region);
int vmx_with_scratch_vmcs(void (*look)(void));

/* window.c: VMX operation as short as can be (vmxon=run) */
DECLARE_STATIC_KEY_FALSE(vmx_windows);
void vmx_window_open(struct vmx_vcpu *x);
void vmx_window_shut(void);

/* dump.c: the VMCS as a whole */
int vmx_fields_init(void);
bool vmx_field_present(enum vmx_field field);
void vmx_capability_msrs(struct vhm_capability_msrs *msrs);
void vmx_dump(const struct vmx_vcpu *x, struct vhm_vmcs *dump);
void vmx_snapshot(struct vhm_vcpu *v, struct vmx_snapshot *s);

/* inject.c: faults on purpose */
void vmx_injection_init(void);
bool vmx_may_inject(void);
int vmx_inject_add(struct vmx_vcpu *x, enum vmx_field field, u64 value);
void vmx_inject(struct vmx_vcpu *x);
void vmx_injected(struct vmx_vcpu *x, bool entered);
void vmx_injection_overlay(const struct vmx_vcpu *x, struct vmx_snapshot *s);

/* vmcs.c: the VMCS built area by area */
int vmx_vcpu_create(struct vhm_vcpu *v);
void vmx_vcpu_destroy(struct vhm_vcpu *v);
void vmx_begin_guest(void);
void vmx_vmcs_init(struct vhm_vcpu *v);
void vmx_set_watchdog(struct vmx_vcpu *x);

/* bitmap.c: MSRs that do not exit */
int vmx_bitmaps_init(void);
void vmx_bitmaps_free(void);
int vmx_bitmaps_create(struct vmx_bitmaps *b,
		       bool (*allowed)(const void *ctx, u32 msr, bool write), const void *ctx);
void vmx_bitmaps_destroy(struct vmx_bitmaps *b);
void vmx_choose_bitmap(struct vmx_vcpu *x);
void vmx_use_bitmaps(struct vmx_vcpu *x, const struct vmx_bitmaps *b);

/* switch.c: what is switched around a stay in the inner loop */
void vmx_load(struct vmx_vcpu *x);
void vmx_put(void);
void vmx_stay(struct vmx_vcpu *x);
void vmx_leave(void);
void vmx_guest_load(struct vhm_vcpu *v);
void vmx_guest_put(struct vhm_vcpu *v);
void vmx_debug_load(struct vmx_vcpu *x);
void vmx_debug_put(struct vmx_vcpu *x);
void vmx_fpu_reset(struct vmx_vcpu *x);
unsigned int vmx_fpu_size(void);
void vmx_get_xmm(const struct vmx_vcpu *x, unsigned int number, u64 value[2]);
void vmx_set_xmm(struct vmx_vcpu *x, unsigned int number, const u64 value[2]);

/* run.c: entry and exit */
void vmx_prepare_entry(struct vhm_vcpu *v);
bool vmx_run_once(struct vhm_vcpu *v);
void vmx_entered(struct vmx_vcpu *x);
void vmx_host_nmi(struct vmx_vcpu *x);

/* pml.c: the pages that a guest writes, listed by the CPU */
int vmx_pml_create(struct vmx_vcpu *x);
void vmx_pml_destroy(struct vmx_vcpu *x);
void vmx_pml_follow(struct vhm_vcpu *v);
void vmx_pml_drain(struct vhm_vcpu *v);

/* mitigate.c */
int vmx_mitigate_init(void);
void vmx_mitigate_exit(void);

/* state.c: the guest's architectural state */
void vmx_get_segment(unsigned int index, struct kvm_segment *segment);
void vmx_set_segment(unsigned int index, const struct kvm_segment *segment);
u64 vmx_get_cr0(const struct vmx_vcpu *x);
u64 vmx_get_cr4(const struct vmx_vcpu *x);
void vmx_set_cr0(struct vhm_vcpu *v, u64 value);
void vmx_set_cr4(struct vhm_vcpu *v, u64 value);
void vmx_set_efer(struct vhm_vcpu *v, u64 value);
void vmx_set_debugger(struct vmx_vcpu *x, const u64 *dr, u64 dr7);
void vmx_set_stepping(struct vmx_vcpu *x, bool on);
void vmx_intercept_breakpoint(struct vmx_vcpu *x, bool on);
u64 vmx_linear_rip(const struct vmx_vcpu *x);
void vmx_set_dr7(struct vmx_vcpu *x, u64 value);
void vmx_set_debugctl(struct vmx_vcpu *x, u64 value);
void vmx_set_tsc(struct vmx_vcpu *x, u64 offset);
void vmx_set_pat(struct vmx_vcpu *x, u64 value);
void vmx_get_pdptes(u64 pdpte[4]);
void vmx_set_pdptes(struct vmx_vcpu *x, const u64 pdpte[4]);
void vmx_set_interrupt_window(struct vmx_vcpu *x, bool open);
void vmx_set_nmi_window(struct vmx_vcpu *x, bool open);
void vmx_set_tpr_threshold(struct vmx_vcpu *x, u32 class);
void vmx_skip_instruction(struct vhm_vcpu *v);
void vmx_skip_bytes(struct vhm_vcpu *v, u64 rip, unsigned int length);
void vmx_end_iteration(struct vhm_vcpu *v);
void vmx_branch(struct vhm_vcpu *v, u64 rip);
unsigned int vmx_code_bits(const struct vmx_vcpu *x);
unsigned int vmx_stack_size(const struct vmx_vcpu *x);

enum vmx_segment {
	VMX_ES, VMX_CS, VMX_SS, VMX_DS, VMX_FS, VMX_GS, VMX_LDTR, VMX_TR,
};

/* DR7.GD: the next access to a debug register is a #DB. */
#define DR_GENERAL_DETECT	BIT(13)

#define VMX_AR_LONG		BIT(13)
#define VMX_AR_BIG		BIT(14)
#define VMX_AR_UNUSABLE		BIT(16)

#define VMX_INTR_TYPE(info)	((info) & INTR_INFO_INTR_TYPE_MASK)
#define VMX_ENTRY_FAILED	BIT(31)
#define VMX_REASON(full)	((u16)(full))

/*
 * Around what needs the VMCS between vmx_stay() and vmx_leave(), IRQs off: nothing
 * to do where the VMCS is current for all of it.
 */
static __always_inline void vmx_open(struct vmx_vcpu *x)
{
	if (static_branch_unlikely(&vmx_windows))
		vmx_window_open(x);
}

static __always_inline void vmx_shut(void)
{
	if (static_branch_unlikely(&vmx_windows))
		vmx_window_shut();
}

static inline u64 vmx_rip(void)
{
	return vmcs_readl(GUEST_RIP);
}

static inline u64 vmx_rflags(void)
{
	return vmcs_readl(GUEST_RFLAGS);
}

static inline u64 vmx_cr3(void)
{
	return vmcs_readl(GUEST_CR3);
}

static inline unsigned int vmx_cpl(void)
{
	return (vmcs_read32(GUEST_SS_AR_BYTES) >> 5) & 3;
}

static inline bool vmx_long_mode(const struct vmx_vcpu *x)
{
	return x->efer & EFER_LMA;
}

#endif /* VHM_VMX_H */
