/*
 * Hosts with a router on each of several links: one clock, and sync groups. See sim.h.
 */
#include "test/sim/sim.h"

#include <string.h>

#define ROUNDS_MAX (8 * SIM_LINKS_MAX)

/* ---- the clock ---- */

struct sim *sim_links_next(struct sim *const *link, int n_links, time_us *at)
{
	struct sim *next = link[0];

	*at = sim_next(next);
	for (int l = 1; l < n_links; l++) {
		time_us other = sim_next(link[l]);

		if (time_cmp(other, *at) < 0) {
			*at = other;
			next = link[l];
		}
	}
	return next;
}

void sim_links_set_clocks(struct sim *const *link, int n_links, time_us now)
{
	for (int l = 0; l < n_links; l++)
		if (time_cmp(link[l]->now, now) < 0)
			link[l]->now = now;
}

/* ---- groups ---- */

struct sim_router *sim_unit_member(struct sim *const *link, int h, const struct sim_unit *unit,
				   unsigned i)
{
	return &link[unit->links[i]]->router[h];
}

void sim_unit_init(struct sim_unit *unit, bool is_new_host)
{
	unit->is_joining &= !is_new_host;
	group_init(&unit->group, unit->members, unit->group.n,
		   is_new_host ? VRRP_NOTIFY_INIT : unit->group.told);
}

bool sim_unit_has_process(struct sim *const *link, int h, const struct sim_unit *unit)
{
	for (unsigned i = 0; i < unit->group.n; i++) {
		const struct sim_router *r = sim_unit_member(link, h, unit, i);

		if (r->process != SIM_RUNNING || r->is_paused)
			return false;
	}
	return true;
}

static void check_agreement(struct sim *const *link, int h, struct sim_unit *unit)
{
	struct sim *sim = link[unit->links[0]];
	const struct vrrp_inst *first = unit->members[0]->v;
	enum vrrp_notify_state state = vrrp_inst_notify_state(first);

	for (unsigned i = 1; i < unit->group.n; i++) {
		const struct vrrp_inst *v = unit->members[i]->v;

		if (vrrp_inst_notify_state(v) != state && unit->is_joining)
			return;
		if (vrrp_inst_notify_state(v) != state)
			sim_fail(sim, "host %d is in %s on link %d and in %s on link %d", h + 1,
				 vrrp_state_name(first), unit->links[0] + 1, vrrp_state_name(v),
				 unit->links[i] + 1);
		if ((v->faults > 0) != (first->faults > 0))
			sim_fail(sim, "host %d: FAULT on some links of a group only", h + 1);
	}
	unit->is_joining = false;
	if (unit->group.n > 1 && state != VRRP_NOTIFY_INIT && unit->group.told != state)
		sim_fail(sim, "host %d is in %s but its group told %s", h + 1,
			 vrrp_notify_name(state), vrrp_notify_name(unit->group.told));
}

static void check_told(struct sim *const *link, int h, const struct sim_unit *unit,
		       enum vrrp_notify_state state)
{
	for (unsigned i = 0; i < unit->group.n; i++)
		if (vrrp_inst_notify_state(unit->members[i]->v) != state)
			sim_fail(link[unit->links[i]],
				 "the group of host %d tells %s while link %d is in %s", h + 1,
				 vrrp_notify_name(state), unit->links[i] + 1,
				 vrrp_state_name(unit->members[i]->v));
}

void sim_unit_settle(struct sim *const *link, int h, struct sim_unit *unit)
{
	time_us now = link[0]->now;
	struct group_act act;
	int rounds = 0;

	if (unit->group.n < 2 || !sim_unit_has_process(link, h, unit))
		return;
	for (group_next(&unit->group, now, &act); act.kind != GROUP_ACT_NONE;
	     group_next(&unit->group, now, &act)) {
		if (act.kind == GROUP_ACT_FEED)
			sim_step(link[unit->links[act.member]], h, &act.ev);
		if (act.kind == GROUP_ACT_NOTIFY)
			check_told(link, h, unit, act.state);
		if (++rounds > ROUNDS_MAX) {
			sim_fail(link[unit->links[0]], "the group of host %d does not settle",
				 h + 1);
			return;
		}
	}
	check_agreement(link, h, unit);
}

/* ---- one group for all links ---- */

void sim_cross(struct sim *sim)
{
	for (int i = 0, k = sim->n_routers - 1; i < k; i++, k--) {
		struct sim_router *a = &sim->router[i], *b = &sim->router[k];
		struct addr addr = a->addr;
		uint8_t priority = a->params.base_priority;

		a->addr = b->addr;
		a->params.base_priority = b->params.base_priority;
		b->addr = addr;
		b->params.base_priority = priority;
	}
}

static void make_unit(struct sim_links *w, int h)
{
	struct sim_unit *unit = &w->unit[h];

	memset(unit, 0, sizeof(*unit));
	for (int l = 0; l < w->n; l++) {
		struct sim_router *r = &w->link[l]->router[h];

		unit->links[unit->group.n] = l;
		unit->members[unit->group.n++] = &r->member;
		r->group = w->n > 1 ? &unit->group : NULL;
	}
	sim_unit_init(unit, true);
}

void sim_links_boot(struct sim_links *w)
{
	for (int l = 0; l < w->n; l++)
		sim_boot(w->link[l]);
	for (int h = 0; h < w->link[0]->n_routers; h++)
		make_unit(w, h);
}

struct sim *sim_links_failure(const struct sim_links *w)
{
	for (int l = 0; l < w->n; l++)
		if (w->link[l]->has_failed)
			return w->link[l];
	return NULL;
}

static void settle(struct sim_links *w)
{
	for (int h = 0; h < w->link[0]->n_routers; h++)
		sim_unit_settle(w->link, h, &w->unit[h]);
}

bool sim_links_run_one(struct sim_links *w, time_us until)
{
	time_us at;
	struct sim *link = sim_links_next(w->link, w->n, &at);

	if (!sim_run_one(link, until)) {
		sim_links_set_clocks(w->link, w->n, until);
		return false;
	}
	sim_links_set_clocks(w->link, w->n, link->now);
	settle(w);
	return true;
}

void sim_links_do(struct sim_links *w, int l, struct sim_action action)
{
	bool is_new_host = action.act == SIM_CRASH || action.act == SIM_RESTART;
	bool is_dead =
		action.a != SIM_HOST && w->link[0]->router[action.a].process == SIM_HOST_DOWN;

	for (int k = 0; k < w->n; k++)
		if (l == SIM_ALL_LINKS || l == k)
			sim_do(w->link[k], action);
	if (action.act == SIM_KILL_CHILD || action.act == SIM_CRASH ||
	    (action.act == SIM_RESTART && is_dead))
		sim_unit_init(&w->unit[action.a], is_new_host);
	settle(w);
}
