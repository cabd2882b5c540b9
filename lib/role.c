/*
 * The skeleton of a child: channel, configuration hand-over, heartbeat, stop.
 *
 * VRRP and checker child. Owns the loop, the channel and both configurations, the running and the
 * one that was acknowledged and waits for its commit.
 */
#include "config.h"

#include "lib/role.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/proc.h"

#define ROLE_WHY_MAX       256
#define ROLE_CONF_SIZE_MAX (256 * 1024 * 1024)
#define ROLE_LAST_WORDS_US US_PER_S
#define ROLE_SEALS         (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Unasked words in a row: a parent that was stopped must not find thousands. */
#define ROLE_TOLD_MAX 8

struct role {
	const struct role_ops *ops;
	const struct conf_schema *schema;
	struct loop *loop;
	struct ipc_chan *chan; /* NULL when the parent is gone */
	void *state;
	struct conf *conf;    /* running */
	struct conf *pending; /* acknowledged, not yet committed */
	uint64_t pending_generation;
	bool is_stopping;
	int64_t tell_us; /* 0 = only when asked */
	time_us told_at; /* that we are well */
	unsigned n_told; /* without being asked */
};

bool role_is_stopping(const struct role *role)
{
	return role->is_stopping;
}

struct loop *role_loop(struct role *role)
{
	return role->loop;
}

const struct conf *role_conf(const struct role *role)
{
	return role->conf;
}

void role_set_state(struct role *role, void *state)
{
	role->state = state;
}

void *role_state(const struct role *role)
{
	return role->state;
}

void role_send(struct role *role, const struct msg *msg)
{
	/* A failure means that the parent is gone or stuck; the channel reports that by itself. */
	if (role->chan)
		ipc_send(role->chan, msg);
}

void role_stopped(struct role *role, int status)
{
	if (role->chan)
		ipc_flush(role->chan, ROLE_LAST_WORDS_US);
	loop_quit(role->loop, status);
}

static void apply_settings(struct role *role);

static void commit_pending(struct role *role)
{
	struct conf *old = role->conf;

	if (role->chan)
		ipc_set_phase(role->chan, MSG_PHASE_RUN);
	role->ops->commit(role, role->pending);
	role->conf = role->pending;
	role->pending = NULL;
	conf_free(old);
	apply_settings(role);
}

/* A stop between the start and the first commit: what a predecessor left, such as addresses, is
 * taken back by whoever has taken it over. */
static void role_begin_stop(struct role *role, enum role_stop kind)
{
	if (role->is_stopping)
		return;
	role->is_stopping = true;
	if (!role->conf && role->pending && kind != ROLE_STOP_KEEP)
		commit_pending(role);
	role->ops->stop(role, kind);
}

/* The parent died, or does not speak our protocol, which comes to the same. */
static void role_lose_parent(struct role *role, const char *why)
{
	ipc_free(role->chan);
	role->chan = NULL;
	if (role->is_stopping)
		return;
	log_event(LOG_LEVEL_WARNING, "parent_lost", NULL, "Lost the parent process: %s", why);
	role_begin_stop(role, ROLE_STOP_ORPHAN);
}

/* ---- configuration ---- */

/* Maps a sealed memfd of exactly `size` bytes; NULL with the reason in `why`. */
static const uint8_t *conf_map(int fd, uint64_t size, const char **why)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *data;

	*why = "configuration is not a sealed memfd";
	if (seals < 0 || (seals & ROLE_SEALS) != ROLE_SEALS)
		return NULL;
	*why = "configuration has not the announced size";
	if (size == 0 || size > ROLE_CONF_SIZE_MAX || fstat(fd, &st) < 0 ||
	    (uint64_t)st.st_size != size)
		return NULL;
	*why = "configuration cannot be mapped";
	data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	return data == MAP_FAILED ? NULL : data;
}

/* Makes the configuration in `fd`, checked by the role; NULL with the reason in `why`. */
static struct conf *conf_take(struct role *role, int fd, uint64_t size, char *why)
{
	const char *problem;
	const uint8_t *data = conf_map(fd, size, &problem);
	struct conf *conf;
	int error;

	if (!data) {
		snprintf(why, ROLE_WHY_MAX, "%s", problem);
		return NULL;
	}
	conf = conf_decode(data, (size_t)size, role->schema);
	munmap((void *)(uintptr_t)data, (size_t)size);
	if (!conf) {
		snprintf(why, ROLE_WHY_MAX, "configuration is malformed");
		return NULL;
	}
	why[0] = '\0';
	error = role->ops->prepare(role, conf, why, ROLE_WHY_MAX);
	if (error == 0)
		return conf;
	if (why[0] == '\0')
		snprintf(why, ROLE_WHY_MAX, "%s", strerror(-error));
	conf_free(conf);
	return NULL;
}

static void on_conf(struct role *role, const struct msg *msg)
{
	char why[ROLE_WHY_MAX] = "";
	struct msg ack = { .kind = MSG_conf_ack, .fd = -1 };

	conf_free(role->pending);
	role->pending = conf_take(role, msg->fd, msg->conf.size, why);
	role->pending_generation = msg->conf.generation;
	close(msg->fd);
	ack.conf_ack.generation = msg->conf.generation;
	ack.conf_ack.is_ok = role->pending != NULL;
	ack.conf_ack.reason = role->pending ? "" : why;
	role_send(role, &ack);
}

/* ---- what the configuration says of the process itself ---- */

/* The parent has raised the limit where it may; elsewhere a capability was kept. */
static void set_locked(const struct role *role, bool is_locked)
{
	const int error = proc_lock_memory(is_locked);

	if (is_locked && error)
		log_event(LOG_LEVEL_WARNING, "no_swap", log_kv("errno=%d", -error),
			  "Cannot lock the memory of the %s process: %s", role->ops->name,
			  error == -EPERM ? "it is limited (RLIMIT_MEMLOCK), and neither "
					    "CAP_SYS_RESOURCE nor CAP_IPC_LOCK is at hand"
					  : strerror(-error));
}

static void apply_settings(struct role *role)
{
	struct role_settings settings = { .name = NULL };

	if (!role->ops->settings)
		return;
	role->ops->settings(role->conf, &settings);
	set_locked(role, settings.is_locked);
	role->tell_us = settings.tell_us;
	if (settings.name)
		proc_set_name(settings.name);
}

/*
 * Running in real time for longer than the limit without waiting: go on as everybody else, rather
 * than be killed a second later.
 */
static void on_too_long(int signo)
{
	const struct sched_param normal = { .sched_priority = 0 };

	(void)signo;
	sched_setscheduler(0, SCHED_OTHER, &normal);
}

static void on_conf_commit(struct role *role, const struct msg *msg)
{
	struct msg ready = { .kind = MSG_ready, .fd = -1 };

	if (!role->pending || role->pending_generation != msg->conf_commit.generation) {
		role_lose_parent(role, "commit of a configuration that does not wait");
		return;
	}
	commit_pending(role);
	ready.ready.generation = msg->conf_commit.generation;
	role_send(role, &ready);
}

static void on_conf_abort(struct role *role, const struct msg *msg)
{
	if (role->pending_generation != msg->conf_abort.generation)
		return; /* refused by us before */
	conf_free(role->pending);
	role->pending = NULL;
}

/* ---- the other messages, signals ---- */

static void send_pong(struct role *role, uint64_t seq)
{
	struct msg pong = { .kind = MSG_pong, .fd = -1, .pong = { .seq = seq } };
	uint64_t late[LOOP_LATE_N];
	int64_t last_us;

	loop_lateness(role->loop, &last_us, &pong.pong.worst_lateness_us);
	loop_late_counts(role->loop, late);
	pong.pong.late_10ms = late[LOOP_LATE_10MS];
	pong.pong.late_100ms = late[LOOP_LATE_100MS];
	pong.pong.late_1s = late[LOOP_LATE_1S];
	role->told_at = loop_now(role->loop);
	role_send(role, &pong);
}

static void on_ping(struct role *role, const struct msg *msg)
{
	role->n_told = 0;
	send_pong(role, msg->ping.seq);
}

/* Who advertises or listens is awake anyway: the parent need not wake us to ask. */
static void on_pass(void *arg)
{
	struct role *role = arg;

	if (role->tell_us == 0 || role->is_stopping || role->n_told >= ROLE_TOLD_MAX ||
	    time_sub(loop_now(role->loop), role->told_at) < role->tell_us)
		return;
	role->n_told++;
	send_pong(role, 0);
}

static void on_stop(struct role *role, const struct msg *msg)
{
	log_event(LOG_LEVEL_INFO, "stop", NULL, "Stopping: %s", msg->stop.reason);
	role_begin_stop(role, msg->stop.is_kept ? ROLE_STOP_KEEP : ROLE_STOP_CLEAN);
}

/* What every role does alike; the rest goes to the role. */
static void (*const role_handlers[MSG_N])(struct role *role, const struct msg *msg) = {
	[MSG_ping] = on_ping,
	[MSG_stop] = on_stop,
	[MSG_conf] = on_conf,
	[MSG_conf_commit] = on_conf_commit,
	[MSG_conf_abort] = on_conf_abort,
};

static void on_chan_msg(struct ipc_chan *chan, const struct msg *msg, void *arg)
{
	struct role *role = arg;

	(void)chan;
	if (role->is_stopping && msg->kind != MSG_ping) {
		if (msg->fd >= 0)
			close(msg->fd);
		return;
	}
	if (role_handlers[msg->kind])
		role_handlers[msg->kind](role, msg);
	else
		role->ops->on_msg(role, msg);
}

static void on_chan_close(struct ipc_chan *chan, const char *why, void *arg)
{
	(void)chan;
	role_lose_parent(arg, why);
}

static void on_term(int signo, void *arg)
{
	(void)signo;
	role_begin_stop(arg, ROLE_STOP_CLEAN);
}

/* ---- life ---- */

static int role_open(struct role *role)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2 };
	const struct ipc_handlers handlers = { on_chan_msg, on_chan_close, role };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGXCPU, on_too_long);
	role->loop = loop_new(NULL);
	if (!role->loop)
		return -errno;
	role->chan =
		ipc_new(role->loop, PROC_CHANNEL_FD, role->ops->self, MSG_FROM_PARENT, &handlers);
	if (!role->chan)
		return -errno;
	loop_on_pass(role->loop, on_pass, role);
	return loop_on_signal(role->loop, SIGTERM, on_term, role);
}

static int role_serve(struct role *role)
{
	struct msg hello = { .kind = MSG_hello,
			     .fd = -1,
			     .hello = { .version = PACKAGE_VERSION, .pid = (uint32_t)getpid() } };

	role_send(role, &hello);
	return loop_run(role->loop);
}

/* A reload may ask for locked memory at any time. */
static unsigned caps_of(const struct role_ops *ops)
{
	return ops->caps | (ops->settings ? PROC_CAP_LOCK : 0);
}

static void tell_missing_caps(const struct role_ops *ops)
{
	const char *missing = proc_caps_missing(ops->caps);

	if (*missing)
		log_event(
			LOG_LEVEL_ERROR, "capabilities", log_kv("role=%s", ops->name),
			"The %s process lacks %s, which root has unless it is taken away, as in a "
			"container: what needs that will fail",
			ops->name, missing);
}

int role_run(const struct role_ops *ops, const struct conf_schema *schema)
{
	struct role role = { .ops = ops, .schema = schema };
	const char *step = "channel";
	int result = role_open(&role);

	if (result == 0) {
		step = "confinement";
		result = proc_confine(caps_of(ops), false);
	}
	if (result == 0) {
		tell_missing_caps(ops);
		step = "initialisation";
		result = ops->init(&role);
	}
	if (result == 0) {
		step = "loop";
		result = role_serve(&role);
		ops->done(&role);
	}
	if (result < 0)
		log_event(LOG_LEVEL_ERROR, "role_failed", NULL, "Role %s: %s failed: %s", ops->name,
			  step, strerror(-result));
	conf_free(role.pending);
	conf_free(role.conf);
	ipc_free(role.chan);
	loop_free(role.loop);
	return result < 0 ? EXIT_FAILURE : result;
}
