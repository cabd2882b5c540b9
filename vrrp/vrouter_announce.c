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

/* Sends what is due, a bounded number at once. */
static void run_announcements(struct vrouter *r)
{
	time_us now = loop_now(r->app->loop);
	int at = -1;

	for (unsigned i = 0; i < GARPS_AT_ONCE; i++) {
		at = r->announce_again >= 0 ? r->announce_again : announce_next(&r->announce, now);
		if (at < 0)
			break;
		int result = send_vip(r, &r->vips.v[at]);
		bool is_full = result == -EAGAIN || result == -ENOBUFS;
		r->announce_again = is_full ? at : -1;
		if (is_full) {
			timer_arm_in(&r->announce_timer, GARP_RETRY_US);
			return;
		}
	}
	timer_arm_at(&r->announce_timer, at < 0 ? announce_due(&r->announce) : now);
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

bool vrouter_announce_init(struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;
	const struct announce_params params = {
		.n_addrs = r->vips.n,
		.repeat = conf->garp_master_repeat,
		.delay_us = conf->garp_master_delay_s * US_PER_S,
		.refresh_us = conf->garp_master_refresh_s * US_PER_S,
		.refresh_repeat = conf->garp_master_refresh_repeat,
		.lower_prio_repeat = conf->garp_lower_prio_repeat,
		.lower_prio_delay_us = conf->garp_lower_prio_delay_s * US_PER_S,
		.interval_us = r->app->garp_interval_us,
	};

	if (params_are_equal(&params, &r->announce.params))
		return false;
	r->announce_again = -1;
	announce_init(&r->announce, &params);
	timer_cancel(&r->announce_timer);
	return true;
}

void vrouter_announce(struct vrouter *r, enum vrrp_announce occasion)
{
	r->announce_again = -1;
	announce_trigger(&r->announce, loop_now(r->app->loop), occasion);
	run_announcements(r);
}

void vrouter_announce_vip(struct vrouter *r, const struct vip *vip)
{
	send_vip(r, vip);
}
