/*
 * The socket of process events. See proc_events.h. Parent only; owns the socket.
 */
#include "director/proc_events.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"

#define RECEIVE_BUFFER (1024 * 1024) /* bytes; about 1300 events */

struct proc_events {
	struct mnl_socket *nl;
	struct rcvbuf rcvbuf; /* as asked */
	uint32_t token;       /* of the last request */
	bool is_told;         /* it was answered with yes */
	bool is_lost;         /* some did not fit, and what did is not yet read */
};

struct proc_events *proc_events_new(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_CONNECTOR, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct proc_events *events;

	if (!nl)
		return NULL;
	rcvbuf_set(mnl_socket_get_fd(nl), &(struct rcvbuf){ 0 }, RECEIVE_BUFFER);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	events = xcalloc(1, sizeof(*events));
	events->nl = nl;
	events->token = (uint32_t)getpid() << 8; /* nobody else's */
	return events;
}

void proc_events_free(struct proc_events *events)
{
	if (!events)
		return;
	mnl_socket_close(events->nl);
	free(events);
}

void proc_events_set_rcvbuf(struct proc_events *events, const struct rcvbuf *asked)
{
	if (asked->bytes == events->rcvbuf.bytes && asked->is_forced == events->rcvbuf.is_forced)
		return;
	events->rcvbuf = *asked;
	rcvbuf_set_as(proc_events_fd(events), asked, RECEIVE_BUFFER, "process_monitor_rcv_bufs");
}

int proc_events_fd(const struct proc_events *events)
{
	return mnl_socket_get_fd(events->nl);
}

static int ask(struct proc_events *events, bool is_wanted)
{
	char data[PROC_NEWS_REQUEST_MAX] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	const size_t size = proc_news_request(data, is_wanted, ++events->token);

	return mnl_socket_sendto(events->nl, data, size) < 0 ? -errno : 0;
}

static int set_member(struct proc_events *events, int option)
{
	int group = CN_IDX_PROC;

	return mnl_socket_setsockopt(events->nl, option, &group, sizeof(group)) < 0 ? -errno : 0;
}

int proc_events_listen(struct proc_events *events)
{
	int error = set_member(events, NETLINK_ADD_MEMBERSHIP);

	events->is_told = events->is_lost = false;
	return error ? error : ask(events, true);
}

void proc_events_ignore(struct proc_events *events)
{
	ask(events, false); /* refused where listening was */
	set_member(events, NETLINK_DROP_MEMBERSHIP);
	events->is_told = false;
}

bool proc_events_are_told(const struct proc_events *events)
{
	return events->is_told;
}

/* Whether the news are for us: an answer to us, or what follows one. */
static bool is_ours(struct proc_events *events, const struct proc_news *news)
{
	if (news->kind != PROC_NEWS_ANSWER)
		return events->is_told;
	if (news->token != events->token)
		return false;
	events->is_told = news->error == 0;
	return true;
}

/*
 * Until the socket has been empty once the kernel drops without a word what does not fit, so a loss
 * is reported only then: who looks earlier misses what happens meanwhile.
 */
static int on_read_error(struct proc_events *events, int error)
{
	bool was_lost = events->is_lost;

	if (error != EAGAIN)
		return -error;
	events->is_lost = false;
	return was_lost ? -ENOBUFS : 0;
}

int proc_events_read(struct proc_events *events, int max,
		     void (*on_news)(const struct proc_news *news, void *arg), void *arg)
{
	char data[4096] __attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct proc_news news;

	for (int i = 0; i < max; i++) {
		const ssize_t size = mnl_socket_recvfrom(events->nl, data, sizeof(data));
		const struct nlmsghdr *nlh = (const void *)data;
		int n = (int)size;

		if (size < 0 && errno == ENOBUFS) {
			events->is_lost = true;
			continue;
		}
		if (size < 0)
			return on_read_error(events, errno);
		for (; mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n))
			if (proc_news_parse(mnl_nlmsg_get_payload(nlh),
					    mnl_nlmsg_get_payload_len(nlh), &news) &&
			    is_ours(events, &news))
				on_news(&news, arg);
	}
	return 0;
}
