/*
 * startup_script and shutdown_script: what is waited for, and for how long.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/life_script.h"
#include "director/scripts.h"

static struct loop *loop;
static struct life_script *life;
static unsigned n_changes;
static const char *default_user;

unsigned scripts_ways(const struct conf *conf)
{
	(void)conf;
	return 0;
}

const char *scripts_default_user(const struct conf *conf, const char **group)
{
	(void)conf;
	*group = NULL;
	return default_user;
}

static void on_change(void *arg)
{
	(void)arg;
	n_changes++;
}

static int set_up(void **state)
{
	(void)state;
	n_changes = 0;
	default_user = NULL;
	loop = loop_new(NULL);
	life = life_script_new(loop, on_change, NULL);
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	life_script_free(life);
	loop_free(loop);
	return 0;
}

static bool run(const char *command, uint32_t timeout_s)
{
	const char *argv[] = { "/bin/sh", "-c", command, NULL };
	const struct life_script_conf script = { { .argv = argv, .argc = 3 }, timeout_s };

	return life_script_run(life, NULL, "startup_script", &script);
}

static void wait_for_changes(unsigned n)
{
	while (n_changes < n)
		loop_run_once(loop, -1);
	assert_int_equal(n_changes, n);
}

static void one_that_ends_is_waited_for(void **state)
{
	(void)state;
	assert_true(run("exit 3", 60));
	assert_true(life_script_is_due(life));
	wait_for_changes(1);
	assert_false(life_script_is_due(life));
	assert_false(life_script_is_running(life));
	assert_true(run("true", 60)); /* another one may run */
	wait_for_changes(2);
}

static void nothing_to_wait_for(void **state)
{
	const struct life_script_conf none = { .timeout_s = 60 };

	(void)state;
	assert_false(life_script_run(life, NULL, "startup_script", &none));
	default_user = "no such user";
	assert_false(run("true", 60));
	assert_false(life_script_is_running(life));
	assert_int_equal(n_changes, 0);
}

/* Pids of what ignores TERM: the shell and its child. */
static void read_pids(const int fd, pid_t *pids)
{
	char text[64] = "";
	ssize_t len = 0, n;
	int shell = 0, child = 0;

	while (!strchr(text, '\n') &&
	       (n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	assert_int_equal(sscanf(text, "%d %d", &shell, &child), 2);
	pids[0] = shell;
	pids[1] = child;
}

static void wait_until_gone(pid_t pid)
{
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), -1);
}

static int stubborn(uint32_t timeout_s)
{
	char command[200];
	int pipe_fd[2];

	assert_int_equal(pipe(pipe_fd), 0);
	/* The script's descriptors are closed: it reaches the pipe through this process. */
	snprintf(command, sizeof(command),
		 "exec >/proc/%d/fd/%d; trap '' TERM; sleep 60 & echo $$ $!; exec >/dev/null; "
		 "while :; do sleep 0.1; done",
		 (int)getpid(), pipe_fd[1]);
	assert_true(run(command, timeout_s));
	return pipe_fd[0];
}

static void one_that_does_not_end_holds_nothing_up(void **state)
{
	const time_us begun = loop_update_now(loop);
	pid_t pids[2];

	(void)state;
	read_pids(stubborn(1), pids);
	wait_for_changes(1);
	assert_false(life_script_is_due(life));
	assert_true(life_script_is_running(life));
	assert_true(time_sub(loop_update_now(loop), begun) >= 1 * US_PER_S);
	wait_for_changes(2); /* killed */
	assert_false(life_script_is_running(life));
	assert_true(time_sub(loop_update_now(loop), begun) >= 3 * US_PER_S);
	wait_until_gone(pids[0]);
	wait_until_gone(pids[1]);
}

static void one_can_be_ended(void **state)
{
	(void)state;
	life_script_end(life); /* none runs */
	assert_true(run("exec sleep 60", 60));
	life_script_end(life);
	assert_false(life_script_is_due(life));
	life_script_end(life); /* KILL comes by time */
	wait_for_changes(1);
	assert_false(life_script_is_running(life));
}

static void freeing_kills(void **state)
{
	pid_t pids[2];

	(void)state;
	read_pids(stubborn(60), pids);
	life_script_free(life);
	life = NULL;
	wait_until_gone(pids[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_ends_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_to_wait_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_does_not_end_holds_nothing_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_can_be_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(freeing_kills, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
