// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../vhm/log.h"
#include "symbols.h"

/* A kernel with all its debugging information is smaller. */
#define SIZE_MOST	(2ull << 30)

static int out_of_memory(const char *path)
{
	return log_error(path, "no memory for its symbols");
}

static int read_whole(const char *path, char **data, size_t *size)
{
	FILE *file = fopen(path, "re");
	long length = -1;
	int error = -1;

	if (!file)
		return log_error(path, "cannot be opened: %s", strerror(errno));
	if (!fseek(file, 0, SEEK_END))
		length = ftell(file);
	if (length < 0 || fseek(file, 0, SEEK_SET)) {
		log_error(path, "cannot be read: %s", strerror(errno));
	} else if ((unsigned long long)length > SIZE_MOST) {
		log_error(path, "is too large for a file of symbols");
	} else {
		*size = (size_t)length;
		*data = malloc(*size + 1);
		if (!*data)
			out_of_memory(path);
		else if (fread(*data, 1, *size, file) != *size)
			log_error(path, "cannot be read: %s", strerror(errno));
		else
			error = 0;
	}
	fclose(file);
	if (!error)
		(*data)[*size] = '\0';
	return error;
}

static int add(struct symbols *symbols, uint64_t address, const char *name)
{
	struct symbol *more;

	/* Room for 1, 2, 4, 8 ... */
	if (!(symbols->count & (symbols->count - 1)) || !symbols->count) {
		more = realloc(symbols->symbol,
			       (symbols->count ? 2 * symbols->count : 1) * sizeof(*more));
		if (!more)
			return -1;
		symbols->symbol = more;
	}
	symbols->symbol[symbols->count++] = (struct symbol){ address, name };
	return 0;
}

/* "ffffffff81000000 T _stext", one a line. */
static int read_map(struct symbols *symbols, const char *path, size_t size)
{
	unsigned int number = 1;
	char *line = symbols->file, *end, *name;
	uint64_t address;

	while (line < symbols->file + size) {
		end = strchr(line, '\n');
		address = strtoull(line, &name, 16);
		if (!end || name == line || name[0] != ' ' || !name[1] || name[2] != ' ' ||
		    name + 3 >= end)
			return log_error(path,
					 "line %u is no line of a System.map: is the file cut off?",
					 number);
		*end = '\0';
		if (strchr("tTwW", name[1]) && add(symbols, address, name + 3))
			return out_of_memory(path);
		line = end + 1;
		number++;
	}
	return 0;
}

static int cut_off(const char *path)
{
	return log_error(path, "is an ELF file that ends too early, or is damaged");
}

static int has(size_t size, uint64_t offset, uint64_t length)
{
	return offset <= size && length <= size - offset;
}

static int read_table(struct symbols *symbols, const char *path, size_t size,
		      const Elf64_Shdr *table, const Elf64_Shdr *strings)
{
	uint64_t i, count = table->sh_size / sizeof(Elf64_Sym);
	const char *names = symbols->file + strings->sh_offset;
	Elf64_Sym symbol;

	if (!has(size, table->sh_offset, table->sh_size) ||
	    !has(size, strings->sh_offset, strings->sh_size) || !strings->sh_size ||
	    names[strings->sh_size - 1])
		return cut_off(path);
	for (i = 0; i < count; i++) {
		memcpy(&symbol, symbols->file + table->sh_offset + i * sizeof(symbol),
		       sizeof(symbol));
		if (symbol.st_name >= strings->sh_size)
			return cut_off(path);
		if ((ELF64_ST_TYPE(symbol.st_info) != STT_FUNC &&
		     ELF64_ST_TYPE(symbol.st_info) != STT_NOTYPE) ||
		    symbol.st_shndx == SHN_UNDEF || !names[symbol.st_name])
			continue;
		if (add(symbols, symbol.st_value, names + symbol.st_name))
			return out_of_memory(path);
	}
	return 0;
}

static int read_elf(struct symbols *symbols, const char *path, size_t size)
{
	Elf64_Shdr table, strings;
	Elf64_Ehdr head;
	unsigned int i;

	if (size < sizeof(head))
		return cut_off(path);
	memcpy(&head, symbols->file, sizeof(head));
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
		return log_error(path, "is no 64-bit ELF file of x86");
	if (head.e_shentsize != sizeof(table) ||
	    !has(size, head.e_shoff, (uint64_t)head.e_shnum * sizeof(table)))
		return cut_off(path);
	for (i = 0; i < head.e_shnum; i++) {
		memcpy(&table, symbols->file + head.e_shoff + i * sizeof(table), sizeof(table));
		if (table.sh_type != SHT_SYMTAB)
			continue;
		if (table.sh_link >= head.e_shnum)
			return cut_off(path);
		memcpy(&strings, symbols->file + head.e_shoff + table.sh_link * sizeof(strings),
		       sizeof(strings));
		return read_table(symbols, path, size, &table, &strings);
	}
	return log_error(path, "has no symbols: it is stripped");
}

static int compare(const void *one, const void *other)
{
	const struct symbol *a = one, *b = other;

	return a->address < b->address ? -1 : a->address > b->address;
}

/**
 * symbols_read() - read a System.map or a 64-bit ELF file
 * @symbols: filled in; to be given to symbols_free()
 * @path: the file
 *
 * Return: 0; -1 with a message said.
 */
int symbols_read(struct symbols *symbols, const char *path)
{
	size_t size = 0;
	int error;

	memset(symbols, 0, sizeof(*symbols));
	if (read_whole(path, &symbols->file, &size))
		error = -1;
	else if (size >= SELFMAG && !memcmp(symbols->file, ELFMAG, SELFMAG))
		error = read_elf(symbols, path, size);
	else
		error = read_map(symbols, path, size);
	if (!error && !symbols->count)
		error = log_error(path, "has no symbols");
	if (error)
		symbols_free(symbols);
	else
		qsort(symbols->symbol, symbols->count, sizeof(struct symbol), compare);
	return error;
}

/**
 * symbols_free() - give them back
 * @symbols: they
 */
void symbols_free(struct symbols *symbols)
{
	free(symbols->symbol);
	free(symbols->file);
	memset(symbols, 0, sizeof(*symbols));
}

/**
 * symbols_find() - the symbol that an address belongs to
 * @symbols: they
 * @address: the address
 *
 * Return: the last one that is not above it; NULL: there is none.
 */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (symbols->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->symbol[low - 1] : NULL;
}
