// SPDX-License-Identifier: GPL-2.0
/* vhm capabilities - what VMX can do on this CPU, what vhm chose of it, and why. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "../libvhm/libvhm.h"
#include "../vhm/command.h"
#include "../vhm/log.h"
#include "capabilities.h"
#include "show.h"

static const char usage_text[] = "usage: vhm capabilities [--device NODE] [--json]\n";

static const char help_text[] =
	"\n"
	"Shows each control of VMX: whether this CPU lets it be 0 and be 1, what vhm chose (on, off,\n"
	"or varies with the guest) and why; and the capability MSRs, in words.\n"
	"\n"
	"  --device NODE   default: /dev/vhm\n"
	"  --json          as JSON\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

static int read_controls(const struct vhm_device *device, struct capabilities *capabilities)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < CAPABILITIES_MOST_CONTROLS && !error; i++)
		error = vhm_get_control(device, i, &capabilities->control[i]);
	capabilities->count = error ? i - 1 : i;
	return error == -ENOENT ? 0 : error;
}

static int read_capabilities(const char *node, struct capabilities *capabilities)
{
	struct vhm_device device;
	int error;

	error = vhm_open(&device, node);
	if (error)
		return error;
	error = read_controls(&device, capabilities);
	if (!error)
		error = vhm_capability_msrs(&device, &capabilities->msrs);
	vhm_close(&device);
	return error;
}

static int show_capabilities(const char *node, bool json)
{
	static struct capabilities capabilities;

	if (read_capabilities(node, &capabilities))
		return log_error(NULL, "%s", vhm_error());
	if (!json)
		capabilities_text(&capabilities, stdout);
	else if (json_write(capabilities_json(&capabilities), stdout))
		return log_error(NULL, "%s", vhm_error());
	if (fflush(stdout))
		return log_error(NULL, "cannot write to stdout: %s", strerror(errno));
	return 0;
}

/**
 * command_capabilities() - vhm capabilities
 * @argc: arguments, "capabilities" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_capabilities(int argc, char **argv)
{
	static const struct option table[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *node = DEFAULT_DEVICE;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		switch (option) {
		case 'd':
			node = optarg;
			break;
		case 'j':
			json = true;
			break;
		default:
			return common_option(option, usage_text, help_text);
		}
	}
	if (optind < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind]);
	return show_capabilities(node, json) ? STATUS_FAILED : STATUS_OK;
}
