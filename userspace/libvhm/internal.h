/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of libvhm share, and the programs of this tree that speak through vhm_error(). */
#ifndef LIBVHM_INTERNAL_H
#define LIBVHM_INTERNAL_H

#include <stdarg.h>

#include "compiler.h"

__printf(2, 3)
int vhm_fail(int error, const char *format, ...);

#endif /* LIBVHM_INTERNAL_H */
