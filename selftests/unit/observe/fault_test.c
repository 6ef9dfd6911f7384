// SPDX-License-Identifier: GPL-2.0
/* --break FIELD=VALUE: what is taken, and the words for what is not. */
#include <errno.h>
#include <string.h>

#include "tap.h"
#include "vhm/fault.h"

static char said[512];
static int injected_error;
static unsigned int injected;
static struct vhm_inject_field last;

int log_error(const char *about, const char *format, ...)
{
	va_list arguments;

	(void)about;
	va_start(arguments, format);
	vsnprintf(said, sizeof(said), format, arguments);
	va_end(arguments);
	return -1;
}

int vhm_vcpu_inject(const struct vhm_vcpu *vcpu, uint32_t encoding, uint64_t value)
{
	(void)vcpu;
	injected++;
	last.encoding = encoding;
	last.value = value;
	return injected_error;
}

static const struct {
	const char *text, *words;
} refused[] = {
	{ "", "is not FIELD=VALUE" },
	{ "GUEST_RIP", "is not FIELD=VALUE" },
	{ "=1", "there is no VMCS field" },
	{ "GUEST_RIPP=1", "did you mean GUEST_RIP" },
	{ "VM_EXIT_REASON=1", "only the CPU writes it" },
	{ "GUEST_RIP=", "is not a number" },
	{ "GUEST_RIP=-1", "is not a number" },
	{ "GUEST_RIP= 1", "is not a number" },
	{ "GUEST_RIP=1x", "is not a number" },
	{ "GUEST_RIP=0x10000000000000000", "is not a number" },
	{ "GUEST_CS_SELECTOR=0x10000", "does not fit into GUEST_CS_SELECTOR, which has 16 bits" },
	{ "EXCEPTION_BITMAP=0x100000000", "does not fit into EXCEPTION_BITMAP, which has 32 bits" },
};

static const struct {
	const char *text;
	uint32_t encoding;
	uint64_t value;
} taken[] = {
	{ "GUEST_RFLAGS=0", 0x6820, 0 },
	{ "guest_rip=0xffffffffffffffff", 0x681e, ~0ull },
	{ "GUEST_CS_SELECTOR=65535", 0x802, 65535 },
	{ "EPT_POINTER=0x1f", 0x201a, 0x1f },
	{ "EXCEPTION_BITMAP=010", 0x4004, 8 },
};

int main(void)
{
	struct vhm_vcpu vcpu = { .fd = -1 };
	struct faults faults;
	unsigned int i;

	tap_begin();
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		faults.count = 0;
		tap_ok(faults_add(&faults, refused[i].text) && !faults.count &&
		       strstr(said, refused[i].words), "break: \"%s\": %s", refused[i].text,
		       refused[i].words);
	}
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		faults.count = 0;
		injected = 0;
		tap_ok(!faults_add(&faults, taken[i].text) && !faults_inject(&faults, &vcpu) &&
		       injected == 1 && last.encoding == taken[i].encoding &&
		       last.value == taken[i].value, "break: %s", taken[i].text);
	}
	for (faults.count = 0, i = 0; i < VHM_MAX_INJECTIONS; i++)
		faults_add(&faults, "GUEST_RIP=1");
	tap_ok(faults.count == VHM_MAX_INJECTIONS && faults_add(&faults, "GUEST_RIP=1") &&
	       strstr(said, "no more than 8"), "break: no more than the kernel takes");
	injected_error = -EPERM;
	tap_ok(faults_inject(&faults, &vcpu), "break: the device refuses");
	return tap_end();
}
