/*
 * The control socket: a Unix stream socket, one request line per connection, the answer until end
 * of stream.
 *
 * Requests: "status text", "status json", "conf" (the running configuration), "reload". Answers
 * start with a line "ok" or "error TEXT". Clients are bounded in number, request size and time; a
 * slow reader never delays the parent.
 */
#ifndef DIARCH_DIRECTOR_CONTROL_H
#define DIARCH_DIRECTOR_CONTROL_H

#include "director/supervise.h"

struct app;
struct control;

/* Listens at `path` (its directory is made if missing, 0750; the socket 0660). NULL and errno on
 * failure; EADDRINUSE when another process serves it. */
struct control *control_new(struct app *app, const char *path);

/* A child is gone: nobody waits for what it was asked. */
void control_on_child_lost(struct control *control, enum child_role role);

/* A child has sent its counters: who waits for them gets the answer when it was the last. */
void control_on_stats(struct control *control, enum child_role role, uint64_t seq);

/* Closes everything and removes the socket. NULL is fine. */
void control_free(struct control *control);

#endif
