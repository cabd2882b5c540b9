/*
 * Script queues: order, never two at once, the last one run belongs to the last state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/check_conf.h"
#include "director/scripts.h"
#include "lib/global_conf.h"
#include "vrrp/vrrp_conf.h"

/* ---- a configuration made by hand: one instance, one service ---- */

static char dir[] = "/tmp/diarch-scripts-XXXXXX";
static char script_path[128], log_path[128];
static struct root_conf root;
static struct global_conf global;
static struct vrrp_conf instance;
static const char *user; /* ourselves: the test needs no privilege */

const struct conf_obj *conf_root(const struct conf *conf)
{
	(void)conf;
	return &root.obj;
}

const struct global_conf *root_global(const struct conf_obj *obj)
{
	(void)obj;
	return &global;
}

/* The script writes what it was called with, once when it begins and once when it ends. */
static int set_up(void **state)
{
	static const char *argv[4];
	FILE *f;

	(void)state;
	user = getpwuid(getuid())->pw_name;
	assert_non_null(mkdtemp(dir));
	snprintf(script_path, sizeof(script_path), "%s/notify", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	f = fopen(script_path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho \"begin $*\" >>%s\necho \"end $*\" >>%s\n", log_path, log_path);
	fclose(f);
	chmod(script_path, 0700);
	argv[0] = script_path;
	argv[1] = "general";
	instance.name = "VI_1";
	instance.notify = (struct conf_script){ .argv = argv, .argc = 2, .user = user };
	root.vrrp_instances.head = &instance.obj;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(script_path);
	unlink(log_path);
	return rmdir(dir);
}

static void quit(void *arg)
{
	loop_quit(arg, 0);
}

/* Feeds events and runs until everything has been executed; returns the log (static). */
static const char *run(const char *const *states, unsigned n)
{
	static char text[65536];
	struct loop *loop = loop_new(NULL);
	struct scripts *scripts = scripts_new(loop, quit, loop);
	size_t len;
	FILE *f;

	unlink(log_path);
	for (unsigned i = 0; i < n; i++)
		scripts_vrrp(scripts, NULL,
			     &(struct msg_notify_vrrp){ .instance = "VI_1",
							.state = states[i],
							.priority = (uint8_t)(100 + i % 100) });
	assert_false(scripts_is_idle(scripts));
	loop_run(loop);
	assert_true(scripts_is_idle(scripts));
	scripts_free(scripts);
	loop_free(loop);
	f = fopen(log_path, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

static void words_and_order(void **state)
{
	static const char *const states[] = { "BACKUP", "MASTER", "FAULT" };

	(void)state;
	assert_string_equal(run(states, 3), "begin general INSTANCE VI_1 BACKUP 100\n"
					    "end general INSTANCE VI_1 BACKUP 100\n"
					    "begin general INSTANCE VI_1 MASTER 101\n"
					    "end general INSTANCE VI_1 MASTER 101\n"
					    "begin general INSTANCE VI_1 FAULT 102\n"
					    "end general INSTANCE VI_1 FAULT 102\n");
}

static void specific_script_comes_first(void **state)
{
	static const char *argv[] = { script_path, "master", NULL };
	static const char *const states[] = { "MASTER" };

	(void)state;
	instance.notify_master = (struct conf_script){ .argv = argv, .argc = 2, .user = user };
	assert_string_equal(run(states, 1), "begin master\nend master\n"
					    "begin general INSTANCE VI_1 MASTER 100\n"
					    "end general INSTANCE VI_1 MASTER 100\n");
	instance.notify_master = (struct conf_script){ 0 };
}

static void overflow_drops_the_oldest_and_keeps_the_last(void **state)
{
	const char *states[200];
	const char *text, *last = NULL;
	unsigned begun = 0;

	(void)state;
	for (unsigned i = 0; i < 199; i++)
		states[i] = i % 2 ? "MASTER" : "BACKUP";
	states[199] = "FAULT";
	text = run(states, 200);
	for (const char *p = text; (p = strstr(p, "begin ")); p++) {
		begun++;
		last = p;
	}
	assert_in_range(begun, 2, 66);
	assert_memory_equal(last, "begin general INSTANCE VI_1 FAULT 199", 37);
}

static void a_script_that_cannot_run_does_not_stop_the_queue(void **state)
{
	static const char *argv[] = { "/nonexistent/script", NULL };
	static const char *const states[] = { "MASTER" };

	(void)state;
	instance.notify_master = (struct conf_script){ .argv = argv, .argc = 1, .user = user };
	assert_non_null(strstr(run(states, 1), "end general INSTANCE VI_1 MASTER 100\n"));
	instance.notify_master = (struct conf_script){ 0 };
}

static void an_unknown_instance_is_told(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct scripts *scripts = scripts_new(loop, quit, loop);
	const struct msg_notify_vrrp event = { .instance = "VI_2", .state = "FAULT" };

	(void)state;
	assert_false(scripts_vrrp(scripts, NULL, &event));
	assert_true(scripts_is_idle(scripts));
	scripts_free(scripts);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_order),
		cmocka_unit_test(specific_script_comes_first),
		cmocka_unit_test(overflow_drops_the_oldest_and_keeps_the_last),
		cmocka_unit_test(a_script_that_cannot_run_does_not_stop_the_queue),
		cmocka_unit_test(an_unknown_instance_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
