/*
 * The command line: keepalived's options with its names, and ours.
 */
#ifndef DIARCH_DIRECTOR_CMDLINE_H
#define DIARCH_DIRECTOR_CMDLINE_H

#include <stdbool.h>

#include "lib/conf.h"

enum cmdline_action {
	CMDLINE_RUN,
	CMDLINE_TEST,
	CMDLINE_DUMP,
	CMDLINE_PLAN,
	CMDLINE_SCHEMA,
	CMDLINE_EXIT
};

struct cmdline {
	enum cmdline_action action;
	int exit_status;  /* for CMDLINE_EXIT: -v, -h, a mistake */
	const char *role; /* internal: which child this process is; NULL = the parent */
	const char *conf_file;
	const char *test_output; /* -t=FILE: diagnostics are appended there; NULL = stderr */
	const char *config_id;
	/* NULL = as run_names_fill() says */
	const char *pid_file, *vrrp_pid_file, *checkers_pid_file, *control_path, *net_namespace;
	const char *log_file; /* NULL = none */
	int umask;            /* -1 = that of the file */
	bool dont_fork;
	bool log_console;
	bool no_syslog;
	unsigned log_detail;
	int log_facility;
	bool dump_conf;
	bool needs_all_config;                  /* plain include lines are strict */
	bool is_tolerant;                       /* towards what keepalived tolerates in a file */
	bool json;                              /* diagnostics or dump as JSON */
	bool with_vrrp, with_checkers, run_all; /* run_all: children without configuration, too */
	bool keep_vrrp, keep_ipvs;              /* at stop the kernel keeps what it has */
	bool no_respawn;
	bool log_addresses;
	bool core_dump;
	uint64_t idle; /* bit for each option given that has no effect, by row */
};

/* Fills `out` from the arguments; prints usage, version and mistakes itself (action CMDLINE_EXIT).
 */
void cmdline_parse(int argc, char **argv, struct cmdline *out);

/* Says of each option given that has no effect what that means, once. */
void cmdline_log_idle(const struct cmdline *cmdline);

/* How the options want files to be read. */
struct conf_options cmdline_conf_options(const struct cmdline *cmdline);

/* Opens the log of a process as the options say. `role` is NULL, "vrrp" or "check". */
void cmdline_open_log(const struct cmdline *cmdline, const char *role);

/* Arguments for a child in `role`: enough of ours to log alike. Fills `argv` (at least 8 slots,
 * NULL terminated); the strings live in the buffers of `self`. */
struct cmdline_child {
	char role[32];
	char facility[16];
	char *argv[10];
};
void cmdline_for_child(const struct cmdline *cmdline, const char *role, struct cmdline_child *self);

#endif
