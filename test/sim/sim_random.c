/*
 * Random worlds. Safety and progress are demanded in turn: while faults last only the invariants of
 * each step count; then a core of routers becomes healthy, everything else stays broken, and the
 * core must agree on one active router within the bound that the protocol promises, and keep it.
 */
#include "test/sim/sim.h"

#define CHILD_DEAD_MAX_US (30 * US_PER_MS)
#define INTERVAL_MAX_US   (2 * US_PER_S)

/* Per-cent chance. */
static bool chance(struct sim *sim, uint32_t percent)
{
	return sim_draw(sim, 100) < percent;
}

static int any_router(struct sim *sim)
{
	return (int)sim_draw(sim, (uint32_t)sim->n_routers);
}

/* ---- the shape of a world ---- */

static uint8_t random_priority(struct sim *sim)
{
	static const uint8_t priorities[] = { 1, 50, 100, 100, 100, 150, 200, 254, 255 };

	return priorities[sim_draw(sim, sizeof(priorities))];
}

static int64_t random_interval_us(struct sim *sim)
{
	static const int64_t intervals_cs[] = { 20, 100, 100, 100, INTERVAL_MAX_US / US_PER_CS };

	return US_PER_CS * intervals_cs[sim_draw(sim, 5)];
}

struct sim *sim_random_new(uint64_t seed, int n_routers)
{
	struct vrrp_params params = {
		.version = 3, .base_priority = 100, .advert_us = US_PER_S, .down_adverts = 3
	};
	struct sim *sim = sim_new(seed, SIM_ROUTERS_MAX, &params);
	bool has_refresh = chance(sim, 50);
	/*
	 * Routers of one VRID with unlike intervals and losers that say a last word do not go
	 * together: the word teaches the others an interval that the winner does not keep. A
	 * scenario shows it.
	 */
	bool has_last_word = chance(sim, 50);
	bool has_handover = chance(sim, 50);

	sim->n_routers = n_routers > 0 ? n_routers : 2 + (int)sim_draw(sim, 3);
	params.version = chance(sim, 30) ? 2 : 3;
	params.advert_us =
		params.version == 2 ? US_PER_S * (1 + sim_draw(sim, 2)) : random_interval_us(sim);
	/* Hosts that hang, with leases: whether one is enough can only be told without other
	 * faults. */
	sim->is_lan_perfect = chance(sim, 20);
	if (sim->is_lan_perfect || chance(sim, 20)) {
		params.lease_us = 2 * params.advert_us;
		sim->lease_late_max_us = params.advert_us / 2;
	}
	/* Routers of both versions on one LAN: each lot drops what the other says. */
	bool has_both = params.version == 2 && chance(sim, 30);
	params.preempt_delay_us = chance(sim, 30) ? 5 * US_PER_S : 0;
	for (int i = 0; i < SIM_ROUTERS_MAX; i++) {
		struct sim_router *r = &sim->router[i];
		if (has_both)
			params.version = (uint8_t)(2 + i % 2);
		params.base_priority = random_priority(sim);
		params.preempt = chance(sim, 80);
		params.lower_prio_no_advert = chance(sim, 20);
		params.higher_prio_send_advert = has_last_word;
		params.down_adverts = chance(sim, 80) ? 3 : 2 + sim_draw(sim, 4);
		if (params.lease_us > 0)
			params.down_adverts = 3;
		r->handover_us = has_handover ? params.advert_us + 100 * US_PER_MS : 0;
		r->params = params;
		r->announce_params.refresh_us = has_refresh ? 5 * US_PER_S : 0;
	}
	sim->has_second = seed % 4 == 3;
	sim_boot(sim);
	return sim;
}

/* ---- faults ---- */

/* v2 drops what has another interval (RFC 3768 7.1). */
static bool intervals_may_differ(const struct sim *sim)
{
	const struct vrrp_params *p = &sim->router[0].params;

	return p->version == 3 && !p->higher_prio_send_advert &&
	       p->lease_us == 0; /* none has both */
}

static void cut_at_random(struct sim *sim)
{
	int a = any_router(sim), b = any_router(sim);

	if (chance(sim, 20))
		b = SIM_HOST;
	if (chance(sim, 50))
		sim_do(sim, (struct sim_action){ SIM_CUT, b, a, 0 });
	sim_do(sim, (struct sim_action){ chance(sim, 30) ? SIM_CLOG : SIM_CUT, a, b, 0 });
}

/* Two halves that do not hear each other. */
static void split_at_random(struct sim *sim)
{
	uint32_t half = sim_draw(sim, 1U << sim->n_routers);

	for (int a = 0; a < sim->n_routers; a++)
		for (int b = 0; b < sim->n_routers; b++)
			if ((half >> a & 1) != (half >> b & 1))
				sim_do(sim, (struct sim_action){ SIM_CUT, a, b, 0 });
}

static void disturb_second(struct sim *sim)
{
	int a = any_router(sim), b = any_router(sim);

	sim_do(sim, (struct sim_action){ SIM_CUT_SECOND, a, b, 0 });
	if (chance(sim, 50))
		sim_do(sim, (struct sim_action){ SIM_CUT_SECOND, b, a, 0 });
}

static void disturb_lan(struct sim *sim)
{
	static const enum sim_act acts[] = { SIM_LOSS, SIM_DUPLICATE, SIM_CORRUPT };

	switch (sim_draw(sim, 8)) {
	case 0: split_at_random(sim); break;
	case 1: sim_do(sim, (struct sim_action){ SIM_ISOLATE, any_router(sim), 0, 0 }); break;
	case 2:
	case 3: sim_do(sim, (struct sim_action){ SIM_HEAL, 0, 0, 0 }); break;
	case 4:
		sim_do(sim,
		       (struct sim_action){ acts[sim_draw(sim, 3)], 0, 0, sim_draw(sim, 600) });
		break;
	default: cut_at_random(sim);
	}
}

/* Every fault has its end in the list: what is broken is mended some time later. */
static void disturb_router(struct sim *sim)
{
	static const enum sim_act acts[] = { SIM_CRASH,    SIM_RESTART,    SIM_RESTART, SIM_PAUSE,
					     SIM_RESUME,   SIM_LINK_DOWN,  SIM_LINK_UP, SIM_STOP,
					     SIM_START,    SIM_KILL_CHILD, SIM_WEIGHT,  SIM_WEIGHT,
					     SIM_PRIORITY, SIM_KILL_CHILD, SIM_INTERVAL };
	struct sim_action action = { acts[sim_draw(sim, sizeof(acts) / sizeof(acts[0]))],
				     any_router(sim), 0, 0 };

	if (action.act == SIM_KILL_CHILD)
		action.n = sim_draw_between(sim, US_PER_MS, CHILD_DEAD_MAX_US);
	if (action.act == SIM_WEIGHT)
		action.n = sim_draw_between(sim, -120, 120);
	if (action.act == SIM_PRIORITY)
		action.n = random_priority(sim);
	if (action.act == SIM_INTERVAL)
		action.n = intervals_may_differ(sim) ? random_interval_us(sim)
						     : sim->router[0].params.advert_us;
	sim_do(sim, action);
}

/* Faults of hosts that leave the LAN and the intervals alone. */
static void hang_router(struct sim *sim)
{
	static const enum sim_act acts[] = { SIM_PAUSE,   SIM_PAUSE,      SIM_RESUME, SIM_CRASH,
					     SIM_RESTART, SIM_KILL_CHILD, SIM_STOP,   SIM_START };
	struct sim_action action = { acts[sim_draw(sim, sizeof(acts) / sizeof(acts[0]))],
				     any_router(sim), 0, 0 };

	if (action.act == SIM_KILL_CHILD)
		action.n = sim_draw_between(sim, US_PER_MS, CHILD_DEAD_MAX_US);
	sim_do(sim, action);
}

static void run_until(struct sim *sim, time_us until)
{
	while (!sim->has_failed && sim_run_one(sim, until))
		;
}

static void phase_faults(struct sim *sim)
{
	time_us end = time_add(sim->now, sim_draw_between(sim, 5 * US_PER_S, 60 * US_PER_S));

	while (!sim->has_failed && time_cmp(sim->now, end) < 0) {
		int64_t wait_us = sim_draw_between(sim, 1, 2 * US_PER_S);
		run_until(sim, time_add(sim->now, chance(sim, 20) ? wait_us / 1000 : wait_us));
		if (sim->is_lan_perfect)
			hang_router(sim);
		else if (sim->has_second && chance(sim, 20))
			disturb_second(sim);
		else if (chance(sim, 40))
			disturb_lan(sim);
		else
			disturb_router(sim);
	}
}

/* ---- healing ---- */

static void mend(struct sim *sim, int i)
{
	static const enum sim_act acts[] = { SIM_LINK_UP, SIM_RESUME, SIM_RESTART, SIM_START };

	for (size_t k = 0; k < sizeof(acts) / sizeof(acts[0]); k++)
		sim_do(sim, (struct sim_action){ acts[k], i, 0, 0 });
}

/* Routers outside the core may be broken in any way that keeps their frames away. */
static void exclude(struct sim *sim, int i)
{
	static const enum sim_act acts[] = { SIM_STOP, SIM_CRASH, SIM_LINK_DOWN, SIM_ISOLATE };

	uint32_t n = sim->is_lan_perfect ? 2 : 4;

	sim_do(sim, (struct sim_action){ acts[sim_draw(sim, n)], i, 0, 0 });
	sim_do(sim, (struct sim_action){ SIM_RESUME, i, 0, 0 });
}

/* Returns the routers of the core as bits. */
static uint32_t heal(struct sim *sim)
{
	uint32_t all = (1U << sim->n_routers) - 1;
	uint32_t core = chance(sim, 70) ? all : 1 + sim_draw(sim, all);

	sim_do(sim, (struct sim_action){ SIM_HEAL, 0, 0, 0 });
	for (int i = 0; i < sim->n_routers; i++) {
		if (core >> i & 1)
			mend(sim, i);
		else
			exclude(sim, i);
	}
	return core;
}

/* ---- what the core owes ---- */

/* As the hosts see it: who holds the addresses in the kernel. */
static uint32_t holders(const struct sim *sim, uint32_t core)
{
	uint32_t bits = 0;

	for (int i = 0; i < sim->n_routers; i++)
		bits |= (uint32_t)sim->router[i].has_vip << i;
	return bits & core;
}

/* Routers that speak a version. */
static uint32_t speakers(const struct sim *sim, uint8_t version)
{
	uint32_t bits = 0;

	for (int i = 0; i < sim->n_routers; i++)
		bits |= (uint32_t)(sim->router[i].params.version == version) << i;
	return bits;
}

static bool is_one(uint32_t bits)
{
	return bits != 0 && (bits & (bits - 1)) == 0;
}

struct bounds {
	int64_t transit_us; /* what a frame and a late timer take */
	int64_t one_us;     /* no second active router, but for a transit */
	int64_t settle_us;  /* exactly one, for good */
};

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The largest down interval, a transit, and where a preempt delay is set once more after it. */
static struct bounds bounds_of(const struct sim *sim)
{
	bool is_mixed = intervals_may_differ(sim);
	int64_t adver_us = is_mixed ? INTERVAL_MAX_US : sim->router[0].params.advert_us;
	int64_t skew_us = longer(adver_us, US_PER_S); /* v2: of one second */
	int64_t adverts = 0;
	struct bounds b = { .transit_us = 2 * (sim->delay_max_us + sim->late_max_us) +
					  CHILD_DEAD_MAX_US };

	for (int i = 0; i < sim->n_routers; i++)
		adverts = longer(adverts, sim->router[i].params.down_adverts);
	b.one_us = adverts * adver_us + skew_us + b.transit_us;
	if (is_mixed) {
		/*
		 * An advertisement of the loser may overtake the winner's and teach a backup too
		 * short an interval: it takes over, and learns better with the winner's next one.
		 */
		b.transit_us += adver_us;
		b.one_us += 2 * adver_us;
	}
	int64_t delay_us = sim->router[0].params.preempt_delay_us;
	b.settle_us = b.one_us + (delay_us > 0 ? adver_us + delay_us + b.one_us : 0);
	return b;
}

/* At most one of each version; exactly one of each that the core has with `is_settled`. */
static bool is_agreed(const struct sim *sim, uint32_t core, bool is_settled)
{
	for (uint8_t version = 2; version <= 3; version++) {
		uint32_t lot = core & speakers(sim, version);
		uint32_t bits = holders(sim, lot);
		bool is_none_right = !is_settled || lot == 0;
		if (!is_one(bits) && !(bits == 0 && is_none_right))
			return false;
	}
	return true;
}

static void demand_at_most_one(struct sim *sim, uint32_t core, const struct bounds *b,
			       time_us healed)
{
	time_us settled = time_add(healed, b->settle_us);
	time_us limit = time_add(healed, b->one_us);
	bool was_good = false;

	while (!sim->has_failed && sim_run_one(sim, settled)) {
		bool is_good = is_agreed(sim, core, false);
		if (was_good && !is_good && time_cmp(time_add(sim->now, b->transit_us), limit) > 0)
			limit = time_add(sim->now, b->transit_us);
		was_good = is_good;
		if (!is_good && time_cmp(sim->now, limit) > 0)
			sim_fail(sim, "two active routers after healing (routers as bits: %#x)",
				 holders(sim, core));
	}
}

/* Nobody who may preempt stands behind a router of lower priority. */
static void demand_best(struct sim *sim, uint32_t core, int active)
{
	const struct vrrp_inst *best = &sim->router[active].v;

	core &= speakers(sim, best->params.version);
	for (int i = 0; i < sim->n_routers; i++) {
		const struct vrrp_inst *v = &sim->router[i].v;
		if ((core >> i & 1) && v->params.preempt && v->priority > best->priority)
			sim_fail(sim, "router %d with priority %d did not preempt %d with %d",
				 i + 1, v->priority, active + 1, best->priority);
	}
}

/* A settled core keeps its active router, whichever process of it is killed and adopted. */
static void demand_stable(struct sim *sim, uint32_t core)
{
	uint32_t active = holders(sim, core);
	time_us end = time_add(sim->now, sim_draw_between(sim, 6 * US_PER_S, 30 * US_PER_S));

	if (!is_agreed(sim, core, true)) {
		sim_fail(sim, "no single active router after healing (routers as bits: %#x)",
			 active);
		return;
	}
	for (int i = 0; i < sim->n_routers; i++)
		if (active >> i & 1)
			demand_best(sim, core, i);
	while (!sim->has_failed && time_cmp(sim->now, end) < 0) {
		time_us kill_at = time_add(sim->now, sim_draw_between(sim, US_PER_S, 5 * US_PER_S));
		while (!sim->has_failed && sim_run_one(sim, kill_at))
			if (holders(sim, core) != active)
				sim_fail(sim, "the active router changed without a fault");
		int victim = any_router(sim);
		sim_do(sim,
		       (struct sim_action){ SIM_KILL_CHILD, victim, 0,
					    sim_draw_between(sim, US_PER_MS, CHILD_DEAD_MAX_US) });
	}
	if (sim->router[0].announce_params.refresh_us > 0 &&
	    (sim->arp == SIM_NOBODY || !(active >> sim->arp & 1)))
		sim_fail(sim, "the host does not know the active router");
}

static void phase_progress(struct sim *sim)
{
	uint32_t core = heal(sim);
	struct bounds b = bounds_of(sim);

	demand_at_most_one(sim, core, &b, sim->now);
	if (!sim->has_failed)
		demand_stable(sim, core);
	for (int i = 0; i < sim->n_routers; i++)
		mend(sim, i);
}

bool sim_random_run(struct sim *sim, int64_t duration_us)
{
	time_us end = time_add(sim->now, duration_us);

	for (int i = 0; i < sim->n_routers; i++)
		mend(sim, i);
	while (!sim->has_failed && time_cmp(sim->now, end) < 0) {
		phase_faults(sim);
		if (!sim->has_failed)
			phase_progress(sim);
	}
	return !sim->has_failed;
}
