// SPDX-License-Identifier: GPL-2.0
/*
 * The console. A thread reads stdin, whatever that is (a terminal, a pipe, a
 * file, nothing), and kicks the boot CPU's thread; bytes are taken as fast as the
 * guest reads them. Output is collected and written in bulk. All calls but those
 * that open and close it are made with the machine's lock held.
 *
 * Ctrl-A is the escape: Ctrl-A x leaves, Ctrl-A a (or Ctrl-A twice) sends a
 * Ctrl-A to the guest.
 */
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "console.h"
#include "kick.h"
#include "log.h"
#include "thread.h"

#define ESCAPE		0x01	/* Ctrl-A */
#define LEAVE		'x'
#define LITERAL		'a'

#define RING		1024u	/* a power of two */
#define OUTPUT		4096u

/* Written by the reader's thread alone: head; by who holds the machine's lock: tail. */
static uint8_t ring[RING];
static atomic_uint head, tail;
static atomic_bool left, reader_waits;
static sem_t room;

static uint8_t output[OUTPUT];
static unsigned int collected;
static uint64_t written;
static bool broken;

static struct termios before;
static bool raw;

static void restore_terminal(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	raw = false;
}

static int make_raw(void)
{
	struct termios terminal;

	if (!isatty(STDIN_FILENO))
		return 0;
	if (tcgetattr(STDIN_FILENO, &before))
		return log_error(NULL,
				 "cannot read the terminal's settings: %s",
				 strerror(errno));
	terminal = before;
	cfmakeraw(&terminal);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal))
		return log_error(NULL, "cannot make the terminal raw: %s",
				 strerror(errno));
	raw = true;
	return 0;
}

static void push(uint8_t byte)
{
	unsigned int at = atomic_load_explicit(&head, memory_order_relaxed);

	while (at - atomic_load(&tail) == RING) {
		/* The guest does not read: sleep until it does. */
		atomic_store(&reader_waits, true);
		if (at - atomic_load(&tail) != RING)
			break;
		sem_wait(&room);
	}
	ring[at % RING] = byte;
	atomic_store(&head, at + 1);
}

/* What the user typed, less the escapes. */
static void take_input(const uint8_t *bytes, size_t count)
{
	static bool escaped;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!escaped && bytes[i] == ESCAPE) {
			escaped = true;
			continue;
		}
		if (!escaped)
			push(bytes[i]);
		else if (bytes[i] == LEAVE)
			atomic_store(&left, true);
		else if (bytes[i] == LITERAL || bytes[i] == ESCAPE)
			push(ESCAPE);
		escaped = false;
	}
}

static void *read_input(void *unused)
{
	uint8_t bytes[256];
	ssize_t count;

	for (;;) {
		count = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (count < 0 && errno == EAGAIN) {
			struct pollfd fd = {
				.fd = STDIN_FILENO,
				.events = POLLIN,
			};

			poll(&fd, 1, -1);
			continue;
		}
		/* The end of the input is not the end of the machine. */
		if (count <= 0)
			return unused;
		take_input(bytes, (size_t)count);
		kick_vcpu(KICK_BOOT);
	}
}

/**
 * console_open() - make the terminal raw and begin to read stdin
 *
 * Call it from the boot CPU's thread, after kick_init().
 *
 * Return: 0; -1 with a message said.
 */
int console_open(void)
{
	pthread_t reader;
	int error;

	signal(SIGPIPE, SIG_IGN);
	sem_init(&room, 0, 0);
	if (make_raw())
		return -1;

	error = thread_start(&reader, read_input, NULL);
	if (error) {
		restore_terminal();
		return log_error(NULL,
				 "cannot start the thread that reads the console: %s",
				 strerror(error));
	}
	pthread_detach(reader);
	return 0;
}

/**
 * console_close() - write what is left, give the terminal back
 */
void console_close(void)
{
	console_flush();
	restore_terminal();
}

/**
 * console_put() - the guest has sent a byte
 * @byte: the byte
 *
 * Return: true if it is the first to wait: then see that console_flush() is
 * called within CONSOLE_DELAY.
 */
bool console_put(uint8_t byte)
{
	if (collected == OUTPUT)
		console_flush();
	output[collected++] = byte;
	return collected == 1;
}

/**
 * console_waiting() - are there bytes that have not been written?
 *
 * Return: true if so.
 */
bool console_waiting(void)
{
	return collected;
}

static void stdout_broken(void)
{
	broken = true;
	log_error(NULL,
		  "cannot write the console to stdout: %s; its output is lost from here on",
		  strerror(errno));
}

/**
 * console_flush() - write what the guest has sent
 */
void console_flush(void)
{
	unsigned int done = 0;
	ssize_t count;

	while (done < collected && !broken) {
		count = write(STDOUT_FILENO, output + done, collected - done);
		if (count >= 0) {
			done += (unsigned int)count;
		} else if (errno == EAGAIN) {
			struct pollfd fd = {
				.fd = STDOUT_FILENO,
				.events = POLLOUT,
			};

			poll(&fd, 1, -1);
		} else if (errno != EINTR) {
			stdout_broken();
		}
		if (kick_quit_signal())
			break;
	}
	written += collected;
	collected = 0;
}

/**
 * console_get() - take a byte that the user has typed
 * @byte: filled in
 *
 * Return: true if there was one.
 */
bool console_get(uint8_t *byte)
{
	unsigned int at = atomic_load_explicit(&tail, memory_order_relaxed);

	if (at == atomic_load(&head))
		return false;
	*byte = ring[at % RING];
	atomic_store(&tail, at + 1);
	if (atomic_load(&reader_waits) && atomic_exchange(&reader_waits, false))
		sem_post(&room);
	return true;
}

/**
 * console_left() - has the user asked to leave?
 *
 * Return: true after Ctrl-A x.
 */
bool console_left(void)
{
	return atomic_load(&left);
}

/**
 * console_written() - how much the guest has sent
 *
 * Return: bytes.
 */
uint64_t console_written(void)
{
	return written + collected;
}
