/*
 * Pools as configured. Pure; any process.
 */
#include <string.h>

#include "check/pool_build.h"

static void dest_method(struct ipvs_dest *dest, const struct lvs_method *method)
{
	dest->fwd = method->fwd;
	dest->tun_type = method->tun_type;
	dest->tun_port = method->tun_port;
	dest->tun_flags = method->tun_flags;
}

/* Prefix length of an IPv6 mask, which is how IPVS wants it. */
static uint32_t mask_len(const struct addr *mask)
{
	uint32_t len = 0;

	while (len < 128 && mask->bytes[len / 8] & 0x80 >> len % 8)
		len++;
	return len;
}

/* What flag-1 to flag-3 mean is up to the scheduler; sh and mh have names for two of them. */
static uint32_t sched_flags(const struct vs_conf *vs)
{
	uint32_t flags = 0;

	if (vs->flag_1 || vs->sh_fallback || vs->mh_fallback)
		flags |= IPVS_F_SCHED1;
	if (vs->flag_2 || vs->sh_port || vs->mh_port)
		flags |= IPVS_F_SCHED2;
	if (vs->flag_3)
		flags |= IPVS_F_SCHED3;
	return flags;
}

/* The service of `key`, without destinations. */
static void build_svc(const struct vs_conf *vs, const struct ipvs_svc_key *key,
		      struct ipvs_svc *svc)
{
	const struct addr *mask = &vs->persistence_granularity;

	svc_init(svc, key);
	strncpy(svc->sched, vs->lvs_sched, sizeof(svc->sched) - 1);
	if (vs->persistence_engine)
		strncpy(svc->pe_name, vs->persistence_engine, sizeof(svc->pe_name) - 1);
	svc->flags |= sched_flags(vs);
	if (vs->ops)
		svc->flags |= IPVS_F_ONEPACKET;
	if (vs->persistence_timeout_s) {
		svc->flags |= IPVS_F_PERSISTENT;
		svc->timeout_s = vs->persistence_timeout_s;
	}
	/* Of a group with both families the addresses of the other one keep their full length. */
	if (mask->family == AF_INET && key->family == AF_INET)
		memcpy(&svc->netmask, mask->bytes, 4);
	else if (mask->family == AF_INET6 && key->family == AF_INET6)
		svc->netmask = mask_len(mask);
}

struct build {
	const struct vs_conf *vs;
	struct ipvs_set *set;
};

static void on_key(const struct ipvs_svc_key *key, void *arg)
{
	const struct build *build = arg;
	struct ipvs_svc svc;

	build_svc(build->vs, key, &svc);
	ipvs_set_append(build->set, &svc);
}

void pool_build_svcs(const struct vs_conf *vs, struct ipvs_set *set)
{
	struct build build = { vs, set };

	vs_each_key(vs, on_key, &build);
	ipvs_set_sort(set);
}

void pool_build_params(const struct vs_conf *vs, struct pool_params *params)
{
	const struct lvs_method *method =
		vs->sorry_server_lvs_method.is_set ? &vs->sorry_server_lvs_method : &vs->lvs_method;

	*params = (struct pool_params){
		.fail_open = vs->fail_open,
		.quorum = vs->quorum,
		.hysteresis = vs->hysteresis,
		.has_sorry = !addr_is_unset(&vs->sorry_server.addr),
		.sorry_inhibit = vs->sorry_server_inhibit,
		.sorry.key.addr = vs->sorry_server.addr,
		.sorry.key.port = vs->sorry_server.port,
		.sorry.weight = 1,
		.sorry_follows_port = vs->sorry_server.port == 0 ||
				      (vs->addr.group && method->fwd != IPVS_FWD_MASQ),
	};
	dest_method(&params->sorry, method);
}

void pool_build_member(const struct vs_conf *vs, const struct rs_conf *rs,
		       struct pool_member *member)
{
	*member = (struct pool_member){
		.dest.key.addr = rs->endpoint.addr, /* a name has none yet */
		.is_absent = rs->endpoint.host != NULL,
		.dest.key.port = rs_port(vs, rs),
		.dest.weight = (int32_t)rs->weight,
		.dest.u_thresh = rs->uthreshold,
		.dest.l_thresh = rs->lthreshold,
		.inhibit_on_failure = rs->inhibit_on_failure,
		.follows_port = rs->lvs_method.fwd != IPVS_FWD_MASQ || rs->endpoint.port == 0,
	};
	dest_method(&member->dest, &rs->lvs_method);
}
