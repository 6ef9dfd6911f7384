// SPDX-License-Identifier: GPL-2.0
/* The sentence that explains the last failure, one for each thread. */
#include "libvhm.h"
#include "internal.h"

static __thread char sentence[512];

/**
 * vhm_error() - say what went wrong
 *
 * Return: the sentence of this thread's last failed libvhm call, without a
 * full stop; an empty string if none has failed. Valid until the next failure.
 */
const char *vhm_error(void)
{
	return sentence;
}

/**
 * vhm_fail() - record why a call failed
 * @error: a positive errno
 * @format: the sentence, as for printf()
 *
 * Return: -@error, so that a caller can say "return vhm_fail(...)".
 */
int vhm_fail(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	return -error;
}
