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
		for (uint32_t i = 0; i < pool->n_names; i++)
			name_run_desired(&pool->names[i], svc);
		reconcile_want(pool->pools->env.reconcile, svc);
	}
	ipvs_set_done(&set);
}

void pool_apply(struct pool_run *pool)
{
	pool_want(pool);
	reconcile_edge(pool->pools->env.reconcile, &pool->svcs);
}

/* ---- results ---- */

static bool is_moved(const struct rs_run *rs)
{
	return rs->named && rs->named->is_moved;
}

/* What changed about a server, after the kernel has it. */
static void tell_server(struct rs_run *rs, bool was_up, time_us now)
{
	const struct pool_watch *watch = &rs->pool->pools->env.watch;

	if (is_moved(rs)) {
		rs->named->is_moved = false;
		watch->on_address(
			rs, rs->pool->members[rs->member].is_absent ? ADDRESS_LEFT : ADDRESS_USED,
			watch->arg);
	}
	if (was_up != rs_is_up(rs)) {
		rs->since = now;
		rs->is_announced = true;
		watch->on_rs(rs, watch->arg);
	} else {
		watch->on_weight(rs, watch->arg);
	}
}

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
	if (was_up == is_up && rs_weight(rs) == old_weight && edge == POOL_SAME && !is_moved(rs)) {
		if (rs->damping.is_held || rs->passive.is_held)
			env->watch.on_weight(rs, env->watch.arg);
		return;
	}
	pool_apply(pool); /* the kernel first, the words after */
	tell_server(rs, was_up, now);
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

void pool_on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
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
	pools->env.watch.on_check(check, edge, was_passing != is_passing, is_advised,
				  pools->env.watch.arg);
	if (was_passing && !is_passing)
		rs_failed(rs, now);
	if (was_up != rs_is_up(rs) || was_passing != is_passing || is_advised)
		pool_follow(rs, was_up);
	announce(rs);
	rs_move_judge(rs); /* the last thing: `check` may be gone */
}

/* ---- building ---- */

static void build_rs(struct pool_run *pool, const struct rs_conf *conf)
{
	struct rs_run *rs = &pool->rs[pool->n];

	rs->pool = pool;
	rs->conf = conf;
	rs->member = pool->n++;
	rs->since = pool->since;
	rs->ramp_since = TIME_NEVER;
	timer_init(&rs->timer, pool->pools->env.loop, on_rs_timer, rs);
	pool_build_member(pool->conf, conf, &pool->members[rs->member]);
	rs->name = conf->name;
	rs->checks = checks_build(rs, &pool->members[rs->member].dest.key.addr, pool_on_result,
				  &rs->n_checks);
}

/* A name may be several servers. */
static void build_real_server(struct pool_run *pool, const struct rs_conf *conf)
{
	struct rs_run *first = &pool->rs[pool->n];

	for (uint32_t i = 0; i < rs_count(conf); i++)
		build_rs(pool, conf);
	if (conf->endpoint.host)
		name_run_build(&pool->names[pool->n_names++], first, rs_count(conf));
}

static void build_pool(struct pools *pools, struct pool_run *pool, const struct vs_conf *vs)
{
	const struct rs_conf *conf;
	uint32_t n = 0, n_names = 0;

	conf_list_for_each (conf, &vs->real_servers) {
		n += rs_count(conf);
		n_names += conf->endpoint.host != NULL;
	}
	pool->pools = pools;
	pool->conf = vs;
	pool->since = loop_now(pools->env.loop);
	pool->members = xcalloc(n + 1UL, sizeof(*pool->members));
	pool->rs = xcalloc(n + 1UL, sizeof(*pool->rs));
	pool->names = n_names ? xcalloc(n_names, sizeof(*pool->names)) : NULL;
	pool->name = vs->name;
	ipvs_set_init(&pool->svcs);
	pool_build_svcs(vs, &pool->svcs);
	pool_build_params(vs, &pool->params);
	conf_list_for_each (conf, &vs->real_servers)
		build_real_server(pool, conf);
}

/* ---- carrying health over ---- */

static int rs_cmp(const void *a, const void *b)
{
	const struct rs_run *x = a, *y = b;
	int order = strcmp(x->pool->name, y->pool->name);

	return order ? order : strcmp(x->name, y->name);
}

static int pool_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pool_run *)a)->name, ((const struct pool_run *)b)->name);
}

struct carry {
	void *servers; /* tsearch trees over the old generation */
	void *pools;
};

static void carry_index(struct carry *carry, struct pools *old)
{
	for (uint32_t i = 0; old && i < old->n; i++) {
		tsearch(&old->pool[i], &carry->pools, pool_cmp);
		for (uint32_t j = 0; j < old->pool[i].n; j++)
			tsearch(&old->pool[i].rs[j], &carry->servers, rs_cmp);
	}
}

static void forget(void *node)
{
	(void)node;
}

static bool has_settings_of(const struct check_run *check, const struct check_run *other)
{
	return check->conf->obj.block == other->conf->obj.block &&
	       conf_obj_is_equal(&check->conf->obj, &other->conf->obj);
}

/* The check of the server with the settings of `wanted`; NULL = there is none. */
static const struct check_run *find_like(const struct rs_run *rs, const struct check_run *wanted)
{
	if (wanted->index < rs->n_checks && has_settings_of(&rs->checks[wanted->index], wanted))
		return &rs->checks[wanted->index];
	for (uint32_t i = 0; i < rs->n_checks; i++)
		if (has_settings_of(&rs->checks[i], wanted))
			return &rs->checks[i];
	return NULL;
}

/*
 * Which check a new one goes on with: the one with its settings, wherever it stood; else the one of
 * its kind in its place, which must not live on elsewhere. NULL = it is new.
 */
static const struct check_run *former_check(const struct rs_run *former,
					    const struct check_run *check)
{
	const struct check_run *same = former ? find_like(former, check) : NULL, *old;

	if (same || !former || check->index >= former->n_checks)
		return same;
	old = &former->checks[check->index];
	return old->conf->obj.block == check->conf->obj.block && !find_like(check->rs, old) ? old
											    : NULL;
}

/*
 * The verdict of the same check before: a server known to be down stays down over a reload or a
 * respawn. When its settings changed the verdict is provisional: the next result decides at once.
 */
static bool carry_health(const struct rs_run *former, struct check_run *check)
{
	const struct check_run *old = former_check(former, check);
	const struct pools_env *env = &check->rs->pool->pools->env;
	const struct msg_check_state *saved =
		env->find_saved ? env->find_saved(check, env->watch.arg) : NULL;

	if (old) {
		check->sub.health = old->sub.health;
		check->sub.reason = old->sub.reason;
		memcpy(check->sub.detail, old->sub.detail, sizeof(check->sub.detail));
		check->sub.advice = old->sub.advice;
		check->since = old->since;
		if (!has_settings_of(old, check))
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

/* The same server before; NULL = there was none. */
static const struct rs_run *former_of(const struct carry *carry, const struct rs_run *rs)
{
	struct rs_run *const *node = tfind(rs, &carry->servers, rs_cmp);

	return node ? *node : NULL;
}

static const struct msg_rs_state *saved_of(const struct rs_run *rs)
{
	const struct pools_env *env = &rs->pool->pools->env;

	return env->find_saved_rs ? env->find_saved_rs(rs, env->watch.arg) : NULL;
}

/* Where the name of a server was before. */
static void carry_address(const struct rs_run *former, struct rs_run *rs)
{
	const struct msg_rs_state *saved = former ? NULL : saved_of(rs);

	if (rs->named && former && former->named)
		rs_adopt_address(rs, former);
	else if (rs->named && saved)
		rs_adopt_saved_address(rs, saved);
}

/* Damping and slow start of the same server before. A server without checks has none. */
static void carry_rs(const struct rs_run *former, struct rs_run *rs)
{
	const bool is_known = rs->n_checks && former && former->n_checks;
	const struct msg_rs_state *saved = is_known ? NULL : saved_of(rs);

	if (is_known)
		rs_adopt(rs, former);
	else if (saved)
		rs_adopt_saved(rs, saved);
	rs_settle(rs, true, loop_now(rs->pool->pools->env.loop));
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

static void start_rs(struct rs_run *rs, const struct carry *carry)
{
	const struct rs_run *former = former_of(carry, rs);
	struct pool_run *pool = rs->pool;
	struct pool_member *m = &pool->members[rs->member];

	carry_address(former, rs);
	for (uint32_t k = 0; k < rs->n_checks; k++) {
		struct check_run *check = &rs->checks[k];
		bool is_adopted = !m->is_absent && carry_health(former, check);

		check->is_failing = !check->sub.health.is_up;
		check->advice = check->sub.advice;
		m->n_failed += check->is_failing;
		if (!pool->is_suspended && !m->is_absent)
			check_start(check, &m->dest.key.addr,
				    is_adopted ? CHECK_ADOPTED : CHECK_FRESH);
	}
	rs->is_announced = rs->n_checks > 0 && rs_is_known(rs);
	carry_rs(former, rs);
}

static void start_pool(struct pool_run *pool, const struct carry *carry)
{
	pool->is_suspended = is_to_rest(pool);
	for (uint32_t i = 0; i < pool->n; i++)
		start_rs(&pool->rs[i], carry);
	carry_pool(carry, pool);
	if (pool->is_suspended && !was_suspended(carry, pool))
		log_rests(pool);
	pool_want(pool);
	for (uint32_t i = 0; i < pool->n_names; i++)
		name_run_start(&pool->names[i]);
}

static void rest_check(struct check_run *check, bool is_resting)
{
	const struct pool_member *m = &check->rs->pool->members[check->rs->member];

	log_rest(check, is_resting);
	if (is_resting) {
		check_stop(check);
		return;
	}
	check->sub.health.is_known = false; /* what is known is old */
	if (!m->is_absent)
		check_start(check, &m->dest.key.addr, CHECK_ADOPTED);
}

static void resume_pool(struct pool_run *pool, void *arg)
{
	bool is_resting = is_to_rest(pool);

	(void)arg;
	if (is_resting == pool->is_suspended)
		return;
	pool->is_suspended = is_resting;
	for (uint32_t i = 0; is_resting && i < pool->n_names; i++)
		name_run_rest(&pool->names[i]);
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
	tdestroy(carry.servers, forget);
	tdestroy(carry.pools, forget);
	pools->is_running = true;
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
			checks_free(pool->rs[j].checks, pool->rs[j].n_checks);
			timer_cancel(&pool->rs[j].timer);
		}
		for (uint32_t j = 0; j < pool->n_names; j++)
			name_run_done(&pool->names[j]);
		free(pool->names);
		ipvs_set_done(&pool->svcs);
		free(pool->members);
		free(pool->rs);
	}
	free(pools->pool);
	free(pools);
}
