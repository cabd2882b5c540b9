/*
 * The state of a stage as a string of bytes, and back. See explore.h.
 *
 * All instants become distances from now, and what no step looks at becomes nothing. What is left
 * of a router is kept whole, so that no field is forgotten when the state machine gets a new one:
 * an instant that is not dealt with here makes states that never come again, which shows at once.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "test/sim/explore.h"

/* The group counts clashes that are no further apart than so many down intervals; more than that.
 */
#define CLASH_DOWN_INTERVALS 5

/* Ages of an advertisement that is due are told apart up to so many intervals, more than a lease.
 */
#define LATE_INTERVALS 4

/* On their way on a link. */
#define EVENTS_MAX (EXPLORE_KEY_MAX / 32)

/* Above the kind of an event. */
#define SECOND_BIT 7

struct packer {
	struct blobs *routers, *units, *frames;
};

struct packer *packer_new(void)
{
	struct packer *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->routers = blobs_new();
	p->units = blobs_new();
	p->frames = blobs_new();
	return p;
}

void packer_free(struct packer *p)
{
	blobs_free(p->routers);
	blobs_free(p->units);
	blobs_free(p->frames);
	free(p);
}

size_t packer_size(const struct packer *p)
{
	return blobs_size(p->routers) + blobs_size(p->units) + blobs_size(p->frames);
}

/* ---- instants ---- */

static void shift(time_us *t, int64_t by_us)
{
	*t = time_add(*t, by_us);
}

static void shift_inst(struct vrrp_inst *v, int64_t by_us)
{
	for (int t = 0; t < VRRP_TIMER_N; t++)
		shift(&v->at[t], by_us);
	shift(&v->preempt_at, by_us);
	shift(&v->since, by_us);
	shift(&v->rival_at, by_us);
	shift(&v->lease_until, by_us);
}

static void shift_router(struct sim_router *r, int64_t by_us)
{
	shift_inst(&r->v, by_us);
	shift_inst(&r->saved, by_us);
	for (int t = 0; t < VRRP_TIMER_N; t++)
		shift(&r->armed[t], by_us);
	shift(&r->lease_end, by_us);
	shift(&r->rival_at, by_us);
}

/* How long ago it was makes no difference. */
static time_us not_before(time_us t, time_us limit)
{
	return time_cmp(t, limit) < 0 ? limit : t;
}

/* Only its place in the rhythm and whether a lease may have lasted so long. */
static time_us recent(time_us due, time_us now, int64_t interval_us)
{
	int64_t late_us = time_sub(now, due);

	if (late_us <= LATE_INTERVALS * interval_us)
		return due;
	return time_add(now, -(LATE_INTERVALS * interval_us + late_us % interval_us));
}

static time_us timer_recent(time_us at, int timer, time_us now, int64_t interval_us)
{
	return timer == VRRP_TIMER_ADVER ? recent(at, now, interval_us) : not_before(at, now);
}

/* No down interval is longer, whatever the priority becomes. */
static int64_t longest_down_us(const struct vrrp_params *p)
{
	return (p->down_adverts + 1) * p->advert_us;
}

static void normalise_inst(struct vrrp_inst *v, const struct sim *sim)
{
	time_us now = sim->now;
	bool is_active = v->state == VRRP_STATE_ACTIVE;
	/* whether it can have been heard since is asked for with leases */
	int64_t told_apart_us = is_active && sim->is_lan_perfect ? sim->delay_max_us + 1 : 0;

	for (int t = 0; t < VRRP_TIMER_N; t++)
		v->at[t] = timer_recent(v->at[t], t, now, v->params.advert_us);
	v->preempt_at = not_before(v->preempt_at, now);
	v->since = not_before(v->since, time_add(now, -told_apart_us));
	v->rival_at = is_active
			      ? not_before(v->rival_at, time_add(now, -longest_down_us(&v->params)))
			      : now;
	v->lease_until = is_active ? not_before(v->lease_until, now) : now;
}

/* Of a host that is dead only what it will be again. */
static void bury(struct sim_router *r)
{
	struct sim_router dead;

	memset(&dead, 0, sizeof(dead));
	dead.addr = r->addr;
	dead.params = r->params;
	dead.weight = r->weight;
	dead.is_link_up = r->is_link_up;
	dead.sum_form = r->sum_form;
	dead.announce_params = r->announce_params;
	dead.process = SIM_HOST_DOWN;
	dead.handover_us = r->handover_us;
	dead.group = r->group;
	dead.lease_end = TIME_NEVER;
	vrrp_inst_init(&dead.v, &r->params, &r->addr);
	dead.saved = dead.v;
	for (int t = 0; t < VRRP_TIMER_N; t++)
		dead.armed[t] = TIME_NEVER;
	*r = dead;
}

static void normalise_router(struct sim_router *r, const struct sim *sim)
{
	time_us now = sim->now;
	if (r->process == SIM_HOST_DOWN)
		bury(r);
	r->group = NULL;
	r->member.v = NULL;
	r->generation = 0;
	r->late_us = 0;
	r->is_hastened &= sim->is_lan_perfect && r->v.state == VRRP_STATE_BACKUP;
	if (!r->has_vip)
		r->lease_end = TIME_NEVER;
	r->rival_at = r->v.state == VRRP_STATE_ACTIVE
			      ? not_before(r->rival_at, time_add(now, -longest_down_us(&r->params)))
			      : now;
	for (int t = 0; t < VRRP_TIMER_N; t++)
		r->armed[t] = timer_recent(r->armed[t], t, now, r->params.advert_us);
	normalise_inst(&r->v, sim);
	normalise_inst(&r->saved, sim);
}

/* ---- writing ---- */

static uint8_t *put(uint8_t *at, uint64_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		*at++ = (uint8_t)(value >> 8 * i);
	return at;
}

static uint8_t *put_router(struct packer *p, const struct sim *sim, int i, uint8_t *at)
{
	const struct sim_router *r = &sim->router[i];
	struct sim_router copy;
	size_t len = offsetof(struct sim_router, inbox) + r->n_inbox * sizeof(r->inbox[0]);

	memcpy(&copy, r, len);
	normalise_router(&copy, sim);
	shift_router(&copy, -sim->now.us);
	len = offsetof(struct sim_router, inbox) + copy.n_inbox * sizeof(copy.inbox[0]);
	return put(at, blobs_add(p->routers, &copy, len), 4);
}

/* The return of a process that died again is nothing. */
static bool is_void(const struct sim *sim, const struct sim_event *event)
{
	const struct sim_router *r = &sim->router[event->action.a];

	return event->kind == SIM_EV_ACTION &&
	       (r->process != SIM_CHILD_DEAD || r->generation != event->action.n);
}

static int to_whom(const struct sim_event *event)
{
	return event->kind == SIM_EV_ACTION ? event->action.a : event->to;
}

/* As sim.c serves them: a sorted array is a heap. */
static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return a->from != b->from ? a->from < b->from : a->seq < b->seq;
}

static int sort_events(const struct sim *sim, const struct sim_event **sorted)
{
	int n = 0;

	for (size_t k = 0; k < sim->n_events; k++) {
		int at = n;

		assert(n < EVENTS_MAX);
		if (is_void(sim, &sim->events[k]))
			continue;
		for (; at > 0 && is_before(&sim->events[k], sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &sim->events[k];
		n++;
	}
	return n;
}

static uint8_t *put_events(struct packer *p, const struct sim *sim, uint8_t *at)
{
	const struct sim_event *sorted[EVENTS_MAX];
	int n = sort_events(sim, sorted);

	at = put(at, (uint64_t)n, 1);
	for (int k = 0; k < n; k++) {
		const struct sim_event *event = sorted[k];

		at = put(at, (uint64_t)(event->at_us - sim->now.us), 4);
		at = put(at, event->kind | (unsigned)event->is_second << SECOND_BIT, 1);
		at = put(at, (uint64_t)to_whom(event), 1);
		if (event->kind == SIM_EV_ACTION)
			continue; /* of its kind there is only the end of a dead process */
		at = put(at, (uint64_t)event->from, 1);
		at = put(at, blobs_add(p->frames, &event->frame, sizeof(event->frame)), 2);
	}
	return at;
}

static uint8_t *put_link(struct packer *p, const struct sim *sim, uint8_t *at)
{
	uint64_t cuts = 0;

	for (int i = 0; i < sim->n_routers; i++) {
		at = put_router(p, sim, i, at);
		for (int k = 0; k < sim->n_routers; k++)
			cuts |= (uint64_t)sim->is_cut[i][k] << (i * EXPLORE_ROUTERS_MAX + k);
	}
	at = put(at, cuts, 2);
	return put_events(p, sim, at);
}

static uint8_t *put_unit(struct packer *p, const struct stage *s, int h, uint8_t *at)
{
	const struct sim *sim = s->on.link[0];
	struct sim_unit copy = s->on.unit[h];
	int64_t row_us = CLASH_DOWN_INTERVALS * longest_down_us(&s->world->params);

	memset(copy.members, 0, sizeof(copy.members));
	copy.group.members = NULL;
	copy.group.since = (time_us){ 0 };
	copy.group.transitions = 0;
	copy.group.lost_at = not_before(copy.group.lost_at, time_add(sim->now, -row_us));
	shift(&copy.group.lost_at, -sim->now.us);
	return put(at, blobs_add(p->units, &copy, sizeof(copy)), 4);
}

/* Within a sixteenth of the interval, to which deadlines may be rounded. */
static uint64_t phase_us(const struct stage *s)
{
	return (uint64_t)(s->on.link[0]->now.us % (s->world->params.advert_us / 16));
}

size_t pack(struct packer *p, const struct stage *s, uint8_t *key)
{
	uint8_t *at = put(key, phase_us(s), 4);

	for (int l = 0; l < s->world->n_links; l++)
		at = put_link(p, s->on.link[l], at);
	for (int h = 0; h < s->world->n_routers && s->world->n_links > 1; h++)
		at = put_unit(p, s, h, at);
	return (size_t)(at - key);
}

/* ---- reading ---- */

static uint64_t take(const uint8_t **at, int n_bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < n_bytes; i++)
		value |= (uint64_t) * (*at)++ << 8 * i;
	return value;
}

static void take_router(const struct packer *p, struct stage *s, int l, int i, const uint8_t **at)
{
	struct sim *sim = s->on.link[l];
	struct sim_router *r = &sim->router[i];
	size_t len;
	const uint8_t *bytes = blobs_get(p->routers, (uint32_t)take(at, 4), &len);

	memcpy(r, bytes, len);
	shift_router(r, sim->now.us);
	r->member.v = &r->v;
	r->group = s->world->n_links > 1 ? &s->on.unit[i].group : NULL;
}

static void take_events(const struct packer *p, struct sim *sim, const uint8_t **at)
{
	sim->n_events = take(at, 1);
	sim->seq = sim->n_events;
	for (size_t k = 0; k < sim->n_events; k++) {
		struct sim_event *event = &sim->events[k];
		size_t len;

		memset(event, 0, sizeof(*event));
		event->at_us = sim->now.us + (int32_t)take(at, 4);
		event->seq = k;
		uint64_t kind = take(at, 1);
		event->kind = (enum sim_event_kind)(kind & ((1U << SECOND_BIT) - 1));
		event->is_second = kind >> SECOND_BIT;
		event->to = (int)take(at, 1);
		if (event->kind == SIM_EV_ACTION) {
			event->action = (struct sim_action){ SIM_RESPAWN, event->to, 0, 0 };
			continue;
		}
		event->from = (int)take(at, 1);
		memcpy(&event->frame, blobs_get(p->frames, (uint32_t)take(at, 2), &len),
		       sizeof(event->frame));
	}
}

static void take_link(const struct packer *p, struct stage *s, int l, const uint8_t **at)
{
	struct sim *sim = s->on.link[l];

	for (int i = 0; i < sim->n_routers; i++)
		take_router(p, s, l, i, at);
	uint64_t cuts = take(at, 2);
	for (int i = 0; i < sim->n_routers; i++)
		for (int k = 0; k < sim->n_routers; k++)
			sim->is_cut[i][k] = cuts >> (i * EXPLORE_ROUTERS_MAX + k) & 1;
	take_events(p, sim, at);
	sim->has_failed = false;
	sim->order = SIM_ORDER_FRAMES;
}

static void take_unit(const struct packer *p, struct stage *s, int h, const uint8_t **at)
{
	struct sim_unit *unit = &s->on.unit[h];
	size_t len;

	memcpy(unit, blobs_get(p->units, (uint32_t)take(at, 4), &len), sizeof(*unit));
	shift(&unit->group.lost_at, s->on.link[0]->now.us);
	unit->group.members = unit->members;
	for (unsigned i = 0; i < unit->group.n; i++)
		unit->members[i] = &s->on.link[unit->links[i]]->router[h].member;
}

void unpack(const struct packer *p, const uint8_t *key, struct stage *s)
{
	uint64_t phase = take(&key, 4);

	for (int l = 0; l < s->world->n_links; l++) {
		s->on.link[l]->now.us = SIM_T0_S * US_PER_S + (int64_t)phase;
		take_link(p, s, l, &key);
	}
	for (int h = 0; h < s->world->n_routers && s->world->n_links > 1; h++)
		take_unit(p, s, h, &key);
}
