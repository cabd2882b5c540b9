/*
 * What both children have in common: the channel to the parent, configuration hand-over, heartbeat,
 * stop.
 *
 * A child is a struct role_ops. role_run() confines the process, opens the channel on
 * PROC_CHANNEL_FD, answers pings, receives configurations (conf with a memfd -> prepare -> conf_ack
 * -> commit or abort) and the saved state of a predecessor (before the first commit), and calls
 * stop on a clean stop, or when the parent died.
 */
#ifndef DIARCH_LIB_ROLE_H
#define DIARCH_LIB_ROLE_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct role;

enum role_stop {
	ROLE_STOP_CLEAN,
	ROLE_STOP_ORPHAN, /* the parent died */
	ROLE_STOP_KEEP,   /* what the kernel has stays, for the next start */
};

/* What a configuration says of the process itself. */
struct role_settings {
	const char *name; /* for process lists; NULL = as it is */
	bool is_locked;   /* never swapped out */
	int64_t tell_us;  /* says that it is well, when it runs anyway and that long has passed */
};

struct role_ops {
	const char *name;   /* "vrrp", "check" */
	enum msg_role self; /* MSG_FROM_VRRP or MSG_FROM_CHECK */
	unsigned caps;      /* mask of enum proc_cap kept while running */

	/* Creates the run-time state (role_set_state()); sockets that need capabilities may be
	 * opened here or later. 0 or -errno. */
	int (*init)(struct role *role);

	/* A configuration arrived: check that it can be carried out, without changing anything. On
	 * refusal returns -errno and writes the reason to `why`. */
	int (*prepare)(struct role *role, const struct conf *conf, char *why, size_t size);

	/* Run `conf` from now on; the previous one (role_conf(), NULL at first) is freed after this
	 * returns, so nothing may point into it any more. Publishes all state; role code then sends
	 * `ready`. */
	void (*commit)(struct role *role, const struct conf *conf);

	/* The settings in `conf`; NULL = there are none. */
	void (*settings)(const struct conf *conf, struct role_settings *out);

	/* State of a predecessor, before the first commit; or any other message for this role. */
	void (*on_msg)(struct role *role, const struct msg *msg);

	/* Stop in order. Calls role_stopped() when done, now or later. */
	void (*stop)(struct role *role, enum role_stop kind);

	/* Frees the run-time state. */
	void (*done)(struct role *role);
};

/*
 * Runs until stopped; returns the exit status. `schema` is the whole grammar. INT, HUP, PIPE, USR1
 * and USR2 are ignored (signals to the group are for the parent), TERM is a clean stop. A protocol
 * violation of the parent counts as its death.
 */
int role_run(const struct role_ops *ops, const struct conf_schema *schema);

struct loop *role_loop(struct role *role);

/* Whether it has been told to stop, or lost its parent. */
bool role_is_stopping(const struct role *role);
const struct conf *role_conf(const struct role *role);
void role_set_state(struct role *role, void *state);
void *role_state(const struct role *role);

/* Sends to the parent; when that is impossible (parent gone) the message is dropped. */
void role_send(struct role *role, const struct msg *msg);

/* Ends role_run() with `status` after flushing the channel. */
void role_stopped(struct role *role, int status);

/* The two children. */
extern const struct role_ops vrrp_role;
extern const struct role_ops check_role;

#endif
