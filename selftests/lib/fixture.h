/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of most tests: one machine, one vCPU. Include it behind
 * kselftest_harness.h, once in a program.
 */
#ifndef SELFTESTS_LIB_FIXTURE_H
#define SELFTESTS_LIB_FIXTURE_H

#include "guest.h"
#include "vm.h"

FIXTURE(guest) {
	struct vm vm;
	struct vcpu cpu;
};

FIXTURE_SETUP(guest)
{
	vm_init(&self->vm, VM_MEMORY);
	vcpu_init(&self->vm, &self->cpu, 0);
}

FIXTURE_TEARDOWN(guest)
{
	vcpu_close(&self->cpu);
	vm_close(&self->vm);
}

#endif
