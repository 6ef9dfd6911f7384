// SPDX-License-Identifier: GPL-2.0
/* The machine's name. Only /dev/vhm has observers; on another device there is nothing to name. */
#include <errno.h>
#include <unistd.h>

#include "../observe/serve.h"
#include "log.h"
#include "observers.h"

static int make_observer(const void *argument)
{
	const struct machine *machine = argument;

	return vhm_vm_observer(&machine->vm);
}

/* Whether the device has observers; -1 with a message said if it has not and @name wants it. */
static int try_observer(const struct machine *machine, const char *name)
{
	int observer = make_observer(machine);

	if (observer >= 0) {
		close(observer);
		return 1;
	}
	if (name && observer == -ENOTTY)
		return log_error(machine->device.path,
				 "has no observers, so a name would be of no use: --name is for /dev/vhm");
	if (name)
		return log_error(NULL, "%s", vhm_error());
	return 0;
}

/**
 * observers_open() - let others find the machine
 * @machine: a machine that is set up; has to live until observers_close()
 * @name: a valid name that the user asked for, or NULL: vm-PID, if that is possible
 *
 * Return: 0; -1 with a message said.
 */
int observers_open(const struct machine *machine, const char *name)
{
	int able = try_observer(machine, name);
	char own[NAME_MOST + 1];
	struct name_places places;

	if (able <= 0)
		return able;
	snprintf(own, sizeof(own), "vm-%d", getpid());
	name_own_places(&places);
	if (!serve_open(&places, name ? name : own, make_observer, machine))
		return 0;
	if (name)
		return log_error(NULL, "%s", vhm_error());
	log_note("the machine goes without a name: %s", vhm_error());
	return 0;
}

/**
 * observers_close() - give the name back
 */
void observers_close(void)
{
	serve_close();
}
