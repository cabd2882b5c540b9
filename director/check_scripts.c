/*
 * Scripts whose outcome a child waits for. Parent only; owns the processes and the pipes that they
 * write to.
 */
#include "director/check_scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "director/scripts.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/script_ask.h"

#define RUNNING_MAX   256 /* scripts at once; others wait for their turn */
#define KILL_US       (2 * US_PER_S)
#define OUTPUT_MAX    128           /* bytes of the first line that are kept */
#define DRAIN_PER_GO  (1024 * 1024) /* bytes */
#define DRAIN_MUCH    (32 * 1024)   /* after so many in one go the pipe rests for DRAIN_REST_US */
#define DRAIN_REST_US (20 * US_PER_MS)

/* One run of an object's command, running or waiting for its turn. */
struct job {
	TAILQ_ENTRY(job) turn; /* while it waits */
	struct check_scripts *owner;
	char *name;       /* of the object, with all that tells it apart */
	struct job *next; /* asked for while this one runs and nobody waits for it */
	enum msg_role from;
	uint64_t ask; /* 0 = nobody waits */
	char **argv;  /* heap, NULL terminated */
	char *user, *group;
	unsigned ways; /* enum proc_way */
	int64_t timeout_us;
	bool is_running, is_terminating, is_timed_out;
	pid_t pid;
	struct child watch;
	struct timer timer; /* of the script */
	int out_fd;         /* reading end; -1 = closed */
	struct io out;
	struct timer rest; /* of the pipe */
	char output[OUTPUT_MAX];
	size_t n_output;
	bool is_line_done;
};

struct check_scripts {
	struct loop *loop;
	void (*send)(enum msg_role to, const struct msg *msg, void *arg);
	void *arg;
	void *jobs; /* tsearch tree by name */
	TAILQ_HEAD(, job) waiting;
	unsigned running;
};

static int job_cmp(const void *a, const void *b)
{
	return strcmp(((const struct job *)a)->name, ((const struct job *)b)->name);
}

/* ---- answers ---- */

static void answer(struct job *job, enum script_outcome outcome, int64_t value)
{
	struct msg msg = { .kind = MSG_script_result, .fd = -1 };

	if (!job->ask)
		return;
	msg.script_result = (struct msg_script_result){
		.ask = job->ask,
		.outcome = (uint8_t)outcome,
		.value = value,
		.output = job->output,
	};
	job->ask = 0;
	job->owner->send(job->from, &msg, job->owner->arg);
}

static void answer_status(struct job *job, int wait_status)
{
	if (job->is_timed_out)
		answer(job, SCRIPT_TIMED_OUT, (job->timeout_us + US_PER_S - 1) / US_PER_S);
	else if (WIFSIGNALED(wait_status))
		answer(job, SCRIPT_KILLED, WTERMSIG(wait_status));
	else
		answer(job, SCRIPT_EXITED, WEXITSTATUS(wait_status));
}

/* ---- memory ---- */

static void job_close_output(struct job *job)
{
	if (job->out_fd < 0)
		return;
	timer_cancel(&job->rest);
	io_del(&job->out);
	close(job->out_fd);
	job->out_fd = -1;
}

/* With all it owns; a script that runs is killed. */
static void job_free(struct job *job)
{
	if (!job)
		return;
	job_free(job->next);
	timer_cancel(&job->timer);
	job_close_output(job);
	if (job->is_running) {
		child_unwatch(&job->watch);
		kill(-job->pid, SIGKILL);
	}
	for (char **arg = job->argv; arg && *arg; arg++)
		free(*arg);
	free(job->argv);
	free(job->user);
	free(job->group);
	free(job->name);
	free(job);
}

static char *job_name(enum msg_role from, const struct msg_script_run *msg)
{
	char *name = NULL;

	if (asprintf(&name, "%d %s %s %s %u", (int)from, msg->kind, msg->owner, msg->member,
		     msg->index) < 0)
		fatal(EXIT_FAILURE, "out of memory");
	return name;
}

/* What "</PATH" stands for: whether the file can be read. */
static char **test_argv(const char *path)
{
	char **argv = xcalloc(4, sizeof(char *));

	argv[0] = xstrdup("test");
	argv[1] = xstrdup("-r");
	argv[2] = xstrdup(path);
	return argv;
}

static char **copy_argv(const struct conf_script *script)
{
	char **argv;

	if (script->argv[0][0] == '<')
		return test_argv(script->argv[0] + 1);
	argv = xcalloc(script->argc + 1, sizeof(char *));
	for (unsigned i = 0; i < script->argc; i++)
		argv[i] = xstrdup(script->argv[i]);
	return argv;
}

static void on_time_up(struct timer *timer, void *arg);
static void on_rest_over(struct timer *timer, void *arg);

static struct job *job_new(struct check_scripts *s, enum msg_role from,
			   const struct msg_script_run *msg)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->owner = s;
	job->name = job_name(from, msg);
	job->from = from;
	job->ask = msg->ask;
	job->out_fd = -1;
	timer_init(&job->timer, s->loop, on_time_up, job);
	timer_init(&job->rest, s->loop, on_rest_over, job);
	return job;
}

static void job_take_command(struct job *job, const struct conf *conf,
			     const struct check_command *command)
{
	const char *user = command->script->user, *group = command->script->group;

	if (!user) {
		user = command->user;
		group = command->group;
	}
	if (!user)
		user = scripts_default_user(conf, &group);
	job->argv = copy_argv(command->script);
	job->user = user ? xstrdup(user) : NULL;
	job->group = group ? xstrdup(group) : NULL;
	job->ways = scripts_ways(conf);
	job->timeout_us = command->timeout_us;
}

/* ---- output ---- */

/* The first line goes into the answer, in printable characters. */
static void keep_output(struct job *job, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !job->is_line_done; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n' || job->n_output == OUTPUT_MAX - 1)
			job->is_line_done = true;
		else
			job->output[job->n_output++] =
				c >= ' ' && c < 127 && c != '"' ? (char)c : '?';
	}
}

/* A script that writes without end does not keep us busy, and one that writes much does not wait
 * for us within its time. */
static void on_output(struct io *io, uint32_t ready, void *arg)
{
	struct job *job = arg;
	char buf[16384];
	size_t total = 0;
	ssize_t n = 0;

	(void)ready;
	while (total < DRAIN_PER_GO && (n = read(job->out_fd, buf, sizeof(buf))) > 0) {
		keep_output(job, buf, (size_t)n);
		total += (size_t)n;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		job_close_output(job);
	} else if (total >= DRAIN_MUCH) {
		fcntl(job->out_fd, F_SETPIPE_SZ, DRAIN_PER_GO);
		io_set_events(io, 0);
		timer_arm_in(&job->rest, DRAIN_REST_US);
	}
}

static void on_rest_over(struct timer *timer, void *arg)
{
	struct job *job = arg;

	(void)timer;
	io_set_events(&job->out, EPOLLIN);
}

/* ---- running ---- */

static void job_terminate(struct job *job)
{
	if (job->is_terminating)
		return;
	job->is_terminating = true;
	kill(-job->pid, SIGTERM);
	timer_arm_in(&job->timer, KILL_US);
}

static void on_time_up(struct timer *timer, void *arg)
{
	struct job *job = arg;

	(void)timer;
	if (job->is_terminating) {
		log_event(LOG_LEVEL_WARNING, "script_timeout",
			  log_kv("script=%s pid=%d", job->argv[0], (int)job->pid),
			  "%s does not end on TERM, sending KILL", job->argv[0]);
		kill(-job->pid, SIGKILL);
		return;
	}
	job->is_timed_out = true;
	job_terminate(job);
}

static void job_begin(struct job *job);
static void job_start(struct job *job);

/* Out of the tree, and its successor in its place. */
static void job_end(struct job *job)
{
	struct check_scripts *s = job->owner;
	struct job *next = job->next;

	tdelete(job, &s->jobs, job_cmp);
	job->next = NULL;
	job_free(job);
	if (next && next->ask) {
		tsearch(next, &s->jobs, job_cmp);
		job_begin(next);
	} else {
		job_free(next);
	}
}

static void serve_waiting(struct check_scripts *s)
{
	struct job *job;

	while (s->running < RUNNING_MAX && (job = TAILQ_FIRST(&s->waiting))) {
		TAILQ_REMOVE(&s->waiting, job, turn);
		job_start(job);
	}
}

static void on_exit_of(struct child *watch, int wait_status, void *arg)
{
	struct job *job = arg;
	struct check_scripts *s = job->owner;

	(void)watch;
	/* What it left behind in its group has had its warning. */
	if (job->is_terminating)
		kill(-job->pid, SIGKILL);
	if (job->out_fd >= 0)
		on_output(&job->out, 0, job);
	job->is_running = false;
	s->running--;
	answer_status(job, wait_status);
	job_end(job);
	serve_waiting(s);
}

/* A pid, or -errno. */
static pid_t job_spawn(struct job *job)
{
	const struct proc_script script = { (const char *const *)job->argv, job->user, job->group,
					    job->ways };
	int pipe_fd[2];
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	pid = proc_spawn_script_to(&script, pipe_fd[1]);
	close(pipe_fd[1]);
	job->out_fd = pipe_fd[0];
	if (pid > 0 &&
	    (fcntl(job->out_fd, F_SETFL, O_NONBLOCK) < 0 ||
	     io_add(job->owner->loop, &job->out, job->out_fd, EPOLLIN, on_output, job) < 0))
		job_close_output(job);
	return pid;
}

static void job_start(struct job *job)
{
	struct check_scripts *s = job->owner;
	pid_t pid = job_spawn(job);

	if (pid < 0) {
		errno = (int)-pid;
		log_warn("script_failed", "cannot run %s", job->argv[0]);
		answer(job, SCRIPT_NOT_RUN, -pid);
		job_end(job);
		return;
	}
	job->pid = pid;
	job->is_running = true;
	s->running++;
	child_watch(s->loop, &job->watch, pid, on_exit_of, job);
	timer_arm_in(&job->timer, job->timeout_us);
}

static void job_begin(struct job *job)
{
	if (job->owner->running < RUNNING_MAX)
		job_start(job);
	else
		TAILQ_INSERT_TAIL(&job->owner->waiting, job, turn);
}

/* ---- questions ---- */

/* Nobody waits for it any more. */
static void job_give_up(struct job *job)
{
	job->ask = 0;
	if (job->is_running) {
		job_terminate(job);
		return;
	}
	TAILQ_REMOVE(&job->owner->waiting, job, turn);
	job_end(job);
}

void check_scripts_run(struct check_scripts *s, enum msg_role from, const struct conf *conf,
		       const struct msg_script_run *msg)
{
	struct job *job = job_new(s, from, msg), **node, *old;
	struct check_command command;

	if (!check_command_find(conf, from, msg, &command)) {
		answer(job, SCRIPT_NOT_RUN, 0);
		job_free(job);
		return;
	}
	job_take_command(job, conf, &command);
	node = tsearch(job, &s->jobs, job_cmp);
	if (!node)
		fatal(EXIT_FAILURE, "out of memory");
	if (*node == job) {
		job_begin(job);
		return;
	}
	/* The one before is on its way out, its child having given up or died. */
	old = *node;
	if (old->next)
		answer(old->next, SCRIPT_NOT_RUN, EBUSY);
	job_free(old->next);
	old->next = job;
	if (old->ask)
		answer(old, SCRIPT_NOT_RUN, EBUSY);
	job_give_up(old);
}

struct search {
	enum msg_role from;
	uint64_t ask; /* 0 = all */
	struct job **found;
	size_t n, cap;
};

static void search_one(struct search *search, struct job *job)
{
	if (!job || job->from != search->from || !job->ask ||
	    (search->ask && job->ask != search->ask))
		return;
	if (search->n == search->cap) {
		size_t cap = search->cap ? 2 * search->cap : 16;
		struct job **found = reallocarray(search->found, cap, sizeof(struct job *));

		if (!found)
			return;
		search->found = found;
		search->cap = cap;
	}
	search->found[search->n++] = job;
}

static void on_node(const void *node, VISIT visit, void *arg)
{
	struct job *job = *(struct job *const *)node;

	if (visit != postorder && visit != leaf)
		return;
	search_one(arg, job);
	search_one(arg, job->next);
}

static void give_up_all(struct check_scripts *s, enum msg_role from, uint64_t ask)
{
	struct search search = { .from = from, .ask = ask };

	twalk_r(s->jobs, on_node, &search);
	for (size_t i = 0; i < search.n; i++)
		search.found[i]->ask = 0;
	for (size_t i = 0; i < search.n; i++) {
		struct job *job = search.found[i], *const *node = tfind(job, &s->jobs, job_cmp);

		if (*node == job)
			job_give_up(job);
	}
	free(search.found);
}

void check_scripts_cancel(struct check_scripts *s, enum msg_role from,
			  const struct msg_script_cancel *msg)
{
	if (msg->ask)
		give_up_all(s, from, msg->ask);
}

void check_scripts_forget(struct check_scripts *s, enum msg_role from)
{
	give_up_all(s, from, 0);
}

/* ---- life ---- */

struct check_scripts *
check_scripts_new(struct loop *loop,
		  void (*send)(enum msg_role to, const struct msg *msg, void *arg), void *arg)
{
	struct check_scripts *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->send = send;
	s->arg = arg;
	TAILQ_INIT(&s->waiting);
	return s;
}

static void free_node(void *node)
{
	job_free(node);
}

void check_scripts_free(struct check_scripts *s)
{
	if (!s)
		return;
	tdestroy(s->jobs, free_node);
	free(s);
}
