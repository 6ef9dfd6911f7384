/* SPDX-License-Identifier: GPL-2.0 */
/* What the launcher says itself, on stderr. */
#ifndef VHM_LOG_H
#define VHM_LOG_H

#include "../libvhm/compiler.h"

__printf(2, 3)
int log_error(const char *about, const char *format, ...);
__printf(1, 2)
void log_note(const char *format, ...);
void log_text(const char *text);

#endif /* VHM_LOG_H */
