// SPDX-License-Identifier: GPL-2.0
/* From the name of a machine to its observer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libvhm/internal.h"
#include "../libvhm/libvhm.h"
#include "connect.h"

/* A launcher answers at once; one that is stopped does not. */
#define PATIENCE_SECONDS	5

/* What the kernel calls the file behind an observer. */
#define OBSERVER_LINK		"anon_inode:vhm-observer"

static void set_patience(int fd)
{
	const struct timeval time = { .tv_sec = PATIENCE_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

/* The descriptor that came with a message, or -1. */
static int attached(struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int receive(int fd, const char *name, int *observer)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char word = 0;
	struct iovec bytes = { .iov_base = &word, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1,
		.msg_control = control.room, .msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got < 0 && errno == EAGAIN)
		return vhm_fail(ETIMEDOUT,
				"the machine %s does not answer: is its process stopped?",
				name);
	if (got < 0 && errno != ECONNRESET)
		return vhm_fail(errno, "the machine %s does not answer: %s", name, strerror(errno));
	if (got <= 0)
		return vhm_fail(ENODEV, "the machine %s has ended", name);
	*observer = attached(&message);
	if (word == NAME_REFUSED)
		return vhm_fail(EACCES,
				"the machine %s is somebody else's: only its user and root may look at it",
				name);
	if (word == NAME_FAILED)
		return vhm_fail(EAGAIN,
				"the machine %s cannot make an observer now: no memory, or too many open files",
				name);
	if (word != NAME_OBSERVER || *observer < 0)
		return vhm_fail(EPROTO,
				"what answers for %s hands out no observer: perhaps this process has too many open files",
				name);
	return 0;
}

static int ask(int fd, const struct sockaddr_un *address, const char *name,
	       struct connection *connection)
{
	struct ucred owner = { .pid = 0 };
	socklen_t size = sizeof(owner);
	int error;

	set_patience(fd);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address))) {
		/* No sentence: another directory may have it. */
		if (errno == ENOENT || errno == ECONNREFUSED)
			return -ENOENT;
		if (errno == EACCES)
			return vhm_fail(EACCES,
					"the machine %s is somebody else's: only its user and root may look at it",
					name);
		return vhm_fail(errno, "the machine %s does not answer: %s", name, strerror(errno));
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size);
	connection->pid = owner.pid;
	connection->observer = -1;
	error = receive(fd, name, &connection->observer);
	if (error && connection->observer >= 0)
		close(connection->observer);
	return error;
}

static int connect_to(const struct sockaddr_un *address, const char *name,
		      struct connection *connection)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return vhm_fail(errno, "no socket: %s", strerror(errno));
	error = ask(fd, address, name, connection);
	close(fd);
	return error;
}

static int connect_path(const char *path, struct connection *connection)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int error;

	if (strlen(path) >= sizeof(address.sun_path))
		return vhm_fail(ENAMETOOLONG, "the path %s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	error = connect_to(&address, path, connection);
	if (error == -ENOENT)
		return vhm_fail(ENOENT, "there is no machine at %s", path);
	return error;
}

static int connect_in(const char *path, uid_t uid, const char *name,
		      struct connection *connection)
{
	int place = name_open_place(path, uid, false);
	struct sockaddr_un address;
	int error;

	if (place < 0)
		return place;
	error = name_address(&address, place, name);
	if (!error)
		error = connect_to(&address, name, connection);
	close(place);
	return error;
}

/**
 * connect_name() - find a machine and get its observer
 * @places: where to look
 * @name: its name; with a slash: the path of its socket, which may be another user's
 * @connection: filled in
 *
 * Return: 0, or a negative errno: -ENOENT there is none of this name, -EACCES it is somebody
 * else's, -ETIMEDOUT it does not answer, -ENODEV it has ended meanwhile.
 */
int connect_name(const struct name_places *places, const char *name,
		 struct connection *connection)
{
	int error = -ENOENT;
	unsigned int i;

	if (strchr(name, '/'))
		return connect_path(name, connection);
	if (!name_is_valid(name))
		return vhm_fail(EINVAL,
				"%s cannot be the name of a machine: letters, digits, '.', '_' and '-', at most %d, no '.' in front",
				name, NAME_MOST);
	for (i = 0; i < places->count && error == -ENOENT; i++)
		error = connect_in(places->path[i], places->uid, name, connection);
	if (error == -ENOENT)
		return vhm_fail(ENOENT,
				"there is no machine %s of yours: `vhm list` shows those there are",
				name);
	return error;
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **more = realloc(*names, (*count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	*names = more;
	more[*count] = strdup(name);
	if (!more[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

static int add_names(int place, char ***names, size_t *count)
{
	struct dirent *entry;
	struct stat status;
	DIR *directory;
	int error = 0;

	directory = fdopendir(place);
	if (!directory) {
		error = -errno;
		close(place);
		return error;
	}
	while (!error && (entry = readdir(directory))) {
		if (name_is_valid(entry->d_name) &&
		    !fstatat(place, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
		    S_ISSOCK(status.st_mode))
			error = add_name(names, count, entry->d_name);
	}
	closedir(directory);
	return error;
}

/* Two directories may have the same name: the first one's is found by it. */
static void sort_names(char **names, size_t *count)
{
	size_t i, kept = 0;

	if (!*count)
		return;
	qsort(names, *count, sizeof(*names), compare);
	for (i = 1; i < *count; i++) {
		if (strcmp(names[i], names[kept]) != 0)
			names[++kept] = names[i];
		else
			free(names[i]);
	}
	*count = kept + 1;
}

/**
 * connect_names() - the names of one's own machines
 * @places: where to look
 * @names: out: sorted, for connect_free_names(); some may belong to machines that are gone
 * @count: out: how many
 *
 * Return: 0, or a negative errno.
 */
int connect_names(const struct name_places *places, char ***names, size_t *count)
{
	unsigned int i;
	int place, error = 0;

	*names = NULL;
	*count = 0;
	for (i = 0; i < places->count && !error; i++) {
		place = name_open_place(places->path[i], places->uid, false);
		if (place >= 0 && add_names(place, names, count))
			error = vhm_fail(ENOMEM, "cannot list %s", places->path[i]);
		else if (place < 0 && place != -ENOENT)
			error = place;
	}
	if (error)
		connect_free_names(*names, *count);
	else
		sort_names(*names, count);
	return error;
}

/**
 * connect_free_names() - give a list of names back
 * @names: from connect_names()
 * @count: how many
 */
void connect_free_names(char **names, size_t count)
{
	while (count--)
		free(names[count]);
	free(names);
}

/**
 * connect_is_observer() - is a descriptor that somebody sent an observer of vhm's?
 * @fd: the descriptor
 *
 * Calls on a file of another kind could do anything, with the rights of who makes them.
 *
 * Return: true if so.
 */
bool connect_is_observer(int fd)
{
	char path[32], link[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return false;
	link[length] = '\0';
	return !strcmp(link, OBSERVER_LINK);
}
