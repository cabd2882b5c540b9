/*
 * What must hold of every state, and what only for a while may not. See explore.h.
 */
#include "test/sim/explore.h"

/* The host takes part: it runs, is heard and is meant to. A dead process comes back by itself. */
static bool is_healthy(const struct stage *s, int h)
{
	for (int l = 0; l < s->world->n_links; l++) {
		const struct sim_router *r = &s->link[l]->router[h];

		if (r->process == SIM_HOST_DOWN || r->is_paused || !r->is_link_up ||
		    !r->want_started)
			return false;
	}
	return true;
}

/* On one link at least: the others follow. */
static bool hears(const struct stage *s, int h, int from)
{
	bool is_heard = h == from;

	for (int l = 0; l < s->world->n_links; l++)
		is_heard |= !s->link[l]->is_cut[from][h];
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
		if (!s->link[l]->router[h].has_vip)
			return false;
	return true;
}

static bool has_addresses(const struct stage *s, int h)
{
	for (int l = 0; l < s->world->n_links; l++)
		if (s->link[l]->router[h].has_vip)
			return true;
	return false;
}

/* Ranks higher on all links and may preempt there. */
static bool dominates(const struct stage *s, int h, int other)
{
	for (int l = 0; l < s->world->n_links; l++) {
		const struct vrrp_inst *v = &s->link[l]->router[h].v;

		if (!v->params.preempt || v->priority <= s->link[l]->router[other].v.priority)
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

bool stage_is_bad(const struct stage *s)
{
	uint32_t peers[EXPLORE_ROUTERS_MAX];

	find_peers(s, peers);
	if (!has_islands(s, peers))
		return false;
	for (int h = 0; h < s->world->n_routers; h++)
		if (peers[h] != 0 && !is_island_good(s, peers[h]))
			return true;
	return false;
}

static bool ranks_higher(const struct stage *s, int h, int other)
{
	const struct vrrp_inst *a = &s->link[0]->router[h].v, *b = &s->link[0]->router[other].v;

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
