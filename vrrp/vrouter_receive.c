/*
 * From a datagram to an event: decode, find the virtual router, check, feed. VRRP child.
 *
 * A packet that fails a check changes nothing but counters, and causes at most one line each kind
 * and minute.
 */
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define DROP_LOG_US (60 * US_PER_S)

/* ---- what to expect ---- */

static const struct auth_conf *auth_of(const struct vrrp_conf *conf)
{
	return (const void *)conf->auth.head;
}

static void expect_auth(struct vrrp_expect *e, const struct vrrp_conf *conf)
{
	const struct auth_conf *auth = auth_of(conf);

	if (conf->version != 2 || !auth || auth->auth_type == VRRP_AUTH_NONE)
		return;
	e->auth_type = (uint8_t)auth->auth_type;
	if (auth->auth_pass)
		memcpy(e->auth_data, auth->auth_pass, strnlen(auth->auth_pass, VRRP_AUTH_LEN));
}

void vrouter_expect_build(struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;

	r->expect = (struct vrrp_expect){
		.version = (uint8_t)conf->version,
		.vrid = conf->virtual_router_id,
		.adver_cs = (uint16_t)(conf->advert_int_us / US_PER_CS),
		.ignores_all = conf->priority == 255 && conf->owner_ignore_adverts,
		.is_strict = conf->strict_mode,
		.is_unicast = conf->peers.n > 0,
		.check_src = conf->check_unicast_src,
		.check_addrs = !conf->skip_check_adv_addr,
		.own_src = r->fsm.own_addr,
		.mcast_dst = r->group,
		.addrs = r->advertised,
		.n_addrs = r->n_advertised,
		.peers = r->peers,
		.n_peers = conf->peers.n,
	};
	expect_auth(&r->expect, conf);
}

/* ---- drops ---- */

/* The counter of each reason, as an offset in struct msg_vrrp_stats. */
#define COUNTER(field) offsetof(struct msg_vrrp_stats, field)
static const size_t drop_counters[VRRP_DROP_N] = {
	[VRRP_DROP_NONE] = COUNTER(other_err),
	[VRRP_DROP_IP_HEADER] = COUNTER(packet_len_err),
	[VRRP_DROP_TTL] = COUNTER(ip_ttl_err),
	[VRRP_DROP_SHORT] = COUNTER(packet_len_err),
	[VRRP_DROP_VERSION] = COUNTER(version_err),
	[VRRP_DROP_TYPE] = COUNTER(invalid_type_rcvd),
	[VRRP_DROP_CHECKSUM] = COUNTER(checksum_err),
	[VRRP_DROP_NO_ADDRS] = COUNTER(addr_list_err),
	[VRRP_DROP_INTERVAL_ZERO] = COUNTER(advert_interval_err),
	[VRRP_DROP_VRID] = COUNTER(other_err),
	[VRRP_DROP_AUTH_TYPE] = COUNTER(authtype_mismatch),
	[VRRP_DROP_AUTH_DATA] = COUNTER(auth_failure),
	[VRRP_DROP_INTERVAL] = COUNTER(advert_interval_err),
	[VRRP_DROP_ADDR_LIST] = COUNTER(addr_list_err),
	[VRRP_DROP_SOURCE] = COUNTER(source_err),
	[VRRP_DROP_OWNER] = COUNTER(other_err),
	[VRRP_DROP_REPLAY] = COUNTER(auth_failure),
	[VRRP_DROP_AUTH_MISSING] = COUNTER(auth_ext_missing),
	[VRRP_DROP_AUTH_MALFORMED] = COUNTER(auth_ext_malformed),
	[VRRP_DROP_AUTH_KEY] = COUNTER(auth_ext_unknown_key),
	[VRRP_DROP_AUTH_HMAC] = COUNTER(auth_ext_invalid_hmac),
	[VRRP_DROP_AUTH_STALE] = COUNTER(auth_ext_stale),
	[VRRP_DROP_AUTH_REPLAY] = COUNTER(auth_ext_replay),
	[VRRP_DROP_ORIGIN] = COUNTER(packet_len_err),
};

static void drop_log(enum log_level level, const char *who, const struct vrrp_if *vif,
		     enum vrrp_drop drop, const struct vrrp_env *env)
{
	char text[ADDR_STR_MAX];

	addr_str(&env->src, text);
	log_event(level, "vrrp_drop",
		  log_kv("instance=%s interface=%s src=%s reason=%s", who, vif->name, text,
			 vrrp_drop_name(drop)),
		  "(%s) dropping an advertisement from %s on %s: %s", who, text, vif->name,
		  vrrp_drop_text(drop));
}

/* Once each kind, and again when that has been a while. */
static void drop_for_router(struct vrouter *r, const struct vrrp_if *vif, enum vrrp_drop drop,
			    const struct vrrp_env *env)
{
	uint64_t *counter = (uint64_t *)((char *)&r->stats + drop_counters[drop]);

	(*counter)++;
	vrouter_count(r);
	if (log_limit_pass(&r->drop_limit, loop_now(r->app->loop), DROP_LOG_US))
		r->drops_logged = 0;
	bool is_news = !(r->drops_logged & 1U << drop);
	if (is_news)
		drop_log(LOG_LEVEL_INFO, r->conf->name, vif, drop, env);
	vrouter_foreign_heard(r, &env->src, drop, is_news);
	r->drops_logged |= 1U << drop;
}

static void drop_for_nobody(const struct vrrp_if *vif, enum vrrp_drop drop,
			    const struct vrrp_env *env)
{
	vif->app->drops[drop]++;
	if (log_limit_pass(&vif->app->drop_limit, loop_now(vif->app->loop), DROP_LOG_US))
		drop_log(LOG_LEVEL_DEBUG, "-", vif, drop, env);
}

/* A socket that is bound to no interface hears what those of interfaces hear, and the other way
 * round: whether a packet is nobody's here because it is a router's there. */
static bool is_for_other_socket(const struct vrrp_side *side, uint8_t vrid)
{
	int at = side->family == AF_INET6 ? VRRP_SIDE_V6 : VRRP_SIDE_V4;

	for (const struct vrrp_if *vif = side->vif->app->ifs; vif; vif = vif->next) {
		if (vif->is_any != side->vif->is_any && vif->sides[at].by_vrid[vrid])
			return true;
	}
	return false;
}

/* A packet that is well formed, of a virtual router that is not configured here: one line each. */
static void note_unknown(struct vrrp_side *side, uint8_t vrid, const struct vrrp_env *env)
{
	char text[ADDR_STR_MAX];

	if (!side->vif->app->logs_unknown || side->vif->is_any || side->is_unknown_logged[vrid])
		return;
	side->is_unknown_logged[vrid] = true;
	log_event(LOG_LEVEL_INFO, "vrrp_unknown_vrid",
		  log_kv("interface=%s vrid=%u src=%s", side->vif->name, vrid,
			 addr_str(&env->src, text)),
		  "Received on %s an advertisement of virtual router %u, which is not configured, "
		  "from %s",
		  side->vif->name, vrid, text);
}

/* ---- acceptance ---- */

/* RFC 9568 7.1: what only deserves a line. */
static void note_difference(struct vrouter *r, bool differs, bool *is_logged, const char *what,
			    const struct addr *src)
{
	char text[ADDR_STR_MAX];

	if (differs && !*is_logged)
		log_event(LOG_LEVEL_INFO, "vrrp_differs",
			  log_kv("instance=%s src=%s what=%s", r->conf->name, addr_str(src, text),
				 what),
			  "(%s) advertisement from %s has another %s than ours", r->conf->name,
			  text, what);
	*is_logged = differs;
}

static void set_sum_form(struct vrouter *r, enum vrrp_sum_form form)
{
	r->is_record_stale |= r->peer_sum_form != form;
	r->peer_sum_form = form;
}

static void accept_advert(struct vrouter *r, enum vrrp_path path, const struct vrrp_pkt *pkt,
			  const struct addr *src)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_ADVERT,
				    .advert = { *src, pkt->priority, pkt->adver_cs * US_PER_CS } };

	r->stats.advert_rcvd++;
	r->stats.pri_zero_rcvd += pkt->priority == 0;
	vrouter_count(r);
	if (path == VRRP_PATH_FIRST)
		set_sum_form(r, pkt->version == 3 ? pkt->sum_form : VRRP_SUM_NONE);
	second_path_note(r, path);
	vrouter_feed(r, &ev,
		     pkt->priority == r->fsm.priority ? "advertisement from a higher address"
						      : "advertisement with higher priority");
	if (r->fsm.state == VRRP_STATE_ACTIVE && pkt->priority != 0)
		vrouter_rival_heard(r, src);
}

/* Who a packet is for: several share a VRID if they differ in peers or group. */
static struct vrouter *find_router(const struct vrrp_side *side, uint8_t vrid,
				   const struct vrrp_env *env)
{
	struct vrouter *first = side->by_vrid[vrid], *best = NULL;
	unsigned best_fit = 0;

	if (!first || !first->next_of_vrid)
		return first;
	for (struct vrouter *r = first; r; r = r->next_of_vrid) {
		unsigned fit = vrrp_env_fit(env, &r->expect);
		if (fit <= best_fit)
			continue;
		best_fit = fit;
		best = r;
	}
	return best;
}

/* A wrong checksum may be the right one of an old peer. */
static enum vrrp_drop decode_old(const struct vrouter *r, const struct vio_packet *packet,
				 struct vrrp_pkt *pkt, struct addr *addrs)
{
	if (!r->expect.is_unicast || r->conf->old_unicast_checksum == OLD_CHECKSUM_NEVER)
		return VRRP_DROP_CHECKSUM;
	return vrrp_pkt_decode_old(packet->msg, packet->len, &packet->env, &r->conf->mcast_dst_ip,
				   pkt, addrs);
}

/* All checks that need the router. `src` becomes who sent it: on a second path the packet says it.
 */
static enum vrrp_drop check(struct vrouter *r, struct vrrp_expect *expect,
			    const struct vio_packet *packet, struct vrrp_pkt *pkt, struct addr *src)
{
	const struct vrrp_env *env = &packet->env;
	enum vrrp_path path = expect == &r->expect ? VRRP_PATH_FIRST : VRRP_PATH_SECOND;
	bool addrs_differ, interval_differs;
	enum vrrp_drop drop = vrrp_pkt_check(pkt, env, expect, &addrs_differ, &interval_differs);

	*src = env->src;
	if (drop == VRRP_DROP_NONE && path == VRRP_PATH_SECOND)
		drop = second_path_origin(r, packet, pkt, src);
	if (drop == VRRP_DROP_NONE)
		drop = vrouter_auth_check(r, path, packet, pkt);
	if (drop != VRRP_DROP_NONE)
		return drop;
	if (!addrs_differ)
		expect->checked_src = env->src;
	note_difference(r, addrs_differ, &r->is_addrs_logged, "address list", src);
	note_difference(r, interval_differs, &r->is_interval_logged, "interval", src);
	return VRRP_DROP_NONE;
}

static void receive_second(struct second_path *second, const struct vrrp_side *side,
			   const struct vio_packet *packet, struct vrrp_pkt *pkt,
			   enum vrrp_drop drop)
{
	struct vrouter *r = second_path_router(second);
	struct addr src;

	if (!second_path_is_on(second, side))
		return; /* its own socket hears it, too */
	if (drop == VRRP_DROP_NONE)
		drop = check(r, second_path_expect(second), packet, pkt, &src);
	if (drop == VRRP_DROP_NONE)
		accept_advert(r, VRRP_PATH_SECOND, pkt, &src);
	else
		drop_for_router(r, side->vif, drop, &packet->env);
}

void vrouter_on_packet(const struct vio_packet *packet, void *arg)
{
	struct vrrp_side *side = arg;
	const struct vrrp_env *env = &packet->env;
	struct addr addrs[VRRP_ADDRS_MAX];
	struct vrrp_pkt pkt = { .vrid = 0 };
	enum vrrp_drop drop = packet->drop;
	struct addr src;

	if (drop == VRRP_DROP_NONE)
		drop = vrrp_pkt_decode(packet->msg, packet->len, env, &pkt, addrs);
	side->is_heard[pkt.vrid] = true;
	struct second_path *second = second_path_find(side, pkt.vrid, env);
	if (second) {
		receive_second(second, side, packet, &pkt, drop);
		return;
	}
	struct vrouter *r = find_router(side, pkt.vrid, env);
	if (!r && is_for_other_socket(side, pkt.vrid))
		return;
	if (!r) {
		if (drop == VRRP_DROP_NONE)
			note_unknown(side, pkt.vrid, env);
		drop_for_nobody(side->vif, drop == VRRP_DROP_NONE ? VRRP_DROP_VRID : drop, env);
		return;
	}
	if (drop == VRRP_DROP_CHECKSUM)
		drop = decode_old(r, packet, &pkt, addrs);
	if (drop == VRRP_DROP_NONE)
		drop = check(r, &r->expect, packet, &pkt, &src);
	if (drop == VRRP_DROP_NONE)
		accept_advert(r, VRRP_PATH_FIRST, &pkt, &src);
	else
		drop_for_router(r, r->vif, drop, env);
}
