/*
 * Ways of probes through the forwarding of IPVS: for each server and address of a service a
 * firewall mark, a service of that mark in IPVS with this one server, and what a socket needs so
 * that answers come back.
 *
 * Checker child. A packet made here, to the address of a service and with the mark of a way, is
 * forwarded by the kernel as a client's packet would be: to the server's MAC (DR) or through its
 * tunnel, whether this host has the address or not. The answer comes from that address, as a client
 * gets it. Nothing is done to the host here: path_ops ask it (path_host.h).
 */
#ifndef DIARCH_CHECK_PATH_H
#define DIARCH_CHECK_PATH_H

#include "lib/loop.h"
#include "lvs/ipvs.h"

#define PATH_WHY_MAX 48

struct path;
struct paths;

/* Identity of a way: where packets are for, and the server with its forwarding method (no port;
 * counters and weight do not count). */
struct path_key {
	struct addr vip;
	struct ipvs_dest dest;
};

/* What the host says about a way. */
struct path_view {
	struct addr source;     /* for sockets; unset when there is a `why` */
	char why[PATH_WHY_MAX]; /* why nobody can be probed now; "" = one can */
};

struct path_ops {
	/* How this host reaches the server; may prepare the host. */
	void (*look)(const struct path_key *key, struct path_view *view, void *arg);
	/* Whether IPVS has exactly this service, by what is known of the table (`since` NULL), or
	 * by a look at it now, and had nothing repaired since then. */
	bool (*is_in_kernel)(const struct ipvs_svc *svc, const time_us *since, void *arg);
	void *arg;
};

/* `loop` tells the time. `ops` is copied. */
struct paths *paths_new(struct loop *loop, const struct path_ops *ops);
void paths_free(struct paths *paths); /* NULL is fine */

/* The first of CHECK_PATHS_MAX marks. All ways get others when it changes. */
void paths_set_first_mark(struct paths *paths, uint32_t mark);

/* Leaves the marks of services of others in the kernel's table alone; ways that have one get
 * another. */
void paths_shun(struct paths *paths, const struct ipvs_set *table);

/* The way of this key, made if there is none, with one more user. NULL when no mark is left. */
struct path *path_get(struct paths *paths, const struct path_key *key);

/* One user less; the last one ends it. NULL is fine. */
void path_put(struct path *path);

/* Calls `each` with the services that IPVS must have for all ways, in no order. */
void paths_each_svc(const struct paths *paths, void (*each)(const struct ipvs_svc *svc, void *arg),
		    void *arg);

/* The same of one way. */
void path_svc(const struct path *path, void (*each)(const struct ipvs_svc *svc, void *arg),
	      void *arg);
bool paths_is_empty(const struct paths *paths);

/* ---- for the probe engine ---- */

/* Before a run: NULL when it can be probed now, else why not. */
const char *path_trouble(struct path *path);

/* After a run that tells something new: whether the way was there since it `began` and still is, so
 * that it was the server. */
bool path_is_sound(const struct path *path, time_us began);

/* For the socket, after path_trouble(). */
uint32_t path_mark(const struct path *path);
const struct addr *path_source(const struct path *path);

#endif
