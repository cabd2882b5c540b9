/*
 * Counters of IPVS by virtual and real server: sums over all addresses of a pool. Checker child.
 */
#include "check/check_stats.h"

struct sum {
	struct ipvs_stats stats;
	uint32_t active, inactive, persistent;
};

static void add_stats(struct ipvs_stats *sum, const struct ipvs_stats *more)
{
	sum->conns += more->conns;
	sum->in_pkts += more->in_pkts;
	sum->out_pkts += more->out_pkts;
	sum->in_bytes += more->in_bytes;
	sum->out_bytes += more->out_bytes;
	sum->cps += more->cps;
	sum->in_bps += more->in_bps;
	sum->out_bps += more->out_bps;
}

static void send_rs(struct role *role, const struct rs_run *rs, const struct sum *sum)
{
	const struct ipvs_stats *s = &sum->stats;
	struct msg msg = { .kind = MSG_rs_stats, .fd = -1 };

	msg.rs_stats = (struct msg_rs_stats){
		.vs = rs->pool->name,
		.rs = rs->name,
		.active = sum->active,
		.inactive = sum->inactive,
		.persistent = sum->persistent,
		.connections = s->conns,
		.in_packets = s->in_pkts,
		.out_packets = s->out_pkts,
		.in_bytes = s->in_bytes,
		.out_bytes = s->out_bytes,
		.connections_per_s = s->cps,
		.in_bytes_per_s = s->in_bps,
		.out_bytes_per_s = s->out_bps,
	};
	role_send(role, &msg);
}

static void send_vs(struct role *role, const struct pool_run *pool, const struct sum *sum,
		    uint32_t services)
{
	const struct ipvs_stats *s = &sum->stats;
	struct msg msg = { .kind = MSG_vs_stats, .fd = -1 };

	msg.vs_stats = (struct msg_vs_stats){
		.vs = pool->name,
		.services = services,
		.connections = s->conns,
		.in_packets = s->in_pkts,
		.out_packets = s->out_pkts,
		.in_bytes = s->in_bytes,
		.out_bytes = s->out_bytes,
		.connections_per_s = s->cps,
		.in_bytes_per_s = s->in_bps,
		.out_bytes_per_s = s->out_bps,
	};
	role_send(role, &msg);
}

/* What a real server has behind one service; nothing when it is out. */
static void add_server(struct sum *sum, const struct ipvs_svc *svc, const struct pool_member *m)
{
	struct ipvs_dest_key key = m->dest.key;
	const struct ipvs_dest *dest;

	if (m->follows_port)
		key.port = svc->key.port;
	dest = svc_find_dest(svc, &key);
	if (!dest)
		return;
	add_stats(&sum->stats, &dest->stats);
	sum->active += dest->active;
	sum->inactive += dest->inactive;
	sum->persistent += dest->persistent;
}

struct sending {
	struct role *role;
	const struct ipvs_set *table;
};

static void send_pool(struct pool_run *pool, void *arg)
{
	const struct sending *to = arg;
	const struct ipvs_svc *key, *svc;
	struct sum all = { 0 };
	uint32_t services = 0;

	ipvs_set_for_each (key, &pool->svcs) {
		svc = ipvs_set_find(to->table, &key->key);
		if (!svc)
			continue;
		services++;
		add_stats(&all.stats, &svc->stats);
	}
	send_vs(to->role, pool, &all, services);
	for (uint32_t i = 0; i < pool->n; i++) {
		struct sum sum = { 0 };

		ipvs_set_for_each (key, &pool->svcs) {
			svc = ipvs_set_find(to->table, &key->key);
			if (svc)
				add_server(&sum, svc, &pool->members[i]);
		}
		send_rs(to->role, &pool->rs[i], &sum);
	}
}

void check_stats_send(struct role *role, struct pools *pools, const struct ipvs_set *table)
{
	struct sending to = { role, table };

	pools_each(pools, send_pool, &to);
}
