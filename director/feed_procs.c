/*
 * Numbers of processes, for vrrp_track_process. Parent only; owns the socket of process events.
 *
 * The kernel's process connector tells of every exec and exit; where it does not speak to us (in a
 * network or process namespace of its own) /proc is looked through every half second, and every
 * ten seconds in any case.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "director/feeds.h"
#include "lib/log.h"

#define LOOK_US      (US_PER_S / 2)
#define LOOK_RARE_US (10 * US_PER_S)
#define CMDLINE_MAX  4096
#define EVENTS_ONCE  256 /* then the others have a turn */

struct watched {
	struct watched *next;
	char *name;
	char **words;
	uint32_t n_words;
	int param_match;
	bool is_full;
	pid_t *pids; /* that match */
	uint32_t n_pids, cap;
};

struct feed_procs {
	struct feeds *feeds;
	struct watched *head;
	struct mnl_socket *nl;
	struct io io;
	struct timer look;
	bool is_told; /* the connector has spoken: no need to look often */
};

/* ---- one process ---- */

static ssize_t read_file(pid_t pid, const char *name, char *data, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, data, size - 1);
	close(fd);
	if (n >= 0)
		data[n] = '\0';
	return n;
}

static bool is_match(const struct watched *w, pid_t pid)
{
	const struct proc_pattern pattern = { (const char *const *)w->words, w->n_words,
					      w->param_match, w->is_full };
	char comm[64], cmdline[CMDLINE_MAX];
	ssize_t n = read_file(pid, "comm", comm, sizeof(comm));
	ssize_t n_cmdline = n > 0 ? read_file(pid, "cmdline", cmdline, sizeof(cmdline)) : -1;

	if (n <= 0 || n_cmdline < 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return proc_match(&pattern, &(struct proc_image){ comm, cmdline, (size_t)n_cmdline });
}

static uint32_t find_pid(const struct watched *w, pid_t pid)
{
	uint32_t i = 0;

	while (i < w->n_pids && w->pids[i] != pid)
		i++;
	return i;
}

static void add_pid(struct watched *w, pid_t pid)
{
	if (find_pid(w, pid) < w->n_pids)
		return;
	if (w->n_pids == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 8;
		w->pids = xrealloc(w->pids, w->cap * sizeof(w->pids[0]));
	}
	w->pids[w->n_pids++] = pid;
}

static void drop_pid(struct watched *w, pid_t pid)
{
	uint32_t i = find_pid(w, pid);

	if (i < w->n_pids)
		w->pids[i] = w->pids[--w->n_pids];
}

static void tell(struct feed_procs *procs, const struct watched *w)
{
	feeds_set(procs->feeds, FEED_PROCESS, w->name, w->n_pids);
}

static void judge(struct feed_procs *procs, pid_t pid)
{
	for (struct watched *w = procs->head; w; w = w->next) {
		if (is_match(w, pid))
			add_pid(w, pid);
		else
			drop_pid(w, pid);
		tell(procs, w);
	}
}

static void forget(struct feed_procs *procs, pid_t pid)
{
	for (struct watched *w = procs->head; w; w = w->next) {
		drop_pid(w, pid);
		tell(procs, w);
	}
}

/* ---- all processes ---- */

static void look_at_all(struct feed_procs *procs)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	for (struct watched *w = procs->head; w; w = w->next)
		w->n_pids = 0;
	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		for (struct watched *w = procs->head; pid > 0 && w; w = w->next)
			if (is_match(w, pid))
				add_pid(w, pid);
	}
	if (dir)
		closedir(dir);
	for (struct watched *w = procs->head; w; w = w->next)
		tell(procs, w);
}

static void on_look(struct timer *timer, void *arg)
{
	struct feed_procs *procs = arg;

	look_at_all(procs);
	timer_arm_in(timer, procs->is_told ? LOOK_RARE_US : LOOK_US);
}

/* ---- events ---- */

/* A child of a process that counts has its name, until it executes something else. */
static void on_fork(struct feed_procs *procs, pid_t parent, pid_t child)
{
	for (struct watched *w = procs->head; w; w = w->next) {
		if (find_pid(w, parent) < w->n_pids && is_match(w, child))
			add_pid(w, child);
		tell(procs, w);
	}
}

static void on_event(struct feed_procs *procs, const struct proc_event *event)
{
	procs->is_told = true;
	switch ((int)event->what) {
	case PROC_EVENT_FORK:
		if (event->event_data.fork.child_pid == event->event_data.fork.child_tgid)
			on_fork(procs, event->event_data.fork.parent_tgid,
				event->event_data.fork.child_pid);
		break;
	case PROC_EVENT_EXEC: judge(procs, event->event_data.exec.process_tgid); break;
	case PROC_EVENT_COMM: judge(procs, event->event_data.comm.process_tgid); break;
	case PROC_EVENT_EXIT:
		if (event->event_data.exit.process_pid == event->event_data.exit.process_tgid)
			forget(procs, event->event_data.exit.process_pid);
		break;
	default: break;
	}
}

static void on_datagram(struct feed_procs *procs, const char *data, int n)
{
	const struct nlmsghdr *nlh = (const void *)data;
	const size_t need = sizeof(struct cn_msg) + sizeof(struct proc_event);

	for (; mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
		const struct cn_msg *cn = mnl_nlmsg_get_payload(nlh);

		if (mnl_nlmsg_get_payload_len(nlh) >= need && cn->id.idx == CN_IDX_PROC)
			on_event(procs, (const void *)cn->data);
	}
}

static void on_events(struct io *io, uint32_t ready, void *arg)
{
	struct feed_procs *procs = arg;
	char data[4096] __attribute__((aligned(__alignof__(struct nlmsghdr))));

	(void)io;
	(void)ready;
	for (int i = 0; i < EVENTS_ONCE; i++) {
		ssize_t n = mnl_socket_recvfrom(procs->nl, data, sizeof(data));

		if (n < 0 && errno == ENOBUFS)
			look_at_all(procs);
		if (n <= 0)
			return;
		on_datagram(procs, data, (int)n);
	}
}

static int ask_for_events(struct mnl_socket *nl)
{
	char data[NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(uint32_t))]
		__attribute__((aligned(__alignof__(struct nlmsghdr)))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(data);
	struct cn_msg *cn;
	const uint32_t op = PROC_CN_MCAST_LISTEN;

	nlh->nlmsg_type = NLMSG_DONE;
	cn = mnl_nlmsg_put_extra_header(nlh, sizeof(*cn) + sizeof(op));
	cn->id.idx = CN_IDX_PROC;
	cn->id.val = CN_VAL_PROC;
	cn->len = sizeof(op);
	memcpy(cn->data, &op, sizeof(op));
	return mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

static void connect_events(struct feed_procs *procs)
{
	procs->nl = mnl_socket_open2(NETLINK_CONNECTOR, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!procs->nl)
		return;
	if (mnl_socket_bind(procs->nl, CN_IDX_PROC, MNL_SOCKET_AUTOPID) < 0 ||
	    ask_for_events(procs->nl) < 0 ||
	    io_add(feeds_loop(procs->feeds), &procs->io, mnl_socket_get_fd(procs->nl), EPOLLIN,
		   on_events, procs) < 0) {
		mnl_socket_close(procs->nl);
		procs->nl = NULL;
		log_event(LOG_LEVEL_INFO, "track_process", NULL,
			  "no process events from the kernel here, looking at /proc instead");
	}
}

static void disconnect_events(struct feed_procs *procs)
{
	if (!procs->nl)
		return;
	io_del(&procs->io);
	mnl_socket_close(procs->nl);
	procs->nl = NULL;
	procs->is_told = false;
}

/* ---- configuration ---- */

static void watched_free(struct watched *w)
{
	for (uint32_t i = 0; i < w->n_words; i++)
		free(w->words[i]);
	free(w->words);
	free(w->pids);
	free(w->name);
	free(w);
}

static void clear(struct feed_procs *procs)
{
	struct watched *next;

	for (struct watched *w = procs->head; w; w = next) {
		next = w->next;
		watched_free(w);
	}
	procs->head = NULL;
}

static void add(struct feed_procs *procs, const struct process_conf *conf)
{
	struct watched *w = xcalloc(1, sizeof(*w));

	w->name = xstrdup(conf->name);
	w->n_words = conf->process.n;
	w->words = xcalloc(w->n_words + 1UL, sizeof(char *));
	for (uint32_t i = 0; i < w->n_words; i++)
		w->words[i] = xstrdup(conf->process.v[i]);
	w->param_match = conf->param_match;
	w->is_full = conf->full_command;
	w->next = procs->head;
	procs->head = w;
}

void feed_procs_set_conf(struct feed_procs *procs, const struct conf_list *track_processes)
{
	const struct process_conf *conf;

	clear(procs);
	conf_list_for_each (conf, track_processes)
		add(procs, conf);
	if (!procs->head) {
		disconnect_events(procs);
		timer_cancel(&procs->look);
		return;
	}
	if (!procs->nl)
		connect_events(procs);
	on_look(&procs->look, procs);
}

struct feed_procs *feed_procs_new(struct feeds *feeds)
{
	struct feed_procs *procs = xcalloc(1, sizeof(*procs));

	procs->feeds = feeds;
	timer_init(&procs->look, feeds_loop(feeds), on_look, procs);
	return procs;
}

void feed_procs_free(struct feed_procs *procs)
{
	disconnect_events(procs);
	timer_cancel(&procs->look);
	clear(procs);
	free(procs);
}
