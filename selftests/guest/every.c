// SPDX-License-Identifier: GPL-2.0
/*
 * Every MSR: the same as on KVM, but for what is listed with the reason.
 *
 * What a table says is what KVM of 6.1 does in the emulated machine; the same test on
 * /dev/kvm holds it against KVM.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define GP	13

#define READ	1	/* RDMSR gives a value */
#define WRITE	2	/* WRMSR takes that value again, or 0 where there is none to read */

#define BOTH	(READ | WRITE)

#define SWEEP	0x2000

/* Of all others there is none. */
struct row {
	uint32_t first, last;
	uint8_t kvm, vhm;
	uint64_t value;		/* of what can only be read */
	const char *why;	/* they differ */
};

#define SAME(first, last, what)		{ first, last, what, what, 0, NULL }
#define FIXED(index, value)		{ index, index, READ, READ, value, NULL }
#define KVM_ONLY(first, last, what, why) { first, last, what, 0, 0, why }

static const struct row rows[] = {
	FIXED(0x0, 0), FIXED(0x1, 0),		/* machine-check address and type of the P5 */
	SAME(0x10, 0x10, BOTH),
	SAME(0x11, 0x12, BOTH),
	FIXED(0x17, 0),
	SAME(0x1b, 0x1b, BOTH),
	FIXED(0x2a, 0), FIXED(0x2c, 0x1000000), FIXED(0x34, 0),
	{ 0x3a, 0x3a, BOTH, READ, 0, "locked, because no guest has VMX" },
	SAME(0x3b, 0x3b, BOTH),
	SAME(0x79, 0x79, WRITE),
	SAME(0x8b, 0x8b, BOTH),
	KVM_ONLY(0xc1, 0xc2, BOTH, "no PMU"),
	FIXED(0xcd, 3),
	FIXED(0xce, 0x80000000),
	FIXED(0xfe, 0x508),
	KVM_ONLY(0x10a, 0x10a, READ, "CPUID does not show it"),
	SAME(0x11e, 0x11e, BOTH),
	SAME(0x140, 0x140, BOTH),
	SAME(0x174, 0x176, BOTH),
	FIXED(0x179, 0x20),
	SAME(0x17a, 0x17a, BOTH),
	KVM_ONLY(0x186, 0x187, BOTH, "no PMU"),
	FIXED(0x198, 0x400000003e8), FIXED(0x199, 0),
	SAME(0x1a0, 0x1a0, BOTH),
	SAME(0x1d9, 0x1d9, BOTH),
	FIXED(0x1db, 0), FIXED(0x1dc, 0), FIXED(0x1dd, 0), FIXED(0x1de, 0),
	SAME(0x1fc, 0x1fc, BOTH),
	SAME(0x200, 0x20f, BOTH),
	SAME(0x250, 0x250, BOTH), SAME(0x258, 0x259, BOTH), SAME(0x268, 0x26f, BOTH),
	SAME(0x277, 0x277, BOTH),
	SAME(0x2ff, 0x2ff, BOTH),
	SAME(0x400, 0x47f, BOTH),
	FIXED(0x606, 0), FIXED(0x611, 0), FIXED(0x619, 0), FIXED(0x639, 0), FIXED(0x641, 0),
	SAME(0x6e0, 0x6e0, BOTH),
	SAME(0x4b564d00, 0x4b564d01, BOTH),
	KVM_ONLY(0x4b564d02, 0x4b564d02, BOTH, "no such paravirtual feature"),
	SAME(0x4b564d03, 0x4b564d03, BOTH),
	KVM_ONLY(0x4b564d04, 0x4b564d05, BOTH, "no such paravirtual feature"),
	KVM_ONLY(0x4b564d06, 0x4b564d06, READ, "no such paravirtual feature"),
	KVM_ONLY(0x4b564d07, 0x4b564d07, BOTH, "no such paravirtual feature"),
	SAME(0xc0000080, 0xc0000084, BOTH),
	SAME(0xc0000100, 0xc0000103, BOTH),
	KVM_ONLY(0xc0010000, 0xc0010007, BOTH, "AMD's"),
	KVM_ONLY(0xc0010010, 0xc0010010, READ, "AMD's"),
	KVM_ONLY(0xc0010015, 0xc0010015, BOTH, "AMD's"),
	KVM_ONLY(0xc001001b, 0xc001001b, BOTH, "AMD's"),
	KVM_ONLY(0xc001001f, 0xc001001f, BOTH, "AMD's"),
	KVM_ONLY(0xc0010020, 0xc0010020, WRITE, "AMD's"),
	KVM_ONLY(0xc0010055, 0xc0010055, READ, "AMD's"),
	KVM_ONLY(0xc0010058, 0xc0010058, BOTH, "AMD's"),
	KVM_ONLY(0xc0010112, 0xc0010113, READ, "AMD's"),
	KVM_ONLY(0xc0010117, 0xc0010117, BOTH, "AMD's"),
	KVM_ONLY(0xc0011022, 0xc0011023, BOTH, "AMD's"),
	KVM_ONLY(0xc001102a, 0xc001102a, BOTH, "AMD's"),
	KVM_ONLY(0xc001102c, 0xc001102c, BOTH, "AMD's"),
};

static volatile uint32_t sweep_first, sweep_count;
static volatile uint8_t sweep_seen[SWEEP];
static volatile uint64_t sweep_value[SWEEP];

static __guest void sweep_msrs(void)
{
	for (uint32_t i = 0; i < sweep_count; i++) {
		uint32_t low = 0, high = 0;
		uint64_t read, write;

		read = GUEST_TRY("rdmsr", "=a" (low), "=d" (high) :
				 "c" (sweep_first + i), "0" (0), "1" (0) : "memory");
		write = GUEST_TRY("wrmsr", : "c" (sweep_first + i), "a" (low), "d" (high) :
				  "memory");
		GUEST_TRUE(read == NO_TRAP || read == GP);
		GUEST_TRUE(write == NO_TRAP || write == GP);
		sweep_seen[i] = (read == NO_TRAP ? READ : 0) | (write == NO_TRAP ? WRITE : 0);
		sweep_value[i] = (uint64_t)high << 32 | low;
	}
	GUEST_DONE();
}

static const struct row *find_row(uint32_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (index >= rows[i].first && index <= rows[i].last)
			return &rows[i];
	return NULL;
}

/* What can only be read is the same on both, value and all, unless there is a reason. */
static void judge(struct __test_metadata *_metadata, uint32_t index, unsigned int seen,
		  uint64_t value)
{
	const struct row *row = find_row(index);
	unsigned int wanted = !row ? 0 : vm_is_kvm() ? row->kvm : row->vhm;

	EXPECT_EQ(wanted, seen) TH_LOG("MSR 0x%x", index);
	if (row && row->kvm == READ && row->vhm == READ)
		EXPECT_EQ(row->value, value) TH_LOG("MSR 0x%x", index);
}

static void sweep(struct __test_metadata *_metadata, struct vm *vm, struct vcpu *cpu,
		  uint32_t first, uint32_t count)
{
	GUEST_VAR(vm, sweep_first) = first;
	GUEST_VAR(vm, sweep_count) = count;
	vcpu_set_long(cpu, sweep_msrs);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(cpu));
	for (uint32_t i = 0; i < count; i++)
		judge(_metadata, first + i, GUEST_VAR(vm, sweep_seen)[i],
		      GUEST_VAR(vm, sweep_value)[i]);
}

TEST_F(guest, every_low_msr)
{
	sweep(_metadata, &self->vm, &self->cpu, 0, SWEEP);
}

TEST_F(guest, every_high_msr)
{
	sweep(_metadata, &self->vm, &self->cpu, 0xc0000000, SWEEP);
}

TEST_F(guest, every_msr_of_hypervisors)
{
	sweep(_metadata, &self->vm, &self->cpu, 0x40000000, 0x200);
	sweep(_metadata, &self->vm, &self->cpu, 0x4b564d00, 0x100);
}

TEST_F(guest, every_msr_of_amd)
{
	sweep(_metadata, &self->vm, &self->cpu, 0xc0010000, SWEEP);
}

TEST_HARNESS_MAIN
