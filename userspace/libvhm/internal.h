/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of libvhm share among themselves. */
#ifndef LIBVHM_INTERNAL_H
#define LIBVHM_INTERNAL_H

#include <stdarg.h>

int vhm_fail(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* LIBVHM_INTERNAL_H */
