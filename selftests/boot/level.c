// SPDX-License-Identifier: GPL-2.0
/*
 * A Multiboot kernel that takes the clock's interrupt as a level, by the I/O APIC:
 * it ends the first without reading register C, so that the line stays up and the
 * interrupt has to come again; the second it serves. There has to be no third.
 */
#include <stdint.h>

#define SERIAL		0x3f8
#define EXIT_PORT	0xf4
#define EXIT_TWICE	0x10
#define EXIT_OTHER	0x11

#define RTC_INDEX	0x70
#define RTC_DATA	0x71
#define RTC_B		0x0b
#define RTC_C		0x0c
#define B_PERIODIC	0x40
#define B_24_HOURS	0x02

#define VECTOR		0x41
#define PIN		8
#define IO_APIC		0xfec00000u
#define IO_WINDOW	0x10
#define LEVEL		0x8000u
#define LOCAL_APIC	0xfee00000u
#define LOCAL_EOI	0xb0
#define LOCAL_SVR	0xf0
#define SVR_ON		0x1ff

#define CODE		8
#define INTERRUPT_GATE	0x8e00u

struct pointer {
	uint16_t limit;
	const void *base;
} __attribute__((packed));

void kernel(uint32_t magic, const void *information);
void taken(void);
void interrupt(void);

static volatile unsigned int count;
static uint32_t idt[2 * (VECTOR + 1)];
static const uint64_t gdt[] = { 0, 0x00cf9a000000ffffull, 0x00cf92000000ffffull };

static void out(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void say(const char *text)
{
	while (*text)
		out(SERIAL, (uint8_t)*text++);
}

static void write32(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static void set_pin(uint32_t pin, uint32_t low, uint32_t high)
{
	write32(IO_APIC, 0x11 + 2 * pin);
	write32(IO_APIC + IO_WINDOW, high);
	write32(IO_APIC, 0x10 + 2 * pin);
	write32(IO_APIC + IO_WINDOW, low);
}

static void set_clock(uint8_t b)
{
	out(RTC_INDEX, RTC_B);
	out(RTC_DATA, b);
}

void taken(void)
{
	if (++count == 2) {
		set_clock(B_24_HOURS);
		out(RTC_INDEX, RTC_C);
		in(RTC_DATA);
	}
	write32(LOCAL_APIC + LOCAL_EOI, 0);
}

__attribute__((naked)) void interrupt(void)
{
	asm volatile("pusha\n"
		     "call taken\n"
		     "popa\n"
		     "iret");
}

static void load_tables(void)
{
	const struct pointer gdtr = { sizeof(gdt) - 1, gdt }, idtr = { sizeof(idt) - 1, idt };

	idt[2 * VECTOR] = CODE << 16 | ((uint32_t)interrupt & 0xffff);
	idt[2 * VECTOR + 1] = ((uint32_t)interrupt & 0xffff0000) | INTERRUPT_GATE;
	asm volatile("lgdt %0\n"
		     "lidt %1\n"
		     "ljmp $8, $1f\n"
		     "1:\n"
		     "mov %2, %%ds\n"
		     "mov %2, %%es\n"
		     "mov %2, %%ss" : : "m"(gdtr), "m"(idtr), "r"(16) : "memory");
}

void kernel(uint32_t magic, const void *information)
{
	unsigned int i;

	(void)magic;
	(void)information;
	load_tables();
	write32(LOCAL_APIC + LOCAL_SVR, SVR_ON);
	set_pin(PIN, LEVEL | VECTOR, 0);
	set_clock(B_PERIODIC | B_24_HOURS);
	while (count < 2)
		asm volatile("sti; hlt; cli");
	for (i = 0; i < 1000; i++)
		asm volatile("sti; nop; cli");
	say(count == 2 ? "level: taken twice\n" : "level: taken more than twice\n");
	out(EXIT_PORT, count == 2 ? EXIT_TWICE : EXIT_OTHER);
}
