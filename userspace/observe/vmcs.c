// SPDX-License-Identifier: GPL-2.0
/* vhm vmcs - look into a vCPU's VMCS. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libvhm/libvhm.h"
#include "../vhm/command.h"
#include "../vhm/log.h"
#include "connect.h"
#include "list.h"
#include "show.h"

/* A guest that exits does so within this, or is worth a word. */
#define WORD_AFTER_SECONDS	2

static const char usage_text[] =
	"usage: vhm vmcs [NAME] [--vcpu ID] [--field FIELD]... [--diff] [--json]\n";

static const char help_text[] =
	"\n"
	"Shows the VMCS of a vCPU of the machine NAME (vhm run --name), running or halted, with what\n"
	"its values mean. Without NAME, lists your machines. A NAME with a slash is the path of a\n"
	"machine's socket; root can look at anybody's by it.\n"
	"\n"
	"  --vcpu ID       which vCPU (default: the first)\n"
	"  --field FIELD   only this field, such as GUEST_RIP; may be repeated\n"
	"  --diff          wait for two exits in a row, and show what changed between them\n"
	"  --json          as JSON\n"
	"\n"
	"Exit status: 0, 1 on failure, 2 for a wrong command line. See vhm(1).\n";

struct options {
	const char *vcpu;
	bool diff, json;
	struct show show;
};

static int select_field(struct show *show, const char *name)
{
	enum vmx_field field;

	if (field_find(name, &field))
		return log_error(NULL, "%s", vhm_error());
	show->some = true;
	show->selected[field] = true;
	return 0;
}

/* Returns STATUS_GO_ON, or the exit status. */
static int parse_option(void *to, int option)
{
	struct options *options = to;

	switch (option) {
	case 'v':
		options->vcpu = optarg;
		break;
	case 'f':
		if (select_field(&options->show, optarg))
			return STATUS_FAILED;
		break;
	case 'd':
		options->diff = true;
		break;
	case 'j':
		options->json = true;
		break;
	default:
		return common_option(option, usage_text, help_text);
	}
	return STATUS_GO_ON;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "vcpu", required_argument, NULL, 'v' },
		{ "field", required_argument, NULL, 'f' },
		{ "diff", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int status = each_option(argc, argv, table, parse_option, options);

	if (status != STATUS_GO_ON)
		return status;
	if (optind < argc)
		options->show.machine = argv[optind++];
	if (optind < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind]);
	if (!options->show.machine && (options->vcpu || options->show.some || options->diff ||
				       options->json))
		return usage_error(usage_text, "NAME is missing", NULL);
	return STATUS_GO_ON;
}

static bool has_vcpu(const struct vhm_observe *machine, unsigned long id)
{
	uint32_t i;

	for (i = 0; i < machine->count && i < 64; i++)
		if (machine->id[i] == id)
			return true;
	return false;
}

/* "0, 1, 2", as far as there is room. */
static void list_vcpus(const struct vhm_observe *machine, char *text, size_t size)
{
	size_t length = 0;
	uint32_t i;

	text[0] = '\0';
	for (i = 0; i < machine->count && i < 64 && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%u", i ? ", " : "",
					   machine->id[i]);
}

static int choose_vcpu(struct options *options, int observer)
{
	struct vhm_observe machine;
	unsigned long id;
	char list[256];
	char *end;

	if (vhm_observe(observer, &machine))
		return log_error(options->show.machine, "%s", vhm_error());
	if (!machine.count)
		return log_error(options->show.machine, "has no vCPU");
	options->show.vcpu = machine.id[0];
	if (!options->vcpu)
		return 0;
	errno = 0;
	id = strtoul(options->vcpu, &end, 10);
	if (*options->vcpu < '0' || *options->vcpu > '9' || *end || errno ||
	    !has_vcpu(&machine, id)) {
		list_vcpus(&machine, list, sizeof(list));
		return log_error(options->show.machine, "has no vCPU %s: it has %s",
				 options->vcpu, list);
	}
	options->show.vcpu = (uint32_t)id;
	return 0;
}

static void on_alarm(int number)
{
	static const char text[] =
		"vhm: waiting for the guest to exit; it may be halted (Ctrl-C ends this)\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return;
}

static int read_vmcs(const struct options *options, int observer, struct vhm_vmcs *dumps)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	int error;

	sigaction(SIGALRM, &action, NULL);
	alarm(WORD_AFTER_SECONDS);
	do {
		error = vhm_get_vmcs(observer, options->show.vcpu,
				     options->diff ? VHM_VMCS_AT_EXIT : 0, dumps,
				     options->diff ? 2 : 1);
	} while (error == -EINTR);
	alarm(0);
	return error ? log_error(options->show.machine, "%s", vhm_error()) : 0;
}

/* A field that was asked for by name is there, or the reason why not is. */
static int check_selection(const struct show *show, const struct vhm_vmcs *vmcs)
{
	const struct vmx_field_info *info;
	enum vmx_field field;

	for (field = 0; show->some && field < VMX_NR_FIELDS; field++) {
		info = vmx_field_info(field);
		if (show->selected[field] && !show_find(vmcs, info->encoding))
			return log_error(NULL, "this CPU has no VMCS field %s%s%s%s", info->name,
					 info->needs ? " (it comes with \"" : "",
					 info->needs ? info->needs : "",
					 info->needs ? "\")" : "");
	}
	return 0;
}

static int print(const struct options *options, const struct vhm_vmcs *dumps)
{
	const struct show *show = &options->show;

	if (!options->json && options->diff)
		text_difference(show, &dumps[0], &dumps[1], stdout);
	else if (!options->json)
		text_vmcs(show, dumps, stdout);
	else if (json_write(options->diff ? json_difference(show, &dumps[0], &dumps[1]) :
			    json_vmcs(show, dumps), stdout))
		return log_error(NULL, "%s", vhm_error());
	if (fflush(stdout))
		return log_error(NULL, "cannot write to stdout: %s", strerror(errno));
	return 0;
}

static int look(struct options *options, int observer)
{
	static struct vhm_vmcs dumps[2];

	if (!connect_is_observer(observer))
		return log_error(NULL, "what answers for %s is no machine of vhm's",
				 options->show.machine);
	if (choose_vcpu(options, observer) || read_vmcs(options, observer, dumps) ||
	    check_selection(&options->show, dumps))
		return -1;
	return print(options, dumps);
}

/**
 * command_vmcs() - vhm vmcs
 * @argc: arguments, "vmcs" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_vmcs(int argc, char **argv)
{
	static struct options options;
	struct connection connection;
	struct name_places places;
	int status = parse_options(&options, argc, argv);

	if (status != STATUS_GO_ON)
		return status;
	if (!options.show.machine)
		return list_machines();
	name_own_places(&places);
	if (connect_name(&places, options.show.machine, &connection)) {
		log_error(NULL, "%s", vhm_error());
		return STATUS_FAILED;
	}
	status = look(&options, connection.observer) ? STATUS_FAILED : STATUS_OK;
	close(connection.observer);
	return status;
}
