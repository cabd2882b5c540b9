/*
 * The filters of the monitors. See nl_filter.h. Used by nl.c and nl_neigh.c.
 *
 * A classic BPF program sees one notification: its header and what follows. It loads in network
 * order, whereas netlink is in that of the host.
 */
#include "lib/nl_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/nl_neigh.h"

#define TYPE_AT      offsetof(struct nlmsghdr, nlmsg_type)
#define FLAGS_AT     offsetof(struct nlmsghdr, nlmsg_flags)
#define PROTOCOL_AT  (NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol))
/* The kernel puts a neighbour's address before all else. */
#define NEIGHBOUR_AT (NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ndmsg)) + NLA_HDRLEN)
#define PASS         UINT32_MAX /* bytes that are kept */
#define DROP         0

/* Two for each protocol or address, and what is around them. */
#define PROGRAM_MAX (2 * 256 + 16)
_Static_assert(NL_NEIGH_MAX <= 256, "no room in the program");

struct program {
	unsigned short n;
	struct sock_filter code[PROGRAM_MAX];
};

/* Loads BPF_H or BPF_B from an offset. */
static void put_load(struct program *p, uint16_t size, uint32_t at)
{
	p->code[p->n++] = (struct sock_filter){ .code = BPF_LD | BPF_ABS | size, .k = at };
}

/* If what was loaded is `k` (BPF_JEQ) or has one of its bits (BPF_JSET), returns `verdict`. */
static void put_verdict_if(struct program *p, uint16_t op, uint32_t k, uint32_t verdict)
{
	p->code[p->n++] = (struct sock_filter){ .code = BPF_JMP | BPF_K | op, .jf = 1, .k = k };
	p->code[p->n++] = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = verdict };
}

/* Whether it is no notification about a route. */
static void put_pass_others(struct program *p)
{
	const struct sock_filter is_new = { .code = BPF_JMP | BPF_K | BPF_JEQ,
					    .jt = 2,
					    .k = htons(RTM_NEWROUTE) };
	const struct sock_filter is_gone = { .code = BPF_JMP | BPF_K | BPF_JEQ,
					     .jt = 1,
					     .k = htons(RTM_DELROUTE) };

	put_load(p, BPF_H, TYPE_AT);
	p->code[p->n++] = is_new;
	p->code[p->n++] = is_gone;
	p->code[p->n++] = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = PASS };
}

static int attach(int fd, struct program *p)
{
	struct sock_fprog filter = { .len = p->n, .filter = p->code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno
											 : 0;
}

int nl_filter_routes(int fd, const bool is_watched[256])
{
	struct program p = { .n = 0 };

	put_pass_others(&p);
	put_load(&p, BPF_H, FLAGS_AT);
	/* What takes the place of one of ours, or over IPv6 becomes a way beside it. */
	put_verdict_if(&p, BPF_JSET, htons(NLM_F_REPLACE | NLM_F_APPEND), PASS);
	put_load(&p, BPF_B, PROTOCOL_AT);
	for (uint32_t protocol = 0; protocol < 256; protocol++)
		if (is_watched[protocol])
			put_verdict_if(&p, BPF_JEQ, protocol, PASS);
	p.code[p.n++] = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = DROP };

	return attach(fd, &p);
}

/* The last four bytes: all of IPv4, and of IPv6 what tells most. */
static uint32_t end_of(const struct addr *addr)
{
	struct buf b = buf_reader(addr->bytes + addr_len(addr->family) - 4, 4);

	return buf_get_be32(&b);
}

static void put_ends(struct program *p, int family, const struct addr *addrs, uint32_t n)
{
	put_load(p, BPF_W, NEIGHBOUR_AT + addr_len(family) - 4);
	for (uint32_t i = 0; i < n; i++) {
		if (addrs[i].family == family)
			put_verdict_if(p, BPF_JEQ, end_of(&addrs[i]), PASS);
	}
}

int nl_filter_neighbours(int fd, const struct addr *addrs, uint32_t n)
{
	struct program p = { .n = 0 };
	const struct sock_filter is_new = { .code = BPF_JMP | BPF_K | BPF_JEQ,
					    .jt = 1,
					    .k = htons(RTM_NEWNEIGH) };

	put_load(&p, BPF_H, TYPE_AT);
	p.code[p.n++] = is_new;
	p.code[p.n++] = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = DROP };
	put_ends(&p, AF_INET, addrs, n);
	put_ends(&p, AF_INET6, addrs, n); /* beyond the end of a message it ends, too: DROP */
	p.code[p.n++] = (struct sock_filter){ .code = BPF_RET | BPF_K, .k = DROP };
	return attach(fd, &p);
}
