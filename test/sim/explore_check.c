/*
 * What must hold of every state, and what only for a while may not. See explore.h.
 */
#include "test/sim/explore.h"

/* The host takes part: it runs, is heard and is meant to. A dead process comes back by itself. */
static bool is_healthy(const struct stage *s, int h)
{
	for (int l = 0; l < s->world->n_links; l++) {
		const struct sim_router *r = &s->on.link[l]->router[h];

		if (r->process == SIM_HOST_DOWN || r->is_paused || !r->is_link_up ||
		    !r->want_started)
			return false;
	}
	return true;
}

/* On one link at least: the others follow. */
static bool hears(const struct stage *s, int h, int from)
{
	bool is_heard = h == from || s->world->has_second;

	for (int l = 0; l < s->world->n_links; l++)
		is_heard |= !s->on.link[l]->is_cut[from][h];
	return is_heard;
}

/* Whom each healthy host hears, as bits, itself included; 0 for the others. */
static void find_peers(const struct stage *s, uint32_t *peers)
{
	for (int h = 0; h < s->world->n_routers; h++) {
		peers[h] = 0;
		for (int k = 0; k < s->world->n_routers && is_healthy(s, h); k++)
			if (is_healthy(s, k) && hears(s, h, k))
				peers[h] |= 1U << k;
	}
}

/* All who are heard hear the same: there are islands, and nothing between them. */
static bool has_islands(const struct stage *s, const uint32_t *peers)
{
	for (int h = 0; h < s->world->n_routers; h++)
		for (int k = 0; k < s->world->n_routers; k++)
			if ((peers[h] >> k & 1) && peers[k] != peers[h])
				return false;
	return true;
}

/* Has the addresses on all its links. */
static bool is_active(const struct stage *s, int h)
{
	for (int l = 0; l < s->world->n_links; l++)
		if (!s->on.link[l]->router[h].has_vip)
			return false;
	return true;
}

static bool has_addresses(const struct stage *s, int h)
{
	for (int l = 0; l < s->world->n_links; l++)
		if (s->on.link[l]->router[h].has_vip)
			return true;
	return false;
}

/* Ranks higher on all links and may preempt there. */
static bool dominates(const struct stage *s, int h, int other)
{
	for (int l = 0; l < s->world->n_links; l++) {
		const struct vrrp_inst *v = &s->on.link[l]->router[h].v;

		if (!v->params.preempt || v->priority <= s->on.link[l]->router[other].v.priority)
			return false;
	}
	return true;
}

/* One of the island is active, and nobody stands behind it who should not. */
static bool is_island_good(const struct stage *s, uint32_t island)
{
	int active = SIM_NOBODY;

	for (int h = 0; h < s->world->n_routers; h++) {
		if (!(island >> h & 1) || !has_addresses(s, h))
			continue;
		if (active != SIM_NOBODY || !is_active(s, h))
			return false;
		active = h;
	}
	for (int h = 0; h < s->world->n_routers && active != SIM_NOBODY; h++)
		if ((island >> h & 1) && dominates(s, h, active))
			return false;
	return active != SIM_NOBODY;
}

/* Everybody has the addresses, or hears one that has. */
static bool is_covered(const struct stage *s, const uint32_t *peers)
{
	uint32_t active = 0;

	for (int h = 0; h < s->world->n_routers; h++)
		active |= (uint32_t)is_active(s, h) << h;
	for (int h = 0; h < s->world->n_routers; h++)
		if (peers[h] != 0 && (peers[h] & active) == 0)
			return false;
	return true;
}

bool stage_is_bad(const struct stage *s)
{
	uint32_t peers[EXPLORE_ROUTERS_MAX];

	find_peers(s, peers);
	if (!has_islands(s, peers))
		return !is_covered(s, peers);
	for (int h = 0; h < s->world->n_routers; h++)
		if (peers[h] != 0 && !is_island_good(s, peers[h]))
			return true;
	return false;
}

static bool ranks_higher(const struct stage *s, int h, int other)
{
	const struct vrrp_inst *a = &s->on.link[0]->router[h].v,
			       *b = &s->on.link[0]->router[other].v;

	return a->priority != b->priority ? a->priority > b->priority
					  : addr_cmp(&a->own_addr, &b->own_addr) > 0;
}

uint32_t stage_rightful(const struct stage *s)
{
	uint32_t peers[EXPLORE_ROUTERS_MAX], rightful = 0;

	find_peers(s, peers);
	for (int h = 0; h < s->world->n_routers; h++) {
		bool is_best = peers[h] != 0;

		for (int k = 0; k < s->world->n_routers; k++)
			is_best &= !(peers[h] >> k & 1) || !ranks_higher(s, k, h);
		rightful |= (uint32_t)is_best << h;
	}
	return rightful;
}

uint32_t stage_holders(const struct stage *s)
{
	uint32_t holders = 0;

	for (int l = 0; l < s->world->n_links; l++)
		for (int h = 0; h < s->world->n_routers; h++)
			holders = holders << 1 |
				  (is_healthy(s, h) && s->on.link[l]->router[h].has_vip);
	return holders;
}

static int64_t last_arrival_us(const struct stage *s)
{
	int64_t last_us = 0;

	for (int l = 0; l < s->world->n_links; l++) {
		const struct sim *sim = s->on.link[l];

		for (size_t k = 0; k < sim->n_events; k++)
			if (sim->events[k].at_us - sim->now.us > last_us)
				last_us = sim->events[k].at_us - sim->now.us;
	}
	return last_us;
}

int64_t stage_patience_us(const struct stage *s)
{
	uint32_t peers[EXPLORE_ROUTERS_MAX];
	int64_t longest_us = 0;

	for (int l = 0; l < s->world->n_links; l++) {
		for (int h = 0; h < s->world->n_routers; h++) {
			int64_t down_us = sim_down_us(&s->on.link[l]->router[h].v);

			if (is_healthy(s, h) && down_us > longest_us)
				longest_us = down_us;
		}
	}
	find_peers(s, peers);
	if (!has_islands(s, peers))
		longest_us *= s->world->n_routers;
	return last_arrival_us(s) + longest_us + s->world->slack_us;
}
