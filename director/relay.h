/*
 * What one child must know of the other: the parent passes it on. Parent only.
 *
 * The sync daemons of IPVS follow the state of a VRRP instance; the instance may wait for them.
 */
#ifndef DIARCH_DIRECTOR_RELAY_H
#define DIARCH_DIRECTOR_RELAY_H

#include "lib/ipc.h"

struct app;

/* A child published something. */
void relay_published(struct app *app, const struct msg *msg);

/* A child runs a configuration completely: it is told what was published before. */
void relay_all(struct app *app);

#endif
