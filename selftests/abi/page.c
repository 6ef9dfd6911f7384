// SPDX-License-Identifier: GPL-2.0
/*
 * The manual's tables of KVM's calls and capabilities (Documentation/kvm-*.csv, and
 * the page that shows them), held against <linux/kvm.h> and against the device: no
 * name is missing or twice, and each is what the table says.
 */
#include "kselftest_harness.h"

#include "fixture.h"
#include "kvm-names.h"

/* The files, as they were when this program was built. */
#define EMBED(name, file)						\
	extern const char name[];					\
	asm(".pushsection .rodata\n"					\
	    ".globl " #name "\n"					\
	    #name ":\t.incbin \"" DOCS "/" file "\"\n"			\
	    "\t.byte 0\n"						\
	    ".popsection")

EMBED(calls_csv, "kvm-calls.csv");
EMBED(capabilities_csv, "kvm-capabilities.csv");
EMBED(foreign_csv, "kvm-foreign.csv");
EMBED(page_rst, "abi.rst");

#define MAX_ROWS	512
#define MAX_FIELD	160
#define NOWHERE		0x10ul		/* no user page is there */

enum { NAME, COLUMNS = 4 };
enum { CALL_FILE = 1, CALL_STATUS };
enum { CAPABILITY_STATUS = 1, CAPABILITY_ANSWER };

struct row {
	char field[COLUMNS][MAX_FIELD];
};

struct table {
	struct row row[MAX_ROWS];
	size_t rows;
};

/* A field of a line: quoted if it holds a comma. */
static const char *take_field(const char *from, char field[MAX_FIELD])
{
	bool quoted = *from == '"';
	size_t n = 0;

	from += quoted;
	while (*from && *from != '\n' && *from != (quoted ? '"' : ',') && n < MAX_FIELD - 1)
		field[n++] = *from++;
	field[n] = 0;
	from += quoted;
	return *from == ',' ? from + 1 : from;
}

/* All lines but the first one, which names the columns. */
static void parse(const char *csv, struct table *table)
{
	const char *line = strchr(csv, '\n');

	memset(table, 0, sizeof(*table));
	while (line && line[1] && table->rows < MAX_ROWS) {
		struct row *row = &table->row[table->rows++];
		const char *at = line + 1;

		for (int i = 0; i < COLUMNS && *at && *at != '\n'; i++)
			at = take_field(at, row->field[i]);
		line = strchr(at, '\n');
	}
}

static struct table calls, capabilities, foreign;

static void parse_all(void)
{
	parse(calls_csv, &calls);
	parse(capabilities_csv, &capabilities);
	parse(foreign_csv, &foreign);
}

static unsigned int count_name(const struct table *table, const char *name)
{
	unsigned int n = 0;

	for (size_t i = 0; i < table->rows; i++)
		n += !strcmp(name, table->row[i].field[NAME]);
	return n;
}

static bool header_has(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(header_names); i++)
		if (!strcmp(name, header_names[i]))
			return true;
	return false;
}

static unsigned long number_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(name, numbers[i].name))
			return numbers[i].number;
	die("%s has no number", name);
}

TEST(every_name_of_the_header_is_in_one_table)
{
	parse_all();
	EXPECT_LT(100, calls.rows);
	EXPECT_LT(100, capabilities.rows);
	EXPECT_LT(100, foreign.rows);
	for (size_t i = 0; i < ARRAY_SIZE(header_names); i++) {
		EXPECT_EQ(1, count_name(&calls, header_names[i]) +
			     count_name(&capabilities, header_names[i]) +
			     count_name(&foreign, header_names[i]))
			TH_LOG("%s", header_names[i]);
	}
}

TEST(every_name_of_a_table_is_in_the_header)
{
	const struct table *const tables[] = { &calls, &capabilities, &foreign };

	parse_all();
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (size_t j = 0; j < tables[i]->rows; j++) {
			EXPECT_TRUE(header_has(tables[i]->row[j].field[NAME]))
				TH_LOG("%s", tables[i]->row[j].field[NAME]);
		}
	}
}

static bool is_name_char(char c)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Is the name a word of a line under which there is nothing but a row of '-' or '='? */
static bool has_section(const char *name)
{
	size_t length = strlen(name);

	for (const char *at = page_rst; (at = strstr(at, name)); at += length) {
		const char *end = strchr(at, '\n');

		if (is_name_char(at[length]) || (at > page_rst && is_name_char(at[-1])) || !end)
			continue;
		if ((end[1] == '-' || end[1] == '=') && end[2] == end[1] && end[3] == end[1])
			return true;
	}
	return false;
}

/* What is there is described on the page. */
TEST(calls_have_their_sections)
{
	parse_all();
	for (size_t i = 0; i < calls.rows; i++) {
		const char *status = calls.row[i].field[CALL_STATUS];

		EXPECT_TRUE(!strcmp(status, "supported") || !strcmp(status, "differs") ||
			    !strcmp(status, "not supported"))
			TH_LOG("%s: %s", calls.row[i].field[NAME], status);
		if (!strcmp(status, "not supported"))
			continue;
		EXPECT_TRUE(has_section(calls.row[i].field[NAME]))
			TH_LOG("%s", calls.row[i].field[NAME]);
	}
}

/* Calls whose argument is a value: one that is good. For all others it is an address. */
static unsigned long argument_of(unsigned long number)
{
	switch (number) {
	case KVM_GET_API_VERSION:
	case KVM_GET_VCPU_MMAP_SIZE:
	case KVM_CREATE_VM:
	case KVM_RUN:
	case KVM_SET_TSC_KHZ:
		return 0;
	default:
		return NOWHERE;
	}
}

/* Whether a file knows a call: then it does it, or says what is wrong with the argument. */
static bool is_known(int fd, unsigned long number, int unknown)
{
	int ret = ioctl(fd, number, argument_of(number));

	if (ret < 0)
		return errno != unknown;
	/* A new file descriptor, perhaps. */
	if (ret > STDERR_FILENO && (number == KVM_CREATE_VM || number == KVM_CREATE_VCPU ||
				    number == KVM_GET_STATS_FD))
		close(ret);
	return true;
}

static bool names_file(const char *files, const char *file)
{
	return strstr(files, file);
}

/* A call about the local APIC is known to a vCPU that has one in the kernel. */
static void check_call(struct __test_metadata *_metadata, struct vm *vm, struct vcpu *cpu,
		       struct vcpu *with_lapic, const struct row *row)
{
	bool there = strcmp(row->field[CALL_STATUS], "not supported");
	const char *name = row->field[NAME], *files = row->field[CALL_FILE];
	unsigned long number = number_of(name);

	/* One call says in its own way that it is not there. */
	if (number == KVM_SMI) {
		EXPECT_FALSE(there);
		EXPECT_EQ(-1, ioctl(cpu->fd, number, 0));
		EXPECT_EQ(ENOTTY, errno);
		return;
	}
	/* Another answers so if the guest has no clock; selftests/time gives it one. */
	if (number == KVM_KVMCLOCK_CTRL)
		return;
	EXPECT_TRUE(names_file(files, "system") || names_file(files, "VM") ||
		    names_file(files, "vCPU")) TH_LOG("%s: %s", name, files);
	EXPECT_EQ(there && names_file(files, "system"), is_known(vm->dev, number, EINVAL))
		TH_LOG("%s on the system", name);
	EXPECT_EQ(there && names_file(files, "VM"), is_known(vm->fd, number, ENOTTY))
		TH_LOG("%s on a VM", name);
	EXPECT_EQ(there && names_file(files, "vCPU"),
		  is_known(cpu->fd, number, EINVAL) || is_known(with_lapic->fd, number, EINVAL))
		TH_LOG("%s on a vCPU", name);
}

TEST_F(guest, calls_are_what_the_table_says)
{
	struct kvm_enable_cap enable = { .cap = KVM_CAP_SPLIT_IRQCHIP };
	struct vcpu with_lapic;
	struct vm split;

	if (vm_is_kvm())
		SKIP(return, "the tables are about vhm");
	parse_all();
	self->cpu.run->immediate_exit = 1;
	vm_init_bare(&split);
	VM_IOCTL(split.fd, KVM_ENABLE_CAP, &enable);
	vcpu_init_bare(&split, &with_lapic, 0);
	with_lapic.run->immediate_exit = 1;
	for (size_t i = 0; i < calls.rows; i++)
		check_call(_metadata, &self->vm, &self->cpu, &with_lapic, &calls.row[i]);
	vcpu_close(&with_lapic);
	vm_close(&split);
}

static void check_capability(struct __test_metadata *_metadata, struct vm *vm,
			     const struct row *row)
{
	const char *name = row->field[NAME], *status = row->field[CAPABILITY_STATUS];
	const char *answer = row->field[CAPABILITY_ANSWER];
	int seen = ioctl(vm->fd, KVM_CHECK_EXTENSION, number_of(name));
	char *end;
	long wanted = strtol(answer, &end, 0);

	EXPECT_EQ(seen, ioctl(vm->dev, KVM_CHECK_EXTENSION, number_of(name)))
		TH_LOG("%s", name);
	if (!strcmp(status, "where the host has it")) {
		EXPECT_TRUE(!seen || seen == wanted) TH_LOG("%s: %d", name, seen);
		return;
	}
	EXPECT_TRUE(!strcmp(status, "supported") || !strcmp(status, "not supported"))
		TH_LOG("%s: %s", name, status);
	EXPECT_EQ(!strcmp(status, "supported"), seen > 0) TH_LOG("%s: %d", name, seen);
	if (end == answer || *end)
		return;
	EXPECT_EQ(wanted, seen) TH_LOG("%s", name);
}

TEST_F(guest, capabilities_are_what_the_table_says)
{
	if (vm_is_kvm())
		SKIP(return, "the tables are about vhm");
	parse_all();
	for (size_t i = 0; i < capabilities.rows; i++)
		check_capability(_metadata, &self->vm, &capabilities.row[i]);
	for (size_t i = 0; i < foreign.rows; i++) {
		const char *name = foreign.row[i].field[NAME];

		if (strncmp(name, "KVM_CAP_", 8))
			continue;
		EXPECT_EQ(0, ioctl(self->vm.fd, KVM_CHECK_EXTENSION, number_of(name)))
			TH_LOG("%s", name);
	}
}

TEST_HARNESS_MAIN
