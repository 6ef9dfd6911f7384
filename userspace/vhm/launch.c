// SPDX-License-Identifier: GPL-2.0
/* vhm run - run a guest: its command line, and what it loads. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../observe/name.h"
#include "boot.h"
#include "command.h"
#include "console.h"
#include "cpu.h"
#include "fault.h"
#include "kick.h"
#include "log.h"
#include "machine.h"
#include "observers.h"
#include "privileges.h"
#include "run.h"
#include "stats.h"

#define DEFAULT_MEMORY	(256 * MIB)
#define PAGE		4096u

static const char usage_text[] =
	"usage: vhm run [--device NODE] --kernel FILE [--initrd FILE] [--module FILE[,TEXT]]...\n"
	"               [--append TEXT] [--memory SIZE] [--cpu FEATURES] [--name NAME]\n"
	"               [--break FIELD=VALUE]... [--stats]\n";

static const char help_text[] =
	"\n"
	"Runs a guest on a device that speaks the KVM API, with its serial port on this\n"
	"terminal. Ctrl-A x leaves, Ctrl-A a sends a Ctrl-A.\n"
	"\n"
	"  --device NODE   /dev/vhm (the default) or /dev/kvm\n"
	"  --kernel FILE   a bzImage, a Multiboot kernel, an ELF kernel with an entry for PVH\n"
	"                  (vmlinux), or a flat binary (real mode, at 0x7c00)\n"
	"  --initrd FILE   initial RAM disk; for other kernels than a bzImage, the first module\n"
	"  --module FILE[,TEXT]\n"
	"                  a module of a Multiboot or PVH kernel, which is told TEXT or FILE\n"
	"  --append TEXT   command line (default: console=ttyS0; of a Multiboot kernel: none)\n"
	"  --memory SIZE   memory of the guest: bytes, or with K, M or G (default: 256M)\n"
	"  --cpu FEATURES  what the CPU does not have: -avx,-pcid; names as in /proc/cpuinfo\n"
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
	struct boot boot;
	uint64_t memory;
	struct cpu_features cpu;
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
	if (!options->boot.kernel)
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
	return STATUS_GO_ON;
}

/* Returns STATUS_GO_ON, or the exit status. */
static int parse_option(void *to, int option)
{
	struct options *options = to;

	switch (option) {
	case 'd':
		options->device = optarg;
		break;
	case 'k':
		options->boot.kernel = optarg;
		break;
	case 'i':
		options->boot.initrd = optarg;
		break;
	case 'a':
		options->boot.append = optarg;
		break;
	case 'M':
		if (modules_add(&options->boot.modules, optarg))
			return STATUS_USAGE;
		break;
	case 'm':
		options->memory = parse_size(optarg);
		break;
	case 'c':
		if (cpu_parse(&options->cpu, optarg))
			return STATUS_USAGE;
		break;
	case 'n':
		options->name = optarg;
		break;
	case 'b':
		if (faults_add(&options->faults, optarg))
			return STATUS_USAGE;
		break;
	case 's':
		options->stats = true;
		break;
	default:
		return common_option(option, usage_text, help_text);
	}
	return STATUS_GO_ON;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "module", required_argument, NULL, 'M' },
		{ "append", required_argument, NULL, 'a' },
		{ "memory", required_argument, NULL, 'm' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "break", required_argument, NULL, 'b' },
		{ "stats", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int status = each_option(argc, argv, table, parse_option, options);

	if (status != STATUS_GO_ON)
		return status;
	if (optind < argc)
		return usage_error(usage_text, "unexpected argument", argv[optind]);
	return check_options(options);
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

static int run_machine(struct machine *machine, struct options *options)
{
	int status = STATUS_FAILED;

	if (machine_init_cpu(machine, &options->cpu) ||
	    boot_load(&options->boot, &machine->memory, &machine->vcpu) ||
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
	if (status != STATUS_GO_ON)
		return status;
	if (machine_open(&machine, options.device, options.memory))
		return STATUS_FAILED;
	status = run_machine(&machine, &options);
	machine_close(&machine);
	return status;
}
