/* SPDX-License-Identifier: GPL-2.0 */
/* Two 8259A interrupt controllers, cascaded as in a PC. */
#ifndef VHM_PIC_H
#define VHM_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define PIC_MASTER_PORT		0x20
#define PIC_SLAVE_PORT		0xa0
#define PIC_ELCR_PORT		0x4d0	/* edge or level, a byte for each */
#define PIC_LINES		16

/* One 8259A. The names are the datasheet's. */
struct pic_chip {
	uint8_t irr;		/* requests */
	uint8_t isr;		/* in service */
	uint8_t imr;		/* masked */
	uint8_t lines;		/* levels of the inputs */
	uint8_t elcr;		/* inputs that are level-triggered */
	uint8_t elcr_mask;	/* inputs that may be */
	uint8_t base;		/* vector of input 0 */
	uint8_t lowest;		/* input of the lowest priority */
	uint8_t next_icw;	/* the initialisation word expected, or 0 */
	bool wants_icw4;
	bool single;
	bool read_isr;
	bool poll;
	bool auto_eoi;
	bool rotate_on_auto_eoi;
	bool special_mask;
	bool special_fully_nested;
	bool cascade;		/* input 2 is the other chip */
};

struct pic {
	struct pic_chip master;
	struct pic_chip slave;
	bool pending;		/* INTR is up: the CPU has to be told */
};

void pic_init(struct pic *pic);
uint8_t pic_read(struct pic *pic, uint16_t port);
void pic_write(struct pic *pic, uint16_t port, uint8_t value);
void pic_set_line(struct pic *pic, unsigned int line, bool level);
uint8_t pic_acknowledge(struct pic *pic);

#endif /* VHM_PIC_H */
