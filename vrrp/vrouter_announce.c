/*
 * Announcements of a virtual router's addresses. VRRP child.
 */
#include <errno.h>

#include "lib/log.h"
#include "vrrp/garp.h"
#include "vrrp/ndisc.h"
#include "vrrp/vrrp_app.h"

#define GARPS_AT_ONCE 256
#define GARP_RETRY_US (1 * US_PER_MS)

/* One packet for one address. 0, or -errno when it could not go now. */
static int send_vip(struct vrouter *r, const struct vip *vip)
{
	const struct vrrp_if *vif = vip->vif;
	const struct addr *addr = &vip->addr.addr;
	bool is_v6 = addr->family == AF_INET6;
	char text[ADDR_STR_MAX];

	if (vif->ifindex == 0 || !vif->has_mac)
		return 0;
	int result = is_v6 ? ndisc_send(r->app->ndisc_fd, vif->ifindex, vif->mac, addr)
			   : garp_send(r->app->arp_fd, vif->ifindex, vif->mac, addr);
	if (result < 0)
		return result;
	r->stats.garp_sent++;
	vrouter_count(r);
	if (log_is_on(LOG_LEVEL_DEBUG))
		log_event(LOG_LEVEL_DEBUG, "announce",
			  log_kv("instance=%s interface=%s address=%s", r->conf->name, vif->name,
				 addr_str(addr, text)),
			  "Sending %s on %s for %s",
			  is_v6 ? "unsolicited Neighbour Advert" : "gratuitous ARP", vif->name,
			  text);
	return 0;
}

static bool is_busy(int result)
{
	return result == -EAGAIN || result == -ENOBUFS;
}

/* When the packet for this address may go: now, or later. A place in the queue is taken only once.
 */
static time_us turn_of(struct vrouter *r, int at, time_us now)
{
	const struct vip *vip = &r->vips.v[at];
	enum pacer_kind kind = vip->addr.addr.family == AF_INET6 ? PACER_NA : PACER_ARP;
	struct pacer *pacer = vip->vif->pacers[kind];
	time_us turn = r->is_announce_due ? now : pacer_reserve(pacer, now);

	return time_cmp(turn, now) > 0 ? turn : pacer_use(pacer, now);
}

/* Sends what is due, a bounded number at once. */
static void run_announcements(struct vrouter *r)
{
	time_us now = loop_update_now(r->app->loop); /* the pace counts from when a packet goes */
	int at = -1;

	for (unsigned i = 0; i < GARPS_AT_ONCE; i++) {
		at = r->announce_again >= 0 ? r->announce_again : announce_next(&r->announce, now);
		if (at < 0)
			break;
		time_us turn = turn_of(r, at, now);
		r->announce_again = at;
		r->is_announce_due = true;
		if (time_cmp(turn, now) > 0) {
			timer_arm_at(&r->announce_timer, turn);
			return;
		}
		if (is_busy(send_vip(r, &r->vips.v[at]))) {
			timer_arm_in(&r->announce_timer, GARP_RETRY_US);
			return;
		}
		r->announce_again = -1;
		r->is_announce_due = false;
	}
	timer_arm_at(&r->announce_timer, at < 0 ? announce_due(&r->announce) : now);
}

/* ---- addresses on other interfaces, where no advertisement keeps switches informed ---- */

static void arm_extra(struct vrouter *r)
{
	if (r->conf->garp_extra_if.s > 0 && r->holds_vips)
		timer_arm_in(&r->extra_timer, r->conf->garp_extra_if.s * US_PER_S);
	else
		timer_cancel(&r->extra_timer);
}

/* Switches must hear of it, and no advertisement tells them: always for a virtual MAC that sends
 * none, for other interfaces where all are asked for. */
static bool is_extra(const struct vrouter *r, const struct vrrp_if *vif)
{
	const struct vmac *vmac = vmac_of(r, vif);

	if (vif == r->vif)
		return false;
	if (vmac && vmac == r->vmac)
		return r->conf->vmac_xmit_base || addr_is_unset(&r->group);
	return vmac || r->conf->garp_extra_if.is_all;
}

void vrouter_on_extra(struct timer *timer, void *arg)
{
	struct vrouter *r = arg;

	(void)timer;
	for (uint32_t i = 0; r->holds_vips && i < r->vips.n; i++) {
		const struct vip *vip = &r->vips.v[i];
		if (is_extra(r, vip->vif))
			send_vip(r, vip);
	}
	arm_extra(r);
}

void vrouter_on_announce(struct timer *timer, void *arg)
{
	(void)timer;
	run_announcements(arg);
}

static bool params_are_equal(const struct announce_params *a, const struct announce_params *b)
{
	return a->n_addrs == b->n_addrs && a->repeat == b->repeat && a->delay_us == b->delay_us &&
	       a->refresh_us == b->refresh_us && a->refresh_repeat == b->refresh_repeat &&
	       a->lower_prio_repeat == b->lower_prio_repeat &&
	       a->lower_prio_delay_us == b->lower_prio_delay_us && a->interval_us == b->interval_us;
}

static bool is_set(const struct vrouter *r, const char *name)
{
	return conf_is_set(&r->conf->obj, name, NULL);
}

/* vrrp_min_garp: one packet for each address, where nothing else was written. */
static void reduce(struct announce_params *params, const struct vrouter *r)
{
	const struct vrrp_app *app = r->app;

	if (!app->is_repeat_set && !is_set(r, "garp_master_repeat"))
		params->repeat = 1;
	if (!app->is_repeat_set && !is_set(r, "garp_lower_prio_repeat"))
		params->lower_prio_repeat = 1;
	if (!app->is_delay_set && !is_set(r, "garp_master_delay"))
		params->delay_us = 0;
	if (!app->is_delay_set && !is_set(r, "garp_lower_prio_delay"))
		params->lower_prio_delay_us = 0;
	if (!app->is_refresh_set && !is_set(r, "garp_master_refresh"))
		params->refresh_us = 0;
}

bool vrouter_announce_init(struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;
	struct announce_params params = {
		.n_addrs = r->vips.n,
		.repeat = conf->garp_master_repeat,
		.delay_us = conf->garp_master_delay_s * US_PER_S,
		.refresh_us = conf->garp_master_refresh_s * US_PER_S,
		.refresh_repeat = conf->garp_master_refresh_repeat,
		.lower_prio_repeat = conf->garp_lower_prio_repeat,
		.lower_prio_delay_us = conf->garp_lower_prio_delay_s * US_PER_S,
	};

	if (r->app->is_min_garp)
		reduce(&params, r);
	arm_extra(r);
	if (params_are_equal(&params, &r->announce.params))
		return false;
	r->announce_again = -1;
	r->is_announce_due = false;
	announce_init(&r->announce, &params);
	timer_cancel(&r->announce_timer);
	return true;
}

void vrouter_announce(struct vrouter *r, enum vrrp_announce occasion)
{
	r->announce_again = -1;
	r->is_announce_due = false;
	arm_extra(r);
	announce_trigger(&r->announce, loop_now(r->app->loop), occasion);
	run_announcements(r);
}

void vrouter_follow_mac(struct vrouter *r)
{
	uint32_t i = 0;

	while (i < r->vips.n && !r->vips.v[i].vif->is_mac_new)
		i++;
	if (r->holds_vips && i < r->vips.n)
		vrouter_announce(r, VRRP_ANNOUNCE_TAKEOVER);
}

void vrouter_announce_vip(struct vrouter *r, const struct vip *vip)
{
	send_vip(r, vip);
}
