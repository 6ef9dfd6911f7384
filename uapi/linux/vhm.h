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

/*
 * The VMCS. Fields go by their encodings (SDM, appendix "Field Encoding in VMCS"). An observer
 * is a file descriptor made from a VM that can only look: it may be handed to another process,
 * which VM and vCPU fds may not (KVM's rule: their calls are their creator's alone).
 */

/* More than any CPU has. */
#define VHM_MAX_VMCS_FIELDS	192
#define VHM_MAX_VMCS_DUMPS	8

/**
 * struct vhm_vmcs_field - one field of a VMCS
 * @encoding: which one
 * @flags: VHM_VMCS_HIDDEN
 * @value: what it holds
 */
struct vhm_vmcs_field {
	__u32 encoding;
	__u32 flags;
	__u64 value;
};

/* An address of the kernel's, shown only to who has CAP_SYSLOG; the value is 0 instead. */
#define VHM_VMCS_HIDDEN		0x1

/**
 * struct vhm_vmcs - the fields of a vCPU's VMCS at one moment; all is written by the kernel
 * @exits: VM exits of the vCPU so far: two dumps with neighbouring numbers are neighbouring exits
 * @tsc: the host's TSC when it was taken
 * @count: fields in @field, by rising encoding; those that this CPU has
 * @flags: VHM_VMCS_LAUNCHED
 * @reserved: 0
 * @field: the fields
 */
struct vhm_vmcs {
	__u64 exits;
	__u64 tsc;
	__u32 count;
	__u32 flags;
	__u64 reserved[5];
	struct vhm_vmcs_field field[VHM_MAX_VMCS_FIELDS];
};

/*
 * The launch state is "launched": the vCPU has been entered since it came to its CPU. A module
 * loaded with vmxon=run takes a VMCS out of the CPU behind each stay in the guest.
 */
#define VHM_VMCS_LAUNCHED	0x1

/**
 * struct vhm_get_vmcs - argument of VHM_GET_VMCS
 * @flags: VHM_VMCS_AT_EXIT: wait for the vCPU's next @count exits in a row and take it at
 *	each, before the exit is handled; 0: take it now, at once or as soon as the vCPU can
 *	be interrupted (@count must be 1)
 * @vcpu: observer: the vCPU's id; vCPU fd: 0
 * @count: 1 to VHM_MAX_VMCS_DUMPS
 * @pad: 0
 * @data: address of @count struct vhm_vmcs
 * @reserved: 0
 */
struct vhm_get_vmcs {
	__u32 flags;
	__u32 vcpu;
	__u32 count;
	__u32 pad;
	__u64 data;
	__u64 reserved[4];
};

#define VHM_VMCS_AT_EXIT	0x1

/**
 * struct vhm_broken_rule - one of the SDM's rules for VM entry, and the VMCS breaks it
 * @name: the rule's name, as in the manual
 * @encoding: the field to blame
 * @flags: VHM_VMCS_HIDDEN
 * @value: what the field holds
 */
struct vhm_broken_rule {
	char name[48];
	__u32 encoding;
	__u32 flags;
	__u64 value;
};

#define VHM_MAX_BROKEN_RULES	16

/**
 * struct vhm_explain - argument of VHM_EXPLAIN
 * @flags: VHM_EXPLAIN_NOW: judge the VMCS as it is now; 0: explain the last entry that failed
 * @vcpu: observer: the vCPU's id; vCPU fd: 0
 * @count: out: rules that are broken; the first VHM_MAX_BROKEN_RULES are in @rule
 * @instruction_error: out: the VM-instruction error, or 0
 * @exit_reason: out: the exit reason with bit 31 set, when the entry failed behind its start; or 0
 * @text_size: in: room at @text; out: bytes of the whole text, its final zero included
 * @qualification: out: exit qualification, when @exit_reason is not 0
 * @text: address of a buffer for the explanation in words, or 0
 * @reserved: 0
 * @rule: out: the broken rules
 */
struct vhm_explain {
	__u32 flags;
	__u32 vcpu;
	__u32 count;
	__u32 instruction_error;
	__u32 exit_reason;
	__u32 text_size;
	__u64 qualification;
	__u64 text;
	__u64 reserved[4];
	struct vhm_broken_rule rule[VHM_MAX_BROKEN_RULES];
};

#define VHM_EXPLAIN_NOW		0x1

/**
 * struct vhm_inject_field - argument of VHM_INJECT_FIELD
 * @flags: 0
 * @encoding: the field
 * @value: what it shall hold at the next entry
 * @reserved: 0
 *
 * The fields (up to VHM_MAX_INJECTIONS) are written right before the vCPU's next VM entry. When
 * that fails they get their values back; when it succeeds, the fields of the host-state and
 * control areas do, and those of the guest-state area are the guest's.
 */
struct vhm_inject_field {
	__u32 flags;
	__u32 encoding;
	__u64 value;
	__u64 reserved[2];
};

#define VHM_MAX_INJECTIONS	8

/**
 * struct vhm_control - argument of VHM_GET_CONTROL: one VM-execution, -exit or -entry control
 * @index: in: which one, counted from 0; -ENOENT behind the last
 * @bit: out: its bit in the field
 * @encoding: out: the control field
 * @allowed_0: out: may be 0
 * @allowed_1: out: may be 1
 * @chosen: out: how vhm sets it; VHM_CONTROL_*
 * @name: out: as in the SDM
 * @why: out: why vhm chose so
 */
struct vhm_control {
	__u32 index;
	__u32 bit;
	__u32 encoding;
	__u8 allowed_0;
	__u8 allowed_1;
	__u8 chosen;
	__u8 reserved;
	char name[64];
	char why[176];
};

#define VHM_CONTROL_OFF		0
#define VHM_CONTROL_ON		1
#define VHM_CONTROL_VARIES	2	/* as the guest, the vCPU or the moment asks */

#define VHM_MAX_CAPABILITY_MSRS	24

/**
 * struct vhm_capability_msrs - argument of VHM_GET_CAPABILITY_MSRS: what the CPU says of its VMX
 * @count: out: entries in @msr
 * @pad: 0
 * @reserved: 0
 * @msr: out: index and value of each capability MSR that this CPU has
 */
struct vhm_capability_msrs {
	__u32 count;
	__u32 pad;
	__u64 reserved[3];
	struct {
		__u32 index;
		__u32 reserved;
		__u64 value;
	} msr[VHM_MAX_CAPABILITY_MSRS];
};

/**
 * struct vhm_observe - argument of VHM_OBSERVE: which vCPUs there are
 * @count: out: how many
 * @pad: 0
 * @reserved: 0
 * @id: out: the id of each
 * @exits: out: VM exits of each so far
 */
struct vhm_observe {
	__u32 count;
	__u32 pad;
	__u64 reserved[3];
	__u32 id[64];
	__u64 exits[64];
};

/*
 * vCPU fd and observer: the VMCS, now or at exits. Observer: -ENOENT: no such vCPU; -ENODEV: it
 * has ended; -EBUSY: another observer waits for its exits; -EINTR. vCPU fd: now only.
 */
#define VHM_GET_VMCS		_IOWR(VHMIO, 0x03, struct vhm_get_vmcs)
/*
 * vCPU fd and observer: why an entry failed, or would. -ENODATA: none has failed; observer:
 * -EBUSY: the vCPU is in a call, so it is running.
 */
#define VHM_EXPLAIN		_IOWR(VHMIO, 0x04, struct vhm_explain)
/*
 * vCPU fd: break something; -EPERM unless the module was loaded with unsafe_injection=1; -EINVAL:
 * no field of that encoding, or one that only the CPU writes; -ENXIO: not on this CPU; -ENOSPC.
 */
#define VHM_INJECT_FIELD	_IOW(VHMIO, 0x05, struct vhm_inject_field)
/* VM fd: a new observer, as a file descriptor. */
#define VHM_CREATE_OBSERVER	_IO(VHMIO, 0x06)
/*
 * VM fd: how a dirty log learns of the guest's writes, for comparison; where the CPU has
 * page-modification logging it is used if nothing else is said. -EBUSY: a slot has a log;
 * -ENXIO: not on this CPU.
 */
#define VHM_SET_DIRTY_LOG	_IO(VHMIO, 0x20)
#define VHM_DIRTY_LOG_PROTECT	0	/* pages are write-protected, the first write faults */
#define VHM_DIRTY_LOG_PML	1	/* the CPU lists the pages that get a dirty flag */
/* Observer: the vCPUs. */
#define VHM_OBSERVE		_IOWR(VHMIO, 0x07, struct vhm_observe)
/* System fd: the controls that VMX knows, what this CPU allows, what vhm chose. */
#define VHM_GET_CONTROL		_IOWR(VHMIO, 0x08, struct vhm_control)
/* System fd: the capability MSRs. */
#define VHM_GET_CAPABILITY_MSRS	_IOWR(VHMIO, 0x09, struct vhm_capability_msrs)

#endif /* _UAPI_LINUX_VHM_H */
