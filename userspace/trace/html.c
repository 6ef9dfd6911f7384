// SPDX-License-Identifier: GPL-2.0
/* The report's page: tables and drawings, with nothing to fetch and nothing to run. */
#include <string.h>

#include "report.h"
#include "watch.h"

#define HOTTEST		40
#define BAR_WIDTH	1000.0
#define BAR_HEIGHT	40.0

static const char head_text[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\"\n"
	" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<style>\n"
	"body { font: 14px sans-serif; margin: 2em; max-width: 1100px }\n"
	"table { border-collapse: collapse }\n"
	"td, th { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd }\n"
	"td:first-child, th:first-child, td.t { text-align: left }\n"
	".guest { fill: #4a9; background: #4a9 }\n"
	".kernel { fill: #d73; background: #d73 }\n"
	".user { fill: #57c; background: #57c }\n"
	".box { display: inline-block; width: 1em; height: 1em; margin: 0 .3em 0 1em }\n"
	"</style>\n";

static const char *const part_names[] = { "guest", "kernel", "user" };

static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\"'", *text))
			fprintf(out, "&#%d;", *text);
		else
			fputc(*text, out);
	}
}

static double seconds(const struct report *report, uint64_t ticks)
{
	return (double)ticks / 1000.0 / report->head.tsc_khz;
}

static void write_figures(const struct report *report, FILE *out)
{
	double span = seconds(report, report->end - report->start);

	fputs("<title>Exits of ", out);
	escape(out, report->head.machine);
	fputs("</title></head><body><h1>Exits of ", out);
	escape(out, report->head.machine);
	fprintf(out, "</h1>\n<h2>Figures</h2><table>\n"
		"<tr><td>exits</td><td id=\"exits\">%llu</td></tr>\n"
		"<tr><td>dropped</td><td id=\"dropped\">%llu</td></tr>\n"
		"<tr><td>seconds</td><td>%.6f</td></tr>\n"
		"<tr><td>exits per second</td><td>%.0f</td></tr>\n"
		"<tr><td>vCPUs</td><td>%u</td></tr>\n"
		"<tr><td>TSC, kHz</td><td>%u</td></tr></table>\n",
		(unsigned long long)report->exits, (unsigned long long)report->dropped, span,
		span > 0 ? (double)report->exits / span : 0, report->vcpus, report->head.tsc_khz);
}

static void write_column(const struct report *report, const struct report_vcpu *vcpu,
			 unsigned int column, FILE *out)
{
	uint64_t width = (report->end - report->start) / REPORT_COLUMNS + 1;
	double step = BAR_WIDTH / REPORT_COLUMNS, top = BAR_HEIGHT, height;
	unsigned int part;

	for (part = 0; part < REPORT_PARTS; part++) {
		height = BAR_HEIGHT * (double)vcpu->column[column][part] / (double)width;
		if (height < 0.05)
			continue;
		top -= height;
		fprintf(out,
			"<rect class=\"%s\" x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\"/>\n",
			part_names[part], column * step, top, step, height);
	}
}

static void write_timeline(const struct report *report, FILE *out)
{
	unsigned int i, column, part;

	fputs("<h2>Timeline</h2>\n"
	      "<p>From left to right the time of the capture; what is blank was not seen.\n", out);
	for (part = 0; part < REPORT_PARTS; part++)
		fprintf(out, "<span class=\"box %s\"></span>%s\n", part_names[part],
			part_names[part]);
	fputs("</p>\n", out);
	for (i = 0; i < report->vcpus; i++) {
		const struct report_vcpu *vcpu = &report->vcpu[i];

		fprintf(out,
			"<p>vCPU %u: %llu exits; %.6f s in the guest, %.6f s in the kernel,\n"
			"%.6f s in user space<br>\n"
			"<svg width=\"%.0f\" height=\"%.0f\">\n",
			vcpu->id, (unsigned long long)vcpu->count,
			seconds(report, vcpu->ticks[REPORT_GUEST]),
			seconds(report, vcpu->ticks[REPORT_KERNEL]),
			seconds(report, vcpu->ticks[REPORT_USER]), BAR_WIDTH, BAR_HEIGHT);
		for (column = 0; column < REPORT_COLUMNS; column++)
			write_column(report, vcpu, column, out);
		fputs("</svg></p>\n", out);
	}
}

/* How many exits cost how many ticks: a bar for each power of two. */
static void write_histogram(const struct report_reason *reason, FILE *out)
{
	double height;
	unsigned int i;

	fputs("<svg width=\"320\" height=\"24\">", out);
	for (i = 0; i < REPORT_BITS; i++) {
		if (!reason->by_cost[i])
			continue;
		height = 2 + 22.0 * (double)reason->by_cost[i] / (double)reason->count;
		fprintf(out,
			"<rect class=\"kernel\" x=\"%u\" y=\"%.1f\" width=\"7\" height=\"%.1f\">\n"
			"<title>%llu exits of 2^%u ticks and more</title></rect>\n",
			i * 8, 24 - height, height, (unsigned long long)reason->by_cost[i], i);
	}
	fputs("</svg>", out);
}

static void write_reasons(const struct report *report, FILE *out)
{
	unsigned int i;

	fputs("<h2>Exits by reason and cost</h2>\n"
	      "<p>The bars: how many cost how much, by powers of two of the TSC's ticks.</p>\n"
	      "<table id=\"reasons\"><tr><th>reason</th><th>exits</th><th>share</th>\n"
	      "<th>kernel, s</th><th>user, s</th><th>mean, ticks</th><th>cost</th></tr>\n", out);
	for (i = 0; i < REPORT_REASONS; i++) {
		const struct report_reason *reason = &report->reason[i];

		if (!reason->count)
			continue;
		fprintf(out,
			"<tr><td>%s</td><td>%llu</td><td>%.1f %%</td><td>%.6f</td><td>%.6f</td>\n"
			"<td>%.0f</td><td class=\"t\">",
			i < VHM_NR_EXIT_REASONS ? watch_reason(i) : "others",
			(unsigned long long)reason->count,
			100.0 * (double)reason->count / (double)report->exits,
			seconds(report, reason->ticks[REPORT_KERNEL]),
			seconds(report, reason->ticks[REPORT_USER]),
			(double)(reason->ticks[REPORT_KERNEL] + reason->ticks[REPORT_USER]) /
			(double)reason->count);
		write_histogram(reason, out);
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void write_symbol(const struct report *report, uint64_t address, FILE *out)
{
	const struct symbol *symbol = symbols_find(&report->symbols, address);

	if (!symbol)
		return;
	escape(out, symbol->name);
	fprintf(out, "+0x%llx", (unsigned long long)(address - symbol->address));
}

static void write_tally(const struct report *report, const struct tally *tally, int addresses,
			FILE *out)
{
	size_t i;

	for (i = 0; i < HOTTEST && i < tally->count; i++) {
		fprintf(out,
			"<tr><td>0x%llx</td><td>%llu</td><td>%.6f</td><td class=\"t\">",
			(unsigned long long)tally->row[i].key << (addresses ? 0 : 12),
			(unsigned long long)tally->row[i].count,
			seconds(report, tally->row[i].ticks));
		if (addresses)
			write_symbol(report, tally->row[i].key, out);
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
	if (tally->count > HOTTEST || tally->others)
		fprintf(out, "<p>The first %d of %zu; %llu exits were at still others.</p>\n",
			HOTTEST, tally->count, (unsigned long long)tally->others);
}

/**
 * report_write() - write the page
 * @report: from report_sum()
 * @out: where to
 *
 * Return: 0; -1: not all could be written, errno says why.
 */
int report_write(const struct report *report, FILE *out)
{
	fputs(head_text, out);
	write_figures(report, out);
	write_timeline(report, out);
	write_reasons(report, out);
	fputs("<h2>Hottest addresses</h2>\n"
	      "<table id=\"rips\"><tr><th>RIP</th><th>exits</th><th>seconds</th>\n"
	      "<th>symbol</th></tr>\n", out);
	write_tally(report, &report->rip, 1, out);
	fputs("<h2>Exits by guest-physical page</h2>\n"
	      "<table id=\"pages\"><tr><th>page</th><th>exits</th><th>seconds</th>\n"
	      "<th></th></tr>\n", out);
	write_tally(report, &report->page, 0, out);
	fputs("</body></html>\n", out);
	return fflush(out) || ferror(out) ? -1 : 0;
}
