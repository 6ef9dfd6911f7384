/* SPDX-License-Identifier: GPL-2.0 */
/* Guests run by the launcher, the tools called on them, and what they print. */
#ifndef SELFTESTS_TOOLS_TOOL_H
#define SELFTESTS_TOOLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#define NOBODY	65534u

/**
 * struct tool - a program that was run to its end
 * @status: its exit status, or 128 and the signal that ended it
 * @out: what it printed
 * @err: what it complained
 */
struct tool {
	int status;
	char *out;
	char *err;
};

/**
 * struct guest - a launcher that runs
 * @pid: its process
 * @name: the machine's name
 */
struct guest {
	pid_t pid;
	char name[80];
};

/* Real-mode code, entered at 0x7c00. */
struct code {
	const char *bytes;
	size_t size;
};

#define CODE(text)	((struct code){ text, sizeof(text) - 1 })

#define HALTS		CODE("\xfb\xf4\xeb\xfd")		/* sti; 1: hlt; jmp 1b */
#define SPINS		CODE("\xfb\xeb\xfe")			/* sti; jmp . */
#define ASKS_CPUID	CODE("\xfb\x0f\xa2\xeb\xfc")		/* sti; 1: cpuid; jmp 1b */
#define ASKS_AND_WRITES	CODE("\xfb\x0f\xa2\xe6\x80\xeb\xfa")	/* sti; 1: cpuid; out %al, $0x80 */
#define ENDS		CODE("\xf4")				/* hlt, with interrupts off */

const char *tool_device(void);
bool tool_on_kvm(void);
const char *tool_directory(void);
void tool_remove_directory(void);
const char *tool_socket(const char *name);
int tool_connect(const char *name);
void tool_write_code(const char *path, struct code code);

struct tool tool_run(uid_t uid, const char *const *arguments);
pid_t tool_start(uid_t uid, const char *const *arguments, const char *output);
struct tool tool_wait(pid_t pid, const char *output);
void tool_free(struct tool *tool);

/* As root, or as whoever runs the tests. */
#define TOOL(...)	tool_run(0, (const char *const []){ __VA_ARGS__, NULL })
#define TOOL_AS(uid, ...)	tool_run(uid, (const char *const []){ __VA_ARGS__, NULL })

bool guest_start(struct guest *guest, const char *name, struct code code);
int guest_end(struct guest *guest, int signal);
struct tool guest_run(struct code code, const char *const *arguments);
#define GUEST(code, ...)	guest_run(code, (const char *const []){ __VA_ARGS__, NULL })
unsigned long long guest_exits(const struct guest *guest);

struct json_object *tool_json(const struct tool *tool);
struct json_object *json_at(struct json_object *object, const char *path);
const char *json_text(struct json_object *object, const char *path);
uint64_t json_number(struct json_object *object, const char *path);

#endif
