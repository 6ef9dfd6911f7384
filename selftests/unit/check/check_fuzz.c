// SPDX-License-Identifier: GPL-2.0
/*
 * A good VMCS with any bytes written into it: the rules and the words stay within their bounds,
 * and the two ways to ask agree.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Two bytes say where, eight what. */
#define RECORD	10

static void overwrite(struct vmx_snapshot *s, const unsigned char *data, size_t size)
{
	size_t where;

	for (; size >= RECORD; data += RECORD, size -= RECORD) {
		where = (data[0] | data[1] << 8) % (sizeof(*s) / 8);
		memcpy((u64 *)s + where, data + 2, 8);
		/* A bool is 0 or 1. */
		memset(&s->conceal, where & 1, 1);
	}
	/* What the module fills in from the CPU itself. */
	s->physical_bits = 32 + s->physical_bits % 21;
	s->linear_bits = s->linear_bits & 1 ? 57 : 48;
	s->msr_load_count %= VMX_SNAPSHOT_MSRS + 1;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct vmx_snapshot s;
	struct vmx_finding found[4];
	unsigned int count;
	char text[300];
	size_t length;

	snapshot_everything(&s);
	overwrite(&s, data, size);
	count = vmx_check(&s, found, 4);
	check(vmx_check(&s, NULL, 0) == count);
	length = vmx_explain_text(&s, text, sizeof(text));
	check(strlen(text) == (length < sizeof(text) ? length : sizeof(text) - 1));
	check(vmx_explain_text(&s, NULL, 0) == length);
	return 0;
}
