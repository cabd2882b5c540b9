/*
 * What rtnetlink tells of some neighbours: whether the kernel has their link addresses.
 *
 * A socket of its own, for its filter lets pass no other neighbour: a director has thousands of
 * them. Served by the loop; what is lost in an overrun is not asked for again.
 */
#ifndef DIARCH_LIB_NL_NEIGH_H
#define DIARCH_LIB_NL_NEIGH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/loop.h"

#define NL_NEIGH_MAX 250 /* addresses that are watched; of more, the first */

struct nl_neigh_state {
	struct addr addr;
	uint32_t ifindex;
	bool is_lost; /* asked for several times, without an answer; else it is known */
};

struct nl_neigh;

/* `on_state` is called from the loop for news of an address that is watched. NULL and errno on
 * failure. */
struct nl_neigh *nl_neigh_open(struct loop *loop,
			       void (*on_state)(const struct nl_neigh_state *state, void *arg),
			       void *arg);
void nl_neigh_free(struct nl_neigh *neigh);

/* Watches these addresses and no others; copies them. 0 or -errno. */
int nl_neigh_watch(struct nl_neigh *neigh, const struct addr *addrs, uint32_t n);

/* Reads an RTM_NEWNEIGH; false for a malformed one, and for one that says neither. Pure. */
bool nl_neigh_parse(const struct nlmsghdr *nlh, struct nl_neigh_state *out);

#endif
