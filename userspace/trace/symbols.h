/* SPDX-License-Identifier: GPL-2.0 */
/* Names of a guest's addresses, from its System.map or its ELF file. */
#ifndef VHM_SYMBOLS_H
#define VHM_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address;
	const char *name;
};

/**
 * struct symbols - what is known
 * @count: symbols
 * @symbol: they, by rising address
 * @file: the file, in which the names are
 */
struct symbols {
	size_t count;
	struct symbol *symbol;
	char *file;
};

int symbols_read(struct symbols *symbols, const char *path);
void symbols_free(struct symbols *symbols);
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

#endif /* VHM_SYMBOLS_H */
