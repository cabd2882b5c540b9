/*
 * News of neighbours: see nl_neigh.h. VRRP child.
 */
#include "lib/nl_neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/nl_filter.h"
#include "lib/nl_req.h"

#define READS_AT_ONCE 32
#define BUFFER_SIZE   8192 /* one notification takes some 100 bytes */

#define NUD_KNOWN (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

struct nl_neigh {
	struct mnl_socket *sock;
	struct io io;
	struct addr *addrs;
	uint32_t n_addrs;
	void (*on_state)(const struct nl_neigh_state *state, void *arg);
	void *arg;
};

bool nl_neigh_parse(const struct nlmsghdr *nlh, struct nl_neigh_state *out)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attr; /* libmnl's iterator casts const away */

	if (nlh->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(nlh) < sizeof(*header) ||
	    addr_len(header->ndm_family) == 0 || !(header->ndm_state & (NUD_FAILED | NUD_KNOWN)))
		return false;
	*out = (struct nl_neigh_state){
		.ifindex = (uint32_t)header->ndm_ifindex,
		.is_lost = header->ndm_state & NUD_FAILED,
	};
	mnl_attr_for_each(attr, nlh, sizeof(*header))
	{
		if (mnl_attr_get_type(attr) == NDA_DST &&
		    mnl_attr_get_payload_len(attr) == addr_len(header->ndm_family))
			out->addr = addr_from_bytes(mnl_attr_get_payload(attr),
						    addr_len(header->ndm_family));
	}
	return !addr_is_unset(&out->addr);
}

static bool is_watched(const struct nl_neigh *neigh, const struct addr *addr)
{
	for (uint32_t i = 0; i < neigh->n_addrs; i++) {
		if (addr_cmp(&neigh->addrs[i], addr) == 0)
			return true;
	}
	return false;
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	struct nl_neigh *neigh = arg;
	_Alignas(struct nlmsghdr) uint8_t buffer[BUFFER_SIZE];
	struct nl_neigh_state state;

	(void)io;
	(void)ready;
	for (unsigned i = 0; i < READS_AT_ONCE; i++) {
		int len = nl_receive(neigh->sock, buffer, sizeof(buffer));
		if (len == -EAGAIN)
			return;
		const struct nlmsghdr *nlh = (const void *)buffer;
		for (; len > 0 && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nl_neigh_parse(nlh, &state) && is_watched(neigh, &state.addr))
				neigh->on_state(&state, neigh->arg);
		}
	}
}

static int open_socket(struct nl_neigh *neigh, struct loop *loop)
{
	const int group = RTNLGRP_NEIGH;

	neigh->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!neigh->sock)
		return -errno;
	/* The filter is there before the first notification is. */
	int result = nl_neigh_watch(neigh, NULL, 0);
	if (result < 0)
		return result;
	if (mnl_socket_bind(neigh->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(neigh->sock, NETLINK_ADD_MEMBERSHIP, (void *)(uintptr_t)&group,
				  sizeof(group)) < 0)
		return -errno;
	return io_add(loop, &neigh->io, mnl_socket_get_fd(neigh->sock), EPOLLIN, on_ready, neigh);
}

struct nl_neigh *nl_neigh_open(struct loop *loop,
			       void (*on_state)(const struct nl_neigh_state *state, void *arg),
			       void *arg)
{
	struct nl_neigh *neigh = calloc(1, sizeof(*neigh));

	if (!neigh)
		return NULL;
	neigh->on_state = on_state;
	neigh->arg = arg;
	int result = open_socket(neigh, loop);
	if (result == 0)
		return neigh;
	nl_neigh_free(neigh);
	errno = -result;
	return NULL;
}

void nl_neigh_free(struct nl_neigh *neigh)
{
	if (!neigh)
		return;
	io_del(&neigh->io);
	if (neigh->sock)
		mnl_socket_close(neigh->sock);
	free(neigh->addrs);
	free(neigh);
}

int nl_neigh_watch(struct nl_neigh *neigh, const struct addr *addrs, uint32_t n)
{
	uint32_t kept = n < NL_NEIGH_MAX ? n : NL_NEIGH_MAX;
	struct addr *copy = calloc(kept + 1UL, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (kept > 0)
		memcpy(copy, addrs, kept * sizeof(*copy));
	free(neigh->addrs);
	neigh->addrs = copy;
	neigh->n_addrs = kept;
	return nl_filter_neighbours(mnl_socket_get_fd(neigh->sock), copy, kept);
}
