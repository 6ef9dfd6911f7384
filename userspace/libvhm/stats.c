// SPDX-License-Identifier: GPL-2.0
/* Counters: KVM's binary statistics, and vhm's table of exits by reason. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <asm/vmx.h>

#include "libvhm.h"
#include "internal.h"

/* Far more than any kernel has: what is above this is not a header. */
#define COUNTERS_MOST		4096
#define NAME_SIZE_MOST		1024

static int read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got = pread(fd, buffer, size, (off_t)offset);

	if (got < 0)
		return vhm_fail(errno, "cannot read the counters: %s",
				strerror(errno));
	if ((size_t)got != size)
		return vhm_fail(EIO, "the counters end early");
	return 0;
}

static int read_counter(int fd, const struct kvm_stats_header *header,
			unsigned int index, struct vhm_counter *counter)
{
	size_t size = sizeof(struct kvm_stats_desc) + header->name_size;
	union {
		struct kvm_stats_desc desc;
		char room[sizeof(struct kvm_stats_desc) + NAME_SIZE_MOST];
	} one;
	int error;

	error = read_at(fd, &one, size,
			header->desc_offset + (uint64_t)index * size);
	if (error)
		return error;
	one.room[size - 1] = '\0';
	snprintf(counter->name, sizeof(counter->name), "%.*s",
		 (int)sizeof(counter->name) - 1,
		 one.room + sizeof(struct kvm_stats_desc));
	counter->flags = one.desc.flags;
	counter->exponent = one.desc.exponent;
	return read_at(fd, &counter->value, sizeof(counter->value),
		       (uint64_t)header->data_offset + one.desc.offset);
}

static int read_counters(int fd, struct vhm_counter **counters, size_t *count)
{
	struct kvm_stats_header header;
	struct vhm_counter *table;
	unsigned int i;
	int error;

	error = read_at(fd, &header, sizeof(header), 0);
	if (error)
		return error;
	if (header.num_desc > COUNTERS_MOST ||
	    header.name_size > NAME_SIZE_MOST || !header.name_size)
		return vhm_fail(EPROTO, "the counters' header makes no sense");

	table = calloc(header.num_desc + 1, sizeof(*table));
	if (!table)
		return vhm_fail(ENOMEM, "no memory for the counters");
	for (i = 0; i < header.num_desc; i++) {
		error = read_counter(fd, &header, i, &table[i]);
		if (error) {
			free(table);
			return error;
		}
	}
	*counters = table;
	*count = header.num_desc;
	return 0;
}

/**
 * vhm_counters() - read the kernel's counters of a machine or a vCPU
 * @fd: of a machine or of a vCPU
 * @counters: out: the table, to be given to free()
 * @count: out: its length
 *
 * Return: 0, or a negative errno (the device may lack KVM_CAP_BINARY_STATS_FD).
 */
int vhm_counters(int fd, struct vhm_counter **counters, size_t *count)
{
	int stats = ioctl(fd, KVM_GET_STATS_FD, NULL);
	int error;

	if (stats < 0)
		return vhm_fail(errno, "no counters (KVM_GET_STATS_FD: %s)",
				strerror(errno));
	error = read_counters(stats, counters, count);
	close(stats);
	return error;
}

/**
 * vhm_vcpu_time_exits() - start or stop the timing of exits
 * @vcpu: the vCPU
 * @on: 1 starts, 0 stops
 *
 * Return: 0, or a negative errno: only /dev/vhm can.
 */
int vhm_vcpu_time_exits(const struct vhm_vcpu *vcpu, int on)
{
	if (ioctl(vcpu->fd, VHM_SET_EXIT_TIMING, (unsigned long)on))
		return vhm_fail(errno, "exits cannot be timed (VHM_SET_EXIT_TIMING: %s)",
				strerror(errno));
	return 0;
}

/**
 * vhm_vcpu_exit_stats() - read the table of exits by VMX exit reason
 * @vcpu: the vCPU
 * @stats: filled in
 *
 * Return: 0, or a negative errno: only /dev/vhm can.
 */
int vhm_vcpu_exit_stats(const struct vhm_vcpu *vcpu,
			struct vhm_exit_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	if (ioctl(vcpu->fd, VHM_GET_EXIT_STATS, stats))
		return vhm_fail(errno, "no table of exits (VHM_GET_EXIT_STATS: %s)",
				strerror(errno));
	return 0;
}

static const struct {
	unsigned int reason;
	const char *name;
} reason_names[] = { VMX_EXIT_REASONS };

/**
 * vhm_exit_reason_name() - name a basic VMX exit reason
 * @reason: as in the SDM's appendix "VMX Basic Exit Reasons"
 *
 * Return: the name in <asm/vmx.h> without its EXIT_REASON_, or "?".
 */
const char *vhm_exit_reason_name(unsigned int reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reason_names); i++) {
		if (reason_names[i].reason == reason)
			return reason_names[i].name;
	}
	return "?";
}
