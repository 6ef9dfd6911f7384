// SPDX-License-Identifier: GPL-2.0
/*
 * Which entries of the list of page-modification logging are in use, against the SDM's words:
 * the index counts down from 511, an entry is written at the index before it is decremented,
 * and where the index is not in 0..511 a write exits instead.
 */
#include "../../../module/vmx/pml.h"
#include "../tap.h"

struct cpu {
	u16 index;
	bool used[VMX_PML_ENTRIES];
	unsigned int exits;
};

static void write_page(struct cpu *cpu)
{
	if (cpu->index >= VMX_PML_ENTRIES) {
		cpu->exits++;
		return;
	}
	cpu->used[cpu->index--] = true;
}

static unsigned int wrong_entries(const struct cpu *cpu)
{
	unsigned int first = vmx_pml_first(cpu->index), wrong = 0;

	for (unsigned int i = 0; i < VMX_PML_ENTRIES; i++)
		wrong += cpu->used[i] != (i >= first);
	return wrong;
}

int main(void)
{
	struct cpu cpu = { .index = VMX_PML_EMPTY };
	unsigned int wrong = wrong_entries(&cpu);

	tap_begin();
	tap_ok(vmx_pml_first(VMX_PML_EMPTY) == VMX_PML_ENTRIES, "an empty list has no entry");
	for (unsigned int i = 0; i < VMX_PML_ENTRIES; i++) {
		write_page(&cpu);
		wrong += wrong_entries(&cpu);
	}
	tap_ok(!wrong, "each entry that was written, and no other, for 0 to 512 of them");
	tap_ok(cpu.index == 0xffff && !cpu.exits, "512 writes fill it without an exit");
	write_page(&cpu);
	tap_ok(cpu.exits == 1 && !wrong_entries(&cpu), "the next one exits, and all are there");
	return tap_end();
}
