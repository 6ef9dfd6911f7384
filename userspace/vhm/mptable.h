/* SPDX-License-Identifier: GPL-2.0 */
/* The MP table, for guests that find CPUs without ACPI. */
#ifndef VHM_MPTABLE_H
#define VHM_MPTABLE_H

#include "board.h"
#include "memory.h"

/* A guest searches the last 64 KiB below 1 MiB for it. */
#define MP_TABLE	0xf0000

int mptable_write(const struct memory *memory, const struct board *board);

#endif /* VHM_MPTABLE_H */
