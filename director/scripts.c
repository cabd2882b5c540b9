/*
 * Script queues. Parent only; owns the script processes.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "director/scripts.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "vrrp/vrrp_conf.h"

#define QUEUE_MAX 64 /* waiting scripts of one object */
#define SCRIPT_TIME_US \
	(60 * US_PER_S) /* then TERM, so that one that hangs cannot block its successors */
#define SCRIPT_KILL_US (2 * US_PER_S)      /* from TERM to KILL */
#define DEFAULT_USER   "keepalived_script" /* keepalived's default script user, where it exists */

struct job {
	struct job *next;
	char **argv; /* heap, NULL terminated */
	char *user, *group;
};

struct queue {
	struct queue *next;
	struct scripts *owner;
	char *name;
	struct job *head, **tail;
	unsigned waiting;
	pid_t pid; /* of the running script, 0 = none */
	bool is_terminating;
	struct child watch;
	struct timer timer;
};

struct scripts {
	struct loop *loop;
	struct queue *queues;
	unsigned busy; /* queues with a running script */
	void (*on_idle)(void *arg);
	void *arg;
};

struct scripts *scripts_new(struct loop *loop, void (*on_idle)(void *arg), void *arg)
{
	struct scripts *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->on_idle = on_idle;
	s->arg = arg;
	return s;
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

static struct job *queue_pop(struct queue *q)
{
	struct job *job = q->head;

	if (!job)
		return NULL;
	q->head = job->next;
	if (!q->head)
		q->tail = &q->head;
	q->waiting--;
	return job;
}

static void queue_free(struct queue *q)
{
	struct job *job;

	while ((job = queue_pop(q)))
		job_free(job);
	timer_cancel(&q->timer);
	if (q->pid) {
		child_unwatch(&q->watch);
		kill(-q->pid, SIGKILL);
	}
	free(q->name);
	free(q);
}

void scripts_free(struct scripts *s)
{
	struct queue *next;

	if (!s)
		return;
	for (struct queue *q = s->queues; q; q = next) {
		next = q->next;
		queue_free(q);
	}
	free(s);
}

bool scripts_is_idle(const struct scripts *s)
{
	return s->busy == 0;
}

static void on_time_up(struct timer *timer, void *arg)
{
	struct queue *q = arg;

	log_event(LOG_LEVEL_WARNING, "script_timeout",
		  log_kv("object=%s pid=%d", q->name, (int)q->pid),
		  "script of %s does not end, sending %s", q->name,
		  q->is_terminating ? "KILL" : "TERM");
	kill(-q->pid, q->is_terminating ? SIGKILL : SIGTERM);
	q->is_terminating = true;
	timer_arm_in(timer, SCRIPT_KILL_US);
}

static void queue_run(struct queue *q);

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
	q->pid = 0;
	s->busy--;
	queue_run(q);
	if (s->busy == 0)
		s->on_idle(s->arg);
}

/* Starts the next job unless one runs; a job that cannot be started is reported and skipped. */
static void queue_run(struct queue *q)
{
	struct job *job;

	while (!q->pid && (job = queue_pop(q))) {
		const struct proc_script script = { (const char *const *)job->argv, job->user,
						    job->group };
		pid_t pid = proc_spawn_script(&script);

		if (pid < 0) {
			errno = (int)-pid;
			log_warn("script_failed", "cannot run %s for %s", job->argv[0], q->name);
		} else {
			log_event(LOG_LEVEL_DEBUG, "script_start",
				  log_kv("object=%s pid=%d", q->name, (int)pid), "running %s",
				  job->argv[0]);
			q->pid = pid;
			q->is_terminating = false;
			q->owner->busy++;
			child_watch(q->owner->loop, &q->watch, pid, on_script_exit, q);
			timer_arm_in(&q->timer, SCRIPT_TIME_US);
		}
		job_free(job);
	}
}

static struct queue *queue_get(struct scripts *s, const char *name)
{
	struct queue *q;

	for (q = s->queues; q; q = q->next)
		if (!strcmp(q->name, name))
			return q;
	q = xcalloc(1, sizeof(*q));
	q->owner = s;
	q->name = xstrdup(name);
	q->tail = &q->head;
	timer_init(&q->timer, s->loop, on_time_up, q);
	q->next = s->queues;
	s->queues = q;
	return q;
}

const char *scripts_default_user(const struct conf *conf, const char **group)
{
	const struct global_conf *global = root_global(conf_root(conf));

	*group = global->script_user.group;
	if (global->script_user.user)
		return global->script_user.user;
	return getpwnam(DEFAULT_USER) ? DEFAULT_USER : NULL;
}

/* Queues one command with `n_more` words appended. */
static void queue_add(struct scripts *s, const struct conf *conf, const char *name,
		      const struct conf_script *script, const char *const *more)
{
	struct queue *q = queue_get(s, name);
	const char *user = script->user, *group = script->group;
	struct job *job = xcalloc(1, sizeof(*job));
	unsigned n = 0, n_more = 0;

	while (more && more[n_more])
		n_more++;
	job->argv = xcalloc(script->argc + n_more + 1, sizeof(char *));
	for (; n < script->argc; n++)
		job->argv[n] = xstrdup(script->argv[n]);
	for (unsigned i = 0; i < n_more; i++)
		job->argv[n++] = xstrdup(more[i]);
	if (!user)
		user = scripts_default_user(conf, &group);
	job->user = user ? xstrdup(user) : NULL;
	job->group = group ? xstrdup(group) : NULL;
	if (q->waiting == QUEUE_MAX) {
		struct job *oldest = queue_pop(q);

		log_warnx("script_dropped", "too many scripts wait for %s, dropping %s", name,
			  oldest->argv[0]);
		job_free(oldest);
	}
	*q->tail = job;
	q->tail = &job->next;
	q->waiting++;
	queue_run(q);
}

bool scripts_vrrp(struct scripts *s, const struct conf *conf, const struct msg_notify_vrrp *event)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);
	const struct vrrp_conf *vi;
	char priority[8];

	conf_list_for_each (vi, &root->vrrp_instances)
		if (!strcmp(vi->name, event->instance))
			break;
	if (!vi)
		return false; /* removed by a reload in the meantime */
	const struct {
		const char *state;
		const struct conf_script *script;
	} specific[] = {
		{ "MASTER", &vi->notify_master },
		{ "BACKUP", &vi->notify_backup },
		{ "FAULT", &vi->notify_fault },
		{ "STOP", &vi->notify_stop },
	};
	for (size_t i = 0; i < sizeof(specific) / sizeof(specific[0]); i++)
		if (!strcmp(specific[i].state, event->state) && specific[i].script->argc)
			queue_add(s, conf, vi->name, specific[i].script, NULL);
	snprintf(priority, sizeof(priority), "%u", event->priority);
	if (vi->notify.argc)
		queue_add(s, conf, vi->name, &vi->notify,
			  (const char *const[]){ "INSTANCE", vi->name, event->state, priority,
						 NULL });
	return true;
}

static const struct vs_conf *vs_find(const struct conf *conf, const char *name)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root->virtual_servers)
		if (!strcmp(vs->name, name))
			return vs;
	return NULL;
}

bool scripts_vs(struct scripts *s, const struct conf *conf, const struct msg_notify_vs *event)
{
	const struct vs_conf *vs = vs_find(conf, event->vs);
	const struct conf_script *script =
		vs ? (event->is_up ? &vs->quorum_up : &vs->quorum_down) : NULL;

	if (script && script->argc)
		queue_add(s, conf, event->vs, script, NULL);
	return vs != NULL;
}

bool scripts_rs(struct scripts *s, const struct conf *conf, const struct msg_notify_rs *event)
{
	const struct vs_conf *vs = vs_find(conf, event->vs);
	const struct rs_conf *rs;
	char name[2 * ADDR_NAME_MAX];

	if (!vs)
		return false;
	conf_list_for_each (rs, &vs->real_servers) {
		const struct conf_script *script = event->is_up ? &rs->notify_up : &rs->notify_down;

		if (!script->argc || strcmp(rs->name, event->rs) != 0)
			continue;
		snprintf(name, sizeof(name), "%s %s", event->vs, event->rs);
		queue_add(s, conf, name, script, NULL);
	}
	return true;
}
