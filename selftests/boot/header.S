/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The beginning of a Multiboot kernel: its header and its entry. With ADDRESSES
 * the header says where the file goes, so that it need not be ELF.
 */
#define MAGIC		0x1badb002
#define PAGE_ALIGN	(1 << 0)
#define MEMORY		(1 << 1)

#ifdef ADDRESSES
#define FLAGS		(PAGE_ALIGN | MEMORY | (1 << 16))
#else
#define FLAGS		(PAGE_ALIGN | MEMORY)
#endif

	.section .header, "a"
	.balign 4
header:
	.long MAGIC
	.long FLAGS
	.long -(MAGIC + FLAGS)
#ifdef ADDRESSES
	.long header
	.long load_start
	.long load_end
	.long bss_end
	.long start
#endif

	.text
	.globl start
start:
	mov $stack_end, %esp
	push %ebx
	push %eax
	call kernel
	hlt

	.bss
	.balign 16
	.skip 4096
stack_end:
	.section .note.GNU-stack, "", @progbits
