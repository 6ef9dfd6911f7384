// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target of the instruction decoder: any bytes in any mode. The first byte of the
 * input chooses the mode, the rest is code. What comes out must make sense and must be the same
 * however many bytes follow the instruction.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/emulate.h"

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_size(unsigned int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static bool is_wide_size(unsigned int size)
{
	return is_size(size) || size == 16;
}

static void check_operands(const struct vhm_insn *insn, unsigned int mode)
{
	unsigned int registers = mode == 64 ? 16 : 8;

	require(insn->op < VHM_INSN_OPS);
	require(is_wide_size(insn->size) && is_wide_size(insn->mem_size));
	require(insn->mem_size <= insn->size);
	require(mode == 64 || insn->size != 8 || insn->op == VHM_INSN_CMPXCHG8B);
	require(insn->size != 16 || insn->op == VHM_INSN_CMPXCHG8B ||
		insn->needs & VHM_NEEDS_XMM);
	require(insn->destination <= VHM_OPERAND_XMM && insn->source <= VHM_OPERAND_XMM);
	require(insn->reg < (insn->high_byte ? 4 : registers));
	require(!(insn->needs & VHM_NEEDS_SELECTOR) || insn->reg <= 5);
	require(!insn->high_byte || insn->size == 1);
	require(!insn->bit_string || (insn->size >= 2 && insn->size <= 8));
}

/* An instruction that is decoded touches memory, in an order that the caller knows. */
static void check_accesses(const struct vhm_insn *insn)
{
	const u8 *place = insn->place;

	require(place[VHM_STEP_READ] || place[VHM_STEP_WRITE]);
	require(place[VHM_STEP_READ] <= VHM_PLACE_FRAME);
	require(!place[VHM_STEP_READ_SECOND] ||
		place[VHM_STEP_READ_SECOND] == VHM_PLACE_STRING);
	require(place[VHM_STEP_WRITE] <= VHM_PLACE_STACK);
	require(insn->modify == (place[VHM_STEP_READ] &&
				 place[VHM_STEP_READ] == place[VHM_STEP_WRITE]));
	require(!insn->plain || !place[VHM_STEP_READ] != !place[VHM_STEP_WRITE]);
	require(!insn->plain || insn->mem_size <= 8);
	require(!insn->aligned || insn->mem_size == 16);
	require(!insn->repeat || insn->string);
}

static void check_address(const struct vhm_insn *insn, unsigned int mode)
{
	int registers = mode == 64 ? 16 : 8;

	require(insn->segment <= 5);
	require(is_size(insn->address_size) && insn->address_size >= 2);
	require(mode == 64 ? insn->address_size >= 4 : insn->address_size <= 4);
	require(insn->base >= -1 && insn->base < registers);
	require(insn->index >= -1 && insn->index < registers && insn->index != 4);
	require(is_size(insn->scale));
	require(!insn->rip_relative || (mode == 64 && insn->base == -1 && insn->index == -1));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const unsigned int modes[] = { 16, 32, 64 };
	struct vhm_insn insn, again;
	unsigned int mode;
	int ret;

	if (!size)
		return 0;
	mode = modes[data[0] % 3];
	data++;
	size--;
	ret = vhm_insn_decode(&insn, data, size, mode);
	require(ret == 0 || ret == -ENODATA || ret == -EINVAL || ret == -E2BIG ||
		ret == -EOPNOTSUPP);
	require(ret != -ENODATA || size < VHM_INSN_MAX_LENGTH);
	if (ret)
		return 0;
	require(insn.length >= 1 && insn.length <= VHM_INSN_MAX_LENGTH && insn.length <= size);
	check_operands(&insn, mode);
	check_accesses(&insn);
	check_address(&insn, mode);
	require(!vhm_insn_decode(&again, data, insn.length, mode));
	require(!memcmp(&again, &insn, sizeof(insn)));
	require(vhm_insn_decode(&again, data, insn.length - 1, mode) == -ENODATA);
	return 0;
}
