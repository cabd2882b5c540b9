/*
 * Probe engine: sharing, subscribers and schedule. Runs in the checker process; used by the pools
 * there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "check/probe_private.h"
#include "lib/log.h"

#define RESERVED_FDS       64 /* for everything that is no probe */
#define MIN_RUNNING        8
#define MAX_RUNNING        (1 << 20)
#define FIRST_BUCKETS      64
#define TICKS_PER_INTERVAL 500
#define TICK_MAX_US        (2 * US_PER_MS)
#define GOLDEN_RATIO_FRAC  UINT64_C(0x9E3779B97F4A7C15) /* of 2^64 */

/* ---- schedule ---- */

/* Multiples of the golden ratio fill an interval evenly, whatever their number. */
static int64_t first_delay_us(struct probe_engine *engine, const struct checker_conf *conf)
{
	int64_t warmup_us = conf->warmup_us < 0 ? conf->delay_loop_us : conf->warmup_us;
	uint64_t turn = engine->seed + ++engine->n_spread * GOLDEN_RATIO_FRAC;

	return (int64_t)((double)(turn >> 11) * 0x1p-53 * (double)warmup_us);
}

static void start_at(struct probe *probe, time_us at)
{
	timer_arm_at(&probe->timer, at);
}

/*
 * Regular starts fall on a common grid, at most TICK_MAX_US late: one awakening serves many. How
 * long the probe waits is still counted from when it was due.
 */
static void start_at_due(struct probe *probe)
{
	int64_t tick_us = probe->spec.conf->delay_loop_us / TICKS_PER_INTERVAL;
	int64_t past_us;

	if (tick_us > TICK_MAX_US)
		tick_us = TICK_MAX_US;
	past_us = tick_us > 0 ? probe->due.us % tick_us : 0;
	start_at(probe, time_add(probe->due, past_us ? tick_us - past_us : 0));
}

/* The next regular start keeps the phase of the previous one. */
static void start_at_next_turn(struct probe *probe)
{
	const int64_t interval_us = probe->spec.conf->delay_loop_us;
	int64_t late_us = time_sub(loop_now(probe->engine->loop), probe->due);
	int64_t turns = late_us >= 0; /* of one that was hastened this turn is still to come */

	if (interval_us > 0 && late_us >= interval_us) {
		turns += late_us / interval_us;
		probe->engine->stats.skipped += (uint64_t)turns - 1;
	}
	probe->due = time_add(probe->due, turns * interval_us);
	start_at_due(probe);
}

static void begin_or_wait(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;
	bool is_regular = time_sub(probe->timer.at, probe->due) <= TICK_MAX_US; /* no retry */
	int64_t late_us =
		time_sub(loop_now(engine->loop), is_regular ? probe->due : probe->timer.at);

	engine->stats.late += late_us > PROBE_LATE_US;
	if (late_us > engine->stats.worst_late_us)
		engine->stats.worst_late_us = late_us;
	if (engine->stats.running < engine->max_running) {
		probe_run_begin(probe);
		return;
	}
	probe->is_waiting = true;
	TAILQ_INSERT_TAIL(&engine->waiting, probe, waiting);
	engine->stats.waiting++;
}

static void stop_waiting(struct probe *probe)
{
	if (!probe->is_waiting)
		return;
	probe->is_waiting = false;
	TAILQ_REMOVE(&probe->engine->waiting, probe, waiting);
	probe->engine->stats.waiting--;
}

static void on_timer(struct timer *timer, void *arg)
{
	struct probe *probe = arg;

	(void)timer;
	if (probe->run)
		probe_run_expire(probe);
	else
		begin_or_wait(probe);
}

/* Those who wait longest go first. */
static void on_serve(struct timer *timer, void *arg)
{
	struct probe_engine *engine = arg;

	(void)timer;
	while (engine->stats.running < engine->max_running && !TAILQ_EMPTY(&engine->waiting)) {
		struct probe *probe = TAILQ_FIRST(&engine->waiting);

		stop_waiting(probe);
		probe_run_begin(probe);
	}
}

static void on_turn(struct timer *timer, void *arg)
{
	(void)timer;
	probe_run_turns(arg);
}

/* ---- results ---- */

/* What the subscribers' states ask of the schedule. */
struct demand {
	bool is_retry; /* some failure did not decide yet */
	bool is_down;  /* somebody is not up */
};

static enum health_edge sub_step(struct probe_sub *sub, enum probe_reason reason,
				 struct demand *demand)
{
	struct health *h = &sub->health;
	bool is_retry = false;
	enum health_edge edge = HEALTH_SAME;

	switch (reason_verdict(reason)) {
	case VERDICT_UP: edge = health_step(h, &sub->params, true, &is_retry); break;
	case VERDICT_DOWN: edge = health_step(h, &sub->params, false, &is_retry); break;
	case VERDICT_PARTLY:
		if (h->is_known && h->is_up)
			edge = health_step(h, &sub->params, true, &is_retry);
		break;
	case VERDICT_NONE: break;
	}
	demand->is_retry |= is_retry;
	demand->is_down |= !h->is_known || !h->is_up;
	return edge;
}

static void probe_free(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;

	probe_run_cancel(probe);
	timer_cancel(&probe->timer);
	stop_waiting(probe);
	LIST_REMOVE(probe, link);
	engine->stats.probes--;
	probe_tls_forget(&probe->tls);
	if (probe->spec.ops->drop)
		probe->spec.ops->drop(probe->keep);
	free(probe);
}

static bool is_hasty(const struct probe *probe, enum probe_reason reason)
{
	const struct checker_ops *ops = probe->spec.ops;

	return reason_verdict(reason) == VERDICT_PARTLY && ops->is_hasty && ops->is_hasty(probe);
}

void probe_deliver(struct probe *probe, const struct probe_result *result)
{
	struct probe_engine *engine = probe->engine;
	struct demand demand = { 0 };
	struct probe_sub *sub;

	if (!TAILQ_EMPTY(&engine->waiting))
		timer_arm_in(&engine->serve_timer, 0);

	probe->is_delivering = true;
	probe->cursor = LIST_FIRST(&probe->subs);
	while ((sub = probe->cursor)) {
		enum health_edge edge = sub_step(sub, result->reason, &demand);

		probe->cursor = LIST_NEXT(sub, link);
		sub->reason = result->reason;
		memcpy(sub->detail, result->detail, sizeof(sub->detail));
		if (result->is_advised)
			sub->advice = result->advice;
		sub->on_result(sub, edge, sub->arg);
	}
	probe->is_delivering = false;

	if (LIST_EMPTY(&probe->subs))
		probe_free(probe);
	else if (demand.is_retry)
		start_at(probe,
			 time_add(loop_now(engine->loop), probe->spec.conf->delay_before_retry_us));
	else if (demand.is_down && is_hasty(probe, result->reason))
		start_at(probe, loop_now(engine->loop));
	else
		start_at_next_turn(probe);
}

/* ---- sharing ---- */

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	while (len--)
		hash = (hash ^ *p++) * 16777619u; /* FNV-1a */
	return hash;
}

static uint32_t hash_str(uint32_t hash, const char *s)
{
	return s ? hash_bytes(hash, s, strlen(s) + 1) : hash;
}

static uint32_t spec_hash(const struct probe_spec *spec)
{
	uint32_t hash = 2166136261u;

	hash = hash_str(hash, spec->ops->name);
	hash = hash_bytes(hash, spec->addr.bytes, addr_len(spec->addr.family));
	hash = hash_bytes(hash, &spec->port, sizeof(spec->port));
	hash = hash_bytes(hash, &spec->conf->delay_loop_us, sizeof(spec->conf->delay_loop_us));
	hash = hash_bytes(hash, &spec->path, sizeof(spec->path));
	hash = hash_str(hash, spec->host);
	hash = hash_str(hash, spec->virtualhost);
	return hash_str(hash, spec->vs_virtualhost);
}

static bool str_is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool spec_is_equal(const struct probe_spec *a, const struct probe_spec *b)
{
	if (a->ops != b->ops || a->port != b->port || a->path != b->path ||
	    addr_cmp(&a->addr, &b->addr) != 0 || !str_is_equal(a->host, b->host) ||
	    !str_is_equal(a->virtualhost, b->virtualhost) ||
	    !str_is_equal(a->vs_virtualhost, b->vs_virtualhost))
		return false;
	if (a->conf == b->conf)
		return true;
	if (a->ops->is_same)
		return a->ops->is_same(a->conf, b->conf);
	return conf_obj_is_equal(&a->conf->obj, &b->conf->obj);
}

static struct probe_bucket *engine_bucket(struct probe_engine *engine, uint32_t hash)
{
	return &engine->buckets[hash & (engine->n_buckets - 1)];
}

static void engine_resize(struct probe_engine *engine, uint32_t n_buckets)
{
	struct probe_bucket *old = engine->buckets;
	uint32_t n_old = engine->n_buckets;
	struct probe *probe;

	engine->buckets = xcalloc(n_buckets, sizeof(*engine->buckets));
	engine->n_buckets = n_buckets;
	for (uint32_t i = 0; i < n_old; i++) {
		while ((probe = LIST_FIRST(&old[i]))) {
			LIST_REMOVE(probe, link);
			LIST_INSERT_HEAD(engine_bucket(engine, probe->hash), probe, link);
		}
	}
	free(old);
}

static struct probe_kind *engine_kind(struct probe_engine *engine, const struct checker_ops *ops)
{
	struct probe_kind *kind;

	LIST_FOREACH(kind, &engine->kinds, link)
	{
		if (kind->ops == ops)
			return kind;
	}
	if (ops->is_tls && !engine->tls) {
		engine->tls = probe_tls_new();
		if (!engine->tls)
			return NULL;
		probe_tls_set_identity(engine->tls, &engine->identity);
	}
	kind = xcalloc(1, sizeof(*kind));
	kind->ops = ops;
	LIST_INSERT_HEAD(&engine->kinds, kind, link);
	return kind;
}

static struct probe *engine_find(struct probe_engine *engine, const struct probe_spec *spec)
{
	uint32_t hash = spec_hash(spec);
	struct probe *probe;

	LIST_FOREACH(probe, engine_bucket(engine, hash), link)
	{
		if (probe->hash == hash && spec_is_equal(&probe->spec, spec))
			return probe;
	}
	return NULL;
}

static struct probe *engine_create(struct probe_engine *engine, const struct probe_spec *spec)
{
	struct probe_kind *kind = engine_kind(engine, spec->ops);
	struct probe *probe;

	if (!kind)
		return NULL;
	if (engine->stats.probes >= engine->n_buckets)
		engine_resize(engine, engine->n_buckets * 2);
	probe = xcalloc(1, sizeof(*probe) + spec->ops->keep_size);
	probe->engine = engine;
	probe->spec = *spec;
	probe->kind = kind;
	probe->hash = spec_hash(spec);
	LIST_INIT(&probe->subs);
	LIST_INSERT_HEAD(engine_bucket(engine, probe->hash), probe, link);
	engine->stats.probes++;
	timer_init(&probe->timer, engine->loop, on_timer, probe);
	probe->due = time_add(loop_now(engine->loop), first_delay_us(engine, spec->conf));
	start_at_due(probe);
	return probe;
}

/* ---- subscribers ---- */

struct health_params probe_health_params(const struct checker_conf *conf)
{
	return (struct health_params){
		.rise = conf->rise,
		.fall = conf->fall ? conf->fall : conf->retry + 1,
		.alpha = conf->alpha,
	};
}

int probe_subscribe(struct probe_engine *engine, const struct probe_spec *spec,
		    struct probe_sub *sub, bool is_adopted)
{
	struct probe *probe = engine_find(engine, spec);

	if (!probe)
		probe = engine_create(engine, spec);
	if (!probe)
		return -ENOMEM;
	probe->spec = *spec;
	if (sub->probe != probe) {
		probe_unsubscribe(sub);
		LIST_INSERT_HEAD(&probe->subs, sub, link);
		sub->probe = probe;
		engine->stats.subs++;
	}
	if (!is_adopted) {
		health_init(&sub->health, &sub->params);
		sub->reason = REASON_OK;
		sub->detail[0] = '\0';
	}
	return 0;
}

void probe_hasten(struct probe_sub *sub)
{
	struct probe *probe = sub->probe;

	if (probe && !probe->run && !probe->is_waiting && !probe->is_delivering)
		start_at(probe, loop_now(probe->engine->loop));
}

void probe_unsubscribe(struct probe_sub *sub)
{
	struct probe *probe = sub->probe;

	if (!probe)
		return;
	if (probe->cursor == sub)
		probe->cursor = LIST_NEXT(sub, link);
	LIST_REMOVE(sub, link);
	sub->probe = NULL;
	probe->engine->stats.subs--;
	if (LIST_EMPTY(&probe->subs) && !probe->is_delivering)
		probe_free(probe);
}

/* ---- engine ---- */

void probe_engine_set_scripts(struct probe_engine *engine, struct script_asks *asks)
{
	engine->scripts = asks;
}

void probe_engine_set_identity(struct probe_engine *engine, const struct ssl_conf *conf)
{
	engine->identity = (struct probe_tls_identity){ 0 };
	if (conf)
		engine->identity = (struct probe_tls_identity){ conf->certificate, conf->key,
								conf->password, conf->ca };
	if (engine->tls)
		probe_tls_set_identity(engine->tls, &engine->identity);
}

void probe_engine_set_tap(struct probe_engine *engine,
			  void (*on_bytes)(const void *data, size_t len, void *arg), void *arg)
{
	engine->tap = on_bytes;
	engine->tap_arg = arg;
}

/* Raises the soft limit as far as it goes; returns how many runs may be in flight. */
static uint32_t engine_raise_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return MIN_RUNNING;
	if (lim.rlim_cur < lim.rlim_max) {
		rlim_t soft = lim.rlim_cur;

		lim.rlim_cur = lim.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
			lim.rlim_cur = soft;
	}
	if (lim.rlim_cur < RESERVED_FDS + MIN_RUNNING)
		return MIN_RUNNING;
	if (lim.rlim_cur > MAX_RUNNING)
		return MAX_RUNNING;
	return (uint32_t)lim.rlim_cur - RESERVED_FDS;
}

struct probe_engine *probe_engine_new(struct loop *loop, uint64_t seed)
{
	struct probe_engine *engine = xcalloc(1, sizeof(*engine));

	engine->loop = loop;
	engine->seed = seed;
	engine->max_running = engine_raise_limit();
	LIST_INIT(&engine->kinds);
	TAILQ_INIT(&engine->waiting);
	timer_init(&engine->serve_timer, loop, on_serve, engine);
	TAILQ_INIT(&engine->turns);
	timer_init(&engine->turn_timer, loop, on_turn, engine);
	engine_resize(engine, FIRST_BUCKETS);
	return engine;
}

static void bucket_clear(struct probe_bucket *bucket)
{
	struct probe *probe;
	struct probe_sub *sub;

	while ((probe = LIST_FIRST(bucket))) {
		while ((sub = LIST_FIRST(&probe->subs))) {
			LIST_REMOVE(sub, link);
			sub->probe = NULL;
		}
		probe_free(probe);
	}
}

void probe_engine_free(struct probe_engine *engine)
{
	struct probe_kind *kind;

	if (!engine)
		return;
	for (uint32_t i = 0; i < engine->n_buckets; i++)
		bucket_clear(&engine->buckets[i]);
	while ((kind = LIST_FIRST(&engine->kinds))) {
		LIST_REMOVE(kind, link);
		probe_kind_free(engine, kind);
	}
	timer_cancel(&engine->serve_timer);
	timer_cancel(&engine->turn_timer);
	probe_tls_free(engine->tls);
	free(engine->buckets);
	free(engine);
}

void probe_engine_stats(const struct probe_engine *engine, struct probe_stats *out)
{
	*out = engine->stats;
}
