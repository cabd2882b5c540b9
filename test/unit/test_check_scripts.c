/*
 * Scripts whose outcome a child waits for: both sides, joined without a channel.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/check_scripts.h"
#include "director/scripts.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/script_ask.h"

static struct loop *loop;
static struct check_scripts *parent;
static struct script_asks *child;

/* ---- a configuration made by hand: object "N" has the shell script commands[N] ---- */

static const char *commands[8];
static int64_t timeout_us;
static struct conf_script script;
static const char *argv[4];

unsigned scripts_ways(const struct conf *conf)
{
	(void)conf;
	return 0;
}

const char *scripts_default_user(const struct conf *conf, const char **group)
{
	(void)conf;
	*group = NULL;
	return NULL;
}

bool check_command_find(const struct conf *conf, enum msg_role from,
			const struct msg_script_run *msg, struct check_command *out)
{
	(void)conf;
	(void)from;
	if (msg->index >= 8 || !commands[msg->index])
		return false;
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = commands[msg->index];
	script = (struct conf_script){ .argv = argv, .argc = 3 };
	if (commands[msg->index][0] == '<') {
		argv[0] = commands[msg->index];
		argv[1] = NULL;
		script.argc = 1;
	}
	*out = (struct check_command){ .script = &script, .timeout_us = timeout_us };
	return true;
}

/* ---- the two sides ---- */

static void to_child(enum msg_role to, const struct msg *msg, void *arg)
{
	(void)arg;
	assert_int_equal(to, MSG_FROM_CHECK);
	script_asks_on_result(child, &msg->script_result);
}

static void to_parent(const struct msg *msg, void *arg)
{
	(void)arg;
	if (msg->kind == MSG_script_run)
		check_scripts_run(parent, MSG_FROM_CHECK, NULL, &msg->script_run);
	else
		check_scripts_cancel(parent, MSG_FROM_CHECK, &msg->script_cancel);
}

static int set_up(void **state)
{
	(void)state;
	memset(commands, 0, sizeof(commands));
	timeout_us = 20 * US_PER_S;
	loop = loop_new(NULL);
	parent = check_scripts_new(loop, to_child, NULL);
	child = script_asks_new(to_parent, NULL);
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	script_asks_free(child);
	check_scripts_free(parent);
	loop_free(loop);
	return 0;
}

struct asked {
	struct script_ask ask;
	unsigned answers;
	char text[160];
};

static void on_done(struct script_ask *ask, const struct script_result *result, void *arg)
{
	struct asked *asked = arg;

	assert_ptr_equal(ask, &asked->ask);
	asked->answers++;
	script_result_str(result, asked->text, sizeof(asked->text));
}

static void ask_for(struct asked *asked, uint32_t index, const char *member)
{
	asked->ask.on_done = on_done;
	asked->ask.arg = asked;
	script_ask_start(child, &asked->ask,
			 &(struct script_id){ "MISC_CHECK", "vs", member, index });
}

static void wait_for(struct asked *asked)
{
	while (asked->answers == 0)
		loop_run_once(loop, -1);
}

static const char *outcome_of(const char *command)
{
	static struct asked asked;

	memset(&asked, 0, sizeof(asked));
	commands[0] = command;
	ask_for(&asked, 0, "rs");
	wait_for(&asked);
	assert_int_equal(asked.answers, 1);
	return asked.text;
}

static void outcomes(void **state)
{
	(void)state;
	assert_string_equal(outcome_of("exit 0"), "exited with status 0");
	assert_string_equal(outcome_of("exit 253"), "exited with status 253");
	assert_string_equal(outcome_of("kill -9 $$"), "killed by signal 9 (KILL)");
	assert_string_equal(outcome_of("echo 'two words'; echo next >&2; exit 1"),
			    "exited with status 1 (two words)");
	assert_string_equal(outcome_of("printf 'a\\033b\\351'"), "exited with status 0 (a?b?)");
	assert_string_equal(outcome_of("read x || exit 7"), "exited with status 7");
	assert_string_equal(outcome_of("exec /nonexistent 2>/dev/null"), "exited with status 127");
	assert_string_equal(outcome_of("</dev/null"), "exited with status 0");
	assert_string_equal(outcome_of("</nonexistent"), "exited with status 1");
	assert_string_equal(outcome_of(NULL), "cannot run: not configured");
}

static void timeout_ends_the_whole_group(void **state)
{
	static const char hang[] = "sleep 60 & echo $!; wait";
	const char *text;
	int pid = 0;

	(void)state;
	timeout_us = US_PER_S; /* the shell has to begin in that time */
	text = outcome_of(hang);
	assert_int_equal(sscanf(text, "timed out after 1 s (%d)", &pid), 1);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(pid, 0), -1);
}

static void one_that_ignores_term_is_killed(void **state)
{
	time_us begun = loop_update_now(loop);

	(void)state;
	timeout_us = 100 * US_PER_MS;
	assert_string_equal(outcome_of("trap '' TERM; while :; do sleep 0.1; done"),
			    "timed out after 1 s");
	assert_true(time_sub(loop_update_now(loop), begun) >= 2 * US_PER_S);
}

static void endless_output_is_bounded(void **state)
{
	struct asked asked = { 0 };
	unsigned passes = 0;

	(void)state;
	timeout_us = 600 * US_PER_MS;
	commands[0] = "echo first; exec yes";
	ask_for(&asked, 0, "rs");
	for (; asked.answers == 0; passes++)
		loop_run_once(loop, -1);
	assert_string_equal(asked.text, "timed out after 1 s (first)");
	assert_true(passes < 2000);
}

/* keepalived's scripts write to /dev/null: they do not wait for their reader. */
static void long_output_takes_no_time(void **state)
{
	(void)state;
	timeout_us = 3 * US_PER_S;
	assert_string_equal(outcome_of("head -c 20000000 /dev/zero | tr '\\0' '\\n'"),
			    "exited with status 0");
}

static void never_two_of_one_object(void **state)
{
	char path[] = "/tmp/diarch-check-XXXXXX", command[200];
	struct asked first = { 0 }, second = { 0 };

	(void)state;
	timeout_us = 10 * US_PER_S;
	assert_non_null(mkdtemp(path));
	snprintf(command, sizeof(command),
		 "trap 'sleep 0.1; rmdir %s/lock; exit' TERM; mkdir %s/lock || exit 9; "
		 "sleep 0.3 & wait; rmdir %s/lock",
		 path, path, path);
	commands[0] = command;
	ask_for(&first, 0, "rs");
	usleep(100000);
	script_ask_cancel(&first.ask);
	script_ask_cancel(&first.ask);
	assert_false(script_ask_is_open(&first.ask));
	ask_for(&second, 0, "rs");
	wait_for(&second);
	assert_int_equal(first.answers, 0);
	assert_string_equal(second.text, "exited with status 0");
	assert_int_equal(rmdir(path), 0);
}

static void a_child_that_dies_leaves_nothing(void **state)
{
	struct asked first = { 0 }, second = { 0 };

	(void)state;
	commands[0] = "sleep 60";
	ask_for(&first, 0, "rs");
	check_scripts_forget(parent, MSG_FROM_CHECK);
	script_asks_free(child);
	child = script_asks_new(to_parent, NULL);
	commands[0] = "exit 3";
	ask_for(&second, 0, "rs");
	wait_for(&second);
	assert_string_equal(second.text, "exited with status 3");
	assert_int_equal(first.answers, 0);
}

/* More than run at once, among them some that are given up. */
static void many(void **state)
{
	static struct asked asked[600];
	char member[16];

	(void)state;
	memset(asked, 0, sizeof(asked));
	commands[0] = "exit 4";
	for (unsigned i = 0; i < 600; i++) {
		snprintf(member, sizeof(member), "rs%u", i);
		ask_for(&asked[i], 0, member);
	}
	for (unsigned i = 0; i < 600; i += 50)
		script_ask_cancel(&asked[i].ask);
	for (unsigned i = 0; i < 600; i++) {
		if (i % 50 == 0)
			continue;
		wait_for(&asked[i]);
		assert_string_equal(asked[i].text, "exited with status 4");
	}
	for (unsigned i = 0; i < 600; i++)
		assert_int_equal(asked[i].answers, i % 50 != 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outcomes),
		TEST(timeout_ends_the_whole_group),
		TEST(one_that_ignores_term_is_killed),
		TEST(endless_output_is_bounded),
		TEST(long_output_takes_no_time),
		TEST(never_two_of_one_object),
		TEST(a_child_that_dies_leaves_nothing),
		TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
