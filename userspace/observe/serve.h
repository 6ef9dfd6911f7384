/* SPDX-License-Identifier: GPL-2.0 */
/* The launcher's side of a name: its socket, and the thread that hands out observers. */
#ifndef VHM_SERVE_H
#define VHM_SERVE_H

#include "name.h"

/**
 * typedef serve_make_t - make what is handed out
 * @argument: as given to serve_open()
 *
 * Called by the thread that serves, for each that may have one: who has none costs nothing.
 *
 * Return: a new file descriptor, or a negative errno.
 */
typedef int serve_make_t(const void *argument);

int serve_open(const struct name_places *places, const char *name, serve_make_t *make,
	       const void *argument);
void serve_close(void);

#endif /* VHM_SERVE_H */
