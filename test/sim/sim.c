/*
 * The simulated world. See sim.h.
 */
#include "test/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- randomness: splitmix64 ---- */

static uint64_t rng_next(struct sim *sim)
{
	uint64_t z = sim->rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t sim_draw(struct sim *sim, uint32_t n)
{
	return (uint32_t)(rng_next(sim) % n);
}

int64_t sim_draw_between(struct sim *sim, int64_t min, int64_t max)
{
	return min + (int64_t)(rng_next(sim) % (uint64_t)(max - min + 1));
}

/* ---- failure ---- */

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (sim->has_failed)
		return;
	sim->has_failed = true;
	va_start(args, format);
	vsnprintf(sim->failure, sizeof(sim->failure), format, args);
	va_end(args);
}

/* ---- the LAN ---- */

static bool chance(struct sim *sim, uint32_t per_thousand)
{
	return per_thousand > 0 && sim_draw(sim, 1000) < per_thousand;
}

static bool node_is_attached(const struct sim *sim, int node)
{
	return node == SIM_HOST ||
	       (sim->router[node].is_link_up && sim->router[node].process != SIM_HOST_DOWN);
}

/* Each copy has a delay of its own, so frames overtake each other. Clogged ones wait for do_heal().
 */
static void lan_put(struct sim *sim, struct sim_event *event)
{
	event->at_us = sim->now.us + sim_draw_between(sim, sim->delay_min_us, sim->delay_max_us);
	if (sim->is_clogged[event->from][event->to]) {
		if (sim->n_events > SIM_EVENTS_MAX / 2)
			return; /* a switch has not more buffers either */
		event->at_us = INT64_MAX;
	}
	sim_event_push(sim, event);
}

static void lan_send(struct sim *sim, struct sim_event *event)
{
	if (sim->is_cut[event->from][event->to] || !node_is_attached(sim, event->from) ||
	    chance(sim, sim->loss))
		return;
	if (event->frame.len > SIM_IP_HEADER_LEN && chance(sim, sim->corrupt)) {
		uint32_t bit = sim_draw(sim, (event->frame.data[3] - SIM_IP_HEADER_LEN) * 8);
		event->frame.data[SIM_IP_HEADER_LEN + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	if (chance(sim, sim->duplicate))
		lan_put(sim, event);
	lan_put(sim, event);
}

/* Another LAN: faults of the first one and its links are not its own. The frame is the same, for
 * its sender goes by its name of the first path. */
static void second_send(struct sim *sim, struct sim_event event)
{
	if (!sim->has_second || sim->is_cut_second[event.from][event.to] ||
	    sim->router[event.from].process == SIM_HOST_DOWN)
		return;
	event.is_second = true;
	event.at_us = sim->now.us + sim_draw_between(sim, sim->delay_min_us, sim->delay_max_us);
	sim_event_push(sim, &event);
}

/* ---- what a router sends ---- */

static void advertise(struct sim *sim, int from, uint8_t priority)
{
	struct sim_event event = { .kind = SIM_EV_FRAME, .from = from };

	sim_frame_build(&sim->router[from], priority, &event.frame);
	for (event.to = 0; event.to < sim->n_routers; event.to++) {
		struct sim_event copy = event;
		if (event.to == from)
			continue;
		lan_send(sim, &copy);
		second_send(sim, event);
	}
}

static void announce_drain(struct sim *sim, int from)
{
	struct sim_event event = { .kind = SIM_EV_GARP, .from = from, .to = SIM_HOST };

	while (announce_next(&sim->router[from].announce, sim->now) >= 0)
		lan_send(sim, &event);
}

/* ---- one step of one router ---- */

static void execute(struct sim *sim, int i, const struct vrrp_out_item *item)
{
	struct sim_router *r = &sim->router[i];

	switch (item->kind) {
	case VRRP_OUT_SEND: advertise(sim, i, item->priority); break;
	case VRRP_OUT_ARM:
		r->armed[item->timer] = item->at;
		r->is_held_back &= item->timer != VRRP_TIMER_DOWN;
		r->late_us = sim_draw_between(sim, 0, sim->late_max_us);
		break;
	case VRRP_OUT_CANCEL:
		r->armed[item->timer] = TIME_NEVER;
		r->is_held_back &= item->timer != VRRP_TIMER_DOWN;
		break;
	case VRRP_OUT_VIP_ADD: r->has_vip = true; break;
	case VRRP_OUT_VIP_DEL:
		r->has_vip = false;
		r->lease_end = TIME_NEVER;
		break;
	case VRRP_OUT_LEASE:
		r->lease_end = time_add(item->at, sim_draw_between(sim, 0, sim->lease_late_max_us));
		break;
	case VRRP_OUT_ANNOUNCE:
		announce_trigger(&r->announce, sim->now, item->announce);
		announce_drain(sim, i);
		break;
	case VRRP_OUT_NOTIFY: r->told = item->to; break;
	case VRRP_OUT_RENOTIFY:
	case VRRP_OUT_LOG: break;
	}
}

static void execute_all(struct sim *sim, int i, const struct vrrp_out *out)
{
	for (unsigned k = 0; k < out->n; k++)
		execute(sim, i, &out->item[k]);
}

static void note_step(struct sim *sim, int i, enum vrrp_state was, const struct vrrp_ev *ev)
{
	struct sim_router *r = &sim->router[i];

	if (r->group)
		group_note_step(r->group, &r->member, was, sim->now, ev);
}

/* A lease that is over shows with the next event, whichever it is; seen here with one that is none.
 */
static void lapse(struct sim *sim, int i)
{
	const struct vrrp_ev none = { .kind = VRRP_EV_TIMER, .timer = VRRP_TIMER_N };
	struct sim_router *r = &sim->router[i];
	struct vrrp_out out;

	if (r->v.state != VRRP_STATE_ACTIVE || r->v.params.lease_us == 0 ||
	    time_cmp(r->v.lease_until, sim->now) > 0)
		return;
	vrrp_step(&r->v, sim->now, &none, &out);
	sim_trace_step(sim, i, &none, &out);
	sim_check_lapse(sim, i, &out);
	execute_all(sim, i, &out);
	sim_check_state(sim, i);
	r->saved = r->v;
	note_step(sim, i, VRRP_STATE_ACTIVE, &none);
}

static void step(struct sim *sim, int i, const struct vrrp_ev *ev)
{
	struct sim_router *r = &sim->router[i];
	struct vrrp_inst before;
	struct vrrp_out out;

	lapse(sim, i);
	if (ev->kind == VRRP_EV_TIMER && time_is_never(r->armed[ev->timer]))
		return; /* it went with the lease */
	before = r->v;

	if (ev->kind == VRRP_EV_TIMER)
		r->armed[ev->timer] = TIME_NEVER; /* it fired */
	vrrp_step(&r->v, sim->now, ev, &out);
	sim->steps++;
	sim_trace_step(sim, i, ev, &out);
	sim_check_outputs(sim, i, &before, ev, &out);
	execute_all(sim, i, &out);
	sim_check_state(sim, i);
	r->saved = r->v;
	note_step(sim, i, before.state, ev);
}

void sim_step(struct sim *sim, int i, const struct vrrp_ev *ev)
{
	step(sim, i, ev);
}

/* The loop's timer has gone off; what a group holds back waits for its vote. */
static void expire(struct sim *sim, int i, enum vrrp_timer timer)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_TIMER, .timer = timer };
	struct sim_router *r = &sim->router[i];

	lapse(sim, i);
	if (group_holds_back(r->group, &ev))
		r->is_held_back = true;
	else
		step(sim, i, &ev);
}

static bool can_listen(const struct sim_router *r)
{
	return r->process == SIM_RUNNING && !r->is_paused;
}

/* Tells the instance of links and weights that changed, now or while it could not listen. */
static void sync_tracking(struct sim *sim, int i)
{
	struct sim_router *r = &sim->router[i];
	int faults = !r->is_link_up + r->tracked_faults;
	int fault_delta = faults - r->member.faults;

	group_note_faults(&r->member, faults);
	if (r->v.weight != r->weight)
		step(sim, i, &(struct vrrp_ev){ .kind = VRRP_EV_WEIGHT, .weight = r->weight });
	if (fault_delta != 0)
		step(sim, i,
		     &(struct vrrp_ev){ .kind = VRRP_EV_FAULT, .fault_delta = fault_delta });
}

void sim_sync(struct sim *sim, int i)
{
	const struct sim_router *r = &sim->router[i];

	if (!can_listen(r))
		return;
	if (memcmp(&r->v.params, &r->params, sizeof(r->params)) != 0)
		step(sim, i, &(struct vrrp_ev){ .kind = VRRP_EV_CONFIG, .params = r->params });
	sync_tracking(sim, i);
	if (r->want_started && !r->v.is_started)
		step(sim, i, &(struct vrrp_ev){ .kind = VRRP_EV_START });
	if (!r->want_started && r->v.is_started)
		step(sim, i,
		     &(struct vrrp_ev){ .kind = VRRP_EV_STOP, .handover_us = r->handover_us });
}

static void receive(struct sim *sim, int i, const struct sim_frame *frame)
{
	struct vrrp_ev ev;

	sim->frames++;
	if (sim_frame_decode(&sim->router[i], frame, &ev))
		step(sim, i, &ev);
	else
		sim->drops++;
}

static void frame_arrive(struct sim *sim, const struct sim_event *event)
{
	struct sim_router *r = &sim->router[event->to];
	bool is_attached = event->is_second || node_is_attached(sim, event->to);

	if (!is_attached || r->process != SIM_RUNNING)
		return;
	if (!r->is_paused)
		receive(sim, event->to, &event->frame);
	else if (r->n_inbox < sim->inbox_max)
		r->inbox[r->n_inbox++] = event->frame;
}

/* ---- processes ---- */

static void process_init(struct sim_router *r)
{
	vrrp_inst_init(&r->v, &r->params, &r->addr);
	r->member = (struct group_member){ .v = &r->v };
	r->is_held_back = false;
	announce_init(&r->announce, &r->announce_params);
	for (int t = 0; t < VRRP_TIMER_N; t++)
		r->armed[t] = TIME_NEVER;
	r->process = SIM_RUNNING;
	r->is_paused = false;
	r->n_inbox = 0;
	r->generation++;
}

/* ---- actions ---- */

static void do_start(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].want_started = true;
}

static void do_stop(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].want_started = false;
}

static void do_crash(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];

	r->process = SIM_HOST_DOWN;
	r->is_paused = false;
	r->has_vip = false;
	r->lease_end = TIME_NEVER;
	if (sim->arp == action->a)
		sim->arp = SIM_NOBODY; /* nobody answers there, so the host asks again */
}

static void do_restart(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];

	if (r->process != SIM_HOST_DOWN)
		return;
	process_init(r);
	r->told = VRRP_NOTIFY_INIT;
	r->want_started = true;
}

static void do_kill_child(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];

	if (r->process != SIM_RUNNING)
		return;
	r->process = SIM_CHILD_DEAD;
	r->is_paused = false;
	sim_schedule(sim, action->n,
		     (struct sim_action){ SIM_RESPAWN, action->a, 0, r->generation });
}

static void adopt(struct sim *sim, int i, const struct vrrp_inst *saved)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };

	ev.adopt.state = saved->state;
	ev.adopt.adver_at = saved->at[VRRP_TIMER_ADVER];
	ev.adopt.preempt_at = saved->preempt_at;
	ev.adopt.active_adver_us = saved->active_adver_us;
	ev.adopt.active = saved->active;
	ev.adopt.active_priority = saved->active_priority;
	step(sim, i, &ev);
}

/* A new process: it learns of links and weights first, then adopts what its predecessor had. */
static void do_respawn(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];
	struct vrrp_inst saved = r->saved;

	if (r->process != SIM_CHILD_DEAD || r->generation != action->n)
		return;
	process_init(r);
	r->is_adopting = saved.is_started;
	if (!saved.is_started) {
		r->told = VRRP_NOTIFY_INIT;
		r->has_vip = false; /* what a stopped predecessor left is not ours */
	}
	sync_tracking(sim, action->a);
	r->is_adopting = false;
	if (saved.is_started)
		adopt(sim, action->a, &saved);
}

static void do_pause(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];

	r->is_paused = r->process == SIM_RUNNING;
}

/* As the daemon does on a perfect LAN: what waits is read first. */
static bool timers_come_first(struct sim *sim)
{
	if (sim->order != SIM_ORDER_DRAWN)
		return sim->order == SIM_ORDER_TIMERS;
	return !sim->is_lan_perfect && sim_draw(sim, 2) == 0;
}

/* The loop of a woken process may see its timers or its socket first. */
static void do_resume(struct sim *sim, const struct sim_action *action)
{
	struct sim_router *r = &sim->router[action->a];

	if (!r->is_paused)
		return;
	r->is_paused = false;
	for (int t = 0; t < VRRP_TIMER_N && timers_come_first(sim); t++)
		if (time_cmp(r->armed[t], sim->now) <= 0)
			expire(sim, action->a, t);
	for (unsigned k = 0; k < r->n_inbox; k++)
		receive(sim, action->a, &r->inbox[k]);
	r->n_inbox = 0;
}

static void do_link_down(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].is_link_up = false;
}

static void do_link_up(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].is_link_up = true;
}

static void do_priority(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].params.base_priority = (uint8_t)action->n;
}

static void do_weight(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].weight = (int)action->n;
}

static void do_interval(struct sim *sim, const struct sim_action *action)
{
	sim->router[action->a].params.advert_us = action->n;
}

static void do_cut(struct sim *sim, const struct sim_action *action)
{
	sim->is_cut[action->a][action->b] = true;
}

static void do_mend(struct sim *sim, const struct sim_action *action)
{
	sim->is_cut[action->a][action->b] = false;
}

static bool is_on_its_way(const struct sim_event *event, const struct sim_action *action)
{
	return event->kind == SIM_EV_FRAME && event->from == action->a && event->to == action->b;
}

static void do_lose(struct sim *sim, const struct sim_action *action)
{
	size_t n = sim->n_events;

	sim->n_events = 0;
	for (size_t k = 0; k < n; k++) {
		if (is_on_its_way(&sim->events[k], action))
			continue;
		sim->events[sim->n_events] = sim->events[k];
		sim_event_rise(sim, sim->n_events++);
	}
}

static void do_delay(struct sim *sim, const struct sim_action *action)
{
	for (size_t k = 0; k < sim->n_events; k++)
		if (is_on_its_way(&sim->events[k], action))
			sim->events[k].at_us += action->n;
	for (size_t k = 0; k < sim->n_events; k++)
		sim_event_rise(sim, k);
}

static void do_frames_first(struct sim *sim, const struct sim_action *action)
{
	(void)action;
	sim->order = SIM_ORDER_FRAMES;
}

static void do_timers_first(struct sim *sim, const struct sim_action *action)
{
	(void)action;
	sim->order = SIM_ORDER_TIMERS;
}

static void do_cut_second(struct sim *sim, const struct sim_action *action)
{
	sim->is_cut_second[action->a][action->b] = true;
}

static void do_clog(struct sim *sim, const struct sim_action *action)
{
	sim->is_clogged[action->a][action->b] = true;
}

static void do_isolate(struct sim *sim, const struct sim_action *action)
{
	for (int node = 0; node < SIM_NODES; node++) {
		sim->is_cut[action->a][node] = sim->is_cut[node][action->a] = true;
		sim->is_cut_second[action->a][node] = sim->is_cut_second[node][action->a] = true;
	}
}

static void do_loss(struct sim *sim, const struct sim_action *action)
{
	sim->loss = (uint32_t)action->n;
}

static void do_duplicate(struct sim *sim, const struct sim_action *action)
{
	sim->duplicate = (uint32_t)action->n;
}

static void do_corrupt(struct sim *sim, const struct sim_action *action)
{
	sim->corrupt = (uint32_t)action->n;
}

static void unclog_all(struct sim *sim)
{
	size_t n = sim->n_events;

	memset(sim->is_clogged, 0, sizeof(sim->is_clogged));
	sim->n_events = 0;
	for (size_t k = 0; k < n; k++) { /* a push writes at or before k */
		struct sim_event event = sim->events[k];
		if (event.at_us == INT64_MAX)
			lan_put(sim, &event);
		else
			sim_event_push(sim, &event);
	}
}

static void do_heal(struct sim *sim, const struct sim_action *action)
{
	(void)action;
	memset(sim->is_cut, 0, sizeof(sim->is_cut));
	memset(sim->is_cut_second, 0, sizeof(sim->is_cut_second));
	unclog_all(sim);
	sim->loss = sim->duplicate = sim->corrupt = 0;
}

static const struct {
	const char *name;
	void (*run)(struct sim *sim, const struct sim_action *action);
} acts[SIM_ACT_N] = {
	[SIM_START] = { "start", do_start },
	[SIM_STOP] = { "stop", do_stop },
	[SIM_CRASH] = { "crash", do_crash },
	[SIM_RESTART] = { "restart", do_restart },
	[SIM_KILL_CHILD] = { "kill_child", do_kill_child },
	[SIM_RESPAWN] = { "respawn", do_respawn },
	[SIM_PAUSE] = { "pause", do_pause },
	[SIM_RESUME] = { "resume", do_resume },
	[SIM_LINK_DOWN] = { "link_down", do_link_down },
	[SIM_LINK_UP] = { "link_up", do_link_up },
	[SIM_CUT] = { "cut", do_cut },
	[SIM_CUT_SECOND] = { "cut_second", do_cut_second },
	[SIM_CLOG] = { "clog", do_clog },
	[SIM_ISOLATE] = { "isolate", do_isolate },
	[SIM_HEAL] = { "heal", do_heal },
	[SIM_LOSS] = { "loss", do_loss },
	[SIM_DUPLICATE] = { "duplicate", do_duplicate },
	[SIM_CORRUPT] = { "corrupt", do_corrupt },
	[SIM_PRIORITY] = { "priority", do_priority },
	[SIM_WEIGHT] = { "weight", do_weight },
	[SIM_INTERVAL] = { "interval", do_interval },
	[SIM_MEND] = { "mend", do_mend },
	[SIM_LOSE] = { "lose", do_lose },
	[SIM_DELAY] = { "delay", do_delay },
	[SIM_FRAMES_FIRST] = { "frames_first", do_frames_first },
	[SIM_TIMERS_FIRST] = { "timers_first", do_timers_first },
};

const char *sim_act_name(enum sim_act act)
{
	return acts[act].name;
}

enum sim_act sim_act_parse(const char *name)
{
	int act = 0;

	while (act < SIM_ACT_N && strcmp(acts[act].name, name) != 0)
		act++;
	return (enum sim_act)act;
}

void sim_do(struct sim *sim, struct sim_action action)
{
	sim_trace_action(sim, &action);
	acts[action.act].run(sim, &action);
	if (action.a != SIM_HOST)
		sim_sync(sim, action.a);
}

void sim_schedule(struct sim *sim, int64_t delay_us, struct sim_action action)
{
	struct sim_event event = { .kind = SIM_EV_ACTION, .at_us = sim->now.us + delay_us };

	event.action = action;
	sim_event_push(sim, &event);
}

/* ---- the clock ---- */

enum { ANNOUNCEMENT = VRRP_TIMER_N, KERNEL };

/* The earliest timer or announcement of a router that runs, or end of a lease. */
struct pending {
	int64_t at_us;
	int router;
	int timer; /* or ANNOUNCEMENT, KERNEL */
};

static void pending_offer(struct pending *p, time_us at, int64_t late_us, int router, int timer)
{
	if (!time_is_never(at) && at.us + late_us < p->at_us)
		*p = (struct pending){ at.us + late_us, router, timer };
}

static struct pending pending_find(const struct sim *sim)
{
	struct pending p = { INT64_MAX, SIM_NOBODY, 0 };

	for (int i = 0; i < sim->n_routers; i++) {
		const struct sim_router *r = &sim->router[i];
		if (r->has_vip)
			pending_offer(&p, r->lease_end, 0, i, KERNEL);
		if (!can_listen(r))
			continue;
		for (int t = 0; t < VRRP_TIMER_N; t++)
			if (t != VRRP_TIMER_DOWN || !r->is_held_back)
				pending_offer(&p, r->armed[t], r->late_us, i, t);
		pending_offer(&p, announce_due(&r->announce), 0, i, ANNOUNCEMENT);
	}
	return p;
}

static void clock_set(struct sim *sim, int64_t at_us)
{
	if (at_us > sim->now.us) /* what a pause held back is served late, not in the past */
		sim->now.us = at_us;
}

static void serve_pending(struct sim *sim, const struct pending *p)
{
	clock_set(sim, p->at_us);
	if (p->timer == KERNEL)
		sim->router[p->router].has_vip = false;
	else if (p->timer == ANNOUNCEMENT)
		announce_drain(sim, p->router);
	else
		expire(sim, p->router, p->timer);
}

static void serve_event(struct sim *sim)
{
	struct sim_event event = sim_event_pop(sim);

	clock_set(sim, event.at_us);
	switch (event.kind) {
	case SIM_EV_FRAME: frame_arrive(sim, &event); break;
	case SIM_EV_GARP: sim->arp = event.from; break;
	case SIM_EV_ACTION: sim_do(sim, event.action); break;
	}
}

time_us sim_next(const struct sim *sim)
{
	struct pending p = pending_find(sim);
	int64_t event_us = sim->n_events > 0 ? sim->events[0].at_us : INT64_MAX;

	return (time_us){ event_us < p.at_us ? event_us : p.at_us };
}

bool sim_run_one(struct sim *sim, time_us until)
{
	struct pending p = pending_find(sim);
	int64_t event_us = sim->n_events > 0 ? sim->events[0].at_us : INT64_MAX;

	if (p.at_us > until.us && event_us > until.us) {
		clock_set(sim, until.us);
		return false;
	}
	if (event_us < p.at_us || (event_us == p.at_us && sim->order != SIM_ORDER_TIMERS))
		serve_event(sim);
	else
		serve_pending(sim, &p);
	return true;
}

/* ---- making a world ---- */

static void *must_alloc(size_t n, size_t size)
{
	void *at = calloc(n, size);

	if (!at)
		abort();
	return at;
}

struct sim *sim_new(uint64_t seed, int n_routers, const struct vrrp_params *params)
{
	struct sim *sim = must_alloc(1, sizeof(*sim));

	sim->rng = seed;
	sim->n_routers = n_routers;
	sim->now.us = SIM_T0_S * US_PER_S;
	sim->delay_min_us = 50;
	sim->delay_max_us = 2 * US_PER_MS;
	sim->late_max_us = US_PER_MS;
	sim->inbox_max = SIM_INBOX_MAX;
	sim->arp = SIM_NOBODY;
	sim->events = must_alloc(SIM_EVENTS_MAX, sizeof(*sim->events));
	sim->lines = must_alloc(SIM_TRACE_MAX, sizeof(*sim->lines));
	for (int i = 0; i < n_routers; i++) {
		struct sim_router *r = &sim->router[i];
		/* on both sides of the sign bit, for the tie-break */
		uint8_t bytes[4] = { (uint8_t)(i % 2 ? 200 : 10), 0, 0, (uint8_t)(i + 1) };
		r->addr = addr_from_bytes(bytes, sizeof(bytes));
		r->params = *params;
		r->is_link_up = true;
		r->sum_form = i % 2 ? VRRP_SUM_PSEUDO : VRRP_SUM_MESSAGE;
		r->announce_params = (struct announce_params){ .n_addrs = 1,
							       .repeat = 2,
							       .delay_us = US_PER_S,
							       .refresh_repeat = 1,
							       .lower_prio_repeat = 1 };
		r->process = SIM_HOST_DOWN;
		r->lease_end = TIME_NEVER;
	}
	return sim;
}

void sim_boot(struct sim *sim)
{
	for (int i = 0; i < sim->n_routers; i++)
		process_init(&sim->router[i]);
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	free(sim->events);
	free(sim->lines);
	free(sim);
}
