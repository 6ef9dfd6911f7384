/* SPDX-License-Identifier: GPL-2.0 */
/* The launcher's side of a name: its socket, and the thread that hands out observers. */
#ifndef VHM_SERVE_H
#define VHM_SERVE_H

#include "name.h"

int serve_open(const struct name_places *places, const char *name, int observer);
void serve_close(void);

#endif /* VHM_SERVE_H */
