// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's paravirtual clock: nanoseconds since the VM was made (or as KVM_SET_CLOCK says),
 * which a guest computes from its TSC and a few numbers in its memory.
 *
 * The numbers are the same for all vCPUs but for their TSC offsets, and stay what they
 * are: the clock goes by the TSC for good. So no two readings differ on whichever CPU
 * they are made, and none is less than one before. That takes a TSC that runs alike on
 * all CPUs and never stops; where the kernel has found that it does not, there is no clock.
 *
 * The guest's memory is written by its vCPU's thread outside the inner loop, before the
 * next entry, when something has changed (VHM_REQUEST_PV).
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>
#include <asm/kvm_para.h>
#include <asm/pvclock-abi.h>
#include <asm/tsc.h>

#include "pv.h"
#include "vhm.h"

/**
 * vhm_clock_supported() - can a clock go by this host's TSC?
 *
 * Return: true if it can.
 */
bool vhm_clock_supported(void)
{
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) && !check_tsc_unstable();
}

/**
 * vhm_clock_init() - a new VM's clock is 0
 * @vm: the VM; tsc_start is set
 *
 * From ticks to nanoseconds as guests compute it: shift, multiply, take the upper half.
 */
void vhm_clock_init(struct vhm_vm *vm)
{
	u64 rate = (u64)tsc_khz * 1000;

	/* The rate is not known, perhaps. */
	if (!vhm_clock_supported())
		return;
	while (rate > 2 * NSEC_PER_SEC) {
		rate >>= 1;
		vm->clock_shift--;
	}
	while (rate <= NSEC_PER_SEC) {
		rate <<= 1;
		vm->clock_shift++;
	}
	vm->clock_mul = div64_u64((u64)NSEC_PER_SEC << 32, rate);
}

/* Nanoseconds from the VM's beginning to a time of the host's TSC. */
static u64 elapsed(const struct vhm_vm *vm, u64 tsc)
{
	u64 ticks = tsc - vm->tsc_start;

	if (vm->clock_shift < 0)
		ticks >>= -vm->clock_shift;
	else
		ticks <<= vm->clock_shift;
	return mul_u64_u32_shr(ticks, vm->clock_mul, 32);
}

static u64 clock_at(const struct vhm_vm *vm, u64 tsc)
{
	return READ_ONCE(vm->clock_offset) + elapsed(vm, tsc);
}

/* Both at the same moment, as near as can be. */
static u64 read_both(u64 *tsc)
{
	unsigned long flags;
	u64 realtime;

	local_irq_save(flags);
	realtime = ktime_get_real_ns();
	*tsc = rdtsc();
	local_irq_restore(flags);
	return realtime;
}

/**
 * vhm_get_clock() - KVM_GET_CLOCK
 * @vm: the VM
 * @user: struct kvm_clock_data
 *
 * Return: 0; -EFAULT; -ENOTTY: no clock on this host.
 */
long vhm_get_clock(struct vhm_vm *vm, struct kvm_clock_data __user *user)
{
	struct kvm_clock_data data = { .flags = VHM_CLOCK_FLAGS };
	u64 tsc;

	if (!vhm_clock_supported())
		return -ENOTTY;
	data.realtime = read_both(&tsc);
	data.host_tsc = tsc;
	data.clock = clock_at(vm, tsc);
	return copy_to_user(user, &data, sizeof(data)) ? -EFAULT : 0;
}

/* Every vCPU tells its guest. */
static void tell_all(struct vhm_vm *vm)
{
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	for (i = 0; i < count; i++)
		vhm_clock_changed(vm->vcpu[i]);
}

/**
 * vhm_set_clock() - KVM_SET_CLOCK
 * @vm: the VM
 * @user: struct kvm_clock_data; with KVM_CLOCK_REALTIME the time since is added
 *
 * Return: 0; -EFAULT; -EINVAL: a flag; -ENOTTY: no clock on this host.
 */
long vhm_set_clock(struct vhm_vm *vm, const struct kvm_clock_data __user *user)
{
	struct kvm_clock_data data;
	u64 now, tsc;

	if (!vhm_clock_supported())
		return -ENOTTY;
	if (copy_from_user(&data, user, sizeof(data)))
		return -EFAULT;
	if (data.flags & ~VHM_CLOCK_FLAGS)
		return -EINVAL;
	now = read_both(&tsc);
	if (data.flags & KVM_CLOCK_REALTIME && now > data.realtime)
		data.clock += now - data.realtime;
	WRITE_ONCE(vm->clock_offset, data.clock - elapsed(vm, tsc));
	tell_all(vm);
	return 0;
}

/**
 * vhm_clock_changed() - the numbers in the guest's memory are no longer right
 * @v: the vCPU; by any thread
 */
void vhm_clock_changed(struct vhm_vcpu *v)
{
	WRITE_ONCE(v->pv.clock_due, true);
	vhm_request(v, VHM_REQUEST_PV);
}

/**
 * vhm_set_clock_msr() - MSR_KVM_SYSTEM_TIME and its newer twin
 * @v: the vCPU
 * @value: address of struct pvclock_vcpu_time_info, and bit 0: it is in use
 */
void vhm_set_clock_msr(struct vhm_vcpu *v, u64 value)
{
	v->pv.clock = value;
	vhm_clock_changed(v);
}

/**
 * vhm_set_wall_clock_msr() - MSR_KVM_WALL_CLOCK and its newer twin
 * @v: the vCPU
 * @value: address of struct pvclock_wall_clock, which is filled once
 */
void vhm_set_wall_clock_msr(struct vhm_vcpu *v, u64 value)
{
	WRITE_ONCE(v->vm->wall_clock, value);
	v->pv.wall_due = true;
	vhm_request(v, VHM_REQUEST_PV);
}

/**
 * vhm_kvmclock_ctrl() - KVM_KVMCLOCK_CTRL: the guest is told that it was stopped
 * @v: the vCPU
 *
 * Return: 0; -EINVAL: it does not use the clock.
 */
long vhm_kvmclock_ctrl(struct vhm_vcpu *v)
{
	if (!(v->pv.clock & KVM_MSR_ENABLED))
		return -EINVAL;
	v->pv.stopped = true;
	vhm_clock_changed(v);
	return 0;
}

/**
 * vhm_clock_update() - the numbers of a guest's clock, if it has one
 * @v: the vCPU; on its thread, may sleep
 */
void vhm_clock_update(struct vhm_vcpu *v)
{
	u64 gpa = v->pv.clock & ~(u64)KVM_MSR_ENABLED;
	struct pvclock_vcpu_time_info info;
	struct vhm_vm *vm = v->vm;

	if (!(v->pv.clock & KVM_MSR_ENABLED) || !vhm_pv_in_one_page(gpa, sizeof(info)) ||
	    vhm_read_guest(vm, gpa, &info, sizeof(info)))
		return;
	/* The guest takes the mark away when it has seen it. */
	info.flags &= PVCLOCK_GUEST_STOPPED;
	info.flags |= PVCLOCK_TSC_STABLE_BIT;
	if (v->pv.stopped)
		info.flags |= PVCLOCK_GUEST_STOPPED;
	v->pv.stopped = false;
	info.pad0 = 0;
	memset(info.pad, 0, sizeof(info.pad));
	info.tsc_timestamp = vm->tsc_start + v->vmx.tsc_offset;
	info.system_time = READ_ONCE(vm->clock_offset);
	info.tsc_to_system_mul = vm->clock_mul;
	info.tsc_shift = vm->clock_shift;
	/* All but the version, which comes first. */
	vhm_pv_publish(vm, gpa, gpa + sizeof(info.version), &info.pad0,
		       sizeof(info) - sizeof(info.version));
}

/**
 * vhm_wall_clock_update() - the time of day at which the guest's clock was 0
 * @v: the vCPU; on its thread, may sleep
 */
void vhm_wall_clock_update(struct vhm_vcpu *v)
{
	u64 gpa = READ_ONCE(v->vm->wall_clock), tsc, now = read_both(&tsc);
	struct pvclock_wall_clock wall;
	u32 rest;

	if (!gpa || !vhm_pv_in_one_page(gpa, sizeof(wall)))
		return;
	wall.sec = div_u64_rem(now - clock_at(v->vm, tsc), NSEC_PER_SEC, &rest);
	wall.nsec = rest;
	vhm_pv_publish(v->vm, gpa, gpa + sizeof(wall.version), &wall.sec,
		       sizeof(wall) - sizeof(wall.version));
}
