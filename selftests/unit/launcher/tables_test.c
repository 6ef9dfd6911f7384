// SPDX-License-Identifier: GPL-2.0
/* The tables that tell a guest of CPUs and interrupts, followed as a guest does. */
#include <stdint.h>
#include <string.h>

#include "tap.h"
#include "acpi.h"
#include "log.h"
#include "mptable.h"

static struct memory memory;

int log_error(const char *about, const char *format, ...)
{
	(void)about;
	(void)format;
	return -1;
}

static uint8_t byte_at(uint32_t at)
{
	return memory.host[at];
}

static uint16_t half_at(uint32_t at)
{
	return (uint16_t)(byte_at(at) | byte_at(at + 1) << 8);
}

static uint32_t word_at(uint32_t at)
{
	return half_at(at) | (uint32_t)half_at(at + 2) << 16;
}

static uint8_t sum(uint32_t at, uint32_t length)
{
	uint8_t total = 0;

	while (length--)
		total += byte_at(at++);
	return total;
}

static bool starts(uint32_t at, const char *word)
{
	return !memcmp(memory.host + at, word, strlen(word));
}

/* A table by its signature, through the XSDT and the RSDT; 0 if there is none. */
static uint32_t find(const char *signature)
{
	uint32_t xsdt = word_at(ACPI_RSDP + 24), rsdt = word_at(ACPI_RSDP + 16), i, found = 0;

	for (i = 0; 36 + 8 * i < word_at(xsdt + 4); i++) {
		if (starts(word_at(xsdt + 36 + 8 * i), signature))
			found = word_at(xsdt + 36 + 8 * i);
		if (word_at(xsdt + 36 + 8 * i) != word_at(rsdt + 36 + 4 * i))
			return 1;
	}
	return 36 + 4 * i == word_at(rsdt + 4) && !sum(xsdt, word_at(xsdt + 4)) &&
	       !sum(rsdt, word_at(rsdt + 4)) ? found : 1;
}

/* What a walk through the entries of a table has found. */
struct found {
	unsigned int cpus, io_apics, interrupts, locals, others;
	bool timer, sci;
};

static struct found walk_madt(uint32_t madt)
{
	uint32_t end = madt + word_at(madt + 4), at;
	struct found found = { 0 };

	for (at = madt + 44; at + 2 <= end && byte_at(at + 1); at += byte_at(at + 1)) {
		if (byte_at(at) == 0 && byte_at(at + 1) == 8)
			found.cpus += byte_at(at + 3) == found.cpus && word_at(at + 4) == 1;
		else if (byte_at(at) == 1 && byte_at(at + 1) == 12)
			found.io_apics += word_at(at + 4) == 0xfec00000 && !word_at(at + 8);
		else if (byte_at(at) == 2 && byte_at(at + 3) == 0)
			found.timer = word_at(at + 4) == 2 && half_at(at + 8) == 0;
		else if (byte_at(at) == 2 && byte_at(at + 3) == 9)
			found.sci = word_at(at + 4) == 9 && half_at(at + 8) == 0xd;
		else if (byte_at(at) == 4 && byte_at(at + 1) == 6)
			found.locals += byte_at(at + 2) == 0xff && byte_at(at + 5) == 1;
		else
			found.others++;
	}
	found.others += at != end;
	return found;
}

static struct found walk_mp(uint32_t table)
{
	uint32_t at = table + 44, i, type = 0;
	struct found found = { 0 };

	for (i = 0; i < half_at(table + 34); i++) {
		/* The entries are sorted by type. */
		found.others += byte_at(at) < type;
		type = byte_at(at);
		if (type == 0)
			found.cpus += byte_at(at + 1) == found.cpus &&
				      byte_at(at + 3) == (found.cpus ? 1 : 3);
		else if (type == 1)
			found.others += !starts(at + 2, "ISA   ");
		else if (type == 2)
			found.io_apics += word_at(at + 4) == 0xfec00000 && byte_at(at + 3) == 1;
		else if (type == 3)
			found.interrupts += byte_at(at + 7) == board_pin(byte_at(at + 5));
		else
			found.locals += byte_at(at + 7) == found.locals;
		found.timer |= type == 3 && byte_at(at + 5) == 0 && byte_at(at + 7) == 2;
		found.sci |= type == 3 && byte_at(at + 5) == 9 && half_at(at + 2) == 0xd;
		at += type ? 8 : 20;
	}
	found.others += at != table + half_at(table + 4);
	return found;
}

static void test_cpus(unsigned int cpus)
{
	const struct board board = { .cpus = cpus, .apic = true };
	struct found found;
	uint32_t table;

	memset(memory.host, 0xa5, MEMORY_TABLES_END);
	tap_ok(!acpi_write_tables(&memory, &board) && !mptable_write(&memory, &board),
	       "tables: %u CPUs: written", cpus);
	table = find("APIC");
	tap_ok(table > 1 && !sum(table, word_at(table + 4)) && word_at(table + 36) == 0xfee00000 &&
	       word_at(table + 40) == 1, "tables: %u CPUs: MADT", cpus);
	found = walk_madt(table);
	tap_ok(found.cpus == cpus && found.io_apics == 1 && found.timer && found.sci &&
	       found.locals == 1 && !found.others, "tables: %u CPUs: its entries", cpus);

	tap_ok(starts(MP_TABLE, "_MP_") && !sum(MP_TABLE, 16) && byte_at(MP_TABLE + 8) == 1 &&
	       byte_at(MP_TABLE + 9) == 4 && !byte_at(MP_TABLE + 11),
	       "tables: %u CPUs: floating pointer", cpus);
	table = word_at(MP_TABLE + 4);
	tap_ok(starts(table, "PCMP") && !sum(table, half_at(table + 4)) &&
	       word_at(table + 36) == 0xfee00000, "tables: %u CPUs: MP table", cpus);
	found = walk_mp(table);
	tap_ok(found.cpus == cpus && found.io_apics == 1 && found.interrupts == 15 &&
	       found.timer && found.sci && found.locals == 2 && !found.others,
	       "tables: %u CPUs: its entries", cpus);
}

static void test_none(void)
{
	const struct board board = { .cpus = 1 };

	memset(memory.host, 0xa5, MEMORY_TABLES_END);
	tap_ok(!acpi_write_tables(&memory, &board) && !mptable_write(&memory, &board) &&
	       !find("APIC") && find("FACP") > 1, "tables: without local APICs there is no MADT");
	tap_ok(!starts(MP_TABLE, "_MP_"), "tables: and no MP table");
}

int main(void)
{
	tap_begin();
	if (memory_init(&memory, 2 * MIB))
		return 1;
	test_cpus(1);
	test_cpus(2);
	test_cpus(64);
	test_none();
	memory_free(&memory);
	return tap_end();
}
