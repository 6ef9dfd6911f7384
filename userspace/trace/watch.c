// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../observe/connect.h"
#include "../vhm/log.h"
#include "watch.h"

static int open_rings(struct watch *watch, const char *name, uint32_t exits)
{
	struct vhm_observe machine;
	unsigned int i;

	if (vhm_observe(watch->observer, &machine))
		return log_error(name, "%s", vhm_error());
	if (!machine.count)
		return log_error(name, "has no vCPU");
	for (i = 0; i < machine.count && i < WATCH_VCPUS; i++) {
		watch->id[i] = machine.id[i];
		if (vhm_ring_open(&watch->ring[i], watch->observer, machine.id[i], exits))
			return log_error(name, "%s", vhm_error());
		watch->count++;
	}
	return 0;
}

/**
 * watch_open() - find a machine and start its rings
 * @watch: filled in
 * @name: the machine's
 * @exits: room of each ring
 *
 * Return: 0; -1 with a message said.
 */
int watch_open(struct watch *watch, const char *name, uint32_t exits)
{
	struct connection connection;
	struct name_places places;

	memset(watch, 0, sizeof(*watch));
	name_own_places(&places);
	if (connect_name(&places, name, &connection))
		return log_error(NULL, "%s", vhm_error());
	watch->observer = connection.observer;
	if (!connect_is_observer(watch->observer)) {
		log_error(NULL, "what answers for %s is no machine of vhm's", name);
		watch_close(watch);
		return -1;
	}
	if (open_rings(watch, name, exits)) {
		watch_close(watch);
		return -1;
	}
	return 0;
}

/**
 * watch_close() - let it go
 * @watch: from watch_open()
 */
void watch_close(struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		vhm_ring_close(&watch->ring[i]);
	close(watch->observer);
}

/**
 * watch_ended() - whether all its vCPUs have
 * @watch: the machine
 *
 * Return: 1 or 0.
 */
int watch_ended(const struct watch *watch)
{
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		if (!vhm_ring_ended(&watch->ring[i]))
			return 0;
	return 1;
}

/**
 * watch_dropped() - records that were written over before they were read
 * @watch: the machine
 *
 * Return: how many.
 */
uint64_t watch_dropped(const struct watch *watch)
{
	uint64_t dropped = 0;
	unsigned int i;

	for (i = 0; i < watch->count; i++)
		dropped += watch->ring[i].dropped;
	return dropped;
}

/**
 * watch_reason() - name an exit reason
 * @reason: as a record has it
 *
 * Return: the name; one buffer, for a reason that has none.
 */
const char *watch_reason(uint32_t reason)
{
	static char number[16];
	const char *name = vhm_exit_reason_name(reason & 0xffff);

	if (strcmp(name, "?") != 0)
		return name;
	snprintf(number, sizeof(number), "reason-%u", reason & 0xffff);
	return number;
}

/**
 * watch_number() - a number of the user's
 * @text: digits, all of it; with 0x in front hexadecimal
 * @value: filled in
 *
 * Return: 0; -1: it is none.
 */
int watch_number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text < '0' || *text > '9' || *end || errno ? -1 : 0;
}

/**
 * watch_now() - the time
 *
 * Return: seconds, since an arbitrary moment.
 */
double watch_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
