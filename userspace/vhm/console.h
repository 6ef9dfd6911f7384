/* SPDX-License-Identifier: GPL-2.0 */
/* The user's side of the serial port: stdin, stdout and the terminal. */
#ifndef VHM_CONSOLE_H
#define VHM_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

/* How long a byte may wait for company before it is written, in ns. */
#define CONSOLE_DELAY	20000000ull

int console_open(void);
void console_close(void);
bool console_put(uint8_t byte);
void console_flush(void);
bool console_waiting(void);
bool console_get(uint8_t *byte);
bool console_left(void);
uint64_t console_written(void);

#endif /* VHM_CONSOLE_H */
