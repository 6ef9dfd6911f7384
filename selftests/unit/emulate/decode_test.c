// SPDX-License-Identifier: GPL-2.0
/*
 * Table tests of the MMIO instruction decoder. Each row holds the bytes of one instruction and
 * what must come out. Rows that decode are also tried cut short at every byte, and with other
 * bytes behind them.
 */
#include <string.h>

#include "../../../module/emulate.h"
#include "../tap.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NONE = -1 };
enum { ES, CS, SS, DS, FS, GS };

struct row {
	const char *name;
	unsigned int mode;
	int result;
	unsigned int count;
	u8 bytes[16];
	struct vhm_insn want;
};

#define BYTES(...) \
	.count = sizeof((u8[]){ __VA_ARGS__ }), .bytes = { __VA_ARGS__ }
#define FAIL(mode_, error_, name_, ...) \
	{ .name = name_, .mode = mode_, .result = -(error_), __VA_ARGS__ }
/* Operands and accesses, by what an instruction does with memory. */
#define OPERANDS(op_, to_, from_, ...) \
	.op = VHM_INSN_##op_, .destination = VHM_OPERAND_##to_, .source = VHM_OPERAND_##from_, \
	__VA_ARGS__
#define READ(place_)	.place[VHM_STEP_READ] = VHM_PLACE_##place_
#define SECOND(place_)	.place[VHM_STEP_READ_SECOND] = VHM_PLACE_##place_
#define WRITE(place_)	.place[VHM_STEP_WRITE] = VHM_PLACE_##place_
#define READ_WRITE	READ(ADDRESS), WRITE(ADDRESS)
#define ONE_PLACE	.one_place = true

#define IS_LOAD		OPERANDS(MOV, REGISTER, MEMORY, READ(ADDRESS)), ONE_PLACE, .plain = true
#define IS_SIGNED_LOAD	OPERANDS(MOVSX, REGISTER, MEMORY, READ(ADDRESS)), ONE_PLACE, .plain = true
#define IS_STORE	OPERANDS(MOV, MEMORY, REGISTER, WRITE(ADDRESS)), .plain = true
#define IS_STORE_IMM	OPERANDS(MOV, MEMORY, IMMEDIATE, WRITE(ADDRESS)), .plain = true
#define IS_STRING(...)	OPERANDS(__VA_ARGS__), .string = true, .base = RSI, \
			.needs = VHM_NEEDS_RFLAGS
#define IS_MOVS		IS_STRING(MOV, MEMORY, MEMORY, READ(ADDRESS), WRITE(STRING))
#define IS_STOS		IS_STRING(MOV, MEMORY, REGISTER, WRITE(STRING))
#define IS_LODS		IS_STRING(MOV, REGISTER, MEMORY, READ(ADDRESS))
#define IS_CMPS		IS_STRING(CMP, MEMORY, SECOND, READ(ADDRESS), SECOND(STRING))
#define IS_SCAS		IS_STRING(CMP, REGISTER, MEMORY, READ(STRING))
#define NEEDS_FLAGS	.needs = VHM_NEEDS_RFLAGS
#define ONE_WITH_FLAGS	ONE_PLACE, NEEDS_FLAGS
#define IS_CHANGE(op_)	OPERANDS(op_, MEMORY, REGISTER, READ_WRITE), .modify = true, ONE_WITH_FLAGS
#define IS_CHANGE_IMM(op_) OPERANDS(op_, MEMORY, IMMEDIATE, READ_WRITE), .modify = true, \
			ONE_WITH_FLAGS
#define IS_CHANGE_ONE(op_) OPERANDS(op_, MEMORY, NONE, READ_WRITE), .modify = true, ONE_WITH_FLAGS
#define IS_LOOK(op_)	OPERANDS(op_, MEMORY, REGISTER, READ(ADDRESS)), ONE_WITH_FLAGS
#define IS_LOOK_IMM(op_) OPERANDS(op_, MEMORY, IMMEDIATE, READ(ADDRESS)), ONE_WITH_FLAGS
#define IS_TAKE(op_)	OPERANDS(op_, REGISTER, MEMORY, READ(ADDRESS)), ONE_WITH_FLAGS
#define IS_SOURCE(op_)	OPERANDS(op_, NONE, MEMORY, READ(ADDRESS)), ONE_WITH_FLAGS
#define IS_SETCC	OPERANDS(SETCC, MEMORY, NONE, WRITE(ADDRESS)), NEEDS_FLAGS
#define IS_SELECTOR	OPERANDS(MOV, MEMORY, SELECTOR, WRITE(ADDRESS)), .needs = VHM_NEEDS_SELECTOR
#define IS_STACK(...)	OPERANDS(__VA_ARGS__), .needs = VHM_NEEDS_STACK_SIZE
#define IS_PUSH		IS_STACK(MOV, MEMORY, REGISTER, WRITE(STACK))
#define IS_PUSH_IMM	IS_STACK(MOV, MEMORY, IMMEDIATE, WRITE(STACK))
#define IS_PUSH_MEM	IS_STACK(MOV, MEMORY, MEMORY, READ(ADDRESS), WRITE(STACK))
#define IS_PUSH_SELECTOR OPERANDS(MOV, MEMORY, SELECTOR, WRITE(STACK)), \
			.needs = VHM_NEEDS_SELECTOR | VHM_NEEDS_STACK_SIZE
#define IS_POP		IS_STACK(MOV, REGISTER, MEMORY, READ(STACK))
#define IS_POP_MEM	IS_STACK(MOV, MEMORY, MEMORY, READ(STACK), WRITE(ADDRESS))
#define IS_LEAVE	IS_STACK(MOV, REGISTER, MEMORY, READ(FRAME)), .reg = RBP
#define IS_CALL_REL	IS_STACK(CALL, MEMORY, RELATIVE, WRITE(STACK))
#define IS_CALL_MEM	IS_STACK(CALL, MEMORY, MEMORY, READ(ADDRESS), WRITE(STACK))
#define IS_CALL_REG	IS_STACK(CALL, MEMORY, REGISTER, WRITE(STACK))
#define IS_RET		IS_STACK(RET, NONE, MEMORY, READ(STACK))
#define IS_JMP		OPERANDS(JMP, NONE, MEMORY, READ(ADDRESS))
#define IS_XMM_LOAD(op_) OPERANDS(op_, XMM, MEMORY, READ(ADDRESS)), .needs = VHM_NEEDS_XMM
#define IS_XMM_STORE(op_) OPERANDS(op_, MEMORY, XMM, WRITE(ADDRESS)), .needs = VHM_NEEDS_XMM
/*
 * What most rows have in common stands first; a row overrides it. Sizes that a row leaves out
 * are filled in by run_row().
 */
#define WANT(kind_, size_, ...) \
	.want = { \
		.size = size_, .segment = DS, .base = NONE, .index = NONE, IS_##kind_, \
		__VA_ARGS__ \
	}
#define ROW(mode_, name_, bytes_, kind_, size_, ...) \
	{ .name = name_, .mode = mode_, bytes_, WANT(kind_, size_, __VA_ARGS__) }
/* 8B /1: load CX or ECX; the row is about the address. */
#define ADDRESS16(name_, bytes_, ...) \
	{ .name = name_, .mode = 16, bytes_, WANT(LOAD, 2, .reg = RCX, __VA_ARGS__) }
#define ADDRESS32(name_, bytes_, ...) \
	{ .name = name_, .mode = 32, bytes_, WANT(LOAD, 4, .reg = RCX, __VA_ARGS__) }
#define ADDRESS64(name_, bytes_, ...) \
	{ .name = name_, .mode = 64, bytes_, WANT(LOAD, 4, .reg = RCX, __VA_ARGS__) }

static const struct row addresses[] = {
	/* "16-Bit Addressing Forms with the ModR/M Byte" */
	ADDRESS16("[bx+si]", BYTES(0x8b, 0x08), .base = RBX, .index = RSI),
	ADDRESS16("[bx+di]", BYTES(0x8b, 0x09), .base = RBX, .index = RDI),
	ADDRESS16("[bp+si]", BYTES(0x8b, 0x0a), .base = RBP, .index = RSI, .segment = SS),
	ADDRESS16("[bp+di]", BYTES(0x8b, 0x0b), .base = RBP, .index = RDI, .segment = SS),
	ADDRESS16("[si]", BYTES(0x8b, 0x0c), .base = RSI),
	ADDRESS16("[di]", BYTES(0x8b, 0x0d), .base = RDI),
	ADDRESS16("[8000]", BYTES(0x8b, 0x0e, 0x00, 0x80), .displacement = -0x8000),
	ADDRESS16("[bx]", BYTES(0x8b, 0x0f), .base = RBX),
	ADDRESS16("[bx+si+7f]", BYTES(0x8b, 0x48, 0x7f), .base = RBX, .index = RSI,
		  .displacement = 0x7f),
	ADDRESS16("[bx+di-80]", BYTES(0x8b, 0x49, 0x80), .base = RBX, .index = RDI,
		  .displacement = -0x80),
	ADDRESS16("[bp+si+1]", BYTES(0x8b, 0x4a, 0x01), .base = RBP, .index = RSI,
		  .segment = SS, .displacement = 1),
	ADDRESS16("[bp+di+1]", BYTES(0x8b, 0x4b, 0x01), .base = RBP, .index = RDI,
		  .segment = SS, .displacement = 1),
	ADDRESS16("[si-1]", BYTES(0x8b, 0x4c, 0xff), .base = RSI, .displacement = -1),
	ADDRESS16("[di-1]", BYTES(0x8b, 0x4d, 0xff), .base = RDI, .displacement = -1),
	ADDRESS16("[bp+0]", BYTES(0x8b, 0x4e, 0x00), .base = RBP, .segment = SS),
	ADDRESS16("[bx+2]", BYTES(0x8b, 0x4f, 0x02), .base = RBX, .displacement = 2),
	ADDRESS16("[bx+si+1234]", BYTES(0x8b, 0x88, 0x34, 0x12), .base = RBX, .index = RSI,
		  .displacement = 0x1234),
	ADDRESS16("[bx+di+1234]", BYTES(0x8b, 0x89, 0x34, 0x12), .base = RBX, .index = RDI,
		  .displacement = 0x1234),
	ADDRESS16("[bp+si+1234]", BYTES(0x8b, 0x8a, 0x34, 0x12), .base = RBP, .index = RSI,
		  .segment = SS, .displacement = 0x1234),
	ADDRESS16("[bp+di-1]", BYTES(0x8b, 0x8b, 0xff, 0xff), .base = RBP, .index = RDI,
		  .segment = SS, .displacement = -1),
	ADDRESS16("[si+1234]", BYTES(0x8b, 0x8c, 0x34, 0x12), .base = RSI,
		  .displacement = 0x1234),
	ADDRESS16("[di+1234]", BYTES(0x8b, 0x8d, 0x34, 0x12), .base = RDI,
		  .displacement = 0x1234),
	ADDRESS16("[bp+1234]", BYTES(0x8b, 0x8e, 0x34, 0x12), .base = RBP, .segment = SS,
		  .displacement = 0x1234),
	ADDRESS16("[bx+1234]", BYTES(0x8b, 0x8f, 0x34, 0x12), .base = RBX,
		  .displacement = 0x1234),

	/* "32-Bit Addressing Forms with the ModR/M Byte" */
	ADDRESS32("[eax]", BYTES(0x8b, 0x08), .base = RAX),
	ADDRESS32("[ecx]", BYTES(0x8b, 0x09), .base = RCX),
	ADDRESS32("[edx]", BYTES(0x8b, 0x0a), .base = RDX),
	ADDRESS32("[ebx]", BYTES(0x8b, 0x0b), .base = RBX),
	ADDRESS32("[fee000b0]", BYTES(0x8b, 0x0d, 0xb0, 0x00, 0xe0, 0xfe),
		  .displacement = (s32)0xfee000b0),
	ADDRESS32("[esi]", BYTES(0x8b, 0x0e), .base = RSI),
	ADDRESS32("[edi]", BYTES(0x8b, 0x0f), .base = RDI),
	ADDRESS32("[ebp+0]", BYTES(0x8b, 0x4d, 0x00), .base = RBP, .segment = SS),
	ADDRESS32("[eax-80]", BYTES(0x8b, 0x48, 0x80), .base = RAX, .displacement = -0x80),
	ADDRESS32("[edi+7f]", BYTES(0x8b, 0x4f, 0x7f), .base = RDI, .displacement = 0x7f),
	ADDRESS32("[ebp+12345678]", BYTES(0x8b, 0x8d, 0x78, 0x56, 0x34, 0x12), .base = RBP,
		  .segment = SS, .displacement = 0x12345678),
	ADDRESS32("[ebx-2]", BYTES(0x8b, 0x8b, 0xfe, 0xff, 0xff, 0xff), .base = RBX,
		  .displacement = -2),

	/* "32-Bit Addressing Forms with the SIB Byte" */
	ADDRESS32("[esp]", BYTES(0x8b, 0x0c, 0x24), .base = RSP, .segment = SS),
	ADDRESS32("[esp+4]", BYTES(0x8b, 0x4c, 0x24, 0x04), .base = RSP, .segment = SS,
		  .displacement = 4),
	ADDRESS32("[eax+ecx*1]", BYTES(0x8b, 0x0c, 0x08), .base = RAX, .index = RCX),
	ADDRESS32("[eax+ecx*2]", BYTES(0x8b, 0x0c, 0x48), .base = RAX, .index = RCX,
		  .scale = 2),
	ADDRESS32("[esp+ebp*4]", BYTES(0x8b, 0x0c, 0xac), .base = RSP, .index = RBP,
		  .scale = 4, .segment = SS),
	ADDRESS32("[edi+esi*8]", BYTES(0x8b, 0x0c, 0xf7), .base = RDI, .index = RSI,
		  .scale = 8),
	ADDRESS32("[ebx], no index, scale ignored", BYTES(0x8b, 0x0c, 0xe3), .base = RBX),
	ADDRESS32("[eax*8+disp32]", BYTES(0x8b, 0x0c, 0xc5, 0x01, 0x00, 0x00, 0x00),
		  .index = RAX, .scale = 8, .displacement = 1),
	ADDRESS32("[ebp*2+disp32]: DS, EBP is no base",
		  BYTES(0x8b, 0x0c, 0x6d, 0x00, 0x00, 0x00, 0x80),
		  .index = RBP, .scale = 2, .displacement = (s32)0x80000000),
	ADDRESS32("[disp32] through SIB", BYTES(0x8b, 0x0c, 0x25, 0x10, 0x00, 0x00, 0x00),
		  .displacement = 0x10),
	ADDRESS32("[ebp+eax*4+8]", BYTES(0x8b, 0x4c, 0x85, 0x08), .base = RBP, .index = RAX,
		  .scale = 4, .segment = SS, .displacement = 8),
	ADDRESS32("[ebp+eax+disp32]", BYTES(0x8b, 0x8c, 0x05, 0x00, 0x10, 0x00, 0x00),
		  .base = RBP, .index = RAX, .segment = SS, .displacement = 0x1000),

	/* 67 crosses over */
	ADDRESS16("67: [ecx]", BYTES(0x67, 0x8b, 0x09), .base = RCX, .address_size = 4),
	ADDRESS16("67: [esp+2]", BYTES(0x67, 0x8b, 0x4c, 0x24, 0x02), .base = RSP,
		  .segment = SS, .displacement = 2, .address_size = 4),
	ADDRESS32("67: [bx+si]", BYTES(0x67, 0x8b, 0x08), .base = RBX, .index = RSI,
		  .address_size = 2),
	ADDRESS32("67: [1234]", BYTES(0x67, 0x8b, 0x0e, 0x34, 0x12), .displacement = 0x1234,
		  .address_size = 2),
	ADDRESS64("67: [ecx]", BYTES(0x67, 0x8b, 0x09), .base = RCX, .address_size = 4),
	ADDRESS64("67: [eip+8]", BYTES(0x67, 0x8b, 0x0d, 0x08, 0x00, 0x00, 0x00),
		  .rip_relative = true, .displacement = 8, .address_size = 4),

	/* 64-bit mode: REX, RIP */
	ADDRESS64("[rax]", BYTES(0x8b, 0x08), .base = RAX),
	ADDRESS64("[rip-8]", BYTES(0x8b, 0x0d, 0xf8, 0xff, 0xff, 0xff),
		  .rip_relative = true, .displacement = -8),
	ADDRESS64("[rip+0] with REX.B", BYTES(0x41, 0x8b, 0x0d, 0x00, 0x00, 0x00, 0x00),
		  .rip_relative = true),
	ADDRESS64("[disp32] through SIB", BYTES(0x8b, 0x0c, 0x25, 0x00, 0x00, 0x00, 0x80),
		  .displacement = (s32)0x80000000),
	ADDRESS64("[r8]", BYTES(0x41, 0x8b, 0x08), .base = R8),
	ADDRESS64("[r12] needs SIB", BYTES(0x41, 0x8b, 0x0c, 0x24), .base = R12),
	ADDRESS64("[r13+0]", BYTES(0x41, 0x8b, 0x4d, 0x00), .base = R13),
	ADDRESS64("[r15+12345678]", BYTES(0x41, 0x8b, 0x8f, 0x78, 0x56, 0x34, 0x12),
		  .base = R15, .displacement = 0x12345678),
	ADDRESS64("[rax+r12*4]: R12 is an index", BYTES(0x42, 0x8b, 0x0c, 0xa0), .base = RAX,
		  .index = R12, .scale = 4),
	ADDRESS64("[r13+r15*8-1]", BYTES(0x43, 0x8b, 0x4c, 0xfd, 0xff), .base = R13,
		  .index = R15, .scale = 8, .displacement = -1),
	ADDRESS64("[r8*2+disp32], REX.B ignored",
		  BYTES(0x43, 0x8b, 0x0c, 0x45, 0x04, 0x00, 0x00, 0x00),
		  .index = R8, .scale = 2, .displacement = 4),
	ADDRESS64("[rsp+8]", BYTES(0x8b, 0x4c, 0x24, 0x08), .base = RSP, .segment = SS,
		  .displacement = 8),
	ADDRESS64("[rbp-10]", BYTES(0x8b, 0x4d, 0xf0), .base = RBP, .segment = SS,
		  .displacement = -0x10),
};

static const struct row moves[] = {
	/* 88, 89, 8A, 8B: operand sizes */
	ROW(16, "88 mov [bx], al", BYTES(0x88, 0x07), STORE, 1, .base = RBX),
	ROW(16, "89 mov [bx], ax", BYTES(0x89, 0x07), STORE, 2, .base = RBX),
	ROW(16, "66 89 mov [bx], eax", BYTES(0x66, 0x89, 0x07), STORE, 4, .base = RBX),
	ROW(16, "8a mov dl, [bx]", BYTES(0x8a, 0x17), LOAD, 1, .reg = RDX, .base = RBX),
	ROW(16, "8b mov di, [bx]", BYTES(0x8b, 0x3f), LOAD, 2, .reg = RDI, .base = RBX),
	ROW(16, "66 8b mov edi, [bx]", BYTES(0x66, 0x8b, 0x3f), LOAD, 4, .reg = RDI,
	    .base = RBX),
	ROW(32, "88 mov [ebx], cl", BYTES(0x88, 0x0b), STORE, 1, .reg = RCX, .base = RBX),
	ROW(32, "89 mov [ebx], esp", BYTES(0x89, 0x23), STORE, 4, .reg = RSP, .base = RBX),
	ROW(32, "66 89 mov [ebx], sp", BYTES(0x66, 0x89, 0x23), STORE, 2, .reg = RSP,
	    .base = RBX),
	ROW(32, "66 8b mov bp, [ebx]", BYTES(0x66, 0x8b, 0x2b), LOAD, 2, .reg = RBP,
	    .base = RBX),
	ROW(64, "88 mov [rbx], bl", BYTES(0x88, 0x1b), STORE, 1, .reg = RBX, .base = RBX),
	ROW(64, "89 mov [rbx], ebx", BYTES(0x89, 0x1b), STORE, 4, .reg = RBX, .base = RBX),
	ROW(64, "66 89 mov [rbx], bx", BYTES(0x66, 0x89, 0x1b), STORE, 2, .reg = RBX,
	    .base = RBX),
	ROW(64, "48 89 mov [rbx], rbx", BYTES(0x48, 0x89, 0x1b), STORE, 8, .reg = RBX,
	    .base = RBX),
	ROW(64, "66 48 89: REX.W wins", BYTES(0x66, 0x48, 0x89, 0x1b), STORE, 8, .reg = RBX,
	    .base = RBX),
	ROW(64, "4c 8b mov r9, [rbx]", BYTES(0x4c, 0x8b, 0x0b), LOAD, 8, .reg = R9,
	    .base = RBX),
	ROW(64, "4d 8b mov r15, [r11]", BYTES(0x4d, 0x8b, 0x3b), LOAD, 8, .reg = R15,
	    .base = R11),
	ROW(64, "48 88: byte, REX.W without effect", BYTES(0x48, 0x88, 0x03), STORE, 1,
	    .base = RBX),

	/* byte registers */
	ROW(32, "mov [ebx], ah", BYTES(0x88, 0x23), STORE, 1, .reg = RAX, .high_byte = true,
	    .base = RBX),
	ROW(32, "mov ch, [ebx]", BYTES(0x8a, 0x2b), LOAD, 1, .reg = RCX, .high_byte = true,
	    .base = RBX),
	ROW(64, "mov dh, [rbx]", BYTES(0x8a, 0x33), LOAD, 1, .reg = RDX, .high_byte = true,
	    .base = RBX),
	ROW(64, "mov [rbx], bh", BYTES(0x88, 0x3b), STORE, 1, .reg = RBX, .high_byte = true,
	    .base = RBX),
	ROW(64, "40: mov spl, [rbx]", BYTES(0x40, 0x8a, 0x23), LOAD, 1, .reg = RSP,
	    .base = RBX),
	ROW(64, "40: mov [rbx], dil", BYTES(0x40, 0x88, 0x3b), STORE, 1, .reg = RDI,
	    .base = RBX),
	ROW(64, "44: mov [rbx], r12b", BYTES(0x44, 0x88, 0x23), STORE, 1, .reg = R12,
	    .base = RBX),

	/* C6 /0, C7 /0 */
	ROW(16, "c6 mov byte [bx], 80", BYTES(0xc6, 0x07, 0x80), STORE_IMM, 1, .base = RBX,
	    .immediate = -0x80),
	ROW(16, "c7 mov word [bx], 1234", BYTES(0xc7, 0x07, 0x34, 0x12), STORE_IMM, 2,
	    .base = RBX, .immediate = 0x1234),
	ROW(16, "66 c7 mov dword [bx]", BYTES(0x66, 0xc7, 0x07, 0x78, 0x56, 0x34, 0x12),
	    STORE_IMM, 4, .base = RBX, .immediate = 0x12345678),
	ROW(32, "66 c7 mov word [ebx], ffff", BYTES(0x66, 0xc7, 0x03, 0xff, 0xff), STORE_IMM, 2,
	    .base = RBX, .immediate = -1),
	ROW(32, "c7 after disp32", BYTES(0xc7, 0x05, 0, 0, 0xe0, 0xfe, 1, 2, 3, 4), STORE_IMM, 4,
	    .displacement = (s32)0xfee00000, .immediate = 0x04030201),
	ROW(64, "48 c7: imm32 is sign-extended", BYTES(0x48, 0xc7, 0x00, 0, 0, 0, 0x80),
	    STORE_IMM, 8, .base = RAX, .immediate = (s32)0x80000000),
	ROW(64, "c6 rip-relative, immediate behind",
	    BYTES(0xc6, 0x05, 0x10, 0x00, 0x00, 0x00, 0x55), STORE_IMM, 1,
	    .rip_relative = true, .displacement = 0x10, .immediate = 0x55),
	ROW(64, "44 c7: REX.R does not extend the opcode", BYTES(0x44, 0xc7, 0x00, 1, 0, 0, 0),
	    STORE_IMM, 4, .base = RAX, .immediate = 1),

	/* A0 to A3 */
	ROW(16, "a0 mov al, [1234]", BYTES(0xa0, 0x34, 0x12), LOAD, 1, .displacement = 0x1234),
	ROW(16, "a1 mov ax, [ffff]", BYTES(0xa1, 0xff, 0xff), LOAD, 2, .displacement = 0xffff),
	ROW(16, "67 a2 mov [fee00080], al", BYTES(0x67, 0xa2, 0x80, 0, 0xe0, 0xfe), STORE, 1,
	    .displacement = 0xfee00080, .address_size = 4),
	ROW(32, "a3 mov [fee000b0], eax", BYTES(0xa3, 0xb0, 0, 0xe0, 0xfe), STORE, 4,
	    .displacement = 0xfee000b0),
	ROW(32, "66 67 a1 mov ax, [8000]", BYTES(0x66, 0x67, 0xa1, 0x00, 0x80), LOAD, 2,
	    .displacement = 0x8000, .address_size = 2),
	ROW(64, "a0 mov al, [moffs64]", BYTES(0xa0, 1, 2, 3, 4, 5, 6, 7, 0x88), LOAD, 1,
	    .displacement = (s64)0x8807060504030201ULL),
	ROW(64, "48 a3 mov [moffs64], rax", BYTES(0x48, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8), STORE, 8,
	    .displacement = 0x0807060504030201LL),
	ROW(64, "67 a1 mov eax, [moffs32]", BYTES(0x67, 0xa1, 0, 0, 0, 0x80), LOAD, 4,
	    .displacement = 0x80000000LL, .address_size = 4),
	ROW(64, "64 48 a1 mov rax, fs:[moffs64]",
	    BYTES(0x64, 0x48, 0xa1, 0x28, 0, 0, 0, 0, 0, 0, 0), LOAD, 8,
	    .displacement = 0x28, .segment = FS),

	/* MOVZX, MOVSX, MOVSXD */
	ROW(16, "0f b6 movzx cx, byte [bx]", BYTES(0x0f, 0xb6, 0x0f), LOAD, 2, .reg = RCX,
	    .mem_size = 1, .base = RBX),
	ROW(32, "0f b6 movzx esp, byte [ebx]", BYTES(0x0f, 0xb6, 0x23), LOAD, 4, .reg = RSP,
	    .mem_size = 1, .base = RBX),
	ROW(32, "66 0f b6 movzx cx, byte [ebx]", BYTES(0x66, 0x0f, 0xb6, 0x0b), LOAD, 2,
	    .reg = RCX, .mem_size = 1, .base = RBX),
	ROW(32, "0f b7 movzx ecx, word [ebx]", BYTES(0x0f, 0xb7, 0x0b), LOAD, 4, .reg = RCX,
	    .mem_size = 2, .base = RBX),
	ROW(32, "66 0f b7: word to word", BYTES(0x66, 0x0f, 0xb7, 0x0b), LOAD, 2, .reg = RCX,
	    .mem_size = 2, .base = RBX),
	ROW(64, "49 0f b6 movzx rcx, byte [r11]", BYTES(0x49, 0x0f, 0xb6, 0x0b), LOAD, 8,
	    .reg = RCX, .mem_size = 1, .base = R11),
	ROW(64, "4c 0f b7 movzx r9, word [rbx]", BYTES(0x4c, 0x0f, 0xb7, 0x0b), LOAD, 8,
	    .reg = R9, .mem_size = 2, .base = RBX),
	ROW(16, "66 0f be movsx edx, byte [bx]", BYTES(0x66, 0x0f, 0xbe, 0x17), SIGNED_LOAD, 4,
	    .reg = RDX, .mem_size = 1, .base = RBX),
	ROW(32, "0f bf movsx edx, word [ebx]", BYTES(0x0f, 0xbf, 0x13), SIGNED_LOAD, 4, .reg = RDX,
	    .mem_size = 2, .base = RBX),
	ROW(64, "48 0f be movsx rdx, byte [rbx]", BYTES(0x48, 0x0f, 0xbe, 0x13), SIGNED_LOAD, 8,
	    .reg = RDX, .mem_size = 1, .base = RBX),
	ROW(64, "66 0f be movsx dx, byte [rbx]", BYTES(0x66, 0x0f, 0xbe, 0x13), SIGNED_LOAD, 2,
	    .reg = RDX, .mem_size = 1, .base = RBX),
	ROW(64, "48 63 movsxd rdx, dword [rbx]", BYTES(0x48, 0x63, 0x13),
	    SIGNED_LOAD, 8, .reg = RDX,
	    .mem_size = 4, .base = RBX),
	ROW(64, "63 movsxd edx, dword [rbx]", BYTES(0x63, 0x13),
	    SIGNED_LOAD, 4, .reg = RDX, .base = RBX),
	ROW(64, "66 63 movsxd dx, word [rbx]", BYTES(0x66, 0x63, 0x13),
	    SIGNED_LOAD, 2, .reg = RDX, .base = RBX),
};

static const struct row strings[] = {
	ROW(16, "a4 movsb", BYTES(0xa4), MOVS, 1),
	ROW(16, "a5 movsw", BYTES(0xa5), MOVS, 2),
	ROW(16, "66 a5 movsd", BYTES(0x66, 0xa5), MOVS, 4),
	ROW(16, "67 66 a5 movsd [esi]", BYTES(0x67, 0x66, 0xa5), MOVS, 4,
	    .address_size = 4),
	ROW(32, "f3 a5 rep movsd", BYTES(0xf3, 0xa5), MOVS, 4, .repeat = VHM_REPEAT_EQUAL),
	ROW(32, "f2 a4: REPNE repeats as well", BYTES(0xf2, 0xa4), MOVS, 1,
	    .repeat = VHM_REPEAT_NOT_EQUAL),
	ROW(32, "2e a4 movsb es:, cs:", BYTES(0x2e, 0xa4), MOVS, 1, .segment = CS),
	ROW(64, "48 a5 movsq", BYTES(0x48, 0xa5), MOVS, 8),
	ROW(64, "65 f3 48 a5 rep movsq gs:", BYTES(0x65, 0xf3, 0x48, 0xa5), MOVS, 8, .segment = GS,
	    .repeat = VHM_REPEAT_EQUAL),
	ROW(64, "67 f3 a4 rep movsb [esi]", BYTES(0x67, 0xf3, 0xa4), MOVS, 1,
	    .address_size = 4, .repeat = VHM_REPEAT_EQUAL),
	ROW(16, "aa stosb", BYTES(0xaa), STOS, 1),
	ROW(32, "ab stosd", BYTES(0xab), STOS, 4),
	ROW(32, "66 f3 ab rep stosw", BYTES(0x66, 0xf3, 0xab), STOS, 2, .repeat = VHM_REPEAT_EQUAL),
	ROW(32, "2e ab: STOS has no override", BYTES(0x2e, 0xab), STOS, 4,
	    .segment = CS),
	ROW(64, "64 aa: nor FS", BYTES(0x64, 0xaa), STOS, 1, .segment = FS),
	ROW(64, "f3 48 ab rep stosq", BYTES(0xf3, 0x48, 0xab), STOS, 8, .repeat = VHM_REPEAT_EQUAL),
	ROW(16, "ac lodsb", BYTES(0xac), LODS, 1),
	ROW(16, "26 ad lodsw es:", BYTES(0x26, 0xad), LODS, 2, .segment = ES),
	ROW(32, "ad lodsd", BYTES(0xad), LODS, 4),
	ROW(64, "48 ad lodsq", BYTES(0x48, 0xad), LODS, 8),
	ROW(64, "f3 ac rep lodsb", BYTES(0xf3, 0xac), LODS, 1, .repeat = VHM_REPEAT_EQUAL),
};

static const struct row prefixes[] = {
	ROW(32, "es:", BYTES(0x26, 0x8b, 0x03), LOAD, 4, .base = RBX, .segment = ES),
	ROW(32, "cs:", BYTES(0x2e, 0x8b, 0x03), LOAD, 4, .base = RBX, .segment = CS),
	ROW(32, "ss:", BYTES(0x36, 0x8b, 0x03), LOAD, 4, .base = RBX, .segment = SS),
	ROW(32, "ds: over [ebp]", BYTES(0x3e, 0x8b, 0x45, 0), LOAD, 4, .base = RBP),
	ROW(32, "fs:", BYTES(0x64, 0x8b, 0x03), LOAD, 4, .base = RBX, .segment = FS),
	ROW(32, "gs:", BYTES(0x65, 0x8b, 0x03), LOAD, 4, .base = RBX, .segment = GS),
	ROW(32, "the last override counts", BYTES(0x26, 0x64, 0x2e, 0x8b, 0x03), LOAD, 4,
	    .base = RBX, .segment = CS),
	ROW(16, "gs: in 16 bit", BYTES(0x65, 0x8b, 0x07), LOAD, 2, .base = RBX, .segment = GS),
	ROW(64, "cs: ignored in 64-bit mode", BYTES(0x2e, 0x8b, 0x03), LOAD, 4, .base = RBX),
	ROW(64, "es: ignored over [rsp]", BYTES(0x26, 0x8b, 0x04, 0x24), LOAD, 4, .base = RSP,
	    .segment = SS),
	ROW(64, "fs: survives ds:", BYTES(0x64, 0x3e, 0x8b, 0x03), LOAD, 4, .base = RBX,
	    .segment = FS),
	ROW(64, "gs: after fs:", BYTES(0x64, 0x65, 0x8b, 0x03), LOAD, 4, .base = RBX,
	    .segment = GS),
	ROW(64, "66 twice", BYTES(0x66, 0x66, 0x8b, 0x03), LOAD, 2, .base = RBX),
	ROW(64, "67 twice", BYTES(0x67, 0x67, 0x8b, 0x03), LOAD, 4, .base = RBX,
	    .address_size = 4),
	ROW(64, "REX before 66 is ignored", BYTES(0x48, 0x66, 0x8b, 0x03), LOAD, 2,
	    .base = RBX),
	ROW(64, "REX before fs: is ignored", BYTES(0x4f, 0x64, 0x8b, 0x03), LOAD, 4,
	    .base = RBX, .segment = FS),
	ROW(64, "the last REX counts", BYTES(0x4f, 0x41, 0x8b, 0x03), LOAD, 4, .base = R11),
	ROW(64, "f3 has no effect on 88 (XRELEASE)", BYTES(0xf3, 0x88, 0x03), STORE, 1,
	    .base = RBX),
	ROW(64, "f2 has no effect on 8b", BYTES(0xf2, 0x8b, 0x03), LOAD, 4, .base = RBX),
	ROW(64, "f3 has no effect on 0f b6", BYTES(0xf3, 0x0f, 0xb6, 0x03), LOAD, 4,
	    .mem_size = 1, .base = RBX),
	ROW(32, "13 prefixes, 15 bytes",
	    BYTES(0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
		  0x8b, 0x03),
	    LOAD, 4, .base = RBX),
	ROW(64, "15 bytes with SIB, disp32, imm32",
	    BYTES(0x64, 0x67, 0x3e, 0x48, 0xc7, 0x84, 0xc8, 1, 0, 0, 0, 2, 0, 0, 0),
	    STORE_IMM, 8, .base = RAX, .index = RCX, .scale = 8, .displacement = 1,
	    .immediate = 2, .segment = FS, .address_size = 4),
};

/* One row for each way in which operands, sizes and accesses differ. */
static const struct row changes[] = {
	ROW(16, "00 add [bx], al", BYTES(0x00, 0x07), CHANGE(ADD), 1, .base = RBX),
	ROW(64, "48 01 add [rbx], rcx", BYTES(0x48, 0x01, 0x0b), CHANGE(ADD), 8, .reg = RCX,
	    .base = RBX),
	ROW(32, "02 add dh, [ebx]", BYTES(0x02, 0x33), TAKE(ADD), 1, .reg = RDX,
	    .high_byte = true, .base = RBX),
	ROW(64, "0b or ecx, [rbx]", BYTES(0x0b, 0x0b), TAKE(OR), 4, .reg = RCX, .base = RBX),
	ROW(32, "66 11 adc [ebx], cx", BYTES(0x66, 0x11, 0x0b), CHANGE(ADC), 2, .reg = RCX,
	    .base = RBX),
	ROW(64, "f0 29 lock sub [rbx], ecx", BYTES(0xf0, 0x29, 0x0b), CHANGE(SUB), 4, .reg = RCX,
	    .base = RBX),
	ROW(64, "39 cmp [rbx], ecx", BYTES(0x39, 0x0b), LOOK(CMP), 4, .reg = RCX, .base = RBX),
	ROW(64, "3b cmp ecx, [rbx]", BYTES(0x3b, 0x0b), TAKE(CMP), 4, .reg = RCX, .base = RBX),
	ROW(64, "80 /4 and byte [rbx], 80", BYTES(0x80, 0x23, 0x80), CHANGE_IMM(AND), 1,
	    .base = RBX, .immediate = -0x80),
	ROW(64, "48 81 /6 xor qword [rbx]", BYTES(0x48, 0x81, 0x33, 0, 0, 0, 0x80),
	    CHANGE_IMM(XOR), 8, .base = RBX, .immediate = (s32)0x80000000),
	ROW(32, "82 /0 as 80", BYTES(0x82, 0x03, 0x01), CHANGE_IMM(ADD), 1, .base = RBX,
	    .immediate = 1),
	ROW(16, "83 /3 sbb word [bx], -1", BYTES(0x83, 0x1f, 0xff), CHANGE_IMM(SBB), 2,
	    .base = RBX, .immediate = -1),
	ROW(64, "83 /7 cmp dword [rbx], 7f", BYTES(0x83, 0x3b, 0x7f), LOOK_IMM(CMP), 4,
	    .base = RBX, .immediate = 0x7f),
	ROW(64, "85 test [rbx], ecx", BYTES(0x85, 0x0b), LOOK(TEST), 4, .reg = RCX, .base = RBX),
	ROW(64, "f6 /0 test byte [rbx], 1", BYTES(0xf6, 0x03, 0x01), LOOK_IMM(TEST), 1,
	    .base = RBX, .immediate = 1),
	ROW(64, "f7 /1 test dword [rbx], as /0", BYTES(0xf7, 0x0b, 1, 2, 3, 4), LOOK_IMM(TEST), 4,
	    .base = RBX, .immediate = 0x04030201),
	ROW(64, "87 xchg [rbx], ecx", BYTES(0x87, 0x0b), CHANGE(XCHG), 4, .reg = RCX,
	    .base = RBX, .needs = 0),
	ROW(64, "f7 /2 not", BYTES(0xf7, 0x13), CHANGE_ONE(NOT), 4, .base = RBX, .needs = 0),
	ROW(64, "f0 f6 /3 lock neg byte", BYTES(0xf0, 0xf6, 0x1b), CHANGE_ONE(NEG), 1,
	    .base = RBX),
	ROW(64, "48 ff /0 inc", BYTES(0x48, 0xff, 0x03), CHANGE_ONE(INC), 8, .base = RBX),
	ROW(64, "fe /1 dec byte", BYTES(0xfe, 0x0b), CHANGE_ONE(DEC), 1, .base = RBX),
	ROW(64, "f7 /4 mul", BYTES(0xf7, 0x23), SOURCE(MUL), 4, .base = RBX),
	ROW(64, "f6 /7 idiv byte", BYTES(0xf6, 0x3b), SOURCE(IDIV), 1, .base = RBX),
	ROW(64, "0f af imul", BYTES(0x0f, 0xaf, 0x0b), TAKE(IMUL), 4, .reg = RCX, .base = RBX),
	ROW(64, "69 imul of three", BYTES(0x69, 0x0b, 1, 2, 3, 4), TAKE(IMUL_IMM), 4, .reg = RCX,
	    .base = RBX, .immediate = 0x04030201),
	ROW(64, "48 6b imul of three, byte", BYTES(0x48, 0x6b, 0x0b, 0xfe), TAKE(IMUL_IMM), 8,
	    .reg = RCX, .base = RBX, .immediate = -2),
	ROW(64, "c0 /0 rol byte, 3", BYTES(0xc0, 0x03, 0x03), CHANGE_ONE(ROL), 1, .base = RBX,
	    .immediate = 3),
	ROW(64, "d1 /7 sar, 1", BYTES(0xd1, 0x3b), CHANGE_ONE(SAR), 4, .base = RBX,
	    .immediate = 1),
	ROW(64, "d3 /6: shl, cl", BYTES(0xd3, 0x33), CHANGE_ONE(SHL), 4, .base = RBX,
	    .count_in_cl = true),
	ROW(64, "0f a4 shld, 5", BYTES(0x0f, 0xa4, 0x0b, 0x05), CHANGE(SHLD), 4, .reg = RCX,
	    .base = RBX, .immediate = 5),
	ROW(64, "0f ad shrd, cl", BYTES(0x0f, 0xad, 0x13), CHANGE(SHRD), 4, .reg = RDX,
	    .base = RBX, .count_in_cl = true),
	ROW(64, "0f a3 bt", BYTES(0x0f, 0xa3, 0x0b), LOOK(BT), 4, .reg = RCX, .base = RBX,
	    .bit_string = true),
	ROW(64, "f0 0f ab lock bts", BYTES(0xf0, 0x0f, 0xab, 0x0b), CHANGE(BTS), 4, .reg = RCX,
	    .base = RBX, .bit_string = true),
	ROW(64, "0f ba /4 bt, 21", BYTES(0x0f, 0xba, 0x23, 0x21), LOOK_IMM(BT), 4, .base = RBX,
	    .immediate = 0x21),
	ROW(64, "0f ba /7 btc, 1", BYTES(0x0f, 0xba, 0x3b, 0x01), CHANGE_IMM(BTC), 4,
	    .base = RBX, .immediate = 1),
	ROW(64, "0f c0 xadd byte", BYTES(0x0f, 0xc0, 0x0b), CHANGE(XADD), 1, .reg = RCX,
	    .base = RBX),
	ROW(64, "f0 48 0f b1 lock cmpxchg", BYTES(0xf0, 0x48, 0x0f, 0xb1, 0x0b), CHANGE(CMPXCHG),
	    8, .reg = RCX, .base = RBX),
	ROW(64, "0f c7 /1 cmpxchg8b", BYTES(0x0f, 0xc7, 0x0b), CHANGE_ONE(CMPXCHG8B), 8,
	    .base = RBX),
	ROW(64, "48 0f c7 /1 cmpxchg16b", BYTES(0x48, 0x0f, 0xc7, 0x0b), CHANGE_ONE(CMPXCHG8B),
	    16, .one_place = false, .base = RBX, .aligned = true),
	ROW(64, "0f 95 setnz", BYTES(0x0f, 0x95, 0x03), SETCC, 1, .base = RBX, .immediate = 5),
	ROW(64, "48 0f 4c cmovl", BYTES(0x48, 0x0f, 0x4c, 0x0b), TAKE(CMOVCC), 8, .reg = RCX,
	    .base = RBX, .immediate = 12),
	ROW(32, "a6 cmpsb", BYTES(0xa6), CMPS, 1),
	ROW(64, "f3 48 a7 repe cmpsq", BYTES(0xf3, 0x48, 0xa7), CMPS, 8,
	    .repeat = VHM_REPEAT_EQUAL),
	ROW(64, "f2 ae repne scasb", BYTES(0xf2, 0xae), SCAS, 1,
	    .repeat = VHM_REPEAT_NOT_EQUAL),
	ROW(64, "8c mov [rbx], gs", BYTES(0x8c, 0x2b), SELECTOR, 4, .reg = GS, .mem_size = 2,
	    .base = RBX),
	ROW(64, "0f 38 f0 movbe", BYTES(0x0f, 0x38, 0xf0, 0x0b), TAKE(MOVBE), 4, .reg = RCX,
	    .base = RBX, .needs = 0),
	ROW(64, "66 0f 38 f1 movbe", BYTES(0x66, 0x0f, 0x38, 0xf1, 0x0b), STORE, 2,
	    .op = VHM_INSN_MOVBE, .plain = false, .reg = RCX, .base = RBX),
	ROW(64, "0f c3 movnti", BYTES(0x48, 0x0f, 0xc3, 0x0b), STORE, 8, .reg = RCX,
	    .base = RBX),
};

static const struct row stacks[] = {
	ROW(64, "51 push rcx", BYTES(0x51), PUSH, 8, .reg = RCX),
	ROW(64, "41 51 push r9", BYTES(0x41, 0x51), PUSH, 8, .reg = R9),
	ROW(64, "66 51 push cx", BYTES(0x66, 0x51), PUSH, 2, .reg = RCX),
	ROW(32, "54 push esp", BYTES(0x54), PUSH, 4, .reg = RSP),
	ROW(16, "54 push sp", BYTES(0x54), PUSH, 2, .reg = RSP),
	ROW(64, "59 pop rcx", BYTES(0x59), POP, 8, .reg = RCX),
	ROW(32, "66 5c pop sp", BYTES(0x66, 0x5c), POP, 2, .reg = RSP),
	ROW(64, "68 push imm32", BYTES(0x68, 0, 0, 0, 0x80), PUSH_IMM, 8,
	    .immediate = (s32)0x80000000),
	ROW(64, "66 68 push imm16", BYTES(0x66, 0x68, 0xff, 0xff), PUSH_IMM, 2, .immediate = -1),
	ROW(16, "6a push imm8", BYTES(0x6a, 0x80), PUSH_IMM, 2, .immediate = -0x80),
	ROW(64, "ff /6 push [rbx]", BYTES(0xff, 0x33), PUSH_MEM, 8, .base = RBX),
	ROW(64, "ff /6 push rcx", BYTES(0xff, 0xf1), PUSH, 8, .reg = RCX),
	ROW(64, "8f /0 pop [rbx]", BYTES(0x8f, 0x03), POP_MEM, 8, .base = RBX),
	ROW(64, "41 8f /0 pop r9", BYTES(0x41, 0x8f, 0xc1), POP, 8, .reg = R9),
	ROW(32, "16 push ss", BYTES(0x16), PUSH_SELECTOR, 4, .reg = SS, .mem_size = 2),
	ROW(16, "06 push es", BYTES(0x06), PUSH_SELECTOR, 2),
	ROW(64, "0f a8 push gs", BYTES(0x0f, 0xa8), PUSH_SELECTOR, 8, .reg = GS),
	ROW(64, "66 c9 leave", BYTES(0x66, 0xc9), LEAVE, 2),
	ROW(64, "e8 call", BYTES(0xe8, 0xfe, 0xff, 0xff, 0xff), CALL_REL, 8, .immediate = -2),
	ROW(64, "66 e8 call: no 16 bits in 64-bit mode", BYTES(0x66, 0xe8, 1, 0, 0, 0), CALL_REL,
	    8, .immediate = 1),
	ROW(16, "e8 call", BYTES(0xe8, 0xfd, 0xff), CALL_REL, 2, .immediate = -3),
	ROW(64, "ff /2 call [rbx]", BYTES(0xff, 0x13), CALL_MEM, 8, .base = RBX),
	ROW(64, "ff /2 call rcx", BYTES(0xff, 0xd1), CALL_REG, 8, .reg = RCX),
	ROW(32, "ff /4 jmp [ebx]", BYTES(0xff, 0x23), JMP, 4, .base = RBX),
	ROW(64, "c3 ret", BYTES(0xc3), RET, 8),
	ROW(32, "c2 ret fff0", BYTES(0xc2, 0xf0, 0xff), RET, 4, .immediate = 0xfff0),
};

static const struct row vectors[] = {
	ROW(64, "0f 28 movaps", BYTES(0x0f, 0x28, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .base = RBX, .aligned = true),
	ROW(64, "44 0f 29 movaps", BYTES(0x44, 0x0f, 0x29, 0x0b), XMM_STORE(MOV), 16, .reg = 9,
	    .base = RBX, .aligned = true),
	ROW(32, "66 0f 10 movupd", BYTES(0x66, 0x0f, 0x10, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .base = RBX),
	ROW(64, "f3 0f 10 movss", BYTES(0xf3, 0x0f, 0x10, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .mem_size = 4, .base = RBX),
	ROW(64, "f2 0f 11 movsd", BYTES(0xf2, 0x0f, 0x11, 0x0b), XMM_STORE(MOV), 16, .reg = 1,
	    .mem_size = 8, .base = RBX),
	ROW(64, "66 f2 0f 11: F2 hides 66", BYTES(0x66, 0xf2, 0x0f, 0x11, 0x0b), XMM_STORE(MOV),
	    16, .reg = 1, .mem_size = 8, .base = RBX),
	ROW(64, "66 0f 12 movlpd", BYTES(0x66, 0x0f, 0x12, 0x0b), XMM_LOAD(MOV_LOW), 16,
	    .reg = 1, .mem_size = 8, .base = RBX),
	ROW(64, "0f 17 movhps", BYTES(0x0f, 0x17, 0x0b), XMM_STORE(MOV_HIGH), 16, .reg = 1,
	    .mem_size = 8, .base = RBX),
	ROW(64, "66 0f 6e movd", BYTES(0x66, 0x0f, 0x6e, 0x0b), XMM_LOAD(MOV), 4, .reg = 1,
	    .base = RBX),
	ROW(64, "66 48 0f 7e movq", BYTES(0x66, 0x48, 0x0f, 0x7e, 0x0b), XMM_STORE(MOV), 8,
	    .reg = 1, .base = RBX),
	ROW(64, "f3 0f 7e movq", BYTES(0xf3, 0x0f, 0x7e, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .mem_size = 8, .base = RBX),
	ROW(64, "66 0f d6 movq", BYTES(0x66, 0x0f, 0xd6, 0x0b), XMM_STORE(MOV), 16, .reg = 1,
	    .mem_size = 8, .base = RBX),
	ROW(64, "f3 0f 6f movdqu", BYTES(0xf3, 0x0f, 0x6f, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .base = RBX),
	ROW(64, "66 0f 7f movdqa", BYTES(0x66, 0x0f, 0x7f, 0x0b), XMM_STORE(MOV), 16, .reg = 1,
	    .base = RBX, .aligned = true),
	ROW(64, "66 0f e7 movntdq", BYTES(0x66, 0x0f, 0xe7, 0x0b), XMM_STORE(MOV), 16, .reg = 1,
	    .base = RBX, .aligned = true),
	ROW(64, "0f 2b movntps", BYTES(0x0f, 0x2b, 0x0b), XMM_STORE(MOV), 16, .reg = 1,
	    .base = RBX, .aligned = true),
	ROW(64, "66 0f 38 2a movntdqa", BYTES(0x66, 0x0f, 0x38, 0x2a, 0x0b), XMM_LOAD(MOV), 16,
	    .reg = 1, .base = RBX, .aligned = true),
	ROW(64, "f2 0f f0 lddqu", BYTES(0xf2, 0x0f, 0xf0, 0x0b), XMM_LOAD(MOV), 16, .reg = 1,
	    .base = RBX),
};

static const struct row failures[] = {
	FAIL(64, ENODATA, "no byte at all", .count = 0),
	FAIL(64, ENODATA, "prefixes alone", BYTES(0x66, 0x67, 0xf3, 0x48)),
	FAIL(64, ENODATA, "0f alone", BYTES(0x0f)),
	FAIL(64, ENODATA, "14 prefixes",
	     BYTES(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		   0x66)),
	FAIL(64, E2BIG, "15 prefixes",
	     BYTES(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		   0x66, 0x66)),
	FAIL(32, E2BIG, "14 prefixes and two bytes",
	     BYTES(0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e,
		   0x3e, 0x8b, 0x03)),
	FAIL(64, E2BIG, "16 bytes, the last an immediate's",
	     BYTES(0x64, 0x67, 0x3e, 0x3e, 0x48, 0xc7, 0x84, 0xc8, 1, 0, 0, 0, 2, 0, 0, 0)),
	FAIL(32, EINVAL, "lock mov [ebx], eax", BYTES(0xf0, 0x89, 0x03)),
	FAIL(32, EINVAL, "lock mov eax, ebx", BYTES(0xf0, 0x89, 0xd8)),
	FAIL(64, EINVAL, "lock movsb", BYTES(0xf0, 0xa4)),
	FAIL(64, EINVAL, "lock between prefixes", BYTES(0x66, 0xf0, 0x48, 0xc7, 0x00, 1, 0, 0, 0)),
	FAIL(64, EINVAL, "c6 /1", BYTES(0xc6, 0x08, 0x00)),
	FAIL(64, EINVAL, "c7 /7 with memory", BYTES(0xc7, 0x38, 0, 0, 0, 0)),
	FAIL(64, EINVAL, "c6 /6 with a register", BYTES(0xc6, 0xf0, 0x00)),
	FAIL(64, EOPNOTSUPP, "c6 f8 xabort", BYTES(0xc6, 0xf8, 0x00)),
	FAIL(64, EOPNOTSUPP, "c7 f8 xbegin", BYTES(0xc7, 0xf8, 0, 0, 0, 0)),
	FAIL(32, EOPNOTSUPP, "mov eax, ebx: no memory", BYTES(0x89, 0xd8)),
	FAIL(64, EOPNOTSUPP, "mov eax, 1 by c7: no memory", BYTES(0xc7, 0xc0, 1, 0, 0, 0)),
	FAIL(64, EOPNOTSUPP, "movzx eax, cl: no memory", BYTES(0x0f, 0xb6, 0xc1)),
	FAIL(32, EOPNOTSUPP, "63 outside 64-bit mode: ARPL", BYTES(0x63, 0x13)),
	FAIL(16, EOPNOTSUPP, "48 outside 64-bit mode: DEC", BYTES(0x48, 0x8b, 0x03)),
	FAIL(32, EOPNOTSUPP, "add eax, ebx: no memory", BYTES(0x01, 0xd8)),
	FAIL(64, EOPNOTSUPP, "inc eax by ff: no memory", BYTES(0xff, 0xc0)),
	FAIL(64, EOPNOTSUPP, "jmp rax: no memory", BYTES(0xff, 0xe0)),
	FAIL(64, EOPNOTSUPP, "movaps xmm0, xmm1: no memory", BYTES(0x0f, 0x28, 0xc1)),
	FAIL(64, EOPNOTSUPP, "movhlps", BYTES(0x0f, 0x12, 0xc1)),
	FAIL(64, EOPNOTSUPP, "rdrand: group 9, a register", BYTES(0x0f, 0xc7, 0xf0)),
	FAIL(64, EOPNOTSUPP, "8e mov es, [rax]", BYTES(0x8e, 0x00)),
	FAIL(64, EOPNOTSUPP, "ff /3 call far", BYTES(0xff, 0x18)),
	FAIL(64, EOPNOTSUPP, "ff /5 jmp far", BYTES(0xff, 0x28)),
	FAIL(64, EOPNOTSUPP, "0f 6f movq mm0", BYTES(0x0f, 0x6f, 0x03)),
	FAIL(64, EOPNOTSUPP, "f2 0f 38 f0 crc32", BYTES(0xf2, 0x0f, 0x38, 0xf0, 0x03)),
	FAIL(64, EOPNOTSUPP, "f3 0f 12 movsldup", BYTES(0xf3, 0x0f, 0x12, 0x03)),
	FAIL(64, EOPNOTSUPP, "66 0f fe paddd", BYTES(0x66, 0x0f, 0xfe, 0x03)),
	FAIL(32, EOPNOTSUPP, "60 pusha", BYTES(0x60)),
	FAIL(64, EINVAL, "8c /6", BYTES(0x8c, 0x30)),
	FAIL(64, EINVAL, "8f /1", BYTES(0x8f, 0x08)),
	FAIL(64, EINVAL, "fe /2", BYTES(0xfe, 0x10)),
	FAIL(64, EINVAL, "ff /7", BYTES(0xff, 0x38)),
	FAIL(64, EINVAL, "0f ba /3", BYTES(0x0f, 0xba, 0x18, 0x00)),
	FAIL(64, EINVAL, "82 in 64-bit mode", BYTES(0x82, 0x00, 0x00)),
	FAIL(64, EINVAL, "06 push es in 64-bit mode", BYTES(0x06)),
	FAIL(64, EINVAL, "66 0f c3 movnti", BYTES(0x66, 0x0f, 0xc3, 0x03)),
	FAIL(64, EINVAL, "f3 0f 28 movaps", BYTES(0xf3, 0x0f, 0x28, 0x03)),
	FAIL(64, EINVAL, "lock cmp [rbx], eax", BYTES(0xf0, 0x39, 0x03)),
	FAIL(64, EINVAL, "lock add eax, [rbx]", BYTES(0xf0, 0x03, 0x03)),
	FAIL(64, EINVAL, "lock add eax, ebx", BYTES(0xf0, 0x01, 0xd8)),
	FAIL(64, EINVAL, "lock test [rbx], eax", BYTES(0xf0, 0x85, 0x03)),
	FAIL(64, EINVAL, "lock bt [rbx], eax", BYTES(0xf0, 0x0f, 0xa3, 0x03)),
	FAIL(64, EINVAL, "lock shl [rbx]", BYTES(0xf0, 0xd1, 0x23)),
	FAIL(64, EINVAL, "lock shld [rbx], eax", BYTES(0xf0, 0x0f, 0xa5, 0x03)),
	FAIL(64, EINVAL, "lock mul [rbx]", BYTES(0xf0, 0xf7, 0x23)),
	FAIL(64, EINVAL, "lock setz [rbx]", BYTES(0xf0, 0x0f, 0x94, 0x03)),
	FAIL(64, EINVAL, "lock push [rbx]", BYTES(0xf0, 0xff, 0x33)),
	FAIL(64, EINVAL, "lock movaps [rbx], xmm0", BYTES(0xf0, 0x0f, 0x29, 0x03)),
	FAIL(64, EOPNOTSUPP, "0f 0b ud2", BYTES(0x0f, 0x0b)),
	FAIL(64, EOPNOTSUPP, "c5 VEX", BYTES(0xc5, 0xf8, 0x77)),
};

static bool same_accesses(const struct vhm_insn *a, const struct vhm_insn *b)
{
	return a->destination == b->destination && a->source == b->source &&
	       !memcmp(a->place, b->place, sizeof(a->place)) && a->plain == b->plain &&
	       a->one_place == b->one_place && a->modify == b->modify &&
	       a->needs == b->needs && a->string == b->string &&
	       a->aligned == b->aligned && a->bit_string == b->bit_string &&
	       a->count_in_cl == b->count_in_cl;
}

static bool same_insn(const struct vhm_insn *a, const struct vhm_insn *b)
{
	return a->op == b->op && a->length == b->length && a->mem_size == b->mem_size &&
	       a->size == b->size && same_accesses(a, b) &&
	       a->reg == b->reg && a->high_byte == b->high_byte &&
	       a->segment == b->segment && a->address_size == b->address_size &&
	       a->repeat == b->repeat && a->base == b->base && a->index == b->index &&
	       a->scale == b->scale && a->rip_relative == b->rip_relative &&
	       a->displacement == b->displacement && a->immediate == b->immediate;
}

static void print_insn(const char *what, const struct vhm_insn *insn)
{
	printf("# %s: op %u length %u size %u mem_size %u destination %u source %u\n", what,
	       insn->op, insn->length, insn->size, insn->mem_size, insn->destination,
	       insn->source);
	printf("#   reg %u high %u place %u %u %u plain %u one_place %u modify %u needs %x\n",
	       insn->reg, insn->high_byte, insn->place[0], insn->place[1], insn->place[2],
	       insn->plain, insn->one_place, insn->modify, insn->needs);
	printf("#   string %u aligned %u bit_string %u count_in_cl %u\n", insn->string,
	       insn->aligned, insn->bit_string, insn->count_in_cl);
	printf("#   segment %u address_size %u repeat %u base %d index %d scale %u rip %u\n",
	       insn->segment, insn->address_size, insn->repeat, insn->base, insn->index,
	       insn->scale, insn->rip_relative);
	printf("#   displacement %llx immediate %llx\n",
	       (unsigned long long)insn->displacement, (unsigned long long)insn->immediate);
}

/* An instruction cut short asks for more, wherever it is cut. */
static bool wants_more(const struct row *row)
{
	struct vhm_insn insn;
	unsigned int count;
	int ret;

	for (count = 0; count < row->count; count++) {
		ret = vhm_insn_decode(&insn, row->bytes, count, row->mode);
		if (ret != -ENODATA) {
			printf("# cut to %u bytes: %d\n", count, ret);
			return false;
		}
	}
	return true;
}

static bool ignores_what_follows(const struct row *row)
{
	struct vhm_insn insn;
	u8 bytes[64];
	int ret;

	memset(bytes, 0xf0, sizeof(bytes));
	memcpy(bytes, row->bytes, row->count);
	ret = vhm_insn_decode(&insn, bytes, sizeof(bytes), row->mode);
	if (ret)
		printf("# with more bytes behind: %d\n", ret);
	return !ret && insn.length == row->count;
}

static bool run_row(const struct row *row)
{
	struct vhm_insn insn, want = row->want;
	int ret;

	ret = vhm_insn_decode(&insn, row->bytes, row->count, row->mode);
	if (ret != row->result) {
		printf("# returned %d, wanted %d\n", ret, row->result);
		return false;
	}
	if (ret)
		return true;
	want.length = row->count;
	if (!want.mem_size)
		want.mem_size = want.size;
	if (!want.address_size)
		want.address_size = row->mode / 8;
	if (!want.scale)
		want.scale = 1;
	if (!same_insn(&insn, &want)) {
		print_insn("got", &insn);
		print_insn("wanted", &want);
		return false;
	}
	return wants_more(row) && ignores_what_follows(row);
}

static void run_rows(const char *title, const struct row *rows, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		tap_ok(run_row(&rows[i]), "decode: %s: %u bit: %s", title, rows[i].mode,
		       rows[i].name);
}

int main(void)
{
	tap_begin();
	run_rows("addresses", addresses, ARRAY_SIZE(addresses));
	run_rows("moves", moves, ARRAY_SIZE(moves));
	run_rows("strings", strings, ARRAY_SIZE(strings));
	run_rows("prefixes", prefixes, ARRAY_SIZE(prefixes));
	run_rows("changes", changes, ARRAY_SIZE(changes));
	run_rows("stacks", stacks, ARRAY_SIZE(stacks));
	run_rows("vectors", vectors, ARRAY_SIZE(vectors));
	run_rows("failures", failures, ARRAY_SIZE(failures));
	return tap_end();
}
