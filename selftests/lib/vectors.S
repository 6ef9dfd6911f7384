/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The 256 entry points of the guest's IDT, 16 bytes each, and the way from
 * there to guest_exception(). The frame is struct guest_frame.
 */
#define SEL_USER_DATA	0x33
#define SEL_USER_CODE64	0x3b
#define USER_STACK	0x50000

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

/*
 * void guest_enter_user(void (*fn)(void), uint64_t rflags)
 *
 * Returns when guest_exception() sends the processor to guest_leave_user.
 */
	.globl	guest_enter_user, guest_leave_user
guest_enter_user:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, guest_kernel_rsp
	pushq	$SEL_USER_DATA
	pushq	$USER_STACK
	pushq	%rsi
	pushq	$SEL_USER_CODE64
	pushq	%rdi
	iretq
guest_leave_user:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.bss
	.globl	guest_kernel_rsp
	.balign	8
guest_kernel_rsp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
