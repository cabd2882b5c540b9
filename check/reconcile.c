/*
 * Desired against actual IPVS. Checker child; owns the backend and the two sets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/reconcile.h"
#include "lib/log.h"

#define AUDIT_MIN_US  (1 * US_PER_S) /* shortest time between audits */
#define AUDIT_MAX_US  (60 * US_PER_S)
#define AUDIT_SHARE   100 /* an audit may cost at most 1/100 of the time */
#define RETRY_MIN_US  (100 * US_PER_MS)
#define RETRY_MAX_US  (10 * US_PER_S)
#define TABLE_AGE_US  (1 * US_PER_S) /* counters may be so old */
#define DRIFT_LOG_MAX 20             /* repaired differences named one by one */

struct reconcile {
	struct loop *loop;
	struct ipvs_backend *(*open)(void);
	struct ipvs_backend *backend; /* NULL = not available yet */
	struct ipvs_set desired;
	struct ipvs_set retired; /* ours once, not wanted any more */
	struct ipvs_set actual;  /* as last dumped and changed by us */
	bool is_building;        /* `desired` is not sorted yet */
	bool is_actual_known;
	time_us looked_at;   /* when it was dumped */
	time_us repaired_at; /* when it was last found to be other than `desired` */
	bool is_first_done;  /* later differences are drift, not our own first set-up */
	bool is_unavailable_logged;
	struct timer timer; /* next audit or retry */
	int64_t retry_us;   /* 0 = last run succeeded */
};

/* A way of probes, also one that a predecessor left. */
static bool is_path(const struct ipvs_svc_key *key, void *arg)
{
	const struct reconcile *r = arg;
	const struct ipvs_svc *svc = ipvs_set_find(&r->actual, key);

	return svc && svc->is_check_path;
}

static bool is_ours(const struct ipvs_svc_key *key, void *arg)
{
	const struct reconcile *r = arg;

	return ipvs_set_find(&r->desired, key) || ipvs_set_find(&r->retired, key) ||
	       is_path(key, arg);
}

static bool run(struct reconcile *r, bool is_audit);

static void on_timer(struct timer *timer, void *arg)
{
	struct reconcile *r = arg;

	(void)timer;
	run(r, r->is_first_done && r->retry_us == 0);
}

struct reconcile *reconcile_new(struct loop *loop, struct ipvs_backend *(*open)(void))
{
	struct reconcile *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->open = open;
	ipvs_set_init(&r->desired);
	ipvs_set_init(&r->retired);
	ipvs_set_init(&r->actual);
	timer_init(&r->timer, loop, on_timer, r);
	return r;
}

void reconcile_free(struct reconcile *r)
{
	if (!r)
		return;
	timer_cancel(&r->timer);
	if (r->backend)
		r->backend->free(r->backend);
	ipvs_set_done(&r->desired);
	ipvs_set_done(&r->retired);
	ipvs_set_done(&r->actual);
	free(r);
}

void reconcile_want(struct reconcile *r, const struct ipvs_svc *svc)
{
	const struct ipvs_dest *d;
	struct ipvs_svc *copy =
		r->is_building ? ipvs_set_append(&r->desired, svc) : ipvs_set_add(&r->desired, svc);

	copy->n_dests = 0;
	ipvs_dest_for_each (d, svc)
		svc_add_dest(copy, d);
}

void reconcile_begin(struct reconcile *r)
{
	const struct ipvs_svc *svc;

	ipvs_set_for_each (svc, &r->desired)
		ipvs_set_add(&r->retired, svc);
	ipvs_set_done(&r->desired);
	ipvs_set_init(&r->desired);
	r->is_building = true;
}

static void end_building(struct reconcile *r)
{
	if (r->is_building)
		ipvs_set_sort(&r->desired);
	r->is_building = false;
}

/* ---- carrying out ---- */

static bool ensure_backend(struct reconcile *r)
{
	if (r->backend)
		return true;
	r->backend = r->open();
	if (r->backend) {
		r->is_unavailable_logged = false;
		log_event(LOG_LEVEL_INFO, "ipvs_open", NULL, "Initializing ipvs");
	} else if (!r->is_unavailable_logged) {
		r->is_unavailable_logged = true;
		log_warn("ipvs_open", "IPVS is not available, trying again");
	}
	return r->backend != NULL;
}

static void log_failures(const struct ipvs_ops *ops)
{
	char text[256], cause[256];
	unsigned logged = 0;

	for (uint32_t i = 0; i < ops->n && logged < DRIFT_LOG_MAX; i++) {
		const struct ipvs_op *op = &ops->v[i];

		if (op->error == 0)
			continue;
		logged++;
		log_event(LOG_LEVEL_ERROR, "ipvs_error", log_kv("errno=%d", -op->error),
			  "IPVS cmd %s error: %s", ipvs_op_str(op, text, sizeof(text)),
			  ipvs_op_cause(op, cause, sizeof(cause)));
	}
}

/* Differences that nobody here made. */
static void log_drift(const struct ipvs_ops *ops)
{
	char text[256];

	for (uint32_t i = 0; i < ops->n && i < DRIFT_LOG_MAX; i++)
		log_event(LOG_LEVEL_WARNING, "ipvs_drift", NULL,
			  "IPVS was changed by somebody else, repairing: %s",
			  ipvs_op_str(&ops->v[i], text, sizeof(text)));
	if (ops->n > DRIFT_LOG_MAX)
		log_event(LOG_LEVEL_WARNING, "ipvs_drift", log_kv("count=%u", ops->n),
			  "IPVS was changed by somebody else: %u more repairs",
			  ops->n - DRIFT_LOG_MAX);
}

/* Applies `ops` and follows the ones that worked in `actual`. Number of failures. */
static unsigned carry_out(struct reconcile *r, struct ipvs_ops *ops)
{
	unsigned failed = ops->n ? r->backend->apply(r->backend, ops->v, ops->n) : 0;

	for (uint32_t i = 0; i < ops->n; i++) {
		if (ops->v[i].error)
			continue;
		if (ipvs_op_apply(&r->actual, &ops->v[i]) < 0)
			r->is_actual_known = false;
	}
	log_failures(ops);
	return failed;
}

/* Next audit after a success that took `cost_us`, or next try after a failure. */
static void schedule(struct reconcile *r, bool is_ok, int64_t cost_us)
{
	int64_t wait_us = cost_us * AUDIT_SHARE;

	if (is_ok) {
		r->retry_us = 0;
		wait_us = wait_us < AUDIT_MIN_US   ? AUDIT_MIN_US
			  : wait_us > AUDIT_MAX_US ? AUDIT_MAX_US
						   : wait_us;
	} else {
		r->retry_us = r->retry_us == 0 ? RETRY_MIN_US : r->retry_us * 2;
		if (r->retry_us > RETRY_MAX_US)
			r->retry_us = RETRY_MAX_US;
		wait_us = r->retry_us;
	}
	timer_arm_in(&r->timer, wait_us);
}

/* Fresh dump into `actual`. */
static bool look(struct reconcile *r)
{
	int error;

	ipvs_set_done(&r->actual);
	ipvs_set_init(&r->actual);
	error = r->backend->dump(r->backend, &r->actual);
	r->is_actual_known = error == 0;
	r->looked_at = loop_update_now(r->loop);
	if (error == 0)
		return true;
	errno = -error;
	log_warn("ipvs_dump", "cannot read the IPVS table");
	if (error == -ENOENT || error == -ENODEV ||
	    error == -ECONNREFUSED) { /* the module went away */
		r->backend->free(r->backend);
		r->backend = NULL;
	}
	return false;
}

/* Dump, compare, apply. In an audit nothing should differ: what does was changed by somebody else.
 */
static bool run(struct reconcile *r, bool is_audit)
{
	time_us began = loop_update_now(r->loop);
	struct ipvs_ops ops;
	bool is_ok = false;

	end_building(r);
	ipvs_ops_init(&ops);
	if (ensure_backend(r) && look(r)) {
		ipvs_diff(&r->actual, &r->desired, is_ours, r, &ops);
		if (is_audit)
			log_drift(&ops);
		is_ok = carry_out(r, &ops) == 0;
		if (ops.n > 0)
			r->repaired_at = loop_update_now(r->loop);
	}
	if (is_ok) {
		r->is_first_done = true;
		ipvs_set_done(&r->retired);
		ipvs_set_init(&r->retired);
	}
	ipvs_ops_done(&ops);
	schedule(r, is_ok, time_sub(loop_update_now(r->loop), began));
	return is_ok;
}

bool reconcile_all(struct reconcile *r)
{
	return run(r, false);
}

/* Shows the services of `of` that `keys` names; false when one is missing. Nothing is copied but
 * the heads: `view` may only be read, and its array freed. */
static bool view_of(const struct ipvs_set *of, const struct ipvs_set *keys, struct ipvs_set *view)
{
	const struct ipvs_svc *key, *svc;

	*view = (struct ipvs_set){ .svcs = xcalloc(keys->n + 1UL, sizeof(*view->svcs)) };
	ipvs_set_for_each (key, keys) {
		svc = ipvs_set_find(of, &key->key);
		if (!svc)
			return false;
		view->svcs[view->n++] = *svc;
	}
	return true;
}

void reconcile_edge(struct reconcile *r, const struct ipvs_set *svcs)
{
	struct ipvs_set wanted, have;
	struct ipvs_ops ops;
	bool is_ok = r->backend && r->is_actual_known && !r->is_building;

	if (!is_ok) {
		reconcile_all(r);
		return;
	}
	ipvs_ops_init(&ops);
	is_ok = view_of(&r->desired, svcs, &wanted);
	is_ok = view_of(&r->actual, svcs, &have) && is_ok;
	if (is_ok)
		ipvs_diff(&have, &wanted, is_ours, r, &ops);
	free(wanted.svcs);
	free(have.svcs);
	is_ok = is_ok && carry_out(r, &ops) == 0;
	ipvs_ops_done(&ops);
	if (!is_ok)
		reconcile_all(r); /* what we believed was wrong: look again */
}

const struct ipvs_set *reconcile_table(struct reconcile *r)
{
	if (!ensure_backend(r))
		return NULL;
	if (r->is_actual_known && time_sub(loop_update_now(r->loop), r->looked_at) < TABLE_AGE_US)
		return &r->actual;
	return look(r) ? &r->actual : NULL;
}

/* Whether `set` has it as it is, with its destinations and no others. */
static bool set_has(const struct ipvs_set *set, const struct ipvs_svc *svc)
{
	const struct ipvs_svc *found = ipvs_set_find(set, &svc->key);
	const struct ipvs_dest *dest, *wanted;

	if (!found || !svc_is_equal(found, svc) || found->n_dests != svc->n_dests)
		return false;
	ipvs_dest_for_each (wanted, svc) {
		dest = svc_find_dest(found, &wanted->key);
		if (!dest || !dest_is_equal(dest, wanted))
			return false;
	}
	return true;
}

bool reconcile_has(struct reconcile *r, const struct ipvs_svc *svc)
{
	return r->backend && r->is_actual_known && set_has(&r->actual, svc);
}

bool reconcile_sees(struct reconcile *r, const struct ipvs_svc *svc, time_us since)
{
	struct ipvs_set set;
	bool is_there;

	if (!ensure_backend(r) || time_cmp(r->repaired_at, since) >= 0)
		return false;
	ipvs_set_init(&set);
	is_there = r->backend->read(r->backend, &svc->key, &set) == 0 && set_has(&set, svc);
	ipvs_set_done(&set);
	return is_there;
}

bool reconcile_runs_backup(struct reconcile *r)
{
	struct ipvs_sync sync[IPVS_SYNC_MAX];
	unsigned n = 0;

	if (!ensure_backend(r) || r->backend->get_sync(r->backend, sync, &n) < 0)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (sync[i].role == IPVS_SYNC_BACKUP)
			return true;
	return false;
}

/* Deletes every service that `is_owned` accepts; NULL = all. */
static void empty(struct reconcile *r, bool (*is_owned)(const struct ipvs_svc_key *key, void *arg))
{
	struct ipvs_set none;
	struct ipvs_ops ops;

	end_building(r);
	if (!ensure_backend(r) || !look(r))
		return;
	ipvs_set_init(&none);
	ipvs_ops_init(&ops);
	ipvs_diff(&r->actual, &none, is_owned, r, &ops);
	carry_out(r, &ops);
	ipvs_ops_done(&ops);
}

void reconcile_remove(struct reconcile *r, bool all)
{
	timer_cancel(&r->timer);
	empty(r, all ? NULL : is_ours);
}

void reconcile_drop_paths(struct reconcile *r)
{
	timer_cancel(&r->timer);
	empty(r, is_path);
}

void reconcile_flush(struct reconcile *r)
{
	empty(r, NULL);
}
