// SPDX-License-Identifier: GPL-2.0
/* vhm run - run a guest: its command line, and what it loads. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../observe/name.h"
#include "acpi.h"
#include "command.h"
#include "console.h"
#include "fault.h"
#include "flat.h"
#include "kick.h"
#include "linux.h"
#include "log.h"
#include "machine.h"
#include "observers.h"
#include "privileges.h"
#include "run.h"
#include "stats.h"

#define DEFAULT_MEMORY	(256 * MIB)
#define DEFAULT_APPEND	"console=ttyS0"
#define PAGE		4096u

static const char usage_text[] =
	"usage: vhm run [--device NODE] --kernel FILE [--initrd FILE] [--append TEXT]\n"
	"               [--memory SIZE] [--name NAME] [--break FIELD=VALUE]... [--stats]\n";

static const char help_text[] =
	"\n"
	"Runs a guest on a device that speaks the KVM API, with its serial port on this\n"
	"terminal. Ctrl-A x leaves, Ctrl-A a sends a Ctrl-A.\n"
	"\n"
	"  --device NODE   /dev/vhm (the default) or /dev/kvm\n"
	"  --kernel FILE   a Linux bzImage, or a flat binary (real mode, at 0x7c00)\n"
	"  --initrd FILE   initial RAM disk of a Linux kernel\n"
	"  --append TEXT   command line of a Linux kernel (default: console=ttyS0)\n"
	"  --memory SIZE   memory of the guest: bytes, or with K, M or G (default: 256M)\n"
	"  --name NAME     by which vhm list and vhm vmcs find the guest (default: vm-PID)\n"
	"  --break FIELD=VALUE\n"
	"                  for teaching: break a VMCS field before the first entry; the module\n"
	"                  has to be loaded with unsafe_injection=1\n"
	"  --stats         afterwards, a report of exits and times on stderr\n"
	"  --help          this text\n"
	"\n"
	"Exit status: 0 when the guest switched off or the user left, 1 on failure, 2 for a\n"
	"wrong command line, 4 after a reset, 6 after a triple fault, 8 when the guest\n"
	"halted for good, (V << 1) | 1 when it wrote V to port 0xf4, 128 + N after signal N.\n"
	"See vhm(1).\n";

struct options {
	const char *device;
	const char *kernel;
	const char *initrd;
	const char *append;
	uint64_t memory;
	const char *name;
	struct faults faults;
	bool stats;
};

/* "256M" and the like; 0 for what is not a size. */
static uint64_t parse_size(const char *text)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	unsigned int shift = 0;
	uint64_t size;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	size = strtoull(text, &end, 10);
	if (*end) {
		suffix = strchr(suffixes, *end & ~0x20);
		if (!suffix || end[1])
			return 0;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (errno || size << shift >> shift != size)
		return 0;
	return size << shift;
}

static int check_options(const struct options *options)
{
	if (!options->kernel)
		return usage_error(usage_text, "--kernel FILE is missing", NULL);
	if (options->memory < MEMORY_LEAST || options->memory > MEMORY_MOST ||
	    options->memory % PAGE)
		return usage_error(usage_text,
				   "--memory has to be a size from 1M to 512G, a multiple of 4K",
				   NULL);
	if (options->name && !name_is_valid(options->name))
		return usage_error(usage_text,
				   "--name has to be of letters, digits, '.', '_' and '-', at most 64, without '.' in front",
				   NULL);
	return 0;
}

/* Returns 0 to go on, otherwise the exit status plus one. */
static int parse_option(struct options *options, int option)
{
	switch (option) {
	case 'd':
		options->device = optarg;
		break;
	case 'k':
		options->kernel = optarg;
		break;
	case 'i':
		options->initrd = optarg;
		break;
	case 'a':
		options->append = optarg;
		break;
	case 'm':
		options->memory = parse_size(optarg);
		break;
	case 'n':
		options->name = optarg;
		break;
	case 'b':
		if (faults_add(&options->faults, optarg))
			return STATUS_USAGE + 1;
		break;
	case 's':
		options->stats = true;
		break;
	case 'h':
		printf("%s%s", usage_text, help_text);
		return 1;
	default:
		fputs(usage_text, stderr);
		return STATUS_USAGE + 1;
	}
	return 0;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "memory", required_argument, NULL, 'm' },
		{ "name", required_argument, NULL, 'n' },
		{ "break", required_argument, NULL, 'b' },
		{ "stats", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		status = parse_option(options, option);
		if (status)
			return status;
	}
	if (optind < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind]) + 1;
	status = check_options(options);
	return status ? status + 1 : 0;
}

static int load_flat(struct machine *machine, const struct options *options,
		     const struct image *kernel)
{
	if (options->initrd || options->append)
		return log_error(kernel->path,
				 "is not a Linux kernel (no \"HdrS\" in its header): it cannot take --initrd or --append");
	if (flat_load(&machine->memory, kernel))
		return -1;
	return flat_start(&machine->vcpu);
}

static int load_linux(struct machine *machine, const struct options *options,
		      const struct image *kernel)
{
	const char *append = options->append ? options->append :
					       DEFAULT_APPEND;
	struct linux_entry entry;
	struct image initrd;
	int error;

	if (options->initrd && image_open(&initrd, options->initrd))
		return -1;
	error = linux_load(&machine->memory, kernel,
			   options->initrd ? &initrd : NULL, append, &entry);
	if (options->initrd)
		image_close(&initrd);
	if (error)
		return -1;
	return linux_start(&machine->vcpu, &machine->memory, &entry);
}

static int load(struct machine *machine, const struct options *options)
{
	struct image kernel;
	bool is_linux;
	int error;

	if (acpi_write_tables(&machine->memory) ||
	    image_open(&kernel, options->kernel))
		return -1;
	error = linux_probe(&kernel, &is_linux);
	if (!error && is_linux)
		error = load_linux(machine, options, &kernel);
	else if (!error)
		error = load_flat(machine, options, &kernel);
	image_close(&kernel);
	return error;
}

static void run_loaded(struct machine *machine, const struct options *options)
{
	struct stats stats;

	machine_init_devices(machine, kick_now());
	if (options->stats)
		stats_start(&stats, machine);

	run_guest(machine, options->stats ? &stats : NULL);

	console_close();
	if (options->stats)
		stats_print(&stats, machine, stderr);
}

static int run_with_console(struct machine *machine, const struct options *options)
{
	if (console_open())
		return STATUS_FAILED;
	run_loaded(machine, options);
	return run_status(machine);
}

static int run_machine(struct machine *machine, const struct options *options)
{
	int status = STATUS_FAILED;

	if (machine_init_cpu(machine) || load(machine, options) ||
	    faults_inject(&options->faults, &machine->vcpu) || privileges_drop() ||
	    kick_init(machine->vcpu.run))
		return STATUS_FAILED;
	if (!observers_open(machine, options->name)) {
		status = run_with_console(machine, options);
		observers_close();
	}
	kick_close();
	return status;
}

/**
 * command_run() - vhm run
 * @argc: arguments, "run" first
 * @argv: the arguments
 *
 * Return: the exit status.
 */
int command_run(int argc, char **argv)
{
	struct options options = {
		.device = DEFAULT_DEVICE,
		.memory = DEFAULT_MEMORY,
	};
	static struct machine machine;
	int status;

	status = parse_options(&options, argc, argv);
	if (status)
		return status - 1;
	if (machine_open(&machine, options.device, options.memory))
		return STATUS_FAILED;
	status = run_machine(&machine, &options);
	machine_close(&machine);
	return status;
}
