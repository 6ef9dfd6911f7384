// SPDX-License-Identifier: GPL-2.0
/* --cpu: what is taken away is gone, with all that needs it; what is not there cannot be added. */
#include "loader.h"
#include "cpu.h"

#define ENTRIES	16

static struct kvm_cpuid2 *table;

static struct kvm_cpuid_entry2 *entry(__u32 leaf, __u32 subleaf)
{
	__u32 i;

	for (i = 0; i < table->nent; i++)
		if (table->entries[i].function == leaf && table->entries[i].index == subleaf)
			return &table->entries[i];
	abort();
}

static void add(__u32 leaf, __u32 subleaf, __u32 eax, __u32 ebx, __u32 ecx, __u32 edx)
{
	table->entries[table->nent++] = (struct kvm_cpuid_entry2){
		.function = leaf, .index = subleaf, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx,
	};
}

/* A CPU that has everything but 3DNow!, which nobody has any more. */
static void begin(void)
{
	free(table);
	table = calloc(1, sizeof(*table) + ENTRIES * sizeof(table->entries[0]));
	if (!table)
		abort();
	add(0, 0, 0x16, 1, 2, 3);
	add(1, 0, 0x50654, 0x10800, ~0u, ~0u);
	add(7, 0, 1, ~0u, ~0u, ~0u);
	add(7, 1, ~0u, 0, 0, 0);
	add(0xd, 0, 0x2e7, 2696, 2696, 0);
	add(0xd, 1, 0xf, 2568, 0x100, 0);
	add(0xd, 2, 256, 576, 0, 0);
	add(0xd, 5, 64, 1088, 0, 0);
	add(0xd, 6, 512, 1152, 0, 0);
	add(0xd, 7, 1024, 1664, 0, 0);
	add(0xd, 8, 128, 0, 1, 0);
	add(0xd, 9, 8, 2688, 0, 0);
	add(0x80000001, 0, 0, 0, ~0u, ~0u & ~(1u << 31));
}

static int apply(const char *text)
{
	struct cpu_features features = { 0 };

	*message = '\0';
	begin();
	return cpu_parse(&features, text) ? -1 : cpu_apply(&features, table, "the device");
}

static void test_none(void)
{
	struct kvm_cpuid2 *before;
	size_t size = sizeof(*table) + ENTRIES * sizeof(table->entries[0]);

	begin();
	before = malloc(size);
	if (!before)
		abort();
	memcpy(before, table, size);
	tap_ok(!apply("host") && !memcmp(before, table, size), "cpu: host is all that there is");
	tap_ok(!apply("+avx512f,+PNI") && !memcmp(before, table, size),
	       "cpu: what is there may be asked for");
	free(before);
}

static void test_one(void)
{
	tap_ok(!apply("-sse4_2") && entry(1, 0)->ecx == ~(1u << 20) && entry(1, 0)->edx == ~0u,
	       "cpu: -sse4_2 takes one bit");
	tap_ok(!apply("host,-SSE4.2,-aes") && entry(1, 0)->ecx == ~(1u << 20 | 1u << 25),
	       "cpu: names in capitals and with a dot");
	tap_ok(!apply("-erms,+sse4_2") && entry(7, 0)->ebx == ~(1u << 9),
	       "cpu: of leaf 7, with another one asked for");
	tap_ok(!apply("-avx,+avx") && entry(1, 0)->ecx == ~0u, "cpu: the last word counts");
	tap_ok(!apply("-pge") && !(entry(1, 0)->edx & 1 << 13) &&
	       !(entry(0x80000001, 0)->edx & 1 << 13) && entry(0x80000001, 0)->edx & 1 << 11,
	       "cpu: AMD's second copy goes too");
	tap_ok(!apply("-3dnow"), "cpu: what is not there may be taken away");
}

static void test_dependent(void)
{
	tap_ok(!apply("-avx") && !(entry(1, 0)->ecx & (1u << 28 | 1u << 12 | 1u << 29)) &&
	       !(entry(7, 0)->ebx & (1u << 5 | 1u << 16 | 1u << 31)) &&
	       !(entry(7, 0)->ecx & (1u << 1 | 1u << 9 | 1u << 10)) && !(entry(7, 1)->eax & 0x30),
	       "cpu: -avx takes FMA, F16C, AVX2, AVX-512 and VAES with it");
	tap_ok(entry(1, 0)->ecx & 1u << 26 && entry(7, 0)->ecx & 1u << 3,
	       "cpu: and leaves XSAVE and PKU");
	tap_ok(entry(0xd, 0)->eax == 0x203 && entry(0xd, 0)->ecx == 2696 &&
	       !entry(0xd, 2)->eax && !entry(0xd, 5)->eax && !entry(0xd, 7)->ebx &&
	       entry(0xd, 9)->eax == 8 && entry(0xd, 8)->eax == 128,
	       "cpu: and its registers leave XCR0");
	tap_ok(!apply("-avx512f,-pku") && entry(0xd, 0)->eax == 7 && entry(0xd, 0)->ecx == 832 &&
	       entry(1, 0)->ecx & 1u << 28 && entry(7, 0)->ebx & 1u << 5,
	       "cpu: without AVX-512 and PKU there is less to save");
	tap_ok(!apply("-xsave") && !(entry(1, 0)->ecx & (1u << 26 | 1u << 28)) &&
	       !(entry(7, 0)->ecx & 1u << 3) && !entry(0xd, 0)->eax && !entry(0xd, 0)->ecx &&
	       !entry(0xd, 1)->eax && !entry(0xd, 2)->eax && !entry(0xd, 8)->eax,
	       "cpu: without XSAVE there is nothing to save");
	tap_ok(!apply("-fxsr") && !(entry(1, 0)->ecx & 1u << 28) &&
	       !(entry(7, 0)->ebx & 1u << 16) && !entry(0xd, 0)->eax,
	       "cpu: -fxsr takes what XSAVE saves with it");
	tap_ok(!apply("-sse2") &&
	       !(entry(1, 0)->ecx & (1u | 1u << 9 | 1u << 19 | 1u << 20 | 1u << 25)),
	       "cpu: -sse2 takes SSE3 to SSE4.2 and AES with it");
}

static void test_refused(void)
{
	static const struct {
		const char *text;
		const char *word;
	} wrong[] = {
		{ "-avx3", "did you mean avx" }, { "-x2apci", "x2apic" },
		{ "-sse5", "did you mean" }, { "-qqqqqq", "/proc/cpuinfo" },
		{ "avx", "'avx' is no change" }, { "", "no change" },
		{ "-", "no change" }, { "host,", "no change" },
		{ "-avx,,-sse", "no change" },
		{ "-avx,host", "'host' is no change" }, { "+3dnow", "cannot be added" },
		{ "+sha512", "there is no feature" }, { "+avx2,-avx", "does not go with" },
		{ "+nonstop_tsc", "the device does not offer it" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		tap_ok(apply(wrong[i].text) && strstr(message, wrong[i].word), "cpu: '%s': %s",
		       wrong[i].text, message);
}

/* A rule or a state of a feature that there is not would be silently without effect. */
static void test_names(void)
{
	size_t i, named = 0;
	bool ok = true;

	for (i = 0; i < CPU_FEATURES; i++) {
		const char *name = cpu_feature_name(i);

		if (!name)
			continue;
		named++;
		ok = ok && cpu_feature_find(name) == i;
	}
	tap_ok(ok && named > 150, "cpu: %zu features, each with a name of its own", named);
}

int main(void)
{
	tap_begin();
	test_none();
	test_one();
	test_dependent();
	test_refused();
	test_names();
	free(table);
	return tap_end();
}
