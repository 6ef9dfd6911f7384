/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots that break no rule, as bases for tests that break one: a CPU that has every control,
 * and guests in the modes that matter.
 */
#ifndef VHM_UNIT_CHECK_SNAPSHOT_H
#define VHM_UNIT_CHECK_SNAPSHOT_H

#include "../../../module/vmx/check/rules.h"

#define REVISION	0x12

/* A control field's capability MSR: bits that must be 1 and bits that may be. */
#define CAPABILITY(must, may)	((u64)((must) | (may)) << 32 | (must))

#define PIN_DEFAULT		0x16u
#define CPU_DEFAULT		0x04006172u
#define EXIT_DEFAULT		0x00036dfbu
#define ENTRY_DEFAULT		0x000011fbu

void snapshot_long_mode(struct vmx_snapshot *s);
void snapshot_restricted(struct vmx_snapshot *s);
void snapshot_pae(struct vmx_snapshot *s);
void snapshot_real_mode(struct vmx_snapshot *s);
void snapshot_virtual_8086(struct vmx_snapshot *s);
void snapshot_host_32(struct vmx_snapshot *s);
void snapshot_everything(struct vmx_snapshot *s);

#endif /* VHM_UNIT_CHECK_SNAPSHOT_H */
