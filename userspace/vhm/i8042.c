// SPDX-License-Identifier: GPL-2.0
/*
 * The keyboard controller, with neither keyboard nor mouse. It answers its
 * self-tests, lets whoever talks to a device time out at once, and resets the
 * machine. It has no interrupt: nothing ever comes from a device.
 */
#include <string.h>

#include "i8042.h"

#define STATUS_OUTPUT		0x01	/* there is a byte to read */
#define STATUS_SYSTEM		0x04	/* the self-test has passed */
#define STATUS_COMMAND		0x08	/* the last write was to port 0x64 */
#define STATUS_UNLOCKED		0x10
#define STATUS_AUX		0x20	/* the byte is the mouse's */
#define STATUS_TIMEOUT		0x40

#define READ_MODE		0x20
#define WRITE_MODE		0x60
#define DISABLE_AUX		0xa7
#define ENABLE_AUX		0xa8
#define TEST_AUX		0xa9
#define SELF_TEST		0xaa
#define TEST_KEYBOARD		0xab
#define DISABLE_KEYBOARD	0xad
#define ENABLE_KEYBOARD		0xae
#define READ_OUTPUT_PORT	0xd0
#define WRITE_OUTPUT_PORT	0xd1
#define LOOP_KEYBOARD		0xd2
#define LOOP_AUX		0xd3
#define WRITE_AUX		0xd4
#define PULSE			0xf0	/* its low bits: the lines left alone */

#define MODE_NO_KEYBOARD	0x10
#define MODE_NO_AUX		0x20

#define OUTPUT_PORT_NO_RESET	0x01
#define OUTPUT_PORT_A20		0x02

#define ANSWER_PASSED		0x55
#define ANSWER_RESEND		0xfe

static void answer(struct i8042 *i8042, uint8_t byte, uint8_t status)
{
	i8042->output = byte;
	i8042->status &= ~(STATUS_AUX | STATUS_TIMEOUT);
	i8042->status |= STATUS_OUTPUT | status;
}

/* Returns true for a reset, as the functions below do. */
static bool command(struct i8042 *i8042, uint8_t value)
{
	i8042->argument_of = 0;
	switch (value) {
	case READ_MODE:
		answer(i8042, i8042->mode, 0);
		break;
	case DISABLE_AUX:
		i8042->mode |= MODE_NO_AUX;
		break;
	case ENABLE_AUX:
		i8042->mode &= ~MODE_NO_AUX;
		break;
	case SELF_TEST:
		answer(i8042, ANSWER_PASSED, 0);
		break;
	case TEST_AUX:
	case TEST_KEYBOARD:
		answer(i8042, 0, 0);
		break;
	case DISABLE_KEYBOARD:
		i8042->mode |= MODE_NO_KEYBOARD;
		break;
	case ENABLE_KEYBOARD:
		i8042->mode &= ~MODE_NO_KEYBOARD;
		break;
	case READ_OUTPUT_PORT:
		answer(i8042, OUTPUT_PORT_NO_RESET | OUTPUT_PORT_A20, 0);
		break;
	case WRITE_MODE:
	case WRITE_OUTPUT_PORT:
	case LOOP_KEYBOARD:
	case LOOP_AUX:
	case WRITE_AUX:
		i8042->argument_of = value;
		break;
	default:
		return value >= PULSE && !(value & OUTPUT_PORT_NO_RESET);
	}
	return false;
}

static bool data(struct i8042 *i8042, uint8_t value)
{
	uint8_t to = i8042->argument_of;

	i8042->argument_of = 0;
	switch (to) {
	case WRITE_MODE:
		i8042->mode = value;
		break;
	case WRITE_OUTPUT_PORT:
		return !(value & OUTPUT_PORT_NO_RESET);
	case LOOP_KEYBOARD:
		answer(i8042, value, 0);
		break;
	case LOOP_AUX:
		answer(i8042, value, STATUS_AUX);
		break;
	case WRITE_AUX:
		answer(i8042, ANSWER_RESEND, STATUS_AUX | STATUS_TIMEOUT);
		break;
	default:		/* to a keyboard that is not there */
		answer(i8042, ANSWER_RESEND, STATUS_TIMEOUT);
		break;
	}
	return false;
}

/**
 * i8042_write() - the guest writes a byte to one of the ports
 * @i8042: the controller
 * @port: 0x60 or 0x64
 * @value: the byte
 *
 * Return: true if that resets the machine.
 */
bool i8042_write(struct i8042 *i8042, uint16_t port, uint8_t value)
{
	if (port == I8042_COMMAND_PORT) {
		i8042->status |= STATUS_COMMAND;
		return command(i8042, value);
	}
	i8042->status &= ~STATUS_COMMAND;
	return data(i8042, value);
}

/**
 * i8042_read() - the guest reads a byte from one of the ports
 * @i8042: the controller
 * @port: 0x60 or 0x64
 *
 * Return: the byte.
 */
uint8_t i8042_read(struct i8042 *i8042, uint16_t port)
{
	if (port == I8042_COMMAND_PORT)
		return i8042->status;
	i8042->status &= ~(STATUS_OUTPUT | STATUS_AUX | STATUS_TIMEOUT);
	return i8042->output;
}

/**
 * i8042_init() - bring the controller to its state after firmware's self-test
 * @i8042: the controller
 */
void i8042_init(struct i8042 *i8042)
{
	memset(i8042, 0, sizeof(*i8042));
	i8042->mode = MODE_NO_KEYBOARD | MODE_NO_AUX;
	i8042->status = STATUS_SYSTEM | STATUS_UNLOCKED;
}
