// SPDX-License-Identifier: GPL-2.0
/* vhm run - run a guest: its command line, and what it loads. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../libvhm/compiler.h"
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
#define CPUS_INVALID	0u
#define PAGE		4096u

static const char usage_text[] =
	"usage: vhm run [--device NODE] --kernel FILE [--initrd FILE] [--module FILE[,TEXT]]...\n"
	"               [--append TEXT] [--memory SIZE] [--cpus N] [--irqchip WHERE]\n"
	"               [--cpu FEATURES] [--name NAME] [--break FIELD=VALUE]... [--stats]\n";

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
	"  --cpus N        CPUs of the guest: 1 (the default) to 64\n"
	"  --irqchip WHERE where its interrupt controllers are: split (local APICs in the\n"
	"                  kernel), full (all in the kernel), none (no local APIC; one CPU)\n"
	"  --cpu FEATURES  what the CPUs do not have: -avx,-pcid; names as in /proc/cpuinfo\n"
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
	struct boot boot;
	struct machine_wants machine;
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

/* 1 to 64, or CPUS_INVALID. */
static unsigned int parse_cpus(const char *text)
{
	unsigned long cpus;
	char *end;

	if (*text < '0' || *text > '9')
		return CPUS_INVALID;
	cpus = strtoul(text, &end, 10);
	return *end || cpus > BOARD_CPUS_MOST ? CPUS_INVALID : (unsigned int)cpus;
}

static int parse_irqchip(const char *text, enum irqchip_kind *kind)
{
	static const char *const names[] = {
		[IRQCHIP_NONE] = "none",
		[IRQCHIP_SPLIT] = "split",
		[IRQCHIP_FULL] = "full",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*kind = (enum irqchip_kind)i;
			return STATUS_GO_ON;
		}
	}
	return usage_error(usage_text, "--irqchip has to be split, full or none, not", text);
}

static int check_machine(const struct machine_wants *wants)
{
	if (wants->memory < MEMORY_LEAST || wants->memory > MEMORY_MOST ||
	    wants->memory % PAGE)
		return usage_error(usage_text,
				   "--memory has to be a size from 1M to 512G, a multiple of 4K",
				   NULL);
	if (wants->cpus == CPUS_INVALID)
		return usage_error(usage_text, "--cpus has to be a number from 1 to 64", NULL);
	if (wants->cpus > 1 && wants->irqchip == IRQCHIP_NONE)
		return usage_error(usage_text,
				   "--irqchip none has no local APICs, without which several CPUs (--cpus) cannot start each other",
				   NULL);
	return STATUS_GO_ON;
}

static int check_options(const struct options *options)
{
	int status;

	if (!options->boot.kernel)
		return usage_error(usage_text, "--kernel FILE is missing", NULL);
	status = check_machine(&options->machine);
	if (status != STATUS_GO_ON)
		return status;
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
		options->machine.device = optarg;
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
		options->machine.memory = parse_size(optarg);
		break;
	case 'p':
		options->machine.cpus = parse_cpus(optarg);
		break;
	case 'q':
		return parse_irqchip(optarg, &options->machine.irqchip);
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
		{ "cpus", required_argument, NULL, 'p' },
		{ "irqchip", required_argument, NULL, 'q' },
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

static int run_with_console(struct machine *machine, const struct options *options)
{
	if (options->stats && stats_start(machine))
		return STATUS_FAILED;
	if (console_open())
		return STATUS_FAILED;
	machine_init_devices(machine, kick_now());

	run_guest(machine);

	console_close();
	if (options->stats)
		stats_print(machine, stderr);
	return run_status(machine);
}

static int run_machine(struct machine *machine, struct options *options)
{
	const struct vhm_vcpu *boot = &machine_boot_cpu(machine)->vcpu;
	int status = STATUS_FAILED;

	if (machine_init_cpus(machine, &options->cpu) ||
	    boot_load(&options->boot, &machine->memory, boot, &machine->board) ||
	    faults_inject(&options->faults, boot) || privileges_drop() ||
	    kick_init(boot->run))
		return STATUS_FAILED;
	if (!observers_open(machine, options->name)) {
		status = run_with_console(machine, options);
		stats_free(machine);
		observers_close();
	}
	kick_close();
	return status;
}

/*
 * A flat binary knows of no local APIC. Without one in the kernel we see each HLT,
 * and so when one is for good.
 */
static int choose_irqchip(struct options *options)
{
	struct machine_wants *wants = &options->machine;
	bool is_flat;

	if (wants->irqchip != IRQCHIP_DEFAULT || wants->cpus > 1)
		return 0;
	if (boot_is_flat(options->boot.kernel, &is_flat))
		return -1;
	if (is_flat)
		wants->irqchip = IRQCHIP_NONE;
	return 0;
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
		.machine = {
			.device = DEFAULT_DEVICE,
			.memory = DEFAULT_MEMORY,
			.cpus = 1,
			.irqchip = IRQCHIP_DEFAULT,
		},
	};
	static struct machine machine;
	int status;

	status = parse_options(&options, argc, argv);
	if (status != STATUS_GO_ON)
		return status;
	if (choose_irqchip(&options) || machine_open(&machine, &options.machine))
		return STATUS_FAILED;
	status = run_machine(&machine, &options);
	machine_close(&machine);
	return status;
}
