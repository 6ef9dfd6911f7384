// SPDX-License-Identifier: GPL-2.0
/* Modules: files that a kernel finds in memory beside itself. */
#include <string.h>

#include "log.h"
#include "modules.h"

#define PAGE	4096u

static int full(const struct modules *modules)
{
	if (modules->count < MODULES_MOST)
		return 0;
	return log_error("--module", "a kernel can be given no more than %d modules, with --initrd",
			 MODULES_MOST);
}

/**
 * modules_add() - take note of one more module
 * @modules: those so far
 * @text: FILE[,TEXT], kept and cut in two; without TEXT it is told FILE
 *
 * Return: 0; -1 with a message said.
 */
int modules_add(struct modules *modules, char *text)
{
	struct module *module = &modules->module[modules->count];
	char *comma = strchr(text, ',');

	if (full(modules))
		return -1;
	if (!*text || comma == text)
		return log_error("--module", "'%s' names no file: say FILE or FILE,TEXT", text);
	if (comma)
		*comma++ = '\0';
	module->path = text;
	module->text = comma ? comma : text;
	modules->count++;
	return 0;
}

/**
 * modules_add_first() - put a file in front of the others
 * @modules: those so far
 * @path: the file
 *
 * Return: 0; -1 with a message said.
 */
int modules_add_first(struct modules *modules, const char *path)
{
	if (full(modules))
		return -1;
	memmove(&modules->module[1], &modules->module[0],
		modules->count * sizeof(modules->module[0]));
	modules->module[0].path = path;
	modules->module[0].text = path;
	modules->count++;
	return 0;
}

static int load_one(const struct module *module, const struct image *image, struct room *room,
		    uint64_t from, struct module_place *place)
{
	uint64_t address;
	void *to = room_find(room, from, image->size, PAGE, &address);

	if (!to)
		return log_error(image->path,
				 "is too large: there is no room for its %llu bytes between the kernel's end at 0x%llx and the end of the %llu MiB below 3 GiB; give the guest more memory (--memory) or make it smaller",
				 (unsigned long long)image->size, (unsigned long long)from,
				 (unsigned long long)(room->memory->low / MIB));
	place->start = (uint32_t)address;
	place->end = (uint32_t)(address + image->size);
	if (image_read(image, 0, to, image->size))
		return -1;
	return room_text(room, module->text, &place->text);
}

/**
 * modules_load() - load all of them, in their order, each from a page's start
 * @modules: which
 * @room: what is taken
 * @from: the end of the kernel
 * @places: out: where each of them is
 *
 * Return: 0; -1 with a message said.
 */
int modules_load(const struct modules *modules, struct room *room, uint64_t from,
		 struct module_place *places)
{
	struct image image;
	unsigned int i;
	int error;

	for (i = 0; i < modules->count; i++) {
		if (image_open(&image, modules->module[i].path))
			return -1;
		error = load_one(&modules->module[i], &image, room, from, &places[i]);
		image_close(&image);
		if (error)
			return -1;
	}
	return 0;
}
