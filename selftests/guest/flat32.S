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

	/* modes.c: EBX counts #UD, ECX is #GP's error code, EDX tells of INT. */
	.globl	flat_exceptions, flat_ud_handler, flat_gp_handler, flat_int_handler
flat_exceptions:
	xorl	%ebx, %ebx
	ud2
	movl	$0x1238, %eax
	movl	%eax, %ds		/* two bytes */
	int	$0x80
	hlt
flat_ud_handler:
	incl	%ebx
	addl	$2, (%esp)
	iretl
flat_gp_handler:
	popl	%ecx
	incl	%esi
	movl	(%esp), %edi
	cmpb	$0x0f, (%edi)		/* MOV to CR has three bytes */
	jne	1f
	incl	(%esp)
	incl	%ebx
1:	addl	$2, (%esp)
	iretl
flat_int_handler:
	movl	$0x80, %edx
	iretl

	/*
	 * modes.c: load a table that maps 1 GiB and read through it; then paging
	 * off and on with the table at 0xa000.
	 */
	.globl	pae_switches
pae_switches:
	movl	$0xc000, %eax
	movl	%eax, %cr3
	movl	0x40200000, %eax
	hlt
	movl	$0xa000, %eax
	movl	%cr0, %ecx
	andl	$0x7fffffff, %ecx
	movl	%ecx, %cr0
	movl	%eax, %cr3
	orl	$0x80000000, %ecx
	movl	%ecx, %cr0
	movl	0x40200000, %ebx
	hlt

	/* modes.c: a table with a reserved bit at 0xc000. */
	.globl	pae_bad_pdpte
pae_bad_pdpte:
	xorl	%ebx, %ebx
	movl	$-1, %ecx
	movl	$0xc000, %eax
	movl	%eax, %cr3
	hlt

	.code64
	.section .note.GNU-stack, "", @progbits
