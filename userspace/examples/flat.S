/* SPDX-License-Identifier: GPL-2.0 */
/* A guest of ten lines: 16-bit code without an operating system. */
	.code16
	mov $text, %si		# where the text is
	mov $0x3f8, %dx		# the port of the first serial interface
	mov $length, %cx
	rep outsb		# send all of it
	mov $0x2a, %al
	out %al, $0xf4		# end with status 2 * 0x2a + 1
text:	.ascii "Hello from a guest!\n"
	length = . - text
