/*
 * Channels between parent and children: framing, checks, queue, descriptors.
 *
 * Parent and children. A channel owns its socket, its queue and the duplicates of descriptors
 * waiting in it. A peer is not trusted: whatever does not fit closes the channel with a reason, and
 * at most IPC_BATCH messages are taken at once so that nobody can keep the loop busy.
 */
#include "lib/ipc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"

#define IPC_BATCH   64
#define IPC_WHY_MAX 96

/* A message waiting for room in the socket. */
struct ipc_out {
	struct ipc_out *next;
	int fd; /* owned; -1 = none */
	size_t len;
	uint8_t data[];
};

struct ipc_chan {
	struct loop *loop;
	int fd; /* -1 = detached */
	struct io io;
	struct timer fail_timer; /* reports an overflow outside ipc_send() */
	enum msg_role own, peer;
	enum msg_phase phase;
	struct ipc_handlers handlers;
	struct ipc_out *out_head, **out_tail;
	size_t queued;
	bool is_in_callback;
	bool is_freed; /* freed inside a callback: memory goes when it returns */
	char why[IPC_WHY_MAX];
	uint8_t rx[IPC_MSG_MAX];
};

/* ---- life ---- */

static void out_drop_head(struct ipc_chan *chan)
{
	struct ipc_out *out = chan->out_head;

	chan->out_head = out->next;
	if (!chan->out_head)
		chan->out_tail = &chan->out_head;
	chan->queued -= sizeof(*out) + out->len;
	if (out->fd >= 0)
		close(out->fd);
	free(out);
}

static void out_drop_all(struct ipc_chan *chan)
{
	while (chan->out_head)
		out_drop_head(chan);
}

static void chan_detach(struct ipc_chan *chan)
{
	if (chan->fd < 0)
		return;
	io_del(&chan->io);
	close(chan->fd);
	chan->fd = -1;
	out_drop_all(chan);
}

void ipc_free(struct ipc_chan *chan)
{
	if (!chan)
		return;
	chan_detach(chan);
	timer_cancel(&chan->fail_timer);
	if (chan->is_in_callback)
		chan->is_freed = true;
	else
		free(chan);
}

/* Ends the bracket around callbacks; false when the channel is gone. */
static bool callback_end(struct ipc_chan *chan)
{
	chan->is_in_callback = false;
	if (!chan->is_freed)
		return true;
	free(chan);
	return false;
}

static void chan_report(struct ipc_chan *chan)
{
	chan_detach(chan);
	chan->is_in_callback = true;
	chan->handlers.on_close(chan, chan->why, chan->handlers.arg);
	callback_end(chan);
}

static void on_fail_timer(struct timer *timer, void *arg)
{
	(void)timer;
	chan_report(arg);
}

/* Closes the channel with a reason; it may be gone after the call. */
static void chan_fail(struct ipc_chan *chan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void chan_fail(struct ipc_chan *chan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(chan->why, sizeof(chan->why), fmt, ap);
	va_end(ap);
	chan_report(chan);
}

void ipc_set_phase(struct ipc_chan *chan, enum msg_phase phase)
{
	chan->phase = phase;
}

size_t ipc_queued(const struct ipc_chan *chan)
{
	return chan->queued;
}

int ipc_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ? -errno : 0;
}

/* ---- sending ---- */

/* Room for the control data of exactly one descriptor, aligned. */
union one_fd {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_now(struct ipc_chan *chan, const void *data, size_t len, int fd)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	union one_fd control = { 0 };
	ssize_t n;

	if (fd >= 0) {
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_LEN(sizeof(int));
	}
	do
		n = sendmsg(chan->fd, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == ECONNRESET ? -EPIPE : -errno; /* it died with mail of ours unread */
}

/* Writes out what waits; 0, or -errno with -EAGAIN when the socket is full again. */
static int out_drain(struct ipc_chan *chan)
{
	int error = 0;

	while (chan->out_head && error == 0) {
		const struct ipc_out *out = chan->out_head;

		error = send_now(chan, out->data, out->len, out->fd);
		if (error == 0)
			out_drop_head(chan);
	}
	if (error && error != -EAGAIN)
		out_drop_all(chan); /* the peer is gone; what it sent before is still read up to the
				       end */
	io_set_events(&chan->io, EPOLLIN | (chan->out_head ? EPOLLOUT : 0u));
	return error;
}

static int out_overflow(struct ipc_chan *chan)
{
	chan_detach(chan);
	snprintf(chan->why, sizeof(chan->why), "send queue overflow");
	timer_arm_at(&chan->fail_timer, loop_now(chan->loop));
	return -ENOBUFS;
}

static int out_enqueue(struct ipc_chan *chan, const void *data, size_t len, int fd)
{
	struct ipc_out *out;

	if (chan->queued + sizeof(*out) + len > IPC_QUEUE_MAX)
		return out_overflow(chan);
	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
	}
	out = xcalloc(1, sizeof(*out) + len);
	out->fd = fd;
	out->len = len;
	memcpy(out->data, data, len);
	*chan->out_tail = out;
	chan->out_tail = &out->next;
	chan->queued += sizeof(*out) + len;
	return io_set_events(&chan->io, EPOLLIN | EPOLLOUT);
}

int ipc_send(struct ipc_chan *chan, const struct msg *msg)
{
	const struct msg_desc *desc = msg_desc(msg->kind);
	uint8_t data[IPC_MSG_MAX];
	struct buf b = buf_writer(data, sizeof(data));
	int fd, error;

	assert(desc && desc->from & chan->own && desc->to & chan->peer &&
	       desc->phase & chan->phase);
	assert(!(desc->phase & MSG_WITH_FD) || msg->fd >= 0);
	if (chan->fd < 0)
		return -EPIPE;
	fd = desc->phase & MSG_WITH_FD ? msg->fd : -1;
	msg_encode(msg, &b);
	if (!buf_ok(&b))
		return -EMSGSIZE;
	if (chan->out_head)
		return out_enqueue(chan, data, b.len, fd);
	error = send_now(chan, data, b.len, fd);
	return error == -EAGAIN ? out_enqueue(chan, data, b.len, fd) : error;
}

int ipc_flush(struct ipc_chan *chan, int64_t wait_us)
{
	const time_us end = time_add(clock_now(clock_system()), wait_us);
	struct pollfd room = { .fd = chan->fd, .events = POLLOUT };

	while (chan->out_head) {
		const int error = out_drain(chan);
		const int64_t left_us = time_sub(end, clock_now(clock_system()));

		if (error != -EAGAIN)
			return error;
		if (left_us <= 0)
			return -ETIMEDOUT;
		if (poll(&room, 1, (int)((left_us + US_PER_MS - 1) / US_PER_MS)) < 0 &&
		    errno != EINTR)
			return -errno;
	}
	return 0;
}

/* ---- receiving ---- */

/* The descriptor in the control data, or -1. There is room for one only. */
static int received_fd(struct msghdr *hdr)
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(hdr);
	int fd;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* What is wrong with a decoded message, to be followed by its name; NULL if nothing is. */
static const char *msg_objection(const struct ipc_chan *chan, const struct msg_desc *desc, int fd)
{
	const bool is_fd_wanted = desc->phase & MSG_WITH_FD;

	if (!(desc->from & chan->peer) || !(desc->to & chan->own))
		return "misdirected";
	if (!(desc->phase & chan->phase))
		return "out of phase";
	if (is_fd_wanted && fd < 0)
		return "descriptor missing in";
	return !is_fd_wanted && fd >= 0 ? "unexpected descriptor in" : NULL;
}

/* Hands one datagram on; false when the channel is closed or gone. */
static bool chan_deliver(struct ipc_chan *chan, size_t len, int fd)
{
	struct buf b = buf_reader(chan->rx, len);
	struct msg msg;
	const bool is_valid = msg_decode(&b, &msg);
	const struct msg_desc *desc = msg_desc(msg.kind);
	const char *objection = is_valid ? msg_objection(chan, desc, fd) : "malformed";

	if (!objection) {
		msg.fd = fd;
		chan->is_in_callback = true;
		chan->handlers.on_msg(chan, &msg, chan->handlers.arg);
		return callback_end(chan) && chan->fd >= 0;
	}
	if (fd >= 0)
		close(fd);
	if (desc)
		chan_fail(chan, "%s message %s", objection, desc->name);
	else
		chan_fail(chan, "unknown message kind %u", (unsigned)msg.kind);
	return false;
}

/* Receives one message; false when there is none or the channel is closed or gone. */
static bool chan_receive(struct ipc_chan *chan)
{
	struct iovec iov = { .iov_base = chan->rx, .iov_len = sizeof(chan->rx) };
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	union one_fd control = { 0 };
	ssize_t n;
	int fd;

	hdr.msg_control = &control;
	hdr.msg_controllen = CMSG_LEN(sizeof(int)); /* CMSG_SPACE would have room for two */
	n = recvmsg(chan->fd, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0) {
		if (errno == EAGAIN)
			return false;
		/* A peer that died before reading all: said once, and then its last messages
		 * follow. */
		if (errno == EINTR || errno == ECONNRESET)
			return true;
		chan_fail(chan, "receive error: %s", strerror(errno));
		return false;
	}
	fd = received_fd(&hdr);
	if (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (fd >= 0)
			close(fd);
		chan_fail(chan, "message too long or with too many descriptors");
		return false;
	}
	if (n > 0)
		return chan_deliver(chan, (size_t)n, fd);
	if (fd >= 0)
		close(fd);
	chan_fail(chan, "peer closed the channel");
	return false;
}

static void on_chan_ready(struct io *io, uint32_t ready, void *arg)
{
	struct ipc_chan *chan = arg;

	(void)io;
	if (ready & EPOLLOUT)
		out_drain(chan);
	for (int i = 0; i < IPC_BATCH; i++)
		if (!chan_receive(chan))
			return;
}

struct ipc_chan *ipc_new(struct loop *loop, int fd, enum msg_role own, enum msg_role peer,
			 const struct ipc_handlers *handlers)
{
	struct ipc_chan *chan = xcalloc(1, sizeof(*chan));
	int error = 0;

	chan->loop = loop;
	chan->fd = fd;
	chan->own = own;
	chan->peer = peer;
	chan->phase = MSG_PHASE_INIT;
	chan->handlers = *handlers;
	chan->out_tail = &chan->out_head;
	timer_init(&chan->fail_timer, loop, on_fail_timer, chan);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		error = -errno;
	else
		error = io_add(loop, &chan->io, fd, EPOLLIN, on_chan_ready, chan);
	if (error == 0)
		return chan;
	ipc_free(chan);
	errno = -error;
	return NULL;
}
