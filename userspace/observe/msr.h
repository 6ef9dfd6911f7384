/* SPDX-License-Identifier: GPL-2.0 */
/* The VMX capability MSRs by name and in words. */
#ifndef VHM_MSR_H
#define VHM_MSR_H

#include <stddef.h>
#include <stdint.h>

const char *msr_name(uint32_t index);
size_t msr_decode(uint32_t index, uint64_t value, char *buffer, size_t size);

#endif /* VHM_MSR_H */
