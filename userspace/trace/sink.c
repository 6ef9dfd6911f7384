// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "../vhm/log.h"
#include "capture.h"
#include "sink.h"

static double microseconds(const struct sink *sink, uint64_t ticks)
{
	return (double)ticks * 1000.0 / sink->tsc_khz;
}

static const char *place_of(const struct vhm_exit_record *record)
{
	static const char *const names[] = {
		[VHM_EXIT_IN_LOOP] = "loop", [VHM_EXIT_IN_KERNEL] = "kernel",
		[VHM_EXIT_IN_USER] = "user",
	};

	return record->handled <= VHM_EXIT_IN_USER && record->handled ?
	       names[record->handled] : "?";
}

/* From the exit to the next entry; 0 when none came. */
static uint64_t ticks_of(const struct vhm_exit_record *record)
{
	return record->entry_tsc > record->exit_tsc ? record->entry_tsc - record->exit_tsc : 0;
}

static void begin_capture(const struct sink *sink)
{
	struct capture_head head = { .magic = CAPTURE_MAGIC, .tsc_khz = sink->tsc_khz };

	snprintf(head.machine, sizeof(head.machine), "%s", sink->machine);
	fwrite(&head, sizeof(head), 1, sink->out);
}

static void begin_json(const struct sink *sink, const struct watch *watch)
{
	struct json_object *name = json_object_new_string(sink->machine);
	unsigned int i;

	fprintf(sink->out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
		"{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":%s}}",
		json_object_to_json_string(name));
	for (i = 0; i < watch->count; i++)
		fprintf(sink->out,
			",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%u,\n"
			"\"args\":{\"name\":\"vCPU %u\"}}",
			watch->id[i], watch->id[i]);
	json_object_put(name);
}

/**
 * sink_begin() - write what stands before the exits
 * @sink: format, all, out and machine are set
 * @watch: the machine
 */
void sink_begin(struct sink *sink, const struct watch *watch)
{
	unsigned int i;

	sink->tsc_khz = watch->ring[0].head->tsc_khz;
	for (i = 0; i < WATCH_VCPUS; i++)
		sink->last[i].reason = ~0u;
	if (sink->format == SINK_CAPTURE)
		begin_capture(sink);
	else if (sink->format == SINK_JSON)
		begin_json(sink, watch);
	else
		fprintf(sink->out, "%14s %4s %-20s %-18s %-18s %-18s %12s %12s %s\n",
			"MICROSECONDS", "VCPU", "REASON", "RIP", "QUALIFICATION", "GPA",
			"KERNEL", "USER", "WHERE");
}

static void text_exit(const struct sink *sink, uint32_t vcpu, uint64_t dropped,
		      const struct vhm_exit_record *record)
{
	uint64_t user = record->user_ticks;
	uint64_t ticks = ticks_of(record);

	if (dropped)
		fprintf(sink->out, "%14s %4u %llu exits dropped: they were written over unread\n",
			"", vcpu, (unsigned long long)dropped);
	fprintf(sink->out, "%14.3f %4u %-20s 0x%016llx 0x%016llx 0x%016llx %12.3f %12.3f %s%s\n",
		microseconds(sink, record->exit_tsc - sink->start), vcpu,
		watch_reason(record->reason), (unsigned long long)record->rip,
		(unsigned long long)record->qualification, (unsigned long long)record->gpa,
		microseconds(sink, ticks > user ? ticks - user : 0), microseconds(sink, user),
		place_of(record), record->entry_tsc ? "" : ", not entered again");
}

static void json_slice(const struct sink *sink, const char *name, uint32_t vcpu, uint64_t start,
		       uint64_t ticks)
{
	fprintf(sink->out,
		",\n{\"ph\":\"X\",\"name\":\"%s\",\"pid\":1,\"tid\":%u,\n"
		"\"ts\":%.3f,\"dur\":%.3f",
		name, vcpu, microseconds(sink, start - sink->start), microseconds(sink, ticks));
}

static void json_exit(const struct sink *sink, uint32_t vcpu, uint64_t dropped,
		      const struct vhm_exit_record *record, const struct vhm_exit_record *last)
{
	if (dropped)
		fprintf(sink->out,
			",\n{\"ph\":\"i\",\"s\":\"t\",\"name\":\"%llu exits dropped\",\n"
			"\"pid\":1,\"tid\":%u,\"ts\":%.3f}",
			(unsigned long long)dropped, vcpu,
			microseconds(sink, record->exit_tsc - sink->start));
	if (sink->all && last->reason != ~0u && last->sequence + 1 == record->sequence) {
		json_slice(sink, "guest", vcpu, last->entry_tsc,
			   record->exit_tsc - last->entry_tsc);
		fputs(",\"cat\":\"guest\"}", sink->out);
	}
	json_slice(sink, watch_reason(record->reason), vcpu, record->exit_tsc, ticks_of(record));
	fprintf(sink->out,
		",\"cat\":\"exit\",\"args\":{\"sequence\":%llu,\"rip\":\"0x%llx\",\n"
		"\"qualification\":\"0x%llx\",\"gpa\":\"0x%llx\",\n"
		"\"handled\":\"%s\"}}",
		(unsigned long long)record->sequence, (unsigned long long)record->rip,
		(unsigned long long)record->qualification, (unsigned long long)record->gpa,
		place_of(record));
	if (!record->user_ticks)
		return;
	json_slice(sink, "user space", vcpu, record->entry_tsc - record->user_ticks,
		   record->user_ticks);
	fputs(",\"cat\":\"user\"}", sink->out);
}

static void capture_exit(const struct sink *sink, uint32_t vcpu, uint64_t dropped,
			 const struct vhm_exit_record *record)
{
	const struct capture_entry entry = {
		.vcpu = vcpu, .dropped = dropped, .record = *record,
	};

	fwrite(&entry, sizeof(entry), 1, sink->out);
}

/**
 * sink_exit() - write an exit
 * @sink: from sink_begin()
 * @watch: the machine
 * @index: its vCPU
 * @record: the exit
 */
void sink_exit(struct sink *sink, const struct watch *watch, unsigned int index,
	       const struct vhm_exit_record *record)
{
	uint64_t dropped = watch->ring[index].dropped - sink->dropped[index];
	uint32_t vcpu = watch->id[index];

	if (!sink->count++)
		sink->start = record->exit_tsc;
	if (sink->format == SINK_CAPTURE)
		capture_exit(sink, vcpu, dropped, record);
	else if (sink->format == SINK_JSON)
		json_exit(sink, vcpu, dropped, record, &sink->last[index]);
	else
		text_exit(sink, vcpu, dropped, record);
	sink->last[index] = *record;
	sink->dropped[index] += dropped;
}

/**
 * sink_end() - write what stands behind the exits, and see that all has been written
 * @sink: from sink_begin()
 *
 * Return: 0; -1 with a message said.
 */
int sink_end(struct sink *sink)
{
	if (sink->format == SINK_JSON)
		fputs("\n]}\n", sink->out);
	if (fflush(sink->out) || ferror(sink->out))
		return log_error(NULL, "cannot write all of the trace: %s", strerror(errno));
	return 0;
}
