// SPDX-License-Identifier: GPL-2.0
/* --break FIELD=VALUE: for teaching, a VM entry that fails in a known way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../observe/field.h"
#include "fault.h"
#include "log.h"

static int parse_field(char *name, enum vmx_field *field)
{
	if (field_find(name, field))
		return log_error("--break", "%s", vhm_error());
	if (vmx_field_area(*field) == VMX_AREA_EXIT)
		return log_error("--break", "%s tells of an exit: only the CPU writes it",
				 vmx_field_info(*field)->name);
	return 0;
}

static int parse_value(const char *text, enum vmx_field field, uint64_t *value)
{
	unsigned int width = vmx_field_width(field);
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno)
		return log_error("--break", "%s is not a number: say it as 10 or 0xa", text);
	if (width < 64 && *value >> width)
		return log_error("--break", "%s does not fit into %s, which has %u bits", text,
				 vmx_field_info(field)->name, width);
	return 0;
}

/**
 * faults_add() - take note of one more field to be broken
 * @faults: those so far
 * @text: FIELD=VALUE
 *
 * Return: 0; -1 with a message said.
 */
int faults_add(struct faults *faults, const char *text)
{
	const char *equals = strchr(text, '=');
	enum vmx_field field;
	uint64_t value;
	char *name;
	int error;

	if (!equals)
		return log_error("--break", "%s is not FIELD=VALUE, as GUEST_RFLAGS=0", text);
	if (faults->count == VHM_MAX_INJECTIONS)
		return log_error("--break", "no more than %d fields can be broken at once",
				 VHM_MAX_INJECTIONS);
	name = strndup(text, (size_t)(equals - text));
	if (!name)
		return log_error("--break", "no memory");
	error = parse_field(name, &field);
	free(name);
	if (error || parse_value(equals + 1, field, &value))
		return -1;
	faults->fault[faults->count].field = field;
	faults->fault[faults->count].value = value;
	faults->count++;
	return 0;
}

/**
 * faults_inject() - break the fields at the vCPU's next entry
 * @faults: which
 * @vcpu: the vCPU
 *
 * Return: 0; -1 with a message said.
 */
int faults_inject(const struct faults *faults, const struct vhm_vcpu *vcpu)
{
	const struct vmx_field_info *info;
	unsigned int i;

	for (i = 0; i < faults->count; i++) {
		info = vmx_field_info(faults->fault[i].field);
		if (vhm_vcpu_inject(vcpu, info->encoding, faults->fault[i].value))
			return log_error("--break", "%s: %s", info->name, vhm_error());
	}
	return 0;
}
