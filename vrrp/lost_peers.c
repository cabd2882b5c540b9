/*
 * Peers to ask for: see lost_peers.h. Pure.
 */
#include "vrrp/lost_peers.h"

static struct lost_peer *find(struct lost_peers *peers, const struct addr *addr, uint32_t ifindex)
{
	for (uint32_t i = 0; i < peers->n; i++) {
		struct lost_peer *p = &peers->v[i];
		if (p->ifindex == ifindex && addr_cmp(&p->addr, addr) == 0)
			return p;
	}
	return NULL;
}

static void take_out(struct lost_peers *peers, struct lost_peer *p)
{
	*p = peers->v[--peers->n];
}

void lost_peers_set(struct lost_peers *peers, const struct addr *addr, uint32_t ifindex,
		    bool is_lost)
{
	struct lost_peer *p = find(peers, addr, ifindex);

	if (p && !is_lost)
		take_out(peers, p);
	else if (!p && is_lost && peers->n < LOST_PEERS_MAX)
		peers->v[peers->n++] = (struct lost_peer){ .addr = *addr, .ifindex = ifindex };
}

void lost_peers_forget(struct lost_peers *peers, uint32_t ifindex)
{
	for (uint32_t i = peers->n; i-- > 0;) {
		if (peers->v[i].ifindex == ifindex)
			take_out(peers, &peers->v[i]);
	}
}

static bool is_among(const struct addr *addr, const struct addr *addrs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (addr_cmp(&addrs[i], addr) == 0)
			return true;
	}
	return false;
}

void lost_peers_keep(struct lost_peers *peers, const struct addr *addrs, uint32_t n)
{
	for (uint32_t i = peers->n; i-- > 0;) {
		if (!is_among(&peers->v[i].addr, addrs, n))
			take_out(peers, &peers->v[i]);
	}
}

uint32_t lost_peers_ask(struct lost_peers *peers, const struct addr *addr, time_us now)
{
	for (uint32_t i = 0; i < peers->n; i++) {
		struct lost_peer *p = &peers->v[i];

		if (addr_cmp(&p->addr, addr) != 0 ||
		    (p->asked_at.us != 0 && time_sub(now, p->asked_at) < LOST_PEER_GAP_US))
			continue;
		p->asked_at = now;
		return p->ifindex;
	}
	return 0;
}
