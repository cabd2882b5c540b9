/*
 * The parent process: what it is made of.
 *
 * One struct app per process, made in main, passed down. The parent parses and validates once,
 * supervises the two children, keeps their last state, notifies for them, and answers the
 * control socket.
 */
#ifndef DIARCH_DIRECTOR_APP_H
#define DIARCH_DIRECTOR_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "director/check_scripts.h"
#include "director/cmdline.h"
#include "director/control.h"
#include "director/feeds.h"
#include "director/life_script.h"
#include "director/proc_events.h"
#include "director/notify.h"
#include "director/reload.h"
#include "director/run_names.h"
#include "director/store.h"
#include "director/supervise.h"
#include "lib/conf.h"
#include "lib/loop.h"

/* keepalived's exit statuses, and that of --plan. */
enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_FATAL = 1,
	EXIT_STATUS_CONFIG = 2,
	EXIT_STATUS_CHANGE = 3, /* --plan: a reload would change something */
	EXIT_STATUS_NO_PERMISSION = 4,
	EXIT_STATUS_TEST_FAILED = 5,
	EXIT_STATUS_NO_CONFIG = 6,
};

struct app {
	const struct cmdline *cmdline;
	struct run_names names;
	struct loop *loop;
	struct conf *conf; /* the running generation */
	/* The one before, until the VRRP child has left it; NULL = none. */
	struct conf *former_conf;
	uint64_t generation;
	struct supervisor *supervisor;
	struct reload *reload;
	struct store *store;
	struct notify *notify;
	struct life_script *life_script;
	struct check_scripts *check_scripts;
	struct proc_events *proc_events; /* of the namespace we come from, until feeds has it */
	struct feeds *feeds;             /* what is watched for the children */
	struct control *control;
	struct address_log *address_log; /* with -a */
	struct timer stop_timer;         /* child_wait_time, then that of the last scripts */
	struct timer watchdog;           /* systemd's, where it asks for it */
	int ready_fd; /* tells the waiting foreground process that we run; -1 = nobody waits */
	int pid_fd;
	int log_fd; /* with -g; -1 = none */
	int exit_status;
	bool is_begun; /* the children may start: the startup script has ended or had its time */
	bool is_stopping;
	bool is_rest_told; /* while stopping: the children behind the VRRP child, too */
	bool is_overdue;   /* while stopping: only the last scripts are waited for */
	bool is_given_up;  /* while stopping: nor are they */
	bool is_shut_down; /* the shutdown script has been started */
	bool is_started;   /* "Startup complete" has been said */
};

/* The parent from command line to exit; returns the exit status. */
int parent_main(const struct cmdline *cmdline);

/* Begins a clean stop; the loop ends when the children have handed over. */
void parent_stop(struct app *app, int exit_status, const char *reason);

/* Log files may have been rotated. */
void parent_reopen_logs(struct app *app);

/* Gives this process the name that the running configuration says. */
void parent_take_name(const struct app *app);

/* Called when a child has gone or a script has ended while stopping, and when a generation runs
 * everywhere. */
void parent_progress(struct app *app);

#endif
