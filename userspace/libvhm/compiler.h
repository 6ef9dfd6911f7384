/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's short names for what the compiler can do. */
#ifndef LIBVHM_COMPILER_H
#define LIBVHM_COMPILER_H

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

#ifndef __packed
#define __packed		__attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(bytes)	__attribute__((__aligned__(bytes)))
#endif
#ifndef __printf
#define __printf(format, first)	\
	__attribute__((__format__(__printf__, format, first)))
#endif

#endif /* LIBVHM_COMPILER_H */
