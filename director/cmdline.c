/*
 * Command line of diarch, read once at the start of every process.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "config.h"
#include "director/app.h"
#include "director/cmdline.h"
#include "lib/log.h"

enum {
	OPT_CONTROL = 256,
	OPT_ROLE,
	OPT_JSON,
	OPT_DUMP_CONFIG,
	OPT_PLAN,
	OPT_JSON_SCHEMA,
	OPT_TOLERANT
};

/* One row an option: parsing, usage and "not built yet" all come from here. */
struct option_row {
	int key; /* short letter, or OPT_* */
	const char *name;
	int has_arg;
	const char *arg;  /* for the usage text */
	const char *help; /* NULL = known to keepalived, not built yet */
};

static const struct option_row rows[] = {
	{ 'f', "use-file", required_argument, "FILE", "configuration file or glob" },
	{ 'P', "vrrp", no_argument, NULL, "run only the VRRP child" },
	{ 'C', "check", no_argument, NULL, "run only the checker child" },
	{ 'n', "dont-fork", no_argument, NULL, "stay in the foreground" },
	{ 'l', "log-console", no_argument, NULL, "log to stderr as well" },
	{ 'D', "log-detail", no_argument, NULL, "detailed log" },
	{ 'S', "log-facility", required_argument, "0-7|local0-7|user|daemon", "syslog facility" },
	{ 'G', "no-syslog", no_argument, NULL, "do not log to syslog or the journal" },
	{ 'd', "dump-conf", no_argument, NULL, "log the configuration at start" },
	{ 'p', "pid", required_argument, "FILE", "pid file of the parent" },
	{ 'r', "vrrp_pid", required_argument, "FILE", "pid file of the VRRP child" },
	{ 'c', "checkers_pid", required_argument, "FILE", "pid file of the checker child" },
	{ 't', "config-test", optional_argument, "FILE",
	  "check the configuration and exit; problems go to FILE" },
	{ 'i', "config-id", required_argument, "ID", "value that @ID lines are compared with" },
	{ OPT_TOLERANT, "tolerant", no_argument, NULL,
	  "take rejected values for their defaults, as keepalived does" },
	{ 'v', "version", no_argument, NULL, "print the version and exit" },
	{ 'h', "help", no_argument, NULL, "print this help and exit" },
	{ OPT_CONTROL, "control", required_argument, "SOCKET", "path of the control socket" },
	{ OPT_JSON, "json", no_argument, NULL, "with -t, --dump-config or --plan: print JSON" },
	{ OPT_DUMP_CONFIG, "dump-config", no_argument, NULL,
	  "print the configuration with all defaults and exit" },
	{ OPT_PLAN, "plan", no_argument, NULL,
	  "print what a reload would do and exit; changes nothing" },
	{ OPT_JSON_SCHEMA, "json-schema", no_argument, NULL,
	  "print the JSON Schema of --dump-config --json and exit" },
	{ OPT_ROLE, "role", required_argument, NULL, "" }, /* internal */
	{ 'B', "no_bfd", no_argument, NULL, NULL },
	{ 'g', "log-file", optional_argument, NULL, NULL },
	{ 'u', "umask", required_argument, NULL, NULL },
	{ 'X', "release-vips", no_argument, NULL, NULL },
	{ 'V', "dont-release-vrrp", no_argument, NULL, NULL },
	{ 'I', "dont-release-ipvs", no_argument, NULL, NULL },
	{ 'R', "dont-respawn", no_argument, NULL, NULL },
	{ 'b', "bfd_pid", required_argument, NULL, NULL },
	{ 'T', "genhash", no_argument, NULL, NULL },
	{ 'a', "address-monitoring", no_argument, NULL, NULL },
	{ 'x', "snmp", no_argument, NULL, NULL },
	{ 'A', "snmp-agent-socket", required_argument, NULL, NULL },
	{ 's', "namespace", required_argument, NULL, NULL },
	{ 'm', "core-dump", no_argument, NULL, NULL },
	{ 'M', "core-dump-pattern", optional_argument, NULL, NULL },
	{ 'e', "all-config", no_argument, NULL, NULL },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: diarch [OPTION...]\n"
		     "High-availability load balancing for Linux Virtual Server.\n\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct option_row *row = &rows[i];
		char left[64];

		if (!row->help || !*row->help)
			continue;
		snprintf(left, sizeof(left),
			 row->has_arg == optional_argument ? "--%s[%s%s]" : "--%s%s%s", row->name,
			 row->arg ? "=" : "", row->arg ? row->arg : "");
		if (row->key < 256)
			fprintf(out, "  -%c, %-40s %s\n", row->key, left, row->help);
		else
			fprintf(out, "      %-40s %s\n", left, row->help);
	}
}

static void version(FILE *out)
{
	fprintf(out, "diarch v%s\nISC licence. Configuration grammar: keepalived.conf(5).\n",
		PACKAGE_VERSION);
}

static int facility_parse(const char *text)
{
	static const int local[] = { LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
				     LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7 };

	if (!strcmp(text, "daemon"))
		return LOG_DAEMON;
	if (!strcmp(text, "user"))
		return LOG_USER;
	if (!strncmp(text, "local", 5))
		text += 5;
	if (text[0] >= '0' && text[0] <= '7' && !text[1])
		return local[text[0] - '0'];
	return -1;
}

/* Builds what getopt_long wants from the rows. */
static void getopt_tables(char *shorts, struct option *longs)
{
	char *p = shorts;

	for (size_t i = 0; i < N_ROWS; i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].has_arg, NULL, rows[i].key };
		if (rows[i].key >= 256)
			continue;
		*p++ = (char)rows[i].key;
		for (int colons = rows[i].has_arg == required_argument   ? 1
				  : rows[i].has_arg == optional_argument ? 2
									 : 0;
		     colons > 0; colons--)
			*p++ = ':';
	}
	*p = '\0';
	longs[N_ROWS] = (struct option){ 0 };
}

static const struct option_row *row_find(int key)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].key == key)
			return &rows[i];
	return NULL;
}

static void exit_with(struct cmdline *out, int status)
{
	out->action = CMDLINE_EXIT;
	out->exit_status = status;
}

/* Options that only store something. Returns false for others. */
static bool apply_simple(struct cmdline *out, int key, const char *arg)
{
	switch (key) {
	case 'f': out->conf_file = arg; return true;
	case 'P': out->with_checkers = false; return true;
	case 'C': out->with_vrrp = false; return true;
	case 'n': out->dont_fork = true; return true;
	case 'l': out->log_console = true; return true;
	case 'D': out->log_detail++; return true;
	case 'G': out->no_syslog = true; return true;
	case 'd': out->dump_conf = true; return true;
	case 'p': out->pid_file = arg; return true;
	case 'r': out->vrrp_pid_file = arg; return true;
	case 'c': out->checkers_pid_file = arg; return true;
	case 'i': out->config_id = arg; return true;
	case OPT_CONTROL: out->control_path = arg; return true;
	case OPT_ROLE: out->role = arg; return true;
	case OPT_JSON: out->json = true; return true;
	case OPT_DUMP_CONFIG: out->action = CMDLINE_DUMP; return true;
	case OPT_TOLERANT: out->is_tolerant = true; return true;
	case OPT_JSON_SCHEMA: out->action = CMDLINE_SCHEMA; return true;
	case OPT_PLAN: out->action = CMDLINE_PLAN; return true;
	default: return false;
	}
}

static void apply(struct cmdline *out, int key, const char *arg)
{
	const struct option_row *row = row_find(key);

	if (row && !row->help) {
		fprintf(stderr, "diarch: option --%s is known from keepalived but not built yet\n",
			row->name);
		exit_with(out, EXIT_STATUS_FATAL);
		return;
	}
	if (apply_simple(out, key, arg))
		return;
	switch (key) {
	case 't':
		if (out->action != CMDLINE_PLAN) /* -t --plan: the plan says all of -t, and more */
			out->action = CMDLINE_TEST;
		/* keepalived's `-t=FILE`: getopt hands over "=FILE" for the short form. */
		out->test_output = arg && arg[0] == '=' ? arg + 1 : arg;
		break;
	case 'S':
		out->log_facility = facility_parse(arg);
		if (out->log_facility < 0) {
			fprintf(stderr, "diarch: unknown log facility '%s'\n", arg);
			exit_with(out, EXIT_STATUS_FATAL);
		}
		break;
	case 'v':
		version(stderr);
		exit_with(out, EXIT_STATUS_OK);
		break;
	case 'h':
		usage(stdout);
		exit_with(out, EXIT_STATUS_OK);
		break;
	default:
		fprintf(stderr, "Try 'diarch --help'.\n");
		exit_with(out, EXIT_STATUS_FATAL);
		break;
	}
}

void cmdline_parse(int argc, char **argv, struct cmdline *out)
{
	char shorts[3 * N_ROWS + 1];
	struct option longs[N_ROWS + 1];
	int key;

	*out = (struct cmdline){
		.conf_file = DIARCH_SYSCONFDIR "/keepalived/keepalived.conf",
		.pid_file = DIARCH_RUNDIR "/diarch.pid",
		.vrrp_pid_file = DIARCH_RUNDIR "/diarch_vrrp.pid",
		.checkers_pid_file = DIARCH_RUNDIR "/diarch_checkers.pid",
		.control_path = DIARCH_RUNDIR "/diarch/control.sock",
		.log_facility = LOG_DAEMON,
		.with_vrrp = true,
		.with_checkers = true,
	};
	getopt_tables(shorts, longs);
	while (out->action != CMDLINE_EXIT &&
	       (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		apply(out, key, optarg);
	if (!out->with_vrrp && !out->with_checkers) /* -P -C together mean both */
		out->with_vrrp = out->with_checkers = true;
	for (; out->action != CMDLINE_EXIT && optind < argc; optind++)
		fprintf(stderr, "diarch: unexpected argument '%s'\n", argv[optind]);
}

struct conf_options cmdline_conf_options(const struct cmdline *cmdline)
{
	return (struct conf_options){ .config_id = cmdline->config_id,
				      .is_tolerant = cmdline->is_tolerant };
}

void cmdline_open_log(const struct cmdline *cmdline, const char *role)
{
	static char ident[32]; /* the log keeps the pointer */
	unsigned targets = 0;

	snprintf(ident, sizeof(ident), "diarch%s%s", role ? "_" : "", role ? role : "");
	if (cmdline->log_console)
		targets |= LOG_TARGET_STDERR;
	if (!cmdline->no_syslog)
		targets |= LOG_TARGET_JOURNAL;
	log_open(ident, targets, cmdline->log_facility,
		 cmdline->log_detail ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
}

void cmdline_for_child(const struct cmdline *cmdline, const char *role, struct cmdline_child *self)
{
	static char name[] = "diarch", console[] = "-l", detail[] = "-D", quiet[] = "-G";
	unsigned n = 0;

	snprintf(self->role, sizeof(self->role), "--role=%s", role);
	self->argv[n++] = name;
	self->argv[n++] = self->role;
	if (cmdline->log_facility != LOG_DAEMON) {
		int number = (cmdline->log_facility - LOG_LOCAL0) >> 3;

		if (cmdline->log_facility == LOG_USER)
			snprintf(self->facility, sizeof(self->facility), "-Suser");
		else
			snprintf(self->facility, sizeof(self->facility), "-S%d", number & 7);
		self->argv[n++] = self->facility;
	}
	if (cmdline->log_console)
		self->argv[n++] = console;
	if (cmdline->log_detail)
		self->argv[n++] = detail;
	if (cmdline->no_syslog)
		self->argv[n++] = quiet;
	self->argv[n] = NULL;
}
