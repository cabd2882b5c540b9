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
#include "check/names.h"
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

/* Former addresses that keep their connections; of more the oldest ones are gone at once. */
#define RS_DRAINED_MAX 4

struct rs_drained {
	struct addr addr;
	time_us since;
};

/* Another address of a server with a name, not in use until the checks have passed there. */
struct rs_move {
	struct addr addr;         /* unset = none */
	struct check_run *checks; /* as many as the server's own */
	bool is_refused;          /* they fail there, which was told */
};

/* What a server with a name has besides. */
struct rs_named {
	struct name_run *run;
	enum probe_reason
		reason; /* why the name gives it no (newer) address; REASON_OK = it does */
	struct rs_move move;
	struct rs_drained drained[RS_DRAINED_MAX];
	uint32_t n_drained;
	bool is_moved; /* pool_follow() has to tell of another address */
	char *name;    /* its own, of all but the first server of a name */
};

/* A real_server with a name. */
struct name_run {
	struct name_sub sub;
	struct pool_run *pool;
	struct rs_run *rs; /* its servers, side by side */
	struct rs_named *named;
	uint32_t n;
};

/* What happened to the address of a server with a name. */
enum address_event {
	ADDRESS_REASON,  /* only why there is none, or no newer one, changed */
	ADDRESS_NEXT,    /* the name has another one: checks begin there */
	ADDRESS_REFUSED, /* they fail there, and pass where it is: it stays */
	ADDRESS_KEPT,    /* the name has the old one again */
	ADDRESS_USED,    /* it is at this address now */
	ADDRESS_LEFT,    /* it has none any more */
	ADDRESS_DRAINED, /* a former one has gone */
};

struct rs_run {
	struct pool_run *pool;
	const struct rs_conf *conf;
	const char *name;       /* in log, status and messages */
	uint32_t member;        /* index into pool->members */
	struct rs_named *named; /* NULL = has an address by its configuration */
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
	struct name_run *names;
	uint32_t n_names;
	bool is_suspended; /* its checks rest */
	bool is_new;       /* neither the former configuration nor a predecessor had it */
	time_us since;
};

/* What the owner does about changes: logging, messages, scripts. */
struct pool_watch {
	/* is_server_change: the server came up or went down by it; is_advised: it says something
	 * else about the weight. */
	void (*on_check)(struct check_run *check, enum health_edge edge, bool is_server_change,
			 bool is_advised, void *arg);
	void (*on_rs)(struct rs_run *rs, void *arg);
	/* All its checks have a first result now, and none of them was a change. */
	void (*on_rs_known)(struct rs_run *rs, void *arg);
	void (*on_weight)(struct rs_run *rs, void *arg); /* it only weighs something else, or
							    damping changed */
	void (*on_address)(struct rs_run *rs, enum address_event event, void *arg);
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
	struct names *names;
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

/* Whether any server is watched by the counters of IPVS, or may be. */
bool pools_are_observed(struct pools *pools);

/* Whether a look at the table is of use now. */
bool pools_want_look(struct pools *pools);

/* A look at the table, whose copy must not be the reconciler's: servers that do not answer leave,
 * and so do former addresses without connections, or whose time is over. */
void pools_observe(struct pools *pools, const struct ipvs_set *table, time_us now);

/* Whether a real server is alive: none of its checks fails, and it is not held out. */
bool rs_is_up(const struct rs_run *rs);

/* Weight IPVS should have for it now. */
int64_t rs_weight(const struct rs_run *rs);

#endif
