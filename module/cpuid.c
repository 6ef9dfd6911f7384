// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID: what a guest may see, as a table, and what it does see.
 *
 * An allow-list: a feature is shown when the host's CPU has it, the host's kernel
 * uses it, and vhm switches whatever state it has. What could not be tested is
 * not in the table.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/kvm_para.h>
#include <asm/processor-flags.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "vhm.h"

#define MAX_BASIC	0xd
#define MAX_EXTENDED	0x80000008

/* Of a guest without leaf 80000008. */
#define DEFAULT_MAXPHYADDR	36

struct vhm_cpuid {
	unsigned int count;
	unsigned int maxphyaddr;
	u64 xcr0;
	u64 cr4;
	bool gbpages;
	struct kvm_cpuid_entry2 entry[];
};

/* Bits that every CPU with VMX has. */
#define CR4_ALWAYS	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | \
			 X86_CR4_PAE | X86_CR4_MCE | X86_CR4_PGE | X86_CR4_PCE | \
			 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

#define B(n)	(1U << (n))

/* Feature words: the bits that may be shown. */
static const struct feature_word {
	u32 leaf;
	unsigned int reg;
	u32 allowed;
} feature_words[] = {
	/*
	 * SSE3 PCLMULQDQ SSSE3 FMA CX16 PCID SSE4.1 SSE4.2 x2APIC MOVBE POPCNT AES XSAVE AVX
	 * F16C RDRAND
	 */
	{ 1, VHM_ECX, B(0) | B(1) | B(9) | B(12) | B(13) | B(17) | B(19) | B(20) | B(21) | B(22) |
		      B(23) | B(25) | B(26) | B(28) | B(29) | B(30) },
	/*
	 * FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX
	 * FXSR SSE SSE2 SS; as on KVM, without an APIC of ours it is user space's to emulate
	 */
	{ 1, VHM_EDX, B(0) | B(1) | B(2) | B(3) | B(4) | B(5) | B(6) | B(7) | B(8) | B(9) |
		      B(11) | B(12) | B(13) | B(14) | B(15) | B(16) | B(17) | B(19) | B(23) |
		      B(24) | B(25) | B(26) | B(27) },
	/*
	 * FSGSBASE TSC_ADJUST BMI1 AVX2 FDP SMEP BMI2 ERMS INVPCID FCS RDSEED ADX SMAP
	 * CLFLUSHOPT SHA
	 */
	{ 7, VHM_EBX, B(0) | B(1) | B(3) | B(5) | B(6) | B(7) | B(8) | B(9) | B(10) | B(13) |
		      B(18) | B(19) | B(20) | B(23) | B(29) },
	/* UMIP RDPID */
	{ 7, VHM_ECX, B(2) | B(22) },
	/* FSRM MD_CLEAR */
	{ 7, VHM_EDX, B(4) | B(10) },
	/* LAHF LZCNT PREFETCHW */
	{ 0x80000001, VHM_ECX, B(0) | B(5) | B(8) },
	/* SYSCALL NX 1GB RDTSCP LM */
	{ 0x80000001, VHM_EDX, B(11) | B(20) | B(26) | B(27) | B(29) },
	/* invariant TSC */
	{ 0x80000007, VHM_EDX, B(8) },
};

static u32 *entry_reg(struct kvm_cpuid_entry2 *e, unsigned int reg)
{
	u32 *const regs[] = { &e->eax, &e->ebx, &e->ecx, &e->edx };

	return regs[reg];
}

/* Leaves that show what the CPU is made of, not what it can do: passed on as they are. */
static bool is_descriptive(u32 leaf)
{
	switch (leaf) {
	case 2:
	case 4:
	case 0x80000002 ... 0x80000006:
		return true;
	default:
		return false;
	}
}

/* Features that the host's kernel turned off, or that a missing control takes away. */
static void apply_host(struct kvm_cpuid_entry2 *e)
{
	switch (e->function) {
	case 1:
		/* Ours, whatever the CPU has. Without a local APIC of ours user space hides it. */
		e->ecx |= B(21);
		if (!vmx_caps.xcr0)
			e->ecx &= ~(B(26) | B(28) | B(12) | B(29));
		if (!(vmx_caps.xcr0 & XFEATURE_MASK_YMM))
			e->ecx &= ~(B(28) | B(12) | B(29));
		if (!boot_cpu_has(X86_FEATURE_PCID))
			e->ecx &= ~B(17);
		break;
	case 7:
		if (!(vmx_caps.xcr0 & XFEATURE_MASK_YMM))
			e->ebx &= ~B(5);
		if (!vmx_caps.invpcid)
			e->ebx &= ~B(10);
		if (!vmx_caps.rdtscp)
			e->ecx &= ~B(22);
		if (!boot_cpu_has(X86_FEATURE_FSGSBASE))
			e->ebx &= ~B(0);
		/* Ours, whatever the CPU has. Without a local APIC of ours user space hides it. */
		e->ebx |= B(1);
		e->eax = 0;
		break;
	case 0x80000001:
		if (!vmx_caps.rdtscp)
			e->edx &= ~B(27);
		if (!boot_cpu_has(X86_FEATURE_NX))
			e->edx &= ~B(20);
		/* Off where no 64-bit code asks, but a guest has 64-bit code. */
		e->edx |= B(11);
		e->ebx = 0;
		break;
	case 0x80000007:
		if (!boot_cpu_has(X86_FEATURE_CONSTANT_TSC) ||
		    !boot_cpu_has(X86_FEATURE_NONSTOP_TSC))
			e->edx = 0;
		break;
	}
}

static void mask_features(struct kvm_cpuid_entry2 *e)
{
	u32 allowed[4] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(feature_words); i++)
		if (feature_words[i].leaf == e->function)
			allowed[feature_words[i].reg] = feature_words[i].allowed;
	switch (e->function) {
	case 1:
		/* Signature; CLFLUSH line size, one logical CPU, initial APIC id 0. */
		allowed[VHM_EAX] = ~0U;
		e->ebx = (e->ebx & 0xff00) | B(16);
		allowed[VHM_EBX] = ~0U;
		break;
	case 7:
	case 0x80000001:
		allowed[VHM_EAX] = ~0U;
		break;
	}
	for (i = 0; i < 4; i++)
		*entry_reg(e, i) &= allowed[i];
	if (e->function == 1)
		e->ecx |= B(31);	/* a hypervisor is present */
	apply_host(e);
}

/* XSAVE: components that vhm switches, in the standard format alone. */
static void mask_xsave(struct kvm_cpuid_entry2 *e)
{
	switch (e->index) {
	case 0:
		e->eax &= vmx_caps.xcr0;
		e->edx = 0;
		e->ecx = vmx_fpu_size();
		e->ebx = e->ecx;
		break;
	case 1:
		/* XSAVEOPT */
		e->eax &= B(0);
		e->ebx = 0;
		e->ecx = 0;
		e->edx = 0;
		break;
	default:
		e->ecx = 0;
		e->edx = 0;
	}
}

static void set_entry(struct kvm_cpuid_entry2 *e, u32 leaf, u32 subleaf, u32 flags)
{
	memset(e, 0, sizeof(*e));
	e->function = leaf;
	e->index = subleaf;
	e->flags = flags;
	cpuid_count(leaf, subleaf, &e->eax, &e->ebx, &e->ecx, &e->edx);
}

struct cpuid_list {
	struct kvm_cpuid_entry2 *entry;
	unsigned int count, room;
};

static struct kvm_cpuid_entry2 *append(struct cpuid_list *list, u32 leaf, u32 subleaf, u32 flags)
{
	struct kvm_cpuid_entry2 *e;

	if (list->count == list->room)
		return NULL;
	e = &list->entry[list->count++];
	set_entry(e, leaf, subleaf, flags);
	return e;
}

static void append_caches(struct cpuid_list *list)
{
	struct kvm_cpuid_entry2 *e;
	u32 subleaf = 0;

	do {
		e = append(list, 4, subleaf++, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		/* One logical CPU shares each cache, one core is in the package. */
		if (e)
			e->eax &= 0x3fff;
	} while (e && e->eax & 0x1f);
}

static void append_xsave(struct cpuid_list *list)
{
	struct kvm_cpuid_entry2 *e;
	u32 subleaf;

	for (subleaf = 0; subleaf < 8; subleaf++) {
		if (subleaf > 1 && !(vmx_caps.xcr0 & BIT_ULL(subleaf)))
			continue;
		e = append(list, 0xd, subleaf, KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
		if (e)
			mask_xsave(e);
	}
}

static void append_basic(struct cpuid_list *list)
{
	u32 max = min_t(u32, cpuid_eax(0), MAX_BASIC), leaf;
	struct kvm_cpuid_entry2 *e;

	if (!vmx_caps.xcr0)
		max = min_t(u32, max, 7);
	for (leaf = 0; leaf <= max; leaf++) {
		if (leaf == 4) {
			append_caches(list);
			continue;
		}
		if (leaf == 0xd) {
			append_xsave(list);
			continue;
		}
		e = append(list, leaf, 0, leaf == 7 ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0);
		if (!e)
			return;
		if (leaf == 0)
			e->eax = max;
		else if (!is_descriptive(leaf))
			mask_features(e);
	}
}

/* KVM's signature, since this is KVM's interface, and its paravirtual features. */
static void append_hypervisor(struct cpuid_list *list)
{
	struct kvm_cpuid_entry2 *e;

	e = append(list, KVM_CPUID_SIGNATURE, 0, 0);
	if (e) {
		e->eax = KVM_CPUID_FEATURES;
		memcpy(&e->ebx, "KVMK", 4);
		memcpy(&e->ecx, "VMKV", 4);
		memcpy(&e->edx, "M\0\0\0", 4);
	}
	e = append(list, KVM_CPUID_FEATURES, 0, 0);
	if (e) {
		e->eax = vhm_pv_features();
		e->ebx = 0;
		e->ecx = 0;
		e->edx = 0;
	}
}

static void append_extended(struct cpuid_list *list)
{
	u32 max = min_t(u32, cpuid_eax(0x80000000), MAX_EXTENDED), leaf;
	struct kvm_cpuid_entry2 *e;

	for (leaf = 0x80000000; leaf <= max; leaf++) {
		e = append(list, leaf, 0, 0);
		if (!e)
			return;
		if (leaf == 0x80000000) {
			e->eax = max;
			e->ebx = 0;
			e->ecx = 0;
			e->edx = 0;
		} else if (leaf == 0x80000008) {
			/* Four EPT levels translate 48 bits; LA57 is not shown. */
			e->eax = min_t(u32, e->eax & 0xff, 48) | 48 << 8;
			e->ebx = 0;
			e->ecx = 0;
			e->edx = 0;
		} else if (!is_descriptive(leaf)) {
			mask_features(e);
		}
	}
}

/**
 * vhm_get_supported_cpuid() - KVM_GET_SUPPORTED_CPUID
 * @user: struct kvm_cpuid2 with room for nent entries
 *
 * Return: 0; -EFAULT; -E2BIG: more room is needed; -ENOMEM.
 */
long vhm_get_supported_cpuid(struct kvm_cpuid2 __user *user)
{
	struct cpuid_list list = {};
	struct kvm_cpuid2 head;
	long err = 0;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	list.entry = kvcalloc(VHM_MAX_CPUID_ENTRIES, sizeof(*list.entry), GFP_KERNEL_ACCOUNT);
	if (!list.entry)
		return -ENOMEM;
	list.room = VHM_MAX_CPUID_ENTRIES;
	append_basic(&list);
	append_hypervisor(&list);
	append_extended(&list);
	if (head.nent < list.count)
		err = -E2BIG;
	else if (copy_to_user(user->entries, list.entry, list.count * sizeof(*list.entry)) ||
		 put_user(list.count, &user->nent))
		err = -EFAULT;
	kvfree(list.entry);
	return err;
}

/* As KVM: what user space passes has to be clean. */
static bool paddings_clean(const struct kvm_cpuid_entry2 __user *user, u32 count)
{
	u32 padding[3], i;

	for (i = 0; i < count; i++)
		if (copy_from_user(padding, user[i].padding, sizeof(padding)) ||
		    padding[0] | padding[1] | padding[2])
			return false;
	return true;
}

/**
 * vhm_get_emulated_cpuid() - KVM_GET_EMULATED_CPUID
 * @user: struct kvm_cpuid2 with room for nent entries
 *
 * KVM's three leaves. vhm makes no instruction of what the CPU has not, so none of
 * them shows a feature.
 *
 * Return: 0; -EFAULT; -E2BIG: more room is needed; -EINVAL: padding that is not 0.
 */
long vhm_get_emulated_cpuid(struct kvm_cpuid2 __user *user)
{
	static const struct kvm_cpuid_entry2 emulated[] = {
		{ .function = 0, .eax = 7 },
		{ .function = 1 },
		{ .function = 7, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX },
	};
	struct kvm_cpuid2 head;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (!head.nent)
		return -E2BIG;
	if (!paddings_clean(user->entries, min_t(u32, head.nent, VHM_MAX_CPUID_ENTRIES)))
		return -EINVAL;
	if (head.nent < ARRAY_SIZE(emulated))
		return -E2BIG;
	if (copy_to_user(user->entries, emulated, sizeof(emulated)) ||
	    put_user(ARRAY_SIZE(emulated), &user->nent))
		return -EFAULT;
	return 0;
}

static const struct kvm_cpuid_entry2 *find_entry(const struct vhm_cpuid *c, u32 leaf, u32 subleaf)
{
	const struct kvm_cpuid_entry2 *e, *end = c->entry + c->count;

	for (e = c->entry; e < end; e++)
		if (e->function == leaf &&
		    (!(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || e->index == subleaf))
			return e;
	return NULL;
}

static bool has(const struct vhm_cpuid *c, u32 leaf, u32 subleaf, unsigned int reg, u32 bit)
{
	const struct kvm_cpuid_entry2 *e = find_entry(c, leaf, subleaf);

	return e && *entry_reg((struct kvm_cpuid_entry2 *)e, reg) & bit;
}

/**
 * vhm_cpuid_has() - whether the guest was told that it has a feature
 * @v: the vCPU
 * @leaf: CPUID leaf
 * @subleaf: and what ECX has
 * @reg: VHM_EAX to VHM_EDX
 * @bit: mask
 *
 * Return: whether the bit is set in the guest's table.
 */
bool vhm_cpuid_has(struct vhm_vcpu *v, u32 leaf, u32 subleaf, unsigned int reg, u32 bit)
{
	return has(v->cpuid, leaf, subleaf, reg, bit);
}

/**
 * vhm_cpuid_maxphyaddr() - width of the guest's physical addresses, 32 to 52 bits
 * @v: the vCPU
 *
 * Return: the width in bits.
 */
unsigned int vhm_cpuid_maxphyaddr(struct vhm_vcpu *v)
{
	return v->cpuid->maxphyaddr;
}

/**
 * vhm_cpuid_xcr0() - state components that the guest was told of
 * @v: the vCPU
 *
 * Return: a mask in XCR0's bits.
 */
u64 vhm_cpuid_xcr0(struct vhm_vcpu *v)
{
	return v->cpuid->xcr0;
}

/**
 * vhm_cpuid_gbpages() - whether the guest was told of 1 GiB pages
 * @v: the vCPU
 *
 * Return: true if it was.
 */
bool vhm_cpuid_gbpages(struct vhm_vcpu *v)
{
	return v->cpuid->gbpages;
}

/**
 * vhm_cpuid_cr4() - bits of CR4 that the guest may set
 * @v: the vCPU
 *
 * Return: a mask in CR4's bits.
 */
u64 vhm_cpuid_cr4(struct vhm_vcpu *v)
{
	return v->cpuid->cr4;
}

/* CR4's bits that come with a feature. */
static u64 cr4_allowed(const struct vhm_cpuid *c)
{
	static const struct {
		u64 cr4;
		u32 leaf;
		unsigned int reg;
		u32 bit;
	} features[] = {
		{ X86_CR4_PCIDE, 1, VHM_ECX, BIT(17) },
		{ X86_CR4_OSXSAVE, 1, VHM_ECX, BIT(26) },
		{ X86_CR4_FSGSBASE, 7, VHM_EBX, BIT(0) },
		{ X86_CR4_SMEP, 7, VHM_EBX, BIT(7) },
		{ X86_CR4_SMAP, 7, VHM_EBX, BIT(20) },
		{ X86_CR4_UMIP, 7, VHM_ECX, BIT(2) },
	};
	u64 allowed = CR4_ALWAYS;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (has(c, features[i].leaf, 0, features[i].reg, features[i].bit))
			allowed |= features[i].cr4;
	return allowed & vmx_caps.cr4_fixed1;
}

static u64 host_cr4(void)
{
	return vmx_caps.cr4_fixed1 & (CR4_ALWAYS | X86_CR4_PCIDE | X86_CR4_FSGSBASE |
				      X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_UMIP |
				      (vmx_caps.xcr0 ? X86_CR4_OSXSAVE : 0));
}

/* What is asked more often than the table is set. */
static void derive(struct vhm_cpuid *c)
{
	const struct kvm_cpuid_entry2 *e = find_entry(c, 0x80000008, 0);

	c->maxphyaddr = e && e->eax & 0xff ? clamp_t(u32, e->eax & 0xff, 32, 52) :
			DEFAULT_MAXPHYADDR;
	e = find_entry(c, 0xd, 0);
	c->xcr0 = e ? e->eax | (u64)e->edx << 32 : 0;
	c->gbpages = has(c, 0x80000001, 0, VHM_EDX, B(26));
	/* As KVM: a vCPU that was never told is allowed what the host can do. */
	c->cr4 = c->count ? cr4_allowed(c) : host_cr4();
}

/**
 * vhm_cpuid_alloc() - the empty table of a new vCPU
 *
 * Return: the table, or NULL.
 */
struct vhm_cpuid *vhm_cpuid_alloc(void)
{
	struct vhm_cpuid *c = kvzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (c)
		derive(c);
	return c;
}

/* As KVM: an address width that no CPU has. */
static bool widths_valid(const struct vhm_cpuid *c)
{
	const struct kvm_cpuid_entry2 *e = find_entry(c, 0x80000008, 0);
	unsigned int linear = e ? e->eax >> 8 & 0xff : 0;

	return !linear || linear == 48 || linear == 57;
}

static struct vhm_cpuid *copy_cpuid(struct kvm_cpuid2 __user *user)
{
	struct kvm_cpuid2 head;
	struct vhm_cpuid *c;
	unsigned int i;

	if (copy_from_user(&head, user, sizeof(head)))
		return ERR_PTR(-EFAULT);
	if (head.nent > VHM_MAX_CPUID_ENTRIES)
		return ERR_PTR(-E2BIG);
	c = kvzalloc(struct_size(c, entry, head.nent), GFP_KERNEL_ACCOUNT);
	if (!c)
		return ERR_PTR(-ENOMEM);
	c->count = head.nent;
	if (copy_from_user(c->entry, user->entries, head.nent * sizeof(c->entry[0]))) {
		kvfree(c);
		return ERR_PTR(-EFAULT);
	}
	for (i = 0; i < c->count; i++)
		memset(c->entry[i].padding, 0, sizeof(c->entry[i].padding));
	derive(c);
	return c;
}

/* With the quirk disabled the bit follows IA32_MISC_ENABLE, whatever user space has said. */
static void show_mwait(struct vhm_vcpu *v, struct vhm_cpuid *c)
{
	struct kvm_cpuid_entry2 *e = (struct kvm_cpuid_entry2 *)find_entry(c, 1, 0);

	if (!e || !vhm_quirk_disabled(v->vm, KVM_X86_QUIRK_MISC_ENABLE_NO_MWAIT))
		return;
	e->ecx &= ~B(3);
	if (vhm_misc_enable(v) & MSR_IA32_MISC_ENABLE_MWAIT)
		e->ecx |= B(3);
}

/**
 * vhm_cpuid_show_mwait() - IA32_MISC_ENABLE has changed
 * @v: the vCPU
 */
void vhm_cpuid_show_mwait(struct vhm_vcpu *v)
{
	show_mwait(v, v->cpuid);
}

static bool same(const struct vhm_cpuid *a, const struct vhm_cpuid *b)
{
	return a->count == b->count && !memcmp(a->entry, b->entry, a->count * sizeof(a->entry[0]));
}

/**
 * vhm_set_cpuid2() - KVM_SET_CPUID2
 * @v: the vCPU
 * @user: the table
 *
 * Return: 0; -EFAULT; -E2BIG: too many entries; -EINVAL: an impossible address
 * width, or another table once the vCPU has run; -ENOMEM.
 */
long vhm_set_cpuid2(struct vhm_vcpu *v, struct kvm_cpuid2 __user *user)
{
	struct vhm_cpuid *c = copy_cpuid(user);

	if (IS_ERR(c))
		return PTR_ERR(c);
	show_mwait(v, c);
	if (!widths_valid(c) || (v->stats.entries && !same(v->cpuid, c))) {
		kvfree(c);
		return -EINVAL;
	}
	kvfree(v->cpuid);
	v->cpuid = c;
	vhm_lapic_cpuid_changed(v);
	return 0;
}

/**
 * vhm_get_cpuid2() - KVM_GET_CPUID2: what was set
 * @v: the vCPU
 * @user: struct kvm_cpuid2 with room for nent entries
 *
 * Return: 0; -EFAULT; -E2BIG: more room is needed.
 */
long vhm_get_cpuid2(struct vhm_vcpu *v, struct kvm_cpuid2 __user *user)
{
	const struct vhm_cpuid *c = v->cpuid;
	struct kvm_cpuid2 head;

	if (copy_from_user(&head, user, sizeof(head)))
		return -EFAULT;
	if (head.nent < c->count)
		return -E2BIG;
	if (copy_to_user(user->entries, c->entry, c->count * sizeof(c->entry[0])))
		return -EFAULT;
	return put_user(c->count, &user->nent);
}

/*
 * A leaf that is not in the table: zeros, or above the highest one of its range
 * what the highest basic leaf says (SDM, "CPUID - CPU Identification").
 */
static const struct kvm_cpuid_entry2 *find_substitute(const struct vhm_cpuid *c, u32 leaf,
						      u32 subleaf)
{
	const struct kvm_cpuid_entry2 *basic = find_entry(c, 0, 0);
	const struct kvm_cpuid_entry2 *range = find_entry(c, leaf & 0xffff0000, 0);

	if (!basic || (range && leaf <= range->eax))
		return NULL;
	return find_entry(c, basic->eax, subleaf);
}

/* The size that XSAVE needs for what XCR0 has enabled now. */
static u32 xsave_size(const struct vhm_cpuid *c, u64 xcr0)
{
	const struct kvm_cpuid_entry2 *e, *end = c->entry + c->count;
	u32 size = 512 + 64;

	for (e = c->entry; e < end; e++)
		if (e->function == 0xd && e->index > 1 && e->index < 64 &&
		    xcr0 & BIT_ULL(e->index))
			size = max(size, e->ebx + e->eax);
	return size;
}

/**
 * vhm_cpuid_exit() - CPUID, in the inner loop
 * @v: the vCPU
 *
 * Return: VHM_RESUME.
 */
enum vhm_next vhm_cpuid_exit(struct vhm_vcpu *v)
{
	u64 *regs = v->vmx.frame.regs;
	u32 leaf = regs[VHM_RAX], subleaf = regs[VHM_RCX];
	const struct kvm_cpuid_entry2 *e = find_entry(v->cpuid, leaf, subleaf);
	static const struct kvm_cpuid_entry2 none;

	if (unlikely(v->cpuid_faults) && vmx_cpl()) {
		vhm_queue_exception_error(v, X86_TRAP_GP, 0);
		return VHM_RESUME;
	}
	if (unlikely(!e))
		e = find_substitute(v->cpuid, leaf, subleaf);
	if (unlikely(!e))
		e = &none;
	regs[VHM_RAX] = e->eax;
	regs[VHM_RBX] = e->ebx;
	regs[VHM_RCX] = e->ecx;
	regs[VHM_RDX] = e->edx;
	/* Three answers follow registers. */
	if (leaf == 1) {
		if (!(v->apic_base & MSR_IA32_APICBASE_ENABLE))
			regs[VHM_RDX] &= ~(u64)B(9);
		regs[VHM_RCX] &= ~(u64)B(27);
		if (v->vmx.cr4_shadow & X86_CR4_OSXSAVE)
			regs[VHM_RCX] |= B(27);
	} else if (leaf == 0xd && subleaf == 0 && e->eax) {
		regs[VHM_RBX] = xsave_size(v->cpuid, v->vmx.xcr0);
	}
	vmx_skip_instruction(v);
	return VHM_RESUME;
}
