/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest code of legacy.c, in 32-bit protected mode. It runs where it is linked.
 */
	.text
	.code32

	/* Through pages of 4 MiB and of 4 KiB, by tables of 32-bit entries. */
	.globl	legacy_pages, legacy_fault, legacy_fault_handler
legacy_pages:
	movl	0x1000124, %eax
	movl	%eax, 0x1000128
	movl	0x1403010, %ebx
	hlt
legacy_fault:
	movl	0x1800000, %ecx
	hlt
legacy_fault_handler:
	popl	%edx
	hlt

	/* From ring 3 by a call gate that copies two parameters, and back. */
	.globl	legacy_calls, legacy_called, legacy_back, legacy_handler
legacy_calls:
	pushl	$0x1111
	pushl	$0x2222
	lcall	$0x7b, $0
legacy_back:
	int	$0x80
legacy_called:
	hlt
	lret	$8
legacy_handler:
	hlt

	/* From ring 3 by SYSENTER, and back to ECX and EDX by SYSEXIT. */
	.globl	legacy_sysenter, legacy_entered, legacy_exited
legacy_sysenter:
	sysenter
legacy_entered:
	hlt
	sysexit
legacy_exited:
	int	$0x80

	.code64
	.section .note.GNU-stack, "", @progbits
