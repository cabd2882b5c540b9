/*
 * Numbers of processes, for vrrp_track_process. Parent only; owns the source of process events.
 *
 * The kernel tells of every exec and exit (proc_events.h); where it does not speak to us (in a
 * network or process namespace of its own) /proc is looked through every half second, and every
 * ten seconds in any case.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "director/feeds.h"
#include "director/proc_events.h"
#include "lib/global_conf.h"
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

/* What /proc says of one. */
struct process {
	char comm[64], cmdline[CMDLINE_MAX];
	size_t n_cmdline;
};

struct feed_procs {
	struct feeds *feeds;
	struct watched *head;
	struct proc_events *events; /* NULL where there are none */
	struct io io;
	struct timer look;
	bool is_listening;
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

/* False when there is no such process any more. */
static bool read_process(pid_t pid, struct process *out)
{
	ssize_t n = read_file(pid, "comm", out->comm, sizeof(out->comm));
	ssize_t n_cmdline =
		n > 0 ? read_file(pid, "cmdline", out->cmdline, sizeof(out->cmdline)) : -1;

	if (n <= 0 || n_cmdline < 0)
		return false;
	out->comm[strcspn(out->comm, "\n")] = '\0';
	out->n_cmdline = (size_t)n_cmdline;
	return true;
}

static bool is_match(const struct watched *w, const struct process *process)
{
	const struct proc_pattern pattern = { (const char *const *)w->words, w->n_words,
					      w->param_match, w->is_full };

	return proc_match(&pattern, &(struct proc_image){ process->comm, process->cmdline,
							  process->n_cmdline });
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
	struct process process;
	bool is_there = read_process(pid, &process);

	for (struct watched *w = procs->head; w; w = w->next) {
		if (is_there && is_match(w, &process))
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
	struct process process;
	struct dirent *entry;

	for (struct watched *w = procs->head; w; w = w->next)
		w->n_pids = 0;
	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || !read_process(pid, &process))
			continue;
		for (struct watched *w = procs->head; w; w = w->next)
			if (is_match(w, &process))
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
	timer_arm_in(timer,
		     procs->events && proc_events_are_told(procs->events) ? LOOK_RARE_US : LOOK_US);
}

/* ---- events ---- */

/* A child of a process that counts has its name, until it executes something else. */
static void on_fork(struct feed_procs *procs, pid_t parent, pid_t child)
{
	struct process process;

	for (struct watched *w = procs->head; w; w = w->next) {
		if (find_pid(w, parent) == w->n_pids)
			continue;
		if (read_process(child, &process) && is_match(w, &process))
			add_pid(w, child);
		tell(procs, w);
	}
}

/* What happened before the answer was not told. */
static void on_answer(struct feed_procs *procs, int error)
{
	if (error) {
		log_event(LOG_LEVEL_INFO, "track_process", log_kv("errno=%d", error),
			  "The kernel does not tell of processes, looking at /proc instead: %s",
			  strerror(error));
		return;
	}
	log_event(LOG_LEVEL_INFO, "track_process", NULL, "The kernel tells of processes");
	on_look(&procs->look, procs);
}

static void on_news(const struct proc_news *news, void *arg)
{
	struct feed_procs *procs = arg;

	switch (news->kind) {
	case PROC_NEWS_ANSWER: on_answer(procs, news->error); break;
	case PROC_NEWS_FORK: on_fork(procs, news->parent, news->pid); break;
	case PROC_NEWS_EXEC: judge(procs, news->pid); break;
	case PROC_NEWS_EXIT: forget(procs, news->pid); break;
	}
}

static void on_events(struct io *io, uint32_t ready, void *arg)
{
	struct feed_procs *procs = arg;

	(void)io;
	(void)ready;
	if (proc_events_read(procs->events, EVENTS_ONCE, on_news, procs) == -ENOBUFS)
		look_at_all(procs);
}

static void listen_to_events(struct feed_procs *procs)
{
	if (procs->is_listening)
		return;
	procs->is_listening = procs->events && proc_events_listen(procs->events) == 0 &&
			      io_add(feeds_loop(procs->feeds), &procs->io,
				     proc_events_fd(procs->events), EPOLLIN, on_events, procs) == 0;
	if (!procs->is_listening)
		log_event(LOG_LEVEL_INFO, "track_process", NULL,
			  "no process events from the kernel here, looking at /proc instead");
}

static void ignore_events(struct feed_procs *procs)
{
	if (!procs->is_listening)
		return;
	io_del(&procs->io);
	proc_events_ignore(procs->events);
	procs->is_listening = false;
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

void feed_procs_set_conf(struct feed_procs *procs, const struct root_conf *root)
{
	const struct process_conf *conf;

	clear(procs);
	conf_list_for_each (conf, &root->track_processes)
		add(procs, conf);
	if (!procs->head) {
		ignore_events(procs);
		timer_cancel(&procs->look);
		return;
	}
	if (procs->events)
		proc_events_set_rcvbuf(procs->events, &root_global(&root->obj)->process_monitor);
	listen_to_events(procs);
	on_look(&procs->look, procs);
}

struct feed_procs *feed_procs_new(struct feeds *feeds, struct proc_events *events)
{
	struct feed_procs *procs = xcalloc(1, sizeof(*procs));

	procs->feeds = feeds;
	procs->events = events;
	timer_init(&procs->look, feeds_loop(feeds), on_look, procs);
	return procs;
}

void feed_procs_free(struct feed_procs *procs)
{
	ignore_events(procs);
	proc_events_free(procs->events);
	timer_cancel(&procs->look);
	clear(procs);
	free(procs);
}
