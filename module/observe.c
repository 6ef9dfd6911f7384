// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a vCPU from outside: the observer, a file descriptor that can only
 * read, and the watch, a request that the vCPU's own thread answers.
 *
 * A vCPU that is in no ioctl is read by the observer itself. One that is in
 * KVM_RUN takes its VMCS down at its next exit, which a kick brings about where
 * none is due:
 *
 *	observer			the vCPU's thread
 *	--------			-----------------
 *	v->watch = w			unlock v->lock
 *	barrier				barrier
 *	trylock v->lock?		v->watch? trylock v->lock? answer
 *	  yes: answer it myself
 *	  no: kick, wait
 *
 * Whichever comes second sees what the other wrote, so a request cannot be left
 * behind by a thread that is just leaving its ioctl; one that is just entering
 * finds it at its next exit, and at the latest when it leaves.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "vhm.h"

/* On while there is an observer, or fields may be injected: else exits are not looked at. */
DEFINE_STATIC_KEY_FALSE(vhm_observed);

/**
 * struct vhm_watch - a request for dumps of a vCPU's VMCS
 * @wanted: how many
 * @taken: how many there are
 * @at_exit: only at exits; else whenever it can be read
 * @error: 0, or why there will be no more
 * @done: the request is answered, and the vCPU has forgotten it
 * @dump: where they go
 */
struct vhm_watch {
	u32 wanted;
	u32 taken;
	bool at_exit;
	int error;
	struct completion done;
	struct vhm_vmcs dump[];
};

/* What every dump says beside the fields. */
static void take_dump(struct vhm_vcpu *v, struct vhm_vmcs *dump)
{
	dump->exits = v->stats.exits;
	dump->tsc = rdtsc();
	vmx_dump(&v->vmx, dump);
}

/* Under v->watch_lock. */
static void finish(struct vhm_vcpu *v, struct vhm_watch *w, int error)
{
	w->error = error;
	v->watch = NULL;
	complete(&w->done);
}

static void answer(struct vhm_vcpu *v, struct vhm_watch *w)
{
	take_dump(v, &w->dump[w->taken++]);
	if (w->taken == w->wanted)
		finish(v, w, 0);
}

/**
 * vhm_watch_exit() - a VM exit has happened: answer a watch, if there is one
 * @v: the vCPU; its VMCS is current, IRQs are off
 */
void vhm_watch_exit(struct vhm_vcpu *v)
{
	raw_spin_lock(&v->watch_lock);
	if (v->watch)
		answer(v, v->watch);
	raw_spin_unlock(&v->watch_lock);
}

/* Under v->lock: the vCPU is in no other ioctl. */
static void answer_idle(struct vhm_vcpu *v)
{
	struct vhm_watch *w;
	unsigned long flags;

	vmx_load(&v->vmx);
	raw_spin_lock_irqsave(&v->watch_lock, flags);
	w = v->watch;
	if (w && !w->at_exit)
		answer(v, w);
	raw_spin_unlock_irqrestore(&v->watch_lock, flags);
	vmx_put();
}

/**
 * vhm_watch_idle() - a vCPU's ioctl has ended: answer a watch that came too late for its exits
 * @v: the vCPU, whose lock has just been let go
 */
void vhm_watch_idle(struct vhm_vcpu *v)
{
	/* Pairs with the barrier in request(): one of the two sees the other. */
	smp_mb();
	if (!READ_ONCE(v->watch) || !mutex_trylock(&v->lock))
		return;
	answer_idle(v);
	mutex_unlock(&v->lock);
}

/**
 * vhm_watch_end() - the vCPU can never run again
 * @v: the vCPU, whose file has been closed
 */
void vhm_watch_end(struct vhm_vcpu *v)
{
	raw_spin_lock_irq(&v->watch_lock);
	v->closed = true;
	if (v->watch)
		finish(v, v->watch, -ENODEV);
	raw_spin_unlock_irq(&v->watch_lock);
}

/* One request at a time: the vCPU pays for no more than that. */
static int submit(struct vhm_vcpu *v, struct vhm_watch *w)
{
	int err = 0;

	raw_spin_lock_irq(&v->watch_lock);
	if (v->closed)
		err = -ENODEV;
	else if (v->watch)
		err = -EBUSY;
	else
		v->watch = w;
	raw_spin_unlock_irq(&v->watch_lock);
	return err;
}

static void withdraw(struct vhm_vcpu *v, struct vhm_watch *w)
{
	raw_spin_lock_irq(&v->watch_lock);
	if (v->watch == w)
		v->watch = NULL;
	raw_spin_unlock_irq(&v->watch_lock);
}

static void nothing(void *unused)
{
}

/* Brings a vCPU that is in the guest to an exit. */
static void kick(struct vhm_vcpu *v)
{
	int cpu = READ_ONCE(v->running_cpu);

	if (cpu >= 0)
		smp_call_function_single(cpu, nothing, NULL, 0);
}

static int request(struct vhm_vcpu *v, struct vhm_watch *w)
{
	int err = submit(v, w);

	if (err)
		return err;
	/* Pairs with the barrier in vhm_watch_idle(). */
	smp_mb();
	if (mutex_trylock(&v->lock)) {
		answer_idle(v);
		mutex_unlock(&v->lock);
	}
	if (!w->at_exit)
		kick(v);
	err = wait_for_completion_interruptible(&w->done);
	withdraw(v, w);
	return err ?: w->error;
}

static struct vhm_vcpu *find_vcpu(struct vhm_vm *vm, u32 id)
{
	/* Pairs with the release in vcpu_publish(). */
	unsigned int i, count = smp_load_acquire(&vm->vcpu_count);

	for (i = 0; i < count; i++)
		if (vm->vcpu[i]->id == id)
			return vm->vcpu[i];
	return NULL;
}

/**
 * vhm_may_see_kernel() - whether the caller may be told addresses of the kernel
 *
 * The VMCS is full of them, and a user of /dev/vhm is not otherwise trusted with them.
 *
 * Return: true for who may read the kernel's log (CAP_SYSLOG).
 */
bool vhm_may_see_kernel(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYSLOG);
}

static void conceal(struct vhm_vmcs *dump)
{
	u32 i;

	for (i = 0; i < dump->count; i++) {
		if (!vmx_field_secret(vmx_field_by_encoding(dump->field[i].encoding)))
			continue;
		dump->field[i].flags = VHM_VMCS_HIDDEN;
		dump->field[i].value = 0;
	}
}

static long copy_dumps(const struct vhm_get_vmcs *get, struct vhm_watch *w)
{
	bool open = vhm_may_see_kernel();
	u32 i;

	for (i = 0; !open && i < w->taken; i++)
		conceal(&w->dump[i]);
	if (copy_to_user(u64_to_user_ptr(get->data), w->dump, w->taken * sizeof(w->dump[0])))
		return -EFAULT;
	return 0;
}

static long read_request(struct vhm_get_vmcs *get, const void __user *argp)
{
	if (copy_from_user(get, argp, sizeof(*get)))
		return -EFAULT;
	if (get->flags & ~VHM_VMCS_AT_EXIT || get->pad ||
	    memchr_inv(get->reserved, 0, sizeof(get->reserved)))
		return -EINVAL;
	if (!get->count || get->count > VHM_MAX_VMCS_DUMPS)
		return -EINVAL;
	if (!(get->flags & VHM_VMCS_AT_EXIT) && get->count != 1)
		return -EINVAL;
	return 0;
}

static struct vhm_watch *watch_alloc(const struct vhm_get_vmcs *get)
{
	struct vhm_watch *w = kvzalloc(struct_size(w, dump, get->count), GFP_KERNEL_ACCOUNT);

	if (!w)
		return NULL;
	w->wanted = get->count;
	w->at_exit = get->flags & VHM_VMCS_AT_EXIT;
	init_completion(&w->done);
	return w;
}

/**
 * vhm_get_vmcs() - VHM_GET_VMCS on a vCPU's own fd
 * @v: the vCPU, locked
 * @argp: struct vhm_get_vmcs
 *
 * Its exits can only be had by somebody else, since KVM_RUN waits for this call to end.
 *
 * Return: 0; -EFAULT; -EINVAL: a field that must be 0 is not, or exits were asked for; -ENOMEM.
 */
long vhm_get_vmcs(struct vhm_vcpu *v, const void __user *argp)
{
	struct vhm_get_vmcs get;
	struct vhm_watch *w;
	long err = read_request(&get, argp);

	if (err)
		return err;
	if (get.flags || get.vcpu)
		return -EINVAL;
	w = watch_alloc(&get);
	if (!w)
		return -ENOMEM;
	vmx_load(&v->vmx);
	take_dump(v, &w->dump[w->taken++]);
	vmx_put();
	err = copy_dumps(&get, w);
	kvfree(w);
	return err;
}

static long observe_vmcs(struct vhm_vm *vm, const void __user *argp)
{
	struct vhm_get_vmcs get;
	struct vhm_watch *w;
	struct vhm_vcpu *v;
	long err = read_request(&get, argp);

	if (err)
		return err;
	v = find_vcpu(vm, get.vcpu);
	if (!v)
		return -ENOENT;
	w = watch_alloc(&get);
	if (!w)
		return -ENOMEM;
	err = request(v, w);
	if (!err)
		err = copy_dumps(&get, w);
	kvfree(w);
	return err;
}

static long observe_explain(struct vhm_vm *vm, void __user *argp)
{
	struct vhm_explain __user *user = argp;
	struct vhm_vcpu *v;
	long err;
	u32 id;

	if (get_user(id, &user->vcpu))
		return -EFAULT;
	v = find_vcpu(vm, id);
	if (!v)
		return -ENOENT;
	if (READ_ONCE(v->closed))
		return -ENODEV;
	if (!mutex_trylock(&v->lock))
		return -EBUSY;
	err = vhm_explain(v, argp);
	mutex_unlock(&v->lock);
	return err;
}

static long observe(struct vhm_vm *vm, void __user *argp)
{
	struct vhm_observe *o;
	unsigned int i;
	long err = 0;

	o = memdup_user(argp, sizeof(*o));
	if (IS_ERR(o))
		return PTR_ERR(o);
	if (o->pad || memchr_inv(o->reserved, 0, sizeof(o->reserved))) {
		err = -EINVAL;
		goto free;
	}
	memset(o, 0, sizeof(*o));
	/* Pairs with the release in vcpu_publish(). */
	o->count = smp_load_acquire(&vm->vcpu_count);
	for (i = 0; i < o->count; i++) {
		o->id[i] = vm->vcpu[i]->id;
		o->exits[i] = READ_ONCE(vm->vcpu[i]->stats.exits);
	}
	if (copy_to_user(argp, o, sizeof(*o)))
		err = -EFAULT;
free:
	kfree(o);
	return err;
}

static long observer_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vhm_vm *vm = file->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case VHM_OBSERVE:
		return observe(vm, argp);
	case VHM_GET_VMCS:
		return observe_vmcs(vm, argp);
	case VHM_EXPLAIN:
		return observe_explain(vm, argp);
	default:
		return -ENOTTY;
	}
}

static int observer_release(struct inode *inode, struct file *file)
{
	static_branch_dec(&vhm_observed);
	vhm_vm_put(file->private_data);
	return 0;
}

static const struct file_operations observer_fops = {
	.owner = THIS_MODULE,
	.release = observer_release,
	.unlocked_ioctl = observer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/**
 * vhm_observer_create() - VHM_CREATE_OBSERVER
 * @vm: the VM, which the observer keeps alive
 *
 * Return: the file descriptor; -ENOMEM, -EMFILE and the like.
 */
int vhm_observer_create(struct vhm_vm *vm)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = anon_inode_getfile("vhm-observer", &observer_fops, vm, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	vhm_vm_get(vm);
	static_branch_inc(&vhm_observed);
	fd_install(fd, file);
	return fd;
}
