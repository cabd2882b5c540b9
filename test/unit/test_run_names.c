/*
 * Names of files: the options first, then what the configuration says, copies beside each other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "director/cmdline.h"
#include "director/root_conf.h"
#include "director/run_names.h"

static struct run_names names_of(const char *text, const struct cmdline *cmdline)
{
	const struct conf_options options = { 0 };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text(text, strlen(text), "text", &diarch_schema, &options, diags);
	struct run_names names;

	assert_non_null(conf);
	assert_int_equal(conf_diags_errors(diags), 0);
	run_names_fill(&names, cmdline, conf);
	conf_free(conf);
	conf_diags_free(diags);
	return names;
}

static void plain(void **state)
{
	const struct cmdline cmdline = { 0 };
	const struct run_names names = names_of("", &cmdline);

	(void)state;
	assert_string_equal(names.pid_file, DIARCH_RUNDIR "/diarch.pid");
	assert_string_equal(names.vrrp_pid_file, DIARCH_RUNDIR "/diarch_vrrp.pid");
	assert_string_equal(names.checkers_pid_file, DIARCH_RUNDIR "/diarch_checkers.pid");
	assert_string_equal(names.control_path, DIARCH_RUNDIR "/diarch/control.sock");
	assert_string_equal(names.reload_file, DIARCH_RUNDIR "/diarch.reload");
	assert_string_equal(names.net_namespace, "");
}

static void copies_differ(void **state)
{
	const struct cmdline cmdline = { 0 };
	const struct run_names names = names_of("net_namespace blue\ninstance second\n", &cmdline);

	(void)state;
	assert_string_equal(names.pid_file, DIARCH_RUNDIR "/diarch/diarch_blue_second.pid");
	assert_string_equal(names.vrrp_pid_file, DIARCH_RUNDIR "/diarch/vrrp_blue_second.pid");
	assert_string_equal(names.control_path, DIARCH_RUNDIR "/diarch/control_blue_second.sock");
	assert_string_equal(names.reload_file, DIARCH_RUNDIR "/diarch/diarch_blue_second.reload");
	assert_string_equal(names_of("use_pid_dir\n", &cmdline).checkers_pid_file,
			    DIARCH_RUNDIR "/diarch/checkers.pid");
}

static void options_come_first(void **state)
{
	const struct cmdline cmdline = { .pid_file = "/p", .net_namespace = "red" };
	const struct run_names names = names_of("net_namespace blue\n", &cmdline);

	(void)state;
	assert_string_equal(names.net_namespace, "red");
	assert_string_equal(names.pid_file, "/p");
	assert_string_equal(names.vrrp_pid_file, DIARCH_RUNDIR "/diarch/vrrp_red.pid");
}

static void what_a_reload_may_not_change(void **state)
{
	const struct cmdline cmdline = { 0 };
	const struct run_names a = names_of("instance one\n", &cmdline),
			       b = names_of("instance two\n", &cmdline), c = names_of("", &cmdline),
			       d = names_of("use_pid_dir\n", &cmdline);
	const char *what;

	(void)state;
	assert_true(run_names_is_same(&a, &a, &what));
	assert_false(run_names_is_same(&a, &b, &what));
	assert_string_equal(what, "instance");
	assert_false(run_names_is_same(&c, &d, &what));
	assert_string_equal(what, "use_pid_dir");
}

static void no_way_out_of_the_folder(void **state)
{
	(void)state;
	assert_int_equal(run_names_enter("../../proc/1/ns/net"), -EINVAL);
	assert_int_equal(run_names_enter("no-namespace-of-this-name"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(copies_differ),
		cmocka_unit_test(options_come_first),
		cmocka_unit_test(what_a_reload_may_not_change),
		cmocka_unit_test(no_way_out_of_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
