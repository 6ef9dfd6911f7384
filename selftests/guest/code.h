/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest code in assembly: where it begins, and where it ends if it is copied.
 */
#ifndef SELFTESTS_GUEST_CODE_H
#define SELFTESTS_GUEST_CODE_H

/* real.S: copied to VM_CODE16 */
extern const char real_out[], real_out_end[];
extern const char real_outs_wraps[], real_outs_wraps_end[];
extern const char real_ins_wraps[], real_ins_wraps_end[];
extern const char real_interrupts[], real_interrupts_end[];
extern const char real_to_long[], real_to_long_end[];

/* flat32.S: runs where it is linked */
extern const char ac_recursion[];
extern const char flat_exceptions[], pae_switches[], pae_bad_pdpte[];
extern const char flat_ud_handler[], flat_gp_handler[], flat_int_handler[];

/* task.S: copied to VM_CODE16 as a whole */
extern const char task_code[], task_code_end[], task_goes_on[];
extern const char task_jmp[], task_jmp_gate[], task_call[], task_call_gate[];
extern const char task_int[], task_int3[], task_ud[], task_gp[], task_spin[];
extern const char task_other[], task_other_back[], task_other_jumps[], task_8086[];

/* legacy.S: runs where it is linked */
extern const char legacy_pages[], legacy_fault[], legacy_fault_handler[];
extern const char legacy_calls[], legacy_called[], legacy_back[], legacy_handler[];
extern const char legacy_sysenter[], legacy_entered[], legacy_exited[];

/* Labels inside functions of interrupts.c */
extern const char window_sti[], window_ss[], window_cpuid[], window_out[];

#endif
