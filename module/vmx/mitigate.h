/* SPDX-License-Identifier: GPL-2.0 */
/* L1TF: what of the L1 data cache a guest may find. Seen inside vmx/ alone. */
#ifndef VHM_VMX_MITIGATE_H
#define VHM_VMX_MITIGATE_H

#include <linux/jump_label.h>

struct vhm_vcpu;

DECLARE_STATIC_KEY_FALSE(vmx_l1d_flush_wanted);

void vmx_l1d_flush(struct vhm_vcpu *v);

#endif /* VHM_VMX_MITIGATE_H */
