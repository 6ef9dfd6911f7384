// SPDX-License-Identifier: GPL-2.0
/*
 * The launcher's socket. A thread of its own takes whoever connects: the same user, or root, gets
 * an observer of the machine; anybody else is told that he does not. Nothing is read from the other
 * side, and nothing is waited for: what is sent fits into the socket, or is not sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../libvhm/internal.h"
#include "../libvhm/libvhm.h"
#include "../vhm/thread.h"
#include "serve.h"

#define BACKLOG		16

/* How often a name that is free again and again is taken by somebody faster. */
#define ATTEMPTS	3

static int listener = -1, directory = -1;
static serve_make_t *make_observer;
static const void *make_argument;
static char own_name[NAME_MOST + 1];
static pthread_t thread;

static bool is_friend(int client)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       (peer.uid == geteuid() || !peer.uid);
}

static void send_to(int client, char word, int observer)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec bytes = { .iov_base = &word, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (observer >= 0) {
		memcpy(CMSG_DATA(&control.header), &observer, sizeof(observer));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.room);
	}
	sendmsg(client, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer(int client)
{
	int observer;

	if (!is_friend(client)) {
		send_to(client, NAME_REFUSED, -1);
		return;
	}
	observer = make_observer(make_argument);
	send_to(client, observer < 0 ? NAME_FAILED : NAME_OBSERVER, observer);
	if (observer >= 0)
		close(observer);
}

static void *serve(void *unused)
{
	const struct timespec moment = { .tv_nsec = 100000000 };
	int client;

	for (;;) {
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0) {
			answer(client);
			close(client);
		} else if (errno == EINVAL) {
			/* serve_close() has shut it down. */
			return unused;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			/* No memory or no descriptors: others may give some back. */
			nanosleep(&moment, NULL);
		}
	}
}

/* Return: 0 and who answers at this address; the errno of asking. */
static int ask_owner(const struct sockaddr_un *address, struct ucred *owner)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*owner);
	int error = 0;

	if (probe < 0)
		return errno;
	if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) ||
	    getsockopt(probe, SOL_SOCKET, SO_PEERCRED, owner, &size))
		error = errno;
	close(probe);
	return error;
}

/* Remove what has a name if it is a socket whose process is gone. */
static int make_room(const struct sockaddr_un *address, const char *path, const char *name)
{
	struct ucred owner;
	struct stat status;
	int error;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : vhm_fail(errno, "cannot examine %s/%s: %s", path, name,
						      strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return vhm_fail(EEXIST,
				"%s/%s is there and not a socket: remove it, or give another name (--name)",
				path, name);
	error = ask_owner(address, &owner);
	if (!error)
		return vhm_fail(EADDRINUSE,
				"the name %s is taken by process %d: give another (--name)",
				name, owner.pid);
	if (error != ECONNREFUSED && error != ENOENT)
		return vhm_fail(error,
				"the name %s is taken by a process that does not answer (%s): give another (--name)",
				name, strerror(error));
	unlinkat(directory, name, 0);
	return 0;
}

static int bind_name(const char *path, const char *name)
{
	struct sockaddr_un address;
	int i, error = name_address(&address, directory, name);

	for (i = 0; !error && i < ATTEMPTS; i++) {
		if (!bind(listener, (struct sockaddr *)&address, sizeof(address)))
			return 0;
		if (errno != EADDRINUSE)
			return vhm_fail(errno, "cannot make the socket %s/%s: %s", path, name,
					strerror(errno));
		error = make_room(&address, path, name);
	}
	return error ? error : vhm_fail(EADDRINUSE, "the name %s is taken", name);
}

/* In one step for all who obey the lock: else two could find the same socket stale. */
static int take_name(const char *path, const char *name)
{
	int error;

	if (flock(directory, LOCK_EX))
		return vhm_fail(errno, "cannot lock %s: %s", path, strerror(errno));
	error = bind_name(path, name);
	if (!error && (fchmodat(directory, name, 0600, 0) || listen(listener, BACKLOG))) {
		error = vhm_fail(errno, "cannot use the socket %s/%s: %s", path, name,
				 strerror(errno));
		unlinkat(directory, name, 0);
	}
	flock(directory, LOCK_UN);
	return error;
}

static int start_serving(const char *path, const char *name)
{
	int error;

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return vhm_fail(errno, "no socket: %s", strerror(errno));
	error = take_name(path, name);
	if (error)
		return error;
	error = thread_start(&thread, serve, NULL);
	if (!error)
		return 0;
	unlinkat(directory, name, 0);
	return vhm_fail(error, "no thread for the socket: %s", strerror(error));
}

static void give_up(void)
{
	if (listener >= 0)
		close(listener);
	close(directory);
	listener = -1;
	directory = -1;
}

/**
 * serve_open() - give the machine a name under which others find its observer
 * @places: directories that the socket may be in
 * @name: a valid name
 * @make: makes what is handed out
 * @argument: for @make; has to live until serve_close()
 *
 * Return: 0, or a negative errno: -EADDRINUSE when the name is taken.
 */
int serve_open(const struct name_places *places, const char *name, serve_make_t *make,
	       const void *argument)
{
	unsigned int which;
	int error;

	directory = name_make_place(places, &which);
	if (directory < 0)
		return directory;
	make_observer = make;
	make_argument = argument;
	snprintf(own_name, sizeof(own_name), "%s", name);
	error = start_serving(places->path[which], name);
	if (error)
		give_up();
	return error;
}

/**
 * serve_close() - give the name back; nothing to do when there is none
 */
void serve_close(void)
{
	if (listener < 0)
		return;
	unlinkat(directory, own_name, 0);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	give_up();
}
