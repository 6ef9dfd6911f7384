// SPDX-License-Identifier: GPL-2.0
/*
 * The registers that KVM_GET_REGS, SREGS and FPU do not show: debug registers, the
 * XSAVE area, XCR0, the PDPTEs; and the translation of an address.
 */
#include "kselftest_harness.h"

#include "fixture.h"

#define DR6_FIXED	0xffff0ff0ull

#define FCW_INIT	0x37f
#define MXCSR_INIT	0x1f80

/* Where things are in an XSAVE area, in bytes. */
#define XSAVE_FCW	0
#define XSAVE_MXCSR	24
#define XSAVE_ST0	32
#define XSAVE_XMM0	160
#define XSAVE_FEATURES	512
#define XSAVE_COMPACT	520
#define XSAVE_RESERVED	528

#define FEATURE_X87	1ull
#define FEATURE_SSE	2ull
#define FEATURE_AVX	4ull

struct area {
	union {
		struct kvm_xsave xsave;
		uint8_t byte[sizeof(struct kvm_xsave)];
	};
};

static uint64_t get64(const struct area *area, size_t at)
{
	uint64_t value;

	memcpy(&value, area->byte + at, sizeof(value));
	return value;
}

static uint32_t get32(const struct area *area, size_t at)
{
	return get64(area, at);
}

static void set64(struct area *area, size_t at, uint64_t value)
{
	memcpy(area->byte + at, &value, sizeof(value));
}

static void set32(struct area *area, size_t at, uint32_t value)
{
	memcpy(area->byte + at, &value, sizeof(value));
}

static bool has_xsave(const struct vm *vm)
{
	return ioctl(vm->dev, KVM_CHECK_EXTENSION, KVM_CAP_XCRS) > 0;
}

/* The errno, or 0. */
static int answer(int fd, unsigned long number, void *arg)
{
	return ioctl(fd, number, arg) < 0 ? errno : 0;
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

TEST_F(guest, debugregs_round_trip)
{
	struct kvm_debugregs regs, back;

	memset(&back, 0xaa, sizeof(back));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &back));
	EXPECT_EQ(DR6_FIXED, back.dr6);
	EXPECT_EQ(0x400, back.dr7);
	for (int round = 0; round < 2; round++) {
		regs = (struct kvm_debugregs) {
			.db = { 1 + round, 1ull << 63, 0xffff800000000000, ~0ull },
			.dr6 = 0x4711 + round,
			.dr7 = 0xffff0000 + round * 0x155,
		};
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_DEBUGREGS, &regs));
		memset(&back, 0xaa, sizeof(back));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &back));
		EXPECT_EQ(0, memcmp(&regs, &back, sizeof(regs)));
	}
}

TEST_F(guest, bad_debugregs)
{
	static const struct kvm_debugregs bad[] = {
		{ .flags = 1 },
		{ .flags = 1ull << 63 },
		{ .dr6 = 1ull << 32 },
		{ .dr6 = ~0ull },
		{ .dr7 = 1ull << 32 },
		{ .dr7 = ~0ull },
	};
	struct kvm_debugregs before, regs;

	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		regs = bad[i];
		regs.db[0] = 0x1234;
		EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_DEBUGREGS, &regs))
			TH_LOG("number %zu", i);
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
		EXPECT_EQ(0, memcmp(&before, &regs, sizeof(regs))) TH_LOG("number %zu", i);
	}
}

static volatile uint64_t watched;

static __guest void use_debugregs(void)
{
	GUEST_EQ(0x1111, read_db0());
	GUEST_EQ(0xffff800000000000, read_db3());
	/* What user space left out a processor has. */
	GUEST_EQ(DR6_FIXED | 0xf, read_db6());
	GUEST_EQ(0x400, read_db7());
	write_db1(0x2222);
	write_db6(0);
	write_db7(0x500);
	GUEST_SYNC(0);
	/* A breakpoint that user space has set strikes. */
	GUEST_EQ(1, GUEST_TRY("movq $1, watched", : : "memory"));
	GUEST_DONE();
}

TEST_F(guest, debugregs_are_the_guests)
{
	struct kvm_debugregs regs = {
		.db = { 0x1111, 0, 0, 0xffff800000000000 },
		.dr6 = 0xf,
		.dr7 = 0,
	};

	vcpu_set_long(&self->cpu, use_debugregs);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_DEBUGREGS, &regs));
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
	EXPECT_EQ(0x1111, regs.db[0]);
	EXPECT_EQ(0x2222, regs.db[1]);
	EXPECT_EQ(DR6_FIXED, regs.dr6);
	EXPECT_EQ(0x500, regs.dr7);
	regs.db[2] = (uintptr_t)&watched;
	regs.dr7 = 0x400 | 1 << 5 | 9 << 24;	/* DR2, a write of 8 bytes */
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_DEBUGREGS, &regs));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_DEBUGREGS, &regs));
	EXPECT_EQ(4, regs.dr6 & 0xf);
}

TEST_F(guest, xsave_is_the_fpu)
{
	struct area area, again;
	struct kvm_fpu fpu;

	/* KVM forgets what SET_FPU gives to a component in its initial state. */
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
	set64(&area, XSAVE_FEATURES, FEATURE_X87 | FEATURE_SSE);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &area));
	memset(&fpu, 0, sizeof(fpu));
	for (size_t i = 0; i < sizeof(fpu.xmm); i++)
		((uint8_t *)fpu.xmm)[i] = i;
	fpu.fcw = 0x27f;
	fpu.fpr[0][3] = 0x44;
	fpu.mxcsr = MXCSR_INIT;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_FPU, &fpu));
	memset(&area, 0xaa, sizeof(area));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
	memset(&again, 0x55, sizeof(again));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE2, &again));
	EXPECT_EQ(0, memcmp(&area, &again, sizeof(area)));
	EXPECT_EQ(FEATURE_SSE, get64(&area, XSAVE_FEATURES) & FEATURE_SSE);
	EXPECT_EQ(0, get64(&area, XSAVE_COMPACT));
	EXPECT_EQ(0x27f, get32(&area, XSAVE_FCW) & 0xffff);
	EXPECT_EQ(MXCSR_INIT, get32(&area, XSAVE_MXCSR));
	EXPECT_EQ(0, memcmp(area.byte + XSAVE_XMM0, fpu.xmm, sizeof(fpu.xmm)));
}

TEST_F(guest, xsave_round_trips)
{
	struct area area, back;
	struct kvm_fpu fpu;

	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
	for (int round = 0; round < 2; round++) {
		set64(&area, XSAVE_FEATURES, FEATURE_X87 | FEATURE_SSE);
		set32(&area, XSAVE_FCW, 0x3800027f);
		set32(&area, XSAVE_MXCSR, 0x1fa0 + round);
		memset(area.byte + XSAVE_ST0, 0x11 + round, 10);
		memset(area.byte + XSAVE_XMM0, 0x22 + round, 256);
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &area));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &back));
		EXPECT_EQ(0, memcmp(&area, &back, sizeof(area)));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_FPU, &fpu));
		EXPECT_EQ(0x27f, fpu.fcw);
		EXPECT_EQ(0x22 + round, fpu.xmm[15][15]);
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &back));
		EXPECT_EQ(0, memcmp(area.byte + XSAVE_XMM0, back.byte + XSAVE_XMM0, 256));
		EXPECT_EQ(0x1fa0 + round, get32(&back, XSAVE_MXCSR));
	}
}

/* Components that the header does not name are in their initial state. */
TEST_F(guest, xsave_without_components)
{
	struct area area;

	if (!has_xsave(&self->vm))
		SKIP(return, "no XSAVE here: use the model broadwell_ult");
	memset(&area, 0, sizeof(area));
	memset(area.byte, 0x77, 416);
	set32(&area, XSAVE_MXCSR, MXCSR_INIT);
	set64(&area, XSAVE_FEATURES, FEATURE_X87 | FEATURE_SSE);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &area));
	memset(area.byte, 0x77, 416);
	set64(&area, XSAVE_FEATURES, 0);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &area));
	for (int round = 0; round < 2; round++) {
		memset(&area, 0xaa, sizeof(area));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
		EXPECT_EQ(FCW_INIT, get32(&area, XSAVE_FCW) & 0xffff);
		EXPECT_EQ(MXCSR_INIT, get32(&area, XSAVE_MXCSR));
		EXPECT_EQ(0, get64(&area, XSAVE_ST0));
		EXPECT_EQ(0, get64(&area, XSAVE_XMM0 + 248));
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	}
}

TEST_F(guest, bad_xsave)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t value;
		bool with_xsave;	/* without it only the host's kernel looks there */
	} bad[] = {
		{ "MXCSR's bit 16", XSAVE_MXCSR, MXCSR_INIT | 1 << 16, false },
		{ "MXCSR all ones", XSAVE_MXCSR, 0xffffffff, false },
		{ "a component that no CPU has", XSAVE_FEATURES, 1ull << 62, false },
		{ "all components", XSAVE_FEATURES, ~0ull, false },
		{ "supervisor state", XSAVE_FEATURES, 1 << 8 | 3, false },
		{ "compacted", XSAVE_COMPACT, 1ull << 63, true },
		{ "compacted, with components", XSAVE_COMPACT, 1ull << 63 | 3, true },
		{ "XCOMP_BV without bit 63", XSAVE_COMPACT, 1, true },
		{ "reserved bytes", XSAVE_RESERVED, 1, true },
		{ "the last reserved bytes", XSAVE_RESERVED + 40, 1ull << 63, true },
	};
	struct area before, area;

	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &before));
	set64(&before, XSAVE_FEATURES, FEATURE_X87 | FEATURE_SSE);
	memset(before.byte + XSAVE_XMM0, 0x33, 256);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &before));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (bad[i].with_xsave && !has_xsave(&self->vm))
			continue;
		area = before;
		memset(area.byte + XSAVE_XMM0, 0x44, 256);
		if (bad[i].at == XSAVE_MXCSR)
			set32(&area, XSAVE_MXCSR, bad[i].value);
		else
			set64(&area, bad[i].at, bad[i].value);
		EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_XSAVE, &area))
			TH_LOG("%s", bad[i].name);
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
		EXPECT_EQ(0, memcmp(&before, &area, sizeof(area))) TH_LOG("%s", bad[i].name);
	}
	vcpu_set_long(&self->cpu, just_done);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

static volatile uint8_t ymm[32] __attribute__((aligned(32)));

static __guest void load_ymm(void)
{
	write_cr4(read_cr4() | X86_CR4_OSXSAVE);
	asm volatile("xsetbv" : : "c" (0), "a" (7), "d" (0));
	for (int i = 0; i < 32; i++)
		ymm[i] = 0x80 + i;
	asm volatile("vmovdqa %0, %%ymm5" : : "m" (ymm));
	GUEST_SYNC(0);
	asm volatile("vmovdqa %%ymm5, %0" : "=m" (ymm));
	GUEST_SYNC(0);
	GUEST_DONE();
}

/* The upper halves, where CPUID says that they are; hidden from who was not told of them. */
TEST_F(guest, xsave_with_avx)
{
	struct kvm_cpuid2 *cpuid = vm_supported_cpuid(self->vm.dev);
	struct kvm_cpuid_entry2 *leaf = cpuid_find(cpuid, 0xd, 2);
	struct vcpu bare;
	struct area area;
	size_t at;

	if (!leaf)
		SKIP(return, "no AVX here: use the model broadwell_ult");
	at = leaf->ebx + 5 * 16;
	vcpu_set_long(&self->cpu, load_ymm);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XSAVE, &area));
	EXPECT_EQ(FEATURE_AVX | FEATURE_SSE,
		  get64(&area, XSAVE_FEATURES) & (FEATURE_AVX | FEATURE_SSE));
	EXPECT_EQ(0x8786858483828180, get64(&area, XSAVE_XMM0 + 5 * 16));
	EXPECT_EQ(0x9f9e9d9c9b9a9998, get64(&area, at + 8));
	set64(&area, at, 0x4711);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XSAVE, &area));
	/* A vCPU that was told nothing shows nothing of it. */
	vcpu_init_bare(&self->vm, &bare, 1);
	ASSERT_EQ(0, ioctl(bare.fd, KVM_SET_XSAVE, &area));
	ASSERT_EQ(0, ioctl(bare.fd, KVM_GET_XSAVE, &area));
	EXPECT_EQ(0, get64(&area, XSAVE_FEATURES) & FEATURE_AVX);
	EXPECT_EQ(0, get64(&area, at) | get64(&area, at + 8));
	EXPECT_EQ(0x8786858483828180, get64(&area, XSAVE_XMM0 + 5 * 16));
	vcpu_close(&bare);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&self->cpu));
	EXPECT_EQ(0x11, GUEST_VAR(&self->vm, ymm[16]));
	EXPECT_EQ(0x47, GUEST_VAR(&self->vm, ymm[17]));
	EXPECT_EQ(0x9f, GUEST_VAR(&self->vm, ymm[31]));
	free(cpuid);
}

TEST_F(guest, xcrs_round_trip)
{
	struct kvm_xcrs xcrs, back;

	memset(&xcrs, 0xaa, sizeof(xcrs));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XCRS, &xcrs));
	if (!has_xsave(&self->vm)) {
		EXPECT_EQ(0, xcrs.nr_xcrs);
		EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_XCRS, &xcrs));
		return;
	}
	EXPECT_EQ(1, xcrs.nr_xcrs);
	EXPECT_EQ(0, xcrs.flags | xcrs.xcrs[0].xcr | xcrs.xcrs[0].reserved);
	EXPECT_EQ(1, xcrs.xcrs[0].value);
	xcrs.xcrs[0].value = 7;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XCRS, &xcrs));
	memset(&back, 0xaa, sizeof(back));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XCRS, &back));
	EXPECT_EQ(7, back.xcrs[0].value);
	/* No XCR0 among them, or none at all: nothing happens. The first one counts. */
	xcrs.nr_xcrs = 0;
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XCRS, &xcrs));
	xcrs.nr_xcrs = 3;
	xcrs.xcrs[0] = (struct kvm_xcr) { .xcr = 1, .value = ~0ull };
	xcrs.xcrs[1] = (struct kvm_xcr) { .xcr = 0, .value = 3 };
	xcrs.xcrs[2] = (struct kvm_xcr) { .xcr = 0, .value = ~0ull };
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_SET_XCRS, &xcrs));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XCRS, &back));
	EXPECT_EQ(3, back.xcrs[0].value);
}

TEST_F(guest, bad_xcrs)
{
	static const struct {
		const char *name;
		uint32_t nr, flags;
		uint64_t value;
	} bad[] = {
		{ "17 registers", 17, 0, 1 },
		{ "4294967295 registers", ~0u, 0, 1 },
		{ "flags", 1, 1, 1 },
		{ "without x87", 1, 0, 2 },
		{ "AVX without SSE", 1, 0, 5 },
		{ "half of MPX", 1, 0, 1 << 3 | 3 },
		{ "half of AVX-512", 1, 0, 1 << 5 | 7 },
		{ "bit 63", 1, 0, 1ull << 63 | 1 },
		{ "all ones", 1, 0, ~0ull },
	};
	struct kvm_xcrs xcrs;

	if (!has_xsave(&self->vm))
		SKIP(return, "no XSAVE here: use the model broadwell_ult");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&xcrs, 0, sizeof(xcrs));
		xcrs.nr_xcrs = bad[i].nr;
		xcrs.flags = bad[i].flags;
		xcrs.xcrs[0].value = bad[i].value;
		EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_XCRS, &xcrs))
			TH_LOG("%s", bad[i].name);
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_XCRS, &xcrs));
		EXPECT_EQ(1, xcrs.xcrs[0].value) TH_LOG("%s", bad[i].name);
	}
}

TEST_F(guest, sregs2_is_sregs)
{
	struct kvm_sregs sregs, back;
	struct kvm_sregs2 sregs2;

	vcpu_set_long(&self->cpu, just_done);
	sregs = vcpu_sregs(&self->cpu);
	memset(&sregs2, 0xaa, sizeof(sregs2));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &sregs2));
	EXPECT_EQ(0, memcmp(&sregs, &sregs2, offsetof(struct kvm_sregs2, flags)));
	EXPECT_EQ(0, sregs2.flags);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, sregs2.pdptrs[i]);
	sregs2.cr2 = 0x4711;
	sregs2.cr8 = 5;
	sregs2.fs.base = 0x123456;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS2, &sregs2));
	back = vcpu_sregs(&self->cpu);
	EXPECT_EQ(0, memcmp(&sregs2, &back, offsetof(struct kvm_sregs2, flags)));
	self->cpu.run->cr8 = 5;
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, bad_sregs2)
{
	struct kvm_sregs2 good, sregs, back;

	vcpu_set_long(&self->cpu, just_done);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &good));

#define REFUSED(change) do {						\
	sregs = good;							\
	sregs.change;							\
	EXPECT_EQ(EINVAL, answer(self->cpu.fd, KVM_SET_SREGS2, &sregs))	\
		TH_LOG(#change);					\
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &back));	\
	EXPECT_EQ(0, memcmp(&good, &back, sizeof(back))) TH_LOG(#change);	\
} while (0)

	REFUSED(flags = 2);
	REFUSED(flags = ~0ull);
	REFUSED(flags = KVM_SREGS2_FLAGS_PDPTRS_VALID);	/* in long mode there are none */
	REFUSED(cr0 |= 1ull << 32);
	REFUSED(cr4 |= 1ull << 63);
	REFUSED(efer &= ~EFER_LMA);
	REFUSED(cr3 |= 1ull << 52);
	REFUSED(apic_base = ~0ull);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

/* The registers are what is used: the table in memory has changed since. */
TEST_F(guest, sregs2_carries_pdptes)
{
	uint64_t *table = (uint64_t *)(self->vm.mem + VM_PAE_PDPT), good = *table;
	struct kvm_translation t = { .linear_address = 0x123456 };
	struct kvm_sregs2 sregs, back;

	vcpu_set_pae(&self->cpu, just_done);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &sregs));
	EXPECT_EQ(KVM_SREGS2_FLAGS_PDPTRS_VALID, sregs.flags);
	EXPECT_EQ(good, sregs.pdptrs[0]);
	EXPECT_EQ(0, sregs.pdptrs[1] | sregs.pdptrs[2] | sregs.pdptrs[3]);
	*table = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS2, &sregs));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_TRANSLATE, &t));
	EXPECT_EQ(1, t.valid);
	EXPECT_EQ(0x123456, t.physical_address);
	sregs.pdptrs[2] = 0x5000 | PTE_P;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS2, &sregs));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &back));
	EXPECT_EQ(0, memcmp(&sregs, &back, sizeof(back)));
	/* Without the flag they come from memory. */
	sregs.flags = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS2, &sregs));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_SREGS2, &back));
	EXPECT_EQ(0, back.pdptrs[0] | back.pdptrs[2]);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_TRANSLATE, &t));
	EXPECT_EQ(0, t.valid);
}

#define NOWHERE	~0ull

struct translation {
	uint64_t linear, physical;
};

static void check_translations(struct __test_metadata *_metadata, struct vcpu *cpu,
			       const struct translation *t, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct kvm_translation seen = { .linear_address = t[i].linear, .pad[4] = 9 };

		ASSERT_EQ(0, ioctl(cpu->fd, KVM_TRANSLATE, &seen));
		EXPECT_EQ(t[i].physical != NOWHERE, seen.valid)
			TH_LOG("0x%llx", (unsigned long long)t[i].linear);
		EXPECT_EQ(t[i].physical, seen.physical_address)
			TH_LOG("0x%llx", (unsigned long long)t[i].linear);
		EXPECT_EQ(1, seen.writeable);
		EXPECT_EQ(0, seen.usermode);
		EXPECT_EQ(t[i].linear, seen.linear_address);
	}
}

#define PAGE(n)	(VM_PAGES + 0x1000ull * (n))

TEST_F(guest, translate_in_long_mode)
{
	static const struct translation good[] = {
		{ 0, 0 }, { 0x1fffff, 0x1fffff }, { VM_HOLE + 0x123, VM_HOLE + 0x123 },
		{ 0x3fffffff, 0x3fffffff }, { 0x40000000, NOWHERE }, { 1ull << 47, NOWHERE },
		{ 0xffff800000000000, NOWHERE }, { ~0ull, NOWHERE },
		{ PAGE(1) + 0xabc, 0x712345abc }, { PAGE(2), NOWHERE }, { PAGE(3), NOWHERE },
		{ PAGE(4) + 7, PAGE(4) + 7 }, { PAGE(5), PAGE(5) }, { PAGE(6), PAGE(6) },
	};
	struct kvm_sregs sregs;

	*vm_pte(&self->vm, PAGE(1)) = 0x712345000 | PTE_P;
	*vm_pte(&self->vm, PAGE(2)) = 0;
	*vm_pte(&self->vm, PAGE(3)) |= 1ull << 51;	/* reserved */
	*vm_pte(&self->vm, PAGE(4)) &= ~PTE_W;
	*vm_pte(&self->vm, PAGE(5)) &= ~PTE_U;
	*vm_pte(&self->vm, PAGE(6)) |= 1ull << 63;	/* no code is asked for */
	vcpu_set_long(&self->cpu, just_done);
	sregs = vcpu_sregs(&self->cpu);
	sregs.efer |= EFER_NX;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	check_translations(_metadata, &self->cpu, good, ARRAY_SIZE(good));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, translate_in_other_modes)
{
	static const struct translation real[] = {
		{ 0, 0 }, { 0x12345, 0x12345 }, { 0xffffffff, 0xffffffff },
	};
	static const struct translation pae[] = {
		{ 0, 0 }, { PAGE(2) + 1, PAGE(2) + 1 }, { 0x40000000, NOWHERE },
		{ 0xffffffff, NOWHERE },
	};

	vcpu_set_real(&self->cpu, 0, 0);
	check_translations(_metadata, &self->cpu, real, ARRAY_SIZE(real));
	vcpu_set_flat32(&self->cpu, just_done);
	check_translations(_metadata, &self->cpu, real, ARRAY_SIZE(real));
	vcpu_set_pae(&self->cpu, just_done);
	check_translations(_metadata, &self->cpu, pae, ARRAY_SIZE(pae));
}

/* Tables outside of all slots, and tables whose user memory is gone. */
TEST_F(guest, translate_without_tables)
{
	static const struct translation none[] = { { 0, NOWHERE }, { 0x1000, NOWHERE } };
	struct kvm_sregs sregs;

	vcpu_set_long(&self->cpu, just_done);
	sregs = vcpu_sregs(&self->cpu);
	sregs.cr3 = VM_HOLE;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	check_translations(_metadata, &self->cpu, none, ARRAY_SIZE(none));
	ASSERT_EQ(0, munmap(vm_add_slot(&self->vm, 1, VM_HOLE, 4096), 4096));
	check_translations(_metadata, &self->cpu, none, ARRAY_SIZE(none));
}

TEST_HARNESS_MAIN
