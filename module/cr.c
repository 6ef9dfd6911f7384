// SPDX-License-Identifier: GPL-2.0
/*
 * Control registers: what a guest may write, and what follows from it.
 *
 * The setters return 0, 1 for what is a #GP in the guest, or -EIO for guest
 * memory that is not there.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "vhm.h"

#define CR0_KNOWN	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | \
			 X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | \
			 X86_CR0_PG)

/* A change of one of these loads the PDPTEs anew (SDM, "PDPTE Registers"). */
#define CR0_PDPTE	(X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)
#define CR4_PDPTE	(X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_SMEP)

#define PDPTE_PRESENT	BIT_ULL(0)
#define PDPTE_RESERVED	(GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5))

/**
 * vhm_cr0_valid() - whether CR0 may have this value (SDM, "Control Registers")
 * @value: as the guest is to see it
 *
 * Return: true if it may.
 */
bool vhm_cr0_valid(u64 value)
{
	if (value >> 32)
		return false;
	if (value & X86_CR0_NW && !(value & X86_CR0_CD))
		return false;
	return !(value & X86_CR0_PG) || value & X86_CR0_PE;
}

/**
 * vhm_cr4_valid() - whether CR4 may have this value in a guest with this CPUID
 * @v: the vCPU
 * @value: as the guest is to see it
 *
 * Return: true if it may.
 */
bool vhm_cr4_valid(struct vhm_vcpu *v, u64 value)
{
	return !(value & ~vhm_cpuid_cr4(v));
}

/**
 * vhm_efer_valid() - whether EFER may have this value in a guest with this CPUID
 * @v: the vCPU
 * @value: as the guest is to see it
 *
 * Return: true if it may.
 */
bool vhm_efer_valid(struct vhm_vcpu *v, u64 value)
{
	u64 allowed = 0;

	if (vhm_cpuid_has(v, 0x80000001, 0, VHM_EDX, BIT(11)))
		allowed |= EFER_SCE;
	if (vhm_cpuid_has(v, 0x80000001, 0, VHM_EDX, BIT(29)))
		allowed |= EFER_LME | EFER_LMA;
	if (vhm_cpuid_has(v, 0x80000001, 0, VHM_EDX, BIT(20)))
		allowed |= EFER_NX;
	return !(value & ~allowed);
}

static bool pae_paging(u64 cr0, u64 cr4, u64 efer)
{
	return cr0 & X86_CR0_PG && cr4 & X86_CR4_PAE && !(efer & EFER_LMA);
}

/**
 * vhm_load_pdptes() - fetch what PAE paging keeps in the CPU
 * @v: vCPU; may sleep
 * @cr3: where the four entries are
 *
 * Return: 0; 1: a reserved bit is set; -EIO.
 */
int vhm_load_pdptes(struct vhm_vcpu *v, u64 cr3)
{
	u64 reserved = PDPTE_RESERVED | ~GENMASK_ULL(vhm_cpuid_maxphyaddr(v) - 1, 0);
	u64 pdpte[4];
	int i, err;

	err = vhm_read_guest(v->vm, (u32)cr3 & ~31ULL, pdpte, sizeof(pdpte));
	if (err)
		return err == -ENXIO ? 1 : err;
	for (i = 0; i < 4; i++)
		if (pdpte[i] & PDPTE_PRESENT && pdpte[i] & reserved)
			return 1;
	vmx_load(&v->vmx);
	vmx_set_pdptes(&v->vmx, pdpte);
	vmx_put();
	return 0;
}

static u64 guest_cr0(struct vhm_vcpu *v)
{
	u64 value;

	vmx_load(&v->vmx);
	value = vmx_get_cr0(&v->vmx);
	vmx_put();
	return value;
}

static u64 guest_cr4(struct vhm_vcpu *v)
{
	u64 value;

	vmx_load(&v->vmx);
	value = vmx_get_cr4(&v->vmx);
	vmx_put();
	return value;
}

static u64 guest_cr3(struct vhm_vcpu *v)
{
	u64 value;

	vmx_load(&v->vmx);
	value = vmx_cr3();
	vmx_put();
	return value;
}

static u32 cs_rights(struct vhm_vcpu *v)
{
	u32 value;

	vmx_load(&v->vmx);
	value = vmcs_read32(GUEST_CS_AR_BYTES);
	vmx_put();
	return value;
}

/* What turning paging on or off does to long mode; SDM, "Initializing IA-32e Mode". */
static int switch_long_mode(struct vhm_vcpu *v, u64 cr0, u64 *efer)
{
	*efer = v->vmx.efer;
	if (!(*efer & EFER_LME))
		return 0;
	if (cs_rights(v) & VMX_AR_LONG)
		return 1;
	if (!(cr0 & X86_CR0_PG)) {
		*efer &= ~EFER_LMA;
		return 0;
	}
	if (!(guest_cr4(v) & X86_CR4_PAE))
		return 1;
	*efer |= EFER_LMA;
	return 0;
}

/* In IA-32e mode VM entry wants a busy 64-bit TSS, which a 16-bit one can become here. */
static void mend_tr(void)
{
	u32 rights = vmcs_read32(GUEST_TR_AR_BYTES);

	vmcs_write32(GUEST_TR_AR_BYTES, (rights & ~15U) | 11);
}

/**
 * vhm_set_cr0() - MOV to CR0, as the guest's instruction would
 * @v: the vCPU; may sleep
 * @value: the operand
 *
 * Return: 0; 1 for #GP; -EIO: the PDPTEs' memory is not there.
 */
int vhm_set_cr0(struct vhm_vcpu *v, u64 value)
{
	u64 old = guest_cr0(v), changed, cr4 = guest_cr4(v), efer = v->vmx.efer;
	int err;

	if (!vhm_cr0_valid(value))
		return 1;
	value = (value & CR0_KNOWN) | X86_CR0_ET;
	changed = old ^ value;
	if (changed & X86_CR0_PG) {
		if (!(value & X86_CR0_PG) && cr4 & X86_CR4_PCIDE)
			return 1;
		err = switch_long_mode(v, value, &efer);
		if (err)
			return err;
	}
	if (changed & CR0_PDPTE && pae_paging(value, cr4, efer)) {
		err = vhm_load_pdptes(v, guest_cr3(v));
		if (err)
			return err;
	}
	vmx_load(&v->vmx);
	if (efer != v->vmx.efer) {
		vmx_set_efer(v, efer);
		if (efer & EFER_LMA)
			mend_tr();
	}
	vmx_set_cr0(v, value);
	vmx_put();
	return 0;
}

/**
 * vhm_set_cr3() - MOV to CR3; bit 63 only says what need not be flushed
 * @v: the vCPU; may sleep
 * @value: the operand
 *
 * Return: 0; 1 for #GP; -EIO: the PDPTEs' memory is not there.
 */
int vhm_set_cr3(struct vhm_vcpu *v, u64 value)
{
	u64 cr4 = guest_cr4(v), cr0 = guest_cr0(v);
	int err;

	if (cr4 & X86_CR4_PCIDE)
		value &= ~BIT_ULL(63);
	if (vmx_long_mode(&v->vmx)) {
		if (value >> vhm_cpuid_maxphyaddr(v))
			return 1;
	} else if (pae_paging(cr0, cr4, v->vmx.efer)) {
		err = vhm_load_pdptes(v, value);
		if (err)
			return err;
	}
	vmx_load(&v->vmx);
	vmcs_writel(GUEST_CR3, value);
	v->vmx.flush_owed = true;
	vmx_put();
	return 0;
}

/**
 * vhm_set_cr4() - MOV to CR4, as the guest's instruction would
 * @v: the vCPU; may sleep
 * @value: the operand
 *
 * Return: 0; 1 for #GP; -EIO: the PDPTEs' memory is not there.
 */
int vhm_set_cr4(struct vhm_vcpu *v, u64 value)
{
	u64 old = guest_cr4(v), changed = old ^ value, cr3 = guest_cr3(v);
	bool long_mode = vmx_long_mode(&v->vmx);
	int err;

	if (!vhm_cr4_valid(v, value))
		return 1;
	if (long_mode && !(value & X86_CR4_PAE))
		return 1;
	/* SDM, "Process-Context Identifiers": how they may be turned on. */
	if (changed & value & X86_CR4_PCIDE && (!long_mode || cr3 & 0xfff))
		return 1;
	if (changed & CR4_PDPTE && pae_paging(guest_cr0(v), value, v->vmx.efer)) {
		err = vhm_load_pdptes(v, cr3);
		if (err)
			return err;
	}
	vmx_load(&v->vmx);
	vmx_set_cr4(v, value);
	vmx_put();
	return 0;
}

/**
 * vhm_set_efer() - write EFER
 * @v: vCPU whose VMCS is current
 * @value: the new value; LMA is not the writer's to choose
 * @host: from user space, which may turn LME while paging is on
 *
 * Return: 0; 1: reserved bits, or LME changed under paging.
 */
int vhm_set_efer(struct vhm_vcpu *v, u64 value, bool host)
{
	u64 old = v->vmx.efer;

	if (host ? value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX) : !vhm_efer_valid(v, value))
		return 1;
	if (!host && (old ^ value) & EFER_LME && vmx_get_cr0(&v->vmx) & X86_CR0_PG)
		return 1;
	vmx_set_efer(v, (value & ~EFER_LMA) | (old & EFER_LMA));
	return 0;
}

/**
 * vhm_get_gpr() - a general register, as instructions number them
 * @v: vCPU whose VMCS is current
 * @index: 0 to 15; RSP lives in the VMCS
 *
 * Return: its value.
 */
u64 vhm_get_gpr(struct vhm_vcpu *v, unsigned int index)
{
	if (index == VHM_RSP)
		return vmcs_readl(GUEST_RSP);
	return v->vmx.frame.regs[index];
}

/**
 * vhm_set_gpr() - write a general register
 * @v: vCPU whose VMCS is current
 * @index: 0 to 15
 * @value: all 64 bits of it
 */
void vhm_set_gpr(struct vhm_vcpu *v, unsigned int index, u64 value)
{
	if (index == VHM_RSP)
		vmcs_writel(GUEST_RSP, value);
	else
		v->vmx.frame.regs[index] = value;
}

static enum vhm_next conclude(struct vhm_vcpu *v, int err)
{
	enum vhm_next next = VHM_RESUME;

	vmx_load(&v->vmx);
	if (err < 0)
		next = VHM_FAULT;
	else if (err)
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
	else
		vmx_skip_instruction(v);
	vmx_put();
	return next;
}

/* Without a local APIC of ours, user space wants to know when the priority falls. */
static enum vhm_next set_cr8(struct vhm_vcpu *v, u64 value)
{
	u64 old = v->cr8;
	enum vhm_next next;

	if (value > 15)
		return conclude(v, 1);
	vhm_set_cr8(v, value);
	next = conclude(v, 0);
	if (value >= old || v->lapic)
		return next;
	v->run->exit_reason = KVM_EXIT_SET_TPR;
	return VHM_USER;
}

static enum vhm_next move_to_cr(struct vhm_vcpu *v, unsigned int cr, u64 value)
{
	switch (cr) {
	case 0:
		return conclude(v, vhm_set_cr0(v, value));
	case 3:
		return conclude(v, vhm_set_cr3(v, value));
	case 4:
		return conclude(v, vhm_set_cr4(v, value));
	default:
		return set_cr8(v, value);
	}
}

/* LMSW: the low four bits, of which PE can only be set. */
static enum vhm_next load_msw(struct vhm_vcpu *v, u16 source)
{
	u64 cr0 = guest_cr0(v);
	u64 value = (cr0 & ~0xeULL) | (source & 0xf);

	return conclude(v, vhm_set_cr0(v, value));
}

/* SDM, "Exit Qualification for Control-Register Accesses". */
#define CR_NUMBER(q)	((q) & 15)
#define CR_TYPE(q)	((q) >> 4 & 3)
#define CR_GPR(q)	((q) >> 8 & 15)
#define CR_LMSW(q)	((q) >> 16 & 0xffff)

enum { CR_MOV_TO, CR_MOV_FROM, CR_CLTS, CR_LMSW_TYPE };

/**
 * vhm_cr_exit() - an access to a control register; may sleep
 * @v: the vCPU
 *
 * Return: VHM_RESUME; VHM_USER: user space hears of CR8; VHM_FAULT.
 */
enum vhm_next vhm_cr_exit(struct vhm_vcpu *v)
{
	u64 qualification, value = 0;
	unsigned int cr;

	vmx_load(&v->vmx);
	qualification = vmcs_readl(EXIT_QUALIFICATION);
	cr = CR_NUMBER(qualification);
	if (CR_TYPE(qualification) == CR_MOV_TO) {
		value = vhm_get_gpr(v, CR_GPR(qualification));
		/* Outside 64-bit mode the operand has 32 bits. */
		if (vmx_code_bits(&v->vmx) != 64)
			value = (u32)value;
	} else if (CR_TYPE(qualification) == CR_MOV_FROM) {
		vhm_set_gpr(v, CR_GPR(qualification), cr == 3 ? vmx_cr3() : vhm_get_cr8(v));
	}
	vmx_put();

	switch (CR_TYPE(qualification)) {
	case CR_MOV_TO:
		return move_to_cr(v, cr, value);
	case CR_CLTS:
		return conclude(v, vhm_set_cr0(v, guest_cr0(v) & ~X86_CR0_TS));
	case CR_LMSW_TYPE:
		return load_msw(v, CR_LMSW(qualification));
	default:
		return conclude(v, 0);
	}
}
