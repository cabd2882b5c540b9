/*
 * Sync groups. See group.h.
 *
 * Runs in the VRRP child and in the simulator. Pure: it writes only the group and its members'
 * marks, never a router.
 */
#include "vrrp/group.h"

#include <string.h>

/* Slots before the next rise are drawn from a window of 2, 4, 8 ... this many. */
#define WINDOW_MAX_BITS 5

/* A slot is this part of the interval: long enough to be heard by who would rise in the next one.
 */
#define SLOTS_PER_INTERVAL 4

/* Clashes are in a row when no more than so many down intervals lie between them. */
#define ROW_DOWN_INTERVALS 4

void group_init(struct vrrp_group *g, struct group_member **members, unsigned n,
		enum vrrp_notify_state told)
{
	memset(g, 0, sizeof(*g));
	g->members = members;
	g->n = n;
	g->told = told;
	g->lost_at = TIME_NEVER;
}

static void fault_event(struct group_member *m, bool is_held, struct vrrp_ev *ev)
{
	m->is_held = is_held;
	*ev = (struct vrrp_ev){ .kind = VRRP_EV_FAULT, .fault_delta = is_held ? 1 : -1 };
}

bool group_release(struct group_member *m, struct vrrp_ev *ev)
{
	if (!m->is_held)
		return false;
	fault_event(m, false, ev);
	return true;
}

void group_note_faults(struct group_member *m, int faults)
{
	m->faults = faults;
}

/* It was Active, or its predecessor process was and its lease ran out meanwhile. */
static bool has_given_way(enum vrrp_state was, const struct vrrp_ev *ev)
{
	return was == VRRP_STATE_ACTIVE ||
	       (ev->kind == VRRP_EV_ADOPT && ev->adopt.state == VRRP_STATE_ACTIVE);
}

/* What it heard was an active router that it follows, if its patience began anew. */
static bool is_following(const struct vrrp_inst *v, time_us now, const struct vrrp_ev *ev)
{
	return ev->kind == VRRP_EV_ADVERT && ev->advert.priority > 0 &&
	       addr_cmp(&v->active, &ev->advert.src) == 0 &&
	       time_sub(v->at[VRRP_TIMER_DOWN], now) == vrrp_down_us(v);
}

/*
 * A member of ours gave way while Active, and now a router gives way to us: two groups that each
 * beat the other on a link.
 */
static void note_clash(struct vrrp_group *g, const struct vrrp_inst *v, time_us now,
		       const struct vrrp_ev *ev)
{
	if (ev->kind != VRRP_EV_ADVERT || ev->advert.priority > 0 || g->is_clash ||
	    time_is_never(g->lost_at) || time_sub(now, g->lost_at) > v->params.advert_us)
		return;
	g->is_clash = true;
	if (g->clashes < WINDOW_MAX_BITS)
		g->clashes++;
}

static void note_loss(struct vrrp_group *g, const struct vrrp_inst *v, time_us now)
{
	if (time_is_never(g->lost_at) ||
	    time_sub(now, g->lost_at) > ROW_DOWN_INTERVALS * vrrp_down_us(v))
		g->clashes = 0;
	g->lost_at = now;
	g->is_clash = false;
}

void group_note_step(struct vrrp_group *g, const struct group_member *m, enum vrrp_state was,
		     time_us now, const struct vrrp_ev *ev)
{
	bool has_lost = has_given_way(was, ev);

	if (m->v->state != VRRP_STATE_BACKUP || ev->kind == VRRP_EV_YIELD)
		return;
	if (has_lost)
		note_loss(g, m->v, now);
	else
		note_clash(g, m->v, now, ev);
	if (has_lost || is_following(m->v, now, ev))
		g->is_outvoted = true;
}

bool group_holds_back(const struct vrrp_group *g, const struct vrrp_ev *ev)
{
	return g && ev->kind == VRRP_EV_TIMER && ev->timer == VRRP_TIMER_DOWN;
}

/* ---- what to do ---- */

/* The line comes once for each move, before the first that follows. */
static bool say_sync(struct vrrp_group *g, enum vrrp_notify_state state, struct group_act *act)
{
	if (g->is_synced)
		return false;
	g->is_synced = true;
	act->kind = GROUP_ACT_SYNC;
	act->state = state;
	return true;
}

static void feed(struct group_act *act, unsigned member, const struct vrrp_ev *ev)
{
	act->kind = GROUP_ACT_FEED;
	act->member = member;
	act->ev = *ev;
}

static unsigned count_faulty(const struct vrrp_group *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->n; i++)
		n += g->members[i]->faults > 0;
	return n;
}

/* Whether a member must enter or leave FAULT for the others' sake. */
static bool move_fault(struct vrrp_group *g, struct group_act *act)
{
	unsigned n_faulty = count_faulty(g);

	for (unsigned i = 0; i < g->n; i++) {
		struct group_member *m = g->members[i];
		bool is_held = n_faulty > (m->faults > 0 ? 1u : 0u);
		struct vrrp_ev ev;

		if (is_held == m->is_held)
			continue;
		if (is_held && m->faults == 0 && m->v->is_started &&
		    say_sync(g, VRRP_NOTIFY_FAULT, act))
			return true;
		fault_event(m, is_held, &ev);
		feed(act, i, &ev);
		return true;
	}
	return false;
}

static bool is_starting(const struct vrrp_group *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->n; i++)
		n += g->members[i]->v->is_started;
	return n > 0 && n < g->n;
}

/* Whether an Active member must resign because another one follows somebody else. */
static bool move_down(struct vrrp_group *g, struct group_act *act)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_YIELD };

	for (unsigned i = 0; g->is_outvoted && i < g->n; i++) {
		if (g->members[i]->v->state != VRRP_STATE_ACTIVE)
			continue;
		if (!say_sync(g, VRRP_NOTIFY_BACKUP, act))
			feed(act, i, &ev);
		return true;
	}
	/* Members that start or are adopted one after the other: it holds for those to come. */
	g->is_outvoted = g->is_outvoted && is_starting(g);
	return false;
}

static bool has_voted(const struct vrrp_inst *v, time_us now)
{
	if (v->state == VRRP_STATE_ACTIVE)
		return true;
	return v->state == VRRP_STATE_BACKUP && !time_is_never(v->at[VRRP_TIMER_DOWN]) &&
	       time_cmp(v->at[VRRP_TIMER_DOWN], now) <= 0;
}

/* A number that is another one for each group and each clash: splitmix64. */
static uint64_t draw(const struct vrrp_inst *v, unsigned clashes)
{
	uint64_t z = clashes + v->transitions * UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned i = 0; i < addr_len(v->own_addr.family); i++)
		z = z * 257 + v->own_addr.bytes[i];
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Whether to wait after a clash, which is asked for once. */
static bool wait_slots(struct vrrp_group *g, unsigned member, struct group_act *act)
{
	const struct vrrp_inst *v = g->members[member]->v;
	uint64_t window = UINT64_C(1) << g->clashes;
	int64_t slots = g->is_clash ? (int64_t)(draw(v, g->clashes) % window) : 0;
	const struct vrrp_ev ev = { .kind = VRRP_EV_HOLD,
				    .hold_us = slots * v->params.advert_us / SLOTS_PER_INTERVAL };

	g->is_clash = false;
	if (slots > 0)
		feed(act, member, &ev);
	return slots > 0;
}

/* Whether all agree that nobody else is active. */
static bool move_up(struct vrrp_group *g, time_us now, struct group_act *act)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_TIMER, .timer = VRRP_TIMER_DOWN };
	unsigned candidate = g->n;

	for (unsigned i = 0; i < g->n; i++) {
		const struct vrrp_inst *v = g->members[i]->v;

		if (!has_voted(v, now))
			return false;
		if (v->state == VRRP_STATE_BACKUP && candidate == g->n)
			candidate = i;
	}
	if (candidate == g->n)
		return false;
	if (wait_slots(g, candidate, act))
		return true;
	/* The first one moves on its own account, the others follow it. */
	if (candidate > 0 && say_sync(g, VRRP_NOTIFY_MASTER, act))
		return true;
	feed(act, candidate, &ev);
	return true;
}

static bool tell(struct vrrp_group *g, time_us now, struct group_act *act)
{
	enum vrrp_notify_state state = g->n ? vrrp_inst_notify_state(g->members[0]->v) : g->told;

	for (unsigned i = 1; i < g->n; i++) {
		if (vrrp_inst_notify_state(g->members[i]->v) != state)
			return false; /* on the way: they start or stop one after the other */
	}
	if (state == g->told || state == VRRP_NOTIFY_INIT)
		return false;
	g->told = state;
	g->since = now;
	g->transitions++;
	act->kind = GROUP_ACT_NOTIFY;
	act->state = state;
	return true;
}

void group_next(struct vrrp_group *g, time_us now, struct group_act *act)
{
	memset(act, 0, sizeof(*act));
	if (move_fault(g, act) || move_down(g, act) || move_up(g, now, act))
		return;
	g->is_synced = false;
	if (!tell(g, now, act))
		act->kind = GROUP_ACT_NONE;
}
