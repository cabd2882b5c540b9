/*
 * Command line of diarch, read once at the start of every process.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "config.h"
#include "director/app.h"
#include "director/cmdline.h"
#include "lib/log.h"
#include "lib/proc.h"

enum {
	OPT_CONTROL = 256,
	OPT_ROLE,
	OPT_JSON,
	OPT_DUMP_CONFIG,
	OPT_PLAN,
	OPT_JSON_SCHEMA,
	OPT_TOLERANT,
	OPT_ALL,
	OPT_SIGNUM,
	OPT_FLUSH_LOG
};

/* One row an option: parsing, usage and what has no effect all come from here. */
struct option_row {
	int key; /* short letter, or OPT_* */
	const char *name;
	int has_arg;
	const char *arg;  /* for the usage text */
	const char *help; /* "" = internal */
	const char *idle; /* it has no effect: what that means; NULL = it works */
};

#define OPTION(key, name, has_arg, arg, help)       \
	{                                           \
		key, name, has_arg, arg, help, NULL \
	}
#define IDLE(key, name, has_arg, why)             \
	{                                         \
		key, name, has_arg, NULL, "", why \
	}

static const struct option_row rows[] = {
	OPTION('f', "use-file", required_argument, "FILE", "configuration file or glob"),
	OPTION('P', "vrrp", no_argument, NULL, "run only the VRRP child"),
	OPTION('C', "check", no_argument, NULL, "run only the checker child"),
	OPTION(OPT_ALL, "all", no_argument, NULL, "run both children, configured or not"),
	OPTION('n', "dont-fork", no_argument, NULL, "stay in the foreground"),
	OPTION('l', "log-console", no_argument, NULL, "log to stderr as well"),
	OPTION('D', "log-detail", no_argument, NULL, "detailed log"),
	OPTION('S', "log-facility", required_argument, "0-7|local0-7|user|daemon",
	       "syslog facility"),
	OPTION('G', "no-syslog", no_argument, NULL, "do not log to syslog or the journal"),
	OPTION('g', "log-file", optional_argument, "FILE",
	       "log to FILE as well, the children to FILE_vrrp and FILE_check"),
	OPTION(OPT_FLUSH_LOG, "flush-log-file", no_argument, NULL,
	       "write each line at once (it always is)"),
	OPTION('u', "umask", required_argument, "MASK", "umask for files that are made (octal)"),
	OPTION('a', "address-monitoring", no_argument, NULL,
	       "log every address that comes or goes"),
	OPTION('d', "dump-conf", no_argument, NULL, "log the configuration at start"),
	OPTION('p', "pid", required_argument, "FILE", "pid file of the parent"),
	OPTION('r', "vrrp_pid", required_argument, "FILE", "pid file of the VRRP child"),
	OPTION('c', "checkers_pid", required_argument, "FILE", "pid file of the checker child"),
	OPTION('s', "namespace", required_argument, "NAME", "run in this network namespace"),
	OPTION('X', "release-vips", no_argument, NULL,
	       "release addresses when a signal ends us (it always does)"),
	OPTION('V', "dont-release-vrrp", no_argument, NULL,
	       "at stop leave addresses, without a word to the peers"),
	OPTION('I', "dont-release-ipvs", no_argument, NULL,
	       "at stop leave the IPVS table as it is"),
	OPTION('R', "dont-respawn", no_argument, NULL, "end when a child dies"),
	OPTION('m', "core-dump", no_argument, NULL, "allow core dumps"),
	OPTION(OPT_SIGNUM, "signum", required_argument, "NAME",
	       "print the number of a signal (STOP, RELOAD ...) and exit"),
	OPTION('t', "config-test", optional_argument, "FILE",
	       "check the configuration and exit; problems go to FILE"),
	OPTION('i', "config-id", required_argument, "ID", "value that @ID lines are compared with"),
	OPTION('e', "all-config", no_argument, NULL,
	       "an include line that finds nothing, or nothing to read, is an error"),
	OPTION(OPT_TOLERANT, "tolerant", no_argument, NULL,
	       "take rejected values for their defaults, as keepalived does"),
	OPTION('T', "genhash", no_argument, NULL,
	       "as the first word: act as genhash, whose options follow"),
	OPTION('v', "version", no_argument, NULL, "print the version and exit"),
	OPTION('h', "help", no_argument, NULL, "print this help and exit"),
	OPTION(OPT_CONTROL, "control", required_argument, "SOCKET", "path of the control socket"),
	OPTION(OPT_JSON, "json", no_argument, NULL, "with -t, --dump-config or --plan: print JSON"),
	OPTION(OPT_DUMP_CONFIG, "dump-config", no_argument, NULL,
	       "print the configuration with all defaults and exit"),
	OPTION(OPT_PLAN, "plan", no_argument, NULL,
	       "print what a reload would do and exit; changes nothing"),
	OPTION(OPT_JSON_SCHEMA, "json-schema", no_argument, NULL,
	       "print the JSON Schema of --dump-config --json and exit"),
	OPTION(OPT_ROLE, "role", required_argument, NULL, ""),
	IDLE('B', "no_bfd", no_argument, "BFD sessions run in the VRRP child"),
	IDLE('b', "bfd_pid", required_argument, "there is no BFD process"),
	IDLE('x', "snmp", no_argument, "SNMP is not served"),
	IDLE('A', "snmp-agent-socket", required_argument, "SNMP is not served"),
	IDLE('M', "core-dump-pattern", optional_argument,
	     "kernel.core_pattern is the host's and stays"),
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(N_ROWS <= 64, "struct cmdline has a bit for each row");

#define DEFAULT_LOG_FILE "/var/log/diarch.log"

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

/* Signals by the names that keepalived gives their functions. */
static int signum_of(const char *name)
{
	static const char *const names[] = { "STOP",  "RELOAD", "DATA",
					     "STATS", "JSON",   "STATS_CLEAR" };
	const int numbers[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return numbers[i];
	return -1;
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
	case 'e': out->needs_all_config = true; return true;
	case OPT_JSON_SCHEMA: out->action = CMDLINE_SCHEMA; return true;
	case OPT_PLAN: out->action = CMDLINE_PLAN; return true;
	case OPT_ALL: out->run_all = true; return true;
	case OPT_FLUSH_LOG:
	case 'X': return true; /* what it asks for is how we are */
	case 's': out->net_namespace = arg; return true;
	case 'g': out->log_file = arg ? arg : DEFAULT_LOG_FILE; return true;
	case 'a': out->log_addresses = true; return true;
	case 'V': out->keep_vrrp = true; return true;
	case 'I': out->keep_ipvs = true; return true;
	case 'R': out->no_respawn = true; return true;
	case 'm': out->core_dump = true; return true;
	default: return false;
	}
}

/* Options whose value may be wrong; exits with a word about it. Returns false for others. */
static bool apply_checked(struct cmdline *out, int key, const char *arg)
{
	const char *wrong = NULL;
	char *end;

	switch (key) {
	case 'S':
		out->log_facility = facility_parse(arg);
		wrong = out->log_facility < 0 ? "log facility" : NULL;
		break;
	case 'u':
		out->umask = (int)strtol(arg, &end, 8);
		wrong = *end || end == arg || out->umask < 0 || out->umask > 0777
				? "umask (octal, at most 0777)"
				: NULL;
		break;
	case OPT_SIGNUM:
		wrong = signum_of(arg) < 0 ? "signal function" : NULL;
		if (!wrong)
			printf("%d\n", signum_of(arg));
		exit_with(out, EXIT_STATUS_OK);
		break;
	default: return false;
	}
	if (wrong) {
		fprintf(stderr, "diarch: unknown %s '%s'\n", wrong, arg);
		exit_with(out, EXIT_STATUS_FATAL);
	}
	return true;
}

static void apply(struct cmdline *out, int key, const char *arg)
{
	const struct option_row *row = row_find(key);

	if (row && row->idle) {
		out->idle |= 1ull << (row - rows);
		return;
	}
	if (apply_simple(out, key, arg) || apply_checked(out, key, arg))
		return;
	switch (key) {
	case 't':
		if (out->action != CMDLINE_PLAN) /* -t --plan: the plan says all of -t, and more */
			out->action = CMDLINE_TEST;
		/* keepalived's `-t=FILE`: getopt hands over "=FILE" for the short form. */
		out->test_output = arg && arg[0] == '=' ? arg + 1 : arg;
		break;
	case 'T':
		fprintf(stderr, "diarch: --genhash is the first word, its options follow\n");
		exit_with(out, EXIT_STATUS_FATAL);
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
		.umask = -1,
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

void cmdline_log_idle(const struct cmdline *cmdline)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (cmdline->idle & 1ull << i)
			log_event(LOG_LEVEL_WARNING, "no_effect",
				  log_kv("option=--%s", rows[i].name),
				  "Option --%s has no effect: %s", rows[i].name, rows[i].idle);
}

struct conf_options cmdline_conf_options(const struct cmdline *cmdline)
{
	return (struct conf_options){ .config_id = cmdline->config_id,
				      .is_tolerant = cmdline->is_tolerant,
				      .needs_all_includes = cmdline->needs_all_config };
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
	if (cmdline->log_file) /* a child has a pipe, see director/log_file.h */
		targets |= LOG_TARGET_FD;
	if (cmdline->log_file && role)
		log_set_fd(PROC_LOG_FD);
	log_open(ident, targets, cmdline->log_facility,
		 cmdline->log_detail ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
}

void cmdline_for_child(const struct cmdline *cmdline, const char *role, struct cmdline_child *self)
{
	static char name[] = "diarch", console[] = "-l", detail[] = "-D", quiet[] = "-G",
		    file[] = "-g";
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
	if (cmdline->log_file)
		self->argv[n++] = file;
	self->argv[n] = NULL;
}
