/*
 * The parent process: start, signals, stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "config.h"
#include "director/address_log.h"
#include "director/app.h"
#include "director/log_file.h"
#include "director/root_conf.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/sd.h"

#define LAST_SCRIPTS_US (65 * US_PER_S) /* beyond child_wait_time; each script has 60 s */

/*
 * Into the background: the process that was called waits until the daemon runs (or failed) and
 * exits with its verdict, so that a script that starts diarch knows. Returns the descriptor the
 * daemon reports on, or -1 when we stay in the foreground. Does not return in the waiting process.
 */
static int daemonize(const struct cmdline *cmdline)
{
	int pipe_fd[2];
	unsigned char status = EXIT_STATUS_FATAL;
	pid_t pid;

	if (cmdline->dont_fork)
		return -1;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		fatal(EXIT_STATUS_FATAL, "cannot go into the background: %s", strerror(errno));
	if (pid > 0) {
		close(pipe_fd[1]);
		while (read(pipe_fd[0], &status, 1) < 0 && errno == EINTR)
			;
		_exit(status);
	}
	close(pipe_fd[0]);
	setsid();
	if (chdir("/") < 0)
		log_warn("daemon", "cannot change to /");
	return pipe_fd[1];
}

static void report_status(struct app *app, int status)
{
	unsigned char byte = (unsigned char)status;

	if (app->ready_fd < 0)
		return;
	if (write(app->ready_fd, &byte, 1) != 1)
		log_warn("daemon", "cannot report to the starting process");
	close(app->ready_fd);
	app->ready_fd = -1;
	if (status == EXIT_STATUS_OK && !app->cmdline->log_console) {
		int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int fd = 0; fd < 3 && null_fd >= 0; fd++)
			dup2(null_fd, fd);
		close(null_fd);
	}
}

static void log_start(const struct cmdline *cmdline)
{
	struct utsname host;

	log_event(LOG_LEVEL_INFO, "start", NULL, "Starting diarch v%s", PACKAGE_VERSION);
	if (uname(&host) == 0)
		log_event(LOG_LEVEL_INFO, "host", NULL, "Running on %s %s %s", host.sysname,
			  host.release, host.version);
	log_event(LOG_LEVEL_INFO, "conf_file", NULL, "Configuration file %s", cmdline->conf_file);
}

static void log_dump(const struct conf *conf)
{
	char *text = NULL, *line, *rest;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		fatal(EXIT_STATUS_FATAL, "out of memory");
	conf_dump(conf, &diarch_schema, false, out);
	fclose(out);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_event(LOG_LEVEL_INFO, "conf_dump", NULL, "%s", line);
	free(text);
}

/* ---- stop ---- */

/* The children have had their time. The scripts of the last events may do work that must not be
 * broken off, such as unmounting, and are waited for. */
static void on_stop_timeout(struct timer *timer, void *arg)
{
	struct app *app = arg;

	if (!app->is_overdue) {
		app->is_overdue = true;
		supervisor_kill(app->supervisor);
		notify_end_former(app->notify);
		if (!notify_is_idle(app->notify))
			log_event(LOG_LEVEL_INFO, "stop_waits", NULL, "Waiting for scripts");
		life_script_ask_for_time(LAST_SCRIPTS_US);
		timer_arm_in(timer, LAST_SCRIPTS_US);
	} else {
		app->is_given_up = true;
		supervisor_kill(app->supervisor);
	}
	parent_progress(app);
}

void parent_stop(struct app *app, int exit_status, const char *reason)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(app->conf);

	if (app->is_stopping)
		return;
	app->is_stopping = true;
	app->exit_status = exit_status;
	log_event(LOG_LEVEL_INFO, "stop", log_kv("reason=\"%s\"", reason), "Stopping");
	sd_tell("STOPPING=1");
	life_script_end(app->life_script);
	notify_hurry(app->notify);
	supervisor_stop(app->supervisor, 1U << CHILD_VRRP, reason);
	timer_arm_in(&app->stop_timer, root->child_wait_time_s * US_PER_S);
	parent_progress(app);
}

/* IPVS serves connections until the addresses are with another router. */
static void stop_rest(struct app *app)
{
	unsigned running = supervisor_running(app->supervisor);

	if (app->is_rest_told || running & 1U << CHILD_VRRP)
		return;
	app->is_rest_told = true;
	supervisor_stop(app->supervisor, running, "the addresses are handed over");
}

/* Nothing else runs any more. */
static void finish_stop(struct app *app)
{
	const struct global_conf *global = root_global(conf_root(app->conf));

	if (life_script_is_running(app->life_script))
		return;
	if (!app->is_shut_down) {
		app->is_shut_down = true;
		if (life_script_run(app->life_script, app->conf, "shutdown_script",
				    &global->shutdown_script))
			return;
	}
	loop_quit(app->loop, app->exit_status);
}

void parent_progress(struct app *app)
{
	if (app->is_stopping) {
		stop_rest(app);
		if (!supervisor_running(app->supervisor) &&
		    (app->is_given_up || notify_is_idle(app->notify)))
			finish_stop(app);
		return;
	}
	if (app->is_started)
		return;
	app->is_started = true;
	log_event(LOG_LEVEL_INFO, "started", NULL, "Startup complete");
	sd_tell("READY=1");
	report_status(app, EXIT_STATUS_OK);
}

static void on_notify_idle(void *arg)
{
	struct app *app = arg;

	if (app->is_stopping)
		parent_progress(app);
}

/* What the configuration says, from nothing. */
static void begin(struct app *app)
{
	const unsigned needed = supervisor_needed(app, app->conf);

	app->is_begun = true;
	if (!needed) {
		log_warnx("no_conf", "Warning - diarch has no configuration to run");
		parent_progress(app);
	}
	notify_apply(app->notify, app->conf);
	supervisor_start(app->supervisor, needed);
}

static void on_life_script(void *arg)
{
	struct app *app = arg;

	if (app->is_stopping)
		parent_progress(app);
	else if (!app->is_begun && !life_script_is_due(app->life_script))
		begin(app);
}

static void on_signal(int signo, void *arg)
{
	struct app *app = arg;

	if (signo == SIGHUP)
		reload_begin(app->reload);
	else if (signo != SIGTERM && signo != SIGINT)
		log_event(LOG_LEVEL_NOTICE, "signal", log_kv("signal=%d", signo),
			  "Signal %d writes no file: ask diarchctl status [--json]", signo);
	else
		parent_stop(app, EXIT_STATUS_OK, signo == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* ---- systemd's watchdog guards the parent, which guards the children ---- */

static void on_watchdog(struct timer *timer, void *arg)
{
	(void)arg;
	sd_tell("WATCHDOG=1");
	timer_arm_in(timer, sd_watchdog_us() / 2);
}

/* ---- start ---- */

static void apply_limits(const struct cmdline *cmdline, const struct conf *conf)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	umask(cmdline->umask >= 0 ? (mode_t)cmdline->umask
				  : (mode_t)root_global(conf_root(conf))->umask);
	if (cmdline->core_dump && setrlimit(RLIMIT_CORE, &all) < 0)
		log_warn("core_dump", "cannot allow core dumps");
}

/* Reads the configuration, goes where it says and locks the pid file; EXIT_STATUS_OK, or what to
 * exit with. */
static int prepare(struct app *app, bool *is_running)
{
	int status, error;

	app->conf = reload_read(app->cmdline, &status);
	if (!app->conf) {
		log_event(LOG_LEVEL_ERROR, "conf_refused", NULL,
			  "The configuration cannot be run, terminating");
		return status;
	}
	run_names_fill(&app->names, app->cmdline, app->conf);
	app->proc_events = proc_events_new();
	error = *app->names.net_namespace ? run_names_enter(app->names.net_namespace) : 0;
	if (error < 0) {
		errno = -error;
		log_warn("net_namespace", "cannot enter network namespace %s",
			 app->names.net_namespace);
		return EXIT_STATUS_FATAL;
	}
	mkdir(DIARCH_RUNDIR "/diarch", 0755); /* a failure shows when a file is made there */
	apply_limits(app->cmdline, app->conf);
	app->pid_fd = proc_pidfile(app->names.pid_file, getpid());
	if (app->pid_fd == -EAGAIN) {
		log_event(LOG_LEVEL_INFO, "already_running",
			  log_kv("pid_file=%s", app->names.pid_file), "daemon is already running");
		*is_running = true;
		return EXIT_STATUS_OK;
	}
	if (app->pid_fd < 0) {
		errno = -app->pid_fd;
		log_warn("pid_file", "cannot write pid file %s", app->names.pid_file);
		return errno == EACCES || errno == EPERM ? EXIT_STATUS_NO_PERMISSION
							 : EXIT_STATUS_FATAL;
	}
	return EXIT_STATUS_OK;
}

void parent_take_name(const struct app *app)
{
	const struct global_conf *global = root_global(conf_root(app->conf));

	if (global->process_name)
		proc_set_name(global->process_name);
}

static void setup(struct app *app)
{
	const int signals[] = { SIGTERM, SIGINT,       SIGHUP,      SIGUSR1,
				SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1 };

	app->generation = 1;
	parent_take_name(app);
	app->store = store_new();
	app->notify = notify_new(app->loop, on_notify_idle, app);
	app->life_script = life_script_new(app->loop, on_life_script, app);
	app->supervisor = supervisor_new(app);
	app->check_scripts = check_scripts_new(app->loop, supervisor_send, app->supervisor);
	app->feeds = feeds_new(app->loop, app->proc_events, supervisor_send, app->supervisor);
	app->proc_events = NULL;
	feeds_set_conf(app->feeds, app->conf);
	app->reload = reload_new(app);
	timer_init(&app->stop_timer, app->loop, on_stop_timeout, app);
	timer_init(&app->watchdog, app->loop, on_watchdog, app);
	if (sd_watchdog_us() > 0)
		timer_arm_in(&app->watchdog, 0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		loop_on_signal(app->loop, signals[i], on_signal, app);
	signal(SIGPIPE, SIG_IGN);
	app->control = control_new(app, app->names.control_path);
	if (!app->control)
		log_warn("control", "no control socket at %s", app->names.control_path);
	if (app->cmdline->log_addresses && !(app->address_log = address_log_new(app->loop)))
		log_warn("address_log", "cannot watch addresses");
}

static void teardown(struct app *app)
{
	control_free(app->control);
	address_log_free(app->address_log);
	reload_free(app->reload);
	check_scripts_free(app->check_scripts);
	feeds_free(app->feeds);
	supervisor_free(app->supervisor);
	life_script_free(app->life_script);
	notify_free(app->notify);
	store_free(app->store);
	reload_forget_former(app);
	conf_free(app->conf);
	loop_free(app->loop);
	unlink(app->names.pid_file);
	close(app->pid_fd);
}

void parent_reopen_logs(struct app *app)
{
	int error = 0;

	if (app->log_fd >= 0)
		error = log_file_reopen(app->log_fd, app->cmdline->log_file, "");
	if (error) {
		errno = -error;
		log_warn("log_file", "cannot open log file %s again", app->cmdline->log_file);
	}
	supervisor_reopen_logs(app->supervisor);
}

/* The log, with its file if one is asked for; without that file it goes on. Returns the descriptor
 * of the file, or -1. */
static int open_log(const struct cmdline *cmdline)
{
	int fd = cmdline->log_file ? log_file_open(cmdline->log_file, "") : -1;

	log_set_fd(fd);
	cmdline_open_log(cmdline, NULL);
	if (cmdline->log_file && fd < 0) {
		errno = -fd;
		log_warn("log_file", "cannot write log file %s", cmdline->log_file);
	}
	return fd < 0 ? -1 : fd;
}

int parent_main(const struct cmdline *cmdline)
{
	struct app app = { .cmdline = cmdline, .pid_fd = -1, .ready_fd = -1 };
	bool is_running = false;
	int status;

	app.log_fd = open_log(cmdline);
	app.ready_fd = daemonize(cmdline);
	log_start(cmdline);
	cmdline_log_idle(cmdline);
	status = prepare(&app, &is_running);
	if (status != EXIT_STATUS_OK || is_running) {
		report_status(&app, status);
		proc_events_free(app.proc_events);
		conf_free(app.conf);
		return status;
	}
	if (cmdline->dump_conf)
		log_dump(app.conf);
	app.loop = loop_new(NULL);
	if (!app.loop)
		fatal(EXIT_STATUS_FATAL, "no event loop: %s", strerror(errno));
	setup(&app);
	if (proc_confine(PROC_CAP_NET_ADMIN | PROC_CAP_NET_RAW | PROC_CAP_NET_BIND |
				 PROC_CAP_SCRIPTS | PROC_CAP_CHOWN | PROC_CAP_SCHED |
				 PROC_CAP_FILES,
			 true) < 0)
		log_warnx("confine", "cannot drop capabilities");
	if (!life_script_run(app.life_script, app.conf, "startup_script",
			     &root_global(conf_root(app.conf))->startup_script))
		begin(&app);
	status = loop_run(app.loop);
	teardown(&app);
	log_event(LOG_LEVEL_INFO, "stopped", NULL, "Stopped diarch v%s", PACKAGE_VERSION);
	log_close();
	return status < 0 ? EXIT_STATUS_FATAL : status;
}
