/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks of task.c, in 32-bit protected mode. They are copied to VM_CODE16, which a
 * 16-bit TSS can name. What a task does ends in a HLT, where the host looks at it.
 */
#define SEL_TSS		0x40
#define SEL_OTHER	0x50
#define SEL_GATE	0x58

	.text
	.code32
	.balign	16
	.globl	task_code, task_code_end
task_code:

	/* How the first task gives way, and where it goes on. */
	.globl	task_jmp, task_jmp_gate, task_call, task_call_gate, task_int, task_int3
	.globl	task_ud, task_gp, task_spin, task_goes_on
task_goes_on:
	hlt
task_jmp:
	ljmp	$SEL_OTHER, $0
	hlt
task_jmp_gate:
	ljmp	$SEL_GATE, $0
	hlt
task_call:
	lcall	$SEL_OTHER, $0
	hlt
task_call_gate:
	lcall	$SEL_GATE, $0
	hlt
task_int:
	int	$0x80
	hlt
task_int3:
	int3
	hlt
task_ud:
	ud2
task_gp:
	movl	%ebx, %ds		/* EBX is the error code */
task_spin:
	jmp	task_spin

	/* The other task: returns, and goes on behind the IRET when it is called again. */
	.globl	task_other, task_other_back, task_other_jumps
task_other:
	hlt
	iretl
task_other_back:
	hlt
task_other_jumps:
	hlt
	ljmp	$SEL_TSS, $0
	hlt

	/* Virtual-8086 mode. */
	.globl	task_8086
	.code16
	.balign	16
task_8086:
	movw	%cs, %ax
	movw	%ds:(0), %bx
	movw	$0x1234, %es:(2)
	int3
task_code_end:

	.code64
	.section .note.GNU-stack, "", @progbits
