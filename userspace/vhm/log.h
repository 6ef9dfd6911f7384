/* SPDX-License-Identifier: GPL-2.0 */
/* What the launcher says itself, on stderr. */
#ifndef VHM_LOG_H
#define VHM_LOG_H

int log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* VHM_LOG_H */
