// SPDX-License-Identifier: GPL-2.0
/*
 * Two 8259A interrupt controllers. The slave's output is the master's input 2.
 * A request needs a rising edge, or just the level where the ELCR says so; either
 * way it goes if the line falls before the CPU has taken it. See the datasheet
 * "8259A Programmable Interrupt Controller".
 */
#include <string.h>

#include "pic.h"

#define CASCADE		2
#define NONE		8	/* where a number of an input is expected */
#define SPURIOUS	7

#define ICW1_ICW4	0x01
#define ICW1_SINGLE	0x02
#define ICW1		0x10
#define ICW4_AUTO_EOI	0x02
#define ICW4_SFNM	0x10
#define OCW3		0x08
#define OCW3_READ	0x02
#define OCW3_READ_ISR	0x01
#define OCW3_POLL	0x04
#define OCW3_SET_MASK	0x40
#define OCW3_MASK	0x20

/* Commands of OCW2, its three highest bits. */
enum {
	ROTATE_AUTO_CLEAR = 0,
	EOI = 1,
	EOI_SPECIFIC = 3,
	ROTATE_AUTO_SET = 4,
	EOI_ROTATE = 5,
	SET_PRIORITY = 6,
	EOI_SPECIFIC_ROTATE = 7,
};

/* The input of highest priority among @inputs, or NONE. */
static unsigned int highest(const struct pic_chip *chip, uint8_t inputs)
{
	unsigned int i, input;

	if (!inputs)
		return NONE;
	for (i = 1; i <= 8; i++) {
		input = (chip->lowest + i) & 7;
		if (inputs & (1u << input))
			break;
	}
	return input;
}

/* How far an input is from the highest priority, which is 0. */
static unsigned int rank(const struct pic_chip *chip, unsigned int input)
{
	return input == NONE ? NONE : (input - chip->lowest - 1) & 7;
}

/* The input that the chip would interrupt for now, or NONE. */
static unsigned int winner(const struct pic_chip *chip)
{
	unsigned int request = highest(chip, chip->irr & ~chip->imr);
	uint8_t in_service = chip->isr;

	if (chip->special_mask)
		in_service &= ~chip->imr;
	/* The slave may have something more urgent than what it is serving. */
	if (chip->special_fully_nested && chip->cascade)
		in_service &= ~(1u << CASCADE);

	if (rank(chip, request) >= rank(chip, highest(chip, in_service)))
		return NONE;
	return request;
}

static void set_input(struct pic_chip *chip, unsigned int input, bool level)
{
	uint8_t bit = 1u << input;

	if (!level)
		chip->irr &= ~bit;
	else if (chip->elcr & bit || !(chip->lines & bit))
		chip->irr |= bit;
	chip->lines = level ? chip->lines | bit : chip->lines & ~bit;
}

static void update(struct pic *pic)
{
	set_input(&pic->master, CASCADE, winner(&pic->slave) != NONE);
	pic->pending = winner(&pic->master) != NONE;
}

static void end_of_interrupt(struct pic_chip *chip, unsigned int input,
			     bool rotate)
{
	if (input == NONE)
		return;
	chip->isr &= ~(1u << input);
	if (rotate)
		chip->lowest = input;
}

/* The chip's answer to the CPU's acknowledge cycle: an input, now in service. */
static unsigned int accept(struct pic_chip *chip)
{
	unsigned int input = winner(chip);
	uint8_t bit;

	if (input == NONE)
		return NONE;
	bit = 1u << input;
	if (!(chip->elcr & bit))
		chip->irr &= ~bit;
	if (!chip->auto_eoi)
		chip->isr |= bit;
	else if (chip->rotate_on_auto_eoi)
		chip->lowest = input;
	return input;
}

/**
 * pic_acknowledge() - the CPU takes the interrupt
 * @pic: the pair
 *
 * Return: the vector; the spurious one (input 7) when the request has gone.
 */
uint8_t pic_acknowledge(struct pic *pic)
{
	unsigned int input = accept(&pic->master);
	uint8_t vector;

	if (input == CASCADE) {
		/* The slave drops its line while it is acknowledged. */
		input = accept(&pic->slave);
		set_input(&pic->master, CASCADE, false);
		vector = pic->slave.base + (input == NONE ? SPURIOUS : input);
	} else {
		vector = pic->master.base + (input == NONE ? SPURIOUS : input);
	}
	update(pic);
	return vector;
}

/**
 * pic_set_line() - a device drives its interrupt line
 * @pic: the pair
 * @line: 0 to 15
 * @level: up or down
 */
void pic_set_line(struct pic *pic, unsigned int line, bool level)
{
	struct pic_chip *chip = line < 8 ? &pic->master : &pic->slave;

	line &= 7;
	if (!!(chip->lines & (1u << line)) == level)
		return;
	set_input(chip, line, level);
	update(pic);
}

static void command_word_1(struct pic_chip *chip, uint8_t value)
{
	chip->irr = chip->elcr & chip->lines;
	chip->isr = 0;
	chip->imr = 0;
	chip->lowest = 7;
	chip->read_isr = false;
	chip->poll = false;
	chip->auto_eoi = false;
	chip->rotate_on_auto_eoi = false;
	chip->special_mask = false;
	chip->special_fully_nested = false;
	chip->wants_icw4 = value & ICW1_ICW4;
	chip->single = value & ICW1_SINGLE;
	chip->next_icw = 2;
}

static void operation_word_2(struct pic_chip *chip, uint8_t value)
{
	unsigned int input = value & 7;

	switch (value >> 5) {
	case ROTATE_AUTO_CLEAR:
		chip->rotate_on_auto_eoi = false;
		break;
	case ROTATE_AUTO_SET:
		chip->rotate_on_auto_eoi = true;
		break;
	case EOI:
		end_of_interrupt(chip, highest(chip, chip->isr), false);
		break;
	case EOI_ROTATE:
		end_of_interrupt(chip, highest(chip, chip->isr), true);
		break;
	case EOI_SPECIFIC:
		end_of_interrupt(chip, input, false);
		break;
	case EOI_SPECIFIC_ROTATE:
		end_of_interrupt(chip, input, true);
		break;
	case SET_PRIORITY:
		chip->lowest = input;
		break;
	default:
		break;
	}
}

static void operation_word_3(struct pic_chip *chip, uint8_t value)
{
	if (value & OCW3_POLL)
		chip->poll = true;
	if (value & OCW3_READ)
		chip->read_isr = value & OCW3_READ_ISR;
	if (value & OCW3_SET_MASK)
		chip->special_mask = value & OCW3_MASK;
}

static void write_command(struct pic_chip *chip, uint8_t value)
{
	if (value & ICW1)
		command_word_1(chip, value);
	else if (value & OCW3)
		operation_word_3(chip, value);
	else
		operation_word_2(chip, value);
}

static void write_data(struct pic_chip *chip, uint8_t value)
{
	switch (chip->next_icw) {
	case 2:
		chip->base = value & 0xf8;
		chip->next_icw = chip->single ? 0 : 3;
		if (chip->single && chip->wants_icw4)
			chip->next_icw = 4;
		break;
	case 3:			/* how they are cascaded is wired */
		chip->next_icw = chip->wants_icw4 ? 4 : 0;
		break;
	case 4:
		chip->auto_eoi = value & ICW4_AUTO_EOI;
		chip->special_fully_nested = value & ICW4_SFNM;
		chip->next_icw = 0;
		break;
	default:
		chip->imr = value;
		break;
	}
}

/**
 * pic_write() - the guest writes a byte to one of the ports
 * @pic: the pair
 * @port: 0x20, 0x21, 0xa0, 0xa1, 0x4d0 or 0x4d1
 * @value: the byte
 */
void pic_write(struct pic *pic, uint16_t port, uint8_t value)
{
	struct pic_chip *chip;

	if ((port & ~1) == PIC_ELCR_PORT) {
		chip = port & 1 ? &pic->slave : &pic->master;
		chip->elcr = value & chip->elcr_mask;
	} else {
		chip = (port & ~1) == PIC_SLAVE_PORT ? &pic->slave :
						       &pic->master;
		if (port & 1)
			write_data(chip, value);
		else
			write_command(chip, value);
	}
	update(pic);
}

static uint8_t read_poll(struct pic_chip *chip)
{
	unsigned int input = accept(chip);

	chip->poll = false;
	return input == NONE ? 0 : 0x80 | input;
}

/**
 * pic_read() - the guest reads a byte from one of the ports
 * @pic: the pair
 * @port: 0x20, 0x21, 0xa0, 0xa1, 0x4d0 or 0x4d1
 *
 * Return: the byte.
 */
uint8_t pic_read(struct pic *pic, uint16_t port)
{
	struct pic_chip *chip;
	uint8_t value;

	if ((port & ~1) == PIC_ELCR_PORT)
		return port & 1 ? pic->slave.elcr : pic->master.elcr;

	chip = (port & ~1) == PIC_SLAVE_PORT ? &pic->slave : &pic->master;
	if (chip->poll) {
		value = read_poll(chip);
		update(pic);
		return value;
	}
	if (port & 1)
		return chip->imr;
	return chip->read_isr ? chip->isr : chip->irr;
}

/**
 * pic_init() - bring the pair to its state after power-on
 * @pic: the pair
 */
void pic_init(struct pic *pic)
{
	memset(pic, 0, sizeof(*pic));
	pic->master.imr = 0xff;
	pic->master.lowest = 7;
	pic->master.cascade = true;
	/* The timer, the keyboard and the cascade are edges by wiring. */
	pic->master.elcr_mask = 0xf8;
	pic->slave.imr = 0xff;
	pic->slave.lowest = 7;
	/* So are the clock (8) and the coprocessor (13). */
	pic->slave.elcr_mask = 0xde;
}
