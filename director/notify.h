/*
 * Notifications: what a child reports becomes scripts, lines in FIFOs and mail.
 *
 * Parent only. The child names the event; what is to be done about it stands in the parent's own
 * configuration.
 */
#ifndef DIARCH_DIRECTOR_NOTIFY_H
#define DIARCH_DIRECTOR_NOTIFY_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct notify;

/* `on_idle` is called whenever the last script has ended and the last mail is through with. */
struct notify *notify_new(struct loop *loop, void (*on_idle)(void *arg), void *arg);

/* Forgets what waits, ends what runs. NULL is fine. */
void notify_free(struct notify *notify);

/* A configuration runs from now on: opens FIFOs and starts their readers. */
void notify_apply(struct notify *notify, const struct conf *conf);

/* Carries out what `conf` has for an event (a notify_* message). False when it does not know the
 * object, or when the message is none. */
bool notify_event(struct notify *notify, const struct conf *conf, const struct msg *event);

/* Writes the state of an instance or group (a vrrp_state or group_state message; others are passed
 * over) to the FIFOs once more. */
void notify_state_again(struct notify *notify, const struct msg *state);

/* We are about to end: the last event of each object does not wait for slow scripts of older ones.
 */
void notify_hurry(struct notify *notify);

/* From now on only the scripts of events since notify_hurry() are waited for. */
void notify_end_former(struct notify *notify);

/* Whether no script runs or waits that is waited for, and no mail. */
bool notify_is_idle(const struct notify *notify);

#endif
