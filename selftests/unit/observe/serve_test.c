// SPDX-License-Identifier: GPL-2.0
/*
 * A machine's socket: who gets what it hands out, who does not, and that nobody can hold it up.
 * What is handed out here is an event counter, so that one can see that it is the right file.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "libvhm/libvhm.h"
#include "connect.h"
#include "serve.h"

#define NOBODY	65534

#define DIRECTORY	"/tmp/vhm-serve.XXXXXX"

static char directory[] = DIRECTORY;
static struct name_places places;
static char socket_path[sizeof(DIRECTORY) + 1 + NAME_MOST];
static atomic_int made, make_error;
static pthread_t server_thread;

static int make(const void *argument)
{
	int fd;

	made++;
	server_thread = pthread_self();
	if (make_error)
		return -make_error;
	fd = eventfd(*(const unsigned int *)argument, EFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static const unsigned int token = 4711;

static int open_name(const char *name)
{
	snprintf(socket_path, sizeof(socket_path), "%s/%s", directory, name);
	return serve_open(&places, name, make, &token);
}

/* Connect by name. Return: 0 if what comes is what was handed out, 1 if it is not, or an errno. */
static int try_name(const char *name)
{
	struct connection connection;
	uint64_t value = 0;
	int error = connect_name(&places, name, &connection);

	if (error)
		return error;
	error = read(connection.observer, &value, sizeof(value)) != sizeof(value) ||
		value != token || connection.pid != getpid() ||
		!(fcntl(connection.observer, F_GETFD) & FD_CLOEXEC);
	close(connection.observer);
	return error;
}

static unsigned int open_files(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_handing_out(void)
{
	unsigned int before = open_files(), i;
	struct stat status;
	int error = 0;

	tap_ok(!open_name("one"), "serve: a name is taken");
	tap_ok(!stat(socket_path, &status) && S_ISSOCK(status.st_mode) &&
	       (status.st_mode & 0777) == 0600, "serve: the socket is its user's alone");
	tap_ok(!made, "serve: nothing is made before somebody asks");
	tap_ok(!try_name("one"), "serve: the same user gets it by name");
	tap_ok(!try_name(socket_path), "serve: and by the socket's path");
	for (i = 0; i < 300 && !error; i++)
		error = try_name("one");
	tap_ok(!error && made == 302, "serve: 300 more do");
	serve_close();
	tap_ok(stat(socket_path, &status) && errno == ENOENT, "serve: the name is given back");
	tap_ok(open_files() == before, "serve: no descriptor is left");
	tap_ok(try_name("one") == -ENOENT && try_name(socket_path) == -ENOENT,
	       "connect: nobody is there any more");
	serve_close();
}

static void test_failure(void)
{
	open_name("one");
	make_error = ENOMEM;
	tap_ok(try_name("one") == -EAGAIN, "serve: what cannot be made is said so");
	make_error = 0;
	tap_ok(!try_name("one"), "serve: and does not end it");
	serve_close();
}

/* A signal to the process must not go to the server's thread. */
static void test_signals(void)
{
	sigset_t pending;

	open_name("one");
	try_name("one");
	pthread_kill(server_thread, SIGUSR2);
	tap_ok(!try_name("one") && !sigpending(&pending), "serve: its thread takes no signal");
	serve_close();
}

static int raw_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Clients that never read: those who come later are served, and the end comes at once. */
static void test_silent(void)
{
	int silent[64], error = 0;
	unsigned int i;

	open_name("one");
	for (i = 0; i < ARRAY_SIZE(silent); i++) {
		silent[i] = raw_connect(socket_path);
		if (i % 2 && write(silent[i], "hello", 5) < 0 && errno != EPIPE)
			error = 1;
		if (i % 8 == 7)
			error |= try_name("one");
	}
	tap_ok(!error, "serve: clients that never read hold nobody up");
	serve_close();
	for (i = 0; i < ARRAY_SIZE(silent); i++)
		close(silent[i]);
}

static void test_taken(void)
{
	pid_t child;
	int error;

	fflush(stdout);
	child = fork();
	if (!child) {
		if (!open_name("one"))
			pause();
		_exit(1);
	}
	while (try_name("one") == -ENOENT)
		usleep(1000);
	error = open_name("one");
	tap_ok(error == -EADDRINUSE && strstr(vhm_error(), "taken by process"),
	       "serve: a name that is taken");
	tap_ok(!open_name("two"), "serve: another name beside it");
	serve_close();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	snprintf(socket_path, sizeof(socket_path), "%s/one", directory);
	tap_ok(!access(socket_path, F_OK), "serve: a process that is killed leaves its socket");
	tap_ok(try_name("one") == -ENOENT, "connect: a socket whose process is gone is nobody's");
	tap_ok(!open_name("one") && !try_name("one"),
	       "serve: a socket whose process is gone is replaced");
	serve_close();
}

static void test_stopped(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/mute", directory);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		abort();
	tap_ok(try_name("mute") == -ETIMEDOUT, "connect: one that does not answer");
	tap_ok(open_name("mute") == -EADDRINUSE, "serve: its name is taken all the same");
	close(fd);
	unlink(address.sun_path);
}

static void test_not_a_socket(void)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "%s/file", directory);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	tap_ok(open_name("file") == -EEXIST && !stat(path, &status) && S_ISREG(status.st_mode),
	       "serve: a file of that name stays");
	tap_ok(try_name("file") == -ENOENT, "connect: a file is no machine");
	unlink(path);
}

/* Another user, let as far as the socket by somebody's mistake, is refused by the socket. */
static void test_stranger(void)
{
	struct connection connection;
	int result;
	pid_t child;

	if (geteuid()) {
		tap_ok(true, "serve: another user # SKIP needs root");
		return;
	}
	open_name("one");
	chmod(places.path[0], 0711);
	chmod(socket_path, 0666);
	made = 0;
	fflush(stdout);
	child = fork();
	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		_exit(connect_name(&places, socket_path, &connection) == -EACCES &&
		      strstr(vhm_error(), "somebody else's") ? 0 : 2);
	}
	waitpid(child, &result, 0);
	tap_ok(!result && !made, "serve: another user is refused");
	chmod(socket_path, 0600);
	fflush(stdout);
	child = fork();
	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		_exit(connect_name(&places, socket_path, &connection) == -EACCES ? 0 : 2);
	}
	waitpid(child, &result, 0);
	tap_ok(!result, "connect: another user cannot even connect");
	chmod(places.path[0], 0700);
	serve_close();
}

/* Root may look at anybody's machine. */
static void test_root(void)
{
	struct name_places others = { .uid = NOBODY, .count = 1 };
	struct connection connection;
	int error = -ENOENT;
	char path[64];
	pid_t child;

	if (geteuid()) {
		tap_ok(true, "serve: root # SKIP needs root");
		return;
	}
	snprintf(others.path[0], PATH_MAX, "%s-nobody", directory);
	if (mkdir(others.path[0], 0700) || chown(others.path[0], NOBODY, NOBODY))
		abort();
	fflush(stdout);
	child = fork();
	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY) || serve_open(&others, "x", make, &token))
			_exit(1);
		pause();
	}
	snprintf(path, sizeof(path), "%s-nobody/x", directory);
	while (error == -ENOENT && !waitpid(child, NULL, WNOHANG))
		error = connect_name(&others, path, &connection);
	tap_ok(!error && connection.pid == child, "serve: root gets it by the path");
	if (!error)
		close(connection.observer);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(path);
	rmdir(others.path[0]);
}

/* What pretends to be a machine sends no observer, or nothing at all. */
static void test_impostor(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static const char *const words[] = { "", "o", "x", "r" };
	static const int wanted[] = { -ENODEV, -EPROTO, -EPROTO, -EACCES };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
	bool ok = true;
	unsigned int i;
	pid_t child;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/fake", directory);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4))
		abort();
	fflush(stdout);
	child = fork();
	if (!child) {
		for (i = 0; i < ARRAY_SIZE(words); i++) {
			client = accept(fd, NULL, NULL);
			if (write(client, words[i], strlen(words[i])) < 0)
				_exit(1);
			close(client);
		}
		_exit(0);
	}
	for (i = 0; i < ARRAY_SIZE(words); i++)
		ok &= try_name("fake") == wanted[i];
	tap_ok(ok, "connect: what sends no observer is no machine");
	waitpid(child, NULL, 0);
	close(fd);
	unlink(address.sun_path);
	fd = eventfd(0, EFD_CLOEXEC);
	tap_ok(!connect_is_observer(fd) && !connect_is_observer(0) && !connect_is_observer(-1),
	       "connect: another file is no observer");
	close(fd);
}

static void test_list(void)
{
	size_t count = 0;
	char **names;
	char file[64];

	open_name("z");
	serve_close();
	open_name("b");
	snprintf(file, sizeof(file), "%s/a", directory);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	tap_ok(!connect_names(&places, &names, &count) && count == 1 && !strcmp(names[0], "b"),
	       "list: the names there are");
	connect_free_names(names, count);
	unlink(file);
	serve_close();
	tap_ok(!connect_names(&places, &names, &count) && !count, "list: none");
	connect_free_names(names, count);
	chmod(places.path[0], 0755);
	tap_ok(connect_names(&places, &names, &count) == -EPERM &&
	       try_name("one") == -EPERM && open_name("one") == -EPERM,
	       "list: nothing is done in a directory that others can enter");
	chmod(places.path[0], 0700);
}

static void test_bad_names(void)
{
	char path[300];

	tap_ok(try_name("") == -EINVAL && try_name("..") == -EINVAL && try_name("a b") == -EINVAL,
	       "connect: names that are none");
	tap_ok(try_name("none") == -ENOENT && strstr(vhm_error(), "vhm list"),
	       "connect: a name that nobody has");
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	tap_ok(try_name(path) == -ENAMETOOLONG, "connect: a path that is too long");
}

int main(void)
{
	tap_begin();
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(directory))
		return 1;
	places.uid = geteuid();
	places.count = 1;
	strcpy(places.path[0], directory);
	test_handing_out();
	test_failure();
	test_signals();
	test_silent();
	test_taken();
	test_stopped();
	test_not_a_socket();
	test_stranger();
	test_root();
	test_impostor();
	test_list();
	test_bad_names();
	if (rmdir(directory))
		tap_ok(false, "serve: something is left in %s", directory);
	return tap_end();
}
