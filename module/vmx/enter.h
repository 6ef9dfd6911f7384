/* SPDX-License-Identifier: GPL-2.0 */
/* What enter.S and C share. */
#ifndef VHM_VMX_ENTER_H
#define VHM_VMX_ENTER_H

/* Offsets in struct vmx_frame, checked in run.c. */
#define VMX_FRAME_REG(index)	((index) * 8)
#define VMX_FRAME_HOST_RSP	(16 * 8)

/* Flags to vmx_enter(). */
#define VMX_RUN_LAUNCHED_BIT	0	/* VMRESUME, not VMLAUNCH */
#define VMX_RUN_IBRS_BIT	1	/* write the host's SPEC_CTRL again behind the exit */

#ifndef __ASSEMBLY__
struct vmx_frame;

unsigned long vmx_enter(struct vmx_frame *frame, unsigned int flags);
extern const char vmx_exit_point[];
#endif

#endif /* VHM_VMX_ENTER_H */
