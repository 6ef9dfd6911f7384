/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the current VMCS.
 *
 * A field's encoding holds its width (SDM, "Field Encoding in VMCS"), and each
 * accessor checks it when it is compiled: an access of the wrong width does
 * not build.
 */
#ifndef VHM_VMX_VMCS_H
#define VHM_VMX_VMCS_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/vmx.h>

#define VMCS_WIDTH_MASK		0x6000
#define VMCS_WIDTH_16		0x0000
#define VMCS_WIDTH_64		0x2000
#define VMCS_WIDTH_32		0x4000
#define VMCS_WIDTH_NATURAL	0x6000

#define VMCS_CHECK_WIDTH(field, width)					\
	BUILD_BUG_ON_MSG(!__builtin_constant_p(field) ||		\
			 ((field) & VMCS_WIDTH_MASK) != (width),	\
			 "a VMCS field of another width")

void vmcs_read_failed(unsigned long field);
void vmcs_write_failed(unsigned long field, unsigned long value);

/* For a field that this CPU may lack: false, and VM_INSTRUCTION_ERROR is 12 from then on. */
static __always_inline bool vmcs_try_read(unsigned long field, u64 *value)
{
	unsigned long read;

	asm volatile goto("1:	vmread %[field], %[read]\n\t"
			  "jna %l[failed]\n\t"
			  _ASM_EXTABLE(1b, %l[failed])
			  : [read] "=r" (read)
			  : [field] "r" (field)
			  : "cc" : failed);
	*value = read;
	return true;
failed:
	return false;
}

/* The field need not be a constant: for tables, whose rows know their width. */
static __always_inline unsigned long vmcs_read_any(unsigned long field)
{
	u64 value;

	if (vmcs_try_read(field, &value))
		return value;
	vmcs_read_failed(field);
	return 0;
}

static __always_inline void vmcs_write_any(unsigned long field, unsigned long value)
{
	asm goto("1:	vmwrite %[value], %[field]\n\t"
		 "jna %l[failed]\n\t"
		 _ASM_EXTABLE(1b, %l[failed])
		 : : [field] "r" (field), [value] "rm" (value)
		 : "cc" : failed);
	return;
failed:
	vmcs_write_failed(field, value);
}

#define VMCS_ACCESSORS(bits, type, width)					\
static __always_inline type vmcs_read##bits(unsigned long field)		\
{										\
	VMCS_CHECK_WIDTH(field, width);						\
	return vmcs_read_any(field);						\
}										\
static __always_inline void vmcs_write##bits(unsigned long field, type value)	\
{										\
	VMCS_CHECK_WIDTH(field, width);						\
	vmcs_write_any(field, value);						\
}

VMCS_ACCESSORS(16, u16, VMCS_WIDTH_16)
VMCS_ACCESSORS(32, u32, VMCS_WIDTH_32)
VMCS_ACCESSORS(64, u64, VMCS_WIDTH_64)
VMCS_ACCESSORS(l, unsigned long, VMCS_WIDTH_NATURAL)

/* The four halves of a segment register lie two encodings apart, ES first. */
#define VMCS_SEGMENT_FIELD(first, index)	((first) + 2 * (index))

#endif /* VHM_VMX_VMCS_H */
