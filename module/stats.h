/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a VM and of a vCPU, as KVM_GET_STATS_FD gives them; stats.c says what each
 * counts. The letters are those of vhm.h's lock legend; a vCPU's are its own thread's.
 */
#ifndef VHM_STATS_H
#define VHM_STATS_H

#include <linux/types.h>

struct vhm_vm_stats {
	u64 mmu_pages;			/* [e] EPT pages in use */
	u64 pages_4k;			/* [e] leaves, by size */
	u64 pages_2m;
	u64 pages_1g;
	u64 remote_tlb_flush;		/* [a] */
};

struct vhm_vcpu_stats {
	u64 exits;
	u64 io_exits;
	u64 mmio_exits;
	u64 halt_exits;
	u64 irq_exits;
	u64 irq_window_exits;
	u64 nmi_window_exits;
	u64 signal_exits;
	u64 request_irq_exits;
	u64 irq_injections;
	u64 nmi_injections;
	u64 insn_emulation;
	u64 insn_emulation_fail;
	u64 pf_taken;
	u64 pf_fixed;
	u64 pf_fast;
	u64 pf_mmio;
	u64 l1d_flush;
	u64 tlb_flush;
	u64 watchdog_exits;
	u64 entries;
};

#endif
