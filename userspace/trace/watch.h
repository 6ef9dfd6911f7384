/* SPDX-License-Identifier: GPL-2.0 */
/* The exit rings of all vCPUs of a machine that runs. */
#ifndef VHM_WATCH_H
#define VHM_WATCH_H

#include "../libvhm/libvhm.h"

#define WATCH_VCPUS	64

/**
 * struct watch - a machine that is watched
 * @observer: its observer
 * @count: vCPUs
 * @id: their ids
 * @ring: their rings
 */
struct watch {
	int observer;
	unsigned int count;
	uint32_t id[WATCH_VCPUS];
	struct vhm_ring ring[WATCH_VCPUS];
};

int watch_open(struct watch *watch, const char *name, uint32_t exits);
void watch_close(struct watch *watch);
int watch_ended(const struct watch *watch);
uint64_t watch_dropped(const struct watch *watch);
const char *watch_reason(uint32_t reason);
double watch_now(void);
int watch_number(const char *text, uint64_t *value);

#endif /* VHM_WATCH_H */
