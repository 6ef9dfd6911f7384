/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest code in real mode, copied to VM_CODE16 = 0x8000. DS = ES = SS = 0.
 */
	.text
	.code16

.macro	blob name:req
	.globl	\name, \name\()_end
\name:
.endm

	/* smoke.c */
	blob	real_out
	movb	$0x5a, %al
	outb	%al, $0x42
	movw	$0x1234, %ax
	movw	$0x3f8, %dx
	outw	%ax, %dx
	inb	$0x60, %al
	movb	%al, 0xc000
	hlt
real_out_end:

	/* portio.c: four bytes from 0xfffe on wrap to 0 of the segment. */
	blob	real_outs_wraps
	cld
	movw	$0x2000, %ax
	movw	%ax, %ds
	movw	$0xfffe, %si
	movw	$4, %cx
	movw	$0x80, %dx
	rep outsb
	hlt
real_outs_wraps_end:

	/* portio.c: the same with the other direction and INS, ES = 0x3000. */
	blob	real_ins_wraps
	std
	movw	$0x3000, %ax
	movw	%ax, %es
	movw	$0x0001, %di
	movw	$4, %cx
	movw	$0x80, %dx
	rep insb
	hlt
real_ins_wraps_end:

	/*
	 * modes.c: handlers at 0 (INT 0x21), 8 (#UD) and 16 (all others), the
	 * code at 32.
	 */
	blob	real_interrupts
	movb	$0x11, %bl
	iret
	.org	real_interrupts + 8
	movb	$0x22, %cl
	popw	%ax
	addw	$2, %ax			/* behind UD2 */
	pushw	%ax
	iret
	.org	real_interrupts + 16
	movb	$0x33, %dl
	iret
	.org	real_interrupts + 32
	int	$0x21
	ud2
	sti
	hlt
	nop
	hlt
real_interrupts_end:

	/* modes.c: the tables are those of the library, see vm.h. */
	blob	real_to_long
	cli
	lgdtl	0x8000 + gdt_pointer - real_to_long
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	movl	$0x1000, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000001, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $(0x8000 + in_long_mode - real_to_long)
	.code64
in_long_mode:
	movabsq	$0x1122334455667788, %rax
	hlt
	/* Back: compatibility mode, paging off, 16-bit protected, real. */
	pushq	$0x20
	pushq	$(0x8000 + in_16_bit - real_to_long)
	lretq
	.code16
in_16_bit:
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	andl	$0xfffffffe, %eax
	movl	%eax, %cr0
	ljmp	$0, $(0x8000 + in_real_mode - real_to_long)
in_real_mode:
	movw	$0x4242, %ax
	hlt
	.balign	8
gdt_pointer:
	.word	0x4f
	.long	0x5000
real_to_long_end:

	.code64
	.section .note.GNU-stack, "", @progbits
