/*
 * rtnetlink: the tables, kept current by notifications, and changes to them. See nl.h.
 *
 * Runs in the VRRP child, which owns one struct nl. The order of the kernel is kept: what
 * nl_apply() did and all that happened before is read from the monitor before nl_apply() returns,
 * so the tables are never older than our own last change; the callback for such changes follows
 * from the loop.
 */
#include "lib/nl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/nl_filter.h"
#include "lib/nl_parse.h"
#include "lib/nl_req.h"
#include "lib/nl_route_table.h"
#include "lib/nl_table.h"

#define MONITOR_BUFFER  (8 * 1024 * 1024)
#define MONITOR_READS   256 /* datagrams per wake-up; the rest waits for the next pass */
#define DUMP_TRIES      5   /* the kernel may find each one torn by changes */
#define DUMP_TIMEOUT_US (2 * US_PER_S)
#define LINK_TIMEOUT_US (1 * US_PER_S)
#define RESYNC_RETRY_US (1 * US_PER_S)
#define MONITOR_GROUPS  (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)

struct nl {
	void (*on_change)(const struct nl_change *change, void *arg);
	void *arg;
	struct nl_table table;
	struct nl_route_table routes;
	bool has_routes;        /* some protocol is watched */
	bool are_routes_stale;  /* they must be read again */
	bool is_routes_waiting; /* a NL_ROUTES is in `changes` */
	struct nl_req req;
	struct mnl_socket *monitor;
	struct rcvbuf rcvbuf; /* of it, as asked */
	struct io io;
	struct timer wake;         /* changes to deliver, or tables to read again */
	bool is_stale;             /* notifications were lost */
	struct nl_change *changes; /* not delivered yet, [changes_at, n_changes) */
	uint32_t changes_at, n_changes, cap_changes;
};

/* ---- changes waiting for delivery ---- */

static void queue_change(const struct nl_change *change, void *arg)
{
	struct nl *nl = arg;

	if (nl->n_changes == nl->cap_changes) {
		uint32_t cap = nl->cap_changes ? nl->cap_changes * 2 : 64;
		struct nl_change *changes = reallocarray(nl->changes, cap, sizeof(*changes));
		if (!changes) {
			nl->is_stale = true;
			return;
		}
		nl->changes = changes;
		nl->cap_changes = cap;
	}
	nl->changes[nl->n_changes++] = *change;
}

/* Delivers what is waiting now; what the callback causes waits for the next pass. */
static void deliver_changes(struct nl *nl)
{
	for (uint32_t end = nl->n_changes; nl->changes_at < end;) {
		struct nl_change change = nl->changes[nl->changes_at++];
		if (change.kind == NL_ROUTES)
			nl->is_routes_waiting = false;
		nl->on_change(&change, nl->arg);
	}
	if (nl->changes_at == nl->n_changes)
		nl->changes_at = nl->n_changes = 0;
	else
		timer_arm_in(&nl->wake, 0);
}

/* Any number of changes of routes is one. */
static void queue_routes(struct nl *nl)
{
	if (!nl->is_routes_waiting)
		queue_change(&(struct nl_change){ .kind = NL_ROUTES }, nl);
	nl->is_routes_waiting = true;
}

/* ---- notifications ---- */

/*
 * IPv4 routes go without a word when their interface goes down or their source address goes (IPv6
 * tells). Rare enough to look at all again.
 */
static void doubt_routes(struct nl *nl)
{
	if (nl->routes.n_routes > 0)
		nl->are_routes_stale = true;
}

static void on_route(struct nl *nl, const struct nlmsghdr *nlh)
{
	switch (nl_route_table_take(&nl->routes, nlh)) {
	case NL_ROUTE_NOTHING: break;
	case NL_ROUTE_CHANGED: queue_routes(nl); break;
	case NL_ROUTE_LOST: nl->are_routes_stale = true; break;
	}
}

static void on_link_gone(struct nl *nl, const struct nl_link *link)
{
	/* Addresses go with their link, whether the kernel says so for each or not. */
	for (uint32_t i = nl->table.n_addrs; i-- > 0;) {
		struct nl_addr a = nl->table.addrs[i].addr;
		if (a.ifindex == link->ifindex && nl_table_del_addr(&nl->table, &a))
			queue_change(&(struct nl_change){ .kind = NL_ADDR_DEL, .addr = a }, nl);
	}
	doubt_routes(nl);
	if (nl_table_del_link(&nl->table, link->ifindex))
		queue_change(&(struct nl_change){ .kind = NL_LINK_DEL, .link = *link }, nl);
}

/* Follows up on a put: 1 = changed, 0 = known already, -ENOMEM. */
static void on_put(struct nl *nl, int result, const struct nl_change *change)
{
	if (result < 0)
		nl->is_stale = true;
	if (result <= 0)
		return;
	queue_change(change, nl);
	if (change->kind == NL_LINK_NEW && !change->link.is_up)
		doubt_routes(nl);
}

static void on_notification(struct nl *nl, const struct nlmsghdr *nlh)
{
	struct nl_change change = { .kind = NL_LINK_NEW };

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		if (nl_parse_link(nlh, &change.link))
			on_put(nl, nl_table_put_link(&nl->table, &change.link), &change);
		break;
	case RTM_DELLINK:
		if (nl_parse_link(nlh, &change.link))
			on_link_gone(nl, &change.link);
		break;
	case RTM_NEWADDR:
		change.kind = NL_ADDR_NEW;
		if (nl_parse_addr(nlh, &change.addr))
			on_put(nl, nl_table_put_addr(&nl->table, &change.addr), &change);
		break;
	case RTM_DELADDR:
		change.kind = NL_ADDR_DEL;
		if (nl_parse_addr(nlh, &change.addr) && nl_table_del_addr(&nl->table, &change.addr))
			queue_change(&change, nl);
		doubt_routes(nl);
		break;
	default: on_route(nl, nlh); break;
	}
}

/* Reads at most `max` datagrams from the monitor into the tables. */
static void read_monitor(struct nl *nl, unsigned max)
{
	for (unsigned i = 0; i < max; i++) {
		int len = nl_receive(nl->monitor, nl->req.buffer, NL_BUFFER_SIZE);
		if (len == -EAGAIN)
			return;
		if (len < 0)
			nl->is_stale = true;
		const struct nlmsghdr *nlh = (const void *)nl->req.buffer;
		for (; len > 0 && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			on_notification(nl, nlh);
	}
}

/* ---- dumps ---- */

struct dump {
	struct nl_table table;
	int error;
};

static void on_dump_msg(const struct nlmsghdr *nlh, void *arg)
{
	struct dump *dump = arg;
	struct nl_link link;
	struct nl_addr addr;
	int result = 0;

	if (nlh->nlmsg_type == RTM_NEWLINK && nl_parse_link(nlh, &link))
		result = nl_table_put_link(&dump->table, &link);
	else if (nlh->nlmsg_type == RTM_NEWADDR && nl_parse_addr(nlh, &addr))
		result = nl_table_put_addr(&dump->table, &addr);
	if (result < 0)
		dump->error = result;
}

static int dump_once(struct nl *nl, struct nl_table *out)
{
	struct dump dump = { .error = 0 };

	int result = nl_req_dump(&nl->req, RTM_GETLINK, DUMP_TIMEOUT_US, on_dump_msg, &dump);
	if (result == 0)
		result = nl_req_dump(&nl->req, RTM_GETADDR, DUMP_TIMEOUT_US, on_dump_msg, &dump);
	if (result == 0)
		result = dump.error;
	if (result < 0)
		nl_table_done(&dump.table);
	*out = dump.table;
	return result;
}

static void on_dump_route(const struct nlmsghdr *nlh, void *arg)
{
	nl_route_table_take(arg, nlh);
}

static int dump_routes_once(struct nl *nl, struct nl_route_table *out)
{
	int result = nl_req_dump(&nl->req, RTM_GETRULE, DUMP_TIMEOUT_US, on_dump_route, out);

	for (unsigned p = 0; p < 256 && result == 0; p++) {
		if (out->is_watched[p])
			result = nl_req_dump_routes(&nl->req, (uint8_t)p, DUMP_TIMEOUT_US,
						    on_dump_route, out);
	}
	return result;
}

/* Reads all that is watched again. 0 or -errno, then the table is as before. */
static int resync_routes(struct nl *nl)
{
	struct nl_route_table fresh = { .n_routes = 0 };
	int result = -EINTR;

	for (unsigned i = 0; i < DUMP_TRIES && result == -EINTR; i++) {
		nl_route_table_done(&fresh);
		memcpy(fresh.is_watched, nl->routes.is_watched, sizeof(fresh.is_watched));
		result = dump_routes_once(nl, &fresh);
	}
	if (result < 0) {
		nl_route_table_done(&fresh);
		return result;
	}
	nl->are_routes_stale = false;
	nl_route_table_done(&nl->routes);
	nl->routes = fresh;
	queue_routes(nl);
	return 0;
}

/* Reads everything again and queues the differences. 0 or -errno, then the tables are as before. */
static int resync(struct nl *nl)
{
	struct nl_table fresh = { .n_links = 0 };
	int result = -EINTR;

	for (unsigned i = 0; i < DUMP_TRIES && result == -EINTR; i++)
		result = dump_once(nl, &fresh);
	if (result < 0)
		return result;
	nl->is_stale = false;
	nl_table_diff(&nl->table, &fresh, queue_change, nl);
	nl_table_done(&nl->table);
	nl->table = fresh;
	nl->are_routes_stale |= nl->has_routes;
	return 0;
}

/* ---- loop ---- */

static void on_wake(struct timer *timer, void *arg)
{
	struct nl *nl = arg;

	if ((nl->is_stale && resync(nl) < 0) || (nl->are_routes_stale && resync_routes(nl) < 0))
		timer_arm_in(timer, RESYNC_RETRY_US);
	deliver_changes(nl);
}

static void on_monitor(struct io *io, uint32_t ready, void *arg)
{
	struct nl *nl = arg;

	(void)io;
	(void)ready;
	read_monitor(nl, MONITOR_READS);
	if (nl->is_stale || nl->are_routes_stale)
		timer_arm_in(&nl->wake, 0);
	deliver_changes(nl);
}

static int monitor_open(struct nl *nl, struct loop *loop)
{
	nl->monitor = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!nl->monitor || mnl_socket_bind(nl->monitor, MONITOR_GROUPS, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	int fd = mnl_socket_get_fd(nl->monitor);
	rcvbuf_set(fd, &nl->rcvbuf, MONITOR_BUFFER);
	return io_add(loop, &nl->io, fd, EPOLLIN, on_monitor, nl);
}

struct nl *nl_open(struct loop *loop, void (*on_change)(const struct nl_change *change, void *arg),
		   void *arg)
{
	struct nl *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->on_change = on_change;
	nl->arg = arg;
	timer_init(&nl->wake, loop, on_wake, nl);
	/* The monitor first: what changes during the dump is then told. */
	int result = nl_req_open(&nl->req);
	if (result == 0)
		result = monitor_open(nl, loop);
	if (result == 0)
		result = resync(nl);
	nl->n_changes = 0; /* the start is not a change */
	if (result == 0)
		return nl;
	nl_free(nl);
	errno = -result;
	return NULL;
}

void nl_free(struct nl *nl)
{
	if (!nl)
		return;
	timer_cancel(&nl->wake);
	io_del(&nl->io);
	if (nl->monitor)
		mnl_socket_close(nl->monitor);
	nl_req_close(&nl->req);
	nl_table_done(&nl->table);
	nl_route_table_done(&nl->routes);
	free(nl->changes);
	free(nl);
}

void nl_set_rcvbuf(struct nl *nl, const struct rcvbuf *asked, const char *keyword)
{
	if (asked->bytes == nl->rcvbuf.bytes && asked->is_forced == nl->rcvbuf.is_forced)
		return;
	nl->rcvbuf = *asked;
	rcvbuf_set_as(mnl_socket_get_fd(nl->monitor), asked, MONITOR_BUFFER, keyword);
}

void nl_refresh(struct nl *nl)
{
	nl->is_stale = true;
	timer_arm_in(&nl->wake, 0);
}

unsigned nl_apply(struct nl *nl, struct nl_op *ops, unsigned n, int64_t timeout_us)
{
	unsigned failed = nl_req_apply(&nl->req, ops, n, timeout_us);

	/* At most one notification each, and as many again from others; else the loop reads the
	 * rest. */
	read_monitor(nl, 2 * n + MONITOR_READS);
	if (nl->is_stale || nl->are_routes_stale || nl->n_changes > nl->changes_at)
		timer_arm_in(&nl->wake, 0);
	return failed;
}

static int join_route_groups(struct nl *nl)
{
	static const int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
				      RTNLGRP_IPV6_RULE };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (mnl_socket_setsockopt(nl->monitor, NETLINK_ADD_MEMBERSHIP,
					  (void *)(uintptr_t)&groups[i], sizeof(groups[i])) < 0)
			return -errno;
	}
	nl->has_routes = true;
	return 0;
}

int nl_watch_routes(struct nl *nl, uint8_t protocol)
{
	int result;

	if (nl->routes.is_watched[protocol])
		return 0;
	/* The filter first: all that comes after it is told, and what was before it is read. */
	nl->routes.is_watched[protocol] = true;
	result = nl_filter_routes(mnl_socket_get_fd(nl->monitor), nl->routes.is_watched);
	if (result == 0 && !nl->has_routes)
		result = join_route_groups(nl);
	if (result < 0) {
		nl->routes.is_watched[protocol] = false;
		return result;
	}
	return resync_routes(nl);
}

/* ---- links ---- */

static int do_link(struct nl *nl)
{
	int result = nl_req_do(&nl->req, LINK_TIMEOUT_US);

	read_monitor(nl, MONITOR_READS);
	if (nl->is_stale || nl->are_routes_stale || nl->n_changes > nl->changes_at)
		timer_arm_in(&nl->wake, 0);
	return result;
}

int nl_macvlan_add(struct nl *nl, const struct nl_upper *upper)
{
	nl_req_put_macvlan(&nl->req, upper);
	return do_link(nl);
}

int nl_ipvlan_add(struct nl *nl, const struct nl_upper *upper)
{
	nl_req_put_ipvlan(&nl->req, upper);
	return do_link(nl);
}

int nl_link_set_master(struct nl *nl, uint32_t ifindex, uint32_t master)
{
	nl_req_put_link_master(&nl->req, ifindex, master);
	return do_link(nl);
}

int nl_link_set_up(struct nl *nl, uint32_t ifindex, bool is_up)
{
	nl_req_put_link_flag(&nl->req, ifindex, IFF_UP, is_up);
	return do_link(nl);
}

int nl_link_del(struct nl *nl, uint32_t ifindex)
{
	nl_req_put_link_del(&nl->req, ifindex);
	return do_link(nl);
}

/* ---- queries ---- */

bool nl_has_route(const struct nl *nl, const struct nl_route *want)
{
	return nl_route_table_has(&nl->routes, want);
}

bool nl_has_rule(const struct nl *nl, const struct nl_rule *want)
{
	return nl_route_table_has_rule(&nl->routes, want);
}

const struct nl_link *nl_link_by_name(const struct nl *nl, const char *name)
{
	for (uint32_t i = 0; i < nl->table.n_links; i++) {
		if (strcmp(nl->table.links[i].name, name) == 0)
			return &nl->table.links[i];
	}
	return NULL;
}

const struct nl_link *nl_link_by_index(const struct nl *nl, uint32_t ifindex)
{
	return nl_table_link(&nl->table, ifindex);
}

uint32_t nl_addr_count(const struct nl *nl)
{
	return nl->table.n_addrs;
}

const struct nl_addr *nl_addr_at(const struct nl *nl, uint32_t i)
{
	return &nl->table.addrs[i].addr;
}

const struct nl_addr *nl_addr_find(const struct nl *nl, uint32_t ifindex, const struct addr *addr)
{
	return nl_table_addr(&nl->table, ifindex, addr, -1);
}

const struct nl_addr *nl_addr_find_prefix(const struct nl *nl, uint32_t ifindex,
					  const struct addr *addr, uint8_t prefix_len)
{
	return nl_table_addr(&nl->table, ifindex, addr, prefix_len);
}

/* Whether `a` may be the source of packets of this family that stay on the link or leave it. */
static bool is_source(const struct nl_addr *a, uint32_t ifindex, int family)
{
	if (a->ifindex != ifindex || a->addr.family != family)
		return false;
	if (family == AF_INET6)
		return a->scope == RT_SCOPE_LINK &&
		       !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
	return a->scope == RT_SCOPE_UNIVERSE;
}

/* The kernel's order: primary addresses before secondary ones, each as they came. */
static bool is_before(const struct nl_table_addr *a, const struct nl_table_addr *b)
{
	uint32_t a_late = a->addr.flags & IFA_F_SECONDARY, b_late = b->addr.flags & IFA_F_SECONDARY;

	return a_late != b_late ? a_late < b_late : a->serial < b->serial;
}

const struct nl_addr *nl_primary_addr(const struct nl *nl, uint32_t ifindex, int family,
				      bool (*skip)(const struct addr *addr, void *arg), void *arg)
{
	const struct nl_table_addr *best = NULL;

	for (uint32_t i = 0; i < nl->table.n_addrs; i++) {
		const struct nl_table_addr *e = &nl->table.addrs[i];
		if (is_source(&e->addr, ifindex, family) && (!best || is_before(e, best)) &&
		    !(skip && skip(&e->addr.addr, arg)))
			best = e;
	}
	return best ? &best->addr : NULL;
}
