/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two programs share: a vCPU in one of a few states that break no rule, fields changed
 * for its next entry, and the questions to the explainer.
 */
#ifndef SELFTESTS_EXPLAIN_H
#define SELFTESTS_EXPLAIN_H

#include <linux/vhm.h>

#include "guest.h"
#include "vm.h"
#include "../../module/vmx/check/rules.h"

/* The guest's state before anything is broken. */
enum base {
	LONG,		/* 64-bit mode */
	PAE,		/* 32-bit protected mode, PAE paging */
	REAL,		/* real mode */
	V86,		/* virtual-8086 mode */
	NR_BASES,
};

/*
 * A field's new value: what it holds without @clear, with @set; or, @top, the last 16 bytes of
 * physical memory that the CPU's width allows.
 */
struct change {
	enum vmx_field field;
	uint64_t clear;
	uint64_t set;
	bool top;
};

#define MAX_CHANGES	VHM_MAX_INJECTIONS

/* What this CPU, Bochs 2.7, makes of a row. */
enum outcome {
	REFUSED,	/* as the SDM says */
	ACCEPTED,	/* although the SDM says that it must not be */
	ASKED,		/* not tried: the emulator or the host would not survive */
	STRICT,		/* refused, although the SDM's rules all hold */
};

/**
 * struct row - one way to break a rule
 * @rule: the rule that is broken, and no other; NULL: none (STRICT)
 * @base: the state to begin with
 * @outcome: what becomes of the entry
 * @lacks: capabilities in IA32_VMX_EPT_VPID_CAP that the CPU must not have
 * @forbidden: @change sets a bit that the CPU does not allow, on purpose
 * @like: of STRICT: the rule that the emulator takes for broader than it is
 * @note: of ACCEPTED, ASKED and STRICT: what the emulator does
 * @change: the fields; ends with the first whose @clear and @set are 0
 */
struct row {
	const char *rule;
	enum base base;
	enum outcome outcome;
	uint32_t lacks;
	bool forbidden;
	const char *like;
	const char *note;
	struct change change[MAX_CHANGES];
};

/* A rule that no row can break, and why. */
struct beyond {
	const char *rule;
	const char *why;
};

extern const struct row rows[];
extern const unsigned int nr_rows;
extern const struct beyond beyond[];
extern const unsigned int nr_beyond;

/* The machine of a test. */
struct stage {
	struct vm vm;
	struct vcpu cpu;
	struct vhm_vmcs vmcs;
	struct vhm_capability_msrs caps;
};

/* The last explanation. */
struct answer {
	struct vhm_explain explain;
	char text[8192];
};

void stage_open(struct stage *stage);
void stage_close(struct stage *stage);
void stage_set(struct stage *stage, enum base base);
uint32_t stage_exit(enum base base);
uint64_t stage_field(const struct stage *stage, enum vmx_field field);
uint64_t stage_capability(const struct stage *stage, enum vmx_capability cap);
bool stage_allows(const struct stage *stage, enum vmx_field field, uint32_t bits);
int stage_inject(struct stage *stage, enum vmx_field field, uint64_t value);
int stage_change(struct stage *stage, const struct change *change);
uint32_t stage_run(struct stage *stage);
int stage_explain(struct stage *stage, struct answer *answer, uint32_t flags);

#endif
