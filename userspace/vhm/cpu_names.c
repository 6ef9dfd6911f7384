// SPDX-License-Identifier: GPL-2.0
/*
 * The names of a CPU's features, those of /proc/cpuinfo, and where CPUID shows
 * them. What follows a control register (OSXSAVE, OSPKE) is no feature.
 */
#include <assert.h>
#include <ctype.h>

#include "../libvhm/compiler.h"
#include "cpu.h"

enum { EAX, EBX, ECX, EDX };

static const struct word {
	__u32 leaf;
	__u32 subleaf;
	unsigned int reg;
	const char *names[32];
} words[] = {
	{ 1, 0, ECX, {
		[0] = "pni", [1] = "pclmulqdq", [2] = "dtes64", [3] = "monitor", [4] = "ds_cpl",
		[5] = "vmx", [6] = "smx", [7] = "est", [8] = "tm2", [9] = "ssse3", [10] = "cid",
		[11] = "sdbg", [12] = "fma", [13] = "cx16", [14] = "xtpr", [15] = "pdcm",
		[17] = "pcid", [18] = "dca", [19] = "sse4_1", [20] = "sse4_2", [21] = "x2apic",
		[22] = "movbe", [23] = "popcnt", [24] = "tsc_deadline_timer", [25] = "aes",
		[26] = "xsave", [28] = "avx", [29] = "f16c", [30] = "rdrand",
		[31] = "hypervisor",
	} },
	{ 1, 0, EDX, {
		[0] = "fpu", [1] = "vme", [2] = "de", [3] = "pse", [4] = "tsc", [5] = "msr",
		[6] = "pae", [7] = "mce", [8] = "cx8", [9] = "apic", [11] = "sep", [12] = "mtrr",
		[13] = "pge", [14] = "mca", [15] = "cmov", [16] = "pat", [17] = "pse36",
		[18] = "pn", [19] = "clflush", [21] = "dts", [22] = "acpi", [23] = "mmx",
		[24] = "fxsr", [25] = "sse", [26] = "sse2", [27] = "ss", [28] = "ht",
		[29] = "tm", [30] = "ia64", [31] = "pbe",
	} },
	{ 6, 0, EAX, {
		[0] = "dtherm", [1] = "ida", [2] = "arat", [4] = "pln", [6] = "pts", [7] = "hwp",
		[8] = "hwp_notify", [9] = "hwp_act_window", [10] = "hwp_epp",
		[11] = "hwp_pkg_req", [19] = "hfi",
	} },
	{ 7, 0, EBX, {
		[0] = "fsgsbase", [1] = "tsc_adjust", [2] = "sgx", [3] = "bmi1", [4] = "hle",
		[5] = "avx2", [6] = "fdp_excptn_only", [7] = "smep", [8] = "bmi2", [9] = "erms",
		[10] = "invpcid", [11] = "rtm", [12] = "cqm", [13] = "zero_fcs_fds",
		[14] = "mpx", [15] = "rdt_a", [16] = "avx512f", [17] = "avx512dq",
		[18] = "rdseed", [19] = "adx", [20] = "smap", [21] = "avx512ifma",
		[23] = "clflushopt", [24] = "clwb", [25] = "intel_pt", [26] = "avx512pf",
		[27] = "avx512er", [28] = "avx512cd", [29] = "sha_ni", [30] = "avx512bw",
		[31] = "avx512vl",
	} },
	{ 7, 0, ECX, {
		[1] = "avx512vbmi", [2] = "umip", [3] = "pku", [5] = "waitpkg",
		[6] = "avx512_vbmi2", [8] = "gfni", [9] = "vaes", [10] = "vpclmulqdq",
		[11] = "avx512_vnni", [12] = "avx512_bitalg", [13] = "tme",
		[14] = "avx512_vpopcntdq", [16] = "la57", [22] = "rdpid",
		[24] = "bus_lock_detect", [25] = "cldemote", [27] = "movdiri",
		[28] = "movdir64b", [29] = "enqcmd", [30] = "sgx_lc",
	} },
	{ 7, 0, EDX, {
		[2] = "avx512_4vnniw", [3] = "avx512_4fmaps", [4] = "fsrm",
		[8] = "avx512_vp2intersect", [9] = "srbds_ctrl", [10] = "md_clear",
		[11] = "rtm_always_abort", [13] = "tsx_force_abort", [14] = "serialize",
		[15] = "hybrid_cpu", [16] = "tsxldtrk", [18] = "pconfig", [19] = "arch_lbr",
		[20] = "ibt", [22] = "amx_bf16", [23] = "avx512_fp16", [24] = "amx_tile",
		[25] = "amx_int8", [26] = "spec_ctrl", [27] = "intel_stibp", [28] = "flush_l1d",
		[29] = "arch_capabilities", [30] = "core_capabilities", [31] = "spec_ctrl_ssbd",
	} },
	{ 7, 1, EAX, {
		[4] = "avx_vnni", [5] = "avx512_bf16",
	} },
	{ 0xd, 1, EAX, {
		[0] = "xsaveopt", [1] = "xsavec", [2] = "xgetbv1", [3] = "xsaves", [4] = "xfd",
	} },
	{ 0x80000001, 0, ECX, {
		[0] = "lahf_lm", [1] = "cmp_legacy", [2] = "svm", [3] = "extapic",
		[4] = "cr8_legacy", [5] = "abm", [6] = "sse4a", [7] = "misalignsse",
		[8] = "3dnowprefetch", [9] = "osvw", [10] = "ibs", [11] = "xop", [12] = "skinit",
		[13] = "wdt", [15] = "lwp", [16] = "fma4", [17] = "tce", [19] = "nodeid_msr",
		[21] = "tbm", [22] = "topoext", [23] = "perfctr_core", [24] = "perfctr_nb",
		[26] = "bpext", [27] = "ptsc", [28] = "perfctr_llc", [29] = "mwaitx",
	} },
	{ 0x80000001, 0, EDX, {
		[11] = "syscall", [19] = "mp", [20] = "nx", [22] = "mmxext", [25] = "fxsr_opt",
		[26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm", [30] = "3dnowext",
		[31] = "3dnow",
	} },
	{ 0x80000008, 0, EBX, {
		[0] = "clzero", [1] = "irperf", [2] = "xsaveerptr", [4] = "rdpru",
		[9] = "wbnoinvd", [12] = "amd_ibpb", [14] = "amd_ibrs", [15] = "amd_stibp",
		[17] = "amd_stibp_always_on", [23] = "amd_ppin", [24] = "amd_ssbd",
		[25] = "virt_ssbd", [26] = "amd_ssb_no", [27] = "cppc", [29] = "btc_no",
		[30] = "amd_ibpb_ret", [31] = "brs",
	} },
	{ 0x80000007, 0, EDX, {
		[8] = "nonstop_tsc",
	} },
};

static_assert(ARRAY_SIZE(words) == CPU_WORDS, "a name for each feature");

/**
 * cpu_feature_name() - what a feature is called
 * @feature: its number, below CPU_FEATURES
 *
 * Return: its name; NULL where there is none.
 */
const char *cpu_feature_name(size_t feature)
{
	return words[feature / 32].names[feature % 32];
}

/**
 * cpu_feature_register() - where CPUID shows a feature
 * @feature: its number; its bit there is that modulo 32
 * @table: what CPUID shows
 *
 * Return: the register; NULL if @table has no such leaf.
 */
__u32 *cpu_feature_register(size_t feature, struct kvm_cpuid2 *table)
{
	const struct word *word = &words[feature / 32];
	struct kvm_cpuid_entry2 *entry;
	__u32 i;

	for (i = 0; i < table->nent; i++) {
		__u32 *const regs[] = {
			&table->entries[i].eax, &table->entries[i].ebx,
			&table->entries[i].ecx, &table->entries[i].edx,
		};

		entry = &table->entries[i];
		if (entry->function == word->leaf && entry->index == word->subleaf)
			return regs[word->reg];
	}
	return NULL;
}

/* sse4.1, SSE4-1 and sse4_1 are one. */
static bool same(const char *one, const char *other)
{
	int a, b;

	do {
		a = *one == '.' || *one == '-' ? '_' : tolower((unsigned char)*one);
		b = (unsigned char)*other++;
		one++;
	} while (a && a == b);
	return a == b;
}

/**
 * cpu_feature_find() - find a feature by its name
 * @name: the name
 *
 * Return: its number; CPU_FEATURES if there is none.
 */
size_t cpu_feature_find(const char *name)
{
	size_t i;

	for (i = 0; i < CPU_FEATURES; i++) {
		if (cpu_feature_name(i) && same(name, cpu_feature_name(i)))
			break;
	}
	return i;
}
