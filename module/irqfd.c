// SPDX-License-Identifier: GPL-2.0
/*
 * irqfds: an eventfd whose signal is an interrupt of the guest's (KVM_IRQFD).
 *
 * The interrupt is made where the signal comes from: in the waker's context, with the
 * eventfd's wait queue locked and IRQs off, so nothing sleeps there. Ends that may sleep
 * are a workqueue's: user space has taken the irqfd away, or has closed the eventfd
 * (EPOLLHUP), or the VM.
 *
 * With a resample fd the GSI is a line: it stays up until the guest has ended the
 * interrupt; then it falls, and the resample fds of all irqfds on it are signalled, so
 * that a device that is not done raises it again.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "vhm.h"

/**
 * struct vhm_irqfd - an eventfd and the GSI that it raises
 * @vm: whose
 * @gsi: any number; one that has no route makes no interrupt
 * @event: the eventfd
 * @resample: signalled when the guest has ended the interrupt, or NULL
 * @link: in the VM's list; empty: its end has begun
 * @resample_link: in the list of those with a resample fd
 * @wait: in the eventfd's wait queue
 * @poll: puts it there
 * @end: the part of its end that may sleep
 */
struct vhm_irqfd {
	struct vhm_vm *vm;			/* [c] */
	u32 gsi;				/* [c] */
	struct eventfd_ctx *event;		/* [c] */
	struct eventfd_ctx *resample;		/* [c] */
	struct list_head link;			/* [q] */
	struct list_head resample_link;		/* [r], written under [l] */
	wait_queue_entry_t wait;
	poll_table poll;
	struct work_struct end;
};

static struct workqueue_struct *ends;

/* In any context. */
static void raise(struct vhm_irqfd *f)
{
	if (f->resample) {
		vhm_set_gsi(f->vm, VHM_SOURCE_RESAMPLE, f->gsi, true);
		return;
	}
	vhm_set_gsi(f->vm, VHM_SOURCE_USER, f->gsi, true);
	vhm_set_gsi(f->vm, VHM_SOURCE_USER, f->gsi, false);
}

/* Under vm->irqfd_lock. */
static void begin_end(struct vhm_irqfd *f)
{
	if (list_empty(&f->link))
		return;
	list_del_init(&f->link);
	queue_work(ends, &f->end);
}

/* The eventfd has been signalled, or closed; its wait queue is locked, IRQs are off. */
static int woken(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vhm_irqfd *f = container_of(wait, struct vhm_irqfd, wait);
	__poll_t flags = key_to_poll(key);
	unsigned long irq_flags;
	u64 count;

	if (flags & EPOLLIN) {
		eventfd_ctx_do_read(f->event, &count);
		raise(f);
	}
	if (flags & EPOLLHUP) {
		spin_lock_irqsave(&f->vm->irqfd_lock, irq_flags);
		begin_end(f);
		spin_unlock_irqrestore(&f->vm->irqfd_lock, irq_flags);
	}
	return !!(flags & EPOLLIN);
}

static void enqueue(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	add_wait_queue(queue, &container_of(poll, struct vhm_irqfd, poll)->wait);
}

/* Under vm->lock, or with rcu_read_lock(). */
static bool has_resampler(struct vhm_vm *vm, u32 gsi)
{
	const struct vhm_irqfd *f;

	list_for_each_entry_rcu(f, &vm->resamplers, resample_link, lockdep_is_held(&vm->lock))
		if (f->gsi == gsi)
			return true;
	return false;
}

/**
 * vhm_irqfd_acknowledged() - the guest has ended an interrupt of a GSI
 * @vm: the VM; on a vCPU's thread, maybe with IRQs off, no lock of ours held
 * @gsi: which
 */
void vhm_irqfd_acknowledged(struct vhm_vm *vm, u32 gsi)
{
	const struct vhm_irqfd *f;

	if (likely(list_empty(&vm->resamplers)))
		return;
	rcu_read_lock();
	if (has_resampler(vm, gsi)) {
		vhm_set_gsi(vm, VHM_SOURCE_RESAMPLE, gsi, false);
		list_for_each_entry_rcu(f, &vm->resamplers, resample_link)
			if (f->gsi == gsi)
				vhm_eventfd_signal(f->resample);
	}
	rcu_read_unlock();
}

/* Under vm->lock. */
static void add_resampler(struct vhm_irqfd *f)
{
	if (f->resample)
		list_add_tail_rcu(&f->resample_link, &f->vm->resamplers);
}

/* Under vm->lock: the last one lets go of the line. */
static void remove_resampler(struct vhm_irqfd *f)
{
	if (!f->resample)
		return;
	list_del_rcu(&f->resample_link);
	if (!has_resampler(f->vm, f->gsi))
		vhm_set_gsi(f->vm, VHM_SOURCE_RESAMPLE, f->gsi, false);
}

/* Nobody finds it any more. */
static void free_irqfd(struct vhm_irqfd *f)
{
	if (f->resample) {
		synchronize_rcu();
		eventfd_ctx_put(f->resample);
	}
	eventfd_ctx_put(f->event);
	kfree(f);
}

static void end_work(struct work_struct *work)
{
	struct vhm_irqfd *f = container_of(work, struct vhm_irqfd, end);
	struct vhm_vm *vm = f->vm;
	u64 count;

	/* Who makes it holds the lock until all is in place. */
	mutex_lock(&vm->lock);
	/* Behind this nobody is in woken(). */
	eventfd_ctx_remove_wait_queue(f->event, &f->wait, &count);
	remove_resampler(f);
	mutex_unlock(&vm->lock);
	free_irqfd(f);
}

/* An eventfd raises one GSI of a VM. */
static int publish(struct vhm_irqfd *f)
{
	struct vhm_vm *vm = f->vm;
	const struct vhm_irqfd *other;
	int err = 0;

	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry(other, &vm->irqfds, link)
		if (other->event == f->event)
			err = -EBUSY;
	if (!err)
		list_add_tail(&f->link, &vm->irqfds);
	spin_unlock_irq(&vm->irqfd_lock);
	return err;
}

/*
 * Under vm->lock, so that none who takes it away comes between. @file is held, so that it
 * cannot be closed before all is in place.
 */
static int connect(struct vhm_irqfd *f, struct file *file)
{
	int err;

	add_resampler(f);
	err = publish(f);
	if (err) {
		remove_resampler(f);
		return err;
	}
	/* A signal may have come before. */
	if (vfs_poll(file, &f->poll) & EPOLLIN)
		raise(f);
	return 0;
}

static struct vhm_irqfd *new_irqfd(struct vhm_vm *vm, const struct kvm_irqfd *args)
{
	struct vhm_irqfd *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->vm = vm;
	f->gsi = args->gsi;
	INIT_LIST_HEAD(&f->link);
	init_waitqueue_func_entry(&f->wait, woken);
	init_poll_funcptr(&f->poll, enqueue);
	INIT_WORK(&f->end, end_work);
	if (args->flags & KVM_IRQFD_FLAG_RESAMPLE) {
		f->resample = eventfd_ctx_fdget(args->resamplefd);
		if (IS_ERR(f->resample)) {
			struct eventfd_ctx *err = f->resample;

			kfree(f);
			return ERR_CAST(err);
		}
	}
	return f;
}

static int assign_file(struct vhm_vm *vm, const struct kvm_irqfd *args, struct file *file)
{
	struct eventfd_ctx *event = eventfd_ctx_fileget(file);
	struct vhm_irqfd *f;
	int err;

	if (IS_ERR(event))
		return PTR_ERR(event);
	f = new_irqfd(vm, args);
	if (IS_ERR(f)) {
		eventfd_ctx_put(event);
		return PTR_ERR(f);
	}
	f->event = event;
	mutex_lock(&vm->lock);
	err = connect(f, file);
	mutex_unlock(&vm->lock);
	if (err)
		free_irqfd(f);
	return err;
}

static long assign(struct vhm_vm *vm, const struct kvm_irqfd *args)
{
	struct file *file;
	long err;

	/* Pairs with the release in create_irqchip(). */
	if (!smp_load_acquire(&vm->lapics))
		return -EINVAL;
	/* The line is one of an I/O APIC or 8259 of ours, or nobody tells us of its end. */
	if (args->flags & KVM_IRQFD_FLAG_RESAMPLE && (!vm->irqchip || !VHM_CAN_SIGNAL))
		return -EINVAL;
	file = eventfd_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = assign_file(vm, args, file);
	fput(file);
	return err;
}

static long deassign(struct vhm_vm *vm, const struct kvm_irqfd *args)
{
	struct eventfd_ctx *event = eventfd_ctx_fdget(args->fd);
	struct vhm_irqfd *f, *next;

	if (IS_ERR(event))
		return PTR_ERR(event);
	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry_safe(f, next, &vm->irqfds, link)
		if (f->event == event && f->gsi == args->gsi)
			begin_end(f);
	spin_unlock_irq(&vm->irqfd_lock);
	eventfd_ctx_put(event);
	/* No interrupt comes from it when the call has returned. */
	flush_workqueue(ends);
	return 0;
}

/**
 * vhm_irqfd() - KVM_IRQFD
 * @vm: the VM
 * @user: struct kvm_irqfd
 *
 * Return: 0, also if there was none to take away; -EINVAL: a flag, no irqchip here (none
 * with an I/O APIC, for a resample fd), a file that is no eventfd; -EBUSY: the eventfd
 * has a GSI already; -EBADF; -EFAULT; -ENOMEM.
 */
long vhm_irqfd(struct vhm_vm *vm, const struct kvm_irqfd __user *user)
{
	struct kvm_irqfd args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	return args.flags & KVM_IRQFD_FLAG_DEASSIGN ? deassign(vm, &args) : assign(vm, &args);
}

/**
 * vhm_irqfds_init() - a new VM has none
 * @vm: the VM
 */
void vhm_irqfds_init(struct vhm_vm *vm)
{
	spin_lock_init(&vm->irqfd_lock);
	INIT_LIST_HEAD(&vm->irqfds);
	INIT_LIST_HEAD(&vm->resamplers);
}

/**
 * vhm_irqfds_end() - the VM's file is closed: its irqfds end
 * @vm: the VM
 */
void vhm_irqfds_end(struct vhm_vm *vm)
{
	struct vhm_irqfd *f, *next;

	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry_safe(f, next, &vm->irqfds, link)
		begin_end(f);
	spin_unlock_irq(&vm->irqfd_lock);
	/* Also those whose end a closed eventfd has begun. */
	flush_workqueue(ends);
}

/**
 * vhm_irqfd_start() - at load
 *
 * Return: 0 or -ENOMEM.
 */
int vhm_irqfd_start(void)
{
	ends = alloc_workqueue("vhm-irqfd", WQ_UNBOUND, 0);
	return ends ? 0 : -ENOMEM;
}

/**
 * vhm_irqfd_stop() - at unload; no VM is left
 */
void vhm_irqfd_stop(void)
{
	destroy_workqueue(ends);
}
