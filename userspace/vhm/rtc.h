/* SPDX-License-Identifier: GPL-2.0 */
/* The MC146818 real-time clock with its CMOS memory. */
#ifndef VHM_RTC_H
#define VHM_RTC_H

#include <stdbool.h>
#include <stdint.h>

#define RTC_PORT	0x70	/* index; data behind it */
#define RTC_IRQ		8
#define RTC_REGISTERS	128

struct rtc {
	uint8_t reg[RTC_REGISTERS];
	uint8_t index;
	uint64_t epoch;		/* guest's time minus now, ns; wraps */
	uint64_t checked;	/* when the flags were last brought up to date */
};

void rtc_init(struct rtc *rtc, uint64_t wall, uint64_t now, uint64_t memory);
uint8_t rtc_read(struct rtc *rtc, uint16_t port, uint64_t now);
void rtc_write(struct rtc *rtc, uint16_t port, uint8_t value, uint64_t now);
bool rtc_tick(struct rtc *rtc, uint64_t now);
uint64_t rtc_next_event(const struct rtc *rtc);

#endif /* VHM_RTC_H */
