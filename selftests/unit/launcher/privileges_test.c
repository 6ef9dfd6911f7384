// SPDX-License-Identifier: GPL-2.0
/* Privileges are given up by root and by those who have none. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "log.h"
#include "privileges.h"

#define NOBODY		65534
#define CAP_SETPCAP_BIT	8

int log_error(const char *about, const char *format, ...)
{
	(void)about;
	(void)format;
	return -1;
}

/* What /proc/self/status says behind @name, as a hexadecimal number. */
static unsigned long long read_status(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long value = ~0ull;
	char line[256];

	if (!file)
		return value;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	}
	fclose(file);
	return value;
}

static int check(bool as_nobody)
{
	bool has_setpcap;

	if (as_nobody && (setgid(NOBODY) || setuid(NOBODY)))
		return 1;
	has_setpcap = read_status("CapEff") >> CAP_SETPCAP_BIT & 1;
	if (privileges_drop())
		return 1;
	/* Without CAP_SETPCAP the bounding set stays, and bounds nothing. */
	return read_status("CapInh") || read_status("CapPrm") || read_status("CapEff") ||
	       read_status("CapAmb") || (has_setpcap && read_status("CapBnd")) ||
	       read_status("NoNewPrivs") != 1;
}

static void test(bool as_nobody, const char *who)
{
	pid_t child;
	int result;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(check(as_nobody));
	tap_ok(child > 0 && waitpid(child, &result, 0) == child && !result,
	       "privileges: none left: %s", who);
}

int main(void)
{
	tap_begin();
	test(false, "whoever we are");
	test(!geteuid(), "nobody");
	return tap_end();
}
