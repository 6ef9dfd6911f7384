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

	.code64
	.section .note.GNU-stack, "", @progbits
