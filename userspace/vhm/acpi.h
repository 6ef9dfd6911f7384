/* SPDX-License-Identifier: GPL-2.0 */
/* The ACPI tables: CPUs, interrupt controllers, how to switch off and to reset. */
#ifndef VHM_ACPI_H
#define VHM_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "memory.h"

/* Where the RSDP is: a guest that is not told finds it by searching here. */
#define ACPI_RSDP	MEMORY_TABLES

uint8_t table_checksum(const void *table, size_t length);
int acpi_write_tables(const struct memory *memory, const struct board *board);

#endif /* VHM_ACPI_H */
