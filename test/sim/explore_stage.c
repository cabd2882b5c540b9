/*
 * A small world, and what an adversary may do to it. See explore.h.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "test/sim/explore.h"

#define MOVES_TOLD_APART 4

/* ---- making it ---- */

static struct sim *link_new(const struct explore_world *w, int l, int64_t tick_us)
{
	struct sim *sim = sim_new(1, w->n_routers, &w->params);

	sim->link = w->n_links > 1 ? l + 1 : 0;
	sim->delay_min_us = sim->delay_max_us = tick_us;
	sim->late_max_us = 0;
	sim->order = SIM_ORDER_FRAMES;
	sim->inbox_max = EXPLORE_INBOX_MAX;
	sim->is_lan_perfect = w->is_one_owner;
	sim->has_second = w->has_second;
	for (int i = 0; i < w->n_routers; i++) {
		struct sim_router *r = &sim->router[i];

		r->params.base_priority = w->priority[i];
		r->handover_us = w->handover_us;
		/* what the hosts learn moves nobody */
		r->announce_params = (struct announce_params){ 0 };
	}
	if (l > 0 && w->is_crossed)
		sim_cross(sim);
	return sim;
}

void stage_init(struct stage *s, const struct explore_world *world)
{
	memset(s, 0, sizeof(*s));
	s->world = world;
	s->tick_us = world->params.advert_us / world->ticks;
	for (int l = 0; l < world->n_links; l++)
		s->on.link[l] = link_new(world, l, s->tick_us);
	s->on.n = world->n_links;
	sim_links_boot(&s->on);
	for (int h = 0; h < world->n_routers; h++)
		stage_play(s, &(struct explore_move){ .act = SIM_START, .a = (uint8_t)h });
}

void stage_free(struct stage *s)
{
	for (int l = 0; l < s->world->n_links; l++)
		sim_free(s->on.link[l]);
}

/* ---- moves ---- */

static void set_order(struct stage *s, bool is_timers_first)
{
	for (int l = 0; l < s->world->n_links; l++)
		s->on.link[l]->order = is_timers_first ? SIM_ORDER_TIMERS : SIM_ORDER_FRAMES;
}

static void tick(struct stage *s)
{
	time_us until = time_add(s->on.link[0]->now, s->tick_us);

	while (!sim_links_failure(&s->on) && sim_links_run_one(&s->on, until))
		;
}

/* Of one link, and not of the host with all its links. */
static bool is_of_link(int act)
{
	return act == SIM_CUT || act == SIM_MEND || act == SIM_LOSE || act == SIM_DELAY ||
	       act == SIM_LINK_DOWN || act == SIM_LINK_UP;
}

static int64_t operand(const struct stage *s, const struct explore_move *move)
{
	return move->act == SIM_DELAY || move->act == SIM_KILL_CHILD ? s->tick_us : move->n;
}

static void act(struct stage *s, const struct explore_move *move)
{
	sim_links_do(&s->on, is_of_link(move->act) ? move->link : SIM_ALL_LINKS,
		     (struct sim_action){ move->act, move->a, move->b, operand(s, move) });
}

static uint32_t wrapped(uint32_t n, uint32_t most)
{
	return n == 0 ? 0 : 1 + (n - 1) % most;
}

/*
 * The number of moves goes into the waiting time of a group after a clash, and has no end: it
 * begins again, so that a group draws the same few numbers.
 */
static void wrap_moves(const struct stage *s)
{
	uint32_t most = s->world->n_links > 1 ? MOVES_TOLD_APART : 1;

	for (int l = 0; l < s->world->n_links; l++) {
		for (int h = 0; h < s->world->n_routers; h++) {
			struct sim_router *r = &s->on.link[l]->router[h];

			r->v.transitions = wrapped(r->v.transitions, most);
			r->saved.transitions = wrapped(r->saved.transitions, most);
		}
	}
}

void stage_play(struct stage *s, const struct explore_move *move)
{
	set_order(s, move->is_timers_first);
	if (move->act == EXPLORE_TICK)
		tick(s);
	else
		act(s, move);
	set_order(s, false);
	wrap_moves(s);
}

/* ---- what can be done ---- */

struct moves {
	const struct stage *s;
	bool with_faults;
	struct explore_move *at;
	int n;
};

static void add(struct moves *m, struct explore_move move)
{
	assert(m->n < EXPLORE_MOVES_MAX);
	if (move.is_free || m->with_faults)
		m->at[m->n++] = move;
}

static bool allows(const struct moves *m, enum explore_fault fault)
{
	return m->s->world->allowed & fault;
}

/* A fault that is there can be ended, one that is not can be made. */
static void add_toggle(struct moves *m, enum explore_fault fault, bool is_there,
		       struct explore_move move, uint8_t end)
{
	if (is_there) {
		move.act = end;
		move.is_free = true;
		add(m, move);
	} else if (allows(m, fault)) {
		add(m, move);
	}
}

static bool is_due(const struct sim_router *r, time_us now)
{
	for (int t = 0; t < VRRP_TIMER_N; t++)
		if (time_cmp(r->armed[t], now) <= 0)
			return true;
	return false;
}

/* A woken process that has both frames and a timer may begin with either. */
static void add_resume(struct moves *m, int h)
{
	struct explore_move move = { .act = SIM_RESUME, .a = (uint8_t)h, .is_free = true };
	bool has_choice = false;

	for (int l = 0; l < m->s->world->n_links; l++) {
		const struct sim *sim = m->s->on.link[l];
		const struct sim_router *r = &sim->router[h];

		has_choice |= !sim->is_lan_perfect && r->n_inbox > 0 && is_due(r, sim->now);
	}
	add(m, move);
	move.is_timers_first = true;
	if (has_choice)
		add(m, move);
}

static void add_settings(struct moves *m, int h, const struct sim_router *r)
{
	const struct explore_world *w = m->s->world;
	const struct sim *sim = m->s->on.link[0];
	struct explore_move move = { .act = SIM_WEIGHT, .a = (uint8_t)h };
	bool is_other = r->params.base_priority != w->priority[h];

	/* one or the other: the sum of both is no whole number of ticks */
	move.n = (int16_t)(r->weight ? 0 : w->weight);
	if (!is_other)
		add_toggle(m, EXPLORE_WEIGHT, r->weight != 0, move, SIM_WEIGHT);
	move.act = SIM_PRIORITY;
	move.n = is_other ? w->priority[h] : w->other_priority;
	if (r->weight == 0 && w->other_priority != w->priority[h] && sim->link == 0)
		add_toggle(m, EXPLORE_PRIORITY, is_other, move, SIM_PRIORITY);
}

static void add_of_host(struct moves *m, int h)
{
	const struct sim_router *r = &m->s->on.link[0]->router[h];
	struct explore_move move = { .a = (uint8_t)h };
	bool runs = r->process == SIM_RUNNING && !r->is_paused;

	move.act = SIM_CRASH;
	add_toggle(m, EXPLORE_CRASH, r->process == SIM_HOST_DOWN, move, SIM_RESTART);
	if (r->is_paused)
		add_resume(m, h);
	if (!runs)
		return;
	move.act = SIM_PAUSE;
	add_toggle(m, EXPLORE_PAUSE, false, move, SIM_RESUME);
	move.act = SIM_KILL_CHILD;
	add_toggle(m, EXPLORE_KILL, false, move, SIM_RESPAWN);
	move.act = SIM_STOP;
	add_toggle(m, EXPLORE_STOP, !r->want_started, move, SIM_START);
	add_settings(m, h, r);
}

static bool is_on_its_way(const struct sim *sim, int from, int to)
{
	for (size_t k = 0; k < sim->n_events; k++) {
		const struct sim_event *event = &sim->events[k];

		if (event->kind == SIM_EV_FRAME && event->from == from && event->to == to)
			return true;
	}
	return false;
}

static void add_of_pair(struct moves *m, int l, int a, int b)
{
	const struct sim *sim = m->s->on.link[l];
	struct explore_move move = { .link = (uint8_t)l, .a = (uint8_t)a, .b = (uint8_t)b };

	move.act = SIM_CUT;
	add_toggle(m, EXPLORE_CUT, sim->is_cut[a][b], move, SIM_MEND);
	if (!is_on_its_way(sim, a, b) || sim->router[b].process == SIM_HOST_DOWN)
		return;
	move.act = SIM_LOSE;
	add_toggle(m, EXPLORE_LOSE, false, move, SIM_LOSE);
	move.act = SIM_DELAY;
	add_toggle(m, EXPLORE_DELAY, false, move, SIM_DELAY);
}

static void add_of_link(struct moves *m, int l)
{
	const struct sim *sim = m->s->on.link[l];
	struct explore_move move = { .link = (uint8_t)l, .act = SIM_LINK_DOWN };

	for (int a = 0; a < sim->n_routers; a++) {
		move.a = (uint8_t)a;
		if (sim->router[a].process != SIM_HOST_DOWN)
			add_toggle(m, EXPLORE_LINK, !sim->router[a].is_link_up, move, SIM_LINK_UP);
		for (int b = 0; b < sim->n_routers; b++)
			if (a != b)
				add_of_pair(m, l, a, b);
	}
}

/* Whether in the next tick a router has a frame and a timer at one instant. */
static bool has_tie(const struct sim *sim)
{
	for (size_t k = 0; k < sim->n_events; k++) {
		const struct sim_event *event = &sim->events[k];

		if (event->kind != SIM_EV_FRAME)
			continue;
		for (int t = 0; t < VRRP_TIMER_N; t++)
			if (sim->router[event->to].armed[t].us == event->at_us)
				return true;
	}
	return false;
}

static void add_ticks(struct moves *m)
{
	struct explore_move move = { .act = EXPLORE_TICK, .is_free = true };
	bool is_tied = false;

	for (int l = 0; l < m->s->world->n_links; l++)
		is_tied |= has_tie(m->s->on.link[l]);
	add(m, move);
	move.is_timers_first = true;
	if (is_tied)
		add(m, move);
}

int stage_moves(const struct stage *s, bool with_faults, struct explore_move *moves)
{
	struct moves m = { .s = s, .with_faults = with_faults, .at = moves };

	add_ticks(&m);
	for (int h = 0; h < s->world->n_routers; h++)
		add_of_host(&m, h);
	for (int l = 0; l < s->world->n_links; l++)
		add_of_link(&m, l);
	return m.n;
}

/* ---- text ---- */

static void print_action(const struct stage *s, const struct explore_move *move)
{
	printf("%s", sim_act_name((enum sim_act)move->act));
	if (s->world->n_links > 1 && is_of_link(move->act))
		printf(" on %d", move->link + 1);
	printf(" %d", move->a + 1);
	if (is_of_link(move->act) && move->act != SIM_LINK_DOWN && move->act != SIM_LINK_UP)
		printf(" %d", move->b + 1);
	if (move->act == SIM_DELAY || move->act == SIM_KILL_CHILD)
		printf(" %.6fs", (double)s->tick_us / US_PER_S);
	if (move->act == SIM_WEIGHT || move->act == SIM_PRIORITY)
		printf(" %d", move->n);
	printf("\n");
}

void stage_move_print(const struct stage *s, time_us at, const struct explore_move *move)
{
	double seconds = (double)at.us / US_PER_S - SIM_T0_S;
	double later = seconds + (double)s->tick_us / US_PER_S;
	bool is_tick = move->act == EXPLORE_TICK;

	if (move->is_timers_first)
		printf("at %.6fs timers_first\n", seconds);
	if (!is_tick) {
		printf("at %.6fs ", seconds);
		print_action(s, move);
	}
	if (move->is_timers_first)
		printf("at %.6fs frames_first\n", is_tick ? later : seconds);
}
