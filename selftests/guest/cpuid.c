// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID: the guest sees the table that user space set, and nothing else.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define CPUID_1_ECX_OSXSAVE	(1u << 27)
#define MAX_LEAVES		64

struct leaf {
	uint32_t function;
	uint32_t index;
	uint32_t regs[4];
};

static struct leaf leaves[MAX_LEAVES];
static volatile uint32_t nr_leaves;

static __guest void read_leaves(void)
{
	for (uint32_t i = 0; i < nr_leaves; i++)
		cpuid(leaves[i].function, leaves[i].index, leaves[i].regs);
	GUEST_DONE();
}

static void ask(struct vm *vm, unsigned int i, uint32_t function, uint32_t index)
{
	GUEST_VAR(vm, leaves[i].function) = function;
	GUEST_VAR(vm, leaves[i].index) = index;
	GUEST_VAR(vm, nr_leaves) = i + 1;
}

/* Leaves that change while the guest runs, or that depend on the processor. */
static bool is_dynamic(const struct kvm_cpuid_entry2 *entry)
{
	return entry->function == 0xd || entry->function == 0xb ||
	       entry->function == 0x1f || entry->function == 6;
}

TEST_F(guest, supported_table_is_what_the_guest_sees)
{
	struct kvm_cpuid2 *table = vm_supported_cpuid(self->vm.dev);
	unsigned int nr = 0;

	ASSERT_GE(MAX_LEAVES, table->nent);
	for (uint32_t i = 0; i < table->nent; i++) {
		ask(&self->vm, i, table->entries[i].function, table->entries[i].index);
		nr++;
	}
	vcpu_close(&self->cpu);
	vcpu_init_bare(&self->vm, &self->cpu, 1);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_CPUID2, table));
	vcpu_set_long(&self->cpu, read_leaves);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	for (unsigned int i = 0; i < nr; i++) {
		const struct kvm_cpuid_entry2 *entry = &table->entries[i];
		uint32_t ecx = entry->ecx;

		if (is_dynamic(entry))
			continue;
		if (entry->function == 1)
			ecx &= ~CPUID_1_ECX_OSXSAVE;
		EXPECT_EQ(entry->eax, GUEST_VAR(&self->vm, leaves[i].regs[0]))
			TH_LOG("leaf 0x%x", entry->function);
		EXPECT_EQ(entry->ebx, GUEST_VAR(&self->vm, leaves[i].regs[1]))
			TH_LOG("leaf 0x%x", entry->function);
		EXPECT_EQ(ecx, GUEST_VAR(&self->vm, leaves[i].regs[2]))
			TH_LOG("leaf 0x%x", entry->function);
		EXPECT_EQ(entry->edx, GUEST_VAR(&self->vm, leaves[i].regs[3]))
			TH_LOG("leaf 0x%x", entry->function);
	}
	free(table);
}

/*
 * A table of our own: basic leaves to 4, hypervisor leaves, one extended leaf.
 * Bit 9 of leaf 1's EDX follows IA32_APIC_BASE, which says enabled.
 */
struct table {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entry[6];
};

static const struct table our_table = {
	.head.nent = 6,
	.entry = {
		{ .function = 0,
		  .eax = 4, .ebx = 0x756e6547, .ecx = 0x6c65746e, .edx = 0x49656e69 },
		{ .function = 1, .eax = 0x111, .ebx = 0x222, .ecx = 0x80000000, .edx = 0x644 },
		{ .function = 4, .index = 0, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		  .eax = 40, .ebx = 41, .ecx = 42, .edx = 43 },
		{ .function = 4, .index = 1, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		  .eax = 50, .ebx = 51, .ecx = 52, .edx = 53 },
		{ .function = 0x40000000, .eax = 0x40000000, .ebx = 7, .ecx = 8, .edx = 9 },
		{ .function = 0x80000000, .eax = 0x80000000, .ebx = 1, .ecx = 2, .edx = 3 },
	},
};

#define CPUID_1_EDX_APIC	(1u << 9)
#define MSR_APIC_BASE		0x1b
#define APIC_ENABLE		(1ull << 11)

static __guest void switch_apic_off(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);
	uint32_t regs[4];

	cpuid(1, 0, regs);
	GUEST_EQ(CPUID_1_EDX_APIC, regs[3] & CPUID_1_EDX_APIC);
	wrmsr(MSR_APIC_BASE, base & ~APIC_ENABLE);
	cpuid(1, 0, regs);
	GUEST_EQ(0, regs[3] & CPUID_1_EDX_APIC);
	wrmsr(MSR_APIC_BASE, base);
	cpuid(1, 0, regs);
	GUEST_EQ(CPUID_1_EDX_APIC, regs[3] & CPUID_1_EDX_APIC);
	GUEST_DONE();
}

/* The APIC may be user space's, but the bit that it can be switched off by is ours. */
TEST_F(guest, apic_is_there_while_it_is_enabled)
{
	EXPECT_TRUE(vm_has_cpuid(self->vm.dev, 1, 3, 9));
	vcpu_set_long(&self->cpu, switch_apic_off);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static void expect_leaf(struct __test_metadata *_metadata, struct vm *vm, unsigned int i,
			uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	EXPECT_EQ(eax, GUEST_VAR(vm, leaves[i].regs[0])) TH_LOG("question %u, eax", i);
	EXPECT_EQ(ebx, GUEST_VAR(vm, leaves[i].regs[1])) TH_LOG("question %u, ebx", i);
	EXPECT_EQ(ecx, GUEST_VAR(vm, leaves[i].regs[2])) TH_LOG("question %u, ecx", i);
	EXPECT_EQ(edx, GUEST_VAR(vm, leaves[i].regs[3])) TH_LOG("question %u, edx", i);
}

TEST_F(guest, our_own_table)
{
	struct vm *vm = &self->vm;

	vcpu_set_long(&self->cpu, read_leaves);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_CPUID2, &our_table));
	ask(vm, 0, 0, 0);
	ask(vm, 1, 1, 99);		/* the index means nothing here */
	ask(vm, 2, 4, 0);
	ask(vm, 3, 4, 1);
	ask(vm, 4, 4, 2);		/* no such subleaf: zeros */
	ask(vm, 5, 2, 0);		/* a hole in the range: zeros */
	ask(vm, 6, 0x40000000, 0);
	ask(vm, 7, 0x80000000, 0);
	ask(vm, 8, 0x1234, 1);		/* beyond the last: the highest basic leaf */
	ask(vm, 9, 0x80000008, 0);	/* the same */
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	expect_leaf(_metadata, vm, 0, 4, 0x756e6547, 0x6c65746e, 0x49656e69);
	expect_leaf(_metadata, vm, 1, 0x111, 0x222, 0x80000000, 0x644);
	expect_leaf(_metadata, vm, 2, 40, 41, 42, 43);
	expect_leaf(_metadata, vm, 3, 50, 51, 52, 53);
	expect_leaf(_metadata, vm, 4, 0, 0, 0, 0);
	expect_leaf(_metadata, vm, 5, 0, 0, 0, 0);
	expect_leaf(_metadata, vm, 6, 0x40000000, 7, 8, 9);
	expect_leaf(_metadata, vm, 7, 0x80000000, 1, 2, 3);
	expect_leaf(_metadata, vm, 8, 50, 51, 52, 53);
	expect_leaf(_metadata, vm, 9, 40, 41, 42, 43);
}

static __guest void read_upper_halves(void)
{
	uint64_t rax = ~0ull << 32, rbx = ~0ull, rcx = ~0ull << 32, rdx = ~0ull;

	asm volatile("cpuid" : "+a" (rax), "+b" (rbx), "+c" (rcx), "+d" (rdx));
	GUEST_EQ(0, (rax | rbx | rcx | rdx) >> 32);
	GUEST_DONE();
}

TEST_F(guest, upper_halves_are_cleared)
{
	vcpu_set_long(&self->cpu, read_upper_halves);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* Nothing is shown that the processor beneath does not have (AVX-512, PKU, LA57 ...). */
TEST_F(guest, supported_is_at_most_the_hosts)
{
	static const uint32_t functions[] = { 1, 7, 0x80000001 };
	static const uint32_t emulated[][4] = {
		/* x2APIC, hypervisor, TSC deadline timer may be added */
		{ 0, 0, 1u << 21 | 1u << 31 | 1u << 24, 0 },
		/* TSC_ADJUST, UMIP, RDPID, ARCH_CAPABILITIES, SSBD, STIBP, SPEC_CTRL */
		{ 0, 1u << 1, 1u << 2 | 1u << 22, 1u << 26 | 1u << 27 | 1u << 29 | 1u << 31 },
		{ 0, 0, 0, 0 },
	};
	struct kvm_cpuid2 *table = vm_supported_cpuid(self->vm.dev);

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		struct kvm_cpuid_entry2 *entry = cpuid_find(table, functions[i], 0);
		uint32_t host[4];

		ASSERT_NE(NULL, entry);
		cpuid(functions[i], 0, host);
		if (functions[i] != 1)
			EXPECT_EQ(0, entry->ebx & ~(host[1] | emulated[i][1]));
		EXPECT_EQ(0, entry->ecx & ~(host[2] | emulated[i][2]));
		EXPECT_EQ(0, entry->edx & ~(host[3] | emulated[i][3]));
	}
	free(table);
}

TEST_HARNESS_MAIN
