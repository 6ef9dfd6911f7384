// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs: a table of those that exist for a guest, by index. What is not in it is
 * the machine-check architecture's (mce.c), or a #GP.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/apicdef.h>
#include <asm/kvm_para.h>
#include <asm/msr-index.h>
#include <asm/mtrr.h>
#include <asm/trapnr.h>
#include <asm/tsc.h>

#include "vhm.h"

#define MAX_IO_MSRS	256	/* KVM's limit, itself not allowed */

/* MTRRs: 8 variable ranges, the fixed ones, write-combining. */
#define MTRRCAP_VALUE	(8 | BIT(8) | BIT(10))
#define UCODE_REVISION	BIT_ULL(32)

/* As KVM, for guests that ask how fast their processor is: a cache, a bus, a ratio. */
#define FSB_FREQ_100_MHZ	3
#define BBL_CR_CTL3_VALUE	0xbe702111
#define PERF_STATUS_VALUE	(1000 | 4ULL << 40)

/* MSRs that only remember what was written. */
enum {
	STORED_MISC_ENABLE,
	STORED_UCODE,
	STORED_TSC_ADJUST,
	STORED_PLATFORM_INFO,
	STORED_POWER_CTL,
	STORED_MTRR_TYPE,
	STORED_MTRR_FIXED,
	STORED_MTRR_VARIABLE = STORED_MTRR_FIXED + 11,
	STORED_COUNT = STORED_MTRR_VARIABLE + 16,
};

struct msr_row;

struct vhm_msrs {
	u64 stored[STORED_COUNT];
	const struct msr_row *last;	/* the guest's last one: it is often the next one, too */
};

/**
 * struct msr_row - one MSR
 * @index: its number; rows are sorted by it
 * @get: reads it; NULL: the value is @value
 * @set: writes it, with @host when user space does: 0, or 1 for a #GP; NULL:
 *       the guest may not, user space may write what is there
 * @value: stored number for @get and @set, or the constant
 * @conditional: exists only in a guest that was told so, or in one direction
 * @listed: in KVM_GET_MSR_INDEX_LIST
 * @switched: lives in the CPU while the guest runs, so a write has to go there, or causes
 *            something that is done outside the inner loop
 */
struct msr_row {
	u32 index;
	u64 (*get)(struct vhm_vcpu *v, const struct msr_row *row);
	int (*set)(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host);
	u64 value;
	bool conditional;
	bool listed;
	bool switched;
};

static bool is_canonical(u64 value)
{
	return (s64)(value << 16) >> 16 == (s64)value;
}

static u64 get_stored(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->msrs->stored[row->value];
}

static int set_stored(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	v->msrs->stored[row->value] = value;
	return 0;
}

static u64 get_tsc(struct vhm_vcpu *v, const struct msr_row *row)
{
	return rdtsc() + v->vmx.tsc_offset;
}

static int set_tsc(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	u64 offset = value - rdtsc();

	/* SDM, "Time-Stamp Counter Adjustment": the guest's own write moves both. */
	if (!host)
		v->msrs->stored[STORED_TSC_ADJUST] += offset - v->vmx.tsc_offset;
	vmx_set_tsc(&v->vmx, offset);
	vhm_tsc_changed(v);
	return 0;
}

static int set_tsc_adjust(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	u64 *adjust = &v->msrs->stored[STORED_TSC_ADJUST];

	if (!host) {
		vmx_set_tsc(&v->vmx, v->vmx.tsc_offset + value - *adjust);
		vhm_tsc_changed(v);
	}
	*adjust = value;
	return 0;
}

static u64 get_apic_base(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->apic_base;
}

static int set_apic_base(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (!vhm_apic_base_valid(v, value) || (!host && !vhm_apic_base_reachable(v, value)))
		return 1;
	vhm_set_apic_base(v, value);
	return 0;
}

/* The revision is what user space says: an update that the guest loads does nothing. */
static int set_ucode_revision(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (host)
		v->msrs->stored[STORED_UCODE] = value;
	return 0;
}

static int set_nothing(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	return 0;
}

/* SDM, "IA32_MISC_ENABLE": what the guest's processor lacks it may not claim to have. */
static int set_misc_enable(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	u64 *stored = &v->msrs->stored[STORED_MISC_ENABLE];

	if (!host) {
		if ((*stored ^ value) & (MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |
					 MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL))
			return 1;
		value &= ~(u64)MSR_IA32_MISC_ENABLE_EMON;
		value |= *stored & MSR_IA32_MISC_ENABLE_EMON;
	}
	if (vhm_quirk_disabled(v->vm, KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT) &&
	    (*stored ^ value) & MSR_IA32_MISC_ENABLE_MWAIT) {
		/* As KVM: it goes with SSE3. */
		if (!vhm_cpuid_has(v, 1, 0, VHM_ECX, BIT(0)))
			return 1;
		*stored = value;
		vhm_cpuid_show_mwait(v);
	}
	*stored = value;
	return 0;
}

/**
 * vhm_misc_enable() - IA32_MISC_ENABLE
 * @v: the vCPU
 *
 * Return: its value.
 */
u64 vhm_misc_enable(const struct vhm_vcpu *v)
{
	return v->msrs->stored[STORED_MISC_ENABLE];
}

/*
 * Whether there is CPUID faulting (SDM, "MSR_PLATFORM_INFO") user space says; it cannot take it
 * back while the guest uses it.
 */
static int set_platform_info(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (!host || (!(value & MSR_PLATFORM_INFO_CPUID_FAULT) && v->cpuid_faults))
		return 1;
	return set_stored(v, row, value, host);
}

static u64 get_misc_features(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->cpuid_faults ? MSR_MISC_FEATURES_ENABLES_CPUID_FAULT : 0;
}

static int set_misc_features(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (value & ~MSR_MISC_FEATURES_ENABLES_CPUID_FAULT ||
	    (value && !(v->msrs->stored[STORED_PLATFORM_INFO] & MSR_PLATFORM_INFO_CPUID_FAULT)))
		return 1;
	v->cpuid_faults = value;
	return 0;
}

static u64 get_sysenter_cs(struct vhm_vcpu *v, const struct msr_row *row)
{
	return vmcs_read32(GUEST_SYSENTER_CS);
}

static int set_sysenter_cs(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	vmcs_write32(GUEST_SYSENTER_CS, value);
	return 0;
}

/* Natural-width fields whose number is the row's value. */
static u64 get_field(struct vhm_vcpu *v, const struct msr_row *row)
{
	return vmcs_read_any(row->value);
}

static int set_field(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (!is_canonical(value))
		return 1;
	vmcs_write_any(row->value, value);
	return 0;
}

/* User space may have it from a CPU that did not check; it is made canonical as KVM does. */
static int set_sysenter_address(struct vhm_vcpu *v, const struct msr_row *row, u64 value,
				bool host)
{
	if (!host && !is_canonical(value))
		return 1;
	vmcs_write_any(row->value, (s64)(value << 16) >> 16);
	return 0;
}

static u64 get_debugctl(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->vmx.debugctl;
}

static int set_debugctl(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	/* Branch tracing needs the host's help; single-stepping on branches does not. */
	if (value & ~(u64)DEBUGCTLMSR_BTF)
		return 1;
	vmx_set_debugctl(&v->vmx, value);
	return 0;
}

/* SDM, "Memory Types That Can Be Encoded With PAT". */
static bool memory_type_valid(u8 type)
{
	return type < 8 && type != 2 && type != 3;
}

static u64 get_pat(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->vmx.pat;
}

static int set_pat(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	int i;

	for (i = 0; i < 64; i += 8)
		if (!memory_type_valid(value >> i))
			return 1;
	vmx_set_pat(&v->vmx, value);
	return 0;
}

/* MTRR types are PAT's without UC-. */
static bool mtrr_type_valid(u8 type)
{
	return memory_type_valid(type) && type != 7;
}

static int set_mtrr_type(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (value & ~0xcffULL || !mtrr_type_valid(value))
		return 1;
	return set_stored(v, row, value, host);
}

static int set_mtrr_fixed(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	int i;

	for (i = 0; i < 64; i += 8)
		if (!mtrr_type_valid(value >> i))
			return 1;
	return set_stored(v, row, value, host);
}

static int set_mtrr_base(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (value & 0xf00 || value >> vhm_cpuid_maxphyaddr(v) || !mtrr_type_valid(value))
		return 1;
	return set_stored(v, row, value, host);
}

static int set_mtrr_mask(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (value & 0x7ff || value >> vhm_cpuid_maxphyaddr(v))
		return 1;
	return set_stored(v, row, value, host);
}

static u64 get_efer(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->vmx.efer;
}

static int set_efer(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	return vhm_set_efer(v, value, host);
}

/* What vmx/switch.c puts into the CPU: copies, of which the guest's writes reach us first. */
static u64 *switched(struct vhm_vcpu *v, u32 index)
{
	switch (index) {
	case MSR_STAR:
		return &v->vmx.star;
	case MSR_LSTAR:
		return &v->vmx.lstar;
	case MSR_CSTAR:
		return &v->vmx.cstar;
	case MSR_SYSCALL_MASK:
		return &v->vmx.fmask;
	case MSR_KERNEL_GS_BASE:
		return &v->vmx.kernel_gs_base;
	default:
		return &v->vmx.tsc_aux;
	}
}

static u64 get_switched(struct vhm_vcpu *v, const struct msr_row *row)
{
	return *switched(v, row->index);
}

static int set_switched(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	*switched(v, row->index) = value;
	return 0;
}

static int set_address(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	return is_canonical(value) ? set_switched(v, row, value, host) : 1;
}

/* FMASK and TSC_AUX have 32 bits. */
static int set_32(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	return value >> 32 ? 1 : set_switched(v, row, value, host);
}

/* KVM's own, by which a guest says where in its memory it wants to be told something. */
static u64 get_clock(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->pv.clock;
}

static int set_clock(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	vhm_set_clock_msr(v, value);
	return 0;
}

static u64 get_wall_clock(struct vhm_vcpu *v, const struct msr_row *row)
{
	return READ_ONCE(v->vm->wall_clock);
}

static int set_wall_clock(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	vhm_set_wall_clock_msr(v, value);
	return 0;
}

static u64 get_steal(struct vhm_vcpu *v, const struct msr_row *row)
{
	return v->pv.steal;
}

static int set_steal(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	return vhm_set_steal_msr(v, value);
}

/* What they cause is done outside the inner loop, so a guest's write leaves it. */
#define KVM_MSR(msr, get, set)	\
	{ msr, get, set, .conditional = true, .listed = true, .switched = true }
#define CONSTANT(msr, n)	{ .index = msr, .value = n }
#define MTRR_RANGE(msr, set, n)	{ msr, get_stored, set, STORED_MTRR_VARIABLE + (n) }
#define MTRR_BASE(n)	MTRR_RANGE(MTRRphysBase_MSR(n), set_mtrr_base, 2 * (n))
#define MTRR_MASK(n)	MTRR_RANGE(MTRRphysMask_MSR(n), set_mtrr_mask, 2 * (n) + 1)
#define MTRR_FIXED(msr, n)	{ msr, get_stored, set_mtrr_fixed, STORED_MTRR_FIXED + (n) }

static const struct msr_row rows[] = {
	{ MSR_IA32_TSC, get_tsc, set_tsc, .listed = true },
	KVM_MSR(MSR_KVM_WALL_CLOCK, get_wall_clock, set_wall_clock),
	KVM_MSR(MSR_KVM_SYSTEM_TIME, get_clock, set_clock),
	CONSTANT(MSR_IA32_PLATFORM_ID, 0),
	{ MSR_IA32_APICBASE, get_apic_base, set_apic_base },
	CONSTANT(MSR_IA32_EBL_CR_POWERON, 0),
	CONSTANT(MSR_EBC_FREQUENCY_ID, BIT(24)),
	CONSTANT(MSR_SMI_COUNT, 0),
	CONSTANT(MSR_IA32_FEAT_CTL, FEAT_CTL_LOCKED),
	{ MSR_IA32_TSC_ADJUST, get_stored, set_tsc_adjust, STORED_TSC_ADJUST, .listed = true },
	{ MSR_IA32_UCODE_WRITE, .set = set_nothing, .conditional = true },
	{ MSR_IA32_UCODE_REV, get_stored, set_ucode_revision, STORED_UCODE, .listed = true },
	CONSTANT(MSR_FSB_FREQ, FSB_FREQ_100_MHZ),
	{ MSR_PLATFORM_INFO, get_stored, set_platform_info, STORED_PLATFORM_INFO,
	  .conditional = true, .listed = true },
	CONSTANT(MSR_MTRRcap, MTRRCAP_VALUE),
	{ MSR_IA32_BBL_CR_CTL3, .set = set_nothing, .value = BBL_CR_CTL3_VALUE },
	{ MSR_MISC_FEATURES_ENABLES, get_misc_features, set_misc_features, .listed = true },
	{ MSR_IA32_SYSENTER_CS, get_sysenter_cs, set_sysenter_cs, .listed = true },
	{ MSR_IA32_SYSENTER_ESP, get_field, set_sysenter_address, GUEST_SYSENTER_ESP,
	  .listed = true },
	{ MSR_IA32_SYSENTER_EIP, get_field, set_sysenter_address, GUEST_SYSENTER_EIP,
	  .listed = true },
	CONSTANT(MSR_IA32_PERF_STATUS, PERF_STATUS_VALUE),
	CONSTANT(MSR_IA32_PERF_CTL, 0),
	{ MSR_IA32_MISC_ENABLE, get_stored, set_misc_enable, STORED_MISC_ENABLE, .listed = true },
	{ MSR_IA32_DEBUGCTLMSR, get_debugctl, set_debugctl, .listed = true },
	CONSTANT(MSR_IA32_LASTBRANCHFROMIP, 0), CONSTANT(MSR_IA32_LASTBRANCHTOIP, 0),
	CONSTANT(MSR_IA32_LASTINTFROMIP, 0), CONSTANT(MSR_IA32_LASTINTTOIP, 0),
	{ MSR_IA32_POWER_CTL, get_stored, set_stored, STORED_POWER_CTL, .listed = true },
	MTRR_BASE(0), MTRR_MASK(0), MTRR_BASE(1), MTRR_MASK(1),
	MTRR_BASE(2), MTRR_MASK(2), MTRR_BASE(3), MTRR_MASK(3),
	MTRR_BASE(4), MTRR_MASK(4), MTRR_BASE(5), MTRR_MASK(5),
	MTRR_BASE(6), MTRR_MASK(6), MTRR_BASE(7), MTRR_MASK(7),
	MTRR_FIXED(MSR_MTRRfix64K_00000, 0),
	MTRR_FIXED(MSR_MTRRfix16K_80000, 1), MTRR_FIXED(MSR_MTRRfix16K_A0000, 2),
	MTRR_FIXED(MSR_MTRRfix4K_C0000, 3), MTRR_FIXED(MSR_MTRRfix4K_C8000, 4),
	MTRR_FIXED(MSR_MTRRfix4K_D0000, 5), MTRR_FIXED(MSR_MTRRfix4K_D8000, 6),
	MTRR_FIXED(MSR_MTRRfix4K_E0000, 7), MTRR_FIXED(MSR_MTRRfix4K_E8000, 8),
	MTRR_FIXED(MSR_MTRRfix4K_F0000, 9), MTRR_FIXED(MSR_MTRRfix4K_F8000, 10),
	{ MSR_IA32_CR_PAT, get_pat, set_pat, .listed = true },
	{ MSR_MTRRdefType, get_stored, set_mtrr_type, STORED_MTRR_TYPE },
	CONSTANT(MSR_RAPL_POWER_UNIT, 0), CONSTANT(MSR_PKG_ENERGY_STATUS, 0),
	CONSTANT(MSR_DRAM_ENERGY_STATUS, 0), CONSTANT(MSR_PP0_ENERGY_STATUS, 0),
	CONSTANT(MSR_PP1_ENERGY_STATUS, 0),
	KVM_MSR(MSR_KVM_WALL_CLOCK_NEW, get_wall_clock, set_wall_clock),
	KVM_MSR(MSR_KVM_SYSTEM_TIME_NEW, get_clock, set_clock),
	KVM_MSR(MSR_KVM_STEAL_TIME, get_steal, set_steal),
	{ MSR_EFER, get_efer, set_efer, .listed = true, .switched = true },
	{ MSR_STAR, get_switched, set_switched, .listed = true, .switched = true },
	{ MSR_LSTAR, get_switched, set_address, .listed = true, .switched = true },
	{ MSR_CSTAR, get_switched, set_address, .listed = true },
	{ MSR_SYSCALL_MASK, get_switched, set_32, .listed = true, .switched = true },
	{ MSR_FS_BASE, get_field, set_field, GUEST_FS_BASE, .listed = true },
	{ MSR_GS_BASE, get_field, set_field, GUEST_GS_BASE, .listed = true },
	{ MSR_KERNEL_GS_BASE, get_switched, set_address, .listed = true, .switched = true },
	{ MSR_TSC_AUX, get_switched, set_32, .conditional = true, .listed = true,
	  .switched = true },
};

/* In KVM_GET_MSR_INDEX_LIST without a row here. */
static const u32 listed_elsewhere[] = {
	MSR_IA32_MCG_STATUS, MSR_IA32_MCG_CTL, MSR_IA32_TSC_DEADLINE,
};

/* What a guest is answered instead of a row that its user has filtered out. */
static const struct msr_row filtered_row = { .index = ~0U, .conditional = true };

static const struct msr_row *find_row(u32 index)
{
	unsigned int low = 0, high = ARRAY_SIZE(rows);

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (index == rows[middle].index)
			return &rows[array_index_nospec(middle, ARRAY_SIZE(rows))];
		if (index < rows[middle].index)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static noinline const struct msr_row *find_another_row(struct vhm_vcpu *v, u32 index, bool write)
{
	const struct msr_row *row;

	if (unlikely(v->msr_filter) && !vhm_msr_allowed(v, index, write))
		return &filtered_row;
	if (vhm_lapic_has_msr(index))
		return NULL;
	row = find_row(index);
	/* Under a filter the next access, which may be of another kind, has to get here. */
	if (row && !v->msr_filter)
		v->msrs->last = row;
	return row;
}

/* The same for the guest's own accesses, whose MSR is mostly that of before. */
static const struct msr_row *find_guest_row(struct vhm_vcpu *v, u32 index, bool write)
{
	const struct msr_row *row = v->msrs->last;

	return likely(row->index == index) ? row : find_another_row(v, index, write);
}

/* Who loads microcode writes an MSR that cannot be read; KVM's go with CPUID. */
static noinline bool condition_met(struct vhm_vcpu *v, const struct msr_row *row, bool write,
				   bool host)
{
	u32 feature = vhm_pv_feature_of_msr(row->index);

	if (feature)
		return vhm_cpuid_has(v, KVM_CPUID_FEATURES, 0, VHM_EAX,
				     feature & vhm_pv_features());
	if (row->index == MSR_IA32_UCODE_WRITE)
		return write;
	if (row->index == MSR_PLATFORM_INFO)
		return host || !READ_ONCE(v->vm->options.hide_platform_info);
	if (row->index != MSR_TSC_AUX)
		return false;
	return vmx_caps.rdtscp && (vhm_cpuid_has(v, 0x80000001, 0, VHM_EDX, BIT(27)) ||
				   vhm_cpuid_has(v, 7, 0, VHM_ECX, BIT(22)));
}

static bool exists(struct vhm_vcpu *v, const struct msr_row *row, bool write, bool host)
{
	return likely(!row->conditional) || condition_met(v, row, write, host);
}

static u64 read_row(struct vhm_vcpu *v, const struct msr_row *row)
{
	return row->get ? row->get(v, row) : row->value;
}

static int write_row(struct vhm_vcpu *v, const struct msr_row *row, u64 value, bool host)
{
	if (row->set)
		return row->set(v, row, value, host);
	return !host || value != row->value;
}

/**
 * vhm_msrs_alloc() - room for what a vCPU's MSRs remember
 *
 * Return: the room, or NULL.
 */
struct vhm_msrs *vhm_msrs_alloc(void)
{
	struct vhm_msrs *msrs = kzalloc(sizeof(*msrs), GFP_KERNEL_ACCOUNT);

	if (msrs)
		msrs->last = rows;
	return msrs;
}

/**
 * vhm_msrs_reset() - the values of a new vCPU
 * @v: the vCPU
 */
void vhm_msrs_reset(struct vhm_vcpu *v)
{
	u64 *stored = v->msrs->stored;

	/* As KVM: what enables fast strings is firmware. */
	stored[STORED_MISC_ENABLE] = MSR_IA32_MISC_ENABLE_BTS_UNAVAIL |
				     MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL;
	stored[STORED_UCODE] = UCODE_REVISION;
	stored[STORED_PLATFORM_INFO] = MSR_PLATFORM_INFO_CPUID_FAULT;
}

/**
 * vhm_msrs_forget() - the guest's next access is to be looked up: the filter is another
 * @v: the vCPU
 */
void vhm_msrs_forget(struct vhm_vcpu *v)
{
	v->msrs->last = &filtered_row;
}

/**
 * vhm_get_msr_index_list() - KVM_GET_MSR_INDEX_LIST
 * @user: struct kvm_msr_list with room for nmsrs numbers
 *
 * Return: 0; -EFAULT; -E2BIG: nmsrs, which says how many there are, was less.
 */
long vhm_get_msr_index_list(struct kvm_msr_list __user *user)
{
	u32 room, n = 0, i, listed = ARRAY_SIZE(listed_elsewhere);

	if (get_user(room, &user->nmsrs))
		return -EFAULT;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		listed += rows[i].listed;
	if (put_user(listed, &user->nmsrs))
		return -EFAULT;
	if (room < listed)
		return -E2BIG;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].listed && put_user(rows[i].index, &user->indices[n++]))
			return -EFAULT;
	return copy_to_user(&user->indices[n], listed_elsewhere, sizeof(listed_elsewhere)) ?
	       -EFAULT : 0;
}

/* The MSRs of other rooms: the local APIC's and the machine-check architecture's. */
static int get_elsewhere(struct vhm_vcpu *v, u32 index, u64 *value, bool host)
{
	return vhm_lapic_has_msr(index) ? vhm_lapic_get_msr(v, index, value) :
					  vhm_mce_get_msr(v, index, value, host);
}

static int set_elsewhere(struct vhm_vcpu *v, u32 index, u64 value, bool host)
{
	return vhm_lapic_has_msr(index) ? vhm_lapic_set_msr(v, index, value) :
					  vhm_mce_set_msr(v, index, value, host);
}

/* User space may name an MSR whose CPUID bit it has not set yet, to write 0. */
static int host_access(struct vhm_vcpu *v, struct kvm_msr_entry *entry, bool write)
{
	const struct msr_row *row = find_row(entry->index);

	if (!row)
		return write ? set_elsewhere(v, entry->index, entry->data, true) :
			       get_elsewhere(v, entry->index, &entry->data, true);
	if (!exists(v, row, write, true)) {
		if (!write)
			entry->data = 0;
		return write ? entry->data != 0 : row->index == MSR_IA32_UCODE_WRITE;
	}
	if (write)
		return write_row(v, row, entry->data, true);
	entry->data = read_row(v, row);
	return 0;
}

static unsigned int access_msrs(struct vhm_vcpu *v, struct kvm_msr_entry *entries,
				unsigned int count, bool write)
{
	unsigned int done;

	vmx_load(&v->vmx);
	for (done = 0; done < count; done++)
		if (host_access(v, &entries[done], write))
			break;
	vmx_put();
	return done;
}

/**
 * vhm_msrs_ioctl() - KVM_GET_MSRS and KVM_SET_MSRS
 * @v: the vCPU
 * @user: struct kvm_msrs
 * @write: set
 *
 * Return: how many were done before the first that could not be; -EFAULT;
 * -E2BIG: 256 or more at once; -ENOMEM.
 */
long vhm_msrs_ioctl(struct vhm_vcpu *v, struct kvm_msrs __user *user, bool write)
{
	struct kvm_msr_entry *entries;
	struct kvm_msrs head;
	size_t size;
	long done;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.nmsrs >= MAX_IO_MSRS)
		return -E2BIG;
	size = head.nmsrs * sizeof(*entries);
	entries = memdup_user(user->entries, size);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	done = access_msrs(v, entries, head.nmsrs, write);
	if (!write && copy_to_user(user->entries, entries, size))
		done = -EFAULT;
	kfree(entries);
	return done;
}

static int guest_read(struct vhm_vcpu *v, u32 index, u64 *value)
{
	const struct msr_row *row = find_guest_row(v, index, false);

	if (unlikely(!row))
		return get_elsewhere(v, index, value, false);
	if (unlikely(!exists(v, row, false, false)))
		return 1;
	*value = read_row(v, row);
	return 0;
}

static bool is_known(u32 index, bool write)
{
	if (index == MSR_IA32_UCODE_WRITE)
		return write;
	return find_row(index) || vhm_lapic_has_msr(index) || vhm_mce_has_msr(index);
}

static enum vhm_next refuse(struct vhm_vcpu *v, bool write)
{
	u32 index = v->vmx.frame.regs[VHM_RCX], reason = KVM_MSR_EXIT_REASON_UNKNOWN;

	if (!vhm_msr_allowed(v, index, write))
		reason = KVM_MSR_EXIT_REASON_FILTER;
	else if (is_known(index, write))
		reason = KVM_MSR_EXIT_REASON_INVAL;
	return vhm_msr_refused(v, write, reason);
}

/**
 * vhm_rdmsr_exit() - RDMSR, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_USER: user space hears of the refusal.
 */
enum vhm_next vhm_rdmsr_exit(struct vhm_vcpu *v)
{
	u64 *regs = v->vmx.frame.regs, value;

	if (unlikely(guest_read(v, regs[VHM_RCX], &value)))
		return refuse(v, false);
	regs[VHM_RAX] = (u32)value;
	regs[VHM_RDX] = value >> 32;
	vmx_skip_instruction(v);
	return VHM_RESUME;
}

static int guest_write(struct vhm_vcpu *v, const struct msr_row *row, u32 index, u64 value)
{
	if (unlikely(!row))
		return set_elsewhere(v, index, value, false);
	return !exists(v, row, true, false) || write_row(v, row, value, false);
}

/**
 * vhm_wrmsr_exit() - WRMSR, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_RELOAD: the value has to go to the CPU; VHM_WAIT: a vCPU has
 * sent itself an INIT; VHM_USER: user space hears of the refusal, or of an EOI.
 */
enum vhm_next vhm_wrmsr_exit(struct vhm_vcpu *v)
{
	const u64 *regs = v->vmx.frame.regs;
	u64 value = (u32)regs[VHM_RAX] | regs[VHM_RDX] << 32;
	const struct msr_row *row = find_guest_row(v, regs[VHM_RCX], true);

	if (unlikely(guest_write(v, row, regs[VHM_RCX], value)))
		return refuse(v, true);
	vmx_skip_instruction(v);
	if (unlikely(!row))
		return vhm_look_at_requests(v);
	return row->switched ? VHM_RELOAD : VHM_RESUME;
}
