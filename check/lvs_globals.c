/*
 * Time-outs and sync daemons of IPVS. Checker child; owns a backend of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/lvs_globals.h"
#include "lib/log.h"

#define AUDIT_US     (10 * US_PER_S)
#define RETRY_MIN_US (1 * US_PER_S)
#define RETRY_MAX_US (60 * US_PER_S)

struct lvs_globals {
	struct lvs_globals_env env;
	struct ipvs_backend *backend; /* NULL = not available yet */
	struct ipvs_timeouts timeouts;
	bool is_timeouts_due;
	bool is_sync_wanted;
	bool was_sync_wanted;  /* something of ours may run */
	char *instance;        /* "" = none: both daemons */
	struct ipvs_sync sync; /* as configured, but role and, with an instance, id */
	bool has_id;
	bool is_role_known; /* of the instance */
	bool is_master;
	uint8_t vrid;
	struct ipvs_sync running[IPVS_SYNC_MAX]; /* as last seen */
	unsigned n_running;
	time_us backup_since;     /* TIME_NEVER = no daemon receives */
	int64_t adopted_since_us; /* 0 = none */
	struct timer timer;
	int64_t retry_us; /* 0 = the last run succeeded */
};

static void converge(struct lvs_globals *g);

static void on_timer(struct timer *timer, void *arg)
{
	(void)timer;
	converge(arg);
}

struct lvs_globals *lvs_globals_new(const struct lvs_globals_env *env)
{
	struct lvs_globals *g = xcalloc(1, sizeof(*g));

	g->env = *env;
	g->instance = xstrdup("");
	g->backup_since = TIME_NEVER;
	timer_init(&g->timer, env->loop, on_timer, g);
	return g;
}

void lvs_globals_free(struct lvs_globals *g)
{
	if (!g)
		return;
	timer_cancel(&g->timer);
	if (g->backend)
		g->backend->free(g->backend);
	free(g->instance);
	free(g);
}

/* ---- what is wanted ---- */

static bool is_role_wanted(const struct lvs_globals *g, enum ipvs_sync_role role)
{
	if (!g->is_sync_wanted)
		return false;
	if (!*g->instance)
		return true;
	return g->is_master == (role == IPVS_SYNC_MASTER);
}

/* Until the state of the instance is known, what runs is left as it is: a predecessor's, perhaps.
 */
static bool is_to_wait(const struct lvs_globals *g)
{
	return g->is_sync_wanted && *g->instance && !g->is_role_known;
}

static struct ipvs_sync wanted_sync(const struct lvs_globals *g, enum ipvs_sync_role role)
{
	struct ipvs_sync sync = g->sync;

	sync.role = role;
	if (*g->instance && !g->has_id)
		sync.id = g->vrid;
	return sync;
}

/* Whether one that runs is as wanted; what is not configured is left to the kernel. */
static bool is_as_wanted(const struct ipvs_sync *have, const struct ipvs_sync *want)
{
	return strcmp(have->ifname, want->ifname) == 0 && have->id == want->id &&
	       (want->maxlen == 0 || have->maxlen == want->maxlen) &&
	       (want->port == 0 || have->port == want->port) &&
	       (want->ttl == 0 || have->ttl == want->ttl) &&
	       (addr_is_unset(&want->group) || addr_cmp(&have->group, &want->group) == 0);
}

static const struct ipvs_sync *find_running(const struct lvs_globals *g, enum ipvs_sync_role role)
{
	for (unsigned i = 0; i < g->n_running; i++)
		if (g->running[i].role == role)
			return &g->running[i];
	return NULL;
}

/* ---- telling ---- */

void lvs_globals_publish(struct lvs_globals *g)
{
	bool sends = find_running(g, IPVS_SYNC_MASTER),
	     receives = find_running(g, IPVS_SYNC_BACKUP);
	const struct msg_sync_state state = {
		.instance = g->instance,
		.roles = sends && receives ? "master, backup"
			 : sends           ? "master"
			 : receives        ? "backup"
					   : "none",
		.interface = g->sync.ifname,
		.id = wanted_sync(g, IPVS_SYNC_BACKUP).id,
		.backup_since_us = time_is_never(g->backup_since) ? 0 : g->backup_since.us,
	};

	if (g->is_sync_wanted)
		g->env.on_sync(&state, g->env.arg);
}

static const char *role_name(enum ipvs_sync_role role)
{
	return role == IPVS_SYNC_MASTER ? "master" : "backup";
}

static void log_sync(const struct ipvs_sync *sync, bool is_start)
{
	log_event(
		LOG_LEVEL_INFO, is_start ? "sync_start" : "sync_stop",
		log_kv("role=%s interface=%s id=%u", role_name(sync->role), sync->ifname, sync->id),
		"IPVS sync daemon %s, %s, interface %s, id %u", is_start ? "started" : "stopped",
		role_name(sync->role), sync->ifname, sync->id);
}

/* ---- carrying out ---- */

/* The kernel's word; once for a row of failures. */
static void log_refusal(const struct lvs_globals *g, const char *what, int error)
{
	errno = -error;
	if (g->retry_us == 0)
		log_warn("ipvs_error", "%s, trying again", what);
}

static int stop_unwanted(struct lvs_globals *g)
{
	for (unsigned i = 0; i < g->n_running; i++) {
		const struct ipvs_sync *have = &g->running[i];
		const struct ipvs_sync want = wanted_sync(g, have->role);
		int error;

		if (is_role_wanted(g, have->role) && is_as_wanted(have, &want))
			continue;
		error = g->backend->stop_sync(g->backend, have->role);
		if (error < 0 && error != -ESRCH) {
			log_refusal(g, "an IPVS sync daemon does not stop", error);
			return error;
		}
		log_sync(have, false);
	}
	return g->backend->get_sync(g->backend, g->running, &g->n_running);
}

static int start_missing(struct lvs_globals *g)
{
	static const enum ipvs_sync_role roles[] = { IPVS_SYNC_MASTER, IPVS_SYNC_BACKUP };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const struct ipvs_sync want = wanted_sync(g, roles[i]);
		int error;

		if (!is_role_wanted(g, roles[i]) || find_running(g, roles[i]))
			continue;
		error = g->backend->start_sync(g->backend, &want);
		if (error < 0) {
			log_refusal(g, "an IPVS sync daemon does not start", error);
			return error;
		}
		log_sync(&want, true);
	}
	return g->backend->get_sync(g->backend, g->running, &g->n_running);
}

/* Since when a daemon receives: one that was there before us has done so since a predecessor said.
 */
static void stamp(struct lvs_globals *g, bool was_receiving, bool is_found)
{
	bool is_receiving = find_running(g, IPVS_SYNC_BACKUP) != NULL;

	if (!is_receiving)
		g->backup_since = TIME_NEVER;
	else if (is_found && g->adopted_since_us)
		g->backup_since = (time_us){ g->adopted_since_us };
	else if (!was_receiving || time_is_never(g->backup_since))
		g->backup_since = loop_now(g->env.loop);
	g->adopted_since_us = 0;
}

static int converge_sync(struct lvs_globals *g)
{
	time_us since = g->backup_since;
	unsigned n_before = g->n_running;
	bool sent = find_running(g, IPVS_SYNC_MASTER), is_found, received;
	int error = g->backend->get_sync(g->backend, g->running, &g->n_running);

	if (error == 0)
		error = stop_unwanted(g);
	is_found = find_running(g, IPVS_SYNC_BACKUP);
	received = is_found && !time_is_never(g->backup_since);
	if (error == 0)
		error = start_missing(g);
	if (error < 0)
		return error;
	stamp(g, received, is_found);
	if (n_before != g->n_running || time_cmp(since, g->backup_since) != 0 ||
	    sent != (find_running(g, IPVS_SYNC_MASTER) != NULL))
		lvs_globals_publish(g);
	return 0;
}

static int apply_timeouts(struct lvs_globals *g)
{
	int error = g->backend->set_timeouts(g->backend, &g->timeouts);

	if (error < 0)
		log_refusal(g, "the IPVS time-outs cannot be set", error);
	else
		g->is_timeouts_due = false;
	return error;
}

static int run(struct lvs_globals *g)
{
	int error = 0;

	if (!g->backend)
		g->backend = g->env.open();
	if (!g->backend)
		return -errno; /* the reconciler has said so */
	if (g->is_timeouts_due)
		error = apply_timeouts(g);
	if (error == 0 && (g->is_sync_wanted || g->was_sync_wanted) && !is_to_wait(g)) {
		error = converge_sync(g);
		if (error == 0)
			g->was_sync_wanted = g->is_sync_wanted;
	}
	return error;
}

static void converge(struct lvs_globals *g)
{
	int64_t wait_us = AUDIT_US;

	timer_cancel(&g->timer);
	if (!g->is_sync_wanted && !g->was_sync_wanted && !g->is_timeouts_due)
		return;
	if (run(g) == 0) {
		g->retry_us = 0;
	} else {
		g->retry_us = g->retry_us ? g->retry_us * 2 : RETRY_MIN_US;
		if (g->retry_us > RETRY_MAX_US)
			g->retry_us = RETRY_MAX_US;
		wait_us = g->retry_us;
	}
	if (g->is_sync_wanted || g->retry_us)
		timer_arm_in(&g->timer, wait_us);
}

/* ---- for the owner ---- */

static bool is_same_timeouts(const struct ipvs_timeouts *a, const struct ipvs_timeouts *b)
{
	return a->tcp_s == b->tcp_s && a->tcp_fin_s == b->tcp_fin_s && a->udp_s == b->udp_s;
}

static void take_timeouts(struct lvs_globals *g, const struct lvs_timeouts_conf *conf)
{
	const struct ipvs_timeouts timeouts = { conf->tcp_s, conf->tcpfin_s, conf->udp_s };

	if (is_same_timeouts(&timeouts, &g->timeouts))
		return;
	g->timeouts = timeouts;
	g->is_timeouts_due = timeouts.tcp_s || timeouts.tcp_fin_s || timeouts.udp_s;
}

void lvs_globals_apply(struct lvs_globals *g, const struct global_conf *conf)
{
	const struct sync_daemon_conf *sync = &conf->lvs_sync_daemon;
	const char *instance = sync->inst ? sync->inst : "";

	take_timeouts(g, &conf->lvs_timeouts);
	g->was_sync_wanted = g->was_sync_wanted || g->is_sync_wanted;
	g->is_sync_wanted = sync->interface != NULL;
	g->has_id = sync_daemon_has_id(sync);
	g->sync = (struct ipvs_sync){ .id = sync->id,
				      .maxlen = (uint16_t)sync->maxlen,
				      .group = sync->group,
				      .port = sync->port,
				      .ttl = sync->ttl };
	if (sync->interface)
		strncpy(g->sync.ifname, sync->interface, sizeof(g->sync.ifname) - 1);
	if (strcmp(g->instance, instance) != 0) {
		free(g->instance);
		g->instance = xstrdup(instance);
		g->is_role_known = false;
	}
	g->retry_us = 0;
	converge(g);
}

void lvs_globals_follow(struct lvs_globals *g, const struct msg_vrrp_role *role)
{
	if (!*g->instance || strcmp(g->instance, role->instance) != 0)
		return;
	g->is_role_known = true;
	g->is_master = strcmp(role->state, "MASTER") == 0;
	g->vrid = role->vrid;
	g->retry_us = 0;
	converge(g);
}

void lvs_globals_adopt(struct lvs_globals *g, const struct msg_sync_state *state)
{
	g->adopted_since_us = state->backup_since_us;
	g->was_sync_wanted = true; /* what runs is ours, also when it is not wanted any more */
}

void lvs_globals_stop(struct lvs_globals *g)
{
	g->was_sync_wanted = g->is_sync_wanted || g->was_sync_wanted;
	g->is_sync_wanted = g->is_timeouts_due = false;
	if (g->was_sync_wanted)
		run(g);
	timer_cancel(&g->timer);
}
