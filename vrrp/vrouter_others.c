/*
 * Who else speaks with the number of a virtual router: another master beside this one, and senders
 * whose packets are dropped. For log and status only. VRRP child.
 */
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define ALARM_AGAIN_US (60 * US_PER_S)

/* ---- another master ---- */

static double for_seconds(const struct vrouter *r)
{
	return (double)time_sub(r->rival.last, r->rival.since) / US_PER_S;
}

static void alarm_rival(struct vrouter *r)
{
	char text[ADDR_STR_MAX];

	r->rival.is_alarmed = true;
	if (!log_limit_pass(&r->rival.limit, loop_now(r->app->loop), ALARM_AGAIN_US))
		return;
	addr_str(&r->rival.addr, text);
	log_event(LOG_LEVEL_WARNING, "vrrp_two_masters",
		  log_kv("instance=%s src=%s for_s=%.1f", r->conf->name, text, for_seconds(r)),
		  "(%s) two masters for %.1f s: %s does not give way, as if it did not hear us",
		  r->conf->name, for_seconds(r), text);
}

void vrouter_rival_end(struct vrouter *r)
{
	char text[ADDR_STR_MAX];

	timer_cancel(&r->rival.timer);
	if (r->rival.is_alarmed)
		log_event(LOG_LEVEL_NOTICE, "vrrp_two_masters_over",
			  log_kv("instance=%s src=%s for_s=%.1f", r->conf->name,
				 addr_str(&r->rival.addr, text), for_seconds(r)),
			  "(%s) no longer two masters; with %s there were two for %.1f s",
			  r->conf->name, text, for_seconds(r));
	r->rival.is_alarmed = false;
	memset(&r->rival.addr, 0, sizeof(r->rival.addr));
}

static void on_silence(struct timer *timer, void *arg)
{
	struct vrouter *r = arg;

	(void)timer;
	vrouter_rival_end(r);
	vrouter_report_state(r, false);
}

void vrouter_rival_init(struct vrouter *r)
{
	timer_init(&r->rival.timer, r->app->loop, on_silence, r);
}

/* One that gives way when it hears us is heard once or twice; an alarm is about the others. Of
 * several, about the first, until that is silent. */
void vrouter_rival_heard(struct vrouter *r, const struct addr *src)
{
	time_us now = loop_now(r->app->loop);
	int64_t down_us = vrrp_down_us(&r->fsm);

	if (!timer_is_armed(&r->rival.timer)) {
		r->rival.addr = *src;
		r->rival.since = now;
	}
	if (addr_cmp(&r->rival.addr, src) != 0)
		return;
	r->rival.last = now;
	timer_arm_in(&r->rival.timer, down_us);
	if (time_sub(now, r->rival.since) >= down_us) {
		alarm_rival(r);
		vrouter_report_state(r, false);
	}
}

/* ---- senders whose packets are dropped ---- */

/* Its place in the list, or a free one, or that of the one that was silent for the longest time. */
static struct vrouter_foreign *place_of(struct vrouter *r, const struct addr *src)
{
	struct vrouter_foreign *oldest = &r->foreign[0];

	for (int i = 0; i < VROUTER_FOREIGN_MAX; i++) {
		struct vrouter_foreign *f = &r->foreign[i];
		if (f->packets > 0 && addr_cmp(&f->src, src) == 0)
			return f;
		if (time_cmp(f->last, oldest->last) < 0)
			oldest = f;
	}
	*oldest = (struct vrouter_foreign){ .src = *src };
	return oldest;
}

/* A number that no packet heard there has had; 0 when all were heard. */
static unsigned free_vrid(const struct vrrp_side *side)
{
	for (unsigned vrid = 1; vrid < 256; vrid++) {
		if (!side->is_heard[vrid] && !side->by_vrid[vrid])
			return vrid;
	}
	return 0;
}

static void log_foreign(const struct vrouter *r, const char *src, const char *reason)
{
	unsigned vrid = free_vrid(r->side);

	log_event(
		LOG_LEVEL_NOTICE, "vrrp_foreign",
		log_kv("instance=%s interface=%s src=%s vrid=%u reason=%s free_vrid=%u",
		       r->conf->name, r->vif->name, src, r->conf->virtual_router_id, reason, vrid),
		"(%s) %s on %s also uses VRID %u, with packets that do not fit (%s); if it belongs "
		"to others: nobody was heard with VRID %u",
		r->conf->name, src, r->vif->name, r->conf->virtual_router_id, reason, vrid);
}

void vrouter_foreign_heard(struct vrouter *r, const struct addr *src, enum vrrp_drop drop,
			   bool is_news)
{
	struct vrouter_foreign *f = place_of(r, src);
	char text[ADDR_STR_MAX];

	f->reason = drop;
	f->last = loop_now(r->app->loop);
	f->is_dirty = true;
	f->packets++;
	if (is_news)
		log_foreign(r, addr_str(src, text), vrrp_drop_name(drop));
}

void vrouter_foreign_report(struct vrouter *r)
{
	struct msg msg = { .kind = MSG_vrrp_foreign, .fd = -1 };
	char text[ADDR_STR_MAX];

	for (int i = 0; i < VROUTER_FOREIGN_MAX; i++) {
		struct vrouter_foreign *f = &r->foreign[i];
		if (!f->is_dirty)
			continue;
		f->is_dirty = false;
		msg.vrrp_foreign = (struct msg_vrrp_foreign){
			.instance = r->conf->name,
			.place = (uint8_t)i,
			.src = addr_str(&f->src, text),
			.reason = vrrp_drop_name(f->reason),
			.packets = f->packets,
			.last_us = f->last.us,
		};
		role_send(r->app->role, &msg);
	}
}
