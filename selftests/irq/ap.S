/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a processor goes on behind a start-up message: real mode, CS = vector << 8. It
 * counts itself, says which page it began in, and halts.
 */
#define COUNT	0xd800
#define PAGE	0xd804

	.text
	.code16
	.globl	ap_code, ap_code_end
ap_code:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%cs, %ax
	movw	%ax, PAGE
	lock; incl COUNT
1:	cli
	hlt
	jmp	1b
ap_code_end:
	.code64

	.section .note.GNU-stack, "", @progbits
