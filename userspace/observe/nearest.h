/* SPDX-License-Identifier: GPL-2.0 */
/* Names that somebody may have meant who typed one that there is not. */
#ifndef VHM_NEAREST_H
#define VHM_NEAREST_H

#include <stddef.h>

#define NEAREST_MOST	3

/* Longer names are nobody's. */
#define NEAREST_LONGEST	64

size_t nearest(const char *typed, const char *(*name)(size_t number), size_t names,
	       const char **found);
void nearest_say(char *buf, size_t size, const char *const *found, size_t count);

#endif /* VHM_NEAREST_H */
