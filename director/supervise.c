/*
 * Supervision of the VRRP and the checker child. Parent only; owns the children's channels and pid
 * files.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "check/check_conf.h"
#include "director/app.h"
#include "director/child_sched.h"
#include "director/relay.h"
#include "director/log_file.h"
#include "director/root_conf.h"
#include "director/supervise.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/role.h"
#include "vrrp/vrrp_conf.h"

#define PING_INTERVAL_US     (250 * US_PER_MS)
#define PING_CALM_US         (1 * US_PER_S)   /* from one answer to the next question */
#define HEALTHY_AFTER_US     (1 * US_PER_S)   /* a child that lived this long was no crash loop */
#define OBJECTS_PER_PING     64               /* a busy child takes over in PING_INTERVAL_US */
#define RESPAWN_DELAY_US     (50 * US_PER_MS) /* second quick death; doubles */
#define RESPAWN_DELAY_MAX_US (5 * US_PER_S)

/* What differs between the roles. */
static const struct role_row {
	const struct role_ops *ops;
	const char *title;         /* in keepalived's log lines */
	const char *const *blocks; /* top-level blocks it needs, besides globals */
	uint32_t max_unanswered;   /* pings until a child counts as hung */
	uint32_t max_at_commit;    /* the same while it takes over a configuration; more for a large
				      one */
} role_rows[CHILD_N] = {
	/* Well inside the three advertisement intervals after which the peer takes over at the
	   default 1 s. */
	[CHILD_VRRP] = { &vrrp_role, "VRRP",
			 (const char *const[]){ "global_defs", "vrrp_instance", "vrrp_sync_group",
						"vrrp_script", "track_file", "vrrp_track_file",
						"vrrp_track_process", "bfd_instance",
						"linkbeat_interfaces", "interface_up_down_delays",
						"static_ipaddress", "static_routes", "static_rules",
						"track_group", "garp_group", NULL },
			 4, 8 },
	/* May be busy with a large table; nothing is lost while it is. */
	[CHILD_CHECK] = { &check_role, "Healthcheck",
			  (const char *const[]){ "global_defs", "virtual_server",
						 "virtual_server_group", "SSL", "track_file",
						 "vrrp_track_file", NULL },
			  20, 40 },
};

struct child_proc {
	struct supervisor *supervisor;
	const struct role_row *row;
	enum child_role role;
	struct child watch;
	struct ipc_chan *chan;
	struct timer ping, respawn;
	struct log_pipe *log; /* with -g */
	pid_t pid;            /* 0 = not running */
	int pid_fd;           /* locked pid file */
	uint64_t ping_seq;
	uint32_t unanswered;
	int64_t calm_us;     /* from an answer to the next ping */
	uint64_t offered;    /* generation offered last */
	uint64_t committed;  /* generation it runs; 0 = none yet */
	uint64_t ready;      /* generation that it, or a predecessor, ran completely */
	bool is_taking_over; /* a configuration: told to run it, has not said that it does */
	uint32_t n_objects;  /* in that configuration */
	uint64_t initial; /* generation committed as soon as it is acknowledged (start and respawn)
			   */
	time_us spawned_at;
	uint32_t restarts, quick_deaths;
	int64_t worst_lateness_us;
	uint64_t n_late[LOOP_LATE_N];   /* as its pongs tell */
	uint64_t was_late[LOOP_LATE_N]; /* of its predecessors */
	bool is_wanted;                 /* respawn when it dies */
	bool is_last;                   /* only to take back what the one before has left */
};

struct supervisor {
	struct app *app;
	struct child_proc child[CHILD_N];
};

static void child_spawn(struct child_proc *c);
static bool child_take_back(struct child_proc *c);
static void on_ping_timer(struct timer *timer, void *arg);
static void on_respawn_timer(struct timer *timer, void *arg);

static void open_log(struct child_proc *c)
{
	const struct app *app = c->supervisor->app;
	char suffix[32];

	if (!app->cmdline->log_file)
		return;
	snprintf(suffix, sizeof(suffix), "_%s", c->row->ops->name);
	c->log = log_pipe_new(app->loop, app->cmdline->log_file, suffix);
	if (!c->log)
		log_warn("log_file", "no log file for the %s child", c->row->title);
}

struct supervisor *supervisor_new(struct app *app)
{
	struct supervisor *s = xcalloc(1, sizeof(*s));

	s->app = app;
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];

		c->supervisor = s;
		c->role = (enum child_role)i;
		c->row = &role_rows[i];
		c->pid_fd = -1;
		timer_init(&c->ping, app->loop, on_ping_timer, c);
		timer_init(&c->respawn, app->loop, on_respawn_timer, c);
		open_log(c);
	}
	return s;
}

void supervisor_reopen_logs(const struct supervisor *s)
{
	for (int i = 0; i < CHILD_N; i++)
		log_pipe_reopen(s->child[i].log);
}

static const char *pid_path(const struct child_proc *c)
{
	const struct run_names *names = &c->supervisor->app->names;

	return c->role == CHILD_VRRP ? names->vrrp_pid_file : names->checkers_pid_file;
}

static void pid_file_remove(struct child_proc *c)
{
	if (c->pid_fd < 0)
		return;
	unlink(pid_path(c));
	close(c->pid_fd);
	c->pid_fd = -1;
}

static void pid_file_write(struct child_proc *c)
{
	int result;

	/* The lock is kept over a respawn: a process forked a moment ago still holds it until its
	 * exec. */
	if (c->pid_fd >= 0)
		result = proc_pidfile_set(c->pid_fd, c->pid);
	else
		result = c->pid_fd = proc_pidfile(pid_path(c), c->pid);
	if (result < 0) {
		errno = -result;
		log_warn("pid_file", "cannot write pid file %s", pid_path(c));
	}
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];

		timer_cancel(&c->ping);
		timer_cancel(&c->respawn);
		if (c->pid)
			child_unwatch(&c->watch);
		ipc_free(c->chan);
		log_pipe_free(c->log);
		pid_file_remove(c);
	}
	free(s);
}

static bool needs_vrrp(const struct root_conf *root)
{
	return root->vrrp_instances.n > 0 || root->static_addresses.n > 0 ||
	       root->static_routes.n > 0 || root->static_rules.n > 0 || root->bfd_instances.n > 0;
}

unsigned supervisor_needed(const struct app *app, const struct conf *conf)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);
	unsigned mask = 0;

	if (app->cmdline->with_vrrp && (needs_vrrp(root) || app->cmdline->run_all))
		mask |= 1u << CHILD_VRRP;
	if (app->cmdline->with_checkers && (root->virtual_servers.n || app->cmdline->run_all))
		mask |= 1u << CHILD_CHECK;
	return mask;
}

unsigned supervisor_running(const struct supervisor *s)
{
	unsigned mask = 0;

	for (int i = 0; i < CHILD_N; i++)
		if (s->child[i].pid)
			mask |= 1u << i;
	return mask;
}

unsigned supervisor_answering(const struct supervisor *s)
{
	unsigned mask = 0;

	for (int i = 0; i < CHILD_N; i++)
		if (s->child[i].pid && s->child[i].unanswered <= 1)
			mask |= 1u << i;
	return mask;
}

bool supervisor_is_settled(const struct supervisor *s)
{
	for (int i = 0; i < CHILD_N; i++)
		if (s->child[i].pid && !s->child[i].committed)
			return false;
	return true;
}

/* ---- handing over configuration and state ---- */

static int memfd_with(const uint8_t *data, size_t len)
{
	int fd = memfd_create("diarch-conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0) {
			int error = -errno;

			close(fd);
			return error;
		}
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/* Instances, or virtual and real servers. */
static uint32_t count_objects(const struct child_proc *c, const struct conf *conf)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);
	const struct vs_conf *vs;
	uint32_t n = root->virtual_servers.n;

	if (c->role == CHILD_VRRP)
		return root->vrrp_instances.n;
	conf_list_for_each (vs, &root->virtual_servers)
		n += vs->real_servers.n;
	return n;
}

static int child_offer(struct child_proc *c, const struct conf *conf, uint64_t generation)
{
	struct msg msg = { .kind = MSG_conf };
	uint8_t *data;
	size_t len;
	int result = conf_encode(conf, &diarch_schema, c->row->blocks, &data, &len);

	if (result < 0)
		return result;
	msg.fd = memfd_with(data, len);
	free(data);
	if (msg.fd < 0)
		return msg.fd;
	msg.conf.generation = generation;
	msg.conf.size = len;
	result = ipc_send(c->chan, &msg);
	close(msg.fd);
	c->offered = generation;
	c->n_objects = count_objects(c, conf);
	return result;
}

static void send_saved(const struct msg *msg, void *arg)
{
	struct child_proc *c = arg;
	ipc_send(c->chan, msg);
}

/* The VRRP child runs the sessions of BFD, too. */
static struct child_sched sched_of(const struct child_proc *c)
{
	const struct conf_obj *root = conf_root(c->supervisor->app->conf);
	const struct global_conf *global = root_global(root);
	struct child_sched sched =
		child_sched_of(c->role == CHILD_VRRP ? &global->vrrp : &global->checker);

	if (c->role == CHILD_VRRP && ((const struct root_conf *)root)->bfd_instances.n > 0) {
		const struct child_sched bfd = child_sched_of(&global->bfd);
		sched = child_sched_join(&sched, &bfd);
	}
	return sched;
}

static enum msg_role role_to(const struct child_proc *c)
{
	return c->role == CHILD_VRRP ? MSG_TO_VRRP : MSG_TO_CHECK;
}

static void child_commit(struct child_proc *c, uint64_t generation, bool is_commit)
{
	struct msg msg = { .kind = is_commit ? MSG_conf_commit : MSG_conf_abort, .fd = -1 };

	if (is_commit) {
		const struct child_sched sched = sched_of(c);

		child_sched_prepare(c->row->title, c->pid, &sched);
		msg.conf_commit.generation = generation;
		store_mark(c->supervisor->app->store, c->row->ops->self);
		c->committed = generation;
		c->is_taking_over = true;
		ipc_set_phase(c->chan, MSG_PHASE_RUN);
		/* Before it acts the child knows what it depends on. */
		feeds_tell(c->supervisor->app->feeds, role_to(c));
	} else {
		msg.conf_abort.generation = generation;
	}
	ipc_send(c->chan, &msg);
}

/* ---- messages from a child ---- */

static void on_ack(struct child_proc *c, const struct msg *msg)
{
	struct app *app = c->supervisor->app;

	if (msg->conf_ack.generation != c->offered)
		return; /* answer to an offer that was withdrawn */
	if (c->initial != c->offered) {
		reload_on_ack(app->reload, msg->conf_ack.generation, msg->conf_ack.is_ok,
			      msg->conf_ack.reason);
		return;
	}
	c->initial = 0;
	if (msg->conf_ack.is_ok) {
		child_commit(c, msg->conf_ack.generation, true);
		return;
	}
	log_event(LOG_LEVEL_ERROR, "conf_refused", log_kv("role=%s", c->row->ops->name),
		  "%s child cannot run the configuration: %s", c->row->title, msg->conf_ack.reason);
	parent_stop(app, EXIT_STATUS_CONFIG, "configuration refused");
}

static void on_pong(struct child_proc *c, const struct msg *msg)
{
	const struct global_conf *global = root_global(conf_root(c->supervisor->app->conf));

	c->unanswered = 0;
	timer_arm_in(&c->ping, c->calm_us);
	if (msg->pong.worst_lateness_us > c->worst_lateness_us)
		c->worst_lateness_us = msg->pong.worst_lateness_us;
	c->n_late[LOOP_LATE_10MS] = msg->pong.late_10ms;
	c->n_late[LOOP_LATE_100MS] = msg->pong.late_100ms;
	c->n_late[LOOP_LATE_1S] = msg->pong.late_1s;
	if (global->max_auto_priority > 0 &&
	    msg->pong.worst_lateness_us > (int64_t)global->min_auto_priority_delay_us)
		child_sched_raise(c->row->title, c->pid, (int)global->max_auto_priority);
}

static void write_state(const struct msg *msg, void *arg)
{
	struct app *app = arg;

	notify_state_again(app->notify, msg);
}

/* The VRRP child speaks by itself when it is awake; it is asked when it has not for a while. */
static int64_t calm_us_of(const struct child_proc *c)
{
	const struct root_conf *root = (const void *)conf_root(c->supervisor->app->conf);

	return c->role == CHILD_VRRP ? vrrp_conf_tell_us(root) * 3 / 2 : PING_CALM_US;
}

static void on_ready(struct child_proc *c, const struct msg *msg)
{
	struct app *app = c->supervisor->app;
	bool is_reload = c->ready && c->ready != msg->ready.generation;
	const struct child_sched sched = sched_of(c);

	c->ready = msg->ready.generation;
	c->is_taking_over = false;
	c->calm_us = calm_us_of(c);
	child_sched_apply(c->row->title, c->pid, &sched);
	store_sweep(app->store, c->row->ops->self);
	relay_all(app);
	if (is_reload && root_global(conf_root(app->conf))->fifo_write_vrrp_states_on_reload)
		store_each(app->store, c->row->ops->self, write_state, app);
	if (c->role == CHILD_VRRP)
		reload_forget_former(app);
	parent_progress(app);
}

static void on_hello(struct child_proc *c, const struct msg *msg)
{
	if (strcmp(msg->hello.version, PACKAGE_VERSION) != 0)
		log_warnx("version", "%s child runs version %s", c->row->title, msg->hello.version);
}

/* What a reload removed speaks a last time; what it asks for stands in the former generation. */
static void on_notify(struct child_proc *c, const struct msg *msg)
{
	struct app *app = c->supervisor->app;

	if (!notify_event(app->notify, app->conf, msg) && app->former_conf)
		notify_event(app->notify, app->former_conf, msg);
}

static void on_stats_done(struct child_proc *c, const struct msg *msg)
{
	control_on_stats(c->supervisor->app->control, c->role, msg->stats_done.seq);
}

static void on_script_run(struct child_proc *c, const struct msg *msg)
{
	struct app *app = c->supervisor->app;

	check_scripts_run(app->check_scripts, c->row->ops->self, app->conf, &msg->script_run);
}

static void on_script_cancel(struct child_proc *c, const struct msg *msg)
{
	check_scripts_cancel(c->supervisor->app->check_scripts, c->row->ops->self,
			     &msg->script_cancel);
}

/* What a child may send besides its state; ipc.c has checked sender, receiver and phase. */
static void (*const child_handlers[MSG_N])(struct child_proc *c, const struct msg *msg) = {
	[MSG_hello] = on_hello,           [MSG_pong] = on_pong,
	[MSG_conf_ack] = on_ack,          [MSG_ready] = on_ready,
	[MSG_notify_vrrp] = on_notify,    [MSG_notify_group] = on_notify,
	[MSG_notify_rs] = on_notify,      [MSG_notify_vs] = on_notify,
	[MSG_notify_check] = on_notify,   [MSG_stats_done] = on_stats_done,
	[MSG_script_run] = on_script_run, [MSG_script_cancel] = on_script_cancel,
};

static void on_child_msg(struct ipc_chan *chan, const struct msg *msg, void *arg)
{
	struct child_proc *c = arg;

	(void)chan;
	if (store_put(c->supervisor->app->store, msg)) {
		relay_published(c->supervisor->app, msg);
		feeds_on_state(c->supervisor->app->feeds, msg);
	} else if (child_handlers[msg->kind])
		child_handlers[msg->kind](c, msg);
}

static void on_child_close(struct ipc_chan *chan, const char *why, void *arg)
{
	struct child_proc *c = arg;

	ipc_free(chan);
	c->chan = NULL;
	timer_cancel(&c->ping);
	if (!c->pid)
		return;
	/* It has died, which its exit will tell in a moment, or it broke the protocol and must go.
	 */
	if (c->is_wanted) {
		log_event(LOG_LEVEL_INFO, "channel", log_kv("role=%s", c->row->ops->name),
			  "channel to the %s child closed: %s", c->row->title, why);
		kill(c->pid, SIGKILL);
	}
}

/* ---- life and death ---- */

static void on_ping_timer(struct timer *timer, void *arg)
{
	struct child_proc *c = arg;
	struct msg msg = { .kind = MSG_ping, .fd = -1 };
	const uint32_t limit = c->committed && !c->is_taking_over
				       ? c->row->max_unanswered
				       : c->row->max_at_commit + c->n_objects / OBJECTS_PER_PING;

	/*
	 * Counted in pings, not in time: a parent that was itself stopped for a while has not sent
	 * any and must not take its own pause for a hang of the child.
	 */
	if (c->unanswered >= limit) {
		log_event(LOG_LEVEL_ERROR, "child_hung",
			  log_kv("role=%s pid=%d", c->row->ops->name, (int)c->pid),
			  "%s child does not answer, replacing it", c->row->title);
		kill(c->pid, SIGKILL);
		return;
	}
	msg.ping.seq = ++c->ping_seq;
	c->unanswered++;
	if (c->chan)
		ipc_send(c->chan, &msg);
	timer_arm_in(timer, PING_INTERVAL_US);
}

static int64_t respawn_delay_us(struct child_proc *c, int64_t lived_us)
{
	int64_t delay_us = RESPAWN_DELAY_US;

	if (lived_us >= HEALTHY_AFTER_US)
		c->quick_deaths = 0;
	else
		c->quick_deaths++;
	if (c->quick_deaths < 2)
		return 0;
	for (uint32_t i = 2; i < c->quick_deaths && delay_us < RESPAWN_DELAY_MAX_US; i++)
		delay_us *= 2;
	return delay_us < RESPAWN_DELAY_MAX_US ? delay_us : RESPAWN_DELAY_MAX_US;
}

static void on_child_exit(struct child *watch, int wait_status, void *arg)
{
	struct child_proc *c = arg;
	struct app *app = c->supervisor->app;
	char text[64];
	int64_t delay_us;

	(void)watch;
	proc_status_str(wait_status, text, sizeof(text));
	log_event(c->is_wanted ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "child_exit",
		  log_kv("role=%s pid=%d", c->row->ops->name, (int)c->pid), "%s child process %s",
		  c->row->title, text);
	timer_cancel(&c->ping);
	ipc_free(c->chan);
	c->chan = NULL;
	c->pid = 0;
	c->committed = 0;
	check_scripts_forget(app->check_scripts, c->row->ops->self);
	reload_on_child_lost(app->reload);
	control_on_child_lost(app->control, c->role);
	if (c->role == CHILD_VRRP)
		reload_forget_former(app);
	if (!c->is_wanted) {
		if (wait_status != 0 && child_take_back(c))
			return;
		pid_file_remove(c);
		parent_progress(app);
		return;
	}
	if (app->cmdline->no_respawn) {
		parent_stop(app, EXIT_STATUS_FATAL, "a child died");
		return;
	}
	delay_us = respawn_delay_us(c, time_sub(loop_update_now(app->loop), c->spawned_at));
	if (delay_us == 0) {
		child_spawn(c);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "respawn_delayed", log_kv("role=%s", c->row->ops->name),
		  "Restart of %s process delayed %" PRId64 " ms to limit respawn rate",
		  c->row->title, delay_us / US_PER_MS);
	timer_arm_in(&c->respawn, delay_us);
}

static void on_respawn_timer(struct timer *timer, void *arg)
{
	(void)timer;
	child_spawn(arg);
}

/* The process and its channel; false (and another try later) when there is none to be had. */
static bool child_fork(struct child_proc *c)
{
	struct app *app = c->supervisor->app;
	const struct ipc_handlers handlers = { on_child_msg, on_child_close, c };
	struct cmdline_child args;
	int pair[2], result = ipc_pair(pair);

	if (result == 0) {
		cmdline_for_child(app->cmdline, c->row->ops->name, &args);
		result = proc_spawn_self(args.argv, pair[1], log_pipe_fd(c->log));
		close(pair[1]);
		if (result < 0)
			close(pair[0]);
	}
	if (result < 0) {
		errno = -result;
		log_warn("spawn", "cannot start the %s child", c->row->title);
		timer_arm_in(&c->respawn, RESPAWN_DELAY_MAX_US);
		return false;
	}
	c->pid = result;
	c->chan = ipc_new(app->loop, pair[0], MSG_FROM_PARENT, c->row->ops->self, &handlers);
	child_watch(app->loop, &c->watch, c->pid, on_child_exit, c);
	return true;
}

static void child_start(struct child_proc *c)
{
	struct app *app = c->supervisor->app;

	if (!child_fork(c))
		return;
	if (!time_is_never(c->spawned_at) && c->spawned_at.us)
		c->restarts++;
	c->spawned_at = loop_update_now(app->loop);
	for (int i = 0; i < LOOP_LATE_N; i++) {
		c->was_late[i] += c->n_late[i];
		c->n_late[i] = 0;
	}
	c->unanswered = 0;
	c->committed = 0;
	c->initial = app->generation;
	log_event(LOG_LEVEL_INFO, "child_start",
		  log_kv("role=%s pid=%d", c->row->ops->name, (int)c->pid),
		  "Starting %s child process, pid=%d", c->row->title, (int)c->pid);
	if (child_offer(c, app->conf, app->generation) < 0)
		log_warnx("conf", "cannot hand the configuration to the %s child", c->row->title);
	store_each(app->store, c->row->ops->self, send_saved, c);
	pid_file_write(c);
	c->calm_us = PING_INTERVAL_US;
	timer_arm_in(&c->ping, PING_INTERVAL_US);
}

static void child_spawn(struct child_proc *c)
{
	if (!c->pid && !c->supervisor->app->is_stopping)
		child_start(c);
}

void supervisor_start(struct supervisor *s, unsigned mask)
{
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];

		if (!(mask & (1u << i)) || c->is_wanted)
			continue;
		c->is_wanted = true;
		child_spawn(c);
	}
}

/* With -V and -I a stop of the whole leaves the kernel as it is; what a reload drops goes. */
static bool is_kept(const struct child_proc *c)
{
	const struct app *app = c->supervisor->app;

	return app->is_stopping &&
	       (c->role == CHILD_VRRP ? app->cmdline->keep_vrrp : app->cmdline->keep_ipvs);
}

static void child_stop(struct child_proc *c, const char *reason)
{
	struct msg msg = { .kind = MSG_stop, .fd = -1 };

	c->is_wanted = false;
	timer_cancel(&c->respawn);
	timer_cancel(&c->ping);
	msg.stop.reason = reason;
	msg.stop.is_kept = is_kept(c);
	if (c->pid && c->chan)
		ipc_send(c->chan, &msg);
}

/* The VRRP child died when it should stop, or before: its addresses must not stay on this host. */
static bool child_take_back(struct child_proc *c)
{
	const struct app *app = c->supervisor->app;

	if (c->role != CHILD_VRRP || !app->is_stopping || c->is_last || is_kept(c))
		return false;
	c->is_last = true;
	child_start(c);
	child_stop(c, "what the child before it left is taken back");
	return c->pid != 0;
}

void supervisor_stop(struct supervisor *s, unsigned mask, const char *reason)
{
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];
		const bool is_missing = c->is_wanted && !c->pid;

		if (!(mask & (1u << i)))
			continue;
		child_stop(c, reason);
		if (is_missing)
			child_take_back(c);
	}
}

void supervisor_kill(struct supervisor *s)
{
	for (int i = 0; i < CHILD_N; i++) {
		if (!s->child[i].pid)
			continue;
		log_event(LOG_LEVEL_ERROR, "child_killed", NULL,
			  "%s process failed to die - forcing termination", s->child[i].row->title);
		kill(s->child[i].pid, SIGKILL);
	}
}

int supervisor_offer(struct supervisor *s, const struct conf *conf, uint64_t generation)
{
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];
		int result = c->pid && c->chan ? child_offer(c, conf, generation) : 0;

		if (result < 0)
			return result;
	}
	return 0;
}

void supervisor_decide(struct supervisor *s, uint64_t generation, bool is_commit)
{
	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];

		if (c->pid && c->chan && c->offered == generation)
			child_commit(c, generation, is_commit);
	}
}

void supervisor_send(enum msg_role to, const struct msg *msg, void *supervisor)
{
	struct supervisor *s = supervisor;

	for (int i = 0; i < CHILD_N; i++) {
		struct child_proc *c = &s->child[i];

		if (c->row->ops->self == to && c->pid && c->chan && c->committed)
			ipc_send(c->chan, msg);
	}
}

static json_int_t late_of(const struct child_proc *c, int limit)
{
	return (json_int_t)(c->was_late[limit] + c->n_late[limit]);
}

void supervisor_json(const struct supervisor *s, json_t *object)
{
	json_t *array = json_array();

	for (int i = 0; i < CHILD_N; i++) {
		const struct child_proc *c = &s->child[i];

		if (!c->is_wanted)
			continue;
		json_array_append_new(
			array, json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:I}", "role",
					 c->row->ops->name, "pid", (int)c->pid, "restarts",
					 (int)c->restarts, "generation", (json_int_t)c->committed,
					 "worst_lateness_us", (json_int_t)c->worst_lateness_us,
					 "late_10ms", late_of(c, LOOP_LATE_10MS), "late_100ms",
					 late_of(c, LOOP_LATE_100MS), "late_1s",
					 late_of(c, LOOP_LATE_1S)));
	}
	json_object_set_new(object, "processes", array);
}

void supervisor_text(const struct supervisor *s, time_us now, FILE *out)
{
	fprintf(out, "Processes\n  %-8s  %-8s  %-8s  %s\n", "ROLE", "PID", "RESTARTS", "SINCE");
	for (int i = 0; i < CHILD_N; i++) {
		const struct child_proc *c = &s->child[i];

		if (c->is_wanted)
			fprintf(out, "  %-8s  %-8d  %-8" PRIu32 "  %" PRId64 "s\n",
				c->row->ops->name, (int)c->pid, c->restarts,
				time_sub(now, c->spawned_at) / US_PER_S);
	}
	fputc('\n', out);
}
