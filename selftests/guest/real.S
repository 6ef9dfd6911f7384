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

	.code64
	.section .note.GNU-stack, "", @progbits
