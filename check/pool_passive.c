/*
 * Passive observation of real servers: what the counters of IPVS say. Checker child; part of the
 * pools.
 */
#include "check/pool_private.h"

static void add_counters(const struct pool_run *pool, const struct pool_member *m,
			 const struct ipvs_set *table, uint64_t *conns, uint64_t *out_pkts)
{
	const struct ipvs_svc *key;

	ipvs_set_for_each (key, &pool->svcs) {
		const struct ipvs_svc *svc = ipvs_set_find(table, &key->key);
		struct ipvs_dest_key at = m->dest.key;
		const struct ipvs_dest *dest;

		if (m->follows_port)
			at.port = key->key.port;
		dest = svc ? svc_find_dest(svc, &at) : NULL;
		if (!dest)
			continue;
		*conns += dest->stats.conns;
		*out_pkts += dest->stats.out_pkts;
	}
}

static void observe_rs(struct rs_run *rs, const struct ipvs_set *table, time_us now)
{
	const struct passive_params params = { .limit = rs->conf->passive_limit,
					       .hold_us = rs->conf->passive_hold_us };
	uint64_t conns = 0, out_pkts = 0;

	if (!params.limit || !rs_is_up(rs))
		return;
	add_counters(rs->pool, &rs->pool->members[rs->member], table, &conns, &out_pkts);
	if (passive_look(&rs->passive, &params, conns, out_pkts, now))
		pool_follow(rs, true);
}

struct look {
	const struct ipvs_set *table;
	time_us now;
};

static void observe_pool(struct pool_run *pool, void *arg)
{
	const struct look *look = arg;

	for (uint32_t i = 0; i < pool->n; i++)
		observe_rs(&pool->rs[i], look->table, look->now);
	for (uint32_t i = 0; i < pool->n_names; i++)
		name_run_observe(&pool->names[i], look->table, look->now);
}

void pools_observe(struct pools *pools, const struct ipvs_set *table, time_us now)
{
	struct look look = { table, now };

	pools_each(pools, observe_pool, &look);
}

static void ask_draining(struct pool_run *pool, void *arg)
{
	bool *is_draining = arg;

	for (uint32_t i = 0; i < pool->n_names; i++)
		*is_draining |= name_run_is_draining(&pool->names[i]);
}

static void ask_names(struct pool_run *pool, void *arg)
{
	*(bool *)arg |= pool->n_names > 0;
}

static void ask_pool(struct pool_run *pool, void *arg)
{
	bool *is_asked = arg;

	for (uint32_t i = 0; i < pool->n; i++)
		*is_asked |= pool->rs[i].conf->passive_limit > 0;
}

bool pools_are_observed(struct pools *pools)
{
	bool is_asked = false;

	pools_each(pools, ask_pool, &is_asked);
	pools_each(pools, ask_names, &is_asked);
	return is_asked;
}

bool pools_want_look(struct pools *pools)
{
	bool is_asked = false;

	pools_each(pools, ask_pool, &is_asked);
	pools_each(pools, ask_draining, &is_asked);
	return is_asked;
}
