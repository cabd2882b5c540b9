/*
 * The last state of the children, as they published it: the parent's memory.
 *
 * Records are messages, keyed by their first fields. They are handed to a respawned child so that
 * it adopts them, and are what the control socket shows. One table (store.c) says which kinds are
 * kept, what their key is, under which heading and with which columns they are shown.
 */
#ifndef DIARCH_DIRECTOR_STORE_H
#define DIARCH_DIRECTOR_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/ipc.h"

struct store;

struct store *store_new(void);
void store_free(struct store *store);

/* Keeps a copy of `msg` if its kind is a state; false if it is something else. */
bool store_put(struct store *store, const struct msg *msg);

/* Everything from `role` is old until it is published again (a new generation or a new process
 * begins) ... */
void store_mark(struct store *store, enum msg_role role);

/* ... and what was not published again is gone. */
void store_sweep(struct store *store, enum msg_role role);

/* Calls `each` for all records that came from `role`, in order of arrival of their keys. */
void store_each(const struct store *store, enum msg_role role,
		void (*each)(const struct msg *msg, void *arg), void *arg);

/* {"vrrp": [...], ...}: adds one array per heading to `object`. */
void store_json(const struct store *store, json_t *object);

/* Tables for people; times are shown as ages at `now`. */
void store_text(const struct store *store, time_us now, FILE *out);

#endif
