/*
 * When the parent is told the counters of the virtual routers. VRRP child.
 *
 * They change with every advertisement, and nobody looks at most of them: the parent asks when
 * somebody does. Without being asked they go now and then, and soon after a transition, as what a
 * successor of this process goes on from. Always a few in a pass of the loop, however many there
 * are.
 */
#include "vrrp/vrrp_app.h"

#define KEEP_US  (30 * US_PER_S) /* what a crash may lose of them */
#define SOON_US  (1 * US_PER_S)
#define PAUSE_US (1 * US_PER_MS)
#define SLICE    32

static void arm_within(struct vrrp_app *app, int64_t us)
{
	struct timer *timer = &app->counters.timer;
	time_us at = time_add(loop_now(app->loop), us);

	if (!timer_is_armed(timer) || time_cmp(at, timer->at) < 0)
		timer_arm_at(timer, at);
}

void vrouter_count(struct vrouter *r)
{
	if (!r->is_stats_dirty) {
		arm_within(r->app, KEEP_US);
		r->app->counters.is_more = true;
	}
	r->is_stats_dirty = true;
}

void vrouter_count_soon(struct vrouter *r)
{
	r->is_stats_dirty = true;
	r->app->counters.is_more = true;
	arm_within(r->app, SOON_US);
}

void vrouter_report_stats(struct vrouter *r)
{
	struct msg msg = { .kind = MSG_vrrp_stats, .fd = -1, .vrrp_stats = r->stats };

	r->is_stats_dirty = false;
	msg.vrrp_stats.instance = r->conf->name;
	role_send(r->app->role, &msg);
	vrouter_foreign_report(r);
	second_path_report(r, true);
}

/* All that is asked for has been sent. */
static void finish(struct vrrp_app *app)
{
	const struct msg done = { .kind = MSG_stats_done,
				  .fd = -1,
				  .stats_done = { app->counters.asked } };

	app->counters.next = 0;
	if (app->counters.is_more) /* behind our back */
		arm_within(app, KEEP_US);
	if (app->counters.asked)
		role_send(app->role, &done);
	app->counters.asked = 0;
}

static void on_timer(struct timer *timer, void *arg)
{
	struct vrrp_app *app = arg;
	unsigned n = 0;

	(void)timer;
	if (app->counters.next == 0)
		app->counters.is_more = false;
	while (app->counters.next < app->n_routers && n < SLICE) {
		struct vrouter *r = app->routers[app->counters.next++];
		if (!r->is_stats_dirty)
			continue;
		vrouter_report_stats(r);
		n++;
	}
	if (app->counters.next < app->n_routers)
		arm_within(app, PAUSE_US);
	else
		finish(app);
}

void vrrp_counters_ask(struct vrrp_app *app, uint64_t seq)
{
	app->counters.asked = seq;
	app->counters.next = 0;
	arm_within(app, 0);
}

void vrrp_counters_init(struct vrrp_app *app)
{
	timer_init(&app->counters.timer, app->loop, on_timer, app);
}

void vrrp_counters_done(struct vrrp_app *app)
{
	timer_cancel(&app->counters.timer);
}
