/*
 * The command line: keepalived's options mean the same here, and none is silently ignored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/cmdline.h"

#define ARGS_MAX 32

/* Parses words separated by blanks; what the parser prints goes nowhere. */
static struct cmdline parse(const char *words)
{
	static char text[256];
	char *argv[ARGS_MAX], *rest;
	struct cmdline cmdline;
	int argc = 0, null_fd = open("/dev/null", O_WRONLY), out = dup(1), err = dup(2);

	snprintf(text, sizeof(text), "diarch %s", words);
	for (char *word = strtok_r(text, " ", &rest); word && argc < ARGS_MAX - 1;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	fflush(stdout);
	dup2(null_fd, 1);
	dup2(null_fd, 2);
	optind = 0; /* glibc: begin again */
	cmdline_parse(argc, argv, &cmdline);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	close(null_fd);
	return cmdline;
}

static void defaults(void **state)
{
	struct cmdline c = parse("");

	(void)state;
	assert_int_equal(c.action, CMDLINE_RUN);
	assert_non_null(strstr(c.conf_file, "/keepalived/keepalived.conf"));
	assert_true(c.with_vrrp && c.with_checkers);
	assert_false(c.dont_fork);
	assert_int_equal(c.log_facility, LOG_DAEMON);
}

static void options_of_the_stop(void **state)
{
	struct cmdline c = parse("-V -I -R -X -a -m -u 027 -g -s blue --all");

	(void)state;
	assert_int_equal(c.action, CMDLINE_RUN);
	assert_true(c.keep_vrrp && c.keep_ipvs && c.no_respawn && c.log_addresses);
	assert_true(c.core_dump && c.run_all);
	assert_int_equal(c.umask, 027);
	assert_non_null(c.log_file);
	assert_string_equal(c.net_namespace, "blue");
	assert_int_equal(c.idle, 0);
	assert_int_equal(parse("").umask, -1);
	assert_int_equal(parse("-u 8").action, CMDLINE_EXIT);
	assert_int_equal(parse("-u 1777").exit_status, 1);
	assert_string_equal(parse("--log-file=/x.log").log_file, "/x.log");
}

static void options_without_effect_are_counted(void **state)
{
	(void)state;
	assert_int_equal(__builtin_popcountll(parse("-x -A sock -M -B -b f").idle), 5);
	assert_int_equal(parse("--signum=STOP").exit_status, 0);
	assert_int_equal(parse("--signum=STIP").exit_status, 1);
}

static void short_and_long_options_agree(void **state)
{
	static const char *const forms[] = {
		"-n -l -D -D -f a.conf -p p -r r -c c -i node -S 3 -G -d",
		"--dont-fork --log-console --log-detail --log-detail --use-file=a.conf --pid=p "
		"--vrrp_pid=r "
		"--checkers_pid c --config-id=node --log-facility=local3 --no-syslog --dump-conf",
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cmdline c = parse(forms[i]);

		assert_int_equal(c.action, CMDLINE_RUN);
		assert_true(c.dont_fork && c.log_console && c.no_syslog && c.dump_conf);
		assert_int_equal(c.log_detail, 2);
		assert_string_equal(c.conf_file, "a.conf");
		assert_string_equal(c.pid_file, "p");
		assert_string_equal(c.vrrp_pid_file, "r");
		assert_string_equal(c.checkers_pid_file, "c");
		assert_string_equal(c.config_id, "node");
		assert_int_equal(c.log_facility, LOG_LOCAL3);
	}
}

static void only_one_child_or_both(void **state)
{
	(void)state;
	assert_false(parse("-P").with_checkers);
	assert_true(parse("-P").with_vrrp);
	assert_false(parse("--check").with_vrrp);
	assert_true(parse("-P -C").with_vrrp);
	assert_true(parse("-P -C").with_checkers);
}

static void config_test_with_and_without_a_file(void **state)
{
	(void)state;
	assert_int_equal(parse("-t").action, CMDLINE_TEST);
	assert_null(parse("-t").test_output);
	assert_string_equal(parse("-t=out").test_output, "out");
	assert_string_equal(parse("--config-test=out").test_output, "out");
	assert_int_equal(parse("--json-schema").action, CMDLINE_SCHEMA);
	assert_int_equal(parse("--plan").action, CMDLINE_PLAN);
	assert_int_equal(parse("--plan -t").action, CMDLINE_PLAN);
	assert_int_equal(parse("-t --plan").action, CMDLINE_PLAN);
}

static void how_files_are_read(void **state)
{
	struct cmdline plain = parse("-t"), tolerant = parse("-t --tolerant -i node");

	(void)state;
	assert_false(cmdline_conf_options(&plain).is_tolerant);
	assert_null(cmdline_conf_options(&plain).config_id);
	assert_true(cmdline_conf_options(&tolerant).is_tolerant);
	assert_string_equal(cmdline_conf_options(&tolerant).config_id, "node");
	assert_false(cmdline_conf_options(&plain).needs_all_includes);
	plain = parse("-t -e");
	assert_true(cmdline_conf_options(&plain).needs_all_includes);
}

static void version_and_help_end_well_mistakes_do_not(void **state)
{
	static const struct {
		const char *words;
		int status;
	} cases[] = { { "-v", 0 },         { "--version", 0 }, { "-h", 0 },
		      { "--nonsense", 1 }, { "-S local9", 1 }, { "-f", 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cmdline c = parse(cases[i].words);

		assert_int_equal(c.action, CMDLINE_EXIT);
		assert_int_equal(c.exit_status, cases[i].status);
	}
}

/* A child logs as its parent does. */
static void a_child_gets_the_log_options(void **state)
{
	struct cmdline parent = parse("-l -D -G -S local5"), child;
	struct cmdline_child args;
	char words[256] = "";

	(void)state;
	cmdline_for_child(&parent, "vrrp", &args);
	for (int i = 1; args.argv[i]; i++) {
		strcat(words, args.argv[i]);
		strcat(words, " ");
	}
	child = parse(words);
	assert_string_equal(child.role, "vrrp");
	assert_true(child.log_console && child.no_syslog);
	assert_int_equal(child.log_detail, 1);
	assert_int_equal(child.log_facility, LOG_LOCAL5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(short_and_long_options_agree),
		cmocka_unit_test(options_of_the_stop),
		cmocka_unit_test(options_without_effect_are_counted),
		cmocka_unit_test(only_one_child_or_both),
		cmocka_unit_test(config_test_with_and_without_a_file),
		cmocka_unit_test(how_files_are_read),
		cmocka_unit_test(version_and_help_end_well_mistakes_do_not),
		cmocka_unit_test(a_child_gets_the_log_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
