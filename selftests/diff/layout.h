/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world of a program: what lies where in the guest's memory, for C and assembly.
 *
 * Linear addresses are guest-physical ones, wherever a page is mapped at all.
 */
#ifndef SELFTESTS_DIFF_LAYOUT_H
#define SELFTESTS_DIFF_LAYOUT_H

#define AT_IVT		0x00000		/* real mode's vectors */
#define AT_PML4		0x01000
#define AT_PDPT		0x02000
#define AT_PD		0x03000		/* of 8-byte entries: also PAE's */
#define AT_PT		0x04000
#define AT_PAE_PDPT	0x05000
#define AT_PD32		0x06000		/* of 4-byte entries */
#define AT_PT32		0x07000
#define AT_GDT		0x08000
#define AT_LDT		0x08800
#define AT_IDT		0x09000
#define AT_IDT64	0x0a000
#define AT_TSS		0x0b000
#define AT_TSS_OTHER	0x0b400		/* a task to switch to */
#define AT_TSS64	0x0b800
#define AT_HANDLERS	0x0c000		/* 8 bytes for each vector: OUT to PORT_VECTOR + n, HLT */
#define AT_LANDING	0x0c800		/* hlt and nothing else */
#define AT_CODE		0x0d000		/* the program */
#define AT_STACK0	0x0efc0		/* where inner rings begin to push */
#define AT_DATA		0x10000		/* the base of 16-bit data segments, too */
#define AT_GDTR		0x10f00		/* operands of LGDT and LIDT */
#define AT_GDTR_SHORT	0x10f10		/* their limits leave some entries out */
#define AT_IDTR		0x10f20
#define AT_IDTR_SHORT	0x10f30
#define AT_GDTR_HOLE	0x10f40		/* no slot is there */
#define AT_DATA2	0x11000
#define AT_READ_ONLY	0x12000		/* this and what follows only where there is paging */
#define AT_SUPERVISOR	0x13000
#define AT_ABSENT	0x14000
#define AT_RESERVED	0x15000		/* a reserved bit is set in its entry */
#define AT_NO_EXECUTE	0x16000
#define AT_STACK	0x17f00
#define AT_SLOT_END	0x1f000
#define AT_ROM		0x1f000		/* a read-only slot */
#define AT_HOLE		0x20000		/* no slot; the base of a 16-bit data segment */
#define AT_HOLE_RO	0x22000		/* likewise, mapped read-only */
#define AT_MAPPED_END	0x30000

#define PORT_END	0x70		/* the program is done */
#define PORT_OTHER	0x7f		/* a vector that has no handler of its own */
#define PORT_VECTOR	0x80

#define VECTORS		48		/* in the IDT */
#define HANDLED		32		/* of them have a port each */

/* The GDT. */
#define S_CODE64	0x08
#define S_DATA		0x10
#define S_CODE32	0x18
#define S_CODE16	0x20
#define S_DATA16	0x28		/* base AT_DATA */
#define S_HOLE16	0x30		/* base AT_HOLE */
#define S_USER_CODE32	0x3b
#define S_USER_DATA	0x43
#define S_USER_CODE64	0x4b
#define S_USER_CODE16	0x53
#define S_USER_DATA16	0x5b
#define S_USER_HOLE16	0x63
#define S_READ_ONLY	0x68
#define S_EXPAND_DOWN	0x70
#define S_CONFORMING	0x78
#define S_ABSENT	0x80
#define S_TSS		0x88		/* two entries in long mode */
#define S_TSS_OTHER	0x98
#define S_CALL_GATE	0xa0
#define S_LDT		0xa8
#define S_CALL_GATE64	0xb0		/* two entries */
#define S_TASK_GATE	0xc0
#define S_EXECUTE_ONLY	0xc8
#define S_SMALL		0xd0		/* limit 0xfff */
#define S_SYSTEM	0xd8		/* of no known type */
#define S_LONG_BIG	0xe0		/* L and D */
#define GDT_SIZE	0xe8

#endif /* SELFTESTS_DIFF_LAYOUT_H */
