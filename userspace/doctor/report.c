// SPDX-License-Identifier: GPL-2.0
/* The doctor's report: one finding a line. */
#include <stdarg.h>

#include "doctor.h"

/**
 * doctor_found() - add a finding
 * @doctor: the doctor
 * @level: how bad it is
 * @about: what it is about; stays with the caller
 * @format: what was found and what to do, without a full stop, as for printf()
 */
void doctor_found(struct doctor *doctor, enum doctor_level level, const char *about,
		  const char *format, ...)
{
	struct doctor_finding *finding;
	va_list arguments;

	if (doctor->count == DOCTOR_MOST_FINDINGS)
		return;
	finding = &doctor->finding[doctor->count++];
	finding->level = level;
	finding->about = about;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
}

/**
 * doctor_problems() - how many findings keep vhm from working
 * @doctor: a doctor who has examined
 *
 * Return: their number.
 */
unsigned int doctor_problems(const struct doctor *doctor)
{
	unsigned int i, problems = 0;

	for (i = 0; i < doctor->count; i++)
		problems += doctor->finding[i].level == DOCTOR_PROBLEM;
	return problems;
}

/**
 * doctor_print() - print the findings and what they come to
 * @doctor: a doctor who has examined
 * @out: where to
 */
void doctor_print(const struct doctor *doctor, FILE *out)
{
	static const char *const levels[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_WARNING] = "warning", [DOCTOR_PROBLEM] = "problem",
	};
	unsigned int i, problems = doctor_problems(doctor);

	for (i = 0; i < doctor->count; i++)
		fprintf(out, "%-9s%s: %s\n", levels[doctor->finding[i].level],
			doctor->finding[i].about, doctor->finding[i].text);
	if (problems)
		fprintf(out, "vhm cannot work here: %u problem%s\n", problems,
			problems == 1 ? "" : "s");
	else
		fprintf(out, "vhm can work here\n");
}
