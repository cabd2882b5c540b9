/*
 * Pools at run time: one per virtual server, with its real servers and their checks.
 *
 * Checker child. Built from a configuration, health carried over from the previous one (or from a
 * predecessor process). A check's result goes: probe_sub -> rs -> pool -> reconcile, log, messages
 * to the parent.
 */
#ifndef DIARCH_CHECK_POOL_H
#define DIARCH_CHECK_POOL_H

#include <stdbool.h>

#include "check/check_conf.h"
#include "check/health.h"
#include "check/follow.h"
#include "check/passive.h"
#include "check/probe.h"
#include "check/ramp.h"
#include "check/reconcile.h"
#include "lib/global_conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct pools;

/* One check of a real server. */
struct check_run {
	struct probe_sub sub;
	struct follow follow;
	struct rs_run *rs;
	const struct checker_conf *conf;
	const struct checker_ops *ops;
	struct path *path; /* NULL = straight to the server */
	uint32_t index;
	bool is_failing;
	struct weight_advice advice; /* as it counts */
	time_us since;
};

struct rs_run {
	struct pool_run *pool;
	const struct rs_conf *conf;
	const char *name; /* the configuration's */
	uint32_t member;  /* index into pool->members */
	struct check_run *checks;
	uint32_t n_checks;
	bool is_announced; /* its first known state was told, or a change was */
	time_us since;
	struct damping damping;
	struct passive passive;
	time_us ramp_since; /* TIME_NEVER = at full weight */
	struct timer timer; /* next step of the ramp, or end of being held out */
};

struct pool_run {
	struct pools *pools;
	const struct vs_conf *conf;
	const char *name;     /* the configuration's */
	struct ipvs_set svcs; /* of all addresses as configured, without destinations */
	struct pool_params params;
	struct pool state;
	struct pool_member *members;
	struct rs_run *rs;
	uint32_t n;
	bool is_suspended; /* its checks rest */
	bool is_new;       /* neither the former configuration nor a predecessor had it */
	time_us since;
};

/* What the owner does about changes: logging, messages, scripts. */
struct pool_watch {
	/* is_server_change: the server came up or went down by it. */
	void (*on_check)(struct check_run *check, enum health_edge edge, bool is_server_change,
			 void *arg);
	void (*on_rs)(struct rs_run *rs, void *arg);
	/* All its checks have a first result now, and none of them was a change. */
	void (*on_rs_known)(struct rs_run *rs, void *arg);
	void (*on_weight)(struct rs_run *rs, void *arg); /* it only weighs something else, or
							    damping changed */
	void (*on_pool)(struct pool_run *pool, enum pool_edge edge, void *arg);
	void (*on_open)(struct pool_run *pool, void *arg); /* fail_open began or ended */
	void *arg;
};

/* What pools stand on. */
struct pools_env {
	struct loop *loop;
	struct probe_engine *engine;
	struct follows *follows;
	struct paths *paths;
	struct reconcile *reconcile;
	struct pool_watch watch;
	/* Health published by a predecessor process, or NULL; the whole function may be NULL. Gets
	 * watch.arg. */
	const struct msg_check_state *(*find_saved)(const struct check_run *check, void *arg);
	const struct msg_rs_state *(*find_saved_rs)(const struct rs_run *rs, void *arg);
	/* Whether checks of a virtual server are to rest; NULL = never. Gets watch.arg. */
	bool (*is_suspended)(const struct vs_conf *vs, void *arg);
};

/*
 * Builds the pools of `root`, takes over health of checks known to `old` (may be NULL) or to a
 * predecessor, declares the services to env->reconcile (the caller then runs it) and starts the
 * probes. `env` is copied; `old` is taken apart and freed.
 */
struct pools *pools_new(const struct pools_env *env, const struct root_conf *root,
			struct pools *old);
void pools_free(struct pools *pools);

/* Walks all pools. */
void pools_each(struct pools *pools, void (*each)(struct pool_run *pool, void *arg), void *arg);

/* Asks env.is_suspended again: checks rest or go on. Verdicts stay while they rest; the first
 * result after that decides at once. */
void pools_resume(struct pools *pools);

/* Whether any server is watched by the counters of IPVS. */
bool pools_are_observed(struct pools *pools);

/* A look at the table, whose copy must not be the reconciler's: servers that do not answer leave.
 */
void pools_observe(struct pools *pools, const struct ipvs_set *table, time_us now);

/* Whether a real server is alive: none of its checks fails, and it is not held out. */
bool rs_is_up(const struct rs_run *rs);

/* Weight IPVS should have for it now. */
int64_t rs_weight(const struct rs_run *rs);

#endif
