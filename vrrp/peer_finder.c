/*
 * Finding unicast peers: see peer_finder.h. VRRP child.
 *
 * The question is the one that the kernel asks, sent by us: the kernel takes the answer for its
 * own. A peer that hears it has our link address, too.
 */
#include "vrrp/peer_finder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/garp.h"
#include "vrrp/ndisc.h"
#include "vrrp/vrrp_app.h"

static void on_state(const struct nl_neigh_state *state, void *arg)
{
	struct vrrp_app *app = arg;

	lost_peers_set(&app->finder.lost, &state->addr, state->ifindex, state->is_lost);
}

/* ---- whom to watch ---- */

static const struct vrrp_peer *peers_of(const struct vrouter *r, bool is_second, uint32_t *n)
{
	if (is_second)
		return second_path_peers(r, n);
	*n = r->expect.n_peers;
	return r->peers;
}

static int cmp_addrs(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Hundreds of routers may have one peer. */
static uint32_t sort_out(struct addr *addrs, uint32_t n)
{
	uint32_t kept = 0;

	qsort(addrs, n, sizeof(*addrs), cmp_addrs);
	for (uint32_t i = 0; i < n; i++) {
		if (kept == 0 || addr_cmp(&addrs[kept - 1], &addrs[i]) != 0)
			addrs[kept++] = addrs[i];
	}
	return kept;
}

/* All peers, each once; owned by the caller. */
static struct addr *collect(const struct vrrp_app *app, uint32_t *n)
{
	struct addr *addrs = NULL;
	uint32_t room = 0, n_peers;

	*n = 0;
	for (uint32_t i = 0; i < 2 * app->n_routers; i++) {
		const struct vrrp_peer *peers = peers_of(app->routers[i / 2], i % 2, &n_peers);

		if (*n + n_peers > room) {
			room = 2 * room + n_peers;
			addrs = xrealloc(addrs, room * sizeof(*addrs));
		}
		for (uint32_t k = 0; k < n_peers; k++)
			addrs[(*n)++] = peers[k].addr;
	}
	if (*n > 0)
		*n = sort_out(addrs, *n);
	return addrs;
}

static void warn(int error)
{
	log_event(
		LOG_LEVEL_WARNING, "vrrp_peer_finder", NULL,
		"Cannot watch the link addresses of unicast peers: %s; after a split that lasted, "
		"a peer may be found later by up to a second",
		strerror(error));
}

void peer_finder_commit(struct vrrp_app *app)
{
	struct peer_finder *finder = &app->finder;
	uint32_t n;
	struct addr *addrs = collect(app, &n);
	int result = 0;

	if (n > 0 && !finder->neigh) {
		finder->neigh = nl_neigh_open(app->loop, on_state, app);
		result = finder->neigh ? 0 : -errno;
	}
	if (finder->neigh)
		result = nl_neigh_watch(finder->neigh, addrs, n);
	if (result < 0)
		warn(-result);
	lost_peers_keep(&finder->lost, addrs, n); /* nothing is heard of the others any more */
	free(addrs);
}

void peer_finder_done(struct vrrp_app *app)
{
	nl_neigh_free(app->finder.neigh);
}

/* ---- asking ---- */

static void ask(const struct vrrp_app *app, const struct nl_link *link, const struct addr *src,
		const struct addr *peer)
{
	if (!link->has_mac)
		return;
	if (peer->family == AF_INET6)
		ndisc_ask(app->ndisc_fd, link->ifindex, link->mac, src, peer);
	else
		garp_ask(app->arp_fd, link->ifindex, link->mac, src, peer);
}

void peer_finder_sent(struct vrrp_app *app, const struct addr *src, const struct addr *peer)
{
	struct lost_peers *lost = &app->finder.lost;

	if (lost->n == 0)
		return;
	uint32_t ifindex = lost_peers_ask(lost, peer, loop_now(app->loop));
	if (ifindex == 0)
		return;
	const struct nl_link *link = nl_link_by_index(app->nl, ifindex);
	if (!link) {
		lost_peers_forget(lost, ifindex);
		return;
	}
	ask(app, link, src, peer);
}

/* ---- being found ---- */

static void greet(const struct vrrp_app *app, const struct nl_link *link, const struct addr *src,
		  const struct vrrp_peer *peers, uint32_t n)
{
	for (uint32_t i = 0; i < n && !addr_is_unset(src); i++)
		ask(app, link, src, &peers[i].addr);
}

void peer_finder_hello(const struct vrrp_app *app, const struct vrrp_if *vif)
{
	const struct nl_link *link = nl_link_by_index(app->nl, vif->ifindex);
	uint32_t n;

	for (uint32_t i = 0; link && i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];

		if (r->vif == vif)
			greet(app, link, &r->fsm.own_addr, r->peers, r->expect.n_peers);
		if (!r->second || !second_path_runs_on(r->second, vif))
			continue;
		const struct vrrp_peer *peers = second_path_peers(r, &n);
		greet(app, link, &second_path_expect(r->second)->own_src, peers, n);
	}
}
