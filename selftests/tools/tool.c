// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define MOST_ARGUMENTS	32
#define MOST_OUTPUT	(1 << 20)

/* Looks for a name until it is there, a thousandth of a second each. */
#define PATIENCE	20000

static char directory[64];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

const char *tool_device(void)
{
	const char *device = getenv("VHM_DEVICE");

	return device ? device : "/dev/vhm";
}

bool tool_on_kvm(void)
{
	return strstr(tool_device(), "kvm");
}

/* A directory of this test's own, which is also where sockets are looked for. */
const char *tool_directory(void)
{
	if (directory[0])
		return directory;
	strcpy(directory, "/tmp/tools.XXXXXX");
	if (!mkdtemp(directory) || setenv("XDG_RUNTIME_DIR", directory, 1))
		die("mkdtemp");
	return directory;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void tool_remove_directory(void)
{
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	directory[0] = '\0';
}

static const char *program(void)
{
	static char path[256];
	ssize_t length;

	length = readlink("/proc/self/exe", path, sizeof(path) - 8);
	if (length < 0)
		die("/proc/self/exe");
	path[length] = '\0';
	strcpy(strrchr(path, '/'), "/vhm");
	return path;
}

static void redirect(int fd, const char *path, const char *suffix)
{
	char whole[300];
	int file;

	snprintf(whole, sizeof(whole), "%s%s", path, suffix);
	file = open(whole, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (file < 0 || dup2(file, fd) < 0)
		die(whole);
}

static void become(uid_t uid)
{
	if (uid && (setgid(uid) || setuid(uid)))
		die("setuid");
	/* Across setuid(), which forgets it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Starts vhm; what it prints goes to the files @output.out and @output.err. */
pid_t tool_start(uid_t uid, const char *const *arguments, const char *output)
{
	const char *argv[MOST_ARGUMENTS] = { "vhm" };
	const char *path = program();
	unsigned int i;
	pid_t pid;

	for (i = 0; arguments[i] && i < MOST_ARGUMENTS - 2; i++)
		argv[i + 1] = arguments[i];
	pid = fork();
	if (pid)
		return pid;
	redirect(STDOUT_FILENO, output, ".out");
	redirect(STDERR_FILENO, output, ".err");
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	become(uid);
	execv(path, (char *const *)argv);
	_exit(127);
}

static char *read_whole(const char *path, const char *suffix)
{
	char *text = calloc(1, MOST_OUTPUT);
	char whole[300];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", path, suffix);
	file = fopen(whole, "re");
	if (!text || !file)
		die(whole);
	text[fread(text, 1, MOST_OUTPUT - 1, file)] = '\0';
	fclose(file);
	return text;
}

struct tool tool_wait(pid_t pid, const char *output)
{
	struct tool tool;
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	tool.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	tool.out = read_whole(output, ".out");
	tool.err = read_whole(output, ".err");
	return tool;
}

struct tool tool_run(uid_t uid, const char *const *arguments)
{
	static unsigned int number;
	char output[128];

	snprintf(output, sizeof(output), "%s/run-%d-%u", tool_directory(), getpid(), number++);
	return tool_wait(tool_start(uid, arguments, output), output);
}

void tool_free(struct tool *tool)
{
	free(tool->out);
	free(tool->err);
	memset(tool, 0, sizeof(*tool));
}

void tool_write_code(const char *path, struct code code)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(code.bytes, 1, code.size, file) != code.size || fclose(file))
		die(path);
}

/* The path of a machine's socket. */
const char *tool_socket(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/vhm/%s", tool_directory(), name);
	return path;
}

/* Connect to a machine's socket. Return: a descriptor, -1 when nobody is there. */
int tool_connect(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = tool_socket(name);
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

static bool answers(const struct guest *guest)
{
	int fd = tool_connect(guest->name);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Starts a guest under a name, and waits until it can be found and has had an exit. */
bool guest_start(struct guest *guest, const char *name, struct code code)
{
	char kernel[128], output[128];
	unsigned int i;

	snprintf(guest->name, sizeof(guest->name), "%s", name);
	snprintf(kernel, sizeof(kernel), "%s/%s.code", tool_directory(), name);
	snprintf(output, sizeof(output), "%s/%s", tool_directory(), name);
	tool_write_code(kernel, code);
	guest->pid = tool_start(0, (const char *const []){
		"run", "--device", tool_device(), "--kernel", kernel, "--memory", "4M",
		"--name", name, NULL }, output);
	for (i = 0; i < PATIENCE; i++) {
		if (answers(guest) && guest_exits(guest))
			return true;
		if (waitpid(guest->pid, NULL, WNOHANG) == guest->pid)
			break;
		usleep(1000);
	}
	return false;
}

/* Ends a guest by a signal. Return: the launcher's exit status, or 128 and its signal. */
int guest_end(struct guest *guest, int signal)
{
	int status;

	if (!guest->pid)
		return -1;
	kill(guest->pid, signal);
	if (waitpid(guest->pid, &status, 0) != guest->pid)
		die("waitpid");
	guest->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs a guest to its end. */
struct tool guest_run(struct code code, const char *const *arguments)
{
	const char *all[MOST_ARGUMENTS] = { "run", "--device", tool_device(), "--memory", "4M",
					    "--kernel" };
	char kernel[128];
	unsigned int i;

	snprintf(kernel, sizeof(kernel), "%s/code", tool_directory());
	tool_write_code(kernel, code);
	all[6] = kernel;
	for (i = 0; arguments[i] && i < MOST_ARGUMENTS - 8; i++)
		all[7 + i] = arguments[i];
	return tool_run(0, all);
}

/* The number in the last column of the guest's row in `vhm list`, 0 when there is none. */
unsigned long long guest_exits(const struct guest *guest)
{
	struct tool tool = TOOL("list");
	unsigned long long exits = 0;
	size_t length = strlen(guest->name);
	char *line, *rest;

	for (line = strtok_r(tool.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, guest->name, length) && line[length] == ' ')
			exits = strtoull(strrchr(line, ' '), NULL, 10);
	tool_free(&tool);
	return exits;
}

/* What a tool printed, if that is one JSON value, the end of its line, and no more; else NULL. */
struct json_object *tool_json(const struct tool *tool)
{
	struct json_tokener *tokener = json_tokener_new();
	size_t length = strlen(tool->out);
	struct json_object *object = NULL;

	json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	if (length && tool->out[length - 1] == '\n')
		object = json_tokener_parse_ex(tokener, tool->out, (int)length - 1);
	json_tokener_free(tokener);
	return object;
}

/* A member by its path, the names parted by '/'; NULL when it is not there. */
struct json_object *json_at(struct json_object *object, const char *path)
{
	char names[128], *name, *rest;

	snprintf(names, sizeof(names), "%s", path);
	for (name = strtok_r(names, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
		if (!json_object_object_get_ex(object, name, &object))
			return NULL;
	return object;
}

/* The text of a member, "" when it is not there. */
const char *json_text(struct json_object *object, const char *path)
{
	struct json_object *member = json_at(object, path);

	return member ? json_object_get_string(member) : "";
}

/* A member that is a number or a string of digits; all ones when it is not there. */
uint64_t json_number(struct json_object *object, const char *path)
{
	const char *text = json_text(object, path);

	return *text ? strtoull(text, NULL, 0) : ~0ull;
}
