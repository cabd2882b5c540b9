/*
 * Script queues. Parent only; owns the script processes.
 */
#include <errno.h>
#include <pwd.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "director/scripts.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"

#define WAITING_MAX 16 /* events of one object */
#define RUNNING_MAX 64 /* scripts of all objects */
#define SCRIPT_TIME_US \
	(60 * US_PER_S) /* then TERM, so that one that hangs cannot block its successors */
#define SCRIPT_KILL_US (2 * US_PER_S)      /* from TERM to KILL */
#define HURRY_US       (1 * US_PER_S)      /* the same, and until TERM, in a hurry */
#define DEFAULT_USER   "keepalived_script" /* keepalived's default script user, where it exists */

/* One command of an event. */
struct job {
	TAILQ_ENTRY(job) link;
	char **argv; /* heap, NULL terminated */
	char *user, *group;
	unsigned ways; /* enum proc_way */
	bool is_last;  /* of its event */
	bool is_once;  /* of an event of scripts_add_once() */
	bool is_final; /* of an event since scripts_hurry() */
};

TAILQ_HEAD(job_list, job);

struct queue {
	TAILQ_ENTRY(queue) link;
	struct scripts *owner;
	char *name;
	struct job_list jobs;
	unsigned waiting; /* events none of whose commands has been started */
	bool is_begun;    /* the first job belongs to an event of which some command was started */
	unsigned dropped; /* events left out since the queue was empty */
	pid_t pid;        /* of the running script, 0 = none */
	bool is_final;    /* so is its job */
	bool is_terminating;
	struct child watch;
	struct timer timer;
};

struct scripts {
	struct loop *loop;
	TAILQ_HEAD(, queue) queues; /* with something to do, in order of arrival */
	void *by_name;              /* tsearch tree of the same */
	unsigned running;
	bool is_hurried;
	void (*on_idle)(void *arg);
	void *arg;
};

struct scripts *scripts_new(struct loop *loop, void (*on_idle)(void *arg), void *arg)
{
	struct scripts *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->on_idle = on_idle;
	s->arg = arg;
	TAILQ_INIT(&s->queues);
	return s;
}

/* ---- jobs ---- */

static char **words_copy(const struct script_call *call)
{
	unsigned n_more = 0, n = 0;
	char **argv;

	while (call->more && call->more[n_more])
		n_more++;
	argv = xcalloc(call->script->argc + n_more + 1UL, sizeof(*argv));
	for (; n < call->script->argc; n++)
		argv[n] = xstrdup(call->script->argv[n]);
	for (unsigned i = 0; i < n_more; i++)
		argv[n++] = xstrdup(call->more[i]);
	return argv;
}

const char *scripts_default_user(const struct conf *conf, const char **group)
{
	const struct global_conf *global = root_global(conf_root(conf));

	*group = global->script_user.group;
	if (global->script_user.user)
		return global->script_user.user;
	return getpwnam(DEFAULT_USER) ? DEFAULT_USER : NULL;
}

unsigned scripts_ways(const struct conf *conf)
{
	const struct global_conf *global = root_global(conf_root(conf));

	return (global->set_supplementary_groups ? PROC_ALL_GROUPS : 0) |
	       (global->use_symlink_paths ? PROC_PATH_AS_WRITTEN : 0);
}

static struct job *job_new(const struct conf *conf, const struct script_call *call)
{
	const char *user = call->script->user, *group = call->script->group;
	struct job *job = xcalloc(1, sizeof(*job));

	if (!user)
		user = scripts_default_user(conf, &group);
	job->argv = words_copy(call);
	job->user = user ? xstrdup(user) : NULL;
	job->group = group ? xstrdup(group) : NULL;
	job->ways = scripts_ways(conf);
	return job;
}

static void job_free(struct job *job)
{
	for (char **arg = job->argv; *arg; arg++)
		free(*arg);
	free(job->argv);
	free(job->user);
	free(job->group);
	free(job);
}

/* ---- queues ---- */

static int queue_cmp(const void *a, const void *b)
{
	return strcmp(((const struct queue *)a)->name, ((const struct queue *)b)->name);
}

static void on_time_up(struct timer *timer, void *arg);

static struct queue *queue_find(const struct scripts *s, const char *name)
{
	const struct queue key = { .name = (char *)(uintptr_t)name };
	struct queue *const *found = tfind(&key, &s->by_name, queue_cmp);

	return found ? *found : NULL;
}

static struct queue *queue_get(struct scripts *s, const char *name)
{
	struct queue *q = queue_find(s, name);

	if (q)
		return q;
	q = xcalloc(1, sizeof(*q));
	q->owner = s;
	q->name = xstrdup(name);
	TAILQ_INIT(&q->jobs);
	timer_init(&q->timer, s->loop, on_time_up, q);
	TAILQ_INSERT_TAIL(&s->queues, q, link);
	if (!tsearch(q, &s->by_name, queue_cmp))
		fatal(1, "out of memory");
	return q;
}

static void queue_free(struct queue *q)
{
	struct scripts *s = q->owner;
	struct job *job;

	while ((job = TAILQ_FIRST(&q->jobs))) {
		TAILQ_REMOVE(&q->jobs, job, link);
		job_free(job);
	}
	timer_cancel(&q->timer);
	if (q->pid) {
		child_unwatch(&q->watch);
		kill(-q->pid, SIGKILL);
	}
	tdelete(q, &s->by_name, queue_cmp);
	TAILQ_REMOVE(&s->queues, q, link);
	free(q->name);
	free(q);
}

/* Nothing runs and nothing waits. */
static void queue_end(struct queue *q)
{
	if (q->dropped)
		log_event(LOG_LEVEL_WARNING, "script_superseded",
			  log_kv("object=%s count=%u", q->name, q->dropped),
			  "%u events of %s were superseded by younger ones before their scripts "
			  "could run",
			  q->dropped, q->name);
	queue_free(q);
}

void scripts_free(struct scripts *s)
{
	struct queue *q;

	if (!s)
		return;
	while ((q = TAILQ_FIRST(&s->queues)))
		queue_free(q);
	free(s);
}

bool scripts_is_idle(const struct scripts *s)
{
	return TAILQ_EMPTY(&s->queues);
}

/* The oldest event that waits as a whole gives way. */
static void queue_drop_oldest(struct queue *q)
{
	struct job *job = TAILQ_FIRST(&q->jobs), *next;
	bool is_last = !q->is_begun;

	if (q->dropped++ == 0)
		log_event(LOG_LEVEL_WARNING, "script_superseded", log_kv("object=%s", q->name),
			  "more than %d events of %s wait for their scripts: the oldest ones are "
			  "left out",
			  WAITING_MAX, q->name);
	for (; !is_last; job = TAILQ_NEXT(job, link)) /* what is left of the one that has begun */
		is_last = job->is_last;
	for (is_last = false; job && !is_last; job = next) {
		next = TAILQ_NEXT(job, link);
		is_last = job->is_last;
		TAILQ_REMOVE(&q->jobs, job, link);
		job_free(job);
	}
	q->waiting--;
}

/* ---- running ---- */

static void on_time_up(struct timer *timer, void *arg)
{
	struct queue *q = arg;

	log_event(LOG_LEVEL_WARNING, "script_timeout",
		  log_kv("object=%s pid=%d", q->name, (int)q->pid),
		  "script of %s does not end, sending %s", q->name,
		  q->is_terminating ? "KILL" : "TERM");
	kill(-q->pid, q->is_terminating ? SIGKILL : SIGTERM);
	q->is_terminating = true;
	timer_arm_in(timer, q->owner->is_hurried ? HURRY_US : SCRIPT_KILL_US);
}

/* Nothing is left to do but the event that came last. */
static void queue_hurry(struct queue *q)
{
	struct job *job;

	while (q->is_begun && (job = TAILQ_FIRST(&q->jobs))) {
		q->is_begun = !job->is_last;
		TAILQ_REMOVE(&q->jobs, job, link);
		job_free(job);
	}
	while (q->waiting > 1)
		queue_drop_oldest(q);
	if (q->pid && !q->is_terminating)
		timer_arm_in(&q->timer, HURRY_US);
}

static void on_script_exit(struct child *watch, int wait_status, void *arg);

/* Takes the first job; a job that cannot be started is reported and skipped. */
static void queue_start_one(struct queue *q)
{
	struct job *job = TAILQ_FIRST(&q->jobs);
	const struct proc_script script = { (const char *const *)job->argv, job->user, job->group,
					    job->ways };
	pid_t pid;

	TAILQ_REMOVE(&q->jobs, job, link);
	if (!q->is_begun)
		q->waiting--;
	q->is_begun = !job->is_last;
	pid = proc_spawn_script(&script);
	if (pid < 0) {
		errno = (int)-pid;
		log_warn("script_failed", "cannot run %s for %s", job->argv[0], q->name);
	} else {
		log_event(LOG_LEVEL_DEBUG, "script_start",
			  log_kv("object=%s pid=%d", q->name, (int)pid), "running %s",
			  job->argv[0]);
		q->pid = pid;
		q->is_final = job->is_final;
		q->is_terminating = false;
		q->owner->running++;
		child_watch(q->owner->loop, &q->watch, pid, on_script_exit, q);
		timer_arm_in(&q->timer, SCRIPT_TIME_US);
	}
	job_free(job);
}

/* Starts what may run, oldest queues first. */
static void run_queues(struct scripts *s)
{
	struct queue *q, *next;

	for (q = TAILQ_FIRST(&s->queues); q && s->running < RUNNING_MAX; q = next) {
		next = TAILQ_NEXT(q, link);
		while (!q->pid && !TAILQ_EMPTY(&q->jobs))
			queue_start_one(q);
		if (!q->pid)
			queue_end(q);
	}
}

static void on_script_exit(struct child *watch, int wait_status, void *arg)
{
	struct queue *q = arg;
	struct scripts *s = q->owner;
	char text[64];

	(void)watch;
	if (wait_status != 0)
		log_event(LOG_LEVEL_WARNING, "script_failed",
			  log_kv("object=%s pid=%d", q->name, (int)q->pid), "script of %s %s",
			  q->name, proc_status_str(wait_status, text, sizeof(text)));
	timer_cancel(&q->timer);
	/* What it left behind in its group has had its warning. */
	if (q->is_terminating)
		kill(-q->pid, SIGKILL);
	q->pid = 0;
	s->running--;
	run_queues(s);
	if (scripts_is_idle(s))
		s->on_idle(s->arg);
}

static void add_event(struct scripts *s, const struct conf *conf, const char *object,
		      const struct script_call *calls, unsigned n, bool is_once)
{
	struct job *job = NULL;
	struct queue *q = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (!calls[i].script->argc)
			continue;
		q = queue_get(s, object);
		if (!job && q->waiting == WAITING_MAX)
			queue_drop_oldest(q);
		job = job_new(conf, &calls[i]);
		job->is_once = is_once;
		job->is_final = s->is_hurried && !is_once;
		TAILQ_INSERT_TAIL(&q->jobs, job, link);
	}
	if (!job)
		return;
	job->is_last = true;
	q->waiting++;
	if (s->is_hurried && !is_once)
		queue_hurry(q);
	run_queues(s);
}

void scripts_hurry(struct scripts *s)
{
	s->is_hurried = true;
}

/* Leaves the jobs of events since scripts_hurry(). */
static void queue_end_former(struct queue *q)
{
	struct job *job = TAILQ_FIRST(&q->jobs), *next;
	bool is_begun = q->is_begun, is_of_begun;

	for (; job; job = next) {
		next = TAILQ_NEXT(job, link);
		is_of_begun = is_begun;
		is_begun &= !job->is_last;
		if (job->is_final)
			continue;
		if (job->is_last && is_of_begun)
			q->is_begun = false;
		else if (job->is_last)
			q->waiting--;
		TAILQ_REMOVE(&q->jobs, job, link);
		job_free(job);
	}
	if (q->pid && !q->is_final && !q->is_terminating)
		on_time_up(&q->timer, q);
}

void scripts_end_former(struct scripts *s)
{
	struct queue *q;

	TAILQ_FOREACH(q, &s->queues, link)
	queue_end_former(q);
	run_queues(s);
}

void scripts_add(struct scripts *s, const struct conf *conf, const char *object,
		 const struct script_call *calls, unsigned n)
{
	add_event(s, conf, object, calls, n, false);
}

void scripts_add_once(struct scripts *s, const struct conf *conf, const char *object,
		      const struct script_call *calls, unsigned n)
{
	const struct queue *q = queue_find(s, object);
	const struct job *job = q ? TAILQ_FIRST(&q->jobs) : NULL;

	while (job && !job->is_once)
		job = TAILQ_NEXT(job, link);
	if (!job)
		add_event(s, conf, object, calls, n, true);
}
