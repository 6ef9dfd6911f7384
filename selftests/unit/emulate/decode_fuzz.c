// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target of the MMIO instruction decoder: any bytes in any mode. The first byte of the
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

static void check_fields(const struct vhm_insn *insn, unsigned int mode)
{
	int registers = mode == 64 ? 16 : 8;

	require(insn->op <= VHM_INSN_LODS);
	require(insn->length >= 1 && insn->length <= VHM_INSN_MAX_LENGTH);
	require(is_size(insn->mem_size) && is_size(insn->reg_size));
	require(insn->mem_size <= insn->reg_size);
	require(mode == 64 || insn->reg_size <= 4);
	require(insn->reg < (insn->high_byte ? 4 : registers));
	require(!insn->high_byte || insn->reg_size == 1);
	require(insn->segment <= 5);
	require(is_size(insn->address_size) && insn->address_size >= 2);
	require(mode == 64 ? insn->address_size >= 4 : insn->address_size <= 4);
	require(insn->base >= -1 && insn->base < registers);
	require(insn->index >= -1 && insn->index < registers && insn->index != 4);
	require(is_size(insn->scale));
	require(!insn->rip_relative || (mode == 64 && insn->base == -1 && insn->index == -1));
}

static u64 mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

/* The functions that act on registers, with extreme contents. */
static void use(const struct vhm_insn *insn)
{
	u64 regs[16];

	memset(regs, 0xff, sizeof(regs));
	require(vhm_insn_offset(insn, regs, ~0ULL) <= mask(insn->address_size));
	require(vhm_insn_movs_destination(insn, regs) <= mask(insn->address_size));
	require(vhm_insn_count(insn, regs) <= mask(insn->address_size));
	require(vhm_insn_store_value(insn, regs) <= mask(insn->mem_size));
	vhm_insn_load(insn, regs, 0x8080808080808080);
	vhm_insn_advance(insn, regs, false);
	vhm_insn_advance(insn, regs, true);
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
	check_fields(&insn, mode);
	use(&insn);
	require(insn.length <= size);
	require(!vhm_insn_decode(&again, data, insn.length, mode));
	require(again.length == insn.length && again.displacement == insn.displacement &&
		again.immediate == insn.immediate);
	require(vhm_insn_decode(&again, data, insn.length - 1, mode) == -ENODATA);
	return 0;
}
