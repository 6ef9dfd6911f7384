/* SPDX-License-Identifier: GPL-2.0 */
/* The keyboard controller, with nothing plugged in, for its reset line. */
#ifndef VHM_I8042_H
#define VHM_I8042_H

#include <stdbool.h>
#include <stdint.h>

#define I8042_DATA_PORT		0x60
#define I8042_COMMAND_PORT	0x64

struct i8042 {
	uint8_t mode;		/* the command byte */
	uint8_t output;		/* what the guest reads next */
	uint8_t status;
	uint8_t argument_of;	/* the command that waits for a byte, or 0 */
};

void i8042_init(struct i8042 *i8042);
uint8_t i8042_read(struct i8042 *i8042, uint16_t port);
bool i8042_write(struct i8042 *i8042, uint16_t port, uint8_t value);

#endif /* VHM_I8042_H */
