/*
 * Our table in nf_tables: see nft.h. VRRP child; owns the socket and its buffers.
 */
#include "vrrp/nft.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/clock.h"
#include "lib/nl_req.h"

#define NEWS_MAX  64           /* datagrams at a time */
#define SEND_SIZE (128 * 1024) /* a transaction; less than a socket may send at once */

struct nft {
	struct mnl_socket *sock;
	struct mnl_socket *news; /* what is changed, by whomever; NULL = not to be had */
	uint32_t seq;
	char *out, *in;
};

/* In a socket of its own: what others do must not fill the one that answers are read from. */
static struct mnl_socket *open_news(void)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int group = NFNLGRP_NFTABLES;

	if (sock &&
	    (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	     mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)) {
		mnl_socket_close(sock);
		sock = NULL;
	}
	return sock;
}

struct nft *nft_open(void)
{
	struct nft *nft = xcalloc(1, sizeof(*nft));
	int error;

	nft->sock = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!nft->sock || mnl_socket_bind(nft->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = errno;
		nft_free(nft);
		errno = error;
		return NULL;
	}
	const int on = 1;
	mnl_socket_setsockopt(nft->sock, NETLINK_CAP_ACK, (void *)(uintptr_t)&on, sizeof(on));
	nft->news = open_news();
	nft->out = xcalloc(1, SEND_SIZE);
	nft->in = xcalloc(1, NL_BUFFER_SIZE);
	return nft;
}

void nft_free(struct nft *nft)
{
	if (!nft)
		return;
	if (nft->sock)
		mnl_socket_close(nft->sock);
	if (nft->news)
		mnl_socket_close(nft->news);
	free(nft->out);
	free(nft->in);
	free(nft);
}

/* ---- answers ---- */

/* The kernel mostly has answered when the request returns. 0, -ETIMEDOUT or -errno. */
static int wait_readable(const struct nft *nft, time_us deadline)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(nft->sock), .events = POLLIN };

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

struct answer {
	uint32_t first, last; /* numbers of the request */
	bool is_complete;
	bool is_ours; /* a table that was asked for */
	int error;
};

static void take_answer(struct answer *a, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_seq - a->first > a->last - a->first)
		return; /* of an earlier request */
	if (nlh->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE))
		a->is_ours = nft_msg_is_ours(nlh);
	if (nlh->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return;
	if (a->error == 0)
		a->error = *(const int *)mnl_nlmsg_get_payload(nlh);
	a->is_complete = a->error != 0 || nlh->nlmsg_seq == a->last;
}

/* Sends what is in the buffer and reads until the last message, or one that failed, is answered. */
static int exchange(struct nft *nft, size_t len, struct answer *a, time_us deadline)
{
	if (mnl_socket_sendto(nft->sock, nft->out, len) < 0)
		return -errno;
	while (!a->is_complete) {
		int result = wait_readable(nft, deadline);
		if (result < 0)
			return result;
		result = nl_receive(nft->sock, nft->in, NL_BUFFER_SIZE);
		if (result < 0 && result != -EAGAIN)
			return result;
		const struct nlmsghdr *nlh = (const void *)nft->in;
		for (; result > 0 && mnl_nlmsg_ok(nlh, result); nlh = mnl_nlmsg_next(nlh, &result))
			take_answer(a, nlh);
	}
	return a->error;
}

/* ---- requests ---- */

static int commit(struct nft *nft, struct nft_msg *m, time_us deadline)
{
	struct answer a = { .first = nft->seq + 1 };

	if (m->error)
		return m->error;
	nft_msg_end(m);
	a.last = m->seq;
	nft->seq = m->seq + 1;
	return exchange(nft, m->len, &a, deadline);
}

static time_us deadline_of(int64_t timeout_us)
{
	return time_add(clock_now(clock_system()), timeout_us);
}

static int change(struct nft *nft, const char *table, const struct drop_op *ops, uint32_t n,
		  time_us deadline)
{
	int result = 0;

	for (uint32_t done = 0; result == 0 && done < n;) {
		struct nft_msg m;
		nft_msg_begin(&m, nft->out, SEND_SIZE, nft->seq);
		done += nft_msg_ops(&m, table, ops + done, n - done);
		result = commit(nft, &m, deadline);
	}
	return result;
}

/* 0 = there and ours, -EEXIST = somebody else's, -ENOENT or another error. */
static int look(struct nft *nft, const char *table, time_us deadline)
{
	struct answer a = { .first = nft->seq + 1, .last = nft->seq + 1 };
	size_t len = nft_msg_ask(nft->out, table, ++nft->seq);
	int result = exchange(nft, len, &a, deadline);

	if (result == 0 && !a.is_ours)
		result = -EEXIST;
	return result;
}

int nft_install(struct nft *nft, const struct nft_conf *conf, const struct drop_op *ops, uint32_t n,
		int64_t timeout_us)
{
	time_us deadline = deadline_of(timeout_us);
	int result = look(nft, conf->table, deadline);
	struct nft_msg m;
	uint32_t done;

	if (result < 0 && result != -ENOENT)
		return result;
	/* With the addresses in the same transaction no packet slips through. */
	nft_msg_begin(&m, nft->out, SEND_SIZE, nft->seq);
	nft_msg_table(&m, conf);
	done = nft_msg_ops(&m, conf->table, ops, n);
	result = commit(nft, &m, deadline);
	return result < 0 ? result : change(nft, conf->table, ops + done, n - done, deadline);
}

int nft_change(struct nft *nft, const char *table, const struct drop_op *ops, uint32_t n,
	       int64_t timeout_us)
{
	return change(nft, table, ops, n, deadline_of(timeout_us));
}

/* Nothing to do where there is no such table, or another program's. */
static int remove_tables(struct nft *nft, const char *table, int64_t timeout_us,
			 void (*put)(struct nft_msg *m, const char *table))
{
	time_us deadline = deadline_of(timeout_us);
	int result = look(nft, table, deadline);
	struct nft_msg m;

	if (result == -ENOENT || result == -EEXIST)
		return 0;
	if (result < 0)
		return result;
	nft_msg_begin(&m, nft->out, SEND_SIZE, nft->seq);
	put(&m, table);
	return commit(nft, &m, deadline);
}

int nft_remove(struct nft *nft, const char *table, int64_t timeout_us)
{
	return remove_tables(nft, table, timeout_us, nft_msg_remove);
}

/* ---- leases ---- */

/* All in one transaction: no packet slips through, and none of a router that goes on is lost. */
int nft_lease_install(struct nft *nft, const struct nft_conf *conf, const struct lease_elem *elems,
		      uint32_t n, int64_t timeout_us)
{
	time_us deadline = deadline_of(timeout_us);
	int result = look(nft, conf->table, deadline);
	struct nft_msg m;

	if (result < 0 && result != -ENOENT)
		return result;
	nft_msg_begin(&m, nft->out, SEND_SIZE, nft->seq);
	nft_msg_lease_tables(&m, conf);
	nft_msg_lease_addrs(&m, conf->table, elems, n);
	nft_msg_lease_alive(&m, conf->table, elems, n, false);
	return commit(nft, &m, deadline);
}

/* An element that is there keeps its time, so it is replaced; one whose time is over is not there.
 */
int nft_lease_renew(struct nft *nft, const char *table, const struct lease_elem *elems, uint32_t n,
		    int64_t timeout_us)
{
	time_us deadline = deadline_of(timeout_us);
	int result = -ENOENT;
	struct nft_msg m;

	for (int is_first = 1; result == -ENOENT && is_first >= 0; is_first--) {
		nft_msg_begin(&m, nft->out, SEND_SIZE, nft->seq);
		nft_msg_lease_alive(&m, table, elems, n, is_first);
		result = commit(nft, &m, deadline);
	}
	return result;
}

int nft_lease_remove(struct nft *nft, const char *table, int64_t timeout_us)
{
	return remove_tables(nft, table, timeout_us, nft_msg_lease_remove);
}

/* ---- news ---- */

int nft_news_fd(const struct nft *nft)
{
	return nft->news ? mnl_socket_get_fd(nft->news) : -1;
}

bool nft_read_news(struct nft *nft, const char *table)
{
	const uint32_t ours = mnl_socket_get_portid(nft->sock);
	bool is_removed = false;

	for (int i = 0; i < NEWS_MAX; i++) {
		int n = nl_receive(nft->news, nft->in, NL_BUFFER_SIZE);
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return true;
		const struct nlmsghdr *nlh = (const void *)nft->in;
		for (; n > 0 && mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
			if (nlh->nlmsg_pid != ours && nft_msg_is_removal(nlh, table))
				is_removed = true;
		}
	}
	return is_removed;
}
