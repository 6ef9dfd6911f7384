/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's side. A guest is a C function of the test program, marked
 * __guest, that runs in a copy of the program in the guest's memory: in long
 * mode, ring 0, interrupts off, the first GiB mapped to itself. It calls no
 * library, touches no floating point, and talks to the host by an `out` of the
 * address of a struct guest_report.
 */
#ifndef SELFTESTS_LIB_GUEST_H
#define SELFTESTS_LIB_GUEST_H

#include <stdint.h>

#include "vm.h"

#define GUEST_PORT	0x3e0

#define __guest __attribute__((noinline, used))

/* What an exception left, when a GUEST_TRY() or a handler asked for it. */
struct guest_trap {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr2;
	uint64_t count;
};

#define NO_TRAP	0x100

/* As vectors.S pushes it. */
struct guest_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

extern const uint8_t guest_vectors[];
extern volatile struct guest_trap guest_trap;
extern volatile uint64_t guest_fixup;
extern void (*volatile guest_handler[256])(struct guest_frame *frame);

void guest_report(uint32_t word, const char *file, uint32_t line,
		  const char *what, uint64_t a, uint64_t b);

/*
 * Run a function in ring 3 with the given RFLAGS until it takes an exception
 * or interrupt for which there is no handler; the value is the vector.
 */
uint64_t guest_run_user(void (*fn)(void), uint64_t rflags);

/* Between guest.c and vectors.S. */
extern const uint8_t guest_leave_user[];
extern volatile uint64_t guest_kernel_rsp;
void guest_exception(struct guest_frame *frame);
void guest_enter_user(void (*fn)(void), uint64_t rflags);

/* Gate n of the IDT: its descriptor privilege level and stack. */
void guest_set_gate(unsigned int n, unsigned int dpl, unsigned int ist);

#define GUEST_SYNC(value) \
	guest_report(GUEST_IS_SYNC, __FILE__, __LINE__, "sync", value, 0)

#define GUEST_DONE() \
	guest_report(GUEST_IS_DONE, __FILE__, __LINE__, "done", 0, 0)

#define GUEST_EQ(wanted, seen) do {					\
	uint64_t _wanted = (wanted), _seen = (seen);			\
									\
	if (_wanted != _seen)						\
		guest_report(GUEST_HAS_FAILED, __FILE__, __LINE__,	\
			     #seen " is not " #wanted " (wanted, seen)",\
			     _wanted, _seen);				\
} while (0)

#define GUEST_TRUE(cond) do {						\
	if (!(cond))							\
		guest_report(GUEST_HAS_FAILED, __FILE__, __LINE__,	\
			     "not true: " #cond, 0, 0);			\
} while (0)

/*
 * One instruction that may fault: the value is the vector, or NO_TRAP.
 * What follows the instruction is outputs : inputs : clobbers.
 */
#define GUEST_TRY(insn, ...) ({						\
	guest_trap.vector = NO_TRAP;					\
	asm volatile("movq $771f, guest_fixup\n\t"			\
		     insn "\n"						\
		     "771:\tmovq $0, guest_fixup"			\
		     : __VA_ARGS__);					\
	guest_trap.vector;						\
})

/* What WRMSR and RDMSR of a guest leave: the vector, or NO_TRAP. */
static inline uint64_t try_wrmsr(uint32_t index, uint64_t value)
{
	return GUEST_TRY("wrmsr", : "c" (index), "a" ((uint32_t)value),
			 "d" ((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t try_rdmsr(uint32_t index)
{
	uint32_t low = 0, high = 0;

	return GUEST_TRY("rdmsr", "+a" (low), "+d" (high) : "c" (index) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	asm volatile("inb %1, %0" : "=a" (value) : "Nd" (port) : "memory");
	return value;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	asm volatile("inw %1, %0" : "=a" (value) : "Nd" (port) : "memory");
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	asm volatile("inl %1, %0" : "=a" (value) : "Nd" (port) : "memory");
	return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port) : "memory");
}

static inline void outw(uint16_t port, uint16_t value)
{
	asm volatile("outw %0, %1" : : "a" (value), "Nd" (port) : "memory");
}

static inline void outl(uint16_t port, uint32_t value)
{
	asm volatile("outl %0, %1" : : "a" (value), "Nd" (port) : "memory");
}

static inline uint64_t rdmsr(uint32_t index)
{
	uint32_t low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (index) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t index, uint64_t value)
{
	asm volatile("wrmsr" : : "c" (index), "a" ((uint32_t)value),
		     "d" ((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t regs[4])
{
	asm volatile("cpuid"
		     : "=a" (regs[0]), "=b" (regs[1]), "=c" (regs[2]), "=d" (regs[3])
		     : "0" (leaf), "2" (sub) : "memory");
}

#define READ_REG(name)							\
static inline uint64_t read_##name(void)				\
{									\
	uint64_t value;							\
									\
	asm volatile("mov %%" #name ", %0" : "=r" (value) : : "memory");	\
	return value;							\
}									\
static inline void write_##name(uint64_t value)				\
{									\
	asm volatile("mov %0, %%" #name : : "r" (value) : "memory");	\
}

READ_REG(cr0)
READ_REG(cr2)
READ_REG(cr3)
READ_REG(cr4)
READ_REG(cr8)
READ_REG(db0)
READ_REG(db1)
READ_REG(db2)
READ_REG(db3)
READ_REG(db6)
READ_REG(db7)

static inline uint64_t read_flags(void)
{
	uint64_t flags;

	asm volatile("pushfq; popq %0" : "=r" (flags) : : "memory");
	return flags;
}

#endif
