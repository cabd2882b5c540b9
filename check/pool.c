/*
 * Pools at run time. Checker child; owns the members, the checks' subscriptions and their health.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "check/pool.h"
#include "check/pool_build.h"
#include "check/pool_private.h"
#include "lib/global_conf.h"
#include "lib/log.h"

struct pools {
	struct pools_env env;
	struct pool_run *pool;
	uint32_t n;
};

void pools_each(struct pools *pools, void (*each)(struct pool_run *pool, void *arg), void *arg)
{
	for (uint32_t i = 0; pools && i < pools->n; i++)
		each(&pools->pool[i], arg);
}

/* ---- what the kernel should have ---- */

static void pool_want(struct pool_run *pool)
{
	struct ipvs_set set;
	struct ipvs_svc *svc;

	ipvs_set_init(&set);
	ipvs_set_copy(&set, &pool->svcs);
	ipvs_set_for_each (svc, &set) {
		pool_desired(&pool->state, &pool->params, pool->members, pool->n, svc);
		reconcile_want(pool->pools->env.reconcile, svc);
	}
	ipvs_set_done(&set);
}

/* ---- results ---- */

void pool_follow(struct rs_run *rs, bool was_up)
{
	struct pool_run *pool = rs->pool;
	const struct pools_env *env = &pool->pools->env;
	const time_us now = loop_now(env->loop);
	const int64_t old_weight = rs_weight(rs);
	bool was_open = pool->state.is_open, is_up;
	enum pool_edge edge;

	rs_settle(rs, was_up, now);
	is_up = rs_is_up(rs);
	edge = pool_step(&pool->state, &pool->params, pool->members, pool->n);
	if (was_up == is_up && rs_weight(rs) == old_weight && edge == POOL_SAME) {
		if (rs->damping.is_held || rs->passive.is_held)
			env->watch.on_weight(rs, env->watch.arg);
		return;
	}
	pool_want(pool);
	reconcile_edge(env->reconcile, &pool->svcs); /* the kernel first, the words after */
	if (was_up != is_up) {
		rs->since = now;
		rs->is_announced = true;
		env->watch.on_rs(rs, env->watch.arg);
	} else {
		env->watch.on_weight(rs, env->watch.arg);
	}
	if (edge != POOL_SAME || was_open != pool->state.is_open)
		pool->since = now;
	if (was_open != pool->state.is_open)
		env->watch.on_open(pool, env->watch.arg);
	env->watch.on_pool(pool, edge, env->watch.arg);
}

static void on_rs_timer(struct timer *timer, void *arg)
{
	struct rs_run *rs = arg;

	(void)timer;
	pool_follow(rs, rs_is_up(rs));
}

static bool is_same_advice(const struct weight_advice *a, const struct weight_advice *b)
{
	return a->kind == b->kind && a->value == b->value;
}

static bool rs_is_known(const struct rs_run *rs)
{
	for (uint32_t i = 0; i < rs->n_checks; i++)
		if (!rs->checks[i].sub.health.is_known)
			return false;
	return true;
}

static void announce(struct rs_run *rs)
{
	const struct pool_watch *watch = &rs->pool->pools->env.watch;

	if (rs->is_announced || !rs_is_known(rs))
		return;
	rs->is_announced = true;
	watch->on_rs_known(rs, watch->arg);
}

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct check_run *check = arg;
	struct rs_run *rs = check->rs;
	struct pools *pools = rs->pool->pools;
	struct pool_member *m = &rs->pool->members[rs->member];
	const time_us now = loop_now(pools->env.loop);
	bool was_up = rs_is_up(rs), was_passing = m->n_failed == 0, is_passing, is_advised;

	if (edge != HEALTH_SAME)
		check->since = now;
	if (check->is_failing == sub->health.is_up) {
		check->is_failing = !sub->health.is_up;
		m->n_failed += check->is_failing ? 1 : -1u;
	}
	is_advised = !is_same_advice(&sub->advice, &check->advice);
	check->advice = sub->advice;
	is_passing = m->n_failed == 0;
	pools->env.watch.on_check(check, edge, was_passing != is_passing, pools->env.watch.arg);
	if (was_passing && !is_passing)
		rs_failed(rs, now);
	if (was_up != rs_is_up(rs) || was_passing != is_passing || is_advised)
		pool_follow(rs, was_up);
	announce(rs);
}

/* ---- building ---- */

static const struct checker_ops *ops_of(const struct checker_conf *conf)
{
	for (const struct checker_ops *const *ops = checkers; *ops; ops++)
		if ((*ops)->conf == conf->obj.block)
			return *ops;
	return NULL;
}

/* Held from now on, also while the check rests. */
static struct path *path_of(const struct rs_run *rs, const struct checker_conf *conf)
{
	struct path_key key = { .dest = rs->pool->members[rs->member].dest };
	struct path *path;

	if (!checker_goes_through_vip(conf) || !checker_vip(conf, &key.vip))
		return NULL;
	path = path_get(rs->pool->pools->env.paths, &key);
	if (!path)
		log_warnx("check_path", "no mark is left: a check of %s goes straight to it",
			  rs->name);
	return path;
}

static void build_check(struct rs_run *rs, const struct checker_conf *conf,
			const struct checker_ops *ops)
{
	struct check_run *check = &rs->checks[rs->n_checks];

	check->rs = rs;
	check->conf = conf;
	check->ops = ops;
	check->path = path_of(rs, conf);
	check->index = rs->n_checks++;
	check->since = loop_now(rs->pool->pools->env.loop);
	check->sub.params = probe_health_params(conf);
	check->sub.on_result = on_result;
	check->sub.arg = check;
	health_init(&check->sub.health, &check->sub.params);
}

/* A check with hosts is several. */
static void build_checks(struct rs_run *rs)
{
	const struct checker_conf *conf, *host;
	uint32_t n = 1;

	conf_list_for_each (conf, &rs->conf->checkers)
		n += 1 + (checker_hosts(conf) ? checker_hosts(conf)->n : 0);
	rs->checks = xcalloc(n, sizeof(*rs->checks));
	conf_list_for_each (conf, &rs->conf->checkers) {
		if (!ops_of(conf))
			continue;
		build_check(rs, conf, ops_of(conf));
		if (!checker_hosts(conf))
			continue;
		conf_list_for_each (host, checker_hosts(conf))
			build_check(rs, host, ops_of(conf));
	}
}

static void build_rs(struct pool_run *pool, uint32_t i, const struct rs_conf *conf)
{
	struct rs_run *rs = &pool->rs[i];

	rs->pool = pool;
	rs->conf = conf;
	rs->member = i;
	rs->since = pool->since;
	rs->ramp_since = TIME_NEVER;
	timer_init(&rs->timer, pool->pools->env.loop, on_rs_timer, rs);
	pool_build_member(pool->conf, conf, &pool->members[i]);
	rs->name = conf->name;
	build_checks(rs);
}

static void build_pool(struct pools *pools, struct pool_run *pool, const struct vs_conf *vs)
{
	const struct rs_conf *conf;
	uint32_t i = 0;

	pool->pools = pools;
	pool->conf = vs;
	pool->since = loop_now(pools->env.loop);
	pool->n = vs->real_servers.n;
	pool->members = xcalloc(pool->n + 1, sizeof(*pool->members));
	pool->rs = xcalloc(pool->n + 1, sizeof(*pool->rs));
	pool->name = vs->name;
	ipvs_set_init(&pool->svcs);
	pool_build_svcs(vs, &pool->svcs);
	pool_build_params(vs, &pool->params);
	conf_list_for_each (conf, &vs->real_servers)
		build_rs(pool, i++, conf);
}

/* ---- carrying health over ---- */

static int check_cmp(const void *a, const void *b)
{
	const struct check_run *x = a, *y = b;
	int order = strcmp(x->rs->pool->name, y->rs->pool->name);

	if (order == 0)
		order = strcmp(x->rs->name, y->rs->name);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int pool_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pool_run *)a)->name, ((const struct pool_run *)b)->name);
}

struct carry {
	void *checks; /* tsearch trees over the old generation */
	void *pools;
};

static void carry_index(struct carry *carry, struct pools *old)
{
	for (uint32_t i = 0; old && i < old->n; i++) {
		tsearch(&old->pool[i], &carry->pools, pool_cmp);
		for (uint32_t j = 0; j < old->pool[i].n; j++)
			for (uint32_t k = 0; k < old->pool[i].rs[j].n_checks; k++)
				tsearch(&old->pool[i].rs[j].checks[k], &carry->checks, check_cmp);
	}
}

static void forget(void *node)
{
	(void)node;
}

/*
 * The verdict of the same check before: a server known to be down stays down over a reload or a
 * respawn. When its settings changed the verdict is provisional: the next result decides at once.
 */
static bool carry_health(const struct carry *carry, struct check_run *check)
{
	struct check_run *const *node = tfind(check, &carry->checks, check_cmp);
	const struct pools_env *env = &check->rs->pool->pools->env;
	const struct msg_check_state *saved =
		env->find_saved ? env->find_saved(check, env->watch.arg) : NULL;

	if (node && (*node)->conf->obj.block == check->conf->obj.block) {
		check->sub.health = (*node)->sub.health;
		check->sub.reason = (*node)->sub.reason;
		memcpy(check->sub.detail, (*node)->sub.detail, sizeof(check->sub.detail));
		check->sub.advice = (*node)->sub.advice;
		check->since = (*node)->since;
		if (!conf_obj_is_equal(&(*node)->conf->obj, &check->conf->obj))
			check->sub.health.is_known = false;
		return true;
	}
	if (saved && !strcmp(saved->kind, check->ops->name)) {
		check->sub.health =
			(struct health){ .is_up = saved->is_up, .is_known = saved->is_known };
		check->sub.advice = (struct weight_advice){ (int32_t)saved->advice_kind,
							    (int32_t)saved->advice };
		check->since = (time_us){ saved->since_us };
		return true;
	}
	return false;
}

/* Damping and slow start of the same server before. A server without checks has none. */
static void carry_rs(const struct carry *carry, struct rs_run *rs)
{
	const struct pools_env *env = &rs->pool->pools->env;
	struct check_run *const *node =
		rs->n_checks ? tfind(&rs->checks[0], &carry->checks, check_cmp) : NULL;
	const struct msg_rs_state *saved =
		!node && env->find_saved_rs ? env->find_saved_rs(rs, env->watch.arg) : NULL;

	if (node)
		rs_adopt(rs, (*node)->rs);
	else if (saved)
		rs_adopt_saved(rs, saved);
	rs_settle(rs, true, loop_now(env->loop));
}

static void carry_pool(const struct carry *carry, struct pool_run *pool)
{
	struct pool_run *const *node = tfind(pool, &carry->pools, pool_cmp);

	pool_init(&pool->state, &pool->params, pool->members, pool->n);
	pool->is_new = !node;
	if (!node)
		return;
	/* Within the hysteresis band the former verdict holds. */
	pool->since = (*node)->since;
	pool->state.is_up = (*node)->state.is_up;
	pool_step(&pool->state, &pool->params, pool->members, pool->n);
}

/* ---- starting ---- */

static void start_check(struct check_run *check, bool is_adopted)
{
	const struct rs_run *rs = check->rs;
	const struct checker_conf *conf = check->conf;
	const struct pool_member *m = &rs->pool->members[rs->member];
	struct probe_spec spec = {
		.ops = check->ops,
		.conf = conf,
		.addr = addr_is_unset(&conf->connect_ip) ? m->dest.key.addr : conf->connect_ip,
		.port = conf->connect_port ? conf->connect_port : m->dest.key.port,
		.path = check->path,
		.virtualhost = rs->conf->virtualhost,
		.vs_virtualhost = rs->pool->conf->virtualhost,
	};
	int error;

	if (check->path)
		checker_vip(conf, &spec.addr);
	if (follow_is_for(check->ops)) {
		follow_subscribe(rs->pool->pools->env.follows, &check->follow, check->ops, conf,
				 &check->sub, is_adopted);
		return;
	}
	error = probe_subscribe(rs->pool->pools->env.engine, &spec, &check->sub, is_adopted);

	if (error < 0)
		log_warnx("probe", "cannot start %s of %s: %s", check->ops->name, rs->name,
			  strerror(-error));
}

static bool is_to_rest(const struct pool_run *pool)
{
	const struct pools_env *env = &pool->pools->env;

	return env->is_suspended && env->is_suspended(pool->conf, env->watch.arg);
}

static void log_rest(const struct check_run *check, bool is_resting)
{
	log_event(LOG_LEVEL_INFO, is_resting ? "check_suspended" : "check_active",
		  log_kv("check=%s rs=%s vs=%s", check->conf->obj.block->name, check->rs->name,
			 check->rs->pool->name),
		  "%s healthchecker for service %s for VS %s",
		  is_resting ? "Suspending" : "Activating", check->rs->name, check->rs->pool->name);
}

static void log_rests(const struct pool_run *pool)
{
	for (uint32_t i = 0; i < pool->n; i++)
		for (uint32_t k = 0; k < pool->rs[i].n_checks; k++)
			log_rest(&pool->rs[i].checks[k], true);
}

static bool was_suspended(const struct carry *carry, const struct pool_run *pool)
{
	struct pool_run *const *node = tfind(pool, &carry->pools, pool_cmp);

	return node && (*node)->is_suspended;
}

static void stop_check(struct check_run *check)
{
	probe_unsubscribe(&check->sub);
	follow_unsubscribe(&check->follow);
}

static void start_pool(struct pool_run *pool, const struct carry *carry)
{
	pool->is_suspended = is_to_rest(pool);
	for (uint32_t i = 0; i < pool->n; i++) {
		struct rs_run *rs = &pool->rs[i];

		for (uint32_t k = 0; k < rs->n_checks; k++) {
			struct check_run *check = &rs->checks[k];
			bool is_adopted = carry_health(carry, check);

			check->is_failing = !check->sub.health.is_up;
			check->advice = check->sub.advice;
			pool->members[i].n_failed += check->is_failing;
			if (!pool->is_suspended)
				start_check(check, is_adopted);
		}
		rs->is_announced = rs->n_checks > 0 && rs_is_known(rs);
		carry_rs(carry, rs);
	}
	carry_pool(carry, pool);
	if (pool->is_suspended && !was_suspended(carry, pool))
		log_rests(pool);
	pool_want(pool);
}

static void rest_check(struct check_run *check, bool is_resting)
{
	log_rest(check, is_resting);
	if (is_resting) {
		stop_check(check);
		return;
	}
	check->sub.health.is_known = false; /* what is known is old */
	start_check(check, true);
}

static void resume_pool(struct pool_run *pool, void *arg)
{
	bool is_resting = is_to_rest(pool);

	(void)arg;
	if (is_resting == pool->is_suspended)
		return;
	pool->is_suspended = is_resting;
	for (uint32_t i = 0; i < pool->n; i++)
		for (uint32_t k = 0; k < pool->rs[i].n_checks; k++)
			rest_check(&pool->rs[i].checks[k], is_resting);
}

void pools_resume(struct pools *pools)
{
	pools_each(pools, resume_pool, NULL);
}

struct pools *pools_new(const struct pools_env *env, const struct root_conf *root,
			struct pools *old)
{
	struct carry carry = { 0 };
	struct pools *pools = xcalloc(1, sizeof(*pools));
	const struct vs_conf *vs;

	pools->env = *env;
	pools->pool = xcalloc(root->virtual_servers.n + 1, sizeof(*pools->pool));
	conf_list_for_each (vs, &root->virtual_servers)
		build_pool(pools, &pools->pool[pools->n++], vs);
	carry_index(&carry, old);
	reconcile_begin(env->reconcile);
	for (uint32_t i = 0; i < pools->n; i++)
		start_pool(&pools->pool[i], &carry);
	tdestroy(carry.checks, forget);
	tdestroy(carry.pools, forget);
	pools_free(old); /* after the new subscriptions, so that shared probes go on */
	return pools;
}

void pools_free(struct pools *pools)
{
	if (!pools)
		return;
	for (uint32_t i = 0; i < pools->n; i++) {
		struct pool_run *pool = &pools->pool[i];

		for (uint32_t j = 0; j < pool->n; j++) {
			for (uint32_t k = 0; k < pool->rs[j].n_checks; k++) {
				stop_check(&pool->rs[j].checks[k]);
				path_put(pool->rs[j].checks[k].path);
			}
			timer_cancel(&pool->rs[j].timer);
			free(pool->rs[j].checks);
		}
		ipvs_set_done(&pool->svcs);
		free(pool->members);
		free(pool->rs);
	}
	free(pools->pool);
	free(pools);
}
