/*
 * A virtual router that waits for the state of IPVS connections (preempt_sync_delay): until the
 * director's daemon has received them for so long, it does not take the addresses from one who
 * has them and does well. Without anybody who advertises it takes over as ever. VRRP child.
 */
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

static bool is_waiting_kind(const struct vrouter *r)
{
	return r->conf->preempt_sync_delay_us > 0;
}

bool vrouter_sync_is_cold(const struct vrouter *r)
{
	return is_waiting_kind(r) && time_cmp(loop_now(r->app->loop), r->warm_at) < 0;
}

static void on_warm(struct timer *timer, void *arg)
{
	struct vrouter *r = arg;

	(void)timer;
	if (r->fsm.state == VRRP_STATE_BACKUP)
		log_event(LOG_LEVEL_INFO, "vrrp_sync_warm", log_kv("instance=%s", r->conf->name),
			  "(%s) IPVS connections have been received for long enough to preempt",
			  r->conf->name);
	vrouter_reconfigure(r);
}

void vrouter_sync_init(struct vrouter *r)
{
	timer_init(&r->warm_timer, r->app->loop, on_warm, r);
	r->sync_since = r->warm_at = TIME_NEVER;
}

void vrouter_sync_done(struct vrouter *r)
{
	timer_cancel(&r->warm_timer);
}

static void set_since(struct vrouter *r, time_us since)
{
	r->sync_since = since;
	r->warm_at = time_add(since, r->conf->preempt_sync_delay_us);
	timer_arm_at(&r->warm_timer, is_waiting_kind(r) ? r->warm_at : TIME_NEVER);
	vrouter_reconfigure(r);
}

void vrouter_sync_conf(struct vrouter *r)
{
	set_since(r, r->sync_since);
}

void vrrp_app_on_sync(struct vrrp_app *app, const struct msg_sync_state *state)
{
	time_us since = state->backup_since_us ? (time_us){ state->backup_since_us } : TIME_NEVER;

	for (uint32_t i = 0; i < app->n_routers; i++) {
		struct vrouter *r = app->routers[i];

		/* Daemons that follow no instance serve all. */
		if (!*state->instance || strcmp(state->instance, r->conf->name) == 0)
			set_since(r, since);
	}
}
