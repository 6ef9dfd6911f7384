// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the guest page-table walk: tables of one path are built in a small guest memory, one
 * thing is made different in each row, and the result, the error code and the accessed and dirty
 * bits are compared. A second part goes through all combinations of rights.
 */
#include <string.h>

#include "../../../module/walk.h"
#include "../tap.h"

#define P	BIT_ULL(0)
#define RW	BIT_ULL(1)
#define US	BIT_ULL(2)
#define A	BIT_ULL(5)
#define D	BIT_ULL(6)
#define PS	BIT_ULL(7)
#define XD	BIT_ULL(63)

#define CR0_PE	BIT_ULL(0)
#define WP	BIT_ULL(16)
#define PG	BIT_ULL(31)
#define PSE	BIT_ULL(4)
#define PAE	BIT_ULL(5)
#define LA57	BIT_ULL(12)
#define SMEP	BIT_ULL(20)
#define SMAP	BIT_ULL(21)
#define LME	BIT_ULL(8)
#define LMA	BIT_ULL(10)
#define NXE	BIT_ULL(11)
#define AC	BIT_ULL(18)

#define READ	 VHM_ACCESS_READ
#define WRITE	 VHM_ACCESS_WRITE
#define FETCH	 VHM_ACCESS_FETCH
#define IMPLICIT VHM_ACCESS_IMPLICIT

enum { TOP = 0 };	/* in place of the number of the top level */

enum mode { BITS32, PAE_MODE, LEVEL4, LEVEL5 };

static const struct {
	const char *name;
	u64 cr4, efer;
	unsigned int levels, size, bits;
	u64 linear;
} modes[] = {
	[BITS32]   = { "32-bit", PSE, 0, 2, 4, 10, 0xc0123abc },
	[PAE_MODE] = { "PAE", PAE, 0, 2, 8, 9, 0xc0123abc },
	[LEVEL4]   = { "4-level", PAE, LME | LMA, 4, 8, 9, 0xffff8123456789ab },
	[LEVEL5]   = { "5-level", PAE | LA57, LME | LMA, 5, 8, 9, 0xff7123456789abcd },
};

/* The guest's memory: the table of level n lies at n pages. */
static struct {
	u8 bytes[6 * 4096];
	unsigned int reads, exchanges;
	int read_error, exchange_error;
	unsigned int races;	/* so many exchanges find a value that has just changed */
	u64 race_clears;	/* these bits, in the entry exchanged */
} memory;

static u64 *entry_at(u64 gpa)
{
	return (u64 *)(memory.bytes + gpa);
}

static int read_memory(void *ctx, u64 gpa, void *entry, unsigned int size)
{
	(void)ctx;
	memory.reads++;
	if (memory.read_error)
		return memory.read_error;
	if (gpa > sizeof(memory.bytes) - size || gpa % size)
		return -ENXIO;
	memcpy(entry, memory.bytes + gpa, size);
	return 0;
}

static int exchange_memory(void *ctx, u64 gpa, u64 old, u64 new, unsigned int size)
{
	u64 value = 0;

	(void)ctx;
	memory.exchanges++;
	if (memory.exchange_error)
		return memory.exchange_error;
	if (gpa > sizeof(memory.bytes) - size || gpa % size)
		return -ENXIO;
	memcpy(&value, memory.bytes + gpa, size);
	if (memory.races) {
		memory.races--;
		value &= ~memory.race_clears;
		memcpy(memory.bytes + gpa, &value, size);
		return -EAGAIN;
	}
	if (value != old)
		return -EAGAIN;
	memcpy(memory.bytes + gpa, &new, size);
	return 0;
}

struct row {
	const char *name;
	enum mode mode;
	unsigned int leaf;	/* level; 0 stands for 1 */
	u64 set[6], clear[6];	/* in each level's entry, from P | RW | US */
	u64 cr0, cr4, efer, rflags;	/* added */
	u64 clear_cr4;
	u64 linear;		/* 0: that of the mode */
	u8 cpl;
	u8 maxphyaddr;		/* 0: 40 */
	bool no_gbpages;
	bool no_pdpte;
	unsigned int access;
	int want;
	u32 error;		/* wanted error code with -EFAULT */
	u64 frame;		/* wanted; 0: leaf_frame() */
};

static unsigned int leaf_level(const struct row *row)
{
	return row->leaf ? row->leaf : 1;
}

static u64 row_linear(const struct row *row)
{
	return row->linear ? row->linear : modes[row->mode].linear;
}

/* Small pages lie in frame 345, large ones at 1 GiB. */
static u64 leaf_frame(const struct row *row)
{
	return leaf_level(row) == 1 ? 0x345000 : 0x40000000;
}

static unsigned int shift_of(enum mode mode, unsigned int level)
{
	return 12 + (level - 1) * modes[mode].bits;
}

static u64 entry_gpa(const struct row *row, unsigned int level)
{
	u64 index = row_linear(row) >> shift_of(row->mode, level);

	return level * 4096 + (index & ((1 << modes[row->mode].bits) - 1)) * modes[row->mode].size;
}

static u64 entry_value(const struct row *row, unsigned int level)
{
	u64 value = P | RW | US;

	if (level == leaf_level(row))
		value |= leaf_frame(row) | (level > 1 ? PS : 0);
	else
		value |= (level - 1) * 4096;
	value = (value | row->set[level]) & ~row->clear[level];
	if (level == modes[row->mode].levels)
		value = (value | row->set[TOP]) & ~row->clear[TOP];
	return value;
}

static void build(const struct row *row, struct vhm_walk_env *env)
{
	unsigned int level;
	u64 value;

	memset(&memory, 0, sizeof(memory));
	for (level = modes[row->mode].levels; level >= leaf_level(row); level--) {
		value = entry_value(row, level);
		memcpy(entry_at(entry_gpa(row, level)), &value, modes[row->mode].size);
	}
	*env = (struct vhm_walk_env){
		.cr0 = CR0_PE | PG | row->cr0,
		.cr3 = modes[row->mode].levels * 4096 | 0x18,
		.cr4 = (modes[row->mode].cr4 | row->cr4) & ~row->clear_cr4,
		.efer = modes[row->mode].efer | row->efer,
		.rflags = row->rflags | 2,
		.cpl = row->cpl,
		.maxphyaddr = row->maxphyaddr ? row->maxphyaddr : 40,
		.gbpages = !row->no_gbpages,
		.read = read_memory,
		.cmpxchg = exchange_memory,
	};
	if (row->mode == PAE_MODE) {
		env->cr3 = 0xdead000;	/* must not be looked at */
		env->pdpte[row_linear(row) >> 30 & 3] = row->no_pdpte ? 0x2000 : 0x2001;
	}
}

/* After success A is set at every level and D in the leaf of a write; otherwise nothing. */
static bool marks_are_right(const struct row *row)
{
	unsigned int level;
	u64 want, got;

	for (level = modes[row->mode].levels; level >= leaf_level(row); level--) {
		want = entry_value(row, level);
		if (!row->want)
			want |= A;
		if (!row->want && row->access & WRITE && level == leaf_level(row))
			want |= D;
		got = 0;
		memcpy(&got, entry_at(entry_gpa(row, level)), modes[row->mode].size);
		if (got != (modes[row->mode].size == 4 ? (u32)want : want)) {
			printf("# level %u: entry %llx, wanted %llx\n", level, got, want);
			return false;
		}
	}
	return true;
}

static bool run_row(const struct row *row)
{
	u64 offset = BIT_ULL(shift_of(row->mode, leaf_level(row))) - 1;
	u64 gpa = (row->frame ? row->frame : leaf_frame(row)) | (row_linear(row) & offset);
	struct vhm_walk_result result;
	struct vhm_walk_env env;
	int ret;

	build(row, &env);
	ret = vhm_walk(&env, row_linear(row), row->access, &result);
	if (ret != row->want) {
		printf("# returned %d, wanted %d\n", ret, row->want);
		return false;
	}
	if (ret == -EFAULT && result.error_code != row->error) {
		printf("# error code %x, wanted %x\n", result.error_code, row->error);
		return false;
	}
	if (!ret && (result.gpa != gpa ||
		     result.page_shift != shift_of(row->mode, leaf_level(row)))) {
		printf("# gpa %llx shift %u, wanted %llx\n", result.gpa, result.page_shift, gpa);
		return false;
	}
	return marks_are_right(row);
}

#define PF(code) .want = -EFAULT, .error = (code)

/* What all modes have in common. */
static const struct row common_rows[] = {
	{ "read" },
	{ "write sets D", .access = WRITE },
	{ "fetch", .access = FETCH },
	{ "user read", .cpl = 3 },
	{ "user write", .cpl = 3, .access = WRITE },
	{ "A and D already set", .set = { [1] = A | D, [2] = A, [TOP] = A }, .access = WRITE },
	{ "leaf absent, read", .clear = { [1] = P }, PF(0) },
	{ "leaf absent, write", .clear = { [1] = P }, .access = WRITE, PF(2) },
	{ "leaf absent, user write", .clear = { [1] = P }, .cpl = 3, .access = WRITE, PF(6) },
	{ "leaf absent, fetch, no NXE nor SMEP", .clear = { [1] = P }, .access = FETCH, PF(0) },
	{ "leaf absent, fetch with SMEP", .clear = { [1] = P }, .cr4 = SMEP, .access = FETCH,
	  PF(16) },
	{ "leaf absent, its reserved bits do not matter", .clear = { [1] = P },
	  .set = { [1] = BIT_ULL(45) }, PF(0) },
	{ "top absent", .clear = { [TOP] = P }, PF(0) },
	{ "top absent, user fetch with SMEP", .clear = { [TOP] = P }, .cr4 = SMEP, .cpl = 3,
	  .access = FETCH, PF(20) },
	{ "user at a supervisor leaf", .clear = { [1] = US }, .cpl = 3, PF(5) },
	{ "user below a supervisor top", .clear = { [TOP] = US }, .cpl = 3, PF(5) },
	{ "CPL 2 is a supervisor", .clear = { [1] = US }, .cpl = 2 },
	{ "implicit access at CPL 3 is a supervisor's", .clear = { [1] = US }, .cpl = 3,
	  .access = IMPLICIT },
	{ "user write to a read-only leaf", .clear = { [1] = RW }, .cpl = 3,
	  .access = WRITE, PF(7) },
	{ "user write below a read-only top", .clear = { [TOP] = RW }, .cpl = 3,
	  .access = WRITE, PF(7) },
	{ "user read of a read-only leaf", .clear = { [1] = RW }, .cpl = 3 },
	{ "supervisor write to read-only, no WP", .clear = { [1] = RW }, .access = WRITE },
	{ "supervisor write to read-only, WP", .clear = { [1] = RW }, .cr0 = WP,
	  .access = WRITE, PF(3) },
	{ "supervisor write below read-only, WP", .clear = { [TOP] = RW }, .cr0 = WP,
	  .access = WRITE, PF(3) },
	{ "supervisor fetch from user page, SMEP", .cr4 = SMEP, .access = FETCH, PF(17) },
	{ "supervisor fetch from supervisor page, SMEP", .clear = { [TOP] = US }, .cr4 = SMEP,
	  .access = FETCH },
	{ "user fetch with SMEP", .cr4 = SMEP, .cpl = 3, .access = FETCH },
	{ "supervisor read of user page, SMAP", .cr4 = SMAP, PF(1) },
	{ "supervisor write to user page, SMAP", .cr4 = SMAP, .access = WRITE, PF(3) },
	{ "supervisor read of user page, SMAP, AC", .cr4 = SMAP, .rflags = AC },
	{ "implicit read of user page, SMAP, AC", .cr4 = SMAP, .rflags = AC,
	  .access = IMPLICIT, PF(1) },
	{ "implicit read at CPL 3 of user page, SMAP", .cr4 = SMAP, .rflags = AC, .cpl = 3,
	  .access = IMPLICIT, PF(1) },
	{ "supervisor read of supervisor page, SMAP", .clear = { [1] = US }, .cr4 = SMAP },
	{ "user read with SMAP", .cr4 = SMAP, .cpl = 3 },
	{ "supervisor fetch from user page, SMAP", .cr4 = SMAP, .access = FETCH },
};

/* The modes with 8-byte entries: execute-disable and reserved bits. */
static const struct row wide_rows[] = {
	{ "XD in the leaf, fetch", .set = { [1] = XD }, .efer = NXE, .access = FETCH, PF(17) },
	{ "XD above, fetch", .set = { [2] = XD }, .efer = NXE, .access = FETCH, PF(17) },
	{ "XD, user fetch", .set = { [1] = XD }, .efer = NXE, .cpl = 3, .access = FETCH,
	  PF(21) },
	{ "XD, read", .set = { [1] = XD }, .efer = NXE },
	{ "leaf absent, fetch, NXE", .clear = { [1] = P }, .efer = NXE, .access = FETCH,
	  PF(16) },
	{ "XD without NXE is reserved: leaf", .set = { [1] = XD }, PF(9) },
	{ "XD without NXE is reserved: top", .set = { [TOP] = XD }, .access = WRITE, PF(11) },
	{ "address above MAXPHYADDR: leaf", .set = { [1] = BIT_ULL(40) }, PF(9) },
	{ "address above MAXPHYADDR: top", .set = { [TOP] = BIT_ULL(40) }, .cpl = 3, PF(13) },
	{ "bit 51 with MAXPHYADDR 52", .set = { [1] = BIT_ULL(51) }, .maxphyaddr = 52,
	  .frame = 0x8000000345000 },
	{ "bit 36 with MAXPHYADDR 36", .set = { [1] = BIT_ULL(36) }, .maxphyaddr = 36, PF(9) },
	{ "reserved wins over rights", .set = { [1] = BIT_ULL(50) }, .clear = { [1] = US },
	  .cpl = 3, PF(13) },
	{ "reserved below an absent one is not seen", .set = { [1] = BIT_ULL(50) },
	  .clear = { [2] = P }, PF(0) },
	{ "2 MiB", .leaf = 2 },
	{ "2 MiB, write", .leaf = 2, .access = WRITE },
	{ "2 MiB, PAT bit 12 is not reserved", .leaf = 2, .set = { [2] = BIT_ULL(12) } },
	{ "2 MiB, bit 13 reserved", .leaf = 2, .set = { [2] = BIT_ULL(13) }, PF(9) },
	{ "2 MiB, bit 20 reserved", .leaf = 2, .set = { [2] = BIT_ULL(20) }, PF(9) },
	{ "2 MiB, user write to read-only", .leaf = 2, .clear = { [2] = RW }, .cpl = 3,
	  .access = WRITE, PF(7) },
	{ "2 MiB without CR4.PSE", .leaf = 2, .clear_cr4 = PSE },
	{ "PAT bit 7 of a page-table entry is not PS", .set = { [1] = BIT_ULL(7) } },
};

static const struct row long_rows[] = {
	{ "bits 62:52 are ignored", .set = { [1] = 0x7ff0000000000000,
						[TOP] = 0x7ff0000000000000 } },
	{ "1 GiB", .leaf = 3 },
	{ "1 GiB, write", .leaf = 3, .access = WRITE },
	{ "1 GiB, bit 29 reserved", .leaf = 3, .set = { [3] = BIT_ULL(29) }, PF(9) },
	{ "1 GiB, bit 13 reserved", .leaf = 3, .set = { [3] = BIT_ULL(13) }, PF(9) },
	{ "1 GiB, PAT bit 12 is not reserved", .leaf = 3, .set = { [3] = BIT_ULL(12) } },
	{ "1 GiB pages that the guest lacks", .leaf = 3, .no_gbpages = true, PF(9) },
	{ "PS in the top entry is reserved", .set = { [TOP] = PS }, PF(9) },
};

static const struct row rows_32bit[] = {
	{ "fetch, no NXE effect", .efer = NXE, .access = FETCH, .clear = { [1] = P }, PF(0) },
	{ "4 MiB", .leaf = 2 },
	{ "4 MiB, write", .leaf = 2, .access = WRITE },
	{ "4 MiB, user at supervisor", .leaf = 2, .clear = { [2] = US }, .cpl = 3, PF(5) },
	{ "4 MiB, PAT bit 12 is not reserved", .leaf = 2, .set = { [2] = BIT_ULL(12) } },
	{ "4 MiB, bit 21 reserved", .leaf = 2, .set = { [2] = BIT_ULL(21) }, PF(9) },
	{ "PSE-36: bit 13 is address bit 32", .leaf = 2, .set = { [2] = BIT_ULL(13) },
	  .frame = 0x140000000 },
	{ "PSE-36: bit 20 is address bit 39", .leaf = 2, .set = { [2] = BIT_ULL(20) },
	  .frame = 0x8040000000 },
	{ "PSE-36: bit 16 with MAXPHYADDR 36", .leaf = 2, .set = { [2] = BIT_ULL(16) },
	  .maxphyaddr = 36, .frame = 0x840000000 },
	{ "PSE-36: bit 17 with MAXPHYADDR 36 is reserved", .leaf = 2,
	  .set = { [2] = BIT_ULL(17) }, .maxphyaddr = 36, PF(9) },
	{ "PSE-36: 40 bits with MAXPHYADDR 52", .leaf = 2, .set = { [2] = BIT_ULL(20) },
	  .maxphyaddr = 52, .frame = 0x8040000000 },
	{ "PSE-36: bit 21 with MAXPHYADDR 52 is reserved", .leaf = 2,
	  .set = { [2] = BIT_ULL(21) }, .maxphyaddr = 52, PF(9) },
	{ "PS without CR4.PSE is ignored", .set = { [2] = PS }, .clear_cr4 = PSE },
	{ "upper half of the address is ignored", .linear = 0x12345678c0123abc },
};

static const struct row rows_pae[] = {
	{ "PDPTE absent", .no_pdpte = true, PF(0) },
	{ "PDPTE absent, user write", .no_pdpte = true, .cpl = 3, .access = WRITE, PF(6) },
	{ "PDPTE 0", .linear = 0x00123abc },
	{ "PDPTE 1", .linear = 0x40123abc },
	{ "PDPTE 2", .linear = 0x80123abc },
	{ "bit 62 is reserved", .set = { [1] = BIT_ULL(62) }, PF(9) },
	{ "bit 52 is reserved with MAXPHYADDR 52", .set = { [2] = BIT_ULL(52) },
	  .maxphyaddr = 52, PF(9) },
	{ "upper half of the address is ignored", .linear = 0xffffffffc0123abc },
};

static const struct row rows_4level[] = {
	{ "highest address of the lower half", .linear = 0x00007fffffffffff },
	{ "lowest address of the upper half", .linear = 0xffff800000000000 },
	{ "not canonical: lowest", .linear = 0x0000800000000000, .want = -EINVAL },
	{ "not canonical: highest", .linear = 0xffff7fffffffffff, .want = -EINVAL },
	{ "not canonical: bit 63 alone", .linear = 0x8000000000001000, .want = -EINVAL },
	{ "not canonical, user fetch", .linear = 0x1234000000000000, .cpl = 3,
	  .access = FETCH, .want = -EINVAL },
};

static const struct row rows_5level[] = {
	{ "PS in the PML4 entry is reserved", .set = { [4] = PS }, PF(9) },
	{ "canonical with 57 bits only", .linear = 0x0000800000000000 },
	{ "highest address of the lower half", .linear = 0x00ffffffffffffff },
	{ "lowest address of the upper half", .linear = 0xff00000000000000 },
	{ "not canonical: lowest", .linear = 0x0100000000000000, .want = -EINVAL },
	{ "not canonical: highest", .linear = 0xfeffffffffffffff, .want = -EINVAL },
};

static void run_rows(const struct row *rows, unsigned int count, enum mode mode)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct row row = rows[i];

		row.mode = mode;
		tap_ok(run_row(&row), "walk: %s: %s", modes[row.mode].name, row.name);
	}
}

static void test_rows(void)
{
	enum mode mode;

	for (mode = BITS32; mode <= LEVEL5; mode++) {
		run_rows(common_rows, ARRAY_SIZE(common_rows), mode);
		if (modes[mode].size == 8)
			run_rows(wide_rows, ARRAY_SIZE(wide_rows), mode);
		if (modes[mode].levels >= 4)
			run_rows(long_rows, ARRAY_SIZE(long_rows), mode);
	}
	run_rows(rows_32bit, ARRAY_SIZE(rows_32bit), BITS32);
	run_rows(rows_pae, ARRAY_SIZE(rows_pae), PAE_MODE);
	run_rows(rows_4level, ARRAY_SIZE(rows_4level), LEVEL4);
	run_rows(rows_5level, ARRAY_SIZE(rows_5level), LEVEL5);
}

static void test_unpaged(void)
{
	struct vhm_walk_env env = {
		.cr0 = CR0_PE, .cr3 = 0x1000, .cr4 = PAE | PSE, .maxphyaddr = 40, .cpl = 3,
		.read = read_memory, .cmpxchg = exchange_memory,
	};
	struct vhm_walk_result result;
	int ret;

	memset(&memory, 0, sizeof(memory));
	ret = vhm_walk(&env, 0xfee00abc, WRITE, &result);
	tap_ok(!ret && result.gpa == 0xfee00abc && result.page_shift == 12, "walk: unpaged: same");
	ret = vhm_walk(&env, 0x1fee00abc, READ, &result);
	tap_ok(!ret && result.gpa == 0xfee00abc, "walk: unpaged: 32 bits");
	tap_ok(!memory.reads && !memory.exchanges, "walk: unpaged: memory is not touched");
}

static void test_errors(void)
{
	static const struct row row = { "plain", .mode = LEVEL4, .access = WRITE };
	struct vhm_walk_result result;
	struct vhm_walk_env env;
	u64 linear = row_linear(&row);

	build(&row, &env);
	memory.read_error = -ENXIO;
	tap_ok(vhm_walk(&env, linear, WRITE, &result) == -ENXIO, "walk: error of read");
	memory.read_error = -EFAULT;
	tap_ok(vhm_walk(&env, linear, WRITE, &result) == -EIO, "walk: EFAULT of read is not a #PF");
	memory.read_error = -EINVAL;
	tap_ok(vhm_walk(&env, linear, WRITE, &result) == -EIO,
	       "walk: EINVAL of read is not a non-canonical address");
	memory.read_error = 0;
	memory.exchange_error = -EROFS;
	tap_ok(vhm_walk(&env, linear, WRITE, &result) == -EROFS, "walk: error of cmpxchg");
	memory.exchange_error = -EFAULT;
	tap_ok(vhm_walk(&env, linear, WRITE, &result) == -EIO,
	       "walk: EFAULT of cmpxchg is not a #PF");
	build(&row, &env);
	env.cr3 = 0x7000000;
	tap_ok(vhm_walk(&env, linear, READ, &result) == -ENXIO, "walk: tables outside of memory");
}

static void test_races(void)
{
	static const struct row row = { "plain", .mode = LEVEL4, .access = WRITE };
	struct vhm_walk_result result;
	struct vhm_walk_env env;
	u64 linear = row_linear(&row);
	int ret;

	build(&row, &env);
	memory.races = 1;
	memory.race_clears = BIT_ULL(9);
	ret = vhm_walk(&env, linear, WRITE, &result);
	tap_ok(!ret && marks_are_right(&row), "walk: an entry touched meanwhile: walked again");

	build(&row, &env);
	memory.races = 1;
	memory.race_clears = P;
	ret = vhm_walk(&env, linear, WRITE, &result);
	tap_ok(ret == -EFAULT && result.error_code == 2, "walk: an entry removed meanwhile: #PF");

	build(&row, &env);
	memory.races = 1;
	memory.race_clears = US;
	env.cpl = 3;
	ret = vhm_walk(&env, linear, READ, &result);
	tap_ok(ret == -EFAULT && result.error_code == 5, "walk: rights removed meanwhile: #PF");

	build(&row, &env);
	memory.races = ~0U;
	ret = vhm_walk(&env, linear, WRITE, &result);
	tap_ok(ret == -EAGAIN && memory.reads < 100, "walk: never at rest: gives up");
}

/* One combination of everything that "Determination of Access Rights" names. */
struct rights {
	bool write, fetch, implicit, user_mode;
	bool us, rw, xd;	/* of the translation */
	bool wp, smep, smap, ac, nxe;
};

/* The section sentence by sentence, in its order, to compare with the code's shorter form. */
static bool allowed_by_sdm(const struct rights *r)
{
	bool supervisor_address = !r->us;

	if (!r->user_mode) {
		if (!r->write && !r->fetch) {
			if (supervisor_address || !r->smap)
				return true;
			return !r->implicit && r->ac;
		}
		if (r->write) {
			if (supervisor_address)
				return !r->wp || r->rw;
			if (!r->wp)
				return !r->smap || (!r->implicit && r->ac);
			return r->rw && (!r->smap || (!r->implicit && r->ac));
		}
		if (supervisor_address)
			return !r->nxe || !r->xd;
		if (r->smep)
			return false;
		return !r->nxe || !r->xd;
	}
	if (supervisor_address)
		return false;
	if (r->write)
		return r->rw;
	if (r->fetch)
		return !r->nxe || !r->xd;
	return true;
}

static bool run_rights(enum mode mode, unsigned int bits, unsigned int at)
{
	bool access_kinds = (bits & 3) == 3;
	struct rights r = {
		.write = (bits & 3) == 1, .fetch = (bits & 3) == 2,
		.implicit = bits & 4, .user_mode = bits & 8 && !(bits & 4),
		.us = bits & 16, .rw = bits & 32, .xd = bits & 64,
		.wp = bits & 128, .smep = bits & 256, .smap = bits & 512, .ac = bits & 1024,
		.nxe = bits & 2048,
	};
	struct row row = {
		.mode = mode, .cpl = bits & 8 ? 3 : 0,
		.access = (r.write ? WRITE : r.fetch ? FETCH : READ) | (r.implicit ? IMPLICIT : 0),
		.cr0 = r.wp ? WP : 0,
		.cr4 = (r.smep ? SMEP : 0) | (r.smap ? SMAP : 0),
		.efer = r.nxe ? NXE : 0, .rflags = r.ac ? AC : 0,
	};

	/* There is no fourth kind; XD exists only with NXE and 8-byte entries. */
	if (access_kinds || (r.xd && (!r.nxe || mode == BITS32)))
		return true;
	row.set[at] = r.xd ? XD : 0;
	row.clear[at] = (r.us ? 0 : US) | (r.rw ? 0 : RW);
	if (!allowed_by_sdm(&r)) {
		row.want = -EFAULT;
		row.error = 1 | (r.write ? 2 : 0) | (r.user_mode ? 4 : 0);
		if (r.fetch && (r.smep || (r.nxe && mode != BITS32)))
			row.error |= 16;
	}
	return run_row(&row);
}

static void test_rights(void)
{
	unsigned int mode, bits, at, wrong;

	for (mode = BITS32; mode <= LEVEL5; mode++) {
		for (at = 1; at <= modes[mode].levels; at++) {
			wrong = 0;
			for (bits = 0; bits < 4096; bits++)
				wrong += !run_rights(mode, bits, at);
			tap_ok(!wrong, "walk: %s: all rights, at level %u", modes[mode].name, at);
		}
	}
}

int main(void)
{
	tap_begin();
	test_rows();
	test_unpaged();
	test_errors();
	test_races();
	test_rights();
	return tap_end();
}
