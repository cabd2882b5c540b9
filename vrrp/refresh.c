/*
 * Looking at interfaces and addresses again after they changed: see vrrp_app.h. VRRP child.
 *
 * A round begins with the interfaces, and then each router draws its conclusions. A thousand of
 * them that lose their links together have much to do, while others go on advertising: a round
 * takes several passes of the loop when it lasts.
 */
#include "vrrp/vrrp_app.h"

static void begin_round(struct vrrp_app *app)
{
	struct refresh *refresh = &app->refresh;

	refresh->is_asked = false;
	vrrp_if_refresh_all(app);
	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_ensure(app->routers[i]);
	refresh->is_doubtful = app->is_if_replaced || app->are_routes_changed;
	app->is_if_replaced = app->are_routes_changed = false;
	statics_repair(&app->statics);
}

static void look_at(struct vrouter *r, bool is_doubtful)
{
	vrouter_track(r);
	r->is_vip_lost |= is_doubtful; /* even what is not tracked */
	vrouter_restore_vips(r);
	vrouter_follow_mac(r);
}

/* As many routers as a slice has room for, one at least. */
static void go_on(struct vrrp_app *app)
{
	struct refresh *refresh = &app->refresh;
	const time_us began = loop_update_now(app->loop);

	while (refresh->next < app->n_routers) {
		look_at(app->routers[refresh->next++], refresh->is_doubtful);
		if (time_sub(loop_update_now(app->loop), began) >= LOOP_SLICE_US)
			break;
	}
	refresh->is_round = refresh->next < app->n_routers;
}

/* By now each router knows its source address. */
static void end_round(struct vrrp_app *app)
{
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		if (!vif->is_hello_due || !vif->is_up)
			continue;
		vif->is_hello_due = false;
		peer_finder_hello(app, vif);
	}
}

static void arm(struct vrrp_app *app)
{
	struct refresh *refresh = &app->refresh;

	if (refresh->is_asked || refresh->is_round)
		timer_arm_in(&refresh->timer, 0);
	else
		timer_arm_at(&refresh->timer, refresh->retry_at);
}

static void on_timer(struct timer *timer, void *arg)
{
	struct vrrp_app *app = arg;
	struct refresh *refresh = &app->refresh;

	(void)timer;
	if (!refresh->is_round) {
		refresh->retry_at = TIME_NEVER;
		refresh->next = 0;
		begin_round(app);
	}
	go_on(app);
	if (!refresh->is_round)
		end_round(app);
	arm(app);
}

void vrrp_refresh_init(struct vrrp_app *app)
{
	app->refresh.retry_at = TIME_NEVER;
	timer_init(&app->refresh.timer, app->loop, on_timer, app);
}

void vrrp_refresh_done(struct vrrp_app *app)
{
	timer_cancel(&app->refresh.timer);
}

void vrrp_refresh_restart(struct vrrp_app *app)
{
	if (!app->refresh.is_round)
		return;
	app->refresh.is_round = false;
	app->is_if_replaced |= app->refresh.is_doubtful;
	vrrp_app_refresh_soon(app);
}

void vrrp_app_refresh_soon(struct vrrp_app *app)
{
	app->refresh.is_asked = true;
	arm(app);
}

void vrrp_app_refresh_in(struct vrrp_app *app, int64_t delta_us)
{
	app->refresh.retry_at = time_add(loop_now(app->loop), delta_us);
	arm(app);
}
