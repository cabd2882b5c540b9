/*
 * Unicast peers whose link address the kernel has not: which of them to ask for, and when.
 *
 * The kernel asks for a neighbour once a second. Two directors that were apart for so long that it
 * has given up would stay masters for up to a second after the network has healed, however short
 * their interval is. So each advertisement to such a peer is a reason to ask, too. Pure: no I/O, no
 * clock, no allocation.
 */
#ifndef DIARCH_VRRP_LOST_PEERS_H
#define DIARCH_VRRP_LOST_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/clock.h"

#define LOST_PEERS_MAX 64 /* of more, the kernel's own questions must do */

/* Between two questions: what a healed split may cost beyond an interval. A broadcast each. */
#define LOST_PEER_GAP_US (50 * US_PER_MS)

struct lost_peer {
	struct addr addr;
	uint32_t ifindex;
	time_us asked_at; /* us 0 = not yet */
};

/* Zero-initialise. */
struct lost_peers {
	struct lost_peer v[LOST_PEERS_MAX];
	uint32_t n;
};

/* The kernel has given up asking for it there, or has its link address. */
void lost_peers_set(struct lost_peers *peers, const struct addr *addr, uint32_t ifindex,
		    bool is_lost);

/* The interface is gone. */
void lost_peers_forget(struct lost_peers *peers, uint32_t ifindex);

/* Only these are peers now. */
void lost_peers_keep(struct lost_peers *peers, const struct addr *addrs, uint32_t n);

/* An advertisement went to this address: where to ask for it now; 0 = nowhere. Counts as asked. */
uint32_t lost_peers_ask(struct lost_peers *peers, const struct addr *addr, time_us now);

#endif
