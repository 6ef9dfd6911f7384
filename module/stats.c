// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: KVM's binary statistics (KVM_GET_STATS_FD) under KVM's names where
 * the meaning is the same, and our own table of exits by reason.
 *
 * A file holds a header, an id, descriptors and data, as the KVM API document's
 * section on KVM_GET_STATS_FD defines them.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "vhm.h"

#define NAME_SIZE	48

/* struct kvm_stats_desc with the room for its name. */
struct descriptor {
	u32 flags;
	s16 exponent;
	u16 size;
	u32 offset;
	u32 bucket_size;
	char name[NAME_SIZE];
};

static_assert(offsetof(struct descriptor, name) == offsetof(struct kvm_stats_desc, name));

#define COUNTER(type, field)	{						\
	.flags = KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE | KVM_STATS_BASE_POW10,	\
	.size = 1, .offset = offsetof(struct type, field), .name = #field }
#define GAUGE(type, field)	{						\
	.flags = KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_NONE | KVM_STATS_BASE_POW10,	\
	.size = 1, .offset = offsetof(struct type, field), .name = #field }

static const struct descriptor vm_descriptors[] = {
	GAUGE(vhm_vm_stats, mmu_pages),
	GAUGE(vhm_vm_stats, pages_4k),
	GAUGE(vhm_vm_stats, pages_2m),
	GAUGE(vhm_vm_stats, pages_1g),
	COUNTER(vhm_vm_stats, remote_tlb_flush),
};

static const struct descriptor vcpu_descriptors[] = {
	COUNTER(vhm_vcpu_stats, exits),
	COUNTER(vhm_vcpu_stats, entries),
	COUNTER(vhm_vcpu_stats, io_exits),
	COUNTER(vhm_vcpu_stats, mmio_exits),
	COUNTER(vhm_vcpu_stats, halt_exits),
	COUNTER(vhm_vcpu_stats, irq_exits),
	COUNTER(vhm_vcpu_stats, irq_window_exits),
	COUNTER(vhm_vcpu_stats, nmi_window_exits),
	COUNTER(vhm_vcpu_stats, request_irq_exits),
	COUNTER(vhm_vcpu_stats, signal_exits),
	COUNTER(vhm_vcpu_stats, watchdog_exits),
	COUNTER(vhm_vcpu_stats, irq_injections),
	COUNTER(vhm_vcpu_stats, nmi_injections),
	COUNTER(vhm_vcpu_stats, insn_emulation),
	COUNTER(vhm_vcpu_stats, insn_emulation_fail),
	COUNTER(vhm_vcpu_stats, pf_taken),
	COUNTER(vhm_vcpu_stats, pf_fixed),
	COUNTER(vhm_vcpu_stats, pf_fast),
	COUNTER(vhm_vcpu_stats, pf_mmio),
	COUNTER(vhm_vcpu_stats, l1d_flush),
	COUNTER(vhm_vcpu_stats, tlb_flush),
};

/* What an open statistics file is about; it keeps the VM alive. */
struct stats_file {
	struct vhm_vm *vm;
	struct vhm_vcpu *vcpu;		/* NULL: the VM's own */
	const struct descriptor *descriptors;
	size_t descriptors_size;
	size_t data_size;
	struct kvm_stats_header header;
	char id[NAME_SIZE];
};

/* Copy what a read at *@pos wants of a part that begins at @start. */
static ssize_t read_part(char __user **to, size_t *left, loff_t *pos, loff_t start,
			 const void *part, size_t size)
{
	size_t skip, n;

	if (!*left || *pos >= start + (loff_t)size || *pos < start)
		return 0;
	skip = *pos - start;
	n = min(*left, size - skip);
	if (copy_to_user(*to, part + skip, n))
		return -EFAULT;
	*to += n;
	*left -= n;
	*pos += n;
	return n;
}

/* A snapshot: counters move while it is copied, each by itself. */
static void read_data(const struct stats_file *f, void *data)
{
	if (f->vcpu) {
		memcpy(data, &f->vcpu->stats, f->data_size);
	} else {
		struct vhm_vm_stats stats = f->vm->stats;

		stats.mmu_pages = READ_ONCE(f->vm->ept.tables);
		stats.pages_4k = READ_ONCE(f->vm->ept.pages[0]);
		stats.pages_2m = READ_ONCE(f->vm->ept.pages[1]);
		stats.pages_1g = READ_ONCE(f->vm->ept.pages[2]);
		memcpy(data, &stats, f->data_size);
	}
}

static ssize_t stats_read(struct file *file, char __user *to, size_t left, loff_t *pos)
{
	const struct stats_file *f = file->private_data;
	union {
		struct vhm_vm_stats vm;
		struct vhm_vcpu_stats vcpu;
	} data;
	const struct {
		loff_t start;
		const void *part;
		size_t size;
	} parts[] = {
		{ 0, &f->header, sizeof(f->header) },
		{ f->header.id_offset, f->id, sizeof(f->id) },
		{ f->header.desc_offset, f->descriptors, f->descriptors_size },
		{ f->header.data_offset, &data, f->data_size },
	};
	ssize_t done = 0, n;
	unsigned int i;

	if (*pos < 0)
		return -EINVAL;
	read_data(f, &data);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		n = read_part(&to, &left, pos, parts[i].start, parts[i].part, parts[i].size);
		if (n < 0)
			return n;
		done += n;
	}
	return done;
}

static int stats_release(struct inode *inode, struct file *file)
{
	struct stats_file *f = file->private_data;

	vhm_vm_put(f->vm);
	kfree(f);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.read = stats_read,
	.release = stats_release,
	.llseek = noop_llseek,
};

static void fill_header(struct stats_file *f, unsigned int count)
{
	f->header = (struct kvm_stats_header){
		.name_size = NAME_SIZE,
		.num_desc = count,
		.id_offset = sizeof(f->header),
		.desc_offset = sizeof(f->header) + sizeof(f->id),
		.data_offset = sizeof(f->header) + sizeof(f->id) + f->descriptors_size,
	};
}

static int stats_fd(struct stats_file *f)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		goto free;
	file = anon_inode_getfile("vhm-stats", &stats_fops, f, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		fd = PTR_ERR(file);
		goto free;
	}
	/* Has a position, so that pread() works as on KVM's. */
	file->f_mode |= FMODE_PREAD;
	vhm_vm_get(f->vm);
	fd_install(fd, file);
	return fd;

free:
	kfree(f);
	return fd;
}

/**
 * vhm_vm_stats_fd() - KVM_GET_STATS_FD of a VM
 * @vm: the VM, which the file keeps alive
 *
 * Return: the file descriptor; -ENOMEM, -EMFILE.
 */
int vhm_vm_stats_fd(struct vhm_vm *vm)
{
	struct stats_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	f->vm = vm;
	f->descriptors = vm_descriptors;
	f->descriptors_size = sizeof(vm_descriptors);
	f->data_size = sizeof(struct vhm_vm_stats);
	fill_header(f, ARRAY_SIZE(vm_descriptors));
	snprintf(f->id, sizeof(f->id), "kvm-%d", task_pid_nr(current));
	return stats_fd(f);
}

/**
 * vhm_vcpu_stats_fd() - KVM_GET_STATS_FD of a vCPU
 * @v: the vCPU, which the file keeps alive
 *
 * Return: the file descriptor; -ENOMEM, -EMFILE.
 */
int vhm_vcpu_stats_fd(struct vhm_vcpu *v)
{
	struct stats_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return -ENOMEM;
	f->vm = v->vm;
	f->vcpu = v;
	f->descriptors = vcpu_descriptors;
	f->descriptors_size = sizeof(vcpu_descriptors);
	f->data_size = sizeof(struct vhm_vcpu_stats);
	fill_header(f, ARRAY_SIZE(vcpu_descriptors));
	snprintf(f->id, sizeof(f->id), "kvm-%d/vcpu-%u", task_pid_nr(current), v->id);
	return stats_fd(f);
}

/**
 * vhm_get_exit_stats() - VHM_GET_EXIT_STATS: the table of exits by reason
 * @v: the vCPU
 * @user: struct vhm_exit_stats, its flags and reserved fields 0
 *
 * Return: 0; -EFAULT; -EINVAL: a field that must be 0 is not.
 */
long vhm_get_exit_stats(struct vhm_vcpu *v, struct vhm_exit_stats __user *user)
{
	u64 reserved[ARRAY_SIZE(user->reserved)];
	u32 flags, pad;

	if (get_user(flags, &user->flags) || get_user(pad, &user->pad) ||
	    copy_from_user(reserved, user->reserved, sizeof(reserved)))
		return -EFAULT;
	if (flags || pad || memchr_inv(reserved, 0, sizeof(reserved)))
		return -EINVAL;
	if (put_user(v->stats.entries, &user->entries) ||
	    put_user(v->guest_ticks, &user->guest_ticks) ||
	    copy_to_user(user->reason, v->exit, sizeof(v->exit)))
		return -EFAULT;
	return 0;
}
