/*
 * Requests to rtnetlink: see nl_req.h. Used by nl.c in the VRRP child.
 *
 * Replies are matched by sequence number, so that an answer that comes after its request timed out
 * is ignored.
 */
#include "lib/nl_req.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define ADDR_SIZE_MAX  256 /* the longest message of an address has about 150 bytes */
#define RECEIVE_BUFFER (1024 * 1024)

/* ---- socket ---- */

int nl_req_open(struct nl_req *req)
{
	const int on = 1, size = RECEIVE_BUFFER;

	req->buffer = malloc(NL_BUFFER_SIZE);
	if (!req->buffer)
		return -ENOMEM;
	req->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!req->sock || mnl_socket_bind(req->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = errno;
		nl_req_close(req);
		return -error;
	}
	int fd = mnl_socket_get_fd(req->sock);
	/* Both only help: error replies without a copy of the request, room for all replies to a
	 * batch. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return 0;
}

void nl_req_close(struct nl_req *req)
{
	if (req->sock)
		mnl_socket_close(req->sock);
	free(req->buffer);
	memset(req, 0, sizeof(*req));
}

int nl_receive(struct mnl_socket *sock, void *buffer, size_t size)
{
	struct sockaddr_nl from = { .nl_family = AF_UNSPEC };
	struct iovec iov = { buffer, size };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1
	};

	ssize_t len = recvmsg(mnl_socket_get_fd(sock), &msg, MSG_DONTWAIT);
	if (len < 0)
		return -errno;
	if (msg.msg_flags & MSG_TRUNC)
		return -ENOBUFS;
	if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
		return 0;
	return (int)len;
}

/* Waits until a datagram is there. 0, -ETIMEDOUT or -errno. */
static int wait_readable(const struct nl_req *req, time_us deadline)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(req->sock), .events = POLLIN };

	for (;;) {
		int64_t left_us = time_sub(deadline, clock_now(clock_system()));
		struct timespec wait = { left_us / US_PER_S, left_us % US_PER_S * 1000 };
		if (left_us <= 0)
			return -ETIMEDOUT;
		int n = ppoll(&pfd, 1, &wait, NULL);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* Receives into the buffer: length (0 = not from the kernel) or -errno. */
static int receive_reply(struct nl_req *req, time_us deadline)
{
	if (time_cmp(clock_now(clock_system()), deadline) >= 0)
		return -ETIMEDOUT;
	int len = nl_receive(req->sock, req->buffer, NL_BUFFER_SIZE);
	if (len != -EAGAIN)
		return len;
	int result = wait_readable(req, deadline);
	return result < 0 ? result : nl_receive(req->sock, req->buffer, NL_BUFFER_SIZE);
}

static bool is_reply(const struct nl_req *req, const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_pid == mnl_socket_get_portid(req->sock);
}

/* The error in an NLMSG_ERROR (0 = acknowledged). */
static int reply_error(const struct nlmsghdr *nlh)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return -EBADMSG;
	return *(const int *)mnl_nlmsg_get_payload(nlh);
}

static int send_bytes(struct nl_req *req, size_t len)
{
	return mnl_socket_sendto(req->sock, req->buffer, len) < 0 ? -errno : 0;
}

/* ---- dump ---- */

/* One datagram of a dump: 1 = more to come, 0 = complete, -errno. */
static int dump_datagram(const struct nl_req *req, int len,
			 void (*on_msg)(const struct nlmsghdr *, void *), void *arg, bool *is_torn)
{
	const struct nlmsghdr *nlh = (const void *)req->buffer;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (!is_reply(req, nlh) || nlh->nlmsg_seq != req->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*is_torn = true;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return 0;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return reply_error(nlh);
		on_msg(nlh, arg);
	}
	return 1;
}

/* Sends the request in the buffer, reads the whole answer. */
static int run_dump(struct nl_req *req, int64_t timeout_us,
		    void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	time_us deadline = time_add(clock_now(clock_system()), timeout_us);
	struct nlmsghdr *nlh = (void *)req->buffer;
	bool is_torn = false;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++req->seq;
	int result = send_bytes(req, nlh->nlmsg_len);
	if (result < 0)
		return result;
	for (result = 1; result > 0;) {
		int len = receive_reply(req, deadline);
		result = len < 0 ? len : dump_datagram(req, len, on_msg, arg, &is_torn);
	}
	return result == 0 && is_torn ? -EINTR : result;
}

int nl_req_ask(struct nl_req *req, int64_t timeout_us,
	       void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	time_us deadline = time_add(clock_now(clock_system()), timeout_us);
	struct nlmsghdr *nlh = (void *)req->buffer;
	bool is_torn = false;

	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = ++req->seq;
	int result = send_bytes(req, nlh->nlmsg_len);
	if (result < 0)
		return result;
	for (result = 1; result > 0;) {
		int len = receive_reply(req, deadline);
		result = len < 0 ? len : dump_datagram(req, len, on_msg, arg, &is_torn);
	}
	return result;
}

static void ignore_msg(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	(void)arg;
}

int nl_req_do(struct nl_req *req, int64_t timeout_us)
{
	return nl_req_ask(req, timeout_us, ignore_msg, NULL);
}

int nl_req_dump(struct nl_req *req, uint16_t type, int64_t timeout_us,
		void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buffer);

	nlh->nlmsg_type = type;
	/* An ifinfomsg of zeros asks for all families; the other headers begin alike and are not
	 * longer. */
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return run_dump(req, timeout_us, on_msg, arg);
}

int nl_req_dump_routes(struct nl_req *req, uint8_t protocol, int64_t timeout_us,
		       void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const int on = 1, off = 0, fd = mnl_socket_get_fd(req->sock);
	int result = 0;

	/* In strict mode the kernel heeds what the header asks for. */
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	for (size_t i = 0; i < sizeof(families) && result == 0; i++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buffer);
		nlh->nlmsg_type = RTM_GETROUTE;
		struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
		rtm->rtm_family = families[i];
		rtm->rtm_protocol = protocol;
		result = run_dump(req, timeout_us, on_msg, arg);
		if (result == -EOPNOTSUPP || result == -EAFNOSUPPORT)
			result = 0; /* a host without this family */
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &off, sizeof(off));
	return result;
}

/* ---- apply ---- */

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	mnl_attr_put(nlh, type, addr_len(a->family), a->bytes);
}

static void put_new_addr(struct nlmsghdr *nlh, const struct nl_addr *a)
{
	if (!addr_is_unset(&a->broadcast))
		put_addr(nlh, IFA_BROADCAST, &a->broadcast);
	if (a->label[0] != '\0')
		mnl_attr_put_strz(nlh, IFA_LABEL, a->label);
	if (a->flags)
		mnl_attr_put_u32(nlh, IFA_FLAGS, a->flags);
	if (a->valid_s != NL_FOREVER || a->preferred_s != NL_FOREVER) {
		const struct ifa_cacheinfo cache = { .ifa_prefered = a->preferred_s,
						     .ifa_valid = a->valid_s };
		mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(cache), &cache);
	}
	/* Kernels before 5.18 skip what they do not know. */
	mnl_attr_put_u8(nlh, IFA_PROTO, NL_PROTO_DIARCH);
}

static void put_addr_op(struct nlmsghdr *nlh, const struct nl_op *op)
{
	const struct nl_addr *a = &op->addr;
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	info->ifa_family = a->addr.family;
	info->ifa_prefixlen = a->prefix_len;
	info->ifa_scope = a->scope;
	info->ifa_index = a->ifindex;
	put_addr(nlh, IFA_LOCAL, &a->addr);
	put_addr(nlh, IFA_ADDRESS, addr_is_unset(&a->peer) ? &a->addr : &a->peer);
	if (op->kind != NL_OP_ADDR_DEL)
		put_new_addr(nlh, a);
}

static uint16_t flags_of(const struct nl_op *op)
{
	static const uint16_t of_place[] = {
		[NL_ROUTE_PREPEND] = NLM_F_CREATE,
		[NL_ROUTE_APPEND] = NLM_F_CREATE | NLM_F_APPEND,
		[NL_ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
	};

	switch (op->kind) {
	case NL_OP_ADDR_ADD:
	case NL_OP_RULE_ADD: return NLM_F_CREATE | NLM_F_EXCL;
	case NL_OP_ROUTE_ADD:
		return op->is_replacing ? NLM_F_CREATE | NLM_F_REPLACE : of_place[op->route->place];
	case NL_OP_ADDR_SET: return NLM_F_CREATE | NLM_F_REPLACE;
	case NL_OP_ADDR_DEL:
	case NL_OP_ROUTE_DEL:
	case NL_OP_RULE_DEL: break;
	}
	return 0;
}

static size_t op_size_max(const struct nl_op *op)
{
	switch (op->kind) {
	case NL_OP_ADDR_ADD:
	case NL_OP_ADDR_SET:
	case NL_OP_ADDR_DEL: break;
	case NL_OP_ROUTE_ADD:
	case NL_OP_ROUTE_DEL: return nl_route_size_max(op->route);
	case NL_OP_RULE_ADD:
	case NL_OP_RULE_DEL: return NL_RULE_SIZE_MAX;
	}
	return ADDR_SIZE_MAX;
}

static size_t put_op(void *at, const struct nl_op *op, uint32_t seq)
{
	static const uint16_t types[] = {
		[NL_OP_ADDR_ADD] = RTM_NEWADDR,   [NL_OP_ADDR_SET] = RTM_NEWADDR,
		[NL_OP_ADDR_DEL] = RTM_DELADDR,   [NL_OP_ROUTE_ADD] = RTM_NEWROUTE,
		[NL_OP_ROUTE_DEL] = RTM_DELROUTE, [NL_OP_RULE_ADD] = RTM_NEWRULE,
		[NL_OP_RULE_DEL] = RTM_DELRULE,
	};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);

	nlh->nlmsg_type = types[op->kind];
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags_of(op);
	nlh->nlmsg_seq = seq;
	switch (op->kind) {
	case NL_OP_ADDR_ADD:
	case NL_OP_ADDR_SET:
	case NL_OP_ADDR_DEL: put_addr_op(nlh, op); break;
	case NL_OP_ROUTE_ADD:
	case NL_OP_ROUTE_DEL: nl_route_put(nlh, op->route); break;
	case NL_OP_RULE_ADD:
	case NL_OP_RULE_DEL: nl_rule_put(nlh, op->rule); break;
	}
	return MNL_ALIGN(nlh->nlmsg_len);
}

/* 0 when the kernel's answer means that things are now as the operation wanted them. */
static int op_result(const struct nl_op *op, int error)
{
	switch (op->kind) {
	case NL_OP_ADDR_SET: return error;
	case NL_OP_ADDR_ADD:
	case NL_OP_ROUTE_ADD:
	case NL_OP_RULE_ADD: return error == -EEXIST ? 0 : error;
	case NL_OP_ADDR_DEL: return error == -EADDRNOTAVAIL || error == -ENODEV ? 0 : error;
	case NL_OP_ROUTE_DEL: return error == -ESRCH || error == -ENODEV ? 0 : error;
	case NL_OP_RULE_DEL: return error == -ENOENT ? 0 : error;
	}
	return error;
}

/* Takes the results out of one datagram; how many there were. */
static unsigned take_results(const struct nl_req *req, int len, uint32_t first_seq,
			     struct nl_op *ops, unsigned n)
{
	const struct nlmsghdr *nlh = (const void *)req->buffer;
	unsigned taken = 0;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		uint32_t i = nlh->nlmsg_seq - first_seq;
		if (!is_reply(req, nlh) || nlh->nlmsg_type != NLMSG_ERROR || i >= n)
			continue;
		ops[i].error = op_result(&ops[i], reply_error(nlh));
		taken++;
	}
	return taken;
}

/* How many of the operations fit into one system call. */
static unsigned batch_len(const struct nl_op *ops, unsigned n)
{
	size_t size = 0;
	unsigned i = 0;

	while (i < n && i < NL_BATCH_OPS && size + op_size_max(&ops[i]) <= NL_BUFFER_SIZE)
		size += op_size_max(&ops[i++]);
	return i;
}

/* One system call's worth of operations. */
static void apply_batch(struct nl_req *req, struct nl_op *ops, unsigned n, time_us deadline)
{
	uint32_t first_seq = req->seq + 1;
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += put_op(req->buffer + len, &ops[i], ++req->seq);
	int result = send_bytes(req, len);
	for (unsigned i = 0; result < 0 && i < n; i++)
		ops[i].error = result;
	unsigned open = result < 0 ? 0 : n;
	while (open > 0) {
		int got = receive_reply(req, deadline);
		if (got < 0 && got != -ENOBUFS)
			return;
		unsigned taken = got > 0 ? take_results(req, got, first_seq, ops, n) : 0;
		open -= taken < open ? taken : open;
	}
}

unsigned nl_req_apply(struct nl_req *req, struct nl_op *ops, unsigned n, int64_t timeout_us)
{
	time_us deadline = time_add(clock_now(clock_system()), timeout_us);
	unsigned failed = 0;

	for (unsigned i = 0; i < n; i++)
		ops[i].error = -ETIMEDOUT;
	_Static_assert(NL_BUFFER_SIZE / ADDR_SIZE_MAX >= NL_BATCH_OPS, "full batches of addresses");
	for (unsigned i = 0, step; i < n && time_cmp(clock_now(clock_system()), deadline) < 0;
	     i += step) {
		step = batch_len(ops + i, n - i);
		apply_batch(req, ops + i, step, deadline);
	}
	for (unsigned i = 0; i < n; i++)
		failed += ops[i].error != 0;
	return failed;
}
