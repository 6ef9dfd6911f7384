/* SPDX-License-Identifier: GPL-2.0 */
/* The controls of VMX and what vhm makes of them; seen inside vmx/ alone. */
#ifndef VHM_VMX_CONTROLS_H
#define VHM_VMX_CONTROLS_H

#include "fields.h"

enum vmx_use {
	VMX_USE_REQUIRED,	/* without it vhm does not load */
	VMX_USE_WANTED,		/* on where the CPU has it */
	VMX_USE_VARIES,		/* required, and on from time to time */
	VMX_USE_UNUSED,		/* off where the CPU lets it be */
};

/**
 * struct vmx_control - one control
 * @field: the control field that it is in
 * @bit: its number there; vmx_control_name() has its name
 * @use: what vhm does with it
 * @why: in words
 */
struct vmx_control {
	enum vmx_field field;
	u8 bit;
	u8 use;
	const char *why;
};

const struct vmx_control *vmx_control_row(unsigned int index);

#endif /* VHM_VMX_CONTROLS_H */
