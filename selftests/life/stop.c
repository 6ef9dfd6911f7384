// SPDX-License-Identifier: GPL-2.0
/*
 * Ends the machine while guests run. No test comes back from that: the file
 * `machine` says how each machine must end. What is reported before is that the
 * guests run.
 *
 *	stop reboot|panic
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"
#include "vm.h"

#define GUESTS	3

static __guest void run_for_ever(void)
{
	GUEST_SYNC(1);
	asm volatile("sti; 1: jmp 1b");
}

static void be_a_guest(int ready)
{
	struct guest_report report;
	struct vcpu cpu;
	struct vm vm;

	vm_init(&vm, VM_MEMORY);
	vcpu_init(&vm, &cpu, 0);
	vcpu_set_long(&cpu, run_for_ever);
	if (vcpu_run_guest(&cpu, &report) != GUEST_IS_SYNC || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		vcpu_run(&cpu);
}

static void start_guests(void)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		die("pipe: %s", strerror(errno));
	for (int i = 0; i < GUESTS; i++) {
		pid_t child = fork();

		if (child < 0)
			die("fork: %s", strerror(errno));
		if (!child)
			be_a_guest(ready[1]);
	}
	for (int i = 0; i < GUESTS; i++)
		if (read(ready[0], &byte, 1) != 1)
			die("a guest does not run");
	/* Each of them gets into the inner loop for good. */
	usleep(50000);
}

static void crash(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY);

	if (fd < 0 || write(fd, "c", 1) != 1)
		die("sysrq-trigger: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	bool panic = argc == 2 && !strcmp(argv[1], "panic");

	if (!panic && (argc != 2 || strcmp(argv[1], "reboot")))
		die("usage: stop reboot|panic");
	start_guests();
	printf("1..1\nok 1 guests run\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	if (panic)
		crash();
	reboot(RB_AUTOBOOT);
	return 1;
}
