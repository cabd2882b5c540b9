/*
 * From one child to the other. Parent only.
 */
#include <string.h>

#include "director/app.h"
#include "director/relay.h"
#include "lib/global_conf.h"

static void pass_role(struct app *app, const struct msg_vrrp_state *state)
{
	const char *followed = root_global(conf_root(app->conf))->lvs_sync_daemon.inst;
	const struct msg role = {
		.kind = MSG_vrrp_role,
		.fd = -1,
		.vrrp_role = { state->instance, state->state, state->vrid },
	};

	if (followed && strcmp(followed, state->instance) == 0)
		supervisor_send(MSG_TO_CHECK, &role, app->supervisor);
}

static void pass_sync(struct app *app, const struct msg_sync_state *state)
{
	const struct msg copy = { .kind = MSG_sync_state, .fd = -1, .sync_state = *state };

	supervisor_send(MSG_TO_VRRP, &copy, app->supervisor);
}

void relay_published(struct app *app, const struct msg *msg)
{
	if (msg->kind == MSG_vrrp_state)
		pass_role(app, &msg->vrrp_state);
	else if (msg->kind == MSG_sync_state)
		pass_sync(app, &msg->sync_state);
}

static void pass(const struct msg *msg, void *arg)
{
	relay_published(arg, msg);
}

void relay_all(struct app *app)
{
	store_each(app->store, MSG_FROM_VRRP, pass, app);
	store_each(app->store, MSG_FROM_CHECK, pass, app);
}
