/*
 * Messages of the proc connector. See proc_events.h. Pure.
 *
 * The event lies at an offset that is no multiple of the alignment it wants, so it is copied.
 */
#include <libmnl/libmnl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <string.h>

#include "director/proc_events.h"

#define EVENT_MIN                                  \
	(offsetof(struct proc_event, event_data) + \
	 sizeof(((struct proc_event *)0)->event_data.fork))

static bool is_process(pid_t thread, pid_t process)
{
	return thread == process;
}

static bool from_event(const struct proc_event *event, struct proc_news *out)
{
	switch ((int)event->what) {
	case PROC_EVENT_NONE:
		out->kind = PROC_NEWS_ANSWER;
		out->error = (int)event->event_data.ack.err;
		return true;
	case PROC_EVENT_FORK:
		out->kind = PROC_NEWS_FORK;
		out->pid = event->event_data.fork.child_tgid;
		out->parent = event->event_data.fork.parent_tgid;
		return is_process(event->event_data.fork.child_pid, out->pid);
	case PROC_EVENT_EXEC:
		out->kind = PROC_NEWS_EXEC;
		out->pid = event->event_data.exec.process_tgid;
		return true;
	case PROC_EVENT_COMM:
		out->kind = PROC_NEWS_EXEC;
		out->pid = event->event_data.comm.process_tgid;
		return true;
	case PROC_EVENT_EXIT:
		out->kind = PROC_NEWS_EXIT;
		out->pid = event->event_data.exit.process_tgid;
		return is_process(event->event_data.exit.process_pid, out->pid);
	default: return false;
	}
}

bool proc_news_parse(const void *data, size_t n, struct proc_news *out)
{
	struct proc_event event = { 0 };
	struct cn_msg cn;

	if (n < sizeof(cn))
		return false;
	memcpy(&cn, data, sizeof(cn));
	if (cn.id.idx != CN_IDX_PROC || cn.id.val != CN_VAL_PROC || cn.len < EVENT_MIN ||
	    cn.len > n - sizeof(cn))
		return false;
	memcpy(&event, (const char *)data + sizeof(cn),
	       cn.len < sizeof(event) ? cn.len : sizeof(event));
	*out = (struct proc_news){ .token = cn.ack - 1 }; /* the kernel adds one */
	return from_event(&event, out);
}

size_t proc_news_request(void *data, bool is_wanted, uint32_t token)
{
	const uint32_t op = is_wanted ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE;
	const struct cn_msg cn = { .id = { CN_IDX_PROC, CN_VAL_PROC },
				   .ack = token,
				   .len = sizeof(op) };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(data);
	char *payload;

	_Static_assert(NLMSG_SPACE(sizeof(cn) + sizeof(op)) <= PROC_NEWS_REQUEST_MAX, "request");
	nlh->nlmsg_type = NLMSG_DONE;
	payload = mnl_nlmsg_put_extra_header(nlh, sizeof(cn) + sizeof(op));
	memcpy(payload, &cn, sizeof(cn));
	memcpy(payload + sizeof(cn), &op, sizeof(op));
	return nlh->nlmsg_len;
}
