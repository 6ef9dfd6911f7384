// SPDX-License-Identifier: GPL-2.0
/* vhm list - the machines of one's own that run on /dev/vhm. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../libvhm/libvhm.h"
#include "../vhm/command.h"
#include "../vhm/log.h"
#include "connect.h"
#include "list.h"

static const char usage_text[] = "usage: vhm list\n";

static const char help_text[] =
	"\n"
	"Lists your machines that run on /dev/vhm: name, process, vCPUs and their exits so far.\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

static void print_machine(const char *name, const struct connection *connection,
			  const struct vhm_observe *machine)
{
	unsigned long long exits = 0;
	uint32_t i;

	for (i = 0; i < machine->count && i < 64; i++)
		exits += machine->exits[i];
	printf("%-24s %8d %6u %14llu\n", name, connection->pid, machine->count, exits);
}

/* A machine that is gone, or goes while it is asked, is not listed; one that is silent is named. */
static int list_machine(const struct name_places *places, const char *name)
{
	struct connection connection;
	struct vhm_observe machine;
	int error = connect_name(places, name, &connection);

	if (error == -ENOENT || error == -ENODEV)
		return 0;
	if (error)
		return log_error(NULL, "%s", vhm_error());
	if (!connect_is_observer(connection.observer))
		error = log_error(NULL, "what answers for %s is no machine of vhm's", name);
	else if (!vhm_observe(connection.observer, &machine))
		print_machine(name, &connection, &machine);
	close(connection.observer);
	return error;
}

/**
 * list_machines() - print the list
 *
 * Return: the exit status.
 */
int list_machines(void)
{
	struct name_places places;
	int status = STATUS_OK;
	size_t count, i;
	char **names;

	name_own_places(&places);
	if (connect_names(&places, &names, &count)) {
		log_error(NULL, "%s", vhm_error());
		return STATUS_FAILED;
	}
	printf("%-24s %8s %6s %14s\n", "NAME", "PROCESS", "VCPUS", "EXITS");
	for (i = 0; i < count; i++)
		if (list_machine(&places, names[i]))
			status = STATUS_FAILED;
	connect_free_names(names, count);
	return status;
}

/**
 * command_list() - vhm list
 * @argc: arguments, "list" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_list(int argc, char **argv)
{
	int status = only_help(argc, argv, usage_text, help_text);

	if (status != STATUS_GO_ON)
		return status;
	return list_machines();
}
