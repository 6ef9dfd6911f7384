/* SPDX-License-Identifier: GPL-2.0 */
/* The machine's name, by which others find an observer of it. */
#ifndef VHM_OBSERVERS_H
#define VHM_OBSERVERS_H

#include "machine.h"

int observers_open(const struct machine *machine, const char *name);
void observers_close(void);

#endif /* VHM_OBSERVERS_H */
