// SPDX-License-Identifier: GPL-2.0
/*
 * ELF executables for x86, of 32 or 64 bits: their segments go to the physical
 * addresses that the program headers name. See elf(5).
 */
#include <elf.h>
#include <string.h>

#include "elffile.h"
#include "log.h"

/* More than any kernel has; a file of notes alone must not keep us busy. */
#define NOTES_MOST	MIB

union header {
	unsigned char ident[EI_NIDENT];
	Elf32_Ehdr narrow;
	Elf64_Ehdr wide;
};

/* What we need of either header. */
struct outline {
	bool wide;
	uint16_t type;
	uint16_t machine;
	uint64_t table;		/* program headers: where, how large, how many */
	uint64_t row;
	uint64_t rows;
};

/**
 * elf_probe() - is it an ELF file?
 * @image: the file
 * @is_elf: out: true if it has the magic of one
 *
 * Return: 0; -1 with a message said.
 */
int elf_probe(const struct image *image, bool *is_elf)
{
	char magic[SELFMAG];

	*is_elf = false;
	if (image->size < sizeof(magic))
		return 0;
	if (image_read(image, 0, magic, sizeof(magic)))
		return -1;
	*is_elf = !memcmp(magic, ELFMAG, SELFMAG);
	return 0;
}

static int truncated(const struct image *image, const char *what)
{
	return log_error(image->path,
			 "is truncated: its %llu bytes do not hold the %s of its ELF header; get it again",
			 (unsigned long long)image->size, what);
}

static int read_outline(struct elf *elf, struct outline *outline)
{
	const struct image *image = elf->image;
	uint64_t size = sizeof(union header);
	union header header = { 0 };

	if (image->size < size)
		size = image->size;
	if (image_read(image, 0, &header, size))
		return -1;
	outline->wide = header.ident[EI_CLASS] == ELFCLASS64;
	if (size < (outline->wide ? sizeof(header.wide) : sizeof(header.narrow)))
		return truncated(image, "rest");
	if (header.ident[EI_DATA] != ELFDATA2LSB ||
	    (!outline->wide && header.ident[EI_CLASS] != ELFCLASS32))
		return log_error(image->path,
				 "is an ELF file, but not for x86 (class %u, byte order %u): build it for x86",
				 header.ident[EI_CLASS], header.ident[EI_DATA]);
#define FIELD(name) (outline->wide ? header.wide.name : header.narrow.name)
	outline->type = FIELD(e_type);
	outline->machine = FIELD(e_machine);
	outline->table = FIELD(e_phoff);
	outline->row = FIELD(e_phentsize);
	outline->rows = FIELD(e_phnum);
	elf->entry = FIELD(e_entry);
#undef FIELD
	return 0;
}

static int check_outline(const struct image *image, const struct outline *outline)
{
	uint64_t row = outline->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (outline->machine != EM_386 && outline->machine != EM_X86_64)
		return log_error(image->path,
				 "is an ELF file for another machine than x86 (e_machine %u): build it for x86",
				 outline->machine);
	if (outline->type != ET_EXEC)
		return log_error(image->path,
				 "is an ELF file, but not an executable with fixed addresses (e_type %u): link it as one (without -r, -shared and -pie)",
				 outline->type);
	if (outline->row != row || !outline->rows || outline->rows > ELF_SEGMENTS)
		return log_error(image->path,
				 "has %llu program headers of %llu bytes, from 1 to %u of %llu were expected: it is damaged, or not a kernel",
				 (unsigned long long)outline->rows,
				 (unsigned long long)outline->row, ELF_SEGMENTS,
				 (unsigned long long)row);
	if (outline->table > image->size ||
	    outline->rows * row > image->size - outline->table)
		return truncated(image, "program headers");
	return 0;
}

static void widen(struct elf_segment *segment, const Elf32_Phdr *row)
{
	segment->type = row->p_type;
	segment->align = row->p_align;
	segment->offset = row->p_offset;
	segment->in_file = row->p_filesz;
	segment->virtual = row->p_vaddr;
	segment->physical = row->p_paddr;
	segment->in_memory = row->p_memsz;
}

static void copy(struct elf_segment *segment, const Elf64_Phdr *row)
{
	segment->type = row->p_type;
	segment->align = row->p_align;
	segment->offset = row->p_offset;
	segment->in_file = row->p_filesz;
	segment->virtual = row->p_vaddr;
	segment->physical = row->p_paddr;
	segment->in_memory = row->p_memsz;
}

static int check_segment(const struct image *image, const struct elf_segment *segment)
{
	if (segment->offset > image->size || segment->in_file > image->size - segment->offset)
		return log_error(image->path,
				 "is truncated: a segment lies at byte %llu and has %llu, the file has %llu; get it again",
				 (unsigned long long)segment->offset,
				 (unsigned long long)segment->in_file,
				 (unsigned long long)image->size);
	if (segment->type == PT_LOAD && segment->in_file > segment->in_memory)
		return log_error(image->path,
				 "has a damaged program header (p_filesz 0x%llx, p_memsz 0x%llx): get it again",
				 (unsigned long long)segment->in_file,
				 (unsigned long long)segment->in_memory);
	return 0;
}

/**
 * elf_read() - read the headers of an ELF file
 * @elf: filled in on success
 * @image: the file, kept
 *
 * Return: 0; -1 with a message said.
 */
int elf_read(struct elf *elf, const struct image *image)
{
	union {
		Elf32_Phdr narrow[ELF_SEGMENTS];
		Elf64_Phdr wide[ELF_SEGMENTS];
	} table;
	struct outline outline = { 0 };
	unsigned int i;

	elf->image = image;
	if (read_outline(elf, &outline) || check_outline(image, &outline) ||
	    image_read(image, outline.table, &table, outline.rows * outline.row))
		return -1;
	elf->count = (unsigned int)outline.rows;
	for (i = 0; i < elf->count; i++) {
		if (outline.wide)
			copy(&elf->segment[i], &table.wide[i]);
		else
			widen(&elf->segment[i], &table.narrow[i]);
		if (check_segment(image, &elf->segment[i]))
			return -1;
	}
	return 0;
}

/**
 * elf_load() - load the segments
 * @elf: from elf_read()
 * @room: what is taken
 * @end: out: the first address behind all of them
 *
 * Return: 0; -1 with a message said.
 */
int elf_load(const struct elf *elf, struct room *room, uint64_t *end)
{
	const struct elf_segment *segment;
	unsigned int i;

	*end = 0;
	for (i = 0; i < elf->count; i++) {
		segment = &elf->segment[i];
		if (segment->type != PT_LOAD)
			continue;
		if (room_load(room, elf->image, segment->offset, segment->in_file,
			      segment->physical, segment->in_memory))
			return -1;
		if (segment->physical + segment->in_memory > *end)
			*end = segment->physical + segment->in_memory;
	}
	if (!*end)
		return log_error(elf->image->path,
				 "has nothing to load (no PT_LOAD with memory): it is not a kernel");
	return 0;
}

/**
 * elf_holds() - does an address lie in what is loaded?
 * @elf: the file
 * @physical: the address
 *
 * Return: true if so.
 */
bool elf_holds(const struct elf *elf, uint64_t physical)
{
	const struct elf_segment *segment;
	unsigned int i;

	for (i = 0; i < elf->count; i++) {
		segment = &elf->segment[i];
		if (segment->type == PT_LOAD && physical >= segment->physical &&
		    physical - segment->physical < segment->in_memory)
			return true;
	}
	return false;
}

/**
 * elf_physical() - where a virtual address of the file is loaded
 * @elf: the file
 * @virtual: the address
 * @physical: out
 *
 * Return: false if no segment has it.
 */
bool elf_physical(const struct elf *elf, uint64_t virtual, uint64_t *physical)
{
	const struct elf_segment *segment;
	unsigned int i;

	for (i = 0; i < elf->count; i++) {
		segment = &elf->segment[i];
		if (segment->type == PT_LOAD && virtual >= segment->virtual &&
		    virtual - segment->virtual < segment->in_memory) {
			*physical = segment->physical + (virtual - segment->virtual);
			return true;
		}
	}
	return false;
}

/* A note: its header, its owner's name and its content, each padded. */
struct note {
	uint64_t name;		/* offsets in the file */
	uint64_t content;
	uint64_t next;
	Elf64_Nhdr header;
};

static int read_note(const struct elf *elf, const struct elf_segment *segment,
		     uint64_t at, struct note *note)
{
	uint64_t pad = segment->align == 8 ? 7 : 3;
	uint64_t end = segment->offset + segment->in_file;

	if (end - at < sizeof(note->header))
		goto damaged;
	if (image_read(elf->image, at, &note->header, sizeof(note->header)))
		return -1;
	/* Padded as seen from the note's start. Numbers of 32 bits: nothing overflows. */
	note->name = at + sizeof(note->header);
	note->content = at + ((sizeof(note->header) + note->header.n_namesz + pad) & ~pad);
	note->next = note->content + ((note->header.n_descsz + pad) & ~pad);
	if (note->content + note->header.n_descsz <= end)
		return 0;
damaged:
	return log_error(elf->image->path,
			 "has damaged notes (one at byte %llu does not end before they do): get it again",
			 (unsigned long long)at);
}

static int is_from(const struct elf *elf, const struct note *note, const char *owner, bool *yes)
{
	uint32_t length = (uint32_t)strlen(owner) + 1;
	char name[16];

	*yes = false;
	if (note->header.n_namesz != length || length > sizeof(name))
		return 0;
	if (image_read(elf->image, note->name, name, length))
		return -1;
	*yes = !memcmp(name, owner, length);
	return 0;
}

static int search(const struct elf *elf, const struct elf_segment *segment,
		  const char *owner, uint32_t type, struct note *note, bool *found)
{
	uint64_t end = segment->offset + segment->in_file;
	uint64_t at;

	if (segment->in_file > NOTES_MOST)
		return log_error(elf->image->path,
				 "has notes of %llu bytes, which no kernel has: it is damaged; get it again",
				 (unsigned long long)segment->in_file);
	for (at = segment->offset; at < end; at = note->next) {
		if (read_note(elf, segment, at, note))
			return -1;
		if (note->header.n_type != type)
			continue;
		if (is_from(elf, note, owner, found))
			return -1;
		if (*found)
			return 0;
	}
	return 0;
}

/**
 * elf_note() - find a note
 * @elf: the file
 * @owner: who has given the note its meaning
 * @type: which of his
 * @content: out: what it says
 * @size: in: room there; out: how much it says, 0 if there is no such note
 *
 * Return: 0; -1 with a message said.
 */
int elf_note(const struct elf *elf, const char *owner, uint32_t type,
	     void *content, uint32_t *size)
{
	const struct elf_segment *segment;
	bool found = false;
	struct note note = { 0 };
	unsigned int i;

	for (i = 0; i < elf->count && !found; i++) {
		segment = &elf->segment[i];
		if (segment->type == PT_NOTE &&
		    search(elf, segment, owner, type, &note, &found))
			return -1;
	}
	if (!found) {
		*size = 0;
		return 0;
	}
	if (note.header.n_descsz > *size)
		return log_error(elf->image->path,
				 "has a note %s %u of %u bytes, at most %u were expected: it is damaged; get it again",
				 owner, type, note.header.n_descsz, *size);
	*size = note.header.n_descsz;
	return image_read(elf->image, note.content, content, *size);
}
