/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Branch history: a guest trains it, and a host whose CPU does not keep the two
 * apart clears it behind an exit. Kernels that keep their own function for it to
 * KVM get this one (compat.h).
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>

#define ROUNDS		5
#define BRANCHES	5

.section .text, "ax"

/* Calls nest: each round ends by beginning the next one within. */
	.balign 64
SYM_FUNC_START_LOCAL(history_round)
	call	history_branches
	RET
SYM_FUNC_END(history_round)

	.balign 64
SYM_FUNC_START_LOCAL(history_branches)
	mov	$BRANCHES, %eax
.Ltaken:
	jmp	.Lcount
	nop
.Lcount:
	dec	%eax
	jnz	.Ltaken
	dec	%ecx
	jnz	history_round
	RET
SYM_FUNC_END(history_branches)

/*
 * vhm_clear_branch_history() - take enough branches that none of the guest's is left
 *
 * Intel, "Branch History Injection and Intra-mode Branch Target Injection", the
 * software sequence for processors without BHI_DIS_S: taken jumps in nested calls.
 * Changes RAX, RCX and flags.
 */
SYM_FUNC_START(vhm_clear_branch_history)
	mov	$ROUNDS, %ecx
	call	history_round
	/* Nothing behind it is guessed from what was before. */
	lfence
	RET
SYM_FUNC_END(vhm_clear_branch_history)
