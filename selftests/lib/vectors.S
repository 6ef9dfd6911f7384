/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 256 entry points of the guest's IDT, 16 bytes each, and the way from
 * there to guest_exception(). The frame is struct guest_frame.
 */
	.text
	.globl	guest_vectors
	.balign	16
guest_vectors:
	.set	n, 0
	.rept	256
	.balign	16
	.if	!(n == 8 || n == 17 || n == 21 || n == 29 || n == 30 || (n >= 10 && n <= 14))
	pushq	$0
	.endif
	pushq	$n
	jmp	enter_c
	.set	n, n + 1
	.endr

	.balign	16
enter_c:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	call	guest_exception
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
