/* SPDX-License-Identifier: GPL-2.0 */
/* The commands of vhm: main.c has the table, a file each has the rest. */
#ifndef VHM_COMMAND_H
#define VHM_COMMAND_H

/* Exit statuses that all commands share; vhm.1 has the whole list. */
#define STATUS_OK	0
#define STATUS_FAILED	1
#define STATUS_USAGE	2

#define DEFAULT_DEVICE	"/dev/vhm"

/* Instead of an exit status: there is nothing to stop for. */
#define STATUS_GO_ON	(-1)

struct option;

int usage_error(const char *usage, const char *what, const char *value);
int common_option(int option, const char *usage, const char *help);
int each_option(int argc, char **argv, const struct option *table,
		int (*take)(void *options, int option), void *options);
int only_help(int argc, char **argv, const char *usage, const char *help);

int command_run(int argc, char **argv);
int command_list(int argc, char **argv);
int command_vmcs(int argc, char **argv);
int command_capabilities(int argc, char **argv);
int command_doctor(int argc, char **argv);

#endif /* VHM_COMMAND_H */
