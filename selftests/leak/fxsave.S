/* SPDX-License-Identifier: GPL-2.0 */
/* See fxsave.h. This code runs on the host and in guests. */
	.text

	/* EDI fd, RSI number, RDX before, RCX after, R8D avx */
	.globl	ioctl_with_state
ioctl_with_state:
	pushq	%rbx
	pushq	%r12
	movq	%rcx, %rbx
	movl	%r8d, %r12d
	testl	%r12d, %r12d
	jz	1f
	movq	%rdx, %r9
	movl	$7, %eax
	xorl	%edx, %edx
	xrstor	(%r9)
	jmp	2f
1:	fxrstor	(%rdx)
2:	xorl	%edx, %edx
	movl	$16, %eax		/* ioctl */
	syscall
	movq	%rax, %r9
	testl	%r12d, %r12d
	jz	1f
	movl	$7, %eax
	xorl	%edx, %edx
	xsave	(%rbx)
	jmp	2f
1:	fxsave	(%rbx)
2:	movq	%r9, %rax
	popq	%r12
	popq	%rbx
	ret

	/* RDI area, SIL seed, EDX avx */
	.globl	fx_fill
fx_fill:
	movl	%edx, %r8d
	xorl	%eax, %eax
	movl	$832, %ecx
	movq	%rdi, %r9
	rep stosb
	movzbl	%sil, %esi
	movw	$0x27f, (%r9)		/* double precision */
	testb	$1, %sil
	jz	1f
	movw	$0x0f7f, (%r9)		/* round to zero, extended */
1:	movb	$0xff, 4(%r9)		/* all of x87 in use */
	movl	$0x1f80, 24(%r9)
	testb	$1, %sil
	jz	1f
	movl	$0x7f80, 24(%r9)	/* round to zero */
1:	xorl	%ecx, %ecx
1:	movl	%ecx, %eax		/* st0 ... st7: normal numbers */
	addl	%esi, %eax
	shll	$4, %ecx
	movb	%al, 32(%r9,%rcx)
	movb	$0x80, 39(%r9,%rcx)
	movw	$0x3fff, 40(%r9,%rcx)
	shrl	$4, %ecx
	incl	%ecx
	cmpl	$8, %ecx
	jb	1b
	xorl	%ecx, %ecx
1:	leal	1(%rsi,%rcx), %eax
	movb	%al, 160(%r9,%rcx)
	movb	%al, 576(%r9,%rcx)
	incl	%ecx
	cmpl	$256, %ecx
	jb	1b
	movq	$3, 512(%r9)
	testl	%r8d, %r8d
	jz	1f
	movq	$7, 512(%r9)
1:	ret

	/* RDI a, RSI b, EDX avx: control words, then registers */
	.globl	fx_equal
fx_equal:
	xorl	%eax, %eax
	movw	(%rdi), %cx
	cmpw	(%rsi), %cx
	jne	9f
	movb	4(%rdi), %cl
	cmpb	4(%rsi), %cl
	jne	9f
	movl	24(%rdi), %ecx
	cmpl	24(%rsi), %ecx
	jne	9f
	xorl	%r8d, %r8d
1:	movq	32(%rdi,%r8), %rcx
	cmpq	32(%rsi,%r8), %rcx
	jne	9f
	movw	40(%rdi,%r8), %cx
	cmpw	40(%rsi,%r8), %cx
	jne	9f
	addl	$16, %r8d
	cmpl	$128, %r8d
	jb	1b
1:	movq	32(%rdi,%r8), %rcx
	cmpq	32(%rsi,%r8), %rcx
	jne	9f
	addl	$8, %r8d
	cmpl	$384, %r8d
	jb	1b
	testl	%edx, %edx
	jz	8f
	xorl	%r8d, %r8d
1:	movq	576(%rdi,%r8), %rcx
	cmpq	576(%rsi,%r8), %rcx
	jne	9f
	addl	$8, %r8d
	cmpl	$256, %r8d
	jb	1b
8:	incl	%eax
9:	ret

	.section .note.GNU-stack, "", @progbits
