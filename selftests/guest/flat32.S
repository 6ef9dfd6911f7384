/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest code in 32-bit protected mode. It runs where it is linked.
 */
	.text
	.code32

	/* exceptions.c: a misaligned access, again and again. */
	.globl	ac_recursion
ac_recursion:
	movl	0xc001, %eax
	jmp	ac_recursion

	.code64
	.section .note.GNU-stack, "", @progbits
