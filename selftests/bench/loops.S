/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guests of the benchmark: 32-bit, flat, paging off. ESI counts the round
 * trips, EDI is an address where a loop wants one.
 */
	.text
	.code32

.macro	counted name:req, body:req
	.globl	\name
	.balign	64
\name:
1:	\body
	decl	%esi
	jnz	1b
2:	hlt
	jmp	2b
.endm

	counted	loop_empty, "nop"
	counted	loop_cpuid, "xorl %eax, %eax; cpuid"
	counted	loop_vmcall, "movl $0x7fffffff, %eax; vmcall"
	counted	loop_rdmsr, "movl $0x1b, %ecx; rdmsr"
	counted	loop_in, "inb $0x60, %al"
	counted	loop_out, "outb %al, $0x60"
	counted	loop_mmio_write, "movl %eax, (%edi)"
	counted	loop_mmio_read, "movl (%edi), %eax"
	counted	loop_mmio_rmw, "addl %eax, (%edi)"
	counted	loop_touch, "movb $1, (%edi); addl $4096, %edi"

	counted	loop_touch_large, "movb $1, (%edi); addl $0x200000, %edi"

	.globl	loop_hlt
	.balign	64
loop_hlt:
	hlt
	jmp	loop_hlt

	.code64
	.section .note.GNU-stack, "", @progbits
