/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guests of the rows about interrupts and doorbells: as in loops.S, but the local
 * APIC is the kernel's, so a guest's end is an `out` and not a `hlt`. Where a loop waits
 * for its interrupt, it counts in EBP what irq_count has to reach.
 */
#define APIC	0xfee00000
#define EOI	(APIC + 0x0b0)
#define SVR	(APIC + 0x0f0)
#define ICR	(APIC + 0x300)
#define ICR2	(APIC + 0x310)
#define LVTT	(APIC + 0x320)
#define TMICT	(APIC + 0x380)
#define TDCR	(APIC + 0x3e0)

#define VECTOR	0x51
#define TO_SELF	(0x44000 | VECTOR)
#define TO_ONE	(0x04000 | VECTOR)
#define BELL	0x10000000
#define STACK0	0x18000		/* top of the first processor's */

	.text
	.code32

.macro	start name:req
	.globl	\name
	.balign	64
\name:
	movl	$0x1ff, SVR
	movl	irq_count, %ebp
	sti
.endm

.macro	finish
9:	outb	%al, $0x61
	jmp	9b
.endm

.macro	again
	decl	%esi
	jnz	1b
	finish
.endm

/* Until the handler has run once more. */
.macro	wait_for_irq
	incl	%ebp
2:	cmpl	%ebp, irq_count
	jne	2b
.endm

	start	loop_bell_port
1:	outw	%ax, $0x70
	again

	start	loop_bell_mmio
1:	movw	%ax, BELL
	again

	start	loop_self_ipi
1:	movl	$TO_SELF, ICR
	wait_for_irq
	again

	start	loop_timer
	movl	$VECTOR, LVTT
	movl	$0xb, TDCR
1:	movl	$1, TMICT
	wait_for_irq
	again

/* Leaves for user space once for each interrupt. */
	start	loop_irqfd
1:	outb	%al, $0x61
	jmp	1b

	start	loop_halted
1:	hlt
	jmp	1b

/* Two processors: the first one's interrupt is answered by the second one's. */
	start	loop_ipi
	movl	$0x01000000, ICR2
1:	movl	$TO_ONE, ICR
	wait_for_irq
	decl	%esi
	jnz	1b
	incl	irq_stop
	finish

	start	loop_ipi_other
	movl	$0x00000000, ICR2
1:	cmpl	$0, irq_stop
	je	1b
	finish

	.globl	irq_plain
irq_plain:
	incl	irq_count
	movl	$0, EOI
	iret

/* Rings back. */
	.globl	irq_answer_bell
irq_answer_bell:
	movl	$0, EOI
	outw	%ax, $0x70
	iret

/* The first processor counts, the second one, whose stack lies higher, answers. */
	.globl	irq_answer_ipi
irq_answer_ipi:
	cmpl	$STACK0, %esp
	jbe	irq_plain
	movl	$0, EOI
	movl	$TO_ONE, ICR
	iret

	.data
	.globl	irq_count, irq_stop
	.balign	64
irq_count:
	.long	0
	.balign	64
irq_stop:
	.long	0

	.code64
	.section .note.GNU-stack, "", @progbits
