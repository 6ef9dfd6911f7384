// SPDX-License-Identifier: GPL-2.0
/* vhm - run guests and look into them: the table of its commands. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../libvhm/compiler.h"
#include "command.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "run", command_run, "run a guest" },
	{ "list", command_list, "list your machines that run on /dev/vhm" },
	{ "vmcs", command_vmcs, "look into the VMCS of one of them" },
	{ "capabilities", command_capabilities, "show what VMX can do here, and what vhm chose" },
	{ "doctor", command_doctor, "say whether this machine can run vhm, and what to do if not" },
};

static const char usage_text[] =
	"usage: vhm COMMAND [OPTION...]\n"
	"       vhm COMMAND --help\n"
	"       vhm --help | --version\n";

/**
 * usage_error() - say what is wrong with a command line
 * @usage: the usage of the command
 * @what: a sentence without its full stop
 * @value: what the sentence ends with, or NULL
 *
 * Return: STATUS_USAGE.
 */
int usage_error(const char *usage, const char *what, const char *value)
{
	fprintf(stderr, "vhm: %s%s%s\n%s", what, value ? " " : "", value ? value : "", usage);
	return STATUS_USAGE;
}

/**
 * common_option() - an option that is not the command's own
 * @option: what getopt_long() found: 'h', or nothing good
 * @usage: the usage of the command
 * @help: what --help prints behind it
 *
 * Return: the exit status.
 */
int common_option(int option, const char *usage, const char *help)
{
	if (option == 'h') {
		printf("%s%s", usage, help);
		return STATUS_OK;
	}
	fputs(usage, stderr);
	return STATUS_USAGE;
}

/**
 * each_option() - go through the options of a command line
 * @argc: arguments, the command first
 * @argv: the arguments
 * @table: the command's options
 * @take: takes one; STATUS_GO_ON, or the exit status
 * @options: for @take
 *
 * Return: STATUS_GO_ON, with optind at what follows the options; or the first exit status.
 */
int each_option(int argc, char **argv, const struct option *table,
		int (*take)(void *options, int option), void *options)
{
	int status = STATUS_GO_ON, option;

	while (status == STATUS_GO_ON &&
	       (option = getopt_long(argc, argv, "", table, NULL)) >= 0)
		status = take(options, option);
	return status;
}

/**
 * only_help() - the command line of a command that takes nothing but --help
 * @argc: arguments, the command first
 * @argv: the arguments
 * @usage: the usage of the command
 * @help: what --help prints behind it
 *
 * Return: STATUS_GO_ON, or the exit status.
 */
int only_help(int argc, char **argv, const char *usage, const char *help)
{
	static const struct option table[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option = getopt_long(argc, argv, "", table, NULL);

	if (option >= 0)
		return common_option(option, usage, help);
	if (optind < argc)
		return usage_error(usage, "unexpected argument", argv[optind]);
	return STATUS_GO_ON;
}

static int print_help(void)
{
	size_t i;

	printf("%s\n", usage_text);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-14s%s\n", commands[i].name, commands[i].what);
	puts("\nExit status: 0, 1 on failure, 2 for a wrong command line; run has more.");
	puts("See vhm(1).");
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(command, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (!strcmp(command, "--help"))
		return print_help();
	if (!strcmp(command, "--version")) {
		puts("vhm " VHM_VERSION);
		return STATUS_OK;
	}
	if (*command)
		return usage_error(usage_text, "there is no command", command);
	return usage_error(usage_text, "a command is missing", NULL);
}
