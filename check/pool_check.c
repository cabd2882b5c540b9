/*
 * The checks of a real server: built, started, stopped. Checker child; part of the pools.
 */
#include <stdlib.h>
#include <string.h>

#include "check/pool_private.h"
#include "lib/log.h"

static const struct checker_ops *ops_of(const struct checker_conf *conf)
{
	for (const struct checker_ops *const *ops = checkers; *ops; ops++)
		if ((*ops)->conf == conf->obj.block)
			return *ops;
	return NULL;
}

/* ---- ways through IPVS ---- */

/* Of a way that is new while the pools run; others come with the whole table. */
static void want_path(const struct ipvs_svc *svc, void *arg)
{
	struct reconcile *reconcile = arg;
	struct ipvs_set set;

	ipvs_set_init(&set);
	ipvs_set_add(&set, svc);
	reconcile_want(reconcile, svc);
	reconcile_edge(reconcile, &set);
	ipvs_set_done(&set);
}

/* Held from now on, also while the check rests; a server without address has none yet. */
static void hold_path(struct check_run *check, const struct addr *addr)
{
	const struct rs_run *rs = check->rs;
	const struct pools *pools = rs->pool->pools;
	struct path_key key = { .dest = rs->pool->members[rs->member].dest };

	if (check->path || addr_is_unset(addr) || !checker_goes_through_vip(check->conf) ||
	    !checker_vip(check->conf, &key.vip))
		return;
	key.dest.key.addr = *addr;
	check->path = path_get(pools->env.paths, &key);
	if (!check->path)
		log_warnx("check_path", "no mark is left: a check of %s goes straight to it",
			  rs->name);
	else if (pools->is_running)
		path_svc(check->path, want_path, pools->env.reconcile);
}

void check_drop_path(struct check_run *check)
{
	path_put(check->path);
	check->path = NULL;
}

/* ---- building ---- */

/* Checks under construction. */
struct builder {
	struct rs_run *rs;
	const struct addr *addr;
	checks_on_result on_result;
	struct check_run *checks;
	uint32_t n;
};

static void build_check(struct builder *b, const struct checker_conf *conf,
			const struct checker_ops *ops)
{
	struct check_run *check = &b->checks[b->n];

	check->rs = b->rs;
	check->conf = conf;
	check->ops = ops;
	check->index = b->n++;
	check->since = loop_now(b->rs->pool->pools->env.loop);
	check->sub.params = probe_health_params(conf);
	check->sub.on_result = b->on_result;
	check->sub.arg = check;
	hold_path(check, b->addr);
	health_init(&check->sub.health, &check->sub.params);
	check->is_failing = !check->sub.health.is_up;
}

/* A check with hosts is several. */
struct check_run *checks_build(struct rs_run *rs, const struct addr *addr,
			       checks_on_result on_result, uint32_t *n)
{
	struct builder b = { .rs = rs, .addr = addr, .on_result = on_result };
	const struct checker_conf *conf, *host;
	uint32_t most = 0;

	conf_list_for_each (conf, &rs->conf->checkers)
		most += 1 + (checker_hosts(conf) ? checker_hosts(conf)->n : 0);
	b.checks = most ? xcalloc(most, sizeof(*b.checks)) : NULL;
	conf_list_for_each (conf, &rs->conf->checkers) {
		if (!ops_of(conf))
			continue;
		build_check(&b, conf, ops_of(conf));
		if (!checker_hosts(conf))
			continue;
		conf_list_for_each (host, checker_hosts(conf))
			build_check(&b, host, ops_of(conf));
	}
	*n = b.n;
	return b.checks;
}

static void subscribe(struct check_run *check, const struct addr *addr, enum check_start how)
{
	const struct rs_run *rs = check->rs;
	const struct checker_conf *conf = check->conf;
	const struct pools_env *env = &rs->pool->pools->env;
	const bool is_adopted = how == CHECK_ADOPTED;
	struct probe_spec spec = {
		.ops = check->ops,
		.conf = conf,
		.addr = addr_is_unset(&conf->connect_ip) ? *addr : conf->connect_ip,
		.port = conf->connect_port ? conf->connect_port
					   : rs->pool->members[rs->member].dest.key.port,
		.path = check->path,
		.host = rs->conf->host_name,
		.virtualhost = rs->conf->virtualhost,
		.vs_virtualhost = rs->pool->conf->virtualhost,
	};
	int error;

	if (check->path)
		checker_vip(conf, &spec.addr);
	if (follow_is_for(check->ops)) {
		follow_subscribe(env->follows, &check->follow, check->ops, conf, &check->sub,
				 is_adopted);
		return;
	}
	error = probe_subscribe(env->engine, &spec, &check->sub, is_adopted);
	if (error < 0)
		log_warnx("probe", "cannot start %s of %s: %s", check->ops->name, rs->name,
			  strerror(-error));
	else if (how == CHECK_URGENT)
		probe_hasten(&check->sub);
}

void check_start(struct check_run *check, const struct addr *addr, enum check_start how)
{
	hold_path(check, addr);
	subscribe(check, addr, how);
}

void check_stop(struct check_run *check)
{
	probe_unsubscribe(&check->sub);
	follow_unsubscribe(&check->follow);
}

void checks_free(struct check_run *checks, uint32_t n)
{
	for (uint32_t i = 0; checks && i < n; i++) {
		check_stop(&checks[i]);
		check_drop_path(&checks[i]);
	}
	free(checks);
}
