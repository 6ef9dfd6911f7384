// SPDX-License-Identifier: GPL-2.0
/*
 * The machine-check architecture as a guest sees it: banks of registers that
 * remember, and errors that user space reports through them. The host's own
 * machine checks never get here.
 *
 * SDM, "Machine-Check MSRs"; KVM_X86_SETUP_MCE and KVM_X86_SET_MCE.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/mce.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "vhm.h"

/*
 * IA32_MCG_CTL, and errors from which software can recover. The interrupt for
 * corrected errors (CMCI) and errors told to one CPU alone (LMCE) would need a
 * local APIC of ours.
 */
#define CAP_SUPPORTED	(MCG_CTL_P | MCG_SER_P)

/* Numbers in IA32_MCG_CAP that are user space's to choose: banks, extended registers. */
#define CAP_NUMBERS	(MCG_BANKCNT_MASK | MCG_EXT_CNT_MASK)

/* The registers of a bank, in the order of their MSRs. */
enum { BANK_CTL, BANK_STATUS, BANK_ADDR, BANK_MISC, BANK_MSRS };

/* All of it [v]. */
struct vhm_mce {
	u64 cap;
	u64 status;
	u64 ctl;
	u64 bank[VHM_MCE_BANKS][BANK_MSRS];
};

/**
 * vhm_mce_alloc() - the banks of a new vCPU
 *
 * As on KVM there are all of them until KVM_X86_SETUP_MCE says how many.
 *
 * Return: the room, or NULL.
 */
struct vhm_mce *vhm_mce_alloc(void)
{
	struct vhm_mce *m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);

	if (m)
		m->cap = VHM_MCE_BANKS;
	return m;
}

static unsigned int bank_count(const struct vhm_mce *m)
{
	return m->cap & MCG_BANKCNT_MASK;
}

/* The register behind an MSR of a bank that is there, or NULL. */
static u64 *find_register(struct vhm_mce *m, u32 index)
{
	u32 n = index - MSR_IA32_MC0_CTL, count = bank_count(m) * BANK_MSRS;

	if (n >= count)
		return NULL;
	n = array_index_nospec(n, count);
	return &m->bank[n / BANK_MSRS][n % BANK_MSRS];
}

/* IA32_MCi_CTL2 of a bank that is there; it needs CMCI, so user space alone sees it, as 0. */
static bool is_ctl2(const struct vhm_mce *m, u32 index)
{
	return index - MSR_IA32_MC0_CTL2 < bank_count(m);
}

/**
 * vhm_mce_has_msr() - whether an MSR is one of the machine-check architecture
 * @index: any MSR
 *
 * Return: true if it is, of a bank that is there or of one that might be.
 */
bool vhm_mce_has_msr(u32 index)
{
	switch (index) {
	case MSR_IA32_P5_MC_ADDR:
	case MSR_IA32_P5_MC_TYPE:
	case MSR_IA32_MCG_CAP:
	case MSR_IA32_MCG_STATUS:
	case MSR_IA32_MCG_CTL:
		return true;
	}
	return index - MSR_IA32_MC0_CTL < VHM_MCE_BANKS * BANK_MSRS ||
	       index - MSR_IA32_MC0_CTL2 < VHM_MCE_BANKS;
}

/**
 * vhm_mce_get_msr() - read an MSR of the machine-check architecture
 * @v: the vCPU
 * @index: any MSR
 * @value: out
 * @host: user space reads
 *
 * Return: 0, or 1: there is no such MSR, or the guest may not read it.
 */
int vhm_mce_get_msr(struct vhm_vcpu *v, u32 index, u64 *value, bool host)
{
	struct vhm_mce *m = v->mce;
	u64 *reg;

	switch (index) {
	case MSR_IA32_P5_MC_ADDR:
	case MSR_IA32_P5_MC_TYPE:
		*value = 0;
		return 0;
	case MSR_IA32_MCG_CAP:
		*value = m->cap;
		return 0;
	case MSR_IA32_MCG_STATUS:
		*value = m->status;
		return 0;
	case MSR_IA32_MCG_CTL:
		*value = m->ctl;
		return !(m->cap & MCG_CTL_P || host);
	}
	if (is_ctl2(m, index)) {
		*value = 0;
		return !host;
	}
	reg = find_register(m, index);
	if (!reg)
		return 1;
	*value = *reg;
	return 0;
}

/*
 * As KVM: a control register is all ones or zeros, but for two bits that systems
 * are known to clear; and the guest may only clear a status register.
 */
static bool bank_value_valid(u32 index, u64 value, bool host)
{
	switch (index % BANK_MSRS) {
	case BANK_CTL:
		return !value || (value | BIT(10) | BIT(0)) == ~0ULL;
	case BANK_STATUS:
		return !value || host;
	default:
		return true;
	}
}

static int set_ctl(struct vhm_mce *m, u64 value, bool host)
{
	if (!(m->cap & MCG_CTL_P) && (value || !host))
		return 1;
	if (value && value != ~0ULL)
		return 1;
	m->ctl = value;
	return 0;
}

/**
 * vhm_mce_set_msr() - write an MSR of the machine-check architecture
 * @v: the vCPU
 * @index: any MSR
 * @value: its new value
 * @host: user space writes
 *
 * Return: 0, or 1: there is no such MSR, or it may not have this value.
 */
int vhm_mce_set_msr(struct vhm_vcpu *v, u32 index, u64 value, bool host)
{
	struct vhm_mce *m = v->mce;
	u64 *reg;

	switch (index) {
	case MSR_IA32_MCG_STATUS:
		m->status = value;
		return 0;
	case MSR_IA32_MCG_CTL:
		return set_ctl(m, value, host);
	}
	if (is_ctl2(m, index))
		return value || !host;
	reg = find_register(m, index);
	if (!reg || !bank_value_valid(index, value, host))
		return 1;
	*reg = value;
	return 0;
}

/**
 * vhm_get_mce_cap_supported() - KVM_X86_GET_MCE_CAP_SUPPORTED
 * @user: u64 to be filled with the bits that KVM_X86_SETUP_MCE accepts
 *
 * Return: 0 or -EFAULT.
 */
long vhm_get_mce_cap_supported(u64 __user *user)
{
	return put_user((u64)CAP_SUPPORTED, user);
}

/**
 * vhm_setup_mce() - KVM_X86_SETUP_MCE: what IA32_MCG_CAP says
 * @v: the vCPU
 * @user: u64, the new value
 *
 * All reporting is then enabled; errors in the banks stay.
 *
 * Return: 0; -EFAULT; -EINVAL: no bank, too many, or bits that are not supported.
 */
long vhm_setup_mce(struct vhm_vcpu *v, const u64 __user *user)
{
	struct vhm_mce *m = v->mce;
	unsigned int i, count;
	u64 cap;

	if (get_user(cap, user))
		return -EFAULT;
	count = cap & MCG_BANKCNT_MASK;
	if (!count || count > VHM_MCE_BANKS || cap & ~(CAP_SUPPORTED | CAP_NUMBERS))
		return -EINVAL;
	m->cap = cap;
	if (cap & MCG_CTL_P)
		m->ctl = ~0ULL;
	for (i = 0; i < count; i++)
		m->bank[i][BANK_CTL] = ~0ULL;
	return 0;
}

/* SDM, "UCR Error Classification": uncorrected, but nothing is to be done about it. */
static bool is_ucna(const struct kvm_x86_mce *e)
{
	u64 mask = MCI_STATUS_UC | MCI_STATUS_PCC | MCI_STATUS_S | MCI_STATUS_AR;

	return !e->mcg_status && (e->status & mask) == MCI_STATUS_UC;
}

static void record(u64 *bank, const struct kvm_x86_mce *e, u64 overflow)
{
	bank[BANK_STATUS] = e->status | overflow;
	bank[BANK_ADDR] = e->addr;
	bank[BANK_MISC] = e->misc;
}

static u64 overflow(const u64 *bank)
{
	return bank[BANK_STATUS] & MCI_STATUS_VAL ? MCI_STATUS_OVER : 0;
}

/* A corrected error never takes the place of one that was not. */
static void report_corrected(u64 *bank, const struct kvm_x86_mce *e)
{
	u64 worse = MCI_STATUS_VAL | MCI_STATUS_UC;

	if ((bank[BANK_STATUS] & worse) == worse)
		bank[BANK_STATUS] |= MCI_STATUS_OVER;
	else
		record(bank, e, overflow(bank));
}

static bool reporting_enabled(const struct vhm_mce *m, const u64 *bank)
{
	return (!(m->cap & MCG_CTL_P) || m->ctl == ~0ULL) && bank[BANK_CTL] == ~0ULL;
}

static void report_uncorrected(struct vhm_vcpu *v, u64 *bank, const struct kvm_x86_mce *e)
{
	const struct vhm_exception *waiting = &v->events.exception;

	if (!reporting_enabled(v->mce, bank))
		return;
	/* SDM, "IA32_MCG_STATUS MSR" and "Control Registers": who cannot take it shuts down. */
	if (v->mce->status & MCG_STATUS_MCIP || !(v->vmx.cr4_shadow & X86_CR4_MCE)) {
		vhm_queue_shutdown(v);
		return;
	}
	v->mce->status = e->mcg_status;
	record(bank, e, overflow(bank));
	/* As KVM: on top of a double fault it is one too many. */
	if (waiting->valid && waiting->vector == X86_TRAP_DF)
		vhm_queue_shutdown(v);
	else
		vhm_queue_exception(v, X86_TRAP_MC);
}

/**
 * vhm_set_mce() - KVM_X86_SET_MCE: an error happens
 * @v: the vCPU
 * @user: struct kvm_x86_mce, the bank and what it is to say
 *
 * Return: 0, also where the guest does not want to be told; -EFAULT; -EINVAL: no
 * such bank, or a status that does not say that it is valid.
 */
long vhm_set_mce(struct vhm_vcpu *v, const struct kvm_x86_mce __user *user)
{
	unsigned int count = bank_count(v->mce);
	struct kvm_x86_mce e;
	u64 *bank;

	if (copy_from_user(&e, user, sizeof(e)))
		return -EFAULT;
	if (e.bank >= count || !(e.status & MCI_STATUS_VAL))
		return -EINVAL;
	bank = v->mce->bank[array_index_nospec(e.bank, count)];
	if (is_ucna(&e)) {
		v->mce->status = 0;
		record(bank, &e, 0);
	} else if (e.status & MCI_STATUS_UC) {
		report_uncorrected(v, bank, &e);
	} else {
		report_corrected(bank, &e);
	}
	return 0;
}
