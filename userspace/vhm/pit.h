/* SPDX-License-Identifier: GPL-2.0 */
/* The 8254 interval timer and what port 0x61 has to do with it. */
#ifndef VHM_PIT_H
#define VHM_PIT_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_PORT		0x40
#define PIT_SPEAKER_PORT	0x61
#define PIT_HZ			1193182
#define PIT_CHANNELS		3

struct pit_channel {
	uint16_t count;		/* as written; 0 is 65536 (BCD: 10000) */
	uint8_t mode;		/* 0 to 5 */
	uint8_t access;		/* 1 low byte, 2 high byte, 3 low then high */
	bool bcd;
	bool gate;
	bool loaded;		/* a count has been written: it counts */
	bool write_high;	/* of access 3: the high byte is next */
	bool read_high;
	uint8_t low;		/* of access 3: the low byte, until the high one */
	uint8_t latched_bytes;	/* how many of the latch are still to be read */
	uint16_t latch;
	bool status_latched;
	uint8_t status;
	uint64_t start;		/* ns: when the count was loaded or triggered */
	uint64_t frozen;	/* ticks counted when the gate went low */
	bool triggered;		/* of modes 1 and 5: the gate has risen */
};

struct pit {
	struct pit_channel channel[PIT_CHANNELS];
	uint64_t edges;		/* rising edges of channel 0 that were reported */
	bool speaker;		/* bit 1 of port 0x61 */
};

void pit_init(struct pit *pit, uint64_t now);
uint8_t pit_read(struct pit *pit, uint16_t port, uint64_t now);
void pit_write(struct pit *pit, uint16_t port, uint8_t value, uint64_t now);
bool pit_output(const struct pit_channel *channel, uint64_t now);
bool pit_tick(struct pit *pit, uint64_t now);
uint64_t pit_next_event(const struct pit *pit);

#endif /* VHM_PIT_H */
