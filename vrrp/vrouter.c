/*
 * A virtual router at run time: events go through the state machine, its outputs are carried out.
 * VRRP child.
 *
 * Owns its timers, address list and counters; the configuration it points to belongs to the role.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

/* A timer that runs later than this tells of a pause: first see what the others said meanwhile. */
#define LATE_US (10 * US_PER_MS)

/* A planned stop waits for its successor: a frame longer than the skew, and never longer than this.
 */
#define HANDOVER_SLACK_US (100 * US_PER_MS)
#define HANDOVER_MAX_US   (3 * US_PER_S)

/* ---- configuration ---- */

static int refuse(char *why, size_t size, const struct vrrp_conf *conf, const char *text)
{
	snprintf(why, size, "vrrp_instance %s: %s", conf->name, text);
	return -EINVAL;
}

static bool is_interval_possible(const struct vrrp_conf *conf)
{
	int64_t unit_us = conf->version == 2 ? US_PER_S : US_PER_CS;
	int64_t most = conf->version == 2 ? 255 : 4095;

	return conf->advert_int_us >= unit_us && conf->advert_int_us % unit_us == 0 &&
	       conf->advert_int_us <= most * unit_us;
}

static bool is_name_possible(const char *name)
{
	return name && name[0] != '\0' && strlen(name) < IF_NAMESIZE;
}

int vrouter_check_conf(const struct vrrp_conf *conf, char *why, size_t size)
{
	const struct track_if_conf *track;
	const struct vaddr_conf *a;

	if (!is_name_possible(vrrp_conf_place(conf)))
		return refuse(why, size, conf, "no usable interface");
	if (conf->virtual_router_id == 0)
		return refuse(why, size, conf, "no virtual_router_id");
	if (!is_interval_possible(conf))
		return refuse(why, size, conf,
			      "advert_int does not fit into a packet of this version");
	if (conf->addresses.n == 0)
		return refuse(why, size, conf, "no virtual_ipaddress to advertise");
	if (!vrrp_conf_is_unicast(conf) && conf->mcast_dst_ip.family != vrrp_conf_family(conf))
		return refuse(why, size, conf, "mcast_dst_ip of another family than the addresses");
	conf_list_for_each (a, &conf->addresses) {
		if (a->prefix.addr.family != vrrp_conf_family(conf))
			return refuse(why, size, conf,
				      "addresses of both families in virtual_ipaddress");
		if (a->dev && !is_name_possible(a->dev))
			return refuse(why, size, conf, "impossible interface name of an address");
	}
	conf_list_for_each (a, &conf->excluded) {
		if (a->dev && !is_name_possible(a->dev))
			return refuse(why, size, conf, "impossible interface name of an address");
	}
	conf_list_for_each (track, &conf->track_interfaces) {
		if (!is_name_possible(track->name))
			return refuse(why, size, conf, "impossible name in track_interface");
	}
	return 0;
}

static struct vrrp_params params_of(const struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;

	return (struct vrrp_params){
		.version = (uint8_t)conf->version,
		.base_priority = conf->priority,
		.advert_us = conf->advert_int_us,
		.preempt_delay_us = conf->preempt_delay_us,
		.down_adverts = conf->down_timer_adverts,
		.preempt = !conf->nopreempt && !vrouter_sync_is_cold(r),
		.lower_prio_no_advert = conf->lower_prio_no_advert,
		.higher_prio_send_advert = conf->higher_prio_send_advert,
		.learn_min_us = conf->learn_min_us,
		.learn_max_us = conf->learn_max_us,
		.lease_us = vrrp_conf_lease_us(conf),
	};
}

/* Copies of what packets carry and what they are compared with. */
static void set_packet_data(struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;
	const struct vaddr_conf *a;
	const struct peer_conf *p;
	uint32_t n_peers = 0;

	free(r->advertised);
	free(r->peers);
	r->advertised = xcalloc(conf->addresses.n + 1UL, sizeof(r->advertised[0]));
	r->peers = xcalloc(conf->peers.n + 1UL, sizeof(r->peers[0]));
	r->n_advertised = 0;
	/* what deployed peers accept, or what the configuration says */
	r->sum_form = conf->v3_checksum_as_v2 ? VRRP_SUM_MESSAGE : VRRP_SUM_PSEUDO;
	conf_list_for_each (a, &conf->addresses) {
		if (r->n_advertised < VRRP_ADDRS_MAX)
			r->advertised[r->n_advertised++] = a->prefix.addr;
	}
	conf_list_for_each (p, &conf->peers) {
		r->peers[n_peers++] = (struct vrrp_peer){ p->addr, p->min_ttl, p->max_ttl };
	}
	vrouter_expect_build(r);
	vrouter_auth_build(r);
}

static void set_group(struct vrouter *r)
{
	const struct addr old = r->group;

	r->group = vrrp_conf_is_unicast(r->conf) ? (struct addr){ .family = AF_UNSPEC }
						 : r->conf->mcast_dst_ip;
	if (addr_cmp(&old, &r->group) != 0)
		vrrp_if_regroup(r, &old);
}

static void keep_foreign_marks(struct vrouter *r)
{
	for (uint32_t i = 0; i < r->vips.n; i++) {
		for (uint32_t j = 0; j < r->old_vips.n; j++) {
			if (addr_cmp(&r->vips.v[i].addr.addr, &r->old_vips.v[j].addr.addr) == 0)
				r->vips.v[i].is_foreign |= r->old_vips.v[j].is_foreign;
		}
	}
}

void vrouter_set_conf(struct vrouter *r, const struct vrrp_conf *conf)
{
	r->conf = conf;
	r->old_vips = r->vips;
	r->old_routes = r->routes;
	vip_list_build(&r->vips, r);
	route_set_build(&r->routes, r->app, &conf->routes, &conf->rules);
	vrrp_app_reserve(r->app, r->vips.n + r->routes.n_routes + r->routes.n_rules);
	if (conf->priority == 255)
		keep_foreign_marks(r);
	set_group(r);
	set_packet_data(r);
	second_path_set_conf(r);
}

/* ---- life ---- */

static void on_timer(struct timer *timer, void *arg)
{
	struct vrouter *r = arg;
	enum vrrp_timer which = (enum vrrp_timer)(timer - r->timers);
	int64_t late_us = time_sub(loop_now(r->app->loop), timer->at);

	/*
	 * After a pause of this process the sockets hold what the others said meanwhile: a router
	 * that took over must win now, not after we have spoken. The state machine ignores this
	 * expiry if a packet moved the timer.
	 */
	if (which == VRRP_TIMER_DOWN || late_us > LATE_US)
		sync_group_drain(r);
	vrouter_feed(r, &(struct vrrp_ev){ .kind = VRRP_EV_TIMER, .timer = which },
		     "no advertisement from the active router");
}

struct vrouter *vrouter_new(struct vrrp_app *app, const struct vrrp_conf *conf)
{
	struct vrouter *r = xcalloc(1, sizeof(*r));
	const struct addr no_addr = { .family = AF_UNSPEC };
	struct vrrp_params params;

	r->app = app;
	r->conf = conf;
	vrouter_sync_init(r);
	params = params_of(r);
	vmac_init(r);
	r->vif = vmac_runs_on(r);
	r->side = &r->vif->sides[vrrp_conf_family(conf) == AF_INET6 ? VRRP_SIDE_V6 : VRRP_SIDE_V4];
	for (int i = 0; i < VRRP_TIMER_N; i++)
		timer_init(&r->timers[i], app->loop, on_timer, r);
	r->timers[VRRP_TIMER_ADVER].is_urgent = true;
	timer_init(&r->vip_timer, app->loop, vrouter_on_vip_timer, r);
	timer_init(&r->announce_timer, app->loop, vrouter_on_announce, r);
	vrouter_rival_init(r);
	timer_init(&r->extra_timer, app->loop, vrouter_on_extra, r);
	vrrp_inst_init(&r->fsm, &params, &no_addr);
	r->member.v = &r->fsm;
	vrrp_if_attach(r);
	vrouter_set_conf(r, conf);
	vrouter_announce_init(r);
	return r;
}

void vrouter_free(struct vrouter *r)
{
	if (!r)
		return;
	for (int i = 0; i < VRRP_TIMER_N; i++)
		timer_cancel(&r->timers[i]);
	timer_cancel(&r->vip_timer);
	timer_cancel(&r->announce_timer);
	timer_cancel(&r->extra_timer);
	timer_cancel(&r->rival.timer);
	vrouter_sync_done(r);
	second_path_free(r);
	vrrp_if_detach(r);
	vrouter_uses_free(r);
	vip_list_free(&r->vips);
	vip_list_free(&r->old_vips);
	route_set_free(&r->routes);
	route_set_free(&r->old_routes);
	vmac_done(r);
	vrrp_if_put(r->vif);
	free(r->advertised);
	free(r->peers);
	vrouter_auth_free(r);
	free(r);
}

bool vrouter_is_match(const struct vrouter *r, const struct vrrp_conf *conf)
{
	return vmac_is_same(r->conf, conf) && r->side->family == vrrp_conf_family(conf) &&
	       r->conf->virtual_router_id == conf->virtual_router_id &&
	       strcmp(vrrp_conf_place(r->conf), vrrp_conf_place(conf)) == 0;
}

static bool params_are_equal(const struct vrrp_params *a, const struct vrrp_params *b)
{
	return a->version == b->version && a->base_priority == b->base_priority &&
	       a->advert_us == b->advert_us && a->preempt_delay_us == b->preempt_delay_us &&
	       a->down_adverts == b->down_adverts && a->preempt == b->preempt &&
	       a->lower_prio_no_advert == b->lower_prio_no_advert &&
	       a->higher_prio_send_advert == b->higher_prio_send_advert &&
	       a->learn_min_us == b->learn_min_us && a->learn_max_us == b->learn_max_us &&
	       a->lease_us == b->lease_us;
}

void vrouter_reconfigure(struct vrouter *r)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_CONFIG, .params = params_of(r) };

	if (!params_are_equal(&ev.params, &r->fsm.params))
		vrouter_feed(r, &ev, "configuration");
}

void vrouter_apply_conf(struct vrouter *r)
{
	bool had_lease = r->fsm.params.lease_us > 0;
	bool is_new_list = !vip_list_is_equal(&r->vips, &r->old_vips);
	bool are_new_routes = !route_set_is_equal(&r->routes, &r->old_routes);

	vmac_ensure(r);
	vrouter_drop_old_vips(r);
	vmac_sweep(r);
	vrouter_sync_conf(r);
	if ((is_new_list || are_new_routes) && r->holds_vips)
		vrouter_sync_vips(r);
	if (had_lease != r->conf->lease)
		vrouter_renew_lease(r); /* gives, or takes, the lifetimes */
	vrouter_note_routes(r);
	if ((vrouter_announce_init(r) || is_new_list) && r->holds_vips)
		vrouter_announce(r, VRRP_ANNOUNCE_TAKEOVER);
}

static struct vrrp_ev adoption(const struct msg_vrrp_state *saved, enum vrrp_state state)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };

	ev.adopt.state = state;
	ev.adopt.adver_at = (time_us){ saved->adver_at_us };
	ev.adopt.preempt_at = saved->preempt_at_us ? (time_us){ saved->preempt_at_us } : TIME_NEVER;
	ev.adopt.active_adver_us = saved->active_advert_cs * US_PER_CS;
	ev.adopt.active_priority = saved->active_priority;
	addr_parse(saved->active, &ev.adopt.active);
	return ev;
}

void vrouter_ensure(struct vrouter *r)
{
	char path[64];

	if (r->conf->promote_secondaries && r->vif->ifindex) {
		snprintf(path, sizeof(path), "net/ipv4/conf/%s/promote_secondaries", r->vif->name);
		sysctl_set(r->app, path, "1");
	}
	vmac_ensure(r);
}

void vrouter_start(struct vrouter *r, const struct msg_vrrp_state *saved)
{
	enum vrrp_state state = VRRP_STATE_INIT;

	vrouter_mark_foreign(r);
	vrouter_ensure(r);
	vrouter_track(r);
	if (saved)
		vrrp_state_parse(saved->state, &state);
	if (state == VRRP_STATE_INIT) {
		r->is_waiting = true;
		vrouter_try_start(r);
	} else {
		const struct vrrp_ev ev = adoption(saved, state);
		snprintf(r->reason, sizeof(r->reason), "%s", saved->reason);
		r->adopted_since = (time_us){ saved->since_us };
		r->adopted_transitions = saved->transitions;
		vrouter_auth_adopt(r, saved->stamp_ahead_us);
		log_event(LOG_LEVEL_NOTICE, "vrrp_adopted",
			  log_kv("instance=%s state=%s", r->conf->name, saved->state),
			  "(%s) Going on in %s STATE", r->conf->name, saved->state);
		vrouter_feed(r, &ev, "start");
	}
	vrouter_renew_reason(r);
	/* Addresses that a dead process left behind are not ours to answer for. */
	if (r->holds_vips)
		return;
	vrouter_sync_vips(r);
	vmac_set_up(r, false);
}

void vrouter_try_start(struct vrouter *r)
{
	if (!r->is_waiting || r->track.awaited > 0 || !time_is_never(r->app->start_at))
		return;
	r->is_waiting = false;
	vrouter_feed(r, &(struct vrrp_ev){ .kind = VRRP_EV_START }, "start");
	vrouter_renew_reason(r);
}

/* What the slowest of the others waits after priority 0, and a frame. RFC 9568 6.1. */
static int64_t handover_time_us(const struct vrouter *r)
{
	const struct vrrp_params *p = &r->fsm.params;
	int64_t us = vrrp_skew_us(p->version, 1, p->advert_us) + HANDOVER_SLACK_US;

	return us < HANDOVER_MAX_US ? us : HANDOVER_MAX_US;
}

void vrouter_stop(struct vrouter *r, const char *cause, bool is_handover)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_STOP,
				    .handover_us = is_handover ? handover_time_us(r) : 0 };

	r->is_leaving = !is_handover;
	r->is_waiting = false;
	vrouter_feed(r, &ev, cause);
}

bool vrouter_is_handing_over(const struct vrouter *r)
{
	return !time_is_never(r->fsm.at[VRRP_TIMER_HANDOVER]);
}

/* ---- sending ---- */

/* The kernel tells of links and addresses by netlink; if a packet knows better, ask again. */
static void on_send_result(struct vrouter *r, int result)
{
	bool is_first = result < 0 && !r->is_send_failing;

	r->is_send_failing = result < 0;
	if (!is_first)
		return;
	log_event(LOG_LEVEL_WARNING, "vrrp_send_failed",
		  log_kv("instance=%s interface=%s errno=%d", r->conf->name, r->vif->name, -result),
		  "(%s) cannot send an advertisement on %s: %s", r->conf->name, r->vif->name,
		  strerror(-result));
	if (result != -EAGAIN && result != -ENOBUFS)
		nl_refresh(r->app->nl);
}

/* With the sum of pkt->sum_form, or of old unicast. */
static void send_to(struct vrouter *r, const struct vrrp_pkt *pkt, bool is_old,
		    const struct addr *dst, uint8_t ttl)
{
	const struct vrrp_env env = { .src = r->fsm.own_addr, .dst = *dst, .ttl = ttl };
	const struct vrrp_env summed =
		is_old ? vrrp_env_old_sum(&env, &r->conf->mcast_dst_ip) : env;
	uint8_t data[VRRP_PKT_MAX + VRRP_HMAC_LEN];

	size_t len = vrrp_pkt_encode(pkt, &summed, data, VRRP_PKT_MAX);
	on_send_result(r, len == 0 ? -EINVAL : vrouter_auth_send(r, &env, data, len));
}

/* Who sends the old sum accepts no other. */
static bool wants_old_sum(const struct vrouter *r)
{
	int old = r->conf->old_unicast_checksum;

	if (r->expect.version != 3 || r->fsm.own_addr.family != AF_INET)
		return false;
	return old == OLD_CHECKSUM_USE ||
	       (old == OLD_CHECKSUM_AUTO && r->peer_sum_form == VRRP_SUM_GROUP);
}

static void send_to_peers(struct vrouter *r, struct vrrp_pkt *pkt)
{
	bool is_old;

	if (r->expect.n_peers == 0)
		return;
	is_old = wants_old_sum(r);
	if (is_old)
		pkt->sum_form = VRRP_SUM_PSEUDO;
	for (uint32_t i = 0; i < r->expect.n_peers; i++) {
		send_to(r, pkt, is_old, &r->peers[i].addr, r->conf->unicast_ttl);
		peer_finder_sent(r->app, &r->fsm.own_addr, &r->peers[i].addr);
	}
}

static void send_advert(struct vrouter *r, uint8_t priority)
{
	struct vrrp_pkt pkt = {
		.version = r->expect.version,
		.vrid = r->expect.vrid,
		.priority = priority,
		.auth_type = r->expect.auth_type,
		.adver_cs = r->expect.adver_cs,
		.n_addrs = r->n_advertised,
		.addrs = r->advertised,
		.sum_form = r->sum_form,
	};

	memcpy(pkt.auth_data, r->expect.auth_data, sizeof(pkt.auth_data));
	vrouter_auth_next(r);
	if (!addr_is_unset(&r->group))
		send_to(r, &pkt, false, &r->group, VRRP_TTL);
	send_to_peers(r, &pkt);
	second_path_send(r, &pkt);
	r->stats.advert_sent++;
	r->stats.pri_zero_sent += priority == 0;
	vrouter_count(r);
	if (priority == 0)
		log_event(LOG_LEVEL_DEBUG, "vrrp_resign", log_kv("instance=%s", r->conf->name),
			  "(%s) sent 0 priority", r->conf->name);
}

/* ---- the state machine's outputs ---- */

/* What is adopted only to be given up: another router may be active for long. */
static bool is_silent(const struct vrouter *r, const struct vrrp_out_item *item)
{
	return role_is_stopping(r->app->role) &&
	       ((item->kind == VRRP_OUT_SEND && item->priority > 0) ||
		item->kind == VRRP_OUT_ANNOUNCE);
}

static void carry_out(struct vrouter *r, const struct vrrp_out_item *item)
{
	if (is_silent(r, item))
		return;
	switch (item->kind) {
	case VRRP_OUT_SEND: send_advert(r, item->priority); break;
	case VRRP_OUT_ARM: timer_arm_at(&r->timers[item->timer], item->at); break;
	case VRRP_OUT_CANCEL: timer_cancel(&r->timers[item->timer]); break;
	case VRRP_OUT_VIP_ADD: vrouter_claim_vips(r); break;
	case VRRP_OUT_VIP_DEL: vrouter_release_vips(r); break;
	case VRRP_OUT_ANNOUNCE: vrouter_announce(r, item->announce); break;
	case VRRP_OUT_NOTIFY: vrouter_report_notify(r, item); break;
	case VRRP_OUT_RENOTIFY: vrouter_report_again(r); break;
	case VRRP_OUT_LEASE: vrouter_renew_lease(r); break;
	case VRRP_OUT_LOG: vrouter_report_log(r, item); break;
	}
}

void vrouter_step(struct vrouter *r, const struct vrrp_ev *ev, const char *cause)
{
	enum vrrp_state was = r->fsm.state;
	uint32_t transitions = r->fsm.transitions;
	struct vrrp_out out;

	vrrp_step(&r->fsm, loop_now(r->app->loop), ev, &out);
	if (r->fsm.transitions != transitions) {
		snprintf(r->reason, sizeof(r->reason), "%s", cause);
		second_path_begin(r);
	}
	for (unsigned i = 0; i < out.n; i++)
		carry_out(r, &out.item[i]);
	vrouter_report_step(r, ev, &out);
	if (r->group_of)
		group_note_step(&r->group_of->g, &r->member, was, loop_now(r->app->loop), ev);
}

void vrouter_feed(struct vrouter *r, const struct vrrp_ev *ev, const char *cause)
{
	if (!sync_group_holds_back(r, ev))
		vrouter_step(r, ev, cause);
	sync_group_settle(r);
	vrrp_app_leave(r->app);
}
