/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of machines. A running machine of /dev/vhm has a socket of its name in a directory that
 * belongs to its user alone; whoever may connect gets an observer there.
 */
#ifndef VHM_NAME_H
#define VHM_NAME_H

#include <stdbool.h>
#include <limits.h>
#include <sys/types.h>
#include <sys/un.h>

#define NAME_MOST	64

/* What the socket sends, once, before it closes. */
#define NAME_OBSERVER	'o'	/* an observer is attached (SCM_RIGHTS) */
#define NAME_REFUSED	'r'	/* the other side is somebody else */
#define NAME_FAILED	'f'	/* no observer can be made now */

#define NAME_PLACES	3

/**
 * struct name_places - the directories that sockets can be in, the best first
 * @uid: whose they have to be
 * @count: how many
 * @path: they
 */
struct name_places {
	uid_t uid;
	unsigned int count;
	char path[NAME_PLACES][PATH_MAX];
};

bool name_is_valid(const char *name);
void name_find_places(struct name_places *places, const char *root, const char *runtime, uid_t uid);
void name_own_places(struct name_places *places);
int name_open_place(const char *path, uid_t uid, bool make);
int name_make_place(const struct name_places *places, unsigned int *which);
int name_address(struct sockaddr_un *address, int place, const char *name);

#endif /* VHM_NAME_H */
