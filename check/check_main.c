/*
 * The checker child: configuration and saved state in, pools and probes running, log lines and
 * messages out.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/check_report.h"
#include "check/check_stats.h"
#include "check/lvs_globals.h"
#include "check/path_host.h"
#include "check/pool.h"
#include "check/suspend.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/role.h"
#include "lib/script_ask.h"

#define IPVS_TIMEOUT_US (5 * US_PER_S)
#define LOOK_EVERY_US   (2 * US_PER_S)

struct check_app {
	struct role *role;
	struct probe_engine *engine;
	struct script_asks *scripts;
	struct follows *follows;
	struct reconcile *reconcile;
	struct names *names;
	struct lvs_globals *globals;
	struct suspend *suspend;
	struct sysctls *settings; /* of the kernel, changed for probes */
	struct path_host *path_host;
	struct paths *paths;
	struct pools *pools;
	void *saved; /* tsearch tree of struct msg: check_state and rs_state of a predecessor, until
			the first commit */
	bool was_saved; /* there was a predecessor: the table is ours already */
	bool is_running;
	struct timer look_timer; /* at the counters of IPVS */
};

static struct ipvs_backend *open_kernel(void)
{
	return ipvs_nl_open(IPVS_TIMEOUT_US);
}

/* ---- saved state ---- */

/* What a saved record is about. */
struct saved_key {
	const char *vs, *rs;
	uint32_t index; /* of a check */
};

static struct saved_key saved_key(const struct msg *msg)
{
	if (msg->kind == MSG_rs_state)
		return (struct saved_key){ msg->rs_state.vs, msg->rs_state.rs, 0 };
	return (struct saved_key){ msg->check_state.vs, msg->check_state.rs,
				   msg->check_state.index };
}

static int saved_cmp(const void *a, const void *b)
{
	const struct msg *m = a, *n = b;
	const struct saved_key x = saved_key(m), y = saved_key(n);
	int order = (m->kind > n->kind) - (m->kind < n->kind);

	if (order == 0)
		order = strcmp(x.vs, y.vs);
	if (order == 0)
		order = strcmp(x.rs, y.rs);
	return order ? order : (x.index > y.index) - (x.index < y.index);
}

static void saved_free(void *node)
{
	msg_free(node);
}

static void answer_stats(struct check_app *app, uint64_t seq)
{
	const struct ipvs_set *table = reconcile_table(app->reconcile);
	const struct msg done = { .kind = MSG_stats_done, .fd = -1, .stats_done = { seq } };

	if (table)
		check_stats_send(app->role, app->pools, table);
	role_send(app->role, &done);
}

static void on_msg(struct role *role, const struct msg *msg)
{
	struct check_app *app = role_state(role);
	struct msg *copy, **node;

	if (msg->kind == MSG_script_result)
		script_asks_on_result(app->scripts, &msg->script_result);
	if (msg->kind == MSG_stats_ask)
		answer_stats(app, msg->stats_ask.seq);
	if (msg->kind == MSG_vrrp_role)
		lvs_globals_follow(app->globals, &msg->vrrp_role);
	if (msg->kind == MSG_track_feed) {
		follows_set(app->follows, &msg->track_feed);
		return; /* no state of a predecessor */
	}
	if (app->is_running)
		return;
	app->was_saved = true;
	if (msg->kind == MSG_check_sysctl)
		sysctls_adopt(app->settings, msg->check_sysctl.path, msg->check_sysctl.original);
	if (msg->kind == MSG_sync_state)
		lvs_globals_adopt(app->globals, &msg->sync_state);
	if (msg->kind != MSG_check_state && msg->kind != MSG_rs_state)
		return;
	copy = msg_dup(msg);
	node = tsearch(copy, &app->saved, saved_cmp);
	if (node && *node != copy)
		msg_free(copy);
}

static const struct msg_check_state *find_saved(const struct check_run *check, void *arg)
{
	struct check_app *app = arg;
	const struct msg key = { .kind = MSG_check_state,
				 .check_state = { .vs = check->rs->pool->name,
						  .rs = check->rs->name,
						  .index = check->index } };
	struct msg *const *node = tfind(&key, &app->saved, saved_cmp);

	return node ? &(*node)->check_state : NULL;
}

static const struct msg_rs_state *find_saved_rs(const struct rs_run *rs, void *arg)
{
	struct check_app *app = arg;
	const struct msg key = { .kind = MSG_rs_state,
				 .rs_state = { .vs = rs->pool->name, .rs = rs->name } };
	struct msg *const *node = tfind(&key, &app->saved, saved_cmp);

	return node ? &(*node)->rs_state : NULL;
}

/* ---- changes ---- */

static void on_check(struct check_run *check, enum health_edge edge, bool is_server_change,
		     bool is_advised, void *arg)
{
	struct check_app *app = arg;

	report_check(app->role, check, edge, is_server_change, is_advised);
}

static void on_rs_known(struct rs_run *rs, void *arg)
{
	struct check_app *app = arg;

	report_rs_known(app->role, rs);
}

static void on_rs(struct rs_run *rs, void *arg)
{
	struct check_app *app = arg;

	report_rs(app->role, rs);
}

static void on_weight(struct rs_run *rs, void *arg)
{
	struct check_app *app = arg;

	report_weight(app->role, rs);
}

static void on_address(struct rs_run *rs, enum address_event event, void *arg)
{
	struct check_app *app = arg;

	report_address(app->role, rs, event);
}

static void on_name(const struct name_answer *answer, void *arg)
{
	struct check_app *app = arg;

	report_name(app->role, answer, true);
}

static void publish_name(const struct name_answer *answer, void *arg)
{
	struct check_app *app = arg;

	report_name(app->role, answer, false);
}

static void on_open(struct pool_run *pool, void *arg)
{
	struct check_app *app = arg;

	report_open(app->role, pool);
}

static void on_pool(struct pool_run *pool, enum pool_edge edge, void *arg)
{
	struct check_app *app = arg;

	report_pool(app->role, pool, edge);
}

static void publish(struct pool_run *pool, void *arg)
{
	struct check_app *app = arg;

	report_publish(app->role, pool);
	if (pool->is_new && !app->was_saved)
		report_pool_start(app->role, pool);
}

static void shut_down(struct pool_run *pool, void *arg)
{
	struct check_app *app = arg;

	report_shutdown(app->role, pool);
}

static bool is_suspended(const struct vs_conf *vs, void *arg)
{
	const struct check_app *app = arg;

	return suspend_is_due(app->suspend, vs);
}

static void on_addresses(void *arg)
{
	struct check_app *app = arg;

	pools_resume(app->pools);
}

static void on_sync(const struct msg_sync_state *state, void *arg)
{
	struct check_app *app = arg;
	const struct msg msg = { .kind = MSG_sync_state, .fd = -1, .sync_state = *state };

	role_send(app->role, &msg);
}

/* ---- probes through the addresses of services ---- */

/* The parent has it before the kernel is changed. */
static void on_setting(const char *path, const char *original, void *arg)
{
	const struct msg msg = { .kind = MSG_check_sysctl,
				 .fd = -1,
				 .check_sysctl = { .path = path, .original = original } };

	role_send(arg, &msg);
}

static void want_path(const struct ipvs_svc *svc, void *arg)
{
	reconcile_want(arg, svc);
}

/* Between the end of the old pools and the reconciliation. */
static void settle_paths(struct check_app *app)
{
	const struct ipvs_set *table =
		paths_is_empty(app->paths) ? NULL : reconcile_table(app->reconcile);

	if (table)
		paths_shun(app->paths, table);
	paths_each_svc(app->paths, want_path, app->reconcile);
	if (paths_is_empty(app->paths))
		sysctls_restore(app->settings);
	sysctls_publish(app->settings);
}

/* ---- passive observation ---- */

/* Of a copy: what leaves the pool changes the table. */
static void on_look(struct timer *timer, void *arg)
{
	struct check_app *app = arg;
	const struct ipvs_set *table =
		pools_want_look(app->pools) ? reconcile_table(app->reconcile) : NULL;
	struct ipvs_set copy;

	if (table) {
		ipvs_set_init(&copy);
		ipvs_set_copy(&copy, table);
		pools_observe(app->pools, &copy, loop_now(role_loop(app->role)));
		ipvs_set_done(&copy);
	}
	timer_arm_in(timer, LOOK_EVERY_US);
}

static void look_from_now_on(struct check_app *app)
{
	if (pools_are_observed(app->pools))
		timer_arm_in(&app->look_timer, LOOK_EVERY_US);
	else
		timer_cancel(&app->look_timer);
}

/* ---- role ---- */

static void to_parent(const struct msg *msg, void *arg)
{
	role_send(arg, msg);
}

static int init(struct role *role)
{
	struct check_app *app = xcalloc(1, sizeof(*app));
	uint64_t seed = (uint64_t)loop_now(role_loop(role)).us; /* only spreads the starts */

	app->role = role;
	app->engine = probe_engine_new(role_loop(role), seed);
	if (!app->engine) {
		free(app);
		return -errno;
	}
	app->names = names_new(role_loop(role), on_name, app);
	if (!app->names) {
		probe_engine_free(app->engine);
		free(app);
		return -errno;
	}
	app->scripts = script_asks_new(to_parent, role);
	app->follows = follows_new(role_loop(role));
	probe_engine_set_scripts(app->engine, app->scripts);
	timer_init(&app->look_timer, role_loop(role), on_look, app);
	app->reconcile = reconcile_new(role_loop(role), open_kernel);
	app->settings = sysctls_new(on_setting, role);
	app->path_host = path_host_new(app->settings, app->reconcile);
	app->paths = paths_new(
		role_loop(role),
		&(struct path_ops){ path_host_look, path_host_is_in_kernel, app->path_host });
	app->globals = lvs_globals_new(&(struct lvs_globals_env){
		.loop = role_loop(role), .open = open_kernel, .on_sync = on_sync, .arg = app });
	app->suspend = suspend_new(role_loop(role), on_addresses, app);
	role_set_state(role, app);
	return 0;
}

static int prepare(struct role *role, const struct conf *conf, char *why, size_t size)
{
	(void)role;
	(void)conf;
	if (size)
		why[0] = '\0';
	return 0; /* everything that could be refused is a rule of the configuration */
}

static void commit(struct role *role, const struct conf *conf)
{
	struct check_app *app = role_state(role);
	const struct conf_obj *root = conf_root(conf);
	const struct pools_env env = {
		.loop = role_loop(role),
		.engine = app->engine,
		.reconcile = app->reconcile,
		.follows = app->follows,
		.paths = app->paths,
		.names = app->names,
		.watch = { on_check, on_rs, on_rs_known, on_weight, on_address, on_pool, on_open,
			   app },
		.find_saved = find_saved,
		.find_saved_rs = find_saved_rs,
		.is_suspended = is_suspended,
	};
	bool is_first = !app->is_running;

	if (is_first && !app->was_saved && root_global(root)->lvs_flush)
		reconcile_flush(app->reconcile);
	app->is_running = true;
	probe_engine_set_identity(
		app->engine, (const struct ssl_conf *)((const struct root_conf *)root)->ssl.head);
	suspend_apply(app->suspend, (const struct root_conf *)root);
	path_host_apply(app->path_host, (const struct root_conf *)root);
	paths_set_first_mark(app->paths, root_global(root)->through_vip_fwmark);
	app->pools = pools_new(&env, (const struct root_conf *)root, app->pools);
	tdestroy(app->saved, saved_free);
	app->saved = NULL;
	settle_paths(app);
	reconcile_all(app->reconcile);
	lvs_globals_apply(app->globals, root_global(root));
	pools_each(app->pools, publish, app);
	names_each(app->names, publish_name, app);
	look_from_now_on(app);
	lvs_globals_publish(app->globals);
	app->was_saved = false; /* what comes with a reload is new */
}

static void stop(struct role *role, enum role_stop kind)
{
	struct check_app *app = role_state(role);

	/* Without its parent nobody asked for the services to go: traffic goes on as it is. */
	if (kind == ROLE_STOP_CLEAN && app->is_running) {
		int flush = root_global(conf_root(role_conf(role)))->lvs_flush_on_stop;

		pools_each(app->pools, shut_down, app);
		reconcile_remove(app->reconcile, flush == LVS_FLUSH_ALL);
		lvs_globals_stop(app->globals);
	} else if (app->is_running) {
		reconcile_drop_paths(app->reconcile);
	}
	sysctls_restore(app->settings);
	role_stopped(role, 0);
}

static void done(struct role *role)
{
	struct check_app *app = role_state(role);

	if (!app)
		return;
	timer_cancel(&app->look_timer);
	pools_free(app->pools);
	names_free(app->names);
	probe_engine_free(app->engine);
	script_asks_free(app->scripts);
	follows_free(app->follows);
	paths_free(app->paths);
	path_host_free(app->path_host);
	sysctls_free(app->settings);
	reconcile_free(app->reconcile);
	lvs_globals_free(app->globals);
	suspend_free(app->suspend);
	tdestroy(app->saved, saved_free);
	free(app);
}

static void settings(const struct conf *conf, struct role_settings *out)
{
	const struct global_conf *global = root_global(conf_root(conf));

	out->name = global_child_name(global, &global->checker, "diarch_check");
	out->is_locked = global->checker.no_swap;
}

const struct role_ops check_role = {
	.name = "check",
	.self = MSG_FROM_CHECK,
	.caps = PROC_CAP_NET_ADMIN | PROC_CAP_NET_RAW | PROC_CAP_NET_BIND,
	.init = init,
	.prepare = prepare,
	.commit = commit,
	.settings = settings,
	.on_msg = on_msg,
	.stop = stop,
	.done = done,
};
