/*
 * startup_script and shutdown_script: one command before the first child starts, one after the last
 * has stopped, run by the parent.
 *
 * Whatever they do, they hold the director up for no longer than they may take: who waits is told
 * when a script has ended or its time is up, and one that goes on then gets TERM, and KILL 2 s
 * later.
 */
#ifndef DIARCH_DIRECTOR_LIFE_SCRIPT_H
#define DIARCH_DIRECTOR_LIFE_SCRIPT_H

#include <stdbool.h>

#include "lib/global_conf.h"
#include "lib/loop.h"

struct life_script;

/* `on_change` is called when one of the functions below has a new answer. */
struct life_script *life_script_new(struct loop *loop, void (*on_change)(void *arg), void *arg);

/* Kills what still runs. NULL is fine. */
void life_script_free(struct life_script *life);

/*
 * Starts a command in a process group of its own, as its user or the one of `conf`; `name` is its
 * keyword, a constant. None may run. False where there is nothing to wait for: none is configured,
 * or it cannot be started, which the log says.
 */
bool life_script_run(struct life_script *life, const struct conf *conf, const char *name,
		     const struct life_script_conf *script);

/* Otherwise systemd would take a long script for a start or stop that hangs. */
void life_script_ask_for_time(int64_t us);

/* Its time is up. */
void life_script_end(struct life_script *life);

/* Whether one runs that is within its time. */
bool life_script_is_due(const struct life_script *life);

/* Whether one runs, at most 2 s beyond its time. */
bool life_script_is_running(const struct life_script *life);

#endif
