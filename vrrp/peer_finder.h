/*
 * Finds unicast peers again whose link address the kernel has lost: lost_peers.h with its sockets.
 * VRRP child. Costs nothing where nobody speaks by unicast, and next to nothing while all peers are
 * known.
 */
#ifndef DIARCH_VRRP_PEER_FINDER_H
#define DIARCH_VRRP_PEER_FINDER_H

#include "lib/addr.h"
#include "lib/nl_neigh.h"
#include "vrrp/lost_peers.h"

struct vrrp_app;
struct vrrp_if;

/* Zero-initialise. */
struct peer_finder {
	struct nl_neigh *neigh; /* NULL: no peers yet */
	struct lost_peers lost;
};

/* A configuration was carried out: watches the peers it has, those of second paths too. */
void peer_finder_commit(struct vrrp_app *app);
void peer_finder_done(struct vrrp_app *app);

/* Our link address on this interface may be another one: the unicast peers there are asked for
 * theirs, and so hear of ours. They would send to the old one as long as their kernels trust it. */
void peer_finder_hello(const struct vrrp_app *app, const struct vrrp_if *vif);

/* An advertisement went from `src` to this peer. */
void peer_finder_sent(struct vrrp_app *app, const struct addr *src, const struct addr *peer);

#endif
