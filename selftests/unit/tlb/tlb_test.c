// SPDX-License-Identifier: GPL-2.0
/*
 * What a vCPU invalidates before it enters the guest, against a model of a tagged TLB.
 *
 * Bochs flushes its whole TLB at every entry, so a missing INVEPT or INVVPID shows nowhere but
 * here. The model: two CPUs, each with a cached translation per kind, that is as old as the
 * state it was made from; one vCPU that moves, changes its paging, loses EPT entries and flushes
 * by itself (which reaches the CPU that it is on alone). Behind each entry nothing that the vCPU
 * can use may be older than what it was made from. All sequences of events up to a length are
 * tried, with and without a VPID.
 */
#include "../../../module/vmx/tlb.h"
#include "../tap.h"

#define CPUS	2
#define LENGTH	7

enum event {
	ENTER,		/* prepare, enter, use memory, exit */
	MOVE,		/* the thread goes to the other CPU */
	ZAP,		/* an EPT entry is taken away */
	PAGING,		/* a paging register is changed for the guest */
	GUEST_FLUSH,	/* the guest changes its tables and flushes, inside its next stay */
	EVENTS,
};

/* Ages; a translation remembers those of what it was made from. */
struct cached {
	bool valid;
	unsigned int ept;
	unsigned int paging;
};

struct cpu {
	struct cached combined;		/* linear to host-physical, tagged by VPID and EPT */
	struct cached physical;		/* guest-physical to host-physical, tagged by EPT */
};

struct model {
	struct cpu cpu[CPUS];
	unsigned int ept, paging;	/* the present */
	unsigned int generation;	/* vhm_ept.generation */
	/* the vCPU, as in struct vmx_vcpu and struct vhm_vcpu */
	int on, last;
	unsigned int seen;
	bool paging_changed, guest_flush, tagged;
	unsigned int invept, invvpid;
};

static void prepare(struct model *m)
{
	struct cpu *cpu = &m->cpu[m->on];

	switch (vmx_tlb_debt(m->on != m->last, m->seen != m->generation, m->paging_changed,
			     m->tagged)) {
	case VMX_TLB_INVEPT:
		cpu->combined.valid = false;
		cpu->physical.valid = false;
		m->invept++;
		break;
	case VMX_TLB_INVVPID:
		cpu->combined.valid = false;
		m->invvpid++;
		break;
	case VMX_TLB_NONE:
		break;
	}
	m->seen = m->generation;
	m->last = m->on;
	m->paging_changed = false;
	/* SDM, "Operations that Invalidate Cached Mappings": an entry without VPID. */
	if (!m->tagged)
		cpu->combined.valid = false;
}

static bool fresh(const struct model *m, const struct cached *c, bool linear)
{
	if (!c->valid)
		return true;
	return c->ept == m->ept && (!linear || c->paging == m->paging);
}

static void fill(const struct model *m, struct cached *c)
{
	if (!c->valid)
		*c = (struct cached){ .valid = true, .ept = m->ept, .paging = m->paging };
}

static bool enter(struct model *m)
{
	struct cpu *cpu = &m->cpu[m->on];
	bool ok;

	prepare(m);
	ok = fresh(m, &cpu->combined, true) && fresh(m, &cpu->physical, false);
	fill(m, &cpu->combined);
	fill(m, &cpu->physical);
	if (m->guest_flush) {
		/* Between the guest's change and its flush stale entries are its own affair. */
		m->paging++;
		cpu->combined.valid = false;
		fill(m, &cpu->combined);
		m->guest_flush = false;
	}
	return ok;
}

static bool happen(struct model *m, enum event event)
{
	switch (event) {
	case ENTER:
		return enter(m);
	case MOVE:
		m->on = !m->on;
		break;
	case ZAP:
		m->ept++;
		m->generation++;
		break;
	case PAGING:
		m->paging++;
		m->paging_changed = true;
		break;
	case GUEST_FLUSH:
		m->guest_flush = true;
		break;
	case EVENTS:
		break;
	}
	return true;
}

/* Every sequence of LENGTH events, as a number in base EVENTS, with an entry at its end. */
static unsigned int stale_sequences(bool tagged)
{
	unsigned int number, total = 1, stale = 0, i, rest;

	for (i = 0; i < LENGTH; i++)
		total *= EVENTS;
	for (number = 0; number < total; number++) {
		struct model m = { .generation = 1, .last = -1, .tagged = tagged };
		bool ok = true;

		for (i = 0, rest = number; i < LENGTH; i++, rest /= EVENTS)
			ok &= happen(&m, rest % EVENTS);
		stale += !(ok & happen(&m, ENTER));
	}
	return stale;
}

/* Nothing changed: nothing may be paid for. */
static void test_quiet(bool tagged)
{
	struct model m = { .generation = 1, .last = -1, .tagged = tagged };
	unsigned int i;

	for (i = 0; i < 100; i++)
		enter(&m);
	tap_ok(m.invept == 1 && !m.invvpid, "100 quiet entries, %s: one INVEPT, for the first",
	       tagged ? "VPID" : "no VPID");
}

static void test_paging(void)
{
	struct model m = { .generation = 1, .last = -1, .tagged = true };

	enter(&m);
	happen(&m, PAGING);
	enter(&m);
	tap_ok(m.invept == 1 && m.invvpid == 1, "a paging change costs an INVVPID, no INVEPT");
	m.tagged = false;
	happen(&m, PAGING);
	enter(&m);
	tap_ok(m.invept == 1 && m.invvpid == 1, "and without a VPID nothing");
}

int main(void)
{
	tap_begin();
	tap_ok(!stale_sequences(true), "no stale translation in any sequence of %d events, VPID",
	       LENGTH);
	tap_ok(!stale_sequences(false),
	       "no stale translation in any sequence of %d events, no VPID", LENGTH);
	test_quiet(true);
	test_quiet(false);
	test_paging();
	return tap_end();
}
