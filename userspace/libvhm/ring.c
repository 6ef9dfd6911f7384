// SPDX-License-Identifier: GPL-2.0
/* A vCPU's exit ring, mapped and read. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "libvhm.h"
#include "internal.h"

/**
 * vhm_ring_open() - start a vCPU's exit ring, and map it
 * @ring: filled in
 * @fd: an observer; may be closed while the ring is open
 * @vcpu: the vCPU's id
 * @exits: room for how many: a power of two; the ring may have another's choice
 *
 * Return: 0, or a negative errno: -ENODEV when the machine has ended.
 */
int vhm_ring_open(struct vhm_ring *ring, int fd, uint32_t vcpu, uint32_t exits)
{
	struct vhm_start_exit_ring start = { .vcpu = vcpu, .exits = exits };
	void *memory;

	memset(ring, 0, sizeof(*ring));
	if (ioctl(fd, VHM_START_EXIT_RING, &start))
		return vhm_fail(errno, "no exit ring for vCPU %u (VHM_START_EXIT_RING: %s)", vcpu,
				errno == ENODEV ? "the machine has ended" : strerror(errno));
	memory = mmap(NULL, start.size, PROT_READ, MAP_SHARED, fd, (off_t)start.offset);
	if (memory == MAP_FAILED)
		return vhm_fail(errno, "cannot map the exit ring of vCPU %u: %s", vcpu,
				strerror(errno));
	ring->size = start.size;
	ring->head = memory;
	ring->record = (const void *)((const char *)memory + VHM_EXIT_RING_RECORDS);
	ring->next = __atomic_load_n(&ring->head->head, __ATOMIC_ACQUIRE);
	return 0;
}

/**
 * vhm_ring_close() - unmap a ring
 * @ring: the ring; may be one that was not opened
 */
void vhm_ring_close(struct vhm_ring *ring)
{
	if (ring->head)
		munmap((void *)ring->head, ring->size);
	memset(ring, 0, sizeof(*ring));
}

/**
 * vhm_ring_read() - fetch the records that are new
 * @ring: the ring
 * @records: filled in, the oldest first
 * @most: room for so many
 *
 * What was written over before it could be fetched is counted in ring->dropped.
 *
 * Return: how many; 0 when there is nothing new.
 */
size_t vhm_ring_read(struct vhm_ring *ring, struct vhm_exit_record *records, size_t most)
{
	uint64_t head = __atomic_load_n(&ring->head->head, __ATOMIC_ACQUIRE), after, lost;
	uint32_t exits = ring->head->exits;
	size_t count = 0;

	/* The place of record head - exits is being written. */
	if (head - ring->next >= exits) {
		lost = head - ring->next - exits + 1;
		ring->next += lost;
		ring->dropped += lost;
	}
	while (count < most && ring->next + count < head) {
		records[count] = ring->record[(ring->next + count) & (exits - 1)];
		count++;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	after = __atomic_load_n(&ring->head->head, __ATOMIC_RELAXED);
	lost = after - ring->next < exits ? 0 : after - ring->next - exits + 1;
	if (lost > count)
		lost = count;
	if (lost)
		memmove(records, records + lost, (count - lost) * sizeof(*records));
	ring->dropped += lost;
	ring->next += count;
	return count - lost;
}

/**
 * vhm_ring_ended() - whether there can be no more records
 * @ring: the ring
 *
 * Return: whether the vCPU has ended; what vhm_ring_read() fetches after that is all.
 */
int vhm_ring_ended(const struct vhm_ring *ring)
{
	return !!(__atomic_load_n(&ring->head->flags, __ATOMIC_ACQUIRE) & VHM_EXIT_RING_ENDED);
}

/**
 * vhm_observer_exit_stats() - read the table of exits by VMX exit reason
 * @fd: an observer
 * @vcpu: the vCPU's id
 * @stats: filled in
 *
 * Return: 0, or a negative errno.
 */
int vhm_observer_exit_stats(int fd, uint32_t vcpu, struct vhm_exit_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->vcpu = vcpu;
	if (ioctl(fd, VHM_GET_EXIT_STATS, stats))
		return vhm_fail(errno, "no table of exits (VHM_GET_EXIT_STATS: %s)",
				strerror(errno));
	return 0;
}
