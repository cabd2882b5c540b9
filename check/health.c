/*
 * Health as pure logic. Called by the checker process; also by tests and plans. Owns nothing.
 */
#include "check/health.h"

void health_init(struct health *h, const struct health_params *p)
{
	*h = (struct health){ .is_up = !p->alpha };
}

enum health_edge health_step(struct health *h, const struct health_params *p, bool is_ok,
			     bool *is_retry)
{
	uint32_t need = is_ok ? p->rise : p->fall;

	*is_retry = false;
	if (is_ok == h->is_up) {
		h->is_known = true;
		h->streak = 0;
		return HEALTH_SAME;
	}
	h->streak++;
	if (h->is_known && h->streak < need) {
		*is_retry = !is_ok;
		return HEALTH_SAME;
	}
	h->is_known = true;
	h->is_up = is_ok;
	h->streak = 0;
	return is_ok ? HEALTH_WENT_UP : HEALTH_WENT_DOWN;
}

bool member_is_alive(const struct pool_member *m)
{
	return m->n_failed == 0 && !m->is_held && !m->is_absent;
}

bool pool_has(const struct pool *pool, const struct pool_member *m)
{
	if (m->is_absent)
		return false;
	return pool->is_open || m->inhibit_on_failure ||
	       (member_is_alive(m) && (pool->is_up || m->is_drained));
}

int32_t pool_weight_of(const struct pool *pool, const struct pool_member *m)
{
	if (m->is_absent)
		return 0;
	if (pool->is_open)
		return m->dest.weight;
	if (!pool->is_up || !member_is_alive(m))
		return 0;
	return m->is_ramping ? m->ramp_weight : m->dest.weight;
}

/* Sums up the alive members. Negative weights cannot come from a configuration and count as 0. */
static void pool_count(struct pool *pool, const struct pool_params *p, const struct pool_member *m,
		       uint32_t n)
{
	pool->weight = 0;
	pool->alive = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (!member_is_alive(&m[i]))
			continue;
		pool->alive++;
		if (m[i].dest.weight > 0)
			pool->weight += m[i].dest.weight;
	}
	pool->is_open = n > 0 && pool->alive < p->fail_open;
}

void pool_init(struct pool *pool, const struct pool_params *p, const struct pool_member *m,
	       uint32_t n)
{
	pool_count(pool, p, m, n);
	pool->is_up = pool->is_open || (pool->weight > 0 && pool->weight >= p->quorum);
}

enum pool_edge pool_step(struct pool *pool, const struct pool_params *p,
			 const struct pool_member *m, uint32_t n)
{
	int64_t margin = pool->is_up ? -p->hysteresis : p->hysteresis;
	bool was_up = pool->is_up;

	pool_count(pool, p, m, n);
	pool->is_up = pool->is_open || (pool->weight > 0 && pool->weight >= p->quorum + margin);
	if (pool->is_up == was_up)
		return POOL_SAME;
	return pool->is_up ? POOL_QUORUM_GAINED : POOL_QUORUM_LOST;
}

/* One destination with a weight, as this service needs it. Only a tunnel carries another family. */
static void add_dest(struct ipvs_svc *svc, const struct ipvs_dest *dest, bool follows_port,
		     int32_t weight)
{
	struct ipvs_dest d = *dest;

	if (d.key.addr.family != svc->key.family && d.fwd != IPVS_FWD_TUNNEL)
		return;
	d.weight = weight;
	if (follows_port)
		d.key.port = svc->key.port;
	svc_add_dest(svc, &d);
}

/*
 * A server that is both the sorry server and a member has one destination: the later addition
 * replaces the earlier one, so a quiesced sorry server yields to the member and an active one
 * prevails.
 */
void pool_desired(const struct pool *pool, const struct pool_params *p, const struct pool_member *m,
		  uint32_t n, struct ipvs_svc *svc)
{
	if (p->has_sorry && p->sorry_inhibit)
		add_dest(svc, &p->sorry, p->sorry_follows_port, 0);
	for (uint32_t i = 0; i < n; i++)
		if (pool_has(pool, &m[i]))
			add_dest(svc, &m[i].dest, m[i].follows_port, pool_weight_of(pool, &m[i]));
	if (p->has_sorry && !pool->is_up)
		add_dest(svc, &p->sorry, p->sorry_follows_port, p->sorry.weight);
}

void pool_drained(const struct pool_member *m, const struct addr *former, struct ipvs_svc *svc)
{
	struct ipvs_dest dest = m->dest;

	dest.key.addr = *former;
	if (m->follows_port)
		dest.key.port = svc->key.port;
	if (!svc_find_dest(svc, &dest.key))
		add_dest(svc, &dest, m->follows_port, 0);
}
