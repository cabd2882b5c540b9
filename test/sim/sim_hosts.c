/*
 * Hosts with a router on each of several LANs, some of them in sync groups, with trackers: what
 * `struct sim` is for one LAN, several of which share one clock here. Every step of every router
 * has the checks of sim_check.c; on top of them:
 *	the routers of a group agree after every event (all Active, all Backup, all in Initialize),
 *	unless one of them has just joined
 *	the group's last notification is the state of its routers
 *	without faults one host of the healthy ones is Active on all links of a group, and stays it,
 *	whatever the priorities are; nobody who ranks higher on all of them stands behind it
 */
#include <stdlib.h>
#include <string.h>

#include "test/sim/sim.h"
#include "vrrp/track.h"

#define HOSTS_MAX   3
#define TRACKERS    6 /* of a host */
#define DEAD_MAX_US (30 * US_PER_MS)
#define DELAY_US    (5 * US_PER_S) /* preempt delay */
#define DAMP_MAX_US (2 * US_PER_S)
#define CLASHES_MAX 40 /* intervals that groups without an order may take to agree */
#define RISE_MAX    3
#define JOIN_US     (30 * US_PER_S) /* for a new router and its group to come together */

/* An object that a host tracks, for all routers of a unit. */
struct object {
	int unit;
	uint32_t rise, fall;
	int64_t up_us, down_us;
	struct track_use use;
	struct track_count count;
	struct track_damp damp;
};

struct host {
	struct sim_unit unit[SIM_LINKS_MAX];
	struct object object[TRACKERS];
};

struct sim_hosts {
	int n_links, n_hosts, n_units;
	struct sim *link[SIM_LINKS_MAX];
	int unit_of[SIM_LINKS_MAX];
	enum { FREE, UNIFORM, ROTATED } ranks; /* UNIFORM: a host ranks alike on all links */
	bool is_slow; /* all frames take longer than timers are inexact: nobody is heard in time */
	struct host host[HOSTS_MAX];
};

/* ---- shared by all links ---- */

static uint32_t draw(struct sim_hosts *w, uint32_t n)
{
	return sim_draw(w->link[0], n);
}

static bool chance(struct sim_hosts *w, uint32_t percent)
{
	return draw(w, 100) < percent;
}

static int any_host(struct sim_hosts *w)
{
	return (int)draw(w, (uint32_t)w->n_hosts);
}

static struct sim *failed_link(const struct sim_hosts *w)
{
	for (int l = 0; l < w->n_links; l++)
		if (w->link[l]->has_failed)
			return w->link[l];
	return NULL;
}

static time_us now_of(const struct sim_hosts *w)
{
	return w->link[0]->now;
}

static struct sim_router *router_of(const struct sim_hosts *w, int h, int l)
{
	return &w->link[l]->router[h];
}

/* ---- groups ---- */

static void settle(struct sim_hosts *w)
{
	for (int h = 0; h < w->n_hosts; h++)
		for (int u = 0; u < w->n_units; u++)
			sim_unit_settle(w->link, h, &w->host[h].unit[u]);
}

/* A new process, which knows what its predecessor told last. */
static void init_groups(struct sim_hosts *w, int h, bool is_new_host)
{
	for (int u = 0; u < w->n_units; u++)
		sim_unit_init(&w->host[h].unit[u], is_new_host);
}

/* ---- tracking ---- */

static int clamp_weight(int weight)
{
	return weight < -253 ? -253 : weight > 253 ? 253 : weight;
}

static void sync_objects(struct sim_hosts *w, int h)
{
	for (int l = 0; l < w->n_links; l++) {
		struct sim_router *r = router_of(w, h, l);
		int weight = 0;

		r->tracked_faults = 0;
		for (int k = 0; k < TRACKERS; k++) {
			const struct object *o = &w->host[h].object[k];
			const struct track_obs obs = { .is_known = o->damp.is_known,
						       .is_up = o->damp.is_up };
			struct track_effect effect = track_effect(&o->use, &obs);

			if (o->unit != w->unit_of[l])
				continue;
			r->tracked_faults += effect.is_fault;
			weight += effect.weight;
		}
		r->weight = clamp_weight(weight);
		sim_sync(w->link[l], h);
	}
	settle(w);
}

/* A result of a script, say. */
static void observe(struct sim_hosts *w, int h, struct object *o, bool is_success)
{
	track_count_step(&o->count, o->rise, o->fall, is_success);
	if (track_damp_step(&o->damp, now_of(w), o->count.is_up, o->up_us, o->down_us))
		sync_objects(w, h);
}

static struct object *next_object(struct sim_hosts *w, int *host)
{
	struct object *next = NULL;

	for (int h = 0; h < w->n_hosts; h++) {
		for (int k = 0; k < TRACKERS; k++) {
			struct object *o = &w->host[h].object[k];

			if (time_is_never(o->damp.at) ||
			    (next && time_cmp(o->damp.at, next->damp.at) >= 0))
				continue;
			next = o;
			*host = h;
		}
	}
	return next;
}

/* ---- the clock ---- */

/* Serves what comes next at or before `until`; false (and the clock there) if there is nothing. */
static bool run_one(struct sim_hosts *w, time_us until)
{
	time_us at;
	struct sim *link = sim_links_next(w->link, w->n_links, &at);
	int h = 0;
	struct object *o = next_object(w, &h);

	if (o && time_cmp(o->damp.at, until) <= 0 && time_cmp(o->damp.at, at) <= 0) {
		sim_links_set_clocks(w->link, w->n_links, o->damp.at);
		if (track_damp_step(&o->damp, now_of(w), o->damp.raw, o->up_us, o->down_us))
			sync_objects(w, h);
		return true;
	}
	if (!sim_run_one(link, until)) {
		sim_links_set_clocks(w->link, w->n_links, until);
		return false;
	}
	sim_links_set_clocks(w->link, w->n_links, link->now);
	settle(w);
	return true;
}

static void run_for(struct sim_hosts *w, int64_t us)
{
	time_us until = time_add(now_of(w), us);

	while (!failed_link(w) && run_one(w, until))
		;
}

/* ---- faults ---- */

/* What happens to a host happens on all its links. */
static void do_to_host(struct sim_hosts *w, enum sim_act act, int h, int64_t n)
{
	bool is_dead = router_of(w, h, 0)->process == SIM_HOST_DOWN;

	for (int l = 0; l < w->n_links; l++)
		sim_do(w->link[l], (struct sim_action){ act, h, 0, n });
	if (act == SIM_CRASH || (act == SIM_RESTART && is_dead))
		init_groups(w, h, true);
	if (act == SIM_KILL_CHILD)
		init_groups(w, h, false);
	settle(w);
}

/* One of the routers is new: the next process starts it, and adopts the others. */
static void renew_router(struct sim_hosts *w, int h)
{
	int l = (int)draw(w, (uint32_t)w->n_links);
	struct sim_router *r = router_of(w, h, l);

	if (!r->group || r->process != SIM_RUNNING || !r->v.is_started)
		return;
	do_to_host(w, SIM_KILL_CHILD, h, 1 + draw(w, DEAD_MAX_US));
	memset(&r->saved, 0, sizeof(r->saved));
	w->host[h].unit[w->unit_of[l]].is_joining = true;
}

static void disturb_host(struct sim_hosts *w)
{
	static const enum sim_act acts[] = { SIM_CRASH,  SIM_RESTART,    SIM_RESTART,
					     SIM_PAUSE,  SIM_STOP,       SIM_RESUME,
					     SIM_RESUME, SIM_START,      SIM_ISOLATE,
					     SIM_START,  SIM_KILL_CHILD, SIM_KILL_CHILD };

	do_to_host(w, acts[draw(w, sizeof(acts) / sizeof(acts[0]))], any_host(w),
		   1 + draw(w, DEAD_MAX_US));
}

/* 1..254: an owner is one on all its links, see world_new(). */
static uint8_t any_priority(struct sim_hosts *w)
{
	static const uint8_t priorities[] = { 1, 50, 100, 100, 150, 200, 254 };

	return priorities[draw(w, sizeof(priorities))];
}

static void change_priority(struct sim_hosts *w)
{
	uint8_t priority = any_priority(w);
	int h = any_host(w), only = (int)draw(w, (uint32_t)w->n_links);

	for (int l = 0; l < w->n_links; l++)
		if (w->ranks == UNIFORM || l == only)
			sim_do(w->link[l], (struct sim_action){ SIM_PRIORITY, h, 0, priority });
	settle(w);
}

static void disturb_link(struct sim_hosts *w)
{
	static const enum sim_act acts[] = {
		SIM_CUT,       SIM_CUT,  SIM_CLOG,      SIM_ISOLATE, SIM_LOSS,      SIM_CORRUPT,
		SIM_DUPLICATE, SIM_HEAL, SIM_LINK_DOWN, SIM_LINK_UP, SIM_LINK_DOWN, SIM_LINK_UP
	};
	struct sim *link = w->link[draw(w, (uint32_t)w->n_links)];
	struct sim_action action = { acts[draw(w, sizeof(acts) / sizeof(acts[0]))], any_host(w),
				     any_host(w), draw(w, 600) };

	sim_do(link, action);
	settle(w);
}

static void disturb_object(struct sim_hosts *w)
{
	int h = any_host(w);
	struct object *o = &w->host[h].object[draw(w, TRACKERS)];
	bool is_success = chance(w, 50);

	for (uint32_t n = 1 + draw(w, RISE_MAX); n > 0; n--)
		observe(w, h, o, is_success);
}

/* A new router has time enough to become what the others are, or they what it is. */
static void demand_joined(struct sim_hosts *w)
{
	run_for(w, JOIN_US);
	for (int h = 0; h < w->n_hosts; h++) {
		for (int u = 0; u < w->n_units; u++) {
			const struct sim_unit *unit = &w->host[h].unit[u];

			if (unit->is_joining && sim_unit_has_process(w->link, h, unit) &&
			    sim_unit_member(w->link, h, unit, 0)->want_started)
				sim_fail(w->link[unit->links[0]],
					 "the routers of host %d do not come together", h + 1);
		}
	}
}

static void phase_faults(struct sim_hosts *w)
{
	for (uint32_t n = 2 + draw(w, 12); n > 0 && !failed_link(w); n--) {
		switch (draw(w, 8)) {
		case 0:
		case 1: disturb_host(w); break;
		case 2: change_priority(w); break;
		case 3: disturb_object(w); break;
		case 4: renew_router(w, any_host(w)); break;
		default: disturb_link(w); break;
		}
		run_for(w, chance(w, 20) ? 1 + draw(w, 5000) : draw(w, 6 * US_PER_S));
	}
	if (w->ranks == UNIFORM && chance(w, 30) && !failed_link(w))
		demand_joined(w);
}

/* ---- healing, and what is owed then ---- */

static void mend(struct sim_hosts *w, int h)
{
	static const enum sim_act acts[] = { SIM_LINK_UP, SIM_RESUME, SIM_RESTART, SIM_START };

	for (size_t k = 0; k < sizeof(acts) / sizeof(acts[0]); k++)
		do_to_host(w, acts[k], h, 0);
	for (int k = 0; k < TRACKERS; k++)
		for (int n = 0; n < RISE_MAX; n++)
			observe(w, h, &w->host[h].object[k], true);
}

/* Broken in a way that keeps its frames away. */
static void exclude(struct sim_hosts *w, int h)
{
	static const enum sim_act acts[] = { SIM_STOP, SIM_CRASH, SIM_LINK_DOWN, SIM_ISOLATE };

	do_to_host(w, acts[draw(w, 4)], h, 0);
	do_to_host(w, SIM_RESUME, h, 0);
}

/* Returns the healthy hosts as bits. */
static uint32_t heal(struct sim_hosts *w)
{
	uint32_t all = (1U << w->n_hosts) - 1;
	uint32_t core = chance(w, 70) ? all : 1 + draw(w, all);

	for (int l = 0; l < w->n_links; l++)
		sim_do(w->link[l], (struct sim_action){ SIM_HEAL, 0, 0, 0 });
	for (int h = 0; h < w->n_hosts; h++) {
		if (core >> h & 1)
			mend(w, h);
		else
			exclude(w, h);
	}
	return core;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Trackers that recover, a preempt delay before and after an election, clashes. */
static int64_t settle_us_of(const struct sim_hosts *w)
{
	int64_t down_us = 0, adver_us = 0;

	for (int l = 0; l < w->n_links; l++) {
		for (int h = 0; h < w->n_hosts; h++) {
			const struct vrrp_inst *v = &router_of(w, h, l)->v;

			down_us = longer(down_us, sim_down_us(v));
			adver_us = longer(adver_us, v->params.advert_us);
		}
	}
	return DAMP_MAX_US + 2 * DELAY_US + 4 * down_us + CLASHES_MAX * adver_us;
}

static uint32_t holders(const struct sim_hosts *w, uint32_t core, int l)
{
	uint32_t bits = 0;

	for (int h = 0; h < w->n_hosts; h++)
		bits |= (uint32_t)router_of(w, h, l)->has_vip << h;
	return bits & core;
}

/* The one host that is Active on all links of a unit; -1 and a failure if there is none. */
static int active_of(struct sim_hosts *w, uint32_t core, int u)
{
	uint32_t bits = 0;
	int active = 0;

	for (int l = 0; l < w->n_links; l++) {
		if (w->unit_of[l] != u)
			continue;
		if (bits == 0)
			bits = holders(w, core, l);
		if (bits == 0 || (bits & (bits - 1)) || holders(w, core, l) != bits) {
			sim_fail(w->link[l], "no single active host on link %d (as bits: %#x)",
				 l + 1, holders(w, core, l));
			return -1;
		}
	}
	while (!(bits >> active & 1))
		active++;
	return active;
}

/* Ranks higher than `other` on all links of the unit, and may preempt there. */
static bool dominates(const struct sim_hosts *w, int h, int other, int u)
{
	for (int l = 0; l < w->n_links; l++) {
		const struct vrrp_inst *v = &router_of(w, h, l)->v;

		if (w->unit_of[l] == u &&
		    (!v->params.preempt || v->priority <= router_of(w, other, l)->v.priority))
			return false;
	}
	return true;
}

static void demand_best(struct sim_hosts *w, uint32_t core, int u)
{
	int active = active_of(w, core, u);

	for (int h = 0; h < w->n_hosts && active >= 0; h++)
		if ((core >> h & 1) && dominates(w, h, active, u))
			sim_fail(w->link[0],
				 "host %d ranks higher than host %d and stands behind it", h + 1,
				 active + 1);
}

/* Whichever process is killed and adopted, nobody else becomes active. */
static void demand_stable(struct sim_hosts *w, uint32_t core)
{
	uint32_t before[SIM_LINKS_MAX];

	for (int l = 0; l < w->n_links; l++)
		before[l] = holders(w, core, l);
	for (uint32_t n = 1 + draw(w, 4); n > 0; n--) {
		time_us until = time_add(now_of(w), US_PER_S + draw(w, 4 * US_PER_S));

		while (!failed_link(w) && run_one(w, until))
			for (int l = 0; l < w->n_links; l++)
				if (holders(w, core, l) != before[l])
					sim_fail(w->link[l],
						 "the active host changed without a fault");
		do_to_host(w, SIM_KILL_CHILD, any_host(w), 1 + draw(w, DEAD_MAX_US));
	}
	run_for(w, US_PER_S);
}

static void phase_progress(struct sim_hosts *w)
{
	uint32_t core = heal(w);

	run_for(w, settle_us_of(w));
	for (int u = 0; u < w->n_units && !failed_link(w); u++)
		demand_best(w, core, u);
	if (!failed_link(w))
		demand_stable(w, core);
	for (int h = 0; h < w->n_hosts && !failed_link(w); h++)
		mend(w, h);
}

/* ---- making a world ---- */

static struct vrrp_params random_params(struct sim_hosts *w)
{
	static const int64_t intervals_cs[] = { 20, 100, 100, 200 };
	struct vrrp_params p = { .version = chance(w, 30) ? 2 : 3, .down_adverts = 3 };

	p.advert_us =
		p.version == 2 ? US_PER_S * (1 + draw(w, 2)) : US_PER_CS * intervals_cs[draw(w, 4)];
	p.preempt_delay_us = chance(w, 20) ? DELAY_US : 0;
	p.higher_prio_send_advert = chance(w, 50);
	p.lease_us = chance(w, 20) ? 2 * p.advert_us : 0;
	return p;
}

static void link_new(struct sim_hosts *w, uint64_t seed, int l)
{
	struct vrrp_params params = { .version = 3, .advert_us = US_PER_S, .down_adverts = 3 };
	struct sim *sim = sim_new(seed * SIM_LINKS_MAX + (uint64_t)l, SIM_ROUTERS_MAX, &params);

	w->link[l] = sim;
	sim->n_routers = w->n_hosts;
	sim->link = l + 1;
	params = random_params(w);
	if (params.lease_us > 0)
		sim->lease_late_max_us = params.advert_us / 2;
	if (w->is_slow) {
		sim->delay_min_us = sim->delay_max_us = 500;
		sim->late_max_us = 20;
	}
	for (int h = 0; h < w->n_hosts; h++) {
		struct sim_router *r = &sim->router[h];

		params.base_priority = any_priority(w);
		params.preempt = chance(w, 80);
		params.lower_prio_no_advert = chance(w, 20);
		r->handover_us = chance(w, 50) ? params.advert_us + 100 * US_PER_MS : 0;
		r->params = params;
	}
}

/*
 * On all links what it is on the first, or what its neighbour is there: hosts that are better on
 * one link each. Ties are for the addresses, which change sides with the links then.
 */
static void rank(struct sim_hosts *w)
{
	for (int l = 1; l < w->n_links && w->ranks != FREE; l++) {
		for (int h = 0; h < w->n_hosts; h++) {
			int from = w->ranks == UNIFORM ? h : (h + l) % w->n_hosts;
			struct sim_router *r = router_of(w, h, l);

			r->params.base_priority = router_of(w, from, 0)->params.base_priority;
			r->params.preempt = router_of(w, from, 0)->params.preempt;
			r->addr = router_of(w, from, 0)->addr;
		}
	}
}

static void make_objects(struct sim_hosts *w, int h)
{
	for (int k = 0; k < TRACKERS; k++) {
		struct object *o = &w->host[h].object[k];

		o->unit = (int)draw(w, (uint32_t)w->n_units);
		o->rise = 1 + draw(w, RISE_MAX);
		o->fall = 1 + draw(w, RISE_MAX);
		o->up_us = draw(w, DAMP_MAX_US);
		o->down_us = draw(w, DAMP_MAX_US);
		o->use.weight = chance(w, 30) ? 0 : (int)draw(w, 121) - 60;
		o->damp.at = TIME_NEVER;
		observe(w, h, o, true);
	}
}

/* Half of the links are in one group, the others in a second one or alone. */
static void assign_links(struct sim_hosts *w)
{
	int unit_of_group[2] = { -1, -1 };

	for (int l = 0; l < w->n_links; l++) {
		uint32_t to = draw(w, 4);

		if (to < 3 && unit_of_group[to / 2] >= 0) {
			w->unit_of[l] = unit_of_group[to / 2];
			continue;
		}
		w->unit_of[l] = w->n_units++;
		if (to < 3)
			unit_of_group[to / 2] = w->unit_of[l];
	}
}

static void make_groups(struct sim_hosts *w, int h)
{
	for (int l = 0; l < w->n_links; l++) {
		struct sim_unit *unit = &w->host[h].unit[w->unit_of[l]];

		unit->links[unit->group.n] = l;
		unit->members[unit->group.n++] = &router_of(w, h, l)->member;
	}
	init_groups(w, h, true);
	for (int l = 0; l < w->n_links; l++) {
		struct sim_unit *unit = &w->host[h].unit[w->unit_of[l]];

		router_of(w, h, l)->group = unit->group.n > 1 ? &unit->group : NULL;
	}
}

struct sim_hosts *sim_hosts_new(uint64_t seed)
{
	struct sim_hosts *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->n_hosts = 2 + (int)(seed % (HOSTS_MAX - 1));
	w->is_slow = seed / 2 % 2;
	link_new(w, seed, 0); /* which has the generator */
	w->n_links = 2 + (int)draw(w, SIM_LINKS_MAX - 1);
	for (int l = 1; l < w->n_links; l++)
		link_new(w, seed, l);
	w->ranks = (int)draw(w, 3);
	rank(w);
	assign_links(w);
	for (int l = 0; l < w->n_links; l++)
		sim_boot(w->link[l]);
	for (int h = 0; h < w->n_hosts; h++) {
		make_groups(w, h);
		make_objects(w, h);
	}
	return w;
}

void sim_hosts_free(struct sim_hosts *w)
{
	for (int l = 0; l < w->n_links; l++)
		sim_free(w->link[l]);
	free(w);
}

struct sim *sim_hosts_link(struct sim_hosts *w, int l)
{
	return l < w->n_links ? w->link[l] : NULL;
}

bool sim_hosts_run(struct sim_hosts *w, int64_t duration_us)
{
	time_us end = time_add(now_of(w), duration_us);

	for (int h = 0; h < w->n_hosts; h++)
		mend(w, h);
	while (!failed_link(w) && time_cmp(now_of(w), end) < 0) {
		phase_faults(w);
		if (!failed_link(w))
			phase_progress(w);
	}
	return !failed_link(w);
}
