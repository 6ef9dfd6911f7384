// SPDX-License-Identifier: GPL-2.0
/*
 * Port I/O: sizes, string and REP forms, directions, address sizes, pages that
 * are not there.
 */
#include "kselftest_harness.h"

#include "code.h"
#include "fixture.h"

#define PORT		0x80
#define LOG_SIZE	64

#define FLAG_DF		0x400u

/* A device that notes what it is sent and answers 0x41, 0x42, ... */
struct device {
	uint8_t sent[LOG_SIZE];
	size_t len;
	uint8_t next;
	unsigned int size;
};

static void serve_io(struct vcpu *cpu, struct device *dev)
{
	struct kvm_run *run = cpu->run;
	size_t len = (size_t)run->io.size * run->io.count;
	uint8_t *data = vcpu_io_data(cpu);

	dev->size = run->io.size;
	if (run->io.direction == KVM_EXIT_IO_IN) {
		for (size_t i = 0; i < len; i++)
			data[i] = dev->next++;
		return;
	}
	if (dev->len + len > sizeof(dev->sent))
		die("the guest sent more than %zu bytes", sizeof(dev->sent));
	memcpy(dev->sent + dev->len, data, len);
	dev->len += len;
}

/* Runs until anything but I/O on PORT happens. */
static enum guest_word run_with_device(struct vcpu *cpu, struct device *dev)
{
	struct guest_report report;
	enum guest_word word;

	for (;;) {
		word = vcpu_run_guest(cpu, &report);
		if (word != GUEST_OTHER_EXIT || cpu->run->exit_reason != KVM_EXIT_IO ||
		    cpu->run->io.port != PORT)
			return word;
		serve_io(cpu, dev);
	}
}

static uint8_t text[16] = "0123456789abcdef";
static uint8_t buffer[32];
static volatile uint64_t after_rsi, after_rdi, after_rcx;

static __guest void read_all_sizes(void)
{
	uint64_t rax = 0x1122334455667788;

	asm volatile("inb $0x80, %%al" : "+a" (rax));
	GUEST_EQ(0x1122334455667741, rax);
	rax = 0x1122334455667788;
	asm volatile("inw $0x80, %%ax" : "+a" (rax));
	GUEST_EQ(0x1122334455664342, rax);
	rax = 0x1122334455667788;
	asm volatile("inl $0x80, %%eax" : "+a" (rax));
	GUEST_EQ(0x47464544, rax);
	GUEST_DONE();
}

TEST_F(guest, in_merges_or_extends)
{
	struct device dev = { .next = 0x41 };

	vcpu_set_long(&self->cpu, read_all_sizes);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
}

static __guest void write_all_sizes(void)
{
	outb(PORT, 0x11);
	outw(PORT, 0x3322);
	outl(PORT, 0x77665544);
	asm volatile("outb %%al, %%dx" : : "a" (0xffffff88), "d" (0xffff0080));
	GUEST_DONE();
}

TEST_F(guest, out_sends_low_bytes)
{
	static const uint8_t wanted[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };
	struct device dev = {};

	vcpu_set_long(&self->cpu, write_all_sizes);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(sizeof(wanted), dev.len);
	EXPECT_EQ(0, memcmp(wanted, dev.sent, sizeof(wanted)));
}

static __guest void high_ports(void)
{
	asm volatile("outb %%al, %%dx" : : "a" (1), "d" (0xffff));
	asm volatile("outw %%ax, %%dx" : : "a" (2), "d" (0xfffe));
	GUEST_DONE();
}

TEST_F(guest, last_ports_exist)
{
	struct kvm_run *run = self->cpu.run;

	vcpu_set_long(&self->cpu, high_ports);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(0xffff, run->io.port);
	EXPECT_EQ(1, run->io.size);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	EXPECT_EQ(0xfffe, run->io.port);
	EXPECT_EQ(2, run->io.size);
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

#define STRING_OUT(insn, from, n, flags) do {				\
	uint64_t rsi = (uintptr_t)(from), rcx = (n);			\
									\
	asm volatile(flags "; " insn "; cld"				\
		     : "+S" (rsi), "+c" (rcx) : "d" (PORT) : "memory");	\
	after_rsi = rsi;						\
	after_rcx = rcx;						\
} while (0)

#define STRING_IN(insn, to, n, flags) do {				\
	uint64_t rdi = (uintptr_t)(to), rcx = (n);			\
									\
	asm volatile(flags "; " insn "; cld"				\
		     : "+D" (rdi), "+c" (rcx) : "d" (PORT) : "memory");	\
	after_rdi = rdi;						\
	after_rcx = rcx;						\
} while (0)

static __guest void string_out(void)
{
	STRING_OUT("outsb", text, 99, "cld");
	GUEST_EQ((uintptr_t)text + 1, after_rsi);
	GUEST_EQ(99, after_rcx);
	STRING_OUT("rep outsb", text + 1, 3, "cld");
	GUEST_EQ((uintptr_t)text + 4, after_rsi);
	GUEST_EQ(0, after_rcx);
	STRING_OUT("rep outsw", text + 4, 2, "cld");
	GUEST_EQ((uintptr_t)text + 8, after_rsi);
	STRING_OUT("rep outsl", text + 8, 2, "cld");
	GUEST_EQ((uintptr_t)text + 16, after_rsi);
	STRING_OUT("rep outsb", text, 0, "cld");
	GUEST_EQ((uintptr_t)text, after_rsi);
	GUEST_DONE();
}

TEST_F(guest, outs_forward)
{
	struct device dev = {};

	vcpu_set_long(&self->cpu, string_out);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(16, dev.len);
	EXPECT_EQ(0, memcmp("0123456789abcdef", dev.sent, 16));
}

static __guest void string_out_backwards(void)
{
	STRING_OUT("rep outsb", text + 2, 3, "std");
	GUEST_EQ((uintptr_t)text - 1, after_rsi);
	GUEST_EQ(0, after_rcx);
	STRING_OUT("rep outsl", text + 8, 2, "std");
	GUEST_EQ((uintptr_t)text, after_rsi);
	GUEST_DONE();
}

TEST_F(guest, outs_backwards)
{
	struct device dev = {};

	vcpu_set_long(&self->cpu, string_out_backwards);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(11, dev.len);
	EXPECT_EQ(0, memcmp("21089ab4567", dev.sent, 11));
}

static __guest void string_in(void)
{
	STRING_IN("insb", buffer, 99, "cld");
	GUEST_EQ((uintptr_t)buffer + 1, after_rdi);
	GUEST_EQ(99, after_rcx);
	STRING_IN("rep insb", buffer + 1, 3, "cld");
	STRING_IN("rep insw", buffer + 4, 2, "cld");
	STRING_IN("rep insl", buffer + 8, 2, "cld");
	GUEST_EQ((uintptr_t)buffer + 16, after_rdi);
	GUEST_EQ(0, after_rcx);
	STRING_IN("rep insb", buffer + 16, 0, "cld");
	GUEST_EQ((uintptr_t)buffer + 16, after_rdi);
	for (int i = 0; i < 16; i++)
		GUEST_EQ(0x41 + i, ((volatile uint8_t *)buffer)[i]);
	GUEST_EQ(0, ((volatile uint8_t *)buffer)[16]);
	GUEST_DONE();
}

TEST_F(guest, ins_forward)
{
	struct device dev = { .next = 0x41 };

	vcpu_set_long(&self->cpu, string_in);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	EXPECT_EQ(0x51, dev.next);
}

static __guest void string_in_backwards(void)
{
	STRING_IN("rep insb", buffer + 7, 4, "std");
	GUEST_EQ((uintptr_t)buffer + 3, after_rdi);
	for (int i = 0; i < 4; i++)
		GUEST_EQ(0x41 + i, ((volatile uint8_t *)buffer)[7 - i]);
	STRING_IN("rep insw", buffer + 18, 2, "std");
	GUEST_EQ((uintptr_t)buffer + 14, after_rdi);
	GUEST_EQ(0x4645, *(volatile uint16_t *)(buffer + 18));
	GUEST_EQ(0x4847, *(volatile uint16_t *)(buffer + 16));
	GUEST_DONE();
}

TEST_F(guest, ins_backwards)
{
	struct device dev = { .next = 0x41 };

	vcpu_set_long(&self->cpu, string_in_backwards);
	EXPECT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
}

/* The second page of VM_PAGES lies elsewhere: adjacent in virtual memory only. */
static __guest void strings_across_pages(void)
{
	uint8_t *edge = (uint8_t *)(uintptr_t)(VM_PAGES + 0x1000);

	STRING_IN("rep insb", edge - 3, 6, "cld");
	GUEST_EQ((uintptr_t)edge + 3, after_rdi);
	STRING_IN("rep insl", edge + 0x1000 - 6, 2, "cld");
	STRING_OUT("rep outsb", edge - 3, 6, "cld");
	STRING_OUT("rep outsl", edge + 0x1000 - 6, 2, "cld");
	STRING_OUT("rep outsb", edge + 1, 4, "std");
	GUEST_EQ((uintptr_t)edge - 3, after_rsi);
	GUEST_DONE();
}

TEST_F(guest, strings_cross_pages)
{
	struct device dev = { .next = 'A' };

	*vm_pte(&self->vm, VM_PAGES + 0x1000) = (VM_PAGES + 0x8000) | PTE_P | PTE_W | PTE_U;
	*vm_pte(&self->vm, VM_PAGES + 0x2000) = (VM_PAGES + 0x6000) | PTE_P | PTE_W | PTE_U;
	vcpu_set_long(&self->cpu, strings_across_pages);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(18, dev.len);
	EXPECT_EQ(0, memcmp("ABCDEFGHIJKLMNEDCB", dev.sent, 18));
	EXPECT_EQ('D', self->vm.mem[VM_PAGES + 0x8000]);
	EXPECT_EQ('N', self->vm.mem[VM_PAGES + 0x6001]);
}

static volatile uint64_t faulted_rcx, faulted_rsi, faulted_rdi, faulted_cr2, faulted_error;

/* Notes how far the instruction came, and mends the page table. */
static __guest void mend_page(struct guest_frame *frame)
{
	volatile uint64_t *pte = (uint64_t *)(uintptr_t)VM_PT;

	faulted_rcx = frame->rcx;
	faulted_rsi = frame->rsi;
	faulted_rdi = frame->rdi;
	faulted_cr2 = guest_trap.cr2;
	faulted_error = guest_trap.error;
	pte[1] |= PTE_P | PTE_W;
	asm volatile("invlpg (%0)" : : "r" ((uintptr_t)VM_PAGES + 0x1000) : "memory");
}

static __guest void string_faults(void)
{
	uint8_t *edge = (uint8_t *)(uintptr_t)(VM_PAGES + 0x1000);
	volatile uint64_t *pte = (uint64_t *)(uintptr_t)VM_PT;

	guest_handler[14] = mend_page;
	STRING_IN("rep insb", edge - 4, 8, "cld");
	GUEST_EQ(4, faulted_rcx);
	GUEST_EQ((uintptr_t)edge, faulted_rdi);
	GUEST_EQ((uintptr_t)edge, faulted_cr2);
	GUEST_EQ(2, faulted_error);
	GUEST_EQ(1, guest_trap.count);
	GUEST_EQ((uintptr_t)edge + 4, after_rdi);
	for (int i = -4; i < 4; i++)
		GUEST_EQ('x', edge[i]);

	pte[1] &= ~PTE_P;
	asm volatile("invlpg (%0)" : : "r" (edge) : "memory");
	STRING_OUT("rep outsb", edge - 4, 8, "cld");
	GUEST_EQ(4, faulted_rcx);
	GUEST_EQ((uintptr_t)edge, faulted_rsi);
	GUEST_EQ(0, faulted_error);
	GUEST_EQ(2, guest_trap.count);
	GUEST_EQ((uintptr_t)edge + 4, after_rsi);
	GUEST_DONE();
}

TEST_F(guest, string_faults_in_the_middle)
{
	struct guest_report report;
	struct device dev = {};

	*vm_pte(&self->vm, VM_PAGES + 0x1000) &= ~PTE_P;
	vcpu_set_long(&self->cpu, string_faults);
	/* Always 'x': KVM reads the port once more for the element that faults. */
	while (vcpu_run_guest(&self->cpu, &report) == GUEST_OTHER_EXIT) {
		ASSERT_EQ(KVM_EXIT_IO, self->cpu.run->exit_reason);
		if (self->cpu.run->io.direction == KVM_EXIT_IO_IN)
			memset(vcpu_io_data(&self->cpu), 'x', self->cpu.run->io.count);
		else
			serve_io(&self->cpu, &dev);
	}
	ASSERT_EQ(GUEST_IS_DONE, report.word);
	ASSERT_EQ(8, dev.len);
	EXPECT_EQ(0, memcmp("xxxxxxxx", dev.sent, 8));
}

static __guest void short_addresses(void)
{
	uint64_t low = (uintptr_t)text;
	uint64_t rsi = low | 0xdead00000000, rcx = 0xbeef00000002;

	asm volatile("addr32 rep outsb" : "+S" (rsi), "+c" (rcx) : "d" (PORT) : "memory");
	GUEST_EQ(low + 2, rsi);
	GUEST_EQ(0, (uint32_t)rcx);
	wrmsr(0xc0000100, low);
	rsi = 4;
	asm volatile("outsb %%fs:(%%rsi), %%dx" : "+S" (rsi) : "d" (PORT) : "memory");
	GUEST_EQ(5, rsi);
	GUEST_DONE();
}

TEST_F(guest, address_size_32_and_segment_override)
{
	struct device dev = {};

	vcpu_set_long(&self->cpu, short_addresses);
	ASSERT_EQ(GUEST_IS_DONE, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(3, dev.len);
	EXPECT_EQ(0, memcmp("014", dev.sent, 3));
}

TEST_F(guest, address_size_16_wraps)
{
	struct device dev = { .next = '0' };

	memcpy(self->vm.mem + 0x2fffe, "ab", 2);
	memcpy(self->vm.mem + 0x20000, "cd", 2);
	vm_copy(&self->vm, VM_CODE16, real_outs_wraps, real_outs_wraps_end);
	vcpu_set_real(&self->cpu, 0, VM_CODE16);
	ASSERT_EQ(GUEST_OTHER_EXIT, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(KVM_EXIT_HLT, self->cpu.run->exit_reason);
	ASSERT_EQ(4, dev.len);
	EXPECT_EQ(0, memcmp("abcd", dev.sent, 4));
	EXPECT_EQ(2, vcpu_regs(&self->cpu).rsi);
	EXPECT_EQ(0, vcpu_regs(&self->cpu).rcx);

	vm_copy(&self->vm, VM_CODE16, real_ins_wraps, real_ins_wraps_end);
	vcpu_set_real(&self->cpu, 0, VM_CODE16);
	ASSERT_EQ(GUEST_OTHER_EXIT, run_with_device(&self->cpu, &dev));
	ASSERT_EQ(KVM_EXIT_HLT, self->cpu.run->exit_reason);
	EXPECT_EQ(0, memcmp("10", self->vm.mem + 0x30000, 2));
	EXPECT_EQ(0, memcmp("32", self->vm.mem + 0x3fffe, 2));
	EXPECT_EQ(0xfffd, vcpu_regs(&self->cpu).rdi & 0xffff);
}

static __guest void in_then_sync(void)
{
	asm volatile("xorl %%eax, %%eax; inb $0x80, %%al; nop; nop" : : : "rax");
	GUEST_DONE();
}

static __guest void short_string_in(void)
{
	STRING_IN("rep insb", buffer, 2, "cld");
	GUEST_EQ((uintptr_t)buffer + 1, after_rdi);
	GUEST_EQ(0, after_rcx);
	GUEST_EQ(0, ((volatile uint8_t *)buffer)[1]);
	GUEST_DONE();
}

TEST_F(guest, user_lowers_the_count_during_ins)
{
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, short_string_in);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	memset((char *)self->cpu.run + self->cpu.run->io.data_offset, 'x', 2);
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(2, regs.rcx);
	regs.rcx = 1;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, user_moves_rip_during_in)
{
	struct kvm_regs regs;

	vcpu_set_long(&self->cpu, in_then_sync);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	regs = vcpu_regs(&self->cpu);
	EXPECT_EQ(0, regs.rax);
	/* Both nops are skipped, not a byte more: the guest would go wild. */
	regs.rip += 4;
	ASSERT_EQ(0, ioctl(self->cpu.fd, KVM_SET_REGS, &regs));
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_F(guest, in_completes_at_the_next_run)
{
	struct kvm_regs before, after;

	vcpu_set_long(&self->cpu, in_then_sync);
	ASSERT_EQ(KVM_EXIT_IO, vcpu_run(&self->cpu));
	before = vcpu_regs(&self->cpu);
	*(uint8_t *)vcpu_io_data(&self->cpu) = 0x77;
	self->cpu.run->immediate_exit = 1;
	ASSERT_EQ(-EINTR, vcpu_run(&self->cpu));
	after = vcpu_regs(&self->cpu);
	EXPECT_EQ(before.rip + 2, after.rip);
	EXPECT_EQ(0x77, after.rax);
	self->cpu.run->immediate_exit = 0;
	EXPECT_EQ(GUEST_IS_DONE, vcpu_go(&self->cpu));
}

TEST_HARNESS_MAIN
