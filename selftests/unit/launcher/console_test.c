// SPDX-License-Identifier: GPL-2.0
/*
 * The console: nothing lost on the way in or out, the escapes, and a terminal
 * that is given back as it was. stdin and stdout are a pty or pipes here; what
 * the test itself says goes to a copy of stdout.
 */
#include <errno.h>
#include <pthread.h>
#include <pty.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "console.h"
#include "kick.h"
#include "log.h"

static atomic_uint kicks;

void kick_vcpu(unsigned int cpu)
{
	if (cpu != KICK_BOOT)
		abort();
	kicks++;
}

int kick_quit_signal(void)
{
	return 0;
}

int log_error(const char *about, const char *format, ...)
{
	(void)about;
	(void)format;
	return -1;
}

/* Wait for the next byte, at most two seconds. */
static int next_byte(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	unsigned int i;
	uint8_t byte;

	for (i = 0; i < 2000; i++) {
		if (console_get(&byte))
			return byte;
		nanosleep(&moment, NULL);
	}
	return -1;
}

static bool arrives(const char *wanted)
{
	while (*wanted) {
		if (next_byte() != *wanted++)
			return false;
	}
	return true;
}

static void type(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

static void test_terminal(int terminal, int user)
{
	struct termios before, during;

	tcgetattr(terminal, &before);
	tap_ok(!console_open(), "console: opened on a terminal");
	tcgetattr(terminal, &during);
	tap_ok(before.c_lflag & ICANON && !(during.c_lflag & ICANON) &&
	       !(during.c_lflag & ECHO) && !(during.c_lflag & ISIG) &&
	       !(during.c_oflag & OPOST), "console: the terminal is raw");

	type(user, "ls\r\3\4");
	tap_ok(arrives("ls\r\3\4"), "console: each key arrives as it is");
	type(user, "\1a\1\1\1qz");
	tap_ok(arrives("\1\1z"), "console: Ctrl-A a and Ctrl-A Ctrl-A send one");
	tap_ok(!console_left() && kicks > 0, "console: nobody has left");
	type(user, "\1");
	type(user, "x");
	type(user, "!");
	tap_ok(arrives("!") && console_left(), "console: Ctrl-A x leaves");
}

static void test_restored(int terminal)
{
	struct termios after;

	console_close();
	tcgetattr(terminal, &after);
	tap_ok(after.c_lflag & ICANON && after.c_lflag & ECHO &&
	       after.c_oflag & OPOST, "console: the terminal is given back");
}

static void *feed(void *fd)
{
	unsigned int i;
	char byte;

	for (i = 0; i < 100000; i++) {
		byte = (char)('a' + i % 26);
		if (write(*(int *)fd, &byte, 1) != 1)
			abort();
	}
	close(*(int *)fd);
	return NULL;
}

/* More than the ring holds, faster than it is read. */
static void test_flood(void)
{
	pthread_t writer;
	unsigned int i;
	int ends[2];
	bool ok = true;

	if (pipe(ends) || dup2(ends[0], STDIN_FILENO) < 0)
		abort();
	tap_ok(!console_open(), "console: opened on a pipe");
	if (pthread_create(&writer, NULL, feed, &ends[1]))
		abort();
	for (i = 0; i < 100000 && ok; i++)
		ok = next_byte() == (int)('a' + i % 26);
	pthread_join(writer, NULL);
	tap_ok(ok, "console: 100,000 bytes of input, in order");
}

static void *drain(void *fd)
{
	static uint8_t all[300000];
	size_t used = 0;
	ssize_t got;

	while (used < sizeof(all)) {
		got = read(*(int *)fd, all + used, sizeof(all) - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	while (used && all[used - 1] == (uint8_t)((used - 1) % 251))
		used--;
	return used ? NULL : all;
}

static void test_output(void)
{
	uint64_t before = console_written();
	unsigned int i, firsts = 0;
	pthread_t reader;
	int ends[2], out;
	void *good;

	if (pipe(ends))
		abort();
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	if (dup2(ends[1], STDOUT_FILENO) < 0)
		abort();
	if (pthread_create(&reader, NULL, drain, &ends[0]))
		abort();
	for (i = 0; i < 300000; i++)
		firsts += console_put((uint8_t)(i % 251));
	console_flush();
	pthread_join(reader, &good);
	dup2(out, STDOUT_FILENO);
	tap_ok(good, "console: 300,000 bytes of output, in order");
	tap_ok(firsts == (300000 + 4095) / 4096, "console: in %u writes", firsts);
	tap_ok(console_written() - before == 300000 && !console_waiting(),
	       "console: and counted");

	/* Nobody reads any more. */
	close(ends[0]);
	dup2(ends[1], STDOUT_FILENO);
	console_put('x');
	console_flush();
	console_put('y');
	console_flush();
	dup2(out, STDOUT_FILENO);
	tap_ok(!console_waiting(), "console: a reader that is gone is survived");
}

int main(void)
{
	int terminal, user;

	if (openpty(&user, &terminal, NULL, NULL, NULL) ||
	    dup2(terminal, STDIN_FILENO) < 0)
		return 1;
	tap_begin();
	test_terminal(terminal, user);
	test_restored(terminal);
	/* Its reader ends with the terminal. */
	close(terminal);
	test_flood();
	close(user);
	test_output();
	return tap_end();
}
