/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pure parts of vhm (code that touches neither the kernel nor the processor) need to
 * compile both in the module and in the user-space tests: the fixed-width types, bool, size_t and
 * the error numbers.
 */
#ifndef VHM_PORTABLE_H
#define VHM_PORTABLE_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef __printf
#define __printf(format, first) __attribute__((__format__(printf, format, first)))
#endif
#endif

#endif /* VHM_PORTABLE_H */
