// SPDX-License-Identifier: GPL-2.0
/*
 * What a GET gives back: all of what a SET gave, and not one byte that the
 * kernel did not mean to show.
 */
#include "kselftest_harness.h"

#include "fixture.h"

/* A buffer that ends where a page without any access begins. */
static uint8_t *guarded(size_t size, uint8_t fill)
{
	uint8_t *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || mprotect(page + 2 * 4096, 4096, PROT_NONE))
		die("cannot map a guarded buffer: %s", strerror(errno));
	memset(page, fill, 2 * 4096);
	return page + 2 * 4096 - size;
}

static __guest void just_done(void)
{
	GUEST_DONE();
}

/*
 * The same GET over two different fillings: a byte that differs was not
 * written. In front of the buffer nothing is written either.
 */
TEST_F(guest, gets_leave_no_stale_byte)
{
	static const struct {
		const char *name;
		unsigned long number;
		size_t size;
	} calls[] = {
#define SIZED(number, type) { #number, number, sizeof(struct type) }
		SIZED(KVM_GET_REGS, kvm_regs),
		SIZED(KVM_GET_SREGS, kvm_sregs),
		SIZED(KVM_GET_FPU, kvm_fpu),
		SIZED(KVM_GET_VCPU_EVENTS, kvm_vcpu_events),
		SIZED(KVM_GET_MP_STATE, kvm_mp_state),
		SIZED(KVM_GET_SREGS2, kvm_sregs2),
		SIZED(KVM_GET_DEBUGREGS, kvm_debugregs),
		SIZED(KVM_GET_XSAVE, kvm_xsave),
		SIZED(KVM_GET_XSAVE2, kvm_xsave),
	};

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			uint8_t *a = guarded(calls[i].size, 0xaa);
			uint8_t *b = guarded(calls[i].size, 0x55);

			ASSERT_EQ(0, ioctl(self->cpu.fd, calls[i].number, a));
			ASSERT_EQ(0, ioctl(self->cpu.fd, calls[i].number, b));
			for (size_t j = 0; j < calls[i].size; j++) {
				EXPECT_EQ(a[j], b[j])
					TH_LOG("%s, byte %zu", calls[i].name, j);
			}
			for (int j = 1; j <= 64; j++)
				EXPECT_EQ(0xaa, a[-j]) TH_LOG("%s", calls[i].name);
		}
		/* Once more when the vCPU has run. */
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	}
}

TEST_F(guest, arrays_end_where_they_end)
{
	size_t size = sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry);
	struct kvm_cpuid2 *supported = vm_supported_cpuid(self->vm.dev);
	size_t table = sizeof(*supported) + supported->nent * sizeof(supported->entries[0]);
	struct kvm_msrs *msrs = (void *)guarded(size, 0xaa);
	struct kvm_cpuid2 *cpuid = (void *)guarded(table, 0xaa);

	msrs->nmsrs = 1;
	msrs->entries[0].index = 0x277;
	EXPECT_EQ(1, ioctl(self->cpu.fd, KVM_GET_MSRS, msrs));
	EXPECT_EQ(0x0007040600070406, msrs->entries[0].data);
	EXPECT_EQ(0xaaaaaaaa, msrs->entries[0].reserved);
	cpuid->nent = supported->nent;
	EXPECT_EQ(0, ioctl(self->vm.dev, KVM_GET_SUPPORTED_CPUID, cpuid));
	EXPECT_EQ(0, memcmp(cpuid->entries, supported->entries, table - sizeof(*cpuid)));
	memset(cpuid->entries, 0xaa, table - sizeof(*cpuid));
	EXPECT_EQ(0, ioctl(self->cpu.fd, KVM_GET_CPUID2, cpuid));
	for (uint32_t i = 0; i < supported->nent; i++)
		EXPECT_EQ(0, cpuid->entries[i].padding[0] | cpuid->entries[i].padding[2]);
	free(supported);
}

TEST_F(guest, regs_round_trip)
{
	struct kvm_regs regs, back;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(regs) / 8; i++)
			((__u64 *)&regs)[i] = 0x0123456789abcdef * (i + 1 + round);
		regs.rflags = 0x246 + round * 0x400;
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
		memset(&back, 0xaa, sizeof(back));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_REGS, &back));
		EXPECT_EQ(0, memcmp(&regs, &back, sizeof(regs)));
		/* The second round is that of a vCPU that has run. */
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	}
	regs.rflags = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	EXPECT_EQ(2, vcpu_regs(&self->cpu).rflags);
}

static void expect_segment(struct __test_metadata *_metadata, const char *name,
			   const struct kvm_segment *a, const struct kvm_segment *b)
{
	EXPECT_EQ(a->base, b->base) TH_LOG("%s", name);
	EXPECT_EQ(a->limit, b->limit) TH_LOG("%s", name);
	EXPECT_EQ(a->selector, b->selector) TH_LOG("%s", name);
	EXPECT_EQ(a->type, b->type) TH_LOG("%s", name);
	EXPECT_EQ(a->present, b->present) TH_LOG("%s", name);
	EXPECT_EQ(a->dpl, b->dpl) TH_LOG("%s", name);
	EXPECT_EQ(a->db, b->db) TH_LOG("%s", name);
	EXPECT_EQ(a->s, b->s) TH_LOG("%s", name);
	EXPECT_EQ(a->l, b->l) TH_LOG("%s", name);
	EXPECT_EQ(a->g, b->g) TH_LOG("%s", name);
	EXPECT_EQ(a->avl, b->avl) TH_LOG("%s", name);
	EXPECT_EQ(a->unusable, b->unusable) TH_LOG("%s", name);
	EXPECT_EQ(0, b->padding) TH_LOG("%s", name);
}

TEST_F(guest, segments_round_trip)
{
	static const char *const names[] = { "cs", "ds", "es", "fs", "gs", "ss", "tr", "ldt" };
	struct kvm_sregs sregs = vcpu_sregs(&self->cpu), back;
	struct kvm_segment *segs = &sregs.cs;

	for (int bit = 0; bit < 2; bit++) {
		for (int i = 0; i < 8; i++) {
			segs[i] = (struct kvm_segment) {
				.base = 0x10000 * (i + 1) + bit,
				.limit = 0xffff - i,
				.selector = 8 * (i + 1) + bit,
				/* KVM marks all segments accessed. */
				.type = ((i + 3 * bit) & 15) | 1,
				.present = 1,
				.dpl = i & 3,
				.db = (i & 1) ^ bit,
				.s = (i >> 1 & 1) ^ bit,
				.l = (i >> 2 & 1) ^ bit,
				.g = (i & 1) ^ !bit,
				.avl = bit,
			};
		}
		sregs.gdt = (struct kvm_dtable) { .base = 0x123456789000 + bit, .limit = 0x7f };
		sregs.idt = (struct kvm_dtable) { .base = 0xffff800000001000, .limit = 0xffff };
		sregs.cs.l = 0;
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
		back = vcpu_sregs(&self->cpu);
		for (int i = 0; i < 8; i++)
			expect_segment(_metadata, names[i], &segs[i], &(&back.cs)[i]);
		EXPECT_EQ(sregs.gdt.base, back.gdt.base);
		EXPECT_EQ(sregs.gdt.limit, back.gdt.limit);
		EXPECT_EQ(sregs.idt.base, back.idt.base);
		EXPECT_EQ(sregs.idt.limit, back.idt.limit);
		EXPECT_EQ(0, back.gdt.padding[0] | back.idt.padding[2]);
	}
	segs[1].present = 0;
	segs[1].unusable = 1;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	EXPECT_EQ(1, vcpu_sregs(&self->cpu).ds.unusable);
}

TEST_F(guest, control_registers_round_trip)
{
	struct kvm_sregs sregs = vcpu_sregs(&self->cpu), back;

	sregs.cr0 = X86_CR0_PE | X86_CR0_ET | X86_CR0_TS | X86_CR0_AM;
	sregs.cr2 = 0xdeadbeef00001111;
	sregs.cr3 = 0x12345000;
	sregs.cr4 = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_DE;
	sregs.cr8 = 9;
	sregs.efer = EFER_SCE | EFER_NX;
	sregs.apic_base = 0xfee00800 | (sregs.apic_base & 0x100);
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs));
	back = vcpu_sregs(&self->cpu);
	EXPECT_EQ(sregs.cr0, back.cr0);
	EXPECT_EQ(sregs.cr2, back.cr2);
	EXPECT_EQ(sregs.cr3, back.cr3);
	EXPECT_EQ(sregs.cr4, back.cr4);
	EXPECT_EQ(sregs.cr8, back.cr8);
	EXPECT_EQ(sregs.efer, back.efer);
	EXPECT_EQ(sregs.apic_base, back.apic_base);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, back.interrupt_bitmap[i]);
	/* Long mode. */
	vcpu_set_long(&self->cpu, just_done);
	back = vcpu_sregs(&self->cpu);
	EXPECT_EQ(VM_PML4, back.cr3);
	EXPECT_EQ(EFER_LME | EFER_LMA, back.efer);
	EXPECT_EQ(1, back.cs.l);
}

TEST_F(guest, bad_sregs)
{
	struct kvm_sregs real, good, sregs, back;

	vcpu_set_real(&self->cpu, 0, 0);
	real = vcpu_sregs(&self->cpu);
	vcpu_set_long(&self->cpu, just_done);
	good = vcpu_sregs(&self->cpu);

#define REFUSED(base, change) do {					\
	sregs = base;							\
	sregs.change;							\
	EXPECT_EQ(-1, ioctl(self->cpu.fd, KVM_SET_SREGS, &sregs))	\
		TH_LOG(#base ": " #change);				\
	EXPECT_EQ(EINVAL, errno);					\
	back = vcpu_sregs(&self->cpu);					\
	EXPECT_EQ(0, memcmp(&good, &back, sizeof(back)))		\
		TH_LOG(#base ": " #change);				\
} while (0)

	REFUSED(real, cr0 |= X86_CR0_PG);		/* PG without PE */
	REFUSED(real, cr0 |= X86_CR0_NW);		/* NW without CD */
	REFUSED(good, cr0 |= 1ull << 32);
	REFUSED(good, cr0 |= 1ull << 63);
	REFUSED(good, cr4 |= 1ull << 63);
	REFUSED(good, cr4 |= 1ull << 15);
	REFUSED(good, cr4 |= X86_CR4_VMXE);
	REFUSED(good, cr4 &= ~X86_CR4_PAE);		/* long mode without PAE */
	REFUSED(good, efer &= ~EFER_LMA);
	REFUSED(good, cr3 |= 1ull << 52);
	REFUSED(real, efer |= EFER_LMA);		/* LMA without PG */
	REFUSED(real, cs.l = 1);
	REFUSED(good, apic_base = ~0ull);
	REFUSED(good, apic_base |= 1);
	REFUSED(good, apic_base |= 1 << 9);
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, fpu_round_trips)
{
	struct kvm_fpu fpu, back;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(fpu); i++)
			((uint8_t *)&fpu)[i] = i * 7 + round;
		fpu.fcw = 0x27f;
		fpu.fsw = 0x3800;
		fpu.ftwx = 0xff;
		fpu.last_opcode = 0x123;
		fpu.mxcsr = 0x1f80;
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_FPU, &fpu));
		memset(&back, 0xaa, sizeof(back));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_FPU, &back));
		for (int i = 0; i < 8; i++)
			EXPECT_EQ(0, memcmp(fpu.fpr[i], back.fpr[i], 10));
		EXPECT_EQ(0, memcmp(fpu.xmm, back.xmm, sizeof(fpu.xmm)));
		EXPECT_EQ(fpu.fcw, back.fcw);
		EXPECT_EQ(fpu.fsw, back.fsw);
		EXPECT_EQ(fpu.ftwx, back.ftwx);
		EXPECT_EQ(fpu.last_opcode, back.last_opcode);
		EXPECT_EQ(fpu.last_ip, back.last_ip);
		EXPECT_EQ(fpu.last_dp, back.last_dp);
		EXPECT_EQ(0, back.pad1 | back.pad2);
		vcpu_set_long(&self->cpu, just_done);
		ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
		ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_FPU, &back));
		EXPECT_EQ(0, memcmp(fpu.xmm, back.xmm, sizeof(fpu.xmm)));
	}
}

/*
 * Nothing of this is checked, and nothing of it may fault the host. MXCSR is
 * the exception: KVM of 6.1 ignores it; who takes it must refuse a bad one.
 */
TEST_F(guest, fpu_takes_anything)
{
	struct kvm_fpu fpu;

	memset(&fpu, 0xff, sizeof(fpu));
	vcpu_set_long(&self->cpu, just_done);
	if (ioctl(self->cpu.fd, KVM_SET_FPU, &fpu))
		EXPECT_EQ(EINVAL, errno);
	fpu.mxcsr = 0x1f80;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_FPU, &fpu));
	ASSERT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_GET_FPU, &fpu));
	EXPECT_EQ(0xff, fpu.xmm[15][15]);
}

TEST_F(guest, events_round_trip)
{
	struct kvm_vcpu_events events = vcpu_events(&self->cpu), back;

	EXPECT_EQ(0, events.exception.injected | events.interrupt.injected |
		     events.nmi.pending | events.nmi.masked | events.nmi.injected);
	EXPECT_EQ(0, events.interrupt.shadow);
	events.nmi.masked = 1;
	events.nmi.pending = 1;
	events.interrupt.shadow = KVM_X86_SHADOW_INT_MOV_SS;
	events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	back = vcpu_events(&self->cpu);
	EXPECT_EQ(1, back.nmi.masked);
	EXPECT_EQ(1, back.nmi.pending);
	EXPECT_EQ(KVM_X86_SHADOW_INT_MOV_SS, back.interrupt.shadow);
	/* Without its flag a field is not looked at. */
	events.nmi.pending = 0;
	events.interrupt.shadow = 0;
	events.flags = 0;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_VCPU_EVENTS, &events));
	back = vcpu_events(&self->cpu);
	EXPECT_EQ(1, back.nmi.pending);
	EXPECT_EQ(KVM_X86_SHADOW_INT_MOV_SS, back.interrupt.shadow);
	EXPECT_EQ(0, back.reserved[0] | back.reserved[25]);
}

/* One vCPU's state, put into another, goes on where the first one was. */
static volatile uint64_t counter;

static __guest void count_on(void)
{
	uint64_t stars = 0x1234567;

	asm volatile("movq %0, %%xmm7" : : "r" (stars));
	for (;;) {
		counter++;
		asm volatile("movq %%xmm7, %0" : "=r" (stars));
		GUEST_EQ(0x1234567, stars);
		GUEST_SYNC(counter);
	}
}

TEST_F(guest, state_moves_to_another_vcpu)
{
	struct vcpu other, *from = &self->cpu, *to = &other;
	struct guest_report report;

	vcpu_init(&self->vm, &other, 1);
	vcpu_set_long(&other, just_done);
	vcpu_set_long(&self->cpu, count_on);
	for (uint64_t i = 1; i < 10; i++) {
		struct kvm_sregs sregs;
		struct kvm_regs regs;
		struct kvm_fpu fpu;
		struct vcpu *swap = from;

		ASSERT_EQ(GUEST_IS_SYNC, vcpu_run_guest(from, &report));
		EXPECT_EQ(i, report.value[0]);
		/* `out` is completed by the next run. */
		from->run->immediate_exit = 1;
		ASSERT_EQ(-EINTR, vcpu_run(from));
		from->run->immediate_exit = 0;
		ASSERT_EQ(0, ioctl(from->fd, KVM_GET_REGS, &regs));
		ASSERT_EQ(0, ioctl(from->fd, KVM_GET_SREGS, &sregs));
		ASSERT_EQ(0, ioctl(from->fd, KVM_GET_FPU, &fpu));
		ASSERT_EQ(0, ioctl(to->fd, KVM_SET_SREGS, &sregs));
		ASSERT_EQ(0, ioctl(to->fd, KVM_SET_REGS, &regs));
		ASSERT_EQ(0, ioctl(to->fd, KVM_SET_FPU, &fpu));
		from = to;
		to = swap;
	}
}

TEST_HARNESS_MAIN
