/*
 * The children: spawn in their role, hand over configuration and saved state, heartbeat, respawn.
 *
 * A child that dies unasked is respawned at once (a crash loop is slowed down) and adopts what the
 * parent kept. A child that stops answering pings is killed and respawned.
 */
#ifndef DIARCH_DIRECTOR_SUPERVISE_H
#define DIARCH_DIRECTOR_SUPERVISE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/ipc.h"

struct app;
struct supervisor;

enum child_role { CHILD_VRRP, CHILD_CHECK, CHILD_N };

struct supervisor *supervisor_new(struct app *app);
void supervisor_free(struct supervisor *supervisor);

/* With -g: the children's log files by their names once more, which may have been rotated. */
void supervisor_reopen_logs(const struct supervisor *supervisor);

/* Which children `conf` needs, by the options and by what is configured: mask of 1 << enum
 * child_role. */
unsigned supervisor_needed(const struct app *app, const struct conf *conf);

/* Starts children of `mask` that do not run. They get the running configuration and saved state. */
void supervisor_start(struct supervisor *supervisor, unsigned mask);

/* Running children, as a mask. */
unsigned supervisor_running(const struct supervisor *supervisor);

/* Those of them that have answered all pings but the last one, as a mask: they are worth asking. */
unsigned supervisor_answering(const struct supervisor *supervisor);

/* Whether every running child runs a configuration: none is just starting. */
bool supervisor_is_settled(const struct supervisor *supervisor);

/* Asks running children of `mask` to stop in order; they are not respawned. */
void supervisor_stop(struct supervisor *supervisor, unsigned mask, const char *reason);

/* Kills what is left (after child_wait_time). */
void supervisor_kill(struct supervisor *supervisor);

/* Offers a generation to the running children; answers arrive at reload_on_ack(). 0 or -errno. */
int supervisor_offer(struct supervisor *supervisor, const struct conf *conf, uint64_t generation);

/* Tells children that got an offer what became of it. */
void supervisor_decide(struct supervisor *supervisor, uint64_t generation, bool is_commit);

/* Sends to a child; dropped when it does not run a configuration. `supervisor` is a struct
 * supervisor. */
void supervisor_send(enum msg_role to, const struct msg *msg, void *supervisor);

/* Children, pids, restarts: for the status output. */
void supervisor_json(const struct supervisor *supervisor, json_t *object);
void supervisor_text(const struct supervisor *supervisor, time_us now, FILE *out);

#endif
