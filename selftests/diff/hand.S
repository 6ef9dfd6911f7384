/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs that were written by hand. Each is copied to AT_CODE; programs.c says in which
 * mode it begins. Behind an exit that is no access, it goes on at the next mark.
 */
#include "layout.h"

	.text

.macro	program name:req
	.globl	hand_\name, hand_\name\()_marks
	.balign	16
hand_\name:
0:
	.pushsection .rodata
	.balign	2
hand_\name\()_marks:
	.popsection
.endm

.macro	mark
9:
	.pushsection .rodata
	.short	9b - 0b
	.popsection
.endm

.macro	finish name:req
	mark
	outb	%al, $PORT_END
	hlt
	.globl	hand_\name\()_end
hand_\name\()_end:
	.pushsection .rodata
	.short	0xffff
	.popsection
.endm

/* An address in the program, as it runs. */
#define HERE(label)	(AT_CODE + label - 0b)

/* From real mode to long mode as an operating system goes. */
	program	real_to_long
	.code16
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$S_CODE32, $HERE(1f)
	.code32
1:	movw	$S_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movl	$AT_STACK, %esp
	movl	$0x620, %eax
	movl	%eax, %cr4
	movl	$AT_PML4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	outl	%eax, $0x20
	ljmpl	$S_CODE64, $HERE(2f)
	.code64
2:	movq	%rsp, %r10
	movq	%cr0, %r11
	movq	%cr4, %r12
	rdmsr
	outl	%eax, $0x20
	lidt	HERE(3f)
	movl	%eax, AT_HOLE
	int3
	finish	real_to_long
3:	.short	VECTORS * 16 - 1
	.quad	AT_IDT64

/* Paging switched on, its mode changed, switched off. */
	program	paging
	.code32
	movl	$AT_PD32, %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$0x80010000, %eax
	movl	%eax, %cr0
	movl	%eax, AT_DATA
	movl	AT_HOLE, %ebx
	movl	%ebx, AT_READ_ONLY
	mark
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	$AT_PD32, %ecx
	movl	%ecx, %cr3
	movl	%eax, %cr0
	movl	AT_ABSENT, %eax
	mark
	movl	$AT_PAE_PDPT, %eax
	movl	%eax, %cr3
	movl	$0x620, %eax
	movl	%eax, %cr4
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	movl	AT_DATA, %edx
	movl	%edx, AT_HOLE + 0xffe
	movl	%cr4, %ecx
	andl	$~0x20, %ecx
	movl	%ecx, %cr4
	mark
	movl	$AT_PAE_PDPT, %eax
	movl	%eax, %cr3
	movl	$0x620, %eax
	movl	%eax, %cr4
	orl	$1, AT_PAE_PDPT + 8
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	mark
	movl	%cr0, %eax
	andl	$~1, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	finish	paging

/* String I/O that meets a fault in its middle, and MMIO on its other side. */
	program	strings
	.code32
	movw	$0x3f8, %dx
	movl	$AT_DATA2 + 0xffc, %edi
	movl	$8, %ecx
	rep insb
	mark
	movl	$AT_ABSENT - 6, %esi
	movl	$4, %ecx
	rep outsl
	mark
	movl	$AT_DATA, %esi
	movl	$AT_HOLE + 0xffd, %edi
	movl	$3, %ecx
	rep movsl
	std
	movl	$AT_HOLE + 0x20, %esi
	movl	$AT_DATA + 0x20, %edi
	movl	$3, %ecx
	rep movsw
	cld
	movl	$AT_HOLE, %edi
	movl	$4, %ecx
	repne scasb
	mark
	movl	$0x3f8, %edx
	std
	movl	$AT_DATA + 0x82, %edi
	movl	$3, %ecx
	rep insb
	cld
	movl	$AT_DATA + 0x80, %edi
	movl	$1, %ecx
	rep stosl
	mark
	movl	$AT_DATA + 0xffd, %edi
	movl	$3, %ecx
	rep insl
	movl	$AT_DATA + 0xffd, %edi
	movl	$3, %ecx
	rep stosl
	mark
	lock incl AT_HOLE + 0x1ffe
	finish	strings

/* Single steps over what exits. */
	program	steps
	.code64
	movl	$0x102, %eax
	pushq	%rax
	popfq
	cpuid
	mark
	pushq	$0x102
	popfq
	outb	%al, $0x20
	mark
	pushq	$0x102
	popfq
	inl	$0x20, %eax
	mark
	pushq	$0x102
	popfq
	movl	%eax, AT_HOLE
	mark
	pushq	$0x102
	popfq
	movl	AT_HOLE, %eax
	mark
	pushq	$0x102
	popfq
	addl	%eax, AT_HOLE
	mark
	movl	$0x277, %ecx
	pushq	$0x102
	popfq
	rdmsr
	mark
	pushq	$0x102
	popfq
	movq	%cr0, %rax
	mark
	movw	%ss, %ax
	pushq	$0x102
	popfq
	movw	%ax, %ss
	cpuid
	mark
	pushq	$0x302
	popfq
	int	$0x20
	mark
	pushq	$0x102
	popfq
	vmcall
	mark
	movl	$AT_DATA, %esi
	movl	$2, %ecx
	movl	$0x3f8, %edx
	pushq	$0x102
	popfq
	rep outsb
	nop
	finish	steps

/* A system call by each of the two ways, from ring 3 and back. */
	program	system_calls
	.code64
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$1, %eax
	wrmsr
	movl	$0xc0000081, %ecx
	xorl	%eax, %eax
	movl	$(S_USER_CODE32 << 16 | S_CODE64), %edx
	wrmsr
	movl	$0xc0000082, %ecx
	movl	$HERE(2f), %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0xc0000084, %ecx
	movl	$0x700, %eax
	wrmsr
	movl	$HERE(1f), %ecx
	movl	$0x102, %r11d
	andl	$~0x100, %r11d
	sysretq
1:	syscall
2:	outl	%eax, $0x20
	mark
	movl	$0x174, %ecx
	movl	$S_CODE64, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0x175, %ecx
	movl	$AT_STACK0, %eax
	wrmsr
	movl	$0x176, %ecx
	movl	$HERE(4f), %eax
	wrmsr
	movl	$HERE(3f), %edx
	movl	$AT_STACK, %ecx
	movl	$0x20, %eax
	sysexitq
	mark
3:	sysenter
4:	outl	%eax, $0x20
	mark
	movabsq	$0x800000000000, %rcx
	sysretq
	finish	system_calls

/* Call gates, conforming code, and a return to an outer ring. */
	program	gates
	.code32
	lcall	$(S_CALL_GATE | 3), $0
	mark
	lcall	$S_CONFORMING, $HERE(1f)
1:	outl	%eax, $0x20
	mark
	ljmp	$S_CODE32, $AT_LANDING
	mark
	pushl	$S_DATA
	pushl	$AT_STACK
	pushl	$S_CODE32
	pushl	$AT_LANDING
	lret
	mark
	int	$0x20
	mark
	int	$0x22
	mark
	movw	$S_READ_ONLY, %ax
	movw	%ax, %ds
	movl	%eax, AT_DATA
	mark
	movw	$S_SMALL, %ax
	movw	%ax, %es
	movl	%es:0xffc, %eax
	movl	%es:0xffd, %eax
	finish	gates

/* Virtual-8086 mode with I/O privilege 3. */
	program	vm86
	.code16
	cli
	pushf
	popf
	inb	$0x20, %al
	mark
	outw	%ax, $0x20
	movw	$0x310, %dx
	inb	%dx, %al
	mark
	int	$0x20
	mark
	int3
	mark
	movw	%ax, %es:4
	addw	$1, %es:4
	hlt
	mark
	movl	%cr0, %eax
	mark
	sti
	iret
	finish	vm86

/* Breakpoints on code, on data, on the registers themselves. */
	program	breakpoints
	.code32
	movl	$HERE(1f), %eax
	movl	%eax, %dr0
	movl	$0x401, %eax
	movl	%eax, %dr7
	nop
1:	cpuid
	mark
	movl	$AT_DATA + 4, %eax
	movl	%eax, %dr1
	movl	$0x00d00404, %eax
	movl	%eax, %dr7
	movl	%eax, AT_DATA + 6
	mark
	movl	$AT_HOLE + 4, %eax
	movl	%eax, %dr1
	movl	$0x00f00404, %eax
	movl	%eax, %dr7
	movl	AT_HOLE + 4, %eax
	mark
	movl	$0x2400, %eax
	movl	%eax, %dr7
	movl	%dr6, %eax
	mark
	movl	%dr6, %eax
	movl	%eax, %dr6
	movl	%dr4, %ebx
	movl	$0x628, %eax
	movl	%eax, %cr4
	movl	%dr4, %ebx
	finish	breakpoints

/* Another task, and back from it. */
	program	tasks
	.code32
	ljmp	$S_TSS_OTHER, $0
	mark
	lcall	$S_TASK_GATE, $0
	mark
	int	$0x26
	mark
	pushl	$0x4002
	popfl
	iret
	finish	tasks

/* What is not emulated on MMIO; each step loads the registers that KVM changes. */
	program	limits
	.code32
	sgdtl	AT_HOLE
	mark
	sidtl	AT_HOLE
	mark
	sldtw	AT_HOLE
	mark
	smsw	AT_HOLE
	mark
	lesl	AT_HOLE, %eax
	mark
	movl	$0, %eax
	lssl	AT_HOLE, %eax
	mark
	movl	$0, %eax
	movl	$0x3f8, %edx
	movl	$AT_HOLE, %edi
	insb
	mark
	movl	$AT_HOLE, %edi
	movl	$2, %ecx
	rep insb
	mark
	movl	$AT_HOLE, %edi
	movl	$0, %ecx
	movl	$AT_HOLE, %esi
	outsb
	nop
	mark
	movl	$AT_HOLE, %esi
	movl	$2, %ecx
	rep outsb
	mark
	movl	$AT_HOLE, %esi
	movl	$0, %ecx
	finish	limits

/* Tables and a stack where no slot is. */
	program	tables
	.code32
	lgdt	AT_GDTR_HOLE
	int3
	mark
	lgdt	AT_GDTR_HOLE
	ljmp	$S_CODE32, $AT_LANDING
	mark
	movl	$AT_HOLE + 0xf100, %esp
	int3
	finish	tables

/* A page-directory-pointer table where no slot is. */
	program	pdptes
	.code32
	movl	$AT_HOLE, %eax
	movl	%eax, %cr3
	finish	pdptes

/* A reserved bit of IA32_FMASK. */
	program	fmask
	.code32
	movl	$0xc0000084, %ecx
	movl	$0x700, %eax
	movl	$7, %edx
	wrmsr
	finish	fmask

/* INT1 under RFLAGS.TF. */
	program	int1
	.code32
	pushl	$0x102
	popfl
	.byte	0xf1
	finish	int1

/* A stack where no slot is, in real mode. */
	program	real_stack
	.code16
	movw	$0xf000, %ax
	movw	%ax, %ss
	sysexit
	finish	real_stack

/* Another vendor's hypercall. */
	program	vmmcall
	.code64
	movl	$0x1000, %eax
	vmmcall
	finish	vmmcall

	.code64
	.section .note.GNU-stack, "", @progbits
