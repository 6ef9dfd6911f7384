/* SPDX-License-Identifier: GPL-2.0 */
/* Running the guest until it ends. */
#ifndef VHM_RUN_H
#define VHM_RUN_H

#include "machine.h"

void run_guest(struct machine *machine);
int run_status(const struct machine *machine);

#endif /* VHM_RUN_H */
