/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floating-point state as a whole: what FXSAVE or XSAVE writes.
 */
#ifndef SELFTESTS_LEAK_FXSAVE_H
#define SELFTESTS_LEAK_FXSAVE_H

#include <stdint.h>

/* x87, SSE and AVX; the standard format, AVX at 576. */
struct fx_area {
	uint16_t fcw, fsw;
	uint8_t ftw, pad0;
	uint16_t fop;
	uint64_t fip, fdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[16][16];
	uint8_t reserved[96];
	uint64_t xstate_bv, xcomp_bv;
	uint8_t header[48];
	uint8_t ymm_high[16][16];
} __attribute__((aligned(64)));

/*
 * Load the state at *before, make the ioctl, save the state to *after: nothing
 * in between touches a floating-point register. @avx: XSAVE instead of FXSAVE.
 * Returns what the system call does: 0 or a negative errno.
 */
long ioctl_with_state(int fd, unsigned long number, const struct fx_area *before,
		      struct fx_area *after, int avx);

/* A state that is all its own: every register another value, from a seed. */
void fx_fill(struct fx_area *area, uint8_t seed, int avx);

/* True if the registers in both are the same. */
int fx_equal(const struct fx_area *a, const struct fx_area *b, int avx);

#endif
