// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target of the guest page-table walk: any state of the guest, any tables, any address,
 * and a second CPU that writes into the tables. A walk must end, touch nothing but the entries
 * of its own path, and mark them only when it succeeds.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../module/walk.h"

/* What the fuzzer fills; the rest of the input is the tables, over and over. */
struct input {
	u64 cr0, cr3, cr4, efer;
	u64 pdpte[4];
	u64 linear;
	u64 seed;	/* of the second CPU; 0: there is none */
	u32 rflags;
	u8 cpl, maxphyaddr, gbpages, access;
	u8 tame;	/* TAME_* */
};

/* Chance alone hardly ever leads to the end of a walk; these make it likely. */
enum {
	TAME_MODE = 3,		/* one of the four paging modes, by the two lowest bits */
	TAME_STATE = 4,		/* ... instead of a state as wild as the input */
	TAME_ADDRESS = 8,	/* a canonical address */
	TAME_ENTRIES = 16,	/* entries that are present and reserve little */
};

static u8 memory[4096];
static unsigned int reads, exchanges;
static u64 seed;

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Guest memory repeats, so that any address leads somewhere. */
static u8 *at(u64 gpa)
{
	return memory + gpa % sizeof(memory);
}

static int read_memory(void *ctx, u64 gpa, void *entry, unsigned int size)
{
	(void)ctx;
	reads++;
	require(size == 4 || size == 8);
	require(gpa % size == 0 && gpa < BIT_ULL(52));
	memcpy(entry, at(gpa), size);
	return 0;
}

static int exchange_memory(void *ctx, u64 gpa, u64 old, u64 new, unsigned int size)
{
	u64 value = 0;

	(void)ctx;
	exchanges++;
	require(old != new && (old | 0x60) == (new | 0x60));
	if (seed) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		if (seed >> 62 == 0)
			at(gpa)[seed >> 33 & (size - 1)] ^= 1 << (seed >> 40 & 7);
	}
	memcpy(&value, at(gpa), size);
	if (value != old)
		return -EAGAIN;
	memcpy(at(gpa), &new, size);
	return 0;
}

static void fill_memory(const u8 *data, size_t size)
{
	size_t i;

	if (!size)
		memset(memory, 0, sizeof(memory));
	for (i = 0; size && i < sizeof(memory); i += size)
		memcpy(memory + i, data, size < sizeof(memory) - i ? size : sizeof(memory) - i);
}

static void tame_entries(void)
{
	u64 entry;
	size_t i;

	for (i = 0; i < sizeof(memory); i += sizeof(entry)) {
		memcpy(&entry, memory + i, sizeof(entry));
		entry = (entry & 0x800000ffc0001fffULL) | 0x100000001ULL;
		memcpy(memory + i, &entry, sizeof(entry));
	}
}

static void tame_state(struct vhm_walk_env *env, u8 mode)
{
	static const u64 cr4[] = { 0, BIT_ULL(5), BIT_ULL(5), BIT_ULL(5) | BIT_ULL(12) };

	env->cr0 |= BIT_ULL(31);
	env->cr4 = (env->cr4 & ~(BIT_ULL(5) | BIT_ULL(12))) | cr4[mode];
	env->efer = (env->efer & ~BIT_ULL(10)) | (mode >= 2 ? BIT_ULL(10) : 0);
}

static void check_result(const struct vhm_walk_env *env, u64 linear,
			 const struct vhm_walk_result *result)
{
	u64 offset = BIT_ULL(result->page_shift) - 1;

	require(result->page_shift == 12 || result->page_shift == 21 ||
		result->page_shift == 22 || result->page_shift == 30);
	require((result->gpa & offset) == (linear & offset));
	/* A 32-bit page table may hold addresses that the guest does not have. */
	require(result->gpa < BIT_ULL(env->maxphyaddr));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 before[sizeof(memory)];
	struct vhm_walk_result result;
	struct vhm_walk_env env;
	struct input input;
	int ret;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	fill_memory(data + sizeof(input), size - sizeof(input));
	if (input.tame & TAME_ENTRIES)
		tame_entries();
	memcpy(before, memory, sizeof(memory));
	reads = 0;
	exchanges = 0;
	seed = input.seed;
	env = (struct vhm_walk_env){
		.cr0 = input.cr0 | 1, .cr3 = input.cr3, .cr4 = input.cr4, .efer = input.efer,
		.rflags = input.rflags, .cpl = input.cpl & 3,
		.maxphyaddr = 32 + input.maxphyaddr % 21, .gbpages = input.gbpages & 1,
		.read = read_memory, .cmpxchg = exchange_memory,
	};
	memcpy(env.pdpte, input.pdpte, sizeof(env.pdpte));
	if (input.tame & TAME_STATE)
		tame_state(&env, input.tame & TAME_MODE);
	if (input.tame & TAME_ADDRESS)
		input.linear = (u64)((s64)(input.linear << 16) >> 16);
	ret = vhm_walk(&env, input.linear, input.access & 7, &result);
	require(ret == 0 || ret == -EFAULT || ret == -EINVAL || (ret == -EAGAIN && input.seed));
	require(reads <= 8 * 5 && exchanges <= 8 * 5);
	if (!ret)
		check_result(&env, input.linear, &result);
	if (ret == -EFAULT)
		require(result.error_code < 32);
	if (ret && !input.seed)
		require(!memcmp(before, memory, sizeof(memory)));
	return 0;
}
