/*
 * What IPVS has once: time-outs of connections (lvs_timeouts) and sync daemons (lvs_sync_daemon).
 *
 * Checker child. Sync daemons are desired state: one that is not there, or that is other than
 * configured, is started (again), with back-off while the kernel refuses, and looked at every ten
 * seconds. With an instance the daemon that sends runs while the instance is MASTER, else the one
 * that receives; without, both run.
 */
#ifndef DIARCH_CHECK_LVS_GLOBALS_H
#define DIARCH_CHECK_LVS_GLOBALS_H

#include "lib/global_conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"
#include "lvs/ipvs_nl.h"

struct lvs_globals;

struct lvs_globals_env {
	struct loop *loop;
	/* Gives a backend of its own; NULL and errno when there is none yet. */
	struct ipvs_backend *(*open)(void);
	/* Which daemons run has changed. */
	void (*on_sync)(const struct msg_sync_state *state, void *arg);
	void *arg;
};

struct lvs_globals *lvs_globals_new(const struct lvs_globals_env *env);

/* Leaves the daemons as they are. NULL is fine. */
void lvs_globals_free(struct lvs_globals *globals);

/* A configuration runs from now on; strings are copied. */
void lvs_globals_apply(struct lvs_globals *globals, const struct global_conf *conf);

/* State and virtual router number of the instance that daemons follow. */
void lvs_globals_follow(struct lvs_globals *globals, const struct msg_vrrp_role *role);

/* What a predecessor published, before the first lvs_globals_apply(): a daemon that receives has
 * done so for longer than we exist. */
void lvs_globals_adopt(struct lvs_globals *globals, const struct msg_sync_state *state);

/* Publishes which daemons run, changed or not. */
void lvs_globals_publish(struct lvs_globals *globals);

/* At a clean stop: ends the daemons that we started. */
void lvs_globals_stop(struct lvs_globals *globals);

#endif
