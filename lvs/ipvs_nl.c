/*
 * Kernel IPVS through generic netlink: socket, requests, confirmed dumps and batches.
 *
 * Used by the checker child and lvsadm, one backend per process and thread. Owns one netlink
 * socket.
 */
#include "lvs/ipvs_nl.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/log.h"
#include "lvs/ipvs_nl_msg.h"
#include "lvs/ipvs_nl_request.h"

#define RX_SIZE       32768     /* the kernel fills dump packets up to this */
#define RX_QUEUE_SIZE (1 << 20) /* must hold the acknowledgements of a batch */
#define MSG_SIZE      512       /* one request; the largest has about 250 bytes */
#define BATCH_MAX     64        /* operations in one send */
#define ACK_SIZE      64        /* header, error and the header it answers */
#define CONFIRM_MAX   3
#define PACKETS_MAX   100000 /* of one answer; some millions of entries */
#define PENDING       (-EINPROGRESS)

struct ipvs_nl {
	struct ipvs_backend backend; /* first: both have one address */
	struct nl_sock *sock;        /* NULL when it must be opened (again) */
	int family_id;
	uint32_t seq; /* of the next message */
	int64_t timeout_us;
	uint32_t rx[RX_SIZE / sizeof(uint32_t)];
	uint8_t tx[BATCH_MAX * MSG_SIZE];
};

static struct ipvs_nl *nl_of(struct ipvs_backend *backend)
{
	return (struct ipvs_nl *)(void *)backend;
}

static void sock_close(struct ipvs_nl *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

static int sock_set_options(struct ipvs_nl *nl)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval timeout = {
		.tv_sec = nl->timeout_us / 1000000,
		.tv_usec = nl->timeout_us % 1000000,
	};
	const int on = 1, size = RX_QUEUE_SIZE;
	int fd = nl_socket_get_fd(nl->sock);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	/* Connected to the kernel, no other process can put messages into our queue. */
	if (connect(fd, (const struct sockaddr *)(const void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	/* Room for answers, and answers without a copy of the request; both may be refused. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

static int errno_of_nle(int nle)
{
	switch (-nle) {
	case NLE_OBJ_NOTFOUND: return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS: return -EPERM;
	case NLE_NOMEM: return -ENOMEM;
	case NLE_AGAIN: return -ETIMEDOUT;
	default: return -EPROTO;
	}
}

static int sock_open(struct ipvs_nl *nl)
{
	int err;

	if (nl->sock)
		return 0;
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return -ENOMEM;
	err = genl_connect(nl->sock);
	err = err < 0 ? errno_of_nle(err) : sock_set_options(nl);
	if (err == 0) {
		nl->family_id = genl_ctrl_resolve(nl->sock, IPVS_GENL_NAME);
		err = nl->family_id < 0 ? errno_of_nle(nl->family_id) : 0;
	}
	if (err != 0)
		sock_close(nl);
	return err;
}

/* A request without its attributes and sequence number; NULL when out of memory. */
static struct nl_msg *msg_new(const struct ipvs_nl *nl, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MSG_SIZE);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family_id, 0,
				NLM_F_REQUEST | flags, cmd, IPVS_GENL_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int sock_send(struct ipvs_nl *nl, const void *data, size_t len)
{
	ssize_t sent;

	do
		sent = send(nl_socket_get_fd(nl->sock), data, len, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/*
 * After an error of receiving, answers may still come: only a new socket is free of them. Returns
 * -errno.
 */
static int sock_fail(struct ipvs_nl *nl)
{
	int err = errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;

	sock_close(nl);
	return err;
}

/* One packet into the receive buffer: its length, 0 (none, with MSG_DONTWAIT) or -errno. */
static int sock_recv(struct ipvs_nl *nl, int flags)
{
	ssize_t n;

	do
		n = recv(nl_socket_get_fd(nl->sock), nl->rx, sizeof(nl->rx), MSG_TRUNC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN && (flags & MSG_DONTWAIT))
		return 0;
	if (n >= 0 && n <= (ssize_t)sizeof(nl->rx))
		return (int)n;
	if (n > 0)
		errno = EMSGSIZE;
	return sock_fail(nl);
}

/* The result carried by NLMSG_ERROR and NLMSG_DONE: 0 or -errno. */
static int reply_result(const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nlmsg_datalen(nlh) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(nlh), sizeof(err));
	return err > 0 ? -EPROTO : err;
}

/* Answers to one request as they come in. */
struct answer {
	uint32_t seq;
	ipvs_on_reply_fn *on_reply;
	void *arg;
	unsigned n_packets; /* that carried entries */
	bool may_be_silent; /* as in struct ipvs_request */
	bool is_done;
	int err;
};

static void answer_take(struct answer *answer, struct nlmsghdr *nlh, int left)
{
	bool has_entry = false;

	for (; nlmsg_ok(nlh, left) && !answer->is_done; nlh = nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != answer->seq)
			continue;
		if ((nlh->nlmsg_flags & NLM_F_DUMP_INTR) && answer->err == 0)
			answer->err = -EAGAIN;
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			int err = reply_result(nlh);

			answer->is_done = true;
			answer->err = err != 0 ? err : answer->err;
		} else {
			has_entry = true;
			if (answer->err == 0 && answer->on_reply)
				answer->err = answer->on_reply(nlh, answer->arg);
		}
	}
	answer->n_packets += has_entry;
}

/* Sends one request and reads until its acknowledgement or the end of the dump. 0 or -errno. */
static int request(struct ipvs_nl *nl, struct nl_msg *msg, struct answer *answer)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	unsigned i;
	int n;

	answer->seq = nlh->nlmsg_seq = nl->seq++;
	n = sock_send(nl, nlh, nlh->nlmsg_len);
	for (i = 0; i < PACKETS_MAX && n >= 0 && !answer->is_done; i++) {
		n = sock_recv(nl, answer->may_be_silent ? MSG_DONTWAIT : 0);
		if (n > 0)
			answer_take(answer, (void *)nl->rx, n);
		else if (n == 0)
			answer->is_done = answer->may_be_silent;
	}
	if (n < 0)
		return n;
	return answer->is_done ? answer->err : -EMSGSIZE;
}

/* A request with what `put` appends (NULL: nothing), on a socket opened if need be. */
static int request_put(struct ipvs_nl *nl, const struct ipvs_request *what, struct answer *answer)
{
	struct nl_msg *msg;
	int err = sock_open(nl);

	if (err != 0)
		return err;
	msg = msg_new(nl, what->cmd, what->flags);
	if (!msg)
		return -ENOMEM;
	if (what->put)
		err = what->put(msg, what->value);
	if (err == 0)
		err = request(nl, msg, answer);
	nlmsg_free(msg);
	return err;
}

int ipvs_nl_request(struct ipvs_backend *backend, const struct ipvs_request *what)
{
	struct answer answer = {
		.on_reply = what->on_reply,
		.arg = what->arg,
		.may_be_silent = what->may_be_silent,
	};

	return request_put(nl_of(backend), what, &answer);
}

static int put_key(struct nl_msg *msg, const void *key)
{
	return ipvs_msg_put_key(msg, key);
}

/* A request about one service, or none with NULL. */
static int request_key(struct ipvs_nl *nl, uint8_t cmd, int flags, const struct ipvs_svc_key *key,
		       struct answer *answer)
{
	const struct ipvs_request what = {
		.cmd = cmd, .flags = flags, .put = key ? put_key : NULL, .value = key
	};

	return request_put(nl, &what, answer);
}

static int on_svc(struct nlmsghdr *nlh, void *arg)
{
	struct ipvs_svc svc;
	int err = ipvs_msg_get_svc(nlh, &svc);

	if (err == 0)
		ipvs_set_append(arg, &svc);
	return err;
}

static int on_dest(struct nlmsghdr *nlh, void *arg)
{
	struct ipvs_svc *svc = arg;
	struct ipvs_dest dest;
	int err = ipvs_msg_get_dest(nlh, svc->key.family, &dest);

	if (err == 0)
		svc_append_dest(svc, &dest);
	return err;
}

/*
 * Reads services (one, or all with `only` NULL) and their destinations in the kernel's order.
 * `is_sure` becomes false when a table came in several packets: a change between two of them makes
 * the kernel skip entries.
 */
static int read_tables(struct ipvs_nl *nl, const struct ipvs_svc_key *only, struct ipvs_set *out,
		       bool *is_sure)
{
	struct answer services = { .on_reply = on_svc, .arg = out };
	struct ipvs_svc *svc;
	int err = request_key(nl, IPVS_CMD_GET_SERVICE, only ? NLM_F_ACK : NLM_F_DUMP, only,
			      &services);

	*is_sure = services.n_packets <= 1;
	ipvs_set_for_each (svc, out) {
		struct answer dests = { .on_reply = on_dest, .arg = svc };

		if (err == 0)
			err = request_key(nl, IPVS_CMD_GET_DEST, NLM_F_DUMP, &svc->key, &dests);
		*is_sure &= dests.n_packets <= 1;
	}
	return err;
}

static bool has_same_keys(const struct ipvs_set *a, const struct ipvs_set *b)
{
	uint32_t i, j;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct ipvs_svc *x = &a->svcs[i], *y = &b->svcs[i];

		if (svc_key_cmp(&x->key, &y->key) != 0 || x->n_dests != y->n_dests)
			return false;
		for (j = 0; j < x->n_dests; j++)
			if (dest_key_cmp(&x->dests[j].key, &y->dests[j].key) != 0)
				return false;
	}
	return true;
}

/* Reads until two readings in a row agree, or one reading is sure by itself. */
static int kernel_dump(struct ipvs_backend *backend, struct ipvs_set *out)
{
	struct ipvs_nl *nl = nl_of(backend);
	struct ipvs_set last;
	bool has_last = false;
	unsigned tries;
	int err = -EAGAIN;

	ipvs_set_init(&last);
	for (tries = 0; err == -EAGAIN && tries <= CONFIRM_MAX; tries++) {
		bool is_sure = false;

		ipvs_set_done(&last);
		last = *out;
		ipvs_set_init(out);
		err = read_tables(nl, NULL, out, &is_sure);
		ipvs_set_sort(out);
		if (err == 0 && !is_sure && !(has_last && has_same_keys(&last, out))) {
			err = -EAGAIN;
			has_last = true;
		} else {
			has_last = false;
		}
	}
	ipvs_set_done(&last);
	if (err != 0)
		ipvs_set_done(out);
	return err;
}

/*
 * Puts the messages of `ops` (at most BATCH_MAX) into the send buffer, numbered by position. Bytes.
 */
static size_t batch_fill(struct ipvs_nl *nl, struct ipvs_op *ops, unsigned n)
{
	size_t len = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct nl_msg *msg = NULL;

		ops[i].error = ipvs_op_check(&ops[i]);
		if (ops[i].error == 0) {
			msg = msg_new(nl, ipvs_msg_cmd(ops[i].kind), NLM_F_ACK);
			ops[i].error = msg ? ipvs_msg_put_op(msg, &ops[i]) : -ENOMEM;
		}
		if (ops[i].error == 0) {
			struct nlmsghdr *nlh = nlmsg_hdr(msg);

			nlh->nlmsg_seq = nl->seq + i;
			memcpy(nl->tx + len, nlh, nlh->nlmsg_len);
			len += NLMSG_ALIGN(nlh->nlmsg_len);
			ops[i].error = PENDING;
		}
		nlmsg_free(msg);
	}
	return len;
}

static void batch_end(struct ipvs_op *ops, unsigned n, int error)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (ops[i].error == PENDING)
			ops[i].error = error;
}

/* Gives one acknowledgement to its operation. */
static bool batch_take(struct ipvs_nl *nl, struct ipvs_op *ops, unsigned n,
		       const struct nlmsghdr *nlh)
{
	uint32_t i = nlh->nlmsg_seq - nl->seq;

	if (nlh->nlmsg_type != NLMSG_ERROR || i >= n || ops[i].error != PENDING)
		return false;
	ops[i].error = reply_result(nlh);
	return true;
}

/*
 * Reads acknowledgements, as many per call as there are, until `n_pending` operations have theirs.
 */
static void batch_collect(struct ipvs_nl *nl, struct ipvs_op *ops, unsigned n, unsigned n_pending)
{
	uint32_t acks[BATCH_MAX][ACK_SIZE / sizeof(uint32_t)];
	struct iovec iov[BATCH_MAX];
	struct mmsghdr msgs[BATCH_MAX] = { 0 };
	unsigned i;
	int got;

	for (i = 0; i < BATCH_MAX; i++) {
		iov[i] = (struct iovec){ acks[i], ACK_SIZE };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while (n_pending > 0) {
		got = recvmmsg(nl_socket_get_fd(nl->sock), msgs, n_pending, MSG_WAITFORONE, NULL);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			batch_end(ops, n, sock_fail(nl));
			return;
		}
		for (i = 0; i < (unsigned)got; i++) {
			const struct nlmsghdr *nlh = (const void *)acks[i];

			if (msgs[i].msg_len >= NLMSG_LENGTH(sizeof(int)) && n_pending > 0)
				n_pending -= batch_take(nl, ops, n, nlh);
		}
	}
}

static void batch_run(struct ipvs_nl *nl, struct ipvs_op *ops, unsigned n)
{
	unsigned i, n_pending = 0;
	int err = sock_open(nl);
	size_t len;

	if (err != 0) {
		for (i = 0; i < n; i++)
			ops[i].error = err;
		return;
	}
	len = batch_fill(nl, ops, n);
	for (i = 0; i < n; i++)
		n_pending += ops[i].error == PENDING;
	err = n_pending > 0 ? sock_send(nl, nl->tx, len) : 0;
	if (err == 0)
		batch_collect(nl, ops, n, n_pending);
	else
		batch_end(ops, n, err);
	nl->seq += n;
}

static unsigned kernel_apply(struct ipvs_backend *backend, struct ipvs_op *ops, unsigned n)
{
	unsigned i, n_failed = 0;

	for (i = 0; i < n; i += BATCH_MAX)
		batch_run(nl_of(backend), ops + i, n - i < BATCH_MAX ? n - i : BATCH_MAX);
	for (i = 0; i < n; i++)
		n_failed += ops[i].error != 0;
	return n_failed;
}

static void kernel_free(struct ipvs_backend *backend)
{
	if (!backend)
		return;
	sock_close(nl_of(backend));
	free(nl_of(backend));
}

struct ipvs_backend *ipvs_nl_open(int64_t timeout_us)
{
	struct ipvs_nl *nl = xcalloc(1, sizeof(*nl));
	uint32_t version, size;
	int err;

	nl->backend = (struct ipvs_backend){ .dump = kernel_dump,
					     .apply = kernel_apply,
					     .read = ipvs_nl_read,
					     .flush = ipvs_nl_flush,
					     .set_timeouts = ipvs_nl_set_timeouts,
					     .get_sync = ipvs_nl_get_sync,
					     .start_sync = ipvs_nl_start_sync,
					     .stop_sync = ipvs_nl_stop_sync,
					     .free = kernel_free };
	nl->timeout_us = timeout_us;
	/* The family is visible to everyone: only a request shows whether we may. */
	err = ipvs_nl_info(&nl->backend, &version, &size);
	if (err == 0)
		return &nl->backend;
	kernel_free(&nl->backend);
	errno = -err;
	return NULL;
}

int ipvs_nl_read(struct ipvs_backend *backend, const struct ipvs_svc_key *only,
		 struct ipvs_set *out)
{
	bool is_sure;
	int err = read_tables(nl_of(backend), only, out, &is_sure);

	if (err != 0)
		ipvs_set_done(out);
	return err;
}

int ipvs_nl_flush(struct ipvs_backend *backend)
{
	struct answer answer = { 0 };

	return request_key(nl_of(backend), IPVS_CMD_FLUSH, NLM_F_ACK, NULL, &answer);
}

int ipvs_nl_zero(struct ipvs_backend *backend, const struct ipvs_svc_key *key)
{
	struct answer answer = { 0 };

	return request_key(nl_of(backend), IPVS_CMD_ZERO, NLM_F_ACK, key, &answer);
}

struct info {
	uint32_t version, conn_tab_size;
};

static int on_info(struct nlmsghdr *nlh, void *arg)
{
	struct info *info = arg;

	return ipvs_msg_get_info(nlh, &info->version, &info->conn_tab_size);
}

int ipvs_nl_info(struct ipvs_backend *backend, uint32_t *version, uint32_t *conn_tab_size)
{
	struct info info = { 0 };
	struct answer answer = { .on_reply = on_info, .arg = &info };
	int err = request_key(nl_of(backend), IPVS_CMD_GET_INFO, NLM_F_ACK, NULL, &answer);

	*version = info.version;
	*conn_tab_size = info.conn_tab_size;
	return err;
}
