/*
 * Script queues: one ordered queue for each object (VRRP instance, group, virtual server, real
 * server), run by the parent.
 *
 * Never two scripts of one object at once, and the last one executed belongs to the last event.
 * Queues are bounded: where events come faster than scripts end, the oldest that wait are
 * superseded by younger ones and left out, which the log says. So is the number of scripts that run
 * at once.
 */
#ifndef DIARCH_DIRECTOR_SCRIPTS_H
#define DIARCH_DIRECTOR_SCRIPTS_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/loop.h"

struct scripts;

/* A command with further words, NULL terminated, or NULL for none. */
struct script_call {
	const struct conf_script *script; /* with argc 0 it is skipped */
	const char *const *more;
};

/* `on_idle` is called whenever the last running script has ended. */
struct scripts *scripts_new(struct loop *loop, void (*on_idle)(void *arg), void *arg);

/* Forgets what waits and kills what runs. NULL is fine. */
void scripts_free(struct scripts *scripts);

/* Queues the commands of one event of `object`. User and group that a command does not name are
 * those of `conf`; everything is copied. */
void scripts_add(struct scripts *scripts, const struct conf *conf, const char *object,
		 const struct script_call *calls, unsigned n);

/* The same for an event that says nothing of the object's state and may come often: not while one
 * waits, so that many of them make no other event go. */
void scripts_add_once(struct scripts *scripts, const struct conf *conf, const char *object,
		      const struct script_call *calls, unsigned n);

/* From now on time is short: an event leaves out all that waits of its object, and what still runs
 * of that is ended after a second. */
void scripts_hurry(struct scripts *scripts);

/* What is not of an event since scripts_hurry() has had its time: it is left out, or ended. */
void scripts_end_former(struct scripts *scripts);

/* Whether nothing runs and nothing waits. */
bool scripts_is_idle(const struct scripts *scripts);

/* keepalived's default script user, where script_user is not set: its own account if there is one.
 * NULL = stay as we are. *group gets the group, or NULL. */
const char *scripts_default_user(const struct conf *conf, const char **group);

/* How `conf` wants scripts run: enum proc_way. */
unsigned scripts_ways(const struct conf *conf);

#endif
