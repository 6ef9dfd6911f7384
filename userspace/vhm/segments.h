/* SPDX-License-Identifier: GPL-2.0 */
/* Segments over all addresses, as kernels want to be entered with. */
#ifndef VHM_SEGMENTS_H
#define VHM_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

void segments_set_flat(struct kvm_sregs *sregs, uint16_t code, uint16_t data, bool is_64bit);

#endif /* VHM_SEGMENTS_H */
