/*
 * Scripts at both ends of the parent's life. Parent only; owns the process.
 */
#include "director/life_script.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "director/scripts.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sd.h"

#define KILL_US   (2 * US_PER_S)  /* from TERM to KILL */
#define MARGIN_US (30 * US_PER_S) /* what else a start or stop may take, for systemd */

struct life_script {
	struct loop *loop;
	void (*on_change)(void *arg);
	void *arg;
	const char *name; /* keyword */
	pid_t pid;        /* 0 = none runs */
	bool is_terminating;
	struct child watch;
	struct timer timer;
};

static void send_signal(struct life_script *life)
{
	log_event(LOG_LEVEL_WARNING, "script_timeout",
		  log_kv("object=%s pid=%d", life->name, (int)life->pid),
		  "%s does not end, sending %s", life->name,
		  life->is_terminating ? "KILL" : "TERM");
	kill(-life->pid, life->is_terminating ? SIGKILL : SIGTERM);
	life->is_terminating = true;
	timer_arm_in(&life->timer, KILL_US);
}

static void on_time_up(struct timer *timer, void *arg)
{
	struct life_script *life = arg;
	const bool was_due = life_script_is_due(life);

	(void)timer;
	send_signal(life);
	if (was_due)
		life->on_change(life->arg);
}

struct life_script *life_script_new(struct loop *loop, void (*on_change)(void *arg), void *arg)
{
	struct life_script *life = xcalloc(1, sizeof(*life));

	life->loop = loop;
	life->on_change = on_change;
	life->arg = arg;
	timer_init(&life->timer, loop, on_time_up, life);
	return life;
}

void life_script_free(struct life_script *life)
{
	if (!life)
		return;
	timer_cancel(&life->timer);
	if (life->pid) {
		child_unwatch(&life->watch);
		kill(-life->pid, SIGKILL);
	}
	free(life);
}

static void on_exit_seen(struct child *watch, int wait_status, void *arg)
{
	struct life_script *life = arg;
	char text[64];

	(void)watch;
	if (wait_status == 0)
		log_event(LOG_LEVEL_INFO, "script_done", log_kv("object=%s", life->name),
			  "%s succeeded", life->name);
	else
		log_event(LOG_LEVEL_WARNING, "script_failed",
			  log_kv("object=%s pid=%d", life->name, (int)life->pid), "%s %s",
			  life->name, proc_status_str(wait_status, text, sizeof(text)));
	timer_cancel(&life->timer);
	life->pid = 0;
	life->on_change(life->arg);
}

static pid_t spawn(const struct conf *conf, const struct conf_script *script)
{
	struct proc_script proc = { script->argv, script->user, script->group, scripts_ways(conf) };

	if (!proc.user)
		proc.user = scripts_default_user(conf, &proc.group);
	return proc_spawn_script(&proc);
}

void life_script_ask_for_time(int64_t us)
{
	char state[64];

	snprintf(state, sizeof(state), "EXTEND_TIMEOUT_USEC=%" PRId64, us + MARGIN_US);
	sd_tell(state);
}

bool life_script_run(struct life_script *life, const struct conf *conf, const char *name,
		     const struct life_script_conf *script)
{
	const int64_t timeout_us = script->timeout_s * US_PER_S;
	pid_t pid;

	if (!script->command.argc)
		return false;
	pid = spawn(conf, &script->command);
	if (pid < 0) {
		errno = (int)-pid;
		log_warn("script_failed", "cannot run %s %s", name, script->command.argv[0]);
		return false;
	}
	log_event(LOG_LEVEL_INFO, "script_start", log_kv("object=%s pid=%d", name, (int)pid),
		  "Running %s %s", name, script->command.argv[0]);
	life->name = name;
	life->pid = pid;
	life->is_terminating = false;
	child_watch(life->loop, &life->watch, pid, on_exit_seen, life);
	loop_update_now(life->loop); /* the loop may not run yet */
	timer_arm_in(&life->timer, timeout_us);
	life_script_ask_for_time(timeout_us);
	return true;
}

void life_script_end(struct life_script *life)
{
	if (life_script_is_due(life))
		send_signal(life);
}

bool life_script_is_due(const struct life_script *life)
{
	return life->pid && !life->is_terminating;
}

bool life_script_is_running(const struct life_script *life)
{
	return life->pid;
}
