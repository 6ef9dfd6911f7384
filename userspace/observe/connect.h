/* SPDX-License-Identifier: GPL-2.0 */
/* The other side of a name: get the observer of a machine, or all names there are. */
#ifndef VHM_CONNECT_H
#define VHM_CONNECT_H

#include "name.h"

/**
 * struct connection - a machine that has answered
 * @observer: its observer; to be closed
 * @pid: the process that runs it
 */
struct connection {
	int observer;
	pid_t pid;
};

int connect_name(const struct name_places *places, const char *name,
		 struct connection *connection);
int connect_names(const struct name_places *places, char ***names, size_t *count);
void connect_free_names(char **names, size_t count);
bool connect_is_observer(int fd);

#endif /* VHM_CONNECT_H */
