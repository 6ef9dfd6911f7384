// SPDX-License-Identifier: GPL-2.0
/*
 * Where the sockets of machines are: $XDG_RUNTIME_DIR/vhm, or, without it, /run/vhm-UID or
 * /tmp/vhm-UID. A directory that others can enter or have made is not used: it could hold
 * anything. Everything behind that check goes through the directory's own descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libvhm/internal.h"
#include "name.h"

static const char letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/**
 * name_is_valid() - can a machine have this name?
 * @name: the name
 *
 * Return: true for 1 to NAME_MOST of letters, digits, '.', '_' and '-', without '.' in front.
 */
bool name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length && length <= NAME_MOST && *name != '.' && strspn(name, letters) == length;
}

/* XDG's rule: the directory must be the user's own; sudo may have kept somebody else's. */
static bool is_own_runtime(const char *root, const char *runtime, uid_t uid)
{
	char path[PATH_MAX];
	struct stat status;

	if (!runtime || *runtime != '/' ||
	    snprintf(path, sizeof(path), "%s%s", root, runtime) >= (int)sizeof(path))
		return false;
	return !stat(path, &status) && S_ISDIR(status.st_mode) && status.st_uid == uid;
}

/**
 * name_find_places() - the directories that a user's sockets can be in
 * @places: filled in
 * @root: stands before every path: "" for this machine
 * @runtime: $XDG_RUNTIME_DIR, or NULL
 * @uid: the user
 */
void name_find_places(struct name_places *places, const char *root, const char *runtime, uid_t uid)
{
	memset(places, 0, sizeof(*places));
	places->uid = uid;
	if (is_own_runtime(root, runtime, uid) &&
	    snprintf(places->path[0], PATH_MAX, "%s%s/vhm", root, runtime) < PATH_MAX)
		places->count++;
	snprintf(places->path[places->count++], PATH_MAX, "%s/run/vhm-%u", root, uid);
	snprintf(places->path[places->count++], PATH_MAX, "%s/tmp/vhm-%u", root, uid);
}

/**
 * name_own_places() - the directories of the user who runs this program
 * @places: filled in
 */
void name_own_places(struct name_places *places)
{
	name_find_places(places, "", getenv("XDG_RUNTIME_DIR"), geteuid());
}

static int check_place(const char *path, int fd, uid_t uid)
{
	struct stat status;

	if (fstat(fd, &status))
		return vhm_fail(errno, "cannot examine %s: %s", path, strerror(errno));
	if (status.st_uid != uid)
		return vhm_fail(EPERM,
				"%s belongs to user %u instead of %u: no machine's socket is looked for there or put there; remove it, or set XDG_RUNTIME_DIR",
				path, status.st_uid, uid);
	if (status.st_mode & 077)
		return vhm_fail(EPERM,
				"%s lets others in (mode %03o): `chmod 700 %s`, and see that nobody has put anything there",
				path, status.st_mode & 0777, path);
	return 0;
}

/**
 * name_open_place() - open a directory for sockets, if it is what it should be
 * @path: the directory
 * @uid: whose it has to be
 * @make: make it if it is not there
 *
 * Return: a descriptor; -ENOENT when it is not there, and when @make, also when it cannot be made
 * (no sentence for either); -EPERM when it is not the user's alone, -ENOTDIR or -ELOOP when it is
 * no directory, another negative errno.
 */
int name_open_place(const char *path, uid_t uid, bool make)
{
	int fd, error;

	if (make && mkdir(path, 0700) && errno != EEXIST)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return vhm_fail(errno,
				"%s is not a directory of yours (%s): remove it, or set XDG_RUNTIME_DIR",
				path, strerror(errno));
	error = check_place(path, fd, uid);
	if (!error)
		return fd;
	close(fd);
	return error;
}

/**
 * name_make_place() - open the first directory that is there or can be made
 * @places: the directories
 * @which: out: the number of the one
 *
 * Return: a descriptor, or a negative errno.
 */
int name_make_place(const struct name_places *places, unsigned int *which)
{
	int fd;

	for (*which = 0; *which < places->count; ++*which) {
		fd = name_open_place(places->path[*which], places->uid, true);
		if (fd != -ENOENT)
			return fd;
	}
	return vhm_fail(ENOENT,
			"none of the directories for a machine's socket can be made (the last tried: %s): set XDG_RUNTIME_DIR",
			places->path[places->count - 1]);
}

/**
 * name_address() - the address of a machine's socket
 * @address: filled in
 * @place: descriptor of the directory
 * @name: a valid name
 *
 * The address goes through the descriptor: it does not depend on how long the directory's path is
 * or what has become of it.
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int name_address(struct sockaddr_un *address, int place, const char *name)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", place,
		     name) >= (int)sizeof(address->sun_path))
		return vhm_fail(ENAMETOOLONG, "the name %s is too long", name);
	return 0;
}
