/*
 * Commands of a configuration and the file system. Needs no root: files of another user than root
 * are as weak as those that all may write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/root_conf.h"
#include "lib/script_check.h"

static char dir[] = "/tmp/test_script_check.XXXXXX";

static void make_file(const char *name, mode_t mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("#!/bin/sh\n", file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* Codes of what is said about `command` as user `user`, and how many errors there are. */
static unsigned check(const char *globals, const char *command, const char *user, char *codes)
{
	struct conf_diags *diags = conf_diags_new(), *found = conf_diags_new();
	char text[1024];
	struct conf *conf;
	unsigned errors;
	int len = snprintf(text, sizeof(text),
			   "global_defs {\n script_user root\n %s\n}\n"
			   "vrrp_script s {\n script \"%s/%s arg\"\n %s\n}\n"
			   "vrrp_script again {\n script \"%s/%s\"\n %s\n}\n",
			   globals, dir, command, user, dir, command, user);

	conf = conf_load_text(text, (size_t)len, "test", &diarch_schema, NULL, diags);
	assert_non_null(conf);
	script_check(conf_root(conf), found);
	codes[0] = '\0';
	for (size_t i = 0; i < conf_diags_count(found); i++)
		strcat(strcat(codes, i > 0 ? " " : ""), conf_diags_at(found, i)->code);
	errors = conf_diags_errors(found);
	conf_free(conf);
	conf_diags_free(diags);
	conf_diags_free(found);
	return errors;
}

static void test_missing(void **state)
{
	char codes[256];

	(void)state;
	assert_int_equal(check("", "none", "", codes), 0);
	assert_string_equal(codes, "script-missing");
	assert_int_equal(check("enable_script_security", "plain", "", codes), 0);
	assert_string_equal(codes, "script-not-executable");
}

static void test_user(void **state)
{
	char codes[256];

	(void)state;
	assert_int_equal(check("", "weak", "user no.such.user", codes), 0);
	assert_string_equal(codes, "no-such-user no-such-user");
	assert_int_equal(check("script_user root no.such.group", "weak", "user nobody", codes), 0);
	assert_string_equal(codes, "no-such-user");
}

static void test_writable(void **state)
{
	char codes[256];

	(void)state;
	assert_int_equal(check("", "weak", "", codes), 0);
	assert_string_equal(codes, "script-writable");
	assert_int_equal(check("enable_script_security", "weak", "", codes), 1);
	assert_string_equal(codes, "script-writable");
	/* Who may change it can only do what the user may. */
	assert_int_equal(check("enable_script_security", "weak", "user nobody", codes), 0);
	assert_string_equal(codes, "");
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	make_file("plain", 0644);
	make_file("weak", 0777);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "plain", "weak" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_writable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
