// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for guests. It is ordinary memory of the launcher's process: it counts where that of any
 * process counts, and nothing is pinned.
 */
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define MIB		(1ull << 20)

/* What a guest of `vhm run` has unless --memory says otherwise, and what its launcher needs. */
#define GUEST_MIB	256
#define LAUNCHER_MIB	16

/* Of a control group's file; a finding shows as much of it as it has room for. */
#define MOST_PATH	1024

/**
 * doctor_check_memory() - is there memory for a guest?
 * @doctor: the doctor
 */
void doctor_check_memory(struct doctor *doctor)
{
	unsigned long long available;
	char value[64];

	if (!doctor_value(doctor, "/proc/meminfo", "MemAvailable", value, sizeof(value)))
		return;
	available = strtoull(value, NULL, 10) >> 10;
	if (available < GUEST_MIB + LAUNCHER_MIB)
		doctor_found(doctor, DOCTOR_WARNING, "memory",
			     "%llu MiB are free, a guest of the default size can use %u: run smaller ones (--memory)",
			     available, GUEST_MIB);
	else
		doctor_found(doctor, DOCTOR_OK, "memory",
			     "%llu MiB are free; guests' memory is not pinned, so RLIMIT_MEMLOCK does not matter",
			     available);
}

/**
 * doctor_check_address_space() - does a limit (ulimit -v) keep guest memory from being mapped?
 * @doctor: the doctor
 */
void doctor_check_address_space(struct doctor *doctor)
{
	static const char name[] = "Max address space";
	char limits[4096];
	const char *soft;
	unsigned long long limit;

	if (doctor_read(doctor, "/proc/self/limits", limits, sizeof(limits)) <= 0)
		return;
	soft = strstr(limits, name);
	if (!soft)
		return;
	soft += sizeof(name) - 1;
	soft += strspn(soft, " ");
	if (*soft < '0' || *soft > '9')
		return;
	limit = strtoull(soft, NULL, 10) / MIB;
	doctor_found(doctor, limit < GUEST_MIB + LAUNCHER_MIB ? DOCTOR_WARNING : DOCTOR_OK,
		     "address space",
		     "limited to %llu MiB for a process (ulimit -v), guest memory included: raise it, or run guests that are smaller (--memory)",
		     limit);
}

/* The lowest memory.max from a group up to the root of the tree; ULLONG_MAX when none has one. */
static unsigned long long lowest_limit(const struct doctor *doctor, char *group,
				       char where[MOST_PATH])
{
	unsigned long long lowest = ~0ull, limit;
	char path[MOST_PATH], text[64];
	char *slash;

	do {
		snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
		if (doctor_read(doctor, path, text, sizeof(text)) > 0 && *text >= '0' &&
		    *text <= '9') {
			limit = strtoull(text, NULL, 10);
			if (limit < lowest) {
				lowest = limit;
				memcpy(where, path, sizeof(path));
			}
		}
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return lowest;
}

/* The process's group in the tree of cgroup v2: the line "0::/path". */
static bool own_group(const struct doctor *doctor, char *group, size_t size)
{
	char text[4096];
	const char *line;
	size_t length;

	if (doctor_read(doctor, "/proc/self/cgroup", text, sizeof(text)) <= 0)
		return false;
	line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!line)
		return false;
	line = strchr(line, '/');
	if (!line)
		return false;
	length = strcspn(line, "\n");
	if (length >= size)
		return false;
	memcpy(group, line, length);
	group[length] = '\0';
	return true;
}

/**
 * doctor_check_cgroup() - does a control group limit memory?
 * @doctor: the doctor
 */
void doctor_check_cgroup(struct doctor *doctor)
{
	char group[MOST_PATH - 64], where[MOST_PATH] = "";
	unsigned long long limit;

	if (!own_group(doctor, group, sizeof(group)))
		return;
	limit = lowest_limit(doctor, group, where);
	if (limit == ~0ull)
		return;
	limit /= MIB;
	doctor_found(doctor, limit < GUEST_MIB + LAUNCHER_MIB ? DOCTOR_WARNING : DOCTOR_OK,
		     "control group",
		     "what runs here may use %llu MiB, guests' memory included (%s): beyond that the kernel swaps or kills; raise it, or run guests that are smaller (--memory)",
		     limit, where);
}
