/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vhm's own calls: what KVM's API cannot do. Everything else on /dev/vhm is
 * <linux/kvm.h>, bit for bit, on the same file descriptors.
 *
 * Reserved fields and unknown flags must be zero (-EINVAL otherwise).
 */
#ifndef _UAPI_LINUX_VHM_H
#define _UAPI_LINUX_VHM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The magic of our calls; KVM's is 0xAE. */
#define VHMIO			0xBE

/* Basic exit reasons are numbered as in the SDM's appendix of that name. */
#define VHM_NR_EXIT_REASONS	80

/**
 * struct vhm_exit_stat - what one exit reason cost a vCPU
 * @count: how often the guest left for this reason
 * @kernel_ticks: TSC ticks from the exit to the next entry, spent in the kernel
 * @user_ticks: TSC ticks spent outside KVM_RUN because this exit went to user space
 *
 * The two times stay 0 until VHM_SET_EXIT_TIMING has turned timing on.
 */
struct vhm_exit_stat {
	__u64 count;
	__u64 kernel_ticks;
	__u64 user_ticks;
};

/**
 * struct vhm_exit_stats - argument of VHM_GET_EXIT_STATS
 * @flags: must be 0
 * @pad: must be 0
 * @entries: out: VM entries so far
 * @guest_ticks: out: TSC ticks spent in the guest while timing was on
 * @reserved: must be 0
 * @reason: out: one row for each basic exit reason
 */
struct vhm_exit_stats {
	__u32 flags;
	__u32 pad;
	__u64 entries;
	__u64 guest_ticks;
	__u64 reserved[4];
	struct vhm_exit_stat reason[VHM_NR_EXIT_REASONS];
};

/* vCPU fd: the table of exits by reason. */
#define VHM_GET_EXIT_STATS	_IOWR(VHMIO, 0x01, struct vhm_exit_stats)
/* vCPU fd: argument 1 starts the timing of exits, 0 stops it; off at first. */
#define VHM_SET_EXIT_TIMING	_IO(VHMIO, 0x02)

#endif /* _UAPI_LINUX_VHM_H */
