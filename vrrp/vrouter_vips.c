/*
 * The addresses of a virtual router: on the interfaces while it is active. VRRP child.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define REPAIR_US        (50 * US_PER_MS)
#define DUPLICATE_LOG_US (10 * US_PER_S)

/* ---- held ---- */

void vrouter_mark_foreign(struct vrouter *r)
{
	if (r->conf->priority != 255)
		return;
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct nl_addr key = vip_key(&r->vips.v[i]);
		const struct nl_addr *is = vip_find_actual(&key, r->app->nl);
		r->vips.v[i].is_foreign = is && is->protocol != NL_PROTO_DIARCH;
	}
}

void vrouter_claim_vips(struct vrouter *r)
{
	log_event(LOG_LEVEL_DEBUG, "vrrp_vips",
		  log_kv("instance=%s vips=%u", r->conf->name, r->vips.n), "(%s) setting VIPs.",
		  r->conf->name);
	vrouter_mark_foreign(r);
	r->holds_vips = true;
	vmac_set_up(r, true);
	redirects_stop(r);
	vrouter_sync_vips(r);
}

void vrouter_release_vips(struct vrouter *r)
{
	log_event(LOG_LEVEL_DEBUG, "vrrp_vips",
		  log_kv("instance=%s vips=%u", r->conf->name, r->vips.n), "(%s) removing VIPs.",
		  r->conf->name);
	r->holds_vips = false;
	r->is_vip_lost = false;
	if (r->is_leaving)
		return;
	vrouter_sync_vips(r);
	redirects_resume(r);
	vmac_set_up(r, false);
}

/* ---- what somebody took away ---- */

void vrouter_restore_vips(struct vrouter *r)
{
	const struct nl *nl = r->app->nl;

	if (!r->is_vip_lost || !r->holds_vips)
		return;
	r->is_vip_lost = false;
	/* The hosts still know us, if nobody else announced it meanwhile: one packet each. */
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct nl_addr key = vip_key(&r->vips.v[i]);
		r->vips.v[i].is_missing = key.ifindex && !vip_find_actual(&key, nl);
	}
	vrouter_repair(r);
	for (uint32_t i = 0; i < r->vips.n; i++) {
		if (r->vips.v[i].is_missing)
			vrouter_announce_vip(r, &r->vips.v[i]);
	}
}

/* Our own repairs come back as changes, too: a pause, so that a kernel that does not do as it was
 * asked costs little. */
void vrouter_on_vip_changed(struct vrouter *r, uint32_t at, const struct nl_addr *is)
{
	const struct vip *vip = &r->vips.v[at];
	bool has_dad = is->addr.family == AF_INET6 && !(vip->addr.flags & IFA_F_NODAD);
	char text[ADDR_STR_MAX];

	if (!addr_is_usable(is) &&
	    log_limit_pass(&r->duplicate_limit, loop_now(r->app->loop), DUPLICATE_LOG_US))
		log_event(LOG_LEVEL_WARNING, "vrrp_address_duplicate",
			  log_kv("instance=%s interface=%s address=%s", r->conf->name,
				 vip->vif->name, addr_str(&is->addr, text)),
			  "(%s) another host on %s has address %s: trying again", r->conf->name,
			  vip->vif->name, text);
	if (!addr_is_as_wanted(is, &vip->addr)) {
		if (!timer_is_armed(&r->vip_timer))
			timer_arm_in(&r->vip_timer, REPAIR_US);
	} else if (has_dad && !(is->flags & IFA_F_TENTATIVE)) {
		vrouter_announce_vip(r, vip); /* what was sent before was too early */
	}
}
