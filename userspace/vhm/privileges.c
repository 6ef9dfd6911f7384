// SPDX-License-Identifier: GPL-2.0
/*
 * Giving privileges up before the guest runs: what a guest could make of a hole
 * in a device model is then no more than its user could do anyway.
 *
 * This goes through libcap and not through capset(2): that call's structures
 * come in versions that a program has to choose by hand, the C library has no
 * wrapper for it, and its manual says to use libcap.
 */
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "log.h"
#include "privileges.h"

/* What no exec() may give back. Needs a capability itself, so it comes first. */
static int drop_bounding_set(void)
{
	cap_value_t value;
	int set;

	for (value = 0; (set = cap_get_bound(value)) >= 0; value++) {
		if (set && cap_drop_bound(value)) {
			/* Who may not do this has nothing to lose either. */
			if (errno == EPERM)
				return 0;
			return -1;
		}
	}
	return 0;
}

/* Effective, permitted and inheritable set; without those no ambient one. */
static int drop_sets(void)
{
	cap_t none = cap_init();
	int error;

	if (!none)
		return -1;
	error = cap_set_proc(none);
	cap_free(none);
	return error;
}

/**
 * privileges_drop() - give up every capability and all ways to new ones
 *
 * For the calling thread and those that it starts: call it before there are
 * others, and after whatever needs privileges has been opened.
 *
 * Return: 0; -1 with a message said.
 */
int privileges_drop(void)
{
	if (drop_bounding_set() || drop_sets())
		return log_error(NULL,
				 "cannot give up capabilities: %s; the guest is not started",
				 strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return log_error(NULL,
				 "cannot forbid new privileges: %s; the guest is not started",
				 strerror(errno));
	return 0;
}
