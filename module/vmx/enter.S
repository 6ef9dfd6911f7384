/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry into the guest and exit from it.
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/segment.h>

#include "compat.h"
#include "enter.h"

/* enum vmcs_field's HOST_RSP: <asm/vmx.h> is for C alone. */
#define FIELD_HOST_RSP	0x6c14

.section .text, "ax"

/*
 * vmx_enter() - one stay in the guest
 * @frame: (RDI) struct vmx_frame: the guest's general registers but RSP
 * @flags: (ESI) VMX_RUN_*
 *
 * Called with IRQs off and the VMCS current.
 *
 * Returns 0 behind a VM exit (a failed entry that is reported as an exit
 * included), 1 when VMLAUNCH or VMRESUME itself failed or faulted.
 */
SYM_FUNC_START(vmx_enter)
	push	%rbp
	mov	%rsp, %rbp
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%rbx
	push	%rsi
	push	%rdi

	/* The stack is almost always as deep as the last time. */
	cmp	VMX_FRAME_HOST_RSP(%rdi), %rsp
	je	.Lhost_rsp_done
	mov	%rsp, VMX_FRAME_HOST_RSP(%rdi)
	mov	$FIELD_HOST_RSP, %eax
.Lwrite_host_rsp:
	vmwrite	%rsp, %rax
.Lhost_rsp_done:

	/* CF says which instruction to use; nothing below may touch it. */
	bt	$VMX_RUN_LAUNCHED_BIT, %esi

	mov	VMX_FRAME_REG(0)(%rdi), %rax
	mov	VMX_FRAME_REG(1)(%rdi), %rcx
	mov	VMX_FRAME_REG(2)(%rdi), %rdx
	mov	VMX_FRAME_REG(3)(%rdi), %rbx
	mov	VMX_FRAME_REG(5)(%rdi), %rbp
	mov	VMX_FRAME_REG(6)(%rdi), %rsi
	mov	VMX_FRAME_REG(8)(%rdi), %r8
	mov	VMX_FRAME_REG(9)(%rdi), %r9
	mov	VMX_FRAME_REG(10)(%rdi), %r10
	mov	VMX_FRAME_REG(11)(%rdi), %r11
	mov	VMX_FRAME_REG(12)(%rdi), %r12
	mov	VMX_FRAME_REG(13)(%rdi), %r13
	mov	VMX_FRAME_REG(14)(%rdi), %r14
	mov	VMX_FRAME_REG(15)(%rdi), %r15
	mov	VMX_FRAME_REG(7)(%rdi), %rdi

	/* MDS and its kin: nothing of the host's stays in the CPU's buffers. Changes ZF alone. */
	ALTERNATIVE "jmp .Lverw_done", "", X86_FEATURE_CLEAR_CPU_BUF
	verw	.Lverw_selector(%rip)
.Lverw_done:

	jnc	.Llaunch
.Lresume:
	vmresume
	ja	vmx_exit_point	/* never: a failure sets CF or ZF; objtool wants a way on */
	jmp	.Lfailed
.Llaunch:
	vmlaunch
	ja	vmx_exit_point
	jmp	.Lfailed

	/* VMX may have been taken away: a reboot is under way. */
	_ASM_EXTABLE(.Lwrite_host_rsp, .Lfailed)
	_ASM_EXTABLE(.Lresume, .Lfailed)
	_ASM_EXTABLE(.Llaunch, .Lfailed)

/* HOST_RIP. RSP is as it was at the entry, everything else is the guest's. */
SYM_INNER_LABEL(vmx_exit_point, SYM_L_GLOBAL)
	ENDBR
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rax, VMX_FRAME_REG(0)(%rdi)
	mov	%rcx, VMX_FRAME_REG(1)(%rdi)
	mov	%rdx, VMX_FRAME_REG(2)(%rdi)
	mov	%rbx, VMX_FRAME_REG(3)(%rdi)
	mov	%rbp, VMX_FRAME_REG(5)(%rdi)
	mov	%rsi, VMX_FRAME_REG(6)(%rdi)
	pop	VMX_FRAME_REG(7)(%rdi)
	mov	%r8, VMX_FRAME_REG(8)(%rdi)
	mov	%r9, VMX_FRAME_REG(9)(%rdi)
	mov	%r10, VMX_FRAME_REG(10)(%rdi)
	mov	%r11, VMX_FRAME_REG(11)(%rdi)
	mov	%r12, VMX_FRAME_REG(12)(%rdi)
	mov	%r13, VMX_FRAME_REG(13)(%rdi)
	mov	%r14, VMX_FRAME_REG(14)(%rdi)
	mov	%r15, VMX_FRAME_REG(15)(%rdi)
	xor	%ebx, %ebx
	jmp	.Lhost

.Lfailed:
	mov	$1, %ebx

	/*
	 * No guest value may stay where the host could speculate with it. EBX
	 * is the result; the callee-saved registers come back from the stack,
	 * but a load that misses would leave the guest's in view until then.
	 */
.Lhost:
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebp, %ebp
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	mov	8(%rsp), %rsi		/* @flags */

	/* Before the first RET: the guest has filled the return stack buffer. */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE

	/* IBRS guards the host only if it is written again after the guest ran. */
	bt	$VMX_RUN_IBRS_BIT, %esi
	jnc	.Librs_done
	mov	PER_CPU_VAR(x86_spec_ctrl_current), %rdx
	mov	%edx, %eax
	shr	$32, %rdx
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	wrmsr
.Librs_done:

	VHM_CLEAR_BRANCH_HISTORY

	mov	%ebx, %eax
	add	$16, %rsp
	pop	%rbx
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	pop	%rbp
	RET
SYM_FUNC_END(vmx_enter)

/* Any writable data segment: VERW with a memory operand clears the buffers. */
	.section .rodata
	.balign 8
.Lverw_selector:
	.word	__KERNEL_DS
