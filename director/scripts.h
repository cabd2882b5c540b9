/*
 * Scripts, run by the parent for the children: a child names the event, the parent looks the
 * command up in its own configuration.
 *
 * One ordered queue per object (VRRP instance, virtual server, real server): never two scripts of
 * one object at once, and the last one executed belongs to the real state. Queues are bounded: the
 * oldest waiting event gives way.
 */
#ifndef DIARCH_DIRECTOR_SCRIPTS_H
#define DIARCH_DIRECTOR_SCRIPTS_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct scripts;

/* `on_idle` is called whenever the last running script has ended. */
struct scripts *scripts_new(struct loop *loop, void (*on_idle)(void *arg), void *arg);

/* Forgets what waits and kills what runs. NULL is fine. */
void scripts_free(struct scripts *scripts);

/* Queues what `conf` has for the event. False when it does not know the object. */
bool scripts_vrrp(struct scripts *scripts, const struct conf *conf,
		  const struct msg_notify_vrrp *event);
bool scripts_rs(struct scripts *scripts, const struct conf *conf,
		const struct msg_notify_rs *event);
bool scripts_vs(struct scripts *scripts, const struct conf *conf,
		const struct msg_notify_vs *event);

/* Whether nothing runs and nothing waits. */
bool scripts_is_idle(const struct scripts *scripts);

/* keepalived's default script user, where script_user is not set: its own account if there is one.
 * NULL = stay as we are. *group gets the group, or NULL. */
const char *scripts_default_user(const struct conf *conf, const char **group);

#endif
